//! The newest exchanges under every other screen.

use super::super::Pieces;
use super::{error_code, line, millis, name, pane, said, start_line, status};
use crate::app::model::Model;
use crate::domain::exchange::{End, Exchange};
use crate::domain::redact::redact_line;
use crate::domain::text::{cut_end, cut_middle, visible};
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
    let newest: Vec<&Exchange> = model.wire.newest().take(rows).collect();
    if newest.is_empty() {
        return line(inside, 0, &said("Nothing was sent yet.", Role::Muted), theme, buf);
    }
    for (row, e) in (0..).zip(newest.into_iter().rev()) {
        line(inside, row, &strip_line(e, inside.width), theme, buf);
    }
}

fn strip_line(e: &Exchange, columns: u16) -> Pieces {
    let (st, role) = status(e);
    let start = start_line(e);
    let target = start.split(' ').nth(1).unwrap_or("").to_owned();
    let detail = match (error_code(e), &e.end) {
        (Some(code), _) => code,
        (None, Some(End::Failed(why))) => visible(why),
        _ => redact_line(&target),
    };
    let used = 52;
    let room = usize::from(columns).saturating_sub(used);
    vec![
        (format!("{:>6}  ", format!("#{}", e.id.0)), Role::Muted),
        (format!("{:<27} ", cut_end(&name(e), 27)), Role::Text),
        (format!("{st:<4} "), role),
        (format!("{:>9}  ", e.duration().map_or_else(String::new, |_| millis(e) + " ms")), Role::Muted),
        (cut_middle(&detail, room), if role == Role::Bad { Role::Bad } else { Role::Muted }),
    ]
}
