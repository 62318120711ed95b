//! The library ethers in an action, against values that other implementations make: alloy, or the EIPs themselves.

use super::api::{only_call, result};
use super::*;
use crate::action::Signature as Wanted;
use crate::signing::CombinedSignature;
use alloy_consensus::transaction::SignerRecoverable;
use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address, eip191_hash_message, keccak256};
use alloy_sol_types::{SolCall, SolValue, sol};
use k256::ecdsa::SigningKey;

fn large(code: &str) -> ActionSpec {
    ActionSpec { limits: Limits::default(), ..spec(code) }
}

fn printed(code: &str) -> String {
    printed_with(code, "")
}

/// What a script prints; `params` are its globals.
fn printed_with(code: &str, params: &str) -> String {
    let spec = ActionSpec { js_params: params.to_owned(), ..large(code) };
    let (result, logs, _) = on_big_stack(|| run_to_end(spec, ""));
    result.unwrap_or_else(|error| panic!("{error} after {logs}"));
    logs
}

fn key() -> SigningKey {
    SigningKey::from_slice(&keccak256("cow").0).expect("a key")
}

fn sign(digest: B256) -> Signature {
    let (signature, recovery) = key().sign_prehash_recoverable(digest.as_slice()).expect("a signature");
    Signature::from_signature_and_parity(signature, recovery.is_y_odd())
}

const COW: Address = address!("CD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826");

/// The example of EIP-712, with its hash and signature.
const MAIL: &str = "
    const domain = { name: 'Ether Mail', version: '1', chainId: 1, verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC' };
    const types = { Person: [{ name: 'name', type: 'string' }, { name: 'wallet', type: 'address' }],
      Mail: [{ name: 'from', type: 'Person' }, { name: 'to', type: 'Person' }, { name: 'contents', type: 'string' }] };
    const mail = { from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
      to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' }, contents: 'Hello, Bob!' };
    const signature = '0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c';";

#[test]
fn a_typed_data_signature_is_verified() {
    let code = format!(
        "{MAIL} console.log(ethers.utils._TypedDataEncoder.hash(domain, types, mail));
         console.log(ethers.utils.verifyTypedData(domain, types, mail, signature));
         console.log(ethers.utils.verifyTypedData(domain, types, {{ ...mail, contents: 'Hello' }}, signature) === mail.from.wallet);
         const cow = new ethers.Wallet(ethers.utils.id('cow'));
         console.log(await cow._signTypedData(domain, types, mail) === signature)"
    );
    assert_eq!(
        printed(&code),
        format!("0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2\n{COW}\nfalse\ntrue\n")
    );
}

#[test]
fn a_signed_message_is_verified_and_an_address_recovered() {
    let text = "héllo";
    let signature = sign(eip191_hash_message(text));
    let digest = keccak256(b"anything");
    let params = serde_json::json!({
        "message": text, "signature": signature.to_string(), "digest": digest, "other": sign(digest).to_string(),
    });
    let code = "const { utils } = ethers;
        console.log(utils.verifyMessage(message, signature), utils.hashMessage(message), utils.recoverAddress(digest, other));
        console.log(utils.computeAddress(utils.recoverPublicKey(digest, other)), utils.splitSignature(other).v >= 27);
        const { r, s, v } = utils.splitSignature(other);
        console.log(utils.joinSignature({ r, s, v }) === other)";
    assert_eq!(
        printed_with(code, &params.to_string()),
        format!("{COW} {} {COW}\n{COW} true\ntrue\n", eip191_hash_message(text))
    );
}

#[test]
fn hashes_and_units_are_those_of_others() {
    let code = "const { utils, BigNumber, constants } = ethers;
        console.log(utils.keccak256('0x1234'), utils.id('transfer(address,uint256)').slice(0, 10), utils.sha256('0x'), utils.ripemd160('0x616263'));
        console.log(`${utils.parseEther('1.5')}`, utils.formatEther('1500000000000000000'), utils.formatUnits(1234567, 6), `${utils.parseUnits('2', 'gwei')}`);
        console.log(utils.getAddress('0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826'), utils.isAddress('0x12'), utils.hexZeroPad('0x1', 4));
        console.log(`${BigNumber.from('0xff').mul(2).sub(1000).div(7)}`, constants.MaxUint256.toHexString().length, utils.namehash('eth'));
        console.log(utils.computeHmac('sha256', '0x4a656665', '0x7768617420646f2079612077616e7420666f72206e6f7468696e673f'))";
    let hash = keccak256([0x12, 0x34]);
    assert_eq!(
        printed(code),
        format!(
            "{hash} 0xa9059cbb 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 \
             0x8eb208f7e05d987a9b044a8e98c6b087f15a0bfc\n\
             1500000000000000000 1.5 1.234567 2000000000\n{COW} false 0x00000001\n-70 66 \
             0x93cdeb708b7545dc668eb9280176169d1c33cfd8ed6f04690a0bcc88a93fc4ae\n\
             0x5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843\n"
        )
    );
}

sol! {
    struct Leg { address pool; uint24[] fees; bytes data; }
    function swap(Leg[] path, int128 amount, string note) returns (uint256, bytes32[2]);
}

#[test]
fn contract_calls_are_encoded_and_decoded() {
    let call = swapCall {
        path: vec![Leg {
            pool: COW,
            fees: vec![500, 3000].into_iter().map(|fee| fee.try_into().expect("24 bits")).collect(),
            data: Bytes::from_static(&[1, 2, 3]),
        }],
        amount: -7,
        note: "né".into(),
    };
    let result = (U256::from(42), [B256::repeat_byte(1), B256::repeat_byte(2)]);
    let params = serde_json::json!({ "pool": COW.to_string(), "call": Bytes::from(call.abi_encode()), "result": Bytes::from(result.abi_encode()) });
    let code = "const face = new ethers.utils.Interface([
          'function swap((address pool, uint24[] fees, bytes data)[] path, int128 amount, string note) returns (uint256, bytes32[2])']);
        const data = face.encodeFunctionData('swap', [[{ pool, fees: [500, 3000], data: '0x010203' }], -7, 'né']);
        const back = face.decodeFunctionData('swap', call);
        const [n, [a, b]] = face.decodeFunctionResult('swap', result);
        console.log(data === call, back.path[0].pool === pool, `${back.amount}`, back.note, `${n}`, a[3] + b[3]);
        const types = ['uint256', 'bytes32[2]'];
        console.log(ethers.utils.defaultAbiCoder.encode(types, [42, [a, b]]) === result, ethers.utils.defaultAbiCoder.decode(types, result).length)";
    assert_eq!(printed_with(code, &params.to_string()), "true true -7 né 42 12\ntrue 2\n");
}

