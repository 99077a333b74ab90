//! The S3 operations this program can send, with their parameters under S3's own names.
//!
//! Values are deliberately wide: a part number may be 0 and a range may end past the source, because sending
//! the wrong thing on purpose is how one learns what S3 answers.
//! Reference: Amazon S3 API Reference, one page per variant of [`Operation`].

use super::etag::ETag;
use super::names::{ObjectRef, Tag};
use super::units::PartNumber;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Names one logical call; its retries share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct OperationId(pub u64);

/// One S3 API call with its parameters.
// A handful exist at a time, so the room that Create's properties take in each costs nothing.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// `GET /`
    ListBuckets(ListBuckets),
    /// `GET /{bucket}?list-type=2`
    ListObjectsV2(ListObjectsV2),
    /// `GET /{bucket}?versions`
    ListObjectVersions(ListObjectVersions),
    /// `GET /{bucket}?uploads`
    ListMultipartUploads(ListMultipartUploads),
    /// `GET /{bucket}/{key}?uploadId=`
    ListParts(ListParts),
    /// `HEAD /{bucket}/{key}`
    HeadObject(HeadObject),
    /// `GET /{bucket}/{key}`
    GetObject(GetObject),
    /// `GET /{bucket}/{key}?attributes`
    GetObjectAttributes(GetObjectAttributes),
    /// `GET /{bucket}/{key}?tagging`
    GetObjectTagging(ObjectRef),
    /// `GET /{bucket}/{key}?acl`
    GetObjectAcl(ObjectRef),
    /// `PUT /{bucket}/{key}?tagging`
    PutObjectTagging(PutObjectTagging),
    /// `PUT /{bucket}/{key}` with `x-amz-copy-source`
    CopyObject(CopyObject),
    /// `POST /{bucket}/{key}?uploads`
    CreateMultipartUpload(CreateMultipartUpload),
    /// `PUT /{bucket}/{key}?partNumber=&uploadId=`
    UploadPart(UploadPart),
    /// `PUT /{bucket}/{key}?partNumber=&uploadId=` with `x-amz-copy-source`
    UploadPartCopy(UploadPartCopy),
    /// `POST /{bucket}/{key}?uploadId=`
    CompleteMultipartUpload(CompleteMultipartUpload),
    /// `DELETE /{bucket}/{key}?uploadId=`
    AbortMultipartUpload(UploadRef),
    /// `DELETE /{bucket}/{key}?tagging`
    DeleteObjectTagging(ObjectRef),
    /// One of the others, whose request is to say something else in places, right or wrong.
    Amended(Box<Operation>, Amendment),
}

/// What a request is to say instead of, or besides, what its operation says. Values go out as they stand here; the
/// request is signed with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    /// Query parameters, not encoded; `None` takes one away.
    pub query: Vec<(String, Option<String>)>,
    /// Headers in lower case; `None` takes one away.
    pub headers: Vec<(String, Option<String>)>,
}

impl Amendment {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.query.is_empty() && self.headers.is_empty()
    }
}

/// The name of an operation without its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum OperationKind {
    /// List the buckets of the account.
    ListBuckets,
    /// List keys and common prefixes.
    ListObjectsV2,
    /// List versions and delete markers.
    ListObjectVersions,
    /// List multipart uploads in progress.
    ListMultipartUploads,
    /// List the parts of one upload in progress.
    ListParts,
    /// Read an object's headers.
    HeadObject,
    /// Read an object's bytes.
    GetObject,
    /// Read an object's attributes, parts among them.
    GetObjectAttributes,
    /// Read an object's tags.
    GetObjectTagging,
    /// Read an object's access control list.
    GetObjectAcl,
    /// Replace an object's tags.
    PutObjectTagging,
    /// Copy an object of at most 5 GiB in one call.
    CopyObject,
    /// Begin a multipart upload.
    CreateMultipartUpload,
    /// Send one part.
    UploadPart,
    /// Have S3 copy one part from an object.
    UploadPartCopy,
    /// Make the object of the listed parts.
    CompleteMultipartUpload,
    /// Give up an upload and free its parts.
    AbortMultipartUpload,
    /// Take an object's tags away.
    DeleteObjectTagging,
}

