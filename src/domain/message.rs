//! An HTTP/1.1 message taken apart, every piece with its place among the bytes.
//!
//! It reads whatever came: what has no meaning is no piece, and nothing is guessed. Places count bytes from the
//! first one of the message, so that a piece found here can be shown, marked and explained in any view of it.
//! Sources: RFC 9112; Amazon S3 API Reference, "Signature Calculations: Transferring Payload in Multiple Chunks".

mod chunks;

pub use chunks::{Chunk, Chunks, Payload};

use std::ops::Range;

/// Where something stands among the bytes of a message.
pub type Place = Range<usize>;

/// A message as far as its bytes are at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    bytes: &'a [u8],
    /// Interim answers first; the last one is the message's own. Never empty.
    pub heads: Vec<Head>,
    /// Where the body begins; the end of the bytes when the head is not whole.
    pub body: usize,
}

/// One start line with its header lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// All of it, the empty line included.
    pub at: Place,
    /// The start line, without its end.
    pub start: Place,
    /// The header lines in order.
    pub fields: Vec<Field>,
    /// Whether the empty line has come.
    pub whole: bool,
}

/// One header line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The line without its end.
    pub at: Place,
    /// Before the colon; the whole line when there is none.
    pub name: Place,
    /// After the colon, without white space around it.
    pub value: Place,
}

/// Method, target and version of a request, and the pieces of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    /// `PUT`
    pub method: Place,
    /// Before the question mark, as it was sent.
    pub path: Place,
    /// Each with the mark before it: `?partNumber=1`, `&uploadId=…`.
    pub parameters: Vec<Parameter>,
    /// `HTTP/1.1`; empty when it is missing.
    pub version: Place,
}

/// One query parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// With its `?` or `&`.
    pub at: Place,
    /// Its name, encoded as sent.
    pub name: Place,
    /// Its value, encoded as sent; empty for a bare name.
    pub value: Place,
}

impl<'a> Message<'a> {
    /// Takes apart what is at hand of a message.
    pub fn read(bytes: &'a [u8]) -> Self {
        let (mut heads, mut at) = (Vec::new(), 0);
        loop {
            let head = read_head(bytes, at);
            at = head.at.end;
            let last = !head.whole || !is_interim(bytes, &head);
            heads.push(head);
            if last || at >= bytes.len() {
                return Self { bytes, heads, body: at };
            }
        }
    }

    /// The bytes at a place; none where there are none.
    pub fn slice(&self, place: &Place) -> &'a [u8] {
        self.bytes.get(place.clone()).unwrap_or(&[])
    }

    /// The text at a place, when it is text.
    pub fn text(&self, place: &Place) -> Option<&'a str> {
        std::str::from_utf8(self.slice(place)).ok()
    }

    /// The message's own head, interim answers left out.
    pub fn head(&self) -> Option<&Head> {
        self.heads.last()
    }

    /// The bytes after the head.
    pub fn body_bytes(&self) -> &'a [u8] {
        self.bytes.get(self.body..).unwrap_or(&[])
    }

    /// Names and values of the message's own header lines, in order; what is no UTF-8 is left out.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        let fields = self.head().map(|h| h.fields.as_slice()).unwrap_or_default();
        fields.iter().filter_map(|f| Some((self.text(&f.name)?, self.text(&f.value)?)))
    }

    /// The first value of a header, by name in any letter case.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }

    /// The status, when this is an answer.
    pub fn status(&self) -> Option<u16> {
        let line = self.text(&self.head()?.start)?;
        line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.trim().parse().ok()
    }

    /// The pieces of the request line, when this is a request.
    pub fn request_line(&self) -> Option<RequestLine> {
        let start = self.head()?.start.clone();
        let line = self.slice(&start);
        if line.starts_with(b"HTTP/") {
            return None;
        }
        let method = line.iter().position(|b| *b == b' ')?;
        let target = start.start + method + 1;
        let version = line.iter().rposition(|b| *b == b' ').filter(|at| *at > method);
        let target = target..version.map_or(start.end, |at| start.start + at);
        let (path, parameters) = self.query(&target);
        Some(RequestLine {
            method: start.start..start.start + method,
            path,
            parameters,
            version: version.map_or(start.end..start.end, |at| start.start + at + 1..start.end),
        })
    }

    /// The value of a query parameter as it was sent, by its exact name; empty for a bare name.
    pub fn parameter(&self, name: &str) -> Option<&'a str> {
        let line = self.request_line()?;
        let found = line.parameters.iter().find(|p| self.slice(&p.name) == name.as_bytes())?;
        self.text(&found.value)
    }

    fn query(&self, target: &Place) -> (Place, Vec<Parameter>) {
        let bytes = self.slice(target);
        let Some(mark) = bytes.iter().position(|b| *b == b'?') else { return (target.clone(), Vec::new()) };
        let (mut out, mut at) = (Vec::new(), target.start + mark);
        while at < target.end {
            let rest = self.slice(&(at + 1..target.end));
            let end = at + 1 + rest.iter().position(|b| *b == b'&').unwrap_or(rest.len());
            let pair = self.slice(&(at + 1..end));
            let sign = pair.iter().position(|b| *b == b'=').map(|n| at + 1 + n);
            out.push(Parameter {
                at: at..end,
                name: at + 1..sign.unwrap_or(end),
                value: sign.map_or(end, |s| s + 1)..end,
            });
            at = end;
        }
        (target.start..target.start + mark, out)
    }

    /// Whether the body comes in chunks of HTTP.
    pub fn is_chunked(&self) -> bool {
        self.has_token("transfer-encoding", "chunked")
    }

    /// Whether the body comes in chunks of S3's own, signed or with a trailer.
    pub fn is_aws_chunked(&self) -> bool {
        let streaming = self.header("x-amz-content-sha256").is_some_and(|v| v.starts_with("STREAMING-"));
        streaming || self.has_token("content-encoding", "aws-chunked")
    }

    fn has_token(&self, name: &str, token: &str) -> bool {
        let of_name = self.headers().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        of_name.flat_map(|(_, v)| v.split(',')).any(|t| t.trim().eq_ignore_ascii_case(token))
    }

    /// The body without its framing, as far as it is at hand.
    pub fn payload(&self) -> Payload<'a> {
        let plain = Payload::plain(self.body_bytes(), self.body);
        let outer = if self.is_chunked() { plain.dechunked() } else { plain };
        if self.is_aws_chunked() { outer.dechunked() } else { outer }
    }
}

