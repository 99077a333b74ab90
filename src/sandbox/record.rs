//! Content as something that can be written down and brought back: where its bytes are, and its digests.
//!
//! A record holds no large bytes. It names blobs of a data directory and ranges of generators; only a few real
//! bytes (the seeded notes) stand in it themselves. Bringing content back hashes nothing.

use super::blob::{BlobId, Stored};
use super::content::{Content, Slice};
use super::synthetic::Generator;
use super::vault::Vault;
use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::etag::to_hex;
use crate::hash::digest::Algorithm;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// Most real bytes that a record holds itself.
const INLINE: usize = 4096;

/// One run of bytes, written down. All numbers are bytes, but for the seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SliceRecord {
    /// A few bytes in base64.
    Inline(String),
    /// A range of a generator.
    Synthetic {
        /// The generator's seed.
        seed: u64,
        /// Its window.
        window: u64,
        /// Its stamp.
        stamp: u64,
        /// Where the range begins.
        start: u64,
        /// How long it is.
        len: u64,
    },
    /// A range of a blob.
    Blob {
        /// Which.
        id: BlobId,
        /// Length of the whole blob.
        size: u64,
        /// Where the range begins.
        at: u64,
        /// How long it is.
        len: u64,
    },
}

/// Content, written down.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentRecord {
    /// Runs of bytes; none where there are parts, which have their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<SliceRecord>,
    /// What it was joined from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ContentRecord>,
    /// Digests in hex, by the name of the algorithm.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digests: BTreeMap<String, String>,
}

/// Content that has no durable place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// More real bytes in memory than a record holds.
    #[error("{0} bytes are kept in memory only")]
    InMemory(usize),
    /// In the temporary file.
    #[error("{0} bytes are kept in a temporary file only")]
    Temporary(u64),
}

/// Generators by seed, window and stamp: equal ones are shared, and their hash states with them.
#[derive(Debug, Default)]
pub struct Generators(BTreeMap<(u64, u64, u64), Arc<Generator>>);

impl Generators {
    /// The generator of these, made if it is not there yet. Fails for numbers no generator has.
    pub fn get(&mut self, seed: u64, window: u64, stamp: u64) -> io::Result<Arc<Generator>> {
        if window == 0 || stamp > window {
            return Err(invalid(format!("no generator has a window of {window} and a stamp of {stamp}")));
        }
        let made = || Arc::new(Generator::with_windows(seed, window, stamp));
        Ok(Arc::clone(self.0.entry((seed, window, stamp)).or_insert_with(made)))
    }
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Md5 => "MD5",
        Algorithm::Checksum(checksum) => checksum.name(),
    }
}

fn named(text: &str) -> io::Result<Algorithm> {
    match text {
        "MD5" => Some(Algorithm::Md5),
        _ => ChecksumAlgorithm::parse(text).map(Algorithm::Checksum),
    }
    .ok_or_else(|| invalid(format!("unknown digest {text:?}")))
}

fn unhex(text: &str) -> io::Result<Vec<u8>> {
    let bad = || invalid(format!("not a digest: {text:?}"));
    if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(bad());
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| bad()))
        .collect()
}

fn slice_record(slice: &Slice) -> Result<SliceRecord, RecordError> {
    match slice {
        Slice::Real(bytes) if bytes.len() <= INLINE => Ok(SliceRecord::Inline(STANDARD.encode(bytes))),
        Slice::Real(bytes) => Err(RecordError::InMemory(bytes.len())),
        Slice::Synthetic { generator, start, len } => {
            let (seed, window, stamp) = generator.identity();
            Ok(SliceRecord::Synthetic { seed, window, stamp, start: *start, len: *len })
        }
        Slice::Stored { stored, start, len } => match stored.id() {
            Some(id) => Ok(SliceRecord::Blob { id, size: stored.len(), at: *start, len: *len }),
            None => Err(RecordError::Temporary(*len)),
        },
    }
}

impl Content {
    /// Writes this down. Fails for real bytes without a data directory.
    pub fn record(&self) -> Result<ContentRecord, RecordError> {
        let digests = self.known_digests().map(|(a, digest)| (name(a).to_owned(), to_hex(digest))).collect();
        let parts = self.parts().map(Self::record).collect::<Result<Vec<_>, _>>()?;
        let slices = if parts.is_empty() {
            self.slices().map(slice_record).collect::<Result<Vec<_>, _>>()?
        } else {
            Vec::new()
        };
        Ok(ContentRecord { slices, parts, digests })
    }
}

impl Serialize for Content {
    /// As its [`ContentRecord`].
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.record().map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl SliceRecord {
    fn restore(&self, find: Find<'_>, generators: &mut Generators) -> io::Result<Slice> {
        match self {
            Self::Inline(text) => Ok(Slice::Real(STANDARD.decode(text).map_err(io::Error::other)?.into())),
            Self::Synthetic { seed, window, stamp, start, len } => {
                let generator = generators.get(*seed, *window, *stamp)?;
                if start.checked_add(*len).is_none() {
                    return Err(invalid(format!("no range of {len} bytes begins at {start}")));
                }
                Ok(Slice::Synthetic { generator, start: *start, len: *len })
            }
            Self::Blob { id, size, at, len } => {
                if at.checked_add(*len).is_none_or(|end| end > *size) {
                    return Err(invalid(format!("blob {id} has {size} bytes: no {len} of them from {at}")));
                }
                Ok(Slice::Stored { stored: find(*id, *size)?, start: *at, len: *len })
            }
        }
    }
}

/// The way from a name to a blob.
type Find<'a> = &'a dyn Fn(BlobId, u64) -> io::Result<Stored>;

impl ContentRecord {
    /// Brings the content back, its digests known. Fails when a blob is missing or the record is not sound.
    pub fn restore(&self, vault: &Vault, generators: &mut Generators) -> io::Result<Content> {
        self.brought(&|id, size| vault.find(id, size), generators)
    }

    /// The same without looking whether the blobs are there: what is told of content that was removed later has
    /// none any more. Who replays checks in the end what is left.
    pub fn replayed(&self, vault: &Vault, generators: &mut Generators) -> io::Result<Content> {
        self.brought(&|id, size| vault.expect(id, size), generators)
    }

    fn brought(&self, find: Find<'_>, generators: &mut Generators) -> io::Result<Content> {
        let content = if self.parts.is_empty() {
            let slices: io::Result<Vec<Slice>> =
                self.slices.iter().map(|s| s.restore(find, generators)).collect();
            Content::of_slices(slices?)
        } else {
            let parts: io::Result<Vec<Content>> =
                self.parts.iter().map(|p| p.brought(find, generators)).collect();
            Content::join(parts?)
        };
        let digests = self.digests.iter().map(|(name, hex)| Ok((named(name)?, unhex(hex)?)));
        Ok(content.with_digests(digests.collect::<io::Result<Vec<_>>>()?))
    }

    /// The blobs it names.
    pub fn blobs(&self) -> impl Iterator<Item = BlobId> {
        let own = self.slices.iter().filter_map(|slice| match slice {
            SliceRecord::Blob { id, .. } => Some(*id),
            SliceRecord::Inline(_) | SliceRecord::Synthetic { .. } => None,
        });
        let below: Box<dyn Iterator<Item = BlobId> + '_> = Box::new(self.parts.iter().flat_map(Self::blobs));
        own.chain(below)
    }
}

#[cfg(test)]
mod tests;
