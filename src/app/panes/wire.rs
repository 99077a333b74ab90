//! The journal of exchanges, bounded in memory, and where the user looks in it.

use super::reading::{Reading, Side};
use super::select::{Motion, moved};
use crate::domain::exchange::{Exchange, ExchangeId};
use crate::domain::explain::Direction;
use crate::domain::line_text::{Asked, LineText, line};
use std::collections::VecDeque;

/// Most bytes of captures kept; the oldest exchanges go first.
pub const JOURNAL_BYTES: usize = 64 * 1024 * 1024;

/// State of the Wire screen and strip.
#[derive(Debug, Clone, Default)]
pub struct Wire {
    exchanges: VecDeque<Exchange>,
    kept: usize,
    /// Exchanges dropped to keep within [`JOURNAL_BYTES`].
    pub dropped: u64,
    /// Exchanges that the tap dropped before they came here.
    pub lost: u64,
    /// Selected exchange; `None` follows the newest.
    pub selected: Option<ExchangeId>,
    /// The view of the selected exchange, and the cursors in it.
    pub reading: Reading,
}

impl Wire {
    /// Takes over new and changed exchanges.
    pub fn take(&mut self, batch: Vec<Exchange>) {
        for exchange in batch {
            let size = cost(&exchange);
            match self.exchanges.binary_search_by_key(&exchange.id, |e| e.id) {
                Ok(at) => {
                    if let Some(slot) = self.exchanges.get_mut(at) {
                        self.kept = self.kept.saturating_sub(cost(slot)) + size;
                        *slot = exchange;
                    }
                }
                Err(at) => {
                    self.exchanges.insert(at, exchange);
                    self.kept += size;
                }
            }
        }
        while self.kept > JOURNAL_BYTES && self.exchanges.len() > 1 {
            // What is under way stays: a held request must be on the screen as long as it can be released.
            let Some(old) = self.exchanges.iter().position(|e| e.end.is_some()) else { break };
            if let Some(old) = self.exchanges.remove(old) {
                self.kept = self.kept.saturating_sub(cost(&old));
                self.dropped += 1;
            }
        }
    }

    /// Number of exchanges kept.
    pub fn len(&self) -> usize {
        self.exchanges.len()
    }

    /// Whether nothing was captured yet.
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }

    /// The exchange at a row.
    pub fn get(&self, at: usize) -> Option<&Exchange> {
        self.exchanges.get(at)
    }

    /// The exchange with an id.
    pub fn by_id(&self, id: ExchangeId) -> Option<&Exchange> {
        self.exchanges.binary_search_by_key(&id, |e| e.id).ok().and_then(|at| self.exchanges.get(at))
    }

    /// Row of the selection.
    pub fn at(&self) -> usize {
        let newest = self.exchanges.len().saturating_sub(1);
        match self.selected {
            None => newest,
            Some(id) => {
                self.exchanges.binary_search_by_key(&id, |e| e.id).unwrap_or_else(|at| at.min(newest))
            }
        }
    }

    /// The selected exchange.
    pub fn current(&self) -> Option<&Exchange> {
        self.exchanges.get(self.at())
    }

    /// Moves the selection; moving stops following.
    pub fn go(&mut self, page: usize, motion: Motion) {
        let at = moved(self.at(), self.exchanges.len(), page, motion);
        self.selected = self.exchanges.get(at).map(|e| e.id);
        self.reading.begin();
    }

    /// Whether the selected exchange is another client's.
    pub fn is_foreign(&self) -> bool {
        self.current().is_some_and(|e| e.sender.is_elsewhere())
    }

    /// What the line under the cursor of a direction says and means; `None` for what was not on the wire.
    pub fn told(&self, side: Side, reveal: bool) -> Option<(String, LineText)> {
        let exchange = self.current()?;
        let under = self.reading.told(side, exchange, reveal)?;
        let direction = if side == Side::Request { Direction::Request } else { Direction::Response };
        let text = under.text.trim();
        let asked = Asked { about: &under.about, direction, kind: exchange.kind.known(), text };
        Some((text.to_owned(), line(asked)?))
    }

    /// Newest exchanges first.
    pub fn newest(&self) -> impl Iterator<Item = &Exchange> {
        self.exchanges.iter().rev()
    }
}

fn cost(exchange: &Exchange) -> usize {
    exchange.request.kept() + exchange.response.kept() + size_of::<Exchange>()
}

#[cfg(test)]
pub(in crate::app) mod tests {
    use super::*;
    use crate::domain::exchange::{Captured, Sender, Timing};
    use crate::domain::operation::{OperationId, OperationKind};

    pub(in crate::app) fn exchange(id: u64, bytes: usize) -> Exchange {
        let mut request = Captured::default();
        request.push(&vec![b'x'; bytes]);
        Exchange {
            id: ExchangeId(id),
            operation: OperationId(id),
            kind: OperationKind::HeadObject.into(),
            sender: Sender::Here,
            attempt: 1,
            connection: 1,
            reused: false,
            peer: String::new(),
            tls: None,
            request,
            response: Captured::default(),
            held: false,
            timing: Timing::default(),
            end: Some(crate::domain::exchange::End::Complete),
        }
    }

    #[test]
    fn the_journal_is_bounded_and_says_what_it_dropped() {
        let mut wire = Wire::default();
        for id in 0..2000 {
            wire.take(vec![exchange(id, 60_000)]);
        }
        assert!(wire.kept <= JOURNAL_BYTES);
        assert_eq!(wire.dropped + wire.len() as u64, 2000);
        assert_eq!(wire.current().unwrap().id, ExchangeId(1999));
    }

    #[test]
    fn a_change_replaces_and_the_selection_stays() {
        let mut wire = Wire::default();
        wire.take(vec![exchange(1, 1), exchange(2, 1)]);
        wire.go(10, Motion::Up);
        wire.take(vec![exchange(3, 1), exchange(1, 9)]);
        assert_eq!((wire.len(), wire.current().unwrap().id), (3, ExchangeId(1)));
        assert_eq!(wire.current().unwrap().request.total, 9);
    }
}
