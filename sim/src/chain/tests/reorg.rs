//! Reorganisations.

use super::*;

fn payment(nonce: u64) -> TransactionRequest {
    let call = ContractCall { to: address(BOB), value: U256::from(1), data: vec![] };
    TransactionRequest { gas_limit: 21_000, ..transaction(call, nonce) }
}

/// A chain on which each of eight accounts has paid once in each of three blocks; the hashes, in order.
fn paid() -> (Chain, Vec<[u8; 32]>) {
    let mut chain = new_chain();
    let mut hashes = Vec::new();
    for nonce in 0..3 {
        for from in 1..=8 {
            hashes.push(chain.submit(&payment(nonce).sign(&key(from), &mut Meter::default()).raw).unwrap());
        }
        chain.mine(GENESIS_TIME_S + 2 * (nonce + 1));
    }
    (chain, hashes)
}

#[test]
fn a_reorganisation_keeps_what_is_below_it_and_mines_the_rest_again_in_other_places() {
    let (before, hashes) = paid();
    let mut chain = before.clone();
    let done = chain.reorganise(2, &[7; 32]).unwrap();
    assert_eq!((done.first, done.last, done.transactions), (2, 3, 16));
    assert_eq!((chain.head(), chain.timestamp_s(2)), (before.head(), before.timestamp_s(2)));
    let place = |chain: &Chain, hash| chain.receipt(hash).map(|receipt| (receipt.block, receipt.index));
    assert!(hashes[..8].iter().all(|hash| place(&chain, hash) == place(&before, hash)));
    assert!(hashes[8..].iter().any(|hash| place(&chain, hash) != place(&before, hash)), "another order");
    assert!(hashes[8..].iter().any(|hash| place(&chain, hash).is_none()), "some come later");
    chain.mine(GENESIS_TIME_S + 8);
    assert!(hashes.iter().all(|hash| chain.receipt(hash).is_some_and(Receipt::succeeded)), "all come in the end");
    assert_eq!(chain.balance(address(BOB)), before.balance(address(BOB)));
    for number in 1..=4 {
        let state = chain.call_at(address(BOB), &[], BlockTag::Number(number));
        assert!(state.is_ok(), "the state of block {number} is kept");
    }
}

#[test]
fn a_reorganisation_is_a_function_of_its_key_and_replaces_neither_the_contracts_nor_block_0() {
    let run = |key: u8| {
        let (mut chain, _) = paid();
        chain.reorganise(2, &[key; 32]).unwrap();
        chain.state_digest()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let (mut chain, _) = paid();
    assert_eq!(chain.reorganise(9, &[1; 32]).map(|done| done.first), Some(1));
    let mut network = Network::of(4);
    assert_eq!(network.chain.reorganise(3, &[1; 32]), None);
    assert_eq!(new_chain().reorganise(3, &[1; 32]), None);
}
