//! Answers that are not what was asked for.
//!
//! A server that does not know a sub-resource of GET ignores it and sends the whole object with 200. The first
//! bytes tell the two apart, so that no object is read for its attributes, its tags or its parts.

use super::stamp::Answer;
use crate::domain::operation::OperationKind;
use quick_xml::Reader;
use quick_xml::events::Event;

/// Bytes that show whether a body is the document asked for.
pub(super) const PEEK: usize = 512;

/// No document of these operations is longer: a page of 1000 parts with every checksum takes about 1.2 MB, one of
/// 1000 versions of the longest keys, escaped, about 6 MB.
pub(super) const DOCUMENT: u64 = 8 * 1024 * 1024;

/// How the name of the document's root begins, for the operations that are a GET with a sub-resource which a server
/// may not know.
pub(super) fn expected_root(kind: OperationKind) -> Option<&'static str> {
    match kind {
        OperationKind::GetObjectAttributes => Some("GetObjectAttributes"),
        OperationKind::GetObjectTagging => Some("Tagging"),
        OperationKind::GetObjectAcl => Some("AccessControlPolicy"),
        OperationKind::ListParts => Some("ListParts"),
        OperationKind::ListObjectVersions => Some("ListVersions"),
        _ => None,
    }
}

/// Whether bytes can still be the beginning of a document: what does not begin with markup is none.
pub(super) fn may_be_document(body: &[u8]) -> bool {
    without_bom(body).trim_ascii_start().first().is_none_or(|b| *b == b'<')
}

/// Whether the beginning of a body is that of the expected (or an error) document.
pub(super) fn begins_with(body: &[u8], root: &str) -> bool {
    let body = without_bom(body.get(..PEEK.min(body.len())).unwrap_or(body));
    let text = String::from_utf8_lossy(body);
    let name = first_element(&text);
    name.is_some_and(|name| name.starts_with(root) || name == "Error")
}

/// Whether these headers are those of an object and not of a document about it, although the bytes begin like one: S3
/// has no ETag header on the answers to these calls, and says that they are XML if it says anything. `Accept-Ranges` tells
/// nothing, as MinIO and Storj put it on every answer; nor does a weak ETag, which web frameworks add by themselves.
pub(super) fn is_object(kind: OperationKind, answer: &Answer) -> bool {
    // A listing is of a bucket, which has no bytes to be sent by mistake.
    if expected_root(kind).is_none() || kind == OperationKind::ListObjectVersions {
        return false;
    }
    answer.headers().iter().any(|(name, value)| {
        let value = value.trim();
        name.eq_ignore_ascii_case("etag") && !value.is_empty() && !value.starts_with("W/")
            || name.eq_ignore_ascii_case("content-type") && value.ends_with("/octet-stream")
    })
}

fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// The local name of the first element, which may be cut off behind its name.
fn first_element(text: &str) -> Option<&str> {
    let mut rest = text.trim_start();
    loop {
        let skipped = if rest.starts_with("<?") {
            rest.split_once("?>")
        } else if rest.starts_with("<!--") {
            rest.split_once("-->")
        } else if rest.starts_with("<!") {
            rest.split_once('>')
        } else {
            break;
        };
        rest = skipped?.1.trim_start();
    }
    let name = rest.strip_prefix('<')?;
    let name = name.split(|c: char| c == '>' || c == '/' || c.is_whitespace()).next()?;
    Some(name.rsplit_once(':').map_or(name, |(_, local)| local))
}

/// The name of a document's root element; `None` when the body is no document.
pub(super) fn root_name(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body.trim_ascii_start());
    let mut reader = Reader::from_str(&text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) => return Some(tag.local_name().as_ref().to_owned()),
            Ok(Event::Eof) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// The names of the root's children, in document order; as far as the document can be read.
