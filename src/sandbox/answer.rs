//! Answers: status, headers in S3's order and casing, and XML written by hand.
//!
//! Element order, `&quot;` around ETags, the newline after the declaration and milliseconds written `.000` are
//! S3's; a general serialiser gets each of them wrong.

use super::content::Content;
use super::error::S3Error;
use crate::domain::etag::ETag;
use bytes::Bytes;

/// The declaration and its newline.
pub(crate) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
/// The namespace of results.
pub(crate) const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// The body of an answer.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// None, and nothing said of its length (204, 304).
    None,
    /// Bytes with their length.
    Bytes(Bytes),
    /// Pieces, each a chunk of a chunked answer.
    Chunked(Vec<Bytes>),
    /// Bytes of an object.
    Content(Content),
}

/// One answer, without the headers every answer has.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

impl Response {
    /// An answer with an empty body.
    pub(crate) fn empty(status: u16) -> Self {
        let body = if matches!(status, 204 | 304) { Body::None } else { Body::Bytes(Bytes::new()) };
        Self { status, headers: Vec::new(), body }
    }

    /// 200 with a document.
    pub(crate) fn xml(document: Xml) -> Self {
        let mut response = Self::empty(200);
        response.body = Body::Bytes(Bytes::from(document.finish()));
        response
    }

    /// Adds a header.
    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a header if there is a value.
    #[must_use]
    pub(crate) fn header_if(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }
}

/// A document under construction.
#[derive(Debug)]
pub(crate) struct Xml {
    text: String,
    root: &'static str,
}

impl Xml {
    /// A result document in S3's namespace.
    pub(crate) fn result(root: &'static str) -> Self {
        Self { text: format!("{DECLARATION}<{root} xmlns=\"{NAMESPACE}\">"), root }
    }

    /// A document without a namespace.
    pub(crate) fn plain(root: &'static str) -> Self {
        Self { text: format!("{DECLARATION}<{root}>"), root }
    }

    /// `<name>value</name>`.
    pub(crate) fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.open(name);
        escape(&mut self.text, value);
        self.close(name)
    }

    /// Text of the root itself.
    pub(crate) fn raw_text(&mut self, value: &str) -> &mut Self {
        escape(&mut self.text, value);
        self
    }

    /// The element, if there is a value.
    pub(crate) fn text_if(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// A number.
    pub(crate) fn number(&mut self, name: &str, value: impl std::fmt::Display) -> &mut Self {
        self.text(name, &value.to_string())
    }

    /// `<ETag>&quot;…&quot;</ETag>`.
    pub(crate) fn etag(&mut self, etag: &ETag) -> &mut Self {
        self.text("ETag", &etag.quoted())
    }

    /// An opening tag.
    pub(crate) fn open(&mut self, name: &str) -> &mut Self {
        self.text.push('<');
        self.text.push_str(name);
        self.text.push('>');
        self
    }

    /// A closing tag.
    pub(crate) fn close(&mut self, name: &str) -> &mut Self {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
        self
    }

    /// The whole document.
    pub(crate) fn finish(mut self) -> String {
        let root = self.root;
        let head = self.text.trim_end_matches('>');
        // A result that holds nothing is one tag.
        if head.ends_with('"') && head.len() + 1 == self.text.len() {
            return format!("{head}/>");
        }
        self.close(root);
        self.text
    }
}

fn escape(out: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            // S3 writes references to characters XML 1.0 has no place for; `encoding-type=url` avoids them.
            c if u32::from(c) < 0x20 => out.push_str(&format!("&#x{:x};", u32::from(c))),
            c => out.push(c),
        }
    }
}

/// An error document.
pub(crate) fn error_document(error: &S3Error, request_id: &str, host_id: &str) -> String {
    let mut xml = Xml::plain("Error");
    xml.text("Code", error.code).text("Message", &error.message);
    for (name, value) in &error.extra {
        xml.text(name, value);
    }
    xml.text("RequestId", request_id).text("HostId", host_id);
    xml.finish()
}

/// The reason phrase.
pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        411 => "Length Required",
        412 => "Precondition Failed",
        416 => "Requested Range Not Satisfiable",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Slow Down",
        507 => "Insufficient Storage",
        _ => "Unknown",
    }
}

/// The head of an answer: S3's two ids and the date first, the body's description and `Server` last.
pub(crate) fn head(response: &Response, is_head: bool, ids: (&str, &str), date: &str, close: bool) -> String {
    let (request_id, host_id) = ids;
    let mut out = format!(
        "HTTP/1.1 {} {}\r\nx-amz-id-2: {host_id}\r\nx-amz-request-id: {request_id}\r\nDate: {date}\r\n",
        response.status,
        reason(response.status)
    );
    let typed = response.headers.iter().any(|(n, _)| n == "Content-Type");
    for (name, value) in &response.headers {
        // What is stored must not split the head, wherever it came from.
        out.extend(name.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0' | ':')));
        out.push_str(": ");
        out.extend(value.chars().map(|c| if matches!(c, '\r' | '\n' | '\0') { ' ' } else { c }));
        out.push_str("\r\n");
    }
    let described = |out: &mut String, length: Option<u64>, empty: bool| {
        if !typed && !empty {
            out.push_str("Content-Type: application/xml\r\n");
        }
        match length {
            Some(n) => out.push_str(&format!("Content-Length: {n}\r\n")),
            None => out.push_str("Transfer-Encoding: chunked\r\n"),
        }
    };
    match &response.body {
        Body::None => {}
        // An error to HEAD has no body to describe; S3 says chunked and sends none.
        Body::Bytes(bytes) if is_head && !bytes.is_empty() => described(&mut out, None, false),
        Body::Bytes(bytes) => described(&mut out, u64::try_from(bytes.len()).ok(), bytes.is_empty()),
        Body::Chunked(_) => described(&mut out, None, false),
        Body::Content(content) => described(&mut out, Some(content.len()), false),
    }
    if close {
        out.push_str("Connection: close\r\n");
    }
    out.push_str("Server: AmazonS3\r\n\r\n");
    out
}
