//! FROST over secp256k1: one signing run over a fixed list of commitments, for two kinds of Schnorr signatures, those of
//! RFC 9591 (SHA-256) and those of BIP-340 (x-only keys and nonces).
//!
//! Share computation and the search for cheaters are those of the frost crates. The group commitment is computed here as
//! well, because every share goes to clients together with the nonce point R before anything is aggregated. For BIP-340
//! packages are built from raw shares: the key is signed under as it is, without the tweak of BIP-341.

use frost_core::keys::{KeyPackage, PublicKeyPackage, SigningShare, VerifyingShare};
use frost_core::round1::{NonceCommitment, SigningCommitments, SigningNonces};
use frost_core::round2::SignatureShare;
use frost_core::{
    CheaterDetection, Ciphersuite, Error, Field, Group, Identifier, Signature, SigningPackage, VerifyingKey,
};
use frost_secp256k1::Secp256K1Sha256;
use frost_secp256k1_tr::Secp256K1Sha256TR;
use k256::elliptic_curve::point::AffineCoordinates;
use k256::{ProjectivePoint, Scalar};
use rand_core::{CryptoRng, RngCore};
use std::collections::BTreeMap;
use thiserror::Error as ThisError;

use super::{NonceCommitments, Scheme};
use crate::curve;
use crate::id::{Digest, NodeId};
use crate::key::{KeyShare, PublicKey};
use crate::meter::{Meter, Op};

/// Why a run cannot be had, or a share not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum RunError {
    /// The scheme is none of FROST's.
    #[error("not a scheme of FROST")]
    Scheme,
    /// The group commitment is the identity.
    #[error("the group commitment is the identity")]
    IdentityCommitment,
    /// The library refuses; what is wrong is known from the inputs.
    #[error("refused by FROST")]
    Refused,
}

impl<C: Ciphersuite> From<Error<C>> for RunError {
    fn from(_: Error<C>) -> Self {
        Self::Refused
    }
}

/// A ciphersuite over secp256k1, with the form of the key that enters its hashes.
trait Suite: Ciphersuite<Group: Group<Element = ProjectivePoint, Field: Field<Scalar = Scalar>>> {
    /// The key as nonces are bound to it.
    fn bound_key(key: &ProjectivePoint) -> ProjectivePoint {
        *key
    }
}

impl Suite for Secp256K1Sha256 {}

impl Suite for Secp256K1Sha256TR {
    /// Of a point and its negative, which have one x coordinate, that with even y (BIP-340).
    fn bound_key(key: &ProjectivePoint) -> ProjectivePoint {
        if bool::from(key.to_affine().y_is_odd()) { -*key } else { *key }
    }
}

/// One-time nonces of one scheme. They stay in memory and are taken by value to sign.
#[derive(Clone)]
pub struct Nonces(NoncesOf);

#[derive(Clone)]
enum NoncesOf {
    Rfc9591(SigningNonces<Secp256K1Sha256>),
    Bip340(SigningNonces<Secp256K1Sha256TR>),
}

impl Nonces {
    /// The secret bytes of both.
    pub fn secrets(&self) -> [Vec<u8>; 2] {
        match &self.0 {
            NoncesOf::Rfc9591(nonces) => [nonces.hiding().serialize(), nonces.binding().serialize()],
            NoncesOf::Bip340(nonces) => [nonces.hiding().serialize(), nonces.binding().serialize()],
        }
    }
}

/// Draws one-time nonces, RFC 9591 section 5.1.
///
/// # Errors
/// If the scheme is none of FROST's.
pub fn commit(
    scheme: Scheme,
    key: &KeyShare,
    rng: &mut (impl RngCore + CryptoRng),
    meter: &mut Meter,
) -> Result<(Nonces, NonceCommitments), RunError> {
    meter.add(Op::ScalarMul, 2);
    let (nonces, commitments) = match scheme {
        Scheme::SchnorrK256Sha256 => {
            let (nonces, commitments) = committed::<Secp256K1Sha256>(key, rng);
            (NoncesOf::Rfc9591(nonces), commitments)
        }
        Scheme::SchnorrK256Bip340 => {
            let (nonces, commitments) = committed::<Secp256K1Sha256TR>(key, rng);
            (NoncesOf::Bip340(nonces), commitments)
        }
        Scheme::EcdsaK256 => return Err(RunError::Scheme),
    };
    Ok((Nonces(nonces), commitments))
}

