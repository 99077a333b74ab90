//! The rows of a ledger, and what they add up to at every moment without being counted again.

use super::state::{PartEntry, PartState, Progress};
use crate::domain::units::PartNumber;
use std::collections::BTreeMap;

/// Parts by number.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    rows: BTreeMap<PartNumber, PartEntry>,
    counts: Counts,
    version: u64,
}

/// What the rows add up to.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    done: usize,
    in_flight: usize,
    failed: usize,
    doubtful: usize,
    // Sizes are what somebody typed: their sum may be anything.
    bytes: u128,
    bytes_done: u128,
}

impl Counts {
    fn count(&mut self, row: &PartEntry, add: bool) {
        let step = |n: &mut usize| *n = if add { *n + 1 } else { n.saturating_sub(1) };
        let sum = |n: &mut u128, by: u64| {
            *n = if add { *n + u128::from(by) } else { n.saturating_sub(u128::from(by)) };
        };
        sum(&mut self.bytes, row.planned.size);
        match &row.state {
            PartState::Done(out) => {
                step(&mut self.done);
                sum(&mut self.bytes_done, out.size.unwrap_or(row.planned.size));
            }
            PartState::InFlight(_) => step(&mut self.in_flight),
            PartState::Failed(_) => step(&mut self.failed),
            PartState::Doubtful => step(&mut self.doubtful),
            PartState::Planned => {}
        }
    }
}

impl Ledger {
    pub(super) fn rows(&self) -> &BTreeMap<PartNumber, PartEntry> {
        &self.rows
    }

    pub(super) fn get(&self, number: PartNumber) -> Option<&PartEntry> {
        self.rows.get(&number)
    }

    /// Another value after every change, for whoever keeps what follows from the rows.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Puts a row in, in place of one with its number.
    pub(super) fn insert(&mut self, row: PartEntry) {
        self.version += 1;
        self.counts.count(&row, true);
        if let Some(old) = self.rows.insert(row.planned.number, row) {
            self.counts.count(&old, false);
        }
    }

    /// Changes one row, if it is there.
    pub(super) fn change(&mut self, number: PartNumber, change: impl FnOnce(&mut PartEntry)) {
        if let Some(row) = self.rows.get_mut(&number) {
            self.version += 1;
            self.counts.count(row, false);
            change(row);
            self.counts.count(row, true);
        }
    }

    /// Changes every row.
    pub(super) fn change_all(&mut self, mut change: impl FnMut(&mut PartEntry)) {
        self.version += 1;
        self.counts = Counts::default();
        for row in self.rows.values_mut() {
            change(row);
            self.counts.count(row, true);
        }
    }

    pub(super) fn progress(&self) -> Progress {
        let c = &self.counts;
        let bytes = |n: u128| u64::try_from(n).unwrap_or(u64::MAX);
        Progress {
            parts: self.rows.len(),
            done: c.done,
            in_flight: c.in_flight,
            failed: c.failed,
            doubtful: c.doubtful,
            bytes: bytes(c.bytes),
            bytes_done: bytes(c.bytes_done),
        }
    }
}
