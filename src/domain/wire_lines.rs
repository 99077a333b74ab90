//! Captured bytes as lines to read: pretty, raw or hex.
//!
//! Secrets are masked unless revealed. Whatever is left out (framing, masked values, bytes not kept, binary)
//! is said in a line of its own, so that no view passes for the wire when it is not. Every line knows which
//! bytes it shows and what it is about, so that all views can be left and entered at the same place.

mod hex;
mod pretty;

use super::exchange::Captured;
use super::explain::{Direction, SetBy, header};
use super::mask;
use super::message::{Head, Message};
use super::redact::{MASK, redact_line, secret_ranges};
use super::text::visible_bytes;
use super::units::grouped;
use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

/// How bytes are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Heads line by line, XML laid out.
    #[default]
    Pretty,
    /// As on the wire, with line ends marked.
    Raw,
    /// Offsets, hex and text.
    Hex,
}

impl Mode {
    /// The next one.
    pub fn next(self) -> Self {
        match self {
            Self::Pretty => Self::Raw,
            Self::Raw => Self::Hex,
            Self::Hex => Self::Pretty,
        }
    }
}

/// What a line is, for its colour and mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Request or status line.
    Start,
    /// A header the user's parameters caused, or the server set.
    Header,
    /// A header added by the signer, the SDK or the HTTP stack.
    Added,
    /// Body.
    Body,
    /// Said by this program, not on the wire.
    Note,
}

/// What a line is about, for who wants it explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// Nothing that has a name.
    Nothing,
    /// Method, path and version.
    RequestLine,
    /// A query parameter, by its name as sent.
    Parameter(String),
    /// A status line.
    StatusLine(u16),
    /// A header, by its name in lower case.
    Header(String),
    /// An element, by the names from the root down to it.
    Element(Rc<[String]>),
    /// The size line of an HTTP chunk.
    HttpChunk,
    /// The size line of an aws-chunked chunk, signed or not.
    AwsChunk {
        /// Whether it carries a signature.
        signed: bool,
    },
    /// A header after the last chunk, by its name in lower case.
    Trailer(String),
    /// Bytes of a body that is no document.
    Content,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Safe to show.
    pub text: String,
    /// What it is.
    pub kind: Kind,
    /// Places of its first byte and after its last one, from the first of the message; empty for a note.
    pub at: Range<u64>,
    /// What it is about.
    pub about: About,
}

impl Line {
    fn new(kind: Kind, text: impl Into<String>, at: Range<u64>, about: About) -> Self {
        Self { text: text.into(), kind, at, about }
    }

    fn note(text: impl Into<String>, at: u64) -> Self {
        Self::new(Kind::Note, text, at..at, About::Nothing)
    }
}

/// One direction of an exchange as lines.
pub fn lines(captured: &Captured, mode: Mode, reveal: bool) -> Vec<Line> {
    let joined = captured.joined();
    let captured = joined.as_ref().unwrap_or(captured);
    // What stands for a secret that was masked when this was written down must not pass for it.
    let was_masked = !captured.masked.is_empty();
    let reveal = reveal && !was_masked;
    // What bodies, folded lines and gaps hold is found there; the views below put one mark for it.
    let hidden = (!reveal).then(|| mask::captured(captured));
    let captured = hidden.as_ref().unwrap_or(captured);
    let mut out = match mode {
        Mode::Pretty => pretty::lines(captured, reveal),
        Mode::Raw => raw(captured, reveal),
        Mode::Hex => hex::lines(captured, was_masked),
    };
    if out.is_empty() {
        out.push(Line::note("nothing yet", 0));
    }
    out
}

/// The line that shows a byte, or the last one before it.
pub fn line_at(lines: &[Line], place: u64) -> usize {
    let holds = lines.iter().position(|l| l.at.contains(&place));
    holds.or_else(|| lines.iter().rposition(|l| l.at.start <= place && l.kind != Kind::Note)).unwrap_or(0)
}

/// Whether nobody typed a request's header: it comes from the signer, the SDK or the HTTP stack.
pub fn is_added(name: &str) -> bool {
    header(name.trim(), Direction::Request).is_some_and(|h| h.set_by(Direction::Request) != SetBy::You)
}

fn place(at: usize) -> u64 {
    u64::try_from(at).unwrap_or(u64::MAX)
}

fn places(at: &Range<usize>) -> Range<u64> {
    place(at.start)..place(at.end)
}

/// Where the kept end begins.
fn tail_place(captured: &Captured) -> u64 {
    captured.total.saturating_sub(place(captured.tail.len()))
}

fn masked(bytes: &[u8], reveal: bool) -> String {
    let text = visible_bytes(bytes);
    if reveal { text } else { redact_line(&text) }
}

/// A byte that stands for one of a secret while a body is laid out. Where it stands is never shown as it is.
const VEIL: u8 = 0x1a;

/// A body as it may be shown, every byte in its place.
struct Veiled<'a>(Cow<'a, [u8]>);

