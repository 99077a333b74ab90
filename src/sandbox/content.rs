//! The bytes of an object or part: real bytes, ranges of a generator, or other content joined together.
//!
//! Content is immutable and cheap to clone. Digests are computed when first asked for and then kept, so a
//! service can have them computed before it takes the store's lock, and the store never hashes twice.

use super::digest::{ALGORITHMS, Algorithm, Hasher, Joiner};
use super::synthetic::Generator;
use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::etag::ETag;
use bytes::Bytes;
use std::io;
use std::sync::{Arc, OnceLock};

/// A run of bytes with one origin.
#[derive(Debug, Clone)]
enum Slice {
    Real(Bytes),
    Synthetic { generator: Arc<Generator>, start: u64, len: u64 },
}

impl Slice {
    fn len(&self) -> u64 {
        match self {
            Self::Real(bytes) => size(bytes.len()),
            Self::Synthetic { len, .. } => *len,
        }
    }

    fn cut(&self, at: u64, len: u64) -> Self {
        match self {
            Self::Real(bytes) => Self::Real(cut_bytes(bytes, at, len)),
            Self::Synthetic { generator, start, .. } => {
                Self::Synthetic { generator: Arc::clone(generator), start: start + at, len }
            }
        }
    }

    fn chunk(&self, at: u64, max: u64) -> io::Result<Bytes> {
        match self {
            Self::Real(bytes) => Ok(cut_bytes(bytes, at, max)),
            Self::Synthetic { generator, start, len } => {
                Ok(generator.chunk(start + at, max.min(len.saturating_sub(at))))
            }
        }
    }
}

fn cut_bytes(bytes: &Bytes, at: u64, len: u64) -> Bytes {
    let clamp = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(clamp(at)..clamp(at.saturating_add(len)))
}

#[derive(Debug, Default)]
struct Inner {
    /// Slices with the offset at which each begins.
    slices: Vec<(u64, Slice)>,
    len: u64,
    /// What this was joined from; CRCs are combined from these.
    parts: Vec<Content>,
    digests: [OnceLock<Vec<u8>>; ALGORITHMS],
}

/// Immutable bytes with memory of their digests.
#[derive(Debug, Clone, Default)]
pub struct Content(Arc<Inner>);

