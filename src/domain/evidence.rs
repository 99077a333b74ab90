//! What is known of an object's parts, and from whom: the service said so, it follows, or it is a guess.
//!
//! Evidence is gathered from HeadObject (with and without `partNumber`) and GetObjectAttributes. Nothing here
//! asks; it only adds up what was answered.

use super::etag::ETag;
use super::infer::{Inference, Interval, infer};
use super::layout::PartLayout;
use super::output::{AttributesOutput, HeadObjectOutput};
use super::units::PartNumber;
use serde::Serialize;
use std::collections::BTreeMap;

/// How well a part's place is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// The service stated it, or it follows without assumption from what it stated.
    Exact,
    /// It follows if all parts but the last are equal.
    Inferred,
    /// Not even a guess.
    Unknown,
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
        /// False when this size cannot be uniform: the parts certainly differ.
        uniform_possible: bool,
    },
    /// Only size and count are known.
    Inferred(Inference),
    /// The object is not multipart: no part size.
    NotMultipart,
    /// The number of parts is not known.
    Unknown,
}

/// Everything gathered about one object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Object size in bytes.
    pub object_size: Option<u64>,
    /// ETag of the object.
    pub etag: Option<ETag>,
    /// Number of parts, from the service or the ETag's suffix.
    pub part_count: Option<u32>,
    /// Whether the service itself stated the count (not only the ETag).
    pub count_stated: bool,
    /// Sizes the service stated, by part number, with the first byte where it said that too.
    pub stated: BTreeMap<i32, (Option<u64>, u64)>,
    /// Whether `partNumber` was asked and answered with 206 at least once.
    pub part_number_understood: Option<bool>,
    /// Whether GetObjectAttributes was answered, and whether it listed parts.
    pub attributes_list: Option<bool>,
}

impl Evidence {
    /// Adds what HeadObject said, asked with or without a part number.
    pub fn add_head(&mut self, asked: Option<PartNumber>, head: &HeadObjectOutput) {
        // A server that ignores partNumber may answer with the part's own MD5; only a 206 is about the object then.
        if asked.is_none() || head.status == 206 {
            self.set_etag(&head.etag);
        }
        if let Some(n) = head.parts_count.filter(|n| (1..=10_000).contains(n)) {
            self.part_count = Some(n);
            self.count_stated = true;
        }
        match (asked, head.range_and_size()) {
            (Some(number), Some((first, last, size))) if head.status == 206 => {
                self.object_size = Some(size);
                self.part_number_understood = Some(true);
                self.stated.insert(number.0, (Some(first), last.saturating_sub(first).saturating_add(1)));
                if number.0 == 1 && head.parts_count.is_none() && !head.etag.is_multipart() {
                    // A plain object answers part 1 with the whole of itself and no count.
                    self.part_count = None;
                }
            }
            // The server ignored partNumber (some do, with 200): the length is the object's, not the part's.
            (Some(_), _) => {
                self.part_number_understood = Some(false);
                self.object_size.get_or_insert(head.content_length);
            }
            (None, _) => self.object_size = Some(head.object_size()),
        }
    }

    /// Adds one page of GetObjectAttributes.
    pub fn add_attributes(&mut self, page: &AttributesOutput) {
        if let Some(etag) = &page.etag {
            self.set_etag(etag);
        }
        if let Some(size) = page.object_size {
            self.object_size = Some(size);
        }
        if let Some(n) = page.parts_count.filter(|n| (1..=10_000).contains(n)) {
            self.part_count = Some(n);
            self.count_stated = true;
        }
        for part in &page.parts {
            let first = self.stated.get(&part.part_number.0).and_then(|(f, _)| *f);
            self.stated.insert(part.part_number.0, (first, part.size));
        }
        self.attributes_list = Some(!page.parts.is_empty() || self.attributes_list == Some(true));
    }

    fn set_etag(&mut self, etag: &ETag) {
        if self.etag.as_ref().is_some_and(|old| old != etag) {
            // The object was overwritten between two answers: what was learnt is about another object.
            *self = Self::default();
        }
        if let (None, Some(n)) = (self.part_count, etag.part_count()) {
            self.part_count = Some(u32::from(n));
        }
        self.etag = Some(etag.clone());
    }

    /// Whether the object is known to be made of parts.
    pub fn is_multipart(&self) -> bool {
        self.part_count.is_some()
    }

