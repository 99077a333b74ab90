//! What a copy will carry of its source, property by property, before anything is sent.
//!
//! CopyObject carries some properties by itself, a multipart copy none: Create decides everything. So the plan's
//! request is laid beside what the source told. Source: API reference CopyObject, CreateMultipartUpload; recorded,
//! LocalStack snapshots test_s3_copy_object_storage_class, _retention_lock, _legal_hold.

mod access;
mod list;
mod order;
mod rows;

pub use order::{Losses, losses_first};

use super::names::Tag;
use super::operation::{Amendment, ObjectProperties, Operation};
use super::output::{AclOutput, HeadObjectOutput};
use super::plan::{UploadPlan, carried_properties};
use super::preview::property_headers;
use serde::Serialize;

/// What was learnt of something that HEAD does not tell.
#[derive(Debug, PartialEq, Eq)]
pub enum Told<'a, T: ?Sized> {
    /// This.
    Known(&'a T),
    /// It was refused, and why.
    Refused(&'a str),
    /// It was not asked for.
    NotAsked,
}

impl<T: ?Sized> Clone for Told<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Told<'_, T> {}

/// The source of a copy, as far as it was asked about.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its bucket: in some kinds of bucket an ETag is no MD5.
    pub bucket: &'a str,
    /// HeadObject of the whole object, with its headers.
    pub head: &'a HeadObjectOutput,
    /// GetObjectTagging.
    pub tags: Told<'a, [Tag]>,
    /// GetObjectAcl.
    pub acl: Told<'a, AclOutput>,
}

/// What the copy will say: its request that decides, and what follows it.
#[derive(Debug, Clone)]
pub struct Planned {
    /// CreateMultipartUpload or CopyObject, amended or not.
    pub operation: Operation,
    /// Tags that PutObjectTagging sets after Complete.
    pub tags_after: Vec<Tag>,
    /// How many parts; `None` for CopyObject, which makes one piece.
    pub parts: Option<usize>,
    /// Whether the parts are cut as the source's are.
    pub keeps_boundaries: bool,
}

impl Planned {
    /// A multipart copy.
    pub fn parts(plan: &UploadPlan) -> Self {
        let after = !plan.tags_fit_header();
        Self {
            operation: Operation::CreateMultipartUpload(plan.create()),
            tags_after: if after { plan.tags.clone() } else { Vec::new() },
            parts: Some(plan.parts.len()),
            keeps_boundaries: plan.keeps_boundaries,
        }
    }

    /// A copy in one CopyObject.
    pub fn whole(operation: &Operation) -> Self {
        Self { operation: operation.clone(), tags_after: Vec::new(), parts: None, keeps_boundaries: false }
    }
}

/// What becomes of a property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The copy has it too.
    Kept,
    /// It is lost unless the request names it, and this is why it does not go by itself.
    Needs(String),
    /// Nobody can read it from here, and this is why.
    CannotBeRead(String),
    /// The copy has another, and this is why.
    Changes(String),
}

impl Verdict {
    /// Its name in tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Needs(_) => "lost unless named",
            Self::CannotBeRead(_) => "cannot be read",
            Self::Changes(_) => "changes",
        }
    }

    /// Its name for programs.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Needs(_) => "needs",
            Self::CannotBeRead(_) => "cannot_be_read",
            Self::Changes(_) => "changes",
        }
    }

    /// Why; empty for what is kept.
    pub fn why(&self) -> &str {
        match self {
            Self::Kept => "",
            Self::Needs(why) | Self::CannotBeRead(why) | Self::Changes(why) => why,
        }
    }
}

/// One property of the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its name.
    pub property: String,
    /// The source's value; `None` when there is none or it is not known whether there is.
    pub source: Option<String>,
    /// The copy's, as planned; `None` when the plan names none.
    pub planned: Option<String>,
    /// What becomes of it.
    pub verdict: Verdict,
    /// The header or call that carries it; empty when nothing does.
    pub place: String,
    /// Whether it is one of a list that a row above counts.
    pub item: bool,
}

impl Row {
    /// Whether it is another in every copy, so that saying it of one says nothing.
    pub fn is_own(&self) -> bool {
        OWN.contains(&self.property.as_str())
    }

    /// Whether the source certainly has something that the copy will not have although it could, or that cannot be
    /// read.
    pub fn is_loss(&self) -> bool {
        self.source.is_some() && matches!(self.verdict, Verdict::Needs(_) | Verdict::CannotBeRead(_))
    }
}

/// What every object has for itself, whatever a copy names.
const OWN: [&str; 7] =
    ["Version", "Owner", "Last-Modified", "Restore", "Archive status", "Expiration", "Replication"];

/// Every property, in the order in which a copy decides them.
pub fn rows(source: &Source<'_>, planned: &Planned) -> Vec<Row> {
    let mut list = list::List::new(source, planned);
    rows::content(&mut list);
    rows::metadata(&mut list);
    rows::storage(&mut list);
    rows::encryption(&mut list);
    access::lock(&mut list);
    access::tags(&mut list);
    access::acl(&mut list);
    rows::checksum(&mut list);
    rows::layout(&mut list);
    rows::own(&mut list);
    list.rows
}

/// The properties and tags of a copy that is to have all that can be given to it: also encryption, Object Lock and
/// grants, which no copy takes by itself. An SSE-C key cannot be had, and a retention that has ended cannot be set.
pub fn take_everything(
    head: &HeadObjectOutput,
    tags: &[Tag],
    acl: Option<&AclOutput>,
) -> (ObjectProperties, Vec<Tag>) {
    let state = head.state();
    let mut all = carried_properties(head);
    if state.encryption.customer_algorithm.is_none() {
        all.server_side_encryption = state.encryption.algorithm;
        all.ssekms_key_id = state.encryption.kms_key_id;
        all.bucket_key_enabled = state.encryption.bucket_key.filter(|on| *on);
    }
    if !access::has_ended(head) {
        all.object_lock_mode = state.lock_mode;
        all.object_lock_retain_until_date = state.retain_until;
    }
    // A hold that is off is none, but where a bucket has locks it can be said.
    let locked = all.object_lock_mode.is_some();
    all.object_lock_legal_hold = state.legal_hold.filter(|hold| hold == "ON" || locked);
    if let Some(acl) = acl {
        acl.grant(&mut all);
    }
    (all, tags.to_vec())
}

/// What a CopyObject must be told besides, so that the copy has these properties: those S3 does not take from the
/// source by itself.
pub fn besides_copy_object(properties: &ObjectProperties) -> Amendment {
    let not_copied = ObjectProperties {
        content_type: None,
        cache_control: None,
        content_disposition: None,
        content_encoding: None,
        content_language: None,
        expires: None,
        metadata: Vec::new(),
        checksum_algorithm: None,
        checksum_type: None,
        ..properties.clone()
    };
    let headers = property_headers(&not_copied);
    Amendment { headers: headers.into_iter().map(|(n, v)| (n, Some(v))).collect(), ..Amendment::default() }
}

#[cfg(test)]
mod tests;
