//! The contracts' logs as typed events.

use alloy_primitives::{B256, U256};
use alloy_sol_types::SolEvent;
use thiserror::Error;

use super::abi::{DkgBoard, KEY_TYPE_BLS, KeyPool, PKPNFT, PubkeyRouter, STRICT, Staking};
use super::addresses::Contracts;
use crate::id::{Digest, Epoch, KeyId, NodeId, SessionId};
use crate::io::ChainLog;

/// Why a log of one of our contracts cannot be understood. Our contracts emit no such log: the endpoint made it up.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum EventError {
    /// The log is not an encoding of the event that its first topic names.
    #[error("malformed log: {0}")]
    Malformed(alloy_sol_types::Error),
    /// A number does not fit its type.
    #[error("{0} out of range")]
    OutOfRange(&'static str),
}

/// Something that happened on the board of key generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoardEvent {
    /// A session opened.
    SessionOpened {
        /// The session.
        session: SessionId,
        /// Which key, from 0, or the network's ([`super::abi::NETWORK_KEY_INDEX`]).
        index: u64,
        /// Which attempt at it, from 0.
        attempt: u64,
        /// The last block in which a dealing can be certified.
        close_block: u64,
        /// The last block in which a certified dealing can be disputed.
        complaint_block: u64,
    },
    /// A dealing was certified.
    DealingCertified {
        /// The session.
        session: SessionId,
        /// Who dealt.
        dealer: NodeId,
        /// The dealing.
        digest: Digest,
    },
    /// A validator complained about its share in a certified dealing.
    DealingDisputed {
        /// The session.
        session: SessionId,
        /// Who dealt.
        dealer: NodeId,
        /// The dealing.
        digest: Digest,
        /// Who complains; the contract saw to it that it is the transaction's sender.
        accuser: NodeId,
        /// The complaint, as sent: bounded by the contract, otherwise anything.
        complaint: Vec<u8>,
    },
}

/// Something that happened in the network's contracts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainEvent {
    /// An epoch began.
    EpochStarted {
        /// The epoch.
        epoch: Epoch,
    },
    /// On the board of key generation.
    Board(BoardEvent),
    /// A validator voted for a key.
    RoutingVote {
        /// The key.
        key: KeyId,
        /// The voter.
        validator: [u8; 20],
        /// What the vote commits to.
        key_data: Digest,
        /// All votes for the same data, this one included.
        votes: u64,
    },
    /// A key has the votes it needs and can be minted.
    KeyRouted {
        /// The key.
        key: KeyId,
        /// The uncompressed public key.
        public_key: [u8; 65],
        /// What the votes commit to.
        key_data: Digest,
    },
    /// The network's own key has the votes it needs.
    NetworkKeyRouted {
        /// The key.
        key: KeyId,
        /// The compressed public key, a point of G1; the contract does not look into it.
        public_key: [u8; 48],
        /// What the votes commit to.
        key_data: Digest,
    },
    /// A PKP was minted.
    PkpMinted {
        /// The key.
        key: KeyId,
        /// The uncompressed public key.
        public_key: [u8; 65],
    },
    /// A validator said how many PKPs it has seen minted.
    MintedReported {
        /// The validator.
        validator: [u8; 20],
        /// How many.
        minted: u64,
    },
    /// A PKP changed hands; minting comes from, and burning goes to, the zero address.
    Transfer {
        /// The key.
        key: KeyId,
        /// The owner until now.
        from: [u8; 20],
        /// The owner from now on.
        to: [u8; 20],
    },
}

impl ChainEvent {
    /// Reads a log; `None` for logs of other contracts and for events that nodes and clients have no use for.
    ///
    /// # Errors
    /// If the log claims to be an event of ours and is not.
    pub fn decode(contracts: &Contracts, log: &ChainLog) -> Result<Option<Self>, EventError> {
        let Some(&topic) = log.topics.first() else { return Ok(None) };
        let topic = B256::from(topic);
        Ok(Some(match topic {
            Staking::EpochStarted::SIGNATURE_HASH if log.address == contracts.staking => epoch_started(log)?,
            DkgBoard::SessionOpened::SIGNATURE_HASH if log.address == contracts.dkg_board => {
                Self::Board(session_opened(log)?)
            }
            DkgBoard::DealingCertified::SIGNATURE_HASH if log.address == contracts.dkg_board => {
                Self::Board(dealing_certified(log)?)
            }
            DkgBoard::DealingDisputed::SIGNATURE_HASH if log.address == contracts.dkg_board => {
                Self::Board(dealing_disputed(log)?)
            }
            PubkeyRouter::RoutingVote::SIGNATURE_HASH if log.address == contracts.router => routing_vote(log)?,
            PubkeyRouter::KeyRouted::SIGNATURE_HASH if log.address == contracts.router => key_routed(log)?,
            PKPNFT::PKPMinted::SIGNATURE_HASH if log.address == contracts.pkp_nft => pkp_minted(log)?,
            PKPNFT::Transfer::SIGNATURE_HASH if log.address == contracts.pkp_nft => transfer(log)?,
            KeyPool::MintedReported::SIGNATURE_HASH if Some(log.address) == contracts.key_pool => minted_reported(log)?,
            _ => return Ok(None),
        }))
    }
}

