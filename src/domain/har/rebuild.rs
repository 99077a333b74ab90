//! Bytes made up again of what an archive says of them.

use crate::domain::call_name::call;
use crate::domain::exchange::{Captured, End, Exchange, ExchangeId, Sender, Stranger, Timing};
use crate::domain::message::Message;
use crate::domain::operation::OperationId;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::sync::Arc;

/// Longest time that is believed, in milliseconds: a hundred years.
const MOST_MILLIS: f64 = 3.2e12;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    started_date_time: String,
    request: Request,
    response: Response,
    #[serde(default)]
    timings: Timings,
    #[serde(default, rename = "serverIPAddress")]
    server_ip_address: Option<String>,
    #[serde(default)]
    pub(super) connection: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Header>,
    #[serde(default)]
    post_data: Option<PostData>,
    #[serde(default)]
    body_size: Option<f64>,
}

#[derive(Deserialize)]
struct Response {
    status: f64,
    #[serde(default, rename = "statusText")]
    status_text: String,
    #[serde(default)]
    headers: Vec<Header>,
    #[serde(default)]
    content: Content,
    #[serde(default)]
    _error: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct PostData {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    encoding: Option<String>,
}

#[derive(Default, Deserialize)]
struct Content {
    #[serde(default)]
    size: f64,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    encoding: Option<String>,
}

#[derive(Default, Deserialize)]
struct Timings {
    blocked: Option<f64>,
    dns: Option<f64>,
    connect: Option<f64>,
    /// Part of `connect`.
    ssl: Option<f64>,
    send: Option<f64>,
    wait: Option<f64>,
    receive: Option<f64>,
}

impl Entry {
    /// Microseconds since 1970 when it began.
    pub(super) fn begun(&self) -> Result<i64, String> {
        let text = &self.started_date_time;
        let at: jiff::Timestamp = text
            .parse()
            .map_err(|_| format!("startedDateTime is {text:?}, no date with a time and an offset"))?;
        Ok(at.as_microsecond())
    }
}

/// An exchange without an id whose times begin at 0.
pub(super) fn rebuild(entry: Entry, connection: u64) -> Result<Exchange, String> {
    let address = Address::of(&entry.request.url);
    let request = request(&entry.request, &address)?;
    let response = response(&entry.response)?;
    let message = Message::read(&request.head);
    let stranger = Stranger::of(|name| message.header(name));
    let end = match (entry.response.status > 0.0, entry.response._error) {
        (true, _) => End::Complete,
        (false, why) => End::Failed(why.filter(|w| !w.is_empty()).unwrap_or("no answer was recorded".into())),
    };
    Ok(Exchange {
        id: ExchangeId(0),
        operation: OperationId(0),
        kind: call(&message),
        attempt: stranger.attempt.unwrap_or(1),
        sender: Sender::Elsewhere(Arc::new(stranger)),
        connection,
        reused: entry.timings.connect.is_none_or(|ms| ms <= 0.0),
        peer: entry.server_ip_address.filter(|a| !a.is_empty()).unwrap_or(address.host).into(),
        tls: address.tls.then(|| "TLS, version not recorded".into()),
        timing: timing(&entry.timings),
        request,
        response,
        held: false,
        end: Some(end),
    })
}

fn timing(t: &Timings) -> Timing {
    let took = |millis: Option<f64>| {
        // At most 10^16: it fits.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let micros = (millis.unwrap_or(0.0).clamp(0.0, MOST_MILLIS) * 1000.0).round() as u64;
        micros
    };
    let connected = took(t.blocked) + took(t.dns) + took(t.connect);
    let (tls, sent) = (took(t.ssl), connected + took(t.send));
    let first = sent + took(t.wait);
    Timing {
        begun: 0,
        tcp: (tls > 0).then(|| connected.saturating_sub(tls)),
        connected: Some(connected),
        released: None,
        request_sent: Some(sent),
        first_byte: Some(first),
        ended: Some(first + took(t.receive)),
    }
}

/// The pieces of a URL that a request is made of.
struct Address {
    tls: bool,
    host: String,
    target: String,
}

impl Address {
    fn of(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let rest = rest.split('#').next().unwrap_or_default();
        let end = if scheme.is_empty() { 0 } else { rest.find(['/', '?']).unwrap_or(rest.len()) };
        let (authority, target) = rest.split_at(end);
        let host = authority.rsplit('@').next().unwrap_or_default();
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Self { tls: scheme.eq_ignore_ascii_case("https"), host: one_line(host), target: one_word(&target) }
    }
}

fn request(request: &Request, address: &Address) -> Result<Captured, String> {
    let mut out = format!("{} {} HTTP/1.1\r\n", one_word(&request.method), address.target).into_bytes();
    if !request.headers.iter().any(|h| h.name.eq_ignore_ascii_case("host")) {
        out.extend(format!("Host: {}\r\n", address.host).bytes());
    }
    push_headers(&mut out, &request.headers);
    let data = request.post_data.as_ref();
    let text = data.and_then(|d| d.text.as_deref());
    let body = decoded(text, data.and_then(|d| d.encoding.as_deref()))?;
    Ok(captured(out, &request.headers, body, request.body_size.unwrap_or(0.0)))
}

fn response(response: &Response) -> Result<Captured, String> {
    if response.status <= 0.0 {
        return Ok(Captured::default());
    }
    let start =
        format!("HTTP/1.1 {} {}", response.status.min(999.0).trunc(), one_line(&response.status_text));
    let mut out = format!("{}\r\n", start.trim_end()).into_bytes();
    push_headers(&mut out, &response.headers);
    let body = decoded(response.content.text.as_deref(), response.content.encoding.as_deref())?;
    Ok(captured(out, &response.headers, body, response.content.size))
}

fn push_headers(out: &mut Vec<u8>, headers: &[Header]) {
    // Those of HTTP/2 that begin with a colon stand in the start line.
    for h in headers.iter().filter(|h| !h.name.starts_with(':') && !h.name.is_empty()) {
        out.extend(format!("{}: {}\r\n", one_line(&h.name), one_line(&h.value)).bytes());
    }
    out.extend(b"\r\n");
}

/// The body that a text stands for; `None` when there is no text.
fn decoded(text: Option<&str>, encoding: Option<&str>) -> Result<Option<Vec<u8>>, String> {
    let Some(text) = text else { return Ok(None) };
    match encoding.filter(|e| !e.is_empty()) {
        None => Ok(Some(text.as_bytes().to_vec())),
        Some("base64") => STANDARD.decode(text).map(Some).map_err(|e| format!("its text is no base64: {e}")),
        Some(other) => Err(format!("its text is encoded in {other:?}; only base64 is known")),
    }
}

/// Head and body as they may have passed. A body that is not in the archive counts as not kept.
fn captured(head: Vec<u8>, headers: &[Header], body: Option<Vec<u8>>, size: f64) -> Captured {
    let mut out = Captured::default();
    out.push(&head);
    let is_chunked = headers.iter().any(|h| {
        h.name.eq_ignore_ascii_case("transfer-encoding") && h.value.to_ascii_lowercase().contains("chunked")
    });
    match body {
        // The framing is gone; the head says that there was one, so that it must be read as if.
        Some(body) if is_chunked => {
            if !body.is_empty() {
                out.push(format!("{:x}\r\n", body.len()).as_bytes());
                out.push(&body);
                out.push(b"\r\n");
            }
            out.push(b"0\r\n\r\n");
        }
        Some(body) => out.push(&body),
        // At most 2^53, and what is no number of bytes is none.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        None => out.total = out.total.saturating_add(size.clamp(0.0, 9e15) as u64),
    }
    out
}

/// Text that cannot end its line.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

/// Text that cannot end its word.
fn one_word(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_whitespace() || c.is_control() { "%20".into() } else { c.to_string() })
        .collect()
}
