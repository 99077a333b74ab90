//! Scripts of presses on request forms: what is shown, what is sent, what the upload learns from it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod play;

use partscope::app::command::Pane;
use partscope::app::model::Target;
use partscope::app::msg::{Effect, Msg};
use partscope::app::overlay::Overlay;
use partscope::domain::checksum::Checksums;
use partscope::domain::operation::{Operation, OperationKind as Op};
use partscope::domain::outcome::{Outcome, ServiceError};
use partscope::domain::predict::{BodyDigest, Verdict};
use partscope::domain::preview::preview;
use partscope::domain::upload::{PartState, UploadState};
use play::{Play, refused};

/// A planned copy whose Create was sent and answered.
fn open() -> Play {
    let mut p = Play::new(120, 36);
    p.planned_copy().press("Enter Enter").released(None);
    p
}

/// Puts the cursor into a field of the form.
fn to_field(p: &mut Play, name: &str) {
    let form = p.model.step.drafting.as_mut().expect("no form is open");
    let at = form.draft.position(name).unwrap_or_else(|| panic!("no field {name}"));
    form.go_to(at);
}

fn field(p: &Play, name: &str) -> String {
    p.model.step.drafting.as_ref().unwrap().draft.get(name).to_owned()
}

fn verdict(p: &Play) -> &Verdict {
    &p.model.step.settled.as_ref().expect("nothing has ended").verdict
}

#[test]
fn what_is_typed_is_seen_in_the_request_and_sent() {
    let mut p = Play::new(120, 36);
    p.planned_copy().press("e");
    assert_eq!(p.model.pane(), Pane::Form);
    to_field(&mut p, "CacheControl");
    p.text("no-cache q1");
    assert!(p.screen().contains("▌ cache-control: no-cache q1"), "{}", p.screen());
    to_field(&mut p, "Key");
    p.press("End").text("2");
    p.press("C-s");
    let [call] = p.calls.as_slice() else { panic!("{:?}", p.kinds()) };
    assert!(call.hold);
    let Operation::CreateMultipartUpload(create) = &call.operation else { panic!() };
    assert_eq!(create.properties.cache_control.as_deref(), Some("no-cache q1"));
    let key = create.key.clone();
    p.press("Enter").released(None);
    let bench = p.model.step.bench().unwrap();
    assert_eq!(bench.machine.plan().destination.key, key);
    assert_eq!(*bench.machine.state(), UploadState::Open);
}

#[test]
fn a_wrong_range_is_sent_as_typed_and_its_refusal_is_what_was_expected() {
    let mut p = open();
    p.press("e");
    to_field(&mut p, "CopySourceRange");
    p.press("C-u").text("bytes=0-99999999");
    let screen = p.screen();
    assert!(screen.contains("past the end") && screen.contains("≈ expects 400 InvalidArgument"), "{screen}");
    p.press("C-s Enter");
    let Operation::UploadPartCopy(part) = &p.calls[0].operation else { panic!() };
    assert_eq!(part.copy_source_range.as_deref(), Some("bytes=0-99999999"));
    let error = ServiceError {
        status: 400,
        code: "InvalidArgument".into(),
        message: "Range specified is not valid for source object of size: 20971520".into(),
        request_id: Some("R".into()),
        detail: vec![("ArgumentName".into(), "x-amz-copy-source-range".into())],
    };
    p.released(Some(Outcome::Refused(error)));
    assert!(matches!(verdict(&p), Verdict::AsPredicted(_)), "{:?}", verdict(&p));
    let bench = p.model.step.bench().unwrap();
    assert!(matches!(bench.machine.parts().values().next().unwrap().state, PartState::Failed(_)));
    p.press("K");
    let screen = p.screen();
    for said in ["What S3 said", "ArgumentName  x-amz-copy-source-range", "What mends it", "RequestId  R"] {
        assert!(screen.contains(said), "{said}: {screen}");
    }
}

#[test]
fn success_where_a_refusal_was_expected_is_a_surprise() {
    let mut p = open();
    p.press("e");
    to_field(&mut p, "CopySourceRange");
    p.press("C-u").text("bytes=0-99999999");
    p.press("C-s Enter").released(None);
    assert!(matches!(verdict(&p), Verdict::Surprise(_)), "{:?}", verdict(&p));
    assert!(p.screen().contains("a surprise"), "{}", p.screen());
}

