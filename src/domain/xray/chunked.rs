//! A body in chunks of S3's own: what each chunk and the trailer sign, as far as the bytes are kept.
//!
//! Each signature covers the one before it. Where the middle of a body is not kept the chain is broken: what
//! comes after the gap can be checked only where the signature before it is kept too.

use super::check::Signed;
use super::film::{self, Film, Stated, hidden};
use super::places;
use crate::domain::etag::to_hex;
use crate::domain::exchange::Captured;
use crate::domain::message::{Chunk, Payload, Place};
use crate::domain::sigv4::{Claim, canonical_trailer, chunk_string_to_sign, trailer_string_to_sign};
use sha2::{Digest, Sha256};
use std::ops::Range;

const SIGNATURE: &str = "chunk-signature=";
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// The coding of one body.
pub(super) struct Chunked {
    /// From the first byte on, and after the gap those at the end.
    pub(super) chunks: Vec<ChunkSeen>,
    /// How many of them stand before the gap; all, when there is none.
    pub(super) before_gap: usize,
    /// Whether the middle is not kept, or the rest has not come.
    pub(super) gap: Option<Gap>,
    pub(super) trailer: Option<Trailer>,
}

/// Why a body is not seen whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// The middle was sent and not kept.
    NotKept,
    /// The body ends, so far, before its last chunk.
    NotOver,
}

/// One chunk.
pub(super) struct ChunkSeen {
    pub(super) size: u64,
    /// Whether all of its data is at hand.
    pub(super) whole: bool,
    /// Whether its signature or its data was masked in the record.
    pub(super) hidden: bool,
    pub(super) line: Range<u64>,
    pub(super) data: Range<u64>,
    pub(super) signature: Option<String>,
    /// What is signed, when its data and the signature before it are at hand.
    pub(super) signed: Option<Signed>,
    /// Where the signature before it stands, when that is in the body.
    pub(super) previous: Option<Range<u64>>,
}

/// The headers after the last chunk.
pub(super) struct Trailer {
    /// Name, value and place of each but the signature.
    pub(super) fields: Vec<(String, String, Range<u64>)>,
    pub(super) signature: Option<(String, Range<u64>)>,
    /// Whether bytes of it were masked in the record.
    pub(super) hidden: bool,
    /// What is signed, when there is a signature and the one of the last chunk is at hand.
    pub(super) signed: Option<Signed>,
    /// Where the signature of the last chunk stands.
    pub(super) previous: Option<Range<u64>>,
}

impl Chunked {
    /// Every signature in the body that can be recomputed.
    pub(super) fn signatures(&self) -> Vec<Signed> {
        let trailer = self.trailer.iter().filter_map(|t| t.signed.clone());
        self.chunks.iter().filter_map(|c| c.signed.clone()).chain(trailer).collect()
    }
}

/// The signature a chain stands at.
#[derive(Clone)]
struct Previous {
    signature: String,
    at: Option<Range<u64>>,
}

/// Reads the coding; `None` when there is none.
pub(super) fn read(film: &Film<'_>, claim: &Claim) -> Option<Chunked> {
    if !film.message.is_aws_chunked() {
        return None;
    }
    let plain = Payload::plain(film.message.body_bytes(), film.message.body);
    let http_chunked = film.message.is_chunked();
    let body = if http_chunked { plain.dechunked() } else { plain };
    let seed = Previous { signature: claim.signature.clone(), at: None };
    let seen = !film.hides(&film.stated(claim, Stated::Signature));
    let mut reader = Reader {
        captured: film.captured,
        claim,
        previous: seen.then_some(seed),
        out: Chunked { chunks: Vec::new(), before_gap: 0, gap: None, trailer: None },
    };
    let ended = reader.read(&body);
    reader.out.before_gap = reader.out.chunks.len();
    if !ended {
        let missing = film.captured.missing() > 0;
        reader.out.gap = Some(if missing { Gap::NotKept } else { Gap::NotOver });
        reader.previous = None;
        if missing && !http_chunked {
            reader.read_end(&film.captured.tail, film.captured.total);
        }
    }
    Some(reader.out)
}

struct Reader<'c> {
    captured: &'c Captured,
    claim: &'c Claim,
    /// `None` after a gap.
    previous: Option<Previous>,
    out: Chunked,
}

