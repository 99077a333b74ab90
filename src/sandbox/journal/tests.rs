//! What is written down comes back; what is cut off is dropped; what is damaged is said.

use super::*;
use crate::sandbox::store::complete::{CompleteRequest, ListedPart};
use crate::sandbox::store::upload::{NewUpload, UploadName};
use crate::sandbox::store::write::DeleteTerms;
use crate::sandbox::store::{Conditions, Moment, NewObject, Settings, VersionId, Versioning};

const NOW: i64 = 1_800_000_000;

fn content(vault: &Vault, bytes: &[u8]) -> Content {
    let mut receiver = vault.receive(None, &[]).unwrap();
    receiver.push(bytes).unwrap();
    receiver.finish().unwrap()
}

fn open(dir: &Path) -> (Store, Journal, Vault) {
    let vault = Vault::open(dir, None).unwrap();
    let mut opened = Opened::at(dir, &vault).unwrap();
    let mut store = opened.store.take().unwrap_or_default();
    let journal = opened.begin(&store, &vault).unwrap();
    store.write_down(Box::new(journal.clone()));
    (store, journal, vault)
}

fn moment(n: u8) -> Moment {
    Moment { now: NOW, version: VersionId::of(&format!("{n:028}")) }
}

fn put(store: &mut Store, vault: &Vault, key: &str, bytes: &[u8], n: u8) {
    let new = NewObject { content: content(vault, bytes), ..NewObject::default() };
    store.put_object("bucket", key, new, &Conditions::default(), &moment(n)).unwrap();
}

const NAME_OF: UploadName<'static> = UploadName { bucket: "bucket", key: "m", id: "id" };

/// Something of everything.
fn work(store: &mut Store, vault: &Vault) {
    store.create_bucket("bucket", Settings::new(), NOW).unwrap();
    store.create_bucket("gone", Settings::new(), NOW).unwrap();
    store.delete_bucket("gone").unwrap();
    store.configure("bucket", |s| s.versioning = Versioning::Enabled).unwrap();
    put(store, vault, "k", b"one", 1);
    put(store, vault, "k", b"two", 2);
    store.delete_object("bucket", "k", None, DeleteTerms::default(), &moment(3)).unwrap();
    let first = VersionId::of(&format!("{:028}", 1));
    store.delete_object("bucket", "k", Some(&first.0), DeleteTerms::default(), &moment(4)).unwrap();
    put(store, vault, "t", b"tagged", 5);
    store.attach(("bucket", "t", None), |a| a.acl.0.clear()).unwrap();
    store.create_upload("bucket", "m", NewUpload::default(), "id".into(), NOW).unwrap();
    let part = store.put_part(NAME_OF, 1, content(vault, b"part"), None, NOW).unwrap();
    let listed = ListedPart { number: 1, etag: part.etag, checksums: Vec::new() };
    let request = CompleteRequest { parts: vec![listed], ..CompleteRequest::default() };
    store.complete(NAME_OF, &request, &moment(6)).unwrap();
    store.create_upload("bucket", "open", NewUpload::default(), "open".into(), NOW).unwrap();
    let open = UploadName { key: "open", id: "open", ..NAME_OF };
    store.put_part(open, 7, content(vault, b"seven"), None, NOW).unwrap();
    put(store, vault, "open", b"written meanwhile", 7);
    store.create_upload("bucket", "aborted", NewUpload::default(), "a".into(), NOW).unwrap();
    store.abort_upload(UploadName { key: "aborted", id: "a", ..NAME_OF }).unwrap();
}

/// A store as text: its snapshot.
fn text(store: &Store) -> Vec<String> {
    store.snapshot().map(|change| serde_json::to_string(&change).unwrap()).collect()
}

#[test]
fn a_store_comes_back_after_any_number_of_starts() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, journal, vault) = open(dir.path());
    work(&mut store, &vault);
    journal.sync().unwrap();
    let before = text(&store);
    drop((store, journal, vault));
    for _ in 0..2 {
        let (store, journal, vault) = open(dir.path());
        // The number of the event is not kept, only the order.
        let without = |list: Vec<String>| -> Vec<String> {
            list.iter().map(|l| l.split("\"event\":").next().unwrap().to_owned()).collect()
        };
        assert_eq!(without(text(&store)), without(before.clone()));
        assert_eq!(store.object("bucket", "m", None).unwrap().content.chunk(0, 9).unwrap().as_ref(), b"part");
        assert!(store.was_completed(NAME_OF));
        // Blobs of what is gone are gone: `one` and nothing else.
        let blobs = std::fs::read_dir(dir.path().join("blobs")).unwrap().count();
        assert_eq!(blobs, 5, "two, tagged, part, seven, written meanwhile");
        drop((journal, vault));
    }
}

#[test]
fn a_conditional_complete_still_knows_what_came_after_its_upload() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, journal, vault) = open(dir.path());
    work(&mut store, &vault);
    drop((store, journal, vault));
    let (mut store, _journal, _vault) = open(dir.path());
    let name = UploadName { key: "open", id: "open", ..NAME_OF };
    let etag = store.upload(name).unwrap().parts[&7].etag.clone();
    let current = store.object("bucket", "open", None).unwrap().etag.to_string();
    let request = CompleteRequest {
        parts: vec![ListedPart { number: 7, etag, checksums: Vec::new() }],
        conditions: Conditions { if_match: Some(current), if_none_match: None },
        ..CompleteRequest::default()
    };
    assert_eq!(store.complete(name, &request, &moment(9)).unwrap_err().code, "ConditionalRequestConflict");
}

