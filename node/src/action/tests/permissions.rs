//! What keys permit, as actions ask for it.

use super::api::{only_call, result, start};
use super::*;
use crate::api::{ErrorCode, Failure};
use crate::chain::lists::PermittedMethod;

/// Starts a script, answers its only call, and returns what it then printed.
fn answered(code: &str, answer: HostAnswer) -> String {
    on_big_stack(|| {
        let (mut execution, progress, mut meter) = start(code);
        let (id, _) = only_call(progress);
        result(execution.resume(START, id, answer, &mut meter)).unwrap().logs
    })
}

fn call_of(code: &str) -> HostCall {
    on_big_stack(|| only_call(start(code).1).1)
}

/// The token 255.
fn token() -> [u8; 32] {
    let mut token = [0; 32];
    token[31] = 255;
    token
}

#[test]
fn permissions_are_asked_of_the_node() {
    on_big_stack(|| {
        let token = "0x".to_owned() + &"0".repeat(62) + "ff";
        for token in ["'255'", &format!("'{token}'"), "255n"] {
            let code = format!("Lit.Actions.isPermittedAction({{ tokenId: {token}, ipfsId: 'Qm' }}).then(console.log)");
            let (mut execution, progress, mut meter) = start(&code);
            let (id, call) = only_call(progress);
            let HostCall::IsPermittedAction { token_id, ipfs_id } = call else { panic!("a permission was asked for") };
            assert_eq!((token_id[31], token_id[30], ipfs_id.as_str()), (255, 0, "Qm"));
            let end = execution.resume(START, id, HostAnswer::Permitted(Ok(true)), &mut meter);
            assert_eq!(result(end).unwrap().logs, "true\n");
        }
        let (mut execution, progress, mut meter) =
            start("Lit.Actions.getPermittedActions({ tokenId: '1' }).then(a => console.log(a))");
        let listed = HostAnswer::Listed(Ok(vec!["QmA".into(), "QmB".into()]));
        let end = execution.resume(START, only_call(progress).0, listed, &mut meter);
        assert_eq!(result(end).unwrap().logs, "[ \"QmA\", \"QmB\" ]\n");
    });
}

#[test]
fn an_address_is_looked_up_and_all_are_listed() {
    let address = "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826";
    let bytes: [u8; 20] = hex::decode(&address[2..]).unwrap().try_into().unwrap();
    let code = format!("Lit.Actions.isPermittedAddress({{ tokenId: '0xff', address: '{address}' }}).then(console.log)");
    assert_eq!(call_of(&code), HostCall::IsPermittedAddress { token_id: token(), address: bytes });
    for permitted in [true, false] {
        assert_eq!(answered(&code, HostAnswer::Permitted(Ok(permitted))), format!("{permitted}\n"));
    }
    let code = "Lit.Actions.getPermittedAddresses({ tokenId: 255n }).then(a => console.log(JSON.stringify(a)))";
    assert_eq!(call_of(code), HostCall::GetPermittedAddresses { token_id: token() });
    let listed = HostAnswer::Listed(Ok(vec!["0x01".into(), "0x02".into()]));
    assert_eq!(answered(code, listed), "[\"0x01\",\"0x02\"]\n");
}

#[test]
fn a_method_is_looked_up_by_type_and_id_in_any_of_their_forms() {
    for (kind, id) in [("1", "[1, 2, 3]"), ("'1'", "new Uint8Array([1, 2, 3])"), ("'0x1'", "'0x010203'")] {
        let code = format!(
            "Lit.Actions.isPermittedAuthMethod({{ tokenId: '255', authMethodType: {kind}, userId: {id} }})
               .then(console.log)"
        );
        let expected =
            HostCall::IsPermittedAuthMethod { token_id: token(), auth_method_type: 1, user_id: vec![1, 2, 3] };
        assert_eq!(call_of(&code), expected, "{kind} {id}");
        assert_eq!(answered(&code, HostAnswer::Permitted(Ok(true))), "true\n");
    }
}

#[test]
fn scopes_are_asked_for_up_to_a_hundred_if_an_action_does_not_say() {
    let code = "Lit.Actions.getPermittedAuthMethodScopes({ tokenId: '255', authMethodType: '5', userId: [1] })";
    let expected = HostCall::GetPermittedAuthMethodScopes {
        token_id: token(),
        auth_method_type: 5,
        user_id: vec![1],
        scope_max: 100,
    };
    assert_eq!(call_of(code), expected);
}

#[test]
fn a_chain_that_does_not_answer_rejects_each_question() {
    let no = || Failure { code: ErrorCode::RpcError, message: "no".into(), logs: String::new() };
    for (call, answer) in [
        ("isPermittedAction({ tokenId: 1n, ipfsId: 'Qm' })", HostAnswer::Permitted(Err(no()))),
        ("isPermittedAddress({ tokenId: 1n, address: '0x' + '00'.repeat(20) })", HostAnswer::Permitted(Err(no()))),
        ("isPermittedAuthMethod({ tokenId: 1n, authMethodType: 1, userId: [1] })", HostAnswer::Permitted(Err(no()))),
        ("getPermittedActions({ tokenId: 1n })", HostAnswer::Listed(Err(no()))),
        ("getPermittedAddresses({ tokenId: 1n })", HostAnswer::Listed(Err(no()))),
        ("getPermittedAuthMethods({ tokenId: 1n })", HostAnswer::Methods(Err(no()))),
        (
            "getPermittedAuthMethodScopes({ tokenId: 1n, authMethodType: 1, userId: [1] })",
            HostAnswer::Scopes(Err(no())),
        ),
    ] {
        let code = format!("Lit.Actions.{call}.catch(e => console.log(e.message))");
        assert_eq!(answered(&code, answer), "RpcError: no\n", "{call}");
    }
}

#[test]
fn what_a_key_permits_is_read_method_by_method() {
    let code = "Lit.Actions.getPermittedAuthMethods({ tokenId: 1n }).then(m => console.log(JSON.stringify(m)))";
    assert!(matches!(call_of(code), HostCall::GetPermittedAuthMethods { .. }));
    let method = PermittedMethod { auth_method_type: 18, id: vec![0xab], user_pubkey: vec![] };
    let printed = "[{\"auth_method_type\":\"0x12\",\"id\":\"0xab\",\"user_pubkey\":\"0x\"}]\n";
    assert_eq!(answered(code, HostAnswer::Methods(Ok(vec![method]))), printed);
    let code =
        "Lit.Actions.getPermittedAuthMethodScopes({ tokenId: 1n, authMethodType: 1, userId: '0xab', maxScopeId: 3 })
                  .then(s => console.log(s.join()))";
    let HostCall::GetPermittedAuthMethodScopes { auth_method_type, user_id, scope_max, .. } = call_of(code) else {
        panic!("scopes")
    };
    assert_eq!((auth_method_type, user_id, scope_max), (1, vec![0xab], 3));
    assert_eq!(answered(code, HostAnswer::Scopes(Ok(vec![false, true, false]))), "false,true,false\n");
}
