//! What the signature says of the body: its hash, no hash, or signatures of its own chunk by chunk.

use super::check::Checked;
use super::chunked::{ChunkSeen, Chunked, Gap, Trailer};
use super::film::{Film, SignedHead, Stated};
use super::{Out, Section, Tone};
use crate::domain::etag::to_hex;
use crate::domain::redact::{MASK, redact_line};
use crate::domain::sigv4::UNSIGNED_PAYLOAD;
use crate::domain::units::grouped;
use sha2::{Digest, Sha256};
use std::ops::Range;

/// Chunks whose string to sign is written out.
const WRITTEN_OUT: usize = 16;
/// Most chunks that have a line.
const MOST: usize = 256;

pub(super) fn show(film: &Film<'_>, signed: &SignedHead, checked: &Checked, out: &mut Out) {
    out.heading(Section::Body, "BODY");
    let from = film.stated(&signed.claim, Stated::PayloadHash);
    match signed.claim.payload_hash.as_str() {
        UNSIGNED_PAYLOAD => {
            out.say(
                Tone::Said,
                "UNSIGNED-PAYLOAD: the signature does not cover the body; TLS or a checksum has to",
                from,
            );
        }
        mode if mode.starts_with("STREAMING-") => streaming(film, mode, from, out),
        hash if hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            stated_hash(film, hash, from, out);
        }
        _ => out.say(
            Tone::Bad,
            "x-amz-content-sha256 is neither a SHA-256 in hex nor the name of a mode",
            from,
        ),
    }
    if let Some(body) = &signed.chunked {
        chunks(body, checked, out);
    }
}

fn stated_hash(film: &Film<'_>, hash: &str, mut from: Vec<Range<u64>>, out: &mut Out) {
    let Some(whole) = whole_body(film) else {
        let said = if film.captured.missing() > 0 {
            "SHA-256 of the body: its middle is not kept, so it cannot be recomputed here"
        } else {
            "SHA-256 of the body, which has not all left yet"
        };
        return out.say(Tone::Doubt, said, from);
    };
    let body = u64::try_from(film.message.body).unwrap_or(u64::MAX);
    from.push(body..film.captured.total);
    if film.hides(&from) {
        return out.say(Tone::Doubt, "SHA-256 of the body: bytes of it are masked in this record", from);
    }
    let bytes = grouped(u64::try_from(whole.len()).unwrap_or(u64::MAX));
    if to_hex(&Sha256::digest(&whole)).eq_ignore_ascii_case(hash) {
        out.say(Tone::Good, format!("SHA-256 of the body's {bytes} bytes, recomputed: equal"), from);
    } else {
        out.say(Tone::Bad, format!("SHA-256 of the body's {bytes} bytes, recomputed: differs"), from);
    }
}

/// The body without the framing of HTTP, when all of it is at hand.
fn whole_body(film: &Film<'_>) -> Option<Vec<u8>> {
    if film.captured.missing() > 0 {
        return None;
    }
    let sent = film.message.body_bytes();
    if film.message.is_chunked() {
        let plain = crate::domain::message::Payload::plain(sent, film.message.body);
        plain.chunks().chunks.last().filter(|c| c.size == 0)?;
        return Some(plain.dechunked().bytes.into_owned());
    }
    let length = film.header("content-length").map_or(Some(0), |v| v.trim().parse().ok());
    (length == u64::try_from(sent.len()).ok()).then(|| sent.to_vec())
}

fn streaming(film: &Film<'_>, mode: &str, from: Vec<Range<u64>>, out: &mut Out) {
    let meaning = match mode {
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => {
            "the body comes in chunks, each with a signature that covers the one before it"
        }
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => {
            "the body comes in chunks, each with a signature that covers the one before it; a signed trailer follows"
        }
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => {
            "the body comes in chunks without signatures; a trailer follows, unsigned too: TLS and the checksum protect them"
        }
        _ => "a mode that is not taken apart here",
    };
    let tone = if meaning.starts_with("a mode") { Tone::Doubt } else { Tone::Said };
    out.say(tone, format!("{mode}: {meaning}"), from);
    if let Some(names) = film.header("x-amz-trailer") {
        out.say(Tone::Said, format!("announced trailer: {names}"), film.fields("x-amz-trailer"));
    }
    lengths(film, out);
}

/// Bytes of content beside bytes on the wire.
fn lengths(film: &Film<'_>, out: &mut Out) {
    const DECODED: &str = "x-amz-decoded-content-length";
    let Some(decoded) = film.header(DECODED) else { return };
    let sent = film.header("content-length").and_then(|v| v.trim().parse::<u64>().ok());
    let from = [film.fields(DECODED), film.fields("content-length")].concat();
    match (decoded.trim().parse::<u64>(), sent) {
        (Ok(decoded), Some(sent)) if sent >= decoded => {
            let (a, b, added) = (grouped(decoded), grouped(sent), grouped(sent - decoded));
            out.say(
                Tone::Said,
                format!("{a} bytes of content in {b} bytes of body: the coding adds {added}"),
                from,
            );
        }
        (Ok(decoded), None) => {
            out.say(Tone::Said, format!("{} bytes of content", grouped(decoded)), from);
        }
        (Ok(_), Some(_)) => {
            out.say(Tone::Bad, "the content is said to be longer than the body that holds it", from)
        }
        (Err(_), _) => out.say(Tone::Bad, format!("{DECODED} is no number"), from),
    }
}

