//! What an unversioned bucket says of versions: it has no state, and each object is its only version, `null`.

use super::list::{Keys, query, write_prefixes, yes};
use super::{State, owner};
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::clock::xml_date;
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::Object;
use crate::sandbox::store::list::Entry;

/// GetBucketVersioning: a bucket that never had versioning answers an empty document.
pub(super) fn get(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().bucket(&request.bucket)?;
    Ok(Response::xml(Xml::result("VersioningConfiguration")))
}

/// ListObjectVersions.
pub(super) fn list(state: &State, request: &Request) -> Result<Response, S3Error> {
    let keys = Keys::of(request)?;
    let key_marker = request.param("key-marker").unwrap_or("");
    let id_marker = request.param("version-id-marker").unwrap_or("");
    if key_marker.is_empty() && !id_marker.is_empty() {
        return Err(S3Error::invalid_argument(
            "A version-id marker cannot be specified without a key marker.",
            "version-id-marker",
            id_marker,
        ));
    }
    let query = query(request, key_marker)?;
    let page = state.store().bucket(&request.bucket)?.list_objects(&query);
    let mut xml = Xml::result("ListVersionsResult");
    xml.text("Name", &request.bucket)
        .text("Prefix", &keys.write(&query.prefix))
        .text("KeyMarker", &keys.write(key_marker))
        .text("VersionIdMarker", id_marker);
    if let Some(next) = &page.next {
        xml.text("NextKeyMarker", &keys.write(next));
        if matches!(page.entries.last(), Some(Entry::Item(_))) {
            xml.text("NextVersionIdMarker", "null");
        }
    }
    xml.number("MaxKeys", query.max)
        .text_if("Delimiter", Some(keys.write(&query.delimiter)).filter(|d| !d.is_empty()).as_deref())
        .text_if("EncodingType", request.param("encoding-type"))
        .text("IsTruncated", yes(page.next.is_some()));
    for entry in &page.entries {
        if let Entry::Item(object) = entry {
            write_version(&mut xml, object, keys);
        }
    }
    write_prefixes(&mut xml, &page, keys);
    Ok(Response::xml(xml))
}

fn write_version(xml: &mut Xml, object: &Object, keys: Keys) {
    xml.open("Version")
        .text("Key", &keys.write(&object.key))
        .text("VersionId", "null")
        .text("IsLatest", "true")
        .text("LastModified", &xml_date(object.last_modified))
        .etag(&object.etag)
        .text("ChecksumAlgorithm", object.checksum.algorithm.name())
        .text("ChecksumType", object.checksum.kind.name())
        .number("Size", object.content.len());
    owner(xml);
    xml.text("StorageClass", object.storage_class()).close("Version");
}
