//! What part sizes an object can have: the interval that size and part count leave, and which of its values
//! are habits of known clients.
//!
//! With `N ≥ 2` uniform parts of `P` bytes, `(N−1)·P < S ≤ N·P`, so `ceil(S/N) ≤ P ≤ ceil(S/(N−1)) − 1`.
//! Size and count alone never prove a part size; see [`super::evidence`] for what the service can add.

use super::units::MIB;
use serde::{Deserialize, Serialize};

/// A closed interval of part sizes in bytes; no upper end for a single part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Interval {
    /// Smallest possible part size.
    pub low: u64,
    /// Largest possible part size; `None` when any size from `low` up gives the same object.
    pub high: Option<u64>,
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
}

/// Why a part size is worth naming.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// These clients would choose it for an object of this size.
    Clients(Vec<String>),
    /// A whole number of MiB.
    WholeMib,
    /// A whole number of MB (powers of ten).
    WholeMb,
}

/// A part size in the interval, and why it stands out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Bytes.
    pub part_size: u64,
    /// The strongest reason for it.
    pub reason: Reason,
}

/// What can be concluded from size and count alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// One candidate stands out; still a guess.
    UniquePlausible,
    /// Several do.
    Ambiguous,
    /// The interval holds no size anybody is known to use.
    NothingStandsOut,
    /// One part: any part size from the object's size up gives the same object.
    SinglePart,
    /// No uniform part size fits: the parts are not equal.
    NotUniform,
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
    /// Ranked: client defaults first, then whole MiB, then whole MB. At most [`MAX_CANDIDATES`].
    pub candidates: Vec<Candidate>,
    /// Whole-MiB and whole-MB sizes left out of `candidates`.
    pub more: u64,
    /// What it amounts to.
    pub verdict: Verdict,
}

/// Most candidates kept.
pub const MAX_CANDIDATES: usize = 24;

/// Infers from size and count alone.
pub fn infer(object_size: u64, part_count: u32) -> Inference {
    let interval = Interval::of(object_size, part_count);
    let mut candidates = Vec::new();
    let mut more = 0;
    if let Some(i) = interval {
        candidates = client_candidates(object_size, i);
        if let Some(high) = i.high {
            for (unit, reason) in [(MIB, Reason::WholeMib), (1_000_000, Reason::WholeMb)] {
                // S3 takes no smaller part before the last, and no larger one at all.
                let limits = &super::limits::AWS;
                let (low, high) = (i.low.max(limits.min_part_size), high.min(limits.max_part_size));
                more += push_multiples(&mut candidates, low, high, unit, &reason);
            }
        }
    }
    let clients = candidates.iter().filter(|c| matches!(c.reason, Reason::Clients(_))).count();
    let verdict = match (interval, part_count) {
        (None, _) => Verdict::NotUniform,
        (_, 1) => Verdict::SinglePart,
        _ if clients == 1 => Verdict::UniquePlausible,
        _ if clients == 0 && candidates.len() == 1 => Verdict::UniquePlausible,
        _ if candidates.is_empty() => Verdict::NothingStandsOut,
        _ => Verdict::Ambiguous,
    };
    Inference { object_size, part_count, interval, candidates, more, verdict }
}

fn client_candidates(object_size: u64, interval: Interval) -> Vec<Candidate> {
    let mut found: Vec<(u64, Vec<String>)> = Vec::new();
    for client in clients() {
        let Some(part_size) = client.part_size_for(object_size) else { continue };
        if interval.high.is_none() || !interval.contains(part_size) {
            continue;
        }
        match found.iter_mut().find(|(p, _)| *p == part_size) {
            Some((_, names)) => names.push(client.name.clone()),
            None => found.push((part_size, vec![client.name.clone()])),
        }
    }
    found
        .into_iter()
        .map(|(part_size, names)| Candidate { part_size, reason: Reason::Clients(names) })
        .collect()
}

fn push_multiples(into: &mut Vec<Candidate>, low: u64, high: u64, unit: u64, reason: &Reason) -> u64 {
    let (first, last) = (low.div_ceil(unit), high / unit);
    let mut left_out = 0;
    for k in first..=last {
        if into.len() >= MAX_CANDIDATES {
            left_out += last - k + 1;
            break;
        }
        let part_size = k * unit;
        if !into.iter().any(|c| c.part_size == part_size) {
            into.push(Candidate { part_size, reason: reason.clone() });
        }
    }
    left_out
}

/// How a client's part size grows when its default would make too many parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Growth {
    /// It does not.
    None,
    /// Doubled until at most 10 000 parts remain.
    Double,
    /// `max(default, ceil(size / 10000))`.
    Ceil,
    /// `floor(size / 10000) + 1` once the default would reach 10 000 parts.
    FloorPlus,
    /// The smallest whole MiB that gives at most 10 000 parts.
    WholeMib,
    /// The next multiple of 16 MiB.
    #[serde(rename = "whole_16mib")]
    Whole16Mib,
}

