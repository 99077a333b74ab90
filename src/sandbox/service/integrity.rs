//! What a client says about its body's integrity, checked: `Content-MD5` and `x-amz-checksum-*`.

use super::properties::named_algorithm;
use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::etag::to_hex;
use crate::hash::digest::Algorithm;
use crate::sandbox::content::Content;
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::object::base64;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The one checksum header or trailer of a request.
pub(super) fn stated(request: &Request) -> Result<Option<(ChecksumAlgorithm, String)>, S3Error> {
    let mut found: Option<(ChecksumAlgorithm, String)> = None;
    for (name, value) in request.head.headers.iter().chain(&request.trailers) {
        let algorithm = ChecksumAlgorithm::ALL.into_iter().find(|a| name.eq_ignore_ascii_case(a.header()));
        let Some(algorithm) = algorithm else { continue };
        if found.is_some() {
            return Err(S3Error::invalid_request(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
            ));
        }
        found = Some((algorithm, value.trim().to_owned()));
    }
    Ok(found)
}

/// The algorithms a body's checks and checksum will need, so that they are computed while it passes.
pub(super) fn expected(request: &Request) -> Vec<Algorithm> {
    let announced = request.header("x-amz-trailer").unwrap_or("").split(',').map(str::trim);
    let names: Vec<&str> = request.head.headers.iter().map(|(n, _)| n.as_str()).chain(announced).collect();
    let stated = |a: &ChecksumAlgorithm| names.iter().any(|n| n.eq_ignore_ascii_case(a.header()));
    let stated = ChecksumAlgorithm::ALL.into_iter().filter(stated);
    stated.chain(named_algorithm(request).ok().flatten()).map(Algorithm::Checksum).collect()
}

/// Checks everything that was stated about the body; gives back the checksum, to be echoed.
pub(super) fn check(
    request: &Request,
    content: &Content,
) -> Result<Option<(ChecksumAlgorithm, String)>, S3Error> {
    check_md5(request, content, to_hex)?;
    check_checksum(request, content)
}

/// The same for a document that may not come without one.
pub(super) fn require(request: &Request) -> Result<(), S3Error> {
    if request.header("content-md5").is_none() && stated(request)?.is_none() {
        return Err(S3Error::invalid_request(
            "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
        ));
    }
    check(request, &Content::of_bytes(request.body.clone())).map(drop)
}

/// The same for a part. What was expected of its MD5 is told in base64, and in hex everywhere else: recorded.
pub(super) fn check_part(
    request: &Request,
    content: &Content,
) -> Result<Option<(ChecksumAlgorithm, String)>, S3Error> {
    check_md5(request, content, base64)?;
    check_checksum(request, content)
}

fn check_checksum(
    request: &Request,
    content: &Content,
) -> Result<Option<(ChecksumAlgorithm, String)>, S3Error> {
    let Some((algorithm, value)) = stated(request)? else { return Ok(None) };
    let raw = STANDARD.decode(&value).unwrap_or_default();
    let computed = content.checksum(algorithm)?;
    if raw.len() != computed.len() {
        return Err(S3Error::invalid_request(format!("Value for {} header is invalid.", algorithm.header())));
    }
    if raw != computed {
        return Err(S3Error::new(
            400,
            "BadDigest",
            format!("The {} you specified did not match the calculated checksum.", algorithm.name()),
        ));
    }
    Ok(Some((algorithm, value)))
}

fn check_md5(request: &Request, content: &Content, told: fn(&[u8]) -> String) -> Result<(), S3Error> {
    let Some(value) = request.header("content-md5") else { return Ok(()) };
    let raw = STANDARD.decode(value.trim()).unwrap_or_default();
    if raw.len() != 16 {
        return Err(S3Error::new(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
            .with("Content-MD5", value));
    }
    if raw == content.md5()? {
        return Ok(());
    }
    Err(S3Error::new(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
        .with("ExpectedDigest", told(&raw))
        .with("CalculatedDigest", base64(&content.md5()?)))
}
