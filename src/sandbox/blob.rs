//! Received bytes that are kept on disk, and the budgets that bound what is kept.
//!
//! Two places: pages of one anonymous file, which nobody finds after the process has ended ([`pages`]), and
//! files of a directory that outlive it ([`dir`]). Both are read with positioned reads, so that a reader needs
//! neither a lock nor a file position of its own. What hashes bytes and makes content of them is above.

pub mod budget;
pub mod dir;
pub mod pages;

use bytes::Bytes;
use dir::BlobFile;
pub use dir::{BlobId, sync_dir};
use pages::Extent;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// A run of bytes on disk; cheap to clone. The last clone's end gives pages back. A file of a directory stays
/// until it is swept.
#[derive(Debug, Clone)]
pub enum Stored {
    /// In pages of the temporary file.
    Pages(Arc<Extent>),
    /// In a file of its own.
    File(Arc<BlobFile>),
}

impl Stored {
    /// Number of bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Pages(extent) => extent.len(),
            Self::File(file) => file.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name that finds these bytes again in a later process; none for the temporary file.
    pub fn id(&self) -> Option<BlobId> {
        match self {
            Self::Pages(_) => None,
            Self::File(file) => Some(file.id()),
        }
    }

    /// At most `max` bytes from `at`; empty at the end. Fails when the disk does, or when the file is shorter
    /// than what was once written.
    pub fn read(&self, at: u64, max: u64) -> io::Result<Bytes> {
        let len = max.min(self.len().saturating_sub(at));
        let mut buffer = vec![0; usize::try_from(len).map_err(io::Error::other)?];
        if !buffer.is_empty() {
            match self {
                Self::Pages(extent) => extent.read_exact(&mut buffer, at)?,
                Self::File(file) => read_exact_at(&file.open()?, &mut buffer, at)?,
            }
        }
        Ok(Bytes::from(buffer))
    }
}

/// Fills the buffer from an offset of a file, whatever the file's own position.
fn read_exact_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    #[cfg(unix)]
    {
        std::os::unix::fs::FileExt::read_exact_at(file, buffer, at)
    }
    #[cfg(windows)]
    {
        let (mut buffer, mut at) = (buffer, at);
        while !buffer.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(file, buffer, at)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => (buffer, at) = (buffer.split_at_mut(n).1, at + n as u64),
            }
        }
        Ok(())
    }
}

/// Writes all of the data at an offset of a file.
fn write_all_at(file: &File, data: &[u8], at: u64) -> io::Result<()> {
    #[cfg(unix)]
    {
        std::os::unix::fs::FileExt::write_all_at(file, data, at)
    }
    #[cfg(windows)]
    {
        let (mut data, mut at) = (data, at);
        while !data.is_empty() {
            match std::os::windows::fs::FileExt::seek_write(file, data, at)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n => (data, at) = (data.split_at(n).1, at + n as u64),
            }
        }
        Ok(())
    }
}
