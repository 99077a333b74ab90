//! Comparing, finding and filtering on the Wire screen, by keys.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod play;

use partscope::app::command::Pane;
use partscope::app::msg::Msg;
use partscope::app::overlay::Overlay;
use partscope::app::panes::reading::Side;
use partscope::app::panes::tally::SLICE;
use partscope::app::panes::wire::Line;
use partscope::domain::exchange::{Captured, End, Exchange, ExchangeId, Sender, Timing};
use partscope::domain::exchange_diff::{Kinship, What};
use partscope::domain::operation::{OperationId, OperationKind};
use play::Play;

/// A copy with two parts copied; the Wire screen is shown, the second part's exchange is selected.
fn copied() -> Play {
    let mut p = Play::new(120, 36);
    p.planned_copy();
    for _ in 0..3 {
        p.press("Enter Enter").released(None);
    }
    p.press("w");
    while p.model.wire.current().unwrap().kind != OperationKind::UploadPartCopy {
        p.press("Up");
    }
    p
}

fn shown(p: &Play) -> Vec<u64> {
    let lines = (0..p.model.wire.lines()).map(|at| p.model.wire.line(at).unwrap());
    lines
        .map(|line| if let Line::Exchange(id) = line { id.0 } else { panic!("a heading in a flat list") })
        .collect()
}

/// The line under the cursor of a direction.
fn line(p: &Play, side: Side) -> String {
    p.model.wire.told(side, false).unwrap().0
}

#[test]
fn what_changed_since_the_previous_part_is_its_number_and_its_range() {
    let mut p = copied();
    let new = p.model.wire.current().unwrap().id;
    p.press("d");
    let pair = p.model.wire.differ.pair.as_ref().unwrap();
    assert_eq!((pair.diff.new, pair.kinship), (new, Some(Kinship::Upload)));
    let what: Vec<_> =
        pair.diff.changes().filter(|(_, c)| c.matters()).map(|(_, c)| c.what.clone()).collect();
    assert_eq!(what, [What::Parameter("partNumber".into()), What::Header("x-amz-copy-source-range".into())]);
    p.press("Down Enter");
    assert!(p.model.overlays.is_empty());
    assert_eq!((p.model.pane(), p.model.wire.current().unwrap().id), (Pane::WireRequest, new));
    assert_eq!(line(&p, Side::Request), "x-amz-copy-source-range: bytes=8388608-16777215");
}

#[test]
fn pairs_are_walked_through_and_the_first_of_a_kind_has_none_before() {
    let mut p = copied();
    p.press("d [");
    assert!(p.note().contains("is the first UploadPartCopy that is kept"), "{}", p.note());
    p.press("]");
    assert!(p.note().contains("is the last UploadPartCopy that is kept"), "{}", p.note());
    p.press("Esc");
    assert!(p.model.overlays.is_empty() && p.model.wire.differ.pair.is_none());
    p.press("Up Up").press("d");
    assert!(p.note().starts_with("this is the first CreateMultipartUpload that is kept"), "{}", p.note());
}

#[test]
fn any_exchange_is_compared_with_the_marked_one() {
    let mut p = copied();
    p.press("=");
    assert_eq!(p.note(), "no exchange is marked; m marks one");
    p.press("m =");
    assert!(p.note().starts_with("this one is marked"), "{}", p.note());
    let marked = p.model.wire.current().unwrap().id;
    p.press("Up Up =");
    let pair = p.model.wire.differ.pair.as_ref().unwrap();
    assert_eq!((pair.diff.old, pair.kinship), (marked, None));
    assert!(pair.diff.changes().any(|(_, c)| c.what == What::Method));
    let gone = pair.diff.changes().position(|(_, c)| c.new.is_none()).unwrap();
    p.press("Home");
    for _ in 0..gone {
        p.press("Down");
    }
    p.press("Enter");
    assert_eq!(p.model.wire.current().unwrap().id, marked, "what is gone is shown where it was");
    p.press("Esc m");
    assert_eq!((p.model.wire.differ.marked, p.note()), (None, "the mark is gone"));
}

#[test]
fn secrets_are_masked_again_in_what_is_compared() {
    let mut p = copied();
    p.press("d");
    let told = |p: &Play| format!("{:?}", p.model.wire.differ.pair);
    assert!(!told(&p).contains("canary"));
    p.model.reveal_until = Some(p.model.now + 1_000_000);
    p.msg(Msg::Tick(p.model.now + 1));
    assert!(p.model.wire.differ.pair.as_ref().unwrap().revealed);
    p.msg(Msg::Tick(p.model.now + 2_000_000));
    assert!(!told(&p).contains("canary") && !p.model.wire.differ.pair.as_ref().unwrap().revealed);
}

