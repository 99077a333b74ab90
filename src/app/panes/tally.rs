//! Judging all exchanges in slices, so that a key press never waits for many of them.

use crate::domain::exchange::{Exchange, ExchangeId};
use std::collections::VecDeque;

/// Most exchanges judged in one go.
pub const SLICE: usize = 2048;
/// Most bytes looked through in one go; one exchange more may be.
pub const SLICE_BYTES: usize = 512 * 1024;

/// How often something is in each exchange, newest first judged. What has not been judged yet is older than all that has.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Those it is in, oldest first, and how often; never 0.
    hits: VecDeque<(ExchangeId, u32)>,
    total: u64,
    /// Exchanges before this one are still to be judged.
    below: Option<ExchangeId>,
}

impl Tally {
    /// Begins anew with nothing judged.
    pub fn begin() -> Self {
        Self { below: Some(ExchangeId(u64::MAX)), ..Self::default() }
    }

    /// Where judging goes on: before this exchange; `None` once all are judged.
    pub fn below(&self) -> Option<ExchangeId> {
        self.below
    }

    /// How many exchanges it is in.
    pub fn len(&self) -> usize {
        self.hits.len()
    }

    /// Whether it is in none, as far as they are judged.
    pub fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }

    /// How often it is in all of them.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// One that it is in, counted from the oldest.
    pub fn get(&self, at: usize) -> Option<(ExchangeId, u32)> {
        self.hits.get(at).copied()
    }

    /// Where an exchange is among those, or where it would be.
    pub fn place(&self, id: ExchangeId) -> Result<usize, usize> {
        self.hits.binary_search_by_key(&id, |(id, _)| *id)
    }

    /// How often it is in this one.
    pub fn count(&self, id: ExchangeId) -> u32 {
        self.place(id).ok().and_then(|at| self.get(at)).map_or(0, |(_, n)| n)
    }

    /// All that it is in, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (ExchangeId, u32)> + '_ {
        self.hits.iter().copied()
    }

    /// A new or changed exchange; one whose turn is still to come waits for it.
    pub fn took(&mut self, exchange: &Exchange, judge: impl Fn(&Exchange) -> u32) {
        if self.below.is_none_or(|below| exchange.id >= below) {
            self.set(exchange.id, judge(exchange));
        }
    }

    /// An exchange is not kept any more.
    pub fn dropped(&mut self, id: ExchangeId) {
        self.set(id, 0);
    }

    fn set(&mut self, id: ExchangeId, count: u32) {
        let before = match (self.place(id), count) {
            (Ok(at), 0) => self.hits.remove(at).map_or(0, |(_, n)| n),
            (Ok(at), n) => self.hits.get_mut(at).map_or(0, |hit| std::mem::replace(&mut hit.1, n)),
            (Err(_), 0) => 0,
            (Err(at), n) => {
                self.hits.insert(at, (id, n));
                0
            }
        };
        self.total = self.total.saturating_sub(u64::from(before)) + u64::from(count);
    }

    /// Judges some of those whose turn it is; `older` are the exchanges before [`Tally::below`], newest first. Gives how
    /// many were judged.
    pub fn go_on<'a>(
        &mut self,
        mut older: impl Iterator<Item = &'a Exchange>,
        judge: impl Fn(&Exchange) -> u32,
    ) -> usize {
        let (mut judged, mut bytes) = (0, 0);
        while judged < SLICE && bytes < SLICE_BYTES {
            let Some(exchange) = older.next() else {
                self.below = None;
                break;
            };
            judged += 1;
            bytes += exchange.request.kept() + exchange.response.kept();
            self.below = Some(exchange.id);
            self.set(exchange.id, judge(exchange));
        }
        judged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panes::wire::tests::exchange;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Debug, Clone)]
    enum Step {
        Take(u64, u32),
        Drop(u64),
        GoOn,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0_u64..30, 0_u32..3).prop_map(|(id, n)| Step::Take(id, n)),
            1 => (0_u64..30).prop_map(Step::Drop),
            1 => Just(Step::GoOn),
        ]
    }

    proptest! {
        #[test]
        fn it_is_what_judging_all_at_once_gives(before in proptest::collection::btree_map(0_u64..30, 0_u32..3, 0..20), steps in proptest::collection::vec(step(), 0..40)) {
            // The number of bytes stands for what is counted.
            let mut all: BTreeMap<u64, Exchange> =
                before.iter().map(|(id, n)| (*id, exchange(*id, *n as usize))).collect();
            let judge = |e: &Exchange| u32::try_from(e.request.total).unwrap();
            let mut tally = Tally::begin();
            for step in steps {
                match step {
                    Step::Take(id, n) => {
                        let e = exchange(id, n as usize);
                        tally.took(&e, judge);
                        all.insert(id, e);
                    }
                    Step::Drop(id) => {
                        all.remove(&id);
                        tally.dropped(ExchangeId(id));
                    }
                    Step::GoOn => {
                        if let Some(below) = tally.below() {
                            // One at a time, as if each were as much as may be done at once.
                            let next = all.range(..below.0).next_back().map(|(_, e)| e);
                            let more = next.is_some();
                            tally.go_on(next.into_iter(), judge);
                            if more {
                                tally.below = next.map(|e| e.id);
                            }
                        }
                    }
                }
                let from = tally.below().map_or(0, |b| b.0);
                let want: Vec<_> = all
                    .range(from..)
                    .map(|(id, e)| (ExchangeId(*id), judge(e)))
                    .filter(|(_, n)| *n > 0)
                    .collect();
                prop_assert_eq!(tally.iter().collect::<Vec<_>>(), want.clone());
                prop_assert_eq!(tally.total(), want.iter().map(|(_, n)| u64::from(*n)).sum::<u64>());
            }
        }
    }

    #[test]
    fn a_slice_is_bounded_by_number_and_by_bytes() {
        let small: Vec<Exchange> = (0..3 * SLICE as u64).map(|id| exchange(id, 1)).collect();
        let mut tally = Tally::begin();
        assert_eq!(tally.go_on(small.iter().rev(), |_| 1), SLICE);
        assert_eq!((tally.len(), tally.below()), (SLICE, Some(ExchangeId(2 * SLICE as u64))));
        let big: Vec<Exchange> = (0..40).map(|id| exchange(id, 60_000)).collect();
        assert_eq!(Tally::begin().go_on(big.iter().rev(), |_| 1), SLICE_BYTES.div_ceil(60_000));
        assert_eq!(tally.go_on(small.iter().rev().skip(SLICE), |_| 0), SLICE);
        assert_eq!(tally.go_on(small.iter().rev().skip(2 * SLICE), |_| 0), SLICE);
        assert_eq!((tally.go_on(std::iter::empty(), |_| 0), tally.below()), (0, None));
    }
}
