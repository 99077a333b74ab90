//! The part size with its evidence, then what size and count alone allow.

use crate::app::model::Model;
use crate::app::panes::browse::Load;
use crate::domain::evidence::PartSizeEvidence;
use crate::domain::infer::{Inference, Reason, Verdict, infer};
use crate::domain::text::{cut_middle, visible};
use crate::domain::units::{grouped, human_size};
use crate::tui::theme::Role;
use crate::tui::view::Pieces;
use crate::tui::view::paint::{text, waiting};

/// The part size with its evidence, then what size and count alone allow.
pub(in crate::tui::view) fn part_size(model: &Model) -> Vec<Pieces> {
    let i = &model.inspect;
    let mut out = Vec::new();
    let known = |what: &str| (what.to_owned(), Role::Good);
    let guess = |what: &str| (what.to_owned(), Role::Warning);
    match i.evidence.part_size() {
        PartSizeEvidence::Proved { uniform: Some(p) } => {
            out.push(vec![
                known("known  "),
                (format!("{} bytes, {}: every part but the last", grouped(p), human_size(p)), Role::Title),
            ]);
        }
        PartSizeEvidence::Proved { uniform: None } => {
            out.push(vec![
                known("known  "),
                ("the parts are not equal: there is no one part size".into(), Role::Title),
            ]);
        }
        PartSizeEvidence::FirstPart { part_size, uniform_possible } => {
            out.push(vec![
                known("known  "),
                (
                    format!(
                        "part 1 has {} bytes, {} (HEAD ?partNumber=1)",
                        grouped(part_size),
                        human_size(part_size)
                    ),
                    Role::Title,
                ),
            ]);
            out.push(if uniform_possible {
                vec![
                    guess("guess  "),
                    (
                        "the others are as large; p asks for every boundary and proves or refutes it".into(),
                        Role::Text,
                    ),
                ]
            } else {
                vec![
                    known("known  "),
                    ("the others are not as large: size and count do not allow it".into(), Role::Text),
                ]
            });
        }
        PartSizeEvidence::Inferred(_) => {
            out.push(vec![
                guess("guess  "),
                ("from size and count only; this server did not tell the size of a part".into(), Role::Text),
            ]);
        }
        PartSizeEvidence::NotMultipart => return vec![text("Written in one piece: there is no part size.")],
        PartSizeEvidence::Unknown => {
            return waiting(&i.head_load, 60).unwrap_or_else(|| {
                vec![text("The service does not say how many parts there are, so nothing follows.")]
            });
        }
    }
    let refuted = matches!(
        i.evidence.part_size(),
        PartSizeEvidence::Proved { uniform: None }
            | PartSizeEvidence::FirstPart { uniform_possible: false, .. }
    );
    if let (Some(size), Some(count), false) = (i.evidence.object_size, i.evidence.part_count, refuted) {
        out.extend(arithmetic(&infer(size, count)));
    }
    out.push(attributes(model));
    out
}

fn arithmetic(inference: &Inference) -> Vec<Pieces> {
    let n = inference.part_count;
    let size = grouped(inference.object_size);
    let mut out = Vec::new();
    match inference.interval {
        None => out.push(text(format!(
            "No uniform part size cuts {size} bytes into {n} parts: they are certainly not equal."
        ))),
        Some(i) => match i.high {
            None => out
                .push(text(format!("One part: any part size from {} up gives this object.", grouped(i.low)))),
            Some(high) => {
                out.push(text(format!(
                    "If equal: {}·p < {size} ≤ {n}·p, so {} ≤ p ≤ {} ({} values)",
                    n - 1,
                    grouped(i.low),
                    grouped(high),
                    grouped(i.values().unwrap_or(0))
                )));
            }
        },
    }
    if inference.verdict != Verdict::SinglePart && inference.interval.is_some() {
        let mut names: Vec<String> = inference.candidates.iter().take(4).map(candidate).collect();
        let hidden =
            u64::try_from(inference.candidates.len().saturating_sub(4)).unwrap_or(0) + inference.more;
        if hidden > 0 {
            names.push(format!("and {hidden} more round sizes"));
        }
        let words = match inference.verdict {
            Verdict::UniquePlausible => "Most likely first: ",
            Verdict::Ambiguous => "Any of these is usual: ",
            _ => "No size in there is usual",
        };
        out.push(vec![(words.into(), Role::Muted), (names.join(" · "), Role::Text)]);
    }
    out
}

fn candidate(c: &crate::domain::infer::Candidate) -> String {
    let size = if c.part_size.is_multiple_of(1 << 20) {
        format!("{} MiB", c.part_size >> 20)
    } else {
        grouped(c.part_size)
    };
    match &c.reason {
        Reason::Clients(names) => format!("{size} ({})", cut_middle(&names.join("; "), 44)),
        Reason::WholeMib | Reason::WholeMb => size,
    }
}

/// Why GetObjectAttributes does or does not list the parts.
fn attributes(model: &Model) -> Pieces {
    let i = &model.inspect;
    let label = ("GetObjectAttributes    ".to_owned(), Role::Muted);
    match (&i.attributes_load, &i.attributes) {
        (Load::Failed(why), _) => vec![label, (format!("not had: {why}"), Role::Warning)],
        (_, Some(a)) if !a.parts.is_empty() => {
            vec![label, ("lists the parts: the checksum is COMPOSITE".into(), Role::Text)]
        }
        (_, Some(a)) => {
            let kind = a.checksums.checksum_type.as_deref().unwrap_or("absent");
            let words = if i.evidence.is_multipart() {
                format!(
                    "gives the count only: it lists parts for COMPOSITE checksums, and this one is {}",
                    visible(kind)
                )
            } else {
                "no ObjectParts: not multipart".into()
            };
            vec![label, (words, Role::Text)]
        }
        _ => vec![label, ("asking S3…".into(), Role::Muted)],
    }
}
