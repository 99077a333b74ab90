//! What a copy carries, against the sandbox: a copy that takes everything ends with every property equal, and the
//! rows say beforehand what another one loses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::types::ObjectOwnership;
use partscope::domain::acl::grants_of;
use partscope::domain::carry::{Planned, Source, Told, besides_copy_object, rows, take_everything};
use partscope::domain::compare::{Row, Side, compare};
use partscope::domain::evidence::Evidence;
use partscope::domain::layout::PartLayout;
use partscope::domain::names::{ObjectRef, Tag};
use partscope::domain::operation::*;
use partscope::domain::outcome::Outcome;
use partscope::domain::output::{AclOutput, HeadObjectOutput, Output};
use partscope::domain::plan::{CopySource, PartSource, PlannedPart, UploadPlan};
use partscope::domain::preview::preview;
use partscope::domain::units::PartNumber;
use partscope::domain::upload::{Enforce, Move, MultipartUpload};
use partscope::s3::{Call, Client, TargetSpec, connect};
use partscope::sandbox::{SandboxOptions, Server};
use partscope::wire::hub::Hub;
use tokio_util::sync::CancellationToken;

const FIVE_MIB: u64 = 5 * 1024 * 1024;
const SIZE: u64 = FIVE_MIB + 1000;
const KEY: &str = "134f2428-cec1-4b25-a1ae-9048164dba47";
const READERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

/// Everything known of an object.
struct Known {
    object: ObjectRef,
    head: HeadObjectOutput,
    evidence: Evidence,
    tags: Vec<Tag>,
    acl: AclOutput,
}

impl Known {
    fn side(&self) -> Side<'_> {
        Side { object: &self.object, head: &self.head, evidence: &self.evidence, tags: Ok(&self.tags) }
    }

    fn source(&self) -> Source<'_> {
        Source {
            bucket: "from",
            head: &self.head,
            tags: Told::Known(&self.tags),
            acl: Told::Known(&self.acl),
        }
    }
}

struct Bench {
    client: Client,
    server: Server,
    next: u64,
}

impl Bench {
    /// Two buckets that take locks and ACLs.
    async fn new() -> Self {
        let options = SandboxOptions { seed: false, id_seed: Some(1), ..SandboxOptions::default() };
        let server = Server::start(options).await.unwrap();
        let credentials = Credentials::new(server.access_key(), server.secret_key(), None, None, "test");
        let shared = aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(server.endpoint())
            .region(Region::new(server.region().to_owned()))
            .credentials_provider(credentials)
            .load()
            .await;
        let config = aws_sdk_s3::config::Builder::from(&shared).force_path_style(true).build();
        let sdk = aws_sdk_s3::Client::from_conf(config);
        for bucket in ["from", "dest"] {
            let made = sdk
                .create_bucket()
                .bucket(bucket)
                .object_lock_enabled_for_bucket(true)
                .object_ownership(ObjectOwnership::ObjectWriter);
            made.send().await.unwrap();
            // It would refuse a grant to all accounts.
            sdk.delete_public_access_block().bucket(bucket).send().await.unwrap();
        }
        let spec = TargetSpec {
            endpoint_url: Some(server.endpoint()),
            path_style: true,
            static_credentials: Some((server.access_key().into(), server.secret_key().into())),
            ..TargetSpec::default()
        };
        let client = connect(&spec, Hub::new()).await.unwrap();
        Self { client, server, next: 0 }
    }

    async fn perform(&mut self, operation: &Operation) -> Outcome {
        self.next += 1;
        let call = Call { id: OperationId(self.next), hold: false, cancel: CancellationToken::new() };
        self.client.perform(operation, call).await
    }

    async fn output(&mut self, operation: Operation) -> Output {
        match self.perform(&operation).await {
            Outcome::Answered(output) => output,
            other => panic!("{operation:?}: {other:?}"),
        }
    }

    /// Runs an upload to its end, tags that follow Complete too.
    async fn upload(&mut self, plan: UploadPlan) {
        let mut machine = MultipartUpload::new(plan);
        let mut wanted = Some(Move::Create);
        while let Some(now) = wanted {
            let id = OperationId(self.next + 1);
            let operation = machine.begin(now, id, Enforce::Rules).unwrap();
            let outcome = self.perform(&operation).await;
            assert!(matches!(outcome, Outcome::Answered(_)), "{operation:?}: {outcome:?}");
            machine.apply(id, &outcome);
            let after = [Move::Complete, Move::Tag].into_iter().find(|m| machine.check(*m).is_ok());
            wanted = machine.next_part().map(Move::Part).or(after);
        }
    }

