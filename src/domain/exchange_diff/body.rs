//! Bodies: their framing, and what they hold as elements or as bytes.

use super::align::{self, Item, value};
use super::tree::{Document, Pair, Tree};
use super::{Change, Section, Value, Verdict, What, head};
use crate::domain::exchange::Captured;
use crate::domain::message::{Chunks, Message, Payload};
use crate::domain::redact::{redact_body, secret_ranges};
use crate::domain::text::visible_bytes;
use crate::domain::units::grouped;
use sha2::{Digest as _, Sha256};

/// The body of one message as far as it was kept.
pub(super) struct Half<'a> {
    captured: &'a Captured,
    /// Without framing.
    payload: Payload<'a>,
    /// The framing that matters most: S3's own where there is one.
    framing: Option<(Payload<'a>, Chunks)>,
    /// The kept end, when the middle was not kept.
    tail: &'a [u8],
    /// Bytes after the head, framing included, kept or not.
    total: u64,
}

impl<'a> Half<'a> {
    pub fn new(captured: &'a Captured, message: &Message<'a>) -> Self {
        let plain = Payload::plain(message.body_bytes(), message.body);
        let framed = match (message.is_chunked(), message.is_aws_chunked()) {
            (true, true) => Some(plain.dechunked()),
            (false, false) => None,
            _ => Some(plain),
        };
        Self {
            captured,
            payload: message.payload(),
            framing: framed.map(|p| (p.clone(), p.chunks())),
            tail: if captured.missing() > 0 { &captured.tail } else { &[] },
            total: captured.total.saturating_sub(u64::try_from(message.body).unwrap_or(u64::MAX)),
        }
    }

    fn is_document(&self) -> bool {
        self.payload.bytes.trim_ascii_start().starts_with(b"<")
    }

    /// It as a document that was read.
    fn document<'t>(&'t self, tree: &'t Tree) -> Document<'t> {
        Document { tree, payload: &self.payload, masked: &self.captured.masked }
    }

    /// Size lines as one piece, then the lines of the trailer.
    fn framing_items(&self, reveal: bool) -> Vec<Item> {
        let mut out = Vec::new();
        let Some((framed, chunks)) = &self.framing else { return out };
        let line = |at: &std::ops::Range<usize>| framed.bytes.get(at.clone()).unwrap_or(&[]);
        if let Some((first, last)) = chunks.chunks.first().zip(chunks.chunks.last()) {
            let sizes = align::names(chunks.chunks.iter().map(|c| c.size.to_string()));
            let text = format!("{} chunks: {sizes}", chunks.chunks.len());
            let bytes: Vec<u8> = chunks.chunks.iter().flat_map(|c| [line(&c.line), b"\n"].concat()).collect();
            out.push(Item {
                what: What::Framing,
                nth: 0,
                bytes,
                // Their signatures differ whenever anything does.
                steady: Some(chunks.chunks.iter().flat_map(|c| c.size.to_be_bytes()).collect()),
                value: value(text, &framed.span(&(first.line.start..last.line.end))),
                masked: false,
            });
        }
        for at in &chunks.trailer {
            let raw = line(at);
            let text = visible_bytes(raw);
            let shown = if reveal { text } else { redact_body(&text) };
            let (name, rest) = shown.split_once(':').unwrap_or((&shown, ""));
            let name = name.trim().to_ascii_lowercase();
            let steady = head::is_each_time(&name).then(Vec::new);
            let told = value(rest.trim(), &framed.span(at));
            let bytes = raw.to_vec();
            out.push(Item { what: What::Trailer(name), nth: 0, bytes, steady, value: told, masked: false });
        }
        align::numbered(&mut out);
        align::marked(out, &self.captured.masked)
    }

    /// What is to be said of bytes of it from one place of the payload on; `None` when there are none.
    fn told(&self, from: usize) -> Option<Value> {
        let kept = self.payload.bytes.get(from..).unwrap_or(&[]);
        let end = if self.tail.is_empty() { None } else { Some(self.captured.total) };
        if kept.is_empty() && end.is_none() {
            return None;
        }
        let text = if self.captured.missing() > 0 {
            let (first, last) = (self.payload.bytes.len(), self.tail.len());
            format!("{} bytes, kept the first {first} and the last {last}", grouped(self.total))
        } else if secret_ranges(kept).is_empty() {
            format!("{} bytes, SHA-256 {}", grouped(count(kept.len())), digest(kept))
        } else {
            format!("{} bytes", grouped(count(kept.len())))
        };
        let span = self.payload.span(&(from..self.payload.bytes.len()));
        let mut told = value(text, &span);
        told.at.end = end.unwrap_or(told.at.end).max(told.at.start);
        Some(told)
    }