impl Reader<'_> {
    /// Reads chunks from a beginning on; says whether the last one was among them.
    fn read(&mut self, body: &Payload<'_>) -> bool {
        let found = body.chunks();
        for chunk in &found.chunks {
            self.chunk(body, chunk);
        }
        let ended = found.chunks.last().is_some_and(|c| c.size == 0);
        if ended && !found.trailer.is_empty() {
            self.trailer(body, &found.trailer);
        }
        ended
    }

    /// Reads the last chunk and the trailer from the kept end of a body.
    fn read_end(&mut self, tail: &[u8], total: u64) {
        // Only the last chunk can be told from content that looks like one: nothing but its trailer follows it.
        let found = tail.windows(5).rposition(|w| w == b"\r\n0;c" || w == b"\r\n0\r\n").map(|at| at + 2);
        let Some(bytes) = found.and_then(|at| tail.get(at..)) else { return };
        let at = total.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.read(&Payload::plain(bytes, usize::try_from(at).unwrap_or(usize::MAX)));
    }

    fn chunk(&mut self, body: &Payload<'_>, chunk: &Chunk) {
        let line = text(body, &chunk.line);
        let extension = line.split_once(';').map(|(_, extension)| extension.trim());
        let signature = extension.and_then(|e| e.strip_prefix(SIGNATURE)).map(str::to_owned);
        let data = body.bytes.get(chunk.data.clone()).unwrap_or(&[]);
        let whole = u64::try_from(data.len()).is_ok_and(|len| len == chunk.size);
        let previous = self.previous.clone();
        let (line, place) = (places(&body.span(&chunk.line)), places(&body.span(&chunk.data)));
        let (line_hidden, data_hidden) = (hidden(self.captured, &line), hidden(self.captured, &place));
        let known = whole && !line_hidden && !data_hidden;
        let signed = match (&signature, &previous) {
            (Some(signature), Some(previous)) if known => {
                let hash = to_hex(&Sha256::digest(data));
                let (time, scope) = (&self.claim.timestamp, &self.claim.scope);
                let string_to_sign = chunk_string_to_sign(time, scope, &previous.signature, &hash);
                Some(Signed { string_to_sign, signature: signature.clone() })
            }
            _ => None,
        };
        let own = signature.clone().filter(|_| !line_hidden);
        self.previous = own.map(|signature| Previous { signature, at: Some(line.clone()) });
        self.out.chunks.push(ChunkSeen {
            size: chunk.size,
            whole,
            hidden: line_hidden || data_hidden,
            line,
            data: place,
            signature,
            signed,
            previous: previous.and_then(|p| p.at),
        });
    }

    fn trailer(&mut self, body: &Payload<'_>, lines: &[Place]) {
        let (mut fields, mut signature) = (Vec::new(), None);
        for line in lines {
            let (text, at) = (text(body, line), places(&body.span(line)));
            let (name, value) = text.split_once(':').unwrap_or((&text, ""));
            let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
            if name.eq_ignore_ascii_case(TRAILER_SIGNATURE) {
                signature = Some((value, at));
            } else {
                fields.push((name, value, at));
            }
        }
        let pairs: Vec<_> = fields.iter().map(|(n, v, _)| (n.clone(), v.clone())).collect();
        let previous = self.previous.clone();
        let hidden = fields.iter().map(|(_, _, at)| at).chain(signature.iter().map(|(_, at)| at));
        let hidden = hidden.into_iter().any(|at| film::hidden(self.captured, at));
        let both = signature.as_ref().zip(previous.as_ref()).filter(|_| !hidden);
        let signed = both.map(|((signature, _), previous)| {
            let (time, scope) = (&self.claim.timestamp, &self.claim.scope);
            let canonical = canonical_trailer(&pairs);
            let string_to_sign = trailer_string_to_sign(time, scope, &previous.signature, &canonical);
            Signed { string_to_sign, signature: signature.clone() }
        });
        self.out.trailer =
            Some(Trailer { fields, signature, hidden, signed, previous: previous.and_then(|p| p.at) });
    }
}

fn text(body: &Payload<'_>, at: &Place) -> String {
    String::from_utf8_lossy(body.bytes.get(at.clone()).unwrap_or(&[])).into_owned()
}
