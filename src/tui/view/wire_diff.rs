//! What differs in two exchanges, line by line, with the cursor on a difference.

use super::Pieces;
use super::paint::{footer_note, lines, pane, said, select, wrap, wrapped};
use crate::app::model::Model;
use crate::app::panes::differ::Pair;
use crate::domain::exchange::ExchangeId;
use crate::domain::exchange_diff::{DiffLine, Mark, lines as diff_lines};
use crate::tui::regions::list_top;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn draw(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let Some(pair) = &model.wire.differ.pair else { return };
    let (old, new) = (pair.diff.old, pair.diff.new);
    let title = format!("What changed from #{} to #{}   ~ changed  + new  - gone", old.0, new.0);
    let inside = pane(rect, &title, true, theme, buf);
    let room = usize::from(inside.width);
    let head = heading(model, pair, room);
    lines(inside, 0, &head, theme, buf);
    let used = u16::try_from(head.len()).unwrap_or(u16::MAX).min(inside.height);
    let body = Rect { y: inside.y + used, height: inside.height - used, ..inside };
    let (rows, chosen) = rows(pair, room);
    let top = list_top(chosen.start, rows.len(), usize::from(body.height));
    lines(body, top, &rows, theme, buf);
    for row in chosen.filter_map(|row| row.checked_sub(top)) {
        if let Some(row) = u16::try_from(row).ok().filter(|row| *row < body.height) {
            select(body, row, true, theme, buf);
        }
    }
    footer_note(rect, "Enter to its line   [ ] the pair before, after   Esc leave", theme, buf);
}

/// Which two these are, and how many differences matter.
fn heading(model: &Model, pair: &Pair, room: usize) -> Vec<Pieces> {
    let name = |id: ExchangeId| model.wire.row(id).map_or_else(|| "not kept".to_owned(), super::wire::name);
    let (old, new) = (pair.diff.old, pair.diff.new);
    let why = pair.kinship.map(|k| format!("   {}", k.words())).unwrap_or_default();
    let names = format!("#{} {}  →  #{} {}{why}", old.0, name(old), new.0, name(new));
    let mut out: Vec<Pieces> = wrap(&names, room).into_iter().map(|l| said(l, Role::Muted)).collect();
    let (words, role) = match pair.diff.mattering() {
        0 if pair.diff.is_empty() => ("nothing differs".to_owned(), Role::Good),
        0 => ("nothing differs but what differs in any two exchanges".to_owned(), Role::Good),
        1 => ("1 difference".to_owned(), Role::Title),
        n => (format!("{n} differences"), Role::Title),
    };
    out.push(said(words, role));
    out.push(Vec::new());
    out
}

/// All rows, and which of them are of the selected difference.
fn rows(pair: &Pair, room: usize) -> (Vec<Pieces>, std::ops::Range<usize>) {
    let selected = pair.place();
    let (mut rows, mut chosen) = (Vec::new(), 0..0);
    for line in diff_lines(&pair.diff, room) {
        if line.mark == Mark::Heading && !rows.is_empty() {
            rows.push(Vec::new());
        }
        let first = rows.len();
        let here = selected.is_some() && line.change == selected;
        rows.extend(wrapped(vec![pieces(line)], room));
        if here {
            let start = if chosen.is_empty() { first } else { chosen.start };
            chosen = start..rows.len();
        }
    }
    (rows, chosen)
}

fn pieces(line: DiffLine) -> Pieces {
    let role = match line.mark {
        Mark::Heading => Role::Title,
        Mark::Changed | Mark::NotKnown => Role::Warning,
        Mark::Added => Role::Good,
        Mark::Gone => Role::Bad,
        Mark::EachTime | Mark::Note => Role::Muted,
    };
    said(line.text, role)
}
