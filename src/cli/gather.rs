//! What can be learnt of an object without reading it: HeadObject, GetObjectAttributes, tags, parts.
//!
//! Once HEAD has told a version, everything else is asked of that version. An object that is replaced meanwhile is
//! told by its ETag or version, and everything is asked again: answers about two objects are never mixed.

use super::Failure;
use super::out::note;
use super::progress::Count;
use super::session::Session;
use crate::domain::evidence::{Asked, Evidence, Heard, ProbeKind, Refusal};
use crate::domain::names::{ObjectRef, Tag};
use crate::domain::no_md5::customer_key_is_missing;
use crate::domain::operation::{GetObjectAttributes, HeadObject, Operation};
use crate::domain::outcome::{Outcome, ServiceError};
use crate::domain::output::{HeadObjectOutput, Output};
use crate::domain::units::PartNumber;
use std::collections::VecDeque;
use tokio::task::JoinSet;

/// Everything gathered about one object.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// The object, with its version once HEAD has told one and it may be named.
    pub object: ObjectRef,
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

/// How often everything is asked again because the object was replaced.
const ROUNDS: usize = 3;

/// Said of a server that answers HEAD with a part number as if there were none.
const IGNORES_PART_NUMBER: &str = "HeadObject with partNumber=1 was answered with 200 and no Content-Range: \
     the server ignores partNumber, so it cannot tell the size of a part";

/// Said when answers turned out to be about two objects.
pub(super) const REPLACED: &str = "the object was replaced while it was asked about (another ETag or version): \
     what was learnt before was dropped, and everything was asked again";

/// Asks everything that one call each can answer.
pub async fn gather(session: &Session, object: &ObjectRef) -> Result<Gathered, Failure> {
    for round in 0..ROUNDS {
        if let Some(mut gathered) = once(session, object).await? {
            if round > 0 {
                gathered.notes.insert(0, REPLACED.into());
            }
            return Ok(gathered);
        }
    }
    Err(replaced_again(object))
}

/// The end of asking about an object that does not hold still.
pub(super) fn replaced_again(object: &ObjectRef) -> Failure {
    Failure::Local(format!("{object} is replaced again and again while it is asked about; try again later"))
}

/// One round; `None` when the object was replaced in it.
async fn once(session: &Session, object: &ObjectRef) -> Result<Option<Gathered>, Failure> {
    let mut evidence = Evidence::default();
    let mut reader = Reader { session, object: object.clone(), pinned: false, notes: Vec::new() };
    let head = match reader.ask(|object| head_of(object, None)).await {
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
        reader
            .notes
            .push("HeadObject was answered without an ETag: parts and changes cannot be seen from it".into());
    }
    evidence.add_head(None, &head);
    reader.pin(head.version_id.as_deref());
    if !reader.first_part(&mut evidence, head.content_length).await? {
        return Ok(None);
    }
    if !reader.attributes(&mut evidence).await? {
        return Ok(None);
    }
    let tags = match reader.ask(Operation::GetObjectTagging).await {
        Outcome::Answered(Output::Tags(tags)) => Ok(tags),
        Outcome::Refused(e) => {
            evidence.add_refusal(reader.refusal(Asked::Tags, &e));
            Err(e.to_string())
        }
        other => return Err(Failure::reading(format_args!("GetObjectTagging {object}"), &other)),
    };
    let Reader { object, notes, .. } = reader;
    Ok(Some(Gathered { object, head, evidence, tags, notes }))
}

fn head_of(object: ObjectRef, part_number: Option<PartNumber>) -> Operation {
    Operation::HeadObject(HeadObject { object, part_number })
}

/// Asks about one object, of one version where that is possible.
struct Reader<'a> {
    session: &'a Session,
    object: ObjectRef,
    /// Whether the version was added here and may be left out again.
    pinned: bool,
    notes: Vec<String>,
}

