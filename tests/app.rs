//! Scripts of presses and answers for the program as a state machine: what it asks for, what it refuses, what
//! it never does by itself.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod play;

use partscope::app::command::{Command, Pane, SPECS, Screen};
use partscope::app::model::{Level, Target};
use partscope::app::msg::{Effect, FaultChange, Msg};
use partscope::app::overlay::Overlay;
use partscope::app::update;
use partscope::domain::evidence::Ground;
use partscope::domain::hashing::{Bytes, Verification, Verified};
use partscope::domain::layout::PartLayout;
use partscope::domain::operation::{Operation, OperationId, OperationKind as Op};
use partscope::domain::outcome::{Outcome, TransportError};
use partscope::domain::output::Output;
use partscope::domain::upload::{PartState, UploadState};
use partscope::domain::verify::{Report, Tried};
use play::{Play, refused, source_etag};

fn state(p: &Play) -> UploadState {
    p.model.step.bench().unwrap().machine.state().clone()
}

#[test]
fn the_first_listings_follow_the_connection_and_nothing_is_written() {
    let p = Play::new(120, 36);
    let sent: Vec<Op> =
        (0..p.model.wire.len()).filter_map(|i| p.model.wire.get(i)).filter_map(|e| e.kind.known()).collect();
    assert_eq!(sent, [Op::ListBuckets, Op::ListObjectsV2, Op::ListMultipartUploads]);
    assert!(p.others.is_empty() && p.calls.is_empty());
}

#[test]
fn a_copy_by_hand_holds_every_call_and_ends_with_the_predicted_etag() {
    let mut p = Play::new(120, 36);
    p.planned_copy();
    for (keys, kind) in
        [("Enter", Op::CreateMultipartUpload), ("Enter", Op::UploadPartCopy), ("Enter", Op::UploadPartCopy)]
    {
        p.press(keys);
        assert_eq!(p.kinds(), [kind]);
        assert!(p.calls[0].hold && p.model.step.held.len() == 1);
        p.press("Enter").released(None);
    }
    p.press("r").press("Enter").settle();
    p.press("5");
    let Operation::CompleteMultipartUpload(complete) = &p.calls[0].operation else { panic!() };
    assert_eq!(complete.parts.iter().map(|c| c.part_number.0).collect::<Vec<_>>(), [1, 2, 3]);
    p.press("Enter").released(None);
    let UploadState::Completed(object) = state(&p) else { panic!("{:?}", state(&p)) };
    assert_eq!(object.etag, source_etag());
    assert!(p.note().contains("predicted"), "{}", p.note());
}

#[test]
fn a_held_request_that_is_dropped_changes_nothing() {
    let mut p = Play::new(120, 36);
    p.planned_copy().press("Enter").press("x");
    let call = p.calls.remove(0);
    assert_eq!(p.others, [Effect::Cancel(call.id)]);
    p.finish(&call, Outcome::Cancelled { sent: false });
    assert_eq!(state(&p), UploadState::Planned);
    assert!(p.model.step.held.is_empty());
}

#[test]
fn by_hand_it_is_one_held_call_at_a_time() {
    let mut p = Play::new(120, 36);
    p.planned_copy().press("Enter Enter").released(None);
    p.press("4 4 4");
    assert_eq!(p.kinds(), [Op::ListParts]);
    assert!(p.note().contains("under way"), "{}", p.note());
}

#[test]
fn a_lost_answer_is_doubtful_and_enter_asks_s3() {
    let mut p = Play::new(120, 36);
    p.planned_copy().press("Enter").press("Enter");
    let lost = Outcome::Lost(TransportError { message: "connection reset".into(), maybe_sent: true });
    p.released(Some(lost));
    assert!(matches!(state(&p), UploadState::Doubtful(_)));
    assert_eq!(p.model.note.as_ref().unwrap().level, Level::Bad);
    p.press("Enter");
    assert_eq!(p.kinds(), [Op::ListMultipartUploads]);
}

