//! The dealer's side: sends the own dealing until n - f members acknowledged it, and posts the certificate until the
//! board shows it.

use std::collections::BTreeMap;

use super::Message;
use super::ack::{Ack, Certificate};
use super::dealing::Dealing;
use super::effect::Effect;
use super::record::Entry;
use super::retry::Retry;
use crate::bugs::{self, Bug};
use crate::curve::Curve;
use crate::env::Env;
use crate::id::{Digest, NodeId};
use crate::io::Time;
use crate::wire::Signed;

/// A dealing on its way to the board.
pub(super) struct Publisher<P: Curve> {
    dealing: Box<Dealing<P>>,
    digest: Digest,
    acks: BTreeMap<NodeId, Signed<Ack>>,
    certificate: Option<Box<Certificate>>,
    retry: Option<Retry>,
}

impl<P: Curve> Publisher<P> {
    /// Takes up a dealing that is durable already, with its certificate if there is one, and sends what is due.
    pub(super) fn start(
        dealing: Box<Dealing<P>>,
        certificate: Option<Box<Certificate>>,
        delta_ms: u64,
        env: &mut Env<'_>,
        fx: &mut Vec<Effect<P>>,
    ) -> Self {
        let digest = dealing.digest_metered(env.meter);
        let retry = Some(Retry::after(env.now, delta_ms));
        let publisher = Self { dealing, digest, acks: BTreeMap::new(), certificate, retry };
        publisher.publish(env, fx);
        publisher
    }

    /// The instant of the next try, if one is needed.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.retry.map(|retry| retry.at)
    }

    /// The board has the certificate, or takes no more.
    pub(super) fn stop(&mut self) {
        self.retry = None;
    }

    /// Takes an acknowledgement whose signature the node has verified.
    pub(super) fn on_ack(&mut self, ack: Signed<Ack>, env: &mut Env<'_>, fx: &mut Vec<Effect<P>>) {
        let (from, session) = (ack.signer, ack.body.session);
        if (ack.body.dealer, ack.body.digest) != (env.me, self.digest) {
            return env.dropped(from, "dkg: acknowledges another dealing");
        }
        if self.certificate.is_some() || self.retry.is_none() {
            return;
        }
        self.acks.entry(from).or_insert(ack);
        let wanted = env.roster.certificate_size() - usize::from(bugs::planted(Bug::CertificateOneShort));
        let wanted = if bugs::planted(Bug::CertificateWaitsForAll) { env.roster.size() } else { wanted };
        if self.acks.len() < wanted {
            return;
        }
        let acks = self.acks.values().cloned().collect();
        let certificate = Certificate { session, dealer: env.me, digest: self.digest, acks };
        fx.push(Effect::Persist(Entry::Certified(Box::new(certificate.clone()))));
        self.certificate = Some(Box::new(certificate));
        self.publish(env, fx);
    }

    /// Tries again if it is time.
    pub(super) fn tick(&mut self, delta_ms: u64, env: &mut Env<'_>, fx: &mut Vec<Effect<P>>) {
        let due = self.retry.as_mut().filter(|retry| retry.is_due(env.now));
        if let Some(retry) = due {
            retry.advance(env.now, delta_ms);
            self.publish(env, fx);
        }
    }

    /// Posts the certificate or, without one, sends the dealing to whoever has not acknowledged it.
    fn publish(&self, env: &Env<'_>, fx: &mut Vec<Effect<P>>) {
        if let Some(certificate) = &self.certificate {
            fx.push(Effect::PostCertificate((**certificate).clone()));
            return;
        }
        let waiting = env.roster.ids().filter(|id| !self.acks.contains_key(id));
        fx.extend(waiting.map(|to| Effect::Send { to, message: Message::Dealing(self.dealing.clone()) }));
    }
}
