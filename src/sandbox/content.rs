//! The bytes of an object or part: real bytes in memory or on disk, ranges of a generator, or other content
//! joined together.
//!
//! Content is immutable and cheap to clone. Digests are computed when first asked for and then kept, so a
//! service can have them computed before it takes the store's lock, and the store never hashes twice.

use super::blob::Stored;
use super::synthetic::Generator;
use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::etag::ETag;
use crate::hash::digest::{ALGORITHMS, Algorithm, Hasher, Joiner};
use bytes::Bytes;
use std::io;
use std::sync::{Arc, OnceLock};

/// Deepest nesting of joined content. Deeper parts forget what they were joined of, so that no chain of copies
/// makes a tree that cannot be walked or written down.
const MAX_DEPTH: usize = 16;

/// A run of bytes with one origin.
#[derive(Debug, Clone)]
pub(super) enum Slice {
    /// In memory.
    Real(Bytes),
    /// Made when they are read.
    Synthetic { generator: Arc<Generator>, start: u64, len: u64 },
    /// On disk.
    Stored { stored: Stored, start: u64, len: u64 },
}

impl Slice {
    /// All bytes of a run on disk.
    pub(super) fn stored(stored: Stored) -> Self {
        let len = stored.len();
        Self::Stored { stored, start: 0, len }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Real(bytes) => size(bytes.len()),
            Self::Synthetic { len, .. } | Self::Stored { len, .. } => *len,
        }
    }

    fn cut(&self, at: u64, len: u64) -> Self {
        match self {
            Self::Real(bytes) => Self::Real(cut_bytes(bytes, at, len)),
            Self::Synthetic { generator, start, .. } => {
                Self::Synthetic { generator: Arc::clone(generator), start: start + at, len }
            }
            Self::Stored { stored, start, .. } => {
                Self::Stored { stored: stored.clone(), start: start + at, len }
            }
        }
    }

    fn chunk(&self, at: u64, max: u64) -> io::Result<Bytes> {
        let max = max.min(self.len().saturating_sub(at));
        match self {
            Self::Real(bytes) => Ok(cut_bytes(bytes, at, max)),
            Self::Synthetic { generator, start, .. } => Ok(generator.chunk(start + at, max)),
            Self::Stored { stored, start, .. } => stored.read(start + at, max),
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
    /// What this was joined from, each with its offset; CRCs are combined from these.
    parts: Vec<(u64, Content)>,
    /// Levels of parts below this.
    depth: usize,
    digests: [OnceLock<Vec<u8>>; ALGORITHMS],
}

/// Immutable bytes with memory of their digests.
#[derive(Debug, Clone, Default)]
pub struct Content(Arc<Inner>);

fn size(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Gives each its offset, leaves empty ones out, and says how long all are together.
fn laid<T>(list: impl IntoIterator<Item = T>, len: impl Fn(&T) -> u64) -> (Vec<(u64, T)>, u64) {
    let (mut laid, mut end) = (Vec::new(), 0_u64);
    for item in list {
        let n = len(&item);
        if n > 0 {
            laid.push((end, item));
            end = end.saturating_add(n);
        }
    }
    (laid, end)
}

impl Content {
    /// Runs of bytes one after the other.
    pub(super) fn of_slices(list: impl IntoIterator<Item = Slice>) -> Self {
        let (slices, len) = laid(list, Slice::len);
        Self(Arc::new(Inner { slices, len, ..Inner::default() }))
    }

    /// The same bytes, with digests that were computed already. Whoever calls this answers for them.
    pub(super) fn with_digests(self, known: impl IntoIterator<Item = (Algorithm, Vec<u8>)>) -> Self {
        for (algorithm, digest) in known {
            if let Some(cell) = self.0.digests.get(algorithm.index()) {
                cell.get_or_init(|| digest);
            }
        }
        self
    }

    /// The digests known so far.
    pub(super) fn known_digests(&self) -> impl Iterator<Item = (Algorithm, &[u8])> {
        Algorithm::all().filter_map(|a| Some((a, self.0.digests.get(a.index())?.get()?.as_slice())))
    }

    /// What this was joined from; nothing if it was not.
    pub(super) fn parts(&self) -> impl ExactSizeIterator<Item = &Self> {
        self.0.parts.iter().map(|(_, part)| part)
    }

    /// The runs of bytes.
    pub(super) fn slices(&self) -> impl ExactSizeIterator<Item = &Slice> {
        self.0.slices.iter().map(|(_, slice)| slice)
    }

    /// Real bytes.
    pub fn of_bytes(bytes: impl Into<Bytes>) -> Self {
        Self::of_slices([Slice::Real(bytes.into())])
    }

    /// A range of a generator.
    pub fn synthetic(generator: &Arc<Generator>, start: u64, len: u64) -> Self {
        Self::of_slices([Slice::Synthetic { generator: Arc::clone(generator), start, len }])
    }

    /// Contents one after the other.
    pub fn join(parts: Vec<Self>) -> Self {
        let (parts, _) = laid(parts, Self::len);
        if let [(_, only)] = parts.as_slice() {
            return only.clone();
        }
        let (slices, len) = laid(parts.iter().flat_map(|(_, p)| p.slices().cloned()), Slice::len);
        let parts: Vec<(u64, Self)> = parts.into_iter().map(|(at, part)| (at, part.shallow())).collect();
        let depth = parts.iter().map(|(_, p)| p.0.depth + 1).max().unwrap_or(0);
        Self(Arc::new(Inner { slices, len, parts, depth, ..Inner::default() }))
    }

    /// This, or the same bytes without memory of parts if they are nested too deeply.
    fn shallow(self) -> Self {
        if self.0.depth + 1 < MAX_DEPTH {
            return self;
        }
        let flat = Self::of_slices(self.slices().cloned());
        flat.with_digests(self.known_digests().map(|(a, digest)| (a, digest.to_vec())))
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
        if start >= end {
            return Self::default();
        }
        // Within one part it is that part's own range, which may know its digests already.
        let part = self.0.parts.partition_point(|(at, part)| at + part.len() <= start);
        if let Some((at, part)) = self.0.parts.get(part)
            && *at <= start
            && end <= at + part.len()
        {
            return part.range(start - at, end - start);
        }
        let first = self.0.slices.partition_point(|(at, slice)| at + slice.len() <= start);
        let cut = self.0.slices.iter().skip(first).take_while(|(at, _)| *at < end).map(|(at, slice)| {
            let from = start.saturating_sub(*at);
            slice.cut(from, slice.len().min(end - at).saturating_sub(from))
        });
        Self::of_slices(cut)
    }

    /// At most `max` bytes from `offset`; empty at the end.
    pub fn chunk(&self, offset: u64, max: u64) -> io::Result<Bytes> {
        let index = self.0.slices.partition_point(|(at, slice)| at + slice.len() <= offset);
        match self.0.slices.get(index) {
            Some((at, slice)) => slice.chunk(offset - at, max),
            None => Ok(Bytes::new()),
        }
    }

    /// Whether reading at `offset` waits for a disk.
    pub fn is_on_disk(&self, offset: u64) -> bool {
        let index = self.0.slices.partition_point(|(at, slice)| at + slice.len() <= offset);
        matches!(self.0.slices.get(index), Some((_, Slice::Stored { .. })))
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
        let mut sum = first.1.digest(algorithm)?.to_vec();
        for (_, part) in rest {
            sum = joiner.join(&sum, part.digest(algorithm)?, part.len());
        }
        Ok(Some(sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::digest::digest_of;
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
