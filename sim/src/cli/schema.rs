//! `litsim schema`: the JSON Schema of scenario files, so that editors complete them.

use super::{Exit, Shell};
use crate::scenario;

pub(super) fn run(shell: &mut Shell<'_>) -> Exit {
    shell.print(&format!("{:#}", scenario::schema()));
    Exit::OK
}
