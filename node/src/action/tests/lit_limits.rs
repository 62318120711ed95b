//! Functions of `Lit.Actions` over their limits: what is counted, how long things may be, what costs fuel or memory.

use super::*;
use std::borrow::Cow;

fn limited(what: &'static str, max: u64) -> ActionError {
    ActionError::LimitExceeded { what: Cow::Borrowed(what), max }
}

#[test]
fn each_function_that_asks_a_node_for_something_may_be_called_so_often_only() {
    let prelude = format!("const publicKey = '{KEY}', toSign = new Uint8Array(32), sigName = 's';")
        + "const conditions = [{ contractAddress: '', standardContractType: '', chain: 'ethereum', method: '',
             parameters: [':userAddress'], returnValueTest: { comparator: '=', value: '0x' + 'ab'.repeat(20) } }];
           const sealed = { accessControlConditions: conditions, ciphertext: '', dataToEncryptHash: '00'.repeat(32) };
           const txn = '0xec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080';";
    let (signs, calls, asked, said) = ("signing requests", "calls of actions", "contract calls", "broadcasts");
    for (call, what, max) in [
        ("sign({ toSign, publicKey, sigName, signingScheme: 'SchnorrK256Sha256' })", signs, 10),
        ("signAndCombine({ toSign, publicKey, sigName, signingScheme: 'EcdsaK256Sha256' })", signs, 10),
        ("signAndCombineEcdsa({ toSign, publicKey, sigName })", signs, 10),
        ("signEcdsa({ toSign, publicKey, sigName })", signs, 10),
        ("ethPersonalSignMessageEcdsa({ message: 'm', publicKey, sigName })", signs, 10),
        ("call({ ipfsId: 'Qm' })", calls, 50),
        ("callContract({ chain: 'c', txn })", asked, 30),
        ("checkConditions({ conditions })", asked, 30),
        ("getLatestNonce({ chain: 'c', address: '0x' + '00'.repeat(20) })", asked, 30),
        ("getPermittedActions({ tokenId: 1n })", asked, 30),
        ("getPermittedAddresses({ tokenId: 1n })", asked, 30),
        ("getPermittedAuthMethods({ tokenId: 1n })", asked, 30),
        ("getPermittedAuthMethodScopes({ tokenId: 1n, authMethodType: 1, userId: [1] })", asked, 30),
        ("getRpcUrl({ chain: 'c' })", asked, 30),
        ("isPermittedAction({ tokenId: 1n, ipfsId: 'Qm' })", asked, 30),
        ("isPermittedAddress({ tokenId: 1n, address: '0x' + '00'.repeat(20) })", asked, 30),
        ("isPermittedAuthMethod({ tokenId: 1n, authMethodType: 1, userId: [1] })", asked, 30),
        ("broadcastAndCollect({ name: 'n', value: 'v' })", said, 30),
        ("decryptAndCombine(sealed)", said, 30),
        ("decryptToSingleNode(sealed)", said, 30),
        ("encrypt({ accessControlConditions: conditions, to_encrypt: 'x' })", said, 30),
        ("runOnce({}, async () => 'x')", said, 30),
    ] {
        let times = |times: u64| {
            format!("{prelude} (async () => {{ for (let i = 0; i < {times}; i++) await Lit.Actions.{call} }})()")
        };
        assert_eq!(ending_of(spec(&times(max))).0.map(drop), Ok(()), "{call}");
        assert_eq!(error_of(&times(max + 1)), limited(what, max), "{call}");
    }
}

#[test]
fn what_functions_take_is_limited_in_size() {
    for (call, what, max) in [
        ("setResponse({ response: 'x'.repeat(102401) })", "bytes of response", 102_400),
        ("broadcastAndCollect({ name: 'n', value: 'x'.repeat(102401) })", "bytes of value", 102_400),
    ] {
        assert_eq!(error_of(&format!("(async () => await Lit.Actions.{call})()")), limited(what, max), "{call}");
    }
}

#[test]
fn functions_that_answer_at_once_use_up_fuel_or_memory() {
    let key = format!("pubkeyToTokenId({{ publicKey: '{KEY}' }})");
    for call in [
        key.as_str(),
        "aesDecrypt({ symmetricKey: '00'.repeat(32), ciphertext: '00'.repeat(1 << 20) }).catch(() => 0)",
        "uint8arrayFromString('0'.repeat(1 << 20), 'base16')",
        "uint8arrayFromString('1'.repeat(1 << 16), 'base58btc')",
        "uint8arrayToString(new Uint8Array(1 << 20), 'base64')",
        "uint8arrayToString(new Uint8Array(1 << 16), 'base10')",
    ] {
        let error = error_of(&format!("for (;;) Lit.Actions.{call}"));
        assert!(matches!(error, ActionError::OutOfFuel | ActionError::Memory), "{call}: {error:?}");
    }
}

/// Where the whole text is one number, each digit costs the more the more there are: a text of 64 KiB is over the limit
/// of these tests at once, where reading it as hex is not.
#[test]
fn bases_that_are_no_powers_of_two_cost_the_square_of_their_length() {
    let fuel = |encoding: &str, length: u32| {
        ending_of(spec(&format!("Lit.Actions.uint8arrayToString(new Uint8Array({length}), '{encoding}')"))).2
    };
    let (little, much) = (fuel("base58btc", 1_000), fuel("base58btc", 8_000));
    assert!(much > 30 * little, "{little} {much}");
    assert!(fuel("base64", 8_000) * 30 < much);
    let over = error_of("Lit.Actions.uint8arrayToString(new Uint8Array(1 << 16), 'base36')");
    assert_eq!(over, ActionError::OutOfFuel);
}
