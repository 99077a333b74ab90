//! The sheets of Inspect: the menu of probes, the path to the list of parts, the clients' table.

use crate::app::model::Model;
use crate::app::sheet::Sheet;
use crate::domain::infer::clients_table;
use crate::domain::text::{cut_end, visible};
use crate::domain::units::{grouped, human_size};
use crate::tui::regions::inner;
use crate::tui::theme::{Role, Theme};
use crate::tui::view::Pieces;
use crate::tui::view::paint::{footer_note, line, lines, pane, said, text, wrap};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Below so many cells the clients' table has fewer columns.
const NARROW: usize = 100;

/// Width and height a sheet would like.
pub(in crate::tui::view) fn wish(model: &Model, area: Rect, sheet: Sheet) -> (u16, u16) {
    match sheet {
        Sheet::Probes { .. } => {
            let rows = menu(model, 0, usize::from(area.width.min(78).saturating_sub(4))).len();
            (78, u16::try_from(rows + 4).unwrap_or(u16::MAX))
        }
        Sheet::Why { .. } => (78, area.height.saturating_sub(4)),
        Sheet::Clients { .. } => (140, area.height.saturating_sub(4)),
    }
}

pub(in crate::tui::view) fn draw(model: &Model, rect: Rect, sheet: Sheet, theme: Theme, buf: &mut Buffer) {
    let room = usize::from(inner(rect).width);
    match sheet {
        Sheet::Probes { at } => {
            let inside = pane(rect, "What can be asked about the parts", true, theme, buf);
            lines(inside, 0, &menu(model, at, room), theme, buf);
            let hint = said("↑↓ choose   Enter sends these requests   Esc sends nothing", Role::Muted);
            line(inside, inside.height.saturating_sub(1), &hint, theme, buf);
        }
        Sheet::Why { top } => {
            let inside = pane(rect, "Why are the parts listed, or not?", true, theme, buf);
            lines(inside, top, &why(model, room), theme, buf);
            footer_note(rect, "▶ the way this object took", theme, buf);
        }
        Sheet::Clients { top } => {
            let size = model.inspect.evidence.object_size.unwrap_or(0);
            let title =
                format!("What other clients would do with {} bytes, {}", grouped(size), human_size(size));
            let inside = pane(rect, &title, true, theme, buf);
            line(inside, 0, &heading(room), theme, buf);
            let body = Rect { y: inside.y + 1, height: inside.height.saturating_sub(1), ..inside };
            lines(body, top, &clients(model, room), theme, buf);
            footer_note(rect, note(model), theme, buf);
        }
    }
}

/// What the marks mean, and how there come to be ETags.
fn note(model: &Model) -> &'static str {
    match model.inspect.verify.as_ref().is_some_and(|v| !v.clients().is_empty()) {
        true => "✓ agrees with what is known   = gives this object's ETag   of the file's bytes",
        false => "✓ agrees with what is known, no proof that it made it   v with a file: ETags",
    }
}

/// How many lines a sheet that scrolls has, and how many of them it shows in `rect`.
pub(in crate::tui::view) fn scrolled(model: &Model, rect: Rect, sheet: Sheet) -> Option<(usize, usize)> {
    let inside = inner(rect);
    let (room, rows) = (usize::from(inside.width), usize::from(inside.height));
    match sheet {
        Sheet::Probes { .. } => None,
        Sheet::Why { .. } => Some((why(model, room).len(), rows)),
        Sheet::Clients { .. } => Some((clients(model, room).len(), rows.saturating_sub(1))),
    }
}

