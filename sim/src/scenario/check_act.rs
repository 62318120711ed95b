//! Checks acts: every user, PKP, step, node and file that a step or a fault names must exist by then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::check::Checker;
use super::check_auth::{auth, certify, proof};
use super::check_fault;
use super::model::{Act, Action, Auth, Deed, Delivery, Execute, Expectation, Step};
use super::params::{Params, Reference};
use super::raw_act::{self as raw, Curve};
use super::source::{Placed, Span};
use crate::fault::Fault;
use crate::identity::Login;

/// How often a step may be done.
const TIMES_MAX: u16 = 10_000;

/// How long a step may wait, milliseconds.
const WAIT_MS_MAX: u64 = 3_600_000;

/// The names that steps have introduced so far.
#[derive(Default)]
pub(super) struct Names {
    acts: BTreeSet<String>,
    steps: BTreeSet<String>,
    keys: BTreeSet<String>,
    pkps: BTreeSet<String>,
    secrets: BTreeSet<String>,
    /// Sessions that PKPs have certified.
    sessions: BTreeSet<String>,
    /// Steps that show a proof of who asks.
    pub proved: BTreeSet<String>,
    /// How many keys of the network's own have been made.
    network_keys: usize,
}

impl Names {
    /// Takes the name of a PKP; a mint that must fail leaves it free.
    fn mint(&mut self, c: &mut Checker<'_>, name: &Placed<String>, expect: Expectation) {
        let mut scratch = self.pkps.clone();
        let taken = if expect == Expectation::Ok { &mut self.pkps } else { &mut scratch };
        c.fresh("PKP", name, taken);
    }

    /// Takes the name of a session; a step that must fail leaves it free.
    pub fn keep_session(&mut self, c: &mut Checker<'_>, name: &Placed<String>, succeeds: bool) {
        let mut scratch = self.sessions.clone();
        c.fresh("session", name, if succeeds { &mut self.sessions } else { &mut scratch });
    }

    /// Checks the name of a session.
    pub fn session(&self, c: &mut Checker<'_>, name: &Placed<String>) -> String {
        if !self.sessions.contains(&name.value) {
            c.unknown("session", name, self.sessions.iter().map(String::as_str));
        }
        name.value.clone()
    }

    /// Checks the name of a ciphertext.
    pub fn secret(&self, c: &mut Checker<'_>, name: &Placed<String>) -> String {
        if !self.secrets.contains(&name.value) {
            c.unknown("secret", name, self.secrets.iter().map(String::as_str));
        }
        name.value.clone()
    }

    /// Checks the name of a PKP.
    pub fn pkp(&self, c: &mut Checker<'_>, name: &Placed<String>) -> String {
        if !self.pkps.contains(&name.value) {
            c.unknown("PKP", name, self.pkps.iter().map(String::as_str));
        }
        name.value.clone()
    }
}

pub(super) fn acts(c: &mut Checker<'_>, acts: Vec<raw::Act>) -> Vec<Act> {
    let mut names = Names::default();
    acts.into_iter().map(|act| self::act(c, &mut names, act)).collect()
}

fn act(c: &mut Checker<'_>, names: &mut Names, raw: raw::Act) -> Act {
    c.fresh("act", &raw.name, &mut names.acts);
    let steps: Arc<[Step]> = raw.step.into_iter().flat_map(|step| repeated(c, names, step)).collect();
    let mut taken = BTreeSet::new();
    let faults = raw.fault.into_iter().map(|fault| {
        if let Fault::ClientDrain(drain) = &fault.what {
            names.pkp(c, &Placed { value: drain.pkp.clone(), span: fault.name.span.clone() });
        }
        check_fault::fault(c, &steps, &mut taken, fault)
    });
    let faults = faults.collect();
    Act { name: raw.name.value, steps, faults }
}

/// A step as often as it is done.
fn repeated(c: &mut Checker<'_>, names: &mut Names, raw: raw::Step) -> Vec<Step> {
    let times = raw.times.clone().unwrap_or(Placed { value: 1, span: raw.id.span.clone() });
    let step = step(c, names, raw);
    if times.value == 0 || times.value > TIMES_MAX {
        c.refuse(&times.span, format!("a step cannot be done {} times", times.value), format!("1 to {TIMES_MAX}"));
    }
    let is_nameless =
        matches!(*step.deed, Deed::Execute(_) | Deed::Sign { .. } | Deed::Decrypt { .. } | Deed::Handshake);
    if times.value > 1 && !is_nameless {
        c.refuse(
            &times.span,
            "this step cannot be done again",
            "`times` with `execute`, `sign`, `decrypt` or `handshake`",
        );
    }
    let again = (2..=times.value).map(|number| Step { id: format!("{}#{number}", step.id), ..step.clone() });
    [step.clone()].into_iter().chain(again).collect()
}

