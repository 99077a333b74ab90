//! S3's error answers as values: code, status, message and the extra elements S3 adds to the document.
//!
//! Codes and messages are S3's own text, reproduced as data. The store returns these and the server writes
//! them; nothing in between rewords them.

use crate::domain::explain::error;
use std::borrow::Cow;

/// One error answer of S3, without the request ids that the server adds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub struct S3Error {
    /// HTTP status.
    pub status: u16,
    /// `<Code>`.
    pub code: &'static str,
    /// `<Message>`.
    pub message: Cow<'static, str>,
    /// Further elements, in order.
    pub extra: Vec<(&'static str, String)>,
    /// Headers that go with it.
    pub headers: Vec<(&'static str, String)>,
}

impl S3Error {
    /// An error of any code that `assets/explain/errors.toml` explains.
    pub fn new(status: u16, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        debug_assert!(error(code, "").is_some(), "{code} has no explanation");
        Self { status, code, message: message.into(), extra: Vec::new(), headers: Vec::new() }
    }

    /// The same with one more element.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.extra.push((name, value.into()));
        self
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// 400 `InvalidRequest`.
    pub fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, "InvalidRequest", message)
    }

    /// 400 `InvalidArgument` with the argument's name and value.
    pub fn invalid_argument(message: impl Into<Cow<'static, str>>, name: &str, value: &str) -> Self {
        Self::new(400, "InvalidArgument", message).with("ArgumentName", name).with("ArgumentValue", value)
    }

    /// 404 `NoSuchBucket`.
    pub fn no_such_bucket(bucket: &str) -> Self {
        Self::new(404, "NoSuchBucket", "The specified bucket does not exist").with("BucketName", bucket)
    }

    /// 404 `NoSuchKey`.
    pub fn no_such_key(key: &str) -> Self {
        Self::new(404, "NoSuchKey", "The specified key does not exist.").with("Key", key)
    }

    /// 404 `NoSuchUpload`.
    pub fn no_such_upload(upload_id: &str) -> Self {
        Self::new(
            404,
            "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
        )
        .with("UploadId", upload_id)
    }

    /// 400 for a part number outside 1 to 10 000.
    pub fn part_number(value: &str) -> Self {
        Self::invalid_argument(
            "Part number must be an integer between 1 and 10000, inclusive",
            "partNumber",
            value,
        )
    }

    /// 400 `EntityTooLarge`.
    pub fn too_large(proposed: u64, max: u64) -> Self {
        Self::new(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
            .with("ProposedSize", proposed.to_string())
            .with("MaxSizeAllowed", max.to_string())
    }

    /// 400 `MalformedXML`.
    pub fn malformed_xml() -> Self {
        Self::new(
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        )
    }

    /// 412 `PreconditionFailed` naming the condition.
    pub fn precondition(condition: &str) -> Self {
        Self::new(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
            .with("Condition", condition)
    }

    /// 409 `ConditionalRequestConflict`.
    pub fn conflict(condition: &str, key: &str) -> Self {
        Self::new(
            409,
            "ConditionalRequestConflict",
            "The conditional request cannot succeed due to a conflicting operation against this resource.",
        )
        .with("Condition", condition)
        .with("Key", key)
    }

    /// 501 `NotImplemented` naming the header and why.
    pub fn header_not_implemented(header: &str, detail: &str) -> Self {
        Self::new(
            501,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
        )
        .with("Header", header)
        .with("additionalMessage", detail)
    }

    /// 501 for something this sandbox leaves out, saying what.
    pub fn not_in_sandbox(what: &str) -> Self {
        Self::new(501, "NotImplemented", format!("The sandbox does not implement {what}"))
    }

    /// 405 `MethodNotAllowed`.
    pub fn method_not_allowed(method: &str) -> Self {
        Self::new(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
            .with("Method", method)
    }

    /// 500 `InternalError`.
    pub fn internal() -> Self {
        Self::new(500, "InternalError", "We encountered an internal error. Please try again.")
    }

    /// 500 `InternalError` saying what this machine could not do.
    pub fn machine(error: &std::io::Error) -> Self {
        Self::internal().with("SandboxDetail", error.to_string())
    }

    /// 503 `SlowDown`.
    pub fn slow_down() -> Self {
        Self::new(503, "SlowDown", "Please reduce your request rate.")
    }
}

impl From<std::io::Error> for S3Error {
    fn from(error: std::io::Error) -> Self {
        Self::machine(&error)
    }
}
