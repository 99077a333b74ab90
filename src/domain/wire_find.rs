//! Finding text in what was kept of exchanges.
//!
//! What is searched are the bytes as they were on the wire, both directions, heads and bodies with their framing; and
//! the target of the request with its percent-encoding taken away. What is masked on the screen is not searched, so that
//! nobody can feel for a secret letter by letter; nor is what was not kept. A text without upper case is found in any
//! letter case (of ASCII).

use super::exchange::{Captured, Exchange};
use super::explain::Direction;
use super::message::Message;
use super::redact::{redact_line, secret_ranges};
use super::text::visible_bytes;
use memchr::memmem::Finder;
use percent_encoding::percent_decode;
use std::borrow::Cow;
use std::ops::Range;

/// A text to look for.
#[derive(Debug, Clone)]
pub struct Needle {
    text: String,
    any_case: bool,
    finder: Finder<'static>,
}

/// Where a text was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// In which half.
    pub direction: Direction,
    /// Places of its first byte and after its last one, from the first of the message. Of what was found in a line with
    /// something masked, or in the target without its encoding, the line.
    pub at: Range<u64>,
}

impl PartialEq for Needle {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Needle {}

impl Needle {
    /// A text to look for; `None` for nothing.
    pub fn new(text: &str) -> Option<Self> {
        let any_case = !text.chars().any(char::is_uppercase);
        let finder = Finder::new(text.as_bytes()).into_owned();
        (!text.is_empty()).then(|| Self { text: text.to_owned(), any_case, finder })
    }

    /// The text as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is in these bytes, which hold nothing to be masked.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.finder.find(&self.folded(bytes)).is_some()
    }

    /// Whether it is found anywhere in an exchange.
    pub fn is_found_in(&self, exchange: &Exchange) -> bool {
        let halves = [(&exchange.request, Direction::Request), (&exchange.response, Direction::Response)];
        halves.into_iter().any(|(captured, direction)| !self.in_half(captured, direction).is_empty())
    }

    /// Everywhere it is found in an exchange, in the order of the bytes, the request first.
    pub fn find(&self, exchange: &Exchange) -> Vec<Found> {
        let mut out = self.in_half(&exchange.request, Direction::Request);
        out.extend(self.in_half(&exchange.response, Direction::Response));
        out
    }

    fn folded<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if self.any_case { Cow::Owned(bytes.to_ascii_lowercase()) } else { Cow::Borrowed(bytes) }
    }

    fn places(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let length = self.text.len();
        self.finder.find_iter(&self.folded(bytes)).map(|at| at..at + length).collect()
    }

    fn in_half(&self, captured: &Captured, direction: Direction) -> Vec<Found> {
        let joined = captured.joined();
        let captured = joined.as_ref().unwrap_or(captured);
        let found = |at: Range<u64>| Found { direction, at };
        let mut out: Vec<Found> = self.in_beginning(&captured.head).into_iter().map(found).collect();
        if captured.missing() > 0 {
            let start = captured.total.saturating_sub(place(captured.tail.len()));
            let hits = self.places(&captured.tail);
            let secrets = if hits.is_empty() { Vec::new() } else { secret_ranges(&captured.tail) };
            let open = hits.into_iter().filter(|hit| !overlaps(&secrets, hit));
            out.extend(open.map(|hit| found(start + place(hit.start)..start + place(hit.end))));
        }
        out
    }

    /// In the kept beginning of a message.
    fn in_beginning(&self, bytes: &[u8]) -> Vec<Range<u64>> {
        let hits = self.places(bytes);
        let encoded = bytes.get(..memchr::memchr(b'\n', bytes).unwrap_or(bytes.len())).unwrap_or(&[]);
        let encoded = memchr::memchr(b'%', encoded).is_some();
        if hits.is_empty() && !encoded {
            return Vec::new();
        }
        let message = Message::read(bytes);
        let mut out = Vec::new();
        for head in &message.heads {
            let lines = std::iter::once(&head.start).chain(head.fields.iter().map(|f| &f.at));
            for line in lines {
                let within = hits.iter().filter(|hit| line.start <= hit.start && hit.start < line.end);
                let within: Vec<Range<u64>> = within.map(|h| place(h.start)..place(h.end)).collect();
                let decodes = encoded && line.start == 0;
                if !within.is_empty() || decodes {
                    out.extend(self.in_line(message.slice(line), line, within, decodes));
                }
            }
        }
        let body: Vec<_> = hits.into_iter().filter(|hit| hit.start >= message.body).collect();
        if !body.is_empty() {
            let shift = |r: Range<usize>| r.start + message.body..r.end + message.body;
            let secrets: Vec<_> = secret_ranges(message.body_bytes()).into_iter().map(shift).collect();
            let open = body.into_iter().filter(|hit| !overlaps(&secrets, hit));
            out.extend(open.map(|hit| place(hit.start)..place(hit.end)));
        }
        out
    }

    /// In a line of a head. One with something masked is searched as it is shown.
    fn in_line(
        &self,
        bytes: &[u8],
        line: &Range<usize>,
        within: Vec<Range<u64>>,
        decodes: bool,
    ) -> Vec<Range<u64>> {
        let text = visible_bytes(bytes);
        let shown = redact_line(&text);
        let whole = place(line.start)..place(line.end);
        let found = if shown == text {
            within
        } else {
            self.places(shown.as_bytes()).into_iter().map(|_| whole.clone()).collect()
        };
        if !found.is_empty() || !decodes {
            return found;
        }
        let target = shown.split(' ').nth(1).unwrap_or_default();
        let plain: Vec<u8> = percent_decode(target.as_bytes()).collect();
        if self.is_in(&plain) { vec![whole] } else { Vec::new() }
    }
}

