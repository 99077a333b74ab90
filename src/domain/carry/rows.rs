//! Content headers, metadata, storage, encryption, checksums, and what no copy can have.

use super::list::{List, compared, counted};
use super::{Row, Verdict};
use crate::domain::checksum::{ChecksumAlgorithm, ChecksumType};
use crate::domain::limits::AWS;
use crate::domain::no_md5::etag_hides_md5;
use crate::domain::units::grouped;

/// What an object without a media type of its own reads back as.
const NO_TYPE: &str = "binary/octet-stream";
const DROPPED: &str = "a multipart copy takes nothing from the source: what Create does not name is dropped";
const DEFAULTS: &str = "not named: the destination bucket's default applies";

pub(super) fn content(list: &mut List<'_>) {
    let p = &list.source.head.properties;
    let named = [
        ("Content-Type", "content-type", p.content_type.clone()),
        ("Cache-Control", "cache-control", p.cache_control.clone()),
        ("Content-Disposition", "content-disposition", p.content_disposition.clone()),
        ("Content-Encoding", "content-encoding", p.content_encoding.clone()),
        ("Content-Language", "content-language", p.content_language.clone()),
        ("Expires", "expires", p.expires.clone()),
    ];
    let copies = list.copies_metadata();
    for (property, header, source) in named {
        let mut planned = if copies { source.clone() } else { list.header(header) };
        if header == "content-type" && planned.is_none() && source.as_deref() == Some(NO_TYPE) {
            planned = Some(NO_TYPE.to_owned());
        }
        list.carried(property, header, source, planned, DROPPED);
    }
}

/// A row that counts and weighs, then one for each entry.
pub(super) fn metadata(list: &mut List<'_>) {
    const PREFIX: &str = "x-amz-meta-";
    let head = list.source.head;
    let source = &head.properties.metadata;
    let planned: Vec<(String, String)> = if list.copies_metadata() {
        source.clone()
    } else {
        let value = |name: &str| list.header(&format!("{PREFIX}{name}")).unwrap_or_default();
        list.headers_with(PREFIX).into_iter().map(|name| (name.to_owned(), value(name))).collect()
    };
    let value = |of: &[(String, String)], name: &str| {
        of.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.clone())
    };
    let mut items: Vec<Row> = source
        .iter()
        .map(|(name, text)| {
            let there = value(&planned, name);
            let verdict = compared(Some(text), there.as_deref(), DROPPED);
            item(name, Some(text.clone()), there, verdict, format!("{PREFIX}{name}"))
        })
        .collect();
    for (name, text) in planned.iter().filter(|(name, _)| value(source, name).is_none()) {
        let verdict = compared(None, Some(text), DROPPED);
        items.push(item(name, None, Some(text.clone()), verdict, format!("{PREFIX}{name}")));
    }
    if !items.is_empty() {
        let (of_source, of_plan) = (budget(source), budget(&planned));
        let first = items.iter().map(|i| &i.verdict).find(|v| **v != Verdict::Kept);
        let verdict = match first.cloned() {
            _ if bytes(&planned) > AWS.max_user_metadata => {
                Verdict::Changes("more than fits: S3 answers MetadataTooLarge".to_owned())
            }
            None => Verdict::Kept,
            Some(other) => other,
        };
        list.row("User metadata", of_source, of_plan, verdict, "x-amz-meta-*");
        list.rows.append(&mut items);
    }
    if let Some(missing) = head.state().missing_meta.filter(|n| *n > 0) {
        let why = "S3 counts them (x-amz-missing-meta) and cannot tell them in headers";
        let verdict = Verdict::CannotBeRead(why.to_owned());
        list.row("Untold metadata", Some(grouped(missing)), None, verdict, "");
    }
}

fn item(name: &str, source: Option<String>, planned: Option<String>, verdict: Verdict, place: String) -> Row {
    Row { property: name.to_owned(), source, planned, verdict, place, item: true }
}

/// Bytes of names and values; whether `x-amz-meta-` counts too is not known.
fn bytes(metadata: &[(String, String)]) -> usize {
    metadata.iter().map(|(n, v)| n.len() + v.len()).sum()
}

