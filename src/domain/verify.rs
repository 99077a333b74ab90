//! Whether local bytes are an object's, by what the service tells of the object: what can be tested, and what follows.
//!
//! Three answers and no fourth: they match, they differ, or it cannot be known. A different ETag is a difference only
//! where an ETag is made of MD5s and the cutting is known; an equal one is a match wherever it comes from. Sources: S3
//! User Guide, "Checking object integrity"; API reference of Object, `ETag`.

use super::checksum::{ChecksumAlgorithm, ChecksumType, Checksums};
use super::etag::ETag;
use super::evidence::Evidence;
use super::infer::{known_layouts, search_order};
use super::layout::{LaidPart, PartLayout};
use super::no_md5::{NoMd5, etag_hides_md5};
use super::output::HeadObjectOutput;
use super::units::{ByteRange, PartNumber, grouped, human_size};
use serde::Serialize;

/// What is known of the object.
#[derive(Debug, Clone, PartialEq)]
pub struct Remote {
    /// Bytes, if the service told it.
    pub size: Option<u64>,
    /// Its ETag.
    pub etag: ETag,
    /// Its parts, if they are known without assumption.
    pub layout: Option<PartLayout>,
    /// Their number, if it is made of parts.
    pub part_count: Option<u32>,
    /// Why its ETag may be no MD5.
    pub obscured: Option<NoMd5>,
    /// Checksums of the object.
    pub checksums: Checksums,
    /// Checksums of its parts, in order, as far as they were stated.
    pub part_checksums: Vec<(PartNumber, Checksums)>,
}

impl Remote {
    /// From what was gathered.
    pub fn new(bucket: &str, head: &HeadObjectOutput, evidence: &Evidence) -> Self {
        Self {
            size: head.told_size().or(evidence.object_size.filter(|size| *size > 0)),
            etag: head.etag.clone(),
            layout: evidence.exact_layout(),
            part_count: evidence.part_count,
            obscured: etag_hides_md5(bucket, head),
            checksums: head.checksums.clone(),
            part_checksums: evidence
                .part_checksums
                .iter()
                .map(|(number, sums)| (PartNumber(*number), sums.clone()))
                .collect(),
        }
    }

    /// The checksums of the object that are stated, by name, with the algorithm and the type where they are known.
    ///
    /// Where the type is not said, a suffix means COMPOSITE, and one piece has no other than FULL_OBJECT.
    pub fn sums(
        &self,
    ) -> impl Iterator<Item = (&str, Option<ChecksumAlgorithm>, Option<ChecksumType>, &str)> {
        let said = self.checksums.checksum_type.as_deref();
        let kind_of = move |value: &str| match said {
            Some(name) => ChecksumType::parse(name),
            None if value.contains('-') => Some(ChecksumType::Composite),
            None => self.part_count.is_none().then_some(ChecksumType::FullObject),
        };
        self.checksums.values.iter().map(move |(name, value)| {
            (name.as_str(), ChecksumAlgorithm::parse(name), kind_of(value), value.as_str())
        })
    }

    /// How far a search for the parts is worth its passes: not at all where its ETag is no MD5 or where other bytes are
    /// certain already, and only among the usual sizes where a checksum has said that the bytes are equal.
    pub fn worth_searching(&self, so_far: &Report, depth: Depth) -> Option<Depth> {
        match (&self.layout, &self.obscured) {
            (Some(_), _) => Some(depth),
            (None, Some(_)) => None,
            (None, None) => match so_far.verdict() {
                Verdict::Differs if depth < Depth::Exhaustive => None,
                Verdict::Match if depth < Depth::Exhaustive => Some(Depth::Usual),
                _ => Some(depth),
            },
        }
    }

    /// The layouts that may give its ETag, likely ones first.
    pub fn tiers(&self, depth: Depth) -> Vec<Tier> {
        match (&self.layout, self.size, self.part_count) {
            (Some(layout), ..) => vec![Tier::of([Tried::known(layout.clone())])],
            (None, Some(size), Some(count)) => tiers(size, count, depth),
            _ => Vec::new(),
        }
    }
}

/// How far to search for a part size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// What known clients would choose.
    Usual,
    /// Also the first [`PLAUSIBLE`] round sizes that are possible.
    Plausible,
    /// Every size that is possible.
    Exhaustive,
}

