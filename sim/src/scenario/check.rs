//! Compares what a scenario file says with itself and with the files it names.
//!
//! Checks go on after a fault, so that one run of the program shows all of them.

use lit_node::bugs::Bug;
use lit_node::id::NodeId;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU8;
use std::sync::Arc;

use super::bundle::{Files, Vocabulary};
use super::check_act;
use super::count::Count;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::model::{
    Action, Answer, Chain, Expect, ExpectedVerdict, HttpOrigin, Keys, Network, Preprocessing, Rate, Route, Scenario,
    Stabilisation, Streams, Sweep, User, Wei,
};
use super::params;
use super::raw;
use super::source::{Placed, Source, Span};
use super::value::{HOUR_MS, OneOrMany, OneOrMore};
use crate::fault::Fault;
use crate::identity::Login;
use crate::identity::service::ORIGINS;
use crate::oracle::EXPLAINED;
use crate::pool::Pool;

/// The version of the format.
const SCHEMA: u32 = 1;
/// The largest network that the simulator accepts. Its channels alone are 32,640 handshakes.
const NODES_MAX: u16 = 256;
/// The largest pool of keys: `KeyPool.TARGET_MAX`.
const UNMINTED_MAX: u8 = 16;
/// What a wallet holds unless the scenario says otherwise: 10 ether.
const FUNDS_DEFAULT: Wei = Wei(10_000_000_000_000_000_000);

/// What all checks share: where to report, and what names mean.
pub(super) struct Checker<'s> {
    source: &'s Source,
    /// Where the files that the scenario names are.
    files: Files<'s>,
    /// The words that depend on what is simulated.
    pub vocabulary: Vocabulary,
    pub found: Vec<Diagnostic>,
    pub nodes: u16,
    pub users: BTreeSet<String>,
    /// Those with a wallet.
    pub wallets: BTreeSet<String>,
    /// How users sign in besides.
    pub logins: BTreeMap<String, BTreeSet<Login>>,
    /// The web servers that there are.
    pub origins: BTreeSet<String>,
    /// Whether the nodes keep keys ready to be minted.
    pub keeps_keys: bool,
    /// How often the network is begun anew.
    pub resets: usize,
    actions: BTreeMap<String, Arc<Action>>,
    pools: BTreeMap<String, String>,
}

impl Checker<'_> {
    /// Records a fault and lets the caller add to it.
    pub fn report(&mut self, span: &Span, message: impl Into<String>) -> &mut Diagnostic {
        self.found.push(Diagnostic::new(self.source, span, message));
        self.found.last_mut().expect("just pushed")
    }

    /// Records a fault with what was expected.
    pub fn refuse(&mut self, span: &Span, message: impl Into<String>, expected: impl Into<String>) {
        self.report(span, message).expected = Some(expected.into());
    }

    /// Records an unknown name, with the known ones.
    pub fn unknown<'n>(&mut self, what: &str, name: &Placed<String>, known: impl Iterator<Item = &'n str> + Clone) {
        let list = known.clone().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let expected = if list.is_empty() { "none: none is defined here".to_owned() } else { format!("one of {list}") };
        let diagnostic = Diagnostic::new(self.source, &name.span, format!("unknown {what} `{}`", name.value));
        self.found.push(diagnostic.expected(expected).suggest(name, known));
    }

    /// Checks a node's number.
    pub fn node(&mut self, number: u16, span: &Span) -> NodeId {
        if number == 0 || number > self.nodes {
            self.refuse(span, format!("there is no node {number}"), format!("a node from 1 to {}", self.nodes));
        }
        NodeId(number)
    }

    /// Checks a user's name.
    pub fn user(&mut self, name: &Placed<String>) -> String {
        if !self.users.contains(&name.value) {
            let users = self.users.clone();
            self.unknown("user", name, users.iter().map(String::as_str));
        }
        name.value.clone()
    }

    /// Checks the name of a user who must have a wallet.
    pub fn wallet(&mut self, name: &Placed<String>) -> String {
        let user = self.user(name);
        if self.users.contains(&user) && !self.wallets.contains(&user) {
            self.refuse(&name.span, format!("`{user}` has no wallet"), "a user with `wallet = true`");
        }
        user
    }

    /// Checks the name of a user who must be able to sign in so.
    pub fn login(&mut self, name: &Placed<String>, login: &Placed<Login>) -> String {
        let user = self.user(name);
        if self.logins.get(&user).is_some_and(|logins| !logins.contains(&login.value)) {
            let message = format!("`{user}` does not sign in with {}", login.value);
            self.refuse(&login.span, message, format!("`{} = true` for the user", login.value));
        }
        user
    }

    /// Checks the name of a user who must have some login besides a wallet; all of them.
    pub fn logins(&mut self, name: &Placed<String>) -> Vec<Login> {
        let user = self.user(name);
        let logins: Vec<Login> = self.logins.get(&user).into_iter().flatten().copied().collect();
        if self.users.contains(&user) && logins.is_empty() {
            self.refuse(&name.span, format!("`{user}` signs in with a wallet only"), "a user with a login, or `mint`");
        }
        logins
    }

    /// Reads an action's file, once.
    pub fn action(&mut self, file: &Placed<String>) -> Arc<Action> {
        if let Some(action) = self.actions.get(&file.value) {
            return action.clone();
        }
        let code = self.files.read(&file.value).unwrap_or_else(|error| {
            // The kind alone: the text of an operating system's error differs between hosts.
            let message = format!("cannot read action `{}`: {}", file.value, error.kind());
            self.refuse(&file.span, message, "a file, relative to the scenario's folder");
            String::new()
        });
        let action = Arc::new(Action { name: file.value.clone(), code });
        self.actions.insert(file.value.clone(), action.clone());
        action
    }

    /// Checks a name that this file introduces.
    pub fn fresh(&mut self, what: &str, name: &Placed<String>, taken: &mut BTreeSet<String>) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || !name.chars().all(allowed) {
            self.refuse(&name.span, format!("`{}` is no name", name.value), "letters, digits, `-` and `_`");
        }
        if !taken.insert(name.value.clone()) {
            self.refuse(&name.span, format!("{what} `{}` is defined twice", name.value), "a name of its own");
        }
    }
}

