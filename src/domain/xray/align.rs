//! Two texts side by side: equal lines opposite each other, the others in pairs of the same kind.

use super::piece::Piece;

/// Most comparisons of lines; longer texts are laid side by side as they come.
const MOST: usize = 1_000_000;

/// One row: indices into ours and theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) ours: Option<usize>,
    pub(super) theirs: Option<usize>,
}

/// Lays two texts side by side.
pub(super) fn align(ours: &[Piece], theirs: &[Piece]) -> Vec<Row> {
    let same = |i: usize, j: usize| match (ours.get(i), theirs.get(j)) {
        (Some(a), Some(b)) => a.text == b.text,
        _ => false,
    };
    let (mut out, mut i, mut j) = (Vec::new(), 0, 0);
    for (a, b) in common(ours.len(), theirs.len(), same) {
        between((ours, i..a), (theirs, j..b), &mut out);
        out.push(Row { ours: Some(a), theirs: Some(b) });
        (i, j) = (a + 1, b + 1);
    }
    between((ours, i..ours.len()), (theirs, j..theirs.len()), &mut out);
    out
}

type Stretch<'p> = (&'p [Piece], std::ops::Range<usize>);

/// Lines between two that are equal: those of the same kind opposite each other.
fn between((ours, mine): Stretch<'_>, (theirs, other): Stretch<'_>, out: &mut Vec<Row>) {
    let mut next = other.start;
    for i in mine {
        let kind = ours.get(i).map(|p| &p.what);
        let found = (next..other.end).find(|j| theirs.get(*j).map(|p| &p.what) == kind);
        if let Some(j) = found {
            out.extend((next..j).map(|j| Row { ours: None, theirs: Some(j) }));
            next = j + 1;
        }
        out.push(Row { ours: Some(i), theirs: found });
    }
    out.extend((next..other.end).map(|j| Row { ours: None, theirs: Some(j) }));
}

/// A longest common subsequence, as pairs of indices in order.
fn common(n: usize, m: usize, same: impl Fn(usize, usize) -> bool) -> Vec<(usize, usize)> {
    if n.saturating_mul(m) > MOST {
        return (0..n.min(m)).filter(|i| same(*i, *i)).map(|i| (i, i)).collect();
    }
    let width = m + 1;
    let mut longest = vec![0_u32; (n + 1) * width];
    let at = |i: usize, j: usize| i * width + j;
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            let value = |table: &[u32], i, j| table.get(at(i, j)).copied().unwrap_or(0);
            let best = if same(i, j) {
                value(&longest, i + 1, j + 1) + 1
            } else {
                value(&longest, i + 1, j).max(value(&longest, i, j + 1))
            };
            if let Some(slot) = longest.get_mut(at(i, j)) {
                *slot = best;
            }
        }
    }
    let value = |i, j| longest.get(at(i, j)).copied().unwrap_or(0);
    let (mut out, mut i, mut j) = (Vec::new(), 0, 0);
    while i < n && j < m {
        if same(i, j) && value(i, j) == value(i + 1, j + 1) + 1 {
            out.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if value(i + 1, j) >= value(i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    out
}
