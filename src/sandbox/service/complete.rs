//! CompleteMultipartUpload: the document is read and the rules of the store decide.

use super::document::{self, Element};
use super::{State, encryption, integrity, properties, upload_name};
use crate::domain::checksum::{ChecksumAlgorithm, ChecksumType};
use crate::domain::etag::ETag;
use crate::domain::names::encode_key;
use crate::sandbox::answer::{Body, DECLARATION, Response, Xml};
use crate::sandbox::content::Content;
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::complete::{CompleteRequest, ListedPart};
use bytes::Bytes;

/// CompleteMultipartUpload.
pub(super) fn complete(state: &State, request: &Request) -> Result<Response, S3Error> {
    let typed =
        request.header("content-type").is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"));
    if typed {
        return Err(S3Error::invalid_request(
            "The Content-Type application/x-www-form-urlencoded is not accepted for this request",
        ));
    }
    let wanted = CompleteRequest {
        parts: parts(&request.body).map_err(|error| or_no_upload(state, request, error))?,
        conditions: properties::conditions(request),
        checksum_type: request.owned("x-amz-checksum-type"),
        object_size: object_size(request)?,
        whole: integrity::stated(request)?,
    };
    may_complete(state, request)?;
    warm(state, request)?;
    let done = state.store().complete(upload_name(request), &wanted, &state.moment())?;

    let host = request.header("host").unwrap_or("localhost");
    let mut xml = Xml::result("CompleteMultipartUploadResult");
    let place = match request.bucket_in_host {
        true => format!("http://{host}/{}", encode_key(&request.key)),
        false => format!("http://{host}/{}/{}", request.bucket, encode_key(&request.key)),
    };
    xml.text("Location", &place).text("Bucket", &request.bucket).text("Key", &request.key).etag(&done.etag);
    if let Some((algorithm, kind, value)) = &done.checksum {
        xml.text(&format!("Checksum{}", algorithm.name()), value).text("ChecksumType", kind.name());
    }
    // S3 answers this operation in chunks, because it may begin before it knows the end.
    let document = xml.finish();
    let (declaration, result) = document.split_at(DECLARATION.len().min(document.len()));
    let mut response = Response::empty(200)
        .header_if("x-amz-version-id", done.version.written())
        .encryption(&done.encryption);
    response.body = Body::Chunked(vec![
        Bytes::copy_from_slice(declaration.as_bytes()),
        Bytes::copy_from_slice(result.as_bytes()),
    ]);
    Ok(response)
}

/// A list that cannot be read is of no interest where there is no upload.
fn or_no_upload(state: &State, request: &Request, error: S3Error) -> S3Error {
    let (store, name) = (state.store(), upload_name(request));
    match store.upload(name) {
        Err(missing) if !store.was_completed(name) => missing,
        _ => error,
    }
}

/// A key must come with Complete too when the upload has both a client's key and a checksum algorithm.
fn may_complete(state: &State, request: &Request) -> Result<(), S3Error> {
    let store = state.store();
    let Ok(upload) = store.upload(upload_name(request)) else { return Ok(()) };
    let named = request.header("x-amz-server-side-encryption-customer-algorithm").is_some();
    if named || (upload.checksum.is_some() && upload.encryption.customer_key().is_some()) {
        encryption::same_key(request, &upload.encryption)?;
    }
    Ok(())
}

/// Has the digests computed that the store will need, before its lock is taken.
fn warm(state: &State, request: &Request) -> Result<(), S3Error> {
    let (contents, checksum): (Vec<Content>, _) = {
        let store = state.store();
        let Ok(upload) = store.upload(upload_name(request)) else { return Ok(()) };
        (upload.parts.values().map(|p| p.content.clone()).collect(), upload.checksum)
    };
    let algorithm =
        checksum.map_or(ChecksumAlgorithm::Crc64Nvme, |(algorithm, _): (_, ChecksumType)| algorithm);
    for content in contents {
        content.checksum(algorithm)?;
    }
    Ok(())
}

fn object_size(request: &Request) -> Result<Option<u64>, S3Error> {
    let Some(text) = request.header("x-amz-mp-object-size") else { return Ok(None) };
    let size = text
        .trim()
        .parse()
        .map_err(|_| S3Error::invalid_request("Value for x-amz-mp-object-size header is invalid."))?;
    Ok(Some(size))
}

fn parts(body: &[u8]) -> Result<Vec<ListedPart>, S3Error> {
    if body.is_empty() {
        return Err(S3Error::invalid_request("You must specify at least one part"));
    }
    let root = document::read(body, "CompleteMultipartUpload")?;
    let list = root.all("Part").map(part).collect::<Result<Vec<_>, _>>()?;
    if list.is_empty() || list.len() > 10_000 { Err(S3Error::malformed_xml()) } else { Ok(list) }
}

fn part(element: &Element) -> Result<ListedPart, S3Error> {
    let number = element.child("PartNumber").and_then(|t| t.trim().parse().ok());
    let etag = element.child("ETag").map(ETag::parse);
    let (Some(number), Some(etag)) = (number, etag) else { return Err(S3Error::malformed_xml()) };
    let checksums = ChecksumAlgorithm::ALL
        .into_iter()
        .filter_map(|a| Some((a, element.child(&format!("Checksum{}", a.name()))?.trim().to_owned())))
        .collect();
    Ok(ListedPart { number, etag, checksums })
}
