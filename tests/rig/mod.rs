//! A prepared upload on the sandbox, and what is known of it: for tests that send requests and compare the answers
//! with what was told of them.

use md5::{Digest as _, Md5};
use partscope::domain::checksum::{ChecksumAlgorithm, Checksums};
use partscope::domain::draft::Draft;
use partscope::domain::names::ObjectRef;
use partscope::domain::operation::{HeadObject, Operation, OperationId, PartBody};
use partscope::domain::outcome::Outcome;
use partscope::domain::output::{HeadObjectOutput, Output};
use partscope::domain::plan::{CopySource, PartSource, PlannedPart, UploadPlan};
use partscope::domain::predict::{BodyDigest, Prediction, Seen, World, predict};
use partscope::domain::units::{MIB, PartNumber};
use partscope::domain::upload::{Enforce, Move, MultipartUpload, UploadState};
use partscope::hash::digest::{Algorithm, digest_of};
use partscope::s3::{Call, Client, TargetSpec, connect};
use partscope::sandbox::{SandboxOptions, Server};
use partscope::wire::hub::Hub;
use std::collections::HashMap;

/// The sandbox, an upload on it, and what was seen.
pub struct Rig {
    _server: Server,
    client: Client,
    sent: u64,
    uploads: u64,
    pub machine: MultipartUpload,
    seen: HashMap<ObjectRef, Option<HeadObjectOutput>>,
    checksum: (Option<&'static str>, Option<&'static str>),
}

/// Bytes of the last part of a prepared upload.
pub const TAIL: u64 = 1024;

/// An object of the sandbox that is larger than 5 GiB.
pub fn dataset() -> ObjectRef {
    ObjectRef::new("lessons", "dataset-20gb.tar")
}

/// A small object that was written in one piece.
pub fn notes() -> ObjectRef {
    ObjectRef::new("lessons", "notes.txt")
}

impl Rig {
    /// A sandbox with one upload open, begun with this checksum algorithm and type.
    pub async fn start(algorithm: Option<&'static str>, kind: Option<&'static str>) -> Self {
        let server = Server::start(SandboxOptions::default()).await.unwrap();
        let spec = TargetSpec {
            endpoint_url: Some(server.endpoint()),
            region: Some(server.region().to_owned()),
            path_style: true,
            max_attempts: 1,
            static_credentials: Some((server.access_key().to_owned(), server.secret_key().to_owned())),
            ..TargetSpec::default()
        };
        let client = connect(&spec, Hub::new()).await.unwrap();
        let machine = MultipartUpload::new(UploadPlan::empty(dataset()));
        let mut rig = Self {
            _server: server,
            client,
            sent: 0,
            uploads: 0,
            machine,
            seen: HashMap::new(),
            checksum: (algorithm, kind),
        };
        for object in [dataset(), notes(), ObjectRef::new("lessons", "not-there")] {
            rig.look(object).await;
        }
        rig.prepare().await;
        rig
    }

    /// Sends an operation.
    pub async fn perform(&mut self, operation: &Operation) -> Outcome {
        self.sent += 1;
        let call = Call { id: OperationId(self.sent), hold: false, cancel: Default::default() };
        self.client.perform(operation, call).await
    }

    /// Asks for an object's headers, and remembers them.
    pub async fn look(&mut self, object: ObjectRef) {
        let operation = Operation::HeadObject(HeadObject { object: object.clone(), part_number: None });
        let seen = match self.perform(&operation).await {
            Outcome::Answered(Output::Head(head)) => Some(*head),
            Outcome::Refused(error) if error.status == 404 => None,
            other => panic!("{other:?}"),
        };
        self.seen.insert(object, seen);
    }

