//! ReCaps (EIP-5573): what somebody who signs in hands on, and to whom.
//!
//! A ReCap is a URI, `urn:recap:` and the base64url of a JSON object, in the last resource of an EIP-4361 text; the
//! text's statement says the same to the person who signs. Whoever holds the key that the text's URI names may then do
//! what the ReCap lists, and no more: what it does not name, or names with a restriction, it does not hand on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use thiserror::Error;

/// What every ReCap URI begins with.
pub const SCHEME: &str = "urn:recap:";
/// The longest ReCap URI that is looked at, bytes.
pub const URI_BYTES_MAX: usize = 16 * 1024;
/// How the statement of every ReCap begins.
const PREAMBLE: &str = "I further authorize the stated URI to perform the following actions on my behalf:";
/// What stands for all resources of a kind.
const WILDCARD: &str = "*";

/// A kind of resource that the network guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// What is encrypted to access-control conditions; named by their hash.
    Conditions,
    /// A key; named by its token.
    Pkp,
    /// An action; named by its CID.
    Action,
}

impl ResourceKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Conditions, Self::Pkp, Self::Action];

    /// What stands before `://` in a resource's URI.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Conditions => "lit-accesscontrolcondition",
            Self::Pkp => "lit-pkp",
            Self::Action => "lit-litaction",
        }
    }

    /// The kind of this prefix.
    pub fn from_prefix(prefix: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.prefix() == prefix)
    }
}

/// Something that the network guards, or all of a kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    kind: ResourceKind,
    /// `*` stands for all.
    id: String,
}

impl Resource {
    /// The resource of this kind and name.
    ///
    /// # Errors
    /// If the name cannot be part of a URI.
    pub fn new(kind: ResourceKind, id: impl Into<String>) -> Result<Self, RecapError> {
        let id = id.into();
        let fits = !id.is_empty() && is_uri_text(&id);
        if fits { Ok(Self { kind, id }) } else { Err(RecapError::Resource(super::siwe::cut(&id))) }
    }

    /// All resources of a kind.
    pub fn all(kind: ResourceKind) -> Self {
        Self { kind, id: WILDCARD.to_owned() }
    }

    /// The kind.
    pub fn kind(&self) -> ResourceKind {
        self.kind
    }

    /// The name, `*` for all.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether `other` is this resource, or this stands for all of its kind.
    pub fn covers(&self, other: &Self) -> bool {
        self.kind == other.kind && (self.id == WILDCARD || self.id == other.id)
    }

    /// The resource that a URI names; `None` if it is of no kind that is known here.
    fn from_uri(uri: &str) -> Option<Self> {
        let (prefix, id) = uri.split_once("://")?;
        Self::new(ResourceKind::from_prefix(prefix)?, id).ok()
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.kind.prefix(), self.id)
    }
}

/// What may be done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ability {
    /// Have it sign.
    Signing,
    /// Have it decrypted.
    Decryption,
    /// Have it run.
    Execution,
}

impl Ability {
    /// All abilities.
    pub const ALL: [Self; 3] = [Self::Signing, Self::Decryption, Self::Execution];

    /// The ability string in a ReCap: its namespace and its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signing => "Threshold/Signing",
            Self::Decryption => "Threshold/Decryption",
            Self::Execution => "Threshold/Execution",
        }
    }
}

impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why something is no ReCap, or does not hang together with the text that it is in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RecapError {
    /// The last resource of the text is none.
    #[error("the last resource of the signed text is no ReCap")]
    Missing,
    /// There is one before the last resource.
    #[error("the signed text has more than one ReCap")]
    Several,
    /// The URI is too long.
    #[error("a ReCap of {0} bytes: at most {URI_BYTES_MAX} are accepted")]
    TooLong(usize),
    /// It is not base64url without padding.
    #[error("what follows {SCHEME} is not base64url without padding")]
    Base64,
    /// It is no such JSON.
    #[error("expected {{att: {{resource: {{ability: [restrictions]}}}}, prf: []}}: {0}")]
    Json(String),
    /// It is such JSON, but not in the one form that it has: sorted, nothing twice, no spaces.
    #[error("the ReCap's JSON is not in canonical form")]
    NotCanonical,
    /// It hands on nothing.
    #[error("the ReCap names no resource, or a resource without an ability")]
    Empty,
    /// The name of a resource is no URI, or has characters that could mislead who reads the statement.
    #[error("{0:?} cannot name a resource")]
    Resource(String),
    /// The name of an ability is not `namespace/name`.
    #[error("{0:?} cannot name an ability")]
    Ability(String),
    /// The statement does not end with what the ReCap says.
    #[error("the statement does not end with what the ReCap says: {expected:?}")]
    Statement {
        /// How it has to end.
        expected: String,
    },
}

/// Abilities with what restricts each; an empty object restricts nothing, an empty list leaves nothing.
type Abilities = BTreeMap<String, Vec<Value>>;

/// What is handed on. Names that mean nothing here are kept, and match nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recap {
    by_resource: BTreeMap<String, Abilities>,
    proofs: Vec<String>,
}

/// The JSON form, its members in their order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    att: BTreeMap<String, Abilities>,
    prf: Vec<String>,
}

impl Recap {
    /// Hands one ability over one resource on, without restrictions.
    #[must_use]
    pub fn with(mut self, resource: &Resource, ability: Ability) -> Self {
        let unrestricted = vec![Value::Object(serde_json::Map::new())];
        self.by_resource.entry(resource.to_string()).or_default().insert(ability.name().to_owned(), unrestricted);
        self
    }

    /// Whether this hands on the ability over the resource. A restriction that is not understood cannot be kept, so
    /// what has one is not handed on.
    pub fn covers(&self, resource: &Resource, ability: Ability) -> bool {
        self.by_resource.iter().any(|(uri, abilities)| {
            Resource::from_uri(uri).is_some_and(|named| named.covers(resource))
                && abilities.get(ability.name()).is_some_and(|restrictions| restrictions.iter().any(is_unrestricted))
        })
    }

    /// The URI.
    pub fn uri(&self) -> String {
        let written = Written { att: self.by_resource.clone(), prf: self.proofs.clone() };
        let json = serde_json::to_string(&written).expect("text keys and JSON values have a text form");
        format!("{SCHEME}{}", URL_SAFE_NO_PAD.encode(json))
    }

