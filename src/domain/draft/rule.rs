//! What S3 demands of a parameter, in words. A rule explains and hardly ever forbids: a wrong value may be sent on
//! purpose. Only what would turn the request into another one, or could not be written at all, is held back.

use crate::domain::limits::AWS;
use crate::domain::names::Tag;
use crate::domain::operation::CompletedPart;
use crate::domain::units::{ByteRange, PartNumber, grouped, human_size, parse_size};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a parameter must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Anything or nothing.
    Any,
    /// Something: without it the request would be another one.
    Needed,
    /// A bucket's name.
    Bucket,
    /// 1 to 10 000; without it the request would be another one.
    PartNumber,
    /// Nothing, or 1 to 10 000.
    OptionalPartNumber,
    /// Nothing, or one of these.
    OneOf(&'static [&'static str]),
    /// Nothing, or base64 of this many bytes.
    Base64(usize),
    /// `bucket/key`, percent-encoded; without it the request would be another one.
    CopySource,
    /// Nothing, or `bytes=first-last` inside the source.
    CopyRange,
    /// Nothing, or an entity tag.
    ETag,
    /// Nothing, or a date as HTTP writes it.
    HttpDate,
    /// Nothing, or a date as ISO 8601 writes it.
    IsoDate,
    /// Nothing, or tags as a query string.
    Tagging,
    /// `name=value` of user metadata.
    Metadata,
    /// `number etag [algorithm=checksum]` of one part.
    Entry,
    /// `key=value` of one tag.
    Tag,
    /// `generated` or the path of a file.
    BodySource,
    /// A size; nothing can be sent without one.
    Length,
    /// An offset or a seed.
    Offset,
    /// Nothing, or 0 to 2 147 483 647; a page has at most 1000.
    Page,
    /// Nothing, or a whole number.
    Number,
    /// Nothing, or the twelve digits of an account.
    Account,
    /// Names of attributes with commas between.
    Attributes,
}

/// What a rule says of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It holds; a note on what the value means, or nothing.
    Fine(String),
    /// It is broken, and this is why; the value can be sent all the same.
    Broken(String),
    /// With this value nothing can be sent.
    Unsendable(String),
}

impl Rule {
    /// What the rule says of a value; `source_size` is the size of the copied object, when known.
    pub fn check(self, value: &str, source_size: Option<u64>) -> Said {
        if value.chars().any(|c| c.is_control()) {
            return Said::Unsendable("holds a control character, which no request can carry".into());
        }
        if value.is_empty() {
            return self.empty();
        }
        let result = match self {
            Self::Any | Self::Needed => Ok(String::new()),
            Self::PartNumber | Self::OptionalPartNumber => part_number(value),
            Self::OneOf(known) => one_of(value, known),
            Self::Base64(bytes) => base64(value, bytes),
            Self::CopySource => copy_source(value),
            Self::CopyRange => copy_range(value, source_size),
            Self::ETag => etag(value),
            Self::HttpDate => http_date(value),
            Self::IsoDate => iso_date(value),
            Self::Tagging => tagging(value),
            Self::Metadata => metadata(value),
            Self::Tag => tag(value),
            Self::BodySource if value == "generated" => Ok("byte i is (offset + i) mod 251".into()),
            Self::BodySource => Ok("a local file, read while it is sent".into()),
            Self::Page => page(value),
            Self::Number => whole(value).map(|n| grouped(n.unsigned_abs())),
            Self::Account => account(value),
            Self::Attributes => attributes(value),
            Self::Bucket => return bucket(value),
            Self::Length => return length(value),
            Self::Offset => return offset(value),
            Self::Entry => return entry_said(value),
        };
        match result {
            Ok(note) => Said::Fine(note),
            Err(why) => Said::Broken(why),
        }
    }

