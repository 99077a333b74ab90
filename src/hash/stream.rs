//! Many part sizes at once over bytes that come once and in order: a pipe, or the body of an answer.
//!
//! Each candidate is one lane: its current part's MD5, and the MD5 of its part digests so far. Whatever the object's
//! size, a candidate is a few hundred bytes. One that has more parts than the ETag allows is dropped on the spot; any
//! other wrong one is known only after the last byte, because the outer MD5 sees every part digest.

use super::kernel::Kernel;
use super::md5::{BLOCK, State};
use crate::domain::etag::ETag;
use crate::domain::layout::{PartLayout, PartSizes};
use md5::{Digest, Md5};

/// How a candidate cuts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// Parts of so many bytes, the last one shorter if need be.
    Every(u64),
    /// These parts.
    At(Box<[u64]>),
    /// Not at all: the MD5 of everything.
    Nowhere,
}

impl Cut {
    /// Bytes of the part at a zero-based index; `None` behind the last.
    pub fn part(&self, index: usize) -> Option<u64> {
        match self {
            Self::Every(size) => Some(*size),
            Self::At(sizes) => sizes.get(index).copied(),
            Self::Nowhere => (index == 0).then_some(u64::MAX),
        }
    }
}

impl From<&PartLayout> for Cut {
    fn from(layout: &PartLayout) -> Self {
        match layout.sizes() {
            PartSizes::Uniform(size) => Self::Every(*size),
            PartSizes::Explicit(sizes) => Self::At(sizes.clone()),
        }
    }
}

/// One way to cut, as far as the bytes have come.
#[derive(Debug)]
struct Candidate {
    cut: Cut,
    most_parts: usize,
    alive: bool,
    state: State,
    /// Bytes that do not fill a block yet.
    carry: [u8; BLOCK],
    carried: usize,
    /// Bytes of the current part taken in.
    taken: u64,
    /// Bytes the current part has; `None` when no further part is allowed.
    size: Option<u64>,
    outer: Md5,
    parts: usize,
    /// Digest of the latest part, and whether the part had all its bytes.
    latest: [u8; 16],
    whole: bool,
}

impl Candidate {
    fn new(cut: Cut, most_parts: usize) -> Self {
        let size = cut.part(0);
        let alive = size.is_some() && cut != Cut::Every(0);
        Self {
            alive,
            cut,
            most_parts,
            state: State::NEW,
            carry: [0; BLOCK],
            carried: 0,
            taken: 0,
            size,
            outer: Md5::new(),
            parts: 0,
            latest: [0; 16],
            whole: false,
        }
    }

    fn left(&self) -> u64 {
        self.size.map_or(0, |size| size.saturating_sub(self.taken))
    }

    /// Whole blocks that can be taken from `data` at once.
    fn blocks(&self, data: &[u8]) -> usize {
        if !self.alive || self.carried > 0 {
            return 0;
        }
        usize::try_from(self.left()).unwrap_or(usize::MAX).min(data.len()) / BLOCK
    }

    /// Takes bytes one block at most at a time until whole blocks can be taken, or there are no more. Gives how many.
    fn settle(&mut self, data: &[u8]) -> usize {
        let mut used = 0;
        while self.alive && used < data.len() {
            let rest = data.get(used..).unwrap_or(&[]);
            if self.blocks(rest) > 0 {
                break;
            }
            if self.left() == 0 {
                self.next_part();
                continue;
            }
            let room = (BLOCK - self.carried).min(usize::try_from(self.left()).unwrap_or(BLOCK));
            let piece = rest.get(..room).unwrap_or(rest);
            for (to, from) in self.carry.iter_mut().skip(self.carried).zip(piece) {
                *to = *from;
            }
            self.carried += piece.len();
            used += piece.len();
            self.taken += u64::try_from(piece.len()).unwrap_or(0);
            if self.carried == BLOCK {
                self.state.advance(&self.carry);
                self.carried = 0;
            }
        }
        used
    }

    /// Ends the current part and begins another, if there may be one.
    fn next_part(&mut self) {
        self.end_part();
        self.size = self.cut.part(self.parts).filter(|_| self.parts < self.most_parts);
        self.alive = self.size.is_some();
    }

