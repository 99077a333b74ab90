//! The rows of a ledger, and what they add up to at every moment without being counted again.

use super::state::{PartEntry, PartState, Progress};
use crate::domain::plan::PartSource;
use crate::domain::units::PartNumber;
use std::collections::{BTreeMap, BTreeSet};

/// Parts by number.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    rows: BTreeMap<PartNumber, PartEntry>,
    /// The numbers of the rows, so that a place in the list is found without walking there.
    numbers: Vec<PartNumber>,
    /// Planned rows whose bytes can be had, the first of which is the next to be sent.
    sendable: BTreeSet<PartNumber>,
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
    confirmed: usize,
    replacing: usize,
    foreign: usize,
    unsized_parts: usize,
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
        match row.size() {
            Some(size) => sum(&mut self.bytes, size),
            None => step(&mut self.unsized_parts),
        }
        match &row.state {
            PartState::Done(_) => {
                step(&mut self.done);
                sum(&mut self.bytes_done, row.size().unwrap_or(0));
            }
            PartState::InFlight(_) => step(&mut self.in_flight),
            PartState::Failed(_) => step(&mut self.failed),
            PartState::Doubtful => step(&mut self.doubtful),
            PartState::Planned => {}
        }
        if row.confirmed().is_some() {
            step(&mut self.confirmed);
        }
        if row.state == PartState::Planned && row.stored.is_some() {
            step(&mut self.replacing);
        }
        if row.planned.source == PartSource::Foreign {
            step(&mut self.foreign);
        }
    }
}

/// Whether a row is still to be sent, and can be.
fn is_sendable(row: &PartEntry) -> bool {
    row.state == PartState::Planned && row.planned.source != PartSource::Foreign
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

    /// The numbers of the rows, ascending.
    pub(super) fn numbers(&self) -> &[PartNumber] {
        &self.numbers
    }

    /// The first planned row whose bytes can be had.
    pub(super) fn first_sendable(&self) -> Option<PartNumber> {
        self.sendable.first().copied()
    }

    /// Planned rows whose bytes can be had, ascending.
    pub(super) fn sendable(&self) -> &BTreeSet<PartNumber> {
        &self.sendable
    }

    /// Rows that Complete may list.
    pub(super) fn confirmed(&self) -> usize {
        self.counts.confirmed
    }

    /// Rows that are planned anew over one that is stored.
    pub(super) fn replacing(&self) -> usize {
        self.counts.replacing
    }

    /// Whether no row's bytes are known here.
    pub(super) fn is_foreign(&self) -> bool {
        self.counts.foreign == self.rows.len()
    }

    /// Puts a row in, in place of one with its number.
    pub(super) fn insert(&mut self, row: PartEntry) {
        self.version += 1;
        let number = row.planned.number;
        self.counts.count(&row, true);
        self.note_sendable(number, is_sendable(&row));
        match self.rows.insert(number, row) {
            Some(old) => self.counts.count(&old, false),
            None => {
                let at = self.numbers.partition_point(|n| *n < number);
                self.numbers.insert(at, number);
            }
        }
    }

    /// Takes a row out.
    pub(super) fn remove(&mut self, number: PartNumber) {
        if let Some(old) = self.rows.remove(&number) {
            self.version += 1;
            self.counts.count(&old, false);
            self.sendable.remove(&number);
            self.numbers.retain(|n| *n != number);
        }
    }

    fn note_sendable(&mut self, number: PartNumber, is: bool) {
        if is {
            self.sendable.insert(number);
        } else {
            self.sendable.remove(&number);
        }
    }

    /// Changes one row, if it is there.
    pub(super) fn change(&mut self, number: PartNumber, change: impl FnOnce(&mut PartEntry)) {
        if let Some(row) = self.rows.get_mut(&number) {
            self.version += 1;
            self.counts.count(row, false);
            change(row);
            self.counts.count(row, true);
            let is = is_sendable(row);
            self.note_sendable(number, is);
        }
    }

    /// Changes every row.
    pub(super) fn change_all(&mut self, mut change: impl FnMut(&mut PartEntry)) {
        self.version += 1;
        self.counts = Counts::default();
        self.sendable.clear();
        for row in self.rows.values_mut() {
            change(row);
            self.counts.count(row, true);
            if is_sendable(row) {
                self.sendable.insert(row.planned.number);
            }
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
            unsized_parts: c.unsized_parts,
            bytes: bytes(c.bytes),
            bytes_done: bytes(c.bytes_done),
        }
    }
}
