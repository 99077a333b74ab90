//! Object Lock: retention and legal hold of versions, and a bucket's default.

use super::bucket::{Bucket, Settings};
use super::object::Object;
use super::version::Version;
use super::{Store, Versioning};
use crate::sandbox::error::S3Error;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How strict a retention is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Who may bypass it, may.
    Governance,
    /// Nobody may.
    Compliance,
}

impl Mode {
    /// S3's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Governance => "GOVERNANCE",
            Self::Compliance => "COMPLIANCE",
        }
    }

    /// Reads S3's name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Governance, Self::Compliance].into_iter().find(|m| m.name() == name)
    }
}

/// Until when a version cannot be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// How strictly.
    pub mode: Mode,
    /// Seconds since the Unix epoch.
    pub until: i64,
}

/// The locks of a version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Retention, if there was ever one.
    pub retention: Option<Retention>,
    /// Legal hold, if it was ever set.
    pub legal_hold: Option<bool>,
}

impl Lock {
    /// Whether deleting is forbidden at a time.
    pub fn forbids(&self, now: i64, bypass: bool) -> bool {
        let retained =
            self.retention.is_some_and(|r| r.until > now && !(bypass && r.mode == Mode::Governance));
        retained || self.legal_hold == Some(true)
    }
}

/// `ObjectLockConfiguration` of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockSettings {
    /// Mode and days of what is written without a retention of its own.
    pub default: Option<(Mode, u32)>,
    /// Whether the default was given in years; days hold 365 of each.
    pub years: bool,
}

const DAY: i64 = 24 * 3600;

/// 403 for touching what is locked.
pub fn protected() -> S3Error {
    S3Error::new(403, "AccessDenied", "Access Denied because object protected by object lock.")
}

/// 400 for locks in a bucket without Object Lock.
pub fn no_configuration() -> S3Error {
    S3Error::invalid_request("Bucket is missing Object Lock Configuration")
}

impl Settings {
    /// The locks of what is written now: those asked for, and the bucket's default retention.
    pub fn lock_of(&self, asked: Lock, now: i64) -> Result<Lock, S3Error> {
        let Some(settings) = &self.object_lock else {
            return if asked == Lock::default() { Ok(asked) } else { Err(no_configuration()) };
        };
        let by_default = settings
            .default
            .map(|(mode, days)| Retention { mode, until: now.saturating_add(i64::from(days) * DAY) });
        Ok(Lock { retention: asked.retention.or(by_default), ..asked })
    }
}

impl Bucket {
    /// Whether the version may be deleted.
    pub(super) fn may_delete(&self, version: &Version, now: i64, bypass: bool) -> Result<(), S3Error> {
        match version {
            Version::Object(object) if object.attached.lock.forbids(now, bypass) => Err(protected()),
            _ => Ok(()),
        }
    }
}

impl Store {
    /// PutObjectLockConfiguration: needs versioning, and cannot be undone.
    pub fn set_lock_settings(&mut self, bucket: &str, new: LockSettings) -> Result<(), S3Error> {
        if self.bucket(bucket)?.settings.versioning != Versioning::Enabled {
            return Err(S3Error::new(
                409,
                "InvalidBucketState",
                "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
            ));
        }
        self.configure(bucket, |s| s.object_lock = Some(new))
    }

    /// PutObjectRetention: a stricter one always, a weaker one only by bypassing GOVERNANCE.
    pub fn set_retention(
        &mut self,
        name: (&str, &str, Option<&str>),
        new: Option<Retention>,
        bypass: bool,
        now: i64,
    ) -> Result<Arc<Object>, S3Error> {
        self.lockable(name.0)?;
        let object = self.object(name.0, name.1, name.2)?;
        let old = object.attached.lock.retention.filter(|r| r.until > now);
        let weaker = match (old, new) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(old), Some(new)) => {
                new.until < old.until || (old.mode == Mode::Compliance && new.mode == Mode::Governance)
            }
        };
        if weaker && old.is_some_and(|r| !bypass || r.mode == Mode::Compliance) {
            return Err(protected());
        }
        self.attach(name, |attached| attached.lock.retention = new)
    }

    /// PutObjectLegalHold.
    pub fn set_legal_hold(
        &mut self,
        name: (&str, &str, Option<&str>),
        on: bool,
    ) -> Result<Arc<Object>, S3Error> {
        self.lockable(name.0)?;
        self.attach(name, |attached| attached.lock.legal_hold = Some(on))
    }

    /// Whether a bucket has Object Lock at all.
    pub fn lockable(&self, bucket: &str) -> Result<(), S3Error> {
        match self.bucket(bucket)?.settings.object_lock {
            Some(_) => Ok(()),
            None => Err(no_configuration()),
        }
    }
}
