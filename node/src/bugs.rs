//! Planted bugs: known mistakes, each of which can be switched on to prove that a test environment finds it.
//!
//! Where the right code is, one condition asks [`planted`]. Without the feature `planted-bugs` that is a constant
//! `false`, and the wrong branch is not compiled. With it, a bug is on while a [`plant`] guard of a set that names it
//! is alive: [`crate::node::Node`] holds one from its own [`Config`](crate::node::Config) during each call, so no call
//! sees the set of another, and nothing is left behind.
//!
//! A mistake of a contract is planted by deploying another contract, made from the right one by the one change that
//! `contracts/wrong/mistakes.json` has beside it; the nodes' code stays right.

use std::fmt;

/// Writes the enum, the list of all bugs and their names from one table, so that they cannot drift apart.
macro_rules! bugs {
    ($($(#[doc = $doc:literal])+ $bug:ident = $name:literal,)+) => {
        /// A known mistake.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Bug {
            $($(#[doc = $doc])+ $bug,)+
        }

        impl Bug {
            /// Every bug.
            pub const ALL: &'static [Self] = &[$(Self::$bug,)+];

            /// The name, as scenarios write it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$bug => $name,)+
                }
            }

            /// What the mistake is, and where it is known from.
            pub const fn description(self) -> &'static str {
                match self {
                    $(Self::$bug => concat!($($doc,)+),)+
                }
            }
        }
    };
}

