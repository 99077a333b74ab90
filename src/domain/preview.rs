//! The request an operation will become, before it is signed: method, target, the headers and body that the
//! parameters cause. The signer, the SDK and the HTTP stack add theirs; only a held request shows all bytes.

use super::etag::ETag;
use super::names::{ObjectRef, Tag, encode_key, encode_query, tagging_header};
use super::operation::{CompletedPart, ObjectProperties, Operation, PartBody, UploadRef};
use super::units::grouped;
use super::xml;

/// A planned request: what its parameters cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// `PUT`, `GET`, …
    pub method: &'static str,
    /// `/bucket/key`, encoded.
    pub path: String,
    /// Query parameters, not encoded; one with an empty value is a bare name.
    pub query: Vec<(String, String)>,
    /// Headers the parameters cause, lower case as they will be sent.
    pub headers: Vec<(String, String)>,
    /// Body lines, or a sentence about the body.
    pub body: Vec<String>,
}

impl Preview {
    /// `PUT /bucket/key?partNumber=1&uploadId=…`
    pub fn start(&self) -> String {
        let query: Vec<String> = self.query.iter().map(|(name, value)| pair(name, value)).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{} {}{mark}{}", self.method, self.path, query.join("&"))
    }

    /// The value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The value of a header, its name in lower case; of one that stands there several times all values.
    pub fn header(&self, name: &str) -> Option<String> {
        let all: Vec<&str> =
            self.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect();
        (!all.is_empty()).then(|| all.join(","))
    }
}

/// A query parameter as it is written: a bare name when it has no value.
pub fn pair(name: &str, value: &str) -> String {
    if value.is_empty() { name.to_owned() } else { format!("{name}={}", encode_query(value)) }
}

/// What GetObjectAttributes is asked for, each in a header of its own, as the SDK writes them.
const ATTRIBUTES: [&str; 5] = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];

type Pairs = Vec<(String, String)>;

/// Names with the values that are there.
fn some<'a>(pairs: impl IntoIterator<Item = (&'a str, Option<String>)>) -> Pairs {
    pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// A sub-resource, then the parameters that are there.
fn sub<'a>(name: &'a str, more: impl IntoIterator<Item = (&'a str, Option<String>)>) -> Pairs {
    some([(name, Some(String::new()))].into_iter().chain(more))
}

fn number(n: Option<i32>) -> Option<String> {
    n.map(|n| n.to_string())
}

fn filled(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|t| !t.is_empty())
}

/// Path-style preview of an operation. Virtual-hosted targets move the bucket into the host.
pub fn preview(operation: &Operation) -> Preview {
    Preview { body: body(operation), ..preview_head(operation) }
}

/// The same without its body, which may have ten thousand lines.
pub fn preview_head(operation: &Operation) -> Preview {
    let (path, query) = target(operation);
    let (method, headers) = (operation.kind().method(), headers(operation));
    let mut p = Preview { method, path, query, headers, body: Vec::new() };
    if let Operation::Amended(_, amendment) = operation {
        amend(&mut p.query, &amendment.query);
        amend(&mut p.headers, &amendment.headers);
    }
    p
}

fn amend(pairs: &mut Pairs, changes: &[(String, Option<String>)]) {
    for (name, value) in changes {
        let at = pairs.iter().position(|(n, _)| n == name).unwrap_or(pairs.len());
        pairs.retain(|(n, _)| n != name);
        if let Some(value) = value {
            pairs.insert(at.min(pairs.len()), (name.clone(), value.clone()));
        }
    }
}