fn place(at: usize) -> u64 {
    u64::try_from(at).unwrap_or(u64::MAX)
}

/// Whether a stretch touches one of some that are ascending and apart.
fn overlaps(of: &[Range<usize>], hit: &Range<usize>) -> bool {
    let first = of.partition_point(|r| r.end <= hit.start);
    of.get(first).is_some_and(|r| r.start < hit.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str, e: &Exchange) -> Vec<(Direction, String)> {
        let part = |f: &Found| {
            let half = if f.direction == Direction::Request { &e.request } else { &e.response };
            let all = half.joined().map_or_else(|| half.head.clone(), |j| j.head);
            let at = usize::try_from(f.at.start).unwrap()..usize::try_from(f.at.end).unwrap();
            String::from_utf8_lossy(&all[at]).into_owned()
        };
        let all = Needle::new(text).unwrap().find(e);
        all.iter().map(|f| (f.direction, part(f))).collect()
    }

    const REQUEST: &[u8] = b"PUT /b/a%20%C3%A9?partNumber=1 HTTP/1.1\r\nHost: h\r\nx-amz-security-token: canary\r\n\
        authorization: AWS4-HMAC-SHA256 Credential=SANDBOXACCESSKEY0000/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=canary\r\n\r\n";
    const RESPONSE: &[u8] =
        b"HTTP/1.1 403 Forbidden\r\n\r\n<Error><Code>InvalidToken</Code><Token-0>canary</Token-0></Error>";

    #[test]
    fn both_directions_heads_and_bodies_are_searched() {
        let e = Exchange::example(REQUEST, RESPONSE);
        assert_eq!(found("partnumber=1", &e), [(Direction::Request, "partNumber=1".to_owned())]);
        assert_eq!(found("<Code>Inv", &e), [(Direction::Response, "<Code>Inv".to_owned())]);
        assert_eq!(found("h", &e).len(), 9, "{:?}", found("h", &e));
        assert!(found("partNUMBER", &e).is_empty() && found("HOST", &e).is_empty());
        assert_eq!(Needle::new(""), None);
    }

    #[test]
    fn a_key_is_found_without_its_encoding() {
        let e = Exchange::example(REQUEST, b"");
        let line = "PUT /b/a%20%C3%A9?partNumber=1 HTTP/1.1".to_owned();
        assert_eq!(found("a é", &e), [(Direction::Request, line)]);
        assert_eq!(found("%C3", &e), [(Direction::Request, "%C3".to_owned())]);
    }

    #[test]
    fn nobody_can_feel_for_a_secret() {
        let e = Exchange::example(REQUEST, RESPONSE);
        for text in ["canary", "cana", "Signature=c", ">canary", "token: c", "ACCESSKEY"] {
            assert!(found(text, &e).is_empty(), "{text}");
        }
        assert_eq!(found("Signature=", &e).len(), 1);
        assert_eq!(found("<token-0>", &e).len(), 1);
        let mut long = Exchange::example(REQUEST, RESPONSE);
        long.response.push(&[b' '; 100_000]);
        long.response.push(b"<Token>canary</Token>needle");
        assert!(found("canary", &long).is_empty() && long.response.missing() > 0);
        let needle = Needle::new("needle").unwrap().find(&long);
        assert_eq!(needle[0].at.end, long.response.total);
    }

    #[test]
    fn a_text_across_the_kept_halves_is_found() {
        let mut e = Exchange::example(b"HTTP/1.1 200 OK\r\n\r\n", b"");
        let fill = Captured::HEAD - e.request.head.len() - 3;
        e.request.push(&vec![b'.'; fill]);
        e.request.push(b"needle");
        assert!(e.request.missing() == 0 && e.request.tail == b"dle");
        assert_eq!(found("needle", &e), [(Direction::Request, "needle".to_owned())]);
    }

    proptest! {
        #[test]
        fn what_is_found_is_there(text in "[aA:=<% ]{1,3}", pieces in proptest::collection::vec("[aA:=<%\r\n ]{0,9}", 0..9)) {
            let bytes = format!("GET /x HTTP/1.1\r\n{}", pieces.concat());
            let e = Exchange::example(bytes.as_bytes(), b"");
            for f in Needle::new(&text).unwrap().find(&e) {
                let at = usize::try_from(f.at.start).unwrap()..usize::try_from(f.at.end).unwrap();
                let there = String::from_utf8_lossy(&bytes.as_bytes()[at]).to_lowercase();
                prop_assert!(there.contains(&text.to_lowercase()), "{there:?}");
            }
        }
    }
}
