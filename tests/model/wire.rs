//! Requests made of a server over HTTP, signed.

use crate::call::{Call, Completion, Cond, List, Listed, Named, Query, Source};
use crate::client::{self, Answer, NOW, crc32};
use crate::names::Names;
use crate::reply::{NO_CODE, Reply};
use crate::run::Driver;
use bytes::Bytes;
use partscope::domain::checksum::ChecksumAlgorithm as Algorithm;
use partscope::sandbox::clock::http_date;
use partscope::sandbox::{Clock, SandboxOptions, Server};
use std::fmt::Write;
use std::path::PathBuf;
use tokio::runtime::Runtime;

type Headers = Vec<(&'static str, String)>;

pub struct Wire {
    runtime: Runtime,
    server: Option<Server>,
    names: Names,
    data_dir: Option<PathBuf>,
    starts: u64,
}

/// One request before it is signed.
struct Request {
    method: &'static str,
    target: String,
    headers: Headers,
    body: Bytes,
}

impl Wire {
    pub fn new(buckets: &[&'static str], data_dir: Option<PathBuf>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut wire = Self { runtime, server: None, names: Names::default(), data_dir, starts: 0 };
        wire.start();
        for bucket in buckets {
            let made = wire.send(&Request::new("PUT", format!("/{bucket}")));
            assert_eq!(made.status, 200, "{}", made.text());
        }
        wire
    }

    /// Starts a server; ids differ from those of the server before.
    fn start(&mut self) {
        self.starts += 1;
        let options = SandboxOptions {
            seed: false,
            clock: Clock::fixed(NOW),
            id_seed: Some(self.starts),
            data_dir: self.data_dir.clone(),
            ..SandboxOptions::default()
        };
        self.server = Some(self.runtime.block_on(Server::start(options)).unwrap());
    }

    fn send(&self, request: &Request) -> Answer {
        let server = self.server.as_ref().unwrap();
        let headers: Vec<(&str, &str)> = request.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let call = client::call(server, request.method, &request.target, &headers, &request.body);
        self.runtime.block_on(call)
    }

    /// Reads page after page; `next` finds the parameters of the one that follows.
    fn pages(
        &self,
        target: &str,
        lines: impl Fn(&Names, &Answer) -> Vec<String>,
        next: impl Fn(&Answer) -> Option<String>,
    ) -> Reply {
        let mut pages = Vec::new();
        let mut more = String::new();
        loop {
            let answer = self.send(&Request::new("GET", format!("{target}{more}")));
            if answer.status != 200 {
                return refused(&answer, &self.names);
            }
            pages.push(lines(&self.names, &answer));
            let truncated = answer.element("IsTruncated").as_deref() == Some("true");
            match next(&answer) {
                Some(found) if truncated && pages.len() < 200 => more = found,
                _ => return Reply::pages(pages),
            }
        }
    }

    fn listing(&self, call: &Call) -> Option<Reply> {
        Some(match call {
            Call::ListParts { upload, max } => {
                let target = format!("{}&max-parts={max}", self.upload(upload));
                self.pages(
                    &target,
                    |_, a| part_lines(a),
                    |a| Some(format!("&part-number-marker={}", a.element("NextPartNumberMarker")?)),
                )
            }
            Call::ListObjects(query) => {
                let target = format!(
                    "/{}?list-type=2&start-after={}&{}",
                    query.bucket,
                    query.after,
                    params(query, "keys")
                );
                self.pages(
                    &target,
                    |_, a| object_lines(a),
                    |a| {
                        let token = a.element("NextContinuationToken")?;
                        Some(format!("&continuation-token={}", token.replace('+', "%2B").replace('=', "%3D")))
                    },
                )
            }
            Call::ListVersions(query) => {
                let target = format!("/{}?versions&{}", query.bucket, params(query, "keys"));
                self.pages(&target, version_lines, |a| {
                    let key = format!("&key-marker={}", a.element("NextKeyMarker")?);
                    let id = a.element("NextVersionIdMarker").map(|id| format!("&version-id-marker={id}"));
                    Some(key + &id.unwrap_or_default())
                })
            }
            Call::ListUploads(query) => {
                let target = format!("/{}?uploads&{}", query.bucket, params(query, "uploads"));
                self.pages(&target, upload_lines, |a| {
                    let key = a.element("NextKeyMarker").filter(|k| !k.is_empty())?;
                    Some(format!("&key-marker={key}&upload-id-marker={}", a.element("NextUploadIdMarker")?))
                })
            }
            _ => return None,
        })
    }

    fn upload(&self, upload: &Named) -> String {
        format!("/{}/{}?uploadId={}", upload.bucket, upload.key, self.names.real(&upload.id))
    }

    fn object(&self, bucket: &str, key: &str, version: Option<&String>) -> String {
        let version = version.map(|v| format!("&versionId={}", self.names.real(v)));
        format!("/{bucket}/{key}?{}", version.unwrap_or_default().trim_start_matches('&'))
    }

    fn source(&self, source: &Source) -> Headers {
        let version = source.version.as_ref().map(|v| format!("?versionId={}", self.names.real(v)));
        let mut headers = vec![(
            "x-amz-copy-source",
            format!("{}/{}{}", source.bucket, source.key, version.unwrap_or_default()),
        )];
        let date = |seconds: i64| http_date(i64::try_from(NOW).unwrap() + seconds);
        let quoted = |etag: &String| format!("\"{etag}\"");
        let all = [
            ("x-amz-copy-source-if-match", source.if_match.as_ref().map(quoted)),
            ("x-amz-copy-source-if-none-match", source.if_none_match.as_ref().map(quoted)),
            ("x-amz-copy-source-if-modified-since", source.modified_since.map(date)),
            ("x-amz-copy-source-if-unmodified-since", source.unmodified_since.map(date)),
        ];
        headers.extend(all.into_iter().filter_map(|(name, value)| Some((name, value?))));
        headers
    }

    fn request(&self, call: &Call) -> Request {
        match call {
            Call::Versioning { bucket, on } => {
                let status = if *on { "Enabled" } else { "Suspended" };
                Request::new("PUT", format!("/{bucket}?versioning")).body(format!(
                    "<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>"
                ))
            }
            Call::Put { bucket, key, data, tags, cond, sum } => {
                let mut headers = tagging(*tags);
                headers.extend(condition(cond));
                headers.extend(sum.map(|a| (sum_header(a), crate::data::sum(a, &data.bytes()))));
                Request::new("PUT", format!("/{bucket}/{key}")).headers(headers).body(data.bytes())
            }
            Call::Get { bucket, key, version, head, part } => {
                let mut target = self.object(bucket, key, version.as_ref());
                if let Some(part) = part {
                    let _ = write!(target, "&partNumber={part}");
                }
                let target = target.replace("?&", "?");
                let mode = vec![("x-amz-checksum-mode", "ENABLED".to_owned())];
                Request::new(if *head { "HEAD" } else { "GET" }, target).headers(mode)
            }
            Call::Tag { bucket, key, version, tags } => {
                let target = self.object(bucket, key, version.as_ref()).replace('?', "?tagging&");
                let set: String =
                    (0..*tags).map(|n| format!("<Tag><Key>t{n}</Key><Value>x</Value></Tag>")).collect();
                let body = format!("<Tagging><TagSet>{set}</TagSet></Tagging>");
                let sum = vec![("x-amz-checksum-crc32", crc32(body.as_bytes()))];
                Request::new("PUT", target.trim_end_matches('&').to_owned()).headers(sum).body(body)
            }
            Call::Delete { bucket, key, version, if_match } => {
                let target = self.object(bucket, key, version.as_ref());
                let headers = if_match.iter().map(|etag| ("If-Match", format!("\"{etag}\""))).collect();
                Request::new("DELETE", target).headers(headers)
            }
            Call::Copy { source, bucket, key, tags, cond } => {
                let mut headers = self.source(source);
                headers.extend(condition(cond));
                if let Some(tags) = tags {
                    headers.push(("x-amz-tagging-directive", "REPLACE".to_owned()));
                    headers.extend(tagging(*tags));
                }
                // A copy onto itself has to change something.
                headers.push(("x-amz-metadata-directive", "REPLACE".to_owned()));
                Request::new("PUT", format!("/{bucket}/{key}")).headers(headers)
            }
            Call::Create { bucket, key, sum, tags } => {
                let mut headers = tagging(*tags);
                if let Some((algorithm, kind)) = sum {
                    headers.push(("x-amz-checksum-algorithm", algorithm.name().to_owned()));
                    headers.extend(kind.map(|k| ("x-amz-checksum-type", k.name().to_owned())));
                }
                Request::new("POST", format!("/{bucket}/{key}?uploads")).headers(headers)
            }
            Call::Part { upload, number, data, sum } => {
                let headers = sum.iter().map(|(a, value)| (sum_header(*a), value.clone())).collect();
                let target = format!("{}&partNumber={number}", self.upload(upload));
                Request::new("PUT", target).headers(headers).body(data.bytes())
            }
            Call::PartCopy { upload, number, source, range } => {
                let mut headers = self.source(source);
                headers.extend(range.iter().map(|r| ("x-amz-copy-source-range", r.clone())));
                Request::new("PUT", format!("{}&partNumber={number}", self.upload(upload))).headers(headers)
            }
            Call::Complete(call) => self.complete(call),
            Call::Abort(upload) => Request::new("DELETE", self.upload(upload)),
            other => unreachable!("{other:?} is a listing"),
        }
    }

    fn complete(&self, call: &Completion) -> Request {
        let mut headers = condition(&call.cond);
        headers.extend(call.size.map(|n| ("x-amz-mp-object-size", n.to_string())));
        headers.extend(call.kind.map(|k| ("x-amz-checksum-type", k.name().to_owned())));
        headers.extend(call.whole.iter().map(|(a, value)| (sum_header(*a), value.clone())));
        let request = Request::new("POST", self.upload(&call.upload)).headers(headers);
        match &call.list {
            List::NoBody => request,
            List::Parts(list) => {
                let parts: String = list.iter().map(listed).collect();
                request.body(format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"))
            }
        }
    }

    /// What an answer says, in the words of the model.
    fn told(&mut self, call: &Call, answer: &Answer) -> Reply {
        if answer.status >= 300 {
            return refused(answer, &self.names);
        }
        let reply = Reply::ok(answer.status);
        let header = |name: &str| answer.header(name).map(str::to_owned);
        let unquoted = |text: Option<String>| text.map(|t| t.trim_matches('"').to_owned());
        let version = header("x-amz-version-id").map(|v| self.names.learn('v', &v));
        let source = header("x-amz-copy-source-version-id").map(|v| self.names.short(&v));
        match call {
            Call::Put { .. } => {
                reply.with_some("etag", unquoted(header("etag"))).with_some("version", version)
            }
            Call::Tag { .. } => reply.with_some("version", version),
            Call::Delete { .. } => {
                reply.with_some("version", version).with_some("gone", header("x-amz-delete-marker"))
            }
            Call::Get { head, .. } => {
                let mut reply = reply
                    .with_some("etag", unquoted(header("etag")))
                    .with_some("version", version)
                    .with_some("length", header("content-length"))
                    .with_some("range", header("content-range"))
                    .with_some("parts", header("x-amz-mp-parts-count"))
                    .with_some("tags", header("x-amz-tagging-count"))
                    .with_some("kind", header("x-amz-checksum-type"))
                    .with_some("sum", sums(|a| header(sum_header(a))));
                reply.body = (!head).then(|| answer.body.clone().into());
                reply
            }
            Call::Part { .. } => reply
                .with_some("etag", unquoted(header("etag")))
                .with_some("sum", sums(|a| header(sum_header(a)))),
            Call::Create { .. } => {
                let id = answer.element("UploadId").map(|id| self.names.learn('u', &id));
                reply
                    .with_some("upload", id)
                    .with_some("sum", header("x-amz-checksum-algorithm"))
                    .with_some("kind", header("x-amz-checksum-type"))
            }
            Call::Copy { .. } | Call::PartCopy { .. } | Call::Complete(_) => {
                let element = |name: &str| answer.element(name);
                reply
                    .with_some("etag", unquoted(element("ETag")))
                    .with_some("sum", sums(|a| element(&format!("Checksum{}", a.name()))))
                    .with_some("kind", element("ChecksumType"))
                    .with_some("version", version)
                    .with_some("source-version", source)
            }
            _ => reply,
        }
    }
}

impl Request {
    fn new(method: &'static str, target: String) -> Self {
        let target = target.trim_end_matches('?').to_owned();
        Self { method, target, headers: Vec::new(), body: Bytes::new() }
    }

    fn headers(mut self, headers: Headers) -> Self {
        self.headers = headers;
        self
    }

    fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}

fn sum_header(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Crc32 => "x-amz-checksum-crc32",
        Algorithm::Crc32c => "x-amz-checksum-crc32c",
        Algorithm::Crc64Nvme => "x-amz-checksum-crc64nvme",
        Algorithm::Sha1 => "x-amz-checksum-sha1",
        Algorithm::Sha256 => "x-amz-checksum-sha256",
    }
}

/// The checksum an answer carries, whichever it is.
fn sums(find: impl Fn(Algorithm) -> Option<String>) -> Option<String> {
    let found: Vec<String> =
        Algorithm::ALL.iter().filter_map(|a| Some(format!("{} {}", a.name(), find(*a)?))).collect();
    (!found.is_empty()).then(|| found.join(", "))
}

fn tagging(tags: usize) -> Headers {
    let all: Vec<String> = (0..tags).map(|n| format!("t{n}=x")).collect();
    if all.is_empty() { vec![] } else { vec![("x-amz-tagging", all.join("&"))] }
}

fn condition(cond: &Cond) -> Headers {
    match cond {
        Cond::None => vec![],
        Cond::IfAbsent => vec![("If-None-Match", "*".to_owned())],
        Cond::IfMatch(etag) => vec![("If-Match", format!("\"{etag}\""))],
    }
}

fn listed(part: &Listed) -> String {
    let sum = part.sum.as_ref().map(|(a, v)| format!("<Checksum{0}>{v}</Checksum{0}>", a.name()));
    let (number, etag) = (part.number, &part.etag);
    format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag>{}</Part>", sum.unwrap_or_default())
}

fn params(query: &Query, count: &str) -> String {
    let slash = query.delimiter.replace('/', "%2F");
    let prefix = query.prefix.replace('/', "%2F");
    format!("prefix={prefix}&delimiter={slash}&max-{count}={}", query.max)
}

fn refused(answer: &Answer, names: &Names) -> Reply {
    let code = answer.element("Code").unwrap_or_else(|| NO_CODE.to_owned());
    let header = |name: &str| answer.header(name).map(|v| names.short(v));
    crate::run::refusal(answer.status, &code, |name| answer.element(name), header)
}

/// Elements of these names in the order of the document, each as an answer of its own to look into.
fn blocks(answer: &Answer, names: &[&str]) -> Vec<(String, Answer)> {
    let text = answer.text();
    let mut found: Vec<(usize, String, Answer)> = Vec::new();
    for name in names {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        for (at, _) in text.match_indices(&open) {
            let end = text[at..].find(&close).unwrap() + at;
            let body = text.as_bytes()[at + open.len()..end].to_vec();
            found.push((at, (*name).to_owned(), Answer { body, ..answer.clone() }));
        }
    }
    found.sort_by_key(|(at, ..)| *at);
    found.into_iter().map(|(_, name, block)| (name, block)).collect()
}

fn of(block: &Answer, name: &str) -> String {
    block.element(name).unwrap_or_default().trim_matches('"').to_owned()
}

fn groups(answer: &Answer) -> impl Iterator<Item = String> {
    blocks(answer, &["CommonPrefixes"]).into_iter().map(|(_, b)| format!("group {}", of(&b, "Prefix")))
}

fn part_lines(answer: &Answer) -> Vec<String> {
    let line = |(_, b): (String, Answer)| {
        let sum = sums(|a| b.element(&format!("Checksum{}", a.name())));
        let sum = sum.and_then(|s| Some(format!(" {}", s.split_once(' ')?.1)));
        format!("{} {} {}{}", of(&b, "PartNumber"), of(&b, "ETag"), of(&b, "Size"), sum.unwrap_or_default())
    };
    blocks(answer, &["Part"]).into_iter().map(line).collect()
}

fn object_lines(answer: &Answer) -> Vec<String> {
    let line = |(_, b): (String, Answer)| {
        let fields = ["Key", "ETag", "Size", "ChecksumAlgorithm", "ChecksumType"];
        fields.map(|name| of(&b, name)).join(" ")
    };
    blocks(answer, &["Contents"]).into_iter().map(line).chain(groups(answer)).collect()
}

fn version_lines(names: &Names, answer: &Answer) -> Vec<String> {
    let line = |(element, b): (String, Answer)| {
        let what = match element.as_str() {
            "DeleteMarker" => "marker".to_owned(),
            _ => format!("{} {}", of(&b, "ETag"), of(&b, "Size")),
        };
        format!("{} {} {} {what}", of(&b, "Key"), names.short(&of(&b, "VersionId")), of(&b, "IsLatest"))
    };
    blocks(answer, &["Version", "DeleteMarker"]).into_iter().map(line).chain(groups(answer)).collect()
}

fn upload_lines(names: &Names, answer: &Answer) -> Vec<String> {
    let line = |(_, b): (String, Answer)| {
        let sum = b.element("ChecksumAlgorithm").map(|a| format!(" {a} {}", of(&b, "ChecksumType")));
        format!("{} {}{}", of(&b, "Key"), names.short(&of(&b, "UploadId")), sum.unwrap_or_default())
    };
    blocks(answer, &["Upload"]).into_iter().map(line).chain(groups(answer)).collect()
}

impl Driver for Wire {
    const WIRE: bool = true;

    fn takes(&self, _: &Call, _: bool) -> bool {
        true
    }

    fn run(&mut self, call: &Call) -> Reply {
        if let Some(reply) = self.listing(call) {
            return reply;
        }
        let request = self.request(call);
        let answer = self.send(&request);
        self.told(call, &answer)
    }

    fn restart(&mut self) {
        if self.data_dir.is_none() {
            return;
        }
        let server = self.server.take().unwrap();
        self.runtime.block_on(server.shutdown());
        self.start();
    }
}
