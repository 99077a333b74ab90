//! The request an operation will become, before it is signed: method, target, the headers and body that the
//! parameters cause. The signer, the SDK and the HTTP stack add theirs; only a held request shows all bytes.

use super::names::{ObjectRef, encode_key, encode_query, tagging_header};
use super::operation::{ObjectProperties, Operation, PartBody, UploadRef};
use super::units::grouped;

/// A planned request, line by line; the first is the request line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// `PUT /bucket/key?partNumber=1&uploadId=…`
    pub start: String,
    /// Headers the parameters cause, lower case as they will be sent.
    pub headers: Vec<(String, String)>,
    /// Body lines, or a sentence about the body.
    pub body: Vec<String>,
}

/// Path-style preview of an operation. Virtual-hosted targets move the bucket into the host.
pub fn preview(operation: &Operation) -> Preview {
    let mut p = Preview { start: String::new(), headers: Vec::new(), body: Vec::new() };
    let (target, query) = match operation {
        Operation::ListBuckets(_) => ("/".to_owned(), vec![]),
        Operation::ListObjectsV2(o) => {
            (format!("/{}", o.bucket), vec![("list-type", "2".into()), ("prefix", o.prefix.clone())])
        }
        Operation::ListObjectVersions(o) => {
            let mut query = vec![("versions", String::new()), ("prefix", o.prefix.clone())];
            query.extend(o.key_marker.clone().map(|m| ("key-marker", m)));
            query.extend(o.version_id_marker.clone().map(|m| ("version-id-marker", m)));
            query.extend(o.max_keys.map(|n| ("max-keys", n.to_string())));
            (format!("/{}", o.bucket), query)
        }
        Operation::ListMultipartUploads(o) => (format!("/{}", o.bucket), vec![("uploads", String::new())]),
        Operation::ListParts(o) => {
            let mut query = upload_query(&o.upload);
            query.extend(o.part_number_marker.clone().map(|m| ("part-number-marker", m)));
            (upload_path(&o.upload), query)
        }
        Operation::HeadObject(o) => {
            p.headers.push(("x-amz-checksum-mode".into(), "ENABLED".into()));
            (path(&o.object), o.part_number.map(|n| vec![("partNumber", n.to_string())]).unwrap_or_default())
        }
        Operation::GetObject(o) => {
            p.headers.extend(o.range.clone().map(|range| ("range".into(), range)));
            p.headers.extend(o.if_match.as_ref().map(|tag| ("if-match".into(), tag.quoted())));
            (path(&o.object), vec![])
        }
        Operation::GetObjectAttributes(o) => (path(&o.object), vec![("attributes", String::new())]),
        Operation::GetObjectTagging(o) => (path(o), vec![("tagging", String::new())]),
        Operation::PutObjectTagging(o) => {
            p.body = o
                .tags
                .iter()
                .map(|t| format!("<Tag><Key>{}</Key><Value>{}</Value></Tag>", t.key, t.value))
                .collect();
            (path(&o.object), vec![("tagging", String::new())])
        }
        Operation::CopyObject(o) => {
            p.headers.push(("x-amz-copy-source".into(), o.source.copy_source()));
            (path(&o.destination), vec![])
        }
        Operation::CreateMultipartUpload(o) => {
            p.headers = property_headers(&o.properties);
            if !o.tags.is_empty() {
                p.headers.push(("x-amz-tagging".into(), tagging_header(&o.tags)));
            }
            (format!("/{}/{}", o.bucket, encode_key(&o.key)), vec![("uploads", String::new())])
        }
        Operation::UploadPart(o) => {
            p.body.push(body_sentence(&o.body));
            (upload_path(&o.upload), part_query(&o.upload, o.part_number.0))
        }
        Operation::UploadPartCopy(o) => {
            p.headers.push(("x-amz-copy-source".into(), o.source.copy_source()));
            p.headers.extend(o.copy_source_range.clone().map(|r| ("x-amz-copy-source-range".into(), r)));
            p.headers.extend(
                o.copy_source_if_match.as_ref().map(|e| ("x-amz-copy-source-if-match".into(), e.quoted())),
            );
            p.body.push("no body: S3 reads the bytes from the source object".into());
            (upload_path(&o.upload), part_query(&o.upload, o.part_number.0))
        }
        Operation::CompleteMultipartUpload(o) => {
            p.headers.extend(o.checksum_type.clone().map(|t| ("x-amz-checksum-type".into(), t)));
            p.body.push("<CompleteMultipartUpload>".into());
            for part in &o.parts {
                let sum = part
                    .checksum
                    .as_ref()
                    .map_or_else(String::new, |(a, v)| format!("<Checksum{a}>{v}</Checksum{a}>"));
                let (n, e) = (part.part_number, part.etag.quoted());
                p.body.push(format!("  <Part><PartNumber>{n}</PartNumber><ETag>{e}</ETag>{sum}</Part>"));
            }
            p.body.push("</CompleteMultipartUpload>".into());
            (upload_path(&o.upload), upload_query(&o.upload))
        }
        Operation::AbortMultipartUpload(o) => (upload_path(o), upload_query(o)),
    };
    let query: Vec<String> = query
        .into_iter()
        .map(
            |(name, value)| {
                if value.is_empty() { name.to_owned() } else { format!("{name}={}", encode_query(&value)) }
            },
        )
        .collect();
    let mark = if query.is_empty() { "" } else { "?" };
    p.start = format!("{} {target}{mark}{}", operation.kind().method(), query.join("&"));
    p
}

