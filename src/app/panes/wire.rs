//! The exchanges of this session, bounded in memory, and where the user looks in them.

pub mod group;
mod index;
mod journal;
pub mod row;
mod tree;

pub use group::Group;
pub use index::Line;
pub use journal::Limits;
pub use row::Row;

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
use crate::domain::deed::{Deed, DeedId, Who};
use crate::domain::exchange::{Exchange, ExchangeId};
use crate::domain::explain::Direction;
use crate::domain::line_text::{Asked, LineText, line};
use index::Index;
use journal::Journal;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// State of the Wire screen and strip.
#[derive(Debug, Clone, Default)]
pub struct Wire {
    journal: Journal,
    index: Index,
    frozen: Option<Frozen>,
    /// Exchanges that the tap dropped before they came here.
    pub lost: u64,
    /// Selected exchange; `None` follows the newest. See [`Wire::select`].
    pub selected: Option<ExchangeId>,
    /// The heading of this group is selected, as long as the selected exchange is this one.
    heading: Option<(ExchangeId, DeedId)>,
    /// The view of the selected exchange, and the cursors in it.
    pub reading: Reading,
    /// Which are compared.
    pub differ: Differ,
    looking: Looking,
}

/// The list as it was when it was frozen, told by what has changed since.
#[derive(Debug, Clone, Default)]
struct Frozen {
    /// Microseconds since the program began.
    at: u64,
    newest: Option<ExchangeId>,
    /// Rows that have changed, as they were.
    before: BTreeMap<ExchangeId, Row>,
    /// Exchanges that are not in the list.
    fresh: BTreeSet<ExchangeId>,
}

impl Wire {
    /// An empty one with other limits than the usual ones.
    pub fn with_limits(limits: Limits) -> Self {
        Self { journal: Journal::new(limits), ..Self::default() }
    }

    /// Takes over new and changed exchanges, each a deed of its own.
    pub fn take(&mut self, batch: Vec<Exchange>) {
        self.take_as(batch, |_| None);
    }