    /// Reads a URI.
    ///
    /// # Errors
    /// If it is none, or not in the one form that [`Recap::uri`] gives it.
    pub fn parse(uri: &str) -> Result<Self, RecapError> {
        if uri.len() > URI_BYTES_MAX {
            return Err(RecapError::TooLong(uri.len()));
        }
        let text = uri.strip_prefix(SCHEME).ok_or(RecapError::Missing)?;
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| RecapError::Base64)?;
        let mut written: Written = serde_json::from_slice(&json).map_err(|e| RecapError::Json(e.to_string()))?;
        written.att.values_mut().flat_map(Abilities::values_mut).flatten().for_each(Value::sort_all_objects);
        let recap = Self { by_resource: written.att, proofs: written.prf };
        recap.check_names()?;
        // Maps keep one of two equal members, in their own order: only what had none of that reads back the same.
        if recap.uri() == uri { Ok(recap) } else { Err(RecapError::NotCanonical) }
    }

    /// The ReCap among a text's resources, which is the last.
    ///
    /// # Errors
    /// If the last resource is none, or another one is, too.
    pub fn of_resources<'a>(resources: impl IntoIterator<Item = &'a str>) -> Result<Self, RecapError> {
        let resources: Vec<&str> = resources.into_iter().collect();
        let (last, others) = resources.split_last().ok_or(RecapError::Missing)?;
        if others.iter().any(|other| other.starts_with(SCHEME)) {
            return Err(RecapError::Several);
        }
        Self::parse(last)
    }

    /// What the ReCap says, as EIP-5573 words it for the person who signs.
    pub fn statement(&self) -> String {
        let mut text = PREAMBLE.to_owned();
        let mut number = 0;
        for (resource, abilities) in &self.by_resource {
            let mut by_namespace: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
            for (namespace, name) in abilities.keys().filter_map(|ability| ability.split_once('/')) {
                by_namespace.entry(namespace).or_default().insert(name);
            }
            for (namespace, names) in by_namespace {
                number += 1;
                let names: Vec<String> = names.into_iter().map(|name| format!("'{name}'")).collect();
                text.push_str(&format!(" ({number}) '{namespace}': {} for '{resource}'.", names.join(", ")));
            }
        }
        text
    }

    /// The statement of a text that says `before` in addition.
    pub fn statement_after(&self, before: Option<&str>) -> String {
        match before {
            Some(before) => format!("{before} {}", self.statement()),
            None => self.statement(),
        }
    }

    /// Whether a text's statement tells the person who signs what the ReCap says.
    ///
    /// # Errors
    /// If it does not end with that.
    pub fn check_statement(&self, statement: Option<&str>) -> Result<(), RecapError> {
        let expected = self.statement();
        let before = statement.and_then(|statement| statement.strip_suffix(&expected));
        match before {
            Some(before) if before.is_empty() || before.ends_with(' ') => Ok(()),
            _ => Err(RecapError::Statement { expected }),
        }
    }

    fn check_names(&self) -> Result<(), RecapError> {
        if self.by_resource.is_empty() || self.by_resource.values().any(BTreeMap::is_empty) {
            return Err(RecapError::Empty);
        }
        for (resource, abilities) in &self.by_resource {
            let is_uri = resource.split_once(':').is_some_and(|(scheme, _)| !scheme.is_empty());
            if !is_uri || !is_uri_text(resource) {
                return Err(RecapError::Resource(super::siwe::cut(resource)));
            }
            if let Some(odd) = abilities.keys().find(|ability| !is_ability(ability)) {
                return Err(RecapError::Ability(super::siwe::cut(odd)));
            }
            if abilities.values().flatten().any(|restriction| !restriction.is_object()) {
                return Err(RecapError::Json("a restriction is no object".to_owned()));
            }
        }
        Ok(())
    }
}

fn is_unrestricted(restriction: &Value) -> bool {
    restriction.as_object().is_some_and(serde_json::Map::is_empty)
}

/// The characters of RFC 3986 but for the apostrophe, which ends a name in a statement.
fn is_uri_text(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&()*+,;=%".contains(&b))
}

