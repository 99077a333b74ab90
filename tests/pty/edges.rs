//! Sizes, floods, pastes, the mouse, long lists, and doing nothing.

use crate::support::terminal::{BACK_TAB, CTRL_C, DOWN, END, ENTER, ESC, Start, TAB, Terminal};
use crate::{browsing, open_many, ready};
use std::time::Duration;

#[test]
fn common_sizes_are_filled_to_the_last_cell() {
    for (cols, rows) in [(120, 36), (80, 24)] {
        let t = browsing(cols, rows);
        assert_filled(&t, cols, rows);
    }
}

/// The frame reaches the right border and the last row.
#[track_caller]
fn assert_filled(t: &Terminal, cols: u16, rows: u16) {
    t.until(&format!("a frame of {cols}x{rows}"), |s| {
        let at = |row: u16, col: u16| s.cell(row, col).map(|c| c.contents().to_owned());
        let corner = |c: Option<String>| matches!(c.as_deref(), Some("┐" | "╗"));
        let last: String = s.rows(0, cols).last().unwrap_or_default();
        s.rows(0, cols).count() == usize::from(rows)
            && corner(at(2, cols - 1))
            && at(rows - 3, cols - 1).as_deref() == Some("┘")
            && last.contains(": commands")
    });
}

#[test]
fn a_storm_of_sizes_ends_at_the_last_one_with_no_stuck_key() {
    let mut t = browsing(120, 36);
    for i in 0..200_u16 {
        t.resize(1 + i * 7 % 190, 1 + i * 3 % 60);
    }
    t.resize(104, 31);
    assert_filled(&t, 104, 31);
    // Each key must arrive by itself, without another one to push it.
    for _ in 0..3 {
        t.press("?", "Keys: Browse");
        t.send(ESC);
        t.until_gone("Keys: Browse");
    }
    // A key that arrives together with a new size is not left behind either.
    for (cols, rows) in [(100, 30), (120, 36), (110, 33), (140, 40)] {
        t.resize(cols, rows);
        t.press("L", "newest first");
        t.send(ESC);
        t.until_gone("newest first");
        assert_filled(&t, cols, rows);
    }
    t.send("q");
    assert_eq!(t.exit(), 0);
}

#[test]
fn it_starts_in_no_room_at_all_and_grows() {
    for size in [(1, 1), (2, 1), (0, 0)] {
        let mut t = Start::new(size.0, size.1).run();
        t.until_seen("the terminal to be taken", |e| e.screen().alternate_screen());
        t.resize(40, 10);
        t.until_text("partscope needs 60 × 16.");
        t.until_text("This terminal: 40 × 10.");
        t.resize(120, 36);
        assert_filled(&t, 120, 36);
        t.resize(59, 36);
        t.until_text("This terminal: 59 × 36.");
        t.send("q");
        assert_eq!(t.exit(), 0, "from {size:?}");
        t.assert_restored();
    }
}

#[test]
fn a_paste_goes_into_the_field_and_no_key_of_it_acts() {
    let mut t = browsing(120, 36);
    t.press("o", "Go to");
    t.paste("q\nx\x1b[2J\r6y\x03\n");
    t.until_line(&["Address", "s3://lessons/q x [2J 6y"]);
    t.until_text("Go to");
    t.send(ESC);
    t.until_gone("Address");
    t.paste("q\nq\ny\n");
    t.until_text("a paste does nothing here");
    t.press("?", "Keys: Browse");
    t.send(ESC);
    t.until_gone("Keys: Browse");
    t.send("q");
    assert_eq!(t.exit(), 0);
    t.assert_quiet();
}

#[test]
fn a_long_paste_is_taken_up_to_its_limit_and_typing_goes_on() {
    let t = browsing(120, 36);
    t.press("o", "Go to");
    t.paste(&"p".repeat(1_000_000));
    t.press("END", "pEND");
    t.send(ESC);
    t.until_gone("Address");
}

#[test]
fn a_burst_of_five_thousand_keys_is_handled_to_the_last() {
    let t = browsing(120, 36);
    t.press("o", "Go to");
    // One lost key on either side would leave the field longer or shorter than it was.
    t.send(&"a".repeat(2_500));
    t.send(&"\x7f".repeat(2_499));
    t.press("Z", "aZ");
    t.until_line(&["Address", "s3://lessons/aZ "]);
    t.send(ESC);
    t.until_gone("Address");
    t.send(&"H".repeat(4_999));
    t.until_text("hold off");
    t.press("?", "Keys: Browse");
}