fn budget(metadata: &[(String, String)]) -> Option<String> {
    let long = |n: usize| grouped(u64::try_from(n).unwrap_or(u64::MAX));
    let text = format!(
        "{}, {} of {} bytes",
        counted(metadata.len(), "entry", "entries"),
        long(bytes(metadata)),
        long(AWS.max_user_metadata)
    );
    (!metadata.is_empty()).then_some(text)
}

pub(super) fn storage(list: &mut List<'_>) {
    let p = &list.source.head.properties;
    let header = "x-amz-storage-class";
    let standard = |class: Option<String>| Some(class.unwrap_or_else(|| "STANDARD".to_owned()));
    let (source, planned) = (standard(p.storage_class.clone()), standard(list.header(header)));
    let verdict = match compared(source.as_deref(), planned.as_deref(), "") {
        Verdict::Changes(_) if list.header(header).is_none() => {
            Verdict::Needs("no copy takes the class from the source: not named, it is STANDARD".to_owned())
        }
        other => other,
    };
    // STANDARD comes without being named.
    let place = if verdict == Verdict::Kept && list.header(header).is_none() { "" } else { header };
    list.row("Storage class", source, planned, verdict, place);
    let redirect = "x-amz-website-redirect-location";
    let planned = list.header(redirect);
    let left_out = "no copy takes the redirect from the source";
    list.carried("Website redirect", redirect, p.website_redirect_location.clone(), planned, left_out);
}

pub(super) fn encryption(list: &mut List<'_>) {
    let state = list.source.head.state().encryption;
    if let Some(algorithm) = state.customer_algorithm {
        let why = "S3 keeps no key of a client's: the copy can only be given one that you bring".to_owned();
        return list.row(
            "Encryption",
            Some(format!("SSE-C {algorithm}")),
            None,
            Verdict::CannotBeRead(why),
            "",
        );
    }
    let header = "x-amz-server-side-encryption";
    let planned = list.header(header);
    // Most buckets encrypt so anyway; what another does, nobody asked.
    let usual = state.algorithm.as_deref() == Some("AES256") && planned.is_none();
    let kms = state.algorithm.as_deref().is_some_and(|a| a.starts_with("aws:kms"));
    if usual {
        let why = format!("{DEFAULTS}, which is SSE-S3 unless it was set otherwise");
        list.row("Encryption", state.algorithm, planned, Verdict::Changes(why), header);
    } else {
        list.carried("Encryption", header, state.algorithm, planned, DEFAULTS);
    }
    let key = "x-amz-server-side-encryption-aws-kms-key-id";
    let left_out = "not named: the default key is used; a key must be usable in the destination's region";
    list.carried("KMS key", key, state.kms_key_id, list.header(key), left_out);
    let bucket_key = "x-amz-server-side-encryption-bucket-key-enabled";
    let source = state.bucket_key.filter(|on| *on).map(|on| on.to_string());
    list.carried("Bucket key", bucket_key, source, list.header(bucket_key), DEFAULTS);
    if kms {
        let context = "x-amz-server-side-encryption-context";
        let planned = list.header(context);
        let why = "S3 does not tell the encryption context of an object".to_owned();
        list.row("KMS context", None, planned, Verdict::CannotBeRead(why), context);
    }
}

pub(super) fn checksum(list: &mut List<'_>) {
    const PLACE: &str = "x-amz-checksum-algorithm, x-amz-checksum-type";
    let told = &list.source.head.checksums;
    let name = told.values.first().map(|(name, _)| name.clone());
    let kind = told.checksum_type.clone();
    let source = name.as_ref().map(|name| match &kind {
        Some(kind) => format!("{name} {kind}"),
        None => name.clone(),
    });
    let (algorithm, new_kind) = planned_checksum(list, name.as_deref());
    let planned = format!("{algorithm} {new_kind}");
    let verdict = match &source {
        None => Verdict::Changes(format!("the source tells none; S3 keeps {algorithm} for the copy")),
        Some(source) if *source == planned => {
            let same_value = new_kind == ChecksumType::FullObject.name() || list.planned.keeps_boundaries;
            match same_value {
                true => Verdict::Kept,
                false => Verdict::Changes(
                    "a COMPOSITE value follows from the parts, which are cut otherwise".into(),
                ),
            }
        }
        Some(_) if name.as_deref() != Some(algorithm.as_str()) => {
            Verdict::Needs("not named: S3 keeps a CRC64NVME of its own".into())
        }
        Some(_) if list.is_copy_object() => {
            Verdict::Changes("CopyObject makes one piece, whose checksum is over all bytes".into())
        }
        Some(_) => {
            let sha = ChecksumAlgorithm::parse(&algorithm).is_some_and(|a| !a.allows_full_object());
            Verdict::Changes(match sha {
                true => "a multipart upload cannot have this checksum over all bytes".into(),
                false => "the request names the other type".into(),
            })
        }
    };
    list.row("Checksum", source, Some(planned), verdict, PLACE);
}

