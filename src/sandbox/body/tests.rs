//! The decoder, fed in every possible split.

use super::*;
use crate::domain::sigv4::{Scope, Style};
use crate::sandbox::request::Head;

const SECRET: &str = "secret";

fn claim(payload_hash: &str) -> Claim {
    Claim {
        style: Style::Header,
        access_key_id: "KEY".into(),
        scope: Scope { date: "20270115".into(), region: "us-east-1".into(), service: "s3".into() },
        signed_headers: Vec::new(),
        timestamp: "20270115T080000Z".into(),
        expires: None,
        payload_hash: payload_hash.into(),
        signature: "5eed".into(),
    }
}

fn request(length: &str, trailer: &str) -> Request {
    let headers = [("x-amz-decoded-content-length", length), ("x-amz-trailer", trailer)];
    let headers =
        headers.map(|(n, v)| (n.to_owned(), v.to_owned())).into_iter().filter(|(_, v)| !v.is_empty());
    Request { head: Head { headers: headers.collect(), ..Head::default() }, ..Request::default() }
}

type Outcome = Result<(Vec<u8>, Trailers), &'static str>;

fn decode(request: &Request, mode: &str, pieces: &[&[u8]]) -> Outcome {
    let run = || -> Result<(Vec<u8>, Trailers), S3Error> {
        let mut decoder = Decoder::new(request, &claim(mode), SECRET)?;
        let mut out = Vec::new();
        for piece in pieces {
            decoder.push(piece, |data| {
                out.extend_from_slice(data);
                Ok(())
            })?;
        }
        Ok((out, decoder.finish()?))
    };
    run().map_err(|e| e.code)
}

/// The outcome, which must be the same for the whole, for every split in two, and byte by byte.
#[track_caller]
fn any_split(request: &Request, mode: &str, raw: &[u8]) -> Outcome {
    let whole = decode(request, mode, &[raw]);
    for at in 0..=raw.len() {
        assert_eq!(decode(request, mode, &[&raw[..at], &raw[at..]]), whole, "split at {at}");
    }
    assert_eq!(decode(request, mode, &raw.chunks(1).collect::<Vec<_>>()), whole, "byte by byte");
    whole
}

const UNSIGNED: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";

#[test]
fn unsigned_chunks_and_trailers_are_taken_apart() {
    let raw = b"5\r\nhello\r\n1;ext=x\r\n!\r\n0\r\nx-amz-checksum-crc32:abc\r\n\r\n";
    let (body, trailers) = any_split(&request("6", "x-amz-checksum-crc32"), UNSIGNED, raw).unwrap();
    assert_eq!(body, b"hello!");
    assert_eq!(trailers, [("x-amz-checksum-crc32".to_owned(), "abc".to_owned())]);
}

#[test]
fn broken_chunks_are_refused() {
    for (raw, code) in [
        (&b""[..], "IncompleteBody"),
        (b"5", "IncompleteBody"),
        (b"5\r\nhel", "IncompleteBody"),
        (b"5\r\nhello", "IncompleteBody"),
        (b"5\r\nhello\r\n", "IncompleteBody"),
        (b"zz\r\n", "IncompleteBody"),
        (b"5\r\nhelloX0\r\n\r\n", "IncompleteBody"),
        (b"5\r\nhello\rX0\r\n\r\n", "IncompleteBody"),
        (b"-1\r\n", "IncompleteBody"),
        (b"ffffffffffffffff\r\na", "IncompleteBody"),
        (b"6\r\nhello!\r\n0\r\n\r\n", "IncompleteBody"),
        (b"4\r\nhell\r\n0\r\n\r\n", "IncompleteBody"),
        (b"\xff\r\n", "IncompleteBody"),
        (b"5\r\nhello\r\n0\r\nno colon\r\n\r\n", "MalformedTrailerError"),
        (b"5\r\nhello\r\n0\r\n\xff:x\r\n\r\n", "MalformedTrailerError"),
    ] {
        assert_eq!(any_split(&request("5", ""), UNSIGNED, raw), Err(code), "{raw:?}");
    }
    let endless = [b'0'; MAX_LINE + 1];
    assert_eq!(decode(&request("5", ""), UNSIGNED, &[&endless]), Err("IncompleteBody"));
    let trailer = [&b"0\r\n"[..], &[b'a'; MAX_TRAILER + 1]].concat();
    assert_eq!(decode(&request("0", ""), UNSIGNED, &[&trailer]), Err("MalformedTrailerError"));
    let ok = b"5\r\nhello\r\n0\r\n\r\n";
    assert_eq!(decode(&request("5", "x-amz-checksum-crc32"), UNSIGNED, &[ok]), Err("MalformedTrailerError"));
    assert_eq!(decode(&request("", ""), UNSIGNED, &[ok]), Err("MissingContentLength"));
    assert_eq!(decode(&request("x", ""), UNSIGNED, &[ok]), Err("IncompleteBody"));
    assert_eq!(decode(&request("5", ""), "STREAMING-OTHER", &[ok]), Err("InvalidArgument"));
}

fn signed(pieces: &[&[u8]], crc: &str) -> Vec<u8> {
    let mut chain = ChunkChain::new(&claim(SIGNED), SECRET);
    let mut out = Vec::new();
    for piece in pieces.iter().chain(&[&[][..]]) {
        out.extend(format!("{:x};chunk-signature={}\r\n", piece.len(), chain.next_chunk(piece)).bytes());
        out.extend_from_slice(piece);
        out.extend_from_slice(if piece.is_empty() { b"" } else { b"\r\n" });
    }
    let trailers = [("x-amz-checksum-crc32".to_owned(), crc.to_owned())];
    out.extend(format!("x-amz-checksum-crc32:{crc}\r\n").bytes());
    out.extend(format!("x-amz-trailer-signature:{}\r\n\r\n", chain.trailer(&trailers)).bytes());
    out
}

#[test]
fn every_chunk_and_the_trailer_must_be_signed() {
    let request = request("8", "x-amz-checksum-crc32");
    let raw = signed(&[b"hello", b"abc"], "AAAA");
    let (body, trailers) = any_split(&request, SIGNED, &raw).unwrap();
    assert_eq!((body.as_slice(), trailers.len()), (&b"helloabc"[..], 1));
    for spoil in [&b"hello"[..], b"abc", b"AAAA"] {
        let mut raw = raw.clone();
        let at = raw.windows(spoil.len()).rposition(|w| w == spoil).unwrap();
        raw[at] ^= 1;
        assert_eq!(any_split(&request, SIGNED, &raw), Err("SignatureDoesNotMatch"), "{spoil:?}");
    }
}

#[test]
fn a_stated_hash_must_be_that_of_the_bytes() {
    let hash = to_hex(&Sha256::digest(b"hello"));
    assert_eq!(any_split(&Request::default(), &hash, b"hello"), Ok((b"hello".to_vec(), Vec::new())));
    assert_eq!(any_split(&Request::default(), &hash, b"hellO"), Err("XAmzContentSHA256Mismatch"));
    assert_eq!(any_split(&Request::default(), UNSIGNED_PAYLOAD, b"x").map(|(b, _)| b), Ok(b"x".to_vec()));
    assert_eq!(decode(&Request::default(), "nonsense", &[b"x"]), Err("InvalidArgument"));
}
