//! CopyObject: at most 5 GiB, and the result is always a single-part object.

use super::{State, attached, encryption, encryption_for, opaque_etag, part, properties};
use crate::domain::limits::AWS;
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::clock::xml_date;
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::copy::source_too_large;
use crate::sandbox::store::{NewObject, Object};

/// A directive header: COPY unless REPLACE is said.
fn replaces(request: &Request, header: &'static str, unknown: &'static str) -> Result<bool, S3Error> {
    match request.header(header) {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(other) => Err(S3Error::invalid_argument(unknown, header, other)),
    }
}

/// CopyObject.
pub(super) fn copy(state: &State, request: &Request) -> Result<Response, S3Error> {
    let (from, conditions) = part::source(request)?;
    let moment = state.moment();
    let source = state.store().copy_source(&from, &conditions, moment.now)?;
    encryption::may_copy(request, &source.encryption)?;
    if source.content.len() > AWS.max_single_operation {
        return Err(source_too_large());
    }
    let in_place = from.bucket == request.bucket && from.key == request.key && from.version.is_none();
    let new = new_object(state, request, &source, in_place)?;
    new.content.md5()?;
    if let Some(algorithm) = new.checksum {
        new.content.checksum(algorithm)?;
    }
    let wanted = properties::conditions(request);
    let (object, version) = {
        let mut store = state.store();
        let object = store.put_object(&request.bucket, &request.key, new, &wanted, &moment)?;
        let version = store.bucket(&request.bucket)?.version_header(&object.version);
        (object, version)
    };
    let mut xml = Xml::result("CopyObjectResult");
    xml.text("LastModified", &xml_date(object.last_modified)).etag(&object.etag);
    if let (Some(checksum), Some(value)) = (&object.checksum, object.checksum_value()?) {
        xml.text(&format!("Checksum{}", checksum.algorithm.name()), &value)
            .text("ChecksumType", checksum.kind.name());
    }
    Ok(Response::xml(xml)
        .header_if("x-amz-copy-source-version-id", source.version.written())
        .header_if("x-amz-version-id", version)
        .encryption(&object.encryption))
}

fn new_object(
    state: &State,
    request: &Request,
    source: &Object,
    in_place: bool,
) -> Result<NewObject, S3Error> {
    let metadata = replaces(request, "x-amz-metadata-directive", "Unknown metadata directive.")?;
    let tagging = replaces(request, "x-amz-tagging-directive", "Unknown tagging directive.")?;
    let named = properties::from_headers(request)?;
    let changes = metadata
        || request.header("x-amz-storage-class").is_some()
        || request.header("x-amz-website-redirect-location").is_some()
        || request.header("x-amz-server-side-encryption").is_some()
        || request.header("x-amz-server-side-encryption-customer-algorithm").is_some()
        || state.store().bucket(&request.bucket)?.settings.encryption.is_some();
    let encryption = encryption_for(state, request)?;
    if in_place && !changes {
        return Err(S3Error::invalid_request(
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    let mut kept = if metadata { named.clone() } else { source.properties.clone() };
    // Neither is copied: the class falls back to STANDARD and the redirect is dropped.
    kept.storage_class = named.storage_class;
    kept.website_redirect_location = named.website_redirect_location;
    let mut attached = attached(state, request)?;
    if !tagging {
        attached.tags.clone_from(&source.attached.tags);
    }
    Ok(NewObject {
        content: source.content.clone(),
        etag: opaque_etag(state, &encryption),
        encryption,
        properties: kept,
        attached,
        checksum: properties::named_algorithm(request)?.or(source.checksum.as_ref().map(|c| c.algorithm)),
    })
}
