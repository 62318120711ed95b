//! Proofs of who signed, from the chain's own record.

use k256::ecdsa::SigningKey;
use k256::{ProjectivePoint, Scalar};
use lit_node::chain::ContractCall;
use lit_node::cid::{cid_v0, permission_bytes};
use lit_node::client::{History, HistoryLog, NoProof, Proof, prove};
use lit_node::id::{Digest, KeyId};
use lit_node::meter::Meter;
use lit_node::signing::CombinedSignature;
use lit_node::wire::SignatureBytes;

use super::network::*;

/// What is permitted: the bytes are all that counts here.
const PRIME: &[u8] =
    b"(async () => { if (isPrime(n)) await Lit.Actions.signEcdsa({ toSign, publicKey, sigName: 'prime' }) })()";
const DIGEST: Digest = Digest([6; 32]);

/// A signature by a small secret's key, as a threshold of nodes would make it.
fn sign(secret: u8, digest: &Digest) -> CombinedSignature {
    let mut bytes = [0; 32];
    bytes[31] = secret;
    let key = SigningKey::from_slice(&bytes).unwrap();
    let SignatureBytes { r, s, v } = SignatureBytes::sign(&digest.0, &key, &mut Meter::default());
    CombinedSignature::Ecdsa { r, s, v }
}

fn prime_cid() -> Vec<u8> {
    permission_bytes(&cid_v0(PRIME))
}

impl Network {
    fn history(&self) -> Vec<HistoryLog> {
        self.chain.history(self.chain.head().0)
    }

    /// What can be proved of a signature by this secret's key.
    fn proved(&self, secret: u8) -> Result<Proof, NoProof> {
        let history = History::new(self.contracts, self.history())?;
        prove(PRIME, &point(secret.into()), &sign(secret, &DIGEST), &DIGEST, &history)
    }

    fn does(&mut self, calls: &[ContractCall]) {
        for call in calls {
            self.done(ALICE, call.clone());
        }
    }
}

/// Other keys' lives, so that the history is not of one key only.
fn busy() -> Network {
    let mut network = Network::of(4);
    let id = network.mint(BOB, 20);
    network.done(BOB, network.contracts.add_permitted_action(id, &CID, &[1, 2]));
    network.mint_grant_and_burn(BOB, 21, &CID);
    network.done(BOB, network.contracts.burn(id));
    network
}

#[test]
fn mint_grant_and_burn_proves_every_signature_of_its_key() {
    let mut network = busy();
    let id = network.mint_grant_and_burn(ALICE, 5, &prime_cid());
    let minted = network.chain.head().0;
    network.mint_grant_and_burn(BOB, 22, &prime_cid());
    let proof = network.proved(5).unwrap();
    assert_eq!((proof.key, proof.action, proof.place.block), (id, cid_v0(PRIME), minted));
    assert_eq!(network.chain.receipt(&proof.transaction).map(|receipt| receipt.block), Some(minted));
    assert!(network.proved(22).is_ok());
    let history = History::new(network.contracts, network.history()).unwrap();
    for number in 0..100 {
        let digest = Digest([number; 32]);
        let proof = prove(PRIME, &point(5), &sign(5, &digest), &digest, &history).unwrap();
        assert_eq!((proof.digest, proof.signature), (digest, sign(5, &digest)));
    }
    // The other program of the other key.
    let refused = prove(PRIME, &point(21), &sign(21, &DIGEST), &DIGEST, &history);
    assert_eq!(refused, Err(NoProof::OtherAction { permitted: CID.to_vec() }));
    let refused = prove(b"other code", &point(5), &sign(5, &DIGEST), &DIGEST, &history);
    assert_eq!(refused, Err(NoProof::OtherAction { permitted: prime_cid() }));
    let refused = prove(PRIME, &point(5), &sign(22, &DIGEST), &DIGEST, &history);
    assert_eq!(refused, Err(NoProof::InvalidSignature));
}

#[test]
fn many_in_one_block_are_proved_one_by_one() {
    let mut network = busy();
    let secrets = [5, 6, 7];
    for secret in secrets {
        network.route(secret.into());
    }
    for name in [ALICE, BOB, CAROL] {
        let call = network.contracts.mint_grant_and_burn_next(&prime_cid());
        let nonce = network.chain.nonce(address(name));
        let fees = lit_node::chain::Fees::default();
        let request = lit_node::chain::TransactionRequest::call(call, CHAIN_ID, nonce, 3_000_000, fees);
        network.chain.submit(&request.sign(&key(name), &mut Meter::default()).raw).unwrap();
    }
    network.mine();
    let proofs = secrets.map(|secret| network.proved(secret).unwrap());
    assert!(proofs.iter().all(|proof| proof.place.block == network.chain.head().0));
    assert_eq!(proofs.map(|proof| proof.place.index), [0, 5, 10]);
}

