//! Scripts of moves and answers for the upload machine, and laws that hold for any of them.

use super::flight::composite;
use super::*;
use crate::domain::checksum::Checksums;
use crate::domain::layout::PartLayout;
use crate::domain::names::ObjectRef;
use crate::domain::operation::ObjectProperties;
use crate::domain::outcome::{Outcome, ServiceError, TransportError};
use crate::domain::output::{
    CompletedObject, CreatedUpload, HeadObjectOutput, ListedPart, Output, PartPage, UploadPage,
};
use crate::domain::plan::CopySource;
use crate::domain::units::MIB;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn head(etag: &str) -> HeadObjectOutput {
    HeadObjectOutput {
        status: 200,
        content_length: 20 * MIB,
        content_range: None,
        etag: ETag::parse(etag),
        parts_count: None,
        last_modified: None,
        properties: ObjectProperties::default(),
        checksums: Checksums::default(),
        version_id: None,
        tag_count: None,
        headers: Vec::new(),
    }
}

fn copy_machine() -> MultipartUpload {
    let source =
        CopySource { object: ObjectRef::new("a", "k"), etag: ETag::of_bytes(b"source"), size: 20 * MIB };
    let layout = PartLayout::uniform(20 * MIB, 8 * MIB).unwrap();
    MultipartUpload::new(UploadPlan::copy(source, ObjectRef::new("b", "new"), &layout, &head("x")))
}

fn created() -> Outcome {
    let upload = UploadRef { bucket: "b".into(), key: "new".into(), upload_id: "U".into() };
    Outcome::Answered(Output::Created(CreatedUpload {
        upload,
        checksum_algorithm: None,
        checksum_type: None,
        abort_date: None,
    }))
}
fn part(data: &[u8]) -> Outcome {
    let out = PartOutput { etag: ETag::of_bytes(data), checksums: Checksums::default(), size: None };
    Outcome::Answered(Output::Part(out))
}
fn completed(etag: ETag) -> Outcome {
    let object = CompletedObject { etag, location: None, checksums: Checksums::default(), version_id: None };
    Outcome::Answered(Output::Completed(object))
}
fn refused(status: u16, code: &str) -> Outcome {
    Outcome::Refused(ServiceError {
        status,
        code: code.into(),
        message: String::new(),
        request_id: None,
        detail: Vec::new(),
    })
}
fn lost() -> Outcome {
    Outcome::Lost(TransportError { message: "connection reset".into(), maybe_sent: true })
}
fn listed(numbers: &[(i32, &[u8])], next: Option<&str>) -> Outcome {
    let parts = numbers
        .iter()
        .map(|(n, data)| ListedPart {
            part_number: PartNumber(*n),
            size: 8 * MIB,
            etag: ETag::of_bytes(data),
            checksums: Checksums::default(),
        })
        .collect();
    Outcome::Answered(Output::Parts(PartPage { parts, next: next.map(Into::into), ..PartPage::default() }))
}

/// Plays moves with their answers; panics where a move is illegal.
fn play(machine: &mut MultipartUpload, script: &[(Move, Outcome)]) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (i, (m, outcome)) in script.iter().enumerate() {
        let id = OperationId(1000 + i as u64);
        machine.begin(*m, id, Enforce::Rules).unwrap_or_else(|e| panic!("step {i} {m}: {e}"));
        facts.extend(machine.apply(id, outcome));
    }
    facts
}
const P1: Move = Move::Part(PartNumber(1));
const P2: Move = Move::Part(PartNumber(2));
const P3: Move = Move::Part(PartNumber(3));

#[test]
fn a_copy_from_create_to_the_predicted_etag() {
    let mut m = copy_machine();
    assert_eq!(m.legal_moves(), [Move::Create]);
    play(&mut m, &[(Move::Create, created()), (P1, part(b"1")), (P2, part(b"2")), (P3, part(b"3"))]);
    let predicted = m.predicted_etag().unwrap();
    assert_eq!(predicted.part_count(), Some(3));
    let facts = play(&mut m, &[(Move::Complete, completed(predicted.clone()))]);
    assert_eq!(facts, [Fact::Completed { etag: predicted.clone(), predicted: Some(predicted) }]);
    assert!(m.legal_moves().is_empty());
    assert!(!m.holds_parts());
}

#[test]
fn every_part_is_pinned_to_the_source() {
    let mut m = copy_machine();
    play(&mut m, &[(Move::Create, created())]);
    let Operation::UploadPartCopy(copy) = m.operation(P3).unwrap() else { panic!("not a copy") };
    assert_eq!(copy.copy_source_range.as_deref(), Some("bytes=16777216-20971519"));
    assert_eq!(copy.copy_source_if_match, Some(ETag::of_bytes(b"source")));
}

#[test]
fn a_refused_complete_leaves_the_upload_open() {
    let mut m = copy_machine();
    play(
        &mut m,
        &[(Move::Create, created()), (P1, part(b"1")), (Move::Complete, refused(400, "EntityTooSmall"))],
    );
    assert_eq!(m.state(), &UploadState::Open);
    assert!(m.check(Move::Complete).is_ok());
}

