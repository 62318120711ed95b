//! Acknowledgements of a dealing, and the certificate that n - f of them make.

use serde::{Deserialize, Serialize};
use sha3::{Digest as _, Keccak256};
use thiserror::Error;

use crate::id::{Digest, NodeId, SessionId};
use crate::meter::{Meter, Op};
use crate::roster::Roster;
use crate::wire::{Signable, Signed};

/// "I hold this dealing, it is publicly valid, and my share in it is right."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The key generation.
    pub session: SessionId,
    /// Who dealt.
    pub dealer: NodeId,
    /// The dealing's digest.
    pub digest: Digest,
}

/// Bytes that the signing digest of an [`Ack`] covers.
const ACK_BYTES: u64 = 4 * 32;

impl Signable for Ack {
    const DOMAIN: &'static str = "dkg/ack";

    /// `keccak256(abi.encodePacked(keccak256("dkg/ack"), session, uint256(dealer), digest))`: what the board's
    /// contract computes before `ecrecover`.
    fn signing_digest(&self) -> [u8; 32] {
        let mut dealer = [0; 32];
        dealer[30..].copy_from_slice(&self.dealer.0.to_be_bytes());
        let mut hash = Keccak256::new();
        hash.update(Keccak256::digest(Self::DOMAIN));
        hash.update(self.session);
        hash.update(dealer);
        hash.update(self.digest);
        hash.finalize().into()
    }
}

/// Proof that n - f members hold a dealing; two for different dealings of one dealer need an honest member that
/// acknowledged both, and none does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The key generation.
    pub session: SessionId,
    /// Who dealt.
    pub dealer: NodeId,
    /// The dealing's digest.
    pub digest: Digest,
    /// The acknowledgements, ascending by signer.
    pub acks: Vec<Signed<Ack>>,
}

/// Why a certificate does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadCertificate {
    /// The number of acknowledgements is not n - f.
    #[error("{found} acknowledgements instead of {expected}")]
    Size {
        /// How many there are.
        found: usize,
        /// How many it takes: n - f.
        expected: usize,
    },
    /// Signers are not in strictly ascending order, so one may be repeated.
    #[error("signers are not strictly ascending at {0}")]
    Order(NodeId),
    /// An acknowledgement is of something else.
    #[error("{0} acknowledged something else")]
    OtherDealing(NodeId),
    /// A signer is not in the set.
    #[error("{0} is not a member")]
    NotAMember(NodeId),
    /// A signature is not the signer's.
    #[error("the signature of {0} does not verify")]
    Signature(NodeId),
}

impl Certificate {
    /// Checks that the certificate has exactly n - f acknowledgements of its dealing by distinct members.
    ///
    /// # Errors
    /// The first fault found.
    pub fn verify(&self, roster: &Roster, meter: &mut Meter) -> Result<(), BadCertificate> {
        let (found, expected) = (self.acks.len(), roster.certificate_size());
        if found != expected {
            return Err(BadCertificate::Size { found, expected });
        }
        let stated = Ack { session: self.session, dealer: self.dealer, digest: self.digest };
        let mut previous = None;
        for ack in &self.acks {
            if previous >= Some(ack.signer) {
                return Err(BadCertificate::Order(ack.signer));
            }
            previous = Some(ack.signer);
            if ack.body != stated {
                return Err(BadCertificate::OtherDealing(ack.signer));
            }
            let member = roster.get(ack.signer).ok_or(BadCertificate::NotAMember(ack.signer))?;
            meter.add(Op::HashByte, ACK_BYTES);
            if !ack.verify(&member.identity, meter) {
                return Err(BadCertificate::Signature(ack.signer));
            }
        }
        Ok(())
    }
}