fn event<E: SolEvent>(log: &ChainLog) -> Result<E, EventError> {
    let topics = log.topics.iter().copied().map(B256::from);
    E::decode_raw_log_with_config(topics, &log.data, STRICT).map_err(EventError::Malformed)
}

fn number(value: U256, what: &'static str) -> Result<u64, EventError> {
    u64::try_from(value).map_err(|_| EventError::OutOfRange(what))
}

fn member(number: u16, what: &'static str) -> Result<NodeId, EventError> {
    if number == 0 { Err(EventError::OutOfRange(what)) } else { Ok(NodeId(number)) }
}

fn key(token_id: U256) -> KeyId {
    KeyId(token_id.to_be_bytes())
}

fn uncompressed(bytes: &[u8]) -> Result<[u8; 65], EventError> {
    bytes.try_into().map_err(|_| EventError::OutOfRange("public key's length"))
}

fn epoch_started(log: &ChainLog) -> Result<ChainEvent, EventError> {
    let event: Staking::EpochStarted = event(log)?;
    let epoch = u32::try_from(event.epoch).map_err(|_| EventError::OutOfRange("epoch"))?;
    Ok(ChainEvent::EpochStarted { epoch: Epoch(epoch) })
}

fn session_opened(log: &ChainLog) -> Result<BoardEvent, EventError> {
    let event: DkgBoard::SessionOpened = event(log)?;
    Ok(BoardEvent::SessionOpened {
        session: SessionId(event.sid.0),
        index: number(event.index, "index")?,
        attempt: number(event.attempt, "attempt")?,
        close_block: number(event.closeBlock, "closing block")?,
        complaint_block: number(event.complaintBlock, "last block of complaints")?,
    })
}

fn dealing_certified(log: &ChainLog) -> Result<BoardEvent, EventError> {
    let event: DkgBoard::DealingCertified = event(log)?;
    Ok(BoardEvent::DealingCertified {
        session: SessionId(event.sid.0),
        dealer: member(event.dealer, "dealer")?,
        digest: Digest(event.digest.0),
    })
}

fn dealing_disputed(log: &ChainLog) -> Result<BoardEvent, EventError> {
    let event: DkgBoard::DealingDisputed = event(log)?;
    Ok(BoardEvent::DealingDisputed {
        session: SessionId(event.sid.0),
        dealer: member(event.dealer, "dealer")?,
        digest: Digest(event.digest.0),
        accuser: member(event.accuser, "accuser")?,
        complaint: event.complaint.to_vec(),
    })
}

fn routing_vote(log: &ChainLog) -> Result<ChainEvent, EventError> {
    let event: PubkeyRouter::RoutingVote = event(log)?;
    Ok(ChainEvent::RoutingVote {
        key: key(event.tokenId),
        validator: event.validator.into_array(),
        key_data: Digest(event.keyDataDigest.0),
        votes: number(event.votes, "votes")?,
    })
}

fn key_routed(log: &ChainLog) -> Result<ChainEvent, EventError> {
    let event: PubkeyRouter::KeyRouted = event(log)?;
    let (key, key_data) = (key(event.tokenId), Digest(event.keyDataDigest.0));
    if event.keyType == U256::from(KEY_TYPE_BLS) {
        let public_key = event.pubkey[..].try_into().map_err(|_| EventError::OutOfRange("public key"))?;
        return Ok(ChainEvent::NetworkKeyRouted { key, public_key, key_data });
    }
    Ok(ChainEvent::KeyRouted { key, public_key: uncompressed(&event.pubkey)?, key_data })
}

fn pkp_minted(log: &ChainLog) -> Result<ChainEvent, EventError> {
    let event: PKPNFT::PKPMinted = event(log)?;
    Ok(ChainEvent::PkpMinted { key: key(event.tokenId), public_key: uncompressed(&event.pubkey)? })
}

