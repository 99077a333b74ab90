//! One anonymous temporary file in pages: room for bytes that must not outlive the process.
//!
//! The file has no name, so that nothing is left behind however the process ends, and there is one descriptor
//! however many parts are kept. Pages are handed out in runs (extents) and come back when an extent is dropped;
//! free runs that touch are joined, so that the map stays small.

use super::budget::{Budget, Lease};
use super::{read_exact_at, write_all_at};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// The unit of allocation in bytes: small enough that a tiny object wastes little, and a multiple of what file
/// systems allocate.
pub const PAGE: u64 = 16 * 1024;

/// Which pages are free. Page numbers, not bytes.
#[derive(Debug, Default)]
struct Map {
    /// Free runs below `end`: first page and how many. No two touch.
    free: BTreeMap<u64, u64>,
    /// The first page that was never handed out, or that is free with all behind it.
    end: u64,
    /// Pages the file has grown to.
    grown: u64,
}

impl Map {
    /// A run of at most `wanted` pages: one that fits, the end of the file if it may grow, or what there is.
    fn take(&mut self, wanted: u64, limit: u64) -> Option<(u64, u64)> {
        let fits = self.free.iter().find(|(_, len)| **len >= wanted).map(|(first, len)| (*first, *len));
        let room = limit.saturating_sub(self.end);
        let (first, len) = match fits {
            Some(run) => run,
            None if room > 0 => {
                let first = self.end;
                self.end += wanted.min(room);
                self.grown = self.grown.max(self.end);
                return Some((first, wanted.min(room)));
            }
            None => self.free.iter().next().map(|(first, len)| (*first, *len))?,
        };
        self.free.remove(&first);
        let used = len.min(wanted);
        if used < len {
            self.free.insert(first + used, len - used);
        }
        Some((first, used))
    }

    fn give_back(&mut self, mut first: u64, mut len: u64) {
        if let Some((before, n)) = self.free.range(..first).next_back().map(|(at, n)| (*at, *n))
            && before + n == first
        {
            self.free.remove(&before);
            (first, len) = (before, n + len);
        }
        if let Some(n) = self.free.remove(&(first + len)) {
            len += n;
        }
        if first + len == self.end {
            self.end = first;
        } else {
            self.free.insert(first, len);
        }
    }
}

/// The temporary file, made when it is first needed.
#[derive(Debug)]
pub struct Spool {
    budget: Arc<Budget>,
    state: Mutex<(Map, Option<Arc<File>>)>,
}

impl Spool {
    /// A spool of at most `budget` bytes, counted in whole pages.
    pub fn new(budget: Arc<Budget>) -> Arc<Self> {
        Arc::new(Self { budget, state: Mutex::default() })
    }

    /// What bounds it.
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// Room for at most `wanted` bytes, at least one page; `None` when the budget is used up. Fails when the
    /// temporary file cannot be made.
    pub fn extent(self: &Arc<Self>, wanted: u64) -> io::Result<Option<Extent>> {
        let mut lease = self.budget.lease();
        let wanted = loop {
            let wanted = wanted.max(1).div_ceil(PAGE).min(self.budget.left() / PAGE);
            if wanted == 0 {
                return Ok(None);
            }
            // Others take from the budget too: what was left a moment ago may be gone.
            if lease.grow(wanted * PAGE) {
                break wanted;
            }
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (map, file) = &mut *state;
        let file = match file {
            Some(file) => Arc::clone(file),
            None => Arc::clone(file.insert(Arc::new(tempfile::tempfile()?))),
        };
        let Some((first, pages)) = map.take(wanted, self.budget.limit() / PAGE) else { return Ok(None) };
        drop(state);
        lease.shrink_to(pages * PAGE);
        Ok(Some(Extent { spool: Arc::clone(self), file, first, pages, len: 0, lease }))
    }

    fn give_back(&self, first: u64, pages: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (map, file) = &mut *state;
        map.give_back(first, pages);
        // Now and then the file is cut to what is in use. If the system refuses, the pages are used again all
        // the same; only the disk does not get its room back yet.
        if (map.end == 0 || map.grown > 2 * map.end + 4096)
            && let Some(file) = file
            && file.set_len(map.end * PAGE).is_ok()
        {
            map.grown = map.end;
        }
    }
}

/// A run of pages with bytes in it; its pages come back when it is dropped.
#[derive(Debug)]
pub struct Extent {
    spool: Arc<Spool>,
    file: Arc<File>,
    first: u64,
    pages: u64,
    len: u64,
    lease: Lease,
}

impl Extent {
    /// Bytes written so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes that still fit.
    pub fn room(&self) -> u64 {
        self.pages * PAGE - self.len
    }

