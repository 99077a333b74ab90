//! Reads an object from its first byte to its last, although connections break.
//!
//! Every request is for exactly one content (`If-Match`). One that breaks off is taken up where it stopped; what came
//! is handed on once and in order.

use super::client::{Call, Client};
use crate::domain::etag::ETag;
use crate::domain::names::ObjectRef;
use crate::domain::operation::GetObject;
use crate::domain::outcome::Outcome;
use crate::domain::output::Output;
use bytes::Bytes;
use tokio::sync::mpsc;

/// How often in a row a read is taken up again without a byte having come.
const TRIES: u32 = 3;

/// Why an object was not read to its end.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReadError {
    /// The key has another content by now.
    #[error("it was replaced while it was read: its ETag is no longer {0}")]
    Replaced(ETag),
    /// More bytes came than the object has.
    #[error("more than its {0} bytes came")]
    Longer(u64),
    /// The call that ended it.
    #[error("GetObject: {}", .0.summary_of_read())]
    Outcome(Box<Outcome>),
}

/// Reads `size` bytes of one content and sends them to `to`, no faster than they are taken; ends early, and well, when
/// nobody takes them any more. `call` makes what each request is called by.
pub async fn read_whole(
    client: &Client,
    object: &ObjectRef,
    (etag, size): (&ETag, u64),
    call: impl Fn() -> Call,
    to: mpsc::Sender<Bytes>,
) -> Result<(), ReadError> {
    let (mut got, mut idle) = (0_u64, 0);
    while got < size {
        let ask = GetObject {
            object: object.clone(),
            range: (got > 0).then(|| format!("bytes={got}-")),
            // Without an ETag there is nothing to hold the server to.
            if_match: Some(etag.clone()).filter(|etag| *etag != ETag::Opaque("".into())),
        };
        let (through, mut passing) = mpsc::channel::<Bytes>(1);
        let onwards = to.clone();
        let relay = async move {
            let mut came = 0_u64;
            while let Some(piece) = passing.recv().await {
                came += u64::try_from(piece.len()).unwrap_or(0);
                if onwards.send(piece).await.is_err() {
                    return (came, false);
                }
            }
            (came, true)
        };
        let (outcome, (came, wanted)) = tokio::join!(client.read(&ask, call(), through), relay);
        got += came;
        idle = if came > 0 { 0 } else { idle + 1 };
        match outcome {
            _ if !wanted => return Ok(()),
            Outcome::Answered(Output::Got(_)) if got == size => return Ok(()),
            _ if got > size => return Err(ReadError::Longer(size)),
            // A read that failed with its last byte failed: the bytes do not have the checksum that came with them.
            Outcome::Answered(_) | Outcome::Lost(_) if idle < TRIES && got < size => {}
            Outcome::Refused(e) if e.status == 412 || e.code == "OtherContent" => {
                return Err(ReadError::Replaced(etag.clone()));
            }
            other => return Err(ReadError::Outcome(Box::new(other))),
        }
    }
    Ok(())
}
