//! Changes: the only things that alter a store, each whole or not at all.
//!
//! A change holds results and not wishes: ids, times and digests are in it, and applying it cannot fail. So a
//! journal of changes, applied in order to an empty store, gives the same store again.

use super::complete::Finished;
use super::object::{Attached, Object};
use super::upload::{Part, Upload};
use super::version::{Marker, Version, VersionId};
use super::{Bucket, Settings, Store, Versioning};
use crate::sandbox::content::Content;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How many finished uploads a bucket remembers, the latest ones.
const REMEMBERED: usize = 4096;

/// One alteration of a store. `C` is content, or what a journal keeps of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Change<C = Content> {
    /// A bucket is there.
    BucketMade {
        /// Its name.
        bucket: String,
        /// When.
        created: i64,
        /// What is configured.
        settings: Settings,
    },
    /// A bucket is gone, with its uploads.
    BucketGone {
        /// Its name.
        bucket: String,
    },
    /// A bucket is configured otherwise.
    Configured {
        /// Its name.
        bucket: String,
        /// All of its settings.
        settings: Settings,
    },
    /// An object was written; its version id says whether it replaces or adds.
    Written {
        /// Its bucket.
        bucket: String,
        /// The object.
        object: Arc<Object<C>>,
        /// The upload it was made of, which ends with this.
        finished: Option<Finished>,
    },
    /// A delete marker was added.
    Marked {
        /// Bucket.
        bucket: String,
        /// Key.
        key: String,
        /// The marker.
        marker: Marker,
    },
    /// One version is gone.
    VersionGone {
        /// Bucket.
        bucket: String,
        /// Key.
        key: String,
        /// Which.
        version: VersionId,
    },
    /// What may change of a version after it was written was changed.
    Attached {
        /// Bucket.
        bucket: String,
        /// Key.
        key: String,
        /// Which version.
        version: VersionId,
        /// All of it.
        attached: Attached,
    },
    /// An upload was begun.
    UploadBegun {
        /// Bucket.
        bucket: String,
        /// The upload; its order among events is given when this is applied.
        upload: Box<Upload<C>>,
    },
    /// A part arrived.
    PartPut {
        /// Bucket.
        bucket: String,
        /// Key of the upload.
        key: String,
        /// Its id.
        upload_id: String,
        /// The part's number.
        number: i32,
        /// The part.
        part: Part<C>,
    },
    /// An upload was aborted.
    UploadGone {
        /// Bucket.
        bucket: String,
        /// Key of the upload.
        key: String,
        /// Its id.
        upload_id: String,
    },
    /// A key was written or deleted after an upload of it was begun.
    KeyTouched {
        /// Bucket.
        bucket: String,
        /// Key.
        key: String,
    },
    /// An upload was finished earlier.
    Remembered {
        /// Bucket.
        bucket: String,
        /// What was answered.
        finished: Finished,
    },
}

impl Store {
    /// Alters the state. A change that names what is not there alters nothing.
    pub(super) fn apply(&mut self, change: Change) {
        self.events = self.events.saturating_add(1);
        let event = self.events;
        match change {
            Change::BucketMade { bucket, created, settings } => {
                self.buckets.insert(bucket, Bucket { created, settings, ..Bucket::default() });
            }
            Change::BucketGone { bucket } => drop(self.buckets.remove(&bucket)),
            Change::Configured { bucket, settings } => {
                self.with(&bucket, |b| b.settings = settings);
            }
            Change::Written { bucket, object, finished } => self.with(&bucket, |b| {
                if let Some(finished) = finished {
                    b.finish(&object.key, finished);
                }
                b.add(&object.key.clone(), Version::Object(object), event);
            }),
            Change::Marked { bucket, key, marker } => {
                self.with(&bucket, |b| b.add(&key, Version::Marker(marker), event));
            }
            Change::VersionGone { bucket, key, version } => {
                self.with(&bucket, |b| b.remove(&key, &version, event));
            }
            Change::Attached { bucket, key, version, attached } => {
                self.with(&bucket, |b| b.alter(&key, &version, |object| object.attached = attached));
            }
            Change::UploadBegun { bucket, upload } => self.with(&bucket, |b| {
                b.uploads.insert((upload.key.clone(), event), Upload { event, ..*upload });
            }),
            Change::PartPut { bucket, key, upload_id, number, part } => self.with(&bucket, |b| {
                if let Some(upload) = b.upload_mut(&key, &upload_id) {
                    upload.parts.insert(number, part);
                }
            }),
            Change::UploadGone { bucket, key, upload_id } => {
                self.with(&bucket, |b| b.forget(&key, &upload_id));
            }
            Change::KeyTouched { bucket, key } => {
                self.with(&bucket, |b| {
                    b.changed.insert(key, event);
                });
            }
            Change::Remembered { bucket, finished } => self.with(&bucket, |b| b.remember(finished)),
        }
    }

    fn with(&mut self, bucket: &str, alter: impl FnOnce(&mut Bucket)) {
        match self.buckets.get_mut(bucket) {
            Some(bucket) => alter(bucket),
            None => debug_assert!(false, "a change of the bucket {bucket}, which is not there"),
        }
    }
}

impl Bucket {
    /// A version becomes the newest of its key, in place of an older one with the same id.
    fn add(&mut self, key: &str, version: Version, event: u64) {
        let versions = self.keys.entry(key.to_owned()).or_default();
        versions.retain(|v| v.id() != version.id());
        debug_assert!(self.settings.versioning != Versioning::Never || versions.is_empty());
        versions.push(version);
        self.changed.insert(key.to_owned(), event);
    }

    fn remove(&mut self, key: &str, id: &VersionId, event: u64) {
        let Some(versions) = self.keys.get_mut(key) else { return };
        versions.retain(|v| v.id() != id);
        if versions.is_empty() {
            self.keys.remove(key);
        }
        self.changed.insert(key.to_owned(), event);
    }

    fn alter(&mut self, key: &str, id: &VersionId, edit: impl FnOnce(&mut Object)) {
        let version = self.keys.get_mut(key).and_then(|v| v.iter_mut().find(|v| v.id() == id));
        if let Some(Version::Object(object)) = version {
            edit(Arc::make_mut(object));
        }
    }

    fn finish(&mut self, key: &str, finished: Finished) {
        self.forget(key, &finished.upload_id);
        self.remember(finished);
    }

    fn remember(&mut self, finished: Finished) {
        if self.completed.len() >= REMEMBERED
            && let Some(oldest) = self.completed_order.pop_front()
        {
            self.completed.remove(&oldest);
        }
        self.completed_order.push_back(finished.upload_id.clone());
        self.completed.insert(finished.upload_id.clone(), finished);
    }

    fn forget(&mut self, key: &str, upload_id: &str) {
        if let Some(event) = self.upload_mut(key, upload_id).map(|u| u.event) {
            self.uploads.remove(&(key.to_owned(), event));
        }
    }

    fn upload_mut(&mut self, key: &str, upload_id: &str) -> Option<&mut Upload> {
        let of_key = (key.to_owned(), 0)..=(key.to_owned(), u64::MAX);
        self.uploads.range_mut(of_key).map(|(_, u)| u).find(|u| u.id == upload_id)
    }
}