#[test]
fn names_of_screens_and_of_panes_that_are_not_shown_can_be_clicked_on() {
    let t = browsing(80, 24);
    t.click(t.find("4 Wire").unwrap());
    t.until_text("[4 Wire]");
    t.until_text("[Timeline]");
    t.click(t.find(" Response ").unwrap());
    t.until_text("[Response]");
    // What lies over the screen keeps it as it is.
    t.press("?", "Keys: Wire");
    t.click(t.find("1 Browse").unwrap());
    t.send(ESC);
    t.until_gone("Keys: Wire");
    t.until_text("[4 Wire]");
    t.click(t.find("1 Browse").unwrap());
    t.until_text("[1 Browse]");
}

#[test]
fn the_mouse_focuses_selects_acts_and_scrolls() {
    let t = browsing(120, 36);
    let scratch = t.find("scratch").unwrap();
    t.click(scratch);
    t.until_text("▶ scratch");
    t.click(scratch);
    t.until_text("s3://scratch/");
    let lessons = t.find("lessons").unwrap();
    t.click(lessons);
    t.until_text("╔ Buckets");
    t.until_text("▶ lessons");
    t.click(lessons);
    t.until_text("▶ dataset-20gb.tar");
    let row = t.find("notes.txt").unwrap();
    t.click(row);
    t.until_text("▶ notes.txt");
    t.wheel_down(row);
    t.until_text("▶ short-last-part.bin");
    // The wheel moves what is under it and leaves the focus where it was.
    t.wheel_down(lessons);
    t.until_text("▶ versions");
    t.until_text("╔ Objects");
    t.press("?", "Keys: Browse");
    t.wheel_down(row);
    t.send(ESC);
    t.until_gone("Keys: Browse");
    t.until_text("▶ short-last-part.bin");
    assert_eq!(t.see(|e| count(&e.raw, b"\x1b[?1003h")), 0, "motion reports were asked for");
}

fn count(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).filter(|w| *w == part).count()
}

#[test]
fn many_keys_come_page_by_page_as_one_goes_on() {
    let t = browsing(120, 36);
    open_many(&t);
    t.until_text("1 of 1000  1 page(s), more on demand");
    t.press(END, "1000 of 2000  2 page(s)");
    t.press(END, "2000 of 3000  all of it, 3 request(s)");
    t.press(END, "3000 of 3000");
    t.until_text("▶ reading-2999.csv");
    t.press("/269", "Objects  / 269");
    t.until_text("1 of 13");
    t.press(ENTER, "▶ reading-0269.csv");
    t.send(ESC);
    t.until_text("of 3000");
}

#[test]
fn load_all_fetches_the_rest_without_moving() {
    let t = browsing(120, 36);
    open_many(&t);
    t.press("A", "all 3000 rows are loaded");
    t.until_text("▶ reading-0000.csv");
}

#[test]
fn doing_nothing_costs_nothing() {
    let t = ready(Start::new(120, 36).run());
    // Whatever the start still has to draw is drawn before a key's own frame.
    t.press(TAB, "╔ Objects");
    t.press(BACK_TAB, "╔ Buckets");
    t.press(DOWN, "▶ many-keys");
    let before = (t.ticks(), t.see(|e| e.ears().frames));
    // The one place where time itself is what is tested.
    std::thread::sleep(Duration::from_millis(1_500));
    let after = (t.ticks(), t.see(|e| e.ears().frames));
    assert_eq!(after.1, before.1, "frames were drawn although nothing happened");
    assert!(after.0 - before.0 <= 8, "{} ticks in 1.5 s", after.0 - before.0);
}

#[test]
fn help_scrolls_back_from_its_end_with_the_next_key() {
    let t = browsing(80, 24);
    t.press("?", "This pane");
    t.send(END);
    t.until_gone("This pane");
    t.until_text("Shift+drag selects text");
    t.send("k");
    t.until_gone("Shift+drag selects text");
}

#[test]
fn the_log_and_the_palette_open_over_every_screen() {
    let mut t = browsing(120, 36);
    for screen in ["1", "4"] {
        t.send(screen);
        t.press(":", "Commands and S3 operations");
        t.press("CompleteMultipartUpload", "▶ CompleteMultipartUpload");
        t.send(ESC);
        t.until_gone("Commands and S3 operations");
        t.press("L", "newest first");
        t.send(ESC);
        t.until_gone("newest first");
    }
    t.send(CTRL_C);
    assert_eq!(t.exit(), 0);
}
