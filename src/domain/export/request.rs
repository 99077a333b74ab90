//! One request, read from its bytes: which call it is, what it says, and what it sends.

use super::body::{self, Found};
use super::document::leaves;
use super::model::{Body, Call, Piece, Value};
use super::{answer, wire};
use crate::domain::exchange::{Captured, Exchange};
use crate::domain::message::Message;
use crate::domain::operation::PartBody;
use crate::domain::text::{cut_middle, visible_bytes};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The customer keys of a session, in the order they were met: each becomes a variable.
#[derive(Debug, Default)]
pub struct Keys(Vec<String>);

impl Keys {
    /// The variable of a key.
    fn variable(&mut self, key: &str) -> String {
        let at = self.0.iter().position(|k| k == key).unwrap_or_else(|| {
            self.0.push(key.to_owned());
            self.0.len() - 1
        });
        variable(at)
    }

    /// All variables.
    pub fn variables(&self) -> Vec<String> {
        (0..self.0.len()).map(variable).collect()
    }
}

fn variable(at: usize) -> String {
    if at == 0 { "SSE_C_KEY_BASE64".into() } else { format!("SSE_C_KEY_{}_BASE64", at + 1) }
}

/// The variable that holds a key's MD5 in base64, beside the key's own.
pub fn md5_variable(key: &str) -> String {
    key.replace("_BASE64", "_MD5_BASE64")
}

/// A capture in one piece as far as it is at hand from its beginning.
pub fn bytes(captured: &Captured) -> Cow<'_, [u8]> {
    match captured.joined() {
        Some(joined) => Cow::Owned(joined.head),
        None => Cow::Borrowed(&captured.head),
    }
}

/// A call, and the file its body has to be read from, if it has to.
#[derive(Debug)]
pub struct Request {
    /// The call.
    pub call: Call,
    /// Path if it is known, first byte, how many.
    pub file: Option<(Option<String>, u64, u64)>,
    /// Of a list of parts that was not kept whole: the elements its entries have.
    pub cut_list: Option<BTreeSet<String>>,
}

/// Reads a request. `Err` says why it cannot be in a script.
pub fn read(
    exchange: &Exchange,
    endpoint: &str,
    keys: &mut Keys,
    known: Option<&PartBody>,
) -> Result<Request, String> {
    let all = bytes(&exchange.request);
    let message = Message::read(&all);
    let line = message.request_line().filter(|_| message.head().is_some_and(|h| h.whole));
    let line = line.ok_or("its head was not kept whole")?;
    let method = message.text(&line.method).ok_or("its method is no text")?.to_owned();
    let (bucket, key) =
        wire::locate(message.header("host").unwrap_or(""), endpoint, message.slice(&line.path));
    let mut headers = said(&message);
    headers.extend(trailing_checksum(&message, &exchange.request));
    let mut query = Vec::new();
    for p in &line.parameters {
        let pair = (wire::decoded(message.slice(&p.name)), wire::decoded(message.slice(&p.value)));
        let name = String::from_utf8_lossy(&pair.0).into_owned();
        match name.to_ascii_lowercase() {
            _ if wire::is_of_signature(&name) || name == "x-id" => {}
            // A presigned URL says headers in its query.
            lower if lower.starts_with("x-amz-") && wire::matters(&lower) => headers.push((lower, pair.1)),
            _ => query.push(pair),
        }
    }
    let copies = headers.iter().any(|(n, _)| n == "x-amz-copy-source");
    let row = wire::call_of(&method, (bucket.is_some(), key.is_some()), &query, copies);
    let path = cut_middle(&visible_bytes(message.slice(&line.path)), 60);
    let name = row.map_or_else(|| format!("{method} {path}"), |r| r.name.clone());
    let mut notes = Vec::new();
    let (body, file) = match read_body(&name, &message, &exchange.request, known)? {
        Found::Body(body) => (body, None),
        Found::Likely(body) => {
            notes.push(
                "the bytes that were kept of its body follow the rule of generated ones; not all were kept"
                    .into(),
            );
            (body, None)
        }
        Found::File(path, offset, len) => (Body::File { slot: 0, offset: 0, len }, Some((path, offset, len))),
    };
    let answered = bytes(&exchange.response);
    let call = Call {
        number: 0,
        answer: answer::read(&name, &Message::read(&answered)),
        name,
        row,
        method,
        bucket,
        key,
        query: query.into_iter().map(|(n, v)| (n, Value::of(v))).collect(),
        headers: with_secrets(headers, keys),
        body,
        gives: BTreeSet::new(),
        notes,
    };
    let cut_list = (call.name == "CompleteMultipartUpload" && call.body == Body::Empty)
        .then(|| leaves(&message.payload().bytes).0)
        .map(|found| found.into_iter().filter_map(|l| l.path.last().cloned()).collect());
    Ok(Request { call, file, cut_list })
}

