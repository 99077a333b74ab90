//! One exchange as an entry of an archive.

use crate::domain::deed::Deed;
use crate::domain::exchange::{Captured, End, Exchange, Timing};
use crate::domain::message::{Message, Payload};
use crate::domain::session_file::Row;
use crate::domain::units::grouped;
use crate::domain::waterfall::{Phase, spans};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::net::IpAddr;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::sync::Arc;

/// The entry; `epoch` is what microsecond 0 is in microseconds since 1970.
pub(super) fn entry(e: &Exchange, epoch: i64, deed: Option<&Arc<Deed>>) -> Value {
    let (all, took) = phases(&e.timing);
    let mut out = json!({
        "startedDateTime": date(epoch, e.timing.begun),
        "time": millis(all),
        "request": request(e),
        "response": response(e),
        "cache": {},
        "timings": timings(took, e),
        "connection": e.connection.to_string(),
        "_partscope": Row::of(e, deed),
    });
    // The field is for addresses; of a name nobody knows here which address it had.
    let host = e.peer.rsplit_once(':').map_or(&*e.peer, |(host, _)| host);
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        insert(&mut out, "serverIPAddress", address.to_string().into());
    }
    out
}

fn insert(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

fn date(epoch: i64, micros: u64) -> String {
    let at = i64::try_from(micros).ok().and_then(|micros| epoch.checked_add(micros));
    let at = at.and_then(|at| jiff::Timestamp::from_microsecond(at).ok()).unwrap_or_default();
    format!("{at:.6}")
}

/// How long it took in all, in microseconds, and how long each phase. A phase that was not there took no time.
fn phases(t: &Timing) -> (u64, impl Fn(Phase) -> u64) {
    let moments = [t.tcp, t.connected, t.released, t.request_sent, t.first_byte, t.ended];
    let last = moments.into_iter().flatten().max().unwrap_or(t.begun);
    let spans = spans(t, last, None);
    let all = spans.iter().map(|s| s.to - s.from).sum();
    (all, move |phase| spans.iter().filter(|s| s.phase == phase).map(|s| s.to - s.from).sum())
}

fn timings(took: impl Fn(Phase) -> u64, e: &Exchange) -> Value {
    let mut said = vec!["dns is part of connect"];
    if e.timing.released.is_some() {
        said.push("blocked holds the time for which the request was held");
    }
    let unknown = || json!(-1);
    let (connect, tls, held) = (took(Phase::Connect), took(Phase::Tls), took(Phase::Held));
    // A connection that was there already was only waited for.
    let (blocked, connect) = match e.reused {
        true => (held + connect + tls, unknown()),
        false => (held, millis(connect + tls)),
    };
    json!({
        "blocked": millis(blocked),
        "dns": -1,
        "connect": connect,
        "ssl": if e.timing.tcp.is_some() && !e.reused { millis(tls) } else { unknown() },
        "send": millis(took(Phase::Send)),
        "wait": millis(took(Phase::Wait)),
        "receive": millis(took(Phase::Receive)),
        "comment": said.join("; "),
    })
}

#[allow(clippy::cast_precision_loss)]
fn millis(micros: u64) -> Value {
    json!(micros as f64 / 1000.0)
}

fn request(e: &Exchange) -> Value {
    let (whole, missing) = whole(&e.request);
    let message = Message::read(&whole.head);
    let line = message.request_line();
    let piece =
        |place: Option<std::ops::Range<usize>>| place.map_or(String::new(), |p| lossy(message.slice(&p)));
    let query: Vec<Value> = line
        .iter()
        .flat_map(|l| &l.parameters)
        .map(|p| json!({ "name": lossy(message.slice(&p.name)), "value": lossy(message.slice(&p.value)) }))
        .collect();
    let mut out = json!({
        "method": piece(line.as_ref().map(|l| l.method.clone())),
        "url": url(e, &message),
        "httpVersion": piece(line.map(|l| l.version)),
        "cookies": [],
        "headers": headers(&message),
        "queryString": query,
        "headersSize": head_size(&message),
        "bodySize": body_size(&message, e.request.total),
    });
    let body = transferred(&message);
    if !body.bytes.is_empty() || missing > 0 {
        insert(&mut out, "postData", post_data(&message, &body.bytes, missing));
    }
    out
}

fn post_data(message: &Message<'_>, body: &[u8], missing: u64) -> Value {
    let mut out = json!({ "mimeType": message.header("content-type").unwrap_or_default() });
    match std::str::from_utf8(body).ok().filter(|_| missing == 0) {
        Some(text) => insert(&mut out, "text", text.into()),
        None if missing > 0 => insert(&mut out, "comment", not_kept(missing).into()),
        None => insert(&mut out, "comment", "no text; its bytes are in _partscope".into()),
    }
    out
}

fn response(e: &Exchange) -> Value {
    let (whole, missing) = whole(&e.response);
    let message = Message::read(&whole.head);
    let start = message.head().map_or(String::new(), |head| lossy(message.slice(&head.start)));
    let mut words = start.splitn(3, ' ');
    let (version, _, reason) = (words.next(), words.next(), words.next());
    let mut out = json!({
        "status": message.status().unwrap_or(0),
        "statusText": reason.unwrap_or_default(),
        "httpVersion": version.unwrap_or_default(),
        "cookies": [],
        "headers": headers(&message),
        "content": content(&message, missing),
        "redirectURL": message.header("location").unwrap_or_default(),
        "headersSize": head_size(&message),
        "bodySize": body_size(&message, e.response.total),
    });
    match &e.end {
        Some(End::Failed(why)) => insert(&mut out, "_error", why.as_str().into()),
        Some(End::Cancelled) => insert(&mut out, "_error", "called off".into()),
        _ => {}
    }
    out
}

fn content(message: &Message<'_>, missing: u64) -> Value {
    let body = message.payload().bytes;
    let size = u64::try_from(body.len()).unwrap_or(u64::MAX).saturating_add(missing);
    let mut out = json!({
        "size": size,
        "mimeType": message.header("content-type").unwrap_or_default(),
    });
    if missing > 0 {
        insert(&mut out, "comment", not_kept(missing).into());
        return out;
    }
    match std::str::from_utf8(&body) {
        Ok("") => {}
        Ok(text) => insert(&mut out, "text", text.into()),
        Err(_) => {
            insert(&mut out, "text", STANDARD.encode(&body).into());
            insert(&mut out, "encoding", "base64".into());
        }
    }
    out
}

fn not_kept(missing: u64) -> String {
    format!("{} bytes of it are not kept", grouped(missing))
}

/// A capture as one, and how much of it is not at hand.
fn whole(captured: &Captured) -> (Captured, u64) {
    let missing = captured.total.saturating_sub(u64::try_from(captured.head.len()).unwrap_or(u64::MAX));
    match captured.joined() {
        Some(joined) => (joined, 0),
        None => (captured.clone(), missing),
    }
}

/// The body without the framing of the connection; what it is encoded with stays.
fn transferred<'a>(message: &Message<'a>) -> Payload<'a> {
    let plain = Payload::plain(message.body_bytes(), message.body);
    if message.is_chunked() { plain.dechunked() } else { plain }
}

