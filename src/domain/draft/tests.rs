use super::*;
use crate::domain::etag::ETag;
use crate::domain::names::{ObjectRef, Tag};
use crate::domain::operation::*;
use crate::domain::preview::preview;
use crate::domain::units::PartNumber;
use proptest::prelude::*;

fn upload() -> UploadRef {
    UploadRef { bucket: "bkt".into(), key: "a key".into(), upload_id: "U/1".into() }
}

fn part_copy() -> Operation {
    Operation::UploadPartCopy(UploadPartCopy {
        upload: upload(),
        part_number: PartNumber(2),
        source: ObjectRef::new("s", "k+"),
        copy_source_range: Some("bytes=8-15".into()),
        copy_source_if_match: Some(ETag::of_bytes(b"x")),
    })
}

fn complete() -> Operation {
    let entry = |n: i32| CompletedPart {
        part_number: PartNumber(n),
        etag: ETag::of_bytes(&[u8::try_from(n).unwrap()]),
        checksum: Some(("CRC32".into(), "AAAAAA==".into())),
    };
    Operation::CompleteMultipartUpload(CompleteMultipartUpload {
        upload: upload(),
        parts: vec![entry(1), entry(2), entry(3)],
        if_none_match: true,
        mpu_object_size: Some(5),
        checksum_type: Some("COMPOSITE".into()),
    })
}

/// One of each kind that has a form.
fn every() -> Vec<Operation> {
    let object = || ObjectRef { version_id: Some("v 1".into()), ..ObjectRef::new("bkt", "k/é") };
    let tags = vec![Tag { key: "a b".into(), value: "1=2".into() }];
    let properties = ObjectProperties {
        content_type: Some("text/plain".into()),
        metadata: vec![("owner".into(), "a=b".into()), ("x".into(), String::new())],
        storage_class: Some("STANDARD_IA".into()),
        checksum_algorithm: Some("CRC32".into()),
        ..ObjectProperties::default()
    };
    vec![
        Operation::CreateMultipartUpload(CreateMultipartUpload {
            bucket: "bkt".into(),
            key: "k".into(),
            properties,
            tags: tags.clone(),
        }),
        Operation::UploadPart(UploadPart {
            upload: upload(),
            part_number: PartNumber(10_001),
            body: PartBody::File { path: "/tmp/x".into(), offset: 7, len: 9 },
        }),
        part_copy(),
        Operation::ListParts(ListParts {
            upload: upload(),
            part_number_marker: Some("4".into()),
            max_parts: Some(2),
        }),
        complete(),
        Operation::AbortMultipartUpload(upload()),
        Operation::ListMultipartUploads(ListMultipartUploads {
            bucket: "bkt".into(),
            delimiter: Some("/".into()),
            ..ListMultipartUploads::default()
        }),
        Operation::HeadObject(HeadObject { object: object(), part_number: Some(PartNumber(1)) }),
        Operation::GetObjectAttributes(GetObjectAttributes {
            object: object(),
            part_number_marker: Some("1000".into()),
            max_parts: Some(3),
        }),
        Operation::CopyObject(CopyObject {
            source: object(),
            destination: ObjectRef::new("bkt", "k2"),
            copy_source_if_match: Some(ETag::of_bytes(b"x")),
            drop_tags: true,
            if_none_match: true,
            storage_class: None,
        }),
        Operation::GetObjectTagging(object()),
        Operation::PutObjectTagging(PutObjectTagging { object: object(), tags }),
        Operation::DeleteObjectTagging(object()),
    ]
}

/// Start line and headers of a draft's lines.
fn told(draft: &Draft) -> (String, Vec<String>) {
    let lines = draft.lines();
    let mut headers: Vec<(String, String)> = Vec::new();
    for text in lines.iter().filter(|l| l.kind == LineKind::Header).map(Line::text) {
        let (name, value) = text.split_once(": ").unwrap();
        // A header that stands there twice is compared as one with both values, as a preview tells it.
        match headers.iter_mut().find(|(n, _)| n == name) {
            Some((_, all)) => *all = format!("{all},{value}"),
            None => headers.push((name.to_owned(), value.to_owned())),
        }
    }
    (lines[0].text(), headers.into_iter().map(|(name, value)| format!("{name}: {value}")).collect())
}

fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort();
    all
}

/// What a preview says, in the words of a draft's lines.
fn previewed(operation: &Operation) -> (String, Vec<String>) {
    let p = preview(operation);
    let names: std::collections::BTreeSet<&String> = p.headers.iter().map(|(n, _)| n).collect();
    let headers = names.into_iter().map(|n| format!("{n}: {}", p.header(n).unwrap())).collect();
    (p.start(), headers)
}

/// The query parameters may stand in any order.
fn parts_of(start: &str) -> (&str, Vec<&str>) {
    let (path, query) = start.split_once('?').unwrap_or((start, ""));
    (path, sorted(query.split('&').collect()))
}

fn assert_same_request(draft: &Draft, operation: &Operation) {
    let (said, will) = (told(draft), previewed(operation));
    assert_eq!(parts_of(&said.0), parts_of(&will.0));
    assert_eq!(sorted(said.1), sorted(will.1));
}

#[test]
fn an_untouched_draft_is_the_request_it_came_from() {
    assert_eq!(every().iter().map(Operation::kind).collect::<Vec<_>>(), KINDS);
    for operation in every() {
        let draft = Draft::of(&operation).unwrap();
        assert_eq!(draft.operation().unwrap(), operation);
        assert_same_request(&draft, &operation);
        assert_eq!(draft.broken(), usize::from(operation.kind() == OperationKind::UploadPart));
    }
    assert!(Draft::of(&Operation::ListBuckets(ListBuckets::default())).is_none());
}

