//! CompleteMultipartUpload: every rule that decides whether parts become an object.
//!
//! Order of checks: conditions on the key (412), the upload (404), changes since Create (409), checksum type,
//! order of the list, each part, sizes, stated object size, stated whole checksum. A failure changes nothing,
//! so the upload can be completed later.

use super::change::Change;
use super::encryption::Encryption;
use super::object::{Conditions, Object, ObjectPart, StoredChecksum};
use super::upload::{Part, Upload, UploadName};
use super::version::VersionId;
use super::{Moment, Store};
use crate::domain::checksum::{ChecksumAlgorithm, ChecksumType};
use crate::domain::etag::ETag;
use crate::domain::limits::AWS;
use crate::sandbox::content::Content;
use crate::sandbox::error::S3Error;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One `<Part>` of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPart {
    /// `<PartNumber>`.
    pub number: i32,
    /// `<ETag>`.
    pub etag: ETag,
    /// `<ChecksumCRC32>` and the like.
    pub checksums: Vec<(ChecksumAlgorithm, String)>,
}

/// What CompleteMultipartUpload asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompleteRequest {
    /// The list.
    pub parts: Vec<ListedPart>,
    /// `If-Match`, `If-None-Match`.
    pub conditions: Conditions,
    /// `x-amz-checksum-type`.
    pub checksum_type: Option<String>,
    /// `x-amz-mp-object-size`.
    pub object_size: Option<u64>,
    /// `x-amz-checksum-crc32` and the like, over the whole object.
    pub whole: Option<(ChecksumAlgorithm, String)>,
}

/// What CompleteMultipartUpload says of the object it made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completed {
    /// The object's ETag.
    pub etag: ETag,
    /// Its checksum as headers carry it: algorithm, type, value. Not told of objects under SSE-KMS.
    pub checksum: Option<(ChecksumAlgorithm, ChecksumType, String)>,
    /// How it is encrypted.
    pub encryption: Encryption,
    /// Its version.
    pub version: VersionId,
}

/// What a finished upload answered, and to which list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Finished {
    /// The upload's id.
    pub(super) upload_id: String,
    key: String,
    parts: Vec<(i32, ETag)>,
    answer: Completed,
}

impl Store {
    /// Whether an upload of that name was completed, not so long ago that it was forgotten.
    pub fn was_completed(&self, name: UploadName<'_>) -> bool {
        let finished = self.bucket(name.bucket).ok().and_then(|b| b.completed.get(name.id));
        finished.is_some_and(|f| f.key == name.key)
    }

    /// Makes the object of the listed parts, or repeats the answer of an upload that is already complete.
    pub fn complete(
        &mut self,
        name: UploadName<'_>,
        request: &CompleteRequest,
        moment: &Moment,
    ) -> Result<Completed, S3Error> {
        let bucket = self.bucket(name.bucket)?;
        let list: Vec<(i32, ETag)> = request.parts.iter().map(|p| (p.number, p.etag.clone())).collect();
        if let Some(done) = bucket.completed.get(name.id)
            && done.key == name.key
            && done.parts == list
        {
            return Ok(done.answer.clone());
        }
        let upload = self.upload(name)?;
        request.conditions.check(bucket.current(name.key).map(Arc::as_ref), name.key)?;
        let changed = bucket.changed.get(name.key).is_some_and(|event| *event > upload.event);
        if let (Some(condition), true) = (request.conditions.named(), changed) {
            return Err(S3Error::conflict(condition, name.key));
        }
        let object = Arc::new(assemble(upload, request, bucket.next_version(moment))?);
        // The default checksum of an encrypted upload is kept, and not told here.
        let told = upload.checksum.is_some() || !upload.encryption.is_opaque();
        let checksum = object.checksum.as_ref().filter(|_| told);
        let checksum =
            checksum.map(|c| c.with_suffix(&object.content).map(|value| (c.algorithm, c.kind, value)));
        let answer = Completed {
            etag: object.etag.clone(),
            checksum: checksum.transpose()?,
            encryption: object.encryption.clone(),
            version: object.version.clone(),
        };
        let finished = Finished {
            upload_id: name.id.to_owned(),
            key: name.key.to_owned(),
            parts: list,
            answer: answer.clone(),
        };
        let bucket = name.bucket.to_owned();
        self.commit(Change::Written { bucket, object, finished: Some(finished) })?;
        Ok(answer)
    }
}

