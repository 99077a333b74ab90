use super::film::Film;
use super::*;
use crate::domain::sigv4::{
    ALGORITHM, Claim, EMPTY_SHA256, SentHead, Style, canonical_request, claim, evaluate,
};
use proptest::prelude::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const SCOPE: &str = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
const PRESIGNED: &str = "GET /test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE\
    %2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400\
    &X-Amz-SignedHeaders=host\
    &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404 HTTP/1.1\r\n\
    Host: examplebucket.s3.amazonaws.com\r\n\r\n";

fn captured(bytes: impl AsRef<[u8]>) -> Captured {
    let mut c = Captured::default();
    c.push(bytes.as_ref());
    c
}

fn checked(request: &Captured, secret: &str) -> Checked {
    asked(request).map_or(Checked::NoKey, |asked| asked.check(secret))
}

/// The lines of a section, marked.
fn section(all: &[Line], wanted: Section) -> Vec<String> {
    all.iter().filter(|l| l.section == wanted && l.tone != Tone::Heading).map(Line::marked).collect()
}

fn seen(request: &str, answer: &str, secret: &str) -> Vec<Line> {
    let request = captured(request);
    xray(&request, &captured(answer), &checked(&request, secret), false)
}

/// The bytes that the line with this text was made from.
fn sources<'b>(all: &[Line], bytes: &'b str, text: &str) -> Vec<&'b str> {
    let line = all.iter().find(|l| l.text == text).unwrap_or_else(|| panic!("no line {text:?}"));
    line.from.iter().map(|r| &bytes[r.start as usize..r.end as usize]).collect()
}

fn published(target: &str, headers: &str, signed: &str, signature: &str) -> String {
    format!(
        "{target} HTTP/1.1\r\nHost: examplebucket.s3.amazonaws.com\r\n{headers}x-amz-date: 20130524T000000Z\r\n\
         Authorization: {ALGORITHM} Credential={SCOPE},SignedHeaders={signed},Signature={signature}\r\n\r\n"
    )
}

fn get_range() -> String {
    published(
        "GET /test.txt",
        &format!("Range: bytes=0-9\r\nx-amz-content-sha256: {EMPTY_SHA256}\r\n"),
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    )
}