#[test]
fn a_real_endpoint_refuses_writes_until_the_word_is_typed() {
    let mut p = Play::on(Target::real("AWS"), 120, 36);
    p.planned_copy().press("Enter");
    assert!(p.calls.is_empty(), "{:?}", p.kinds());
    assert!(p.note().contains("read-only"), "{}", p.note());
    p.press("r");
    assert!(p.calls.is_empty() && p.model.overlays.is_empty());
    p.press("U").text("writ").press("Enter");
    assert!(!p.model.target.writable);
    p.text("e").press("Enter");
    assert!(p.model.target.writable && p.model.overlays.is_empty());
    p.press("Enter");
    assert_eq!(p.kinds(), [Op::CreateMultipartUpload]);
}

#[test]
fn no_key_at_all_writes_to_a_locked_endpoint() {
    for spec in SPECS {
        let mut p = Play::on(Target::real("AWS"), 120, 36);
        p.planned_copy();
        let effects = update::run(&mut p.model, spec.command);
        for effect in effects {
            if let Effect::Perform { operation, .. } = effect {
                assert!(!operation.kind().writes(), "{} sent {}", spec.name, operation.kind());
            }
        }
    }
}

#[test]
fn locking_drops_a_held_write_and_ends_a_run() {
    let mut p = Play::on(Target::real("AWS"), 120, 36);
    p.press("U").text("write").press("Enter");
    p.planned_copy().press("Enter");
    let held = p.calls[0].id;
    p.press("U");
    assert_eq!(p.others, [Effect::Cancel(held)]);
    p.press("Enter");
    assert!(!p.others.iter().any(|e| matches!(e, Effect::Release(_))), "{:?}", p.others);
    let call = p.calls.remove(0);
    p.finish(&call, Outcome::Cancelled { sent: false });
    p.others.clear();
    p.press("U").text("write").press("Enter").press("Enter Enter").released(None);
    p.press("r Enter");
    assert_eq!(p.calls.len(), 3);
    p.press("U");
    p.settle();
    assert!(p.model.step.bench().unwrap().run.is_none());
    assert!(p.calls.is_empty());
}

#[test]
fn the_pages_of_one_upload_are_never_asked_of_another() {
    let mut p = Play::new(120, 36);
    p.press("Tab Tab Enter");
    let first = p.calls.remove(0);
    p.press("Esc Esc").settle();
    p.planned_copy();
    let page = partscope::domain::output::PartPage { next: Some("1".into()), ..Default::default() };
    p.press("w");
    p.finish(&first, Outcome::Answered(partscope::domain::output::Output::Parts(page)));
    assert_eq!(p.model.screen, Screen::Wire);
    let Operation::ListParts(more) = &p.calls[0].operation else { panic!("{:?}", p.kinds()) };
    assert_eq!((more.upload.key.as_str(), more.part_number_marker.as_deref()), ("raw.mov", Some("1")));
}

#[test]
fn completing_an_upload_that_is_not_wholly_listed_is_asked_about() {
    let mut p = Play::new(120, 36);
    p.press("Tab Tab Enter");
    let first = p.calls.remove(0);
    let play::Call { operation, .. } = &first;
    let partscope::domain::output::Output::Parts(mut page) = play::answer(operation) else { panic!() };
    page.next = Some("2".into());
    p.finish(&first, Outcome::Answered(partscope::domain::output::Output::Parts(page)));
    let second = p.calls.remove(0);
    p.finish(&second, refused(503, "SlowDown"));
    p.press("5");
    assert!(p.calls.is_empty());
    let Some(Overlay::Confirm(c)) = p.model.overlays.last() else { panic!() };
    assert!(c.title.contains("without knowing all parts"), "{}", c.title);
}

#[test]
fn abort_always_asks_and_the_safe_button_is_chosen() {
    let mut p = Play::new(120, 36);
    p.planned_copy().press("Enter Enter").released(None);
    p.press("6");
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Confirm(c)) if !c.on_yes));
    p.press("Enter");
    assert!(p.calls.is_empty() && p.model.overlays.is_empty());
    p.press("6 Right Enter");
    assert_eq!(p.kinds(), [Op::AbortMultipartUpload]);
    p.press("Enter").released(None);
    assert_eq!(state(&p), UploadState::Aborted);
}

