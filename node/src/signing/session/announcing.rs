//! What a node announces to the coordinator of an attempt: fresh randomness, or the commitments of fresh nonces.

use rand_core::RngCore;

use super::Session;
use crate::bugs::{self, Bug};
use crate::conduct::{Secret, SecretKind};
use crate::id::{Boot, NodeId};
use crate::io::Time;
use crate::signing::io::Io;
use crate::signing::{Announce, Fresh, Message, Scheme, frost};

/// An announcement of this node. The FROST nonces are there until the one proposal that uses them.
pub(super) struct Announced {
    pub(super) body: Announce,
    pub(super) nonces: Option<frost::Nonces>,
    /// The nonces are used: offer new ones if there is no signature by this time.
    pub(super) again_at: Option<Time>,
}

impl Session {
    pub(super) fn announce(&mut self, attempt: u32, io: &mut Io) {
        if !self.announced.contains_key(&attempt) {
            self.announce_turn(attempt, 0, io);
        }
    }

    /// Announces anew to a coordinator that has been restarted since: only what is addressed to it counts there.
    pub(in crate::signing) fn readdress(&mut self, peer: NodeId, boot: Boot, io: &mut Io) {
        if self.outcome.is_some() {
            return;
        }
        let is_stale = |(attempt, announced): &(&u32, &Announced)| {
            self.coordinator(**attempt) == peer && announced.body.coordinator_boot != boot
        };
        let stale = self.announced.iter().filter(is_stale).map(|(attempt, announced)| (*attempt, announced.body.turn));
        for (attempt, turn) in stale.collect::<Vec<_>>() {
            self.announce_turn(attempt, turn + 1, io);
        }
    }

    pub(super) fn announce_turn(&mut self, attempt: u32, turn: u32, io: &mut Io) {
        *io.counter += 1;
        let stream = if bugs::planted(Bug::DeterministicNonce) {
            [self.id.0, self.subject.digest.0].concat()
        } else {
            [&self.id.0[..], &attempt.to_be_bytes(), &io.counter.to_be_bytes()].concat()
        };
        let mut rng = io.env.entropy.stream(&stream, "signing/announce");
        let (fresh, nonces) = match self.subject.scheme {
            Scheme::EcdsaK256 => {
                let mut bytes = [0; 32];
                if bugs::planted(Bug::ShareInAnnouncement) {
                    bytes = crate::curve::scalar_bytes(&self.subject.key.secret);
                } else {
                    rng.fill_bytes(&mut bytes);
                }
                (Fresh::Bytes(bytes), None)
            }
            scheme @ (Scheme::SchnorrK256Sha256 | Scheme::SchnorrK256Bip340) => {
                let committed = frost::commit(scheme, &self.subject.key, &mut rng, io.env.meter);
                let (nonces, commitments) = committed.expect("a scheme of FROST");
                for nonce in nonces.secrets() {
                    if let Ok(bytes) = nonce.as_slice().try_into() {
                        io.env.conduct.learn(Secret { kind: SecretKind::Nonce, session: self.id, bytes });
                    }
                }
                (Fresh::Nonces(Box::new(commitments)), Some(nonces))
            }
        };
        let boot = if bugs::planted(Bug::AnnouncementWithoutBoot) { Boot::default() } else { io.env.boot };
        let coordinator = self.coordinator(attempt);
        let coordinator_boot = if coordinator == io.env.me { io.env.boot } else { io.standing.boot_of(coordinator) };
        let (session, digest) = (self.id, self.subject.digest);
        let serial = *io.counter;
        let body = Announce { session, attempt, coordinator_boot, turn, boot, serial, digest, fresh };
        self.announced.insert(attempt, Announced { body: body.clone(), nonces, again_at: None });
        io.send(coordinator, Message::Announce(body));
    }
}