#[test]
fn the_list_is_filtered_while_one_types() {
    let mut p = copied();
    let all = p.model.wire.len();
    p.press("f").text("op:UploadPartCopy");
    assert_eq!(shown(&p).len(), 2);
    p.text(" par");
    assert_eq!(shown(&p).len(), 2, "a name on its way is no text yet");
    p.text("t:x");
    assert!(matches!(p.model.overlays.last(), Some(Overlay::WireField(f)) if f.why.as_deref() ==
        Some("x is no part number; write 3, 3-7, 3- or -7")));
    assert_eq!(shown(&p).len(), 2, "the last that could be read stays in force");
    p.press("Enter");
    assert_eq!(p.model.overlays.len(), 1, "what cannot be read is not taken");
    p.press("Backspace").text("2").press("Enter");
    assert!(p.model.overlays.is_empty());
    assert_eq!(shown(&p).len(), 1);
    assert!(p.screen().contains(&format!("1 of {all} shown, f changes, Esc clears")), "{}", p.screen());
    p.press("f").text(" error").press("Esc");
    assert_eq!(p.model.wire.looking().filter().unwrap().text(), "op:UploadPartCopy part:2");
    p.press("Esc");
    assert_eq!(p.model.wire.len(), all);
    p.press("f").text("status:5xx").press("Enter");
    assert!(p.screen().contains("No exchange matches the filter. f changes it, Esc clears it."));
    p.press("d");
    assert_eq!(p.note(), "no exchange is selected");
}

#[test]
fn following_goes_on_within_the_filter() {
    let mut p = copied();
    p.press("f").text("op:HeadObject").press("Enter F");
    let newest = p.model.wire.current().unwrap();
    assert_eq!(newest.kind, OperationKind::HeadObject);
    let before = p.model.wire.len();
    p.press("1 r").settle();
    assert!(p.model.wire.len() > before);
    assert_eq!(p.model.wire.current().unwrap().kind, OperationKind::HeadObject);
}

#[test]
fn a_text_is_found_line_by_line() {
    let mut p = copied();
    p.press("/").text("copy-source-range").press("Enter");
    assert_eq!(p.model.pane(), Pane::WireRequest);
    let first = p.model.wire.current().unwrap().id;
    assert!(line(&p, Side::Request).starts_with("x-amz-copy-source-range: bytes="));
    assert_eq!(p.note(), "2 of 2 matches in 2 exchanges", "from where one looked");
    p.press("n");
    assert_eq!(p.note(), "1 of 2 matches in 2 exchanges; from the oldest again");
    assert!(p.model.wire.current().unwrap().id < first);
    p.press("N");
    assert_eq!(p.note(), "2 of 2 matches in 2 exchanges; from the newest again");
    p.press("/").press("C-u").text("<Ok>").press("Enter");
    assert_eq!((p.model.pane(), line(&p, Side::Response)), (Pane::WireResponse, "<Ok>true</Ok>".into()));
}

#[test]
fn a_masked_secret_is_not_found() {
    let mut p = copied();
    p.press("/").text("canary").press("Enter");
    assert_eq!(p.note(), "not found in what is kept; masked secrets are not searched");
    p.press("/ C-u Enter n");
    assert_eq!(p.note(), "no text is looked for; / takes one");
}

fn small(id: u64) -> Exchange {
    let captured = |text: String| {
        let mut c = Captured::default();
        c.push(text.as_bytes());
        c
    };
    Exchange {
        id: ExchangeId(id),
        operation: OperationId(id),
        kind: OperationKind::UploadPart.into(),
        sender: Sender::Here,
        attempt: 1,
        connection: 1,
        reused: true,
        peer: "".into(),
        tls: None,
        request: captured(format!(
            "PUT /b/k?partNumber={}&uploadId=U HTTP/1.1\r\nhost: h\r\n\r\n",
            id % 10_000
        )),
        response: captured("HTTP/1.1 200 OK\r\netag: \"x\"\r\n\r\n".into()),
        held: false,
        timing: Timing::default(),
        end: Some(End::Complete),
    }
}

#[test]
fn no_message_looks_through_more_than_a_slice_of_a_hundred_thousand() {
    const ALL: u64 = 100_000;
    let mut p = Play::new(120, 36);
    p.msg(Msg::Wire((1..=ALL).map(|n| small(1_000_000 + n).into()).collect(), 0));
    p.press("w f");
    let pending = |p: &Play| {
        let below = p.model.wire.looking().below();
        below.map_or(0, |below| p.model.wire.before(below).count())
    };
    let kept = p.model.wire.len();
    assert!(kept as u64 >= ALL);
    let mut left = kept;
    for c in "part:77".chars() {
        p.text(&c.to_string());
    }
    assert!(pending(&p) >= kept - SLICE, "each key looks through one slice at most");
    let mut ticks = 0;
    while pending(&p) > 0 || p.model.wire.looking().below().is_some() {
        assert!(p.model.wake_at().is_some(), "a tick is asked for");
        p.msg(Msg::Tick(p.model.now + 1));
        let now = pending(&p);
        assert!(now == 0 || left.saturating_sub(now) <= 2 * SLICE, "{left} {now}");
        left = now;
        ticks += 1;
    }
    assert!(ticks >= kept / SLICE, "{ticks}");
    assert_eq!(shown(&p).len(), 10);
    assert!(p.model.wake_at().is_none());
}
