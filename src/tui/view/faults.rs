//! The overlay of faults: the line, what is wrong with it, the rules, and the ready-made ones.

use super::Pieces;
use super::overlay::clip;
use super::paint::{line, pane, said, select, text, wrap};
use crate::app::faults::{FaultList, READY_MADE};
use crate::app::model::Model;
use crate::domain::fault::FaultStatus;
use crate::domain::text::{cut_end, visible};
use crate::tui::regions::{inner, list_top};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Rows above the list: the line, and what is said of it.
const ABOVE: u16 = 6;
/// Cells of the counts behind a rule.
const COUNTS: usize = 16;

const GRAMMAR: &str =
    "OPERATION or any, then part=N, part=N-M, key=PREFIX, after=N, times=N or always, and an ACTION";

pub(super) fn draw(model: &Model, rect: Rect, list: &FaultList, theme: Theme, buf: &mut Buffer) {
    let title = format!("Faults of the sandbox   {} waiting", model.waiting_faults());
    let inside = pane(rect, &title, true, theme, buf);
    let (room, scroll) = field(inside, list);
    let value = clip(&visible(list.input.value()), scroll, room);
    line(inside, 0, &vec![("› ".into(), Role::Accent), (value, Role::Title)], theme, buf);
    for (row, pieces) in (1..ABOVE - 1).zip(note(list, usize::from(inside.width).saturating_sub(2))) {
        line(inside, row, &pieces, theme, buf);
    }
    let rows = inside.height.saturating_sub(ABOVE + 1);
    let (lines, at) = listed(model, list, usize::from(inside.width));
    let top = list_top(at, lines.len(), usize::from(rows));
    let body = Rect { y: inside.y + ABOVE.min(inside.height), height: rows, ..inside };
    for (row, (index, pieces)) in (0..rows).zip(lines.iter().enumerate().skip(top)) {
        line(body, row, pieces, theme, buf);
        if index == at {
            select(body, row, true, theme, buf);
        }
    }
    let hint = match list.typed() {
        Some(_) => "Enter add   Ctrl+U empty the line   Esc leave",
        None => "Up/Down choose   Enter edit it   Del delete   Ctrl+X clear all   Esc leave",
    };
    line(inside, inside.height.saturating_sub(1), &said(hint, Role::Muted), theme, buf);
}

/// What is said of the line: how a rule is written, what is wrong, or that it is one.
fn note(list: &FaultList, room: usize) -> Vec<Pieces> {
    let (words, role) = match list.typed() {
        None => (format!("Type a rule: {GRAMMAR}."), Role::Muted),
        Some(Ok(fault)) => (format!("✓ {fault}"), Role::Good),
        Some(Err(why)) => (format!("✗ {why}"), Role::Warning),
    };
    let indented = |l: String| said(format!("  {l}"), role);
    wrap(&visible(&words), room).into_iter().map(indented).collect()
}

/// The list as lines, and which of them is chosen.
fn listed(model: &Model, list: &FaultList, cells: usize) -> (Vec<Pieces>, usize) {
    let room = cells.saturating_sub(COUNTS + 2);
    let mut lines = vec![said(
        format!("  {:<room$}{:>8}{:>8}", "Rules, the first that fits is met", "met", "left"),
        Role::Title,
    )];
    let mut places = Vec::new();
    for status in &model.faults {
        places.push(lines.len());
        lines.push(rule(status, room));
    }
    if model.faults.is_empty() {
        lines.push(said("  none: every request is served", Role::Muted));
    }
    lines.push(text(""));
    lines.push(said("  Ready-made", Role::Title));
    for (ready, words) in READY_MADE {
        places.push(lines.len());
        lines.push(vec![(format!("  {ready:<42}"), Role::Text), (words.to_owned(), Role::Muted)]);
    }
    let at = list.at.min(places.len().saturating_sub(1));
    let place = places.get(at).copied().unwrap_or(0);
    let chosen = lines.get_mut(place).map(Vec::as_mut_slice).unwrap_or_default();
    if let Some((mark, _)) = chosen.first_mut() {
        mark.replace_range(..1, "▶");
    }
    // Muted words cannot be read on the bar.
    chosen.iter_mut().for_each(|(_, role)| *role = Role::Accent);
    (lines, place)
}

fn rule(status: &FaultStatus, room: usize) -> Pieces {
    let left = status.left.map_or("always".into(), |n| n.to_string());
    let role = if status.is_spent() { Role::Muted } else { Role::Text };
    let said = cut_end(&visible(&status.fault.to_string()), room);
    let gap = room.saturating_sub(crate::domain::text::width(&said));
    vec![
        (format!("  {said}{}", " ".repeat(gap)), role),
        (format!("{:>8}", status.met), role),
        (format!("{left:>8}"), role),
    ]
}

/// Cells for the typed text, and how many of it are scrolled out at the left.
fn field(inside: Rect, list: &FaultList) -> (usize, usize) {
    let room = usize::from(inside.width).saturating_sub(3);
    (room, list.input.visual_scroll(room.saturating_sub(1)))
}

/// Where the text cursor stands.
pub(super) fn cursor(rect: Rect, list: &FaultList) -> Option<Position> {
    let inside = inner(rect);
    let x = u16::try_from(2 + list.input.visual_cursor().saturating_sub(field(inside, list).1)).ok()?;
    Some(Position { x: (inside.x + x).min(inside.right()), y: inside.y })
}