bugs! {
    /// A commit to the store is not synced, so what was said can be forgotten at a power cut (the write-behind cache
    /// of many databases' "relaxed" durability; Pillai et al., OSDI 2014).
    MissingSync = "missing-sync",
    /// The key slot is overwritten in place without a second copy, so a torn write loses all keys of the store (the
    /// torn-page problem of databases without a double-write buffer).
    SingleCopySlot = "single-copy-slot",
    /// A restarted node that finds no record of a key generation deals again, so it signs two dealings for one slot
    /// (equivocation by rollback).
    RedealAfterRestart = "redeal-after-restart",
    /// Announcements do not name the boot that made them, so a restarted node signs two for one place.
    AnnouncementWithoutBoot = "announcement-without-boot",
    /// FROST nonces are derived from session and digest alone, so the next attempt uses them again (deterministic
    /// nonces as of RFC 6979, which RFC 9591 section 7.3 forbids for threshold signatures).
    DeterministicNonce = "deterministic-nonce",
    /// A presignature stays in the pool after it was used (ECDSA presignatures used twice reveal the key: Groth and
    /// Shoup 2021/1330).
    PresignatureTwice = "presignature-twice",
    /// The nonce of a presignature is used as it is, without the factor that depends on key, message, holders and fresh
    /// bytes, so that whoever knows the nonce points may choose the message by them (Groth and Shoup 2021/1330).
    DeltaMissing = "delta-missing",
    /// The bytes that an announcement contributes are the key share instead of fresh randomness (a secret in a
    /// statement).
    ShareInAnnouncement = "share-in-announcement",
    /// A recipient does not compare its share with the commitments (missing verification of Feldman's scheme:
    /// Gennaro, Jarecki, Krawczyk, Rabin 1999).
    UncheckedShare = "unchecked-share",
    /// A dealing is acknowledged as soon as it is held, whatever it says.
    AckWithoutLooking = "ack-without-looking",
    /// Proofs of knowledge are not bound to the session, so those of an earlier key generation pass again (the weak
    /// Fiat-Shamir transform: Bernhard, Pereira, Warinschi 2012).
    NoSessionBinding = "no-session-binding",
    /// The proof of knowledge of a dealing's ephemeral key is not checked, so that a dealer may take another one's: what a
    /// complaint then reveals opens a share of an honest dealer.
    EphemeralUnproven = "ephemeral-unproven",
    /// A dealer posts its certificate one acknowledgement too early (quorum off by one).
    CertificateOneShort = "certificate-one-short",
    /// Keys are generated for floor(2n/3) shares instead of the threshold on chain (the rounding that lets two of
    /// four nodes sign).
    FloorQuorum = "floor-quorum",
    /// A missing dealing is asked of its dealer only, which may be down for ever.
    FetchFromDealerOnly = "fetch-from-dealer-only",
    /// Whoever holds some dealing of a dealer does not ask for the one that is certified: what came first wins, and a
    /// dealer that deals twice keeps members from the key.
    FirstDealingWins = "first-dealing-wins",
    /// A complaint is believed without looking at its evidence, so anybody can have an honest dealer left out.
    ComplaintOnWord = "complaint-on-word",
    /// Of a justified complaint the accuser is named as the culprit instead of the dealer.
    AccuserBlamed = "accuser-blamed",
    /// A dealing counts for the name that is written in it and not for the peer of the channel that it came over.
    PayloadSender = "payload-sender",
    /// A coordinator waits for the announcements of all nodes instead of a threshold.
    CoordinatorWaitsForAll = "coordinator-waits-for-all",
    /// A peer that lets a deadline pass is named as a culprit, though silence proves nothing.
    TimeoutAsProof = "timeout-as-proof",
    /// Evidence is judged by the public key that it brings, without asking the chain for that key, so that anybody can have
    /// an honest node convicted by shares of a key that nobody holds.
    EvidenceWithOwnKeys = "evidence-with-own-keys",
    /// Whose signature share was wrong is not said: the attempt is given up as if a holder had been silent.
    LiarUnnamed = "liar-unnamed",
    /// A holder takes what shares combine to for a signature without verifying it, and so never looks for the liar.
    UnverifiedCombination = "unverified-combination",
    /// Nonces are copied, not taken, so a coordinator that proposes twice gets two shares for one nonce (the attack
    /// that section 7.3 of RFC 9591 warns of).
    NonceForEveryProposal = "nonce-for-every-proposal",
    /// A permission is read once and believed for ever, so a former owner still signs.
    PermissionCached = "permission-cached",
    /// A permission check that could not be made counts as passed (fail open).
    FailOpen = "fail-open",
    /// The caller is whom the request names, and not who signed the authentication signature.
    CallerByWord = "caller-by-word",
    /// An expired authentication signature is accepted.
    ExpiryUnchecked = "expiry-unchecked",
    /// The expiry of an authentication signature is judged by the time that its own text says it was issued at.
    ClockFromClient = "clock-from-client",
    /// Code that a gateway served runs without being compared with the CID that was asked for.
    UnverifiedCid = "unverified-cid",
    /// An action that another one called signs under the permission of the one that the client asked for, so that whoever is
    /// called may use its caller's keys.
    ParentPermission = "parent-permission",
    /// A node whose turn has come leads an operation without having been granted it, so that something that must be done
    /// once is done by every node that does not hear of the others in time (a lease without a quorum).
    LeaderUngranted = "leader-ungranted",
    /// To whom an operation is granted is not written down, so that a restarted node grants it again (a vote that is given
    /// twice: Paxos' acceptors must remember theirs, Lamport 1998).
    GrantUnwritten = "grant-unwritten",
    /// Whoever has granted an operation and hears nothing of it for a turn takes its leader for dead and grants it to the
    /// next, so that what a slow leader is doing, or a dead one has done, is done again (a lock that expires while its holder
    /// works, without anything that fences the holder off: Kleppmann, "How to do distributed locking", 2016).
    FailoverAfterGrant = "failover-after-grant",
    /// An action may fetch as often as it likes, so that one request makes each node flood a web server.
    FetchesUnlimited = "fetches-unlimited",
    /// An action may have as many signatures as it likes, so that one request uses up the presignatures of all.
    SignsUnlimited = "signs-unlimited",
    /// An action may call others as often as it likes, each of which takes a context of its own.
    CallsUnlimited = "calls-unlimited",
    /// An action may print as much as it likes, which nodes keep for whoever asks again.
    LogsUnlimited = "logs-unlimited",
    /// A client's parameters may replace the globals that an action relies on, so that whoever asks tells the action who
    /// asks.
    ParamsOverwrite = "params-overwrite",
    /// The answer to a fetch is kept and given to whoever fetches the same URL later, at any node: what each node should
    /// have seen for itself is what one was told.
    FetchShared = "fetch-shared",
    /// `Math.random` is seeded by the request alone, so all nodes draw the same and whoever asks knows what.
    RandomAlike = "random-alike",
    /// The queue of messages for a peer that does not answer grows without bound.
    UnboundedQueue = "unbounded-queue",
    /// A message is sent once and never again, as if links lost nothing.
    NoRetransmission = "no-retransmission",
    /// A frame that does not authenticate ends the session with the node whose link it claims to come from (denial of
    /// service by anybody: the TCP reset attack).
    GarbageEndsSession = "garbage-ends-session",
    /// The length of a frame is not checked before its first byte is read.
    UncheckedLength = "unchecked-length",
    /// A client waits for the answers of all nodes instead of a threshold.
    ClientWaitsForAll = "client-waits-for-all",
    /// A client waits for the handshakes of all nodes instead of a threshold.
    HandshakeWaitsForAll = "handshake-waits-for-all",
    /// A client takes what shares combine to for a signature without verifying it.
    ClientUnverified = "client-unverified",
    /// A holder uses triples as soon as it has sealed them itself, so that another one may still open its seed, and with
    /// it the share of the key that a presignature hides behind the triple.
    UnsealedTriples = "unsealed-triples",
    /// A holder that has sealed a batch opens its seed when somebody gives up, though others may use the triples.
    OpenAfterSeal = "open-after-seal",
    /// The second triple of a presignature stays in stock, and the next presignature takes it again: the difference of
    /// what is opened is a difference of secrets (the reuse of one-time correlated randomness).
    TripleTwice = "triple-twice",
    /// The consistency check of the oblivious-transfer extension is left out, so that a receiver learns the sender's
    /// inputs bit by bit (the attack on Ishai, Kilian, Nissim, Petrank 2003 that Keller, Orsini, Scholl 2015/546 prevents).
    ExtensionUnchecked = "extension-unchecked",
    /// An abort is believed: whoever it accuses is named without anything being replayed.
    AbortOnWord = "abort-on-word",
    /// A client combines shares of a decryption key without checking them, so that one liar spoils every decryption
    /// (robustness is what verifying each share is for: Boldyreva 2003, section 3).
    CombineUnfiltered = "combine-unfiltered",
    /// When a batch of shares does not pass, everybody in it is named, without a look at each share.
    BatchBlamed = "batch-blamed",
    /// Shares are checked by their plain sum, without random coefficients, so that two liars whose errors cancel out pass
    /// (the attack that Bellare, Garay, Rabin 1998 begin with).
    BatchUnweighted = "batch-unweighted",
    /// A node gives out shares of decryption keys without evaluating the conditions.
    ConditionsUnchecked = "conditions-unchecked",
    /// The identity to which something is encrypted names the plaintext and not the conditions, so that whoever shows
    /// conditions of his own, which let him in, is given the decryption key.
    IdentityWithoutConditions = "identity-without-conditions",
    /// The identity of what an action decrypts is the one that its ciphertext names, and not that of the conditions that were
    /// evaluated, so that whoever shows conditions of his own, which let him in, is given the key to somebody else's text.
    IdentityFromClient = "identity-from-client",
    /// A session's signature is accepted whichever node it is for, so that a node that was sent one uses it at all others
    /// (the replay that naming the node is to prevent).
    SessionNodeUnchecked = "session-node-unchecked",
    /// A session is accepted after it has expired, as long as what it was handed has not.
    SessionExpiryUnchecked = "session-expiry-unchecked",
    /// An ID token counts as one for us whatever it was issued for, so that any application that a user signs in to has the
    /// user's keys (OpenID Connect Core 1.0, section 3.1.3.7, item 3; the confused deputy of many logins with OAuth).
    AudienceUnchecked = "audience-unchecked",
    /// A passkey's assertion is accepted whatever challenge it answers, so that one that was seen once is good for ever
    /// (WebAuthn Level 2, section 13.4.3).
    ChallengeUnbound = "challenge-unbound",
    /// The nonce of an ID token is not compared with the request, so that whoever has seen a token uses it for requests of
    /// his own (OpenID Connect Core 1.0, section 3.1.3.7, item 11).
    NonceUnbound = "nonce-unbound",
    /// Permissions are read some blocks back, where reorganisations do not reach, so that what was taken back counts on.
    PermissionAtStaleBlock = "permission-at-stale-block",
    /// An auth method that is permitted may have anything signed, whatever its scopes.
    ScopeIgnored = "scope-ignored",
    /// A burned PKP has no owner, and that counts as a failure to read the owner, so that the action for which it was burned
    /// cannot sign with it (what happens when the revert of `ownerOf` is passed on).
    BurnedKeyRefused = "burned-key-refused",
    /// Keys that have been minted count as ready to be minted, so that the pool of keys is filled once and never again.
    PoolCountsMinted = "pool-counts-minted",
    /// Keys count as minted as soon as they are routed, so that each key that is made has another one made.
    PoolUnbounded = "pool-unbounded",
    /// A node that is told of a new generation of the network keeps what it has stored of the former one, shares of keys
    /// among it.
    ResetKeepsKeys = "reset-keeps-keys",
    /// The contract that routes keys counts a validator's vote as often as it is sent, so that one validator routes
    /// keys that nobody generated (the real network counted repeats of one signature). Another contract is deployed.
    RepeatedVotes = "repeated-votes",
    /// In the first epoch one vote is enough to route a key, whatever the threshold (in the first epoch of the real
    /// network one vote kicked a validator). Another contract is deployed.
    GenesisVote = "genesis-vote",
    /// An auth method that is withdrawn keeps its scopes, and has them again when it is permitted anew with fewer.
    /// Another contract is deployed.
    ScopesRevived = "scopes-revived",
    /// A dealer waits for the acknowledgements of all members before it posts its certificate, so that one dead member
    /// ends every key generation (in the real network each round waited for every peer).
    CertificateWaitsForAll = "certificate-waits-for-all",
}

