//! The ways in which users sign in without a wallet.

use lit_node::auth::method::{Method, Provider};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A way to sign in without a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Login {
    /// A passkey answers a challenge.
    Passkey,
    /// Google signs an ID token.
    Google,
    /// Apple signs an ID token.
    Apple,
    /// Discord knows an access token.
    Discord,
    /// Google knows an access token.
    GoogleOauth,
}

impl Login {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Passkey, Self::Google, Self::Apple, Self::Discord, Self::GoogleOauth];

    /// The name, as in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Google => "google",
            Self::Apple => "apple",
            Self::Discord => "discord",
            Self::GoogleOauth => "google_oauth",
        }
    }

    /// Whose users sign in so; nobody's if they have only themselves.
    pub fn provider(self) -> Option<Provider> {
        match self {
            Self::Passkey => None,
            Self::Google => Some(Provider::GoogleJwt),
            Self::Apple => Some(Provider::Apple),
            Self::Discord => Some(Provider::Discord),
            Self::GoogleOauth => Some(Provider::Google),
        }
    }

    /// The number on chain.
    pub fn kind(self) -> u64 {
        self.provider().map_or(Method::WebAuthn, Provider::method).number()
    }

    /// Whether it is an ID token, which the provider signs.
    pub fn is_id_token(self) -> bool {
        matches!(self, Self::Google | Self::Apple)
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_every_number_is_that_of_the_chain() {
        for login in Login::ALL {
            let read: Login = serde_json::from_value(login.name().into()).expect("a name");
            assert_eq!(read, login);
        }
        assert_eq!(Login::ALL.map(Login::kind), [3, 6, 8, 4, 5]);
    }
}