/// Checks a whole file.
pub(super) fn check(
    source: &Source,
    files: Files<'_>,
    vocabulary: Vocabulary,
    file: raw::File,
) -> Result<(Scenario, BTreeMap<String, String>), Diagnostics> {
    let mut checker = Checker {
        source,
        files,
        vocabulary,
        found: Vec::new(),
        nodes: file.network.nodes.value,
        users: file.users.keys().cloned().collect(),
        wallets: file.users.iter().filter(|(_, user)| user.wallet).map(|(name, _)| name.clone()).collect(),
        logins: file.users.iter().map(|(name, user)| (name.clone(), user.logins())).collect(),
        origins: BTreeSet::new(),
        keeps_keys: file.keys.unminted.is_some(),
        resets: file.act.value.iter().flat_map(|act| &act.fault).filter(|f| matches!(f.what, Fault::Reset(_))).count(),
        actions: BTreeMap::new(),
        pools: BTreeMap::new(),
    };
    let c = &mut checker;
    header(c, &file);
    let network = network(c, file.network);
    let chains = chains(c, file.chain);
    let http = file.http.into_iter().fold(BTreeMap::new(), |list, server| http(c, list, server));
    c.origins.extend(http.keys().cloned());
    if c.logins.values().flatten().any(|login| login.provider().is_some()) {
        c.origins.extend(ORIGINS.map(str::to_owned));
    }
    let streams = file.stream.into_iter().filter_map(|service| stream(c, service)).collect();
    let users = file.users.into_iter().map(|(name, user)| (name, self::user(c, user))).collect();
    if file.act.is_empty() {
        c.refuse(&file.act.span, "nothing happens in this scenario", "at least one [[act]]");
    }
    let acts = check_act::acts(c, file.act.value);
    let bugs = file.bugs.plant.iter().filter_map(|name| bug(c, name)).collect();
    let expect = expect(c, file.expect, &acts);
    let keys = keys(c, file.keys, network.threshold);
    let sweep = sweep(c, file.sweep);
    if !checker.found.is_empty() {
        checker.found.sort_by_key(|d| (d.place.origin.clone(), d.place.line, d.place.column));
        return Err(Diagnostics(checker.found));
    }
    let scenario = Scenario {
        name: file.name.value,
        description: file.description,
        tags: file.tags,
        seed: file.seed.unwrap_or(1),
        network,
        nodes: file.nodes,
        chains,
        ipfs: file.ipfs,
        http,
        streams,
        users,
        keys,
        actions: file.actions,
        limits: file.limits,
        sweep,
        acts,
        bugs,
        expect,
        files: checker.actions.values().cloned().collect(),
    };
    let actions = checker.actions.into_iter().map(|(name, action)| (name, action.code.clone()));
    Ok((scenario, actions.chain(checker.pools).collect()))
}

