//! `partscope inspect`: what is known of an object's parts, and on what evidence.

use super::Failure;
use super::args::{InspectArgs, TargetArgs};
use super::gather::{gather, probe_parts};
use super::out::{Out, note};
use super::report;
use super::session::{Pace, Session};
use crate::domain::names::{ObjectRef, S3Uri};

/// Requests under way at once while asking for parts.
const CONCURRENCY: usize = 8;

/// Runs the command.
pub async fn run(target: &TargetArgs, args: &InspectArgs) -> Result<(), Failure> {
    let object = named(&args.object, args.version_id.as_deref())?;
    let session = Session::open(target, Pace::Run).await?;
    let mut gathered = gather(&session, &object).await?;
    if args.all_parts {
        probe_parts(&session, &object, &mut gathered.evidence, CONCURRENCY).await?;
    }
    if args.json {
        return Out.json(&report::json(&object, &gathered));
    }
    for line in report::text(&object, &gathered) {
        Out.line(&line)?;
    }
    Ok(())
}

/// The object or version an address names; which of two readings was taken is said.
pub fn named(address: &S3Uri, version_id: Option<&str>) -> Result<ObjectRef, Failure> {
    let reading = address.reading(version_id).map_err(Failure::Local)?;
    if let Some(words) = &reading.note {
        note(words);
    }
    Ok(reading.object)
}