#[test]
fn a_lost_complete_is_settled_by_the_upload_being_gone_and_the_object_being_right() {
    let mut m = copy_machine();
    play(&mut m, &[(Move::Create, created()), (P1, part(b"1")), (Move::Complete, lost())]);
    assert_eq!(m.state(), &UploadState::Doubtful(Move::Complete));
    assert_eq!(m.check(Move::Complete), Err(IllegalMove::Doubtful("CompleteMultipartUpload")));
    // An object with the right ETag proves nothing while the upload may still be there: it may be an older copy.
    assert!(m.check(Move::Head).is_err());
    let predicted = m.predicted_etag().unwrap().to_string();
    let head_of = |etag: &str| Outcome::Answered(Output::Head(Box::new(head(etag))));
    let mut open = m.clone();
    play(&mut open, &[(Move::ListParts, listed(&[(1, b"1")], None))]);
    assert_eq!(open.state(), &UploadState::Open);
    play(&mut m, &[(Move::ListParts, refused(404, "NoSuchUpload"))]);
    assert_eq!(m.state(), &UploadState::Doubtful(Move::Complete));
    let (mut other, mut none) = (m.clone(), m.clone());
    play(&mut m, &[(Move::Head, head_of(&predicted))]);
    assert!(matches!(m.state(), UploadState::Completed(_)));
    play(&mut other, &[(Move::Head, head_of("d41d8cd98f00b204e9800998ecf8427e"))]);
    assert_eq!(other.state(), &UploadState::Gone);
    play(&mut none, &[(Move::Head, refused(404, "NotFound"))]);
    assert_eq!(none.state(), &UploadState::Gone);
}

#[test]
fn a_complete_that_finds_no_upload_may_have_been_done_already() {
    let mut m = copy_machine();
    play(
        &mut m,
        &[(Move::Create, created()), (P1, part(b"1")), (Move::Complete, refused(404, "NoSuchUpload"))],
    );
    assert_eq!(m.state(), &UploadState::Doubtful(Move::Complete));
    assert!(m.check(Move::Head).is_ok());
}

#[test]
fn an_upload_that_somebody_else_ended_is_gone_and_not_doubtful() {
    let mut m = copy_machine();
    play(&mut m, &[(Move::Create, created()), (Move::ListParts, refused(404, "NoSuchUpload"))]);
    assert_eq!(m.state(), &UploadState::Gone);
    assert!(m.legal_moves().is_empty() && !m.holds_parts());
}

#[test]
fn a_resend_that_fails_leaves_what_s3_confirmed_before() {
    for end in [Outcome::Cancelled { sent: false }, refused(503, "SlowDown")] {
        let mut m = copy_machine();
        play(&mut m, &[(Move::Create, created()), (P1, part(b"1")), (P1, end.clone())]);
        assert!(matches!(m.parts()[&PartNumber(1)].state, PartState::Done(_)), "{end:?}");
        play(&mut m, &[(P2, lost()), (P2, end.clone())]);
        assert_eq!(m.parts()[&PartNumber(2)].state, PartState::Doubtful, "{end:?}");
    }
}

#[test]
fn a_replacement_that_is_only_planned_leaves_the_stored_part_in_the_list() {
    let mut m = copy_machine();
    play(&mut m, &[(Move::Create, created()), (P1, part(b"1"))]);
    m.plan_part(generated_part(PartNumber(1), 5)).unwrap();
    assert_eq!(m.completed_parts()[0].etag, ETag::of_bytes(b"1"));
    play(&mut m, &[(P1, part(b"new")), (Move::Complete, completed(ETag::of_bytes(b"x")))]);
    assert_eq!(m.plan_part(generated_part(PartNumber(1), 5)), Err(IllegalMove::Ended));
}

#[test]
fn two_walks_of_list_parts_do_not_mix_and_a_broken_walk_proves_nothing() {
    let mut m = copy_machine();
    play(&mut m, &[(Move::Create, created()), (P1, part(b"1")), (P2, part(b"2"))]);
    m.begin(Move::ListParts, OperationId(1), Enforce::Rules).unwrap();
    assert_eq!(m.check(Move::ListParts), Err(IllegalMove::Busy("ListParts")));
    m.apply(OperationId(1), &listed(&[(1, b"1")], Some("1")));
    play(&mut m, &[(Move::ListParts, lost())]);
    let Operation::ListParts(again) = m.operation(Move::ListParts).unwrap() else { panic!() };
    assert_eq!(again.part_number_marker, None);
    assert!(matches!(m.parts()[&PartNumber(2)].state, PartState::Done(_)));
}

