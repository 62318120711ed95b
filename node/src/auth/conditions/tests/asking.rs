//! Conditions under way: what is asked of which chain, at which block, and when it is decided.

use super::*;
use crate::api::{ErrorCode, Failure};
use crate::io::{BlockTag, ChainError, ChainRef, ChainReply, ChainRequest};

fn balance(chain: &str, comparator: &str, value: &str) -> Value {
    let mut condition = basic(("", "", "eth_getBalance"), &[":userAddress", "latest"], (comparator, value));
    condition["chain"] = chain.into();
    condition
}

fn time(chain: &str, comparator: &str, value: &str) -> Value {
    let mut condition = basic(("timestamp", "", "eth_getBlockByNumber"), &["latest"], (comparator, value));
    condition["chain"] = chain.into();
    condition
}

fn begin(conditions: &Value) -> (Inquiry, Vec<Asked>) {
    Inquiry::begin(parsed(conditions), alice())
}

fn wei(number: u64) -> Result<ChainReply, ChainError> {
    Ok(ChainReply::Balance(alloy_primitives::U256::from(number).to_be_bytes()))
}

fn block(number: u64) -> Result<ChainReply, ChainError> {
    Ok(ChainReply::Block { number, timestamp_s: 1_000 + number })
}

fn named(chain: &str) -> ChainRef {
    ChainRef::Named(chain.into())
}

#[test]
fn the_asker_alone_may_decide() {
    for (conditions, verdict) in [
        (json!([caller(ALICE)]), Ok(())),
        (json!([caller(TOKEN)]), Err(ConditionError::Unmet(0))),
        (json!([caller(ALICE), operator("or"), balance("a", ">", "1")]), Ok(())),
    ] {
        let (inquiry, asked) = begin(&conditions);
        assert_eq!((inquiry.verdict(), asked, inquiry.size()), (Some(verdict), vec![], 0));
    }
}

#[test]
fn all_of_a_chain_is_read_at_the_block_that_its_endpoint_knew_first() {
    let token = basic(("ERC20", TOKEN, "balanceOf"), &[":userAddress"], (">=", "3"));
    let mut token = token;
    token["chain"] = "b".into();
    let (mut inquiry, asked) = begin(&json!([
        balance("a", "=", "1"),
        operator("and"),
        token,
        operator("and"),
        balance("b", "=", "2"),
        operator("and"),
        time("b", "=", "1007")
    ]));
    assert_eq!(inquiry.size(), 4);
    let blocks = [("a", 0), ("b", 1)];
    let first =
        blocks.map(|(chain, at)| Asked { part: Part::Block(at), chain: named(chain), request: ChainRequest::Block });
    assert_eq!(asked, first);
    let of_b = inquiry.take(Part::Block(1), block(7));
    let number = BlockTag::Number(7);
    assert_eq!(of_b.len(), 2, "the time came with the block");
    assert!(of_b.iter().all(|asked| asked.chain == named("b")));
    let requests: Vec<_> = of_b.iter().map(|asked| asked.request.clone()).collect();
    let call = call_of(basic(("ERC20", TOKEN, "balanceOf"), &[":userAddress"], ("=", "3")), &alice());
    assert_eq!(
        requests,
        [
            ChainRequest::Call { to: [0x10; 20], data: call, block: number },
            ChainRequest::Balance { account: [0xab; 20], block: number },
        ]
    );
    let of_a = inquiry.take(Part::Block(0), block(3));
    assert_eq!(of_a.len(), 1);
    assert_eq!(of_a[0].request, ChainRequest::Balance { account: [0xab; 20], block: BlockTag::Number(3) });
    assert_eq!(inquiry.take(of_b[0].part, Ok(ChainReply::Returned(word(3)))), []);
    assert_eq!(inquiry.take(of_a[0].part, wei(1)), []);
    assert_eq!(inquiry.verdict(), None);
    assert_eq!(inquiry.take(of_b[1].part, wei(2)), []);
    assert_eq!(inquiry.verdict(), Some(Ok(())));
}

#[test]
fn it_is_decided_as_soon_as_nothing_that_is_missing_matters() {
    let (mut inquiry, _) = begin(&json!([balance("a", "=", "1"), operator("or"), time("b", ">", "5")]));
    assert_eq!(inquiry.verdict(), None);
    inquiry.take(Part::Block(1), block(7));
    assert_eq!(inquiry.verdict(), Some(Ok(())), "whatever the other chain says");
    let (mut inquiry, _) = begin(&json!([balance("a", "=", "1"), operator("and"), time("b", "<", "5")]));
    inquiry.take(Part::Block(1), block(7));
    assert_eq!(inquiry.verdict(), Some(Err(ConditionError::Unmet(1))));
}

