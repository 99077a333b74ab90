//! UploadPart.

use super::asked::Asked;
use super::{Answer, Done, Refusal, encryption, sums};
use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::etag::ETag;
use crate::domain::limits::AWS;
use crate::domain::operation::Operation;
use crate::domain::units::{PartNumber, grouped};
use crate::domain::upload::MultipartUpload;

pub(super) fn upload_part(asked: &mut Asked<'_, '_>) -> Answer {
    let Operation::UploadPart(part) = asked.plain else { return Ok(Done::default()) };
    let size = part.body.len();
    if size > AWS.max_part_size {
        return Err(Refusal::new(400, "EntityTooLarge", "a part holds at most 5 GiB"));
    }
    let number = asked.part_number("partNumber")?;
    let machine = asked.upload()?;
    encryption::same_key(asked, machine)?;
    let digest = (asked.world.digests)(&part.body);
    let stated = sums::check_body(asked, digest.as_ref())?;
    let choice = machine.and_then(|machine| sums::choice(asked, machine));
    if let (Some((wanted, _)), Some((actual, _))) = (choice, &stated)
        && wanted != *actual
    {
        return Err(other_algorithm(wanted, *actual));
    }
    if size == 0 {
        asked.unverified();
    }
    let checksum = stated.or_else(|| {
        let (algorithm, _) = choice?;
        let value = digest.as_ref()?.checksums.get(algorithm.name())?;
        Some((algorithm, value.to_owned()))
    });
    let hides = machine.and_then(encryption::hides_md5);
    let md5 = digest.filter(|_| hides.is_none()).map(|d| d.md5);
    let why = match (md5, hides) {
        (Some(_), _) => "the ETag of a part is the MD5 of its bytes".to_owned(),
        (None, Some(under)) => format!("under {under} the ETag of a part is no MD5"),
        _ => "any size up to 5 GiB is stored; Complete decides whether it may stay".to_owned(),
    };
    Ok(Done {
        status: 200,
        effect: stored(number, Some(size), machine),
        why,
        etag: md5.map(ETag::Hex128),
        checksum: checksum.map(|(algorithm, value)| (algorithm.name().to_owned(), value)),
    })
}

fn other_algorithm(wanted: ChecksumAlgorithm, actual: ChecksumAlgorithm) -> Refusal {
    Refusal::request(format!(
        "the upload was begun with {}, and the part states {}",
        wanted.name(),
        actual.name()
    ))
}

/// What storing a part changes.
pub(super) fn stored(number: PartNumber, size: Option<u64>, machine: Option<&MultipartUpload>) -> String {
    let bytes = size.map_or_else(String::new, |n| format!(", {} bytes", grouped(n)));
    let replaces = machine.and_then(|m| m.parts().get(&number)?.confirmed()).is_some();
    match replaces {
        true => format!("part {number} is stored{bytes}, in place of the one that is there"),
        false => format!("part {number} is stored{bytes}"),
    }
}