#[test]
fn a_part_stored_while_the_walk_goes_on_stays_stored() {
    let mut m = copy_machine();
    play(&mut m, &[(Move::Create, created()), (P1, part(b"old"))]);
    m.begin(Move::ListParts, OperationId(1), Enforce::Rules).unwrap();
    play(&mut m, &[(P1, part(b"new")), (P2, part(b"2"))]);
    m.apply(OperationId(1), &listed(&[(1, b"old")], None));
    assert_eq!(m.completed_parts()[0].etag, ETag::of_bytes(b"new"));
    assert!(matches!(m.parts()[&PartNumber(2)].state, PartState::Done(_)));
}

#[test]
fn an_upload_taken_over_is_whole_after_its_last_page_and_knows_its_checksums() {
    let mut m =
        MultipartUpload::adopt(&UploadRef { bucket: "b".into(), key: "k".into(), upload_id: "U".into() });
    play(&mut m, &[(Move::ListParts, listed(&[(1, b"1")], Some("1")))]);
    assert!(!m.ledger_is_whole());
    let checksums = Checksums { values: vec![("CRC32".into(), "AAAAAA==".into())], checksum_type: None };
    let two = ListedPart { part_number: PartNumber(2), size: 1, etag: ETag::of_bytes(b"2"), checksums };
    let page = PartPage {
        parts: vec![two],
        next: None,
        checksum_algorithm: Some("CRC32".into()),
        checksum_type: Some("COMPOSITE".into()),
    };
    play(&mut m, &[(Move::ListParts, Outcome::Answered(Output::Parts(page)))]);
    assert!(m.ledger_is_whole());
    assert!(m.completed_parts()[1].checksum.is_some());
}

#[test]
fn nothing_sent_on_purpose_takes_a_completed_object_back() {
    let mut m = copy_machine();
    let tag = ETag::of_bytes(b"x");
    play(&mut m, &[(Move::Create, created()), (P1, part(b"1")), (Move::Complete, completed(tag))]);
    let ends = [
        (Move::Abort, refused(404, "NoSuchUpload")),
        (Move::Abort, Outcome::Answered(Output::Aborted)),
        (Move::Create, created()),
    ];
    for (i, (wanted, end)) in ends.into_iter().enumerate() {
        m.begin(wanted, OperationId(50 + i as u64), Enforce::Nothing).unwrap();
        m.apply(OperationId(50 + i as u64), &end);
        assert!(matches!(m.state(), UploadState::Completed(_)), "{wanted}");
    }
}

#[test]
fn a_lost_part_is_settled_by_the_whole_listing_only() {
    let mut m = copy_machine();
    play(&mut m, &[(Move::Create, created()), (P1, lost()), (P2, lost())]);
    play(&mut m, &[(Move::ListParts, listed(&[(1, b"1")], Some("1")))]);
    assert_eq!(m.parts()[&PartNumber(2)].state, PartState::Doubtful);
    let Operation::ListParts(next) = m.operation(Move::ListParts).unwrap() else { panic!() };
    assert_eq!(next.part_number_marker.as_deref(), Some("1"));
    play(&mut m, &[(Move::ListParts, listed(&[], None))]);
    assert!(matches!(m.parts()[&PartNumber(1)].state, PartState::Done(_)));
    assert_eq!(m.parts()[&PartNumber(2)].state, PartState::Planned);
}

#[test]
fn a_lost_create_offers_the_uploads_of_the_key() {
    let mut m = copy_machine();
    play(&mut m, &[(Move::Create, lost())]);
    assert_eq!(m.legal_moves(), [Move::ListUploads]);
    play(&mut m, &[(Move::ListUploads, Outcome::Answered(Output::Uploads(UploadPage::default())))]);
    assert_eq!(m.state(), &UploadState::Planned);
}

#[test]
fn what_was_never_sent_changes_nothing() {
    let mut m = copy_machine();
    play(&mut m, &[(Move::Create, created())]);
    play(
        &mut m,
        &[(P1, Outcome::Cancelled { sent: false }), (Move::Abort, Outcome::Cancelled { sent: false })],
    );
    assert_eq!(m.state(), &UploadState::Open);
    assert_eq!(m.parts()[&PartNumber(1)].state, PartState::Planned);
}

#[test]
fn abort_is_settled_by_no_such_upload() {
    let mut m = copy_machine();
    play(
        &mut m,
        &[(Move::Create, created()), (Move::Abort, lost()), (Move::ListParts, refused(404, "NoSuchUpload"))],
    );
    assert_eq!(m.state(), &UploadState::Aborted);
}

#[test]
fn an_illegal_move_can_be_sent_on_purpose_and_changes_only_by_its_answer() {
    let mut m = copy_machine();
    play(
        &mut m,
        &[(Move::Create, created()), (P1, part(b"1")), (Move::Abort, Outcome::Answered(Output::Aborted))],
    );
    assert!(m.begin(Move::Complete, OperationId(1), Enforce::Rules).is_err());
    m.begin(Move::Complete, OperationId(2), Enforce::Nothing).unwrap();
    m.apply(OperationId(2), &refused(404, "NoSuchUpload"));
    assert_eq!(m.state(), &UploadState::Aborted);
    for (id, end) in [(3, lost()), (4, Outcome::Cancelled { sent: false })] {
        m.begin(Move::Create, OperationId(id), Enforce::Nothing).unwrap();
        m.apply(OperationId(id), &end);
        assert_eq!(m.state(), &UploadState::Aborted);
    }
}

