//! Where uploaded bytes are kept, seen from outside: budgets, what is given back, what is cut.

use crate::client::{Answer, call, options, raw, read_answer, read_one, signed_head};
use crate::copy::{complete, create, part};
use partscope::domain::sigv4::UNSIGNED_PAYLOAD;
use partscope::sandbox::{SandboxOptions, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MIB: usize = 1024 * 1024;

async fn with(options: SandboxOptions) -> Server {
    let server = Server::start(options).await.unwrap();
    assert_eq!(call(&server, "PUT", "/bucket", &[], b"").await.status, 200);
    server
}

async fn bounded(memory: usize, disk: usize) -> Server {
    let (memory_budget, disk_budget) = (memory as u64, Some(disk as u64));
    with(SandboxOptions { memory_budget, disk_budget, ..options(false) }).await
}

fn used(server: &Server) -> (u64, u64) {
    let usage = server.storage();
    (usage.memory, usage.disk)
}

/// Bytes that repeat nowhere within a megabyte.
fn data(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|i| ((i.wrapping_mul(2_654_435_761) >> 11) ^ (i >> 3) ^ seed) as u8).collect()
}

#[track_caller]
fn refused(answer: &Answer) {
    assert_eq!((answer.status, answer.element("Code").as_deref()), (507, Some("InsufficientStorage")));
    let message = answer.element("Message").unwrap();
    assert!(message.contains("Delete objects") && message.contains("--disk-budget"), "{message}");
}

#[tokio::test]
async fn beyond_the_memory_budget_bytes_go_to_disk_and_come_back() {
    let server = bounded(MIB, 16 * MIB).await;
    let bytes = data(3 * MIB + 17, 1);
    let put = call(&server, "PUT", "/bucket/a", &[], &bytes).await;
    assert_eq!(put.status, 200, "{}", put.text());
    let (memory, disk) = used(&server);
    assert!(memory <= MIB as u64 && memory + disk >= bytes.len() as u64, "{memory} {disk}");
    assert!(disk < 3 * MIB as u64, "what fits stays in memory: {disk}");
    assert_eq!(call(&server, "GET", "/bucket/a", &[], b"").await.body, bytes);
    // Over the border between memory and disk.
    let range = call(&server, "GET", "/bucket/a", &[("Range", "bytes=1048000-1049000")], b"").await;
    assert_eq!((range.status, range.body.as_slice()), (206, &bytes[1_048_000..=1_049_000]));
    // A copy is the same bytes and takes nothing.
    let copied = call(&server, "PUT", "/bucket/b", &[("x-amz-copy-source", "bucket/a")], b"").await;
    assert_eq!((copied.status, used(&server)), (200, (memory, disk)));
    assert_eq!(call(&server, "DELETE", "/bucket/a", &[], b"").await.status, 204);
    assert_eq!(used(&server), (memory, disk), "the copy still holds them");
    assert_eq!(call(&server, "DELETE", "/bucket/b", &[], b"").await.status, 204);
    assert_eq!(used(&server), (0, 0));
}

#[tokio::test]
async fn full_is_an_error_and_deleting_makes_room() {
    let server = bounded(MIB, MIB).await;
    assert_eq!(call(&server, "PUT", "/bucket/a", &[], &data(MIB, 1)).await.status, 200);
    assert_eq!(call(&server, "PUT", "/bucket/b", &[], &data(MIB / 2, 2)).await.status, 200);
    let before = used(&server);
    refused(&call(&server, "PUT", "/bucket/c", &[], &data(MIB, 3)).await);
    // The same without an announced length, so that it is found out half-way.
    let (head, _) = signed_head(&server, "PUT", "/bucket/c", &[], UNSIGNED_PAYLOAD, 0);
    let head = head.replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let mut request = format!("{head}{MIB:x}\r\n").into_bytes();
    request.extend(data(MIB, 3));
    request.extend(b"\r\n0\r\n\r\n");
    refused(&raw(&server, &request).await.unwrap());
    assert_eq!(used(&server), before, "what had arrived is given back");
    assert_eq!(call(&server, "GET", "/bucket/c", &[], b"").await.status, 404);
    assert_eq!(call(&server, "DELETE", "/bucket/b", &[], b"").await.status, 204);
    assert_eq!(call(&server, "PUT", "/bucket/c", &[], &data(MIB, 3)).await.status, 200);
    assert_eq!(call(&server, "GET", "/bucket/c", &[], b"").await.body, data(MIB, 3));
}

