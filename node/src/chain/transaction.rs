//! Transactions of EIP-1559: building, signing with a key at hand, and attaching a signature made elsewhere, such as
//! a PKP's.

use alloy_consensus::transaction::SignerRecoverable;
use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, B256, Signature, TxKind, U256};
use alloy_rlp::{Header, PayloadView};
use k256::ecdsa::SigningKey;
use thiserror::Error;

use super::calls::ContractCall;
use crate::meter::Meter;
use crate::wire::SignatureBytes;

/// What a transaction offers for each unit of gas, in wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// At most this in total.
    pub max_fee_per_gas: u128,
    /// At most this of it to the block's producer.
    pub max_priority_fee_per_gas: u128,
}

impl Default for Fees {
    /// 1 gwei at most, 1 wei of it as the tip.
    fn default() -> Self {
        Self { max_fee_per_gas: 1_000_000_000, max_priority_fee_per_gas: 1 }
    }
}

/// Why a signature cannot be attached, or a sender not be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TransactionError {
    /// The signature is not one in low-s form, or no key made it.
    #[error("not a valid signature in low-s form")]
    InvalidSignature,
    /// The signature is by another account than the one it should be.
    #[error("signed by another account: {}", super::addresses::checksummed(.0))]
    OtherSigner([u8; 20]),
    /// The bytes are not a transaction's encoding.
    #[error("not an encoded transaction")]
    Malformed,
}

/// A transaction to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionRequest {
    /// The chain's id (EIP-155).
    pub chain_id: u64,
    /// How many transactions the sender sent before.
    pub nonce: u64,
    /// The recipient; `None` creates a contract.
    pub to: Option<[u8; 20]>,
    /// What the transaction pays, wei.
    pub value: U256,
    /// Call data, or the new contract's initialisation code.
    pub data: Vec<u8>,
    /// How much gas it may use.
    pub gas_limit: u64,
    /// What it offers for gas.
    pub fees: Fees,
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTransaction {
    /// The EIP-2718 encoding, as endpoints take it.
    pub raw: Vec<u8>,
    /// Its hash, which is its name.
    pub hash: [u8; 32],
}

impl TransactionRequest {
    /// A transaction that calls a contract.
    pub fn call(call: ContractCall, chain_id: u64, nonce: u64, gas_limit: u64, fees: Fees) -> Self {
        Self { chain_id, nonce, to: Some(call.to), value: call.value, data: call.data, gas_limit, fees }
    }

    /// The hash that the sender signs.
    pub fn signing_hash(&self) -> [u8; 32] {
        self.to_eip1559().signature_hash().0
    }

    /// The encoding whose keccak256 is [`Self::signing_hash`]: 0x02 and the list without a signature.
    pub fn unsigned_bytes(&self) -> Vec<u8> {
        self.to_eip1559().encoded_for_signing()
    }

    /// Signs with a key.
    pub fn sign(&self, key: &SigningKey, meter: &mut Meter) -> SignedTransaction {
        let signature = SignatureBytes::sign(&self.signing_hash(), key, meter);
        self.encode(&signature)
    }

    /// Attaches a signature over [`Self::signing_hash`] made elsewhere, which must be `sender`'s.
    ///
    /// # Errors
    /// If it is no signature in low-s form, or another account's.
    pub fn with_signature(
        &self,
        signature: &SignatureBytes,
        sender: [u8; 20],
        meter: &mut Meter,
    ) -> Result<SignedTransaction, TransactionError> {
        let half_order = U256::from_be_bytes(HALF_ORDER);
        if signature.v > 1 || U256::from_be_bytes(signature.s) > half_order {
            return Err(TransactionError::InvalidSignature);
        }
        let key = signature.recover(&self.signing_hash(), meter).ok_or(TransactionError::InvalidSignature)?;
        let signer = super::registration::address_of(&key);
        if signer != sender {
            return Err(TransactionError::OtherSigner(signer));
        }
        Ok(self.encode(signature))
    }

    fn encode(&self, signature: &SignatureBytes) -> SignedTransaction {
        let scalar = |bytes: [u8; 32]| B256::from(bytes);
        let signature = Signature::from_scalars_and_parity(scalar(signature.r), scalar(signature.s), signature.v == 1);
        let signed = self.to_eip1559().into_signed(signature);
        let hash = signed.hash().0;
        SignedTransaction { raw: TxEnvelope::from(signed).encoded_2718(), hash }
    }

    fn to_eip1559(&self) -> TxEip1559 {
        TxEip1559 {
            chain_id: self.chain_id,
            nonce: self.nonce,
            gas_limit: self.gas_limit,
            max_fee_per_gas: self.fees.max_fee_per_gas,
            max_priority_fee_per_gas: self.fees.max_priority_fee_per_gas,
            to: self.to.map_or(TxKind::Create, |to| TxKind::Call(Address::from(to))),
            value: self.value,
            access_list: Default::default(),
            input: self.data.clone().into(),
        }
    }
}

/// Half the group order of secp256k1: the greatest s that EIP-2 accepts.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e,
    0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

/// Who sent an encoded transaction of any type.
///
/// # Errors
/// If the bytes are no transaction, or its signature is no valid one in low-s form.
pub fn sender(raw: &[u8]) -> Result<[u8; 20], TransactionError> {
    let transaction = TxEnvelope::decode_2718_exact(raw).map_err(|_| TransactionError::Malformed)?;
    let address = transaction.recover_signer().map_err(|_| TransactionError::InvalidSignature)?;
    Ok(address.into_array())
}

