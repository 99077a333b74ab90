//! The journal of exchanges, bounded in memory, and where the user looks in it.

use super::differ::Differ;
use super::looking::Looking;
use super::reading::{Reading, Side};
use super::select::{Motion, moved};
use super::tally::Tally;
use crate::domain::exchange::{Exchange, ExchangeId};
use crate::domain::explain::Direction;
use crate::domain::line_text::{Asked, LineText, line};
use crate::domain::wire_filter::Filter;
use crate::domain::wire_find::{Found, Needle};
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
    /// Which are compared.
    pub differ: Differ,
    looking: Looking,
}

impl Wire {
    /// Takes over new and changed exchanges.
    pub fn take(&mut self, batch: Vec<Exchange>) {
        for exchange in batch {
            let size = cost(&exchange);
            self.looking.took(&exchange);
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
                self.looking.dropped(old.id);
            }
        }
    }

    /// Number of exchanges in the list: those kept that the filter accepts.
    pub fn len(&self) -> usize {
        self.looking.accepted().map_or(self.exchanges.len(), Tally::len)
    }

    /// Number of exchanges kept, in the list or not.
    pub fn total(&self) -> usize {
        self.exchanges.len()
    }

    /// Whether nothing was captured yet.
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }

    /// The exchange at a row of the list.
    pub fn get(&self, at: usize) -> Option<&Exchange> {
        match self.looking.accepted() {
            None => self.exchanges.get(at),
            Some(accepted) => self.by_id(accepted.get(at)?.0),
        }
    }

    /// The exchange with an id.
    pub fn by_id(&self, id: ExchangeId) -> Option<&Exchange> {
        self.exchanges.binary_search_by_key(&id, |e| e.id).ok().and_then(|at| self.exchanges.get(at))
    }

    /// Row of the selection; of one that is not in the list, that of the next one after it.
    pub fn at(&self) -> usize {
        let newest = self.len().saturating_sub(1);
        let Some(id) = self.selected else { return newest };
        let place = match self.looking.accepted() {
            None => self.exchanges.binary_search_by_key(&id, |e| e.id),
            Some(accepted) => accepted.place(id),
        };
        place.unwrap_or_else(|at| at).min(newest)
    }

    /// The selected exchange.
    pub fn current(&self) -> Option<&Exchange> {
        self.get(self.at())
    }

    /// Moves the selection; moving stops following.
    pub fn go(&mut self, page: usize, motion: Motion) {
        let at = moved(self.at(), self.len(), page, motion);
        if let Some(id) = self.get(at).map(|e| e.id) {
            self.select(id);
        }
    }

    /// Selects an exchange, from its first line.
    pub fn select(&mut self, id: ExchangeId) {
        self.selected = Some(id);
        self.reading.begin();
    }

    /// Whether the selected exchange is another client's.
    pub fn is_foreign(&self) -> bool {
        self.current().is_some_and(|e| e.sender.is_elsewhere())
    /// The exchanges before one, newest first.
    pub fn before(&self, id: ExchangeId) -> impl Iterator<Item = &Exchange> {
        let at = self.exchanges.partition_point(|e| e.id < id);
        self.exchanges.range(..at).rev()
    }

    /// The exchanges after one, oldest first.
    pub fn after(&self, id: ExchangeId) -> impl Iterator<Item = &Exchange> {
        let at = self.exchanges.partition_point(|e| e.id <= id);
        self.exchanges.range(at..)
    }

    /// What is looked for.
    pub fn looking(&self) -> &Looking {
        &self.looking
    }

    /// Shows only what a filter accepts; an empty one shows everything.
    pub fn set_filter(&mut self, filter: Filter) {
        self.looking.set_filter(filter);
        self.look_on();
    }

    /// Looks for a text, or for none.
    pub fn set_needle(&mut self, needle: Option<Needle>) {
        self.looking.set_needle(needle);
        self.look_on();
    }

    /// Looks through some more of what was not looked through yet.
    pub fn look_on(&mut self) {
        let Some(below) = self.looking.below() else { return };
        let at = self.exchanges.partition_point(|e| e.id < below);
        self.looking.go_on(self.exchanges.range(..at).rev());
    }

    /// The next match of the text looked for, or the one before: its exchange, where it is, and whether the search went
    /// on from the other end.
    pub fn find(&mut self, back: bool) -> Option<(ExchangeId, Found, bool)> {
        let from = self.current().map(|e| e.id);
        let (id, nth, around) = self.looking.step(from, back)?;
        let mut all = self.looking.needle()?.find(self.by_id(id)?);
        let nth = usize::try_from(nth).ok().filter(|nth| *nth < all.len())?;
        Some((id, all.swap_remove(nth), around))
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
    fn a_filter_shows_what_it_accepts_and_keeps_the_selection() {
        let mut wire = Wire::default();
        wire.take((1..=9).map(|id| exchange(id, usize::try_from(id).unwrap())).collect());
        wire.select(ExchangeId(4));
        wire.set_filter("sent>5".parse().unwrap());
        assert_eq!((wire.len(), wire.total(), wire.at()), (4, 9, 0));
        assert_eq!(wire.current().unwrap().id, ExchangeId(6));
        wire.take(vec![exchange(10, 1), exchange(11, 8), exchange(7, 1)]);
        let shown: Vec<u64> = (0..wire.len()).map(|at| wire.get(at).unwrap().id.0).collect();
        assert_eq!(shown, [6, 8, 9, 11]);
        wire.selected = None;
        assert_eq!(wire.current().unwrap().id, ExchangeId(11));
        wire.set_filter("sent>50".parse().unwrap());
        assert!(wire.current().is_none() && wire.len() == 0 && !wire.is_empty());
        wire.set_filter(Filter::default());
        assert_eq!(wire.len(), 11);
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
