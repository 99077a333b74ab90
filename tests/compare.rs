//! `partscope compare` from outside: exit codes, the words, versions in addresses, and that only reads are sent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use assert_cmd::Command;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, ServerSideEncryption, VersioningConfiguration};
use partscope::sandbox::{SandboxOptions, Server};
use std::time::Duration;

/// A sandbox in this process, a client to prepare it with, and the program pointed at it.
struct Bench {
    runtime: tokio::runtime::Runtime,
    server: Server,
    s3: Client,
}

impl Bench {
    fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let options = SandboxOptions { seed: false, ..SandboxOptions::default() };
        let server = runtime.block_on(Server::start(options)).unwrap();
        let credentials = Credentials::new(server.access_key(), server.secret_key(), None, None, "test");
        let shared = runtime.block_on(
            aws_config::defaults(BehaviorVersion::latest())
                .endpoint_url(server.endpoint())
                .region(Region::new(server.region().to_owned()))
                .credentials_provider(credentials)
                .load(),
        );
        let s3 = Client::from_conf(aws_sdk_s3::config::Builder::from(&shared).force_path_style(true).build());
        runtime.block_on(s3.create_bucket().bucket("box").send()).unwrap();
        Self { runtime, server, s3 }
    }

    /// Writes bytes and gives back the version id.
    fn put(&self, key: &str, bytes: &str) -> Option<String> {
        let call =
            self.s3.put_object().bucket("box").key(key).body(ByteStream::from(bytes.as_bytes().to_vec()));
        self.runtime.block_on(call.send()).unwrap().version_id().map(str::to_owned)
    }

    fn put_kms(&self, key: &str, bytes: &str) {
        let call =
            self.s3.put_object().bucket("box").key(key).body(ByteStream::from(bytes.as_bytes().to_vec()));
        let call = call.server_side_encryption(ServerSideEncryption::AwsKms);
        self.runtime.block_on(call.send()).unwrap();
    }

    fn version(&self) {
        let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let call = self.s3.put_bucket_versioning().bucket("box").versioning_configuration(enabled);
        self.runtime.block_on(call.send()).unwrap();
    }

    fn delete(&self, key: &str) -> String {
        let call = self.s3.delete_object().bucket("box").key(key);
        self.runtime.block_on(call.send()).unwrap().version_id().unwrap().to_owned()
    }

    /// Exit code, standard output, standard error.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let mut command = Command::cargo_bin("partscope").unwrap();
        for name in
            ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"]
        {
            command.env_remove(name);
        }
        let output = command
            .env("AWS_CONFIG_FILE", "/nonexistent/config")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
            .env("AWS_ACCESS_KEY_ID", self.server.access_key())
            .env("AWS_SECRET_ACCESS_KEY", self.server.secret_key())
            .args(args)
            .args(["--path-style", "--region", self.server.region()])
            .args(["--endpoint-url", &self.server.endpoint()])
            .timeout(Duration::from_secs(60))
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn compare(&self, left: &str, right: &str) -> (i32, String) {
        let (code, out, err) =
            self.run(&["compare", &format!("s3://box/{left}"), &format!("s3://box/{right}")]);
        (code, format!("{out}{err}"))
    }
}

#[test]
fn the_exit_code_says_how_the_two_stand_to_each_other() {
    let bench = Bench::new();
    for (key, bytes) in [("a", "one"), ("same", "one"), ("other", "two")] {
        bench.put(key, bytes);
    }
    let (code, said) = bench.compare("a", "same");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("The bytes are equal") && said.contains("8 requests were made"), "{said}");
    let (code, said) = bench.compare("a", "other");
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("The bytes differ: the ETags differ"), "{said}");
    assert!(said.find("differs").unwrap() < said.find("same  ").unwrap(), "{said}");
    let (code, said) = bench.compare("a", "missing");
    assert_eq!(code, 1, "{said}");
    let (code, said) = bench.compare("a", "");
    assert_eq!(code, 2, "{said}");
    bench.server.faults().add("GetObjectTagging always internal-error".parse().unwrap()).unwrap();
    let (code, said) = bench.compare("a", "same");
    assert_eq!(code, 5, "{said}");
    assert!(said.contains("not known   Tags: GetObjectTagging: InternalError (500)"), "{said}");
}