#[test]
fn s3_330_the_canonical_request_is_made_of_the_request_as_sent() {
    let request = get_range();
    let all = seen(&request, "", SECRET);
    assert_eq!(
        section(&all, Section::CanonicalRequest),
        [
            "  GET",
            "  /test.txt",
            "· (empty: no parameters)",
            "  host:examplebucket.s3.amazonaws.com",
            "  range:bytes=0-9",
            &format!("  x-amz-content-sha256:{EMPTY_SHA256}"),
            "  x-amz-date:20130524T000000Z",
            "· (an empty line ends the headers)",
            "  host;range;x-amz-content-sha256;x-amz-date",
            &format!("  {EMPTY_SHA256}"),
        ]
    );
    assert_eq!(
        section(&all, Section::StringToSign)[..4],
        [
            "  AWS4-HMAC-SHA256",
            "  20130524T000000Z",
            "  20130524/us-east-1/s3/aws4_request",
            "  7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972",
        ]
    );
    assert!(section(&all, Section::Signature)[2].starts_with("✓ recomputed"));
    assert_eq!(section(&all, Section::Body), ["✓ SHA-256 of the body's 0 bytes, recomputed: equal"]);
    for (target, headers, signed, signature) in [
        (
            "PUT /test%24file.text",
            "Date: Fri, 24 May 2013 00:00:00 GMT\r\nx-amz-storage-class: REDUCED_REDUNDANCY\r\n\
             x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072\r\n",
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            "GET /?lifecycle",
            &format!("x-amz-content-sha256: {EMPTY_SHA256}\r\n"),
            "host;x-amz-content-sha256;x-amz-date",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "GET /?prefix=J&max-keys=2",
            &format!("x-amz-content-sha256: {EMPTY_SHA256}\r\n"),
            "host;x-amz-content-sha256;x-amz-date",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ] {
        let all = seen(&published(target, headers, signed, signature), "", SECRET);
        assert!(section(&all, Section::Signature)[2].starts_with("✓ recomputed"), "{target}");
    }
}

#[test]
fn every_line_knows_its_source() {
    let request = get_range();
    let all = seen(&request, "", SECRET);
    for (text, want) in [
        ("GET", "GET"),
        ("/test.txt", "/test.txt"),
        ("host:examplebucket.s3.amazonaws.com", "Host: examplebucket.s3.amazonaws.com"),
        ("range:bytes=0-9", "Range: bytes=0-9"),
        (
            "host;range;x-amz-content-sha256;x-amz-date",
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date",
        ),
        (EMPTY_SHA256, &format!("x-amz-content-sha256: {EMPTY_SHA256}")),
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256"),
        ("20130524T000000Z", "x-amz-date: 20130524T000000Z"),
        ("20130524/us-east-1/s3/aws4_request", &format!("Credential={SCOPE}")),
    ] {
        assert_eq!(sources(&all, &request, text), [want]);
    }
    let request = published(
        "GET /?prefix=J&max-keys=2",
        "X-Amz-Meta-A: 1\r\nx-amz-content-sha256: UNSIGNED-PAYLOAD\r\nx-amz-meta-a:  2\r\n",
        "host;x-amz-content-sha256;x-amz-date;x-amz-meta-a",
        "0",
    );
    let all = seen(&request, "", SECRET);
    assert_eq!(sources(&all, &request, "max-keys=2"), ["&max-keys=2"]);
    assert_eq!(sources(&all, &request, "&prefix=J"), ["?prefix=J"]);
    assert_eq!(sources(&all, &request, "x-amz-meta-a:1,2"), ["X-Amz-Meta-A: 1", "x-amz-meta-a:  2"]);
    assert!(section(&all, Section::Signature)[2].starts_with("✗"));
    assert!(section(&all, Section::Body)[0].contains("does not cover the body"));
}

#[test]
fn s3_331_a_presigned_url_is_valid_for_its_seconds_and_leaves_the_body_open() {
    let at = |date: &str| seen(PRESIGNED, &format!("HTTP/1.1 200 OK\r\nDate: {date}\r\n\r\n"), SECRET);
    let all = at("Fri, 24 May 2013 23:59:59 GMT");
    assert!(section(&all, Section::Signature)[2].starts_with("✓"));
    let how = section(&all, Section::How);
    assert!(
        how.iter().any(|l| l.contains("valid from 2013-05-24 00:00:00 to 2013-05-25 00:00:00 UTC")),
        "{how:#?}"
    );
    assert!(how.contains(&"✓ it had 1 s left when the answer was dated".into()), "{how:#?}");
    let how = section(&at("Sat, 25 May 2013 00:00:05 GMT"), Section::How);
    assert!(how.contains(&"✗ it had expired 5 s before the answer was dated".into()), "{how:#?}");
    let canonical = section(&all, Section::CanonicalRequest);
    assert!(canonical.iter().all(|l| !l.contains("X-Amz-Signature")), "{canonical:#?}");
    assert_eq!(canonical.last().unwrap(), "  UNSIGNED-PAYLOAD");
    assert!(section(&all, Section::Body)[0].contains("does not cover the body"));
    let long = PRESIGNED.replace("X-Amz-Expires=86400", "X-Amz-Expires=604801");
    let how = section(&seen(&long, "", SECRET), Section::How);
    assert!(how.contains(&"✗ more than seven days: S3 refuses it".into()), "{how:#?}");
}

#[test]
fn what_is_not_signed_so_is_said_to_be_something_else() {
    for (request, want) in [
        ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "· not at all"),
        ("GET / HTTP/1.1\r\nAuthorization: Basic canary\r\n\r\n", "? by another scheme: Basic"),
        ("GET / HTTP/1.1\r\nAuthorization: canary\r\n\r\n", "? by another scheme: one not known"),
        (
            "GET / HTTP/1.1\r\nAuthorization: AWS AKIA:canary\r\n\r\n",
            "? by another scheme: AWS, signature version 2",
        ),
        (
            "GET /?AWSAccessKeyId=A&Signature=canary HTTP/1.1\r\n\r\n",
            "? in the query, by signature version 2",
        ),
        ("GET /?X-Amz-Signature=canary HTTP/1.1\r\n\r\n", "✗ it cannot be read"),
        ("GET / HTTP/1.1\r\nHost:", "? the head of the request is not here"),
        ("HTTP/1.1 200 OK\r\n\r\n", "? the first line is no request line"),
        ("", "? no byte"),
    ] {
        let all = seen(request, "", SECRET);
        assert!(all[1].marked().starts_with(want), "{request:?} {all:#?}");
        assert!(all.iter().all(|l| !l.text.contains("canary")), "{all:#?}");
        assert_eq!((asked(&captured(request)), canonical_text(&captured(request))), (None, None));
    }
}

