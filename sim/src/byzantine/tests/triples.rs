//! Lies of those who make triples.

use lit_node::id::SessionId;
use lit_node::triples::{
    Abort, Awaited, Body, Commit, Joined, Kind, Message, Opening, Reason, Record, Seal, Seed, Slot, Start, Step,
    Testimony, Waits,
};
use lit_node::wire::SignatureBytes;

use super::*;

fn commit() -> (SessionId, Statement) {
    let holders = [1, 2, 4].map(NodeId).to_vec();
    let start = Start { epoch: Epoch(1), leader: NodeId(1), boot: Boot(0), batch: 7, holders, count: 2, patience: 0 };
    let batch = start.id();
    let start = Signed::new(start, NodeId(1), &identity(NodeId(1)), &mut Meter::default());
    let commit = Commit { batch, boot: Boot(0), seed: Digest([1; 32]), polynomials: Digest([2; 32]) };
    (batch, Statement::Triples(Message::Commit(Box::new(Joined { start, commit }))))
}

fn step(kind: Kind, to: Option<u16>, bytes: usize) -> Statement {
    let slot = Slot { from: ME, to: to.map(NodeId), kind, part: 0 };
    let (batch, sid) = (commit().0, Digest([3; 32]));
    Statement::Triples(Message::Step(Step { batch, sid, slot, body: Body(vec![0; bytes]) }))
}

/// What a holder says in a batch, up to its seal.
pub(super) fn statements() -> [Statement; 3] {
    [commit().1, step(Kind::Products, None, 8), seal()]
}

fn seal() -> Statement {
    Statement::Triples(Message::Seal(Seal { batch: commit().0, sid: Digest([3; 32]), public: Digest([4; 32]) }))
}

fn body(said: &[Statement]) -> &[u8] {
    let [Statement::Triples(Message::Step(step))] = said else { panic!("one step: {said:?}") };
    &step.body.0
}

#[test]
fn a_wrong_step_is_wrong_in_that_step_to_those_victims_and_in_enough_places_to_be_noticed() {
    let mut liar = Liar::on("wrong_triples = { node = 2, step = \"corrections\", aim = { victims = [1] } }");
    let right = step(Kind::Corrections, Some(1), 320);
    assert_eq!(liar.say(4, right.clone()), std::slice::from_ref(&right), "no victim");
    let other = step(Kind::Answers, Some(1), 320);
    assert_eq!(liar.say(1, other.clone()), [other], "another step");
    assert!(!liar.acted());
    let wrong = liar.say(1, right);
    let bit = 1 << 2; // node 2's
    assert!(body(&wrong).chunks(32).all(|scalar| scalar[31] == bit) && liar.acted());
    let mut liar = Liar::on("wrong_triples = { node = 2, step = \"extension\" }");
    let wrong = liar.say(1, step(Kind::Extension, Some(1), 32 * 100));
    assert!(body(&wrong).chunks(100).all(|column| column.contains(&bit)), "every column");
    let mut liar = Liar::on("wrong_triples = { node = 2, step = \"seal\" }");
    assert_ne!(liar.say(1, seal()), [seal()]);
}

#[test]
fn a_seal_is_withheld_from_the_victims() {
    let mut liar = Liar::on("withhold_seal = { node = 2, aim = { victims = [1] } }");
    assert_eq!(liar.say(4, seal()), [seal()]);
    assert!(!liar.acted());
    assert_eq!(liar.say(1, seal()), []);
    assert!(liar.acted());
}

#[test]
fn a_false_abort_accuses_another_holder_once_for_each_recipient() {
    let mut liar = Liar::on("false_abort = { node = 2, aim = { victims = [3, 4] } }");
    let (batch, first) = commit();
    assert_eq!(liar.say(1, first.clone()), [first]);
    for (to, messages) in [(1, 2), (1, 1), (4, 2)] {
        let said = liar.say(to, step(Kind::Products, None, 8));
        assert_eq!(said.len(), messages);
        if let Some(Statement::Triples(Message::Abort(abort))) = said.get(1) {
            let slot = Slot { from: NodeId(4), to: None, kind: Kind::Polynomials, part: 0 };
            let expected = Abort { batch, sid: Some(Digest([3; 32])), reason: Reason::Bad(slot) };
            assert_eq!(**abort, expected, "node 3 is no holder");
        }
    }
    assert!(liar.acted());
}

#[test]
fn who_opens_after_sealing_says_so_beside_its_seal() {
    let mut liar = Liar::on("open_after_seal = { node = 2 }");
    let said = liar.say(1, seal());
    let kinds: Vec<_> = said.iter().map(|statement| statement.label().kind).collect();
    assert_eq!(kinds, ["seal", "abort", "opening"]);
    assert!(liar.acted());
}

#[test]
fn an_opening_is_wrong_in_its_seed_or_in_what_it_says_of_others_or_in_for_whom_it_waited() {
    let batch = commit().0;
    let slot = Slot { from: NodeId(1), to: None, kind: Kind::Products, part: 0 };
    let (sid, signature) = (Digest([3; 32]), identity(NodeId(1)));
    let signature = SignatureBytes::sign(&[1; 32], &signature, &mut Meter::default());
    let records = vec![Record { sid, slot, hash: Digest([4; 32]), signature }];
    let testimony = Testimony { batch, commits: Vec::new(), records };
    let seed = Seed::random(&mut ChaCha20Rng::from_seed([5; 32]));
    let right = Opening { seed, testimony: testimony.clone(), waits: None };
    let opened =
        |what: &str| match &Liar::on(what).say(1, Statement::Triples(Message::Opening(Box::new(right.clone()))))[..] {
            [Statement::Triples(Message::Opening(opening))] => {
                (opening.seed == right.seed, opening.testimony == right.testimony, opening.waits.clone())
            }
            other => panic!("an opening: {other:?}"),
        };
    assert_eq!(opened("wrong_triples = { node = 2, step = \"opening\" }"), (false, true, None));
    assert_eq!(opened("wrong_triples = { node = 2, step = \"testimony\" }"), (true, false, None));
    assert_eq!(opened("wrong_triples = { node = 2, step = \"sums\" }"), (true, true, None));
    let waits = Waits { stage: Awaited::Multiplications, holders: vec![NodeId(1)] };
    assert_eq!(opened("deny_receipt = { node = 2 }"), (true, true, Some(waits)));
    let told = Statement::Triples(Message::Testimony(Box::new(testimony)));
    let mut liar = Liar::on("wrong_triples = { node = 2, step = \"testimony\" }");
    assert_ne!(liar.say(1, told.clone()), [told]);
}