fn sweep(c: &mut Checker<'_>, raw: raw::Sweep) -> Sweep {
    let seeds = raw.seeds.and_then(|seeds| {
        let refuse = |error: super::BadSeeds| c.refuse(&seeds.span, error.to_string(), "such as \"1..1000\"");
        seeds.parse().map_err(refuse).ok()
    });
    for values in raw.vary.values().filter(|values| values.is_empty()) {
        c.refuse(&values.span, "there is nothing to try", "at least one value");
    }
    Sweep { seeds, axes: raw.vary.into_iter().map(|(path, values)| (path, values.value)).collect() }
}

fn keys(c: &mut Checker<'_>, keys: raw::Keys, threshold: u16) -> Keys {
    let raw::Keys { preprocessing, pool, batch, pool_per_set, unminted } = keys;
    if let (Some(pool), true) = (&pool, preprocessing.value != raw::Preprocessing::Pool) {
        c.refuse(&pool.span, "no triples are taken from this pool", "with it `preprocessing = \"pool\"`");
    }
    let preprocessing = match preprocessing.value {
        raw::Preprocessing::Protocol => Preprocessing::Protocol,
        raw::Preprocessing::Dealer => Preprocessing::Dealer,
        raw::Preprocessing::Pool => {
            if pool.is_none() {
                c.refuse(&preprocessing.span, "there is no pool", "with it `pool`, a folder that `litsim pool` wrote");
            }
            let pool = pool.and_then(|folder| self::pool(c, &folder, threshold));
            pool.map_or(Preprocessing::Protocol, |pool| Preprocessing::Pool(Arc::new(pool)))
        }
    };
    let unminted = unminted.and_then(|keys| {
        if keys.value > UNMINTED_MAX || keys.value == 0 {
            c.refuse(&keys.span, format!("a pool of {} keys", keys.value), format!("1 to {UNMINTED_MAX}"));
        }
        NonZeroU8::new(keys.value)
    });
    Keys { preprocessing, batch, pool_per_set, unminted }
}

/// Reads the pool for so many holders; `None` if there is none, which has been said.
fn pool(c: &mut Checker<'_>, folder: &Placed<String>, holders: u16) -> Option<Pool> {
    let name = Pool::path(&folder.value, holders);
    let expected = "a folder that `litsim pool` wrote, relative to the scenario's";
    let text = match c.files.read(&name) {
        Ok(text) => text,
        Err(error) => {
            c.refuse(&folder.span, format!("cannot read pool `{name}`: {}", error.kind()), expected);
            return None;
        }
    };
    match text.parse::<Pool>() {
        Ok(pool) if pool.holders() == holders => {
            c.pools.insert(name, text);
            Some(pool)
        }
        Ok(pool) => {
            let message = format!("`{name}` is for {} holders, and the threshold is {holders}", pool.holders());
            c.refuse(&folder.span, message, expected);
            None
        }
        Err(error) => {
            c.refuse(&folder.span, format!("`{name}` is no pool: {error}"), expected);
            None
        }
    }
}

fn header(c: &mut Checker<'_>, file: &raw::File) {
    if file.schema.value != SCHEMA {
        let message = format!("format {} is not known to this program", file.schema.value);
        c.refuse(&file.schema.span, message, SCHEMA.to_string());
    }
    c.fresh("scenario", &file.name, &mut BTreeSet::new());
}

fn network(c: &mut Checker<'_>, raw: raw::Network) -> Network {
    let nodes = raw.nodes.value;
    if !(2..=NODES_MAX).contains(&nodes) {
        c.refuse(&raw.nodes.span, format!("a network of {nodes}"), format!("2 to {NODES_MAX} nodes"));
    }
    let (rule, span) = match &raw.threshold {
        Some(placed) => (placed.value, placed.span.clone()),
        None => (Default::default(), raw.nodes.span.clone()),
    };
    let threshold = rule.of(nodes);
    if threshold == 0 || threshold > nodes {
        c.refuse(&span, format!("threshold {threshold} does not fit {nodes} nodes"), format!("1 to {nodes}"));
    }
    let (delta_ms, link, nodes_span) = (raw.delta_ms, raw.link.clone(), raw.nodes.span.clone());
    let stabilisation = stabilisation(c, raw);
    if stabilisation.is_some() && link.loss.ppm > 0 {
        let expected = "no `loss` in [network.link]; `pre_gst_loss`, or a `loss` fault";
        c.refuse(&nodes_span, "after stabilisation (`gst_ms`) every message arrives", expected);
    }
    Network { nodes, threshold, delta_ms, stabilisation, link }
}

