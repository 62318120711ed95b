//! What conditions say, once they are understood. Only the parser makes these, so that all bounds hold.

use super::contract::ContractQuery;
use super::values::{Account, Equality, Integer, Likeness, Membership, NumberTest};

/// Conditions and how they hang together. A list of one is what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// A condition.
    Leaf(Box<Leaf>),
    /// All of two or more.
    All(Vec<Expression>),
    /// One of two or more.
    Any(Vec<Expression>),
}

impl Expression {
    /// How many conditions there are.
    #[cfg(test)]
    pub fn leaves(&self) -> usize {
        match self {
            Self::Leaf(_) => 1,
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::leaves).sum(),
        }
    }
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    /// The chain that it is about, by the name that actions use. It is a part of conditions that ask no chain, too.
    pub chain: String,
    /// What must be so.
    pub kind: Kind,
}

/// What must be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Who signed in.
    Caller(Equality, [u8; 20]),
    /// The action that asks, and no action that calls it, by the SHA-256 of its root block.
    Action(Equality, [u8; 32]),
    /// The domain of the text that was signed to sign in.
    Domain(Likeness, String),
    /// The resources that this text names.
    Resources(Membership, String),
    /// What an account has, wei.
    Balance(Account, NumberTest),
    /// The time of the newest block, seconds since the Unix epoch.
    Timestamp(NumberTest),
    /// What a token's contract says.
    Token {
        /// The contract.
        contract: [u8; 20],
        /// What is asked.
        query: TokenQuery,
    },
    /// What any contract says.
    Contract(Box<ContractQuery>),
    /// What a function of an action returns.
    Program(Program),
}

/// What a token's contract is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenQuery {
    /// `balanceOf(address)` of ERC-20 or ERC-721.
    Balance(Standard, Account, NumberTest),
    /// `ownerOf(uint256)` of ERC-721.
    Owner(Integer, Equality, Account),
    /// `balanceOf(address,uint256)` of ERC-1155.
    BalanceOfId(Account, Integer, NumberTest),
    /// `balanceOfBatch(address[],uint256[])` of ERC-1155: one of the balances must pass.
    BalanceOfBatch(Vec<(Account, Integer)>, NumberTest),
}

/// Standards whose tokens are counted by address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standard {
    /// EIP-20.
    Erc20,
    /// EIP-721.
    Erc721,
}

impl Standard {
    /// As conditions have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Erc20 => "ERC20",
            Self::Erc721 => "ERC721",
        }
    }
}

/// A function of an action, and what it must return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// SHA-256 of the action's root block: what its CIDv0 says.
    pub digest: [u8; 32],
    /// The function.
    pub function: String,
    /// What it is called with.
    pub parameters: Vec<Parameter>,
    /// How what it returns is compared, as text.
    pub how: Likeness,
    /// With what.
    pub value: String,
}

/// A parameter of an action's function: a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    /// The asker's address, 0x-hex in lower case.
    Asker,
    /// The CIDv0 of the action that asks.
    Action,
    /// This.
    Text(String),
}
