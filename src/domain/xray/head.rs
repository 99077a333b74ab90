//! How a request says it is signed, for whom, for what and for how long.

use super::answer::Answer;
use super::film::{Film, SignedHead, Stated};
use super::{Out, Section, Tone};
use crate::domain::dates::parse_amz_date;
use crate::domain::redact::short_key_id;
use crate::domain::sigv4::{ALGORITHM, ClaimError, Style};
use crate::domain::units::utc;

/// Seconds that the clocks of client and S3 may be apart.
const MAX_SKEW: u64 = 15 * 60;
/// Seconds that a presigned URL may be good for: seven days.
const MAX_EXPIRES: u64 = 7 * 24 * 3600;

pub(super) fn how(film: &Film<'_>, answer: &Answer, out: &mut Out) {
    out.heading(Section::How, "HOW IT IS SIGNED");
    match (&film.signed, &film.unreadable) {
        (Some(signed), _) => stated(film, signed, answer, out),
        (None, Some(error)) => unreadable(film, error, out),
        (None, None) if is_version_2_query(film) => {
            let from = [film.parameter("Signature"), film.parameter("AWSAccessKeyId")].concat();
            out.say(Tone::Doubt, "in the query, by signature version 2: not taken apart here", from);
        }
        (None, None) => {
            out.say(
                Tone::Said,
                "not at all: an anonymous request, no Authorization and no X-Amz-Signature",
                vec![],
            );
        }
    }
    if !film.is_text {
        out.say(
            Tone::Doubt,
            "the head is not UTF-8 throughout: what is computed here may differ from what was signed",
            vec![],
        );
    }
}

fn is_version_2_query(film: &Film<'_>) -> bool {
    !film.parameter("AWSAccessKeyId").is_empty() && !film.parameter("Signature").is_empty()
}

fn unreadable(film: &Film<'_>, error: &ClaimError, out: &mut Out) {
    let from = film.fields("authorization");
    match error {
        ClaimError::Scheme(scheme) => {
            let named = match scheme.as_str() {
                "AWS" => "AWS, signature version 2",
                "AWS4-ECDSA-P256-SHA256" => "AWS4-ECDSA-P256-SHA256, signature version 4a",
                "Basic" | "Bearer" => scheme,
                // What stands where a scheme should may be a secret.
                _ => "one not known here",
            };
            out.say(
                Tone::Doubt,
                format!("by another scheme: {named}; only {ALGORITHM} is taken apart here"),
                from,
            );
        }
        error => out.say(Tone::Bad, format!("it cannot be read: {error}"), from),
    }
}

fn stated(film: &Film<'_>, signed: &SignedHead, answer: &Answer, out: &mut Out) {
    let claim = &signed.claim;
    let place = match claim.style {
        Style::Header => format!("in the Authorization header, by {ALGORITHM}"),
        Style::Presigned => format!(
            "in the query, by {ALGORITHM}: a presigned URL. Whoever has it can send it while it is valid"
        ),
    };
    out.say(Tone::Said, place, film.stated(claim, Stated::Algorithm));
    let id = if out.reveal { claim.access_key_id.clone() } else { short_key_id(&claim.access_key_id) };
    let credential = film.stated(claim, Stated::Credential);
    out.say(Tone::Said, format!("access key id {id}"), credential.clone());
    let scope = &claim.scope;
    let only =
        format!("good only for day {}, region {}, service {}", scope.date, scope.region, scope.service);
    out.say(Tone::Said, only, credential.clone());
    if !claim.timestamp.starts_with(&scope.date) {
        out.say(Tone::Bad, "the day of the scope is not the day of the time: S3 refuses it", credential);
    }
    time(film, signed, answer, out);
    coverage(film, signed, out);
}

fn time(film: &Film<'_>, signed: &SignedHead, answer: &Answer, out: &mut Out) {
    let claim = &signed.claim;
    let from = film.stated(claim, Stated::Date);
    let Some(time) = parse_amz_date(&claim.timestamp) else {
        return out.say(Tone::Bad, "its time is not written YYYYMMDDTHHMMSSZ", from);
    };
    match claim.expires {
        None => {
            out.say(Tone::Said, format!("at {} UTC", utc(time)), from.clone());
            if let Some((there, at)) = &answer.date {
                skew(time, *there, from, out);
                out.answered(at);
            }
        }
        Some(expires) => {
            let from = [from, film.parameter("X-Amz-Expires")].concat();
            let end = time.saturating_add(i64::try_from(expires).unwrap_or(i64::MAX));
            let span = format!("valid from {} to {} UTC: {expires} s", utc(time), utc(end));
            out.say(Tone::Said, span, from.clone());
            if expires > MAX_EXPIRES {
                out.say(Tone::Bad, "more than seven days: S3 refuses it", from.clone());
            }
            let Some((there, at)) = &answer.date else { return };
            let apart = there.abs_diff(end);
            if *there > end {
                out.say(Tone::Bad, format!("it had expired {apart} s before the answer was dated"), from);
            } else {
                out.say(Tone::Good, format!("it had {apart} s left when the answer was dated"), from);
            }
            out.answered(at);
        }
    }
}

/// How far the clock of the answer is from the time that was signed.
fn skew(time: i64, there: i64, from: Vec<std::ops::Range<u64>>, out: &mut Out) {
    let apart = time.abs_diff(there);
    let side = if there >= time { "later" } else { "earlier" };
    let said = format!("the answer is dated {apart} s {side}; S3 takes 15 minutes either way");
    out.say(if apart > MAX_SKEW { Tone::Bad } else { Tone::Said }, said, from);
}

/// Which headers the signature does not cover.
fn coverage(film: &Film<'_>, signed: &SignedHead, out: &mut Out) {
    let claim = &signed.claim;
    let covered = |name: &str| claim.signed_headers.iter().any(|s| s.eq_ignore_ascii_case(name));
    let names: Vec<String> = film.headers.iter().map(|(n, _)| n.to_ascii_lowercase()).collect();
    let open: Vec<&String> =
        names.iter().filter(|n| !covered(n) && *n != "authorization" && !n.is_empty()).collect();
    let (must, may): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|n| n.starts_with("x-amz-") && *n != "x-amz-content-sha256");
    let list = |names: &[&String]| names.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(", ");
    let from = |names: &[&String]| names.iter().flat_map(|n| film.fields(n)).collect();
    if !may.is_empty() {
        out.say(Tone::Said, format!("not covered, so free to change on the way: {}", list(&may)), from(&may));
    }
    if !must.is_empty() {
        let said = format!("not signed, though S3 wants every x-amz-… header signed: {}", list(&must));
        out.say(Tone::Bad, said, from(&must));
    }
    let token = [film.fields("x-amz-security-token"), film.parameter("X-Amz-Security-Token")].concat();
    if !token.is_empty() {
        out.say(Tone::Said, "by temporary credentials: a security token goes along", token);
    }
}
