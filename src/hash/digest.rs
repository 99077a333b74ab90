//! One hasher over MD5 and the five checksum algorithms, clonable in mid-state.
//!
//! Cloning a half-fed hasher is what makes synthetic content cheap: the long common beginning of many parts is
//! hashed once and its state reused (the sandbox does so).

use crate::domain::checksum::ChecksumAlgorithm;
use crc_fast::CrcAlgorithm;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// What can be computed over content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// MD5, of which ETags are made.
    Md5,
    /// An additional checksum.
    Checksum(ChecksumAlgorithm),
}

impl Algorithm {
    /// Every algorithm, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Md5).chain(ChecksumAlgorithm::ALL.into_iter().map(Self::Checksum))
    }

    /// A small number for tables: MD5 first, then the checksums in their own order.
    pub fn index(self) -> usize {
        match self {
            Self::Md5 => 0,
            Self::Checksum(ChecksumAlgorithm::Crc32) => 1,
            Self::Checksum(ChecksumAlgorithm::Crc32c) => 2,
            Self::Checksum(ChecksumAlgorithm::Crc64Nvme) => 3,
            Self::Checksum(ChecksumAlgorithm::Sha1) => 4,
            Self::Checksum(ChecksumAlgorithm::Sha256) => 5,
        }
    }
}

/// How many algorithms there are.
pub const ALGORITHMS: usize = 6;

/// A hasher that has seen some bytes.
#[derive(Clone)]
pub enum Hasher {
    /// MD5.
    Md5(Md5),
    /// SHA-1.
    Sha1(Sha1),
    /// SHA-256.
    Sha256(Sha256),
    /// CRC-32 or CRC-32C: four bytes.
    Crc32(crc_fast::Digest),
    /// CRC-64/NVME: eight bytes.
    Crc64(crc_fast::Digest),
}

impl Hasher {
    /// A fresh hasher.
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Md5 => Self::Md5(Md5::new()),
            Algorithm::Checksum(ChecksumAlgorithm::Sha1) => Self::Sha1(Sha1::new()),
            Algorithm::Checksum(ChecksumAlgorithm::Sha256) => Self::Sha256(Sha256::new()),
            Algorithm::Checksum(ChecksumAlgorithm::Crc32) => {
                Self::Crc32(crc_fast::Digest::new(CrcAlgorithm::Crc32IsoHdlc))
            }
            Algorithm::Checksum(ChecksumAlgorithm::Crc32c) => {
                Self::Crc32(crc_fast::Digest::new(CrcAlgorithm::Crc32Iscsi))
            }
            Algorithm::Checksum(ChecksumAlgorithm::Crc64Nvme) => {
                Self::Crc64(crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme))
            }
        }
    }

    /// Takes in more bytes.
    pub fn update(&mut self, data: &[u8]) {
        match self {
            Self::Md5(h) => h.update(data),
            Self::Sha1(h) => h.update(data),
            Self::Sha256(h) => h.update(data),
            Self::Crc32(h) | Self::Crc64(h) => h.update(data),
        }
    }

    /// The digest, big-endian as S3 writes it.
    pub fn finish(self) -> Vec<u8> {
        match self {
            Self::Md5(h) => h.finalize().to_vec(),
            Self::Sha1(h) => h.finalize().to_vec(),
            Self::Sha256(h) => h.finalize().to_vec(),
            Self::Crc32(h) => h.finalize().to_be_bytes().split_off_low(4),
            Self::Crc64(h) => h.finalize().to_be_bytes().to_vec(),
        }
    }
}

/// The low `n` bytes of a big-endian number.
trait SplitLow {
    fn split_off_low(self, n: usize) -> Vec<u8>;
}

impl SplitLow for [u8; 8] {
    fn split_off_low(self, n: usize) -> Vec<u8> {
        self.get(8_usize.saturating_sub(n)..).unwrap_or(&[]).to_vec()
    }
}

/// The digest of some bytes.
pub fn digest_of(algorithm: Algorithm, data: &[u8]) -> Vec<u8> {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(data);
    hasher.finish()
}

/// Joins CRCs: from the CRC of a beginning and that of what follows, the CRC of both.
///
/// Appending `n` bytes multiplies a CRC by x^(8n) modulo its polynomial. That power is computed once for each
/// length, which is what makes joining thousands of equal parts cheap.
#[derive(Debug)]
pub struct Joiner {
    polynomial: u64,
    width: u32,
    power: Option<(u64, u64)>,
}

impl Joiner {
    /// A joiner for an algorithm; `None` for those that cannot be joined.
    pub fn new(algorithm: ChecksumAlgorithm) -> Option<Self> {
        let (polynomial, width) = match algorithm {
            ChecksumAlgorithm::Crc32 => (0xedb8_8320, 32),
            ChecksumAlgorithm::Crc32c => (0x82f6_3b78, 32),
            ChecksumAlgorithm::Crc64Nvme => (0x9a6c_9329_ac4b_c9b5, 64),
            ChecksumAlgorithm::Sha1 | ChecksumAlgorithm::Sha256 => return None,
        };
        Some(Self { polynomial, width, power: None })
    }

    /// The CRC of the bytes of `first` followed by the `second_len` bytes of `second`.
    pub fn join(&mut self, first: &[u8], second: &[u8], second_len: u64) -> Vec<u8> {
        let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |n, b| (n << 8) | u64::from(*b));
        let power = match self.power {
            Some((len, power)) if len == second_len => power,
            _ => self.power_of(second_len),
        };
        self.power = Some((second_len, power));
        let both = self.multiply(power, number(first)) ^ number(second);
        both.to_be_bytes().split_off_low(first.len())
    }

    /// x^(8n), in the reflected form in which the highest bit is x^0.
    fn power_of(&self, mut bytes: u64) -> u64 {
        let one = 1_u64 << (self.width - 1);
        let (mut result, mut square) = (one, one >> 8);
        while bytes > 0 {
            if bytes & 1 == 1 {
                result = self.multiply(square, result);
            }
            square = self.multiply(square, square);
            bytes >>= 1;
        }
        result
    }

    fn multiply(&self, a: u64, mut b: u64) -> u64 {
        let (mut product, mut bit) = (0, 1_u64 << (self.width - 1));
        while bit > 0 {
            if a & bit != 0 {
                product ^= b;
            }
            bit >>= 1;
            b = if b & 1 == 1 { (b >> 1) ^ self.polynomial } else { b >> 1 };
        }
        product
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::etag::to_hex;

    #[test]
    fn check_values_of_the_algorithms() {
        let hex = |a| to_hex(&digest_of(Algorithm::Checksum(a), b"123456789"));
        assert_eq!(hex(ChecksumAlgorithm::Crc32), "cbf43926");
        assert_eq!(hex(ChecksumAlgorithm::Crc32c), "e3069283");
        assert_eq!(hex(ChecksumAlgorithm::Crc64Nvme), "ae8b14860a799888");
    }

    #[test]
    fn crcs_combine_to_the_crc_of_the_whole() {
        for algorithm in [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::Crc32c, ChecksumAlgorithm::Crc64Nvme] {
            let of = |data: &[u8]| digest_of(Algorithm::Checksum(algorithm), data);
            let mut joiner = Joiner::new(algorithm).unwrap();
            assert_eq!(joiner.join(&of(b"12345"), &of(b"6789"), 4), of(b"123456789"), "{algorithm:?}");
            assert_eq!(joiner.join(&of(b""), &of(b"123456789"), 9), of(b"123456789"), "{algorithm:?}");
        }
        assert!(Joiner::new(ChecksumAlgorithm::Sha1).is_none());
    }
}
