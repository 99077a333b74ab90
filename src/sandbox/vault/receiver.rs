//! One body on its way in: hashed while it passes, and put where there is room.

use super::{Disk, Vault, VaultError};
use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::units::MIB;
use crate::hash::digest::{Algorithm, Hasher};
use crate::sandbox::blob::Stored;
use crate::sandbox::blob::budget::Lease;
use crate::sandbox::blob::dir::BlobWriter;
use crate::sandbox::blob::pages::{Extent, Spool};
use crate::sandbox::content::{Content, Slice};
use bytes::Bytes;
use std::sync::Arc;

/// The largest run that is kept as one piece, in bytes.
const PIECE: u64 = MIB;
/// Room made at first when nobody says how much will come.
const FIRST: u64 = 16 * 1024;

/// Bytes in memory together with their share of the budget.
#[derive(Debug)]
struct Piece {
    bytes: Vec<u8>,
    lease: Lease,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Where the next bytes go.
#[derive(Debug)]
enum Open {
    Nothing,
    Memory(Piece),
    Pages(Extent),
    File(BlobWriter),
}

/// A body being received. Dropped before it is finished, it gives back everything it took.
pub struct Receiver {
    vault: Vault,
    hint: Option<u64>,
    len: u64,
    hashers: Vec<(Algorithm, Hasher)>,
    done: Vec<Slice>,
    open: Open,
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Receiver({} bytes so far)", self.len)
    }
}

impl Receiver {
    pub(super) fn new(vault: Vault, hint: Option<u64>, digests: &[Algorithm]) -> Self {
        let always = [Algorithm::Md5, Algorithm::Checksum(ChecksumAlgorithm::Crc64Nvme)];
        let mut list: Vec<Algorithm> = always.into_iter().chain(digests.iter().copied()).collect();
        list.sort_unstable();
        list.dedup();
        let hashers = list.into_iter().map(|a| (a, Hasher::new(a))).collect();
        Self { vault, hint, len: 0, hashers, done: Vec::new(), open: Open::Nothing }
    }

    /// Bytes received so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing has come yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes in the next bytes. After an error the body is lost and the receiver should be dropped.
    pub fn push(&mut self, data: &[u8]) -> Result<(), VaultError> {
        for (_, hasher) in &mut self.hashers {
            hasher.update(data);
        }
        match self.vault.disk.clone() {
            Disk::Dir(_) if data.is_empty() => {}
            Disk::Dir(dir) => {
                let mut writer = match std::mem::replace(&mut self.open, Open::Nothing) {
                    Open::File(writer) => writer,
                    _ => dir.create()?,
                };
                let kept = writer.write(data)?;
                self.open = Open::File(writer);
                if !kept {
                    return Err(VaultError::Full(self.vault.usage()));
                }
            }
            Disk::Spool(spool) => {
                let rest = self.keep_in_memory(data);
                self.keep_in_pages(&spool, rest)?;
            }
        }
        self.len += size(data.len());
        Ok(())
    }

    /// How large the next piece should be.
    fn wanted(&self, so_far: u64, at_least: u64) -> u64 {
        let missing = self.hint.map_or(FIRST.max(so_far), |hint| hint.saturating_sub(so_far));
        missing.max(at_least).min(PIECE)
    }

    /// Keeps what the budget has room for; gives back the rest. A body that has gone to disk stays there.
    fn keep_in_memory<'d>(&mut self, mut data: &'d [u8]) -> &'d [u8] {
        let mut so_far = self.len;
        while !data.is_empty() {
            if let Open::Nothing = self.open {
                if !self.done.is_empty() && !self.all_in_memory() {
                    return data;
                }
                let room = usize::try_from(self.wanted(so_far, size(data.len()))).unwrap_or(0);
                let lease = self.vault.memory.lease();
                self.open = Open::Memory(Piece { bytes: Vec::with_capacity(room), lease });
            }
            let Open::Memory(piece) = &mut self.open else { return data };
            let room = usize::try_from(PIECE).unwrap_or(usize::MAX).saturating_sub(piece.bytes.len());
            let (now, rest) = data.split_at(room.min(data.len()));
            if now.is_empty() || !piece.lease.grow(size(now.len())) {
                let full = !now.is_empty();
                self.close();
                if full {
                    return data;
                }
                continue;
            }
            piece.bytes.extend_from_slice(now);
            so_far += size(now.len());
            data = rest;
        }
        data
    }

    fn all_in_memory(&self) -> bool {
        self.done.iter().all(|slice| matches!(slice, Slice::Real(_)))
    }

    fn keep_in_pages(&mut self, spool: &Arc<Spool>, mut data: &[u8]) -> Result<(), VaultError> {
        while !data.is_empty() {
            if let Open::Pages(extent) = &mut self.open {
                data = extent.write(data)?;
            }
            if !data.is_empty() {
                self.close();
                let received = self.done.iter().map(Slice::len).sum();
                let extent = spool.extent(self.wanted(received, size(data.len())))?;
                self.open = Open::Pages(extent.ok_or_else(|| VaultError::Full(self.vault.usage()))?);
            }
        }
        Ok(())
    }

    /// Puts what is open among what is done.
    fn close(&mut self) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => {}
            Open::Memory(mut piece) => {
                if !piece.bytes.is_empty() {
                    piece.bytes.shrink_to_fit();
                    self.done.push(Slice::Real(Bytes::from_owner(piece)));
                }
            }
            Open::Pages(extent) => {
                if !extent.is_empty() {
                    self.done.push(Slice::stored(Stored::Pages(Arc::new(extent.trimmed()))));
                }
            }
            file @ Open::File(_) => self.open = file,
        }
    }

    /// The content, durable if there is a data directory, its digests known.
    pub fn finish(mut self) -> Result<Content, VaultError> {
        self.close();
        if let Open::File(writer) = std::mem::replace(&mut self.open, Open::Nothing) {
            self.done.push(Slice::stored(Stored::File(writer.finish()?)));
        }
        let digests = self.hashers.into_iter().map(|(a, hasher)| (a, hasher.finish()));
        Ok(Content::of_slices(self.done).with_digests(digests))
    }
}

fn size(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
