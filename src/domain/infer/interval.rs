//! The closed interval of uniform part sizes that a size and a count leave, and how many round sizes it holds.

use super::is_within_limits;
use crate::domain::limits::AWS;
use crate::domain::units::{KIB, MIB};
use serde::Serialize;

/// One megabyte in bytes, a power of ten.
pub(super) const MB: u64 = 1_000_000;
/// The smallest size that is whole MiB and whole MB at once.
const MIB_AND_MB: u64 = MIB * 15_625;
/// The smallest size that is whole KiB and whole MB at once.
const KIB_AND_MB: u64 = 16 * MB;

/// A closed interval of part sizes in bytes; no upper end for a single part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Interval {
    /// Smallest possible part size.
    pub low: u64,
    /// Largest possible part size; `None` when any size from `low` up gives the same object.
    pub high: Option<u64>,
}

/// How many sizes of each kind an interval holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All of them.
    pub bytes: u64,
    /// Whole KiB.
    pub kib: u64,
    /// Whole MiB.
    pub mib: u64,
    /// Whole MB.
    pub mb: u64,
    /// Whole MiB or whole MB.
    pub mib_or_mb: u64,
    /// Whole KiB or whole MB.
    pub kib_or_mb: u64,
}

impl Interval {
    /// The uniform part sizes that cut `size` bytes into `count` parts; `None` when there is none.
    pub fn of(size: u64, count: u32) -> Option<Self> {
        let n = u64::from(count);
        match n {
            0 => None,
            1 => Some(Self { low: size.max(1), high: None }),
            _ => {
                let low = size.div_ceil(n).max(1);
                let high = size.div_ceil(n - 1).checked_sub(1)?;
                (low <= high).then_some(Self { low, high: Some(high) })
            }
        }
    }

    /// Whether a part size lies inside.
    pub fn contains(self, part_size: u64) -> bool {
        part_size >= self.low && self.high.is_none_or(|h| part_size <= h)
    }

    /// How many byte values it holds; `None` without an upper end.
    pub fn values(self) -> Option<u64> {
        Some(self.high? - self.low + 1)
    }

    /// How many round sizes it holds; `None` without an upper end.
    pub fn counts(self) -> Option<Counts> {
        let (bytes, of) = (self.values()?, |unit| self.multiples(unit));
        let (kib, mib, mb) = (of(KIB), of(MIB), of(MB));
        let (mib_or_mb, kib_or_mb) = (mib + mb - of(MIB_AND_MB), kib + mb - of(KIB_AND_MB));
        Some(Counts { bytes, kib, mib, mb, mib_or_mb, kib_or_mb })
    }

    /// How many multiples of `unit` it holds; 0 without an upper end.
    pub(super) fn multiples(self, unit: u64) -> u64 {
        self.high.map_or(0, |high| high / unit - self.low.saturating_sub(1) / unit)
    }

    /// The multiples of `unit` in it, ascending; none without an upper end.
    pub(super) fn each_multiple(self, unit: u64) -> impl Iterator<Item = u64> {
        let (first, last) = match self.high {
            Some(high) => (self.low.div_ceil(unit), high / unit),
            None => (1, 0),
        };
        (first..=last).map(move |k| k * unit)
    }

    /// The sizes that S3 takes before the last part: 5 MiB to 5 GiB.
    pub fn within_limits(self) -> Option<Self> {
        self.cut(AWS.min_part_size, AWS.max_part_size)
    }

    /// The sizes that S3 refuses before the last part: those too small, those too large.
    pub(super) fn outside_limits(self) -> impl Iterator<Item = Self> {
        [self.cut(0, AWS.min_part_size - 1), self.cut(AWS.max_part_size + 1, u64::MAX)].into_iter().flatten()
    }

