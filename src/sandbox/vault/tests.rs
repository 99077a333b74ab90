//! Memory, pages and directories: what is received is read back, and what is dropped is given back.

use super::*;
use crate::domain::checksum::ChecksumAlgorithm;
use crate::hash::digest::digest_of;
use proptest::prelude::*;
use std::fs;

const CRC32C: Algorithm = Algorithm::Checksum(ChecksumAlgorithm::Crc32c);

fn keep(vault: &Vault, data: &[u8], piece: usize, hint: bool) -> Result<Content, VaultError> {
    let mut receiver = vault.receive(hint.then_some(data.len() as u64), &[CRC32C])?;
    for piece in data.chunks(piece) {
        receiver.push(piece)?;
    }
    receiver.finish()
}

fn read(content: &Content) -> Vec<u8> {
    let mut out = Vec::new();
    while (out.len() as u64) < content.len() {
        out.extend_from_slice(&content.chunk(out.len() as u64, 100_003).unwrap());
    }
    out
}

fn noise(len: usize) -> Vec<u8> {
    (0..len as u64).map(|n| (crate::sandbox::synthetic::mix(n / 8) >> (8 * (n % 8))) as u8).collect()
}

fn files(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir.join(BLOBS)).unwrap();
    let mut names: Vec<String> = names.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn bytes_come_back_wherever_they_are_kept(
        len in 0_usize..3_000_000, piece in 1_000_usize..300_000, memory in 0_u64..3_000_000, hint: bool,
        start in 0_u64..3_000_000, want in 0_u64..3_000_000,
    ) {
        let data = noise(len);
        let dir = tempfile::tempdir().unwrap();
        for vault in [Vault::temporary(memory, Some(8 << 20)), Vault::open(dir.path(), None).unwrap()] {
            let content = keep(&vault, &data, piece, hint).unwrap();
            prop_assert_eq!(read(&content), &data[..]);
            let known: Vec<(Algorithm, Vec<u8>)> = content.known_digests().map(|(a, d)| (a, d.to_vec())).collect();
            prop_assert_eq!(known.len(), 3);
            for (algorithm, digest) in known {
                prop_assert_eq!(digest, digest_of(algorithm, &data));
            }
            let (from, to) = ((start as usize).min(len), (start.saturating_add(want) as usize).min(len));
            let range = content.range(start, want);
            prop_assert_eq!(read(&range), &data[from..to.max(from)]);
            prop_assert_eq!(range.md5().unwrap().to_vec(), digest_of(Algorithm::Md5, &data[from..to.max(from)]));
            let usage = vault.usage();
            prop_assert!(usage.memory <= memory && usage.memory + usage.disk >= len as u64);
            drop((content, range));
            prop_assert_eq!(vault.usage().memory, 0);
        }
        let vault = Vault::temporary(0, Some(8 << 20));
        let content = keep(&vault, &data, piece, hint).unwrap();
        drop(content);
        prop_assert_eq!(vault.usage().disk, 0);
    }
}

#[test]
fn memory_is_counted_to_the_byte_and_as_long_as_anything_holds_it() {
    let vault = Vault::temporary(1_000_000, Some(0));
    let content = keep(&vault, &noise(700_000), 65_536, false).unwrap();
    assert_eq!(vault.usage().memory, 700_000);
    let (range, whole) = (content.range(5, 10), Content::join(vec![content.clone(), Content::of_bytes("x")]));
    drop(content);
    drop(whole);
    assert_eq!(vault.usage().memory, 700_000);
    drop(range);
    assert_eq!(vault.usage().memory, 0);
}

