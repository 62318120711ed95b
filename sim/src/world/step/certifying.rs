//! Steps that have a PKP certify a session's key.

use lit_node::api::Task;
use lit_node::auth::SignInText;
use lit_node::auth::session_make::SessionKey;
use lit_node::client::{Success, certified};
use lit_node::id::Digest;
use lit_node::io::Time;
use lit_node::key;
use lit_node::signing::CombinedSignature;

use super::super::script::Kept;
use super::super::sign_in::certificate;
use super::asking::Asked;
use super::{Desk, Running};
use crate::scenario::Certify;

/// What becomes a session when the nodes have signed.
pub(super) struct Certifying {
    name: String,
    text: SignInText,
    secret: [u8; 32],
    signer: [u8; 20],
    ends: Time,
}

impl Running {
    /// Has a PKP sign what hands on to a fresh key all that it may.
    pub(super) fn certify(&mut self, certify: &Certify, desk: &mut Desk<'_>) {
        let Some(pkp) = self.pkp(&certify.pkp, desk) else { return };
        let secret = desk.book.keys.bytes(&self.step.id, "session");
        let ends = desk.now.plus_millis(certify.lasts_ms);
        let fields = certificate(desk.book, &SessionKey::new(&secret), desk.now, ends);
        let named = certify.names.as_ref().map_or(pkp.address(), |user| desk.book.address(user));
        let text = SignInText::new(named, &fields).expect("the fields make an EIP-4361 text");
        let asked = Asked {
            task: Task::SessionKey { public_key: key::uncompressed(&pkp.point).to_vec(), text: text.text().to_owned() },
            by_cid: None,
            cid: Vec::new(),
            overwrites: false,
            shown: self.show(certify.auth.as_ref(), desk),
            proof: certify.proof.as_ref(),
            takes_anything: false,
            digests: [(Task::SIG_NAME.to_owned(), Digest(text.digest()))].into(),
        };
        let (name, signer) = (certify.session.clone(), pkp.address());
        self.certifying = Some(Box::new(Certifying { name, text, secret, signer, ends }));
        self.ask_nodes(asked, None, desk);
    }

    /// Keeps the session for later steps.
    pub(super) fn keep_session(
        &mut self,
        certifying: Certifying,
        success: &Success<CombinedSignature>,
        desk: &mut Desk<'_>,
    ) {
        let Certifying { name, text, secret, signer, ends } = certifying;
        let verified = success.signatures.get(Task::SIG_NAME);
        match verified.and_then(|verified| certified(text, &verified.signature)) {
            Some(capability) => {
                desk.book.sessions.insert(name, Kept { secret, capability, signer, ends });
                self.result = Some(Ok(()));
            }
            None => self.fail("NoSignature", "the nodes gave no signature of the PKP".into()),
        }
    }
}
