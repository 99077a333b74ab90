//! What is compared. Every row copies the same parts with the same number of calls under way, in a process of its own.

use super::{KEY_SECRET, PART, Work};
use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use clap::Parser;
use partscope::app::panes::wire::Wire;
use partscope::cli::args::Cli;
use partscope::domain::deed::{Deed, DeedId, Who};
use partscope::domain::names::ObjectRef;
use partscope::domain::operation::CompletedPart as Listed;
use partscope::domain::operation::{CompleteMultipartUpload, Operation, OperationId, UploadPartCopy};
use partscope::domain::outcome::Outcome;
use partscope::domain::output::{Output, PartOutput};
use partscope::domain::plan::UploadPlan;
use partscope::domain::units::PartNumber;
use partscope::s3::client::Call;
use partscope::s3::target::{TargetSpec, connect};
use partscope::wire::hub::Hub;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

fn ranges(parts: u32) -> impl Iterator<Item = (i32, String)> {
    (0..u64::from(parts)).map(|i| (i as i32 + 1, format!("bytes={}-{}", i * PART, (i + 1) * PART - 1)))
}

fn one_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The SDK with its own HTTP client and nothing of ours: a loop that keeps `flight` calls under way.
pub fn sdk(work: &Work, threads: usize) {
    let runtime = match threads {
        1 => one_thread(),
        n => tokio::runtime::Builder::new_multi_thread().worker_threads(n).enable_all().build().unwrap(),
    };
    runtime.block_on(async {
        let shared = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new(KEY_SECRET.0, KEY_SECRET.1, None, None, "static"))
            .endpoint_url(&work.endpoint)
            .load()
            .await;
        let client = aws_sdk_s3::Client::from_conf(Builder::from(&shared).force_path_style(true).build());
        let created = client.create_multipart_upload().bucket("b").key("copy").send().await.unwrap();
        let upload = created.upload_id.unwrap();
        let (mut flying, mut done) = (JoinSet::new(), Vec::new());
        let mut left = ranges(work.parts);
        loop {
            while flying.len() < work.flight
                && let Some((number, range)) = left.next()
            {
                let call = client
                    .upload_part_copy()
                    .bucket("b")
                    .key("copy")
                    .upload_id(&upload)
                    .part_number(number)
                    .copy_source("b/source")
                    .copy_source_range(range)
                    .copy_source_if_match("\"9a10e3fb885fb16525231cb6a440a941\"");
                flying.spawn(async move { (number, call.send().await.unwrap()) });
            }
            let Some(landed) = flying.join_next().await else { break };
            let (number, out) = landed.unwrap();
            let tag = out.copy_part_result.unwrap().e_tag.unwrap();
            done.push(CompletedPart::builder().part_number(number).e_tag(tag).build());
        }
        assert_eq!(done.len(), work.parts as usize);
        done.sort_by_key(|part| part.part_number);
        let list = CompletedMultipartUpload::builder().set_parts(Some(done)).build();
        let call = client.complete_multipart_upload().bucket("b").key("copy").upload_id(upload);
        let made = call.multipart_upload(list).send().await.unwrap();
        assert!(made.e_tag.unwrap().contains(&format!("-{}", work.parts)));
    });
}

/// What becomes of the bytes that pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// They are forgotten when an exchange ends.
    Nothing,
    /// They are recorded, and handed over once at the end.
    Record,
    /// They are recorded, and another thread takes them over into the journal of the Wire screen sixty times a second.
    Journal,
}

/// How often a screen takes over what was recorded.
const FRAME: Duration = Duration::from_millis(16);

