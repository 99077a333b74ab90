//! The ETag by shape, and the rule that makes a multipart one.
//!
//! An ETag is named here by its shape only: 32 hex digits are an MD5 of the content only for objects written
//! in one piece without SSE-KMS, SSE-C or a directory bucket. Quotes are not part of the value; they belong
//! to the header or the XML that carries it.

use md5::{Digest, Md5};
use std::fmt;

/// An ETag without its quotes, classified by shape.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ETag {
    /// 32 hex digits.
    Hex128([u8; 16]),
    /// 32 hex digits, a dash and a number of parts from 1 to 10 000.
    Composite {
        /// MD5 of the concatenated raw part digests, when parts are MD5s.
        digest: [u8; 16],
        /// The number after the dash: parts listed in CompleteMultipartUpload.
        parts: u16,
    },
    /// Anything else.
    Opaque(Box<str>),
}

impl ETag {
    /// Reads an ETag with or without its quotes. Every text is an ETag of some shape.
    pub fn parse(text: &str) -> Self {
        let bare = unquote(text);
        let (hex, suffix) = match bare.split_once('-') {
            Some((hex, n)) => (hex, Some(n)),
            None => (bare, None),
        };
        let Some(digest) = from_hex16(hex) else { return Self::Opaque(bare.into()) };
        match suffix {
            None => Self::Hex128(digest),
            Some(n) => match n.parse::<u16>() {
                Ok(parts)
                    if (1..=10_000).contains(&parts)
                        && n.bytes().all(|b| b.is_ascii_digit())
                        && !n.starts_with('0') =>
                {
                    Self::Composite { digest, parts }
                }
                _ => Self::Opaque(bare.into()),
            },
        }
    }

    /// The ETag of one piece of data written with PutObject or UploadPart under SSE-S3: its MD5.
    pub fn of_bytes(data: &[u8]) -> Self {
        Self::Hex128(Md5::digest(data).into())
    }

    /// The composite rule: MD5 over the raw 16-byte digests in list order, then `-` and their number.
    pub fn composite<'a>(digests: impl IntoIterator<Item = &'a [u8; 16]>) -> Self {
        let (mut outer, mut parts) = (Md5::new(), 0_u16);
        for digest in digests {
            outer.update(digest);
            parts = parts.saturating_add(1);
        }
        Self::Composite { digest: outer.finalize().into(), parts }
    }

    /// The value in quotes, as it stands in the `ETag` header.
    pub fn quoted(&self) -> String {
        format!("\"{self}\"")
    }

    /// The sixteen bytes of a plain hex ETag, which the composite rule needs of every part.
    pub fn digest(&self) -> Option<[u8; 16]> {
        match self {
            Self::Hex128(d) => Some(*d),
            _ => None,
        }
    }

    /// The number of parts, if the ETag states one.
    pub fn part_count(&self) -> Option<u16> {
        match self {
            Self::Composite { parts, .. } => Some(*parts),
            _ => None,
        }
    }

    /// Whether this looks like an object written by CompleteMultipartUpload.
    pub fn is_multipart(&self) -> bool {
        matches!(self, Self::Composite { .. })
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hex128(d) => f.write_str(&to_hex(d)),
            Self::Composite { digest, parts } => write!(f, "{}-{parts}", to_hex(digest)),
            Self::Opaque(text) => f.write_str(text),
        }
    }
}

impl<'de> serde::Deserialize<'de> for ETag {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(d).map(|text| Self::parse(&text))
    }
}

impl serde::Serialize for ETag {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl From<&str> for ETag {
    fn from(text: &str) -> Self {
        Self::parse(text)
    }
}

fn unquote(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text)
}

/// Lower-case hex.
pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|b| [b >> 4, b & 15])
        .map(|n| char::from(*DIGITS.get(usize::from(n)).unwrap_or(&b'?')))
        .collect()
}

fn from_hex16(text: &str) -> Option<[u8; 16]> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let pairs: &[[u8; 2]; 16] = pairs.try_into().ok()?;
    let mut out = [0_u8; 16];
    for (slot, [high, low]) in out.iter_mut().zip(pairs) {
        *slot = digit(high)? << 4 | digit(low)?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of_parts(parts: &[&[u8]]) -> String {
        let digests: Vec<[u8; 16]> = parts.iter().map(|p| Md5::digest(p).into()).collect();
        ETag::composite(&digests).to_string()
    }

    #[test]
    fn recorded_multipart_etags_come_out() {
        assert_eq!(of_parts(&[b"test content 123"]), "b972025bc34adf8d76d6d51e93c035cc-1");
        assert_eq!(of_parts(&[b"aaa"]), "e2c3da976e66ec9e7dc128fbc782fc91-1");
        let a = vec![b'a'; 5_242_881];
        assert_eq!(of_parts(&[&a, &a, &a]), "c7cb0938a47e31f70cf07028d22e6913-3");
        assert_eq!(of_parts(&[&a, &a, &a[..10]]), "4d45984fc3feb2ac9b22683c49674b56-3");
    }

    #[test]
    fn raw_digests_are_hashed_and_never_their_hex_text() {
        assert_eq!(of_parts(&[b"0123", b"4567", b"89"]), "61e3716e3a7767581863b67c4e785584-3");
        assert_ne!(of_parts(&[b"0123", b"4567", b"89"]), "0a506a93be875eb858891556ffefc2c3-3");
    }

    #[test]
    fn shapes() {
        for (text, parts) in
            [("\"d41d8cd98f00b204e9800998ecf8427e\"", None), ("59adb24ef3cdbe0297f05b395827453f-1", Some(1))]
        {
            assert_eq!(ETag::parse(text).part_count(), parts);
            assert!(!matches!(ETag::parse(text), ETag::Opaque(_)));
        }
        for opaque in [
            "",
            "abc",
            "59adb24ef3cdbe0297f05b395827453f-0",
            "59adb24ef3cdbe0297f05b395827453f-10001",
            "59adb24ef3cdbe0297f05b395827453f-01",
            "59adb24ef3cdbe0297f05b395827453f-+1",
        ] {
            assert!(matches!(ETag::parse(opaque), ETag::Opaque(_)), "{opaque}");
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_agree(digest: [u8; 16], parts in 1_u16..=10_000) {
            let tag = ETag::Composite { digest, parts };
            prop_assert_eq!(ETag::parse(&tag.quoted()), tag);
        }
        #[test]
        fn any_text_is_kept(text in "[^\"\\s]{0,40}") {
            prop_assert_eq!(ETag::parse(&text).to_string().to_lowercase(), text.to_lowercase());
        }
    }
}