    async fn known(&mut self, bucket: &str) -> Known {
        let object = ObjectRef::new(bucket, "k");
        let mut evidence = Evidence::default();
        let mut heads = Vec::new();
        for part_number in [None, Some(PartNumber(1)), Some(PartNumber(2))] {
            let ask = Operation::HeadObject(HeadObject { object: object.clone(), part_number });
            // A single piece has no second part.
            let Outcome::Answered(Output::Head(head)) = self.perform(&ask).await else { continue };
            evidence.add_head(part_number, &head);
            heads.push(*head);
        }
        let Output::Tags(tags) = self.output(Operation::GetObjectTagging(object.clone())).await else {
            panic!()
        };
        let Output::Acl(acl) = self.output(Operation::GetObjectAcl(object.clone())).await else { panic!() };
        Known { object, head: heads.swap_remove(0), evidence, tags, acl }
    }
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

/// Everything an object can be given, but encryption.
fn rich() -> ObjectProperties {
    ObjectProperties {
        content_type: text("text/plain"),
        cache_control: text("no-cache"),
        content_disposition: text("attachment; filename=\"a b\""),
        content_encoding: text("identity"),
        content_language: text("en"),
        expires: text("Thu, 01 Jan 2032 00:00:00 GMT"),
        metadata: vec![("team".into(), "a".into()), ("about".into(), "=?UTF-8?B?w6Q=?=".into())],
        storage_class: text("STANDARD_IA"),
        website_redirect_location: text("/other"),
        grant_full_control: text("id=\"75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a\""),
        grant_read: Some(format!("uri=\"{READERS}\"")),
        object_lock_mode: text("GOVERNANCE"),
        object_lock_retain_until_date: text("2099-01-01T00:00:00Z"),
        object_lock_legal_hold: text("ON"),
        checksum_algorithm: text("CRC32"),
        ..ObjectProperties::default()
    }
}

/// Ten tags that no header holds.
fn many_tags() -> Vec<Tag> {
    (0..10).map(|i| Tag { key: format!("{i}{}", "k".repeat(127)), value: "v".repeat(256) }).collect()
}

/// A source of two parts with all of that.
fn source_plan(properties: ObjectProperties) -> UploadPlan {
    let sizes = [FIVE_MIB, SIZE - FIVE_MIB];
    let part = |(at, size): (usize, &u64)| PlannedPart {
        number: PartNumber::of_index(at),
        size: Some(*size),
        source: PartSource::Body(PartBody::Generated { seed: 7, len: *size }),
    };
    UploadPlan {
        parts: sizes.iter().enumerate().map(part).collect(),
        properties,
        tags: many_tags(),
        ..UploadPlan::empty(ObjectRef::new("from", "k"))
    }
}

fn copy_plan(source: &Known, everything: bool) -> UploadPlan {
    let pinned = CopySource { object: source.object.clone(), etag: source.head.etag.clone(), size: SIZE };
    let layout = PartLayout::uniform(SIZE, FIVE_MIB).unwrap();
    let mut plan = UploadPlan::copy(pinned, ObjectRef::new("dest", "k"), &layout, &source.head);
    plan.keeps_boundaries = true;
    if everything {
        (plan.properties, plan.tags) = take_everything(&source.head, &source.tags, Some(&source.acl));
    }
    plan
}

fn differences(left: &Known, right: &Known) -> Vec<Row> {
    let rows = compare(left.side(), right.side()).rows;
    rows.into_iter().filter(|row| row.counts && row.relation.is_difference()).collect()
}

#[tokio::test]
async fn s3_173_a_multipart_copy_that_names_everything_differs_in_nothing_that_counts() {
    let kms = ObjectProperties {
        server_side_encryption: text("aws:kms"),
        ssekms_key_id: text(KEY),
        bucket_key_enabled: Some(true),
        ..rich()
    };
    for properties in [ObjectProperties { server_side_encryption: text("AES256"), ..rich() }, kms] {
        let mut bench = Bench::new().await;
        bench.upload(source_plan(properties)).await;
        let source = bench.known("from").await;
        assert_eq!((source.tags.len(), source.acl.grants.len()), (10, 2));
        let plan = copy_plan(&source, true);
        let told = rows(&source.source(), &Planned::parts(&plan));
        let lost: Vec<_> = told.iter().filter(|row| row.is_loss()).collect();
        assert!(lost.is_empty(), "{lost:#?}");
        bench.upload(plan).await;
        let copy = bench.known("dest").await;
        assert!(differences(&source, &copy).is_empty(), "{:#?}", differences(&source, &copy));
        assert_eq!(source.acl, copy.acl);
        let (a, b) = (source.head.state(), copy.head.state());
        assert_eq!((a.lock_mode, a.retain_until, a.legal_hold), (b.lock_mode, b.retain_until, b.legal_hold));
        assert_eq!(a.encryption, b.encryption);
    }
}

#[tokio::test]
async fn what_the_rows_call_lost_is_missing_afterwards() {
    let mut bench = Bench::new().await;
    let kms =
        ObjectProperties { server_side_encryption: text("aws:kms"), ssekms_key_id: text(KEY), ..rich() };
    bench.upload(source_plan(kms)).await;
    let source = bench.known("from").await;
    let plan = copy_plan(&source, false);
    let told = rows(&source.source(), &Planned::parts(&plan));
    let lost: Vec<&str> = told.iter().filter(|r| r.is_loss()).map(|r| r.property.as_str()).collect();
    let wanted = ["Encryption", "KMS key", "Object Lock mode", "Retain until", "Legal hold", "Tags", "ACL"];
    assert_eq!(lost, wanted);
    bench.upload(plan).await;
    let copy = bench.known("dest").await;
    let state = copy.head.state();
    assert_eq!((state.lock_mode, state.retain_until, state.legal_hold), (None, None, None));
    assert_eq!(state.encryption.algorithm.as_deref(), Some("AES256"));
    assert!(copy.tags.is_empty() && copy.acl.is_private());
    // What they call kept is there.
    assert_eq!(copy.head.properties.metadata, source.head.properties.metadata);
    assert_eq!(copy.head.properties.website_redirect_location.as_deref(), Some("/other"));
    assert_eq!(copy.head.checksums, source.head.checksums);
}

/// The program from outside: exit code, standard output, standard error.
fn run(server: &Server, args: &[&str]) -> (i32, String, String) {
    let output = assert_cmd::Command::cargo_bin("partscope")
        .unwrap()
        .env_clear()
        .envs([("AWS_ACCESS_KEY_ID", server.access_key()), ("AWS_SECRET_ACCESS_KEY", server.secret_key())])
        .env("HOME", "/nonexistent")
        .args(args)
        .args(["--path-style", "--region", server.region(), "--endpoint-url", &server.endpoint()])
        .timeout(std::time::Duration::from_secs(60))
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_headless_copy_says_what_it_loses_and_takes_everything_when_told_to() {
    let mut bench = Bench::new().await;
    bench.upload(source_plan(rich())).await;
    let source = bench.known("from").await;
    let copy = |more: &[&str]| {
        let args = [&["copy", "s3://from/k", "s3://dest/k"], more].concat();
        tokio::task::block_in_place(|| run(&bench.server, &args))
    };
    let (code, table, said) = copy(&["--dry-run"]);
    assert_eq!((code, said.as_str()), (0, ""), "{table}");
    for (property, verdict) in
        [("ACL", "lost unless named"), ("Legal hold", "lost unless named"), ("Tags", "kept")]
    {
        let row = table.lines().find(|l| l.trim_start().starts_with(property)).unwrap();
        assert!(row.contains(verdict), "{row}");
    }
    let (code, out, said) = copy(&["--dry-run", "--everything", "--json"]);
    assert_eq!((code, said.as_str()), (0, ""), "{out}");
    let planned: serde_json::Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    let carried = planned["carried"].as_array().unwrap();
    assert!(carried.iter().all(|row| row["verdict"] != "needs"), "{carried:#?}");
    assert!(carried.iter().any(|row| row["property"] == "ACL" && row["verdict"] == "kept"));
    let (code, _, said) = copy(&[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("the copy will not have Legal hold (ON)"), "{said}");
    assert!(said.contains("--everything names what can be named"), "{said}");
    let (code, out, said) = copy(&["--everything"]);
    assert_eq!((code, said.as_str()), (0, ""), "{out}");
    let made = bench.known("dest").await;
    assert!(differences(&source, &made).is_empty(), "{:#?}", differences(&source, &made));
    assert_eq!(source.acl, made.acl);
}

#[tokio::test]
async fn one_copyobject_can_be_told_what_it_does_not_take_by_itself() {
    let mut bench = Bench::new().await;
    let mut plan = source_plan(rich());
    plan.tags.truncate(1);
    bench.upload(plan).await;
    let source = bench.known("from").await;
    let (all, _) = take_everything(&source.head, &source.tags, Some(&source.acl));
    let plain = Operation::CopyObject(CopyObject {
        source: source.object.clone(),
        destination: ObjectRef::new("dest", "k"),
        copy_source_if_match: Some(source.head.etag.clone()),
        drop_tags: false,
        storage_class: source.head.properties.storage_class.clone(),
        if_none_match: false,
    });
    let whole = plain.amended(besides_copy_object(&all));
    assert_eq!(grants_of(|name| preview(&whole).header(name)).len(), 2);
    let told = rows(&source.source(), &Planned::whole(&whole));
    assert!(!told.iter().any(|row| row.is_loss()), "{told:#?}");
    bench.output(whole).await;
    let copy = bench.known("dest").await;
    // One piece has another ETag and another kind of checksum; the rows said so.
    let names: Vec<String> = differences(&source, &copy).into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["ETag", "Parts", "Checksum CRC32"]);
    assert_eq!(source.acl, copy.acl);
}
