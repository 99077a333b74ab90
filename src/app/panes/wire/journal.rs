//! The exchanges of a session within two limits: bytes of captures, and rows.
//!
//! Beyond the first the oldest exchanges lose their bytes and stay as rows; beyond the second the oldest rows go. Both
//! are counted. What is under way loses nothing: a held request must be on the screen as long as it can be released.

use super::row::{Row, State};
use crate::domain::deed::Deed;
use crate::domain::exchange::{Captured, Exchange, ExchangeId};
use crate::domain::operation::OperationId;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::RangeBounds;
use std::sync::Arc;

/// Most bytes of captures kept, and most rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Memory of exchanges with their bytes.
    pub bytes: usize,
    /// Rows, those with bytes included.
    pub rows: usize,
}

impl Limits {
    /// What the program keeps.
    pub const USUAL: Self = Self { bytes: 64 * 1024 * 1024, rows: 100_000 };
}

/// Rows that come in at once, at most, before the oldest go.
const SPARE: usize = 1024;

/// What went to keep within the limits.
#[derive(Debug, Default)]
pub struct Trimmed {
    /// Rows.
    pub gone: Vec<Row>,
    /// Exchanges that have no bytes any more, those without a row among them.
    pub stripped: Vec<ExchangeId>,
}

/// The exchanges.
#[derive(Debug, Clone)]
pub struct Journal {
    limits: Limits,
    /// By id.
    rows: VecDeque<Row>,
    bytes: BTreeMap<ExchangeId, Arc<Exchange>>,
    under_way: BTreeSet<ExchangeId>,
    /// The newest attempt of each call that is not known to have gone well: another may follow.
    trying: BTreeMap<OperationId, ExchangeId>,
    kept: usize,
    /// Rows that went.
    pub dropped: u64,
    /// Exchanges that lost their bytes, whether their row is still there or not.
    pub stripped: u64,
}

impl Default for Journal {
    fn default() -> Self {
        Self::new(Limits::USUAL)
    }
}

