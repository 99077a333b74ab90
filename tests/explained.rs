//! Whatever passes on the wire can be looked up: every error code of the sandbox, and every header, query parameter
//! and XML element of requests and answers has an explanation. Answers of the whole sandbox suite are checked in
//! `tests/sandbox/client.rs`; here are the requests of this program, and the answers as its own client gets them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "support/explained.rs"]
mod explained;

use explained::{unexplained_body, unexplained_head, unexplained_lines};
use partscope::domain::etag::ETag;
use partscope::domain::exchange::Exchange;
use partscope::domain::explain::{Direction, error};
use partscope::domain::names::{ObjectRef, Tag};
use partscope::domain::operation::*;
use partscope::domain::outcome::Outcome;
use partscope::domain::output::Output;
use partscope::domain::units::PartNumber;
use partscope::s3::{Call, Client, TargetSpec, connect};
use partscope::sandbox::{SandboxOptions, Server};
use partscope::wire::hub::Hub;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

struct Bench {
    client: Client,
    server: Server,
    seen: Vec<Exchange>,
    next: u64,
}

impl Bench {
    async fn new() -> Self {
        let options = SandboxOptions { seed: true, id_seed: Some(1), ..SandboxOptions::default() };
        let server = Server::start(options).await.unwrap();
        assert!(server.ready().await);
        let spec = TargetSpec {
            endpoint_url: Some(server.endpoint()),
            path_style: true,
            static_credentials: Some((server.access_key().into(), server.secret_key().into())),
            ..TargetSpec::default()
        };
        let client = connect(&spec, Hub::new()).await.unwrap();
        Self { client, server, seen: Vec::new(), next: 0 }
    }

    async fn perform(&mut self, operation: Operation) -> Outcome {
        self.next += 1;
        let call = Call { id: OperationId(self.next), hold: false, cancel: CancellationToken::new() };
        let outcome = self.client.perform(&operation, call).await;
        self.seen.extend(
            self.client.hub().drain().into_iter().filter(|e| e.end.is_some()).map(Arc::unwrap_or_clone),
        );
        outcome
    }

    async fn create(&mut self, algorithm: Option<&str>) -> UploadRef {
        let algorithm = algorithm.map(str::to_owned);
        match self.perform(create(ObjectProperties { checksum_algorithm: algorithm, ..full() })).await {
            Outcome::Answered(Output::Created(created)) => created.upload,
            other => panic!("{other:?}"),
        }
    }

    async fn upload(&mut self, upload: &UploadRef, number: i32, len: u64) -> Outcome {
        let body = PartBody::Generated { seed: 1, len };
        let part = UploadPart { upload: upload.clone(), part_number: PartNumber(number), body };
        self.perform(Operation::UploadPart(part)).await
    }

    /// What passed and nothing explains.
    fn missing(&self) -> BTreeSet<String> {
        let mut missing = BTreeSet::new();
        for exchange in &self.seen {
            let (out, back) = (&exchange.request.head, &exchange.response.head);
            let (head, body) = split(out);
            missing.extend(unexplained_head(&head, Direction::Request));
            missing.extend(unexplained_body(&body));
            let (head, body) = split(back);
            missing.extend(unexplained_head(&head, Direction::Response));
            missing.extend(unexplained_body(&body));
            missing.extend(unexplained_lines(&exchange.request, Direction::Request));
            missing.extend(unexplained_lines(&exchange.response, Direction::Response));
        }
        missing
    }

    fn codes(&self) -> BTreeSet<String> {
        let code = |e: &Exchange| {
            let (_, body) = split(&e.response.head);
            let text = String::from_utf8_lossy(&body).into_owned();
            Some(text.split_once("<Code>")?.1.split_once("</Code>")?.0.to_owned())
        };
        self.seen.iter().filter_map(code).collect()
    }
}