    fn cut(self, low: u64, high: u64) -> Option<Self> {
        let (low, high) = (self.low.max(low), self.high.map_or(high, |h| h.min(high)));
        debug_assert!(low > high || is_within_limits(low) == is_within_limits(high));
        (low <= high).then_some(Self { low, high: Some(high) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::{GIB, TIB};
    use proptest::prelude::*;

    #[test]
    fn s3_120_size_and_count_leave_an_interval_of_part_sizes() {
        for (size, count, low, high) in [
            (20_277_918_669, 2418, 8_386_237, 8_389_705),
            (104_857_600, 20, 5_242_880, 5_518_821),
            (104_857_600, 13, 8_065_970, 8_738_133),
            (104_857_600, 12, 8_738_134, 9_532_509),
            (104_857_600, 7, 14_979_658, 17_476_266),
            (1_073_741_824, 128, 8_388_608, 8_454_660),
            (1_073_741_824, 2, 536_870_912, 1_073_741_823),
            (5_368_709_120, 640, 8_388_608, 8_401_735),
            (10_485_761, 2, 5_242_881, 10_485_760),
            (16_777_216, 2, 8_388_608, 16_777_215),
            (16_777_217, 2, 8_388_609, 16_777_216),
            (17_325_568, 2, 8_662_784, 17_325_567),
            (20_971_520, 2, 10_485_760, 20_971_519),
            (20_971_520, 3, 6_990_507, 10_485_759),
            (26_214_400, 2, 13_107_200, 26_214_399),
            (26_214_400, 3, 8_738_134, 13_107_199),
            (5_497_558_138_880, 10_000, 549_755_814, 549_810_794),
            (11_534_343, 3, 3_844_781, 5_767_171),
        ] {
            assert_eq!(Interval::of(size, count), Some(Interval { low, high: Some(high) }), "{size} {count}");
        }
        assert_eq!(Interval::of(10, 7), None);
        assert_eq!(Interval::of(10, 1), Some(Interval { low: 10, high: None }));
        assert_eq!(Interval::of(20_277_918_669, 2418).and_then(Interval::values), Some(3469));
    }

    /// Bytes, KiB, MiB and MB for the sizes of the performance notes.
    #[test]
    fn counts_are_exact() {
        for (size, count, bytes, kib, mib, mb) in [
            (100 * MIB, 13, 672_164, 657, 1, 0),
            (5 * GIB, 640, 13_128, 13, 1, 0),
            (50 * GIB, 6400, 1_311, 2, 1, 0),
            (83_886_080_000, 10_000, 839, 1, 1, 0),
            (5 * TIB, 10_000, 54_981, 54, 0, 0),
            (GIB, 2, 536_870_912, 524_288, 512, 537),
            (5 * GIB, 3, 894_784_853, 873_813, 853, 895),
        ] {
            let c = Interval::of(size, count).and_then(Interval::counts).unwrap();
            assert_eq!((c.bytes, c.kib, c.mib, c.mb), (bytes, kib, mib, mb), "{size} {count}");
        }
    }

    proptest! {
        #[test]
        fn the_interval_is_exactly_the_sizes_that_give_the_count(size in 1_u64..400, count in 1_u32..40) {
            let fits: Vec<u64> = (1..=size + 2).filter(|p| size.div_ceil(*p) == u64::from(count)).collect();
            match Interval::of(size, count) {
                None => prop_assert!(fits.is_empty()),
                Some(i) => {
                    prop_assert_eq!(fits.first().copied(), Some(i.low));
                    if let Some(h) = i.high { prop_assert_eq!(fits.last().copied(), Some(h)); }
                }
            }
        }

        #[test]
        fn unions_count_each_size_once(low in 1_u64..40_000_000, span in 0_u64..40_000_000) {
            let i = Interval { low, high: Some(low + span) };
            let c = i.counts().unwrap();
            let mut round: Vec<u64> = i.each_multiple(MIB).chain(i.each_multiple(MB)).collect();
            round.sort_unstable();
            round.dedup();
            prop_assert_eq!(u64::try_from(round.len()).unwrap(), c.mib_or_mb);
            let kib_only = i.each_multiple(MB).filter(|p| !p.is_multiple_of(KIB)).count();
            prop_assert_eq!(c.kib + u64::try_from(kib_only).unwrap(), c.kib_or_mb);
        }

        #[test]
        fn the_limits_cut_an_interval_in_pieces_without_loss(low in 1_u64..20_000_000_000, span in 0_u64..20_000_000_000) {
            let i = Interval { low, high: Some(low + span) };
            let pieces = i.within_limits().into_iter().chain(i.outside_limits());
            prop_assert_eq!(pieces.filter_map(Interval::values).sum::<u64>(), span + 1);
        }
    }
}
