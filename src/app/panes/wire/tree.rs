//! Heights of blocks that stand one below the other: where a block begins, and which block a line is in, in logarithmic
//! time. A Fenwick tree.

/// The heights.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Sums of the ranges that a Fenwick tree keeps, counted from 1; the first entry is not used.
    sums: Vec<usize>,
}

fn low_bit(i: usize) -> usize {
    i & i.wrapping_neg()
}

impl Tree {
    /// Heights from the top.
    pub fn of(heights: impl Iterator<Item = usize>) -> Self {
        let mut tree = Self::default();
        heights.for_each(|height| tree.push(height));
        tree
    }

    /// Blocks.
    pub fn len(&self) -> usize {
        self.sums.len().saturating_sub(1)
    }

    /// One more block below the others.
    pub fn push(&mut self, height: usize) {
        if self.sums.is_empty() {
            self.sums.push(0);
        }
        let at = self.sums.len();
        let below = self.above(at - 1) - self.above(at - low_bit(at));
        self.sums.push(below + height);
    }

    /// Gives a block another height.
    pub fn change(&mut self, block: usize, from: usize, to: usize) {
        let mut at = block + 1;
        while let Some(sum) = self.sums.get_mut(at) {
            *sum = (*sum + to).saturating_sub(from);
            at += low_bit(at);
        }
    }

    /// Lines above a block; of the block after the last, all lines.
    pub fn above(&self, block: usize) -> usize {
        let (mut at, mut sum) = (block.min(self.len()), 0);
        while at > 0 {
            sum += self.sums.get(at).copied().unwrap_or(0);
            at -= low_bit(at);
        }
        sum
    }

    /// All lines.
    pub fn lines(&self) -> usize {
        self.above(self.len())
    }

    /// The block a line is in, and which line of the block it is.
    pub fn find(&self, line: usize) -> Option<(usize, usize)> {
        if line >= self.lines() {
            return None;
        }
        let (mut block, mut left) = (0, line);
        let mut step = self.len().checked_ilog2().map_or(0, |log| 1_usize << log);
        while step > 0 {
            if let Some(sum) = self.sums.get(block + step).filter(|sum| **sum <= left) {
                block += step;
                left -= sum;
            }
            step /= 2;
        }
        Some((block, left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_says_what_adding_up_says(
            mut heights in proptest::collection::vec(0_usize..5, 0..70),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..9), 0..20),
        ) {
            let mut tree = Tree::of(heights.iter().copied());
            for (at, to) in changes.iter().take(heights.len()) {
                let at = at.index(heights.len());
                tree.change(at, heights[at], *to);
                heights[at] = *to;
            }
            prop_assert_eq!(tree.len(), heights.len());
            let mut line = 0;
            for (block, height) in heights.iter().enumerate() {
                prop_assert_eq!(tree.above(block), line);
                for within in 0..*height {
                    prop_assert_eq!(tree.find(line + within), Some((block, within)));
                }
                line += height;
            }
            prop_assert_eq!((tree.lines(), tree.find(line)), (line, None));
        }
    }
}