fn read_body(
    name: &str,
    message: &Message<'_>,
    captured: &Captured,
    known: Option<&PartBody>,
) -> Result<Found, String> {
    match name {
        "UploadPart" | "PutObject" => Ok(body::data(message, captured, known)),
        // What was not kept of the list is made of the parts; whoever calls sees to it.
        "CompleteMultipartUpload" => Ok(Found::Body(body::parts(message).unwrap_or(Body::Empty))),
        "PutObjectTagging" => body::tags(message).map(Found::Body).ok_or("its tags cannot be read".into()),
        _ => match body::data(message, captured, None) {
            Found::File(..) => Err("its body was not kept whole".into()),
            Found::Likely(_) => Err("its body was not kept whole".into()),
            found => Ok(found),
        },
    }
}

/// The headers that say something to S3, each name once.
fn said(message: &Message<'_>) -> Vec<(String, Vec<u8>)> {
    let mut out: Vec<(String, Vec<u8>)> = Vec::new();
    for field in message.head().map(|h| h.fields.as_slice()).unwrap_or_default() {
        let Some(name) = message.text(&field.name).map(str::to_ascii_lowercase) else { continue };
        if !wire::matters(&name) {
            continue;
        }
        let mut value = message.slice(&field.value).to_vec();
        if name == "content-encoding" {
            value = without_framing(&value);
            if value.is_empty() {
                continue;
            }
        }
        match out.iter_mut().find(|(n, _)| *n == name) {
            Some((_, earlier)) => {
                earlier.push(b',');
                earlier.extend(value);
            }
            None => out.push((name, value)),
        }
    }
    out
}

/// `Content-Encoding` without the framing of the body, which every client makes anew.
fn without_framing(value: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(value);
    let rest = text.split(',').map(str::trim).filter(|t| !t.eq_ignore_ascii_case("aws-chunked"));
    rest.collect::<Vec<_>>().join(",").into_bytes()
}

/// The checksum that came after the body, as if it had been a header.
fn trailing_checksum(message: &Message<'_>, captured: &Captured) -> Option<(String, Vec<u8>)> {
    let name = message.header("x-amz-trailer")?.trim().to_ascii_lowercase();
    let body = if captured.missing() > 0 { &captured.tail } else { message.body_bytes() };
    let end = body.get(body.len().saturating_sub(1024)..)?;
    let mark = format!("\r\n{name}:");
    let at = end.windows(mark.len()).rposition(|w| w.eq_ignore_ascii_case(mark.as_bytes()))? + mark.len();
    let rest = end.get(at..)?;
    let value = rest.get(..rest.iter().position(|b| *b == b'\r')?)?;
    name.starts_with("x-amz-checksum-").then(|| (name, value.trim_ascii().to_vec()))
}

