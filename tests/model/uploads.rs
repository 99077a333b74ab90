//! The model of multipart uploads.

use crate::call::{Call, Completion, Cond, List, Listed, Named, Source};
use crate::data::{Data, LEAST, composite, etag, multipart_etag, raw_sum, sum};
use crate::reply::{ANY, Reply};
use crate::state::{Done, Model, Object, Part, Sum, Upload, Version, Versioning};
use base64::Engine;
use bytes::Bytes;
use partscope::domain::checksum::{ChecksumAlgorithm as Algorithm, ChecksumType as Kind};

type Checksum = Option<(Algorithm, String)>;

fn no_upload() -> Reply {
    Reply::error(404, "NoSuchUpload")
}

fn bad_request() -> Reply {
    Reply::error(400, "InvalidRequest")
}

/// Algorithm and type of an upload, by the table of what goes with what.
fn choice(asked: Option<(Algorithm, Option<Kind>)>) -> Result<Option<(Algorithm, Kind)>, Reply> {
    let Some((algorithm, kind)) = asked else { return Ok(None) };
    use Algorithm::{Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
    match (algorithm, kind) {
        (Crc64Nvme, Some(Kind::Composite)) | (Sha1 | Sha256, Some(Kind::FullObject)) => Err(bad_request()),
        (Crc64Nvme, _) => Ok(Some((algorithm, Kind::FullObject))),
        (Crc32 | Crc32c, Some(kind)) => Ok(Some((algorithm, kind))),
        _ => Ok(Some((algorithm, Kind::Composite))),
    }
}

fn is_number(number: i32) -> Option<Reply> {
    (!(1..=10_000).contains(&number)).then(|| Reply::error(400, "InvalidArgument"))
}

/// What is wrong with the checksum sent along with a part.
fn wrong_sum(upload: &Upload, sent: Option<&(Algorithm, String)>, bytes: &[u8]) -> Vec<Reply> {
    let mut errors = Vec::new();
    match (upload.sum, sent) {
        (Some((_, Kind::Composite)), None) => errors.push(bad_request()),
        (Some((wanted, _)), Some((algorithm, _))) if wanted != *algorithm => errors.push(bad_request()),
        _ => {}
    }
    if let Some((algorithm, value)) = sent {
        let right = sum(*algorithm, bytes);
        let decoded = base64::engine::general_purpose::STANDARD.decode(value);
        if !decoded.is_ok_and(|raw| raw.len() == raw_sum(*algorithm, bytes).len()) {
            errors.push(bad_request());
        } else if *value != right {
            errors.push(Reply::error(400, "BadDigest"));
        }
    }
    errors
}

impl Model {
    pub fn create(
        &mut self,
        bucket: &str,
        key: &str,
        asked: Option<(Algorithm, Option<Kind>)>,
        tags: usize,
    ) -> Vec<Reply> {
        let sum = match choice(asked) {
            Ok(sum) => sum,
            Err(error) => return vec![error],
        };
        self.uploads_made += 1;
        let id = format!("u{}", self.uploads_made);
        let upload =
            Upload { id: id.clone(), key: key.to_owned(), sum, tags, parts: [].into(), disturbed: false };
        self.bucket(bucket).uploads.push(upload);
        let told = Reply::ok(200).with("upload", id);
        vec![told.with_some("sum", sum.map(|s| s.0.name())).with_some("kind", sum.map(|s| s.1.name()))]
    }

    pub fn upload(&self, name: &Named) -> Option<&Upload> {
        self.buckets[name.bucket].uploads.iter().find(|u| u.id == name.id && u.key == name.key)
    }

    fn upload_mut(&mut self, name: &Named) -> Option<&mut Upload> {
        self.bucket(name.bucket).uploads.iter_mut().find(|u| u.id == name.id)
    }

    fn keep_part(&mut self, name: &Named, number: i32, bytes: Bytes) -> (String, Checksum) {
        let upload = self.upload_mut(name).unwrap();
        let kept = upload.sum.map(|(a, _)| (a, sum(a, &bytes)));
        let etag = etag(&bytes);
        let value = kept.as_ref().map(|(_, v)| v.clone());
        upload.parts.insert(number, Part { bytes, etag: etag.clone(), sum: value });
        (etag, kept)
    }

    pub fn part(
        &mut self,
        name: &Named,
        number: i32,
        data: Data,
        sent: Option<&(Algorithm, String)>,
    ) -> Vec<Reply> {
        let mut errors: Vec<Reply> = is_number(number).into_iter().collect();
        match self.upload(name) {
            None => errors.push(no_upload()),
            Some(upload) => errors.extend(wrong_sum(upload, sent, &data.bytes())),
        }
        // The digest of the body may be looked at before the upload is.
        if let (Some((algorithm, value)), Some(_)) = (sent, errors.first())
            && *value != sum(*algorithm, &data.bytes())
        {
            errors.extend([bad_request(), Reply::error(400, "BadDigest")]);
        }
        if !errors.is_empty() {
            return errors;
        }
        let (etag, _) = self.keep_part(name, number, data.bytes());
        // A value that was sent is repeated; whether one that was not is told is open.
        let told = sent.map_or(ANY.to_owned(), |(a, v)| format!("{} {v}", a.name()));
        vec![Reply::ok(200).with("etag", etag).with("sum", told)]
    }

    pub fn part_copy(
        &mut self,
        name: &Named,
        number: i32,
        source: &Source,
        range: Option<&str>,
    ) -> Vec<Reply> {
        let mut errors: Vec<Reply> = is_number(number).into_iter().collect();
        errors.extend(self.upload(name).is_none().then(no_upload));
        let read = self.source(source);
        let cut = match &read {
            Ok((object, _)) => cut(&object.bytes, range),
            Err(error) => Err(vec![error.clone()]),
        };
        let bytes = match cut {
            Ok(bytes) if errors.is_empty() => bytes,
            Ok(_) => return errors,
            Err(more) => {
                // A range without form is seen without looking at the source.
                errors.extend(more);
                errors.extend(
                    range.filter(|r| ends(r).is_none()).map(|_| Reply::error(400, "InvalidArgument")),
                );
                return errors;
            }
        };
        let (etag, kept) = self.keep_part(name, number, bytes);
        let reply = Reply::ok(200).with("etag", etag);
        let sum = kept.map(|(a, v)| format!("{} {v}", a.name()));
        vec![reply.with_some("sum", sum).with_some("source-version", read.ok().and_then(|r| r.1))]
    }

    pub fn abort(&mut self, name: &Named) -> Vec<Reply> {
        if self.upload(name).is_some() {
            self.bucket(name.bucket).uploads.retain(|u| u.id != name.id);
            return vec![Reply::ok(204)];
        }
        let done = self.buckets[name.bucket].done.iter().any(|d| d.id == name.id && d.key == name.key);
        // An id that was valid may be answered with success for hours; it does nothing.
        if done { vec![no_upload(), Reply::ok(204)] } else { vec![no_upload()] }
    }

    pub fn complete(&mut self, call: &Completion) -> Vec<Reply> {
        let name = &call.upload;
        let Some(upload) = self.upload(name).cloned() else {
            let again = Call::Complete(call.clone());
            let done = &self.buckets[name.bucket].done;
            let done = done.iter().find(|d| d.id == name.id && d.key == name.key && d.call == again);
            return vec![done.map_or_else(no_upload, |d| d.reply.clone())];
        };
        let List::Parts(list) = &call.list else { return vec![bad_request()] };
        if list.is_empty() {
            return vec![Reply::error(400, "MalformedXML")];
        }
        let mut errors = wrong_list(&upload, list);
        errors.extend(wrong_sums(&upload, call, list));
        errors.extend(self.wrong_condition(&upload, name.bucket, &call.cond));
        if errors.is_empty() { vec![self.finish(&upload, call, list)] } else { errors }
    }

    fn wrong_condition(&self, upload: &Upload, bucket: &str, cond: &Cond) -> Option<Reply> {
        let conflict = || {
            let header = if *cond == Cond::IfAbsent { "If-None-Match" } else { "If-Match" };
            Reply::error(409, "ConditionalRequestConflict").with("condition", header)
        };
        let met_late = *cond != Cond::None && upload.disturbed;
        self.check(bucket, &upload.key, cond).or_else(|| met_late.then(conflict))
    }

    fn finish(&mut self, upload: &Upload, call: &Completion, list: &[Listed]) -> Reply {
        let object = assembled(upload, list);
        let bucket = call.upload.bucket;
        let id = self.next_version(bucket);
        let told = match self.bucket(bucket).versioning {
            Versioning::Never => None,
            Versioning::Enabled => Some(id.clone()),
            Versioning::Suspended => Some(ANY.to_owned()),
        };
        let reply = Reply::ok(200)
            .with("etag", &object.etag)
            .with("sum", object.sum.fact())
            .with("kind", object.sum.kind.name())
            .with_some("version", told);
        let found = self.bucket(bucket);
        found.uploads.retain(|u| u.id != upload.id);
        found.push(&upload.key, Version { id, object: Some(object) });
        let (id, key) = (upload.id.clone(), upload.key.clone());
        found.done.push(Done { id, key, call: Call::Complete(call.clone()), reply: reply.clone() });
        reply
    }
}

fn assembled(upload: &Upload, list: &[Listed]) -> Object {
    let parts: Vec<&Part> = list.iter().map(|l| &upload.parts[&l.number]).collect();
    let bytes: Bytes = match parts.as_slice() {
        [only] => only.bytes.clone(),
        _ => parts.iter().map(|p| p.bytes.as_ref()).collect::<Vec<_>>().concat().into(),
    };
    let each = || parts.iter().map(|p| p.bytes.as_ref());
    let (algorithm, kind) = upload.sum.unwrap_or((Algorithm::Crc64Nvme, Kind::FullObject));
    let value = match kind {
        Kind::Composite => composite(algorithm, each()),
        Kind::FullObject => sum(algorithm, &bytes),
    };
    let sizes = parts.iter().map(|p| (p.bytes.len(), p.sum.clone())).collect();
    Object {
        etag: multipart_etag(each()),
        sum: Sum { algorithm, kind, value },
        bytes,
        tags: upload.tags,
        parts: Some(sizes),
    }
}

fn wrong_list(upload: &Upload, list: &[Listed]) -> Vec<Reply> {
    let mut errors = Vec::new();
    if list.windows(2).any(|w| w[0].number >= w[1].number) {
        errors.push(Reply::error(400, "InvalidPartOrder"));
    }
    let composite = matches!(upload.sum, Some((_, Kind::Composite)));
    if composite && list.iter().zip(1..).any(|(l, n)| l.number != n) {
        errors.push(Reply::error(400, "InvalidPartOrder"));
    }
    for (at, listed) in list.iter().enumerate() {
        let number = listed.number;
        match upload.parts.get(&number) {
            Some(part) if part.etag == listed.etag => {
                if at + 1 < list.len() && part.bytes.len() < LEAST {
                    let size = part.bytes.len();
                    let error = Reply::error(400, "EntityTooSmall").with("part", number);
                    errors.push(error.with("size", size).with("least", LEAST));
                }
            }
            _ => errors.push(Reply::error(400, "InvalidPart").with("part", number)),
        }
    }
    errors
}

/// Checksums, type and size that Complete may state.
fn wrong_sums(upload: &Upload, call: &Completion, list: &[Listed]) -> Vec<Reply> {
    let mut errors = Vec::new();
    for listed in list {
        let part = upload.parts.get(&listed.number);
        let invalid = || Reply::error(400, "InvalidPart").with("part", listed.number);
        match (upload.sum, &listed.sum) {
            (None, Some(_)) => errors.push(invalid()),
            (Some((_, Kind::Composite)), None) => errors.push(bad_request()),
            (Some((wanted, kind)), Some((algorithm, _))) if wanted != *algorithm => {
                errors.push(Reply::error(400, "BadDigest"));
                errors.extend((kind == Kind::Composite).then(bad_request));
                errors.extend((kind == Kind::FullObject).then(invalid));
            }
            (Some(_), Some((_, value))) if part.is_some_and(|p| p.sum.as_ref() != Some(value)) => {
                errors.push(invalid());
            }
            _ => {}
        }
    }
    if call.kind.is_some() && call.kind != upload.sum.map(|s| s.1) {
        errors.push(bad_request());
    }
    let found: Vec<&Part> = list.iter().filter_map(|l| upload.parts.get(&l.number)).collect();
    let total: usize = found.iter().map(|p| p.bytes.len()).sum();
    if call.size.is_some_and(|size| size != total as u64) {
        errors.push(bad_request());
    }
    if let (Some((algorithm, Kind::FullObject)), Some((sent, value))) = (upload.sum, &call.whole) {
        let bytes = found.iter().map(|p| p.bytes.as_ref()).collect::<Vec<_>>().concat();
        if call.kind.is_none() || *sent != algorithm || *value != sum(algorithm, &bytes) {
            errors.push(Reply::error(400, "BadDigest"));
        }
    }
    errors
}

/// First and last byte of `bytes=first-last`.
fn ends(range: &str) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

/// The bytes a range names; a range is exact.
fn cut(bytes: &Bytes, range: Option<&str>) -> Result<Bytes, Vec<Reply>> {
    let argument = || Reply::error(400, "InvalidArgument");
    let Some(range) = range else { return Ok(bytes.clone()) };
    let Some((first, last)) = ends(range) else { return Err(vec![argument()]) };
    match first.cmp(&bytes.len()) {
        std::cmp::Ordering::Greater => Err(vec![bad_request()]),
        std::cmp::Ordering::Equal => Err(vec![bad_request(), argument()]),
        std::cmp::Ordering::Less if last >= bytes.len() => Err(vec![argument()]),
        std::cmp::Ordering::Less => Ok(bytes.slice(first..=last)),
    }
}
