//! Differences of recorded traffic: exactly what one knows to differ, and nothing else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use partscope::domain::exchange::{Exchange, ExchangeId};
use partscope::domain::exchange_diff::{ExchangeDiff, Kinship, lines, previous_of_kind};
use partscope::domain::names::ObjectRef;
use partscope::domain::operation::*;
use partscope::domain::outcome::Outcome;
use partscope::domain::output::Output;
use partscope::domain::units::{MIB, PartNumber};
use partscope::domain::wire_filter::Filter;
use partscope::domain::wire_find::Needle;
use partscope::s3::{Call, Client, TargetSpec, connect};
use partscope::sandbox::{SandboxOptions, Server};
use partscope::wire::hub::Hub;
use std::collections::BTreeMap;
use std::sync::Arc;

struct Recorded {
    server: Server,
    client: Client,
    hub: Arc<Hub>,
    sent: u64,
    all: BTreeMap<ExchangeId, Exchange>,
}

impl Recorded {
    async fn start() -> Self {
        let server = Server::start(SandboxOptions::default()).await.unwrap();
        let spec = TargetSpec {
            endpoint_url: Some(server.endpoint()),
            region: Some(server.region().to_owned()),
            path_style: true,
            static_credentials: Some((server.access_key().to_owned(), server.secret_key().to_owned())),
            ..TargetSpec::default()
        };
        let hub = Hub::new();
        let client = connect(&spec, Arc::clone(&hub)).await.unwrap();
        Self { server, client, hub, sent: 0, all: BTreeMap::new() }
    }

    async fn perform(&mut self, operation: Operation) -> Output {
        self.sent += 1;
        let call = Call { id: OperationId(self.sent), hold: false, cancel: Default::default() };
        let outcome = self.client.perform(&operation, call).await;
        self.all.extend(self.hub.drain().into_iter().map(|e| (e.id, Arc::unwrap_or_clone(e))));
        match outcome {
            Outcome::Answered(output) => output,
            other => panic!("{other:?}"),
        }
    }

    async fn create(&mut self) -> UploadRef {
        let object = ObjectRef::new("scratch", "a copy of it");
        let create = CreateMultipartUpload {
            bucket: object.bucket,
            key: object.key,
            properties: ObjectProperties::default(),
            tags: Vec::new(),
        };
        match self.perform(Operation::CreateMultipartUpload(create)).await {
            Output::Created(created) => created.upload,
            other => panic!("{other:?}"),
        }
    }

    async fn copy_part(&mut self, upload: &UploadRef, number: i32) {
        let first = u64::try_from(number - 1).unwrap() * 5 * MIB;
        let copy = UploadPartCopy {
            upload: upload.clone(),
            part_number: PartNumber(number),
            source: ObjectRef::new("lessons", "dataset-20gb.tar"),
            copy_source_range: Some(format!("bytes={first}-{}", first + 5 * MIB - 1)),
            copy_source_if_match: None,
        };
        self.perform(Operation::UploadPartCopy(copy)).await;
    }

    /// The newest exchange compared with the previous of its kind.
    fn newest(&self) -> (ExchangeDiff, Kinship) {
        let new = self.all.values().next_back().unwrap();
        let older = self.all.values().rev().filter(|e| e.id < new.id);
        let (old, kinship) = previous_of_kind(new, older).unwrap();
        (ExchangeDiff::of(&self.all[&old], new, false), kinship)
    }

    fn accepted(&self, filter: &str) -> usize {
        let filter: Filter = filter.parse().unwrap();
        self.all.values().filter(|e| filter.accepts(e)).count()
    }
}

/// What matters of the request, and of the answer.
fn told(diff: &ExchangeDiff) -> [Vec<String>; 2] {
    [0, 1].map(|i| {
        diff.sections[i].changes.iter().filter(|c| c.matters()).map(|c| c.what.to_string()).collect()
    })
}

