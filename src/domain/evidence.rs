//! What is known of an object's parts, and from whom: the service said so, it follows, or it is a guess.
//!
//! Evidence is gathered from HeadObject (with and without `partNumber`) and GetObjectAttributes. Nothing here
//! asks; it only adds up what was answered. Answers that cannot all be true are not believed, and answers about
//! another object than the first one begin everything again. What follows is computed once after each change.

mod derive;
mod heard;
mod pattern;
mod probe;
mod weigh;
mod why;

pub use super::no_md5::is_directory_bucket;
pub use derive::{Ground, MappedPart, PartSizeEvidence, Run};
pub use heard::{Asked, AttributesHeard, Heard, Refusal};
pub use pattern::{Pattern, PatternKind};
pub use probe::{Decider, ProbeKind, ProbePlan};
pub use why::{WhyBranch, WhyPath, WhyStep};

use super::checksum::Checksums;
use super::etag::ETag;
use super::infer::{Candidate, Inference, Pieces, Reason, Verdict, infer};
use super::layout::PartLayout;
use super::no_md5::{NoMd5, etag_hides_md5};
use super::output::{AttributesOutput, HeadObjectOutput};
use super::units::PartNumber;
use derive::{Cached, Derived};
use serde::Serialize;
use std::collections::BTreeMap;

/// How well a part's place is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// The service stated it, or it follows without assumption from what it stated.
    Exact,
    /// It follows if all parts but the last are equal, or if a known client's rule was followed.
    Inferred,
    /// Not even a guess.
    Unknown,
}

/// What the service stated of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Stated {
    /// First byte, where it said that too.
    pub first: Option<u64>,
    /// Bytes.
    pub size: u64,
    /// In which answer.
    pub by: Ground,
}

/// Everything gathered about one object. Changed by its methods only: they drop what was computed before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Object size in bytes.
    pub object_size: Option<u64>,
    /// ETag of the object.
    pub etag: Option<ETag>,
    /// `x-amz-version-id`, once an answer carried it.
    pub version_id: Option<String>,
    /// Why the ETag may be no MD5, as far as the heads told it; the bucket's name is not known here.
    pub no_md5: Option<NoMd5>,
    /// Number of parts, from the service or the ETag's suffix.
    pub part_count: Option<u32>,
    /// Whether the service itself stated the count (not only the ETag).
    pub count_stated: bool,
    /// What the service stated, by part number.
    pub stated: BTreeMap<i32, Stated>,
    /// Checksums of parts, where an answer carried them (COMPOSITE checksums).
    pub part_checksums: BTreeMap<i32, Checksums>,
    /// Checksums of the object.
    pub checksums: Checksums,
    /// Whether `partNumber` was asked and answered with 206 at least once.
    pub part_number_understood: Option<bool>,
    /// Whether answers to `partNumber` carry a Content-Range that can be used.
    pub ranges_usable: Option<bool>,
    /// How GetObjectAttributes stands.
    pub attributes: AttributesHeard,
    /// What was refused, and what is missing for it.
    pub refusals: Vec<Refusal>,
    /// Answers that were not believed, and why.
    pub doubts: Vec<String>,
    /// How often the object was replaced while it was asked about.
    pub replaced: u32,
    derived: Cached,
}

impl Evidence {
    /// Adds what HeadObject said, asked with or without a part number.
    pub fn add_head(&mut self, asked: Option<PartNumber>, head: &HeadObjectOutput) -> Heard {
        self.derived.forget();
        let mut heard = Heard::Taken;
        if let Some(why) = asked.and_then(|number| weigh::own_etag(self, number, head)) {
            return self.disbelieve(why);
        }
        // A server that ignores partNumber may answer with the part's own MD5; only a 206 is about the object then.
        if asked.is_none() || head.status == 206 {
            if self.is_another(&head.etag, head.version_id.as_deref()) {
                self.begin_again();
                heard = Heard::Replaced;
            }
            self.set_etag(&head.etag);
            self.version_id = head.version_id.clone().or(self.version_id.take());
            self.no_md5 = etag_hides_md5("", head).or(self.no_md5.take());
            self.state_count(head.parts_count);
        }
        let Some(number) = asked else {
            self.object_size = Some(head.object_size());
            if !head.checksums.is_empty() {
                self.checksums = head.checksums.clone();
            }
            return heard;
        };
        match self.add_part(number, head) {
            Heard::Taken => heard,
            other => other,
        }
    }

