//! The lines of each section, and what they mean.

use super::super::encoded_word::{decoded, sent_as_utf8};
use super::super::etag::ETag;
use super::super::evidence::Evidence;
use super::super::limits::AWS;
use super::super::names::tagging_header;
use super::super::units::{grouped, human_size, utc};
use super::{List, Section, TagsTold};

/// Said of what did not come.
const ABSENT: &str = "absent";

pub(super) fn object(list: &mut List<'_>, evidence: &Evidence) {
    use Section::Object as S;
    let head = list.head;
    match head.told_size() {
        Some(size @ ..1024) => list.said(S, "Size", format!("{size} bytes"), ""),
        Some(size) => list.said(S, "Size", format!("{} bytes", grouped(size)), human_size(size)),
        None => list.said(S, "Size", "not told", "the answer has no Content-Length"),
    }
    list.take(if head.content_range.is_some() { "Content-Range" } else { "Content-Length" });
    etag(list);
    if let Some(count) = evidence.part_count {
        let meaning =
            if evidence.count_stated { "stated by the service" } else { "from the ETag, not stated" };
        list.said(S, "Parts", grouped(u64::from(count)), meaning);
    }
    list.take("x-amz-mp-parts-count");
    if let Some(seconds) = head.last_modified {
        let of_parts = "when its upload was begun";
        let meaning = if evidence.is_multipart() { of_parts } else { "" };
        list.told(S, "Last-Modified", "Last-Modified", &format!("{} UTC", utc(seconds)), meaning);
    }
    let version = "x-amz-version-id";
    match head.version_id.as_deref() {
        Some("null") => {
            list.told(S, "Version id", version, "null", "written while versioning was off or suspended")
        }
        Some(id) => list.told(S, "Version id", version, id, ""),
        None => {}
    }
    list.if_told(S, "Delete marker", "x-amz-delete-marker", "true: not an object, the mark of a delete");
}

fn etag(list: &mut List<'_>) {
    use Section::Object as S;
    let head = list.head;
    let etag = head.header("ETag").map_or_else(|| head.etag.quoted(), str::to_owned);
    let bare = if etag.starts_with('"') { "" } else { "; this server leaves the quotes out" };
    match &head.etag {
        ETag::Opaque(text) if text.is_empty() => list.said(
            S,
            "ETag",
            ABSENT,
            "this server told none: a change between two answers cannot be seen, and a copy cannot be pinned",
        ),
        ETag::Opaque(_) => {
            list.told(S, "ETag", "ETag", &etag, format!("not shaped as S3 shapes an MD5{bare}"))
        }
        ETag::Hex128(_) => {
            let meaning = match &list.no_md5 {
                None => "32 hex digits, as of an MD5".to_owned(),
                Some(why) => format!("32 hex digits; {}", why.words()),
            };
            list.told(S, "ETag", "ETag", &etag, format!("{meaning}{bare}"));
        }
        ETag::Composite { parts, .. } => {
            let meaning = format!("made of {parts} parts by CompleteMultipartUpload{bare}");
            list.told(S, "ETag", "ETag", &etag, meaning);
        }
    }
    list.take("ETag");
}

pub(super) fn content(list: &mut List<'_>) {
    use Section::Content as S;
    let default = list.head.header("content-type") == Some("binary/octet-stream");
    let meaning = if default { "what S3 takes when the writer names none" } else { "" };
    list.if_told(S, "Content-Type", "Content-Type", meaning);
    for name in ["Cache-Control", "Content-Disposition"] {
        list.if_told(S, name, name, "");
    }
    list.if_told(
        S,
        "Content-Encoding",
        "Content-Encoding",
        "the bytes are encoded so; size and ETag are of them",
    );
    list.if_told(S, "Content-Language", "Content-Language", "");
    list.if_told(S, "Expires", "Expires", "for caches; it deletes nothing");
    let redirect = "for website endpoints only; copies do not carry it by themselves";
    list.if_told(S, "Website redirect", "x-amz-website-redirect-location", redirect);
}

pub(super) fn metadata(list: &mut List<'_>) {
    use Section::Metadata as S;
    let head = list.head;
    let named: Vec<(&str, &str, &str)> = head
        .headers
        .iter()
        .filter_map(|(n, v)| {
            let (prefix, name) = n.split_at_checked("x-amz-meta-".len())?;
            prefix.eq_ignore_ascii_case("x-amz-meta-").then_some((n.as_str(), name, v.as_str()))
        })
        .collect();
    let bytes: usize = named.iter().map(|(_, n, v)| n.len() + v.len()).sum();
    let count = match named.len() {
        1 => "1 entry".to_owned(),
        n => format!("{n} entries"),
    };
    let exact = named.iter().all(|(_, _, v)| decoded(v).is_none());
    let words = match exact {
        true => "of names and values; whether x-amz-meta- counts is unverified",
        false => "of names and values as answered; encoded words may be kept shorter",
    };
    if !named.is_empty() {
        let limit = grouped_len(AWS.max_user_metadata);
        list.said(S, "Metadata", count, format!("{} of {limit} bytes {words}", grouped_len(bytes)));
    }
    for (header, name, value) in named {
        list.item(S, name, Some(header), value, entry_meaning(name, value));
    }
    let lost = "entries that no header can carry are kept and not shown; a copy by headers loses them";
    list.if_told(S, "Missing metadata", "x-amz-missing-meta", lost);
}

