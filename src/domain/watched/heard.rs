//! What one exchange of another client says: its object, its upload, its part, and how it was answered.

use crate::domain::exchange::{End, Exchange};
use crate::domain::message::Message;
use crate::domain::names::ObjectRef;
use crate::domain::operation::OperationKind;
use crate::domain::units::ByteRange;
use percent_encoding::percent_decode_str;

/// What the head of a request says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Bucket and key, decoded; the key is empty when the call is about the bucket.
    pub(super) bucket: String,
    pub(super) key: String,
    /// `uploadId`, decoded.
    pub(super) upload_id: Option<String>,
    /// `partNumber`, when it is one that S3 has: 1 to 10 000.
    pub(super) part: Option<u16>,
    /// `x-amz-copy-source`.
    pub(super) source: Option<ObjectRef>,
    /// `x-amz-copy-source-range`.
    pub(super) range: Option<ByteRange>,
    /// Bytes of the body without the framing of `aws-chunked`, as announced.
    pub(super) length: Option<u64>,
    /// Bytes of the head.
    pub(super) head: u64,
}

/// How a call ended, as far as the wire shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A success whose body is no error.
    Done,
    /// An error, in the status or in the body of a 200.
    Refused {
        /// Of the answer.
        status: u16,
        /// `<Code>`; empty when there is none, as for HEAD.
        code: String,
    },
    /// No whole answer was written. Whether the call took effect is not known from the wire.
    Lost,
}

impl Asked {
    /// Reads a request's head; `None` while it is not whole, or when it is none.
    pub(super) fn of(exchange: &Exchange, hosts: &[String]) -> Option<Self> {
        let message = Message::read(&exchange.request.head);
        let head = message.head().filter(|head| head.whole)?;
        let line = message.request_line()?;
        let path = message.text(&line.path)?;
        let (bucket, key) = address(path, message.header("host"), hosts)?;
        let decoded = |name: &str| message.parameter(name).filter(|v| !v.is_empty()).and_then(decode);
        let number = |name: &str| message.header(name).and_then(|v| v.trim().parse::<u64>().ok());
        Some(Self {
            bucket,
            key,
            upload_id: decoded("uploadId"),
            part: part_number(&message),
            source: message.header("x-amz-copy-source").and_then(copy_source),
            range: message.header("x-amz-copy-source-range").and_then(ByteRange::parse_copy_source),
            length: number("x-amz-decoded-content-length").or_else(|| number("content-length")),
            head: u64::try_from(head.at.end).unwrap_or(u64::MAX),
        })
    }
}

impl Answer {
    /// How an exchange that has ended was answered.
    pub fn of(exchange: &Exchange) -> Self {
        let whole = exchange.end == Some(End::Complete);
        let Some(status) = exchange.status().filter(|_| whole) else { return Self::Lost };
        // After a 200 an error may still come in its place.
        let late = may_fail_late(exchange) && element(exchange.response_body(), "Error").is_some();
        if status < 300 && !late {
            return Self::Done;
        }
        Self::Refused { status, code: element(exchange.response_body(), "Code").unwrap_or_default() }
    }
}

fn may_fail_late(exchange: &Exchange) -> bool {
    let late =
        [OperationKind::CompleteMultipartUpload, OperationKind::UploadPartCopy, OperationKind::CopyObject];
    late.iter().any(|kind| exchange.kind == *kind)
}

/// `partNumber` of a request, 1 to 10 000.
pub(super) fn part_number(request: &Message<'_>) -> Option<u16> {
    let number = request.parameter("partNumber").and_then(decode)?;
    number.parse().ok().filter(|n| (1..=10_000).contains(n))
}

/// A header of the answer.
pub(super) fn header(exchange: &Exchange, name: &str) -> Option<String> {
    Message::read(&exchange.response.head).header(name).map(str::to_owned)
}

/// The text of the first element of a name; of one that holds others, their text as it stands.
pub(super) fn element(body: &[u8], name: &str) -> Option<String> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(e) => std::str::from_utf8(body.get(..e.valid_up_to())?).ok()?,
    };
    let (_, after) = text.split_once(&format!("<{name}>"))?;
    let (inside, _) = after.split_once(&format!("</{name}>"))?;
    quick_xml::escape::unescape(inside).ok().map(|text| text.into_owned())
}