    fn add_part(&mut self, number: PartNumber, head: &HeadObjectOutput) -> Heard {
        if head.status != 206 {
            // The server ignored partNumber: whose length and ETag this is, nobody said.
            self.part_number_understood = Some(false);
            return Heard::Ignored;
        }
        let stated = match weigh::part(self, number, head) {
            Ok(stated) => stated,
            Err(why) => return self.disbelieve(why),
        };
        self.part_number_understood = Some(true);
        // What failed and was not refused for good has been answered now.
        self.refusals.retain(|r| r.asked != Asked::HeadPart || r.is_final());
        self.ranges_usable = Some(stated.first.is_some());
        if let Some((_, _, size)) = head.range_and_size() {
            self.object_size = Some(size);
        }
        if let Some(why) = self.place(number, stated) {
            return self.disbelieve(why);
        }
        let composite = head.checksums.checksum_type.as_deref() == Some("COMPOSITE");
        let of_part = head.checksums.values.iter().all(|(_, v)| !v.contains('-'));
        if composite && of_part && !head.checksums.values.is_empty() {
            self.part_checksums.insert(number.0, head.checksums.clone());
        }
        Heard::Taken
    }

    /// Adds what was stated of a part; answers what cannot be true with it. A range was weighed against its neighbours;
    /// a mere length can only be weighed by the sum, and either by the boundaries of the parts around it.
    fn place(&mut self, number: PartNumber, stated: Stated) -> Option<String> {
        let before = self.stated.insert(number.0, stated);
        let why = weigh::sum(self).filter(|_| stated.first.is_none()).or_else(|| weigh::boundaries(self))?;
        match before {
            Some(before) => self.stated.insert(number.0, before),
            None => self.stated.remove(&number.0),
        };
        // Sizes that were only listed have no places of their own: nothing says that they are the true ones.
        self.forget_listed();
        Some(why)
    }

    fn forget_listed(&mut self) {
        self.stated.retain(|_, s| s.by != Ground::Attributes);
    }

    /// Adds one page of GetObjectAttributes.
    pub fn add_attributes(&mut self, page: &AttributesOutput) -> Heard {
        self.derived.forget();
        let mut heard = Heard::Taken;
        if let Some(etag) = &page.etag {
            if self.is_another(etag, None) {
                self.begin_again();
                heard = Heard::Replaced;
            }
            self.set_etag(etag);
        }
        self.attributes.add_page(page);
        if !page.checksums.is_empty() && self.checksums.is_empty() {
            self.checksums = page.checksums.clone();
        }
        match (self.object_size, page.object_size) {
            (Some(known), Some(said)) if known != said => {
                return self.disbelieve(format!(
                    "GetObjectAttributes says the object has {said} bytes, HeadObject said {known}"
                ));
            }
            (None, Some(said)) => self.object_size = Some(said),
            _ => {}
        }
        self.state_count(page.parts_count);
        match self.add_listed(page) {
            Some(why) => self.disbelieve(why),
            None => heard,
        }
    }

    /// Adds the parts a page lists; answers what cannot be true of them.
    fn add_listed(&mut self, page: &AttributesOutput) -> Option<String> {
        let mut doubt = None;
        for part in page.parts.iter().filter(|p| p.part_number.is_valid()) {
            let number = part.part_number;
            let Some(size) = part.size else { continue };
            let stated = Stated { first: None, size, by: Ground::Attributes };
            let known = *self.stated.entry(number.0).or_insert(stated);
            if known.size != size {
                doubt = Some(format!(
                    "GetObjectAttributes says part {number} has {size} bytes, an earlier answer said {}",
                    known.size
                ));
            } else if !part.checksums.is_empty() {
                self.part_checksums.insert(number.0, part.checksums.clone());
            }
        }
        if doubt.is_none() {
            doubt = weigh::sum(self).or_else(|| weigh::boundaries(self));
        }
        if doubt.is_some() {
            self.forget_listed();
        }
        doubt
    }

