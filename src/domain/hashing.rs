//! What a computation over bytes is asked for and gives, for whoever has it done elsewhere.

use super::checksum::ChecksumAlgorithm;
use super::layout::PartLayout;
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

/// Hash each part of a file, to compare it with what an open upload holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartsWork {
    /// The file.
    pub path: PathBuf,
    /// Bytes of every part but the last.
    pub part_size: u64,
    /// The checksum to compute besides MD5.
    pub algorithm: Option<ChecksumAlgorithm>,
}

/// The digests of each part of a file, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedParts {
    /// How the file was cut.
    pub layout: PartLayout,
    /// MD5s.
    pub md5s: Vec<[u8; 16]>,
    /// Checksums as S3 writes them, each with its algorithm; none if none was asked for.
    pub checksums: Vec<(String, String)>,
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
