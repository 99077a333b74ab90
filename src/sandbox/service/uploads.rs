//! CreateMultipartUpload, AbortMultipartUpload and ListParts.

use super::{State, attached, encryption_for, initiator, lifecycle, owner, properties, upload_name};
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::clock::xml_date;
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::list::PartsPage;
use crate::sandbox::store::upload::{NewUpload, UploadName, checksum_choice};

/// CreateMultipartUpload.
pub(super) fn create(state: &State, request: &Request) -> Result<Response, S3Error> {
    let checksum =
        checksum_choice(request.header("x-amz-checksum-algorithm"), request.header("x-amz-checksum-type"))?;
    let new = NewUpload {
        properties: properties::from_headers(request)?,
        encryption: encryption_for(state, request)?,
        attached: attached(state, request)?,
        checksum,
    };
    let encryption = new.encryption.clone();
    let id = state.ids.upload_id();
    let (settings, upload) = {
        let mut store = state.store();
        store.create_upload(&request.bucket, &request.key, new, id.clone(), state.clock.now())?;
        let upload =
            store.upload(UploadName { bucket: &request.bucket, key: &request.key, id: &id })?.without_parts();
        (store.bucket(&request.bucket)?.settings.clone(), upload)
    };
    let mut xml = Xml::result("InitiateMultipartUploadResult");
    xml.text("Bucket", &request.bucket).text("Key", &request.key).text("UploadId", &id);
    let mut response = lifecycle::told(Response::xml(xml).encryption(&encryption), &settings, &upload);
    if let Some((algorithm, kind)) = checksum {
        response = response
            .header("x-amz-checksum-algorithm", algorithm.name())
            .header("x-amz-checksum-type", kind.name());
    }
    Ok(response)
}

/// AbortMultipartUpload.
pub(super) fn abort(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().abort_upload(upload_name(request))?;
    Ok(Response::empty(204))
}

/// ListParts.
pub(super) fn list_parts(state: &State, request: &Request) -> Result<Response, S3Error> {
    let max = request.count("max-parts", 1000)?;
    let after = request.count("part-number-marker", 2_147_483_647)?;
    let after = match request.param("part-number-marker").filter(|t| !t.is_empty()) {
        Some(_) => i32::try_from(after).unwrap_or(i32::MAX),
        None => 0,
    };
    let (page, settings) = {
        let store = state.store();
        let page = store.list_parts(upload_name(request), after, max)?;
        (page, store.bucket(&request.bucket)?.settings.clone())
    };
    let response = Response::xml(document(request, &page, after, max));
    Ok(lifecycle::told(response, &settings, &page.upload))
}

fn document(request: &Request, page: &PartsPage, after: i32, max: usize) -> Xml {
    let upload = &page.upload;
    let mut xml = Xml::result("ListPartsResult");
    xml.text("Bucket", &request.bucket).text("Key", &request.key).text("UploadId", &upload.id);
    initiator(&mut xml);
    owner(&mut xml);
    xml.text("StorageClass", upload.properties.storage_class.as_deref().unwrap_or("STANDARD"))
        .number("PartNumberMarker", after)
        .number("NextPartNumberMarker", page.parts.last().map_or(0, |(n, _)| *n))
        .number("MaxParts", max)
        .text("IsTruncated", if page.truncated { "true" } else { "false" });
    if let Some((algorithm, kind)) = upload.checksum {
        xml.text("ChecksumAlgorithm", algorithm.name()).text("ChecksumType", kind.name());
    }
    for (number, part) in &page.parts {
        xml.open("Part")
            .number("PartNumber", number)
            .text("LastModified", &xml_date(part.last_modified))
            .etag(&part.etag)
            .number("Size", part.content.len());
        if let (Some((algorithm, _)), Some(value)) = (upload.checksum, &part.checksum) {
            xml.text(&format!("Checksum{}", algorithm.name()), value);
        }
        xml.close("Part");
    }
    xml
}
