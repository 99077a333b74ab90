//! What a call without output means, from the record of the call.

use super::error::{has_document, refusal};
use super::foreign::root_name;
use super::send::Failure;
use super::stamp::{Answer, CallRecord};
use crate::domain::operation::OperationKind;
use crate::domain::outcome::{Outcome, ServiceError, TransportError};
use crate::domain::units::grouped;

/// The outcome of a call that failed, signed for `region`.
pub(super) fn judge(kind: OperationKind, failure: Failure, record: &CallRecord, region: &str) -> Outcome {
    let answer = record.answer();
    let status = answer.status.unwrap_or(0);
    match failure {
        Failure::Broken(message) => return Outcome::Lost(TransportError { message, maybe_sent: true }),
        Failure::Unusable(code, message) => return refused(status, code, message),
        _ => {}
    }
    if let Some(read) = answer.foreign {
        return refused(status, unknown(kind), not_known(kind, read, &answer));
    }
    // Any proxy on the way may say 5xx without a word of S3's, whatever S3 did behind it.
    if status >= 500 && kind.writes() && !has_document(&answer.body) {
        let message = format!("the server answered {status} without saying whether anything was done");
        return Outcome::Lost(TransportError { message, maybe_sent: true });
    }
    if let Some(mut error) = answer.status.and_then(|s| refusal(s, &answer.headers(), &answer.body)) {
        let more = delete_marker(&error, &answer).or_else(|| way_out(&error, &answer, region));
        if let Some(way_out) = more {
            let glue = if error.message.is_empty() { "" } else { "; " };
            error.message = format!("{}{glue}{way_out}", error.message);
        }
        return Outcome::Refused(error);
    }
    let lost = |message: String| {
        let message = match message.contains("loading credentials") {
            true => format!(
                "{message}; name credentials with --profile or AWS_ACCESS_KEY_ID, or use --no-sign-request"
            ),
            false => message,
        };
        Outcome::Lost(TransportError { message, maybe_sent: record.was_sent() })
    };
    match failure {
        Failure::NoResult(element, true) => lost(format!("S3 answered {status} without {element}")),
        Failure::NoResult(element, false) => {
            refused(status, "NoResult", format!("the answer has no {element}: nothing was copied"))
        }
        Failure::Sdk(text) if answer.whole => lost(no_result(status, &answer.body, &text)),
        Failure::Sdk(text) => lost(text),
        Failure::Broken(text) | Failure::Unusable(_, text) => lost(text),
        Failure::Local(message) => Outcome::Lost(TransportError { message, maybe_sent: false }),
    }
}

fn refused(status: u16, code: &str, message: String) -> Outcome {
    Outcome::Refused(ServiceError {
        status,
        code: code.into(),
        message,
        request_id: None,
        detail: Vec::new(),
    })
}

/// What a server did that ignores a sub-resource: how much it announced, and how much of that was read.
fn not_known(kind: OperationKind, read: u64, answer: &Answer) -> String {
    let announced = answer.header("content-length").and_then(|value| value.trim().parse().ok()).map(grouped);
    let of = announced.map_or_else(String::new, |n| format!(" of {n}"));
    let instead = match kind {
        OperationKind::ListObjectVersions => "something else",
        _ => "the object itself",
    };
    if answer.whole {
        return format!("the server does not know {kind}: it sent {instead}, a document too");
    }
    format!(
        "the server does not know {kind}: it began to send {instead}; \
         the connection was closed after {}{of} bytes",
        grouped(read)
    )
}

/// A name for "this server ignores that sub-resource".
fn unknown(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::GetObjectTagging => "NoTagging",
        OperationKind::GetObjectAcl => "NoAcl",
        OperationKind::ListParts => "NoParts",
        OperationKind::ListObjectVersions => "NoVersions",
        _ => "NoAttributes",
    }
}

/// An answer that came whole and is not what was asked for: say what it is rather than what a parser missed.
fn no_result(status: u16, body: &[u8], text: &str) -> String {
    let text = text.trim_end_matches(" This is likely a bug in the SDK.");
    match root_name(body) {
        Some(root) if !text.contains("invalid XML root") && !text.contains("no root element") => {
            format!("the server answered {status} with a <{root}> document that cannot be read: {text}")
        }
        Some(root) => {
            format!("the server answered {status} with a <{root}> document, which is no result of this call")
        }
        None if body.trim_ascii().is_empty() => format!("the server answered {status} with nothing in it"),
        None if !body.trim_ascii_start().starts_with(b"<") => {
            format!("the server answered {status} with something that is not XML")
        }
        None => format!("the server answered {status} with something that is no result: {text}"),
    }
}

