//! Multipart uploads in progress: create, put parts, abort.

use super::Store;
use super::change::Change;
use super::encryption::Encryption;
use super::object::{Attached, base64};
use crate::domain::checksum::{ChecksumAlgorithm, ChecksumType};
use crate::domain::etag::ETag;
use crate::domain::limits::AWS;
use crate::domain::operation::ObjectProperties;
use crate::sandbox::content::Content;
use crate::sandbox::error::S3Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;

/// One uploaded part. `C` is its content, or what a journal keeps of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part<C = Content> {
    /// Its bytes.
    pub content: C,
    /// When it arrived.
    pub last_modified: i64,
    /// MD5 of the bytes, or opaque.
    pub etag: ETag,
    /// The checksum of the upload's algorithm in base64, if it has one.
    pub checksum: Option<String>,
}

/// An upload that was begun and neither completed nor aborted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Upload<C = Content> {
    /// Its id.
    pub id: String,
    /// The key of the object to be.
    pub key: String,
    /// When it was begun.
    pub initiated: i64,
    /// Its place in the store's order of events.
    pub event: u64,
    /// Headers of the object to be.
    pub properties: ObjectProperties,
    /// How the object will be encrypted.
    pub encryption: Encryption,
    /// Tags, access and locks of the object to be.
    pub attached: Attached,
    /// The checksum asked for, if any.
    pub checksum: Option<(ChecksumAlgorithm, ChecksumType)>,
    /// Parts by number.
    pub parts: BTreeMap<i32, Part<C>>,
}

impl<C> Part<C> {
    /// The same part with its content brought in another form.
    pub fn map<D>(self, bring: &mut impl FnMut(C) -> io::Result<D>) -> io::Result<Part<D>> {
        Ok(Part {
            content: bring(self.content)?,
            last_modified: self.last_modified,
            etag: self.etag,
            checksum: self.checksum,
        })
    }
}

impl<C> Upload<C> {
    /// The upload without its parts, of which there may be ten thousand.
    pub fn without_parts(&self) -> Self {
        Self {
            id: self.id.clone(),
            key: self.key.clone(),
            initiated: self.initiated,
            event: self.event,
            properties: self.properties.clone(),
            encryption: self.encryption.clone(),
            attached: self.attached.clone(),
            checksum: self.checksum,
            parts: BTreeMap::new(),
        }
    }

    /// The same upload with the contents of its parts brought in another form.
    pub fn map<D>(self, bring: &mut impl FnMut(C) -> io::Result<D>) -> io::Result<Upload<D>> {
        let parts = self.parts.into_iter().map(|(number, part)| Ok((number, part.map(bring)?)));
        Ok(Upload {
            parts: parts.collect::<io::Result<_>>()?,
            id: self.id,
            key: self.key,
            initiated: self.initiated,
            event: self.event,
            properties: self.properties,
            encryption: self.encryption,
            attached: self.attached,
            checksum: self.checksum,
        })
    }
}

/// Names an upload; bucket, key and id must all be right.
#[derive(Debug, Clone, Copy)]
pub struct UploadName<'a> {
    /// Bucket.
    pub bucket: &'a str,
    /// Key given at Create.
    pub key: &'a str,
    /// Upload id.
    pub id: &'a str,
}

/// What CreateMultipartUpload fixes.
#[derive(Debug, Clone, Default)]
pub struct NewUpload {
    /// Headers of the object to be.
    pub properties: ObjectProperties,
    /// How the object will be encrypted.
    pub encryption: Encryption,
    /// Tags, access and locks of the object to be.
    pub attached: Attached,
    /// The checksum asked for, if any.
    pub checksum: Option<(ChecksumAlgorithm, ChecksumType)>,
}

