//! Where the records of all attempts come together for whoever shows them.
//!
//! The tap calls in from runtime threads for every read and write, so nothing here queues a message: an
//! attempt is marked as changed, and [`Hub::drain`] copies what changed since it was last asked. The record of a
//! finished attempt waits here until it is drained. If nobody drains, finished attempts are dropped, oldest first,
//! beyond a limit, and counted, so memory stays bounded whatever happens.

use super::own::Own;
use super::recorder::{Arrival, Ledger, Opening, Recorder, Slot, TooYoung, micros_since};
use crate::domain::exchange::{Exchange, ExchangeId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;
use tokio::sync::Notify;

/// Collects exchanges.
#[derive(Debug)]
pub struct Hub {
    epoch: Instant,
    limit: Option<usize>,
    next: AtomicU64,
    dirty: AtomicBool,
    changed: Notify,
    own: Own,
    shelf: Mutex<Shelf>,
}

/// Attempts not yet forgotten.
#[derive(Debug, Default)]
struct Shelf {
    /// Those under way.
    slots: BTreeMap<ExchangeId, Arc<Slot>>,
    /// Those that ended since the last drain, in the order they did.
    finished: VecDeque<Arc<Exchange>>,
    /// Bytes that they keep.
    finished_bytes: usize,
    dropped: u64,
}

impl Hub {
    /// Bytes kept of finished attempts that nobody drained.
    pub const LIMIT: usize = 64 * 1024 * 1024;

    /// A hub for somebody who drains it.
    pub fn new() -> Arc<Self> {
        Self::with_limit(Some(Self::LIMIT))
    }

    /// A hub for nobody: attempts are forgotten when they end, and requests are not written down. They can still be held
    /// and released.
    pub fn discard() -> Arc<Self> {
        Self::with_limit(None)
    }

    fn with_limit(limit: Option<usize>) -> Arc<Self> {
        Arc::new(Self {
            epoch: Instant::now(),
            limit,
            next: AtomicU64::new(1),
            dirty: AtomicBool::new(false),
            changed: Notify::new(),
            own: Own::default(),
            shelf: Mutex::new(Shelf::default()),
        })
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Microseconds since the hub was made; the clock of every [`Exchange`]'s timing.
    pub fn now_micros(&self) -> u64 {
        micros_since(self.epoch)
    }

    /// The connections whose exchanges the program records on its own side.
    pub fn own(&self) -> &Own {
        &self.own
    }

    /// Exchanges that begin from now on are numbered after this one, which a journal has already.
    pub fn number_after(&self, last: ExchangeId) {
        self.next.fetch_max(last.0.saturating_add(1), Ordering::Relaxed);
    }

    /// Begins the record of an attempt.
    pub fn begin(self: &Arc<Self>, opening: Opening) -> Recorder {
        let id = self.next_id();
        self.keep(Slot::new(self.ledger(), self.epoch, id, opening))
    }

    /// Begins the record of another client's request.
    pub fn arrived(self: &Arc<Self>, arrival: Arrival) -> Recorder {
        let id = self.next_id();
        self.keep(Slot::arrived(self.ledger(), self.epoch, id, arrival))
    }

    fn next_id(&self) -> ExchangeId {
        ExchangeId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn ledger(self: &Arc<Self>) -> Weak<dyn Ledger> {
        Arc::<Self>::downgrade(self)
    }

    fn keep(&self, slot: Slot) -> Recorder {
        let slot = Arc::new(slot);
        self.shelf().slots.insert(slot.id(), Arc::clone(&slot));
        self.touched();
        Recorder::new(slot)
    }

    /// Copies of every attempt that changed since the last call, in the order they began.
    ///
    /// An attempt that is returned with an end is complete and is not returned again.
    pub fn drain(&self) -> Vec<Arc<Exchange>> {
        self.drain_begun_by(u64::MAX)
    }

    /// The same, for whoever looks at many calls now and then: an attempt that is younger than this and still on its way
    /// is left for a later call. Most are over by then, and are copied once instead of at every step.
    pub fn drain_older_than(&self, micros: u64) -> Vec<Arc<Exchange>> {
        self.drain_begun_by(self.now_micros().saturating_sub(micros))
    }

    fn drain_begun_by(&self, latest: u64) -> Vec<Arc<Exchange>> {
        self.dirty.store(false, Ordering::Release);
        let (mut changed, slots) = {
            let mut shelf = self.shelf();
            shelf.finished_bytes = 0;
            let slots: Vec<Arc<Slot>> = shelf.slots.values().cloned().collect();
            (Vec::from(std::mem::take(&mut shelf.finished)), slots)
        };
        let mut left = false;
        for slot in slots {
            match slot.copy(latest) {
                Ok(exchange) => changed.extend(exchange.map(Arc::new)),
                Err(TooYoung) => left = true,
            }
        }
        if left {
            self.touched();
        }
        // Nearly in order already.
        changed.sort_by_key(|exchange| exchange.id);
        changed
    }

    /// How many finished attempts were dropped because nobody drained them.
    pub fn dropped(&self) -> u64 {
        self.shelf().dropped
    }

    /// Resolves when there is something to drain. Many changes make one wake-up.
    pub async fn changed(&self) {
        loop {
            // Made before looking, so that a change in between is not missed.
            let notified = self.changed.notified();
            if self.dirty.load(Ordering::Acquire) {
                return;
            }
            notified.await;
        }
    }

    /// Lets a held request go; `false` when no such request is held.
    pub fn release(&self, id: ExchangeId) -> bool {
        let slot = self.shelf().slots.get(&id).cloned();
        slot.is_some_and(|slot| slot.release())
    }
}

impl Ledger for Hub {
    fn keeps(&self) -> bool {
        self.limit.is_some()
    }

    fn touched(&self) {
        if !self.dirty.swap(true, Ordering::AcqRel) {
            self.changed.notify_waiters();
        }
    }

    fn finished(&self, mut exchange: Exchange) {
        let Some(limit) = self.limit else {
            self.shelf().slots.remove(&exchange.id);
            return;
        };
        exchange.request.fit();
        exchange.response.fit();
        let exchange = Arc::new(exchange);
        {
            let mut shelf = self.shelf();
            shelf.slots.remove(&exchange.id);
            shelf.finished_bytes += kept(&exchange);
            shelf.finished.push_back(exchange);
            while shelf.finished_bytes > limit {
                let Some(oldest) = shelf.finished.pop_front() else { break };
                shelf.finished_bytes -= kept(&oldest);
                shelf.dropped += 1;
            }
        }
        self.touched();
    }
}

fn kept(exchange: &Exchange) -> usize {
    exchange.request.kept() + exchange.response.kept()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::exchange::{End, Sender};
    use crate::domain::operation::{OperationId, OperationKind};

    fn opening(n: u64) -> Opening {
        Opening {
            operation: OperationId(n),
            kind: OperationKind::ListBuckets.into(),
            sender: Sender::Here,
            attempt: 1,
            hold: false,
            sent: Arc::default(),
        }
    }

    #[test]
    fn an_attempt_is_drained_when_it_changed_and_forgotten_when_it_ended() {
        let hub = Hub::new();
        let one = hub.begin(opening(1));
        let two = hub.begin(opening(2));
        assert_eq!(hub.drain().len(), 2);
        assert!(hub.drain().is_empty());
        two.finish(End::Complete);
        let drained = hub.drain();
        assert_eq!(drained.len(), 1);
        assert_eq!(drained.first().and_then(|e| e.end.clone()), Some(End::Complete));
        drop(one);
        assert_eq!(hub.drain().first().and_then(|e| e.end.clone()), Some(End::Cancelled));
        assert!(hub.shelf().slots.is_empty() && hub.shelf().finished.is_empty());
    }

    #[test]
    fn the_young_are_left_until_they_are_over_held_or_old() {
        let hub = Hub::new();
        let ids = |drained: Vec<Arc<Exchange>>| drained.iter().map(|e| e.operation.0).collect::<Vec<_>>();
        let (short, long) = (hub.begin(opening(1)), hub.begin(opening(2)));
        let held = hub.begin(opening(3));
        held.slot().lock().exchange.as_mut().unwrap().held = true;
        short.finish(End::Complete);
        let hour = 3_600_000_000;
        assert_eq!(ids(hub.drain_older_than(hour)), [1, 3]);
        assert!(hub.dirty.load(Ordering::Acquire), "somebody waits for the one that was left");
        assert_eq!(ids(hub.drain_older_than(hour)), [0_u64; 0]);
        long.slot().lock().exchange.as_mut().unwrap().timing.begun = 0;
        assert_eq!(ids(hub.drain_older_than(1)), [2], "nothing changed but its age");
        assert!(!hub.dirty.load(Ordering::Acquire));
    }

    #[test]
    fn undrained_attempts_are_bounded_and_counted() {
        let hub = Hub::with_limit(Some(250));
        for n in 0..5 {
            let recorder = hub.begin(opening(n));
            recorder.slot().lock().asked(&[0; 100]);
            recorder.finish(End::Complete);
        }
        assert_eq!(hub.dropped(), 3);
        assert_eq!(hub.drain().iter().map(|e| e.operation.0).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(hub.shelf().finished_bytes, 0);
    }

    #[test]
    fn exchanges_are_numbered_after_those_that_are_there() {
        let hub = Hub::new();
        hub.number_after(ExchangeId(41));
        hub.number_after(ExchangeId(7));
        assert_eq!(hub.begin(opening(1)).id(), ExchangeId(42));
    }

    #[test]
    fn a_discarding_hub_keeps_nothing() {
        let hub = Hub::discard();
        hub.begin(opening(1)).finish(End::Complete);
        assert!(hub.shelf().slots.is_empty());
        assert_eq!(hub.dropped(), 0);
    }

    #[tokio::test]
    async fn a_change_wakes_once_for_many() {
        let hub = Hub::new();
        let recorder = hub.begin(opening(1));
        hub.changed().await;
        hub.changed().await;
        hub.drain();
        let waiting = tokio::spawn({
            let hub = Arc::clone(&hub);
            async move { hub.changed().await }
        });
        recorder.finish(End::Complete);
        assert!(waiting.await.is_ok());
    }
}