    /// Takes over new and changed exchanges. `deed` says what one belongs to; what it says nothing of stays where it
    /// was, or is a deed of its own.
    pub fn take_as(&mut self, batch: Vec<Exchange>, deed: impl Fn(&Exchange) -> Option<Arc<Deed>>) {
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
            let id = exchange.id;
            let known = || self.journal.row(id).map(|row| Arc::clone(&row.deed));
            let deed = deed(&exchange).or_else(known).unwrap_or_else(|| alone(&exchange));
            let old = self.journal.put(exchange, deed);
            let Some(new) = self.journal.row(id) else { continue };
            match (&mut self.frozen, old) {
                (None, None) => self.index.add(new),
                (None, Some(old)) => self.index.update(&old, new),
                (Some(frozen), None) => drop(frozen.fresh.insert(id)),
                (Some(frozen), Some(_)) if frozen.fresh.contains(&id) => {}
                (Some(frozen), Some(old)) => drop(frozen.before.entry(id).or_insert(old)),
            }
        }
        for row in self.journal.trim() {
            let shown = match &mut self.frozen {
                None => Some(row),
                Some(frozen) if frozen.fresh.contains(&row.id) => {
                    frozen.fresh.remove(&row.id);
                    None
                }
                Some(frozen) => Some(frozen.before.remove(&row.id).unwrap_or(row)),
            };
            if let Some(shown) = shown {
                self.index.remove(&shown, true);
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
    /// Exchanges kept, those without their bytes included.
    pub fn len(&self) -> usize {
        self.journal.len()
    }

    /// Whether nothing was captured yet.
    pub fn is_empty(&self) -> bool {
        self.journal.len() == 0
    }

    /// The exchange at a row of the list.
    pub fn get(&self, at: usize) -> Option<&Exchange> {
        match self.looking.accepted() {
            None => self.exchanges.get(at),
            Some(accepted) => self.by_id(accepted.get(at)?.0),
        }
    /// Rows that went to keep within [`Limits`].
    pub fn dropped(&self) -> u64 {
        self.journal.dropped
    }

    /// Exchanges that lost their bytes to keep within [`Limits`].
    pub fn stripped(&self) -> u64 {
        self.journal.stripped
    }

    /// Memory of the exchanges that have their bytes.
    pub fn kept(&self) -> usize {
        self.journal.kept()
    }

    /// The exchange at a place, oldest first, if its bytes are still there.
    pub fn get(&self, at: usize) -> Option<&Exchange> {
        self.by_id(self.journal.row_at(at)?.id)
    }

    /// The row at a place, oldest first.
    pub fn row_at(&self, at: usize) -> Option<&Row> {
        self.journal.row_at(at)
    }

    /// An exchange, if its bytes are still there.
    pub fn by_id(&self, id: ExchangeId) -> Option<&Exchange> {
        self.journal.exchange(id)
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
    /// The row of an exchange as the list shows it.
    pub fn row(&self, id: ExchangeId) -> Option<&Row> {
        let before = self.frozen.as_ref().and_then(|frozen| frozen.before.get(&id));
        before.or_else(|| self.journal.row(id))
    }

    /// Exchanges that have their bytes, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Exchange> {
        self.journal.exchanges().rev()
    }

    /// Rows, newest first.
    pub fn newest_rows(&self) -> impl Iterator<Item = &Row> {
        (0..self.journal.len()).rev().filter_map(|at| self.journal.row_at(at))
    }

    /// Lines of the timeline.
    pub fn lines(&self) -> usize {
        self.index.lines()
    }

    /// What is on a line.
    pub fn line(&self, at: usize) -> Option<Line> {
        self.index.line(at)
    }

    /// A group.
    pub fn group(&self, deed: DeedId) -> Option<&Group> {
        self.index.group(deed)
    }

    /// Groups in the list.
    pub fn groups(&self) -> usize {
        self.index.groups()
    }

    /// Whether only the heading of a group is shown.
    pub fn is_folded(&self, group: &Group) -> bool {
        self.index.is_folded(group)
    }

    /// The line of the selection.
    pub fn at(&self) -> usize {
        if let (Some(id), Some((of, deed))) = (self.selected, self.heading)
            && id == of
            && let Some(at) = self.index.heading(deed)
        {
            return at;
        }
        let row = self.selected_row();
        row.and_then(|row| self.index.place(row.id, row.deed.id)).unwrap_or(0)
    }

    /// The row of the selected exchange; of one that went, the oldest after it; when following, the newest in the list.
    fn selected_row(&self) -> Option<&Row> {
        let id = match self.selected {
            Some(id) => id,
            None => return self.row(self.newest_listed()?),
        };
        self.row(id).or_else(|| self.journal.row_at(self.journal.up_to(id)))
    }

    fn newest_listed(&self) -> Option<ExchangeId> {
        match &self.frozen {
            Some(frozen) => frozen.newest,
            None => self.journal.row_at(self.journal.len().checked_sub(1)?).map(|row| row.id),
        }
    }

    /// The row that request and response are shown of: of a heading, the exchange that stands for the group.
    pub fn current_row(&self) -> Option<&Row> {
        match self.line(self.at())? {
            Line::Group(deed) if self.selected.is_some() => self.row(self.group(deed)?.face()?),
            Line::Group(_) => self.selected_row(),
            Line::Exchange(id) => self.row(id),
        }
    }

    /// The exchange that request and response are shown of, if its bytes are still there.
    pub fn current(&self) -> Option<&Exchange> {
        self.get(self.at())
        self.by_id(self.current_row()?.id)
    }

    /// Exchanges in the list that are newer than the selected one.
    pub fn newer(&self) -> usize {
        let Some(id) = self.selected else { return 0 };
        self.journal.len().saturating_sub(self.journal.up_to(id)).saturating_sub(self.fresh())
    }

    /// Selects an exchange and shows its line.
    pub fn select(&mut self, id: ExchangeId) {
        if let Some(row) = self.row(id) {
            let deed = row.deed.id;
            if self.index.group(deed).is_some_and(|group| self.index.is_folded(group)) {
                self.index.fold(deed, false);
            }
        }
        self.selected = Some(id);
        self.heading = None;
        self.reading.begin();
    }

    /// Selects a line.
    pub fn select_line(&mut self, at: usize) {
        match self.line(at) {
            None => return,
            Some(Line::Exchange(id)) => (self.selected, self.heading) = (Some(id), None),
            Some(Line::Group(deed)) => {
                let Some(first) = self.group(deed).and_then(|group| group.member(0)) else { return };
                (self.selected, self.heading) = (Some(first), Some((first, deed)));
            }
        }
        self.reading.begin();
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
        self.select_line(moved(self.at(), self.lines(), page, motion));
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

    /// Selects the newest, whatever comes.
    pub fn follow(&mut self) {
        (self.selected, self.heading) = (None, None);
        self.reading.begin();
    }

    /// Shows the exchanges of the group on the selected line; `false` when they are, or when it is no heading.
    pub fn unfold(&mut self) -> bool {
        let Some(Line::Group(deed)) = self.line(self.at()) else { return false };
        let folded = self.group(deed).is_some_and(|group| self.is_folded(group));
        if folded {
            self.index.fold(deed, false);
        }
        folded
    }

    /// Shows only the heading of the group that the selected line is in, and selects it; `false` when it is folded.
    pub fn fold(&mut self) -> bool {
        let at = self.at();
        let deed = match self.line(at) {
            Some(Line::Group(deed)) => Some(deed),
            Some(Line::Exchange(id)) => self.row(id).map(|row| row.deed.id),
            None => None,
        };
        let Some(deed) = deed else { return false };
        if self.group(deed).is_none_or(|group| group.len() < 2 || self.is_folded(group)) {
            return false;
        }
        self.index.fold(deed, true);
        if self.selected.is_some()
            && let Some(at) = self.index.heading(deed)
        {
            self.select_line(at);
        }
        true
    }

    /// Folds all groups, or unfolds them if that is how they are; gives whether they are folded now.
    pub fn fold_all(&mut self) -> bool {
        let folded = !self.index.folds();
        self.index.fold_all(folded);
        folded
    }

    /// Freezes the list, or lets it go on; gives whether it is frozen now.
    pub fn freeze(&mut self, now: u64) -> bool {
        let Some(frozen) = self.frozen.take() else {
            let newest = self.newest_listed();
            self.frozen = Some(Frozen { at: now, newest, ..Frozen::default() });
            return true;
        };
        for (id, before) in &frozen.before {
            if let Some(row) = self.journal.row(*id) {
                self.index.update(before, row);
            }
        }
        for row in frozen.fresh.iter().filter_map(|id| self.journal.row(*id)) {
            self.index.add(row);
        }
        false
    }

    /// When the list was frozen, in microseconds since the program began; `None` when it goes on.
    pub fn frozen_at(&self) -> Option<u64> {
        self.frozen.as_ref().map(|frozen| frozen.at)
    }

    /// Exchanges that are not in the list because it is frozen.
    pub fn fresh(&self) -> usize {
        self.frozen.as_ref().map_or(0, |frozen| frozen.fresh.len())
    }

    /// Selects the next attempt of the selected exchange's call, after the last one the first; `false` without others.
    pub fn other_attempt(&mut self) -> bool {
        let Some(row) = self.current_row() else { return false };
        let known =
            |id: ExchangeId| self.row(id).filter(|row| self.index.place(row.id, row.deed.id).is_some());
        let mut to = row.later().and_then(known);
        if to.is_none() {
            let mut first = row;
            while let Some(earlier) = first.earlier().and_then(known) {
                first = earlier;
            }
            to = (first.id != row.id).then_some(first);
        }
        let Some(id) = to.map(|row| row.id) else { return false };
        self.select(id);
        true
    }
}

/// What an exchange belongs to that belongs to nothing else.
fn alone(e: &Exchange) -> Arc<Deed> {
    let who = e.sender.stranger().map_or(Who::Program, |stranger| Who::Client(stranger.short().to_owned()));
    // Out of reach of the deeds that are counted from 1.
    Arc::new(Deed { id: DeedId(!e.id.0), who, label: e.kind.name().to_owned() })
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
pub(in crate::app) mod tests;
