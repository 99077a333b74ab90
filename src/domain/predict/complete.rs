//! CompleteMultipartUpload: the list against the ledger, one pass.

use super::asked::{Asked, counted};
use super::sums::{self, Choice};
use super::{Answer, Done, Refusal, conditions, encryption};
use crate::domain::checksum::{ChecksumAlgorithm, ChecksumType};
use crate::domain::etag::ETag;
use crate::domain::limits::AWS;
use crate::domain::names::ObjectRef;
use crate::domain::operation::{CompletedPart, Operation};
use crate::domain::output::{CompletedObject, PartOutput};
use crate::domain::units::{PartNumber, grouped};
use crate::domain::upload::{MultipartUpload, UploadState};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(super) fn complete(asked: &mut Asked<'_, '_>) -> Answer {
    let Operation::CompleteMultipartUpload(request) = asked.plain else { return Ok(Done::default()) };
    let list = request.parts.as_slice();
    let machine = match asked.upload() {
        Ok(machine) => machine,
        Err(gone) => return ended(asked, list, gone),
    };
    readable(list)?;
    let (size, whole) = stated(asked)?;
    let key = ObjectRef::new(&request.upload.bucket, &request.upload.key);
    conditions::of_write(asked, &key, true)?;
    let choice = machine.and_then(|m| sums::choice(asked, m));
    encryption::key_of_complete(asked, machine, choice.is_some())?;
    if machine.is_some() {
        same_type(asked, choice)?;
    }
    in_order(list, choice)?;
    let stored = machine.map_or_else(|| Ok(Vec::new()), |m| check_parts(asked, m, list, choice))?;
    let total = check_sizes(asked, list, &stored)?;
    if let (Some(stated), Some(total)) = (size, total)
        && stated != total
    {
        let why = format!("the parts have {total} bytes together, and x-amz-mp-object-size says {stated}");
        return Err(Refusal::request(why));
    }
    let checksum = object_checksum(choice, &stored);
    if let Some((algorithm, value)) = whole {
        check_whole(asked, choice, checksum.as_ref(), (algorithm.name(), &value))?;
    }
    let hides = machine.and_then(encryption::hides_md5);
    Ok(Done {
        status: 200,
        effect: effect(machine, list, total),
        why: match hides {
            Some(under) => format!("under {under} no source tells how the ETag is made"),
            None => "the ETag is the MD5 of the listed parts' MD5s, then their number".into(),
        },
        etag: composite(list).filter(|_| hides.is_none()),
        checksum,
    })
}

/// The object that an upload became by an answer that was seen.
fn completed<'a>(asked: &Asked<'_, 'a>) -> Option<&'a CompletedObject> {
    let Operation::CompleteMultipartUpload(request) = asked.plain else { return None };
    let machine = asked.world.machine.filter(|m| m.upload().as_ref() == Some(&request.upload))?;
    match machine.state() {
        UploadState::Completed(object) => Some(object),
        _ => None,
    }
}

/// The same list again is answered as before; how long S3 remembers is told by no source. Of an upload that is not
/// there the list is of no interest, but headers that cannot be read are.
fn ended(asked: &mut Asked<'_, '_>, list: &[CompletedPart], gone: Refusal) -> Answer {
    let object = completed(asked);
    let known = match readable(list) {
        Err(_) if object.is_none() => return Err(gone),
        read => read.and_then(|()| stated(asked).map(|_| ())),
    };
    let Some(etag) = object.map(|object| object.etag.clone()) else {
        known?;
        return Err(gone);
    };
    // That the same list succeeds again was seen at S3; how another one is answered was not.
    known.map_err(Refusal::unverified)?;
    if composite(list).as_ref() != Some(&etag) {
        return Err(gone.unverified());
    }
    Ok(Done {
        status: 200,
        effect: "nothing: the upload is complete, and S3 repeats its answer".into(),
        why: "the same list sent again is answered as the first time; for how long is told by no source"
            .into(),
        etag: Some(etag),
        checksum: None,
    })
}

/// What the headers state of the object: its size, and the checksum of the whole.
type Stated = (Option<u64>, Option<(ChecksumAlgorithm, String)>);

fn stated(asked: &Asked<'_, '_>) -> Result<Stated, Refusal> {
    Ok((stated_size(asked)?, sums::stated(asked)?))
}

/// The document must validate.
fn readable(list: &[CompletedPart]) -> Result<(), Refusal> {
    let malformed = |why: &str| Refusal::new(400, "MalformedXML", why);
    if list.is_empty() {
        return Err(malformed("the list has no part"));
    }
    if list.len() > 10_000 {
        return Err(malformed("the list has more than 10 000 parts").unverified());
    }
    if let Some(part) = list.iter().find(|p| matches!(&p.etag, ETag::Opaque(text) if text.is_empty())) {
        return Err(malformed(&format!("part {} has no ETag", part.part_number)));
    }
    Ok(())
}

