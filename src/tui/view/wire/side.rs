//! One direction of the selected exchange, with the cursor on one of its lines.

use super::super::Pieces;
use super::super::paint::wrap;
use super::{footer_note, lines, pane, said, select, timing, wire_line, wrapped};
use crate::app::command::Pane;
use crate::app::model::Model;
use crate::app::panes::reading::Side;
use crate::app::update::wire::side;
use crate::domain::exchange::{End, Exchange};
use crate::domain::text::{cut_end, visible};
use crate::domain::wire_lines::{Line, Mode, lines as wire_lines};
use crate::tui::regions::{inner, list_top};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The lines of a direction in rows of a width, and where each begins.
struct Rows {
    rows: Vec<Pieces>,
    starts: Vec<usize>,
}

impl Rows {
    fn of(all: Vec<Line>, cells: usize) -> Self {
        let (mut rows, mut starts) = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
        for line in all {
            starts.push(rows.len());
            rows.extend(wrapped(vec![wire_line(line)], cells));
        }
        Self { rows, starts }
    }

    /// First and last row of a line.
    fn span(&self, at: usize) -> (usize, usize) {
        let first = self.starts.get(at).copied().unwrap_or(0);
        (first, self.starts.get(at + 1).map_or(self.rows.len(), |next| *next).saturating_sub(1))
    }

    /// The first row to draw, so that the line under the cursor is near the middle.
    fn top(&self, at: usize, height: usize) -> usize {
        list_top(self.span(at).0, self.rows.len(), height)
    }
}

fn rows(model: &Model, side: Side, exchange: &Exchange, cells: usize) -> Rows {
    Rows::of(wire_lines(side.of(exchange), model.wire.reading.mode, model.revealing()), cells)
}

pub(super) fn draw(model: &Model, which: Pane, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let focused = model.pane() == which;
    let what = if which == Pane::WireRequest { "request" } else { "response" };
    let (Some(side), Some(e)) = (side(which), model.wire.current()) else {
        return without_bytes(model, what, rect, theme, buf);
    };
    let title = format!("#{} {what}  {}{}", e.id.0, modes(model.wire.reading.mode), state(side, e));
    let inside = pane(rect, &title, focused, theme, buf);
    let rows = rows(model, side, e, usize::from(inside.width));
    let at = model.wire.reading.at(side, rows.starts.len());
    let top = rows.top(at, usize::from(inside.height));
    lines(inside, top, &rows.rows, theme, buf);
    let (first, last) = rows.span(at);
    if focused {
        for row in (first..=last).filter_map(|row| row.checked_sub(top)) {
            if let Some(row) = u16::try_from(row).ok().filter(|row| *row < inside.height) {
                select(inside, row, true, theme, buf);
            }
        }
    }
    let bytes = format!("{} bytes  line {} of {}", side.of(e).total, at + 1, rows.starts.len());
    footer_note(rect, &cut_end(&bytes, usize::from(rect.width).saturating_sub(6)), theme, buf);
}

/// What stands where the bytes were, if there was anything.
fn without_bytes(model: &Model, what: &str, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let row = model.wire.current_row();
    let title = row.map_or_else(String::new, |row| format!("#{} {what}", row.id.0));
    let inside = pane(rect, &title, false, theme, buf);
    let why = row.and_then(|row| timing::dropped(model, row)).unwrap_or_default();
    let all: Vec<Pieces> =
        wrap(&why, usize::from(inside.width)).into_iter().map(|l| said(l, Role::Muted)).collect();
    lines(inside, 0, &all, theme, buf);
}

/// The line of a direction that a row of its pane shows.
pub(in super::super) fn row_of(model: &Model, which: Pane, rect: Rect, row: u16) -> Option<usize> {
    let (side, e) = (side(which)?, model.wire.current()?);
    let inside = inner(rect);
    let rows = rows(model, side, e, usize::from(inside.width));
    let at = model.wire.reading.at(side, rows.starts.len());
    let shown = rows.top(at, usize::from(inside.height)) + usize::from(row.checked_sub(inside.y)?);
    (shown < rows.rows.len()).then(|| rows.starts.partition_point(|start| *start <= shown).saturating_sub(1))
}

fn modes(mode: Mode) -> &'static str {
    match mode {
        Mode::Pretty => "[pretty] raw  hex ",
        Mode::Raw => " pretty [raw] hex ",
        Mode::Hex => " pretty  raw [hex]",
    }
}

fn state(side: Side, e: &Exchange) -> String {
    match (side, &e.end) {
        (Side::Response, Some(End::Failed(why))) => format!("  failed: {}", visible(why)),
        (Side::Response, Some(End::Cancelled)) => "  cancelled".into(),
        (Side::Request, _) if e.held => "  HELD, nothing has left".into(),
        (Side::Request, Some(_)) if e.timing.request_sent.is_none() => "  NEVER LEFT this machine".into(),
        (Side::Request, None) if e.timing.request_sent.is_none() => "  being sent".into(),
        _ => String::new(),
    }
}