fn committed<C: Suite>(key: &KeyShare, rng: &mut (impl RngCore + CryptoRng)) -> (SigningNonces<C>, NonceCommitments) {
    let (nonces, commitments) = frost_core::round1::commit::<C, _>(&SigningShare::new(key.secret), rng);
    let point = |commitment: &NonceCommitment<C>| {
        let bytes = commitment.serialize().ok()?;
        curve::point_from_bytes(bytes.as_slice().try_into().ok()?)
    };
    let of = |commitment| point(commitment).expect("a hash to a scalar is not zero");
    let commitments = NonceCommitments { hiding: of(commitments.hiding()), binding: of(commitments.binding()) };
    (nonces, commitments)
}

/// The public side of one run: who signs what, with which commitments.
#[derive(Debug)]
pub struct Run(RunOf);

#[derive(Debug)]
enum RunOf {
    Rfc9591(Package<Secp256K1Sha256>),
    Bip340(Package<Secp256K1Sha256TR>),
}

#[derive(Debug)]
struct Package<C: Suite> {
    package: SigningPackage<C>,
    nonce: ProjectivePoint,
}

impl Run {
    /// Fixes the run. `commitments` are those of its holders, as many as the key's threshold.
    ///
    /// # Errors
    /// If a commitment cannot be used, or the group commitment is the identity.
    pub fn new(
        scheme: Scheme,
        key: &PublicKey,
        digest: &Digest,
        commitments: &BTreeMap<NodeId, NonceCommitments>,
        meter: &mut Meter,
    ) -> Result<Self, RunError> {
        meter.add(Op::ScalarMul, commitments.len() as u64);
        Ok(Self(match scheme {
            Scheme::SchnorrK256Sha256 => RunOf::Rfc9591(Package::new(key, &digest.0, commitments)?),
            Scheme::SchnorrK256Bip340 => RunOf::Bip340(Package::new(key, &digest.0, commitments)?),
            Scheme::EcdsaK256 => return Err(RunError::Scheme),
        }))
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        match &self.0 {
            RunOf::Rfc9591(_) => Scheme::SchnorrK256Sha256,
            RunOf::Bip340(_) => Scheme::SchnorrK256Bip340,
        }
    }

    /// The signature's nonce point R; of BIP-340 its x coordinate is what counts.
    pub fn nonce(&self) -> ProjectivePoint {
        match &self.0 {
            RunOf::Rfc9591(run) => run.nonce,
            RunOf::Bip340(run) => run.nonce,
        }
    }

    /// This holder's share, RFC 9591 section 5.2. The nonces are gone afterwards, whatever the outcome.
    ///
    /// # Errors
    /// If the commitments of these nonces are not in the run, or they are of the other scheme.
    pub fn sign(&self, nonces: Nonces, key: &KeyShare, meter: &mut Meter) -> Result<Scalar, RunError> {
        match (&self.0, nonces.0) {
            (RunOf::Rfc9591(run), NoncesOf::Rfc9591(nonces)) => run.sign(&nonces, key, meter),
            (RunOf::Bip340(run), NoncesOf::Bip340(nonces)) => run.sign(&nonces, key, meter),
            _ => Err(RunError::Scheme),
        }
    }

    /// Whether a holder's share is right, RFC 9591 section 5.4: z_i G = D_i + rho_i E_i + lambda_i c X_i.
    pub fn is_right(&self, key: &PublicKey, holder: NodeId, share: &Scalar) -> bool {
        match &self.0 {
            RunOf::Rfc9591(run) => run.check(key, holder, share).is_ok(),
            RunOf::Bip340(run) => run.check(key, holder, share).is_ok(),
        }
    }

