//! What the program shows is what passed: the records equal, byte for byte, what a relay saw between the
//! program and the server, in both directions, for every operation, over reused connections, retries and TLS.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "wire/relay.rs"]
mod relay;
#[path = "wire/xray.rs"]
mod xray;

use partscope::domain::etag::ETag;
use partscope::domain::exchange::{Captured, End, Exchange};
use partscope::domain::names::{ObjectRef, Tag};
use partscope::domain::operation::*;
use partscope::domain::outcome::Outcome;
use partscope::domain::output::Output;
use partscope::domain::preview::preview;
use partscope::domain::units::PartNumber;
use partscope::s3::{Call, Client, TargetSpec, connect};
use partscope::wire::hub::Hub;
use relay::{Answer, Log, Passed, relay, scripted};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Nothing here takes long; what does is broken.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("the test hangs")
}

fn spec(address: SocketAddr) -> TargetSpec {
    TargetSpec {
        endpoint_url: Some(format!("http://127.0.0.1:{}", address.port())),
        path_style: true,
        static_credentials: Some(("AKIAEXAMPLE".into(), "secret".into())),
        ..TargetSpec::default()
    }
}

struct Bench {
    client: Client,
    hub: Arc<Hub>,
    log: Arc<Log>,
    seen: BTreeMap<u64, Exchange>,
    next: u64,
}

impl Bench {
    async fn new(upstream: SocketAddr) -> Self {
        let (address, log) = relay(upstream, None).await;
        Self::with(&spec(address), log).await
    }

    async fn with(spec: &TargetSpec, log: Arc<Log>) -> Self {
        let hub = Hub::new();
        let client = connect(spec, Arc::clone(&hub)).await.unwrap();
        Self { client, hub, log, seen: BTreeMap::new(), next: 1 }
    }

    fn call(&mut self, hold: bool) -> Call {
        self.next += 1;
        Call { id: OperationId(self.next), hold, cancel: CancellationToken::new() }
    }

    async fn perform(&mut self, operation: Operation) -> Outcome {
        let call = self.call(false);
        let outcome = soon(self.client.perform(&operation, call)).await;
        self.drain();
        outcome
    }

    fn drain(&mut self) {
        self.seen.extend(self.hub.drain().into_iter().map(|e| (e.id.0, Arc::unwrap_or_clone(e))));
    }

    /// Waits until some exchange satisfies the condition.
    async fn until(&mut self, condition: impl Fn(&Exchange) -> bool) -> Exchange {
        soon(async {
            loop {
                self.drain();
                if let Some(found) = self.seen.values().find(|e| condition(e)) {
                    return found.clone();
                }
                self.hub.changed().await;
            }
        })
        .await
    }

    /// Asserts that the records, put together per connection, are what the relay saw.
    fn assert_exact(&self) {
        let mut passed = self.log.connections();
        passed.retain(|p| !p.request.is_empty());
        let mut connections: BTreeMap<u64, Vec<&Exchange>> = BTreeMap::new();
        for exchange in self.seen.values().filter(|e| e.request.total > 0) {
            connections.entry(exchange.connection).or_default().push(exchange);
        }
        assert_eq!(connections.len(), passed.len(), "connections");
        for (exchanges, Passed { request, response, .. }) in connections.values().zip(&passed) {
            assert_pieces(exchanges.iter().map(|e| &e.request), request, "request");
            assert_pieces(exchanges.iter().map(|e| &e.response), response, "response");
        }
    }
}

fn assert_pieces<'a>(pieces: impl Iterator<Item = &'a Captured>, all: &[u8], what: &str) {
    let mut at = 0;
    for piece in pieces {
        let end = at + piece.total as usize;
        assert!(end <= all.len(), "{what}: {end} recorded, {} passed", all.len());
        let slice = &all[at..end];
        assert!(slice.starts_with(&piece.head), "{what}: beginnings differ at {at}");
        assert!(slice.ends_with(&piece.tail), "{what}: ends differ at {end}");
        assert!(piece.missing() > 0 || piece.kept() == slice.len(), "{what}");
        at = end;
    }
    assert_eq!(at, all.len(), "{what}: not everything was recorded");
}

