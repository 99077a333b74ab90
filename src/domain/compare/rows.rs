//! The aligned rows: every property of the two, name by name.

use super::super::names::Tag;
use super::super::units::{grouped, utc};
use super::bytes::{equal_part_md5s, no_md5};
use super::cut::{Cut, cut, described};
use super::{Relation, Row, Side};
use std::collections::BTreeSet;

/// Every row, in the order of the fact list.
pub(super) fn rows(left: Side<'_>, right: Side<'_>) -> Vec<Row> {
    let mut rows = vec![size(left, right), etag(left, right), parts(left, right)];
    rows.extend(checksums(left, right));
    rows.extend(content(left, right));
    rows.extend(metadata(left, right));
    rows.extend(tags(left, right));
    rows.extend(encryption(left, right));
    rows.extend(lock(left, right));
    rows.extend(storage(left, right));
    rows.extend(aside(left, right));
    rows
}

fn row(name: impl Into<String>, left: Option<String>, right: Option<String>) -> Row {
    let relation = Relation::of(left.as_ref(), right.as_ref());
    Row { name: name.into(), left, right, relation, counts: true, note: String::new() }
}

/// A row unless neither side has a value.
fn if_any(name: impl Into<String>, left: Option<String>, right: Option<String>) -> Option<Row> {
    (left.is_some() || right.is_some()).then(|| row(name, left, right))
}

fn size(left: Side<'_>, right: Side<'_>) -> Row {
    let words = |side: Side<'_>| side.head.told_size().map(|n| format!("{} bytes", grouped(n)));
    let mut row = row("Size", words(left), words(right));
    if row.left.is_none() || row.right.is_none() {
        row.relation = Relation::NotKnown("an answer has no Content-Length".into());
    }
    row
}

/// The ETags. Where one is no MD5 it is new with every write, so that another one is no difference that counts.
fn etag(left: Side<'_>, right: Side<'_>) -> Row {
    let value = |side: Side<'_>| {
        let bare = side.head.etag.to_string();
        (!bare.is_empty()).then(|| side.head.etag.quoted())
    };
    let mut row = row("ETag", value(left), value(right));
    if let Some(why) = no_md5(left).or_else(|| no_md5(right)) {
        (row.counts, row.note) = (false, why.words());
    }
    row
}

fn parts(left: Side<'_>, right: Side<'_>) -> Row {
    let mut row = row("Parts", described(left.evidence), described(right.evidence));
    // Equal lists of part MD5s are lists of equal parts.
    let follows = equal_part_md5s(left, right);
    let cut = cut(left.evidence, right.evidence);
    if follows && matches!(cut, Cut::NotKnown(_)) {
        row.note = "follows from the equal multipart ETags".into();
    }
    row.relation = match cut {
        Cut::Same => Relation::Same,
        Cut::Differs => Relation::Differs,
        Cut::NotKnown(_) if follows => Relation::Same,
        Cut::NotKnown(why) => Relation::NotKnown(why.into()),
    };
    row
}

fn checksums(left: Side<'_>, right: Side<'_>) -> Vec<Row> {
    let value = |side: Side<'_>, algorithm: &str| {
        let kind = side.head.checksums.checksum_type.as_deref().unwrap_or("type not told");
        side.head.checksums.get(algorithm).map(|value| format!("{value} ({kind})"))
    };
    let named: BTreeSet<&str> = [left, right]
        .iter()
        .flat_map(|side| side.head.checksums.values.iter().map(|(name, _)| name.as_str()))
        .collect();
    named
        .into_iter()
        .map(|name| row(format!("Checksum {name}"), value(left, name), value(right, name)))
        .collect()
}

fn content(left: Side<'_>, right: Side<'_>) -> Vec<Row> {
    let (a, b) = (&left.head.properties, &right.head.properties);
    [
        ("Content-Type", &a.content_type, &b.content_type),
        ("Cache-Control", &a.cache_control, &b.cache_control),
        ("Content-Disposition", &a.content_disposition, &b.content_disposition),
        ("Content-Encoding", &a.content_encoding, &b.content_encoding),
        ("Content-Language", &a.content_language, &b.content_language),
        ("Expires", &a.expires, &b.expires),
        ("Website redirect", &a.website_redirect_location, &b.website_redirect_location),
    ]
    .into_iter()
    .filter_map(|(name, a, b)| if_any(name, a.clone(), b.clone()))
    .collect()
}

fn metadata(left: Side<'_>, right: Side<'_>) -> Vec<Row> {
    let names =
        |side: Side<'_>| side.head.properties.metadata.iter().map(|(n, _)| n.to_ascii_lowercase()).collect();
    let value = |side: Side<'_>, name: &str| {
        let entries = &side.head.properties.metadata;
        entries.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.clone())
    };
    let (a, b): (BTreeSet<String>, BTreeSet<String>) = (names(left), names(right));
    let mut rows: Vec<Row> = a
        .union(&b)
        .map(|name| row(format!("x-amz-meta-{name}"), value(left, name), value(right, name)))
        .collect();
    let lost = |side: Side<'_>| side.head.state().missing_meta.map(|n| n.to_string());
    rows.extend(if_any("Missing metadata", lost(left), lost(right)).map(|mut row| {
        row.relation = Relation::NotKnown("no header can carry these entries".into());
        row
    }));
    rows
}

