//! Users sign in: EIP-4361 messages under their wallets, and what is true of them.

use lit_node::api::AuthSig;
use lit_node::auth;
use lit_node::io::Time;

use super::script::Book;
use crate::oracle::SignIn;

/// Signs in as a user for an hour, perhaps saying to be another one; and what is true of it.
pub(super) fn sign_in(book: &Book, user: &str, claims: Option<&str>, issued_at: Time) -> (AuthSig, SignIn) {
    let expires = issued_at.plus_millis(3_600_000);
    let fields = auth::SiweFields {
        domain: super::SIGN_IN_DOMAIN.into(),
        uri: format!("https://{}/", super::SIGN_IN_DOMAIN),
        chain_id: book.chain_id,
        nonce: "litsim0001".into(),
        issued_at,
        expiration: Some(expires),
        not_before: None,
        statement: Some("Use my PKP.".into()),
        resources: Vec::new(),
    };
    let mut auth_sig = auth::sign_in(&book.wallet(user), &fields).expect("the fields make an EIP-4361 text");
    let signer = book.address(user);
    let claimed = claims.map_or(signer, |other| book.address(other));
    if claimed != signer {
        auth_sig.address = format!("0x{}", hex::encode(claimed));
    }
    (auth_sig, SignIn { claimed, signer, expires })
}