#[test]
fn what_the_operation_cannot_say_goes_along_as_typed() {
    let mut draft = Draft::of(&part_copy()).unwrap();
    draft.set("PartNumber", "seven");
    draft.set("CopySource", "/s/k+");
    draft.set("CopySourceIfMatch", "unquoted");
    draft.set("ExpectedBucketOwner", "1");
    let operation = draft.operation().unwrap();
    assert_same_request(&draft, &operation);
    let p = preview(&operation);
    assert_eq!(p.parameter("partNumber"), Some("seven"));
    assert_eq!(p.header("x-amz-copy-source").as_deref(), Some("/s/k+"));
    assert_eq!(p.header("x-amz-copy-source-if-match").as_deref(), Some("unquoted"));
    assert_eq!(Draft::of(&operation).unwrap().operation().unwrap(), operation);
}

#[test]
fn a_request_that_would_be_another_one_is_not_made() {
    for (operation, name) in [
        (Operation::AbortMultipartUpload(upload()), "UploadId"),
        (Operation::AbortMultipartUpload(upload()), "Key"),
        (part_copy(), "CopySource"),
        (part_copy(), "PartNumber"),
    ] {
        let mut draft = Draft::of(&operation).unwrap();
        draft.set(name, "");
        assert!(draft.operation().unwrap_err().starts_with(name), "{name}");
    }
}

#[test]
fn a_file_in_place_of_generated_bytes_begins_at_its_first_byte() {
    let body = PartBody::Generated { seed: 7, len: 9 };
    let part = Operation::UploadPart(UploadPart { upload: upload(), part_number: PartNumber(1), body });
    let mut draft = Draft::of(&part).unwrap();
    draft.set("Body", "/tmp/x");
    let Operation::UploadPart(part) = draft.operation().unwrap() else { panic!() };
    assert_eq!(part.body, PartBody::File { path: "/tmp/x".into(), offset: 0, len: 9 });
}

#[test]
fn every_parameter_is_explained() {
    use crate::domain::explain::{Direction, header, parameter};
    for param in KINDS.into_iter().flat_map(params) {
        let explained = match param.place {
            Place::Header(name) => header(name, Direction::Request).is_some(),
            Place::Query(name) => parameter(name).is_some(),
            _ => true,
        };
        assert!(explained, "{} {:?}", param.name, param.place);
    }
}

#[test]
fn every_piece_leads_to_its_text_and_back() {
    for operation in every() {
        let draft = Draft::of(&operation).unwrap();
        let lines = draft.lines();
        for (at, slot) in draft.slots().iter().enumerate().filter(|(_, s)| !s.value.is_empty()) {
            assert!(lines.iter().any(|l| l.is_of(at)), "{} of {}", slot.param.name, draft.kind());
        }
    }
}

#[test]
fn the_list_of_complete_is_reordered_dropped_doubled_and_spoilt() {
    let mut draft = Draft::of(&complete()).unwrap();
    let numbers = |draft: &Draft| -> Vec<i32> {
        let Operation::CompleteMultipartUpload(c) = draft.operation().unwrap() else { panic!() };
        c.parts.iter().map(|p| p.part_number.0).collect()
    };
    let rows = draft.rows("Part");
    assert_eq!(rows.len(), 3);
    assert_eq!(draft.shift(rows.start, true), rows.start + 1);
    assert_eq!(numbers(&draft), [2, 1, 3]);
    assert_eq!(draft.shift(rows.start, false), rows.start, "nothing is above the first");
    assert_eq!(draft.shift(rows.end - 1, true), rows.end - 1, "nor below the last");
    draft.double(rows.start);
    assert_eq!(numbers(&draft), [2, 2, 1, 3]);
    draft.drop_row(rows.start + 3);
    assert_eq!(numbers(&draft), [2, 2, 1]);
    let before = draft.clone();
    draft.corrupt(rows.start);
    assert_ne!(draft, before);
    draft.drop_row(rows.start + 3);
    assert_eq!(numbers(&draft), [2, 2, 1], "the empty line stays");
    draft.put(rows.start + 3, "9 x".into());
    assert_eq!(numbers(&draft), [2, 2, 1, 9]);
    assert_eq!(draft.slots()[rows.start + 4].value, "", "and another one follows a filled one");
}

#[test]
fn copy_object_takes_metadata_as_it_was_typed() {
    let operation = every().remove(9);
    let mut draft = Draft::of(&operation).unwrap();
    draft.set("Metadata", "Owner=ada");
    draft.put(draft.rows("Metadata").end, "owner=bob".into());
    let sent = draft.operation().unwrap();
    assert_eq!(preview(&sent).header("x-amz-meta-owner").as_deref(), Some("ada,bob"));
    let again = Draft::of(&sent).unwrap();
    assert_eq!(again.operation().unwrap(), sent);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn what_is_typed_is_what_is_previewed(
        which in 0..13_usize,
        typed in prop::collection::vec((0..40_usize, "[ -~]{0,12}"), 1..6),
    ) {
        let mut draft = Draft::of(&every()[which]).unwrap();
        for (at, text) in typed {
            // A header is written without the blanks around its value.
            draft.put(at % draft.slots().len(), text.trim().to_owned());
        }
        if let Ok(operation) = draft.operation() {
            assert_same_request(&draft, &operation);
            let again = Draft::of(&operation).unwrap();
            assert_same_request(&again, &operation);
        }
    }
}