    /// All holders whose share is wrong, RFC 9591 section 5.4. `shares` are those of all holders.
    pub fn cheaters(&self, key: &PublicKey, shares: &BTreeMap<NodeId, Scalar>, meter: &mut Meter) -> Vec<NodeId> {
        meter.add(Op::ScalarMul, 4 * shares.len() as u64);
        match &self.0 {
            RunOf::Rfc9591(run) => run.cheaters(key, shares),
            RunOf::Bip340(run) => run.cheaters(key, shares),
        }
    }
}

impl<C: Suite> Package<C> {
    fn new(
        key: &PublicKey,
        message: &[u8],
        commitments: &BTreeMap<NodeId, NonceCommitments>,
    ) -> Result<Self, RunError> {
        // Each compression of a point costs an inversion: once is enough.
        let encoded: Vec<Encoded<C>> =
            commitments.iter().map(|(node, c)| Encoded::new(*node, c)).collect::<Result<_, _>>()?;
        let signing = encoded
            .iter()
            .map(|c| Ok((c.id, SigningCommitments::new(of_bytes(&c.hiding)?, of_bytes(&c.binding)?))))
            .collect::<Result<BTreeMap<_, _>, Error<C>>>()?;
        let nonce = group_commitment::<C>(key, message, commitments, &encoded);
        if nonce == ProjectivePoint::IDENTITY {
            return Err(RunError::IdentityCommitment);
        }
        Ok(Self { package: SigningPackage::new(signing, message), nonce })
    }

    fn sign(&self, nonces: &SigningNonces<C>, key: &KeyShare, meter: &mut Meter) -> Result<Scalar, RunError> {
        meter.add(Op::ScalarMul, self.package.signing_commitments().len() as u64);
        let package = KeyPackage::new(
            identifier::<C>(key.holder)?,
            SigningShare::new(key.secret),
            VerifyingShare::new(key.public.share_of(key.holder)),
            VerifyingKey::new(key.public.point),
            key.public.threshold,
        );
        let share = frost_core::round2::sign(&self.package, nonces, &package)?;
        let bytes = share.serialize();
        bytes.as_slice().try_into().ok().and_then(curve::scalar_from_bytes).ok_or(RunError::Refused)
    }

    /// Checks one holder's share.
    fn check(&self, key: &PublicKey, holder: NodeId, share: &Scalar) -> Result<(), Error<C>> {
        let id = identifier(holder)?;
        let share = SignatureShare::deserialize(&curve::scalar_bytes(share))?;
        let (own, all) = (VerifyingShare::new(key.share_of(holder)), VerifyingKey::new(key.point));
        frost_core::verify_signature_share(id, &own, &share, &self.package, &all)
    }