#[test]
fn checksums_go_into_complete_only_when_create_named_an_algorithm() {
    let with = PartOutput {
        etag: ETag::of_bytes(b"1"),
        checksums: Checksums { values: vec![("CRC32".into(), "AAAAAA==".into())], checksum_type: None },
        size: None,
    };
    for (algorithm, want) in
        [(None, None), (Some("CRC32"), Some(("CRC32".to_owned(), "AAAAAA==".to_owned())))]
    {
        let mut m = copy_machine();
        m.plan.properties.checksum_algorithm = algorithm.map(Into::into);
        play(&mut m, &[(Move::Create, created()), (P1, Outcome::Answered(Output::Part(with.clone())))]);
        assert_eq!(m.completed_parts()[0].checksum, want);
    }
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        Just(Move::Create),
        (1..=3).prop_map(|n| Move::Part(PartNumber(n))),
        Just(Move::ListParts),
        Just(Move::Complete),
        Just(Move::Abort),
        Just(Move::Head),
        Just(Move::ListUploads),
    ]
}
fn any_end() -> impl Strategy<Value = u8> {
    0_u8..4
}

/// The counts of a ledger, counted one by one.
fn counted(m: &MultipartUpload) -> Progress {
    let rows = || m.parts().values();
    let count = |f: fn(&PartState) -> bool| rows().filter(|p| f(&p.state)).count();
    let done = |p: &PartEntry| match &p.state {
        PartState::Done(_) => p.size().unwrap_or(0),
        _ => 0,
    };
    Progress {
        parts: rows().count(),
        done: count(|s| matches!(s, PartState::Done(_))),
        in_flight: count(|s| matches!(s, PartState::InFlight(_))),
        failed: count(|s| matches!(s, PartState::Failed(_))),
        doubtful: count(|s| matches!(s, PartState::Doubtful)),
        unsized_parts: rows().filter(|p| p.size().is_none()).count(),
        bytes: rows().filter_map(PartEntry::size).sum(),
        bytes_done: rows().map(done).sum(),
    }
}

#[test]
fn a_complete_written_by_hand_promises_the_etag_of_its_own_list() {
    let mut m = copy_machine();
    m.begin(Move::Create, OperationId(1), Enforce::Rules).unwrap();
    m.apply(OperationId(1), &created());
    for n in 1..=3_u8 {
        let id = OperationId(1 + u64::from(n));
        m.begin(Move::Part(PartNumber(n.into())), id, Enforce::Rules).unwrap();
        m.apply(id, &part(&[n]));
    }
    let Operation::CompleteMultipartUpload(mut by_hand) = m.operation(Move::Complete).unwrap() else {
        panic!()
    };
    by_hand.parts.remove(1);
    let promised = composite(&by_hand.parts).unwrap();
    assert_ne!(Some(&promised), m.predicted_etag().as_ref());
    m.begin_with(Move::Complete, OperationId(9), &Operation::CompleteMultipartUpload(by_hand)).unwrap();
    let facts = m.apply(OperationId(9), &completed(promised.clone()));
    assert_eq!(facts, [Fact::Completed { etag: promised.clone(), predicted: Some(promised) }]);
}

#[test]
fn a_page_asked_for_by_hand_proves_nothing_missing() {
    let mut m = copy_machine();
    m.begin(Move::Create, OperationId(1), Enforce::Rules).unwrap();
    m.apply(OperationId(1), &created());
    m.begin(Move::Part(PartNumber(1)), OperationId(2), Enforce::Rules).unwrap();
    m.apply(OperationId(2), &part(b"1"));
    let operation = m.operation(Move::ListParts).unwrap();
    m.begin_with(Move::ListParts, OperationId(3), &operation).unwrap();
    let facts = m.apply(OperationId(3), &listed(&[(2, b"2")], Some("2")));
    assert_eq!(facts, [Fact::PartsListed { count: 1, more: false }]);
    assert_eq!(m.progress().done, 2);
}

#[test]
fn what_a_create_that_did_not_happen_was_edited_to_is_not_the_plan() {
    for end in [refused(400, "InvalidStorageClass"), Outcome::Cancelled { sent: false }] {
        let mut m = copy_machine();
        let before = m.operation(Move::Create).unwrap();
        let Operation::CreateMultipartUpload(mut create) = before.clone() else { panic!() };
        create.properties.storage_class = Some("BARGAIN".into());
        m.replan(&create);
        m.begin_with(Move::Create, OperationId(1), &Operation::CreateMultipartUpload(create)).unwrap();
        m.apply(OperationId(1), &end);
        assert_eq!(m.operation(Move::Create).unwrap(), before);
        assert_eq!(*m.state(), UploadState::Planned);
    }
}

