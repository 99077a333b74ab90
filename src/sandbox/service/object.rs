//! PutObject, DeleteObject and DeleteObjects.

use super::{State, attached, document, encryption_for, integrity, lock, opaque_etag, properties, version};
use crate::domain::limits::AWS;
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::version::no_such_version;
use crate::sandbox::store::write::{DeleteTerms, Deleted};
use crate::sandbox::store::{NewObject, VersionId};

/// PutObject.
pub(super) fn put(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().bucket(&request.bucket)?;
    let content = request.content.clone();
    if content.len() > AWS.max_single_operation {
        return Err(S3Error::too_large(content.len(), AWS.max_single_operation));
    }
    let stated = integrity::check(request, &content)?;
    let encryption = encryption_for(state, request)?;
    let new = NewObject {
        content,
        etag: opaque_etag(state, &encryption),
        encryption,
        properties: properties::from_headers(request)?,
        attached: attached(state, request)?,
        checksum: stated.map(|(algorithm, _)| algorithm),
    };
    new.content.md5()?;
    let conditions = properties::conditions(request);
    let moment = state.moment();
    let object = state.store().put_object(&request.bucket, &request.key, new, &conditions, &moment)?;
    let response = Response::empty(200)
        .encryption(&object.encryption)
        .header_if("x-amz-version-id", object.version.written())
        .header("ETag", object.etag.quoted());
    properties::checksum_headers(response, &object)
}

/// DeleteObject, of the object with a given ETag only if `If-Match` names one.
pub(super) fn delete(state: &State, request: &Request) -> Result<Response, S3Error> {
    let version = version(request);
    let terms = DeleteTerms { if_match: request.header("if-match"), bypass: lock::bypass(state, request)? };
    let moment = state.moment();
    let deleted = state.store().delete_object(&request.bucket, &request.key, version, terms, &moment);
    let deleted = match deleted {
        // A version that is gone already is deleted as asked; only DeleteObjects complains.
        Err(error) if error.code == "NoSuchVersion" => {
            Deleted { version: version.map(|id| VersionId(id.to_owned())), marker: false }
        }
        other => other?,
    };
    Ok(Response::empty(204)
        .header_if("x-amz-version-id", deleted.version.map(|v| v.0))
        .header_if("x-amz-delete-marker", deleted.marker.then_some("true")))
}

/// One entry of DeleteObjects.
struct Doomed<'a> {
    key: &'a str,
    version: Option<&'a str>,
    etag: Option<&'a str>,
    /// Whether it names conditions of directory buckets, which must not be passed over.
    strange: bool,
}

/// DeleteObjects: up to a thousand keys, each with its own outcome.
pub(super) fn delete_many(state: &State, request: &Request) -> Result<Response, S3Error> {
    integrity::require(request)?;
    let root = document::read(&request.body, "Delete")?;
    let doomed: Vec<Doomed<'_>> = root
        .all("Object")
        .filter_map(|o| {
            let version = o.child("VersionId").filter(|id| !id.is_empty());
            let strange = o.child("Size").is_some() || o.child("LastModifiedTime").is_some();
            Some(Doomed { key: o.child("Key")?, version, etag: o.child("ETag"), strange })
        })
        .collect();
    if doomed.is_empty() || doomed.len() > 1000 {
        return Err(S3Error::malformed_xml());
    }
    let quiet = root.child("Quiet") == Some("true");
    let bypass = lock::bypass(state, request)?;
    let mut store = state.store();
    store.bucket(&request.bucket)?;
    let mut xml = Xml::result("DeleteResult");
    for one in doomed {
        let moment = state.moment();
        let terms = DeleteTerms { if_match: one.etag, bypass };
        let deleted = match one.strange {
            true => Err(S3Error::not_in_sandbox("conditions by Size and LastModifiedTime")),
            false => store.delete_object(&request.bucket, one.key, one.version, terms, &moment),
        };
        match deleted {
            Ok(_) if quiet => {}
            Ok(deleted) => write_deleted(&mut xml, &one, &deleted),
            Err(e) => {
                // Among many, an id that cannot be one is as good as unknown.
                let invalid = e.code == "InvalidArgument" && one.version.is_some();
                let e = if invalid { no_such_version(one.key, one.version.unwrap_or("")) } else { e };
                xml.open("Error").text("Key", one.key).text_if("VersionId", one.version);
                xml.text("Code", e.code).text("Message", &e.message).close("Error");
            }
        }
    }
    Ok(Response::xml(xml))
}

fn write_deleted(xml: &mut Xml, one: &Doomed<'_>, deleted: &Deleted) {
    xml.open("Deleted").text("Key", one.key).text_if("VersionId", one.version);
    if deleted.marker {
        let marker = deleted.version.as_ref().map(|v| v.0.as_str());
        xml.text("DeleteMarker", "true").text_if("DeleteMarkerVersionId", marker);
    }
    xml.close("Deleted");
}
