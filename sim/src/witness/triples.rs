//! What the observer sees of triples: who sealed, who opened, and what was used for which presignature.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::id::{Digest, NodeId, SessionId};
use lit_node::signing::{self, PresignStart};
use lit_node::statement::Statement;
use lit_node::triples::{Kind, Message, Step};
use lit_node::wire::Signable;

/// Columns of an extension in one message, as the protocol has them.
const COLUMNS: usize = 32;

/// A batch by the names that presignatures know it by: leader, number, holders.
type Name = (NodeId, u64, Vec<NodeId>);

/// Everything that was said about triples.
#[derive(Clone, Debug, Default)]
pub struct Triples {
    batches: BTreeMap<Name, BTreeSet<SessionId>>,
    sealed: BTreeSet<(SessionId, NodeId)>,
    starts: BTreeMap<Digest, PresignStart>,
    tampered: BTreeSet<(SessionId, NodeId, NodeId)>,
    /// How often each node used triples, answered an extension, or opened a batch.
    pub judged: BTreeMap<NodeId, u64>,
    /// Who used triples of a batch before all its holders had sealed it, and for which presignature.
    pub unsealed: BTreeSet<(NodeId, Digest)>,
    /// Who showed the seed of a batch that it had sealed.
    pub opened: BTreeSet<(NodeId, SessionId)>,
    /// Who used a triple for two presignatures.
    pub reused: BTreeSet<(NodeId, Digest)>,
    /// Who went on with whom after an extension in which every column of some part was changed.
    pub unchecked: BTreeSet<(NodeId, NodeId)>,
}

/// What one boot of one instance of a node has done. Nothing of it survives a restart, nor is it shared with a twin.
#[derive(Clone, Debug, Default)]
pub struct Doings {
    sealed: BTreeSet<SessionId>,
    uses: BTreeMap<(Name, u32), Digest>,
}

impl Triples {
    /// `me` says something; `meant` is what its own code wanted to say instead, if that was a step of triples.
    pub(super) fn says(
        &mut self,
        (me, to): (NodeId, NodeId),
        meant: Option<&Step>,
        statement: &Statement,
        doings: &mut Doings,
    ) {
        match statement {
            Statement::Triples(Message::Commit(joined)) => {
                let start = &joined.start.body;
                let name = (start.leader, start.batch, start.holders.clone());
                self.batches.entry(name).or_default().insert(joined.commit.batch);
            }
            Statement::Triples(Message::Seal(seal)) => {
                self.sealed.insert((seal.batch, me));
                doings.sealed.insert(seal.batch);
            }
            // Who has kept its seal from others may still pass it on beside theirs.
            Statement::Triples(Message::Seals(seals)) => {
                let own = seals.iter().filter(|seal| seal.signer == me).map(|seal| seal.body.batch);
                own.for_each(|batch| _ = self.sealed.insert((batch, me)));
            }
            Statement::Triples(Message::Opening(opening)) => {
                self.is_judged(me);
                if doings.sealed.contains(&opening.testimony.batch) {
                    self.opened.insert((me, opening.testimony.batch));
                }
            }
            Statement::Triples(Message::Step(step)) => self.steps((me, to), meant, step),
            Statement::Signing(signing::Message::PresignStart(start)) => {
                self.starts.insert(start.digest(), start.clone());
                if start.leader == me {
                    self.uses(me, start.digest(), doings);
                }
            }
            Statement::Signing(signing::Message::PresignShare(share)) => self.uses(me, share.presignature, doings),
            _ => {}
        }
    }

    fn steps(&mut self, (me, to): (NodeId, NodeId), meant: Option<&Step>, step: &Step) {
        let same_place =
            meant.filter(|meant| (meant.batch, meant.sid, meant.slot) == (step.batch, step.sid, step.slot));
        if let Some(meant) = same_place
            && is_thoroughly_changed(&meant.body.0, &step.body.0)
        {
            self.tampered.insert((step.batch, me, to));
        }
        if step.slot.kind == Kind::Corrections {
            self.is_judged(me);
            if self.tampered.contains(&(step.batch, to, me)) {
                self.unchecked.insert((me, to));
            }
        }
    }

