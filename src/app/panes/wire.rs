//! The exchanges of this session, bounded in memory, and where the user looks in them.

mod filtered;
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
    pub fn take(&mut self, batch: impl IntoIterator<Item = impl Into<Arc<Exchange>>>) {
        self.take_as(batch, |_| None);
    }

    /// Takes over new and changed exchanges. `deed` says what one belongs to; what it says nothing of stays where it
    /// was, or is a deed of its own.
    pub fn take_as(
        &mut self,
        batch: impl IntoIterator<Item = impl Into<Arc<Exchange>>>,
        deed: impl Fn(&Exchange) -> Option<Arc<Deed>>,
    ) {
        for exchange in batch {
            let exchange = exchange.into();
            let id = exchange.id;
            let known = || self.journal.row(id).map(|row| Arc::clone(&row.deed));
            let deed = deed(&exchange).or_else(known).unwrap_or_else(|| alone(&exchange));
            self.looking.took(&exchange);
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
        let trimmed = self.journal.trim();
        for id in trimmed.stripped {
            self.looking.dropped(id);
        }
        for row in trimmed.gone {
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

    /// Exchanges kept, those without their bytes included.
    pub fn len(&self) -> usize {
        self.journal.len()
    }

    /// Whether nothing was captured yet.
    pub fn is_empty(&self) -> bool {
        self.journal.len() == 0
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

    /// Lines of the timeline: groups with their exchanges, or without groups those that the filter accepts.
    pub fn lines(&self) -> usize {
        self.matching().unwrap_or_else(|| self.index.lines())
    }

    /// What is on a line.
    pub fn line(&self, at: usize) -> Option<Line> {
        match self.looking.accepted() {
            None => self.index.line(at),
            Some(accepted) => {
                accepted.get(at).filter(|_| at < self.lines()).map(|(id, _)| Line::Exchange(id))
            }
        }
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
        if self.looking.accepted().is_some() {
            return self.matching_at();
        }
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
        self.select_line(moved(self.at(), self.lines(), page, motion));
    }

    /// Whether the selected exchange is another client's.
    pub fn is_foreign(&self) -> bool {
        self.current_row().is_some_and(|row| row.sender.is_elsewhere())
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
pub(in crate::app) mod tests;
