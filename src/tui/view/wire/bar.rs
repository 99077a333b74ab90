//! The waterfall: where the time of an exchange went, beside the others of its group that are on the screen.

use super::super::Pieces;
use super::words::{glyph, ms};
use crate::app::model::Model;
use crate::app::panes::wire::Row;
use crate::domain::text::width;
use crate::domain::waterfall::{Phase, Span, bar, spans, unheld};
use crate::tui::theme::Role;

/// The phases of an exchange, held time left out. A list that is frozen stands still here too.
pub(super) fn of(model: &Model, row: &Row) -> Vec<Span> {
    unheld(&all(model, row))
}

/// The phases of an exchange, with the time it was held.
pub(super) fn all(model: &Model, row: &Row) -> Vec<Span> {
    let now = model.wire.frozen_at().unwrap_or(model.now);
    let before = row.earlier().and_then(|id| model.wire.row(id)).and_then(|row| row.timing().ended);
    spans(&row.timing(), now, before)
}

/// The bar of an exchange in a window of time, in microseconds.
pub(super) fn pieces(spans: &[Span], (from, to): (u64, u64), cells: usize) -> Pieces {
    let mut out = Pieces::new();
    let all = bar(spans, from, to, cells);
    for run in all.chunk_by(|a, b| a == b) {
        let (symbol, role) = run.first().copied().flatten().map_or((" ", Role::Text), glyph);
        out.push((symbol.repeat(run.len()), role));
    }
    let gap = spans.iter().find(|s| s.phase == Phase::Gap).map(|s| format!(" {} ", ms(s.to - s.from)));
    if let (Some(words), Some((text, _))) = (gap, out.iter_mut().find(|(text, _)| text.starts_with('…'))) {
        // A wait that has room for it says how long it is.
        let (room, used) = (width(text), width(&words));
        if room >= used + 2 {
            let left = (room - used) / 2;
            *text = format!("{}{words}{}", "…".repeat(left), "…".repeat(room - used - left));
        }
    }
    out
}

/// What the glyphs mean, one after the other.
pub(super) fn legend() -> String {
    let told: Vec<String> =
        Phase::ALL.iter().skip(1).map(|phase| format!("{} {}", glyph(*phase).0, phase.name())).collect();
    told.join(" ")
}