#[tokio::test]
async fn the_second_part_of_a_copy_differs_in_its_number_and_its_range() {
    let mut r = Recorded::start().await;
    let upload = r.create().await;
    r.copy_part(&upload, 1).await;
    r.copy_part(&upload, 2).await;
    let (diff, kinship) = r.newest();
    assert_eq!(kinship, Kinship::Upload);
    let [request, response] = told(&diff);
    assert_eq!(request, ["?partNumber", "x-amz-copy-source-range"]);
    assert!(response.contains(&"<CopyPartResult/ETag>".to_owned()), "{response:?}");
    assert!(response.iter().all(|w| w.starts_with("<CopyPartResult/")), "{response:?}");
    let each_time: Vec<_> = diff.sections[0].changes.iter().filter(|c| c.each_time).collect();
    let names: Vec<_> = each_time.iter().map(|c| c.what.to_string()).collect();
    assert!(names.contains(&"authorization".to_owned()), "{names:?}");
    assert!(names.contains(&"amz-sdk-invocation-id".to_owned()), "{names:?}");
    let text: String = lines(&diff, 120).into_iter().map(|l| l.text + "\n").collect();
    assert!(text.contains("~ ?partNumber  1 → 2\n"), "{text}");
    assert!(text.contains("~ x-amz-copy-source-range  bytes=0-5242879 → bytes=5242880-10485759\n"), "{text}");
    assert_eq!((r.accepted("op:UploadPartCopy"), r.accepted("part:2"), r.accepted("error")), (2, 1, 0));
    assert_eq!(r.accepted(&format!("upload:{}", upload.upload_id)), 3, "Create is of it too");
    assert_eq!(r.accepted("key:\"scratch/a copy of it\""), 3);
    let needle = Needle::new("a copy of it").unwrap();
    assert!(r.all.values().all(|e| needle.is_found_in(e)), "in the decoded target");
}

#[tokio::test]
async fn a_retry_differs_from_the_first_attempt_in_nothing_that_was_asked() {
    let mut r = Recorded::start().await;
    let upload = r.create().await;
    r.server.faults().add_all(vec!["UploadPartCopy part=1 times=1 slow-down".parse().unwrap()]).unwrap();
    r.copy_part(&upload, 1).await;
    let (diff, kinship) = r.newest();
    assert_eq!(kinship, Kinship::Attempt);
    let [request, response] = told(&diff);
    assert!(request.is_empty(), "{request:?}");
    assert_eq!(response[0], "status line", "{response:?}");
    assert!(response.contains(&"<Error>".to_owned()), "{response:?}");
    let course: Vec<_> = diff.sections[2].changes.iter().filter(|c| c.matters()).collect();
    assert_eq!(course.iter().map(|c| c.what.to_string()).collect::<Vec<_>>(), ["attempt"]);
    assert_eq!((r.accepted("retry"), r.accepted("error"), r.accepted("code:SlowDown -retry")), (1, 1, 1));
}

#[tokio::test]
async fn pages_of_a_list_differ_in_their_parts() {
    let mut r = Recorded::start().await;
    let upload = r.create().await;
    for number in 1..=3 {
        r.copy_part(&upload, number).await;
    }
    for marker in [None, Some("2".to_owned())] {
        let list = ListParts { upload: upload.clone(), part_number_marker: marker, max_parts: Some(2) };
        r.perform(Operation::ListParts(list)).await;
    }
    let (diff, _) = r.newest();
    let [request, response] = told(&diff);
    assert_eq!(request, ["?part-number-marker"]);
    for what in ["<ListPartsResult/Part[1]>", "<ListPartsResult/Part[3]>", "<ListPartsResult/IsTruncated>"] {
        assert!(response.contains(&what.to_owned()), "{what}: {response:?}");
    }
    assert!(!response.iter().any(|w| w.contains("Part[2]/")), "{response:?}");
}
