//! `etag`, `verify` and `clients` from outside: what they compute of local bytes, what they say of objects, how they end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use assert_cmd::Command;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, ServerSideEncryption};
use md5::{Digest, Md5};
use partscope::sandbox::{SandboxOptions, Server};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

const MIB: usize = 1 << 20;

/// Byte `i` is `i` mod 251.
fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8).collect()
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

/// The ETag by its definition.
fn etag(data: &[u8], part: usize) -> String {
    let parts: Vec<&[u8]> = if data.is_empty() { vec![data] } else { data.chunks(part).collect() };
    let digests: Vec<u8> = parts.iter().flat_map(Md5::digest).collect();
    format!("{}-{}", hex(&Md5::digest(&digests)), parts.len())
}

struct Bench {
    dir: tempfile::TempDir,
    server: Server,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let server = runtime.block_on(Server::start(SandboxOptions::default())).unwrap();
        assert!(runtime.block_on(server.ready()));
        Self { dir: tempfile::tempdir().unwrap(), server, runtime }
    }

    fn file(&self, name: &str, data: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, data).unwrap();
        path
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::cargo_bin("partscope").unwrap();
        command
            .env("AWS_ACCESS_KEY_ID", self.server.access_key())
            .env("AWS_SECRET_ACCESS_KEY", self.server.secret_key())
            .env("AWS_CONFIG_FILE", "/nonexistent/config")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .args(["--endpoint-url", &self.server.endpoint(), "--region", self.server.region()])
            .arg("--path-style")
            .args(args)
            .timeout(Duration::from_secs(120));
        command
    }

    /// Exit code, standard output, standard error.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        said(&mut self.command(args))
    }

    fn json(&self, args: &[&str]) -> (i32, Value) {
        let (code, out, err) = self.run(&[args, &["--json"]].concat());
        (code, serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}")))
    }

    async fn sdk(&self) -> aws_sdk_s3::Client {
        let keys = Credentials::new(self.server.access_key(), self.server.secret_key(), None, None, "test");
        let shared = aws_config::defaults(BehaviorVersion::latest())
            .credentials_provider(keys)
            .region(Region::new(self.server.region().to_owned()))
            .endpoint_url(self.server.endpoint())
            .load()
            .await;
        let config = aws_sdk_s3::config::Builder::from(&shared).force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// Puts an object in one piece.
    fn put(&self, key: &str, data: &[u8], encryption: Option<ServerSideEncryption>) {
        self.runtime.block_on(async {
            let call = self.sdk().await.put_object().bucket("scratch").key(key);
            let call = call.set_server_side_encryption(encryption);
            call.body(ByteStream::from(data.to_vec())).send().await.unwrap();
        });
    }

    /// Puts an object in parts, with a checksum algorithm or none.
    fn put_parts(&self, key: &str, parts: &[&[u8]], algorithm: Option<ChecksumAlgorithm>) {
        self.runtime.block_on(async {
            let s3 = self.sdk().await;
            let create = s3.create_multipart_upload().bucket("scratch").key(key);
            let upload = create.set_checksum_algorithm(algorithm.clone()).send().await.unwrap();
            let id = upload.upload_id.unwrap();
            let mut list = CompletedMultipartUpload::builder();
            for (number, data) in (1..).zip(parts) {
                let part = s3.upload_part().bucket("scratch").key(key).upload_id(&id).part_number(number);
                let part = part.set_checksum_algorithm(algorithm.clone());
                let part = part.body(ByteStream::from(data.to_vec())).send().await.unwrap();
                let entry = CompletedPart::builder().part_number(number).set_e_tag(part.e_tag);
                let entry = match algorithm {
                    Some(ChecksumAlgorithm::Sha256) => entry.set_checksum_sha256(part.checksum_sha256),
                    _ => entry.set_checksum_crc32(part.checksum_crc32.filter(|_| algorithm.is_some())),
                };
                list = list.parts(entry.build());
            }
            let complete = s3.complete_multipart_upload().bucket("scratch").key(key).upload_id(&id);
            complete.multipart_upload(list.build()).send().await.unwrap();
        });
    }
}

