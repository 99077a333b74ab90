//! From the SDK's answers to the domain's, operation by operation.
//!
//! Servers other than AWS leave things out, list in odd orders and repeat markers; whatever is missing becomes
//! `None`, lists of parts are sorted, and a page marker that would ask for the same page again ends the list.

use super::stamp::Answer;
use crate::domain::checksum::Checksums;
use crate::domain::etag::ETag;
use crate::domain::names::Tag;
use crate::domain::operation::{ObjectProperties, UploadRef};
use crate::domain::output::{
    AclGrant, AclGrantee, AclOutput, AttributePart, AttributesOutput, Bucket, BucketPage, CompletedObject,
    CreatedUpload, HeadObjectOutput, ListedObject, ListedPart, ListedUpload, ObjectPage, PartOutput,
    PartPage, UploadPage,
};
use crate::domain::units::PartNumber;
use aws_sdk_s3::operation as sdk;
use aws_sdk_s3::types::EncodingType;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use percent_encoding::percent_decode_str;

/// The checksum values of anything that carries the SDK's checksum fields.
macro_rules! checksums {
    ($from:expr) => {
        checksums!($from, None)
    };
    ($from:expr, $kind:expr) => {
        Checksums {
            values: [
                ("CRC32", &$from.checksum_crc32),
                ("CRC32C", &$from.checksum_crc32_c),
                ("CRC64NVME", &$from.checksum_crc64_nvme),
                ("SHA1", &$from.checksum_sha1),
                ("SHA256", &$from.checksum_sha256),
                ("SHA512", &$from.checksum_sha512),
                ("MD5", &$from.checksum_md5),
                ("XXHASH64", &$from.checksum_xxhash64),
                ("XXHASH3", &$from.checksum_xxhash3),
                ("XXHASH128", &$from.checksum_xxhash128),
            ]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
            .collect(),
            checksum_type: $kind,
        }
    };
}

pub(super) fn buckets(out: sdk::list_buckets::ListBucketsOutput) -> BucketPage {
    let buckets = out.buckets.unwrap_or_default().into_iter().map(|b| Bucket {
        name: b.name.unwrap_or_default(),
        created: b.creation_date.and_then(|d| d.fmt(Format::DateTime).ok()),
        region: b.bucket_region,
    });
    BucketPage { buckets: buckets.collect(), next: out.continuation_token.filter(|t| !t.is_empty()) }
}

/// Undoes `encoding-type=url`, if the server says that it did it: a plus is a space, as in a form.
pub(super) fn decoder(encoding: Option<EncodingType>) -> impl Fn(String) -> String {
    let encoded = encoding == Some(EncodingType::Url);
    move |text| match encoded {
        true => percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned(),
        false => text,
    }
}

pub(super) fn objects(out: sdk::list_objects_v2::ListObjectsV2Output) -> ObjectPage {
    let truncated = out.is_truncated.unwrap_or(false);
    let asked = out.continuation_token;
    let decoded = decoder(out.encoding_type);
    let objects = out.contents.unwrap_or_default().into_iter().map(|o| ListedObject {
        key: decoded(o.key.unwrap_or_default()),
        size: unsigned(o.size),
        etag: etag(o.e_tag),
        last_modified: seconds(o.last_modified),
        storage_class: o.storage_class.map(|c| c.as_str().to_owned()),
    });
    let prefixes = out.common_prefixes.unwrap_or_default();
    ObjectPage {
        objects: objects.collect(),
        common_prefixes: prefixes.into_iter().filter_map(|p| p.prefix).map(&decoded).collect(),
        next: next(truncated, out.next_continuation_token, asked.as_deref()),
    }
}

pub(super) fn uploads(
    bucket: &str,
    asked: (Option<&str>, Option<&str>),
    out: sdk::list_multipart_uploads::ListMultipartUploadsOutput,
) -> UploadPage {
    let truncated = out.is_truncated.unwrap_or(false);
    let decoded = decoder(out.encoding_type);
    let next =
        (decoded(out.next_key_marker.unwrap_or_default()), out.next_upload_id_marker.unwrap_or_default());
    let same = Some(next.0.as_str()) == asked.0 && Some(next.1.as_str()) == asked.1.or(Some(""));
    let uploads = out.uploads.unwrap_or_default().into_iter().map(|u| ListedUpload {
        upload: UploadRef {
            bucket: bucket.to_owned(),
            key: decoded(u.key.unwrap_or_default()),
            upload_id: u.upload_id.unwrap_or_default(),
        },
        initiated: seconds(u.initiated),
        storage_class: u.storage_class.map(|c| c.as_str().to_owned()),
        checksum_algorithm: u.checksum_algorithm.map(|a| a.as_str().to_owned()),
    });
    UploadPage {
        uploads: uploads.collect(),
        next: (truncated && !same && !next.0.is_empty()).then_some(next),
    }
}

