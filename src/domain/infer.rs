//! What part sizes an object can have: the interval that size and part count leave, and which of its values
//! are habits of known clients.
//!
//! With `N ≥ 2` uniform parts of `P` bytes, `(N−1)·P < S ≤ N·P`, so `ceil(S/N) ≤ P ≤ ceil(S/(N−1)) − 1`.
//! Size and count alone never prove a part size; see [`super::evidence`] for what the service can add.

mod clients;
mod interval;
mod rank;
mod search;
mod table;

pub use clients::{ClientRule, Growth, Rounding, Step, Threshold, Use, clients};
pub use interval::{Counts, Interval};
pub use search::{MAX_SEARCH, SearchOrder, known_layouts, search_order};
pub use table::{ClientCells, ClientRow, Pieces, Way, clients_table};

use super::limits::AWS;
use super::units::{MIB, grouped};
use serde::Serialize;

/// Why a part size is worth naming. The order is the rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// These clients would choose it for an object of this size.
    Clients(Vec<String>),
    /// It is the part size of these clients, but by default they would send an object of this size in one piece.
    ClientsBelowThreshold(Vec<String>),
    /// A power of two.
    PowerOfTwo,
    /// A whole number of MiB.
    WholeMib,
    /// A whole number of MB (powers of ten).
    WholeMb,
    /// A whole number of KiB.
    WholeKib,
}

impl Reason {
    /// The reason in words.
    pub fn words(&self) -> String {
        match self {
            Self::Clients(names) => names.join("; "),
            Self::ClientsBelowThreshold(names) => format!("{}, when told to", names.join("; ")),
            Self::PowerOfTwo => "a power of two".into(),
            Self::WholeMib => "whole MiB".into(),
            Self::WholeMb => "whole MB".into(),
            Self::WholeKib => "whole KiB".into(),
        }
    }
}

/// A part size in the interval, and why it stands out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Bytes.
    pub part_size: u64,
    /// The strongest reason for it.
    pub reason: Reason,
    /// Whether S3 takes parts of this size before the last: 5 MiB to 5 GiB. Other servers may take more.
    pub within_limits: bool,
}

impl Candidate {
    /// The size as people say it: `8 MiB`, or bytes where that is not whole.
    pub fn size_words(&self) -> String {
        if self.part_size.is_multiple_of(MIB) {
            format!("{} MiB", grouped(self.part_size / MIB))
        } else {
            grouped(self.part_size)
        }
    }
}

/// What can be concluded. From size and count alone never that a part size is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The service stated it. Only evidence gives this.
    Proved,
    /// One candidate stands out; still a guess.
    UniquePlausible,
    /// Several do.
    Ambiguous,
    /// The interval holds no size anybody is known to use.
    NothingStandsOut,
    /// One part: any part size from the object's size up gives the same object.
    SinglePart,
    /// No uniform part size fits: the parts are not equal.
    Impossible,
}

/// The whole conclusion for one size and count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inference {
    /// Object size in bytes.
    pub object_size: u64,
    /// Number of parts.
    pub part_count: u32,
    /// Possible uniform part sizes.
    pub interval: Option<Interval>,
    /// How many sizes the interval holds; none for a single part, which has no upper end.
    pub counts: Option<Counts>,
    /// The sizes among them that S3 takes before the last part; other servers may take the rest too.
    pub within_limits: Option<Interval>,
    /// Ranked; at most [`MAX_CANDIDATES`].
    pub candidates: Vec<Candidate>,
    /// Whole-MiB and whole-MB sizes left out of `candidates`.
    pub more: u64,
    /// What it amounts to.
    pub verdict: Verdict,
    /// Sizes that stand out equally: 1 when unique, more when ambiguous, 0 when nothing does.
    pub left: u64,
}

/// Most candidates kept.
pub const MAX_CANDIDATES: usize = 24;

/// Infers from size and count alone.
pub fn infer(object_size: u64, part_count: u32) -> Inference {
    let interval = Interval::of(object_size, part_count);
    let counts = interval.and_then(Interval::counts);
    let within_limits = interval.filter(|_| part_count >= 2).and_then(Interval::within_limits);
    let candidates = interval.map(|i| rank::candidates(object_size, i)).unwrap_or_default();
    let (verdict, left) = match (interval, part_count) {
        (None, _) => (Verdict::Impossible, 0),
        (_, 1) => (Verdict::SinglePart, 1),
        _ => match rank::standing_out(&candidates, within_limits) {
            0 => (Verdict::NothingStandsOut, 0),
            1 => (Verdict::UniquePlausible, 1),
            n => (Verdict::Ambiguous, n),
        },
    };
    let more = counts.map_or(0, |c| c.mib_or_mb).saturating_sub(rank::listed_round(&candidates));
    Inference { object_size, part_count, interval, counts, within_limits, candidates, more, verdict, left }
}

