//! CreateMultipartUpload, and the properties that CopyObject shares with it.

use super::asked::Asked;
use super::tags::{self, Written};
use super::{Answer, Done, Refusal, attached, encryption};
use crate::domain::checksum::{ChecksumAlgorithm, ChecksumType};
use crate::domain::limits::{AWS, STORAGE_CLASSES};
use crate::domain::names::Tag;
use crate::domain::operation::Operation;

/// Longest key, in bytes of UTF-8.
const MAX_KEY: usize = 1024;
/// Greatest header section of a write, in bytes.
const MAX_HEADERS: usize = 7 * 1024;
/// Storage classes that exist, but not for every bucket.
const ELSEWHERE: [&str; 4] = ["EXPRESS_ONEZONE", "SNOW", "FSX_OPENZFS", "FSX_ONTAP"];

pub(super) fn create(asked: &mut Asked<'_, '_>) -> Answer {
    let Operation::CreateMultipartUpload(create) = asked.plain else { return Ok(Done::default()) };
    asked.bucket(&create.bucket, None);
    let choice = algorithm(asked)?;
    properties(asked)?;
    encryption::known(asked);
    encryption::first_key(asked)?;
    tagging(asked)?;
    attached::judge(asked)?;
    key(&create.key)?;
    let why = match choice {
        Some((algorithm, kind)) => format!(
            "properties are fixed now and nowhere later; the checksum will be {}, {}",
            algorithm.name(),
            kind.name()
        ),
        None => {
            "properties are fixed now and nowhere later; any number of uploads may be open for a key".into()
        }
    };
    let effect =
        format!("an upload of s3://{}/{} is begun; no object is there yet", create.bucket, create.key);
    Ok(Done { status: 200, effect, why, ..Done::default() })
}

/// Checks a key that is to be written.
pub(super) fn key(key: &str) -> Result<(), Refusal> {
    match key.len() > MAX_KEY {
        true => Err(Refusal::new(400, "KeyTooLongError", "a key has at most 1024 bytes")),
        false => Ok(()),
    }
}

/// Reads the checksum that is asked for.
pub(super) fn algorithm(
    asked: &mut Asked<'_, '_>,
) -> Result<Option<(ChecksumAlgorithm, ChecksumType)>, Refusal> {
    let kind = asked.header("x-amz-checksum-type");
    let Some(name) = asked.header("x-amz-checksum-algorithm") else {
        return match kind {
            None => Ok(None),
            Some(_) => Err(Refusal::request("ChecksumType says something only beside ChecksumAlgorithm")),
        };
    };
    let Some(algorithm) = ChecksumAlgorithm::parse(&name) else {
        if ["SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128"].contains(&name.as_str()) {
            asked.doubt(format!("whether this S3 knows {name} already"));
            return Ok(None);
        }
        return Err(Refusal::request("ChecksumAlgorithm is CRC32, CRC32C, CRC64NVME, SHA1 or SHA256"));
    };
    if algorithm.name() != name {
        asked.unverified();
    }
    let kind = match kind {
        None => algorithm.default_type(),
        Some(text) => ChecksumType::parse(&text)
            .ok_or_else(|| Refusal::request("ChecksumType is COMPOSITE or FULL_OBJECT").unverified())?,
    };
    let allowed = match kind {
        ChecksumType::Composite => algorithm.allows_composite(),
        ChecksumType::FullObject => algorithm.allows_full_object(),
    };
    match (allowed, kind) {
        (true, _) => Ok(Some((algorithm, kind))),
        (false, ChecksumType::Composite) => {
            Err(Refusal::request("CRC64NVME is always over the whole object: FULL_OBJECT"))
        }
        (false, ChecksumType::FullObject) => Err(Refusal::request(format!(
            "{} of parts cannot be joined to that of the object: only CRCs can be FULL_OBJECT",
            algorithm.name()
        ))),
    }
}

/// Checks storage class and user metadata.
pub(super) fn properties(asked: &mut Asked<'_, '_>) -> Result<(), Refusal> {
    if let Some(class) = asked.header("x-amz-storage-class")
        && !STORAGE_CLASSES.contains(&class.as_str())
    {
        if !ELSEWHERE.contains(&class.as_str()) {
            return Err(Refusal::new(400, "InvalidStorageClass", format!("{class:?} is no storage class")));
        }
        asked.doubt(format!("whether this bucket takes {class}"));
    }
    let all: usize = asked.headers().iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    if all > MAX_HEADERS {
        asked.doubt("how S3 answers to a header section of more than 8 KB");
    }
    metadata(asked)
}

fn metadata(asked: &mut Asked<'_, '_>) -> Result<(), Refusal> {
    const PREFIX: &str = "x-amz-meta-";
    let mut seen: Vec<&str> = Vec::new();
    let (mut size, mut prefixes, mut encoded) = (0_usize, 0_usize, false);
    for (name, value) in asked.headers() {
        let Some(name) = name.strip_prefix(PREFIX) else { continue };
        encoded |= !value.is_ascii() || value.contains("=?");
        size += value.len();
        if seen.contains(&name) {
            // Values under one name are joined by commas.
            size += 1;
        } else {
            seen.push(name);
            size += name.len();
            prefixes += PREFIX.len();
        }
    }
    if size + prefixes <= AWS.max_user_metadata {
        return Ok(());
    }
    if encoded {
        asked.doubt("how S3 counts metadata that is not ASCII");
    }
    if size > AWS.max_user_metadata {
        let why = format!("user metadata has {size} bytes in names and values; S3 allows 2 048");
        return Err(Refusal::new(400, "MetadataTooLarge", why));
    }
    // Whether the prefix counts is told by no source.
    asked.unverified();
    Ok(())
}

/// Checks `x-amz-tagging`.
pub(super) fn tagging(asked: &mut Asked<'_, '_>) -> Result<(), Refusal> {
    let Some(text) = asked.header("x-amz-tagging") else { return Ok(()) };
    if text.len() > AWS.max_tagging_header {
        let why = format!("x-amz-tagging has {} bytes; about 2 048 are allowed", text.len());
        return Err(Refusal::new(400, "MetadataTooLarge", why).unverified());
    }
    let malformed = || Refusal::argument("x-amz-tagging is a query string in UTF-8, each tag key once");
    let list = decoded(&text).ok_or_else(malformed)?;
    if text.contains('+') {
        asked.unverified();
    }
    if tags::twice(&list).is_some() {
        return Err(malformed());
    }
    if list.iter().any(|t| !tags::plain(&t.key) || !tags::plain(&t.value)) {
        return Err(malformed().unverified());
    }
    tags::check(&list, Written::Header)
}

fn decoded(text: &str) -> Option<Vec<Tag>> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(|t| t.into_owned())
    };
    let one = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some(Tag { key: decode(key)?, value: decode(value)? })
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(one).collect()
}
