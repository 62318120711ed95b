//! Hashes and random bytes, for ethers.

use boa_engine::{Context, JsResult, JsValue};
use rand_core::RngCore as _;
use ripemd::Ripemd160;
use sha2::{Digest as _, Sha256, Sha512};
use sha3::Keccak256;

use super::{Primitive, bytes_argument, new_hex};
use crate::action::host::Host;
use crate::action::host::args::type_error;
use crate::action::natives::new_bytes;

/// Fuel for a hash of nothing.
const HASH_FUEL: u64 = 50;
/// The most random bytes at once, as in ethers.
const RANDOM_BYTES_MAX: usize = 1024;

pub(super) const PRIMITIVES: [Primitive; 5] = [
    ("keccak256", |args, context| hash(args, |bytes| Keccak256::digest(bytes).to_vec(), context)),
    ("sha256", |args, context| hash(args, |bytes| Sha256::digest(bytes).to_vec(), context)),
    ("sha512", |args, context| hash(args, |bytes| Sha512::digest(bytes).to_vec(), context)),
    ("ripemd160", |args, context| hash(args, |bytes| <Ripemd160 as ripemd::Digest>::digest(bytes).to_vec(), context)),
    ("randomBytes", |args, context| {
        let length = args.first().and_then(JsValue::as_number).filter(|length| *length <= RANDOM_BYTES_MAX as f64);
        let length = length.ok_or_else(|| type_error(format!("expected at most {RANDOM_BYTES_MAX} bytes")))?;
        let mut bytes = vec![0; length as usize];
        Host::of(context).random.borrow_mut().fill_bytes(&mut bytes);
        Ok(new_bytes(bytes, context)?.into())
    }),
];

fn hash(args: &[JsValue], digest: fn(&[u8]) -> Vec<u8>, context: &mut Context) -> JsResult<JsValue> {
    let bytes = bytes_argument(args, 0, context)?;
    Host::of(context).charge(HASH_FUEL + bytes.len() as u64, context)?;
    new_hex(&digest(&bytes), context)
}
