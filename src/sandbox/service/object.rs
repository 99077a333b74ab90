//! PutObject, DeleteObject and DeleteObjects.

use super::{State, document, integrity, properties};
use crate::domain::limits::AWS;
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::content::Content;
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::NewObject;

/// PutObject.
pub(super) fn put(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().bucket(&request.bucket)?;
    let content = request.content.clone();
    if content.len() > AWS.max_single_operation {
        return Err(S3Error::too_large(content.len(), AWS.max_single_operation));
    }
    let stated = integrity::check(request, &content)?;
    let new = NewObject {
        content,
        properties: properties::from_headers(request)?,
        tags: properties::tagging(request)?,
        checksum: stated.map(|(algorithm, _)| algorithm).or_else(|| properties::named_algorithm(request)),
    };
    new.content.md5()?;
    let conditions = properties::conditions(request);
    let now = state.clock.now();
    let object = state.store().put_object(&request.bucket, &request.key, new, &conditions, now)?;
    Ok(Response::empty(200)
        .encrypted()
        .header("ETag", object.etag.quoted())
        .header(object.checksum.algorithm.header(), object.checksum.value()?)
        .header("x-amz-checksum-type", object.checksum.kind.name()))
}

/// DeleteObject, of the object with a given ETag only if `If-Match` names one.
pub(super) fn delete(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().delete_object(&request.bucket, &request.key, request.header("if-match"))?;
    Ok(Response::empty(204))
}

/// DeleteObjects: up to a thousand keys, each with its own outcome.
pub(super) fn delete_many(state: &State, request: &Request) -> Result<Response, S3Error> {
    integrity::check(request, &Content::of_bytes(request.body.clone()))?;
    let root = document::read(&request.body, "Delete")?;
    if root.all("Object").any(|o| o.child("VersionId").is_some_and(|id| id != "null")) {
        return Err(S3Error::not_in_sandbox("versions of objects"));
    }
    let keys: Vec<(&str, Option<&str>)> =
        root.all("Object").filter_map(|o| Some((o.child("Key")?, o.child("ETag")))).collect();
    if keys.is_empty() || keys.len() > 1000 {
        return Err(S3Error::malformed_xml());
    }
    let quiet = root.child("Quiet") == Some("true");
    let mut store = state.store();
    store.bucket(&request.bucket)?;
    let mut xml = Xml::result("DeleteResult");
    for (key, etag) in keys {
        match store.delete_object(&request.bucket, key, etag) {
            Ok(()) if quiet => {}
            Ok(()) => drop(xml.open("Deleted").text("Key", key).close("Deleted")),
            Err(e) => {
                xml.open("Error").text("Key", key).text("Code", e.code).text("Message", &e.message);
                xml.close("Error");
            }
        }
    }
    Ok(Response::xml(xml))
}
