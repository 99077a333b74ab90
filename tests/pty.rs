//! The real program in a real pseudo terminal: what a person does with it, and what a terminal does to it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "pty/edges.rs"]
mod edges;
#[path = "pty/endpoints.rs"]
mod endpoints;
#[path = "pty/ends.rs"]
mod ends;
#[path = "pty/looks.rs"]
mod looks;
#[path = "pty/signature.rs"]
mod signature;
#[path = "pty/strangers.rs"]
mod strangers;
mod support;
#[path = "pty/workbench.rs"]
mod workbench;

use support::terminal::{DOWN, ENTER, Start, TAB, Terminal};

/// The program with its sandbox, its first lists answered.
fn browsing(cols: u16, rows: u16) -> Terminal {
    ready(Start::new(cols, rows).run())
}

/// Waits for the first lists.
fn ready(t: Terminal) -> Terminal {
    t.until("the first lists", |s| {
        let text = s.contents();
        let third = text.lines().find(|l| l.contains("#3 "));
        text.contains("scratch") && third.is_some_and(|l| l.contains(" 200 ")) && !text.contains("under way")
    });
    t
}

/// Filters the keys for a name and puts the selection on it.
fn select_object(t: &Terminal, name: &str) {
    t.press(TAB, "╔ Objects");
    t.press(&format!("/{name}"), &format!("Objects  / {name}"));
    t.until_text(&format!("▶ {name}"));
    t.send(ENTER);
    t.until_text("Enter inspect");
}

/// Opens the multipart object of the lessons and waits for every answer about it.
fn inspect_lesson(t: &Terminal) {
    select_object(t, "short-last-part.bin");
    t.press(ENTER, "in 3 parts");
    t.until_text("3  bytes=16777216-20447231");
    t.until_text("2 by GetObjectTagging");
    t.until_text("with their sizes: the checksum is COMPOSITE");
}

/// Plans the copy that keeps the parts.
fn plan_lesson(t: &Terminal) {
    inspect_lesson(t);
    t.press("m", "Plan a multipart copy");
    t.press(ENTER, "◉ planned, nothing sent");
}

/// Begins an upload: Create is held and released.
fn open_lesson(t: &Terminal) {
    plan_lesson(t);
    t.press(ENTER, "HELD: signed, complete, nothing has left");
    t.press(ENTER, "◉ OPEN");
}

/// Opens the second bucket, the one with many keys.
fn open_many(t: &Terminal) {
    t.press(DOWN, "▶ many-keys");
    t.press(ENTER, "s3://many-keys/");
    t.until_text("▶ reading-0000.csv");
}