fn assemble(upload: &Upload, request: &CompleteRequest, version: VersionId) -> Result<Object, S3Error> {
    check_type(upload, request)?;
    check_order(upload, request)?;
    let mut chosen: Vec<&Part> = Vec::with_capacity(request.parts.len());
    for listed in &request.parts {
        chosen.push(check_part(upload, listed)?);
    }
    check_sizes(&request.parts, &chosen)?;
    let content = Content::join(chosen.iter().map(|p| p.content.clone()).collect());
    if let Some(stated) = request.object_size
        && stated != content.len()
    {
        return Err(S3Error::invalid_request(format!(
            "The provided 'x-amz-mp-object-size' header value {stated} does not match what was computed: {}",
            content.len()
        )));
    }
    let checksum = object_checksum(upload, &chosen)?;
    check_whole(upload, request, checksum.as_ref(), &content)?;
    let digests: Vec<[u8; 16]> = chosen.iter().filter_map(|p| p.etag.digest()).collect();
    Ok(Object {
        key: upload.key.clone(),
        version,
        etag: ETag::composite(&digests),
        content,
        // As documented: an object made in parts is as old as its upload.
        last_modified: upload.initiated,
        properties: upload.properties.clone(),
        encryption: upload.encryption.clone(),
        attached: upload.attached.clone(),
        parts: Some(object_parts(upload, &chosen)),
        checksum,
    })
}

fn check_type(upload: &Upload, request: &CompleteRequest) -> Result<(), S3Error> {
    let Some(stated) = request.checksum_type.as_deref() else { return Ok(()) };
    let used = upload.checksum.map_or("null", |(_, kind)| kind.name());
    if stated == used {
        return Ok(());
    }
    Err(S3Error::invalid_request(format!(
        "The upload was created using the {used} checksum mode. The complete request must use the same checksum mode."
    )))
}

fn check_order(upload: &Upload, request: &CompleteRequest) -> Result<(), S3Error> {
    let order = || {
        S3Error::new(
            400,
            "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
        )
        .with("UploadId", &upload.id)
    };
    if request.parts.is_empty() {
        return Err(S3Error::malformed_xml());
    }
    if let Some(bad) = request.parts.iter().find(|p| p.number < 1) {
        return Err(S3Error::invalid_argument(
            "PartNumber must be >= 1",
            "PartNumber",
            &bad.number.to_string(),
        ));
    }
    if request.parts.iter().zip(request.parts.iter().skip(1)).any(|(a, b)| a.number >= b.number) {
        return Err(order());
    }
    let composite = matches!(upload.checksum, Some((_, ChecksumType::Composite)));
    let consecutive = request.parts.iter().zip(1..).all(|(p, n)| p.number == n);
    if composite && !consecutive { Err(order()) } else { Ok(()) }
}