#[test]
fn what_cannot_be_checked_is_not_said_to_be_right() {
    let request = captured(get_range());
    for (checked, want) in [
        (Checked::NoKey, "? cannot be checked without the secret key"),
        (Checked::OtherKey, "? signed with another access key id"),
        (Checked::Waiting, "? being recomputed"),
        (checked(&request, "another"), "✗ recomputed with the secret key"),
    ] {
        let all = xray(&request, &captured(""), &checked, false);
        assert!(section(&all, Section::Signature)[2].starts_with(want));
    }
    let all = seen(&get_range(), "HTTP/1.1 200 OK\r\n\r\n", "another");
    assert!(section(&all, Section::Signature)[3].contains("yet the request was accepted"));
}

#[test]
fn what_the_signature_leaves_open_and_what_s3_wants_covered_is_named() {
    let request = published(
        "GET /",
        &format!("User-Agent: x\r\nx-amz-content-sha256: {EMPTY_SHA256}\r\nx-amz-security-token: canary\r\n"),
        "host;x-amz-date",
        "0",
    );
    let how = section(&seen(&request, "", SECRET), Section::How);
    assert!(
        how.iter().any(|l| l.ends_with("change on the way: user-agent, x-amz-content-sha256")),
        "{how:#?}"
    );
    assert!(
        how.iter().any(|l| l.starts_with("✗ not signed") && l.ends_with("x-amz-security-token")),
        "{how:#?}"
    );
    assert!(how.iter().any(|l| l.contains("temporary credentials")), "{how:#?}");
}

#[test]
fn clocks_apart_are_told_with_the_limit() {
    let dated = |date: &str| {
        let answer = format!("HTTP/1.1 403 Forbidden\r\nDate: {date}\r\n\r\n");
        section(&seen(&get_range(), &answer, SECRET), Section::How)
    };
    let near = dated("Fri, 24 May 2013 00:15:00 GMT");
    assert!(near.iter().any(|l| l.starts_with("· the answer is dated 900 s later")), "{near:#?}");
    let far = dated("Thu, 23 May 2013 23:44:59 GMT");
    assert!(far.iter().any(|l| l.starts_with("✗ the answer is dated 901 s earlier")), "{far:#?}");
}

/// A request signed with a secret, with the body it says.
pub(super) fn sign(start: &str, headers: &[(&str, &str)], secret: &str) -> (Claim, String) {
    let mut list: Vec<(String, String)> =
        headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let mut names: Vec<String> = list.iter().map(|(n, _)| n.to_ascii_lowercase()).collect();
    names.sort();
    names.dedup();
    let stated = |signature: &str| {
        format!("{ALGORITHM} Credential={SCOPE}, SignedHeaders={}, Signature={signature}", names.join(";"))
    };
    list.push(("authorization".into(), stated("0")));
    let (method, target) = start.split_once(' ').unwrap();
    let head = SentHead { method, target, headers: &list };
    let mut claim = claim(&head).unwrap().unwrap();
    claim.signature = evaluate(&head, &claim, secret).computed;
    list.last_mut().unwrap().1 = stated(&claim.signature);
    let lines: String = list.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
    (claim, format!("{start} HTTP/1.1\r\n{lines}\r\n"))
}

