//! Writing and deleting objects, and what may change of them afterwards.

use super::change::Change;
use super::object::{Attached, Conditions, NewObject, Object, is_etag_of};
use super::version::{Marker, Version, VersionId, no_such_version};
use super::{Bucket, Moment, Store, Versioning};
use crate::sandbox::error::S3Error;
use std::sync::Arc;

/// What a delete did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    /// The version that was removed or, without one named, the marker that was added.
    pub version: Option<VersionId>,
    /// Whether that is a delete marker.
    pub marker: bool,
}

/// On what terms something is deleted.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeleteTerms<'a> {
    /// Only the object with this ETag.
    pub if_match: Option<&'a str>,
    /// Whether a GOVERNANCE retention is bypassed.
    pub bypass: bool,
}

impl Bucket {
    /// The id that a write at this moment gets.
    pub(super) fn next_version(&self, moment: &Moment) -> VersionId {
        match self.settings.versioning {
            Versioning::Enabled => moment.version.clone(),
            Versioning::Never | Versioning::Suspended => VersionId::null(),
        }
    }
}

impl Store {
    /// Puts an object that another store made into a bucket, as it is: what is seeded late.
    pub fn adopt(&mut self, bucket: &str, object: Arc<Object>) -> Result<(), S3Error> {
        self.bucket(bucket)?;
        self.commit(Change::Written { bucket: bucket.to_owned(), object, finished: None })
    }

    /// PutObject, and the end of CopyObject: a new version, tags included.
    pub fn put_object(
        &mut self,
        bucket: &str,
        key: &str,
        new: NewObject,
        conditions: &Conditions,
        moment: &Moment,
    ) -> Result<Arc<Object>, S3Error> {
        let found = self.check_key(bucket, key)?;
        conditions.check(found.current(key).map(Arc::as_ref), key)?;
        let version = found.next_version(moment);
        let object = Arc::new(new.into_object(key, version, moment.now)?);
        let written = Arc::clone(&object);
        self.commit(Change::Written { bucket: bucket.to_owned(), object: written, finished: None })?;
        Ok(object)
    }

    /// DeleteObject. Without a version: the object goes, or a delete marker comes where versions are kept;
    /// deleting what is not there succeeds. With one: exactly that version goes.
    pub fn delete_object(
        &mut self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        terms: DeleteTerms<'_>,
        moment: &Moment,
    ) -> Result<Deleted, S3Error> {
        let found = self.bucket(bucket)?;
        if let Some(wanted) = terms.if_match {
            let current = found.current(key).ok_or_else(|| S3Error::no_such_key(key))?;
            if wanted.trim() != "*" && !is_etag_of(wanted, current) {
                return Err(S3Error::precondition("If-Match"));
            }
        }
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        if let Some(id) = version {
            let doomed = found.version(&key, id)?.ok_or_else(|| no_such_version(&key, id))?;
            found.may_delete(doomed, moment.now, terms.bypass)?;
            let marker = matches!(doomed, Version::Marker(_));
            let version = VersionId(id.to_owned());
            let told = found.settings.versioning.is_kept().then(|| version.clone());
            self.commit(Change::VersionGone { bucket, key, version })?;
            return Ok(Deleted { version: told, marker });
        }
        if found.settings.versioning == Versioning::Never {
            if found.current(&key).is_some() {
                self.commit(Change::VersionGone { bucket, key, version: VersionId::null() })?;
            }
            return Ok(Deleted::default());
        }
        let marker = Marker { version: found.next_version(moment), last_modified: moment.now };
        let deleted = Deleted { version: Some(marker.version.clone()), marker: true };
        self.commit(Change::Marked { bucket, key, marker })?;
        Ok(deleted)
    }

    /// Changes what may change of a version after it was written: tags, access, locks. Bucket, key and version
    /// name it; ETag and time stay as they are.
    pub fn attach(
        &mut self,
        (bucket, key, version): (&str, &str, Option<&str>),
        edit: impl FnOnce(&mut Attached),
    ) -> Result<Arc<Object>, S3Error> {
        let object = self.bucket(bucket)?.find_to_change(key, version)?;
        let mut attached = object.attached.clone();
        edit(&mut attached);
        let (bucket, key, version) = (bucket.to_owned(), key.to_owned(), object.version.clone());
        self.commit(Change::Attached { bucket, key, version, attached })?;
        Ok(object)
    }
}
