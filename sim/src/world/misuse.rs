//! Clients that misuse nodes, beside the step that runs.

use lit_node::api::{ActionSource, Credential, Execute, Request, Task};
use lit_node::cid;
use lit_node::id::{Epoch, NodeId, SessionId};
use lit_node::io::Label;
use lit_node::key;

use super::World;
use super::script::client_clock;
use super::sign_in::sign_in;
use crate::fault::{ClientDrain, ClientFlood, ClientGarbage, Fault};
use crate::heap::Nanos;
use crate::network::{Endpoint, Link};
use crate::oracle::Requested;

/// An action that asks the chain something and forgets the answer: it is under way for a while and needs no right.
const BUSY: &str = "Lit.Actions.getPermittedActions({ tokenId: '0x01' });";

/// An action that signs something.
const SIGN: &str = "Lit.Actions.signEcdsa({ toSign, publicKey, sigName: 'drained' });";

impl World {
    /// So many requests for a signature at once, each to every node. A PKP that is not minted yet cannot be drained.
    pub(super) fn drain(&mut self, now: Nanos, fault: usize, drain: &ClientDrain) {
        let Some(pkp) = self.book.pkps.get(&drain.pkp).cloned() else { return self.faults.hold(fault) };
        let id = self.faults.get(fault).id.0.clone();
        let (auth_sig, caller) = sign_in(&self.book, &drain.user, None, client_clock(self.clock_base, now));
        let public_key = format!("0x{}", hex::encode(key::uncompressed(&pkp.point)));
        for number in 0..drain.requests.get() {
            let to_sign = self.factory.keys().bytes(&id, &format!("to sign {number}"));
            let request = Execute {
                task: Task::Action {
                    source: ActionSource::Inline(SIGN.to_owned()),
                    js_params: serde_json::json!({ "toSign": to_sign, "publicKey": public_key }).to_string(),
                },
                credential: Credential::AuthSig(auth_sig.clone()),
                ..self.harmless(&id, number)
            };
            let cid = cid::permission_bytes(&cid::cid_v0(SIGN.as_bytes()));
            let requested = Requested { request: request.id(), cid, caller: Some(caller), ..Requested::default() };
            self.tell_of_request(now, &requested);
            let bytes = Request::Execute(Box::new(request)).to(self.factory.generation());
            for node in (1..=self.scenario.network.nodes).map(NodeId) {
                self.misuse(now, &id, &drain.user, node, "execute", bytes.clone());
            }
        }
    }

    /// So many different requests at once, each of them in order.
    pub(super) fn flood(&mut self, now: Nanos, id: &str, flood: &ClientFlood) {
        for number in 0..flood.requests.get() {
            let request = Request::Execute(Box::new(self.harmless(id, number))).to(self.factory.generation());
            self.misuse(now, id, &flood.user, flood.node, "execute", request);
        }
    }

    /// Random bytes, and by turns requests that break off after so many bytes.
    pub(super) fn client_garbage(&mut self, now: Nanos, id: &str, garbage: &ClientGarbage) {
        for number in 0..garbage.count.get() {
            let length = garbage.bytes as usize;
            let bytes = if number % 2 == 0 {
                let key = self.factory.keys().bytes(id, &format!("garbage {number}"));
                let mut bytes = vec![0; length];
                blake3::Hasher::new_keyed(&key).finalize_xof().fill(&mut bytes);
                bytes
            } else {
                let request = Request::Execute(Box::new(self.harmless(id, number)));
                let mut bytes = request.to(self.factory.generation());
                bytes.truncate(length.min(bytes.len() - 1));
                bytes
            };
            self.misuse(now, id, &garbage.user, garbage.node, "garbage", bytes);
        }
    }

    /// What a client asks a node, others ask as well.
    pub(super) fn ask_again(&mut self, now: Nanos, node: NodeId, label: &Label, bytes: &[u8]) {
        let plan = &self.factory.plan;
        let asks = plan.events.iter().enumerate().filter_map(|(index, event)| match &event.what {
            Fault::ClientDoubleAsk(ask) => Some((self.factory.switchboard.line(index), self.book.users[&ask.user])),
            _ => None,
        });
        for (line, client) in asks.filter(|(line, _)| line.is_on()).collect::<Vec<_>>() {
            line.act();
            let link = Link { from: Endpoint::Client(client), to: Endpoint::Node(node) };
            self.send(now, link, label, bytes.to_vec());
        }
    }

    /// A request for [`BUSY`].
    fn harmless(&self, id: &str, number: u16) -> Execute {
        let nonce = self.factory.keys().bytes(id, &format!("nonce {number}"));
        Execute {
            nonce: nonce[..16].try_into().expect("16 of 32 bytes"),
            task: Task::Action { source: ActionSource::Inline(BUSY.to_owned()), js_params: "{}".to_owned() },
            credential: Credential::Nobody,
            proofs: Vec::new(),
            epoch: Epoch(1),
        }
    }

    fn misuse(&mut self, now: Nanos, id: &str, user: &str, to: NodeId, kind: &'static str, bytes: Vec<u8>) {
        let label =
            Label { session: SessionId::derive("misuse", &[id.as_bytes()]), protocol: "client", round: 0, kind };
        let from = Endpoint::Client(self.book.users.get(user).copied().unwrap_or_default());
        self.send(now, Link { from, to: Endpoint::Node(to) }, &label, bytes);
    }
}
