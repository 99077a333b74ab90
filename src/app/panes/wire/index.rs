//! The lines of the timeline: groups in the order they began, each a heading and its exchanges, or folded.
//!
//! A line is found by its number, and a number by its line, in logarithmic time, however many exchanges there are.

use super::group::Group;
use super::row::Row;
use super::tree::Tree;
use crate::domain::deed::{Deed, DeedId};
use crate::domain::exchange::ExchangeId;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What a line shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// The heading of a group.
    Group(DeedId),
    /// An exchange.
    Exchange(ExchangeId),
}

/// Groups and their lines.
#[derive(Debug, Clone, Default)]
pub struct Index {
    /// In the order they began; `None` where a group has no exchanges any more.
    slots: VecDeque<Option<Group>>,
    /// Slots that are not there any more, before the first.
    before: usize,
    /// Empty slots at the front.
    empty: usize,
    /// Where each group is, counted with those before the first.
    of: BTreeMap<DeedId, usize>,
    heights: Tree,
    folded: bool,
}

impl Index {
    /// Lines.
    pub fn lines(&self) -> usize {
        self.heights.lines()
    }

    /// Groups.
    pub fn groups(&self) -> usize {
        self.of.len()
    }

    /// What is on a line.
    pub fn line(&self, at: usize) -> Option<Line> {
        let (slot, within) = self.heights.find(at)?;
        let group = self.slots.get(slot)?.as_ref()?;
        match within {
            0 if group.len() != 1 => Some(Line::Group(group.deed.id)),
            _ => group.member(within.saturating_sub(1)).map(Line::Exchange),
        }
    }

    /// Where a heading is; of a group without one, its only exchange.
    pub fn heading(&self, deed: DeedId) -> Option<usize> {
        Some(self.heights.above(self.slot(deed)?))
    }

    /// Where an exchange is; of one in a folded group, the heading.
    pub fn place(&self, id: ExchangeId, deed: DeedId) -> Option<usize> {
        let slot = self.slot(deed)?;
        let group = self.slots.get(slot)?.as_ref()?;
        let at = group.place(id)?;
        let within = if self.height(group) == 1 { 0 } else { at + 1 };
        Some(self.heights.above(slot) + within)
    }

    /// A group.
    pub fn group(&self, deed: DeedId) -> Option<&Group> {
        self.slots.get(self.slot(deed)?)?.as_ref()
    }

    /// Whether only the heading of a group is shown.
    pub fn is_folded(&self, group: &Group) -> bool {
        group.folded.unwrap_or(self.folded)
    }

    /// Whether groups are folded that nobody folded or unfolded on its own.
    pub fn folds(&self) -> bool {
        self.folded
    }

    /// Folds or unfolds a group.
    pub fn fold(&mut self, deed: DeedId, folded: bool) {
        self.change(deed, |group| group.folded = Some(folded));
    }

    /// Folds or unfolds all groups.
    pub fn fold_all(&mut self, folded: bool) {
        self.folded = folded;
        self.slots.iter_mut().flatten().for_each(|group| group.folded = None);
        self.measure();
    }

    /// One more exchange.
    pub fn add(&mut self, row: &Row) {
        if self.slot(row.deed.id).is_none() {
            self.begin(Arc::clone(&row.deed));
        }
        self.change(row.deed.id, |group| group.add(row));
    }

    /// An exchange as it was, and as it is.
    pub fn update(&mut self, old: &Row, new: &Row) {
        if old.deed.id != new.deed.id {
            self.remove(old, false);
            return self.add(new);
        }
        if let Some(group) = self.slot(new.deed.id).and_then(|slot| self.slots.get_mut(slot)?.as_mut()) {
            group.uncount(old);
            group.count(new);
            // Its words may have become better: what another client does is known when its answer came.
            group.deed = Arc::clone(&new.deed);
        }
    }

    /// An exchange that is not shown any more; `gone` when its row went.
    pub fn remove(&mut self, row: &Row, gone: bool) {
        let deed = row.deed.id;
        self.change(deed, |group| {
            group.remove(row);
            group.gone += usize::from(gone);
        });
        if self.group(deed).is_some_and(Group::is_empty)
            && let Some(at) = self.of.remove(&deed)
            && let Some(slot) = self.slots.get_mut(at.saturating_sub(self.before))
        {
            *slot = None;
            self.sweep();
        }
    }

    fn slot(&self, deed: DeedId) -> Option<usize> {
        Some(self.of.get(&deed)?.saturating_sub(self.before))
    }

    fn begin(&mut self, deed: Arc<Deed>) {
        self.of.insert(deed.id, self.before + self.slots.len());
        self.slots.push_back(Some(Group::new(deed)));
        self.heights.push(0);
    }

    fn height(&self, group: &Group) -> usize {
        match group.len() {
            n @ (0 | 1) => n,
            _ if self.is_folded(group) => 1,
            n => n + 1,
        }
    }

    /// Changes a group and keeps its height.
    fn change(&mut self, deed: DeedId, change: impl FnOnce(&mut Group)) {
        let Some(slot) = self.slot(deed) else { return };
        let before = self.slots.get(slot).and_then(Option::as_ref).map_or(0, |group| self.height(group));
        if let Some(Some(group)) = self.slots.get_mut(slot) {
            change(group);
        }
        let after = self.slots.get(slot).and_then(Option::as_ref).map_or(0, |group| self.height(group));
        if before != after {
            self.heights.change(slot, before, after);
        }
    }

    fn measure(&mut self) {
        let heights = self.slots.iter().map(|slot| slot.as_ref().map_or(0, |group| self.height(group)));
        self.heights = Tree::of(heights);
    }

    /// Forgets empty slots at the front, once they are as many as the others.
    fn sweep(&mut self) {
        while self.slots.get(self.empty).is_some_and(Option::is_none) {
            self.empty += 1;
        }
        if self.empty == self.slots.len() || self.empty > 64.max(self.slots.len() / 2) {
            self.slots.drain(..self.empty);
            self.before += std::mem::take(&mut self.empty);
            self.measure();
        }
    }
}