impl Reader<'_> {
    fn pin(&mut self, version_id: Option<&str>) {
        if let (None, Some(v)) = (&self.object.version_id, version_id) {
            self.object.version_id = Some(v.to_owned());
            self.pinned = true;
        }
    }

    /// Asks; where naming the version is what is refused, asks without it.
    async fn ask(&mut self, make: impl Fn(ObjectRef) -> Operation) -> Outcome {
        let outcome = self.session.call(&make(self.object.clone())).await;
        let Outcome::Refused(error) = &outcome else { return outcome };
        if !self.pinned || !matches!(error.status, 400 | 403 | 405 | 501) {
            return outcome;
        }
        let unpinned = ObjectRef { version_id: None, ..self.object.clone() };
        let again = self.session.call(&make(unpinned.clone())).await;
        if matches!(again, Outcome::Answered(_)) {
            self.notes.push(format!(
                "naming the version was refused ({error}; it needs s3:GetObjectVersion and its like): asked without, \
                 and the ETags were compared"
            ));
            (self.object, self.pinned) = (unpinned, false);
            return again;
        }
        outcome
    }

    /// Whether the object is another one, or none, by now.
    async fn is_another(&self, evidence: &mut Evidence) -> Result<bool, Failure> {
        let version_id = self.object.version_id.clone().filter(|_| !self.pinned);
        is_another(self.session, &ObjectRef { version_id, ..self.object.clone() }, evidence).await
    }

    fn refusal(&self, asked: Asked, error: &ServiceError) -> Refusal {
        let versioned = self.object.version_id.is_some();
        Refusal { asked, status: error.status, code: error.code.clone(), versioned }
    }

    /// HEAD of part 1; false when the object was replaced.
    async fn first_part(&mut self, evidence: &mut Evidence, length: u64) -> Result<bool, Failure> {
        let first = PartNumber(1);
        match self.ask(|object| head_of(object, Some(first))).await {
            Outcome::Answered(Output::Head(part)) => match evidence.add_head(Some(first), &part) {
                Heard::Replaced => return Ok(false),
                Heard::Ignored if length > 0 => self.notes.push(IGNORES_PART_NUMBER.into()),
                _ => {}
            },
            Outcome::Refused(e)
                if Refusal::may_be_replaced(e.status) && self.is_another(evidence).await? =>
            {
                return Ok(false);
            }
            Outcome::Refused(e) => {
                self.notes.push(format!("HeadObject with partNumber=1 was refused: {e}"));
                evidence.add_refusal(self.refusal(Asked::HeadPart, &e));
            }
            other => {
                let what = format!("HeadObject {} partNumber=1", self.object);
                return Err(Failure::reading(what, &other));
            }
        }
        Ok(true)
    }

    /// Every page of GetObjectAttributes; false when the object was replaced.
    async fn attributes(&mut self, evidence: &mut Evidence) -> Result<bool, Failure> {
        let mut marker: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let ask = |object| {
                let part_number_marker = marker.clone();
                Operation::GetObjectAttributes(GetObjectAttributes {
                    object,
                    part_number_marker,
                    max_parts: None,
                })
            };
            match self.ask(ask).await {
                Outcome::Answered(Output::Attributes(page)) => {
                    if evidence.add_attributes(&page) == Heard::Replaced {
                        return Ok(false);
                    }
                    marker = page.next.filter(|_| evidence.pages_are_left());
                }
                Outcome::Refused(e) => {
                    self.notes.push(format!("GetObjectAttributes was refused: {e}"));
                    evidence.add_refusal(self.refusal(Asked::Attributes, &e));
                    return Ok(true);
                }
                other => {
                    let what = format!("GetObjectAttributes {}", self.object);
                    return Err(Failure::reading(what, &other));
                }
            }
            if marker.is_none() {
                break;
            }
        }
        Ok(true)
    }
}

/// An answer to HEAD has no text. Asking for attributes, which changes nothing either, brings the reason.
async fn refused(session: &Session, object: &ObjectRef, error: &ServiceError) -> Failure {
    let mut said = format!("HeadObject {object}: {error}");
    if error.status == 403 {
        let versioned = object.version_id.is_some();
        let refusal = Refusal { asked: Asked::Head, status: 403, code: error.code.clone(), versioned };
        said = format!("{said}\n{}", refusal.sentence());
    }
    if !error.message.is_empty() || !matches!(error.status, 301 | 307 | 400 | 403) {
        return Failure::Refused(said);
    }
    let ask = GetObjectAttributes { object: object.clone(), part_number_marker: None, max_parts: Some(1) };
    match session.call(&Operation::GetObjectAttributes(ask)).await {
        Outcome::Refused(e) if !e.message.is_empty() => {
            let hint = customer_key_is_missing(e.status, &e.message);
            let hint = hint.map(|words| format!("\n{words}")).unwrap_or_default();
            Failure::Refused(format!("{said}\nGetObjectAttributes says why: {e}{hint}"))
        }
        _ => Failure::Refused(said),
    }
}