fn size(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

impl Content {
    fn of_slices(list: impl IntoIterator<Item = Slice>, parts: Vec<Self>) -> Self {
        let (mut slices, mut len) = (Vec::new(), 0_u64);
        for slice in list {
            let n = slice.len();
            if n > 0 {
                slices.push((len, slice));
                len += n;
            }
        }
        Self(Arc::new(Inner { slices, len, parts, ..Inner::default() }))
    }

    /// Real bytes.
    pub fn of_bytes(bytes: impl Into<Bytes>) -> Self {
        Self::of_slices([Slice::Real(bytes.into())], Vec::new())
    }

    /// A range of a generator.
    pub fn synthetic(generator: &Arc<Generator>, start: u64, len: u64) -> Self {
        Self::of_slices([Slice::Synthetic { generator: Arc::clone(generator), start, len }], Vec::new())
    }

    /// Contents one after the other.
    pub fn join(parts: Vec<Self>) -> Self {
        let slices: Vec<Slice> =
            parts.iter().flat_map(|p| p.0.slices.iter().map(|(_, slice)| slice.clone())).collect();
        Self::of_slices(slices, parts)
    }

    /// Number of bytes.
    pub fn len(&self) -> u64 {
        self.0.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.len == 0
    }

    /// `len` bytes from `start`, clamped to what there is.
    pub fn range(&self, start: u64, len: u64) -> Self {
        if start == 0 && len >= self.len() {
            return self.clone();
        }
        let end = start.saturating_add(len).min(self.len());
        let first = self.0.slices.partition_point(|(at, slice)| at + slice.len() <= start);
        let cut = self.0.slices.iter().skip(first).take_while(|(at, _)| *at < end).map(|(at, slice)| {
            let from = start.saturating_sub(*at);
            slice.cut(from, slice.len().min(end - at).saturating_sub(from))
        });
        Self::of_slices(cut, Vec::new())
    }

    /// At most `max` bytes from `offset`; empty at the end.
    pub fn chunk(&self, offset: u64, max: u64) -> io::Result<Bytes> {
        let index = self.0.slices.partition_point(|(at, slice)| at + slice.len() <= offset);
        match self.0.slices.get(index) {
            Some((at, slice)) => slice.chunk(offset - at, max),
            None => Ok(Bytes::new()),
        }
    }

    /// The digest, computed at the first call; fails only when the bytes cannot be read.
    pub fn digest(&self, algorithm: Algorithm) -> io::Result<&[u8]> {
        let cell = self.0.digests.get(algorithm.index());
        let cell = cell.ok_or_else(|| io::Error::other("an algorithm without a place in the table"))?;
        if let Some(known) = cell.get() {
            return Ok(known);
        }
        let computed = self.compute(algorithm)?;
        Ok(cell.get_or_init(|| computed))
    }

    /// MD5 of the bytes.
    pub fn md5(&self) -> io::Result<[u8; 16]> {
        self.digest(Algorithm::Md5)?.try_into().map_err(io::Error::other)
    }

    /// The ETag S3 gives to these bytes when they are written in one piece.
    pub fn etag(&self) -> io::Result<ETag> {
        Ok(ETag::Hex128(self.md5()?))
    }

    /// An additional checksum, raw.
    pub fn checksum(&self, algorithm: ChecksumAlgorithm) -> io::Result<&[u8]> {
        self.digest(Algorithm::Checksum(algorithm))
    }

    fn compute(&self, algorithm: Algorithm) -> io::Result<Vec<u8>> {
        if let Some(digest) = self.combined(algorithm)? {
            return Ok(digest);
        }
        if let [(_, Slice::Synthetic { generator, start, len })] = self.0.slices.as_slice() {
            return Ok(generator.digest(algorithm, *start, *len));
        }
        let mut hasher = Hasher::new(algorithm);
        let mut at = 0;
        while at < self.len() {
            let chunk = self.chunk(at, 1024 * 1024)?;
            hasher.update(&chunk);
            at += size(chunk.len()).max(1);
        }
        Ok(hasher.finish())
    }

    fn combined(&self, algorithm: Algorithm) -> io::Result<Option<Vec<u8>>> {
        let Algorithm::Checksum(checksum) = algorithm else { return Ok(None) };
        let (Some((first, rest)), Some(mut joiner)) = (self.0.parts.split_first(), Joiner::new(checksum))
        else {
            return Ok(None);
        };
        let mut sum = first.digest(algorithm)?.to_vec();
        for part in rest {
            sum = joiner.join(&sum, part.digest(algorithm)?, part.len());
        }
        Ok(Some(sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::digest::digest_of;
    use proptest::prelude::*;

    fn read(content: &Content) -> Vec<u8> {
        let mut out = Vec::new();
        while size(out.len()) < content.len() {
            out.extend_from_slice(&content.chunk(size(out.len()), 97).unwrap());
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn ranges_and_digests_are_those_of_the_bytes(
            lens in proptest::collection::vec(0_u64..3000, 1..6), start in 0_u64..9000, len in 0_u64..9000,
        ) {
            let generator = Arc::new(Generator::with_windows(1, 1000, 50));
            let parts: Vec<Content> = lens.iter().enumerate().map(|(i, n)| if i % 2 == 0 {
                Content::synthetic(&generator, size(i) * 700, *n)
            } else {
                Content::of_bytes(vec![i as u8; *n as usize])
            }).collect();
            let whole = Content::join(parts);
            let bytes = read(&whole);
            prop_assert_eq!(whole.len(), lens.iter().sum::<u64>());
            let from = (start as usize).min(bytes.len());
            let to = (from + len as usize).min(bytes.len());
            let range = whole.range(start, len);
            prop_assert_eq!(&read(&range)[..], &bytes[from..to]);
            for algorithm in [Algorithm::Md5, Algorithm::Checksum(ChecksumAlgorithm::Crc32), Algorithm::Checksum(ChecksumAlgorithm::Sha1)] {
                prop_assert_eq!(whole.digest(algorithm).unwrap(), &digest_of(algorithm, &bytes)[..]);
                prop_assert_eq!(range.digest(algorithm).unwrap(), &digest_of(algorithm, &bytes[from..to])[..]);
            }
        }
    }
}
