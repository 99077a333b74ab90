//! Sessions as files: what passed on the wire, written down to be read again without a network.
//!
//! One JSON object a line. The first line says what the file is: the version of the format, who wrote it, which S3 was
//! talked to, and whether secrets are masked. Each further line is one exchange with its bytes in base64, as far as they
//! were kept. The format is described in `docs/SESSION_FILES.md`.
//!
//! What is written is masked ([`super::mask`]), unless somebody typed that it shall not be.

mod read;
mod row;

pub use read::{Unreadable, read};
pub(super) use row::{About, Row, check_version};

use super::deed::Deed;
use super::exchange::{Exchange, ExchangeId};
use super::mask;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Version of the format that is written, and the only one that is read.
pub const VERSION: u32 = 1;

/// Longest line that is read, in bytes. An exchange keeps 68 KiB of each direction, which is 182 KiB of base64 for both.
pub const MAX_LINE: usize = 1 << 20;

/// Largest file that is read, in bytes.
pub const MAX_FILE: u64 = 1 << 30;

/// Most exchanges that are read from one file.
pub const MAX_EXCHANGES: usize = 200_000;

/// Whether an exchange's secrets are at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Secrets {
    /// They were replaced by filler, and the places are known.
    Masked,
    /// They are there.
    Present,
}

/// How the bytes of a session came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bytes {
    /// As they were on the wire.
    Exact,
    /// Made of what another program wrote down of them: order, spelling and framing may differ.
    Reconstructed,
}

/// What passed on the wire, with what one has to know of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Program that wrote it, with its version.
    pub program: String,
    /// Which S3 was talked to, as the screen calls it.
    pub target: String,
    /// Microseconds since 1970 at microsecond 0 of every [`super::exchange::Timing`].
    pub epoch: i64,
    /// Whether secrets are in it.
    pub secrets: Secrets,
    /// Whether its bytes are those of the wire.
    pub bytes: Bytes,
    /// Exchanges that were dropped before it was written, to bound memory.
    pub dropped: u64,
    /// The exchanges, in the order they began.
    pub exchanges: Vec<Exchange>,
    /// What each of them was done for, as far as that is known.
    pub deeds: BTreeMap<ExchangeId, Arc<Deed>>,
}

impl Session {
    /// A session of this program, its secrets at hand.
    pub fn new(target: impl Into<String>, epoch: i64, exchanges: Vec<Exchange>) -> Self {
        Self {
            program: concat!("partscope ", env!("CARGO_PKG_VERSION")).into(),
            target: without_user(&target.into()),
            epoch,
            secrets: Secrets::Present,
            bytes: Bytes::Exact,
            dropped: 0,
            exchanges,
            deeds: BTreeMap::new(),
        }
    }

    /// The same without its secrets.
    pub fn masked(&self) -> Self {
        Self {
            secrets: Secrets::Masked,
            exchanges: self.exchanges.iter().map(mask::exchange).collect(),
            ..self.clone()
        }
    }
}

/// A name of a target in which no address names a user, who may come with a password.
fn without_user(target: &str) -> String {
    let Some((scheme, rest)) = target.split_once("://") else { return target.to_owned() };
    let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{}", rest.get(authority.len()..).unwrap_or_default())
}

/// What one types to have secrets written too.
pub const WORD: &str = "secrets";

/// Proof that somebody typed [`WORD`] after being told what will be in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmasked(());

impl Unmasked {
    /// The proof, when the word is right.
    pub fn typed(word: &str) -> Option<Self> {
        (word == WORD).then_some(Self(()))
    }

    /// What will be in such a file, in words.
    pub fn warning() -> [&'static str; 3] {
        [
            "The file will hold session tokens, signatures, keys of customer-provided encryption and cookies as they were sent.",
            "Whoever reads it can use them while they are valid, as you.",
            "What objects hold is in it either way, as far as it was kept.",
        ]
    }
}

/// A session file without secrets.
pub fn write(session: &Session) -> Vec<u8> {
    lines(session, Secrets::Masked, mask::exchange)
}

/// A session file with the secrets that the session holds.
pub fn write_unmasked(session: &Session, _proof: &Unmasked) -> Vec<u8> {
    lines(session, session.secrets, Exchange::clone)
}

fn lines(session: &Session, secrets: Secrets, prepare: impl Fn(&Exchange) -> Exchange) -> Vec<u8> {
    let mut out = Vec::new();
    push(&mut out, &About::of(session, secrets));
    for exchange in &session.exchanges {
        push(&mut out, &Row::of(&prepare(exchange), session.deeds.get(&exchange.id)));
    }
    out
}

fn push(out: &mut Vec<u8>, line: &impl Serialize) {
    // Numbers, texts and lists of them: there is nothing in a line that JSON cannot say.
    if let Ok(text) = serde_json::to_vec(line) {
        out.extend_from_slice(&text);
        out.push(b'\n');
    }
}

#[cfg(test)]
pub(super) mod tests;