fn step(c: &mut Checker<'_>, names: &mut Names, raw: raw::Step) -> Step {
    c.fresh("step", &raw.id, &mut names.steps);
    let user = if is_transaction(&raw.deed) { c.wallet(&raw.user) } else { c.user(&raw.user) };
    if raw.expect == Expectation::Ok && raw.expect_message.is_some() {
        c.refuse(&raw.id.span, "a step that completes has no error text", "`expect` with an error beside it");
    }
    let deed = deed(c, names, &raw.id, raw.expect, raw.deed);
    if shows_proof(&deed) {
        names.proved.insert(raw.id.value.clone());
    }
    if let Deed::Execute(execute) = &deed
        && raw.expect != Expectation::Ok
        && (execute.expect_signatures.is_some() || execute.expect_response.is_some())
    {
        c.refuse(&raw.id.span, "a step that fails has no signatures and no response", "`expect = \"ok\"` with them");
    }
    Step { id: raw.id.value, user, deed: Arc::new(deed), expect: raw.expect, expect_message: raw.expect_message }
}

/// Whether a user's wallet sends a transaction.
fn is_transaction(deed: &raw::Deed) -> bool {
    use raw::Deed::*;
    matches!(
        deed,
        Mint(_)
            | MintGrantBurn(_)
            | MintFor(_)
            | Burn(_)
            | PermitAction(_)
            | RevokeAction(_)
            | PermitAddress(_)
            | RevokeAddress(_)
            | PermitLogins(_)
            | RevokeLogins(_)
            | Transfer(_)
            | Fund(_)
    )
}

fn shows_proof(deed: &Deed) -> bool {
    match deed {
        Deed::Execute(execute) => execute.proof.is_some(),
        Deed::Sign { proof, .. } => proof.is_some(),
        Deed::SessionKey(certify) => certify.proof.is_some(),
        _ => false,
    }
}

