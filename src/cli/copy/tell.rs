//! What a copy says, for people or as JSON Lines.

use super::Made;
use super::carried;
use super::look::{Look, Way};
use crate::cli::Failure;
use crate::cli::out::{Out, note};
use crate::cli::report::size;
use crate::domain::plan::UploadPlan;
use crate::domain::request_plan::{Boundaries, RequestPlan};
use crate::domain::rescue::Rescue;
use crate::domain::text::visible;
use crate::domain::units::grouped;
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// A copy goes on when nobody reads what it says: it is not made for its output.
fn unread(told: Result<(), Failure>) -> Result<(), Failure> {
    match told {
        Err(Failure::ClosedPipe) => Ok(()),
        other => other,
    }
}

/// Says what happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Say {
    /// One JSON object a fact instead of lines for people.
    pub(super) json: bool,
}

impl Say {
    /// Something became known.
    pub(super) fn fact(self, fact: &impl Serialize) -> Result<(), Failure> {
        if self.json { unread(Out.json(fact)) } else { Ok(()) }
    }

    /// What will be done.
    pub(super) fn plan(self, look: &Look, requests: &RequestPlan, dry_run: bool) -> Result<(), Failure> {
        look.notes.iter().for_each(|text| note(&format!("note: {}", visible(text))));
        unread(match (self.json, dry_run) {
            (true, _) => Out.json(&planned(look, requests, dry_run)),
            (false, false) => lines(&plan_lines(look)),
            (false, true) => {
                lines(&[plan_lines(look), carried::lines(&look.carried), request_lines(requests)].concat())
            }
        })
    }

    /// What an upload that is taken up again holds, and whether an ETag will tell of the parts that were not compared.
    pub(super) fn resumed(self, rescue: &Rescue, foretold: bool) -> Result<(), Failure> {
        unread(match self.json {
            true => Out.json(&json!({
                "fact": "resumed",
                "parts": rescue.parts,
                "to_send": rescue.to_send().collect::<Vec<_>>(),
            })),
            false => lines(&resumed_lines(rescue, foretold)),
        })
    }

