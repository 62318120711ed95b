//! A chain's RPC endpoint over HTTP, as actions and the libraries in them ask it: JSON-RPC 2.0 with the methods of
//! Ethereum's execution API that reading, signing and sending need.
//!
//! What a node's endpoint answers goes through the same hands as the node's own questions, so one that lags, fails or lies
//! does so here, too.

use alloy_primitives::keccak256;
use lit_node::chain::revert::RevertReason;
use lit_node::io::{BlockTag, ChainError, ChainReply, ChainRequest, HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use crate::chain::{BASE_FEE_WEI, BLOCK_GAS_LIMIT, Chain, Intent, Receipt};

/// The most calls in one batch.
const BATCH_MAX: usize = 100;

/// Error codes of JSON-RPC 2.0, section 5.1, and of EIP-1474.
mod code {
    pub const PARSE: i64 = -32700;
    pub const INVALID_REQUEST: i64 = -32600;
    pub const NO_METHOD: i64 = -32601;
    pub const INVALID_PARAMS: i64 = -32602;
    pub const NO_RESOURCE: i64 = -32001;
    pub const REFUSED: i64 = -32000;
    pub const REVERTED: i64 = 3;
}

/// Why a call has no result.
struct Refusal {
    code: i64,
    message: String,
    data: Option<Vec<u8>>,
}

fn refuse(code: i64, message: impl Into<String>) -> Refusal {
    Refusal { code, message: message.into(), data: None }
}

fn invalid(position: usize, expected: &str) -> Refusal {
    refuse(code::INVALID_PARAMS, format!("parameter {position}: expected {expected}"))
}

/// What an endpoint sees of its chain.
pub struct View<'a> {
    /// The chain, for what is not asked of nodes' endpoints otherwise.
    pub chain: &'a Chain,
    /// The newest block that the endpoint knows.
    pub newest: u64,
}

/// Answers an HTTP request to a chain's endpoint. `ask` puts a question to it as a node does.
pub fn respond(
    request: &HttpRequest,
    view: &View,
    mut ask: impl FnMut(&ChainRequest) -> Result<ChainReply, ChainError>,
) -> HttpResponse {
    if request.method != "POST" {
        return HttpResponse { status: 405, headers: vec![("allow".into(), "POST".into())], body: Vec::new() };
    }
    let answer = match serde_json::from_slice::<Value>(&request.body) {
        Err(error) => Some(failure(&Value::Null, refuse(code::PARSE, error.to_string()))),
        Ok(Value::Array(calls)) if calls.is_empty() || calls.len() > BATCH_MAX => {
            let message = format!("a batch has 1 to {BATCH_MAX} calls");
            Some(failure(&Value::Null, refuse(code::INVALID_REQUEST, message)))
        }
        Ok(Value::Array(calls)) => {
            let answers: Vec<Value> = calls.iter().filter_map(|call| answer(call, view, &mut ask)).collect();
            (!answers.is_empty()).then_some(Value::Array(answers))
        }
        Ok(call) => answer(&call, view, &mut ask),
    };
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    match answer {
        Some(answer) => HttpResponse { status: 200, headers, body: answer.to_string().into_bytes() },
        None => HttpResponse { status: 204, headers: Vec::new(), body: Vec::new() },
    }
}

/// The answer to one call; none to a notification, which has no id.
fn answer(
    call: &Value,
    view: &View,
    ask: &mut dyn FnMut(&ChainRequest) -> Result<ChainReply, ChainError>,
) -> Option<Value> {
    let Some(method) = call.get("method").and_then(Value::as_str) else {
        let refusal = refuse(code::INVALID_REQUEST, "expected an object with a method");
        return Some(failure(call.get("id").unwrap_or(&Value::Null), refusal));
    };
    let none = Vec::new();
    let params = call.get("params").and_then(Value::as_array).unwrap_or(&none);
    let result = Call { params, view, ask }.run(method);
    let id = call.get("id")?;
    Some(match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(refusal) => failure(id, refusal),
    })
}