#[test]
fn a_forbidden_move_is_offered_as_a_mistake_in_the_sandbox_only() {
    let mut p = Play::new(120, 36);
    p.planned_copy().press("Enter Enter").released(None);
    p.press("5");
    assert!(p.calls.is_empty());
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Confirm(c)) if c.yes.contains("wrong")));
    p.press("y");
    assert_eq!(p.kinds(), [Op::CompleteMultipartUpload]);
    p.press("Enter").released(Some(refused(400, "MalformedXML")));
    assert_eq!(state(&p), UploadState::Open);
    let mut real = Play::on(Target::real("AWS"), 120, 36);
    real.planned_copy().press("5");
    assert!(real.model.overlays.is_empty());
}

#[test]
fn complete_names_the_parts_it_would_leave_out() {
    let mut p = Play::new(120, 36);
    p.planned_copy().press("Enter Enter").released(None);
    p.press("Enter Enter").released(None);
    p.press("5");
    let Some(Overlay::Confirm(c)) = p.model.overlays.last() else { panic!() };
    assert!(c.lines.iter().any(|l| l.contains("lack the other 2")), "{:?}", c.lines);
}

#[test]
fn a_run_goes_on_past_a_refused_part_and_keeps_what_was_stored() {
    let mut p = Play::new(120, 36);
    p.planned_copy().press("Enter Enter").released(None);
    p.press("r Enter");
    assert_eq!(p.calls.len(), 3);
    let call = p.calls.remove(0);
    p.finish(&call, refused(400, "InvalidArgument"));
    p.settle();
    assert!(p.model.step.bench().unwrap().run.is_none());
    let parts = p.model.step.bench().unwrap().machine.parts().clone();
    let states: Vec<bool> = parts.values().map(|e| matches!(e.state, PartState::Done(_))).collect();
    assert_eq!(states, [false, true, true]);
}

#[test]
fn an_upload_of_another_client_is_taken_over_with_its_parts() {
    let mut p = Play::new(120, 36);
    p.press("Tab Tab").press("Enter").settle();
    assert_eq!(p.model.screen, Screen::Step);
    let bench = p.model.step.bench().unwrap();
    assert_eq!(bench.machine.upload().unwrap().key, "raw.mov");
    assert_eq!(bench.machine.progress().done, 2);
}

#[test]
fn results_of_a_prefix_one_has_left_are_dropped() {
    let mut p = Play::new(120, 36);
    p.press("Tab r");
    let old = p.calls.remove(0);
    p.press("Tab S-Tab").press("S-Tab Down Enter").settle();
    assert_eq!(p.model.browse.bucket.as_deref(), Some("scratch"));
    let before = p.model.browse.objects.len();
    p.finish(&old, Outcome::Answered(play::answer(&old.operation)));
    assert_eq!(p.model.browse.objects.len(), before);
}

#[test]
fn quitting_with_an_open_upload_asks_and_a_second_interrupt_leaves() {
    let mut p = Play::new(120, 36);
    p.press("q");
    assert_eq!(p.others, [Effect::Quit]);
    let mut p = Play::new(120, 36);
    p.planned_copy().press("Enter Enter").released(None);
    p.press("q");
    assert!(p.others.is_empty() && matches!(p.model.overlays.last(), Some(Overlay::Leave)));
    p.press("Esc").press("C-c");
    assert!(p.others.is_empty());
    p.press("C-c");
    assert_eq!(p.others, [Effect::Quit]);
}

#[test]
fn the_palette_finds_an_operation_by_its_exact_name() {
    for kind in Op::ALL {
        let mut p = Play::new(120, 36);
        p.press(":").text(kind.name());
        let Some(Overlay::Palette { input, .. }) = p.model.overlays.last() else { panic!() };
        let found = update::overlay::palette_matches(&p.model, input.value());
        assert_eq!(found[0].0.command, Command::Send(kind), "{kind}");
    }
}

