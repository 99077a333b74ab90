//! Small things every view paints: boxes, lines of pieces, list rows.

use super::Pieces;
use crate::app::panes::browse::Load;
use crate::domain::text::{cut_end, width};
use crate::tui::regions::inner;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, BorderType, Widget};

/// A bordered pane with a title; the focused one is doubly framed. Gives the inside.
pub(super) fn pane(rect: Rect, title: &str, focused: bool, theme: Theme, buf: &mut Buffer) -> Rect {
    let (kind, border, text) = if focused {
        (BorderType::Double, Role::Accent, Role::Title)
    } else {
        (BorderType::Plain, Role::Muted, Role::Text)
    };
    let room = usize::from(rect.width.saturating_sub(4));
    Block::bordered().border_type(kind).border_style(theme.style(border)).render(rect, buf);
    if !title.is_empty() && rect.width > 6 {
        let title = format!(" {} ", cut_end(title, room.saturating_sub(2)));
        let style = theme.style(text);
        let style = if focused { style.patch(theme.style(Role::Accent)) } else { style };
        buf.set_stringn(rect.x + 1, rect.y, &title, room + 1, style);
    }
    inner(rect)
}

/// Gives the title of a pane another role, for a state that must not be overlooked.
pub(super) fn title_role(rect: Rect, role: Role, theme: Theme, buf: &mut Buffer) {
    let title =
        Rect { x: rect.x + 1, width: rect.width.saturating_sub(2), height: rect.height.min(1), ..rect };
    for position in title.positions() {
        if let Some(cell) = buf.cell_mut(position).filter(|c| !matches!(c.symbol(), "─" | "═")) {
            cell.set_style(theme.style(role));
        }
    }
}

/// Writes right-aligned text into the lower border.
pub(super) fn footer_note(rect: Rect, text: &str, theme: Theme, buf: &mut Buffer) {
    let w = u16::try_from(width(text) + 2).unwrap_or(u16::MAX);
    if rect.height > 1 && rect.width > w + 2 {
        let x = rect.right() - w - 1;
        buf.set_string(x, rect.bottom() - 1, format!(" {text} "), theme.style(Role::Muted));
    }
}

/// Writes one line of pieces, cut at the right edge.
pub(super) fn line(area: Rect, row: u16, pieces: &Pieces, theme: Theme, buf: &mut Buffer) {
    if row >= area.height {
        return;
    }
    let mut x = area.x;
    for (text, role) in pieces {
        let left = area.right().saturating_sub(x);
        if left == 0 {
            return;
        }
        let shown = cut_end(text, usize::from(left));
        buf.set_stringn(x, area.y + row, &shown, usize::from(left), theme.style(*role));
        x = x.saturating_add(u16::try_from(width(&shown)).unwrap_or(left));
    }
}

/// Writes lines from `top` on.
pub(super) fn lines(area: Rect, top: usize, all: &[Pieces], theme: Theme, buf: &mut Buffer) {
    for (row, pieces) in (0..area.height).zip(all.iter().skip(top)) {
        line(area, row, pieces, theme, buf);
    }
}

/// Gives a whole row the look of the selection.
pub(super) fn select(area: Rect, row: u16, focused: bool, theme: Theme, buf: &mut Buffer) {
    let role = if focused { Role::Selected } else { Role::SelectedElsewhere };
    buf.set_style(Rect { y: area.y + row, height: 1, ..area }, theme.style(role));
}

/// Plain text as one piece.
pub(super) fn text(text: impl Into<String>) -> Pieces {
    vec![(text.into(), Role::Text)]
}

/// Text in a role as one piece.
pub(super) fn said(text: impl Into<String>, role: Role) -> Pieces {
    vec![(text.into(), role)]
}

/// Words broken into lines of at most `cells`.
pub(super) fn wrap(text: &str, cells: usize) -> Vec<String> {
    let mut out = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word;
        while let Some(current) = out.last_mut() {
            let gap = usize::from(!current.is_empty());
            if width(current) + gap + width(word) <= cells {
                if gap == 1 {
                    current.push(' ');
                }
                current.push_str(word);
                break;
            }
            if current.is_empty() {
                // A word longer than the line is broken, never lost.
                let head = cut_hard(word, cells);
                current.push_str(head);
                word = word.get(head.len()..).unwrap_or("");
                if word.is_empty() || head.is_empty() {
                    break;
                }
            }
            out.push(String::new());
        }
    }
    out
}

fn cut_hard(word: &str, cells: usize) -> &str {
    let mut used = 0;
    let mut end = 0;
    for (at, c) in word.char_indices() {
        used += width(c.encode_utf8(&mut [0; 4]));
        if used > cells {
            break;
        }
        end = at + c.len_utf8();
    }
    word.get(..end).unwrap_or(word)
}

/// Breaks lines of pieces at the right edge, so that nothing of the wire is cut off; continued rows are
/// indented by two cells.
pub(super) fn wrapped(all: Vec<Pieces>, cells: usize) -> Vec<Pieces> {
    let cells = cells.max(8);
    let mut out = Vec::with_capacity(all.len());
    for pieces in all {
        let total: usize = pieces.iter().map(|(t, _)| width(t)).sum();
        if total <= cells {
            out.push(pieces);
            continue;
        }
        let (mut row, mut used): (Pieces, usize) = (Vec::new(), 0);
        for (text, role) in pieces {
            let mut rest = text.as_str();
            while !rest.is_empty() {
                let head = cut_hard(rest, cells.saturating_sub(used));
                if head.is_empty() {
                    out.push(std::mem::replace(&mut row, vec![("  ".into(), Role::Muted)]));
                    used = 2;
                    continue;
                }
                used += width(head);
                row.push((head.to_owned(), role));
                rest = rest.get(head.len()..).unwrap_or("");
            }
        }
        out.push(row);
    }
    out
}

/// What a list says while it has nothing to show; `None` once it has been answered.
pub(super) fn waiting(load: &Load, room: usize) -> Option<Vec<Pieces>> {
    match load {
        Load::NotAsked => Some(vec![said("not asked", Role::Muted)]),
        Load::Asking => Some(vec![said("asking S3…", Role::Muted)]),
        Load::Failed(why) => Some(wrap(why, room).into_iter().map(|l| said(l, Role::Bad)).collect()),
        Load::Ready => None,
    }
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn wrapping_loses_nothing() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
    }
}
