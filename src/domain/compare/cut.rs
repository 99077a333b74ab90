//! How two objects are cut into parts, as far as it was stated.

use super::super::evidence::{Evidence, Grade, MappedPart};
use super::super::infer::Pieces;
use super::super::units::{PartNumber, grouped, human_size};
use std::collections::BTreeMap;

/// Whether two objects are cut alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cut {
    /// Every boundary of both is known, and they are the same.
    Same,
    /// They are certainly not the same.
    Differs,
    /// Not every boundary is known.
    NotKnown(&'static str),
}

/// Compares the cuts; guesses are not used.
pub(super) fn cut(left: &Evidence, right: &Evidence) -> Cut {
    match (left.pieces(), right.pieces()) {
        (Pieces::NotKnown, _) | (_, Pieces::NotKnown) => {
            return Cut::NotKnown("whether it was written in parts is not known");
        }
        (a, b) if a != b => return Cut::Differs,
        (Pieces::One, _) => return Cut::Same,
        (Pieces::Parts(_), _) => {}
    }
    if let (Some(a), Some(b)) = (left.exact_layout(), right.exact_layout()) {
        return if a.parts().eq(b.parts()) { Cut::Same } else { Cut::Differs };
    }
    let (a, b) = (stated(left), stated(right));
    if a.iter().any(|(number, size)| b.get(number).is_some_and(|other| other != size)) {
        return Cut::Differs;
    }
    Cut::NotKnown("not every part boundary was stated")
}

/// Sizes of the parts that are known without assumption, by number.
fn stated(evidence: &Evidence) -> BTreeMap<PartNumber, u64> {
    let exact = |part: &MappedPart| {
        let (_, size) = part.place.filter(|_| part.grade == Grade::Exact)?;
        Some((part.number, size))
    };
    evidence.map().iter().filter_map(exact).collect()
}

/// The cut in words, with how well it is known.
pub(super) fn described(evidence: &Evidence) -> Option<String> {
    let words = |count| match count {
        1 => "1 part".to_owned(),
        count => format!("{} parts", grouped(u64::from(count))),
    };
    let count = match (evidence.pieces(), evidence.part_count) {
        (Pieces::One, _) => return Some("one piece".into()),
        (Pieces::Parts(count), _) => words(count),
        (Pieces::NotKnown, count) => {
            return count.map(|n| format!("{} by the count, one piece by the ETag", words(n)));
        }
    };
    let Some(layout) = evidence.exact_layout() else {
        return Some(match stated(evidence).get(&PartNumber(1)) {
            Some(size) => {
                format!("{count}; part 1 has {}, the others are not stated", human_size(*size))
            }
            None => format!("{count}; no size is stated"),
        });
    };
    let last = layout.count().checked_sub(1).and_then(|i| layout.size_of(i)).unwrap_or(0);
    Some(match layout.uniform_size() {
        Some(_) if layout.count() == 1 => format!("{count} of {}, stated", human_size(last)),
        Some(size) => format!("{count} of {}, the last {}, stated", human_size(size), human_size(last)),
        None => format!("{count} of unequal sizes, stated"),
    })
}