pub(super) fn parts(asked: Option<&str>, out: sdk::list_parts::ListPartsOutput) -> PartPage {
    let mut parts: Vec<ListedPart> = out
        .parts
        .unwrap_or_default()
        .into_iter()
        .map(|p| ListedPart {
            part_number: PartNumber(p.part_number.unwrap_or_default()),
            size: unsigned(p.size),
            etag: etag(p.e_tag.clone()),
            checksums: checksums!(p),
        })
        .collect();
    let came = parts.len();
    parts.sort_by_key(|p| p.part_number);
    parts.dedup_by_key(|p| p.part_number);
    let page = Page { truncated: out.is_truncated, max: out.max_parts, came };
    PartPage {
        next: page.following(out.next_part_number_marker, parts.last().map(|p| p.part_number), asked),
        parts,
        checksum_algorithm: out.checksum_algorithm.map(|a| a.as_str().to_owned()),
        checksum_type: out.checksum_type.map(|t| t.as_str().to_owned()),
    }
}

/// What a page of parts says of pages after it.
struct Page {
    /// `IsTruncated`, which some servers leave out.
    truncated: Option<bool>,
    /// `MaxParts`.
    max: Option<i32>,
    /// Entries that came.
    came: usize,
}

impl Page {
    /// Most entries of a page.
    const FULL: usize = 1000;

    /// The marker of the next page. Without IsTruncated a full page may have one behind it; without a usable marker
    /// the last number listed is one; and one that does not lead on ends the list.
    fn following(
        &self,
        marker: Option<String>,
        last: Option<PartNumber>,
        asked: Option<&str>,
    ) -> Option<String> {
        let max = self.max.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(Self::FULL);
        let truncated = self.truncated.unwrap_or(self.came >= max.min(Self::FULL));
        let last = last.map(|n| n.to_string());
        let marker = marker.filter(|m| !m.is_empty() && m != "0").or(last);
        let number = |text: &str| text.parse::<i64>().ok();
        let leads_on = |m: &String| match (number(m), asked.and_then(number)) {
            // No part has a higher number than S3 takes.
            (Some(10_000..), _) => false,
            (Some(next), Some(asked)) => next > asked,
            _ => true,
        };
        next(truncated, marker, asked).filter(leads_on)
    }
}

pub(super) fn head(out: sdk::head_object::HeadObjectOutput, answer: Answer) -> HeadObjectOutput {
    // The order of user metadata and its spelling are the server's; the SDK's map has neither.
    let headers = answer.headers();
    let metadata = headers.iter().filter_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        Some((name.strip_prefix("x-amz-meta-")?.to_owned(), value.clone()))
    });
    let checksum_type = out.checksum_type.as_ref().map(|t| t.as_str().to_owned());
    HeadObjectOutput {
        status: answer.status.unwrap_or(200),
        content_length: unsigned(out.content_length),
        etag: etag(out.e_tag.clone()),
        parts_count: out.parts_count.and_then(|n| u32::try_from(n).ok()),
        last_modified: out.last_modified.as_ref().map(DateTime::secs),
        checksums: checksums!(out, checksum_type),
        tag_count: out.tag_count.and_then(|n| u32::try_from(n).ok()),
        properties: ObjectProperties {
            metadata: metadata.collect(),
            content_type: out.content_type,
            cache_control: out.cache_control,
            content_disposition: out.content_disposition,
            content_encoding: out.content_encoding,
            content_language: out.content_language,
            expires: out.expires_string,
            storage_class: out.storage_class.map(|c| c.as_str().to_owned()),
            website_redirect_location: out.website_redirect_location,
            server_side_encryption: out.server_side_encryption.map(|e| e.as_str().to_owned()),
            ssekms_key_id: out.ssekms_key_id,
            // What a copy carries only when it is told to is read from the headers (`object_state`).
            ..ObjectProperties::default()
        },
        content_range: out.content_range,
        version_id: out.version_id,
        headers,
    }
}

