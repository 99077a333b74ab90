//! Success paths: the whole multipart copy, and the operations around it.

use crate::client::{Answer, call, empty, seeded, signed_head};
use partscope::domain::layout::{LaidPart, PartLayout};
use partscope::domain::sigv4::ChunkChain;
use partscope::sandbox::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub async fn create(server: &Server, target: &str, headers: &[(&str, &str)]) -> String {
    let answer = call(server, "POST", &format!("{target}?uploads"), headers, b"").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.element("UploadId").unwrap()
}

pub async fn part(server: &Server, target: &str, id: &str, number: i32, body: &[u8]) -> String {
    let target = format!("{target}?partNumber={number}&uploadId={id}");
    let answer = call(server, "PUT", &target, &[], body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("ETag").unwrap().to_owned()
}

pub fn list(parts: &[(i32, String)]) -> Vec<u8> {
    let parts: String = parts
        .iter()
        .map(|(n, etag)| format!("<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>"))
        .collect();
    format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>").into_bytes()
}

pub async fn complete(server: &Server, target: &str, id: &str, parts: &[(i32, String)]) -> Answer {
    call(server, "POST", &format!("{target}?uploadId={id}"), &[], &list(parts)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s3_001_a_copy_with_the_same_boundaries_keeps_the_etag() {
    let server = seeded().await;
    let source = "/lessons/dataset-20gb.tar";
    let head = call(&server, "HEAD", &format!("{source}?partNumber=1"), &[], b"").await;
    assert_eq!(head.status, 206);
    assert_eq!(head.header("content-range"), Some("bytes 0-8388607/20277918669"));
    assert_eq!(head.header("x-amz-mp-parts-count"), Some("2418"));
    let etag = head.header("ETag").unwrap().to_owned();

    let target = "/scratch/copy.tar";
    let id = create(&server, target, &[]).await;
    let layout = PartLayout::uniform(20_277_918_669, 8_388_608).unwrap();
    let begun = std::time::Instant::now();
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let mut parts = Vec::new();
    for laid in layout.parts() {
        let range = laid.range().unwrap().to_string();
        let headers = [
            ("x-amz-copy-source", "lessons/dataset-20gb.tar"),
            ("x-amz-copy-source-range", range.as_str()),
            ("x-amz-copy-source-if-match", etag.as_str()),
        ];
        let target = format!("{target}?partNumber={}&uploadId={id}", laid.number);
        let empty = partscope::domain::sigv4::EMPTY_SHA256;
        let (head, _) = signed_head(&server, "PUT", &target, &headers, empty, 0);
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = crate::client::read_answer(&mut stream, false).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        parts.push((laid.number.0, answer.element("ETag").unwrap()));
    }
    eprintln!("{} part copies in {:?}", parts.len(), begun.elapsed());
    assert_eq!(layout.parts().last().and_then(LaidPart::range).unwrap().len(), 2_653_133);
    let done = complete(&server, target, &id, &parts).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(done.element("ETag").as_deref(), Some(etag.as_str()));
    // Every part has its own digest.
    let distinct: std::collections::BTreeSet<_> = parts.iter().map(|(_, e)| e).collect();
    assert_eq!(distinct.len(), 2418);
    server.shutdown().await;
}

#[tokio::test]
async fn an_answer_is_written_as_s3_writes_it() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    call(&server, "PUT", "/bucket/src", &[], b"0123456789").await;
    let target = format!("/bucket/k?partNumber=1&uploadId={id}");
    let headers = [("x-amz-copy-source", "/bucket/src"), ("x-amz-copy-source-range", "bytes=0-8")];
    let answer = call(&server, "PUT", &target, &headers, b"").await;
    assert_eq!(
        answer.text(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CopyPartResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <LastModified>2027-01-15T08:00:00.000Z</LastModified>\
         <ETag>&quot;22975d8a5ed1b91445f6c55ac121505b&quot;</ETag></CopyPartResult>"
    );
    // The length in a public trace of this very answer.
    assert_eq!(answer.body.len(), 230);
    let names: Vec<&str> = answer.head.lines().skip(1).filter_map(|l| Some(l.split_once(':')?.0)).collect();
    assert_eq!(
        names,
        [
            "x-amz-id-2",
            "x-amz-request-id",
            "Date",
            "x-amz-server-side-encryption",
            "Content-Type",
            "Content-Length",
            "Server"
        ]
    );
    let done = complete(&server, "/bucket/k", &id, &[(1, answer.element("ETag").unwrap())]).await;
    let order: Vec<usize> =
        ["<Location>", "<Bucket>", "<Key>", "<ETag>", "<ChecksumCRC64NVME>", "<ChecksumType>"]
            .iter()
            .map(|e| done.text().find(e).unwrap())
            .collect();
    assert!(order.is_sorted(), "{}", done.text());
}

/// Facts §10.1: recorded vectors, through the wire.
#[tokio::test]
async fn s3_002_a_multipart_etag_is_the_md5_of_the_raw_part_digests() {
    let server = empty().await;
    for (content, etag, crc) in [
        ("test content 123", "b972025bc34adf8d76d6d51e93c035cc-1", None),
        ("aaa", "e2c3da976e66ec9e7dc128fbc782fc91-1", Some("Rnr2/5P7Gsk=")),
        ("test", "60cd54a928cbbcbb6e7b5595bab46a9e-1", Some("+bu+zv66sUM=")),
    ] {
        let id = create(&server, "/bucket/k", &[]).await;
        let tag = part(&server, "/bucket/k", &id, 1, content.as_bytes()).await;
        let done = complete(&server, "/bucket/k", &id, &[(1, tag)]).await;
        assert_eq!(done.element("ETag"), Some(format!("\"{etag}\"")), "{}", done.text());
        if let Some(crc) = crc {
            assert_eq!(done.element("ChecksumCRC64NVME").as_deref(), Some(crc));
            assert_eq!(done.element("ChecksumType").as_deref(), Some("FULL_OBJECT"));
        }
    }
}

#[tokio::test]
async fn s3_003_copyobject_makes_a_single_part_object() {
    let server = empty().await;
    let id = create(
        &server,
        "/bucket/k",
        &[("Content-Type", "text/x"), ("x-amz-meta-a", "b"), ("x-amz-tagging", "t=v%20w")],
    )
    .await;
    let tag = part(&server, "/bucket/k", &id, 1, b"test content 123").await;
    assert_eq!(complete(&server, "/bucket/k", &id, &[(1, tag)]).await.status, 200);
    let copied = call(&server, "PUT", "/bucket/copy", &[("x-amz-copy-source", "bucket/k")], b"").await;
    assert_eq!(copied.element("ETag").as_deref(), Some("\"eee506dd7ada7ded524c77e359a0e7c6\""));
    let head = call(&server, "HEAD", "/bucket/copy", &[], b"").await;
    assert_eq!(head.header("content-type"), Some("text/x"));
    assert_eq!(head.header("x-amz-meta-a"), Some("b"));
    assert_eq!(head.header("x-amz-tagging-count"), Some("1"));
    let tags = call(&server, "GET", "/bucket/copy?tagging", &[], b"").await;
    assert_eq!((tags.element("Key").as_deref(), tags.element("Value").as_deref()), (Some("t"), Some("v w")));
}

#[tokio::test]
async fn s3_004_a_part_uploaded_again_replaces_the_first() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let first = part(&server, "/bucket/k", &id, 1, b"one").await;
    let second = part(&server, "/bucket/k", &id, 1, b"two").await;
    assert_eq!(
        complete(&server, "/bucket/k", &id, &[(1, first)]).await.element("Code").as_deref(),
        Some("InvalidPart")
    );
    assert_eq!(complete(&server, "/bucket/k", &id, &[(1, second)]).await.status, 200);
    assert_eq!(call(&server, "GET", "/bucket/k", &[], b"").await.body, b"two");
}

#[tokio::test]
async fn s3_005_complete_can_be_repeated_and_listparts_cannot() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let tag = part(&server, "/bucket/k", &id, 1, b"one").await;
    let parts = [(1, tag)];
    let first = complete(&server, "/bucket/k", &id, &parts).await;
    let again = complete(&server, "/bucket/k", &id, &parts).await;
    assert_eq!((again.status, again.text()), (200, first.text()));
    let gone = call(&server, "GET", &format!("/bucket/k?uploadId={id}"), &[], b"").await;
    assert_eq!((gone.status, gone.element("Code").as_deref()), (404, Some("NoSuchUpload")));
}

#[tokio::test]
async fn signed_and_unsigned_chunks_with_trailers_are_taken() {
    let server = empty().await;
    let data = b"hello multipart world";
    for signed in [true, false] {
        let mode = if signed {
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
        } else {
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        };
        let crc = crate::client::crc32(data);
        let decoded = data.len().to_string();
        let headers = [
            ("Content-Encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", decoded.as_str()),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
        ];
        let encode = |chain: Option<ChunkChain>, crc: &str| {
            let mut out = Vec::new();
            let mut chain = chain;
            for piece in [&data[..5], &data[5..], &[][..]] {
                let sig = chain.as_mut().map(|c| format!(";chunk-signature={}", c.next_chunk(piece)));
                out.extend(format!("{:x}{}\r\n", piece.len(), sig.unwrap_or_default()).bytes());
                out.extend(piece);
                if !piece.is_empty() {
                    out.extend(b"\r\n");
                }
            }
            let trailers = [("x-amz-checksum-crc32".to_owned(), crc.to_owned())];
            out.extend(format!("x-amz-checksum-crc32:{crc}\r\n").bytes());
            if let Some(chain) = chain {
                out.extend(format!("x-amz-trailer-signature:{}\r\n", chain.trailer(&trailers)).bytes());
            }
            out.extend(b"\r\n");
            out
        };
        for (sum, spoil, status, code) in [
            (crc.as_str(), false, 200, None),
            ("AAAAAA==", false, 400, Some("BadDigest")),
            (
                crc.as_str(),
                true,
                if signed { 403 } else { 400 },
                Some(if signed { "SignatureDoesNotMatch" } else { "BadDigest" }),
            ),
        ] {
            let dummy = signed.then(|| {
                let (_, claim) = signed_head(&server, "PUT", "/bucket/c", &headers, mode, 0);
                ChunkChain::new(&claim, server.secret_key())
            });
            let mut body = encode(dummy, sum);
            if spoil {
                let at = body.windows(5).position(|w| w == b"hello").unwrap();
                body[at] = b'J';
            }
            let (head, _) = signed_head(&server, "PUT", "/bucket/c", &headers, mode, body.len());
            let mut stream = TcpStream::connect(server.addr()).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&body).await.unwrap();
            let answer = crate::client::read_answer(&mut stream, false).await.unwrap();
            assert_eq!(
                (answer.status, answer.element("Code").as_deref()),
                (status, code),
                "{mode}: {}",
                answer.text()
            );
        }
        let read = call(&server, "GET", "/bucket/c", &[], b"").await;
        assert_eq!((read.body.as_slice(), read.header("content-encoding")), (&data[..], None));
    }
}

#[tokio::test]
async fn a_client_that_expects_100_gets_it_only_when_its_signature_is_good() {
    let server = empty().await;
    for (secret_ok, first) in [(true, 100), (false, 403)] {
        let hash = partscope::domain::sigv4::UNSIGNED_PAYLOAD;
        let (head, _) = signed_head(&server, "PUT", "/bucket/e", &[("Expect", "100-continue")], hash, 5);
        let head = if secret_ok { head } else { head.replace("Signature=", "Signature=0") };
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let interim = crate::client::read_one(&mut stream, false).await.unwrap();
        assert_eq!(interim.status, first);
        if secret_ok {
            stream.write_all(b"12345").await.unwrap();
            assert_eq!(crate::client::read_answer(&mut stream, false).await.unwrap().status, 200);
        } else {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap();
        }
    }
}