fn read_head(bytes: &[u8], from: usize) -> Head {
    let mut head = Head { at: from..from, ..Head::default() };
    let mut at = from;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or(&[]);
        let length = rest.iter().position(|b| *b == b'\n');
        let next = length.map_or(bytes.len(), |n| at + n + 1);
        let line = rest.get(..length.unwrap_or(rest.len())).unwrap_or(&[]);
        let end = at + line.strip_suffix(b"\r").unwrap_or(line).len();
        let first = at == from;
        match (at..end, length) {
            (line, Some(_)) if line.is_empty() && !first => {
                head.at.end = next;
                head.whole = true;
                return head;
            }
            (line, _) if first => head.start = line,
            (line, _) => head.fields.push(read_field(bytes, line)),
        }
        at = next;
    }
    head.at.end = bytes.len();
    head
}

fn read_field(bytes: &[u8], line: Place) -> Field {
    let text = bytes.get(line.clone()).unwrap_or(&[]);
    let Some(colon) = text.iter().position(|b| *b == b':') else {
        return Field { at: line.clone(), name: line.clone(), value: line.end..line.end };
    };
    let (name, value) = (line.start..line.start + colon, text.get(colon + 1..).unwrap_or(&[]));
    let lead = value.len() - value.trim_ascii_start().len();
    let trimmed = value.trim_ascii().len();
    let start = (line.start + colon + 1 + lead).min(line.end);
    Field { at: line, name, value: start..start + trimmed }
}

fn is_interim(bytes: &[u8], head: &Head) -> bool {
    let start = bytes.get(head.start.clone()).unwrap_or(&[]);
    start.starts_with(b"HTTP/1.1 1") || start.starts_with(b"HTTP/1.0 1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_is_its_pieces() {
        let bytes =
            b"PUT /b/a%20key?partNumber=1&uploads&x= HTTP/1.1\r\nHost: h\r\nx-amz-date:  now \r\n\r\nbody";
        let m = Message::read(bytes);
        let line = m.request_line().unwrap();
        assert_eq!((m.text(&line.method), m.text(&line.path)), (Some("PUT"), Some("/b/a%20key")));
        assert_eq!(m.text(&line.version), Some("HTTP/1.1"));
        let all: Vec<_> = line.parameters.iter().map(|p| m.text(&p.at).unwrap()).collect();
        assert_eq!(all, ["?partNumber=1", "&uploads", "&x="]);
        assert_eq!(
            (m.parameter("partNumber"), m.parameter("uploads"), m.parameter("y")),
            (Some("1"), Some(""), None)
        );
        assert_eq!(m.headers().collect::<Vec<_>>(), [("Host", "h"), ("x-amz-date", "now")]);
        assert_eq!((m.header("HOST"), m.status(), m.body_bytes()), (Some("h"), None, &b"body"[..]));
    }

    #[test]
    fn interim_answers_are_heads_of_their_own() {
        let m = Message::read(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 412 No\r\nA: 1\r\n\r\nx");
        assert_eq!((m.heads.len(), m.status(), m.body_bytes()), (2, Some(412), &b"x"[..]));
        assert!(m.request_line().is_none());
    }

    #[test]
    fn half_a_head_has_no_body() {
        let m = Message::read(b"GET / HTTP/1.1\r\nhost: a");
        let head = m.head().unwrap();
        assert!(!head.whole && m.body_bytes().is_empty());
        assert_eq!(m.header("host"), Some("a"));
    }

    proptest! {
        #[test]
        fn every_piece_lies_within_the_bytes_and_in_order(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), proptest::sample::select(b"\r\n: ?&=H1;".to_vec())], 0..200)
        ) {
            let m = Message::read(&bytes);
            let mut last = 0;
            for head in &m.heads {
                prop_assert!(head.at.start == last && head.at.end <= bytes.len());
                let mut at = head.start.end;
                for f in &head.fields {
                    prop_assert!(at <= f.at.start && f.at.start <= f.name.end && f.name.end <= f.value.start);
                    prop_assert!(f.value.start <= f.value.end && f.value.end <= f.at.end);
                    at = f.at.end;
                }
                last = head.at.end;
            }
            prop_assert_eq!(last, m.body);
            if let Some(line) = m.request_line() {
                let all: usize = line.parameters.iter().map(|p| p.at.len()).sum();
                prop_assert!(line.path.end + all <= bytes.len());
            }
            let payload = m.payload();
            for i in 0..payload.bytes.len() {
                prop_assert_eq!(bytes.get(payload.place(i)), payload.bytes.get(i));
            }
        }
    }
}
