//! Headers that ask for something this sandbox leaves out: saying so beats ignoring them.

use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;

/// Refuses what would otherwise be silently dropped.
pub(super) fn unknown_headers(request: &Request) -> Result<(), S3Error> {
    for (name, value) in &request.head.headers {
        let name = name.to_ascii_lowercase();
        if let Some(why) = reason(&name, value.trim()) {
            return Err(S3Error::header_not_implemented(&name, why));
        }
    }
    Ok(())
}

/// Why a header cannot be obeyed; `None` for one that asks for nothing or for what is the case anyway.
fn reason(name: &str, value: &str) -> Option<&'static str> {
    const ACL: &str = "The sandbox has no access control lists: every object is its owner's";
    const LOCK: &str = "The sandbox has no object lock";
    match name {
        "x-amz-server-side-encryption-context" => Some("The sandbox has no KMS that could check a context"),
        "x-amz-acl" => (!matches!(value, "private" | "bucket-owner-full-control")).then_some(ACL),
        "x-amz-bucket-object-lock-enabled" => (!value.eq_ignore_ascii_case("false")).then_some(LOCK),
        "x-amz-write-offset-bytes" => Some("The sandbox does not append to objects"),
        "x-amz-if-match-last-modified-time" | "x-amz-if-match-size" => {
            Some("These conditions are for directory buckets")
        }
        _ if name.starts_with("x-amz-grant-") => Some(ACL),
        _ if name.starts_with("x-amz-object-lock-") => Some(LOCK),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn only_what_would_be_dropped_is_refused() {
        for (name, value, refused) in [
            ("x-amz-acl", "private", false),
            ("x-amz-acl", "bucket-owner-full-control", false),
            ("x-amz-acl", "public-read", true),
            ("x-amz-grant-read", "id=x", true),
            ("x-amz-object-lock-mode", "GOVERNANCE", true),
            ("x-amz-bucket-object-lock-enabled", "False", false),
            ("x-amz-bucket-object-lock-enabled", "true", true),
            ("x-amz-object-ownership", "BucketOwnerEnforced", false),
            ("x-amz-server-side-encryption", "AES256", false),
            ("x-amz-server-side-encryption", "aws:kms", false),
        ] {
            assert_eq!(reason(name, value).is_some(), refused, "{name}: {value}");
        }
    }
}