impl Inference {
    /// The candidates that are more than a whole number of KiB.
    pub fn standing_out(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter().filter(|c| c.reason != Reason::WholeKib)
    }

    /// The verdict in words.
    pub fn verdict_words(&self) -> String {
        match self.verdict {
            Verdict::Proved => "proved".into(),
            Verdict::UniquePlausible => "unique and plausible, not proved".into(),
            Verdict::Ambiguous => format!("ambiguous: {} left", grouped(self.left)),
            Verdict::NothingStandsOut => "nothing in there is usual".into(),
            Verdict::SinglePart => {
                format!("one part: any part size from {} up gives this object", grouped(self.object_size))
            }
            Verdict::Impossible => "impossible with equal parts".into(),
        }
    }

    /// The arithmetic, line by line, with its numbers.
    pub fn arithmetic(&self) -> Vec<String> {
        let (size, n) = (grouped(self.object_size), u64::from(self.part_count));
        if self.part_count == 0 {
            return vec!["An object has at least one part.".into()];
        }
        if self.part_count == 1 {
            let low = grouped(self.object_size.max(1));
            return vec![format!(
                "One part: {size} ≤ 1·p, so any part size from {low} up gives this object."
            )];
        }
        let low = self.object_size.div_ceil(n);
        let high = self.object_size.div_ceil(n - 1);
        let ends = format!(
            "p ≥ ceil({size} / {n}) = {}; p ≤ ceil({size} / {}) - 1 = {}",
            grouped(low),
            n - 1,
            high.checked_sub(1).map_or_else(|| "-1".into(), grouped)
        );
        let mut out =
            vec![format!("If all parts but the last are equal: {}·p < {size} ≤ {n}·p", n - 1), ends];
        let Some(counts) = self.counts else {
            out.push("No p is both: the parts are certainly not equal.".into());
            return out;
        };
        out.push(format!(
            "{} byte values, {} of them whole KiB, {} whole MiB, {} whole MB",
            grouped(counts.bytes),
            grouped(counts.kib),
            grouped(counts.mib),
            grouped(counts.mb)
        ));
        out.extend(self.limits_words());
        out
    }

    /// What S3's limits leave of the interval; nothing when they leave all of it.
    fn limits_words(&self) -> Option<String> {
        if self.within_limits == self.interval {
            return None;
        }
        let limits = "S3 takes 5 242 880 to 5 368 709 120 bytes a part before the last";
        Some(match self.within_limits.and_then(|i| Some((i.low, i.high?, i.counts()?.bytes))) {
            Some((low, high, values)) => format!(
                "{limits}, which leaves {} to {} ({} values); other servers may take the rest",
                grouped(low),
                grouped(high),
                grouped(values)
            ),
            None => {
                format!("{limits}, which leaves none: only another server can have made this of equal parts")
            }
        })
    }
}

