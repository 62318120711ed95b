//! A holder of the network's key that gives wrong shares of decryption keys.

use blstrs::{G2Affine, G2Projective, Scalar};
use group::Group;
use lit_node::bls::{ShareStatement, SignaturePoint};
use lit_node::conduct::Conduct;

use super::Line;

/// Adds a multiple of the generator to each share.
#[derive(Debug)]
pub struct WrongDecryptionShare {
    line: Line,
    off_by: i32,
}

impl WrongDecryptionShare {
    /// Gives shares that are off by so many generators while the line is on.
    pub fn new(line: Line, off_by: i32) -> Self {
        Self { line, off_by }
    }
}

impl Conduct for WrongDecryptionShare {
    fn share_decryption(&mut self, share: ShareStatement) -> ShareStatement {
        let wrong = Some(share.share).filter(|_| self.line.is_on()).and_then(|share| off(share, self.off_by));
        let Some(wrong) = wrong else { return share };
        self.line.act();
        ShareStatement { share: wrong, ..share }
    }
}

/// The share and so many generators more; none if that is no share at all.
fn off(share: SignaturePoint, by: i32) -> Option<SignaturePoint> {
    let point = Option::<G2Affine>::from(G2Affine::from_compressed(&share.encode()))?;
    let size = G2Projective::generator() * Scalar::from(u64::from(by.unsigned_abs()));
    let wrong = G2Projective::from(point) + if by < 0 { -size } else { size };
    SignaturePoint::decode(&G2Affine::from(wrong).to_compressed())
}