fn ok(headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nx-amz-request-id: R\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

/// An answer for every operation.
fn canned(request: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(request);
    let line = text.lines().next().unwrap_or_default();
    let (method, target) = line.split_once(' ').unwrap_or_default();
    let copy = text.contains("\r\nx-amz-copy-source:");
    let tag = format!("ETag: \"{MD5}\"\r\n");
    let xml_tag = format!("<ETag>&quot;{MD5}&quot;</ETag>");
    Answer::Send(match method {
        "HEAD" => {
            format!("HTTP/1.1 200 OK\r\n{tag}Content-Length: 5\r\nX-Amz-Meta-B: 1\r\nx-amz-meta-a: 2\r\n\r\n")
                .into_bytes()
        }
        "DELETE" => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
        "POST" if target.contains("uploads") => {
            ok("", "<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>")
        }
        "POST" => {
            ok("", &format!("<CompleteMultipartUploadResult>{xml_tag}</CompleteMultipartUploadResult>"))
        }
        "PUT" if copy && target.contains("partNumber") => {
            ok("", &format!("<CopyPartResult>{xml_tag}</CopyPartResult>"))
        }
        "PUT" if copy => ok("", &format!("<CopyObjectResult>{xml_tag}</CopyObjectResult>")),
        "PUT" => ok(&tag, ""),
        _ if target.contains("attributes") => {
            ok("", "<GetObjectAttributesResponse><ObjectSize>5</ObjectSize></GetObjectAttributesResponse>")
        }
        _ if target.contains("tagging") => {
            ok("", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>")
        }
        _ if target.contains("uploadId") => ok("", "<ListPartsResult></ListPartsResult>"),
        _ if target.contains("uploads") => {
            ok("", "<ListMultipartUploadsResult></ListMultipartUploadsResult>")
        }
        _ if target.contains("versions") => ok("", "<ListVersionsResult></ListVersionsResult>"),
        _ if target.contains("list-type") => ok("", "<ListBucketResult></ListBucketResult>"),
        _ => ok("", "<ListAllMyBucketsResult></ListAllMyBucketsResult>"),
    })
}

fn object() -> ObjectRef {
    ObjectRef::new("bucket", "dir/key with + and é")
}

fn upload() -> UploadRef {
    UploadRef { bucket: "bucket".into(), key: "copy".into(), upload_id: "U".into() }
}

fn head() -> Operation {
    Operation::HeadObject(HeadObject { object: object(), part_number: None })
}

fn part(len: u64) -> Operation {
    let body = PartBody::Generated { seed: 3, len };
    Operation::UploadPart(UploadPart { upload: upload(), part_number: PartNumber(1), body })
}

fn part_copy() -> Operation {
    Operation::UploadPartCopy(UploadPartCopy {
        upload: upload(),
        part_number: PartNumber(2),
        source: object(),
        copy_source_range: Some("bytes=0-4".into()),
        copy_source_if_match: Some(ETag::parse(MD5)),
    })
}

fn complete() -> Operation {
    let checksum = Some(("CRC32".to_owned(), "AAAAAA==".to_owned()));
    let entry = CompletedPart { part_number: PartNumber(1), etag: ETag::parse(MD5), checksum };
    Operation::CompleteMultipartUpload(CompleteMultipartUpload {
        upload: upload(),
        parts: vec![entry],
        if_none_match: true,
        mpu_object_size: Some(5),
        checksum_type: None,
    })
}

fn every_operation() -> Vec<Operation> {
    let tags = vec![Tag { key: "a b".into(), value: "ä".into() }];
    let properties = ObjectProperties {
        content_type: Some("text/plain".into()),
        expires: Some("not a date".into()),
        metadata: vec![("zebra".into(), "1".into()), ("ant".into(), "2".into())],
        ..ObjectProperties::default()
    };
    vec![
        Operation::ListBuckets(ListBuckets::default()),
        Operation::ListObjectsV2(ListObjectsV2 { bucket: "bucket".into(), ..ListObjectsV2::default() }),
        Operation::ListObjectVersions(ListObjectVersions {
            bucket: "bucket".into(),
            prefix: object().key,
            ..ListObjectVersions::default()
        }),
        Operation::ListMultipartUploads(ListMultipartUploads {
            bucket: "bucket".into(),
            ..ListMultipartUploads::default()
        }),
        head(),
        Operation::GetObject(GetObject { object: object(), range: None, if_match: None }),
        Operation::GetObjectAttributes(GetObjectAttributes {
            object: object(),
            part_number_marker: None,
            max_parts: None,
        }),
        Operation::GetObjectTagging(object()),
        Operation::PutObjectTagging(PutObjectTagging { object: object(), tags: tags.clone() }),
        Operation::CopyObject(CopyObject {
            source: object(),
            destination: ObjectRef::new("bucket", "copy"),
            copy_source_if_match: None,
            drop_tags: false,
            storage_class: None,
            if_none_match: false,
        }),
        Operation::CreateMultipartUpload(CreateMultipartUpload {
            bucket: "bucket".into(),
            key: "copy".into(),
            properties,
            tags,
        }),
        part(5000),
        part(3 * 1024 * 1024),
        part_copy(),
        Operation::ListParts(ListParts { upload: upload(), part_number_marker: None, max_parts: Some(2) }),
        complete(),
        Operation::AbortMultipartUpload(upload()),
        Operation::DeleteObjectTagging(object()),
    ]
}

/// The same with values no typed parameter has.
fn amended(operation: Operation) -> Operation {
    let value = |text: &str| Some(text.to_owned());
    let amendment = Amendment {
        query: vec![("partNumber".into(), value("1 0")), ("versionId".into(), value("v"))],
        headers: vec![("x-amz-expected-bucket-owner".into(), value("1234")), ("if-match".into(), None)],
    };
    operation.amended(amendment)
}

/// Headers that the signer, the SDK or the HTTP stack adds on its own account.
const ADDED: [&str; 16] = [
    "x-amz-sdk-checksum-algorithm",
    "x-amz-checksum-crc32",
    "host",
    "content-length",
    "user-agent",
    "x-amz-user-agent",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "authorization",
    "x-amz-date",
    "x-amz-content-sha256",
    "content-type",
    "content-md5",
    "x-amz-security-token",
    "accept",
    "accept-encoding",
];

#[tokio::test]
async fn what_a_preview_says_is_what_is_sent() {
    let mut bench = Bench::new(scripted(|_, request| canned(request)).await).await;
    let plain = every_operation().into_iter().filter(|o| !matches!(o, Operation::UploadPart(_)));
    for operation in plain.flat_map(|o| [o.clone(), amended(o)]) {
        bench.perform(operation.clone()).await;
        let sent = bench.seen.values().next_back().unwrap();
        let text = String::from_utf8(sent.request.head.clone()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let start = lines.next().unwrap().trim_end_matches(" HTTP/1.1");
        let said = preview(&operation);
        assert_eq!(parts_of(start), parts_of(&said.start()), "{operation:?}");
        let pair = |l: &str| l.split_once(": ").map(|(n, v)| (n.to_lowercase(), v.to_owned())).unwrap();
        let mut sent: Vec<_> = lines.map(pair).filter(|(n, _)| !ADDED.contains(&n.as_str())).collect();
        let mut told: Vec<_> = said.headers.into_iter().filter(|(n, _)| n != "content-type").collect();
        sent.sort();
        told.sort();
        assert_eq!(sent, told, "{operation:?}");
        let shown: String = said.body.iter().map(|l| l.trim()).filter(|l| l.starts_with('<')).collect();
        let plain = body.replace(" xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"", "");
        assert_eq!(plain.split("?>").last().unwrap(), shown, "{operation:?}");
    }
}

#[tokio::test]
async fn what_is_stated_of_a_part_by_hand_is_stated_once_and_signed() {
    let mut bench = Bench::new(scripted(|_, request| canned(request)).await).await;
    for len in [5000, 3 * 1024 * 1024] {
        for (name, value) in [
            ("x-amz-checksum-sha256", "q83vEjRWeJA="),
            ("x-amz-checksum-xxhash64", "AAAAAAAAAAA="),
            ("content-md5", "not base64"),
        ] {
            let headers = vec![(name.to_owned(), Some(value.to_owned()))];
            let operation = part(len).amended(Amendment { query: Vec::new(), headers });
            bench.perform(operation).await;
            let sent = bench.seen.values().next_back().unwrap();
            let head = String::from_utf8_lossy(&sent.request.head).into_owned();
            let head = head.split("\r\n\r\n").next().unwrap();
            let stated = head.lines().filter(|l| l.starts_with(name)).collect::<Vec<_>>();
            assert_eq!(stated, [format!("{name}: {value}")], "{head}");
            let signed = head.split("SignedHeaders=").nth(1).unwrap().split(',').next().unwrap();
            assert!(signed.split(';').any(|s| s == name), "{name} is not among {signed}");
            let sums =
                head.lines().filter(|l| l.starts_with("x-amz-checksum-") || l.starts_with("x-amz-trailer"));
            assert!(sums.count() <= 1, "a second checksum beside {name}: {head}");
        }
    }
}

/// Method and path, and the query parameters in any order, without the one that the SDK adds.
fn parts_of(start: &str) -> (String, Vec<String>) {
    let (path, query) = start.split_once('?').unwrap_or((start, ""));
    let mut query: Vec<String> =
        query.split('&').filter(|p| !p.is_empty() && !p.starts_with("x-id=")).map(str::to_owned).collect();
    query.sort();
    (path.to_owned(), query)
}

#[tokio::test]
async fn every_operation_over_one_reused_connection_is_recorded_exactly() {
    let mut bench = Bench::new(scripted(|_, request| canned(request)).await).await;
    for operation in every_operation() {
        let outcome = bench.perform(operation.clone()).await;
        assert!(matches!(outcome, Outcome::Answered(_)), "{operation:?}: {outcome:?}");
    }
    assert_eq!(bench.log.connections().len(), 1, "one connection for a sequence of calls");
    assert!(bench.seen.values().all(|e| e.end == Some(End::Complete)));
    assert!(bench.seen.values().skip(1).all(|e| e.reused));
    bench.assert_exact();
    let create = bench.seen.values().find(|e| e.kind == OperationKind::CreateMultipartUpload).unwrap();
    let head = String::from_utf8_lossy(&create.request.head);
    let zebra = head.find("x-amz-meta-zebra: 1").unwrap();
    assert!(head.find("x-amz-meta-ant: 2").unwrap() > zebra, "metadata keeps its order");
    assert!(head.contains("expires: not a date\r\n"));
    let signed = head.split("SignedHeaders=").nth(1).unwrap();
    assert!(signed.contains("expires") && signed.contains("x-amz-meta-ant"), "{signed}");
}

#[tokio::test]
async fn every_operation_over_tls_is_recorded_exactly() {
    let key = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let der = key.cert.der().clone();
    let private = rustls::pki_types::PrivatePkcs8KeyDer::from(key.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![der.clone()], private.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let upstream = scripted(|_, request| canned(request)).await;
    let (address, log) = relay(upstream, Some(acceptor)).await;
    let spec = TargetSpec {
        endpoint_url: Some(format!("https://localhost:{}", address.port())),
        extra_roots: vec![der.to_vec()],
        ..spec(address)
    };
    let mut bench = Bench::with(&spec, log).await;
    for operation in every_operation() {
        let outcome = bench.perform(operation.clone()).await;
        assert!(matches!(outcome, Outcome::Answered(_)), "{operation:?}: {outcome:?}");
    }
    bench.assert_exact();
    assert!(bench.seen.values().all(|e| e.tls.as_deref().is_some_and(|t| t.starts_with("TLS 1.3 TLS"))));
    for exchange in bench.seen.values() {
        // Over TLS the chunks of a body are not signed.
        assert_eq!(xray::assert_right(&bench.client, exchange), 1);
    }
    for (e, t) in bench.seen.values().map(|e| (e, e.timing)) {
        let in_order = t.tcp.is_some_and(|tcp| (t.begun..=t.connected.unwrap()).contains(&tcp));
        assert!(if e.reused { t.tcp.is_none() } else { in_order }, "#{} {t:?}", e.id.0);
    }
    assert!(bench.seen.values().any(|e| !e.reused));
}

#[tokio::test]
async fn a_retried_call_is_one_operation_with_an_exchange_per_attempt() {
    let slow_down = "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>";
    let refused = format!("HTTP/1.1 503 Slow Down\r\nContent-Length: {}\r\n\r\n{slow_down}", slow_down.len());
    let upstream =
        scripted(
            move |n, request| {
                if n == 0 { Answer::Send(refused.clone().into_bytes()) } else { canned(request) }
            },
        );
    let mut bench = Bench::new(upstream.await).await;
    assert!(matches!(bench.perform(part_copy()).await, Outcome::Answered(Output::Part(_))));
    let attempts: Vec<_> = bench.seen.values().map(|e| (e.operation, e.attempt, e.status())).collect();
    assert_eq!(attempts, [(OperationId(2), 1, Some(503)), (OperationId(2), 2, Some(200))]);
    bench.assert_exact();
}

#[tokio::test]
async fn interim_answers_chunks_and_trailers_are_part_of_the_response() {
    let pieces = [
        "<?xml version=\"1.0\"?>\n",
        "  ",
        " \n",
        "<CopyPartResult><ETag>&quot;a&quot;</ETag>",
        "</CopyPartResult>",
    ];
    let chunks: String = pieces.iter().map(|p| format!("{:x}\r\n{p}\r\n", p.len())).collect();
    let head = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = format!("{head}{chunks}0\r\nX-Trailer: 1\r\n\r\n");
    let upstream = scripted(move |_, _| Answer::Send(answer.clone().into_bytes()));
    let mut bench = Bench::new(upstream.await).await;
    for _ in 0..2 {
        let outcome = bench.perform(part_copy()).await;
        assert!(matches!(outcome, Outcome::Answered(Output::Part(_))), "{outcome:?}");
    }
    assert_eq!(bench.log.connections().len(), 1);
    assert!(bench.seen.values().all(|e| e.status() == Some(200)));
    bench.assert_exact();
}

#[tokio::test]
async fn bodies_longer_than_the_capture_keep_both_ends() {
    let contents = "<Contents><Key>key</Key><Size>1</Size></Contents>".repeat(6000);
    let body = format!("<ListBucketResult>{contents}</ListBucketResult>");
    let mut bench = Bench::new(scripted(move |_, _| Answer::Send(ok("", &body))).await).await;
    let list = ListObjectsV2 { bucket: "bucket".into(), ..ListObjectsV2::default() };
    let Outcome::Answered(Output::Objects(page)) = bench.perform(Operation::ListObjectsV2(list)).await else {
        panic!("no page")
    };
    assert_eq!(page.objects.len(), 6000);
    assert!(bench.seen.values().all(|e| e.response.missing() > 0));
    bench.assert_exact();
}

#[tokio::test]
async fn a_held_request_is_shown_whole_and_leaves_only_when_released() {
    let mut bench = Bench::new(scripted(|_, request| canned(request)).await).await;
    for len in [5000, 3 * 1024 * 1024] {
        let call = bench.call(true);
        let client = bench.client.clone();
        let work = tokio::spawn(async move { client.perform(&part(len), call).await });
        let held = bench.until(|e| e.held).await;
        assert_eq!(held.timing.request_sent, None);
        if len == 5000 {
            assert!(held.request.head.ends_with(&[PartBody::generated_byte(3, 4999)]));
            assert!(bench.log.connections().iter().all(|p| p.request.is_empty()), "nothing has left");
        }
        assert!(bench.hub.release(held.id));
        assert!(!bench.hub.release(held.id), "once");
        let outcome = soon(work).await.unwrap();
        assert!(matches!(outcome, Outcome::Answered(Output::Part(_))), "{outcome:?}");
        bench.drain();
        let done = &bench.seen[&held.id.0];
        assert!(done.timing.released.is_some() && !done.held);
    }
    bench.assert_exact();
}

#[tokio::test]
async fn a_held_request_that_is_cancelled_sends_nothing_at_all() {
    for operation in [complete(), part(3 * 1024 * 1024)] {
        let mut bench = Bench::new(scripted(|_, request| canned(request)).await).await;
        let call = bench.call(true);
        let (client, cancel) = (bench.client.clone(), call.cancel.clone());
        let work = tokio::spawn(async move { client.perform(&operation, call).await });
        let held = bench.until(|e| e.held).await;
        cancel.cancel();
        assert_eq!(soon(work).await.unwrap(), Outcome::Cancelled { sent: false });
        bench.drain();
        assert_eq!(bench.seen[&held.id.0].end, Some(End::Cancelled));
        assert!(!bench.hub.release(held.id));
        soon(bench.log.until(|all| all.iter().all(|p| p.closed))).await;
        assert!(bench.log.connections().iter().all(|p| p.request.is_empty()));
    }
}

#[tokio::test]
async fn a_cancelled_request_that_was_sent_is_doubtful_and_its_connection_is_discarded() {
    let upstream = scripted(|n, request| if n == 0 { Answer::Send(Vec::new()) } else { canned(request) });
    let mut bench = Bench::new(upstream.await).await;
    let call = bench.call(false);
    let (client, cancel) = (bench.client.clone(), call.cancel.clone());
    let work = tokio::spawn(async move { client.perform(&complete(), call).await });
    soon(bench.log.until(|all| all.first().is_some_and(|p| p.request.ends_with(b"Upload>")))).await;
    cancel.cancel();
    assert_eq!(soon(work).await.unwrap(), Outcome::Cancelled { sent: true });
    soon(bench.log.until(|all| all.first().is_some_and(|p| p.closed))).await;
    assert!(matches!(bench.perform(head()).await, Outcome::Answered(_)));
    let ends: Vec<_> =
        bench.seen.values().map(|e| (e.connection, e.reused, e.end.clone().unwrap())).collect();
    assert_eq!(ends, [(1, false, End::Cancelled), (2, false, End::Complete)]);
    bench.assert_exact();
}

#[tokio::test]
async fn silence_is_told_from_refusal_and_from_not_having_been_sent() {
    let one = |address| TargetSpec { max_attempts: 1, ..spec(address) };
    // Nobody listens.
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut bench = Bench::with(&one(dead), Arc::default()).await;
    let Outcome::Lost(lost) = bench.perform(complete()).await else { panic!("answered") };
    assert!(!lost.maybe_sent, "{lost}");
    assert!(lost.message.contains("refused"), "{lost}");
    // The connection is cut before the answer, or within it.
    for cut in [&b""[..], b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<CompleteMultipart"] {
        let (address, log) = relay(scripted(move |_, _| Answer::Close(cut.to_vec())).await, None).await;
        let mut bench = Bench::with(&one(address), log).await;
        let Outcome::Lost(lost) = bench.perform(complete()).await else { panic!("answered") };
        assert!(lost.maybe_sent, "{lost}");
        assert!(matches!(bench.seen.values().next().unwrap().end, Some(End::Failed(_))));
        bench.assert_exact();
    }
}

#[tokio::test]
async fn create_and_complete_are_tried_once_and_a_part_again() {
    let create = Operation::CreateMultipartUpload(CreateMultipartUpload {
        bucket: "bucket".into(),
        key: "key".into(),
        properties: ObjectProperties::default(),
        tags: vec![],
    });
    let slow = "<Error><Code>SlowDown</Code></Error>";
    let slow = format!("HTTP/1.1 503 Slow Down\r\nContent-Length: {}\r\n\r\n{slow}", slow.len());
    for (operation, tries) in [(create, 1), (complete(), 1), (part_copy(), 2)] {
        for (first, lost) in [(String::new(), true), (slow.clone(), false)] {
            let upstream = scripted(move |n, request| match n {
                0 => Answer::Close(first.clone().into_bytes()),
                _ => canned(request),
            });
            let mut bench = Bench::new(upstream.await).await;
            let outcome = bench.perform(operation.clone()).await;
            assert_eq!(bench.seen.len(), tries, "{outcome:?}");
            match outcome {
                Outcome::Answered(_) => assert_eq!(tries, 2),
                Outcome::Lost(e) => assert!(lost && e.maybe_sent && tries == 1, "{e}"),
                Outcome::Refused(e) => assert!(!lost && e.code == "SlowDown" && tries == 1, "{e}"),
                Outcome::Cancelled { .. } => panic!("cancelled"),
            }
            bench.assert_exact();
        }
    }
}

#[tokio::test]
async fn a_200_without_the_result_is_no_success() {
    let error = "<?xml version=\"1.0\"?>\n\n<Error><Code>InternalError</Code><Message>m</Message></Error>";
    for (body, operation, want) in [
        ("", part_copy(), "refused NoResult"),
        ("", complete(), "lost"),
        (error, complete(), "refused InternalError"),
        (error, part_copy(), "refused InternalError"),
    ] {
        let (address, log) = relay(scripted(move |_, _| Answer::Send(ok("", body))).await, None).await;
        let mut bench = Bench::with(&TargetSpec { max_attempts: 1, ..spec(address) }, log).await;
        let got = match bench.perform(operation).await {
            Outcome::Refused(e) => {
                assert_eq!(e.status, 200);
                format!("refused {}", e.code)
            }
            Outcome::Lost(e) if e.maybe_sent => "lost".into(),
            other => format!("{other:?}"),
        };
        assert_eq!(got, want, "{body:?}");
        bench.assert_exact();
    }
}

#[tokio::test]
async fn refusals_keep_every_element_and_head_refusals_get_a_name() {
    let error = "<Error><Code>InvalidPart</Code><Message>m &amp; n</Message><UploadId>U</UploadId>\
                 <PartNumber>1</PartNumber><RequestId>R</RequestId><HostId>H</HostId></Error>";
    let upstream = scripted(move |n, _| {
        let body = if n == 0 { error } else { "" };
        let status = if n == 0 { "400 Bad Request" } else { "404 Not Found" };
        Answer::Send(
            format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes(),
        )
    });
    let mut bench = Bench::new(upstream.await).await;
    let Outcome::Refused(e) = bench.perform(complete()).await else { panic!("not refused") };
    assert_eq!((e.code.as_str(), e.message.as_str(), e.status), ("InvalidPart", "m & n", 400));
    assert_eq!(e.request_id.as_deref(), Some("R"));
    let detail: Vec<_> = e.detail.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(detail, [("UploadId", "U"), ("PartNumber", "1")]);
    let Outcome::Refused(e) = bench.perform(head()).await else { panic!("not refused") };
    assert_eq!((e.code.as_str(), e.status), ("NotFound", 404));
}

#[tokio::test]
async fn an_object_sent_instead_of_its_attributes_is_not_read_on() {
    let upstream = scripted(|_, _| {
        let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n".to_vec();
        answer.extend_from_slice(&[b'x'; 4096]);
        Answer::Send(answer)
    });
    let mut bench = Bench::new(upstream.await).await;
    let ask = GetObjectAttributes { object: object(), part_number_marker: None, max_parts: None };
    let Outcome::Refused(e) = bench.perform(Operation::GetObjectAttributes(ask)).await else {
        panic!("taken")
    };
    assert_eq!((e.code.as_str(), e.status), ("NoAttributes", 200));
    assert_eq!(
        bench.seen.len(),
        1,
        "not tried again: {:?}",
        bench.seen.values().map(|e| (e.attempt, e.end.clone(), e.response.total)).collect::<Vec<_>>()
    );
    soon(bench.log.until(|all| all.iter().all(|p| p.closed))).await;
}

#[tokio::test]
async fn a_connection_the_server_closed_while_idle_is_replaced() {
    let upstream = scripted(|_, request| match canned(request) {
        Answer::Send(data) | Answer::Close(data) => Answer::Close(data),
    });
    let mut bench = Bench::new(upstream.await).await;
    for _ in 0..3 {
        assert!(matches!(bench.perform(head()).await, Outcome::Answered(_)));
    }
    assert!(bench.seen.values().filter(|e| e.end == Some(End::Complete)).count() == 3);
}

#[tokio::test]
async fn head_keeps_headers_in_wire_order() {
    let mut bench = Bench::new(scripted(|_, request| canned(request)).await).await;
    let Outcome::Answered(Output::Head(head)) = bench.perform(head()).await else { panic!("no head") };
    let names: Vec<_> = head.headers.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(names, ["ETag", "Content-Length", "X-Amz-Meta-B", "x-amz-meta-a"]);
    assert_eq!(head.properties.metadata, [("b".into(), "1".into()), ("a".into(), "2".into())]);
    assert_eq!((head.status, head.content_length), (200, 5));
}

/// A whole copy against the sandbox, recorded exactly.
async fn copy_in_the_sandbox(mut bench: Bench) {
    let source = ObjectRef::new("lessons", "short-last-part.bin");
    let create = CreateMultipartUpload {
        bucket: "scratch".into(),
        key: "copy".into(),
        properties: ObjectProperties {
            checksum_algorithm: Some("SHA256".into()),
            ..ObjectProperties::default()
        },
        tags: vec![],
    };
    let outcome = bench.perform(Operation::CreateMultipartUpload(create)).await;
    let Outcome::Answered(Output::Created(created)) = outcome else { panic!("{outcome:?}") };
    let upload = created.upload;
    let body = PartBody::Generated { seed: 9, len: 5 * 1024 * 1024 };
    let sent = Operation::UploadPart(UploadPart { upload: upload.clone(), part_number: PartNumber(1), body });
    let copied = Operation::UploadPartCopy(UploadPartCopy {
        upload: upload.clone(),
        part_number: PartNumber(2),
        source: source.clone(),
        copy_source_range: Some("bytes=0-99".into()),
        copy_source_if_match: None,
    });
    let mut parts = Vec::new();
    for (n, operation) in [(1, sent), (2, copied)] {
        let outcome = bench.perform(operation).await;
        let Outcome::Answered(Output::Part(part)) = outcome else { panic!("{outcome:?}") };
        let sha = part.checksums.get("SHA256").expect("the part uses the upload's algorithm").to_owned();
        let checksum = Some(("SHA256".into(), sha));
        parts.push(CompletedPart { part_number: PartNumber(n), etag: part.etag, checksum });
    }
    let complete = CompleteMultipartUpload {
        upload,
        parts,
        if_none_match: false,
        mpu_object_size: None,
        checksum_type: None,
    };
    let outcome = bench.perform(Operation::CompleteMultipartUpload(complete)).await;
    assert!(matches!(outcome, Outcome::Answered(Output::Completed(_))), "{outcome:?}");
    let list = ListObjectsV2 { bucket: "many-keys".into(), ..ListObjectsV2::default() };
    let outcome = bench.perform(Operation::ListObjectsV2(list)).await;
    assert!(matches!(outcome, Outcome::Answered(Output::Objects(_))), "{outcome:?}");
    bench.assert_exact();
}

async fn sandbox() -> partscope::sandbox::Server {
    partscope::sandbox::Server::start(partscope::sandbox::SandboxOptions::default()).await.unwrap()
}

fn sandbox_spec(server: &partscope::sandbox::Server, address: SocketAddr) -> TargetSpec {
    let keys = (server.access_key().to_owned(), server.secret_key().to_owned());
    TargetSpec { static_credentials: Some(keys), region: Some(server.region().to_owned()), ..spec(address) }
}

#[tokio::test]
async fn a_copy_in_the_sandbox_is_recorded_exactly() {
    let server = sandbox().await;
    let (address, log) = relay(server.addr(), None).await;
    copy_in_the_sandbox(Bench::with(&sandbox_spec(&server, address), log).await).await;
}

#[tokio::test]
async fn buckets_in_the_host_name_reach_this_machine_without_a_resolver() {
    let upstream = scripted(|_, request| canned(request)).await;
    let (address, log) = relay(upstream, None).await;
    let endpoint = format!("http://s3.localhost:{}", address.port());
    let spec = TargetSpec { endpoint_url: Some(endpoint), path_style: false, ..spec(address) };
    let mut bench = Bench::with(&spec, log).await;
    assert!(matches!(bench.perform(head()).await, Outcome::Answered(_)));
    let request = String::from_utf8(bench.log.connections().remove(0).request).unwrap();
    assert!(request.contains(&format!("host: bucket.s3.localhost:{}\r\n", address.port())), "{request}");
    bench.assert_exact();
}

#[tokio::test]
async fn a_listing_with_a_key_that_xml_cannot_carry_is_asked_for_again_encoded() {
    let upstream = scripted(|_, request| {
        let text = String::from_utf8_lossy(request).into_owned();
        let target = text.split(' ').nth(1).unwrap_or_default().to_owned();
        let (key, encoding) = match target.contains("encoding-type=url") {
            true => ("a%01+b%2B%EF%BF%BE", "<EncodingType>url</EncodingType>"),
            false => ("a\u{1} b+\u{fffe}", ""),
        };
        Answer::Send(match target.contains("uploads") {
            true => ok(
                "",
                &format!(
                    "<ListMultipartUploadsResult>{encoding}<Upload><Key>{key}</Key><UploadId>u</UploadId></Upload></ListMultipartUploadsResult>"
                ),
            ),
            false => ok(
                "",
                &format!(
                    "<ListBucketResult>{encoding}<Contents><Key>{key}</Key></Contents><CommonPrefixes><Prefix>{key}</Prefix></CommonPrefixes></ListBucketResult>"
                ),
            ),
        })
    });
    let mut bench = Bench::new(upstream.await).await;
    let want = "a\u{1} b+\u{fffe}";
    let objects = ListObjectsV2 { bucket: "b".into(), ..ListObjectsV2::default() };
    let outcome = bench.perform(Operation::ListObjectsV2(objects)).await;
    let Outcome::Answered(Output::Objects(page)) = outcome else { panic!("{outcome:?}") };
    assert_eq!((page.objects[0].key.as_str(), page.common_prefixes[0].as_str()), (want, want));
    let uploads = ListMultipartUploads { bucket: "b".into(), ..ListMultipartUploads::default() };
    let outcome = bench.perform(Operation::ListMultipartUploads(uploads)).await;
    let Outcome::Answered(Output::Uploads(page)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(page.uploads[0].upload.key, want);
}