#[test]
fn what_is_full_says_so_and_loses_nothing() {
    let vault = Vault::temporary(100_000, Some(200_000));
    let first = keep(&vault, &noise(100_000), 1000, true).unwrap();
    let before = vault.usage();
    for hint in [true, false] {
        let error = S3Error::from(keep(&vault, &noise(250_000), 1000, hint).unwrap_err());
        assert_eq!((error.status, error.code), (507, "InsufficientStorage"));
        for word in
            ["97.7 KiB in memory", "195.3 KiB on disk", "Delete objects", "--memory-budget", "--disk-budget"]
        {
            assert!(error.message.contains(word), "{}", error.message);
        }
        assert_eq!(vault.usage(), before);
    }
    drop(first);
    assert_eq!(vault.usage().memory, 0);
    keep(&vault, &noise(250_000), 1000, true).unwrap();
}

#[test]
fn a_full_disk_is_told_from_a_broken_one() {
    let error = |kind: io::ErrorKind| S3Error::from(VaultError::from(io::Error::from(kind)));
    assert_eq!(error(io::ErrorKind::StorageFull).code, "InsufficientStorage");
    assert_eq!(error(io::ErrorKind::PermissionDenied).code, "InternalError");
}

#[test]
fn a_directory_keeps_each_body_in_a_file_until_it_is_swept() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path(), Some(1000)).unwrap();
    assert!(keep(&vault, b"", 1, true).unwrap().is_empty());
    assert!(files(dir.path()).is_empty());
    let (a, b) = (keep(&vault, b"first", 2, true).unwrap(), keep(&vault, b"second", 2, true).unwrap());
    assert_eq!((files(dir.path()).len(), vault.usage().disk), (2, 11));
    let joined = Content::join(vec![a.clone(), Content::of_bytes("-")]);
    drop((a, b));
    assert_eq!(files(dir.path()).len(), 2, "dropping deletes nothing");
    assert_eq!(vault.sweep().unwrap(), 1);
    assert_eq!(vault.usage().disk, 5);
    assert_eq!(read(&joined), b"first-");
    // An unfinished body leaves nothing, and a full one neither.
    let mut receiver = vault.receive(None, &[]).unwrap();
    receiver.push(b"unfinished").unwrap();
    assert_eq!(files(dir.path()).len(), 2);
    assert!(matches!(receiver.push(&[0; 1000]), Err(VaultError::Full(_))));
    drop(receiver);
    assert_eq!((files(dir.path()).len(), vault.usage().disk), (1, 5));
}

#[test]
fn a_later_process_finds_blobs_again_and_keeps_only_what_is_listed() {
    let dir = tempfile::tempdir().unwrap();
    let ids: Vec<BlobId> = {
        let vault = Vault::open(dir.path(), None).unwrap();
        for text in ["one", "two", "three"] {
            keep(&vault, text.as_bytes(), 100, true).unwrap();
        }
        files(dir.path()).iter().map(|name| name.parse().unwrap()).collect()
    };
    fs::write(dir.path().join(BLOBS).join(format!("{}.part", ids[0])), "half").unwrap();
    fs::write(dir.path().join(BLOBS).join("README"), "not ours").unwrap();
    let vault = Vault::open(dir.path(), None).unwrap();
    let one = vault.content_of(ids[0], 3).unwrap();
    assert_eq!((read(&one), vault.usage().disk), (b"one".to_vec(), 3));
    assert!(vault.content_of(ids[1], 4).is_err(), "another length");
    assert_eq!(vault.keep_only(&HashSet::from([ids[1]])).unwrap(), 2);
    let left = [ids[0].to_string(), ids[1].to_string(), "README".to_owned()];
    assert_eq!(files(dir.path()), left);
    assert!(vault.content_of(ids[2], 5).is_err(), "deleted");
    // The same blob found twice is one file; it goes when both are gone.
    let again = vault.content_of(ids[0], 3).unwrap();
    drop(one);
    assert_eq!(vault.sweep().unwrap(), 0);
    drop(again);
    assert_eq!(vault.sweep().unwrap(), 1);
    assert!(Vault::temporary(0, None).content_of(ids[1], 3).is_err());
}
