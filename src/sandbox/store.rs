//! Buckets, objects, versions and uploads in memory, under S3's rules and without HTTP.
//!
//! Every method takes the time and the ids it needs, so the store has neither clock nor chance in it and its
//! rules can be tested as tables. Errors are S3's own. The server holds one store behind a lock; costly
//! digests are computed before the lock is taken (see [`super::content`]).
//!
//! A method first judges and then commits one [`change::Change`]. Only changes alter the state, so what a
//! journal keeps of them is the whole truth.

pub mod access;
pub mod bucket;
pub mod change;
pub mod complete;
pub mod copy;
pub mod encryption;
pub mod lifecycle;
pub mod list;
pub mod lock;
pub mod object;
mod snapshot;
pub mod tags;
pub mod upload;
pub mod version;
pub mod write;

use super::error::S3Error;
pub use bucket::{Bucket, Settings, Versioning};
use change::Change;
pub use object::{Conditions, NewObject, Object};
use std::collections::BTreeMap;
use std::sync::Arc;
pub use upload::Upload;
pub use version::{Marker, Version, VersionId};

/// Longest key, in bytes of UTF-8.
const MAX_KEY: usize = 1024;

/// When something happens, and the version id it gets where versions are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since the Unix epoch.
    pub now: i64,
    /// An id nothing else has.
    pub version: VersionId,
}

impl Moment {
    /// A moment in buckets that keep no versions.
    pub fn unversioned(now: i64) -> Self {
        Self { now, version: VersionId::null() }
    }
}

/// Where changes are written down before they take effect.
pub trait Ledger: Send + std::fmt::Debug {
    /// Writes a change down, or says why it cannot be; then it does not happen.
    fn append(&mut self, change: &Change) -> Result<(), S3Error>;
}

/// All buckets.
#[derive(Debug, Default)]
pub struct Store {
    buckets: BTreeMap<String, Bucket>,
    /// Counts events; gives uploads of one second an order.
    events: u64,
    /// Nowhere, unless there is a data directory.
    ledger: Option<Box<dyn Ledger>>,
}

impl Store {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every bucket by name.
    pub fn buckets(&self) -> impl Iterator<Item = (&str, &Bucket)> {
        self.buckets.iter().map(|(name, bucket)| (name.as_str(), bucket))
    }

    /// One bucket.
    pub fn bucket(&self, name: &str) -> Result<&Bucket, S3Error> {
        self.buckets.get(name).ok_or_else(|| S3Error::no_such_bucket(name))
    }

    /// The object at a bucket and key: its current version, or the one named.
    pub fn object(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<Arc<Object>, S3Error> {
        self.bucket(bucket)?.find(key, version)
    }

    /// Has every change from now on written down.
    pub fn write_down(&mut self, ledger: Box<dyn Ledger>) {
        self.ledger = Some(ledger);
    }

    /// Applies a change that was written down before.
    pub fn replay(&mut self, change: Change) {
        self.apply(change);
    }

    fn commit(&mut self, change: Change) -> Result<(), S3Error> {
        if let Some(ledger) = &mut self.ledger {
            ledger.append(&change)?;
        }
        self.apply(change);
        Ok(())
    }

    fn check_key(&self, bucket: &str, key: &str) -> Result<&Bucket, S3Error> {
        let bucket = self.bucket(bucket)?;
        if key.len() > MAX_KEY {
            return Err(S3Error::new(400, "KeyTooLongError", "Your key is too long")
                .with("Size", key.len().to_string())
                .with("MaxSizeAllowed", MAX_KEY.to_string()));
        }
        Ok(bucket)
    }
}

#[cfg(test)]
mod tests;