/// `namespace/name`, of letters, digits and a few signs.
fn is_ability(text: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-*".contains(&b));
    text.split_once('/').is_some_and(|(namespace, name)| is_part(namespace) && is_part(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn resource(kind: ResourceKind, id: &str) -> Resource {
        Resource::new(kind, id).expect("a name")
    }

    fn one() -> Recap {
        Recap::default().with(&resource(ResourceKind::Pkp, "7"), Ability::Signing)
    }

    fn encoded(json: &str) -> String {
        format!("{SCHEME}{}", URL_SAFE_NO_PAD.encode(json))
    }

    fn refused(json: &str) -> RecapError {
        Recap::parse(&encoded(json)).expect_err("refused")
    }

    #[test]
    fn the_examples_of_eip_5573_read_and_say_what_it_says() {
        let uri = "urn:recap:eyJhdHQiOnsiaHR0cHM6Ly9leGFtcGxlLmNvbSI6eyJleGFtcGxlL2FwcGVuZCI6W10sImV4YW1wbGUvcmVhZCI6W10sIm90aGVyL2FjdGlvbiI6W119LCJteTpyZXNvdXJjZTp1cmkuMSI6eyJleGFtcGxlL2FwcGVuZCI6W10sImV4YW1wbGUvZGVsZXRlIjpbXX0sIm15OnJlc291cmNlOnVyaS4yIjp7ImV4YW1wbGUvYXBwZW5kIjpbXX0sIm15OnJlc291cmNlOnVyaS4zIjp7ImV4YW1wbGUvYXBwZW5kIjpbXX19LCJwcmYiOltdfQ";
        let said = "I further authorize the stated URI to perform the following actions on my behalf: (1) 'example': 'append', 'read' for 'https://example.com'. (2) 'other': 'action' for 'https://example.com'. (3) 'example': 'append', 'delete' for 'my:resource:uri.1'. (4) 'example': 'append' for 'my:resource:uri.2'. (5) 'example': 'append' for 'my:resource:uri.3'.";
        let recap = Recap::parse(uri).expect("the EIP's own");
        assert_eq!(recap.statement(), said);
        assert_eq!(recap.uri(), uri);
        let uri = "urn:recap:eyJhdHQiOnsiaHR0cHM6Ly9leGFtcGxlLmNvbS9waWN0dXJlcy8iOnsiY3J1ZC9kZWxldGUiOlt7fV0sImNydWQvdXBkYXRlIjpbe31dLCJvdGhlci9hY3Rpb24iOlt7fV19LCJtYWlsdG86dXNlcm5hbWVAZXhhbXBsZS5jb20iOnsibXNnL3JlY2VpdmUiOlt7Im1heF9jb3VudCI6NSwidGVtcGxhdGVzIjpbIm5ld3NsZXR0ZXIiLCJtYXJrZXRpbmciXX1dLCJtc2cvc2VuZCI6W3sidG8iOiJzb21lb25lQGVtYWlsLmNvbSJ9LHsidG8iOiJqb2VAZW1haWwuY29tIn1dfX0sInByZiI6WyJ6ZGo3V2o2Rk5TNHJVVWJzaUp2amp4Y3NOcVpkRENTaVlSOHNLUVhmb1BmcFNadUF3Il19";
        let said = "I further authorize the stated URI to perform the following actions on my behalf: (1) 'crud': 'delete', 'update' for 'https://example.com/pictures/'. (2) 'other': 'action' for 'https://example.com/pictures/'. (3) 'msg': 'receive', 'send' for 'mailto:username@example.com'.";
        assert_eq!(Recap::parse(uri).expect("the EIP's own").statement(), said);
    }

    #[test]
    fn what_is_handed_on_is_in_the_uri_and_in_the_statement() {
        let recap = one().with(&Resource::all(ResourceKind::Action), Ability::Execution);
        let json = r#"{"att":{"lit-litaction://*":{"Threshold/Execution":[{}]},"lit-pkp://7":{"Threshold/Signing":[{}]}},"prf":[]}"#;
        assert_eq!(recap.uri(), encoded(json));
        assert_eq!(Recap::parse(&recap.uri()), Ok(recap.clone()));
        let said = "Hello. I further authorize the stated URI to perform the following actions on my behalf: \
                    (1) 'Threshold': 'Execution' for 'lit-litaction://*'. (2) 'Threshold': 'Signing' for 'lit-pkp://7'.";
        assert_eq!(recap.statement_after(Some("Hello.")), said);
    }

    #[test]
    fn a_capability_covers_its_resource_and_ability_and_nothing_else() {
        let (mine, other) = (resource(ResourceKind::Pkp, "7"), resource(ResourceKind::Pkp, "77"));
        assert!(one().covers(&mine, Ability::Signing));
        assert!(!one().covers(&other, Ability::Signing));
        assert!(!one().covers(&mine, Ability::Execution));
        assert!(!one().covers(&resource(ResourceKind::Action, "7"), Ability::Signing));
        assert!(!one().covers(&Resource::all(ResourceKind::Pkp), Ability::Signing), "one is not all");
    }

    #[test]
    fn a_wildcard_covers_every_resource_of_its_kind_only() {
        let recap = Recap::default().with(&Resource::all(ResourceKind::Pkp), Ability::Signing);
        assert!(recap.covers(&resource(ResourceKind::Pkp, "7"), Ability::Signing));
        assert!(recap.covers(&Resource::all(ResourceKind::Pkp), Ability::Signing));
        assert!(!recap.covers(&resource(ResourceKind::Conditions, "7"), Ability::Signing));
        assert!(!recap.covers(&resource(ResourceKind::Pkp, "7"), Ability::Decryption));
    }

    #[test]
    fn unknown_names_and_restrictions_are_kept_and_cover_nothing() {
        let json = r#"{"att":{"lit-pkp://*":{"*/*":[{}],"Threshold/Signing":[{"max":1}]},"lit-pkp://8":{"Threshold/Signing":[]},"lit-rli://7":{"Threshold/Signing":[{}]}},"prf":["bafy"]}"#;
        let recap = Recap::parse(&encoded(json)).expect("well formed");
        for kind in ResourceKind::ALL {
            for (id, ability) in ["7", "8"].iter().flat_map(|id| Ability::ALL.map(|ability| (id, ability))) {
                assert!(!recap.covers(&resource(kind, id), ability), "{kind:?} {id} {ability}");
            }
        }
        assert_eq!(recap.uri(), encoded(json));
        // One of several restrictions may apply: it is enough that one restricts nothing.
        let json = r#"{"att":{"lit-pkp://7":{"Threshold/Signing":[{"max":1},{}]}},"prf":[]}"#;
        let either = Recap::parse(&encoded(json)).expect("well formed");
        assert!(either.covers(&resource(ResourceKind::Pkp, "7"), Ability::Signing));
    }

    #[test]
    fn a_recap_has_one_form() {
        let good = r#"{"att":{"a:x":{"a/b":[{"k":1,"l":2}],"a/c":[{}]},"a:y":{"a/b":[{}]}},"prf":[]}"#;
        assert!(Recap::parse(&encoded(good)).is_ok());
        for other in [
            r#"{"att":{"a:y":{"a/b":[{}]},"a:x":{"a/b":[{"k":1,"l":2}],"a/c":[{}]}},"prf":[]}"#,
            r#"{"att":{"a:x":{"a/c":[{}],"a/b":[{"k":1,"l":2}]},"a:y":{"a/b":[{}]}},"prf":[]}"#,
            r#"{"att":{"a:x":{"a/b":[{"l":2,"k":1}],"a/c":[{}]},"a:y":{"a/b":[{}]}},"prf":[]}"#,
            r#"{"prf":[],"att":{"a:y":{"a/b":[{}]}}}"#,
            r#"{"att": {"a:y":{"a/b":[{}]}},"prf":[]}"#,
            r#"{"att":{"a:\u0079":{"a/b":[{}]}},"prf":[]}"#,
            // Twice the same member: the resource, the ability, a restriction's.
            r#"{"att":{"a:y":{"a/c":[{}]},"a:y":{"a/b":[{}]}},"prf":[]}"#,
            r#"{"att":{"a:y":{"a/b":[],"a/b":[{}]}},"prf":[]}"#,
            r#"{"att":{"a:y":{"a/b":[{"k":1,"k":2}]}},"prf":[]}"#,
        ] {
            assert_eq!(refused(other), RecapError::NotCanonical, "{other}");
        }
    }

    #[test]
    fn what_is_no_recap_is_refused_with_what_is_wrong() {
        assert_eq!(Recap::parse("urn:other:e30"), Err(RecapError::Missing));
        let padded = encoded(r#"{"att":{"a:y":{"a/b":[{}]}},"prf":["xx"]}"#);
        assert!(Recap::parse(&padded).is_ok());
        assert_eq!(Recap::parse(&format!("{padded}=")), Err(RecapError::Base64));
        assert_eq!(Recap::parse(&padded.replace('y', "+")), Err(RecapError::Base64));
        let long = format!("{SCHEME}{}", "A".repeat(URI_BYTES_MAX));
        assert_eq!(Recap::parse(&long), Err(RecapError::TooLong(long.len())));
        for json in [
            "",
            "[]",
            r#"{"att":{}}"#,
            r#"{"prf":[]}"#,
            r#"{"att":{"a:y":{"a/b":[{}]}},"prf":[],"more":1}"#,
            r#"{"att":{"a:y":{"a/b":[1]}},"prf":[]}"#,
            r#"{"att":{"a:y":{"a/b":{}}},"prf":[]}"#,
            r#"{"att":{"a:y":{"a/b":[{}]}},"prf":[7]}"#,
            r#"{"att":{"a:y":{"a/b":[{}]}},"att":{"a:y":{"a/b":[{}]}},"prf":[]}"#,
        ] {
            assert!(matches!(refused(json), RecapError::Json(_)), "{json}");
        }
        assert_eq!(refused(r#"{"att":{},"prf":[]}"#), RecapError::Empty);
        assert_eq!(refused(r#"{"att":{"a:y":{}},"prf":[]}"#), RecapError::Empty);
        for name in ["no-uri", ":x", "a:x y", "a:x'. (2) 'b", "a:é"] {
            let json = format!(r#"{{"att":{{"{name}":{{"a/b":[{{}}]}}}},"prf":[]}}"#);
            assert_eq!(refused(&json), RecapError::Resource(name.into()));
        }
        for name in ["ab", "/b", "a/", "a/b/c", "a/b'", "a b/c"] {
            let json = format!(r#"{{"att":{{"a:y":{{"{name}":[{{}}]}}}},"prf":[]}}"#);
            assert_eq!(refused(&json), RecapError::Ability(name.into()));
        }
    }

    #[test]
    fn a_resources_name_must_fit_into_a_uri() {
        for id in ["", "a b", "it's", "é", "a\nb"] {
            assert_eq!(Resource::new(ResourceKind::Pkp, id), Err(RecapError::Resource(id.into())));
        }
    }

    #[test]
    fn the_recap_is_the_last_resource_and_the_only_one() {
        let (first, second) = (one().uri(), "https://example.com");
        assert_eq!(Recap::of_resources([second, &first]), Ok(one()));
        assert_eq!(Recap::of_resources([&first, second]), Err(RecapError::Several));
        assert_eq!(Recap::of_resources([second, second]), Err(RecapError::Missing));
        assert_eq!(Recap::of_resources([first.as_str(), &first]), Err(RecapError::Several));
        assert_eq!(Recap::of_resources([]), Err(RecapError::Missing));
    }

    #[test]
    fn a_statement_must_end_with_what_the_recap_says() {
        let said = one().statement();
        assert_eq!(one().check_statement(Some(&said)), Ok(()));
        assert_eq!(one().check_statement(Some(&one().statement_after(Some("Let me in.")))), Ok(()));
        let wrong = Err(RecapError::Statement { expected: said.clone() });
        assert_eq!(one().check_statement(None), wrong);
        assert_eq!(one().check_statement(Some("Let me in.")), wrong);
        assert_eq!(one().check_statement(Some(&format!("{said} Or not."))), wrong);
        assert_eq!(one().check_statement(Some(&format!("Would{said}"))), wrong);
        let more = one().with(&Resource::all(ResourceKind::Pkp), Ability::Signing);
        assert!(more.check_statement(Some(&said)).is_err(), "it hands on more than it says");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>, json in r#"[{}\[\]",:a-c/ ]{0,60}"#) {
            let _ = Recap::parse(&String::from_utf8_lossy(&bytes));
            let _ = Recap::parse(&format!("{SCHEME}{}", URL_SAFE_NO_PAD.encode(&bytes)));
            let _ = Recap::parse(&encoded(&json));
        }

        #[test]
        fn whatever_reads_is_in_the_form_that_is_written(at in 0usize..200, to: u8) {
            let recap = one().with(&Resource::all(ResourceKind::Action), Ability::Execution);
            let mut json = URL_SAFE_NO_PAD.decode(&recap.uri()[SCHEME.len()..]).expect("base64");
            let at = at % json.len();
            json[at] = to;
            let uri = format!("{SCHEME}{}", URL_SAFE_NO_PAD.encode(&json));
            if let Ok(read) = Recap::parse(&uri) {
                prop_assert_eq!(read.uri(), uri);
            }
        }
    }
}
