//! What reaches the terminal: colours, ASCII, and nothing that text from outside asks for.

use crate::support::server::{ACCESS, SECRET, Served};
use crate::support::terminal::{BACK_TAB, ENTER, Start, TAB, Terminal};
use crate::{inspect_lesson, ready};

#[test]
fn without_colours_the_selection_is_still_seen() {
    for start in
        [Start::new(120, 36).env("NO_COLOR", "1"), Start::new(120, 36).args(&["--sandbox", "--mono"])]
    {
        let t = ready(start.run());
        let at = t.find("▶ lessons").unwrap();
        assert!(t.cell(at, vt100::Cell::inverse), "the selection is not reversed");
        inspect_lesson(&t);
        t.press("4", "[4 Wire]");
        let coloured = t.see(|e| colours(&e.raw));
        assert!(coloured.is_empty(), "colours: {coloured:?}");
    }
    let t = ready(Start::new(120, 36).run());
    assert!(!t.see(|e| colours(&e.raw)).is_empty(), "the test sees no colours where there are some");
}

/// Parameters of SGR sequences that choose a colour other than the terminal's own.
fn colours(raw: &[u8]) -> Vec<u16> {
    let mut found = Vec::new();
    for sequence in raw.split(|b| *b == 0x1b).filter_map(|s| s.strip_prefix(b"[")) {
        let Some(end) = sequence.iter().position(|b| (0x40..=0x7e).contains(b)) else { continue };
        if sequence[end] == b'm' {
            let numbers = std::str::from_utf8(&sequence[..end]).unwrap().split([';', ':']);
            let numbers = numbers.filter_map(|n| n.parse::<u16>().ok());
            found.extend(numbers.filter(|n| matches!(n, 30..=38 | 40..=48 | 58 | 90..=107)));
        }
    }
    found
}

#[test]
fn ascii_means_ascii() {
    for start in [Start::new(120, 36).args(&["--ascii"]), Start::new(120, 36).env("LANG", "C")] {
        let t = ready(start.run());
        t.send(TAB);
        t.until_text("1 of 11");
        t.press("/names", "/ names");
        t.send(ENTER);
        t.press(ENTER, "s3://lessons/names/");
        t.until_text("evil");
        t.press(BACK_TAB, "> lessons");
        t.send(TAB);
        t.press(ENTER, "[2 Inspect]");
        t.press("4", "[4 Wire]");
        t.press("3", "[3 Step]");
        t.press("?", "Keys: Step");
        let high = t.see(|e| e.raw.iter().position(|b| *b >= 0x80).map(|at| context(&e.raw, at)));
        assert_eq!(high, None);
    }
}

fn context(raw: &[u8], at: usize) -> String {
    String::from_utf8_lossy(&raw[at.saturating_sub(40)..(at + 40).min(raw.len())]).escape_debug().to_string()
}

#[test]
fn a_key_with_an_escape_sequence_is_shown_and_not_obeyed() {
    let t = ready(Start::new(120, 36).run());
    t.press(TAB, "╔ Objects");
    t.press("/names", "Objects  / names");
    t.send(ENTER);
    t.press(ENTER, "s3://lessons/names/");
    t.press("/evil", "▶ evil␛[2Jname.txt");
    t.send(ENTER);
    t.press(ENTER, "s3://lessons/names/evil␛[2Jname.txt");
    t.until_text("What HEAD said");
    t.press("c", "Part size");
    t.until_text("evil␛[2Jname.txt");
    assert_harmless(&t);
}

#[test]
fn a_server_cannot_ring_retitle_or_fill_the_clipboard() {
    let served = Served::start();
    let hostile = "s3://scratch/x\u{1b}]52;c;aGFjaw==\u{7}\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}y";
    served.run(&["copy", "s3://lessons/notes.txt", hostile]);
    let t = Start::new(120, 36)
        .args(&["s3://scratch", "--region", "us-east-1", "--path-style", "--endpoint-url", &served.url])
        .env("AWS_ACCESS_KEY_ID", ACCESS)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .run();
    t.until_text("▶ x␛]52;");
    t.press(ENTER, "[2 Inspect]");
    t.until_text("‹U+202E›");
    t.press("4", "[4 Wire]");
    for mode in ["[raw]", "[hex]", "[pretty]"] {
        t.press("v", mode);
    }
    t.press("L", "newest first");
    assert_harmless(&t);
    let raw = t.see(|e| String::from_utf8_lossy(&e.raw).into_owned());
    assert!(!raw.contains(SECRET), "the secret was on the screen");
}

/// Only the program's own sequences were written: no operating system command, no C1, no bidirectional control,
/// nothing that was part of a name.
#[track_caller]
fn assert_harmless(t: &Terminal) {
    t.assert_quiet();
    let raw = t.see(|e| String::from_utf8_lossy(&e.raw).into_owned());
    for bad in ["\u{1b}]", "\u{1b}P", "\u{7}", "\u{9b}", "\u{202e}", "evil\u{1b}[2J"] {
        assert!(!raw.contains(bad), "{bad:?} reached the terminal");
    }
}