fn menu(model: &Model, at: usize, room: usize) -> Vec<Pieces> {
    let evidence = &model.inspect.evidence;
    let plans = evidence.plans();
    let at = at.min(plans.len().saturating_sub(1));
    let mut out = Vec::new();
    for (index, plan) in plans.iter().enumerate() {
        let chosen = index == at;
        let role = if chosen { Role::Accent } else { Role::Text };
        let mark = if chosen { "▶ " } else { "  " };
        let sure = if plan.decides { ("  decides", Role::Good) } else { ("", Role::Text) };
        out.push(vec![
            (mark.into(), Role::Accent),
            (format!("{:<12}", plan.kind.name()), role),
            (format!("{:<28}", plan.requests_words()), role),
            (sure.0.into(), sure.1),
        ]);
        out.extend(
            wrap(plan.proves, room.saturating_sub(4))
                .into_iter()
                .map(|l| said(format!("    {l}"), Role::Muted)),
        );
    }
    if plans.is_empty() {
        out.push(text("Nothing is left to ask."));
    }
    out.push(text(""));
    out.extend(wrap(&format!("Cheapest: {}", evidence.cheapest().words()), room).into_iter().map(text));
    out
}

fn why(model: &Model, room: usize) -> Vec<Pieces> {
    let bucket = model.inspect.object.as_ref().map_or("", |o| &o.bucket);
    let path = model.inspect.evidence.why(bucket);
    let mut out = Vec::new();
    for step in &path.steps {
        out.push(said(step.question, Role::Title));
        for branch in &step.branches {
            let (mark, role) = if branch.taken { ("▶", Role::Accent) } else { (" ", Role::Muted) };
            for (n, words) in wrap(&branch.words, room.saturating_sub(4)).into_iter().enumerate() {
                out.push(vec![(format!("  {} ", if n == 0 { mark } else { " " }), role), (words, role)]);
            }
        }
    }
    out.push(text(""));
    out.extend(wrap(&visible(&path.conclusion), room).into_iter().map(|l| said(l, Role::Title)));
    if let Some(fallback) = &path.fallback {
        let words = format!("What tells the sizes otherwise: {fallback}");
        out.extend(wrap(&words, room).into_iter().map(text));
    }
    out
}

/// A line of the clients' table; in little room the use and the last part are left out.
fn columns(room: usize, [name, usage, threshold, part_size, parts, last]: [&str; 6]) -> String {
    if room < NARROW {
        let wide = room.saturating_sub(46).max(12);
        return format!("{:<wide$} {threshold:<14} {part_size:>19} {parts:>7}", cut_end(name, wide));
    }
    let wide = room.saturating_sub(68).max(12);
    let name = cut_end(name, wide);
    format!("{name:<wide$} {usage:<6} {threshold:<14} {part_size:>19} {parts:>7} {last:>14}")
}

fn heading(room: usize) -> Pieces {
    let names = columns(room, ["client", "use", "multipart", "part size", "parts", "last part"]);
    said(format!("  {names}"), Role::Title)
}

fn clients(model: &Model, room: usize) -> Vec<Pieces> {
    let evidence = &model.inspect.evidence;
    let of_bytes =
        model.inspect.verify.as_ref().map(|v| v.clients().to_vec()).filter(|rows| !rows.is_empty());
    let rows = of_bytes.unwrap_or_else(|| clients_table(evidence.object_size.unwrap_or(0)));
    let mut out = Vec::new();
    for row in rows {
        let cells = row.cells();
        let agrees = row.agrees(evidence.pieces(), evidence.uniform_size());
        let role = if agrees { Role::Text } else { Role::Muted };
        let figures = [row.usage.name(), &cells.threshold, &cells.part_size, &cells.parts, &cells.last];
        let [usage, threshold, part_size, parts, last] = figures;
        out.push(vec![
            (if agrees { "✓ " } else { "  " }.to_owned(), Role::Good),
            (columns(room, [&row.name, usage, threshold, part_size, parts, last]), role),
        ]);
        if let Some(etag) = &row.etag {
            let same = evidence.etag.as_ref() == Some(etag);
            let (mark, role) = if same { ("=", Role::Good) } else { (" ", Role::Muted) };
            out.push(vec![(format!("  {mark} ETag {etag}"), role)]);
        }
    }
    out
}
