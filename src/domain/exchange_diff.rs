//! What two exchanges differ in: heads by name, XML by element, bodies by their bytes, and how each went.
//!
//! Values are compared as they were on the wire and shown masked, so that a changed secret is told as changed without
//! being shown. White space around a header's value is no part of it; where only such things differ, that is said. What
//! differs in any two exchanges (signature, date, request id) is kept apart from what matters. What was masked when it was
//! written down is not known to be the same.

mod align;
mod body;
mod course;
mod head;
mod kin;
mod lines;
mod tree;

pub use kin::{Kinship, next_of_kind, previous_of_kind};
pub use lines::{DiffLine, Mark, lines};

use super::exchange::{Captured, Exchange, ExchangeId};
use super::message::Message;
use std::fmt;
use std::ops::Range;

/// The differences of two exchanges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeDiff {
    /// The one it was before.
    pub old: ExchangeId,
    /// The one it is now.
    pub new: ExchangeId,
    /// Request, response and course, in this order.
    pub sections: [Section; 3],
}

/// Which piece of an exchange a section is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What was sent.
    Request,
    /// What was answered.
    Response,
    /// How it went: connection, attempt, end, times.
    Course,
}

/// The differences on one side: what matters first, then what differs each time; each in the order of the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Which side.
    pub side: Side,
    /// What is not the same.
    pub changes: Vec<Change>,
    /// How many pieces are the same.
    pub same: usize,
}

/// What a piece is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum What {
    /// A start line that is neither a request nor a status line.
    StartLine,
    /// The method of the request.
    Method,
    /// The path of the request, encoded as sent.
    Path,
    /// The version of HTTP of the request.
    Version,
    /// A query parameter, by its name as sent.
    Parameter(String),
    /// In which order the query parameters stand.
    ParameterOrder,
    /// The status line.
    StatusLine,
    /// An interim answer.
    Interim,
    /// A header, by its name in lower case.
    Header(String),
    /// In which order the headers stand.
    HeaderOrder,
    /// An element, by its path from the root: `ListPartsResult/Part[2]/ETag`.
    Element(String),
    /// In which order the elements within this one stand.
    ElementOrder(String),
    /// In which chunks the body comes.
    Framing,
    /// A header after the last chunk, by its name in lower case.
    Trailer(String),
    /// The bytes of the body, or those that are no document.
    Body,
    /// Bytes that none of the pieces holds: white space, line ends.
    Layout,
    /// Which call it is.
    Call,
    /// The number of the attempt.
    Attempt,
    /// The connection used.
    Connection,
    /// The other end of the connection.
    Peer,
    /// TLS version and cipher.
    Tls,
    /// How it ended.
    Ending,
    /// How long something took, by what.
    Time(&'static str),
}

/// How a piece stands in the two exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is in both, and differs.
    Changed,
    /// It is only in the new one.
    Added,
    /// It is only in the old one.
    Gone,
    /// Not all of it is at hand, and what is at hand is the same: the middle was not kept, or a secret was masked.
    NotKnown,
}

/// A piece that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which piece.
    pub what: What,
    /// Which of several with the same name, from 0.
    pub nth: usize,
    /// How it stands.
    pub verdict: Verdict,
    /// In the old exchange.
    pub old: Option<Value>,
    /// In the new exchange.
    pub new: Option<Value>,
    /// Whether it differs in any two exchanges, and so says nothing of these.
    pub each_time: bool,
    /// What is to be said besides; may be empty.
    pub note: String,
}

/// A piece of one exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Safe to show; secrets masked unless revealed.
    pub text: String,
    /// Places of its first byte and after its last one, from the first of the message; empty for what has no bytes.
    pub at: Range<u64>,
}

impl Change {
    /// Whether it is a difference, and one that matters.
    pub fn matters(&self) -> bool {
        !self.each_time && self.verdict != Verdict::NotKnown
    }
}

impl Section {
    fn new(side: Side) -> Self {
        Self { side, changes: Vec::new(), same: 0 }
    }

    /// How many changes matter.
    pub fn mattering(&self) -> usize {
        self.changes.iter().filter(|c| c.matters()).count()
    }

    /// What matters first; else as it was.
    fn settled(mut self) -> Self {
        self.changes.sort_by_key(|c| (c.each_time, c.verdict == Verdict::NotKnown));
        self
    }
}

impl ExchangeDiff {
    /// Compares two exchanges; with `reveal` secrets are shown.
    pub fn of(old: &Exchange, new: &Exchange, reveal: bool) -> Self {
        Self {
            old: old.id,
            new: new.id,
            sections: [
                side(Side::Request, &old.request, &new.request, reveal),
                side(Side::Response, &old.response, &new.response, reveal),
                course::section(old, new),
            ],
        }
    }

    /// Whether no byte kept of the two and nothing of their course differs.
    pub fn is_empty(&self) -> bool {
        self.sections.iter().all(|s| s.changes.iter().all(|c| c.verdict == Verdict::NotKnown))
    }

    /// Every change with its side, in the order of the sections.
    pub fn changes(&self) -> impl Iterator<Item = (Side, &Change)> {
        self.sections.iter().flat_map(|s| s.changes.iter().map(move |c| (s.side, c)))
    }

    /// How many changes matter.
    pub fn mattering(&self) -> usize {
        self.sections.iter().map(Section::mattering).sum()
    }
}

/// One direction of both.
fn side(which: Side, old: &Captured, new: &Captured, reveal: bool) -> Section {
    let (joined_old, joined_new) = (old.joined(), new.joined());
    let (old, new) = (joined_old.as_ref().unwrap_or(old), joined_new.as_ref().unwrap_or(new));
    let (before, after) = (Message::read(&old.head), Message::read(&new.head));
    let mut section = Section::new(which);
    head::compare((&before, &old.masked), (&after, &new.masked), reveal, &mut section);
    body::compare(body::Half::new(old, &before), body::Half::new(new, &after), reveal, &mut section);
    let differs = old.head != new.head || old.tail != new.tail || old.total != new.total;
    if differs && section.changes.iter().all(|c| c.verdict == Verdict::NotKnown) {
        section.changes.push(body::layout(old, new));
    }
    section.settled()
}

impl Side {
    /// Its name in headings.
    pub fn title(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Course => "course",
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StartLine => f.write_str("first line"),
            Self::Method => f.write_str("method"),
            Self::Path => f.write_str("path"),
            Self::Version => f.write_str("HTTP version"),
            Self::Parameter(name) => write!(f, "?{name}"),
            Self::ParameterOrder => f.write_str("order of the query parameters"),
            Self::StatusLine => f.write_str("status line"),
            Self::Interim => f.write_str("interim answer"),
            Self::Header(name) => f.write_str(name),
            Self::HeaderOrder => f.write_str("order of the headers"),
            Self::Element(path) => write!(f, "<{path}>"),
            Self::ElementOrder(path) => write!(f, "order within <{path}>"),
            Self::Framing => f.write_str("chunks"),
            Self::Trailer(name) => write!(f, "trailer {name}"),
            Self::Body => f.write_str("body"),
            Self::Layout => f.write_str("layout"),
            Self::Call => f.write_str("call"),
            Self::Attempt => f.write_str("attempt"),
            Self::Connection => f.write_str("connection"),
            Self::Peer => f.write_str("peer"),
            Self::Tls => f.write_str("TLS"),
            Self::Ending => f.write_str("end"),
            Self::Time(what) => f.write_str(what),
        }
    }
}

#[cfg(test)]
mod tests;
