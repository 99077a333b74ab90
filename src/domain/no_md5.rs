//! Why an object's ETag may be no MD5 of its bytes: the encryption, or the kind of bucket.
//!
//! The shape never tells: such a value is 32 hex digits too. Sources: API reference ListObjectsV2 (`Object.ETag`) and
//! PutObject; User Guide, "Directory buckets". What it means for a conclusion is for who draws one.

use super::output::HeadObjectOutput;
use serde::Serialize;

/// The reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoMd5 {
    /// SSE-KMS.
    Kms,
    /// DSSE-KMS.
    Dsse,
    /// SSE-C: the key is the customer's.
    CustomerKey,
    /// A directory bucket (S3 Express One Zone): ETags are never MD5s there.
    DirectoryBucket,
    /// `x-amz-server-side-encryption` names something this program does not know; verbatim, not made harmless.
    Unknown(String),
}

impl NoMd5 {
    /// Its name alone: `SSE-KMS`, `a directory bucket`, …; what is unknown is quoted as it came.
    pub fn name(&self) -> String {
        match self {
            Self::Kms => "SSE-KMS".into(),
            Self::Dsse => "DSSE-KMS".into(),
            Self::CustomerKey => "SSE-C".into(),
            Self::DirectoryBucket => "a directory bucket".into(),
            Self::Unknown(encryption) => {
                format!("the unknown encryption \"{encryption}\"")
            }
        }
    }

    /// The reason as a sentence.
    pub fn words(&self) -> String {
        match self {
            Self::DirectoryBucket => "in a directory bucket ETags are not made of MD5s".into(),
            // Nobody says that it is one there.
            Self::Unknown(_) => format!("with {} the ETag is not to be taken for an MD5", self.name()),
            _ => format!("with {} the ETag is not made of MD5s of the bytes", self.name()),
        }
    }
}

/// What to say where a refusal shows that an object is under SSE-C, read without its key. HEAD refuses without a text;
/// the text comes with the refusal of another operation. Source: API reference HeadObject; recorded, LocalStack snapshot
/// test_copy_object_with_sse_c.
pub fn customer_key_is_missing(status: u16, message: &str) -> Option<&'static str> {
    (status == 400 && message.contains("stored using a form of Server Side Encryption")).then_some(
        "the object is under SSE-C: S3 tells of it only with its key, which this program has no way to take; a listing \
         tells its size and its ETag, which is not made of MD5s of the bytes",
    )
}

/// Whether a bucket is a directory bucket, by its name or by that of an access point of one.
pub fn is_directory_bucket(bucket: &str) -> bool {
    bucket.ends_with("--x-s3") || bucket.ends_with("--xa-s3")
}

/// Why the ETag of an object in `bucket` may be no MD5, as far as its HEAD and the bucket's name tell. The kind of
/// bucket goes before the encryption, which can be changed later with the ETag kept.
pub fn etag_hides_md5(bucket: &str, head: &HeadObjectOutput) -> Option<NoMd5> {
    let class = head.properties.storage_class.as_deref().or_else(|| head.header("x-amz-storage-class"));
    if is_directory_bucket(bucket) || class == Some("EXPRESS_ONEZONE") {
        return Some(NoMd5::DirectoryBucket);
    }
    let encryption = head.state().encryption;
    if encryption.customer_algorithm.is_some() {
        return Some(NoMd5::CustomerKey);
    }
    match encryption.algorithm.as_deref() {
        None | Some("AES256") => None,
        Some("aws:kms") => Some(NoMd5::Kms),
        Some("aws:kms:dsse") => Some(NoMd5::Dsse),
        Some(other) => Some(NoMd5::Unknown(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::checksum::Checksums;
    use crate::domain::etag::ETag;
    use crate::domain::operation::ObjectProperties;

    fn head(headers: &[(&str, &str)]) -> HeadObjectOutput {
        HeadObjectOutput {
            status: 200,
            content_length: 7,
            content_range: None,
            etag: ETag::parse("d41d8cd98f00b204e9800998ecf8427e"),
            parts_count: None,
            last_modified: None,
            properties: ObjectProperties::default(),
            checksums: Checksums::default(),
            version_id: None,
            tag_count: None,
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        }
    }

    #[test]
    fn encryption_other_than_sse_s3_and_directory_buckets_hide_the_md5() {
        let sse = "X-Amz-Server-Side-Encryption";
        let customer = "x-amz-server-side-encryption-customer-algorithm";
        for (bucket, headers, want) in [
            ("b", &[][..], None),
            ("b", &[(sse, "AES256")], None),
            ("b", &[(sse, "aws:kms")], Some(NoMd5::Kms)),
            ("b", &[(sse, "aws:kms:dsse")], Some(NoMd5::Dsse)),
            ("b", &[(sse, "aws:fsx")], Some(NoMd5::Unknown("aws:fsx".into()))),
            ("b", &[(sse, "aws:kms2")], Some(NoMd5::Unknown("aws:kms2".into()))),
            ("b", &[(customer, "AES256")], Some(NoMd5::CustomerKey)),
            ("b", &[("x-amz-storage-class", "EXPRESS_ONEZONE")], Some(NoMd5::DirectoryBucket)),
            ("b--usw2-az1--x-s3", &[(sse, "AES256")], Some(NoMd5::DirectoryBucket)),
            ("b--usw2-az1--x-s3", &[(sse, "aws:kms")], Some(NoMd5::DirectoryBucket)),
            ("ap--usw2-az1--xa-s3", &[], Some(NoMd5::DirectoryBucket)),
            ("b-x-s3", &[("x-amz-storage-class", "ONEZONE_IA")], None),
        ] {
            assert_eq!(etag_hides_md5(bucket, &head(headers)), want, "{bucket} {headers:?}");
        }
        let mut told = head(&[]);
        told.properties.storage_class = Some("EXPRESS_ONEZONE".into());
        assert_eq!(etag_hides_md5("b", &told), Some(NoMd5::DirectoryBucket));
        told.properties = ObjectProperties {
            server_side_encryption: Some("aws:kms".into()),
            ..ObjectProperties::default()
        };
        assert_eq!(etag_hides_md5("b", &told), Some(NoMd5::Kms));
    }

    #[test]
    fn each_reason_is_a_sentence() {
        assert_eq!(NoMd5::Kms.words(), "with SSE-KMS the ETag is not made of MD5s of the bytes");
        let unknown = NoMd5::Unknown("aws:fsx".into()).words();
        assert!(unknown.starts_with("with the unknown encryption \"aws:fsx\" "), "{unknown}");
        assert_eq!(serde_json::to_string(&NoMd5::CustomerKey).unwrap(), "\"customer_key\"");
    }
}