#[tokio::test]
async fn delete_abort_and_overwrite_give_memory_back() {
    let server = bounded(64 * MIB, 0).await;
    let id = create(&server, "/bucket/k", &[]).await;
    let one = part(&server, "/bucket/k", &id, 1, &data(5 * MIB, 1)).await;
    part(&server, "/bucket/k", &id, 2, &data(100, 2)).await;
    assert_eq!(used(&server).0, 5 * MIB as u64 + 100);
    let two = part(&server, "/bucket/k", &id, 2, &data(50, 3)).await;
    assert_eq!(used(&server).0, 5 * MIB as u64 + 50, "a part sent again replaces the first");
    part(&server, "/bucket/k", &id, 3, b"not in the list").await;
    assert_eq!(complete(&server, "/bucket/k", &id, &[(1, one), (2, two)]).await.status, 200);
    assert_eq!(used(&server).0, 5 * MIB as u64 + 50, "parts that were not listed are gone");
    assert_eq!(call(&server, "PUT", "/bucket/k", &[], b"short").await.status, 200);
    assert_eq!(used(&server).0, 5);
    assert_eq!(call(&server, "DELETE", "/bucket/k", &[], b"").await.status, 204);
    let id = create(&server, "/bucket/k", &[]).await;
    part(&server, "/bucket/k", &id, 1, b"aborted").await;
    assert_eq!(used(&server).0, 7);
    assert_eq!(call(&server, "DELETE", &format!("/bucket/k?uploadId={id}"), &[], b"").await.status, 204);
    assert_eq!(used(&server), (0, 0));
    // A refused body leaves nothing either.
    let wrong = [("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==")];
    assert_eq!(call(&server, "PUT", "/bucket/k", &wrong, b"spoilt").await.status, 400);
    assert_eq!(used(&server), (0, 0));
}

#[tokio::test]
async fn a_cut_body_is_no_object() {
    for memory in [64 * MIB, 0] {
        let server = bounded(memory, 64 * MIB).await;
        let (head, _) = signed_head(&server, "PUT", "/bucket/t", &[], UNSIGNED_PAYLOAD, 2 * MIB);
        let mut request = head.into_bytes();
        request.extend(data(2 * MIB - 1, 1));
        let answer = raw(&server, &request).await.unwrap();
        assert_eq!((answer.status, answer.element("Code").as_deref()), (400, Some("IncompleteBody")));
        assert_eq!(call(&server, "GET", "/bucket/t", &[], b"").await.status, 404);
        assert_eq!(used(&server), (0, 0));
    }
}

#[tokio::test]
async fn a_large_body_streams_through_a_small_memory() {
    let server = bounded(8 * MIB, 128 * MIB).await;
    let id = create(&server, "/bucket/k", &[]).await;
    let target = format!("/bucket/k?partNumber=1&uploadId={id}");
    let bytes = data(64 * MIB, 5);
    let (head, _) = signed_head(&server, "PUT", &target, &[], UNSIGNED_PAYLOAD, bytes.len());
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    for piece in bytes.chunks(MIB) {
        stream.write_all(piece).await.unwrap();
        assert!(used(&server).0 <= 8 * MIB as u64);
    }
    let answer = read_answer(&mut stream, false).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (memory, disk) = used(&server);
    assert_eq!(memory + disk, 64 * MIB as u64);
    let etag = answer.header("ETag").unwrap().to_owned();
    assert_eq!(partscope::domain::etag::ETag::of_bytes(&bytes).quoted(), etag);
    assert_eq!(complete(&server, "/bucket/k", &id, &[(1, etag)]).await.status, 200);
    assert_eq!(call(&server, "GET", "/bucket/k", &[], b"").await.body, bytes);
}

