//! The body after its `aws-chunked` coding: chunk and trailer signatures, trailers, stated hash and length.

use super::error::S3Error;
use super::request::Request;
use crate::domain::etag::to_hex;
use crate::domain::sigv4::{ChunkChain, Claim, UNSIGNED_PAYLOAD};
use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};

/// Turns the body as received into the body as meant, or says what is wrong with it.
pub(crate) fn settle(request: &mut Request, raw: Bytes, claim: &Claim, secret: &str) -> Result<(), S3Error> {
    let hash = claim.payload_hash.as_str();
    let Some(mode) = hash.strip_prefix("STREAMING-") else {
        check_hash(hash, &raw)?;
        request.body = raw;
        return Ok(());
    };
    let (signed, trailer) = match mode {
        "AWS4-HMAC-SHA256-PAYLOAD" => (true, false),
        "AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => (true, true),
        "UNSIGNED-PAYLOAD-TRAILER" => (false, true),
        _ => return Err(bad_hash(hash)),
    };
    let chain = signed.then(|| ChunkChain::new(claim, secret));
    let (body, trailers) = decode(&raw, chain, &claim.access_key_id)?;
    check_length(request, &body)?;
    if trailer {
        check_announced(request, &trailers)?;
    }
    request.body = body;
    request.trailers = trailers;
    Ok(())
}

fn bad_hash(value: &str) -> S3Error {
    S3Error::invalid_argument(
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
        "x-amz-content-sha256",
        value,
    )
}

fn check_hash(hash: &str, body: &[u8]) -> Result<(), S3Error> {
    if hash == UNSIGNED_PAYLOAD {
        return Ok(());
    }
    if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(bad_hash(hash));
    }
    let computed = to_hex(&Sha256::digest(body));
    if computed.eq_ignore_ascii_case(hash) {
        return Ok(());
    }
    Err(S3Error::new(
        400,
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
    .with("ClientComputedContentSHA256", hash)
    .with("S3ComputedContentSHA256", computed))
}

pub(crate) fn incomplete() -> S3Error {
    S3Error::new(
        400,
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )
}

fn check_length(request: &Request, body: &[u8]) -> Result<(), S3Error> {
    let Some(text) = request.header("x-amz-decoded-content-length") else {
        return Err(S3Error::new(
            411,
            "MissingContentLength",
            "You must provide the Content-Length HTTP header.",
        ));
    };
    match text.trim().parse::<usize>() {
        Ok(stated) if stated == body.len() => Ok(()),
        _ => Err(incomplete()),
    }
}

fn check_announced(request: &Request, trailers: &[(String, String)]) -> Result<(), S3Error> {
    let announced = request.header("x-amz-trailer").unwrap_or("");
    let there = |name: &str| trailers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    if announced.split(',').map(str::trim).filter(|n| !n.is_empty()).all(there) {
        Ok(())
    } else {
        Err(malformed_trailer())
    }
}

fn malformed_trailer() -> S3Error {
    S3Error::new(
        400,
        "MalformedTrailerError",
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
    )
}

type Decoded = (Bytes, Vec<(String, String)>);

fn decode(raw: &Bytes, mut chain: Option<ChunkChain>, access_key_id: &str) -> Result<Decoded, S3Error> {
    let mut rest = raw.clone();
    let mut body = BytesMut::new();
    loop {
        let line = take_line(&mut rest)?;
        let (size, extension) = line.split_once(';').unwrap_or((&line, ""));
        let size = usize::from_str_radix(size.trim(), 16).map_err(|_| incomplete())?;
        if size > rest.len() {
            return Err(incomplete());
        }
        let data = rest.split_to(size);
        if let Some(chain) = chain.as_mut() {
            let signature = extension.trim().strip_prefix("chunk-signature=").unwrap_or("");
            let wanted = chain.next_chunk(&data);
            if wanted != signature {
                return Err(chunk_mismatch(access_key_id, signature));
            }
        }
        if size == 0 {
            break;
        }
        body.extend_from_slice(&data);
        if !rest.starts_with(b"\r\n") {
            return Err(incomplete());
        }
        let _ = rest.split_to(2);
    }
    let trailers = trailers(&rest, chain.as_ref(), access_key_id)?;
    Ok((body.freeze(), trailers))
}

fn take_line(rest: &mut Bytes) -> Result<String, S3Error> {
    let window = rest.get(..rest.len().min(1024)).unwrap_or(&[]);
    let end = window.windows(2).position(|w| w == b"\r\n").ok_or_else(incomplete)?;
    let line = rest.split_to(end);
    let _ = rest.split_to(2);
    String::from_utf8(line.to_vec()).map_err(|_| incomplete())
}

fn trailers(
    rest: &[u8],
    chain: Option<&ChunkChain>,
    access_key_id: &str,
) -> Result<Vec<(String, String)>, S3Error> {
    let text = std::str::from_utf8(rest).map_err(|_| malformed_trailer())?;
    let mut list: Vec<(String, String)> = Vec::new();
    let mut signature = None;
    for line in text.split('\n').map(str::trim).filter(|l| !l.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(malformed_trailer)?;
        if name.eq_ignore_ascii_case("x-amz-trailer-signature") {
            signature = Some(value.trim().to_owned());
        } else {
            list.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    match (chain, signature) {
        (Some(chain), signature) if !list.is_empty() => {
            let sent = signature.unwrap_or_default();
            if chain.trailer(&list) == sent { Ok(list) } else { Err(chunk_mismatch(access_key_id, &sent)) }
        }
        _ => Ok(list),
    }
}

fn chunk_mismatch(access_key_id: &str, signature: &str) -> S3Error {
    super::auth::mismatch().with("AWSAccessKeyId", access_key_id).with("SignatureProvided", signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsigned_chunks_and_trailers_are_taken_apart() {
        let raw = Bytes::from_static(b"5\r\nhello\r\n1\r\n!\r\n0\r\nx-amz-checksum-crc32:abc\r\n\r\n");
        let (body, trailers) = decode(&raw, None, "").unwrap();
        assert_eq!(body.as_ref(), b"hello!");
        assert_eq!(trailers, [("x-amz-checksum-crc32".to_owned(), "abc".to_owned())]);
    }

    #[test]
    fn broken_chunks_are_refused() {
        for raw in [
            &b""[..],
            b"5",
            b"5\r\nhel",
            b"zz\r\n",
            b"5\r\nhelloX0\r\n\r\n",
            b"-1\r\n",
            b"ffffffffffffffff\r\na",
        ] {
            assert!(decode(&Bytes::copy_from_slice(raw), None, "").is_err(), "{raw:?}");
        }
        assert!(decode(&Bytes::from_static(b"0\r\nno colon\r\n\r\n"), None, "").is_err());
    }
}