fn minted_reported(log: &ChainLog) -> Result<ChainEvent, EventError> {
    let event: KeyPool::MintedReported = event(log)?;
    let minted = number(event.minted, "minted keys")?;
    Ok(ChainEvent::MintedReported { validator: event.validator.into_array(), minted })
}

fn transfer(log: &ChainLog) -> Result<ChainEvent, EventError> {
    let event: PKPNFT::Transfer = event(log)?;
    Ok(ChainEvent::Transfer { key: key(event.tokenId), from: event.from.into_array(), to: event.to.into_array() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(contracts: &Contracts, event: &impl SolEvent) -> ChainLog {
        let data = event.encode_log_data();
        let topics = data.topics().iter().map(|topic| topic.0).collect();
        ChainLog { block: 1, index: 0, address: contracts.dkg_board, topics, data: data.data.to_vec() }
    }

    #[test]
    fn a_board_event_is_read_only_from_the_board_and_only_in_range() {
        let contracts = Contracts::of_deployer([1; 20]);
        let mut event = DkgBoard::SessionOpened {
            sid: B256::repeat_byte(4),
            index: U256::from(2),
            attempt: U256::from(1),
            closeBlock: U256::from(40),
            complaintBlock: U256::from(43),
        };
        let opened = log(&contracts, &event);
        let expected = BoardEvent::SessionOpened {
            session: SessionId([4; 32]),
            index: 2,
            attempt: 1,
            close_block: 40,
            complaint_block: 43,
        };
        assert_eq!(ChainEvent::decode(&contracts, &opened), Ok(Some(ChainEvent::Board(expected))));
        let elsewhere = ChainLog { address: contracts.router, ..opened.clone() };
        assert_eq!(ChainEvent::decode(&contracts, &elsewhere), Ok(None));
        let cut = ChainLog { data: opened.data[..64].to_vec(), ..opened.clone() };
        assert!(matches!(ChainEvent::decode(&contracts, &cut), Err(EventError::Malformed(_))));
        let topics = ChainLog { topics: opened.topics[..1].to_vec(), ..opened.clone() };
        assert!(matches!(ChainEvent::decode(&contracts, &topics), Err(EventError::Malformed(_))));
        assert_eq!(ChainEvent::decode(&contracts, &ChainLog { topics: vec![], ..opened }), Ok(None));
        event.index = U256::MAX;
        assert_eq!(ChainEvent::decode(&contracts, &log(&contracts, &event)), Err(EventError::OutOfRange("index")));
        let dealt = DkgBoard::DealingCertified { sid: B256::ZERO, dealer: 0, digest: B256::ZERO };
        assert_eq!(ChainEvent::decode(&contracts, &log(&contracts, &dealt)), Err(EventError::OutOfRange("dealer")));
        let mut disputed = DkgBoard::DealingDisputed {
            sid: B256::repeat_byte(4),
            dealer: 2,
            digest: B256::repeat_byte(5),
            accuser: 3,
            complaint: vec![6, 7].into(),
        };
        let expected = BoardEvent::DealingDisputed {
            session: SessionId([4; 32]),
            dealer: NodeId(2),
            digest: Digest([5; 32]),
            accuser: NodeId(3),
            complaint: vec![6, 7],
        };
        let decoded = ChainEvent::decode(&contracts, &log(&contracts, &disputed));
        assert_eq!(decoded, Ok(Some(ChainEvent::Board(expected))));
        disputed.accuser = 0;
        let decoded = ChainEvent::decode(&contracts, &log(&contracts, &disputed));
        assert_eq!(decoded, Err(EventError::OutOfRange("accuser")));
    }

    #[test]
    fn a_report_is_read_only_from_the_pool_that_the_network_has() {
        let without = Contracts::of_deployer([1; 20]);
        let with = without.with_key_pool([1; 20]);
        let event =
            KeyPool::MintedReported { validator: [3; 20].into(), minted: U256::from(2), reports: U256::from(1) };
        let elsewhere = log(&with, &event);
        let reported = ChainLog { address: with.key_pool.unwrap(), ..elsewhere.clone() };
        let read = ChainEvent::MintedReported { validator: [3; 20], minted: 2 };
        assert_eq!(ChainEvent::decode(&with, &reported), Ok(Some(read)));
        assert_eq!(ChainEvent::decode(&with, &elsewhere), Ok(None));
        assert_eq!(ChainEvent::decode(&without, &reported), Ok(None));
    }
}
