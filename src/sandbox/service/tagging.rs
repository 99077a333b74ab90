//! Object tags: read, replace, remove.

use super::{State, document, integrity, settings, version};
use crate::domain::names::Tag;
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::{Object, tags};

/// GetObjectTagging.
pub(super) fn get(state: &State, request: &Request) -> Result<Response, S3Error> {
    let found = state.store();
    let object = found.bucket(&request.bucket)?.find_to_change(&request.key, version(request));
    drop(found);
    let object = object.map_err(|mut error| {
        // Recorded oddity: here, and only here, the missing key is named with its bucket.
        for (name, value) in &mut error.extra {
            if *name == "Key" {
                *value = format!("{}/{}", request.bucket, request.key);
            }
        }
        error
    })?;
    let mut xml = Xml::result("Tagging");
    write(&mut xml, &object.attached.tags);
    Ok(told(state, request, &object, Response::xml(xml)))
}

/// Bucket, key and version of a request.
fn name(request: &Request) -> (&str, &str, Option<&str>) {
    (&request.bucket, &request.key, version(request))
}

/// `<TagSet>`.
pub(super) fn write(xml: &mut Xml, tags: &[Tag]) {
    xml.open("TagSet");
    for tag in tags {
        xml.open("Tag").text("Key", &tag.key).text("Value", &tag.value).close("Tag");
    }
    xml.close("TagSet");
}

/// Adds the version that was read or changed.
fn told(state: &State, request: &Request, object: &Object, response: Response) -> Response {
    let store = state.store();
    let version = store.bucket(&request.bucket).ok().and_then(|b| b.version_header(&object.version));
    response.header_if("x-amz-version-id", version)
}

/// PutObjectTagging.
pub(super) fn put(state: &State, request: &Request) -> Result<Response, S3Error> {
    integrity::require(request)?;
    let root = document::read(&request.body, "Tagging")?;
    let list = settings::tag_set(&root)?;
    tags::check_document(&list)?;
    let object = state.store().attach(name(request), |attached| attached.tags = list)?;
    Ok(told(state, request, &object, Response::empty(200)))
}

/// DeleteObjectTagging.
pub(super) fn delete(state: &State, request: &Request) -> Result<Response, S3Error> {
    let object = state.store().attach(name(request), |attached| attached.tags.clear())?;
    Ok(told(state, request, &object, Response::empty(204)))
}
