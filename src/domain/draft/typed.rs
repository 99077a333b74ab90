//! From the texts of a draft to the operation's own parameters, as far as those can say it.

use super::rule::{read_entry, read_metadata, read_tag, read_tagging, write_entry};
use super::{Draft, Place};
use crate::domain::etag::ETag;
use crate::domain::names::{ObjectRef, tagging_header};
use crate::domain::operation::{
    CompleteMultipartUpload, CompletedPart, CopyObject, CreateMultipartUpload, GetObjectAttributes,
    HeadObject, ListMultipartUploads, ListParts, ObjectProperties, Operation, OperationKind, PartBody,
    PutObjectTagging, UploadPart, UploadPartCopy, UploadRef,
};
use crate::domain::units::{PartNumber, parse_size};

/// Bucket and key an operation is about.
pub(super) fn address(operation: &Operation) -> (String, String) {
    let upload = |u: &UploadRef| (u.bucket.clone(), u.key.clone());
    let object = |o: &ObjectRef| (o.bucket.clone(), o.key.clone());
    match operation {
        Operation::CreateMultipartUpload(o) => (o.bucket.clone(), o.key.clone()),
        Operation::UploadPart(o) => upload(&o.upload),
        Operation::UploadPartCopy(o) => upload(&o.upload),
        Operation::ListParts(o) => upload(&o.upload),
        Operation::CompleteMultipartUpload(o) => upload(&o.upload),
        Operation::AbortMultipartUpload(o) => upload(o),
        Operation::ListMultipartUploads(o) => (o.bucket.clone(), String::new()),
        Operation::HeadObject(o) => object(&o.object),
        Operation::GetObjectAttributes(o) => object(&o.object),
        Operation::PutObjectTagging(o) => object(&o.object),
        Operation::GetObjectTagging(o) | Operation::DeleteObjectTagging(o) => object(o),
        Operation::CopyObject(o) => object(&o.destination),
        Operation::Amended(o, _) => address(o),
        _ => (String::new(), String::new()),
    }
}

/// Whether the operation itself takes user metadata.
pub(super) fn has_metadata(operation: &Operation) -> bool {
    matches!(operation, Operation::CreateMultipartUpload(_))
}

/// The lines of a repeated parameter.
pub(super) fn rows(operation: &Operation, place: Place) -> Vec<String> {
    match (operation, place) {
        (Operation::CompleteMultipartUpload(o), Place::Entry) => o.parts.iter().map(write_entry).collect(),
        (Operation::PutObjectTagging(o), Place::Tag) => {
            o.tags.iter().map(|t| format!("{}={}", t.key, t.value)).collect()
        }
        _ => Vec::new(),
    }
}

impl Draft {
    /// The operation with what its own parameters can say.
    pub(super) fn typed(&self) -> Result<Operation, String> {
        let version_id = self.some("VersionId");
        let object = ObjectRef { version_id, ..ObjectRef::new(self.get("Bucket"), self.get("Key")) };
        use OperationKind as K;
        Ok(match self.kind() {
            K::CreateMultipartUpload => Operation::CreateMultipartUpload(self.create()),
            K::UploadPart => Operation::UploadPart(UploadPart {
                upload: self.upload(),
                part_number: self.part_number(),
                body: self.body()?,
            }),
            K::UploadPartCopy => Operation::UploadPartCopy(UploadPartCopy {
                upload: self.upload(),
                part_number: self.part_number(),
                source: self.source(),
                copy_source_range: self.some("CopySourceRange"),
                copy_source_if_match: self.some("CopySourceIfMatch").map(|t| ETag::parse(&t)),
            }),
            K::ListParts => Operation::ListParts(ListParts {
                upload: self.upload(),
                part_number_marker: self.some("PartNumberMarker"),
                max_parts: self.number("MaxParts"),
            }),
            K::CompleteMultipartUpload => Operation::CompleteMultipartUpload(self.complete()?),
            K::AbortMultipartUpload => Operation::AbortMultipartUpload(self.upload()),
            K::ListMultipartUploads => Operation::ListMultipartUploads(ListMultipartUploads {
                bucket: self.get("Bucket").to_owned(),
                prefix: self.some("Prefix"),
                key_marker: self.some("KeyMarker"),
                upload_id_marker: self.some("UploadIdMarker"),
                delimiter: self.some("Delimiter"),
                max_uploads: self.number("MaxUploads"),
            }),
            K::HeadObject => Operation::HeadObject(HeadObject {
                object,
                part_number: self.number("PartNumber").map(PartNumber),
            }),
            K::GetObjectAttributes => Operation::GetObjectAttributes(GetObjectAttributes {
                object,
                part_number_marker: self.some("PartNumberMarker"),
                max_parts: self.number("MaxParts"),
            }),
            K::CopyObject => Operation::CopyObject(CopyObject {
                source: self.source(),
                destination: object,
                copy_source_if_match: self.some("CopySourceIfMatch").map(|t| ETag::parse(&t)),
                drop_tags: self.get("TaggingDirective") == "REPLACE",
                if_none_match: self.get("IfNoneMatch") == "*",
                storage_class: self.some("StorageClass"),
            }),
            K::GetObjectTagging => Operation::GetObjectTagging(object),
            K::DeleteObjectTagging => Operation::DeleteObjectTagging(object),
            K::PutObjectTagging => Operation::PutObjectTagging(PutObjectTagging {
                object,
                tags: self.filled(Place::Tag).map(read_tag).collect(),
            }),
            other => return Err(format!("{other} has no form")),
        })
    }

