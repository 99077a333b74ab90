//! What the lines of a session file hold, and how they become exchanges again.

use super::{Bytes, Secrets, Session, VERSION};
use crate::domain::deed::{Deed, DeedId, Who};
use crate::domain::exchange::{
    CallKind, Captured, End, Exchange, ExchangeId, Sender, Stranger, Timing as Times,
};
use crate::domain::message::Message;
use crate::domain::operation::OperationId;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::domain) struct About {
    /// Version of the format.
    pub(in crate::domain) partscope_session: u32,
    program: String,
    target: String,
    epoch_micros: i64,
    secrets: Secrets,
    #[serde(default, skip_serializing_if = "is_false")]
    reconstructed: bool,
    #[serde(default)]
    dropped: u64,
    /// How many exchanges follow.
    pub(super) exchanges: u64,
}

impl About {
    pub(in crate::domain) fn of(session: &Session, secrets: Secrets) -> Self {
        Self {
            partscope_session: VERSION,
            program: session.program.clone(),
            target: session.target.clone(),
            epoch_micros: session.epoch,
            secrets,
            reconstructed: session.bytes == Bytes::Reconstructed,
            dropped: session.dropped,
            exchanges: u64::try_from(session.exchanges.len()).unwrap_or(u64::MAX),
        }
    }

    pub(in crate::domain) fn session(self, found: Vec<(Exchange, Option<Deed>)>) -> Session {
        let mut deeds = BTreeMap::new();
        let mut known: BTreeMap<DeedId, Arc<Deed>> = BTreeMap::new();
        let mut exchanges = Vec::with_capacity(found.len());
        for (exchange, deed) in found {
            if let Some(deed) = deed {
                let first = Arc::clone(known.entry(deed.id).or_insert_with(|| Arc::new(deed)));
                deeds.insert(exchange.id, first);
            }
            exchanges.push(exchange);
        }
        Session {
            program: self.program,
            target: self.target,
            epoch: self.epoch_micros,
            secrets: self.secrets,
            bytes: if self.reconstructed { Bytes::Reconstructed } else { Bytes::Exact },
            dropped: self.dropped,
            exchanges,
            deeds,
        }
    }
}

/// Why a file of some version cannot be read.
pub(in crate::domain) fn check_version(version: u32) -> Result<(), String> {
    if version == VERSION {
        return Ok(());
    }
    Err(format!("it is written in version {version} of the format; this program reads version {VERSION}"))
}

fn is_false(value: &bool) -> bool {
    !value
}

/// One exchange. Times are microseconds since the first line's `epoch_micros`.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::domain) struct Row {
    id: u64,
    operation: u64,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sender: Option<Client>,
    attempt: u32,
    connection: u64,
    reused: bool,
    peer: String,
    tls: Option<String>,
    held: bool,
    timing: Timing,
    end: Option<Ended>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deed: Option<Done>,
    request: Side,
    response: Side,
}

/// What an exchange was done for.
#[derive(Debug, Serialize, Deserialize)]
struct Done {
    id: u64,
    who: DoneBy,
    label: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DoneBy {
    You,
    Program,
    Client(String),
}

/// What another client said of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Client {
    user_agent: String,
    invocation: Option<String>,
    attempt: Option<u32>,
    max_attempts: Option<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Timing {
    begun: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tcp: Option<u64>,
    connected: Option<u64>,
    released: Option<u64>,
    request_sent: Option<u64>,
    first_byte: Option<u64>,
    ended: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "how", content = "why", rename_all = "snake_case")]
enum Ended {
    Complete,
    Cancelled,
    Failed(String),
}

/// One direction; bytes in base64.
#[derive(Debug, Serialize, Deserialize)]
struct Side {
    head: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    tail: String,
    total: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    masked: Vec<(u64, u64)>,
}

impl Row {
    pub(in crate::domain) fn of(e: &Exchange, deed: Option<&Arc<Deed>>) -> Self {
        Self {
            id: e.id.0,
            operation: e.operation.0,
            kind: e.kind.name().to_owned(),
            sender: e.sender.stranger().map(Client::of),
            attempt: e.attempt,
            connection: e.connection,
            reused: e.reused,
            peer: e.peer.to_string(),
            tls: e.tls.as_deref().map(str::to_owned),
            held: e.held,
            timing: Timing::of(&e.timing),
            end: e.end.as_ref().map(Ended::of),
            deed: deed.map(|deed| Done::of(deed)),
            request: Side::of(&e.request),
            response: Side::of(&e.response),
        }
    }

