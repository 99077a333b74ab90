//! How a part stands, in words.

use super::{Proof, Rescue, Standing, Why};
use crate::domain::units::grouped;

impl Standing {
    /// In one word or two, for tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Same { .. } => "same",
            Self::SizeOnly => "not compared",
            Self::Different { .. } => "different",
            Self::Missing => "missing",
            Self::Extra => "extra",
        }
    }

    /// The grounds.
    pub fn words(&self) -> String {
        match self {
            Self::Same { proof: Proof::Md5 } => "the ETag is the MD5 of these bytes".into(),
            Self::Same { proof: Proof::Checksum(algorithm) } => format!("the same {algorithm}"),
            Self::SizeOnly => "the same size and place; nothing compares the bytes".into(),
            Self::Different { why: Why::Size { held, wanted } } => {
                format!("{} bytes are held where {} should be", grouped(*held), grouped(*wanted))
            }
            Self::Different { why: Why::Md5 } => "other bytes: the ETag is not their MD5".into(),
            Self::Different { why: Why::Checksum(algorithm) } => format!("other bytes: another {algorithm}"),
            Self::Missing => "the upload does not hold it".into(),
            Self::Extra => "the source has no such part".into(),
        }
    }
}

impl Rescue {
    /// The counts that are not zero: `2 same, 1 missing`.
    pub fn short(&self) -> String {
        let names = ["same", "not compared", "different", "missing", "extra"];
        let count = |name: &&str| {
            let n = self.parts.iter().filter(|p| p.standing.name() == *name).count();
            (n > 0).then(|| format!("{} {name}", grouped(u64::try_from(n).unwrap_or(u64::MAX))))
        };
        let words: Vec<String> = names.iter().filter_map(count).collect();
        if words.is_empty() { "no part on either side".into() } else { words.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rescue::Compared;
    use crate::domain::units::PartNumber;

    #[test]
    fn what_there_is_none_of_is_left_out() {
        let part = |n, standing| Compared { part_number: PartNumber(n), standing };
        let same = || Standing::Same { proof: Proof::Md5 };
        let rescue = Rescue { parts: vec![part(1, same()), part(2, same()), part(3, Standing::Extra)] };
        assert_eq!(rescue.short(), "2 same, 1 extra");
        assert_eq!(Rescue::default().short(), "no part on either side");
    }
}