    fn cheaters(&self, key: &PublicKey, shares: &BTreeMap<NodeId, Scalar>) -> Vec<NodeId> {
        match self.aggregate(key, shares) {
            Err(Error::InvalidSignatureShare { culprits }) => {
                let is_culprit = |n: &NodeId| identifier(*n).is_ok_and(|id| culprits.contains(&id));
                shares.keys().copied().filter(is_culprit).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Aggregates by frost, which names all cheaters if the result does not verify.
    fn aggregate(&self, key: &PublicKey, shares: &BTreeMap<NodeId, Scalar>) -> Result<Signature<C>, Error<C>> {
        let mut signature_shares = BTreeMap::new();
        let mut verifying_shares = BTreeMap::new();
        for (node, share) in shares {
            let id = identifier(*node)?;
            signature_shares.insert(id, SignatureShare::deserialize(&curve::scalar_bytes(share))?);
            verifying_shares.insert(id, VerifyingShare::new(key.share_of(*node)));
        }
        let public = PublicKeyPackage::new(verifying_shares, VerifyingKey::new(key.point), Some(key.threshold));
        frost_core::aggregate_custom(&self.package, &signature_shares, &public, CheaterDetection::AllCheaters)
    }
}

fn identifier<C: Suite>(node: NodeId) -> Result<Identifier<C>, Error<C>> {
    Identifier::try_from(node.0)
}

fn of_bytes<C: Suite>(point: &[u8; 33]) -> Result<NonceCommitment<C>, Error<C>> {
    NonceCommitment::deserialize(point)
}

/// A holder's commitments as they are hashed.
struct Encoded<C: Suite> {
    id: Identifier<C>,
    hiding: [u8; 33],
    binding: [u8; 33],
}

impl<C: Suite> Encoded<C> {
    fn new(node: NodeId, c: &NonceCommitments) -> Result<Self, Error<C>> {
        let (hiding, binding) = (curve::point_bytes(&c.hiding), curve::point_bytes(&c.binding));
        Ok(Self { id: identifier(node)?, hiding, binding })
    }
}

/// The sum of D_i + rho_i E_i, RFC 9591 sections 4.4 and 4.5.
fn group_commitment<C: Suite>(
    key: &PublicKey,
    message: &[u8],
    commitments: &BTreeMap<NodeId, NonceCommitments>,
    encoded: &[Encoded<C>],
) -> ProjectivePoint {
    let mut list = Vec::with_capacity(commitments.len() * 98);
    for c in encoded {
        list.extend_from_slice(&c.id.serialize());
        list.extend_from_slice(&c.hiding);
        list.extend_from_slice(&c.binding);
    }
    let mut prefix = curve::point_bytes(&C::bound_key(&key.point)).to_vec();
    prefix.extend_from_slice(C::H4(message).as_ref());
    prefix.extend_from_slice(C::H5(&list).as_ref());
    let factor = |c: &Encoded<C>| C::H1(&[&prefix[..], &c.id.serialize()].concat());
    let terms: Vec<(ProjectivePoint, Scalar)> =
        commitments.values().zip(encoded).map(|(c, encoded)| (c.binding, factor(encoded))).collect();
    let hiding: ProjectivePoint = commitments.values().map(|c| c.hiding).sum();
    hiding + curve::sum_of_products(&terms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::tests::keys;
    use crate::signing::{CombinedSignature, Scheme, combine};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    const DIGEST: Digest = Digest([0x5a; 32]);

    const SCHEMES: [Scheme; 2] = [Scheme::SchnorrK256Sha256, Scheme::SchnorrK256Bip340];

    /// A run of the first `k` holders, with its shares.
    fn run(scheme: Scheme, members: u16) -> (PublicKey, Run, BTreeMap<NodeId, Scalar>) {
        let mut meter = Meter::default();
        let mut rng = ChaCha20Rng::from_seed([members as u8; 32]);
        let shares = keys::deal(members, members as u8);
        let public = shares[&NodeId(1)].public.clone();
        let holders: Vec<NodeId> = public.members[..usize::from(public.threshold)].to_vec();
        let committed: BTreeMap<_, _> =
            holders.iter().map(|h| (*h, commit(scheme, &shares[h], &mut rng, &mut meter).expect("FROST"))).collect();
        let commitments = committed.iter().map(|(h, (_, c))| (*h, *c)).collect();
        let run = Run::new(scheme, &public, &DIGEST, &commitments, &mut meter).expect("honest commitments");
        let signed = committed
            .into_iter()
            .map(|(h, (nonces, _))| (h, run.sign(nonces, &shares[&h], &mut meter).expect("own commitments")))
            .collect();
        (public, run, signed)
    }

    #[test]
    fn our_group_commitment_and_sum_are_frosts_and_verify_by_both() {
        for members in [4, 7, 10] {
            let (public, run, shares) = run(Scheme::SchnorrK256Sha256, members);
            let holders: Vec<NodeId> = shares.keys().copied().collect();
            let nonce = run.nonce();
            let ours = combine(Scheme::SchnorrK256Sha256, &public.point, &DIGEST, &nonce, &holders, &shares).unwrap();
            let RunOf::Rfc9591(package) = &run.0 else { panic!("of RFC 9591") };
            let frosts = package.aggregate(&public, &shares).unwrap();
            assert_eq!(ours.bytes().to_vec(), frosts.serialize().unwrap());
            VerifyingKey::new(public.point).verify(&DIGEST.0, &frosts).unwrap();
            assert!(ours.verify(&public.point, &DIGEST));
            assert!(!ours.verify(&public.point, &Digest([1; 32])));
            let CombinedSignature::Schnorr { r, z } = ours else { panic!("a Schnorr signature") };
            assert!(!CombinedSignature::Schnorr { r, z: z + Scalar::ONE }.verify(&public.point, &DIGEST));
        }
    }

    /// Keys and nonces with odd y among them: of nine runs about half have each.
    #[test]
    fn shares_of_bip_340_sum_to_frosts_signature_which_k256_verifies() {
        let scheme = Scheme::SchnorrK256Bip340;
        let (mut odd_keys, mut odd_nonces) = (0, 0);
        for members in 4..=12 {
            let (public, run, shares) = run(scheme, members);
            let holders: Vec<NodeId> = shares.keys().copied().collect();
            let nonce = run.nonce();
            let ours = combine(scheme, &public.point, &DIGEST, &nonce, &holders, &shares).unwrap();
            let RunOf::Bip340(package) = &run.0 else { panic!("of BIP-340") };
            let frosts = package.aggregate(&public, &shares).unwrap();
            assert_eq!(ours.bytes()[..64].to_vec(), frosts.serialize().unwrap());
            assert!(!ours.verify(&public.point, &Digest([1; 32])));
            assert!(ours.verify(&-public.point, &DIGEST), "the key is its x coordinate");
            let key = k256::schnorr::VerifyingKey::from_bytes(&curve::point_bytes(&public.point)[1..]).unwrap();
            let signature = k256::schnorr::Signature::try_from(&ours.bytes()[..64]).unwrap();
            assert!(key.verify_raw(&DIGEST.0, &signature).is_ok());
            odd_keys += u8::from(curve::point_bytes(&public.point)[0] == 3);
            odd_nonces += u8::from(curve::point_bytes(&nonce)[0] == 3);
        }
        assert!((1..9).contains(&odd_keys) && (1..9).contains(&odd_nonces), "{odd_keys} and {odd_nonces}");
    }

    #[test]
    fn all_cheaters_are_named_and_honest_shares_name_nobody() {
        for (scheme, members) in SCHEMES.into_iter().flat_map(|scheme| [(scheme, 9), (scheme, 10)]) {
            let (public, run, mut shares) = run(scheme, members);
            let mut meter = Meter::default();
            assert!(run.cheaters(&public, &shares, &mut meter).is_empty());
            assert!(shares.iter().all(|(holder, share)| run.is_right(&public, *holder, share)));
            for liar in [2, 5] {
                *shares.get_mut(&NodeId(liar)).unwrap() += Scalar::ONE;
            }
            assert_eq!(run.cheaters(&public, &shares, &mut meter), [NodeId(2), NodeId(5)]);
            let wrong = shares.iter().filter(|(holder, share)| !run.is_right(&public, **holder, share));
            assert_eq!(wrong.map(|(holder, _)| *holder).collect::<Vec<_>>(), [NodeId(2), NodeId(5)]);
        }
    }

    /// Hands out what a test vector says that was drawn.
    struct Scripted(Vec<u8>);

    impl RngCore for Scripted {
        fn next_u32(&mut self) -> u32 {
            unreachable!("nonces are drawn as bytes")
        }

        fn next_u64(&mut self) -> u64 {
            unreachable!("nonces are drawn as bytes")
        }

        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            self.0.drain(..bytes.len()).zip(bytes).for_each(|(drawn, byte)| *byte = drawn);
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
            self.fill_bytes(bytes);
            Ok(())
        }
    }

    impl CryptoRng for Scripted {}

    /// RFC 9591, appendix E.5: members 1 and 3 of three sign "test".
    #[test]
    fn a_run_makes_the_nonces_shares_and_signature_of_rfc_9591() {
        let scalar = |hex: &str| {
            curve::scalar_from_bytes(&hex::decode(hex).unwrap().try_into().unwrap()).expect("a reduced scalar")
        };
        let coefficients = [
            "0d004150d27c3bf2a42f312683d35fac7394b1e9e318249c1bfe7f0795a83114",
            "fbf85eadae3058ea14f19148bb72b45e4399c0b16028acaf0395c9b03c823579",
        ];
        let polynomial = curve::Polynomial::from_coefficients(coefficients.map(scalar).to_vec());
        let commitments = polynomial.commit();
        let (epoch, members) = (crate::id::Epoch(1), [1, 2, 3].map(NodeId).to_vec());
        let public = PublicKey { epoch, threshold: 2, point: commitments[0], commitments, members };
        let drawn = [
            (
                1,
                "bda8e748e599187762cff956f03dc6ea13fc8e04491a0427b7e6e78600f41c52\
                 2ca682429bf05df435b9927b8edb1d748278f3e42fa11ef358e49bbf4a1b780d",
                "0305e62a1d3f57a0b17ade569a3a4043e2a1fc3bd0b102614a8d8cc68e3322ad89",
                "ca54b18d7449377cfa680760a5770b9e64e201f7ea36b068effeca5fce2155e5",
            ),
            (
                3,
                "70818dd5170672c4a4285fd593d4f222417f941f3118e1244955e7a1098a35d8\
                 74ca2da071ed4a2a6cad5087d6758b48a558ab5861c61117fee05757e4b1309e",
                "036f878da0dc19ba7da9f2d9e795e2674e62ff06c990fc4464cc1ed55a2acce46b",
                "da13d054e83052568706a6d161d80f112a6bc3f76aa903c022585ae7e091e65e",
            ),
        ];
        let mut meter = Meter::default();
        let mut committed = BTreeMap::new();
        for (id, random, hiding, _) in drawn {
            let id = NodeId(id);
            let share = KeyShare { public: public.clone(), holder: id, secret: polynomial.evaluate(id) };
            let mut rng = Scripted(hex::decode(random).unwrap());
            let (nonces, commitments) = commit(Scheme::SchnorrK256Sha256, &share, &mut rng, &mut meter).unwrap();
            assert_eq!(hex::encode(curve::point_bytes(&commitments.hiding)), hiding);
            committed.insert(id, (share, nonces, commitments));
        }
        let commitments = committed.iter().map(|(id, (_, _, commitments))| (*id, *commitments)).collect();
        let run = Run(RunOf::Rfc9591(Package::new(&public, b"test", &commitments).unwrap()));
        let mut sum = Scalar::ZERO;
        for (id, _, _, expected) in drawn {
            let (share, nonces, _) = committed.remove(&NodeId(id)).unwrap();
            let made = run.sign(nonces, &share, &mut meter).unwrap();
            assert_eq!(hex::encode(curve::scalar_bytes(&made)), expected);
            sum += made;
        }
        let signature = "024c1ad4e031872661fa6ebd05dfc7fb30db08b38d79f0edbc82051ae931381bc6\
                         a46881e25c7989d3816eae32074f1ab0d49ee908a59713ed5284c6bade7cfb02";
        let ours = [&curve::point_bytes(&run.nonce())[..], &curve::scalar_bytes(&sum)].concat();
        assert_eq!(hex::encode(ours), signature);
    }

    #[test]
    fn nonces_of_another_run_or_scheme_are_refused() {
        let key = keys::deal(4, 4).remove(&NodeId(1)).unwrap();
        let mut meter = Meter::default();
        for (scheme, other) in [(SCHEMES[0], SCHEMES[1]), (SCHEMES[1], SCHEMES[0])] {
            let (_, run, _) = run(scheme, 4);
            let mut rng = ChaCha20Rng::from_seed([9; 32]);
            let (nonces, _) = commit(scheme, &key, &mut rng, &mut meter).unwrap();
            assert_eq!(run.sign(nonces, &key, &mut meter), Err(RunError::Refused));
            let (nonces, _) = commit(other, &key, &mut rng, &mut meter).unwrap();
            assert_eq!(run.sign(nonces, &key, &mut meter), Err(RunError::Scheme));
        }
        assert!(commit(Scheme::EcdsaK256, &key, &mut ChaCha20Rng::from_seed([9; 32]), &mut meter).is_err());
    }
}
