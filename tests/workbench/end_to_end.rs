//! The model with the real runtime before a sandbox of this process: going on with the upload of a file that another
//! client began with parts of 8 MiB, of which one is missing and one holds other bytes.

use partscope::app::model::{Model, Target};
use partscope::app::msg::{Effect, Msg};
use partscope::app::press::{Key, Press};
use partscope::app::update;
use partscope::domain::etag::ETag;
use partscope::domain::names::ObjectRef;
use partscope::domain::operation::{
    CreateMultipartUpload, HeadObject, ObjectProperties, Operation, OperationId, PartBody, UploadPart,
    UploadRef,
};
use partscope::domain::outcome::Outcome;
use partscope::domain::output::Output;
use partscope::domain::rescue::Standing;
use partscope::domain::units::PartNumber;
use partscope::domain::upload::UploadState;
use partscope::s3::{Call, Client};
use partscope::tui::Endpoint;
use partscope::tui::report::Report;
use partscope::tui::runtime::Runtime;
use partscope::wire::hub::Hub;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const MIB: usize = 1 << 20;

/// The program without a terminal.
struct Program {
    model: Model,
    runtime: Runtime,
    hub: Arc<Hub>,
    reports: mpsc::Receiver<Report>,
    client: Option<Client>,
}

impl Program {
    async fn start() -> Self {
        let hub = Hub::new();
        let (to, reports) = mpsc::channel(256);
        let runtime = Runtime::new(Endpoint::Sandbox(Vec::new()), Arc::clone(&hub), to);
        let mut model = Model::new(Target::sandbox(), 0);
        let first = update::start(&mut model);
        let mut program = Self { model, runtime, hub, reports, client: None };
        program.take(first);
        program.until("connected", |m| m.target.endpoint.is_some()).await;
        program
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.runtime.start(effect);
        }
    }

    fn msg(&mut self, msg: Msg) {
        let effects = update::update(&mut self.model, msg);
        self.take(effects);
    }

    fn press(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            self.msg(Msg::Press(Press::parse(key).unwrap()));
        }
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            self.msg(Msg::Press(Press::plain(Key::Char(c))));
        }
    }

    /// Takes reports until the model is as wanted.
    async fn until(&mut self, what: &str, wanted: impl Fn(&Model) -> bool) {
        while !wanted(&self.model) {
            let report = tokio::time::timeout(Duration::from_secs(60), self.reports.recv()).await;
            let Ok(Some(report)) = report else {
                panic!("{what}: {:?} {:?}", self.model.note, self.model.tasks)
            };
            let msg = match report {
                Report::Client(client, sandbox) => {
                    self.client = Some(client.clone());
                    self.runtime.connected(client, sandbox)
                }
                Report::Msg(msg) => msg,
            };
            if let Msg::Finished { id, .. } = &msg {
                self.runtime.ended(*id);
            }
            let batch = self.hub.drain();
            self.msg(Msg::Wire(batch, self.hub.dropped()));
            self.msg(msg);
        }
    }

    /// A call of somebody else.
    async fn call(&self, operation: Operation) -> Output {
        let call = Call { id: OperationId(u64::MAX), hold: false, cancel: CancellationToken::new() };
        match self.client.as_ref().unwrap().perform(&operation, call).await {
            Outcome::Answered(output) => output,
            other => panic!("{operation:?}: {other:?}"),
        }
    }
}

/// Three parts: two of 8 MiB, and a last one of a few bytes.
fn content() -> Vec<u8> {
    (0..16 * MIB + 7).map(|i| u8::try_from(i % 251).unwrap()).collect()
}

/// Part 1 as the file has it, part 2 of other bytes, part 3 not sent.
async fn begun_by_another(program: &Program, file: &std::path::Path) -> UploadRef {
    let create = CreateMultipartUpload {
        bucket: "scratch".into(),
        key: "raw.mov".into(),
        properties: ObjectProperties::default(),
        tags: Vec::new(),
    };
    let Output::Created(created) = program.call(Operation::CreateMultipartUpload(create)).await else {
        panic!()
    };
    let len = 8 * MIB as u64;
    let bodies =
        [PartBody::File { path: file.to_owned(), offset: 0, len }, PartBody::Generated { seed: 3, len }];
    for (body, number) in bodies.into_iter().zip(1..) {
        let upload = created.upload.clone();
        let part = UploadPart { upload, part_number: PartNumber(number), body };
        program.call(Operation::UploadPart(part)).await;
    }
    created.upload
}

fn standing(model: &Model, number: i32) -> Option<Standing> {
    model.step.bench()?.rescue.as_ref()?.result.standing(PartNumber(number)).cloned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_another_client_began_becomes_the_file() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&content()).unwrap();
    let mut program = Program::start().await;
    program.until("buckets", |m| m.browse.buckets.iter().any(|b| b.name == "scratch")).await;
    let upload = begun_by_another(&program, file.path()).await;
    let at = program.model.browse.buckets.iter().position(|b| b.name == "scratch").unwrap();
    program.model.browse.bucket_at = at;
    program.press("Enter");
    program.until("the upload", |m| m.browse.uploads.iter().any(|u| u.upload == upload)).await;
    let at = program.model.browse.uploads.iter().position(|u| u.upload == upload).unwrap();
    program.model.browse.upload_at = at;
    program.press("Tab R");
    program.until("its parts", |m| m.step.bench().is_some_and(|b| b.machine.ledger_is_whole())).await;
    program.press("C-u");
    program.text(&file.path().display().to_string());
    program.press("C-s");
    program.until("the comparison", |m| standing(m, 3).is_some()).await;
    let model = &program.model;
    assert!(matches!(standing(model, 1), Some(Standing::Same { .. })), "{:?}", standing(model, 1));
    assert!(matches!(standing(model, 2), Some(Standing::Different { .. })), "{:?}", standing(model, 2));
    assert_eq!(standing(model, 3), Some(Standing::Missing));
    let etag = model.step.bench().unwrap().rescue.as_ref().unwrap().etag.clone().unwrap();
    // H: the calls leave at once; c plans, r sends both parts.
    program.press("c H r Enter");
    program
        .until("the parts", |m| {
            (2..=3).all(|n| matches!(standing(m, n), Some(Standing::Same { .. }))) && m.tasks.is_empty()
        })
        .await;
    program.press("5");
    let ended = |m: &Model| matches!(m.step.bench().unwrap().machine.state(), UploadState::Completed(_));
    program.until("the object", ended).await;
    let object = ObjectRef::new("scratch", "raw.mov");
    let head = Operation::HeadObject(HeadObject { object, part_number: None });
    let Output::Head(head) = program.call(head).await else { panic!() };
    let digests: Vec<[u8; 16]> =
        content().chunks(8 * MIB).filter_map(|c| ETag::of_bytes(c).digest()).collect();
    assert_eq!(head.etag, ETag::composite(&digests));
    assert_eq!((&head.etag, head.content_length), (&etag, content().len() as u64));
    program.runtime.shut_down().await;
}
