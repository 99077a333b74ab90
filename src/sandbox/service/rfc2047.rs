//! Encoded words (RFC 2047) in user metadata: S3 decodes those that turn out to be ASCII, and writes what is not
//! ASCII as one.

use crate::domain::encoded_word::word_bytes;
use crate::sandbox::store::object::base64;

/// What is kept of a value as it was sent.
pub(super) fn stored(value: &str) -> String {
    match decoded(value) {
        Some(bytes) if bytes.iter().all(|b| (0x20..0x7f).contains(b)) => {
            bytes.into_iter().map(char::from).collect()
        }
        _ => value.to_owned(),
    }
}

/// What is answered of a value as it is kept. S3 takes the bytes of a header for Latin-1.
pub(super) fn told(value: &str) -> String {
    if value.is_ascii() {
        return value.to_owned();
    }
    let latin: String = value.bytes().map(char::from).collect();
    format!("=?UTF-8?B?{}?=", base64(latin.as_bytes()))
}

fn decoded(value: &str) -> Option<Vec<u8>> {
    word_bytes(value).filter(|(charset, _)| charset.eq_ignore_ascii_case("utf-8")).map(|(_, bytes)| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_105_ascii_is_decoded_and_the_rest_kept() {
        for (sent, kept) in [
            ("plain", "plain"),
            ("=?UTF-8?Q?actually-ascii?=", "actually-ascii"),
            ("=?UTF-8?B?YWJj?=", "abc"),
            ("=?UTF-8?B?AAECAw==?=", "=?UTF-8?B?AAECAw==?="),
            ("=?UTF-8?Q?test=5F=E2=80=94?=", "=?UTF-8?Q?test=5F=E2=80=94?="),
            ("=?UTF-8?Q?=?=", "=?UTF-8?Q?=?="),
        ] {
            assert_eq!(stored(sent), kept, "{sent}");
        }
    }

    #[test]
    fn what_is_not_ascii_is_told_as_the_documentation_shows_it() {
        assert_eq!(told("ÄMÄZÕÑ S3"), "=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?=");
    }
}
