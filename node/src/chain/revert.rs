//! Why a call reverted, in words.

use alloy_sol_types::{Panic, Revert, SolError, SolInterface};
use std::fmt;

use super::abi::Reverts::RevertsErrors;

/// The meaning of revert data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevertReason {
    /// No data: a plain `revert()`, an exhausted gas limit or an invalid instruction.
    Empty,
    /// `require(condition, message)`.
    Message(String),
    /// A failed check of the compiler's own, by Solidity's panic code.
    Panic(u64),
    /// A custom error of the network's contracts.
    Custom(Box<RevertsErrors>),
    /// Data of another contract's: its first bytes, at most four.
    Unknown(Vec<u8>),
}

impl RevertReason {
    /// Reads revert data; every input has a meaning.
    pub fn decode(data: &[u8]) -> Self {
        if data.is_empty() {
            return Self::Empty;
        }
        if let Ok(revert) = Revert::abi_decode_validate(data) {
            return Self::Message(revert.reason);
        }
        if let Ok(panic) = Panic::abi_decode_validate(data) {
            return Self::Panic(panic.code.saturating_to());
        }
        match RevertsErrors::abi_decode_validate(data) {
            Ok(error) => Self::Custom(Box::new(error)),
            Err(_) => Self::Unknown(data[..data.len().min(4)].to_vec()),
        }
    }

    /// The custom error, if it is one.
    pub fn custom(&self) -> Option<&RevertsErrors> {
        match self {
            Self::Custom(error) => Some(error),
            Self::Empty | Self::Message(_) | Self::Panic(_) | Self::Unknown(_) => None,
        }
    }
}

impl fmt::Display for RevertReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no reason given"),
            Self::Message(message) => f.write_str(message),
            Self::Panic(code) => write!(f, "panic {code:#04x}"),
            // Prints as Name(Name { field: value, .. }); the outer name repeats the inner one.
            Self::Custom(error) => {
                let text = format!("{error:?}");
                let inner = text.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
                f.write_str(inner.unwrap_or(&text))
            }
            Self::Unknown(start) => write!(f, "unknown error 0x{}", hex::encode(start)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::abi::Reverts;
    use alloy_primitives::U256;

    #[test]
    fn every_kind_of_revert_data_reads_well() {
        let display = |data: &[u8]| RevertReason::decode(data).to_string();
        assert_eq!(display(&[]), "no reason given");
        assert_eq!(display(&Revert::from("Not PKP NFT owner").abi_encode()), "Not PKP NFT owner");
        assert_eq!(display(&Panic { code: U256::from(0x11) }.abi_encode()), "panic 0x11");
        assert_eq!(display(&[1, 2, 3, 4, 5]), "unknown error 0x01020304");
        assert_eq!(display(&[1]), "unknown error 0x01");
        let error = Reverts::TooFewAcks { given: U256::from(2), needed: U256::from(3) };
        assert_eq!(display(&error.abi_encode()), "TooFewAcks { given: 2, needed: 3 }");
        assert_eq!(display(&Reverts::InvalidDigest {}.abi_encode()), "InvalidDigest");
        let cut = &error.abi_encode()[..40];
        assert!(matches!(RevertReason::decode(cut), RevertReason::Unknown(_)));
    }
}
