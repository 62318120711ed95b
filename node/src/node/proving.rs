//! Checks the proofs of a request before its task begins: ID tokens under their provider's keys, which are fetched when a
//! token names one that is not known, access tokens by asking the provider. One proof that does not hold refuses the
//! request, whatever the others are.

use std::collections::{BTreeMap, BTreeSet};

use super::core::Core;
use super::execution::{Execution, failure};
use super::question::Question;
use crate::api::{ErrorCode, Execute, Failure, PROOFS_MAX, Proof, Task};
use crate::auth::jwks::Jwks;
use crate::auth::jwt;
use crate::auth::method::{Account, Method, Provider};
use crate::auth::oauth;
use crate::auth::providers::{AccessTokens, IdTokens, ProofError, Providers};
use crate::io::{HttpError, HttpRequest, HttpResponse, Output, Outputs, Time};
use crate::meter::Meter;
use crate::note::Note;

/// A request whose proofs are being checked.
pub(super) struct Proving {
    /// What begins when they have been.
    task: Task,
    /// What ID tokens have to be bound to.
    nonce: String,
    /// Proofs that wait for their providers, by their places in the request.
    claims: BTreeMap<usize, Claim>,
    /// Whose keys have been asked for: once for a request.
    asked: BTreeSet<Provider>,
    /// When that takes too long.
    pub due: Time,
}

/// A proof that waits.
enum Claim {
    /// For its provider's keys.
    IdToken { provider: Provider, token: String },
    /// For what its provider says of it.
    AccessToken { provider: Provider },
}

impl Claim {
    fn waits_for_keys_of(&self, wanted: Provider) -> bool {
        matches!(self, Self::IdToken { provider, .. } if *provider == wanted)
    }
}

/// A provider's keys, as a node has read them.
#[derive(Debug)]
pub(super) struct Known {
    keys: Jwks,
    /// When, by the node's steady time.
    at: Time,
}

impl Execution {
    /// Looks at the proofs of a request; its task begins now, or when providers have answered what has to be asked.
    pub(super) fn prove(
        &mut self,
        execute: Execute,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) -> Result<(), Failure> {
        let binding = execute.binding();
        let Execute { task, proofs, .. } = execute;
        if proofs.len() > PROOFS_MAX {
            return Err(ProofError::TooMany(proofs.len()).into());
        }
        let due = now.plus_millis(core.config.providers.patience_ms);
        let nonce = hex::encode(binding);
        let mut proving = Proving { task, nonce, claims: BTreeMap::new(), asked: BTreeSet::new(), due };
        self.caller.proved.challenge = binding;
        for (place, proof) in proofs.into_iter().enumerate() {
            self.look_at(place, proof, &mut proving, now, core, out).map_err(|error| refused(place, error))?;
        }
        self.go_on_with(proving, now, core, out)
    }

    /// Begins the task if no proof waits any more.
    fn go_on_with(&mut self, proving: Proving, now: Time, core: &mut Core, out: &mut Outputs) -> Result<(), Failure> {
        if proving.claims.is_empty() {
            return self.begin_task(proving.task, now, core, out);
        }
        self.proving = Some(Box::new(proving));
        Ok(())
    }

    /// Checks one proof, or asks for what is needed to check it.
    fn look_at(
        &mut self,
        place: usize,
        proof: Proof,
        proving: &mut Proving,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) -> Result<(), ProofError> {
        let (provider, token) = match proof {
            Proof::Passkey(assertion) => {
                let policy = core.config.providers.passkeys.as_ref();
                self.caller.proved.answer(assertion, policy.ok_or(ProofError::NotAccepted(Method::WebAuthn))?);
                return Ok(());
            }
            Proof::GoogleIdToken(token) => (Provider::GoogleJwt, token),
            Proof::AppleIdToken(token) => (Provider::Apple, token),
            Proof::DiscordToken(token) => (Provider::Discord, token),
            Proof::GoogleToken(token) => (Provider::Google, token),
        };
        match provider {
            Provider::GoogleJwt | Provider::Apple => {
                let names = jwt::header(&token)?.key_id;
                if core.knows_key(provider, &names, now) {
                    let account = of_id_token(provider, &token, &proving.nonce, core, &mut out.meter)?;
                    self.caller.proved.account(account);
                    return Ok(());
                }
                if proving.asked.insert(provider) {
                    let request = id_tokens(&core.config.providers, provider)?.ask_keys();
                    self.ask_provider(place, request, core, out);
                }
                proving.claims.insert(place, Claim::IdToken { provider, token });
            }
            Provider::Discord | Provider::Google => {
                let request = access_tokens(&core.config.providers, provider)?.ask(&token)?;
                self.ask_provider(place, request, core, out);
                proving.claims.insert(place, Claim::AccessToken { provider });
            }
        }
        Ok(())
    }

    fn ask_provider(&self, place: usize, request: HttpRequest, core: &mut Core, out: &mut Outputs) {
        out.note(Note::ProviderAsked { request: self.id });
        let call = core.ask(Question::Identity { request: self.id, proof: place });
        out.push(Output::HttpFetch { call, request });
    }

