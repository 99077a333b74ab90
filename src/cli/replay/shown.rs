//! What was opened, and its exchanges as JSON.

use crate::domain::exchange::{Captured, End, Exchange};
use crate::domain::replay::Replay;
use crate::domain::units::grouped;
use crate::domain::wire_lines::{Mode, lines};
use crate::domain::wire_text::part;
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
