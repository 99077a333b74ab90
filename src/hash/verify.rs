//! Computes what [`crate::domain::verify`] judges: of a file, with every core, or of bytes as they pass.

use super::digest::Joiner;
use super::kernel::Kernel;
use super::lanes::{Run, RunError, Source, digests};
use super::plan::Plan;
use super::search::find;
use super::stream::{Cut, Stream};
use super::sums::{SumStream, Sums, of_layout};
use crate::domain::checksum::{ChecksumAlgorithm, ChecksumType};
use crate::domain::etag::ETag;
use crate::domain::layout::PartLayout;
use crate::domain::units::MIB;
use crate::domain::verify::{Agreement, Depth, Remote, Report, Tried};

/// Ways of cutting that are tried at once on bytes that cannot be read again, when every one is asked for.
pub const STREAMED: usize = 4096;
/// Otherwise: as many as cost twice what one costs.
pub const LIKELY: usize = 32;
/// A CRC of the whole is joined from pieces of this size, so that all cores share it.
const PIECE: u64 = 64 * MIB;

const NO_LAYOUT: &str = "a COMPOSITE checksum is over the parts, and these are not known";
const NO_ALGORITHM: &str = "this program does not compute this algorithm";
const NO_KIND: &str = "the service does not say whether it is over the bytes or over the parts";
const OPAQUE: &str = "the ETag is not shaped as S3 shapes one that is made of MD5s";

/// Compares bytes that can be looked at anywhere with what is known of an object.
pub fn check(
    source: &(impl Source + ?Sized),
    remote: &Remote,
    depth: Depth,
    run: &Run<'_>,
) -> Result<Report, RunError> {
    let mut report = Report::default();
    let size = u64::try_from(source.bytes().len()).unwrap_or(u64::MAX);
    if !report.sizes(size, remote) {
        return Ok(report);
    }
    // A checksum over the bytes decides in one pass, whatever the parts are: it comes first, and may make a search for
    // the parts needless.
    sums(source, remote, ChecksumType::FullObject, &mut report, run)?;
    match &remote.etag {
        ETag::Hex128(_) if remote.part_count.is_some() => report.two_minds(),
        ETag::Hex128(_) => {
            if let Some(layout) = whole(size) {
                let plan = Plan::new(size, [&layout]);
                let digests = digests(source, &plan, run)?;
                if let Some(digest) = plan.parts(0, &digests).next() {
                    report.whole_md5(*digest, remote);
                }
            }
        }
        ETag::Composite { .. } => {
            if let Some(depth) = remote.worth_searching(&report, depth) {
                let found = find(source, &remote.etag, remote.tiers(depth), run)?;
                report.search(found.hit, found.tried, depth == Depth::Exhaustive, remote);
            } else {
                report.not_searched(remote);
            }
        }
        ETag::Opaque(_) => report.add("ETag", Agreement::Undecided, OPAQUE),
    }
    sums(source, remote, ChecksumType::Composite, &mut report, run)?;
    Ok(report)
}

/// Compares the checksums of one type; those whose type or algorithm is not known are named with the second.
fn sums(
    source: &(impl Source + ?Sized),
    remote: &Remote,
    wanted: ChecksumType,
    report: &mut Report,
    run: &Run<'_>,
) -> Result<(), RunError> {
    let size = u64::try_from(source.bytes().len()).unwrap_or(u64::MAX);
    for (name, algorithm, kind, there) in remote.sums() {
        if kind.unwrap_or(ChecksumType::Composite) != wanted {
            continue;
        }
        match comparable(algorithm, kind, remote, size, report) {
            Err(why) => report.not_compared(name, kind, why),
            Ok((algorithm, kind, layout)) => {
                let sums = of_layout(source, &layout, algorithm, run)?;
                compare(report, remote, &layout, &sums, kind, there);
            }
        }
    }
    Ok(())
}

/// The layout of one part.
fn whole(size: u64) -> Option<PartLayout> {
    PartLayout::uniform(size, size.max(1)).ok()
}

/// How to cut for a checksum, if it can be compared at all.
fn comparable(
    algorithm: Option<ChecksumAlgorithm>,
    kind: Option<ChecksumType>,
    remote: &Remote,
    size: u64,
    report: &Report,
) -> Result<(ChecksumAlgorithm, ChecksumType, PartLayout), &'static str> {
    let algorithm = algorithm.ok_or(NO_ALGORITHM)?;
    let kind = kind.ok_or(NO_KIND)?;
    let layout = match kind {
        ChecksumType::Composite => {
            remote.layout.clone().or_else(|| report.layout.as_ref().map(|t| t.layout.clone()))
        }
        ChecksumType::FullObject if Joiner::new(algorithm).is_some() => {
            let piece = PIECE.max(size.div_ceil(10_000)).min(size.max(1));
            PartLayout::uniform(size, piece).ok()
        }
        ChecksumType::FullObject => whole(size),
    };
    Ok((algorithm, kind, layout.ok_or(NO_LAYOUT)?))
}

