//! How well-known clients choose part sizes: the rules of `assets/clients.toml`, and what each makes of a size.
//!
//! The file is data: a client whose figures change is corrected there. A rule that was not read beyond a point
//! names nothing beyond it.

use crate::domain::layout::PartLayout;
use crate::domain::limits::AWS;
use serde::{Deserialize, Serialize};

/// What a client cuts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// Bytes it sends.
    Upload,
    /// Bytes that S3 copies (UploadPartCopy).
    Copy,
}

impl Use {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Copy => "copy",
        }
    }
}

/// From which object size a client uses multipart by default, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// From this size on.
    From(u64),
    /// For sizes above this one only.
    Above(u64),
    /// Around this size; whether exactly this size is multipart was not read.
    Near(u64),
}

/// Which side is taken when a size does not divide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Up.
    Ceil,
    /// Down.
    Floor,
}

/// A run of equal parts in a layout that grows by part number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Step {
    /// Last part number of the run; none for the last run.
    pub up_to: Option<u64>,
    /// Bytes of each of its parts.
    pub part_size: u64,
}

/// How a client's part size depends on the object's size or on the part's number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Growth {
    /// It does not.
    None,
    /// Not read.
    Unknown,
    /// Doubled until at most 10 000 parts remain.
    Double,
    /// `max(part size, ceil(size / parts))`.
    Ceil {
        /// Parts aimed at.
        parts: u64,
    },
    /// `max(part size, floor(size / parts))`.
    Floor {
        /// Parts aimed at.
        parts: u64,
    },
    /// `floor(size / parts) + 1` once the default would reach that many parts.
    FloorPlus {
        /// Parts aimed at.
        parts: u64,
    },
    /// The next multiple of a unit.
    Multiple {
        /// Bytes.
        unit: u64,
        /// Parts aimed at.
        parts: u64,
        /// How `size / parts` is rounded before.
        of: Rounding,
    },
    /// Runs of equal parts.
    ByNumber {
        /// The runs in order.
        steps: Vec<Step>,
    },
    /// The part size is multiplied again and again.
    Multiply {
        /// Bytes of part 1.
        first: u64,
        /// After so many parts.
        every: u64,
        /// By this.
        factor: u64,
        /// Up to so many bytes.
        max: u64,
    },
    /// Sizes that differ by one byte at most, the larger first.
    EvenSplit {
        /// Largest part.
        max_part_size: u64,
    },
    /// The boundaries of the source.
    SourceParts,
    /// Whatever the writer's buffer held.
    Irregular,
}

/// One client's rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientRule {
    /// Clients that follow it.
    pub name: String,
    /// What it cuts for.
    #[serde(rename = "use")]
    pub usage: Use,
    /// Part size in bytes before growth; none where the rule has no single one.
    pub part_size: Option<u64>,
    /// When multipart is used at all.
    pub threshold: Option<Threshold>,
    /// Growth rule.
    pub growth: Growth,
    /// Where it was read.
    pub source: String,
    /// When it was read.
    pub read: String,
    /// Where the figures are not the whole truth.
    pub note: Option<String>,
}

impl ClientRule {
    /// Whether a client with its defaults uses multipart for an object of this size; `None` when not known.
    pub fn uses_multipart(&self, object_size: u64) -> Option<bool> {
        match self.threshold? {
            Threshold::From(t) => Some(object_size >= t),
            Threshold::Above(t) => Some(object_size > t),
            Threshold::Near(t) if object_size == t => None,
            Threshold::Near(t) => Some(object_size > t),
        }
    }