/// Head and body of a message, interim answers left out and the lines of chunks taken away.
fn split(mut bytes: &[u8]) -> (String, Vec<u8>) {
    loop {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
        let (head, rest) = bytes.split_at(end);
        if head.starts_with(b"HTTP/1.1 100") {
            bytes = rest;
            continue;
        }
        let head = String::from_utf8_lossy(head).into_owned();
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        return (head, if chunked { joined(rest) } else { rest.to_vec() });
    }
}

fn joined(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|w| w == b"\r\n") {
        let line = std::str::from_utf8(&rest[..end]).unwrap();
        let Ok(size) = usize::from_str_radix(line.split(';').next().unwrap_or("").trim(), 16) else { break };
        let from = (end + 2).min(rest.len());
        let to = (from + size).min(rest.len());
        body.extend_from_slice(&rest[from..to]);
        rest = &rest[(to + 2).min(rest.len())..];
    }
    body
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

/// Everything a Create can be given here that a bucket without Object Lock takes.
fn full() -> ObjectProperties {
    ObjectProperties {
        content_type: text("text/plain"),
        cache_control: text("no-cache"),
        content_disposition: text("attachment"),
        content_encoding: text("identity"),
        content_language: text("en"),
        expires: text("Thu, 01 Jan 2032 00:00:00 GMT"),
        metadata: vec![("team".into(), "a".into())],
        storage_class: text("STANDARD_IA"),
        website_redirect_location: text("/other"),
        server_side_encryption: text("AES256"),
        ..ObjectProperties::default()
    }
}

fn create(properties: ObjectProperties) -> Operation {
    let tags = vec![Tag { key: "a".into(), value: "b".into() }];
    Operation::CreateMultipartUpload(CreateMultipartUpload {
        bucket: "scratch".into(),
        key: "k".into(),
        properties,
        tags,
    })
}

fn complete(upload: &UploadRef, parts: &[(i32, &str)], if_none_match: bool) -> Operation {
    let entry = |(number, etag): &(i32, &str)| CompletedPart {
        part_number: PartNumber(*number),
        etag: ETag::parse(etag),
        checksum: None,
    };
    Operation::CompleteMultipartUpload(CompleteMultipartUpload {
        upload: upload.clone(),
        parts: parts.iter().map(entry).collect(),
        if_none_match,
        mpu_object_size: None,
        checksum_type: None,
    })
}

fn etag_of(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered(Output::Part(part)) => part.etag.to_string(),
        other => panic!("{other:?}"),
    }
}

fn copied(
    upload: &UploadRef,
    number: i32,
    source: &str,
    range: Option<&str>,
    etag: Option<&str>,
) -> Operation {
    Operation::UploadPartCopy(UploadPartCopy {
        upload: upload.clone(),
        part_number: PartNumber(number),
        source: ObjectRef::new("scratch", source),
        copy_source_range: range.map(str::to_owned),
        copy_source_if_match: etag.map(ETag::parse),
    })
}

/// The six calls of an upload, right.
async fn right(bench: &mut Bench) {
    for algorithm in [None, Some("CRC32"), Some("CRC64NVME"), Some("SHA256")] {
        let upload = bench.create(algorithm).await;
        let part = bench.upload(&upload, 1, 100).await;
        bench
            .perform(Operation::ListParts(ListParts {
                upload: upload.clone(),
                part_number_marker: text("0"),
                max_parts: Some(2),
            }))
            .await;
        let uploads = ListMultipartUploads {
            bucket: "scratch".into(),
            key_marker: text("a"),
            upload_id_marker: text(""),
            ..ListMultipartUploads::default()
        };
        bench.perform(Operation::ListMultipartUploads(uploads)).await;
        let Outcome::Answered(Output::Part(part)) = part else { panic!("{part:?}") };
        let name = algorithm.unwrap_or_default();
        let checksum = part.checksums.get(name).map(|value| (name.to_owned(), value.to_owned()));
        let list = vec![CompletedPart { part_number: PartNumber(1), etag: part.etag, checksum }];
        let done = Operation::CompleteMultipartUpload(CompleteMultipartUpload {
            upload: upload.clone(),
            parts: list,
            if_none_match: false,
            mpu_object_size: Some(100),
            checksum_type: algorithm
                .map(|a| if a == "CRC64NVME" { "FULL_OBJECT" } else { "COMPOSITE" }.into()),
        });
        let outcome = bench.perform(done).await;
        assert!(matches!(outcome, Outcome::Answered(Output::Completed(_))), "{algorithm:?}: {outcome:?}");
        read(bench).await;
        let copy = bench.create(algorithm).await;
        let outcome = bench.perform(copied(&copy, 1, "k", Some("bytes=0-9"), None)).await;
        assert!(matches!(outcome, Outcome::Answered(Output::Part(_))), "{outcome:?}");
        bench.perform(Operation::AbortMultipartUpload(copy)).await;
    }
}

