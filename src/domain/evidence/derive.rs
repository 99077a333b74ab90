//! What follows from the evidence: boundaries, the map, and what can be said of the part size.
//!
//! A boundary is known when an answer's range pins it, or when parts of known size lead up to it from a known one.

use super::{Evidence, Grade, Pattern, ProbePlan, pattern, probe};
use crate::domain::infer::{Inference, Interval, Pieces, known_layouts};
use crate::domain::layout::PartLayout;
use crate::domain::units::{PartNumber, grouped};
use serde::Serialize;
use std::sync::OnceLock;

/// On what ground a part's size is known or guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// HeadObject with its part number.
    Head,
    /// GetObjectAttributes listed it.
    Attributes,
    /// The object's bytes, cut so, have its ETag.
    Data,
    /// Its neighbours, or the object's end, leave exactly this.
    Rest,
    /// An assumption: equal parts, or a client's rule.
    Assumed,
    /// None.
    Nobody,
}

/// One part of the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MappedPart {
    /// Part number.
    pub number: PartNumber,
    /// First byte and size, as far as known or inferred.
    pub place: Option<(u64, u64)>,
    /// How well.
    pub grade: Grade,
    /// On what ground.
    pub ground: Ground,
}

/// Neighbouring parts of one size on one ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Run {
    /// First part number.
    pub first_part: PartNumber,
    /// Last part number.
    pub last_part: PartNumber,
    /// First byte of the first part.
    pub offset: Option<u64>,
    /// Bytes of each part.
    pub size: Option<u64>,
    /// How well it is known.
    pub grade: Grade,
    /// On what ground.
    pub ground: Ground,
}

/// Where the part size shown comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PartSizeEvidence {
    /// Every part's size is known from the service; `uniform` is the common size, if there is one.
    Proved {
        /// Size of all parts but the last.
        uniform: Option<u64>,
    },
    /// The service gave part 1; the others are equal only by assumption.
    FirstPart {
        /// Size of part 1.
        part_size: u64,
        /// False when what is known cannot be uniform: the parts certainly differ.
        uniform_possible: bool,
    },
    /// The service gave other parts, and they cannot be uniform.
    Refuted {
        /// Why not.
        why: String,
    },
    /// Only size and count are known.
    Inferred(Inference),
    /// The object is not multipart: no part size.
    NotMultipart,
    /// The number of parts is not known.
    Unknown,
}

/// Everything that follows.
#[derive(Debug, Clone)]
pub(super) struct Derived {
    pub(super) inference: Option<Inference>,
    pub(super) exact: Option<PartLayout>,
    pub(super) best: Option<(PartLayout, Grade)>,
    pub(super) part_size: PartSizeEvidence,
    pub(super) refutation: Option<String>,
    /// The one part size that everything known agrees with.
    pub(super) uniform: Option<u64>,
    pub(super) map: Vec<MappedPart>,
    /// For each part and the end: how many parts before it are inferred, and how many unknown.
    doubtful: Vec<(u32, u32)>,
    pub(super) pattern: Option<Pattern>,
    pub(super) plans: Vec<ProbePlan>,
}

impl Derived {
    pub(super) fn worst(&self, range: std::ops::Range<usize>) -> Grade {
        let at = |i: usize| self.doubtful.get(i).or(self.doubtful.last()).copied().unwrap_or_default();
        let ((inferred, unknown), (inferred_to, unknown_to)) = (at(range.start), at(range.end));
        match (inferred_to > inferred, unknown_to > unknown) {
            (_, true) => Grade::Unknown,
            (true, false) => Grade::Inferred,
            (false, false) => Grade::Exact,
        }
    }
}

/// What was computed since the last change; no part of what is known, so that it takes no part in comparisons.
#[derive(Debug, Clone, Default)]
pub(super) struct Cached(OnceLock<Box<Derived>>);