/// Reads `x-amz-checksum-algorithm` and `x-amz-checksum-type` of CreateMultipartUpload.
pub fn checksum_choice(
    algorithm: Option<&str>,
    kind: Option<&str>,
) -> Result<Option<(ChecksumAlgorithm, ChecksumType)>, S3Error> {
    let Some(name) = algorithm else {
        return match kind {
            None => Ok(None),
            Some(_) => Err(S3Error::invalid_request(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
            )),
        };
    };
    let algorithm = ChecksumAlgorithm::parse(name).ok_or_else(|| {
        S3Error::invalid_request(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
        )
    })?;
    let kind = match kind {
        None => algorithm.default_type(),
        Some(text) => ChecksumType::parse(text)
            .ok_or_else(|| S3Error::invalid_request("Value for x-amz-checksum-type header is invalid."))?,
    };
    let allowed = match kind {
        ChecksumType::Composite => algorithm.allows_composite(),
        ChecksumType::FullObject => algorithm.allows_full_object(),
    };
    if !allowed {
        return Err(S3Error::invalid_request(format!(
            "The {} checksum type cannot be used with the {} checksum algorithm.",
            kind.name(),
            algorithm.name().to_ascii_lowercase()
        )));
    }
    Ok(Some((algorithm, kind)))
}

impl Store {
    /// CreateMultipartUpload. Any number of uploads may be open for one key.
    pub fn create_upload(
        &mut self,
        bucket: &str,
        key: &str,
        new: NewUpload,
        id: String,
        now: i64,
    ) -> Result<(), S3Error> {
        self.check_key(bucket, key)?;
        let upload = Upload {
            id,
            key: key.to_owned(),
            initiated: now,
            event: 0,
            properties: new.properties,
            encryption: new.encryption,
            attached: new.attached,
            checksum: new.checksum,
            parts: BTreeMap::new(),
        };
        self.commit(Change::UploadBegun { bucket: bucket.to_owned(), upload: Box::new(upload) })
    }

    /// The upload in progress under this name.
    pub fn upload(&self, name: UploadName<'_>) -> Result<&Upload, S3Error> {
        let of_key = (name.key.to_owned(), 0)..=(name.key.to_owned(), u64::MAX);
        let mut uploads = self.bucket(name.bucket)?.uploads.range(of_key);
        uploads.find(|(_, u)| u.id == name.id).map(|(_, u)| u).ok_or_else(|| S3Error::no_such_upload(name.id))
    }

    /// The end of UploadPart and UploadPartCopy. The same number again replaces the part. An ETag is given
    /// where it is not the MD5 of the bytes.
    pub fn put_part(
        &mut self,
        name: UploadName<'_>,
        number: i32,
        content: Content,
        etag: Option<ETag>,
        now: i64,
    ) -> Result<Part, S3Error> {
        check_part_number(number)?;
        if content.len() > AWS.max_part_size {
            return Err(S3Error::too_large(content.len(), AWS.max_part_size));
        }
        let upload = self.upload(name)?;
        let etag = etag.map_or_else(|| content.etag(), Ok)?;
        let checksum = match upload.checksum {
            Some((algorithm, _)) => Some(base64(content.checksum(algorithm)?)),
            None => None,
        };
        let part = Part { content, last_modified: now, etag, checksum };
        self.commit(Change::PartPut {
            bucket: name.bucket.to_owned(),
            key: name.key.to_owned(),
            upload_id: name.id.to_owned(),
            number,
            part: part.clone(),
        })?;
        Ok(part)
    }

    /// AbortMultipartUpload: the parts are gone at once.
    pub fn abort_upload(&mut self, name: UploadName<'_>) -> Result<(), S3Error> {
        self.upload(name)?;
        let (bucket, key) = (name.bucket.to_owned(), name.key.to_owned());
        self.commit(Change::UploadGone { bucket, key, upload_id: name.id.to_owned() })
    }
}

/// 1 to 10 000, or `InvalidArgument`.
pub fn check_part_number(number: i32) -> Result<(), S3Error> {
    if crate::domain::units::PartNumber(number).is_valid() {
        Ok(())
    } else {
        Err(S3Error::part_number(&number.to_string()))
    }
}