fn failure(id: &Value, refusal: Refusal) -> Value {
    let mut error = Map::new();
    error.insert("code".into(), refusal.code.into());
    error.insert("message".into(), refusal.message.into());
    if let Some(data) = refusal.data {
        error.insert("data".into(), hex(&data));
    }
    json!({ "jsonrpc": "2.0", "id": id, "error": error })
}

/// One call with its parameters.
struct Call<'a> {
    params: &'a [Value],
    view: &'a View<'a>,
    ask: &'a mut dyn FnMut(&ChainRequest) -> Result<ChainReply, ChainError>,
}

impl Call<'_> {
    fn run(&mut self, method: &str) -> Result<Value, Refusal> {
        let chain = self.view.chain;
        match method {
            "eth_chainId" => Ok(quantity(chain.config().chain_id)),
            "net_version" => Ok(chain.config().chain_id.to_string().into()),
            "web3_clientVersion" => Ok("litsim".into()),
            "eth_blockNumber" => Ok(quantity(self.view.newest)),
            "eth_gasPrice" => Ok(quantity(BASE_FEE_WEI + 1)),
            "eth_maxPriorityFeePerGas" => Ok(quantity(1)),
            "eth_estimateGas" => self.estimate().map(quantity),
            "eth_call" => self.view_call().map(|data| hex(&data)),
            "eth_getBalance" => Ok(format!("{:#x}", chain.balance(self.fixed(0, "an address")?)).into()),
            "eth_getTransactionCount" => {
                let account = self.fixed(0, "an address")?;
                match self.put(&ChainRequest::Nonce { account })? {
                    ChainReply::Nonce(nonce) => Ok(quantity(nonce)),
                    _ => Err(refuse(code::REFUSED, "the endpoint answered something else")),
                }
            }
            "eth_sendRawTransaction" => {
                let raw = self.bytes(0, "an encoded transaction")?;
                match self.put(&ChainRequest::Submit { raw })? {
                    ChainReply::Accepted(hash) => Ok(hex(&hash)),
                    _ => Err(refuse(code::REFUSED, "the endpoint answered something else")),
                }
            }
            "eth_getTransactionReceipt" => {
                let receipt = chain.receipt(&self.fixed(0, "a transaction's hash")?);
                let known = receipt.filter(|receipt| receipt.block <= self.view.newest);
                Ok(known.map_or(Value::Null, |receipt| receipt_json(chain, receipt)))
            }
            "eth_getBlockByNumber" => Ok(self.block()?.map_or(Value::Null, |number| block_json(chain, number))),
            other => Err(refuse(code::NO_METHOD, format!("the method {other} does not exist"))),
        }
    }

    fn put(&mut self, request: &ChainRequest) -> Result<ChainReply, Refusal> {
        (self.ask)(request).map_err(|error| match error {
            ChainError::NoSuchBlock(_) => refuse(code::NO_RESOURCE, error.to_string()),
            other => refuse(code::REFUSED, other.to_string()),
        })
    }

    /// The return data of a view call; its sender and value make no difference to a view.
    fn view_call(&mut self) -> Result<Vec<u8>, Refusal> {
        const EXPECTED: &str = "an object with a recipient (to) and call data (data or input)";
        let call = self.params.first().and_then(Value::as_object).ok_or_else(|| invalid(0, EXPECTED))?;
        let field = |name: &str| call.get(name).and_then(bytes_of);
        let to = field("to").and_then(|to| to.try_into().ok()).ok_or_else(|| invalid(0, EXPECTED))?;
        let data = field("data").or_else(|| field("input")).unwrap_or_default();
        let block = match self.params.get(1).filter(|block| !block.is_null()) {
            None => BlockTag::Latest,
            Some(block) => match block.as_str() {
                Some("latest" | "pending" | "safe" | "finalized") => BlockTag::Latest,
                _ => BlockTag::Number(number_of(block).ok_or_else(|| invalid(1, "a block"))?),
            },
        };
        match self.put(&ChainRequest::Call { to, data, block })? {
            ChainReply::Returned(data) => Ok(data),
            ChainReply::Reverted(data) => Err(reverted(data)),
            _ => Err(refuse(code::REFUSED, "the endpoint answered something else")),
        }
    }

    /// What a transaction would use, and a fifth more: a call gets only 63 of 64 parts of what is left (EIP-150).
    fn estimate(&self) -> Result<u64, Refusal> {
        const EXPECTED: &str = "an object with a recipient (to)";
        let call = self.params.first().and_then(Value::as_object).ok_or_else(|| invalid(0, EXPECTED))?;
        let field = |name: &str| call.get(name).and_then(bytes_of);
        let intent = Intent {
            from: field("from").and_then(|from| from.try_into().ok()).unwrap_or_default(),
            to: field("to").and_then(|to| to.try_into().ok()).ok_or_else(|| invalid(0, EXPECTED))?,
            value: call.get("value").and_then(|value| value.as_str()?.parse().ok()).unwrap_or_default(),
            data: field("data").or_else(|| field("input")).unwrap_or_default(),
        };
        match self.view.chain.gas(&intent, self.view.newest) {
            Ok(Ok(gas)) => Ok(gas + gas / 5),
            Ok(Err(data)) => Err(reverted(data)),
            Err(error) => Err(refuse(code::NO_RESOURCE, error.to_string())),
        }
    }

    /// The block that is asked for, if the endpoint knows it.
    fn block(&self) -> Result<Option<u64>, Refusal> {
        let newest = self.view.newest;
        let asked = self.params.first().unwrap_or(&Value::Null);
        let number = match asked.as_str() {
            Some("latest" | "pending" | "safe" | "finalized") => Some(newest),
            Some("earliest") => Some(0),
            _ => number_of(asked),
        };
        let number = number.ok_or_else(|| invalid(0, "a block"))?;
        Ok(Some(number).filter(|number| *number <= newest && self.view.chain.timestamp_s(*number).is_some()))
    }

    fn bytes(&self, position: usize, expected: &str) -> Result<Vec<u8>, Refusal> {
        self.params.get(position).and_then(bytes_of).ok_or_else(|| invalid(position, expected))
    }

    fn fixed<const N: usize>(&self, position: usize, expected: &str) -> Result<[u8; N], Refusal> {
        self.bytes(position, expected)?.try_into().map_err(|_| invalid(position, expected))
    }
}

