//! Whether conditions are met: first what has to be read, then, with the answers, the decision.
//!
//! A condition that cannot be judged is neither met nor unmet. It decides nothing that other conditions decide without it,
//! and what depends on it lets nobody in.

use std::collections::BTreeMap;

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::{Address, U256};

use super::ast::{Expression, Kind, Leaf, Parameter, Program, TokenQuery};
use super::contract::{decode, encode};
use super::error::{ConditionError, ReadError};
use super::values::{Account, lower};
use super::{Asker, Conditions};
use crate::cid;

/// Something that has to be read before conditions can be judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Read {
    /// What a contract returns.
    Call {
        /// The chain, by name.
        chain: String,
        /// The contract.
        to: [u8; 20],
        /// ABI-encoded call.
        data: Vec<u8>,
    },
    /// What an account has.
    Balance {
        /// The chain, by name.
        chain: String,
        /// The account.
        account: [u8; 20],
    },
    /// The time of the newest block.
    Timestamp {
        /// The chain, by name.
        chain: String,
    },
    /// What a function of an action returns.
    Action {
        /// SHA-256 of the action's root block: what its CIDv0 says.
        digest: [u8; 32],
        /// The function.
        function: String,
        /// Its parameters.
        parameters: Vec<String>,
    },
}

impl Read {
    /// The chain that is read, by name; none if it is an action that has to run.
    pub fn chain(&self) -> Option<&str> {
        match self {
            Self::Call { chain, .. } | Self::Balance { chain, .. } | Self::Timestamp { chain } => Some(chain),
            Self::Action { .. } => None,
        }
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A call's return data.
    Returned(Vec<u8>),
    /// A balance in wei, or a time in seconds since the Unix epoch.
    Number(U256),
    /// What a function of an action returned, as text.
    Text(String),
}

/// What was read, or why it could not be.
pub type Answers = BTreeMap<Read, Result<Answer, ReadError>>;

/// What is known of conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Truth {
    Met,
    /// Not met: this one is not.
    Unmet(usize),
    /// It depends on this one, which has not been read.
    Open(usize),
    /// It depends on this one, which cannot be read.
    Failed(usize, ReadError),
}

impl Truth {
    /// Which of two says what conditions come to that must both be met.
    fn weight_in_all(&self) -> u8 {
        match self {
            Self::Unmet(_) => 3,
            Self::Open(_) => 2,
            Self::Failed(..) => 1,
            Self::Met => 0,
        }
    }

    /// Which of two says what conditions come to of which one must be met.
    fn weight_in_any(&self) -> u8 {
        match self {
            Self::Met => 3,
            Self::Open(_) => 2,
            Self::Failed(..) => 1,
            Self::Unmet(_) => 0,
        }
    }
}

/// Of several, the first that has most weight.
fn heaviest(truths: impl Iterator<Item = Truth>, weight: impl Fn(&Truth) -> u8, none: Truth) -> Truth {
    truths.reduce(|best, next| if weight(&next) > weight(&best) { next } else { best }).unwrap_or(none)
}

/// Who asks, what was read, and how many conditions have been looked at.
struct Judge<'a> {
    asker: &'a Asker,
    answers: &'a Answers,
    looked_at: usize,
}