impl Cached {
    pub(super) fn forget(&mut self) {
        self.0 = OnceLock::new();
    }

    pub(super) fn get_or(&self, make: impl FnOnce() -> Derived) -> &Derived {
        self.0.get_or_init(|| Box::new(make()))
    }
}

impl PartialEq for Cached {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Cached {}

/// The parts in order, with what is known of them and of the boundaries between them.
pub(super) struct Places {
    /// Part numbers.
    pub(super) numbers: Vec<i32>,
    /// Size and ground, where known.
    pub(super) sizes: Vec<Option<(u64, Ground)>>,
    /// Boundary `i` is the end of the first `i` parts; the first is 0.
    pub(super) bounds: Vec<Option<u64>>,
}

impl Places {
    fn of(known: &Evidence) -> Option<Self> {
        let count = usize::try_from(known.part_count?).ok()?;
        // A server that kept the numbers of an upload with gaps lists as many parts as there are, numbered so.
        let numbers: Vec<i32> = if known.stated.len() == count {
            known.stated.keys().copied().collect()
        } else {
            (1..=i32::try_from(count).ok()?).collect()
        };
        let stated: Vec<_> = numbers.iter().map(|n| known.stated.get(n)).collect();
        let sizes = stated.iter().map(|s| s.map(|s| (s.size, s.by))).collect();
        let mut bounds = vec![None; count + 1];
        let mut pin = |i: usize, at: Option<u64>| {
            if let (Some(slot), Some(at)) = (bounds.get_mut(i), at) {
                slot.get_or_insert(at);
            }
        };
        pin(0, Some(0));
        pin(count, known.object_size);
        for (i, part) in stated.iter().enumerate() {
            let first = part.and_then(|s| s.first);
            pin(i, first);
            pin(i + 1, first.zip(*part).and_then(|(f, s)| f.checked_add(s.size)));
        }
        let mut places = Self { numbers, sizes, bounds };
        places.spread();
        Some(places)
    }

    /// Carries boundaries along parts of known size, and takes sizes from pairs of boundaries.
    fn spread(&mut self) {
        let size =
            |sizes: &[Option<(u64, Ground)>], i: usize| sizes.get(i).copied().flatten().map(|(s, _)| s);
        let bound = |bounds: &[Option<u64>], i: usize| bounds.get(i).copied().flatten();
        for i in 0..self.sizes.len() {
            let end = bound(&self.bounds, i).zip(size(&self.sizes, i)).and_then(|(b, s)| b.checked_add(s));
            if let (Some(slot), Some(end)) = (self.bounds.get_mut(i + 1), end) {
                slot.get_or_insert(end);
            }
        }
        for i in (0..self.sizes.len()).rev() {
            let start =
                bound(&self.bounds, i + 1).zip(size(&self.sizes, i)).and_then(|(b, s)| b.checked_sub(s));
            if let (Some(slot), Some(start)) = (self.bounds.get_mut(i), start) {
                slot.get_or_insert(start);
            }
        }
        for i in 0..self.sizes.len() {
            let between = bound(&self.bounds, i).zip(bound(&self.bounds, i + 1));
            if let (Some(slot @ None), Some(left)) =
                (self.sizes.get_mut(i), between.and_then(|(a, b)| b.checked_sub(a)))
            {
                *slot = Some((left, Ground::Rest));
            }
        }
    }

    /// The layout, when every size is known, they fill the object, and no boundary is elsewhere.
    fn exact(&self, object_size: u64) -> Option<PartLayout> {
        let sizes: Option<Vec<u64>> = self.sizes.iter().map(|s| s.map(|(size, _)| size)).collect();
        PartLayout::explicit(sizes?).ok().filter(|l| l.object_size() == object_size && self.agrees(l))
    }

    /// Size and ground of part `i`, counted from 0.
    pub(super) fn size(&self, i: usize) -> Option<u64> {
        self.sizes.get(i).copied().flatten().map(|(s, _)| s)
    }

