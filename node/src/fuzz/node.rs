//! A whole node: whatever comes from clients, chains, gateways, servers, links and a lying peer.

use redb::backends::InMemoryBackend;
use std::collections::VecDeque;
use zeroize::Zeroizing;

use super::Choices;
use super::chain::{ROSTER, contracts, reply};
use super::committee::{LIAR, channel_secret, decryption, identity, ids};
use super::samples::STATEMENTS;
use crate::action::Limits;
use crate::api::{ActionSource, Credential, Decrypt, Execute, Proof, Request, Response, Task};
use crate::auth::conditions::Conditions;
use crate::auth::providers::{AccessTokens, IdTokens, Providers};
use crate::auth::webauthn::{self, Assertion};
use crate::auth::{oauth, session, siwe};
use crate::bugs::BugSet;
use crate::channel::{self, Channels, public_key};
use crate::conduct::Honest;
use crate::entropy::Entropy;
use crate::id::{Boot, CallId, ConnId, Digest, Epoch, Generation, KeyId, NodeId, SessionId, TimerId};
use crate::io::{ChainError, ChainReply, ChainRequest, HttpResponse, Input, IpfsError, Label, Output, Outputs, Time};
use crate::memo::Memo;
use crate::meter::Meter;
use crate::node::{Config, Node, Preprocessing};
use crate::signing::Scheme;
use crate::statement::Statement;
use crate::wire::{FRAME_BYTES_MAX, SignatureBytes, decode, encode, hash_parts};

pub(crate) const ME: NodeId = NodeId(3);
const START: Time = Time(1_700_000_000_000_000_000);
const DELTA_MS: u64 = 100;
/// Events before a run ends.
const STEPS_MAX: usize = 400;
/// How many messages the node may keep for a peer.
const QUEUE_MESSAGES: usize = 64;
/// How many requests it may have under way.
const EXECUTIONS_MAX: usize = 8;
const LABEL: Label = Label { session: SessionId([1; 32]), protocol: "fuzz", round: 0, kind: "statement" };

/// How the node is set up.
pub(crate) fn config() -> Config {
    Config {
        identity: identity(ME),
        channel_secret: Zeroizing::new(channel_secret(ME)),
        decryption: decryption(ME),
        master_key: Zeroizing::new([4; 32]),
        seed: Zeroizing::new([5; 32]),
        boot: Boot(0),
        chain_id: 1,
        contracts: contracts(),
        generation: Generation(0),
        rpc_urls: std::collections::BTreeMap::new(),
        executor: std::rc::Rc::new(crate::action::InProcess),
        first_block: 1,
        finality_depth: 2,
        delta_ms: DELTA_MS,
        queue_messages: QUEUE_MESSAGES,
        preprocessing: Preprocessing::Protocol,
        triple_batch: 1,
        pool_per_set: 0,
        limits: Limits { fuel: 20_000, ..Limits::default() },
        executions_max: EXECUTIONS_MAX,
        workers: 2,
        sign_in: siwe::Policy::default(),
        sessions: session::Policy::default(),
        providers: providers(),
        memo: Memo::off(),
        bugs: BugSet::default(),
    }
}

/// One of each kind.
fn providers() -> Providers {
    let id_tokens = |name: &str| IdTokens {
        issuer: format!("https://{name}"),
        audiences: vec!["ours".to_owned()],
        keys_url: format!("https://{name}/keys"),
        grace_ms: 60_000,
    };
    let access_tokens = |name: &str| AccessTokens {
        endpoint: format!("https://{name}/me"),
        policy: oauth::Policy { apps: vec!["ours".to_owned()], grace_ms: 60_000 },
    };
    let passkeys = webauthn::Policy {
        rp_id: "ours".to_owned(),
        origins: vec!["https://ours".to_owned()],
        user_verification: false,
    };
    Providers {
        google_id: Some(id_tokens("google")),
        apple: Some(id_tokens("apple")),
        discord: Some(access_tokens("discord")),
        google: Some(access_tokens("google")),
        passkeys: Some(passkeys),
        ..Providers::default()
    }
}

