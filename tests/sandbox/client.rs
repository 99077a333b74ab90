//! A tiny S3 client on a raw socket: signs with the crate's own SigV4, reads answers byte by byte.

use base64::Engine;
use md5::Md5;
use partscope::domain::checksum::ChecksumAlgorithm;
use partscope::domain::etag::to_hex;
use partscope::domain::sigv4::{Claim, Scope, SentHead, Style, evaluate};
use partscope::hash::digest::{Algorithm, digest_of};
use partscope::sandbox::clock::amz_date;
use partscope::sandbox::{Clock, SandboxOptions, Server};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The moment all tests happen at: 2027-01-15T08:00:00Z.
pub const NOW: u64 = 1_800_000_000;

pub fn options(seed: bool) -> SandboxOptions {
    SandboxOptions { seed, clock: Clock::fixed(NOW), id_seed: Some(1), ..SandboxOptions::default() }
}

/// A server without the lesson buckets, with one empty bucket `b`.
pub async fn empty() -> Server {
    let server = Server::start(options(false)).await.unwrap();
    assert_eq!(call(&server, "PUT", "/bucket", &[], b"").await.status, 200);
    server
}

pub async fn seeded() -> Server {
    Server::start(options(true)).await.unwrap()
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (n, v) = line.split_once(':')?;
            n.eq_ignore_ascii_case(name).then(|| v.trim())
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The text of the first element of that name, references to quotes undone.
    pub fn element(&self, name: &str) -> Option<String> {
        self.elements(name).into_iter().next()
    }

    pub fn elements(&self, name: &str) -> Vec<String> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let text = self.text();
        let mut found = Vec::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(&open) {
            rest = &rest[at + open.len()..];
            let Some(end) = rest.find(&close) else { break };
            found.push(rest[..end].replace("&quot;", "\"").replace("&gt;", ">"));
            rest = &rest[end..];
        }
        found
    }
}

/// The CRC-32 of bytes, as `x-amz-checksum-crc32` carries it.
pub fn crc32(data: &[u8]) -> String {
    let algorithm = Algorithm::Checksum(ChecksumAlgorithm::Crc32);
    base64::engine::general_purpose::STANDARD.encode(digest_of(algorithm, data))
}

pub type Headers = Vec<(String, String)>;

pub fn owned(headers: &[(&str, &str)]) -> Headers {
    headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

/// The claim of a signature over all given headers, at a time.
pub fn sign(server: &Server, method: &str, target: &str, headers: &Headers, hash: &str, time: i64) -> Claim {
    let timestamp = amz_date(time);
    let mut names: Vec<String> = headers.iter().map(|(n, _)| n.to_ascii_lowercase()).collect();
    names.sort();
    names.dedup();
    let scope = Scope {
        date: timestamp[..8].to_owned(),
        region: server.region().to_owned(),
        service: "s3".to_owned(),
    };
    let mut claim = Claim {
        style: Style::Header,
        access_key_id: server.access_key().to_owned(),
        scope,
        signed_headers: names,
        timestamp,
        expires: None,
        payload_hash: hash.to_owned(),
        signature: String::new(),
    };
    claim.signature = evaluate(&SentHead { method, target, headers }, &claim, server.secret_key()).computed;
    claim
}

pub fn authorization(claim: &Claim) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
        claim.access_key_id,
        claim.scope,
        claim.signed_headers.join(";"),
        claim.signature
    )
}

/// A signed head (with `Content-Length`) and the claim in it.
pub fn signed_head(
    server: &Server,
    method: &str,
    target: &str,
    extra: &[(&str, &str)],
    hash: &str,
    length: usize,
) -> (String, Claim) {
    head_at(server, (method, target), extra, hash, length, i64::try_from(NOW).unwrap())
}

