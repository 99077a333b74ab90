use super::*;
use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::draft::Draft;
use crate::domain::operation::{CompletedPart, OperationId, UploadRef};
use crate::domain::outcome::{Outcome, ServiceError, TransportError};
use crate::domain::output::{CreatedUpload, ListedPart, Output, PartOutput, PartPage};
use crate::domain::plan::UploadPlan;
use crate::domain::units::{MIB, PartNumber};
use crate::domain::upload::{Enforce, Move, generated_part};

fn upload() -> UploadRef {
    UploadRef { bucket: "b".into(), key: "k".into(), upload_id: "U".into() }
}

fn answer(machine: &mut MultipartUpload, id: u64, wanted: Move, output: Output) {
    machine.begin(wanted, OperationId(id), Enforce::Rules).unwrap();
    machine.apply(OperationId(id), &Outcome::Answered(output));
}

fn part_output(n: i32) -> PartOutput {
    let etag = ETag::of_bytes(&n.to_be_bytes());
    PartOutput { etag, checksums: Checksums::default(), size: None }
}

/// An open upload with `parts` parts of 5 MiB.
fn open(parts: i32, change: impl FnOnce(&mut UploadPlan)) -> MultipartUpload {
    let mut plan = UploadPlan::empty(ObjectRef::new("b", "k"));
    plan.parts = (1..=parts).map(|n| generated_part(PartNumber(n), 5 * MIB)).collect();
    change(&mut plan);
    let mut machine = MultipartUpload::new(plan);
    let created =
        CreatedUpload { upload: upload(), checksum_algorithm: None, checksum_type: None, abort_date: None };
    answer(&mut machine, 1, Move::Create, Output::Created(created));
    for n in 1..=parts {
        let id = u64::try_from(n).unwrap() + 1;
        answer(&mut machine, id, Move::Part(PartNumber(n)), Output::Part(part_output(n)));
    }
    machine
}

fn told(machine: &MultipartUpload, wanted: Move) -> Prediction {
    predict(&machine.operation(wanted).unwrap(), &World::of(Some(machine)))
}

fn refused(status: u16, code: &str) -> Outcome {
    let (code, message) = (code.into(), String::new());
    Outcome::Refused(ServiceError { status, code, message, request_id: None, detail: Vec::new() })
}

#[test]
fn ten_thousand_parts_are_judged_with_their_etag() {
    let machine = open(10_000, |_| {});
    let told = told(&machine, Move::Complete);
    assert_eq!((told.code, &told.certainty), (None, &Certainty::Certain));
    assert_eq!(told.etag, machine.predicted_etag());
    assert!(told.effect.contains("10 000 parts, 52 428 800 000 bytes"), "{}", told.effect);
}

#[test]
fn an_empty_part_that_is_not_the_last_is_too_small() {
    let machine = open(2, |plan| plan.parts[0] = generated_part(PartNumber(1), 0));
    let told = told(&machine, Move::Complete);
    assert_eq!((told.code, &told.certainty), (Some("EntityTooSmall"), &Certainty::Certain));
}

#[test]
fn what_is_not_settled_stays_open() {
    let mut machine = open(2, |_| {});
    machine.begin(Move::Part(PartNumber(2)), OperationId(9), Enforce::Rules).unwrap();
    let both = |machine: &MultipartUpload| {
        let entry =
            |n: i32| CompletedPart { part_number: PartNumber(n), etag: part_output(n).etag, checksum: None };
        let Operation::CompleteMultipartUpload(mut complete) = machine.operation(Move::Complete).unwrap()
        else {
            panic!()
        };
        complete.parts = vec![entry(1), entry(2)];
        predict(&Operation::CompleteMultipartUpload(complete), &World::of(Some(machine))).certainty
    };
    assert_eq!(both(&machine), Certainty::Open("whether S3 holds part 2".into()));
    let lost = TransportError { message: "broken pipe".into(), maybe_sent: true };
    machine.apply(OperationId(9), &Outcome::Lost(lost));
    assert_eq!(both(&machine), Certainty::Open("whether S3 holds part 2".into()));
    let operation = machine.operation(Move::Abort).unwrap();
    assert!(matches!(predict(&operation, &World::of(None)).certainty, Certainty::Open(_)));
}

