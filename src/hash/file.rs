//! A file as bytes that can be looked at anywhere: mapped, so that nothing is copied.
//!
//! A mapping has two dangers, and both are met here. A file that becomes shorter takes its pages away, and reading
//! them ends a program by SIGBUS: a watch puts empty pages in their place and notes it. And a file that is written
//! to while it is read gives a digest of neither its old nor its new content: size and time are compared before and
//! after. [`MappedFile::check`] tells of both; no digest may be believed before it was asked.

mod watch;

use super::lanes::Source;
use memmap2::{Advice, Mmap, MmapOptions};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use watch::Watch;

/// Why a file cannot be hashed.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system said no.
    #[error("cannot read {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// A directory.
    #[error("{} is a directory; name a file", .0.display())]
    Directory(PathBuf),
    /// It was written to meanwhile.
    #[error("{} changed while it was read; what was computed is of neither the old nor the new content", .0.display())]
    Changed(PathBuf),
    /// Pages went away: the file became shorter, or the disk failed.
    #[error("{} became shorter, or could not be read, while it was being read", .0.display())]
    Lost(PathBuf),
}

/// Size and times of last change, by which a change is noticed. The time of the last change of the file's record is
/// among them because nobody can set it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Self { size: metadata.len(), modified: metadata.modified().ok(), changed }
    }
}

/// A regular file, mapped whole.
#[derive(Debug)]
pub struct MappedFile {
    path: PathBuf,
    file: File,
    stamp: Stamp,
    // Dropped before the map, so that its addresses are no longer watched when they are given back.
    watch: Option<Watch>,
    map: Option<Mmap>,
}

/// A file that was opened: mapped, or only readable from front to back.
#[derive(Debug)]
pub enum Opened {
    /// A regular file.
    Mapped(MappedFile),
    /// A pipe, a device or whatever cannot be mapped.
    Stream(File),
}

/// Opens a file for hashing.
pub fn open(path: &Path) -> Result<Opened, FileError> {
    let failed = |error| FileError::Io { path: path.to_owned(), error };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(FileError::Directory(path.to_owned()));
    }
    // Files the system makes up as they are read say that they are empty, and are not.
    let made_up = || File::open(path).and_then(|mut f| f.read(&mut [0])).is_ok_and(|n| n > 0);
    if !metadata.is_file() || (metadata.len() == 0 && made_up()) {
        return Ok(Opened::Stream(file));
    }
    let stamp = Stamp::of(&metadata);
    let map = match stamp.size {
        0 => None,
        // SAFETY: the bytes are only ever read into digests. A change from outside makes a digest wrong, which
        // `check` finds; pages that go away are replaced by `watch`.
        _ => match unsafe { MmapOptions::new().map(&file) } {
            Ok(map) => Some(map),
            Err(_) => return Ok(Opened::Stream(file)),
        },
    };
    let watch = map.as_ref().map(|map| Watch::over(map)).transpose().map_err(failed)?;
    Ok(Opened::Mapped(MappedFile { path: path.to_owned(), file, stamp, watch, map }))
}

impl MappedFile {
    /// Bytes in the file when it was opened.
    pub fn size(&self) -> u64 {
        self.stamp.size
    }

    /// Whether all that was read was the file as it was when it was opened, and as it still is.
    pub fn check(&self) -> Result<(), FileError> {
        if self.is_lost() {
            return Err(FileError::Lost(self.path.clone()));
        }
        let failed = |error| FileError::Io { path: self.path.clone(), error };
        let now = Stamp::of(&self.file.metadata().map_err(failed)?);
        // The name may lead to another file by now; what was read is the one that was opened.
        if now == self.stamp { Ok(()) } else { Err(FileError::Changed(self.path.clone())) }
    }
}

impl Source for MappedFile {
    fn bytes(&self) -> &[u8] {
        self.map.as_deref().unwrap_or(&[])
    }

