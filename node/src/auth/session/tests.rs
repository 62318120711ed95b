//! Sessions that are right, and every way of being wrong.

use k256::ecdsa::SigningKey;
use proptest::prelude::*;

use super::super::session_make::{SessionKey, Terms};
use super::super::sign_in::testing::{NOW, address, fields, wallet};
use super::super::{SignInText, SiweFields, sign_in};
use super::*;

const NODE: &str = "node-3.example:7470";
const HOUR_MS: u64 = 3_600_000;
const GRACE_MS: u64 = 60_000;

fn key() -> SessionKey {
    SessionKey::new(&[0x55; 32])
}

fn pkp(id: &str) -> Resource {
    Resource::new(ResourceKind::Pkp, id).expect("a name")
}

fn recap() -> Recap {
    Recap::default().with(&pkp("7"), Ability::Signing)
}

fn handed_by(wallet: &SigningKey, recap: &Recap, fields: SiweFields) -> AuthSig {
    sign_in(wallet, &key().delegation(recap, fields)).expect("valid fields")
}

fn plain() -> SiweFields {
    SiweFields { resources: vec![], expiration: Some(NOW.plus_millis(24 * HOUR_MS)), ..fields() }
}

fn handed() -> AuthSig {
    handed_by(&wallet(), &recap(), plain())
}

fn terms() -> Terms {
    let wishes = vec![Wish { resource: Resource::all(ResourceKind::Pkp), ability: Ability::Signing }];
    Terms { wishes, capabilities: vec![handed()], issued_at: NOW, expiration: NOW.plus_millis(HOUR_MS) }
}

fn check_at(session: &SessionSig, now: Time) -> Result<Session, SessionError> {
    verify(session, now, NODE, &Policy::default(), &mut Meter::default())
}

fn check(session: &SessionSig) -> Result<Session, SessionError> {
    check_at(session, NOW)
}

/// A session whose text is changed before it is signed.
fn with_text(change: impl FnOnce(String) -> String) -> SessionSig {
    let good = key().sign(&terms(), NODE).signed_message;
    let text = change(good.clone());
    assert_ne!(text, good, "the change changes something");
    key().sign_text(text)
}

#[test]
fn a_session_may_do_for_its_user_what_it_was_handed_and_asks_for() {
    let mut meter = Meter::default();
    let session = verify(&key().sign(&terms(), NODE), NOW, NODE, &Policy::default(), &mut meter).expect("accepted");
    assert_eq!(session.key, key().public());
    assert_eq!(session.capabilities, [Capability { signer: address(), recap: recap() }]);
    assert_eq!(session.wishes, terms().wishes);
    assert_eq!(session.may(&pkp("7"), Ability::Signing), Ok(address()));
    assert_eq!(meter.count(Op::SignatureChecked), 2);
    assert!(meter.count(Op::HashByte) > terms().capabilities[0].signed_message.len() as u64);
}