    /// What was made.
    pub(super) fn verdict(self, look: &Look, made: &Made, took: Duration) -> Result<(), Failure> {
        unread(if self.json {
            Out.json(&json!({
                "fact": "copied",
                "source": look.source,
                "destination": look.destination,
                "size": look.size,
                "source_etag": look.etag,
                "planned_etag": look.requests.etags.planned,
                "predicted_etag": made.predicted,
                "destination_etag": made.etag,
                "same_etag": made.etag == look.etag,
                "as_planned": look.requests.etags.planned.as_ref().map(|p| *p == made.etag),
                "as_predicted": made.predicted.as_ref().map(|p| *p == made.etag),
                "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            }))
        } else {
            lines(&verdict_lines(look, made))
        })
    }
}

fn lines(lines: &[String]) -> Result<(), Failure> {
    lines.iter().try_for_each(|line| Out.line(&visible(line)))
}

fn planned(look: &Look, requests: &RequestPlan, dry_run: bool) -> serde_json::Value {
    let (method, parts) = match &look.way {
        Way::Whole(_) => ("CopyObject", None),
        Way::Parts(plan) => ("multipart", Some(plan.parts.len())),
    };
    json!({
        "fact": "planned",
        "method": method,
        "source": look.source,
        "destination": look.destination,
        "size": look.size,
        "parts": parts,
        "part_size": look.layout.as_ref().and_then(|l| l.uniform_size()),
        "boundaries": look.grounds,
        "tags": look.tags,
        "carried": carried::json(&look.carried),
        "requests": requests,
        "dry_run": dry_run,
    })
}

fn plan_lines(look: &Look) -> Vec<String> {
    let method = match &look.way {
        Way::Whole(_) => {
            "CopyObject: the source is one piece of at most 5 GiB, so its ETag can stay plain".into()
        }
        Way::Parts(plan) => parts_line(plan, look.layout.as_ref().and_then(|l| l.uniform_size())),
    };
    vec![
        format!("{} -> {}", look.source, look.destination),
        format!("  source       {}, ETag {}", size(look.size), look.etag.quoted()),
        format!("  method       {method}"),
        format!("  boundaries   {}", look.grounds),
    ]
}

fn request_lines(requests: &RequestPlan) -> Vec<String> {
    let mut rows = vec![
        ("requests", requests.calls_words()),
        ("bytes", format!("{} copied by S3; none pass through this machine", grouped(requests.bytes))),
    ];
    rows.extend(requests.ranges_words().map(|ranges| ("ranges", ranges)));
    rows.extend(requests.headers.iter().map(|(name, value)| ("headers", format!("{name}: {value}"))));
    rows.extend(
        requests
            .needs
            .iter()
            .map(|need| ("needs", format!("{} on {}: {}", need.action, need.on.words(), need.reason))),
    );
    let planned = requests.etags.planned.as_ref().map_or_else(|| "not known yet".into(), |p| p.quoted());
    rows.push(("planned", format!("{planned}: {}", requests.etags.because)));
    rows.push(("dry run", "nothing was sent that writes".into()));
    let mut last = "";
    rows.into_iter()
        .map(|(name, value)| {
            let shown = if std::mem::replace(&mut last, name) == name { "" } else { name };
            format!("  {shown:<13}{value}")
        })
        .collect()
}

fn resumed_lines(rescue: &Rescue, foretold: bool) -> Vec<String> {
    let many = |n: usize| grouped(u64::try_from(n).unwrap_or(u64::MAX));
    let mut out = vec![
        format!("  upload has   {}", rescue.words()),
        format!("  to send      {} UploadPartCopy", many(rescue.to_send().count())),
    ];
    let unproved = rescue.unproved().count();
    if foretold && unproved > 0 {
        out.push(format!(
            "               and the {} not compared, if the parts do not give the planned ETag",
            many(unproved)
        ));
    }
    out.push(
        "               its properties were fixed when it was created; compare shows them when it is done"
            .into(),
    );
    out
}

fn verdict_lines(look: &Look, made: &Made) -> Vec<String> {
    let (same, planned) = (made.etag == look.etag, look.requests.etags.planned.as_ref());
    let as_predicted = made.predicted.as_ref().map(|p| *p == made.etag);
    let quoted = |etag: Option<&crate::domain::etag::ETag>, none: &str| {
        etag.map_or_else(|| none.to_owned(), |e| e.quoted())
    };
    let mut out = vec![format!("  planned      {}", quoted(planned, "not known before the parts"))];
    if matches!(look.way, Way::Parts(_)) {
        let none = "nothing: the ETags of the parts are no MD5s";
        out.push(format!("  parts give   {}", quoted(made.predicted.as_ref(), none)));
    }
    out.push(format!("  destination  {}", made.etag.quoted()));
    out.push(format!("verdict: {}", verdict(same, as_predicted)));
    if look.boundaries == Some(Boundaries::Inferred) && !same && as_predicted == Some(true) {
        out.push("         so the source's own boundaries are not the inferred ones".into());
    }
    out
}

fn verdict(same: bool, as_predicted: Option<bool>) -> &'static str {
    match (same, as_predicted) {
        (true, Some(false)) => "copied; same ETag as the source, though not the predicted one",
        (true, _) => "copied; same ETag as the source",
        (false, Some(true)) => "copied; the ETag differs from the source's, as its parts predict",
        (false, Some(false)) => {
            "copied; the ETag is neither the source's nor the predicted one, as with SSE-KMS and SSE-C"
        }
        (false, None) => "copied; the ETag differs from the source's",
    }
}

fn parts_line(plan: &UploadPlan, uniform: Option<u64>) -> String {
    let count = || grouped(u64::try_from(plan.parts.len()).unwrap_or(u64::MAX));
    match (plan.parts.len(), uniform) {
        // The only part is the object, whatever size it could have had.
        (1, _) => format!("multipart: 1 part of {}", size(plan.total_size())),
        (_, Some(p)) => format!("multipart: {} parts of {}", count(), size(p)),
        (_, None) => format!("multipart: {} unequal parts", count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::ObjectRef;
    use crate::domain::plan::{PartSource, PlannedPart};
    use crate::domain::units::{MIB, PartNumber};

    #[test]
    fn the_only_part_has_the_bytes_of_the_object() {
        let part =
            |n, size| PlannedPart { number: PartNumber(n), size: Some(size), source: PartSource::Copy(None) };
        let mut plan = UploadPlan::empty(ObjectRef::new("b", "k"));
        plan.parts = vec![part(1, 83)];
        assert_eq!(parts_line(&plan, Some(5 * MIB)), format!("multipart: 1 part of {}", size(83)));
        plan.parts = vec![part(1, 5 * MIB), part(2, 83)];
        assert_eq!(parts_line(&plan, Some(5 * MIB)), format!("multipart: 2 parts of {}", size(5 * MIB)));
        assert_eq!(parts_line(&plan, None), "multipart: 2 unequal parts");
    }
}
