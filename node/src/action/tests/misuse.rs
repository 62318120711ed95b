//! What functions of `Lit.Actions` say about wrong arguments: function, field, and what was expected.

use super::*;

#[test]
fn misuse_of_each_function_names_it_its_field_and_what_was_expected() {
    for (code, expected) in [
        ("aesDecrypt({ symmetricKey: '00' })", "Lit.Actions.aesDecrypt: symmetricKey: expected 32 bytes, got 1 bytes"),
        (
            "broadcastAndCollect({ name: 'n' })",
            "Lit.Actions.broadcastAndCollect: value: expected a string or a number, got nothing",
        ),
        (
            "broadcastAndCollect({ name: 'n', value: {} })",
            "Lit.Actions.broadcastAndCollect: value: expected a string, got an object",
        ),
        ("call({ ipfsId: 1 })", "Lit.Actions.call: ipfsId: expected a string, got number"),
        ("call({ ipfsId: 'Qm', params: 'x' })", "Lit.Actions.call: params: expected an object, got string"),
        (
            "callContract({ chain: 'c', txn: '0x02' })",
            "Lit.Actions.callContract: txn: expected a serialised transaction with a recipient, \
             got bytes that are none",
        ),
        (
            "checkConditions({ conditions: 1 })",
            "Lit.Actions.checkConditions: conditions: expected an array of conditions, got number",
        ),
        (
            "decryptAndCombine({})",
            "Lit.Actions.decryptAndCombine: accessControlConditions: expected an array of conditions, got nothing",
        ),
        (
            "decryptToSingleNode({})",
            "Lit.Actions.decryptToSingleNode: accessControlConditions: expected an array of conditions, got nothing",
        ),
        ("encrypt({})", "Lit.Actions.encrypt: accessControlConditions: expected an array of conditions, got nothing"),
        (
            "ethPersonalSignMessageEcdsa({ message: new Uint8Array(3) })",
            "Lit.Actions.ethPersonalSignMessageEcdsa: message: expected a string, got an object",
        ),
        (
            "getLatestNonce({ chain: 'c', address: '0x01' })",
            "Lit.Actions.getLatestNonce: address: expected 20 bytes, got 1 bytes",
        ),
        (
            "getPermittedActions({ tokenId: 1 })",
            "Lit.Actions.getPermittedActions: tokenId: expected a token id (decimal or 0x-hex string, or BigInt), \
             got number",
        ),
        (
            "getPermittedAddresses({ tokenId: 'x' })",
            "Lit.Actions.getPermittedAddresses: tokenId: expected a token id (decimal or 0x-hex string, or BigInt), \
             got a string that is none",
        ),
        (
            "getPermittedAuthMethods({})",
            "Lit.Actions.getPermittedAuthMethods: tokenId: expected a token id (decimal or 0x-hex string, or BigInt), \
             got nothing",
        ),
        (
            "getPermittedAuthMethodScopes({ tokenId: 1n, authMethodType: 1, userId: '0x', maxScopeId: 257 })",
            "Lit.Actions.getPermittedAuthMethodScopes: maxScopeId: expected a whole number of at most 256, got 257",
        ),
        (
            "getPermittedAuthMethodScopes({ tokenId: 1n, authMethodType: 'google', userId: '0x' })",
            "Lit.Actions.getPermittedAuthMethodScopes: authMethodType: expected a whole number, or its text, \
             got a string that is none",
        ),
        ("getRpcUrl()", "Lit.Actions.getRpcUrl: expected one object argument"),
        ("isPermittedAction({ tokenId: 1n })", "Lit.Actions.isPermittedAction: ipfsId: expected a string, got nothing"),
        (
            "isPermittedAddress({ tokenId: 1n, address: 'vitalik.eth' })",
            "Lit.Actions.isPermittedAddress: address: expected bytes (Uint8Array, array of bytes or hex string), \
             got a string that is not hex",
        ),
        (
            "isPermittedAuthMethod({ tokenId: 1n, authMethodType: 1.5, userId: [1] })",
            "Lit.Actions.isPermittedAuthMethod: authMethodType: expected a whole number, got number",
        ),
        (
            "pubkeyToTokenId({ publicKey: '0x04' })",
            "Lit.Actions.pubkeyToTokenId: publicKey: expected a secp256k1 public key of 65 or 33 bytes, \
             got 1 bytes that are none",
        ),
        ("runOnce({ name: 'n' })", "Lit.Actions.runOnce: expected a function as the second argument"),
        ("runOnce(undefined, () => 1)", "Lit.Actions.runOnce: expected one object argument"),
        ("runOnce({ name: 7 }, () => 1)", "Lit.Actions.runOnce: name: expected a string, got number"),
        ("setResponse({ response: 1 })", "Lit.Actions.setResponse: response: expected a string, got number"),
        (
            "sign({ signingScheme: 'Rot13' })",
            "Lit.Actions.sign: signingScheme: expected \"EcdsaK256Sha256\", \"SchnorrK256Sha256\" or \
             \"SchnorrK256Taproot\", got \"Rot13\"",
        ),
        (
            "signAndCombine({ signingScheme: 'SchnorrK256Sha256', toSign: 7 })",
            "Lit.Actions.signAndCombine: toSign: expected bytes (Uint8Array, array of bytes or hex string), got number",
        ),
        (
            "signAndCombineEcdsa({ toSign: new Uint16Array(32) })",
            "Lit.Actions.signAndCombineEcdsa: toSign: expected bytes (Uint8Array, array of bytes or hex string), \
             got an object",
        ),
        (
            "signEcdsa({ toSign: [256] })",
            "Lit.Actions.signEcdsa: toSign: expected bytes (Uint8Array, array of bytes or hex string), got an array",
        ),
        ("uint8arrayFromString(7)", "Lit.Actions.uint8arrayFromString: text: expected a string, got number"),
        ("uint8arrayToString('x')", "Lit.Actions.uint8arrayToString: bytes: expected a Uint8Array, got string"),
    ] {
        assert_eq!(threw(&format!("Lit.Actions.{code}")), format!("TypeError: {expected}"), "{code}");
    }
}

#[test]
fn texts_that_are_not_in_their_encoding_and_unknown_encodings_are_errors() {
    for (text, encoding) in
        [("zz", "base16"), ("f", "base16"), ("2", "base2"), ("0", "base58btc"), ("A", "base32"), ("Z", "base64")]
    {
        let code = format!("Lit.Actions.uint8arrayFromString('{text}', '{encoding}')");
        assert!(threw(&code).starts_with("SyntaxError: Lit.Actions.uint8arrayFromString: text: "), "{code}");
    }
    for code in ["uint8arrayFromString('x', 'rot13')", "uint8arrayToString(new Uint8Array(1), 7)"] {
        let said = threw(&format!("Lit.Actions.{code}"));
        assert!(said.contains(": encoding: expected utf8, latin1, ascii, binary, base2, "), "{said}");
    }
}