#[test]
fn a_connection_that_failed_is_tried_again_by_refresh() {
    let mut p = Play::on(Target::real("AWS"), 120, 36);
    p.msg(Msg::Connected(Err("no region is known; use --region".into())));
    assert!(p.note().contains("--region"));
    p.press("r");
    assert_eq!(p.others, [Effect::Connect]);
}

#[test]
fn letters_typed_into_a_field_are_no_commands() {
    let mut p = Play::new(120, 36);
    p.press("Tab /").text("qvid");
    assert!(p.others.is_empty());
    assert_eq!(p.model.browse.objects.filter(), Some("qvid"));
    p.press("Esc");
    assert_eq!(p.model.browse.objects.filter(), None);
    p.msg(Msg::Paste("q\nq".into()));
    assert!(p.others.is_empty());
}

#[test]
fn probing_asks_for_every_second_part_and_proves_the_map() {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter").settle();
    assert!(p.model.inspect.evidence.exact_layout().is_none());
    p.press("p");
    assert!(p.calls.is_empty(), "the menu sends nothing");
    p.press("Esc");
    assert!(p.calls.is_empty() && p.model.overlays.is_empty());
    p.press("p Enter");
    assert_eq!(p.calls.len(), 1);
    p.settle();
    assert_eq!(p.model.inspect.evidence.exact_layout().unwrap().count(), 3);
    assert!(p.note().contains("proved"), "{}", p.note());
    p.press("p");
    assert!(p.note().contains("every boundary is known already"), "{}", p.note());
}

#[test]
fn escape_goes_back_and_never_out() {
    let mut p = Play::new(120, 36);
    p.planned_copy();
    p.press("Esc Esc Esc Esc Esc Esc").settle();
    assert!(p.others.is_empty());
    assert_eq!((p.model.screen, p.model.pane()), (Screen::Browse, Pane::Buckets));
}

#[test]
fn pages_are_asked_for_one_at_a_time_and_only_near_the_end() {
    let mut p = Play::new(120, 36);
    p.press("Tab r");
    let call = p.calls.remove(0);
    let play::Call { operation: Operation::ListObjectsV2(asked), .. } = &call else { panic!() };
    assert_eq!(asked.continuation_token, None);
    let objects = (0..1000)
        .map(|i| partscope::domain::output::ListedObject {
            key: format!("k{i:04}"),
            size: 1,
            etag: source_etag(),
            last_modified: 0,
            storage_class: None,
        })
        .collect();
    let page =
        partscope::domain::output::ObjectPage { objects, common_prefixes: vec![], next: Some("t".into()) };
    p.calls.clear();
    p.finish(&call, Outcome::Answered(partscope::domain::output::Output::Objects(page)));
    assert!(p.calls.is_empty());
    p.press("End End End");
    assert_eq!(p.kinds(), [Op::ListObjectsV2]);
}