#[test]
fn a_session_of_the_real_network_verifies() {
    // What Lit's SDK 6.11 printed for the documentation of "authenticating a session", for the node of port 7470.
    let session = SessionSig {
        sig: "cadda38603f3cc62b83f043ede4fd758a9aee7363aa8c0b510658aa43d0e955942e63629029117f89973999956c4d2c20f666cc7af124661ebaeb1d4cf7bc00f".into(),
        derived_via: DERIVED_VIA.into(),
        signed_message: r#"{"sessionKey":"963d6551d36a8b5be53d8959d45141764dbfd3c00649f56bc00433ef09db75f5","resourceAbilityRequests":[{"resource":{"resource":"*","resourcePrefix":"lit-accesscontrolcondition"},"ability":"access-control-condition-decryption"}],"capabilities":[{"sig":"0x3a18598d9dbcb4c3f588d3948803f34397790f6b3ea1620913e353a002fb5526032aad72400635419346ca91a9bcfcd36cbdfc5b0f5080ecc48ded6ccfe6da7b1b","derivedVia":"web3.eth.personal.sign","signedMessage":"localhost wants you to sign in with your Ethereum account:\n0xA89543a7145C68E52a4D584f1ceb123605131211\n\nThis is a test statement.  You can put anything you want here. I further authorize the stated URI to perform the following actions on my behalf: (1) 'Threshold': 'Decryption' for 'lit-accesscontrolcondition://*'.\n\nURI: lit:session:963d6551d36a8b5be53d8959d45141764dbfd3c00649f56bc00433ef09db75f5\nVersion: 1\nChain ID: 1\nNonce: 0x23f22526f00d01dc505e291881a44a8c74664f76cdaa2662b8af1ae54c9b4725\nIssued At: 2024-11-15T05:58:06.757Z\nExpiration Time: 2024-11-15T06:08:06.728Z\nResources:\n- urn:recap:eyJhdHQiOnsibGl0LWFjY2Vzc2NvbnRyb2xjb25kaXRpb246Ly8qIjp7IlRocmVzaG9sZC9EZWNyeXB0aW9uIjpbe31dfX0sInByZiI6W119","address":"0xA89543a7145C68E52a4D584f1ceb123605131211"}],"issuedAt":"2024-11-15T05:58:06.778Z","expiration":"2024-11-15T06:08:06.728Z","nodeAddress":"https://15.235.83.220:7470"}"#.into(),
        address: "963d6551d36a8b5be53d8959d45141764dbfd3c00649f56bc00433ef09db75f5".into(),
        algo: ALGORITHM.into(),
    };
    // 2024-11-15T06:00:00Z.
    let now = Time(1_731_650_400_000_000_000);
    let verified = verify(&session, now, "https://15.235.83.220:7470", &Policy::default(), &mut Meter::default());
    let conditions = Resource::new(ResourceKind::Conditions, "abc").expect("a name");
    let signer = siwe::parse_address("0xA89543a7145C68E52a4D584f1ceb123605131211").expect("an address");
    assert_eq!(verified.expect("accepted").may(&conditions, Ability::Decryption), Ok(signer));
}

#[test]
fn a_signature_of_rfc_8032_is_accepted_and_one_of_a_small_order_key_is_not() {
    // RFC 8032, section 7.1, test 2.
    let session = SessionSig {
        sig: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00".into(),
        derived_via: DERIVED_VIA.into(),
        signed_message: "r".into(),
        address: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c".into(),
        algo: ALGORITHM.into(),
    };
    assert!(check_signature(&session, &mut Meter::default()).is_ok());
    // The neutral element as key and as R, and s = 0: a signature over any text, for who does not look.
    let neutral = format!("01{}", "00".repeat(31));
    let anything = SessionSig { sig: format!("{neutral}{}", "00".repeat(32)), address: neutral.clone(), ..session };
    let weak = VerifyingKey::from_bytes(&lower_hex(&neutral).expect("hex")).expect("a point");
    assert!(weak.is_weak());
    assert_eq!(check_signature(&anything, &mut Meter::default()), Err(SessionError::WrongSignature { key: neutral }));
}

#[test]
fn a_session_may_not_do_what_it_does_not_ask_for() {
    let narrow = Terms { wishes: vec![Wish { resource: pkp("8"), ability: Ability::Signing }], ..terms() };
    let session = check(&key().sign(&narrow, NODE)).expect("accepted");
    let refused = Err(NotDelegated::NotRequested { resource: pkp("7"), ability: Ability::Signing });
    assert_eq!(session.may(&pkp("7"), Ability::Signing), refused, "handed, but not asked for");
    assert_eq!(session.delegators(&pkp("7"), Ability::Signing).count(), 0);
    assert!(matches!(session.may(&pkp("8"), Ability::Execution), Err(NotDelegated::NotRequested { .. })));
}

#[test]
fn a_session_may_not_do_what_nobody_handed_it() {
    let session = check(&key().sign(&terms(), NODE)).expect("accepted");
    let refused = Err(NotDelegated::NotCovered { resource: pkp("8"), ability: Ability::Signing });
    assert_eq!(session.may(&pkp("8"), Ability::Signing), refused, "asked for, but not handed");
    let alone = check(&key().sign(&Terms { capabilities: vec![], ..terms() }, NODE)).expect("accepted");
    assert!(matches!(alone.may(&pkp("7"), Ability::Signing), Err(NotDelegated::NotCovered { .. })));
}

