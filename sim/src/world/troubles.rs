//! Faults of the surroundings as they begin, strike and end.

use lit_node::id::NodeId;
use lit_node::io::HttpResponse;
use std::collections::BTreeSet;

use super::World;
use super::endpoint::Trouble;
use super::surroundings::Surroundings;
use crate::fault::{Fault, GivenAnswer, Origin, OriginAnswer, Serve};
use crate::heap::Nanos;
use crate::http::{OriginFault, Reply};
use crate::ipfs::{GatewayFault, GatewayReply};

impl Surroundings {
    /// A fault begins; false if it is not one of the surroundings. It has fired when somebody has met it.
    pub fn begin(&mut self, fault: usize, what: &Fault) -> bool {
        let head = self.head(0).0;
        let (nodes, trouble) = match what {
            Fault::RpcLag(lag) => (&lag.nodes, Trouble::Lag(lag.blocks)),
            Fault::RpcStale(endpoints) => (&endpoints.nodes, Trouble::Stale(head)),
            Fault::RpcDown(endpoints) => (&endpoints.nodes, Trouble::Down),
            Fault::RpcLie(lie) => (&lie.nodes, Trouble::Lie(lie.lie)),
            Fault::Gateway(gateway) => {
                let reply = match gateway.serve {
                    Serve::WrongBytes => GatewayReply::Flipped,
                    Serve::Nothing => GatewayReply::Unreachable,
                    Serve::Truncated => GatewayReply::Halved,
                };
                let callers = some_or_all(&gateway.nodes);
                self.ipfs.faults.insert(fault, GatewayFault { cids: None, callers, reply });
                return true;
            }
            Fault::Origin(origin) => {
                self.origins.faults.insert(fault, origin_fault(origin));
                return true;
            }
            _ => return false,
        };
        self.endpoints.begin(fault, nodes, trouble);
        true
    }

    /// A fault ends; false if it was not one of the surroundings.
    pub fn end(&mut self, fault: usize) -> bool {
        let served = self.ipfs.faults.remove(&fault).is_some();
        let answered = self.origins.faults.remove(&fault).is_some();
        self.endpoints.end(fault) || served || answered
    }
}

/// The nodes that are meant; `None` for all.
fn some_or_all(nodes: &[NodeId]) -> Option<BTreeSet<NodeId>> {
    (!nodes.is_empty()).then(|| nodes.iter().copied().collect())
}

fn origin_fault(origin: &Origin) -> OriginFault {
    let (reply, delay_ms) = match &origin.answer {
        OriginAnswer::Unreachable => (Some(Reply::Unreachable), None),
        OriginAnswer::Given(given) => (reply(given), given.delay_ms),
    };
    OriginFault {
        origin: origin.origin.clone(),
        callers: some_or_all(&origin.nodes),
        reply,
        extra_latency_ms: delay_ms.unwrap_or(0),
    }
}

/// The answer, if it is not the usual one.
fn reply(given: &GivenAnswer) -> Option<Reply> {
    if given.is_usual() {
        return None;
    }
    let (kind, body) = match &given.json {
        Some(json) => ("application/json", json.to_string()),
        None => ("text/plain", given.body.clone().unwrap_or_default()),
    };
    let headers = vec![("content-type".to_owned(), kind.to_owned())];
    Some(Reply::Respond(HttpResponse { status: given.status.unwrap_or(200), headers, body: body.into_bytes() }))
}

impl World {
    /// Counts the faults of the surroundings that somebody has met since the last call.
    pub(super) fn count_troubles(&mut self) {
        for fault in std::mem::take(&mut self.surroundings.struck) {
            self.faults.release(fault);
        }
    }

    /// Replaces the newest blocks of the home chain. It has fired if transactions lost their places.
    pub(super) fn reorganise(&mut self, now: Nanos, fault: usize, depth: u64) {
        let id = &self.faults.get(fault).id.0;
        let key = self.factory.keys().bytes(&format!("fault {id}"), "reorganisation");
        let before = self.surroundings.chains[0].clone();
        let Some(done) = self.surroundings.chains[0].reorganise(depth, &key) else { return self.faults.hold(fault) };
        if done.transactions == 0 {
            self.faults.hold(fault);
        }
        let text = format!(
            "blocks {} to {} are replaced, {} transactions lose their places",
            done.first, done.last, done.transactions
        );
        self.observer.fault(now, &text);
        self.observer.block(now, 0, done.last, &self.surroundings.chains[0]);
        self.surroundings.orphans.push((done.first, before));
    }
}
