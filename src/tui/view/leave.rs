//! The question before leaving.

use super::Pieces;
use super::paint::{line, lines, pane, text, wrap};
use crate::app::model::Model;
use crate::app::update::leave;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn draw(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let inside = pane(rect, &leave::title(model), true, theme, buf);
    let said = said_lines(model, usize::from(inside.width));
    let room = usize::from(inside.height.saturating_sub(2));
    // What does not fit is counted, so that nothing stays behind unsaid.
    if said.len() > room {
        let rest = said.len().saturating_sub(room.saturating_sub(1));
        lines(Rect { height: inside.height.saturating_sub(3), ..inside }, 0, &said, theme, buf);
        let row = inside.height.saturating_sub(3);
        line(inside, row, &vec![(format!("… {rest} more lines"), Role::Warning)], theme, buf);
    } else {
        lines(inside, 0, &said, theme, buf);
    }
    let mut keys: Pieces = vec![("  ".into(), Role::Text)];
    for (key, what) in leave::choices(model) {
        keys.push((key.into(), Role::Accent));
        keys.push((format!(" {what}    "), Role::Text));
    }
    line(inside, inside.height.saturating_sub(1), &keys, theme, buf);
}

fn said_lines(model: &Model, room: usize) -> Vec<Pieces> {
    leave::lines(model).iter().flat_map(|l| wrap(l, room)).map(text).collect()
}

/// Rows the question needs, with its border.
pub(super) fn height(model: &Model, room: usize) -> u16 {
    u16::try_from(said_lines(model, room).len() + 4).unwrap_or(u16::MAX)
}
