//! Taking calls along: what the menu asks for, and what becomes of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod play;

use partscope::app::model::Level;
use partscope::app::msg::{Effect, Msg};
use partscope::app::overlay::Overlay;
use partscope::app::take::{CLIPBOARD_BYTES, Destination, Form};
use partscope::domain::export::Format;
use play::Play;
use std::path::PathBuf;

/// The wire screen after an object was inspected, with the menu open.
fn menu() -> Play {
    let mut p = Play::new(120, 36);
    p.press("Tab End Enter").settle().press("w y");
    assert!(matches!(p.model.overlays.last(), Some(Overlay::Take(_))), "{}", p.note());
    p
}

/// What is to be made: ids of the exchanges, form, destination.
fn asked(p: &mut Play) -> (Vec<u64>, Form, Destination) {
    match p.others.pop() {
        Some(Effect::TakeAlong { session, form, to, .. }) => {
            (session.exchanges.iter().map(|e| e.id.0).collect(), form, to)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_exchange_a_group_or_all_are_taken_to_the_clipboard() {
    let newest = menu().model.wire.len() as u64;
    for (keys, format, first) in [
        ("y", Form::Script(Format::AwsCli), newest),
        ("c 2 y", Form::Script(Format::Curl), 4),
        ("r 3 y", Form::Script(Format::Rust), 1),
        ("Down Down y", Form::Script(Format::Boto3), newest),
        ("h 2 y", Form::Archive, 4),
        ("t y", Form::Text, newest),
    ] {
        let mut p = menu();
        p.press(keys);
        let (ids, language, to) = asked(&mut p);
        assert_eq!((language, to), (format, Destination::Clipboard), "{keys}");
        assert_eq!(ids, (first..=newest).collect::<Vec<_>>(), "{keys}");
        assert!(p.model.overlays.is_empty());
    }
}

#[test]
fn a_file_is_named_before_anything_is_written() {
    let mut p = menu();
    p.press("b 3 Enter");
    let Some(Overlay::Form(form)) = p.model.overlays.last() else { panic!() };
    let name = format!("partscope-boto3-1-{}.py", p.model.wire.len());
    assert_eq!(form.value(0), name);
    assert!(p.others.is_empty());
    p.press("Enter");
    let (_, format, to) = asked(&mut p);
    assert_eq!((format, &to), (Form::Script(Format::Boto3), &Destination::File(PathBuf::from(&name))));
    p.msg(Msg::Taken { to, text: Ok("text".into()) });
    let file = Effect::WriteFile { path: name.into(), bytes: (*b"text").into(), overwrite: false };
    assert_eq!(p.others, [file]);
    let mut p = menu();
    p.press("Enter C-u Enter");
    assert!(p.others.is_empty() && p.note().contains("name a file"), "{}", p.note());
    p.press("Esc");
    assert!(p.model.overlays.is_empty());
}

#[test]
fn what_is_too_large_for_a_clipboard_is_not_given_to_it() {
    let mut p = menu();
    p.press("Esc");
    p.msg(Msg::Taken { to: Destination::Clipboard, text: Ok("x".repeat(CLIPBOARD_BYTES)) });
    assert!(matches!(p.others.pop(), Some(Effect::Copy(text)) if text.len() == CLIPBOARD_BYTES));
    assert!(p.note().contains("74 994 bytes went to the terminal's clipboard"), "{}", p.note());
    p.msg(Msg::Taken { to: Destination::Clipboard, text: Ok("x".repeat(CLIPBOARD_BYTES + 1)) });
    assert!(p.others.is_empty() && p.note().contains("take it to a file"), "{}", p.note());
    p.msg(Msg::Taken { to: Destination::Clipboard, text: Err("out of memory".into()) });
    let note = p.model.note.as_ref().unwrap();
    assert_eq!((note.level, note.text.as_str()), (Level::Bad, "it cannot be taken along: out of memory"));
}
