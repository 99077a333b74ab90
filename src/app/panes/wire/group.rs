//! The exchanges of one deed: who they are, how many of which call, and the worst of how they stand.

use super::row::{Part, Row, State};
use crate::domain::deed::Deed;
use crate::domain::exchange::{CallKind, ExchangeId};
use crate::domain::operation::OperationKind;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// A call as it is counted: reads of a single part apart from reads of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Which call.
    pub kind: CallKind,
    /// Whether it reads one part of an object.
    pub of_part: bool,
}

impl Call {
    fn of(row: &Row) -> Self {
        let reads =
            [OperationKind::HeadObject, OperationKind::GetObject].into_iter().any(|kind| row.kind == kind);
        Self { kind: row.kind, of_part: reads && row.part != Part::None }
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.kind, if self.of_part { " ?partNumber" } else { "" })
    }
}

/// The exchanges of one deed.
#[derive(Debug, Clone)]
pub struct Group {
    /// What they belong to.
    pub deed: Arc<Deed>,
    /// Oldest first.
    members: VecDeque<ExchangeId>,
    /// Whether only its heading is shown; `None` as all others.
    pub(super) folded: Option<bool>,
    calls: Vec<(Call, usize)>,
    states: Vec<(State, usize)>,
    failing: BTreeSet<ExchangeId>,
    open: usize,
    begun: u64,
    ended: u64,
    /// Exchanges of it whose rows went.
    pub gone: usize,
}

impl Group {
    pub(super) fn new(deed: Arc<Deed>) -> Self {
        Self {
            deed,
            members: VecDeque::with_capacity(1),
            folded: None,
            calls: Vec::new(),
            states: Vec::new(),
            failing: BTreeSet::new(),
            open: 0,
            begun: u64::MAX,
            ended: 0,
            gone: 0,
        }
    }

    /// Exchanges that are shown of it.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The exchange at a place, oldest first.
    pub fn member(&self, at: usize) -> Option<ExchangeId> {
        self.members.get(at).copied()
    }

    /// The place of an exchange.
    pub fn place(&self, id: ExchangeId) -> Option<usize> {
        self.members.binary_search(&id).ok()
    }

    /// How many of which call, in the order they came.
    pub fn calls(&self) -> &[(Call, usize)] {
        &self.calls
    }

    /// The worst of how its exchanges stand, and how many stand so.
    pub fn worst(&self) -> Option<(State, usize)> {
        self.states.iter().copied().max()
    }

    /// Exchanges that somebody should look at.
    pub fn failing(&self) -> usize {
        self.failing.len()
    }

    /// The one that stands for all: the first that somebody should look at, else the newest.
    pub fn face(&self) -> Option<ExchangeId> {
        self.failing.first().or(self.members.back()).copied()
    }

    /// Exchanges that are under way.
    pub fn under_way(&self) -> usize {
        self.open
    }

    /// When the first of them began and the last ended, those that went included; what is under way ends `now`.
    pub fn span(&self, now: u64) -> (u64, u64) {
        let end = if self.open > 0 { self.ended.max(now) } else { self.ended };
        (self.begun.min(end), end)
    }

    pub(super) fn add(&mut self, row: &Row) {
        match self.members.back() {
            Some(last) if *last >= row.id => {
                if let Err(at) = self.members.binary_search(&row.id) {
                    self.members.insert(at, row.id);
                }
            }
            _ => self.members.push_back(row.id),
        }
        self.count(row);
    }

    pub(super) fn remove(&mut self, row: &Row) {
        if let Some(at) = self.place(row.id) {
            self.members.remove(at);
        }
        self.uncount(row);
    }

    pub(super) fn count(&mut self, row: &Row) {
        up(&mut self.calls, Call::of(row));
        up(&mut self.states, row.state);
        if row.state.is_bad() {
            self.failing.insert(row.id);
        }
        let timing = row.timing();
        self.begun = self.begun.min(timing.begun);
        self.ended = self.ended.max(timing.ended.unwrap_or(timing.begun));
        self.open += usize::from(!row.is_over());
    }

    pub(super) fn uncount(&mut self, row: &Row) {
        down(&mut self.calls, Call::of(row));
        down(&mut self.states, row.state);
        self.failing.remove(&row.id);
        self.open = self.open.saturating_sub(usize::from(!row.is_over()));
    }
}

fn up<T: PartialEq>(counts: &mut Vec<(T, usize)>, what: T) {
    match counts.iter_mut().find(|(other, _)| *other == what) {
        Some((_, n)) => *n += 1,
        None => {
            // Most groups have one call and one status, and there may be as many groups as exchanges.
            counts.reserve_exact(1);
            counts.push((what, 1));
        }
    }
}

fn down<T: PartialEq>(counts: &mut Vec<(T, usize)>, what: T) {
    if let Some(at) = counts.iter().position(|(other, _)| *other == what)
        && let Some((_, n)) = counts.get_mut(at)
    {
        *n = n.saturating_sub(1);
        if *n == 0 {
            counts.remove(at);
        }
    }
}