#[test]
fn what_create_was_edited_to_is_the_plan() {
    let mut m = copy_machine();
    let Operation::CreateMultipartUpload(mut create) = m.operation(Move::Create).unwrap() else { panic!() };
    create.key = "other".into();
    create.properties.checksum_algorithm = Some("CRC32".into());
    m.replan(&create);
    assert_eq!(m.operation(Move::Create).unwrap(), Operation::CreateMultipartUpload(create.clone()));
    m.begin(Move::Create, OperationId(1), Enforce::Rules).unwrap();
    create.key = "late".into();
    m.replan(&create);
    assert_eq!(m.plan().destination.key, "other");
}

/// Lets a move leave whatever the rules say, and gives its name.
fn leave(m: &mut MultipartUpload, id: u64, wanted: Move) -> OperationId {
    m.begin(wanted, OperationId(id), Enforce::Nothing).unwrap();
    OperationId(id)
}

/// An open upload with part 1 stored.
fn open_machine() -> MultipartUpload {
    let mut m = copy_machine();
    play(&mut m, &[(Move::Create, created()), (P1, part(b"1"))]);
    m
}

fn not_sent() -> Outcome {
    Outcome::Cancelled { sent: false }
}
fn aborted() -> Outcome {
    Outcome::Answered(Output::Aborted)
}
fn state_of(m: &MultipartUpload, number: i32) -> PartState {
    m.parts()[&PartNumber(number)].state.clone()
}
fn head_of(etag: &ETag) -> Outcome {
    Outcome::Answered(Output::Head(Box::new(head(&etag.to_string()))))
}

#[test]
fn a_part_sent_twice_at_once_is_in_doubt_and_never_stays_on_its_way() {
    for (first, second) in [(part(b"a"), not_sent()), (not_sent(), part(b"b")), (part(b"a"), lost())] {
        let mut m = open_machine();
        let (a, b) = (leave(&mut m, 1, P2), leave(&mut m, 2, P2));
        m.apply(a, &first);
        assert_eq!(state_of(&m, 2), PartState::InFlight(b));
        m.apply(b, &second);
        assert_eq!(state_of(&m, 2), PartState::Doubtful);
        play(&mut m, &[(Move::ListParts, listed(&[(1, b"1"), (2, b"b")], None))]);
        assert!(matches!(state_of(&m, 2), PartState::Done(out) if out.etag == ETag::of_bytes(b"b")));
    }
}

#[test]
fn a_listing_asked_for_before_complete_does_not_settle_it() {
    for (wanted, doubt) in [(Move::Complete, Move::Complete), (Move::Abort, Move::Abort)] {
        let mut m = open_machine();
        let list = leave(&mut m, 1, Move::ListParts);
        play(&mut m, &[(wanted, lost())]);
        m.apply(list, &listed(&[(1, b"1")], None));
        assert_eq!(m.state(), &UploadState::Doubtful(doubt));
        // One asked for since does.
        play(&mut m, &[(Move::ListParts, listed(&[(1, b"1")], None))]);
        assert_eq!(m.state(), &UploadState::Open);
    }
}

#[test]
fn what_ended_meanwhile_is_not_opened_again_by_a_refusal() {
    for end in [refused(400, "InvalidPart"), not_sent(), lost(), refused(404, "NoSuchUpload")] {
        let mut m = open_machine();
        let abort = leave(&mut m, 1, Move::Abort);
        let complete = leave(&mut m, 2, Move::Complete);
        m.apply(complete, &completed(ETag::of_bytes(b"x")));
        m.apply(abort, &end);
        assert!(matches!(m.state(), UploadState::Completed(_)), "{end:?}");

        // S3 may answer an Abort of what it completed as if it were there: only the object tells.
        let mut m = open_machine();
        let complete = leave(&mut m, 1, Move::Complete);
        let abort = leave(&mut m, 2, Move::Abort);
        m.apply(abort, &aborted());
        m.apply(complete, &end);
        assert!(!m.holds_parts() || *m.state() == UploadState::Doubtful(Move::Complete), "{end:?}");
        if m.check(Move::Head).is_ok() {
            play(&mut m, &[(Move::Head, refused(404, "NotFound"))]);
        }
        assert_eq!(m.state(), &UploadState::Gone, "{end:?}");
    }
}

#[test]
fn an_abort_in_doubt_is_not_forgotten_when_complete_is_refused() {
    let mut m = open_machine();
    let complete = leave(&mut m, 1, Move::Complete);
    let abort = leave(&mut m, 2, Move::Abort);
    m.apply(abort, &lost());
    m.apply(complete, &refused(400, "InvalidPart"));
    assert_eq!(m.state(), &UploadState::Doubtful(Move::Abort));
}

