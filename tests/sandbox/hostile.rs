//! What must end in a clean refusal: garbage, excess, silence. The server must live on after each.

use crate::client::{Answer, call, empty, options, raw, read_answer, signed_head};
use partscope::domain::sigv4::UNSIGNED_PAYLOAD;
use partscope::sandbox::{SandboxOptions, Server, StartError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn status(answer: Option<&Answer>) -> Option<u16> {
    answer.map(|a| a.status)
}

#[tokio::test]
async fn broken_heads_are_answered_400_or_closed() {
    let server = empty().await;
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let endless = "x".repeat(200_000);
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(500));
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET /\r\n\r\n",
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad Header: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: \xff\xff\r\n\r\n",
        b"PUT /b/k HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"PUT /b/k HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"PUT /b/k HTTP/1.1\r\nContent-Length: banana\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h",
        long.as_bytes(),
        endless.as_bytes(),
        many.as_bytes(),
    ] {
        let answer = raw(&server, bytes).await;
        assert_eq!(
            status(answer.as_ref()),
            Some(400),
            "{:?}",
            String::from_utf8_lossy(&bytes[..40.min(bytes.len())])
        );
    }
    assert!(raw(&server, b"").await.is_none());
    assert!(raw(&server, b"\r\n\r\n").await.is_none_or(|a| a.status == 400));
    assert_eq!(call(&server, "GET", "/", &[], b"").await.status, 200);
}

#[tokio::test]
async fn strange_targets_do_not_panic() {
    let server = empty().await;
    for target in [
        "*",
        "http://x/bucket/k",
        "//",
        "/%",
        "/%zz/%00",
        "/bucket/%ff",
        "/?&&==&",
        "/bucket/../..//",
        "/bucket/k?partNumber=99999999999999999999&uploadId=",
    ] {
        let answer = call(&server, "GET", target, &[], b"").await;
        assert!((200..500).contains(&answer.status) || answer.status == 501, "{target}: {}", answer.status);
    }
    for (query, code) in [
        ("list-type=2&max-keys=-1", "InvalidArgument"),
        ("list-type=2&max-keys=x", "InvalidArgument"),
        ("list-type=2&continuation-token=!!", "InvalidArgument"),
        ("list-type=2&encoding-type=", "InvalidArgument"),
        ("uploads&key-marker=a&upload-id-marker=b", "InvalidArgument"),
    ] {
        let answer = call(&server, "GET", &format!("/bucket?{query}"), &[], b"").await;
        assert_eq!((answer.status, answer.element("Code").as_deref()), (400, Some(code)), "{query}");
    }
}

#[tokio::test]
async fn truncated_and_misframed_bodies_are_refused() {
    let server = empty().await;
    let (head, _) = signed_head(&server, "PUT", "/bucket/t", &[], UNSIGNED_PAYLOAD, 10);
    let answer = raw(&server, format!("{head}short").as_bytes()).await.unwrap();
    assert_eq!((answer.status, answer.element("Code").as_deref()), (400, Some("IncompleteBody")));

    let (head, _) = signed_head(&server, "PUT", "/bucket/t", &[], UNSIGNED_PAYLOAD, 0);
    let head = head.replace("Content-Length: 0", "Transfer-Encoding: chunked");
    for (chunks, wanted) in [
        ("5\r\nhello\r\n0\r\n\r\n", 200),
        ("5;ext=1\r\nhello\r\n0\r\nTrailer: x\r\n\r\n", 200),
        ("zz\r\nhello\r\n0\r\n\r\n", 400),
        ("5\r\nhelloX\r\n0\r\n\r\n", 400),
        ("ffffffffffffffff\r\n", 400),
        ("-5\r\nhello\r\n0\r\n\r\n", 400),
        ("5\r\nhel", 400),
    ] {
        let answer = raw(&server, format!("{head}{chunks}").as_bytes()).await;
        assert_eq!(status(answer.as_ref()), Some(wanted), "{chunks:?}");
    }
    let (head, _) = signed_head(&server, "PUT", "/bucket/t", &[], UNSIGNED_PAYLOAD, 0);
    let answer = raw(&server, head.replace("Content-Length: 0\r\n", "").as_bytes()).await;
    assert_eq!(status(answer.as_ref()), Some(411));

    let mode = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    let body = "5\r\nhello\r\n0\r\n\r\n";
    for (length, trailer, code) in [
        ("5", "", None),
        ("6", "", Some("IncompleteBody")),
        ("5", "x-amz-checksum-crc32", Some("MalformedTrailerError")),
    ] {
        let headers = [("x-amz-decoded-content-length", length), ("x-amz-trailer", trailer)];
        let (head, _) = signed_head(&server, "PUT", "/bucket/t", &headers, mode, body.len());
        let answer = raw(&server, format!("{head}{body}").as_bytes()).await.unwrap();
        assert_eq!(answer.element("Code").as_deref(), code, "{}", answer.text());
    }
}

