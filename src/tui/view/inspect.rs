//! Inspect: what HEAD said, the ETag taken apart, the part map, the part size and its evidence.

use super::Pieces;
use super::browse::date;
use super::paint::{footer_note, lines, pane, said, text, waiting, wrap};
use crate::app::command::Pane;
use crate::app::model::Model;
use crate::app::panes::browse::Load;
use crate::domain::etag::ETag;
use crate::domain::evidence::{Grade, MappedPart, PartSizeEvidence};
use crate::domain::infer::{Inference, Reason, Verdict, infer};
use crate::domain::text::{cut_middle, visible};
use crate::domain::units::{ByteRange, grouped, human_size};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn draw(model: &Model, which: Pane, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let focused = model.pane() == which;
    if model.inspect.object.is_none() {
        let inside = pane(rect, "", focused, theme, buf);
        let all = vec![
            text("No object is inspected."),
            said("1 Browse, then Enter on an object; o takes an address.", Role::Muted),
        ];
        return lines(inside, 0, &all, theme, buf);
    }
    match which {
        Pane::Facts => {
            let inside = pane(rect, "What HEAD said", focused, theme, buf);
            lines(inside, model.inspect.facts_top, &facts(model), theme, buf);
        }
        Pane::ETag => {
            let inside = pane(rect, "ETag anatomy", focused, theme, buf);
            lines(inside, 0, &etag(model, usize::from(inside.width)), theme, buf);
        }
        Pane::PartMap => part_map(model, rect, focused, theme, buf),
        _ => {
            let inside = pane(rect, "Part size: what is known, and from whom", focused, theme, buf);
            lines(inside, model.inspect.size_top, &part_size(model), theme, buf);
        }
    }
}

fn row(name: &str, value: impl Into<String>) -> Pieces {
    vec![(format!("{name:<22} "), Role::Muted), (value.into(), Role::Text)]
}

/// The fact table: size first, then every header in the order it came, then tags.
pub(super) fn facts(model: &Model) -> Vec<Pieces> {
    let i = &model.inspect;
    let Some(head) = &i.head else { return waiting(&i.head_load, 50).unwrap_or_default() };
    let mut out = vec![row(
        "Size",
        format!("{} bytes, {}", grouped(head.object_size()), human_size(head.object_size())),
    )];
    if let Some(t) = head.last_modified {
        out.push(row("Modified (UTC)", date(t)));
    }
    out.push(tags_row(model));
    if let Some(tags) = &i.tags {
        out.extend(tags.iter().map(|t| row("", format!("{} = {}", visible(&t.key), visible(&t.value)))));
    }
    if head.properties.storage_class.is_none() {
        out.push(row("Storage class", "STANDARD (header absent)"));
    }
    let (about, other): (Vec<_>, Vec<_>) = head.headers.iter().partition(|(name, _)| about_object(name));
    out.extend(about.into_iter().map(|(name, value)| row(&visible(name), visible(value))));
    out.push(said("Other headers of the answer", Role::Muted));
    out.extend(other.into_iter().map(|(name, value)| row(&visible(name), visible(value))));
    out
}

/// Headers that say something of the object and not of this one answer.
fn about_object(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let of_answer = [
        "x-amz-id-2",
        "x-amz-request-id",
        "date",
        "server",
        "connection",
        "content-length",
        "etag",
        "last-modified",
    ];
    !of_answer.contains(&name.as_str())
}

fn tags_row(model: &Model) -> Pieces {
    match (&model.inspect.tags, &model.inspect.tags_load) {
        (Some(tags), _) => row("Tags", format!("{} (GetObjectTagging)", tags.len())),
        (None, Load::Failed(why)) => {
            vec![("Tags                   ".into(), Role::Muted), (why.clone(), Role::Bad)]
        }
        _ => row("Tags", "asking S3…"),
    }
}

