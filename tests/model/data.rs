//! Test bytes cut from one buffer, and digests computed the plain way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use crc_fast::CrcAlgorithm;
use md5::{Digest, Md5};
use partscope::domain::checksum::ChecksumAlgorithm as Algorithm;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

/// Least size of a part that is not the last.
pub const LEAST: usize = 5 * 1024 * 1024;

static PATTERN: LazyLock<Bytes> =
    LazyLock::new(|| (0..LEAST + 512).map(|i| u8::try_from(i % 251).unwrap()).collect());

/// What was hashed before, by algorithm and place in the buffer; only slices of the buffer are kept here.
type Known = HashMap<(&'static str, usize, usize), Vec<u8>>;
static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

/// A slice of the buffer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Data {
    pub start: usize,
    pub len: usize,
}

impl Data {
    pub fn bytes(self) -> Bytes {
        PATTERN.slice(self.start..self.start + self.len)
    }
}

impl std::fmt::Debug for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "bytes {}+{}", self.start, self.len)
    }
}

fn remembered(name: &'static str, data: &[u8], compute: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    let place = data.as_ptr() as usize;
    let buffer = PATTERN.as_ptr() as usize;
    if place < buffer || place + data.len() > buffer + PATTERN.len() {
        return compute();
    }
    if let Some(known) = KNOWN.lock().unwrap().get(&(name, place, data.len())) {
        return known.clone();
    }
    let value = compute();
    KNOWN.lock().unwrap().insert((name, place, data.len()), value.clone());
    value
}

pub fn md5(data: &[u8]) -> Vec<u8> {
    remembered("MD5", data, || Md5::digest(data).to_vec())
}

fn hex(raw: &[u8]) -> String {
    raw.iter().map(|b| format!("{b:02x}")).collect()
}

/// The ETag of a plain object or a part.
pub fn etag(data: &[u8]) -> String {
    hex(&md5(data))
}

/// The ETag of an object of parts.
pub fn multipart_etag<'a>(parts: impl ExactSizeIterator<Item = &'a [u8]>) -> String {
    let count = parts.len();
    let digests: Vec<u8> = parts.flat_map(md5).collect();
    format!("{}-{count}", etag(&digests))
}

fn crc(kind: CrcAlgorithm, data: &[u8], width: usize) -> Vec<u8> {
    crc_fast::checksum(kind, data).to_be_bytes()[8 - width..].to_vec()
}

pub fn raw_sum(algorithm: Algorithm, data: &[u8]) -> Vec<u8> {
    remembered(algorithm.name(), data, || match algorithm {
        Algorithm::Crc32 => crc(CrcAlgorithm::Crc32IsoHdlc, data, 4),
        Algorithm::Crc32c => crc(CrcAlgorithm::Crc32Iscsi, data, 4),
        Algorithm::Crc64Nvme => crc(CrcAlgorithm::Crc64Nvme, data, 8),
        Algorithm::Sha1 => sha1::Sha1::digest(data).to_vec(),
        Algorithm::Sha256 => sha2::Sha256::digest(data).to_vec(),
    })
}

pub fn sum(algorithm: Algorithm, data: &[u8]) -> String {
    STANDARD.encode(raw_sum(algorithm, data))
}

/// The COMPOSITE checksum of parts, with its suffix.
pub fn composite<'a>(algorithm: Algorithm, parts: impl ExactSizeIterator<Item = &'a [u8]>) -> String {
    let count = parts.len();
    let sums: Vec<u8> = parts.flat_map(|p| raw_sum(algorithm, p)).collect();
    format!("{}-{count}", sum(algorithm, &sums))
}

#[test]
fn the_digests_are_the_published_ones() {
    let all = |data: &[u8]| Algorithm::ALL.map(|a| hex(&raw_sum(a, data)));
    let [crc32, crc32c, crc64, _, _] = all(b"123456789");
    assert_eq!(
        (crc32.as_str(), crc32c.as_str(), crc64.as_str()),
        ("cbf43926", "e3069283", "ae8b14860a799888")
    );
    let parts: [&[u8]; 3] = [b"0123", b"4567", b"89"];
    assert_eq!(multipart_etag(parts.into_iter()), "61e3716e3a7767581863b67c4e785584-3");
    let one: [&[u8]; 1] = [b"this is a part"];
    assert_eq!(composite(Algorithm::Crc32c, one.into_iter()), "F9bAnw==-1");
}
