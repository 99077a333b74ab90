//! Scripts as they are read, and what they say of what they leave out, of files and of hosts.

use super::made::{encoded, exchange, request};
use super::run::{Script, client_of};
use super::world::World;
use partscope::domain::exchange::{End, Exchange};
use partscope::domain::export::{Format, script, script_with};
use partscope::domain::hand_over::Place;
use partscope::domain::names::ObjectRef;
use partscope::domain::operation::*;
use partscope::domain::output::Output;
use partscope::domain::units::PartNumber;
use std::io::Write as _;

fn written(exchanges: &[Exchange], format: Format, place: &Place<'_>) -> String {
    script(&exchanges.iter().collect::<Vec<_>>(), format, place)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_copy_in_every_language() {
    let mut world = World::new(1).await;
    world.small_copy().await;
    let mut exchanges = world.exchanges();
    // The second part was throttled at first, and a further call was held.
    let at = exchanges.iter().position(|e| e.kind == OperationKind::UploadPart).unwrap();
    let slow = b"HTTP/1.1 503 Slow Down\r\n\r\n<Error><Code>SlowDown</Code></Error>";
    let throttled = exchange(0, &exchanges[at].request.head, slow);
    let throttled = Exchange { operation: exchanges[at].operation, ..throttled };
    exchanges.insert(at, throttled);
    let mut held = exchanges.last().unwrap().clone();
    (held.operation, held.held, held.response) = (OperationId(99), true, Default::default());
    exchanges.push(held);
    let place = Place { endpoint_url: Some("http://127.0.0.1:9000"), ..Place::default() };
    for format in Format::ALL {
        let text = written(&exchanges, format, &place);
        insta::with_settings!({ snapshot_path => "../snapshots" }, {
            insta::assert_snapshot!(format!("script_{}", format.name()), text);
        });
    }
}

#[test]
fn what_has_not_left_is_left_out_and_what_was_not_answered_is_said() {
    let bytes = request("HEAD", "/b/k", &[]);
    let with = |id: u64, change: &dyn Fn(&mut Exchange)| {
        let mut e = exchange(id, &bytes, b"");
        change(&mut e);
        e
    };
    let exchanges = [
        with(1, &|e| e.held = true),
        with(2, &|e| (e.timing.request_sent, e.end) = (None, Some(End::Failed("refused\nrm x".into())))),
        with(3, &|e| (e.timing.request_sent, e.end) = (None, Some(End::Cancelled))),
        with(4, &|e| e.end = Some(End::Failed("the connection was closed".into()))),
    ];
    for format in Format::ALL {
        let text = written(&exchanges, format, &Place::default());
        for said in [
            "is left out: it was held and has not left",
            "is left out: it did not leave: refused␊rm x",
            "is left out: it was called off before it left",
            "1. HeadObject s3://b/k: no answer was recorded",
        ] {
            assert!(text.contains(said), "{said}:\n{text}");
        }
    }
}

#[test]
fn places_are_read_from_the_requests() {
    let of_amazon = |host: &str| {
        let text = String::from_utf8(request("HEAD", "/a%20k", &[])).unwrap();
        let mut e = exchange(1, text.replace("127.0.0.1:9000", host).as_bytes(), b"HTTP/1.1 200 OK\r\n\r\n");
        e.tls = Some("TLSv1.3".into());
        [e]
    };
    let exchanges = of_amazon("my.bucket.s3.eu-north-1.amazonaws.com");
    let shown = |format, place: &Place<'_>| written(&exchanges, format, place);
    let none = Place::default();
    let curl = shown(Format::Curl, &none);
    assert!(curl.contains("endpoint=https://s3.eu-north-1.amazonaws.com"), "{curl}");
    assert!(curl.contains("send HEAD \"$(at my.bucket)\"'/a%20k'"), "{curl}");
    let aws = shown(Format::AwsCli, &none);
    assert!(!aws.contains("amazonaws.com") && aws.contains("region=eu-north-1"), "{aws}");
    assert!(aws.contains("--bucket my.bucket") && aws.contains("--key 'a k'"), "{aws}");
    let python = shown(Format::Boto3, &none);
    assert!(python.contains("or None,") && python.contains("\"virtual\""), "{python}");
    let rust = shown(Format::Rust, &none);
    assert!(rust.contains("client(\"eu-north-1\", None, false, true).await"), "{rust}");
    let place = Place { region: Some("us-west-2"), profile: Some("prod"), no_sign_request: true, ..none };
    let aws = shown(Format::AwsCli, &place);
    assert!(aws.contains("--no-sign-request") && aws.contains("us-west-2") && aws.contains("prod"), "{aws}");
    assert!(!shown(Format::Curl, &place).contains("sigv4"));
}

#[test]
fn a_call_without_a_command_is_written_as_curl_alone() {
    let bytes = request("PUT", "/b/k?retention", &[]);
    let exchanges = [exchange(1, &bytes, b"HTTP/1.1 200 OK\r\n\r\n")];
    let shown = |format| written(&exchanges, format, &Place::default());
    assert!(shown(Format::Curl).contains("send PUT \"$endpoint\"'/b/k?retention='"));
    assert!(shown(Format::AwsCli).contains("\ndie 'call 1, PUT /b/k, cannot be written: "));
    assert!(shown(Format::Boto3).contains("\nsys.exit(\"call 1, PUT /b/k, cannot be written: "));
    assert!(shown(Format::Rust).contains("return Err(\"call 1, PUT /b/k, cannot be written: "));
}

#[test]
fn an_upload_begun_before_and_a_list_that_was_cut_are_said() {
    let answer = b"HTTP/1.1 200 OK\r\nETag: \"aa\"\r\n\r\n";
    let count = 3000;
    let part = |n: u64| exchange(n, &request("PUT", &format!("/b/k?partNumber={n}&uploadId=U"), &[]), answer);
    let mut exchanges: Vec<Exchange> = (1..=count).map(part).collect();
    let entries: String = (1..=count)
        .map(|n| format!("<Part><ETag>\"aa\"</ETag><PartNumber>{n}</PartNumber></Part>"))
        .collect();
    let mut bytes = request("POST", "/b/k?uploadId=U", &[]);
    bytes.extend(format!("<CompleteMultipartUpload>{entries}</CompleteMultipartUpload>").bytes());
    assert!(bytes.len() > 70_000);
    exchanges.push(exchange(count + 1, &bytes, b"HTTP/1.1 200 OK\r\n\r\n<R><ETag>e</ETag></R>"));
    let text = written(&exchanges, Format::Boto3, &Place::default());
    assert!(text.contains("no call before this one began the upload U: its id is the recorded one"));
    assert!(text.contains("its list was not kept whole; it is made of the parts that were stored before"));
    assert!(text.contains("{\"ETag\": etag_3000, \"PartNumber\": 3000},"), "{}", &text[text.len() - 500..]);
    let alone = written(&exchanges[exchanges.len() - 1..], Format::Boto3, &Place::default());
    assert!(
        alone.contains("is left out: its list was not kept whole, and its parts are not among these calls")
    );
}

const PART: usize = 5 * 1024 * 1024;

/// An upload of two parts that no script can hold, and the operations' bodies.
async fn large_upload(world: &mut World, path: &std::path::Path) -> Vec<(OperationId, PartBody)> {
    let create = CreateMultipartUpload {
        bucket: "dest".into(),
        key: "large".into(),
        properties: ObjectProperties::default(),
        tags: Vec::new(),
    };
    let Output::Created(created) = world.output(Operation::CreateMultipartUpload(create)).await else {
        panic!()
    };
    let (mut parts, mut bodies) = (Vec::new(), Vec::new());
    // The second part is sent first.
    for (number, offset, len) in [(2, PART, 100_000), (1, 0, PART)] {
        let body = PartBody::File { path: path.to_path_buf(), offset: offset as u64, len: len as u64 };
        let part = UploadPart {
            upload: created.upload.clone(),
            part_number: PartNumber(number),
            body: body.clone(),
        };
        let Output::Part(stored) = world.output(Operation::UploadPart(part)).await else { panic!() };
        bodies.push((world.last(), body));
        let entry = CompletedPart { part_number: PartNumber(number), etag: stored.etag, checksum: None };
        parts.insert(0, entry);
    }
    let complete = CompleteMultipartUpload {
        upload: created.upload,
        parts,
        if_none_match: false,
        mpu_object_size: None,
        checksum_type: None,
    };
    world.output(Operation::CompleteMultipartUpload(complete)).await;
    bodies
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_are_read_from_the_file_they_came_from_or_one_that_is_named() {
    let bytes: Vec<u8> = (0..PART + 100_000).map(|i| (i * i % 257 % 256) as u8).collect();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&bytes).unwrap();
    let mut world = World::new(1).await;
    let bodies = large_upload(&mut world, file.path()).await;
    let exchanges = world.exchanges();
    let all: Vec<_> = exchanges.iter().collect();
    for format in Format::ALL {
        let Some(client) = client_of(format) else { continue };
        let known = script_with(&all, format, &Place::default(), &|id| {
            bodies.iter().find(|(other, _)| *other == id).map(|(_, body)| body.clone())
        });
        let unknown = script(&all, format, &Place::default());
        for (text, variable) in [(&known, None), (&unknown, Some(file.path()))] {
            let fresh = World::new(2).await;
            let ran = Script::new(text, format).with("BODY_FILE", variable).run(&client, &fresh.server).await;
            assert!(ran.succeeded, "{text}\n--- said\n{}", ran.said);
            assert!(fresh.bytes("large").await == bytes, "{} made other bytes", format.name());
        }
        let fresh = World::new(3).await;
        let ran = Script::new(&unknown, format).run(&client, &fresh.server).await;
        assert!(!ran.succeeded && ran.said.contains("BODY_FILE: give the file"), "{}", ran.said);
        let short = tempfile::NamedTempFile::new().unwrap();
        let ran = Script::new(&unknown, format).with("BODY_FILE", Some(short.path()));
        let ran = ran.run(&client, &fresh.server).await;
        assert!(!ran.succeeded && ran.said.contains("is too short"), "{}", ran.said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_finds_a_bucket_in_front_of_the_host() {
    let Some(client) = client_of(Format::Curl) else { return };
    let key = "a key+é";
    let text = String::from_utf8(request("POST", &format!("/{}?uploads", encoded(key)), &[])).unwrap();
    let text = text.replace("127.0.0.1:9000", "dest.localhost:9000").replace("eu-north-1", "us-east-1");
    let exchanges = [exchange(1, text.as_bytes(), b"HTTP/1.1 200 OK\r\n\r\n")];
    let place = Place { endpoint_url: Some("http://localhost:9000"), ..Place::default() };
    let fresh = World::new(1).await;
    let script = Script::new(&written(&exchanges, Format::Curl, &place), Format::Curl);
    let url = fresh.server.endpoint().replace("127.0.0.1", "localhost");
    let ran = script.with("AWS_ENDPOINT_URL", Some(url.as_ref())).run(&client, &fresh.server).await;
    assert!(ran.succeeded, "{}", ran.said);
    assert_eq!(fresh.open_uploads().await, [key]);
}

/// The object that the small copy reads.
pub const SMALL: &str = "notes.txt";

impl World {
    /// A copy of two parts, the second one sent from here.
    pub async fn small_copy(&mut self) {
        let put = self.sdk.put_object().bucket("from").key(SMALL).body(vec![b'x'; 6 * 1024 * 1024].into());
        put.send().await.unwrap();
        self.exchanges();
        let head = HeadObject { object: ObjectRef::new("from", SMALL), part_number: None };
        let Output::Head(found) = self.output(Operation::HeadObject(head)).await else { panic!() };
        let create = CreateMultipartUpload {
            bucket: "dest".into(),
            key: "it's new.txt".into(),
            properties: ObjectProperties {
                content_type: Some("text/plain".into()),
                metadata: vec![("owner".into(), "ada".into())],
                ..ObjectProperties::default()
            },
            tags: Vec::new(),
        };
        let Output::Created(created) = self.output(Operation::CreateMultipartUpload(create)).await else {
            panic!()
        };
        let upload = created.upload.clone();
        let copied = Operation::UploadPartCopy(UploadPartCopy {
            upload: upload.clone(),
            part_number: PartNumber(1),
            source: ObjectRef { version_id: found.version_id.clone(), ..ObjectRef::new("from", SMALL) },
            copy_source_range: Some(format!("bytes=0-{}", PART - 1)),
            copy_source_if_match: Some(found.etag.clone()),
        });
        let sent = Operation::UploadPart(UploadPart {
            upload: upload.clone(),
            part_number: PartNumber(2),
            body: PartBody::Generated { seed: 65, len: 20 },
        });
        let mut parts = Vec::new();
        for (number, operation) in [(1, copied), (2, sent)] {
            let Output::Part(part) = self.output(operation).await else { panic!() };
            parts.push(CompletedPart { part_number: PartNumber(number), etag: part.etag, checksum: None });
        }
        let complete = CompleteMultipartUpload {
            upload,
            parts,
            if_none_match: true,
            mpu_object_size: None,
            checksum_type: None,
        };
        self.output(Operation::CompleteMultipartUpload(complete)).await;
    }
}