fn target(operation: &Operation) -> (String, Pairs) {
    let bucket = |name: &str| format!("/{name}/");
    let version = |o: &ObjectRef| ("versionId", o.version_id.clone());
    match operation {
        Operation::ListBuckets(o) => {
            ("/".to_owned(), some([("continuation-token", o.continuation_token.clone())]))
        }
        Operation::ListObjectsV2(o) => {
            let query = [
                ("list-type", Some("2".to_owned())),
                ("prefix", filled(&o.prefix)),
                ("delimiter", o.delimiter.clone()),
                ("continuation-token", o.continuation_token.clone()),
                ("max-keys", number(o.max_keys)),
            ];
            (bucket(&o.bucket), some(query))
        }
        Operation::ListObjectVersions(o) => {
            let query = [
                ("prefix", filled(&o.prefix)),
                ("key-marker", o.key_marker.clone()),
                ("version-id-marker", o.version_id_marker.clone()),
                ("max-keys", number(o.max_keys)),
            ];
            (bucket(&o.bucket), sub("versions", query))
        }
        Operation::ListMultipartUploads(o) => {
            let query = [
                ("prefix", o.prefix.clone()),
                ("delimiter", o.delimiter.clone()),
                ("key-marker", o.key_marker.clone()),
                ("upload-id-marker", o.upload_id_marker.clone()),
                ("max-uploads", number(o.max_uploads)),
            ];
            (bucket(&o.bucket), sub("uploads", query))
        }
        Operation::ListParts(o) => {
            let more =
                [("max-parts", number(o.max_parts)), ("part-number-marker", o.part_number_marker.clone())];
            let mut query = upload_query(&o.upload);
            query.extend(some(more));
            (upload_path(&o.upload), query)
        }
        Operation::HeadObject(o) => {
            (path(&o.object), some([("partNumber", number(o.part_number.map(|n| n.0))), version(&o.object)]))
        }
        Operation::GetObject(o) => (path(&o.object), some([version(&o.object)])),
        Operation::GetObjectAttributes(o) => (path(&o.object), sub("attributes", [version(&o.object)])),
        Operation::GetObjectTagging(o) | Operation::DeleteObjectTagging(o) => {
            (path(o), sub("tagging", [version(o)]))
        }
        Operation::GetObjectAcl(o) => (path(o), sub("acl", [version(o)])),
        Operation::PutObjectTagging(o) => (path(&o.object), sub("tagging", [version(&o.object)])),
        Operation::CopyObject(o) => (path(&o.destination), Vec::new()),
        Operation::CreateMultipartUpload(o) => {
            (format!("/{}/{}", o.bucket, encode_key(&o.key)), sub("uploads", []))
        }
        Operation::UploadPart(o) => (upload_path(&o.upload), part_query(&o.upload, o.part_number.0)),
        Operation::UploadPartCopy(o) => (upload_path(&o.upload), part_query(&o.upload, o.part_number.0)),
        Operation::CompleteMultipartUpload(o) => (upload_path(&o.upload), upload_query(&o.upload)),
        Operation::AbortMultipartUpload(o) => (upload_path(o), upload_query(o)),
        Operation::Amended(o, _) => target(o),
    }
}

fn headers(operation: &Operation) -> Pairs {
    let quoted = |tag: &Option<ETag>| tag.as_ref().map(ETag::quoted);
    match operation {
        Operation::HeadObject(_) => some([("x-amz-checksum-mode", filled("ENABLED"))]),
        Operation::GetObject(o) => some([
            ("if-match", quoted(&o.if_match)),
            ("range", o.range.clone()),
            ("x-amz-checksum-mode", filled("ENABLED")),
        ]),
        Operation::GetObjectAttributes(o) => some(
            [
                ("x-amz-max-parts", number(o.max_parts)),
                ("x-amz-part-number-marker", o.part_number_marker.clone()),
            ]
            .into_iter()
            .chain(ATTRIBUTES.map(|name| ("x-amz-object-attributes", filled(name)))),
        ),
        Operation::CopyObject(o) => some([
            ("x-amz-copy-source", Some(o.source.copy_source())),
            ("x-amz-copy-source-if-match", quoted(&o.copy_source_if_match)),
            ("x-amz-tagging-directive", o.drop_tags.then(|| "REPLACE".to_owned())),
            ("x-amz-storage-class", o.storage_class.clone()),
            ("if-none-match", o.if_none_match.then(|| "*".to_owned())),
        ]),
        Operation::CreateMultipartUpload(o) => {
            let mut out = property_headers(&o.properties);
            if !o.tags.is_empty() {
                out.push(("x-amz-tagging".into(), tagging_header(&o.tags)));
            }
            out
        }
        Operation::UploadPartCopy(o) => some([
            ("x-amz-copy-source", Some(o.source.copy_source())),
            ("x-amz-copy-source-range", o.copy_source_range.clone()),
            ("x-amz-copy-source-if-match", quoted(&o.copy_source_if_match)),
        ]),
        Operation::CompleteMultipartUpload(o) => some([
            ("if-none-match", o.if_none_match.then(|| "*".to_owned())),
            ("x-amz-mp-object-size", o.mpu_object_size.map(|n| n.to_string())),
            ("x-amz-checksum-type", o.checksum_type.clone()),
        ]),
        Operation::Amended(o, _) => headers(o),
        _ => Vec::new(),
    }
}

fn body(operation: &Operation) -> Vec<String> {
    match operation {
        Operation::PutObjectTagging(o) => tag_lines(&o.tags),
        Operation::UploadPart(o) => vec![body_sentence(&o.body)],
        Operation::UploadPartCopy(_) => vec!["no body: S3 reads the bytes from the source object".into()],
        Operation::CompleteMultipartUpload(o) => complete_lines(&o.parts),
        Operation::Amended(o, _) => body(o),
        _ => Vec::new(),
    }
}