fn chunks(body: &Chunked, checked: &Checked, out: &mut Out) {
    for (index, chunk) in body.chunks.iter().enumerate().take(MOST) {
        if index == body.before_gap {
            gap(body.gap, out);
        }
        let name = if index < body.before_gap { format!("chunk {}", index + 1) } else { "last chunk".into() };
        one_chunk(&name, chunk, index < WRITTEN_OUT, checked, out);
    }
    if body.chunks.len() > MOST {
        rest(body, checked, out);
    }
    if body.chunks.len() <= body.before_gap {
        gap(body.gap, out);
    }
    if let Some(trailer) = &body.trailer {
        show_trailer(trailer, checked, out);
    }
}

fn rest(body: &Chunked, checked: &Checked, out: &mut Out) {
    let others = body.chunks.get(MOST..).unwrap_or(&[]);
    let count = |wanted| {
        let same = |c: &&ChunkSeen| c.signed.as_ref().is_some_and(|s| checked.of(s) == Some(wanted));
        others.iter().filter(same).count()
    };
    let said =
        format!("{} more chunks: {} signatures equal, {} differ", others.len(), count(true), count(false));
    let from = others.iter().map(|c| c.line.clone()).collect();
    out.say(if count(false) > 0 { Tone::Bad } else { Tone::Said }, said, from);
}

fn gap(gap: Option<Gap>, out: &mut Out) {
    match gap {
        None => {}
        Some(Gap::NotKept) => out.say(
            Tone::Doubt,
            "the middle of the body is not kept: the chain of signatures is broken here",
            vec![],
        ),
        Some(Gap::NotOver) => {
            out.say(Tone::Doubt, "the body is not over: its last chunk has not left", vec![])
        }
    }
}

fn one_chunk(name: &str, chunk: &ChunkSeen, written_out: bool, checked: &Checked, out: &mut Out) {
    let from = vec![chunk.line.clone(), chunk.data.clone()];
    let size = grouped(chunk.size);
    let Some(signature) = &chunk.signature else {
        return out.say(Tone::Said, format!("{name}: {size} bytes, not signed"), from);
    };
    let sent = out.signature(signature).to_owned();
    out.say(Tone::Said, format!("{name}: {size} bytes, signature sent: {sent}"), from.clone());
    let Some(signed) = &chunk.signed else {
        let why = match (chunk.hidden, chunk.whole) {
            (true, _) => "its signature or its data is masked in this record",
            (_, true) => "the signature before it is not kept",
            (_, false) => "not all of its data is kept",
        };
        return out.say(Tone::Doubt, format!("{name}: cannot be recomputed, {why}"), from);
    };
    if written_out {
        string_to_sign(&signed.string_to_sign, chunk.previous.as_ref(), &chunk.data, out);
    }
    verdict(name, checked.of(signed), from, out);
}

/// Six lines for a chunk, five for a trailer; the fourth is the signature before it.
fn string_to_sign(text: &str, previous: Option<&Range<u64>>, data: &Range<u64>, out: &mut Out) {
    let last = text.split('\n').count().saturating_sub(1);
    for (index, line) in text.split('\n').enumerate() {
        let (shown, from) = match index {
            3 if out.reveal => (line, previous),
            3 => (MASK, previous),
            _ if index == last => (line, Some(data)),
            _ => (line, None),
        };
        out.say(Tone::Signed, shown, from.cloned().into_iter().collect());
    }
}

fn verdict(name: &str, equal: Option<bool>, from: Vec<Range<u64>>, out: &mut Out) {
    let (tone, said) = match equal {
        Some(true) => (Tone::Good, "recomputed: equal"),
        Some(false) => (Tone::Bad, "recomputed: differs"),
        None => (Tone::Doubt, "not checked with the secret key"),
    };
    out.say(tone, format!("{name}: {said}"), from);
}

fn show_trailer(trailer: &Trailer, checked: &Checked, out: &mut Out) {
    let all: Vec<_> = trailer.fields.iter().map(|(_, _, at)| at.clone()).collect();
    for (name, value, at) in &trailer.fields {
        let line = format!("{name}: {value}");
        let shown = if out.reveal { line } else { redact_line(&line) };
        out.say(Tone::Said, format!("trailer {shown}"), vec![at.clone()]);
    }
    let Some((signature, at)) = &trailer.signature else {
        return out.say(Tone::Said, "the trailer is not signed", all);
    };
    let sent = out.signature(signature).to_owned();
    out.say(Tone::Said, format!("trailer signature sent: {sent}"), vec![at.clone()]);
    let from = [all, vec![at.clone()]].concat();
    let Some(signed) = &trailer.signed else {
        let why = if trailer.hidden { "is masked in this record" } else { "is not kept" };
        let said = format!("trailer: cannot be recomputed, its signature or that of the last chunk {why}");
        return out.say(Tone::Doubt, said, from);
    };
    let span = trailer.fields.first().zip(trailer.fields.last());
    let span = span.map_or(at.clone(), |((_, _, first), (_, _, last))| first.start..last.end);
    string_to_sign(&signed.string_to_sign, trailer.previous.as_ref(), &span, out);
    verdict("trailer", checked.of(signed), from, out);
}