fn stabilisation(c: &mut Checker<'_>, raw: raw::Network) -> Option<Stabilisation> {
    let Some(gst_ms) = raw.gst_ms else {
        let (delay, loss) = (raw.pre_gst_delay_ms_max.map(|d| d.span), raw.pre_gst_loss.map(|l| l.span));
        for span in delay.into_iter().chain(loss) {
            c.refuse(&span, "this says what is before a time that is not given", "`gst_ms` with it");
        }
        return None;
    };
    for duration in [Some(&gst_ms), raw.pre_gst_delay_ms_max.as_ref()].into_iter().flatten() {
        if duration.value > HOUR_MS {
            c.refuse(&duration.span, format!("{} ms is too much", duration.value), format!("at most {HOUR_MS}"));
        }
    }
    let delay_ms_max = raw.pre_gst_delay_ms_max.map_or(gst_ms.value, |delay| delay.value);
    let loss = raw.pre_gst_loss.map_or(Rate::default(), |loss| loss.value);
    Some(Stabilisation { gst_ms: gst_ms.value, delay_ms_max, loss })
}

fn chains(c: &mut Checker<'_>, raw: Placed<OneOrMany<Chain>>) -> Vec<Chain> {
    let mut chains = raw.value.0;
    if chains.is_empty() {
        chains.push(Chain::default());
    }
    let mut names = BTreeSet::new();
    for chain in chains.iter().filter(|chain| !names.insert(&chain.name)) {
        c.refuse(&raw.span, format!("two chains are named `{}`", chain.name), "a name of its own for each");
    }
    chains
}

fn user(c: &mut Checker<'_>, raw: Placed<raw::User>) -> User {
    let logins = raw.logins();
    if !raw.wallet && logins.is_empty() {
        let expected = "`wallet = true`, or another way to sign in, e.g. `passkey = true`";
        c.refuse(&raw.span, "a user without a wallet cannot prove who they are", expected);
    }
    if !raw.wallet && raw.funds_wei.is_some() {
        c.refuse(&raw.span, "there is no wallet that could hold this", "`wallet = true` with `funds_wei`");
    }
    User { funds: raw.wallet.then(|| raw.funds_wei.unwrap_or(FUNDS_DEFAULT)), logins }
}

fn http(c: &mut Checker<'_>, mut list: BTreeMap<String, HttpOrigin>, raw: raw::Http) -> BTreeMap<String, HttpOrigin> {
    let origin = crate::http::origin(&raw.origin);
    if origin.is_none() {
        c.refuse(&raw.origin.span, "this is no origin", "scheme and host without a path, e.g. https://prices.example");
    }
    if origin.as_deref().is_some_and(|origin| ORIGINS.contains(&origin)) {
        c.refuse(&raw.origin.span, "an identity provider is there", "another origin");
    }
    let mut routes = BTreeMap::new();
    for route in raw.route {
        if !route.path.starts_with('/') {
            c.refuse(&route.path.span, "this is no path", "a path that starts with `/`");
        }
        let answer = answer(c, &route.path.span, route.status, route.body, route.json);
        let mut by_node = BTreeMap::new();
        for other in route.by_node {
            let answer = self::answer(c, &route.path.span, other.status, other.body, other.json);
            for node in other.nodes {
                by_node.insert(c.node(node.value, &node.span), answer.clone());
            }
        }
        if routes.insert(route.path.value.clone(), Route { answer, by_node }).is_some() {
            c.refuse(&route.path.span, format!("two routes for `{}`", route.path.value), "one");
        }
    }
    let server = HttpOrigin { latency_ms: raw.latency_ms, routes };
    // Two spellings of one origin are one server.
    if list.insert(origin.unwrap_or_default(), server).is_some() {
        c.refuse(&raw.origin.span, format!("two servers at `{}`", raw.origin.value), "one");
    }
    list
}

fn stream(c: &mut Checker<'_>, raw: raw::Stream) -> Option<Streams> {
    let origin = crate::http::origin(&crate::stream::origin(&raw.name)).unwrap_or_default();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if raw.name.is_empty() || !raw.name.chars().all(allowed) {
        c.refuse(
            &raw.name.span,
            format!("`{}` is no name of a host", raw.name.value),
            "lower-case letters, digits and `-`",
        );
        return None;
    }
    if !c.origins.insert(origin.clone()) {
        c.refuse(&raw.name.span, format!("two servers at `{origin}`"), "one");
    }
    Some(Streams { name: raw.name.value, latency_ms: raw.latency_ms })
}

