//! Lifecycle, as far as it concerns uploads: aborting those that were begun too long ago.

use super::Store;
use super::bucket::Settings;
use super::change::Change;
use super::upload::Upload;
use crate::sandbox::error::S3Error;
use serde::{Deserialize, Serialize};

const DAY: i64 = 24 * 3600;

/// A rule with `AbortIncompleteMultipartUpload`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbortRule {
    /// `ID`.
    pub id: String,
    /// Keys it is for.
    pub prefix: String,
    /// `DaysAfterInitiation`.
    pub days: u32,
    /// Whether it is in force.
    pub enabled: bool,
}

impl Settings {
    /// When an upload will be aborted, and by which rule: the earliest. The day is completed, as lifecycle
    /// counts: midnight UTC after initiation plus days.
    pub fn abort_of(&self, upload: &Upload) -> Option<(i64, &AbortRule)> {
        let due = |rule: &AbortRule| {
            let time = upload.initiated.saturating_add(i64::from(rule.days) * DAY);
            time.saturating_sub(time.rem_euclid(DAY)).saturating_add(DAY)
        };
        self.lifecycle
            .iter()
            .filter(|rule| rule.enabled && upload.key.starts_with(&rule.prefix))
            .map(|rule| (due(rule), rule))
            .min_by_key(|(time, _)| *time)
    }
}

impl Store {
    /// Aborts the uploads of a bucket whose time has come.
    pub fn abort_overdue(&mut self, bucket: &str, now: i64) -> Result<(), S3Error> {
        let Ok(found) = self.bucket(bucket) else { return Ok(()) };
        if found.settings.lifecycle.is_empty() {
            return Ok(());
        }
        let is_due = |upload: &&Upload| found.settings.abort_of(upload).is_some_and(|(due, _)| due <= now);
        let due: Vec<(String, String)> =
            found.uploads.values().filter(is_due).map(|u| (u.key.clone(), u.id.clone())).collect();
        for (key, upload_id) in due {
            self.commit(Change::UploadGone { bucket: bucket.to_owned(), key, upload_id })?;
        }
        Ok(())
    }
}
