//! Another client at the sandbox of the running program: its requests appear as they happen.

use crate::browsing;
use crate::support::terminal::{ENTER, ESC};
use std::process::{Command, Stdio};

/// A headless command as another client of the sandbox.
fn client(endpoint: &str, args: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_partscope"))
        .args(args)
        .args(["--endpoint-url", endpoint, "--path-style"])
        .env_clear()
        .env("AWS_ACCESS_KEY_ID", "SANDBOXACCESSKEY0000")
        .env("AWS_SECRET_ACCESS_KEY", "sandbox-secret-key-not-for-aws")
        .envs([("AWS_REGION", "us-east-1"), ("HOME", "/nonexistent")])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn another_clients_upload_appears_while_one_looks() {
    let mut t = browsing(120, 36);
    t.press("4", "[4 Wire]");
    t.press("W", "Watch another client");
    t.until_text("No multipart upload of another client was seen yet.");
    let text = t.text();
    let endpoint = text.split("AWS_ENDPOINT_URL=").nth(1).unwrap().split_whitespace().next().unwrap();
    t.send("y");
    t.until_seen("the clipboard", |e| e.ears().clipboard == 1);
    client(endpoint, &["copy", "s3://lessons/uniform-8mib.bin", "s3://scratch/theirs"]);
    t.until_line(&["aws-sdk-rust/", "s3://scratch/theirs", "3 parts", "completed"]);
    t.press(ENTER, "Upload of aws-sdk-rust/");
    t.until_text("completed, ETag \"");
    t.until_text("copied from s3://lessons/uniform-8mib.bin");
    t.until_line(&["3", "16777216-25165823", "stored"]);
    t.send(ESC);
    t.until_gone("Upload of");
    t.send(ESC);
    t.until_gone("Watch another client");
    // The newest exchange is the other client's, and leads to the same ledger.
    t.press("J", "Upload of aws-sdk-rust/");
    t.send(ESC);
    t.until_gone("Upload of aws-sdk-rust/");
    t.send("q");
    assert_eq!(t.exit(), 0);
    t.assert_restored();
}
