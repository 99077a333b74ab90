//! Signatures taken apart: the published examples, requests signed here, and any bytes at all.

mod bodies;
mod laws;
mod refused;

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
    Captured::of(bytes.as_ref())
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
    let answer = "HTTP/1.1 200 OK\r\nX: y\r\ndate: Fri, 24 May 2013 00:15:00 GMT\r\n\r\n";
    let all = seen(&get_range(), answer, SECRET);
    let line = all.iter().find(|l| l.text.starts_with("the answer is dated")).unwrap();
    let at = &line.answer[0];
    assert!(answer[at.start as usize..at.end as usize].starts_with("date: Fri"));
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
