//! Ways to prove who one is, and how contracts name who one is by them.
//!
//! A wallet is named by its address and an action by its CID, as they are. Whoever proves to be a user of some
//! application is named by keccak256("user:application").

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha3::{Digest as _, Keccak256};
use thiserror::Error;

use super::jwt::Claims;
use super::permission::AuthMethod;
use super::siwe::cut;
use crate::cid::{self, Cid};

/// A way to prove who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// A wallet's signature.
    Wallet,
    /// An action that asks.
    Action,
    /// A passkey's assertion.
    WebAuthn,
    /// An access token that Discord's endpoint knows.
    Discord,
    /// An access token that Google's endpoint knows.
    Google,
    /// An ID token of Google.
    GoogleJwt,
    /// An ID token of Apple.
    Apple,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Wallet, Self::Action, Self::WebAuthn, Self::Discord, Self::Google, Self::GoogleJwt, Self::Apple];

    /// The number on chain.
    pub const fn number(self) -> u64 {
        match self {
            Self::Wallet => 1,
            Self::Action => 2,
            Self::WebAuthn => 3,
            Self::Discord => 4,
            Self::Google => 5,
            Self::GoogleJwt => 6,
            Self::Apple => 8,
        }
    }

    /// The method of this number.
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.number() == number)
    }
}

/// Somebody else's service whose users have accounts there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    /// Discord, asked about an access token.
    Discord,
    /// Google, asked about an access token.
    Google,
    /// Google, which signed an ID token.
    GoogleJwt,
    /// Apple, which signed an ID token.
    Apple,
}

impl Provider {
    /// How its users prove who they are.
    pub const fn method(self) -> Method {
        match self {
            Self::Discord => Method::Discord,
            Self::Google => Method::Google,
            Self::GoogleJwt => Method::GoogleJwt,
            Self::Apple => Method::Apple,
        }
    }
}

/// A user's name cannot stand for a user.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} cannot name a user: expected a name without a colon, which parts it from the application's")]
pub struct UserNameError(pub String);

/// A user of an application at a provider.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    provider: Provider,
    user: String,
    app: String,
}

impl Account {
    /// The account of a user that has proved to be this one.
    ///
    /// # Errors
    /// If the user's name is empty or has a colon: with one, two accounts could have one name on chain.
    pub fn new(provider: Provider, user: &str, app: &str) -> Result<Self, UserNameError> {
        if user.is_empty() || user.contains(':') {
            return Err(UserNameError(cut(user)));
        }
        Ok(Self { provider, user: user.to_owned(), app: app.to_owned() })
    }

    /// The account that an ID token speaks of.
    ///
    /// # Errors
    /// As [`Account::new`].
    pub fn of_claims(provider: Provider, claims: &Claims) -> Result<Self, UserNameError> {
        Self::new(provider, &claims.sub, &claims.aud)
    }

    /// Where.
    pub fn provider(&self) -> Provider {
        self.provider
    }

    /// The user's name there.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The application's.
    pub fn app(&self) -> &str {
        &self.app
    }
}

/// Who somebody has proved to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The holder of a wallet.
    Wallet([u8; 20]),
    /// An action.
    Action(Cid),
    /// The holder of a passkey.
    Passkey {
        /// Its credential's id.
        credential_id: Vec<u8>,
        /// For whom it was made.
        rp_id: String,
    },
    /// A user of an application.
    Account(Account),
}

impl Identity {
    /// By what way.
    pub fn method(&self) -> Method {
        match self {
            Self::Wallet(_) => Method::Wallet,
            Self::Action(_) => Method::Action,
            Self::Passkey { .. } => Method::WebAuthn,
            Self::Account(account) => account.provider.method(),
        }
    }

    /// How contracts name it.
    pub fn auth_method(&self) -> AuthMethod {
        let id = match self {
            Self::Wallet(address) => address.to_vec(),
            Self::Action(cid) => cid::permission_bytes(cid),
            Self::Passkey { credential_id, rp_id } => hashed(&URL_SAFE_NO_PAD.encode(credential_id), rp_id),
            Self::Account(account) => hashed(&account.user, &account.app),
        };
        AuthMethod { kind: self.method().number(), id }
    }
}