/// Puts variables in the place of customer keys and their digests.
fn with_secrets(headers: Vec<(String, Vec<u8>)>, keys: &mut Keys) -> Vec<(String, Value)> {
    let key_of = |start: &str| {
        let name = format!("{start}-customer-key");
        headers.iter().find(|(n, _)| *n == name).map(|(_, v)| String::from_utf8_lossy(v).into_owned())
    };
    let mut out = Vec::new();
    for (name, value) in &headers {
        let secret = |text: String| Value(vec![Piece::Secret(text)]);
        let value = match name.strip_suffix("-customer-key-md5").map(key_of) {
            _ if wire::is_customer_key(name) => secret(keys.variable(&String::from_utf8_lossy(value))),
            Some(Some(key)) => secret(md5_variable(&keys.variable(&key))),
            _ => Value::of(value.clone()),
        };
        out.push((name.clone(), value));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::model::What;
    use super::*;

    fn call(request: &str) -> Call {
        let exchange = Exchange::example(request.as_bytes(), b"HTTP/1.1 200 OK\r\nETag: \"e\"\r\n\r\n");
        read(&exchange, "h:1", &mut Keys::default(), None).unwrap().call
    }

    #[test]
    fn signatures_and_what_clients_write_themselves_are_not_said() {
        let c = call(
            "PUT /b/a%20k?partNumber=1&uploadId=U%2F1&x-id=UploadPart HTTP/1.1\r\nhost: h:1\r\ncookie: s3cret\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=s3cret\r\nx-amz-security-token: s3cret\r\namz-sdk-request: a=1\r\n\
             content-encoding: aws-chunked\r\nx-amz-trailer: x-amz-checksum-crc32\r\nx-amz-decoded-content-length: 1\r\n\
             content-length: 9\r\n\r\n1\r\na\r\n0\r\nx-amz-checksum-crc32:6LfVRw==\r\n\r\n",
        );
        assert_eq!((c.name.as_str(), c.key.as_deref()), ("UploadPart", Some(&b"a k"[..])));
        assert_eq!(c.headers, [("x-amz-checksum-crc32".to_owned(), Value::of("6LfVRw=="))]);
        assert_eq!(c.query.len(), 2);
        assert_eq!(c.body, Body::Bytes(b"a".to_vec()));
        assert_eq!(c.answer.as_ref().unwrap().told, [(What::ETag, "\"e\"".to_owned())]);
        assert!(!format!("{c:?}").contains("s3cret"));
        assert_eq!(c.unsaid(), [] as [String; 0]);
    }

    #[test]
    fn customer_keys_become_variables() {
        let c = call(
            "HEAD /b/k HTTP/1.1\r\nhost: h:1\r\nx-amz-server-side-encryption-customer-algorithm: AES256\r\n\
             x-amz-server-side-encryption-customer-key: s3cret\r\nx-amz-server-side-encryption-customer-key-md5: m\r\n\r\n",
        );
        let secret = |i: usize| c.headers[i].1.0.clone();
        assert_eq!(secret(1), [Piece::Secret("SSE_C_KEY_BASE64".into())]);
        assert_eq!(secret(2), [Piece::Secret("SSE_C_KEY_MD5_BASE64".into())]);
        assert!(!format!("{c:?}").contains("s3cret"));
    }

    #[test]
    fn a_presigned_url_is_an_ordinary_call() {
        let c = call(
            "GET /b/k?versionId=v&X-Amz-Signature=s3cret&X-Amz-Credential=c&X-Amz-Checksum-Mode=ENABLED HTTP/1.1\r\nhost: h:1\r\n\r\n",
        );
        assert_eq!(c.name, "GetObject");
        assert_eq!(c.query, [(b"versionId".to_vec(), Value::of("v"))]);
        assert_eq!(c.headers, [("x-amz-checksum-mode".to_owned(), Value::of("ENABLED"))]);
        assert!(!format!("{c:?}").contains("s3cret"));
    }

    #[test]
    fn half_a_head_is_no_call() {
        let half = Exchange::example(b"GET /b/k HTTP/1.1\r\nhost: h", b"");
        assert!(read(&half, "h", &mut Keys::default(), None).unwrap_err().contains("head"));
    }
}
