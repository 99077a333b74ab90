//! What `inspect` prints: facts first, then the part size with the evidence for it.

use super::gather::Gathered;
use crate::domain::evidence::PartSizeEvidence;
use crate::domain::infer::{Candidate, Inference, Reason};
use crate::domain::names::ObjectRef;
use crate::domain::text::visible;
use crate::domain::units::{grouped, human_size};
use serde_json::{Value, json};

/// One JSON object.
pub fn json(object: &ObjectRef, gathered: &Gathered) -> Value {
    let e = &gathered.evidence;
    json!({
        "object": object,
        "size": e.object_size,
        "etag": e.etag,
        "parts": { "count": e.part_count, "stated_by_service": e.count_stated },
        "part_size": e.part_size(),
        "layout": e.exact_layout(),
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

fn notes(gathered: &Gathered) -> Vec<String> {
    let tags = gathered.tags.as_ref().err().map(|why| format!("GetObjectTagging was refused: {why}"));
    gathered.notes.iter().cloned().chain(tags).collect()
}

/// Lines for people.
pub fn text(object: &ObjectRef, gathered: &Gathered) -> Vec<String> {
    let e = &gathered.evidence;
    let mut lines = vec![object.to_string()];
    let mut row = |name: &str, value: &str| lines.push(format!("  {name:<12}{}", visible(value)));
    row("size", &e.object_size.map_or_else(|| "unknown".into(), size));
    row("etag", &e.etag.as_ref().map_or_else(|| "unknown".into(), |t| t.quoted()));
    row("parts", &count(gathered));
    row("part size", &part_size(&e.part_size()));
    notes(gathered).iter().for_each(|note| row("note", note));
    lines.extend(super::facts::text(gathered));
    lines
}

/// Exact bytes and a size for people.
pub fn size(bytes: u64) -> String {
    if bytes < 1024 {
        format!("{bytes} bytes")
    } else {
        format!("{} bytes ({})", grouped(bytes), human_size(bytes))
    }
}

fn count(gathered: &Gathered) -> String {
    let e = &gathered.evidence;
    match e.part_count {
        None => "none: written in one piece".into(),
        Some(n) if e.count_stated => format!("{n}, stated by the service"),
        Some(n) => format!("{n}, from the ETag"),
    }
}

fn part_size(evidence: &PartSizeEvidence) -> String {
    match evidence {
        PartSizeEvidence::Proved { uniform: Some(p) } => {
            format!("{}: proved, the service stated the parts", size(*p))
        }
        PartSizeEvidence::Proved { uniform: None } => {
            "differs from part to part: proved, the service stated the parts".into()
        }
        PartSizeEvidence::FirstPart { part_size, uniform_possible: true } => format!(
            "{}: the service stated part 1; that the others are equal is likely, not proved (--all-parts proves it)",
            size(*part_size)
        ),
        PartSizeEvidence::FirstPart { part_size, uniform_possible: false } => format!(
            "part 1 has {}, but the parts are not all equal: size and count contradict it (--all-parts asks for each)",
            size(*part_size)
        ),
        PartSizeEvidence::Inferred(inference) => inferred(inference),
        PartSizeEvidence::NotMultipart => "none: not a multipart object".into(),
        PartSizeEvidence::Unknown => "unknown: the service states no parts and the ETag has no count".into(),
    }
}

fn inferred(inference: &Inference) -> String {
    let Some(interval) = inference.interval else {
        return "no uniform size fits: the parts are not equal".into();
    };
    let range = match interval.high {
        Some(high) => format!("between {} and {} bytes", grouped(interval.low), grouped(high)),
        None => format!("at least {} bytes", grouped(interval.low)),
    };
    let named: Vec<String> = inference.standing_out().take(4).map(candidate).collect();
    let likely = if named.is_empty() { String::new() } else { format!("; likely {}", named.join(", ")) };
    format!("{range}: inferred from size and count, the service did not say{likely}")
}

fn candidate(candidate: &Candidate) -> String {
    let why = match &candidate.reason {
        Reason::Clients(names) | Reason::ClientsBelowThreshold(names) => {
            names.first().cloned().unwrap_or_default()
        }
        other => other.words(),
    };
    format!("{} ({why})", human_size(candidate.part_size))
}
