//! One attempt's record while it is under way.
//!
//! A [`Recorder`] is made when an attempt begins and is told how it ended; dropping it without that means the
//! attempt was called off. It shares a slot with the tap of the connection it runs on. All changes go through
//! the slot's one lock, which is held for memory copies and non-blocking writes only, never across an await.

use super::gate::{Gate, request_len};
use crate::domain::exchange::{CallKind, Captured, End, Exchange, ExchangeId, Sender, Stranger, Timing};
use crate::domain::operation::OperationId;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

/// What is known of an attempt when it begins.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The call it belongs to.
    pub operation: OperationId,
    /// Which call.
    pub kind: CallKind,
    /// Who sends it.
    pub sender: Sender,
    /// 1 for the first try.
    pub attempt: u32,
    /// Whether the request waits for [`super::hub::Hub::release`].
    pub hold: bool,
    /// Set as soon as a byte of the request was accepted by the stream.
    pub sent: Arc<AtomicBool>,
}

/// A request of another client, as the server knows it once its head was read or could not be read.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Which call.
    pub kind: CallKind,
    /// What the client says of itself.
    pub stranger: Stranger,
    /// The client's address.
    pub peer: SocketAddr,
    /// Numbers the server's connections with other clients from 1.
    pub connection: u64,
    /// Whether that connection had carried an exchange before.
    pub reused: bool,
    /// When the first byte was read, on [`super::hub::Hub::now_micros`]'s clock.
    pub at: u64,
}

/// The connection an attempt runs on.
#[derive(Debug, Clone)]
pub struct Wired {
    /// Numbers connections from 1.
    pub connection: u64,
    /// Whether it had carried an exchange before.
    pub reused: bool,
    /// Remote address.
    pub peer: Arc<str>,
    /// Version and cipher suite, for TLS.
    pub tls: Option<Arc<str>>,
    /// When TCP was ready and TLS began, if the connection was made for this attempt.
    pub tcp: Option<Instant>,
}

/// Who keeps the records and wants to hear of changes.
pub(super) trait Ledger: std::fmt::Debug + Send + Sync {
    /// Whether records are kept when they end.
    fn keeps(&self) -> bool;
    /// Something changed since the last drain.
    fn touched(&self);
    /// An attempt ended, and this is its record.
    fn finished(&self, exchange: Exchange);
}

/// Whole microseconds since `epoch`.
pub(super) fn micros_since(epoch: Instant) -> u64 {
    micros_between(epoch, Instant::now())
}

fn micros_between(epoch: Instant, at: Instant) -> u64 {
    u64::try_from(at.saturating_duration_since(epoch).as_micros()).unwrap_or(u64::MAX)
}

/// The shared record of one attempt.
#[derive(Debug)]
pub(super) struct Slot {
    ledger: Weak<dyn Ledger>,
    epoch: Instant,
    id: ExchangeId,
    sent: Arc<AtomicBool>,
    dirty: AtomicBool,
    state: Mutex<State>,
}

/// An attempt changed, but began too late to be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooYoung;

/// What the slot's lock protects.
#[derive(Debug)]
pub(super) struct State {
    /// The record; `None` when the attempt is over and the record is the ledger's.
    pub(super) exchange: Option<Exchange>,
    pub(super) gate: Gate,
    last_read: Option<u64>,
    /// Whether somebody will want to see the request.
    for_somebody: bool,
}

impl State {
    /// Writes bytes of the request down.
    pub(super) fn asked(&mut self, data: &[u8]) {
        if let Some(exchange) = self.exchange.as_mut().filter(|_| self.for_somebody) {
            exchange.request.push(data);
        }
    }
}

impl Slot {
    pub(super) fn new(ledger: Weak<dyn Ledger>, epoch: Instant, id: ExchangeId, opening: Opening) -> Self {
        let exchange = Exchange {
            id,
            operation: opening.operation,
            kind: opening.kind,
            sender: opening.sender,
            attempt: opening.attempt,
            connection: 0,
            reused: false,
            peer: Arc::default(),
            tls: None,
            request: Captured::default(),
            response: Captured::default(),
            held: false,
            timing: Timing { begun: micros_since(epoch), ..Timing::default() },
            end: None,
        };
        let for_somebody = ledger.upgrade().is_some_and(|ledger| ledger.keeps());
        let gate = Gate::new(opening.hold);
        let state = State { exchange: Some(exchange), gate, last_read: None, for_somebody };
        Self { ledger, epoch, id, sent: opening.sent, dirty: AtomicBool::new(true), state: Mutex::new(state) }
    }

    /// The slot of another client's request; nothing of it is ever held back.
    pub(super) fn arrived(
        ledger: Weak<dyn Ledger>,
        epoch: Instant,
        id: ExchangeId,
        arrival: Arrival,
    ) -> Self {
        let opening = Opening {
            operation: arrival.stranger.operation(id.0),
            kind: arrival.kind,
            attempt: arrival.stranger.attempt.unwrap_or(1),
            sender: Sender::Elsewhere(Arc::new(arrival.stranger)),
            hold: false,
            sent: Arc::default(),
        };
        let slot = Self::new(ledger, epoch, id, opening);
        if let Some(exchange) = &mut slot.lock().exchange {
            exchange.peer = arrival.peer.to_string().into();
            exchange.connection = arrival.connection;
            exchange.reused = arrival.reused;
            exchange.timing.begun = arrival.at;
        }
        slot
    }

