//! What a computation over bytes is asked for and gives, for whoever has it done elsewhere.

use super::names::ObjectRef;
use super::verify::{Depth, Remote, Report};
use std::path::PathBuf;

/// Where the bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bytes {
    /// In a local file.
    File(PathBuf),
    /// In the object itself: they come over the network.
    Object(ObjectRef),
}

/// Compare bytes with what is known of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Verification {
    /// The bytes.
    pub bytes: Bytes,
    /// What is known.
    pub remote: Remote,
    /// How far to search for a part size.
    pub depth: Depth,
}

/// Files up to this size have the ETags of all clients computed after them; for larger ones that takes long, and is left
/// to `partscope clients FILE`.
pub const CLIENTS_UP_TO: u64 = 4 << 30;

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Every test.
    pub report: Report,
    /// Bytes hashed.
    pub hashed: u64,
}
