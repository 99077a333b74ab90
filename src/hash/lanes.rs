//! Carries out a plan: every core keeps the lanes of its kernel filled with spans.
//!
//! Spans are taken in order of their first byte, so the cores move through the bytes side by side. All lanes of a
//! core advance by the same number of blocks: as many as the one whose next end is nearest has left.

use super::kernel::Kernel;
use super::md5::{BLOCK, State};
use super::plan::{Plan, Span};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Bytes that can be looked at anywhere.
pub trait Source: Sync {
    /// All of them.
    fn bytes(&self) -> &[u8];
    /// These are about to be read.
    fn will_read(&self, _: Range<usize>) {}
    /// These were read, by one reader at least.
    fn have_read(&self, _: Range<usize>) {}
    /// Whether some of them went away, so that going on is of no use.
    fn is_lost(&self) -> bool {
        false
    }
}

impl Source for [u8] {
    fn bytes(&self) -> &[u8] {
        self
    }
}

/// How to go about it, and how far it is.
#[derive(Debug)]
pub struct Run<'a> {
    /// Which instructions.
    pub kernel: Kernel,
    /// Cores to use, at least one.
    pub threads: usize,
    /// Set to stop.
    pub stop: &'a AtomicBool,
    /// Bytes hashed so far; added to.
    pub hashed: &'a AtomicU64,
    /// Bytes to hash as far as it is known; added to before they are begun.
    pub planned: &'a AtomicU64,
}

/// Why there are no digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// It was stopped.
    #[error("stopped")]
    Stopped,
    /// The plan is for another number of bytes.
    #[error("there are {there} bytes, not {planned}")]
    Size {
        /// Bytes planned for.
        planned: u64,
        /// Bytes there are.
        there: usize,
    },
    /// A thread ended early.
    #[error("a thread for hashing failed")]
    Thread,
}

/// Most bytes a lane advances before it looks up; also what it asks for ahead.
pub const STEP: usize = 2 << 20;

/// The digest of every part of the plan, by its number.
pub fn digests(
    source: &(impl Source + ?Sized),
    plan: &Plan,
    run: &Run<'_>,
) -> Result<Vec<[u8; 16]>, RunError> {
    let there = source.bytes().len();
    if usize::try_from(plan.size()) != Ok(there) {
        return Err(RunError::Size { planned: plan.size(), there });
    }
    run.planned.fetch_add(plan.bytes(), Ordering::Relaxed);
    let spans = plan.spans();
    let threads = run.threads.clamp(1, spans.len().max(1));
    // At the beginning no core takes more than its share; later whoever has a lane free takes the next.
    let share = spans.len().div_ceil(threads).min(run.kernel.lanes());
    let next = AtomicUsize::new(0);
    let work =
        || Worker { source, spans, next: &next, run, lanes: Vec::new(), found: Vec::new() }.work(share);
    let found = std::thread::scope(|scope| {
        // Where no further thread can be had, those there are do the work.
        let more = (1..threads).map_while(|_| std::thread::Builder::new().spawn_scoped(scope, work).ok());
        let more: Vec<_> = more.collect();
        let mut found = work();
        more.into_iter().for_each(|thread| found.extend(thread.join().unwrap_or_default()));
        found
    });
    if run.stop.load(Ordering::Relaxed) || source.is_lost() {
        return Err(RunError::Stopped);
    }
    let mut digests = vec![[0; 16]; plan.digest_count()];
    if found.len() != digests.len() {
        return Err(RunError::Thread);
    }
    for (number, digest) in found {
        if let Some(slot) = digests.get_mut(number) {
            *slot = digest;
        }
    }
    Ok(digests)
}

/// A span under way.
struct Lane<'a> {
    span: &'a Span,
    /// Ends passed.
    passed: usize,
    /// Offset of the next byte to take in; a whole number of blocks behind the first.
    at: u64,
    state: State,
}

impl Lane<'_> {
    fn end(&self) -> Option<(u64, usize)> {
        self.span.ends.get(self.passed).copied()
    }

    /// Whole blocks before the next end.
    fn blocks(&self) -> usize {
        let left = self.end().map_or(0, |(end, _)| end.saturating_sub(self.at));
        usize::try_from(left).unwrap_or(usize::MAX) / BLOCK
    }
}

