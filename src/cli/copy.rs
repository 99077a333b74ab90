//! `partscope copy`: a copy inside S3 that keeps part boundaries, properties and tags.
//!
//! First it looks (`look`), then it decides and says what it will do, then it does it: in one CopyObject when
//! the source is not multipart and small enough, else part by part with `run`, which drives the same state
//! machine as the terminal program. The source is pinned by its ETag throughout.

mod look;
mod run;
mod whole;

use super::Failure;
use super::args::{CopyArgs, TargetArgs};
use super::out::{Out, note};
use super::report::size;
use super::session::{Pace, Session};
use crate::domain::etag::ETag;
use crate::domain::names::ObjectRef;
use crate::domain::plan::UploadPlan;
use look::{Look, Way};
use serde::Serialize;
use serde_json::json;
use std::time::{Duration, Instant};

/// Runs the command.
pub async fn run(target: &TargetArgs, args: &CopyArgs) -> Result<(), Failure> {
    let source = args.source.object().map_err(Failure::Local)?;
    let destination = destination(args, &source)?;
    let session = Session::open(target, if args.step { Pace::Step } else { Pace::Run }).await?;
    let say = Say { json: args.json };
    let look = look::look(&session, args, source, destination).await?;
    say.plan(&look)?;
    if args.dry_run {
        return Ok(());
    }
    let begun = Instant::now();
    let made = match &look.way {
        Way::Whole(operation) => whole::copy(&session, operation, &look).await?,
        Way::Parts(plan) => run::copy(&session, args, plan, say).await?,
    };
    say.verdict(&look, &made, begun.elapsed())
}

/// A destination that ends in `/`, or is a bucket, keeps the source's last name.
fn destination(args: &CopyArgs, source: &ObjectRef) -> Result<ObjectRef, Failure> {
    let mut key = args.destination.key.clone();
    if key.is_empty() || key.ends_with('/') {
        let name = source.key.rsplit('/').next().unwrap_or_default();
        if name.is_empty() {
            return Err(Failure::Local(format!(
                "{source} has no last name to keep; write the whole destination key"
            )));
        }
        key.push_str(name);
    }
    Ok(ObjectRef::new(&args.destination.bucket, key))
}

/// What a copy made.
#[derive(Debug, Clone)]
struct Made {
    etag: ETag,
    predicted: Option<ETag>,
}

/// A copy goes on when nobody reads what it says: it is not made for its output.
fn unread(told: Result<(), Failure>) -> Result<(), Failure> {
    match told {
        Err(Failure::ClosedPipe) => Ok(()),
        other => other,
    }
}

/// Says what happens, for people or as JSON Lines.
#[derive(Debug, Clone, Copy)]
struct Say {
    json: bool,
}

impl Say {
    fn fact(self, fact: &impl Serialize) -> Result<(), Failure> {
        if self.json { unread(Out.json(fact)) } else { Ok(()) }
    }

    fn plan(self, look: &Look) -> Result<(), Failure> {
        unread(self.tell_plan(look))
    }

    fn verdict(self, look: &Look, made: &Made, took: Duration) -> Result<(), Failure> {
        unread(self.tell_verdict(look, made, took))
    }

    fn tell_plan(self, look: &Look) -> Result<(), Failure> {
        for text in &look.notes {
            note(&format!("note: {text}"));
        }
        if self.json {
            let (method, parts) = match &look.way {
                Way::Whole(_) => ("CopyObject", None),
                Way::Parts(plan) => ("multipart", Some(plan.parts.len())),
            };
            return Out.json(&json!({
                "fact": "planned",
                "method": method,
                "source": look.source,
                "destination": look.destination,
                "size": look.size,
                "parts": parts,
                "part_size": look.layout.as_ref().and_then(|l| l.uniform_size()),
                "boundaries": look.grounds,
                "tags": look.tags,
            }));
        }
        Out.line(&format!("{} -> {}", look.source, look.destination))?;
        Out.line(&format!("  source       {}, ETag {}", size(look.size), look.etag.quoted()))?;
        match &look.way {
            Way::Whole(_) => Out.line("  method       CopyObject: the source is one piece of at most 5 GiB, so its ETag can stay plain")?,
            Way::Parts(plan) => Out.line(&format!("  method       {}", parts_line(plan, look)))?,
        }
        Out.line(&format!("  boundaries   {}", look.grounds))
    }

    fn tell_verdict(self, look: &Look, made: &Made, took: Duration) -> Result<(), Failure> {
        let same = made.etag == look.etag;
        let as_predicted = made.predicted.as_ref().map(|p| *p == made.etag);
        if self.json {
            return Out.json(&json!({
                "fact": "copied",
                "source": look.source,
                "destination": look.destination,
                "size": look.size,
                "source_etag": look.etag,
                "predicted_etag": made.predicted,
                "destination_etag": made.etag,
                "same_etag": same,
                "as_predicted": as_predicted,
                "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            }));
        }
        let predicted = made.predicted.as_ref().map_or_else(|| "none".into(), |p| p.quoted());
        Out.line(&format!("  predicted    {predicted}"))?;
        Out.line(&format!("  destination  {}", made.etag.quoted()))?;
        Out.line(&format!("verdict: {}", verdict(same, as_predicted)))?;
        if look.inferred && !same && as_predicted == Some(true) {
            return Out.line("         so the source's own boundaries are not the inferred ones");
        }
        Ok(())
    }
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

fn parts_line(plan: &UploadPlan, look: &Look) -> String {
    let uniform = look.layout.as_ref().and_then(|l| l.uniform_size());
    match (plan.parts.len(), uniform) {
        (1, Some(p)) => format!("multipart: 1 part of {}", size(p)),
        (n, Some(p)) => format!("multipart: {n} parts of {}", size(p)),
        (n, None) => format!("multipart: {n} unequal parts"),
    }
}