#[test]
fn every_signer_hands_on_what_its_own_capability_covers() {
    let friend = SigningKey::from_slice(&[0x77; 32]).expect("a valid scalar");
    let friend_address = crate::key::eth_address(&friend.verifying_key().as_affine().into());
    let theirs = Recap::default().with(&pkp("8"), Ability::Signing).with(&pkp("9"), Ability::Signing);
    let mine = recap().with(&pkp("9"), Ability::Signing);
    let capabilities = vec![handed_by(&friend, &theirs, plain()), handed_by(&wallet(), &mine, plain())];
    let session = check(&key().sign(&Terms { capabilities, ..terms() }, NODE)).expect("accepted");
    assert_eq!(session.may(&pkp("7"), Ability::Signing), Ok(address()));
    assert_eq!(session.may(&pkp("8"), Ability::Signing), Ok(friend_address));
    let both: Vec<_> = session.delegators(&pkp("9"), Ability::Signing).collect();
    assert_eq!(both, [friend_address, address()]);
}

#[test]
fn every_ability_can_be_asked_for_and_what_is_unknown_is_not_asked_for() {
    let all: Vec<Wish> = ResourceKind::ALL
        .into_iter()
        .flat_map(|kind| Ability::ALL.map(|ability| Wish { resource: Resource::all(kind), ability }))
        .collect();
    let session = check(&key().sign(&Terms { wishes: all.clone(), ..terms() }, NODE)).expect("accepted");
    assert_eq!(session.wishes, all);
    for (known, unknown) in [("pkp-signing", "Threshold/Signing"), ("\"lit-pkp\"", "\"lit-rli\""), ("\"*\"", "\"a b\"")]
    {
        let session = check(&with_text(|text| text.replace(known, unknown))).expect("accepted");
        assert!(session.wishes.is_empty(), "{unknown}");
    }
}

#[test]
fn a_session_for_another_node_is_refused() {
    let other = key().sign(&terms(), "node-4.example:7470");
    let wrong = SessionError::OtherNode { found: "node-4.example:7470".into(), expected: NODE.into() };
    assert_eq!(check(&other), Err(wrong));
    let near = key().sign(&terms(), &format!("{NODE}0"));
    assert!(matches!(check(&near), Err(SessionError::OtherNode { .. })));
}

#[test]
fn a_session_is_good_until_its_expiration_and_the_grace() {
    let good = key().sign(&terms(), NODE);
    let end = NOW.plus_millis(HOUR_MS + GRACE_MS);
    assert!(check_at(&good, end).is_ok());
    assert!(matches!(check_at(&good, Time(end.0 + 1)), Err(SessionError::Expired { .. })));
    let strict = Policy { grace_ms: 0, ..Policy::default() };
    let strictly = |now| verify(&good, now, NODE, &strict, &mut Meter::default());
    assert!(strictly(NOW.plus_millis(HOUR_MS)).is_ok());
    assert!(matches!(strictly(Time(NOW.plus_millis(HOUR_MS).0 + 1)), Err(SessionError::Expired { .. })));
}

#[test]
fn a_session_of_the_future_is_refused_beyond_the_grace() {
    let good = key().sign(&terms(), NODE);
    let early = NOW.minus_millis(GRACE_MS);
    assert!(check_at(&good, early).is_ok());
    assert!(matches!(check_at(&good, Time(early.0 - 1)), Err(SessionError::IssuedInFuture { .. })));
}

#[test]
fn what_was_handed_on_expires_too() {
    let short = SiweFields { expiration: Some(NOW.plus_millis(1000)), ..plain() };
    let session = key().sign(&Terms { capabilities: vec![handed_by(&wallet(), &recap(), short)], ..terms() }, NODE);
    let end = NOW.plus_millis(1000 + GRACE_MS);
    assert!(check_at(&session, end).is_ok());
    let late = check_at(&session, Time(end.0 + 1));
    assert!(matches!(late, Err(SessionError::Capability { index: 0, error: AuthError::Expired { .. } })), "{late:?}");
    let endless = SiweFields { expiration: None, ..plain() };
    let session = key().sign(&Terms { capabilities: vec![handed_by(&wallet(), &recap(), endless)], ..terms() }, NODE);
    assert_eq!(check(&session), Err(SessionError::Capability { index: 0, error: AuthError::NoExpiration }));
}