    /// Takes a layout with which the object's bytes have its ETag: no service need say so any more.
    pub fn add_proof(&mut self, layout: &PartLayout) {
        self.derived.forget();
        for part in layout.parts() {
            let proved = Stated { first: Some(part.offset), size: part.size, by: Ground::Data };
            let before = self.stated.insert(part.number.0, proved);
            if let Some(before) = before.filter(|b| b.size != part.size) {
                let number = part.number;
                self.disbelieve(format!(
                    "the service gave part {number} {} bytes; the bytes prove {}",
                    before.size, part.size
                ));
            }
        }
    }

    /// Remembers that a question was refused, and that the evidence it would have given is missing.
    pub fn add_refusal(&mut self, refusal: Refusal) {
        self.derived.forget();
        if refusal.asked == Asked::Attributes {
            self.attributes = AttributesHeard::Refused { status: refusal.status, code: refusal.code.clone() };
        }
        if !self.refusals.contains(&refusal) {
            self.refusals.push(refusal);
        }
    }

    /// Remembers that the answer to GetObjectAttributes could not be had or used, and why.
    pub fn attributes_not_had(&mut self, why: String) {
        self.derived.forget();
        self.attributes = AttributesHeard::NotHad(why);
    }

    fn disbelieve(&mut self, why: String) -> Heard {
        if !self.doubts.contains(&why) {
            self.doubts.push(why.clone());
        }
        Heard::Disbelieved(why)
    }

    fn is_another(&self, etag: &ETag, version_id: Option<&str>) -> bool {
        self.etag.as_ref().is_some_and(|old| old != etag)
            || matches!((self.version_id.as_deref(), version_id), (Some(a), Some(b)) if a != b)
    }

    /// The object was replaced between two answers: what was learnt is about another object.
    fn begin_again(&mut self) {
        *self = Self { replaced: self.replaced.saturating_add(1), ..Self::default() };
    }

    fn set_etag(&mut self, etag: &ETag) {
        self.etag = Some(etag.clone());
        let Some(counted) = etag.part_count().map(u32::from) else { return };
        let known = *self.part_count.get_or_insert(counted);
        if known != counted {
            self.disbelieve(format!("the service states {known} parts, and the ETag counts {counted}"));
        }
    }

    /// Takes a count that was stated, unless another one is known: then one of the two is wrong.
    fn state_count(&mut self, count: Option<u32>) {
        let Some(said) = count.filter(|n| (1..=10_000).contains(n)) else { return };
        match self.part_count.filter(|known| *known != said) {
            None => (self.part_count, self.count_stated) = (Some(said), true),
            Some(known) if self.count_stated => {
                self.disbelieve(format!("the service states {said} parts, and before it stated {known}"));
            }
            Some(known) => {
                self.disbelieve(format!("the service states {said} parts, and the ETag counts {known}"));
            }
        }
    }

    /// Whether the ETag counts other parts than are taken for true: then nothing is exact.
    fn count_is_doubtful(&self) -> bool {
        let counted = self.etag.as_ref().and_then(ETag::part_count).map(u32::from);
        counted.is_some() && counted != self.part_count
    }

    /// Whether the object is known to be made of parts.
    pub fn is_multipart(&self) -> bool {
        self.part_count.is_some()
    }

    /// In how many pieces it was written. 32 hex digits without a count are one piece, except where ETags are opaque.
    pub fn pieces(&self) -> Pieces {
        let opaque = self.no_md5 == Some(NoMd5::DirectoryBucket);
        match (self.part_count, &self.etag) {
            (Some(_), Some(ETag::Hex128(_))) if !opaque => Pieces::NotKnown,
            (Some(count), _) => Pieces::Parts(count),
            (None, Some(ETag::Hex128(_))) if !opaque => Pieces::One,
            (None, _) => Pieces::NotKnown,
        }
    }

    /// What size and count alone allow, when both are known.
    pub fn inference(&self) -> Option<&Inference> {
        self.derived().inference.as_ref()
    }

    /// The layout, if every part's size is known without assumption.
    pub fn exact_layout(&self) -> Option<PartLayout> {
        self.derived().exact.clone()
    }

    /// Whether every part's size is known without assumption.
    pub fn exact_is_known(&self) -> bool {
        self.derived().exact.is_some()
    }

    /// The least known state among the parts at `range` of [`Self::map`]; a look-up, however many they are.
    pub fn worst(&self, range: std::ops::Range<usize>) -> Grade {
        self.derived().worst(range)
    }

