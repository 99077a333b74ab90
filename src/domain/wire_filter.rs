//! Which exchanges one wants to see: a line of words that all have to hold.
//!
//! `op:UploadPart* status:4xx part:3-7 -retry "some text"`: words of the form `name:value` ask for a property, `name>value`
//! for a measure, a few words alone for a state, and anything else is text to be found (see [`super::wire_find`]). A `-`
//! before a word turns it about. Commas separate choices.

mod parse;

pub use parse::FilterError;

use super::exchange::{End, Exchange};
use super::message::Message;
use super::wire_find::Needle;
use memchr::memmem;
use percent_encoding::percent_decode;
use std::cmp::Ordering;
use std::ops::RangeInclusive;

/// A filter of exchanges; without words it accepts all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    terms: Vec<Term>,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    negated: bool,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    /// Name of the call, in lower case, with `*` for anything.
    Op(Vec<String>),
    Status(Vec<Status>),
    Part(Vec<RangeInclusive<u32>>),
    Upload(Needle),
    Key(Needle),
    Client(Needle),
    Method(Vec<String>),
    Code(Vec<String>),
    Is(State),
    Measure(Measure, Vec<Ordering>, u64),
    Text(Needle),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Status {
    In(RangeInclusive<u16>),
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not the first attempt of its call.
    Retry,
    /// Refused, failed, or refused within an answer of 200.
    Error,
    /// Waiting to be released.
    Held,
    /// Neither held nor ended.
    Running,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    /// Duration in microseconds.
    Micros,
    /// Bytes of the request.
    Sent,
    /// Bytes of the response.
    Read,
}

impl Filter {
    /// The words it was made of.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it accepts everything.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether an exchange is to be seen.
    pub fn accepts(&self, exchange: &Exchange) -> bool {
        let read = Read::of(exchange);
        self.terms.iter().all(|term| term.test.holds(&read) != term.negated)
    }
}

/// An exchange and its request taken apart once for all words.
struct Read<'a> {
    exchange: &'a Exchange,
    request: Message<'a>,
}

impl<'a> Read<'a> {
    fn of(exchange: &'a Exchange) -> Self {
        Self { exchange, request: Message::read(&exchange.request.head) }
    }

    fn path(&self) -> Vec<u8> {
        let line = self.request.request_line();
        line.map(|l| percent_decode(self.request.slice(&l.path)).collect()).unwrap_or_default()
    }

    /// The upload it is about: named in the request, or answered to the call that began it.
    fn upload(&self) -> Vec<u8> {
        if let Some(id) = self.request.parameter("uploadId").filter(|id| !id.is_empty()) {
            return percent_decode(id.as_bytes()).collect();
        }
        if self.request.parameter("uploads").is_none() {
            return Vec::new();
        }
        element(self.exchange.response_body(), b"<UploadId>").to_vec()
    }

    fn part(&self) -> Option<u32> {
        self.request.parameter("partNumber")?.parse().ok()
    }

    fn is(&self, state: State) -> bool {
        let e = self.exchange;
        match state {
            State::Retry => e.attempt > 1,
            State::Held => e.held,
            State::Running => !e.held && e.end.is_none(),
            State::Error => {
                matches!(e.end, Some(End::Failed(_)))
                    || e.status().is_some_and(|s| s >= 400)
                    || self.exchange.error_code().is_some()
            }
        }
    }

    fn measure(&self, measure: Measure) -> Option<u64> {
        match measure {
            Measure::Micros => self.exchange.duration(),
            Measure::Sent => Some(self.exchange.request.total),
            Measure::Read => Some(self.exchange.response.total),
        }
    }
}

/// The text after an opening tag.
fn element<'a>(body: &'a [u8], tag: &[u8]) -> &'a [u8] {
    let after = memmem::find(body, tag).and_then(|at| body.get(at + tag.len()..)).unwrap_or(&[]);
    after.get(..memchr::memchr(b'<', after).unwrap_or(0)).unwrap_or(&[])
}

impl Test {
    fn holds(&self, read: &Read<'_>) -> bool {
        match self {
            Self::Op(names) => {
                let own = read.exchange.kind.name().to_ascii_lowercase();
                names.iter().any(|name| glob(name, &own))
            }
            Self::Status(wanted) => match read.exchange.status() {
                None => wanted.contains(&Status::None),
                Some(s) => wanted.iter().any(|w| matches!(w, Status::In(range) if range.contains(&s))),
            },
            Self::Part(ranges) => read.part().is_some_and(|n| ranges.iter().any(|r| r.contains(&n))),
            Self::Upload(id) => id.is_in(&read.upload()),
            Self::Key(text) => text.is_in(&read.path()),
            Self::Client(name) => {
                read.request.header("user-agent").is_some_and(|agent| name.is_in(agent.as_bytes()))
            }
            Self::Method(names) => {
                let line = read.request.request_line();
                let own = line.and_then(|l| read.request.text(&l.method));
                own.is_some_and(|own| names.iter().any(|n| n.eq_ignore_ascii_case(own)))
            }
            Self::Code(names) => {
                let own = read.exchange.error_code().map(str::to_ascii_lowercase);
                own.is_some_and(|own| names.iter().any(|name| glob(name, &own)))
            }
            Self::Is(state) => read.is(*state),
            Self::Measure(measure, orders, than) => {
                read.measure(*measure).is_some_and(|is| orders.contains(&is.cmp(than)))
            }
            Self::Text(text) => text.is_found_in(read.exchange),
        }
    }
}

/// Whether a text is what a pattern with `*` for anything says.
fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    for piece in middle {
        let Some(at) = rest.find(piece) else { return false };
        rest = rest.get(at + piece.len()..).unwrap_or("");
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests;
