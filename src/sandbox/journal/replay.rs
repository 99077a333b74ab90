//! Reading a journal: line by line, each checked, into an empty store.

use super::{FORMAT, checksum};
use crate::sandbox::record::{ContentRecord, Generators};
use crate::sandbox::store::Store;
use crate::sandbox::store::change::Change;
use crate::sandbox::vault::Vault;
use std::io::{self, BufRead, BufReader, Read};

/// What a line says: how many lines were on the disk when it was written, and a change.
struct Line {
    synced: u64,
    change: Change<ContentRecord>,
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// Applies a journal. Lines that were never acknowledged may be damaged by a power failure; they and what follows
/// them are dropped. A damaged line that a later one knows to have been on the disk is an error.
pub(super) fn replay(file: impl Read, vault: &Vault, generators: &mut Generators) -> io::Result<Store> {
    let mut reader = BufReader::new(file);
    let mut store = Store::new();
    let mut bytes = Vec::new();
    if !next(&mut reader, &mut bytes)? {
        return Ok(store);
    }
    if bytes != FORMAT.as_bytes() {
        return Err(invalid("the journal was written by another version of this program".to_owned()));
    }
    let mut number = 0_u64;
    while next(&mut reader, &mut bytes)? {
        number += 1;
        let at =
            |error: io::Error| io::Error::new(error.kind(), format!("line {number} of the journal: {error}"));
        let Some(line) = read(&bytes).map_err(at)? else {
            return tail(&mut reader, number).map(|()| store);
        };
        let mut bring = |record: ContentRecord| record.replayed(vault, generators);
        store.replay(line.change.map(&mut bring).map_err(at)?);
    }
    Ok(store)
}

/// Reads a line with its end; `false` when there is none.
fn next(reader: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<bool> {
    bytes.clear();
    Ok(reader.read_until(b'\n', bytes)? > 0)
}

/// Whether a damaged line may be dropped: nothing after it may know it to have been on the disk.
fn tail(reader: &mut impl BufRead, number: u64) -> io::Result<()> {
    let mut bytes = Vec::new();
    while next(reader, &mut bytes)? {
        if read(&bytes)?.is_some_and(|line| line.synced >= number) {
            return Err(invalid(format!(
                "line {number} of the journal is damaged, and it was acknowledged; restore the directory from a copy, or move all of it away to begin anew"
            )));
        }
    }
    Ok(())
}

/// One line; `None` if it is not what was written, and an error if it is and cannot be understood.
fn read(line: &[u8]) -> io::Result<Option<Line>> {
    let parts = line.strip_suffix(b"\n").and_then(|l| l.split_at_checked(8));
    let Some((sum, rest)) = parts else { return Ok(None) };
    if checksum(rest).as_bytes() != sum {
        return Ok(None);
    }
    let not_ours = || invalid("it is whole, but was written by another version of this program".to_owned());
    let text = std::str::from_utf8(rest).map_err(|_| not_ours())?;
    let (synced, json) = text.trim_start().split_once(' ').ok_or_else(not_ours)?;
    let synced = synced.parse().map_err(|_| not_ours())?;
    let change = serde_json::from_str(json).map_err(|_| not_ours())?;
    Ok(Some(Line { synced, change }))
}

impl<C> Change<C> {
    /// The same change with other content.
    fn map<D>(self, bring: &mut impl FnMut(C) -> io::Result<D>) -> io::Result<Change<D>> {
        Ok(match self {
            Self::BucketMade { bucket, created, settings } => {
                Change::BucketMade { bucket, created, settings }
            }
            Self::BucketGone { bucket } => Change::BucketGone { bucket },
            Self::Configured { bucket, settings } => Change::Configured { bucket, settings },
            Self::Written { bucket, object, finished } => {
                let object = std::sync::Arc::try_unwrap(object)
                    .map_err(|_| io::Error::other("an object that was just read is shared"))?;
                Change::Written { bucket, object: std::sync::Arc::new(object.map(bring)?), finished }
            }
            Self::Marked { bucket, key, marker } => Change::Marked { bucket, key, marker },
            Self::VersionGone { bucket, key, version } => Change::VersionGone { bucket, key, version },
            Self::Attached { bucket, key, version, attached } => {
                Change::Attached { bucket, key, version, attached }
            }
            Self::UploadBegun { bucket, upload } => {
                Change::UploadBegun { bucket, upload: Box::new(upload.map(bring)?) }
            }
            Self::PartPut { bucket, key, upload_id, number, part } => {
                Change::PartPut { bucket, key, upload_id, number, part: part.map(bring)? }
            }
            Self::UploadGone { bucket, key, upload_id } => Change::UploadGone { bucket, key, upload_id },
            Self::KeyTouched { bucket, key } => Change::KeyTouched { bucket, key },
            Self::Remembered { bucket, finished } => Change::Remembered { bucket, finished },
        })
    }
}
