//! What each known client would have done with an object of a given size.

use super::clients::{ClientRule, Growth, Threshold, Use, clients};
use crate::domain::etag::ETag;
use crate::domain::layout::PartLayout;
use crate::domain::units::{GIB, KIB, MIB, grouped};
use serde::Serialize;

/// How a client with its defaults would write an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Way {
    /// In one piece: the object is below its threshold.
    OnePiece,
    /// In parts.
    Parts {
        /// Size of part 1 in bytes.
        part_size: u64,
        /// Whether all parts but the last have it.
        uniform: bool,
        /// Number of parts.
        part_count: u32,
        /// Size of the last part in bytes.
        last_part: u64,
        /// Whether it is known that this size is above its threshold.
        multipart_certain: bool,
    },
    /// It cannot: so many parts of this size are more than 10 000.
    TooManyParts {
        /// The size it would cut.
        part_size: u64,
        /// The parts that would make.
        part_count: u64,
    },
    /// Nothing is known of its sizes here.
    NotKnown,
}

/// In how many pieces an object was written, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pieces {
    /// By PutObject or CopyObject.
    One,
    /// By CompleteMultipartUpload, of so many parts.
    Parts(u32),
    /// No count, and an ETag that does not tell; or a count that the ETag contradicts.
    NotKnown,
}

/// One client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientRow {
    /// Its name.
    pub name: String,
    /// Upload or copy.
    #[serde(rename = "use")]
    pub usage: Use,
    /// When it uses multipart at all.
    pub threshold: Option<Threshold>,
    /// What it would do.
    pub way: Way,
    /// The ETag the object would have; filled in by who has the bytes.
    pub etag: Option<ETag>,
    /// Where the figures are not the whole truth.
    pub note: Option<String>,
    /// Where the rule was read.
    pub source: String,
    /// When it was read.
    pub read: String,
}

impl ClientRow {
    /// Whether an object of these pieces agrees with it, and with this part size where one is known; nothing agrees
    /// with what is not known.
    pub fn agrees(&self, pieces: Pieces, known: Option<u64>) -> bool {
        match (self.way, pieces) {
            (Way::OnePiece, Pieces::One) => true,
            // With one part nobody can tell what the part size was.
            (Way::Parts { part_count: 1, .. }, Pieces::Parts(1)) => true,
            (Way::Parts { part_count, part_size, uniform, .. }, Pieces::Parts(n)) => {
                n == part_count && known.is_none_or(|p| !uniform || p == part_size)
            }
            _ => false,
        }
    }
}

/// A row's figures as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCells {
    /// From which size multipart is used.
    pub threshold: String,
    /// Bytes of a part.
    pub part_size: String,
    /// Number of parts.
    pub parts: String,
    /// Bytes of the last part.
    pub last: String,
}

impl ClientRow {
    /// The figures in words and groups of three.
    pub fn cells(&self) -> ClientCells {
        let threshold = match self.threshold {
            Some(Threshold::From(0)) => "always".into(),
            Some(Threshold::From(t)) => format!("≥ {}", exact_size(t)),
            Some(Threshold::Above(t)) => format!("> {}", exact_size(t)),
            Some(Threshold::Near(t)) => format!("about {}", exact_size(t)),
            None => "not known".into(),
        };
        let cells = |part_size: String, parts: String, last: String| ClientCells {
            threshold,
            part_size,
            parts,
            last,
        };
        match self.way {
            Way::OnePiece => cells("one piece".into(), "-".into(), String::new()),
            Way::Parts { part_size, uniform, part_count, last_part, .. } => {
                let first =
                    if uniform { grouped(part_size) } else { format!("first {}", grouped(part_size)) };
                cells(first, part_count.to_string(), grouped(last_part))
            }
            Way::TooManyParts { part_size, .. } => cells(grouped(part_size), "refused".into(), String::new()),
            Way::NotKnown => cells("not known".into(), "?".into(), String::new()),
        }
    }
}

/// A size that is not rounded: in the largest unit that divides it.
fn exact_size(bytes: u64) -> String {
    for (name, unit) in [("GiB", GIB), ("MiB", MIB), ("MB", 1_000_000), ("KiB", KIB)] {
        if bytes >= unit && bytes.is_multiple_of(unit) {
            return format!("{} {name}", grouped(bytes / unit));
        }
    }
    grouped(bytes)
}

