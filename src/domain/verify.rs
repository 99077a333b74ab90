//! Whether local bytes are an object's, by what the service tells of the object: what can be tested, and what follows.
//!
//! Three answers and no fourth: they match, they differ, or it cannot be known. A different ETag is a difference only
//! where an ETag is made of MD5s and the cutting is known; an equal one is a match wherever it comes from. Sources: S3
//! User Guide, "Checking object integrity"; API reference of Object, `ETag`.

use super::anatomy::Encryption;
use super::checksum::{ChecksumAlgorithm, ChecksumType, Checksums};
use super::etag::ETag;
use super::evidence::{Evidence, is_directory_bucket};
use super::infer::{known_layouts, search_order};
use super::layout::{LaidPart, PartLayout};
use super::output::HeadObjectOutput;
use super::units::{ByteRange, PartNumber, grouped, human_size};
use serde::Serialize;
use std::collections::BTreeMap;

/// Why an ETag may be no MD5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Obscured {
    /// SSE-KMS or DSSE-KMS.
    Kms,
    /// SSE-C: the key is the customer's.
    CustomerKey,
    /// A directory bucket: ETags are never MD5s there.
    DirectoryBucket,
}

impl Obscured {
    fn of(head: &HeadObjectOutput, bucket: &str) -> Option<Self> {
        match Encryption::of(head) {
            Encryption::Customer => Some(Self::CustomerKey),
            Encryption::Kms | Encryption::Dsse => Some(Self::Kms),
            Encryption::Plain => is_directory_bucket(bucket).then_some(Self::DirectoryBucket),
        }
    }

    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Kms => "with SSE-KMS the ETag is not made of MD5s of the bytes",
            Self::CustomerKey => "with SSE-C the ETag is not made of MD5s of the bytes",
            Self::DirectoryBucket => "in a directory bucket ETags are not made of MD5s",
        }
    }
}

/// What is known of the object.
#[derive(Debug, Clone, PartialEq)]
pub struct Remote {
    /// Bytes.
    pub size: u64,
    /// Its ETag.
    pub etag: ETag,
    /// Its parts, if they are known without assumption.
    pub layout: Option<PartLayout>,
    /// Their number, if it is made of parts.
    pub part_count: Option<u32>,
    /// Why its ETag may be no MD5.
    pub obscured: Option<Obscured>,
    /// Checksums of the object.
    pub checksums: Checksums,
    /// Checksums of its parts, as far as they were stated.
    pub part_checksums: BTreeMap<i32, Checksums>,
}

impl Remote {
    /// From what was gathered.
    pub fn new(bucket: &str, head: &HeadObjectOutput, evidence: &Evidence) -> Self {
        Self {
            size: evidence.object_size.unwrap_or_else(|| head.object_size()),
            etag: head.etag.clone(),
            layout: evidence.exact_layout(),
            part_count: evidence.part_count,
            obscured: Obscured::of(head, bucket),
            checksums: head.checksums.clone(),
            part_checksums: evidence.part_checksums.clone(),
        }
    }

    /// The algorithms whose checksum of the object is stated, with the type.
    pub fn sums(&self) -> impl Iterator<Item = (ChecksumAlgorithm, Option<ChecksumType>, &str)> {
        let kind = self.checksums.checksum_type.as_deref().and_then(ChecksumType::parse);
        self.checksums.values.iter().filter_map(move |(name, value)| {
            // A suffix tells COMPOSITE where the type was not said.
            let kind = kind.or_else(|| value.contains('-').then_some(ChecksumType::Composite));
            Some((ChecksumAlgorithm::parse(name)?, kind, value.as_str()))
        })
    }

    /// The layouts that may give its ETag, likely ones first.
    pub fn tiers(&self, depth: Depth) -> Vec<Tier> {
        match (&self.layout, self.part_count) {
            (Some(layout), _) => vec![Tier::of([Tried::known(layout.clone())])],
            (None, Some(count)) => tiers(self.size, count, depth),
            (None, None) => Vec::new(),
        }
    }
}

/// How far to search for a part size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// What known clients would choose.
    Usual,
    /// Also every round size that is possible.
    Plausible,
    /// Every size that is possible.
    Exhaustive,
}

/// A layout to try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// The parts.
    pub layout: PartLayout,
    /// Why.
    pub why: String,
}

impl Tried {
    fn known(layout: PartLayout) -> Self {
        Self { layout, why: "the parts the service stated".into() }
    }

    /// The part size, if the parts are equal, in words; otherwise that they are not.
    pub fn words(&self) -> String {
        match self.layout.uniform_size() {
            Some(size) => format!("parts of {} bytes ({})", grouped(size), human_size(size)),
            None => "unequal parts".into(),
        }
    }
}

/// Layouts that are tried together.
pub struct Tier {
    /// The layouts, made as they are needed: there may be very many.
    pub layouts: Box<dyn Iterator<Item = Tried> + Send>,
}

impl Tier {
    fn of(tried: impl IntoIterator<Item = Tried, IntoIter: Send + 'static>) -> Self {
        Self { layouts: Box::new(tried.into_iter()) }
    }
}