    fn end_part(&mut self) {
        let tail = self.carry.get(..self.carried).unwrap_or(&[]);
        self.latest = self.state.finish(tail, self.taken);
        self.whole = self.size == Some(self.taken);
        self.outer.update(self.latest);
        self.parts += 1;
        (self.state, self.carried, self.taken) = (State::NEW, 0, 0);
    }

    /// The ETag, if the bytes ended where this candidate may end.
    fn finish(mut self) -> (Cut, Option<ETag>) {
        // Bytes that end with a part need no empty one behind it; no bytes at all are one empty part.
        if self.alive && (self.taken > 0 || self.parts == 0) {
            self.end_part();
        }
        // Empty parts at the end have no byte by which they would be noticed.
        while self.alive && self.cut.part(self.parts) == Some(0) {
            self.size = Some(0);
            self.end_part();
        }
        let ended = match &self.cut {
            Cut::At(sizes) => self.parts == sizes.len() && self.whole,
            Cut::Every(_) | Cut::Nowhere => true,
        };
        let tag = match self.cut {
            Cut::Nowhere => Some(ETag::Hex128(self.latest)),
            _ => u16::try_from(self.parts)
                .ok()
                .map(|parts| ETag::Composite { digest: self.outer.finalize().into(), parts }),
        };
        (self.cut, tag.filter(|_| self.alive && ended))
    }
}

/// Candidates over one stream of bytes.
#[derive(Debug)]
pub struct Stream {
    kernel: Kernel,
    candidates: Vec<Candidate>,
    seen: u64,
    hashed: u64,
    at: Vec<usize>,
    states: Vec<State>,
}

impl Stream {
    /// Candidates of at most `most_parts` parts each.
    pub fn new(kernel: Kernel, cuts: impl IntoIterator<Item = Cut>, most_parts: usize) -> Self {
        let candidates: Vec<_> = cuts.into_iter().map(|cut| Candidate::new(cut, most_parts)).collect();
        Self { kernel, at: vec![0; candidates.len()], candidates, seen: 0, hashed: 0, states: Vec::new() }
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, data: &[u8]) {
        self.seen += u64::try_from(data.len()).unwrap_or(0);
        self.at.fill(0);
        loop {
            let mut ready = Vec::with_capacity(self.candidates.len());
            for (index, (candidate, at)) in self.candidates.iter_mut().zip(&mut self.at).enumerate() {
                let used = candidate.settle(data.get(*at..).unwrap_or(&[]));
                *at += used;
                self.hashed += u64::try_from(used).unwrap_or(0);
                let blocks = candidate.blocks(data.get(*at..).unwrap_or(&[]));
                if blocks > 0 {
                    ready.push((index, blocks));
                }
            }
            let Some(blocks) = ready.iter().map(|(_, blocks)| *blocks).min() else { return };
            self.advance(data, &ready, blocks);
        }
    }

    fn advance(&mut self, data: &[u8], ready: &[(usize, usize)], blocks: usize) {
        let lane = |index: usize| self.at.get(index).and_then(|at| data.get(*at..)).unwrap_or(&[]);
        let inputs: Vec<&[u8]> = ready.iter().map(|(index, _)| lane(*index)).collect();
        self.states.clear();
        self.states.extend(ready.iter().filter_map(|(i, _)| Some(self.candidates.get(*i)?.state)));
        self.kernel.advance(&mut self.states, &inputs, blocks);
        let length = blocks * BLOCK;
        for ((index, _), state) in ready.iter().zip(&self.states) {
            if let (Some(candidate), Some(at)) = (self.candidates.get_mut(*index), self.at.get_mut(*index)) {
                candidate.state = *state;
                candidate.taken += u64::try_from(length).unwrap_or(0);
                *at += length;
                self.hashed += u64::try_from(length).unwrap_or(0);
            }
        }
    }

    /// How many candidates can still be right.
    pub fn alive(&self) -> usize {
        self.candidates.iter().filter(|c| c.alive).count()
    }

    /// Bytes taken in.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Bytes hashed, all candidates together.
    pub fn hashed(&self) -> u64 {
        self.hashed
    }

