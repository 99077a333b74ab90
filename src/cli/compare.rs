//! `partscope compare`: two objects or versions side by side, differences first.

use super::Failure;
use super::args::{CompareArgs, TargetArgs};
use super::gather::Gathered;
use super::inspect::{look, named};
use super::out::Out;
use super::report::notes;
use super::session::{Pace, Session};
use crate::domain::compare::{Comparison, Relation, Row, Side, Verdict, compare};
use crate::domain::evidence::ProbeKind;
use crate::domain::names::ObjectRef;
use crate::domain::text::visible;
use serde_json::json;

/// Runs the command; the exit code says how the two stand to each other.
pub async fn run(target: &TargetArgs, args: &CompareArgs) -> Result<u8, Failure> {
    let left = named(&args.left, args.left_version_id.as_deref())?;
    let right = named(&args.right, args.right_version_id.as_deref())?;
    let session = Session::open(target, Pace::Run).await?;
    let probe = args.all_parts.then_some(ProbeKind::Every);
    let one = look(&session, &left, probe).await?;
    let other = look(&session, &right, probe).await?;
    let comparison = compare(side(&left, &one), side(&right, &other));
    if args.json {
        Out.json(&json!({
            "left": left,
            "right": right,
            "comparison": comparison,
            "notes": { "left": notes(&one), "right": notes(&other) },
            "requests": session.calls(),
        }))?;
    } else {
        for line in text((&left, &one), (&right, &other), &comparison, session.calls()) {
            Out.line(&line)?;
        }
    }
    Ok(match comparison.verdict {
        Verdict::Same => 0,
        Verdict::Differs => 4,
        Verdict::NotKnown => 5,
    })
}

fn side<'a>(object: &'a ObjectRef, gathered: &'a Gathered) -> Side<'a> {
    let tags = gathered.tags.as_deref().map_err(String::as_str);
    Side { object, head: &gathered.head, evidence: &gathered.evidence, tags }
}

type Looked<'a> = (&'a ObjectRef, &'a Gathered);

/// Lines for people.
fn text(left: Looked<'_>, right: Looked<'_>, comparison: &Comparison, calls: u64) -> Vec<String> {
    let mut lines = vec![
        format!("left        {}", visible(&left.0.to_string())),
        format!("right       {}", visible(&right.0.to_string())),
        String::new(),
    ];
    lines.extend(comparison.rows.iter().flat_map(row));
    lines.push(String::new());
    for (name, (_, gathered)) in [("left", left), ("right", right)] {
        let note = |note: &String| format!("note        {name}: {}", visible(note));
        lines.extend(notes(gathered).iter().map(note));
    }
    lines.push(visible(&comparison.sentence));
    lines.push(format!("{calls} requests were made, all of them reads."));
    lines
}

/// One line when both are the same, else one for each side.
fn row(row: &Row) -> Vec<String> {
    let (name, counted) = (visible(&row.name), if row.counts { "" } else { ", not counted" });
    let note = match (&row.relation, row.note.as_str()) {
        (Relation::NotKnown(why), _) => format!(": {}", visible(why)),
        (_, "") => String::new(),
        (_, note) => format!(" ({})", visible(note)),
    };
    let words = row.relation.words();
    if row.relation == Relation::Same && row.left == row.right {
        let value = row.left.as_deref().unwrap_or("none");
        return vec![format!("{words:<12}{name}  {}{counted}{note}", visible(value))];
    }
    let mut lines = vec![format!("{words:<12}{name}{counted}{note}")];
    for (name, value) in [("left", &row.left), ("right", &row.right)] {
        if let Some(value) = value {
            lines.push(format!("  {name:<10}{}", visible(value)));
        }
    }
    lines
}
