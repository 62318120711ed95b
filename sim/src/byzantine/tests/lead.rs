//! Lies about what nodes do together for an action.

use super::*;
use lit_node::lead::{self, Ask, Grant, Outcome, Told};

const OPERATION: SessionId = SessionId([4; 32]);

pub(super) fn statements() -> Vec<Statement> {
    vec![outcome(Told::Returned("right".into())), grant(NodeId(1), ""), ask(0)]
}

fn outcome(told: Told) -> Statement {
    Statement::Lead(lead::Message::Outcome(Outcome { operation: OPERATION, grants: vec![], told }))
}

fn grant(to: NodeId, value: &str) -> Statement {
    Statement::Lead(lead::Message::Grant(Grant { operation: OPERATION, to, value: value.into() }))
}

fn ask(turn: u32) -> Statement {
    Statement::Lead(lead::Message::Ask(Ask { operation: OPERATION, turn }))
}

#[test]
fn a_leader_that_lies_tells_each_victim_something_else_but_cannot_speak_for_others_values() {
    let mut liar = Liar::on("wrong_lead = { node = 2, lie = \"outcome\" }");
    let right = outcome(Told::Returned("right".into()));
    assert_eq!(liar.say(1, right.clone()), [outcome(Told::Returned("a lie for node 1".into()))]);
    assert_eq!(liar.say(3, right.clone()), [outcome(Told::Returned("a lie for node 3".into()))]);
    assert_eq!(liar.say(1, outcome(Told::Gathered)), [outcome(Told::Gathered)]);
    let mut liar = Liar::on("wrong_lead = { node = 2, lie = \"outcome\", aim = { victims = [1] } }");
    assert_eq!(liar.say(3, right.clone()), [right]);
}

#[test]
fn a_voter_that_lies_grants_the_lead_to_everybody_else() {
    let mut liar = Liar::on("wrong_lead = { node = 2, lie = \"votes\" }");
    let said = liar.conduct.outbound(NodeId(1), grant(NodeId(1), "v"));
    let everybody: Vec<_> = liar_others().into_iter().map(|to| (to, grant(to, "v"))).collect();
    assert_eq!(said, everybody);
}

#[test]
fn a_candidate_that_lies_asks_everybody_in_every_turn_as_soon_as_it_hears_of_an_operation() {
    let mut liar = Liar::on("wrong_lead = { node = 2, lie = \"early\" }");
    let said = liar.conduct.inbound(NodeId(1), &ask(0));
    let turns = 2 * (liar_others().len() as u32 + 1);
    let expected = liar_others().into_iter().flat_map(|to| (0..turns).map(move |turn| (to, ask(turn))));
    assert_eq!(said, expected.collect::<Vec<_>>());
    assert!(liar.conduct.inbound(NodeId(3), &ask(0)).is_empty(), "once for each operation");
}

/// The members of the tests' network, but for the liar.
fn liar_others() -> Vec<NodeId> {
    roster().ids().filter(|id| *id != NodeId(2)).collect()
}
