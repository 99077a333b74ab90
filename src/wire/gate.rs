//! The gate of one attempt: open, holding the request back, letting it out, or shut for good.
//!
//! A held request is accepted from the HTTP implementation and kept here, at most 1 MiB; past
//! that the writer waits, so that a large upload stalls in the writer and not in memory. The gate only keeps
//! bytes and says what may be done with them; the tap does the I/O while it owns the attempt's lock, so that
//! shutting the gate and sending a byte can never happen at once.

use crate::domain::exchange::head_length;
use std::task::Waker;

/// What may happen to request bytes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// They go straight to the stream.
    Open,
    /// They are kept.
    Holding,
    /// Kept bytes go first, then it is open.
    Draining,
    /// They are refused: the attempt is over.
    Shut,
}

/// The gate of one attempt.
#[derive(Debug)]
pub(super) struct Gate {
    mode: Mode,
    kept: Vec<u8>,
    gone: usize,
    waker: Option<Waker>,
}

impl Gate {
    /// Bytes kept of a held request.
    pub(super) const LIMIT: usize = 1024 * 1024;

    /// A gate that holds, or one that never did.
    pub(super) fn new(hold: bool) -> Self {
        let mode = if hold { Mode::Holding } else { Mode::Open };
        Self { mode, kept: Vec::new(), gone: 0, waker: None }
    }

    /// What may happen to request bytes now.
    pub(super) fn mode(&self) -> Mode {
        self.mode
    }

    /// Bytes that may still be kept.
    pub(super) fn room(&self) -> usize {
        Self::LIMIT.saturating_sub(self.kept.len())
    }

    /// Keeps bytes; the caller asked for [`Gate::room`] first.
    pub(super) fn keep(&mut self, data: &[u8]) {
        self.kept.extend_from_slice(data);
    }

    /// How many bytes are kept.
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Remembers whom to wake when the gate opens or shuts.
    pub(super) fn wait(&mut self, waker: &Waker) {
        if !self.waker.as_ref().is_some_and(|w| w.will_wake(waker)) {
            self.waker = Some(waker.clone());
        }
    }

    /// Lets a held request go. Answers the task to wake, or `Err` when nothing was held.
    pub(super) fn release(&mut self) -> Result<Option<Waker>, NotHeld> {
        if self.mode != Mode::Holding {
            return Err(NotHeld);
        }
        self.mode = Mode::Draining;
        Ok(self.waker.take())
    }

    /// The kept bytes that have not left yet.
    pub(super) fn pending(&self) -> &[u8] {
        self.kept.get(self.gone..).unwrap_or(&[])
    }

    /// `n` of the pending bytes have left; when all have, the gate is open.
    pub(super) fn left(&mut self, n: usize) {
        self.gone = self.gone.saturating_add(n);
        if self.pending().is_empty() && self.mode == Mode::Draining {
            self.open();
        }
    }

    /// Nothing is kept any more and nothing will be.
    pub(super) fn open(&mut self) {
        self.mode = Mode::Open;
        self.kept = Vec::new();
        self.gone = 0;
    }

    /// Ends the attempt: kept bytes are forgotten and no byte is accepted again.
    pub(super) fn shut(&mut self) -> Option<Waker> {
        self.mode = Mode::Shut;
        self.kept = Vec::new();
        self.gone = 0;
        self.waker.take()
    }
}

/// There was no held request to let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotHeld;

/// How long a whole request is, judged by its head: `None` while the head is incomplete.
///
/// The program's requests have a `content-length` or no body; S3 has no other kind.
pub(super) fn request_len(bytes: &[u8]) -> Option<u64> {
    let head = head_length(bytes)?;
    let body = bytes
        .get(..head)?
        .split(|b| *b == b'\n')
        .filter_map(|line| std::str::from_utf8(line).ok()?.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<u64>().ok())
        .unwrap_or(0);
    Some(body.saturating_add(u64::try_from(head).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_as_long_as_its_head_says() {
        assert_eq!(request_len(b"GET / HTTP/1.1\r\nhost: a\r\n"), None);
        assert_eq!(request_len(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"), Some(27));
        assert_eq!(request_len(b"PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab"), Some(42));
    }

    #[test]
    fn kept_bytes_leave_in_order_and_only_after_release() {
        let mut gate = Gate::new(true);
        gate.keep(b"abc");
        assert!(matches!(gate.release(), Ok(None)));
        assert_eq!(gate.pending(), b"abc");
        gate.left(1);
        assert_eq!((gate.pending(), gate.mode()), (&b"bc"[..], Mode::Draining));
        gate.left(2);
        assert_eq!(gate.mode(), Mode::Open);
        assert!(matches!(gate.release(), Err(NotHeld)));
    }

    #[test]
    fn a_shut_gate_has_forgotten_everything() {
        let mut gate = Gate::new(true);
        gate.keep(b"secret");
        gate.shut();
        assert_eq!((gate.pending(), gate.mode()), (&b""[..], Mode::Shut));
        assert!(matches!(gate.release(), Err(NotHeld)));
    }
}