impl<'a> Veiled<'a> {
    fn new(body: &'a [u8], reveal: bool) -> Self {
        let secret = if reveal { Vec::new() } else { secret_ranges(body) };
        if secret.is_empty() {
            return Self(Cow::Borrowed(body));
        }
        let mut out = body.to_vec();
        for range in secret {
            out.get_mut(range).unwrap_or_default().fill(VEIL);
        }
        Self(Cow::Owned(out))
    }

    /// Text of a stretch with one mask for each secret. A body that holds none has no veil to lift.
    fn text(&self, stretch: &[u8]) -> String {
        if matches!(self.0, Cow::Borrowed(_)) {
            return visible_bytes(stretch);
        }
        let pieces = stretch.chunk_by(|a, b| (*a == VEIL) == (*b == VEIL));
        pieces.map(|s| if s.first() == Some(&VEIL) { MASK.to_owned() } else { visible_bytes(s) }).collect()
    }
}

fn gap_note(captured: &Captured) -> Option<Line> {
    let missing = captured.missing();
    (missing > 0).then(|| {
        let text = format!(
            "{} of {} bytes are not kept: the middle. The first {} and the last {} are.",
            grouped(missing),
            grouped(captured.total),
            grouped(place(captured.head.len())),
            grouped(place(captured.tail.len()))
        );
        Line::note(text, place(captured.head.len()))
    })
}

/// What each line of a head is about, in the order of its lines.
fn head_about(message: &Message<'_>, head: &Head) -> Vec<About> {
    let start = message.text(&head.start).unwrap_or_default();
    let first = match message.status() {
        _ if !start.starts_with("HTTP/") => About::RequestLine,
        status => {
            let own = start.split(' ').nth(1).and_then(|s| s.parse().ok());
            own.or(status).map_or(About::Nothing, About::StatusLine)
        }
    };
    let name = |f| About::Header(message.text(f).unwrap_or_default().trim().to_ascii_lowercase());
    std::iter::once(first).chain(head.fields.iter().map(|f| name(&f.name))).collect()
}

fn head_kind(about: &About, is_request: bool) -> Kind {
    match about {
        About::Header(name) if is_request && is_added(name) => Kind::Added,
        About::Header(_) => Kind::Header,
        _ => Kind::Start,
    }
}

fn raw(captured: &Captured, reveal: bool) -> Vec<Line> {
    let message = Message::read(&captured.head);
    let mut out = Vec::new();
    for head in &message.heads {
        let is_request = !message.slice(&head.start).starts_with(b"HTTP/");
        let mut at = head.at.start;
        let mut about = head_about(&message, head).into_iter();
        for l in message.slice(&head.at).split_inclusive(|b| *b == b'\n') {
            let (text, end) = match l.strip_suffix(b"\r\n") {
                Some(t) => (t, "␍␊"),
                None => (l, ""),
            };
            let about = about.next().unwrap_or(About::Nothing);
            let kind = if about == About::Nothing && at > head.at.start {
                Kind::Header
            } else {
                head_kind(&about, is_request)
            };
            out.push(Line::new(kind, masked(text, reveal) + end, places(&(at..at + l.len())), about));
            at += l.len();
        }
    }
    out.extend(raw_body(message.body_bytes(), place(message.body), reveal));
    if captured.missing() > 0 {
        out.extend(gap_note(captured));
        out.extend(raw_body(&captured.tail, tail_place(captured), reveal));
    }
    out
}

/// Longest stretch without a line end that is put on one line.
const RAW_WIDTH: usize = 4096;