#[test]
fn faults_are_typed_taken_over_deleted_and_cleared() {
    let mut p = Play::new(80, 24);
    let added = |rule: &str| Effect::Fault(FaultChange::Add(Box::new(rule.parse().unwrap())));
    // A wrong rule stays in the line and says why; q and digits are letters there.
    p.press("!").text("UploadPrat part=3 slow-down").press("Enter");
    assert!(p.note().contains("did you mean UploadPart?"), "{}", p.note());
    assert!(p.others.is_empty());
    p.press("C-u").text("UploadPart part=3 slow-down").press("Enter");
    assert_eq!(p.others, [added("UploadPart part=3 slow-down")]);
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Faults(f)) if f.input.value().is_empty()));
    // The sandbox answers with its rules: nothing is believed before.
    assert!(p.model.faults.is_empty());
    p.faults(&["UploadPart part=3 slow-down", "any reset"], 0);
    p.others.clear();
    // With an empty line Enter takes the chosen one over, and a second Enter adds it.
    p.press("Down Down Enter");
    assert!(p.others.is_empty());
    p.press("Enter");
    assert_eq!(p.others, [added("UploadPartCopy part=2 slow-down")]);
    p.others.clear();
    p.press("Delete");
    assert!(p.others.is_empty() && p.note().contains("ready-made"), "{}", p.note());
    p.press("Up Delete C-x");
    assert_eq!(p.others, [Effect::Fault(FaultChange::Remove(2)), Effect::Fault(FaultChange::Clear)]);
    // Delete within the text edits it.
    p.others.clear();
    p.text("xy").press("Home Delete");
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Faults(f)) if f.input.value() == "y"));
    p.msg(Msg::Paste("z\n".into()));
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Faults(f)) if f.input.value().contains('z')));
    p.msg(Msg::FaultRefused("there are 200 rules already".into()));
    assert!(p.note().contains("200 rules"));
    p.press("Esc");
    assert!(p.model.overlays.is_empty() && p.others.is_empty());
}

#[test]
fn a_real_endpoint_has_no_faults_and_says_why() {
    let mut p = Play::on(Target::real("AWS"), 80, 24);
    p.press("!");
    assert!(p.model.overlays.is_empty());
    assert!(p.note().contains("only the sandbox fails on demand"), "{}", p.note());
    let found = update::overlay::palette_matches(&p.model, "faults");
    let (spec, ok) = &found[0];
    assert_eq!((spec.command, ok.is_err()), (Command::Faults, true));
}

#[test]
fn versions_come_page_by_page_and_one_of_them_is_inspected() {
    let mut p = Play::new(80, 24);
    p.press("Tab End V");
    assert_eq!(p.kinds(), [Op::ListObjectVersions]);
    let Operation::ListObjectVersions(asked) = &p.calls[0].operation else { panic!() };
    assert_eq!((asked.bucket.as_str(), asked.prefix.as_str()), ("lessons", "video.bin"));
    p.settle();
    // The key behind this one ends the list, whatever more the server has.
    let ids: Vec<&str> = p.model.versions.list.iter().map(|v| v.version_id.as_str()).collect();
    assert_eq!((ids.len(), ids[3]), (4, "null"));
    assert!(p.model.versions.next.is_none() && p.model.versions.pages == 2);
    // A delete marker has nothing to inspect.
    p.press("Down Enter");
    assert!(p.calls.is_empty() && p.note().contains("405"), "{}", p.note());
    p.press("=");
    assert!(p.note().contains("nothing to compare"), "{}", p.note());
    p.press("Down Enter");
    let object = p.model.inspect.object.clone().unwrap();
    assert_eq!(object.version_id.as_deref(), Some("QUpfdndhfd8438MNFDN93jdnJFkdmqnh"));
    assert_eq!(p.calls.len(), 4);
    assert!(p.model.overlays.is_empty() && p.model.screen == Screen::Inspect);
    // From there the list is that of the key again.
    p.settle().press("V");
    assert_eq!(p.model.versions.object.as_ref().unwrap().version_id, None);
}

#[test]
fn s3_151_versions_that_may_not_be_listed_name_the_action() {
    let mut p = Play::new(80, 24);
    p.press("Tab End V");
    let call = p.calls.remove(0);
    p.finish(&call, refused(403, "AccessDenied"));
    let partscope::app::panes::browse::Load::Failed(why) = &p.model.versions.load else { panic!() };
    assert!(why.contains("AccessDenied") && why.contains("s3:ListBucketVersions"), "{why}");
    p.press("r");
    assert_eq!(p.kinds(), [Op::ListObjectVersions]);
    // What the older list is answered changes nothing.
    let old = p.calls.remove(0);
    p.press("r").finish(&old, Outcome::Answered(play::answer(&old.operation)));
    assert!(p.model.versions.list.is_empty());
}

