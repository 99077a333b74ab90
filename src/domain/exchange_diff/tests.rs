use super::*;
use crate::domain::exchange::{Exchange, ExchangeId, Timing};
use crate::domain::operation::{OperationId, OperationKind};
use proptest::prelude::*;

pub(super) fn exchange(id: u64, kind: OperationKind, request: &[u8], response: &[u8]) -> Exchange {
    let timing = Timing { ended: Some(id), ..Timing::default() };
    let (id, operation, kind) = (ExchangeId(id), OperationId(id), kind.into());
    Exchange { id, operation, kind, reused: true, timing, ..Exchange::example(request, response) }
}

fn pair(old: (&str, &str), new: (&str, &str)) -> ExchangeDiff {
    let of = |id, (request, response): (&str, &str)| {
        exchange(id, OperationKind::ListParts, request.as_bytes(), response.as_bytes())
    };
    ExchangeDiff::of(&of(1, old), &of(2, new), false)
}

/// Every change that matters, as `verdict what`.
fn told(diff: &ExchangeDiff) -> Vec<String> {
    diff.changes().filter(|(_, c)| c.matters()).map(|(_, c)| format!("{:?} {}", c.verdict, c.what)).collect()
}

const AUTH: &str = "authorization: AWS4-HMAC-SHA256 Credential=SANDBOXACCESSKEY0000/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=";

#[test]
fn what_always_differs_is_kept_apart() {
    let request = |sig: &str, range: &str, number: u8| {
        format!(
            "PUT /b/k?partNumber={number}&uploadId=U HTTP/1.1\r\nx-amz-date: {sig}\r\nhost: h\r\n\
             x-amz-copy-source-range: {range}\r\n{AUTH}{sig}\r\n\r\n"
        )
    };
    let (a, b) = (request("aa", "bytes=0-4", 1), request("bb", "bytes=5-9", 2));
    let diff = pair((&a, ""), (&b, ""));
    assert_eq!(told(&diff), ["Changed ?partNumber", "Changed x-amz-copy-source-range"]);
    let section = &diff.sections[0];
    assert_eq!(section.changes.len(), 4, "{section:?}");
    assert!(section.changes[2].each_time && section.changes[3].each_time);
    let range = &section.changes[1];
    let (old, new) = (range.old.as_ref().unwrap(), range.new.as_ref().unwrap());
    assert_eq!((old.text.as_str(), new.text.as_str()), ("bytes=0-4", "bytes=5-9"));
    let at = usize::try_from(new.at.start).unwrap()..usize::try_from(new.at.end).unwrap();
    assert_eq!(&b.as_bytes()[at], b"x-amz-copy-source-range: bytes=5-9");
}

#[test]
fn other_signed_headers_are_no_each_time_difference() {
    let of = |signed: &str| {
        format!(
            "GET / HTTP/1.1\r\nauthorization: AWS4-HMAC-SHA256 SignedHeaders={signed}, Signature=ab\r\n\r\n"
        )
    };
    let diff = pair((&of("host"), ""), (&of("host;range"), ""));
    assert_eq!(told(&diff), ["Changed authorization"]);
    let diff = pair(("GET / HTTP/1.1\r\n\r\n", ""), (&of("host"), ""));
    assert_eq!(told(&diff), ["Added authorization"]);
}

#[test]
fn a_changed_secret_is_told_and_not_shown() {
    let of = |token: &str| {
        (
            format!("GET /?X-Amz-Security-Token={token} HTTP/1.1\r\nx-amz-security-token: {token}\r\n\r\n"),
            format!("HTTP/1.1 400 Bad Request\r\n\r\n<Error><Token-0>{token}</Token-0></Error>"),
        )
    };
    let (a, b) = (of("canary1"), of("canary2"));
    let diff = pair((&a.0, &a.1), (&b.0, &b.1));
    assert_eq!(
        told(&diff),
        ["Changed ?X-Amz-Security-Token", "Changed x-amz-security-token", "Changed <Error/Token-0>"]
    );
    assert!(!format!("{diff:?}").contains("canary"));
}