/// Our client and connections without a machine, a pace or a screen.
pub fn client(work: &Work, keep: Keep) {
    one_thread().block_on(async {
        let hub = if keep == Keep::Nothing { Hub::discard() } else { Hub::new() };
        let over = Arc::new(AtomicBool::new(false));
        let taker = (keep == Keep::Journal).then(|| taker(Arc::clone(&hub), Arc::clone(&over)));
        let spec = TargetSpec {
            endpoint_url: Some(work.endpoint.clone()),
            path_style: true,
            static_credentials: Some((KEY_SECRET.0.into(), KEY_SECRET.1.into())),
            ..TargetSpec::default()
        };
        let client = connect(&spec, hub.clone()).await.unwrap();
        let call = |id| Call { id: OperationId(id), hold: false, cancel: CancellationToken::new() };
        let create = UploadPlan::empty(ObjectRef::new("b", "copy")).create();
        let created = client.perform(&Operation::CreateMultipartUpload(create), call(1)).await;
        let Outcome::Answered(Output::Created(created)) = created else { panic!("{created:?}") };
        let (mut flying, mut done) = (JoinSet::<(i32, Outcome)>::new(), Vec::new());
        let mut left = ranges(work.parts);
        loop {
            while flying.len() < work.flight
                && let Some((number, range)) = left.next()
            {
                let (client, call) = (client.clone(), call(number as u64 + 1));
                let part = Operation::UploadPartCopy(UploadPartCopy {
                    upload: created.upload.clone(),
                    part_number: PartNumber(number),
                    source: ObjectRef::new("b", "source"),
                    copy_source_range: Some(range),
                    copy_source_if_match: Some("\"9a10e3fb885fb16525231cb6a440a941\"".into()),
                });
                flying.spawn(async move { (number, client.perform(&part, call).await) });
            }
            let Some(landed) = flying.join_next().await else { break };
            let (number, outcome) = landed.unwrap();
            let Outcome::Answered(Output::Part(PartOutput { etag, .. })) = outcome else {
                panic!("{outcome:?}")
            };
            done.push(Listed { part_number: PartNumber(number), etag, checksum: None });
        }
        assert_eq!(done.len(), work.parts as usize);
        done.sort_by_key(|part| part.part_number);
        let complete = CompleteMultipartUpload {
            upload: created.upload,
            parts: done,
            if_none_match: false,
            mpu_object_size: None,
            checksum_type: None,
        };
        let made = client.perform(&Operation::CompleteMultipartUpload(complete), call(1 << 20)).await;
        assert!(matches!(made, Outcome::Answered(_)), "{made:?}");
        over.store(true, Ordering::Release);
        let mut journal = taker.map_or_else(Wire::default, |taker| taker.join().unwrap());
        journal.take(hub.drain());
        assert!(keep == Keep::Nothing || journal.len() + hub.dropped() as usize == work.parts as usize + 2);
        // It is there as long as the program runs.
        std::mem::forget(journal);
    });
}

/// Takes over what was recorded, as the thread of the screen does, until there is no more.
fn taker(hub: Arc<Hub>, over: Arc<AtomicBool>) -> JoinHandle<Wire> {
    std::thread::spawn(move || {
        let mut journal = Wire::default();
        // A run is one deed.
        let deed = Arc::new(Deed { id: DeedId(1), who: Who::You, label: "copy parts of s3://b/copy".into() });
        while !over.load(Ordering::Acquire) {
            std::thread::sleep(FRAME);
            journal.take_as(hub.drain_older_than(FRAME.as_micros() as u64), |_| Some(Arc::clone(&deed)));
        }
        journal
    })
}

/// `partscope copy` as typed, from its arguments to its verdict.
pub fn headless(work: &Work) {
    let words = [
        "partscope",
        "--endpoint-url",
        &work.endpoint,
        "--path-style",
        "copy",
        "--part-size",
        "8MiB",
        "--concurrency",
        &work.flight.to_string(),
        "s3://b/source",
        "s3://b/copy",
    ];
    let cli = Cli::try_parse_from(words).unwrap();
    let command = cli.command.as_ref().unwrap();
    assert_eq!(partscope::cli::run(&cli, command), 0, "the copy succeeds");
}
