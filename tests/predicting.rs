//! What is told of a request before it is sent, against what the sandbox answers to it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rig;

use partscope::domain::draft::{Draft, KINDS, Place};
use partscope::domain::mistake::mend;
use partscope::domain::names::{ObjectRef, Tag};
use partscope::domain::operation::{
    CopyObject, GetObjectAttributes, HeadObject, ListMultipartUploads, ListParts, Operation, OperationId,
    OperationKind, PutObjectTagging,
};
use partscope::domain::outcome::Outcome;
use partscope::domain::predict::{Certainty, Prediction, Verdict};
use partscope::domain::units::PartNumber;
use partscope::domain::upload::{Move, MultipartUpload};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rig::{Rig, base64, dataset, notes};

/// Sends a draft; the answer must be as predicted unless the prediction is open. Gives the prediction and whether
/// something was changed.
async fn sent(rig: &mut Rig, draft: &Draft) -> Option<(Prediction, Outcome)> {
    let operation = draft.operation().ok()?;
    let prediction = rig.predict(&operation);
    let outcome = rig.perform(&operation).await;
    let verdict = prediction.judge(&outcome);
    match (&prediction.certainty, &verdict) {
        (_, Verdict::NoAnswer(_)) | (Certainty::Certain | Certainty::Unverified, Verdict::AsPredicted(_)) => {
        }
        (Certainty::Open(_), Verdict::Unpredicted(_)) => {}
        _ => panic!("{operation:#?}\n{prediction:#?}\n{verdict:?}\n{outcome:?}"),
    }
    Some((prediction, outcome))
}

/// Whether what the rig knows may be out of date after this.
fn changed(kind: OperationKind, outcome: &Outcome) -> bool {
    kind.writes() && kind != OperationKind::CreateMultipartUpload && !matches!(outcome, Outcome::Refused(_))
}

/// A draft of every kind, about the prepared upload.
fn drafts(rig: &Rig) -> Vec<Draft> {
    let object = |o: ObjectRef| Operation::HeadObject(HeadObject { object: o, part_number: None });
    let copy = CopyObject {
        source: notes(),
        destination: rig.destination(),
        copy_source_if_match: None,
        drop_tags: false,
        storage_class: None,
        if_none_match: false,
    };
    let tags = vec![Tag { key: "team".into(), value: "blue".into() }];
    let operations = [
        Operation::ListParts(ListParts {
            upload: rig.machine.upload().unwrap(),
            part_number_marker: None,
            max_parts: None,
        }),
        Operation::ListMultipartUploads(ListMultipartUploads {
            bucket: "scratch".into(),
            ..ListMultipartUploads::default()
        }),
        object(notes()),
        object(dataset()),
        object(rig.destination()),
        Operation::GetObjectAttributes(GetObjectAttributes {
            object: dataset(),
            part_number_marker: None,
            max_parts: None,
        }),
        Operation::CopyObject(copy),
        Operation::GetObjectTagging(notes()),
        Operation::PutObjectTagging(PutObjectTagging { object: notes(), tags }),
        Operation::DeleteObjectTagging(rig.destination()),
    ];
    let moves = [
        Move::Create,
        Move::Part(PartNumber(1)),
        Move::Part(PartNumber(3)),
        Move::Part(PartNumber(4)),
        Move::Complete,
        Move::Abort,
    ];
    let drafts = operations.iter().map(|o| Draft::of(o).unwrap());
    moves.map(|m| rig.draft(m)).into_iter().chain(drafts).collect()
}

/// Code and certainty expected of a draft with these texts.
type Case = (Move, &'static [(&'static str, &'static str)], Option<&'static str>, bool);

const SURE: bool = true;

