//! Where the network's contracts are, and addresses as text.

use alloy_primitives::Address;

use crate::io::{BlockTag, ChainRequest};

/// The addresses of the network's contracts.
///
/// They follow from the deployer's alone (an account's contracts have the address keccak256(rlp(account, nonce))),
/// so that contracts can be given each other's addresses when they are made and never need to be linked later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contracts {
    /// `Staking`: validator sets.
    pub staking: [u8; 20],
    /// `DkgBoard`: the board of key generation.
    pub dkg_board: [u8; 20],
    /// `PubkeyRouter`: which keys exist.
    pub router: [u8; 20],
    /// `PKPNFT`: who owns them.
    pub pkp_nft: [u8; 20],
    /// `PKPPermissions`: who may use them.
    pub permissions: [u8; 20],
    /// `PKPHelper`: mints for users without a wallet.
    pub helper: [u8; 20],
    /// `KeyPool`: keeps keys ready to be minted, in a network that has it.
    pub key_pool: Option<[u8; 20]>,
}

impl Contracts {
    /// The addresses when `deployer`'s first six transactions create the contracts in the order of the fields.
    pub fn of_deployer(deployer: [u8; 20]) -> Self {
        let created = |nonce| Address::from(deployer).create(nonce).into_array();
        Self {
            staking: created(0),
            dkg_board: created(1),
            router: created(2),
            pkp_nft: created(3),
            permissions: created(4),
            helper: created(5),
            key_pool: None,
        }
    }

    /// The same with the key pool, which `deployer`'s eighth transaction creates, after the genesis set.
    #[must_use]
    pub fn with_key_pool(self, deployer: [u8; 20]) -> Self {
        Self { key_pool: Some(Address::from(deployer).create(7).into_array()), ..self }
    }

    /// The addresses that every network has.
    pub fn all(&self) -> [[u8; 20]; 6] {
        [self.staking, self.dkg_board, self.router, self.pkp_nft, self.permissions, self.helper]
    }

    /// Whether a contract of the network is at this address.
    pub fn has(&self, address: [u8; 20]) -> bool {
        self.all().contains(&address) || self.key_pool == Some(address)
    }
}

/// A view call as a question to the home chain.
pub(super) fn view(to: [u8; 20], data: Vec<u8>, block: BlockTag) -> ChainRequest {
    ChainRequest::Call { to, data, block }
}

/// An address as 0x-hex with the checksum of EIP-55.
pub fn checksummed(address: &[u8; 20]) -> String {
    Address::from(*address).to_checksum(None)
}

/// Reads an address: 0x and 40 hex digits, all lower case, all upper case, or in EIP-55's mixed case with the right
/// checksum; `None` for anything else.
pub fn parse_address(text: &str) -> Option<[u8; 20]> {
    let digits = text.strip_prefix("0x")?;
    let address: [u8; 20] = hex::decode(digits).ok()?.try_into().ok()?;
    let uniform = digits == digits.to_ascii_lowercase() || digits == digits.to_ascii_uppercase();
    (uniform || checksummed(&address) == text).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn created_addresses_follow_the_rule_of_the_yellow_paper() {
        // https://ethereum.stackexchange.com/questions/760: the first contracts of 0x6ac7...bd4d
        let deployer = parse_address("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0").unwrap();
        let contracts = Contracts::of_deployer(deployer);
        let expected = [
            "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d",
            "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8",
            "0xf778b86fa74e846c4f0a1fbd1335fe81c00a0c91",
            "0xfffd933a0bc612844eaf0c6fe3e5b8e9b6c1d19c",
        ];
        for (address, expected) in contracts.all().iter().zip(expected) {
            assert_eq!(Some(*address), parse_address(expected));
        }
    }

    #[test]
    fn checksums_are_those_of_eip_55() {
        for text in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            let address = parse_address(text).unwrap();
            assert_eq!(checksummed(&address), text);
            assert_eq!(parse_address(&text.to_lowercase()), Some(address));
        }
        assert_eq!(parse_address("0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"), None, "one letter's case is wrong");
        assert_eq!(parse_address("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"), None);
        assert_eq!(parse_address("0x5aaeb6053f3e94c9b9a09f33669435e7ef1bea"), None);
    }
}
