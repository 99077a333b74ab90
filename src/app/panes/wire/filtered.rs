//! Looking through the exchanges: a filter that makes the list flat, and a text to be found.

use super::super::tally::Tally;
use super::{Looking, Wire};
use crate::domain::exchange::{Exchange, ExchangeId};
use crate::domain::wire_filter::Filter;
use crate::domain::wire_find::{Found, Needle};

impl Wire {
    /// How many exchanges of the list the filter accepts; `None` without a filter.
    pub fn matching(&self) -> Option<usize> {
        let accepted = self.looking.accepted()?;
        Some(match self.frozen.as_ref().map(|frozen| frozen.newest) {
            None => accepted.len(),
            Some(None) => 0,
            Some(Some(newest)) => accepted.place(newest).map_or_else(|at| at, |at| at + 1),
        })
    }

    /// The line of the selection among those that the filter accepts; of one that is not, that of the next after it.
    pub(super) fn matching_at(&self) -> usize {
        let newest = self.lines().saturating_sub(1);
        let place = self.selected.zip(self.looking.accepted()).map(|(id, accepted)| accepted.place(id));
        place.map_or(newest, |place| place.unwrap_or_else(|at| at).min(newest))
    }

    /// The exchanges before one that have their bytes, newest first.
    pub fn before(&self, id: ExchangeId) -> impl Iterator<Item = &Exchange> {
        self.journal.range(..id).rev()
    }

    /// The exchanges after one that have their bytes, oldest first.
    pub fn after(&self, id: ExchangeId) -> impl Iterator<Item = &Exchange> {
        self.journal.range(id..).filter(move |e| e.id != id)
    }

    /// What is looked for.
    pub fn looking(&self) -> &Looking {
        &self.looking
    }

    /// Whether some of the traffic was not judged by the filter yet.
    pub fn is_filtering(&self) -> bool {
        self.looking.accepted().is_some_and(|accepted: &Tally| accepted.below().is_some())
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
        self.looking.go_on(self.journal.range(..below).rev());
    }

    /// The next match of the text looked for, or the one before: its exchange, where it is, and whether the search went
    /// on from the other end.
    pub fn find(&mut self, back: bool) -> Option<(ExchangeId, Found, bool)> {
        let from = self.current_row().map(|row| row.id);
        let (id, nth, around) = self.looking.step(from, back)?;
        let mut all = self.looking.needle()?.find(self.by_id(id)?);
        let nth = usize::try_from(nth).ok().filter(|nth| *nth < all.len())?;
        Some((id, all.swap_remove(nth), around))
    }
}
