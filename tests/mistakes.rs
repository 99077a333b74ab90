//! Every mistake of the program, made on the sandbox: it is answered as it is said to be, what is answered is
//! explained, and where an edit is offered it mends the request.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rig;

use partscope::domain::draft::Draft;
use partscope::domain::explain;
use partscope::domain::mistake::{Mistake, Prepared, all, mend, prepare};
use partscope::domain::operation::{Operation, OperationId, OperationKind};
use partscope::domain::outcome::{Outcome, ServiceError};
use partscope::domain::predict::{Certainty, Verdict};
use partscope::domain::upload::Move;
use rig::Rig;

/// An upload in the state in which a mistake can be made.
async fn ready(mistake: &Mistake) -> Rig {
    let algorithm = match mistake.id.as_str() {
        "missing-part-checksums" | "other-checksum" => Some("CRC32"),
        _ => None,
    };
    let mut rig = Rig::start(algorithm, None).await;
    let key = rig.destination();
    match mistake.id.as_str() {
        "copy-after-end" | "abort-twice" => drop(rig.make(Move::Abort).await),
        "list-after-complete" => drop(rig.make(Move::Complete).await),
        "existing-key" => {
            rig.make(Move::Complete).await;
            rig.prepare_for(key).await;
        }
        "self-copy" => {
            rig.make(Move::Complete).await;
            rig.look(key).await;
        }
        _ => {}
    }
    rig
}

fn prepared(rig: &Rig, mistake: &Mistake) -> Prepared {
    rig.with_world(|world| prepare(mistake, world)).unwrap_or_else(|why| panic!("{}: {why}", mistake.id))
}

/// Sends a part whose request was written by hand, and has the machine learn of it.
async fn store(rig: &mut Rig, draft: &Draft) {
    let operation = draft.operation().unwrap();
    let Operation::UploadPart(part) = &operation else { panic!("{operation:?}") };
    assert_eq!(rig.predict(&operation).code, None);
    rig.machine.begin_with(Move::Part(part.part_number), OperationId(0), &operation).unwrap();
    let outcome = rig.perform(&operation).await;
    assert!(matches!(outcome, Outcome::Answered(_)), "{outcome:?}");
    rig.machine.apply(OperationId(0), &outcome);
}

/// Makes a mistake and gives the refusal; `None` where S3 accepts it.
async fn answered(rig: &mut Rig, mistake: &Mistake, draft: &Draft) -> Option<ServiceError> {
    let id = &mistake.id;
    assert_eq!(mistake.operation(), Some(draft.kind()), "{id}");
    let operation = draft.operation().unwrap();
    let told = rig.predict(&operation);
    let outcome = rig.perform(&operation).await;
    let verdict = told.judge(&outcome);
    assert_eq!((told.status, told.code), (mistake.status, mistake.code.as_deref()), "{id}: {told:?}");
    assert_eq!(told.certainty == Certainty::Unverified, mistake.unverified, "{id}: {told:?}");
    match (&told.certainty, &verdict) {
        (Certainty::Open(_), Verdict::Unpredicted(_)) | (_, Verdict::AsPredicted(_)) => {}
        _ => panic!("{id}: {told:?} {verdict:?}"),
    }
    match outcome {
        Outcome::Refused(error) => {
            assert_eq!((error.status, Some(&error.code)), (mistake.status, mistake.code.as_ref()), "{id}");
            Some(error)
        }
        Outcome::Answered(_) => {
            assert_eq!(mistake.code, None, "{id} was accepted");
            None
        }
        other => panic!("{id}: {other:?}"),
    }
}

/// Where nothing that is sent to an ended upload can be mended.
const NO_MEND: [&str; 3] = ["copy-after-end", "abort-twice", "list-after-complete"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mistake_is_answered_explained_and_mended() {
    for mistake in all() {
        let mut rig = ready(mistake).await;
        let mut made = prepared(&rig, mistake);
        if Some(made.draft.kind()) != mistake.operation() {
            assert!(made.remark.contains("once more"), "{}", made.remark);
            store(&mut rig, &made.draft).await;
            made = prepared(&rig, mistake);
        }
        let Some(error) = answered(&mut rig, mistake, &made.draft).await else { continue };
        let text = explain::error(&error.code, &error.message);
        assert!(text.is_some_and(|t| t.status.contains(&error.status)), "{}: {error}", mistake.id);
        let mended = rig.with_world(|world| mend(&made.draft, &error, world));
        assert_eq!(mended.is_none(), NO_MEND.contains(&mistake.id.as_str()), "{}: {error}", mistake.id);
        let Some(mended) = mended else { continue };
        println!("{:24} {}", mistake.id, mended.edit);
        let outcome = rig.perform(&mended.draft.operation().unwrap()).await;
        assert!(matches!(outcome, Outcome::Answered(_)), "{}: {} {outcome:?}", mistake.id, mended.edit);
    }
}

/// What else may be refused, and the edit that mends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_refusals_are_mended_too() {
    let mut rig = Rig::start(None, None).await;
    let part = Move::Part(partscope::domain::units::PartNumber(1));
    let sent = Move::Part(partscope::domain::units::PartNumber(4));
    type Case = (Move, &'static [(&'static str, &'static str)], &'static str);
    let cases: &[Case] = &[
        (Move::Create, &[("ChecksumAlgorithm", "CRC99")], "Clear ChecksumAlgorithm."),
        (part, &[("CopySource", "lessons/not-there")], "Set CopySource to lessons/dataset-20gb.tar."),
        (part, &[("CopySourceIfNoneMatch", "*"), ("CopySourceIfMatch", "")], "Clear CopySourceIfNoneMatch."),
        (part, &[("PartNumber", "0")], "Set PartNumber to 5, which no part has yet."),
        (sent, &[("UploadId", "made-up")], "Set UploadId to"),
        (sent, &[("ChecksumCRC32", "?")], "Set ChecksumCRC32 to"),
        (Move::Complete, &[("IfMatch", "*")], "Clear IfMatch."),
        (Move::ListParts, &[("MaxParts", "-1")], "Clear MaxParts."),
        (Move::Abort, &[("Key", "other")], "Set Key to"),
    ];
    for (wanted, texts, edit) in cases {
        let mut draft = rig.draft(*wanted);
        for (name, text) in *texts {
            draft.set(name, *text);
        }
        let Outcome::Refused(error) = rig.perform(&draft.operation().unwrap()).await else {
            panic!("{wanted} {texts:?} was not refused")
        };
        let mended = rig.with_world(|world| mend(&draft, &error, world));
        let mended = mended.unwrap_or_else(|| panic!("{wanted} {texts:?}: nothing mends {error}"));
        assert!(mended.edit.starts_with(edit), "{}", mended.edit);
        let outcome = rig.perform(&mended.draft.operation().unwrap()).await;
        assert!(matches!(outcome, Outcome::Answered(_)), "{outcome:?}");
        if matches!(mended.draft.kind(), OperationKind::CompleteMultipartUpload) {
            rig.prepare().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_mended_gets_no_edit() {
    let rig = Rig::start(None, None).await;
    for code in ["AccessDenied", "SlowDown", "InternalError", "NoSuchSomething"] {
        let (code, message) = (code.to_owned(), String::new());
        let error = ServiceError { status: 403, code, message, request_id: None, detail: Vec::new() };
        let draft = rig.draft(Move::Complete);
        assert_eq!(rig.with_world(|world| mend(&draft, &error, world)), None, "{error}");
    }
}