    fn empty(self) -> Said {
        match self {
            Self::Bucket | Self::Needed | Self::PartNumber | Self::CopySource => {
                Said::Unsendable("is needed: without it this would be another request".into())
            }
            Self::Length => Said::Unsendable("is needed: how many bytes to send".into()),
            Self::BodySource => Said::Unsendable("write generated, or the path of a file".into()),
            Self::CopyRange => Said::Fine("the whole source".into()),
            _ => Said::Fine(String::new()),
        }
    }
}

type Checked = Result<String, String>;

fn whole(value: &str) -> Result<i64, String> {
    value.parse::<i64>().map_err(|_| "not a whole number".to_owned())
}

fn part_number(value: &str) -> Checked {
    match value.parse::<i32>() {
        Ok(n) if PartNumber(n).is_valid() => Ok("1 … 10 000".into()),
        Ok(_) => Err("S3 numbers parts 1 … 10 000".into()),
        Err(_) => Err("not a whole number".into()),
    }
}

fn one_of(value: &str, known: &[&str]) -> Checked {
    if known.contains(&value) {
        return Ok(String::new());
    }
    Err(format!("S3 knows {}", known.join(", ")))
}

fn base64(value: &str, bytes: usize) -> Checked {
    match STANDARD.decode(value) {
        Ok(raw) if raw.len() == bytes => Ok(format!("{bytes} bytes in base64")),
        Ok(raw) => Err(format!("base64 of {} bytes; S3 wants {bytes}", raw.len())),
        Err(_) => Err(format!("not base64; S3 wants {bytes} bytes written so")),
    }
}

fn copy_source(value: &str) -> Checked {
    let path = value.trim_start_matches('/');
    match path.split_once('/') {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => Ok(String::new()),
        _ => Err("must be bucket/key, percent-encoded; ?versionId=ID may follow".into()),
    }
}

fn copy_range(value: &str, size: Option<u64>) -> Checked {
    let range =
        ByteRange::parse_copy_source(value).ok_or("must be bytes=first-last, both ends, counted from 0")?;
    match size.and_then(|size| size.checked_sub(1)) {
        Some(last) if range.first > last => Err(format!("begins after the last byte, {last}")),
        Some(last) if range.last > last => {
            Err(format!("past the end: the last byte is {last}; S3 does not clip"))
        }
        _ => Ok(format!("{} bytes, {}", grouped(range.len()), human_size(range.len()))),
    }
}

fn etag(value: &str) -> Checked {
    let quotes = value.starts_with('"') == value.ends_with('"') || value == "*";
    if quotes { Ok(String::new()) } else { Err("a quotation mark at one end only".into()) }
}

fn http_date(value: &str) -> Checked {
    jiff::fmt::rfc2822::parse(value)
        .map(|_| String::new())
        .map_err(|_| "not a date such as Sun, 22 Nov 2026 14:00:00 GMT".into())
}

fn iso_date(value: &str) -> Checked {
    value
        .parse::<jiff::Timestamp>()
        .map(|_| String::new())
        .map_err(|_| "not a date such as 2026-11-22T14:00:00Z".into())
}

/// Tags as `x-amz-tagging` writes them.
pub(super) fn read_tagging(value: &str) -> Option<Vec<Tag>> {
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
    };
    let one = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some(Tag { key: decode(key)?, value: decode(value)? })
    };
    value.split('&').filter(|pair| !pair.is_empty()).map(one).collect()
}

fn tagging(value: &str) -> Checked {
    let tags = read_tagging(value).ok_or("not a query string in UTF-8, such as team=blue&cost=42")?;
    let (count, bytes) = (tags.len(), value.len());
    let mut keys: Vec<&str> = tags.iter().map(|t| t.key.as_str()).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|w| matches!(w, [a, b] if a == b)) {
        return Err("the same tag key twice".into());
    }
    if count > 10 {
        return Err(format!("{count} tags; S3 allows 10"));
    }
    if bytes > AWS.max_tagging_header {
        return Err(format!(
            "{bytes} bytes; the header may have about {}: PutObjectTagging takes the rest",
            AWS.max_tagging_header
        ));
    }
    Ok(format!("{count} tags, {bytes} of {} bytes", AWS.max_tagging_header))
}