#[test]
fn what_was_masked_when_it_was_written_down_is_not_known_to_be_the_same() {
    let of = |id, token: &str, signed: &str| {
        let request = format!(
            "GET /?X-Amz-Signature={token} HTTP/1.1\r\nx-amz-security-token: {token}\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=SANDBOXACCESSKEY0000/x, SignedHeaders={signed}, Signature={token}\r\n\r\n"
        );
        let answer = format!(
            "HTTP/1.1 400 Bad Request\r\n\r\n<Error><Code>C</Code><Token-0>{token}</Token-0></Error>"
        );
        let e = exchange(id, OperationKind::ListParts, request.as_bytes(), answer.as_bytes());
        crate::domain::mask::exchange(&e)
    };
    let not_known = |diff: &ExchangeDiff| -> Vec<String> {
        let all = diff.changes().filter(|(_, c)| c.verdict == Verdict::NotKnown);
        all.map(|(_, c)| c.what.to_string()).collect()
    };
    let diff = ExchangeDiff::of(&of(1, "aaaa", "host"), &of(2, "bbbb", "host"), false);
    assert!(told(&diff).is_empty(), "{:?}", told(&diff));
    assert_eq!(
        not_known(&diff),
        ["x-amz-security-token", "?X-Amz-Signature", "authorization", "<Error/Token-0>"]
    );
    let diff = ExchangeDiff::of(&of(1, "aaaa", "host"), &of(2, "bbbb", "host;range"), false);
    assert_eq!(told(&diff), ["Changed authorization"]);
}

#[test]
fn parts_are_told_apart_by_their_number() {
    let list = |parts: &[(u32, &str)]| {
        let parts: String = parts
            .iter()
            .map(|(n, etag)| format!("<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>"))
            .collect();
        format!("HTTP/1.1 200 OK\r\n\r\n<ListPartsResult><Key>k</Key>{parts}</ListPartsResult>")
    };
    let diff =
        pair(("", &list(&[(1, "a"), (2, "b"), (4, "d")])), ("", &list(&[(2, "B"), (3, "c"), (4, "d")])));
    assert_eq!(
        told(&diff),
        [
            "Gone <ListPartsResult/Part[1]>",
            "Changed <ListPartsResult/Part[2]/ETag>",
            "Added <ListPartsResult/Part[3]>"
        ]
    );
    let gone = &diff.sections[1].changes[0];
    assert_eq!(gone.old.as_ref().unwrap().text, "PartNumber 1, ETag a");
    let diff = pair(("", &list(&[(1, "a"), (2, "b")])), ("", &list(&[(2, "b"), (1, "a")])));
    assert_eq!(told(&diff), ["Changed order within <ListPartsResult>"]);
}

#[test]
fn what_was_not_kept_is_neither_gone_nor_new() {
    let list = |n: usize| {
        let part = |i| format!("<Part><PartNumber>{i}</PartNumber><ETag>&quot;{i:032}&quot;</ETag></Part>\n");
        let parts: String = (1..=n).map(part).collect();
        format!("HTTP/1.1 200 OK\r\n\r\n<ListPartsResult>{parts}</ListPartsResult>")
    };
    // The first list is whole; of the second one the middle is not kept.
    let diff = pair(("", &list(3)), ("", &list(2000)));
    let what: Vec<_> = diff.sections[1].changes.iter().map(|c| (c.verdict, c.what.clone())).collect();
    assert!(what.iter().filter(|(v, _)| *v == Verdict::Added).count() > 500, "those that were kept");
    let diff = pair(("", &list(2000)), ("", &list(3)));
    assert!(diff.sections[1].changes.iter().filter(|c| c.verdict == Verdict::Gone).count() > 500);
    let diff = pair(("", &list(1500)), ("", &list(2000)));
    let elements = |w: &What| matches!(w, What::Element(p) if p.contains("Part["));
    assert!(!diff.changes().any(|(_, c)| elements(&c.what)), "{:?}", told(&diff));
    assert_eq!(told(&diff), ["Changed body"]);
    let same = pair(("", &list(2000)), ("", &list(2000)));
    assert_eq!(same.sections[1].changes[0].verdict, Verdict::NotKnown);
    assert!(same.sections[1].mattering() == 0);
}

#[test]
fn order_is_one_change_and_repeated_headers_keep_their_places() {
    let diff = pair(
        ("GET /?a=1&b=2 HTTP/1.1\r\nX: 1\r\nY: 2\r\nX: 3\r\n\r\n", ""),
        ("GET /?b=2&a=1 HTTP/1.1\r\nY: 2\r\nX: 1\r\nX: 4\r\n\r\n", ""),
    );
    assert_eq!(
        told(&diff),
        ["Changed order of the query parameters", "Changed order of the headers", "Changed x"]
    );
    assert_eq!(diff.sections[0].changes[2].nth, 1);
}

