//! How a request was signed: the lines on one side, on the other the bytes each was made from.

use super::Pieces;
use super::paint::{footer_note, lines, pane, said, select, wrap, wrapped};
use super::step::wire_line;
use crate::app::model::Model;
use crate::app::panes::xray::XRay;
use crate::app::update::xray;
use crate::domain::exchange::Exchange;
use crate::domain::text::cut_end;
use crate::domain::wire_lines::{Mode, lines as wire_lines};
use crate::domain::xray::{Line, Tone};
use crate::tui::regions::list_top;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::ops::Range;

/// Columns from which on both sides stand beside each other.
const WIDE: u16 = 100;

pub(super) fn draw(model: &Model, rect: Rect, state: &XRay, theme: Theme, buf: &mut Buffer) {
    let (upper, lower) = split(rect);
    let all = xray::lines(model, state);
    let at = state.at.min(all.len().saturating_sub(1));
    let exchange = model.wire.by_id(state.exchange);
    let kind = exchange.map_or_else(String::new, |e| e.kind.to_string());
    let title = format!("Signature of #{} {kind}", state.exchange.0);
    let inside = pane(upper, &title, true, theme, buf);
    footer_note(
        upper,
        "Enter to its bytes  c copy canonical request  x secrets  Tab section  Esc",
        theme,
        buf,
    );
    let Some(exchange) = exchange else {
        return lines(inside, 0, &[said("this exchange is not kept any more", Role::Muted)], theme, buf);
    };
    let rows: Vec<Vec<Pieces>> = all.iter().map(|l| rows_of(l, usize::from(inside.width))).collect();
    list(inside, rows, &|index| index == at, true, theme, buf);
    let line = all.get(at);
    sources(model, exchange, line, lower, theme, buf);
}

fn split(rect: Rect) -> (Rect, Rect) {
    if rect.width >= WIDE {
        let left = rect.width * 57 / 100;
        let right = Rect { x: rect.x + left, width: rect.width - left, ..rect };
        return (Rect { width: left, ..rect }, right);
    }
    let top = rect.height.saturating_mul(12) / 20;
    let below = Rect { y: rect.y + top, height: rect.height - top, ..rect };
    (Rect { height: top, ..rect }, below)
}

/// A line of the x-ray in rows. What is signed is broken anywhere, what is said at blanks.
fn rows_of(line: &Line, cells: usize) -> Vec<Pieces> {
    let role = match line.tone {
        Tone::Heading => Role::Title,
        Tone::Signed => Role::Text,
        Tone::Said => Role::Muted,
        Tone::Good => Role::Good,
        Tone::Bad => Role::Bad,
        Tone::Doubt => Role::Warning,
    };
    let text = line.marked();
    match line.tone {
        Tone::Heading | Tone::Signed => wrapped(vec![said(text, role)], cells),
        _ => {
            let mut rows = wrap(&text, cells.saturating_sub(2)).into_iter();
            let first = rows.next().map(|row| said(row, role));
            first.into_iter().chain(rows.map(|row| said(format!("  {row}"), role))).collect()
        }
    }
}

/// Rows of lines, the chosen ones marked, scrolled so that the first chosen one is in view.
fn list(
    inside: Rect,
    all: Vec<Vec<Pieces>>,
    chosen: &dyn Fn(usize) -> bool,
    focused: bool,
    theme: Theme,
    buf: &mut Buffer,
) {
    let (mut rows, mut marked) = (Vec::new(), Vec::new());
    for (index, line) in all.into_iter().enumerate() {
        if chosen(index) {
            marked.extend(rows.len()..rows.len() + line.len());
        }
        rows.extend(line);
    }
    let height = usize::from(inside.height);
    let first = marked.first().copied().unwrap_or(0);
    let top = list_top(first, rows.len(), height);
    lines(inside, top, &rows, theme, buf);
    for row in marked.into_iter().filter_map(|row| row.checked_sub(top)).filter(|row| *row < height) {
        if let Ok(row) = u16::try_from(row) {
            select(inside, row, focused, theme, buf);
        }
    }
}

/// The request, or the answer where a line was made from that, with the lines lit that it was made from.
fn sources(
    model: &Model,
    exchange: &Exchange,
    line: Option<&Line>,
    rect: Rect,
    theme: Theme,
    buf: &mut Buffer,
) {
    let none: &[Range<u64>] = &[];
    let (from, answer) = line.map_or((none, none), |l| (&l.from, &l.answer));
    let of_answer = from.is_empty() && !answer.is_empty();
    let (captured, what, places) = if of_answer {
        (&exchange.response, "response", answer)
    } else {
        (&exchange.request, "request", from)
    };
    let inside = pane(rect, &format!("made from these lines of the {what}"), false, theme, buf);
    let shown = wire_lines(captured, Mode::Pretty, model.revealing());
    let lit: Vec<bool> = shown.iter().map(|l| places.iter().any(|p| overlaps(&l.at, p))).collect();
    let rows = shown.into_iter().zip(&lit).map(|(line, lit)| {
        let mut pieces = wire_line(line);
        if let Some((lead, role)) = pieces.first_mut().filter(|_| *lit) {
            (*lead, *role) = ("▶ ".to_owned(), Role::Accent);
        }
        wrapped(vec![pieces], usize::from(inside.width))
    });
    list(inside, rows.collect(), &|index| lit.get(index) == Some(&true), false, theme, buf);
    let note = match places {
        [] => "no bytes: computed or said here".to_owned(),
        places => format!("bytes {}", places.iter().map(written).collect::<Vec<_>>().join(", ")),
    };
    footer_note(rect, &cut_end(&note, usize::from(rect.width).saturating_sub(6)), theme, buf);
}

fn overlaps(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
}

/// First and last byte, as in a `Range` header.
fn written(place: &Range<u64>) -> String {
    format!("{}-{}", place.start, place.end.saturating_sub(1).max(place.start))
}
