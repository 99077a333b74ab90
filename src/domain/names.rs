//! Names of things in S3: buckets, keys, upload ids, versions, `s3://` addresses and copy sources.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What stays literal in a path or copy source: RFC 3986 unreserved characters, and `/` between segments.
const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
/// What stays literal in a query value.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Percent-encodes a key for a path or a copy source: once, UTF-8, `/` kept.
pub fn encode_key(key: &str) -> String {
    utf8_percent_encode(key, KEY).to_string()
}

/// Percent-encodes a query name or value.
pub fn encode_query(value: &str) -> String {
    utf8_percent_encode(value, QUERY).to_string()
}

/// A bucket and a key in it, and possibly one version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ObjectRef {
    /// Bucket name, as typed.
    pub bucket: String,
    /// Object key, not encoded.
    pub key: String,
    /// Version id; `None` means the current version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
}

impl ObjectRef {
    /// The current version of `key` in `bucket`.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), key: key.into(), version_id: None }
    }

    /// The value of `x-amz-copy-source`: `bucket/key` percent-encoded once, the version appended unencoded.
    ///
    /// See CopyObject and UploadPartCopy in the S3 API reference.
    pub fn copy_source(&self) -> String {
        let base = format!("{}/{}", encode_key(&self.bucket), encode_key(&self.key));
        match &self.version_id {
            Some(v) => format!("{base}?versionId={v}"),
            None => base,
        }
    }

    /// `s3://bucket/key`.
    pub fn uri(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)?;
        match &self.version_id {
            Some(v) => write!(f, "?versionId={v}"),
            None => Ok(()),
        }
    }
}

/// An `s3://bucket` or `s3://bucket/key-or-prefix` address as typed on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Uri {
    /// Bucket name.
    pub bucket: String,
    /// Key or prefix; empty when only a bucket was given.
    pub key: String,
}

impl S3Uri {
    /// Reads `s3://bucket/key`. A key is taken literally: nothing in it is decoded.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rest = text
            .strip_prefix("s3://")
            .ok_or_else(|| format!("{text:?} is not an S3 address; write s3://bucket/key"))?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(format!("{text:?} names no bucket; write s3://bucket/key"));
        }
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }

    /// The object this address names, or an error that says the key is missing.
    pub fn object(&self) -> Result<ObjectRef, String> {
        if self.key.is_empty() {
            return Err(format!(
                "s3://{} names a bucket, not an object; write s3://{}/key",
                self.bucket, self.bucket
            ));
        }
        Ok(ObjectRef::new(&self.bucket, &self.key))
    }

    /// The object or version this address names, with `version_id` from beside it.
    ///
    /// `key?versionId=ID` names a version, but a key may itself end so. A version id from beside it settles that:
    /// the whole address is a key then, and an empty id means its current version. Without one the end is read as
    /// a version, and the reading says so.
    pub fn reading(&self, version_id: Option<&str>) -> Result<Reading, String> {
        let mut object = self.object()?;
        let ends = self
            .key
            .rsplit_once(VERSION)
            .filter(|(key, id)| !key.is_empty() && !id.is_empty() && !id.contains(['/', '?', '&']));
        let note = match (version_id, ends) {
            (None, None) => None,
            (None, Some((key, id))) => {
                object = ObjectRef { version_id: Some(id.to_owned()), ..ObjectRef::new(&self.bucket, key) };
                Some(format!("read as version {id} of {}, not as a key that ends so", object.uri()))
            }
            (Some(id), ends) => {
                object.version_id = Some(id.to_owned()).filter(|id| !id.is_empty());
                ends.map(|_| format!("read as the key {:?}: the version was named beside it", self.key))
            }
        };
        Ok(Reading { object, note })
    }
}

/// What stands between a key and a version id in an address.
const VERSION: &str = "?versionId=";

/// How an address was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What it names.
    pub object: ObjectRef,
    /// Which of two readings was taken, if there were two.
    pub note: Option<String>,
}

/// A user-chosen tag of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag {
    /// At most 128 characters.
    pub key: String,
    /// At most 256 characters.
    pub value: String,
}

/// The value of `x-amz-tagging`: the tags as a URL query string, spaces as `%20`.
pub fn tagging_header(tags: &[Tag]) -> String {
    tags.iter()
        .map(|t| format!("{}={}", encode_query(&t.key), encode_query(&t.value)))
        .collect::<Vec<_>>()
        .join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_sources_are_encoded_once_and_the_version_is_not() {
        for (key, want) in [
            ("a/b c+d?e%2Ff", "b/a/b%20c%2Bd%3Fe%252Ff"),
            ("😀", "b/%F0%9F%98%80"),
            ("plain-_.~", "b/plain-_.~"),
        ] {
            assert_eq!(ObjectRef::new("b", key).copy_source(), want);
        }
        // No bucket has such a name, but one can be typed, and must be refused as what was typed.
        assert_eq!(ObjectRef::new("a b+c?d", "k").copy_source(), "a%20b%2Bc%3Fd/k");
        let mut o = ObjectRef::new("b", "k");
        o.version_id = Some("v+1".into());
        assert_eq!(o.copy_source(), "b/k?versionId=v+1");
    }

    #[test]
    fn addresses() {
        assert_eq!(S3Uri::parse("s3://b/k//x").map(|u| (u.bucket, u.key)), Ok(("b".into(), "k//x".into())));
        assert_eq!(S3Uri::parse("s3://b").map(|u| (u.bucket, u.key)), Ok(("b".into(), String::new())));
        assert!(S3Uri::parse("b/k").is_err());
        assert!(S3Uri::parse("s3:///k").is_err());
        assert!(S3Uri::parse("s3://b/").and_then(|u| u.object()).is_err());
    }

    #[test]
    fn a_version_in_an_address_is_read_unless_one_is_named_beside_it() {
        let read = |text: &str, id: Option<&str>| {
            let reading = S3Uri::parse(text).and_then(|u| u.reading(id)).unwrap();
            (reading.object.key, reading.object.version_id, reading.note.is_some())
        };
        let some = |id: &str| Some(id.to_owned());
        for (text, id, want) in [
            ("s3://b/k", None, ("k", None, false)),
            ("s3://b/k", Some("v"), ("k", some("v"), false)),
            ("s3://b/k?versionId=v", None, ("k", some("v"), true)),
            ("s3://b/k?versionId=v", Some(""), ("k?versionId=v", None, true)),
            ("s3://b/k?versionId=v", Some("w"), ("k?versionId=v", some("w"), true)),
            ("s3://b/k?versionId=v?versionId=w", None, ("k?versionId=v", some("w"), true)),
            // None of these can be a version.
            ("s3://b/k?versionId=", None, ("k?versionId=", None, false)),
            ("s3://b/k?versionId=a/b", None, ("k?versionId=a/b", None, false)),
            ("s3://b/?versionId=v", None, ("?versionId=v", None, false)),
        ] {
            let (key, version, noted) = want;
            assert_eq!(read(text, id), (key.to_owned(), version, noted), "{text} {id:?}");
        }
        assert!(S3Uri::parse("s3://b/").unwrap().reading(Some("v")).is_err());
    }

    #[test]
    fn ten_full_size_tags_do_not_fit_the_header() {
        let tags: Vec<Tag> =
            (0..10).map(|i| Tag { key: format!("{i}{}", "k".repeat(127)), value: "v".repeat(256) }).collect();
        assert_eq!(tagging_header(&tags).len(), 3859);
        assert!(tagging_header(&tags).len() > crate::domain::limits::AWS.max_tagging_header);
    }
}