    fn is_judged(&mut self, me: NodeId) {
        *self.judged.entry(me).or_default() += 1;
    }

    fn uses(&mut self, me: NodeId, presignature: Digest, doings: &mut Doings) {
        let Some(start) = self.starts.get(&presignature) else { return };
        *self.judged.entry(me).or_default() += 1;
        let name = (start.leader, start.batch, start.holders.clone());
        for index in [start.nonce, start.product] {
            if *doings.uses.entry((name.clone(), index)).or_insert(presignature) != presignature {
                self.reused.insert((me, presignature));
            }
        }
        let is_sealed = |batch: &SessionId| start.holders.iter().all(|holder| self.sealed.contains(&(*batch, *holder)));
        // A dealer's batches have no commitments.
        if self.batches.get(&name).is_some_and(|batches| !batches.iter().any(is_sealed)) {
            self.unsealed.insert((me, presignature));
        }
    }
}

/// The step, if `statement` is a part of an extension without the answers to its check.
pub(super) fn extension(statement: &Statement) -> Option<&Step> {
    match statement {
        Statement::Triples(Message::Step(step)) if step.slot.kind == Kind::Extension && step.slot.part < 3 => {
            Some(step)
        }
        _ => None,
    }
}

/// Whether every column differs: each is noticed with a chance of one half.
fn is_thoroughly_changed(meant: &[u8], said: &[u8]) -> bool {
    let length = meant.len() / COLUMNS;
    let columns = |body: &[u8]| body.chunks(length.max(1)).map(<[u8]>::to_vec).collect::<Vec<_>>();
    meant.len() == said.len() && length > 0 && columns(meant).iter().zip(&columns(said)).all(|(a, b)| a != b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use k256::Scalar;
    use k256::ecdsa::SigningKey;
    use lit_node::id::{Boot, Epoch, KeyId};
    use lit_node::meter::Meter;
    use lit_node::signing::{Opening, PresignShare};
    use lit_node::triples::{Body, Commit, Joined, Seal, Slot, Start};
    use lit_node::wire::Signed;

    const HOLDERS: [NodeId; 3] = [NodeId(1), NodeId(2), NodeId(3)];

    fn commit() -> (SessionId, Statement) {
        let holders = HOLDERS.to_vec();
        let start =
            Start { epoch: Epoch(1), leader: NodeId(1), boot: Boot(0), batch: 7, holders, count: 4, patience: 0 };
        let batch = start.id();
        let key = SigningKey::from_slice(&[3; 32]).unwrap();
        let commit = Commit { batch, boot: Boot(0), seed: Digest([1; 32]), polynomials: Digest([2; 32]) };
        let joined = Joined { start: Signed::new(start, NodeId(1), &key, &mut Meter::default()), commit };
        (batch, Statement::Triples(Message::Commit(Box::new(joined))))
    }

    fn sealed(batch: SessionId) -> Seal {
        Seal { batch, sid: Digest([3; 32]), public: Digest([4; 32]) }
    }

    fn seal(batch: SessionId) -> Statement {
        Statement::Triples(Message::Seal(sealed(batch)))
    }

    fn presign(nonce: u32, product: u32) -> (Digest, Statement) {
        let (key, epoch, leader, holders) = (KeyId([5; 32]), Epoch(1), NodeId(1), HOLDERS.to_vec());
        let start = PresignStart { key, epoch, leader, holders, batch: 7, sealed: None, nonce, product };
        (start.digest(), Statement::Signing(signing::Message::PresignStart(start)))
    }

    fn share(presignature: Digest) -> Statement {
        let opening = Opening { w: Scalar::ONE, u: Scalar::ONE, v: Scalar::ONE };
        Statement::Signing(signing::Message::PresignShare(PresignShare { presignature, opening }))
    }

    #[derive(Default)]
    struct Scene(Triples, BTreeMap<NodeId, Doings>);

    impl Scene {
        fn says(&mut self, me: u16, to: u16, statement: &Statement) {
            let doings = self.1.entry(NodeId(me)).or_default();
            self.0.says((NodeId(me), NodeId(to)), None, statement, doings);
        }

        fn sealed_by(holders: &[u16]) -> (Self, SessionId) {
            let (mut scene, (batch, commit)) = (Self::default(), commit());
            scene.says(1, 2, &commit);
            holders.iter().for_each(|holder| scene.says(*holder, 2, &seal(batch)));
            (scene, batch)
        }
    }

    #[test]
    fn triples_are_used_before_their_time_unless_all_have_sealed() {
        for (sealed, early) in [(&[1, 2, 3][..], 0), (&[1, 2], 2)] {
            let (mut scene, _) = Scene::sealed_by(sealed);
            let (id, start) = presign(0, 1);
            scene.says(1, 2, &start);
            scene.says(2, 1, &share(id));
            assert_eq!(scene.0.unsealed.len(), early);
        }
    }

    #[test]
    fn a_seal_counts_that_its_maker_only_passes_on_and_none_that_another_claims_to_have() {
        for (passes_on, early) in [(3, 0), (2, 2)] {
            let (mut scene, batch) = Scene::sealed_by(&[1, 2]);
            let (key, body) = (SigningKey::from_slice(&[3; 32]).unwrap(), sealed(batch));
            let seal = Signed::new(body, NodeId(3), &key, &mut Meter::default());
            scene.says(passes_on, 2, &Statement::Triples(Message::Seals(vec![seal])));
            let (id, start) = presign(0, 1);
            scene.says(1, 2, &start);
            scene.says(2, 1, &share(id));
            assert_eq!(scene.0.unsealed.len(), early);
        }
    }

    #[test]
    fn a_triple_of_two_presignatures_is_reused_and_one_of_the_same_again_is_not() {
        let (mut scene, _) = Scene::sealed_by(&[1, 2, 3]);
        for (indices, reused) in [((0, 1), 0), ((0, 1), 0), ((2, 3), 0), ((4, 1), 1)] {
            let (id, start) = presign(indices.0, indices.1);
            scene.says(1, 2, &start);
            scene.says(2, 1, &share(id));
            assert_eq!(scene.0.reused.iter().filter(|(node, _)| *node == NodeId(2)).count(), reused, "{indices:?}");
        }
    }

    #[test]
    fn a_seed_is_opened_in_spite_of_a_seal_only_by_the_boot_that_sealed() {
        use lit_node::triples::{Opening, Seed, Testimony};
        use rand_chacha::rand_core::SeedableRng;
        let (mut scene, batch) = Scene::sealed_by(&[1]);
        let testimony = Testimony { batch, commits: Vec::new(), records: Vec::new() };
        let seed = Seed::random(&mut rand_chacha::ChaCha20Rng::from_seed([1; 32]));
        let opening = Statement::Triples(Message::Opening(Box::new(Opening { seed, testimony, waits: None })));
        scene.says(2, 1, &opening);
        assert!(scene.0.opened.is_empty());
        scene.1.remove(&NodeId(1));
        scene.says(1, 2, &opening);
        assert!(scene.0.opened.is_empty(), "restarted");
        scene.says(1, 2, &seal(batch));
        scene.says(1, 2, &opening);
        assert_eq!(scene.0.opened.len(), 1);
    }

    #[test]
    fn corrections_after_an_extension_that_was_changed_throughout_were_made_without_a_check() {
        let (batch, _) = commit();
        let step = |from: u16, to: u16, kind, byte: u8| Step {
            batch,
            sid: Digest([3; 32]),
            slot: Slot { from: NodeId(from), to: Some(NodeId(to)), kind, part: 0 },
            body: Body(vec![byte; 64]),
        };
        for (changed, unchecked) in [(64, 1), (63, 1), (10, 0), (0, 0)] {
            let mut triples = Triples::default();
            let (meant, mut said) = (step(1, 2, Kind::Extension, 0), step(1, 2, Kind::Extension, 0));
            said.body.0[..changed].fill(1);
            let said = Statement::Triples(Message::Step(said));
            triples.says((NodeId(1), NodeId(2)), Some(&meant), &said, &mut Doings::default());
            let answer = Statement::Triples(Message::Step(step(2, 1, Kind::Corrections, 5)));
            triples.says((NodeId(2), NodeId(1)), None, &answer, &mut Doings::default());
            assert_eq!(triples.unchecked.len(), unchecked, "{changed} bytes");
        }
    }
}