/// Layouts of `size` bytes in `count` parts, tier by tier.
pub fn tiers(size: u64, count: u32, depth: Depth) -> Vec<Tier> {
    let order = search_order(size, count);
    let uniform = move |why: &'static str| {
        move |part: u64| Some(Tried { layout: PartLayout::uniform(size, part).ok()?, why: why.into() })
    };
    let usual: Vec<Tried> =
        order.defaults.iter().copied().filter_map(uniform("a client's default")).collect();
    // One part is the same whoever made it.
    let unequal = if count > 1 { known_layouts(size, count) } else { Vec::new() };
    let known = unequal.into_iter().map(|(client, layout)| Tried { layout, why: client });
    let mut out = vec![Tier::of(usual.into_iter().chain(known))];
    if depth >= Depth::Plausible && count > 1 {
        let round = order.plausible.clone();
        out.push(Tier::of(round.into_iter().filter_map(uniform("a round size"))));
    }
    if let (Depth::Exhaustive, Some((low, Some(high)))) = (depth, order.interval.map(|i| (i.low, i.high))) {
        let mut before = order.defaults;
        before.extend(order.plausible);
        before.sort_unstable();
        let rest = (low..=high).filter(move |part| before.binary_search(part).is_err());
        out.push(Tier::of(rest.filter_map(uniform("a possible size"))));
    }
    out
}

/// How one test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// Equal.
    Equal,
    /// Different, and that means other bytes.
    Differs,
    /// It says nothing.
    Undecided,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was compared.
    pub by: String,
    /// How it ended.
    pub agreement: Agreement,
    /// What it means.
    pub words: String,
}

/// A part whose bytes differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadPart {
    /// Part number.
    pub part: PartNumber,
    /// Its bytes; `None` for an empty part.
    pub range: Option<ByteRange>,
    /// The checksum that says so.
    pub by: &'static str,
}

/// What all tests together say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The bytes are the object's.
    Match,
    /// They are not.
    Differs,
    /// Nothing the service tells decides it.
    CannotBeKnown,
}

/// Every test, and what follows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In the order they were made.
    pub findings: Vec<Finding>,
    /// Parts that differ, by number, where the service stated checksums of parts.
    pub bad_parts: Vec<BadPart>,
    /// The layout that gives the object's ETag.
    pub layout: Option<Tried>,
}

impl Report {
    /// Adds a test.
    pub fn add(&mut self, by: impl Into<String>, agreement: Agreement, words: impl Into<String>) {
        self.findings.push(Finding { by: by.into(), agreement, words: words.into() });
    }

    /// What follows. One difference that means other bytes is enough; so is one equality without it.
    pub fn verdict(&self) -> Verdict {
        let any = |wanted| self.findings.iter().any(|f| f.agreement == wanted);
        if any(Agreement::Differs) {
            Verdict::Differs
        } else if any(Agreement::Equal) {
            Verdict::Match
        } else {
            Verdict::CannotBeKnown
        }
    }

    /// Compares sizes; false when they differ, and nothing more needs to be computed.
    pub fn sizes(&mut self, here: u64, remote: &Remote) -> bool {
        if here != remote.size {
            let words = format!("{} bytes here, {} in S3", grouped(here), grouped(remote.size));
            self.add("size", Agreement::Differs, words);
        }
        here == remote.size
    }

    /// Takes the MD5 of all bytes, for an object in one piece.
    pub fn whole_md5(&mut self, digest: [u8; 16], remote: &Remote) {
        let here = ETag::Hex128(digest);
        match remote.obscured {
            _ if here == remote.etag => {
                self.add("ETag", Agreement::Equal, "the MD5 of the bytes is the ETag")
            }
            Some(why) => self.add("ETag", Agreement::Undecided, why.words()),
            None => self.add("ETag", Agreement::Differs, format!("the MD5 of the bytes is {here}")),
        }
    }

    /// Takes the result of trying layouts. `all` says that no uniform one was left out.
    pub fn search(&mut self, hit: Option<Tried>, tried: u64, all: bool, remote: &Remote) {
        if let Some(hit) = hit {
            self.add("ETag", Agreement::Equal, format!("{} give the ETag", hit.words()));
            self.layout = Some(hit);
            return;
        }
        let (agreement, words) = match (remote.obscured, &remote.layout) {
            (Some(why), _) => (Agreement::Undecided, why.words().to_owned()),
            (None, Some(_)) => (
                Agreement::Differs,
                "the parts are known, and these bytes cut in that way have another ETag".to_owned(),
            ),
            (None, None) if all => (
                Agreement::Undecided,
                format!(
                    "no equal parts give it ({} sizes tried): other bytes, or unequal parts",
                    grouped(tried)
                ),
            ),
            (None, None) => (
                Agreement::Undecided,
                format!("how it was cut is not known, and of {} likely ways none gives it", grouped(tried)),
            ),
        };
        self.add("ETag", agreement, words);
    }

