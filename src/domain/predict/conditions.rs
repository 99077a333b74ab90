//! If-Match and If-None-Match of a write.

use super::asked::Asked;
use super::{Refusal, Seen};
use crate::domain::etag::ETag;
use crate::domain::names::ObjectRef;

/// Checks the conditions of a write against what is known under its key. `of_upload`: the key may also have been
/// written since the upload began, and only PutObject and CopyObject were recorded to answer 501.
pub(super) fn of_write(asked: &mut Asked<'_, '_>, key: &ObjectRef, of_upload: bool) -> Result<(), Refusal> {
    let (matched, none) = (asked.header("if-match"), asked.header("if-none-match"));
    if matched.is_none() && none.is_none() {
        return Ok(());
    }
    if let Some(why) = unsupported(matched.as_deref(), none.as_deref()) {
        let refusal = Refusal::new(501, "NotImplemented", why);
        return Err(if of_upload { refusal.unverified() } else { refusal });
    }
    let precondition = |why: &str| Err(Refusal::new(412, "PreconditionFailed", why));
    match (asked.seen(key), matched) {
        (Seen::Unknown, _) => asked.doubt(format!("what {key} is now")),
        (Seen::Exists, Some(_)) => asked.doubt(format!("the ETag of {key}")),
        (Seen::Exists | Seen::Is(_), None) => {
            return precondition("IfNoneMatch * refuses to overwrite, and there is an object under this key");
        }
        (Seen::Missing, Some(_)) => {
            return Err(Refusal::new(404, "NoSuchKey", "IfMatch needs an object under this key"));
        }
        (Seen::Is(head), Some(wanted)) if ETag::parse(&wanted) != head.etag => {
            return precondition("the object under this key has another ETag than IfMatch names");
        }
        (Seen::Is(_), Some(_)) | (Seen::Missing, None) => {}
    }
    if of_upload {
        asked.doubt("whether the key was written or deleted since the upload began: that would be 409");
    }
    Ok(())
}

fn unsupported(matched: Option<&str>, none: Option<&str>) -> Option<&'static str> {
    match (matched, none) {
        (Some(_), Some(_)) => Some("a write takes one condition, and this one has two"),
        (Some("*"), None) => Some("IfMatch takes an ETag here, not *"),
        (None, Some(value)) if value != "*" => Some("IfNoneMatch takes only * here"),
        _ => None,
    }
}
