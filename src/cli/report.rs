//! What `inspect` prints: facts first, then the part size with the evidence for it, then what can be asked.

use super::gather::Gathered;
use crate::domain::anatomy::anatomy;
use crate::domain::evidence::{
    Evidence, Ground, PartSizeEvidence, ProbeKind, ProbePlan, Refusal, Run, WhyPath,
};
use crate::domain::infer::{Candidate, Inference, Pieces};
use crate::domain::names::ObjectRef;
use crate::domain::text::visible;
use crate::domain::units::{grouped, human_size};
use serde_json::{Value, json};

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Which probe.
    pub kind: ProbeKind,
    /// Whether it was only worked out and not sent.
    pub dry_run: bool,
    /// Whether the reasons for the list of parts are wanted.
    pub why: bool,
}

/// Runs of parts printed at most; the rest is counted.
const MAX_RUNS: usize = 12;

/// Candidates printed at most.
const MAX_CANDIDATES: usize = 6;

/// One JSON object.
pub fn json(object: &ObjectRef, gathered: &Gathered, asked: Asked) -> Value {
    let e = &gathered.evidence;
    json!({
        "object": object,
        "size": e.object_size,
        "etag": e.etag,
        "parts": { "count": e.part_count, "stated_by_service": e.count_stated },
        "part_size": e.part_size(),
        "verdict": e.verdict(),
        "layout": e.exact_layout(),
        "map": e.runs(),
        "part_checksums": e.part_checksums,
        "pattern": e.pattern(),
        "refutation": e.refutation(),
        "inference": e.inference().map(|i| json!({ "result": i, "arithmetic": i.arithmetic() })),
        "candidates": e.candidates(),
        "probe_plan": e.plans(),
        "probe": { "kind": asked.kind, "dry_run": asked.dry_run },
        "cheapest": e.cheapest(),
        "anatomy": anatomy(&object.bucket, &gathered.head, e),
        "why": e.why(&object.bucket),
        "doubts": e.doubts,
        "refusals": e.refusals.iter().map(refusal).collect::<Vec<_>>(),
        "part_number_understood": e.part_number_understood,
        "properties": gathered.head.properties,
        "checksums": gathered.head.checksums,
        "version_id": gathered.head.version_id,
        "tags": gathered.tags.as_ref().ok(),
        "notes": notes(gathered),
        "facts": super::facts::facts(gathered),
        "state": gathered.head.state(),
    })
}

fn refusal(refusal: &Refusal) -> Value {
    json!({ "refused": refusal, "missing": refusal.missing(), "actions": refusal.actions() })
}

/// What else is to be said of what was gathered: what was refused and what would allow it, and what is not believed.
pub fn notes(gathered: &Gathered) -> Vec<String> {
    let tags = gathered.tags.as_ref().err().map(|why| format!("GetObjectTagging was refused: {why}"));
    let denied = gathered.evidence.refusals.iter().filter(|r| r.status == 403).map(Refusal::sentence);
    let doubts = gathered.evidence.doubts.iter().map(|why| format!("not believed: {why}"));
    gathered.notes.iter().cloned().chain(tags).chain(denied).chain(doubts).collect()
}

/// The lines so far, each with a name and a value that is safe to print.
struct Rows(Vec<String>);

impl Rows {
    fn add(&mut self, name: &str, value: &str) {
        self.0.push(format!("  {name:<12}{}", visible(value)));
    }

    /// Several lines under one name.
    fn all(&mut self, name: &str, values: impl IntoIterator<Item = String>) {
        for (i, value) in values.into_iter().enumerate() {
            self.add(if i == 0 { name } else { "" }, &value);
        }
    }
}

/// Lines for people.
pub fn text(object: &ObjectRef, gathered: &Gathered, asked: Asked) -> Vec<String> {
    let e = &gathered.evidence;
    let mut rows = Rows(vec![visible(&object.to_string())]);
    rows.add("size", &e.object_size.map_or_else(|| "unknown".into(), size));
    rows.add("etag", &e.etag.as_ref().map_or_else(|| "unknown".into(), |t| t.quoted()));
    rows.add("parts", &count(gathered));
    rows.add("part size", &part_size(e));
    of_parts(&mut rows, e);
    let anatomy = anatomy(&object.bucket, &gathered.head, e);
    let sentences = anatomy.sentences.iter().map(|s| format!("{} {}", s.certainty.glyph(), s.text));
    rows.all("etag says", anatomy.formula.iter().map(|f| format!("= {f}")).chain(sentences));
    if asked.why {
        rows.all("why", why(&e.why(&object.bucket)));
    }
    if !e.plans().is_empty() {
        rows.all("can ask", e.plans().iter().map(|p| plan(p, asked)));
        rows.add("cheapest", &e.cheapest().words());
    }
    notes(gathered).iter().for_each(|note| rows.add("note", note));
    let mut lines = rows.0;
    lines.extend(super::facts::text(gathered));
    lines
}

/// The map, and what size and count allow where it is not exact.
fn of_parts(rows: &mut Rows, e: &Evidence) {
    if !e.is_multipart() {
        return;
    }
    if let Some(inference) = e.inference().filter(|_| !e.exact_is_known()) {
        rows.add("verdict", &verdict(e, inference));
        rows.all("because", inference.arithmetic());
    }
    rows.all(candidates_name(e), candidates(e));
    if let Some(pattern) = e.pattern() {
        rows.add("pattern", &pattern.words());
    }
    let runs = e.runs();
    rows.all("map", runs.iter().take(MAX_RUNS).map(run));
    if let Some(more) = runs.len().checked_sub(MAX_RUNS).filter(|n| *n > 0) {
        rows.add("", &format!("and {more} more runs of parts; --json has them all"));
    }
}