/// How a probe ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probed {
    /// Everything planned was asked, or there was nothing to ask, or the server would not say.
    Done,
    /// The object was replaced: the evidence is about the new one, and incomplete.
    Replaced,
}

/// Requests of a probe that are sent without being announced.
const FEW: u64 = 8;

/// Asks HEAD for the parts of a plan, several at a time; many are announced before. What is refused is kept as missing
/// evidence, unless the object turns out to be another one. `named` is the object without the version that was added.
pub async fn probe(
    session: &Session,
    (named, object): (&ObjectRef, &ObjectRef),
    evidence: &mut Evidence,
    kind: ProbeKind,
    concurrency: usize,
) -> Result<Probed, Failure> {
    let Some(plan) = evidence.plan(kind) else { return Ok(Probed::Done) };
    if plan.requests > FEW {
        note(&format!("asking for the parts of {object}: {} requests", plan.requests_words()));
    }
    let (mut bar, mut answered) = (Count::new(plan.requests > FEW, plan.requests), 0);
    let mut waiting: VecDeque<PartNumber> = plan.parts.clone().into();
    let mut asked: JoinSet<(PartNumber, Outcome)> = JoinSet::new();
    let mut rechecked = false;
    loop {
        while asked.len() < concurrency.max(1) {
            let Some(number) = waiting.pop_front() else { break };
            let (session, ask) = (session.clone(), head_of(object.clone(), Some(number)));
            asked.spawn(async move { (number, session.call(&ask).await) });
        }
        let Some(done) = asked.join_next().await else { return Ok(Probed::Done) };
        let (number, outcome) = done.map_err(|e| Failure::Local(e.to_string()))?;
        answered += 1;
        bar.update(answered);
        match outcome {
            Outcome::Answered(Output::Head(part)) => match evidence.add_head(Some(number), &part) {
                Heard::Replaced => return Ok(Probed::Replaced),
                Heard::Ignored => waiting.clear(),
                Heard::Taken | Heard::Disbelieved(_) => {}
            },
            Outcome::Refused(e) => {
                waiting.clear();
                let recheck = Refusal::may_be_replaced(e.status) && !std::mem::replace(&mut rechecked, true);
                if recheck && is_another(session, named, evidence).await? {
                    return Ok(Probed::Replaced);
                }
                let versioned = object.version_id.is_some();
                let (status, code) = (e.status, e.code);
                evidence.add_refusal(Refusal { asked: Asked::HeadPart, status, code, versioned });
            }
            other => {
                let what = format_args!("HeadObject {object} partNumber={number}");
                return Err(Failure::reading(what, &other));
            }
        }
    }
}

/// Asks the plain HEAD again, when a part is said not to be there: whether the object is another one, or gone. Asking
/// everything again then tells which.
async fn is_another(session: &Session, object: &ObjectRef, evidence: &mut Evidence) -> Result<bool, Failure> {
    match session.call(&head_of(object.clone(), None)).await {
        Outcome::Answered(Output::Head(head)) => Ok(evidence.add_head(None, &head) == Heard::Replaced),
        Outcome::Refused(e) => Ok(Refusal::may_be_replaced(e.status)),
        other => Err(Failure::reading(format_args!("HeadObject {object}"), &other)),
    }
}

/// Asks HEAD for parts until every boundary is known; fails when the object is replaced meanwhile. `named` is the
/// object without the version that was added.
pub async fn probe_parts(
    session: &Session,
    (named, object): (&ObjectRef, &ObjectRef),
    evidence: &mut Evidence,
    concurrency: usize,
) -> Result<(), Failure> {
    if evidence.part_number_understood != Some(true) {
        return Ok(());
    }
    match probe(session, (named, object), evidence, ProbeKind::Every, concurrency).await? {
        Probed::Done => Ok(()),
        Probed::Replaced => Err(replaced_again(named)),
    }
}
