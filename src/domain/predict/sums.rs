//! Checksums as a request states them, and those that follow from the checksums of parts.

use super::asked::Asked;
use super::{BodyDigest, Refusal};
use crate::domain::checksum::{ChecksumAlgorithm, ChecksumType};
use crate::domain::upload::MultipartUpload;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// The algorithm an upload was begun with, and its type.
pub(super) type Choice = Option<(ChecksumAlgorithm, ChecksumType)>;

/// What an upload was begun with. Of one that was taken over it is known once its parts were listed.
pub(super) fn choice(asked: &mut Asked<'_, '_>, machine: &MultipartUpload) -> Choice {
    let properties = &machine.plan().properties;
    let Some(name) = properties.checksum_algorithm.as_deref() else {
        if !machine.ledger_is_whole() {
            asked.doubt("with which checksum the upload was begun: its parts were not listed");
        }
        return None;
    };
    let Some(algorithm) = ChecksumAlgorithm::parse(name) else {
        asked.doubt(format!("how S3 treats the checksum {name}"));
        return None;
    };
    let kind = properties.checksum_type.as_deref().and_then(ChecksumType::parse);
    Some((algorithm, kind.unwrap_or_else(|| algorithm.default_type())))
}

/// The one checksum header of a request.
pub(super) fn stated(asked: &Asked<'_, '_>) -> Result<Option<(ChecksumAlgorithm, String)>, Refusal> {
    let mut found = ChecksumAlgorithm::ALL.into_iter().filter_map(|a| Some((a, asked.header(a.header())?)));
    let first = found.next();
    match found.next() {
        Some(_) => Err(Refusal::request("a request may state one checksum, and this one states several")),
        None => Ok(first),
    }
}

/// The MD5 a request states of its body.
pub(super) fn stated_md5(asked: &Asked<'_, '_>) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(text) = asked.header("content-md5") else { return Ok(None) };
    let raw = STANDARD.decode(text).unwrap_or_default();
    if raw.len() != 16 {
        return Err(Refusal::new(400, "InvalidDigest", "Content-MD5 is 16 bytes in base64"));
    }
    Ok(Some(raw))
}

/// Checks what a part states about its bytes; gives the checksum that will be echoed.
pub(super) fn check_body(
    asked: &mut Asked<'_, '_>,
    digest: Option<&BodyDigest>,
) -> Result<Option<(ChecksumAlgorithm, String)>, Refusal> {
    if let Some(raw) = stated_md5(asked)? {
        match digest {
            Some(digest) if raw != digest.md5 => {
                return Err(Refusal::new(400, "BadDigest", "Content-MD5 is not the MD5 of these bytes"));
            }
            Some(_) => {}
            None => asked.doubt("the MD5 of the bytes"),
        }
    }
    let Some((algorithm, value)) = stated(asked)? else { return Ok(None) };
    let header = algorithm.header();
    if STANDARD.decode(&value).map_or(0, |raw| raw.len()) != length(algorithm) {
        let bytes = length(algorithm);
        return Err(Refusal::request(format!("{header} is {bytes} bytes in base64")));
    }
    match digest.and_then(|d| d.checksums.get(algorithm.name())) {
        Some(right) if right != value => {
            let why = format!("{header} is not the {} of these bytes", algorithm.name());
            Err(Refusal::new(400, "BadDigest", why))
        }
        Some(_) => Ok(Some((algorithm, value))),
        None => {
            asked.doubt(format!("the {} of the bytes", algorithm.name()));
            Ok(Some((algorithm, value)))
        }
    }
}

/// Bytes of a checksum.
pub(super) fn length(algorithm: ChecksumAlgorithm) -> usize {
    match algorithm {
        ChecksumAlgorithm::Crc32 | ChecksumAlgorithm::Crc32c => 4,
        ChecksumAlgorithm::Crc64Nvme => 8,
        ChecksumAlgorithm::Sha1 => 20,
        ChecksumAlgorithm::Sha256 => 32,
    }
}

/// COMPOSITE: the checksum of the raw checksums of the parts, and their number. `None` if one of them is not base64.
pub(super) fn composite<'v>(
    algorithm: ChecksumAlgorithm,
    values: impl Iterator<Item = &'v str>,
) -> Option<String> {
    let (mut raw, mut count) = (Vec::new(), 0_usize);
    for value in values {
        STANDARD.decode_vec(value, &mut raw).ok()?;
        count += 1;
    }
    let crc = |kind: CrcAlgorithm| crc_fast::checksum(kind, &raw).to_be_bytes();
    let sum = match algorithm {
        ChecksumAlgorithm::Crc32 => crc(CrcAlgorithm::Crc32IsoHdlc).get(4..)?.to_vec(),
        ChecksumAlgorithm::Crc32c => crc(CrcAlgorithm::Crc32Iscsi).get(4..)?.to_vec(),
        ChecksumAlgorithm::Crc64Nvme => crc(CrcAlgorithm::Crc64Nvme).to_vec(),
        ChecksumAlgorithm::Sha1 => Sha1::digest(&raw).to_vec(),
        ChecksumAlgorithm::Sha256 => Sha256::digest(&raw).to_vec(),
    };
    Some(format!("{}-{count}", STANDARD.encode(sum)))
}
