//! Which operation a request asks for: method, sub-resource, and a header or two.

use super::error::S3Error;
use super::request::Request;

/// The operations of this sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    ListBuckets,
    CreateBucket,
    DeleteBucket,
    HeadBucket,
    GetBucketLocation,
    GetBucketVersioning,
    PutBucketVersioning,
    GetBucketAcl,
    PutBucketAcl,
    GetObjectAcl,
    PutObjectAcl,
    GetObjectLockConfiguration,
    PutObjectLockConfiguration,
    GetObjectRetention,
    PutObjectRetention,
    GetObjectLegalHold,
    PutObjectLegalHold,
    GetBucketLifecycleConfiguration,
    PutBucketLifecycleConfiguration,
    DeleteBucketLifecycle,
    GetBucketEncryption,
    PutBucketEncryption,
    DeleteBucketEncryption,
    GetBucketOwnershipControls,
    PutBucketOwnershipControls,
    DeleteBucketOwnershipControls,
    GetPublicAccessBlock,
    PutPublicAccessBlock,
    DeletePublicAccessBlock,
    GetBucketTagging,
    PutBucketTagging,
    DeleteBucketTagging,
    GetBucketRequestPayment,
    ListObjects,
    ListObjectsV2,
    ListObjectVersions,
    ListMultipartUploads,
    DeleteObjects,
    HeadObject,
    GetObject,
    GetObjectAttributes,
    GetObjectTagging,
    PutObjectTagging,
    DeleteObjectTagging,
    PutObject,
    CopyObject,
    DeleteObject,
    CreateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    ListParts,
}

impl Api {
    /// S3's name, which faults go by.
    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }

    /// Whether it looks at uploads in progress.
    pub(crate) fn concerns_uploads(self) -> bool {
        matches!(
            self,
            Self::ListMultipartUploads
                | Self::ListParts
                | Self::UploadPart
                | Self::UploadPartCopy
                | Self::CompleteMultipartUpload
                | Self::AbortMultipartUpload
        )
    }

    /// Whether its request has a body that needs a stated length.
    pub(crate) fn needs_length(self) -> bool {
        matches!(self, Self::PutObject | Self::UploadPart)
    }
}

/// What a query may hold beside the configurations, of a bucket or an object.
const PARAMETERS: [&str; 29] = [
    "attributes",
    "bucket-region",
    "continuation-token",
    "delete",
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "key-marker",
    "list-type",
    "location",
    "marker",
    "max-buckets",
    "max-keys",
    "max-parts",
    "max-uploads",
    "part-number-marker",
    "partNumber",
    "prefix",
    "start-after",
    "upload-id-marker",
    "uploadId",
    "uploads",
    "version-id-marker",
    "versionId",
    "versioning",
    "versions",
    "x-id",
    "if-match",
    "if-none-match",
];

/// Whether a query parameter is one of this sandbox. Others may be sub-resources of S3; passing them over would let
/// the plain operation take their place.
fn is_known(name: &str, of_object: bool) -> bool {
    let is_in = |table: &[(&str, [Option<Api>; 3])]| table.iter().any(|(known, _)| *known == name);
    let lower = name.to_ascii_lowercase();
    PARAMETERS.contains(&lower.as_str())
        || PARAMETERS.contains(&name)
        || lower.starts_with("x-amz-")
        || lower.starts_with("response-")
        || if of_object { is_in(&OF_OBJECTS) } else { is_in(&CONFIGURATIONS) }
}

/// Finds the operation.
pub(crate) fn route(request: &Request) -> Result<Api, S3Error> {
    let of_object = !request.key.is_empty();
    if let Some((name, _)) = request.query.iter().find(|(name, _)| !is_known(name, of_object)) {
        return Err(S3Error::not_in_sandbox(&format!("the sub-resource ?{name}")).with("Resource", name));
    }
    let method = request.head.method.as_str();
    let api = match (request.bucket.is_empty(), request.key.is_empty()) {
        (true, _) => service(method),
        (false, true) => bucket(method, request)?,
        (false, false) => object(method, request)?,
    };
    api.ok_or_else(|| S3Error::method_not_allowed(method))
}

/// Whether a sub-resource is asked for with another method than the one it has: the plain operation must not
/// take its place.
fn is_misused(own: &[(&str, &str)], method: &str, request: &Request) -> bool {
    own.iter().any(|(name, wanted)| request.has(name) && method != *wanted)
}

fn service(method: &str) -> Option<Api> {
    (method == "GET").then_some(Api::ListBuckets)
}