#[tokio::test]
async fn a_wrong_chunk_is_answered_while_the_client_still_sends() {
    let server = bounded(8 * MIB, 0).await;
    let mode = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    let headers = [("x-amz-decoded-content-length", "1073741824")];
    let (head, _) = signed_head(&server, "PUT", "/bucket/c", &headers, mode, 1_100_000_000);
    // Too large for the budget: refused on its announced length, unread.
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    refused(&read_answer(&mut stream, false).await.unwrap());
    // A client that waits for 100 gets the error instead.
    let headers = [headers[0], ("Expect", "100-continue")];
    let (head, _) = signed_head(&server, "PUT", "/bucket/c", &headers, mode, 1_100_000_000);
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    refused(&read_one(&mut stream, false).await.unwrap());
    let headers = [("x-amz-decoded-content-length", "4194304")];
    let (head, _) = signed_head(&server, "PUT", "/bucket/c", &headers, mode, 4_200_000);
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(format!("{head}5;chunk-signature=00\r\nhello\r\n").as_bytes()).await.unwrap();
    // Nothing more is sent: the answer does not wait for it, and the connection is closed.
    let answer = read_answer(&mut stream, false).await.unwrap();
    assert_eq!((answer.status, answer.element("Code").as_deref()), (403, Some("SignatureDoesNotMatch")));
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    assert_eq!(used(&server), (0, 0));
}

#[tokio::test]
async fn with_a_data_directory_every_body_is_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = Some(dir.path().to_owned());
    let server = with(SandboxOptions { data_dir, ..options(false) }).await;
    let blobs = || std::fs::read_dir(dir.path().join("blobs")).unwrap().count();
    for (key, body) in [("a", &b"abc"[..]), ("empty", b""), ("b", b"defg")] {
        assert_eq!(call(&server, "PUT", &format!("/bucket/{key}"), &[], body).await.status, 200);
        assert_eq!(call(&server, "GET", &format!("/bucket/{key}"), &[], b"").await.body, body);
    }
    assert_eq!((blobs(), used(&server)), (2, (0, 7)));
    assert_eq!(call(&server, "PUT", "/bucket/c", &[("Content-MD5", "x")], b"refused").await.status, 400);
    let (head, _) = signed_head(&server, "PUT", "/bucket/t", &[], UNSIGNED_PAYLOAD, 10);
    assert_eq!(raw(&server, format!("{head}cut").as_bytes()).await.unwrap().status, 400);
    let names = std::fs::read_dir(dir.path().join("blobs")).unwrap();
    assert!(names.map(|e| e.unwrap().file_name()).all(|n| !n.to_string_lossy().ends_with(".part")));
}

#[tokio::test]
async fn what_a_refused_request_brought_is_freed() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = Some(dir.path().to_owned());
    let options = SandboxOptions { data_dir, disk_budget: Some(3000), ..options(false) };
    let server = Server::start(options).await.unwrap();
    call(&server, "PUT", "/bucket", &[], b"").await;
    let body = [b'x'; 1000];
    assert_eq!(call(&server, "PUT", "/bucket/k", &[], &body).await.status, 200);
    for _ in 0..4 {
        let refused = call(&server, "PUT", "/bucket/k", &[("If-None-Match", "*")], &body).await;
        assert_eq!(refused.status, 412, "{}", refused.text());
        let missing = call(&server, "PUT", "/none/k", &[], &body).await;
        assert_eq!(missing.status, 404);
    }
    server.faults().add("PutObject slow-down".parse().unwrap()).unwrap();
    assert_eq!(call(&server, "PUT", "/bucket/k", &[], &body).await.status, 503);
    assert_eq!(server.storage().disk, 1000);
    assert_eq!(std::fs::read_dir(dir.path().join("blobs")).unwrap().count(), 1);
}