/// Round sizes tried after the usual ones, unless all are asked for: each may cost a pass over the bytes.
pub const PLAUSIBLE: usize = 64;

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
            _ if self.layout.count() == 1 => "one part".into(),
            Some(1) => "parts of 1 byte".into(),
            Some(size) if size < 1024 => format!("parts of {size} bytes"),
            Some(size) => format!("parts of {} bytes ({})", grouped(size), human_size(size)),
            None => "unequal parts".into(),
        }
    }
}

/// Layouts that are tried together.
pub struct Tier {
    /// How many there are, at most.
    pub count: u64,
    /// The layouts, made as they are needed: there may be very many.
    pub layouts: Box<dyn Iterator<Item = Tried> + Send>,
}

impl Tier {
    fn of(tried: impl IntoIterator<Item = Tried, IntoIter: ExactSizeIterator + Send + 'static>) -> Self {
        let tried = tried.into_iter();
        Self { count: u64::try_from(tried.len()).unwrap_or(u64::MAX), layouts: Box::new(tried) }
    }
}

/// Layouts of `size` bytes in `count` parts, tier by tier.
pub fn tiers(size: u64, count: u32, depth: Depth) -> Vec<Tier> {
    let order = search_order(size, count);
    let uniform = move |why: &'static str| {
        move |part: u64| Some(Tried { layout: PartLayout::uniform(size, part).ok()?, why: why.into() })
    };
    let mut usual: Vec<Tried> =
        order.defaults.iter().copied().filter_map(uniform("a client's default")).collect();
    // One part is the same whoever made it.
    let unequal = if count > 1 { known_layouts(size, count) } else { Vec::new() };
    usual.extend(unequal.into_iter().map(|(client, layout)| Tried { layout, why: client }));
    let mut out = vec![Tier::of(usual)];
    if depth >= Depth::Plausible && count > 1 {
        let most = if depth == Depth::Exhaustive { usize::MAX } else { PLAUSIBLE };
        let round: Vec<Tried> =
            order.plausible.iter().copied().take(most).filter_map(uniform("a round size")).collect();
        out.push(Tier::of(round));
    }
    if let (Depth::Exhaustive, Some((low, Some(high)))) = (depth, order.interval.map(|i| (i.low, i.high))) {
        let mut before = order.defaults;
        before.extend(order.plausible);
        before.sort_unstable();
        let left = (high - low + 1).saturating_sub(u64::try_from(before.len()).unwrap_or(u64::MAX));
        let rest = (low..=high).filter(move |part| before.binary_search(part).is_err());
        let layouts = Box::new(rest.filter_map(uniform("a possible size")));
        out.push(Tier { count: left, layouts });
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

/// How much an equality is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Other bytes with the same value are not to be met by chance: MD5, SHA.
    Hash,
    /// A CRC: meant against accidents; whoever wants to can make other bytes with the same value.
    Crc,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was compared.
    pub by: String,
    /// How it ended.
    pub agreement: Agreement,
    /// How much it is worth if it is equal.
    pub strength: Strength,
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
    /// Whether there are more or fewer bytes than the object has.
    pub other_size: bool,
}

impl Report {
    /// Adds a test by a hash.
    pub fn add(&mut self, by: impl Into<String>, agreement: Agreement, words: impl Into<String>) {
        self.add_with(by, agreement, Strength::Hash, words);
    }

    fn add_with(
        &mut self,
        by: impl Into<String>,
        agreement: Agreement,
        strength: Strength,
        words: impl Into<String>,
    ) {
        self.findings.push(Finding { by: by.into(), agreement, strength, words: words.into() });
    }

    /// What follows. A difference is enough, unless a hash says that the bytes are equal: then the service contradicts
    /// itself, and nothing follows.
    pub fn verdict(&self) -> Verdict {
        let any = |wanted| self.findings.iter().any(|f| f.agreement == wanted);
        let equal_hash = |f: &Finding| f.agreement == Agreement::Equal && f.strength == Strength::Hash;
        match (any(Agreement::Differs), any(Agreement::Equal)) {
            _ if self.other_size => Verdict::Differs,
            (true, _) if self.findings.iter().any(equal_hash) => Verdict::CannotBeKnown,
            (true, _) => Verdict::Differs,
            (false, true) => Verdict::Match,
            (false, false) => Verdict::CannotBeKnown,
        }
    }

