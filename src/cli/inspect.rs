//! `partscope inspect`: what is known of an object's parts, and on what evidence.

use super::Failure;
use super::args::{InspectArgs, TargetArgs};
use super::gather::{gather, probe_parts};
use super::out::Out;
use super::report;
use super::session::{Pace, Session};

/// Requests under way at once while asking for parts.
const CONCURRENCY: usize = 8;

/// Runs the command.
pub async fn run(target: &TargetArgs, args: &InspectArgs) -> Result<(), Failure> {
    let object = args.object.object().map_err(Failure::Local)?;
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
