//! The rules for tags: how many, which names, and the two ways they are written.

use crate::domain::limits::AWS;
use crate::domain::names::Tag;
use crate::sandbox::error::S3Error;
use std::collections::BTreeSet;

/// Reads `x-amz-tagging`: a URL query string without duplicate names.
pub fn from_header(value: &str) -> Result<Vec<Tag>, S3Error> {
    let malformed = || {
        S3Error::invalid_argument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
            "x-amz-tagging",
            value,
        )
    };
    let mut tags = Vec::new();
    for pair in value.split('&').filter(|p| !p.is_empty()) {
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |s: &str| {
            let spaced = s.replace('+', " ");
            percent_encoding::percent_decode_str(&spaced)
                .decode_utf8()
                .map(|c| c.into_owned())
                .map_err(|_| malformed())
        };
        tags.push(Tag { key: decode(name)?, value: decode(text)? });
    }
    let strange = |tag: &Tag| !tag.key.chars().chain(tag.value.chars()).all(allowed);
    if has_duplicates(&tags) || tags.iter().any(strange) {
        return Err(malformed());
    }
    check(&tags)?;
    // The order of a header is not kept; a document's is.
    tags.sort();
    Ok(tags)
}

/// Checks a set given as XML.
pub fn check_document(tags: &[Tag]) -> Result<(), S3Error> {
    if has_duplicates(tags) {
        let seen = &mut BTreeSet::new();
        let twice = tags.iter().find(|t| !seen.insert(t.key.as_str())).map(|t| t.key.clone());
        return Err(S3Error::new(400, "InvalidTag", "Cannot provide multiple Tags with the same key")
            .with("TagKey", twice.unwrap_or_default()));
    }
    check(tags)
}

/// Letters, digits and spaces of any script, and a few signs.
fn allowed(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c)
}

fn has_duplicates(tags: &[Tag]) -> bool {
    tags.iter().map(|t| t.key.as_str()).collect::<BTreeSet<_>>().len() != tags.len()
}

fn check(tags: &[Tag]) -> Result<(), S3Error> {
    if tags.len() > AWS.max_tags {
        return Err(S3Error::new(400, "BadRequest", "Object tags cannot be greater than 10"));
    }
    for tag in tags {
        let invalid = |message: &'static str, key: &str| {
            Err(S3Error::new(400, "InvalidTag", message).with("TagKey", key))
        };
        if tag.key.is_empty() || tag.key.encode_utf16().count() > 128 || !tag.key.chars().all(allowed) {
            return invalid("The TagKey you have provided is invalid", &tag.key);
        }
        if tag.key.starts_with("aws:") {
            return invalid("Your TagKey cannot be prefixed with aws:", &tag.key);
        }
        if tag.value.encode_utf16().count() > 256 || !tag.value.chars().all(allowed) {
            return invalid("The TagValue you have provided is invalid", &tag.key)
                .map_err(|error| error.with("TagValue", &tag.value));
        }
    }
    Ok(())
}
