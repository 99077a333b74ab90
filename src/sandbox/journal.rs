//! The journal of a data directory: every change of the store, one line each, written before it takes effect.
//!
//! A line is a checksum, the number of lines that were on the disk when it was written, and a change in JSON. What
//! is acknowledged is synchronised first; one call to the disk serves all changes that came meanwhile. Lines that a
//! power failure damaged before anybody was answered are dropped at the next start; damage of a line that was on
//! the disk is an error, because silence would lose acknowledged writes.
//! At the start the journal is replaced by the shortest one that gives the same state.

mod replay;

use super::blob::sync_dir;
use super::content::Content;
use super::error::S3Error;
use super::record::Generators;
use super::store::change::Change;
use super::store::{Ledger, Store};
use super::vault::Vault;
use crc_fast::CrcAlgorithm;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The first line: which form the others have.
const FORMAT: &str = "partscope journal 1\n";
/// Name of the journal in a data directory.
const NAME: &str = "journal";
/// Name it has while it is being replaced.
const NEXT: &str = "journal.next";
/// Held as long as a process uses the directory.
const LOCK: &str = "lock";

/// An open journal. All clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Journal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: File,
    /// Keeps other processes out.
    _lock: File,
    /// Bytes of whole lines.
    len: AtomicU64,
    /// Lines written, the first not counted.
    appended: AtomicU64,
    /// Lines known to be on the disk.
    synced: AtomicU64,
    /// Held by who brings lines to the disk.
    syncing: Mutex<()>,
    /// A line was half written and could not be taken back, or synchronising failed: nothing may follow.
    broken: AtomicBool,
}

/// A data directory as it was found.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The store as the journal tells it; `None` for a new directory.
    pub(crate) store: Option<Store>,
    dir: PathBuf,
    lock: File,
}

/// The checksum that begins a line, of all that follows it.
fn checksum(rest: &[u8]) -> String {
    let mut digest = crc_fast::Digest::new(CrcAlgorithm::Crc32IsoHdlc);
    digest.update(rest);
    format!("{:08x}", digest.finalize())
}

fn line(change: &Change, synced: u64) -> io::Result<Vec<u8>> {
    let rest = format!(" {synced} {}", serde_json::to_string(change)?);
    Ok(format!("{}{rest}\n", checksum(rest.as_bytes())).into_bytes())
}

impl Opened {
    /// Opens a data directory: keeps others out, and applies its journal to an empty store.
    pub(crate) fn at(dir: &Path, vault: &Vault) -> io::Result<Self> {
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(dir.join(LOCK))?;
        lock.try_lock()
            .map_err(|error| io::Error::other(format!("another process uses this directory ({error})")))?;
        let store = match File::open(dir.join(NAME)) {
            Ok(file) => {
                // What is read is acted on: blobs are deleted that it no longer names.
                file.sync_all()?;
                Some(replay::replay(file, vault, &mut Generators::default())?)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if vault.has_blobs()? {
                    return Err(io::Error::other(
                        "there are blobs and no journal that says what they are; move all of the directory away to begin anew",
                    ));
                }
                None
            }
            Err(error) => return Err(error),
        };
        Ok(Self { store, dir: dir.to_owned(), lock })
    }

    /// Replaces the journal by one that gives `store`, deletes blobs that nothing refers to, and gives the
    /// journal that goes on from there. The old journal counts until the new one is whole.
    pub(crate) fn begin(self, store: &Store, vault: &Vault) -> io::Result<Journal> {
        let next = self.dir.join(NEXT);
        // What was removed while replaying has no blob any more.
        vault.sweep()?;
        let mut blobs = std::collections::HashSet::new();
        for change in store.snapshot() {
            for content in change.contents() {
                blobs.extend(content.record().map_err(io::Error::other)?.blobs());
            }
        }
        vault.check(&blobs)?;
        // First of all, for there may be no room for another journal.
        vault.keep_only(&blobs)?;
        let mut out = BufWriter::new(File::create(&next)?);
        out.write_all(FORMAT.as_bytes())?;
        let (mut len, mut lines) = (FORMAT.len(), 0_u64);
        for change in store.snapshot() {
            let line = line(&change, 0)?;
            len += line.len();
            lines += 1;
            out.write_all(&line)?;
        }
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&next, self.dir.join(NAME))?;
        sync_dir(&self.dir)?;
        let file = OpenOptions::new().append(true).open(self.dir.join(NAME))?;
        Ok(Journal(Arc::new(Inner {
            file,
            _lock: self.lock,
            len: AtomicU64::new(u64::try_from(len).unwrap_or(u64::MAX)),
            appended: AtomicU64::new(lines),
            synced: AtomicU64::new(lines),
            syncing: Mutex::new(()),
            broken: AtomicBool::new(false),
        })))
    }
}

fn failed() -> S3Error {
    S3Error::internal().with("SandboxDetail", "the journal of the data directory cannot be written any more")
}

fn refused(error: &io::Error) -> S3Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => S3Error::new(
            507,
            "InsufficientStorage",
            "There is no room left for the journal of the data directory. Nothing was changed. Make room on that disk.",
        ),
        _ => S3Error::machine(error),
    }
}

impl Ledger for Journal {
    /// Writes a change down. Without effect when it fails.
    fn append(&mut self, change: &Change) -> Result<(), S3Error> {
        let inner = &self.0;
        if inner.broken.load(Ordering::Acquire) {
            return Err(failed());
        }
        let synced = inner.synced.load(Ordering::Acquire);
        let line = line(change, synced).map_err(|e| S3Error::machine(&e))?;
        if let Err(error) = (&inner.file).write_all(&line) {
            // Half a line must not stay in front of the next one.
            if inner.file.set_len(inner.len.load(Ordering::Acquire)).is_err() {
                inner.broken.store(true, Ordering::Release);
            }
            return Err(refused(&error));
        }
        inner.len.fetch_add(u64::try_from(line.len()).unwrap_or(0), Ordering::AcqRel);
        inner.appended.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }
}

impl Journal {
    /// Waits until everything written so far is on the disk.
    pub(crate) fn sync(&self) -> Result<(), S3Error> {
        let inner = &self.0;
        let wanted = inner.appended.load(Ordering::Acquire);
        let _turn = inner.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.synced.load(Ordering::Acquire) >= wanted {
            return Ok(());
        }
        // Whatever came while this waited for its turn goes along.
        let upto = inner.appended.load(Ordering::Acquire);
        if inner.broken.load(Ordering::Acquire) || inner.file.sync_data().is_err() {
            inner.broken.store(true, Ordering::Release);
            return Err(failed());
        }
        inner.synced.store(upto, Ordering::Release);
        Ok(())
    }
}

impl Change {
    /// Contents it brings.
    fn contents(&self) -> Vec<&Content> {
        match self {
            Self::Written { object, .. } => vec![&object.content],
            Self::UploadBegun { upload, .. } => upload.parts.values().map(|p| &p.content).collect(),
            Self::PartPut { part, .. } => vec![&part.content],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
