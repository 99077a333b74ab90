//! What of an upload and its source a draft can be made from, or what is to be done first.

use crate::domain::draft::Draft;
use crate::domain::operation::{Operation, PartBody, UploadPart, UploadPartCopy, UploadRef};
use crate::domain::plan::CopySource;
use crate::domain::predict::World;
use crate::domain::units::{ByteRange, KIB, PartNumber};
use crate::domain::upload::{Move, MultipartUpload, UploadState};

/// Bytes of a part that is to be refused.
const LITTLE: u64 = KIB;

/// The upload.
pub(super) fn machine<'a>(world: &World<'a>) -> Result<&'a MultipartUpload, String> {
    world.machine.ok_or_else(|| "no upload is planned: choose a bucket and a key first".to_owned())
}

/// The upload while it is open, and its names.
pub(super) fn open<'a>(world: &World<'a>) -> Result<(&'a MultipartUpload, UploadRef), String> {
    let machine = machine(world)?;
    let upload = machine.upload().filter(|_| *machine.state() == UploadState::Open);
    match upload {
        Some(upload) => Ok((machine, upload)),
        None => Err("this needs an open upload: send CreateMultipartUpload first".to_owned()),
    }
}

/// Numbers of the parts S3 holds, ascending.
pub(super) fn stored(machine: &MultipartUpload) -> Vec<PartNumber> {
    machine.parts().values().filter(|p| p.confirmed().is_some()).map(|p| p.planned.number).collect()
}

/// A number no part has.
pub(super) fn free_number(machine: &MultipartUpload) -> PartNumber {
    let next = machine.parts().keys().next_back().map_or(1, |n| n.0.saturating_add(1));
    let numbers = std::iter::once(next).chain(1..=PartNumber::MAX).map(PartNumber);
    let free = |n: &PartNumber| n.is_valid() && !machine.parts().contains_key(n);
    numbers.into_iter().find(free).unwrap_or(PartNumber(PartNumber::MAX))
}

/// The draft of an operation.
pub(super) fn draft(operation: &Operation) -> Result<Draft, String> {
    Draft::of(operation).ok_or_else(|| format!("{} has no form", operation.kind()))
}

/// The draft of a move.
pub(super) fn of_move(machine: &MultipartUpload, wanted: Move) -> Result<Draft, String> {
    draft(&machine.operation(wanted).map_err(|why| why.to_string())?)
}

/// Complete with at least so many parts in its list.
pub(super) fn complete(world: &World<'_>, parts: usize) -> Result<Draft, String> {
    let (machine, _) = open(world)?;
    let count = stored(machine).len();
    if count < parts {
        let noun = if parts == 1 { "part" } else { "parts" };
        return Err(format!("{count} stored; store at least {parts} {noun} first"));
    }
    of_move(machine, Move::Complete)
}

/// A small part under a number that no part has.
pub(super) fn little_part(world: &World<'_>) -> Result<Draft, String> {
    let (machine, upload) = open(world)?;
    draft(&part(upload, free_number(machine), LITTLE))
}

/// A generated part.
pub(super) fn part(upload: UploadRef, part_number: PartNumber, len: u64) -> Operation {
    let seed = u64::try_from(part_number.0).unwrap_or(0);
    Operation::UploadPart(UploadPart { upload, part_number, body: PartBody::Generated { seed, len } })
}

/// The object that is copied.
pub(super) fn source<'a>(world: &World<'a>) -> Result<&'a CopySource, String> {
    let source = machine(world)?.plan().source.as_ref().filter(|s| s.size > 0);
    source.ok_or_else(|| "this upload copies nothing: begin one that copies an object".to_owned())
}

/// A part copied from the source, with a range as it is written here.
pub(super) fn copied(
    world: &World<'_>,
    upload: UploadRef,
    range: impl FnOnce(ByteRange, u64) -> String,
) -> Result<Draft, String> {
    let (machine, from) = (machine(world)?, source(world)?);
    let last = ByteRange { first: from.size.saturating_sub(LITTLE), last: from.size.saturating_sub(1) };
    let mut draft = draft(&Operation::UploadPartCopy(UploadPartCopy {
        upload,
        part_number: free_number(machine),
        source: from.object.clone(),
        copy_source_range: Some(range(last, from.size)),
        copy_source_if_match: Some(from.etag.clone()),
    }))?;
    draft.source_size = Some(from.size);
    Ok(draft)
}
