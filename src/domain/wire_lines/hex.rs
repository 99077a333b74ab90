//! Offsets, hex and text.

use super::{About, Kind, Line, gap_note, place, tail_place};
use crate::domain::exchange::Captured;

/// Bytes of one line.
const ROW: usize = 16;

/// The rows; `was_masked` when the secrets were taken out before this came here, and cannot be revealed.
pub(super) fn lines(captured: &Captured, was_masked: bool) -> Vec<Line> {
    let mut out = plain(captured);
    if was_masked {
        let said = "secret values were masked when this was written: 2a stands for each of their bytes";
        out.insert(0, Line::note(said, 0));
    } else if !captured.masked.is_empty() {
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
