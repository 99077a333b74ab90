//! Endpoints that are not the sandbox: one that never answers, and a real one, which is read-only at first.

use crate::plan_lesson;
use crate::support::server::{ACCESS, SECRET, Served, Silent};
use crate::support::terminal::{ENTER, ESC, Start, Terminal};
use std::time::Instant;

#[test]
fn a_silent_network_does_not_keep_the_screen_or_the_keys_waiting() {
    let silent = Silent::start();
    let mut t = Start::new(120, 36)
        .args(&["--region", "us-east-1", "--endpoint-url", &silent.url])
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &silent.url)
        .run();
    t.until_text("READ-ONLY");
    t.press("?", "Keys: Browse");
    t.send(ESC);
    t.until_gone("Keys: Browse");
    t.press("4", "[4 Wire]");
    let asked = Instant::now();
    t.send("q");
    assert_eq!(t.exit(), 0);
    t.assert_restored();
    assert!(asked.elapsed().as_secs() < 5, "left after {:?}", asked.elapsed());
}

fn real(served: &Served) -> Terminal {
    let t = Start::new(120, 36)
        .args(&["s3://lessons", "--region", "us-east-1", "--path-style", "--endpoint-url", &served.url])
        .env("AWS_ACCESS_KEY_ID", ACCESS)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .run();
    t.until_text("READ-ONLY");
    t.until_text("▶ dataset-20gb.tar");
    t.press("\x1b[Z", "╔ Buckets");
    t
}

#[test]
fn a_real_endpoint_is_read_only_until_the_word_is_typed() {
    let served = Served::start();
    let mut t = real(&served);
    plan_lesson(&t);
    t.press(ENTER, "this endpoint is read-only");
    t.press("1", "this endpoint is read-only");
    assert!(!t.text().contains("HELD") && !t.text().contains("CreateMultipartUpload       held"));
    t.press("U", "Unlock writes");
    t.send("writ");
    t.press(ENTER, "type write to go on");
    t.until_text("READ-ONLY");
    t.send("e");
    t.send(ENTER);
    t.until_line(&["127.0.0.1", "WRITE "]);
    t.until_gone("READ-ONLY");
    t.press(ENTER, "HELD: signed, complete, nothing has left");
    t.press(ENTER, "◉ OPEN");
    t.press("q", "Leave with 1 upload(s) open?");
    t.send("y");
    assert_eq!(t.exit(), 0);
    t.assert_restored();
    // What stays behind is named on the shell's own screen, with the way to end it.
    t.until_text("aws s3api abort-multipart-upload --bucket lessons --key short-last-part.bin.copy");
    let raw = t.see(|e| String::from_utf8_lossy(&e.raw).into_owned());
    assert!(!raw.contains(SECRET), "the secret was on the screen");
}
