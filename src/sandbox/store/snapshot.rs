//! The shortest list of changes that gives a store.

use super::change::Change;
use super::version::Version;
use super::{Bucket, Store};
use std::sync::Arc;

impl Store {
    /// Changes that, applied to an empty store, give this one.
    pub fn snapshot(&self) -> impl Iterator<Item = Change> + '_ {
        self.buckets().flat_map(|(name, bucket)| {
            let made = Change::BucketMade {
                bucket: name.to_owned(),
                created: bucket.created,
                settings: bucket.settings.clone(),
            };
            std::iter::once(made)
                .chain(versions(name, bucket))
                .chain(remembered(name, bucket))
                .chain(uploads(name, bucket))
        })
    }
}

fn versions<'a>(name: &'a str, bucket: &'a Bucket) -> impl Iterator<Item = Change> + 'a {
    bucket.keys.iter().flat_map(move |(key, versions)| {
        versions.iter().map(move |version| match version {
            Version::Object(object) => {
                Change::Written { bucket: name.to_owned(), object: Arc::clone(object), finished: None }
            }
            Version::Marker(marker) => {
                Change::Marked { bucket: name.to_owned(), key: key.clone(), marker: marker.clone() }
            }
        })
    })
}

fn remembered<'a>(name: &'a str, bucket: &'a Bucket) -> impl Iterator<Item = Change> + 'a {
    bucket
        .completed_order
        .iter()
        .filter_map(|id| bucket.completed.get(id))
        .map(move |finished| Change::Remembered { bucket: name.to_owned(), finished: finished.clone() })
}

/// Uploads in the order of their beginning, and between them the keys that were touched meanwhile: a conditional
/// Complete asks which came first.
fn uploads<'a>(name: &'a str, bucket: &'a Bucket) -> impl Iterator<Item = Change> + 'a {
    let mut events: Vec<(u64, Change)> = Vec::new();
    for upload in bucket.uploads.values() {
        let begun = Change::UploadBegun { bucket: name.to_owned(), upload: Box::new(upload.clone()) };
        events.push((upload.event, begun));
        if let Some(touched) = bucket.changed.get(&upload.key).filter(|event| **event > upload.event) {
            let change = Change::KeyTouched { bucket: name.to_owned(), key: upload.key.clone() };
            events.push((*touched, change));
        }
    }
    events.sort_by_key(|(event, _)| *event);
    events.into_iter().map(|(_, change)| change)
}
