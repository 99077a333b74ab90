//! The sandbox, the client that the machine's requests go through, and one that only asks how things are.

use partscope::domain::etag::ETag;
use partscope::domain::names::ObjectRef;
use partscope::domain::operation::{
    HeadObject, ListMultipartUploads, ListParts, Operation, OperationId, UploadRef,
};
use partscope::domain::outcome::Outcome;
use partscope::domain::output::{ListedPart, Output};
use partscope::s3::{Call, Client, TargetSpec, connect};
use partscope::sandbox::{SandboxOptions, Server};
use partscope::wire::hub::Hub;
use std::cell::Cell;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// A rule of the sandbox meets it.
    Rule(&'static str),
    /// It is called off before it leaves.
    CalledOffBefore,
    /// It is called off after it took effect, while the answer comes.
    CalledOffAfter,
}

pub struct World {
    pub server: Server,
    pub client: Client,
    hub: Arc<Hub>,
    asker: Client,
    next: Cell<u64>,
}

/// How things are.
#[derive(Debug)]
pub struct Truth {
    /// The parts of the upload, if it is open.
    pub parts: Option<Vec<ListedPart>>,
    /// The ETag of the object.
    pub object: Option<ETag>,
}

impl World {
    pub async fn start() -> Self {
        let server = Server::start(SandboxOptions::default()).await.unwrap();
        let spec = TargetSpec {
            endpoint_url: Some(server.endpoint()),
            region: Some(server.region().to_owned()),
            path_style: true,
            max_attempts: 1,
            static_credentials: Some((server.access_key().to_owned(), server.secret_key().to_owned())),
            ..TargetSpec::default()
        };
        let hub = Hub::new();
        let client = connect(&spec, hub.clone()).await.unwrap();
        let asker = connect(&spec, Hub::discard()).await.unwrap();
        Self { server, client, hub, asker, next: Cell::new(0) }
    }

    pub fn id(&self) -> OperationId {
        self.next.set(self.next.get() + 1);
        OperationId(self.next.get())
    }

    /// Sends a request of the machine into trouble.
    pub async fn send(&self, operation: &Operation, id: OperationId, trouble: Trouble) -> Outcome {
        let rule = match trouble {
            Trouble::Rule(rule) => Some(rule),
            Trouble::CalledOffAfter => Some("slow-answer=1000"),
            Trouble::None | Trouble::CalledOffBefore => None,
        };
        // A rule that cannot meet this operation is refused: then nothing goes wrong.
        let rule = rule.and_then(|rule| format!("{} {rule}", operation.kind()).parse().ok());
        let rule = rule.map(|rule| self.server.faults().add(rule).unwrap());
        let cancel = CancellationToken::new();
        let hold = trouble == Trouble::CalledOffBefore;
        let call = Call { id, hold, cancel: cancel.clone() };
        let mut work = Box::pin(self.client.perform(operation, call));
        let outcome = match trouble {
            Trouble::None | Trouble::Rule(_) => work.await,
            Trouble::CalledOffBefore | Trouble::CalledOffAfter => tokio::select! {
                outcome = &mut work => outcome,
                () = self.reached(id, hold) => {
                    cancel.cancel();
                    work.await
                }
            },
        };
        if let Some(rule) = rule {
            self.server.faults().remove(rule);
        }
        self.hub.drain();
        outcome
    }

    /// Waits until a request is held, or until its answer begins to come.
    async fn reached(&self, id: OperationId, held: bool) {
        loop {
            self.hub.changed().await;
            let now = self.hub.drain();
            let mut mine = now.iter().filter(|e| e.operation == id);
            if mine.any(|e| if held { e.held } else { e.response.total > 0 }) {
                return;
            }
        }
    }

    /// Asks, or acts as somebody else.
    pub async fn ask(&self, operation: &Operation) -> Outcome {
        let call = Call { id: OperationId(0), hold: false, cancel: CancellationToken::new() };
        self.asker.perform(operation, call).await
    }

    pub async fn head(&self, object: &ObjectRef) -> Option<ETag> {
        let head = HeadObject { object: object.clone(), part_number: None };
        match self.ask(&Operation::HeadObject(head)).await {
            Outcome::Answered(Output::Head(head)) => Some(head.etag),
            Outcome::Refused(error) if error.status == 404 => None,
            other => panic!("{other:?}"),
        }
    }

    pub async fn parts(&self, upload: &UploadRef) -> Option<Vec<ListedPart>> {
        let list = ListParts { upload: upload.clone(), part_number_marker: None, max_parts: None };
        match self.ask(&Operation::ListParts(list)).await {
            Outcome::Answered(Output::Parts(page)) if page.next.is_none() => Some(page.parts),
            Outcome::Refused(error) if error.code == "NoSuchUpload" => None,
            other => panic!("{other:?}"),
        }
    }

    /// The uploads of a key that are open.
    pub async fn uploads(&self, object: &ObjectRef) -> Vec<UploadRef> {
        let list = ListMultipartUploads {
            bucket: object.bucket.clone(),
            prefix: Some(object.key.clone()),
            ..ListMultipartUploads::default()
        };
        match self.ask(&Operation::ListMultipartUploads(list)).await {
            Outcome::Answered(Output::Uploads(page)) => {
                page.uploads.into_iter().map(|u| u.upload).filter(|u| u.key == object.key).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    pub async fn truth(&self, object: &ObjectRef, upload: Option<&UploadRef>) -> Truth {
        let parts = match upload {
            Some(upload) => self.parts(upload).await,
            None => None,
        };
        Truth { parts, object: self.head(object).await }
    }
}
