//! What a copy is going to send, before anything is sent: the calls in order, what they carry, what they need to be
//! allowed, and the ETag that should come of them.
//!
//! Sources for the actions: API reference, one page per operation, and User Guide, "Multipart upload API and
//! permissions".

mod needs;

pub use needs::{Need, On};

use super::etag::ETag;
use super::names::ObjectRef;
use super::no_md5::etag_hides_md5;
use super::operation::{CopyObject, Operation, OperationKind};
use super::output::HeadObjectOutput;
use super::plan::{PartSource, PlannedPart, UploadPlan};
use super::preview::preview;
use super::units::{PartNumber, grouped};
use serde::Serialize;
use std::collections::BTreeSet;

/// Whose part boundaries a copy has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundaries {
    /// The source's, as the service stated them.
    Stated,
    /// The source's, guessed.
    Inferred,
    /// Not the source's.
    Chosen,
}

/// One kind of call of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// Which.
    pub operation: OperationKind,
    /// How many, when nothing is refused or lost.
    pub count: u64,
    /// How many of them at once.
    pub at_once: u16,
}

/// The ETags that are known before a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EtagForecast {
    /// What the source has.
    pub source: ETag,
    /// What the copy should have; `None` when only the answers will tell.
    pub planned: Option<ETag>,
    /// Why, or on what condition.
    pub because: String,
}

/// The plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestPlan {
    /// What is copied.
    pub source: ObjectRef,
    /// Where to.
    pub destination: ObjectRef,
    /// Bytes that S3 copies; none of them pass through this program.
    pub bytes: u64,
    /// The calls, in order; also those that are not needed, with a count of 0.
    pub calls: Vec<Calls>,
    /// `x-amz-copy-source-range` of the first part, if the plan has parts with ranges.
    pub first_range: Option<String>,
    /// The same of the last.
    pub last_range: Option<String>,
    /// Headers of CreateMultipartUpload or CopyObject, as far as its parameters cause them.
    pub headers: Vec<(String, String)>,
    /// What the credentials must be allowed to do.
    pub needs: Vec<Need>,
    /// The ETags.
    pub etags: EtagForecast,
}

/// What is known of a copy part by part.
#[derive(Debug, Clone, Copy)]
pub struct PartByPart<'a> {
    /// The parts and properties.
    pub plan: &'a UploadPlan,
    /// HEAD of the source.
    pub head: &'a HeadObjectOutput,
    /// Whose boundaries the parts have.
    pub boundaries: Boundaries,
    /// Parts under way at once.
    pub at_once: u16,
    /// Whether an upload that is open is taken up again instead of beginning one.
    pub resumed: bool,
}

impl RequestPlan {
    /// The plan of a copy in one CopyObject.
    pub fn whole(copy: &CopyObject, head: &HeadObjectOutput, tags: bool) -> Self {
        let hidden = etag_hides_md5(&copy.source.bucket, head);
        let plain = hidden.is_none() && head.etag.digest().is_some();
        let because = match &hidden {
            _ if plain => "one piece keeps its MD5, unless the destination encrypts with SSE-KMS".to_owned(),
            Some(why) => format!("under {} the ETag is not made of MD5s of the bytes", why.name()),
            None => "the source's ETag is not an MD5 of its bytes".to_owned(),
        };
        Self {
            source: copy.source.clone(),
            destination: copy.destination.clone(),
            bytes: head.object_size(),
            calls: vec![Calls { operation: OperationKind::CopyObject, count: 1, at_once: 1 }],
            first_range: None,
            last_range: None,
            headers: preview(&Operation::CopyObject(copy.clone())).headers,
            needs: needs::of_copy(&copy.source, head, tags && !copy.drop_tags, needs::How::Whole),
            etags: EtagForecast {
                source: head.etag.clone(),
                planned: plain.then(|| head.etag.clone()),
                because,
            },
        }
    }

    /// The plan of a copy part by part; `None` when the upload copies nothing.
    pub fn part_by_part(copy: PartByPart<'_>) -> Option<Self> {
        let PartByPart { plan, head, .. } = copy;
        let source = plan.source.as_ref()?.object.clone();
        let how = if copy.resumed { needs::How::Resumed } else { needs::How::Parts };
        let create = preview(&Operation::CreateMultipartUpload(plan.create()));
        Some(Self {
            destination: plan.destination.clone(),
            bytes: plan.total_size(),
            calls: calls(copy),
            first_range: plan.parts.first().and_then(range_of),
            last_range: plan.parts.last().and_then(range_of),
            needs: [
                needs::of_copy(&source, head, !plan.tags.is_empty(), how),
                if copy.resumed { Vec::new() } else { needs::of_headers(&source, &create.headers) },
            ]
            .concat(),
            headers: if copy.resumed { Vec::new() } else { create.headers },
            etags: forecast(copy, &source),
            source,
        })
    }