/// One client's rule, from `assets/clients.toml`.
#[derive(Debug, Clone, Deserialize)]
pub struct ClientRule {
    /// Clients that follow it.
    pub name: String,
    /// Default part size in bytes.
    pub part_size: u64,
    /// Growth rule.
    pub growth: Growth,
    /// Where it was read.
    pub source: String,
    /// When it was read.
    pub read: String,
}

impl ClientRule {
    /// The part size this client would use; `None` when the object cannot be written with the rule.
    pub fn part_size_for(&self, object_size: u64) -> Option<u64> {
        const MAX_PARTS: u64 = 10_000;
        let fits = |p: u64| object_size.div_ceil(p) <= MAX_PARTS;
        let grown = match self.growth {
            Growth::None => self.part_size,
            Growth::Double => {
                let mut p = self.part_size;
                while !fits(p) {
                    p = p.checked_mul(2)?;
                }
                p
            }
            Growth::Ceil => self.part_size.max(object_size.div_ceil(MAX_PARTS)),
            Growth::FloorPlus if object_size / self.part_size >= MAX_PARTS => object_size / MAX_PARTS + 1,
            Growth::FloorPlus => self.part_size,
            Growth::WholeMib if !fits(self.part_size) => object_size.div_ceil(MAX_PARTS).div_ceil(MIB) * MIB,
            Growth::WholeMib => self.part_size,
            Growth::Whole16Mib => {
                let unit = 16 * MIB;
                (object_size / MAX_PARTS).div_ceil(unit).max(1) * unit
            }
        };
        let p = grown.min(super::limits::AWS.max_part_size);
        fits(p).then_some(p)
    }
}

#[derive(Deserialize)]
struct ClientFile {
    client: Vec<ClientRule>,
}

/// Every client rule, in the order of the file. Parsed once.
pub fn clients() -> &'static [ClientRule] {
    static CLIENTS: std::sync::OnceLock<Vec<ClientRule>> = std::sync::OnceLock::new();
    // The file is part of the program; the test below reads it, so a mistake in it cannot ship.
    CLIENTS.get_or_init(|| {
        toml::from_str::<ClientFile>(include_str!("../../assets/clients.toml"))
            .map(|f| f.client)
            .unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_client_file_is_read() {
        let file: ClientFile = toml::from_str(include_str!("../../assets/clients.toml")).unwrap();
        assert_eq!(file.client.len(), clients().len());
        assert!(clients().len() >= 15);
    }

    #[test]
    fn intervals() {
        for (size, count, low, high) in [
            (20_277_918_669, 2418, 8_386_237, 8_389_705),
            (104_857_600, 20, 5_242_880, 5_518_821),
            (104_857_600, 13, 8_065_970, 8_738_133),
            (10_485_761, 2, 5_242_881, 10_485_760),
            (16_777_216, 2, 8_388_608, 16_777_215),
            (5_497_558_138_880, 10_000, 549_755_814, 549_810_794),
        ] {
            assert_eq!(Interval::of(size, count), Some(Interval { low, high: Some(high) }), "{size} {count}");
        }
        assert_eq!(Interval::of(10, 7), None);
        assert_eq!(Interval::of(10, 1), Some(Interval { low: 10, high: None }));
        assert_eq!(Interval::of(20_277_918_669, 2418).and_then(Interval::values), Some(3469));
    }

    #[test]
    fn verdicts() {
        let sizes = |s, n| infer(s, n).candidates.iter().map(|c| c.part_size).collect::<Vec<_>>();
        assert_eq!(infer(20_277_918_669, 2418).verdict, Verdict::UniquePlausible);
        assert_eq!(sizes(20_277_918_669, 2418), [8 * MIB]);
        assert_eq!(infer(104_857_600, 7).verdict, Verdict::Ambiguous);
        assert_eq!(infer(10, 7).verdict, Verdict::NotUniform);
        assert_eq!(infer(10, 1).verdict, Verdict::SinglePart);
        assert_eq!(sizes(104_857_600, 12)[0], 9 * MIB);
    }

    #[test]
    fn growth_rules() {
        let rule =
            |name: &str, size| clients().iter().find(|c| c.name.contains(name)).unwrap().part_size_for(size);
        assert_eq!(rule("boto3", 83_886_080_000), Some(8 * MIB));
        assert_eq!(rule("boto3", 83_886_080_001), Some(16 * MIB));
        assert_eq!(rule("boto3", 53_687_091_200_000), Some(5_368_709_120));
        assert_eq!(rule("PHP", 107_374_182_400), Some(10_737_419));
        assert_eq!(rule("Go v2", 52_428_800_000), Some(5_242_881));
        assert_eq!(rule("rclone", 53_687_091_200), Some(6_291_456));
        assert_eq!(rule("minio-go", 5_497_558_138_880), Some(553_648_128));
        assert_eq!(rule("s3cmd", 5_497_558_138_880), None);
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
    }
}