/// What is to be said of one entry of user metadata.
fn entry_meaning(name: &str, value: &str) -> String {
    let mut said = Vec::new();
    if let Some(text) = decoded(value) {
        said.push(format!("an encoded word: \"{text}\""));
        said.extend(
            sent_as_utf8(&text).map(|t| format!("sent as UTF-8 it was \"{t}\", which S3 took for Latin-1")),
        );
    }
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        said.push("this server spells the name with capitals; AWS answers lower case".into());
    }
    said.join("; ")
}

pub(super) fn tags(list: &mut List<'_>, told: TagsTold<'_>) {
    use Section::Tags as S;
    let counted = list.head.tag_count;
    list.take("x-amz-tagging-count");
    // Absent where there are none, and for whoever may not read them.
    let by_head = counted.map_or("HEAD tells no count".to_owned(), |n| format!("HEAD counts {n}"));
    let tags = match told {
        TagsTold::Known(tags) => tags,
        TagsTold::Asking => return list.said(S, "Tags", "asking S3…", by_head),
        TagsTold::NotHad(why) => {
            return list.said(S, "Tags", "not known", format!("GetObjectTagging: {why}; {by_head}"));
        }
    };
    let bytes = tagging_header(tags).len();
    let limit = grouped_len(AWS.max_tagging_header);
    let mut meaning = match tags.len() {
        0 => String::new(),
        _ => format!("as x-amz-tagging {} of {limit} bytes", grouped_len(bytes)),
    };
    if bytes > AWS.max_tagging_header {
        meaning.push_str(": too long for the header, so a copy must use PutObjectTagging after Complete");
    }
    if u64::from(counted.unwrap_or(0)) != u64::try_from(tags.len()).unwrap_or(u64::MAX) {
        meaning.push_str(if meaning.is_empty() { "" } else { "; " });
        meaning.push_str(&by_head);
    }
    list.said(S, "Tags", format!("{} by GetObjectTagging", tags.len()), meaning);
    for tag in tags {
        list.item(S, &tag.key, None, &tag.value, String::new());
    }
}

pub(super) fn checksums(list: &mut List<'_>, evidence: &Evidence) {
    use Section::Checksums as S;
    let head = list.head;
    let kind = head.checksums.checksum_type.as_deref();
    let over = match kind {
        Some("COMPOSITE") => match evidence.part_count {
            Some(n) => format!("COMPOSITE: over the {n} raw checksums of the parts, not over the bytes"),
            None => "COMPOSITE: over the raw checksums of the parts, not over the bytes".into(),
        },
        Some("FULL_OBJECT") => "FULL_OBJECT: over the bytes, however they were cut".into(),
        Some(other) => format!("of type {other}, which this program does not know"),
        None => "the answer does not say whether over the bytes or over the parts' checksums".into(),
    };
    for (algorithm, value) in &head.checksums.values {
        let header = format!("x-amz-checksum-{}", algorithm.to_ascii_lowercase());
        list.told(S, algorithm, &header, value, &over);
    }
    list.take("x-amz-checksum-type");
    if head.checksums.values.is_empty() {
        let asked = "although asked for with x-amz-checksum-mode: ENABLED";
        list.said(S, "Checksum", ABSENT, asked);
    }
}

pub(super) fn encryption(list: &mut List<'_>) {
    use Section::Encryption as S;
    let state = list.head.state().encryption;
    let header = "x-amz-server-side-encryption";
    let meaning = match state.algorithm.as_deref() {
        Some("AES256") if list.no_md5.is_none() => "SSE-S3: with keys of S3's own; part ETags are MD5s",
        Some("AES256") => "SSE-S3: with keys of S3's own",
        Some("aws:kms") => {
            "SSE-KMS: the ETag is no MD5 of the content, unless UpdateObjectEncryption kept an earlier one"
        }
        Some("aws:kms:dsse") => "DSSE-KMS: two layers; the ETag is no MD5 of the content",
        Some(_) => "not known to this program: the ETag is not to be taken for an MD5",
        None => "",
    };
    match &state.algorithm {
        Some(algorithm) => list.told(S, "Encryption", header, algorithm, meaning),
        None if state.customer_algorithm.is_none() => list.said(
            S,
            "Encryption",
            ABSENT,
            "the answer names none; AWS encrypts every new object since January 2023",
        ),
        None => {}
    }
    let key = "x-amz-server-side-encryption-aws-kms-key-id";
    list.if_told(S, "KMS key id", key, "reading it needs kms:Decrypt with this key");
    let bucket_key = "x-amz-server-side-encryption-bucket-key-enabled";
    let between = match state.bucket_key {
        Some(true) => "a key of the bucket stands between, to ask KMS less often",
        _ => "",
    };
    list.if_told(S, "Bucket key", bucket_key, between);
    let customer =
        "SSE-C: S3 does not keep the key, so every read must bring it; the ETag is no MD5 of the content";
    list.if_told(S, "Customer algorithm", "x-amz-server-side-encryption-customer-algorithm", customer);
    let md5 = "x-amz-server-side-encryption-customer-key-MD5";
    list.if_told(S, "Customer key MD5", md5, "of the key, not of the content");
}