impl OperationKind {
    /// Every kind, in the order of the API reference's life of an object.
    pub const ALL: [Self; 18] = [
        Self::ListBuckets,
        Self::ListObjectsV2,
        Self::ListObjectVersions,
        Self::ListMultipartUploads,
        Self::ListParts,
        Self::HeadObject,
        Self::GetObject,
        Self::GetObjectAttributes,
        Self::GetObjectTagging,
        Self::GetObjectAcl,
        Self::PutObjectTagging,
        Self::CopyObject,
        Self::CreateMultipartUpload,
        Self::UploadPart,
        Self::UploadPartCopy,
        Self::CompleteMultipartUpload,
        Self::AbortMultipartUpload,
        Self::DeleteObjectTagging,
    ];

    /// S3's exact name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ListBuckets => "ListBuckets",
            Self::ListObjectsV2 => "ListObjectsV2",
            Self::ListObjectVersions => "ListObjectVersions",
            Self::ListMultipartUploads => "ListMultipartUploads",
            Self::ListParts => "ListParts",
            Self::HeadObject => "HeadObject",
            Self::GetObject => "GetObject",
            Self::GetObjectAttributes => "GetObjectAttributes",
            Self::GetObjectTagging => "GetObjectTagging",
            Self::GetObjectAcl => "GetObjectAcl",
            Self::PutObjectTagging => "PutObjectTagging",
            Self::CopyObject => "CopyObject",
            Self::CreateMultipartUpload => "CreateMultipartUpload",
            Self::UploadPart => "UploadPart",
            Self::UploadPartCopy => "UploadPartCopy",
            Self::CompleteMultipartUpload => "CompleteMultipartUpload",
            Self::AbortMultipartUpload => "AbortMultipartUpload",
            Self::DeleteObjectTagging => "DeleteObjectTagging",
        }
    }

    /// The HTTP method it is sent with.
    pub fn method(self) -> &'static str {
        match self {
            Self::HeadObject => "HEAD",
            Self::CreateMultipartUpload | Self::CompleteMultipartUpload => "POST",
            Self::PutObjectTagging | Self::CopyObject | Self::UploadPart | Self::UploadPartCopy => "PUT",
            Self::AbortMultipartUpload | Self::DeleteObjectTagging => "DELETE",
            _ => "GET",
        }
    }

    /// Whether it changes what S3 stores; such calls need an unlocked target.
    pub fn writes(self) -> bool {
        matches!(
            self,
            Self::PutObjectTagging
                | Self::CopyObject
                | Self::CreateMultipartUpload
                | Self::UploadPart
                | Self::UploadPartCopy
                | Self::CompleteMultipartUpload
                | Self::AbortMultipartUpload
                | Self::DeleteObjectTagging
        )
    }
}

impl std::fmt::Display for OperationKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl Operation {
    /// Which call this is.
    pub fn kind(&self) -> OperationKind {
        match self {
            Self::ListBuckets(_) => OperationKind::ListBuckets,
            Self::ListObjectsV2(_) => OperationKind::ListObjectsV2,
            Self::ListObjectVersions(_) => OperationKind::ListObjectVersions,
            Self::ListMultipartUploads(_) => OperationKind::ListMultipartUploads,
            Self::ListParts(_) => OperationKind::ListParts,
            Self::HeadObject(_) => OperationKind::HeadObject,
            Self::GetObject(_) => OperationKind::GetObject,
            Self::GetObjectAttributes(_) => OperationKind::GetObjectAttributes,
            Self::GetObjectTagging(_) => OperationKind::GetObjectTagging,
            Self::GetObjectAcl(_) => OperationKind::GetObjectAcl,
            Self::PutObjectTagging(_) => OperationKind::PutObjectTagging,
            Self::CopyObject(_) => OperationKind::CopyObject,
            Self::CreateMultipartUpload(_) => OperationKind::CreateMultipartUpload,
            Self::UploadPart(_) => OperationKind::UploadPart,
            Self::UploadPartCopy(_) => OperationKind::UploadPartCopy,
            Self::CompleteMultipartUpload(_) => OperationKind::CompleteMultipartUpload,
            Self::AbortMultipartUpload(_) => OperationKind::AbortMultipartUpload,
            Self::DeleteObjectTagging(_) => OperationKind::DeleteObjectTagging,
            Self::Amended(operation, _) => operation.kind(),
        }
    }

    /// The operation without what was amended.
    pub fn plain(&self) -> &Operation {
        match self {
            Self::Amended(operation, _) => operation.plain(),
            other => other,
        }
    }