fn stated_size(asked: &Asked<'_, '_>) -> Result<Option<u64>, Refusal> {
    let Some(text) = asked.header("x-amz-mp-object-size") else { return Ok(None) };
    let size = text
        .parse()
        .map_err(|_| Refusal::request("x-amz-mp-object-size is a number of bytes").unverified())?;
    Ok(Some(size))
}

fn same_type(asked: &mut Asked<'_, '_>, choice: Choice) -> Result<(), Refusal> {
    let Some(stated) = asked.header("x-amz-checksum-type") else { return Ok(()) };
    let used = choice.map_or("no checksum type", |(_, kind)| kind.name());
    match stated == used {
        true => Ok(()),
        false => {
            Err(Refusal::request(format!("the upload was begun with {used}, and Complete says {stated}")))
        }
    }
}

fn in_order(list: &[CompletedPart], choice: Choice) -> Result<(), Refusal> {
    if let Some(part) = list.iter().find(|p| p.part_number.0 < 1) {
        return Err(Refusal::argument(format!("{} is no part number", part.part_number)));
    }
    let order = |why: String| Refusal::new(400, "InvalidPartOrder", why);
    let pairs = || list.iter().zip(list.iter().skip(1));
    if let Some((a, b)) = pairs().find(|(a, b)| a.part_number > b.part_number) {
        return Err(order(format!("part {} stands before part {}", a.part_number, b.part_number)));
    }
    if let Some((a, _)) = pairs().find(|(a, b)| a.part_number == b.part_number) {
        return Err(order(format!("part {} stands there twice", a.part_number)).unverified());
    }
    let composite = matches!(choice, Some((_, ChecksumType::Composite)));
    let gap = list.iter().zip(1..).find(|(part, n)| part.part_number != PartNumber(*n));
    match gap.filter(|_| composite) {
        Some((_, n)) => {
            Err(order(format!("with COMPOSITE checksums the numbers are 1, 2, 3 and so on; {n} is missing")))
        }
        None => Ok(()),
    }
}

/// What S3 holds of each listed part; `None` where that is not known.
fn check_parts<'m>(
    asked: &mut Asked<'_, '_>,
    machine: &'m MultipartUpload,
    list: &[CompletedPart],
    choice: Choice,
) -> Result<Vec<Option<&'m PartOutput>>, Refusal> {
    let mut stored = Vec::with_capacity(list.len());
    for listed in list {
        let number = listed.part_number;
        let invalid = |why: String| Refusal::new(400, "InvalidPart", why);
        let entry = machine.parts().get(&number);
        let Some(part) = entry.and_then(|entry| entry.confirmed()) else {
            let unknown = match entry {
                Some(entry) => is_unsettled(entry) || !machine.ledger_is_whole(),
                None => !machine.ledger_is_whole(),
            };
            if !unknown {
                let refusal = invalid(format!("part {number} was not uploaded"));
                return Err(if number.is_valid() { refusal } else { refusal.unverified() });
            }
            asked.doubt(format!("whether S3 holds part {number}"));
            stored.push(None);
            continue;
        };
        if part.etag != listed.etag {
            return Err(invalid(format!("part {number} has the ETag {}, not the listed one", part.etag)));
        }
        check_sum(asked, listed, part, choice)?;
        stored.push(Some(part));
    }
    Ok(stored)
}

fn is_unsettled(entry: &crate::domain::upload::PartEntry) -> bool {
    use crate::domain::upload::PartState;
    matches!(entry.state, PartState::InFlight(_) | PartState::Doubtful)
}

fn check_sum(
    asked: &mut Asked<'_, '_>,
    listed: &CompletedPart,
    part: &PartOutput,
    choice: Choice,
) -> Result<(), Refusal> {
    let number = listed.part_number;
    let invalid = |why: String| Err(Refusal::new(400, "InvalidPart", why));
    match (choice, &listed.checksum) {
        (None, None) => Ok(()),
        (None, Some(_)) => {
            invalid(format!("the upload was begun without checksums, and part {number} has one"))
        }
        (Some((algorithm, ChecksumType::Composite)), None) => Err(Refusal::request(format!(
            "the upload is COMPOSITE {}: every part is listed with its checksum, and part {number} is not",
            algorithm.name()
        ))),
        (Some((_, ChecksumType::FullObject)), None) => Ok(()),
        (Some((algorithm, kind)), Some((name, _))) if !name.eq_ignore_ascii_case(algorithm.name()) => {
            let why = format!("the upload was begun with {}, and part {number} has {name}", algorithm.name());
            let refusal = Refusal::new(400, "BadDigest", why);
            Err(if kind == ChecksumType::Composite { refusal } else { refusal.unverified() })
        }
        (Some((algorithm, _)), Some((_, value))) => match part.checksums.get(algorithm.name()) {
            Some(right) if right != value => {
                invalid(format!("part {number} has another {}", algorithm.name()))
            }
            Some(_) => Ok(()),
            None => {
                asked.doubt(format!("the {} of part {number}", algorithm.name()));
                Ok(())
            }
        },
    }
}