#[test]
fn a_kill_at_any_byte_loses_nothing_that_was_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, journal, vault) = open(dir.path());
    work(&mut store, &vault);
    drop((store, journal));
    let whole = std::fs::read(dir.path().join(NAME)).unwrap();
    let ends: Vec<usize> =
        whole.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1).collect();
    let replayed =
        |len: usize| text(&replay::replay(&whole[..len], &vault, &mut Generators::default()).unwrap());
    let mut last = FORMAT.len();
    for end in ends.into_iter().skip(1) {
        // Between two lines the state is that of the first: before, in the middle of, and just before the end of
        // the second.
        let state = replayed(last);
        for cut in [last + 1, last + 8, last + 9, (last + end) / 2, end - 1] {
            assert_eq!(replayed(cut), state, "cut at {cut}");
        }
        last = end;
    }
}

#[test]
fn a_blob_that_is_missing_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, journal, vault) = open(dir.path());
    store.create_bucket("bucket", Settings::new(), NOW).unwrap();
    put(&mut store, &vault, "k", b"bytes", 1);
    drop((store, journal, vault));
    let blob = std::fs::read_dir(dir.path().join("blobs")).unwrap().next().unwrap().unwrap();
    std::fs::remove_file(blob.path()).unwrap();
    let vault = Vault::open(dir.path(), None).unwrap();
    let mut opened = Opened::at(dir.path(), &vault).unwrap();
    let store = opened.store.take().unwrap();
    let error = opened.begin(&store, &vault).unwrap_err().to_string();
    assert!(error.contains(blob.file_name().to_str().unwrap()), "{error}");
}

#[test]
fn what_was_swept_is_not_missed() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, journal, vault) = open(dir.path());
    work(&mut store, &vault);
    journal.sync().unwrap();
    assert!(vault.sweep().unwrap() > 0);
    drop((store, journal, vault));
    let (store, _journal, _vault) = open(dir.path());
    assert!(store.was_completed(NAME_OF));
}

fn read(bytes: &[u8], vault: &Vault) -> Result<Vec<String>, String> {
    let store = replay::replay(bytes, vault, &mut Generators::default());
    store.map(|store| text(&store)).map_err(|error| error.to_string())
}

#[test]
fn damage_of_what_was_acknowledged_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, journal, vault) = open(dir.path());
    store.create_bucket("bucket", Settings::new(), NOW).unwrap();
    store.create_bucket("second", Settings::new(), NOW).unwrap();
    let unsynced = std::fs::read(dir.path().join(NAME)).unwrap();
    journal.sync().unwrap();
    store.create_bucket("third", Settings::new(), NOW).unwrap();
    drop((store, journal));
    let spoilt = |mut bytes: Vec<u8>| {
        bytes[FORMAT.len() + 30] ^= 1;
        bytes
    };
    // Nobody knows that the first two lines were on the disk: they may have been lost in any order.
    assert_eq!(read(&spoilt(unsynced), &vault), Ok(Vec::new()));
    // The third line knows.
    let error = read(&spoilt(std::fs::read(dir.path().join(NAME)).unwrap()), &vault).unwrap_err();
    assert!(error.starts_with("line 1 of the journal is damaged"), "{error}");
}

#[test]
fn what_another_version_wrote_is_not_thrown_away() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, journal, vault) = open(dir.path());
    store.create_bucket("bucket", Settings::new(), NOW).unwrap();
    drop((store, journal));
    let mut bytes = std::fs::read(dir.path().join(NAME)).unwrap();
    let rest = " 1 {\"Renamed\":{}}";
    bytes.extend_from_slice(format!("{}{rest}\n", checksum(rest.as_bytes())).as_bytes());
    let error = read(&bytes, &vault).unwrap_err();
    assert!(error.contains("line 2") && error.contains("another version"), "{error}");
    assert!(read(b"another journal\n", &vault).is_err());
}

#[test]
fn blobs_without_a_journal_are_not_taken_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, journal, vault) = open(dir.path());
    store.create_bucket("bucket", Settings::new(), NOW).unwrap();
    put(&mut store, &vault, "k", b"bytes", 1);
    drop((store, journal, vault));
    std::fs::remove_file(dir.path().join(NAME)).unwrap();
    let vault = Vault::open(dir.path(), None).unwrap();
    let error = Opened::at(dir.path(), &vault).unwrap_err().to_string();
    assert!(error.starts_with("there are blobs and no journal"), "{error}");
    assert_eq!(std::fs::read_dir(dir.path().join("blobs")).unwrap().count(), 1);
}

#[test]
fn two_processes_do_not_share_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let (_store, _journal, vault) = open(dir.path());
    let error = Opened::at(dir.path(), &vault).unwrap_err();
    assert!(error.to_string().starts_with("another process uses this directory"), "{error}");
}

#[test]
fn an_old_journal_counts_until_the_new_one_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, journal, vault) = open(dir.path());
    work(&mut store, &vault);
    let before = text(&store).len();
    drop((store, journal, vault));
    std::fs::write(dir.path().join(NEXT), b"half of a new jour").unwrap();
    let (store, _journal, _vault) = open(dir.path());
    assert_eq!(text(&store).len(), before);
}