    /// The same with an amendment, if that changes anything.
    #[must_use]
    pub fn amended(self, amendment: Amendment) -> Self {
        if amendment.is_empty() { self } else { Self::Amended(Box::new(self), amendment) }
    }
}

/// Parameters of ListBuckets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListBuckets {
    /// `continuation-token` of the next page.
    pub continuation_token: Option<String>,
}

/// Parameters of ListObjectsV2.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListObjectsV2 {
    /// Bucket to list.
    pub bucket: String,
    /// Only keys that begin with this.
    pub prefix: String,
    /// Keys that share the text up to this become one common prefix.
    pub delimiter: Option<String>,
    /// Where the previous page ended.
    pub continuation_token: Option<String>,
    /// Greatest number of entries in the page.
    pub max_keys: Option<i32>,
}

/// Parameters of ListObjectVersions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListObjectVersions {
    /// Bucket to list.
    pub bucket: String,
    /// Only keys that begin with this.
    pub prefix: String,
    /// `key-marker` of the next page.
    pub key_marker: Option<String>,
    /// `version-id-marker` of the next page.
    pub version_id_marker: Option<String>,
    /// Greatest number of entries in the page.
    pub max_keys: Option<i32>,
}

/// Parameters of ListMultipartUploads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListMultipartUploads {
    /// Bucket to list.
    pub bucket: String,
    /// Only keys that begin with this.
    pub prefix: Option<String>,
    /// `key-marker` of the next page.
    pub key_marker: Option<String>,
    /// `upload-id-marker` of the next page.
    pub upload_id_marker: Option<String>,
    /// `delimiter`.
    pub delimiter: Option<String>,
    /// `max-uploads`, at most 1000.
    pub max_uploads: Option<i32>,
}

/// An upload in progress: bucket, key and upload id together. The id alone is not enough for S3.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct UploadRef {
    /// Bucket of the object to be.
    pub bucket: String,
    /// Key of the object to be.
    pub key: String,
    /// What CreateMultipartUpload answered.
    pub upload_id: String,
}

/// Parameters of ListParts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListParts {
    /// The upload.
    pub upload: UploadRef,
    /// `part-number-marker`: list parts after this number.
    pub part_number_marker: Option<String>,
    /// Page size, at most 1000.
    pub max_parts: Option<i32>,
}

/// Parameters of HeadObject. Checksums are always asked for (`x-amz-checksum-mode: ENABLED`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadObject {
    /// The object.
    pub object: ObjectRef,
    /// Ask for one part: S3 answers 206 with that part's range and `x-amz-mp-parts-count`.
    pub part_number: Option<PartNumber>,
}

/// Parameters of GetObject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetObject {
    /// The object.
    pub object: ObjectRef,
    /// `Range`, verbatim (`bytes=5-`); `None` reads all.
    pub range: Option<String>,
    /// `If-Match`: read this content or nothing.
    pub if_match: Option<ETag>,
}

/// Parameters of GetObjectAttributes. All five attributes are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetObjectAttributes {
    /// The object.
    pub object: ObjectRef,
    /// `x-amz-part-number-marker`.
    pub part_number_marker: Option<String>,
    /// `x-amz-max-parts`.
    pub max_parts: Option<i32>,
}

/// Parameters of PutObjectTagging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutObjectTagging {
    /// The object.
    pub object: ObjectRef,
    /// The whole new set.
    pub tags: Vec<Tag>,
}

/// Parameters of CopyObject; metadata and tags are copied by S3 (both directives COPY).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyObject {
    /// What to copy.
    pub source: ObjectRef,
    /// Where to.
    pub destination: ObjectRef,
    /// `x-amz-copy-source-if-match`.
    pub copy_source_if_match: Option<ETag>,
    /// `x-amz-tagging-directive: REPLACE` with no tags, when tags are not wanted.
    pub drop_tags: bool,
    /// `x-amz-storage-class`; S3 does not copy the source's.
    pub storage_class: Option<String>,
    /// `If-None-Match: *`: refuse when the key exists.
    pub if_none_match: bool,
}

