//! What a client makes of the signature that the network gives for a session's key.

use k256::ecdsa::{RecoveryId, Signature};

use crate::api::AuthSig;
use crate::auth::SignInText;
use crate::auth::siwe::DERIVED_VIA_PKP;
use crate::signing::CombinedSignature;

/// The text of a [`SessionKey`](crate::api::Task::SessionKey) request with the PKP's signature: what the session shows as
/// a capability. `None` if the signature is not of ECDSA.
pub fn certified(text: SignInText, signature: &CombinedSignature) -> Option<AuthSig> {
    let CombinedSignature::Ecdsa { r, s, v } = signature else { return None };
    let (signature, recovery) = (Signature::from_scalars(*r, *s).ok()?, RecoveryId::from_byte(*v)?);
    Some(text.signed(&signature, recovery, DERIVED_VIA_PKP))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::node_address;
    use crate::auth::SiweFields;
    use crate::auth::recap::{Ability, Recap, Resource, ResourceKind};
    use crate::auth::session::{self, Policy, Wish};
    use crate::auth::session_make::{SessionKey, Terms};
    use crate::id::NodeId;
    use crate::io::Time;
    use crate::key::eth_address;
    use crate::meter::Meter;
    use k256::ecdsa::SigningKey;

    /// 2023-11-14T22:13:20Z.
    const NOW: Time = Time(1_700_000_000_000_000_000);

    #[test]
    fn a_session_may_do_what_a_pkp_has_handed_on_to_it() {
        let pkp = SigningKey::from_slice(&[9; 32]).expect("a valid scalar");
        let address = eth_address(&pkp.verifying_key().as_affine().into());
        let (session, all) = (SessionKey::new(&[5; 32]), Resource::all(ResourceKind::Pkp));
        let expiration = NOW.plus_millis(3_600_000);
        let fields = SiweFields {
            domain: "example.org".into(),
            chain_id: 1,
            nonce: "abcdefgh1".into(),
            issued_at: NOW,
            expiration: Some(expiration),
            ..SiweFields::default()
        };
        let fields = session.delegation(&Recap::default().with(&all, Ability::Signing), fields);
        let text = SignInText::new(address, &fields).expect("the fields make a text");
        let (signature, recovery) = pkp.sign_prehash_recoverable(&text.digest()).expect("a digest");
        let (r, s) = signature.split_bytes();
        let combined = CombinedSignature::Ecdsa { r: r.into(), s: s.into(), v: recovery.to_byte() };
        let capability = certified(text, &combined).expect("a signature of ECDSA");
        let wishes = vec![Wish { resource: all.clone(), ability: Ability::Signing }];
        let terms = Terms { wishes, capabilities: vec![capability], issued_at: NOW, expiration };
        let here = node_address(NodeId(1));
        let signed = session.sign(&terms, &here);
        let verified = session::verify(&signed, NOW, &here, &Policy::default(), &mut Meter::default());
        assert_eq!(verified.expect("verifies").may(&all, Ability::Signing), Ok(address));
    }
}
