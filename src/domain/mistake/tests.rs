use super::*;
use crate::domain::draft::Draft;
use crate::domain::etag::ETag;
use crate::domain::explain;
use crate::domain::names::ObjectRef;
use crate::domain::operation::{OperationId, UploadRef};
use crate::domain::outcome::{Outcome, ServiceError};
use crate::domain::output::{CreatedUpload, Output};
use crate::domain::plan::{CopySource, PartSource, PlannedPart, UploadPlan};
use crate::domain::predict::World;
use crate::domain::units::PartNumber;
use crate::domain::upload::{Enforce, Move, MultipartUpload};
use std::collections::BTreeSet;

#[test]
fn the_file_is_read_and_every_mistake_is_known() {
    assert_eq!(toml::from_str::<File>(MISTAKES).map(|f| f.mistake.len()), Ok(36));
    let ids: BTreeSet<&str> = all().iter().map(|m| m.id.as_str()).collect();
    assert_eq!(ids.len(), all().len(), "an id is there twice");
    for mistake in all() {
        assert!(mistake.operation().is_some(), "{}: {}", mistake.id, mistake.operation);
        assert_eq!(mistake.code.is_some(), mistake.status >= 300, "{}", mistake.id);
        assert!(!mistake.teaches.is_empty() && !mistake.title.is_empty() && !mistake.source.is_empty());
        if let Some(code) = &mistake.code {
            let text = explain::error(code, "").unwrap_or_else(|| panic!("{code} is not explained"));
            assert!(text.status.contains(&mistake.status), "{}: {code} {}", mistake.id, mistake.status);
        }
    }
}

#[test]
fn without_an_upload_every_mistake_says_what_to_do_first() {
    for mistake in all() {
        let why = prepare(mistake, &World::of(None)).unwrap_err();
        assert!(why.contains("first"), "{}: {why}", mistake.id);
    }
}

#[test]
fn no_edit_mixes_an_object_of_two_sources() {
    let mut plan = UploadPlan::empty(ObjectRef::new("b", "k"));
    plan.source =
        Some(CopySource { object: ObjectRef::new("b", "from"), etag: ETag::of_bytes(b"1"), size: 9 });
    plan.parts = vec![PlannedPart { number: PartNumber(1), size: Some(9), source: PartSource::Copy(None) }];
    let mut machine = MultipartUpload::new(plan);
    let id = OperationId(1);
    machine.begin(Move::Create, id, Enforce::Rules).unwrap();
    let upload = UploadRef { bucket: "b".into(), key: "k".into(), upload_id: "U".into() };
    let created = CreatedUpload { upload, checksum_algorithm: None, checksum_type: None, abort_date: None };
    machine.apply(id, &Outcome::Answered(Output::Created(created)));
    let error = ServiceError {
        status: 412,
        code: "PreconditionFailed".into(),
        message: String::new(),
        request_id: None,
        detail: vec![("Condition".into(), "x-amz-copy-source-If-Match".into())],
    };
    let mut draft = Draft::of(&machine.operation(Move::Part(PartNumber(1))).unwrap()).unwrap();
    assert_eq!(mend(&draft, &error, &World::of(Some(&machine))), None, "the source has changed");
    draft.set("CopySourceIfMatch", "other");
    let mended = mend(&draft, &error, &World::of(Some(&machine))).unwrap();
    assert_eq!(mended.draft.get("CopySourceIfMatch"), ETag::of_bytes(b"1").quoted());
}

#[test]
fn of_an_upload_begun_elsewhere_the_key_is_to_be_typed() {
    let upload = UploadRef { bucket: "b".into(), key: "k".into(), upload_id: "U".into() };
    let mut machine = MultipartUpload::adopt(&upload);
    machine.plan_part(crate::domain::upload::generated_part(PartNumber(1), 7)).unwrap();
    let error = ServiceError {
        status: 400,
        code: "InvalidRequest".into(),
        message: "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.".into(),
        request_id: None,
        detail: Vec::new(),
    };
    let draft = Draft::of(&machine.operation(Move::Part(PartNumber(1))).unwrap()).unwrap();
    let mended = mend(&draft, &error, &World::of(Some(&machine))).unwrap();
    assert_eq!(mended.draft.get("SSECustomerAlgorithm"), "AES256");
    assert!(mended.edit.contains("type SSECustomerKey and SSECustomerKeyMD5"), "{}", mended.edit);
}

#[test]
fn another_checksum_can_be_stated_though_no_digest_was_computed() {
    let mut plan = UploadPlan::empty(ObjectRef::new("b", "k"));
    plan.properties.checksum_algorithm = Some("SHA256".into());
    let mut machine = MultipartUpload::new(plan);
    let id = OperationId(1);
    machine.begin(Move::Create, id, Enforce::Rules).unwrap();
    let upload = UploadRef { bucket: "b".into(), key: "k".into(), upload_id: "U".into() };
    let created = CreatedUpload { upload, checksum_algorithm: None, checksum_type: None, abort_date: None };
    machine.apply(id, &Outcome::Answered(Output::Created(created)));
    let mistake = all().iter().find(|m| m.id == "other-checksum").unwrap();
    let made = prepare(mistake, &World::of(Some(&machine))).unwrap();
    assert!(!made.draft.get("ChecksumCRC32").is_empty());
}