    /// The layout, if every part's size is known without assumption.
    pub fn exact_layout(&self) -> Option<PartLayout> {
        let (size, count) = (self.object_size?, self.part_count?);
        let n = i32::try_from(count).ok()?;
        let missing: Vec<i32> = (1..=n).filter(|i| !self.stated.contains_key(i)).take(2).collect();
        let stated = (1..=n).filter_map(|i| self.stated.get(&i)).map(|(_, s)| *s);
        let known = stated.fold(0_u64, u64::saturating_add);
        let rest = match missing.as_slice() {
            [] if known == size => None,
            // One part not stated is what the others leave.
            [one] => Some((*one, size.checked_sub(known)?)),
            _ => return None,
        };
        let sizes: Option<Vec<u64>> = (1..=n)
            .map(|i| self.stated.get(&i).map(|(_, s)| *s).or(rest.filter(|(m, _)| *m == i).map(|(_, s)| s)))
            .collect();
        PartLayout::explicit(sizes?).ok()
    }

    /// The layout to use when one must be chosen: exact if possible, else uniform by part 1.
    pub fn best_layout(&self) -> Option<(PartLayout, Grade)> {
        if let Some(layout) = self.exact_layout() {
            return Some((layout, Grade::Exact));
        }
        let (size, count) = (self.object_size?, self.part_count?);
        let part_size = match self.part_size() {
            PartSizeEvidence::FirstPart { part_size, uniform_possible: true } => part_size,
            PartSizeEvidence::Inferred(i) => i.candidates.first()?.part_size,
            _ => return None,
        };
        let layout = PartLayout::uniform(size, part_size).ok()?;
        (layout.count() == usize::try_from(count).ok()?).then_some((layout, Grade::Inferred))
    }

    /// What can be said of the part size, and on what grounds.
    pub fn part_size(&self) -> PartSizeEvidence {
        if let Some(layout) = self.exact_layout() {
            return PartSizeEvidence::Proved { uniform: layout.uniform_size() };
        }
        let Some(count) = self.part_count else {
            return match self.etag {
                Some(ETag::Hex128(_)) => PartSizeEvidence::NotMultipart,
                _ => PartSizeEvidence::Unknown,
            };
        };
        let Some(size) = self.object_size else { return PartSizeEvidence::Unknown };
        match self.stated.get(&1) {
            Some((_, part_size)) => PartSizeEvidence::FirstPart {
                part_size: *part_size,
                uniform_possible: Interval::of(size, count).is_some_and(|i| i.contains(*part_size)),
            },
            None => PartSizeEvidence::Inferred(infer(size, count)),
        }
    }

    /// Every part with what is known of it.
    pub fn map(&self) -> Vec<MappedPart> {
        let Some(count) = self.part_count else { return Vec::new() };
        let layout = self.best_layout();
        let mut at = layout.iter().flat_map(|(l, _)| l.parts()).map(|p| (p.offset, p.size));
        (1..=i32::try_from(count).unwrap_or(i32::MAX))
            .map(|i| {
                let number = PartNumber(i);
                match (at.next(), self.stated.get(&i)) {
                    (Some(place), _) if layout.as_ref().is_some_and(|(_, g)| *g == Grade::Exact) => {
                        MappedPart { number, place: Some(place), grade: Grade::Exact }
                    }
                    (_, Some((Some(first), size))) => {
                        MappedPart { number, place: Some((*first, *size)), grade: Grade::Exact }
                    }
                    (Some(place), _) => MappedPart { number, place: Some(place), grade: Grade::Inferred },
                    (None, _) => MappedPart { number, place: None, grade: Grade::Unknown },
                }
            })
            .collect()
    }

    /// The part numbers to ask HEAD for so that every boundary becomes known: `Content-Range` pins both ends,
    /// so every second part is enough.
    pub fn probes(&self) -> Vec<PartNumber> {
        let Some(count) = self.part_count.and_then(|c| i32::try_from(c).ok()) else { return Vec::new() };
        if self.exact_layout().is_some() {
            return Vec::new();
        }
        (2..=count).step_by(2).filter(|n| !self.stated.contains_key(n)).map(PartNumber).collect()
    }

