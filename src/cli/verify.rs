//! `partscope verify`: whether local bytes are an object's.

use super::Failure;
use super::args::{Place, TargetArgs, VerifyArgs};
use super::gather::Gathered;
use super::hashing::{Feed, open, pipe, stream, with_file};
use super::inspect::{look, named};
use super::out::Out;
use super::report::notes;
use super::session::{Pace, Session};
use crate::domain::evidence::ProbeKind;
use crate::domain::names::ObjectRef;
use crate::domain::no_md5::etag_hides_md5;
use crate::domain::text::visible;
use crate::domain::units::human_size;
use crate::domain::verify::{Depth, Remote, Report, Verdict};
use crate::hash::file::Opened;
use crate::hash::verify::{Streamed, check};
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// Runs the command; the exit code is the verdict.
pub async fn run(target: &TargetArgs, args: &VerifyArgs) -> Result<u8, Failure> {
    let object = named(&args.object, args.version_id.as_deref())?;
    if let other @ Place::Object(_) = &args.file {
        let said = format!("{other} is an object, not a file; partscope compare compares two objects");
        return Err(Failure::Local(said));
    }
    // A file that cannot be read is said before anything is asked.
    let local = match &args.file {
        Place::File(path) => Some((path, open(path)?)),
        _ => None,
    };
    let session = Session::open(target, Pace::Run).await?;
    let gathered = look(&session, &object, args.all_parts.then_some(ProbeKind::Every)).await?;
    let remote = Remote::new(&object.bucket, &gathered.head, &gathered.evidence);
    let (report, hashed) = match local {
        Some((_, Opened::Mapped(file))) => {
            let depth = depth(args, Depth::Plausible);
            with_file(file, &args.hash, session.token(), true, move |file, run| {
                check(file, &remote, depth, run)
            })
            .await?
        }
        Some((path, Opened::Stream(file))) => {
            streamed(stream(file, path), remote, args, session.token()).await?
        }
        None => {
            let feed = pipe(std::io::stdin(), "standard input".into());
            streamed(feed, remote, args, session.token()).await?
        }
    };
    print(args, &object, &gathered, &report, hashed)?;
    Ok(match report.verdict() {
        Verdict::Match => 0,
        Verdict::Differs => 4,
        Verdict::CannotBeKnown => 5,
    })
}

fn depth(args: &VerifyArgs, otherwise: Depth) -> Depth {
    if args.exhaustive { Depth::Exhaustive } else { otherwise }
}

async fn streamed(
    feed: Feed,
    remote: Remote,
    args: &VerifyArgs,
    cancel: CancellationToken,
) -> Result<(Report, u64), Failure> {
    let work = Streamed::new(remote, depth(args, Depth::Plausible), args.hash.kernel());
    let work = feed
        .drain(work, cancel, |work, piece| {
            work.update(piece);
            !work.is_over()
        })
        .await?;
    let seen = work.seen();
    Ok((work.finish(), seen))
}

fn print(
    args: &VerifyArgs,
    object: &ObjectRef,
    gathered: &Gathered,
    report: &Report,
    hashed: u64,
) -> Result<(), Failure> {
    let verdict = report.verdict();
    if args.json {
        return Out.json(&json!({
            "file": args.file.to_string(),
            "object": object,
            "verdict": verdict,
            "report": report,
            "notes": notes(gathered),
            "bytes_hashed": hashed,
        }));
    }
    let word = match verdict {
        Verdict::Match => "match",
        Verdict::Differs => "differs",
        Verdict::CannotBeKnown => "cannot be known",
    };
    Out.line(&format!("{word}: {} and {}", visible(&args.file.to_string()), visible(&object.to_string())))?;
    for finding in &report.findings {
        Out.line(&format!("  {:<22} {}", finding.by, visible(&finding.words)))?;
    }
    for bad in report.bad_parts.iter().take(MOST_BAD) {
        let range = bad.range.map_or_else(|| "empty".into(), |r| r.to_string());
        Out.line(&format!("  part {:<17} differs: {range} ({})", bad.part, bad.by))?;
    }
    if report.bad_parts.len() > MOST_BAD {
        let more = report.bad_parts.len() - MOST_BAD;
        Out.line(&format!("  and {more} more parts; --json names them all"))?;
    }
    if let Some(caution) = report.caution() {
        Out.line(&format!("  {:<22} {caution}", "careful"))?;
    }
    let in_parts = gathered.evidence.is_multipart() && !report.other_size;
    if verdict == Verdict::Differs && report.bad_parts.is_empty() && in_parts {
        Out.line("  which part             not known: the service states no checksums of parts")?;
    }
    if let Some(words) = way_on(args, gathered, verdict) {
        Out.line(&format!("  {:<22} {words}", "to decide it"))?;
    }
    notes(gathered)
        .iter()
        .try_for_each(|note| Out.line(&format!("  note                   {}", visible(note))))?;
    Out.line(&format!("  {} hashed", human_size(hashed)))
}

/// What else could decide it, where something can that was not asked for.
fn way_on(args: &VerifyArgs, gathered: &Gathered, verdict: Verdict) -> Option<&'static str> {
    let evidence = &gathered.evidence;
    let cut_matters = verdict == Verdict::CannotBeKnown
        && gathered.head.etag.is_multipart()
        && !evidence.exact_is_known()
        && etag_hides_md5(&gathered.object.bucket, &gathered.head).is_none();
    match (cut_matters, args.all_parts, args.exhaustive) {
        (true, false, _) if evidence.part_number_understood == Some(true) => {
            Some("--all-parts asks S3 where the parts end")
        }
        (true, _, false) => Some("--exhaustive tries every part size that is possible"),
        _ => None,
    }
}

/// Parts that differ named on the screen.
const MOST_BAD: usize = 10;