#[test]
fn no_such_upload_after_a_lost_complete_sends_to_the_object() {
    // The first listing came before S3 had got that far.
    for wanted in [Move::ListParts, Move::Abort, P2] {
        let mut m = open_machine();
        let promised = m.predicted_etag().unwrap();
        play(
            &mut m,
            &[
                (Move::Complete, lost()),
                (Move::ListParts, listed(&[(1, b"1")], None)),
                (wanted, refused(404, "NoSuchUpload")),
            ],
        );
        assert_eq!(m.state(), &UploadState::Doubtful(Move::Complete), "{wanted}");
        assert_eq!(m.legal_moves()[0], Move::Head);
        play(&mut m, &[(Move::Head, head_of(&promised))]);
        assert!(matches!(m.state(), UploadState::Completed(_)), "{wanted}");
    }
}

#[test]
fn an_abort_in_doubt_after_a_lost_complete_sends_to_the_object_too() {
    let mut m = open_machine();
    play(
        &mut m,
        &[
            (Move::Complete, lost()),
            (Move::ListParts, listed(&[(1, b"1")], None)),
            (Move::Abort, lost()),
            (Move::ListParts, refused(404, "NoSuchUpload")),
        ],
    );
    assert_eq!(m.state(), &UploadState::Doubtful(Move::Complete));
    play(&mut m, &[(Move::Head, refused(404, "NotFound"))]);
    assert_eq!(m.state(), &UploadState::Gone);
}

#[test]
fn what_an_earlier_plan_left_in_doubt_is_not_taken_out_of_the_plan() {
    let mut m = open_machine();
    play(&mut m, &[(P2, lost())]);
    m.plan_part(generated_part(PartNumber(2), 5)).unwrap();
    assert_eq!(m.unplan(PartNumber(2)), Err(IllegalMove::PartDoubtful(PartNumber(2))));
    // What S3 lists is of a plan that is gone; taken out, the row says so.
    play(&mut m, &[(Move::ListParts, listed(&[(1, b"1"), (2, b"2")], None))]);
    assert_eq!(state_of(&m, 2), PartState::Planned);
    m.unplan(PartNumber(2)).unwrap();
    let row = &m.parts()[&PartNumber(2)];
    assert!(matches!(row.state, PartState::Done(_)) && row.planned.source == PartSource::Foreign);
}

#[test]
fn an_abort_sent_on_purpose_does_not_hide_a_complete_in_doubt() {
    for end in [refused(404, "NoSuchUpload"), aborted()] {
        let mut m = open_machine();
        let promised = m.predicted_etag().unwrap();
        play(&mut m, &[(Move::Complete, lost())]);
        let abort = leave(&mut m, 1, Move::Abort);
        m.apply(abort, &end);
        assert_eq!(m.state(), &UploadState::Doubtful(Move::Complete));
        play(&mut m, &[(Move::Head, head_of(&promised))]);
        assert!(matches!(m.state(), UploadState::Completed(_)));
    }
}

#[test]
fn each_complete_in_doubt_keeps_its_own_promise() {
    let mut m = open_machine();
    let first = m.predicted_etag().unwrap();
    play(&mut m, &[(Move::Complete, lost())]);
    let Operation::CompleteMultipartUpload(mut other) = m.operation(Move::Complete).unwrap() else {
        panic!()
    };
    other.parts[0].etag = ETag::of_bytes(b"other");
    let other = Operation::CompleteMultipartUpload(other);
    m.begin_with(Move::Complete, OperationId(1), &other).unwrap();
    m.apply(OperationId(1), &refused(404, "NoSuchUpload"));
    play(&mut m, &[(Move::Head, head_of(&first))]);
    assert!(matches!(m.state(), UploadState::Completed(object) if object.etag == first));
}

#[test]
fn a_complete_written_by_hand_for_parts_not_known_here_can_be_in_doubt() {
    let upload = UploadRef { bucket: "b".into(), key: "k".into(), upload_id: "U".into() };
    let mut m = MultipartUpload::adopt(&upload);
    let parts =
        vec![CompletedPart { part_number: PartNumber(1), etag: ETag::of_bytes(b"1"), checksum: None }];
    let Operation::CompleteMultipartUpload(by_hand) = m.operation(Move::Complete).unwrap() else { panic!() };
    let by_hand = Operation::CompleteMultipartUpload(CompleteMultipartUpload { parts, ..by_hand });
    m.begin_with(Move::Complete, OperationId(1), &by_hand).unwrap();
    m.apply(OperationId(1), &lost());
    assert_eq!(m.state(), &UploadState::Doubtful(Move::Complete));
}

#[test]
fn head_takes_no_object_back_and_counts_only_when_it_was_due() {
    let mut m = open_machine();
    let promised = m.predicted_etag().unwrap();
    let early = leave(&mut m, 1, Move::Head);
    play(&mut m, &[(Move::Complete, lost()), (Move::ListParts, refused(404, "NoSuchUpload"))]);
    m.apply(early, &refused(404, "NotFound"));
    assert_eq!(m.state(), &UploadState::Doubtful(Move::Complete));
    play(&mut m, &[(Move::Head, head_of(&promised))]);
    let late = leave(&mut m, 2, Move::Head);
    m.apply(late, &refused(404, "NotFound"));
    assert!(matches!(m.state(), UploadState::Completed(_)));
}