#[test]
fn whatever_an_endpoint_does_instead_of_answering_is_never_a_yes() {
    let unreachable = || Err(ChainError::Unreachable);
    let failed = |reason| Some(Err(ConditionError::ReadFailed { leaf: 0, reason }));
    for (reply, reason) in [
        (unreachable(), ReadError::Chain(ChainError::Unreachable)),
        (Err(ChainError::UnknownChain("a".into())), ReadError::Chain(ChainError::UnknownChain("a".into()))),
        (wei(1), ReadError::OtherReply),
    ] {
        let (mut inquiry, _) = begin(&json!([balance("a", "!=", "1")]));
        assert_eq!(inquiry.take(Part::Block(0), reply), []);
        assert_eq!(inquiry.verdict(), failed(reason));
    }
    for (reply, reason) in [
        (unreachable(), ReadError::Chain(ChainError::Unreachable)),
        (Err(ChainError::NoSuchBlock(7)), ReadError::Chain(ChainError::NoSuchBlock(7))),
        (Ok(ChainReply::Reverted(vec![])), ReadError::OtherReply),
        (block(8), ReadError::OtherReply),
    ] {
        let (mut inquiry, _) = begin(&json!([balance("a", "!=", "1")]));
        inquiry.take(Part::Block(0), block(7));
        inquiry.take(Part::Read(0), reply);
        assert_eq!(inquiry.verdict(), failed(reason));
    }
    let token = basic(("ERC20", TOKEN, "balanceOf"), &[":userAddress"], ("!=", "3"));
    let (mut inquiry, _) = begin(&json!([token]));
    inquiry.take(Part::Block(0), block(7));
    inquiry.take(Part::Read(0), Ok(ChainReply::Reverted(word(3))));
    assert_eq!(inquiry.verdict(), failed(ReadError::Reverted));
    let program = format!("ipfs://{}", cid::of_digest(&[3; 32]));
    let (mut inquiry, asked) = begin(&json!([basic(("LitAction", &program, "go"), &[], ("!=", "true"))]));
    assert_eq!((inquiry.verdict(), asked), (None, vec![]));
    let timeout = Failure { code: ErrorCode::JsTimeout, message: "too long".into(), logs: String::new() };
    let part = inquiry.runs()[0].0;
    inquiry.take_run(part, Err(timeout.clone()));
    assert_eq!(inquiry.verdict(), failed(ReadError::Action(Box::new(timeout))));
}

#[test]
fn a_function_of_an_action_is_run_once_and_what_it_says_decides() {
    let program = format!("ipfs://{}", cid::of_digest(&[3; 32]));
    let go = |comparator, value| basic(("LitAction", &program, "go"), &["40", ":userAddress"], (comparator, value));
    let conditions = json!([go("=", "yes"), operator("or"), go("contains", "yes, ")]);
    let said = |text: &str| {
        let (mut inquiry, asked) = begin(&conditions);
        assert!(asked.is_empty() && inquiry.verdict().is_none());
        let runs = inquiry.runs();
        let [(part, run)] = &runs[..] else { panic!("{runs:?}") };
        assert_eq!((run.cid, run.function.as_str()), (cid::of_digest(&[3; 32]), "go"));
        assert_eq!(run.parameters, ["40".to_owned(), format!("0x{}", hex::encode(alice().address.expect("hers")))]);
        inquiry.take_run(*part, Ok(text.to_owned()));
        inquiry.take_run(*part, Ok("yes".to_owned()));
        assert!(inquiry.runs().is_empty());
        inquiry.verdict()
    };
    assert_eq!([said("yes"), said("oh yes, so it is")], [Some(Ok(())), Some(Ok(()))]);
    assert_eq!(said("no"), Some(Err(ConditionError::Unmet(0))), "what is said again is not heard");
}

#[test]
fn no_action_runs_where_the_asker_alone_decides() {
    let program = format!("ipfs://{}", cid::of_digest(&[3; 32]));
    let mine = basic(("", "", ""), &[":userAddress"], ("=", &format!("0x{}", "99".repeat(20))));
    let run = basic(("LitAction", &program, "go"), &[], ("=", "true"));
    let (inquiry, asked) = begin(&json!([mine, operator("and"), run]));
    assert!(inquiry.verdict().is_some_and(|met| met.is_err()) && asked.is_empty() && inquiry.runs().is_empty());
}

#[test]
fn who_waits_no_longer_is_let_in_by_what_has_been_read_alone() {
    let unanswered = |leaf| Err(ConditionError::ReadFailed { leaf, reason: ReadError::Unanswered });
    let (mut inquiry, _) = begin(&json!([balance("a", "!=", "1"), operator("or"), time("b", ">", "5")]));
    assert_eq!(inquiry.give_up(), unanswered(0));
    inquiry.take(Part::Block(1), block(7));
    assert_eq!(inquiry.give_up(), Ok(()));
    assert_eq!(inquiry.asker(), &alice());
}

#[test]
fn clients_are_told_whether_they_were_refused_or_could_not_be_judged() {
    let unmet = Failure::from(ConditionError::Unmet(2));
    assert_eq!((unmet.code, unmet.message.as_str()), (ErrorCode::NotAuthorized, "condition 2 is not met"));
    let gone = Failure { code: ErrorCode::IpfsUnavailable, message: "gone".into(), logs: String::new() };
    let not_run = Failure::from(ConditionError::ReadFailed { leaf: 0, reason: ReadError::Action(Box::new(gone)) });
    let text = "condition 0 cannot be judged: the action failed: IpfsUnavailable: gone";
    assert_eq!((not_run.code, not_run.message.as_str()), (ErrorCode::IpfsUnavailable, text));
    let failed = Failure::from(ConditionError::ReadFailed { leaf: 1, reason: ReadError::Reverted });
    let text = "condition 1 cannot be judged: the call reverted";
    assert_eq!((failed.code, failed.message.as_str()), (ErrorCode::RpcError, text));
}

#[test]
fn answers_that_nothing_waits_for_are_dropped() {
    let (mut inquiry, _) = begin(&json!([balance("a", "=", "1")]));
    for part in [Part::Read(0), Part::Read(9), Part::Block(9)] {
        assert_eq!(inquiry.take(part, wei(1)), []);
    }
    assert_eq!(inquiry.verdict(), None);
    assert_eq!(inquiry.take(Part::Block(0), block(7)).len(), 1);
    assert_eq!(inquiry.take(Part::Block(0), block(8)), [], "each question is answered once");
    inquiry.take(Part::Read(0), wei(1));
    inquiry.take(Part::Read(0), wei(2));
    assert_eq!(inquiry.verdict(), Some(Ok(())));
}
