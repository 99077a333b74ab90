//! The Inspect screen by scripts of presses and answers: what is asked, what is believed, and what is given up.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod play;

use partscope::app::command::{Pane, Screen};
use partscope::app::msg::Effect;
use partscope::domain::checksum::Checksums;
use partscope::domain::etag::ETag;
use partscope::domain::evidence::{AttributesHeard, PartSizeEvidence, ProbeKind};
use partscope::domain::names::ObjectRef;
use partscope::domain::operation::{GetObjectAttributes, HeadObject, Operation, OperationKind};
use partscope::domain::outcome::{Outcome, TransportError};
use partscope::domain::output::{AttributePart, HeadObjectOutput, Output};
use partscope::domain::units::PartNumber;
use play::{Call, Play, answer, refused, source_etag};

/// A program that looks at the stand-in's object of three parts, all four questions answered.
fn inspecting() -> Play {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter").settle();
    p
}

/// The answer of the stand-in, changed.
fn head(call: &Call, change: impl FnOnce(&mut HeadObjectOutput)) -> Outcome {
    let Output::Head(mut head) = answer(&call.operation) else { panic!("{:?}", call.operation) };
    change(&mut head);
    Outcome::Answered(Output::Head(head))
}

fn part_asked(call: &Call) -> Option<i32> {
    match &call.operation {
        Operation::HeadObject(HeadObject { part_number, .. }) => part_number.map(|n| n.0),
        _ => None,
    }
}

fn version_asked(call: &Call) -> Option<&str> {
    match &call.operation {
        Operation::HeadObject(HeadObject { object, .. }) => object.version_id.as_deref(),
        _ => None,
    }
}

#[test]
fn opening_says_how_many_requests_it_sends() {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter");
    assert_eq!(p.calls.len(), 4);
    assert!(p.note().starts_with("4 requests"), "{}", p.note());
}

#[test]
fn the_menu_of_probes_names_its_requests_and_sends_nothing_itself() {
    let mut p = inspecting();
    p.press("p");
    let shown = p.screen();
    assert!(shown.contains("1 HeadObject") && shown.contains("decides"), "{shown}");
    assert!(p.calls.is_empty());
    p.press("Down Up Home End Esc");
    assert!(p.calls.is_empty() && p.model.overlays.is_empty());
    p.press("p Enter");
    assert_eq!(p.calls.iter().map(part_asked).collect::<Vec<_>>(), [Some(2)]);
    assert!(p.screen().contains("asking: 0 of 1 answered; Esc stops"));
    p.press("p");
    assert!(p.note().contains("a probe is under way"), "{}", p.note());
}

#[test]
fn escape_stops_a_probe_and_what_was_learnt_stays() {
    let mut p = inspecting();
    p.press("p Enter");
    let id = p.calls[0].id;
    p.press("Esc");
    assert!(p.others.contains(&Effect::Cancel(id)));
    assert_eq!((p.model.screen, p.model.inspect.probe.is_none()), (Screen::Inspect, true));
    assert_eq!(p.model.inspect.evidence.stated.len(), 1);
    let late = p.calls.remove(0);
    let outcome = Outcome::Answered(answer(&late.operation));
    p.finish(&late, outcome);
    assert_eq!(p.model.inspect.evidence.stated.len(), 1, "an answer to what was called off is dropped");
}

#[test]
fn a_refused_probe_leaves_what_is_known_and_names_the_permission() {
    let mut p = inspecting();
    p.press("p Enter");
    let call = p.calls.remove(0);
    p.finish(&call, refused(403, "AccessDenied"));
    assert!(
        p.note().ends_with("without the sizes of parts by HEAD; allowed by s3:GetObject"),
        "{}",
        p.note()
    );
    assert!(p.model.inspect.probe.is_none() && p.calls.is_empty());
    assert!(matches!(p.model.inspect.evidence.part_size(), PartSizeEvidence::FirstPart { .. }));
    p.press("p");
    assert!(p.note().contains("s3:GetObject"), "{}", p.note());
    assert!(p.screen().contains("refused"), "{}", p.screen());
}

#[test]
fn a_part_that_is_not_there_makes_the_object_be_asked_about_again() {
    for (status, code) in [(404, "NotFound"), (412, "PreconditionFailed"), (416, "InvalidPartNumber")] {
        let mut p = inspecting();
        p.press("p Enter");
        let call = p.calls.remove(0);
        p.finish(&call, refused(status, code));
        assert_eq!(p.calls.iter().map(part_asked).collect::<Vec<_>>(), [None], "the plain HEAD, once");
        assert!(p.model.inspect.evidence.refusals.is_empty() && p.model.inspect.probe.is_some());
        let plain = p.calls.remove(0);
        let other = ETag::parse("9a6dbec798b1bfe66cc7659d2bb41720-3");
        p.finish(&plain, head(&plain, |h| h.etag = other));
        assert!(p.note().contains("was replaced"), "{}", p.note());
        assert_eq!((p.calls.len(), p.model.inspect.probe.is_none()), (4, true), "everything is asked again");

        // The same object: then the refusal stands, and is said.
        let mut p = inspecting();
        p.press("p Enter");
        let call = p.calls.remove(0);
        p.finish(&call, refused(status, code));
        p.settle();
        assert!(p.note().starts_with(&format!("{code} ({status}): without the sizes")), "{}", p.note());
        assert_eq!((p.model.inspect.evidence.refusals.len(), p.model.inspect.probe.is_none()), (1, true));

        // Gone: everything is asked again, and says so.
        let mut p = inspecting();
        p.press("p Enter");
        for _ in 0..2 {
            let call = p.calls.remove(0);
            p.finish(&call, refused(404, "NotFound"));
        }
        assert_eq!((p.calls.len(), p.model.inspect.head.is_none()), (4, true));
    }
}

