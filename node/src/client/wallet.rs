//! A user's wallet: one secp256k1 key that signs in and signs transactions.

use k256::ecdsa::SigningKey;
use std::fmt;

use crate::api::AuthSig;
use crate::auth::{SignInError, SiweFields, sign_in};
use crate::key;
use crate::meter::Meter;
use crate::wire::SignatureBytes;

/// A key and its address. Printing it shows the address only; dropping it wipes the key.
#[derive(Clone)]
pub struct Wallet {
    key: SigningKey,
    address: [u8; 20],
}

impl Wallet {
    /// Takes charge of a key.
    pub fn new(key: SigningKey) -> Self {
        let address = key::eth_address(&key.verifying_key().as_affine().into());
        Self { key, address }
    }

    /// The Ethereum address.
    pub fn address(&self) -> [u8; 20] {
        self.address
    }

    /// The key, for building transactions.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Signs an EIP-4361 text.
    ///
    /// # Errors
    /// If the fields make no such text.
    pub fn sign_in(&self, fields: &SiweFields) -> Result<AuthSig, SignInError> {
        sign_in(&self.key, fields)
    }

    /// Signs 32 bytes, e.g. a transaction's signing hash.
    pub fn sign(&self, digest: &[u8; 32]) -> SignatureBytes {
        // A wallet's work is not a node's: nobody is charged for it.
        SignatureBytes::sign(digest, &self.key, &mut Meter::default())
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wallet({})", ::siwe::eip55(&self.address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallet_has_its_keys_address_signs_with_it_and_does_not_print_it() {
        // The first account of the mnemonic "test test ... junk", known from Hardhat and Anvil.
        let secret = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
        let key = SigningKey::from_slice(&hex::decode(secret).expect("hex")).expect("a valid scalar");
        let wallet = Wallet::new(key);
        assert_eq!(format!("{wallet:?}"), "Wallet(0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266)");
        let signer = wallet.sign(&[5; 32]).recover(&[5; 32], &mut Meter::default()).expect("recoverable");
        assert_eq!(&signer, wallet.key().verifying_key());
    }
}
