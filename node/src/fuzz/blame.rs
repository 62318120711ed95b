//! Evidence: nothing that anybody makes of what was said convicts an honest node.

use super::Choices;
use super::committee::LIAR;
use super::samples::EVIDENCE;
use crate::blame::verify;

/// Spoilt evidence, or bytes.
pub(super) fn target(data: &[u8]) {
    let mut choices = Choices::new(data);
    let (evidence, chain) = &EVIDENCE[choices.below(EVIDENCE.len())];
    assert_eq!(verify(evidence, chain).map(|culprit| culprit.node), Ok(LIAR), "it convinces everybody");
    let bytes = if choices.byte() & 7 == 0 {
        choices.rest().to_vec()
    } else {
        let mut bytes = evidence.clone();
        choices.spoil(&mut bytes);
        bytes
    };
    if let Ok(culprit) = verify(&bytes, chain) {
        assert_eq!(culprit.node, LIAR, "an honest node is convicted: {culprit:?}");
    }
}
