//! Which exchange is the one to compare with: the one before, or after, that did the same to the same.

use crate::domain::exchange::{Exchange, ExchangeId};
use crate::domain::message::Message;
use memchr::memmem;

/// How near two exchanges of the same call are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kinship {
    /// The same call.
    Call,
    /// The same call on the same host and path.
    Target,
    /// The same call of the same upload.
    Upload,
    /// Another attempt of the same call.
    Attempt,
}

impl Kinship {
    /// What they have in common, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Call => "the same call",
            Self::Target => "the same call on the same key",
            Self::Upload => "the same call of the same upload",
            Self::Attempt => "another attempt of the same call",
        }
    }
}

/// The nearest exchange before this one that is of its kind; `older` comes newest first.
///
/// The same call of the same upload is nearer than one on the same key, and that than any of the same call; among those
/// that are equally near it is the last one. An earlier attempt of the same call is nearest of all. One that never got
/// so far as to have a request is none.
pub fn previous_of_kind<'a>(
    of: &Exchange,
    older: impl IntoIterator<Item = &'a Exchange>,
) -> Option<(ExchangeId, Kinship)> {
    nearest(of, older)
}

/// The nearest exchange after this one that is of its kind; `newer` comes oldest first.
pub fn next_of_kind<'a>(
    of: &Exchange,
    newer: impl IntoIterator<Item = &'a Exchange>,
) -> Option<(ExchangeId, Kinship)> {
    nearest(of, newer)
}

fn nearest<'a>(
    of: &Exchange,
    others: impl IntoIterator<Item = &'a Exchange>,
) -> Option<(ExchangeId, Kinship)> {
    let own = Kind::of(of);
    let mut best: Option<(ExchangeId, Kinship)> = None;
    for other in others {
        if other.kind != of.kind || other.request.head.is_empty() || other.id == of.id {
            continue;
        }
        let near = own.kinship(of, other);
        if best.is_none_or(|(_, b)| near > b) {
            best = Some((other.id, near));
        }
        // An earlier attempt stands right beside; what comes further on is no nearer.
        if near >= Kinship::Upload || (near == Kinship::Target && own.upload.is_empty()) {
            break;
        }
    }
    best
}

/// What an exchange does to what, as bytes of its request line.
struct Kind<'a> {
    path: &'a [u8],
    host: Option<&'a str>,
    /// `uploadId=…`; empty when there is none.
    upload: Vec<u8>,
}

impl<'a> Kind<'a> {
    fn of(e: &'a Exchange) -> Self {
        let message = Message::read(&e.request.head);
        let upload = message.parameter("uploadId").filter(|id| !id.is_empty());
        Self {
            path: message.request_line().map_or(&[], |l| message.slice(&l.path)),
            host: message.header("host"),
            upload: upload.map(|id| format!("uploadId={id}").into_bytes()).unwrap_or_default(),
        }
    }

    fn kinship(&self, of: &Exchange, other: &Exchange) -> Kinship {
        if other.operation == of.operation {
            return Kinship::Attempt;
        }
        // Many are looked at while a key is pressed: only the one line that decides is read.
        let head = other.request.head.as_slice();
        let line = head.get(..memchr::memchr(b'\n', head).unwrap_or(head.len())).unwrap_or(&[]);
        let mut words = line.split(|b| *b == b' ');
        let target = words.nth(1).unwrap_or(&[]);
        let mut halves = target.splitn(2, |b| *b == b'?');
        let (path, query) = (halves.next().unwrap_or(&[]), halves.next().unwrap_or(&[]));
        if path != self.path || Message::read(head).header("host") != self.host {
            return Kinship::Call;
        }
        let same_upload = !self.upload.is_empty()
            && memmem::find_iter(query, &self.upload).any(|at| {
                let begins = at == 0 || query.get(at - 1) == Some(&b'&');
                begins && matches!(query.get(at + self.upload.len()), None | Some(b'&'))
            });
        if same_upload { Kinship::Upload } else { Kinship::Target }
    }
}