fn raw_body(body: &[u8], start: u64, reveal: bool) -> Vec<Line> {
    let veiled = Veiled::new(body, reveal);
    let mut at = start;
    let pieces = veiled.0.split_inclusive(|b| *b == b'\n').flat_map(|l| l.chunks(RAW_WIDTH));
    pieces
        .map(|l| {
            let from = at;
            at += place(l.len());
            Line::new(Kind::Body, veiled.text(l), from..at, About::Content)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8], mode: Mode) -> Vec<String> {
        lines(&Captured::of(bytes), mode, false).into_iter().map(|l| l.text).collect()
    }
    const AUTH: &str = "authorization: AWS4-HMAC-SHA256 Credential=SANDBOXACCESSKEY0000/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0123canary\r\n";

    #[test]
    fn pretty_lays_xml_out_and_masks_signatures() {
        let request = format!("POST /b/k?uploadId=U HTTP/1.1\r\n{AUTH}\r\n<A><B>1</B></A>");
        let got = texts(request.as_bytes(), Mode::Pretty);
        assert_eq!(got[..2], ["POST /b/k", "  ?uploadId=U HTTP/1.1"]);
        assert!(got[2].ends_with("Signature=•••"));
        assert_eq!(got[3..], ["", "<A>", "  <B>1</B>", "</A>"]);
    }

    #[test]
    fn no_mode_shows_a_secret() {
        for mode in [Mode::Pretty, Mode::Raw, Mode::Hex] {
            let all = texts(format!("GET / HTTP/1.1\r\n{AUTH}\r\n").as_bytes(), mode).join("");
            assert!(!all.contains("canary") && !all.contains("63 61 6e 61"), "{mode:?} {all}");
        }
        let shown = lines(&Captured::of(AUTH.as_bytes()), Mode::Raw, true);
        assert!(shown[0].text.contains("canary"));
    }

    #[test]
    fn raw_marks_line_ends_and_keeps_white_space() {
        let got = texts(b"HTTP/1.1 200 OK\r\nA: 1\r\n\r\n  \n <x/>", Mode::Raw);
        assert_eq!(got, ["HTTP/1.1 200 OK␍␊", "A: 1␍␊", "␍␊", "  ␊", " <x/>"]);
    }

    #[test]
    fn an_interim_answer_is_a_head_of_its_own() {
        let got = texts(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", Mode::Pretty);
        assert_eq!(got, ["HTTP/1.1 100 Continue", "HTTP/1.1 200 OK"]);
    }

    #[test]
    fn chunked_and_aws_chunked_say_what_they_leave_out() {
        let chunked =
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n<a>\r\n4\r\n</a>\r\n0\r\n\r\n";
        let got = texts(chunked, Mode::Pretty);
        assert!(got.iter().any(|l| l.contains("framing left out")));
        assert_eq!(got.last().unwrap(), "<a></a>");
        let aws = b"PUT / HTTP/1.1\r\ncontent-encoding: aws-chunked\r\n\r\n3;chunk-signature=abc\r\nxyz\r\n0;chunk-signature=def\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
        let got = texts(aws, Mode::Pretty).join("\n");
        assert!(
            got.contains("3;chunk-signature=•••") && got.contains("x-amz-checksum-crc32:AAAAAA=="),
            "{got}"
        );
        assert!(!got.contains("xyz"));
    }

    #[test]
    fn what_is_not_kept_is_counted() {
        let mut c = Captured::of(b"HTTP/1.1 200 OK\r\n\r\n");
        c.push(&vec![0; 200_000]);
        for mode in [Mode::Pretty, Mode::Raw, Mode::Hex] {
            let all: String = lines(&c, mode, false).into_iter().map(|l| l.text).collect();
            assert!(all.contains("are not kept"), "{mode:?}");
        }
    }

    #[test]
    fn a_body_a_little_longer_than_the_beginning_is_shown_to_its_end() {
        let mut c = Captured::of(b"HTTP/1.1 200 OK\r\n\r\n");
        c.push(&b"a line\n".repeat(Captured::HEAD / 7));
        c.push(b"the end");
        assert!(!c.tail.is_empty() && c.missing() == 0);
        for (mode, end) in [(Mode::Pretty, "the end"), (Mode::Raw, "the end"), (Mode::Hex, "end")] {
            let all = lines(&c, mode, false);
            assert!(all.last().unwrap().text.ends_with(end), "{mode:?} {:?}", all.last());
            assert!(all.iter().all(|l| l.kind != Kind::Note || l.text.is_empty()));
        }
    }

    #[test]
    fn no_mode_shows_a_secret_that_an_error_document_or_the_framing_repeats() {
        let document = "<Error><Code>InvalidToken</Code><Token-0>canary</Token-0>\
            <CanonicalRequest>GET\nx-amz-security-token:canary\n</CanonicalRequest>\
            <CanonicalRequestBytes>63 61 6e 61 72 79</CanonicalRequestBytes></Error>";
        let chunked = format!("{:x}\r\n{document}\r\n0\r\n\r\n", document.len());
        let answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad Request\r\n";
        for bytes in [
            format!("{answer}\r\n{document}"),
            format!("{answer}transfer-encoding: chunked\r\n\r\n{chunked}"),
            "PUT / HTTP/1.1\r\ncontent-encoding: aws-chunked\r\n\r\n1;chunk-signature=canary\r\nx\r\n\
             0;chunk-signature=canary\r\nx-amz-trailer-signature:canary\r\n\r\n"
                .to_owned(),
        ] {
            let (mut gap, plain) = (Captured::of(bytes.as_bytes()), Captured::of(bytes.as_bytes()));
            gap.push(&[b'\n'; 100_000]);
            gap.push(bytes.as_bytes());
            for (c, mode) in
                [Mode::Pretty, Mode::Raw, Mode::Hex].iter().flat_map(|m| [(&gap, *m), (&plain, *m)])
            {
                let text = |reveal| lines(c, mode, reveal).into_iter().map(|l| l.text).collect::<String>();
                let chars: String = lines(c, mode, false)
                    .iter()
                    .map(|l| if mode == Mode::Hex { l.text.get(59..).unwrap_or("") } else { &l.text })
                    .collect();
                assert!(!chars.contains("canary") && !chars.contains("63 61 6e"), "{mode:?} {chars}");
                assert!(!text(false).contains("63 61 6e 61"), "{mode:?} {chars}");
                assert!(mode == Mode::Hex || text(true).contains("canary"), "{mode:?}");
            }
        }
    }
}
