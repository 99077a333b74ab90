//! From a request as it was sent back to the texts of its form.

use super::rule::write_entry;
use super::{Draft, METADATA, Place, Slot, params};
use crate::domain::etag::ETag;
use crate::domain::exchange::Captured;
use crate::domain::message::Message;
use crate::domain::operation::{CompletedPart, OperationKind};
use crate::domain::units::PartNumber;
use percent_encoding::percent_decode_str;
use quick_xml::Reader;
use quick_xml::events::Event;

/// A form filled from a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The form.
    pub draft: Draft,
    /// What of the request is not in it.
    pub left_out: Option<String>,
}

impl Draft {
    /// The form of a request that was sent; `None` for an operation that has none, or when there is no request line.
    pub fn of_request(kind: OperationKind, captured: &Captured) -> Option<Read> {
        let message = Message::read(&captured.head);
        let (bucket, key) = address(&message)?;
        let mut left_out = None;
        let mut slots = Vec::new();
        for param in params(kind) {
            let one = |value: String| Slot { param, value };
            match param.place {
                Place::Bucket => slots.push(one(bucket.clone())),
                Place::Key => slots.push(one(key.clone())),
                Place::Query(name) => {
                    slots.push(one(message.parameter(name).map(decoded).unwrap_or_default()))
                }
                Place::Header(name) => slots.push(one(values(&message, name))),
                Place::Metadata => {
                    let all = message.headers().filter_map(|(name, value)| {
                        let lower = name.to_ascii_lowercase();
                        Some(format!("{}={value}", lower.strip_prefix(METADATA)?))
                    });
                    slots.extend(all.map(one));
                    slots.push(one(String::new()));
                }
                Place::Length => slots.push(one(length(&message))),
                Place::Source | Place::Offset | Place::Seed => {
                    left_out = Some("its bytes are not: generated ones stand for them".to_owned());
                    let text = match param.place {
                        Place::Source => "generated",
                        Place::Seed => "1",
                        _ => "",
                    };
                    slots.push(one(text.to_owned()));
                }
                Place::Entry | Place::Tag => {
                    if captured.missing() > 0 {
                        left_out =
                            Some("its document is not kept whole, and neither are the lines here".to_owned());
                    }
                    slots.extend(rows(&message.payload().bytes, param.place).into_iter().map(one));
                    slots.push(one(String::new()));
                }
            }
        }
        let draft = Self { kind, slots, source_size: None };
        (!draft.slots.is_empty()).then_some(Read { draft, left_out })
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn values(message: &Message<'_>, name: &str) -> String {
    let of_name = message.headers().filter(|(n, _)| n.eq_ignore_ascii_case(name));
    of_name.map(|(_, v)| v).collect::<Vec<_>>().join(",")
}

fn length(message: &Message<'_>) -> String {
    let stated = message.header("x-amz-decoded-content-length").or_else(|| message.header("content-length"));
    stated.unwrap_or("0").to_owned()
}

/// Bucket and key, whichever way they are addressed.
fn address(message: &Message<'_>) -> Option<(String, String)> {
    let path = message.text(&message.request_line()?.path)?.strip_prefix('/')?;
    let host = message.header("host").unwrap_or_default();
    // In front of AWS's own names; elsewhere nothing tells a bucket from the rest of a host.
    let virtual_hosted =
        host.find(".s3.").or_else(|| host.find(".s3-")).filter(|_| host.contains(".amazonaws."));
    Some(match virtual_hosted {
        Some(end) => (host.get(..end)?.to_owned(), decoded(path)),
        None => {
            let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
            (decoded(bucket), decoded(key))
        }
    })
}

/// The `<Part>` or `<Tag>` elements of a body, each as its line in the form; as far as the document can be read.
fn rows(body: &[u8], place: Place) -> Vec<String> {
    let row = if place == Place::Entry { "Part" } else { "Tag" };
    let Ok(text) = std::str::from_utf8(body) else { return Vec::new() };
    let (mut reader, mut out, mut fields) = (Reader::from_str(text), Vec::new(), Vec::new());
    let mut open: Option<(String, String)> = None;
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(e) if e.name().as_ref() == row => fields = Vec::new(),
            Event::Start(e) => open = Some((e.name().as_ref().to_owned(), String::new())),
            Event::Text(e) => {
                if let Some((_, value)) = &mut open {
                    value.push_str(&e);
                }
            }
            Event::GeneralRef(e) => {
                if let Some((_, value)) = &mut open {
                    let reference = format!("&{};", &*e);
                    value.push_str(&quick_xml::escape::unescape(&reference).unwrap_or_default());
                }
            }
            Event::End(e) if e.name().as_ref() == row => out.extend(line(&fields, place)),
            Event::End(_) => fields.extend(open.take()),
            Event::Eof => break,
            _ => {}
        }
    }
    out
}

fn line(fields: &[(String, String)], place: Place) -> Option<String> {
    let get = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    if place == Place::Tag {
        return Some(format!("{}={}", get("Key")?, get("Value").unwrap_or_default()));
    }
    let checksum = fields.iter().find_map(|(n, v)| Some((n.strip_prefix("Checksum")?.to_owned(), v.clone())));
    Some(write_entry(&CompletedPart {
        part_number: PartNumber(get("PartNumber")?.parse().ok()?),
        etag: get("ETag").map(ETag::parse)?,
        checksum,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: OperationKind, bytes: &str) -> Read {
        let mut captured = Captured::default();
        captured.push(bytes.as_bytes());
        Draft::of_request(kind, &captured).unwrap()
    }

    #[test]
    fn a_copied_part_comes_back_as_its_fields() {
        let read = of(
            OperationKind::UploadPartCopy,
            "PUT /b/a%20key%2B?partNumber=7&uploadId=U%2F1 HTTP/1.1\r\nX-Amz-Copy-Source: b/s%20\r\n\
             x-amz-copy-source-range: bytes=0-9\r\nhost: 127.0.0.1:1\r\n\r\n",
        );
        let get = |name| read.draft.get(name).to_owned();
        assert_eq!((get("Bucket"), get("Key"), get("UploadId")), ("b".into(), "a key+".into(), "U/1".into()));
        assert_eq!((get("PartNumber"), get("CopySource")), ("7".into(), "b/s%20".into()));
        assert_eq!((get("CopySourceRange"), read.left_out), ("bytes=0-9".into(), None));
    }

    #[test]
    fn a_bucket_in_front_of_the_host_is_found() {
        let read = of(
            OperationKind::HeadObject,
            "HEAD /a/b HTTP/1.1\r\nhost: my.bucket.s3.eu-west-1.amazonaws.com\r\n\r\n",
        );
        assert_eq!((read.draft.get("Bucket"), read.draft.get("Key")), ("my.bucket", "a/b"));
    }

    #[test]
    fn the_list_of_a_complete_comes_back_line_by_line() {
        let read = of(
            OperationKind::CompleteMultipartUpload,
            "POST /b/k?uploadId=U HTTP/1.1\r\nhost: h\r\n\r\n<CompleteMultipartUpload><Part><ETag>&quot;ab&quot;</ETag>\
             <PartNumber>2</PartNumber></Part><Part><ETag>\"cd\"</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32>\
             <PartNumber>3</PartNumber></Part></CompleteMultipartUpload>",
        );
        let rows: Vec<_> = read.draft.rows("Part").map(|at| read.draft.slots()[at].value.clone()).collect();
        assert_eq!(rows, ["2 ab", "3 cd CRC32=AAAAAA=="]);
    }
}
