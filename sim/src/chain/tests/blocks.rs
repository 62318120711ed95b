//! The chain itself: pool, blocks, past state, digests.

use lit_node::chain::ChainEvent;
use lit_node::io::{ChainError, ChainReply};

use super::*;
use crate::chain::{BASE_FEE_WEI, SubmitError};

fn payment(nonce: u64, wei: u64) -> TransactionRequest {
    let call = ContractCall { to: address(BOB), value: U256::from(wei), data: vec![] };
    TransactionRequest { gas_limit: 21_000, ..transaction(call, nonce) }
}

fn signed(request: &TransactionRequest, from: u8) -> Vec<u8> {
    request.sign(&key(from), &mut Meter::default()).raw
}

#[test]
fn transactions_are_mined_by_arrival_and_wait_for_their_nonces() {
    let mut chain = new_chain();
    let submit = |chain: &mut Chain, from, nonce| chain.submit(&signed(&payment(nonce, 1), from)).unwrap();
    let alice_2 = submit(&mut chain, ALICE, 2);
    let alice_1 = submit(&mut chain, ALICE, 1);
    let validator_0 = submit(&mut chain, 1, 0);
    assert_eq!(chain.nonce(address(ALICE)), 0, "nothing is ready");
    let block = chain.mine(GENESIS_TIME_S + 2);
    assert_eq!(block.receipts.iter().map(|receipt| receipt.transaction).collect::<Vec<_>>(), [validator_0]);
    let validator_1 = submit(&mut chain, 1, 1);
    let alice_0 = submit(&mut chain, ALICE, 0);
    assert_eq!(chain.nonce(address(ALICE)), 3, "pending transactions count");
    let block = chain.mine(GENESIS_TIME_S + 4);
    let order: Vec<_> = block.receipts.iter().map(|receipt| receipt.transaction).collect();
    assert_eq!(order, [validator_1, alice_0, alice_1, alice_2]);
    assert_eq!((block.number, block.gas_used, chain.gas_used()), (2, 84_000, 105_000));
    assert_eq!(chain.receipt(&alice_2).map(|receipt| (receipt.block, receipt.index)), Some((2, 3)));
    assert_eq!(chain.balance(address(BOB)), U256::from(10u128.pow(20) + 5));
}

#[test]
fn balances_are_those_after_the_block_that_is_asked_for() {
    let mut chain = new_chain();
    for (nonce, second) in [(0, 2), (1, 4)] {
        chain.submit(&signed(&payment(nonce, 5), ALICE)).unwrap();
        chain.mine(GENESIS_TIME_S + second);
    }
    let before = U256::from(10u128.pow(20));
    let mut has = |account, block| chain.answer(&ChainRequest::Balance { account, block });
    for (block, paid) in [(0, 0_u64), (1, 5), (2, 10)] {
        let expected = ChainReply::Balance((before + U256::from(paid)).to_be_bytes());
        assert_eq!(has(address(BOB), BlockTag::Number(block)), Ok(expected));
    }
    assert_eq!(has(address(BOB), BlockTag::Latest), has(address(BOB), BlockTag::Number(2)));
    assert_eq!(has([0xee; 20], BlockTag::Latest), Ok(ChainReply::Balance([0; 32])), "an address that nobody has used");
    assert_eq!(has(address(BOB), BlockTag::Number(3)), Err(ChainError::NoSuchBlock(3)));
    let newest = ChainReply::Block { number: 2, timestamp_s: GENESIS_TIME_S + 4 };
    assert_eq!(chain.answer(&ChainRequest::Block), Ok(newest));
}

#[test]
fn every_unacceptable_transaction_is_refused_with_its_reason() {
    let mut chain = new_chain();
    let good = payment(0, 1);
    assert_eq!(chain.submit(&[]), Err(SubmitError::Malformed));
    assert_eq!(chain.submit(&[2, 3, 4]), Err(SubmitError::Malformed));
    assert_eq!(chain.submit(&[signed(&good, ALICE), vec![0]].concat()), Err(SubmitError::Malformed));
    let mut submit = |request: &TransactionRequest| chain.submit(&signed(request, ALICE));
    let other_chain = TransactionRequest { chain_id: 1, ..good.clone() };
    assert_eq!(submit(&other_chain), Err(SubmitError::WrongChain { expected: CHAIN_ID, got: Some(1) }));
    let poor = TransactionRequest { value: U256::from(10u128.pow(20)), ..good.clone() };
    assert!(matches!(submit(&poor), Err(SubmitError::InsufficientFunds { .. })));
    let endless = TransactionRequest { value: U256::MAX, ..good.clone() };
    assert!(matches!(submit(&endless), Err(SubmitError::InsufficientFunds { .. })));
    let cheap = Fees { max_fee_per_gas: u128::from(BASE_FEE_WEI) - 1, max_priority_fee_per_gas: 0 };
    assert_eq!(submit(&TransactionRequest { fees: cheap, ..good.clone() }), Err(SubmitError::FeeTooLow(6)));
    let short = TransactionRequest { gas_limit: 20_999, ..good.clone() };
    assert_eq!(submit(&short), Err(SubmitError::GasLimit { limit: 20_999, needed: 21_000 }));
    let far = TransactionRequest { nonce: 5_000, ..good.clone() };
    assert_eq!(submit(&far), Err(SubmitError::NonceTooHigh { next: 0, got: 5_000 }));
    submit(&good).unwrap();
    assert_eq!(submit(&good), Err(SubmitError::AlreadyKnown));
    assert_eq!(submit(&payment(0, 2)), Err(SubmitError::NonceTaken(0)));
    chain.mine(GENESIS_TIME_S + 2);
    assert_eq!(chain.submit(&signed(&good, ALICE)), Err(SubmitError::AlreadyKnown));
    assert_eq!(chain.submit(&signed(&payment(0, 2), ALICE)), Err(SubmitError::NonceTooLow { next: 1, got: 0 }));
    let refused = chain.answer(&ChainRequest::Submit { raw: signed(&payment(0, 3), ALICE) });
    assert_eq!(refused, Err(ChainError::Refused("nonce too low: next nonce 1, tx nonce 0".into())));
}

