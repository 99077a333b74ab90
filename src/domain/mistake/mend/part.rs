//! Edits of requests that store one part or copy an object.

use super::super::reach;
use super::Edits;
use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::limits::AWS;
use crate::domain::names::ObjectRef;
use crate::domain::operation::Operation;
use crate::domain::output::HeadObjectOutput;
use crate::domain::predict::{Seen, World};
use crate::domain::units::ByteRange;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A number that no part has.
pub(super) fn number(edits: &mut Edits<'_>, world: &World<'_>) {
    let Some(machine) = world.machine else { return };
    let valid = edits.from.get("PartNumber").parse::<i32>().is_ok_and(|n| (1..=10_000).contains(&n));
    if !valid {
        let free = reach::free_number(machine).to_string();
        edits.set_because("PartNumber", &free, ", which no part has yet");
    }
}

/// The digests of the bytes where they are known, and otherwise none.
pub(super) fn digests(edits: &mut Edits<'_>, world: &World<'_>) {
    let body = match edits.from.operation() {
        Ok(operation) => match operation.plain() {
            Operation::UploadPart(part) => part.body.clone(),
            _ => return,
        },
        Err(_) => return,
    };
    let digest = (world.digests)(&body);
    if !edits.from.get("ContentMD5").is_empty() {
        if let Some(digest) = &digest {
            edits.set_because("ContentMD5", &STANDARD.encode(digest.md5), ", the MD5 of these bytes");
        }
        edits.set("ContentMD5", "");
    }
    for algorithm in ChecksumAlgorithm::ALL {
        let name = format!("Checksum{}", algorithm.name());
        if edits.from.get(&name).is_empty() {
            continue;
        }
        if let Some(value) = digest.as_ref().and_then(|d| d.checksums.get(algorithm.name())) {
            edits.set_because(&name, value, ", which these bytes have");
        }
        edits.set(&name, "");
    }
}

/// What is known of the source that a draft names.
fn source<'a>(edits: &Edits<'_>, world: &World<'a>) -> Option<(ObjectRef, &'a HeadObjectOutput)> {
    let operation = edits.from.operation().ok()?;
    let named = match operation.plain() {
        Operation::UploadPartCopy(copy) => copy.source.clone(),
        Operation::CopyObject(copy) => copy.source.clone(),
        _ => return None,
    };
    match (world.objects)(&named) {
        Seen::Is(head) => Some((named, head)),
        _ => None,
    }
}

/// Pins the source as it is. The source of a whole upload stays pinned as it was planned: with another one the object
/// would be mixed of two.
pub(super) fn source_now(edits: &mut Edits<'_>, world: &World<'_>) {
    let planned = reach::source(world).ok().filter(|planned| {
        planned.object.copy_source() == edits.from.get("CopySource").trim_start_matches('/')
    });
    let etag = match planned {
        Some(planned) => Some(&planned.etag),
        None => source(edits, world).map(|(_, head)| &head.etag),
    };
    if let Some(etag) = etag.filter(|_| !edits.from.get("CopySourceIfMatch").is_empty()) {
        edits.set_because("CopySourceIfMatch", &etag.quoted(), ", the ETag the source has");
    }
    if planned.is_none() {
        edits.set("CopySourceIfMatch", "");
    }
}

/// A range inside the source: what was meant, as far as it is there.
pub(super) fn range(edits: &mut Edits<'_>, world: &World<'_>) {
    let size = source(edits, world).and_then(|(_, head)| head.told_size()).or(edits.from.source_size);
    let Some(last) = size.and_then(|size| size.checked_sub(1)) else { return };
    let text = edits.from.get("CopySourceRange");
    let first = text.trim_start_matches("bytes=").split('-').next().and_then(|n| n.parse::<u64>().ok());
    let first = first.filter(|first| *first <= last);
    let end = |first: u64| last.min(first.saturating_add(AWS.max_part_size - 1));
    if let Some(first) = first {
        let range = ByteRange { first, last: end(first) };
        edits.set_because(
            "CopySourceRange",
            &range.to_string(),
            &format!(": the last byte of the source is {last}"),
        );
    }
    let first = last.saturating_sub(AWS.min_part_size - 1);
    let tail = ByteRange { first, last: end(first) };
    edits.set_because(
        "CopySourceRange",
        &tail.to_string(),
        &format!(": the last byte of the source is {last}"),
    );
}

/// The source that was planned.
pub(super) fn copy_source(edits: &mut Edits<'_>, world: &World<'_>) {
    if let Ok(source) = reach::source(world) {
        edits.set("CopySource", &source.object.copy_source());
    }
}

/// Naming the class an object has anyway makes a copy onto itself legal, and changes nothing.
pub(super) fn storage_class(edits: &mut Edits<'_>, world: &World<'_>) {
    if let Some((_, head)) = source(edits, world) {
        let class = head.properties.storage_class.as_deref().unwrap_or("STANDARD");
        edits.set_because("StorageClass", class, ", which the object has: naming it is a change to S3");
    }
}
