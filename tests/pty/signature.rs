//! A signature taken apart by the program itself: recomputed where its credentials are, and nowhere shown.

use crate::browsing;
use crate::support::server::{ACCESS, SECRET, Served};
use crate::support::terminal::{Start, TAB, Terminal};
use base64::Engine as _;

/// What was given to the terminal's clipboard, once something was.
fn copied(t: &Terminal) -> String {
    const COPY: &[u8] = b"\x1b]52;c;";
    let text = |raw: &[u8]| {
        let start = raw.windows(COPY.len()).rposition(|w| w == COPY)? + COPY.len();
        let rest = &raw[start..];
        let end = rest.iter().position(|b| matches!(b, 0x07 | 0x1b))?;
        base64::engine::general_purpose::STANDARD.decode(&rest[..end]).ok()
    };
    t.until_seen("something in the clipboard", |e| text(&e.raw).is_some());
    String::from_utf8(t.see(|e| text(&e.raw)).unwrap()).unwrap()
}

#[test]
fn a_signature_is_recomputed_and_its_canonical_request_copied() {
    let t = browsing(120, 36);
    t.press("4", "[4 Wire]");
    t.press("S", "HOW IT IS SIGNED");
    for _ in 0..4 {
        t.send(TAB);
    }
    t.until_text("✓ recomputed with the secret key from the bytes above: equal");
    t.press("c", "went to the terminal's clipboard");
    let text = copied(&t);
    assert!(text.starts_with("GET\n/"), "{text}");
    assert!(text.contains("\nhost:127.0.0.1:") && text.contains("x-amz-date"), "{text}");
    t.send("S");
    t.until_gone("Signature of #");
}

#[test]
fn a_wrong_secret_is_told_from_a_changed_request() {
    let served = Served::start();
    let wrong = "another-secret-that-must-never-be-shown";
    let t = Start::new(120, 36)
        .args(&["s3://lessons", "--region", "us-east-1", "--path-style", "--endpoint-url", &served.url])
        .env("AWS_ACCESS_KEY_ID", ACCESS)
        .env("AWS_SECRET_ACCESS_KEY", wrong)
        .run();
    t.until_text("SignatureDoesNotMatch");
    t.press("4", "[4 Wire]");
    t.press("\t\t", "╔ #");
    t.press("S", "WHAT THE SERVER COMPUTED: SignatureDoesNotMatch");
    t.until_text("✓ recomputed with the secret key from the bytes above: equal");
    t.until_text("✗ the strings are equal, and the secret key held here");
    let raw = t.see(|e| String::from_utf8_lossy(&e.raw).into_owned());
    assert!(!raw.contains(SECRET) && !raw.contains(wrong), "a secret was on the screen");
}