    /// What the verdict rests on where that needs saying; nothing otherwise.
    pub fn caution(&self) -> Option<&'static str> {
        let any = |wanted| self.findings.iter().any(|f| f.agreement == wanted);
        let equal_hash = |f: &Finding| f.agreement == Agreement::Equal && f.strength == Strength::Hash;
        let hash = self.findings.iter().any(equal_hash);
        match self.verdict() {
            Verdict::CannotBeKnown if any(Agreement::Differs) => {
                Some("what the service tells contradicts itself: equal by one test, different by another")
            }
            Verdict::Match if !hash => {
                Some("only a CRC says so: it finds accidents, and is no proof against purpose")
            }
            _ => None,
        }
    }

    /// Compares sizes; false when nothing more needs to be computed.
    pub fn sizes(&mut self, here: u64, remote: &Remote) -> bool {
        match remote.size {
            Some(there) if there == here => true,
            Some(there) => {
                let words = format!("{} bytes here, {} in S3", grouped(here), grouped(there));
                self.other_size = true;
                self.add("size", Agreement::Differs, words);
                false
            }
            None => {
                self.add("size", Agreement::Undecided, "the service did not tell it");
                false
            }
        }
    }

    /// Says that a part count and the ETag of one piece do not go together.
    pub fn two_minds(&mut self) {
        let words = "the service states parts, and an ETag as of one piece: nothing follows from it";
        self.add("ETag", Agreement::Undecided, words);
    }

    /// Says why no layout was sought.
    pub fn not_searched(&mut self, remote: &Remote) {
        let words = match &remote.obscured {
            Some(why) => why.words(),
            None if self.verdict() == Verdict::Differs => {
                "not tried: a checksum says that these are other bytes".into()
            }
            None => "not tried: no way of cutting is known that gives so many parts".into(),
        };
        self.add("ETag", Agreement::Undecided, words);
    }

    /// Names a checksum that cannot be compared, and why.
    pub fn not_compared(&mut self, name: &str, kind: Option<ChecksumType>, why: &str) {
        let kind = kind.map_or_else(String::new, |k| format!(" {}", k.name()));
        self.add_with(format!("{name}{kind}"), Agreement::Undecided, Strength::Crc, why);
    }

    /// Takes the MD5 of all bytes, for an object in one piece.
    pub fn whole_md5(&mut self, digest: [u8; 16], remote: &Remote) {
        let here = ETag::Hex128(digest);
        match &remote.obscured {
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
            let give = if hit.layout.count() == 1 { "gives" } else { "give" };
            self.add("ETag", Agreement::Equal, format!("{} {give} the ETag", hit.words()));
            self.layout = Some(hit);
            return;
        }
        let (agreement, words) = match (&remote.obscured, &remote.layout) {
            (Some(why), _) => (Agreement::Undecided, why.words()),
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
        let strength = match algorithm {
            ChecksumAlgorithm::Sha1 | ChecksumAlgorithm::Sha256 => Strength::Hash,
            ChecksumAlgorithm::Crc32 | ChecksumAlgorithm::Crc32c | ChecksumAlgorithm::Crc64Nvme => {
                Strength::Crc
            }
        };
        if bare(here) == bare(there) {
            self.add_with(by, Agreement::Equal, strength, format!("equal: {there}"));
        } else {
            self.add_with(by, Agreement::Differs, strength, format!("{here} here, {there} in S3"));
        }
    }

    /// Compares the checksum of a part, the `index`th, with what the service stated.
    ///
    /// Servers that keep the numbers of an upload with gaps state as many parts as there are, numbered so: then their
    /// order counts, and the number they gave is the one that is named.
    pub fn part(
        &mut self,
        (index, part): (usize, LaidPart),
        of: usize,
        sum: (ChecksumAlgorithm, &str),
        remote: &Remote,
    ) {
        let (algorithm, here) = sum;
        let stated = match remote.part_checksums.len() == of {
            true => remote.part_checksums.get(index),
            false => remote.part_checksums.iter().find(|(number, _)| *number == part.number),
        };
        let Some((number, sums)) = stated else { return };
        if sums.get(algorithm.name()).is_some_and(|stated| stated != here)
            && let Err(at) = self.bad_parts.binary_search_by_key(number, |b| b.part)
        {
            let bad = BadPart { part: *number, range: part.range(), by: algorithm.name() };
            self.bad_parts.insert(at, bad);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::MIB;

    fn remote(etag: &str, layout: Option<PartLayout>, obscured: Option<NoMd5>) -> Remote {
        let etag = ETag::parse(etag);
        Remote {
            size: Some(20 * MIB),
            part_count: etag.part_count().map(u32::from),
            etag,
            layout,
            obscured,
            checksums: Checksums::default(),
            part_checksums: Vec::new(),
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
            (Some(NoMd5::Kms), equal, Verdict::Match),
            (None, [1; 16], Verdict::Differs),
            (Some(NoMd5::Kms), [1; 16], Verdict::CannotBeKnown),
            (Some(NoMd5::CustomerKey), [1; 16], Verdict::CannotBeKnown),
            (Some(NoMd5::DirectoryBucket), [1; 16], Verdict::CannotBeKnown),
        ] {
            let mut report = Report::default();
            report.whole_md5(digest, &remote(PLAIN, None, obscured.clone()));
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
    fn a_service_that_contradicts_itself_is_not_believed_and_a_crc_alone_is_said_to_be_one() {
        let mut report = Report::default();
        let crc = |report: &mut Report, there: &str| {
            report.checksums(ChecksumAlgorithm::Crc32, ChecksumType::FullObject, "qSEQSA==", there);
        };
        crc(&mut report, "qSEQSA==");
        assert_eq!(report.verdict(), Verdict::Match);
        assert!(report.caution().unwrap().contains("only a CRC"));
        // An equal CRC and another hash: other bytes that happen to have the same CRC.
        report.add("ETag", Agreement::Differs, "");
        assert_eq!((report.verdict(), report.caution()), (Verdict::Differs, None));
        let mut report = Report::default();
        report.add("ETag", Agreement::Equal, "");
        assert_eq!((report.verdict(), report.caution()), (Verdict::Match, None));
        crc(&mut report, "eTdAQA==");
        assert_eq!(report.verdict(), Verdict::CannotBeKnown);
        assert!(report.caution().unwrap().contains("contradicts itself"));
    }

    #[test]
    fn a_checksum_without_a_type_is_of_the_bytes_only_in_one_piece() {
        let of = |count: Option<u32>, value: &str| {
            let mut object = remote(PLAIN, None, None);
            object.part_count = count;
            object.checksums.values = vec![("CRC32".into(), value.into())];
            object.sums().next().unwrap().2
        };
        assert_eq!(of(None, "qSEQSA=="), Some(ChecksumType::FullObject));
        assert_eq!(of(Some(3), "qSEQSA=="), None);
        assert_eq!(of(Some(3), "qSEQSA==-3"), Some(ChecksumType::Composite));
    }

    #[test]
    fn checksums_of_numbers_with_gaps_are_compared_in_their_order() {
        let sums =
            |value: &str| Checksums { values: vec![("CRC32".into(), value.into())], checksum_type: None };
        let mut object = remote(MULTI, None, None);
        object.part_checksums = vec![(PartNumber(2), sums("a")), (PartNumber(7), sums("b"))];
        let layout = PartLayout::uniform(10, 5).unwrap();
        let mut report = Report::default();
        for (part, here) in layout.parts().enumerate().zip(["a", "c"]) {
            report.part(part, 2, (ChecksumAlgorithm::Crc32, here), &object);
        }
        let bad: Vec<_> = report.bad_parts.iter().map(|b| (b.part, b.range.unwrap().first)).collect();
        assert_eq!(bad, [(PartNumber(7), 5)]);
    }

    #[test]
    fn checksums_are_compared_with_and_without_the_number_of_parts() {
        let mut report = Report::default();
        report.checksums(ChecksumAlgorithm::Crc32c, ChecksumType::Composite, "F9bAnw==-1", "F9bAnw==");
        assert_eq!(report.verdict(), Verdict::Match);
        report.checksums(ChecksumAlgorithm::Crc32c, ChecksumType::Composite, "F9bAnw==-1", "G9bAnw==-1");
        assert_eq!(report.verdict(), Verdict::Differs);
        // An unknown size decides nothing.
        let mut object = remote(PLAIN, None, None);
        object.size = None;
        let mut report = Report::default();
        assert!(!report.sizes(7, &object));
        assert_eq!(report.verdict(), Verdict::CannotBeKnown);
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
