//! The control interface: who may use it, what it says, and that no fault reaches it.

use crate::client::{Answer, call, empty, raw, read_answer};
use partscope::sandbox::Server;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const PAGE: &str = "/_partscope/faults";

fn request(method: &str, page: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("{method} {page} HTTP/1.1\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

async fn ask(server: &Server, method: &str, body: &str) -> Answer {
    raw(server, &request(method, PAGE, "Host: localhost\r\n", body)).await.unwrap()
}

fn json_of(answer: &Answer) -> Value {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn rules_are_listed_added_and_cleared() {
    let server = empty().await;
    assert_eq!(json_of(&ask(&server, "GET", "").await), json!({ "faults": [] }));
    let rules = "PutObject after=1 slow-down\n\n  any key=other/ always delay=250ms\r\n";
    let listed = json_of(&ask(&server, "POST", rules).await);
    for status in [200, 503] {
        assert_eq!(call(&server, "PUT", "/bucket/k", &[], b"x").await.status, status);
    }
    assert_eq!(listed["faults"][0]["met"], 0);
    assert_eq!(
        json_of(&ask(&server, "GET", "").await),
        json!({ "faults": [
            { "id": 1, "rule": "PutObject after=1 slow-down", "passed": 1, "met": 1, "left": 0 },
            { "id": 2, "rule": "any key=other/ always delay=250ms", "passed": 0, "met": 0, "left": null },
        ] })
    );
    assert_eq!(json_of(&ask(&server, "DELETE", "").await), json!({ "faults": [] }));
    assert!(server.faults().list().is_empty());
}

#[tokio::test]
async fn a_wrong_line_adds_nothing_and_is_named() {
    let server = empty().await;
    for (body, said) in [
        (
            "any reset\nUploadPrat slow-down\n",
            "line 2: \"UploadPrat\": no such operation; did you mean UploadPart?\n",
        ),
        (
            "GetObject corrupt",
            "line 1: \"corrupt\": cannot happen to GetObject, only to UploadPart, PutObject\n",
        ),
        ("", "the body holds no rule; write one a line\n"),
    ] {
        let answer = ask(&server, "POST", body).await;
        assert_eq!((answer.status, answer.text().as_str()), (400, said));
    }
    let many = "any reset\n".repeat(201);
    let answer = ask(&server, "POST", &many).await;
    assert_eq!((answer.status, answer.text().contains("there are 200 rules already")), (400, true));
    assert!(server.faults().is_empty());
}

#[tokio::test]
async fn only_this_machine_and_no_web_page_may_ask() {
    let server = empty().await;
    for headers in [
        "Host: evil.example\r\n",
        "Host: localhost\r\nOrigin: http://evil.example\r\n",
        "Host: localhost\r\nOrigin: null\r\n",
        "",
    ] {
        for method in ["GET", "POST", "DELETE", "OPTIONS"] {
            let answer = raw(&server, &request(method, PAGE, headers, "any reset")).await.unwrap();
            assert_eq!((answer.status, answer.text().starts_with("refused: ")), (403, true), "{headers:?}");
            assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
            // Nothing of S3 in it.
            assert_eq!((answer.header("x-amz-request-id"), answer.header("server")), (None, None));
        }
    }
    assert!(server.faults().is_empty());
}

#[tokio::test]
async fn other_methods_pages_and_bodies_are_refused_in_plain_words() {
    let server = empty().await;
    let host = "Host: 127.0.0.1\r\n";
    let long = "x".repeat(70_000);
    for (method, page, body, status) in [
        ("PUT", PAGE, "any reset", 405),
        ("GET", "/_partscope/other", "", 404),
        ("GET", "/_partscope/faults?x=1", "", 200),
        ("POST", PAGE, long.as_str(), 413),
        ("POST", PAGE, "any reset\u{1b}[2J", 400),
    ] {
        let answer = raw(&server, &request(method, page, host, body)).await.unwrap();
        assert_eq!(answer.status, status, "{method} {page}");
        assert!(!answer.body.contains(&0x1b));
    }
    let chunked =
        "POST /_partscope/faults HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(raw(&server, chunked.as_bytes()).await.unwrap().status, 413);
    // The name stays no bucket.
    assert_eq!(call(&server, "PUT", "/_partscope", &[], b"").await.status, 400);
    assert!(server.faults().is_empty());
}

#[tokio::test]
async fn no_fault_reaches_the_control_interface_and_its_connection_goes_on() {
    let server = empty().await;
    ask(&server, "POST", "any always reset").await;
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    for (method, rules) in [("GET", 1), ("POST", 2), ("DELETE", 0)] {
        let body = if method == "POST" { "any slow-down" } else { "" };
        stream.write_all(&request(method, PAGE, "Host: [::1]:1\r\n", body)).await.unwrap();
        let answer = json_of(&read_answer(&mut stream, false).await.unwrap());
        assert_eq!(answer["faults"].as_array().map(Vec::len), Some(rules));
    }
}
