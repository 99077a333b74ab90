//! A server that answers what a copy asks and does nothing else: what it costs is not in the figures, as it is a
//! process of its own, and it costs little.

use partscope::domain::etag::ETag;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The ETag of every part, and of the source.
const TAG: &str = "9a10e3fb885fb16525231cb6a440a941";

/// Serves until its standard input ends; prints its port first. Parts are answered after `delay`.
pub fn serve(delay: Duration, source_size: u64) {
    // Nobody is left to serve when whoever started this is gone.
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        std::io::stdout().flush().unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(connection(stream, delay, source_size));
        }
    });
}

async fn connection(mut stream: TcpStream, delay: Duration, source_size: u64) {
    let _ = stream.set_nodelay(true);
    let mut bytes = Vec::with_capacity(16 << 10);
    loop {
        let head = loop {
            if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            match stream.read_buf(&mut bytes).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        };
        let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
        let whole = head + length(&text);
        while bytes.len() < whole {
            match stream.read_buf(&mut bytes).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        let line = text.lines().next().unwrap_or_default().to_owned();
        let answer = answer(&line, &bytes[head..whole], source_size);
        bytes.drain(..whole);
        if line.contains("partNumber=") && line.starts_with("PUT") && !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn length(head: &str) -> usize {
    let named = |line: &str| -> Option<usize> {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    };
    head.lines().find_map(named).unwrap_or(0)
}

/// What S3's documents need at least, by method and query.
fn answer(line: &str, body: &[u8], source_size: u64) -> String {
    let (method, target) = line.split_once(' ').unwrap_or((line, ""));
    let query = target.split(' ').next().unwrap_or_default().split_once('?').map_or("", |(_, q)| q);
    let has = |name: &str| query.split('&').any(|p| p == name || p.split('=').next() == Some(name));
    let xml = |inner: String| respond("200 OK", "", &format!("<?xml version=\"1.0\"?>\n{inner}"));
    match method {
        "HEAD" => respond_head(source_size),
        "PUT" if has("partNumber") => xml(format!(
            "<CopyPartResult><LastModified>2026-11-22T14:40:00.000Z</LastModified><ETag>\"{TAG}\"</ETag></CopyPartResult>"
        )),
        "POST" if has("uploads") => xml(
            "<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>copy</Key><UploadId>upload-1</UploadId></InitiateMultipartUploadResult>"
                .into(),
        ),
        "POST" if has("uploadId") => {
            let parts = body.windows(6).filter(|w| w == b"<Part>").count();
            let digest = ETag::parse(TAG).digest().unwrap();
            let etag = ETag::composite(&vec![digest; parts]);
            xml(format!(
                "<CompleteMultipartUploadResult><Bucket>b</Bucket><Key>copy</Key><ETag>\"{etag}\"</ETag></CompleteMultipartUploadResult>"
            ))
        }
        "GET" if has("tagging") => xml("<Tagging><TagSet></TagSet></Tagging>".into()),
        "GET" if !has("attributes") => xml(
            "<ListAllMyBucketsResult><Owner><ID>o</ID></Owner><Buckets></Buckets></ListAllMyBucketsResult>"
                .into(),
        ),
        _ => respond("501 Not Implemented", "", "<Error><Code>NotImplemented</Code><Message>no</Message></Error>"),
    }
}

fn respond(status: &str, more: &str, body: &str) -> String {
    let mut out = format!(
        "HTTP/1.1 {status}\r\nx-amz-id-2: aWQgb2YgYSB0cml2aWFsIHNlcnZlcg==\r\nx-amz-request-id: 4442587FB7D0A2F9\r\n\
         Date: Sun, 22 Nov 2026 14:40:00 GMT\r\n{more}"
    );
    let _ = write!(
        out,
        "Content-Type: application/xml\r\nContent-Length: {}\r\nServer: AmazonS3\r\n\r\n{body}",
        body.len()
    );
    out
}

fn respond_head(size: u64) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nx-amz-id-2: aWQgb2YgYSB0cml2aWFsIHNlcnZlcg==\r\nx-amz-request-id: 4442587FB7D0A2F9\r\n\
         Date: Sun, 22 Nov 2026 14:40:00 GMT\r\nLast-Modified: Sun, 22 Nov 2026 14:00:00 GMT\r\nETag: \"{TAG}\"\r\n\
         Accept-Ranges: bytes\r\nContent-Type: binary/octet-stream\r\nContent-Length: {size}\r\nServer: AmazonS3\r\n\r\n"
    )
}
