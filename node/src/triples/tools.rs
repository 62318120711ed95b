//! What the arithmetic is handed: where work is counted, and where results of public checks are shared.

use crate::memo::Memo;
use crate::meter::Meter;

/// Counter and memo of one event.
pub(super) struct Tools<'a> {
    pub(super) meter: &'a mut Meter,
    pub(super) memo: &'a Memo,
}