/// Recipient and call data of an encoded transaction, signed or not: legacy, EIP-2930 or EIP-1559. `None` for anything
/// else, and for the creation of a contract.
pub fn callee(raw: &[u8]) -> Option<([u8; 20], Vec<u8>)> {
    let (body, at) = match raw.first()? {
        1 => (&raw[1..], 4),
        2 => (&raw[1..], 5),
        0xc0.. => (raw, 3),
        _ => return None,
    };
    let mut rest = body;
    let PayloadView::List(fields) = Header::decode_raw(&mut rest).ok()? else { return None };
    let field = |at: usize| {
        let mut field = *fields.get(at)?;
        Header::decode_bytes(&mut field, false).ok()
    };
    (rest.is_empty()).then_some(())?;
    Some((field(at)?.try_into().ok()?, field(at + 2)?.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::addresses::parse_address;
    use crate::chain::registration::address_of;
    use alloy_primitives::{hex, keccak256};

    fn request() -> TransactionRequest {
        TransactionRequest {
            chain_id: 175_188,
            nonce: 7,
            to: Some([9; 20]),
            value: U256::from(5),
            data: vec![1, 2, 3],
            gas_limit: 90_000,
            fees: Fees::default(),
        }
    }

    /// A transaction of Ethereum's main network, also in the tests of alloy-consensus.
    #[test]
    fn a_transaction_of_the_main_network_is_reproduced() {
        let request = TransactionRequest {
            chain_id: 1,
            nonce: 0x42,
            to: parse_address("0x6069a6c32cf691f5982febae4faf8a6f3ab2f0f6"),
            value: U256::ZERO,
            data: hex!("a22cb4650000000000000000000000005eee75727d804a2b13038928d36f8b188945a57a0000000000000000000000000000000000000000000000000000000000000000").to_vec(),
            gas_limit: 44386,
            fees: Fees { max_fee_per_gas: 0x4_a817_c800, max_priority_fee_per_gas: 0x3b9a_ca00 },
        };
        assert_eq!(request.signing_hash(), hex!("0d5688ac3897124635b6cf1bc0e29d6dfebceebdc10a54d74f2ef8b56535b682"));
        assert_eq!(keccak256(request.unsigned_bytes()).0, request.signing_hash());
        let signature = SignatureBytes {
            r: hex!("840cfc572845f5786e702984c2a582528cad4b49b2a10b9db1be7fca90058565"),
            s: hex!("25e7109ceb98168d95b09b18bbf6b685130e0562f233877d492b94eee0c5b6d1"),
            v: 0,
        };
        let from = parse_address("0xdd6b8b3dc6b7ad97db52f08a275ff4483e024cea").unwrap();
        let signed = request.with_signature(&signature, from, &mut Meter::default()).unwrap();
        assert_eq!(signed.hash, hex!("0ec0b6a2df4d87424e5f6ad2a654e27aaeb7dac20ae9e8385cc09087ad532ee0"));
        assert_eq!(keccak256(&signed.raw).0, signed.hash);
        assert_eq!(sender(&signed.raw), Ok(from));
    }

    #[test]
    fn a_signed_transaction_names_its_sender_and_keeps_its_fields() {
        let key = SigningKey::from_slice(&[6; 32]).unwrap();
        for to in [Some([9; 20]), None] {
            let request = TransactionRequest { to, ..request() };
            let signed = request.sign(&key, &mut Meter::default());
            assert_eq!(sender(&signed.raw), Ok(address_of(key.verifying_key())));
            let TxEnvelope::Eip1559(decoded) = TxEnvelope::decode_2718_exact(&signed.raw).unwrap() else {
                panic!("not of type 2");
            };
            assert_eq!(*decoded.tx(), request.to_eip1559());
            assert_eq!(decoded.hash().0, signed.hash);
        }
    }

    #[test]
    fn a_foreign_or_malleated_signature_is_not_attached() {
        let (key, meter) = (SigningKey::from_slice(&[6; 32]).unwrap(), &mut Meter::default());
        let from = address_of(key.verifying_key());
        let good = SignatureBytes::sign(&request().signing_hash(), &key, meter);
        assert_eq!(request().with_signature(&good, from, meter), Ok(request().sign(&key, meter)));
        assert_eq!(request().with_signature(&good, [1; 20], meter), Err(TransactionError::OtherSigner(from)));
        let other = TransactionRequest { nonce: 8, ..request() };
        assert!(matches!(other.with_signature(&good, from, meter), Err(TransactionError::OtherSigner(_))));
        let s = crate::curve::scalar_from_bytes(&good.s).unwrap();
        let high = SignatureBytes { s: crate::curve::scalar_bytes(&-s), v: 1 - good.v, ..good };
        assert_eq!(request().with_signature(&high, from, meter), Err(TransactionError::InvalidSignature));
        let zero = SignatureBytes { r: [0; 32], ..good };
        assert_eq!(request().with_signature(&zero, from, meter), Err(TransactionError::InvalidSignature));
        assert_eq!(sender(&[2, 1, 2, 3]), Err(TransactionError::Malformed));
    }
}
