//! Answers of a chain's endpoint.

use alloy_primitives::U256;
use alloy_sol_types::{SolCall, SolEvent};
use std::sync::LazyLock;

use super::Choices;
use super::committee::{MEMBERS, THRESHOLD, channel_secret, decryption, identity, ids};
use crate::chain::abi::{DkgBoard, PKPNFT, PubkeyRouter, Staking};
use crate::chain::{ChainEvent, Contracts, Registration, RevertReason, views};
use crate::channel::public_key;
use crate::id::Epoch;
use crate::io::{ChainLog, ChainReply};
use crate::memo::Memo;
use crate::meter::Meter;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// Where the network's contracts are.
pub(super) fn contracts() -> Contracts {
    Contracts::of_deployer([1; 20])
}

/// The right answer to the question for the validator set.
pub(super) static ROSTER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let register = |id| {
        let (channel, decryption) = (public_key(&channel_secret(id)), *decryption(id).to_nonzero_scalar());
        Registration::new(&identity(id), channel, &decryption, Epoch(1), &mut rng, &mut Meter::default()).to_abi()
    };
    let validators = ids().map(register).collect();
    let set = Staking::getRosterReturn { epoch: U256::from(1), threshold: U256::from(THRESHOLD), validators };
    Staking::getRosterCall::abi_encode_returns(&set)
});

/// The log of a contract, by choices: which event, and what is in it.
pub(super) fn log(choices: &mut Choices<'_>) -> ChainLog {
    let contracts = contracts();
    let topics = [
        Staking::EpochStarted::SIGNATURE_HASH,
        DkgBoard::SessionOpened::SIGNATURE_HASH,
        DkgBoard::DealingCertified::SIGNATURE_HASH,
        DkgBoard::DealingDisputed::SIGNATURE_HASH,
        PubkeyRouter::RoutingVote::SIGNATURE_HASH,
        PubkeyRouter::KeyRouted::SIGNATURE_HASH,
        PKPNFT::PKPMinted::SIGNATURE_HASH,
        PKPNFT::Transfer::SIGNATURE_HASH,
    ];
    let topic = topics[choices.below(topics.len())].0;
    let address = contracts.all()[choices.below(5)];
    let mut topics = vec![topic];
    topics.extend((0..choices.below(4)).map(|_| [choices.byte(); 32]));
    // Words of small numbers, which are offsets, lengths and members; then anything.
    let mut data: Vec<u8> = Vec::new();
    for _ in 0..choices.below(12) {
        data.extend(U256::from(choices.byte()).to_be_bytes::<32>());
    }
    if choices.byte() & 1 == 1 {
        choices.spoil(&mut data);
    }
    ChainLog { block: u64::from(choices.byte()), index: u32::from(choices.byte()), address, topics, data }
}

/// An answer, by choices.
pub(super) fn reply(choices: &mut Choices<'_>) -> ChainReply {
    match choices.below(10) {
        0 => ChainReply::Returned(ROSTER.clone()),
        1 => {
            let mut bytes = ROSTER.clone();
            choices.spoil(&mut bytes);
            ChainReply::Returned(bytes)
        }
        2 => ChainReply::Returned(U256::from(choices.byte()).to_be_bytes::<32>().to_vec()),
        3 => ChainReply::Returned(choices.bytes()),
        4 => ChainReply::Reverted(choices.bytes()),
        5 => ChainReply::Nonce(u64::from(choices.byte())),
        6 => ChainReply::Accepted([choices.byte(); 32]),
        7 => ChainReply::Block { number: u64::from(choices.byte()), timestamp_s: u64::from(choices.byte()) },
        8 => ChainReply::Balance([choices.byte(); 32]),
        _ => ChainReply::Logs((0..choices.below(6)).map(|_| log(choices)).collect()),
    }
}

/// Reads answers and logs as nodes and clients do.
pub(super) fn target(data: &[u8]) {
    let mut choices = Choices::new(data);
    let reply = reply(&mut choices);
    if let Ok(roster) = views::roster(&reply, &Memo::off(), &mut Meter::default()) {
        assert!(roster.size() <= usize::from(MEMBERS), "nobody else can prove to have a key");
    }
    let _ = (views::owner(&reply), views::is_permitted(&reply), views::public_key(&reply));
    if let ChainReply::Logs(logs) = &reply {
        for log in logs {
            let _ = ChainEvent::decode(&contracts(), log);
        }
    }
    let log = log(&mut choices);
    let _ = (ChainEvent::decode(&contracts(), &log), RevertReason::decode(choices.rest()).to_string());
}