/// What a key's owner can do, short of what is asked for.
#[test]
fn what_leaves_somebody_a_say_is_no_proof() {
    let start = |network: &Network, calls: fn(&Network, KeyId) -> Vec<ContractCall>| {
        let mut network = network.clone();
        let id = network.mint(ALICE, 5);
        let calls = calls(&network, id);
        network.does(&calls);
        network.proved(5).unwrap_err()
    };
    let network = busy();
    assert_eq!(start(&network, |_, _| vec![]), NoProof::NotBurned);
    let granted = |network: &Network, id| vec![network.contracts.add_permitted_action(id, &prime_cid(), &[1])];
    assert_eq!(start(&network, granted), NoProof::NotBurned);
    let burned = |network: &Network, id| {
        vec![network.contracts.add_permitted_action(id, &prime_cid(), &[1]), network.contracts.burn(id)]
    };
    assert_eq!(start(&network, burned), NoProof::NotAtOnce);
    let handed_on = |network: &Network, id| vec![network.contracts.transfer(address(ALICE), address(BOB), id)];
    assert_eq!(start(&network, handed_on), NoProof::NotBurned);
    assert_eq!(network.proved(5), Err(NoProof::NotMinted));

    // Minted for somebody with the right permission, in one transaction: and he may add others.
    let mut helped = network.clone();
    helped.route(5);
    let grants = [grant(ACTION, &prime_cid(), &[1])];
    helped.done(ALICE, helped.contracts.mint_next_and_add_auth_methods(&grants, false, true));
    assert!(helped.proved(5).is_err());
}

/// Every log about the key counts: without any one of them, or with any one of them twice, nothing is proved.
#[test]
fn a_history_that_was_tampered_with_proves_nothing() {
    let mut network = busy();
    let id = network.mint_grant_and_burn(ALICE, 5, &prime_cid());
    let (contracts, whole) = (network.contracts, network.history());
    let attempt = |logs| {
        let history = History::new(contracts, logs)?;
        prove(PRIME, &point(5), &sign(5, &DIGEST), &DIGEST, &history)
    };
    assert!(attempt(whole.clone()).is_ok());
    let about = |log: &HistoryLog| log.log.topics.get(1) == Some(&id.0) || log.log.topics.get(3) == Some(&id.0);
    // The votes for a key may be left out: that they sufficed is an event of its own.
    let votes = usize::from(network.threshold());
    let positions: Vec<usize> = (0..whole.len()).filter(|at| about(&whole[*at])).collect();
    assert_eq!(positions.len(), votes + 1 + 5);
    for at in positions.into_iter().skip(votes) {
        let mut missing = whole.clone();
        missing.remove(at);
        assert!(attempt(missing).is_err(), "without log {at}");
        let mut twice = whole.clone();
        twice.insert(at, whole[at].clone());
        assert!(matches!(attempt(twice), Err(NoProof::Disordered(_))), "log {at} twice");
        let mut later = whole.clone();
        let mut copy = whole[at].clone();
        (copy.log.block, copy.log.index, copy.transaction) = (10_000, 0, [9; 32]);
        later.push(copy);
        assert!(attempt(later).is_err(), "log {at} again, later");
        let mut elsewhere = whole.clone();
        elsewhere[at].log.address = [0xee; 20];
        assert!(attempt(elsewhere).is_err(), "log {at} of another contract");
        let mut of_another = whole.clone();
        of_another[at].log.topics[1][0] ^= 1;
        assert!(attempt(of_another).is_err(), "log {at} with another topic");
    }
}

#[test]
fn final_blocks_only_prove_anything() {
    let mut network = busy();
    network.mint_grant_and_burn(ALICE, 5, &prime_cid());
    let minted = network.chain.head().0;
    assert!(network.proved(5).is_ok());
    let before = History::new(network.contracts, network.chain.history(minted - 1)).unwrap();
    let early = prove(PRIME, &point(5), &sign(5, &DIGEST), &DIGEST, &before);
    assert_eq!(early, Err(NoProof::NotMinted));
    network.chain.reorganise(1, &[7; 32]).unwrap();
    let finalized = History::new(network.contracts, network.chain.history(network.chain.finalized())).unwrap();
    assert!(prove(PRIME, &point(5), &sign(5, &DIGEST), &DIGEST, &finalized).is_err());
}

#[test]
fn the_secrets_of_the_tests_are_those_of_their_keys() {
    let by_scalar = ProjectivePoint::GENERATOR * Scalar::from(5u64);
    assert!(sign(5, &DIGEST).verify(&by_scalar, &DIGEST));
    assert_eq!(by_scalar, point(5));
}