#[test]
fn what_was_handed_on_is_not_good_before_its_time() {
    let with =
        |fields| key().sign(&Terms { capabilities: vec![handed_by(&wallet(), &recap(), fields)], ..terms() }, NODE);
    // `Not Before` itself is still too early, as for any EIP-4361 text.
    let later = with(SiweFields { not_before: Some(NOW.plus_millis(GRACE_MS)), ..plain() });
    assert!(check_at(&later, Time(NOW.0 + 1)).is_ok());
    let early = check_at(&later, NOW);
    assert!(matches!(early, Err(SessionError::Capability { index: 0, error: AuthError::NotYetValid { .. } })));
    let ahead = with(SiweFields { issued_at: NOW.plus_millis(GRACE_MS), ..plain() });
    assert!(check_at(&ahead, NOW).is_ok());
    let early = check_at(&ahead, Time(NOW.0 - 1));
    assert!(matches!(early, Err(SessionError::Capability { index: 0, error: AuthError::IssuedInFuture { .. } })));
}

#[test]
fn what_was_handed_to_another_session_is_refused() {
    let thief = SessionKey::new(&[0x66; 32]);
    let stolen = thief.sign(&terms(), NODE);
    let refused = check(&stolen);
    assert!(matches!(refused, Err(SessionError::Capability { index: 0, error: AuthError::WrongUri { .. } })));
    // Nor does it help to name the other session's key: its signature is missing.
    let posing = SessionSig { address: hex::encode(key().public()), ..stolen };
    assert!(matches!(check(&posing), Err(SessionError::WrongSignature { .. })));
    let text = key().sign(&terms(), NODE).signed_message;
    let posing = thief.sign_text(text);
    let other = SessionError::OtherKey { claimed: posing.address.clone(), signed: hex::encode(key().public()) };
    assert_eq!(check(&posing), Err(other));
}

#[test]
fn a_capability_that_its_signer_did_not_sign_is_refused() {
    let victim = ::siwe::eip55(&[0x22; 20]);
    let good = handed();
    let forged =
        AuthSig { signed_message: good.signed_message.replace(&good.address, &victim), address: victim, ..good };
    let session = key().sign(&Terms { capabilities: vec![handed(), forged], ..terms() }, NODE);
    let refused = check(&session);
    assert!(matches!(refused, Err(SessionError::Capability { index: 1, error: AuthError::WrongSigner { .. } })));
}

#[test]
fn a_pkp_hands_on_to_sessions_and_signs_in_nowhere_else() {
    // A PKP's key is nobody's: the network signs what there is to sign.
    let text = SignInText::new(address(), &key().delegation(&recap(), plain())).expect("valid fields");
    let (signature, recovery) = wallet().sign_prehash_recoverable(&text.digest()).expect("signed");
    assert_eq!(text.text(), handed().signed_message);
    let by_pkp = text.signed(&signature, recovery, siwe::DERIVED_VIA_PKP);
    let session = key().sign(&Terms { capabilities: vec![by_pkp.clone()], ..terms() }, NODE);
    assert_eq!(check(&session).expect("accepted").may(&pkp("7"), Ability::Signing), Ok(address()));
    let refused = siwe::verify(&by_pkp, NOW, &siwe::Policy::default(), &mut Meter::default());
    assert_eq!(refused, Err(AuthError::UnsupportedDerivation(siwe::DERIVED_VIA_PKP.into())));
    let otherwise = AuthSig { derived_via: "EIP1271".into(), ..handed() };
    let session = key().sign(&Terms { capabilities: vec![otherwise], ..terms() }, NODE);
    let wrong = AuthError::UnsupportedDerivation("EIP1271".into());
    assert_eq!(check(&session), Err(SessionError::Capability { index: 0, error: wrong }));
}

#[test]
fn a_capability_must_say_what_it_hands_on() {
    let signed = |fields: SiweFields| {
        let auth = sign_in(&wallet(), &fields).expect("valid fields");
        check(&key().sign(&Terms { capabilities: vec![auth], ..terms() }, NODE))
    };
    let good = key().delegation(&recap(), plain());
    assert!(signed(good.clone()).is_ok());
    let also = SiweFields { resources: vec!["https://example.com".into()], ..plain() };
    assert!(signed(key().delegation(&recap(), also)).is_ok());
    let silent = SiweFields { resources: vec![], ..good.clone() };
    assert_eq!(signed(silent), Err(SessionError::Recap { index: 0, error: RecapError::Missing }));
    let unsaid = SiweFields { statement: Some("Let me in.".into()), ..good.clone() };
    let wrong = RecapError::Statement { expected: recap().statement() };
    assert_eq!(signed(unsaid), Err(SessionError::Recap { index: 0, error: wrong }));
    let greedy = recap().with(&pkp("8"), Ability::Signing);
    let more = SiweFields { resources: vec![greedy.uri()], ..good };
    assert!(matches!(signed(more), Err(SessionError::Recap { error: RecapError::Statement { .. }, .. })));
}

