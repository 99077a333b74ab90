//! `serve --watch` from outside: lines for people and for programs, and an end even when nobody reads them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

struct Watching {
    child: Child,
    out: Option<BufReader<ChildStdout>>,
    address: String,
}

impl Watching {
    /// Starts it and reads what it prints until it is ready; `lines` of that.
    fn start(options: &[&str], is_last: fn(&str) -> bool) -> (Self, Vec<String>) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_partscope"));
        command.args(["serve", "--watch"]).args(options).env_clear().stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            assert!(out.read_line(&mut line).unwrap() > 0, "it ended: {lines:?}");
            lines.push(line.trim_end().to_owned());
            if is_last(&line) {
                break;
            }
        }
        let text = lines.concat();
        let port = text.split("http://127.0.0.1:").nth(1).unwrap();
        let port: String = port.chars().take_while(char::is_ascii_digit).collect();
        (Self { child, out: Some(out), address: format!("127.0.0.1:{port}") }, lines)
    }

    /// A headless command as another client.
    fn client(&self, args: &[&str]) {
        let output = Command::new(env!("CARGO_BIN_EXE_partscope"))
            .args(args)
            .args(["--endpoint-url", &format!("http://{}", self.address), "--path-style"])
            .env_clear()
            .env("AWS_ACCESS_KEY_ID", "SANDBOXACCESSKEY0000")
            .env("AWS_SECRET_ACCESS_KEY", "sandbox-secret-key-not-for-aws")
            .envs([("AWS_REGION", "us-east-1"), ("HOME", "/nonexistent")])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// One request, not signed, on a connection of its own; the whole answer.
    fn raw(&self, request: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    /// Asks it to end; its exit code.
    fn end(&mut self) -> Option<i32> {
        let id = self.child.id().try_into().unwrap();
        // SAFETY: a signal to a child that was not waited for yet.
        assert_eq!(unsafe { libc::kill(id, libc::SIGTERM) }, 0);
        let (tell, ended) = mpsc::channel();
        let mut child = std::mem::replace(&mut self.child, Command::new("true").spawn().unwrap());
        thread::spawn(move || tell.send(child.wait().unwrap().code()));
        ended.recv_timeout(PATIENCE).expect("it does not end")
    }

    /// What is left to read after the end.
    fn rest(&mut self) -> Vec<String> {
        self.out.take().unwrap().lines().map(Result::unwrap).collect()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const COPY: [&str; 3] = ["copy", "s3://lessons/uniform-8mib.bin", "s3://scratch/copied"];

#[test]
fn a_line_for_each_exchange_and_one_for_the_upload() {
    let (mut served, _) = Watching::start(&[], |line| line == "ready\n");
    served.client(&COPY);
    served.raw("GET /scratch/%1b%5b2J HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: odd\u{202e}/1\r\nConnection: close\r\n\r\n");
    served.raw("GET /_partscope/faults HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    assert_eq!(served.end(), Some(0));
    let lines = served.rest();
    let with = |words: &[&str]| lines.iter().filter(|l| words.iter().all(|w| l.contains(w))).count();
    assert_eq!(
        with(&["CreateMultipartUpload", " 200 ", "/scratch/copied", "aws-sdk-rust/"]),
        1,
        "{lines:#?}"
    );
    assert_eq!(with(&["UploadPartCopy #1 ", " 200 ", " ms "]), 1);
    let summary = lines.iter().find(|l| l.contains("  upload ")).unwrap();
    for words in [
        "s3://scratch/copied: completed, ETag \"",
        "copied from s3://lessons/uniform-8mib.bin",
        " at once at most",
    ] {
        assert!(summary.contains(words), "{summary}");
    }
    assert!(
        !lines.iter().any(|l| l.contains(['\u{1b}', '\u{202e}']) || l.contains("_partscope")),
        "{lines:#?}"
    );
    assert_eq!(with(&["GetObject", "403", "AccessDenied"]), 1, "{lines:#?}");
}

#[test]
fn json_is_json_from_the_first_line_to_the_last() {
    let (mut served, first) = Watching::start(&["--json"], |_| true);
    let ready: Value = serde_json::from_str(&first[0]).unwrap();
    assert_eq!(
        (ready["type"].as_str(), ready["access_key"].as_str()),
        (Some("ready"), Some("SANDBOXACCESSKEY0000"))
    );
    served.client(&COPY);
    assert_eq!(served.end(), Some(0));
    let lines: Vec<Value> = served.rest().iter().map(|l| serde_json::from_str(l).unwrap()).collect();
    let sessions: Vec<_> = lines.iter().filter(|l| l["type"] == "session").collect();
    assert_eq!(sessions.len(), 1);
    let session = sessions[0];
    assert_eq!((session["over"].as_bool(), session["seen_from_create"].as_bool()), (Some(true), Some(true)));
    let parts = session["parts"].as_array().unwrap();
    assert!(parts.iter().all(|p| p["state"] == "stored" && p["copied"] == true));
    let of_session: Vec<_> =
        lines.iter().filter(|l| l["session"] == session["session"] && l["type"] == "exchange").collect();
    // Create, the parts and Complete.
    assert_eq!(of_session.len(), parts.len() + 2);
    assert!(of_session.iter().all(|l| l["whole"] == true && l["request_bytes"].as_u64() > Some(0)));
}

#[test]
fn it_ends_although_nobody_reads_its_lines() {
    let (mut served, _) = Watching::start(&["--empty"], |line| line == "ready\n");
    // More than a pipe holds, on a few connections.
    let one = "GET /bucket/key HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    let last = one.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    for _ in 0..4 {
        let answers = served.raw(&(one.repeat(299) + &last));
        assert_eq!(answers.windows(12).filter(|w| w == b"HTTP/1.1 403").count(), 300);
    }
    assert_eq!(served.end(), Some(0));
}
