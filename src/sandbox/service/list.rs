//! ListObjects in both versions, and ListMultipartUploads.

use super::{State, initiator, owner};
use crate::domain::names::encode_key;
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::clock::xml_date;
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::Object;
use crate::sandbox::store::list::{Entry, KeyQuery, Page};
use crate::sandbox::store::upload::Upload;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;

/// How keys are written: plainly, or percent-encoded with `encoding-type=url`.
#[derive(Clone, Copy)]
pub(super) enum Keys {
    Plain,
    Url,
}

impl Keys {
    pub(super) fn of(request: &Request) -> Result<Self, S3Error> {
        match request.param("encoding-type") {
            None => Ok(Self::Plain),
            Some("url") => Ok(Self::Url),
            Some(other) => Err(S3Error::invalid_argument(
                "Invalid Encoding Method specified in Request",
                "encoding-type",
                other,
            )),
        }
    }

    pub(super) fn write(self, key: &str) -> String {
        match self {
            Self::Plain => key.to_owned(),
            Self::Url => encode_key(key),
        }
    }
}

pub(super) fn yes(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// What a listing of objects asks for.
pub(super) fn query(request: &Request, after: &str) -> Result<KeyQuery, S3Error> {
    Ok(KeyQuery {
        prefix: request.param("prefix").unwrap_or("").to_owned(),
        delimiter: request.param("delimiter").unwrap_or("").to_owned(),
        after: after.to_owned(),
        by_group: false,
        max: request.count("max-keys", 1000)?,
    })
}

/// ListObjects, the first version: a marker instead of a token, owners always, the next marker only with a
/// delimiter (without one the last key is the marker).
pub(super) fn objects_v1(state: &State, request: &Request) -> Result<Response, S3Error> {
    let keys = Keys::of(request)?;
    let marker = request.param("marker").unwrap_or("");
    let query = KeyQuery { by_group: true, ..query(request, marker)? };
    let page = state.store().bucket(&request.bucket)?.list_objects(&query);
    let next = page.next.as_deref().filter(|_| !query.delimiter.is_empty());
    let mut xml = Xml::result("ListBucketResult");
    xml.text("Name", &request.bucket)
        .text("Prefix", &keys.write(&query.prefix))
        .text("Marker", &keys.write(marker))
        .text_if("NextMarker", next.map(|n| keys.write(n)).as_deref())
        .number("MaxKeys", query.max)
        .text_if("Delimiter", Some(keys.write(&query.delimiter)).filter(|d| !d.is_empty()).as_deref())
        .text_if("EncodingType", request.param("encoding-type"))
        .text("IsTruncated", yes(page.next.is_some()));
    write_objects(&mut xml, &page, keys, true);
    Ok(Response::xml(xml))
}

/// ListObjectsV2.
pub(super) fn objects(state: &State, request: &Request) -> Result<Response, S3Error> {
    let keys = Keys::of(request)?;
    let token = request.param("continuation-token");
    let start_after = request.param("start-after").filter(|_| token.is_none());
    let after = match token {
        Some(token) => decode_token(token)?,
        None => start_after.unwrap_or("").to_owned(),
    };
    let query = query(request, &after)?;
    let page = state.store().bucket(&request.bucket)?.list_objects(&query);
    let mut xml = Xml::result("ListBucketResult");
    xml.text("Name", &request.bucket)
        .text("Prefix", &keys.write(&query.prefix))
        .text_if("ContinuationToken", token)
        .text_if("NextContinuationToken", page.next.as_deref().map(encode_token).as_deref())
        .text_if("StartAfter", start_after.map(|k| keys.write(k)).as_deref())
        .number("KeyCount", page.entries.len())
        .number("MaxKeys", query.max)
        .text_if("Delimiter", Some(keys.write(&query.delimiter)).filter(|d| !d.is_empty()).as_deref())
        .text_if("EncodingType", request.param("encoding-type"))
        .text("IsTruncated", yes(page.next.is_some()));
    write_objects(&mut xml, &page, keys, request.param("fetch-owner") == Some("true"));
    Ok(Response::xml(xml))
}

fn write_objects(xml: &mut Xml, page: &Page<Arc<Object>>, keys: Keys, with_owner: bool) {
    for entry in &page.entries {
        let Entry::Item(object) = entry else { continue };
        xml.open("Contents")
            .text("Key", &keys.write(&object.key))
            .text("LastModified", &xml_date(object.last_modified))
            .etag(&object.etag)
            .text_if("ChecksumAlgorithm", object.checksum.as_ref().map(|c| c.algorithm.name()))
            .text_if("ChecksumType", object.checksum.as_ref().map(|c| c.kind.name()))
            .number("Size", object.content.len());
        if with_owner {
            owner(xml);
        }
        xml.text("StorageClass", object.storage_class()).close("Contents");
    }
    write_prefixes(xml, page, keys);
}

pub(super) fn write_prefixes<T>(xml: &mut Xml, page: &Page<T>, keys: Keys) {
    for entry in &page.entries {
        if let Entry::CommonPrefix(prefix) = entry {
            xml.open("CommonPrefixes").text("Prefix", &keys.write(prefix)).close("CommonPrefixes");
        }
    }
}

pub(super) fn encode_token(after: &str) -> String {
    STANDARD.encode(format!("1{after}"))
}

pub(super) fn decode_token(token: &str) -> Result<String, S3Error> {
    let wrong = || {
        S3Error::new(400, "InvalidArgument", "The continuation token provided is incorrect")
            .with("ArgumentName", "continuation-token")
    };
    // A query turns a plus into a space; standard base64 has the one and never the other.
    let raw = STANDARD.decode(token.replace(' ', "+")).map_err(|_| wrong())?;
    let text = String::from_utf8(raw).map_err(|_| wrong())?;
    text.strip_prefix('1').map(str::to_owned).ok_or_else(wrong)
}

/// ListMultipartUploads.
pub(super) fn uploads(state: &State, request: &Request) -> Result<Response, S3Error> {
    let keys = Keys::of(request)?;
    let max = request.count("max-uploads", 1000)?;
    let key_marker = request.param("key-marker").unwrap_or("");
    let id_marker = request.param("upload-id-marker").filter(|m| !m.is_empty() && !key_marker.is_empty());
    let query = KeyQuery {
        prefix: request.param("prefix").unwrap_or("").to_owned(),
        delimiter: request.param("delimiter").unwrap_or("").to_owned(),
        after: key_marker.to_owned(),
        by_group: true,
        max,
    };
    let page = state.store().bucket(&request.bucket)?.list_uploads(&query, id_marker)?;
    // A page that is cut off behind a common prefix has no markers: recorded, however hard to continue from.
    let ends_in_prefix = page.next.is_some() && matches!(page.entries.last(), Some(Entry::CommonPrefix(_)));
    let last = page.entries.iter().rev().find_map(|e| match e {
        Entry::Item(upload) => Some((upload.key.as_str(), upload.id.as_str())),
        Entry::CommonPrefix(_) => None,
    });
    let (next_key, next_id) = last.filter(|_| !ends_in_prefix).unwrap_or(("", ""));
    let mut xml = Xml::result("ListMultipartUploadsResult");
    xml.text("Bucket", &request.bucket)
        .text("KeyMarker", &keys.write(key_marker))
        .text("UploadIdMarker", id_marker.unwrap_or(""))
        .text("NextKeyMarker", &keys.write(next_key))
        .text("NextUploadIdMarker", next_id)
        .text_if("Prefix", Some(keys.write(&query.prefix)).filter(|p| !p.is_empty()).as_deref())
        .text_if("Delimiter", Some(keys.write(&query.delimiter)).filter(|d| !d.is_empty()).as_deref())
        .text_if("EncodingType", request.param("encoding-type"))
        .number("MaxUploads", max)
        .text("IsTruncated", yes(page.next.is_some()));
    for entry in &page.entries {
        if let Entry::Item(upload) = entry {
            write_upload(&mut xml, upload, keys);
        }
    }
    write_prefixes(&mut xml, &page, keys);
    Ok(Response::xml(xml))
}

fn write_upload(xml: &mut Xml, upload: &Upload, keys: Keys) {
    xml.open("Upload").text("Key", &keys.write(&upload.key)).text("UploadId", &upload.id);
    initiator(xml);
    owner(xml);
    xml.text("StorageClass", upload.properties.storage_class.as_deref().unwrap_or("STANDARD"))
        .text("Initiated", &xml_date(upload.initiated));
    if let Some((algorithm, kind)) = upload.checksum {
        xml.text("ChecksumAlgorithm", algorithm.name()).text("ChecksumType", kind.name());
    }
    xml.close("Upload");
}