#[test]
fn an_object_is_marked_and_another_one_compared_with_it_by_reads_alone() {
    let mut p = Play::on(Target::real("AWS"), 120, 36);
    p.press("Tab End =");
    assert!(p.calls.is_empty() && p.note().contains("marked s3://lessons/video.bin"), "{}", p.note());
    p.press("=");
    assert!(p.model.compare.marked.is_none() && p.note().contains("the mark is gone"));
    p.press("= Up =");
    assert_eq!(p.kinds(), [Op::HeadObject, Op::HeadObject]);
    for _ in 0..2 {
        let call = p.calls.remove(0);
        p.finish(&call, Outcome::Answered(play::answer(&call.operation)));
    }
    let rest = [Op::HeadObject, Op::GetObjectAttributes, Op::GetObjectTagging];
    assert_eq!(p.kinds(), [rest, rest].concat());
    assert!(p.model.compare.result.is_none());
    p.settle();
    let comparison = p.model.compare.result.as_ref().unwrap();
    assert_eq!(comparison.bytes, partscope::domain::compare::Says::Different);
    assert!(p.note().contains("the bytes differ; 8 requests, all of them reads"), "{}", p.note());
    // Esc leads back; the mark stays for a third one.
    p.press("Down Esc");
    assert!(p.model.overlays.is_empty() && p.model.compare.marked.is_some());
}

#[test]
fn two_versions_are_compared_from_their_list() {
    let mut p = Play::new(120, 36);
    p.press("Tab End V").settle().press("= Down Down =").settle();
    let (left, right) = (p.model.compare.left.clone().unwrap(), p.model.compare.right.clone().unwrap());
    assert_eq!(left.object.version_id.as_deref(), Some("3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY"));
    assert_eq!(right.object.version_id.as_deref(), Some("QUpfdndhfd8438MNFDN93jdnJFkdmqnh"));
    assert_eq!(p.model.compare.result.as_ref().unwrap().verdict, partscope::domain::compare::Verdict::Same);
    p.press("Esc");
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Versions)));
}

#[test]
fn a_side_that_cannot_be_read_ends_the_comparison_with_its_reason() {
    let mut p = Play::new(120, 36);
    p.press("Tab End = Up =");
    let head = p.calls.remove(1);
    p.settle();
    p.finish(&head, refused(404, "NotFound"));
    assert!(p.model.compare.result.is_none() && p.calls.is_empty());
    let failed = p.model.compare.right.as_ref().unwrap().failed.clone().unwrap();
    assert!(failed.contains("NotFound"), "{failed}");
    assert!(p.note().contains("cannot be compared"), "{}", p.note());
}

#[test]
fn answers_about_two_versions_of_an_object_are_never_compared() {
    let mut p = Play::new(120, 36);
    p.press("Tab End = Up =");
    // The left one has versions: everything else is asked of the one HEAD told.
    let left = p.calls.remove(0);
    let Output::Head(mut head) = play::answer(&left.operation) else { panic!() };
    head.version_id = Some("v1".into());
    p.finish(&left, Outcome::Answered(Output::Head(head)));
    let pinned = |o: &Operation| match o {
        Operation::GetObjectTagging(object) => object.version_id.as_deref() == Some("v1"),
        Operation::HeadObject(o) => o.object.version_id.as_deref() == Some("v1"),
        Operation::GetObjectAttributes(o) => o.object.version_id.as_deref() == Some("v1"),
        _ => false,
    };
    assert_eq!(p.calls.iter().filter(|c| pinned(&c.operation)).count(), 3);
    // The right one has none, and is replaced before the attributes come.
    let right = p.calls.remove(0);
    p.finish(&right, Outcome::Answered(play::answer(&right.operation)));
    let at = p.calls.iter().rposition(|c| c.operation.kind() == Op::GetObjectAttributes).unwrap();
    let call = p.calls.remove(at);
    let Output::Attributes(mut page) = play::answer(&call.operation) else { panic!() };
    page.etag = Some(source_etag());
    p.settle();
    p.finish(&call, Outcome::Answered(Output::Attributes(page)));
    assert!(p.model.compare.result.is_none());
    let failed = p.model.compare.right.as_ref().unwrap().failed.clone().unwrap();
    assert!(failed.contains("replaced while it was asked about"), "{failed}");
}