fn check_part<'u>(upload: &'u Upload, listed: &ListedPart) -> Result<&'u Part, S3Error> {
    let invalid = || {
        S3Error::new(
            400,
            "InvalidPart",
            "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        )
        .with("UploadId", &upload.id)
        .with("PartNumber", listed.number.to_string())
        .with("ETag", listed.etag.to_string())
    };
    let part = upload.parts.get(&listed.number).ok_or_else(invalid)?;
    if listed.etag != part.etag {
        return Err(invalid());
    }
    let Some((algorithm, kind)) = upload.checksum else {
        return if listed.checksums.is_empty() { Ok(part) } else { Err(invalid()) };
    };
    match listed.checksums.iter().find(|(a, _)| *a == algorithm) {
        Some((_, value)) if Some(value) == part.checksum.as_ref() => Ok(part),
        Some(_) => Err(invalid()),
        None => match (listed.checksums.first(), kind) {
            (Some((other, _)), _) => Err(S3Error::new(
                400,
                "BadDigest",
                format!(
                    "The {} you specified for part {} did not match what we received.",
                    other.name().to_ascii_lowercase(),
                    listed.number
                ),
            )),
            (None, ChecksumType::FullObject) => Ok(part),
            (None, ChecksumType::Composite) => Err(S3Error::invalid_request(format!(
                "The upload was created using a {} checksum. The complete request must include the checksum for each part. It was missing for part {} in the request.",
                algorithm.name().to_ascii_lowercase(),
                listed.number
            ))),
        },
    }
}

fn check_sizes(listed: &[ListedPart], chosen: &[&Part]) -> Result<(), S3Error> {
    let all_but_last = listed.len().saturating_sub(1);
    let small =
        listed.iter().zip(chosen).take(all_but_last).find(|(_, p)| p.content.len() < AWS.min_part_size);
    match small {
        None => Ok(()),
        Some((listed, part)) => Err(S3Error::new(
            400,
            "EntityTooSmall",
            "Your proposed upload is smaller than the minimum allowed size",
        )
        .with("ProposedSize", part.content.len().to_string())
        .with("MinSizeAllowed", AWS.min_part_size.to_string())
        .with("PartNumber", listed.number.to_string())
        .with("ETag", part.etag.to_string())),
    }
}

fn object_checksum(upload: &Upload, chosen: &[&Part]) -> Result<Option<StoredChecksum>, S3Error> {
    Ok(Some(match upload.checksum {
        Some((algorithm, ChecksumType::Composite)) => {
            let mut raw = Vec::new();
            for part in chosen {
                raw.extend_from_slice(part.content.checksum(algorithm)?);
            }
            StoredChecksum::composite(algorithm, &raw, chosen.len())
        }
        Some((algorithm, ChecksumType::FullObject)) => StoredChecksum::full_object(algorithm),
        None if upload.encryption.customer_key().is_some() => return Ok(None),
        None => StoredChecksum::full_object(ChecksumAlgorithm::Crc64Nvme),
    }))
}

/// A stated checksum of the whole object. An upload without an algorithm takes no notice of one.
fn check_whole(
    upload: &Upload,
    request: &CompleteRequest,
    checksum: Option<&StoredChecksum>,
    content: &Content,
) -> Result<(), S3Error> {
    let (Some((stated, value)), Some((algorithm, kind)), Some(checksum)) =
        (&request.whole, upload.checksum, checksum)
    else {
        return Ok(());
    };
    if STANDARD.decode(value.split('-').next().unwrap_or("")).is_err() {
        return Err(S3Error::invalid_request(format!("Value for {} header is invalid.", stated.header())));
    }
    // A whole-object value counts only together with the type header.
    let counts = kind == ChecksumType::Composite || request.checksum_type.is_some();
    let same = *stated == algorithm
        && (*value == checksum.value(content)? || *value == checksum.with_suffix(content)?);
    if counts && same {
        return Ok(());
    }
    let name = algorithm.name().to_ascii_lowercase();
    Err(S3Error::new(
        400,
        "BadDigest",
        format!("The {name} you specified did not match the calculated checksum."),
    ))
}

fn object_parts(upload: &Upload, chosen: &[&Part]) -> Vec<ObjectPart> {
    let composite = upload.checksum.filter(|(_, kind)| *kind == ChecksumType::Composite);
    let mut offset = 0_u64;
    chosen
        .iter()
        .map(|part| {
            let size = part.content.len();
            let checksum = composite.and_then(|_| part.checksum.clone());
            let listed = ObjectPart { offset, size, checksum };
            offset = offset.saturating_add(size);
            listed
        })
        .collect()
}
