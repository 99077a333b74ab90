//! The digests of a part's bytes, computed beside the interface before they are sent.

use crate::domain::checksum::{ChecksumAlgorithm, Checksums};
use crate::domain::operation::PartBody;
use crate::domain::predict::BodyDigest;
use crate::hash::digest::{Algorithm, Hasher};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// Bytes handled at a time.
const PIECE: usize = 256 * 1024;

/// Reads a body once for all its digests. `Err` says why it cannot be read.
pub fn of(body: &PartBody) -> Result<BodyDigest, String> {
    let mut hashers: Vec<Hasher> = Algorithm::all().map(Hasher::new).collect();
    let mut feed = |piece: &[u8]| hashers.iter_mut().for_each(|h| h.update(piece));
    match body {
        PartBody::Generated { seed, len } => generated(*seed, *len, &mut feed),
        PartBody::File { path, offset, len } => {
            // A pipe or a device would be waited for, or read for ever.
            let known = std::fs::metadata(path).map_err(|e| format!("{}: {e}", path.display()))?;
            if !known.is_file() {
                return Err(format!("{} is not a regular file", path.display()));
            }
            let mut file = File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
            file.seek(SeekFrom::Start(*offset)).map_err(|e| format!("{}: {e}", path.display()))?;
            let read =
                range(&mut file.take(*len), &mut feed).map_err(|e| format!("{}: {e}", path.display()))?;
            if read < *len {
                return Err(format!("{} ends {} bytes before the part does", path.display(), len - read));
            }
        }
    }
    let mut digest = BodyDigest { md5: [0; 16], checksums: Checksums::default() };
    for (algorithm, hasher) in Algorithm::all().zip(hashers) {
        let raw = hasher.finish();
        match algorithm {
            Algorithm::Md5 => {
                digest.md5 =
                    raw.try_into().map_err(|_| "an MD5 of another length than 16 bytes".to_owned())?;
            }
            Algorithm::Checksum(algorithm) => {
                digest
                    .checksums
                    .values
                    .push((ChecksumAlgorithm::name(algorithm).to_owned(), STANDARD.encode(raw)));
            }
        }
    }
    Ok(digest)
}

fn generated(seed: u64, len: u64, feed: &mut impl FnMut(&[u8])) {
    let mut at = 0;
    let mut piece = Vec::with_capacity(PIECE);
    while at < len {
        let size = (len - at).min(u64::try_from(PIECE).unwrap_or(u64::MAX));
        piece.clear();
        piece.extend((at..at + size).map(|i| PartBody::generated_byte(seed, i)));
        feed(&piece);
        at += size;
    }
}

fn range(from: &mut impl Read, feed: &mut impl FnMut(&[u8])) -> std::io::Result<u64> {
    let mut piece = vec![0; PIECE];
    let mut total = 0;
    loop {
        let n = from.read(&mut piece)?;
        if n == 0 {
            return Ok(total);
        }
        feed(piece.get(..n).unwrap_or(&[]));
        total += u64::try_from(n).unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::etag::ETag;
    use std::io::Write as _;

    #[test]
    fn generated_bytes_and_the_same_bytes_in_a_file_have_the_same_digests() {
        let len = 600_001;
        let bytes: Vec<u8> = (0..len).map(|i| PartBody::generated_byte(7, i)).collect();
        let made = of(&PartBody::Generated { seed: 7, len }).unwrap();
        assert_eq!(ETag::of_bytes(&bytes).digest(), Some(made.md5));
        assert_eq!(made.checksums.values.len(), ChecksumAlgorithm::ALL.len());
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"before").unwrap();
        file.write_all(&bytes).unwrap();
        let body = |len| PartBody::File { path: file.path().to_owned(), offset: 6, len };
        assert_eq!(of(&body(len)).unwrap(), made);
        assert!(of(&body(len + 1)).unwrap_err().contains("1 bytes before"));
    }
}
