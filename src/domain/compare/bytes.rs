//! What can be concluded about the bytes of two objects without reading them.
//!
//! Source: API reference Object (ETag), User Guide "Checking object integrity", and the formulas of S3-002 and
//! of COMPOSITE checksums.

use super::super::etag::ETag;
use super::super::no_md5::{NoMd5, etag_hides_md5};
use super::super::units::grouped;
use super::cut::{Cut, cut};
use super::{Ground, Says, Side, Weight};

/// Everything that could say something, strongest first.
pub(super) fn grounds(left: Side<'_>, right: Side<'_>) -> Vec<Ground> {
    let mut all = Vec::new();
    all.extend(identity(left, right));
    all.extend(sizes(left, right));
    let mut sums = checksums(left, right);
    // A cryptographic digest weighs more than an MD5, and that more than a CRC.
    let weak = sums.split_off(sums.partition_point(|(strong, _)| *strong));
    all.extend(sums.into_iter().map(|(_, g)| g));
    all.push(etags(left, right));
    all.extend(weak.into_iter().map(|(_, g)| g));
    all
}

/// The verdict of all grounds, in a sentence. A difference that is certain goes before an equality that may be chance;
/// any other contradiction means that an answer is wrong, and nobody knows which.
pub(super) fn conclude(grounds: &[Ground]) -> (Says, String) {
    let first = |says| grounds.iter().find(|g| g.says == says);
    let decisive = grounds.iter().find(|g| g.says == Says::Different && g.weight == Weight::Decisive);
    let only_weak = grounds.iter().all(|g| g.says != Says::Equal || g.weight == Weight::Weak);
    match (first(Says::Equal), first(Says::Different)) {
        (Some(chance), Some(_)) if let Some(different) = decisive.filter(|_| only_weak) => {
            (Says::Different, format!("The bytes differ: {}; that {} is chance.", different.why, chance.why))
        }
        (Some(equal), Some(different)) => (
            Says::Nothing,
            format!(
                "The answers contradict each other, so nothing follows: {}, but {}.",
                equal.why, different.why
            ),
        ),
        (Some(equal), None) => (Says::Equal, format!("The bytes are equal: {}.", equal.why)),
        (None, Some(different)) => (Says::Different, format!("The bytes differ: {}.", different.why)),
        (None, None) => {
            let whys: Vec<&str> = grounds.iter().map(|g| g.why.as_str()).collect();
            let said = format!(
                "Whether the bytes are equal cannot be known without reading them: {}.",
                whys.join("; ")
            );
            (Says::Nothing, said)
        }
    }
}

fn ground(says: Says, why: impl Into<String>) -> Ground {
    Ground { says, weight: Weight::Plain, why: why.into() }
}

fn decisive(why: impl Into<String>) -> Ground {
    Ground { weight: Weight::Decisive, ..ground(Says::Different, why) }
}

/// An equal checksum, as strong as its algorithm.
fn equal_sum(algorithm: &str, why: &str) -> Ground {
    let weight = match algorithm {
        "SHA256" | "SHA512" | "SHA1" | "MD5" => Weight::Plain,
        _ => Weight::Weak,
    };
    Ground { weight, ..ground(Says::Equal, format!("{why}{}", strength(algorithm))) }
}

/// One version is equal to itself. `null` is no fixed version: it can be overwritten between two answers.
fn identity(left: Side<'_>, right: Side<'_>) -> Option<Ground> {
    let (a, b) = (left.head.version_id.as_deref()?, right.head.version_id.as_deref()?);
    let place = |side: Side<'_>| (side.object.bucket.clone(), side.object.key.clone());
    (a == b && a != "null" && place(left) == place(right))
        .then(|| ground(Says::Equal, "both are the same version of the same key"))
}

fn sizes(left: Side<'_>, right: Side<'_>) -> Option<Ground> {
    match (left.head.told_size()?, right.head.told_size()?) {
        (0, 0) => Some(ground(Says::Equal, "both are empty")),
        (a, b) if a != b => {
            let why = format!("their sizes are {} and {} bytes", grouped(a), grouped(b));
            Some(decisive(why))
        }
        _ => None,
    }
}

/// Why the ETag of a side is no MD5, if anything told says so.
pub(super) fn no_md5(side: Side<'_>) -> Option<NoMd5> {
    etag_hides_md5(&side.object.bucket, side.head)
}

/// Whether an ETag is shaped as that of one piece although the service counts parts: how it was made is not known.
fn is_counted_piece(side: Side<'_>) -> bool {
    matches!(side.head.etag, ETag::Hex128(_)) && side.evidence.part_count.is_some()
}

fn etags(left: Side<'_>, right: Side<'_>) -> Ground {
    let (a, b) = (&left.head.etag, &right.head.etag);
    for (name, side) in [("left", left), ("right", right)] {
        if let Some(why) = no_md5(side) {
            return ground(Says::Nothing, format!("{name}: {}", why.words()));
        }
        if is_counted_piece(side) {
            let why = "the ETag is shaped as that of one piece, and the service counts parts";
            return ground(Says::Nothing, format!("{name}: {why}"));
        }
    }
    match (a, b) {
        (ETag::Opaque(_), _) | (_, ETag::Opaque(_)) => {
            ground(Says::Nothing, "an ETag is missing or not shaped as an MD5")
        }
        (ETag::Hex128(_), ETag::Hex128(_)) if a == b => {
            ground(Says::Equal, "the ETags are equal, and on AWS S3 they are MD5s of the bytes here")
        }
        (ETag::Hex128(_), ETag::Hex128(_)) => {
            ground(Says::Different, "the ETags differ, and on AWS S3 they are MD5s of the bytes here")
        }
        (ETag::Composite { .. }, ETag::Composite { .. }) => multipart(left, right),
        (ETag::Hex128(whole), ETag::Composite { parts: 1, .. }) => one_part(whole, b),
        (ETag::Composite { parts: 1, .. }, ETag::Hex128(whole)) => one_part(whole, a),
        _ => ground(
            Says::Nothing,
            "one was written in one piece and the other in parts, which gives equal bytes different ETags",
        ),
    }
}

