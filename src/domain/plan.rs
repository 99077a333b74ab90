//! What a multipart upload is going to do, before anything is sent: the parts, where each comes from, and the
//! properties that must be fixed at CreateMultipartUpload.

use super::checksum::{ChecksumAlgorithm, Checksums};
use super::etag::ETag;
use super::layout::PartLayout;
use super::limits::AWS;
use super::names::{ObjectRef, Tag, tagging_header};
use super::operation::{CreateMultipartUpload, ObjectProperties, PartBody};
use super::output::HeadObjectOutput;
use super::units::PartNumber;

/// Where the bytes of one part come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartSource {
    /// S3 copies this range of the plan's source object, verbatim so that a wrong one can be sent; `None`
    /// copies the whole object.
    Copy(Option<String>),
    /// This program sends them.
    Body(PartBody),
    /// They are already there: another client sent them.
    Foreign,
}

/// One part to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedPart {
    /// Part number.
    pub number: PartNumber,
    /// Bytes; `None` when only S3 knows, until ListParts tells: a copy of the whole of an object that nobody looked at.
    pub size: Option<u64>,
    /// Their source.
    pub source: PartSource,
}

/// The source of a copy, pinned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySource {
    /// The object, with its version if it has one.
    pub object: ObjectRef,
    /// Sent as `x-amz-copy-source-if-match` with every part, so that a changed source is a 412 and no mixture.
    pub etag: ETag,
    /// Bytes.
    pub size: u64,
}

/// A multipart upload before its first request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPlan {
    /// Where the object will be.
    pub destination: ObjectRef,
    /// What is copied, if anything.
    pub source: Option<CopySource>,
    /// The parts in order.
    pub parts: Vec<PlannedPart>,
    /// Properties for CreateMultipartUpload.
    pub properties: ObjectProperties,
    /// Tags for the object.
    pub tags: Vec<Tag>,
    /// Whether the layout is the source's own, so that the ETag should come out equal.
    pub keeps_boundaries: bool,
    /// Whether Complete is to be refused when the key exists (`If-None-Match: *`).
    pub if_none_match: bool,
}

impl UploadPlan {
    /// An upload with no parts planned yet.
    pub fn empty(destination: ObjectRef) -> Self {
        Self {
            destination,
            source: None,
            parts: Vec::new(),
            properties: ObjectProperties::default(),
            tags: Vec::new(),
            keeps_boundaries: false,
            if_none_match: false,
        }
    }

    /// A copy of an object in the given layout, with the source's properties and tags.
    pub fn copy(
        source: CopySource,
        destination: ObjectRef,
        layout: &PartLayout,
        head: &HeadObjectOutput,
    ) -> Self {
        let parts = layout
            .parts()
            .map(|p| PlannedPart {
                number: p.number,
                size: Some(p.size),
                source: PartSource::Copy(p.range().map(|r| r.to_string())),
            })
            .collect();
        Self {
            destination,
            source: Some(source),
            parts,
            properties: carried_properties(head),
            tags: Vec::new(),
            keeps_boundaries: false,
            if_none_match: false,
        }
    }

    /// The same without the list of parts.
    pub(super) fn clone_without_parts(&self) -> Self {
        Self {
            destination: self.destination.clone(),
            source: self.source.clone(),
            parts: Vec::new(),
            properties: self.properties.clone(),
            tags: self.tags.clone(),
            keeps_boundaries: self.keeps_boundaries,
            if_none_match: self.if_none_match,
        }
    }

    /// Whether the tags fit the 2 KB that `x-amz-tagging` may have; otherwise PutObjectTagging follows Complete.
    pub fn tags_fit_header(&self) -> bool {
        tagging_header(&self.tags).len() <= AWS.max_tagging_header
    }

    /// The CreateMultipartUpload of this plan.
    pub fn create(&self) -> CreateMultipartUpload {
        CreateMultipartUpload {
            bucket: self.destination.bucket.clone(),
            key: self.destination.key.clone(),
            properties: self.properties.clone(),
            tags: if self.tags_fit_header() { self.tags.clone() } else { Vec::new() },
        }
    }

    /// Bytes of all parts whose size is known.
    pub fn total_size(&self) -> u64 {
        self.parts.iter().filter_map(|p| p.size).sum()
    }

