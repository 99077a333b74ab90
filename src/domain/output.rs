//! What S3 answered, one type per operation, under S3's own names.

use super::checksum::Checksums;
use super::etag::ETag;
use super::names::Tag;
use super::operation::{ObjectProperties, UploadRef};
use super::units::PartNumber;
use serde::Serialize;

/// A successful answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Answer of ListBuckets.
    Buckets(BucketPage),
    /// Answer of ListObjectsV2.
    Objects(ObjectPage),
    /// Answer of ListObjectVersions.
    Versions(VersionPage),
    /// Answer of ListMultipartUploads.
    Uploads(UploadPage),
    /// Answer of ListParts.
    Parts(PartPage),
    /// Answer of HeadObject.
    Head(Box<HeadObjectOutput>),
    /// Answer of GetObject, its bytes having gone elsewhere.
    Got(GotObject),
    /// Answer of GetObjectAttributes.
    Attributes(Box<AttributesOutput>),
    /// Answer of GetObjectTagging.
    Tags(Vec<Tag>),
    /// Answer of GetObjectAcl.
    Acl(AclOutput),
    /// Answer of PutObjectTagging: nothing but success.
    TagsPut,
    /// Answer of DeleteObjectTagging: nothing but success.
    TagsDeleted,
    /// Answer of CopyObject.
    Copied(CopiedObject),
    /// Answer of CreateMultipartUpload.
    Created(CreatedUpload),
    /// Answer of UploadPart or UploadPartCopy.
    Part(PartOutput),
    /// Answer of CompleteMultipartUpload.
    Completed(CompletedObject),
    /// Answer of AbortMultipartUpload: nothing but success.
    Aborted,
}

/// A bucket in a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// Bucket name.
    pub name: String,
    /// When it was made, RFC 3339.
    pub created: Option<String>,
    /// Region, when the service says it.
    pub region: Option<String>,
}

/// One page of buckets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketPage {
    /// Entries.
    pub buckets: Vec<Bucket>,
    /// Token of the next page.
    pub next: Option<String>,
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedObject {
    /// Key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// ETag; only its `-N` hints at parts.
    pub etag: ETag,
    /// Seconds since 1970.
    pub last_modified: i64,
    /// `STANDARD` and so on.
    pub storage_class: Option<String>,
}

/// One page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectPage {
    /// Keys of this page.
    pub objects: Vec<ListedObject>,
    /// Common prefixes of this page.
    pub common_prefixes: Vec<String>,
    /// Token of the next page; `None` on the last.
    pub next: Option<String>,
}

/// A version or a delete marker in a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedVersion {
    /// Key.
    pub key: String,
    /// `VersionId`; `null` for one written while versioning was off or suspended.
    pub version_id: String,
    /// Whether it is the current one of its key.
    pub is_latest: bool,
    /// Seconds since 1970.
    pub last_modified: i64,
    /// What it is, besides a name.
    pub content: VersionContent,
}

/// What a version holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionContent {
    /// An object.
    Object {
        /// Bytes.
        size: u64,
        /// Its ETag.
        etag: ETag,
        /// `STANDARD` and so on.
        storage_class: Option<String>,
    },
    /// The mark of a delete: no bytes, no headers.
    DeleteMarker,
}

/// One page of versions: by key, and of each key the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionPage {
    /// Entries.
    pub versions: Vec<ListedVersion>,
    /// `key-marker` and `version-id-marker` of the next page; `None` when not truncated.
    pub next: Option<(String, String)>,
}

/// An upload in progress in a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedUpload {
    /// Bucket, key and id.
    pub upload: UploadRef,
    /// Seconds since 1970 when it was begun.
    pub initiated: i64,
    /// Storage class of the object to be.
    pub storage_class: Option<String>,
    /// Checksum algorithm of the upload.
    pub checksum_algorithm: Option<String>,
}

/// One page of uploads in progress.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadPage {
    /// Entries.
    pub uploads: Vec<ListedUpload>,
    /// `key-marker` and `upload-id-marker` of the next page; `None` when not truncated.
    pub next: Option<(String, String)>,
}

/// A part in ListParts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedPart {
    /// Part number.
    pub part_number: PartNumber,
    /// Bytes.
    pub size: u64,
    /// ETag of the part.
    pub etag: ETag,
    /// Checksum values S3 keeps for the part.
    #[serde(skip_serializing_if = "Checksums::is_empty")]
    pub checksums: Checksums,
}

/// One page of parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartPage {
    /// Entries.
    pub parts: Vec<ListedPart>,
    /// `part-number-marker` of the next page; `None` when not truncated.
    pub next: Option<String>,
    /// Algorithm of the upload, if it has one.
    pub checksum_algorithm: Option<String>,
    /// COMPOSITE or FULL_OBJECT.
    pub checksum_type: Option<String>,
}

