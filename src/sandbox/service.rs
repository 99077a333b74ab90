//! From a request to calls of the store, one file per operation or small group.
//!
//! Services run on blocking threads: what must be hashed is hashed before the store's lock is taken, and the
//! lock is held for the change alone.

mod acl;
mod attributes;
mod buckets;
mod complete;
mod copy;
mod document;
mod encryption;
mod integrity;
mod lifecycle;
mod list;
mod lock;
mod object;
mod part;
mod properties;
mod read;
mod refuse;
mod rfc2047;
mod settings;
mod tagging;
mod uploads;
mod versions;

use super::answer::{Response, Xml};
use super::auth::Keys;
use super::clock::{Clock, Ids};
use super::error::S3Error;
use super::fault::Faults;
use super::journal::Journal;
use super::request::Request;
use super::route::Api;
use super::store::access::OWNER_ID;
use super::store::encryption::Encryption;
use super::store::object::Attached;
use super::store::upload::UploadName;
use super::store::{Moment, Object, Store, VersionId};
use super::vault::Vault;
use crate::domain::etag::ETag;
use crate::hash::digest::Algorithm;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// The name of who owns everything here.
const OWNER_NAME: &str = "sandbox";

/// What all requests share.
#[derive(Debug)]
pub(crate) struct State {
    /// Buckets, objects, uploads.
    pub(crate) store: Mutex<Store>,
    /// Time.
    pub(crate) clock: Clock,
    /// Identifiers.
    pub(crate) ids: Ids,
    /// The one identity.
    pub(crate) keys: Keys,
    /// Where received bytes are kept.
    pub(crate) vault: Vault,
    /// Version ids, a series of their own.
    pub(crate) versions: Ids,
    /// Where changes are written down; nowhere without a data directory.
    pub(crate) journal: OnceLock<Journal>,
    /// Failures in waiting.
    pub(crate) faults: Faults,
}

impl State {
    /// The store, for a moment.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until what was done is durable, and frees what nothing holds any more.
    pub(crate) fn settle(&self) -> Result<(), S3Error> {
        let Some(journal) = self.journal.get() else { return Ok(()) };
        if !self.vault.takes_orphaned() {
            return journal.sync();
        }
        let store = self.store();
        // Nothing may be dropped between the two, or its bytes would go before it is known to be gone.
        journal.sync()?;
        self.vault.sweep()?;
        drop(store);
        Ok(())
    }

    /// Now, with an id for a version that may be written.
    pub(crate) fn moment(&self) -> Moment {
        Moment { now: self.clock.now(), version: VersionId::of(&self.versions.version_beginning()) }
    }
}

/// What the sandbox leaves out of a bucket that does not exist is missing, not unknown.
pub(crate) fn or_no_bucket(state: &State, request: &Request, error: S3Error) -> S3Error {
    if error.status != 501 || request.bucket.is_empty() {
        return error;
    }
    match state.store().bucket(&request.bucket) {
        Ok(_) => error,
        Err(missing) => missing,
    }
}

/// Carries out one operation. What it changed is durable after [`State::settle`].
pub(crate) fn serve(state: &State, api: Api, request: &Request) -> Result<Response, S3Error> {
    perform(state, api, request).map_err(|error| of_method(request, error))
}

/// An error about a delete marker names the method that was used.
fn of_method(request: &Request, mut error: S3Error) -> S3Error {
    if let Some((_, method)) = error.extra.iter_mut().find(|(name, _)| *name == "Method") {
        method.clone_from(&request.head.method);
    }
    error
}

