//! What is masked on screen, in logs and in exports, unless the user asks to see it.
//!
//! Masking is by header name and query parameter, on the bytes of one HTTP head, so that it cannot depend on
//! who sent the request.

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

/// What stands in place of a masked value.
pub const MASK: &str = "•••";

/// Masks the secrets in one line of a head: the request line or a header.
pub fn redact_line(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    if let Some((name, value)) = line.split_once(':') {
        let name_lower = name.trim().to_ascii_lowercase();
        if SECRET_HEADERS.contains(&name_lower.as_str()) {
            return format!("{name}: {MASK}");
        }
        if name_lower == "authorization" {
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

#[cfg(test)]
mod tests {
    use super::*;

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
