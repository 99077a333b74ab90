//! The field of a filter or of a text to find, above the status row, so that the list it works on stays in view.

use super::Pieces;
use super::overlay::clip;
use super::paint::{line, lines, pane, said, wrap};
use crate::app::model::Model;
use crate::app::overlay::{WireField, WireFieldPurpose};
use crate::app::update::wire_field::standing;
use crate::domain::text::visible;
use crate::tui::regions::inner;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Rows of it, with the border.
const ROWS: u16 = 6;
/// Cells before the text.
const PROMPT: u16 = 2;

pub(super) fn place(area: Rect) -> Rect {
    let height = ROWS.min(area.height.saturating_sub(2));
    Rect { y: area.bottom().saturating_sub(2 + height), height, ..area }
}

pub(super) fn draw(model: &Model, rect: Rect, field: &WireField, theme: Theme, buf: &mut Buffer) {
    let title = match field.purpose {
        WireFieldPurpose::Filter => "Show only   Enter keeps it   Esc as before",
        WireFieldPurpose::Find => "Find in the traffic   Enter goes there, n N on and back   Esc as before",
    };
    let inside = pane(rect, title, true, theme, buf);
    let room = usize::from(inside.width.saturating_sub(PROMPT));
    let scroll = field.input.visual_scroll(room.saturating_sub(1));
    let typed = clip(&visible(field.input.value()), scroll, room);
    line(inside, 0, &vec![("› ".into(), Role::Accent), (typed, Role::Title)], theme, buf);
    let below = Rect { y: inside.y + 1, height: inside.height.saturating_sub(1), ..inside };
    lines(below, 0, &told(model, field, usize::from(inside.width)), theme, buf);
}

fn told(model: &Model, field: &WireField, room: usize) -> Vec<Pieces> {
    let as_lines = |text: &str, role: Role| wrap(text, room).into_iter().map(move |l| said(l, role));
    if let Some(why) = &field.why {
        return as_lines(&visible(why), Role::Warning).collect();
    }
    let looking = model.wire.looking();
    let (state, hint) = match field.purpose {
        WireFieldPurpose::Filter => (
            super::wire::shown(model),
            "op:Upload* status:4xx part:3-7 upload: key: client: code: method: ms>100 sent> read> retry error held \
             running, or \"a text\"; all have to hold; - before a word turns it about",
        ),
        WireFieldPurpose::Find => (
            looking.needle().map_or_else(|| "nothing yet".to_owned(), |_| standing(&looking.standing())),
            "Searched: all bytes kept of what the list shows, as on the wire, and the target decoded. Masked secrets \
             are not.",
        ),
    };
    as_lines(&state, Role::Text).chain(as_lines(hint, Role::Muted)).collect()
}

/// Where the text cursor stands.
pub(super) fn cursor(area: Rect, field: &WireField) -> Option<Position> {
    let inside = inner(place(area));
    let room = usize::from(inside.width.saturating_sub(PROMPT));
    let scroll = field.input.visual_scroll(room.saturating_sub(1));
    let x = u16::try_from(field.input.visual_cursor().saturating_sub(scroll)).ok()?;
    Some(Position { x: (inside.x + PROMPT + x).min(inside.right()), y: inside.y })
}
