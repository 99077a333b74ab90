//! Injected failures, as a client meets them.

use crate::client::{Answer, NOW, call, empty, raw, signed_head, try_call};
use crate::copy::{complete, create, part};
use partscope::domain::etag::to_hex;
use partscope::domain::fault::{ACTIONS, Fault};
use partscope::sandbox::Server;
use partscope::sandbox::clock::{http_date, iso_date};
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn set(server: &Server, rule: &str) {
    server.faults().add(rule.parse().unwrap()).unwrap();
}

fn seen(answer: &Answer) -> (u16, Option<String>) {
    (answer.status, answer.element("Code"))
}

/// Sends a signed PUT and gives every byte that comes back, and the error after them.
async fn bytes_until_the_end(
    server: &Server,
    method: &str,
    target: &str,
) -> (Vec<u8>, Option<std::io::Error>) {
    let (head, _) = signed_head(server, method, target, &[], &to_hex(&Sha256::digest(b"")), 0);
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes).await.err();
    (bytes, ended)
}

#[tokio::test]
async fn s3_040_a_200_may_still_carry_an_error() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let tag = part(&server, "/bucket/k", &id, 1, b"test").await;
    set(&server, "CompleteMultipartUpload error-after-200");
    let parts = [(1, tag)];
    let late = complete(&server, "/bucket/k", &id, &parts).await;
    assert_eq!((late.status, late.header("transfer-encoding")), (200, Some("chunked")));
    let text = late.text();
    let rest = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap();
    assert!(rest.trim_start().starts_with("<Error><Code>InternalError</Code>"), "{text}");
    assert!(rest.starts_with(char::is_whitespace));
    assert_eq!(complete(&server, "/bucket/k", &id, &parts).await.status, 200);
}

#[tokio::test]
async fn s3_041_throttling_and_failures_of_the_server_are_5xx_and_do_nothing() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let two = format!("/bucket/k?partNumber=2&uploadId={id}");
    for (action, status, code) in [("slow-down", 503, "SlowDown"), ("internal-error", 500, "InternalError")] {
        set(&server, &format!("UploadPart part=2 {action}"));
        part(&server, "/bucket/k", &id, 1, b"fine").await;
        let answer = call(&server, "PUT", &two, &[], b"x").await;
        assert_eq!(seen(&answer), (status, Some(code.into())));
        assert_eq!(answer.header("etag"), None);
        let list = call(&server, "GET", &format!("/bucket/k?uploadId={id}"), &[], b"").await;
        assert_eq!(list.elements("PartNumber"), ["1"], "{}", list.text());
    }
    assert_eq!(call(&server, "PUT", &two, &[], b"x").await.status, 200);
    assert!(server.faults().is_empty());
}

#[tokio::test]
async fn s3_042_an_expired_token_is_400_and_repeats_the_token() {
    let server = empty().await;
    set(&server, "PutObject times=2 expired-token");
    let answer = call(&server, "PUT", "/bucket/k", &[("x-amz-security-token", "abc")], b"x").await;
    assert_eq!(seen(&answer), (400, Some("ExpiredToken".into())));
    assert_eq!(answer.element("Message").as_deref(), Some("The provided token has expired."));
    assert_eq!(answer.element("Token-0").as_deref(), Some("abc"));
    // Without a token there is something to see all the same.
    let answer = call(&server, "PUT", "/bucket/k", &[], b"x").await;
    assert!(answer.element("Token-0").is_some_and(|t| !t.is_empty()));
    assert_eq!(call(&server, "HEAD", "/bucket/k", &[], b"").await.status, 404);
}

