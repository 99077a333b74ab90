//! One attempt of one operation as bytes: what was written, what was read, and when.
//!
//! An operation has one exchange per attempt. Bytes are those of the plaintext HTTP/1.1 stream, above TLS.
//! A capture keeps the head and the tail of each direction and counts what it did not keep.

mod call;
mod sender;

use super::operation::OperationId;
pub use call::CallKind;
use memchr::memchr;
use memchr::memmem::{self, Finder};
pub use sender::{Sender, Stranger};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

/// Names one attempt; numbers rise in the order attempts began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExchangeId(pub u64);

/// Bytes of a body in which an error document shows its code.
const ERROR_WITHIN: usize = 4096;
const CODE: &[u8] = b"<Code>";

static BLANK_LINE: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\r\n\r\n"));
static ERROR: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"<Error>"));

/// How long the head is that a message begins with, its blank line included; `None` while that is not there.
pub fn head_length(bytes: &[u8]) -> Option<usize> {
    Some(BLANK_LINE.find(bytes)? + 4)
}

/// One request and its response, as far as they got.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// This attempt.
    pub id: ExchangeId,
    /// The call it belongs to; retries share it. See [`Stranger::operation`] for other clients' calls.
    pub operation: OperationId,
    /// Which call.
    pub kind: CallKind,
    /// Who sent it. For another client, `request` is what the sandbox read and `response` what it wrote.
    pub sender: Sender,
    /// 1 for the first try.
    pub attempt: u32,
    /// The connection it used; 0 until one was had.
    pub connection: u64,
    /// Whether that connection had carried an exchange before.
    pub reused: bool,
    /// Remote address, once connected, or what was being connected to; another client's own address.
    pub peer: Arc<str>,
    /// `Some(version and cipher)` for TLS.
    pub tls: Option<Arc<str>>,
    /// Bytes of the request: written here, or held when `held`.
    pub request: Captured,
    /// Bytes of the response.
    pub response: Captured,
    /// Whether the request is complete in `request` but has not left.
    pub held: bool,
    /// Interesting moments, in microseconds since the program began.
    pub timing: Timing,
    /// How it ended; `None` while under way.
    pub end: Option<End>,
}

/// A bounded record of one direction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// The first bytes.
    pub head: Vec<u8>,
    /// The last bytes, when there were more than `head` holds.
    pub tail: Vec<u8>,
    /// How many bytes there were in all.
    pub total: u64,
    /// Places whose bytes stand for others of the same length: secrets that were masked when this was written down.
    /// Ascending, apart from each other, counted from the first byte; empty for what comes from the wire.
    pub masked: Vec<Range<u64>>,
}

impl Captured {
    /// Bytes kept of the beginning of each direction.
    pub const HEAD: usize = 64 * 1024;
    /// Bytes kept of the end of each direction.
    pub const TAIL: usize = 4 * 1024;

    /// Adds bytes as they pass.
    pub fn push(&mut self, mut data: &[u8]) {
        self.total = self.total.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
        let room = Self::HEAD.saturating_sub(self.head.len());
        if room > 0 {
            let (now, rest) = data.split_at(room.min(data.len()));
            self.head.extend_from_slice(now);
            data = rest;
        }
        if data.is_empty() {
            return;
        }
        if data.len() >= Self::TAIL {
            self.tail.clear();
            data = data.split_at(data.len() - Self::TAIL).1;
        }
        self.tail.extend_from_slice(data);
        if self.tail.len() > Self::TAIL {
            self.tail.drain(..self.tail.len() - Self::TAIL);
        }
    }

    /// These bytes, as one who saw them pass would have kept them.
    pub fn of(bytes: &[u8]) -> Self {
        let mut captured = Self::default();
        captured.push(bytes);
        captured
    }

    /// Gives back room that nothing will be put into.
    pub fn fit(&mut self) {
        for part in [&mut self.head, &mut self.tail] {
            if part.capacity() - part.len() > part.len() / 8 {
                part.shrink_to_fit();
            }
        }
    }

    /// Bytes that passed and were not kept, between `head` and `tail`.
    pub fn missing(&self) -> u64 {
        self.total.saturating_sub(u64::try_from(self.head.len() + self.tail.len()).unwrap_or(u64::MAX))
    }

    /// Both ends in one, when together they are all there was and neither is all.
    pub fn joined(&self) -> Option<Self> {
        (self.missing() == 0 && !self.tail.is_empty()).then(|| Self {
            head: [self.head.as_slice(), &self.tail].concat(),
            tail: Vec::new(),
            total: self.total,
            masked: self.masked.clone(),
        })
    }

    /// Whether the byte with this index is kept.
    pub fn keeps(&self, place: u64) -> bool {
        let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let at_the_end = self.total.saturating_sub(length(&self.tail))..self.total;
        place < length(&self.head) || at_the_end.contains(&place)
    }

    /// Memory held, in bytes.
    pub fn kept(&self) -> usize {
        self.head.len() + self.tail.len()
    }
}