impl Judge<'_> {
    fn truth(&mut self, expression: &Expression) -> Truth {
        match expression {
            Expression::Leaf(leaf) => {
                let at = self.looked_at;
                self.looked_at += 1;
                self.leaf(leaf, at)
            }
            Expression::All(parts) => {
                let truths: Vec<Truth> = parts.iter().map(|part| self.truth(part)).collect();
                heaviest(truths.into_iter(), Truth::weight_in_all, Truth::Met)
            }
            Expression::Any(parts) => {
                let truths: Vec<Truth> = parts.iter().map(|part| self.truth(part)).collect();
                heaviest(truths.into_iter(), Truth::weight_in_any, Truth::Met)
            }
        }
    }

    fn leaf(&self, leaf: &Leaf, at: usize) -> Truth {
        let is_met = match leaf.need(self.asker) {
            Need::Nothing(is_met) => Ok(is_met),
            Need::Read(read) => match self.answers.get(&read) {
                None => return Truth::Open(at),
                Some(Ok(answer)) => leaf.judge(answer, self.asker),
                Some(Err(reason)) => Err(reason.clone()),
            },
        };
        match is_met {
            Ok(true) => Truth::Met,
            Ok(false) => Truth::Unmet(at),
            Err(reason) => Truth::Failed(at, reason),
        }
    }

    /// What the parts that decide have to read.
    fn gather(&mut self, expression: &Expression, reads: &mut BTreeMap<Read, ()>) {
        if !matches!(self.truth(expression), Truth::Open(_)) {
            return;
        }
        match expression {
            Expression::Leaf(leaf) => {
                if let Need::Read(read) = leaf.need(self.asker) {
                    reads.insert(read, ());
                }
            }
            Expression::All(parts) | Expression::Any(parts) => {
                parts.iter().for_each(|part| self.gather(part, reads));
            }
        }
    }
}

impl Conditions {
    /// What has to be read before [`Self::evaluate`] can decide: each thing once, in order, at most as many as there are
    /// conditions. Nothing, if the asker alone decides.
    pub fn reads(&self, asker: &Asker) -> Vec<Read> {
        let (answers, mut reads) = (Answers::new(), BTreeMap::new());
        Judge { asker, answers: &answers, looked_at: 0 }.gather(&self.0, &mut reads);
        reads.into_keys().collect()
    }

    /// Whether the asker meets the conditions, by what was read. What is missing in `answers` counts as unreadable.
    ///
    /// # Errors
    /// If they are not met, or what they depend on could not be read.
    pub fn evaluate(&self, asker: &Asker, answers: &Answers) -> Result<(), ConditionError> {
        self.decided(asker, answers).unwrap_or_else(|leaf| {
            let reason = ReadError::Unanswered;
            Err(ConditionError::ReadFailed { leaf, reason })
        })
    }

    /// The decision, if it does not depend on what is missing in `answers`; otherwise a condition that it depends on.
    pub(super) fn decided(&self, asker: &Asker, answers: &Answers) -> Result<Result<(), ConditionError>, usize> {
        match (Judge { asker, answers, looked_at: 0 }).truth(&self.0) {
            Truth::Met => Ok(Ok(())),
            Truth::Unmet(leaf) => Ok(Err(ConditionError::Unmet(leaf))),
            Truth::Failed(leaf, reason) => Ok(Err(ConditionError::ReadFailed { leaf, reason })),
            Truth::Open(leaf) => Err(leaf),
        }
    }
}

/// What it takes to judge one condition.
enum Need {
    /// Nothing more: it is met, or not.
    Nothing(bool),
    /// This.
    Read(Read),
}

impl Leaf {
    /// What it takes. A condition that is about something that the asker does not have is not met, whatever it compares.
    fn need(&self, asker: &Asker) -> Need {
        let chain = || self.chain.clone();
        let read = |read: Option<Read>| read.map_or(Need::Nothing(false), Need::Read);
        match &self.kind {
            Kind::Caller(how, address) => {
                Need::Nothing(asker.address.is_some_and(|caller| how.holds(caller == *address)))
            }
            Kind::Action(how, digest) => {
                Need::Nothing(asker.action.is_some_and(|action| how.holds(action == cid::of_digest(digest))))
            }
            Kind::Domain(how, value) => {
                Need::Nothing(asker.signed.as_ref().is_some_and(|signed| how.holds(&signed.domain, value)))
            }
            Kind::Resources(how, value) => {
                Need::Nothing(asker.signed.as_ref().is_some_and(|signed| how.holds(&signed.resources, value)))
            }
            Kind::Balance(account, _) => {
                read(account.address(asker).map(|account| Read::Balance { chain: chain(), account }))
            }
            Kind::Timestamp(_) => Need::Read(Read::Timestamp { chain: chain() }),
            Kind::Token { contract, query } => {
                read(query.call(asker).map(|data| Read::Call { chain: chain(), to: *contract, data }))
            }
            Kind::Contract(query) if query.lacks(asker) => Need::Nothing(false),
            Kind::Contract(query) => {
                read(query.call(asker).map(|data| Read::Call { chain: chain(), to: query.contract, data }))
            }
            Kind::Program(program) => read(program.read(asker)),
        }
    }