    /// Whether a layout agrees with everything known.
    pub(super) fn agrees(&self, layout: &PartLayout) -> bool {
        layout.count() == self.sizes.len()
            && layout.parts().zip(&self.sizes).zip(&self.bounds).all(|((part, size), bound)| {
                size.is_none_or(|(s, _)| s == part.size) && bound.is_none_or(|b| b == part.offset)
            })
    }
}

pub(super) fn derive(known: &Evidence) -> Derived {
    let inference = known.infer_now();
    let nothing = |part_size| Derived {
        inference: None,
        exact: None,
        best: None,
        part_size,
        refutation: None,
        uniform: None,
        map: Vec::new(),
        doubtful: Vec::new(),
        pattern: None,
        plans: probe::plans(known, None, false),
    };
    let Some(places) = Places::of(known) else {
        return nothing(match known.pieces() {
            Pieces::One => PartSizeEvidence::NotMultipart,
            _ => PartSizeEvidence::Unknown,
        });
    };
    let sure = known.object_size.filter(|_| !known.count_is_doubtful());
    let (Some(object_size), Some(inference)) = (sure, inference) else {
        return nothing(PartSizeEvidence::Unknown);
    };
    let exact = places.exact(object_size);
    let uniform = uniform(&places, inference.interval);
    let best = best(&places, exact.as_ref(), &uniform, &inference);
    let map = map(&places, best.as_ref());
    let pattern = pattern::of(&places, object_size, exact.is_some(), uniform.as_ref().err());
    let plans = probe::plans(known, Some(&places), exact.is_some());
    let part_size = part_size(exact.as_ref(), &places, &uniform, &inference);
    let refutation = match &exact {
        Some(layout) if layout.uniform_size().is_some() => None,
        _ => uniform.as_ref().err().cloned(),
    };
    let doubtful = doubtful(&map);
    let inference = Some(inference);
    let agreed = uniform.ok().flatten();
    Derived { inference, exact, best, part_size, refutation, uniform: agreed, map, doubtful, pattern, plans }
}

fn part_size(
    exact: Option<&PartLayout>,
    places: &Places,
    uniform: &Result<Option<u64>, String>,
    inference: &Inference,
) -> PartSizeEvidence {
    match (exact, places.size(0), uniform) {
        (Some(layout), ..) => PartSizeEvidence::Proved { uniform: layout.uniform_size() },
        (None, Some(part_size), _) => {
            PartSizeEvidence::FirstPart { part_size, uniform_possible: uniform.is_ok() }
        }
        (None, None, Err(why)) => PartSizeEvidence::Refuted { why: why.clone() },
        (None, None, Ok(_)) => PartSizeEvidence::Inferred(inference.clone()),
    }
}

/// The one part size that everything known agrees with; none when nothing pins it; or why there can be none.
fn uniform(places: &Places, interval: Option<Interval>) -> Result<Option<u64>, String> {
    let count = places.sizes.len();
    let inner = count.saturating_sub(1);
    let mut found: Option<(u64, i32)> = None;
    for (i, number) in places.numbers.iter().enumerate().take(inner) {
        let Some(size) = places.size(i) else { continue };
        match found {
            Some((p, first)) if p != size => {
                return Err(format!(
                    "part {first} has {} bytes and part {number} has {}",
                    grouped(p),
                    grouped(size)
                ));
            }
            Some(_) => {}
            None => found = Some((size, *number)),
        }
    }
    let p = match found {
        Some((p, _)) => p,
        None if count == 1 => return Ok(places.size(0)),
        None => return of_bounds(places, inner),
    };
    if !interval.is_some_and(|i| i.contains(p)) {
        return Err(format!("equal parts of {} bytes would not be {count}", grouped(p)));
    }
    for (i, bound) in places.bounds.iter().enumerate().take(count).skip(1) {
        let want = u64::try_from(i).unwrap_or(u64::MAX).checked_mul(p);
        if let Some(bound) = bound.filter(|b| Some(*b) != want) {
            return Err(format!(
                "part {} begins at byte {}, and behind equal parts of {} bytes it would at {}",
                places.numbers.get(i).copied().unwrap_or(0),
                grouped(bound),
                grouped(p),
                want.map_or_else(|| "none".into(), grouped)
            ));
        }
    }
    Ok(Some(p))
}

/// A part size from boundaries alone: each must be so many times the same size.
fn of_bounds(places: &Places, inner: usize) -> Result<Option<u64>, String> {
    let mut found = None;
    for (i, bound) in places.bounds.iter().enumerate().take(inner + 1).skip(1) {
        let (Some(bound), Ok(n)) = (bound, u64::try_from(i)) else { continue };
        let p = bound / n;
        if !bound.is_multiple_of(n) || found.is_some_and(|f| f != p) {
            return Err(format!(
                "a part begins at byte {}, which is not {n} equal parts in",
                grouped(*bound)
            ));
        }
        found = Some(p);
    }
    Ok(found)
}

fn best(
    places: &Places,
    exact: Option<&PartLayout>,
    uniform: &Result<Option<u64>, String>,
    inference: &Inference,
) -> Option<(PartLayout, Grade)> {
    if let Some(layout) = exact {
        return Some((layout.clone(), Grade::Exact));
    }
    let (size, count) = (inference.object_size, inference.part_count);
    let guess = match uniform {
        Ok(Some(p)) => PartLayout::uniform(size, *p).ok(),
        Ok(None) => PartLayout::uniform(size, inference.candidates.first()?.part_size).ok(),
        // Not equal, but perhaps as a client that is known for unequal parts makes them.
        Err(_) => known_layouts(size, count).into_iter().map(|(_, l)| l).find(|l| places.agrees(l)),
    };
    guess.filter(|l| Ok(l.count()) == usize::try_from(count)).map(|l| (l, Grade::Inferred))
}

fn map(places: &Places, best: Option<&(PartLayout, Grade)>) -> Vec<MappedPart> {
    let mut guessed = best.into_iter().flat_map(|(l, _)| l.parts());
    let mut parts = Vec::with_capacity(places.sizes.len());
    for ((number, size), start) in places.numbers.iter().zip(&places.sizes).zip(&places.bounds) {
        let number = PartNumber(*number);
        let guess = guessed.next();
        parts.push(match (size, start, guess) {
            (Some((size, ground)), Some(first), _) => {
                MappedPart { number, place: Some((*first, *size)), grade: Grade::Exact, ground: *ground }
            }
            (_, _, Some(g)) => MappedPart {
                number,
                place: Some((g.offset, g.size)),
                grade: Grade::Inferred,
                ground: Ground::Assumed,
            },
            _ => MappedPart { number, place: None, grade: Grade::Unknown, ground: Ground::Nobody },
        });
    }
    parts
}

fn doubtful(map: &[MappedPart]) -> Vec<(u32, u32)> {
    let mut so_far = (0, 0);
    let mut out = Vec::with_capacity(map.len() + 1);
    out.push(so_far);
    for part in map {
        so_far.0 += u32::from(part.grade == Grade::Inferred);
        so_far.1 += u32::from(part.grade == Grade::Unknown);
        out.push(so_far);
    }
    out
}

pub(super) fn runs(map: &[MappedPart]) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::new();
    for part in map {
        let size = part.place.map(|(_, s)| s);
        match out.last_mut() {
            Some(run) if (run.size, run.grade, run.ground) == (size, part.grade, part.ground) => {
                run.last_part = part.number;
            }
            _ => out.push(Run {
                first_part: part.number,
                last_part: part.number,
                offset: part.place.map(|(first, _)| first),
                size,
                grade: part.grade,
                ground: part.ground,
            }),
        }
    }
    out
}
