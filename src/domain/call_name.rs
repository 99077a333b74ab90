//! Which S3 call a request is, told by its bytes alone: for traffic that somebody else wrote down.
//!
//! Method, path, query and one header decide. Whether the first part of the path is a bucket cannot be seen in the bytes;
//! it is taken for one unless the host name looks like S3's with a bucket before it.

use super::exchange::CallKind;
use super::message::Message;

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Service,
    Bucket,
    Object,
}

/// The call; its method when no operation can be made of it.
pub fn call(message: &Message<'_>) -> CallKind {
    let Some(line) = message.request_line() else { return CallKind::unnamed(CallKind::NO_METHOD) };
    let method = message.text(&line.method).unwrap_or_default();
    let has = |name: &str| message.parameter(name).is_some();
    let path = String::from_utf8_lossy(message.slice(&line.path)).into_owned();
    let name = of_level(
        level(message.header("host").unwrap_or_default(), &path),
        method,
        has,
        message.parameter("list-type") == Some("2"),
        message.header("x-amz-copy-source").is_some(),
    );
    name.and_then(CallKind::named).unwrap_or_else(|| CallKind::unnamed(method))
}

/// S3's name of a call whose bucket and key are told apart already: whether there is each, the method, the query
/// parameters it has, whether it asks for the second version of a list, and whether it names a copy source.
pub fn name_of(
    (bucket, key): (bool, bool),
    method: &str,
    has: impl Fn(&str) -> bool,
    second: bool,
    copies: bool,
) -> Option<&'static str> {
    let level = match (bucket, key) {
        (false, _) => Level::Service,
        (true, false) => Level::Bucket,
        (true, true) => Level::Object,
    };
    of_level(level, method, has, second, copies)
}

fn of_level(
    level: Level,
    method: &str,
    has: impl Fn(&str) -> bool,
    second: bool,
    copies: bool,
) -> Option<&'static str> {
    match level {
        Level::Service => (method == "GET").then_some("ListBuckets"),
        Level::Bucket => of_bucket(method, has, second),
        Level::Object => of_object(method, has, copies),
    }
}

fn level(host: &str, path: &str) -> Level {
    let host = host.to_ascii_lowercase();
    let named = host.contains(".s3.") || host.contains(".s3-") || host.contains(".localhost");
    let path = path.strip_prefix('/').unwrap_or(path);
    let key = if named { path } else { path.split_once('/').map_or("", |(_, key)| key) };
    match (named || !path.is_empty(), key.is_empty()) {
        (false, _) => Level::Service,
        (true, true) => Level::Bucket,
        (true, false) => Level::Object,
    }
}

/// Sub-resources, with the calls that read, replace and remove them; empty where there is none.
type Table = [(&'static str, [&'static str; 3])];

const OF_BUCKETS: &Table = &[
    ("acl", ["GetBucketAcl", "PutBucketAcl", ""]),
    ("encryption", ["GetBucketEncryption", "PutBucketEncryption", "DeleteBucketEncryption"]),
    (
        "lifecycle",
        ["GetBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle"],
    ),
    ("location", ["GetBucketLocation", "", ""]),
    ("object-lock", ["GetObjectLockConfiguration", "PutObjectLockConfiguration", ""]),
    (
        "ownershipControls",
        ["GetBucketOwnershipControls", "PutBucketOwnershipControls", "DeleteBucketOwnershipControls"],
    ),
    ("publicAccessBlock", ["GetPublicAccessBlock", "PutPublicAccessBlock", "DeletePublicAccessBlock"]),
    ("requestPayment", ["GetBucketRequestPayment", "", ""]),
    ("tagging", ["GetBucketTagging", "PutBucketTagging", "DeleteBucketTagging"]),
    ("uploads", ["ListMultipartUploads", "", ""]),
    ("versioning", ["GetBucketVersioning", "PutBucketVersioning", ""]),
    ("versions", ["ListObjectVersions", "", ""]),
];

