//! What a server says that computed otherwise, beside what follows from the request.

use super::*;
use crate::domain::mask;

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
        let first = lines.iter().find(|l| l.contains("first difference ") && !l.contains(" is ")).unwrap();
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
    assert!(unknown[1].starts_with("✗ the strings are equal: the secret key differs, or"), "{unknown:#?}");
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

#[test]
fn a_masked_record_concludes_nothing_from_what_it_hides() {
    let more = [("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), ("x-amz-security-token", "canary")];
    let sent = put(0, &more, SECRET).1;
    let answer = mask::captured(&captured(told(&sent, &sent, true)));
    let request = mask::captured(&captured(&sent));
    assert_eq!(asked(&request), None);
    let all = xray(&request, &answer, &Checked::NoKey, true);
    let bad: Vec<_> = all.iter().filter(|l| l.tone == Tone::Bad).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(section(&all, Section::StringToSign)[3].starts_with("? (not known"), "{all:#?}");
    assert!(section(&all, Section::Signature)[2].contains("is masked in this record"), "{all:#?}");
    let server = section(&all, Section::Server);
    assert!(server[0].starts_with("? whether the signature came as it was sent"), "{server:#?}");
    assert!(server[1].starts_with("? nothing that is not masked"), "{server:#?}");
    assert!(server.contains(&"? masked in this record: header x-amz-security-token".into()), "{server:#?}");
    // What is not hidden is still compared.
    let other = told(&sent, &sent.replace("host: h\r\n", "host: proxy\r\n"), true);
    let all = xray(&request, &mask::captured(&captured(other)), &Checked::NoKey, false);
    let server = section(&all, Section::Server);
    assert_eq!(server[1], "✗ the first difference is header host", "{server:#?}");
}