fn bucket(method: &str, request: &Request) -> Result<Option<Api>, S3Error> {
    if is_misused(
        &[("uploads", "GET"), ("location", "GET"), ("versions", "GET"), ("delete", "POST")],
        method,
        request,
    ) {
        return Ok(None);
    }
    if let Some(api) = configuration(&CONFIGURATIONS, method, request) {
        return Ok(api);
    }
    Ok(match method {
        "GET" if request.has("uploads") => Some(Api::ListMultipartUploads),
        "GET" if request.has("location") => Some(Api::GetBucketLocation),
        "GET" if request.param("list-type") == Some("2") => Some(Api::ListObjectsV2),
        "GET" if request.has("versions") => Some(Api::ListObjectVersions),
        "GET" if request.has("versioning") => Some(Api::GetBucketVersioning),
        "GET" => Some(Api::ListObjects),
        "PUT" if request.has("versioning") => Some(Api::PutBucketVersioning),
        _ if request.has("versioning") => None,
        "HEAD" => Some(Api::HeadBucket),
        "PUT" => Some(Api::CreateBucket),
        "DELETE" => Some(Api::DeleteBucket),
        "POST" if request.has("delete") => Some(Api::DeleteObjects),
        "POST" => return Err(S3Error::not_in_sandbox("POST of a form")),
        _ => None,
    })
}

/// Sub-resources of a bucket that are read, replaced and removed alike.
const CONFIGURATIONS: [(&str, [Option<Api>; 3]); 8] = [
    ("acl", [Some(Api::GetBucketAcl), Some(Api::PutBucketAcl), None]),
    (
        "lifecycle",
        [
            Some(Api::GetBucketLifecycleConfiguration),
            Some(Api::PutBucketLifecycleConfiguration),
            Some(Api::DeleteBucketLifecycle),
        ],
    ),
    ("object-lock", [Some(Api::GetObjectLockConfiguration), Some(Api::PutObjectLockConfiguration), None]),
    (
        "encryption",
        [Some(Api::GetBucketEncryption), Some(Api::PutBucketEncryption), Some(Api::DeleteBucketEncryption)],
    ),
    (
        "ownershipControls",
        [
            Some(Api::GetBucketOwnershipControls),
            Some(Api::PutBucketOwnershipControls),
            Some(Api::DeleteBucketOwnershipControls),
        ],
    ),
    (
        "publicAccessBlock",
        [
            Some(Api::GetPublicAccessBlock),
            Some(Api::PutPublicAccessBlock),
            Some(Api::DeletePublicAccessBlock),
        ],
    ),
    ("tagging", [Some(Api::GetBucketTagging), Some(Api::PutBucketTagging), Some(Api::DeleteBucketTagging)]),
    ("requestPayment", [Some(Api::GetBucketRequestPayment), None, None]),
];

/// The same of an object.
const OF_OBJECTS: [(&str, [Option<Api>; 3]); 4] = [
    ("acl", [Some(Api::GetObjectAcl), Some(Api::PutObjectAcl), None]),
    ("legal-hold", [Some(Api::GetObjectLegalHold), Some(Api::PutObjectLegalHold), None]),
    ("retention", [Some(Api::GetObjectRetention), Some(Api::PutObjectRetention), None]),
    ("tagging", [Some(Api::GetObjectTagging), Some(Api::PutObjectTagging), Some(Api::DeleteObjectTagging)]),
];

/// The operation on a configuration; `Some(None)` when there is such a sub-resource and no such operation.
fn configuration(table: &[(&str, [Option<Api>; 3])], method: &str, request: &Request) -> Option<Option<Api>> {
    let (_, apis) = table.iter().find(|(name, _)| request.has(name))?;
    let [get, put, delete] = *apis;
    Some(match method {
        "GET" => get,
        "PUT" => put,
        "DELETE" => delete,
        _ => None,
    })
}