    /// The part size the rule arrives at, even if S3 would refuse so many parts; `None` for rules without one
    /// part size, and where growth was not read.
    pub fn chosen_part_size(&self, object_size: u64) -> Option<u64> {
        let default = self.part_size.filter(|p| *p > 0)?;
        let fits = |p: u64| object_size.div_ceil(p) <= AWS.max_parts;
        let grown = match &self.growth {
            Growth::None => default,
            Growth::Unknown => fits(default).then_some(default)?,
            Growth::Double => {
                let mut p = default;
                while !fits(p) {
                    p = p.checked_mul(2)?;
                }
                p
            }
            Growth::Ceil { parts } => default.max(object_size.div_ceil((*parts).max(1))),
            Growth::Floor { parts } => default.max(object_size.checked_div(*parts)?),
            Growth::FloorPlus { parts } if object_size / default >= *parts => {
                object_size.checked_div(*parts)? + 1
            }
            Growth::FloorPlus { .. } => default,
            Growth::Multiple { unit, parts, of } => {
                let share = match of {
                    Rounding::Ceil => object_size.div_ceil((*parts).max(1)),
                    Rounding::Floor => object_size.checked_div(*parts)?,
                };
                default.max(share.checked_next_multiple_of(*unit)?)
            }
            Growth::ByNumber { .. }
            | Growth::Multiply { .. }
            | Growth::EvenSplit { .. }
            | Growth::SourceParts
            | Growth::Irregular => return None,
        };
        Some(grown.min(AWS.max_part_size))
    }

    /// The part size this client would use; `None` when the rule has no single one, when it was not read for
    /// this size, or when S3 would refuse so many parts.
    pub fn part_size_for(&self, object_size: u64) -> Option<u64> {
        self.chosen_part_size(object_size).filter(|p| object_size.div_ceil(*p) <= AWS.max_parts)
    }

    /// The whole layout this client would make; `None` as for [`Self::part_size_for`].
    pub fn layout_for(&self, object_size: u64) -> Option<PartLayout> {
        match &self.growth {
            Growth::ByNumber { steps } => explicit(object_size, |n| {
                steps.iter().find(|s| s.up_to.is_none_or(|u| n <= u)).map(|s| s.part_size)
            }),
            Growth::Multiply { first, every, factor, max } => {
                let base = self.part_size?;
                explicit(object_size, |n| Some(multiplied(n, *first, base, (*every, *factor, *max))))
            }
            Growth::EvenSplit { max_part_size } => even_split(object_size, *max_part_size),
            _ => PartLayout::uniform(object_size, self.part_size_for(object_size)?).ok(),
        }
    }

    /// Whether the rule makes all parts but the last equal.
    pub fn is_uniform(&self) -> bool {
        !matches!(
            self.growth,
            Growth::ByNumber { .. }
                | Growth::Multiply { .. }
                | Growth::EvenSplit { .. }
                | Growth::SourceParts
                | Growth::Irregular
        )
    }

    /// Whether it says nothing of sizes.
    pub fn names_nothing(&self) -> bool {
        matches!(self.growth, Growth::SourceParts | Growth::Irregular)
            || (self.part_size.is_none() && self.is_uniform())
    }
}

/// Bytes of part `n` where the size is multiplied every so many parts.
fn multiplied(n: u64, first: u64, base: u64, (every, factor, max): (u64, u64, u64)) -> u64 {
    if n <= 1 {
        return first;
    }
    let times = u32::try_from((n - 1) / every.max(1)).unwrap_or(u32::MAX);
    factor.checked_pow(times).and_then(|f| base.checked_mul(f)).unwrap_or(max).min(max)
}

/// Parts of the size that each number is given, until the object is used up.
fn explicit(object_size: u64, size_of: impl Fn(u64) -> Option<u64>) -> Option<PartLayout> {
    let mut left = object_size;
    let mut sizes = Vec::new();
    for n in 1..=AWS.max_parts {
        let size = size_of(n).filter(|s| *s > 0)?.min(left);
        sizes.push(size);
        left -= size;
        if left == 0 {
            return PartLayout::explicit(sizes).ok();
        }
    }
    None
}

