//! Reading, replacing and removing tags.

use super::asked::{Asked, counted};
use super::{Answer, Done, Refusal, Seen, sums};
use crate::domain::limits::AWS;
use crate::domain::names::{ObjectRef, Tag};
use crate::domain::operation::Operation;
use std::collections::BTreeSet;

/// How tags are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// In `x-amz-tagging`.
    Header,
    /// In a document.
    Document,
}

/// A key that stands there more than once.
pub(super) fn twice(tags: &[Tag]) -> Option<&str> {
    let seen = &mut BTreeSet::new();
    tags.iter().map(|t| t.key.as_str()).find(|key| !seen.insert(*key))
}

/// Whether a text has only characters that the documentation allows in tags everywhere.
pub(super) fn plain(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c))
}

/// Checks number, lengths and names of tags.
pub(super) fn check(tags: &[Tag], written: Written) -> Result<(), Refusal> {
    if tags.len() > AWS.max_tags {
        let why = format!("{} tags; S3 allows 10, and sources disagree on the code", tags.len());
        return Err(Refusal::new(400, "BadRequest", why).unverified());
    }
    let invalid = |why: String| Refusal::new(400, "InvalidTag", why);
    // Of the header's rules only the form was recorded.
    let sure = |refusal: Refusal| match written {
        Written::Header => refusal.unverified(),
        Written::Document => refusal,
    };
    for Tag { key, value } in tags {
        if key.is_empty() || key.encode_utf16().count() > 128 {
            return Err(sure(invalid("a tag key has 1 to 128 characters".into())));
        }
        if !plain(key) {
            return Err(
                invalid(format!("the tag key {key:?} has a sign that S3 does not allow")).unverified()
            );
        }
        if key.starts_with("aws:") {
            return Err(sure(invalid("tag keys that begin with aws: are S3's own".into())));
        }
        if value.encode_utf16().count() > 256 || !plain(value) {
            return Err(invalid(format!(
                "the value of the tag {key} is too long or has a sign that S3 does not allow"
            ))
            .unverified());
        }
    }
    Ok(())
}

/// Whether the object is there.
fn object(asked: &mut Asked<'_, '_>, object: &ObjectRef) -> Result<(), Refusal> {
    match asked.seen(object) {
        Seen::Missing => Err(Refusal::new(404, "NoSuchKey", format!("there is no {object}"))),
        Seen::Unknown => {
            asked.doubt(format!("whether there is {object}"));
            Ok(())
        }
        Seen::Exists | Seen::Is(_) => Ok(()),
    }
}

pub(super) fn get(asked: &mut Asked<'_, '_>) -> Answer {
    let Operation::GetObjectTagging(of) = asked.plain else { return Ok(Done::default()) };
    object(asked, of)?;
    let why = "tags stand in no other answer than this".into();
    Ok(Done { status: 200, effect: "nothing: it only reads".into(), why, ..Done::default() })
}

pub(super) fn put(asked: &mut Asked<'_, '_>) -> Answer {
    let Operation::PutObjectTagging(put) = asked.plain else { return Ok(Done::default()) };
    if sums::stated_md5(asked)?.is_some() {
        asked.doubt("the MD5 of the document");
    }
    if let Some(key) = twice(&put.tags) {
        return Err(Refusal::new(400, "InvalidTag", format!("the tag key {key} stands there twice")));
    }
    check(&put.tags, Written::Document)?;
    object(asked, &put.object)?;
    let effect = format!("{} has {} and none of those it had", put.object, counted(put.tags.len(), "tag"));
    let why = "the set is replaced as a whole; the ETag stays".into();
    Ok(Done { status: 200, effect, why, ..Done::default() })
}

pub(super) fn delete(asked: &mut Asked<'_, '_>) -> Answer {
    let Operation::DeleteObjectTagging(of) = asked.plain else { return Ok(Done::default()) };
    object(asked, of)?;
    let effect = format!("{of} has no tags");
    Ok(Done { status: 204, effect, why: "the set is removed; the ETag stays".into(), ..Done::default() })
}
