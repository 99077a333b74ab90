//! UploadPartCopy and CopyObject.

use super::asked::Asked;
use super::{Answer, Done, Refusal, conditions, create, encryption, part, source, sums};
use crate::domain::customer_key::PREFIX;
use crate::domain::etag::ETag;
use crate::domain::limits::AWS;
use crate::domain::operation::Operation;
use crate::domain::output::HeadObjectOutput;
use crate::domain::units::ByteRange;

pub(super) fn upload_part_copy(asked: &mut Asked<'_, '_>) -> Answer {
    let number = asked.part_number("partNumber")?;
    let object = source::named(asked)?;
    let machine = asked.upload()?;
    encryption::same_key(asked, machine)?;
    let choice = machine.and_then(|machine| sums::choice(asked, machine));
    let head = source::found(asked, &object)?;
    let range = source::range(asked, head)?;
    let hides = machine.and_then(encryption::hides_md5);
    let whole = head.filter(|h| is_whole(h, range));
    let etag = whole.and_then(source::whole_md5).filter(|_| hides.is_none());
    let checksum = choice.and_then(|(algorithm, _)| {
        let sums = &whole?.checksums;
        let full = sums.checksum_type.as_deref() == Some("FULL_OBJECT");
        Some((algorithm.name().to_owned(), sums.get(algorithm.name()).filter(|_| full)?.to_owned()))
    });
    let why = match (&etag, hides) {
        (Some(_), _) => "the whole source is copied, and its ETag is the MD5 of its bytes".to_owned(),
        (None, Some(under)) => format!("under {under} the ETag of a part is no MD5"),
        (None, None) => "the ETag is the MD5 of the copied bytes, which only reading them would tell".into(),
    };
    let effect = part::stored(number, range.map(ByteRange::len), machine);
    Ok(Done { status: 200, effect, why, etag, checksum })
}

fn is_whole(head: &HeadObjectOutput, range: Option<ByteRange>) -> bool {
    let all = head.told_size().and_then(|size| ByteRange::of_len(0, size));
    all.is_some() && all == range
}

pub(super) fn copy_object(asked: &mut Asked<'_, '_>) -> Answer {
    let Operation::CopyObject(copy) = asked.plain else { return Ok(Done::default()) };
    let object = source::named(asked)?;
    let head = source::found(asked, &object)?;
    if head.and_then(HeadObjectOutput::told_size).is_some_and(|n| n > AWS.max_single_operation) {
        return Err(Refusal::request("CopyObject copies at most 5 GiB; a larger object is copied in parts"));
    }
    let replaces = directive(asked, "x-amz-metadata-directive")?;
    directive(asked, "x-amz-tagging-directive")?;
    create::properties(asked)?;
    encryption::known(asked);
    let onto_itself = object.version_id.is_none()
        && (&object.bucket, &object.key) == (&copy.destination.bucket, &copy.destination.key);
    let changes = replaces
        || ["x-amz-storage-class", "x-amz-website-redirect-location", "x-amz-server-side-encryption"]
            .iter()
            .any(|name| asked.has(name));
    if onto_itself && !changes {
        return Err(Refusal::request(
            "an object is copied onto itself only to change metadata, storage class, redirect or encryption",
        ));
    }
    create::tagging(asked)?;
    create::algorithm(asked)?;
    asked.bucket(&copy.destination.bucket, Some(&copy.destination));
    create::key(&copy.destination.key)?;
    conditions::of_write(asked, &copy.destination, false)?;
    let opaque = asked.header("x-amz-server-side-encryption").is_some_and(|e| e.starts_with("aws:kms"))
        || asked.headers().iter().any(|(name, _)| name.starts_with(PREFIX));
    let etag: Option<ETag> = head.and_then(source::whole_md5).filter(|_| !opaque);
    let why = match etag {
        Some(_) => "a copy in one call is a single-part object, and its ETag the MD5 of its bytes",
        None => "a copy in one call is a single-part object; its ETag does not follow from the source's",
    };
    let effect = format!("{} is written, in one piece", copy.destination);
    Ok(Done { status: 200, effect, why: why.into(), etag, checksum: None })
}

/// A directive header: whether it says REPLACE.
fn directive(asked: &mut Asked<'_, '_>, name: &str) -> Result<bool, Refusal> {
    match asked.header(name).as_deref() {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(_) => Err(Refusal::argument(format!("{name} is COPY or REPLACE")).unverified()),
    }
}