fn even_split(object_size: u64, max_part_size: u64) -> Option<PartLayout> {
    let count = object_size.div_ceil(max_part_size.max(1)).max(1);
    if count > AWS.max_parts {
        return None;
    }
    let (each, larger) = (object_size / count, object_size % count);
    PartLayout::explicit((0..count).map(|i| each + u64::from(i < larger)).collect::<Vec<_>>()).ok()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientFile {
    client: Vec<ClientRule>,
}

/// Every client rule, in the order of the file. Parsed once.
pub fn clients() -> &'static [ClientRule] {
    static CLIENTS: std::sync::OnceLock<Vec<ClientRule>> = std::sync::OnceLock::new();
    // The file is part of the program; a test reads it, so a mistake in it cannot ship.
    CLIENTS.get_or_init(|| {
        toml::from_str::<ClientFile>(include_str!("../../../assets/clients.toml"))
            .map(|f| f.client)
            .unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::{GIB, MIB, TIB};

    fn rule(name: &str) -> &'static ClientRule {
        clients().iter().find(|c| c.name.starts_with(name)).unwrap_or_else(|| panic!("no rule {name}"))
    }

    #[test]
    fn the_client_file_is_read_and_every_rule_says_where_from() {
        let file: ClientFile = toml::from_str(include_str!("../../../assets/clients.toml")).unwrap();
        assert_eq!(file.client.len(), clients().len());
        assert!(clients().len() >= 40);
        for c in clients() {
            assert!(!c.source.is_empty() && c.read.starts_with("20"), "{}", c.name);
            assert_eq!(clients().iter().filter(|o| o.name == c.name).count(), 1, "{}", c.name);
        }
    }

    /// The recognition table of part sizes and counts by size and rule.
    #[test]
    fn the_recognition_table_of_part_sizes_and_counts() {
        let rows: [(u64, [(u64, u64); 7]); 5] = [
            (
                50 * GIB,
                [
                    (8388608, 6400),
                    (8388608, 6400),
                    (5368710, 10000),
                    (5368710, 10000),
                    (6291456, 8534),
                    (16777216, 3200),
                    (10485760, 5120),
                ],
            ),
            (
                80 * GIB,
                [
                    (16777216, 5120),
                    (8589935, 10000),
                    (8589935, 10000),
                    (8589935, 10000),
                    (9437184, 9103),
                    (16777216, 5120),
                    (10485760, 8192),
                ],
            ),
            (
                100 * GIB,
                [
                    (16777216, 6400),
                    (10737419, 10000),
                    (10737419, 10000),
                    (10737419, 10000),
                    (11534336, 9310),
                    (16777216, 6400),
                    (10738492, 10000),
                ],
            ),
            (
                TIB,
                [
                    (134217728, 8192),
                    (109951163, 10000),
                    (109951163, 10000),
                    (109951163, 10000),
                    (110100480, 9987),
                    (117440512, 9363),
                    (109962158, 10000),
                ],
            ),
            (
                5 * TIB,
                [
                    (1073741824, 5120),
                    (549755814, 10000),
                    (549755814, 10000),
                    (549755814, 10000),
                    (550502400, 9987),
                    (553648128, 9930),
                    (549810794, 10000),
                ],
            ),
        ];
        let columns: [&[&str]; 7] = [
            &["boto3, s3transfer, aws-cli v1"],
            &["AWS CRT: ", "Java v2", "Rust transfer"],
            &["Java v1 TransferManager", ".NET", "PHP", "Ruby upload_file", "JS v3 lib-storage"],
            &["Go v2 manager"],
            &["rclone"],
            &["minio-go, mc"],
            &["Cyberduck"],
        ];
        for (size, wanted) in rows {
            for (names, want) in columns.iter().zip(wanted) {
                for name in *names {
                    let p = rule(name).part_size_for(size).unwrap();
                    assert_eq!((p, size.div_ceil(p)), want, "{name} {size}");
                }
            }
        }
    }

    #[test]
    fn growth_vectors() {
        let doubling = rule("boto3, s3transfer, aws-cli v1");
        assert_eq!(doubling.part_size_for(83_886_080_000), Some(8 * MIB));
        assert_eq!(doubling.part_size_for(83_886_080_001), Some(16 * MIB));
        assert_eq!(83_886_080_001_u64.div_ceil(16 * MIB), 5001);
        assert_eq!(doubling.part_size_for(53_687_091_200_000), Some(5 * GIB));
        assert_eq!(rule("PHP").part_size_for(100 * GIB), Some(10_737_419));
        let old = rule("JS v3 lib-storage, older");
        assert_eq!((old.chosen_part_size(100 * GIB), old.part_size_for(100 * GIB)), (Some(10_737_418), None));
        assert_eq!((100 * GIB).div_ceil(10_737_418), 10_001);
        assert_eq!(old.part_size_for(100_000_000_000), Some(10_000_000));
        assert_eq!(rule("Go v2 manager").part_size_for(52_428_800_000), Some(5_242_881));
        assert_eq!(rule("s3cmd").part_size_for(5 * TIB), None);
        assert_eq!(
            rule("AWS console").part_size_for(5 * TIB),
            None,
            "growth that was not read names nothing"
        );
        assert_eq!(rule("rclone").part_size_for(52_428_800_000), Some(5 * MIB));
        assert_eq!(rule("rclone").part_size_for(52_428_800_001), Some(6 * MIB));
        assert_eq!(rule("DuckDB").part_size, Some(306 * 262_136));
    }

    #[test]
    fn thresholds_are_exact_where_they_were_read() {
        for (name, size, want) in [
            ("boto3, s3transfer, aws-cli v1", 8 * MIB, Some(true)),
            ("AWS CRT: ", 8 * MIB, Some(false)),
            ("AWS CRT: ", 8 * MIB + 1, Some(true)),
            ("Mountpoint", 0, Some(true)),
            ("Java v2", 8 * MIB, None),
            ("Java v2", 8 * MIB + 1, Some(true)),
            ("PHP", GIB, None),
            ("rclone", 200 * MIB - 1, Some(false)),
        ] {
            assert_eq!(rule(name).uses_multipart(size), want, "{name} {size}");
        }
    }

    #[test]
    fn layouts_that_grow_by_part_number_and_even_splits() {
        let sizes = |name: &str, size: u64| -> Vec<u64> {
            rule(name).layout_for(size).unwrap().parts().map(|p| p.size).collect()
        };
        let goofys = sizes("goofys", 500 * 5 * MIB + 26 * MIB);
        assert_eq!((goofys.len(), goofys[499], goofys[500], goofys[501]), (502, 5 * MIB, 25 * MIB, MIB));
        let click = sizes("ClickHouse", 32 * MIB + 499 * 16 * MIB + 33 * MIB);
        assert_eq!((click.len(), click[0], click[1], click[499]), (502, 32 * MIB, 16 * MIB, 16 * MIB));
        assert_eq!((click[500], click[501]), (32 * MIB, MIB));
        assert_eq!(sizes("minio-go Compose", 5 * GIB + 2), [5 * GIB / 2 + 1, 5 * GIB / 2 + 1]);
        assert_eq!(sizes("minio-go Compose", 5 * GIB + 1), [5 * GIB / 2 + 1, 5 * GIB / 2]);
        assert!(rule("smart_open").names_nothing() && rule("duplicity").names_nothing());
        assert!(rule("smart_open").layout_for(GIB).is_none());
    }

    #[test]
    fn no_size_makes_a_rule_fail() {
        for size in [0, 1, MIB, 53_687_091_200_000, u64::MAX] {
            for c in clients() {
                let count = c.layout_for(size).map_or(1, |l| l.count());
                assert!((1..=10_000).contains(&count), "{} {size} {count}", c.name);
            }
        }
    }
}
