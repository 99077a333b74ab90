//! The main loop by keys: look, plan, hold, release, complete; and the ways out of it.

use crate::support::terminal::{BACK_TAB, CTRL_C, END, ENTER, ESC, Start};
use crate::{browsing, inspect_lesson, open_lesson, plan_lesson};
use std::time::Instant;

#[test]
fn a_copy_by_keys_gets_the_etag_of_its_source() {
    let mut t = browsing(120, 36);
    plan_lesson(&t);
    t.press(ENTER, "HELD: signed, complete, nothing has left");
    for signed in [
        "POST /scratch/short-last-part.bin",
        "?uploads HTTP/1.1",
        "x-amz-checksum-algorithm: CRC32",
        "authorization: AWS4-HMAC-SHA256 Credential=SAND…0000/",
    ] {
        t.until_text(signed);
    }
    t.until_line(&["CreateMultipartUpload", "held"]);
    t.press(ENTER, "upload open:");
    for part in 1..=2 {
        t.press(ENTER, "UploadPartCopy is held");
        t.until_text(&format!("partNumber={part}"));
        t.press(ENTER, &format!("✓ part {part} is stored"));
    }
    t.press("r", "Send 1 parts?");
    t.press(ENTER, "run finished");
    t.until_text("███ 3 of 3 parts");
    t.press("4", "ListParts is held");
    t.press(ENTER, "ListParts: 3 parts in this page");
    t.press("5", "CompleteMultipartUpload is held");
    t.press(BACK_TAB, "╔ HELD");
    t.press(END, "<PartNumber>3</PartNumber>");
    t.press(ENTER, "✓ expected");
    t.until_text("the copy has the source's ETag");
    let etag = |label: &str| t.line(label).split(label).nth(1)?.split_whitespace().next().map(str::to_owned);
    let (source, given) = (etag("source   "), etag("S3 gave  "));
    assert_eq!(source, given);
    assert!(source.is_some_and(|e| e.len() == 34 && e.ends_with("-3")), "{}", t.text());
    t.send("q");
    assert_eq!(t.exit(), 0);
    t.assert_restored();
    t.assert_quiet();
}

#[test]
fn a_held_request_can_be_dropped_and_never_left() {
    let t = browsing(120, 36);
    plan_lesson(&t);
    t.press(ENTER, "HELD: signed, complete, nothing has left");
    t.send("x");
    t.until_gone("HELD:");
    t.until_line(&["CreateMultipartUpload", "drop"]);
    t.until_text("◉ planned, nothing sent");
    // The same call can be made again.
    t.press(ENTER, "HELD: signed, complete, nothing has left");
    t.press(ENTER, "◉ OPEN");
}

#[test]
fn abort_asks_and_keeps_the_upload_unless_told_twice() {
    let t = browsing(120, 36);
    open_lesson(&t);
    t.press("6", "Abort this upload?");
    t.send(ENTER);
    t.until_gone("Abort this upload?");
    t.until_text("◉ OPEN");
    t.press("6", "Abort this upload?");
    t.press("y", "AbortMultipartUpload is held");
    t.until_text("DELETE /scratch/short-last-part.bin");
    t.until_text("?x-id=AbortMultipartUpload");
    t.press(ENTER, "◉ GONE");
}

#[test]
fn leaving_an_open_upload_asks_and_control_c_twice_does_not_wait() {
    let mut t = browsing(120, 36);
    open_lesson(&t);
    t.press("q", "Leave with 1 upload(s) open?");
    t.send(ESC);
    t.until_gone("Leave with");
    t.press(CTRL_C, "Leave with 1 upload(s) open?");
    let asked = Instant::now();
    t.send(CTRL_C);
    assert_eq!(t.exit(), 0);
    assert!(asked.elapsed().as_secs() < 5, "left after {:?}", asked.elapsed());
    t.assert_restored();
}

#[test]
fn the_loop_fits_a_small_terminal() {
    let mut t = browsing(80, 24);
    inspect_lesson_narrow(&t);
    t.press("m", "Plan a multipart copy");
    t.press(ENTER, "◉ planned");
    t.press(ENTER, "HELD: signed");
    t.until_text("?uploads HTTP/1.1");
    t.press(ENTER, "◉ OPEN");
    t.send(CTRL_C);
    t.press("", "Leave with");
    t.send("y");
    assert_eq!(t.exit(), 0);
    t.assert_restored();
}

fn inspect_lesson_narrow(t: &crate::support::terminal::Terminal) {
    crate::select_object(t, "short-last-part.bin");
    t.press(ENTER, "in 3 parts");
    t.until_line(&["3", "bytes=16777216-20447231"]);
}

#[test]
fn digits_type_into_fields_and_act_outside() {
    let t = browsing(120, 36);
    inspect_lesson(&t);
    t.press("c", "Part size");
    t.send("\t");
    t.press("q123", "8MiBq123");
    t.until_text("Plan a multipart copy");
    t.send(ESC);
    t.until_gone("Plan a multipart copy");
    t.press("4", "[4 Wire]");
    t.press("1", "[1 Browse]");
}

#[test]
fn faults_are_set_by_keys_met_and_cleared() {
    let t = browsing(120, 36);
    open_lesson(&t);
    t.press("!", "Faults of the sandbox   0 waiting");
    t.press("UploadPartCopy part=1 tims", "did you mean times=N?");
    t.press("\x15", "Type a rule:");
    t.press("UploadPartCopy part=1 internal-error\r", "FAULTS 1");
    t.until_line(&["UploadPartCopy part=1 internal-error", "0", "1"]);
    t.send(ESC);
    t.until_gone("Faults of the sandbox");
    t.press(ENTER, "UploadPartCopy is held");
    // Used up by the one request it meets; the SDK's second try is held again.
    t.press(ENTER, "InternalError");
    t.until_gone("FAULTS 1");
    t.press("!", "Faults of the sandbox   0 waiting");
    t.until_line(&["UploadPartCopy part=1 internal-error", "1", "0"]);
    t.press("\x18", "none: every request is served");
    t.send(ESC);
    t.until_text("UploadPartCopy is held");
    t.press(ENTER, "✓ part 1 is stored");
}

#[test]
fn faults_of_the_command_line_are_there_from_the_start() {
    let t = Start::new(80, 24).args(&["--sandbox", "--fault", "CopyObject slow-down"]).run();
    t.until_text("FAULTS 1");
    t.press("!", "Faults of the sandbox   1 waiting");
    t.until_line(&["CopyObject slow-down", "0", "1"]);
}
