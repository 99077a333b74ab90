//! Exchanges with true signatures, and what the server of another key says to them.

use partscope::domain::exchange::{Captured, End, Exchange, ExchangeId, Sender, Timing};
use partscope::domain::operation::{OperationId, OperationKind};
use partscope::domain::sigv4::{Claim, SentHead, claim, evaluate};

pub const SECRET: &str = "a secret that stays here";
const SCOPE: &str = "20261122/us-east-1/s3/aws4_request";
const KEY: &str = "SANDBOXACCESSKEY0000";

/// A request signed in its header; the body follows it as it is.
pub fn request(start: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut list: Vec<(String, String)> =
        headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let date = ("x-amz-date".to_owned(), "20261122T140000Z".to_owned());
    list.extend([date, ("host".into(), "127.0.0.1:9000".into())]);
    let mut names: Vec<String> = list.iter().map(|(n, _)| n.to_ascii_lowercase()).collect();
    names.sort();
    names.dedup();
    let stated = |signature: &str| {
        let (names, scheme) = (names.join(";"), "AWS4-HMAC-SHA256");
        format!("{scheme} Credential={KEY}/{SCOPE}, SignedHeaders={names}, Signature={signature}")
    };
    list.push(("authorization".into(), stated("0")));
    let signature = computed(start, &list, SECRET).1;
    list.last_mut().unwrap().1 = stated(&signature);
    list.push(("user-agent".into(), "test".into()));
    let lines: String = list.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
    format!("{start} HTTP/1.1\r\n{lines}\r\n{body}")
}

/// A presigned GET of an object, good for a number of seconds.
pub fn presigned(path: &str, expires: u64) -> String {
    let scope = SCOPE.replace('/', "%2F");
    let target = format!(
        "{path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={KEY}%2F{scope}&X-Amz-Date=20261122T140000Z\
         &X-Amz-Expires={expires}&X-Amz-SignedHeaders=host&X-Amz-Signature="
    );
    let headers = [("host".to_owned(), "127.0.0.1:9000".to_owned())];
    let signature = computed(&format!("GET {target}"), &headers, SECRET).1;
    format!("GET {target}{signature} HTTP/1.1\r\nhost: 127.0.0.1:9000\r\n\r\n")
}

/// What a request claims, and the signature a secret gives it.
fn computed(start: &str, headers: &[(String, String)], secret: &str) -> (Claim, String) {
    let (method, target) = start.split_once(' ').unwrap();
    let head = SentHead { method, target, headers };
    let claim = claim(&head).unwrap().unwrap();
    let signature = evaluate(&head, &claim, secret).computed;
    (claim, signature)
}

/// What a server says that got another request than was sent.
pub fn mismatch(sent: &str, arrived: &str) -> String {
    let read = |text: &str| {
        let (start, rest) = text.split_once(" HTTP/1.1\r\n").unwrap();
        let lines = rest.split("\r\n\r\n").next().unwrap();
        let pair = |l: &str| l.split_once(": ").map(|(n, v)| (n.to_owned(), v.to_owned())).unwrap();
        (start.to_owned(), lines.lines().map(pair).collect::<Vec<_>>())
    };
    let (start, headers) = read(arrived);
    let (method, target) = start.split_once(' ').unwrap();
    let head = SentHead { method, target, headers: &headers };
    let told = evaluate(&head, &claim(&head).unwrap().unwrap(), "the server's");
    let (start, headers) = read(sent);
    let provided = computed(&start, &headers, SECRET).0.signature;
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>SignatureDoesNotMatch</Code><Message>The request \
         signature we calculated does not match the signature you provided. Check your key and signing \
         method.</Message><AWSAccessKeyId>{KEY}</AWSAccessKeyId><StringToSign>{}</StringToSign>\
         <SignatureProvided>{provided}</SignatureProvided><CanonicalRequest>{}</CanonicalRequest>\
         <RequestId>R</RequestId></Error>",
        escape(&told.string_to_sign),
        escape(&told.canonical_request)
    );
    format!(
        "HTTP/1.1 403 Forbidden\r\nx-amz-request-id: R\r\nDate: Sun, 22 Nov 2026 14:00:03 GMT\r\n\
         Content-Type: application/xml\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The same as an exchange that is over.
pub fn exchange(id: u64, kind: OperationKind, request: &str, response: &str) -> Exchange {
    let captured = |text: &str| {
        let mut c = Captured::default();
        c.push(text.as_bytes());
        c
    };
    Exchange {
        id: ExchangeId(id),
        operation: OperationId(1_000 + id),
        kind: kind.into(),
        sender: Sender::Here,
        attempt: 1,
        connection: 1,
        reused: true,
        peer: "127.0.0.1:9000".into(),
        tls: None,
        request: captured(request),
        response: captured(response),
        held: false,
        timing: Timing { begun: 0, request_sent: Some(500), ended: Some(1_500), ..Timing::default() },
        end: Some(End::Complete),
    }
}
