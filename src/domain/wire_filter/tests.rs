use super::*;
use crate::domain::exchange::Timing;
use crate::domain::operation::OperationKind;
use proptest::prelude::*;

fn exchange(kind: OperationKind, target: &str, response: &str) -> Exchange {
    let request = format!("{} {target} HTTP/1.1\r\nuser-agent: aws-sdk-rust/1.3\r\n\r\n", kind.method());
    let timing = Timing { ended: Some(120_500), ..Timing::default() };
    Exchange { kind: kind.into(), timing, ..Exchange::example(request.as_bytes(), response.as_bytes()) }
}

fn accepts(filter: &str, e: &Exchange) -> bool {
    filter.parse::<Filter>().unwrap().accepts(e)
}

const REFUSED: &str = "HTTP/1.1 404 Not Found\r\n\r\n<Error><Code>NoSuchUpload</Code></Error>";

#[test]
fn every_word_asks_what_it_says() {
    let e = exchange(OperationKind::UploadPart, "/b/some%20key?partNumber=5&uploadId=2~Kx", REFUSED);
    for yes in [
        "",
        "op:UploadPart",
        "op:uploadpart",
        "op:Upload*",
        "op:*part*",
        "op:HeadObject,UploadPart",
        "status:404",
        "status:4xx",
        "status:4XX",
        "status:400-499",
        "status:200,404",
        "part:5",
        "part:3-7",
        "part:5-",
        "part:-5",
        "part:1,5",
        "upload:2~k",
        "key:some",
        "key:\"some key\"",
        "client:aws",
        "method:put",
        "code:NoSuchUpload",
        "code:nosuch*",
        "error",
        "-retry",
        "-held",
        "-running",
        "ms>100",
        "ms<121",
        "ms>=120",
        "read<1KiB",
        "sent>10",
        "nosuchupload",
        "<Code>NoSuch",
        "\"user-agent: aws\"",
        "op:UploadPart status:4xx part:5 -retry error",
    ] {
        assert!(accepts(yes, &e), "{yes}");
    }
    for no in [
        "op:UploadPartCopy",
        "op:List*",
        "-op:UploadPart",
        "status:200",
        "status:none",
        "part:6-",
        "part:1-4",
        "upload:other",
        "key:b/some%20key",
        "key:SOME",
        "client:boto3",
        "method:GET",
        "code:NoSuchKey",
        "-error",
        "retry",
        "held",
        "running",
        "ms<=120",
        "ms>120 ms<120",
        "read>1KiB",
        "op:UploadPart part:6",
        "nowhere",
        "-nosuchupload",
    ] {
        assert!(!accepts(no, &e), "{no}");
    }
}

#[test]
fn states_are_told_apart() {
    let fine =
        exchange(OperationKind::CompleteMultipartUpload, "/b/k?uploadId=U", "HTTP/1.1 200 OK\r\n\r\n<Done/>");
    assert!(accepts("-error", &fine) && accepts("status:2xx", &fine));
    let inside = exchange(
        OperationKind::CompleteMultipartUpload,
        "/b/k?uploadId=U",
        "HTTP/1.1 200 OK\r\n\r\n <Error><Code>InternalError</Code></Error>",
    );
    assert!(accepts("error status:200 code:internalerror", &inside));
    let lost = Exchange {
        end: Some(End::Failed("reset".into())),
        attempt: 2,
        ..exchange(OperationKind::UploadPart, "/b/k", "")
    };
    assert!(accepts("error retry status:none -running", &lost));
    let held = Exchange { held: true, end: None, timing: Timing::default(), ..lost.clone() };
    assert!(accepts("held -running -error", &held) && !accepts("ms<1", &held) && !accepts("ms>1", &held));
    assert!(accepts("running", &Exchange { held: false, ..held }));
}

#[test]
fn an_upload_holds_the_call_that_began_it() {
    let answer = "HTTP/1.1 200 OK\r\n\r\n<R><UploadId>2~Kx9Q</UploadId></R>";
    assert!(accepts(
        "upload:2~Kx9Q",
        &exchange(OperationKind::CreateMultipartUpload, "/b/k?uploads", answer)
    ));
    assert!(!accepts("upload:2~Kx9Q", &exchange(OperationKind::HeadObject, "/b/k", answer)));
}

