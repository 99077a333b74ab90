//! Exchanges with their secrets taken out, for what is written down: every byte of a secret is replaced by `*`, so that
//! all others stay in their places, and the places say that their bytes are not those of the wire.
//!
//! What is secret is said in [`super::redact`]. Where the bytes at hand begin in the middle of something, it is taken
//! for a secret rather than shown.

use super::exchange::{Captured, Exchange};
use super::message::{Field, Head, Message, Place};
use super::redact::{is_secret_header, is_secret_name_end, secret_ranges};
use std::ops::Range;

/// What stands for each byte of a secret.
pub const FILLER: u8 = b'*';

/// Characters of an access key id that are kept at each end.
const KEY_ID_ENDS: usize = 4;

/// An exchange without its secrets. What was masked already stays masked.
pub fn exchange(exchange: &Exchange) -> Exchange {
    Exchange {
        request: captured(&exchange.request),
        response: captured(&exchange.response),
        ..exchange.clone()
    }
}

/// Most times one direction is looked through: where filler takes the place of a tag, what follows may read otherwise.
const ROUNDS: usize = 16;

/// One direction without its secrets.
pub fn captured(captured: &Captured) -> Captured {
    let (mut out, tail) = (captured.clone(), tail_place(captured));
    for _ in 0..ROUNDS {
        let known = out.masked.clone();
        out.masked.extend(places(&out));
        out.masked = apart(std::mem::take(&mut out.masked));
        if out.masked == known {
            break;
        }
        for range in &out.masked {
            fill(&mut out.head, range, 0);
            fill(&mut out.tail, range, tail);
        }
    }
    out
}

/// Where the secrets of one direction are, counted from its first byte: ascending, apart from each other, none empty.
pub fn places(captured: &Captured) -> Vec<Range<u64>> {
    let joined = captured.joined();
    let whole = joined.as_ref().unwrap_or(captured);
    let message = Message::read(&whole.head);
    let found = secrets(&message, &[]);
    let mut all: Vec<Range<u64>> = found.iter().map(|r| moved(r, 0)).collect();
    if !whole.tail.is_empty() {
        let ended = message.head().is_some_and(|head| head.whole);
        let found = if ended { of_body_end(&whole.tail) } else { of_head_end(&whole.tail) };
        all.extend(found.iter().map(|r| moved(r, tail_place(whole))));
    }
    apart(all)
}

/// The secrets of a message, and what is secret besides.
fn secrets(message: &Message<'_>, besides: &[Place]) -> Vec<Place> {
    let mut out = besides.to_vec();
    for head in &message.heads {
        of_head(message, head, !besides.is_empty(), &mut out);
    }
    let body = message.body;
    out.extend(secret_ranges(message.body_bytes()).into_iter().map(|r| body + r.start..body + r.end));
    out
}

/// The secrets of a head. A line that begins with white space goes on with the one before it.
fn of_head(message: &Message<'_>, head: &Head, begun: bool, out: &mut Vec<Place>) {
    // What stands where a start line should be may be a header.
    let mut is_secret = of_field(message, &field_of(message, &head.start), out) || begun;
    for field in &head.fields {
        if message.slice(&field.at).starts_with(b" ") || message.slice(&field.at).starts_with(b"\t") {
            if is_secret {
                out.push(field.at.clone());
            }
            within(message, &field.at, out);
            continue;
        }
        is_secret = of_field(message, field, out);
    }
}

/// A line taken for a header line.
fn field_of(message: &Message<'_>, line: &Place) -> Field {
    let colon = message.slice(line).iter().position(|b| *b == b':').map_or(line.end, |at| line.start + at);
    Field { at: line.clone(), name: line.start..colon, value: (colon + 1).min(line.end)..line.end }
}

/// Secrets that are named within a line, as query parameters are.
fn within(message: &Message<'_>, line: &Place, out: &mut Vec<Place>) {
    let found = secret_ranges(message.slice(line));
    out.extend(found.into_iter().map(|r| line.start + r.start..line.start + r.end));
}