/// Reads what was made in every way.
async fn read(bench: &mut Bench) {
    let object = ObjectRef::new("scratch", "k");
    for part_number in [None, Some(PartNumber(1))] {
        bench.perform(Operation::HeadObject(HeadObject { object: object.clone(), part_number })).await;
    }
    let range = GetObject { object: object.clone(), range: text("bytes=5-"), if_match: None };
    bench.perform(Operation::GetObject(range)).await;
    let attributes =
        GetObjectAttributes { object: object.clone(), part_number_marker: text("0"), max_parts: Some(10) };
    bench.perform(Operation::GetObjectAttributes(attributes)).await;
    bench.perform(Operation::GetObjectTagging(object.clone())).await;
    let acl = bench.perform(Operation::GetObjectAcl(object.clone())).await;
    assert!(matches!(&acl, Outcome::Answered(Output::Acl(acl)) if acl.is_private()), "{acl:?}");
    bench.perform(Operation::DeleteObjectTagging(object.clone())).await;
    let tags = vec![Tag { key: "a".into(), value: "b".into() }];
    bench.perform(Operation::PutObjectTagging(PutObjectTagging { object: object.clone(), tags })).await;
    bench.perform(Operation::ListBuckets(ListBuckets::default())).await;
    let list = ListObjectsV2 {
        bucket: "scratch".into(),
        delimiter: text("/"),
        max_keys: Some(1),
        ..Default::default()
    };
    bench.perform(Operation::ListObjectsV2(list)).await;
    let versions =
        ListObjectVersions { bucket: "scratch".into(), max_keys: Some(1), ..ListObjectVersions::default() };
    bench.perform(Operation::ListObjectVersions(versions)).await;
    let copy = CopyObject {
        source: object,
        destination: ObjectRef::new("scratch", "copy"),
        copy_source_if_match: None,
        drop_tags: true,
        storage_class: text("STANDARD_IA"),
        if_none_match: true,
    };
    bench.perform(Operation::CopyObject(copy)).await;
}