    pub(super) fn id(&self) -> ExchangeId {
        self.id
    }

    fn now(&self) -> u64 {
        micros_since(self.epoch)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that there is something new to drain.
    pub(super) fn touch(&self) {
        let was_dirty = self.dirty.swap(true, Ordering::AcqRel);
        if let Some(ledger) = self.ledger.upgrade().filter(|_| !was_dirty) {
            ledger.touched();
        }
    }

    /// A copy, if anything changed since the last one; not of what began later than this and is not held. What is over
    /// is in the ledger.
    pub(super) fn copy(&self, latest: u64) -> Result<Option<Exchange>, TooYoung> {
        if !self.dirty.swap(false, Ordering::AcqRel) {
            return Ok(None);
        }
        match &self.lock().exchange {
            Some(exchange) if exchange.timing.begun > latest && !exchange.held => {
                self.dirty.store(true, Ordering::Release);
                Err(TooYoung)
            }
            exchange => Ok(exchange.clone()),
        }
    }

    /// Bytes were accepted by the stream.
    pub(super) fn wrote(&self, state: &mut State) {
        self.sent.store(true, Ordering::Release);
        if let Some(exchange) = &mut state.exchange {
            exchange.timing.request_sent = Some(self.now());
        }
    }

    /// Bytes of the response passed: delivered by the stream, or taken by the stream of a server.
    pub(super) fn read(&self, state: &mut State, data: &[u8]) {
        let Some(exchange) = &mut state.exchange else { return };
        let now = self.now();
        exchange.timing.first_byte.get_or_insert(now);
        exchange.response.push(data);
        state.last_read = Some(now);
    }

    /// Keeps bytes of a held request and notices when there is no more to wait for.
    pub(super) fn keep(&self, state: &mut State, data: &[u8]) {
        state.gate.keep(data);
        let Some(exchange) = &mut state.exchange else { return };
        exchange.request.push(data);
        let kept = u64::try_from(state.gate.len()).unwrap_or(u64::MAX);
        let whole = request_len(&exchange.request.head).is_some_and(|len| kept >= len);
        exchange.held = whole || state.gate.room() == 0;
    }

    /// Lets a held request go; `false` when none was.
    pub(super) fn release(&self) -> bool {
        let waker = {
            let mut state = self.lock();
            let Ok(waker) = state.gate.release() else { return false };
            if let Some(exchange) = &mut state.exchange {
                exchange.held = false;
                exchange.timing.released = Some(self.now());
            }
            waker
        };
        self.touch();
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// Ends the attempt once; later endings are ignored.
    fn finish(&self, end: End) {
        let (waker, mut exchange) = {
            let mut state = self.lock();
            let Some(mut exchange) = state.exchange.take() else { return };
            let read_all = state.last_read.filter(|_| end == End::Complete);
            exchange.timing.ended = Some(read_all.unwrap_or_else(|| self.now()));
            (state.gate.shut(), exchange)
        };
        exchange.end = Some(end);
        exchange.held = false;
        if let Some(ledger) = self.ledger.upgrade() {
            ledger.finished(exchange);
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Owns one attempt's record; dropped without an end, the attempt counts as called off.
#[derive(Debug)]
pub struct Recorder {
    slot: Arc<Slot>,
}

impl Recorder {
    pub(super) fn new(slot: Arc<Slot>) -> Self {
        Self { slot }
    }

    /// The attempt's name.
    pub fn id(&self) -> ExchangeId {
        self.slot.id()
    }

    pub(super) fn slot(&self) -> Arc<Slot> {
        Arc::clone(&self.slot)
    }

    /// A connection to this is being made.
    pub fn connecting(&self, peer: String) {
        if let Some(exchange) = &mut self.slot.lock().exchange {
            exchange.peer = peer.into();
        }
        self.slot.touch();
    }

    /// A connection was had.
    pub fn wired(&self, wired: Wired) {
        {
            let now = self.slot.now();
            let mut state = self.slot.lock();
            let Some(exchange) = &mut state.exchange else { return };
            exchange.connection = wired.connection;
            exchange.reused = wired.reused;
            exchange.peer = wired.peer;
            exchange.tls = wired.tls;
            exchange.timing.tcp = wired.tcp.map(|at| micros_between(self.slot.epoch, at));
            exchange.timing.connected = Some(now);
        }
        self.slot.touch();
    }

    /// The server read bytes of another client's request, the last of them at this time of the hub's clock.
    pub fn received(&self, data: &[u8], at: u64) {
        if data.is_empty() {
            return;
        }
        if let Some(exchange) = &mut self.slot.lock().exchange {
            exchange.timing.request_sent = Some(at);
            exchange.request.push(data);
        }
        self.slot.touch();
    }

    /// The server's socket took bytes of the answer to another client.
    pub fn answered(&self, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        self.slot.read(&mut self.slot.lock(), data);
        self.slot.touch();
    }

    /// Looks at the bytes read so far, as far as kept at the beginning.
    pub fn with_response<T>(&self, look: impl FnOnce(&[u8]) -> T) -> T {
        look(self.slot.lock().exchange.as_ref().map_or(&[], |exchange| &exchange.response.head))
    }

    /// How it ended. No byte of the request leaves after this returns.
    pub fn finish(self, end: End) {
        self.slot.finish(end);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.slot.finish(End::Cancelled);
    }
}
