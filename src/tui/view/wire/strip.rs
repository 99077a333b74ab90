//! The newest exchanges under every other screen.

use super::super::Pieces;
use super::words::{ms, short_name, status};
use super::{line, pane, said};
use crate::app::model::Model;
use crate::app::panes::wire::Row;
use crate::domain::redact::redact_line;
use crate::domain::text::{cut_end, cut_middle, visible_bytes};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The newest exchanges, one line each.
pub(super) fn draw(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    if rect.height < 3 {
        return;
    }
    let inside = pane(rect, "Wire  (w opens it)", false, theme, buf);
    let rows = usize::from(inside.height);
    let newest: Vec<&Row> = model.wire.newest_rows().take(rows).collect();
    if newest.is_empty() {
        return line(inside, 0, &said("Nothing was sent yet.", Role::Muted), theme, buf);
    }
    for (at, row) in (0..).zip(newest.into_iter().rev()) {
        line(inside, at, &strip_line(model, row, inside.width), theme, buf);
    }
}

fn strip_line(model: &Model, row: &Row, columns: u16) -> Pieces {
    let (st, role) = status(row.state);
    let detail = row.why.as_ref().map_or_else(|| redact_line(&target(model, row)), ToString::to_string);
    let used = 52;
    let room = usize::from(columns).saturating_sub(used);
    let took = row.duration().map_or_else(String::new, ms);
    vec![
        (format!("{:>6}  ", format!("#{}", row.id.0)), Role::Muted),
        (format!("{:<27} ", cut_end(&short_name(row), 27)), Role::Text),
        (format!("{st:<4} "), role),
        (format!("{took:>9}  "), Role::Muted),
        (cut_middle(&detail, room), if role == Role::Bad { Role::Bad } else { Role::Muted }),
    ]
}

/// What the request is for: the middle of its first line.
fn target(model: &Model, row: &Row) -> String {
    let head: &[u8] = model.wire.by_id(row.id).map_or(&[], |e| &e.request.head);
    let line = visible_bytes(head.split(|b| *b == b'\r').next().unwrap_or(&[]));
    line.split(' ').nth(1).unwrap_or("").to_owned()
}
