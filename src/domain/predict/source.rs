//! The source of a copy: its name, its conditions and the range that is copied.

use super::asked::Asked;
use super::{Refusal, Seen};
use crate::domain::customer_key::PREFIX;
use crate::domain::etag::ETag;
use crate::domain::limits::AWS;
use crate::domain::names::ObjectRef;
use crate::domain::output::HeadObjectOutput;
use crate::domain::units::ByteRange;

/// Reads `x-amz-copy-source` as S3 does: decoded once, a plus being a space, the version behind it not decoded.
pub(super) fn named(asked: &Asked<'_, '_>) -> Result<ObjectRef, Refusal> {
    let text = asked.header("x-amz-copy-source").unwrap_or_default();
    let (path, version_id) = match text.split_once("?versionId=") {
        Some((path, version)) => (path, Some(version.to_owned())),
        None => (text.as_str(), None),
    };
    let encoding = || Refusal::argument("CopySource is percent-encoded UTF-8");
    let escaped = |at: usize| {
        path.as_bytes().get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    };
    if path.bytes().enumerate().any(|(at, b)| b == b'%' && !escaped(at)) {
        return Err(encoding());
    }
    let spaced = path.replace('+', " ");
    let decoded =
        percent_encoding::percent_decode_str(&spaced).decode_utf8().map_err(|_| encoding())?.into_owned();
    match decoded.strip_prefix('/').unwrap_or(&decoded).split_once('/') {
        Some(("", _)) => Err(Refusal::argument("CopySource is bucket/key, and this names no bucket")),
        Some((bucket, key)) if !key.is_empty() => Ok(ObjectRef { version_id, ..ObjectRef::new(bucket, key) }),
        _ => Err(Refusal::argument("CopySource is bucket/key, and this names no key")),
    }
}

/// The source as far as it is known, its conditions checked.
pub(super) fn found<'a>(
    asked: &mut Asked<'_, 'a>,
    source: &ObjectRef,
) -> Result<Option<&'a HeadObjectOutput>, Refusal> {
    let head = match asked.seen(source) {
        Seen::Missing => {
            return Err(Refusal::new(404, "NoSuchKey", format!("there is no {source}")));
        }
        Seen::Is(head) => head,
        Seen::Unknown | Seen::Exists => {
            asked.doubt(format!("what {source} is: it was not read"));
            return Ok(None);
        }
    };
    conditions(asked, head)?;
    let class = head.properties.storage_class.as_deref();
    if matches!(class, Some("GLACIER" | "DEEP_ARCHIVE")) {
        asked.doubt("whether the archived source was restored");
    }
    if has_customer_key(head) {
        asked.doubt("whether the request has the key of the source");
    }
    Ok(Some(head))
}

/// Whether an object is stored with a client's own key.
fn has_customer_key(head: &HeadObjectOutput) -> bool {
    head.headers.iter().any(|(name, _)| name.to_ascii_lowercase().starts_with(PREFIX))
}

/// All failures are 412. A matching If-Match overrules If-Unmodified-Since.
fn conditions(asked: &mut Asked<'_, '_>, head: &HeadObjectOutput) -> Result<(), Refusal> {
    let is = |text: &str| text == "*" || ETag::parse(text) == head.etag;
    let failed = |why: String| Err(Refusal::new(412, "PreconditionFailed", why));
    let if_match = asked.header("x-amz-copy-source-if-match");
    let matched = if_match.as_deref().map(is);
    if matched == Some(false) {
        return failed(format!("the source has the ETag {}, not the one in CopySourceIfMatch", head.etag));
    }
    if matched.is_none()
        && let Some(time) = date(asked, "x-amz-copy-source-if-unmodified-since")
    {
        match head.last_modified {
            Some(changed) if changed > time => {
                return failed("the source was modified after CopySourceIfUnmodifiedSince".into());
            }
            Some(_) => {}
            None => asked.doubt("when the source was modified"),
        }
    }
    if asked.header("x-amz-copy-source-if-none-match").as_deref().map(is) == Some(true) {
        return failed("the source has the ETag in CopySourceIfNoneMatch".into());
    }
    if let Some(time) = date(asked, "x-amz-copy-source-if-modified-since")
        && head.last_modified.is_none_or(|changed| changed <= time)
    {
        // A time in the future is ignored; no clock is looked at here.
        asked.doubt("whether CopySourceIfModifiedSince lies in the future");
        return failed("the source was not modified since CopySourceIfModifiedSince".into());
    }
    Ok(())
}

/// A date in a header, in seconds since 1970. One that cannot be read leaves the answer open.
fn date(asked: &mut Asked<'_, '_>, name: &str) -> Option<i64> {
    let text = asked.header(name)?;
    match jiff::fmt::rfc2822::parse(&text) {
        Ok(time) => Some(time.timestamp().as_second()),
        Err(_) => {
            asked.doubt(format!("how S3 reads {text:?} as a date"));
            None
        }
    }
}

/// The bytes that UploadPartCopy copies: first offset and length. `None` where the source is not known.
pub(super) fn range(
    asked: &mut Asked<'_, '_>,
    head: Option<&HeadObjectOutput>,
) -> Result<Option<ByteRange>, Refusal> {
    let total = head.and_then(HeadObjectOutput::told_size);
    let Some(text) = asked.header("x-amz-copy-source-range") else {
        if total.is_some_and(|n| n > AWS.max_part_size) {
            let why = "without a range the whole source becomes one part, and a part holds at most 5 GiB";
            return Err(Refusal::request(why).unverified());
        }
        if total == Some(0) {
            asked.unverified();
        }
        return Ok(total.and_then(|n| ByteRange::of_len(0, n)));
    };
    let range = ByteRange::parse_copy_source(&text)
        .ok_or_else(|| Refusal::argument("CopySourceRange is bytes=first-last, both ends given"))?;
    let Some(total) = total else { return Ok(None) };
    if range.first >= total {
        let why = format!("the range begins after the source's {total} bytes");
        return Err(Refusal::request(why));
    }
    if range.last >= total {
        let why = format!("the range ends after the source's {total} bytes, and S3 does not clip");
        return Err(Refusal::argument(why));
    }
    if range.len() > AWS.max_part_size {
        return Err(Refusal::new(400, "EntityTooLarge", "a part holds at most 5 GiB").unverified());
    }
    Ok(Some(range))
}

/// The MD5 of a whole object, where its ETag is one.
pub(super) fn whole_md5(head: &HeadObjectOutput) -> Option<ETag> {
    let plain = !head.properties.server_side_encryption.as_deref().is_some_and(|e| e.starts_with("aws:kms"))
        && !has_customer_key(head);
    Some(head.etag.clone()).filter(|tag| plain && matches!(tag, ETag::Hex128(_)))
}
