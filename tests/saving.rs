//! Files written for the user: nothing is replaced before a key says so.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod play;

use partscope::app::msg::{Effect, Msg, NotWritten};
use partscope::app::overlay::Overlay;
use play::Play;
use std::path::PathBuf;

fn written(result: Result<(), NotWritten>) -> Msg {
    Msg::FileWritten { path: PathBuf::from("a\u{1b}.har"), bytes: (*b"har").into(), result }
}

#[test]
fn a_file_that_exists_is_replaced_only_by_a_further_key() {
    let mut p = Play::new(120, 36);
    p.msg(written(Err(NotWritten::Exists)));
    p.press("Enter");
    assert!(p.others.is_empty() && p.model.overlays.is_empty(), "the safe answer is chosen first");
    p.msg(written(Err(NotWritten::Exists)));
    p.press("y");
    let path = PathBuf::from("a\u{1b}.har");
    assert_eq!(p.others, [Effect::WriteFile { path, bytes: (*b"har").into(), overwrite: true }]);
    p.msg(written(Ok(())));
    assert!(p.note().starts_with("a␛.har is written: 3 bytes"), "{}", p.note());
    p.msg(written(Err(NotWritten::Failed("disk full".into()))));
    assert!(p.note().contains("is not written: disk full"));
}

#[test]
fn the_question_does_not_take_keys_meant_for_what_is_open() {
    let mut p = Play::new(120, 36);
    p.press(":");
    p.msg(written(Err(NotWritten::Exists)));
    p.text("y").press("Enter");
    assert!(p.others.is_empty());
    p.press("Esc");
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Confirm(_))), "{:?}", p.model.overlays);
}