    /// Has the pages put in place in one call: cheaper than a fault for every few of them.
    fn will_read(&self, range: Range<usize>) {
        #[cfg(target_os = "linux")]
        if let Some(map) = &self.map {
            // Only advice. Where it is not known (before Linux 5.14) the faults do the same, one by one.
            let _ = map.advise_range(Advice::PopulateRead, range.start, range.len());
        }
        #[cfg(not(target_os = "linux"))]
        if let Some(map) = &self.map {
            let _ = map.advise_range(Advice::WillNeed, range.start, range.len());
        }
    }

    fn is_lost(&self) -> bool {
        self.watch.as_ref().is_some_and(Watch::has_lost_pages)
    }

    /// Gives the pages back, so that this program never holds more than its lanes are reading.
    fn have_read(&self, range: Range<usize>) {
        #[cfg(target_os = "linux")]
        if let Some(map) = &self.map {
            // SAFETY: the mapping is shared and only read: its pages come back from the file unchanged.
            let _ = unsafe {
                map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, range.start, range.len())
            };
        }
        #[cfg(not(target_os = "linux"))]
        let _ = range;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn mapped(path: &Path) -> MappedFile {
        match open(path).unwrap() {
            Opened::Mapped(file) => file,
            Opened::Stream(_) => panic!("not mapped"),
        }
    }

    #[test]
    fn the_bytes_are_the_files() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(mapped(file.path()).bytes(), b"");
        let data: Vec<u8> = (0..100_000_u32).map(|i| (i % 251) as u8).collect();
        file.write_all(&data).unwrap();
        let map = mapped(file.path());
        map.will_read(10..90_000);
        assert_eq!(map.bytes(), data);
        map.have_read(0..100_000);
        assert_eq!(map.bytes(), data);
        assert!(map.check().is_ok());
    }

    #[test]
    fn a_file_that_grows_is_noticed() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"abc").unwrap();
        let map = mapped(file.path());
        file.write_all(b"d").unwrap();
        assert!(matches!(map.check(), Err(FileError::Changed(_))));
    }

    #[test]
    fn a_file_that_becomes_shorter_ends_in_an_error_and_not_in_a_signal() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&vec![7; 1 << 20]).unwrap();
        let (map, other) = (mapped(file.path()), mapped(file.path()));
        file.as_file().set_len(4096).unwrap();
        assert_eq!(map.bytes()[..4096].iter().map(|b| u64::from(*b)).sum::<u64>(), 7 * 4096);
        assert!(!map.watch.as_ref().unwrap().has_lost_pages());
        assert_eq!(map.bytes()[500_000..].iter().map(|b| u64::from(*b)).sum::<u64>(), 0);
        assert!(matches!(map.check(), Err(FileError::Lost(_))));
        assert!(!other.watch.as_ref().unwrap().has_lost_pages());
        assert!(matches!(other.check(), Err(FileError::Changed(_))));
    }

    #[test]
    fn what_is_no_file_is_named_or_streamed() {
        let error = open(Path::new("/nonexistent/x")).unwrap_err().to_string();
        assert!(error.starts_with("cannot read /nonexistent/x: "), "{error}");
        assert!(matches!(open(&std::env::temp_dir()), Err(FileError::Directory(_))));
        assert!(matches!(open(Path::new("/dev/null")), Ok(Opened::Stream(_))));
        #[cfg(target_os = "linux")]
        assert!(matches!(open(Path::new("/proc/self/status")), Ok(Opened::Stream(_))));
    }

    #[test]
    fn a_change_whose_time_was_set_back_is_noticed() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"abc").unwrap();
        let before = file.as_file().metadata().unwrap().modified().unwrap();
        let map = mapped(file.path());
        std::fs::write(file.path(), b"abd").unwrap();
        file.as_file().set_modified(before).unwrap();
        assert!(matches!(map.check(), Err(FileError::Changed(_))));
    }
}