/// Whether S3 takes a part of this size that is not the last.
fn is_within_limits(part_size: u64) -> bool {
    (AWS.min_part_size..=AWS.max_part_size).contains(&part_size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::{GIB, TIB};

    fn sizes(size: u64, count: u32) -> Vec<u64> {
        infer(size, count).candidates.iter().map(|c| c.part_size).collect()
    }

    fn of_clients(size: u64, count: u32) -> Vec<u64> {
        let inference = infer(size, count);
        let clients = inference.candidates.iter().filter(|c| matches!(c.reason, Reason::Clients(_)));
        let mut found: Vec<u64> = clients.map(|c| c.part_size).collect();
        found.sort_unstable();
        found
    }

    /// The table of sizes, counts and the defaults inside.
    #[test]
    fn verdicts_by_size_and_count() {
        let console = 17_179_870;
        let m = |n: u64| n * MIB;
        for (size, count, defaults, verdict, left) in [
            (20_277_918_669, 2418, vec![m(8)], Verdict::UniquePlausible, 1),
            (104_857_600, 20, vec![m(5)], Verdict::UniquePlausible, 1),
            (104_857_600, 13, vec![m(8)], Verdict::UniquePlausible, 1),
            (104_857_600, 12, vec![], Verdict::Ambiguous, 2),
            (104_857_600, 7, vec![m(15), m(16), console], Verdict::Ambiguous, 3),
            (GIB, 128, vec![m(8)], Verdict::UniquePlausible, 1),
            (GIB, 2, vec![m(512)], Verdict::UniquePlausible, 1),
            (5 * GIB, 640, vec![m(8)], Verdict::UniquePlausible, 1),
            (10_485_761, 2, vec![m(8), m(10)], Verdict::Ambiguous, 2),
            (16_777_216, 2, vec![m(8), m(10), m(15)], Verdict::Ambiguous, 3),
            (20_971_520, 2, vec![m(10), m(15), m(16), console], Verdict::Ambiguous, 4),
            (17_325_568, 2, vec![m(10), m(15), m(16), console], Verdict::Ambiguous, 4),
            (20_971_520, 3, vec![m(8)], Verdict::UniquePlausible, 1),
            (26_214_400, 2, vec![m(15), m(16), console], Verdict::Ambiguous, 3),
            (26_214_400, 3, vec![m(10)], Verdict::UniquePlausible, 1),
            (10, 7, vec![], Verdict::Impossible, 0),
            (10, 1, vec![], Verdict::SinglePart, 1),
        ] {
            let found = infer(size, count);
            assert_eq!(of_clients(size, count), defaults, "{size} in {count}");
            assert_eq!((found.verdict, found.left), (verdict, left), "{size} in {count}: {found:?}");
        }
        assert_eq!(of_clients(16_777_217, 2), [m(10), m(15), m(16)], "not 8 MiB, which makes 3 parts");
        assert_eq!(sizes(104_857_600, 12)[..2], [m(9), 9_000_000]);
        assert!(sizes(20_971_520, 3).contains(&m(7)) && sizes(20_971_520, 3).contains(&m(9)));
    }

    #[test]
    fn at_ten_thousand_parts_only_growth_rules_are_left() {
        let found = infer(5 * TIB, 10_000);
        assert_eq!(found.counts.map(|c| (c.bytes, c.mib)), Some((54_981, 0)));
        assert_eq!(of_clients(5 * TIB, 10_000), [549_755_814, 549_810_794]);
        assert_eq!(found.interval.unwrap().high, Some(549_810_794));
    }

    #[test]
    fn the_threshold_of_a_client_weakens_its_default() {
        let found = infer(20 * MIB, 4);
        let Reason::Clients(names) = &found.candidates[0].reason else { panic!("{found:?}") };
        assert!(names.iter().any(|n| n.starts_with("Go v2 manager")), "{names:?}");
        assert!(!names.iter().any(|n| n == "rclone"), "rclone begins at 200 MiB: {names:?}");
        let below = infer(4 * 4_999_610_368 / 5, 1);
        assert_eq!(below.candidates, [], "one part says nothing");
    }

    #[test]
    fn the_arithmetic_shows_its_numbers() {
        assert_eq!(
            infer(20_447_232, 3).arithmetic(),
            [
                "If all parts but the last are equal: 2·p < 20 447 232 ≤ 3·p",
                "p ≥ ceil(20 447 232 / 3) = 6 815 744; p ≤ ceil(20 447 232 / 2) - 1 = 10 223 615",
                "3 407 872 byte values, 3 328 of them whole KiB, 3 whole MiB, 4 whole MB",
            ]
        );
        let small = infer(10, 3).arithmetic();
        assert!(small[3].contains("leaves none: only another server"), "{small:?}");
        assert!(
            infer(9 * MIB, 2).arithmetic()[3].contains("leaves 5 242 880 to 9 437 183 (4 194 304 values)")
        );
        assert_eq!(infer(10, 7).arithmetic()[2], "No p is both: the parts are certainly not equal.");
        assert!(infer(10, 1).arithmetic()[0].contains("any part size from 10 up"));
    }

    #[test]
    fn sizes_that_s3_would_refuse_are_named_as_such_and_not_hidden() {
        let found = infer(2 * MIB + 1, 3);
        assert_eq!((found.candidates[0].part_size, found.candidates[0].within_limits), (MIB, false));
        assert!(infer(20 * MIB, 3).candidates.iter().all(|c| c.within_limits));
    }

    #[test]
    fn a_wide_interval_costs_no_more_than_a_narrow_one() {
        let found = infer(u64::MAX, 2);
        assert_eq!(found.candidates.len(), MAX_CANDIDATES);
        assert!(found.more > 1_000_000_000_000);
    }
}
