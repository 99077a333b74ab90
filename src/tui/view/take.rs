//! The menu by which recorded calls are taken along.

use super::Pieces;
use super::paint::{footer_note, line, pane, said};
use crate::app::take::{Form, Menu, Scope};
use crate::domain::units::grouped;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Rows of the menu, its borders included.
pub(super) fn height() -> u16 {
    u16::try_from(Form::ALL.len() + Scope::ALL.len()).unwrap_or(u16::MAX).saturating_add(8)
}

pub(super) fn draw(rect: Rect, menu: &Menu, theme: Theme, buf: &mut Buffer) {
    let inside = pane(rect, "Take along", true, theme, buf);
    for (row, pieces) in (0..inside.height).zip(rows(menu)) {
        line(inside, row, &pieces, theme, buf);
    }
    footer_note(rect, "Enter to a file…   y to the clipboard   Esc leaves", theme, buf);
}

fn rows(menu: &Menu) -> Vec<Pieces> {
    let mut out = vec![said("As", Role::Title)];
    out.extend(
        Form::ALL.into_iter().map(|form| choice(form.key(), form.title(), "", form == menu.take.form)),
    );
    out.push(said(format!("      {}", menu.take.form.about()), Role::Muted));
    out.push(Pieces::new());
    out.push(said("Of", Role::Title));
    for (scope, (kept, lost)) in Scope::ALL.into_iter().zip(menu.counts) {
        let mut note = grouped(kept as u64);
        if lost > 0 {
            note += &format!(", {} more have lost their bytes", grouped(lost as u64));
        }
        out.push(choice(scope.key(), scope.title(), &note, scope == menu.take.scope));
    }
    out.push(Pieces::new());
    out
}

fn choice(key: char, title: &str, note: &str, chosen: bool) -> Pieces {
    vec![
        (if chosen { "▶ " } else { "  " }.into(), Role::Accent),
        (format!("{key}  "), Role::Accent),
        (format!("{title:<26}"), if chosen { Role::Title } else { Role::Text }),
        (note.to_owned(), Role::Muted),
    ]
}
