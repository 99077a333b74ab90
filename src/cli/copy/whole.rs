//! The copy of a source that is one piece: one CopyObject.

use super::Made;
use super::look::Look;
use crate::cli::Failure;
use crate::cli::session::Session;
use crate::domain::operation::Operation;
use crate::domain::outcome::Outcome;
use crate::domain::output::Output;

/// Copies and answers the new ETag.
pub(super) async fn copy(session: &Session, operation: &Operation, look: &Look) -> Result<Made, Failure> {
    match session.call(operation).await {
        // One piece keeps its MD5, whoever wrote it.
        Outcome::Answered(Output::Copied(made)) => {
            let predicted = look.etag.digest().is_some().then(|| look.etag.clone());
            Ok(Made { etag: made.etag, predicted })
        }
        other => Err(Failure::of(format_args!("CopyObject to {}", look.destination), &other)),
    }
}
