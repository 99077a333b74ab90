//! What is written down comes back: the same bytes, the same digests, nothing hashed again.

use super::*;
use crate::hash::digest::digest_of;
use proptest::prelude::*;

fn read(content: &Content) -> Vec<u8> {
    let mut out = Vec::new();
    while (out.len() as u64) < content.len() {
        out.extend_from_slice(&content.chunk(out.len() as u64, 97).unwrap());
    }
    out
}

fn back(record: &ContentRecord, vault: &Vault) -> Content {
    let json = serde_json::to_string(record).unwrap();
    let read: ContentRecord = serde_json::from_str(&json).unwrap();
    assert_eq!(&read, record);
    read.restore(vault, &mut Generators::default()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_record_gives_the_same_bytes_and_digests(
        lens in proptest::collection::vec((0_u8..3, 0_u64..3000), 1..6), start in 0_u64..5000, len in 0_u64..5000,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::open(dir.path(), None).unwrap();
        let generator = Arc::new(Generator::with_windows(1, 1000, 50));
        let parts: Vec<Content> = lens.iter().enumerate().map(|(i, (kind, n))| match kind {
            0 => Content::synthetic(&generator, i as u64 * 700, *n),
            1 => Content::of_bytes(vec![i as u8; *n as usize]),
            _ => {
                let mut receiver = vault.receive(None, &[]).unwrap();
                receiver.push(&vec![i as u8; *n as usize]).unwrap();
                receiver.finish().unwrap()
            }
        }).collect();
        let whole = Content::join(vec![Content::join(parts), Content::of_bytes(vec![9; 100])]);
        let range = whole.range(start, len);
        for content in [&whole, &range] {
            let crc = content.digest(Algorithm::Checksum(ChecksumAlgorithm::Crc64Nvme)).unwrap().to_vec();
            let restored = back(&content.record().unwrap(), &Vault::open(dir.path(), None).unwrap());
            let known: Vec<_> = restored.known_digests().map(|(a, d)| (a, d.to_vec())).collect();
            let before: Vec<_> = content.known_digests().map(|(a, d)| (a, d.to_vec())).collect();
            prop_assert_eq!(known, before);
            prop_assert_eq!(crc, digest_of(Algorithm::Checksum(ChecksumAlgorithm::Crc64Nvme), &read(content)));
            prop_assert_eq!(read(&restored), read(content));
            prop_assert_eq!(restored.md5().unwrap(), content.md5().unwrap());
        }
    }
}

#[test]
fn known_digests_are_taken_as_they_are_written() {
    // A digest that is not the true one shows that nothing was hashed.
    let mut record = Content::of_bytes("hello").record().unwrap();
    record.digests.insert("MD5".into(), "00".repeat(16));
    let vault = Vault::temporary(0, Some(0));
    assert_eq!(back(&record, &vault).md5().unwrap(), [0; 16]);
    record.digests.insert("MD5".into(), "zz".into());
    assert!(record.restore(&vault, &mut Generators::default()).is_err());
}

#[test]
fn bytes_without_a_durable_place_cannot_be_written_down() {
    assert_eq!(Content::of_bytes(vec![0; 5000]).record(), Err(RecordError::InMemory(5000)));
    let vault = Vault::temporary(0, Some(1 << 20));
    let mut receiver = vault.receive(None, &[]).unwrap();
    receiver.push(b"hello").unwrap();
    assert_eq!(receiver.finish().unwrap().record(), Err(RecordError::Temporary(5)));
}

#[test]
fn unsound_records_are_refused() {
    let vault = Vault::temporary(0, None);
    for json in [
        r#"{"slices":[{"blob":{"id":"00000000000000000000000000000001","size":1,"at":0,"len":1}}]}"#,
        r#"{"slices":[{"blob":{"id":"00000000000000000000000000000001","size":1,"at":1,"len":1}}]}"#,
        r#"{"slices":[{"synthetic":{"seed":1,"window":0,"stamp":0,"start":0,"len":1}}]}"#,
        r#"{"slices":[{"synthetic":{"seed":1,"window":9,"stamp":1,"start":18446744073709551615,"len":1}}]}"#,
        r#"{"slices":[{"inline":"?"}]}"#,
        r#"{"digests":{"ROT13":"00"}}"#,
    ] {
        let record: ContentRecord = serde_json::from_str(json).unwrap();
        assert!(record.restore(&vault, &mut Generators::default()).is_err(), "{json}");
    }
    assert!(
        serde_json::from_str::<ContentRecord>(
            r#"{"slices":[{"blob":{"id":"../../x","size":1,"at":0,"len":1}}]}"#
        )
        .is_err()
    );
}

#[test]
fn equal_generators_are_shared_and_deep_trees_can_be_written() {
    let generator = Arc::new(Generator::with_windows(5, 1000, 50));
    let mut content = Content::synthetic(&generator, 0, 10);
    for i in 0..200 {
        content = Content::join(vec![content, Content::synthetic(&generator, i, 3)]);
    }
    let restored = back(&content.record().unwrap(), &Vault::temporary(0, None));
    assert_eq!(read(&restored), read(&content));
    let mut found: Vec<_> = restored
        .slices()
        .filter_map(|s| match s {
            Slice::Synthetic { generator, .. } => Some(Arc::as_ptr(generator)),
            _ => None,
        })
        .collect();
    found.dedup();
    assert_eq!(found.len(), 1);
}