    /// Fills in parts whose two neighbours' ranges leave exactly their bytes.
    pub fn close_gaps(&mut self) {
        let (Some(size), Some(count)) =
            (self.object_size, self.part_count.and_then(|c| i32::try_from(c).ok()))
        else {
            return;
        };
        for n in 1..=count {
            if self.stated.contains_key(&n) {
                continue;
            }
            let start = match n {
                1 => Some(0),
                _ => self.stated.get(&(n - 1)).and_then(|(first, len)| (*first)?.checked_add(*len)),
            };
            let end =
                if n == count { Some(size) } else { self.stated.get(&(n + 1)).and_then(|(first, _)| *first) };
            if let (Some(start), Some(end)) = (start, end)
                && let Some(len) = end.checked_sub(start)
            {
                self.stated.insert(n, (Some(start), len));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::checksum::Checksums;
    use crate::domain::operation::ObjectProperties;

    fn head(
        status: u16,
        length: u64,
        range: Option<&str>,
        etag: &str,
        count: Option<u32>,
    ) -> HeadObjectOutput {
        HeadObjectOutput {
            status,
            content_length: length,
            content_range: range.map(Into::into),
            etag: ETag::parse(etag),
            parts_count: count,
            last_modified: None,
            properties: ObjectProperties::default(),
            checksums: Checksums::default(),
            version_id: None,
            tag_count: None,
            headers: Vec::new(),
        }
    }
    const MULTI3: &str = "9a10e3fb885fb16525231cb6a440a941-3";

    #[test]
    fn part_one_inside_the_interval_does_not_prove_uniform_parts() {
        let mut e = Evidence::default();
        e.add_head(
            Some(PartNumber(1)),
            &head(206, 5_242_880, Some("bytes 0-5242879/11534343"), MULTI3, Some(3)),
        );
        assert_eq!(
            e.part_size(),
            PartSizeEvidence::FirstPart { part_size: 5_242_880, uniform_possible: true }
        );
        assert_eq!(e.best_layout().map(|(_, g)| g), Some(Grade::Inferred));
        assert_eq!(e.probes(), [PartNumber(2)]);
        e.add_head(
            Some(PartNumber(2)),
            &head(206, 6_291_456, Some("bytes 5242880-11534335/11534343"), MULTI3, Some(3)),
        );
        e.close_gaps();
        assert_eq!(e.part_size(), PartSizeEvidence::Proved { uniform: None });
        assert_eq!(
            e.map().iter().map(|p| p.place).collect::<Vec<_>>(),
            [Some((0, 5_242_880)), Some((5_242_880, 6_291_456)), Some((11_534_336, 7))]
        );
        assert!(e.map().iter().all(|p| p.grade == Grade::Exact));
    }

    #[test]
    fn a_part_one_outside_the_interval_disproves_uniform_parts() {
        let mut e = Evidence::default();
        e.add_head(Some(PartNumber(1)), &head(206, 7, Some("bytes 0-6/11534343"), MULTI3, Some(3)));
        assert_eq!(e.part_size(), PartSizeEvidence::FirstPart { part_size: 7, uniform_possible: false });
        assert_eq!(e.best_layout(), None);
    }

    #[test]
    fn a_server_that_ignores_part_number_is_not_believed() {
        let mut e = Evidence::default();
        e.add_head(
            Some(PartNumber(1)),
            &head(200, 20_447_232, None, "43d26ff2d2ff7f0673a258948d03231c-3", None),
        );
        // Its ETag may be the part's own; only the plain answer is about the object.
        assert_eq!(e.etag, None);
        e.add_head(None, &head(200, 20_447_232, None, "43d26ff2d2ff7f0673a258948d03231c-3", None));
        assert_eq!(e.part_number_understood, Some(false));
        assert!(e.stated.is_empty());
        assert_eq!(e.object_size, Some(20_447_232));
        assert!(matches!(e.part_size(), PartSizeEvidence::Inferred(_)));
    }

    #[test]
    fn a_plain_object_has_no_parts_although_part_one_answers() {
        let mut e = Evidence::default();
        e.add_head(
            Some(PartNumber(1)),
            &head(206, 8, Some("bytes 0-7/8"), "5d41402abc4b2a76b9719d911017c592", None),
        );
        assert_eq!(e.part_size(), PartSizeEvidence::NotMultipart);
        assert!(e.map().is_empty());
    }

    #[test]
    fn an_overwrite_between_two_answers_begins_again_and_absurd_counts_are_not_believed() {
        let mut e = Evidence::default();
        e.add_head(Some(PartNumber(1)), &head(206, 5, Some("bytes 0-4/11"), MULTI3, Some(3)));
        e.add_head(None, &head(200, 7, None, "9a6dbec798b1bfe66cc7659d2bb41720-2", None));
        assert_eq!((e.part_count, e.stated.len()), (Some(2), 0));
        let mut e = Evidence::default();
        e.add_head(None, &head(200, 7, None, "d41d8cd98f00b204e9800998ecf8427e", Some(2_000_000_000)));
        assert!(e.map().is_empty() && e.probes().is_empty());
    }

    #[test]
    fn two_parts_are_known_from_the_first() {
        let mut e = Evidence::default();
        e.add_head(
            Some(PartNumber(1)),
            &head(206, 10, Some("bytes 0-9/15"), "9a6dbec798b1bfe66cc7659d2bb41720-2", Some(2)),
        );
        assert_eq!(e.part_size(), PartSizeEvidence::Proved { uniform: Some(10) });
    }
}