/// The secrets of a header line, and whether what goes on after it is one too.
fn of_field(message: &Message<'_>, field: &Field, out: &mut Vec<Place>) -> bool {
    let name = String::from_utf8_lossy(message.slice(&field.name)).trim().to_ascii_lowercase();
    if name == "authorization" {
        let value = message.slice(&field.value);
        let found = of_authorization(value);
        out.extend(found.into_iter().map(|r| field.value.start + r.start..field.value.start + r.end));
        return true;
    }
    within(message, &field.at, out);
    let is_secret = is_secret_header(&name);
    if is_secret {
        out.push(field.value.clone());
    }
    is_secret
}

/// Scheme, scope and signed headers stay; the signature goes, and the middle of the access key id.
fn of_authorization(value: &[u8]) -> Vec<Place> {
    let blank = value.len() - value.trim_ascii_start().len();
    if !value.trim_ascii_start().starts_with(b"AWS4-") {
        return std::iter::once(blank..value.len()).collect();
    }
    let lower = value.to_ascii_lowercase();
    let until = |from: usize, ends: &[u8]| {
        let rest = value.get(from..).unwrap_or(&[]);
        from + rest.iter().position(|b| ends.contains(b)).unwrap_or(rest.len())
    };
    let mut out: Vec<Place> = after(&lower, b"signature=").map(|at| at..until(at, b",")).collect();
    for at in after(&lower, b"credential=") {
        let end = until(at, b"/,");
        let kept = if end - at > 2 * KEY_ID_ENDS { KEY_ID_ENDS } else { 0 };
        out.push(at + kept..end - kept);
    }
    out
}

/// Where each occurrence of a word ends.
fn after<'a>(bytes: &'a [u8], word: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    bytes.windows(word.len()).enumerate().filter(move |(_, w)| *w == word).map(move |(at, _)| at + word.len())
}

/// The secrets of the end of a head whose middle is not at hand: of its first line nobody knows the name.
fn of_head_end(tail: &[u8]) -> Vec<Place> {
    let message = Message::read(tail);
    let first = message.heads.first().map_or(0..tail.len(), |head| head.start.clone());
    secrets(&message, &[first])
}

/// The secrets of the end of a body whose middle is not at hand, which may begin within a name or a signature.
fn of_body_end(tail: &[u8]) -> Vec<Place> {
    let mut out = secret_ranges(tail);
    let end = tail.iter().position(|b| matches!(b, b'\r' | b'\n' | b'<' | b'&')).unwrap_or(tail.len());
    let line = tail.get(..end).unwrap_or(&[]);
    match line.iter().position(|b| matches!(b, b':' | b'=')) {
        Some(at) if is_secret_name_end(line.get(..at).unwrap_or(&[])) => out.push(at + 1..end),
        None if line.iter().all(u8::is_ascii_hexdigit) => out.push(0..end),
        _ => {}
    }
    out
}

fn tail_place(captured: &Captured) -> u64 {
    captured.total.saturating_sub(u64::try_from(captured.tail.len()).unwrap_or(u64::MAX))
}

fn moved(range: &Place, by: u64) -> Range<u64> {
    let place = |at: usize| u64::try_from(at).unwrap_or(u64::MAX).saturating_add(by);
    place(range.start)..place(range.end)
}

/// The same places, ascending and apart from each other.
fn apart(mut all: Vec<Range<u64>>) -> Vec<Range<u64>> {
    all.retain(|r| r.start < r.end);
    all.sort_by_key(|r| r.start);
    let mut out: Vec<Range<u64>> = Vec::with_capacity(all.len());
    for range in all {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

/// Fills what lies in a range; line ends stay, so that lines stay lines.
fn fill(bytes: &mut [u8], range: &Range<u64>, start: u64) {
    let index =
        |place: u64| usize::try_from(place.saturating_sub(start)).unwrap_or(usize::MAX).min(bytes.len());
    let (from, to) = (index(range.start), index(range.end));
    if let Some(secret) = bytes.get_mut(from..to) {
        secret.iter_mut().filter(|b| !matches!(b, b'\r' | b'\n')).for_each(|b| *b = FILLER);
    }
}

#[cfg(test)]
mod tests;
