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

/// The needs of a copy of `source`.
pub(super) fn of_copy(source: &ObjectRef, head: &HeadObjectOutput, tags: bool, parts: bool) -> Vec<Need> {
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
    if parts {
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