#[tokio::test]
async fn s3_043_another_region_is_a_301_or_a_307_that_names_it() {
    let server = empty().await;
    let host = server.addr().to_string();
    set(&server, "GetObject permanent-redirect=eu-west-1");
    let answer = call(&server, "GET", "/bucket/k?x-id=GetObject", &[], b"").await;
    assert_eq!(seen(&answer), (301, Some("PermanentRedirect".into())));
    assert!(answer.head.starts_with("HTTP/1.1 301 Moved Permanently\r\n"), "{}", answer.head);
    assert_eq!(answer.header("x-amz-bucket-region"), Some("eu-west-1"));
    assert_eq!(answer.header("location"), None);
    assert_eq!(answer.element("Endpoint").as_deref(), Some(host.as_str()));
    assert_eq!(answer.element("Bucket").as_deref(), Some("bucket"));

    call(&server, "PUT", "/bucket/k", &[], b"here").await;
    set(&server, "GetObject temporary-redirect=eu-west-1");
    let answer = call(&server, "GET", "/bucket/k?x-id=GetObject", &[], b"").await;
    assert_eq!(seen(&answer), (307, Some("TemporaryRedirect".into())));
    assert!(answer.head.starts_with("HTTP/1.1 307 Temporary Redirect\r\n"), "{}", answer.head);
    // Whoever follows stays on this machine, and is served.
    let there =
        answer.header("location").unwrap().strip_prefix(&format!("http://{host}")).unwrap().to_owned();
    assert_eq!(there, "/bucket/k?x-id=GetObject");
    assert_eq!(call(&server, "GET", &there, &[], b"").await.body, b"here");
}

#[tokio::test]
async fn s3_044_a_skewed_clock_is_told_with_both_times() {
    let server = empty().await;
    let now = i64::try_from(NOW).unwrap();
    for (rule, there) in [("any clock-skew=20m", now + 1200), ("any clock-skew=-2h", now - 7200)] {
        set(&server, rule);
        let answer = call(&server, "GET", "/bucket/k", &[], b"").await;
        assert_eq!(seen(&answer), (403, Some("RequestTimeTooSkewed".into())));
        assert_eq!(answer.element("RequestTime"), Some(http_date(now)));
        assert_eq!(answer.element("ServerTime"), Some(iso_date(there)));
        assert_eq!(answer.element("MaxAllowedSkewMilliseconds").as_deref(), Some("900000"));
        // Clients correct their clocks by this header.
        assert_eq!(answer.header("date"), Some(http_date(there).as_str()));
    }
}

/// A PUT whose payload is not covered by the signature.
async fn put_unsigned(server: &Server, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let (head, _) = signed_head(server, "PUT", target, headers, "UNSIGNED-PAYLOAD", body.len());
    raw(server, &[head.as_bytes(), body].concat()).await.expect("an answer")
}

#[tokio::test]
async fn s3_045_a_part_altered_on_its_way_is_noticed_by_what_covers_it() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let target = format!("/bucket/k?partNumber=1&uploadId={id}");
    let parts = || async {
        call(&server, "GET", &format!("/bucket/k?uploadId={id}"), &[], b"").await.elements("ETag")
    };
    // A signature over the payload.
    set(&server, "UploadPart corrupt");
    let answer = call(&server, "PUT", &target, &[], b"hello").await;
    assert_eq!(seen(&answer), (400, Some("XAmzContentSHA256Mismatch".into())));
    // A digest, a checksum.
    for header in [("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="), ("x-amz-checksum-crc32", "NhCmhg==")] {
        assert_eq!(put_unsigned(&server, &target, &[header], b"hello").await.status, 200);
        set(&server, "UploadPart corrupt");
        let answer = put_unsigned(&server, &target, &[header], b"hello").await;
        assert_eq!(seen(&answer), (400, Some("BadDigest".into())), "{header:?}");
    }
    assert_eq!(parts().await, ["\"5d41402abc4b2a76b9719d911017c592\""]);
    // Nothing: it is stored wrong, and only the ETag tells.
    set(&server, "UploadPart corrupt");
    let answer = put_unsigned(&server, &target, &[], b"hello").await;
    let wrong = format!("\"{}\"", to_hex(&md5_of(b"iello")));
    assert_eq!((answer.status, answer.header("etag")), (200, Some(wrong.as_str())));
    assert_eq!(parts().await, [wrong]);
}

fn md5_of(bytes: &[u8]) -> [u8; 16] {
    use md5::Digest as _;
    md5::Md5::digest(bytes).into()
}

#[tokio::test]
async fn a_chunked_body_is_altered_in_its_data_and_not_in_its_framing() {
    let server = empty().await;
    let headers = [
        ("Content-Encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "5"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
    ];
    let body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
    for (rule, status) in [(None, 200), (Some("PutObject corrupt"), 400)] {
        if let Some(rule) = rule {
            set(&server, rule);
        }
        let mode = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
        let (head, _) = signed_head(&server, "PUT", "/bucket/c", &headers, mode, body.len());
        let answer = raw(&server, &[head.as_bytes(), body].concat()).await.unwrap();
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.element("Code").as_deref(), rule.map(|_| "BadDigest"));
    }
}

