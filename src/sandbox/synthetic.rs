//! Content that costs no memory and whose true digests are cheap: a seeded generator of bytes.
//!
//! Content is divided into windows. All of a window but its end is the same pattern in every window (it
//! depends on the seed and the offset in the window only); the end is a stamp that depends on the window's
//! index. So all parts cut at window boundaries share a long beginning whose hash state is computed once, and
//! yet every part has different bytes and its own true MD5. Nothing is faked: reading the bytes and hashing
//! them gives exactly these digests, which a property test holds on to.

use crate::hash::digest::{Algorithm, Hasher};
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

/// Length of the pattern's tile: a prime, so that no two round offsets in a window begin alike.
const TILE: usize = 65_521;
/// Window of the seeded objects.
pub const WINDOW: u64 = 8 * 1024 * 1024;
/// Stamp at the end of each window of the seeded objects.
pub const STAMP: u64 = 256;
/// Bytes between states that are kept of a long beginning.
const STRIDE: u64 = 64 * 1024 * 1024;
/// States and results kept before the cache is dropped.
const CACHE_LIMIT: usize = 16_384;

type Midstates = BTreeMap<(Algorithm, u64, u64), Hasher>;
type Results = HashMap<(Algorithm, u64, u64), Vec<u8>>;

/// An endless stream of bytes, readable at any offset.
pub struct Generator {
    seed: u64,
    window: u64,
    stamp: u64,
    tile: Bytes,
    midstates: Mutex<Midstates>,
    results: Mutex<Results>,
}

impl std::fmt::Debug for Generator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Generator(seed {}, window {}, stamp {})", self.seed, self.window, self.stamp)
    }
}

impl Generator {
    /// A generator with windows of 8 MiB.
    pub fn new(seed: u64) -> Self {
        Self::with_windows(seed, WINDOW, STAMP)
    }

    /// A generator with other windows; tests use small ones. The stamp is at most the window.
    pub fn with_windows(seed: u64, window: u64, stamp: u64) -> Self {
        let window = window.max(1);
        Self {
            seed,
            window,
            stamp: stamp.min(window),
            tile: noise(seed, TILE),
            midstates: Mutex::default(),
            results: Mutex::default(),
        }
    }

    /// Seed, window and stamp: what makes two generators equal. The last two in bytes.
    pub fn identity(&self) -> (u64, u64, u64) {
        (self.seed, self.window, self.stamp)
    }

    /// At most `max` bytes from `offset` on; at least one byte when `max` is not zero.
    pub fn chunk(&self, offset: u64, max: u64) -> Bytes {
        let (index, within) = (offset / self.window, offset % self.window);
        let common = self.window - self.stamp;
        if within < common {
            let tile = u64::try_from(TILE).unwrap_or(1);
            let at = within % tile;
            let len = max.min(common - within).min(tile - at);
            part_of(&self.tile, at, len)
        } else {
            let stamp = noise(mix(self.seed ^ mix(index)), usize::try_from(self.stamp).unwrap_or(0));
            part_of(&stamp, within - common, max.min(self.window - within))
        }
    }

    /// The digest of `len` bytes from `start`.
    pub fn digest(&self, algorithm: Algorithm, start: u64, len: u64) -> Vec<u8> {
        let phase = start % self.window;
        let common = (self.window - self.stamp).saturating_sub(phase).min(len);
        let rest = len - common;
        let costly = rest > 2 * self.stamp;
        let key = (algorithm, start, len);
        if costly && let Some(known) = lock(&self.results).get(&key) {
            return known.clone();
        }
        let mut hasher = self.common_state(algorithm, phase, common);
        self.feed(&mut hasher, start + common, rest);
        let digest = hasher.finish();
        if costly {
            let mut results = lock(&self.results);
            if results.len() >= CACHE_LIMIT {
                results.clear();
            }
            results.insert(key, digest.clone());
        }
        digest
    }

