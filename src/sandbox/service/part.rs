//! UploadPart and UploadPartCopy.

use super::{State, encryption, integrity, opaque_etag, upload_name};
use crate::domain::checksum::{ChecksumAlgorithm, ChecksumType};
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::clock::{parse_http_date, xml_date};
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::copy::{Source, SourceConditions, copied_range, parse_source};
use crate::sandbox::store::encryption::Encryption;
use crate::sandbox::store::object::base64;
use crate::sandbox::store::upload::check_part_number;

/// The checksum an upload was created with.
type Choice = Option<(ChecksumAlgorithm, ChecksumType)>;

/// The `partNumber` of a request, 1 to 10 000.
pub(super) fn part_number(request: &Request) -> Result<i32, S3Error> {
    let text = request.param("partNumber").unwrap_or("");
    let number: i32 =
        text.parse().ok().filter(|_| !text.starts_with('+')).ok_or_else(|| S3Error::part_number(text))?;
    check_part_number(number)?;
    Ok(number)
}

/// The algorithm and encryption the upload was created with; finds out at once whether there is such an upload
/// and whether the client has its key.
fn begun(state: &State, request: &Request) -> Result<(Choice, Encryption), S3Error> {
    let store = state.store();
    let upload = store.upload(upload_name(request))?;
    encryption::same_key(request, &upload.encryption)?;
    Ok((upload.checksum, upload.encryption.clone()))
}

/// A part's checksum must be of its upload's algorithm; without one a part is taken by FULL_OBJECT uploads only.
fn fits(choice: Choice, stated: Option<ChecksumAlgorithm>) -> Result<(), S3Error> {
    let wrong = |wanted: ChecksumAlgorithm, actual: Option<ChecksumAlgorithm>| {
        let name = |algorithm: ChecksumAlgorithm| algorithm.name().to_ascii_lowercase();
        Err(S3Error::invalid_request(format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            name(wanted),
            actual.map_or_else(|| "null".to_owned(), name)
        )))
    };
    match (choice, stated) {
        (Some((wanted, _)), Some(actual)) if wanted != actual => wrong(wanted, stated),
        (Some((wanted, ChecksumType::Composite)), None) => wrong(wanted, None),
        _ => Ok(()),
    }
}

/// UploadPart.
pub(super) fn upload(state: &State, request: &Request) -> Result<Response, S3Error> {
    let number = part_number(request)?;
    let (choice, encryption) = begun(state, request)?;
    let content = request.content.clone();
    let stated = integrity::check_part(request, &content)?;
    fits(choice, stated.as_ref().map(|(actual, _)| *actual))?;
    let algorithm = choice.map(|(algorithm, _)| algorithm);
    let opaque = opaque_etag(state, &encryption);
    let etag = opaque.clone().map_or_else(|| content.etag(), Ok)?;
    let computed = algorithm.map(|a| Ok::<_, S3Error>((a, base64(content.checksum(a)?)))).transpose()?;
    let echoed = stated.or(computed);
    state.store().put_part(upload_name(request), number, content, opaque, state.clock.now())?;
    let mut response = Response::empty(200).encryption(&encryption).header("ETag", etag.quoted());
    if let Some((algorithm, value)) = echoed {
        response = response.header(algorithm.header(), value);
    }
    Ok(response)
}

/// `x-amz-copy-source` and its conditions.
pub(super) fn source(request: &Request) -> Result<(Source, SourceConditions), S3Error> {
    let source = parse_source(request.header("x-amz-copy-source").unwrap_or(""))?;
    let conditions = SourceConditions {
        if_match: request.owned("x-amz-copy-source-if-match"),
        if_none_match: request.owned("x-amz-copy-source-if-none-match"),
        if_modified_since: request.header("x-amz-copy-source-if-modified-since").and_then(parse_http_date),
        if_unmodified_since: request
            .header("x-amz-copy-source-if-unmodified-since")
            .and_then(parse_http_date),
    };
    Ok((source, conditions))
}

/// UploadPartCopy.
pub(super) fn copy(state: &State, request: &Request) -> Result<Response, S3Error> {
    let number = part_number(request)?;
    let (source, conditions) = source(request)?;
    let (choice, encryption) = begun(state, request)?;
    let algorithm = choice.map(|(algorithm, _)| algorithm);
    let now = state.clock.now();
    let object = state.store().copy_source(&source, &conditions, now)?;
    encryption::may_copy(request, &object.encryption)?;
    let content = copied_range(&object, request.header("x-amz-copy-source-range"))?;
    let opaque = opaque_etag(state, &encryption);
    let etag = opaque.clone().map_or_else(|| content.etag(), Ok)?;
    let checksum = algorithm.map(|a| Ok::<_, S3Error>((a, base64(content.checksum(a)?)))).transpose()?;
    state.store().put_part(upload_name(request), number, content, opaque, now)?;
    let mut xml = Xml::result("CopyPartResult");
    xml.text("LastModified", &xml_date(now)).etag(&etag);
    if let Some((algorithm, value)) = checksum {
        xml.text(&format!("Checksum{}", algorithm.name()), &value);
    }
    Ok(Response::xml(xml)
        .header_if("x-amz-copy-source-version-id", object.version.written())
        .encryption(&encryption))
}