fn answer(
    c: &mut Checker<'_>,
    path: &Span,
    status: Option<u16>,
    body: Option<Placed<String>>,
    json: Option<toml::Value>,
) -> Answer {
    let status = status.unwrap_or(200);
    if !(100..=599).contains(&status) {
        c.refuse(path, format!("status {status} for this path"), "100 to 599");
    }
    match (body, json) {
        (Some(body), Some(_)) => {
            c.refuse(&body.span, "two bodies", "either `body` or `json`");
            Answer { status, content_type: "text/plain", body: Vec::new() }
        }
        (None, Some(json)) => {
            Answer { status, content_type: "application/json", body: params::json(json).to_string().into_bytes() }
        }
        (body, None) => {
            let body = body.map(|body| body.value.into_bytes()).unwrap_or_default();
            Answer { status, content_type: "text/plain", body }
        }
    }
}

fn bug(c: &mut Checker<'_>, name: &Placed<String>) -> Option<Bug> {
    let bug = Bug::from_name(name);
    if bug.is_none() {
        c.unknown("bug", name, Bug::ALL.iter().map(|bug| bug.name()));
    }
    bug
}

/// The oracles that a scenario expects to see a violation, ascending.
fn oracles(c: &mut Checker<'_>, verdict: ExpectedVerdict, raw: Option<Placed<OneOrMore>>) -> Vec<String> {
    let Some(Placed { value: OneOrMore(mut names), span }) = raw else { return Vec::new() };
    if verdict == ExpectedVerdict::Pass {
        c.refuse(&span, "a run that passes violates nothing", "`verdict` with safety or liveness beside it");
    }
    for name in &names {
        let placed = Placed { value: name.clone(), span: span.clone() };
        match (EXPLAINED.iter().any(|(known, _)| known == name), verdict, name.as_str()) {
            (false, ..) => c.unknown("oracle", &placed, EXPLAINED.iter().map(|(known, _)| *known)),
            (true, ExpectedVerdict::Safety, "liveness") => {
                c.refuse(&span, "liveness beside a violation of safety does not count", "the oracle of safety alone");
            }
            (true, ExpectedVerdict::Liveness, other) if other != "liveness" => {
                c.refuse(&span, format!("{other} is an oracle of safety"), "`verdict = \"safety\"`, or liveness");
            }
            _ => {}
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Checks what names a call: a method and the URL of a web server that there is.
fn call(c: &mut Checker<'_>, call: &str, count: &Placed<Count>) -> String {
    let url =
        call.split_once(' ').filter(|(method, _)| method.chars().all(|c| c.is_ascii_uppercase())).map(|(_, url)| url);
    let known = |url: &str| {
        let end = url.find("://").and_then(|at| url[at + 3..].find('/').map(|path| at + 3 + path));
        end.and_then(|end| crate::http::origin(&url[..end])).is_some_and(|origin| c.origins.contains(&origin))
    };
    if !url.is_some_and(known) {
        c.refuse(
            &count.span,
            format!("`{call}` is no call of a web server here"),
            "e.g. \"POST https://posts.example/posts\"",
        );
    }
    call.to_owned()
}

fn expect(c: &mut Checker<'_>, raw: raw::Expect, acts: &[super::model::Act]) -> Expect {
    let declared: Vec<String> =
        acts.iter().flat_map(|act| act.faults.iter().map(move |f| format!("{}/{}", act.name, f.name))).collect();
    let marks = match raw.marks {
        None => declared,
        Some(marks) => {
            for mark in marks.iter().filter(|mark| !declared.contains(&mark.value)) {
                c.unknown("fault", mark, declared.iter().map(String::as_str));
            }
            marks.into_iter().map(|mark| mark.value).collect()
        }
    };
    let oracles = oracles(c, raw.verdict, raw.oracle);
    let culprits = raw.culprits.map(|nodes| nodes.iter().map(|node| c.node(node.value, &node.span)).collect());
    let (messages_max, virtual_ms_max) = (raw.messages_max, raw.virtual_ms_max);
    let calls = raw.calls.into_iter().map(|(call, count)| (self::call(c, &call, &count), count.value)).collect();
    Expect { verdict: raw.verdict, oracles, marks, culprits, messages_max, virtual_ms_max, calls }
}
