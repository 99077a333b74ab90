//! A body as it arrives, piece by piece: the `aws-chunked` coding taken away, and everything stated about it
//! (chunk and trailer signatures, trailers, hash, length) checked.
//!
//! The decoder holds no data. It passes data on before it is judged, so what receives the data must not count it
//! as received until [`Decoder::finish`] has agreed.

use super::error::S3Error;
use super::request::Request;
use crate::domain::etag::to_hex;
use crate::domain::sigv4::{ChunkChain, Claim, UNSIGNED_PAYLOAD};
use sha2::{Digest, Sha256};

/// Longest line before a chunk, in bytes, its end included.
const MAX_LINE: usize = 1024;
/// Longest trailing headers, in bytes.
const MAX_TRAILER: usize = 32 * 1024;

/// Takes the coding off one body.
pub(crate) struct Decoder {
    coding: Coding,
    access_key_id: String,
}

enum Coding {
    /// None; the hash that was stated and the one being computed.
    Plain(Option<(String, Sha256)>),
    Chunks(Box<Chunks>),
}

/// An `aws-chunked` body, half-way.
struct Chunks {
    chain: Option<ChunkChain>,
    /// Names of trailers that must come.
    announced: Vec<String>,
    /// What `x-amz-decoded-content-length` says is still to come.
    missing: u64,
    at: Place,
    /// The line, line end or trailer being collected.
    text: Vec<u8>,
    /// Signature and running hash of a signed chunk.
    signature: String,
    hash: Sha256,
}

/// Where in the coding the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Line,
    Data { left: u64 },
    LineEnd,
    Trailer,
}

/// Trailing headers in order.
pub(crate) type Trailers = Vec<(String, String)>;

impl Decoder {
    /// A decoder for the body of this request; refuses what its head alone shows to be wrong.
    pub(crate) fn new(request: &Request, claim: &Claim, secret: &str) -> Result<Self, S3Error> {
        let hash = claim.payload_hash.as_str();
        let coding = match hash.strip_prefix("STREAMING-") {
            None => Coding::Plain(stated_hash(hash)?.map(|stated| (stated, Sha256::new()))),
            Some(mode) => {
                let (signed, trailer) = match mode {
                    "AWS4-HMAC-SHA256-PAYLOAD" => (true, false),
                    "AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => (true, true),
                    "UNSIGNED-PAYLOAD-TRAILER" => (false, true),
                    _ => return Err(bad_hash(hash)),
                };
                let announced = if trailer { request.header("x-amz-trailer").unwrap_or("") } else { "" };
                let names = announced.split(',').map(str::trim).filter(|n| !n.is_empty());
                let chain = signed.then(|| ChunkChain::new(claim, secret));
                let chunks = Chunks::new(chain, decoded_length(request)?, names.map(str::to_owned).collect());
                Coding::Chunks(Box::new(chunks))
            }
        };
        Ok(Self { coding, access_key_id: claim.access_key_id.clone() })
    }

    /// Takes in the next bytes as received and passes on the data in them.
    pub(crate) fn push(
        &mut self,
        raw: &[u8],
        mut data: impl FnMut(&[u8]) -> Result<(), S3Error>,
    ) -> Result<(), S3Error> {
        match &mut self.coding {
            Coding::Plain(hash) => {
                if let Some((_, hasher)) = hash {
                    hasher.update(raw);
                }
                data(raw)
            }
            Coding::Chunks(chunks) => chunks.push(raw, &self.access_key_id, &mut data),
        }
    }

    /// Judges the whole body, and gives its trailers.
    pub(crate) fn finish(self) -> Result<Trailers, S3Error> {
        match self.coding {
            Coding::Plain(None) => Ok(Vec::new()),
            Coding::Plain(Some((stated, hasher))) => check_hash(&stated, &to_hex(&hasher.finalize())),
            Coding::Chunks(chunks) => chunks.finish(&self.access_key_id),
        }
    }
}

impl Chunks {
    fn new(chain: Option<ChunkChain>, missing: u64, announced: Vec<String>) -> Self {
        let (at, text, signature) = (Place::Line, Vec::new(), String::new());
        Self { chain, announced, missing, at, text, signature, hash: Sha256::new() }
    }

    fn push(
        &mut self,
        mut raw: &[u8],
        access_key_id: &str,
        data: &mut impl FnMut(&[u8]) -> Result<(), S3Error>,
    ) -> Result<(), S3Error> {
        while !raw.is_empty() {
            raw = match self.at {
                Place::Line => self.line(raw, access_key_id)?,
                Place::LineEnd => self.line_end(raw)?,
                Place::Data { left } => {
                    let n = usize::try_from(left).unwrap_or(usize::MAX).min(raw.len());
                    let (now, rest) = raw.split_at(n);
                    if self.chain.is_some() {
                        self.hash.update(now);
                    }
                    data(now)?;
                    self.at = Place::Data { left: left - u64::try_from(n).unwrap_or(left) };
                    if self.at == (Place::Data { left: 0 }) {
                        self.check_chunk(access_key_id)?;
                        self.at = Place::LineEnd;
                    }
                    rest
                }
                Place::Trailer => {
                    self.text.extend_from_slice(raw);
                    if self.text.len() > MAX_TRAILER {
                        return Err(malformed_trailer());
                    }
                    &[]
                }
            };
        }
        Ok(())
    }

