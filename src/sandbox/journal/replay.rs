//! Reading a journal: line by line, each checked, into an empty store.

use super::checksum;
use crate::sandbox::record::{ContentRecord, Generators};
use crate::sandbox::store::Store;
use crate::sandbox::store::change::Change;
use crate::sandbox::vault::Vault;
use std::io::{self, BufRead, BufReader, Read};

/// Applies a journal. A last line that is not whole was never acknowledged and is dropped.
pub(super) fn replay(file: impl Read, vault: &Vault, generators: &mut Generators) -> io::Result<Store> {
    let mut reader = BufReader::new(file);
    let mut store = Store::new();
    let (mut line, mut number) = (Vec::new(), 0_u64);
    loop {
        line.clear();
        number += 1;
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(store);
        }
        let whole = line.last() == Some(&b'\n');
        match read(&line) {
            Some(change) => {
                let at = |error: io::Error| {
                    io::Error::new(error.kind(), format!("line {number} of the journal: {error}"))
                };
                let mut bring = |record: ContentRecord| record.replayed(vault, generators);
                store.replay(change.map(&mut bring).map_err(at)?);
            }
            None if !whole || reader.fill_buf()?.is_empty() => return Ok(store),
            None => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!(
                        "line {number} of the journal is damaged, and more follows it; move the directory away to begin anew"
                    ),
                ));
            }
        }
    }
}

/// One line; `None` if it is not what was written.
fn read(line: &[u8]) -> Option<Change<ContentRecord>> {
    let line = line.strip_suffix(b"\n")?;
    let (sum, json) = line.split_at_checked(8)?;
    let json = json.strip_prefix(b" ")?;
    if checksum(json).as_bytes() != sum {
        return None;
    }
    serde_json::from_slice(json).ok()
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
