//! Versions of a key: ids, delete markers, and finding the one that is meant.

use super::bucket::Bucket;
use super::object::Object;
use crate::sandbox::clock::http_date;
use crate::sandbox::error::S3Error;
use crate::sandbox::synthetic::mix;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Names one version of a key: 32 characters, or `null` for one written without versioning. S3 knows its own ids:
/// one that was made up is invalid and not unknown, so the last four characters follow from the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionId(pub String);

impl VersionId {
    /// The id of a version written while versioning was not enabled.
    pub fn null() -> Self {
        Self("null".to_owned())
    }

    /// The value of `x-amz-version-id` in the answer to a write, and of the header that names a copy's source: none
    /// for `null`.
    pub fn written(&self) -> Option<String> {
        (!self.is_null()).then(|| self.0.clone())
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        self.0 == "null"
    }

    /// The id that begins with these 28 characters.
    pub fn of(beginning: &str) -> Self {
        Self(format!("{beginning}{}", check(beginning)))
    }

    /// Whether a text can be an id; others are `InvalidArgument` and never `NoSuchVersion`.
    pub fn is_valid(text: &str) -> bool {
        text == "null" || text.split_at_checked(28).is_some_and(|(beginning, end)| end == check(beginning))
    }
}

/// Four characters that follow from a text.
fn check(text: &str) -> String {
    let mut n = text.bytes().fold(0x70_61_72_74_u64, |n, b| mix(n ^ u64::from(b)));
    let digit = |n: u64| char::from_digit(u32::try_from(n % 36).unwrap_or(0), 36).unwrap_or('0');
    let mut next = || {
        n /= 36;
        digit(n)
    };
    (0..4).map(|_| next()).collect()
}

impl std::fmt::Display for VersionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A version without content: the key counts as deleted while it is the newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Its id.
    pub version: VersionId,
    /// When the key was deleted.
    pub last_modified: i64,
}

/// One version of a key.
#[derive(Debug, Clone)]
pub enum Version {
    /// An object.
    Object(Arc<Object>),
    /// A delete marker.
    Marker(Marker),
}

impl Version {
    /// Its id.
    pub fn id(&self) -> &VersionId {
        match self {
            Self::Object(object) => &object.version,
            Self::Marker(marker) => &marker.version,
        }
    }

    /// The object, unless this is a marker.
    pub fn object(&self) -> Option<&Arc<Object>> {
        match self {
            Self::Object(object) => Some(object),
            Self::Marker(_) => None,
        }
    }
}

/// 400 for a version id that cannot be one, or of a bucket that has no versions.
pub fn invalid_version(text: &str) -> S3Error {
    S3Error::invalid_argument("Invalid version id specified", "versionId", text)
}

/// 404 for a version that is not there.
pub fn no_such_version(key: &str, id: &str) -> S3Error {
    S3Error::new(404, "NoSuchVersion", "The specified version does not exist.")
        .with("Key", key)
        .with("VersionId", id)
}

/// 405 for reading a delete marker.
fn is_marker(marker: &Marker) -> S3Error {
    S3Error::method_not_allowed("GET")
        .with("ResourceType", "DeleteMarker")
        .header("x-amz-delete-marker", "true")
        .header("x-amz-version-id", &marker.version.0)
        .header("Last-Modified", http_date(marker.last_modified))
        .header("Allow", "DELETE")
}

impl Bucket {
    /// All versions of a key, oldest first.
    pub fn versions(&self, key: &str) -> &[Version] {
        self.keys.get(key).map_or(&[], Vec::as_slice)
    }

    /// The object a plain GET finds.
    pub fn current(&self, key: &str) -> Option<&Arc<Object>> {
        self.versions(key).last().and_then(Version::object)
    }

    /// The current object, or the version that is named.
    pub fn find(&self, key: &str, version: Option<&str>) -> Result<Arc<Object>, S3Error> {
        let Some(id) = version else {
            return match self.versions(key).last() {
                Some(Version::Object(object)) => Ok(Arc::clone(object)),
                Some(Version::Marker(marker)) => Err(S3Error::no_such_key(key)
                    .header("x-amz-delete-marker", "true")
                    .header("x-amz-version-id", &marker.version.0)),
                None => Err(S3Error::no_such_key(key)),
            };
        };
        match self.version(key, id)? {
            Some(Version::Object(object)) => Ok(Arc::clone(object)),
            Some(Version::Marker(marker)) => Err(is_marker(marker)),
            None => Err(no_such_version(key, id)),
        }
    }

    /// The object whose tags, access or locks are to be changed: a delete marker in its place is
    /// `MethodNotAllowed`, whether it was named or not.
    pub fn find_to_change(&self, key: &str, version: Option<&str>) -> Result<Arc<Object>, S3Error> {
        match (version, self.versions(key).last()) {
            (None, Some(Version::Marker(marker))) => Err(is_marker(marker)),
            _ => self.find(key, version),
        }
    }

    /// The version of that id, if there is one; an id that cannot be one is an error.
    pub fn version(&self, key: &str, id: &str) -> Result<Option<&Version>, S3Error> {
        let possible = VersionId::is_valid(id) && (id == "null" || self.settings.versioning.is_kept());
        if !possible {
            return Err(invalid_version(id));
        }
        Ok(self.versions(key).iter().find(|v| v.id().0 == id))
    }

    /// The value of `x-amz-version-id` for a version; a bucket that never had versioning sends none.
    pub fn version_header(&self, id: &VersionId) -> Option<String> {
        self.settings.versioning.is_kept().then(|| id.0.clone())
    }
}
