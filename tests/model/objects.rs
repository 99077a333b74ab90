//! The model of objects: writes, reads, copies, tags and deletes.

use crate::call::{Cond, Source};
use crate::data::{Data, etag, sum};
use crate::reply::{ANY, Reply};
use crate::state::{Model, Object, Sum, Version, Versioning};
use bytes::Bytes;
use partscope::domain::checksum::{ChecksumAlgorithm as Algorithm, ChecksumType as Kind};

fn single(bytes: Bytes, tags: usize, algorithm: Algorithm) -> Object {
    let sum = Sum { algorithm, kind: Kind::FullObject, value: sum(algorithm, &bytes) };
    Object { etag: etag(&bytes), bytes, tags, sum, parts: None }
}

impl Model {
    pub fn put(
        &mut self,
        bucket: &str,
        key: &str,
        data: Data,
        tags: usize,
        cond: &Cond,
        algorithm: Option<Algorithm>,
    ) -> Vec<Reply> {
        if let Some(error) = self.check(bucket, key, cond) {
            return vec![error];
        }
        let object = single(data.bytes(), tags, algorithm.unwrap_or(Algorithm::Crc64Nvme));
        let (etag, id) = (object.etag.clone(), self.next_version(bucket));
        let told = Some(id.clone()).filter(|id| id != "null");
        self.bucket(bucket).push(key, Version { id, object: Some(object) });
        vec![Reply::ok(200).with("etag", etag).with_some("version", told)]
    }

    pub fn get(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        head: bool,
        part: Option<usize>,
    ) -> Reply {
        let found = &self.buckets[bucket];
        let (id, object) = match version {
            None => match found.keys.get(key).and_then(|v| v.last()) {
                None => return Reply::error(404, "NoSuchKey"),
                Some(Version { id, object: None }) => {
                    return Reply::error(404, "NoSuchKey").with("gone", "true").with("version", id);
                }
                Some(Version { id, object: Some(object) }) => (id, object),
            },
            Some(wanted) => match found.version(key, wanted) {
                None => return self.no_version(bucket, wanted),
                Some(Version { object: None, .. }) => {
                    return Reply::error(405, "MethodNotAllowed").with("gone", "true").with("version", ANY);
                }
                Some(Version { id, object: Some(object) }) => (id, object),
            },
        };
        let reply = match part {
            None => whole(object, head),
            Some(number) => one_part(object, head, number),
        };
        if !reply.is_ok() {
            return reply;
        }
        reply
            .with("etag", &object.etag)
            .with_some("tags", Some(object.tags).filter(|n| *n > 0))
            .with_some("version", found.read_version(id))
    }

    pub fn tag(&mut self, bucket: &str, key: &str, version: Option<&str>, tags: usize) -> Vec<Reply> {
        let missing = version.map(|v| self.no_version(bucket, v));
        let found = self.bucket(bucket);
        let versions = found.keys.get_mut(key);
        let target = versions.and_then(|all| match version {
            None => all.last_mut(),
            Some(id) => all.iter_mut().find(|v| v.id == id),
        });
        match target {
            None => vec![missing.unwrap_or(Reply::error(404, "NoSuchKey"))],
            Some(Version { object: None, .. }) => {
                vec![Reply::error(405, "MethodNotAllowed").with("gone", ANY).with("version", ANY)]
            }
            Some(Version { object: Some(object), .. }) => {
                object.tags = tags;
                vec![Reply::ok(200).with("version", ANY)]
            }
        }
    }

    pub fn delete(
        &mut self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        if_match: Option<&str>,
    ) -> Vec<Reply> {
        if let Some(etag) = if_match
            && let Some(error) = self.check(bucket, key, &Cond::IfMatch(etag.to_owned()))
        {
            return vec![error];
        }
        match version {
            None => vec![self.delete_current(bucket, key)],
            Some(id) => vec![self.delete_version(bucket, key, id)],
        }
    }

    fn delete_current(&mut self, bucket: &str, key: &str) -> Reply {
        if self.bucket(bucket).versioning == Versioning::Never {
            let found = self.bucket(bucket);
            if found.keys.remove(key).is_some() {
                found.disturb(key);
            }
            return Reply::ok(204);
        }
        let id = self.next_version(bucket);
        self.bucket(bucket).push(key, Version { id: id.clone(), object: None });
        Reply::ok(204).with("gone", "true").with("version", id)
    }

    fn delete_version(&mut self, bucket: &str, key: &str, id: &str) -> Reply {
        let missing = self.no_version(bucket, id);
        let found = self.bucket(bucket);
        let told = found.read_version(id);
        let Some(version) = found.version(key, id) else {
            // Only an id that was never made is refused; deleting twice is no error.
            let refused = missing.status == 400;
            return if refused { missing } else { Reply::ok(204).with_some("version", told) };
        };
        let gone = version.object.is_none().then_some("true");
        let versions = found.keys.get_mut(key).unwrap();
        versions.retain(|v| v.id != id);
        if versions.is_empty() {
            found.keys.remove(key);
        }
        found.disturb(key);
        Reply::ok(204).with_some("version", told).with_some("gone", gone)
    }