fn said(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_etag_of_a_file_is_what_its_definition_says() {
    let bench = Bench::new();
    for (len, part, want) in [
        (0, 5 * MIB, "59adb24ef3cdbe0297f05b395827453f-1"),
        (1, 5 * MIB, "7e4696ef25d5faececd853ce5e2a233b-1"),
        (5 * MIB, 5 * MIB, "59a976105e80464acdcd6ee2a0678dfd-1"),
        (5 * MIB + 1, 5 * MIB, "285c0ca0352736b999524a583a2c9659-2"),
        (8 * MIB + 1, 8 * MIB, "207d5ad937887dd79678eed060f706be-2"),
    ] {
        let file = bench.file("data", &bytes(len));
        let (code, out, err) = bench.run(&["etag", path(&file), "--part-size", &part.to_string()]);
        assert_eq!((code, out.as_str()), (0, format!("{want}  {}\n", path(&file)).as_str()), "{err}");
        let stdin = bytes(len);
        let mut piped = bench.command(&["etag", "-", "--part-size", &part.to_string()]);
        assert_eq!(said(piped.write_stdin(stdin)).1, format!("{want}  -\n"));
    }
    let data = bytes(3_000_001);
    let file = bench.file("data", &data);
    let sizes = [1_000_000, 1_234_567, 3_000_001];
    let options = ["--part-size", "1MB", "--part-size", "1234567", "--part-size", "3000001"];
    let (code, report) = bench.json(&[&["etag", path(&file)][..], &options].concat());
    assert_eq!((code, &report["size"]), (0, &3_000_001.into()));
    let found: Vec<&str> =
        report["etags"].as_array().unwrap().iter().map(|e| e["etag"].as_str().unwrap()).collect();
    assert_eq!(found, sizes.map(|part| etag(&data, part)));
    let (_, report) = bench.json(&["etag", path(&file)]);
    assert_eq!(report["md5"], hex(&Md5::digest(&data)));
    let (_, report) = bench.json(&["etag", path(&file), "--part-size", "1MB", "--parts"]);
    let parts: Vec<&str> =
        report["parts"].as_array().unwrap().iter().map(|p| p["md5"].as_str().unwrap()).collect();
    let want: Vec<String> = data.chunks(1_000_000).map(|part| hex(&Md5::digest(part))).collect();
    assert_eq!(parts, want);
    assert_eq!(report["bytes_hashed"], 3_000_001);
}

#[test]
fn a_part_size_is_found_or_said_not_to_be() {
    let bench = Bench::new();
    let data = bytes(3_000_001);
    let file = bench.file("data", &data);
    let search = |tag: &str, more: &[&str]| {
        let args = [&["etag", path(&file), "--match", tag][..], more].concat();
        let (code, report) = bench.json(&args);
        (code, report["match"]["part_size"].as_u64(), report["match"]["tried"].as_u64().unwrap())
    };
    // A round size is found at once, an odd one only when every size is tried.
    assert_eq!(search(&etag(&data, 1_000_000), &[]).0, 0);
    assert_eq!(search(&etag(&data, 1_000_000), &[]).1, Some(1_000_000));
    let odd = etag(&data, 4_711);
    assert_eq!((search(&odd, &[]).0, search(&odd, &[]).1), (5, None));
    assert_eq!(search(&odd, &["--exhaustive"]), (0, Some(4_711), 7));
    // One part, one piece: there is no other way of cutting, so another ETag means other bytes.
    assert_eq!(search(&etag(&data, 3_000_001), &[]).0, 0);
    assert_eq!(search(&etag(&data[1..], 3_000_001), &[]).0, 4);
    assert_eq!(search(&hex(&Md5::digest(&data)), &[]).0, 0);
    assert_eq!(search(&hex(&Md5::digest(&data[1..])), &[]).0, 4);
    // In one pass over what can be read only once.
    let tag = etag(&bytes(5 * MIB + 1), 5 * MIB);
    let mut piped = bench.command(&["etag", "-", "--match", &tag]);
    let (code, out, err) = said(piped.write_stdin(bytes(5 * MIB + 1)));
    assert!(code == 0 && out.contains("parts of 5 242 880 bytes (5.0 MiB)"), "{out}{err}");
}

#[test]
fn wrong_input_is_named_with_the_way_out() {
    let bench = Bench::new();
    let file = bench.file("data", b"0123456789");
    let many = format!("{}-10001", "0".repeat(32));
    let eleven = format!("{}-11", "0".repeat(32));
    let dir = bench.dir.path();
    for (args, want) in [
        (&["etag", path(&file), "--part-size", "0"][..], "a part size of 0 makes no parts"),
        (&["etag", path(&file), "--part-size", "6GiB"], "S3 takes no part above 5 GiB"),
        (&["etag", path(&file), "--part-size", "eight"], "is not a size"),
        (&["etag", path(&file), "--match", "abc"], "32 hex digits"),
        (&["etag", path(&file), "--match", &many], "1 to 10000"),
        (&["etag", path(&file), "--match", &eleven], "every part has at least one byte"),
        (&["etag", path(&file), "--checksum", "md4"], "CRC64NVME"),
        (&["etag", path(&file), "--md5", "abacus"], "this machine has"),
        (&["etag", path(&file), "--parts"], "--parts needs exactly one --part-size"),
        (&["etag", path(&dir.join("none"))], "cannot read"),
        (&["etag", path(dir)], "is a directory; name a file"),
        (&["verify", path(&dir.join("none")), "s3://scratch/k"], "cannot read"),
        (&["verify", "s3://a/b", "s3://scratch/k"], "partscope compare"),
        (&["clients", "20XB"], "is not a unit of size"),
    ] {
        let (code, out, err) = bench.run(args);
        assert!(code == 2 && err.contains(want), "{args:?}: {out}{err}");
    }
    let file = bench.file("data", &bytes(20_001));
    let (code, _, err) = bench.run(&["etag", path(&file), "--part-size", "2"]);
    assert!(code == 2 && err.contains("10 001 parts") && err.contains("larger part size"), "{err}");
    let mut piped = bench.command(&["etag", "-", "--part-size", "2"]);
    let (code, _, err) = said(piped.write_stdin(bytes(20_001)));
    assert!(code == 2 && err.contains("larger part size"), "{err}");
}

#[test]
fn a_file_of_parts_with_checksums_is_verified_and_the_part_that_differs_named() {
    let bench = Bench::new();
    let data = bytes(5 * MIB + 10);
    let parts: Vec<&[u8]> = data.chunks(5 * MIB).collect();
    bench.put_parts("composite", &parts, Some(ChecksumAlgorithm::Crc32));
    let file = bench.file("data", &data);
    let verify = |file: &Path, more: &[&str]| {
        bench.json(&[&["verify", path(file), "s3://scratch/composite"][..], more].concat())
    };
    let (code, report) = verify(&file, &[]);
    assert_eq!((code, &report["verdict"]), (0, &"match".into()), "{report}");
    let by: Vec<&str> =
        report["report"]["findings"].as_array().unwrap().iter().map(|f| f["by"].as_str().unwrap()).collect();
    assert_eq!(by, ["ETag", "CRC32 COMPOSITE"]);

    let mut other = data.clone();
    other[5 * MIB + 3] ^= 1;
    let changed = bench.file("changed", &other);
    let (code, report) = verify(&changed, &[]);
    assert_eq!(code, 4);
    let bad = &report["report"]["bad_parts"];
    assert_eq!((bad.as_array().unwrap().len(), &bad[0]["part"]), (1, &2.into()), "{report}");
    assert_eq!(bad[0]["range"], serde_json::json!({ "first": 5 * MIB, "last": 5 * MIB + 9 }));
    let (code, out, _) = bench.run(&["verify", path(&changed), "s3://scratch/composite"]);
    assert!(
        code == 4 && out.contains("part 2                 differs: bytes=5242880-5242889 (CRC32)"),
        "{out}"
    );

    let short = bench.file("short", &data[..data.len() - 1]);
    let (code, report) = verify(&short, &[]);
    assert_eq!((code, report["bytes_hashed"].as_u64()), (4, Some(0)), "{report}");
    let mut piped = bench.command(&["verify", "-", "s3://scratch/composite"]);
    let (code, out, err) = said(piped.write_stdin(other));
    assert!(code == 4 && out.contains("part 2 "), "{out}{err}");
}

#[test]
fn what_cannot_be_known_is_said_and_what_decides_is_used() {
    let bench = Bench::new();
    let data = bytes(100_000);
    let file = bench.file("data", &data);
    let other = bench.file("other", &bytes(100_000).iter().rev().copied().collect::<Vec<_>>());
    let verify = |file: &Path, key: &str| bench.json(&["verify", path(file), &format!("s3://scratch/{key}")]);
    bench.put("plain", &data, None);
    assert_eq!(verify(&file, "plain").0, 0);
    assert_eq!(verify(&other, "plain").0, 4);
    // Under SSE-KMS the ETag says nothing, but the checksum S3 keeps does.
    bench.put("kms", &data, Some(ServerSideEncryption::AwsKms));
    let (code, report) = verify(&file, "kms");
    assert_eq!(code, 0, "{report}");
    let agreement = |i: usize| report["report"]["findings"][i]["agreement"].clone();
    assert_eq!((agreement(0), agreement(1)), ("equal".into(), "undecided".into()));
    assert_eq!(verify(&other, "kms").0, 4);
    // Cut in an unusual way, without a part list, and the file being another: the whole checksum decides.
    bench.put_parts("odd", &[&data], None);
    assert_eq!(verify(&file, "odd").0, 0);
    assert_eq!(verify(&other, "odd").0, 4);
}

#[test]
fn an_object_is_read_once_although_its_connection_breaks_and_never_mixed_with_another() {
    let bench = Bench::new();
    let data = bytes(5 * MIB + 10);
    let parts: Vec<&[u8]> = data.chunks(5 * MIB).collect();
    bench.put_parts("object", &parts, None);
    for rule in ["GetObject reset-after=1000000", "GetObject slow-down"] {
        bench.server.faults().add(rule.parse().unwrap()).unwrap();
    }
    let tag = etag(&data, 5 * MIB);
    let (code, report) = bench.json(&["etag", "s3://scratch/object", "--match", &tag]);
    assert_eq!((code, &report["match"]["part_size"]), (0, &(5 * MIB).into()), "{report}");
    assert_eq!(report["size"], data.len());
    let (code, _, err) = bench.run(&["etag", "s3://scratch/none"]);
    assert!(code == 1 && err.contains("HeadObject s3://scratch/none"), "{err}");
}

#[test]
fn a_file_that_changes_while_it_is_read_is_no_result() {
    let bench = Bench::new();
    let file = bench.dir.path().join("grows");
    let mut writer = std::fs::File::create(&file).unwrap();
    writer.write_all(&bytes(20 * MIB)).unwrap();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("partscope"))
        .args(["etag", path(&file), "--match", &format!("{}-20", "0".repeat(32)), "--threads", "1"])
        .env("AWS_CONFIG_FILE", "/nonexistent/config")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // Searching takes longer than any write; the file is open by the time its map shows in the process.
    let maps = format!("/proc/{}/maps", child.id());
    while !std::fs::read_to_string(&maps).is_ok_and(|maps| maps.contains("/grows")) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before the file could change");
        std::thread::yield_now();
    }
    writer.set_len(10 * MIB as u64).unwrap();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("became shorter") || err.contains("changed while it was read"), "{err}");
}