fn headers(message: &Message<'_>) -> Vec<Value> {
    let fields = message.head().map(|h| h.fields.as_slice()).unwrap_or_default();
    let field = |f: &crate::domain::message::Field| {
        let mut out = Map::new();
        out.insert("name".into(), lossy(message.slice(&f.name)).into());
        out.insert("value".into(), lossy(message.slice(&f.value)).into());
        Value::Object(out)
    };
    fields.iter().map(field).collect()
}

/// Bytes of the head, its empty line included; -1 while it is not whole.
fn head_size(message: &Message<'_>) -> i64 {
    let size = message.head().filter(|h| h.whole).map(|h| h.at.len());
    size.and_then(|n| i64::try_from(n).ok()).unwrap_or(-1)
}

/// Bytes of the body as they passed; -1 while the head is not whole.
fn body_size(message: &Message<'_>, total: u64) -> i64 {
    if !message.head().is_some_and(|h| h.whole) {
        return -1;
    }
    let head = u64::try_from(message.body).unwrap_or(u64::MAX);
    i64::try_from(total.saturating_sub(head)).unwrap_or(-1)
}

/// The address of the request. What cannot stand in one is written with percent signs.
fn url(e: &Exchange, message: &Message<'_>) -> String {
    let target = message.request_line().map_or(&b"/"[..], |l| {
        let end = l.parameters.last().map_or(l.path.end, |p| p.at.end);
        message.slice(&(l.path.start..end))
    });
    let mut out = String::new();
    if target.starts_with(b"/") || !target.windows(3).any(|w| w == b"://") {
        let scheme = if e.tls.is_some() { "https" } else { "http" };
        let host = message.header("host").filter(|h| !h.is_empty()).unwrap_or(&e.peer);
        let _ = write!(out, "{scheme}://");
        push_encoded(&mut out, host.as_bytes());
        if !target.starts_with(b"/") {
            out.push('/');
        }
    }
    push_encoded(&mut out, target);
    out
}

fn push_encoded(out: &mut String, bytes: &[u8]) {
    for b in bytes {
        match b {
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => {
                let _ = write!(out, "%{b:02X}");
            }
            b'!'..=b'~' => out.push(char::from(*b)),
            _ => {
                let _ = write!(out, "%{b:02X}");
            }
        }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
