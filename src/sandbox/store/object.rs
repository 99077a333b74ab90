//! An object as stored, and what writing one needs.

use super::access::Acl;
use super::encryption::Encryption;
use super::lock::Lock;
use super::version::VersionId;
use crate::domain::checksum::{ChecksumAlgorithm, ChecksumType};
use crate::domain::etag::ETag;
use crate::domain::names::Tag;
use crate::domain::operation::ObjectProperties;
use crate::hash::digest::{Algorithm, digest_of};
use crate::sandbox::content::Content;
use crate::sandbox::error::S3Error;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::io;

/// The checksum S3 keeps of an object. A FULL_OBJECT value is that of the content and computed when it is first
/// asked for: listings do not ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredChecksum {
    /// Which algorithm.
    pub algorithm: ChecksumAlgorithm,
    /// Over the bytes, or over the parts' checksums.
    pub kind: ChecksumType,
    /// The base64 value and the number of parts, for COMPOSITE.
    composite: Option<(String, usize)>,
}

impl StoredChecksum {
    /// The checksum over the bytes themselves.
    pub fn full_object(algorithm: ChecksumAlgorithm) -> Self {
        Self { algorithm, kind: ChecksumType::FullObject, composite: None }
    }

    /// The checksum over the raw checksums of `count` parts.
    pub fn composite(algorithm: ChecksumAlgorithm, raw: &[u8], count: usize) -> Self {
        let value = base64(&digest_of(Algorithm::Checksum(algorithm), raw));
        Self { algorithm, kind: ChecksumType::Composite, composite: Some((value, count)) }
    }

    /// The value in base64, without a suffix.
    pub fn value(&self, content: &Content) -> io::Result<String> {
        Ok(match &self.composite {
            Some((value, _)) => value.clone(),
            None => base64(content.checksum(self.algorithm)?),
        })
    }

    /// The value as headers carry it: `-N` after a COMPOSITE one.
    pub fn with_suffix(&self, content: &Content) -> io::Result<String> {
        match &self.composite {
            Some((value, count)) => Ok(format!("{value}-{count}")),
            None => self.value(content),
        }
    }
}

/// Standard base64 with padding, as everywhere in S3.
pub fn base64(raw: &[u8]) -> String {
    STANDARD.encode(raw)
}

/// One part of a completed multipart object, renumbered from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectPart {
    /// Offset of its first byte.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
    /// Base64 checksum, kept for COMPOSITE objects only.
    pub checksum: Option<String>,
}

/// What may change of an object after it was written; none of it touches its ETag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Who is granted what.
    pub acl: Acl,
    /// Retention and legal hold.
    pub lock: Lock,
}

/// A completed object. `C` is its content, or what a journal keeps of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Object<C = Content> {
    /// Its key.
    pub key: String,
    /// Its version; `null` where versions are not kept.
    pub version: VersionId,
    /// Its bytes.
    pub content: C,
    /// Its entity tag.
    pub etag: ETag,
    /// When it was written.
    pub last_modified: i64,
    /// Headers it was written with.
    pub properties: ObjectProperties,
    /// How it is encrypted.
    pub encryption: Encryption,
    /// What may change later.
    pub attached: Attached,
    /// Its checksum; only a multipart object under SSE-C may have none.
    pub checksum: Option<StoredChecksum>,
    /// Its parts, if it was written by CompleteMultipartUpload.
    pub parts: Option<Vec<ObjectPart>>,
}

impl Object {
    /// The storage class; `STANDARD` when none was named.
    pub fn storage_class(&self) -> &str {
        self.properties.storage_class.as_deref().unwrap_or("STANDARD")
    }

    /// Whether it must be restored before it can be read.
    pub fn is_archived(&self) -> bool {
        matches!(self.storage_class(), "GLACIER" | "DEEP_ARCHIVE")
    }

    /// Its checksum in base64, without a suffix.
    pub fn checksum_value(&self) -> io::Result<Option<String>> {
        self.checksum.as_ref().map(|c| c.value(&self.content)).transpose()
    }

