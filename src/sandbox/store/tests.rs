//! The store's rules alone: recorded vectors and tables, without HTTP.

use super::complete::{CompleteRequest, ListedPart};
use super::object::base64;
use super::upload::{NewUpload, UploadName, checksum_choice};
use super::*;
use crate::domain::checksum::{ChecksumAlgorithm as A, ChecksumType};
use crate::sandbox::content::Content;

const NOW: i64 = 1_800_000_000;
const NAME: UploadName<'static> = UploadName { bucket: "bucket", key: "k", id: "id" };

fn store() -> Store {
    let mut store = Store::new();
    store.create_bucket("bucket", Settings::new(), NOW).unwrap();
    store
}

fn a(n: usize) -> Vec<u8> {
    vec![b'a'; n]
}

/// Begins an upload and puts parts 1 to N.
fn begun(checksum: Option<(A, ChecksumType)>, parts: &[Vec<u8>]) -> (Store, CompleteRequest) {
    let mut store = store();
    store
        .create_upload("bucket", "k", NewUpload { checksum, ..NewUpload::default() }, "id".into(), NOW)
        .unwrap();
    let mut request = CompleteRequest::default();
    for (number, bytes) in (1..).zip(parts) {
        let part = store.put_part(NAME, number, Content::of_bytes(bytes.clone()), None, NOW).unwrap();
        let checksums = match checksum {
            Some((algorithm, _)) => vec![(algorithm, base64(part.content.checksum(algorithm).unwrap()))],
            None => vec![],
        };
        request.parts.push(ListedPart { number, etag: part.etag, checksums });
    }
    (store, request)
}

fn at_now() -> Moment {
    Moment::unversioned(NOW)
}

fn finished(checksum: Option<(A, ChecksumType)>, parts: &[Vec<u8>]) -> Arc<Object> {
    let (mut store, request) = begun(checksum, parts);
    store.complete(NAME, &request, &at_now()).unwrap();
    store.object("bucket", "k", None).unwrap()
}

#[test]
fn recorded_objects_come_out() {
    let text = |s: &str, n: usize| s.repeat(n).into_bytes();
    for (parts, etag, crc) in [
        (vec![text("this is a part", 1)], "395d97c07920de036bfa21e7568a2e9f-1", None),
        (vec![text("upload-part-1", 5)], "e747540af6911dbc890f8d3e0b48549b-1", Some("CTXktO4pIQs=")),
        (
            vec![text("test content 123", 327_681), text("test content 123", 1)],
            "2848839dc84e13fa00a0944e760e233b-2",
            Some("44QnbGeotHE="),
        ),
        (vec![a(5_242_881), a(5_242_881), a(10)], "4d45984fc3feb2ac9b22683c49674b56-3", Some("ZMNX55lZurA=")),
        (
            vec![vec![b'A'; 5_242_880], vec![b'B'; 5_242_880], vec![b'C'; 5_242_880]],
            "b2add96cc9702bbf4efb0ccdfc6b7747-3",
            None,
        ),
        (vec![vec![]], "59adb24ef3cdbe0297f05b395827453f-1", None),
        (vec![vec![0; 2_613_248]], "16308760353355915d657a6f32d6d6f1-1", None),
    ] {
        let object = finished(None, &parts);
        assert_eq!(object.etag.to_string(), etag);
        assert_eq!(
            object.checksum.as_ref().map(|c| (c.algorithm, c.kind)).unwrap(),
            (A::Crc64Nvme, ChecksumType::FullObject)
        );
        if let Some(crc) = crc {
            assert_eq!(object.checksum_value().unwrap().unwrap(), crc);
        }
    }
}

#[test]
fn s3_060_composite_checksums_hash_the_raw_part_checksums() {
    let parts = [a(5_242_881), a(5_242_881), a(10)];
    for (algorithm, value) in [
        (A::Crc32, "5FRUiw==-3"),
        (A::Crc32c, "XF5+4A==-3"),
        (A::Sha1, "AyE60nyQoBgJcwsyPHWu7aJuxBs=-3"),
        (A::Sha256, "9o++y6AejqboiJ7MZCx0fahK2Vu5YC/qnNhhYsCLciI=-3"),
    ] {
        let object = finished(Some((algorithm, ChecksumType::Composite)), &parts);
        assert_eq!(object.checksum_header().unwrap().unwrap(), value);
    }
}