fn deed(c: &mut Checker<'_>, names: &mut Names, id: &Placed<String>, expect: Expectation, raw: raw::Deed) -> Deed {
    match raw {
        raw::Deed::Keygen(keygen) => {
            c.fresh("key", &keygen.key, &mut names.keys);
            names.network_keys += usize::from(keygen.curve == Curve::Bls12381);
            if keygen.curve == Curve::Bls12381 && names.network_keys > 1 + c.resets {
                c.refuse(&keygen.key.span, "the network has one key of its own", "one `bls12-381` key in a scenario");
            }
            if c.keeps_keys && keygen.curve == Curve::Secp256k1 {
                c.refuse(&keygen.key.span, "the nodes make keys by themselves", "no `unminted` in [keys]");
            }
            Deed::Keygen { key: keygen.key.value, curve: keygen.curve }
        }
        raw::Deed::Mint(mint) => {
            names.mint(c, &mint.pkp, expect);
            Deed::Mint { pkp: mint.pkp.value, value: mint.value_wei }
        }
        raw::Deed::MintGrantBurn(mint) => {
            names.mint(c, &mint.pkp, expect);
            Deed::MintGrantBurn { pkp: mint.pkp.value, action: c.action(&mint.action) }
        }
        raw::Deed::MintFor(mint) => mint_for(c, names, mint, expect),
        raw::Deed::SessionKey(session) => Deed::SessionKey(certify(c, names, session, expect == Expectation::Ok)),
        raw::Deed::RotateKeys(rotate) => {
            if !rotate.provider.value.is_id_token() {
                c.refuse(&rotate.provider.span, "this provider has no keys", "`google` or `apple`");
            }
            Deed::RotateKeys { provider: rotate.provider.value }
        }
        raw::Deed::Burn(burn) => Deed::Burn { pkp: names.pkp(c, &burn.pkp) },
        raw::Deed::PermitAction(permit) => permit_action(c, names, &permit, true),
        raw::Deed::RevokeAction(permit) => permit_action(c, names, &permit, false),
        raw::Deed::PermitAddress(permit) => permit_address(c, names, &permit, true),
        raw::Deed::RevokeAddress(permit) => permit_address(c, names, &permit, false),
        raw::Deed::PermitLogins(raw) => Deed::PermitLogins {
            pkp: names.pkp(c, &raw.pkp),
            logins: logins(c, &raw.user, raw.methods.as_deref()),
            user: raw.user.value,
            scopes: Some(scopes(c, &raw.pkp, raw.scopes)),
        },
        raw::Deed::RevokeLogins(raw) => Deed::PermitLogins {
            pkp: names.pkp(c, &raw.pkp),
            logins: logins(c, &raw.user, raw.methods.as_deref()),
            user: raw.user.value,
            scopes: None,
        },
        raw::Deed::Transfer(transfer) => {
            Deed::Transfer { pkp: names.pkp(c, &transfer.pkp), to: c.wallet(&transfer.to) }
        }
        raw::Deed::Execute(execute) => Deed::Execute(self::execute(c, names, id, execute)),
        raw::Deed::Sign(sign) => Deed::Sign {
            pkp: names.pkp(c, &sign.pkp),
            text: sign.text,
            scheme: sign.scheme,
            auth: auth(c, names, sign.auth, sign.session),
            proof: sign.proof.map(|shown| proof(c, names, shown)),
        },
        raw::Deed::Prove(prove) => {
            if !names.steps.contains(&prove.by.value) {
                c.unknown("step", &prove.by, names.steps.iter().map(String::as_str));
            }
            Deed::Prove { pkp: names.pkp(c, &prove.pkp), action: c.action(&prove.action), by: prove.by.value }
        }
        raw::Deed::Fund(fund) => Deed::Fund { pkp: names.pkp(c, &fund.pkp), value: fund.value_wei },
        raw::Deed::PkpTransaction(transaction) => Deed::PkpTransaction {
            pkp: names.pkp(c, &transaction.pkp),
            action: c.action(&transaction.action),
            to: c.wallet(&transaction.to),
            value: transaction.value_wei,
            auth: transaction.auth.map(|user| c.wallet(&user)),
        },
        raw::Deed::Handshake(raw::Handshake {}) => Deed::Handshake,
        raw::Deed::KeyPool(raw::KeyPool {}) => {
            if !c.keeps_keys {
                c.refuse(&id.span, "the nodes keep no keys ready to be minted", "`unminted` in [keys]");
            }
            Deed::KeyPool
        }
        raw::Deed::Wait(wait) => {
            if !(1..=WAIT_MS_MAX).contains(&wait.ms.value) {
                c.refuse(&wait.ms.span, "a step cannot wait so long", format!("1 to {WAIT_MS_MAX} ms"));
            }
            Deed::Wait { ms: wait.ms.value }
        }
        raw::Deed::Encrypt(encrypt) => {
            if names.network_keys == 0 {
                c.refuse(&encrypt.secret.span, "there is no key to encrypt under", "a `bls12-381` key made before");
            }
            c.fresh("secret", &encrypt.secret, &mut names.secrets);
            Deed::Encrypt { secret: encrypt.secret.value, text: encrypt.text, to: c.wallet(&encrypt.to) }
        }
        raw::Deed::Decrypt(decrypt) => {
            let secret = names.secret(c, &decrypt.secret);
            let shows = decrypt.shows.map(|user| c.wallet(&user));
            Deed::Decrypt { secret, auth: auth(c, names, decrypt.auth, decrypt.session), shows }
        }
    }
}

fn permit_action(c: &mut Checker<'_>, names: &Names, raw: &raw::PermitAction, may: bool) -> Deed {
    Deed::PermitAction { pkp: names.pkp(c, &raw.pkp), action: c.action(&raw.action), may }
}

fn permit_address(c: &mut Checker<'_>, names: &Names, raw: &raw::PermitAddress, may: bool) -> Deed {
    Deed::PermitAddress { pkp: names.pkp(c, &raw.pkp), address: c.wallet(&raw.address), may }
}

fn mint_for(c: &mut Checker<'_>, names: &mut Names, raw: raw::MintFor, expect: Expectation) -> Deed {
    names.mint(c, &raw.pkp, expect);
    let logins = logins(c, &raw.user, raw.methods.as_deref());
    let scopes = scopes(c, &raw.pkp, raw.scopes);
    Deed::MintFor { pkp: raw.pkp.value, user: raw.user.value, logins, scopes }
}

/// Which logins of a user are meant: all if none are named.
fn logins(c: &mut Checker<'_>, user: &Placed<String>, named: Option<&[Placed<Login>]>) -> Vec<Login> {
    let Some(named) = named else { return c.logins(user) };
    named.iter().for_each(|login| drop(c.login(user, login)));
    named.iter().map(|login| login.value).collect()
}