fn candidates_name(e: &Evidence) -> &'static str {
    if e.uniform_size().is_some() { "habit" } else { "candidate" }
}

/// The sizes that are left, or whose habit the one that is known is; one part says nothing.
fn candidates(e: &Evidence) -> Vec<String> {
    match e.uniform_size() {
        _ if e.part_count == Some(1) => Vec::new(),
        Some(_) => vec![e.habit(usize::MAX)],
        None => e.candidates().into_iter().take(MAX_CANDIDATES).map(candidate).collect(),
    }
}

fn verdict(e: &Evidence, inference: &Inference) -> String {
    match (e.refutation(), e.part_size()) {
        (Some(why), _) => format!("not equal: {why}"),
        (None, PartSizeEvidence::FirstPart { .. }) => {
            "part 1 is stated, and equal parts are possible; not proved".into()
        }
        _ => inference.verdict_words(),
    }
}

fn run(run: &Run) -> String {
    let parts = if run.first_part == run.last_part {
        format!("part {}", run.first_part)
    } else {
        format!("parts {}-{}", run.first_part, run.last_part)
    };
    let each = if run.first_part == run.last_part { "" } else { " each" };
    let place = match (run.offset, run.size) {
        (Some(offset), Some(size)) => format!("{} bytes{each}, from byte {}", grouped(size), grouped(offset)),
        (None, Some(size)) => format!("{} bytes{each}", grouped(size)),
        _ => "size not known".into(),
    };
    format!("{parts}: {place}: {}", ground(run.ground))
}

fn ground(ground: Ground) -> &'static str {
    match ground {
        Ground::Head => "exact, HeadObject said so",
        Ground::Attributes => "exact, GetObjectAttributes lists it",
        Ground::Data => "exact, the bytes have the ETag only so",
        Ground::Rest => "exact, it is what is left",
        Ground::Assumed => "a guess",
        Ground::Nobody => "unknown",
    }
}

fn plan(plan: &ProbePlan, asked: Asked) -> String {
    let option = match plan.kind {
        ProbeKind::Attributes => String::new(),
        kind => format!(" (--probe {})", kind.name()),
    };
    let sent = if asked.dry_run && asked.kind == plan.kind { "; not sent (--dry-run)" } else { "" };
    format!("{}{option}: {}{sent}", plan.requests_words(), plan.proves)
}

/// The path, taken branches marked.
fn why(path: &WhyPath) -> Vec<String> {
    let mut out = Vec::new();
    for step in &path.steps {
        out.push(step.question.to_owned());
        for branch in &step.branches {
            out.push(format!("  {} {}", if branch.taken { "▶" } else { "·" }, branch.words));
        }
    }
    out.push(path.conclusion.clone());
    out.extend(path.fallback.iter().map(|f| format!("otherwise: {f}")));
    out
}

/// Exact bytes and a size for people.
pub fn size(bytes: u64) -> String {
    match bytes {
        1 => "1 byte".into(),
        0..1024 => format!("{bytes} bytes"),
        _ => format!("{} bytes ({})", grouped(bytes), human_size(bytes)),
    }
}

fn count(gathered: &Gathered) -> String {
    let e = &gathered.evidence;
    match e.part_count {
        None if e.pieces() == Pieces::One => "none: written in one piece".into(),
        None => "not known: the service states no count, and the ETag does not tell".into(),
        Some(n) if e.count_stated => format!("{n}, stated by the service"),
        Some(n) => format!("{n}, from the ETag"),
    }
}

fn part_size(e: &Evidence) -> String {
    match e.part_size() {
        PartSizeEvidence::Proved { .. } if e.part_count == Some(1) => {
            "any from the object's size up: one part".into()
        }
        PartSizeEvidence::Proved { uniform: Some(p) } => {
            format!("{}: proved, the service stated the parts", size(p))
        }
        PartSizeEvidence::Proved { uniform: None } => {
            "differs from part to part: proved, the service stated the parts".into()
        }
        PartSizeEvidence::FirstPart { part_size, uniform_possible: true } => format!(
            "{}: the service stated part 1; that the others are equal is likely, not proved (--probe all proves it)",
            size(part_size)
        ),
        PartSizeEvidence::FirstPart { part_size, uniform_possible: false } => {
            format!(
                "part 1 has {}, but the parts are certainly not all equal (--probe all asks for each)",
                size(part_size)
            )
        }
        PartSizeEvidence::Refuted { .. } => {
            "differs from part to part: what was stated allows nothing else".into()
        }
        PartSizeEvidence::Inferred(inference) => inferred(&inference),
        PartSizeEvidence::NotMultipart => "none: not a multipart object".into(),
        PartSizeEvidence::Unknown if e.part_count.is_some() => {
            "unknown: what was said of the number of parts is contradictory".into()
        }
        PartSizeEvidence::Unknown => "unknown: the service states no parts and the ETag has no count".into(),
    }
}

fn inferred(inference: &Inference) -> String {
    let Some(interval) = inference.interval else {
        return "no uniform size fits: the parts are not equal".into();
    };
    match interval.high {
        Some(high) => format!(
            "between {} and {} bytes: inferred from size and count, the service did not say",
            grouped(interval.low),
            grouped(high)
        ),
        None => format!("at least {} bytes", grouped(interval.low)),
    }
}

fn candidate(candidate: &Candidate) -> String {
    let limits =
        if candidate.within_limits { "" } else { "; not on S3, which takes no such part before the last" };
    format!("{}: {}{limits}", candidate.size_words(), candidate.reason.words())
}