#[test]
fn s3_061_full_object_checksums_are_over_the_bytes() {
    let parts = [a(5_242_881), a(5_242_881), a(10)];
    for (algorithm, value) in
        [(A::Crc32, "qSEQSA=="), (A::Crc32c, "eTdAQA=="), (A::Crc64Nvme, "ZMNX55lZurA=")]
    {
        let object = finished(Some((algorithm, ChecksumType::FullObject)), &parts);
        assert_eq!(object.checksum_header().unwrap().unwrap(), value);
        let whole = Content::of_bytes(parts.concat());
        assert_eq!(base64(whole.checksum(algorithm).unwrap()), value);
    }
    let whole = Content::of_bytes(parts.concat());
    assert_eq!(base64(whole.checksum(A::Sha1).unwrap()), "eIC+AqBqApUmeqCBQ+9n8OVTP+8=");
}

#[test]
fn s3_062_not_every_algorithm_allows_both_types() {
    use ChecksumType::{Composite, FullObject};
    for (algorithm, kind, wanted) in [
        (None, None, Ok(None)),
        (Some("CRC32"), None, Ok(Some((A::Crc32, Composite)))),
        (Some("CRC32C"), Some("FULL_OBJECT"), Ok(Some((A::Crc32c, FullObject)))),
        (Some("CRC64NVME"), None, Ok(Some((A::Crc64Nvme, FullObject)))),
        (Some("SHA256"), None, Ok(Some((A::Sha256, Composite)))),
        (
            Some("CRC64NVME"),
            Some("COMPOSITE"),
            Err("The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm."),
        ),
        (
            Some("SHA256"),
            Some("FULL_OBJECT"),
            Err("The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm."),
        ),
        (
            None,
            Some("COMPOSITE"),
            Err("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."),
        ),
        (
            Some("CRC7"),
            None,
            Err(
                "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
            ),
        ),
    ] {
        let got = checksum_choice(algorithm, kind).map_err(|e| e.message.into_owned());
        assert_eq!(got, wanted.map_err(str::to_owned), "{algorithm:?} {kind:?}");
    }
}

/// What Complete answers when its request is changed in one way.
fn spoilt(
    checksum: Option<(A, ChecksumType)>,
    spoil: fn(&mut CompleteRequest),
) -> Result<(), (&'static str, String)> {
    let (mut store, mut request) = begun(checksum, &[b"test".to_vec()]);
    spoil(&mut request);
    store.complete(NAME, &request, &at_now()).map(|_| ()).map_err(|e| (e.code, e.message.into_owned()))
}