fn compare(
    report: &mut Report,
    remote: &Remote,
    layout: &PartLayout,
    sums: &Sums,
    kind: ChecksumType,
    there: &str,
) {
    if kind == ChecksumType::Composite {
        report.checksums(sums.algorithm, kind, &sums.composite(), there);
        for (index, part) in layout.parts().enumerate() {
            if let Some(here) = sums.part(index) {
                report.part((index, part), layout.count(), (sums.algorithm, &here), remote);
            }
        }
    } else if let Some(here) = sums.full_object() {
        report.checksums(sums.algorithm, kind, &here, there);
    }
}

/// The same over bytes that come once and in order.
pub struct Streamed {
    remote: Remote,
    depth: Depth,
    tried: Vec<Tried>,
    complete: bool,
    stream: Stream,
    sums: Vec<(SumStream, PartLayout, ChecksumType, String)>,
    not_compared: Vec<(String, Option<ChecksumType>, &'static str)>,
}

impl Streamed {
    /// Everything that can be tested in one pass.
    pub fn new(remote: Remote, depth: Depth, kernel: Kernel) -> Self {
        let mut all = remote.tiers(depth).into_iter().flat_map(|tier| tier.layouts);
        let most = if depth == Depth::Exhaustive { STREAMED } else { LIKELY };
        let search =
            remote.etag.is_multipart() && remote.worth_searching(&Report::default(), depth).is_some();
        let tried: Vec<Tried> = if search { all.by_ref().take(most).collect() } else { Vec::new() };
        let complete = all.next().is_none();
        let whole_md5 = matches!(remote.etag, ETag::Hex128(_)).then_some(Cut::Nowhere);
        let cuts = tried.iter().map(|t| Cut::from(&t.layout)).chain(whole_md5);
        let stream = Stream::new(kernel, cuts, 10_000);
        let (mut sums, mut not_compared) = (Vec::new(), Vec::new());
        for (name, algorithm, kind, there) in remote.sums() {
            match comparable(algorithm, kind, &remote, remote.size.unwrap_or(0), &Report::default()) {
                Ok((algorithm, kind, layout)) => {
                    let cut = Cut::from(&layout);
                    sums.push((SumStream::new(algorithm, cut), layout, kind, there.to_owned()));
                }
                Err(why) => not_compared.push((name.to_owned(), kind, why)),
            }
        }
        Self { remote, depth, tried, complete, stream, sums, not_compared }
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, data: &[u8]) {
        self.stream.update(data);
        self.sums.iter_mut().for_each(|(sum, ..)| sum.update(data));
    }

    /// Bytes taken in.
    pub fn seen(&self) -> u64 {
        self.stream.seen()
    }

    /// Whether more bytes came than the object is known to have: nothing can match any more.
    pub fn is_over(&self) -> bool {
        self.remote.size.is_none_or(|size| self.seen() > size)
    }

