//! What of a request means something to S3, and which call it is: by method, path, query and headers alone.

use super::table::{self, CallRow};
use crate::domain::call_name::name_of;
use crate::domain::redact;
use percent_encoding::percent_decode;

/// Whether a query parameter only marks the call, or is one that every client sets as it needs it.
pub fn is_mark(name: &str) -> bool {
    const MARKS: [&str; 10] = [
        "acl",
        "attributes",
        "encoding-type",
        "list-type",
        "location",
        "tagging",
        "uploads",
        "versioning",
        "versions",
        "x-id",
    ];
    MARKS.contains(&name)
}

/// The call that a request is; `None` when the clients have no command for it here.
pub fn call_of(
    method: &str,
    named: (bool, bool),
    query: &[(Vec<u8>, Vec<u8>)],
    copies: bool,
) -> Option<&'static CallRow> {
    let value = |wanted: &str| query.iter().find(|(name, _)| name == wanted.as_bytes()).map(|(_, v)| v);
    let second = value("list-type").is_some_and(|v| v == b"2");
    let row = table::call(name_of(named, method, |name| value(name).is_some(), second, copies)?)?;
    // A bare name that this call does not know makes it another one.
    let foreign = query.iter().any(|(name, value)| {
        let name = String::from_utf8_lossy(name);
        value.is_empty() && !is_mark(&name) && row.of_query(&name).is_none()
    });
    (!foreign).then_some(row)
}

/// Whether every client writes a header by itself, so that a script need not say it.
pub fn clients_set(name: &str) -> bool {
    const SET: [&str; 24] = [
        "host",
        "authorization",
        "date",
        "x-amz-date",
        "x-amz-content-sha256",
        "x-amz-security-token",
        "x-amz-user-agent",
        "user-agent",
        "content-length",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "accept",
        "accept-encoding",
        "connection",
        "keep-alive",
        "expect",
        "te",
        "transfer-encoding",
        "x-amz-decoded-content-length",
        "x-amz-trailer",
        "x-amz-sdk-checksum-algorithm",
        "content-type",
        "content-md5",
        "x-amz-te",
    ];
    // The digest of a small document is made anew with the document.
    SET.contains(&name) || name.starts_with("x-amz-checksum-")
}

/// Whether a header says something to S3 that belongs into a script.
pub fn matters(name: &str) -> bool {
    const NOT: [&str; 9] = [
        "x-amz-date",
        "x-amz-content-sha256",
        "x-amz-security-token",
        "x-amz-user-agent",
        "x-amz-decoded-content-length",
        "x-amz-trailer",
        "x-amz-te",
        "x-amz-mfa",
        "authorization",
    ];
    !NOT.contains(&name) && (name.starts_with("x-amz-") || table::is_header(name))
}

/// Whether a header holds a customer's key.
pub fn is_customer_key(name: &str) -> bool {
    redact::is_secret_header(name) && name.ends_with("-customer-key")
}

/// Whether a query parameter belongs to a presigned URL's signature.
pub fn is_of_signature(name: &str) -> bool {
    const OF: [&str; 8] = [
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-signedheaders",
        "x-amz-signature",
        "x-amz-security-token",
        "x-amz-content-sha256",
    ];
    OF.contains(&name.to_ascii_lowercase().as_str())
}

/// Percent-decodes, once.
pub fn decoded(text: &[u8]) -> Vec<u8> {
    percent_decode(text).collect()
}

/// Host and first segments of the path as bucket and key. `endpoint` is the host without a bucket.
pub fn locate(host: &str, endpoint: &str, path: &[u8]) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let path = path.strip_prefix(b"/").unwrap_or(path);
    let some = |bytes: &[u8]| Some(decoded(bytes)).filter(|b| !b.is_empty());
    match bucket_of_host(host, endpoint) {
        Some(bucket) => (Some(bucket.as_bytes().to_vec()), some(path)),
        None => match path.iter().position(|b| *b == b'/') {
            Some(at) => (some(path.get(..at).unwrap_or(&[])), some(path.get(at + 1..).unwrap_or(&[]))),
            None => (some(path), None),
        },
    }
}

