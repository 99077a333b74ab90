//! Abort, and the calls that only read.

use super::asked::{Asked, counted};
use super::{Answer, Done, Refusal, Seen};
use crate::domain::etag::ETag;
use crate::domain::operation::Operation;
use crate::domain::output::HeadObjectOutput;
use crate::domain::upload::UploadState;

fn reads(status: u16, why: impl Into<String>) -> Done {
    Done { status, effect: "nothing: it only reads".into(), why: why.into(), ..Done::default() }
}

pub(super) fn abort(asked: &mut Asked<'_, '_>) -> Answer {
    let ended = asked.world.machine.is_some_and(|m| {
        matches!(m.state(), UploadState::Completed(_) | UploadState::Aborted | UploadState::Gone)
    });
    let machine = match asked.upload() {
        Ok(machine) => machine,
        // It was once reported that S3 answers 204 for some hours.
        Err(gone) => return Err(if ended { gone.unverified() } else { gone }),
    };
    let parts = machine.map_or(0, |m| m.parts().values().filter(|p| p.confirmed().is_some()).count());
    let effect = match machine {
        Some(_) => format!("the upload ends; {} are deleted", counted(parts, "part")),
        None => "the upload ends, and its parts are deleted".into(),
    };
    let why = match machine.is_some_and(|m| m.is_busy()) {
        true => "parts that are on their way may land after it: list them, and abort again",
        false => "what was stored of an upload is paid for until it is completed or aborted",
    };
    Ok(Done { status: 204, effect, why: why.into(), ..Done::default() })
}

/// A count in the query: nothing, or 0 to 2 147 483 647.
fn count(asked: &mut Asked<'_, '_>, name: &str) -> Result<(), Refusal> {
    let Some(text) = asked.filled(name).map(str::to_owned) else { return Ok(()) };
    match text.parse::<i32>() {
        Ok(n) if n >= 0 => {
            if n.to_string() != text {
                asked.unverified();
            }
            Ok(())
        }
        _ => Err(Refusal::argument(format!("{name} is a whole number from 0 to 2 147 483 647"))),
    }
}

pub(super) fn list_parts(asked: &mut Asked<'_, '_>) -> Answer {
    count(asked, "max-parts")?;
    count(asked, "part-number-marker")?;
    asked.upload()?;
    Ok(reads(200, "the parts of an upload are listed while it is in progress, and never after"))
}

pub(super) fn list_uploads(asked: &mut Asked<'_, '_>) -> Answer {
    let Operation::ListMultipartUploads(list) = asked.plain else { return Ok(Done::default()) };
    asked.bucket(&list.bucket, None);
    if asked.parameter("encoding-type").is_some_and(|text| text != "url") {
        return Err(Refusal::argument("EncodingType is url"));
    }
    count(asked, "max-uploads")?;
    if asked.filled("key-marker").is_some() && asked.filled("upload-id-marker").is_some() {
        asked.doubt("whether the marker is an upload of that key");
    }
    Ok(reads(200, "uploads in progress are listed by key, and then by the time they were begun"))
}

/// What is known of the object that is read; `None` where it is not known.
fn object<'a>(
    asked: &mut Asked<'_, 'a>,
    of: &crate::domain::names::ObjectRef,
) -> Result<Option<&'a HeadObjectOutput>, Refusal> {
    match asked.seen(of) {
        Seen::Missing => Err(Refusal::new(404, "NoSuchKey", format!("there is no {of}"))),
        Seen::Is(head) => Ok(Some(head)),
        Seen::Unknown | Seen::Exists => {
            asked.doubt(format!("what {of} is"));
            Ok(None)
        }
    }
}

pub(super) fn head(asked: &mut Asked<'_, '_>) -> Answer {
    let Operation::HeadObject(of) = asked.plain else { return Ok(Done::default()) };
    let seen = object(asked, &of.object)?;
    if let Some(seen) = seen {
        read_conditions(asked, seen)?;
    }
    if asked.has("range") {
        asked.doubt("how HEAD answers to this range");
    }
    let Some(text) = asked.filled("partNumber").map(str::to_owned) else {
        let etag = seen.map(|head| head.etag.clone());
        return Ok(Done { etag, ..reads(200, "the headers of GET without the bytes") });
    };
    let number = asked.part_number("partNumber").map_err(Refusal::unverified)?;
    let count = seen.and_then(|head| match head.etag {
        ETag::Hex128(_) => Some(1),
        _ => head.etag.part_count().map(i32::from),
    });
    match count {
        Some(count) if number.0 > count => Err(Refusal::new(
            416,
            "InvalidPartNumber",
            format!(
                "the object has {}, and part {text} is none of them",
                counted(usize::try_from(count).unwrap_or(0), "part")
            ),
        )),
        Some(_) => {
            let etag = seen.map(|head| head.etag.clone());
            Ok(Done { etag, ..reads(206, "one part is told: its length, and the ETag of the object") })
        }
        None => {
            asked.doubt("how many parts the object has");
            Ok(reads(206, "one part is told: its length, and the ETag of the object"))
        }
    }
}

/// HTTP's conditions. No source tells how HEAD of S3 answers to them.
fn read_conditions(asked: &mut Asked<'_, '_>, seen: &HeadObjectOutput) -> Result<(), Refusal> {
    if asked.has("if-modified-since") || asked.has("if-unmodified-since") {
        asked.doubt("how HEAD answers to a condition on time");
    }
    let is = |text: &str| text.split(',').any(|t| t.trim() == "*" || ETag::parse(t) == seen.etag);
    let (matched, none) = (asked.header("if-match"), asked.header("if-none-match"));
    if matched.is_some() || none.is_some() {
        asked.unverified();
    }
    if matched.is_some_and(|text| !is(&text)) {
        return Err(Refusal::new(
            412,
            "PreconditionFailed",
            "the object has another ETag than IfMatch names",
        ));
    }
    if none.is_some_and(|text| is(&text)) {
        return Err(Refusal::new(304, "NotModified", "the object has the ETag that IfNoneMatch names"));
    }
    Ok(())
}

pub(super) fn attributes(asked: &mut Asked<'_, '_>) -> Answer {
    const KNOWN: [&str; 5] = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
    let Operation::GetObjectAttributes(of) = asked.plain else { return Ok(Done::default()) };
    let names = asked.header("x-amz-object-attributes").unwrap_or_default();
    let wanted: Vec<&str> = names.split(',').map(str::trim).filter(|n| !n.is_empty()).collect();
    if wanted.is_empty() {
        return Err(Refusal::request("ObjectAttributes says what is asked for, and may not be empty"));
    }
    if let Some(unknown) = wanted.iter().find(|n| !KNOWN.contains(n)) {
        return Err(Refusal::argument(format!("{unknown:?} is none of {}", KNOWN.join(", "))));
    }
    for name in ["x-amz-max-parts", "x-amz-part-number-marker"] {
        if asked.header(name).is_some_and(|text| text.parse::<u32>().is_err()) {
            asked.doubt(format!("how S3 reads this {name}"));
        }
    }
    let seen = object(asked, &of.object)?;
    let etag = seen.filter(|_| wanted.contains(&"ETag")).map(|head| head.etag.clone());
    let why = "the parts are listed only where the object has a COMPOSITE checksum";
    Ok(Done { etag, ..reads(200, why) })
}