#[test]
fn a_part_that_finds_no_upload_ends_it() {
    let mut m = open_machine();
    play(&mut m, &[(P2, refused(404, "NoSuchUpload"))]);
    assert_eq!(m.state(), &UploadState::Gone);
    assert!(m.legal_moves().is_empty());
}

#[test]
fn what_was_in_doubt_is_not_confirmed_by_planning_it_anew() {
    let mut m = open_machine();
    m.plan_part(generated_part(PartNumber(1), 5)).unwrap();
    play(&mut m, &[(P1, lost())]);
    m.plan_part(generated_part(PartNumber(1), 6)).unwrap();
    assert!(m.completed_parts().is_empty());
    play(&mut m, &[(P1, refused(503, "SlowDown"))]);
    assert_eq!(state_of(&m, 1), PartState::Doubtful);
}

#[test]
fn a_part_that_is_to_be_replaced_is_not_done_because_s3_lists_the_old_one() {
    let old =
        |m: &MultipartUpload| m.parts()[&PartNumber(1)].confirmed().unwrap().etag == ETag::of_bytes(b"1");
    let mut m = open_machine();
    m.plan_part(generated_part(PartNumber(1), 5)).unwrap();
    // Not sent yet, then sent in vain.
    for _ in 0..2 {
        play(&mut m, &[(Move::ListParts, listed(&[(1, b"1")], None))]);
        assert!(state_of(&m, 1) == PartState::Planned && old(&m));
        play(&mut m, &[(P1, lost())]);
    }
    // It had landed.
    play(&mut m, &[(Move::ListParts, listed(&[(1, b"new")], None))]);
    assert!(matches!(state_of(&m, 1), PartState::Done(_)) && !old(&m));
    // Of two in doubt nobody knows which one it is.
    for size in [6, 7] {
        m.plan_part(generated_part(PartNumber(1), size)).unwrap();
        play(&mut m, &[(P1, lost())]);
    }
    play(&mut m, &[(Move::ListParts, listed(&[(1, b"either")], None))]);
    assert_eq!(state_of(&m, 1), PartState::Planned);
    assert_eq!(m.completed_parts()[0].etag, ETag::of_bytes(b"either"));
}

#[test]
fn two_walks_sent_on_purpose_prove_nothing_missing_that_one_of_them_saw() {
    let mut m = open_machine();
    play(&mut m, &[(P2, part(b"2"))]);
    let (a, b) = (leave(&mut m, 1, Move::ListParts), leave(&mut m, 2, Move::ListParts));
    m.apply(a, &listed(&[(1, b"1")], Some("1")));
    m.apply(b, &listed(&[(1, b"1")], Some("1")));
    // A page by hand that began anywhere comes after the walk has been broken off.
    let (c, d) = (leave(&mut m, 3, Move::ListParts), OperationId(4));
    let by_hand = m.operation(Move::ListParts).unwrap();
    m.begin_with(Move::ListParts, d, &by_hand).unwrap();
    m.apply(c, &lost());
    m.apply(d, &listed(&[], None));
    assert_eq!(m.progress().done, 2);
    play(&mut m, &[(Move::ListParts, listed(&[(1, b"1"), (2, b"2")], None))]);
    assert_eq!(m.progress().done, 2);
}

#[test]
fn a_request_about_another_upload_teaches_nothing_of_this_one() {
    let mut m = open_machine();
    let foreign = UploadRef { bucket: "b".into(), key: "other".into(), upload_id: "V".into() };
    let before = (m.state().clone(), m.parts().clone());
    let body = PartBody::Generated { seed: 1, len: 1 };
    let sent = UploadPart { upload: foreign.clone(), part_number: PartNumber(2), body };
    for (wanted, operation, end) in [
        (P2, Operation::UploadPart(sent), part(b"2")),
        (Move::Abort, Operation::AbortMultipartUpload(foreign.clone()), aborted()),
        (Move::Abort, Operation::AbortMultipartUpload(foreign), refused(404, "NoSuchUpload")),
    ] {
        m.begin_with(wanted, OperationId(1), &operation).unwrap();
        m.apply(OperationId(1), &end);
        assert_eq!((m.state().clone(), m.parts().clone()), before, "{operation:?}");
        assert!(!m.is_busy());
    }
}

#[test]
fn a_create_written_by_hand_is_where_the_upload_is() {
    let mut m = copy_machine();
    let Operation::CreateMultipartUpload(mut create) = m.operation(Move::Create).unwrap() else { panic!() };
    create.key = "elsewhere".into();
    m.begin_with(Move::Create, OperationId(1), &Operation::CreateMultipartUpload(create)).unwrap();
    m.apply(OperationId(1), &lost());
    let Operation::ListMultipartUploads(list) = m.operation(Move::ListUploads).unwrap() else { panic!() };
    assert_eq!(list.prefix.as_deref(), Some("elsewhere"));
}