fn reverted(data: Vec<u8>) -> Refusal {
    let message = format!("execution reverted: {}", RevertReason::decode(&data));
    Refusal { code: code::REVERTED, message, data: Some(data) }
}

fn bytes_of(value: &Value) -> Option<Vec<u8>> {
    hex::decode(value.as_str()?.strip_prefix("0x")?).ok()
}

fn number_of(value: &Value) -> Option<u64> {
    u64::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()
}

fn hex(bytes: &[u8]) -> Value {
    format!("0x{}", hex::encode(bytes)).into()
}

fn quantity(number: u64) -> Value {
    format!("{number:#x}").into()
}

/// A block's hash. The chain here has none of its own; by its number and time it is told from every other.
fn block_hash(chain: &Chain, number: u64) -> [u8; 32] {
    let time = chain.timestamp_s(number).unwrap_or_default();
    let parts = [chain.config().chain_id.to_be_bytes(), number.to_be_bytes(), time.to_be_bytes()];
    keccak256(parts.concat()).0
}

fn block_json(chain: &Chain, number: u64) -> Value {
    let parent = number.checked_sub(1).map_or([0; 32], |parent| block_hash(chain, parent));
    json!({
        "number": quantity(number),
        "hash": hex(&block_hash(chain, number)),
        "parentHash": hex(&parent),
        "timestamp": quantity(chain.timestamp_s(number).unwrap_or_default()),
        "nonce": "0x0000000000000000",
        "difficulty": "0x0",
        "gasLimit": quantity(BLOCK_GAS_LIMIT),
        "gasUsed": "0x0",
        "miner": hex(&[0; 20]),
        "extraData": "0x",
        "baseFeePerGas": quantity(BASE_FEE_WEI),
        "transactions": [],
    })
}