struct Worker<'a, S: ?Sized> {
    source: &'a S,
    spans: &'a [Span],
    next: &'a AtomicUsize,
    run: &'a Run<'a>,
    lanes: Vec<Lane<'a>>,
    found: Vec<(usize, [u8; 16])>,
}

impl<S: Source + ?Sized> Worker<'_, S> {
    fn work(mut self, lanes: usize) -> Vec<(usize, [u8; 16])> {
        let mut states = Vec::with_capacity(lanes);
        while !self.run.stop.load(Ordering::Relaxed) && !self.source.is_lost() {
            self.settle();
            while self.lanes.len() < lanes {
                let Some(span) = self.spans.get(self.next.fetch_add(1, Ordering::Relaxed)) else { break };
                self.lanes.push(Lane { span, passed: 0, at: span.first, state: State::NEW });
                self.settle();
            }
            let Some(blocks) = self.lanes.iter().map(Lane::blocks).min() else { break };
            self.advance(blocks.min(STEP / BLOCK), &mut states);
        }
        self.found
    }

    /// Takes the digests of lanes that have no whole block left before their next end, and drops finished ones.
    fn settle(&mut self) {
        let data = self.source.bytes();
        let found = &mut self.found;
        let mut hashed = 0;
        self.lanes.retain_mut(|lane| {
            while let Some((end, number)) = lane.end().filter(|_| lane.blocks() == 0) {
                let tail = slice(data, lane.at, end);
                found.push((number, lane.state.finish(tail, end - lane.span.first)));
                lane.passed += 1;
                if lane.end().is_none() {
                    hashed += end - lane.at;
                }
            }
            lane.end().is_some()
        });
        self.run.hashed.fetch_add(hashed, Ordering::Relaxed);
    }

    fn advance(&mut self, blocks: usize, states: &mut Vec<State>) {
        let data = self.source.bytes();
        let length = u64::try_from(blocks * BLOCK).unwrap_or(0);
        let inputs: Vec<&[u8]> = self.lanes.iter().map(|l| slice(data, l.at, l.at + length)).collect();
        let ranges: Vec<Range<usize>> = self.lanes.iter().map(|l| range(l.at, l.at + length)).collect();
        ranges.iter().for_each(|r| self.source.will_read(r.clone()));
        states.clear();
        states.extend(self.lanes.iter().map(|l| l.state));
        self.run.kernel.advance(states, &inputs, blocks);
        for (lane, state) in self.lanes.iter_mut().zip(states.iter()) {
            lane.state = *state;
            lane.at += length;
        }
        let all = length.saturating_mul(u64::try_from(self.lanes.len()).unwrap_or(0));
        self.run.hashed.fetch_add(all, Ordering::Relaxed);
        ranges.into_iter().for_each(|r| self.source.have_read(r));
    }
}

fn range(first: u64, end: u64) -> Range<usize> {
    let offset = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    offset(first)..offset(end)
}

