//! Captured bytes as lines for a pane: pretty, raw or hex.
//!
//! Secrets are masked unless revealed. Whatever is left out (framing, masked values, bytes not kept, binary)
//! is said in a line of its own, so that no view passes for the wire when it is not.

use super::panes::wire::Mode;
use crate::domain::exchange::Captured;
use crate::domain::redact::{redact_body, redact_bytes, redact_line, secret_ranges};
use crate::domain::text::{visible, visible_bytes};
use crate::domain::units::grouped;
use crate::domain::xml;
use std::borrow::Cow;
use std::ops::Range;

/// What a line is, for its colour and mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Request or status line.
    Start,
    /// A header the user's parameters caused.
    Header,
    /// A header added by the signer, the SDK or the HTTP stack.
    Added,
    /// Body.
    Body,
    /// Said by this program, not on the wire.
    Note,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Safe to show.
    pub text: String,
    /// What it is.
    pub kind: Kind,
}

fn line(kind: Kind, text: impl Into<String>) -> Line {
    Line { text: text.into(), kind }
}

/// One direction of an exchange as lines.
pub fn lines(captured: &Captured, mode: Mode, reveal: bool) -> Vec<Line> {
    let joined = joined(captured);
    let captured = joined.as_ref().unwrap_or(captured);
    let mut out = match mode {
        Mode::Pretty => pretty(captured, reveal),
        Mode::Raw => raw(captured, reveal),
        Mode::Hex if reveal => hex(captured),
        Mode::Hex => hex_masked(captured),
    };
    if out.is_empty() {
        out.push(line(Kind::Note, "nothing yet"));
    }
    out
}

/// Both ends in one, when together they are all there was.
fn joined(captured: &Captured) -> Option<Captured> {
    (captured.missing() == 0 && !captured.tail.is_empty()).then(|| Captured {
        head: [captured.head.as_slice(), &captured.tail].concat(),
        tail: Vec::new(),
        total: captured.total,
    })
}

/// Headers nobody typed: they come from the signer, the SDK or the HTTP stack.
pub fn is_added(name: &str) -> bool {
    const ADDED: [&str; 11] = [
        "authorization",
        "x-amz-date",
        "x-amz-content-sha256",
        "x-amz-security-token",
        "x-amz-user-agent",
        "user-agent",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "host",
        "content-length",
        "x-amz-decoded-content-length",
    ];
    ADDED.contains(&name.trim().to_ascii_lowercase().as_str())
}

/// Splits the heads (interim 1xx included) from the body.
fn split(captured: &Captured) -> (Vec<&[u8]>, &[u8]) {
    let (mut heads, mut rest) = (Vec::new(), captured.head.as_slice());
    while let Some(end) = rest.windows(4).position(|w| w == b"\r\n\r\n") {
        let (head, after) = rest.split_at(end + 4);
        heads.push(head);
        rest = after;
        if !head.starts_with(b"HTTP/1.1 1") {
            return (heads, rest);
        }
    }
    if heads.is_empty() {
        return (vec![rest], &[]);
    }
    (heads, rest)
}

fn head_lines(head: &[u8]) -> Vec<&[u8]> {
    head.split(|b| *b == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l)).collect()
}

fn masked(bytes: &[u8], reveal: bool) -> String {
    let text = visible_bytes(bytes);
    if reveal { text } else { redact_line(&text) }
}

fn header_kind(text: &str) -> Kind {
    match text.split_once(':') {
        Some((name, _)) if is_added(name) => Kind::Added,
        _ => Kind::Header,
    }
}

