//! Start lines, query parameters and headers.

use super::align::{self, Item, marked, numbered, value};
use super::{Section, What};
use crate::domain::message::{Field, Head, Message, Place, RequestLine};
use crate::domain::redact::redact_line;
use crate::domain::text::visible_bytes;
use std::ops::Range;

/// Headers (lower case) that differ in any two exchanges. Of `authorization` only the signature does.
const EACH_TIME: [&str; 7] = [
    "x-amz-date",
    "date",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "x-amz-request-id",
    "x-amz-id-2",
    "x-amz-trailer-signature",
];

/// Query parameters that do: those of a presigned request.
const EACH_TIME_QUERY: [&str; 2] = ["X-Amz-Date", "X-Amz-Signature"];

/// Whether a header's value differs in any two exchanges.
pub(super) fn is_each_time(name: &str) -> bool {
    EACH_TIME.contains(&name)
}

/// A message, and where its bytes stand for others.
pub(super) type Read<'a> = (&'a Message<'a>, &'a [Range<u64>]);

pub(super) fn compare(old: Read<'_>, new: Read<'_>, reveal: bool, section: &mut Section) {
    let starts = |(m, masked): Read<'_>| marked(start_items(m, reveal), masked);
    align::compare(starts(old), starts(new), None, section);
    let parameters = |(m, masked): Read<'_>| {
        let line = m.request_line();
        marked(line.map(|line| parameter_items(m, &line, reveal)).unwrap_or_default(), masked)
    };
    align::compare(parameters(old), parameters(new), Some(What::ParameterOrder), section);
    let headers = |(m, masked): Read<'_>| {
        marked(m.head().map(|head| header_items(m, head, reveal)).unwrap_or_default(), masked)
    };
    align::compare(headers(old), headers(new), Some(What::HeaderOrder), section);
}

fn item(m: &Message<'_>, what: What, at: &Place, reveal: bool) -> Item {
    let text = masked(m.slice(at), reveal);
    Item { what, nth: 0, bytes: m.slice(at).to_vec(), steady: None, value: value(text, at), masked: false }
}

fn masked(bytes: &[u8], reveal: bool) -> String {
    let text = visible_bytes(bytes);
    if reveal { text } else { redact_line(&text) }
}

/// Interim answers, and the pieces of the start line but for its parameters.
fn start_items(m: &Message<'_>, reveal: bool) -> Vec<Item> {
    let mut out = Vec::new();
    let Some((own, interim)) = m.heads.split_last() else { return out };
    for head in interim {
        // All of it is compared; its first line tells which it is.
        out.push(Item { bytes: m.slice(&head.at).to_vec(), ..item(m, What::Interim, &head.start, reveal) });
    }
    if own.start.is_empty() {
        return out;
    }
    match m.request_line() {
        Some(line) => {
            out.push(item(m, What::Method, &line.method, reveal));
            out.push(item(m, What::Path, &line.path, reveal));
            out.push(item(m, What::Version, &line.version, reveal));
        }
        None if m.slice(&own.start).starts_with(b"HTTP/") => {
            out.push(item(m, What::StatusLine, &own.start, reveal));
        }
        None => out.push(item(m, What::StartLine, &own.start, reveal)),
    }
    numbered(&mut out);
    out
}

fn parameter_items(m: &Message<'_>, line: &RequestLine, reveal: bool) -> Vec<Item> {
    let mut out: Vec<Item> = line
        .parameters
        .iter()
        .map(|p| {
            let name = visible_bytes(m.slice(&p.name));
            let whole = masked(m.slice(&p.at), reveal);
            let text = whole.split_once('=').map_or("", |(_, v)| v).to_owned();
            let each_time = EACH_TIME_QUERY.iter().any(|n| n.eq_ignore_ascii_case(&name));
            // A bare name and one with an empty value are told apart by the sign between them.
            let bytes = m.slice(&(p.name.end..p.at.end)).to_vec();
            Item {
                what: What::Parameter(name),
                nth: 0,
                bytes,
                steady: each_time.then(Vec::new),
                value: value(text, &p.at),
                masked: false,
            }
        })
        .collect();
    numbered(&mut out);
    out
}

fn header_items(m: &Message<'_>, head: &Head, reveal: bool) -> Vec<Item> {
    let mut out: Vec<Item> = head.fields.iter().map(|f| header_item(m, f, reveal)).collect();
    numbered(&mut out);
    out
}

fn header_item(m: &Message<'_>, field: &Field, reveal: bool) -> Item {
    let name = visible_bytes(m.slice(&field.name)).trim().to_ascii_lowercase();
    let line = masked(m.slice(&field.at), reveal);
    let text = line.split_once(':').map_or("", |(_, v)| v.trim()).to_owned();
    // The letter case of a name is a difference of its own on the wire.
    let bytes = [m.slice(&field.name), b":", m.slice(&field.value)].concat();
    let steady = match name.as_str() {
        "authorization" => Some(without_signature(m, field)),
        name if is_each_time(name) => Some(m.slice(&field.name).to_vec()),
        _ => None,
    };
    Item { what: What::Header(name), nth: 0, bytes, steady, value: value(text, &field.at), masked: false }
}

/// The header but for the signature, which differs whenever anything does.
fn without_signature(m: &Message<'_>, field: &Field) -> Vec<u8> {
    let whole = m.slice(&field.at);
    let name = b"Signature=";
    match whole.windows(name.len()).rposition(|w| w == name) {
        Some(at) => {
            let rest = whole.get(at..).unwrap_or(&[]);
            let end = rest.iter().position(|b| *b == b',').unwrap_or(rest.len());
            [whole.get(..at).unwrap_or(&[]), rest.get(end..).unwrap_or(&[])].concat()
        }
        None => whole.to_vec(),
    }
}