#[test]
fn a_capability_asked_for_by_another_domain_is_refused_if_the_node_cares() {
    let judge = |domain: &str| {
        let policy = Policy { domains: Some(vec![domain.to_owned()]), ..Policy::default() };
        verify(&key().sign(&terms(), NODE), NOW, NODE, &policy, &mut Meter::default())
    };
    assert!(judge("localhost:3000").is_ok());
    let refused = judge("example.com");
    assert!(matches!(refused, Err(SessionError::Capability { index: 0, error: AuthError::WrongDomain { .. } })));
}

#[test]
fn what_is_no_sessions_signature_is_refused_with_what_is_wrong() {
    let good = key().sign(&terms(), NODE);
    let derived = SessionSig { derived_via: siwe::DERIVED_VIA.into(), ..good.clone() };
    assert_eq!(check(&derived), Err(SessionError::UnsupportedDerivation(siwe::DERIVED_VIA.into())));
    let algorithm = SessionSig { algo: "LIT_BLS".into(), ..good.clone() };
    assert_eq!(check(&algorithm), Err(SessionError::UnsupportedAlgorithm("LIT_BLS".into())));
    let (upper, prefixed) = (good.address.to_uppercase(), format!("0x{}", good.address));
    // y = 2 belongs to no point of the curve.
    let no_point = format!("02{}", "00".repeat(31));
    for address in ["", &good.address[2..], &upper, &prefixed, &no_point, "é"] {
        let wrong = SessionError::MalformedKey(address.chars().take(80).collect());
        assert_eq!(check(&SessionSig { address: address.into(), ..good.clone() }), Err(wrong));
    }
    let (upper, prefixed) = (good.sig.to_uppercase(), format!("0x{}", good.sig));
    for sig in ["", &good.sig[2..], &upper, &prefixed] {
        let malformed = SessionSig { sig: sig.into(), ..good.clone() };
        assert_eq!(check(&malformed), Err(SessionError::MalformedSignature), "{sig}");
    }
    let long = key().sign_text("a".repeat(TEXT_BYTES_MAX + 1));
    assert_eq!(check(&long), Err(SessionError::TooLong(TEXT_BYTES_MAX + 1)));
    assert!(matches!(check(&key().sign_text("a".repeat(TEXT_BYTES_MAX))), Err(SessionError::Json(_))));
}

#[test]
fn members_that_are_twice_there_unknown_or_missing_are_refused() {
    let signed = |from: &'static str, to: &'static str| check(&with_text(|text| text.replacen(from, to, 1)));
    for (from, to) in [
        ("{", "["),
        ("{\"sessionKey\":", "{\"more\":1,\"sessionKey\":"),
        ("\"nodeAddress\":", "\"nodeAddress\":\"elsewhere\",\"nodeAddress\":"),
        ("\"issuedAt\":", "\"issued\":"),
        ("\"ability\":", "\"data\":{},\"ability\":"),
        ("\"ability\":", "\"ability\":\"pkp-signing\",\"ability\":"),
        ("\"resourcePrefix\":", "\"more\":1,\"resourcePrefix\":"),
        ("\"derivedVia\":", "\"more\":1,\"derivedVia\":"),
        ("\"derivedVia\":", "\"derivedVia\":\"\",\"derivedVia\":"),
    ] {
        assert!(matches!(signed(from, to), Err(SessionError::Json(_))), "{to}");
    }
}

#[test]
fn times_that_are_none_are_refused() {
    for field in ["issuedAt", "expiration"] {
        for bad in ["", "yesterday", "1700000000", "2023-11-14", "2023-11-14T22:13:20"] {
            let session = with_text(|text| {
                let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                value[field] = bad.into();
                value.to_string()
            });
            assert_eq!(check(&session), Err(SessionError::MalformedTime { field, found: bad.into() }));
        }
    }
}