fn transfer() -> TxEip1559 {
    TxEip1559 {
        chain_id: 31_337,
        nonce: 7,
        gas_limit: 60_000,
        max_fee_per_gas: 20_000_000_000,
        max_priority_fee_per_gas: 1_000_000_000,
        to: TxKind::Call(COW),
        value: U256::from(10).pow(U256::from(18)),
        access_list: AccessList(vec![AccessListItem { address: COW, storage_keys: vec![B256::repeat_byte(9)] }]),
        input: Bytes::from_static(&[0xde, 0xad, 0xbe, 0xef]),
    }
}

const TRANSFER: &str = "const { utils } = ethers;
    const tx = { type: 2, chainId: 31337, nonce: 7, gasLimit: 60000, maxFeePerGas: utils.parseUnits('20', 'gwei'),
      maxPriorityFeePerGas: utils.parseUnits('1', 'gwei'), to, value: utils.parseEther('1'), data: '0xdeadbeef',
      accessList: [{ address: to, storageKeys: ['0x' + '09'.repeat(32)] }] };";

/// What a script prints that asks for one combined signature, and the hash that it wanted signed; the key is the cow's.
fn printed_with_signature(code: &str, params: &serde_json::Value, signature: &CombinedSignature) -> (String, B256) {
    let spec = ActionSpec { js_params: params.to_string(), ..large(code) };
    on_big_stack(|| {
        let mut meter = Meter::default();
        let (mut execution, progress) = Execution::start(spec, &mut meter);
        let (id, call) = only_call(progress);
        let HostCall::Sign { to_sign, signature: wanted, .. } = call else { panic!("a signature, not {call:?}") };
        assert_eq!(wanted, Wanted::ToAction);
        let end = execution.resume(START, id, HostAnswer::Combined(Ok(*signature)), &mut meter);
        let logs = result(end).unwrap_or_else(|error| panic!("{error} after {}", execution.logs())).logs;
        (logs, to_sign.into())
    })
}

