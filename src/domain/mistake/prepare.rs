//! How each mistake is made from what is there.

use super::{Mistake, list, reach};
use crate::domain::checksum::{ChecksumAlgorithm, ChecksumType};
use crate::domain::draft::Draft;
use crate::domain::limits::AWS;
use crate::domain::names::ObjectRef;
use crate::domain::operation::{CopyObject, Operation, PartBody};
use crate::domain::predict::{Seen, World};
use crate::domain::units::{MIB, PartNumber, grouped};
use crate::domain::upload::{Move, MultipartUpload, UploadState};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// A mistake ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The request.
    pub draft: Draft,
    /// What was put into it, or what is to be watched.
    pub remark: String,
}

type Made = Result<Prepared, String>;

fn made(draft: Draft, remark: impl Into<String>) -> Made {
    Ok(Prepared { draft, remark: remark.into() })
}

/// The draft with one parameter set.
fn set(mut draft: Draft, name: &str, value: &str) -> Made {
    draft.set(name, value);
    made(draft, format!("{name} is {value}"))
}

/// Makes a mistake ready, or says why it cannot be made now and what to do first.
pub fn prepare(mistake: &Mistake, world: &World<'_>) -> Made {
    let part = || reach::little_part(world);
    let create = || reach::of_move(reach::machine(world)?, Move::Create);
    match mistake.id.as_str() {
        "small-part" => small_part(world),
        "swapped-order" => swapped(reach::complete(world, 2)?),
        "skipped-part" => skipped(world),
        "wrong-etag" => wrong_etag(reach::complete(world, 1)?),
        "unknown-part" => unknown_part(world),
        "duplicate-entry" => doubled(reach::complete(world, 1)?),
        "empty-list" => empty_list(reach::complete(world, 1)?),
        "wrong-object-size" => wrong_size(world),
        "other-checksum-type" => other_type(world),
        "missing-part-checksums" => missing_checksums(world),
        "existing-key" => existing_key(world),
        "other-key" => other_key(world),
        "made-up-id" => made_up_id(world),
        "part-zero" => set(part()?, "PartNumber", "0"),
        "part-too-high" => set(part()?, "PartNumber", "10001"),
        "part-no-number" => set(part()?, "PartNumber", "one"),
        "range-past-end" => range_past_end(world),
        "range-beyond" => range_beyond(world),
        "range-open" => range_open(world),
        "changed-source" => set(copied(world)?, "CopySourceIfMatch", "\"00000000000000000000000000000000\""),
        "source-no-key" => source_no_key(world),
        "copy-after-end" => copy_after_end(world),
        "type-without-algorithm" => checksum(create()?, "", "COMPOSITE"),
        "composite-crc64" => checksum(create()?, "CRC64NVME", "COMPOSITE"),
        "full-object-sha256" => checksum(create()?, "SHA256", "FULL_OBJECT"),
        "storage-class" => set(create()?, "StorageClass", "BARGAIN"),
        "too-much-metadata" => too_much_metadata(create()?),
        "tagging-twice" => set(create()?, "Tagging", "team=blue&team=red"),
        "too-many-tags" => too_many_tags(create()?),
        "no-md5" => set(part()?, "ContentMD5", "d41d8cd98f00b204e9800998ecf8427e"),
        "other-md5" => set(part()?, "ContentMD5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        "wrong-checksum" => wrong_checksum(world),
        "other-checksum" => other_checksum(world),
        "abort-twice" => after_end(world, Move::Abort),
        "list-after-complete" => after_end(world, Move::ListParts),
        "self-copy" => self_copy(world),
        other => Err(format!("no way is known to make the mistake {other}")),
    }
}

/// Two steps: a small part is stored first, and then the upload is completed with it.
fn small_part(world: &World<'_>) -> Made {
    let (machine, upload) = reach::open(world)?;
    let stored = reach::stored(machine);
    let Some(last) = stored.last() else {
        return Err("no part is stored: store one, so that there can be a small one before it".into());
    };
    let small = machine.parts().values().filter(|p| p.planned.number != *last).find_map(|p| {
        let size = p.confirmed()?.size.filter(|n| *n < AWS.min_part_size)?;
        Some((p.planned.number, size))
    });
    if let Some((number, size)) = small {
        let draft = reach::of_move(machine, Move::Complete)?;
        return made(draft, format!("part {number} has {} bytes and is not the last", grouped(size)));
    }
    let early = match stored.as_slice() {
        [PartNumber(1)] => {
            return Err("only part 1 is stored, and the last part may be small: store part 2".into());
        }
        [_] => PartNumber(1),
        [first, ..] => *first,
        [] => PartNumber(1),
    };
    let draft = reach::draft(&reach::part(upload, early, MIB))?;
    made(
        draft,
        format!(
            "part {early} gets 1 MiB; S3 will accept it. Prepare this mistake once more then: Complete is what refuses it"
        ),
    )
}

fn swapped(mut draft: Draft) -> Made {
    let first = draft.rows("Part").start;
    draft.shift(first, true);
    made(draft, "the first two lines of the list have changed places")
}

fn skipped(world: &World<'_>) -> Made {
    let (machine, _) = reach::open(world)?;
    if of_type(machine) == Some(ChecksumType::Composite) {
        return Err(
            "with COMPOSITE checksums the numbers may have no gap: begin an upload without a checksum".into(),
        );
    }
    let mut draft = reach::complete(world, 2)?;
    let rows = draft.rows("Part");
    let middle = rows.start + rows.len().saturating_sub(1) / 2;
    let line = draft.slots().get(middle).map(|s| s.value.clone()).unwrap_or_default();
    let number = list::number(&line).unwrap_or_default();
    draft.drop_row(middle);
    made(draft, format!("part {number} is left out: S3 will accept it, and the object will lack its bytes"))
}

fn wrong_etag(mut draft: Draft) -> Made {
    draft.corrupt(draft.rows("Part").start);
    made(draft, "one digit of the first ETag is another one")
}

fn unknown_part(world: &World<'_>) -> Made {
    let mut draft = reach::complete(world, 1)?;
    let (machine, _) = reach::open(world)?;
    let rows = draft.rows("Part");
    let last = list::lines(&draft, "Part").pop().unwrap_or_default();
    let number = reach::free_number(machine);
    let rest = last.split_once(' ').map_or("", |(_, rest)| rest);
    draft.put(rows.end, format!("{number} {rest}"));
    made(draft, format!("part {number} is listed, and was never uploaded"))
}

fn doubled(mut draft: Draft) -> Made {
    draft.double(draft.rows("Part").start);
    made(draft, "the first line of the list stands there twice")
}

fn empty_list(mut draft: Draft) -> Made {
    list::replace(&mut draft, "Part", []);
    made(draft, "the list is empty")
}

fn wrong_size(world: &World<'_>) -> Made {
    let draft = reach::complete(world, 1)?;
    let (machine, _) = reach::open(world)?;
    let sizes = machine.parts().values().filter_map(|p| p.confirmed()).map(|p| p.size);
    let total =
        sizes.sum::<Option<u64>>().ok_or("the size of some part is not known: send ListParts first")?;
    set(draft, "MpuObjectSize", &(total + 1).to_string())
}

/// The checksum type an upload was begun with.
fn of_type(machine: &MultipartUpload) -> Option<ChecksumType> {
    let properties = &machine.plan().properties;
    let algorithm = ChecksumAlgorithm::parse(properties.checksum_algorithm.as_deref()?)?;
    let named = properties.checksum_type.as_deref().and_then(ChecksumType::parse);
    Some(named.unwrap_or_else(|| algorithm.default_type()))
}

fn other_type(world: &World<'_>) -> Made {
    let draft = reach::complete(world, 1)?;
    let (machine, _) = reach::open(world)?;
    let other = match of_type(machine) {
        Some(ChecksumType::Composite) => ChecksumType::FullObject,
        _ => ChecksumType::Composite,
    };
    set(draft, "ChecksumType", other.name())
}

fn missing_checksums(world: &World<'_>) -> Made {
    let (machine, _) = reach::open(world)?;
    if of_type(machine) != Some(ChecksumType::Composite) {
        return Err(
            "this needs an upload with a COMPOSITE checksum: begin one with ChecksumAlgorithm CRC32".into()
        );
    }
    let mut draft = reach::complete(world, 1)?;
    let bare = |line: String| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = list::lines(&draft, "Part").into_iter().map(bare).collect();
    list::replace(&mut draft, "Part", lines);
    made(draft, "the lines of the list have no checksums")
}

fn existing_key(world: &World<'_>) -> Made {
    let draft = reach::complete(world, 1)?;
    let key = &reach::machine(world)?.plan().destination;
    match (world.objects)(key) {
        Seen::Is(_) | Seen::Exists => set(draft, "IfNoneMatch", "*"),
        Seen::Missing => {
            Err(format!("{key} does not exist: complete an upload to it first, then begin another"))
        }
        Seen::Unknown => Err(format!("whether {key} exists is not known: send HeadObject first")),
    }
}

fn other_key(world: &World<'_>) -> Made {
    let (machine, upload) = reach::open(world)?;
    set(reach::of_move(machine, Move::ListParts)?, "Key", &format!("{}-other", upload.key))
}

fn made_up_id(world: &World<'_>) -> Made {
    let (machine, _) = reach::open(world)?;
    set(reach::of_move(machine, Move::ListParts)?, "UploadId", "made-up-by-hand")
}

/// The last bytes of the source, copied.
fn copied(world: &World<'_>) -> Result<Draft, String> {
    let (_, upload) = reach::open(world)?;
    reach::copied(world, upload, |last, _| last.to_string())
}

fn range_past_end(world: &World<'_>) -> Made {
    let (_, upload) = reach::open(world)?;
    let draft = reach::copied(world, upload, |last, size| format!("bytes={}-{size}", last.first))?;
    let size = reach::source(world)?.size;
    made(
        draft,
        format!("the range ends at {size}, and the last byte of the source is {}", size.saturating_sub(1)),
    )
}

fn range_beyond(world: &World<'_>) -> Made {
    let (_, upload) = reach::open(world)?;
    let draft = reach::copied(world, upload, |_, size| format!("bytes={size}-{}", size.saturating_add(9)))?;
    made(draft, "the range begins where the source has ended")
}

fn range_open(world: &World<'_>) -> Made {
    let (_, upload) = reach::open(world)?;
    let draft = reach::copied(world, upload, |last, _| format!("bytes={}-", last.first))?;
    made(draft, "the range has no last byte")
}

fn source_no_key(world: &World<'_>) -> Made {
    let bucket = reach::source(world)?.object.bucket.clone();
    set(copied(world)?, "CopySource", &bucket)
}

fn ended(machine: &MultipartUpload) -> bool {
    matches!(machine.state(), UploadState::Completed(_) | UploadState::Aborted | UploadState::Gone)
}

fn copy_after_end(world: &World<'_>) -> Made {
    let machine = reach::machine(world)?;
    let upload = machine.upload().filter(|_| ended(machine));
    let upload = upload.ok_or("this upload has not ended: complete or abort it first")?;
    made(reach::copied(world, upload, |last, _| last.to_string())?, "the upload has ended")
}

fn after_end(world: &World<'_>, wanted: Move) -> Made {
    let machine = reach::machine(world)?;
    match (wanted, machine.state()) {
        (Move::Abort, UploadState::Aborted) => {
            made(reach::of_move(machine, wanted)?, "the upload was aborted")
        }
        (Move::ListParts, UploadState::Completed(_)) => {
            made(reach::of_move(machine, wanted)?, "the upload was completed")
        }
        (Move::Abort, _) => Err("abort an upload first".into()),
        _ => Err("complete an upload first".into()),
    }
}

fn checksum(mut draft: Draft, algorithm: &str, kind: &str) -> Made {
    draft.set("ChecksumAlgorithm", algorithm);
    draft.set("ChecksumType", kind);
    let with = if algorithm.is_empty() { "no ChecksumAlgorithm".to_owned() } else { algorithm.to_owned() };
    made(draft, format!("ChecksumType is {kind}, with {with}"))
}

fn too_much_metadata(mut draft: Draft) -> Made {
    let at = draft.rows("Metadata").end;
    draft.put(at, format!("note={}", "x".repeat(AWS.max_user_metadata)));
    made(draft, "x-amz-meta-note has 2 052 bytes with its name")
}

fn too_many_tags(mut draft: Draft) -> Made {
    let tags: Vec<String> = (1..=11).map(|n| format!("tag{n}=x")).collect();
    draft.set("Tagging", tags.join("&"));
    made(draft, "Tagging names eleven tags")
}

/// The algorithm of the upload, or a usual one.
fn algorithm(machine: &MultipartUpload) -> Option<ChecksumAlgorithm> {
    machine.plan().properties.checksum_algorithm.as_deref().and_then(ChecksumAlgorithm::parse)
}

fn wrong_checksum(world: &World<'_>) -> Made {
    let (machine, _) = reach::open(world)?;
    // Eight, four, twenty or 32 bytes of zeros.
    let (name, value) = match algorithm(machine).unwrap_or(ChecksumAlgorithm::Crc32) {
        ChecksumAlgorithm::Crc32 => ("ChecksumCRC32", "AAAAAA==".to_owned()),
        ChecksumAlgorithm::Crc32c => ("ChecksumCRC32C", "AAAAAA==".to_owned()),
        ChecksumAlgorithm::Crc64Nvme => ("ChecksumCRC64NVME", "AAAAAAAAAAA=".to_owned()),
        ChecksumAlgorithm::Sha1 => ("ChecksumSHA1", format!("{}=", "A".repeat(27))),
        ChecksumAlgorithm::Sha256 => ("ChecksumSHA256", format!("{}=", "A".repeat(43))),
    };
    set(reach::little_part(world)?, name, &value)
}

fn other_checksum(world: &World<'_>) -> Made {
    let (machine, _) = reach::open(world)?;
    let Some(own) = algorithm(machine) else {
        return Err("this upload was begun without a checksum: begin one with ChecksumAlgorithm CRC32".into());
    };
    let other = match own {
        ChecksumAlgorithm::Sha256 => ChecksumAlgorithm::Crc32,
        _ => ChecksumAlgorithm::Sha256,
    };
    let draft = reach::little_part(world)?;
    let Operation::UploadPart(part) = draft.operation()? else {
        return Err("this is no part".into());
    };
    // The part is generated and small, so that its checksum is computed here whatever else the upload holds.
    let PartBody::Generated { seed, len } = part.body else {
        return Err("this part is not generated".into());
    };
    let bytes: Vec<u8> = (0..len).map(|at| PartBody::generated_byte(seed, at)).collect();
    let value = match other {
        ChecksumAlgorithm::Sha256 => STANDARD.encode(Sha256::digest(&bytes)),
        _ => {
            let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, &bytes).to_be_bytes();
            STANDARD.encode(sum.get(4..).unwrap_or_default())
        }
    };
    set(draft, &format!("Checksum{}", other.name()), &value)
}

/// An object that one call can copy.
fn object<'a>(world: &World<'a>) -> Result<&'a ObjectRef, String> {
    let plan = reach::machine(world)?.plan();
    let source = plan.source.as_ref().map(|s| &s.object);
    let small = |object: &&ObjectRef| match (world.objects)(object) {
        Seen::Is(head) => head.told_size().is_some_and(|n| n <= AWS.max_single_operation),
        _ => false,
    };
    std::iter::once(&plan.destination).chain(source).find(small).ok_or_else(|| {
        "no object of at most 5 GiB is known: complete the upload and send HeadObject first".to_owned()
    })
}

fn self_copy(world: &World<'_>) -> Made {
    let object = ObjectRef { version_id: None, ..object(world)?.clone() };
    let draft = reach::draft(&Operation::CopyObject(CopyObject {
        source: object.clone(),
        destination: object,
        copy_source_if_match: None,
        if_none_match: false,
        drop_tags: false,
        storage_class: None,
    }))?;
    made(draft, "source and destination are the same, and nothing is to change")
}