    /// Appends as much of the data as fits and gives back the rest.
    pub fn write<'d>(&mut self, data: &'d [u8]) -> io::Result<&'d [u8]> {
        let room = usize::try_from(self.room()).unwrap_or(usize::MAX).min(data.len());
        let (now, rest) = data.split_at(room);
        write_all_at(&self.file, now, self.first * PAGE + self.len)?;
        self.len += u64::try_from(now.len()).unwrap_or(0);
        Ok(rest)
    }

    /// Gives back the pages nothing was written to.
    #[must_use]
    pub fn trimmed(mut self) -> Self {
        let needed = self.len.div_ceil(PAGE);
        if needed < self.pages {
            let (first, pages) = (self.first + needed, self.pages - needed);
            self.pages = needed;
            self.spool.give_back(first, pages);
            self.lease.shrink_to(needed * PAGE);
        }
        self
    }

    pub(super) fn read_exact(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        read_exact_at(&self.file, buffer, self.first * PAGE + at)
    }
}

impl Drop for Extent {
    fn drop(&mut self) {
        if self.pages > 0 {
            self.spool.give_back(self.first, self.pages);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pages_are_bounded_by_the_budget_and_used_again() {
        let spool = Spool::new(Budget::new(4 * PAGE + 100));
        let mut a = spool.extent(2 * PAGE).unwrap().unwrap();
        assert!(a.write(b"hello").unwrap().is_empty());
        let a = a.trimmed();
        assert_eq!((a.len(), spool.budget().used()), (5, PAGE));
        let b = spool.extent(10 * PAGE).unwrap().unwrap();
        assert_eq!(b.room(), 3 * PAGE);
        assert!(spool.extent(1).unwrap().is_none());
        let mut read = [0; 5];
        a.read_exact(&mut read, 0).unwrap();
        assert_eq!(&read, b"hello");
        drop((a, b));
        assert_eq!(spool.budget().used(), 0);
        assert_eq!(spool.state.lock().unwrap().0.end, 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn no_page_is_handed_out_twice_and_none_is_lost(steps in proptest::collection::vec((any::<bool>(), 1_u64..9, 0_usize..50), 1..200)) {
            let (mut map, mut held) = (Map::default(), Vec::<(u64, u64)>::new());
            for (takes, wanted, which) in steps {
                if takes {
                    let used: u64 = held.iter().map(|(_, n)| n).sum();
                    match map.take(wanted, 64) {
                        Some((first, n)) => {
                            prop_assert!(n >= 1 && n <= wanted && first + n <= 64);
                            prop_assert!(held.iter().all(|(at, m)| at + m <= first || first + n <= *at));
                            held.push((first, n));
                        }
                        None => prop_assert_eq!(used, 64),
                    }
                } else if !held.is_empty() {
                    let (first, n) = held.swap_remove(which % held.len());
                    map.give_back(first, n);
                }
                let free: u64 = map.free.values().sum();
                prop_assert_eq!(free + held.iter().map(|(_, n)| n).sum::<u64>(), map.end);
            }
            for (first, n) in held {
                map.give_back(first, n);
            }
            prop_assert!(map.free.is_empty() && map.end == 0);
        }
    }
}
