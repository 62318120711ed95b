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

/// All forms that follow from some: rows in echelon form, each with the column of its first entry, which is one.
pub(crate) struct Span(Vec<(usize, Form)>);

impl Span {
    /// What follows from these.
    pub(crate) fn of(forms: impl IntoIterator<Item = Form>) -> Self {
        let mut span = Self(Vec::new());
        for form in forms {
            let form = span.reduced(form);
            if let Some(column) = form.iter().position(|cell| *cell != Scalar::ZERO) {
                let inverse = form[column].invert().expect("not zero");
                let row = form.iter().map(|cell| *cell * inverse).collect();
                let at = span.0.partition_point(|(known, _)| *known < column);
                span.0.insert(at, (column, row));
            }
        }
        span
    }

    /// The form less what follows.
    fn reduced(&self, mut form: Form) -> Form {
        for (column, row) in &self.0 {
            let factor = form[*column];
            if factor != Scalar::ZERO {
                form[*column..].iter_mut().zip(&row[*column..]).for_each(|(cell, known)| *cell -= *known * factor);
            }
        }
        form
    }

    /// Whether whoever knows these knows that one.
    pub(crate) fn determines(&self, form: &Form) -> bool {
        self.reduced(form.clone()).iter().all(|cell| *cell == Scalar::ZERO)
    }
}