pub(super) fn children(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(body.trim_ascii_start());
    let mut reader = Reader::from_str(&text);
    let (mut depth, mut names) = (0_usize, Vec::new());
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                if depth == 1 {
                    names.push(tag.local_name().as_ref().to_owned());
                }
                depth += 1;
            }
            Ok(Event::Empty(tag)) if depth == 1 => names.push(tag.local_name().as_ref().to_owned()),
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Eof) | Err(_) => return names,
            Ok(_) => {}
        }
    }
}

/// The text of the root's child of that name, whatever the root is called.
pub(super) fn child(body: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(body.trim_ascii_start());
    let mut reader = Reader::from_str(&text);
    let (mut depth, mut found) = (0_usize, None::<String>);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                if depth == 1 && tag.local_name().as_ref() == name {
                    found = Some(String::new());
                }
                depth += 1;
            }
            Ok(Event::Text(text)) if depth == 2 => {
                if let Some(value) = &mut found {
                    value.push_str(&text);
                }
            }
            Ok(Event::End(_)) => {
                depth = depth.saturating_sub(1);
                if depth == 1 && found.as_ref().is_some_and(|value| !value.is_empty()) {
                    return found;
                }
            }
            Ok(Event::Eof) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_not_taken_for_what_was_asked_of_it() {
        let root = expected_root(OperationKind::GetObjectAttributes).unwrap();
        assert!(begins_with(b"<?xml version=\"1.0\"?>\n<GetObjectAttributesResponse>", root));
        assert!(begins_with(b"<Error><Code>x</Code></Error>", root));
        assert!(begins_with(b"\xef\xbb\xbf <!-- a --><s3:GetObjectAttributesResponse xmlns:s3='x", root));
        for object in [
            &b"<html>"[..],
            b"\x89PNG",
            b"",
            b"<note><Error>in an object</Error></note>",
            b"<?xml version=\"1.0\"?><!-- <GetObjectAttributes> --><doc/>",
        ] {
            assert!(!begins_with(object, root));
        }
        assert!(may_be_document(b" \n") && may_be_document(b"") && may_be_document(b"\xef\xbb\xbf<"));
        assert!(!may_be_document(b"x") && !may_be_document(b"  {"));
        assert!(begins_with(b"<Tagging>", expected_root(OperationKind::GetObjectTagging).unwrap()));
        assert_eq!(expected_root(OperationKind::ListObjectsV2), None);
    }

    #[test]
    fn the_headers_of_an_object_tell_it_from_a_document() {
        let of = |kind, name: &str, value: &str| {
            let heads = format!("HTTP/1.1 200 OK\r\n{name}: {value}\r\n\r\n").into_bytes();
            is_object(kind, &Answer { heads, ..Answer::default() })
        };
        for kind in [OperationKind::GetObjectAttributes, OperationKind::GetObjectTagging] {
            assert!(of(kind, "etag", "\"d41d8cd98f00b204e9800998ecf8427e\""));
            assert!(of(kind, "Content-Type", "binary/octet-stream"));
            for (name, value) in [
                ("ETag", "W/\"2c-x\""),
                ("Content-Type", "application/xml"),
                ("Accept-Ranges", "bytes"),
                ("Last-Modified", "Fri, 21 Dec 2012 00:00:00 GMT"),
            ] {
                assert!(!of(kind, name, value), "{name}");
            }
        }
        assert!(
            !of(OperationKind::HeadObject, "ETag", "x")
                && !of(OperationKind::ListObjectVersions, "ETag", "x")
        );
    }

    #[test]
    fn documents_are_named_and_looked_into_whatever_their_root() {
        let body = b"<?xml version=\"1.0\"?>\n<InitiateMultipartUpload><Key>k</Key><UploadId>u-1</UploadId></InitiateMultipartUpload>";
        assert_eq!(root_name(body).as_deref(), Some("InitiateMultipartUpload"));
        assert_eq!(child(body, "UploadId").as_deref(), Some("u-1"));
        assert_eq!(child(b"<a><b><UploadId>x</UploadId></b></a>", "UploadId"), None);
        assert_eq!((root_name(b""), root_name(b"plain")), (None, None));
    }
}
