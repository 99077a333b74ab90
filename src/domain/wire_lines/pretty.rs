//! Heads line by line, parameters apart, XML laid out, framing without its payload.

use super::{About, Kind, Line, Veiled, gap_note, head_about, head_kind, masked, place, places, tail_place};
use crate::domain::exchange::Captured;
use crate::domain::message::{Head, Message, Payload};
use crate::domain::redact::redact_body;
use crate::domain::text::{visible, visible_bytes};
use crate::domain::units::grouped;
use crate::domain::xml;

pub(super) fn lines(captured: &Captured, reveal: bool) -> Vec<Line> {
    let message = Message::read(&captured.head);
    let mut out = Vec::new();
    for head in &message.heads {
        head_lines(&message, head, reveal, &mut out);
    }
    let body = message.body_bytes();
    if body.is_empty() {
        return out;
    }
    out.push(Line::note("", place(message.body)));
    let plain = Payload::plain(body, message.body);
    if message.is_aws_chunked() {
        let inner = if message.is_chunked() {
            out.push(Line::note("chunked framing left out here; raw shows it", place(message.body)));
            plain.dechunked()
        } else {
            plain
        };
        out.extend(aws_chunked(captured, &message, &inner, reveal));
    } else if message.is_chunked() {
        out.push(Line::note("chunked framing left out here; raw shows it", place(message.body)));
        out.extend(body_lines(captured, &message, &plain.dechunked(), reveal));
    } else {
        out.extend(body_lines(captured, &message, &plain, reveal));
    }
    out
}

fn head_lines(message: &Message<'_>, head: &Head, reveal: bool, out: &mut Vec<Line>) {
    let is_request = !message.slice(&head.start).starts_with(b"HTTP/");
    let places_of = std::iter::once(&head.start).chain(head.fields.iter().map(|f| &f.at));
    for (at, about) in places_of.zip(head_about(message, head)).filter(|(at, _)| !at.is_empty()) {
        let line = if about == About::RequestLine { message.request_line() } else { None };
        match line.filter(|l| !l.parameters.is_empty()) {
            Some(line) => {
                let path = at.start..line.path.end;
                let text = masked(message.slice(&path), reveal);
                out.push(Line::new(Kind::Start, text, places(&path), About::RequestLine));
                for (i, p) in line.parameters.iter().enumerate() {
                    // The version is the end of the line, and stands behind the last parameter.
                    let end = if i + 1 == line.parameters.len() { at.end } else { p.at.end };
                    let shown = p.at.start..end;
                    let text = format!("  {}", masked(message.slice(&shown), reveal));
                    let name = visible_bytes(message.slice(&p.name));
                    out.push(Line::new(Kind::Start, text, places(&shown), About::Parameter(name)));
                }
            }
            None => {
                let text = masked(message.slice(at), reveal);
                out.push(Line::new(head_kind(&about, is_request), text, places(at), about));
            }
        }
    }
}

fn body_lines(captured: &Captured, message: &Message<'_>, payload: &Payload<'_>, reveal: bool) -> Vec<Line> {
    let body = payload.bytes.as_ref();
    if body.trim_ascii_start().starts_with(b"<") {
        return xml_lines(captured, payload, reveal);
    }
    let binary =
        body.iter().take(512).filter(|b| **b < 9 || (**b > 13 && **b < 32) || **b >= 127).count() > 16;
    let mut out = Vec::new();
    if binary {
        let text = format!(
            "{} bytes of binary body; hex shows what is kept",
            grouped(captured.total.saturating_sub(place(message.body)))
        );
        let at = place(message.body);
        out.push(Line { at: at..captured.total, ..Line::note(text, at) });
    } else {
        out.extend(text_lines(payload, reveal));
    }
    out.extend(gap_note(captured));
    out
}

/// XML laid out as far as it is kept and well-formed; what is left is said, and shown as it came.
fn xml_lines(captured: &Captured, payload: &Payload<'_>, reveal: bool) -> Vec<Line> {
    let veiled = Veiled::new(&payload.bytes, reveal);
    let (laid_out, stopped) = xml::pretty_partial(&veiled.0);
    let mut out: Vec<Line> = laid_out
        .into_iter()
        .map(|l| {
            let text = veiled.text(l.text.as_bytes());
            let about = if l.path.is_empty() { About::Nothing } else { About::Element(l.path) };
            Line::new(Kind::Body, text, places(&payload.span(&l.at)), about)
        })
        .collect();
    let end = out.last().map_or(0, |l| l.at.end);
    if captured.missing() > 0 {
        out.extend(gap_note(captured));
        let tail =
            Payload::plain(&captured.tail, usize::try_from(tail_place(captured)).unwrap_or(usize::MAX));
        out.extend(text_lines(&tail, reveal));
    } else if let Some(why) = stopped {
        out.push(Line::note(format!("laid out up to here: {}; raw shows all", visible(&why)), end));
    }
    out
}

fn text_lines(payload: &Payload<'_>, reveal: bool) -> Vec<Line> {
    let veiled = Veiled::new(&payload.bytes, reveal);
    let mut at = 0;
    veiled
        .0
        .split(|b| *b == b'\n')
        .map(|l| {
            let from = at;
            at += l.len() + 1;
            let span = payload.span(&(from..from + l.len()));
            Line::new(Kind::Body, veiled.text(l), places(&span), About::Content)
        })
        .collect()
}

/// The framing lines of an aws-chunked body that are kept: sizes, signatures, trailer.
fn aws_chunked(captured: &Captured, message: &Message<'_>, payload: &Payload<'_>, reveal: bool) -> Vec<Line> {
    let total = grouped(captured.total.saturating_sub(place(message.body)));
    let said = format!("{total} bytes of aws-chunked body; payload left out here, framing shown");
    let mut out = vec![Line::note(said, place(message.body))];
    out.extend(framing(payload, reveal));
    out.extend(gap_note(captured));
    if captured.missing() > 0 {
        let found = captured.tail.windows(5).rposition(|w| w == b"\r\n0;c" || w == b"\r\n0\r\n");
        if let Some(end) = found.and_then(|at| captured.tail.get(at + 2..)) {
            let at = captured.total.saturating_sub(place(end.len()));
            out.extend(framing(&Payload::plain(end, usize::try_from(at).unwrap_or(usize::MAX)), reveal));
        }
    }
    out
}

fn framing(payload: &Payload<'_>, reveal: bool) -> Vec<Line> {
    let text = |at: &std::ops::Range<usize>| {
        let text = visible_bytes(payload.bytes.get(at.clone()).unwrap_or(&[]));
        if reveal { text } else { redact_body(&text) }
    };
    let chunks = payload.chunks();
    let mut out = Vec::new();
    for chunk in &chunks.chunks {
        let shown = text(&chunk.line);
        let about = About::AwsChunk { signed: shown.contains("chunk-signature=") };
        out.push(Line::new(Kind::Body, shown, places(&payload.span(&chunk.line)), about));
    }
    for line in &chunks.trailer {
        let shown = text(line);
        let name = shown.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
        out.push(Line::new(Kind::Body, shown, places(&payload.span(line)), About::Trailer(name)));
    }
    out
}