    /// Its checksum as headers carry it.
    pub fn checksum_header(&self) -> io::Result<Option<String>> {
        self.checksum.as_ref().map(|c| c.with_suffix(&self.content)).transpose()
    }
}

impl<C> Object<C> {
    /// The same object with its content brought in another form.
    pub fn map<D>(self, bring: &mut impl FnMut(C) -> io::Result<D>) -> io::Result<Object<D>> {
        Ok(Object {
            content: bring(self.content)?,
            key: self.key,
            version: self.version,
            etag: self.etag,
            last_modified: self.last_modified,
            properties: self.properties,
            encryption: self.encryption,
            attached: self.attached,
            checksum: self.checksum,
            parts: self.parts,
        })
    }
}

/// What PutObject writes.
#[derive(Debug, Clone, Default)]
pub struct NewObject {
    /// The bytes.
    pub content: Content,
    /// The ETag where it is not the MD5 of the bytes.
    pub etag: Option<ETag>,
    /// How it is encrypted.
    pub encryption: Encryption,
    /// Headers to keep.
    pub properties: ObjectProperties,
    /// Tags, access, locks.
    pub attached: Attached,
    /// Checksum to keep; S3 takes CRC64NVME when none is asked for.
    pub checksum: Option<ChecksumAlgorithm>,
}

impl NewObject {
    pub(super) fn into_object(self, key: &str, version: VersionId, now: i64) -> io::Result<Object> {
        let algorithm = self.checksum.unwrap_or(ChecksumAlgorithm::Crc64Nvme);
        Ok(Object {
            key: key.to_owned(),
            version,
            etag: self.etag.map_or_else(|| self.content.etag(), Ok)?,
            encryption: self.encryption,
            checksum: Some(StoredChecksum::full_object(algorithm)),
            content: self.content,
            last_modified: now,
            properties: self.properties,
            attached: self.attached,
            parts: None,
        })
    }
}

/// Whether a condition names the object's ETag; with quotes, without, or with one of them lost.
pub fn is_etag_of(wanted: &str, object: &Object) -> bool {
    ETag::parse(wanted.trim().trim_matches('"')) == object.etag
}

/// `If-Match` and `If-None-Match` of a write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Write only over an object with this ETag.
    pub if_match: Option<String>,
    /// `*`: write only where there is no object.
    pub if_none_match: Option<String>,
}

impl Conditions {
    /// Refuses the forms S3 has not implemented for writes.
    pub fn supported(&self) -> Result<(), S3Error> {
        let refuse = |header: &str, detail: &str| Err(S3Error::header_not_implemented(header, detail));
        match (self.if_match.as_deref(), self.if_none_match.as_deref()) {
            (Some(_), Some(_)) => refuse(
                "If-Match,If-None-Match",
                "Multiple conditional request headers present in the request",
            ),
            (Some("*"), None) => {
                refuse("If-Match", "We don't accept the provided value of If-Match header for this API")
            }
            (None, Some(value)) if value != "*" => refuse(
                "If-None-Match",
                "We don't accept the provided value of If-None-Match header for this API",
            ),
            _ => Ok(()),
        }
    }

    /// The header that was sent, as errors name it.
    pub fn named(&self) -> Option<&'static str> {
        match (&self.if_match, &self.if_none_match) {
            (Some(_), _) => Some("If-Match"),
            (None, Some(_)) => Some("If-None-Match"),
            (None, None) => None,
        }
    }

    /// Judges the conditions against what is stored under the key.
    pub fn check(&self, current: Option<&Object>, key: &str) -> Result<(), S3Error> {
        self.supported()?;
        if self.if_none_match.is_some() && current.is_some() {
            return Err(S3Error::precondition("If-None-Match"));
        }
        match (&self.if_match, current) {
            (Some(_), None) => Err(S3Error::no_such_key(key)),
            (Some(wanted), Some(object)) if !is_etag_of(wanted, object) => {
                Err(S3Error::precondition("If-Match"))
            }
            _ => Ok(()),
        }
    }
}
