//! A validator's entry on chain: making it, and reading a set of them back with every key checked.

use alloy_primitives::{Address, B256};
use k256::Scalar;
use k256::ecdsa::{SigningKey, VerifyingKey};
use rand_core::{CryptoRng, RngCore};

use super::abi::Staking;
use super::possession;
use crate::curve::{point_bytes, point_from_bytes, times_generator};
use crate::id::{Epoch, NodeId};
use crate::key::{eth_address, uncompressed};
use crate::memo::Memo;
use crate::meter::{Meter, Op};
use crate::roster::{Member, Roster, RosterError};

/// What a validator registers: its identity and the proof of possession of its encryption key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The public identity.
    pub member: Member,
    /// Shows that the validator knows the secret of its encryption key.
    pub encryption_proof: [u8; possession::PROOF_BYTES],
}

impl Registration {
    /// Builds the entry for `epoch` from the validator's own keys; `channel_key` is the public X25519 key.
    pub fn new(
        identity: &SigningKey,
        channel_key: [u8; 32],
        decryption: &Scalar,
        epoch: Epoch,
        rng: &mut (impl RngCore + CryptoRng),
        meter: &mut Meter,
    ) -> Self {
        let identity = *identity.verifying_key();
        let address = address_of(&identity);
        let member = Member { address, identity, channel_key, encryption_key: times_generator(decryption) };
        Self { member, encryption_proof: possession::prove(decryption, epoch, &address, rng, meter) }
    }

    /// The entry as the contract takes it.
    pub fn to_abi(&self) -> Staking::Validator {
        Staking::Validator {
            nodeAddress: Address::from(self.member.address),
            identityKey: uncompressed(&self.member.identity.as_affine().into()).to_vec().into(),
            channelKey: B256::from(self.member.channel_key),
            encryptionKey: point_bytes(&self.member.encryption_key).to_vec().into(),
            encryptionProof: self.encryption_proof.to_vec().into(),
        }
    }
}

/// The Ethereum address behind an identity key.
pub fn address_of(identity: &VerifyingKey) -> [u8; 20] {
    eth_address(&identity.as_affine().into())
}

/// Reads a validator set from the chain's form, checking every key.
///
/// # Errors
/// If a key is no key, is not the one behind its address or comes without proof of possession, an address repeats,
/// or the threshold does not fit the set.
pub fn roster(
    epoch: Epoch,
    threshold: u16,
    validators: &[Staking::Validator],
    memo: &Memo,
    meter: &mut Meter,
) -> Result<Roster, RosterError> {
    let mut members: Vec<Member> = Vec::with_capacity(validators.len());
    for (id, validator) in (1..=u16::MAX).map(NodeId).zip(validators) {
        let member = member(epoch, validator, memo, meter).ok_or(RosterError::InvalidKey(id))?;
        if members.iter().any(|other| other.address == member.address) {
            return Err(RosterError::InvalidKey(id));
        }
        members.push(member);
    }
    if members.len() < validators.len() {
        return Err(RosterError::Threshold { threshold, members: validators.len() });
    }
    Roster::new(epoch, threshold, members)
}

fn member(epoch: Epoch, validator: &Staking::Validator, memo: &Memo, meter: &mut Meter) -> Option<Member> {
    let uncompressed = <&[u8; 65]>::try_from(&validator.identityKey[..]).ok().filter(|bytes| bytes[0] == 4)?;
    let identity = VerifyingKey::from_sec1_bytes(uncompressed).ok()?;
    let address = validator.nodeAddress.into_array();
    let channel_key = validator.channelKey.0;
    if address_of(&identity) != address || channel_key == [0; 32] {
        return None;
    }
    let encryption_key = point_from_bytes(validator.encryptionKey[..].try_into().ok()?)?;
    meter.add(Op::SignatureChecked, 1);
    let inputs: [&[u8]; 4] = [&epoch.0.to_be_bytes(), &address, &validator.encryptionKey, &validator.encryptionProof];
    let proven = memo.check("staking/possession", &inputs, || {
        possession::check(&encryption_key, epoch, &address, &validator.encryptionProof)
    });
    proven.then_some(Member { address, identity, channel_key, encryption_key })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use k256::ProjectivePoint;
    use rand_core::SeedableRng;

    /// `count` validators with fixed keys.
    pub fn validators(count: u8) -> Vec<Staking::Validator> {
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([count; 32]);
        (1..=count)
            .map(|i| {
                let identity = SigningKey::from_slice(&[i; 32]).unwrap();
                let decryption = Scalar::from(1000 + u64::from(i));
                Registration::new(&identity, [i; 32], &decryption, Epoch(1), &mut rng, &mut Meter::default()).to_abi()
            })
            .collect()
    }

    fn read(validators: &[Staking::Validator], threshold: u16) -> Result<Roster, RosterError> {
        roster(Epoch(1), threshold, validators, &Memo::off(), &mut Meter::default())
    }

    #[test]
    fn a_registered_set_reads_back_in_order() {
        let roster = read(&validators(4), 3).unwrap();
        assert_eq!((roster.size(), roster.threshold(), roster.epoch()), (4, 3, Epoch(1)));
        let second = roster.get(NodeId(2)).unwrap();
        let identity = SigningKey::from_slice(&[2; 32]).unwrap();
        assert_eq!(second.identity, *identity.verifying_key());
        assert_eq!(second.channel_key, [2; 32]);
        assert_eq!(second.encryption_key, ProjectivePoint::GENERATOR * Scalar::from(1002u64));
        assert_eq!(roster.by_address(&second.address), Some(NodeId(2)));
    }

    #[test]
    fn every_bad_key_is_refused_with_the_number_of_its_validator() {
        type Spoil = fn(&mut Vec<Staking::Validator>);
        let cases: [(&str, Spoil); 9] = [
            ("another address", |v| v[2].nodeAddress = Address::ZERO),
            ("another identity", |v| v[2].identityKey = v[1].identityKey.clone()),
            ("off the curve", |v| v[2].identityKey = vec![4; 65].into()),
            ("compressed identity", |v| v[2].identityKey = v[2].encryptionKey.clone()),
            ("no channel key", |v| v[2].channelKey = B256::ZERO),
            ("encryption key of another", |v| v[2].encryptionKey = v[1].encryptionKey.clone()),
            ("copied key and proof", |v| {
                v[2].encryptionKey = v[1].encryptionKey.clone();
                v[2].encryptionProof = v[1].encryptionProof.clone();
            }),
            ("identity point", |v| v[2].encryptionKey = vec![0; 33].into()),
            ("listed twice", |v| v[2] = v[1].clone()),
        ];
        for (name, spoil) in cases {
            let mut set = validators(4);
            spoil(&mut set);
            assert_eq!(read(&set, 3), Err(RosterError::InvalidKey(NodeId(3))), "{name}");
        }
        assert_eq!(read(&validators(4), 5), Err(RosterError::Threshold { threshold: 5, members: 4 }));
        assert_eq!(read(&validators(4), 0), Err(RosterError::Threshold { threshold: 0, members: 4 }));
    }
}