/// A receipt. Without the hash of its block libraries take it for one of a transaction that still waits.
fn receipt_json(chain: &Chain, receipt: &Receipt) -> Value {
    let block_hash = hex(&block_hash(chain, receipt.block));
    let logs = receipt.logs.iter().map(|log| {
        json!({
            "address": hex(&log.address),
            "topics": log.topics.iter().map(|topic| hex(topic)).collect::<Vec<_>>(),
            "data": hex(&log.data),
            "blockNumber": quantity(receipt.block),
            "blockHash": block_hash,
            "transactionHash": hex(&receipt.transaction),
            "transactionIndex": quantity(receipt.index.into()),
            "logIndex": quantity(log.index.into()),
            "removed": false,
        })
    });
    json!({
        "transactionHash": hex(&receipt.transaction),
        "transactionIndex": quantity(receipt.index.into()),
        "blockNumber": quantity(receipt.block),
        "blockHash": block_hash,
        "from": hex(&receipt.from),
        "to": receipt.to.map_or(Value::Null, |to| hex(&to)),
        "contractAddress": receipt.created.map_or(Value::Null, |created| hex(&created)),
        "status": quantity(receipt.succeeded().into()),
        "gasUsed": quantity(receipt.gas_used),
        "cumulativeGasUsed": quantity(receipt.gas_used),
        "effectiveGasPrice": quantity(BASE_FEE_WEI + 1),
        "logs": logs.collect::<Vec<_>>(),
        "type": "0x2",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::U256;
    use k256::ecdsa::SigningKey;
    use lit_node::chain::{ContractCall, Fees, TransactionRequest, registration};
    use lit_node::meter::Meter;

    use crate::chain::ChainConfig;
    use std::collections::BTreeMap;

    fn chain() -> Chain {
        Chain::genesis(ChainConfig {
            chain_id: 7,
            block_time_ms: 1_000,
            finality_depth: 1,
            genesis_time_s: 100,
            alloc: BTreeMap::from([([1; 20], U256::from(255))]),
        })
    }

    fn post(body: &str) -> (u16, Value) {
        let mut chain = chain();
        chain.mine(101);
        let request = HttpRequest { method: "POST".into(), body: body.as_bytes().to_vec(), ..HttpRequest::default() };
        let asked = chain.clone();
        let view = View { chain: &asked, newest: 1 };
        let response = respond(&request, &view, |request| chain.answer(request));
        (response.status, serde_json::from_slice(&response.body).unwrap_or(Value::Null))
    }

    fn result(method: &str, params: &str) -> Value {
        post(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)).1["result"].clone()
    }

    fn error(body: &str) -> i64 {
        post(body).1["error"]["code"].as_i64().unwrap_or_default()
    }

    #[test]
    fn what_is_read_most_has_the_form_of_the_execution_api() {
        let account = format!("0x{}", "01".repeat(20));
        assert_eq!(result("eth_chainId", "[]"), "0x7");
        assert_eq!(result("net_version", "[]"), "7");
        assert_eq!(result("eth_blockNumber", "[]"), "0x1");
        assert_eq!(result("eth_getBalance", &format!(r#"["{account}","latest"]"#)), "0xff");
        assert_eq!(result("eth_getTransactionCount", &format!(r#"["{account}","pending"]"#)), "0x0");
        assert_eq!(result("eth_call", &format!(r#"[{{"to":"{account}","data":"0x"}},"latest"]"#)), "0x");
        let transfer = format!(r#"[{{"from":"{account}","to":"0x{}","value":"0xff"}}]"#, "02".repeat(20));
        assert_eq!(result("eth_estimateGas", &transfer), quantity(21_000 + 21_000 / 5));
        let block = result("eth_getBlockByNumber", r#"["latest",false]"#);
        assert_eq!((&block["number"], &block["timestamp"]), (&json!("0x1"), &json!("0x65")));
        let parent = result("eth_getBlockByNumber", r#"["0x0",false]"#);
        assert_eq!(block["parentHash"], parent["hash"]);
        assert_eq!(result("eth_getBlockByNumber", r#"["0x2",false]"#), Value::Null);
        let hash = format!("0x{}", "00".repeat(32));
        assert_eq!(result("eth_getTransactionReceipt", &format!(r#"["{hash}"]"#)), Value::Null);
    }

    #[test]
    fn what_cannot_be_answered_has_the_codes_of_the_standards() {
        assert_eq!(error("{"), code::PARSE);
        assert_eq!(error("[]"), code::INVALID_REQUEST);
        assert_eq!(error("7"), code::INVALID_REQUEST);
        let call = |method: &str, params: &str| error(&format!(r#"{{"id":1,"method":"{method}","params":{params}}}"#));
        assert_eq!(call("eth_mine", "[]"), code::NO_METHOD);
        assert_eq!(call("eth_getBalance", r#"["0x01"]"#), code::INVALID_PARAMS);
        assert_eq!(call("eth_getBalance", "{}"), code::INVALID_PARAMS);
        assert_eq!(call("eth_call", r#"[{"data":"0x"}]"#), code::INVALID_PARAMS);
        assert_eq!(call("eth_sendRawTransaction", r#"["0x02"]"#), code::REFUSED);
        let poor = format!(r#"[{{"to":"0x{}","value":"0xff"}}]"#, "02".repeat(20));
        assert_eq!(call("eth_estimateGas", &poor), code::REVERTED);
        let to = format!("0x{}", "01".repeat(20));
        assert_eq!(call("eth_call", &format!(r#"[{{"to":"{to}"}},"0x9"]"#)), code::NO_RESOURCE);
    }

    #[test]
    fn a_receipt_comes_with_its_block_and_names_it_by_the_hash_that_the_block_has() {
        let wallet = SigningKey::from_slice(&[3; 32]).unwrap();
        let funds = BTreeMap::from([(registration::address_of(wallet.verifying_key()), U256::from(1_000_000_000))]);
        let mut chain = Chain::genesis(ChainConfig { alloc: funds, ..chain().config().clone() });
        let call = ContractCall { to: [9; 20], value: U256::from(1), data: Vec::new() };
        let fees = Fees { max_fee_per_gas: u128::from(BASE_FEE_WEI), max_priority_fee_per_gas: 0 };
        let signed = TransactionRequest::call(call, 7, 0, 21_000, fees).sign(&wallet, &mut Meter::default());
        chain.answer(&ChainRequest::Submit { raw: signed.raw.clone() }).unwrap();
        let ask = |chain: &Chain, newest: u64, method: &str, params: Value| {
            let body =
                json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string().into_bytes();
            let request = HttpRequest { method: "POST".into(), body, ..HttpRequest::default() };
            let response = respond(&request, &View { chain, newest }, |_| Err(ChainError::Unreachable));
            serde_json::from_slice::<Value>(&response.body).unwrap()["result"].clone()
        };
        let receipt =
            |chain: &Chain, newest| ask(chain, newest, "eth_getTransactionReceipt", json!([hex(&signed.hash)]));
        assert_eq!(receipt(&chain, 0), Value::Null);
        chain.mine(101);
        assert_eq!(receipt(&chain, 0), Value::Null, "the endpoint is late");
        let mined = receipt(&chain, 1);
        let block = ask(&chain, 1, "eth_getBlockByNumber", json!(["0x1", false]));
        assert_eq!((&mined["status"], &mined["blockNumber"]), (&json!("0x1"), &json!("0x1")));
        assert!(block["hash"].is_string());
        assert_eq!(mined["blockHash"], block["hash"]);
    }

    #[test]
    fn batches_are_answered_in_order_and_notifications_not_at_all() {
        let (status, answers) =
            post(r#"[{"id":"a","method":"eth_chainId"},{"method":"eth_chainId"},{"id":2,"method":"x"}]"#);
        assert_eq!(status, 200);
        let ids: Vec<&Value> = answers.as_array().unwrap().iter().map(|answer| &answer["id"]).collect();
        assert_eq!(ids, [&json!("a"), &json!(2)]);
        assert_eq!(post(r#"{"method":"eth_chainId"}"#), (204, Value::Null));
        let get = HttpRequest { method: "GET".into(), ..HttpRequest::default() };
        let chain = chain();
        let response = respond(&get, &View { chain: &chain, newest: 0 }, |_| Err(ChainError::Unreachable));
        assert_eq!(response.status, 405);
    }
}
