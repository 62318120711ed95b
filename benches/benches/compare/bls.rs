//! The network's own key: signatures and decryption. There is no crate with the same protocol to compare with.

use crate::clock::Clock;
use crate::network_key::NetworkKey;
use crate::table::Row;

pub fn rows(clock: &Clock, n: u16, k: u16) -> Vec<Row> {
    let key = NetworkKey::new(n, k);
    let row = |protocol, ours| Row { protocol, n, k, ours, theirs: None };
    vec![
        row("BLS sign", clock.time(|| key.sign())),
        row("BLS verify", clock.time(|| key.verify())),
        row("BLS check k shares, combine", clock.time(|| key.combine())),
        row("IBE encrypt", clock.time(|| key.encrypt())),
        row("IBE decryption share, sealed", clock.time(|| key.decryption_share())),
        row("IBE open k shares, decrypt", clock.time(|| key.decrypt())),
    ]
}
