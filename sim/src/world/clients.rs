//! Clients as events touch them: the scenario's steps, one after the other.

use std::collections::BTreeMap;

use lit_node::bugs;
use lit_node::id::RequestId;
use lit_node::io::Input;

use super::event::Event;
use super::script::{ClientEffect, Next, client_clock};
use super::step::{self, Desk, Running};
use super::{QUIET_DELTAS, World};
use crate::heap::{MILLI, Nanos};
use crate::network::{Endpoint, Link};
use crate::oracle;
use crate::scenario::Step;

impl World {
    pub(super) fn is_running(&self, step: usize) -> bool {
        self.running.as_ref().is_some_and(|(running, _)| running.number == step)
    }

    /// Lets the running step do something, and carries out what it wants.
    pub(super) fn with_step(&mut self, now: Nanos, act: impl FnOnce(&mut Running, &mut Desk<'_>)) {
        let Some((mut running, started)) = self.running.take() else { return };
        let planted = bugs::plant(self.scenario.bugs);
        let mut effects = Vec::new();
        let mut desk = Desk {
            now: client_clock(self.clock_base, now),
            book: &mut self.book,
            chain: &self.surroundings.chains[0],
            logins: &mut self.surroundings.logins,
            fx: &mut effects,
        };
        act(&mut running, &mut desk);
        drop(planted);
        self.serve_client(now, &running, effects);
        if self.may_end(now, &mut running, started) {
            self.end_step(now, running, started);
        } else {
            self.wait_for(now, &running, started);
            self.running = Some((running, started));
        }
    }

    /// A step that failed waits a little for the other nodes' answers, so that its report shows them all.
    pub(super) fn may_end(&self, now: Nanos, running: &mut Running, started: Nanos) -> bool {
        let delta = self.scenario.network.delta_ms.get() * MILLI;
        if now >= self.bounded_from(started) + step::bound_ms(self.scenario.network.delta_ms.get()) * MILLI + 4 * delta
        {
            return true;
        }
        let everybody = self.hosts.iter().filter(|(seat, host)| !seat.second && host.is_up()).count();
        let heard = |request: &RequestId| self.endings.get(request).map_or(0, BTreeMap::len) >= everybody;
        running.has_ended(now, 4 * delta, |requests| requests.iter().all(heard))
    }

    pub(super) fn wait_for(&mut self, now: Nanos, running: &Running, started: Nanos) {
        let delta = self.scenario.network.delta_ms.get() * MILLI;
        let limit = step::bound_ms(self.scenario.network.delta_ms.get()) * MILLI + 4 * delta;
        let bound = self.bounded_from(started) + limit;
        let own = running.deadline().map(|at| at.0.saturating_sub(self.clock_base).max(now + 1));
        let grace = running.grace_over(4 * delta);
        let at = own.into_iter().chain(grace).chain([bound]).min().unwrap_or(bound);
        self.heap.push(at.max(now + 1), 0, Event::ClientTimer { step: running.number });
    }

    pub(super) fn serve_client(&mut self, now: Nanos, running: &Running, effects: Vec<ClientEffect>) {
        for effect in effects {
            match effect {
                ClientEffect::Send { node, label, bytes } => {
                    let link = Link { from: Endpoint::Client(running.client), to: Endpoint::Node(node) };
                    self.ask_again(now, node, &label, &bytes);
                    self.send(now, link, &label, bytes);
                }
                ClientEffect::Ask(request) => {
                    let at = now + self.surroundings.rpc_one_way();
                    self.heap.push(at, 0, Event::ClientAsk { step: running.number, request });
                }
                ClientEffect::Requested(requested) => self.tell_of_request(now, &requested),
                ClientEffect::Accepted(accepted) => {
                    self.observer.oracles(now, oracle::Event::Accepted(&accepted));
                }
                ClientEffect::Encrypted(encryption) => {
                    self.observer.oracles(now, oracle::Event::Encrypted(&encryption));
                }
                ClientEffect::Decrypted(decrypted) => {
                    self.observer.oracles(now, oracle::Event::Decrypted(&decrypted));
                }
                ClientEffect::Accused { node, what, evidence } => {
                    let client = (running.client, running.step.user.as_str());
                    self.observer.accused(now, client, node, &what, &evidence.exhibit());
                }
            }
        }
    }

    /// Oracles hear of a request, and what each node's clock shows as it is made.
    pub(super) fn tell_of_request(&mut self, now: Nanos, requested: &oracle::Requested) {
        self.observer.oracles(now, oracle::Event::Requested(requested));
        for (seat, host) in self.hosts.iter().filter(|(seat, _)| !seat.second) {
            let (node, request, shows) = (seat.node, requested.request, host.clock.reads(now));
            self.observer.oracles(now, oracle::Event::Clock { node, request, shows });
        }
    }

    pub(super) fn next_step(&mut self, now: Nanos) {
        match self.script.advance() {
            Next::Step { act, step, first } => {
                let mut timed = Vec::new();
                if first {
                    self.observer.step(now, &format!("act {act} begins"));
                    self.surroundings.endpoints.forget();
                    timed.extend(self.faults.arm(&act, None, now));
                    self.snapshot_for(&act, None);
                }
                self.snapshot_for(&act, Some(&step.id));
                timed.extend(self.faults.arm(&act, Some(&step.id), now));
                for (fault, at) in timed {
                    self.heap.push(at, 0, Event::Begin { fault });
                }
                self.begin_step(now, act, step);
            }
            Next::ActEnds(act) => {
                for fault in self.faults.disarm(&act, None) {
                    self.end_fault(now, fault);
                }
                self.observer.step(now, &format!("act {act} ends"));
                self.heap.push(now, 0, Event::NextStep);
            }
            Next::End => {
                let quiet_from = self.bounded_from(now);
                self.ends_at = Some(quiet_from + QUIET_DELTAS * self.scenario.network.delta_ms.get() * MILLI);
            }
        }
    }

    fn begin_step(&mut self, now: Nanos, act: String, step: Box<Step>) {
        self.observer.step(now, &format!("step {} begins", step.id));
        let number = self.script.number();
        self.rounds.begin();
        let unstable_ms = (self.bounded_from(now) - now).div_ceil(MILLI);
        let mut effects = Vec::new();
        let mut desk = Desk {
            now: client_clock(self.clock_base, now),
            book: &mut self.book,
            chain: &self.surroundings.chains[0],
            logins: &mut self.surroundings.logins,
            fx: &mut effects,
        };
        let again = self.second == Some(number);
        let planted = bugs::plant(self.scenario.bugs);
        let running = Running::begin(act, step, (number, again), unstable_ms, &mut desk);
        drop(planted);
        self.serve_client(now, &running, effects);
        self.running = Some((running, now));
        self.with_step(now, |_, _| {});
    }

    pub(super) fn end_step(&mut self, now: Nanos, running: Running, started: Nanos) {
        if self.heals(now, &running) {
            self.hang_up(now);
            self.second = Some(self.script.begun + 1);
            return self.begin_step(now, running.act, running.step);
        }
        self.close_step(now, running, started);
    }

    fn close_step(&mut self, now: Nanos, running: Running, started: Nanos) {
        for fault in self.faults.disarm(&running.act, Some(&running.step.id)) {
            self.end_fault(now, fault);
        }
        self.hang_up(now);
        let mut endings = BTreeMap::new();
        for request in &running.requests {
            endings.extend(self.endings.remove(request).unwrap_or_default());
        }
        // What liars say is no part of what is expected of a step.
        endings.retain(|node, _| !self.corrupted.contains(node));
        let report = running.report(started / MILLI, now / MILLI, &endings);
        self.observer.step(now, &format!("step {} ends: {}", report.id, report.outcome.name()));
        self.script.reports.push(report);
        self.heap.push(now, 0, Event::NextStep);
    }

    /// The client of the step that ends closes its connections.
    pub(super) fn hang_up(&mut self, now: Nanos) {
        let at = now + self.surroundings.rpc_one_way();
        for (conn, connection) in std::mem::take(&mut self.connections) {
            for seat in self.seats(connection.node) {
                let Some(boot) = self.hosts.get(&seat).map(|host| host.boot) else { continue };
                self.answer(at, seat, boot, Input::ClientGone { conn });
            }
        }
    }

    pub(super) fn finish_step_if_any(&mut self) {
        if let Some((running, started)) = self.running.take() {
            let now = self.heap.now();
            self.close_step(now, running, started);
        }
    }
}
