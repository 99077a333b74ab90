//! The one edit that mends a refused request.
//!
//! What the error points at suggests edits; the first of them after which the request is not expected to be refused is
//! offered. An edit never makes up what is not known; where only the person knows it, the edit says what to type.

mod customer_key;
mod part;
mod tidy;

use super::{list, reach};
use crate::domain::draft::Draft;
use crate::domain::operation::OperationKind;
use crate::domain::outcome::ServiceError;
use crate::domain::predict::{World, predict};
use crate::domain::upload::{Move, UploadState};

/// A mended request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// The request with the edit made.
    pub draft: Draft,
    /// The edit: an imperative sentence that names the parameter and its new value.
    pub edit: String,
}

/// Edits to try, the best first.
struct Edits<'a> {
    from: &'a Draft,
    all: Vec<Mend>,
    /// What is to be typed, where only the person knows it.
    by_hand: Option<Mend>,
}

impl Edits<'_> {
    /// Gives a parameter another value.
    fn set(&mut self, name: &str, value: &str) {
        self.set_because(name, value, "");
    }

    /// The same with a reason behind it.
    fn set_because(&mut self, name: &str, value: &str, why: &str) {
        let mut draft = self.from.clone();
        draft.set(name, value);
        let edit = match value.is_empty() {
            true => format!("Clear {name}{why}."),
            false => format!("Set {name} to {value}{why}."),
        };
        self.push(draft, edit);
    }

    /// Gives a repeated parameter other lines.
    fn lines(&mut self, name: &str, lines: Vec<String>, edit: impl Into<String>) {
        let mut draft = self.from.clone();
        list::replace(&mut draft, name, lines);
        self.push(draft, edit.into());
    }

    fn push(&mut self, draft: Draft, edit: String) {
        if draft != *self.from {
            self.all.push(Mend { draft, edit });
        }
    }
}

/// The one edit that mends a refused request, if one does.
pub fn mend(draft: &Draft, error: &ServiceError, world: &World<'_>) -> Option<Mend> {
    let mut edits = Edits { from: draft, all: Vec::new(), by_hand: None };
    suggest(&mut edits, error, world);
    let mends =
        |mend: &Mend| mend.draft.operation().is_ok_and(|operation| predict(&operation, world).code.is_none());
    edits.all.into_iter().find(mends).or(edits.by_hand)
}

/// One of the further elements of an error.
fn detail<'e>(error: &'e ServiceError, name: &str) -> &'e str {
    error.detail.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.as_str())
}

fn suggest(edits: &mut Edits<'_>, error: &ServiceError, world: &World<'_>) {
    use OperationKind as K;
    match error.code.as_str() {
        "NoSuchUpload" => names(edits, world),
        "NoSuchBucket" => names(edits, world),
        "EntityTooSmall" => tidy::small_part(edits, detail(error, "PartNumber")),
        "InvalidPart" | "InvalidPartOrder" | "MalformedXML" => tidy::parts(edits, error, world),
        "InvalidDigest" | "BadDigest" if edits.from.kind() == K::UploadPart => part::digests(edits, world),
        "BadDigest" => tidy::parts(edits, error, world),
        "InvalidStorageClass" => edits.set("StorageClass", "STANDARD"),
        "MetadataTooLarge" => tidy::metadata(edits),
        "InvalidTag" | "BadRequest" => tidy::tags(edits),
        "PreconditionFailed" => conditions(edits, error, world),
        "NoSuchKey" => missing_key(edits, world),
        "NotImplemented" | "ConditionalRequestConflict" => {
            edits.set("IfMatch", "");
            edits.set("IfNoneMatch", "");
        }
        "InvalidPartNumber" | "RequestedRangeNotSatisfiable" => edits.set("PartNumber", ""),
        "EntityTooLarge" if edits.from.kind() == K::UploadPart => edits.set("Body length", "5GiB"),
        "InvalidArgument" | "InvalidRequest" => argument(edits, error, world),
        _ => {}
    }
}

/// Bucket, key and id as they were.
fn names(edits: &mut Edits<'_>, world: &World<'_>) {
    let Some(machine) = world.machine else { return };
    let destination = &machine.plan().destination;
    edits.set_because("Bucket", &destination.bucket, ", where the upload is");
    if let Some(upload) = machine.upload().filter(|_| *machine.state() == UploadState::Open) {
        edits.set_because("Key", &upload.key, ", to which the upload id belongs");
        edits.set_because("UploadId", &upload.upload_id, ", which S3 gave for this upload");
    }
}

fn missing_key(edits: &mut Edits<'_>, world: &World<'_>) {
    if let Ok(source) = reach::source(world) {
        edits.set("CopySource", &source.object.copy_source());
    }
    edits.set("IfMatch", "");
}

/// The source as it is now, or no condition.
fn conditions(edits: &mut Edits<'_>, error: &ServiceError, world: &World<'_>) {
    part::source_now(edits, world);
    let condition = detail(error, "Condition").to_ascii_lowercase();
    let overwrites = ", if the object under the key may be replaced";
    match condition.as_str() {
        "if-none-match" => edits.set_because("IfNoneMatch", "", overwrites),
        "if-match" => edits.set_because("IfMatch", "", overwrites),
        _ => {}
    }
    for name in [
        "CopySourceIfNoneMatch",
        "CopySourceIfModifiedSince",
        "CopySourceIfUnmodifiedSince",
        "IfMatch",
        "IfNoneMatch",
    ] {
        edits.set(name, "");
    }
}

fn argument(edits: &mut Edits<'_>, error: &ServiceError, world: &World<'_>) {
    use OperationKind as K;
    match edits.from.kind() {
        K::CreateMultipartUpload => {
            tidy::checksum_choice(edits);
            tidy::tags(edits);
        }
        K::UploadPart => {
            customer_key::same(edits, error, world);
            part::number(edits, world);
            part::digests(edits, world);
        }
        K::UploadPartCopy => {
            customer_key::same(edits, error, world);
            part::number(edits, world);
            part::range(edits, world);
            part::copy_source(edits, world);
        }
        K::CompleteMultipartUpload => {
            customer_key::same(edits, error, world);
            tidy::complete_headers(edits, world);
            tidy::parts(edits, error, world);
        }
        K::CopyObject => {
            part::copy_source(edits, world);
            part::storage_class(edits, world);
            edits.set("MetadataDirective", "");
            edits.set("TaggingDirective", "");
            tidy::tags(edits);
            tidy::checksum_choice(edits);
        }
        K::ListParts => {
            edits.set("MaxParts", "");
            edits.set("PartNumberMarker", "");
        }
        K::ListMultipartUploads => {
            edits.set("MaxUploads", "");
            edits.set("EncodingType", "url");
            edits.set("UploadIdMarker", "");
        }
        K::HeadObject => edits.set("PartNumber", ""),
        K::GetObjectAttributes => {
            edits.set("ObjectAttributes", "ETag,Checksum,ObjectParts,StorageClass,ObjectSize");
        }
        _ => {}
    }
}

/// The list of every part that is stored, as Complete would be filled.
fn stored_lines(world: &World<'_>) -> Option<Vec<String>> {
    let (machine, _) = reach::open(world).ok()?;
    let draft = reach::of_move(machine, Move::Complete).ok()?;
    Some(list::lines(&draft, "Part")).filter(|lines| !lines.is_empty())
}
