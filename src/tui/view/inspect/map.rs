//! The part map: the object's bytes on one line, and its parts below it. Costs what is seen, not what there is.

use crate::app::model::Model;
use crate::domain::evidence::{Evidence, Grade, Ground, MappedPart, PartSizeEvidence};
use crate::domain::text::visible;
use crate::domain::units::{ByteRange, grouped, human_size};
use crate::tui::theme::{Role, Theme};
use crate::tui::view::Pieces;
use crate::tui::view::paint::{footer_note, lines, pane, text, waiting};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn part_map(model: &Model, rect: Rect, focused: bool, theme: Theme, buf: &mut Buffer) {
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
    let at = model.inspect.part_at.min(map.len() - 1);
    let cells = usize::from(inside.width);
    let edges = cell_parts(evidence, cells);
    let mut all = vec![strip(evidence, &edges), pointer(&edges, at)];
    let detail = map.get(at).and_then(|part| checksum_line(evidence, part));
    let rows = usize::from(inside.height).saturating_sub(all.len() + usize::from(detail.is_some()));
    let top = at.saturating_sub(rows / 2).min(map.len().saturating_sub(rows));
    for (index, part) in map.iter().enumerate().skip(top).take(rows) {
        let mut line = part_line(part, index == at, cells);
        if differs(model, part) {
            line.push(("  ≠ differs".into(), Role::Bad));
        }
        all.push(line);
    }
    all.extend(detail);
    lines(inside, 0, &all, theme, buf);
    footer_note(rect, &note(model), theme, buf);
}

/// Whether a comparison found other bytes in a part.
fn differs(model: &Model, part: &MappedPart) -> bool {
    let bad = model.inspect.verify.as_ref().map(|v| v.bad_parts()).unwrap_or_default();
    bad.binary_search_by_key(&part.number, |b| b.part).is_ok()
}

fn note(model: &Model) -> String {
    match &model.inspect.probe {
        None => "█ exact  ▒ a guess  ░ unknown".into(),
        Some(p) => {
            format!("asking: {} of {} answered; Esc stops", grouped(p.answered), grouped(p.planned))
        }
    }
}

/// The object's bytes on one line. A cell that holds several parts shows the least known of them.
fn strip(evidence: &Evidence, edges: &[usize]) -> Pieces {
    let mut out: Pieces = Vec::new();
    let cells = edges.len().saturating_sub(1);
    let count = evidence.map().len();
    let mut before = None;
    for pair in edges.windows(2) {
        let [from, to] = *pair else { continue };
        let begins = count <= cells / 3 && before.is_some_and(|b| b != from);
        before = Some(from);
        let (glyph, role) = match evidence.worst(from..to.max(from) + 1) {
            _ if begins => ("│", Role::Title),
            grade => look(grade),
        };
        match out.last_mut() {
            Some((text, r)) if *r == role => text.push_str(glyph),
            _ => out.push((glyph.to_owned(), role)),
        }
    }
    out
}

/// Glyph and colour of a grade: either is enough to tell it.
fn look(grade: Grade) -> (&'static str, Role) {
    match grade {
        Grade::Exact => ("█", Role::Good),
        Grade::Inferred => ("▒", Role::Warning),
        Grade::Unknown => ("░", Role::Muted),
    }
}

/// For each cell, and the end behind the last, the part that holds its first byte; by number where places are
/// not known.
fn cell_parts(evidence: &Evidence, cells: usize) -> Vec<usize> {
    let map = evidence.map();
    let (last, size) = (map.len().saturating_sub(1), u128::from(evidence.object_size.unwrap_or(0)));
    let placed = evidence.all_placed();
    let wide = |n: usize| u128::try_from(n).unwrap_or(0);
    (0..=cells)
        .map(|cell| {
            if !placed {
                return (cell * map.len() / cells.max(1)).min(last);
            }
            let byte = size * wide(cell) / wide(cells).max(1);
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
    let size = if roomy { format!("{size:<28} ") } else { format!("{size:>10}  ") };
    let (words, short) = ground(part.ground);
    let (glyph, grade) = look(part.grade);
    vec![
        (format!("{mark} {:>5}  ", part.number), role),
        (format!("{place:<34} "), role),
        (size, role),
        (format!("{glyph} {}", if roomy { words } else { short }), grade),
    ]
}

/// The ground of a part's place, and the same in less room.
fn ground(ground: Ground) -> (&'static str, &'static str) {
    match ground {
        Ground::Head => ("exact: HEAD ?partNumber", "exact: HEAD"),
        Ground::Attributes => ("exact: GetObjectAttributes", "exact: listed"),
        Ground::Data => ("proved: so cut, the bytes have the ETag", "proved: bytes"),
        Ground::Rest => ("exact: it is what is left", "exact: the rest"),
        Ground::Assumed => ("a guess: nobody said so", "a guess"),
        Ground::Nobody => ("unknown", "unknown"),
    }
}

/// The checksums S3 told of a part.
fn checksum_line(evidence: &Evidence, part: &MappedPart) -> Option<Pieces> {
    let checksums = evidence.part_checksums.get(&part.number.0)?;
    let told: Vec<String> = checksums
        .values
        .iter()
        .map(|(name, value)| format!("{} {}", visible(name), visible(value)))
        .collect();
    Some(vec![(format!("  part {} checksum  ", part.number), Role::Muted), (told.join("  "), Role::Text)])
}
