//! Reading the wire by keys: the cursor, its explanation, the views, and back to the form.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod play;

use partscope::app::command::Pane;
use partscope::app::explaining::About;
use partscope::app::overlay::Overlay;
use partscope::app::panes::reading::Side;
use partscope::domain::explain::SetBy;
use partscope::domain::wire_lines::Mode;
use play::Play;

/// A CreateMultipartUpload was sent, and the cursor is in its request.
fn reading() -> Play {
    let mut p = Play::new(120, 36);
    p.planned_copy().press("Enter Enter").released(None);
    p.press("w Tab");
    assert_eq!(p.model.pane(), Pane::WireRequest);
    p
}

fn told(p: &Play) -> (String, SetBy, Option<&'static str>) {
    let (text, told) = p.model.wire.told(Side::Request, false).unwrap();
    (text, told.set_by, told.field)
}

#[test]
fn each_line_says_who_wrote_it_and_which_field_it_was() {
    let mut p = reading();
    assert_eq!(told(&p), ("POST /scratch/video.bin".into(), SetBy::You, Some("Key")));
    p.press("Down Down");
    assert_eq!(told(&p), ("content-type: video/mp4".into(), SetBy::You, Some("ContentType")));
    p.press("End");
    assert_eq!(told(&p).1, SetBy::Http);
    p.press("K");
    assert!(matches!(
        p.model.overlays.last(),
        Some(Overlay::Explain { about: About::WireLine(Side::Request), .. })
    ));
    p.press("Esc");
    assert!(p.model.overlays.is_empty());
}

#[test]
fn another_view_stands_at_the_same_line() {
    let mut p = reading();
    p.press("Down Down Down");
    let there = told(&p);
    for mode in [Mode::Raw, Mode::Hex, Mode::Pretty] {
        p.press("v");
        assert_eq!((p.model.wire.reading.mode, told(&p)), (mode, there.clone()));
    }
}

#[test]
fn a_line_leads_to_its_field_with_the_values_that_were_sent() {
    let mut p = reading();
    p.press("Down Down E");
    let form = p.model.step.drafting.as_ref().unwrap();
    assert_eq!(form.draft.slots()[form.at].param.name, "ContentType");
    assert_eq!((form.draft.get("ContentType"), form.draft.get("Key")), ("video/mp4", "video.bin"));
    assert!(form.draft.slots().iter().any(|s| s.value == "owner=ada"));
    assert_eq!(p.model.pane(), Pane::Form);
}

#[test]
fn another_exchange_is_read_from_its_first_line() {
    let mut p = reading();
    p.press("Down Down Tab Down Tab Up Tab");
    assert_eq!(told(&p).0.split(' ').next(), Some("GET"));
}

#[test]
fn a_byte_is_gone_to_by_its_place() {
    let mut p = reading();
    p.press("g").text("0x1c").press("Enter");
    assert_eq!(told(&p).0, "?uploads HTTP/1.1");
    p.press("g").text("9MiB").press("Enter");
    assert!(p.model.note.as_ref().unwrap().text.contains("ends before byte 9 437 184"), "{:?}", p.model.note);
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Form(_))), "the form stays with what was typed");
}
