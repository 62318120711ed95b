//! Bodies of steps as bytes of known length: scalars, points and raw bytes one after the other.
//!
//! Points are written as both coordinates (64 bytes), because recovering y costs a square root and a batch has
//! thousands of points. Reading refuses the identity, points off the curve and scalars that are not reduced.

use k256::elliptic_curve::BatchNormalize;
use k256::elliptic_curve::sec1::{FromEncodedPoint, ToEncodedPoint};
use k256::{AffinePoint, EncodedPoint, ProjectivePoint, Scalar};
use thiserror::Error;

use crate::curve;
use crate::meter::{Meter, Op};

/// Bytes of a point.
pub(super) const POINT: usize = 64;
/// Bytes of a scalar.
pub(super) const SCALAR: usize = 32;

/// A body that is no encoding of what its slot is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Malformed {
    /// Too short, or too long.
    #[error("wrong length")]
    Length,
    /// Not below the group order.
    #[error("not a reduced scalar")]
    Scalar,
    /// The identity, or off the curve.
    #[error("not a point")]
    Point,
}

/// Takes a body apart from the front.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self(body)
    }

    /// The next `len` bytes.
    pub(super) fn slice(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.0.split_at_checked(len).ok_or(Malformed::Length)?;
        self.0 = rest;
        Ok(head)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.slice(N)?.try_into().map_err(|_| Malformed::Length)
    }

    pub(super) fn scalar(&mut self) -> Result<Scalar, Malformed> {
        curve::scalar_from_bytes(&self.array()?).ok_or(Malformed::Scalar)
    }

    pub(super) fn scalars(&mut self, count: usize) -> Result<Vec<Scalar>, Malformed> {
        (0..count).map(|_| self.scalar()).collect()
    }

    pub(super) fn point(&mut self) -> Result<ProjectivePoint, Malformed> {
        let (x, y) = (self.array::<32>()?, self.array::<32>()?);
        let encoded = EncodedPoint::from_affine_coordinates(&x.into(), &y.into(), false);
        let affine = Option::<AffinePoint>::from(AffinePoint::from_encoded_point(&encoded)).ok_or(Malformed::Point)?;
        Ok(affine.into())
    }

    pub(super) fn points(&mut self, count: usize) -> Result<Vec<ProjectivePoint>, Malformed> {
        (0..count).map(|_| self.point()).collect()
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed::Length) }
    }
}

/// Appends a scalar.
pub(super) fn put_scalar(out: &mut Vec<u8>, scalar: &Scalar) {
    out.extend_from_slice(&curve::scalar_bytes(scalar));
}

/// Encodes points with one field inversion for all of them. The identity, which no reader takes, becomes zeros.
pub(super) fn point_bytes(points: &[ProjectivePoint], meter: &mut Meter) -> Vec<u8> {
    let mut out = Vec::with_capacity(points.len() * POINT);
    put_points(&mut out, points, meter);
    out
}

/// Appends points as [`point_bytes`] does.
pub(super) fn put_points(out: &mut Vec<u8>, points: &[ProjectivePoint], meter: &mut Meter) {
    meter.add(Op::PointAdd, points.len() as u64);
    let affine = <ProjectivePoint as BatchNormalize<[ProjectivePoint]>>::batch_normalize(points);
    for point in affine {
        match point.to_encoded_point(false).as_bytes().get(1..=POINT) {
            Some(coordinates) => out.extend_from_slice(coordinates),
            None => out.extend_from_slice(&[0; POINT]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_round_trip_and_everything_that_is_no_point_is_refused() {
        let generator = ProjectivePoint::GENERATOR;
        let points = [generator, generator.double(), ProjectivePoint::IDENTITY];
        let mut bytes = point_bytes(&points, &mut Meter::default());
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.points(2), Ok(points[..2].to_vec()));
        assert_eq!(reader.point(), Err(Malformed::Point));
        assert_eq!(reader.point(), Err(Malformed::Length));
        bytes[5] ^= 1;
        assert_eq!(Reader::new(&bytes).point(), Err(Malformed::Point));
        assert_eq!(Reader::new(&[0xff; 32]).scalar(), Err(Malformed::Scalar));
        assert_eq!(Reader::new(&[0]).end(), Err(Malformed::Length));
    }
}
