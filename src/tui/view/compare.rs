//! The overlay of a comparison: the verdict, then the rows, differences first. Two columns where there is room, one
//! below the other where not.

use super::Pieces;
use super::paint::{footer_note, lines, pane, said, wrap};
use crate::app::model::Model;
use crate::app::panes::compare::Compare;
use crate::domain::compare::{Comparison, Relation, Row, Verdict};
use crate::domain::text::{visible, width};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Cells from which on the two stand side by side.
const WIDE: usize = 96;
/// Cells of the relation, and of a name.
const RELATION: usize = 12;
const NAME: usize = 22;

pub(super) fn draw(model: &Model, rect: Rect, top: usize, theme: Theme, buf: &mut Buffer) {
    let inside = pane(rect, "Compare   differences first", true, theme, buf);
    lines(inside, top, &all(&model.compare, usize::from(inside.width)), theme, buf);
    let state = match model.compare.waiting() {
        0 => String::new(),
        n => format!("{n} on their way, "),
    };
    let calls = model.compare.calls;
    footer_note(
        rect,
        &format!("{state}{calls} requests, all of them reads   ↑↓ scroll   Esc leave"),
        theme,
        buf,
    );
}

/// Everything there is to show, in `room` cells.
pub(super) fn all(compare: &Compare, room: usize) -> Vec<Pieces> {
    let mut out = Vec::new();
    for (name, looked) in [("left", &compare.left), ("right", &compare.right)] {
        let Some(looked) = looked else { continue };
        out.extend(labelled(name, &looked.object.to_string(), Role::Title, room));
        out.extend(looked.failed.iter().flat_map(|why| labelled("", why, Role::Bad, room)));
    }
    out.push(Vec::new());
    let Some(comparison) = &compare.result else {
        out.push(match compare.waiting() {
            0 => said("They cannot be compared.", Role::Bad),
            _ => said("asking S3…", Role::Muted),
        });
        return out;
    };
    out.extend(
        wrap(&visible(&comparison.sentence), room).into_iter().map(|l| said(l, verdict_role(comparison))),
    );
    out.push(Vec::new());
    if room >= WIDE {
        let columns = (room - RELATION - NAME) / 2;
        let head = format!("{:<RELATION$}{:<NAME$}{:<columns$}right", "", "", "left");
        out.push(said(head, Role::Muted));
    }
    for row in &comparison.rows {
        out.extend(if room >= WIDE { beside(row, room) } else { below(row, room) });
    }
    for (name, looked) in [("left", &compare.left), ("right", &compare.right)] {
        let notes = looked.iter().flat_map(|looked| looked.notes());
        out.extend(notes.flat_map(|n| labelled("note", &format!("{name}: {n}"), Role::Warning, room)));
    }
    out
}

fn verdict_role(comparison: &Comparison) -> Role {
    match comparison.verdict {
        Verdict::Same => Role::Good,
        Verdict::Differs => Role::Title,
        Verdict::NotKnown => Role::Warning,
    }
}

/// The role of a row: what counts stands out.
fn role(row: &Row) -> Role {
    match (&row.relation, row.counts) {
        (Relation::NotKnown(_), _) => Role::Warning,
        (Relation::Same, _) | (_, false) => Role::Muted,
        (_, true) => Role::Bad,
    }
}

/// A label and a text that goes on below itself.
fn labelled(label: &str, text: &str, role: Role, room: usize) -> Vec<Pieces> {
    let text = wrap(&visible(text), room.saturating_sub(RELATION));
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    labels
        .zip(text)
        .map(|(label, text)| vec![(format!("{label:<RELATION$}"), Role::Muted), (text, role)])
        .collect()
}

/// What is to be said of a row besides its values.
fn note(row: &Row) -> String {
    let why = match &row.relation {
        Relation::NotKnown(why) => why.as_str(),
        _ => row.note.as_str(),
    };
    let words: Vec<&str> =
        [why, if row.counts { "" } else { "not counted" }].into_iter().filter(|w| !w.is_empty()).collect();
    visible(&words.join("; "))
}

/// Relation, name, and the two values in columns; long values go on below.
fn beside(row: &Row, room: usize) -> Vec<Pieces> {
    let column = (room - RELATION - NAME) / 2;
    let value =
        |value: &Option<String>| wrap(&visible(value.as_deref().unwrap_or("-")), column.saturating_sub(2));
    let (left, right) = (value(&row.left), value(&row.right));
    let name = wrap(&visible(&row.name), NAME - 1);
    let count = left.len().max(right.len()).max(name.len());
    let at = |lines: &[String], i: usize, cells: usize| {
        let text = lines.get(i).cloned().unwrap_or_default();
        let gap = " ".repeat(cells.saturating_sub(width(&text)));
        format!("{text}{gap}")
    };
    let mut out: Vec<Pieces> = (0..count)
        .map(|i| {
            let words = if i == 0 { row.relation.words() } else { "" };
            vec![
                (format!("{words:<RELATION$}"), role(row)),
                (at(&name, i, NAME), Role::Text),
                (at(&left, i, column), Role::Text),
                (at(&right, i, column), Role::Text),
            ]
        })
        .collect();
    let gap = " ".repeat(RELATION);
    let room = room.saturating_sub(RELATION);
    let words = Some(note(row)).filter(|n| !n.is_empty());
    out.extend(words.iter().flat_map(|n| wrap(n, room)).map(|l| said(format!("{gap}{l}"), Role::Muted)));
    out
}

/// One line when both are the same, else the values below the name.
fn below(row: &Row, room: usize) -> Vec<Pieces> {
    let (name, words, note) = (visible(&row.name), row.relation.words(), note(row));
    let note = if note.is_empty() { note } else { format!("  {note}") };
    let first = |more: String| -> Vec<Pieces> {
        let text = wrap(&format!("{name}{more}{note}"), room.saturating_sub(RELATION));
        let labels = std::iter::once(words).chain(std::iter::repeat(""));
        let pieces = |(label, text)| vec![(format!("{label:<RELATION$}"), role(row)), (text, Role::Text)];
        labels.zip(text).map(pieces).collect()
    };
    if row.relation == Relation::Same && row.left == row.right {
        return first(format!("  {}", visible(row.left.as_deref().unwrap_or("none"))));
    }
    let mut out = first(String::new());
    for (side, value) in [("  left", &row.left), ("  right", &row.right)] {
        out.extend(labelled(side, value.as_deref().unwrap_or("-"), Role::Text, room));
    }
    out
}