fn path(object: &ObjectRef) -> String {
    format!("/{}/{}", object.bucket, encode_key(&object.key))
}

fn upload_path(upload: &UploadRef) -> String {
    format!("/{}/{}", upload.bucket, encode_key(&upload.key))
}

fn upload_query(upload: &UploadRef) -> Vec<(&'static str, String)> {
    vec![("uploadId", upload.upload_id.clone())]
}

fn part_query(upload: &UploadRef, number: i32) -> Vec<(&'static str, String)> {
    vec![("partNumber", number.to_string()), ("uploadId", upload.upload_id.clone())]
}

fn body_sentence(body: &PartBody) -> String {
    match body {
        PartBody::Generated { len, .. } => format!("{} generated bytes", grouped(*len)),
        PartBody::File { path, offset, len } => {
            format!("{} bytes of {} from offset {}", grouped(*len), path.display(), grouped(*offset))
        }
    }
}

fn property_headers(properties: &ObjectProperties) -> Vec<(String, String)> {
    let named = [
        ("content-type", &properties.content_type),
        ("cache-control", &properties.cache_control),
        ("content-disposition", &properties.content_disposition),
        ("content-encoding", &properties.content_encoding),
        ("content-language", &properties.content_language),
        ("expires", &properties.expires),
        ("x-amz-storage-class", &properties.storage_class),
        ("x-amz-website-redirect-location", &properties.website_redirect_location),
        ("x-amz-checksum-algorithm", &properties.checksum_algorithm),
        ("x-amz-checksum-type", &properties.checksum_type),
    ];
    let mut out: Vec<(String, String)> =
        named.into_iter().filter_map(|(name, v)| Some((name.to_owned(), v.clone()?))).collect();
    out.extend(properties.metadata.iter().map(|(n, v)| (format!("x-amz-meta-{n}"), v.clone())));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::operation::UploadPartCopy;
    use crate::domain::units::PartNumber;

    #[test]
    fn a_copied_part_shows_what_the_parameters_cause() {
        let upload = UploadRef { bucket: "b".into(), key: "a key".into(), upload_id: "U/1".into() };
        let p = preview(&Operation::UploadPartCopy(UploadPartCopy {
            upload,
            part_number: PartNumber(2),
            source: ObjectRef::new("s", "k+"),
            copy_source_range: Some("bytes=8-15".into()),
            copy_source_if_match: None,
        }));
        assert_eq!(p.start, "PUT /b/a%20key?partNumber=2&uploadId=U%2F1");
        assert_eq!(p.headers[0], ("x-amz-copy-source".into(), "s/k%2B".into()));
        assert_eq!(p.headers[1], ("x-amz-copy-source-range".into(), "bytes=8-15".into()));
    }
}
