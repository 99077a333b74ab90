//! Answers that say no: errors as documents, and the one that comes after a 200.

use super::Stamp;
use crate::sandbox::answer::{self, Body, DECLARATION, Response};
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Head;
use bytes::Bytes;

/// Headers of a request may have 8 KB in all.
pub(super) fn check_size(head: &Head) -> Result<(), S3Error> {
    const MAX: usize = 8192;
    let size: usize = head.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    if size <= MAX {
        return Ok(());
    }
    Err(head_too_large().with("MaxSizeAllowed", MAX.to_string()))
}

pub(super) fn head_too_large() -> S3Error {
    S3Error::new(
        400,
        "RequestHeaderSectionTooLarge",
        "Your request header section exceeds the maximum allowed size.",
    )
}

pub(super) fn error_response(stamp: &Stamp, error: &S3Error) -> Response {
    let mut response = Response::empty(error.status);
    for (name, value) in &error.headers {
        response = response.header(name, value);
    }
    let document = answer::error_document(error, &stamp.request_id, &stamp.host_id);
    response.body = Body::Bytes(Bytes::from(document));
    response
}

/// 200 and a declaration, white space while "working", and then an error document.
pub(super) fn late_error(stamp: &Stamp) -> Response {
    let document = answer::error_document(&S3Error::internal(), &stamp.request_id, &stamp.host_id);
    let error = document.strip_prefix(DECLARATION).unwrap_or(&document).to_owned();
    let mut response = Response::empty(200);
    let space = Bytes::from_static(b"\n\n");
    response.body = Body::Chunked(vec![
        Bytes::from_static(DECLARATION.as_bytes()),
        space.clone(),
        space,
        Bytes::from(error),
    ]);
    response
}