#[tokio::test]
async fn a_reset_loses_the_request_or_only_the_answer() {
    let server = empty().await;
    for (action, stored) in [("reset", 404), ("lost-answer", 200)] {
        set(&server, &format!("PutObject {action}"));
        assert!(try_call(&server, "PUT", "/bucket/r", &[], b"x").await.is_none());
        assert_eq!(call(&server, "HEAD", "/bucket/r", &[], b"").await.status, stored);
    }
}

#[tokio::test]
async fn an_answer_breaks_off_where_the_rule_says() {
    let server = empty().await;
    call(&server, "PUT", "/bucket/long", &[], &vec![b'a'; 4000]).await;
    set(&server, "GetObject reset-after=1000");
    let (bytes, error) = bytes_until_the_end(&server, "GET", "/bucket/long").await;
    assert_eq!(bytes.len(), 1000);
    assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\n") && bytes.ends_with(b"aaa"));
    assert_eq!(error.map(|e| e.kind()), Some(std::io::ErrorKind::ConnectionReset));
    // An answer that is shorter comes whole, and then the connection is reset.
    set(&server, "HeadObject reset-after=100000");
    let (bytes, error) = bytes_until_the_end(&server, "HEAD", "/bucket/long").await;
    assert!(bytes.ends_with(b"\r\n\r\n"));
    assert_eq!(error.map(|e| e.kind()), Some(std::io::ErrorKind::ConnectionReset));
    // The next request is served.
    assert_eq!(call(&server, "GET", "/bucket/long", &[], b"").await.body.len(), 4000);
}

#[tokio::test]
async fn an_answer_waits_or_trickles_and_comes_whole() {
    let server = empty().await;
    call(&server, "PUT", "/bucket/k", &[], &[b'a'; 2000]).await;
    // Time taken can be more than asked on a busy machine, never less.
    for (rule, least) in [("GetObject delay=30ms", 30), ("GetObject slow-answer=50000", 40)] {
        set(&server, rule);
        let begun = Instant::now();
        let answer = call(&server, "GET", "/bucket/k", &[], b"").await;
        assert!(begun.elapsed() >= Duration::from_millis(least), "{rule}: {:?}", begun.elapsed());
        assert_eq!((answer.status, answer.body.len()), (200, 2000));
    }
    assert!(server.faults().is_empty());
}

#[tokio::test]
async fn rules_count_what_they_meet_by_part_key_and_turn() {
    let server = empty().await;
    set(&server, "PutObject key=a%20b/ after=1 times=2 slow-down");
    let mut got = Vec::new();
    for key in ["x", "a%20b/1", "a%20b/2", "x", "a%20b/3", "a%20b/4"] {
        got.push(call(&server, "PUT", &format!("/bucket/{key}"), &[], b"").await.status);
    }
    assert_eq!(got, [200, 200, 503, 200, 503, 200]);
    let [status] = &server.faults().list()[..] else { panic!("one rule") };
    assert_eq!((status.passed, status.met, status.left), (1, 2, Some(0)));
    // What is refused by its head meets no rule.
    set(&server, "any always internal-error");
    let answer = raw(&server, b"GET /bucket/k HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    assert_eq!(answer.status, 403);
    assert_eq!(server.faults().list()[1].met, 0);
    assert_eq!(call(&server, "GET", "/", &[], b"").await.status, 500);
}

#[test]
fn the_document_has_every_action_and_its_rules_are_rules() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/FAULTS.md");
    let text = std::fs::read_to_string(path).unwrap();
    let rules = text.split("```rules\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    for rule in rules.lines() {
        assert_eq!(rule.parse::<Fault>().map(|f| f.to_string()).as_deref(), Ok(rule));
    }
    for action in ACTIONS {
        let name = action.split('=').next().unwrap();
        let row = text.lines().find_map(|l| {
            l.strip_prefix("| `")?.split('`').next().filter(|w| w.split('=').next() == Some(name))
        });
        let row = row.unwrap_or_else(|| panic!("{name} is not described"));
        // With its value it is a rule for at least one operation.
        let read = ["any", "UploadPart", "CopyObject"].map(|o| format!("{o} {row}").parse::<Fault>().is_ok());
        assert!(read.contains(&true), "{row}");
    }
}
