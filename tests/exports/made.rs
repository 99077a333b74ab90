//! Exchanges made of text, for what no client would send.

use partscope::domain::exchange::{Captured, End, Exchange, ExchangeId, Sender, Timing};
use partscope::domain::operation::{OperationId, OperationKind};

/// An exchange of these bytes, answered.
pub fn exchange(id: u64, request: &[u8], response: &[u8]) -> Exchange {
    let captured = |bytes: &[u8]| {
        let mut c = Captured::default();
        c.push(bytes);
        c
    };
    Exchange {
        id: ExchangeId(id),
        operation: OperationId(id),
        kind: OperationKind::CreateMultipartUpload.into(),
        sender: Sender::Here,
        attempt: 1,
        connection: 1,
        reused: false,
        peer: "127.0.0.1:9000".into(),
        tls: None,
        request: captured(request),
        response: captured(response),
        held: false,
        timing: Timing { request_sent: Some(1), ..Timing::default() },
        end: Some(End::Complete),
    }
}

/// A signed request without a body: the text after the method, and further header lines.
pub fn request(method: &str, target: &str, headers: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = format!(
        "{method} {target} HTTP/1.1\r\nhost: 127.0.0.1:9000\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential=AKIASECRETSECRETSECR/20260101/eu-north-1/s3/aws4_request, SignedHeaders=host, Signature=5ec2e7\r\n\
         x-amz-security-token: 5ec2e7token\r\n"
    )
    .into_bytes();
    for (name, value) in headers {
        out.extend(format!("{name}: ").bytes());
        out.extend(*value);
        out.extend(b"\r\n");
    }
    out.extend(b"\r\n");
    out
}

/// A key as a client writes it into a path.
pub fn encoded(key: &str) -> String {
    partscope::domain::names::encode_key(key)
}
