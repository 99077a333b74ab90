//! The lesson buckets: a fixed set of objects and uploads, each there to show one thing.
//!
//! Everything is built through the store's own Create, UploadPart and Complete rules, so no ETag or checksum
//! here is written down by hand. Large objects are synthetic and share one generator, which keeps the hashing
//! to a few windows. Times are relative to `now`.

pub mod huge;
pub mod versions;

use super::clock::Ids;
use super::content::Content;
use super::error::S3Error;
use super::store::complete::{CompleteRequest, ListedPart};
use super::store::object::{Attached, base64};
use super::store::upload::{NewUpload, UploadName};
use super::store::{Conditions, Moment, NewObject, Settings, Store};
use super::synthetic::{Generator, WINDOW};
use crate::domain::checksum::{ChecksumAlgorithm, ChecksumType};
use crate::domain::layout::PartLayout;
use crate::domain::names::Tag;
use crate::domain::operation::ObjectProperties;
use crate::domain::units::{KIB, MIB};
use huge::HUGE;
use std::sync::Arc;

/// The bucket of the lessons.
pub const LESSONS: &str = "lessons";
/// A bucket with enough keys for several pages.
pub const MANY_KEYS: &str = "many-keys";
/// An empty bucket to write into.
pub const SCRATCH: &str = "scratch";
/// Size of the great object: 2 418 parts of 8 MiB.
pub const DATASET_SIZE: u64 = 20_277_918_669;

/// Size of the object that is there in two cuts: two and a half parts of 8 MiB, nearly.
const LESSON_SIZE: u64 = 19 * MIB + 512 * KIB;
const DAY: i64 = 24 * 3600;

struct Seeding<'a> {
    store: &'a mut Store,
    ids: &'a Ids,
    now: i64,
    generator: Arc<Generator>,
}

/// Makes the empty buckets: quick enough to be done before the first request.
pub fn buckets(store: &mut Store, now: i64) -> Result<(), S3Error> {
    for (name, age) in [(LESSONS, 40), (MANY_KEYS, 30), (SCRATCH, 20), (HUGE, 5)] {
        let settings = Settings { unfilled: name == HUGE, ..Settings::new() };
        store.create_bucket(name, settings, now - age * DAY)?;
    }
    store.create_bucket(versions::VERSIONS, versions::settings(), now - 15 * DAY)?;
    Ok(())
}

/// Fills an empty store.
pub fn seed(store: &mut Store, ids: &Ids, now: i64) -> Result<(), S3Error> {
    buckets(store, now)?;
    let mut seeding = Seeding { store, ids, now, generator: Arc::new(Generator::new(20_277_918_669)) };
    let lessons = seeding.lessons();
    // The costly digests are computed beside the many cheap objects.
    std::thread::scope(|scope| {
        scope.spawn(|| lessons.hash());
        seeding.small_objects()?;
        seeding.many_keys()?;
        seeding.dataset()?;
        seeding.abandoned()
    })?;
    seeding.part_lessons(lessons)?;
    versions::fill(store, ids, now)
}

/// Contents whose boundaries do not fit the generator's windows, so that they must be hashed in full.
struct Lessons {
    one: Vec<Content>,
    fives: Vec<Content>,
    odd: Vec<Content>,
    eights: Vec<Content>,
}

impl Lessons {
    fn hash(&self) {
        for content in [&self.one, &self.fives, &self.odd, &self.eights].into_iter().flatten() {
            let _ = content.md5();
        }
    }
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

fn tags(list: &[(&str, &str)]) -> Attached {
    let tags = list.iter().map(|(k, v)| Tag { key: (*k).to_owned(), value: (*v).to_owned() }).collect();
    Attached { tags, ..Attached::default() }
}

fn typed(content_type: &str, metadata: &[(&str, &str)]) -> ObjectProperties {
    ObjectProperties {
        content_type: Some(content_type.to_owned()),
        metadata: pairs(metadata),
        ..ObjectProperties::default()
    }
}

impl Seeding<'_> {
    /// `len` bytes that begin at a window of their own, so that objects differ from each other.
    fn bytes(&self, window: u64, offset: u64, len: u64) -> Content {
        Content::synthetic(&self.generator, window * WINDOW + offset, len)
    }