/// When things happened, in microseconds since the program began; `None` if they did not.
///
/// The times of another client's exchange are the sandbox's: it cannot know when the client began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timing {
    /// The attempt began; of another client, its first byte was read.
    pub begun: u64,
    /// TCP was ready and TLS began. `None` without TLS, where `connected` says it, and on a connection used before.
    pub tcp: Option<u64>,
    /// The connection was ready (TCP, and TLS if any).
    pub connected: Option<u64>,
    /// The held request was released.
    pub released: Option<u64>,
    /// The last request byte was accepted by the socket (or by TLS); of another client, it was read.
    pub request_sent: Option<u64>,
    /// The first response byte arrived; to another client, it was written.
    pub first_byte: Option<u64>,
    /// The last response byte arrived, or was written to another client, or the attempt failed.
    pub ended: Option<u64>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// A whole response was read.
    Complete,
    /// The user called it off.
    Cancelled,
    /// It failed, and this is why.
    Failed(String),
}

impl Exchange {
    /// The final status of the response, interim 1xx answers skipped.
    pub fn status(&self) -> Option<u16> {
        let mut rest: &[u8] = &self.response.head;
        loop {
            let line = rest.split(|b| *b == b'\n').next()?;
            let text = std::str::from_utf8(line).ok()?;
            let status: u16 = text.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.trim().parse().ok()?;
            if status >= 200 {
                return Some(status);
            }
            rest = rest.get(head_length(rest)?..)?;
        }
    }

    /// The bytes after the response's head, as far as kept at the beginning.
    pub fn response_body(&self) -> &[u8] {
        let mut rest: &[u8] = &self.response.head;
        loop {
            let Some(end) = head_length(rest) else { return &[] };
            let interim = rest.starts_with(b"HTTP/1.1 1") || rest.starts_with(b"HTTP/1.0 1");
            rest = rest.get(end..).unwrap_or(&[]);
            if !interim {
                return rest;
            }
        }
    }

    /// The `<Code>` of an error document, whatever the status line says: an error can follow a 200. As the server wrote
    /// it, which is not safe to show as it is.
    pub fn error_code(&self) -> Option<&str> {
        let body = self.response_body();
        let body = body.get(..body.len().min(ERROR_WITHIN))?;
        let error = body.get(ERROR.find(body)?..)?;
        let code = error.get(memmem::find(error, CODE)? + CODE.len()..)?;
        std::str::from_utf8(code.get(..memchr(b'<', code).unwrap_or(code.len()))?).ok()
    }

    /// Bytes the whole request will have, by its `content-length`; `None` when the head is not complete or says
    /// nothing of a body.
    pub fn request_length(&self) -> Option<u64> {
        let end = head_length(&self.request.head)?;
        let head = std::str::from_utf8(self.request.head.get(..end)?).ok()?;
        let length = head
            .lines()
            .filter_map(|l| l.split_once(':'))
            .find(|(n, _)| n.eq_ignore_ascii_case("content-length"))?;
        u64::try_from(end).ok()?.checked_add(length.1.trim().parse().ok()?)
    }

    /// Microseconds from the first request byte's chance to leave until the end, as far as known.
    pub fn duration(&self) -> Option<u64> {
        Some(self.timing.ended?.saturating_sub(self.timing.released.unwrap_or(self.timing.begun)))
    }
}

#[cfg(test)]
impl Exchange {
    /// A whole exchange of these bytes, for tests to change as they need it.
    pub(crate) fn example(request: &[u8], response: &[u8]) -> Self {
        Self {
            id: ExchangeId(1),
            operation: OperationId(1),
            kind: super::operation::OperationKind::HeadObject.into(),
            sender: Sender::Here,
            attempt: 1,
            connection: 1,
            reused: false,
            peer: "127.0.0.1:9000".into(),
            tls: None,
            request: Captured::of(request),
            response: Captured::of(response),
            held: false,
            timing: Timing::default(),
            end: Some(End::Complete),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_capture_keeps_both_ends_and_counts_the_rest(chunks in proptest::collection::vec(0_usize..40_000, 0..12)) {
            let mut all = Vec::new();
            let mut capture = Captured::default();
            for (i, n) in chunks.iter().enumerate() {
                let data: Vec<u8> = (0..*n).map(|j| ((i * 31 + j) % 256) as u8).collect();
                all.extend_from_slice(&data);
                capture.push(&data);
            }
            prop_assert_eq!(capture.total as usize, all.len());
            prop_assert_eq!(&capture.head[..], &all[..all.len().min(Captured::HEAD)]);
            let rest = &all[capture.head.len()..];
            prop_assert_eq!(&capture.tail[..], &rest[rest.len().saturating_sub(Captured::TAIL)..]);
            prop_assert_eq!(capture.missing() as usize, all.len() - capture.kept());
        }
    }

    #[test]
    fn the_code_of_an_error_is_read_behind_any_status_and_interim_head() {
        let code = |bytes: &[u8]| Exchange::example(b"", bytes).error_code().map(str::to_owned);
        let late = b"HTTP/1.1 200 OK\r\n\r\n\r\n<?xml?><Error>\n<Code>InternalError</Code></Error>";
        assert_eq!(code(late).as_deref(), Some("InternalError"));
        let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\na: <Error><Code>head</Code>\r\n\r\n<Error><Code>X";
        assert_eq!(code(interim).as_deref(), Some("X"));
        assert_eq!(code(b"HTTP/1.1 200 OK\r\n\r\n<Code>no error</Code>"), None);
        assert_eq!(code(b"HTTP/1.1 200 OK\r\n\r\n<Error><Code>\xff</Code>"), None);
        let far =
            [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &[b' '; ERROR_WITHIN], b"<Error><Code>X</Code>"].concat();
        assert_eq!(code(&far), None, "an object that speaks of errors is none");
    }
}
