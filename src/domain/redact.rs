//! What is masked on screen, in logs and in exports, unless the user asks to see it.
//!
//! Masking is by header name, query parameter and element name, on the bytes themselves, so that it cannot
//! depend on who sent them. S3 repeats what it was sent in some error documents, so bodies are masked too.

use std::ops::Range;

/// Header names (lower case) whose value is secret or lets somebody else act.
const SECRET_HEADERS: [&str; 6] = [
    "x-amz-security-token",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];

/// Query parameters (lower case) that are secret.
const SECRET_QUERY: [&str; 2] = ["x-amz-signature", "x-amz-security-token"];

/// Signatures in the framing of a body (lower case). They cannot be replayed alone, but they are signatures.
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";
const CHUNK_SIGNATURE: &str = "chunk-signature";

/// Secret in parts only where it is a header; where a body repeats one, all of it is masked.
const AUTHORIZATION: &str = "authorization";

/// What stands in place of a masked value.
pub const MASK: &str = "•••";

/// Whether the value of a header is secret, by its name in lower case; `authorization` is so in parts only.
pub fn is_secret_header(name: &str) -> bool {
    SECRET_HEADERS.contains(&name)
}

/// Whether something is the end of the name of a secret that bodies and their framing hold.
pub fn is_secret_name_end(end: &[u8]) -> bool {
    let lower = end.to_ascii_lowercase();
    let mut names = SECRET_HEADERS.iter().chain(&SECRET_QUERY).chain(&[TRAILER_SIGNATURE, CHUNK_SIGNATURE]);
    !lower.is_empty() && names.any(|name| name.as_bytes().ends_with(&lower))
}

/// Masks the secrets in one line of a head: the request line or a header.
pub fn redact_line(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    if let Some((name, value)) = line.split_once(':') {
        let name_lower = name.trim().to_ascii_lowercase();
        if SECRET_HEADERS.contains(&name_lower.as_str()) {
            return format!("{name}: {MASK}");
        }
        if name_lower == AUTHORIZATION {
            return format!("{name}:{}", redact_authorization(value));
        }
    }
    if lower.contains("x-amz-signature=") || lower.contains("x-amz-security-token=") {
        return redact_query(line);
    }
    line.to_owned()
}

/// Keeps the scheme, scope and signed headers; masks the signature and the middle of the access key id.
fn redact_authorization(value: &str) -> String {
    let trimmed = value.trim_start();
    if !trimmed.starts_with("AWS4-") {
        return format!(" {MASK}");
    }
    let mut out = String::from(" ");
    for (i, field) in trimmed.split(", ").flat_map(|f| f.split(',')).enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        if field.trim_start().starts_with("Signature=") {
            out.push_str("Signature=");
            out.push_str(MASK);
        } else if let Some((before, credential)) = field.split_once("Credential=") {
            out.push_str(before);
            out.push_str("Credential=");
            out.push_str(&redact_credential(credential));
        } else {
            out.push_str(field);
        }
    }
    out
}

fn redact_credential(credential: &str) -> String {
    let (id, scope) = credential.split_once('/').unwrap_or((credential, ""));
    format!("{}/{scope}", short_key_id(id))
}

/// An access key id with its middle left out: four characters at each end.
pub fn short_key_id(id: &str) -> String {
    let chars: Vec<char> = id.chars().collect();
    if chars.len() <= 8 {
        return MASK.to_owned();
    }
    let head: String = chars.iter().take(4).collect();
    let tail: String = chars.iter().skip(chars.len() - 4).collect();
    format!("{head}…{tail}")
}