    /// Whether the place of every part is known or inferred.
    pub fn all_placed(&self) -> bool {
        let map = self.map();
        !map.is_empty() && self.worst(0..map.len()) != Grade::Unknown
    }

    /// The layout to use when one must be chosen: exact if possible, else the likeliest.
    pub fn best_layout(&self) -> Option<(PartLayout, Grade)> {
        self.derived().best.clone()
    }

    /// What can be said of the part size, and on what grounds.
    pub fn part_size(&self) -> PartSizeEvidence {
        self.derived().part_size.clone()
    }

    /// Why the parts cannot all be equal, when that is certain.
    pub fn refutation(&self) -> Option<&str> {
        self.derived().refutation.as_deref()
    }

    /// The one part size that agrees with everything stated: proved, or still possible.
    pub fn uniform_size(&self) -> Option<u64> {
        self.derived().uniform
    }

    /// The part sizes that are left and stand out, the likeliest first; only one once a part has told it.
    pub fn candidates(&self) -> Vec<&Candidate> {
        let Some(inference) = self.inference().filter(|_| self.refutation().is_none()) else {
            return Vec::new();
        };
        match self.uniform_size() {
            Some(p) => inference.candidates.iter().filter(|c| c.part_size == p).collect(),
            None => inference.standing_out().collect(),
        }
    }

    /// Whose habit the one part size is that agrees with everything stated; at most `most` clients are named.
    pub fn habit(&self, most: usize) -> String {
        match self.candidates().first().map(|c| &c.reason) {
            Some(Reason::Clients(names)) => {
                let named: Vec<&str> = names.iter().take(most).map(String::as_str).collect();
                let more = match names.len().saturating_sub(most) {
                    0 => String::new(),
                    n => format!("; and {n} more"),
                };
                format!("usual for {}{more}", named.join("; "))
            }
            Some(reason @ Reason::ClientsBelowThreshold(_)) => format!("usual for {}", reason.words()),
            Some(reason) => format!("{}; no client known here cuts so by default", reason.words()),
            None => "no client known here cuts so by default".into(),
        }
    }

    /// Every part with what is known of it. Computed once after each change.
    pub fn map(&self) -> &[MappedPart] {
        &self.derived().map
    }

    /// The map with equal neighbours taken together.
    pub fn runs(&self) -> Vec<Run> {
        derive::runs(self.map())
    }

    /// What the sizes known so far look like.
    pub fn pattern(&self) -> Option<&Pattern> {
        self.derived().pattern.as_ref()
    }

    /// What can still be asked, each with its exact number of requests.
    pub fn plans(&self) -> &[ProbePlan] {
        &self.derived().plans
    }

    /// Whether a page of GetObjectAttributes may list a part that none listed yet: no more than there are.
    pub fn pages_are_left(&self) -> bool {
        self.attributes.may_list() && self.part_count.is_none_or(|count| self.attributes.listed() < count)
    }

    /// One of them.
    pub fn plan(&self, kind: ProbeKind) -> Option<&ProbePlan> {
        self.plans().iter().find(|p| p.kind == kind)
    }

    /// The part numbers to ask HEAD for so that every boundary becomes known.
    pub fn probes(&self) -> Vec<PartNumber> {
        self.plan(ProbeKind::Every).map(|p| p.parts.clone()).unwrap_or_default()
    }

    /// What it all amounts to.
    pub fn verdict(&self) -> Option<Verdict> {
        Some(match (self.part_count?, self.part_size()) {
            (1, _) => Verdict::SinglePart,
            (_, PartSizeEvidence::Proved { .. }) => Verdict::Proved,
            (
                _,
                PartSizeEvidence::Refuted { .. }
                | PartSizeEvidence::FirstPart { uniform_possible: false, .. },
            ) => Verdict::Impossible,
            (_, PartSizeEvidence::FirstPart { .. }) => Verdict::UniquePlausible,
            _ => self.inference()?.verdict,
        })
    }

    fn derived(&self) -> &Derived {
        self.derived.get_or(|| derive::derive(self))
    }

    fn infer_now(&self) -> Option<Inference> {
        Some(infer(self.object_size?, self.part_count?))
    }
}

#[cfg(test)]
mod tests;