    /// The exchange and what it was done for, or what is wrong with the line.
    pub(in crate::domain) fn exchange(self) -> Result<(Exchange, Option<Deed>), String> {
        let deed = self.deed.map(Done::deed);
        let request = self.request.captured().map_err(|why| format!("its request: {why}"))?;
        let response = self.response.captured().map_err(|why| format!("its response: {why}"))?;
        let method = |bytes| {
            let message = Message::read(bytes);
            let line = message.request_line();
            line.and_then(|l| message.text(&l.method).map(str::to_owned)).unwrap_or_default()
        };
        let exchange = Exchange {
            id: ExchangeId(self.id),
            operation: OperationId(self.operation),
            // A call that has no name here, as one may of a newer program, is called by its method.
            kind: CallKind::named(&self.kind).unwrap_or_else(|| CallKind::unnamed(&method(&request.head))),
            sender: self.sender.map_or(Sender::Here, |c| Sender::Elsewhere(Arc::new(c.stranger()))),
            attempt: self.attempt,
            connection: self.connection,
            reused: self.reused,
            peer: self.peer.into(),
            tls: self.tls.map(Into::into),
            request,
            response,
            held: self.held,
            timing: self.timing.times(),
            end: self.end.map(Ended::end),
        };
        Ok((exchange, deed))
    }
}

impl Done {
    fn of(deed: &Deed) -> Self {
        let who = match &deed.who {
            Who::You => DoneBy::You,
            Who::Program => DoneBy::Program,
            Who::Client(name) => DoneBy::Client(name.clone()),
        };
        Self { id: deed.id.0, who, label: deed.label.clone() }
    }

    fn deed(self) -> Deed {
        let who = match self.who {
            DoneBy::You => Who::You,
            DoneBy::Program => Who::Program,
            DoneBy::Client(name) => Who::Client(name),
        };
        Deed { id: DeedId(self.id), who, label: self.label }
    }
}

impl Client {
    fn of(s: &Stranger) -> Self {
        Self {
            user_agent: s.user_agent.clone(),
            invocation: s.invocation.clone(),
            attempt: s.attempt,
            max_attempts: s.max_attempts,
        }
    }

    fn stranger(self) -> Stranger {
        Stranger {
            user_agent: self.user_agent,
            invocation: self.invocation,
            attempt: self.attempt,
            max_attempts: self.max_attempts,
        }
    }
}

impl Timing {
    fn of(t: &Times) -> Self {
        Self {
            begun: t.begun,
            tcp: t.tcp,
            connected: t.connected,
            released: t.released,
            request_sent: t.request_sent,
            first_byte: t.first_byte,
            ended: t.ended,
        }
    }

    fn times(self) -> Times {
        Times {
            begun: self.begun,
            tcp: self.tcp,
            connected: self.connected,
            released: self.released,
            request_sent: self.request_sent,
            first_byte: self.first_byte,
            ended: self.ended,
        }
    }
}

impl Ended {
    fn of(end: &End) -> Self {
        match end {
            End::Complete => Self::Complete,
            End::Cancelled => Self::Cancelled,
            End::Failed(why) => Self::Failed(why.clone()),
        }
    }

    fn end(self) -> End {
        match self {
            Self::Complete => End::Complete,
            Self::Cancelled => End::Cancelled,
            Self::Failed(why) => End::Failed(why),
        }
    }
}

impl Side {
    fn of(c: &Captured) -> Self {
        Self {
            head: STANDARD.encode(&c.head),
            tail: STANDARD.encode(&c.tail),
            total: c.total,
            masked: c.masked.iter().map(|r| (r.start, r.end)).collect(),
        }
    }

    /// The capture, or why no capture can be so.
    fn captured(self) -> Result<Captured, String> {
        let bytes = |name: &str, text: &str, most: usize| {
            let bytes = STANDARD.decode(text).map_err(|e| format!("{name} is no base64: {e}"))?;
            if bytes.len() > most {
                return Err(format!(
                    "{name} holds {} bytes, more than the {most} that are kept",
                    bytes.len()
                ));
            }
            Ok(bytes)
        };
        let captured = Captured {
            head: bytes("head", &self.head, Captured::HEAD)?,
            tail: bytes("tail", &self.tail, Captured::TAIL)?,
            total: self.total,
            masked: self.masked.into_iter().map(|(start, end)| start..end).collect(),
        };
        let kept = u64::try_from(captured.kept()).unwrap_or(u64::MAX);
        if kept > captured.total {
            return Err(format!("it holds {kept} bytes of {} in all", captured.total));
        }
        if !captured.tail.is_empty() && captured.head.len() < Captured::HEAD {
            return Err("it has an end although its beginning is not full".into());
        }
        masked_in_order(&captured.masked, captured.total)?;
        Ok(captured)
    }
}

fn masked_in_order(masked: &[Range<u64>], total: u64) -> Result<(), String> {
    let mut last = None;
    for range in masked {
        if range.start >= range.end || range.end > total || last.is_some_and(|last| range.start <= last) {
            return Err(format!("masked places {}–{} are out of order or out of it", range.start, range.end));
        }
        last = Some(range.end);
    }
    Ok(())
}