    /// What S3 will object to, in words; empty when the plan keeps every rule.
    pub fn objections(&self) -> Vec<String> {
        let mut out = Vec::new();
        let last = self.parts.len().saturating_sub(1);
        let sized = || self.parts.iter().enumerate().filter_map(|(at, p)| Some((at, p.number, p.size?)));
        if let Some((_, number, size)) = sized().find(|(at, _, size)| *at < last && *size < AWS.min_part_size)
        {
            out.push(format!(
                "part {number} has {size} bytes; only the last part may be below 5 MiB, so Complete will answer EntityTooSmall"
            ));
        }
        if let Some((_, number, size)) = sized().find(|(_, _, size)| *size > AWS.max_part_size) {
            out.push(format!("part {number} has {size} bytes; a part holds at most 5 GiB"));
        }
        if self.parts.len() > 10_000 {
            out.push(format!("{} parts; S3 allows 10 000", self.parts.len()));
        }
        out
    }
}

/// The properties of a source that a copy should carry. Encryption, ACL and Object Lock are not among them:
/// like CopyObject, the copy takes the destination bucket's defaults for those.
pub(super) fn carried_properties(head: &HeadObjectOutput) -> ObjectProperties {
    let (checksum_algorithm, checksum_type) = carried_checksum(&head.checksums);
    ObjectProperties {
        checksum_algorithm,
        checksum_type,
        server_side_encryption: None,
        ssekms_key_id: None,
        ..head.properties.clone()
    }
}

/// CRC64NVME as full object is what S3 adds when nothing is asked for, so it is not asked for.
fn carried_checksum(checksums: &Checksums) -> (Option<String>, Option<String>) {
    let Some((algorithm, _)) = checksums.values.iter().find(|(a, _)| ChecksumAlgorithm::parse(a).is_some())
    else {
        return (None, None);
    };
    if ChecksumAlgorithm::parse(algorithm) == Some(ChecksumAlgorithm::Crc64Nvme) {
        return (None, None);
    }
    // A SHA over the whole object comes from a one-piece write; a multipart upload cannot have it.
    let composite_only = ChecksumAlgorithm::parse(algorithm).is_some_and(|a| !a.allows_full_object());
    let kind = match checksums.checksum_type.as_deref() {
        Some("FULL_OBJECT") if composite_only => Some("COMPOSITE".to_owned()),
        other => other.map(str::to_owned),
    };
    (Some(algorithm.clone()), kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::MIB;

    fn head() -> HeadObjectOutput {
        HeadObjectOutput {
            status: 200,
            content_length: 20 * MIB,
            content_range: None,
            etag: ETag::parse("43d26ff2d2ff7f0673a258948d03231c-3"),
            parts_count: None,
            last_modified: None,
            properties: ObjectProperties {
                content_type: Some("video/mp4".into()),
                metadata: vec![("owner".into(), "ada".into())],
                storage_class: Some("STANDARD_IA".into()),
                server_side_encryption: Some("AES256".into()),
                ..ObjectProperties::default()
            },
            checksums: Checksums {
                values: vec![("SHA256".into(), "q2F=-3".into())],
                checksum_type: Some("COMPOSITE".into()),
            },
            version_id: None,
            tag_count: None,
            headers: Vec::new(),
        }
    }

    fn copy_at(part_size: u64) -> UploadPlan {
        let source = CopySource { object: ObjectRef::new("a", "k"), etag: head().etag, size: 20 * MIB };
        let layout = PartLayout::uniform(20 * MIB, part_size).unwrap();
        UploadPlan::copy(source, ObjectRef::new("b", "k2"), &layout, &head())
    }

    #[test]
    fn a_copy_carries_properties_but_not_encryption() {
        let create = copy_at(8 * MIB).create();
        assert_eq!(create.properties.content_type.as_deref(), Some("video/mp4"));
        assert_eq!(create.properties.metadata, [("owner".to_owned(), "ada".to_owned())]);
        assert_eq!(create.properties.storage_class.as_deref(), Some("STANDARD_IA"));
        assert_eq!(create.properties.server_side_encryption, None);
        assert_eq!(create.properties.checksum_algorithm.as_deref(), Some("SHA256"));
    }

    #[test]
    fn tags_too_big_for_the_header_are_not_sent_with_create() {
        let mut plan = copy_at(8 * MIB);
        plan.tags =
            (0..10).map(|i| Tag { key: format!("{i}{}", "k".repeat(127)), value: "v".repeat(256) }).collect();
        assert!(!plan.tags_fit_header());
        assert!(plan.create().tags.is_empty());
        plan.tags.truncate(2);
        assert_eq!(plan.create().tags.len(), 2);
    }

    #[test]
    fn objections_name_the_part_and_the_rule() {
        assert!(copy_at(8 * MIB).objections().is_empty());
        let said = copy_at(4 * MIB).objections().join("\n");
        assert!(said.contains("part 1") && said.contains("EntityTooSmall"), "{said}");
    }
}
