//! Offsets, hex and text.

use super::{About, Kind, Line, gap_note, place, tail_place};
use crate::domain::exchange::Captured;
use crate::domain::message::Message;
use crate::domain::redact::{redact_line, secret_ranges};
use crate::domain::text::visible_bytes;
use std::ops::Range;

/// Bytes of one line.
const ROW: usize = 16;

pub(super) fn lines(captured: &Captured, reveal: bool) -> Vec<Line> {
    if reveal {
        return plain(captured);
    }
    let masked = masked(captured);
    let mut out = plain(&masked);
    if !captured.masked.is_empty() {
        let said = "secret values were masked when this was written: 2a stands for each of their bytes";
        out.insert(0, Line::note(said, 0));
    } else if masked != *captured {
        out.insert(0, Line::note("secret values are shown as 2a; x reveals them", 0));
    }
    out
}

fn plain(captured: &Captured) -> Vec<Line> {
    let mut out = block(&captured.head, 0);
    if captured.missing() > 0 {
        out.extend(gap_note(captured));
        out.extend(block(&captured.tail, tail_place(captured)));
    }
    out
}

/// The same bytes with those of secrets replaced.
fn masked(captured: &Captured) -> Captured {
    let mut masked = captured.clone();
    let message = Message::read(&captured.head);
    for head in &message.heads {
        let mut at = head.at.start;
        for l in message.slice(&head.at).split_inclusive(|b| *b == b'\n') {
            let text = visible_bytes(l.strip_suffix(b"\r\n").unwrap_or(l));
            if redact_line(&text) != text {
                let from = l.iter().position(|b| *b == b':' || *b == b'?').unwrap_or(0);
                blot(&mut masked.head, at + from..at + l.len());
            }
            at += l.len();
        }
    }
    let body = message.body;
    for range in secret_ranges(message.body_bytes()) {
        blot(&mut masked.head, body + range.start..body + range.end);
    }
    for range in secret_ranges(&captured.tail) {
        blot(&mut masked.tail, range);
    }
    masked
}

fn blot(bytes: &mut [u8], range: Range<usize>) {
    let bytes = bytes.get_mut(range).unwrap_or_default();
    bytes.iter_mut().filter(|b| !matches!(b, b'\r' | b'\n')).for_each(|b| *b = b'*');
}

fn block(bytes: &[u8], start: u64) -> Vec<Line> {
    let row = |(i, row): (usize, &[u8])| {
        let at = start + place(i * ROW);
        Line::new(Kind::Body, text(at, row), at..at + place(row.len()), About::Content)
    };
    bytes.chunks(ROW).enumerate().map(row).collect()
}

fn text(at: u64, row: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(80);
    let _ = write!(text, "{at:08x}  ");
    for k in 0..ROW {
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
    text
}