/// The same at another time than the clock of most tests.
fn head_at(
    server: &Server,
    (method, target): (&str, &str),
    extra: &[(&str, &str)],
    hash: &str,
    length: usize,
    now: i64,
) -> (String, Claim) {
    let mut headers = owned(&[("Host", &server.addr().to_string())]);
    headers.push(("x-amz-date".into(), amz_date(now)));
    headers.push(("x-amz-content-sha256".into(), hash.into()));
    headers.extend(owned(extra));
    let claim = sign(server, method, target, &headers, hash, now);
    headers.push(("Authorization".into(), authorization(&claim)));
    headers.push(("Content-Length".into(), length.to_string()));
    let lines: String = headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
    (format!("{method} {target} HTTP/1.1\r\n{lines}\r\n"), claim)
}

/// One signed request on a connection of its own.
pub async fn call(
    server: &Server,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    try_call(server, method, target, headers, body).await.expect("an answer")
}

/// One signed request without a body, at a time.
pub async fn call_at(server: &Server, method: &str, target: &str, now: i64) -> Answer {
    let hash = to_hex(&Sha256::digest(b""));
    let (head, _) = head_at(server, (method, target), &[], &hash, 0, now);
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    read_answer(&mut stream, method == "HEAD").await.expect("an answer")
}

/// The same as [`call`]; `None` when the connection ends without an answer.
pub async fn try_call(
    server: &Server,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Answer> {
    let hash = to_hex(&Sha256::digest(body));
    let md5 = base64::engine::general_purpose::STANDARD.encode(Md5::digest(body));
    let mut headers = headers.to_vec();
    // Some documents may not come without one.
    if target.ends_with("?delete") || target.contains("?tagging") {
        headers.push(("Content-MD5", &md5));
    }
    let (head, _) = signed_head(server, method, target, &headers, &hash, body.len());
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body).await.ok()?;
    read_answer(&mut stream, method == "HEAD").await
}

/// Sends bytes and ends the sending side; what comes back, if it is an answer.
pub async fn raw(server: &Server, bytes: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    read_answer(&mut stream, false).await
}

/// Reads one answer, interim ones skipped. Whatever S3 can say, somebody must be able to look up.
pub async fn read_answer(stream: &mut TcpStream, is_head: bool) -> Option<Answer> {
    loop {
        let answer = read_one(stream, is_head).await?;
        if answer.status != 100 {
            crate::explained::assert_answer(&answer.head, &answer.body);
            return Some(answer);
        }
    }
}

pub async fn read_one(stream: &mut TcpStream, is_head: bool) -> Option<Answer> {
    let head = through(stream, b"\r\n\r\n").await?;
    let head = String::from_utf8(head).unwrap();
    let status: u16 = head.split(' ').nth(1)?.parse().ok()?;
    let mut answer = Answer { status, head, body: Vec::new() };
    if is_head || matches!(status, 100 | 204 | 304) {
        return Some(answer);
    }
    if let Some(length) = answer.header("content-length") {
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.ok()?;
        answer.body = body;
        return Some(answer);
    }
    loop {
        let line = through(stream, b"\r\n").await?;
        let size = usize::from_str_radix(std::str::from_utf8(&line).unwrap().trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk).await.ok()?;
        chunk.truncate(size);
        answer.body.extend_from_slice(&chunk);
        if size == 0 {
            return Some(answer);
        }
    }
}

/// Takes bytes up to and with a mark, and none beyond it.
async fn through(stream: &mut TcpStream, mark: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut ahead = [0; 4096];
    loop {
        let seen = stream.peek(&mut ahead).await.ok().filter(|n| *n > 0)?;
        let before = out.len();
        out.extend_from_slice(&ahead[..seen]);
        let end = out.windows(mark.len()).position(|w| w == mark).map(|at| at + mark.len());
        let take = end.map_or(seen, |end| end - before);
        stream.read_exact(&mut ahead[..take]).await.ok()?;
        if let Some(end) = end {
            out.truncate(end);
            return Some(out);
        }
    }
}