fn pretty(captured: &Captured, reveal: bool) -> Vec<Line> {
    let (heads, body) = split(captured);
    let mut out = Vec::new();
    for head in &heads {
        for (i, l) in head_lines(head).into_iter().filter(|l| !l.is_empty()).enumerate() {
            let text = masked(l, reveal);
            out.push(if i == 0 { line(Kind::Start, text) } else { line(header_kind(&text), text) });
        }
    }
    if body.is_empty() {
        return out;
    }
    out.push(line(Kind::Note, ""));
    let head = heads.last().map(|h| h.to_ascii_lowercase()).unwrap_or_default();
    let says = |needle: &[u8]| head.windows(needle.len()).any(|w| w == needle);
    if says(b"content-encoding: aws-chunked") || says(b"x-amz-content-sha256: streaming-") {
        out.extend(aws_chunked(captured, body, reveal));
    } else if says(b"transfer-encoding: chunked") {
        out.push(line(Kind::Note, "chunked framing left out here; raw shows it"));
        out.extend(body_lines(captured, &dechunk(body), reveal));
    } else {
        out.extend(body_lines(captured, body, reveal));
    }
    out
}

fn body_lines(captured: &Captured, body: &[u8], reveal: bool) -> Vec<Line> {
    let trimmed =
        body.iter().position(|b| !b.is_ascii_whitespace()).and_then(|at| body.get(at..)).unwrap_or(&[]);
    if trimmed.starts_with(b"<") {
        return xml_lines(captured, &shown(body, reveal), reveal);
    }
    let binary =
        body.iter().take(512).filter(|b| **b < 9 || (**b > 13 && **b < 32) || **b >= 127).count() > 16;
    let mut out = Vec::new();
    if binary {
        out.push(line(
            Kind::Note,
            format!("{} bytes of binary body; hex shows what is kept", grouped(body_total(captured, body))),
        ));
    } else {
        out.extend(text_lines(&shown(body, reveal)));
    }
    out.extend(gap_note(captured));
    out
}

/// XML laid out as far as it is kept and well-formed; what is left is said, and shown as it came.
fn xml_lines(captured: &Captured, body: &[u8], reveal: bool) -> Vec<Line> {
    let (laid_out, stopped) = xml::pretty_partial(body);
    let mut out: Vec<Line> = laid_out.into_iter().map(|l| line(Kind::Body, visible(&l))).collect();
    if captured.missing() > 0 {
        out.extend(gap_note(captured));
        out.extend(text_lines(&shown(&captured.tail, reveal)));
    } else if let Some(why) = stopped {
        out.push(line(Kind::Note, format!("laid out up to here: {}; raw shows all", visible(&why))));
    }
    out
}

/// A body as it may be shown.
fn shown(body: &[u8], reveal: bool) -> Cow<'_, [u8]> {
    if reveal { Cow::Borrowed(body) } else { Cow::Owned(redact_bytes(body)) }
}

fn body_total(captured: &Captured, body: &[u8]) -> u64 {
    let before = captured.head.len().saturating_sub(body.len());
    captured.total.saturating_sub(u64::try_from(before).unwrap_or(0))
}

fn text_lines(body: &[u8]) -> Vec<Line> {
    body.split(|b| *b == b'\n').map(|l| line(Kind::Body, visible_bytes(l))).collect()
}

fn gap_note(captured: &Captured) -> Option<Line> {
    let missing = captured.missing();
    (missing > 0).then(|| {
        line(
            Kind::Note,
            format!(
                "{} of {} bytes are not kept: the middle. The first {} and the last {} are.",
                grouped(missing),
                grouped(captured.total),
                grouped(u64::try_from(captured.head.len()).unwrap_or(0)),
                grouped(u64::try_from(captured.tail.len()).unwrap_or(0))
            ),
        )
    })
}