/// The same calls, wrong in as many ways as this program can send.
async fn wrong(bench: &mut Bench) {
    let upload = bench.create(None).await;
    let small = etag_of(&bench.upload(&upload, 1, 10).await);
    let last = etag_of(&bench.upload(&upload, 2, 10).await);
    bench.upload(&upload, 0, 10).await;
    let gone = UploadRef { upload_id: "gone".into(), ..upload.clone() };
    bench.upload(&gone, 1, 10).await;
    for (source, range, etag) in [
        ("k", Some("bytes=5-"), None),
        ("k", Some("bytes=90-100"), None),
        ("k", Some("bytes=200-300"), None),
        ("k", None, Some("0123456789abcdef0123456789abcdef")),
        ("missing", None, None),
    ] {
        bench.perform(copied(&upload, 3, source, range, etag)).await;
    }
    for list in [
        &[][..],
        &[(1, small.as_str()), (2, last.as_str())],
        &[(2, last.as_str()), (1, small.as_str())],
        &[(9, small.as_str())],
    ] {
        bench.perform(complete(&upload, list, false)).await;
    }
    bench.perform(complete(&upload, &[(1, small.as_str())], true)).await;
    bench.perform(complete(&gone, &[(1, small.as_str())], false)).await;
    for properties in [
        ObjectProperties { storage_class: text("NO_SUCH_CLASS"), ..full() },
        ObjectProperties { checksum_algorithm: text("SHA256"), checksum_type: text("FULL_OBJECT"), ..full() },
        ObjectProperties { metadata: vec![("big".into(), "x".repeat(3000))], ..full() },
    ] {
        bench.perform(create(properties)).await;
    }
    let object = ObjectRef::new("scratch", "k");
    let beyond = HeadObject { object: object.clone(), part_number: Some(PartNumber(7)) };
    bench.perform(Operation::HeadObject(beyond)).await;
    bench
        .perform(Operation::GetObject(GetObject { object, range: text("bytes=1000-"), if_match: None }))
        .await;
    let nowhere = ListObjectsV2 { bucket: "no-such-bucket".into(), ..ListObjectsV2::default() };
    bench.perform(Operation::ListObjectsV2(nowhere)).await;
    for fault in ["HeadObject times=1 expired-token", "ListBuckets times=1 permanent-redirect=eu-west-1"] {
        bench.server.faults().add(fault.parse().unwrap()).unwrap();
    }
    bench.perform(Operation::ListBuckets(ListBuckets::default())).await;
    read(bench).await;
}

#[tokio::test]
async fn whatever_this_program_sends_and_gets_can_be_looked_up() {
    let mut bench = Bench::new().await;
    right(&mut bench).await;
    wrong(&mut bench).await;
    let kinds: BTreeSet<_> = bench.seen.iter().filter_map(|e| e.kind.known()).collect();
    let unsent: Vec<_> = OperationKind::ALL.into_iter().filter(|kind| !kinds.contains(kind)).collect();
    assert!(unsent.is_empty(), "never sent: {unsent:?}");
    let codes = bench.codes();
    for code in ["EntityTooSmall", "InvalidPartOrder", "InvalidPart", "NoSuchUpload", "PreconditionFailed"] {
        assert!(codes.contains(code), "{code} is not among {codes:?}");
    }
    let missing = bench.missing();
    assert!(missing.is_empty(), "without an explanation in assets/explain: {missing:?}");
}

#[test]
fn what_is_not_explained_is_found() {
    let head = "PUT /b/k?partNumber=1&new-thing HTTP/1.1\r\nHost: a\r\nx-amz-new: 1\r\n\r\n";
    assert_eq!(unexplained_head(head, Direction::Request), ["?new-thing", "x-amz-new:"]);
    let body = b"<Error xmlns:new=\"\"><Code>NewCode</Code><Other/></Error>";
    assert_eq!(unexplained_body(body), ["Error/@xmlns:new", "NewCode", "<Error/Other>"]);
    assert_eq!(unexplained_body(b"bytes of an object"), [""; 0]);
}

/// Codes that stand in the sandbox's sources as the second argument of an error.
fn codes_in(text: &str) -> Vec<String> {
    let code = |rest: &str| {
        let (status, rest) = rest.split_once(',')?;
        let literal = rest.trim_start().strip_prefix('"')?;
        status.trim().parse::<u16>().ok()?;
        Some(literal.split_once('"')?.0.to_owned())
    };
    ["S3Error::new(", "Self::new("]
        .iter()
        .flat_map(|call| text.split(*call).skip(1).filter_map(code))
        .collect()
}

fn sources(dir: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false => found.extend(codes_in(&std::fs::read_to_string(&path).unwrap())),
        }
    }
}

/// Codes given by name are checked where an error is made, in every test that makes one.
#[test]
fn every_error_code_of_the_sandbox_can_be_looked_up() {
    let mut codes = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox"), &mut codes);
    assert!(codes.len() > 60, "the sources are read: {codes:?}");
    let missing: BTreeSet<_> = codes.iter().filter(|code| error(code, "").is_none()).collect();
    assert!(missing.is_empty(), "without an entry in assets/explain/errors.toml: {missing:?}");
}
