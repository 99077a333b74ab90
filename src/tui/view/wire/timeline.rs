//! The list of exchanges, in groups of what somebody did, each with a bar of where its time went.

use super::super::Pieces;
use super::bar;
use super::words::{millis, name, status};
use super::{footer_note, line, lines, pane, said, select};
use crate::app::command::Pane;
use crate::app::model::Model;
use crate::app::panes::wire::{Group, Line, Row};
use crate::app::update::wire_field::standing;
use crate::domain::deed::{Deed, DeedId, Who};
use crate::domain::text::{cut_end, cut_middle, visible, width};
use crate::domain::units::{grouped, human_size};
use crate::tui::regions::{inner, list_rows, list_top};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::collections::BTreeMap;

/// Cells of each column.
#[derive(Debug, Clone, Copy)]
struct Columns {
    what: usize,
    read: usize,
    bar: usize,
}

impl Columns {
    /// Marks, number, status, milliseconds and the mark of the connection.
    const FIXED: usize = 25;

    fn of(cells: usize) -> Self {
        let read = if cells >= 100 { 11 } else { 0 };
        let rest = cells.saturating_sub(Self::FIXED + read);
        let bar = (rest * 45 / 100).min(60);
        Self { what: rest - bar, read, bar }
    }
}

/// When the members of a group that are on the screen began and ended.
type Windows = BTreeMap<DeedId, (u64, u64)>;

pub(super) fn draw(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let focused = model.pane() == Pane::Timeline;
    let cells = usize::from(inner(rect).width);
    let inside = pane(rect, &title(model, cells), focused, theme, buf);
    if model.wire.is_empty() {
        return lines(inside, 0, &[said("Nothing was sent yet.", Role::Muted)], theme, buf);
    }
    if model.wire.lines() == 0 {
        let words = "No exchange matches the filter. f changes it, Esc clears it.";
        return lines(inside, 0, &[said(words, Role::Muted)], theme, buf);
    }
    let columns = Columns::of(cells);
    line(inside, 0, &heading(columns), theme, buf);
    let rows = list_rows(rect);
    let (at, all) = (model.wire.at(), model.wire.lines());
    let top = list_top(at, all, rows);
    let shown: Vec<Line> = (top..all).take(rows).filter_map(|at| model.wire.line(at)).collect();
    let windows = windows(model, &shown);
    for (row, (index, shown)) in (1..).zip((top..).zip(&shown)) {
        let pieces = match shown {
            Line::Exchange(id) => model.wire.row(*id).map(|r| entry(model, r, &windows, columns)),
            Line::Group(deed) => model.wire.group(*deed).map(|group| group_line(model, group, columns)),
        };
        let mark = if index == at { "▶" } else { " " };
        let mut all = vec![(mark.to_owned(), Role::Accent)];
        all.extend(pieces.unwrap_or_default());
        line(inside, row, &all, theme, buf);
        if index == at {
            select(inside, row, focused, theme, buf);
        }
    }
    footer_note(rect, &foot(model, cells), theme, buf);
}

fn title(model: &Model, cells: usize) -> String {
    let count = |n: u64| grouped(n);
    let shown = u64::try_from(model.wire.len().saturating_sub(model.wire.fresh())).unwrap_or(u64::MAX);
    let mut out = match model.wire.matching() {
        None => format!("Timeline {}", count(shown)),
        Some(_) => format!("Timeline  {}, f changes, Esc clears", super::shown(model)),
    };
    let looking = model.wire.looking();
    if let Some(needle) = looking.needle() {
        let text = cut_end(&visible(needle.text()), 20);
        out.push_str(&format!("   \"{text}\": {}", standing(&looking.standing())));
    }
    if let Some(id) = model.wire.differ.marked {
        out.push_str(&format!("   #{} marked", id.0));
    }
    let older = model.wire.dropped().saturating_add(model.wire.lost);
    if older > 0 {
        out.push_str(&format!("  {} older exchanges dropped", count(older)));
    }
    if model.wire.stripped() > 0 && cells >= 70 {
        out.push_str(&format!("  bytes of {} dropped", count(model.wire.stripped())));
    }
    out
}

fn heading(columns: Columns) -> Pieces {
    let read = if columns.read > 0 { format!("{:>10} ", "read") } else { String::new() };
    said(format!("  {:>6} {:<2$} st        ms  {read}", "#", "call", columns.what), Role::Muted)
}

/// What the list does when something comes, and what the glyphs mean where there is room.
fn foot(model: &Model, cells: usize) -> String {
    let count = |n: usize| grouped(u64::try_from(n).unwrap_or(u64::MAX));
    let says = if model.wire.frozen_at().is_some() {
        format!("frozen, {} new; p thaws", count(model.wire.fresh()))
    } else if model.wire.selected.is_none() {
        "follows the newest".to_owned()
    } else {
        match model.wire.newer() {
            0 => "moved: F follows the newest".to_owned(),
            n => format!("moved: F follows the newest, {} newer", count(n)),
        }
    };
    let with_legend = format!("{}   {says}", bar::legend());
    if width(&with_legend) + 4 <= cells { with_legend } else { says }
}

