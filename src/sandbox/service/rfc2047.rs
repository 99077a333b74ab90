//! Encoded words (RFC 2047) in user metadata: S3 decodes those that turn out to be ASCII, and writes what is not
//! ASCII as one.

use crate::sandbox::store::object::base64;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

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
    let inner = value.strip_prefix("=?")?.strip_suffix("?=")?;
    let mut fields = inner.splitn(3, '?');
    let (charset, encoding, text) = (fields.next()?, fields.next()?, fields.next()?);
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    match encoding {
        "B" | "b" => STANDARD.decode(text).ok(),
        "Q" | "q" => quoted(text),
        _ => None,
    }
}

fn quoted(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'_' => b' ',
            b'=' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    Some(out)
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