    /// The place in the message of a byte of the payload.
    fn place(&self, at: usize) -> u64 {
        count(self.payload.place(at)).min(self.captured.total)
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// The first bytes of a digest: enough to see that two differ.
fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hex: String = digest.iter().take(6).map(|b| format!("{b:02x}")).collect();
    format!("{hex}…")
}

pub(super) fn compare(old: Half<'_>, new: Half<'_>, reveal: bool, section: &mut Section) {
    align::compare(old.framing_items(reveal), new.framing_items(reveal), None, section);
    if !(old.is_document() && new.is_document()) {
        return rest(&old, &new, (0, 0), section);
    }
    let (before, after) = (Tree::read(&old.payload.bytes), Tree::read(&new.payload.bytes));
    Pair { old: old.document(&before), new: new.document(&after), reveal }.compare(section);
    if before.stopped.is_some() || after.stopped.is_some() {
        let from = |tree: &Tree, half: &Half<'_>| tree.stopped.unwrap_or(half.payload.bytes.len());
        rest(&old, &new, (from(&before, &old), from(&after, &new)), section);
    }
}

/// Compares as bytes what is no document, from one place in each on.
fn rest(old: &Half<'_>, new: &Half<'_>, from: (usize, usize), section: &mut Section) {
    let (was, is) = (old.told(from.0), new.told(from.1));
    let bytes = |half: &Half<'_>, from: usize| half.payload.bytes.get(from..).unwrap_or(&[]).to_vec();
    let (a, b) = (bytes(old, from.0), bytes(new, from.1));
    let cut = old.captured.missing() > 0 || new.captured.missing() > 0;
    let same = a == b && old.tail == new.tail && (!cut || old.total == new.total);
    let masked = |half: &Half<'_>, value: &Value| align::is_masked(&value.at, &half.captured.masked);
    let (verdict, note) = match (&was, &is) {
        (None, None) => return,
        (None, Some(_)) => (Verdict::Added, String::new()),
        (Some(_), None) => (Verdict::Gone, String::new()),
        (Some(a), Some(b)) if same && (masked(old, a) || masked(new, b)) => {
            (Verdict::NotKnown, align::UNKNOWN.to_owned())
        }
        _ if same && !cut => {
            section.same += 1;
            return;
        }
        _ if same => (Verdict::NotKnown, "the middle was not kept; what was kept is the same".to_owned()),
        _ => (Verdict::Changed, first_difference(old, new, from, (&a, &b))),
    };
    let mut change = Change { what: What::Body, nth: 0, verdict, old: was, new: is, each_time: false, note };
    if verdict == Verdict::Changed {
        let at = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
        // The place to look at is that of the first difference.
        for (value, half, from) in [(&mut change.old, old, from.0), (&mut change.new, new, from.1)] {
            if let Some(value) = value {
                value.at.start = half.place(from + at).clamp(value.at.start, value.at.end);
            }
        }
    }
    section.changes.push(change);
}

fn first_difference(old: &Half<'_>, new: &Half<'_>, from: (usize, usize), (a, b): (&[u8], &[u8])) -> String {
    let at = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let ends = at == a.len() || at == b.len();
    if ends && (old.captured.missing() > 0 || new.captured.missing() > 0) {
        return "what was kept of its beginning is the same".to_owned();
    }
    let place = |n: usize| grouped(count(n));
    if from.0 == from.1 {
        return format!("first difference at byte {} of the body", place(from.0 + at));
    }
    format!("first difference at byte {} and byte {} of the bodies", place(from.0 + at), place(from.1 + at))
}

/// Bytes differ although no piece does.
pub(super) fn layout(old: &Captured, new: &Captured) -> Change {
    let at = old.head.iter().zip(&new.head).take_while(|(x, y)| x == y).count();
    let told = |c: &Captured| {
        let place = count(at).min(c.total);
        Some(Value { text: format!("{} bytes", grouped(c.total)), at: place..c.total })
    };
    let note = format!("white space or framing, from byte {} on", grouped(count(at)));
    let (old, new) = (told(old), told(new));
    Change { what: What::Layout, nth: 0, verdict: Verdict::Changed, old, new, each_time: false, note }
}