#[test]
fn an_etag_under_kms_is_no_ground_but_a_full_object_checksum_is() {
    let bench = Bench::new();
    bench.put_kms("a", "one");
    bench.put_kms("b", "one");
    let (code, said) = bench.compare("a", "b");
    // Every write under SSE-KMS has an ETag of its own, which is no difference of the objects.
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("differs     ETag, not counted (with SSE-KMS"), "{said}");
    assert!(said.contains("The bytes are equal: the FULL_OBJECT CRC"), "{said}");
}

#[test]
fn versions_are_named_in_the_address_or_beside_it() {
    let bench = Bench::new();
    bench.version();
    let first = bench.put("k", "one").unwrap();
    let second = bench.put("k", "two").unwrap();
    bench.put("k?versionId=x", "three");
    let (code, said) = bench.compare(&format!("k?versionId={first}"), "k");
    assert_eq!(code, 4, "{said}");
    assert!(said.contains(&format!("read as version {first} of s3://box/k, not as a key")), "{said}");
    assert!(said.contains(&first) && said.contains(&second), "{said}");
    let (code, out, _) = bench.run(&["inspect", "s3://box/k", "--version-id", &first, "--json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &report["version_id"], &report["object"]["version_id"]),
        (0, &first.clone().into(), &first.into())
    );
    let (code, out, err) = bench.run(&["inspect", "s3://box/k?versionId=x", "--version-id", "", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["object"]["key"], &report["size"]), (0, &"k?versionId=x".into(), &5.into()));
    assert!(err.contains("read as the key"), "{err}");
    // A version that is a delete marker is refused, and named for what it is.
    let marker = bench.delete("k");
    let (code, said) = bench.compare(&format!("k?versionId={marker}"), "k?versionId=x");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("this version is a delete marker"), "{said}");
}

#[test]
fn s3_150_the_versions_and_delete_markers_of_a_key_come_first_and_newest_first() {
    let bench = Bench::new();
    bench.version();
    // All within one second, so that times do not tell their order.
    let mut want = vec![bench.put("k", "one").unwrap()];
    want.push(bench.delete("k"));
    want.push(bench.put("k", "two").unwrap());
    want.push(bench.delete("k"));
    want.extend((0..100).map(|i| bench.put("k", &i.to_string()).unwrap()));
    bench.put("k2", "another key");
    want.reverse();
    let (code, out, err) = bench.run(&["versions", "s3://box/k", "--json"]);
    assert_eq!(code, 0, "{err}");
    let listed: Vec<serde_json::Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let ids: Vec<&str> = listed.iter().map(|v| v["version_id"].as_str().unwrap()).collect();
    assert_eq!(ids, want);
    assert_eq!((&listed[0]["is_latest"], &listed[0]["content"]["object"]["size"]), (&true.into(), &2.into()));
    assert_eq!(listed[100]["content"], "delete_marker");
    let (code, out, _) = bench.run(&["versions", "s3://box/k"]);
    assert_eq!((code, out.lines().count()), (0, 104));
    assert!(out.starts_with("current  20") && out.contains("delete marker"), "{out}");
    let (code, _, err) = bench.run(&["versions", "s3://box/none"]);
    assert_eq!(code, 2);
    assert!(err.contains("has no version and no delete marker"), "{err}");
}

#[test]
fn the_comparison_is_one_json_object() {
    let bench = Bench::new();
    bench.put("a", "one");
    bench.put("b", "four");
    let (code, out, _) = bench.run(&["compare", "s3://box/a", "s3://box/b", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 4);
    assert_eq!(report["comparison"]["verdict"], "differs");
    assert_eq!(report["comparison"]["bytes"], "different");
    assert_eq!(report["comparison"]["rows"][0]["name"], "Size");
    assert_eq!(report["comparison"]["rows"][0]["relation"], "differs");
    assert_eq!(report["requests"], 8);
}

#[test]
fn only_reads_are_sent() {
    let bench = Bench::new();
    bench.put("a", "one");
    for write in
        ["PutObject", "CopyObject", "CreateMultipartUpload", "PutObjectTagging", "DeleteObject", "GetObject"]
    {
        bench.server.faults().add(format!("{write} always internal-error").parse().unwrap()).unwrap();
    }
    assert_eq!(bench.compare("a", "a").0, 0);
    assert!(bench.server.faults().list().iter().all(|f| f.met == 0));
}