    /// Takes checksums computed with a layout (or over the whole) of one algorithm.
    pub fn checksums(&mut self, algorithm: ChecksumAlgorithm, kind: ChecksumType, here: &str, there: &str) {
        let by = format!("{} {}", algorithm.name(), kind.name());
        // GetObjectAttributes leaves out the number of parts that HeadObject writes behind a COMPOSITE value.
        let bare = |value: &str| value.split('-').next().unwrap_or("").to_owned();
        if bare(here) == bare(there) {
            self.add(by, Agreement::Equal, format!("equal: {there}"));
        } else {
            self.add(by, Agreement::Differs, format!("{here} here, {there} in S3"));
        }
    }

    /// Compares the checksum of one part with what the service stated.
    pub fn part(&mut self, part: LaidPart, algorithm: ChecksumAlgorithm, here: &str, remote: &Remote) {
        let stated = remote.part_checksums.get(&part.number.0).and_then(|sums| sums.get(algorithm.name()));
        if stated.is_some_and(|stated| stated != here)
            && let Err(at) = self.bad_parts.binary_search_by_key(&part.number, |b| b.part)
        {
            let bad = BadPart { part: part.number, range: part.range(), by: algorithm.name() };
            self.bad_parts.insert(at, bad);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::MIB;

    fn remote(etag: &str, layout: Option<PartLayout>, obscured: Option<Obscured>) -> Remote {
        let etag = ETag::parse(etag);
        Remote {
            size: 20 * MIB,
            part_count: etag.part_count().map(u32::from),
            etag,
            layout,
            obscured,
            checksums: Checksums::default(),
            part_checksums: BTreeMap::new(),
        }
    }
    const PLAIN: &str = "d41d8cd98f00b204e9800998ecf8427e";
    const MULTI: &str = "400d4ca0d30a4dd036b14f8dda2dac11-4";

    #[test]
    fn another_size_is_another_object_whatever_the_rest_says() {
        let mut report = Report::default();
        assert!(!report.sizes(20 * MIB - 1, &remote(PLAIN, None, None)));
        report.add("x", Agreement::Equal, "");
        assert_eq!(report.verdict(), Verdict::Differs);
    }

    #[test]
    fn s3_161_an_equal_etag_decides_everywhere_and_another_one_only_where_etags_are_md5s() {
        let equal = ETag::parse(PLAIN).digest().unwrap();
        for (obscured, digest, verdict) in [
            (None, equal, Verdict::Match),
            (Some(Obscured::Kms), equal, Verdict::Match),
            (None, [1; 16], Verdict::Differs),
            (Some(Obscured::Kms), [1; 16], Verdict::CannotBeKnown),
            (Some(Obscured::CustomerKey), [1; 16], Verdict::CannotBeKnown),
            (Some(Obscured::DirectoryBucket), [1; 16], Verdict::CannotBeKnown),
        ] {
            let mut report = Report::default();
            report.whole_md5(digest, &remote(PLAIN, None, obscured));
            assert_eq!(report.verdict(), verdict, "{obscured:?}");
        }
    }

    #[test]
    fn s3_162_a_multipart_etag_that_is_not_found_is_a_difference_only_where_the_parts_are_known() {
        let layout = PartLayout::uniform(20 * MIB, 5 * MIB).unwrap();
        let hit = Tried { layout: layout.clone(), why: String::new() };
        for (layout, hit, all, verdict) in [
            (None, Some(hit.clone()), false, Verdict::Match),
            (None, None, false, Verdict::CannotBeKnown),
            (None, None, true, Verdict::CannotBeKnown),
            (Some(layout.clone()), Some(hit), false, Verdict::Match),
            (Some(layout), None, false, Verdict::Differs),
        ] {
            let mut report = Report::default();
            report.search(hit, 1, all, &remote(MULTI, layout, None));
            assert_eq!(report.verdict(), verdict);
        }
    }

    #[test]
    fn checksums_are_compared_with_and_without_the_number_of_parts() {
        let mut report = Report::default();
        report.checksums(ChecksumAlgorithm::Crc32c, ChecksumType::Composite, "F9bAnw==-1", "F9bAnw==");
        assert_eq!(report.verdict(), Verdict::Match);
        report.checksums(ChecksumAlgorithm::Crc32c, ChecksumType::Composite, "F9bAnw==-1", "G9bAnw==-1");
        assert_eq!(report.verdict(), Verdict::Differs);
    }

    #[test]
    fn tiers_begin_with_what_clients_choose_and_end_with_everything() {
        let count = |depth| tiers(1000, 8, depth).into_iter().map(|t| t.layouts.count()).collect::<Vec<_>>();
        assert_eq!(count(Depth::Usual).len(), 1);
        // 125 to 142 bytes.
        assert_eq!(count(Depth::Exhaustive).iter().sum::<usize>(), 18);
        let first = tiers(20 * MIB, 4, Depth::Usual).remove(0).layouts.next().unwrap();
        assert_eq!(first.layout.uniform_size(), Some(5 * MIB));
    }
}