/// What the refusal does not say by itself: that a delete marker stands where an object was looked for.
fn delete_marker(error: &ServiceError, answer: &Answer) -> Option<String> {
    let marked = answer.header("x-amz-delete-marker").is_some_and(|value| value.trim() == "true");
    match (marked, error.status) {
        (true, 404) => Some("the current version is a delete marker; older versions may be there".into()),
        (true, 405) => Some("this version is a delete marker, which has no bytes and no headers".into()),
        _ => None,
    }
}

/// How to reach a bucket that lives elsewhere: its region, or where the server points.
fn way_out(error: &ServiceError, answer: &Answer, region: &str) -> Option<String> {
    if !matches!(error.status, 301 | 302 | 307 | 308 | 400 | 403) {
        return None;
    }
    let detail = |name: &str| error.detail.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    let lives = detail("Region").or_else(|| answer.header("x-amz-bucket-region"));
    match lives.filter(|lives| !lives.is_empty() && lives != region) {
        Some(lives) => Some(format!("the bucket lives in {lives}; use --region {lives}")),
        None if error.status >= 400 => None,
        None => {
            let place = detail("Endpoint").or_else(|| answer.header("location"))?;
            Some(format!(
                "the server points to {place}; redirects are not followed, name it with --endpoint-url"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, headers: &[(&str, &str)], body: &[u8]) -> String {
        let record = CallRecord::default();
        record.note(|answer| {
            answer.status = Some(status);
            let lines: String = headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
            answer.heads = format!("HTTP/1.1 {status} Status\r\n{lines}\r\n").into_bytes();
            answer.body = body.to_vec();
            answer.whole = true;
        });
        judge(OperationKind::HeadObject, Failure::Sdk("invalid XML root".into()), &record, "us-east-1")
            .summary()
    }

    #[test]
    fn a_bucket_elsewhere_is_named_with_the_way_there() {
        for (status, headers, body) in [
            (301, &[("x-amz-bucket-region", "eu-west-1")][..], &b""[..]),
            (307, &[("X-Amz-Bucket-Region", "eu-west-1"), ("Location", "http://elsewhere/")], b""),
            (
                400,
                &[],
                b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong</Message><Region>eu-west-1</Region></Error>",
            ),
        ] {
            let said = of(status, headers, body);
            assert!(said.contains("the bucket lives in eu-west-1; use --region eu-west-1"), "{said}");
        }
        let said = of(302, &[("Location", "https://login.example/")], b"<html></html>");
        assert!(said.contains("points to https://login.example/"), "{said}");
        let same = of(403, &[("x-amz-bucket-region", "us-east-1")], b"");
        assert_eq!(same, "Forbidden (403)");
    }

    #[test]
    fn s3_149_a_delete_marker_is_named_where_an_object_was_looked_for() {
        let marked = &[("x-amz-delete-marker", "true")][..];
        assert_eq!(
            of(404, marked, b""),
            "NotFound (404): the current version is a delete marker; older versions may be there"
        );
        assert!(of(405, marked, b"").contains("this version is a delete marker"));
        assert!(!of(404, &[], b"").contains("marker"));
    }

    #[test]
    fn a_server_error_without_a_document_settles_a_read_but_not_a_write() {
        let of = |kind, body: &[u8]| {
            let record = CallRecord::default();
            record.note(|answer| (answer.status, answer.whole) = (Some(502), true));
            record.body(body);
            judge(kind, Failure::Sdk("unhandled".into()), &record, "us-east-1")
        };
        for body in [&b""[..], b"<html>bad gateway</html>"] {
            let Outcome::Lost(lost) = of(OperationKind::CompleteMultipartUpload, body) else {
                panic!("believed")
            };
            assert!(lost.maybe_sent && lost.message.contains("502"), "{lost}");
            assert!(matches!(of(OperationKind::HeadObject, body), Outcome::Refused(_)));
        }
        let said = b"<Error><Code>InternalError</Code></Error>";
        assert!(matches!(of(OperationKind::CompleteMultipartUpload, said), Outcome::Refused(_)));
    }

    #[test]
    fn an_object_that_came_whole_is_said_to_have_been_sent() {
        let record = CallRecord::default();
        record.note(|answer| (answer.status, answer.whole, answer.foreign) = (Some(200), true, Some(80)));
        let kind = OperationKind::GetObjectAttributes;
        let said = judge(kind, Failure::Sdk(String::new()), &record, "us-east-1").summary();
        assert!(
            said.contains("NoAttributes") && said.ends_with("it sent the object itself, a document too"),
            "{said}"
        );
    }

    #[test]
    fn an_answer_that_is_no_result_is_named_for_what_it_is() {
        assert!(of(200, &[], b"<html><body/></html>").contains("<html> document"));
        assert!(of(200, &[], b"").contains("nothing in it"));
        assert!(of(200, &[], b"hello").contains("not XML"));
    }
}