impl Journal {
    /// An empty one.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            // All the room there will be: memory that is not used yet is not there yet, and rows that move when there
            // are twice as many cost more than writing them.
            rows: VecDeque::with_capacity(limits.rows.saturating_add(SPARE)),
            bytes: BTreeMap::new(),
            under_way: BTreeSet::new(),
            trying: BTreeMap::new(),
            kept: 0,
            dropped: 0,
            stripped: 0,
        }
    }

    /// Rows kept.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Memory of the exchanges that have their bytes.
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// The row at a place, oldest first.
    pub fn row_at(&self, at: usize) -> Option<&Row> {
        self.rows.get(at)
    }

    /// How many rows are not newer than this.
    pub fn up_to(&self, id: ExchangeId) -> usize {
        self.rows.partition_point(|r| r.id <= id)
    }

    /// The row of an exchange.
    pub fn row(&self, id: ExchangeId) -> Option<&Row> {
        self.rows.get(self.place(id).ok()?)
    }

    /// An exchange with its bytes, if they are still there.
    pub fn exchange(&self, id: ExchangeId) -> Option<&Exchange> {
        self.bytes.get(&id).map(|e| &**e)
    }

    /// Exchanges with their bytes, newest last.
    pub fn exchanges(&self) -> impl DoubleEndedIterator<Item = &Exchange> {
        self.bytes.values().map(|e| &**e)
    }

    /// The same, of some ids.
    pub fn range(&self, ids: impl RangeBounds<ExchangeId>) -> impl DoubleEndedIterator<Item = &Exchange> {
        self.bytes.range(ids).map(|(_, e)| &**e)
    }

    /// Where a row is, or where it would be.
    fn place(&self, id: ExchangeId) -> Result<usize, usize> {
        let Some(last) = self.rows.back() else { return Err(0) };
        let Some(newer) = last.id.0.checked_sub(id.0) else { return Err(self.rows.len()) };
        // No more rows than that are newer, and nearly always not many fewer.
        let newer = usize::try_from(newer).unwrap_or(usize::MAX);
        let mut low = (self.rows.len() - 1).saturating_sub(newer);
        let (mut high, mut at) = (self.rows.len(), low);
        while low < high {
            match self.rows.get(at).map(|row| row.id.cmp(&id)) {
                Some(Ordering::Less) => low = at + 1,
                Some(Ordering::Greater) => high = at,
                Some(Ordering::Equal) | None => return Ok(at),
            }
            at = low.midpoint(high);
        }
        Err(low)
    }

    fn row_mut(&mut self, id: ExchangeId) -> Option<&mut Row> {
        let at = self.place(id).ok()?;
        self.rows.get_mut(at)
    }

    /// Takes an exchange in, or what is new of it; gives its row as it was.
    pub fn put(&mut self, exchange: Arc<Exchange>, deed: Arc<Deed>) -> Option<Row> {
        let id = exchange.id;
        let mut row = Row::new(&exchange, deed);
        let place = self.place(id);
        let old = place.ok().and_then(|at| self.rows.get(at)).cloned();
        let over = exchange.end.is_some();
        if over {
            self.under_way.remove(&id);
        } else {
            self.under_way.insert(id);
        }
        if let Some(old) = &old {
            row.set_earlier(old.earlier());
            row.set_later(old.later());
        }
        let (operation, well) = (row.operation, matches!(row.state, State::Done(_)));
        match place {
            Ok(at) => {
                if let Some(slot) = self.rows.get_mut(at) {
                    *slot = row;
                }
            }
            Err(at) => self.rows.insert(at, row),
        }
        match &old {
            Some(old) if old.operation == operation => {}
            // It is all there is of its call, and no other attempt will follow.
            None if well && !self.trying.contains_key(&operation) => {}
            other => {
                // Another client's call gets its name when its head was read.
                if let Some(old) = other.as_ref().filter(|old| self.trying.get(&old.operation) == Some(&id)) {
                    self.trying.remove(&old.operation);
                }
                self.link(id, operation);
            }
        }
        if well && self.trying.get(&operation) == Some(&id) {
            self.trying.remove(&operation);
        }
        self.kept += cost(&exchange);
        if let Some(before) = self.bytes.insert(id, exchange) {
            self.kept = self.kept.saturating_sub(cost(&before));
        }
        old
    }

    /// Makes an exchange the newest attempt of its call.
    fn link(&mut self, id: ExchangeId, operation: OperationId) {
        let earlier = self.trying.get(&operation).copied().filter(|earlier| *earlier < id);
        if let Some(earlier) = earlier
            && let Some(row) = self.row_mut(earlier)
        {
            row.set_later(Some(id));
        }
        if let Some(row) = self.row_mut(id) {
            row.set_earlier(earlier);
        }
        self.trying.insert(operation, id);
    }

    /// Comes back within the limits.
    pub fn trim(&mut self) -> Trimmed {
        let mut trimmed = Trimmed::default();
        while self.kept > self.limits.bytes {
            let under_way = &self.under_way;
            let Some(oldest) = self.bytes.keys().find(|id| !under_way.contains(id)).copied() else { break };
            self.strip(oldest);
            self.stripped += 1;
            trimmed.stripped.push(oldest);
        }
        while self.rows.len() > self.limits.rows {
            let Some(at) = self.rows.iter().position(|r| !self.under_way.contains(&r.id)) else { break };
            let Some(row) = self.rows.remove(at) else { break };
            self.strip(row.id);
            trimmed.stripped.push(row.id);
            if self.trying.get(&row.operation) == Some(&row.id) {
                self.trying.remove(&row.operation);
            }
            self.dropped += 1;
            trimmed.gone.push(row);
        }
        trimmed
    }

    fn strip(&mut self, id: ExchangeId) {
        if let Some(exchange) = self.bytes.remove(&id) {
            self.kept = self.kept.saturating_sub(cost(&exchange));
        }
    }
}

/// Memory of an exchange, in bytes.
fn cost(e: &Exchange) -> usize {
    let captured = |c: &Captured| c.head.capacity() + c.tail.capacity();
    captured(&e.request) + captured(&e.response) + size_of::<Exchange>()
}