#[test]
fn s3_063_complete_checks_checksums_by_how_the_upload_was_created() {
    let composite = Some((A::Crc32, ChecksumType::Composite));
    let full = Some((A::Crc32c, ChecksumType::FullObject));
    let code = |r: Result<(), (&'static str, String)>| r.err().map(|(c, _)| c);
    assert_eq!(spoilt(composite, |_| ()), Ok(()));
    assert_eq!(
        spoilt(composite, |r| r.parts[0].checksums.clear()),
        Err(("InvalidRequest", "The upload was created using a crc32 checksum. The complete request must include the checksum for each part. It was missing for part 1 in the request.".into()))
    );
    assert_eq!(
        code(spoilt(composite, |r| r.parts[0].checksums[0].1 = "AAAAAA==".into())),
        Some("InvalidPart")
    );
    assert_eq!(
        spoilt(composite, |r| r.parts[0].checksums = vec![(A::Sha256, "x".into())]),
        Err(("BadDigest", "The sha256 you specified for part 1 did not match what we received.".into()))
    );
    assert_eq!(spoilt(full, |r| r.parts[0].checksums.clear()), Ok(()));
    // `test` has the CRC-32C 0x86a072c0.
    let right = |r: &mut CompleteRequest| r.whole = Some((A::Crc32c, "hqBywA==".into()));
    let wrong = ("BadDigest", "The crc32c you specified did not match the calculated checksum.".to_owned());
    assert_eq!(spoilt(full, right), Err(wrong.clone()));
    assert_eq!(
        spoilt(full, |r| {
            r.whole = Some((A::Crc32c, "hqBywA==".into()));
            r.checksum_type = Some("FULL_OBJECT".into());
        }),
        Ok(())
    );
    assert_eq!(
        spoilt(full, |r| {
            r.whole = Some((A::Crc32c, "AAAAAA==".into()));
            r.checksum_type = Some("FULL_OBJECT".into());
        }),
        Err(wrong)
    );
    assert_eq!(
        spoilt(full, |r| r.checksum_type = Some("COMPOSITE".into())),
        Err(("InvalidRequest", "The upload was created using the FULL_OBJECT checksum mode. The complete request must use the same checksum mode.".into()))
    );
    assert_eq!(
        code(spoilt(None, |r| r.parts[0].checksums = vec![(A::Crc32, "2H9+DA==".into())])),
        Some("InvalidPart")
    );
    assert_eq!(
        spoilt(None, |r| r.checksum_type = Some("FULL_OBJECT".into())).map_err(|e| e.1),
        Err("The upload was created using the null checksum mode. The complete request must use the same checksum mode.".into())
    );
}

#[test]
fn s3_064_numbers_must_be_consecutive_with_composite_checksums() {
    let (mut store, mut request) =
        begun(Some((A::Crc32, ChecksumType::Composite)), &[b"x".to_vec(), b"y".to_vec()]);
    request.parts.remove(0);
    assert_eq!(store.complete(NAME, &request, &at_now()).map_err(|e| e.code).err(), Some("InvalidPartOrder"));
    let (mut store, mut request) = begun(None, &[b"x".to_vec(), b"y".to_vec()]);
    request.parts.remove(0);
    store.complete(NAME, &request, &at_now()).unwrap();
    assert_eq!(store.object("bucket", "k", None).unwrap().content.len(), 1);
}

#[test]
fn s3_065_only_listed_parts_become_the_object() {
    let (mut store, mut request) = begun(None, &[b"one".to_vec(), b"two".to_vec()]);
    request.parts.pop();
    store.complete(NAME, &request, &at_now()).unwrap();
    let object = store.object("bucket", "k", None).unwrap();
    assert_eq!((object.content.len(), object.etag.part_count()), (3, Some(1)));
    assert_eq!(store.upload(NAME).map(|_| ()).map_err(|e| e.code), Err("NoSuchUpload"));
}

#[test]
fn s3_066_a_source_over_5_gib_needs_a_range() {
    let generator = Arc::new(crate::sandbox::synthetic::Generator::new(1));
    let big = 5 * crate::domain::units::GIB + 1;
    let mut store = store();
    let new = NewObject { content: Content::synthetic(&generator, 0, 3), ..NewObject::default() };
    let small = store.put_object("bucket", "k", new, &Conditions::default(), &at_now()).unwrap();
    let object = Object { content: Content::synthetic(&generator, 0, big), ..(*small).clone() };
    let code = |range| copy::copied_range(&object, range).map(|c| c.len()).map_err(|e| e.code);
    assert_eq!(code(None), Err("InvalidRequest"));
    assert_eq!(code(Some("bytes=0-5368709120")), Err("EntityTooLarge"));
    assert_eq!(code(Some("bytes=0-8388607")), Ok(8_388_608));
}

#[test]
fn buckets_are_named_made_and_removed_by_rule() {
    let mut store = store();
    for (name, fine) in [
        ("abc", true),
        ("a.b-c1", true),
        ("ab", false),
        ("-abc", false),
        ("abc-", false),
        ("Abc", false),
        ("a..b", false),
        ("1.2.3.4", false),
        ("a_b", false),
    ] {
        assert_eq!(store.create_bucket(name, Settings::new(), NOW).is_ok(), fine, "{name}");
    }
    let new = NewObject { content: Content::default(), ..NewObject::default() };
    store.put_object("abc", "k", new.clone(), &Conditions::default(), &at_now()).unwrap();
    assert_eq!(store.delete_bucket("abc").map_err(|e| e.code), Err("BucketNotEmpty"));
    store.delete_object("abc", "k", None, write::DeleteTerms::default(), &at_now()).unwrap();
    assert_eq!(store.delete_bucket("abc"), Ok(()));
    let long = "k".repeat(1025);
    let error =
        store.put_object("bucket", &long, new, &Conditions::default(), &at_now()).map(|_| ()).unwrap_err();
    assert_eq!((error.code, error.extra[0].1.as_str()), ("KeyTooLongError", "1025"));
}

#[test]
fn the_latest_finished_uploads_are_remembered() {
    let mut store = store();
    let finish = |store: &mut Store, n: usize| {
        let id = format!("id-{n}");
        let name = UploadName { id: &id, ..NAME };
        store.create_upload("bucket", "k", NewUpload::default(), id.clone(), NOW).unwrap();
        let part = store.put_part(name, 1, Content::of_bytes(b"x".to_vec()), None, NOW).unwrap();
        let listed = ListedPart { number: 1, etag: part.etag, checksums: Vec::new() };
        let request = CompleteRequest { parts: vec![listed], ..CompleteRequest::default() };
        store.complete(name, &request, &at_now()).unwrap();
    };
    (0..4097).for_each(|n| finish(&mut store, n));
    let remembered = |n: usize| store.was_completed(UploadName { id: &format!("id-{n}"), ..NAME });
    assert_eq!([0, 1, 4095, 4096].map(remembered), [false, true, true, true]);
}
