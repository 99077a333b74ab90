//! A directory of blobs: one file for each body, durable before it counts as received.
//!
//! A file is written under a name that says it is unfinished, brought to the disk, renamed, and the directory
//! is brought to the disk too. Files are never deleted when the last reader is dropped, because at the end of a
//! process everything is dropped while the record of the store still names the files. [`BlobDir::sweep`] and
//! [`BlobDir::keep_only`] delete, called by whoever knows what is recorded.

use super::budget::{Budget, Lease};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

/// What the name of an unfinished file ends with.
const UNFINISHED: &str = ".part";

/// Names one blob, in this process and in later ones: 32 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlobId(u128);

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl From<BlobId> for String {
    fn from(id: BlobId) -> Self {
        id.to_string()
    }
}

/// The text is not the name of a blob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a blob: {0:?}")]
pub struct BadBlobId(String);

impl FromStr for BlobId {
    type Err = BadBlobId;

    fn from_str(text: &str) -> Result<Self, BadBlobId> {
        let valid = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let number = if valid { u128::from_str_radix(text, 16).ok() } else { None };
        number.map(Self).ok_or_else(|| BadBlobId(text.to_owned()))
    }
}

impl TryFrom<String> for BlobId {
    type Error = BadBlobId;

    fn try_from(text: String) -> Result<Self, BadBlobId> {
        text.parse()
    }
}

/// A finished file. Dropping it deletes nothing.
#[derive(Debug)]
pub struct BlobFile {
    id: BlobId,
    len: u64,
    dir: Arc<PathBuf>,
    /// Set when nothing holds the file any more.
    orphaned: Arc<AtomicBool>,
}

impl Drop for BlobFile {
    fn drop(&mut self) {
        self.orphaned.store(true, Ordering::Release);
    }
}

impl BlobFile {
    /// Its name.
    pub fn id(&self) -> BlobId {
        self.id
    }

    /// Number of bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn open(&self) -> io::Result<File> {
        File::open(self.dir.join(self.id.to_string()))
    }
}

/// What is known of one finished file.
#[derive(Debug)]
struct Entry {
    file: Weak<BlobFile>,
    /// Its share of the budget, given back when the entry goes with the file.
    _lease: Lease,
}

/// The directory.
#[derive(Debug)]
pub struct BlobDir {
    path: Arc<PathBuf>,
    budget: Arc<Budget>,
    /// High half of the ids made here, which sets processes apart; the low half counts.
    epoch: u64,
    next: AtomicU64,
    known: Mutex<HashMap<BlobId, Entry>>,
    orphaned: Arc<AtomicBool>,
}