    /// A provider has answered, or cannot be asked.
    pub fn on_identity(
        &mut self,
        place: usize,
        reply: Result<HttpResponse, HttpError>,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let Some(mut proving) = self.proving.take() else { return };
        let accounts = proving.take(place, reply, now, core, &mut out.meter);
        let went = accounts.map_err(|(place, error)| refused(place, error)).and_then(|accounts| {
            accounts.into_iter().for_each(|account| self.caller.proved.account(account));
            self.go_on_with(*proving, now, core, out)
        });
        if let Err(failure) = went {
            self.result = Some(Err(failure));
        }
    }

    /// Proofs have waited long enough.
    pub(super) fn give_up_proving(&mut self, now: Time) {
        if self.proving.as_ref().is_some_and(|proving| proving.due <= now) {
            self.proving = None;
            let message = "who asks could not be checked in time: an identity provider did not answer";
            self.result = Some(Err(failure(ErrorCode::RequestTimeout, message)));
        }
    }
}

impl Proving {
    /// What an answer to the question about one proof makes certain: for keys that is all that waited for them.
    fn take(
        &mut self,
        place: usize,
        reply: Result<HttpResponse, HttpError>,
        now: Time,
        core: &mut Core,
        meter: &mut Meter,
    ) -> Result<Vec<Account>, (usize, ProofError)> {
        let at = |error: ProofError| (place, error);
        match self.claims.get(&place) {
            None => Ok(Vec::new()),
            Some(Claim::AccessToken { provider }) => {
                let account = body(reply).and_then(|answer| of_answer(*provider, &answer, core)).map_err(at)?;
                self.claims.remove(&place);
                Ok(vec![account])
            }
            Some(Claim::IdToken { provider, .. }) => {
                let provider = *provider;
                let keys = body(reply).and_then(|answer| Ok(Jwks::parse(&answer)?)).map_err(at)?;
                core.provider_keys.insert(provider, Known { keys, at: now });
                let mut accounts = Vec::new();
                for (place, claim) in self.claims.extract_if(.., |_, claim| claim.waits_for_keys_of(provider)) {
                    let Claim::IdToken { token, .. } = claim else { continue };
                    let account = of_id_token(provider, &token, &self.nonce, core, meter);
                    accounts.push(account.map_err(|error| (place, error))?);
                }
                Ok(accounts)
            }
        }
    }
}

impl Core {
    /// Whether a provider's key of this id is known, and not too old to be believed.
    fn knows_key(&self, provider: Provider, id: &str, now: Time) -> bool {
        let age_max = self.config.providers.keys_age_ms_max;
        let known = self.provider_keys.get(&provider).filter(|known| now < known.at.plus_millis(age_max));
        known.is_some_and(|known| known.keys.get(id).is_some())
    }
}

/// Whose an ID token is, by the keys that are known.
fn of_id_token(
    provider: Provider,
    token: &str,
    nonce: &str,
    core: &Core,
    meter: &mut Meter,
) -> Result<Account, ProofError> {
    let policy = id_tokens(&core.config.providers, provider)?.policy(nonce);
    let none = Jwks::default();
    let keys = core.provider_keys.get(&provider).map_or(&none, |known| &known.keys);
    let claims = jwt::verify(token, keys, &policy, core.clock, meter)?;
    Ok(Account::of_claims(provider, &claims)?)
}

/// Whose an access token is, by what its provider has answered.
fn of_answer(provider: Provider, answer: &[u8], core: &Core) -> Result<Account, ProofError> {
    let policy = &access_tokens(&core.config.providers, provider)?.policy;
    Ok(match provider {
        Provider::Discord => oauth::discord(answer, policy, core.clock)?,
        _ => oauth::google(answer, policy, core.clock)?,
    })
}

fn body(reply: Result<HttpResponse, HttpError>) -> Result<Vec<u8>, ProofError> {
    let response = reply.map_err(ProofError::NoAnswer)?;
    if response.status == 200 { Ok(response.body) } else { Err(ProofError::Status(response.status)) }
}

fn id_tokens(providers: &Providers, provider: Provider) -> Result<&IdTokens, ProofError> {
    let accepted = match provider {
        Provider::GoogleJwt => providers.google_id.as_ref(),
        Provider::Apple => providers.apple.as_ref(),
        Provider::Discord | Provider::Google => None,
    };
    accepted.ok_or(ProofError::NotAccepted(provider.method()))
}

fn access_tokens(providers: &Providers, provider: Provider) -> Result<&AccessTokens, ProofError> {
    let accepted = match provider {
        Provider::Discord => providers.discord.as_ref(),
        Provider::Google => providers.google.as_ref(),
        Provider::GoogleJwt | Provider::Apple => None,
    };
    accepted.ok_or(ProofError::NotAccepted(provider.method()))
}

fn refused(place: usize, error: ProofError) -> Failure {
    let failure = Failure::from(error);
    Failure { message: format!("proof {place}: {}", failure.message), ..failure }
}

#[cfg(test)]
mod tests;
