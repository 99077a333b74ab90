//! Additional checksums of parts and of the whole, as S3 writes them: COMPOSITE over the raw part checksums, FULL_OBJECT
//! over the bytes.

use super::digest::{Algorithm, Hasher, Joiner, digest_of};
use super::lanes::{Run, RunError, STEP, Source};
use super::stream::Cut;
use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::layout::{LaidPart, PartLayout};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The checksums of one algorithm over one cutting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// Which algorithm.
    pub algorithm: ChecksumAlgorithm,
    /// Raw checksum of each part, in order.
    pub parts: Vec<Vec<u8>>,
    /// Raw checksum over all bytes; `None` where it was not computed.
    pub whole: Option<Vec<u8>>,
}

impl Sums {
    /// COMPOSITE, as HeadObject shows it: base64 and `-N`.
    pub fn composite(&self) -> String {
        let digest = digest_of(Algorithm::Checksum(self.algorithm), &self.parts.concat());
        format!("{}-{}", STANDARD.encode(digest), self.parts.len())
    }

    /// FULL_OBJECT: base64.
    pub fn full_object(&self) -> Option<String> {
        self.whole.as_ref().map(|whole| STANDARD.encode(whole))
    }

    /// The checksum of the part at a zero-based index: base64.
    pub fn part(&self, index: usize) -> Option<String> {
        self.parts.get(index).map(|sum| STANDARD.encode(sum))
    }
}

