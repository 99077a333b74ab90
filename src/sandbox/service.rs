//! From a request to calls of the store, one file per operation or small group.
//!
//! Services run on blocking threads: what must be hashed is hashed before the store's lock is taken, and the
//! lock is held for the change alone.

mod attributes;
mod buckets;
mod complete;
mod copy;
mod document;
mod integrity;
mod list;
mod object;
mod part;
mod properties;
mod read;
mod refuse;
mod tagging;
mod uploads;
mod versions;

use super::answer::{Response, Xml};
use super::auth::Keys;
use super::clock::{Clock, Ids};
use super::digest::Algorithm;
use super::error::S3Error;
use super::fault::Faults;
use super::request::Request;
use super::route::Api;
use super::store::upload::UploadName;
use super::store::{Moment, Store, VersionId};
use super::vault::Vault;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The canonical user id that owns everything here.
pub(super) const OWNER_ID: &str = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a";
/// Its name.
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
    /// Failures in waiting.
    pub(crate) faults: Faults,
}

impl State {
    /// The store, for a moment.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now, with an id for a version that may be written.
    pub(crate) fn moment(&self) -> Moment {
        Moment { now: self.clock.now(), version: VersionId(self.versions.version_id()) }
    }
}

/// Carries out one operation.
pub(crate) fn serve(state: &State, api: Api, request: &Request) -> Result<Response, S3Error> {
    refuse::unknown_headers(request)?;
    match api {
        Api::ListBuckets => buckets::list(state, request),
        Api::CreateBucket => buckets::create(state, request),
        Api::DeleteBucket => buckets::delete(state, request),
        Api::HeadBucket => buckets::head(state, request),
        Api::GetBucketLocation => buckets::location(state, request),
        Api::GetBucketVersioning => versions::get(state, request),
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

/// The version a request names.
fn version(request: &Request) -> Option<&str> {
    request.param("versionId").filter(|id| !id.is_empty())
}

fn owner(xml: &mut Xml) {
    xml.open("Owner").text("ID", OWNER_ID).close("Owner");
}

fn initiator(xml: &mut Xml) {
    xml.open("Initiator").text("ID", OWNER_ID).text("DisplayName", OWNER_NAME).close("Initiator");
}
