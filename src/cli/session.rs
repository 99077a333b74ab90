//! One command's connection to its target: the client, the numbering of calls, and how they are called off.

use super::Failure;
use super::args::TargetArgs;
use super::record::Recording;
use super::step;
use crate::domain::exchange::Exchange;
use crate::domain::operation::{Operation, OperationId};
use crate::domain::outcome::Outcome;
use crate::s3::{Call, Client, TargetSpec, connect};
use crate::sandbox::Server;
use crate::wire::hub::Hub;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Whether each request is shown and waits for Enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Requests leave at once and are not recorded.
    Run,
    /// Each is shown and waits.
    Step,
}

/// A token that Ctrl-C cancels for as long as the guard lives.
pub fn interrupt() -> (CancellationToken, DropGuard) {
    let (cancel, over) = (CancellationToken::new(), CancellationToken::new());
    let (cancelled, ended) = (cancel.clone(), over.clone());
    tokio::spawn(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => cancelled.cancel(),
            () = ended.cancelled() => {}
        }
    });
    (cancel, over.drop_guard())
}

/// A client and everything a command needs around it. Clones share all of it.
#[derive(Debug, Clone)]
pub struct Session {
    client: Client,
    hub: Arc<Hub>,
    pace: Pace,
    next: Arc<AtomicU64>,
    cancel: CancellationToken,
    spec: TargetSpec,
    recording: Option<Arc<Recording>>,
    _over: Arc<DropGuard>,
    /// The sandbox of this program, which lives as long as this does.
    sandbox: Option<Arc<Server>>,
}

impl Session {
    /// Connects, to a fresh sandbox if the arguments say so. Ctrl-C calls off whatever is under way.
    pub async fn open(target: &TargetArgs, pace: Pace) -> Result<Self, Failure> {
        let (spec, sandbox) = if target.sandbox { sandbox(target).await? } else { (target.spec(), None) };
        let hub = match &target.recording {
            Some(recording) => recording.hub(),
            None if pace == Pace::Step => Hub::new(),
            // Nobody reads the records.
            None => Hub::discard(),
        };
        let client = connect(&spec, Arc::clone(&hub)).await.map_err(|e| Failure::Local(e.to_string()))?;
        let (cancel, over) = interrupt();
        Ok(Self {
            client,
            hub,
            pace,
            next: Arc::new(AtomicU64::new(1)),
            cancel,
            spec,
            recording: target.recording.clone(),
            _over: Arc::new(over),
            sandbox: sandbox.map(Arc::new),
        })
    }

    /// The target.
    pub fn spec(&self) -> &TargetSpec {
        &self.spec
    }

    /// Whether everything that is stored ends with this program.
    pub fn is_passing(&self) -> bool {
        self.sandbox.is_some()
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A name for the next call.
    pub fn id(&self) -> OperationId {
        OperationId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// How many calls were named so far.
    pub fn calls(&self) -> u64 {
        self.next.load(Ordering::Relaxed).saturating_sub(1)
    }

    /// Whether the user interrupted.
    pub fn is_interrupted(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Makes a call that an interrupt calls off.
    pub async fn call(&self, operation: &Operation) -> Outcome {
        self.perform(operation, self.id(), self.cancel.child_token()).await
    }

    /// Makes a call under a given name and token.
    pub async fn perform(
        &self,
        operation: &Operation,
        id: OperationId,
        cancel: CancellationToken,
    ) -> Outcome {
        let call = Call { id, hold: self.pace == Pace::Step, cancel };
        match self.pace {
            Pace::Run => self.client.perform(operation, call).await,
            Pace::Step => {
                let seen = |batch: &[Arc<Exchange>]| {
                    if let Some(recording) = &self.recording {
                        recording.take(batch);
                    }
                };
                step::perform((&self.client, &self.hub), operation, call, seen).await
            }
        }
    }

    /// Makes a call at once, whatever the pace, that an interrupt does not call off: for putting things back.
    pub async fn call_now(&self, operation: &Operation, id: OperationId) -> Outcome {
        let call = Call { id, hold: false, cancel: CancellationToken::new() };
        self.client.perform(operation, call).await
    }

    /// A token that an interrupt cancels.
    pub fn token(&self) -> CancellationToken {
        self.cancel.child_token()
    }
}

async fn sandbox(target: &TargetArgs) -> Result<(TargetSpec, Option<Server>), Failure> {
    let (server, spec) = super::serve::embedded(target.region.as_deref(), &target.faults).await?;
    Ok((spec, Some(server)))
}