#[test]
fn what_cannot_be_seen_of_a_difference_is_told() {
    let diff = pair(
        ("GET /?a&X-Amz-Security-Token=s HTTP/1.1\r\nX: 1\r\n\r\n", ""),
        ("GET /?a=&X-Amz-Security-Token=t HTTP/1.1\r\nx: 1\r\n\r\n", ""),
    );
    let notes: Vec<_> = diff.sections[0].changes.iter().map(|c| c.note.as_str()).collect();
    assert_eq!(
        notes,
        ["once with = and once without", "what differs is masked", "its name is in other letter case"]
    );
    let shown: Vec<_> = lines(&diff, 80).into_iter().map(|l| l.text).collect();
    assert_eq!(shown[3], "~ x  1  (its name is in other letter case)");
}

#[test]
fn only_white_space_differs() {
    let diff = pair(("GET / HTTP/1.1\r\nX: 1\r\n\r\n", ""), ("GET / HTTP/1.1\r\nX:1\r\n\r\n", ""));
    assert_eq!(told(&diff), ["Changed layout"]);
    assert_eq!(diff.sections[0].changes[0].old.as_ref().unwrap().at.start, 18);
}

#[test]
fn bodies_that_are_no_documents_are_compared_as_bytes() {
    let of = |body: &str| format!("PUT /b/k HTTP/1.1\r\n\r\n{body}");
    let (a, b) = (of("hello world"), of("hello there"));
    let diff = pair((&a, ""), (&b, ""));
    let change = &diff.sections[0].changes[0];
    assert_eq!((change.verdict, &change.what), (Verdict::Changed, &What::Body));
    assert_eq!(change.note, "first difference at byte 6 of the body");
    let start = usize::try_from(change.new.as_ref().unwrap().at.start).unwrap();
    assert_eq!(&b.as_bytes()[start..], b"there");
    assert!(change.old.as_ref().unwrap().text.starts_with("11 bytes, SHA-256 "));
}

#[test]
fn chunk_signatures_differ_each_time_and_sizes_do_not() {
    let of = |sig: &str, size: &str, body: &str| {
        format!(
            "PUT /b/k HTTP/1.1\r\ncontent-encoding: aws-chunked\r\n\r\n{size};chunk-signature={sig}\r\n{body}\r\n\
             0;chunk-signature={sig}\r\nx-amz-checksum-crc32:AAAA\r\nx-amz-trailer-signature:{sig}\r\n\r\n"
        )
    };
    let diff = pair((&of("ab", "3", "xyz"), ""), (&of("cd", "3", "xyz"), ""));
    assert!(told(&diff).is_empty(), "{:?}", told(&diff));
    assert_eq!(diff.sections[0].changes.len(), 2);
    let diff = pair((&of("ab", "3", "xyz"), ""), (&of("cd", "2", "xy"), ""));
    assert_eq!(told(&diff), ["Changed chunks", "Changed body"]);
    assert!(!format!("{diff:?}").contains("\"ab\""));
}

#[test]
fn the_previous_of_a_kind_is_the_nearest() {
    let part = |id, number: u32, upload: &str| {
        let request = format!("PUT /b/k?partNumber={number}&uploadId={upload} HTTP/1.1\r\nhost: h\r\n\r\n");
        exchange(id, OperationKind::UploadPart, request.as_bytes(), b"")
    };
    let retry = Exchange { operation: OperationId(4), attempt: 2, ..part(5, 2, "U") };
    let elsewhere = exchange(
        6,
        OperationKind::UploadPart,
        b"PUT /b/other?partNumber=1&uploadId=W HTTP/1.1\r\nhost: h\r\n\r\n",
        b"",
    );
    let all = [part(1, 1, "V"), part(2, 1, "U"), part(3, 9, "UU"), part(4, 2, "U"), retry, elsewhere];
    let before = |of: &Exchange| previous_of_kind(of, all.iter().rev().filter(|e| e.id < of.id));
    assert_eq!(before(&all[0]), None);
    assert_eq!(before(&all[1]), Some((ExchangeId(1), Kinship::Target)));
    assert_eq!(before(&all[3]), Some((ExchangeId(2), Kinship::Upload)));
    assert_eq!(before(&all[4]), Some((ExchangeId(4), Kinship::Attempt)));
    assert_eq!(before(&all[5]), Some((ExchangeId(5), Kinship::Call)));
    let after = next_of_kind(&all[1], all.iter().filter(|e| e.id > all[1].id));
    assert_eq!(after, Some((ExchangeId(4), Kinship::Upload)));
}