impl Bug {
    /// The bug of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|bug| bug.name() == name)
    }
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of bugs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BugSet(u128);

const _: () = assert!(Bug::ALL.len() <= u128::BITS as usize);

impl BugSet {
    /// None.
    pub const NONE: Self = Self(0);

    /// The set with one more.
    #[must_use]
    pub const fn with(self, bug: Bug) -> Self {
        Self(self.0 | 1 << (bug as u32))
    }

    /// Whether a bug is in the set.
    pub const fn contains(self, bug: Bug) -> bool {
        self.0 & (1 << (bug as u32)) != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those in the set, in the order of [`Bug::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Bug> {
        Bug::ALL.iter().copied().filter(move |bug| self.contains(*bug))
    }
}

impl FromIterator<Bug> for BugSet {
    fn from_iter<I: IntoIterator<Item = Bug>>(bugs: I) -> Self {
        bugs.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(feature = "planted-bugs")]
mod switch {
    use super::{Bug, BugSet};
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<BugSet> = const { Cell::new(BugSet::NONE) };
    }

    /// Whether the code that runs has this bug.
    pub fn planted(bug: Bug) -> bool {
        PLANTED.with(|set| set.get().contains(bug))
    }

    /// The bugs of the code that runs on this thread, until the guard is dropped; those of an outer guard are off.
    pub fn plant(bugs: BugSet) -> Guard {
        Guard { outer: PLANTED.with(|set| set.replace(bugs)) }
    }

    /// Keeps bugs switched on.
    #[derive(Debug)]
    #[must_use = "the bugs are off again when the guard is dropped"]
    pub struct Guard {
        outer: BugSet,
    }

    impl Drop for Guard {
        fn drop(&mut self) {
            PLANTED.with(|set| set.set(self.outer));
        }
    }
}

#[cfg(not(feature = "planted-bugs"))]
mod switch {
    use super::{Bug, BugSet};

    /// Whether the code that runs has this bug: never, in this build.
    pub const fn planted(_: Bug) -> bool {
        false
    }

    /// Does nothing in this build.
    pub const fn plant(_: BugSet) -> Guard {
        Guard
    }

    /// Keeps bugs switched on, in a build that has them.
    #[derive(Debug)]
    #[must_use = "the bugs are off again when the guard is dropped"]
    pub struct Guard;
}

pub use switch::{Guard, plant, planted};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_kebab_case_and_reads_back_as_its_bug() {
        for bug in Bug::ALL {
            assert_eq!(Bug::from_name(bug.name()), Some(*bug));
            assert!(bug.name().chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{bug}");
            assert!(bug.description().trim().ends_with('.'), "{bug}");
        }
        assert_eq!(Bug::from_name("no-such-bug"), None);
    }

    #[test]
    fn a_set_holds_what_was_put_into_it() {
        let set: BugSet = [Bug::ClientUnverified, Bug::MissingSync].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Bug::MissingSync, Bug::ClientUnverified]);
        assert!(!set.contains(Bug::FloorQuorum) && BugSet::NONE.is_empty() && !set.is_empty());
    }

    #[cfg(feature = "planted-bugs")]
    #[test]
    fn a_bug_is_on_while_its_guard_lives_and_an_inner_guard_hides_the_outer_one() {
        assert!(!planted(Bug::FloorQuorum));
        let outer = plant(BugSet::NONE.with(Bug::FloorQuorum));
        assert!(planted(Bug::FloorQuorum) && !planted(Bug::MissingSync));
        drop(plant(BugSet::NONE));
        assert!(planted(Bug::FloorQuorum));
        let panicked = std::panic::catch_unwind(|| {
            let _inner = plant(BugSet::NONE.with(Bug::MissingSync));
            panic!("in the midst of a call");
        });
        assert!(panicked.is_err() && planted(Bug::FloorQuorum) && !planted(Bug::MissingSync));
        drop(outer);
        assert!(!planted(Bug::FloorQuorum));
    }
}
