//! `--step`: every request is shown as it will leave, and leaves when Enter is pressed; then its answer.
//!
//! Shown on standard error, so that standard output stays what a script expects.

use super::out::note;
use crate::domain::exchange::{Captured, End, Exchange};
use crate::domain::operation::Operation;
use crate::domain::outcome::Outcome;
use crate::domain::redact::redact_line;
use crate::domain::text::visible_bytes;
use crate::domain::units::grouped;
use crate::s3::{Call, Client};
use crate::wire::hub::Hub;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Makes one call whose attempts wait for Enter each.
pub async fn perform(client: &Client, hub: &Arc<Hub>, operation: &Operation, call: Call) -> Outcome {
    let cancel = call.cancel.clone();
    let mut work = Box::pin(client.perform(operation, call));
    loop {
        tokio::select! {
            outcome = &mut work => {
                hub.drain().iter().for_each(show_answer);
                return outcome;
            }
            () = hub.changed() => {
                for exchange in hub.drain() {
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

/// Head lines with secrets masked, then the body if it is text and short.
fn show(mark: &str, bytes: &Captured) {
    let head = bytes.head.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(bytes.head.len());
    let (head, body) = bytes.head.split_at(head);
    for line in String::from_utf8_lossy(head).lines() {
        note(&format!("{mark} {}", redact_line(line)));
    }
    let body = body.get(4..).unwrap_or(&[]);
    let text = std::str::from_utf8(body).ok().filter(|t| t.len() < 8192 && bytes.missing() == 0);
    match text.filter(|t| !t.chars().any(|c| c.is_control() && !c.is_whitespace())) {
        Some("") => {}
        Some(text) => {
            note(mark);
            text.lines().for_each(|line| note(&format!("{mark} {}", visible_bytes(line.as_bytes()))));
        }
        None => {
            let size = u64::try_from(head.len() + 4).map_or(0, |head| bytes.total.saturating_sub(head));
            note(&format!("{mark}\n{mark} ({} bytes so far)", grouped(size)));
        }
    }
}