    /// Whether it is met, by what was read for it.
    fn judge(&self, answer: &Answer, asker: &Asker) -> Result<bool, ReadError> {
        match (&self.kind, answer) {
            (Kind::Balance(_, test) | Kind::Timestamp(test), Answer::Number(number)) => Ok(test.holds(*number)),
            (Kind::Token { query, .. }, Answer::Returned(data)) => query.judge(data, asker),
            (Kind::Contract(query), Answer::Returned(data)) => query.judge(data, asker),
            (Kind::Program(program), Answer::Text(text)) => Ok(program.how.holds(text, &program.value)),
            _ => Err(ReadError::OtherReply),
        }
    }
}

impl TokenQuery {
    /// The call's data; none if it or what its result is compared with needs an address that the asker does not have.
    fn call(&self, asker: &Asker) -> Option<Vec<u8>> {
        use DynSolType::{Address as AddressType, Array, Uint};
        let address =
            |account: &Account| account.address(asker).map(|address| DynSolValue::Address(Address::from(address)));
        let number = |id: &super::values::Integer| Some(DynSolValue::Uint(id.unsigned(256)?, 256));
        let lists = [Array(Box::new(AddressType)), Array(Box::new(Uint(256)))];
        Some(match self {
            Self::Balance(_, account, _) => encode("balanceOf", [AddressType].iter(), vec![address(account)?]),
            Self::Owner(id, _, owner) => {
                owner.address(asker)?;
                encode("ownerOf", [Uint(256)].iter(), vec![number(id)?])
            }
            Self::BalanceOfId(account, id, _) => {
                encode("balanceOf", [AddressType, Uint(256)].iter(), vec![address(account)?, number(id)?])
            }
            Self::BalanceOfBatch(pairs, _) => {
                let accounts = pairs.iter().map(|(account, _)| address(account)).collect::<Option<Vec<_>>>()?;
                let ids = pairs.iter().map(|(_, id)| number(id)).collect::<Option<Vec<_>>>()?;
                encode("balanceOfBatch", lists.iter(), vec![DynSolValue::Array(accounts), DynSolValue::Array(ids)])
            }
        })
    }

    fn judge(&self, data: &[u8], asker: &Asker) -> Result<bool, ReadError> {
        let numbers = DynSolType::Array(Box::new(DynSolType::Uint(256)));
        let kind = match self {
            Self::Balance(..) | Self::BalanceOfId(..) => DynSolType::Uint(256),
            Self::Owner(..) => DynSolType::Address,
            Self::BalanceOfBatch(..) => numbers,
        };
        let found = decode(vec![kind], data)?.into_iter().next();
        match (self, found) {
            (Self::Balance(.., test) | Self::BalanceOfId(.., test), Some(DynSolValue::Uint(found, _))) => {
                Ok(test.holds(found))
            }
            (Self::Owner(_, how, owner), Some(DynSolValue::Address(found))) => {
                let owner = owner.address(asker).map(Address::from);
                Ok(owner.is_some_and(|owner| how.holds(found == owner)))
            }
            (Self::BalanceOfBatch(pairs, test), Some(DynSolValue::Array(found))) if found.len() == pairs.len() => {
                let mut balances = found.iter().filter_map(DynSolValue::as_uint);
                Ok(balances.any(|(balance, _)| test.holds(balance)))
            }
            _ => Err(ReadError::Malformed),
        }
    }
}

impl Program {
    fn read(&self, asker: &Asker) -> Option<Read> {
        let parameter = |parameter: &Parameter| match parameter {
            Parameter::Asker => asker.address.map(|address| lower(&address)),
            Parameter::Action => asker.action.map(|action| action.to_string()),
            Parameter::Text(text) => Some(text.clone()),
        };
        let parameters = self.parameters.iter().map(parameter).collect::<Option<_>>()?;
        Some(Read::Action { digest: self.digest, function: self.function.clone(), parameters })
    }
}