    /// The same of a CopyObject that is told more in its headers, with the actions these take.
    #[must_use]
    pub fn told(mut self, operation: &Operation) -> Self {
        self.headers = preview(operation).headers;
        self.needs.extend(needs::of_headers(&self.source, &self.headers));
        self
    }

    /// The same of an upload that is taken up again, of which only these parts are still to be sent.
    #[must_use]
    pub fn left(mut self, plan: &UploadPlan, to_send: &[PartNumber]) -> Self {
        let to_send: BTreeSet<PartNumber> = to_send.iter().copied().collect();
        let left: Vec<_> = plan.parts.iter().filter(|p| to_send.contains(&p.number)).collect();
        for calls in &mut self.calls {
            if calls.operation == OperationKind::UploadPartCopy {
                calls.count = u64::try_from(left.len()).unwrap_or(u64::MAX);
            }
        }
        self.bytes = left.iter().filter_map(|p| p.size).sum();
        self.first_range = left.first().and_then(|p| range_of(p));
        self.last_range = left.last().and_then(|p| range_of(p));
        self
    }

    /// The same where the source's access control list was asked for, with the action that takes.
    #[must_use]
    pub fn asking_acl(mut self) -> Self {
        let need = needs::of_asked_acl(&self.source);
        if !self.needs.iter().any(|n| n.action == need.action && n.on == need.on) {
            // Beside the other reads of the source.
            let at = self.needs.iter().position(|n| n.on != On::Source).unwrap_or(self.needs.len());
            self.needs.insert(at, need);
        }
        self
    }

    /// The calls in one line: `1 CreateMultipartUpload, 2 418 UploadPartCopy (8 at a time), …`.
    pub fn calls_words(&self) -> String {
        let one = |calls: &Calls| {
            let at_once = match calls.at_once {
                n if n > 1 && calls.count > 1 => format!(" ({n} at a time)"),
                _ => String::new(),
            };
            format!("{} {}{at_once}", grouped(calls.count), calls.operation)
        };
        self.calls.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// The first and the last range in one line; `None` without ranges.
    pub fn ranges_words(&self) -> Option<String> {
        match (&self.first_range, &self.last_range) {
            (Some(first), Some(last)) if first != last => Some(format!("{first} to {last}")),
            (first, _) => first.clone(),
        }
    }
}

fn range_of(part: &PlannedPart) -> Option<String> {
    match &part.source {
        PartSource::Copy(range) => range.clone(),
        _ => None,
    }
}

fn calls(copy: PartByPart<'_>) -> Vec<Calls> {
    let plan = copy.plan;
    let parts = u64::try_from(plan.parts.len()).unwrap_or(u64::MAX);
    let once = |operation, count: bool| Calls { operation, count: u64::from(count), at_once: 1 };
    let late_tags = !plan.tags.is_empty() && (copy.resumed || !plan.tags_fit_header());
    vec![
        match copy.resumed {
            true => {
                Calls { operation: OperationKind::ListParts, count: parts.div_ceil(1000).max(1), at_once: 1 }
            }
            false => once(OperationKind::CreateMultipartUpload, true),
        },
        Calls { operation: OperationKind::UploadPartCopy, count: parts, at_once: copy.at_once },
        once(OperationKind::CompleteMultipartUpload, true),
        once(OperationKind::PutObjectTagging, late_tags),
    ]
}

fn forecast(copy: PartByPart<'_>, source: &ObjectRef) -> EtagForecast {
    let etag = copy.head.etag.clone();
    let hidden = etag_hides_md5(&source.bucket, copy.head);
    let unless = "unless the destination encrypts with SSE-KMS";
    let (planned, because) = match (hidden, copy.boundaries) {
        (Some(why), _) => {
            (None, format!("under {} the source's ETag is not made of MD5s of the bytes", why.name()))
        }
        (None, Boundaries::Stated) => {
            (Some(etag.clone()), format!("the boundaries are the source's own; the same ETag {unless}"))
        }
        (None, Boundaries::Inferred) => (
            Some(etag.clone()),
            format!("if the inferred boundaries are the source's, the same ETag {unless}"),
        ),
        (None, Boundaries::Chosen) => match (copy.plan.parts.len(), etag.digest()) {
            (1, Some(digest)) => (
                Some(ETag::composite(&[digest])),
                format!("the one part is the whole object, whose MD5 is known; {unless}"),
            ),
            _ => (None, "the boundaries are not the source's: only the ETags of the parts will tell".into()),
        },
    };
    EtagForecast { source: etag, planned, because }
}

#[cfg(test)]
mod tests;