/// The document of PutObjectTagging, a tag a line.
fn tag_lines(tags: &[Tag]) -> Vec<String> {
    let mut out = vec!["<Tagging>".to_owned(), "  <TagSet>".to_owned()];
    out.extend(tags.iter().map(|t| format!("    {}", tag_line(t))));
    out.extend(["  </TagSet>".to_owned(), "</Tagging>".to_owned()]);
    out
}

/// One `<Tag>` of PutObjectTagging.
pub fn tag_line(tag: &Tag) -> String {
    format!("<Tag><Key>{}</Key><Value>{}</Value></Tag>", xml::escape(&tag.key), xml::escape(&tag.value))
}

/// The document of CompleteMultipartUpload, a part a line.
fn complete_lines(parts: &[CompletedPart]) -> Vec<String> {
    let mut out = Vec::with_capacity(parts.len() + 2);
    out.push("<CompleteMultipartUpload>".to_owned());
    out.extend(parts.iter().map(|p| format!("  {}", entry_line(p))));
    out.push("</CompleteMultipartUpload>".to_owned());
    out
}

/// One `<Part>` of CompleteMultipartUpload, in the order in which the SDK writes it.
pub fn entry_line(part: &CompletedPart) -> String {
    let sum = part.checksum.as_ref().map_or_else(String::new, |(algorithm, value)| {
        format!("<Checksum{algorithm}>{}</Checksum{algorithm}>", xml::escape(value))
    });
    let tag = match &part.etag {
        ETag::Opaque(text) if text.is_empty() => String::new(),
        tag => format!("<ETag>{}</ETag>", xml::escape(&tag.quoted())),
    };
    format!("<Part>{tag}{sum}<PartNumber>{}</PartNumber></Part>", part.part_number)
}

fn path(object: &ObjectRef) -> String {
    format!("/{}/{}", object.bucket, encode_key(&object.key))
}

fn upload_path(upload: &UploadRef) -> String {
    format!("/{}/{}", upload.bucket, encode_key(&upload.key))
}

fn upload_query(upload: &UploadRef) -> Pairs {
    vec![("uploadId".into(), upload.upload_id.clone())]
}

fn part_query(upload: &UploadRef, number: i32) -> Pairs {
    vec![("partNumber".into(), number.to_string()), ("uploadId".into(), upload.upload_id.clone())]
}

fn body_sentence(body: &PartBody) -> String {
    match body {
        PartBody::Generated { len, .. } => format!("{} generated bytes", grouped(*len)),
        PartBody::File { path, offset, len } => {
            format!("{} bytes of {} from offset {}", grouped(*len), path.display(), grouped(*offset))
        }
    }
}

/// The headers by which properties are given at CreateMultipartUpload, and to a CopyObject that is to have them.
pub fn property_headers(properties: &ObjectProperties) -> Vec<(String, String)> {
    let bucket_key = properties.bucket_key_enabled.map(|on| on.to_string());
    let named = [
        ("content-type", &properties.content_type),
        ("cache-control", &properties.cache_control),
        ("content-disposition", &properties.content_disposition),
        ("content-encoding", &properties.content_encoding),
        ("content-language", &properties.content_language),
        ("expires", &properties.expires),
        ("x-amz-storage-class", &properties.storage_class),
        ("x-amz-website-redirect-location", &properties.website_redirect_location),
        ("x-amz-server-side-encryption", &properties.server_side_encryption),
        ("x-amz-server-side-encryption-aws-kms-key-id", &properties.ssekms_key_id),
        ("x-amz-server-side-encryption-bucket-key-enabled", &bucket_key),
        ("x-amz-server-side-encryption-context", &properties.ssekms_encryption_context),
        ("x-amz-acl", &properties.acl),
        ("x-amz-grant-full-control", &properties.grant_full_control),
        ("x-amz-grant-read", &properties.grant_read),
        ("x-amz-grant-read-acp", &properties.grant_read_acp),
        ("x-amz-grant-write-acp", &properties.grant_write_acp),
        ("x-amz-object-lock-mode", &properties.object_lock_mode),
        ("x-amz-object-lock-retain-until-date", &properties.object_lock_retain_until_date),
        ("x-amz-object-lock-legal-hold", &properties.object_lock_legal_hold),
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
        assert_eq!(p.start(), "PUT /b/a%20key?partNumber=2&uploadId=U%2F1");
        assert_eq!(p.headers[0], ("x-amz-copy-source".into(), "s/k%2B".into()));
        assert_eq!(p.headers[1], ("x-amz-copy-source-range".into(), "bytes=8-15".into()));
    }
}
