//! The model: buckets, versions and uploads as plain lists, and what every request is to be answered.
//!
//! Where the specification does not say which of several errors comes first, all of them are expected, and any
//! one of them will do.

use crate::call::{Call, Cond};
use crate::reply::{ANY, Reply};
use bytes::Bytes;
use partscope::domain::checksum::{ChecksumAlgorithm as Algorithm, ChecksumType as Kind};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versioning {
    #[default]
    Never,
    Enabled,
    Suspended,
}

/// A stored checksum: algorithm, type, value as headers carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    pub algorithm: Algorithm,
    pub kind: Kind,
    pub value: String,
}

impl Sum {
    pub fn fact(&self) -> String {
        format!("{} {}", self.algorithm.name(), self.value)
    }
}

#[derive(Debug, Clone)]
pub struct Object {
    pub bytes: Bytes,
    pub etag: String,
    pub tags: usize,
    pub sum: Sum,
    /// Sizes and checksums of the parts of a multipart object.
    pub parts: Option<Vec<(usize, Option<String>)>>,
}

#[derive(Debug, Clone)]
pub struct Version {
    pub id: String,
    /// Nothing: a delete marker.
    pub object: Option<Object>,
}

#[derive(Debug, Clone)]
pub struct Part {
    pub bytes: Bytes,
    pub etag: String,
    pub sum: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Upload {
    pub id: String,
    pub key: String,
    pub sum: Option<(Algorithm, Kind)>,
    pub tags: usize,
    pub parts: BTreeMap<i32, Part>,
    /// Whether the key was written or deleted since Create.
    pub disturbed: bool,
}

/// A completed upload and how the request that completed it was answered.
#[derive(Debug, Clone)]
pub struct Done {
    pub id: String,
    pub key: String,
    pub call: Call,
    pub reply: Reply,
}

#[derive(Debug, Clone, Default)]
pub struct Bucket {
    pub versioning: Versioning,
    /// Of each key the versions, oldest first.
    pub keys: BTreeMap<String, Vec<Version>>,
    /// In the order of their Create.
    pub uploads: Vec<Upload>,
    pub done: Vec<Done>,
}

#[derive(Debug, Clone, Default)]
pub struct Model {
    pub buckets: BTreeMap<&'static str, Bucket>,
    pub versions_made: usize,
    pub uploads_made: usize,
}

impl Bucket {
    /// The object a plain GET finds.
    pub fn current(&self, key: &str) -> Option<&Object> {
        self.keys.get(key)?.last()?.object.as_ref()
    }

    pub fn version(&self, key: &str, id: &str) -> Option<&Version> {
        self.keys.get(key)?.iter().find(|v| v.id == id)
    }

    /// A write or a delete came between Create and Complete.
    pub fn disturb(&mut self, key: &str) {
        self.uploads.iter_mut().filter(|u| u.key == key).for_each(|u| u.disturbed = true);
    }

    /// The newest version; one with the same id goes.
    pub fn push(&mut self, key: &str, version: Version) {
        let versions = self.keys.entry(key.to_owned()).or_default();
        versions.retain(|v| v.id != version.id);
        versions.push(version);
        self.disturb(key);
    }

    /// The fact `version` of an answer about a version that was read.
    pub fn read_version(&self, id: &str) -> Option<String> {
        match self.versioning {
            Versioning::Never => Some(ANY.to_owned()),
            Versioning::Enabled | Versioning::Suspended => Some(id.to_owned()),
        }
    }
}

impl Model {
    pub fn new(buckets: &[&'static str]) -> Self {
        Self { buckets: buckets.iter().map(|b| (*b, Bucket::default())).collect(), ..Self::default() }
    }

    pub fn bucket(&mut self, name: &str) -> &mut Bucket {
        self.buckets.get_mut(name).unwrap()
    }

    /// The id the next write of a bucket gets; only versions of enabled buckets have names of their own.
    pub fn next_version(&mut self, bucket: &str) -> String {
        if self.bucket(bucket).versioning != Versioning::Enabled {
            return "null".to_owned();
        }
        self.versions_made += 1;
        format!("v{}", self.versions_made)
    }

    /// Whether a server ever gave out this version id.
    fn was_made(&self, id: &str) -> bool {
        id == "null"
            || id
                .strip_prefix('v')
                .and_then(|n| n.parse().ok())
                .is_some_and(|n: usize| n <= self.versions_made)
    }

    /// The error for a version id that names nothing; without versioning only `null` is one.
    pub fn no_version(&self, bucket: &str, id: &str) -> Reply {
        let never = self.buckets[bucket].versioning == Versioning::Never;
        if self.was_made(id) && (id == "null" || !never) {
            Reply::error(404, "NoSuchVersion")
        } else {
            Reply::error(400, "InvalidArgument")
        }
    }

    /// The condition of a write, held against what is there.
    pub fn check(&self, bucket: &str, key: &str, cond: &Cond) -> Option<Reply> {
        let current = self.buckets[bucket].current(key);
        match (cond, current) {
            (Cond::None, _) | (Cond::IfAbsent, None) => None,
            (Cond::IfAbsent, Some(_)) => {
                Some(Reply::error(412, "PreconditionFailed").with("condition", "If-None-Match"))
            }
            (Cond::IfMatch(_), None) => Some(Reply::error(404, "NoSuchKey")),
            (Cond::IfMatch(etag), Some(object)) if *etag == object.etag => None,
            (Cond::IfMatch(_), Some(_)) => {
                Some(Reply::error(412, "PreconditionFailed").with("condition", "If-Match"))
            }
        }
    }

    /// Any one of these is the right answer; the model has moved on if the request succeeds.
    pub fn answer(&mut self, call: &Call) -> Vec<Reply> {
        match call {
            Call::Versioning { bucket, on } => {
                self.bucket(bucket).versioning =
                    if *on { Versioning::Enabled } else { Versioning::Suspended };
                vec![Reply::ok(200)]
            }
            Call::Put { bucket, key, data, tags, cond, sum } => {
                self.put(bucket, key, *data, *tags, cond, *sum)
            }
            Call::Get { bucket, key, version, head, part } => {
                vec![self.get(bucket, key, version.as_deref(), *head, *part)]
            }
            Call::Tag { bucket, key, version, tags } => self.tag(bucket, key, version.as_deref(), *tags),
            Call::Delete { bucket, key, version, if_match } => {
                self.delete(bucket, key, version.as_deref(), if_match.as_deref())
            }
            Call::Copy { source, bucket, key, tags, cond } => self.copy(source, bucket, key, *tags, cond),
            Call::Create { bucket, key, sum, tags } => self.create(bucket, key, *sum, *tags),
            Call::Part { upload, number, data, sum } => self.part(upload, *number, *data, sum.as_ref()),
            Call::PartCopy { upload, number, source, range } => {
                self.part_copy(upload, *number, source, range.as_deref())
            }
            Call::Complete(completion) => self.complete(completion),
            Call::Abort(upload) => self.abort(upload),
            Call::ListParts { upload, max } => vec![self.list_parts(upload, *max)],
            Call::ListObjects(query) => vec![self.list_objects(query)],
            Call::ListVersions(query) => vec![self.list_versions(query)],
            Call::ListUploads(query) => vec![self.list_uploads(query)],
        }
    }
}