/// Something that shows who asks, which it does not.
fn proof(choices: &mut Choices<'_>) -> Proof {
    // The header of a token whose key is called "k": nodes ask for it.
    let token = |choices: &mut Choices<'_>| {
        let rest = String::from_utf8_lossy(&choices.bytes()).into_owned();
        format!("eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.{rest}")
    };
    match choices.below(5) {
        0 => Proof::GoogleIdToken(token(choices)),
        1 => Proof::AppleIdToken(token(choices)),
        2 => Proof::DiscordToken(String::from_utf8_lossy(&choices.bytes()).into_owned()),
        3 => Proof::GoogleToken("token".to_owned()),
        _ => Proof::Passkey(Assertion {
            credential_id: choices.bytes(),
            authenticator_data: choices.bytes(),
            client_data: choices.bytes(),
            signature: choices.bytes(),
        }),
    }
}

/// What the node waits for.
enum Question {
    Chain(CallId, ChainRequest),
    Ipfs(CallId),
    Http(CallId),
}

struct World {
    node: Node,
    now: Time,
    head: u64,
    questions: VecDeque<Question>,
    timer: Option<(TimerId, Time)>,
    /// The liar's end of its channel with the node: what it says is authentic.
    liar: Channels,
}

impl World {
    fn new() -> Self {
        let mut out = Outputs::default();
        let node = Node::open(config(), Box::new(InMemoryBackend::new()), Box::new(Honest), &mut out);
        let mut world = Self {
            node: node.expect("memory does not fail"),
            now: START,
            head: 1,
            questions: VecDeque::new(),
            timer: None,
            liar: liar(),
        };
        world.input(Input::Started);
        world.answer_honestly();
        let mut fx = Vec::new();
        world.liar.start(world.now, &mut Meter::default(), &mut fx);
        world.carry_out(fx);
        world
    }

    fn input(&mut self, input: Input) {
        let mut out = Outputs::default();
        self.node.handle(self.now, input, &mut out);
        let (load, state) = (self.node.load(), self.node.describe());
        assert!(load.queue_messages <= QUEUE_MESSAGES, "{load:?}");
        let requests = state.membership.map_or(0, |membership| membership.requests.len());
        assert!(requests <= EXECUTIONS_MAX, "{requests} requests under way");
        assert!(!self.node.is_halted(), "the store has not failed");
        for output in out.list {
            match output {
                Output::Send { to, bytes, .. } if to == LIAR => {
                    let (mut fx, now) = (Vec::new(), self.now);
                    self.liar.on_frame(ME, &bytes, now, &mut Meter::default(), &mut fx);
                    self.carry_out(fx);
                }
                Output::Send { .. } | Output::NeedTriples { .. } | Output::Note(_) => {}
                Output::Reply { bytes, .. } => {
                    assert!(decode::<Response>(&bytes, usize::MAX).is_ok(), "an answer that a client understands");
                }
                Output::Chain { call, request, .. } => self.questions.push_back(Question::Chain(call, request)),
                Output::IpfsGet { call, .. } => self.questions.push_back(Question::Ipfs(call)),
                Output::HttpFetch { call, .. } => self.questions.push_back(Question::Http(call)),
                Output::SetTimer { timer, at } => self.timer = Some((timer, at)),
            }
        }
    }

    /// What the liar's channels want done.
    fn carry_out(&mut self, fx: Vec<channel::Effect>) {
        for effect in fx {
            if let channel::Effect::Transmit { to: ME, bytes, .. } = effect {
                self.input(Input::Peer { from: LIAR, bytes });
            }
        }
    }

    fn answer_honestly(&mut self) {
        let Some(Question::Chain(call, _)) = self.questions.pop_front() else { return };
        self.input(Input::Chain { call, reply: Ok(ChainReply::Returned(ROSTER.clone())) });
    }

