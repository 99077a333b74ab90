//! What credentials must be allowed to do for a copy.

use super::super::names::ObjectRef;
use super::super::output::HeadObjectOutput;
use serde::Serialize;

/// What an action is needed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// The source object.
    Source,
    /// The object to be.
    Destination,
    /// The bucket of the object to be.
    DestinationBucket,
    /// The KMS key of the source.
    SourceKey,
    /// The KMS key of the destination.
    DestinationKey,
}

impl On {
    /// Its name in a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Source => "the source",
            Self::Destination => "the destination",
            Self::DestinationBucket => "the destination bucket",
            Self::SourceKey => "the source's KMS key",
            Self::DestinationKey => "the destination's KMS key",
        }
    }
}

/// One thing the credentials must be allowed to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    /// The IAM action.
    pub action: &'static str,
    /// On what.
    pub on: On,
    /// For what, or when only.
    pub reason: &'static str,
}

/// How a copy is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// In one CopyObject.
    Whole,
    /// Part by part.
    Parts,
    /// Part by part, into an upload that is open: it is listed, and kept when the copy fails.
    Resumed,
}

/// The needs of a copy of `source`.
pub(super) fn of_copy(source: &ObjectRef, head: &HeadObjectOutput, tags: bool, how: How) -> Vec<Need> {
    let parts = how != How::Whole;
    let versioned = source.version_id.is_some();
    let mut out = Vec::new();
    let mut need = |action, on, reason| out.push(Need { action, on, reason });
    let pick = |plain, of_version| if versioned { of_version } else { plain };
    need(pick("s3:GetObject", "s3:GetObjectVersion"), On::Source, "to read it");
    let attributes = pick("s3:GetObjectAttributes", "s3:GetObjectVersionAttributes");
    need(attributes, On::Source, "not needed; tells part boundaries where S3 lists them");
    if tags {
        let action = pick("s3:GetObjectTagging", "s3:GetObjectVersionTagging");
        need(action, On::Source, "to read its tags");
    }
    need("s3:PutObject", On::Destination, "to write it");
    if tags {
        need("s3:PutObjectTagging", On::Destination, "to write the tags");
    }
    if how == How::Resumed {
        need("s3:ListMultipartUploadParts", On::Destination, "to see what the upload holds");
    }
    if how == How::Parts {
        need("s3:AbortMultipartUpload", On::Destination, "only if it fails, to leave nothing behind");
        need(
            "s3:ListMultipartUploadParts",
            On::Destination,
            "only if an answer is lost, to see what S3 has, and to resume",
        );
        need(
            "s3:ListBucketMultipartUploads",
            On::DestinationBucket,
            "only if the answer to CreateMultipartUpload is lost",
        );
    }
    if parts {
        need("s3:GetObject", On::Destination, "only if the answer to CompleteMultipartUpload is lost");
    }
    let encryption = head.state().encryption;
    if encryption.algorithm.as_deref().is_some_and(|a| a.starts_with("aws:kms")) {
        need("kms:Decrypt", On::SourceKey, "the source is under SSE-KMS");
    }
    need("kms:GenerateDataKey", On::DestinationKey, "only if the destination bucket encrypts with SSE-KMS");
    if parts {
        need("kms:Decrypt", On::DestinationKey, "only if the destination bucket encrypts with SSE-KMS");
    }
    out
}

/// The need of a plan for which the access control list was asked for, whatever it says.
pub(super) fn of_asked_acl(source: &ObjectRef) -> Need {
    let reason = "not needed; read to say what becomes of its grants";
    Need { action: read_acl(source), on: On::Source, reason }
}

fn read_acl(source: &ObjectRef) -> &'static str {
    if source.version_id.is_some() { "s3:GetObjectVersionAcl" } else { "s3:GetObjectAcl" }
}

/// What the headers of CreateMultipartUpload or CopyObject take besides: grants and locks have actions of their own.
pub(super) fn of_headers(source: &ObjectRef, headers: &[(String, String)]) -> Vec<Need> {
    let has = |prefix: &str| headers.iter().any(|(name, _)| name.starts_with(prefix));
    let mut out = Vec::new();
    let mut need = |action, on, reason| out.push(Need { action, on, reason });
    if has("x-amz-grant-") {
        need(read_acl(source), On::Source, "to read its grants");
    }
    if has("x-amz-grant-") || has("x-amz-acl") {
        need("s3:PutObjectAcl", On::Destination, "to write the grants");
    }
    if has("x-amz-object-lock-mode") {
        need("s3:GetObjectRetention", On::Source, "to be told its retention");
        need("s3:PutObjectRetention", On::Destination, "to write the retention");
    }
    if has("x-amz-object-lock-legal-hold") {
        need("s3:GetObjectLegalHold", On::Source, "to be told its legal hold");
        need("s3:PutObjectLegalHold", On::Destination, "to write the legal hold");
    }
    out
}