/// One `name=value` of user metadata; the prefix is not part of the name.
pub(super) fn read_metadata(value: &str) -> Option<(String, String)> {
    let (name, text) = value.split_once('=')?;
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    (!name.is_empty() && name.bytes().all(token)).then(|| (name.to_ascii_lowercase(), text.to_owned()))
}

fn metadata(value: &str) -> Checked {
    match read_metadata(value) {
        Some((name, text)) => Ok(format!("x-amz-meta-{name}, {} of 2 048 bytes", name.len() + text.len())),
        None => Err("must be name=value; this line is left out".into()),
    }
}

/// One `key=value` of PutObjectTagging.
pub(super) fn read_tag(value: &str) -> Tag {
    let (key, text) = value.split_once('=').unwrap_or((value, ""));
    Tag { key: key.to_owned(), value: text.to_owned() }
}

fn tag(value: &str) -> Checked {
    let tag = read_tag(value);
    match (tag.key.encode_utf16().count(), tag.value.encode_utf16().count()) {
        (0, _) => Err("a tag needs a key".into()),
        (key, _) if key > 128 => Err(format!("the key has {key} characters; S3 allows 128")),
        (_, value) if value > 256 => Err(format!("the value has {value} characters; S3 allows 256")),
        _ if tag.key.starts_with("aws:") => Err("keys beginning with aws: are S3's own".into()),
        _ => Ok(String::new()),
    }
}

fn page(value: &str) -> Checked {
    match whole(value)? {
        n if n < 0 => Err("negative".into()),
        n if n > 1000 => Ok("a page has 1000 at most".into()),
        _ => Ok(String::new()),
    }
}

fn account(value: &str) -> Checked {
    let twelve = value.len() == 12 && value.bytes().all(|b| b.is_ascii_digit());
    if twelve { Ok(String::new()) } else { Err("an account id has twelve digits".into()) }
}

fn attributes(value: &str) -> Checked {
    const KNOWN: [&str; 5] = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
    match value.split(',').map(str::trim).find(|name| !KNOWN.contains(name)) {
        Some(name) => Err(format!("{name:?} is none of {}", KNOWN.join(", "))),
        None => Ok(String::new()),
    }
}

/// A name with other characters would be read as more of the address.
fn bucket(value: &str) -> Said {
    if !value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
        return Said::Unsendable("no bucket name holds anything but letters, digits, - . and _".into());
    }
    let small = value.bytes().all(|b| !b.is_ascii_uppercase() && b != b'_');
    match (3..=63).contains(&value.len()) && small {
        true => Said::Fine(String::new()),
        false => Said::Broken("a bucket name has 3 to 63 small letters, digits, - and .".into()),
    }
}

fn length(value: &str) -> Said {
    match parse_size(value) {
        Err(why) => Said::Unsendable(why),
        Ok(n) if n > AWS.max_part_size => {
            Said::Broken(format!("{}: a part holds at most 5 GiB", human_size(n)))
        }
        Ok(n) if n < AWS.min_part_size => {
            Said::Fine(format!("{} bytes; below 5 MiB only the last part may be", grouped(n)))
        }
        Ok(n) => Said::Fine(format!("{} bytes, {}", grouped(n), human_size(n))),
    }
}

fn offset(value: &str) -> Said {
    match parse_size(value) {
        Ok(n) => Said::Fine(grouped(n)),
        Err(why) => Said::Unsendable(why),
    }
}

