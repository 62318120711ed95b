//! Requests whose conditions wait for a chain: who is answered, when, and how many may wait.

use super::super::core::Opened;
use super::*;
use crate::api::{Credential, RESPONSE_BYTES_MAX};
use crate::auth::conditions::Conditions;
use crate::auth::{SiweFields, sign_in};
use crate::conduct::Honest;
use crate::entropy::Entropy;
use crate::id::{CallId, Digest, Epoch, KeyId, NodeId};
use crate::io::{ChainRef, ChainRequest, Output};
use crate::meter::Meter;
use crate::store::Store;
use crate::wire::decode;
use k256::ProjectivePoint;
use k256::ecdsa::SigningKey;
use redb::backends::InMemoryBackend;

const NOW: Time = Time(1_700_000_000_000_000_000);

struct Scene {
    core: Core,
    decryptions: Decryptions,
    out: Outputs,
}

impl Scene {
    fn new(waiting_max: usize) -> Self {
        let (config, mut meter) = (crate::fuzz::node_config(), Meter::default());
        let entropy = Entropy::new(&config.seed, config.boot);
        let store = Store::open(Box::new(InMemoryBackend::new()), &config.master_key, &entropy, &mut meter);
        let opened = Opened { config, conduct: Box::new(Honest), entropy, store: store.expect("memory does not fail") };
        let mut core = Core::new(opened, NodeId(3), crate::testing::roster(4), 0);
        core.clock = NOW;
        Self { core, decryptions: Decryptions::new(waiting_max), out: Outputs::default() }
    }

    fn ask(&mut self, conn: u64, request: &Decrypt) {
        self.decryptions.on_request(ConnId(conn), request.clone(), None, NOW, &mut self.core, &mut self.out);
    }

    /// The chain answers the oldest question that is open.
    fn answer(&mut self, call: CallId, reply: Result<ChainReply, ChainError>) {
        let Some(Question::Condition { request, at: None, part }) = self.core.answered(call) else {
            panic!("no question of a client's request")
        };
        self.decryptions.on_chain(request, part, reply, None, &mut self.core, &mut self.out);
    }

    /// The questions since the last call.
    fn questions(&mut self) -> Vec<(CallId, ChainRequest)> {
        let is_question = |output: &mut Output| matches!(output, Output::Chain { .. });
        let asked: Vec<Output> = self.out.list.extract_if(.., is_question).collect();
        let question = |output: Output| match output {
            Output::Chain { call, chain: ChainRef::Named(chain), request } if chain == "polygon" => (call, request),
            other => panic!("{other:?}"),
        };
        asked.into_iter().map(question).collect()
    }

    /// The refusals since the last call, by connection.
    fn refusals(&mut self) -> Vec<(u64, ErrorCode)> {
        let outputs = std::mem::take(&mut self.out.list);
        let replies = outputs.into_iter().filter_map(|output| match output {
            Output::Reply { conn, bytes } => match decode::<Response>(&bytes, RESPONSE_BYTES_MAX) {
                Ok(Response::Decrypt { result: Err(failure), .. }) => Some((conn.0, failure.code)),
                other => panic!("{other:?}"),
            },
            _ => None,
        });
        replies.collect()
    }
}

/// A request that is met after a point of time.
fn late(nonce: u8) -> Decrypt {
    let text = r#"[{"contractAddress":"","standardContractType":"timestamp","chain":"polygon",
        "method":"eth_getBlockByNumber","parameters":["latest"],"returnValueTest":{"comparator":">","value":"5"}}]"#;
    Decrypt {
        nonce: [nonce; 16],
        key: KeyId([1; 32]),
        conditions: Conditions::parse(text).expect("conditions"),
        plaintext: Digest([2; 32]),
        reply_key: ProjectivePoint::GENERATOR,
        credential: Credential::Nobody,
        epoch: Epoch(1),
    }
}

/// The same, by somebody who has signed in.
fn signed(nonce: u8) -> Decrypt {
    let request = late(nonce);
    let fields = SiweFields {
        domain: "localhost".into(),
        uri: "https://localhost/decrypt".into(),
        chain_id: 1,
        nonce: "abcdefgh".into(),
        issued_at: NOW,
        resources: vec![request.resource()],
        ..SiweFields::default()
    };
    let wallet = SigningKey::from_slice(&[0x11; 32]).expect("a scalar");
    Decrypt { credential: Credential::AuthSig(sign_in(&wallet, &fields).expect("a text")), ..request }
}

fn block(timestamp_s: u64) -> Result<ChainReply, ChainError> {
    Ok(ChainReply::Block { number: 7, timestamp_s })
}