fn scopes(c: &mut Checker<'_>, pkp: &Placed<String>, given: Option<Vec<u64>>) -> Vec<u64> {
    if let Some(scope) = given.iter().flatten().find(|scope| !(1..=255).contains(*scope)) {
        c.refuse(&pkp.span, format!("there is no scope {scope}"), "1 to 255: 1 is anything, 2 messages");
    }
    given.unwrap_or_else(|| vec![1])
}

fn execute(c: &mut Checker<'_>, names: &Names, id: &Placed<String>, raw: raw::Execute) -> Execute {
    let inline = |code| Arc::new(Action { name: format!("{} (inline)", id.value), code });
    let (action, by) = match (raw.action, raw.code, &raw.cid) {
        (Some(file), None, None) => (c.action(&file), Delivery::Ipfs),
        (None, Some(code), None) => (inline(code.value), Delivery::Inline),
        (None, None, Some(_)) => (inline(String::new()), Delivery::Ipfs),
        (file, ..) => {
            let span = file.map_or(id.span.clone(), |file| file.span);
            c.refuse(
                &span,
                format!("step `{}` does not say what to execute", id.value),
                "one of `action`, `code` and `cid`",
            );
            (Arc::new(Action { name: String::new(), code: String::new() }), Delivery::Inline)
        }
    };
    if let (Some(cid), Some(Delivery::Inline)) = (&raw.cid, raw.by) {
        c.refuse(&cid.span, "a CID alone has no code to send along", "`by = \"ipfs\"`, or `code`");
    }
    let params = raw.params.map(|values| params(c, names, values)).unwrap_or_default();
    let mut auth = auth(c, names, raw.auth, raw.session);
    match (&mut auth, raw.claims) {
        (Some(Auth::Wallet { claims, age_ms, .. }), claimed) => {
            (*claims, *age_ms) = (claimed.map(|user| c.wallet(&user)), raw.auth_age_ms);
        }
        (_, Some(claimed)) => {
            c.refuse(&claimed.span, "there is no AuthSig that could be said to be of anybody", "`auth`")
        }
        (_, None) => {}
    }
    let expect_signatures = raw.expect_signatures.map(|mut list| {
        list.sort();
        list
    });
    Execute {
        action,
        by: raw.by.unwrap_or(by),
        cid: raw.cid.map(|cid| cid.value),
        disconnect_after_ms: raw.disconnect_after_ms,
        params,
        auth,
        proof: raw.proof.map(|shown| proof(c, names, shown)),
        expect_signatures,
        expect_response: raw.expect_response,
    }
}

fn params(c: &mut Checker<'_>, names: &Names, raw: BTreeMap<String, Placed<toml::Value>>) -> Params {
    for (key, value) in &raw {
        let alone = Params::from_toml(toml::Table::from_iter([(key.clone(), value.value.clone())]));
        references(c, names, &alone, &value.span);
    }
    Params::from_toml(raw.into_iter().map(|(key, placed)| (key, placed.value)).collect())
}

/// Checks that what a parameter refers to exists by then.
fn references(c: &mut Checker<'_>, names: &Names, params: &Params, span: &Span) {
    let place = |value: &str| Placed { value: value.to_owned(), span: span.clone() };
    let references = match params.references() {
        Ok(references) => references,
        Err(error) => {
            let expected = "`pkp.NAME.public_key`, `pkp.NAME.token_id`, `pkp.NAME.eth_address`, `user.NAME.address`, \
                            `user.NAME.auth_sig`, `secret.NAME.ciphertext`, `secret.NAME.hash`, `cid:FILE` or `keccak256:TEXT`";
            return c.refuse(span, error.to_string(), expected);
        }
    };
    for reference in references {
        match reference {
            Reference::PkpPublicKey(name) | Reference::PkpTokenId(name) | Reference::PkpAddress(name) => {
                names.pkp(c, &place(&name));
            }
            Reference::SecretCiphertext(name) | Reference::SecretHash(name) => {
                if !names.secrets.contains(&name) {
                    c.unknown("secret", &place(&name), names.secrets.iter().map(String::as_str));
                }
            }
            Reference::UserAddress(name) | Reference::UserAuthSig(name) => {
                c.wallet(&place(&name));
            }
            Reference::Cid(file) => {
                c.action(&place(&file));
            }
            Reference::Keccak(_) => {}
        }
    }
}