pub(super) fn attributes(
    asked: Option<&str>,
    out: sdk::get_object_attributes::GetObjectAttributesOutput,
) -> AttributesOutput {
    let (mut parts, mut following, mut count) = (Vec::<AttributePart>::new(), None, None);
    if let Some(listed) = out.object_parts {
        count = listed.total_parts_count.and_then(|n| u32::try_from(n).ok());
        parts = listed
            .parts
            .unwrap_or_default()
            .into_iter()
            .map(|p| AttributePart {
                part_number: PartNumber(p.part_number.unwrap_or_default()),
                size: p.size.and_then(|n| u64::try_from(n).ok()),
                checksums: checksums!(p),
            })
            .collect();
        let page = Page { truncated: listed.is_truncated, max: listed.max_parts, came: parts.len() };
        // What is listed twice and differently contradicts itself; that is for the evidence to say.
        parts.sort_by_key(|p| p.part_number);
        parts.dedup();
        following =
            page.following(listed.next_part_number_marker, parts.last().map(|p| p.part_number), asked);
    }
    let checksums = out.checksum.map(|c| {
        let kind = c.checksum_type.as_ref().map(|t| t.as_str().to_owned());
        checksums!(c, kind)
    });
    AttributesOutput {
        object_size: out.object_size.and_then(|n| u64::try_from(n).ok()),
        etag: out.e_tag.as_deref().map(ETag::parse),
        storage_class: out.storage_class.map(|c| c.as_str().to_owned()),
        checksums: checksums.unwrap_or_default(),
        parts_count: count,
        parts,
        next: following,
    }
}

pub(super) fn tags(tags: Vec<aws_sdk_s3::types::Tag>) -> Vec<Tag> {
    tags.into_iter().map(|t| Tag { key: t.key, value: t.value }).collect()
}

pub(super) fn acl(out: sdk::get_object_acl::GetObjectAclOutput) -> AclOutput {
    let grantee = |grantee: Option<aws_sdk_s3::types::Grantee>| match grantee {
        Some(g) => (g.id.map(AclGrantee::User))
            .or(g.uri.map(AclGrantee::Group))
            .or(g.email_address.map(AclGrantee::Email))
            .unwrap_or(AclGrantee::Unnamed),
        None => AclGrantee::Unnamed,
    };
    let grants = out.grants.unwrap_or_default().into_iter().map(|g| AclGrant {
        grantee: grantee(g.grantee),
        permission: g.permission.map(|p| p.as_str().to_owned()).unwrap_or_default(),
    });
    AclOutput { owner: out.owner.and_then(|o| o.id), grants: grants.collect() }
}

pub(super) fn created(
    bucket: &str,
    key: &str,
    out: sdk::create_multipart_upload::CreateMultipartUploadOutput,
    answer: &Answer,
) -> Option<CreatedUpload> {
    let upload_id = out.upload_id.filter(|id| !id.is_empty())?;
    Some(CreatedUpload {
        upload: UploadRef { bucket: bucket.to_owned(), key: key.to_owned(), upload_id },
        checksum_algorithm: out.checksum_algorithm.map(|a| a.as_str().to_owned()),
        checksum_type: out.checksum_type.map(|t| t.as_str().to_owned()),
        abort_date: answer.header("x-amz-abort-date"),
    })
}

/// An upload read from an answer the SDK did not take: 200 and a document with an UploadId in it.
pub(super) fn created_anyhow(bucket: &str, key: &str, answer: &Answer) -> Option<CreatedUpload> {
    let good = answer.whole && answer.status.is_some_and(|status| (200..300).contains(&status));
    let upload_id = good.then(|| super::foreign::child(&answer.body, "UploadId"))??;
    Some(CreatedUpload {
        upload: UploadRef { bucket: bucket.to_owned(), key: key.to_owned(), upload_id },
        checksum_algorithm: answer.header("x-amz-checksum-algorithm"),
        checksum_type: answer.header("x-amz-checksum-type"),
        abort_date: answer.header("x-amz-abort-date"),
    })
}