    fn days_ago(&self, days: i64) -> Moment {
        Moment::unversioned(self.now - days * DAY)
    }

    fn put(&mut self, bucket: &str, key: &str, text: &str, age: i64, new: NewUpload) -> Result<(), S3Error> {
        let object = NewObject {
            content: Content::of_bytes(text.as_bytes().to_vec()),
            properties: new.properties,
            attached: new.attached,
            ..NewObject::default()
        };
        self.store.put_object(bucket, key, object, &Conditions::default(), &self.days_ago(age))?;
        Ok(())
    }

    fn begin(&mut self, key: &str, age: i64, new: NewUpload) -> Result<String, S3Error> {
        let id = self.ids.upload_id();
        self.store.create_upload(LESSONS, key, new, id.clone(), self.now - age * DAY)?;
        Ok(id)
    }

    /// A whole multipart upload of parts 1 to N.
    fn multipart(&mut self, key: &str, age: i64, new: NewUpload, parts: Vec<Content>) -> Result<(), S3Error> {
        let checksum = new.checksum;
        let id = self.begin(key, age, new)?;
        let name = UploadName { bucket: LESSONS, key, id: &id };
        let mut request = CompleteRequest::default();
        for (number, content) in (1..).zip(parts) {
            let checksums = match checksum {
                Some((algorithm, ChecksumType::Composite)) => {
                    vec![(algorithm, base64(content.checksum(algorithm)?))]
                }
                _ => Vec::new(),
            };
            let part = self.store.put_part(name, number, content, None, self.now - age * DAY)?;
            request.parts.push(ListedPart { number, etag: part.etag, checksums });
        }
        self.store.complete(name, &request, &self.days_ago(age))?;
        Ok(())
    }

    /// Contents of a uniform layout.
    fn cut(&self, window: u64, size: u64, part_size: u64) -> Vec<Content> {
        let Ok(layout) = PartLayout::uniform(size, part_size) else { return Vec::new() };
        layout.parts().map(|p| self.bytes(window, p.offset, p.size)).collect()
    }

    fn small_objects(&mut self) -> Result<(), S3Error> {
        let notes = NewUpload {
            properties: typed("text/plain; charset=utf-8", &[("author", "partscope"), ("lesson", "1")]),
            attached: tags(&[("project", "partscope"), ("kind", "notes")]),
            ..NewUpload::default()
        };
        let text = "This object was written with one PutObject, so its ETag is the MD5 of these bytes.\n";
        self.put(LESSONS, "notes.txt", text, 35, notes)?;
        for (key, text) in [
            ("logs/2026/01/app.log", "january\n"),
            ("logs/2026/02/app.log", "february\n"),
            ("logs/2026/02/db.log", "february, database\n"),
            ("logs/2026/11/app.log", "november\n"),
            ("logs/readme.txt", "logs by year and month\n"),
            ("names/with space and +plus&amp;.txt", "a space, a plus and an ampersand\n"),
            ("names/100%25 literal.txt", "a percent sign that must be encoded once\n"),
            ("names/evil\u{1b}[2Jname.txt", "a key with an escape sequence; a terminal must not obey it\n"),
            ("names/日本語/ファイル.bin", "unicode\n"),
            ("empty.bin", ""),
        ] {
            self.put(LESSONS, key, text, 25, NewUpload::default())?;
        }
        Ok(())
    }

    fn lessons(&self) -> Lessons {
        Lessons {
            one: vec![self.bytes(20_000, 0, 2 * MIB)],
            fives: self.cut(10_000, LESSON_SIZE, 5 * MIB),
            odd: vec![
                self.bytes(30_000, 0, 5 * MIB),
                self.bytes(30_000, 5 * MIB, 6 * MIB),
                self.bytes(30_000, 11 * MIB, 7),
            ],
            eights: self.cut(10_000, LESSON_SIZE, 8 * MIB),
        }
    }