#[test]
fn a_session_with_too_much_in_it_is_refused() {
    let many = |count| Terms { capabilities: vec![handed(); count], ..terms() };
    assert!(check(&key().sign(&many(CAPABILITIES_MAX), NODE)).is_ok());
    let over = check(&key().sign(&many(CAPABILITIES_MAX + 1), NODE));
    assert_eq!(over, Err(SessionError::TooManyCapabilities(CAPABILITIES_MAX + 1)));
    let wish = Wish { resource: pkp("7"), ability: Ability::Signing };
    let many = |count| Terms { wishes: vec![wish.clone(); count], ..terms() };
    assert!(check(&key().sign(&many(REQUESTS_MAX), NODE)).is_ok());
    let over = check(&key().sign(&many(REQUESTS_MAX + 1), NODE));
    assert_eq!(over, Err(SessionError::TooManyRequests(REQUESTS_MAX + 1)));
}

#[test]
fn failures_carry_their_codes_and_what_was_expected() {
    let failure = Failure::from(check(&key().sign(&terms(), "elsewhere")).expect_err("refused"));
    assert_eq!(failure.code, ErrorCode::InvalidAuthSig);
    assert_eq!(failure.message, "signed for the node at \"elsewhere\": this one is at \"node-3.example:7470\"");
    let session = check(&key().sign(&terms(), NODE)).expect("accepted");
    let failure = Failure::from(session.may(&pkp("8"), Ability::Signing).expect_err("refused"));
    assert_eq!(failure.code, ErrorCode::AuthSigScopeTooLimited);
    assert_eq!(failure.message, "no capability of the session hands on Threshold/Signing over lit-pkp://8");
}

#[cfg(feature = "planted-bugs")]
#[test]
fn the_planted_bugs_accept_what_is_refused_without_them_and_nothing_more() {
    use crate::bugs::{BugSet, plant};
    let (elsewhere, late) = (key().sign(&terms(), "elsewhere"), NOW.plus_millis(2 * HOUR_MS));
    let good = key().sign(&terms(), NODE);
    let planted = plant(BugSet::NONE.with(Bug::SessionNodeUnchecked));
    assert!(check(&elsewhere).is_ok() && check_at(&good, late).is_err());
    drop(planted);
    let planted = plant(BugSet::NONE.with(Bug::SessionExpiryUnchecked));
    assert!(check(&elsewhere).is_err() && check_at(&good, late).is_ok());
    // What was handed on still expires.
    assert!(check_at(&good, NOW.plus_millis(25 * HOUR_MS)).is_err());
    drop(planted);
    assert!(check(&elsewhere).is_err() && check_at(&good, late).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_the_check_panic(sig in "[0-9a-f]{128}|.{0,20}", text in "(?s).{0,200}", address in "[0-9a-f]{64}|.{0,20}", at: u64) {
        let session = SessionSig { sig, derived_via: DERIVED_VIA.into(), signed_message: text.clone(), address, algo: ALGORITHM.into() };
        prop_assert!(check_at(&session, Time(at)).is_err());
        prop_assert!(check_at(&key().sign_text(text), Time(at)).is_err());
    }

    #[test]
    fn no_time_makes_the_check_panic(now: u64, issued: u64, ends: u64) {
        let terms = Terms { issued_at: Time(issued), expiration: Time(ends), ..terms() };
        let _ = check_at(&key().sign(&terms, NODE), Time(now));
    }

    #[test]
    fn no_byte_of_a_session_can_change(at: usize, bit in 0u8..7) {
        let mut session = key().sign(&terms(), NODE);
        let SessionSig { sig, derived_via, signed_message, address, algo } = &mut session;
        let mut parts = [sig, derived_via, signed_message, address, algo];
        let mut at = at % parts.iter().map(|part| part.len()).sum::<usize>();
        for part in &mut parts {
            if at < part.len() {
                let mut bytes = std::mem::take(*part).into_bytes();
                bytes[at] ^= 1 << bit;
                **part = String::from_utf8(bytes).expect("ASCII");
                break;
            }
            at -= part.len();
        }
        prop_assert!(check(&session).is_err());
    }
}
