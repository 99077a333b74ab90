//! Buckets: names, settings, making and removing them.

use super::Store;
use super::change::Change;
use super::complete::Finished;
use super::upload::Upload;
use super::version::Version;
use crate::sandbox::error::S3Error;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Whether a bucket keeps the old when something new is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    /// It never did.
    #[default]
    Never,
    /// Every write adds a version.
    Enabled,
    /// It did once: writes replace the version `null` and leave the others.
    Suspended,
}

impl Versioning {
    /// Whether there can be versions other than `null`.
    pub fn is_kept(self) -> bool {
        self != Self::Never
    }

    /// `<Status>`, absent while versioning was never configured.
    pub fn status(self) -> Option<&'static str> {
        match self {
            Self::Never => None,
            Self::Enabled => Some("Enabled"),
            Self::Suspended => Some("Suspended"),
        }
    }
}

/// What can be configured of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Whether versions are kept.
    pub versioning: Versioning,
}

/// One bucket.
#[derive(Debug, Default)]
pub struct Bucket {
    /// When it was made.
    pub created: i64,
    /// What was configured.
    pub settings: Settings,
    /// Versions by key, oldest first; no entry is empty.
    pub(super) keys: BTreeMap<String, Vec<Version>>,
    /// Uploads in progress by key and by order of initiation.
    pub(super) uploads: BTreeMap<(String, u64), Upload>,
    /// What finished uploads answered, so that a repeated Complete answers alike.
    pub(super) completed: HashMap<String, Finished>,
    /// When each key was last written or deleted, in the store's own order of events.
    pub(super) changed: BTreeMap<String, u64>,
}

impl Store {
    /// CreateBucket. Making one's own bucket again succeeds, as in us-east-1.
    pub fn create_bucket(&mut self, name: &str, now: i64) -> Result<(), S3Error> {
        if !valid_bucket_name(name) {
            return Err(S3Error::new(400, "InvalidBucketName", "The specified bucket is not valid.")
                .with("BucketName", name));
        }
        if self.buckets.contains_key(name) {
            return Ok(());
        }
        let settings = Settings::default();
        self.commit(Change::BucketMade { bucket: name.to_owned(), created: now, settings })
    }

    /// DeleteBucket: only when no version of any key is left; uploads in progress go with it.
    pub fn delete_bucket(&mut self, name: &str) -> Result<(), S3Error> {
        if !self.bucket(name)?.keys.is_empty() {
            return Err(S3Error::new(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
                .with("BucketName", name));
        }
        self.commit(Change::BucketGone { bucket: name.to_owned() })
    }

    /// Replaces what is configured of a bucket by what `edit` makes of it.
    pub fn configure(&mut self, name: &str, edit: impl FnOnce(&mut Settings)) -> Result<(), S3Error> {
        let mut settings = self.bucket(name)?.settings.clone();
        edit(&mut settings);
        self.commit(Change::Configured { bucket: name.to_owned(), settings })
    }
}

/// The rules for names of general purpose buckets, less the list of reserved affixes.
fn valid_bucket_name(name: &str) -> bool {
    let ends = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (3..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
        && ends(name.bytes().next())
        && ends(name.bytes().last())
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
}
