//! The bucket `versions`: versions, delete markers, locks and SSE-KMS, to be listed and compared.
//!
//! Object Lock needs versions and a bucket that was made for it, so none of this can be in the lesson bucket.

use crate::domain::etag::ETag;
use crate::sandbox::clock::Ids;
use crate::sandbox::content::Content;
use crate::sandbox::error::S3Error;
use crate::sandbox::store::encryption::Encryption;
use crate::sandbox::store::lock::{Lock, LockSettings, Mode, Retention};
use crate::sandbox::store::object::Attached;
use crate::sandbox::store::version::VersionId;
use crate::sandbox::store::write::DeleteTerms;
use crate::sandbox::store::{Conditions, Moment, NewObject, Settings, Store, Versioning};

/// The bucket that keeps versions.
pub const VERSIONS: &str = "versions";

const DAY: i64 = 24 * 3600;
/// A key that is in no account, of the example account of AWS's documentation.
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// The settings of the bucket: Object Lock turns versions on.
pub(super) fn settings() -> Settings {
    Settings {
        versioning: Versioning::Enabled,
        object_lock: Some(LockSettings::default()),
        ..Settings::new()
    }
}

/// Fills the bucket. Ids come from a series of their own, so that those of the other objects stay as they are.
pub(super) fn fill(store: &mut Store, ids: &Ids, now: i64) -> Result<(), S3Error> {
    let ids = ids.series(4);
    let moment = |days: i64| {
        let version = VersionId::of(&ids.version_beginning());
        Moment { now: now - days * DAY, version }
    };
    let mut put = |key: &str, text: &str, days: i64, new: NewObject| {
        let object = NewObject { content: Content::of_bytes(text.as_bytes().to_vec()), ..new };
        store.put_object(VERSIONS, key, object, &Conditions::default(), &moment(days)).map(drop)
    };
    put("report.csv", "month,parts\njanuary,3\n", 12, NewObject::default())?;
    put("report.csv", "month,parts\njanuary,3\nfebruary,4\n", 9, NewObject::default())?;
    put("report.csv", "month,parts\njanuary,3\nfebruary,5\n", 2, NewObject::default())?;
    put("removed.txt", "deleted, and still there as a version\n", 8, NewObject::default())?;
    let contract = "the same bytes, once with SSE-S3 and once locked with SSE-KMS\n";
    put("contract.txt", contract, 6, NewObject::default())?;
    let retention = Some(Retention { mode: Mode::Governance, until: now + 365 * DAY });
    let lock = Lock { retention, legal_hold: Some(true) };
    let locked = NewObject {
        etag: Some(ETag::Hex128(ids.etag())),
        encryption: Encryption::Kms { dsse: false, key: KEY.to_owned(), bucket_key: true },
        attached: Attached { lock, ..Attached::default() },
        ..NewObject::default()
    };
    put("contract-locked.txt", contract, 6, locked)?;
    store.delete_object(VERSIONS, "removed.txt", None, DeleteTerms::default(), &moment(1))?;
    Ok(())
}
