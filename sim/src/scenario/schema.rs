//! The JSON Schema of scenario files, for editors; `explain` reads its texts too.

use super::raw::File;

/// The schema, as JSON.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(File).to_value()
}
