//! What can be learnt of an object without reading it: HeadObject, GetObjectAttributes, tags, parts.

use super::Failure;
use super::session::Session;
use crate::domain::evidence::Evidence;
use crate::domain::names::{ObjectRef, Tag};
use crate::domain::operation::{GetObjectAttributes, HeadObject, Operation};
use crate::domain::outcome::{Outcome, ServiceError};
use crate::domain::output::{AttributesOutput, HeadObjectOutput, Output};
use crate::domain::units::PartNumber;
use std::collections::VecDeque;
use tokio::task::JoinSet;

/// Everything gathered about one object.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// HeadObject without a part number: the object's own headers.
    pub head: HeadObjectOutput,
    /// What is known of the parts.
    pub evidence: Evidence,
    /// The object's tags; why not, if they could not be read.
    pub tags: Result<Vec<Tag>, String>,
    /// What was refused on the way and why it does not matter.
    pub notes: Vec<String>,
}

/// Pages of attributes read at most; 10 000 parts are ten.
const MAX_PAGES: usize = 64;

/// Said of a server that answers HEAD with a part number as if there were none.
const IGNORES_PART_NUMBER: &str = "HeadObject with partNumber=1 was answered with 200 and no Content-Range: \
     the server ignores partNumber, so it cannot tell the size of a part";

/// Asks everything that one call each can answer.
pub async fn gather(session: &Session, object: &ObjectRef) -> Result<Gathered, Failure> {
    let mut evidence = Evidence::default();
    let mut notes = Vec::new();
    let head = match head(session, object, None).await {
        Outcome::Answered(Output::Head(head)) => *head,
        Outcome::Refused(e) => return Err(refused(session, object, &e).await),
        other => return Err(Failure::reading(format_args!("HeadObject {object}"), &other)),
    };
    if head.etag.quoted().len() <= 2 {
        // Something that speaks as S3 does may leave it out; anything else is no S3.
        if !head.headers.iter().any(|(name, _)| name.to_ascii_lowercase().starts_with("x-amz-")) {
            let said = format!("HeadObject {object}: the answer has no ETag; is the endpoint an S3?");
            return Err(Failure::Local(said));
        }
        notes
            .push("HeadObject was answered without an ETag: parts and changes cannot be seen from it".into());
    }
    evidence.add_head(None, &head);
    let first = Some(PartNumber(1));
    match self::head(session, object, first).await {
        Outcome::Answered(Output::Head(part)) => {
            evidence.add_head(first, &part);
            match part.content_range.as_deref().filter(|_| part.range_and_size().is_none()) {
                Some(range) => notes.push(format!(
                    "HeadObject with partNumber=1 was answered with a Content-Range that is none, {range:?}: not used"
                )),
                None if evidence.part_number_understood == Some(false) && head.content_length > 0 => {
                    notes.push(IGNORES_PART_NUMBER.into());
                }
                None => {}
            }
        }
        Outcome::Refused(e) => notes.push(format!("HeadObject with partNumber=1 was refused: {e}")),
        other => return Err(Failure::reading(format_args!("HeadObject {object} partNumber=1"), &other)),
    }
    attributes(session, object, &mut evidence, &mut notes).await?;
    let tags = match session.call(&Operation::GetObjectTagging(object.clone())).await {
        Outcome::Answered(Output::Tags(tags)) => Ok(tags),
        Outcome::Refused(e) => Err(e.to_string()),
        other => return Err(Failure::reading(format_args!("GetObjectTagging {object}"), &other)),
    };
    Ok(Gathered { head, evidence, tags, notes })
}

/// An answer to HEAD has no text. Asking for attributes, which changes nothing either, brings the reason.
async fn refused(session: &Session, object: &ObjectRef, error: &ServiceError) -> Failure {
    let said = format!("HeadObject {object}: {error}");
    if !error.message.is_empty() || !matches!(error.status, 301 | 307 | 400 | 403) {
        return Failure::Refused(said);
    }
    let object = object.clone();
    let ask = GetObjectAttributes { object, part_number_marker: None, max_parts: Some(1) };
    match session.call(&Operation::GetObjectAttributes(ask)).await {
        Outcome::Refused(e) if !e.message.is_empty() => {
            Failure::Refused(format!("{said}\nGetObjectAttributes says why: {e}"))
        }
        _ => Failure::Refused(said),
    }
}

async fn head(session: &Session, object: &ObjectRef, part_number: Option<PartNumber>) -> Outcome {
    session.call(&Operation::HeadObject(HeadObject { object: object.clone(), part_number })).await
}

async fn attributes(
    session: &Session,
    object: &ObjectRef,
    evidence: &mut Evidence,
    notes: &mut Vec<String>,
) -> Result<(), Failure> {
    let mut part_number_marker = None;
    for _ in 0..MAX_PAGES {
        let ask = GetObjectAttributes { object: object.clone(), part_number_marker, max_parts: None };
        let page: Box<AttributesOutput> = match session.call(&Operation::GetObjectAttributes(ask)).await {
            Outcome::Answered(Output::Attributes(page)) => page,
            Outcome::Refused(e) => {
                notes.push(format!("GetObjectAttributes was refused: {e}"));
                return Ok(());
            }
            other => return Err(Failure::reading(format_args!("GetObjectAttributes {object}"), &other)),
        };
        evidence.add_attributes(&page);
        part_number_marker = page.next;
        if part_number_marker.is_none() {
            break;
        }
    }
    Ok(())
}

/// Asks HEAD for parts until every boundary is known, several at a time.
pub async fn probe_parts(
    session: &Session,
    object: &ObjectRef,
    evidence: &mut Evidence,
    concurrency: usize,
) -> Result<(), Failure> {
    if evidence.part_number_understood != Some(true) {
        return Ok(());
    }
    let mut waiting: VecDeque<PartNumber> = evidence.probes().into();
    let mut asked: JoinSet<(PartNumber, Outcome)> = JoinSet::new();
    loop {
        while asked.len() < concurrency.max(1) {
            let Some(number) = waiting.pop_front() else { break };
            let (session, object) = (session.clone(), object.clone());
            asked.spawn(async move { (number, head(&session, &object, Some(number)).await) });
        }
        let Some(done) = asked.join_next().await else { break };
        let (number, outcome) = done.map_err(|e| Failure::Local(e.to_string()))?;
        match outcome {
            Outcome::Answered(Output::Head(part)) => evidence.add_head(Some(number), &part),
            other => {
                return Err(Failure::reading(
                    format_args!("HeadObject {object} partNumber={number}"),
                    &other,
                ));
            }
        }
    }
    evidence.close_gaps();
    Ok(())
}
