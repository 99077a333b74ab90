//! How a part stands, in words.

use super::{Proof, Standing, Why};
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