/// Texts put into the drafts of moves, and what must be predicted. `{md5}` and `{crc}` stand for what is right.
const CASES: &[Case] = &[
    (Move::Create, &[], None, SURE),
    (Move::Create, &[("StorageClass", "OUTPOSTS")], Some("InvalidStorageClass"), SURE),
    (Move::Create, &[("StorageClass", "STANDARD_IA"), ("Metadata", "a=b")], None, SURE),
    (Move::Create, &[("ChecksumType", "COMPOSITE")], Some("InvalidRequest"), SURE),
    (
        Move::Create,
        &[("ChecksumAlgorithm", "CRC64NVME"), ("ChecksumType", "COMPOSITE")],
        Some("InvalidRequest"),
        SURE,
    ),
    (
        Move::Create,
        &[("ChecksumAlgorithm", "SHA256"), ("ChecksumType", "FULL_OBJECT")],
        Some("InvalidRequest"),
        SURE,
    ),
    (Move::Create, &[("ChecksumAlgorithm", "CRC32C"), ("ChecksumType", "FULL_OBJECT")], None, SURE),
    (Move::Create, &[("ChecksumAlgorithm", "CRC99")], Some("InvalidRequest"), SURE),
    (Move::Create, &[("ChecksumAlgorithm", "sha1")], None, !SURE),
    (Move::Create, &[("Tagging", "a=1&a=2")], Some("InvalidArgument"), SURE),
    (Move::Create, &[("Tagging", "a=%ff")], Some("InvalidArgument"), SURE),
    (Move::Create, &[("Tagging", "a=1&b=2")], None, SURE),
    (Move::Create, &[("Tagging", "a=1*")], Some("InvalidArgument"), !SURE),
    (Move::Create, &[("ACL", "bogus")], Some("InvalidArgument"), !SURE),
    (Move::Create, &[("ACL", "private")], None, !SURE),
    (Move::Create, &[("ObjectLockMode", "GOVERNANCE")], Some("InvalidArgument"), !SURE),
    (
        Move::Create,
        &[("ObjectLockMode", "ETERNAL"), ("ObjectLockRetainUntilDate", "2099-01-01T00:00:00Z")],
        Some("InvalidArgument"),
        !SURE,
    ),
    (Move::Create, &[("ObjectLockLegalHoldStatus", "MAYBE")], Some("InvalidArgument"), !SURE),
    (Move::Part(PartNumber(4)), &[], None, SURE),
    (Move::Part(PartNumber(4)), &[("PartNumber", "0")], Some("InvalidArgument"), SURE),
    (Move::Part(PartNumber(4)), &[("PartNumber", "10000")], None, SURE),
    (Move::Part(PartNumber(4)), &[("PartNumber", "10001")], Some("InvalidArgument"), SURE),
    (Move::Part(PartNumber(4)), &[("PartNumber", "-1")], Some("InvalidArgument"), SURE),
    (Move::Part(PartNumber(4)), &[("PartNumber", "seven")], Some("InvalidArgument"), SURE),
    (Move::Part(PartNumber(4)), &[("Key", "other")], Some("NoSuchUpload"), SURE),
    (Move::Part(PartNumber(4)), &[("UploadId", "made-up")], Some("NoSuchUpload"), !SURE),
    (Move::Part(PartNumber(4)), &[("ContentMD5", "{md5}")], None, SURE),
    (Move::Part(PartNumber(4)), &[("ContentMD5", "AAAA")], Some("InvalidDigest"), SURE),
    (Move::Part(PartNumber(4)), &[("ContentMD5", "AAAAAAAAAAAAAAAAAAAAAA==")], Some("BadDigest"), SURE),
    (Move::Part(PartNumber(4)), &[("ChecksumCRC32", "AAAAAA==")], Some("BadDigest"), SURE),
    (Move::Part(PartNumber(4)), &[("ChecksumCRC32", "AAAA")], Some("InvalidRequest"), SURE),
    (
        Move::Part(PartNumber(4)),
        &[("ChecksumCRC32", "AAAAAA=="), ("ChecksumSHA1", "AAAAAA==")],
        Some("InvalidRequest"),
        SURE,
    ),
    (Move::Part(PartNumber(4)), &[("Body length", "0")], None, !SURE),
    (Move::Part(PartNumber(4)), &[("Body length", "3MiB")], None, SURE),
    (Move::Part(PartNumber(1)), &[], None, SURE),
    (Move::Part(PartNumber(1)), &[("CopySourceRange", "bytes=0-")], Some("InvalidArgument"), SURE),
    (Move::Part(PartNumber(1)), &[("CopySourceRange", "0-8")], Some("InvalidArgument"), SURE),
    (Move::Part(PartNumber(1)), &[("CopySourceRange", "bytes=0-20277918669")], Some("InvalidArgument"), SURE),
    (
        Move::Part(PartNumber(1)),
        &[("CopySourceRange", "bytes=20277918669-20277918670")],
        Some("InvalidRequest"),
        SURE,
    ),
    (Move::Part(PartNumber(1)), &[("CopySourceRange", "")], Some("InvalidRequest"), !SURE),
    (Move::Part(PartNumber(1)), &[("CopySourceIfMatch", "\"other\"")], Some("PreconditionFailed"), SURE),
    (Move::Part(PartNumber(1)), &[("CopySourceIfMatch", "*")], None, SURE),
    (Move::Part(PartNumber(1)), &[("CopySource", "lessons")], Some("InvalidArgument"), SURE),
    (Move::Part(PartNumber(1)), &[("CopySource", "lessons/%zz")], Some("InvalidArgument"), SURE),
    (Move::Part(PartNumber(1)), &[("CopySource", "lessons/not-there")], Some("NoSuchKey"), SURE),
    (
        Move::Part(PartNumber(1)),
        &[("CopySource", "/lessons/notes.txt"), ("CopySourceIfMatch", ""), ("CopySourceRange", "")],
        None,
        SURE,
    ),
    (
        Move::Part(PartNumber(1)),
        &[("CopySource", "lessons/notes.txt"), ("CopySourceIfMatch", ""), ("CopySourceRange", "bytes=0-3")],
        None,
        SURE,
    ),
    (
        Move::Part(PartNumber(1)),
        &[("CopySourceIfUnmodifiedSince", "Sun, 22 Nov 2015 14:00:00 GMT")],
        None,
        SURE,
    ),
    (
        Move::Part(PartNumber(1)),
        &[("CopySourceIfMatch", ""), ("CopySourceIfUnmodifiedSince", "Sun, 22 Nov 2015 14:00:00 GMT")],
        Some("PreconditionFailed"),
        SURE,
    ),
    (Move::Part(PartNumber(1)), &[("ExpectedBucketOwner", "222222222222")], None, !SURE),
    (Move::Complete, &[], None, SURE),
    (Move::Complete, &[("MpuObjectSize", "5")], Some("InvalidRequest"), SURE),
    (Move::Complete, &[("MpuObjectSize", "10486784")], None, SURE),
    (Move::Complete, &[("ChecksumType", "COMPOSITE")], Some("InvalidRequest"), SURE),
    (Move::Complete, &[("IfNoneMatch", "*")], None, !SURE),
    (Move::Complete, &[("IfMatch", "\"abc\"")], Some("NoSuchKey"), SURE),
    (Move::Complete, &[("IfMatch", "*")], Some("NotImplemented"), !SURE),
    (Move::Complete, &[("Key", "other")], Some("NoSuchUpload"), SURE),
    (Move::Abort, &[], None, SURE),
    (Move::Abort, &[("Key", "other")], Some("NoSuchUpload"), SURE),
    (Move::ListParts, &[], None, SURE),
    (Move::ListParts, &[("MaxParts", "-1")], Some("InvalidArgument"), SURE),
    (Move::ListParts, &[("PartNumberMarker", "x")], Some("InvalidArgument"), SURE),
];