/// The bucket in front of a host.
pub fn bucket_of_host<'a>(host: &'a str, endpoint: &str) -> Option<&'a str> {
    if endpoint.is_empty() {
        return None;
    }
    host.strip_suffix(endpoint)?.strip_suffix('.').filter(|b| !b.is_empty())
}

/// The host of Amazon S3 without a bucket in front, when it is one: `s3.eu-west-1.amazonaws.com`.
pub fn amazon_host(host: &str) -> Option<&str> {
    let name = host.split(':').next().unwrap_or(host);
    if !(name.ends_with(".amazonaws.com") || name.ends_with(".amazonaws.com.cn")) {
        return None;
    }
    if ["s3.", "s3-"].iter().any(|start| name.starts_with(start)) {
        return Some(host);
    }
    // A bucket's name can hold `.s3.` too; what belongs to the host is the last one.
    let at = [".s3.", ".s3-"].iter().filter_map(|mark| name.rfind(mark)).max()?;
    host.get(at + 1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(names: &[&'static str]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let pair = |n: &'static str| n.split_once('=').unwrap_or((n, ""));
        names.iter().copied().map(pair).map(|(n, v)| (n.into(), v.into())).collect()
    }

    #[test]
    fn a_call_is_known_by_its_request() {
        let object = (true, true);
        for (method, at, names, copies, want) in [
            ("POST", object, &["uploads"][..], false, Some("CreateMultipartUpload")),
            ("PUT", object, &["partNumber=1", "uploadId=a", "x-id=UploadPart"], false, Some("UploadPart")),
            ("PUT", object, &["partNumber=1", "uploadId=a"], true, Some("UploadPartCopy")),
            ("PUT", object, &[], true, Some("CopyObject")),
            ("PUT", object, &[], false, Some("PutObject")),
            ("PUT", object, &["retention"], false, None),
            ("GET", object, &["uploadId=a", "max-parts=3"], false, Some("ListParts")),
            ("GET", object, &["attributes", "versionId=v"], false, Some("GetObjectAttributes")),
            ("GET", (true, false), &["list-type=2", "prefix="], false, Some("ListObjectsV2")),
            ("GET", (true, false), &["policy"], false, None),
            ("GET", (false, false), &[], false, Some("ListBuckets")),
            ("DELETE", object, &["uploadId=a"], false, Some("AbortMultipartUpload")),
            ("PATCH", object, &[], false, None),
        ] {
            let row = call_of(method, at, &query(names), copies);
            assert_eq!(row.map(|r| r.name.as_str()), want, "{method} {names:?}");
        }
    }

    #[test]
    fn buckets_are_found_in_the_path_or_in_front_of_the_host() {
        let some = |s: &str| Some(s.as_bytes().to_vec());
        for (host, endpoint, path, want) in [
            ("h:1", "h:1", "/b/a%20k", (some("b"), some("a k"))),
            ("h:1", "h:1", "/b//k/", (some("b"), some("/k/"))),
            ("h:1", "h:1", "/", (None, None)),
            ("h:1", "h:1", "/b/", (some("b"), None)),
            ("b.c.s3.x", "s3.x", "/k", (some("b.c"), some("k"))),
            ("b.s3.x", "s3.x", "/", (some("b"), None)),
        ] {
            assert_eq!(locate(host, endpoint, path.as_bytes()), want, "{host} {path}");
        }
        for (host, want) in [
            ("s3.eu-west-1.amazonaws.com", Some("s3.eu-west-1.amazonaws.com")),
            ("my.s3.b.s3.eu-west-1.amazonaws.com", Some("s3.eu-west-1.amazonaws.com")),
            ("b.s3.amazonaws.com:443", Some("s3.amazonaws.com:443")),
            ("amazonaws.com.example.org", None),
        ] {
            assert_eq!(amazon_host(host), want);
        }
    }
}
