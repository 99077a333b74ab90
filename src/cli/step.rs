//! `--step`: every request is shown as it will leave, and leaves when Enter is pressed; then its answer.
//!
//! Shown on standard error, so that standard output stays what a script expects.

use super::out::note;
use crate::domain::exchange::{Captured, End, Exchange, head_length};
use crate::domain::operation::Operation;
use crate::domain::outcome::Outcome;
use crate::domain::redact::{redact_body, redact_line};
use crate::domain::text::visible_bytes;
use crate::domain::units::grouped;
use crate::s3::{Call, Client};
use crate::wire::hub::Hub;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Makes one call whose attempts wait for Enter each; whatever is seen of them is told to `seen` too.
pub async fn perform(
    (client, hub): (&Client, &Arc<Hub>),
    operation: &Operation,
    call: Call,
    seen: impl Fn(&[Arc<Exchange>]),
) -> Outcome {
    let cancel = call.cancel.clone();
    let mut work = Box::pin(client.perform(operation, call));
    loop {
        tokio::select! {
            outcome = &mut work => {
                let batch = hub.drain();
                seen(&batch);
                batch.iter().for_each(|exchange| show_answer(exchange));
                return outcome;
            }
            () = hub.changed() => {
                let batch = hub.drain();
                seen(&batch);
                for exchange in batch {
                    show_answer(&exchange);
                    if !exchange.held {
                        continue;
                    }
                    show_request(&exchange);
                    if enter().await {
                        hub.release(exchange.id);
                    } else {
                        cancel.cancel();
                    }
                }
            }
        }
    }
}

/// Waits for a line; `false` at the end of input.
async fn enter() -> bool {
    let (answer, pressed) = oneshot::channel();
    // A thread of its own: reading a terminal cannot be called off, and must not hold up the end of the program.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        let _ = answer.send(read.is_ok_and(|n| n > 0));
    });
    tokio::select! {
        pressed = pressed => pressed.unwrap_or(false),
        _ = tokio::signal::ctrl_c() => false,
    }
}

fn show_request(exchange: &Exchange) {
    let attempt =
        if exchange.attempt > 1 { format!(", attempt {}", exchange.attempt) } else { String::new() };
    note(&format!("--- {} to {}{attempt}: not sent yet", exchange.kind, exchange.peer));
    show(">", &exchange.request);
    note("--- Enter sends it, Ctrl-C or end of input calls it off");
}

fn show_answer(exchange: &Exchange) {
    match &exchange.end {
        Some(End::Complete) => show("<", &exchange.response),
        Some(End::Cancelled) => note("--- called off"),
        Some(End::Failed(why)) => note(&format!("--- failed: {why}")),
        None => {}
    }
}

/// The heads with secrets masked, then the body if it is text and short.
fn show(mark: &str, bytes: &Captured) {
    for line in lines(bytes) {
        note(format!("{mark} {line}").trim_end());
    }
}

fn lines(bytes: &Captured) -> Vec<String> {
    let (mut out, mut rest) = (Vec::new(), bytes.head.as_slice());
    loop {
        let end = head_length(rest).unwrap_or(rest.len());
        let (head, after) = rest.split_at(end);
        let text = String::from_utf8_lossy(head);
        out.extend(text.lines().filter(|line| !line.is_empty()).map(redact_line));
        rest = after;
        // The head of the answer comes after the interim ones.
        if rest.is_empty() || !(head.starts_with(b"HTTP/1.1 1") || head.starts_with(b"HTTP/1.0 1")) {
            break;
        }
        out.push(String::new());
    }
    let text = std::str::from_utf8(rest).ok().filter(|t| t.len() < 8192 && bytes.missing() == 0);
    match text.filter(|t| !t.chars().any(|c| c.is_control() && !c.is_whitespace())) {
        Some("") => {}
        Some(text) => {
            out.push(String::new());
            out.extend(redact_body(text).lines().map(|line| visible_bytes(line.as_bytes())));
        }
        None => {
            let head = u64::try_from(bytes.head.len() - rest.len()).unwrap_or(0);
            out.push(String::new());
            out.push(format!("({} bytes so far)", grouped(bytes.total.saturating_sub(head))));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_head_and_no_error_document_shows_a_secret() {
        let mut bytes = Captured::default();
        bytes.push(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad Request\r\nset-cookie: canary\r\n\r\n");
        bytes.push(b"<Error><Code>C</Code>\n<Token-0>canary</Token-0></Error>");
        assert_eq!(
            lines(&bytes),
            [
                "HTTP/1.1 100 Continue",
                "",
                "HTTP/1.1 400 Bad Request",
                "set-cookie: •••",
                "",
                "<Error><Code>C</Code>",
                "<Token-0>•••</Token-0></Error>"
            ]
        );
    }
}