/// What this ETag is, and what follows from it for this object.
fn etag(model: &Model, room: usize) -> Vec<Pieces> {
    let i = &model.inspect;
    let Some(tag) = i.evidence.etag.clone().or(i.head.as_ref().map(|h| h.etag.clone())) else {
        return waiting(&i.head_load, room).unwrap_or_default();
    };
    let mut out = vec![said(visible(&tag.quoted()), Role::Title)];
    let explain = |out: &mut Vec<Pieces>, words: &str| {
        out.extend(wrap(words, room).into_iter().map(|l| said(l, Role::Muted)))
    };
    let encrypted = i.head.as_ref().and_then(|h| h.properties.server_side_encryption.clone());
    let kms = encrypted.as_deref().is_some_and(|e| e.starts_with("aws:kms"));
    match &tag {
        ETag::Composite { parts, .. } => {
            out.push(said(" └───────── 32 hex digits ────────┘ └ parts", Role::Muted));
            out.push(text(""));
            out.push(text(format!("= hex(MD5(md5(part 1) ‖ … ‖ md5(part {parts})))-{parts}")));
            explain(
                &mut out,
                &format!(
                    "{} raw bytes are hashed: 16 for each part, not their hex text.",
                    u32::from(*parts) * 16
                ),
            );
            if *parts == 1 {
                explain(&mut out, "One part: MD5 of the MD5. It is not the MD5 of the content.");
            } else {
                explain(
                    &mut out,
                    "It is not the MD5 of the content, and other part sizes give the same bytes another ETag.",
                );
            }
            if kms {
                explain(
                    &mut out,
                    "SSE-KMS: the part ETags are not MD5s, so the value cannot be recomputed from the data.",
                );
            } else {
                explain(
                    &mut out,
                    "A copy keeps it only with the same parts in the same order (m plans that).",
                );
            }
        }
        ETag::Hex128(_) => {
            out.push(said(" └───────── 32 hex digits ────────┘", Role::Muted));
            out.push(text(""));
            if kms {
                explain(
                    &mut out,
                    "Written in one piece with SSE-KMS: shaped like an MD5, but it is not the MD5 of the content.",
                );
            } else {
                out.push(text("= hex(MD5(content))"));
                explain(
                    &mut out,
                    "Written in one piece (PutObject or CopyObject), so there are no parts. With SSE-C or in a directory bucket the value would look alike and be no MD5.",
                );
            }
        }
        ETag::Opaque(_) => explain(
            &mut out,
            "Not shaped as S3 shapes an MD5: opaque. Nothing follows about content or parts.",
        ),
    }
    out
}

fn part_map(model: &Model, rect: Rect, focused: bool, theme: Theme, buf: &mut Buffer) {
    let evidence = &model.inspect.evidence;
    let map = evidence.map();
    let title = match (evidence.object_size, map.len()) {
        (Some(size), n) if n > 0 => format!(
            "Part map   {} in {} part{}",
            human_size(size),
            grouped(u64::try_from(n).unwrap_or(0)),
            if n == 1 { "" } else { "s" }
        ),
        _ => "Part map".into(),
    };
    let inside = pane(rect, &title, focused, theme, buf);
    if map.is_empty() {
        let all = match evidence.part_size() {
            PartSizeEvidence::NotMultipart => vec![text("Written in one piece: there are no parts.")],
            _ => waiting(&model.inspect.head_load, 60)
                .unwrap_or_else(|| vec![text("How many parts it has is not known.")]),
        };
        return lines(inside, 0, &all, theme, buf);
    }
    let size = evidence.object_size.unwrap_or(0);
    let at = model.inspect.part_at.min(map.len() - 1);
    let cells = usize::from(inside.width);
    let edges = cell_parts(&map, size, cells);
    let mut all = vec![strip(&map, &edges), pointer(&edges, at)];
    let rows = usize::from(inside.height).saturating_sub(all.len());
    let top = at.saturating_sub(rows / 2).min(map.len().saturating_sub(rows));
    for (index, part) in map.iter().enumerate().skip(top).take(rows) {
        all.push(part_line(part, index == at, cells));
    }
    lines(inside, 0, &all, theme, buf);
    let note = match (model.inspect.probing, model.inspect.probes.len()) {
        (0, _) => "█ exact  ▒ if all but the last are equal  ░ unknown".to_owned(),
        (n, left) => format!("asking: {} answered, {} to go; Esc stops", model.inspect.probed, n + left),
    };
    footer_note(rect, &note, theme, buf);
}