    /// The state after `len` bytes of the common pattern from `phase`, reusing the longest known beginning.
    fn common_state(&self, algorithm: Algorithm, phase: u64, len: u64) -> Hasher {
        let known = lock(&self.midstates)
            .range((algorithm, phase, 0)..=(algorithm, phase, len))
            .next_back()
            .map(|((_, _, n), hasher)| (*n, hasher.clone()));
        let (done, mut hasher) = known.unwrap_or_else(|| (0, Hasher::new(algorithm)));
        let mut done = done;
        while done < len {
            // States on the way are kept too: a last part a little shorter than the others is then cheap.
            let next = len.min((done / STRIDE + 1) * STRIDE);
            self.feed(&mut hasher, phase + done, next - done);
            done = next;
            let mut midstates = lock(&self.midstates);
            if midstates.len() >= CACHE_LIMIT {
                midstates.clear();
            }
            midstates.insert((algorithm, phase, done), hasher.clone());
        }
        hasher
    }

    fn feed(&self, hasher: &mut Hasher, mut at: u64, mut len: u64) {
        while len > 0 {
            let chunk = self.chunk(at, len);
            let n = u64::try_from(chunk.len()).unwrap_or(0);
            if n == 0 {
                debug_assert!(false, "a generator gives at least one byte");
                return;
            }
            hasher.update(&chunk);
            at += n;
            len -= n;
        }
    }
}

fn part_of(bytes: &Bytes, at: u64, len: u64) -> Bytes {
    let clamp = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(clamp(at)..clamp(at.saturating_add(len)).max(clamp(at)))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The finaliser of SplitMix64: a good mixing of 64 bits.
pub(crate) fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

fn noise(seed: u64, len: usize) -> Bytes {
    let mut out = Vec::with_capacity(len + 8);
    let mut n = seed;
    while out.len() < len {
        n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
        out.extend_from_slice(&mix(n).to_le_bytes());
    }
    out.truncate(len);
    Bytes::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::checksum::ChecksumAlgorithm;
    use crate::hash::digest::digest_of;
    use proptest::prelude::*;

    fn read(generator: &Generator, start: u64, len: u64) -> Vec<u8> {
        let mut out = Vec::new();
        while (out.len() as u64) < len {
            let done = out.len() as u64;
            out.extend_from_slice(&generator.chunk(start + done, len - done));
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn stated_digests_are_those_of_the_bytes(
            seed: u64, window in 1_u64..5000, stamp in 0_u64..300, ranges in proptest::collection::vec((0_u64..30_000, 0_u64..9000), 1..5),
        ) {
            let generator = Generator::with_windows(seed, window, stamp);
            for (start, len) in ranges {
                let bytes = read(&generator, start, len);
                for algorithm in [Algorithm::Md5, Algorithm::Checksum(ChecksumAlgorithm::Crc64Nvme), Algorithm::Checksum(ChecksumAlgorithm::Sha256)] {
                    prop_assert_eq!(generator.digest(algorithm, start, len), digest_of(algorithm, &bytes));
                    // A second time, from the cache.
                    prop_assert_eq!(generator.digest(algorithm, start, len), digest_of(algorithm, &bytes));
                }
            }
        }

        #[test]
        fn a_byte_does_not_depend_on_how_it_is_read(seed: u64, start in 0_u64..20_000, a in 1_u64..500, b in 1_u64..500) {
            let generator = Generator::with_windows(seed, 1000, 64);
            let whole = read(&generator, start, a + b);
            prop_assert_eq!(&whole[..a as usize], &read(&generator, start, a)[..]);
            prop_assert_eq!(&whole[a as usize..], &read(&generator, start + a, b)[..]);
        }
    }

    #[test]
    fn the_real_window_gives_the_digest_of_its_bytes() {
        let generator = Generator::new(7);
        for (start, len) in [(0, WINDOW), (WINDOW, WINDOW), (5 << 20, 5 << 20)] {
            let md5 = generator.digest(Algorithm::Md5, start, len);
            assert_eq!(md5, digest_of(Algorithm::Md5, &read(&generator, start, len)));
        }
        assert_ne!(
            generator.digest(Algorithm::Md5, 0, WINDOW),
            generator.digest(Algorithm::Md5, WINDOW, WINDOW)
        );
    }
}
