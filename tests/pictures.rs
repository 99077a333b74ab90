//! The pictures of the documentation, taken of the real program in a real pseudo terminal.
//!
//! The test fails when a picture in `docs/img` is not what the program shows now;
//! `UPDATE_PICTURES=1 cargo test --test pictures` takes them anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(debug_assertions)]

mod support;

use std::path::Path;
use support::svg::Picture;
use support::terminal::{DOWN, END, ENTER, Start, TAB, Terminal};

const NIL: &str = "00000000-0000-4000-8000-000000000000";

/// Waits for a frame with all these texts, and takes its picture.
fn take(t: &Terminal, name: &str, texts: &[&str]) -> bool {
    let settled = |p: &Picture| texts.iter().all(|text| p.shows(text)) && !p.shows("under way");
    t.until(name, |screen| settled(&Picture::of(screen)));
    let mut picture = t.see(|e| Picture::of(e.screen()));
    // What no option of the program can fix: the port the kernel chose, random ids, the compiler's version.
    picture.mask("127.0.0.1:#####", "127.0.0.1:49152");
    picture.mask("%%%%%%%%-%%%%-%%%%-%%%%-%%%%%%%%%%%%", NIL);
    picture.mask("lang/rust/#.##.#", "lang/rust/1.95.0");
    is_current(name, &picture.svg())
}

/// Compares with the picture in the documentation, or replaces it when told to.
fn is_current(name: &str, svg: &str) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/img").join(format!("{name}.svg"));
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, svg).unwrap();
    }
    std::fs::read_to_string(&path).is_ok_and(|kept| kept == svg)
}

#[test]
fn the_pictures_show_what_the_program_shows() {
    let t = Start::new(120, 36).env("PARTSCOPE_SANDBOX_FIXED", "1").run();
    let mut stale = Vec::new();
    let mut check = |name: &'static str, texts: &[&str]| {
        if !take(&t, name, texts) {
            stale.push(name);
        }
    };
    t.until_text("#3 ");
    t.press(TAB, "╔ Objects");
    t.send(END);
    t.until_text("▶ uniform-8mib.bin");
    t.send("k");
    check("browse", &["▶ short-last-part.bin", "ListMultipartUploads        200"]);

    t.press(ENTER, "in 3 parts");
    t.send(DOWN);
    check("inspect", &["▶     2", "2 by GetObjectTagging", "the checksum is COMPOSITE", "#7 "]);

    t.press("m", "Plan a multipart copy");
    t.press(ENTER, "◉ planned, nothing sent");
    t.press(ENTER, "HELD:");
    t.press(ENTER, "◉ OPEN");
    t.press(ENTER, "HELD:");
    t.press(ENTER, "✓ part 1 is stored");
    t.press(ENTER, "HELD:");
    check("step-held", &["HELD:", "UploadPartCopy is held"]);

    t.press(ENTER, "✓ part 2 is stored");
    t.press("e", "Edit UploadPartCopy");
    t.press(&format!("{DOWN}{DOWN}{DOWN}"), "› CopySourceRange");
    t.send("\u{15}bytes=16777216-20447232");
    check("form", &["✗ past the end", "expects 400 InvalidArgument", "▌ x-amz-copy-source-range"]);
    // Esc alone is told from the beginning of a key by the pause after it.
    t.press("\u{1b}", "your edits are kept");
    t.press("r", "Send 1 parts?");
    t.press(ENTER, "run finished");
    t.press("5", "CompleteMultipartUpload is held");
    t.press(ENTER, "✓ expected");
    t.press("w", "[4 Wire]");
    check("wire", &["CompleteMultipartUploadResult"]);
    assert!(
        stale.is_empty(),
        "no longer what the program shows: {stale:?}; look at it, then UPDATE_PICTURES=1 cargo test --test pictures"
    );
}
