//! The bucket `huge`: the largest objects there can be, made when somebody first looks.
//!
//! Parts are cut at the windows of a generator of their own, so that one window's common beginning is hashed
//! once and each part costs its stamp. That one window is hashed in truth: about a second for the parts of the
//! 5 TiB object, and ten for those of 5 GiB, since MD5 has no shortcut. So nobody pays who does not ask.

use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::layout::PartLayout;
use crate::domain::operation::ObjectProperties;
use crate::domain::units::{GIB, MIB, TIB};
use crate::sandbox::clock::Ids;
use crate::sandbox::content::Content;
use crate::sandbox::error::S3Error;
use crate::sandbox::store::complete::{CompleteRequest, ListedPart};
use crate::sandbox::store::upload::{NewUpload, UploadName};
use crate::sandbox::store::{Moment, Object, Settings, Store};
use crate::sandbox::synthetic::{Generator, STAMP};
use std::sync::Arc;

/// The bucket of the largest objects.
pub const HUGE: &str = "huge";

/// Bytes hashed between two looks at whether to stop.
const STEP: u64 = 64 * MIB;

/// One object that is made when it is first needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Giant {
    /// Its key in [`HUGE`].
    pub key: &'static str,
    /// Its bytes.
    pub size: u64,
    /// Bytes of each part but the last, and of the generator's window.
    pub part_size: u64,
    seed: u64,
}

/// What the bucket holds, in the order in which it is made.
pub const GIANTS: [Giant; 2] = [
    Giant { key: "five-tib.bin", size: 5 * TIB, part_size: 549_755_814, seed: 5 },
    Giant { key: "max-object.bin", size: 10_000 * 5 * GIB, part_size: 5 * GIB, seed: 48 },
];

impl Giant {
    /// The parts, none hashed yet.
    pub fn parts(&self) -> Result<Vec<Content>, S3Error> {
        let generator = Arc::new(Generator::with_windows(self.seed, self.part_size, STAMP));
        let layout = PartLayout::uniform(self.size, self.part_size).map_err(|_| S3Error::internal())?;
        Ok(layout.parts().map(|p| Content::synthetic(&generator, p.offset, p.size)).collect())
    }

    /// The object, made by the rules of a store of its own. Hashes one part in full, piece by piece, and gives
    /// up with `None` when told to stop meanwhile.
    pub fn make(&self, ids: &Ids, now: i64, stop: impl Fn() -> bool) -> Result<Option<Arc<Object>>, S3Error> {
        let parts = self.parts()?;
        let Some(first) = parts.first() else { return Err(S3Error::internal()) };
        // The generator goes on where the shorter beginning ended, so this hashes nothing twice.
        let step = usize::try_from(STEP).unwrap_or(usize::MAX);
        for end in (STEP..first.len()).step_by(step) {
            if stop() {
                return Ok(None);
            }
            let beginning = first.range(0, end);
            beginning.md5()?;
            beginning.checksum(ChecksumAlgorithm::Crc64Nvme)?;
        }
        let mut store = Store::new();
        store.create_bucket(HUGE, Settings::new(), now)?;
        let properties = ObjectProperties {
            content_type: Some("application/octet-stream".to_owned()),
            metadata: vec![("made-by".to_owned(), "seed".to_owned())],
            ..ObjectProperties::default()
        };
        let id = ids.upload_id();
        let new = NewUpload { properties, ..NewUpload::default() };
        store.create_upload(HUGE, self.key, new, id.clone(), now)?;
        let name = UploadName { bucket: HUGE, key: self.key, id: &id };
        let mut request = CompleteRequest::default();
        for (number, content) in (1..).zip(parts) {
            let part = store.put_part(name, number, content, None, now)?;
            request.parts.push(ListedPart { number, etag: part.etag, checksums: Vec::new() });
        }
        store.complete(name, &request, &Moment::unversioned(now))?;
        let object = store.object(HUGE, self.key, None)?;
        // What HEAD will ask for.
        object.content.checksum(ChecksumAlgorithm::Crc64Nvme)?;
        Ok(Some(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::digest::{Algorithm, Hasher};

    #[test]
    fn the_giants_have_the_sizes_they_say() {
        assert_eq!(GIANTS[0].size, 5_497_558_138_880);
        assert_eq!(GIANTS[1].size, crate::domain::limits::AWS.max_object_size());
        for giant in GIANTS {
            let parts = giant.parts().unwrap();
            assert_eq!((parts.len(), parts.iter().map(Content::len).sum::<u64>()), (10_000, giant.size));
        }
    }

    #[test]
    fn a_small_giant_is_what_it_says() {
        let giant = Giant { key: "small.bin", size: 1_000_003 * 7 - 500, part_size: 1_000_003, seed: 1 };
        let parts = giant.parts().unwrap();
        for part in &parts {
            let mut hasher = Hasher::new(Algorithm::Md5);
            let mut at = 0;
            while at < part.len() {
                let chunk = part.chunk(at, 1 << 16).unwrap();
                hasher.update(&chunk);
                at += chunk.len() as u64;
            }
            assert_eq!(part.md5().unwrap().to_vec(), hasher.finish());
        }
        let distinct: std::collections::BTreeSet<_> = parts.iter().map(|p| p.md5().unwrap()).collect();
        assert_eq!(distinct.len(), 7);
    }
}
