//! `partscope inspect`: what is known of an object's parts, and on what evidence.

use super::Failure;
use super::args::{InspectArgs, ProbeArg, TargetArgs};
use super::gather::{Gathered, Probed, REPLACED, gather, probe, replaced_again};
use super::out::{Out, note};
use super::report;
use super::session::{Pace, Session};
use crate::domain::evidence::ProbeKind;
use crate::domain::names::{ObjectRef, S3Uri};

/// Requests under way at once while asking for parts.
const CONCURRENCY: usize = 8;

/// How often everything is asked again because the object was replaced during a probe.
const ROUNDS: usize = 3;

/// Runs the command.
pub async fn run(target: &TargetArgs, args: &InspectArgs) -> Result<(), Failure> {
    let object = named(&args.object, args.version_id.as_deref())?;
    let session = Session::open(target, Pace::Run).await?;
    let kind = match (args.all_parts, args.probe) {
        (true, _) | (_, ProbeArg::All) => Some(ProbeKind::Every),
        (_, ProbeArg::Sample) => Some(ProbeKind::Sample),
        (_, ProbeArg::First) => None,
    };
    let gathered = look(&session, &object, kind.filter(|_| !args.dry_run)).await?;
    let asked =
        report::Asked { kind: kind.unwrap_or(ProbeKind::First), dry_run: args.dry_run, why: args.why };
    if args.json {
        return Out.json(&report::json(&object, &gathered, asked));
    }
    for line in report::text(&object, &gathered, asked) {
        Out.line(&line)?;
    }
    Ok(())
}

/// Gathers and probes; again when the object is replaced in between.
pub async fn look(
    session: &Session,
    object: &ObjectRef,
    kind: Option<ProbeKind>,
) -> Result<Gathered, Failure> {
    for round in 0..ROUNDS {
        let mut gathered = gather(session, object).await?;
        let pinned = gathered.object.clone();
        let probed = match kind {
            Some(kind) => {
                // Of few parts a sample would be all of them.
                let few = kind == ProbeKind::Sample && gathered.evidence.plan(kind).is_none();
                let kind = if few { ProbeKind::Every } else { kind };
                probe(session, (object, &pinned), &mut gathered.evidence, kind, CONCURRENCY).await?
            }
            None => Probed::Done,
        };
        if probed == Probed::Done {
            if round > 0 {
                gathered.notes.insert(0, REPLACED.into());
            }
            return Ok(gathered);
        }
    }
    Err(replaced_again(object))
}

/// The object or version an address names; which of two readings was taken is said.
pub fn named(address: &S3Uri, version_id: Option<&str>) -> Result<ObjectRef, Failure> {
    let reading = address.reading(version_id).map_err(Failure::Local)?;
    if let Some(words) = &reading.note {
        note(words);
    }
    Ok(reading.object)
}
