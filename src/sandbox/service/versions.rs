//! Versioning of a bucket, and the listing of versions.

use super::list::{Keys, query, write_prefixes, yes};
use super::{State, document, owner};
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::clock::xml_date;
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::list::{Entry, KeyQuery, VersionEntry};
use crate::sandbox::store::{Version, Versioning};

/// GetBucketVersioning: a bucket that never had versioning answers an empty document.
pub(super) fn get(state: &State, request: &Request) -> Result<Response, S3Error> {
    let status = state.store().bucket(&request.bucket)?.settings.versioning.status();
    let mut xml = Xml::result("VersioningConfiguration");
    xml.text_if("Status", status);
    Ok(Response::xml(xml))
}

/// PutBucketVersioning: `Enabled` or `Suspended`; there is no way back to never.
pub(super) fn put(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().bucket(&request.bucket)?;
    let root = document::read(&request.body, "VersioningConfiguration")?;
    if root.child("MfaDelete").is_some_and(|m| m != "Disabled") {
        return Err(S3Error::not_in_sandbox("MFA delete").with("Resource", "MfaDelete"));
    }
    let versioning = match root.child("Status") {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        Some(_) => return Err(S3Error::malformed_xml()),
        None => {
            return Err(S3Error::new(
                400,
                "IllegalVersioningConfigurationException",
                "The Versioning element must be specified",
            ));
        }
    };
    let mut store = state.store();
    let locked = store.bucket(&request.bucket)?.settings.object_lock.is_some();
    if locked && versioning == Versioning::Suspended {
        return Err(S3Error::new(
            409,
            "InvalidBucketState",
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
        ));
    }
    store.configure(&request.bucket, |settings| settings.versioning = versioning)?;
    Ok(Response::empty(200))
}

/// ListObjectVersions: by key, and of each key the newest first.
pub(super) fn list(state: &State, request: &Request) -> Result<Response, S3Error> {
    let keys = Keys::of(request)?;
    let key_marker = request.param("key-marker").unwrap_or("");
    let id_marker = request.param("version-id-marker").unwrap_or("");
    if key_marker.is_empty() && request.has("version-id-marker") {
        return Err(S3Error::invalid_argument(
            "A version-id marker cannot be specified without a key marker.",
            "version-id-marker",
            id_marker,
        ));
    }
    let query = KeyQuery { by_group: true, ..query(request, key_marker)? };
    let page = state.store().bucket(&request.bucket)?.list_versions(&query, id_marker)?;
    let mut xml = Xml::result("ListVersionsResult");
    xml.text("Name", &request.bucket)
        .text("Prefix", &keys.write(&query.prefix))
        .text("KeyMarker", &keys.write(key_marker))
        .text("VersionIdMarker", id_marker);
    if page.next.is_some() {
        let (key, id) = match page.entries.last() {
            Some(Entry::Item(item)) => (item.key.as_str(), Some(item.version.id().0.as_str())),
            Some(Entry::CommonPrefix(prefix)) => (prefix.as_str(), None),
            None => ("", None),
        };
        xml.text("NextKeyMarker", &keys.write(key)).text_if("NextVersionIdMarker", id);
    }
    xml.number("MaxKeys", query.max)
        .text_if("Delimiter", Some(keys.write(&query.delimiter)).filter(|d| !d.is_empty()).as_deref())
        .text_if("EncodingType", request.param("encoding-type"))
        .text("IsTruncated", yes(page.next.is_some()));
    for entry in &page.entries {
        if let Entry::Item(item) = entry {
            write_version(&mut xml, item, keys);
        }
    }
    write_prefixes(&mut xml, &page, keys);
    Ok(Response::xml(xml))
}

fn write_version(xml: &mut Xml, item: &VersionEntry, keys: Keys) {
    let (element, modified) = match &item.version {
        Version::Object(object) => ("Version", object.last_modified),
        Version::Marker(marker) => ("DeleteMarker", marker.last_modified),
    };
    xml.open(element)
        .text("Key", &keys.write(&item.key))
        .text("VersionId", &item.version.id().0)
        .text("IsLatest", yes(item.is_latest))
        .text("LastModified", &xml_date(modified));
    if let Version::Object(object) = &item.version {
        xml.etag(&object.etag)
            .text_if("ChecksumAlgorithm", object.checksum.as_ref().map(|c| c.algorithm.name()))
            .text_if("ChecksumType", object.checksum.as_ref().map(|c| c.kind.name()))
            .number("Size", object.content.len());
    }
    owner(xml);
    if let Version::Object(object) = &item.version {
        xml.text("StorageClass", object.storage_class());
    }
    xml.close(element);
}