/// The object's bytes on one line. A cell that holds several parts shows the least known of them.
fn strip(map: &[MappedPart], edges: &[usize]) -> Pieces {
    let mut out: Pieces = Vec::new();
    let cells = edges.len().saturating_sub(1);
    let mut before = None;
    for pair in edges.windows(2) {
        let [from, to] = *pair else { continue };
        let covered = map.get(from..=to.max(from).min(map.len().saturating_sub(1))).unwrap_or(&[]);
        let worst = covered.iter().map(|p| rank(p.grade)).max().unwrap_or(2);
        let begins = map.len() <= cells / 3 && before.is_some_and(|b| b != from);
        before = Some(from);
        let (glyph, role) = match (worst, begins) {
            (_, true) => ("│", Role::Title),
            (0, _) => ("█", Role::Good),
            (1, _) => ("▒", Role::Warning),
            _ => ("░", Role::Muted),
        };
        match out.last_mut() {
            Some((text, r)) if *r == role => text.push_str(glyph),
            _ => out.push((glyph.to_owned(), role)),
        }
    }
    out
}

fn rank(grade: Grade) -> u8 {
    match grade {
        Grade::Exact => 0,
        Grade::Inferred => 1,
        Grade::Unknown => 2,
    }
}

/// For each cell, and the end behind the last, the part that holds its first byte; by number where places are
/// not known.
fn cell_parts(map: &[MappedPart], size: u64, cells: usize) -> Vec<usize> {
    let last = map.len().saturating_sub(1);
    let placed = map.iter().all(|p| p.place.is_some());
    let wide = |n: usize| u128::try_from(n).unwrap_or(0);
    (0..=cells)
        .map(|cell| {
            if !placed {
                return (cell * map.len() / cells.max(1)).min(last);
            }
            let byte = u128::from(size) * wide(cell) / wide(cells).max(1);
            let begun = map.partition_point(|p| p.place.is_some_and(|(first, _)| u128::from(first) <= byte));
            begun.saturating_sub(1).min(last)
        })
        .collect()
}

fn pointer(edges: &[usize], at: usize) -> Pieces {
    let cell = edges.iter().position(|part| *part >= at).unwrap_or(0);
    vec![(" ".repeat(cell.min(edges.len().saturating_sub(2))), Role::Text), ("▲".into(), Role::Accent)]
}

fn part_line(part: &MappedPart, chosen: bool, cells: usize) -> Pieces {
    let mark = if chosen { "▶" } else { " " };
    let role = if chosen { Role::Title } else { Role::Text };
    let roomy = cells >= 110;
    let (place, size) = match part.place {
        Some((first, len)) => (
            ByteRange::of_len(first, len).map_or_else(|| "empty".into(), |r| r.to_string()),
            if roomy { format!("{} bytes, {}", grouped(len), human_size(len)) } else { human_size(len) },
        ),
        None => ("where is not known".into(), String::new()),
    };
    let (words, short, grade) = match part.grade {
        Grade::Exact => ("exact: S3 said so, or it is what is left", "exact", Role::Good),
        Grade::Inferred => ("a guess: if all but the last are equal", "a guess", Role::Warning),
        Grade::Unknown => ("unknown", "unknown", Role::Muted),
    };
    let size = if roomy { format!("{size:<28} ") } else { format!("{size:>10}  ") };
    vec![
        (format!("{mark} {:>5}  ", part.number), role),
        (format!("{place:<34} "), role),
        (size, role),
        ((if roomy { words } else { short }).to_owned(), grade),
    ]
}

/// The part size with its evidence, then what size and count alone allow.
pub(super) fn part_size(model: &Model) -> Vec<Pieces> {
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
