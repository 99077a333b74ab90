//! The bucket of the largest objects: made when it is first meant, true in what it states, cheap to copy.

use crate::client::{call, seeded, signed_head};
use crate::copy::{complete, create};
use partscope::domain::etag::ETag;
use partscope::domain::sigv4::EMPTY_SHA256;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const SIZE: u64 = 5_497_558_138_880;
const PART: u64 = 549_755_814;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_objects_are_there_when_they_are_asked_for() {
    let server = seeded().await;
    assert!(call(&server, "GET", "/", &[], b"").await.elements("Name").contains(&"huge".to_owned()));
    let list = call(&server, "GET", "/huge?list-type=2", &[], b"").await;
    assert_eq!((list.status, list.elements("Key").first().map(String::as_str)), (200, Some("five-tib.bin")));
    let head = call(&server, "HEAD", "/huge/five-tib.bin", &[("x-amz-checksum-mode", "ENABLED")], b"").await;
    assert_eq!(head.header("content-length"), Some("5497558138880"));
    assert!(head.header("x-amz-checksum-crc64nvme").is_some());
    let last = call(&server, "HEAD", "/huge/five-tib.bin?partNumber=10000", &[], b"").await;
    assert_eq!(last.header("x-amz-mp-parts-count"), Some("10000"));
    let range = format!("bytes {}-{}/{SIZE}", PART * 9999, SIZE - 1);
    assert_eq!(last.header("content-range"), Some(range.as_str()));
    // A range over the border of two parts is read where it says.
    let border = format!("bytes={}-{}", PART - 300, PART + 299);
    let bytes = call(&server, "GET", "/huge/five-tib.bin", &[("Range", &border)], b"").await;
    let first = format!("bytes={}-{}", PART - 300, PART - 1);
    let first = call(&server, "GET", "/huge/five-tib.bin", &[("Range", &first)], b"").await;
    assert_eq!((bytes.status, bytes.body.len(), &bytes.body[..300]), (206, 600, &first.body[..]));
}

/// Two parts of the 5 TiB object copied with its own boundaries: the answers state what the bytes are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_the_largest_objects_are_copied_by_their_boundaries() {
    let server = seeded().await;
    // A copy names the bucket in a header only; that is enough.
    let id = create(&server, "/scratch/k", &[]).await;
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let mut parts = Vec::new();
    for number in [1_u64, 2, 10_000] {
        let (first, last) = (PART * (number - 1), (PART * number).min(SIZE) - 1);
        let range = format!("bytes={first}-{last}");
        let headers =
            [("x-amz-copy-source", "huge/five-tib.bin"), ("x-amz-copy-source-range", range.as_str())];
        let target = format!("/scratch/k?partNumber={number}&uploadId={id}");
        let (head, _) = signed_head(&server, "PUT", &target, &headers, EMPTY_SHA256, 0);
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = crate::client::read_answer(&mut stream, false).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        parts.push((i32::try_from(number).unwrap(), answer.element("ETag").unwrap()));
    }
    assert!(parts[0].1 != parts[1].1 && parts[1].1 != parts[2].1);
    let digests: Vec<[u8; 16]> = parts.iter().map(|(_, e)| ETag::parse(e).digest().unwrap()).collect();
    let done = complete(&server, "/scratch/k", &id, &parts).await;
    assert_eq!(done.element("ETag"), Some(ETag::composite(&digests).quoted()));
    // It takes no room: nothing was received.
    assert_eq!((server.storage().memory, server.storage().disk), (0, 0));
}
