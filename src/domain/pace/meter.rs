//! How many bytes a second, over the last seconds only.

use std::collections::VecDeque;

/// How far back the rate looks, in microseconds.
const SPAN: u64 = 15_000_000;

/// Ends of parts that are remembered at most.
const KEPT: usize = 2048;

/// Bytes by time.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter {
    /// Bytes stored.
    pub(super) total: u64,
    /// Bytes that wait or are under way.
    pub(super) left: u64,
    begun: Option<u64>,
    ends: VecDeque<(u64, u64)>,
    /// Bytes of all ends that are remembered.
    kept: u128,
}

impl Meter {
    /// A part was sent at this time.
    pub(super) fn begin(&mut self, now: u64) {
        self.begun.get_or_insert(now);
    }

    /// A part of so many bytes was stored at this time.
    pub(super) fn stored(&mut self, now: u64, size: u64) {
        self.total = self.total.saturating_add(size);
        self.left = self.left.saturating_sub(size);
        self.ends.push_back((now, size));
        self.kept += u128::from(size);
        while self.ends.len() > KEPT || self.ends.front().is_some_and(|(at, _)| at.saturating_add(SPAN) < now)
        {
            // What goes is what the rate would no longer count from.
            if let Some((at, size)) = self.ends.pop_front() {
                self.begun = Some(at);
                self.kept = self.kept.saturating_sub(u128::from(size));
            }
        }
    }

    /// Bytes a second.
    pub(super) fn rate(&self, now: u64) -> Option<u64> {
        let from = now.saturating_sub(SPAN).max(self.begun?);
        // Asked after every part: what is too old stands in front, and there is little of it.
        let old = self.ends.iter().take_while(|(at, _)| *at < from);
        let bytes = self.kept.saturating_sub(old.map(|(_, size)| u128::from(*size)).sum());
        let took = u128::from(now.saturating_sub(from).max(1));
        let rate = u64::try_from(bytes * 1_000_000 / took).unwrap_or(u64::MAX);
        (rate > 0).then_some(rate)
    }

    /// Microseconds to the end.
    pub(super) fn eta(&self, now: u64) -> Option<u64> {
        let rate = u128::from(self.rate(now)?);
        u64::try_from(u128::from(self.left) * 1_000_000 / rate).ok()
    }
}
