//! What is to be hashed: every part of every layout in question, with what they share.
//!
//! A digest of one part says nothing about another that begins elsewhere. But parts that begin at the same byte have
//! all the bytes of the shorter one in common: they are hashed once, and the state is copied where the shorter one
//! ends. For many candidate part sizes that halves the work or better.

use crate::domain::etag::ETag;
use crate::domain::layout::PartLayout;

/// Bytes from `first` on, hashed once, with a digest at every end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub first: u64,
    /// Offsets behind the last byte, ascending, each with the number of its digest.
    pub ends: Vec<(u64, usize)>,
}

/// Layouts of the same bytes, and the spans that cover their parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    size: u64,
    spans: Vec<Span>,
    /// For each layout, the number of each part's digest.
    layouts: Vec<Vec<usize>>,
    digests: usize,
}

impl Plan {
    /// Plans for layouts of `size` bytes; a layout of another size is left out and its ETag is `None`.
    pub fn new<'a>(size: u64, layouts: impl IntoIterator<Item = &'a PartLayout>) -> Self {
        let mut parts = Vec::new();
        let mut numbers = Vec::new();
        for (which, layout) in layouts.into_iter().enumerate() {
            let fits = layout.object_size() == size;
            numbers.push(vec![0; if fits { layout.count() } else { 0 }]);
            let laid = layout.parts().filter(|_| fits).enumerate();
            parts.extend(laid.map(|(index, p)| (p.offset, p.offset + p.size, which, index)));
        }
        parts.sort_unstable();
        let mut plan = Self { size, spans: Vec::new(), layouts: numbers, digests: 0 };
        for (first, end, which, index) in parts {
            let number = plan.number_of(first, end);
            if let Some(slot) = plan.layouts.get_mut(which).and_then(|l| l.get_mut(index)) {
                *slot = number;
            }
        }
        plan
    }

    /// The digest of a part; parts come in order of their first byte, then of their end.
    fn number_of(&mut self, first: u64, end: u64) -> usize {
        match self.spans.last_mut() {
            Some(span) if span.first == first => match span.ends.last() {
                Some((last, number)) if *last == end => *number,
                _ => {
                    span.ends.push((end, self.digests));
                    self.digests += 1;
                    self.digests - 1
                }
            },
            _ => {
                self.spans.push(Span { first, ends: vec![(end, self.digests)] });
                self.digests += 1;
                self.digests - 1
            }
        }
    }

    /// Bytes that the layouts cover.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The spans, by their first byte.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// How many different parts there are.
    pub fn digest_count(&self) -> usize {
        self.digests
    }

    /// Bytes to hash: of each span its longest part.
    pub fn bytes(&self) -> u64 {
        self.spans.iter().filter_map(|s| Some(s.ends.last()?.0 - s.first)).sum()
    }

    /// The part digests of a layout, in order; none for a layout that was left out.
    pub fn parts<'a>(&'a self, layout: usize, digests: &'a [[u8; 16]]) -> impl Iterator<Item = &'a [u8; 16]> {
        self.layouts.get(layout).into_iter().flatten().filter_map(|number| digests.get(*number))
    }

    /// The multipart ETag of a layout.
    pub fn etag(&self, layout: usize, digests: &[[u8; 16]]) -> Option<ETag> {
        let parts = self.layouts.get(layout).filter(|parts| !parts.is_empty())?;
        (parts.len() <= 10_000).then(|| ETag::composite(self.parts(layout, digests)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::MIB;

    fn uniform(size: u64, part: u64) -> PartLayout {
        PartLayout::uniform(size, part).unwrap()
    }

    #[test]
    fn one_layout_is_its_parts() {
        let plan = Plan::new(10, [&uniform(10, 4)]);
        let spans: Vec<_> = plan.spans().iter().map(|s| (s.first, s.ends.clone())).collect();
        assert_eq!(spans, [(0, vec![(4, 0)]), (4, vec![(8, 1)]), (8, vec![(10, 2)])]);
        assert_eq!((plan.bytes(), plan.digest_count()), (10, 3));
    }

    #[test]
    fn parts_that_begin_together_are_hashed_together_and_equal_ones_once() {
        let plan = Plan::new(12, [&uniform(12, 2), &uniform(12, 4), &uniform(12, 6), &uniform(12, 4)]);
        // 0: 2, 4, 6; 2: 4; 4: 6, 8; 6: 8, 12; 8: 10, 12; 10: 12.
        assert_eq!(plan.bytes(), 6 + 2 + 4 + 6 + 4 + 2);
        assert_eq!(plan.digest_count(), 11);
        assert_eq!(plan.layouts[1], plan.layouts[3]);
    }

    #[test]
    fn powers_of_two_cost_half_of_what_they_would_alone() {
        let size = 2048 * MIB;
        let sizes = [8, 16, 32, 64, 128, 256].map(|m| uniform(size, m * MIB));
        assert_eq!(Plan::new(size, &sizes).bytes(), size * 7 / 2);
    }

    #[test]
    fn a_layout_of_another_size_has_no_etag() {
        let plan = Plan::new(10, [&uniform(11, 4), &uniform(10, 5)]);
        assert_eq!(plan.etag(0, &[[0; 16]; 2]), None);
        assert!(plan.etag(1, &[[0; 16]; 2]).is_some());
        assert_eq!(plan.bytes(), 10);
    }

    #[test]
    fn nothing_is_one_empty_part() {
        let plan = Plan::new(0, [&uniform(0, 5)]);
        assert_eq!(plan.spans(), [Span { first: 0, ends: vec![(0, 0)] }]);
        assert_eq!(plan.bytes(), 0);
    }
}