#[test]
fn a_transaction_that_lost_its_funds_is_dropped_and_its_nonce_is_free() {
    let mut chain = new_chain();
    let wei = U256::from(6 * 10u128.pow(19));
    for nonce in 0..2 {
        chain.submit(&signed(&TransactionRequest { value: wei, ..payment(nonce, 0) }, ALICE)).unwrap();
    }
    let block = chain.mine(GENESIS_TIME_S + 2);
    assert_eq!((block.receipts.len(), block.dropped.len()), (1, 1));
    assert_eq!(chain.nonce(address(ALICE)), 1);
    chain.submit(&signed(&payment(1, 1), ALICE)).unwrap();
    assert_eq!(chain.mine(GENESIS_TIME_S + 4).receipts.len(), 1);
}

#[test]
fn views_read_the_state_after_their_block() {
    let mut network = Network::of(4);
    let id = network.mint(ALICE, 5);
    let (minted, _) = network.chain.head();
    network.done(ALICE, network.contracts.transfer(address(ALICE), address(BOB), id));
    network.done(BOB, network.contracts.burn(id));
    let mut owner = |tag| {
        let reply = network.chain.answer(&network.contracts.ask_owner(id, tag));
        reply.map(|reply| views::owner(&reply).unwrap())
    };
    assert_eq!(owner(BlockTag::Number(minted - 1)), Ok(None));
    assert_eq!(owner(BlockTag::Number(minted)), Ok(Some(address(ALICE))));
    assert_eq!(owner(BlockTag::Number(minted + 1)), Ok(Some(address(BOB))));
    assert_eq!(owner(BlockTag::Number(minted + 2)), Ok(None));
    assert_eq!(owner(BlockTag::Latest), Ok(None));
    assert_eq!(owner(BlockTag::Number(minted + 3)), Err(ChainError::NoSuchBlock(minted + 3)));
}

#[test]
fn state_is_kept_as_far_back_as_promised_and_no_further() {
    let mut network = Network::of(4);
    let id = network.mint(ALICE, 5);
    let (minted, _) = network.chain.head();
    network.done(ALICE, network.contracts.burn(id));
    let kept = network.chain.config().finality_depth + 64;
    while network.chain.head().0 < minted + kept {
        network.mine();
    }
    let question = network.contracts.ask_owner(id, BlockTag::Number(minted));
    let reply = network.chain.answer(&question).unwrap();
    assert_eq!(views::owner(&reply), Ok(Some(address(ALICE))));
    network.mine();
    assert_eq!(network.chain.answer(&question), Err(ChainError::NoSuchBlock(minted)));
    assert_eq!(network.chain.undo.len() as u64, kept);
}

#[test]
fn logs_are_those_of_the_range_in_order() {
    let mut network = Network::of(4);
    let id = network.mint(ALICE, 5);
    let (head, _) = network.chain.head();
    let mut logs = |from_block, to_block| match network.chain.answer(&ChainRequest::Logs { from_block, to_block }) {
        Ok(ChainReply::Logs(logs)) => logs,
        other => panic!("no logs: {other:?}"),
    };
    let all = logs(0, u64::MAX);
    assert!(all.is_sorted_by_key(|log| (log.block, log.index)));
    let last = logs(head, head);
    assert_eq!(last.iter().map(|log| log.index).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(logs(head + 1, u64::MAX), []);
    assert_eq!(logs(head, 0), []);
    let events: Vec<_> = last.iter().map(|log| ChainEvent::decode(&network.contracts, log).unwrap()).collect();
    assert_eq!(events[1], Some(ChainEvent::PkpMinted { key: id, public_key: public_key(5) }));
    let first = ChainEvent::decode(&network.contracts, &all[all.len() - last.len() - 1]).unwrap();
    assert!(matches!(first, Some(ChainEvent::KeyRouted { .. })));
}

#[test]
fn equal_histories_have_equal_digests_and_others_do_not() {
    let run = |secret| {
        let mut network = Network::of(7);
        network.mint(ALICE, secret);
        network.mine();
        network.chain
    };
    let (first, second) = (run(5), run(5));
    assert_eq!(first.state_digest(), second.state_digest());
    assert_eq!(first.gas_used(), second.gas_used());
    assert_ne!(first.state_digest(), run(6).state_digest());
    let mut later = second.clone();
    later.mine(GENESIS_TIME_S + 1_000);
    assert_ne!(first.state_digest(), later.state_digest());
}

#[test]
fn time_never_runs_backwards() {
    let mut chain = new_chain();
    chain.mine(GENESIS_TIME_S + 10);
    assert_eq!(chain.mine(GENESIS_TIME_S).timestamp_s, GENESIS_TIME_S + 10);
    assert_eq!((chain.head().0, chain.finalized()), (2, 0));
}
