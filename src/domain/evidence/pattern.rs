//! What unequal parts look like, and whose habit that is.

use super::derive::Places;
use crate::domain::infer::{known_layouts, search_order};
use crate::domain::layout::PartLayout;
use crate::domain::units::grouped;
use serde::Serialize;

/// How the sizes of the parts relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternKind {
    /// All but the last are equal, and the last is not larger.
    Uniform,
    /// The first differs from the others.
    FirstDiffers,
    /// They differ by one byte at most, the larger first.
    EvenSplit,
    /// They grow with the part number.
    Growing,
    /// Two sizes before the last.
    TwoSizes,
    /// All but the last are equal, and the last is larger.
    LastLarger,
    /// Nothing of that.
    Mixed,
    /// Too little is known.
    Open,
}

/// A pattern in the sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pattern {
    /// Which.
    pub kind: PatternKind,
    /// In words, with its numbers.
    pub sentence: String,
    /// The client whose rule gives exactly these sizes, or all those known so far.
    pub client: Option<String>,
    /// Whether every part is known.
    pub complete: bool,
}

impl Pattern {
    /// The sentence with the client behind it.
    pub fn words(&self) -> String {
        match (&self.client, self.complete) {
            (Some(client), true) => format!("{}, which is the rule of {client}", self.sentence),
            (Some(client), false) => {
                format!("{}; so far this agrees with the rule of {client}", self.sentence)
            }
            (None, _) => self.sentence.clone(),
        }
    }
}

/// The pattern of what is known; none when nothing but equal parts is in sight.
pub(super) fn of(
    places: &Places,
    object_size: u64,
    exact: bool,
    refuted: Option<&String>,
) -> Option<Pattern> {
    let count = u32::try_from(places.sizes.len()).ok().filter(|n| *n > 1)?;
    let client = known_layouts(object_size, count)
        .into_iter()
        .find(|(_, layout)| places.agrees(layout) && !is_usual(layout, object_size, count))
        .map(|(name, _)| name);
    if exact {
        let sizes: Vec<u64> = (0..places.sizes.len()).filter_map(|i| places.size(i)).collect();
        let (kind, sentence) = of_all(&sizes)?;
        return Some(Pattern { kind, sentence, client, complete: true });
    }
    let open = |kind, sentence| Some(Pattern { kind, sentence, client: client.clone(), complete: false });
    let inner = places.sizes.len() - 1;
    let known: Vec<u64> = (0..inner).filter_map(|i| places.size(i)).collect();
    if let Some(why) = refuted {
        let kind = match known.as_slice() {
            [first, rest @ ..] if rest.len() > 1 && places.size(0).is_some() => of_some(*first, rest),
            _ => PatternKind::Open,
        };
        return open(kind, format!("the parts are not equal: {why}"));
    }
    // Equal parts as large as an even share and an even split begin alike.
    let share = object_size.div_ceil(u64::from(count));
    if known.first() == Some(&share) && !object_size.is_multiple_of(u64::from(count)) {
        let first = grouped(share);
        return open(
            PatternKind::Open,
            format!(
                "{first} bytes is the size divided by the count: sizes that differ by one byte begin so too"
            ),
        );
    }
    if client.is_some() { open(PatternKind::Open, "equal parts are possible".into()) } else { None }
}

/// Whether a layout is one of equal parts that others make by default: as long as a growing rule has not grown, its parts
/// are anybody's.
fn is_usual(layout: &PartLayout, object_size: u64, count: u32) -> bool {
    layout.uniform_size().is_some_and(|p| search_order(object_size, count).defaults.contains(&p))
}

fn of_some(first: u64, rest: &[u64]) -> PatternKind {
    if all_equal(rest).is_some_and(|r| r != first) {
        PatternKind::FirstDiffers
    } else if rest.is_sorted() && rest.first().is_some_and(|r| *r >= first) {
        PatternKind::Growing
    } else {
        PatternKind::Mixed
    }
}

