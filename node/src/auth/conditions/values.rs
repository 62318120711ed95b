//! What conditions compare with, and how: numbers, addresses, comparators.

use std::cmp::Ordering;

use alloy_primitives::{I256, Sign, U256};

use super::Asker;
use crate::chain::addresses::parse_address;

/// The longest text of a number, bytes; leading zeros are allowed.
const NUMBER_BYTES_MAX: usize = 80;

/// Stands for the address of who asks.
pub(super) const USER_ADDRESS: &str = ":userAddress";
/// Stands for the CID of the action that asks.
pub(super) const ACTION_CID: &str = ":currentActionIpfsId";

/// Writes an enum of comparators with their symbols from one table.
macro_rules! comparators {
    ($(#[doc = $doc:literal])+ $name:ident: $expected:literal; $($(#[doc = $about:literal])+ $variant:ident = $symbol:literal,)+) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $about])+ $variant,)+
        }

        impl $name {
            /// The symbols, as errors name them.
            pub(super) const EXPECTED: &str = $expected;

            /// The comparator of a symbol.
            pub(super) fn parse(symbol: &str) -> Option<Self> {
                match symbol {
                    $($symbol => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The symbol.
            pub(super) fn symbol(self) -> &'static str {
                match self {
                    $(Self::$variant => $symbol,)+
                }
            }
        }
    };
}

comparators! {
    /// How numbers are compared.
    Order: "one of =, !=, >, <, >=, <=";
    /// It is the same.
    Equal = "=",
    /// It is another.
    NotEqual = "!=",
    /// What is read is larger.
    More = ">",
    /// What is read is smaller.
    Less = "<",
    /// What is read is no smaller.
    AtLeast = ">=",
    /// What is read is no larger.
    AtMost = "<=",
}

comparators! {
    /// How things without an order are compared.
    Equality: "one of =, !=";
    /// It is the same.
    Equal = "=",
    /// It is another.
    NotEqual = "!=",
}

comparators! {
    /// How texts are compared.
    Likeness: "one of =, !=, contains, !contains";
    /// It is the same.
    Equal = "=",
    /// It is another.
    NotEqual = "!=",
    /// What is read has this in it.
    Contains = "contains",
    /// What is read does not have this in it.
    Lacks = "!contains",
}

comparators! {
    /// How a list is looked at.
    Membership: "one of contains, !contains";
    /// One of what is read is this.
    Contains = "contains",
    /// None of what is read is this.
    Lacks = "!contains",
}

impl Order {
    /// Whether what is read stands so to what is expected.
    pub(super) fn holds(self, found: Ordering) -> bool {
        match self {
            Self::Equal => found.is_eq(),
            Self::NotEqual => found.is_ne(),
            Self::More => found.is_gt(),
            Self::Less => found.is_lt(),
            Self::AtLeast => found.is_ge(),
            Self::AtMost => found.is_le(),
        }
    }
}

impl Equality {
    /// Whether this holds of things that are equal, or are not.
    pub(super) fn holds(self, are_equal: bool) -> bool {
        are_equal == (self == Self::Equal)
    }
}

impl Likeness {
    /// Whether a text stands so to the one that is expected.
    pub(super) fn holds(self, found: &str, expected: &str) -> bool {
        match self {
            Self::Equal => found == expected,
            Self::NotEqual => found != expected,
            Self::Contains => found.contains(expected),
            Self::Lacks => !found.contains(expected),
        }
    }
}

impl Membership {
    /// Whether a list stands so to what is expected in it.
    pub(super) fn holds(self, found: &[String], expected: &str) -> bool {
        found.iter().any(|one| one == expected) == (self == Self::Contains)
    }
}

/// A whole number, and the text that it was written as. A negative zero fits no type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integer {
    written: String,
    is_negative: bool,
    magnitude: U256,
}

impl Integer {
    /// Reads decimal digits, with a minus or not, or 0x and hex digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (is_negative, digits, radix) = match (text.strip_prefix("0x"), text.strip_prefix('-')) {
            (Some(digits), _) => (false, digits, 16),
            (None, Some(digits)) => (true, digits, 10),
            (None, None) => (false, text, 10),
        };
        let are_digits = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
        if text.len() > NUMBER_BYTES_MAX || !are_digits {
            return None;
        }
        let magnitude = U256::from_str_radix(digits, radix.into()).ok()?;
        Some(Self { written: text.to_owned(), is_negative, magnitude })
    }

    /// As it was written.
    pub(super) fn written(&self) -> &str {
        &self.written
    }

    /// The number, if it fits an unsigned type of so many bits.
    pub(super) fn unsigned(&self, bits: usize) -> Option<U256> {
        (!self.is_negative && self.magnitude.bit_len() <= bits).then_some(self.magnitude)
    }

    /// The number, if it fits a signed type of so many bits in two's complement.
    pub(super) fn signed(&self, bits: usize) -> Option<I256> {
        let sign = if self.is_negative { Sign::Negative } else { Sign::Positive };
        let number = I256::checked_from_sign_and_abs(sign, self.magnitude)?;
        // A negative number needs as many bits as the one below it in size, and all need one for the sign.
        let largest = if self.is_negative { self.magnitude.wrapping_sub(U256::ONE) } else { self.magnitude };
        (largest.bit_len() < bits).then_some(number)
    }
}

/// A number and how something is compared with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberTest {
    /// How.
    pub(super) order: Order,
    /// With what. It fits 256 bits without a sign.
    pub(super) number: Integer,
}

impl NumberTest {
    /// Whether a number passes.
    pub(super) fn holds(&self, found: U256) -> bool {
        self.number.unsigned(256).is_some_and(|number| self.order.holds(found.cmp(&number)))
    }
}

/// Somebody's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// Of who asks.
    Asker,
    /// This one.
    Fixed([u8; 20]),
}

impl Account {
    /// What is understood, as errors name it.
    pub(super) const EXPECTED: &str = "\":userAddress\" or an address, 0x and 40 hex digits";

    /// Reads an address or what stands for the asker's.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            USER_ADDRESS => Some(Self::Asker),
            _ => parse_address(text).map(Self::Fixed),
        }
    }

    /// The address; none if it is that of an asker who has not signed in.
    pub(super) fn address(self, asker: &Asker) -> Option<[u8; 20]> {
        match self {
            Self::Asker => asker.address,
            Self::Fixed(address) => Some(address),
        }
    }

    /// As conditions have it.
    pub(super) fn written(self) -> String {
        match self {
            Self::Asker => USER_ADDRESS.to_owned(),
            Self::Fixed(address) => lower(&address),
        }
    }
}

/// Bytes as 0x-hex in lower case.
pub(super) fn lower(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}
