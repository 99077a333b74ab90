//! `inspect` before servers that refuse, replace, contradict or leave things out: what is then said is true, and
//! answers about two objects are never mixed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use assert_cmd::Command;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const OLD: &str = "9a10e3fb885fb16525231cb6a440a941-5";
const NEW: &str = "17fc409c0c130f727d5f61328dfff373-5";

/// What a server sends in answer to the n-th request with this head.
type Script = dyn Fn(usize, &str) -> String + Send + Sync;

/// Answers every connection by the script, one request each, and keeps the request lines.
fn server(
    script: impl Fn(usize, &str) -> String + Send + Sync + 'static,
) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (script, seen): (Arc<Script>, _) = (Arc::new(script), Arc::new(Mutex::new(Vec::new())));
    let (kept, count) = (seen.clone(), Arc::new(AtomicUsize::new(0)));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (script, kept, count) = (script.clone(), kept.clone(), count.clone());
            std::thread::spawn(move || answer(stream, &*script, &kept, &count));
        }
    });
    (address, seen)
}

fn answer(mut stream: TcpStream, script: &Script, kept: &Mutex<Vec<String>>, count: &AtomicUsize) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    kept.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
    let number = count.fetch_add(1, Ordering::SeqCst);
    let _ = stream.write_all(script(number, &head).as_bytes());
}

