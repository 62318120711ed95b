//! Evidence in which all is genuine but the public shares.

use lit_node::blame::{self, BlameError, Board, ChainView};
use lit_node::bugs::{self, Bug, BugSet};
use lit_node::key::PublicKey;
use lit_node::signing::{NonceCommitments, session_id};
use lit_node::wire::{Signable, SignatureBytes};

use super::*;

const REQUEST: RequestId = RequestId([6; 32]);

#[test]
fn evidence_with_own_keys_convicts_the_member_before_whoever_believes_them_and_nobody_else() {
    let mut liar = Liar::on("false_blame = { node = 2, member = 3, own_keys = true }");
    let point = times_generator(&Scalar::from(5u64));
    let members = roster().ids().collect();
    let key = PublicKey { epoch: Epoch(1), threshold: 3, point, commitments: vec![point], members };
    let call = Contracts::of_deployer([1; 20]).vote_for_routing(&lit_node::key::uncompressed(&point), Digest([4; 32]));
    liar.conduct.submit(call);
    let (request, sig_name, digest) = (REQUEST, "sig".to_owned(), Digest([5; 32]));
    liar.conduct.decide(&Decision::Authorise { request, sig_name, key: key.id(), digest }, true);
    let scheme = Scheme::SchnorrK256Sha256;
    let session = session_id(&REQUEST, "sig", (key.id(), key.epoch), scheme);
    let announce = |id: u16| {
        let nonce = |salt: u64| times_generator(&Scalar::from(u64::from(id) + salt));
        let fresh = Fresh::Nonces(Box::new(NonceCommitments { hiding: nonce(10), binding: nonce(20) }));
        let body = Announce { session, fresh, ..proposal().announcements[0].body.clone() };
        Signed::new(body, NodeId(id), &identity(NodeId(id)), &mut Meter::default())
    };
    let propose =
        Propose { session, presignature: None, announcements: [1, 2, 3].map(announce).to_vec(), ..proposal() };
    let share = |by: u16| {
        let share = ShareScalar(Scalar::from(7u64));
        let share = Share { session, attempt: 0, scheme, proposal: propose.digest(), share };
        let said = Statement::Signing(Message::Share(share));
        let signature =
            SignatureBytes::sign(&said.signing_digest().unwrap(), &identity(NodeId(by)), &mut Meter::default());
        (NodeId(by), said, signature)
    };
    for (from, said, signature) in [share(1), share(3)] {
        liar.conduct.signed(from, &said, signature);
    }
    assert!(liar.board.take_shown().is_empty() && !liar.acted(), "there is no proposal yet");
    let said = Statement::Signing(Message::Propose(propose.clone()));
    let signature = SignatureBytes::sign(&said.signing_digest().unwrap(), &identity(NodeId(1)), &mut Meter::default());
    liar.conduct.signed(NodeId(1), &said, signature);
    let shown = liar.board.take_shown();
    let [(ME, evidence)] = &shown[..] else { panic!("of node 3 alone: {shown:?}") };
    assert!(liar.acted());
    let chain = ChainView::new(roster(), Board { chain_id: 1, contract: [0; 20] }, []);
    assert_eq!(blame::verify(&evidence.0, &chain), Err(BlameError::UnknownKey));
    let _planted = bugs::plant(BugSet::NONE.with(Bug::EvidenceWithOwnKeys));
    assert_eq!(blame::verify(&evidence.0, &chain).map(|culprit| culprit.node), Ok(NodeId(3)));
}