    fn answer(&mut self, choices: &mut Choices<'_>) {
        match self.questions.pop_front() {
            Some(Question::Chain(call, request)) => {
                let reply = match (choices.below(4), request) {
                    (0, _) => Err(ChainError::Unreachable),
                    (1, ChainRequest::Logs { .. }) => Ok(ChainReply::Logs(Vec::new())),
                    (1, ChainRequest::Nonce { .. }) => Ok(ChainReply::Nonce(0)),
                    (1, ChainRequest::Block) => Ok(ChainReply::Block { number: 7, timestamp_s: 1 }),
                    (1, ChainRequest::Balance { .. }) => Ok(ChainReply::Balance([0; 32])),
                    _ => Ok(reply(choices)),
                };
                self.input(Input::Chain { call, reply });
            }
            Some(Question::Ipfs(call)) => {
                let reply = if choices.byte() == 0 { Err(IpfsError::Unreachable) } else { Ok(choices.bytes()) };
                self.input(Input::Ipfs { call, reply });
            }
            Some(Question::Http(call)) => {
                let headers = vec![(String::from_utf8_lossy(&choices.bytes()).into_owned(), "x".to_owned())];
                let reply = HttpResponse { status: u16::from(choices.byte()) * 3, headers, body: choices.bytes() };
                self.input(Input::Http { call, reply: Ok(reply) });
            }
            None => self.input(Input::Chain { call: CallId(choices.byte().into()), reply: Ok(reply(choices)) }),
        }
    }

    fn pass_time(&mut self) {
        match self.timer.take() {
            Some((timer, at)) => {
                self.now = self.now.max(at);
                self.input(Input::Timer(timer));
            }
            None => self.now = self.now.plus_millis(DELTA_MS),
        }
        if self.liar.deadline().is_some_and(|at| at <= self.now) {
            let (mut fx, now) = (Vec::new(), self.now);
            self.liar.tick(now, &mut Meter::default(), &mut fx);
            self.carry_out(fx);
        }
    }

    /// The liar says something on its channel; what decodes, it signs.
    fn lie(&mut self, choices: &mut Choices<'_>) {
        let mut bytes = STATEMENTS[choices.below(STATEMENTS.len())].clone();
        if choices.byte() & 3 != 0 {
            choices.spoil(&mut bytes);
        }
        let statement = decode::<Statement>(&bytes, FRAME_BYTES_MAX).ok();
        let digest = statement.and_then(|statement| statement.signing_digest());
        let sign = |digest| SignatureBytes::sign(&digest, &identity(LIAR), &mut Meter::default());
        // An envelope is a statement and perhaps a signature.
        bytes.extend(encode(&digest.map(sign)));
        let (mut fx, now) = (Vec::new(), self.now);
        if self.liar.send(ME, bytes, LABEL, now, &mut Meter::default(), &mut fx).is_ok() {
            self.carry_out(fx);
        }
    }

    fn step(&mut self, choices: &mut Choices<'_>) {
        let conn = ConnId(choices.byte().into());
        match choices.below(10) {
            0 | 1 => self.answer(choices),
            2 => self.input(Input::Client { conn, bytes: request(choices) }),
            3 => self.input(Input::ClientGone { conn }),
            4 => {
                self.head += u64::from(choices.byte() & 3);
                self.input(Input::Head { number: self.head, timestamp_s: self.now.as_millis() / 1000 });
            }
            5 => {
                let from = NodeId(choices.byte().into());
                self.input(Input::Peer { from, bytes: choices.bytes() });
            }
            6 => self.pass_time(),
            _ => self.lie(choices),
        }
    }
}

fn liar() -> Channels {
    // The network's name, as nodes make it.
    let network = hash_parts("network", &[&config().chain_id.to_be_bytes(), &contracts().staking]);
    let params = channel::Params::new(network, Epoch(1), DELTA_MS);
    let keys = ids().map(|id| (id, public_key(&channel_secret(id))));
    Channels::new(params, LIAR, Boot(1), channel_secret(LIAR), keys, &Entropy::new(&[9; 32], Boot(1)))
}

