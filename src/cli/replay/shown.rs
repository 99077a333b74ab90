//! Exchanges as text and JSON.

use crate::domain::exchange::{Captured, End, Exchange};
use crate::domain::message::Message;
use crate::domain::replay::Replay;
use crate::domain::text::visible;
use crate::domain::units::{grouped, human_size};
use crate::domain::wire_lines::{Kind, Line, Mode, lines};
use serde_json::{Value, json};

/// What stands over everything: where it comes from, and what its bytes are.
pub(super) fn title(opened: &Replay) -> String {
    let session = &opened.session;
    let count = session.exchanges.len();
    format!(
        "{}: {} exchange{} with {}, written by {}; {}",
        opened.name,
        grouped(u64::try_from(count).unwrap_or(u64::MAX)),
        if count == 1 { "" } else { "s" },
        session.target,
        session.program,
        opened.words()
    )
}

/// Number, call, status, time, size: one line.
pub(super) fn list_line(e: &Exchange) -> String {
    let told = format!(
        "{:>6}  {:<28} {:<5} {:>10}  {:>10}",
        e.id.0,
        name(e),
        status(e),
        took(e),
        human_size(e.response.total)
    );
    let more = match (&e.end, e.error_code(), e.sender.stranger()) {
        (_, Some(code), _) => format!("  {code}"),
        (Some(End::Failed(why)), ..) => format!("  {why}"),
        (.., Some(stranger)) => format!("  {}", stranger.short()),
        _ => String::new(),
    };
    visible(&(told + &more)).trim_end().to_owned()
}

/// An exchange line by line: what it is, `>` what was sent, `<` what came, and `·` what is said of both.
pub(super) fn plain(e: &Exchange, mode: Mode) -> Vec<String> {
    let mut out = vec![String::new(), format!("=== #{}", list_line(e).trim_start())];
    let peer = match &e.tls {
        Some(tls) => format!("{}, {tls}", e.peer),
        None => e.peer.clone(),
    };
    let used = if e.reused { "used before" } else { "new" };
    out.push(visible(&format!("· connection {} ({used}) with {peer}", e.connection)));
    if e.held {
        out.push("· held when this was written: nothing had left".into());
    }
    out.extend(side(&e.request, ">", mode));
    out.extend(side(&e.response, "<", mode));
    out
}

fn side(captured: &Captured, mark: &str, mode: Mode) -> Vec<String> {
    let line = |l: Line| {
        let mark = if l.kind == Kind::Note && !l.text.is_empty() { "·" } else { mark };
        format!("{mark} {}", l.text).trim_end().to_owned()
    };
    lines(captured, mode, false).into_iter().map(line).collect()
}

/// The same as one value.
pub(super) fn json(e: &Exchange, mode: Mode) -> Value {
    let texts = |c: &Captured| lines(c, mode, false).into_iter().map(|l| l.text).collect::<Vec<_>>();
    json!({
        "exchange": e.id.0,
        "operation": e.operation.0,
        "call": e.kind.name(),
        "part": part(e),
        "attempt": e.attempt,
        "client": e.sender.stranger().map(|s| s.short()),
        "connection": e.connection,
        "reused": e.reused,
        "peer": e.peer,
        "tls": e.tls,
        "held": e.held,
        "status": e.status(),
        "error_code": e.error_code(),
        "end": match &e.end {
            None => "under_way",
            Some(End::Complete) => "complete",
            Some(End::Cancelled) => "cancelled",
            Some(End::Failed(_)) => "failed",
        },
        "failure": if let Some(End::Failed(why)) = &e.end { Some(why) } else { None },
        "begun_micros": e.timing.begun,
        "micros": e.duration(),
        "request_bytes": e.request.total,
        "response_bytes": e.response.total,
        "request": texts(&e.request),
        "response": texts(&e.response),
    })
}

fn name(e: &Exchange) -> String {
    let part = part(e).map(|n| format!(" #{n}")).unwrap_or_default();
    let retry = if e.attempt > 1 { format!(" attempt {}", e.attempt) } else { String::new() };
    format!("{}{part}{retry}", e.kind)
}

fn part(e: &Exchange) -> Option<u32> {
    Message::read(&e.request.head).parameter("partNumber")?.parse().ok()
}

fn status(e: &Exchange) -> String {
    match (e.held, e.status(), &e.end) {
        (true, ..) => "held".into(),
        (_, Some(status), Some(End::Complete)) => status.to_string(),
        (_, Some(status), Some(_)) => format!("{status}!"),
        (_, Some(status), None) => format!("{status}…"),
        (_, None, Some(End::Cancelled)) if e.timing.request_sent.is_none() => "drop".into(),
        (_, None, Some(_)) => "lost".into(),
        (_, None, None) => "…".into(),
    }
}

fn took(e: &Exchange) -> String {
    e.duration().map(|us| format!("{}.{} ms", us / 1000, us % 1000 / 100)).unwrap_or_default()
}