fn hashed(user: &str, app: &str) -> Vec<u8> {
    Keccak256::digest(format!("{user}:{app}")).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn account(provider: Provider, user: &str, app: &str) -> AuthMethod {
        Identity::Account(Account::new(provider, user, app).expect("a name")).auth_method()
    }

    #[test]
    fn every_method_has_the_number_that_the_real_network_gives_it() {
        let numbers = Method::ALL.map(Method::number);
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 8]);
        for method in Method::ALL {
            assert_eq!(Method::from_number(method.number()), Some(method));
        }
        assert_eq!((Method::from_number(0), Method::from_number(7), Method::from_number(9)), (None, None, None));
    }

    #[test]
    fn wallets_and_actions_are_named_by_their_bytes() {
        let wallet = Identity::Wallet([7; 20]).auth_method();
        assert_eq!(wallet, AuthMethod { kind: 1, id: vec![7; 20] });
        let cid = cid::cid_v0(b"an action");
        let action = Identity::Action(cid).auth_method();
        assert_eq!(action.kind, 2);
        assert_eq!(cid::from_permission_bytes(&action.id), Some(cid));
    }

    #[test]
    fn users_of_applications_are_named_by_the_hash_of_both_names() {
        // Computed with another implementation of Keccak.
        let google = account(
            Provider::GoogleJwt,
            "114814349785512270923",
            "355007986731-llbjq5kbsg8ieb705mo64nfnh88dhlmn.apps.googleusercontent.com",
        );
        assert_eq!(google.kind, 6);
        assert_eq!(hex::encode(google.id), "9a349f6ae7bc20ece1652bbafd983f3ab0fcd9253ad819634d08492b7bc4bc1d");
        let discord = account(Provider::Discord, "80351110224678912", "1052874239658692668");
        assert_eq!(discord.kind, 4);
        assert_eq!(hex::encode(discord.id), "e4004e43dbbe22179af4a41b651a74079c80c3435796e5f1abca97c3753219a8");
        let passkey = Identity::Passkey { credential_id: vec![0xde, 0xad, 0xbe, 0xef], rp_id: "example.org".into() };
        assert_eq!(passkey.auth_method().kind, 3);
        // "3q2-7w" is the base64url of deadbeef with a minus sign where base64 has a plus.
        let id = hex::encode(passkey.auth_method().id);
        assert_eq!(id, "2b37bd69532f957079211d2ff007e655cf6e6abdb8e9faab4fde6569c99478f2");
    }

    #[test]
    fn no_two_accounts_have_one_name() {
        let providers = [Provider::Discord, Provider::Google, Provider::GoogleJwt, Provider::Apple];
        let names = [("a", "b"), ("b", "a"), ("a", "b:c"), ("ab", "c"), ("a", "")];
        let all: BTreeSet<AuthMethod> =
            providers.into_iter().flat_map(|provider| names.map(|(user, app)| account(provider, user, app))).collect();
        assert_eq!(all.len(), providers.len() * names.len());
        // "a:b" at "c" would be "a" at "b:c".
        assert_eq!(Account::new(Provider::Apple, "a:b", "c"), Err(UserNameError("a:b".into())));
        assert_eq!(Account::new(Provider::Apple, "", "c"), Err(UserNameError(String::new())));
    }

    #[test]
    fn an_id_tokens_account_is_its_subject_at_its_audience() {
        let claims = Claims {
            iss: "https://appleid.apple.com".into(),
            aud: "our-app".into(),
            sub: "001234.abcd.5678".into(),
            iat: 0,
            exp: 0,
            nonce: None,
        };
        let account = Account::of_claims(Provider::Apple, &claims).expect("a name");
        assert_eq!((account.user(), account.app()), ("001234.abcd.5678", "our-app"));
        assert_eq!((account.provider(), Identity::Account(account).method()), (Provider::Apple, Method::Apple));
        assert!(Account::of_claims(Provider::Apple, &Claims { sub: "a:b".into(), ..claims }).is_err());
    }
}