#[test]
fn of_an_upload_taken_over_nothing_is_sure_before_its_parts_are_listed() {
    let mut machine = MultipartUpload::adopt(&upload());
    let entry = CompletedPart { part_number: PartNumber(1), etag: part_output(1).etag, checksum: None };
    let complete = crate::domain::operation::CompleteMultipartUpload {
        upload: upload(),
        parts: vec![entry],
        if_none_match: false,
        mpu_object_size: None,
        checksum_type: None,
    };
    let complete = Operation::CompleteMultipartUpload(complete);
    let sure = |machine: &MultipartUpload| predict(&complete, &World::of(Some(machine))).certainty;
    assert!(matches!(sure(&machine), Certainty::Open(_)));
    let listed = ListedPart {
        part_number: PartNumber(1),
        size: 7,
        etag: part_output(1).etag,
        checksums: Checksums::default(),
    };
    let page = PartPage { parts: vec![listed], ..PartPage::default() };
    answer(&mut machine, 1, Move::ListParts, Output::Parts(page));
    assert_eq!(sure(&machine), Certainty::Certain);
}

#[test]
fn under_kms_no_etag_is_told() {
    let machine = open(1, |plan| plan.properties.server_side_encryption = Some("aws:kms".into()));
    let digests = |_: &PartBody| Some(BodyDigest { md5: [7; 16], checksums: Checksums::default() });
    let world = World { digests: &digests, ..World::of(Some(&machine)) };
    for wanted in [Move::Part(PartNumber(1)), Move::Complete] {
        let told = predict(&machine.operation(wanted).unwrap(), &world);
        assert_eq!((told.code, told.etag), (None, None), "{wanted}");
        assert!(told.why.contains("SSE-KMS"), "{}", told.why);
    }
}

#[test]
fn a_composite_checksum_is_that_of_the_raw_part_checksums() {
    // Two parts of 5 242 881 bytes and one of ten, all of them `a`: the composite value was recorded.
    let sum = sums::composite(ChecksumAlgorithm::Crc32, ["NRU+Sw==", "NRU+Sw==", "TBHN8A=="].into_iter());
    assert_eq!(sum.as_deref(), Some("5FRUiw==-3"));
    assert_eq!(sums::composite(ChecksumAlgorithm::Sha1, ["?"].into_iter()), None);
    // The SHA-256 of nothing, as that of one empty part.
    let empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let sum = sums::composite(ChecksumAlgorithm::Sha256, [empty].into_iter());
    assert_eq!(sum.as_deref(), Some("Xfbg4nYTWdMKgnUFjimfzAOBU0VF9Vz0PkGYP11MlFY=-1"));
}

#[test]
fn an_answer_is_judged() {
    let machine = open(1, |_| {});
    let told = told(&machine, Move::Complete);
    assert!(matches!(told.judge(&refused(404, "NoSuchUpload")), Verdict::Surprise(_)));
    assert!(matches!(told.judge(&refused(403, "AccessDenied")), Verdict::Unpredicted(_)));
    assert!(matches!(told.judge(&Outcome::Cancelled { sent: true }), Verdict::NoAnswer(_)));
    let object = |etag: &str| {
        Outcome::Answered(Output::Completed(crate::domain::output::CompletedObject {
            etag: etag.into(),
            location: None,
            checksums: Checksums::default(),
            version_id: None,
        }))
    };
    let right = told.etag.clone().unwrap().to_string();
    assert!(matches!(told.judge(&object(&right)), Verdict::AsPredicted(_)));
    assert!(matches!(told.judge(&object("other")), Verdict::Surprise(_)));
}

#[test]
fn amended_values_count() {
    let machine = open(1, |_| {});
    let mut draft = Draft::of(&machine.operation(Move::Part(PartNumber(1))).unwrap()).unwrap();
    draft.set("PartNumber", "1 0");
    let told = predict(&draft.operation().unwrap(), &World::of(Some(&machine)));
    assert_eq!((told.status, told.code), (400, Some("InvalidArgument")));
    assert_eq!(told.effect, "nothing: the upload stays open with 1 part");
}
