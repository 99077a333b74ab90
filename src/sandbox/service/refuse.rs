//! Headers that ask for something this sandbox leaves out: saying so beats ignoring them.

use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::access::ACCOUNT;

/// Refuses what would otherwise be silently dropped.
pub(super) fn unknown_headers(request: &Request) -> Result<(), S3Error> {
    for (name, value) in &request.head.headers {
        let name = name.to_ascii_lowercase();
        if let Some(why) = reason(&name) {
            return Err(S3Error::header_not_implemented(&name, why));
        }
        if matches!(name.as_str(), "x-amz-expected-bucket-owner" | "x-amz-source-expected-bucket-owner") {
            expected_owner(&name, value.trim())?;
        }
    }
    Ok(())
}

/// A request for somebody else's bucket is denied.
fn expected_owner(name: &str, value: &str) -> Result<(), S3Error> {
    if value.len() != 12 || !value.bytes().all(|b| b.is_ascii_digit()) {
        let message = format!(
            "The value of the expected bucket owner parameter must be an AWS Account ID... [{value}]"
        );
        return Err(S3Error::new(400, "InvalidBucketOwnerAWSAccountID", message).with("Header", name));
    }
    if value == ACCOUNT { Ok(()) } else { Err(S3Error::new(403, "AccessDenied", "Access Denied")) }
}

/// Why a header cannot be obeyed; `None` for one that can, or that asks for nothing.
fn reason(name: &str) -> Option<&'static str> {
    const ALGORITHM: &str = "The sandbox computes CRC32, CRC32C, CRC64NVME, SHA1 and SHA256";
    match name {
        "x-amz-server-side-encryption-context" => Some("The sandbox has no KMS that could check a context"),
        "x-amz-write-offset-bytes" => Some("The sandbox does not append to objects"),
        "x-amz-if-match-last-modified-time" | "x-amz-if-match-size" | "x-amz-if-match-initiated-time" => {
            Some("These conditions are for directory buckets")
        }
        "x-amz-object-annotation-directive" => Some("The sandbox has no annotations"),
        "x-amz-mfa" => Some("The sandbox has no MFA delete"),
        "x-amz-checksum-sha512"
        | "x-amz-checksum-md5"
        | "x-amz-checksum-xxhash64"
        | "x-amz-checksum-xxhash3"
        | "x-amz-checksum-xxhash128" => Some(ALGORITHM),
        _ if name.starts_with("x-amz-object-lock-event-hold") => Some("The sandbox has no event holds"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_would_be_dropped_is_refused() {
        for (name, refused) in [
            ("x-amz-acl", false),
            ("x-amz-server-side-encryption", false),
            ("x-amz-checksum-sha256", false),
            ("x-amz-checksum-xxhash3", true),
            ("x-amz-write-offset-bytes", true),
            ("x-amz-object-lock-event-hold-duration-days", true),
        ] {
            assert_eq!(reason(name).is_some(), refused, "{name}");
        }
    }

    #[test]
    fn only_the_owner_is_the_owner() {
        let code = |value| expected_owner("x-amz-expected-bucket-owner", value).map_err(|e| e.code);
        assert_eq!(code("111111111111"), Ok(()));
        assert_eq!(code("222222222222"), Err("AccessDenied"));
        assert_eq!(code("abcd"), Err("InvalidBucketOwnerAWSAccountID"));
    }
}
