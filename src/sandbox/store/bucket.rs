//! Buckets: names, settings, making and removing them.

use super::Store;
use super::access::Acl;
use super::change::Change;
use super::complete::Finished;
use super::lifecycle::AbortRule;
use super::lock::LockSettings;
use super::upload::Upload;
use super::version::Version;
use crate::domain::names::Tag;
use crate::sandbox::error::S3Error;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, VecDeque};

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
    /// `LocationConstraint`, as it was given; `None` for us-east-1.
    pub location: Option<String>,
    /// Encryption of what names none; `None` for SSE-S3 that nobody configured.
    pub encryption: Option<DefaultEncryption>,
    /// Who owns what others write; `None` once the controls were deleted.
    pub ownership: Option<Ownership>,
    /// What is blocked for the public; `None` once the block was deleted.
    pub public_access: Option<PublicAccess>,
    /// Tags of the bucket itself.
    pub tags: Vec<Tag>,
    /// Who is granted what.
    pub acl: Acl,
    /// Object Lock, if it was ever enabled.
    pub object_lock: Option<LockSettings>,
    /// Rules that abort uploads.
    pub lifecycle: Vec<AbortRule>,
    /// Whether its seeded objects are still to be made.
    pub unfilled: bool,
}

impl Settings {
    /// What a new bucket has.
    pub fn new() -> Self {
        Self {
            ownership: Some(Ownership::BucketOwnerEnforced),
            public_access: Some(PublicAccess::all()),
            ..Self::default()
        }
    }

    /// The region the location names: `EU` is an old name of eu-west-1.
    pub fn region(&self) -> Option<&str> {
        self.location.as_deref().map(|l| if l == "EU" { "eu-west-1" } else { l })
    }
}

/// `ApplyServerSideEncryptionByDefault` and its bucket key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultEncryption {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    pub algorithm: String,
    /// The key as it was named; `None` for the one S3 manages.
    pub key: Option<String>,
    /// `BucketKeyEnabled`.
    pub bucket_key: bool,
}

impl Default for DefaultEncryption {
    fn default() -> Self {
        Self { algorithm: "AES256".to_owned(), key: None, bucket_key: false }
    }
}

/// `ObjectOwnership`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ownership {
    /// Access control lists are disabled.
    BucketOwnerEnforced,
    /// The bucket's owner owns what is written with the ACL `bucket-owner-full-control`.
    BucketOwnerPreferred,
    /// Who writes owns.
    ObjectWriter,
}

impl Ownership {
    /// S3's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::BucketOwnerEnforced => "BucketOwnerEnforced",
            Self::BucketOwnerPreferred => "BucketOwnerPreferred",
            Self::ObjectWriter => "ObjectWriter",
        }
    }

    /// Reads S3's name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::BucketOwnerEnforced, Self::BucketOwnerPreferred, Self::ObjectWriter]
            .into_iter()
            .find(|o| o.name() == name)
    }
}

/// The four switches of PublicAccessBlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAccess {
    /// `BlockPublicAcls`.
    pub block_acls: bool,
    /// `IgnorePublicAcls`.
    pub ignore_acls: bool,
    /// `BlockPublicPolicy`.
    pub block_policy: bool,
    /// `RestrictPublicBuckets`.
    pub restrict_buckets: bool,
}

impl PublicAccess {
    /// Everything is blocked.
    pub fn all() -> Self {
        Self { block_acls: true, ignore_acls: true, block_policy: true, restrict_buckets: true }
    }

    /// The switches under S3's names.
    pub fn named(self) -> [(&'static str, bool); 4] {
        [
            ("BlockPublicAcls", self.block_acls),
            ("IgnorePublicAcls", self.ignore_acls),
            ("BlockPublicPolicy", self.block_policy),
            ("RestrictPublicBuckets", self.restrict_buckets),
        ]
    }
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
    /// Their ids, oldest first.
    pub(super) completed_order: VecDeque<String>,
    /// When each key was last written or deleted, in the store's own order of events.
    pub(super) changed: BTreeMap<String, u64>,
}

impl Store {
    /// CreateBucket. Making one's own bucket again succeeds, as in us-east-1.
    pub fn create_bucket(&mut self, name: &str, settings: Settings, now: i64) -> Result<(), S3Error> {
        if !valid_bucket_name(name) {
            return Err(S3Error::new(400, "InvalidBucketName", "The specified bucket is not valid.")
                .with("BucketName", name));
        }
        if self.buckets.contains_key(name) {
            return if settings.tags.is_empty() { Ok(()) } else { Err(already_owned(name)) };
        }
        self.commit(Change::BucketMade { bucket: name.to_owned(), created: now, settings })
    }

    /// DeleteBucket: only when no version of any key is left; uploads in progress go with it.
    pub fn delete_bucket(&mut self, name: &str) -> Result<(), S3Error> {
        let bucket = self.bucket(name)?;
        if !bucket.keys.is_empty() {
            let message = match bucket.settings.versioning.is_kept() {
                true => {
                    "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
                }
                false => "The bucket you tried to delete is not empty",
            };
            return Err(S3Error::new(409, "BucketNotEmpty", message).with("BucketName", name));
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

/// 409 for making a bucket one has.
pub fn already_owned(name: &str) -> S3Error {
    S3Error::new(
        409,
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
    )
    .with("BucketName", name)
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