fn put(length: usize, more: &[(&str, &str)], secret: &str) -> (Claim, String) {
    let length = length.to_string();
    let mut headers =
        vec![("host", "h"), ("content-length", length.as_str()), ("x-amz-date", "20130524T000000Z")];
    headers.extend(more);
    sign("PUT /b/k?partNumber=1&uploadId=U", &headers, secret)
}

mod bodies {
    use super::super::chunked::Gap;
    use super::*;
    use crate::domain::sigv4::ChunkChain;

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
        let of =
            |r: &Range<u64>| String::from_utf8_lossy(&bytes[r.start as usize..r.end as usize]).into_owned();
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
}

mod refused {
    use super::*;

    fn document(canonical: &str, string_to_sign: &str, signature: &str, with_bytes: bool) -> String {
        let bytes = |text: &str| text.bytes().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
        let escape = |text: &str| crate::domain::xml::escape(text);
        let extra = if with_bytes {
            format!(
                "<StringToSignBytes>{}</StringToSignBytes><CanonicalRequestBytes>{}</CanonicalRequestBytes>",
                bytes(string_to_sign),
                bytes(canonical)
            )
        } else {
            String::new()
        };
        format!(
            "HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\n\r\n<?xml version=\"1.0\"?>\n<Error>\
             <Code>SignatureDoesNotMatch</Code><Message>m</Message>\
             <AWSAccessKeyId>AKIAIOSFODNN7EXAMPLE</AWSAccessKeyId>\
             <StringToSign>{}</StringToSign><SignatureProvided>{signature}</SignatureProvided>\
             <CanonicalRequest>{}</CanonicalRequest>{extra}</Error>",
            escape(string_to_sign),
            escape(canonical)
        )
    }

    /// What a server says that computes from another request than was sent.
    fn told(sent: &str, arrived: &str, with_bytes: bool) -> String {
        let captured = captured(arrived);
        let film = Film::of(&captured).unwrap();
        let (method, target) = arrived.split_once(' ').unwrap();
        let target = target.split(' ').next().unwrap();
        let head = SentHead { method, target, headers: &film.headers };
        let theirs = claim(&head).unwrap().unwrap();
        let e = evaluate(&head, &theirs, SECRET);
        let provided = super::captured(sent);
        let provided = Film::of(&provided).unwrap().signed.unwrap().claim.signature;
        document(&e.canonical_request, &e.string_to_sign, &provided, with_bytes)
    }

    fn server(sent: &str, arrived: &str, secret: &str) -> Vec<String> {
        let plain = section(&seen(sent, &told(sent, arrived, false), secret), Section::Server);
        let exact = section(&seen(sent, &told(sent, arrived, true), secret), Section::Server);
        assert_eq!(plain, exact);
        plain
    }