fn with(rig: &Rig, mut draft: Draft, texts: &[(&str, &str)]) -> Draft {
    for (name, text) in texts {
        draft.set(name, *text);
    }
    if draft.get("ContentMD5") == "{md5}" {
        let Operation::UploadPart(part) = rig.draft(Move::Part(PartNumber(4))).operation().unwrap() else {
            panic!()
        };
        draft.set("ContentMD5", base64(&rig::digest(&part.body).md5));
    }
    draft
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn right_and_wrong_requests_are_answered_as_predicted() {
    let mut rig = Rig::start(None, None).await;
    for (wanted, texts, code, sure) in CASES {
        let draft = with(&rig, rig.draft(*wanted), texts);
        let (prediction, outcome) = sent(&mut rig, &draft).await.unwrap();
        assert_eq!(prediction.code, *code, "{wanted} {texts:?}: {prediction:?}");
        assert_eq!(prediction.certainty == Certainty::Certain, *sure, "{wanted} {texts:?}: {prediction:?}");
        if changed(draft.kind(), &outcome) {
            rig.prepare().await;
        }
    }
    for at in 0..drafts(&rig).len() {
        let draft = drafts(&rig).swap_remove(at);
        let (prediction, outcome) = sent(&mut rig, &draft).await.unwrap();
        assert_eq!(prediction.kind, draft.kind());
        if changed(draft.kind(), &outcome) {
            rig.prepare().await;
        }
    }
    assert!(KINDS.iter().all(|kind| drafts(&rig).iter().any(|d| d.kind() == *kind)), "a kind is not sent");
}

/// Edits of the list of Complete, by its rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_of_the_list_are_answered_as_predicted() {
    type Edit = fn(&mut Draft, usize);
    let edits: [(&str, Edit, Option<&str>); 9] = [
        ("swapped", |d, at| assert_eq!(d.shift(at, true), at + 1), Some("InvalidPartOrder")),
        ("doubled", |d, at| d.double(at), Some("InvalidPartOrder")),
        ("without the last", |d, at| d.drop_row(at + 2), None),
        ("without the middle", |d, at| d.drop_row(at + 1), None),
        ("spoilt", |d, at| d.corrupt(at + 1), Some("InvalidPart")),
        (
            "never uploaded",
            |d, at| d.put(at + 2, "7 0123456789abcdef0123456789abcdef".into()),
            Some("InvalidPart"),
        ),
        ("no ETag", |d, at| d.put(at + 2, "3".into()), Some("MalformedXML")),
        ("number 0", |d, at| d.put(at, "0 0123456789abcdef0123456789abcdef".into()), Some("InvalidArgument")),
        ("empty", |d, at| (0..3).for_each(|_| d.drop_row(at)), Some("MalformedXML")),
    ];
    for checksum in [(None, None), (Some("CRC32"), None), (Some("CRC32C"), Some("FULL_OBJECT"))] {
        let mut rig = Rig::start(checksum.0, checksum.1).await;
        for (name, edit, code) in edits {
            let mut draft = rig.draft(Move::Complete);
            let first = draft.rows("Part").start;
            edit(&mut draft, first);
            let (prediction, outcome) = sent(&mut rig, &draft).await.unwrap();
            let gap =
                ["without the middle", "never uploaded"].contains(&name) && checksum == (Some("CRC32"), None);
            let code = if gap { Some("InvalidPartOrder") } else { code };
            assert_eq!(prediction.code, code, "{name} {checksum:?}: {prediction:?}");
            if changed(draft.kind(), &outcome) {
                rig.prepare().await;
            }
        }
        let draft = rig.draft(Move::Complete);
        let (prediction, _) = sent(&mut rig, &draft).await.unwrap();
        assert!(prediction.etag.is_some());
        assert_eq!(prediction.checksum.is_some(), checksum == (Some("CRC32"), None));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_upload_is_no_longer_known() {
    let mut rig = Rig::start(Some("SHA256"), None).await;
    let all =
        [Move::Part(PartNumber(1)), Move::Part(PartNumber(4)), Move::ListParts, Move::Abort, Move::Complete];
    for end in [Move::Complete, Move::Abort] {
        let whole = rig.draft(Move::Complete);
        assert!(matches!(rig.make(end).await, Outcome::Answered(_)));
        for wanted in all {
            let draft = if wanted == Move::Complete { whole.clone() } else { rig.draft(wanted) };
            let (prediction, _) = sent(&mut rig, &draft).await.unwrap();
            let again = wanted == Move::Complete && end == Move::Complete;
            if again {
                assert_eq!(prediction.certainty, Certainty::Certain);
            }
            assert_eq!(prediction.code, (!again).then_some("NoSuchUpload"), "{wanted} after {end}");
        }
        rig.prepare().await;
    }
}

/// Texts that a person might try anywhere.
const TRIED: &[&str] = &[
    "",
    "0",
    "1",
    "3",
    "10001",
    "-1",
    "x",
    "bytes=0-9",
    "bytes=5-1",
    "lessons/notes.txt",
    "lessons/not-there",
    "*",
    "\"abc\"",
    "STANDARD",
    "GLACIER_IR",
    "CRC32",
    "SHA256",
    "COMPOSITE",
    "FULL_OBJECT",
    "AAAAAA==",
    "AAAA",
    "a=b",
    "a=1&a=2",
    "aws:x=1",
    "COPY",
    "REPLACE",
    "AES256",
    "scratch",
    "other",
    "ENABLED",
    "ETag",
    "url",
    "Sun, 22 Nov 2026 14:00:00 GMT",
    "2 00112233445566778899aabbccddeeff",
    "999",
];

#[test]
fn no_certain_prediction_is_ever_wrong() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for checksum in [(None, None), (Some("CRC32"), None)] {
        let mut rig = runtime.block_on(Rig::start(checksum.0, checksum.1));
        let which = 0..drafts(&rig).len();
        let edits = prop::collection::vec((0..64_usize, 0..TRIED.len(), 0..4_u8), 1..4);
        let cell = std::cell::RefCell::new(&mut rig);
        // The same edits each time: a run is red for what changed and not for what was drawn.
        let config = Config { cases: 150, failure_persistence: None, ..Config::default() };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(config, rng);
        let result = runner.run(&(which, edits), |(which, edits)| {
            let mut rig = cell.borrow_mut();
            let mut draft = drafts(&rig)[which].clone();
            for (at, text, how) in edits {
                let at = at % draft.slots().len();
                if draft.slots()[at].param.place == Place::Source {
                    continue;
                }
                match how {
                    0 | 1 => draft.put(at, TRIED[text].to_owned()),
                    2 => draft.drop_row(at),
                    _ => {
                        draft.shift(at, true);
                    }
                }
            }
            if draft.get("Body length").len() > 4 {
                return Ok(());
            }
            let Some((_, outcome)) = runtime.block_on(sent(&mut rig, &draft)) else { return Ok(()) };
            // What is offered as mended is no worse: it is not expected to be refused, and that is right too.
            let mended = match &outcome {
                Outcome::Refused(error) => rig.with_world(|world| mend(&draft, error, world)),
                _ => None,
            };
            let outcome = match mended.and_then(|mended| runtime.block_on(sent(&mut rig, &mended.draft))) {
                Some((prediction, outcome)) => {
                    prop_assert_eq!(prediction.code, None);
                    outcome
                }
                None => outcome,
            };
            if changed(draft.kind(), &outcome) {
                runtime.block_on(rig.prepare());
            }
            Ok(())
        });
        result.unwrap();
    }
}

/// Base64 of a client's key of 32 equal bytes, and of its MD5.
fn customer_key(byte: u8) -> (String, String) {
    use md5::{Digest as _, Md5};
    (base64(&[byte; 32]), base64(&Md5::digest([byte; 32])))
}

/// Puts a client's key into a draft.
fn keyed(mut draft: Draft, key: &(String, String)) -> Draft {
    draft.set("SSECustomerAlgorithm", "AES256");
    draft.set("SSECustomerKey", key.0.as_str());
    draft.set("SSECustomerKeyMD5", key.1.as_str());
    draft
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_parts_of_an_upload_with_a_clients_key_need_it() {
    let (ours, other) = (customer_key(7), customer_key(8));
    for checksum in [None, Some("CRC32")] {
        let mut rig = Rig::start(checksum, None).await;
        // An upload begun without a key takes none.
        let extra = keyed(rig.draft(Move::Part(PartNumber(4))), &ours);
        let (prediction, _) = sent(&mut rig, &extra).await.unwrap();
        assert_eq!((prediction.code, &prediction.certainty), (Some("InvalidRequest"), &Certainty::Certain));
        let mut machine = MultipartUpload::new(rig.machine.plan().clone());
        let create = keyed(Draft::of(&machine.operation(Move::Create).unwrap()).unwrap(), &ours);
        let operation = create.operation().unwrap();
        let (prediction, outcome) = sent(&mut rig, &create).await.unwrap();
        assert_eq!((prediction.code, &prediction.certainty), (None, &Certainty::Certain), "{prediction:?}");
        machine.begin_with(Move::Create, OperationId(9_000), &operation).unwrap();
        machine.apply(OperationId(9_000), &outcome);
        rig.machine = machine;
        for part in [1, 2, 3].map(|n| Move::Part(PartNumber(n))) {
            let draft = rig.draft(part);
            let (prediction, outcome) = sent(&mut rig, &draft).await.unwrap();
            assert_eq!(prediction.code, Some("InvalidRequest"));
            let Outcome::Refused(error) = outcome else { panic!() };
            let mended = rig.with_world(|world| mend(&draft, &error, world)).unwrap();
            assert_eq!(mended.draft.get("SSECustomerKey"), ours.0);
            assert!(!mended.edit.contains(&ours.0), "the key is not said");
            let (prediction, _) = sent(&mut rig, &keyed(draft, &other)).await.unwrap();
            assert_eq!(prediction.code, Some("InvalidRequest"));
            let operation = mended.draft.operation().unwrap();
            let (prediction, outcome) = sent(&mut rig, &mended.draft).await.unwrap();
            assert_eq!((prediction.code, prediction.etag), (None, None));
            let id = OperationId(9_001);
            rig.machine.begin_with(part, id, &operation).unwrap();
            rig.machine.apply(id, &outcome);
        }
        let draft = rig.draft(Move::Complete);
        let (prediction, outcome) = sent(&mut rig, &draft).await.unwrap();
        assert_eq!((prediction.code.is_some(), prediction.etag), (checksum.is_some(), None));
        if let Outcome::Refused(error) = outcome {
            let mended = rig.with_world(|world| mend(&draft, &error, world)).unwrap();
            let (_, outcome) = sent(&mut rig, &mended.draft).await.unwrap();
            assert!(matches!(outcome, Outcome::Answered(_)), "{outcome:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clients_key_at_create_depends_on_its_three_headers_alone() {
    let mut rig = Rig::start(None, None).await;
    let (key, md5) = customer_key(7);
    let (key, md5, other) = (key.as_str(), md5.as_str(), base64(&[0; 16]));
    for (algorithm, key, md5, code) in [
        ("AES256", key, md5, None),
        ("AES256", "", "", Some("InvalidArgument")),
        ("", key, md5, Some("InvalidArgument")),
        ("AES256", key, "", Some("InvalidArgument")),
        ("AES256", key, other.as_str(), Some("InvalidArgument")),
        ("AES128", key, md5, Some("InvalidEncryptionAlgorithmError")),
    ] {
        let mut draft = rig.draft(Move::Create);
        draft.set("SSECustomerAlgorithm", algorithm);
        draft.set("SSECustomerKey", key);
        draft.set("SSECustomerKeyMD5", md5);
        let (prediction, _) = sent(&mut rig, &draft).await.unwrap();
        assert_eq!(
            (prediction.code, &prediction.certainty),
            (code, &Certainty::Certain),
            "{algorithm} {md5}"
        );
    }
}