pub(super) fn lock(list: &mut List<'_>) {
    use Section::Lock as S;
    let state = list.head.state();
    if state.lock_mode.is_none() && state.retain_until.is_none() && state.legal_hold.is_none() {
        let hidden = "none, or hidden: it is told only with s3:GetObjectRetention and s3:GetObjectLegalHold";
        return list.said(S, "Object Lock", ABSENT, hidden);
    }
    let mode = match state.lock_mode.as_deref() {
        Some("GOVERNANCE") => {
            "this version is kept until the date, except from who has s3:BypassGovernanceRetention"
        }
        Some("COMPLIANCE") => "nobody, root included, deletes this version or shortens its date before then",
        _ => "",
    };
    list.if_told(S, "Mode", "x-amz-object-lock-mode", mode);
    list.if_told(S, "Retain until", "x-amz-object-lock-retain-until-date", "");
    let hold = match state.legal_hold.as_deref() {
        Some("ON") => "this version is kept until the hold is taken off; it has no date",
        _ => "",
    };
    list.if_told(S, "Legal hold", "x-amz-object-lock-legal-hold", hold);
}

pub(super) fn storage(list: &mut List<'_>) {
    use Section::Storage as S;
    let head = list.head;
    let state = head.state();
    match head.properties.storage_class.as_deref() {
        None => list.said(S, "Storage class", "STANDARD", "the header is absent, which means STANDARD"),
        Some(class) => list.told(S, "Storage class", "x-amz-storage-class", class, class_meaning(class)),
    }
    list.if_told(
        S,
        "Archive status",
        "x-amz-archive-status",
        "in this archive tier; must be restored to be read",
    );
    let restore = match &state.restore {
        Some(restore) if restore.ongoing => {
            "a restore is under way; until it is done the object cannot be read".into()
        }
        Some(restore) => match &restore.expiry_date {
            Some(date) => format!("a restored copy can be read until {date}"),
            None => "a restored copy can be read".into(),
        },
        None => "not in a form this program reads".into(),
    };
    list.if_told(S, "Restore", "x-amz-restore", restore);
    let expiration = state.expiration.map_or("not in a form this program reads".into(), |e| {
        format!("the lifecycle rule \"{}\" removes it at {}", e.rule_id, e.expiry_date)
    });
    list.if_told(S, "Expiration", "x-amz-expiration", expiration);
    let replication = match state.replication_status.as_deref() {
        Some("REPLICA") => "this object is a replica, made by replication",
        Some("PENDING") => "a rule is to replicate it and has not yet",
        Some("COMPLETED" | "COMPLETE") => "replicated to every destination of its rule",
        Some("FAILED") => "replication failed",
        _ => "",
    };
    list.if_told(S, "Replication", "x-amz-replication-status", replication);
}

fn class_meaning(class: &str) -> &'static str {
    match class {
        "GLACIER" | "DEEP_ARCHIVE" => "archived: must be restored before it is read or copied",
        "GLACIER_IR" => "archived, read without a restore",
        "INTELLIGENT_TIERING" => "S3 moves it between tiers",
        "STANDARD_IA" | "ONEZONE_IA" => "for rare access",
        "REDUCED_REDUNDANCY" => "not recommended by AWS any more",
        "EXPRESS_ONEZONE" => "in a directory bucket: the ETag is never an MD5",
        _ => "",
    }
}

/// Headers that belong to the answer and not to the object.
const OF_ANSWER: [&str; 8] = [
    "x-amz-id-2",
    "x-amz-request-id",
    "date",
    "server",
    "connection",
    "accept-ranges",
    "content-length",
    "keep-alive",
];

/// Every header that no other section took.
pub(super) fn rest(list: &mut List<'_>) {
    let head = list.head;
    let of_answer = |name: &str| OF_ANSWER.iter().any(|n| n.eq_ignore_ascii_case(name));
    for (section, wanted) in [(Section::Unknown, false), (Section::Answer, true)] {
        for (name, value) in head.headers.iter().filter(|(n, _)| of_answer(n) == wanted) {
            if !list.is_used(name) {
                list.item(section, name, Some(name), value, String::new());
            }
        }
    }
}

fn grouped_len(n: usize) -> String {
    grouped(u64::try_from(n).unwrap_or(u64::MAX))
}