#[test]
fn a_request_is_answered_once_its_chain_has_been_read() {
    // There is no share here: whoever is let in learns that.
    for (reply, code) in [
        (block(6), ErrorCode::UnknownKey),
        (block(5), ErrorCode::NotAuthorized),
        (Err(ChainError::Unreachable), ErrorCode::RpcError),
    ] {
        let mut scene = Scene::new(8);
        scene.ask(1, &late(1));
        let asked = scene.questions();
        assert_eq!(asked.iter().map(|(_, request)| request).collect::<Vec<_>>(), [&ChainRequest::Block]);
        assert_eq!(scene.refusals(), []);
        scene.answer(asked[0].0, reply);
        assert_eq!(scene.refusals(), [(1, code)]);
        assert_eq!((scene.questions(), scene.decryptions.deadline()), (vec![], None));
    }
}

#[test]
fn what_the_asker_alone_decides_waits_for_nothing() {
    let mut scene = Scene::new(0);
    scene.ask(1, &Decrypt { conditions: Conditions::caller([1; 20]), ..late(1) });
    scene.ask(1, &Decrypt { epoch: Epoch(2), ..late(1) });
    assert_eq!(scene.questions(), []);
    assert_eq!(scene.refusals(), [(1, ErrorCode::NotAuthorized), (1, ErrorCode::WrongEpoch)]);
}

#[test]
fn the_same_request_is_looked_at_once_for_all_connections() {
    let mut scene = Scene::new(8);
    for conn in [1, 2, 2] {
        scene.ask(conn, &late(1));
    }
    for conn in 3..40 {
        scene.ask(conn, &late(1));
    }
    let asked = scene.questions();
    assert_eq!(asked.len(), 1);
    scene.answer(asked[0].0, block(5));
    let told: Vec<u64> = scene.refusals().into_iter().map(|(conn, _)| conn).collect();
    assert_eq!(told, (1..=CONNECTIONS_MAX as u64).collect::<Vec<_>>());
}

#[test]
fn a_caller_gets_a_part_of_the_places_and_all_together_no_more_than_there_are() {
    let mut scene = Scene::new(8);
    for nonce in 1..=3 {
        scene.ask(nonce.into(), &late(nonce));
    }
    let asked = scene.questions();
    assert_eq!(asked.len(), 2);
    assert_eq!(scene.refusals(), [(3, ErrorCode::RateLimitExceeded)]);
    scene.ask(4, &signed(4));
    assert_eq!((scene.questions().len(), scene.refusals()), (1, vec![]), "another caller has places of his own");
    scene.answer(asked[0].0, block(5));
    scene.refusals();
    scene.ask(5, &late(5));
    assert_eq!((scene.questions().len(), scene.refusals()), (1, vec![]), "a place is free again");
    let mut full = Scene::new(1);
    full.ask(1, &late(1));
    full.ask(2, &signed(2));
    assert_eq!((full.questions().len(), full.refusals()), (1, vec![(2, ErrorCode::RateLimitExceeded)]));
}

#[test]
fn a_request_that_nobody_waits_for_any_more_ends_with_the_next_answer() {
    let mut scene = Scene::new(8);
    scene.ask(1, &late(1));
    scene.ask(2, &late(1));
    scene.decryptions.on_gone(ConnId(1));
    let asked = scene.questions();
    scene.answer(asked[0].0, block(5));
    assert_eq!(scene.refusals(), [(2, ErrorCode::NotAuthorized)]);
    scene.ask(1, &late(2));
    let asked = scene.questions();
    scene.decryptions.on_gone(ConnId(1));
    assert!(scene.decryptions.deadline().is_some(), "its place is taken until the chain has answered");
    scene.answer(asked[0].0, block(5));
    assert_eq!((&scene.out.list, scene.decryptions.deadline()), (&vec![], None), "nothing is decided for nobody");
}

#[test]
fn nobody_waits_for_ever() {
    let mut scene = Scene::new(8);
    scene.ask(1, &late(1));
    scene.ask(2, &late(2));
    scene.decryptions.on_gone(ConnId(2));
    let asked = scene.questions();
    let due = scene.decryptions.deadline().expect("it waits");
    assert_eq!(due, NOW.plus_millis(scene.core.config.limits.time_ms));
    scene.decryptions.tick(Time(due.0 - 1), None, &mut scene.core, &mut scene.out);
    assert_eq!(scene.refusals(), []);
    scene.decryptions.tick(due, None, &mut scene.core, &mut scene.out);
    assert_eq!(scene.out.list.len(), 2, "an answer and a note, and nothing for the one who went away");
    assert_eq!((scene.refusals(), scene.decryptions.deadline()), (vec![(1, ErrorCode::RpcError)], None));
    scene.answer(asked[0].0, block(6));
    assert_eq!(scene.refusals(), [], "too late");
}