#[test]
fn the_list_of_complete_is_sent_in_the_order_it_was_given() {
    let mut p = open();
    p.press("r Enter").settle();
    p.press("e");
    assert_eq!(p.model.step.drafting.as_ref().unwrap().draft.kind(), Op::CompleteMultipartUpload);
    to_field(&mut p, "Part");
    p.press("A-Down");
    assert!(p.screen().contains("≈ expects 400 InvalidPartOrder"), "{}", p.screen());
    p.press("C-s");
    let Operation::CompleteMultipartUpload(complete) = &p.calls[0].operation else { panic!() };
    assert_eq!(complete.parts.iter().map(|c| c.part_number.0).collect::<Vec<_>>(), [2, 1, 3]);
    p.press("Enter").released(Some(refused(400, "InvalidPartOrder")));
    assert!(matches!(verdict(&p), Verdict::AsPredicted(_)), "{:?}", verdict(&p));
    assert_eq!(*p.model.step.bench().unwrap().machine.state(), UploadState::Open);
}

#[test]
fn entries_are_dropped_doubled_and_spoilt() {
    let mut p = open();
    p.press("r Enter").settle();
    p.press("e");
    to_field(&mut p, "Part");
    let before = field(&p, "Part");
    p.press("C-y C-x");
    assert_ne!(field(&p, "Part"), before);
    p.press("C-d");
    assert_eq!(field(&p, "Part"), before);
    p.press("C-g");
    assert!(!p.model.step.drafting.as_ref().unwrap().is_edited());
}

#[test]
fn a_request_about_another_key_changes_nothing_of_this_upload() {
    let mut p = open();
    p.press("e");
    to_field(&mut p, "Key");
    p.press("End").text("x");
    assert!(p.screen().contains("≈ expects 404 NoSuchUpload"), "{}", p.screen());
    let before = p.model.step.bench().unwrap().machine.progress();
    p.press("C-s Enter").released(Some(refused(404, "NoSuchUpload")));
    let bench = p.model.step.bench().unwrap();
    assert_eq!((bench.machine.progress(), bench.machine.state()), (before, &UploadState::Open));
}

#[test]
fn an_amended_part_number_is_not_believed_to_be_the_planned_part() {
    let mut p = open();
    p.press("e");
    to_field(&mut p, "PartNumber");
    p.press("C-u").text("one");
    p.press("C-s");
    assert_eq!(preview(&p.calls[0].operation).parameter("partNumber"), Some("one"));
    p.press("Enter").released(None);
    assert_eq!(p.model.step.bench().unwrap().machine.progress().done, 0);
}

#[test]
fn nothing_is_sent_that_would_be_another_request() {
    let mut p = open();
    p.press("E");
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Forms { .. })));
    p.press("Down Down Down Down Down Enter");
    assert_eq!(p.model.step.drafting.as_ref().unwrap().draft.kind(), Op::AbortMultipartUpload);
    to_field(&mut p, "UploadId");
    p.press("C-u C-s");
    assert!(p.calls.is_empty() && p.note().contains("UploadId"), "{}", p.note());
}

#[test]
fn a_locked_endpoint_takes_no_form_and_an_abort_wants_its_word() {
    let mut p = Play::on(Target::real("prod"), 120, 36);
    p.planned_copy().press("e C-s");
    assert!(p.calls.is_empty() && p.note().contains("read-only"), "{}", p.note());
    p.model.target.writable = true;
    p.press("C-s Enter").released(None);
    p.press("E Down Down Down Down Down Enter C-s");
    assert!(p.calls.is_empty());
    assert!(p.screen().contains("Type abort"), "{}", p.screen());
    p.text("abort").press("Enter Enter").released(None);
    assert_eq!(*p.model.step.bench().unwrap().machine.state(), UploadState::Aborted);
}

#[test]
fn a_form_that_was_left_comes_back_as_it_was() {
    let mut p = open();
    p.press("e");
    to_field(&mut p, "CopySourceIfMatch");
    p.press("C-u").text("mine");
    p.press("Esc");
    assert!(p.calls.is_empty() && p.model.step.drafting.is_none());
    p.press("e");
    assert_eq!(field(&p, "CopySourceIfMatch"), "mine");
    p.press("C-g");
    assert_ne!(field(&p, "CopySourceIfMatch"), "mine");
}

#[test]
fn a_field_remembers_what_was_sent() {
    let mut p = open();
    p.press("e");
    to_field(&mut p, "ExpectedBucketOwner");
    p.text("123456789012");
    p.press("C-s Enter").released(None);
    p.press("e");
    to_field(&mut p, "ExpectedBucketOwner");
    p.press("C-r");
    assert_eq!(field(&p, "ExpectedBucketOwner"), "123456789012");
}

#[test]
fn the_request_leads_to_the_field_that_makes_a_line() {
    let mut p = open();
    p.press("e");
    p.model.set_focus(Pane::Request);
    p.press("Down Down");
    let form = p.model.step.drafting.as_ref().unwrap();
    let name = form.draft.slots()[form.at].param.name;
    assert!(form.lines()[form.line].is_of(form.at), "{name}");
    p.press("Enter");
    assert_eq!(p.model.pane(), Pane::Form);
}