    fn part_lessons(&mut self, lessons: Lessons) -> Result<(), S3Error> {
        let properties = typed("application/octet-stream", &[("made-by", "seed"), ("cut", "8 MiB")]);
        let marks = tags(&[("team", "storage"), ("tier", "lesson")]);
        let composite = Some((ChecksumAlgorithm::Crc32, ChecksumType::Composite));
        let full = Some((ChecksumAlgorithm::Crc64Nvme, ChecksumType::FullObject));
        let plain = NewUpload::default;
        self.multipart("one-part.bin", 14, plain(), lessons.one)?;
        self.multipart("same-bytes-5mib.bin", 16, plain(), lessons.fives)?;
        self.multipart("non-uniform.bin", 15, plain(), lessons.odd)?;
        let new = NewUpload { properties, attached: marks, checksum: composite, ..plain() };
        self.multipart("short-last-part.bin", 17, new, lessons.eights)?;
        let parts = self.cut(40_000, 24 * MIB, 8 * MIB);
        self.multipart("uniform-8mib.bin", 18, plain(), parts)?;
        let parts = self.cut(50_000, 16 * MIB, 8 * MIB);
        self.multipart("full-object-crc64.bin", 13, NewUpload { checksum: full, ..plain() }, parts)
    }

    fn dataset(&mut self) -> Result<(), S3Error> {
        let new = NewUpload {
            properties: typed(
                "application/x-tar",
                &[("source", "instrument-7"), ("sha256-of-manifest", "not-in-the-etag")],
            ),
            attached: tags(&[("dataset", "run-2026-11"), ("retention", "long")]),
            ..NewUpload::default()
        };
        let parts = self.cut(0, DATASET_SIZE, 8 * MIB);
        self.multipart("dataset-20gb.tar", 10, new, parts)
    }

    /// Uploads nobody finished: stored, billed, and in no listing of objects.
    fn abandoned(&mut self) -> Result<(), S3Error> {
        let video = NewUpload { properties: typed("video/quicktime", &[]), ..NewUpload::default() };
        let id = self.begin("video-raw.mov", 12, video)?;
        for number in [1_u8, 2, 5] {
            let content = self.bytes(60_000 + u64::from(number), 0, 8 * MIB);
            let name = UploadName { bucket: LESSONS, key: "video-raw.mov", id: &id };
            self.store.put_part(
                name,
                i32::from(number),
                content,
                None,
                self.now - 12 * DAY + i64::from(number),
            )?;
        }
        self.begin("backups/home.tar", 3, NewUpload::default())?;
        Ok(())
    }

    fn many_keys(&mut self) -> Result<(), S3Error> {
        for i in 0..3000 {
            let key = format!("reading-{i:04}.csv");
            self.put(MANY_KEYS, &key, &format!("{i}\n"), 29, NewUpload::default())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_obeys_the_rules_and_is_quick() {
        let begun = std::time::Instant::now();
        let mut store = Store::new();
        seed(&mut store, &Ids::new(1), 1_800_000_000).unwrap();
        eprintln!("seeded in {:?}", begun.elapsed());
        let dataset = store.object(LESSONS, "dataset-20gb.tar", None).unwrap();
        assert_eq!(dataset.content.len(), DATASET_SIZE);
        assert_eq!(dataset.etag.part_count(), Some(2418));
        let one = store.object(LESSONS, "short-last-part.bin", None).unwrap();
        let other = store.object(LESSONS, "same-bytes-5mib.bin", None).unwrap();
        assert_ne!(one.etag, other.etag);
        assert_eq!(one.content.md5().unwrap(), other.content.md5().unwrap());
        let many = store.bucket(MANY_KEYS).unwrap();
        assert!((0..3000).all(|i| many.current(&format!("reading-{i:04}.csv")).is_some()));
    }
}