/// The properties an object gets at CreateMultipartUpload and nowhere later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectProperties {
    /// `Content-Type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `Cache-Control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    /// `Content-Disposition`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    /// `Content-Encoding`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    /// `Expires`, as S3 gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// `x-amz-meta-*`, names without the prefix.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<(String, String)>,
    /// `x-amz-storage-class`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    /// `x-amz-website-redirect-location`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website_redirect_location: Option<String>,
    /// `x-amz-server-side-encryption`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_side_encryption: Option<String>,
    /// `x-amz-server-side-encryption-aws-kms-key-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssekms_key_id: Option<String>,
    /// `x-amz-server-side-encryption-bucket-key-enabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_key_enabled: Option<bool>,
    /// `x-amz-server-side-encryption-context`: base64 of a JSON object. S3 never tells it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssekms_encryption_context: Option<String>,
    /// `x-amz-acl`: a canned ACL. Not together with grants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acl: Option<String>,
    /// `x-amz-grant-full-control`, verbatim: `id="...", uri="..."`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_full_control: Option<String>,
    /// `x-amz-grant-read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_read: Option<String>,
    /// `x-amz-grant-read-acp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_read_acp: Option<String>,
    /// `x-amz-grant-write-acp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_write_acp: Option<String>,
    /// `x-amz-object-lock-mode`: GOVERNANCE or COMPLIANCE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_lock_mode: Option<String>,
    /// `x-amz-object-lock-retain-until-date`, verbatim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_lock_retain_until_date: Option<String>,
    /// `x-amz-object-lock-legal-hold`: ON or OFF.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_lock_legal_hold: Option<String>,
    /// `x-amz-checksum-algorithm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum_algorithm: Option<String>,
    /// `x-amz-checksum-type`: COMPOSITE or FULL_OBJECT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum_type: Option<String>,
}

/// Parameters of CreateMultipartUpload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateMultipartUpload {
    /// Bucket of the object to be.
    pub bucket: String,
    /// Key of the object to be.
    pub key: String,
    /// Everything the object will carry besides bytes and tags.
    pub properties: ObjectProperties,
    /// `x-amz-tagging`, sent only when not empty.
    pub tags: Vec<Tag>,
}

/// Where the bytes of a part come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartBody {
    /// A repeated, seeded pattern: byte `i` is `(seed + i) mod 251`.
    Generated {
        /// First byte's value.
        seed: u64,
        /// Bytes to send.
        len: u64,
    },
    /// A range of a local file, read while it is sent.
    File {
        /// Path as typed.
        path: PathBuf,
        /// First byte.
        offset: u64,
        /// Bytes to send.
        len: u64,
    },
}

impl PartBody {
    /// Bytes to send.
    pub fn len(&self) -> u64 {
        match self {
            Self::Generated { len, .. } | Self::File { len, .. } => *len,
        }
    }

    /// Whether nothing is sent.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The byte at offset `i` of a generated body.
    pub fn generated_byte(seed: u64, i: u64) -> u8 {
        u8::try_from(seed.wrapping_add(i) % 251).unwrap_or(0)
    }
}

/// Parameters of UploadPart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPart {
    /// The upload.
    pub upload: UploadRef,
    /// `partNumber`.
    pub part_number: PartNumber,
    /// The bytes.
    pub body: PartBody,
}

/// Parameters of UploadPartCopy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPartCopy {
    /// The upload.
    pub upload: UploadRef,
    /// `partNumber`.
    pub part_number: PartNumber,
    /// `x-amz-copy-source`.
    pub source: ObjectRef,
    /// `x-amz-copy-source-range`, verbatim so that a wrong one can be sent; `None` copies the whole source.
    pub copy_source_range: Option<String>,
    /// `x-amz-copy-source-if-match`: pins the source.
    pub copy_source_if_match: Option<ETag>,
}

/// One entry of the list in CompleteMultipartUpload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CompletedPart {
    /// `PartNumber`.
    pub part_number: PartNumber,
    /// `ETag`, as the part's upload answered it.
    pub etag: ETag,
    /// Algorithm name (`CRC32`, …) and base64 value, when the upload has an algorithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<(String, String)>,
}

/// Parameters of CompleteMultipartUpload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompleteMultipartUpload {
    /// The upload.
    pub upload: UploadRef,
    /// The list, in the order it is sent.
    pub parts: Vec<CompletedPart>,
    /// `If-None-Match: *`: refuse when the key exists.
    pub if_none_match: bool,
    /// `x-amz-mp-object-size`.
    pub mpu_object_size: Option<i64>,
    /// `x-amz-checksum-type`.
    pub checksum_type: Option<String>,
}