pub(super) fn part(out: sdk::upload_part::UploadPartOutput, size: u64) -> Option<PartOutput> {
    let tag = out.e_tag.clone()?;
    Some(PartOutput { etag: ETag::parse(&tag), checksums: checksums!(out), size: Some(size) })
}

pub(super) fn part_copy(
    out: sdk::upload_part_copy::UploadPartCopyOutput,
    size: Option<u64>,
) -> Option<PartOutput> {
    let result = out.copy_part_result?;
    let tag = result.e_tag.clone().filter(|t| !t.is_empty())?;
    Some(PartOutput { etag: ETag::parse(&tag), checksums: checksums!(result), size })
}

pub(super) fn completed(
    out: sdk::complete_multipart_upload::CompleteMultipartUploadOutput,
) -> Option<CompletedObject> {
    let tag = out.e_tag.clone().filter(|t| !t.is_empty())?;
    let kind = out.checksum_type.as_ref().map(|t| t.as_str().to_owned());
    Some(CompletedObject {
        etag: ETag::parse(&tag),
        checksums: checksums!(out, kind),
        location: out.location,
        version_id: out.version_id,
    })
}

pub(super) fn etag(text: Option<String>) -> ETag {
    ETag::parse(text.as_deref().unwrap_or_default())
}

pub(super) fn unsigned(n: Option<i64>) -> u64 {
    n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
}

pub(super) fn seconds(time: Option<DateTime>) -> i64 {
    time.map_or(0, |t| t.secs())
}

/// The marker of the next page, unless it would ask for the same one again.
fn next(truncated: bool, marker: Option<String>, asked: Option<&str>) -> Option<String> {
    marker.filter(|m| truncated && !m.is_empty() && Some(m.as_str()) != asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_that_leads_nowhere_ends_the_list() {
        assert_eq!(next(true, Some("5".into()), Some("4")), Some("5".into()));
        assert_eq!(next(true, Some("5".into()), Some("5")), None);
        assert_eq!(next(false, Some("5".into()), None), None);
        assert_eq!(next(true, Some(String::new()), None), None);
    }

    #[test]
    fn a_listed_part_without_a_size_is_not_an_empty_one_and_contradictions_are_kept() {
        use aws_sdk_s3::types::{GetObjectAttributesParts, ObjectPart};
        let part = |n: i32, size: Option<i64>| ObjectPart::builder().part_number(n).set_size(size).build();
        let list = [part(2, Some(5)), part(1, None), part(2, Some(5)), part(2, Some(4))];
        let listed = GetObjectAttributesParts::builder().set_parts(Some(list.to_vec())).build();
        let out =
            sdk::get_object_attributes::GetObjectAttributesOutput::builder().object_parts(listed).build();
        let page = attributes(None, out);
        let sizes: Vec<_> = page.parts.iter().map(|p| (p.part_number.0, p.size)).collect();
        assert_eq!(sizes, [(1, None), (2, Some(5)), (2, Some(4))]);
    }

    #[test]
    fn pages_of_parts_lead_on_whatever_the_server_leaves_out() {
        let page = |truncated, max, came| Page { truncated, max, came };
        let some = |text: &str| Some(text.to_owned());
        let two = Some(PartNumber(2));
        for (page, marker, last, asked, want) in [
            (page(Some(true), Some(2), 2), some("2"), two, None, some("2")),
            // No marker, or zero.
            (page(Some(true), Some(2), 2), None, two, None, some("2")),
            (page(Some(true), Some(2), 2), some("0"), two, None, some("2")),
            // No IsTruncated: a full page may go on, another does not.
            (page(None, Some(2), 2), None, two, None, some("2")),
            (page(None, None, 2), some("2"), two, None, None),
            (page(None, Some(5000), 1000), None, two, None, some("2")),
            // Nothing new comes.
            (page(Some(true), Some(2), 2), some("2"), two, Some("2"), None),
            (page(Some(true), Some(2), 2), some("1"), two, Some("2"), None),
            (page(Some(true), Some(2), 0), None, None, Some("2"), None),
            (page(Some(true), Some(0), 0), some("0"), None, None, None),
            (page(Some(false), Some(2), 2), some("2"), two, None, None),
            (page(Some(true), Some(2), 2), some("9999"), two, Some("2"), some("9999")),
            (page(Some(true), Some(2), 2), some("10000"), two, Some("2"), None),
        ] {
            assert_eq!(page.following(marker, last, asked), want);
        }
    }
}
