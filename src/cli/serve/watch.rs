//! `serve --watch`: a line for each exchange of a client when it ends, and one for each upload when it is over.
//!
//! Lines are written by a thread of their own, so that a slow reader stops neither the server nor its end. What is
//! not written in time is dropped by the hub, and how much is said.

use crate::cli::Failure;
use crate::cli::args::ServeArgs;
use crate::cli::out::{Out, note};
use crate::domain::exchange::{End, Exchange};
use crate::domain::text::visible;
use crate::domain::units::human_size;
use crate::domain::watched::{Answer, PartSize, Session, Settled, Stage, Watched, part_number};
use crate::wire::hub::Hub;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

/// Batches of lines that may wait for the reader.
const WAITING: usize = 16;
/// How long the last lines may take.
const LAST: Duration = Duration::from_secs(1);

/// One line of output. What clients send is in it, so it is made harmless when it is printed.
enum Line {
    Text(String),
    Json(Value),
}

/// Prints what clients do.
pub struct Watch {
    hub: Arc<Hub>,
    watched: Watched,
    json: bool,
    /// Microseconds since 1970 when the hub's clock began.
    epoch: u64,
    lines: Sender<Vec<Line>>,
    printer: JoinHandle<Result<(), Failure>>,
}

impl Watch {
    /// Begins with what the hub holds.
    pub fn new(hub: Arc<Hub>, args: &ServeArgs) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        let (lines, waiting) = channel(WAITING);
        Self {
            epoch: now.saturating_sub(hub.now_micros()),
            hub,
            watched: Watched::new(args.host.clone()),
            json: args.json,
            lines,
            printer: tokio::task::spawn_blocking(|| print(waiting)),
        }
    }

    /// Goes on until nobody reads any more.
    pub async fn run(&mut self) -> Result<(), Failure> {
        loop {
            tokio::select! {
                () = self.hub.changed() => {}
                () = self.lines.closed() => return self.printed().await,
            }
            let lines = self.lines();
            if !lines.is_empty() && self.lines.send(lines).await.is_err() {
                return self.printed().await;
            }
        }
    }

    /// Prints what is left, and the uploads that are not over.
    pub async fn finish(mut self) -> Result<(), Failure> {
        let mut lines = self.lines();
        let open = self.watched.sessions().filter(|s| !s.is_over());
        lines.extend(open.map(|session| self.session_line(session)));
        if self.hub.dropped() > 0 {
            note(&format!(
                "{} exchanges were not printed: they came faster than they were read",
                self.hub.dropped()
            ));
        }
        let (to, printer) = (self.lines, self.printer);
        let all = async move {
            let _ = to.send(lines).await;
            drop(to);
            printer.await.unwrap_or(Ok(()))
        };
        // A reader that does not read must not keep the program alive.
        tokio::time::timeout(LAST, all).await.unwrap_or(Ok(()))
    }

    async fn printed(&mut self) -> Result<(), Failure> {
        (&mut self.printer).await.unwrap_or(Ok(()))
    }

    fn lines(&mut self) -> Vec<Line> {
        let mut out = Vec::new();
        for exchange in self.hub.drain() {
            let Some(settled) = self.watched.take(&exchange) else { continue };
            out.push(self.exchange_line(&exchange, settled));
            let over = settled.session.filter(|_| settled.over).and_then(|id| self.watched.session(id));
            out.extend(over.map(|session| self.session_line(session)));
        }
        out
    }

    fn exchange_line(&self, e: &Exchange, settled: Settled) -> Line {
        match self.json {
            true => Line::Json(exchange_json(e, settled, self.epoch)),
            false => Line::Text(exchange_text(e, self.epoch)),
        }
    }

    fn session_line(&self, session: &Session) -> Line {
        let at = self.epoch.saturating_add(session.last);
        match self.json {
            true => Line::Json(session_json(session, self.epoch)),
            false => Line::Text(format!("{}  upload {}", clock(at), session.summary())),
        }
    }
}

fn print(mut waiting: Receiver<Vec<Line>>) -> Result<(), Failure> {
    while let Some(lines) = waiting.blocking_recv() {
        for line in lines {
            match line {
                Line::Text(text) => Out.line(&visible(&text))?,
                Line::Json(value) => Out.json(&value)?,
            }
        }
    }
    Ok(())
}