#[tokio::test]
async fn slow_clients_are_bounded() {
    let quick = SandboxOptions {
        head_timeout: Duration::from_millis(300),
        stall_timeout: Duration::from_millis(300),
        ..options(false)
    };
    let server = Server::start(quick).await.unwrap();
    // A head that never ends, a body that never comes, and no request at all.
    let (head, _) = signed_head(&server, "PUT", "/bucket/t", &[], UNSIGNED_PAYLOAD, 10);
    for (bytes, wanted) in [(b"GET / HT".to_vec(), Some(400)), (head.into_bytes(), Some(400)), (vec![], None)]
    {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        let answer = read_answer(&mut stream, false).await;
        assert_eq!(status(answer.as_ref()), wanted);
        if let Some(answer) = answer {
            assert_eq!(answer.element("Code").as_deref(), Some("RequestTimeout"));
        }
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_body_that_cannot_be_kept_is_refused_unread() {
    let small = SandboxOptions { memory_budget: 100, disk_budget: Some(0), ..options(false) };
    let server = Server::start(small).await.unwrap();
    assert_eq!(call(&server, "PUT", "/bucket", &[], b"").await.status, 200);
    let (head, _) = signed_head(&server, "PUT", "/bucket/t", &[], UNSIGNED_PAYLOAD, 101);
    let answer = raw(&server, head.as_bytes()).await.unwrap();
    assert_eq!((answer.status, answer.element("Code").as_deref()), (507, Some("InsufficientStorage")));
    let (head, _) = signed_head(&server, "PUT", "/bucket/t", &[], UNSIGNED_PAYLOAD, 100);
    let answer = raw(&server, format!("{head}{}", "x".repeat(100)).as_bytes()).await.unwrap();
    assert_eq!((answer.status, server.storage().memory), (200, 100));
}

#[tokio::test]
async fn a_document_too_long_is_refused() {
    let server = empty().await;
    let limit = 4 * 1024 * 1024;
    let (head, _) = signed_head(&server, "POST", "/bucket?delete", &[], UNSIGNED_PAYLOAD, limit + 1);
    let answer = raw(&server, head.as_bytes()).await.unwrap();
    let wanted =
        (400, Some("MaxMessageLengthExceeded".to_owned()), Some("Your request was too big.".to_owned()));
    assert_eq!((answer.status, answer.element("Code"), answer.element("Message")), wanted);
    // The same when only the chunks tell.
    let (head, _) = signed_head(&server, "POST", "/bucket?delete", &[], UNSIGNED_PAYLOAD, 0);
    let head = head.replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let body = format!("{head}{:x}\r\n{}\r\n0\r\n\r\n", limit + 1, " ".repeat(limit + 1));
    let answer = raw(&server, body.as_bytes()).await.unwrap();
    assert_eq!((answer.status, answer.element("Code"), answer.element("Message")), wanted);
}

#[tokio::test]
async fn only_loopback_is_listened_on_and_shutdown_ends_idle_connections() {
    let open = SandboxOptions { listen: "0.0.0.0:0".parse().unwrap(), ..options(false) };
    assert!(matches!(Server::start(open).await, Err(StartError::NotLoopback(_))));
    let server = empty().await;
    let mut idle = TcpStream::connect(server.addr()).await.unwrap();
    let addr = server.addr();
    // One whole request proves that the connection is being served.
    let (head, _) = signed_head(&server, "GET", "/", &[], partscope::domain::sigv4::EMPTY_SHA256, 0);
    idle.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(read_answer(&mut idle, false).await.unwrap().status, 200);
    server.shutdown().await;
    assert!(idle.read_u8().await.is_err());
    assert!(TcpStream::connect(addr).await.is_err());
}