    /// The bytes are over, or enough of them came.
    pub fn finish(self) -> Report {
        let Self { remote, depth, tried, complete, stream, sums, not_compared } = self;
        let mut report = Report::default();
        if !report.sizes(stream.seen(), &remote) {
            return report;
        }
        let count = u64::try_from(tried.len()).unwrap_or(u64::MAX);
        let results = stream.finish();
        // In the order in which a file is compared.
        let (whole, composite): (Vec<_>, Vec<_>) =
            sums.into_iter().partition(|(.., kind, _)| *kind == ChecksumType::FullObject);
        for (sum, layout, kind, there) in whole {
            compare(&mut report, &remote, &layout, &sum.finish(), kind, &there);
        }
        match &remote.etag {
            ETag::Hex128(_) if remote.part_count.is_some() => report.two_minds(),
            ETag::Hex128(_) => {
                if let Some((_, Some(ETag::Hex128(digest)))) = results.last() {
                    report.whole_md5(*digest, &remote);
                }
            }
            ETag::Composite { .. } if tried.is_empty() => report.not_searched(&remote),
            ETag::Composite { .. } => {
                let found = tried.into_iter().zip(results);
                let hit = found.into_iter().find(|(_, (_, tag))| tag.as_ref() == Some(&remote.etag));
                let all = depth == Depth::Exhaustive && complete;
                report.search(hit.map(|(tried, _)| tried), count, all, &remote);
            }
            ETag::Opaque(_) => report.add("ETag", Agreement::Undecided, OPAQUE),
        }
        not_compared.iter().for_each(|(name, kind, why)| report.not_compared(name, *kind, why));
        for (sum, layout, kind, there) in composite {
            compare(&mut report, &remote, &layout, &sum.finish(), kind, &there);
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::checksum::Checksums;
    use crate::domain::units::PartNumber;
    use crate::domain::verify::Verdict;
    use crate::hash::md5::md5;
    use std::sync::atomic::{AtomicBool, AtomicU64};

    fn data() -> Vec<u8> {
        (0..1000_u32).map(|i| (i % 251) as u8).collect()
    }

    /// An object of the data in parts of 400 bytes with CRC32 of both kinds of knowledge.
    fn remote(kind: ChecksumType, layout: bool) -> Remote {
        let data = data();
        let layout = layout.then(|| PartLayout::uniform(1000, 400).unwrap());
        let cut = PartLayout::uniform(1000, 400).unwrap();
        let mut sums = SumStream::new(ChecksumAlgorithm::Crc32, Cut::from(&cut));
        sums.update(&data);
        let sums = sums.finish();
        let of = |value: String| Checksums {
            values: vec![("CRC32".into(), value)],
            checksum_type: Some(kind.name().into()),
        };
        let (value, part_checksums) = match kind {
            ChecksumType::FullObject => (sums.full_object().unwrap(), Vec::new()),
            ChecksumType::Composite => {
                let parts = (0..3).map(|i| (PartNumber(i as i32 + 1), of(sums.part(i).unwrap())));
                (sums.composite(), parts.collect())
            }
        };
        Remote {
            size: Some(1000),
            etag: ETag::composite(&[md5(&data[..400]), md5(&data[400..800]), md5(&data[800..])]),
            layout,
            part_count: Some(3),
            obscured: None,
            checksums: of(value),
            part_checksums,
        }
    }

    /// Of a slice, and the same over a stream; both must say the same.
    fn both(data: &[u8], remote: &Remote, depth: Depth) -> Report {
        let (stop, hashed, planned) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
        let run = Run { kernel: Kernel::best(), threads: 2, stop: &stop, hashed: &hashed, planned: &planned };
        let report = check(data, remote, depth, &run).unwrap();
        let mut streamed = Streamed::new(remote.clone(), depth, Kernel::best());
        data.chunks(77).for_each(|piece| streamed.update(piece));
        let other = streamed.finish();
        assert_eq!(other.verdict(), report.verdict());
        assert_eq!(other.bad_parts, report.bad_parts);
        report
    }

    #[test]
    fn the_part_that_differs_is_named_where_its_checksum_is_known() {
        let mut data = data();
        let object = remote(ChecksumType::Composite, true);
        assert_eq!(both(&data, &object, Depth::Usual).verdict(), Verdict::Match);
        data[850] ^= 1;
        let report = both(&data, &object, Depth::Usual);
        assert_eq!(report.verdict(), Verdict::Differs);
        let bad: Vec<_> = report.bad_parts.iter().map(|b| (b.part, b.range.unwrap().to_string())).collect();
        assert_eq!(bad, [(PartNumber(3), "bytes=800-999".into())]);
    }

    #[test]
    fn a_full_object_checksum_decides_without_the_parts() {
        let mut data = data();
        let object = remote(ChecksumType::FullObject, false);
        let report = both(&data, &object, Depth::Usual);
        // The part size is not a usual one, so the ETag says nothing, but the CRC does.
        let said: Vec<_> = report.findings.iter().map(|f| (f.by.as_str(), f.agreement)).collect();
        assert_eq!(said, [("CRC32 FULL_OBJECT", Agreement::Equal), ("ETag", Agreement::Undecided)]);
        data[0] ^= 1;
        assert_eq!(both(&data, &object, Depth::Usual).verdict(), Verdict::Differs);
    }

    #[test]
    fn without_the_layout_a_composite_checksum_waits_for_the_etag_to_be_found() {
        let object = remote(ChecksumType::Composite, false);
        let report = both(&data(), &object, Depth::Usual);
        assert_eq!(report.verdict(), Verdict::CannotBeKnown);
        let report = both(&data(), &object, Depth::Exhaustive);
        assert_eq!(report.layout.as_ref().and_then(|t| t.layout.uniform_size()), Some(400));
        assert_eq!(report.verdict(), Verdict::Match);
    }

    #[test]
    fn a_stream_of_another_length_is_told_as_soon_as_it_is_over() {
        let mut streamed =
            Streamed::new(remote(ChecksumType::FullObject, true), Depth::Usual, Kernel::best());
        streamed.update(&data());
        assert!(!streamed.is_over());
        streamed.update(b"x");
        assert!(streamed.is_over());
        assert_eq!(streamed.finish().verdict(), Verdict::Differs);
    }
}