/// The status as a word, and the error or what broke it off.
fn ending(e: &Exchange) -> (String, Option<String>) {
    let refused = match Answer::of(e) {
        Answer::Refused { code, .. } if !code.is_empty() => Some(code),
        _ => None,
    };
    match (&e.end, e.status()) {
        (Some(End::Failed(why)), Some(status)) => (format!("{status}!"), Some(why.clone())),
        (Some(End::Failed(why)), None) => ("lost".to_owned(), Some(why.clone())),
        (Some(End::Cancelled), _) => ("cut".to_owned(), Some("the sandbox ended".to_owned())),
        (_, Some(status)) => (status.to_string(), refused),
        (_, None) => ("?".to_owned(), None),
    }
}

fn target(e: &Exchange) -> String {
    let end = e.request.head.iter().position(|b| *b == b'\r').unwrap_or(0);
    let line = String::from_utf8_lossy(e.request.head.get(..end).unwrap_or(&[]));
    let target = line.split(' ').nth(1).unwrap_or("");
    target.split('?').next().unwrap_or("").to_owned()
}

fn exchange_text(e: &Exchange, epoch: u64) -> String {
    let client = e.sender.stranger().map_or("", |s| s.short());
    let part = part_number(e).map_or_else(String::new, |n| format!(" #{n}"));
    let again = if e.attempt > 1 { format!(" attempt {}", e.attempt) } else { String::new() };
    let (status, why) = ending(e);
    let micros = e.duration().unwrap_or(0);
    let why = why.map_or_else(String::new, |why| format!("  {why}"));
    format!(
        "{}  {client:<18} {:<26} {status:<4} {:>6}.{} ms  in {:>9}  out {:>9}  {}{why}",
        clock(epoch.saturating_add(e.timing.begun)),
        format!("{}{part}{again}", e.kind),
        micros / 1000,
        micros % 1000 / 100,
        human_size(e.request.total),
        human_size(e.response.total),
        target(e),
    )
}

/// `14:02:07.123`, in UTC.
fn clock(micros: u64) -> String {
    let seconds = micros / 1_000_000;
    let day = seconds % 86_400;
    format!("{:02}:{:02}:{:02}.{:03}", day / 3600, day / 60 % 60, day % 60, micros / 1000 % 1000)
}

fn exchange_json(e: &Exchange, settled: Settled, epoch: u64) -> Value {
    let stranger = e.sender.stranger();
    let (_, why) = ending(e);
    json!({
        "type": "exchange",
        "id": e.id.0,
        "begun_us": epoch.saturating_add(e.timing.begun),
        "took_us": e.duration(),
        "client": stranger.map(|s| s.short()),
        "user_agent": stranger.map(|s| s.user_agent.as_str()),
        "invocation": stranger.and_then(|s| s.invocation.as_deref()),
        "call": e.kind.name(),
        "attempt": e.attempt,
        "target": target(e),
        "part": part_number(e),
        "session": settled.session.map(|id| id.0),
        "status": e.status(),
        "whole": e.end == Some(End::Complete),
        "error": why,
        "connection": e.connection,
        "request_bytes": e.request.total,
        "response_bytes": e.response.total,
    })
}

fn session_json(s: &Session, epoch: u64) -> Value {
    let parts: Vec<Value> = s
        .parts
        .iter()
        .map(|(number, part)| {
            json!({
                "number": number,
                "copied": part.copied,
                "range": part.range.map(|r| r.to_string()),
                "size": part.size,
                "etag": part.etag,
                "attempts": part.attempts,
                "state": part.words(),
                "took_us": part.took,
            })
        })
        .collect();
    let around: Vec<Value> = s
        .around
        .iter()
        .map(|a| {
            json!({
                "id": a.exchange.0,
                "call": a.kind.name(),
                "bucket": a.object.bucket,
                "key": a.object.key,
                "when": a.when.word(),
                "status": a.status,
            })
        })
        .collect();
    let etag = if let Stage::Completed { etag } = &s.stage { etag.clone() } else { None };
    json!({
        "type": "session",
        "session": s.id.0,
        "client": s.client,
        "bucket": s.upload.bucket,
        "key": s.upload.key,
        "upload_id": s.upload.upload_id,
        "state": s.stage.words(),
        "over": s.is_over(),
        "etag": etag,
        "seen_from_create": s.seen_from_create,
        "source": s.source.as_ref().map(|o| format!("s3://{}/{}", o.bucket, o.key)),
        "begun_us": epoch.saturating_add(s.begun),
        "took_us": s.lasted(),
        "part_size": match s.part_size() { PartSize::Each(size) => Some(size), _ => None },
        "stored": s.stored(),
        "parts_named": s.named,
        "attempts_again": s.again(),
        "most_at_once": s.most_at_once(),
        "parts": parts,
        "around": around,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_day_is_utc() {
        assert_eq!(clock(1_800_000_000_123_456), "08:00:00.123");
        assert_eq!(clock(86_399_999_999), "23:59:59.999");
    }
}