#[test]
fn a_probe_that_fails_can_be_tried_again() {
    let lost = Outcome::Lost(TransportError { message: "reset".into(), maybe_sent: true });
    for outcome in [refused(503, "SlowDown"), refused(500, "InternalError"), lost] {
        let mut p = inspecting();
        p.press("p Enter");
        let call = p.calls.remove(0);
        p.finish(&call, outcome);
        assert!(p.calls.is_empty() && p.model.inspect.probe.is_none(), "{}", p.note());
        p.press("p Enter").settle();
        assert!(p.note().contains("proved"), "{}", p.note());
        assert!(p.model.inspect.evidence.refusals.is_empty());
    }
}

#[test]
fn escape_while_the_plain_head_is_asked_again_calls_that_off_too() {
    let mut p = inspecting();
    p.press("p Enter");
    let call = p.calls.remove(0);
    p.finish(&call, refused(416, "InvalidPartNumber"));
    let id = p.calls[0].id;
    p.press("Esc");
    assert!(p.others.contains(&Effect::Cancel(id)) && p.model.inspect.recheck.is_none());
}

#[test]
fn attributes_that_are_denied_are_missing_evidence_and_not_the_end() {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter");
    let at = p.calls.iter().position(|c| c.operation.kind() == OperationKind::GetObjectAttributes).unwrap();
    let call = p.calls.remove(at);
    p.finish(&call, refused(403, "AccessDenied"));
    assert!(p.note().contains("s3:GetObject and s3:GetObjectAttributes"), "{}", p.note());
    p.settle();
    assert!(matches!(p.model.inspect.evidence.attributes, AttributesHeard::Refused { status: 403, .. }));
    assert!(p.model.inspect.evidence.plan(ProbeKind::Every).is_some());
    let shown = p.press("Y").screen();
    assert!(shown.contains("▶ no: access denied (403)") && shown.contains("s3:ListBucket"), "{shown}");
}

/// A page of attributes that lists these parts of the stand-in's object.
fn listed(numbers: std::ops::RangeInclusive<i32>, next: Option<&str>) -> Outcome {
    let object = ObjectRef::new("b", "k");
    let ask = GetObjectAttributes { object, part_number_marker: None, max_parts: None };
    let Output::Attributes(mut page) = answer(&Operation::GetObjectAttributes(ask)) else { panic!() };
    page.checksums.checksum_type = Some("COMPOSITE".into());
    page.next = next.map(Into::into);
    let size = |n| Some(if n == 3 { 3_670_016 } else { 8_388_608 });
    let part =
        |n| AttributePart { part_number: PartNumber(n), size: size(n), checksums: Checksums::default() };
    page.parts = numbers.map(part).collect();
    Outcome::Answered(Output::Attributes(page))
}

#[test]
fn no_more_pages_are_asked_for_than_were_announced() {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter");
    let call = p.calls.remove(2);
    p.finish(&call, listed(1..=1, Some("1")));
    p.settle().press("p Enter");
    let call = p.calls.remove(0);
    p.finish(&call, listed(2..=2, Some("2")));
    assert!(p.calls.is_empty() && p.model.inspect.probe.is_none(), "one request was announced");
}

#[test]
fn a_page_that_is_on_its_way_is_not_asked_for_twice() {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter");
    let attributes = p.calls.remove(2);
    p.settle();
    p.press("p");
    assert!(p.screen().contains("attributes  1 GetObjectAttributes"), "{}", p.screen());
    p.press("Home");
    for _ in 0..4 {
        if !p.screen().contains("▶ attributes") {
            p.press("Down");
        }
    }
    p.press("Enter");
    assert!(p.calls.is_empty() && p.model.inspect.probe.is_some());
    p.finish(&attributes, listed(1..=3, None));
    assert!(p.note().starts_with("1 GetObjectAttributes request: the part map is proved"), "{}", p.note());
    assert!(p.calls.is_empty() && p.model.inspect.probe.is_none());
}

#[test]
fn the_pages_of_attributes_that_are_left_are_one_of_the_ways() {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter");
    let call = p.calls.remove(2);
    p.finish(&call, listed(1..=1, Some("1")));
    p.settle().press("p");
    assert!(p.screen().contains("▶ attributes  1 GetObjectAttributes"), "{}", p.screen());
    p.press("Enter");
    let call = p.calls.remove(0);
    let Operation::GetObjectAttributes(asked) = &call.operation else { panic!("{:?}", call.operation) };
    assert_eq!(asked.part_number_marker.as_deref(), Some("1"));
    p.finish(&call, listed(2..=3, None));
    assert!(p.note().starts_with("1 GetObjectAttributes request: the part map is proved"), "{}", p.note());
    assert!(p.calls.is_empty() && p.model.inspect.probe.is_none());
}

