//! Exchanges as text, for reading and for pasting elsewhere.

use super::exchange::{Captured, End, Exchange};
use super::message::Message;
use super::text::visible;
use super::units::human_size;
use super::wire_lines::{Kind, Line, Mode, lines};

/// Number, call, status, time, size: one line. Safe to print.
pub fn summary(e: &Exchange) -> String {
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

/// An exchange line by line: what it is, `>` what was sent, `<` what came, and `·` what is said of both. Secrets are
/// masked, and nothing in it acts on a terminal.
pub fn text(e: &Exchange, mode: Mode) -> Vec<String> {
    let mut out = vec![String::new(), format!("=== #{}", summary(e).trim_start())];
    let peer = match &e.tls {
        Some(tls) => format!("{}, {tls}", e.peer),
        None => e.peer.to_string(),
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

fn name(e: &Exchange) -> String {
    let part = part(e).map(|n| format!(" #{n}")).unwrap_or_default();
    let retry = if e.attempt > 1 { format!(" attempt {}", e.attempt) } else { String::new() };
    format!("{}{part}{retry}", e.kind)
}

/// The part number in a request's query, if it is one.
pub fn part(e: &Exchange) -> Option<u32> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::exchange::{ExchangeId, Timing};
    use crate::domain::operation::OperationKind;

    #[test]
    fn an_exchange_is_text_without_secrets_or_control_bytes() {
        let request = b"PUT /b/k?partNumber=7&uploadId=U HTTP/1.1\r\nx-amz-security-token: canary\r\nx-a: \x1b[2J\r\n\r\n";
        let response = b"HTTP/1.1 403 Forbidden\r\n\r\n<Error><Code>AccessDenied</Code></Error>";
        let exchange = Exchange {
            id: ExchangeId(3),
            kind: OperationKind::UploadPart.into(),
            attempt: 2,
            timing: Timing { begun: 1_000, ended: Some(3_500), ..Timing::default() },
            ..Exchange::example(request, response)
        };
        let text = text(&exchange, Mode::Raw).join("\n");
        assert!(text.contains("=== #3  UploadPart #7 attempt 2"), "{text}");
        assert!(
            text.contains("403") && text.contains("2.5 ms") && text.ends_with("AccessDenied</Code></Error>")
        );
        assert!(
            text.contains("> PUT /b/k?partNumber=7&uploadId=U HTTP/1.1") && text.contains("< HTTP/1.1 403")
        );
        assert!(!text.contains("canary") && !text.contains('\x1b'), "{text}");
    }
}