#[test]
fn lines_say_what_matters_first() {
    let diff = pair(
        ("GET /?partNumber=1 HTTP/1.1\r\ndate: a\r\nold: x\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"),
        ("GET /?partNumber=2 HTTP/1.1\r\ndate: b\r\nnew: y\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"),
    );
    let text = |cells| lines(&diff, cells).into_iter().map(|l| l.text).collect::<Vec<_>>();
    assert_eq!(
        text(80)[..7],
        [
            "request: 1 changed, 1 new, 1 gone, 1 as each time, 3 the same",
            "~ ?partNumber  1 → 2",
            "+ new  y",
            "- old  x",
            "  differs in any two exchanges:",
            "~ date  a → b",
            "response: 1 the same",
        ]
    );
    assert_eq!(text(16)[1..4], ["~ ?partNumber", "    was 1", "    is  2"]);
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        proptest::sample::select(
            [
                "GET /b/k?a=1&b HTTP/1.1\r\n",
                "HTTP/1.1 200 OK\r\n",
                "HTTP/1.1 100 Continue\r\n\r\n",
                "X: 1\r\n",
                "x: 2\r\n",
                "date: q\r\n",
                "\r\n",
                "\r\n\r\n",
                "<A>",
                "</A>",
                "<Part>",
                "</Part>",
                "<PartNumber>1</PartNumber>",
                "<PartNumber>2</PartNumber>",
                "<Token>s</Token>",
                "3\r\nabc\r\n",
                "0\r\n\r\n",
                "transfer-encoding: chunked\r\n",
                "content-encoding: aws-chunked\r\n",
                "&quot;",
                "3;chunk-signature=ab\r\nabc\r\n",
                "é",
                "<!-- c -->",
                "<B a='1>'/>",
            ]
            .map(str::to_owned)
            .to_vec()
        ),
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(piece(), 0..14).prop_map(|p| p.concat().into_bytes())
}

proptest! {
    #[test]
    fn nothing_differs_from_itself(a in bytes(), b in bytes()) {
        let e = exchange(1, OperationKind::ListParts, &a, &b);
        let diff = ExchangeDiff::of(&e, &e, false);
        prop_assert!(diff.sections.iter().all(|s| s.changes.is_empty()), "{:?}", diff);
    }

    #[test]
    fn other_bytes_are_always_told(a in bytes(), b in bytes()) {
        let of = |bytes: &[u8]| exchange(1, OperationKind::ListParts, bytes, b"");
        let diff = ExchangeDiff::of(&of(&a), &of(&b), false);
        prop_assert_eq!(diff.is_empty(), a == b, "{:?}", diff);
    }

    #[test]
    fn the_other_way_round_it_is_the_same_turned_about(a in bytes(), b in bytes()) {
        let of = |bytes: &[u8]| exchange(1, OperationKind::ListParts, bytes, b"");
        let (a, b) = (of(&a), of(&b));
        let key = |c: &Change, turned: bool| {
            let verdict = match (c.verdict, turned) {
                (Verdict::Added, true) => Verdict::Gone,
                (Verdict::Gone, true) => Verdict::Added,
                (v, _) => v,
            };
            let (old, new) = (format!("{:?}", c.old), format!("{:?}", c.new));
            let (old, new) = if turned { (new, old) } else { (old, new) };
            format!("{:?} {} {verdict:?} {old} {new}", c.what, c.nth)
        };
        let keys = |d: &ExchangeDiff, turned| {
            let mut all: Vec<String> = d.sections[0].changes.iter().map(|c| key(c, turned)).collect();
            all.sort();
            (all, d.sections[0].same)
        };
        let (there, back) = (ExchangeDiff::of(&a, &b, false), ExchangeDiff::of(&b, &a, false));
        prop_assert_eq!(keys(&there, false), keys(&back, true));
    }

    #[test]
    fn places_lie_in_the_bytes(a in bytes(), b in bytes()) {
        let of = |bytes: &[u8]| exchange(1, OperationKind::ListParts, bytes, b"");
        let diff = ExchangeDiff::of(&of(&a), &of(&b), false);
        for change in &diff.sections[0].changes {
            for (value, bytes) in [(&change.old, &a), (&change.new, &b)] {
                let Some(value) = value else { continue };
                prop_assert!(value.at.start <= value.at.end && value.at.end <= bytes.len() as u64, "{:?}", change);
            }
        }
        for line in lines(&diff, 60) {
            prop_assert!(!line.text.chars().any(|c| c.is_control() || crate::domain::text::hides(c)));
        }
    }
}