fn windows(model: &Model, shown: &[Line]) -> Windows {
    let mut out = Windows::new();
    for line in shown {
        let Line::Exchange(id) = line else { continue };
        let Some(row) = model.wire.row(*id) else { continue };
        let spans = bar::of(model, row);
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else { continue };
        let window = out.entry(row.deed.id).or_insert((first.from, last.to));
        *window = (window.0.min(first.from), window.1.max(last.to));
    }
    out
}

fn entry(model: &Model, row: &Row, windows: &Windows, columns: Columns) -> Pieces {
    let (st, role) = status(row.state);
    let alone =
        model.wire.matching().is_some() || model.wire.group(row.deed.id).is_none_or(|group| group.len() == 1);
    let indent = if alone { "" } else { "  " };
    let call = format!("{indent}{}", again(model, row));
    let what = cut_end(&call, columns.what);
    let room = columns.what.saturating_sub(width(&what) + 3);
    let of = purpose(row).filter(|_| alone && room > 8).map_or_else(String::new, |of| cut_middle(&of, room));
    let fill = columns.what.saturating_sub(width(&what) + if of.is_empty() { 0 } else { width(&of) + 2 });
    let took = row.duration().map_or_else(String::new, millis);
    let connection = match (row.connection, row.reused) {
        (0, _) => " ",
        (_, true) => "·",
        (_, false) => "●",
    };
    let mut out = vec![
        (format!(" {:>6} ", row.id.0), Role::Muted),
        (what, Role::Text),
        (if of.is_empty() { of } else { format!("  {of}") }, Role::Muted),
        (format!("{:fill$} {st:<5}", ""), role),
        (format!("{took:>7} "), Role::Muted),
    ];
    if columns.read > 0 {
        out.push((format!("{:>10} ", human_size(row.received)), Role::Muted));
    }
    out.push((format!("{connection} "), Role::Muted));
    if let Some(window) = windows.get(&row.deed.id) {
        out.extend(bar::pieces(&bar::of(model, row), *window, columns.bar));
    }
    out
}

/// The call, and of which one it is another attempt.
fn again(model: &Model, row: &Row) -> String {
    let mut first = row;
    while let Some(earlier) = first.earlier().and_then(|id| model.wire.row(id)) {
        first = earlier;
    }
    match (first.id == row.id, row.attempt) {
        (true, _) => name(row),
        (false, 1) => format!("{} ↻ of #{}", name(row), first.id.0),
        (false, _) => format!("{} of #{}", name(row), first.id.0),
    }
}

fn group_line(model: &Model, group: &Group, columns: Columns) -> Pieces {
    let sign = if model.wire.is_folded(group) { "+" } else { "-" };
    let (worst, role) = group.worst().map_or((String::new(), Role::Muted), |(state, _)| status(state));
    let room = columns.what + 6;
    let label = cut_middle(&deed(&group.deed), room);
    let fill = room.saturating_sub(width(&label));
    let now = model.wire.frozen_at().unwrap_or(model.now);
    let (begun, ended) = group.span(now);
    vec![
        (format!("{sign} "), Role::Accent),
        (label, Role::Title),
        (format!("{:fill$} {worst:<5}", ""), role),
        (format!("{:>7} ", millis(ended.saturating_sub(begun))), Role::Muted),
        ("  ".into(), Role::Muted),
        (cut_end(&counts(group), columns.read + columns.bar), Role::Muted),
    ]
}

/// How many of which call, and how many of them somebody should look at.
pub(super) fn counts(group: &Group) -> String {
    let mut out: Vec<String> = Vec::new();
    if group.failing() > 0 && group.len() > group.failing() {
        out.push(format!("{}✗ of {}:", grouped(group.failing() as u64), grouped(group.len() as u64)));
    }
    let calls = group.calls().iter().map(|(call, n)| format!("{} {call}", grouped(*n as u64)));
    out.push(calls.collect::<Vec<_>>().join(" + "));
    out.join(" ")
}

/// What an exchange was for; nothing when all that is known is which call it is.
pub(super) fn purpose(row: &Row) -> Option<String> {
    let is_known = row.deed.who != Who::Program || row.deed.label != row.kind.name();
    is_known.then(|| deed(&row.deed))
}

/// What somebody did; who, if it was not the person at the keyboard.
pub(super) fn deed(deed: &Deed) -> String {
    let label = visible(&deed.label);
    match &deed.who {
        Who::You => label,
        who => format!("{}: {label}", visible(&who.to_string())),
    }
}
