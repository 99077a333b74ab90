//! Requests as the model and the drivers take them: complete, with `u1`, `v1` in place of the ids a server makes.

use crate::data::Data;
use partscope::domain::checksum::{ChecksumAlgorithm as Algorithm, ChecksumType as Kind};

/// What a write demands of the key it writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cond {
    None,
    IfAbsent,
    IfMatch(String),
}

/// An upload as a request names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub bucket: &'static str,
    pub key: String,
    pub id: String,
}

/// What a copy reads and under which conditions; times are relative to now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    pub bucket: &'static str,
    pub key: String,
    pub version: Option<String>,
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    pub modified_since: Option<i64>,
    pub unmodified_since: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub number: i32,
    pub etag: String,
    pub sum: Option<(Algorithm, String)>,
}

/// The document of Complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum List {
    NoBody,
    Parts(Vec<Listed>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    pub upload: Named,
    pub list: List,
    pub cond: Cond,
    pub size: Option<u64>,
    pub kind: Option<Kind>,
    pub whole: Option<(Algorithm, String)>,
}

/// What a listing asks for; every page is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub bucket: &'static str,
    pub prefix: &'static str,
    pub delimiter: &'static str,
    pub after: String,
    pub max: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    Versioning { bucket: &'static str, on: bool },
    Put { bucket: &'static str, key: String, data: Data, tags: usize, cond: Cond, sum: Option<Algorithm> },
    Get { bucket: &'static str, key: String, version: Option<String>, head: bool, part: Option<usize> },
    Tag { bucket: &'static str, key: String, version: Option<String>, tags: usize },
    Delete { bucket: &'static str, key: String, version: Option<String>, if_match: Option<String> },
    Copy { source: Source, bucket: &'static str, key: String, tags: Option<usize>, cond: Cond },
    Create { bucket: &'static str, key: String, sum: Option<(Algorithm, Option<Kind>)>, tags: usize },
    Part { upload: Named, number: i32, data: Data, sum: Option<(Algorithm, String)> },
    PartCopy { upload: Named, number: i32, source: Source, range: Option<String> },
    Complete(Completion),
    Abort(Named),
    ListParts { upload: Named, max: usize },
    ListObjects(Query),
    ListVersions(Query),
    ListUploads(Query),
}
