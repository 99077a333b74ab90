//! The part size an upload was cut with, as far as the parts it holds tell.

use crate::domain::output::ListedPart;
use crate::domain::units::{PartNumber, grouped, human_size};

/// What the sizes of the parts tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// There is no part.
    Nothing,
    /// There is one part: it may be of the full size, or a shorter last one.
    Lone {
        /// Bytes it has.
        size: u64,
    },
    /// All parts have this size; the one with the highest number may have less.
    Even {
        /// Bytes of each.
        size: u64,
        /// Parts.
        parts: usize,
        /// Bytes of the one with the highest number.
        last: u64,
    },
    /// The parts are not of one size.
    Uneven {
        /// The first part, and its bytes.
        first: (PartNumber, u64),
        /// The first that does not go with it, and its bytes.
        other: (PartNumber, u64),
    },
}

impl Cut {
    /// Reads it off the parts, which come by ascending number.
    pub fn of(held: &[ListedPart]) -> Self {
        let Some((last, rest)) = held.split_last() else { return Self::Nothing };
        let Some(first) = rest.first() else { return Self::Lone { size: last.size } };
        let uneven = |other: &ListedPart| Self::Uneven {
            first: (first.part_number, first.size),
            other: (other.part_number, other.size),
        };
        match rest.iter().find(|p| p.size != first.size) {
            Some(other) => uneven(other),
            None if last.size > first.size => uneven(last),
            None => Self::Even { size: first.size, parts: held.len(), last: last.size },
        }
    }

    /// The size to begin with; of a lone part it is a guess.
    pub fn size(self) -> Option<u64> {
        match self {
            Self::Lone { size } | Self::Even { size, .. } => Some(size).filter(|size| *size > 0),
            Self::Nothing | Self::Uneven { .. } => None,
        }
    }

    /// The grounds, in words.
    pub fn words(self) -> String {
        match self {
            Self::Nothing => "the upload holds no part that tells a part size".into(),
            Self::Lone { size } => {
                format!("its only part has {}, which may be less than a full one", human_size(size))
            }
            Self::Even { size, parts, last } if last == size => {
                format!("the {parts} parts it holds have {} each", human_size(size))
            }
            Self::Even { size, last, .. } => {
                format!("its parts have {}, the last one {}", human_size(size), human_size(last))
            }
            Self::Uneven { first, other } => format!(
                "its parts are not of one size: part {} has {} bytes, part {} has {}",
                first.0,
                grouped(first.1),
                other.0,
                grouped(other.1)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::checksum::Checksums;
    use crate::domain::etag::ETag;

    fn cut(sizes: &[(i32, u64)]) -> Cut {
        let part = |(number, size): &(i32, u64)| ListedPart {
            part_number: PartNumber(*number),
            size: *size,
            etag: ETag::of_bytes(b""),
            checksums: Checksums::default(),
        };
        Cut::of(&sizes.iter().map(part).collect::<Vec<_>>())
    }

    #[test]
    fn all_but_the_highest_number_have_one_size() {
        assert_eq!(cut(&[]), Cut::Nothing);
        assert_eq!(cut(&[(4, 7)]).size(), Some(7));
        assert_eq!(cut(&[(1, 0)]).size(), None);
        assert_eq!(cut(&[(1, 8), (3, 8), (4, 2)]), Cut::Even { size: 8, parts: 3, last: 2 });
        assert_eq!(cut(&[(2, 8), (3, 8)]).size(), Some(8));
        for uneven in [&[(1, 8), (2, 9)][..], &[(1, 8), (2, 5), (3, 8)][..]] {
            assert_eq!(cut(uneven).size(), None);
            assert!(
                cut(uneven).words().contains("part 1 has 8 bytes, part 2 has"),
                "{}",
                cut(uneven).words()
            );
        }
    }
}
