//! Functions of actions that conditions are about: each node runs them itself, as a request of its own that reads and
//! does nothing else.

use crate::action::{HostAnswer, HostCall, Signature};
use crate::api::{ErrorCode, Failure};
use crate::auth::conditions::{Part, Run};
use crate::id::RequestId;

use super::execution::failure;
use super::frame::CallRef;
use super::permission::refused;

/// A function that has to run for a condition.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    /// The request whose conditions it is about.
    pub of: RequestId,
    /// The call of an action that waits for them; none if it is a client's request for a decryption.
    pub at: Option<CallRef>,
    /// Its place among what is read for them.
    pub part: Part,
    /// What runs.
    pub run: Run,
    /// Who wants to meet the conditions: the function runs on his account.
    pub asker: Option<[u8; 20]>,
}

impl Trial {
    /// The id under which it runs, the same at every node.
    pub fn id(&self) -> RequestId {
        let (frame, call) = self.at.map_or((u32::MAX, u64::MAX), |at| (at.frame.0, at.call.0));
        let place = match self.part {
            Part::Block(at) | Part::Read(at) => at as u64,
        };
        let parts = [&self.of.0[..], &frame.to_be_bytes(), &call.to_be_bytes(), &place.to_be_bytes()];
        RequestId::derive("condition/action", &parts)
    }

    /// What follows the action's code: the call of the function, whose text becomes the response. A function may give
    /// its response itself and return nothing. Nothing of the code is hidden from the call, nor the other way round.
    pub fn ending(&self) -> String {
        let texts: Vec<String> =
            self.run.parameters.iter().map(|text| serde_json::Value::from(text.as_str()).to_string()).collect();
        let call = format!("{}({})", self.run.function, texts.join(","));
        format!(
            "\n;Promise.resolve({call}).then((value) => {{ if (value === undefined) return; \
             const response = typeof value === \"string\" ? value : JSON.stringify(value); \
             Lit.Actions.setResponse({{ response }}); }});\n"
        )
    }
}

/// What an action is told that asks for more than to read while it runs for a condition; nothing if it may.
///
/// It could otherwise sign in the name of whoever is looked at, or ask for conditions in which it runs again.
pub(super) fn refusal(request: &HostCall) -> Option<HostAnswer> {
    let refuse = |what: &str| -> Failure {
        failure(
            ErrorCode::LimitExceeded,
            format!("limit exceeded: {what} in an action that runs for a condition: at most 0"),
        )
    };
    Some(match request {
        HostCall::Sign { signature, .. } => refused(refuse("signing requests"), *signature == Signature::ToAction),
        HostCall::Call { .. } => HostAnswer::Text(Err(refuse("calls of actions"))),
        HostCall::Once { .. } => HostAnswer::Text(Err(refuse("broadcasts"))),
        HostCall::Collect { .. } => HostAnswer::Listed(Err(refuse("broadcasts"))),
        HostCall::Encrypt { .. } => HostAnswer::Encrypted(Err(refuse("encryptions"))),
        HostCall::Decrypt { .. } => HostAnswer::Text(Err(refuse("decryptions"))),
        HostCall::CheckConditions { .. } => HostAnswer::Text(Err(refuse("conditions"))),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cid;

    fn trial() -> Trial {
        let run =
            Run { cid: cid::cid_v0(b"code"), function: "go".into(), parameters: vec!["40".into(), "a\"\n".into()] };
        Trial { of: RequestId([1; 32]), at: None, part: Part::Read(2), run, asker: None }
    }

    #[test]
    fn parameters_are_texts_to_the_function_whatever_is_in_them() {
        let ending = trial().ending();
        assert!(ending.starts_with("\n;Promise.resolve(go(\"40\",\"a\\\"\\n\"))"), "{ending}");
    }

    #[test]
    fn every_place_runs_under_an_id_of_its_own() {
        let other = Trial { part: Part::Read(3), ..trial() };
        assert_ne!(trial().id(), other.id());
        assert_ne!(trial().id(), Trial { of: RequestId([2; 32]), ..trial() }.id());
        assert_eq!(trial().id(), Trial { asker: Some([1; 20]), ..trial() }.id());
    }
}