/// The part a HEAD asks for; none for any other request.
fn part(head: &str) -> Option<u64> {
    let digits = head.lines().next()?.strip_prefix("HEAD ")?.split("partNumber=").nth(1)?;
    digits.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

/// Five parts of 10 bytes, the last of 4: what S3 would answer, with more headers.
fn five(head: &str, etag: &str, more: &str) -> String {
    let common = format!("ETag: \"{etag}\"\r\n{more}Connection: close\r\n");
    if let Some(n) = part(head) {
        let (first, len) = ((n - 1) * 10, if n == 5 { 4 } else { 10 });
        let range =
            format!("Content-Range: bytes {first}-{}/44\r\nx-amz-mp-parts-count: 5\r\n", first + len - 1);
        return format!("HTTP/1.1 206 Partial Content\r\nContent-Length: {len}\r\n{range}{common}\r\n");
    }
    if head.starts_with("HEAD") {
        return format!("HTTP/1.1 200 OK\r\nContent-Length: 44\r\n{common}\r\n");
    }
    let body = if head.contains("attributes") {
        "<GetObjectAttributesResponse><ObjectParts><PartsCount>5</PartsCount></ObjectParts></GetObjectAttributesResponse>"
    } else {
        "<Tagging><TagSet/></Tagging>"
    };
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn denied() -> String {
    "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".into()
}

/// The report as JSON, or what was said instead.
fn inspect(address: SocketAddr, args: &[&str]) -> Result<Value, (i32, String)> {
    match run(address, &[&["inspect", "s3://b/k", "--json"], args].concat()) {
        (0, out, _) => Ok(serde_json::from_str(&out).unwrap()),
        (code, _, said) => Err((code, said)),
    }
}

/// Exit code, standard output, standard error.
fn run(address: SocketAddr, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("partscope").unwrap();
    for name in ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
    }
    let output = command
        .env("AWS_CONFIG_FILE", "/nonexistent/config")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
        .env("AWS_ACCESS_KEY_ID", "A")
        .env("AWS_SECRET_ACCESS_KEY", "S")
        .args(args)
        .args(["--path-style", "--region", "us-east-1", "--endpoint-url"])
        .arg(format!("http://{address}"))
        .timeout(Duration::from_secs(60))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn heads_of_parts(seen: &Mutex<Vec<String>>) -> usize {
    seen.lock().unwrap().iter().filter(|line| part(line).is_some()).count()
}

fn notes(report: &Value) -> String {
    report["notes"].to_string()
}

#[test]
fn each_probe_sends_exactly_the_requests_it_names() {
    for (args, heads, verdict) in [
        (&[][..], 1, "unique_plausible"),
        (&["--probe", "first"], 1, "unique_plausible"),
        (&["--probe", "all", "--dry-run"], 1, "unique_plausible"),
        (&["--probe", "all"], 3, "proved"),
        (&["--all-parts"], 3, "proved"),
    ] {
        let (address, seen) = server(|_, head| five(head, OLD, ""));
        let report = inspect(address, args).unwrap();
        assert_eq!((heads_of_parts(&seen), report["verdict"].as_str()), (heads, Some(verdict)), "{args:?}");
        assert_eq!(report["doubts"], serde_json::json!([]));
    }
}

#[test]
fn a_probe_that_is_denied_keeps_the_rest_and_names_the_action() {
    let (address, _) = server(|_, head| if part(head) == Some(3) { denied() } else { five(head, OLD, "") });
    let report = inspect(address, &["--probe", "all"]).unwrap();
    assert_eq!(report["part_size"]["kind"], "first_part");
    assert_eq!(report["refusals"][0]["actions"], serde_json::json!(["s3:GetObject"]));
    assert!(
        notes(&report).contains("without the sizes of parts by HEAD; allowed by s3:GetObject"),
        "{report}"
    );
}

#[test]
fn an_object_replaced_between_probes_is_asked_about_again_and_never_mixed() {
    // The first five requests are about the old object, all others about the new one.
    let (address, _) = server(|n, head| five(head, if n < 5 { OLD } else { NEW }, ""));
    let report = inspect(address, &["--probe", "all"]).unwrap();
    assert_eq!((report["etag"].as_str(), report["verdict"].as_str()), (Some(NEW), Some("proved")));
    assert!(notes(&report).contains("the object was replaced while it was asked about"), "{report}");
}

/// The old object until the plain HEAD is asked a second time, then the new one; a part other than the first of the old
/// one is answered with this status.
fn replaced_behind(status: &'static str) -> impl Fn(usize, &str) -> String + Send + Sync {
    let plain = AtomicUsize::new(0);
    move |_, head| {
        if head.starts_with("HEAD") && part(head).is_none() {
            plain.fetch_add(1, Ordering::SeqCst);
        }
        match (plain.load(Ordering::SeqCst), part(head)) {
            (..2, Some(2..)) => {
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            }
            (..2, _) => five(head, OLD, ""),
            _ => five(head, NEW, ""),
        }
    }
}

#[test]
fn a_part_that_is_not_there_may_be_of_an_object_that_was_replaced() {
    for status in ["404 Not Found", "412 Precondition Failed", "416 Range Not Satisfiable"] {
        let (address, _) = server(replaced_behind(status));
        let report = inspect(address, &["--probe", "all"]).unwrap();
        assert_eq!((report["etag"].as_str(), report["verdict"].as_str()), (Some(NEW), Some("proved")));
        assert!(notes(&report).contains("the object was replaced while it was asked about"), "{report}");
        assert_eq!(report["refusals"], serde_json::json!([]), "{report}");
    }
    // The same object: the refusal stands, and one HEAD more was asked.
    let (address, seen) = server(|_, head| match part(head) {
        Some(2..) => {
            "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".into()
        }
        _ => five(head, OLD, ""),
    });
    let report = inspect(address, &["--probe", "all"]).unwrap();
    assert_eq!(report["refusals"][0]["refused"]["status"], 416, "{report}");
    let plain = |line: &&String| line.starts_with("HEAD") && part(line).is_none();
    assert_eq!(seen.lock().unwrap().iter().filter(plain).count(), 2);
}

#[test]
fn a_server_that_fails_at_a_part_can_be_asked_again() {
    let (address, _) = server(|_, head| match part(head) {
        Some(2..) => {
            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".into()
        }
        _ => five(head, OLD, ""),
    });
    let report = inspect(address, &["--probe", "all"]).unwrap();
    assert_eq!(report["refusals"][0]["refused"]["status"], 500, "{report}");
    assert!(report["probe_plan"].as_array().unwrap().iter().any(|p| p["kind"] == "every"), "{report}");
}

/// Forty parts of 10 bytes.
fn forty(head: &str) -> String {
    let etag = "9a10e3fb885fb16525231cb6a440a941-40";
    let Some(n) = part(head) else {
        return five(head, etag, "").replace("Length: 44", "Length: 400").replace(">5<", ">40<");
    };
    let first = (n - 1) * 10;
    let range = format!("Content-Range: bytes {first}-{}/400\r\nx-amz-mp-parts-count: 40\r\n", first + 9);
    format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Length: 10\r\n{range}ETag: \"{etag}\"\r\nConnection: close\r\n\r\n"
    )
}

#[test]
fn many_requests_are_announced_before_they_are_sent_and_few_are_not() {
    let (address, seen) = server(|_, head| forty(head));
    let (code, out, said) = run(address, &["inspect", "s3://b/k", "--json", "--probe", "all"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        (heads_of_parts(&seen), said.as_str()),
        (20, "asking for the parts of s3://b/k: 19 HeadObject requests\n"),
        "{out}"
    );
    let (address, _) = server(|_, head| five(head, OLD, ""));
    assert_eq!(run(address, &["inspect", "s3://b/k", "--json", "--probe", "all"]).2, "");
    let (address, _) = server(|_, head| forty(head));
    let (_, _, said) = run(address, &["compare", "s3://b/k", "s3://b/l", "--all-parts"]);
    assert_eq!(said.matches("19 HeadObject requests").count(), 2, "{said}");
}

#[test]
fn a_comparison_says_what_was_refused_and_what_is_not_believed() {
    let (address, _) = server(|_, head| match (part(head), head.contains("attributes")) {
        (_, true) => denied(),
        (Some(1), _) => five(head, OLD, "").replace("x-amz-mp-parts-count: 5", "x-amz-mp-parts-count: 6"),
        _ => five(head, OLD, ""),
    });
    let (_, out, _) = run(address, &["compare", "s3://b/k", "s3://b/l"]);
    for want in [
        "left: Forbidden (403): without the list of parts",
        "right: not believed: the service states 6 parts",
    ] {
        assert!(out.contains(want), "{want} in {out}");
    }
    let (_, out, _) = run(address, &["compare", "s3://b/k", "s3://b/l", "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert!(report["notes"]["right"].to_string().contains("s3:GetObjectAttributes"), "{report}");
}

#[test]
fn an_object_that_is_always_another_is_given_up() {
    let (address, _) = server(|n, head| five(head, if n % 2 == 0 { OLD } else { NEW }, ""));
    let (code, said) = inspect(address, &[]).unwrap_err();
    assert!(code == 2 && said.contains("replaced again and again"), "{code} {said}");
}

#[test]
fn a_server_that_answers_parts_with_their_own_etags_is_not_taken_for_a_replaced_object() {
    let own = "c4c753e69bb853187f5854c46cf801c6";
    let (address, _) = server(move |_, head| five(head, if part(head).is_some() { own } else { OLD }, ""));
    let report = inspect(address, &["--probe", "all"]).unwrap();
    assert_eq!(
        (report["etag"].as_str(), report["part_size"]["kind"].as_str()),
        (Some(OLD), Some("inferred"))
    );
    assert!(notes(&report).contains("the part's own or another object's"), "{report}");
}

#[test]
fn a_head_that_is_denied_names_the_actions() {
    let (address, _) = server(|_, _| denied());
    let (code, said) = inspect(address, &[]).unwrap_err();
    assert!(code == 1 && said.contains("allowed by s3:GetObject; without s3:ListBucket"), "{code} {said}");
}

#[test]
fn the_version_that_head_told_is_asked_of_all_others() {
    let (address, seen) = server(|_, head| five(head, OLD, "x-amz-version-id: v7\r\n"));
    inspect(address, &["--probe", "all"]).unwrap();
    let seen = seen.lock().unwrap();
    assert!(!seen[0].contains("versionId"), "{seen:?}");
    assert!(seen[1..].iter().all(|line| line.contains("versionId=v7")), "{seen:?}");
}

#[test]
fn a_version_that_may_not_be_named_is_left_out_and_said() {
    let (address, _) = server(|_, head| match head.contains("versionId") {
        true => denied(),
        false => five(head, OLD, "x-amz-version-id: v7\r\n"),
    });
    let report = inspect(address, &["--probe", "all"]).unwrap();
    assert_eq!(report["verdict"], "proved");
    assert!(notes(&report).contains("s3:GetObjectVersion"), "{report}");
}

#[test]
fn ranges_that_contradict_are_not_believed_and_lengths_alone_need_more_requests() {
    let (address, _) = server(|_, head| match part(head) {
        Some(n) if n > 1 => five(head, OLD, "").replace(&format!("bytes {}-", (n - 1) * 10), "bytes 3-"),
        _ => five(head, OLD, ""),
    });
    let report = inspect(address, &["--probe", "all"]).unwrap();
    assert_eq!(report["part_size"]["kind"], "first_part");
    assert!(notes(&report).contains("not believed: part 3 is said to be bytes 3-29 of 44"), "{report}");

    let (address, seen) = server(|_, head| five(head, OLD, "").replace("Content-Range: ", "X-Range: "));
    let report = inspect(address, &["--probe", "all"]).unwrap();
    assert_eq!((report["verdict"].as_str(), heads_of_parts(&seen)), (Some("proved"), 4), "{report}");
    assert_eq!(report["map"].as_array().unwrap().last().unwrap()["ground"], "rest");
}