/// The ETag of one part is the MD5 of its MD5, so it can be computed from the MD5 of the whole.
fn one_part(whole: &[u8; 16], multipart: &ETag) -> Ground {
    match ETag::composite([whole]) == *multipart {
        true => ground(Says::Equal, "the ETag of the one part is the MD5 of the other's MD5"),
        false => ground(Says::Different, "the ETag of the one part is not the MD5 of the other's MD5"),
    }
}

/// Whether equal multipart ETags say that the part MD5s are equal, and so the parts.
pub(super) fn equal_part_md5s(left: Side<'_>, right: Side<'_>) -> bool {
    let a = &left.head.etag;
    no_md5(left).is_none() && no_md5(right).is_none() && a.is_multipart() && *a == right.head.etag
}

fn multipart(left: Side<'_>, right: Side<'_>) -> Ground {
    if equal_part_md5s(left, right) {
        let why = "the multipart ETags are equal, so on AWS S3 the MD5s of all parts are, in the same order";
        return ground(Says::Equal, why);
    }
    match cut(left.evidence, right.evidence) {
        Cut::Same => ground(Says::Different, "the multipart ETags differ although both are cut alike"),
        Cut::Differs => ground(
            Says::Nothing,
            "the multipart ETags differ, but so do the part boundaries, which alone changes an ETag",
        ),
        Cut::NotKnown(_) => {
            ground(Says::Nothing, "the multipart ETags differ, and whether both are cut alike is not known")
        }
    }
}

/// A checksum of a side and whether it is over the bytes themselves.
fn full_object(side: Side<'_>, value: &str) -> Option<bool> {
    match side.head.checksums.checksum_type.as_deref() {
        Some("FULL_OBJECT") => Some(true),
        Some("COMPOSITE") => Some(false),
        Some(_) => None,
        // Servers from before the types: what has no parts can only be over the bytes.
        None if value.contains('-') => Some(false),
        None => (side.evidence.part_count.is_none() && side.head.etag.digest().is_some()).then_some(true),
    }
}

/// Grounds from checksums of an algorithm both have: the cryptographic ones first, marked so.
fn checksums(left: Side<'_>, right: Side<'_>) -> Vec<(bool, Ground)> {
    let mut all: Vec<(bool, Ground)> = left
        .head
        .checksums
        .values
        .iter()
        .filter_map(|(algorithm, a)| {
            let b = right.head.checksums.get(algorithm)?;
            let strong = matches!(algorithm.as_str(), "SHA256" | "SHA512");
            Some((strong, checksum(left, right, algorithm, (a, b))))
        })
        .collect();
    all.sort_by_key(|(strong, _)| !strong);
    if all.is_empty() {
        all.push((false, ground(Says::Nothing, "they have no checksum of the same algorithm")));
    }
    all
}

fn checksum(left: Side<'_>, right: Side<'_>, algorithm: &str, (a, b): (&str, &str)) -> Ground {
    match (full_object(left, a), full_object(right, b)) {
        (Some(true), Some(true)) if a == b => {
            equal_sum(algorithm, &format!("the FULL_OBJECT {algorithm} is equal"))
        }
        (Some(true), Some(true)) => decisive(format!("the FULL_OBJECT {algorithm} differs")),
        (Some(false), Some(false)) => composite(left, right, algorithm, a == b),
        (None, _) | (_, None) => {
            ground(Says::Nothing, format!("what the {algorithm} was computed over is not told"))
        }
        _ => ground(
            Says::Nothing,
            format!("the {algorithm} of one is over the bytes, of the other over its parts' checksums"),
        ),
    }
}

fn composite(left: Side<'_>, right: Side<'_>, algorithm: &str, equal: bool) -> Ground {
    match (cut(left.evidence, right.evidence), equal) {
        (Cut::Same, true) => {
            equal_sum(algorithm, &format!("the COMPOSITE {algorithm} is equal and both are cut alike"))
        }
        (Cut::Same, false) => {
            ground(Says::Different, format!("the COMPOSITE {algorithm} differs although both are cut alike"))
        }
        (Cut::Differs, _) => ground(
            Says::Nothing,
            format!("the COMPOSITE {algorithm} depends on the part boundaries, and these differ"),
        ),
        (Cut::NotKnown(_), _) => ground(
            Says::Nothing,
            format!("the COMPOSITE {algorithm} depends on the part boundaries, and not all are known"),
        ),
    }
}

/// How far an equal value can be trusted.
fn strength(algorithm: &str) -> &'static str {
    match algorithm {
        "SHA256" | "SHA512" => "",
        "CRC32" | "CRC32C" => ", as far as 32 bits tell, which is not against purpose",
        "CRC64NVME" | "XXHASH64" | "XXHASH3" => ", as far as 64 bits tell, which is not against purpose",
        "MD5" | "SHA1" => ", unless somebody made them collide",
        _ => ", unless by a rare chance or on purpose",
    }
}