/// A signature as nodes combine it.
fn combined(signature: &Signature) -> CombinedSignature {
    let (r, s) = (signature.r().to_be_bytes(), signature.s().to_be_bytes());
    CombinedSignature::Ecdsa { r, s, v: u8::from(signature.v()) }
}

fn cows_public_key() -> String {
    format!("0x{}", hex::encode(key().verifying_key().to_encoded_point(false).as_bytes()))
}

/// The way that the SDK's documentation shows: `r` is a compressed point, whose first byte is cut off.
#[test]
fn a_transaction_is_built_signed_by_the_network_and_parsed_again() {
    let transaction = transfer();
    let digest = transaction.signature_hash();
    let signature = sign(digest);
    let params = serde_json::json!({ "to": COW.to_string(), "publicKey": cows_public_key() });
    let code = format!(
        "{TRANSFER} const hash = utils.keccak256(utils.serializeTransaction(tx));
         const sig = JSON.parse(await Lit.Actions.signAndCombineEcdsa({{
           toSign: utils.arrayify(hash), publicKey, sigName: 'sig' }}));
         const signature = ethers.utils.joinSignature({{ r: '0x' + sig.r.substring(2), s: '0x' + sig.s, v: sig.v }});
         const raw = utils.serializeTransaction(tx, signature), parsed = utils.parseTransaction(raw);
         console.log(hash);
         console.log(raw);
         console.log(parsed.from, parsed.hash, parsed.nonce, utils.formatEther(parsed.value), parsed.accessList[0].storageKeys.length)"
    );
    let (logs, signed) = printed_with_signature(&code, &params, &combined(&signature));
    assert_eq!(signed, digest);
    let lines: Vec<&str> = logs.lines().collect();
    let signed = TxEnvelope::from(transaction.into_signed(signature));
    assert_eq!(lines[0], digest.to_string());
    assert_eq!(lines[1], Bytes::from(signed.encoded_2718()).to_string());
    assert_eq!(lines[2], format!("{COW} {} 7 1.0 1", signed.tx_hash()));
    let raw: Bytes = lines[1].parse().expect("hex");
    let decoded = TxEnvelope::decode_2718(&mut raw.as_ref()).expect("a transaction");
    assert_eq!(decoded.recover_signer().ok(), Some(COW));
}

/// Signatures of both parities, and numbers with leading zeros, which hex without a fixed length would lose.
#[test]
fn the_networks_signatures_are_joined_whatever_their_parity_and_leading_zeros() {
    let signed = (0_u32..5_000).map(|number| keccak256(number.to_be_bytes())).map(|digest| (digest, sign(digest)));
    let is_short = |signature: &Signature| signature.r().byte_len() < 32 || signature.s().byte_len() < 32;
    let mut chosen: Vec<_> = signed.clone().filter(|(_, signature)| is_short(signature)).take(3).collect();
    for parity in [false, true] {
        chosen.extend(signed.clone().find(|(_, signature)| signature.v() == parity));
    }
    assert_eq!(chosen.len(), 5);
    for (digest, signature) in chosen {
        let params = serde_json::json!({ "digest": digest.to_string(), "publicKey": cows_public_key() });
        let code = "const sig = JSON.parse(await Lit.Actions.signAndCombineEcdsa({
              toSign: ethers.utils.arrayify(digest), publicKey, sigName: 'sig' }));
            const joined = ethers.utils.joinSignature({ r: '0x' + sig.r.substring(2), s: '0x' + sig.s, v: sig.v });
            console.log(sig.r.length, sig.s.length, joined, ethers.utils.recoverAddress(digest, joined))";
        let (logs, signed) = printed_with_signature(code, &params, &combined(&signature));
        assert_eq!(signed, digest);
        assert_eq!(logs, format!("66 64 {signature} {COW}\n"));
    }
}

#[test]
fn a_wallet_signs_as_others_do() {
    let params = serde_json::json!({ "to": COW.to_string() });
    let code = format!(
        "{TRANSFER} const wallet = new ethers.Wallet(utils.id('cow'));
         console.log(wallet.address, await wallet.signTransaction(tx));
         const a = ethers.Wallet.createRandom(), b = ethers.Wallet.createRandom();
         console.log(a.privateKey !== b.privateKey, utils.verifyMessage('x', await a.signMessage('x')) === a.address)"
    );
    let signed = TxEnvelope::from(transfer().into_signed(sign(transfer().signature_hash())));
    let expected = format!("{COW} {}\ntrue true\n", Bytes::from(signed.encoded_2718()));
    assert_eq!(printed_with(&code, &params.to_string()), expected);
}

