//! The body of one request on its way in: from a bounded channel, through the decoder, to where it belongs.
//!
//! The connection reads the socket and sends pieces; this runs on a blocking thread, because it hashes and
//! writes. The channel is short, so a slow disk slows the client down and memory stays flat. Bodies of
//! PutObject and UploadPart go to the vault, every other body is a small document. A body counts only when the
//! connection has said that it is whole: a cut one is dropped with everything it took.

use super::body::Decoder;
use super::corrupt::Corruption;
use super::error::S3Error;
use super::http::Piece;
use super::request::Request;
use super::route::Api;
use super::service::{self, State};
use super::vault::{Receiver, VaultError};
use crate::domain::limits::AWS;
use crate::domain::sigv4::Claim;
use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

/// Largest document, in bytes: a Complete of 10 000 parts with SHA-256 checksums, generously laid out, fits.
pub(crate) const MAX_DOCUMENT: u64 = 4 * 1024 * 1024;
/// Pieces on their way between the socket and the worker.
pub(crate) const PIECES: usize = 8;

/// Why there is no body.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The body, or what was stated about it, is wrong, or there is no room.
    Refused(S3Error),
    /// It ended before it was whole.
    Cut,
}

impl From<S3Error> for Failed {
    fn from(error: S3Error) -> Self {
        Self::Refused(error)
    }
}

impl From<VaultError> for Failed {
    fn from(error: VaultError) -> Self {
        Self::Refused(error.into())
    }
}

/// The answer to a document that is too long.
pub(crate) fn too_long(size: u64) -> S3Error {
    S3Error::new(400, "MaxMessageLengthExceeded", "Your request was too big.")
        .with("MaxMessageLengthBytes", MAX_DOCUMENT.to_string())
        .with("ProposedSize", size.to_string())
}

/// Where the data goes.
enum Sink {
    Document(Vec<u8>),
    Object(Receiver),
}

impl Sink {
    fn push(&mut self, data: &[u8]) -> Result<(), S3Error> {
        let more = |len: u64| len.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
        match self {
            Self::Document(document) => {
                let size = more(u64::try_from(document.len()).unwrap_or(u64::MAX));
                if size > MAX_DOCUMENT {
                    return Err(too_long(size));
                }
                document.extend_from_slice(data);
                Ok(())
            }
            Self::Object(receiver) => {
                let size = more(receiver.len());
                if size > AWS.max_part_size {
                    return Err(S3Error::too_large(size, AWS.max_part_size));
                }
                Ok(receiver.push(data)?)
            }
        }
    }
}

/// Checks a request without a body, which needs no thread and no vault.
pub(crate) fn nothing(state: &State, claim: &Claim, mut request: Request) -> Result<Request, S3Error> {
    request.trailers = Decoder::new(&request, claim, &state.keys.secret_key)?.finish()?;
    Ok(request)
}

/// A piece as a line with a fault delivers it.
fn altered(corruption: &mut Corruption, raw: Bytes) -> Bytes {
    let mut altered = BytesMut::from(raw);
    corruption.alter(&mut altered);
    altered.freeze()
}

/// A body on its way.
pub(crate) struct Incoming {
    /// Bytes as framed, if that is known.
    pub(crate) length: Option<u64>,
    /// What the connection sends.
    pub(crate) pieces: mpsc::Receiver<Piece>,
    /// What a fault does to it.
    pub(crate) corruption: Option<Corruption>,
}

/// Takes in a whole body and puts it into the request; blocks.
pub(crate) fn take(
    state: &State,
    api: Api,
    claim: &Claim,
    mut request: Request,
    mut incoming: Incoming,
) -> Result<Request, Failed> {
    let mut decoder = Decoder::new(&request, claim, &state.keys.secret_key)?;
    let mut sink = if api.needs_length() {
        let decoded = request.header("x-amz-decoded-content-length").and_then(|t| t.trim().parse().ok());
        let digests = service::digests(state, &request);
        Sink::Object(state.vault.receive(decoded.or(incoming.length), &digests)?)
    } else {
        Sink::Document(Vec::new())
    };
    loop {
        match incoming.pieces.blocking_recv() {
            Some(Piece::Bytes(raw)) => {
                let raw = match &mut incoming.corruption {
                    Some(corruption) => altered(corruption, raw),
                    None => raw,
                };
                decoder.push(&raw, |data| sink.push(data))?;
            }
            Some(Piece::End) => break,
            None => return Err(Failed::Cut),
        }
    }
    request.trailers = decoder.finish()?;
    match sink {
        Sink::Document(document) => request.body = Bytes::from(document),
        Sink::Object(receiver) => request.content = receiver.finish()?,
    }
    Ok(request)
}
