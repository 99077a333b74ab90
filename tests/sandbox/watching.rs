//! Other clients watched: what is recorded is what they sent and were answered, byte for byte, and nothing else is.

use crate::client::{Answer, authorization, options, owned, read_answer, sign, signed_head};
use partscope::domain::exchange::{CallKind, Captured, End, Exchange, Sender};
use partscope::domain::names::ObjectRef;
use partscope::domain::operation::{HeadObject, ListBuckets, Operation, OperationId, OperationKind};
use partscope::domain::sigv4::UNSIGNED_PAYLOAD;
use partscope::s3::{Call, TargetSpec, connect};
use partscope::sandbox::{SandboxOptions, Server};
use partscope::wire::hub::Hub;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

async fn watched(change: impl FnOnce(&mut SandboxOptions)) -> (Server, Arc<Hub>) {
    let hub = Hub::new();
    let mut options = SandboxOptions { watch: Some(Arc::clone(&hub)), ..options(false) };
    change(&mut options);
    (Server::start(options).await.unwrap(), hub)
}

/// Waits until so many exchanges have ended; all of them, in their order.
async fn ended(hub: &Hub, wanted: usize) -> Vec<Exchange> {
    let mut seen = BTreeMap::new();
    let all = async {
        loop {
            seen.extend(hub.drain().into_iter().map(|e| (e.id, e)));
            if seen.values().filter(|e| e.end.is_some()).count() >= wanted {
                return;
            }
            hub.changed().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.expect("the exchanges never end");
    seen.into_values().map(Arc::unwrap_or_clone).collect()
}

/// Sends bytes in pieces of a size and reads to the end of the connection.
async fn converse(server: &Server, bytes: &[u8], piece: usize) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut from, mut to) = stream.split();
    let mut heard = Vec::new();
    let send = async {
        for piece in bytes.chunks(piece) {
            to.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let (_, read) = tokio::join!(send, from.read_to_end(&mut heard));
    read.unwrap();
    heard
}

/// Asserts that the pieces, one after the other, are these bytes.
fn assert_exact<'a>(pieces: impl Iterator<Item = &'a Captured>, all: &[u8]) {
    let mut at = 0;
    for piece in pieces {
        let slice = &all[at..at + usize::try_from(piece.total).unwrap()];
        assert!(slice.starts_with(&piece.head) && slice.ends_with(&piece.tail), "differs at {at}");
        assert!(piece.missing() > 0 || piece.kept() == slice.len());
        at += slice.len();
    }
    assert_eq!(at, all.len(), "not everything was recorded, or too much");
}

fn request(server: &Server, method: &str, target: &str, extra: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let head = signed_head(server, method, target, extra, UNSIGNED_PAYLOAD, body.len()).0;
    [head.as_bytes(), body].concat()
}

/// A signed PUT whose body comes in chunks.
fn chunked(server: &Server, target: &str, hash: &str, extra: &[(&str, &str)], chunks: &str) -> Vec<u8> {
    let head = signed_head(server, "PUT", target, extra, hash, 0).0;
    let head = head.replace("Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n");
    format!("{head}{chunks}").into_bytes()
}

fn close(bytes: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8(bytes).unwrap();
    text.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1).into_bytes()
}