    fn upload(&self) -> UploadRef {
        UploadRef {
            bucket: self.get("Bucket").to_owned(),
            key: self.get("Key").to_owned(),
            upload_id: self.get("UploadId").to_owned(),
        }
    }

    /// A number that is none goes out as an amendment; 1 only stands in for it.
    fn part_number(&self) -> PartNumber {
        PartNumber(self.number("PartNumber").unwrap_or(1))
    }

    fn number(&self, name: &str) -> Option<i32> {
        self.get(name).parse().ok()
    }

    fn source(&self) -> ObjectRef {
        let text = self.get("CopySource");
        let (path, version) = match text.split_once("?versionId=") {
            Some((path, version)) => (path, Some(version.to_owned())),
            None => (text, None),
        };
        let decoded = percent_encoding::percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy();
        let (bucket, key) = decoded.split_once('/').unwrap_or((&decoded, ""));
        ObjectRef { version_id: version, ..ObjectRef::new(bucket, key) }
    }

    fn body(&self) -> Result<PartBody, String> {
        let number = |name: &str| parse_size(self.get(name)).unwrap_or(0);
        let (len, offset) = (parse_size(self.get("Body length"))?, number("Body offset"));
        Ok(match self.get("Body") {
            "generated" => PartBody::Generated { seed: number("Body seed"), len },
            path => PartBody::File { path: path.into(), offset, len },
        })
    }

    fn create(&self) -> CreateMultipartUpload {
        let properties = ObjectProperties {
            content_type: self.some("ContentType"),
            cache_control: self.some("CacheControl"),
            content_disposition: self.some("ContentDisposition"),
            content_encoding: self.some("ContentEncoding"),
            content_language: self.some("ContentLanguage"),
            expires: self.some("Expires"),
            metadata: self.filled(Place::Metadata).filter_map(read_metadata).collect(),
            storage_class: self.some("StorageClass"),
            website_redirect_location: self.some("WebsiteRedirectLocation"),
            server_side_encryption: self.some("ServerSideEncryption"),
            ssekms_key_id: self.some("SSEKMSKeyId"),
            checksum_algorithm: self.some("ChecksumAlgorithm"),
            checksum_type: self.some("ChecksumType"),
            ..ObjectProperties::default()
        };
        let tagging = self.get("Tagging");
        let tags = read_tagging(tagging).filter(|tags| tagging_header(tags) == tagging).unwrap_or_default();
        CreateMultipartUpload {
            bucket: self.get("Bucket").to_owned(),
            key: self.get("Key").to_owned(),
            properties,
            tags,
        }
    }

    fn complete(&self) -> Result<CompleteMultipartUpload, String> {
        let parts: Result<Vec<CompletedPart>, String> = self.filled(Place::Entry).map(read_entry).collect();
        Ok(CompleteMultipartUpload {
            upload: self.upload(),
            parts: parts?,
            if_none_match: self.get("IfNoneMatch") == "*",
            mpu_object_size: self.get("MpuObjectSize").parse().ok(),
            checksum_type: self.some("ChecksumType"),
        })
    }
}