fn slice(data: &[u8], first: u64, end: u64) -> &[u8] {
    data.get(range(first, end)).unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::etag::ETag;
    use crate::domain::layout::PartLayout;
    use crate::hash::md5::md5;
    use proptest::prelude::*;

    fn data(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i % 251) as u8).collect()
    }

    fn run_of(data: &[u8], plan: &Plan, kernel: Kernel, threads: usize) -> (Vec<[u8; 16]>, u64) {
        let (stop, hashed, planned) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
        let run = Run { kernel, threads, stop: &stop, hashed: &hashed, planned: &planned };
        let found = digests(data, plan, &run).unwrap();
        assert_eq!(planned.into_inner(), plan.bytes());
        (found, hashed.into_inner())
    }

    #[test]
    fn etags_of_the_worked_numbers() {
        let data = data(8_388_609);
        let of = |size: usize, part: u64| {
            let layout = PartLayout::uniform(size as u64, part).unwrap();
            let plan = Plan::new(size as u64, [&layout]);
            let (digests, _) = run_of(&data[..size], &plan, Kernel::best(), 2);
            plan.etag(0, &digests).unwrap().to_string()
        };
        let mib = 1 << 20;
        assert_eq!(of(0, 5 * mib), "59adb24ef3cdbe0297f05b395827453f-1");
        assert_eq!(of(1, 5 * mib), "7e4696ef25d5faececd853ce5e2a233b-1");
        assert_eq!(of(5_242_881, 5 * mib), "285c0ca0352736b999524a583a2c9659-2");
        assert_eq!(of(8_388_609, 8 * mib), "207d5ad937887dd79678eed060f706be-2");
    }

    #[test]
    fn unequal_parts() {
        let data = data(10_000);
        let layout = PartLayout::explicit(vec![5000, 4993, 7]).unwrap();
        let plan = Plan::new(10_000, [&layout]);
        let (digests, _) = run_of(&data, &plan, Kernel::best(), 1);
        let parts = [&data[..5000], &data[5000..9993], &data[9993..]].map(md5);
        assert_eq!(plan.etag(0, &digests), Some(ETag::composite(&parts)));
    }

    #[test]
    fn bytes_hashed_are_exactly_the_longest_part_of_each_span() {
        let sizes = [5, 6, 7, 8, 9, 10, 12, 15, 16, 20, 25, 32, 50, 64, 80, 100];
        let data = data(300_017);
        let layouts = sizes.map(|s| PartLayout::uniform(300_017, s * 1000).unwrap());
        let plan = Plan::new(300_017, &layouts);
        let alone = 16 * 300_017;
        for threads in [1, 2, 5] {
            let (digests, hashed) = run_of(&data, &plan, Kernel::best(), threads);
            assert_eq!(hashed, plan.bytes(), "{threads}");
            for (i, layout) in layouts.iter().enumerate() {
                let parts: Vec<[u8; 16]> =
                    layout.parts().map(|p| md5(slice(&data, p.offset, p.offset + p.size))).collect();
                assert_eq!(plan.parts(i, &digests).copied().collect::<Vec<_>>(), parts);
            }
        }
        let mut longest = std::collections::BTreeMap::new();
        for part in layouts.iter().flat_map(PartLayout::parts) {
            let most = longest.entry(part.offset).or_insert(0);
            *most = part.size.max(*most);
        }
        assert_eq!(plan.bytes(), longest.values().sum::<u64>());
        // Shared beginnings save nearly half.
        assert_eq!(plan.bytes() * 100 / alone, 51);
    }

    #[test]
    fn it_stops_and_says_what_does_not_fit() {
        let data = data(1000);
        let layout = PartLayout::uniform(1000, 100).unwrap();
        let plan = Plan::new(1000, [&layout]);
        let (stop, hashed, planned) = (AtomicBool::new(true), AtomicU64::new(0), AtomicU64::new(0));
        let run = Run { kernel: Kernel::best(), threads: 2, stop: &stop, hashed: &hashed, planned: &planned };
        assert_eq!(digests(&data[..], &plan, &run), Err(RunError::Stopped));
        assert_eq!(digests(&data[..999], &plan, &run), Err(RunError::Size { planned: 1000, there: 999 }));
    }

    proptest! {
        #[test]
        fn any_layouts_on_any_kernel(
            len in 1_usize..20_000,
            parts in proptest::collection::vec(1_u64..5000, 1..6),
            threads in 1_usize..4,
        ) {
            let data = data(len);
            let layouts: Vec<PartLayout> = parts
                .iter()
                .filter_map(|p| PartLayout::uniform(len as u64, (*p).max(len as u64 / 500 + 1)).ok())
                .collect();
            let plan = Plan::new(len as u64, &layouts);
            for kernel in Kernel::ALL.into_iter().filter(|k| k.is_available()) {
                let (digests, hashed) = run_of(&data, &plan, kernel, threads);
                prop_assert_eq!(hashed, plan.bytes());
                for (i, layout) in layouts.iter().enumerate() {
                    for (part, digest) in layout.parts().zip(plan.parts(i, &digests)) {
                        prop_assert_eq!(*digest, md5(slice(&data, part.offset, part.offset + part.size)));
                    }
                }
            }
        }
    }
}