#[tokio::test]
async fn requests_that_come_in_one_go_or_byte_by_byte_are_told_apart() {
    for piece in [1, 7, 1 << 20] {
        let (server, hub) = watched(|_| {}).await;
        let agent = [
            ("User-Agent", "aws-cli/2.31.0 md/x"),
            ("amz-sdk-invocation-id", "7f"),
            ("amz-sdk-request", "attempt=2; max=5"),
        ];
        let mode = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
        let plain = chunked(
            &server,
            "/bucket/c",
            UNSIGNED_PAYLOAD,
            &[("x-amz-decoded-content-length", "5")],
            "2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nx: y\r\n\r\n",
        );
        let aws_body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
        let aws_headers = [
            ("x-amz-decoded-content-length", "5"),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
            ("Content-Encoding", "aws-chunked"),
        ];
        let aws_head = signed_head(&server, "PUT", "/bucket/d", &aws_headers, mode, aws_body.len()).0;
        let expecting =
            signed_head(&server, "PUT", "/bucket/e", &[("Expect", "100-continue")], UNSIGNED_PAYLOAD, 4).0;
        let requests = [
            request(&server, "PUT", "/bucket", &[], b""),
            request(&server, "PUT", "/bucket/a", &agent, &vec![b'x'; 200_000]),
            plain,
            [aws_head.as_bytes(), aws_body].concat(),
            [b"\r\n\r\n", expecting.as_bytes(), b"body"].concat(),
            request(&server, "GET", "/bucket/a", &[], b""),
            request(&server, "GET", "/bucket/a?torrent", &[], b""),
            request(&server, "HEAD", "/bucket/none", &[], b""),
            close(request(&server, "GET", "/bucket?location", &[], b"")),
        ];
        let heard = converse(&server, &requests.concat(), piece).await;
        let seen = ended(&hub, requests.len()).await;
        let calls: Vec<_> = seen.iter().map(|e| (e.kind.name(), e.status())).collect();
        let wanted = [
            ("CreateBucket", Some(200)),
            ("PutObject", Some(200)),
            ("PutObject", Some(200)),
            ("PutObject", Some(200)),
            ("PutObject", Some(200)),
            ("GetObject", Some(200)),
            ("GET", Some(501)),
            ("HeadObject", Some(404)),
            ("GetBucketLocation", Some(200)),
        ];
        assert_eq!(calls, wanted, "in pieces of {piece}");
        for (exchange, sent) in seen.iter().zip(&requests) {
            assert_exact([&exchange.request].into_iter(), sent);
            assert_eq!((exchange.end.as_ref(), exchange.connection), (Some(&End::Complete), 1));
        }
        assert_exact(seen.iter().map(|e| &e.response), &heard);
        assert!(seen[4].response.head.starts_with(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "));
        assert_eq!(seen.iter().map(|e| e.reused).collect::<Vec<_>>(), [vec![false], vec![true; 8]].concat());
        let stranger = seen[1].sender.stranger().unwrap();
        assert_eq!(
            (stranger.short(), seen[1].attempt, stranger.max_attempts),
            ("aws-cli/2.31.0", 2, Some(5))
        );
        let times = seen[1].timing;
        assert!(
            times.begun <= times.request_sent.unwrap()
                && times.request_sent <= times.first_byte
                && times.first_byte <= times.ended,
            "{times:?}"
        );
        assert_eq!((times.connected, times.released), (None, None));
    }
}

#[tokio::test]
async fn attempts_of_one_call_share_its_operation() {
    let (server, hub) = watched(|_| {}).await;
    server.faults().add("ListBuckets times=1 slow-down".parse().unwrap()).unwrap();
    let of = |attempt: &'static str, id: &'static str| {
        [("amz-sdk-invocation-id", id), ("amz-sdk-request", attempt)]
    };
    for (attempt, id) in [("attempt=1", "one"), ("attempt=2; max=3", "one"), ("attempt=1", "two")] {
        converse(&server, &close(request(&server, "GET", "/", &of(attempt, id), b"")), 1 << 20).await;
    }
    let seen = ended(&hub, 3).await;
    assert_eq!(
        seen.iter().map(|e| (e.attempt, e.status())).collect::<Vec<_>>(),
        [(1, Some(503)), (2, Some(200)), (1, Some(200))]
    );
    assert_eq!(seen[0].operation, seen[1].operation);
    assert_ne!(seen[0].operation, seen[2].operation);
    assert_ne!(seen[0].connection, seen[1].connection);
}

/// Sends bytes, ends the sending side if wished, reads what comes, and gives the one exchange of it.
async fn broken_off(server: &Server, hub: &Hub, bytes: &[u8], half_close: bool) -> (Vec<u8>, Exchange) {
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    if half_close {
        stream.shutdown().await.unwrap();
    }
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard).await;
    drop(stream);
    let mut seen = ended(hub, 1).await;
    assert_eq!(seen.len(), 1);
    (heard, seen.remove(0))
}

#[tokio::test]
async fn what_was_broken_off_ends_as_what_it_was() {
    let quick = |o: &mut SandboxOptions| {
        (o.head_timeout, o.stall_timeout) = (Duration::from_millis(300), Duration::from_millis(300))
    };
    let (server, hub) = watched(quick).await;
    converse(&server, &close(request(&server, "PUT", "/bucket", &[], b"")), 1 << 20).await;
    ended(&hub, 1).await;
    let put = signed_head(&server, "PUT", "/bucket/k", &[], UNSIGNED_PAYLOAD, 10).0;
    let cut_body = format!("{put}abc");
    let in_its = "the client closed the connection in the middle of its request";
    for (bytes, half_close, name, status, why) in [
        ("PUT /bucket/k HTTP/1.1\r\nHo", true, "PUT", Some(400), Some(in_its)),
        ("GET / HT", false, "GET", Some(400), Some("the client sent nothing for too long")),
        (cut_body.as_str(), true, "PutObject", Some(400), Some(in_its)),
        (cut_body.as_str(), false, "PutObject", Some(400), Some("the client sent nothing for too long")),
        ("\u{16}\u{3}\u{1}garbage\r\n\r\n", true, "request", Some(400), None),
    ] {
        let (heard, exchange) = broken_off(&server, &hub, bytes.as_bytes(), half_close).await;
        let end = why.map_or(End::Complete, |why| End::Failed(why.to_owned()));
        assert_eq!(
            (exchange.kind.name(), exchange.status(), exchange.end.clone()),
            (name, status, Some(end))
        );
        assert_exact([&exchange.request].into_iter(), bytes.as_bytes());
        assert_exact([&exchange.response].into_iter(), &heard);
    }
}

#[tokio::test]
async fn faults_that_break_the_connection_leave_what_had_passed() {
    let (server, hub) = watched(|_| {}).await;
    for (rule, heard_any) in
        [("ListBuckets times=1 reset", false), ("ListBuckets times=1 reset-after=90", true)]
    {
        server.faults().add(rule.parse().unwrap()).unwrap();
        let get = request(&server, "GET", "/", &[], b"");
        let (heard, exchange) = broken_off(&server, &hub, &get, false).await;
        assert_eq!(exchange.end, Some(End::Failed("a fault reset the connection".into())), "{rule}");
        assert_exact([&exchange.request].into_iter(), &get);
        assert_eq!(exchange.response.total > 0, heard_any);
        // A reset may take away what had arrived.
        assert!(exchange.response.head.starts_with(&heard));
    }
}

#[tokio::test]
async fn a_refused_body_that_still_comes_belongs_to_its_request() {
    let (server, hub) = watched(|_| {}).await;
    // Refused on its head: what comes of the body is read while the connection closes.
    let head = signed_head(&server, "PUT", "/bucket/k", &[("x-amz-acl", "a")], UNSIGNED_PAYLOAD, 3_000_000).0;
    let bytes = [head.replace("Signature=", "Signature=0").as_bytes(), &vec![b'x'; 3_000_000]].concat();
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(&bytes).await.unwrap();
    let answer: Answer = read_answer(&mut stream, false).await.unwrap();
    assert_eq!(answer.status, 403);
    drop(stream);
    let seen = ended(&hub, 1).await;
    assert_eq!((seen[0].kind, seen[0].end.clone()), (CallKind::Other("PutObject"), Some(End::Complete)));
    assert_exact([&seen[0].request].into_iter(), &bytes);
}

#[tokio::test]
async fn the_control_interface_and_the_programs_own_calls_are_not_another_clients() {
    let (server, hub) = watched(|o| o.clock = partscope::sandbox::Clock::system()).await;
    let control = format!("GET /_partscope/faults HTTP/1.1\r\nHost: {}\r\n\r\n", server.addr());
    let heard = converse(
        &server,
        format!("{control}{}", control.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")).as_bytes(),
        11,
    )
    .await;
    assert_eq!(heard.windows(12).filter(|w| w == b"HTTP/1.1 200").count(), 2);
    let spec = TargetSpec {
        endpoint_url: Some(server.endpoint()),
        region: Some(server.region().to_owned()),
        path_style: true,
        static_credentials: Some((server.access_key().to_owned(), server.secret_key().to_owned())),
        ..TargetSpec::default()
    };
    let ours = connect(&spec, Arc::clone(&hub)).await.unwrap();
    // With another hub, the same code is another client.
    let theirs = connect(&spec, Hub::new()).await.unwrap();
    let head = Operation::HeadObject(HeadObject { object: ObjectRef::new("bucket", "k"), part_number: None });
    let list = Operation::ListBuckets(ListBuckets::default());
    for (n, client, operation) in
        [(1, &ours, &list), (2, &theirs, &list), (3, &ours, &head), (4, &theirs, &head)]
    {
        let call = Call { id: OperationId(n), hold: false, cancel: CancellationToken::new() };
        client.perform(operation, call).await;
    }
    // A call that is given up at once is not taken for another client's either.
    let call = Call { id: OperationId(5), hold: false, cancel: CancellationToken::new() };
    call.cancel.cancel();
    ours.perform(&list, call).await;
    let seen: Vec<_> = ended(&hub, 4).await;
    let who: Vec<_> = seen
        .iter()
        .filter(|e| e.request.total > 0)
        .map(|e| (e.kind.known().unwrap(), e.sender == Sender::Here))
        .collect();
    let (list, head) = (OperationKind::ListBuckets, OperationKind::HeadObject);
    assert_eq!(who, [(list, true), (list, false), (head, true), (head, false)]);
    let stranger = seen.iter().find_map(|e| e.sender.stranger()).unwrap();
    assert!(stranger.short().starts_with("aws-sdk-rust/"), "{}", stranger.user_agent);
}

#[tokio::test]
async fn a_signature_over_the_recorded_head_is_the_clients() {
    // The recorded head is good enough to compute what the client signed.
    let (server, hub) = watched(|_| {}).await;
    converse(&server, &close(request(&server, "GET", "/?x-id=ListBuckets", &[], b"")), 3).await;
    let seen = ended(&hub, 1).await;
    let text = String::from_utf8(seen[0].request.head.clone()).unwrap();
    let line = |name: &str| text.lines().find_map(|l| l.strip_prefix(name)).unwrap().trim().to_owned();
    let headers = owned(&[
        ("Host", &line("Host:")),
        ("x-amz-date", &line("x-amz-date:")),
        ("x-amz-content-sha256", UNSIGNED_PAYLOAD),
    ]);
    let claim = sign(&server, "GET", "/?x-id=ListBuckets", &headers, UNSIGNED_PAYLOAD, 1_800_000_000);
    assert_eq!(line("Authorization:"), authorization(&claim));
}