fn redact_query(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['?', '&']) {
        let (before, after) = rest.split_at(at + 1);
        out.push_str(before);
        let end = after.find(['&', ' ']).unwrap_or(after.len());
        let (pair, tail) = after.split_at(end);
        match pair.split_once('=') {
            Some((name, _)) if SECRET_QUERY.contains(&name.to_ascii_lowercase().as_str()) => {
                out.push_str(name);
                out.push('=');
                out.push_str(MASK);
            }
            _ => out.push_str(pair),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// Elements of an error document whose text is secret, or the bytes of something that holds a secret.
fn is_secret_element(name: &str) -> bool {
    const SECRET: [&str; 4] = ["Token", "SignatureProvided", "CanonicalRequestBytes", "StringToSignBytes"];
    SECRET.contains(&name) || name.starts_with("Token-")
}

/// Masks the secrets in one element of an error document.
pub fn redact_detail(name: &str, value: &str) -> String {
    if is_secret_element(name) { MASK.to_owned() } else { redact_body(value) }
}

/// Masks the secrets in a body, or in a piece of one.
pub fn redact_body(text: &str) -> String {
    // The ranges begin and end beside ASCII, or at an end: no character is cut.
    String::from_utf8_lossy(&redact_bytes(text.as_bytes())).into_owned()
}

/// The same for bytes.
pub fn redact_bytes(body: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(body.len()), 0);
    for range in secret_ranges(body) {
        out.extend_from_slice(body.get(at..range.start).unwrap_or(&[]));
        out.extend_from_slice(MASK.as_bytes());
        at = range.end;
    }
    out.extend_from_slice(body.get(at..).unwrap_or(&[]));
    out
}

/// Where the secrets of a body are: ascending, apart from each other, none empty.
///
/// A chunked body is looked through with its framing and without, as a chunk may end within a name.
pub fn secret_ranges(body: &[u8]) -> Vec<Range<usize>> {
    let mut found = scan(body);
    let (payload, places) = payload(body);
    for range in scan(&payload) {
        let first = places.get(range.start).copied();
        let last = places.get(range.end.saturating_sub(1)).copied();
        found.extend(first.zip(last).map(|(first, last)| first..last + 1));
    }
    found.retain(|r| r.start < r.end);
    found.sort_by_key(|r| r.start);
    let mut out: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for range in found {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

/// The payload of what looks like a chunked body, and where each byte of it is.
fn payload(body: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let (mut bytes, mut places, mut at) = (Vec::new(), Vec::new(), 0_usize);
    while let Some(rest) = body.get(at..) {
        let Some(end) = rest.windows(2).take(1024).position(|w| w == b"\r\n") else { break };
        let line = std::str::from_utf8(rest.get(..end).unwrap_or(&[])).unwrap_or_default();
        let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16);
        let Ok(size @ 1..) = size else { break };
        let start = at + end + 2;
        let stop = start.saturating_add(size).min(body.len());
        bytes.extend_from_slice(body.get(start..stop).unwrap_or(&[]));
        places.extend(start..stop);
        at = stop.saturating_add(2);
    }
    (bytes, places)
}

fn scan(body: &[u8]) -> Vec<Range<usize>> {
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(byte) = body.get(at) {
        let named = |name: &str| {
            let before = body.get(..at).unwrap_or(&[]).trim_ascii_end();
            let start = before.len().checked_sub(name.len());
            start
                .and_then(|start| before.get(start..))
                .is_some_and(|b| b.eq_ignore_ascii_case(name.as_bytes()))
        };
        let value = |ends: &[u8]| {
            let rest = body.get(at + 1..).unwrap_or(&[]);
            let blank = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            let len = rest.iter().skip(blank).take_while(|b| !ends.contains(b)).count();
            at + 1 + blank..at + 1 + blank + len
        };
        match byte {
            b':' if SECRET_HEADERS.iter().any(|n| named(n))
                || named(TRAILER_SIGNATURE)
                || named(AUTHORIZATION) =>
            {
                out.push(value(b"\r\n&<"));
            }
            b'=' if SECRET_QUERY.iter().any(|n| named(n)) || named(CHUNK_SIGNATURE) => {
                out.push(value(b"\r\n&< "));
            }
            b'<' => {
                if let Some((range, next)) = element(body, out.last().map_or(0, |r: &Range<usize>| r.end), at)
                {
                    out.push(range);
                    at = next;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    out
}

/// Longest tag of a secret element, with its attributes.
const LONGEST_TAG: usize = 1024;

/// The text of the secret element whose tag begins at `at`, and where to go on.
///
/// An element that does not end reaches to the end; one that did not begin, to the tag before, but not
/// beyond `done`.
fn element(body: &[u8], done: usize, at: usize) -> Option<(Range<usize>, usize)> {
    let tag = body.get(at + 1..)?;
    let (closes, tag) = tag.strip_prefix(b"/").map_or((false, tag), |tag| (true, tag));
    let len = tag.iter().take(128).position(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'))?;
    let full = tag.get(..len)?;
    let name = std::str::from_utf8(full.rsplit(|b| *b == b':').next()?).ok()?;
    if !is_secret_element(name) {
        return None;
    }
    if closes {
        let start = body.get(done..at)?.iter().rposition(|b| *b == b'>').map_or(done, |gt| done + gt + 1);
        return Some((start..at, at + 1));
    }
    // A tag that is longer than any is none that ends: what follows is not read again for each such beginning.
    let Some(gt) = body.get(at..)?.iter().take(LONGEST_TAG).position(|b| *b == b'>').map(|gt| at + gt) else {
        return Some((at + 1..body.len(), body.len()));
    };
    if body.get(gt.checked_sub(1)?) == Some(&b'/') {
        return None;
    }
    let close = [b"</", full].concat();
    let text = body.get(gt + 1..)?;
    let len = text.windows(close.len()).position(|w| w == close).unwrap_or(text.len());
    Some((gt + 1..gt + 1 + len, gt + 1 + len + close.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_document_repeats_is_masked() {
        for (body, want) in [
            (
                "<Error><Code>C</Code><Token-0>s\nt</Token-0><Host>h</Host></Error>",
                "<Error><Code>C</Code><Token-0>•••</Token-0><Host>h</Host></Error>",
            ),
            (
                "<SignatureProvided a='b'>s</SignatureProvided>",
                "<SignatureProvided a='b'>•••</SignatureProvided>",
            ),
            ("<a><Token/><Token></Token>x</a>", "<a><Token/><Token></Token>x</a>"),
            ("<NextToken>n</NextToken>", "<NextToken>n</NextToken>"),
            ("<Token>breaks o", "<Token>•••"),
            ("ff</StringToSignBytes><b>c</b>", "•••</StringToSignBytes><b>c</b>"),
            (
                "<CanonicalRequest>PUT\nX-Amz-Security-Token:s+/=\nhost:h</CanonicalRequest>",
                "<CanonicalRequest>PUT\nX-Amz-Security-Token:•••\nhost:h</CanonicalRequest>",
            ),
            ("?X-Amz-Security-Token=s&amp;x=1", "?X-Amz-Security-Token=•••&amp;x=1"),
            ("host;x-amz-security-token\nUNSIGNED", "host;x-amz-security-token\nUNSIGNED"),
            ("9\r\n<Token>se\r\nc\r\ncret</Token>\r\n0\r\n\r\n", "9\r\n<Token>•••</Token>\r\n0\r\n\r\n"),
            (
                "7\r\n<a><Tok\r\nb\r\nen>s</Token\r\n1\r\n>\r\n",
                "7\r\n<a><Tok\r\nb\r\nen>•••</Token\r\n1\r\n>\r\n",
            ),
            ("3;chunk-signature=ab\r\nxyz\r\n", "3;chunk-signature=•••\r\nxyz\r\n"),
            ("you sent\nAuthorization: AWS a:b\nHost: h", "you sent\nAuthorization: •••\nHost: h"),
        ] {
            assert_eq!(redact_body(body), want);
        }
        assert_eq!(redact_detail("Token-0", "s"), MASK);
        assert_eq!(redact_detail("StringToSign", "cookie: s\nx"), "cookie: •••\nx");
    }

    #[test]
    fn secrets_go_and_the_rest_stays() {
        for (line, want) in [
            ("host: x", "host: x"),
            ("x-amz-security-token: FwoGZXIv", "x-amz-security-token: •••"),
            (
                "authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=deadbeef",
                "authorization: AWS4-HMAC-SHA256 Credential=AKIA…MPLE/20260101/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=•••",
            ),
            ("Authorization: Basic dXNlcjpwYXNz", "Authorization: •••"),
            ("GET /b/k?X-Amz-Signature=abc&x=1 HTTP/1.1", "GET /b/k?X-Amz-Signature=•••&x=1 HTTP/1.1"),
            (
                "GET /b/k?a=1&X-Amz-Security-Token=t HTTP/1.1",
                "GET /b/k?a=1&X-Amz-Security-Token=••• HTTP/1.1",
            ),
        ] {
            assert_eq!(redact_line(line), want);
        }
    }
}