/// What HeadObject said.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadObjectOutput {
    /// HTTP status: 200, or 206 when a part was asked for and the server understood.
    pub status: u16,
    /// `Content-Length`: of the object, or of the part.
    pub content_length: u64,
    /// `Content-Range` verbatim.
    pub content_range: Option<String>,
    /// `ETag` of the object, never of the part.
    pub etag: ETag,
    /// `x-amz-mp-parts-count`.
    pub parts_count: Option<u32>,
    /// `Last-Modified`, seconds since 1970.
    pub last_modified: Option<i64>,
    /// Content headers, user metadata, storage class, encryption, redirect.
    pub properties: ObjectProperties,
    /// Checksum values, present in checksum mode.
    pub checksums: Checksums,
    /// `x-amz-version-id`.
    pub version_id: Option<String>,
    /// `x-amz-tagging-count`.
    pub tag_count: Option<u32>,
    /// Every response header as it came, in order, for the fact table.
    pub headers: Vec<(String, String)>,
}

impl HeadObjectOutput {
    /// The range and object size in `Content-Range`, when the server sent a sound one.
    pub fn range_and_size(&self) -> Option<(u64, u64, u64)> {
        let (range, size) = self.content_range.as_deref()?.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| text.parse::<u64>().ok()).flatten()
        };
        // Whether the numbers can be true is weighed where others are known.
        Some((number(first)?, number(last)?, number(size)?))
    }

    /// The object's size, unless the answer had no length at all: then it is not zero but unknown.
    pub fn told_size(&self) -> Option<u64> {
        let size = self.object_size();
        let named = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-length");
        let told = size > 0 || self.content_range.is_some() || self.headers.is_empty();
        (told || self.headers.iter().any(named)).then_some(size)
    }

    /// The object's whole size, whichever way it was asked; of an answer about a part without a sound
    /// `Content-Range` it is the part's.
    pub fn object_size(&self) -> u64 {
        self.range_and_size().map_or(self.content_length, |(_, _, size)| size)
    }
}

/// What GetObject said before and after its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GotObject {
    /// `ETag` of the object.
    pub etag: ETag,
    /// Bytes that came.
    pub received: u64,
}

/// A part in GetObjectAttributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttributePart {
    /// Part number.
    pub part_number: PartNumber,
    /// Bytes; `None` when the server left `Size` out.
    pub size: Option<u64>,
    /// Checksums of the part.
    pub checksums: Checksums,
}

/// What GetObjectAttributes said.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributesOutput {
    /// `ObjectSize`.
    pub object_size: Option<u64>,
    /// `ETag`.
    pub etag: Option<ETag>,
    /// `StorageClass`.
    pub storage_class: Option<String>,
    /// `Checksum`.
    pub checksums: Checksums,
    /// `ObjectParts > PartsCount`.
    pub parts_count: Option<u32>,
    /// `ObjectParts > Part`: present only for COMPOSITE checksums and directory buckets.
    pub parts: Vec<AttributePart>,
    /// Marker of the next page, when truncated.
    pub next: Option<String>,
}

/// What GetObjectAcl said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AclOutput {
    /// Canonical id of the owner.
    pub owner: Option<String>,
    /// The grants, in the order of the list.
    pub grants: Vec<AclGrant>,
}

/// One grant of an access control list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AclGrant {
    /// Who.
    pub grantee: AclGrantee,
    /// `READ`, `READ_ACP`, `WRITE_ACP` or `FULL_CONTROL`.
    pub permission: String,
}

/// Who is granted something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AclGrantee {
    /// An account, by its canonical id.
    User(String),
    /// A group that S3 defines, by its URI.
    Group(String),
    /// An account by e-mail address; S3 takes these no more since October 2025.
    Email(String),
    /// The answer does not say who.
    Unnamed,
}

/// What CopyObject said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CopiedObject {
    /// ETag of the new object.
    pub etag: ETag,
    /// `x-amz-version-id`.
    pub version_id: Option<String>,
}

/// What CreateMultipartUpload said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreatedUpload {
    /// The new upload.
    pub upload: UploadRef,
    /// `x-amz-checksum-algorithm`, when one was asked for.
    pub checksum_algorithm: Option<String>,
    /// `x-amz-checksum-type`.
    pub checksum_type: Option<String>,
    /// `x-amz-abort-date`, when a lifecycle rule matches.
    pub abort_date: Option<String>,
}

/// What UploadPart or UploadPartCopy said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartOutput {
    /// ETag of the part.
    pub etag: ETag,
    /// Checksums S3 computed or echoed.
    pub checksums: Checksums,
    /// Bytes this program sent or asked to copy, when it knows.
    pub size: Option<u64>,
}

/// What CompleteMultipartUpload said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CompletedObject {
    /// ETag of the new object.
    pub etag: ETag,
    /// `Location`.
    pub location: Option<String>,
    /// Checksums of the object.
    pub checksums: Checksums,
    /// `x-amz-version-id`.
    pub version_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sound_content_range_is_believed() {
        let of = |text: &str| {
            let head = HeadObjectOutput {
                status: 206,
                content_length: 8,
                content_range: Some(text.into()),
                etag: ETag::parse(""),
                parts_count: None,
                last_modified: None,
                properties: ObjectProperties::default(),
                checksums: Checksums::default(),
                version_id: None,
                tag_count: None,
                headers: Vec::new(),
            };
            head.range_and_size()
        };
        assert_eq!(of("bytes 0-8388607/20277918669"), Some((0, 8_388_607, 20_277_918_669)));
        for wrong in [
            "",
            "bytes",
            "bytes 0-7",
            "bytes 0-7/*",
            "bytes */8",
            "bytes +0-7/8",
            "bytes 0-7/99999999999999999999",
            "items 0-7/8",
            "0-7/8",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
