//! `litsim schema`: the JSON Schema of scenario files, so that editors complete them.

use super::{Common, Exit, Shell};
use crate::scenario;

pub(super) fn run(common: &Common, shell: &mut Shell<'_>) -> Exit {
    let schema = scenario::schema();
    shell.print(&if common.json { schema.to_string() } else { format!("{schema:#}") });
    Exit::OK
}