#[test]
fn providers_ask_over_fetch() {
    let code = "const asked = [];
        for (const Provider of [ethers.providers.StaticJsonRpcProvider, ethers.providers.JsonRpcProvider]) {
          const provider = new Provider('https://rpc.example/chain');
          const token = new ethers.Contract(to, ['function balanceOf(address) view returns (uint256)'], provider);
          console.log((await provider.getNetwork()).chainId, `${await provider.getBalance(to)}`, `${await token.balanceOf(to)}`);
        }";
    let logs = on_big_stack(|| {
        let (mut meter, mut now, mut urls) = (Meter::default(), START, Vec::new());
        let spec = ActionSpec { js_params: serde_json::json!({ "to": COW.to_string() }).to_string(), ..large(code) };
        let (mut execution, mut progress) = Execution::start(spec, &mut meter);
        let mut open = Vec::new();
        loop {
            match progress {
                Progress::Finished(result) => {
                    assert_eq!(result.map(drop), Ok(()), "{}", execution.logs());
                    assert!(urls.iter().all(|url| url == "https://rpc.example/chain"), "{urls:?}");
                    return execution.logs();
                }
                Progress::Pending(calls) => open.extend(calls),
            }
            now = now.plus_millis(1);
            if open.is_empty() {
                now = now.max(execution.deadline().expect("a deadline"));
                progress = execution.tick(now, &mut meter);
                continue;
            }
            let (id, HostCall::Fetch(request)) = open.remove(0) else { panic!("only fetches are expected") };
            urls.push(request.url.clone());
            let question: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
            let result = match question["method"].as_str() {
                Some("eth_chainId") => "0x7a69".to_owned(),
                Some("net_version") => "31337".to_owned(),
                Some("eth_getBalance") => "0xde0b6b3a7640000".to_owned(),
                Some("eth_call") => format!("0x{:064x}", 42),
                other => panic!("asked for {other:?}"),
            };
            let body = serde_json::json!({ "jsonrpc": "2.0", "id": question["id"], "result": result }).to_string();
            let response = HttpResponse { status: 200, headers: vec![], body: body.into_bytes() };
            progress = execution.resume(now, id, HostAnswer::Fetch(Ok(response)), &mut meter);
        }
    });
    assert_eq!(logs, "31337 1000000000000000000 42\n".repeat(2));
}

#[test]
fn errors_of_ethers_are_its_own() {
    for (code, expected) in [
        ("ethers.utils.getAddress('0x12')", "Error: invalid address"),
        ("ethers.utils.arrayify('0x123')", "Error: hex data is odd-length"),
        ("new ethers.utils.SigningKey('0x12')", "Error: invalid private key"),
        ("ethers.utils.parseTransaction('0x02f8')", "Error: data short segment too short"),
        ("ethers.utils.recoverAddress('0x' + '00'.repeat(32), '0x' + '00'.repeat(64) + '1b')", "Error: secp256k1"),
        ("new ethers.Wallet('0x' + '00'.repeat(32))", "Error: secp256k1: invalid private key"),
        ("new ethers.utils.HDNode()", "Error: ethers: HDNode is not part of the ethers of actions"),
        ("ethers.Wallet.fromMnemonic('a b c')", "Error: ethers: HDNode is not part"),
        ("new ethers.providers.InfuraProvider()", "Error: ethers: InfuraProvider is not part"),
    ] {
        let (result, ..) = on_big_stack(|| run_to_end(large(code), ""));
        let Err(ActionError::Threw(text)) = result else { panic!("{code}: {result:?}") };
        assert!(text.starts_with(expected), "{code}: {text}");
    }
}

#[test]
fn ethers_costs_nothing_until_it_is_touched() {
    let fuel = |code: &str| ending_of(large(code)).2;
    let (without, with) = (fuel("1"), fuel("ethers.utils.id('x')"));
    assert!(without < 5_000, "{without}");
    assert!(with > 100_000, "{with}");
    // What is not used of it is not loaded either.
    let more = fuel("ethers.utils.id('x'); ethers.providers.JsonRpcProvider");
    assert!(more > with + 600_000, "{with} {more}");
}
