//! How an object is cut into parts: uniform, or part by part.

use super::units::{ByteRange, PartNumber, grouped};
use serde::Serialize;

/// The sizes of the parts of one object, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartSizes {
    /// Every part but the last has this many bytes; the last has the rest.
    Uniform(u64),
    /// One size for each part.
    Explicit(Box<[u64]>),
}

/// A partition of an object's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartLayout {
    object_size: u64,
    sizes: PartSizes,
}

impl PartLayout {
    /// Parts of `part_size` bytes, the last one shorter if needed. An empty object is one empty part.
    pub fn uniform(object_size: u64, part_size: u64) -> Result<Self, LayoutError> {
        if part_size == 0 {
            return Err(LayoutError::ZeroPartSize);
        }
        let count = object_size.div_ceil(part_size).max(1);
        if count > 10_000 {
            return Err(LayoutError::TooManyParts { count, part_size });
        }
        Ok(Self { object_size, sizes: PartSizes::Uniform(part_size) })
    }

    /// Parts of the given sizes.
    pub fn explicit(sizes: impl Into<Box<[u64]>>) -> Result<Self, LayoutError> {
        let sizes = sizes.into();
        let count = u64::try_from(sizes.len()).unwrap_or(u64::MAX);
        if sizes.is_empty() {
            return Err(LayoutError::NoParts);
        }
        if count > 10_000 {
            return Err(LayoutError::TooManyParts { count, part_size: sizes.first().copied().unwrap_or(0) });
        }
        let object_size =
            sizes.iter().try_fold(0_u64, |a, b| a.checked_add(*b)).ok_or(LayoutError::TooLarge)?;
        Ok(Self { object_size, sizes: PartSizes::Explicit(sizes) })
    }

    /// Total bytes.
    pub fn object_size(&self) -> u64 {
        self.object_size
    }

    /// How the sizes are known.
    pub fn sizes(&self) -> &PartSizes {
        &self.sizes
    }

    /// Number of parts, at least one.
    pub fn count(&self) -> usize {
        match &self.sizes {
            PartSizes::Uniform(p) => {
                usize::try_from(self.object_size.div_ceil(*p).max(1)).unwrap_or(usize::MAX)
            }
            PartSizes::Explicit(sizes) => sizes.len(),
        }
    }

    /// Size of the part at a zero-based index.
    pub fn size_of(&self, index: usize) -> Option<u64> {
        match &self.sizes {
            PartSizes::Uniform(p) => {
                let start = u64::try_from(index).ok()?.checked_mul(*p)?;
                if index >= self.count() { None } else { Some((*p).min(self.object_size - start)) }
            }
            PartSizes::Explicit(sizes) => sizes.get(index).copied(),
        }
    }

    /// Every part in order: number, first byte, size.
    pub fn parts(&self) -> impl Iterator<Item = LaidPart> + '_ {
        let mut offset = 0_u64;
        (0..self.count()).map_while(move |i| {
            let size = self.size_of(i)?;
            let part = LaidPart { number: PartNumber::of_index(i), offset, size };
            offset = offset.checked_add(size)?;
            Some(part)
        })
    }

    /// The one size that all parts but the last share, if they do.
    pub fn uniform_size(&self) -> Option<u64> {
        match &self.sizes {
            PartSizes::Uniform(p) => Some(*p),
            PartSizes::Explicit(sizes) => {
                let (last, rest) = sizes.split_last()?;
                let first = rest.first().copied().unwrap_or(*last);
                (rest.iter().all(|s| *s == first) && *last <= first).then_some(first)
            }
        }
    }
}

/// One part of a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LaidPart {
    /// Part number, from 1.
    pub number: PartNumber,
    /// Offset of the first byte in the object.
    pub offset: u64,
    /// Size in bytes.
    pub size: u64,
}

impl LaidPart {
    /// The inclusive range; `None` for an empty part.
    pub fn range(self) -> Option<ByteRange> {
        ByteRange::of_len(self.offset, self.size)
    }
}

/// Why an object cannot be cut this way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// A part size of zero.
    #[error("a part size of 0 makes no parts; use at least 1 byte (S3 wants 5 MiB)")]
    ZeroPartSize,
    /// An empty list of sizes.
    #[error("a layout needs at least one part")]
    NoParts,
    /// More parts than S3 numbers.
    #[error("{} bytes a part makes {} parts; S3 allows 10 000, so use a larger part size", grouped(*.part_size), grouped(*.count))]
    TooManyParts {
        /// Parts that would be needed.
        count: u64,
        /// The part size asked for.
        part_size: u64,
    },
    /// The sizes do not fit 64 bits.
    #[error("the part sizes add up to more than any object can hold")]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::MIB;
    use proptest::prelude::*;

    #[test]
    fn the_2418_part_object_is_cut_as_s3_was_told() {
        let layout = PartLayout::uniform(20_277_918_669, 8 * MIB).unwrap();
        assert_eq!(layout.count(), 2418);
        let ranges: Vec<String> = layout.parts().filter_map(LaidPart::range).map(|r| r.to_string()).collect();
        assert_eq!(ranges[0], "bytes=0-8388607");
        assert_eq!(ranges[1], "bytes=8388608-16777215");
        assert_eq!(ranges[2417], "bytes=20275265536-20277918668");
        assert_eq!(layout.size_of(2417), Some(2_653_133));
        assert_eq!(layout.size_of(2418), None);
    }

    #[test]
    fn an_empty_object_is_one_empty_part() {
        let layout = PartLayout::uniform(0, 8 * MIB).unwrap();
        assert_eq!(
            layout.parts().collect::<Vec<_>>(),
            [LaidPart { number: PartNumber(1), offset: 0, size: 0 }]
        );
    }

    #[test]
    fn too_many_parts_and_zero_are_refused() {
        assert!(matches!(
            PartLayout::uniform(83_886_080_001, 8 * MIB),
            Err(LayoutError::TooManyParts { count: 10_001, .. })
        ));
        assert!(PartLayout::uniform(83_886_080_000, 8 * MIB).is_ok());
        assert_eq!(PartLayout::uniform(1, 0), Err(LayoutError::ZeroPartSize));
        assert_eq!(PartLayout::explicit(vec![]), Err(LayoutError::NoParts));
    }

    proptest! {
        #[test]
        fn parts_cover_the_object_once(size in 0_u64..1_000_000, part in 101_u64..100_000) {
            let layout = PartLayout::uniform(size, part).unwrap();
            let mut at = 0;
            for p in layout.parts() { prop_assert_eq!(p.offset, at); at += p.size; }
            prop_assert_eq!(at, size);
            let sizes: Vec<u64> = layout.parts().map(|p| p.size).collect();
            let same = PartLayout::explicit(sizes).unwrap();
            prop_assert!(same.parts().eq(layout.parts()));
        }
    }
}
