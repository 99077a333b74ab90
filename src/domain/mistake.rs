//! Wrong requests on purpose, and the edits that mend refused ones.

use super::draft::Draft;

/// The request that mends a refused one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// The mended request.
    pub draft: Draft,
    /// What was edited, in a sentence that names the field and its value.
    pub edit: String,
}