/// Algorithm and type the copy will have. CopyObject keeps the source's algorithm.
fn planned_checksum(list: &List<'_>, of_source: Option<&str>) -> (String, &'static str) {
    let named = list.header("x-amz-checksum-algorithm");
    if list.is_copy_object() {
        let kept = named.or_else(|| of_source.map(str::to_owned));
        return (kept.unwrap_or_else(|| "CRC64NVME".into()), ChecksumType::FullObject.name());
    }
    let Some(name) = named else { return ("CRC64NVME".into(), ChecksumType::FullObject.name()) };
    let kind = list.header("x-amz-checksum-type").as_deref().and_then(ChecksumType::parse);
    let kind = kind.or_else(|| ChecksumAlgorithm::parse(&name).map(ChecksumAlgorithm::default_type));
    (name, kind.unwrap_or(ChecksumType::Composite).name())
}

pub(super) fn layout(list: &mut List<'_>) {
    let head = list.source.head;
    let cut = |n: Option<usize>| n.map_or_else(|| "one piece".to_owned(), |n| counted(n, "part", "parts"));
    let source = cut(head.etag.part_count().map(usize::from));
    let planned = cut(list.planned.parts);
    let named = list.header("x-amz-server-side-encryption");
    let hidden = etag_hides_md5(list.source.bucket, head).map(|why| why.words());
    let same_cut = match list.planned.parts {
        None => !head.etag.is_multipart(),
        Some(_) => list.planned.keeps_boundaries && head.etag.is_multipart(),
    };
    let verdict = match hidden {
        _ if !same_cut => Verdict::Changes("cut otherwise, so the ETag is another".into()),
        Some(why) => Verdict::Changes(format!("{why}: the copy's is new")),
        None if named.is_some_and(|n| n != "AES256") => {
            Verdict::Changes("the copy is encrypted with KMS, where an ETag is no MD5".into())
        }
        None => Verdict::Kept,
    };
    let place = if list.planned.parts.is_some() { "x-amz-copy-source-range" } else { "" };
    let shown = |cut: String| Some(format!("{}, {cut}", head.etag.quoted()));
    list.row("Parts and ETag", shown(source), Some(planned), verdict, place);
}

/// What every object has for itself.
pub(super) fn own(list: &mut List<'_>) {
    let head = list.source.head;
    let own = |text: &str| Verdict::Changes(text.to_owned());
    if let Some(version) = &head.version_id {
        let why = own("the copy gets a version of its own, if its bucket keeps versions");
        list.row("Version", Some(version.clone()), None, why, "");
    }
    let modified = head.header("last-modified").map(str::to_owned);
    list.row(
        "Last-Modified",
        modified,
        None,
        own("always new; of a multipart copy the moment of Create"),
        "",
    );
    for (property, header) in [
        ("Restore", "x-amz-restore"),
        ("Archive status", "x-amz-archive-status"),
        ("Expiration", "x-amz-expiration"),
        ("Replication", "x-amz-replication-status"),
    ] {
        if let Some(value) = head.header(header) {
            list.row(property, Some(value.to_owned()), None, own(belongs(property)), "");
        }
    }
    let annotations = match list.is_copy_object() {
        true => Verdict::Kept,
        false => Verdict::CannotBeRead("not asked for; a multipart copy has none".to_owned()),
    };
    let planned = list.is_copy_object().then(|| "S3 copies them, if there are any".to_owned());
    list.row("Annotations", None, planned, annotations, "");
}

fn belongs(property: &str) -> &'static str {
    match property {
        "Restore" | "Archive status" => "about the source only",
        _ => "follows from the rules of the bucket an object is in",
    }
}
