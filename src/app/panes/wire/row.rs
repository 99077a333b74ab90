//! What stays of an exchange when its bytes are dropped: enough for a line of the timeline and its timing.

use crate::domain::deed::Deed;
use crate::domain::exchange::{CallKind, End, Exchange, ExchangeId, Sender, Timing};
use crate::domain::operation::OperationId;
use crate::domain::text::visible;
use memchr::memchr;
use memchr::memmem::Finder;
use std::sync::{Arc, LazyLock};

/// How an exchange stands; what comes later is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// A whole answer with this status, and it is no error.
    Done(u16),
    /// Called off before a byte of it left.
    Dropped,
    /// No answer yet.
    UnderWay,
    /// This status came; what follows it, not yet.
    Answering(u16),
    /// The request waits to be released.
    Held,
    /// An answer with this status that is an error or a redirect.
    Refused(u16),
    /// This status came, and the answer broke off or was called off.
    Broken(u16),
    /// Called off after it had left: whether it took effect is not known.
    Cut,
    /// No answer came.
    Lost,
}

impl State {
    /// Whether somebody should look at it.
    pub fn is_bad(self) -> bool {
        self >= Self::Refused(0)
    }

    fn of(e: &Exchange, error: bool) -> Self {
        match (e.held, e.status(), &e.end) {
            (true, ..) => Self::Held,
            (_, Some(s), _) if s >= 300 || error => Self::Refused(s),
            // A status line is no success before the body is whole: an error can still follow in it.
            (_, Some(s), None) => Self::Answering(s),
            (_, Some(s), Some(End::Failed(_) | End::Cancelled)) => Self::Broken(s),
            (_, Some(s), _) => Self::Done(s),
            (_, None, Some(End::Cancelled)) if e.timing.request_sent.is_some() => Self::Cut,
            (_, None, Some(End::Cancelled)) => Self::Dropped,
            (_, None, Some(_)) => Self::Lost,
            (_, None, None) => Self::UnderWay,
        }
    }
}

/// The part a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// None.
    None,
    /// This number.
    Number(u32),
    /// Something that is no number.
    Odd,
}

/// One exchange without its bytes.
#[derive(Debug, Clone)]
pub struct Row {
    /// The exchange.
    pub id: ExchangeId,
    /// The call it belongs to.
    pub operation: OperationId,
    /// Which call.
    pub kind: CallKind,
    /// Who sent it.
    pub sender: Sender,
    /// 1 for the first try.
    pub attempt: u32,
    /// The part it is about.
    pub part: Part,
    /// How it stands.
    pub state: State,
    /// The code of the error that was answered, or why it failed; safe to show.
    pub why: Option<Box<str>>,
    /// Number of its connection; 0 until one was had.
    pub connection: u64,
    /// Whether that connection had carried an exchange before.
    pub reused: bool,
    /// Bytes of the request.
    pub sent: u64,
    /// Bytes of the response.
    pub received: u64,
    /// What it belongs to.
    pub deed: Arc<Deed>,
    times: Times,
    earlier: u64,
    later: u64,
}

impl Row {
    /// What an exchange comes to.
    pub fn new(e: &Exchange, deed: Arc<Deed>) -> Self {
        let code = e.error_code().map(visible);
        let state = State::of(e, code.is_some());
        let failed = if let Some(End::Failed(why)) = &e.end { Some(visible(why)) } else { None };
        Self {
            id: e.id,
            operation: e.operation,
            kind: e.kind,
            sender: e.sender.clone(),
            attempt: e.attempt,
            part: part(&e.request.head),
            state,
            why: code.or(failed).map(String::into_boxed_str),
            connection: e.connection,
            reused: e.reused,
            sent: e.request.total,
            received: e.response.total,
            deed,
            times: Times::pack(&e.timing),
            earlier: 0,
            later: 0,
        }
    }

    /// When things happened.
    pub fn timing(&self) -> Timing {
        self.times.unpack()
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.times.0[ENDED] != NEVER
    }

    /// Microseconds from the first request byte's chance to leave until the end, as far as known.
    pub fn duration(&self) -> Option<u64> {
        let t = self.timing();
        Some(t.ended?.saturating_sub(t.released.unwrap_or(t.begun)))
    }