#[test]
fn clients_of_a_file_come_with_their_etags() {
    let bench = Bench::new();
    let data = bytes(5 * MIB + 1);
    let file = bench.file("data", &data);
    let (code, report) = bench.json(&["clients", path(&file)]);
    let of = |name: &str| {
        let rows = report["clients"].as_array().unwrap();
        rows.iter().find(|r| r["name"].as_str().unwrap().starts_with(name)).unwrap()["etag"].clone()
    };
    assert_eq!((code, &report["size"]), (0, &data.len().into()));
    assert_eq!(of("Go v2 manager"), etag(&data, 5 * MIB).as_str());
    assert_eq!(of("boto3"), hex(&Md5::digest(&data)).as_str());
    let (code, report) = bench.json(&["clients", "5MiB"]);
    assert!(code == 0 && report["clients"][0]["etag"].is_null());
}

#[cfg(unix)]
#[test]
fn an_interrupted_pipe_gives_no_verdict() {
    let bench = Bench::new();
    bench.put("plain", &bytes(100_000), None);
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("partscope"));
    let mut child = command
        .env("AWS_ACCESS_KEY_ID", bench.server.access_key())
        .env("AWS_SECRET_ACCESS_KEY", bench.server.secret_key())
        .env("AWS_CONFIG_FILE", "/nonexistent/config")
        .args([
            "verify",
            "-",
            "s3://scratch/plain",
            "--path-style",
            "--endpoint-url",
            &bench.server.endpoint(),
        ])
        .args(["--region", bench.server.region()])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // More than a pipe holds: when all of it is written, the program is reading.
    let mut input = child.stdin.take().unwrap();
    input.write_all(&bytes(99_999)).unwrap();
    // SAFETY: signals the child this test started and has not waited for.
    assert_eq!(unsafe { libc::kill(child.id().try_into().unwrap(), libc::SIGINT) }, 0);
    let output = child.wait_with_output().unwrap();
    drop(input);
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{err}");
    assert!(err.contains("interrupted; nothing is concluded"), "{err}");
}

#[test]
fn a_key_that_looks_like_a_version_is_read_as_one_or_as_told() {
    let bench = Bench::new();
    bench.put("odd?versionId=x", b"abc", None);
    let (code, out, err) = bench.run(&["etag", "s3://scratch/odd?versionId=x", "--version-id", ""]);
    assert!(code == 0 && out.starts_with("900150983cd24fb0d6963f7d28e17f72"), "{out}{err}");
    let (code, _, err) = bench.run(&["etag", "s3://scratch/odd?versionId=x"]);
    assert!(code == 1 && err.contains("read as version x"), "{err}");
}