#[test]
fn letters_are_text_while_one_types_and_control_keys_still_work() {
    let mut p = open();
    p.press("e");
    to_field(&mut p, "CopySourceIfNoneMatch");
    p.text("q?:5wHx");
    assert_eq!(field(&p, "CopySourceIfNoneMatch"), "q?:5wHx");
    assert!(p.calls.is_empty() && p.model.overlays.is_empty());
    p.press("F1");
    assert!(p.screen().contains("header x-amz-copy-source-if-none-match"), "{}", p.screen());
    p.press("Esc C-p");
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Palette { .. })));
}

#[test]
fn each_operation_may_be_held_or_not() {
    let mut p = open();
    p.press("h");
    let kinds = partscope::domain::draft::KINDS;
    let at = kinds.iter().position(|k| *k == Op::ListParts).unwrap();
    for _ in 0..at {
        p.press("Down");
    }
    p.press("Space Esc 4");
    assert!(!p.calls[0].hold, "ListParts leaves at once");
    p.settle();
    p.press("Enter");
    assert!(p.calls[0].hold, "and a part is held as before");
}

#[test]
fn the_etag_of_a_part_that_is_sent_is_known_before() {
    let mut p = Play::new(120, 36);
    p.press("n").press("Tab Tab Tab Tab C-s").press("Enter Enter").released(None);
    let asked: Vec<_> = p.others.iter().filter(|e| matches!(e, Effect::Digest(_))).cloned().collect();
    let [Effect::Digest(body)] = asked.as_slice() else { panic!("{:?}", p.others) };
    let digest = BodyDigest { md5: [7; 16], checksums: Checksums::default() };
    p.msg(Msg::Digested { body: body.clone(), digest: Ok(digest) });
    let screen = p.screen();
    assert!(screen.contains("≈ expects 200") && screen.contains("07070707"), "{screen}");
    p.press("Enter Enter").released(None);
    assert!(matches!(verdict(&p), Verdict::Surprise(_)), "the stand-in gives another ETag");
}

#[test]
fn what_a_head_by_hand_shows_is_used_by_the_next_expectation() {
    let mut p = open();
    p.press("r Enter").settle();
    let head = |p: &mut Play| {
        p.press("E").press("Down Down Down Down Down Down Down Enter");
        assert_eq!(p.model.step.drafting.as_ref().unwrap().draft.kind(), Op::HeadObject);
    };
    let only_if_new = |p: &mut Play| {
        p.press("e");
        to_field(p, "IfNoneMatch");
        p.text("*");
        p.screen()
    };
    head(&mut p);
    p.press("C-s Enter").released(Some(refused(404, "NotFound")));
    let screen = only_if_new(&mut p);
    assert!(screen.contains("whether the key was written or deleted since"), "{screen}");
    p.press("C-g Esc");
    head(&mut p);
    p.press("C-s Enter").released(None);
    let screen = only_if_new(&mut p);
    assert!(screen.contains("≈ expects 412 PreconditionFailed"), "{screen}");
}

#[test]
fn a_file_that_cannot_be_read_is_asked_for_once() {
    let mut p = Play::new(120, 36);
    p.press("n").press("Tab Tab Tab Tab C-s").press("Enter Enter").released(None);
    p.press("e");
    to_field(&mut p, "Body");
    p.press("C-u").text("/missing");
    for _ in 0..3 {
        for asked in std::mem::take(&mut p.others) {
            let Effect::Digest(body) = asked else { continue };
            p.msg(Msg::Digested { body, digest: Err("no such file".into()) });
        }
    }
    assert!(p.others.is_empty(), "{:?}", p.others);
}

#[test]
fn the_smallest_terminal_shows_the_field_one_types_in() {
    let mut p = Play::new(60, 16);
    p.planned_copy().press("e").text("x");
    assert!(p.screen().contains("› ContentType"), "{}", p.screen());
    p.press("Esc h End");
    assert!(p.screen().contains("DeleteObjectTagging"), "{}", p.screen());
}

#[test]
fn a_part_that_never_left_leaves_the_plan_as_it_was() {
    let mut p = open();
    let before = p.model.step.bench().unwrap().machine.parts().clone();
    p.press("e");
    to_field(&mut p, "CopySourceRange");
    p.press("C-u").text("bytes=0-5");
    p.press("C-s x");
    let call = p.calls.remove(0);
    p.finish(&call, Outcome::Cancelled { sent: false });
    let now = p.model.step.bench().unwrap().machine.parts();
    let planned = |parts: &std::collections::BTreeMap<_, partscope::domain::upload::PartEntry>| {
        parts.values().map(|p| p.planned.clone()).collect::<Vec<_>>()
    };
    assert_eq!(planned(now), planned(&before));
}

#[test]
fn errors_are_seen_while_a_call_is_held() {
    let mut p = open();
    p.press("Enter");
    p.press("e");
    assert!(p.screen().contains("a call is held; Enter releases it"), "{}", p.screen());
}
