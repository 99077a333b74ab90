//! Bodies in chunks, bodies with a hash, and bodies of which not all is kept.

use super::*;
use crate::domain::sigv4::ChunkChain;
use crate::domain::xray::chunked::Gap;

const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";

/// A signed aws-chunked body in chunks of a size, with a trailer.
fn coded(claim: &Claim, data: &[u8], size: usize) -> Vec<u8> {
    let mut chain = ChunkChain::new(claim, SECRET);
    let mut out = Vec::new();
    for chunk in data.chunks(size).chain([&[][..]]) {
        let signature = chain.next_chunk(chunk);
        out.extend(format!("{:x};chunk-signature={signature}\r\n", chunk.len()).bytes());
        out.extend_from_slice(chunk);
        if !chunk.is_empty() {
            out.extend(b"\r\n");
        }
    }
    let trailer = vec![("x-amz-checksum-crc32".to_owned(), "AAAAAA==".to_owned())];
    let signature = chain.trailer(&trailer);
    out.extend(
        format!("x-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:{signature}\r\n\r\n").bytes(),
    );
    out
}

fn request(len: usize, size: usize) -> Vec<u8> {
    let data = vec![b'a'; len];
    let decoded = len.to_string();
    let more = [
        ("x-amz-content-sha256", SIGNED),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
        ("x-amz-decoded-content-length", decoded.as_str()),
        ("content-encoding", "aws-chunked"),
    ];
    // The length of the coding does not depend on the signatures in it.
    let length = coded(&put(0, &more, SECRET).0, &data, size).len();
    let (claim, head) = put(length, &more, SECRET);
    [head.into_bytes(), coded(&claim, &data, size)].concat()
}

fn body(bytes: &[u8]) -> Vec<String> {
    let request = captured(bytes);
    section(&xray(&request, &captured(""), &checked(&request, SECRET), false), Section::Body)
}

#[test]
fn s3_332_each_chunk_signs_the_one_before_and_the_trailer_the_last() {
    let bytes = request(20_000, 8192);
    let lines = body(&bytes);
    for want in [
        "✓ chunk 1: recomputed: equal",
        "✓ chunk 2: recomputed: equal",
        "✓ chunk 3: recomputed: equal",
        "✓ chunk 4: recomputed: equal",
        "✓ trailer: recomputed: equal",
        "· chunk 4: 0 bytes, signature sent: •••",
        "· announced trailer: x-amz-checksum-crc32",
        "· trailer x-amz-checksum-crc32: AAAAAA==",
    ] {
        assert!(lines.iter().any(|l| l == want), "{want} in {lines:#?}");
    }
    assert!(lines.iter().any(|l| l.starts_with("· 20 000 bytes of content in 2")), "{lines:#?}");
    // A byte changed spoils its own chunk; the signatures after it were made over those sent and still fit.
    let mut spoilt = bytes.clone();
    let at = spoilt.windows(4).position(|w| w == b"aaaa").unwrap();
    spoilt[at] = b'b';
    let lines = body(&spoilt);
    assert!(lines.contains(&"✗ chunk 1: recomputed: differs".into()), "{lines:#?}");
    assert!(lines.contains(&"✓ chunk 2: recomputed: equal".into()), "{lines:#?}");
}

#[test]
fn a_chunk_knows_its_bytes_and_those_of_the_signature_before_it() {
    let bytes = request(9000, 8192);
    let request = captured(&bytes);
    let film = Film::of(&request).unwrap();
    let chunks = &film.signed.as_ref().unwrap().chunked.as_ref().unwrap().chunks;
    let of = |r: &Range<u64>| String::from_utf8_lossy(&bytes[r.start as usize..r.end as usize]).into_owned();
    assert_eq!((chunks.len(), chunks[1].size, of(&chunks[1].data)), (3, 808, "a".repeat(808)));
    assert!(of(&chunks[1].line).starts_with("328;chunk-signature="));
    assert_eq!((chunks[0].previous.clone(), chunks[1].previous.as_ref()), (None, Some(&chunks[0].line)));
}

#[test]
fn where_the_middle_is_not_kept_the_chain_is_broken_and_the_trailer_still_checked() {
    let bytes = request(5 << 20, 65_536);
    let request = captured(&bytes);
    assert!(request.missing() > 0);
    let film = Film::of(&request).unwrap();
    let chunked = film.signed.as_ref().unwrap().chunked.as_ref().unwrap();
    assert_eq!((chunked.gap, chunked.before_gap, chunked.chunks.len()), (Some(Gap::NotKept), 1, 2));
    let lines = body(&bytes);
    for want in [
        "? chunk 1: cannot be recomputed, not all of its data is kept",
        "? the middle of the body is not kept: the chain of signatures is broken here",
        "? last chunk: cannot be recomputed, the signature before it is not kept",
        "✓ trailer: recomputed: equal",
    ] {
        assert!(lines.iter().any(|l| l == want), "{want} in {lines:#?}");
    }
    let trailer = chunked.trailer.as_ref().unwrap();
    let at = &trailer.fields[0].2;
    assert_eq!(&bytes[at.start as usize..at.end as usize], b"x-amz-checksum-crc32:AAAAAA==");
}

#[test]
fn a_body_on_its_way_is_not_judged() {
    let bytes = request(20_000, 8192);
    let lines = body(&bytes[..bytes.len() / 2]);
    assert!(lines.contains(&"✓ chunk 1: recomputed: equal".into()), "{lines:#?}");
    assert!(lines.iter().any(|l| l.contains("the body is not over")), "{lines:#?}");
}

#[test]
fn chunks_without_signatures_are_said_to_be_so() {
    let more = [
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
        ("x-amz-decoded-content-length", "4"),
    ];
    let text = "4\r\nWiki\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
    let lines = body((put(text.len(), &more, SECRET).1 + text).as_bytes());
    assert!(lines[0].contains("without signatures"), "{lines:#?}");
    assert!(lines.contains(&"· chunk 1: 4 bytes, not signed".into()), "{lines:#?}");
    assert!(lines.contains(&"· the trailer is not signed".into()), "{lines:#?}");
}

#[test]
fn a_stated_hash_is_compared_with_the_body_when_that_is_whole() {
    let hash = "486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7";
    let (_, head) = put(5, &[("x-amz-content-sha256", hash)], SECRET);
    assert_eq!(
        body((head.clone() + "world").as_bytes()),
        ["✓ SHA-256 of the body's 5 bytes, recomputed: equal"]
    );
    assert!(body((head.clone() + "World").as_bytes())[0].starts_with("✗"));
    assert!(body((head.clone() + "wor").as_bytes())[0].contains("has not all left"));
    let (_, head) = put(200_000, &[("x-amz-content-sha256", hash)], SECRET);
    let lines = body(&[head.into_bytes(), vec![0; 200_000]].concat());
    assert!(lines[0].starts_with("? ") && lines[0].contains("not kept"), "{lines:#?}");
}

#[test]
fn masked_signatures_of_chunks_are_not_recomputed() {
    let request = crate::domain::mask::captured(&captured(request(20_000, 8192)));
    assert_eq!(asked(&request), None);
    let lines = section(&xray(&request, &captured(""), &Checked::NoKey, true), Section::Body);
    assert!(lines.iter().all(|l| !l.starts_with('✗') && !l.ends_with("recomputed: equal")), "{lines:#?}");
    let masked = lines.iter().filter(|l| l.contains("is masked in this record")).count();
    assert_eq!(masked, 5, "{lines:#?}");
}
