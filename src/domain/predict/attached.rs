//! Access control list and Object Lock of an object to be.

use super::Refusal;
use super::asked::Asked;
use crate::domain::limits::CANNED_ACLS;

/// The canned list that buckets have besides those of objects.
const OF_BUCKETS: &str = "log-delivery-write";

/// What the words themselves break is refused; otherwise it depends on the bucket.
pub(super) fn judge(asked: &mut Asked<'_, '_>) -> Result<(), Refusal> {
    if let Some(name) = asked.header("x-amz-acl") {
        if !CANNED_ACLS.contains(&name.as_str()) && name != OF_BUCKETS && !grants(asked) {
            return Err(
                Refusal::argument(format!("{name:?} is none of {}", CANNED_ACLS.join(", "))).unverified()
            );
        }
        asked.doubt("whether the bucket takes access control lists");
    }
    lock(asked)
}

fn grants(asked: &Asked<'_, '_>) -> bool {
    asked.headers().iter().any(|(name, _)| name.starts_with("x-amz-grant-"))
}

fn lock(asked: &mut Asked<'_, '_>) -> Result<(), Refusal> {
    let mode = asked.header("x-amz-object-lock-mode");
    let until = asked.has("x-amz-object-lock-retain-until-date");
    let wrong = |why: &str| Err(Refusal::argument(why).unverified());
    match (mode.as_deref(), until) {
        (Some(_), false) => {
            return wrong("ObjectLockMode needs ObjectLockRetainUntilDate beside it");
        }
        (None, true) => return wrong("ObjectLockRetainUntilDate needs ObjectLockMode beside it"),
        (Some("GOVERNANCE" | "COMPLIANCE") | None, _) => {}
        (Some(_), true) => return wrong("ObjectLockMode is GOVERNANCE or COMPLIANCE"),
    }
    let hold = asked.header("x-amz-object-lock-legal-hold");
    if hold.is_some_and(|hold| !["ON", "OFF"].contains(&hold.as_str())) {
        return wrong("ObjectLockLegalHoldStatus is ON or OFF");
    }
    if asked.headers().iter().any(|(name, _)| name.starts_with("x-amz-object-lock-")) {
        asked.doubt(match until {
            true => "whether the bucket has Object Lock, and the date is one to come",
            false => "whether the bucket has Object Lock",
        });
    }
    Ok(())
}