fn of_all(sizes: &[u64]) -> Option<(PatternKind, String)> {
    let (last, inner) = sizes.split_last()?;
    let first = *inner.first()?;
    if let Some(p) = all_equal(inner) {
        return Some(if *last <= p {
            (PatternKind::Uniform, format!("every part but the last has {} bytes", grouped(p)))
        } else {
            let words = format!(
                "the last part has {} bytes, more than the {} of each other",
                grouped(*last),
                grouped(p)
            );
            (PatternKind::LastLarger, words)
        });
    }
    unequal(sizes, *last, inner, first)
}

/// The pattern of parts that are not equal even without the last.
fn unequal(sizes: &[u64], last: u64, inner: &[u64], first: u64) -> Option<(PatternKind, String)> {
    let (least, most) = (*sizes.iter().min()?, *sizes.iter().max()?);
    if most - least == 1 && sizes.is_sorted_by(|a, b| a >= b) {
        return Some((PatternKind::EvenSplit, format!("the sizes differ by one byte: {}", runs(sizes))));
    }
    let rest = inner.get(1..).unwrap_or_default();
    if let Some(p) = all_equal(rest).filter(|p| rest.len() > 1 && last <= *p) {
        let words =
            format!("part 1 has {} bytes, the others before the last have {}", grouped(first), grouped(p));
        return Some((PatternKind::FirstDiffers, words));
    }
    if inner.len() > 2 && inner.is_sorted() {
        return Some((PatternKind::Growing, format!("the sizes grow with the part number: {}", runs(inner))));
    }
    several(inner)
}

/// Two sizes, or more.
fn several(inner: &[u64]) -> Option<(PatternKind, String)> {
    let mut different = inner.to_vec();
    different.sort_unstable();
    different.dedup();
    if let [a, b] = different.as_slice() {
        let of = |size: u64| inner.iter().filter(|s| **s == size).count();
        let words = format!(
            "two sizes before the last: {} of {} bytes and {} of {}",
            of(*a),
            grouped(*a),
            of(*b),
            grouped(*b)
        );
        return Some((PatternKind::TwoSizes, words));
    }
    let end = |last: bool| if last { different.last() } else { different.first() }.map(|s| grouped(*s));
    let words = format!(
        "{} different sizes before the last, {} to {} bytes",
        different.len(),
        end(false)?,
        end(true)?
    );
    Some((PatternKind::Mixed, words))
}

fn all_equal(sizes: &[u64]) -> Option<u64> {
    let first = *sizes.first()?;
    sizes.iter().all(|s| *s == first).then_some(first)
}

/// `500 of 5 242 880, 500 of 26 214 400`, the first four runs.
fn runs(sizes: &[u64]) -> String {
    let groups: Vec<&[u64]> = sizes.chunk_by(|a, b| a == b).collect();
    let named =
        groups.iter().take(4).filter_map(|g| Some(format!("{} of {}", g.len(), grouped(*g.first()?))));
    let mut out = named.collect::<Vec<_>>().join(", ");
    if groups.len() > 4 {
        out.push_str(", and so on");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_names() {
        for (sizes, kind, words) in [
            (&[8, 8, 3][..], PatternKind::Uniform, "every part but the last has 8 bytes"),
            (&[5, 6, 1], PatternKind::TwoSizes, "two sizes before the last: 1 of 5 bytes and 1 of 6"),
            (&[5, 7], PatternKind::LastLarger, "the last part has 7 bytes, more than the 5 of each other"),
            (&[4, 4, 3, 3, 3], PatternKind::EvenSplit, "the sizes differ by one byte: 2 of 4, 3 of 3"),
            (
                &[9, 5, 5, 5, 2],
                PatternKind::FirstDiffers,
                "part 1 has 9 bytes, the others before the last have 5",
            ),
            (
                &[5, 5, 8, 8, 11, 2],
                PatternKind::Growing,
                "the sizes grow with the part number: 2 of 5, 2 of 8, 1 of 11",
            ),
            (&[5, 8, 5, 8, 1], PatternKind::TwoSizes, "two sizes before the last: 2 of 5 bytes and 2 of 8"),
            (&[5, 9, 7, 8, 1], PatternKind::Mixed, "4 different sizes before the last, 5 to 9 bytes"),
        ] {
            assert_eq!(of_all(sizes), Some((kind, words.to_owned())), "{sizes:?}");
        }
    }
}