/// The framing lines of an aws-chunked body that are kept: sizes, signatures, trailer.
fn aws_chunked(captured: &Captured, body: &[u8], reveal: bool) -> Vec<Line> {
    let framing = |bytes: &[u8]| {
        let text = visible_bytes(bytes);
        line(Kind::Body, if reveal { text } else { redact_body(&text) })
    };
    let mut out = vec![line(
        Kind::Note,
        format!(
            "{} bytes of aws-chunked body; payload left out here, framing shown",
            grouped(body_total(captured, body))
        ),
    )];
    let mut rest = body;
    while let Some(end) = rest.windows(2).position(|w| w == b"\r\n") {
        let (head, after) = rest.split_at(end);
        let text = visible_bytes(head);
        let size = text.split(';').next().and_then(|s| u64::from_str_radix(s, 16).ok());
        out.push(framing(head));
        let Some(size) = size else { break };
        if size == 0 {
            out.extend(
                head_lines(after.get(2..).unwrap_or(&[])).into_iter().filter(|l| !l.is_empty()).map(framing),
            );
            break;
        }
        let skip = usize::try_from(size).ok().and_then(|n| n.checked_add(4));
        match skip.and_then(|n| after.get(n..)) {
            Some(next) => rest = next,
            None => break,
        }
    }
    out.extend(gap_note(captured));
    if captured.missing() > 0 {
        let tail = captured
            .tail
            .windows(5)
            .rposition(|w| w == b"\r\n0;c" || w == b"\r\n0\r\n")
            .and_then(|at| captured.tail.get(at + 2..));
        let kept = head_lines(tail.unwrap_or(&[]));
        out.extend(kept.into_iter().filter(|l| !l.is_empty()).map(framing));
    }
    out
}

/// The payload of a chunked body as far as it is kept.
fn dechunk(body: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), body);
    while let Some(end) = rest.windows(2).position(|w| w == b"\r\n") {
        let size = std::str::from_utf8(rest.get(..end).unwrap_or(&[])).ok();
        let size =
            size.and_then(|s| usize::from_str_radix(s.split(';').next().unwrap_or("").trim(), 16).ok());
        let after = rest.get(end + 2..).unwrap_or(&[]);
        match size {
            None | Some(0) => break,
            Some(n) => {
                out.extend_from_slice(after.get(..n).unwrap_or(after));
                match after.get(n.saturating_add(2)..) {
                    Some(next) => rest = next,
                    None => break,
                }
            }
        }
    }
    out
}

fn raw(captured: &Captured, reveal: bool) -> Vec<Line> {
    let (heads, body) = split(captured);
    let mut out = Vec::new();
    for head in heads {
        let whole = head.ends_with(b"\r\n\r\n");
        let mut parts: Vec<&[u8]> = head.split_inclusive(|b| *b == b'\n').collect();
        if !whole && parts.is_empty() && !head.is_empty() {
            parts.push(head);
        }
        for (i, l) in parts.into_iter().enumerate() {
            let (text, end) = match l.strip_suffix(b"\r\n") {
                Some(t) => (t, "␍␊"),
                None => (l, ""),
            };
            let shown = masked(text, reveal);
            let kind = if i == 0 { Kind::Start } else { header_kind(&shown) };
            out.push(line(kind, shown + end));
        }
    }
    out.extend(raw_body(body, reveal));
    if captured.missing() > 0 {
        out.extend(gap_note(captured));
        out.extend(raw_body(&captured.tail, reveal));
    }
    out
}

/// Longest stretch without a line end that is put on one line.
const RAW_WIDTH: usize = 4096;

fn raw_body(body: &[u8], reveal: bool) -> Vec<Line> {
    shown(body, reveal)
        .split_inclusive(|b| *b == b'\n')
        .flat_map(|l| l.chunks(RAW_WIDTH))
        .map(|l| line(Kind::Body, visible_bytes(l)))
        .collect()
}

fn hex(captured: &Captured) -> Vec<Line> {
    let mut out = hex_block(&captured.head, 0);
    if captured.missing() > 0 {
        out.extend(gap_note(captured));
        let start = captured.total.saturating_sub(u64::try_from(captured.tail.len()).unwrap_or(0));
        out.extend(hex_block(&captured.tail, start));
    }
    out
}