    /// The attempt before this one.
    pub fn earlier(&self) -> Option<ExchangeId> {
        (self.earlier != 0).then_some(ExchangeId(self.earlier))
    }

    /// The attempt after this one.
    pub fn later(&self) -> Option<ExchangeId> {
        (self.later != 0).then_some(ExchangeId(self.later))
    }

    pub(super) fn set_earlier(&mut self, id: Option<ExchangeId>) {
        self.earlier = id.map_or(0, |id| id.0);
    }

    pub(super) fn set_later(&mut self, id: Option<ExchangeId>) {
        self.later = id.map_or(0, |id| id.0);
    }

    /// Memory it holds besides its own size, in bytes.
    pub fn heap(&self) -> usize {
        self.why.as_ref().map_or(0, |why| why.len())
    }
}

/// The value of `partNumber` in a request's first line.
fn part(head: &[u8]) -> Part {
    let line = head.get(..memchr(b'\r', head).unwrap_or(head.len())).unwrap_or(&[]);
    let target = line.split(|b| *b == b' ').nth(1).unwrap_or(&[]);
    let query = memchr(b'?', target).and_then(|at| target.get(at + 1..)).unwrap_or(&[]);
    let named = |at: &usize| *at == 0 || query.get(at - 1) == Some(&b'&');
    let Some(at) = PART_NUMBER.find_iter(query).find(named) else { return Part::None };
    let value = query.get(at + PART_NUMBER.needle().len()..).unwrap_or(&[]);
    let value = value.get(..memchr(b'&', value).unwrap_or(value.len())).unwrap_or(&[]);
    std::str::from_utf8(value).ok().and_then(|v| v.parse().ok()).map_or(Part::Odd, Part::Number)
}

static PART_NUMBER: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"partNumber="));

/// A [`Timing`] in half the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Times([u64; 7]);

const NEVER: u64 = u64::MAX;
const ENDED: usize = 6;

impl Times {
    fn pack(t: &Timing) -> Self {
        let at = |moment: Option<u64>| moment.unwrap_or(NEVER);
        Self([
            t.begun,
            at(t.tcp),
            at(t.connected),
            at(t.released),
            at(t.request_sent),
            at(t.first_byte),
            at(t.ended),
        ])
    }

    fn unpack(self) -> Timing {
        let [begun, tcp, connected, released, request_sent, first_byte, ended] = self.0;
        let at = |moment: u64| (moment != NEVER).then_some(moment);
        Timing {
            begun,
            tcp: at(tcp),
            connected: at(connected),
            released: at(released),
            request_sent: at(request_sent),
            first_byte: at(first_byte),
            ended: at(ended),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_part_is_the_one_of_the_request_line() {
        for (line, want) in [
            ("PUT /b/k?x-id=UploadPart&partNumber=7&uploadId=U HTTP/1.1\r\npartNumber: 9", Part::Number(7)),
            ("PUT /b/k?uploadId=U&partNumber=-1 HTTP/1.1\r\n", Part::Odd),
            ("HEAD /b/k?x=partNumber=3 HTTP/1.1\r\n", Part::None),
            ("HEAD /b/k", Part::None),
            ("", Part::None),
        ] {
            assert_eq!(part(line.as_bytes()), want, "{line}");
        }
    }

    #[test]
    fn worse_is_greater() {
        let order = [
            State::Done(200),
            State::Dropped,
            State::UnderWay,
            State::Answering(200),
            State::Held,
            State::Refused(301),
            State::Refused(503),
            State::Broken(200),
            State::Cut,
            State::Lost,
        ];
        assert!(order.is_sorted());
        assert_eq!(order.iter().filter(|s| s.is_bad()).count(), 5);
    }

    proptest! {
        #[test]
        fn times_come_back_as_they_were(
            begun in 0..u64::MAX,
            m in proptest::array::uniform6(proptest::option::of(0..u64::MAX)),
        ) {
            let [tcp, connected, released, request_sent, first_byte, ended] = m;
            let timing = Timing { begun, tcp, connected, released, request_sent, first_byte, ended };
            prop_assert_eq!(Times::pack(&timing).unpack(), timing);
        }
    }
}