/// Every client's way with an object of `object_size` bytes, in the order of the file.
pub fn clients_table(object_size: u64) -> Vec<ClientRow> {
    clients().iter().map(|rule| row(rule, object_size)).collect()
}

fn row(rule: &ClientRule, object_size: u64) -> ClientRow {
    ClientRow {
        name: rule.name.clone(),
        usage: rule.usage,
        threshold: rule.threshold,
        way: way(rule, object_size),
        etag: None,
        note: rule.note.clone(),
        source: rule.source.clone(),
        read: rule.read.clone(),
    }
}

fn way(rule: &ClientRule, object_size: u64) -> Way {
    let multipart = rule.uses_multipart(object_size);
    if multipart == Some(false) {
        return Way::OnePiece;
    }
    if let Some(layout) = rule.layout_for(object_size) {
        return parts(&layout, rule.is_uniform(), multipart == Some(true)).unwrap_or(Way::NotKnown);
    }
    match rule.chosen_part_size(object_size) {
        Some(part_size) if rule.growth != Growth::Unknown => {
            Way::TooManyParts { part_size, part_count: object_size.div_ceil(part_size) }
        }
        _ => Way::NotKnown,
    }
}

fn parts(layout: &PartLayout, uniform: bool, multipart_certain: bool) -> Option<Way> {
    let count = layout.count();
    Some(Way::Parts {
        // One part is as large as the object, whatever the rule's part size.
        part_size: layout.uniform_size().filter(|_| uniform).or_else(|| layout.size_of(0))?,
        uniform,
        part_count: u32::try_from(count).ok()?,
        last_part: layout.size_of(count - 1)?,
        multipart_certain,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, size: u64) -> Way {
        clients_table(size).into_iter().find(|r| r.name.starts_with(name)).unwrap().way
    }

    #[test]
    fn each_client_says_what_it_would_do() {
        let parts = |part_size, part_count, last_part| Way::Parts {
            part_size,
            uniform: true,
            part_count,
            last_part,
            multipart_certain: true,
        };
        assert_eq!(of("boto3, s3transfer, aws-cli v1", 20_277_918_669), parts(8 * MIB, 2418, 2_653_133));
        assert_eq!(of("boto3, s3transfer, aws-cli v1", 8 * MIB), parts(8 * MIB, 1, 8 * MIB));
        assert_eq!(of("AWS CRT: ", 8 * MIB), Way::OnePiece);
        assert_eq!(of("rclone", 100 * MIB), Way::OnePiece);
        assert_eq!(of("smart_open", 100 * MIB), Way::NotKnown);
        assert_eq!(of("AWS console", 1 << 40), Way::NotKnown);
        assert_eq!(
            of("s3cmd", 157_286_400_001),
            Way::TooManyParts { part_size: 15 * MIB, part_count: 10_001 }
        );
        assert_eq!(
            of("PHP", 6 * MIB),
            Way::Parts {
                part_size: 5 * MIB,
                uniform: true,
                part_count: 2,
                last_part: MIB,
                multipart_certain: false
            }
        );
    }

    #[test]
    fn thresholds_are_written_without_rounding() {
        for (bytes, words) in [
            (16_000_000, "16 MB"),
            (16_777_216, "16 MiB"),
            (4_999_610_368, "4 768 MiB"),
            (5_368_709_120, "5 GiB"),
            (2_147_483_647, "2 147 483 647"),
            (25_600, "25 KiB"),
        ] {
            assert_eq!(exact_size(bytes), words);
        }
    }

    #[test]
    fn rows_agree_with_a_count() {
        let table = clients_table(20_971_520);
        let agreeing = |pieces| {
            table.iter().filter(|r| r.agrees(pieces, None)).map(|r| r.name.as_str()).collect::<Vec<_>>()
        };
        assert!(agreeing(Pieces::Parts(3)).contains(&"Rust transfer manager"));
        assert!(
            agreeing(Pieces::Parts(2)).contains(&"s3cmd") && !agreeing(Pieces::Parts(2)).contains(&"rclone")
        );
        assert!(agreeing(Pieces::One).contains(&"rclone") && agreeing(Pieces::NotKnown).is_empty());
        let s3cmd = table.iter().find(|r| r.name == "s3cmd").unwrap();
        assert!(
            s3cmd.agrees(Pieces::Parts(2), Some(15 * MIB)) && !s3cmd.agrees(Pieces::Parts(2), Some(16 * MIB))
        );
    }
}