/// Checksums of every part of a layout, the parts shared out among the cores. The whole is joined from them where the
/// algorithm can be joined, and is `None` otherwise; a layout of one part gives it for every algorithm.
pub fn of_layout(
    source: &(impl Source + ?Sized),
    layout: &PartLayout,
    algorithm: ChecksumAlgorithm,
    run: &Run<'_>,
) -> Result<Sums, RunError> {
    let there = source.bytes().len();
    if usize::try_from(layout.object_size()) != Ok(there) {
        return Err(RunError::Size { planned: layout.object_size(), there });
    }
    let laid: Vec<LaidPart> = layout.parts().collect();
    run.planned.fetch_add(layout.object_size(), Ordering::Relaxed);
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(laid.len())));
    let work = || {
        while !run.stop.load(Ordering::Relaxed) && !source.is_lost() {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(part) = laid.get(index) else { break };
            if let Some(sum) = one_part(source, *part, algorithm, run) {
                done.lock().unwrap_or_else(PoisonError::into_inner).push((index, sum));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..run.threads.min(laid.len()) {
            // Where no further thread can be had, those there are do the work.
            if std::thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    if run.stop.load(Ordering::Relaxed) || source.is_lost() {
        return Err(RunError::Stopped);
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable();
    let parts: Vec<Vec<u8>> = done.into_iter().map(|(_, sum)| sum).collect();
    if parts.len() != laid.len() {
        return Err(RunError::Thread);
    }
    let whole = joined(algorithm, &parts, &laid);
    Ok(Sums { algorithm, parts, whole })
}

fn one_part(
    source: &(impl Source + ?Sized),
    part: LaidPart,
    algorithm: ChecksumAlgorithm,
    run: &Run<'_>,
) -> Option<Vec<u8>> {
    let mut hasher = Hasher::new(Algorithm::Checksum(algorithm));
    let (mut at, end) = (usize::try_from(part.offset).ok()?, usize::try_from(part.offset + part.size).ok()?);
    while at < end && !run.stop.load(Ordering::Relaxed) {
        let step = at..end.min(at + STEP);
        source.will_read(step.clone());
        hasher.update(source.bytes().get(step.clone())?);
        source.have_read(step.clone());
        run.hashed.fetch_add(u64::try_from(step.len()).unwrap_or(0), Ordering::Relaxed);
        at = step.end;
    }
    Some(hasher.finish())
}

fn joined(algorithm: ChecksumAlgorithm, parts: &[Vec<u8>], laid: &[LaidPart]) -> Option<Vec<u8>> {
    if let [only] = parts {
        return Some(only.clone());
    }
    let mut joiner = Joiner::new(algorithm)?;
    let mut all = parts.iter().zip(laid);
    let (first, _) = all.next()?;
    Some(all.fold(first.clone(), |sum, (next, part)| joiner.join(&sum, next, part.size)))
}

/// Checksums over bytes that come once and in order.
pub struct SumStream {
    algorithm: ChecksumAlgorithm,
    cut: Cut,
    whole: Hasher,
    part: Hasher,
    taken: u64,
    parts: Vec<Vec<u8>>,
}

impl SumStream {
    /// For one algorithm and cutting.
    pub fn new(algorithm: ChecksumAlgorithm, cut: Cut) -> Self {
        let fresh = || Hasher::new(Algorithm::Checksum(algorithm));
        // Parts of no bytes would never end.
        let cut = if cut == Cut::Every(0) { Cut::Nowhere } else { cut };
        Self { algorithm, cut, whole: fresh(), part: fresh(), taken: 0, parts: Vec::new() }
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, data: &[u8]) {
        self.whole.update(data);
        let mut rest = data;
        while !rest.is_empty() {
            let left = self.cut.part(self.parts.len()).unwrap_or(u64::MAX).saturating_sub(self.taken);
            if left == 0 {
                self.end_part();
                continue;
            }
            let (now, later) = rest.split_at(usize::try_from(left).unwrap_or(usize::MAX).min(rest.len()));
            self.part.update(now);
            self.taken += u64::try_from(now.len()).unwrap_or(0);
            rest = later;
        }
    }

    fn end_part(&mut self) {
        let fresh = Hasher::new(Algorithm::Checksum(self.algorithm));
        self.parts.push(std::mem::replace(&mut self.part, fresh).finish());
        self.taken = 0;
    }

    /// The bytes are over.
    pub fn finish(mut self) -> Sums {
        if self.taken > 0 || self.parts.is_empty() {
            self.end_part();
        }
        while self.cut.part(self.parts.len()) == Some(0) {
            self.end_part();
        }
        Sums { algorithm: self.algorithm, parts: self.parts, whole: Some(self.whole.finish()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::kernel::Kernel;
    use std::sync::atomic::{AtomicBool, AtomicU64};

    /// The recorded object of two parts of 5 242 881 bytes and one of ten, all of them `a`.
    fn recorded() -> (Vec<u8>, PartLayout) {
        (vec![b'a'; 10_485_772], PartLayout::explicit(vec![5_242_881, 5_242_881, 10]).unwrap())
    }

    const RECORDED: [(ChecksumAlgorithm, Option<&str>, Option<&str>); 3] = [
        (ChecksumAlgorithm::Crc32, Some("5FRUiw==-3"), Some("qSEQSA==")),
        (ChecksumAlgorithm::Crc32c, Some("XF5+4A==-3"), Some("eTdAQA==")),
        (ChecksumAlgorithm::Crc64Nvme, None, Some("ZMNX55lZurA=")),
    ];

    #[test]
    fn s3_160_recorded_checksums_come_out_of_a_file_and_of_a_stream() {
        let (data, layout) = recorded();
        let (stop, hashed, planned) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
        let run = Run { kernel: Kernel::best(), threads: 2, stop: &stop, hashed: &hashed, planned: &planned };
        for (algorithm, composite, whole) in RECORDED {
            let sums = of_layout(&data[..], &layout, algorithm, &run).unwrap();
            let mut stream = SumStream::new(algorithm, Cut::from(&layout));
            data.chunks(1_000_003).for_each(|piece| stream.update(piece));
            assert_eq!(stream.finish(), sums);
            assert_eq!(sums.full_object().as_deref(), whole);
            if let Some(composite) = composite {
                assert_eq!(sums.composite(), composite);
            }
        }
        assert_eq!(hashed.load(Ordering::Relaxed), 3 * 10_485_772);
    }

    proptest::proptest! {
        #[test]
        fn a_stream_and_a_file_agree_on_any_cut(sizes in proptest::collection::vec(0_u64..40, 1..12), pieces in 1_usize..50) {
            let layout = PartLayout::explicit(sizes.clone()).unwrap();
            let data: Vec<u8> = (0..layout.object_size()).map(|i| (i * 7 % 251) as u8).collect();
            let (stop, hashed, planned) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
            let run = Run { kernel: Kernel::best(), threads: 2, stop: &stop, hashed: &hashed, planned: &planned };
            let sums = of_layout(&data[..], &layout, ChecksumAlgorithm::Crc32c, &run).unwrap();
            let plan = crate::hash::plan::Plan::new(layout.object_size(), [&layout]);
            let digests = crate::hash::lanes::digests(&data[..], &plan, &run).unwrap();
            let mut sum = SumStream::new(ChecksumAlgorithm::Crc32c, Cut::from(&layout));
            let mut tags = crate::hash::stream::Stream::new(Kernel::best(), [Cut::from(&layout)], 10_000);
            for piece in data.chunks(pieces) {
                sum.update(piece);
                tags.update(piece);
            }
            proptest::prop_assert_eq!(sum.finish().parts, sums.parts);
            proptest::prop_assert_eq!(tags.finish().remove(0).1, plan.etag(0, &digests));
        }
    }

    #[test]
    fn hashes_of_several_parts_cannot_be_joined_and_those_of_one_need_not_be() {
        let (stop, hashed, planned) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
        let run = Run { kernel: Kernel::best(), threads: 3, stop: &stop, hashed: &hashed, planned: &planned };
        let of = |parts: u64| {
            let layout = PartLayout::uniform(10, parts).unwrap();
            of_layout(&b"0123456789"[..], &layout, ChecksumAlgorithm::Sha256, &run).unwrap()
        };
        assert_eq!(of(5).full_object(), None);
        assert_eq!(of(10).full_object().as_deref(), Some("hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII="));
        assert_eq!(of(5).parts.len(), 2);
    }
}
