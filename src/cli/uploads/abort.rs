//! Aborts uploads and makes sure that they are gone.
//!
//! A part that was on its way may land after the abort. So the parts are listed again until S3 does not know the
//! upload; while it does, it is aborted again.

use crate::cli::Failure;
use crate::cli::args::UploadsArgs;
use crate::cli::out::Out;
use crate::cli::session::Session;
use crate::domain::open_uploads::OpenUpload;
use crate::domain::operation::{ListParts, Operation, UploadRef};
use crate::domain::outcome::Outcome;
use crate::domain::text::visible;
use serde_json::json;

/// How often an upload is aborted at most.
const ROUNDS: u32 = 5;

/// How the abort of one upload ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ended {
    /// S3 does not know it any more.
    Gone,
    /// S3 said no.
    Refused(String),
    /// It is not known.
    Doubtful(String),
}

/// Aborts every one, or says what would be aborted.
pub(super) async fn all(
    session: &Session,
    args: &UploadsArgs,
    open: &[OpenUpload],
    now: i64,
) -> Result<(), Failure> {
    let mut worst: Option<Failure> = None;
    for (i, upload) in open.iter().enumerate() {
        if args.dry_run {
            tell(args, upload, now, "would_abort", "would abort")?;
            continue;
        }
        if session.is_interrupted() {
            let left = open.len() - i;
            let text = format!("called off; {left} of {} uploads were not touched", open.len());
            return Err(worst.map_or(Failure::Local(text.clone()), |failure| failure.and(&text)));
        }
        let UploadRef { key, upload_id, .. } = &upload.listed.upload;
        let failure = match until_gone(session, &upload.listed.upload).await {
            Ended::Gone => {
                tell(args, upload, now, "aborted", "aborted, and gone:")?;
                continue;
            }
            Ended::Refused(why) => Failure::Refused(format!("upload {upload_id} of {key}: {why}")),
            Ended::Doubtful(why) => Failure::Doubtful(format!("upload {upload_id} of {key}: {why}")),
        };
        worst = Some(join(worst, failure));
    }
    if open.is_empty() && !args.json {
        Out.line("no upload in progress is meant by this; nothing to abort")?;
    }
    worst.map_or(Ok(()), Err)
}

/// Both said; doubt outweighs a refusal.
fn join(worst: Option<Failure>, new: Failure) -> Failure {
    match (worst, new) {
        (None, new) => new,
        (Some(old @ Failure::Refused(_)), Failure::Doubtful(text)) => {
            Failure::Doubtful(format!("{old}\n{text}"))
        }
        (Some(old), new) => old.and(&new.to_string()),
    }
}

fn tell(args: &UploadsArgs, upload: &OpenUpload, now: i64, fact: &str, words: &str) -> Result<(), Failure> {
    let told = match args.json {
        true => Out.json(&json!({ "fact": fact, "open": upload.json(now) })),
        false => Out.line(&visible(&format!("{words} {}", super::row(upload, now)))),
    };
    match told {
        // Uploads are not aborted for the output's sake: what was begun goes on when nobody reads it.
        Err(Failure::ClosedPipe) if !args.dry_run => Ok(()),
        other => other,
    }
}

/// Aborts until S3 does not know the upload. An interrupt does not cut this short: each call is brief, and half an
/// abort would leave doubt.
async fn until_gone(session: &Session, upload: &UploadRef) -> Ended {
    let abort = Operation::AbortMultipartUpload(upload.clone());
    let part_number_marker = None;
    let list =
        Operation::ListParts(ListParts { upload: upload.clone(), part_number_marker, max_parts: Some(1) });
    let mut last = String::new();
    for round in 0..ROUNDS {
        match session.call_now(&abort, session.id()).await {
            outcome if is_gone(&outcome) => return Ended::Gone,
            Outcome::Refused(error) if round == 0 => {
                return Ended::Refused(format!("AbortMultipartUpload: {error}"));
            }
            Outcome::Answered(_) => {}
            other => last = format!("AbortMultipartUpload: {}", other.summary()),
        }
        match session.call_now(&list, session.id()).await {
            outcome if is_gone(&outcome) => return Ended::Gone,
            Outcome::Answered(_) => last = "it still is in progress after its abort".into(),
            Outcome::Refused(error) => {
                last = format!("{last} ListParts: {error}").trim_start().to_owned();
                break;
            }
            other => last = format!("ListParts: {}", other.summary_of_read()),
        }
    }
    Ended::Doubtful(format!("whether it is gone is not known; {last}"))
}

fn is_gone(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(error) if error.code == "NoSuchUpload")
}