/// How many parts a Complete names; `None` when its body was not kept whole.
pub(super) fn parts_named(exchange: &Exchange) -> Option<usize> {
    let joined = exchange.request.joined();
    let captured = joined.as_ref().unwrap_or(&exchange.request);
    if captured.missing() > 0 {
        return None;
    }
    let message = Message::read(&captured.head);
    let count = |tag: &[u8]| message.body_bytes().windows(tag.len()).filter(|w| *w == tag).count();
    Some(count(b"<PartNumber>"))
}

/// Bucket and key of a path, with the bucket in the path or in the name of the host.
fn address(path: &str, host: Option<&str>, hosts: &[String]) -> Option<(String, String)> {
    // Absolute form: scheme and authority are dropped.
    let path = match path.strip_prefix('/') {
        Some(path) => path,
        None => path.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, p)| p),
    };
    let (bucket, key) = match host.and_then(|host| bucket_in(host, hosts)) {
        Some(bucket) => (bucket, path),
        None => path.split_once('/').unwrap_or((path, "")),
    };
    Some((decode(bucket)?, decode(key)?))
}

/// The bucket before `.localhost`, or before one of the sandbox's other names.
fn bucket_in<'a>(host: &'a str, hosts: &[String]) -> Option<&'a str> {
    let name = host.rsplit_once(':').filter(|(_, p)| p.bytes().all(|b| b.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    let names = std::iter::once("localhost").chain(hosts.iter().map(String::as_str));
    let before = |base: &str| {
        let at = name.len().checked_sub(base.len())?;
        let (bucket, rest) = name.split_at_checked(at)?;
        if rest.eq_ignore_ascii_case(base) { bucket.strip_suffix('.') } else { None }
    };
    names.filter_map(before).find(|bucket| !bucket.is_empty())
}

/// `/bucket/key`, the slash before it optional, a version behind it.
fn copy_source(value: &str) -> Option<ObjectRef> {
    let value = value.trim().trim_start_matches('/');
    let (path, version) = match value.split_once("?versionId=") {
        Some((path, version)) => (path, Some(version.to_owned())),
        None => (value, None),
    };
    let decoded = decode(path)?;
    let (bucket, key) = decoded.split_once('/')?;
    Some(ObjectRef { version_id: version, ..ObjectRef::new(bucket, key) })
}

fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_stand_in_the_path_or_in_the_host() {
        let hosts = ["s3.test".to_owned()];
        for (path, host, wanted) in [
            ("/b/a//b%20c", "127.0.0.1:9", ("b", "a//b c")),
            ("/a%2Fb", "b.localhost:9", ("b", "a/b")),
            ("/k", "my.bucket.S3.test", ("my.bucket", "k")),
            ("/b/k", "localhost", ("b", "k")),
            ("/b/k", "[::1]:9000", ("b", "k")),
            ("http://x:1/b/k", "x:1", ("b", "k")),
            ("/b", "é", ("b", "")),
        ] {
            let (bucket, key) = address(path, Some(host), &hosts).unwrap();
            assert_eq!((bucket.as_str(), key.as_str()), wanted, "{path} {host}");
        }
        assert_eq!(address("/b/%ff", None, &hosts), None);
    }

    #[test]
    fn a_copy_source_is_decoded_once_and_may_name_a_version() {
        assert_eq!(copy_source("/b/a%20%2520"), Some(ObjectRef::new("b", "a %20")));
        assert_eq!(copy_source("b/k?versionId=v1").unwrap().version_id.as_deref(), Some("v1"));
        assert_eq!(copy_source("nothing"), None);
    }

    #[test]
    fn elements_are_read_with_their_references_undone() {
        let body = b"<R><ETag>&quot;a-2&quot;</ETag><E/></R>";
        assert_eq!(element(body, "ETag").as_deref(), Some("\"a-2\""));
        assert_eq!(element(body, "E"), None);
        assert_eq!(element(b"\xff<A>1</A>", "A"), None);
    }
}