#[test]
fn an_address_may_name_a_version() {
    let mut p = Play::new(120, 36);
    p.press("o C-u").text("s3://lessons/video.bin?versionId=abc").press("Enter");
    assert_eq!(p.model.inspect.object.as_ref().unwrap().version_id.as_deref(), Some("abc"));
    assert!(p.note().contains("read as version abc"), "{}", p.note());
}

/// The verification that was asked for, taken out of the effects.
fn asked_to_verify(p: &mut Play) -> (OperationId, Verification) {
    let at = p.others.iter().position(|e| matches!(e, Effect::Verify { .. })).unwrap();
    match p.others.remove(at) {
        Effect::Verify { id, work } => (id, *work),
        _ => unreachable!(),
    }
}

fn matched(work: &Verification) -> Verified {
    let layout = PartLayout::uniform(work.remote.size.unwrap(), 8 << 20).unwrap();
    let mut report = Report::default();
    report.search(Some(Tried { layout, why: "a client's default".into() }), 1, false, &work.remote);
    Verified { report, hashed: work.remote.size.unwrap() }
}

#[test]
fn a_file_that_matches_proves_the_parts() {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter").settle().press("v").text("/data/video.bin").press("Enter");
    let (id, work) = asked_to_verify(&mut p);
    assert_eq!(work.bytes, Bytes::File("/data/video.bin".into()));
    assert_eq!((work.remote.size, &work.remote.etag), (Some(20_447_232), &source_etag()));
    assert!(!p.model.inspect.evidence.exact_is_known());
    p.msg(Msg::Hashing { id, done: 10, of: Some(20_447_232) });
    p.msg(Msg::Verified { id, result: Box::new(Ok(matched(&work))) });
    assert!(p.note().contains("match: the file has the object's bytes: /data/video.bin"), "{}", p.note());
    assert!(p.model.inspect.evidence.exact_is_known());
    assert!(p.model.inspect.evidence.map().iter().all(|part| part.ground == Ground::Data));
}

#[test]
fn a_verification_is_stopped_by_esc_and_its_late_result_means_nothing() {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter").settle().press("v").text("f").press("Enter");
    let (id, work) = asked_to_verify(&mut p);
    p.press("Esc");
    assert!(p.others.contains(&Effect::Cancel(id)));
    p.msg(Msg::Verified { id, result: Box::new(Ok(matched(&work))) });
    assert!(p.model.inspect.verify.is_none() && !p.model.inspect.evidence.exact_is_known());
    // Another object makes what was found for this one void too.
    p.press("v").text("f").press("Enter");
    let (id, work) = asked_to_verify(&mut p);
    p.press("1 Up Enter").settle();
    p.msg(Msg::Verified { id, result: Box::new(Ok(matched(&work))) });
    assert!(p.model.inspect.verify.is_none());
}

#[test]
fn a_whole_object_is_read_only_after_a_press_that_names_it() {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter").settle().press(":").text("GetObject").press("Enter");
    assert!(!p.others.iter().any(|e| matches!(e, Effect::Verify { .. })));
    p.press("Enter");
    assert!(p.model.inspect.verify.is_none(), "the safe answer is preselected");
    p.press(":").text("GetObject").press("Enter y");
    let (_, work) = asked_to_verify(&mut p);
    assert!(matches!(work.bytes, Bytes::Object(object) if object.key == "video.bin"));
}

#[test]
fn a_file_that_cannot_be_read_is_said() {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter").settle().press("v").text("/none").press("Enter");
    let (id, _) = asked_to_verify(&mut p);
    p.msg(Msg::Verified { id, result: Box::new(Err("cannot read /none: gone".into())) });
    assert!(p.note().contains("cannot read /none"), "{}", p.note());
}