fn perform(state: &State, api: Api, request: &Request) -> Result<Response, S3Error> {
    refuse::unknown_headers(request)?;
    if api.concerns_uploads() {
        state.store().abort_overdue(&request.bucket, state.clock.now())?;
    }
    match api {
        Api::ListBuckets => buckets::list_all(state, request),
        Api::CreateBucket => buckets::create(state, request),
        Api::DeleteBucket => buckets::delete(state, request),
        Api::HeadBucket => buckets::head(state, request),
        Api::GetBucketLocation => buckets::location(state, request),
        Api::GetBucketVersioning => versions::get(state, request),
        Api::GetBucketEncryption => settings::encryption(state, request),
        Api::PutBucketEncryption => settings::put_encryption(state, request),
        Api::DeleteBucketEncryption => settings::delete_encryption(state, request),
        Api::GetBucketOwnershipControls => settings::ownership(state, request),
        Api::PutBucketOwnershipControls => settings::put_ownership(state, request),
        Api::DeleteBucketOwnershipControls => settings::delete_ownership(state, request),
        Api::GetPublicAccessBlock => settings::public_access(state, request),
        Api::PutPublicAccessBlock => settings::put_public_access(state, request),
        Api::DeletePublicAccessBlock => settings::delete_public_access(state, request),
        Api::GetBucketTagging => settings::tagging(state, request),
        Api::PutBucketTagging => settings::put_tagging(state, request),
        Api::DeleteBucketTagging => settings::delete_tagging(state, request),
        Api::GetBucketRequestPayment => settings::request_payment(state, request),
        Api::GetBucketAcl => acl::of_bucket(state, request),
        Api::PutBucketAcl => acl::put_bucket(state, request),
        Api::GetObjectAcl => acl::get_object(state, request),
        Api::PutObjectAcl => acl::put_object(state, request),
        Api::GetObjectLockConfiguration => lock::configuration(state, request),
        Api::PutObjectLockConfiguration => lock::put_configuration(state, request),
        Api::GetObjectRetention => lock::retention(state, request),
        Api::PutObjectRetention => lock::put_retention(state, request),
        Api::GetObjectLegalHold => lock::legal_hold(state, request),
        Api::PutObjectLegalHold => lock::put_legal_hold(state, request),
        Api::GetBucketLifecycleConfiguration => lifecycle::get(state, request),
        Api::PutBucketLifecycleConfiguration => lifecycle::put(state, request),
        Api::DeleteBucketLifecycle => lifecycle::delete(state, request),
        Api::PutBucketVersioning => versions::put(state, request),
        Api::ListObjectVersions => versions::list(state, request),
        Api::ListObjects => list::objects_v1(state, request),
        Api::ListObjectsV2 => list::objects(state, request),
        Api::ListMultipartUploads => list::uploads(state, request),
        Api::DeleteObjects => object::delete_many(state, request),
        Api::HeadObject | Api::GetObject => read::read(state, request),
        Api::GetObjectAttributes => attributes::get(state, request),
        Api::GetObjectTagging => tagging::get(state, request),
        Api::PutObjectTagging => tagging::put(state, request),
        Api::DeleteObjectTagging => tagging::delete(state, request),
        Api::PutObject => object::put(state, request),
        Api::CopyObject => copy::copy(state, request),
        Api::DeleteObject => object::delete(state, request),
        Api::CreateMultipartUpload => uploads::create(state, request),
        Api::UploadPart => part::upload(state, request),
        Api::UploadPartCopy => part::copy(state, request),
        Api::CompleteMultipartUpload => complete::complete(state, request),
        Api::AbortMultipartUpload => uploads::abort(state, request),
        Api::ListParts => uploads::list_parts(state, request),
    }
}

/// The algorithms of which a body's digests will be asked when it is served. An upload that is not there is no
/// matter here; that is found when the part is put.
pub(crate) fn digests(state: &State, request: &Request) -> Vec<Algorithm> {
    let mut list = integrity::expected(request);
    if let Ok(upload) = state.store().upload(upload_name(request)) {
        list.extend(upload.checksum.map(|(algorithm, _)| Algorithm::Checksum(algorithm)));
    }
    list
}

/// Bucket, key and upload id of a request.
fn upload_name(request: &Request) -> UploadName<'_> {
    UploadName { bucket: &request.bucket, key: &request.key, id: request.param("uploadId").unwrap_or("") }
}

/// An ETag for what is encrypted so that its MD5 must not show.
fn opaque_etag(state: &State, encryption: &Encryption) -> Option<ETag> {
    encryption.is_opaque().then(|| ETag::Hex128(state.versions.etag()))
}

/// The encryption a write gets: what it asks for, or the bucket's default.
fn encryption_for(state: &State, request: &Request) -> Result<Encryption, S3Error> {
    let default = state.store().bucket(&request.bucket)?.settings.encryption.clone();
    encryption::requested(request, default.as_ref(), &state.keys.region)
}

/// Tags, access and locks a write asks for.
fn attached(state: &State, request: &Request) -> Result<Attached, S3Error> {
    let now = state.clock.now();
    let settings = state.store().bucket(&request.bucket)?.settings.clone();
    Ok(Attached {
        tags: properties::tagging(request)?,
        acl: acl::of_object(request, &settings)?,
        lock: settings.lock_of(lock::asked(request, now)?, now)?,
    })
}

/// The version a request names.
fn version(request: &Request) -> Option<&str> {
    request.param("versionId").filter(|id| !id.is_empty())
}

/// The object a request reads, and the version header of the answer.
fn found(state: &State, request: &Request) -> Result<(Arc<Object>, Option<String>), S3Error> {
    let store = state.store();
    let bucket = store.bucket(&request.bucket)?;
    let object = bucket.find(&request.key, version(request))?;
    let version = bucket.version_header(&object.version);
    Ok((object, version))
}

fn owner(xml: &mut Xml) {
    xml.open("Owner").text("ID", OWNER_ID).close("Owner");
}

fn initiator(xml: &mut Xml) {
    xml.open("Initiator").text("ID", OWNER_ID).text("DisplayName", OWNER_NAME).close("Initiator");
}