impl BlobDir {
    /// Opens the directory, making it if need be.
    pub fn open(path: PathBuf, budget: Arc<Budget>) -> io::Result<Arc<Self>> {
        fs::create_dir_all(&path)?;
        if let Some(parent) = path.parent() {
            sync_dir(parent)?;
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let epoch = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        let (next, known, orphaned) = (AtomicU64::new(1), Mutex::default(), Arc::default());
        Ok(Arc::new(Self { path: Arc::new(path), budget, epoch, next, known, orphaned }))
    }

    /// What bounds it.
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    fn known(&self) -> MutexGuard<'_, HashMap<BlobId, Entry>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new unfinished file.
    pub fn create(self: &Arc<Self>) -> io::Result<BlobWriter> {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let id = BlobId((u128::from(self.epoch) << 64) | u128::from(count));
        let unfinished = self.path.join(format!("{id}{UNFINISHED}"));
        let file = OpenOptions::new().write(true).create_new(true).open(&unfinished)?;
        Ok(BlobWriter {
            dir: Arc::clone(self),
            id,
            file,
            unfinished: Some(unfinished),
            lease: self.budget.lease(),
        })
    }

    /// A blob of an earlier process (or of this one), as long as it was. Fails when it is not there or not of
    /// that length.
    pub fn find(&self, id: BlobId, len: u64) -> io::Result<Arc<BlobFile>> {
        self.there(id, len)?;
        self.expect(id, len)
    }

    /// The same, whether it is there or not.
    pub fn expect(&self, id: BlobId, len: u64) -> io::Result<Arc<BlobFile>> {
        let mut known = self.known();
        if let Some(file) = known.get(&id).and_then(|entry| entry.file.upgrade()) {
            return if file.len == len { Ok(file) } else { Err(wrong_length(id, file.len, len)) };
        }
        let file = self.file(id, len);
        let entry = known.entry(id).or_insert_with(|| {
            let mut lease = self.budget.lease();
            lease.force(len);
            Entry { file: Weak::new(), _lease: lease }
        });
        entry.file = Arc::downgrade(&file);
        Ok(file)
    }

    fn file(&self, id: BlobId, len: u64) -> Arc<BlobFile> {
        let (dir, orphaned) = (Arc::clone(&self.path), Arc::clone(&self.orphaned));
        Arc::new(BlobFile { id, len, dir, orphaned })
    }

    /// Whether there is any finished blob.
    pub fn has_any(&self) -> io::Result<bool> {
        for entry in fs::read_dir(self.path.as_path())? {
            if entry?.file_name().to_str().is_some_and(|name| name.parse::<BlobId>().is_ok()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether something let go of a file since this was last asked.
    pub fn takes_orphaned(&self) -> bool {
        self.orphaned.swap(false, Ordering::AcqRel)
    }

    fn there(&self, id: BlobId, len: u64) -> io::Result<()> {
        let there = fs::metadata(self.path.join(id.to_string()))
            .map_err(|error| io::Error::new(error.kind(), format!("blob {id}: {error}")))?;
        if there.len() == len { Ok(()) } else { Err(wrong_length(id, there.len(), len)) }
    }

    /// Whether these blobs, which something holds, are there as long as they were; names the first that is not.
    pub fn check(&self, wanted: &HashSet<BlobId>) -> io::Result<()> {
        let held: Vec<Arc<BlobFile>> = {
            let known = self.known();
            wanted.iter().filter_map(|id| known.get(id)?.file.upgrade()).collect()
        };
        held.iter().try_for_each(|file| self.there(file.id, file.len))
    }

    /// Deletes the blobs of this process that nothing holds any more; says how many. To be called when no
    /// record names them any more.
    pub fn sweep(&self) -> io::Result<usize> {
        let mut known = self.known();
        let gone: Vec<BlobId> =
            known.iter().filter(|(_, e)| e.file.strong_count() == 0).map(|(id, _)| *id).collect();
        for id in &gone {
            remove(&self.path.join(id.to_string()))?;
            known.remove(id);
        }
        drop(known);
        if !gone.is_empty() {
            sync_dir(&self.path)?;
        }
        Ok(gone.len())
    }

    /// Deletes every blob that is neither listed nor held by anything now, and what was left unfinished; says
    /// how many files. Files with other names are left alone. For the start, before anything is received.
    pub fn keep_only(&self, listed: &HashSet<BlobId>) -> io::Result<usize> {
        let mut known = self.known();
        let mut deleted = 0;
        for entry in fs::read_dir(self.path.as_path())? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let doomed = match (name.strip_suffix(UNFINISHED), name.parse::<BlobId>()) {
                (Some(stem), _) => stem.parse::<BlobId>().is_ok(),
                (None, Ok(id)) => {
                    let held = known.get(&id).is_some_and(|e| e.file.strong_count() > 0);
                    let doomed = !held && !listed.contains(&id);
                    if doomed {
                        known.remove(&id);
                    }
                    doomed
                }
                (None, Err(_)) => false,
            };
            if doomed {
                remove(&entry.path())?;
                deleted += 1;
            }
        }
        drop(known);
        sync_dir(&self.path)?;
        Ok(deleted)
    }
}

fn wrong_length(id: BlobId, there: u64, wanted: u64) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("blob {id} has {there} bytes where {wanted} are recorded"),
    )
}

/// Deletes a file; one that is gone already is as good.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Brings the names in a directory to the disk.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        File::open(path)?.sync_all()
    }
    #[cfg(not(unix))]
    {
        // Directories cannot be opened as files there; the rename is as durable as the system makes it.
        let _ = path;
        Ok(())
    }
}

/// A file being written. Dropped unfinished, it is deleted.
#[derive(Debug)]
pub struct BlobWriter {
    dir: Arc<BlobDir>,
    id: BlobId,
    file: File,
    unfinished: Option<PathBuf>,
    lease: Lease,
}

impl BlobWriter {
    /// Appends data; `false`, and nothing is written, when the budget is used up.
    pub fn write(&mut self, data: &[u8]) -> io::Result<bool> {
        if !self.lease.grow(u64::try_from(data.len()).unwrap_or(u64::MAX)) {
            return Ok(false);
        }
        self.file.write_all(data)?;
        Ok(true)
    }

    /// Brings the bytes and the name to the disk.
    pub fn finish(mut self) -> io::Result<Arc<BlobFile>> {
        self.file.sync_all()?;
        if let Some(unfinished) = &self.unfinished {
            fs::rename(unfinished, self.dir.path.join(self.id.to_string()))?;
            self.unfinished = None;
        }
        let lease = std::mem::replace(&mut self.lease, self.dir.budget.lease());
        let file = self.dir.file(self.id, lease.amount());
        // Known before the directory is synced: if that fails, the file is there and must be swept.
        self.dir.known().insert(self.id, Entry { file: Arc::downgrade(&file), _lease: lease });
        sync_dir(&self.dir.path)?;
        Ok(file)
    }
}

impl Drop for BlobWriter {
    fn drop(&mut self) {
        if let Some(unfinished) = self.unfinished.take() {
            // What cannot be deleted now is found by `keep_only` at the next start.
            let _ = fs::remove_file(unfinished);
        }
    }
}