    /// The bytes are over: each candidate with its ETag, in the order given; none for one that does not fit.
    pub fn finish(self) -> Vec<(Cut, Option<ETag>)> {
        self.candidates.into_iter().map(Candidate::finish).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::md5::md5;
    use proptest::prelude::*;

    fn data(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i % 251) as u8).collect()
    }

    fn tags(cuts: Vec<Cut>, data: &[u8], pieces: usize) -> Vec<Option<String>> {
        let mut stream = Stream::new(Kernel::best(), cuts, 10_000);
        data.chunks(pieces.max(1)).for_each(|piece| stream.update(piece));
        stream.finish().into_iter().map(|(_, tag)| tag.map(|t| t.to_string())).collect()
    }

    #[test]
    fn several_part_sizes_in_one_pass() {
        let cuts = [4, 5, 10].map(Cut::Every);
        let found = tags([cuts.to_vec(), vec![Cut::Nowhere]].concat(), b"0123456789", 3);
        let want = [
            "61e3716e3a7767581863b67c4e785584-3",
            "9a6dbec798b1bfe66cc7659d2bb41720-2",
            "8e938564cd1410f0ec1c1781466a6738-1",
            "781e5e245d69b566979b86e28d23f2c7",
        ];
        assert_eq!(found, want.map(|t| Some(t.to_owned())));
        let found = tags(vec![Cut::Every(5 << 20), Cut::Nowhere], &data(5_242_881), 262_144);
        let want = ["285c0ca0352736b999524a583a2c9659-2", "37c75c1e5530e12aa82d4eef7a61feb9"];
        assert_eq!(found, want.map(|t| Some(t.to_owned())));
    }

    #[test]
    fn a_list_of_parts_must_end_with_the_bytes() {
        let bytes = data(1000);
        let at = |sizes: &[u64]| tags(vec![Cut::At(sizes.into())], &bytes, 77).remove(0);
        let parts = [&bytes[..500], &bytes[500..993], &bytes[993..]].map(md5);
        assert_eq!(at(&[500, 493, 7]), Some(ETag::composite(&parts).to_string()));
        assert_eq!(at(&[500, 493, 8]), None);
        assert_eq!(at(&[500, 493, 6]), None);
        assert_eq!(at(&[500, 500]).map(|t| t.len()), Some(34));
        assert_eq!(at(&[500, 499]), None);
        // Empty parts, wherever they stand, are parts.
        let parts =
            [&bytes[..0], &bytes[..600], &bytes[..0], &bytes[600..], &bytes[..0], &bytes[..0]].map(md5);
        assert_eq!(at(&[0, 600, 0, 400, 0, 0]), Some(ETag::composite(&parts).to_string()));
    }

    #[test]
    fn no_bytes_are_one_empty_part_and_a_part_size_of_zero_is_nothing() {
        assert_eq!(
            tags(vec![Cut::Every(5), Cut::Every(0), Cut::Nowhere], b"", 1),
            [
                Some("59adb24ef3cdbe0297f05b395827453f-1".into()),
                None,
                Some("d41d8cd98f00b204e9800998ecf8427e".into())
            ]
        );
    }

    #[test]
    fn too_many_parts_drop_a_candidate_on_the_spot() {
        let mut stream = Stream::new(Kernel::best(), [Cut::Every(10), Cut::Every(100)], 3);
        stream.update(&data(30));
        assert_eq!(stream.alive(), 2);
        stream.update(&data(1));
        assert_eq!(stream.alive(), 1);
        assert_eq!(stream.seen(), 31);
        let before = stream.hashed();
        stream.update(&data(5));
        assert_eq!(stream.hashed() - before, 5);
        assert_eq!(stream.finish().iter().map(|(_, t)| t.is_some()).collect::<Vec<_>>(), [false, true]);
    }

    proptest! {
        #[test]
        fn any_pieces_and_any_part_sizes(
            len in 0_usize..5000,
            pieces in 1_usize..700,
            parts in proptest::collection::vec(1_u64..900, 1..20),
        ) {
            let data = data(len);
            let found = tags(parts.iter().copied().map(Cut::Every).collect(), &data, pieces);
            for (part, tag) in parts.iter().zip(found) {
                let mut digests: Vec<[u8; 16]> = data.chunks(*part as usize).map(md5).collect();
                if digests.is_empty() {
                    digests.push(md5(b""));
                }
                prop_assert_eq!(tag, Some(ETag::composite(&digests).to_string()));
            }
        }
    }
}