    /// Collects the line before a chunk, and reads it when it is whole.
    fn line<'r>(&mut self, raw: &'r [u8], access_key_id: &str) -> Result<&'r [u8], S3Error> {
        let end = raw.iter().position(|b| *b == b'\n').map_or(raw.len(), |at| at + 1);
        let (now, rest) = raw.split_at(end);
        self.text.extend_from_slice(now);
        if self.text.len() > MAX_LINE {
            return Err(incomplete());
        }
        let Some(line) = self.text.strip_suffix(b"\r\n") else { return Ok(rest) };
        let line = std::str::from_utf8(line).map_err(|_| incomplete())?;
        let (size, extension) = line.split_once(';').unwrap_or((line, ""));
        let size = u64::from_str_radix(size.trim(), 16).map_err(|_| incomplete())?;
        self.missing = self.missing.checked_sub(size).ok_or_else(incomplete)?;
        self.signature = extension.trim().strip_prefix("chunk-signature=").unwrap_or("").to_owned();
        self.text.clear();
        self.at = Place::Data { left: size };
        if size == 0 {
            self.check_chunk(access_key_id)?;
            self.at = Place::Trailer;
        }
        Ok(rest)
    }

    fn line_end<'r>(&mut self, raw: &'r [u8]) -> Result<&'r [u8], S3Error> {
        let (now, rest) = raw.split_at(raw.len().min(2 - self.text.len()));
        self.text.extend_from_slice(now);
        if !b"\r\n".starts_with(&self.text) {
            return Err(incomplete());
        }
        if self.text.len() == 2 {
            self.text.clear();
            self.at = Place::Line;
        }
        Ok(rest)
    }

    fn check_chunk(&mut self, access_key_id: &str) -> Result<(), S3Error> {
        let Some(chain) = self.chain.as_mut() else { return Ok(()) };
        let hash = std::mem::take(&mut self.hash).finalize();
        if chain.next_chunk_of_hash(&to_hex(&hash)) == self.signature {
            return Ok(());
        }
        Err(chunk_mismatch(access_key_id, &self.signature))
    }

    fn finish(self, access_key_id: &str) -> Result<Trailers, S3Error> {
        if self.at != Place::Trailer {
            return Err(incomplete());
        }
        let list = trailers(&self.text, self.chain.as_ref(), access_key_id)?;
        if self.missing > 0 {
            return Err(incomplete());
        }
        let there = |name: &String| list.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
        if self.announced.iter().all(there) { Ok(list) } else { Err(malformed_trailer()) }
    }
}

fn bad_hash(value: &str) -> S3Error {
    S3Error::invalid_argument(
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
        "x-amz-content-sha256",
        value,
    )
}

/// The hash a plain body must have, if one is stated.
fn stated_hash(hash: &str) -> Result<Option<String>, S3Error> {
    if hash == UNSIGNED_PAYLOAD {
        return Ok(None);
    }
    let valid = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    if valid { Ok(Some(hash.to_owned())) } else { Err(bad_hash(hash)) }
}

fn check_hash(stated: &str, computed: &str) -> Result<Trailers, S3Error> {
    if computed.eq_ignore_ascii_case(stated) {
        return Ok(Vec::new());
    }
    Err(S3Error::new(
        400,
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
    .with("ClientComputedContentSHA256", stated)
    .with("S3ComputedContentSHA256", computed))
}

pub(crate) fn incomplete() -> S3Error {
    S3Error::new(
        400,
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )
}

fn decoded_length(request: &Request) -> Result<u64, S3Error> {
    let missing =
        || S3Error::new(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
    let text = request.header("x-amz-decoded-content-length").ok_or_else(missing)?;
    text.trim().parse().map_err(|_| incomplete())
}

fn malformed_trailer() -> S3Error {
    S3Error::new(
        400,
        "MalformedTrailerError",
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
    )
}

fn trailers(rest: &[u8], chain: Option<&ChunkChain>, access_key_id: &str) -> Result<Trailers, S3Error> {
    let text = std::str::from_utf8(rest).map_err(|_| malformed_trailer())?;
    let mut list = Trailers::new();
    let mut signature = None;
    for line in text.split('\n').map(str::trim).filter(|l| !l.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(malformed_trailer)?;
        if name.eq_ignore_ascii_case("x-amz-trailer-signature") {
            signature = Some(value.trim().to_owned());
        } else {
            list.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    match (chain, signature) {
        (Some(chain), signature) if !list.is_empty() => {
            let sent = signature.unwrap_or_default();
            if chain.trailer(&list) == sent { Ok(list) } else { Err(chunk_mismatch(access_key_id, &sent)) }
        }
        _ => Ok(list),
    }
}

fn chunk_mismatch(access_key_id: &str, signature: &str) -> S3Error {
    super::auth::mismatch().with("AWSAccessKeyId", access_key_id).with("SignatureProvided", signature)
}

#[cfg(test)]
mod tests;
