//! Encoded words (RFC 2047) in user metadata: S3 answers a value that is not ASCII as one.
//!
//! The header is the truth; what is decoded stands beside it, never in its place. S3 takes the bytes it was sent
//! for Latin-1 and writes them as UTF-8, so text that was sent as UTF-8 comes back encoded twice:
//! [`sent_as_utf8`] undoes the second time. Source: S3 User Guide, "Working with object metadata".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The text of a value that is made of encoded words only (blanks between them fall away); `None` for any other,
/// and for charsets this program does not read.
pub fn decoded(value: &str) -> Option<String> {
    let words: Option<Vec<String>> = value.split_whitespace().map(word).collect();
    words.filter(|w| !w.is_empty()).map(|w| w.concat())
}

/// The text that was sent, if S3 took UTF-8 for Latin-1: the code points as bytes are UTF-8, and not all ASCII.
pub fn sent_as_utf8(decoded: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = decoded.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    bytes.filter(|b| !b.is_ascii()).and_then(|b| String::from_utf8(b).ok())
}

fn word(text: &str) -> Option<String> {
    let (charset, bytes) = word_bytes(text)?;
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "us-ascii" => String::from_utf8(bytes).ok(),
        "iso-8859-1" => Some(bytes.into_iter().map(char::from).collect()),
        _ => None,
    }
}

/// The character set that one encoded word names, and its bytes in it; `None` if it is none.
pub fn word_bytes(text: &str) -> Option<(&str, Vec<u8>)> {
    let inner = text.strip_prefix("=?")?.strip_suffix("?=")?;
    let mut fields = inner.splitn(3, '?');
    let (charset, encoding, text) = (fields.next()?, fields.next()?, fields.next()?);
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(text).ok()?,
        "Q" | "q" => quoted(text)?,
        _ => return None,
    };
    Some((charset, bytes))
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
    use proptest::prelude::*;

    #[test]
    fn words_are_decoded_and_everything_else_is_left_alone() {
        for (value, want) in [
            ("=?UTF-8?B?YWJj?=", Some("abc")),
            ("=?utf-8?q?a=5Fb_c?=", Some("a_b c")),
            ("=?UTF-8?Q?a?= =?UTF-8?Q?b?=", Some("ab")),
            ("=?ISO-8859-1?Q?=C4?=", Some("Ä")),
            ("=?UTF-8?Q?=C4?=", None),
            ("=?UTF-8?Q?=?=", None),
            ("=?KOI8-R?B?YWJj?=", None),
            ("=?UTF-8?X?abc?=", None),
            ("plain", None),
            ("plain =?UTF-8?B?YWJj?=", None),
            ("", None),
        ] {
            assert_eq!(decoded(value).as_deref(), want, "{value}");
        }
    }

    #[test]
    fn s3_140_what_was_sent_as_utf8_comes_back_encoded_twice() {
        let text = decoded("=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?=").unwrap();
        assert_eq!(sent_as_utf8(&text).as_deref(), Some("ÄMÄZÕÑ S3"));
        assert_eq!(sent_as_utf8("plain"), None);
        assert_eq!(sent_as_utf8("日本"), None);
    }

    proptest! {
        #[test]
        fn any_text_can_be_asked(value: String) {
            let _ = decoded(&value).as_deref().and_then(sent_as_utf8);
        }
        #[test]
        fn a_base64_word_gives_its_text_back(text in "[^\\p{C}]{1,40}") {
            prop_assert_eq!(decoded(&format!("=?UTF-8?B?{}?=", STANDARD.encode(&text))), Some(text));
        }
    }
}