fn tags(left: Side<'_>, right: Side<'_>) -> Vec<Row> {
    let (a, b) = match (left.tags, right.tags) {
        (Ok(a), Ok(b)) => (a, b),
        _ => return vec![tags_not_had(left, right)],
    };
    if a.is_empty() && b.is_empty() {
        return vec![row("Tags", Some("none".into()), Some("none".into()))];
    }
    let value = |tags: &[Tag], key: &str| tags.iter().find(|t| t.key == key).map(|t| t.value.clone());
    let keys: BTreeSet<&str> = a.iter().chain(b).map(|t| t.key.as_str()).collect();
    keys.into_iter().map(|key| row(format!("Tag {key}"), value(a, key), value(b, key))).collect()
}

/// One list of tags is missing: only the counts of HEAD can be compared, where they were told. Who may not read tags is
/// told no count, so that its absence is none of zero.
fn tags_not_had(left: Side<'_>, right: Side<'_>) -> Row {
    let count = |side: Side<'_>| match side.tags {
        Ok(tags) => u32::try_from(tags.len()).ok(),
        Err(_) => side.head.tag_count,
    };
    let words = |side: Side<'_>| match side.tags {
        Ok(tags) => Some(tags.len().to_string()),
        Err(_) => count(side).map(|n| format!("{n} by HEAD's count")),
    };
    let mut row = row("Tags", words(left), words(right));
    let why = left.tags.err().or(right.tags.err()).unwrap_or_default();
    row.relation = match (count(left), count(right)) {
        (Some(a), Some(b)) if a != b => Relation::Differs,
        _ => Relation::NotKnown(format!("GetObjectTagging: {why}")),
    };
    row
}

fn encryption(left: Side<'_>, right: Side<'_>) -> Vec<Row> {
    let (a, b) = (left.head.state().encryption, right.head.state().encryption);
    let bucket_key = |on: Option<bool>| on.filter(|on| *on).map(|_| "true".to_owned());
    [
        ("Encryption", a.algorithm, b.algorithm),
        ("KMS key id", a.kms_key_id, b.kms_key_id),
        ("Bucket key", bucket_key(a.bucket_key), bucket_key(b.bucket_key)),
        ("Customer algorithm", a.customer_algorithm, b.customer_algorithm),
        ("Customer key MD5", a.customer_key_md5, b.customer_key_md5),
    ]
    .into_iter()
    .filter_map(|(name, a, b)| if_any(name, a, b))
    .collect()
}

/// Said of a lock that one answer has and the other does not, or neither.
const HIDDEN: &str = "absent may mean hidden: s3:GetObjectRetention, s3:GetObjectLegalHold";

/// Locks. An absence proves none (S3-143): one side alone is not known to differ, and neither is not known to be equal,
/// which is said but not counted, because else no two objects could ever be called the same.
fn lock(left: Side<'_>, right: Side<'_>) -> Vec<Row> {
    let (a, b) = (left.head.state(), right.head.state());
    let mut rows: Vec<Row> = [
        ("Object Lock mode", a.lock_mode, b.lock_mode),
        ("Retain until", a.retain_until, b.retain_until),
        ("Legal hold", a.legal_hold, b.legal_hold),
    ]
    .into_iter()
    .filter_map(|(name, a, b)| if_any(name, a, b))
    .collect();
    for row in rows.iter_mut().filter(|row| row.left.is_none() || row.right.is_none()) {
        row.relation = Relation::NotKnown(HIDDEN.into());
    }
    let told = |name: &str| rows.iter().any(|row| row.name == name);
    let untold = match (told("Object Lock mode") || told("Retain until"), told("Legal hold")) {
        (true, true) => return rows,
        (false, false) => "Object Lock",
        (false, true) => "Object Lock mode",
        (true, false) => "Legal hold",
    };
    let relation = Relation::NotKnown(HIDDEN.into());
    rows.push(Row { relation, counts: false, ..row(untold, None, None) });
    rows
}

fn storage(left: Side<'_>, right: Side<'_>) -> Vec<Row> {
    let class = |side: Side<'_>| {
        Some(side.head.properties.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned()))
    };
    let (a, b) = (left.head.state(), right.head.state());
    let mut rows = vec![row("Storage class", class(left), class(right))];
    rows.extend(if_any("Archive status", a.archive_status, b.archive_status));
    rows
}

/// What differs between any two objects, or changes by itself: shown, not counted.
fn aside(left: Side<'_>, right: Side<'_>) -> Vec<Row> {
    let header = |side: Side<'_>, name: &str| side.head.header(name).map(str::to_owned);
    let modified = |side: Side<'_>| side.head.last_modified.map(|t| format!("{} UTC", utc(t)));
    let mut rows: Vec<Row> = [
        ("Last-Modified", modified(left), modified(right)),
        ("Version id", left.head.version_id.clone(), right.head.version_id.clone()),
    ]
    .into_iter()
    .chain(
        [
            ("Restore", "x-amz-restore"),
            ("Expiration", "x-amz-expiration"),
            ("Replication", "x-amz-replication-status"),
        ]
        .map(|(name, told)| (name, header(left, told), header(right, told))),
    )
    .filter_map(|(name, a, b)| if_any(name, a, b))
    .collect();
    rows.iter_mut().for_each(|row| row.counts = false);
    rows
}
