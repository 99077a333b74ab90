//! Drawing: reads the model, writes cells, decides nothing.

mod bench;
mod browse;
mod carry;
mod client;
mod compare;
mod draft;
mod expect;
mod faults;
mod frame;
mod inspect;
mod leave;
mod ledger;
mod mistakes;
mod overlay;
mod paint;
mod rescue;
mod run;
mod step;
mod take;
mod uploads;
mod versions;
mod wire;
mod wire_diff;
mod wire_field;
mod xray;

use super::regions::{Regions, inner, list_rows, list_top, regions, too_small};
use super::theme::{Role, Theme, ascii};
use crate::app::command::{Pane, Screen};
use crate::app::model::Model;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// How to draw.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// Replace every glyph of ours by an ASCII one.
    pub ascii: bool,
}

/// Draws a whole frame.
pub fn draw(model: &Model, look: Look, frame: &mut Frame<'_>) {
    let area = frame.area();
    render(model, look, area, frame.buffer_mut());
    if let Some(position) = cursor(area, model) {
        frame.set_cursor_position(position);
    }
}

fn cursor(area: Rect, model: &Model) -> Option<ratatui::layout::Position> {
    let r = regions(area, model);
    overlay::cursor(area, model).or_else(|| browse::cursor(&r, model)).or_else(|| draft::cursor(&r, model))
}

/// Draws into a buffer; what tests take pictures of.
pub fn render(model: &Model, look: Look, area: Rect, buf: &mut Buffer) {
    let theme = look.theme;
    if too_small(area) {
        frame::too_small(area, theme, buf);
    } else {
        let r = regions(area, model);
        frame::draw(model, &r, theme, buf);
        for (pane, rect) in &r.panes {
            match model.screen {
                Screen::Browse => browse::draw(model, *pane, *rect, theme, buf),
                Screen::Inspect => inspect::draw(model, *pane, *rect, theme, buf),
                Screen::Step => step::draw(model, *pane, *rect, theme, buf),
                Screen::Wire => wire::draw(model, *pane, *rect, theme, buf),
            }
        }
        wire::below(model, r.strip, theme, buf);
        overlay::draw(model, area, theme, buf);
    }
    if look.ascii {
        fold_to_ascii(area, buf);
    }
}

/// Replaces our glyphs, and marks everything else that is not ASCII with `?`, as such a terminal would.
fn fold_to_ascii(area: Rect, buf: &mut Buffer) {
    for position in area.positions() {
        if let Some(cell) = buf.cell_mut(position)
            && !cell.symbol().is_ascii()
        {
            let folded = ascii(cell.symbol()).unwrap_or("?");
            cell.set_symbol(folded);
        }
    }
}

/// The screen whose name is under a position.
pub fn tab(area: Rect, model: &Model, col: u16, row: u16) -> Option<Screen> {
    frame::screen_at(model, &regions(area, model), Position::new(col, row))
}

/// The pane and the row of its list under a position.
pub fn hit(area: Rect, model: &Model, col: u16, row: u16) -> Option<(Pane, Option<usize>)> {
    let regions = regions(area, model);
    if let Some(pane) = frame::pane_at(model, &regions, Position::new(col, row)) {
        return Some((pane, None));
    }
    let (pane, rect) = regions.at(col, row)?;
    let inside = inner(rect);
    let (at, len) = match pane {
        Pane::Buckets => (model.browse.bucket_at, model.browse.buckets.len()),
        Pane::Objects => (model.browse.object_at, model.browse.objects.len()),
        Pane::Uploads => (model.browse.upload_at, model.browse.uploads.len()),
        Pane::Parts => model.step.bench().map_or((0, 0), |b| (b.part_at, b.machine.parts().len())),
        Pane::Timeline => (model.wire.at(), model.wire.lines()),
        Pane::Form => model.step.drafting.as_ref().map_or((0, 0), |f| (f.at, f.draft.slots().len())),
        Pane::WireRequest | Pane::WireResponse => return Some((pane, wire::row_of(model, pane, rect, row))),
        _ => return Some((pane, None)),
    };
    let heading = pane != Pane::Form || draft::has_heading(rect);
    let line = usize::from(row.checked_sub(inside.y + u16::from(heading))?);
    let rows = match pane {
        Pane::Form => draft::form_rows(rect),
        Pane::Uploads => uploads::rows(rect),
        _ => list_rows(rect),
    };
    let index = list_top(at, len, rows) + line;
    Some((pane, (line < rows && index < len).then_some(index)))
}

/// Brings scroll positions back to what there is to see.
pub fn clamp(model: &mut Model, r: &Regions) {
    let rows = |pane: Pane| r.pane(pane).map_or(0, |rect| usize::from(inner(rect).height));
    let limit = |top: usize, lines: usize, pane: Pane| top.min(lines.saturating_sub(rows(pane)));
    let cells = |pane: Pane| r.pane(pane).map_or(80, |rect| inner(rect).width);
    if model.screen == Screen::Inspect {
        let facts = inspect::facts(model, usize::from(cells(Pane::Facts))).len();
        let size = inspect::part_size(model, usize::from(cells(Pane::PartSize))).len();
        let etag = inspect::etag(model, usize::from(cells(Pane::ETag))).len();
        model.inspect.etag_top = limit(model.inspect.etag_top, etag, Pane::ETag);
        model.inspect.facts_top = limit(model.inspect.facts_top, facts, Pane::Facts);
        model.inspect.size_top = limit(model.inspect.size_top, size, Pane::PartSize);
    }
    if model.screen == Screen::Step && model.step.drafting.is_none() {
        let lines = step::request_lines(model, usize::from(cells(Pane::Request))).len();
        model.step.request_top = limit(model.step.request_top, lines, Pane::Request);
    }
    overlay::clamp(model, Rect::new(0, 0, model.size.0, model.size.1));
}

/// A line of styled pieces.
pub(crate) type Pieces = Vec<(String, Role)>;
