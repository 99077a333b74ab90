//! Quantities that must not be mixed up: part numbers, byte ranges, and how sizes are written.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One kibibyte, mebibyte, gibibyte and tebibyte, in bytes.
pub const KIB: u64 = 1024;
/// One mebibyte in bytes.
pub const MIB: u64 = 1024 * KIB;
/// One gibibyte in bytes.
pub const GIB: u64 = 1024 * MIB;
/// One tebibyte in bytes.
pub const TIB: u64 = 1024 * GIB;

/// A part number as the user or the program means to send it.
///
/// S3 accepts 1 to 10 000; other values can be held so that a wrong one can be sent on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartNumber(pub i32);

impl PartNumber {
    /// The highest part number S3 accepts.
    pub const MAX: i32 = 10_000;

    /// Whether S3 accepts this number: 1 to 10 000 inclusive.
    pub fn is_valid(self) -> bool {
        (1..=Self::MAX).contains(&self.0)
    }

    /// The number of the part at `index` (zero-based) in an ordinary layout.
    pub fn of_index(index: usize) -> Self {
        Self(i32::try_from(index.saturating_add(1)).unwrap_or(i32::MAX))
    }
}

impl fmt::Display for PartNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A range of bytes with both ends inclusive, as S3 writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ByteRange {
    /// Zero-based offset of the first byte.
    pub first: u64,
    /// Zero-based offset of the last byte; at least `first`.
    pub last: u64,
}

impl ByteRange {
    /// The range of `len` bytes from `first`; `None` when `len` is zero, which no HTTP range can say.
    pub fn of_len(first: u64, len: u64) -> Option<Self> {
        Some(Self { first, last: first.checked_add(len.checked_sub(1)?)? })
    }

    /// How many bytes the range holds.
    pub fn len(self) -> u64 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }

    /// Never true: an inclusive range holds at least one byte.
    pub fn is_empty(self) -> bool {
        false
    }

    /// Reads `bytes=first-last` with both ends present, the only form `x-amz-copy-source-range` allows.
    pub fn parse_copy_source(text: &str) -> Option<Self> {
        let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(first) || !digits(last) {
            return None;
        }
        let range = Self { first: first.parse().ok()?, last: last.parse().ok()? };
        (range.first <= range.last).then_some(range)
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bytes={}-{}", self.first, self.last)
    }
}

/// A size for people: `412 B`, `8.0 MiB`, `18.9 GiB`. Units are powers of 1024.
pub fn human_size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("TiB", TIB), ("GiB", GIB), ("MiB", MIB), ("KiB", KIB)];
    for (name, unit) in UNITS {
        if bytes >= unit {
            // One decimal, rounded half up, in integers so that no size is misprinted by a float.
            let tenths = (u128::from(bytes) * 10 + u128::from(unit) / 2) / u128::from(unit);
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} B")
}

/// `2026-11-22 14:02:07`, in UTC, of seconds since 1970; `-` beyond the years that can be written.
pub fn utc(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| String::from("-"), |t| t.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// A number with thin groups of three: `20 277 918 669`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// Reads a size as people type it: `8388608`, `8MiB`, `8 MB`, `5g`. Bare letters and `iB` are powers of
/// 1024, `kB`, `MB`, `GB`, `TB` powers of 1000.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let digits = number.replace('_', "");
    if digits.is_empty() {
        return Err(format!("{text:?} is not a size; write bytes or a unit, such as 8388608 or 8MiB"));
    }
    // Digits and nothing else: what cannot be read is too large.
    let number = digits.parse::<u64>();
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => KIB,
        "m" | "mib" => MIB,
        "g" | "gib" => GIB,
        "t" | "tib" => TIB,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        other => {
            return Err(format!("{other:?} is not a unit of size; use KiB, MiB, GiB, TiB or kB, MB, GB, TB"));
        }
    };
    let bytes = number.ok().and_then(|number| number.checked_mul(factor));
    bytes.ok_or_else(|| format!("{text:?} is too large: larger than any object"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_and_read() {
        assert_eq!(human_size(412), "412 B");
        assert_eq!(human_size(8 * MIB), "8.0 MiB");
        assert_eq!(human_size(20_277_918_669), "18.9 GiB");
        assert_eq!(human_size(2_653_133), "2.5 MiB");
        assert_eq!(grouped(20_277_918_669), "20 277 918 669");
        assert_eq!(grouped(999), "999");
        assert_eq!(parse_size("8MiB"), Ok(8 * MIB));
        assert_eq!(parse_size("8 MB"), Ok(8_000_000));
        assert_eq!(parse_size("5_242_880"), Ok(5 * MIB));
        assert!(parse_size("eight").is_err());
        assert!(parse_size("8 furlongs").is_err());
        for large in ["99999999999999999TiB", "999999999999999999999TiB", "99999999999999999999999"] {
            assert!(parse_size(large).is_err_and(|e| e.contains("too large")), "{large}");
        }
        assert!(parse_size("_").is_err_and(|e| e.contains("is not a size")));
    }

    #[test]
    fn a_copy_source_range_needs_both_ends_in_order() {
        assert_eq!(ByteRange::parse_copy_source("bytes=0-8"), Some(ByteRange { first: 0, last: 8 }));
        for bad in ["0-8", "bytes=1-0", "bytes=1-", "bytes=-2", "bytes=-", "bytes=0-1,3-4", "bytes=+1-2"] {
            assert_eq!(ByteRange::parse_copy_source(bad), None, "{bad}");
        }
        assert_eq!(ByteRange::of_len(8, 8).map(|r| r.to_string()), Some("bytes=8-15".into()));
        assert_eq!(ByteRange::of_len(8, 0), None);
    }
}