fn object(method: &str, request: &Request) -> Result<Option<Api>, S3Error> {
    if is_misused(&[("uploads", "POST"), ("attributes", "GET")], method, request) {
        return Ok(None);
    }
    if let Some(api) = configuration(&OF_OBJECTS, method, request) {
        return Ok(api);
    }
    let (upload, part) = (request.has("uploadId"), request.has("partNumber"));
    let copy = request.header("x-amz-copy-source").is_some();
    Ok(match method {
        "HEAD" => Some(Api::HeadObject),
        "GET" if request.has("attributes") => Some(Api::GetObjectAttributes),
        "GET" if upload => Some(Api::ListParts),
        "GET" => Some(Api::GetObject),
        "PUT" if upload && part && copy => Some(Api::UploadPartCopy),
        "PUT" if upload && part => Some(Api::UploadPart),
        // A stray parameter must not turn a part into an object.
        "PUT" if upload => None,
        "PUT" if part => {
            return Err(S3Error::invalid_argument(
                "This operation does not accept partNumber without uploadId",
                "partNumber",
                request.param("partNumber").unwrap_or(""),
            ));
        }
        "PUT" if copy => Some(Api::CopyObject),
        "PUT" => Some(Api::PutObject),
        "POST" if request.has("uploads") => Some(Api::CreateMultipartUpload),
        "POST" if upload => Some(Api::CompleteMultipartUpload),
        "DELETE" if upload => Some(Api::AbortMultipartUpload),
        "DELETE" => Some(Api::DeleteObject),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::origin::Hosts;
    use crate::sandbox::request::Head;

    fn of(method: &str, target: &str, copy: bool) -> Result<Api, &'static str> {
        let mut headers = vec![("Host".to_owned(), "127.0.0.1:1".to_owned())];
        if copy {
            headers.push(("x-amz-copy-source".into(), "a/b".into()));
        }
        let head = Head { method: method.into(), target: target.into(), headers, http11: true };
        Request::of(head, &Hosts::new(&[])).and_then(|r| route(&r)).map_err(|e| e.code)
    }

    #[test]
    fn requests_find_their_operation() {
        for (method, target, copy, wanted) in [
            ("GET", "/", false, Ok(Api::ListBuckets)),
            ("GET", "/b?list-type=2", false, Ok(Api::ListObjectsV2)),
            ("GET", "/b/?uploads", false, Ok(Api::ListMultipartUploads)),
            ("POST", "/b/k?uploads", false, Ok(Api::CreateMultipartUpload)),
            ("POST", "/b/k?uploads=", false, Ok(Api::CreateMultipartUpload)),
            ("PUT", "/b/k?partNumber=1&uploadId=x", false, Ok(Api::UploadPart)),
            ("PUT", "/b/k?partNumber=1&uploadId=x", true, Ok(Api::UploadPartCopy)),
            ("PUT", "/b/k", true, Ok(Api::CopyObject)),
            ("PUT", "/b/k/", false, Ok(Api::PutObject)),
            ("PUT", "/b/k?uploadId=x", false, Err("MethodNotAllowed")),
            ("PUT", "/b/k?partNumber=1", false, Err("InvalidArgument")),
            ("GET", "/b/k?acl", false, Ok(Api::GetObjectAcl)),
            ("DELETE", "/b/k?acl", false, Err("MethodNotAllowed")),
            ("GET", "/b/k?torrent", false, Err("NotImplemented")),
            ("PUT", "/b/k?encryption", false, Err("NotImplemented")),
            ("GET", "/b/k?no-such-thing", false, Err("NotImplemented")),
            ("GET", "/b?versioning", false, Ok(Api::GetBucketVersioning)),
            ("PUT", "/b?versioning", false, Ok(Api::PutBucketVersioning)),
            ("DELETE", "/b?versioning", false, Err("MethodNotAllowed")),
            ("GET", "/b?versions", false, Ok(Api::ListObjectVersions)),
            ("GET", "/b", false, Ok(Api::ListObjects)),
            ("GET", "/b/k?versionId=null", false, Ok(Api::GetObject)),
            ("DELETE", "/b/k?versionId=x", false, Ok(Api::DeleteObject)),
            ("PATCH", "/b/k", false, Err("MethodNotAllowed")),
            ("DELETE", "/b/k?uploads", false, Err("MethodNotAllowed")),
            ("PUT", "/b/k?attributes", false, Err("MethodNotAllowed")),
            ("DELETE", "/b?location", false, Err("MethodNotAllowed")),
            ("PUT", "/b?versions", false, Err("MethodNotAllowed")),
            ("GET", "/b/%ff", false, Err("InvalidURI")),
        ] {
            assert_eq!(of(method, target, copy), wanted, "{method} {target}");
        }
    }

    #[test]
    fn both_styles_of_address_are_read() {
        let read = |host: &str, target: &str| {
            let headers = vec![("Host".to_owned(), host.to_owned())];
            let head = Head { method: "GET".into(), target: target.into(), headers, http11: true };
            Request::of(head, &Hosts::new(&[])).map(|r| (r.bucket, r.key)).unwrap()
        };
        assert_eq!(read("127.0.0.1:9", "/b/a//b%20c"), ("b".into(), "a//b c".into()));
        assert_eq!(read("b.localhost:9", "/a%2Fb"), ("b".into(), "a/b".into()));
    }
}
