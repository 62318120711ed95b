//! Conditions under way: what is asked of chains, one step after the other, which actions have to run, and what is
//! known so far.
//!
//! All that is read from one chain is read at one block, the newest that the node's endpoint knows when it is asked first;
//! otherwise something that moves from one account to another could be seen at both.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;

use super::{Answer, Answers, Asker, ConditionError, Conditions, Read, ReadError};
use crate::api::Failure;
use crate::cid::{self, Cid};
use crate::io::{BlockTag, ChainError, ChainRef, ChainReply, ChainRequest};

/// Names a question of an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The newest block of a chain, by the chain's position.
    Block(usize),
    /// Something at that block, by its position among what is read.
    Read(usize),
}

/// A question, and the chain that it goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Comes back with the answer.
    pub part: Part,
    /// Which chain.
    pub chain: ChainRef,
    /// The question.
    pub request: ChainRequest,
}

/// A function of an action that has to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The action, by its CIDv0.
    pub cid: Cid,
    /// The function: an identifier.
    pub function: String,
    /// The texts that it is called with.
    pub parameters: Vec<String>,
}

/// Conditions whose asker waits for chains and actions.
#[derive(Clone, Debug)]
pub struct Inquiry {
    conditions: Conditions,
    asker: Asker,
    /// The chains that are read, and the rest of what is.
    chains: Vec<String>,
    reads: Vec<Read>,
    /// Questions that have been asked and not answered.
    awaited: BTreeSet<Part>,
    answers: Answers,
}

impl Inquiry {
    /// An inquiry, and what is to be asked first; nothing, if the asker alone decides.
    pub fn begin(conditions: Conditions, asker: Asker) -> (Self, Vec<Asked>) {
        let reads = conditions.reads(&asker);
        let chains: BTreeSet<String> = reads.iter().filter_map(Read::chain).map(str::to_owned).collect();
        let chains: Vec<String> = chains.into_iter().collect();
        let (awaited, answers) = (BTreeSet::new(), Answers::new());
        let mut inquiry = Self { conditions, asker, chains, reads, awaited, answers };
        if inquiry.verdict().is_some() {
            return (inquiry, Vec::new());
        }
        let actions = inquiry.reads.iter().enumerate().filter(|(_, read)| read.chain().is_none());
        inquiry.awaited = actions.map(|(at, _)| Part::Read(at)).collect();
        let asked = (0..inquiry.chains.len()).map(|at| inquiry.ask(Part::Block(at), ChainRequest::Block)).collect();
        (inquiry, asked)
    }

    /// The functions of actions that have to run and have not; what they come to goes to [`Self::take_run`].
    pub fn runs(&self) -> Vec<(Part, Run)> {
        let run = |part: &Part| match part {
            Part::Read(at) => match self.reads.get(*at)? {
                Read::Action { digest, function, parameters } => {
                    let (function, parameters) = (function.clone(), parameters.clone());
                    Some((*part, Run { cid: cid::of_digest(digest), function, parameters }))
                }
                _ => None,
            },
            Part::Block(_) => None,
        };
        self.awaited.iter().filter_map(run).collect()
    }

    /// Takes what a function of an action came to. What nothing waits for is dropped.
    pub fn take_run(&mut self, part: Part, said: Result<String, Failure>) {
        let Part::Read(at) = part else { return };
        if let Some(read @ Read::Action { .. }) = self.reads.get(at)
            && self.awaited.remove(&part)
        {
            let answer = said.map(Answer::Text).map_err(|failure| ReadError::Action(Box::new(failure)));
            self.answers.insert(read.clone(), answer);
        }
    }

    /// How many things are read.
    pub fn size(&self) -> usize {
        self.reads.len()
    }

    /// Takes an answer, and says what is to be asked next. An answer that nothing waits for is dropped.
    pub fn take(&mut self, part: Part, reply: Result<ChainReply, ChainError>) -> Vec<Asked> {
        if !self.awaited.remove(&part) {
            return Vec::new();
        }
        match part {
            Part::Block(at) => {
                let Some(chain) = self.chains.get(at).cloned() else { return Vec::new() };
                self.take_block(&chain, reply)
            }
            Part::Read(at) => {
                if let Some(read) = self.reads.get(at).cloned() {
                    let answer = answer(&read, reply);
                    self.answers.insert(read, answer);
                }
                Vec::new()
            }
        }
    }

    /// The decision, once what was read suffices for it.
    pub fn verdict(&self) -> Option<Result<(), ConditionError>> {
        self.conditions.decided(&self.asker, &self.answers).ok()
    }

    /// The decision when nobody waits any longer: what has not been read is unreadable.
    ///
    /// # Errors
    /// If the conditions are not met, or what they depend on was not read.
    pub fn give_up(&self) -> Result<(), ConditionError> {
        self.conditions.evaluate(&self.asker, &self.answers)
    }

    /// Who asks.
    pub fn asker(&self) -> &Asker {
        &self.asker
    }

    fn ask(&mut self, part: Part, request: ChainRequest) -> Asked {
        self.awaited.insert(part);
        let name = match part {
            Part::Block(at) => self.chains.get(at).cloned(),
            Part::Read(at) => self.reads.get(at).and_then(Read::chain).map(str::to_owned),
        };
        Asked { part, chain: ChainRef::Named(name.unwrap_or_default()), request }
    }

    /// A chain's newest block is known: now the rest can be read, all at that block.
    fn take_block(&mut self, chain: &str, reply: Result<ChainReply, ChainError>) -> Vec<Asked> {
        let of_chain: BTreeMap<usize, Read> = self.reads.iter().cloned().enumerate().collect();
        let of_chain = of_chain.into_iter().filter(|(_, read)| read.chain() == Some(chain));
        let newest = match reply {
            Ok(ChainReply::Block { number, timestamp_s }) => Ok((number, timestamp_s)),
            Ok(_) => Err(ReadError::OtherReply),
            Err(error) => Err(ReadError::Chain(error)),
        };
        let mut asked = Vec::new();
        for (at, read) in of_chain {
            let block = |number| BlockTag::Number(number);
            match (&newest, read) {
                (Err(reason), read) => drop(self.answers.insert(read, Err(reason.clone()))),
                (Ok((_, timestamp_s)), read @ Read::Timestamp { .. }) => {
                    drop(self.answers.insert(read, Ok(Answer::Number(U256::from(*timestamp_s)))));
                }
                (Ok((number, _)), Read::Call { to, data, .. }) => {
                    asked.push(self.ask(Part::Read(at), ChainRequest::Call { to, data, block: block(*number) }));
                }
                (Ok((number, _)), Read::Balance { account, .. }) => {
                    asked.push(self.ask(Part::Read(at), ChainRequest::Balance { account, block: block(*number) }));
                }
                (Ok(_), Read::Action { .. }) => {}
            }
        }
        asked
    }
}

/// What an endpoint's reply says of something that is read.
fn answer(read: &Read, reply: Result<ChainReply, ChainError>) -> Result<Answer, ReadError> {
    match (read, reply?) {
        (Read::Call { .. }, ChainReply::Returned(data)) => Ok(Answer::Returned(data)),
        (Read::Call { .. }, ChainReply::Reverted(_)) => Err(ReadError::Reverted),
        (Read::Balance { .. }, ChainReply::Balance(wei)) => Ok(Answer::Number(U256::from_be_bytes(wei))),
        _ => Err(ReadError::OtherReply),
    }
}
