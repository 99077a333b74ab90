//! Object Lock in headers and documents.

use super::{State, document, version};
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::clock::{iso_date, parse_http_date};
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::lock::{Lock, LockSettings, Mode, Retention};

const MODE: &str = "x-amz-object-lock-mode";
const UNTIL: &str = "x-amz-object-lock-retain-until-date";
const HOLD: &str = "x-amz-object-lock-legal-hold";
const BOTH: &str = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied";

/// The locks a write asks for.
pub(super) fn asked(request: &Request, now: i64) -> Result<Lock, S3Error> {
    let missing = |name| S3Error::new(400, "InvalidArgument", BOTH).with("ArgumentName", name);
    let retention = match (request.header(MODE), request.header(UNTIL)) {
        (None, None) => None,
        (Some(_), None) => return Err(missing(UNTIL)),
        (None, Some(_)) => return Err(missing(MODE)),
        (Some(mode), Some(until)) => {
            let mode = Mode::parse(mode)
                .ok_or_else(|| S3Error::invalid_argument("Unknown wormMode directive.", MODE, mode))?;
            Some(Retention { mode, until: future(until, UNTIL, now)? })
        }
    };
    let legal_hold = match request.header(HOLD) {
        None => None,
        Some("ON") => Some(true),
        Some("OFF") => Some(false),
        Some(other) => {
            return Err(S3Error::invalid_argument("Legal Hold must be either of 'ON' or 'OFF'", HOLD, other));
        }
    };
    Ok(Lock { retention, legal_hold })
}

fn future(text: &str, name: &str, now: i64) -> Result<i64, S3Error> {
    let time = parse_http_date(text).ok_or_else(|| {
        S3Error::invalid_argument("The retain until date must be provided in ISO 8601 format", name, text)
    })?;
    if time > now {
        return Ok(time);
    }
    Err(S3Error::invalid_argument("The retain until date must be in the future!", name, text))
}

/// Adds the headers that tell of locks.
pub(super) fn told(response: Response, lock: &Lock) -> Response {
    let retention = lock.retention;
    response
        .header_if(MODE, retention.map(|r| r.mode.name()))
        .header_if(UNTIL, retention.map(|r| iso_date(r.until)))
        .header_if(HOLD, lock.legal_hold.map(|on| if on { "ON" } else { "OFF" }))
}

/// Whether a delete bypasses GOVERNANCE; the header means nothing elsewhere and is refused there.
pub(super) fn bypass(state: &State, request: &Request) -> Result<bool, S3Error> {
    let name = "x-amz-bypass-governance-retention";
    let Some(value) = request.header(name) else { return Ok(false) };
    if state.store().bucket(&request.bucket)?.settings.object_lock.is_none() {
        return Err(S3Error::new(
            400,
            "InvalidArgument",
            "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
        )
        .with("ArgumentName", name));
    }
    Ok(value.trim().eq_ignore_ascii_case("true"))
}

/// GetObjectLockConfiguration.
pub(super) fn configuration(state: &State, request: &Request) -> Result<Response, S3Error> {
    let settings = state.store().bucket(&request.bucket)?.settings.object_lock.clone();
    let settings = settings.ok_or_else(|| {
        S3Error::new(
            404,
            "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket",
        )
        .with("BucketName", &request.bucket)
    })?;
    let mut xml = Xml::result("ObjectLockConfiguration");
    xml.text("ObjectLockEnabled", "Enabled");
    if let Some((mode, days)) = settings.default {
        xml.open("Rule").open("DefaultRetention").text("Mode", mode.name());
        let (unit, count) = if settings.years { ("Years", days / 365) } else { ("Days", days) };
        xml.number(unit, count).close("DefaultRetention").close("Rule");
    }
    Ok(Response::xml(xml))
}

/// PutObjectLockConfiguration.
pub(super) fn put_configuration(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().bucket(&request.bucket)?;
    let root = document::read(&request.body, "ObjectLockConfiguration")?;
    if root.child("ObjectLockEnabled") != Some("Enabled") {
        return Err(S3Error::malformed_xml());
    }
    let mut settings = LockSettings::default();
    if let Some(rule) = root.all("Rule").next() {
        let retention = rule.all("DefaultRetention").next().ok_or_else(S3Error::malformed_xml)?;
        let mode = retention.child("Mode").and_then(Mode::parse).ok_or_else(S3Error::malformed_xml)?;
        let count = |name: &str| retention.child(name).map(|t| t.trim().parse::<u32>().unwrap_or(0));
        let (days, years) = match (count("Days"), count("Years")) {
            (Some(days), None) if (1..=36_500).contains(&days) => (days, false),
            (None, Some(years)) if (1..=100).contains(&years) => (years.saturating_mul(365), true),
            _ => return Err(S3Error::malformed_xml()),
        };
        (settings.default, settings.years) = (Some((mode, days)), years);
    }
    state.store().set_lock_settings(&request.bucket, settings)?;
    Ok(Response::empty(200))
}

fn unset() -> S3Error {
    S3Error::new(
        404,
        "NoSuchObjectLockConfiguration",
        "The specified object does not have a ObjectLock configuration",
    )
}

fn lock_of(state: &State, request: &Request) -> Result<Lock, S3Error> {
    let store = state.store();
    store.lockable(&request.bucket)?;
    Ok(store.object(&request.bucket, &request.key, version(request))?.attached.lock.clone())
}

/// GetObjectRetention.
pub(super) fn retention(state: &State, request: &Request) -> Result<Response, S3Error> {
    let retention = lock_of(state, request)?.retention.ok_or_else(unset)?;
    let mut xml = Xml::result("Retention");
    xml.text("Mode", retention.mode.name()).text("RetainUntilDate", &iso_date(retention.until));
    Ok(Response::xml(xml))
}

/// PutObjectRetention; an empty document removes it.
pub(super) fn put_retention(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().object(&request.bucket, &request.key, version(request))?;
    let root = document::read(&request.body, "Retention")?;
    let now = state.clock.now();
    let new = match (root.child("Mode"), root.child("RetainUntilDate")) {
        (None, None) => None,
        (Some(mode), Some(until)) => {
            let mode = Mode::parse(mode).ok_or_else(S3Error::malformed_xml)?;
            Some(Retention { mode, until: future(until, "RetainUntilDate", now)? })
        }
        _ => return Err(S3Error::malformed_xml()),
    };
    state.store().lockable(&request.bucket)?;
    let bypass = bypass(state, request)?;
    let name = (request.bucket.as_str(), request.key.as_str(), version(request));
    state.store().set_retention(name, new, bypass, now)?;
    Ok(Response::empty(200))
}

/// GetObjectLegalHold.
pub(super) fn legal_hold(state: &State, request: &Request) -> Result<Response, S3Error> {
    let on = lock_of(state, request)?.legal_hold.ok_or_else(unset)?;
    let mut xml = Xml::result("LegalHold");
    xml.text("Status", if on { "ON" } else { "OFF" });
    Ok(Response::xml(xml))
}

/// PutObjectLegalHold.
pub(super) fn put_legal_hold(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().object(&request.bucket, &request.key, version(request))?;
    let root = document::read(&request.body, "LegalHold")?;
    let on = match root.child("Status") {
        Some("ON") => true,
        Some("OFF") => false,
        _ => return Err(S3Error::malformed_xml()),
    };
    state.store().lockable(&request.bucket)?;
    state.store().set_legal_hold((&request.bucket, &request.key, version(request)), on)?;
    Ok(Response::empty(200))
}
