//! Leaving while uploads are open: what was chosen, and how far the aborts are.

use crate::domain::deed::Deed;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Uploads that are being aborted, to leave once all are gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaving {
    /// What was tried, by the upload's id on the workbench.
    pub tried: BTreeMap<u64, Attempt>,
    /// What the aborts belong to.
    pub deed: Option<Arc<Deed>>,
    /// Nothing more is tried: some could not be aborted.
    pub over: bool,
}

/// How far one upload is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attempt {
    /// Aborts sent.
    pub aborts: u8,
    /// Whether a part may land after the abort, so that ListParts has to tell.
    pub to_list: bool,
    /// Why it could not be aborted.
    pub failed: Option<String>,
}
