//! Two exchanges that are compared: the marked one, and the pair that is looked at.

use super::select::{Motion, moved};
use crate::domain::exchange::{Exchange, ExchangeId};
use crate::domain::exchange_diff::{Change, ExchangeDiff, Kinship, Side};

/// What is marked and what is compared.
#[derive(Debug, Clone, Default)]
pub struct Differ {
    /// The exchange to compare others with.
    pub marked: Option<ExchangeId>,
    /// The pair that is looked at.
    pub pair: Option<Pair>,
}

/// Two exchanges and their differences.
#[derive(Debug, Clone)]
pub struct Pair {
    /// What differs.
    pub diff: ExchangeDiff,
    /// Why these two, when one was looked up for the other.
    pub kinship: Option<Kinship>,
    /// The selected change.
    pub at: usize,
    /// Whether secrets are shown in it.
    pub revealed: bool,
}

impl Pair {
    /// Compares two.
    pub fn new(old: &Exchange, new: &Exchange, kinship: Option<Kinship>, reveal: bool) -> Self {
        Self { diff: ExchangeDiff::of(old, new, reveal), kinship, at: 0, revealed: reveal }
    }

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.diff.changes().count()
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The selected change.
    pub fn selected(&self) -> Option<(Side, &Change)> {
        self.diff.changes().nth(self.at.min(self.len().saturating_sub(1)))
    }

    /// Where the selected change is: the index of its section, and that in it.
    pub fn place(&self) -> Option<(usize, usize)> {
        let sections = self.diff.sections.iter().enumerate();
        let places = sections.flat_map(|(s, section)| (0..section.changes.len()).map(move |at| (s, at)));
        places.into_iter().nth(self.at.min(self.len().saturating_sub(1)))
    }

    /// Moves among the changes.
    pub fn go(&mut self, page: usize, motion: Motion) {
        self.at = moved(self.at, self.len(), page, motion);
    }

    /// Whether it is about this exchange.
    pub fn is_about(&self, id: ExchangeId) -> bool {
        self.diff.old == id || self.diff.new == id
    }
}
