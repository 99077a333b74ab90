//! The part map: the object's bytes on one line, and its parts below it.

use crate::app::model::Model;
use crate::domain::evidence::{Grade, MappedPart, PartSizeEvidence};
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