    /// Makes a move of the machine.
    pub async fn make(&mut self, wanted: Move) -> Outcome {
        self.sent += 1;
        let id = OperationId(self.sent);
        let operation = self.machine.begin(wanted, id, Enforce::Nothing).unwrap();
        let call = Call { id, hold: false, cancel: Default::default() };
        let outcome = self.client.perform(&operation, call).await;
        self.machine.apply(id, &outcome);
        outcome
    }

    /// A new upload, to a key of its own, with two parts of 5 MiB copied and one of 1 KiB sent; a fourth is planned.
    pub async fn prepare(&mut self) {
        self.uploads += 1;
        self.prepare_for(ObjectRef::new("scratch", format!("made/{}", self.uploads))).await;
    }

    /// The same to a given key.
    pub async fn prepare_for(&mut self, destination: ObjectRef) {
        let mut plan = UploadPlan::empty(destination.clone());
        (plan.properties.checksum_algorithm, plan.properties.checksum_type) =
            (self.checksum.0.map(str::to_owned), self.checksum.1.map(str::to_owned));
        let head = self.seen[&dataset()].clone().unwrap();
        plan.source =
            Some(CopySource { object: dataset(), etag: head.etag.clone(), size: head.object_size() });
        let copy =
            |n: u64| PartSource::Copy(Some(format!("bytes={}-{}", (n - 1) * 5 * MIB, n * 5 * MIB - 1)));
        let body = |n: u64| PartSource::Body(PartBody::Generated { seed: n, len: TAIL });
        let part =
            |n: i32, size: u64, source| PlannedPart { number: PartNumber(n), size: Some(size), source };
        plan.parts = vec![
            part(1, 5 * MIB, copy(1)),
            part(2, 5 * MIB, copy(2)),
            part(3, TAIL, body(3)),
            part(4, TAIL, body(4)),
        ];
        self.machine = MultipartUpload::new(plan);
        for wanted in
            [Move::Create, Move::Part(PartNumber(1)), Move::Part(PartNumber(2)), Move::Part(PartNumber(3))]
        {
            let outcome = self.make(wanted).await;
            assert!(matches!(outcome, Outcome::Answered(_)), "{wanted}: {outcome:?}");
        }
        assert_eq!(*self.machine.state(), UploadState::Open);
        self.look(destination).await;
    }

    /// The object to be.
    pub fn destination(&self) -> ObjectRef {
        self.machine.plan().destination.clone()
    }

    /// The draft of a move.
    pub fn draft(&self, wanted: Move) -> Draft {
        let mut draft = Draft::of(&self.machine.operation(wanted).unwrap()).unwrap();
        draft.source_size = self.machine.plan().source.as_ref().map(|s| s.size);
        draft
    }

    /// Hands on what is known.
    pub fn with_world<R>(&self, act: impl FnOnce(&World<'_>) -> R) -> R {
        let objects = |object: &ObjectRef| match self.seen.get(object) {
            None => Seen::Unknown,
            Some(None) => Seen::Missing,
            Some(Some(head)) => Seen::Is(head),
        };
        act(&World { machine: Some(&self.machine), digests: &|body| Some(digest(body)), objects: &objects })
    }

    /// What is told of an operation.
    pub fn predict(&self, operation: &Operation) -> Prediction {
        self.with_world(|world| predict(operation, world))
    }
}

/// The digests of a generated body.
pub fn digest(body: &PartBody) -> BodyDigest {
    let PartBody::Generated { seed, len } = body else { panic!("only generated bodies are sent") };
    let bytes: Vec<u8> = (0..*len).map(|i| PartBody::generated_byte(*seed, i)).collect();
    let sum =
        |a: ChecksumAlgorithm| (a.name().to_owned(), base64(&digest_of(Algorithm::Checksum(a), &bytes)));
    let values = ChecksumAlgorithm::ALL.map(sum).to_vec();
    BodyDigest { md5: Md5::digest(&bytes).into(), checksums: Checksums { values, checksum_type: None } }
}

/// Base64 of some bytes.
pub fn base64(raw: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(raw)
}
