//! Requests made of the store itself, without HTTP.

use crate::call::{Call, Completion, Cond, List, Named, Query, Source};
use crate::names::Names;
use crate::reply::Reply;
use crate::run::Driver;
use bytes::Bytes;
use partscope::domain::checksum::ChecksumType as Kind;
use partscope::domain::etag::ETag;
use partscope::domain::names::Tag;
use partscope::sandbox::content::Content;
use partscope::sandbox::error::S3Error;
use partscope::sandbox::store::complete::{CompleteRequest, ListedPart};
use partscope::sandbox::store::copy::{self, SourceConditions, copied_range};
use partscope::sandbox::store::list::{Entry, KeyQuery, Page};
use partscope::sandbox::store::object::Attached;
use partscope::sandbox::store::upload::{NewUpload, UploadName, check_part_number, checksum_choice};
use partscope::sandbox::store::write::DeleteTerms;
use partscope::sandbox::store::{
    Conditions, Moment, NewObject, Object, Settings, Store, Version, VersionId, Versioning,
};

const NOW: i64 = 1_800_000_000;
type Answer = Result<Reply, S3Error>;

pub struct Direct {
    store: Store,
    names: Names,
    ids: usize,
}

impl Direct {
    pub fn new(buckets: &[&'static str]) -> Self {
        let mut store = Store::new();
        for bucket in buckets {
            store.create_bucket(bucket, Settings::new(), NOW).unwrap();
        }
        Self { store, names: Names::default(), ids: 0 }
    }

    fn moment(&mut self) -> Moment {
        self.ids += 1;
        Moment { now: NOW, version: VersionId::of(&format!("{:028}", self.ids)) }
    }

    fn version(&self, version: Option<&String>) -> Option<String> {
        version.map(|v| self.names.real(v))
    }

    /// The fact `version` of a write.
    fn written(&mut self, id: &VersionId) -> Option<String> {
        let told = id.written()?;
        Some(self.names.learn('v', &told))
    }

    fn answer(&mut self, call: &Call) -> Answer {
        match call {
            Call::Versioning { bucket, on } => {
                let versioning = if *on { Versioning::Enabled } else { Versioning::Suspended };
                self.store.configure(bucket, |s| s.versioning = versioning)?;
                Ok(Reply::ok(200))
            }
            Call::Put { bucket, key, data, tags, cond, sum } => {
                let new = NewObject {
                    content: Content::of_bytes(data.bytes()),
                    attached: attached(*tags),
                    checksum: *sum,
                    ..NewObject::default()
                };
                let moment = self.moment();
                let object = self.store.put_object(bucket, key, new, &conditions(cond), &moment)?;
                let version = self.written(&object.version);
                Ok(Reply::ok(200).with("etag", &object.etag).with_some("version", version))
            }
            Call::Get { bucket, key, version, head, .. } => {
                let version = self.version(version.as_ref());
                let object = self.store.object(bucket, key, version.as_deref())?;
                let told = self.store.bucket(bucket)?.version_header(&object.version);
                let told = told.map(|v| self.names.short(&v));
                Ok(read(&object, *head)?.with_some("version", told))
            }
            Call::Tag { bucket, key, version, tags } => {
                let version = self.version(version.as_ref());
                let place = (*bucket, key.as_str(), version.as_deref());
                self.store.attach(place, |a| a.tags = attached(*tags).tags)?;
                Ok(Reply::ok(200))
            }
            Call::Delete { bucket, key, version, if_match } => {
                let version = self.version(version.as_ref());
                let terms = DeleteTerms { if_match: if_match.as_deref(), bypass: false };
                let moment = self.moment();
                let gone = self.store.delete_object(bucket, key, version.as_deref(), terms, &moment);
                let gone = match gone {
                    // That a version is gone already is no error to HTTP.
                    Err(error) if error.code == "NoSuchVersion" => {
                        return Ok(Reply::ok(204).with_some("version", version.map(|v| self.names.short(&v))));
                    }
                    other => other?,
                };
                let told = gone.version.map(|v| self.names.learn('v', &v.0));
                Ok(Reply::ok(204).with_some("version", told).with_some("gone", gone.marker.then_some("true")))
            }
            Call::Copy { source, bucket, key, tags, cond } => self.copy(source, bucket, key, *tags, cond),
            Call::Create { bucket, key, sum, tags } => {
                let (algorithm, kind) = (sum.map(|s| s.0.name()), sum.and_then(|s| s.1).map(Kind::name));
                let checksum = checksum_choice(algorithm, kind)?;
                let new = NewUpload { attached: attached(*tags), checksum, ..NewUpload::default() };
                self.ids += 1;
                let id = format!("upload-{}", self.ids);
                self.store.create_upload(bucket, key, new, id.clone(), NOW)?;
                let reply = Reply::ok(200).with("upload", self.names.learn('u', &id));
                let reply = reply.with_some("sum", checksum.map(|c| c.0.name()));
                Ok(reply.with_some("kind", checksum.map(|c| c.1.name())))
            }
            Call::Part { upload, number, data, .. } => {
                check_part_number(*number)?;
                self.put_part(upload, *number, Content::of_bytes(data.bytes()), true)
            }
            Call::PartCopy { upload, number, source, range } => {
                check_part_number(*number)?;
                let object = self.read_source(source)?;
                let content = copied_range(&object, range.as_deref())?;
                self.put_part(upload, *number, content, false)
            }
            Call::Complete(call) => self.complete(call),
            Call::Abort(upload) => {
                let id = self.names.real(&upload.id);
                self.store.abort_upload(name(upload, &id))?;
                Ok(Reply::ok(204))
            }
            Call::ListParts { upload, max } => self.parts(upload, *max),
            Call::ListObjects(query) => self.objects(query),
            Call::ListVersions(query) => self.versions(query),
            Call::ListUploads(query) => self.uploads(query),
        }
    }

    fn read_source(&self, source: &Source) -> Result<std::sync::Arc<Object>, S3Error> {
        let named = copy::Source {
            bucket: source.bucket.to_owned(),
            key: source.key.clone(),
            version: self.version(source.version.as_ref()),
        };
        let conditions = SourceConditions {
            if_match: source.if_match.clone(),
            if_none_match: source.if_none_match.clone(),
            if_modified_since: source.modified_since.map(|t| NOW + t),
            if_unmodified_since: source.unmodified_since.map(|t| NOW + t),
        };
        self.store.copy_source(&named, &conditions, NOW)
    }

    fn copy(&mut self, from: &Source, bucket: &str, key: &str, tags: Option<usize>, cond: &Cond) -> Answer {
        let source = self.read_source(from)?;
        let new = NewObject {
            content: source.content.clone(),
            attached: tags.map_or_else(
                || Attached { tags: source.attached.tags.clone(), ..Attached::default() },
                attached,
            ),
            checksum: source.checksum.as_ref().map(|c| c.algorithm),
            ..NewObject::default()
        };
        let moment = self.moment();
        let object = self.store.put_object(bucket, key, new, &conditions(cond), &moment)?;
        let told = self.store.bucket(bucket)?.version_header(&object.version);
        let told = told.map(|v| self.names.learn('v', &v));
        Ok(with_sum(Reply::ok(200).with("etag", &object.etag), &object)?.with_some("version", told))
    }

    fn put_part(&mut self, upload: &Named, number: i32, content: Content, open: bool) -> Answer {
        let id = self.names.real(&upload.id);
        let part = self.store.put_part(name(upload, &id), number, content, None, NOW)?;
        let reply = Reply::ok(200).with("etag", part.etag.clone());
        let algorithm = self.store.upload(name(upload, &id))?.checksum.map(|c| c.0.name());
        let sum = part.checksum.zip(algorithm).map(|(value, a)| format!("{a} {value}"));
        // What a client sent is repeated, which is not the store's to do.
        Ok(if open && sum.is_none() { reply } else { reply.with_some("sum", sum) })
    }

    fn complete(&mut self, call: &Completion) -> Answer {
        let id = self.names.real(&call.upload.id);
        let List::Parts(list) = &call.list else { unreachable!("not taken") };
        let parts = list.iter().map(|l| ListedPart {
            number: l.number,
            etag: ETag::parse(&l.etag),
            checksums: l.sum.clone().into_iter().collect(),
        });
        let request = CompleteRequest {
            parts: parts.collect(),
            conditions: conditions(&call.cond),
            checksum_type: call.kind.map(|k| k.name().to_owned()),
            object_size: call.size,
            whole: call.whole.clone(),
        };
        let moment = self.moment();
        let done = self.store.complete(name(&call.upload, &id), &request, &moment)?;
        let version = self.written(&done.version);
        let mut reply = Reply::ok(200).with("etag", &done.etag).with_some("version", version);
        if let Some((algorithm, kind, value)) = done.checksum {
            reply = reply.with("sum", format!("{} {value}", algorithm.name())).with("kind", kind.name());
        }
        Ok(reply)
    }

    fn parts(&self, upload: &Named, max: usize) -> Answer {
        let id = self.names.real(&upload.id);
        let (mut pages, mut after) = (Vec::new(), 0);
        loop {
            let page = self.store.list_parts(name(upload, &id), after, max)?;
            let line = |(n, p): &(i32, partscope::sandbox::store::upload::Part)| {
                let sum = p.checksum.as_ref().map_or(String::new(), |v| format!(" {v}"));
                format!("{n} {} {}{sum}", p.etag, p.content.len())
            };
            pages.push(page.parts.iter().map(line).collect());
            match page.parts.last() {
                Some((n, _)) if page.truncated => after = *n,
                _ => return Ok(Reply::pages(pages)),
            }
        }
    }

    fn objects(&self, query: &Query) -> Answer {
        let bucket = self.store.bucket(query.bucket)?;
        let mut keys = keys(query, false);
        let mut pages = Vec::new();
        loop {
            let page = bucket.list_objects(&keys);
            pages.push(lines(&page, |object| {
                let sum = object.checksum.as_ref().unwrap();
                let size = object.content.len();
                format!("{} {} {size} {} {}", object.key, object.etag, sum.algorithm.name(), sum.kind.name())
            }));
            let Some(next) = page.next else { return Ok(Reply::pages(pages)) };
            keys.after = next;
        }
    }

    fn versions(&self, query: &Query) -> Answer {
        let bucket = self.store.bucket(query.bucket)?;
        let (mut keys, mut id) = (keys(query, true), String::new());
        let mut pages = Vec::new();
        loop {
            let page = bucket.list_versions(&keys, &id)?;
            pages.push(lines(&page, |entry| {
                let what = match &entry.version {
                    Version::Marker(_) => "marker".to_owned(),
                    Version::Object(object) => format!("{} {}", object.etag, object.content.len()),
                };
                let id = self.names.short(&entry.version.id().0);
                format!("{} {id} {} {what}", entry.key, entry.is_latest)
            }));
            if page.next.is_none() {
                return Ok(Reply::pages(pages));
            }
            (keys.after, id) = match page.entries.last().unwrap() {
                Entry::Item(entry) => (entry.key.clone(), entry.version.id().0.clone()),
                Entry::CommonPrefix(group) => (group.clone(), String::new()),
            };
        }
    }

    fn uploads(&self, query: &Query) -> Answer {
        let bucket = self.store.bucket(query.bucket)?;
        let (mut keys, mut id) = (keys(query, true), None);
        let mut pages = Vec::new();
        loop {
            let page = bucket.list_uploads(&keys, id.as_deref())?;
            pages.push(lines(&page, |u| {
                let sum = u.checksum.map_or(String::new(), |(a, k)| format!(" {} {}", a.name(), k.name()));
                format!("{} {}{sum}", u.key, self.names.short(&u.id))
            }));
            match page.entries.last() {
                Some(Entry::Item(upload)) if page.next.is_some() => {
                    (keys.after, id) = (upload.key.clone(), Some(upload.id.clone()));
                }
                _ => return Ok(Reply::pages(pages)),
            }
        }
    }
}

fn name<'a>(upload: &'a Named, id: &'a str) -> UploadName<'a> {
    UploadName { bucket: upload.bucket, key: &upload.key, id }
}

fn attached(tags: usize) -> Attached {
    let tags = (0..tags).map(|n| Tag { key: format!("t{n}"), value: "x".to_owned() }).collect();
    Attached { tags, ..Attached::default() }
}

fn conditions(cond: &Cond) -> Conditions {
    match cond {
        Cond::None => Conditions::default(),
        Cond::IfAbsent => Conditions { if_match: None, if_none_match: Some("*".to_owned()) },
        Cond::IfMatch(etag) => Conditions { if_match: Some(format!("\"{etag}\"")), if_none_match: None },
    }
}

fn keys(query: &Query, by_group: bool) -> KeyQuery {
    KeyQuery {
        prefix: query.prefix.to_owned(),
        delimiter: query.delimiter.to_owned(),
        after: query.after.clone(),
        by_group,
        max: query.max,
    }
}

fn lines<T>(page: &Page<T>, line: impl Fn(&T) -> String) -> Vec<String> {
    let items = page.entries.iter().filter_map(|e| if let Entry::Item(i) = e { Some(line(i)) } else { None });
    let groups = page.entries.iter().filter_map(|e| match e {
        Entry::CommonPrefix(group) => Some(format!("group {group}")),
        Entry::Item(_) => None,
    });
    items.chain(groups).collect()
}

fn bytes_of(content: &Content) -> Bytes {
    let mut all = Vec::new();
    while (all.len() as u64) < content.len() {
        all.extend_from_slice(&content.chunk(all.len() as u64, 1 << 20).unwrap());
    }
    all.into()
}

fn with_sum(reply: Reply, object: &Object) -> Answer {
    let sum = object.checksum.as_ref().unwrap();
    let value = object.checksum_header()?.unwrap();
    Ok(reply.with("sum", format!("{} {value}", sum.algorithm.name())).with("kind", sum.kind.name()))
}

fn read(object: &Object, head: bool) -> Answer {
    let mut reply = Reply::ok(200)
        .with("etag", &object.etag)
        .with("length", object.content.len())
        .with_some("tags", Some(object.attached.tags.len()).filter(|n| *n > 0));
    reply.body = (!head).then(|| bytes_of(&object.content));
    with_sum(reply, object)
}

/// The facts of an error, as the document and the headers would carry them.
fn refused(error: &S3Error, names: &Names) -> Reply {
    let extra = |name: &str| error.extra.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
    let header = |name: &str| {
        error.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| names.short(v))
    };
    crate::run::refusal(error.status, error.code, extra, header)
}

impl Driver for Direct {
    const WIRE: bool = false;

    /// What the layers above the store do is left to HTTP.
    fn takes(&self, call: &Call, asked_sum: bool) -> bool {
        match call {
            Call::Get { part, .. } => part.is_none(),
            Call::Part { sum, .. } => sum.is_some() == asked_sum,
            Call::Complete(call) => matches!(&call.list, List::Parts(list) if !list.is_empty()),
            _ => true,
        }
    }

    fn run(&mut self, call: &Call) -> Reply {
        self.answer(call).unwrap_or_else(|error| refused(&error, &self.names))
    }
}