#[test]
fn a_copy_of_an_object_nobody_looked_at_has_the_size_that_list_parts_tells() {
    let mut m = open_machine();
    let upload = m.upload().unwrap();
    let copy = Operation::UploadPartCopy(UploadPartCopy {
        upload,
        part_number: PartNumber(9),
        source: ObjectRef::new("another", "object"),
        copy_source_range: None,
        copy_source_if_match: None,
    });
    let nine = PartNumber(9);
    m.begin_with(Move::Part(nine), OperationId(1), &copy).unwrap();
    assert_eq!((m.parts()[&nine].size(), m.progress().unsized_parts), (None, 1));
    m.apply(OperationId(1), &part(b"9"));
    assert_eq!((m.parts()[&nine].size(), m.progress().unsized_parts), (None, 1));
    assert!(m.held_parts().iter().all(|p| p.part_number != nine));
    play(&mut m, &[(Move::ListParts, listed(&[(1, b"1"), (9, b"9")], None))]);
    assert_eq!((m.parts()[&nine].size(), m.progress().unsized_parts), (Some(8 * MIB), 0));
}

proptest! {
    /// Whatever happens, a part is Done only after S3 said so, and nothing stays in flight after its answer.
    #[test]
    fn nothing_is_believed_that_no_answer_confirmed(script in proptest::collection::vec((any_move(), any_end()), 0..40)) {
        let mut m = copy_machine();
        let mut confirmed = BTreeSet::new();
        for (i, (wanted, end)) in script.into_iter().enumerate() {
            let id = OperationId(i as u64);
            if m.begin(wanted, id, Enforce::Rules).is_err() { continue; }
            let outcome = match (end, wanted) {
                (0, Move::Create) => created(),
                (0, Move::Part(n)) => { confirmed.insert(n); part(&[n.0 as u8]) }
                (0, Move::ListParts) => { confirmed.insert(PartNumber(1)); listed(&[(1, b"\x01")], None) }
                (0, Move::Complete) => completed(m.predicted_etag().unwrap()),
                (0, Move::Abort) => Outcome::Answered(Output::Aborted),
                (1, _) => refused(500, "InternalError"),
                (2, _) => lost(),
                _ => Outcome::Cancelled { sent: false },
            };
            m.apply(id, &outcome);
            prop_assert!(!m.is_busy());
            prop_assert_eq!(m.progress(), counted(&m));
            let rows = m.parts();
            prop_assert!(m.numbers().iter().eq(rows.keys()));
            prop_assert_eq!(m.confirmed(), m.completed_parts().len());
            let sendable = |p: &&PartEntry| p.state == PartState::Planned && p.planned.source != PartSource::Foreign;
            prop_assert!(m.to_send().iter().eq(rows.values().filter(sendable).map(|p| &p.planned.number)));
            let replacing = rows.values().filter(|p| p.state == PartState::Planned && p.stored.is_some()).count();
            prop_assert_eq!(m.replacing(), replacing);
            for p in m.parts().values() {
                if matches!(p.state, PartState::Done(_)) { prop_assert!(confirmed.contains(&p.planned.number)); }
                prop_assert!(!matches!(p.state, PartState::InFlight(_)));
            }
        }
    }
}

#[test]
fn a_part_is_taken_out_of_the_plan_unless_s3_has_or_may_have_it() {
    let mut m = copy_machine();
    m.unplan(PartNumber(2)).unwrap();
    assert_eq!(m.numbers(), [PartNumber(1), PartNumber(3)]);
    assert_eq!(m.unplan(PartNumber(2)), Err(IllegalMove::UnknownPart(PartNumber(2))));
    m.begin(Move::Create, OperationId(1), Enforce::Rules).unwrap();
    m.apply(OperationId(1), &created());
    m.begin(Move::Part(PartNumber(1)), OperationId(2), Enforce::Rules).unwrap();
    assert_eq!(m.unplan(PartNumber(1)), Err(IllegalMove::PartInFlight(PartNumber(1))));
    m.apply(OperationId(2), &part(b"1"));
    assert_eq!(m.unplan(PartNumber(1)), Err(IllegalMove::PartStored(PartNumber(1))));
    m.begin(Move::Part(PartNumber(3)), OperationId(3), Enforce::Rules).unwrap();
    m.apply(OperationId(3), &lost());
    assert_eq!(m.unplan(PartNumber(3)), Err(IllegalMove::PartDoubtful(PartNumber(3))));
    let before = m.parts()[&PartNumber(1)].planned.clone();
    m.plan_part(generated_part(PartNumber(1), 7)).unwrap();
    m.plan_part(generated_part(PartNumber(1), 8)).unwrap();
    assert_eq!((m.replacing(), m.confirmed()), (1, 1));
    m.unplan(PartNumber(1)).unwrap();
    assert_eq!((m.replacing(), m.confirmed()), (0, 1));
    assert_eq!(m.parts()[&PartNumber(1)].planned, before);
}