const OF_OBJECTS: &Table = &[
    ("acl", ["GetObjectAcl", "PutObjectAcl", ""]),
    ("attributes", ["GetObjectAttributes", "", ""]),
    ("legal-hold", ["GetObjectLegalHold", "PutObjectLegalHold", ""]),
    ("retention", ["GetObjectRetention", "PutObjectRetention", ""]),
    ("tagging", ["GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging"]),
];

/// `Some(None)` when the sub-resource has no such call.
fn sub_resource(table: &Table, method: &str, has: impl Fn(&str) -> bool) -> Option<Option<&'static str>> {
    let (_, [get, put, delete]) = table.iter().find(|(name, _)| has(name))?;
    let name = match method {
        "GET" => *get,
        "PUT" => *put,
        "DELETE" => *delete,
        _ => "",
    };
    Some(Some(name).filter(|n| !n.is_empty()))
}

fn of_bucket(method: &str, has: impl Fn(&str) -> bool, second: bool) -> Option<&'static str> {
    if let Some(name) = sub_resource(OF_BUCKETS, method, &has) {
        return name;
    }
    match method {
        "GET" if second => Some("ListObjectsV2"),
        "GET" => Some("ListObjects"),
        "HEAD" => Some("HeadBucket"),
        "PUT" => Some("CreateBucket"),
        "DELETE" => Some("DeleteBucket"),
        "POST" if has("delete") => Some("DeleteObjects"),
        _ => None,
    }
}

fn of_object(method: &str, has: impl Fn(&str) -> bool, copies: bool) -> Option<&'static str> {
    if let Some(name) = sub_resource(OF_OBJECTS, method, &has) {
        return name;
    }
    match (method, has("uploadId")) {
        ("HEAD", _) => Some("HeadObject"),
        ("GET", true) => Some("ListParts"),
        ("GET", false) => Some("GetObject"),
        ("PUT", true) if has("partNumber") => Some(if copies { "UploadPartCopy" } else { "UploadPart" }),
        ("PUT", false) => Some(if copies { "CopyObject" } else { "PutObject" }),
        ("POST", true) => Some("CompleteMultipartUpload"),
        ("POST", false) if has("uploads") => Some("CreateMultipartUpload"),
        ("DELETE", true) => Some("AbortMultipartUpload"),
        ("DELETE", false) => Some("DeleteObject"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_find_their_call() {
        for (start, host, want) in [
            ("GET /", "127.0.0.1:9", "ListBuckets"),
            ("GET /b?list-type=2", "127.0.0.1:9", "ListObjectsV2"),
            ("GET /b/?uploads", "127.0.0.1:9", "ListMultipartUploads"),
            ("POST /b/k?uploads=", "s3.eu-west-1.amazonaws.com", "CreateMultipartUpload"),
            ("POST /k?uploadId=U", "b.s3.eu-west-1.amazonaws.com", "CompleteMultipartUpload"),
            ("GET /", "b.s3-us-west-2.amazonaws.com", "ListObjects"),
            ("GET /k", "b.localhost:9", "GetObject"),
            ("PUT /b/k?partNumber=1&uploadId=U", "h", "UploadPart"),
            ("PUT /b/k?uploadId=U", "h", "PUT"),
            ("DELETE /b/k?uploadId=U", "h", "AbortMultipartUpload"),
            ("GET /b/k?attributes", "h", "GetObjectAttributes"),
            ("PUT /b/k?attributes", "h", "PUT"),
            ("HEAD /b/a/b/c?partNumber=3", "h", "HeadObject"),
            ("BREW /b/k", "h", "request"),
            ("", "h", "request"),
        ] {
            let bytes = format!("{start} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            assert_eq!(call(&Message::read(bytes.as_bytes())).name(), want, "{start} {host}");
        }
        let copy = b"PUT /b/k?partNumber=1&uploadId=U HTTP/1.1\r\nx-amz-copy-source: a/b\r\n\r\n";
        assert_eq!(call(&Message::read(copy)).name(), "UploadPartCopy");
    }

    #[test]
    fn every_name_in_the_tables_is_one() {
        for name in OF_BUCKETS.iter().chain(OF_OBJECTS).flat_map(|(_, names)| names).filter(|n| !n.is_empty())
        {
            assert!(CallKind::named(name).is_some(), "{name}");
        }
    }
}
