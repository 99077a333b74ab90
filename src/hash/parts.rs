//! The digests of every part of a file, for comparing it with what an open upload holds.

use super::lanes::{Run, RunError, Source, digests};
use super::plan::Plan;
use super::sums::of_layout;
use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::hashing::HashedParts;
use crate::domain::layout::PartLayout;

/// The MD5 of each part of the layout, and its checksum where an algorithm is asked for.
pub fn parts(
    source: &(impl Source + ?Sized),
    layout: PartLayout,
    algorithm: Option<ChecksumAlgorithm>,
    run: &Run<'_>,
) -> Result<HashedParts, RunError> {
    let plan = Plan::new(layout.object_size(), [&layout]);
    let all = digests(source, &plan, run)?;
    let md5s = plan.parts(0, &all).copied().collect();
    let sums = algorithm.map(|algorithm| of_layout(source, &layout, algorithm, run)).transpose()?;
    let checksums = sums.map_or_else(Vec::new, |sums| {
        let name = sums.algorithm.name().to_owned();
        (0..layout.count()).map_while(|i| Some((name.clone(), sums.part(i)?))).collect()
    });
    Ok(HashedParts { layout, md5s, checksums })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rescue::{Proof, Rescue, Standing, wanted_of_bytes};
    use crate::hash::kernel::Kernel;
    use crate::hash::md5::md5;
    use std::sync::atomic::{AtomicBool, AtomicU64};

    #[test]
    fn every_part_has_the_digests_of_its_own_bytes() {
        let bytes: Vec<u8> = (0..10_u8).collect();
        let (stop, hashed, planned) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
        let run = Run { kernel: Kernel::best(), threads: 2, stop: &stop, hashed: &hashed, planned: &planned };
        let layout = PartLayout::uniform(10, 4).unwrap();
        let found = parts(&bytes[..], layout, Some(ChecksumAlgorithm::Crc32), &run).unwrap();
        assert_eq!(found.md5s, [md5(&bytes[..4]), md5(&bytes[4..8]), md5(&bytes[8..])]);
        assert_eq!(found.checksums.len(), 3);
        // CRC32 of the bytes 0, 1, 2, 3.
        assert_eq!(found.checksums[0], ("CRC32".to_owned(), "i7mGEw==".to_owned()));
        let wanted = wanted_of_bytes(&found);
        let held = crate::domain::output::ListedPart {
            part_number: crate::domain::units::PartNumber(3),
            size: 2,
            etag: crate::domain::etag::ETag::of_bytes(&bytes[8..]),
            checksums: crate::domain::checksum::Checksums::default(),
        };
        let rescue = Rescue::judge(&wanted, &[held]);
        assert_eq!(rescue.parts[2].standing, Standing::Same { proof: Proof::Md5 });
        assert_eq!(rescue.to_send().count(), 2);
    }
}