#[test]
fn an_object_replaced_during_a_probe_is_asked_about_again_and_nothing_is_mixed() {
    let mut p = inspecting();
    p.press("Tab p Enter");
    let focus = p.model.pane();
    let call = p.calls.remove(0);
    let other = ETag::parse("9a6dbec798b1bfe66cc7659d2bb41720-3");
    p.finish(&call, head(&call, |h| h.etag = other));
    assert!(p.note().contains("was replaced"), "{}", p.note());
    assert_eq!((p.calls.len(), p.model.pane()), (4, focus), "everything is asked again");
    assert!(p.model.inspect.evidence.stated.is_empty() && p.model.inspect.probe.is_none());
    p.settle();
    assert_eq!(p.model.inspect.evidence.etag, Some(source_etag()));
}

#[test]
fn an_object_that_never_holds_still_is_given_up() {
    let mut p = inspecting();
    for round in 0..6_u8 {
        if p.calls.is_empty() {
            p.press("p Enter");
        }
        let Some(at) = p.calls.iter().position(|c| part_asked(c).is_some()) else { break };
        let call = p.calls.remove(at);
        // The first answer of a round makes the ETag known, the next one another.
        p.finish(&call, head(&call, |h| h.etag = ETag::Composite { digest: [round; 16], parts: 3 }));
        if let Some(at) = p
            .calls
            .iter()
            .position(|c| part_asked(c).is_none() && c.operation.kind() == OperationKind::HeadObject)
        {
            let call = p.calls.remove(at);
            p.finish(
                &call,
                head(&call, |h| h.etag = ETag::Composite { digest: [100 + round; 16], parts: 3 }),
            );
        }
    }
    assert!(p.note().contains("again and again"), "{}", p.note());
}

#[test]
fn the_version_head_told_is_pinned_and_given_up_when_it_may_not_be_named() {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter");
    let call = p.calls.remove(0);
    p.finish(&call, head(&call, |h| h.version_id = Some("v7".into())));
    p.settle().press("p Enter");
    assert_eq!(version_asked(&p.calls[0]), Some("v7"));
    let call = p.calls.remove(0);
    p.finish(&call, refused(403, "AccessDenied"));
    assert!(p.note().contains("s3:GetObjectVersion"), "{}", p.note());
    assert_eq!(p.calls.iter().map(version_asked).collect::<Vec<_>>(), [None], "asked again without it");
    p.settle();
    assert!(p.note().contains("proved"), "{}", p.note());
}

#[test]
fn a_range_that_contradicts_is_not_believed_and_said() {
    let mut p = inspecting();
    p.press("p Enter");
    let call = p.calls.remove(0);
    p.finish(&call, head(&call, |h| h.content_range = Some("bytes 8388609-16777216/20447232".into())));
    assert!(!p.model.inspect.evidence.exact_is_known());
    assert!(p.model.inspect.evidence.doubts[0].contains("leaves a gap behind part 1"));
    p.press("Tab");
    assert_eq!(p.model.pane(), Pane::PartSize);
    assert!(p.screen().contains("not believed: part 2"), "{}", p.screen());
}

#[test]
fn the_clients_table_marks_what_agrees() {
    let mut p = inspecting();
    let shown = p.press("C").screen();
    let line =
        |name: &str| shown.lines().find(|l| l.contains(name)).unwrap_or_else(|| panic!("{shown}")).to_owned();
    assert!(line("Rust transfer manager").contains('✓'));
    assert!(!line("Go v2 manager").contains('✓'), "four parts of 5 MiB");
    p.press("End PageUp q");
    assert!(p.model.overlays.is_empty());
}

/// Ten thousand parts are walked through at the cost of what is seen: what follows from the evidence is computed once.
#[test]
fn ten_thousand_parts_scroll_without_being_gone_through() {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter");
    let etag = ETag::parse("9a6dbec798b1bfe66cc7659d2bb41720-10000");
    let size = 8_388_608_u64 * 10_000;
    for _ in 0..2 {
        let call = p.calls.remove(0);
        let outcome = head(&call, |h| {
            h.etag = etag.clone();
            h.parts_count = Some(10_000);
            h.content_range = h.content_range.take().map(|_| format!("bytes 0-8388607/{size}"));
            h.content_length = if h.content_range.is_some() { 8_388_608 } else { size };
        });
        p.finish(&call, outcome);
    }
    assert_eq!(p.model.inspect.evidence.map().len(), 10_000);
    p.screen();
    let computed = p.model.inspect.evidence.map().as_ptr();
    for _ in 0..50 {
        p.press("PageDown");
        p.screen();
    }
    assert_eq!(p.model.inspect.evidence.map().as_ptr(), computed, "nothing was computed again");
    assert!(p.model.inspect.part_at > 200);
}
