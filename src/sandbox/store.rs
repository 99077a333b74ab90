//! Buckets, objects and uploads in memory, under S3's rules and without HTTP.
//!
//! Every method takes the time and the ids it needs, so the store has neither clock nor chance in it and its
//! rules can be tested as tables. Errors are S3's own. The server holds one store behind a lock; costly
//! digests are computed before the lock is taken (see [`super::content`]).

pub mod complete;
pub mod copy;
pub mod list;
pub mod object;
pub mod tags;
pub mod upload;

use super::error::S3Error;
use crate::domain::names::Tag;
pub use object::{Conditions, NewObject, Object};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
pub use upload::Upload;

/// Longest key, in bytes of UTF-8.
const MAX_KEY: usize = 1024;

/// One bucket.
#[derive(Debug, Default)]
pub struct Bucket {
    /// When it was made.
    pub created: i64,
    objects: BTreeMap<String, Arc<Object>>,
    /// Uploads in progress by key and by order of initiation.
    uploads: BTreeMap<(String, u64), Upload>,
    /// What finished uploads answered, so that a repeated Complete answers alike.
    completed: HashMap<String, complete::Finished>,
    /// When each key was last written or deleted, in the store's own order of events.
    changed: BTreeMap<String, u64>,
}

impl Bucket {
    /// Objects by key.
    pub fn objects(&self) -> &BTreeMap<String, Arc<Object>> {
        &self.objects
    }

    /// The object under a key.
    pub fn object(&self, key: &str) -> Result<Arc<Object>, S3Error> {
        self.objects.get(key).map(Arc::clone).ok_or_else(|| S3Error::no_such_key(key))
    }
}

/// All buckets.
#[derive(Debug, Default)]
pub struct Store {
    buckets: BTreeMap<String, Bucket>,
    /// Counts events; gives uploads of one second an order.
    events: u64,
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

    fn bucket_mut(&mut self, name: &str) -> Result<&mut Bucket, S3Error> {
        self.buckets.get_mut(name).ok_or_else(|| S3Error::no_such_bucket(name))
    }

    fn event(&mut self) -> u64 {
        self.events = self.events.saturating_add(1);
        self.events
    }

    /// CreateBucket. Making one's own bucket again succeeds, as in us-east-1.
    pub fn create_bucket(&mut self, name: &str, now: i64) -> Result<(), S3Error> {
        if !valid_bucket_name(name) {
            return Err(S3Error::new(400, "InvalidBucketName", "The specified bucket is not valid.")
                .with("BucketName", name));
        }
        self.buckets.entry(name.to_owned()).or_insert_with(|| Bucket { created: now, ..Bucket::default() });
        Ok(())
    }

    /// DeleteBucket: only when no object is left; uploads in progress go with it.
    pub fn delete_bucket(&mut self, name: &str) -> Result<(), S3Error> {
        if !self.bucket(name)?.objects.is_empty() {
            return Err(S3Error::new(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
                .with("BucketName", name));
        }
        self.buckets.remove(name);
        Ok(())
    }

    /// The object at a bucket and key.
    pub fn object(&self, bucket: &str, key: &str) -> Result<Arc<Object>, S3Error> {
        self.bucket(bucket)?.object(key)
    }

    /// PutObject, and the end of CopyObject: replaces what was there, tags included.
    pub fn put_object(
        &mut self,
        bucket: &str,
        key: &str,
        new: NewObject,
        conditions: &Conditions,
        now: i64,
    ) -> Result<Arc<Object>, S3Error> {
        self.check_key(bucket, key)?;
        conditions.check(self.bucket(bucket)?.objects.get(key).map(Arc::as_ref), key)?;
        let object = Arc::new(new.into_object(key, now)?);
        self.insert(bucket, Arc::clone(&object))?;
        Ok(object)
    }

    fn insert(&mut self, bucket: &str, object: Arc<Object>) -> Result<(), S3Error> {
        let event = self.event();
        let bucket = self.bucket_mut(bucket)?;
        bucket.changed.insert(object.key.clone(), event);
        bucket.objects.insert(object.key.clone(), object);
        Ok(())
    }

    /// DeleteObject; deleting what is not there succeeds.
    pub fn delete_object(&mut self, bucket: &str, key: &str, if_match: Option<&str>) -> Result<(), S3Error> {
        let event = self.event();
        let bucket = self.bucket_mut(bucket)?;
        if let Some(wanted) = if_match {
            let current = bucket.objects.get(key).ok_or_else(|| S3Error::no_such_key(key))?;
            if wanted.trim() != "*" && !object::is_etag_of(wanted, current) {
                return Err(S3Error::precondition("If-Match"));
            }
        }
        if bucket.objects.remove(key).is_some() {
            bucket.changed.insert(key.to_owned(), event);
        }
        Ok(())
    }

    /// PutObjectTagging and DeleteObjectTagging: replaces the set, and nothing else changes.
    pub fn set_tags(&mut self, bucket: &str, key: &str, tags: Vec<Tag>) -> Result<(), S3Error> {
        let bucket = self.bucket_mut(bucket)?;
        let object = bucket.objects.get_mut(key).ok_or_else(|| S3Error::no_such_key(key))?;
        Arc::make_mut(object).tags = tags;
        Ok(())
    }

    fn check_key(&self, bucket: &str, key: &str) -> Result<(), S3Error> {
        self.bucket(bucket)?;
        if key.len() > MAX_KEY {
            return Err(S3Error::new(400, "KeyTooLongError", "Your key is too long")
                .with("Size", key.len().to_string())
                .with("MaxSizeAllowed", MAX_KEY.to_string()));
        }
        Ok(())
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

#[cfg(test)]
mod tests;
