//! What clients do: a key is made and minted, and then used by right and without right, in random order.

use crate::dice::Dice;

/// A step.
pub(super) struct Step {
    /// Its id.
    pub id: String,
    /// Its text.
    pub text: String,
    /// The protocols that nodes run for it.
    pub protocols: &'static [&'static str],
    /// Whether it waits for nodes, which may stop meanwhile.
    pub is_long: bool,
}

/// All steps, in order.
pub(super) struct Work {
    pub steps: Vec<Step>,
    /// Whether somebody asks for what must be refused.
    pub has_refusals: bool,
}

const SIGN: &str = "Lit.Actions.sign({ toSign, publicKey, sigName: 'sig', signingScheme: scheme })";

/// Draws the workload.
pub(super) fn draw(dice: &mut Dice) -> Work {
    let mut steps = Vec::new();
    if dice.once_in(2) {
        steps.push(step("handshake", "alice", "do.handshake = {}\n", &[]));
    }
    steps.push(step("keygen", "alice", "do.keygen = { key = \"first\" }\n", &["dkg"]));
    steps.push(step("mint", "alice", "do.mint = { pkp = \"treasury\" }\n", &[]));
    let has_refusals = dice.once_in(2);
    let (mut owner, mut former, mut permitted) = ("alice", "bob", false);
    for number in 0..2 + dice.below(5) {
        let id = |what: &str| format!("{what}-{number}");
        match if has_refusals { dice.below(11) } else { 7 + dice.below(4) } {
            0 if !permitted => {
                permitted = true;
                let text = "do.permit_address = { pkp = \"treasury\", address = \"mallory\" }\n";
                steps.push(step(&id("permit"), owner, text, &[]));
            }
            1 | 2 => {
                let text = format!("do.transfer = {{ pkp = \"treasury\", to = \"{former}\" }}\n");
                steps.push(step(&id("transfer"), owner, &text, &[]));
                std::mem::swap(&mut owner, &mut former);
                // Permissions of a token stay with it.
                let refused = execute(dice, &format!("auth = \"{former}\"\n"), Some("NotAuthorized"), &id("former"));
                steps.push(refused);
            }
            3 => {
                let right = if permitted { None } else { Some("NotAuthorized") };
                steps.push(execute(dice, "auth = \"mallory\"\n", right, &id("stranger")));
            }
            7 if steps.len() < 8 => {
                let text = format!("do.keygen = {{ key = \"key-{number}\" }}\n");
                steps.push(step(&id("keygen"), "alice", &text, &["dkg"]));
            }
            4 => steps.push(execute(dice, "", Some("NotAuthorized"), &id("nobody"))),
            5 => {
                let text = format!("auth = \"{former}\"\nclaims = \"{owner}\"\n");
                steps.push(execute(dice, &text, Some("InvalidAuthSig"), &id("impostor")));
            }
            6 => {
                let text = format!("auth = \"{owner}\"\nauth_age_ms = {}\n", 3_700_000 + dice.below(80_000_000));
                steps.push(execute(dice, &text, Some("InvalidAuthSig"), &id("expired")));
            }
            _ => steps.push(execute(dice, &format!("auth = \"{owner}\"\n"), None, &id("owner"))),
        }
    }
    Work { steps, has_refusals }
}

fn step(id: &str, user: &str, text: &str, protocols: &'static [&'static str]) -> Step {
    let text = format!("[[act.step]]\nid = \"{id}\"\nuser = \"{user}\"\n{text}\n");
    let is_long = !protocols.is_empty() || id == "handshake";
    Step { id: id.to_owned(), text, protocols, is_long }
}

/// A signature, or its refusal.
fn execute(dice: &mut Dice, auth: &str, refusal: Option<&str>, id: &str) -> Step {
    let (scheme, protocols): (_, &'static [_]) = if dice.once_in(2) {
        ("EcdsaK256Sha256", &["triples", "presign", "ecdsa"])
    } else {
        ("SchnorrK256Sha256", &["frost"])
    };
    let by = *dice.pick(&["ipfs", "inline"]);
    let expect = refusal.map(|code| format!("expect = \"{code}\"\n")).unwrap_or_default();
    let text = format!(
        "{expect}\n[act.step.do.execute]\ncode = \"{SIGN};\"\nby = \"{by}\"\n{auth}params.scheme = \"{scheme}\"\n\
         params.toSign = \"${{keccak256:{id}}}\"\nparams.publicKey = \"${{pkp.treasury.public_key}}\"\n"
    );
    step(id, "alice", &text, if refusal.is_some() { &[] } else { protocols })
}