    /// The object a copy reads, or the error, and the version the answer names.
    pub fn source(&self, source: &Source) -> Result<(Object, Option<String>), Reply> {
        let found = &self.buckets[source.bucket];
        // Whether a marker is told of in the headers of such an error is open.
        let missing = || Reply::error(404, "NoSuchKey").with("gone", ANY).with("version", ANY);
        let (version, object) = match &source.version {
            None => {
                let version = found.keys.get(&source.key).and_then(|v| v.last()).ok_or_else(missing)?;
                (version, version.object.as_ref().ok_or_else(missing)?)
            }
            Some(id) => {
                let version =
                    found.version(&source.key, id).ok_or_else(|| self.no_version(source.bucket, id))?;
                let marker = || Reply::error(400, "InvalidRequest");
                (version, version.object.as_ref().ok_or_else(marker)?)
            }
        };
        if let Some(condition) = failed(source, &object.etag) {
            let condition = format!("x-amz-copy-source-{condition}");
            return Err(Reply::error(412, "PreconditionFailed").with("condition", condition));
        }
        // Whether a source that is the version null is named is open.
        let told = if version.id == "null" { Some(ANY.to_owned()) } else { found.read_version(&version.id) };
        Ok((object.clone(), told))
    }

    pub fn copy(
        &mut self,
        source: &Source,
        bucket: &str,
        key: &str,
        tags: Option<usize>,
        cond: &Cond,
    ) -> Vec<Reply> {
        let read = self.source(source);
        let errors: Vec<Reply> =
            read.as_ref().err().cloned().into_iter().chain(self.check(bucket, key, cond)).collect();
        let (Ok((from, source_version)), true) = (read, errors.is_empty()) else { return errors };
        let object = single(from.bytes, tags.unwrap_or(from.tags), from.sum.algorithm);
        let (etag, sum) = (object.etag.clone(), object.sum.fact());
        let id = self.next_version(bucket);
        let told = Some(id.clone()).filter(|_| self.bucket(bucket).versioning != Versioning::Never);
        self.bucket(bucket).push(key, Version { id, object: Some(object) });
        let reply = Reply::ok(200).with("etag", etag).with("sum", sum).with("kind", "FULL_OBJECT");
        vec![reply.with_some("version", told).with_some("source-version", source_version)]
    }
}

/// The condition that fails, in the recorded order. Everything was written at the moment 0, which is now.
fn failed(source: &Source, etag: &str) -> Option<&'static str> {
    let matches = source.if_match.as_deref().map(|wanted| wanted == etag);
    if matches == Some(false) {
        return Some("If-Match");
    }
    if matches.is_none() && source.unmodified_since.is_some_and(|since| since < 0) {
        return Some("If-Unmodified-Since");
    }
    if source.if_none_match.as_deref() == Some(etag) {
        return Some("If-None-Match");
    }
    // A date in the future is no condition.
    source.modified_since.is_some_and(|since| since == 0).then_some("If-Modified-Since")
}

fn whole(object: &Object, head: bool) -> Reply {
    let reply = Reply::ok(200).with("sum", object.sum.fact()).with("kind", object.sum.kind.name());
    with_body(reply, object.bytes.clone(), head)
}

fn with_body(mut reply: Reply, bytes: Bytes, head: bool) -> Reply {
    reply = reply.with("length", bytes.len());
    reply.body = (!head).then_some(bytes);
    reply
}

fn one_part(object: &Object, head: bool, number: usize) -> Reply {
    let total = object.bytes.len();
    let sizes: Vec<usize> =
        object.parts.as_ref().map_or(vec![total], |parts| parts.iter().map(|(n, _)| *n).collect());
    let Some(size) = number.checked_sub(1).and_then(|at| sizes.get(at)) else {
        return Reply::error(416, "InvalidPartNumber");
    };
    let from: usize = sizes[..number - 1].iter().sum();
    let range = format!("bytes {from}-{}/{total}", from + size - 1);
    let count = object.parts.as_ref().map(Vec::len);
    let reply = Reply::ok(206).with("range", range).with_some("parts", count).with("kind", ANY);
    let sum = match (&object.parts, object.sum.kind) {
        (None, _) => Some(ANY.to_owned()),
        (Some(parts), Kind::Composite) => {
            parts[number - 1].1.as_ref().map(|v| format!("{} {v}", object.sum.algorithm.name()))
        }
        (Some(parts), Kind::FullObject) => (parts.len() == 1).then(|| object.sum.fact()),
    };
    with_body(reply.with_some("sum", sum), object.bytes.slice(from..from + size), head)
}
