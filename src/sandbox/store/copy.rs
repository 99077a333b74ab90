//! Rules of copying: the source's name, its conditions, and the range of UploadPartCopy.

use super::version::{VersionId, invalid_version};
use super::{Object, Store};
use crate::domain::etag::ETag;
use crate::domain::limits::AWS;
use crate::domain::units::ByteRange;
use crate::sandbox::content::Content;
use crate::sandbox::error::S3Error;
use std::sync::Arc;

/// `x-amz-copy-source-if-*`.
#[derive(Debug, Clone, Default)]
pub struct SourceConditions {
    /// `-if-match`.
    pub if_match: Option<String>,
    /// `-if-none-match`.
    pub if_none_match: Option<String>,
    /// `-if-modified-since`, in seconds.
    pub if_modified_since: Option<i64>,
    /// `-if-unmodified-since`, in seconds.
    pub if_unmodified_since: Option<i64>,
}

/// What is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Bucket.
    pub bucket: String,
    /// Key, decoded.
    pub key: String,
    /// The version, if one was named.
    pub version: Option<String>,
}

/// Reads `x-amz-copy-source`: bucket and key, decoded once, and the version behind them, which is not encoded.
pub fn parse_source(value: &str) -> Result<Source, S3Error> {
    let argument =
        |message: &'static str| S3Error::invalid_argument(message, "x-amz-copy-source", "x-amz-copy-source");
    let (path, version) = match value.split_once("?versionId=") {
        Some((path, version)) => (path, Some(version.to_owned())),
        None => (value, None),
    };
    if let Some(id) = version.as_deref().filter(|id| !VersionId::is_valid(id)) {
        return Err(invalid_version(id));
    }
    let bytes = path.as_bytes();
    let escaped =
        |at: usize| bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    if bytes.iter().enumerate().any(|(at, b)| *b == b'%' && !escaped(at)) {
        return Err(argument("Invalid copy source encoding"));
    }
    // S3 reads a plus as a space here, as in a form.
    let spaced = path.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&spaced)
        .decode_utf8()
        .map_err(|_| argument("Invalid copy source encoding"))?;
    let decoded = decoded.strip_prefix('/').unwrap_or(&decoded);
    match decoded.split_once('/') {
        Some(("", _)) => Err(argument("Invalid copy source bucket name")),
        Some((bucket, key)) if !key.is_empty() => {
            Ok(Source { bucket: bucket.to_owned(), key: key.to_owned(), version })
        }
        _ => Err(argument("Invalid copy source object key")),
    }
}

impl SourceConditions {
    /// Judges the conditions; all failures are 412 and name the header.
    pub fn check(&self, source: &Object, now: i64) -> Result<(), S3Error> {
        let is = |text: &str| text.trim() == "*" || ETag::parse(text) == source.etag;
        let matched = self.if_match.as_deref().map(is);
        if matched == Some(false) {
            return Err(S3Error::precondition("x-amz-copy-source-If-Match"));
        }
        if let Some(time) = self.if_unmodified_since
            && matched != Some(true)
            && source.last_modified > time
        {
            return Err(S3Error::precondition("x-amz-copy-source-If-Unmodified-Since"));
        }
        if self.if_none_match.as_deref().map(is) == Some(true) {
            return Err(S3Error::precondition("x-amz-copy-source-If-None-Match"));
        }
        if let Some(time) = self.if_modified_since
            && time <= now
            && source.last_modified <= time
        {
            return Err(S3Error::precondition("x-amz-copy-source-If-Modified-Since"));
        }
        Ok(())
    }
}

impl Store {
    /// The source of a copy, its conditions checked. A delete marker is `NoSuchKey` as the current version and
    /// `InvalidRequest` when it is named.
    pub fn copy_source(
        &self,
        source: &Source,
        conditions: &SourceConditions,
        now: i64,
    ) -> Result<Arc<Object>, S3Error> {
        let version = source.version.as_deref();
        let object = self.object(&source.bucket, &source.key, version).map_err(|error| {
            if error.status == 405 {
                S3Error::invalid_request(
                    "The source of a copy request may not specifically refer to a delete marker by version id.",
                )
            } else {
                error
            }
        })?;
        conditions.check(&object, now)?;
        if object.is_archived() {
            return Err(S3Error::new(
                403,
                "ObjectNotInActiveTierError",
                "The source object of the COPY operation is not in the active tier and is only stored in Amazon Glacier.",
            ));
        }
        Ok(object)
    }
}

/// The bytes UploadPartCopy copies: the range, or the whole source.
pub fn copied_range(source: &Object, range: Option<&str>) -> Result<Content, S3Error> {
    let total = source.content.len();
    let Some(text) = range else {
        if total > AWS.max_part_size {
            return Err(source_too_large());
        }
        return Ok(source.content.clone());
    };
    let argument = |message: String| S3Error::invalid_argument(message, "x-amz-copy-source-range", text);
    let range = ByteRange::parse_copy_source(text).ok_or_else(|| {
        argument("The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy".to_owned())
    })?;
    if range.first >= total {
        return Err(S3Error::invalid_request(
            "The specified copy range is invalid for the source object size",
        ));
    }
    if range.last >= total {
        return Err(argument(format!("Range specified is not valid for source object of size: {total}")));
    }
    if range.len() > AWS.max_part_size {
        return Err(S3Error::too_large(range.len(), AWS.max_part_size));
    }
    Ok(source.content.range(range.first, range.len()))
}

/// The answer when one call would copy more than 5 GiB.
pub fn source_too_large() -> S3Error {
    S3Error::invalid_request(format!(
        "The specified copy source is larger than the maximum allowable size for a copy source: {}",
        AWS.max_single_operation
    ))
}