/// One entry of CompleteMultipartUpload as it is typed: number, ETag, and possibly `ALGORITHM=checksum`.
pub(super) fn read_entry(value: &str) -> Result<CompletedPart, String> {
    let mut words = value.split_whitespace();
    let number = words.next().unwrap_or_default();
    let part_number = number.parse().map(PartNumber).map_err(|_| format!("{number:?} is no part number"))?;
    let etag = words.next().unwrap_or_default().into();
    let checksum = match words.next() {
        None => None,
        Some(word) => {
            let (name, value) =
                word.split_once('=').ok_or_else(|| format!("{word:?}: write it as CRC32=value"))?;
            let known = crate::domain::checksum::ChecksumAlgorithm::parse(name)
                .ok_or_else(|| format!("{name:?} is no checksum algorithm"))?;
            Some((known.name().to_owned(), value.to_owned()))
        }
    };
    match words.next() {
        Some(more) => Err(format!("{more:?} is too much: number, ETag, checksum")),
        None => Ok(CompletedPart { part_number, etag, checksum }),
    }
}

/// An entry as it is typed.
pub(super) fn write_entry(part: &CompletedPart) -> String {
    let sum = part.checksum.as_ref().map_or_else(String::new, |(name, value)| format!(" {name}={value}"));
    format!("{} {}{sum}", part.part_number, part.etag)
}

fn entry_said(value: &str) -> Said {
    match read_entry(value) {
        Err(why) => Said::Unsendable(why),
        Ok(part) if !part.part_number.is_valid() => Said::Broken("S3 numbers parts 1 … 10 000".into()),
        Ok(part) if part.etag.to_string().is_empty() => Said::Broken("without an ETag".into()),
        Ok(_) => Said::Fine(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(rule: Rule, value: &str) -> String {
        match rule.check(value, Some(10)) {
            Said::Broken(why) => why,
            other => panic!("{value:?}: {other:?}"),
        }
    }

    #[test]
    fn rules_explain_and_let_wrong_values_pass() {
        assert!(broken(Rule::PartNumber, "0").contains("10 000"));
        assert!(broken(Rule::CopyRange, "bytes=0-10").contains("last byte is 9"));
        assert!(broken(Rule::CopyRange, "bytes=10-11").contains("begins after"));
        assert!(broken(Rule::CopyRange, "bytes=0-").contains("both ends"));
        assert!(broken(Rule::OneOf(&["COMPOSITE", "FULL_OBJECT"]), "composite").contains("COMPOSITE"));
        assert!(broken(Rule::Base64(16), "AAAA").contains("S3 wants 16"));
        assert!(broken(Rule::CopySource, "/bucket").contains("bucket/key"));
        assert!(broken(Rule::Tagging, "a=1&a=2").contains("twice"));
        assert!(broken(Rule::Tag, "aws:x=1").contains("S3's own"));
        assert!(broken(Rule::Attributes, "ETag,Etag").contains("Etag"));
        assert!(broken(Rule::Entry, "0 abc").contains("10 000"));
        assert!(
            matches!(Rule::CopyRange.check("bytes=0-9", Some(10)), Said::Fine(note) if note.contains("10 bytes"))
        );
        assert!(matches!(Rule::HttpDate.check("Sun, 22 Nov 2026 14:00:00 GMT", None), Said::Fine(_)));
    }

    #[test]
    fn what_would_become_another_request_is_held_back() {
        for (rule, value) in [
            (Rule::Needed, ""),
            (Rule::PartNumber, ""),
            (Rule::CopySource, ""),
            (Rule::Length, "many"),
            (Rule::Any, "a\r\nb: c"),
            (Rule::Entry, "one abc"),
        ] {
            assert!(matches!(rule.check(value, None), Said::Unsendable(_)), "{rule:?} {value:?}");
        }
    }

    #[test]
    fn entries_are_read_as_they_are_written() {
        for text in ["1 d41d8cd98f00b204e9800998ecf8427e", "3 x CRC32=AAAAAA==", "-1 y"] {
            assert_eq!(write_entry(&read_entry(text).unwrap()), text);
        }
    }
}