#[test]
fn wrong_words_are_named_with_the_choices() {
    let said = |filter: &str| filter.parse::<Filter>().unwrap_err().to_string();
    assert_eq!(
        said("op:Upl"),
        "no call is named Upl; op:*Upl* is ListMultipartUploads, CreateMultipartUpload, UploadPart, UploadPartCopy, CompleteMultipartUpload, AbortMultipartUpload"
    );
    assert!(
        "op:PutObject,op:DeleteObjects".parse::<Filter>().is_err()
            && "op:PutObject".parse::<Filter>().is_ok()
    );
    assert!(said("op:Zz").starts_with("no call is named Zz; there are ListBuckets, "));
    assert!(said("colour:red").starts_with("colour is nothing one can ask for; there are op status part "));
    assert_eq!(
        said("status:4x"),
        "4x is no status; write 404, 4xx, 200-299, or none for those without an answer"
    );
    assert!(said("status:499-400").starts_with("499-400 is no status"));
    assert_eq!(said("part:x-3"), "x-3 is no part number; write 3, 3-7, 3- or -7");
    assert_eq!(said("part:"), "part: says not what to look for; write part:3-7");
    assert_eq!(said("ms>fast"), "ms>fast: write whole milliseconds, as in ms>100");
    assert_eq!(said("ms:100"), "ms: says not what to look for; write ms>100 or read<1MiB");
    assert!(said("read>1QB").contains("is not a unit of size"));
    assert_eq!(said("\"abc"), "a quotation mark is open; \" closes it");
    assert_eq!(said("retry -"), "- stands before the word it turns about: -retry, -status:200");
}

#[test]
fn quotation_makes_a_word_a_text() {
    let e = exchange(OperationKind::HeadObject, "/b/k", "HTTP/1.1 200 OK\r\n\r\nop:x retry -y");
    assert!(accepts("\"op:x retry\"", &e) && accepts("\"retry\"", &e) && accepts("\"-y\"", &e));
    assert!(!accepts("-\"retry\"", &e) && accepts("-\"no retry\"", &e));
    assert!(accepts("\"\"", &e) && "\"\"".parse::<Filter>().unwrap().is_empty());
}

#[test]
fn a_name_on_its_way_is_no_text_yet() {
    let typed = |line: &str| Filter::being_typed(line).unwrap().text().to_owned();
    for (line, want) in [
        ("op:UploadPart s", "op:UploadPart"),
        ("op:UploadPart -stat", "op:UploadPart"),
        ("retr", ""),
        ("retry", "retry"),
        ("status", ""),
        ("status ", "status"),
        ("xyz", "xyz"),
        ("\"some s", ""),
        ("-", ""),
    ] {
        match (line.parse::<Filter>(), want) {
            (Err(_), _) => assert!(Filter::being_typed(line).is_err(), "{line}"),
            (Ok(_), want) => assert_eq!(typed(line), want, "{line}"),
        }
    }
    assert_eq!(typed("\"a s\" p"), "\"a s\"");
}

proptest! {
    #[test]
    fn a_word_and_its_contrary_divide_all(
        word in proptest::sample::select(vec![
            "op:Upload*", "status:4xx", "status:none", "part:2-3", "upload:U", "key:k", "retry", "error", "held",
            "running", "method:PUT", "code:NoSuch*", "client:sdk", "text", "sent>80",
        ]),
        part in 0_u32..5, attempt in 1_u32..3, held: bool, ended: bool, refused: bool
    ) {
        let target = format!("/b/k?partNumber={part}&uploadId=U");
        let mut e = exchange(OperationKind::UploadPart, &target, if refused { REFUSED } else { "" });
        (e.attempt, e.held) = (attempt, held);
        if !ended { e.end = None; }
        let negated = format!("-{word}");
        prop_assert!(accepts(word, &e) != accepts(&negated, &e));
        let both = [word, negated.as_str()].join(" ");
        prop_assert!(!accepts(&both, &e));
    }

    #[test]
    fn any_line_is_a_filter_or_told_why(line in "[a-z0-9:<>=*\", -]{0,24}") {
        match line.parse::<Filter>() {
            Ok(filter) => prop_assert_eq!(filter.text(), line.trim()),
            Err(why) => prop_assert!(!why.to_string().is_empty()),
        }
    }

    #[test]
    fn a_pattern_without_stars_is_the_text(text in "[ab]{0,6}", pattern in "[ab*]{0,6}") {
        prop_assert_eq!(glob(&text, &text), true);
        if !pattern.contains('*') {
            prop_assert_eq!(glob(&pattern, &text), pattern == text);
        } else {
            prop_assert!(glob(&pattern, &pattern.replace('*', "xyz")));
        }
    }
}
