//! Headers that become properties of an object, and the headers that give them back.

use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::limits::AWS;
use crate::domain::limits::STORAGE_CLASSES;
use crate::domain::names::Tag;
use crate::domain::operation::ObjectProperties;
use crate::sandbox::answer::Response;
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::Conditions;
use crate::sandbox::store::object::Object;
use crate::sandbox::store::tags;
use crate::sandbox::store::upload::checksum_choice;

/// User metadata may have this many bytes in names and values together.
const MAX_METADATA: usize = 2048;
/// The storage class that an object of a directory bucket has.
const EXPRESS: &str = "EXPRESS_ONEZONE";

/// Properties named by the headers of a writing request.
pub(super) fn from_headers(request: &Request) -> Result<ObjectProperties, S3Error> {
    let storage_class = request.owned("x-amz-storage-class");
    if let Some(class) = storage_class.as_deref().filter(|c| !STORAGE_CLASSES.contains(c) && *c != EXPRESS) {
        return Err(S3Error::new(400, "InvalidStorageClass", "The storage class you specified is not valid")
            .with("StorageClassRequested", class));
    }
    Ok(ObjectProperties {
        content_type: request.owned("content-type").filter(|t| !t.is_empty()),
        cache_control: request.owned("cache-control"),
        content_disposition: request.owned("content-disposition"),
        content_encoding: content_encoding(request),
        content_language: request.owned("content-language"),
        expires: request.owned("expires"),
        metadata: metadata(request)?,
        storage_class: storage_class.filter(|c| c != "STANDARD"),
        website_redirect_location: request.owned("x-amz-website-redirect-location"),
        ..ObjectProperties::default()
    })
}

/// `aws-chunked` describes the transfer and is not kept.
fn content_encoding(request: &Request) -> Option<String> {
    let value = request.header("content-encoding")?;
    let kept: Vec<&str> =
        value.split(',').map(str::trim).filter(|c| *c != "aws-chunked" && !c.is_empty()).collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

fn metadata(request: &Request) -> Result<Vec<(String, String)>, S3Error> {
    let mut list: Vec<(String, String)> = Vec::new();
    for (name, value) in &request.head.headers {
        let lower = name.to_ascii_lowercase();
        let Some(name) = lower.strip_prefix("x-amz-meta-") else { continue };
        match list.iter_mut().find(|(n, _)| n == name) {
            Some((_, values)) => {
                values.push(',');
                values.push_str(&super::rfc2047::stored(value));
            }
            None => list.push((name.to_owned(), super::rfc2047::stored(value))),
        }
    }
    let size: usize = list.iter().map(|(n, v)| n.len() + v.len()).sum();
    if size > MAX_METADATA {
        return Err(too_large(size, MAX_METADATA));
    }
    Ok(list)
}

fn too_large(size: usize, max: usize) -> S3Error {
    S3Error::new(400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
        .with("Size", size.to_string())
        .with("MaxSizeAllowed", max.to_string())
}

/// Tags named by `x-amz-tagging`.
pub(super) fn tagging(request: &Request) -> Result<Vec<Tag>, S3Error> {
    let Some(header) = request.header("x-amz-tagging") else { return Ok(Vec::new()) };
    if header.len() > AWS.max_tagging_header {
        return Err(too_large(header.len(), AWS.max_tagging_header));
    }
    tags::from_header(header)
}

/// `If-Match` and `If-None-Match` of a write.
pub(super) fn conditions(request: &Request) -> Conditions {
    Conditions { if_match: request.owned("if-match"), if_none_match: request.owned("if-none-match") }
}

/// The checksum algorithm a CopyObject names. What an SDK says of itself (`x-amz-sdk-checksum-algorithm`) means
/// nothing without a value.
pub(super) fn named_algorithm(request: &Request) -> Result<Option<ChecksumAlgorithm>, S3Error> {
    let named = checksum_choice(request.header("x-amz-checksum-algorithm"), None)?;
    Ok(named.map(|(algorithm, _)| algorithm))
}

/// Adds the object's checksum and its type.
pub(super) fn checksum_headers(response: Response, object: &Object) -> Result<Response, S3Error> {
    let (Some(checksum), Some(value)) = (&object.checksum, object.checksum_header()?) else {
        return Ok(response);
    };
    Ok(response
        .header(checksum.algorithm.header(), value)
        .header("x-amz-checksum-type", checksum.kind.name()))
}

/// Adds the headers by which GET and HEAD give properties back.
pub(super) fn to_headers(mut response: Response, object: &Object) -> Response {
    let p = &object.properties;
    for (name, value) in &p.metadata {
        response = response.header(&format!("x-amz-meta-{name}"), super::rfc2047::told(value));
    }
    if !object.attached.tags.is_empty() {
        response = response.header("x-amz-tagging-count", object.attached.tags.len().to_string());
    }
    response = super::lock::told(response, &object.attached.lock);
    response
        .header_if("x-amz-storage-class", p.storage_class.as_deref())
        .header_if("x-amz-website-redirect-location", p.website_redirect_location.as_deref())
        .header_if("Cache-Control", p.cache_control.as_deref())
        .header_if("Content-Disposition", p.content_disposition.as_deref())
        .header_if("Content-Encoding", p.content_encoding.as_deref())
        .header_if("Content-Language", p.content_language.as_deref())
        .header_if("Expires", p.expires.as_deref())
}