/// Conditions that the asker alone decides, or that wait for a chain, which may not exist.
fn conditions(choices: &mut Choices<'_>) -> Conditions {
    let chain = ["ethereum", "polygon"][choices.below(2)];
    let parts = [
        ("", "", "", r#"":userAddress""#, "=", "0x0101010101010101010101010101010101010101"),
        ("", "", "eth_getBalance", r#"":userAddress","latest""#, ">", "0"),
        ("0x0101010101010101010101010101010101010101", "ERC721", "ownerOf", r#""1""#, "!=", ":userAddress"),
        ("", "timestamp", "eth_getBlockByNumber", r#""latest""#, "<", "5"),
    ];
    let part = |choices: &mut Choices<'_>| {
        let (contract, standard, method, parameters, comparator, value) = parts[choices.below(parts.len())];
        format!(
            r#"{{"contractAddress":"{contract}","standardContractType":"{standard}","chain":"{chain}","method":"{method}",
            "parameters":[{parameters}],"returnValueTest":{{"comparator":"{comparator}","value":"{value}"}}}}"#
        )
    };
    let (one, other) = (part(choices), part(choices));
    let text = format!(r#"[{one},{{"operator":"or"}},{other}]"#);
    Conditions::parse(&text).expect("they are conditions")
}

/// A client's request, perhaps spoilt.
fn request(choices: &mut Choices<'_>) -> Vec<u8> {
    let nonce = [choices.byte(); 16];
    let code =
        ["(async () => { Lit.Actions.setResponse({ response: 'x' + p }); })();", "while (true) {}", "p.q.r", "("];
    let request = match choices.below(7) {
        0 => Request::Handshake { challenge: [choices.byte(); 32] },
        1 => Request::Execute(Box::new(Execute {
            nonce,
            task: Task::Action {
                source: ActionSource::Inline(code[choices.below(code.len())].to_owned()),
                js_params: "{\"p\":1}".to_owned(),
            },
            credential: Credential::Nobody,
            proofs: Vec::new(),
            epoch: Epoch(1),
        })),
        2 => Request::Execute(Box::new(Execute {
            nonce,
            task: Task::Action {
                source: ActionSource::Ipfs(String::from_utf8_lossy(&choices.bytes()).into_owned()),
                js_params: String::from_utf8_lossy(&choices.bytes()).into_owned(),
            },
            credential: Credential::Nobody,
            proofs: Vec::new(),
            epoch: Epoch(choices.byte().into()),
        })),
        3 => Request::Execute(Box::new(Execute {
            nonce,
            task: Task::Sign {
                public_key: choices.bytes(),
                digest: Digest([choices.byte(); 32]),
                scheme: Scheme::EcdsaK256,
            },
            credential: Credential::Nobody,
            proofs: Vec::new(),
            epoch: Epoch(1),
        })),
        4 => Request::Execute(Box::new(Execute {
            nonce,
            task: Task::Sign { public_key: choices.bytes(), digest: Digest([0; 32]), scheme: Scheme::EcdsaK256 },
            credential: Credential::Nobody,
            proofs: (0..choices.below(3)).map(|_| proof(choices)).collect(),
            epoch: Epoch(1),
        })),
        5 => Request::Execute(Box::new(Execute {
            nonce,
            task: Task::SessionKey {
                public_key: choices.bytes(),
                text: String::from_utf8_lossy(&choices.bytes()).into_owned(),
            },
            credential: Credential::Nobody,
            proofs: vec![proof(choices)],
            epoch: Epoch(1),
        })),
        _ => Request::Decrypt(Box::new(Decrypt {
            nonce,
            key: KeyId([choices.byte(); 32]),
            conditions: conditions(choices),
            plaintext: Digest([0; 32]),
            reply_key: k256::ProjectivePoint::GENERATOR,
            credential: Credential::Nobody,
            epoch: Epoch(1),
        })),
    };
    let mut bytes = encode(&request);
    if choices.byte() & 1 == 1 {
        choices.spoil(&mut bytes);
    }
    bytes
}

/// One node that the world is unkind to.
pub(super) fn target(data: &[u8]) {
    let (mut world, mut choices) = (World::new(), Choices::new(data));
    for _ in 0..STEPS_MAX {
        if choices.is_empty() {
            break;
        }
        world.step(&mut choices);
    }
    assert!(world.node.describe().stage == "running", "the node has found itself in the validator set");
}
