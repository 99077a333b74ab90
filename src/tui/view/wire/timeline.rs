//! The list of exchanges.

use super::super::Pieces;
use super::{footer_note, line, lines, millis, name, pane, said, select, status};
use crate::app::command::Pane;
use crate::app::model::Model;
use crate::app::update::wire_field::standing;
use crate::domain::exchange::Exchange;
use crate::domain::text::{cut_end, visible};
use crate::domain::units::human_size;
use crate::tui::regions::{list_rows, list_top};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn draw(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let focused = model.pane() == Pane::Timeline;
    let inside = pane(rect, &title(model), focused, theme, buf);
    if model.wire.is_empty() {
        return lines(inside, 0, &[said("Nothing was sent yet.", Role::Muted)], theme, buf);
    }
    if model.wire.len() == 0 {
        let words = "No exchange matches the filter. f changes it, Esc clears it.";
        return lines(inside, 0, &[said(words, Role::Muted)], theme, buf);
    }
    line(inside, 0, &said("      # operation                 st     ms     read", Role::Muted), theme, buf);
    let rows = list_rows(rect);
    let at = model.wire.at();
    let top = list_top(at, model.wire.len(), rows);
    for (row, index) in (1..=u16::try_from(rows).unwrap_or(u16::MAX)).zip(top..model.wire.len()) {
        if let Some(e) = model.wire.get(index) {
            line(inside, row, &entry(e, index == at), theme, buf);
        }
        if index == at {
            select(inside, row, focused, theme, buf);
        }
    }
    let note = if model.wire.selected.is_none() { "follows the newest" } else { "F follows the newest" };
    footer_note(rect, note, theme, buf);
}

/// How many there are, what the filter shows of them, what is looked for, and what is marked.
fn title(model: &Model) -> String {
    let looking = model.wire.looking();
    let mut out = match looking.filter() {
        None => format!("Timeline {}", model.wire.total()),
        Some(_) => format!("Timeline  {}, f changes, Esc clears", super::shown(model)),
    };
    if let Some(needle) = looking.needle() {
        let text = cut_end(&visible(needle.text()), 20);
        out.push_str(&format!("   \"{text}\": {}", standing(&looking.standing())));
    }
    if let Some(id) = model.wire.differ.marked {
        out.push_str(&format!("   #{} marked", id.0));
    }
    out
}

fn entry(e: &Exchange, chosen: bool) -> Pieces {
    let (st, role) = status(e);
    vec![
        (if chosen { "▶".into() } else { " ".into() }, Role::Accent),
        (format!("{:>6} ", e.id.0), Role::Muted),
        (format!("{:<25} ", cut_end(&name(e), 25)), Role::Text),
        (format!("{st:<4} "), role),
        (format!("{:>5} ", millis(e)), Role::Muted),
        (format!("{:>9}", human_size(e.response.total)), Role::Muted),
    ]
}
