//! One call from operation to outcome.
//!
//! The SDK's result says whether it understood the answer; what the answer *means* is decided from the record
//! of the call: an `<Error>` document is a refusal whatever its status, silence is silence, and whether any
//! byte left the machine is what the stream accepted, not what anybody believes.

use super::foreign::is_object;
use super::judge::judge;
use super::keys::KeyRing;
use super::send::{Failure, get_object, send};
use super::stamp::{CallRecord, Stamp};
use crate::domain::operation::{GetObject, Operation, OperationId, OperationKind};
use crate::domain::outcome::Outcome;
use crate::domain::output::Output;
use crate::domain::xray::{Asked, Checked};
use crate::wire::hub::Hub;
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How one call is to be made.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its name in the records.
    pub id: OperationId,
    /// Whether each attempt waits for [`Hub::release`].
    pub hold: bool,
    /// Calls it off: the connection is discarded and the record ends as cancelled.
    pub cancel: CancellationToken,
}

/// Talks to one target.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    sdk: aws_sdk_s3::Client,
    hub: Arc<Hub>,
    region: String,
    endpoint: String,
    keys: KeyRing,
    /// Checksum algorithms of uploads this client began or listed: their parts must use the same.
    algorithms: Mutex<HashMap<String, String>>,
}

/// Uploads whose algorithm is remembered.
const REMEMBERED: usize = 10_000;

impl Client {
    pub(super) fn new(
        sdk: aws_sdk_s3::Client,
        hub: Arc<Hub>,
        (region, endpoint): (String, String),
        keys: KeyRing,
    ) -> Self {
        let algorithms = Mutex::default();
        Self { inner: Arc::new(Inner { sdk, hub, region, endpoint, keys, algorithms }) }
    }

    /// Recomputes the signatures of a request with the secret key this client signed with. Nothing is sent, and
    /// no credentials are asked for: a key that was not signed with is another key.
    pub fn check_signatures(&self, asked: &Asked) -> Checked {
        self.inner.keys.check(asked)
    }

    /// The region requests are signed for.
    pub fn region(&self) -> String {
        self.inner.region.clone()
    }

    /// The endpoint, for display; AWS endpoints gain the bucket's name per request.
    pub fn endpoint(&self) -> String {
        self.inner.endpoint.clone()
    }

    /// Where the records of this client's calls are.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.inner.hub
    }

    /// Makes one call, retries included. Every exchange of it has its end recorded when this returns.
    pub async fn perform(&self, operation: &Operation, call: Call) -> Outcome {
        let (record, mut stamp) = begin(operation.kind(), &call);
        if let Operation::Amended(_, amendment) = operation {
            stamp.amendment = Arc::new(amendment.clone());
        }
        let operation = operation.plain();
        let algorithm = self.algorithm_for(operation);
        let work = Box::pin(send(&self.inner.sdk, operation, &stamp, algorithm));
        // The work is dropped by the time `sent` is read below, so the answer is final.
        let result = tokio::select! {
            biased;
            () = call.cancel.cancelled() => None,
            result = work => Some(result),
        };
        match result {
            None => Outcome::Cancelled { sent: record.was_sent() },
            Some(Ok(_)) if record.look(|answer| is_object(operation.kind(), answer)) => {
                record.note(|answer| answer.foreign = u64::try_from(answer.body.len()).ok());
                judge(operation.kind(), Failure::Sdk(String::new()), &record, &self.inner.region)
            }
            Some(Ok(output)) => {
                self.learn(operation, &output);
                Outcome::Answered(output)
            }
            Some(Err(failure)) => judge(operation.kind(), failure, &record, &self.inner.region),
        }
    }

    /// Reads an object. Its bytes go to `to` as they come, no faster than they are taken from there.
    pub async fn read(&self, operation: &GetObject, call: Call, to: mpsc::Sender<Bytes>) -> Outcome {
        let (record, stamp) = begin(OperationKind::GetObject, &call);
        let work = Box::pin(get_object(&self.inner.sdk, operation, &stamp, Some(to)));
        tokio::select! {
            biased;
            () = call.cancel.cancelled() => Outcome::Cancelled { sent: record.was_sent() },
            result = work => match result {
                Ok(output) => Outcome::Answered(output),
                Err(failure) => judge(OperationKind::GetObject, failure, &record, &self.inner.region),
            },
        }
    }

    fn algorithms(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.inner.algorithms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn algorithm_for(&self, operation: &Operation) -> Option<String> {
        let Operation::UploadPart(part) = operation else { return None };
        self.algorithms().get(&part.upload.upload_id).cloned()
    }

    fn learn(&self, operation: &Operation, output: &Output) {
        let learned = match (operation, output) {
            (_, Output::Created(c)) => Some((&c.upload, c.checksum_algorithm.as_ref())),
            (Operation::ListParts(op), Output::Parts(p)) => Some((&op.upload, p.checksum_algorithm.as_ref())),
            (Operation::CompleteMultipartUpload(op), _) => Some((&op.upload, None)),
            (Operation::AbortMultipartUpload(upload), _) => Some((upload, None)),
            _ => None,
        };
        let Some((upload, algorithm)) = learned else { return };
        let mut algorithms = self.algorithms();
        match algorithm {
            Some(algorithm) if algorithms.len() < REMEMBERED => {
                algorithms.insert(upload.upload_id.clone(), algorithm.clone());
            }
            Some(_) => {}
            None => {
                algorithms.remove(&upload.upload_id);
            }
        }
    }
}

fn begin(kind: OperationKind, call: &Call) -> (Arc<CallRecord>, Stamp) {
    let record = Arc::<CallRecord>::default();
    let stamp = Stamp {
        operation: call.id,
        kind,
        attempt: 1,
        hold: call.hold,
        record: Arc::clone(&record),
        amendment: Arc::default(),
    };
    (record, stamp)
}
