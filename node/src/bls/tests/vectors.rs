//! RFC 9380, appendix J.10.1: hashing to G2 of BLS12-381, and drand's public beacon as a signature of others.

use super::*;

/// Message (as a head and a byte that follows so many times), then x and y of the point, imaginary parts first.
type Vector = (&'static [u8], u8, usize, [&'static str; 4]);

const VECTORS: [Vector; 5] = [
    (
        b"",
        0,
        0,
        [
            "05cb8437535e20ecffaef7752baddf98034139c38452458baeefab379ba13dff5bf5dd71b72418717047f5b0f37da03d",
            "0141ebfbdca40eb85b87142e130ab689c673cf60f1a3e98d69335266f30d9b8d4ac44c1038e9dcdd5393faf5c41fb78a",
            "12424ac32561493f3fe3c260708a12b7c620e7be00099a974e259ddc7d1f6395c3c811cdd19f1e8dbf3e9ecfdcbab8d6",
            "0503921d7f6a12805e72940b963c0cf3471c7b2a524950ca195d11062ee75ec076daf2d4bc358c4b190c0c98064fdd92",
        ],
    ),
    (
        b"abc",
        0,
        0,
        [
            "139cddbccdc5e91b9623efd38c49f81a6f83f175e80b06fc374de9eb4b41dfe4ca3a230ed250fbe3a2acf73a41177fd8",
            "02c2d18e033b960562aae3cab37a27ce00d80ccd5ba4b7fe0e7a210245129dbec7780ccc7954725f4168aff2787776e6",
            "00aa65dae3c8d732d10ecd2c50f8a1baf3001578f71c694e03866e9f3d49ac1e1ce70dd94a733534f106d4cec0eddd16",
            "1787327b68159716a37440985269cf584bcb1e621d3a7202be6ea05c4cfe244aeb197642555a0645fb87bf7466b2ba48",
        ],
    ),
    (
        b"abcdef0123456789",
        0,
        0,
        [
            "190d119345b94fbd15497bcba94ecf7db2cbfd1e1fe7da034d26cbba169fb3968288b3fafb265f9ebd380512a71c3f2c",
            "121982811d2491fde9ba7ed31ef9ca474f0e1501297f68c298e9f4c0028add35aea8bb83d53c08cfc007c1e005723cd0",
            "0bb5e7572275c567462d91807de765611490205a941a5a6af3b1691bfe596c31225d3aabdf15faff860cb4ef17c7c3be",
            "05571a0f8d3c08d094576981f4a3b8eda0a8e771fcdcc8ecceaf1356a6acf17574518acb506e435b639353c2e14827c8",
        ],
    ),
    (
        b"q128_",
        b'q',
        128,
        [
            "0934aba516a52d8ae479939a91998299c76d39cc0c035cd18813bec433f587e2d7a4fef038260eef0cef4d02aae3eb91",
            "19a84dd7248a1066f737cc34502ee5555bd3c19f2ecdb3c7d9e24dc65d4e25e50d83f0f77105e955d78f4762d33c17da",
            "09bcccfa036b4847c9950780733633f13619994394c23ff0b32fa6b795844f4a0673e20282d07bc69641cee04f5e5662",
            "14f81cd421617428bc3b9fe25afbb751d934a00493524bc4e065635b0555084dd54679df1536101b2c979c0152d09192",
        ],
    ),
    (
        b"a512_",
        b'a',
        512,
        [
            "11fca2ff525572795a801eed17eb12785887c7b63fb77a42be46ce4a34131d71f7a73e95fee3f812aea3de78b4d01569",
            "01a6ba2f9a11fa5598b2d8ace0fbe0a0eacb65deceb476fbbcb64fd24557c2f4b18ecfc5663e54ae16a84f5ab7f62534",
            "03a47f8e6d1763ba0cad63d6114c0accbef65707825a511b251a660a9b3994249ae4e63fac38b23da0c398689ee2ab52",
            "0b6798718c8aed24bc19cb27f866f1c9effcdbf92397ad6448b5c9db90d2b9da6cbabf48adc1adf59a1a28344e79d57e",
        ],
    ),
];

#[test]
fn messages_hash_to_the_points_of_rfc_9380() {
    for (head, byte, count, coordinates) in VECTORS {
        let message = [head.to_vec(), vec![byte; count]].concat();
        let tag = b"QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_";
        let point = G2Affine::from(G2Projective::hash_to_curve(&message, tag, b""));
        assert_eq!(hex::encode(point.to_uncompressed()), coordinates.concat());
    }
}

/// Round 1000 of drand's test network, whose beacons are signatures over the hash of the round's number.
#[test]
fn the_equation_holds_for_a_signature_that_others_made() {
    let key = "8200fc249deb0148eb918d6e213980c5d01acd7fc251900d9260136da3b54836ce125172399ddc69c4e3e11429b62c11";
    let key = Bls12381::decode(&hex::decode(key).expect("hex").try_into().expect("48 bytes")).expect("a key");
    let beacon = "a4721e6c3eafcd823f138cd29c6c82e8c5149101d0bb4bafddbac1c2d1fe3738895e4e21dd4b8b41bf007046440220910bb1cdb91f\
                  50a84a0d7f33ff2e8577aa62ac64b35a291a728a9db5ac91e06d1312b48a376138d77b4d6ad27c24221afe";
    let beacon = SignaturePoint::decode(&hex::decode(beacon).expect("hex").try_into().expect("96 bytes"));
    let beacon = beacon.expect("a signature");
    let point = |round: u64| {
        let message: [u8; 32] = Sha256::digest(round.to_be_bytes()).into();
        G2Affine::from(G2Projective::hash_to_curve(&message, b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_", b""))
    };
    assert!(threshold::is_pair(&key, &point(1000), beacon.affine(), &mut Meter::default()));
    assert!(!threshold::is_pair(&key, &point(1001), beacon.affine(), &mut Meter::default()));
    // The same beacon decrypts what drand's scheme encrypts to the round.
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let capsule = Capsule::seal(&key, &point(1000), &[8; 16], &mut rng, &mut Meter::default());
    assert_eq!(capsule.open(&beacon, &mut Meter::default()).map(|key| *key), Ok([8; 16]));
}
