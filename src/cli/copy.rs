//! `partscope copy`: a copy inside S3 that keeps part boundaries, properties and tags.
//!
//! First it looks (`look`), then it decides and says what it will do (`tell`), then it does it: in one CopyObject when
//! the source is not multipart and small enough, else part by part with `run`, which drives the same state
//! machine as the terminal program. The source is pinned by its version and its ETag throughout.

mod carried;
mod look;
mod names;
mod run;
mod tell;
mod whole;

use super::Failure;
use super::args::{CopyArgs, TargetArgs};
use super::inspect::named;
use super::session::{Pace, Session};
use crate::domain::etag::ETag;
use crate::domain::names::ObjectRef;
use look::Way;
use std::time::Instant;
use tell::Say;

/// Runs the command.
pub async fn run(target: &TargetArgs, args: &CopyArgs) -> Result<(), Failure> {
    let source = named(&args.source, args.version_id.as_deref())?;
    let destination = destination(args, &source)?;
    let session = Session::open(target, if args.step { Pace::Step } else { Pace::Run }).await?;
    let say = Say { json: args.json };
    let look = look::look(&session, args, source, destination).await?;
    // What is left of an open upload is not known before it is listed.
    if args.resume.is_none() {
        say.plan(&look, &look.requests, args.dry_run)?;
    }
    if args.dry_run {
        return match &look.way {
            Way::Parts(plan) if args.resume.is_some() => {
                run::rehearse(&session, args, plan, &look, say).await
            }
            _ => Ok(()),
        };
    }
    let begun = Instant::now();
    let made = match &look.way {
        Way::Whole(operation) => whole::copy(&session, operation, &look).await?,
        Way::Parts(plan) => run::copy(&session, args, plan, &look, say).await?,
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
