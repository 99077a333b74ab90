//! A request as read: the head verbatim, and bucket, key and query taken from it.

use super::content::Content;
use super::error::S3Error;
use super::origin::Hosts;
use crate::domain::sigv4::SentHead;
use bytes::Bytes;
use percent_encoding::percent_decode_str;

/// A request head, verbatim.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    /// Method.
    pub(crate) method: String,
    /// Path and query as sent.
    pub(crate) target: String,
    /// Header names and values in order.
    pub(crate) headers: Vec<(String, String)>,
    /// Whether the version is HTTP/1.1.
    pub(crate) http11: bool,
}

impl Head {
    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.sent().headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// As the signature evaluator wants it.
    pub(crate) fn sent(&self) -> SentHead<'_> {
        SentHead { method: &self.method, target: &self.target, headers: &self.headers }
    }

    /// Whether the client wants the connection closed after the answer.
    pub(crate) fn wants_close(&self) -> bool {
        let says = |word: &str| {
            self.header("connection")
                .is_some_and(|v| v.split(',').any(|t| t.trim().eq_ignore_ascii_case(word)))
        };
        says("close") || (!self.http11 && !says("keep-alive"))
    }
}

/// A whole request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// Its head.
    pub(crate) head: Head,
    /// Bucket, decoded; empty when the target is the service.
    pub(crate) bucket: String,
    /// Whether the bucket stands in the host's name and not in the path.
    pub(crate) bucket_in_host: bool,
    /// Key, decoded; empty when the target is a bucket.
    pub(crate) key: String,
    /// Query parameters, decoded; a bare name has the value `None`.
    pub(crate) query: Vec<(String, Option<String>)>,
    /// A small document: the body after every transfer coding, but for PutObject and UploadPart.
    pub(crate) body: Bytes,
    /// The body of PutObject and UploadPart, received and hashed.
    pub(crate) content: Content,
    /// Trailing headers of an `aws-chunked` body.
    pub(crate) trailers: Vec<(String, String)>,
}

impl Request {
    /// Reads bucket, key and query from the head.
    pub(crate) fn of(head: Head, hosts: &Hosts) -> Result<Self, S3Error> {
        let (path, query) = head.target.split_once('?').unwrap_or((&head.target, ""));
        let path = match path.strip_prefix('/') {
            Some(path) => path,
            // Absolute form: scheme and authority are dropped.
            None => path.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, p)| p),
        };
        let in_host = head.header("host").and_then(|host| hosts.bucket_in(host)).map(str::to_owned);
        let bucket_in_host = in_host.is_some();
        let (bucket, key) = match in_host {
            Some(bucket) => (bucket, path),
            None => path.split_once('/').map_or((path.to_owned(), ""), |(b, k)| (b.to_owned(), k)),
        };
        let bucket = decode(&bucket)?;
        let key = decode(key)?;
        let mut pairs = Vec::new();
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = match pair.split_once('=') {
                Some((name, value)) => (name, Some(decode(&value.replace('+', " "))?)),
                None => (pair, None),
            };
            pairs.push((decode(name)?, value));
        }
        let mut request = Self { bucket, key, bucket_in_host, query: pairs, head, ..Self::default() };
        request.hoist();
        Ok(request)
    }

    /// In a presigned URL, parameters named `x-amz-*` that are no part of the signature stand for headers, and so do
    /// the conditions of a write.
    /// Checksums do not: whoever signs cannot know the body.
    fn hoist(&mut self) {
        const SIGNATURE: [&str; 7] = [
            "x-amz-algorithm",
            "x-amz-credential",
            "x-amz-date",
            "x-amz-expires",
            "x-amz-signedheaders",
            "x-amz-signature",
            "x-amz-content-sha256",
        ];
        if !self.query.iter().any(|(name, _)| name == "X-Amz-Signature") {
            return;
        }
        for (name, value) in &self.query {
            let name = name.to_ascii_lowercase();
            let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
            let condition = matches!(name.as_str(), "if-match" | "if-none-match");
            let is_header = (condition || name.starts_with("x-amz-"))
                && name.bytes().all(is_token)
                && !SIGNATURE.contains(&name.as_str())
                && !name.starts_with("x-amz-checksum-");
            if is_header && self.head.header(&name).is_none() {
                self.head.headers.push((name, value.clone().unwrap_or_default()));
            }
        }
    }

    /// Whether a query parameter is there, with or without a value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.query.iter().any(|(n, _)| n == name)
    }

    /// The value of a query parameter; the empty text for a bare name.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_deref().unwrap_or(""))
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// A header, owned.
    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.header(name).map(str::to_owned)
    }

    /// A count between 0 and 2^31-1 in the query; an empty value counts as absent.
    pub(crate) fn count(&self, name: &'static str, default: usize) -> Result<usize, S3Error> {
        let Some(text) = self.param(name).filter(|t| !t.is_empty()) else { return Ok(default) };
        let range = || {
            S3Error::invalid_argument(
                format!("Argument {name} must be an integer between 0 and 2147483647"),
                name,
                text,
            )
        };
        let integer = || {
            S3Error::invalid_argument(
                format!("Provided {name} not an integer or within integer range"),
                name,
                text,
            )
        };
        let number: i32 = text.parse().map_err(|_| integer())?;
        let number = usize::try_from(number).map_err(|_| range())?;
        Ok(number.min(default))
    }
}

fn decode(text: &str) -> Result<String, S3Error> {
    match percent_decode_str(text).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => Err(S3Error::new(400, "InvalidURI", "Couldn't parse the specified URI.").with("URI", text)),
    }
}
