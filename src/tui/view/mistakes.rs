//! The menu of mistakes: what is wrong, what S3 will answer, and what that teaches.

use super::paint::{footer_note, line, pane, said, select, wrap};
use crate::app::overlay::Mistakes;
use crate::domain::mistake::{Mistake, all};
use crate::domain::text::{cut_end, visible, width};
use crate::tui::regions::list_top;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Rows below the list: a blank one, what the selected mistake teaches, and the keys.
const BELOW: u16 = 6;

pub(super) fn draw(rect: Rect, menu: &Mistakes, theme: Theme, buf: &mut Buffer) {
    let inside = pane(rect, "Wrong on purpose: S3's answer is the lesson", true, theme, buf);
    let (room, rows) = (usize::from(inside.width), inside.height.saturating_sub(BELOW));
    let top = list_top(menu.at, all().len(), usize::from(rows));
    for (row, (index, mistake)) in (0..rows).zip(all().iter().enumerate().skip(top)) {
        let ready = menu.not_now.get(index).is_none_or(Option::is_none);
        let answer = expected(mistake);
        let title = cut_end(&mistake.title, room.saturating_sub(answer.len() + 4));
        let gap = room.saturating_sub(width(&title) + width(&answer) + 3);
        let pieces = vec![
            ("  ".into(), Role::Text),
            (title, if ready { Role::Text } else { Role::Muted }),
            (" ".repeat(gap), Role::Text),
            (answer, if ready { Role::Warning } else { Role::Muted }),
        ];
        line(inside, row, &pieces, theme, buf);
        if index == menu.at {
            select(inside, row, true, theme, buf);
        }
    }
    below(inside, menu, theme, buf);
    footer_note(rect, &format!("{} of {}", menu.at + 1, all().len()), theme, buf);
}

fn expected(mistake: &Mistake) -> String {
    format!("{} {}", mistake.status, mistake.code.as_deref().unwrap_or("accepted"))
}

/// What the selected mistake teaches, or why it cannot be made now.
fn below(inside: Rect, menu: &Mistakes, theme: Theme, buf: &mut Buffer) {
    let room = usize::from(inside.width).saturating_sub(2);
    let first = inside.height.saturating_sub(BELOW - 1);
    let Some(mistake) = all().get(menu.at) else { return };
    let call = mistake.operation().map_or("", |kind| kind.name());
    let mut words = format!("{call}. {}", mistake.teaches);
    if mistake.unverified {
        words.push_str(" Not verified against S3 itself.");
    }
    let mut lines: Vec<_> =
        wrap(&words, room).into_iter().map(|l| said(format!("  {l}"), Role::Text)).collect();
    if let Some(Some(why)) = menu.not_now.get(menu.at) {
        lines.truncate(2);
        let not_now = wrap(&format!("Not now: {}", visible(why)), room);
        lines.extend(not_now.into_iter().map(|l| said(format!("  {l}"), Role::Warning)));
    }
    for (row, pieces) in (first..inside.height.saturating_sub(1)).zip(&lines) {
        line(inside, row, pieces, theme, buf);
    }
    let hint = "Up/Down choose   Enter opens the request, nothing is sent   Esc leave";
    line(inside, inside.height.saturating_sub(1), &said(hint, Role::Muted), theme, buf);
}
