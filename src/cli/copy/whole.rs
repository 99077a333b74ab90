//! The copy of a source that is one piece: one CopyObject.

use super::Made;
use super::look::Look;
use crate::cli::Failure;
use crate::cli::session::Session;
use crate::domain::operation::{HeadObject, Operation};
use crate::domain::outcome::Outcome;
use crate::domain::output::Output;

/// Copies and answers the new ETag.
pub(super) async fn copy(session: &Session, operation: &Operation, look: &Look) -> Result<Made, Failure> {
    let outcome = session.call(operation).await;
    if let Outcome::Answered(Output::Copied(made)) = outcome {
        return Ok(Made { etag: made.etag, predicted: look.requests.etags.planned.clone() });
    }
    let failure = Failure::of(format_args!("CopyObject to {}", look.destination), &outcome);
    if outcome.is_doubtful() { Err(failure.and(&seen(session, look).await)) } else { Err(failure) }
}

/// What stands at the destination after an answer was lost. An object with the source's ETag may be older than the
/// copy, so nothing is concluded.
async fn seen(session: &Session, look: &Look) -> String {
    let object = look.destination.clone();
    let head = Operation::HeadObject(HeadObject { object, part_number: None });
    let name = &look.destination;
    match session.call_now(&head, session.id()).await {
        Outcome::Answered(Output::Head(head)) if head.etag == look.etag => {
            format!("{name} has the source's ETag now: it was copied, or was the same before")
        }
        Outcome::Answered(Output::Head(head)) => {
            format!("{name} has ETag {} now: as far as can be seen it was not copied", head.etag.quoted())
        }
        Outcome::Refused(error) if error.status == 404 => {
            format!("{name} is not there: as far as can be seen it was not copied")
        }
        other => format!("{name} cannot be looked at: {}", other.summary_of_read()),
    }
}
