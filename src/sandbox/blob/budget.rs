//! How much may be kept: a limit, what is in use of it, and leases that give back by themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A limit in bytes and what is in use of it.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    used: AtomicU64,
}

impl Budget {
    /// A budget of `limit` bytes, all of them free.
    pub fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self { limit, used: AtomicU64::new(0) })
    }

    /// The most that may be in use, in bytes.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Acquire)
    }

    /// Bytes still free.
    pub fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used())
    }

    /// A lease of nothing yet.
    pub fn lease(self: &Arc<Self>) -> Lease {
        Lease { budget: Arc::clone(self), amount: 0 }
    }

    /// Takes `amount` out if that much is free; says whether it did.
    fn take(&self, amount: u64) -> bool {
        let taken = self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| {
            used.checked_add(amount).filter(|sum| *sum <= self.limit)
        });
        taken.is_ok()
    }

    fn give_back(&self, amount: u64) {
        self.used.fetch_sub(amount, Ordering::AcqRel);
    }
}

/// A part of a budget, given back when it is dropped.
#[derive(Debug)]
pub struct Lease {
    budget: Arc<Budget>,
    amount: u64,
}

impl Lease {
    /// Bytes held.
    pub fn amount(&self) -> u64 {
        self.amount
    }

    /// Holds `more` bytes than before, if that many are free; says whether it does.
    #[must_use]
    pub fn grow(&mut self, more: u64) -> bool {
        let grown = self.budget.take(more);
        if grown {
            self.amount += more;
        }
        grown
    }

    /// Holds what is there already and is counted whether it fits or not: bytes found on disk at start-up.
    pub fn force(&mut self, more: u64) {
        self.budget.used.fetch_add(more, Ordering::AcqRel);
        self.amount += more;
    }

    /// Gives back all but `amount`.
    pub fn shrink_to(&mut self, amount: u64) {
        let back = self.amount.saturating_sub(amount);
        self.budget.give_back(back);
        self.amount -= back;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.budget.give_back(self.amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_counts_exactly_and_gets_everything_back() {
        let budget = Budget::new(10);
        let (mut a, mut b) = (budget.lease(), budget.lease());
        assert!(a.grow(6) && b.grow(4));
        assert!(!b.grow(1) && !a.grow(u64::MAX));
        a.shrink_to(5);
        assert_eq!((budget.used(), budget.left(), a.amount()), (9, 1, 5));
        assert!(b.grow(1));
        drop((a, b));
        assert_eq!(budget.used(), 0);
        let mut found = budget.lease();
        found.force(12);
        assert_eq!((budget.used(), budget.left()), (12, 0));
    }
}