/// Hex with the bytes of secrets replaced.
fn hex_masked(captured: &Captured) -> Vec<Line> {
    let mut masked = captured.clone();
    let (heads, body) = split(captured);
    let mut at = 0;
    for head in heads {
        for l in head.split_inclusive(|b| *b == b'\n') {
            let text = visible_bytes(l.strip_suffix(b"\r\n").unwrap_or(l));
            if redact_line(&text) != text {
                let from = l.iter().position(|b| *b == b':' || *b == b'?').unwrap_or(0);
                blot(&mut masked.head, at + from..at + l.len());
            }
            at += l.len();
        }
    }
    for range in secret_ranges(body) {
        blot(&mut masked.head, at + range.start..at + range.end);
    }
    for range in secret_ranges(&captured.tail) {
        blot(&mut masked.tail, range);
    }
    let mut out = hex(&masked);
    if masked != *captured {
        out.insert(0, line(Kind::Note, "secret values are shown as 2a; x reveals them"));
    }
    out
}

fn blot(bytes: &mut [u8], range: Range<usize>) {
    let bytes = bytes.get_mut(range).unwrap_or(&mut []);
    bytes.iter_mut().filter(|b| !matches!(b, b'\r' | b'\n')).for_each(|b| *b = b'*');
}

fn hex_block(bytes: &[u8], start: u64) -> Vec<Line> {
    use std::fmt::Write as _;
    bytes
        .chunks(16)
        .enumerate()
        .map(|(i, row)| {
            let mut text = String::with_capacity(80);
            let _ = write!(text, "{:08x}  ", start + u64::try_from(i).unwrap_or(0) * 16);
            for k in 0..16 {
                match row.get(k) {
                    Some(b) => {
                        let _ = write!(text, "{b:02x} ");
                    }
                    None => text.push_str("   "),
                }
                if k == 7 {
                    text.push(' ');
                }
            }
            text.push(' ');
            text.extend(row.iter().map(|b| if (32..127).contains(b) { char::from(*b) } else { '.' }));
            line(Kind::Body, text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(bytes: &[u8]) -> Captured {
        let mut c = Captured::default();
        c.push(bytes);
        c
    }
    fn texts(bytes: &[u8], mode: Mode) -> Vec<String> {
        lines(&captured(bytes), mode, false).into_iter().map(|l| l.text).collect()
    }
    const AUTH: &str = "authorization: AWS4-HMAC-SHA256 Credential=SANDBOXACCESSKEY0000/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0123canary\r\n";

    #[test]
    fn pretty_lays_xml_out_and_masks_signatures() {
        let request = format!("POST /b/k?uploadId=U HTTP/1.1\r\n{AUTH}\r\n<A><B>1</B></A>");
        let got = texts(request.as_bytes(), Mode::Pretty);
        assert_eq!(got[0], "POST /b/k?uploadId=U HTTP/1.1");
        assert!(got[1].ends_with("Signature=•••"));
        assert_eq!(got[2..], ["", "<A>", "  <B>1</B>", "</A>"]);
    }

    #[test]
    fn no_mode_shows_a_secret() {
        for mode in [Mode::Pretty, Mode::Raw, Mode::Hex] {
            let all = texts(format!("GET / HTTP/1.1\r\n{AUTH}\r\n").as_bytes(), mode).join("");
            assert!(!all.contains("canary") && !all.contains("63 61 6e 61"), "{mode:?} {all}");
        }
        let shown = lines(&captured(AUTH.as_bytes()), Mode::Raw, true);
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
        let mut c = captured(b"HTTP/1.1 200 OK\r\n\r\n");
        c.push(&vec![0; 200_000]);
        for mode in [Mode::Pretty, Mode::Raw, Mode::Hex] {
            let all: String = lines(&c, mode, false).into_iter().map(|l| l.text).collect();
            assert!(all.contains("are not kept"), "{mode:?}");
        }
    }

    #[test]
    fn a_body_a_little_longer_than_the_beginning_is_shown_to_its_end() {
        let mut c = captured(b"HTTP/1.1 200 OK\r\n\r\n");
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
            let (mut gap, plain) = (captured(bytes.as_bytes()), captured(bytes.as_bytes()));
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