    fn request() -> String {
        let more = [("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), ("x-amz-meta-a", "1 & 2")];
        put(0, &more, SECRET).1
    }

    #[test]
    fn the_first_difference_is_marked_and_explained() {
        for (from, to, what, cause, marked) in [
            ("host: h\r\n", "host: proxy\r\n", "header host", "changed Host", "≠ ours: host:h"),
            (
                "x-amz-meta-a: 1",
                "x-amz-meta-a: 3",
                "header x-amz-meta-a",
                "was changed on its way",
                "≠ ours: x-amz-meta-a:1 & 2",
            ),
            (
                "x-amz-meta-a: 1 & 2\r\n",
                "",
                "header x-amz-meta-a",
                "did not arrive",
                "≠ ours: x-amz-meta-a:1 & 2",
            ),
            ("PUT ", "POST ", "the method", "the method was changed", "≠ ours: PUT"),
            ("/b/k?", "/b//k?", "the canonical URI", "encoded again", "≠ ours: /b/k"),
            ("uploadId=U", "uploadId=V", "query parameter uploadId", "a parameter", "≠ ours: uploadId=U"),
            ("?partNumber=1&", "?", "query parameter partNumber", "a parameter", "- ours: partNumber=1"),
            (
                "UNSIGNED-PAYLOAD",
                EMPTY_SHA256,
                "header x-amz-content-sha256",
                "changed on its way",
                "≠ ours: x-amz-content-sha256:UNS",
            ),
        ] {
            let sent = request();
            let lines = server(&sent, &sent.replacen(from, to, 1), SECRET);
            assert_eq!(lines[1], format!("✗ the first difference is {what}"), "{lines:#?}");
            assert!(lines[2].starts_with("· usual cause: ") && lines[2].contains(cause), "{lines:#?}");
            let first =
                lines.iter().find(|l| l.contains("first difference ") && !l.contains(" is ")).unwrap();
            assert!(first.contains(marked), "{first}");
        }
    }

    #[test]
    fn equal_strings_lead_to_the_key_or_to_what_was_changed_before_it_left() {
        let sent = request();
        let equal = server(&sent, &sent, "the key held here");
        assert!(equal[1].contains("gives another signature"), "{equal:#?}");
        let equal = server(&sent, &sent, SECRET);
        assert!(equal[1].contains("the server knows another secret key"), "{equal:#?}");
        assert!(equal.iter().skip(2).all(|l| !l.contains('≠') || l.contains("both sides")), "{equal:#?}");
        let all = xray(&captured(&sent), &captured(told(&sent, &sent, true)), &Checked::NoKey, false);
        let unknown = section(&all, Section::Server);
        assert!(
            unknown[1].starts_with("✗ the strings are equal: the secret key differs, or"),
            "{unknown:#?}"
        );
    }

    #[test]
    fn what_the_server_was_given_otherwise_is_said() {
        let sent = request();
        let answer = told(&sent, &sent, true).replace("AKIAIOSFODNN7EXAMPLE", "AKIAANOTHERKEY000000");
        let lines = section(&seen(&sent, &answer, SECRET), Section::Server);
        assert!(lines[0].contains("another access key id: AKIA…0000"), "{lines:#?}");
        let signature = Film::of(&captured(&sent)).unwrap().signed.unwrap().claim.signature;
        let lines = section(&seen(&sent, &answer.replace(&signature, "00"), SECRET), Section::Server);
        assert!(lines[1].contains("another signature came"), "{lines:#?}");
    }

    #[test]
    fn a_refusal_that_says_nothing_more_is_not_explained_away() {
        let answer = "HTTP/1.1 403 Forbidden\r\n\r\n<Error><Code>SignatureDoesNotMatch</Code></Error>";
        let lines = section(&seen(&request(), answer, SECRET), Section::Server);
        assert!(lines[0].starts_with("? the server does not say"), "{lines:#?}");
        let other = answer.replace("SignatureDoesNotMatch", "AccessDenied");
        assert!(section(&seen(&request(), &other, SECRET), Section::Server).is_empty());
    }

    #[test]
    fn a_difference_behind_the_mask_is_told_without_lifting_it() {
        let more = [("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), ("x-amz-security-token", "canary")];
        let sent = put(0, &more, SECRET).1;
        let lines = server(&sent, &sent.replace("canary", "canary2"), SECRET);
        assert_eq!(lines[1], "✗ the first difference is header x-amz-security-token");
        assert!(lines.iter().any(|l| l.contains("differ behind the mask")), "{lines:#?}");
        assert!(lines.iter().all(|l| !l.contains("canary")), "{lines:#?}");
    }
}

mod laws {
    use super::*;

    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("GET /b/k?a=1&X-Amz-Signature=s HTTP/1.1\r\n".to_owned()),
            Just(format!("Authorization: {ALGORITHM} Credential={SCOPE}, SignedHeaders=host;x-amz-date, Signature=ab\r\n")),
            Just("x-amz-date: 20130524T000000Z\r\n".to_owned()),
            Just("x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\n".to_owned()),
            Just("content-length: 7\r\nhost: h\r\n".to_owned()),
            Just("\r\n".to_owned()),
            Just("4;chunk-signature=ab\r\nWiki\r\n0;chunk-signature=cd\r\n".to_owned()),
            Just("x-amz-trailer-signature:ab\r\n\r\n".to_owned()),
            Just("HTTP/1.1 403 No\r\nDate: Fri, 24 May 2013 00:00:00 GMT\r\n\r\n<Error><Code>SignatureDoesNotMatch</Code>".to_owned()),
            Just("<CanonicalRequest>GET\n/\n\nhost:h\n\nhost\nx</CanonicalRequest><StringToSign>a\nb</StringToSign></Error>".to_owned()),
            Just("<CanonicalRequestBytes>47 45 zz</CanonicalRequestBytes>".to_owned()),
            "[ -~\u{e9}\r\n]{0,12}",
        ]
    }

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let text = proptest::collection::vec(piece(), 0..14).prop_map(|all| all.concat().into_bytes());
        prop_oneof![4 => text, 1 => proptest::collection::vec(any::<u8>(), 0..300)]
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_through(request in bytes(), answer in bytes(), reveal in any::<bool>()) {
            let (request, answer) = (captured(&request), captured(&answer));
            let checked = checked(&request, SECRET);
            for line in xray(&request, &answer, &checked, reveal) {
                prop_assert!(line.text.chars().all(|c| !c.is_control()));
                for at in &line.from {
                    prop_assert!(at.start <= at.end && at.end <= request.total, "{:?}", line);
                }
                for at in &line.answer {
                    prop_assert!(at.start <= at.end && at.end <= answer.total, "{:?}", line);
                }
            }
            let _ = canonical_text(&request);
        }

        /// The lines shown are the text that is hashed: joined again they are the evaluator's.
        #[test]
        fn the_pieces_are_the_canonical_request(
            path in "/[a-zA-Z0-9%/+.~-]{0,20}",
            query in proptest::collection::vec("[a-zA-Z]{0,3}(=[a-zA-Z0-9%]{0,4})?", 0..5),
            value in "[ -~]{0,20}",
        ) {
            let target = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
            let start = format!("PUT {target}");
            let headers = [("host", "h"), ("x-amz-meta-a", value.trim()), ("x-amz-date", "20130524T000000Z"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
            let (claim, text) = sign(&start, &headers, SECRET);
            let captured = captured(&text);
            let film = Film::of(&captured).unwrap();
            let signed = film.signed.unwrap();
            let head = SentHead { method: "PUT", target: &target, headers: &film.headers };
            prop_assert_eq!(&signed.claim, &claim);
            prop_assert_eq!(signed.masked_canonical(), canonical_request(&head, &claim));
            prop_assert_eq!(claim.style, Style::Header);
            let strings: Vec<_> = signed.string_to_sign.iter().map(|p| p.text.as_str()).collect();
            prop_assert_eq!(strings.join("\n"), signed.request.string_to_sign);
        }

        /// Neither the key nor a value derived from it, nor a token or a signature while masked.
        #[test]
        fn no_secret_is_shown(token in "[A-Za-z0-9+/=<& ]{12,30}", secret in "[A-Za-z0-9/+]{20,40}", arrived in bytes()) {
            let token = format!("TOK{}", token.trim());
            let more = [("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), ("x-amz-security-token", token.as_str())];
            let (claim, text) = put(0, &more, &secret);
            let answer = format!(
                "HTTP/1.1 403 No\r\n\r\n<Error><Code>SignatureDoesNotMatch</Code><SignatureProvided>{}</SignatureProvided>\
                 <CanonicalRequest>PUT\n/\n\nx-amz-security-token:{}\n\nhost\nUNSIGNED-PAYLOAD</CanonicalRequest></Error>",
                claim.signature, crate::domain::xml::escape(&token)
            );
            let request = captured(&text);
            for answer in [captured(answer), captured(arrived)] {
                for key in [secret.as_str(), "another"] {
                    let checked = checked(&request, key);
                    let masked = text_lines(&request, &answer, &checked).join("\n");
                    prop_assert!(!masked.contains("TOK") && !masked.contains(&claim.signature), "{}", masked);
                    let open: String = xray(&request, &answer, &checked, true).into_iter().map(|l| l.text + "\n").collect();
                    prop_assert!(!open.contains(&secret));
                    let said = format!("{checked:?}");
                    prop_assert!(!said.contains(&secret));
                }
            }
            prop_assert!(!canonical_text(&request).unwrap().contains("TOK"));
        }
    }
}
