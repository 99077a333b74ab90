//! Where received bytes are kept: in memory up to a budget, then on disk, or always in a data directory.
//!
//! Without a data directory, bytes beyond the memory budget go to pages of one anonymous temporary file. With
//! one, every body is a file of its own, durable before it counts as received. What is full is said as such,
//! and what a broken or refused body had taken is given back at once.

mod receiver;

use super::blob::budget::Budget;
use super::blob::dir::BlobDir;
use super::blob::pages::Spool;
use super::blob::{BlobId, Stored};
use super::content::{Content, Slice};
use super::error::S3Error;
use crate::domain::units::{GIB, MIB, human_size};
use crate::hash::digest::Algorithm;
pub use receiver::Receiver;
use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Bytes kept in memory when nothing else is said.
pub const MEMORY_BUDGET: u64 = 256 * MIB;
/// Bytes kept in the temporary file when nothing else is said.
pub const DISK_BUDGET: u64 = 16 * GIB;
/// The directory of the blobs in a data directory.
const BLOBS: &str = "blobs";

/// What may be kept and what is. All in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// In memory now.
    pub memory: u64,
    /// The most that is kept in memory.
    pub memory_limit: u64,
    /// On disk now.
    pub disk: u64,
    /// The most that is kept on disk; none is bounded by the disk itself.
    pub disk_limit: Option<u64>,
}

impl Usage {
    fn left(&self) -> u64 {
        let disk = self.disk_limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.disk));
        self.memory_limit.saturating_sub(self.memory).saturating_add(disk)
    }
}

/// Why bytes were not kept.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The budgets are used up.
    #[error("{}", full(.0))]
    Full(Usage),
    /// The disk itself is full.
    #[error(
        "The disk the sandbox writes to is full: {source}. Delete objects, abort uploads, or free some of the disk."
    )]
    DiskFull {
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The disk failed in another way.
    #[error("received bytes could not be kept")]
    Io(#[source] io::Error),
}

fn full(usage: &Usage) -> String {
    let (memory, disk) = (human_size(usage.memory), human_size(usage.disk));
    let limit = usage.disk_limit.map_or_else(|| "any amount".to_owned(), human_size);
    format!(
        "The sandbox keeps at most {} in memory and {limit} on disk, of which {memory} and {disk} are in use. Delete objects, abort uploads, or start it with a larger --memory-budget or --disk-budget.",
        human_size(usage.memory_limit),
    )
}

impl From<io::Error> for VaultError {
    fn from(source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { source },
            _ => Self::Io(source),
        }
    }
}

impl From<VaultError> for S3Error {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Io(source) => Self::machine(&source),
            full => Self::new(507, "InsufficientStorage", full.to_string()),
        }
    }
}

#[derive(Debug, Clone)]
enum Disk {
    Spool(Arc<Spool>),
    Dir(Arc<BlobDir>),
}

/// Keeps received bytes; cheap to clone.
#[derive(Debug, Clone)]
pub struct Vault {
    memory: Arc<Budget>,
    disk: Disk,
}

impl Vault {
    /// A vault that ends with the process: `memory` bytes in memory and `disk` bytes in a temporary file.
    pub fn temporary(memory: u64, disk: Option<u64>) -> Self {
        let disk = Spool::new(Budget::new(disk.unwrap_or(DISK_BUDGET)));
        Self { memory: Budget::new(memory), disk: Disk::Spool(disk) }
    }

    /// A vault in a data directory, which is made if need be. `disk` bounds its size in bytes.
    pub fn open(dir: &Path, disk: Option<u64>) -> io::Result<Self> {
        let budget = Budget::new(disk.unwrap_or(u64::MAX));
        Ok(Self { memory: Budget::new(0), disk: Disk::Dir(BlobDir::open(dir.join(BLOBS), budget)?) })
    }

    /// What is kept now.
    pub fn usage(&self) -> Usage {
        let budget = match &self.disk {
            Disk::Spool(spool) => spool.budget(),
            Disk::Dir(dir) => dir.budget(),
        };
        Usage {
            memory: self.memory.used(),
            memory_limit: self.memory.limit(),
            disk: budget.used(),
            disk_limit: Some(budget.limit()).filter(|limit| *limit < u64::MAX),
        }
    }

    /// Refuses a body of so many bytes when they cannot be kept now.
    pub fn check_room(&self, len: u64) -> Result<(), VaultError> {
        let usage = self.usage();
        if len > usage.left() { Err(VaultError::Full(usage)) } else { Ok(()) }
    }

    /// Begins a body. `hint` is its announced length, which is refused at once when it cannot be kept; nothing
    /// is taken before bytes come. The digests are computed as bytes pass, beside MD5 and CRC64NVME.
    pub fn receive(&self, hint: Option<u64>, digests: &[Algorithm]) -> Result<Receiver, VaultError> {
        self.check_room(hint.unwrap_or(0))?;
        Ok(Receiver::new(self.clone(), hint, digests))
    }

    /// The bytes of a blob, for recovery. Fails when it is not there, not of that length, or there is no data
    /// directory.
    pub fn content_of(&self, id: BlobId, len: u64) -> io::Result<Content> {
        Ok(Content::of_slices([Slice::stored(self.find(id, len)?)]))
    }

    /// As [`Vault::content_of`], without making content of it.
    pub(super) fn find(&self, id: BlobId, len: u64) -> io::Result<Stored> {
        match &self.disk {
            Disk::Dir(dir) => Ok(Stored::File(dir.find(id, len)?)),
            Disk::Spool(_) => Err(io::Error::new(io::ErrorKind::NotFound, "there is no data directory")),
        }
    }

    /// As [`Vault::find`], whether the blob is there or not; [`Vault::check`] tells.
    pub(super) fn expect(&self, id: BlobId, len: u64) -> io::Result<Stored> {
        match &self.disk {
            Disk::Dir(dir) => Ok(Stored::File(dir.expect(id, len)?)),
            Disk::Spool(_) => Err(io::Error::new(io::ErrorKind::NotFound, "there is no data directory")),
        }
    }

    /// Whether these blobs are there, as long as they were; names the first that is not.
    pub fn check(&self, wanted: &HashSet<BlobId>) -> io::Result<()> {
        match &self.disk {
            Disk::Dir(dir) => dir.check(wanted),
            Disk::Spool(_) => Ok(()),
        }
    }

    /// At the start, after recovery: deletes every blob that is neither listed nor held, and unfinished files;
    /// says how many.
    pub fn keep_only(&self, listed: &HashSet<BlobId>) -> io::Result<usize> {
        match &self.disk {
            Disk::Dir(dir) => dir.keep_only(listed),
            Disk::Spool(_) => Ok(0),
        }
    }

    /// Whether there are blobs of an earlier process.
    pub fn has_blobs(&self) -> io::Result<bool> {
        match &self.disk {
            Disk::Dir(dir) => dir.has_any(),
            Disk::Spool(_) => Ok(false),
        }
    }

    /// Whether content let go of blobs since this was last asked: there is something to sweep.
    pub fn takes_orphaned(&self) -> bool {
        match &self.disk {
            Disk::Dir(dir) => dir.takes_orphaned(),
            Disk::Spool(_) => false,
        }
    }

    /// Deletes the blobs that no content holds any more; says how many. To be called after the removal of
    /// everything dropped so far is durable: keep removed content alive until then.
    pub fn sweep(&self) -> io::Result<usize> {
        match &self.disk {
            Disk::Dir(dir) => dir.sweep(),
            Disk::Spool(_) => Ok(0),
        }
    }
}

#[cfg(test)]
mod tests;
