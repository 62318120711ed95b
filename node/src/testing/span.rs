//! What follows from what: values that are linear in unknown secrets, as rows of coefficients. A secret is determined by
//! what somebody knows exactly if its row lies in the span of the known ones.

use k256::Scalar;

/// A linear form in the unknowns.
pub(crate) type Form = Vec<Scalar>;

/// 1, x, x^2 and so on: a polynomial's value at x, as a form in its coefficients.
pub(crate) fn powers(x: u16, count: u16) -> Vec<Scalar> {
    let x = Scalar::from(u64::from(x));
    std::iter::successors(Some(Scalar::ONE), |power| Some(*power * x)).take(count.into()).collect()
}

/// The number of independent rows.
pub(crate) fn rank(mut rows: Vec<Form>) -> usize {
    let (mut rank, columns) = (0, rows.first().map_or(0, Vec::len));
    for column in 0..columns {
        let Some(pivot) = (rank..rows.len()).find(|&row| rows[row][column] != Scalar::ZERO) else { continue };
        rows.swap(rank, pivot);
        let inverse = rows[rank][column].invert().expect("not zero");
        let lead = rows[rank].clone();
        for row in &mut rows[rank + 1..] {
            let factor = row[column] * inverse;
            row.iter_mut().zip(&lead).for_each(|(cell, lead)| *cell -= *lead * factor);
        }
        rank += 1;
    }
    rank
}

/// Whether whoever knows these knows that one.
pub(crate) fn determines(known: &[Form], target: &Form) -> bool {
    rank([known, std::slice::from_ref(target)].concat()) == rank(known.to_vec())
}