/// Every part but the last listed one has 5 MiB; gives the size of the object, where it is known.
fn check_sizes(
    asked: &mut Asked<'_, '_>,
    list: &[CompletedPart],
    stored: &[Option<&PartOutput>],
) -> Result<Option<u64>, Refusal> {
    let sizes = || stored.iter().map(|part| part.and_then(|part| part.size));
    let but_last = list.len().saturating_sub(1);
    for (listed, size) in list.iter().zip(sizes()).take(but_last) {
        match size {
            Some(size) if size < AWS.min_part_size => {
                let why = format!(
                    "part {} has {} bytes, and only the last listed part may have less than 5 MiB",
                    listed.part_number,
                    grouped(size)
                );
                return Err(Refusal::new(400, "EntityTooSmall", why));
            }
            Some(_) => {}
            None => asked.doubt(format!("the size of part {}", listed.part_number)),
        }
    }
    let total = sizes().try_fold(0_u64, |sum, size| sum.checked_add(size?));
    if total.is_none() && asked.has("x-amz-mp-object-size") {
        asked.doubt("the size of the object");
    }
    Ok(total.filter(|_| stored.len() == list.len()))
}

/// COMPOSITE follows from the parts; FULL_OBJECT only where there is a single one.
fn object_checksum(choice: Choice, stored: &[Option<&PartOutput>]) -> Option<(String, String)> {
    let (algorithm, kind) = choice?;
    let values: Vec<&str> = stored
        .iter()
        .map(|part| part.and_then(|p| p.checksums.get(algorithm.name())))
        .collect::<Option<_>>()?;
    let value = match (kind, values.as_slice()) {
        (ChecksumType::Composite, _) => sums::composite(algorithm, values.iter().copied())?,
        (ChecksumType::FullObject, [only]) => (*only).to_owned(),
        (ChecksumType::FullObject, _) => return None,
    };
    Some((algorithm.name().to_owned(), value))
}

/// A checksum of the whole object in a header.
fn check_whole(
    asked: &mut Asked<'_, '_>,
    choice: Choice,
    right: Option<&(String, String)>,
    stated: (&str, &str),
) -> Result<(), Refusal> {
    let Some((algorithm, kind)) = choice else {
        asked.unverified();
        return Ok(());
    };
    let digest = |why: String| Refusal::new(400, "BadDigest", why);
    let bare = |text: &str| text.split('-').next().unwrap_or_default().to_owned();
    if STANDARD.decode(bare(stated.1)).is_err() {
        return Err(Refusal::request(format!("the {} of the object is not base64", stated.0)).unverified());
    }
    if stated.0 != algorithm.name() {
        return Err(
            digest(format!("the upload was begun with {}, not {}", algorithm.name(), stated.0)).unverified()
        );
    }
    if kind == ChecksumType::FullObject && !asked.has("x-amz-checksum-type") {
        return Err(digest("the checksum of the object counts only beside ChecksumType".into()));
    }
    if kind == ChecksumType::Composite {
        asked.unverified();
    }
    match right {
        None => asked.doubt(format!("the {} of the object", stated.0)),
        Some((_, right)) if right != stated.1 && bare(right) != stated.1 => {
            return Err(digest(format!("the {} of the object is {right}", stated.0)));
        }
        Some(_) => {}
    }
    Ok(())
}

/// The ETag that follows from the listed ones, if they are MD5-shaped.
fn composite(list: &[CompletedPart]) -> Option<ETag> {
    let digests: Vec<[u8; 16]> = list.iter().map(|p| p.etag.digest()).collect::<Option<_>>()?;
    Some(ETag::composite(&digests))
}

fn effect(machine: Option<&MultipartUpload>, list: &[CompletedPart], total: Option<u64>) -> String {
    let bytes = total.map_or_else(String::new, |n| format!(", {} bytes", grouped(n)));
    let made = format!("the object is made of {}{bytes}, and the upload ends", counted(list.len(), "part"));
    let held = machine.map_or(0, |m| m.parts().values().filter(|p| p.confirmed().is_some()).count());
    match held.saturating_sub(list.len()) {
        0 => made,
        1 => format!("{made}; 1 stored part that is not listed is dropped"),
        n => format!("{made}; {n} stored parts that are not listed are dropped"),
    }
}
