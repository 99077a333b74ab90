//! Wire: the timeline, request and response, and the strip under every other screen.

use super::Pieces;
use super::paint::{footer_note, line, lines, pane, said, select, wrapped};
use super::step::wire_line;
use crate::app::command::Pane;
use crate::app::model::Model;
use crate::domain::exchange::{End, Exchange};
use crate::domain::redact::redact_line;
use crate::domain::text::{cut_end, cut_middle, visible, visible_bytes};
use crate::domain::units::human_size;
use crate::domain::wire_lines::{Mode, lines as wire_lines};
use crate::tui::regions::{list_rows, list_top};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn draw(model: &Model, which: Pane, rect: Rect, theme: Theme, buf: &mut Buffer) {
    match which {
        Pane::Timeline => timeline(model, rect, theme, buf),
        _ => side(model, which, rect, theme, buf),
    }
}

fn timeline(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let focused = model.pane() == Pane::Timeline;
    let inside = pane(rect, &format!("Timeline {}", model.wire.len()), focused, theme, buf);
    if model.wire.is_empty() {
        return lines(inside, 0, &[said("Nothing was sent yet.", Role::Muted)], theme, buf);
    }
    line(inside, 0, &said("      # operation                 st     ms     read", Role::Muted), theme, buf);
    let rows = list_rows(rect);
    let at = model.wire.at();
    let top = list_top(at, model.wire.len(), rows);
    for (row, index) in (1..=u16::try_from(rows).unwrap_or(u16::MAX)).zip(top..model.wire.len()) {
        if let Some(e) = model.wire.get(index) {
            line(inside, row, &entry(e, index == at), theme, buf);
        }
        if index == at {
            select(inside, row, focused, theme, buf);
        }
    }
    let note = if model.wire.selected.is_none() { "follows the newest" } else { "F follows the newest" };
    footer_note(rect, note, theme, buf);
}

/// Name of the call, with its part number and its attempt.
fn name(e: &Exchange) -> String {
    let retry = if e.attempt > 1 { format!(" ↻{}", e.attempt) } else { String::new() };
    match query_value(&start_line(e), "partNumber") {
        Some(n) => format!("{} #{n}{retry}", e.kind),
        None => format!("{}{retry}", e.kind),
    }
}

fn start_line(e: &Exchange) -> String {
    let end = e.request.head.iter().position(|b| *b == b'\r').unwrap_or(e.request.head.len());
    visible_bytes(e.request.head.get(..end).unwrap_or(&[]))
}

fn query_value(line: &str, name: &str) -> Option<String> {
    let query = line.split(' ').nth(1)?.split_once('?')?.1;
    query.split('&').filter_map(|p| p.split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v.to_owned())
}

fn status(e: &Exchange) -> (String, Role) {
    match (e.held, e.status(), &e.end) {
        (true, ..) => ("held".into(), Role::Warning),
        (_, Some(s), _) if s >= 300 || error_code(e).is_some() => (format!("{s}✗"), Role::Bad),
        // A status line is no success before the body is whole: an error can still follow in it.
        (_, Some(s), None) => (format!("{s}…"), Role::Accent),
        (_, Some(s), Some(End::Failed(_) | End::Cancelled)) => (format!("{s}!"), Role::Bad),
        (_, Some(s), _) => (s.to_string(), Role::Good),
        (_, None, Some(End::Cancelled)) if e.timing.request_sent.is_some() => ("cut".into(), Role::Bad),
        (_, None, Some(End::Cancelled)) => ("drop".into(), Role::Muted),
        (_, None, Some(_)) => ("lost".into(), Role::Bad),
        (_, None, None) => ("…".into(), Role::Accent),
    }
}

fn millis(e: &Exchange) -> String {
    e.duration().map_or_else(String::new, |d| {
        if d < 9_950 { format!("{}.{}", d / 1000, d % 1000 / 100) } else { (d / 1000).to_string() }
    })
}

fn entry(e: &Exchange, chosen: bool) -> Pieces {
    let (st, role) = status(e);
    vec![
        (if chosen { "▶".into() } else { " ".into() }, Role::Accent),
        (format!("{:>6} ", e.id.0), Role::Muted),
        (format!("{:<25} ", cut_end(&name(e), 25)), Role::Text),
        (format!("{st:<4} "), role),
        (format!("{:>5} ", millis(e)), Role::Muted),
        (format!("{:>9}", human_size(e.response.total)), Role::Muted),
    ]
}

/// The `<Code>` of an error document, wherever the status line says what.
fn error_code(e: &Exchange) -> Option<String> {
    let body = e.response_body();
    let text = std::str::from_utf8(body.get(..body.len().min(4096))?).ok()?;
    let error = text.find("<Error>")?;
    let (_, after) = text.get(error..)?.split_once("<Code>")?;
    Some(visible(after.split('<').next()?))
}

fn side(model: &Model, which: Pane, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let focused = model.pane() == which;
    let mode = match model.wire.mode {
        Mode::Pretty => "[pretty] raw  hex ",
        Mode::Raw => " pretty [raw] hex ",
        Mode::Hex => " pretty  raw [hex]",
    };
    let Some(e) = model.wire.current() else {
        pane(rect, "", focused, theme, buf);
        return;
    };
    let (what, captured, top) = match which {
        Pane::WireRequest => ("request", &e.request, model.wire.request_top),
        _ => ("response", &e.response, model.wire.response_top),
    };
    let state = match (which, &e.end) {
        (Pane::WireResponse, Some(End::Failed(why))) => format!("  failed: {}", visible(why)),
        (Pane::WireResponse, Some(End::Cancelled)) => "  cancelled".into(),
        (Pane::WireRequest, _) if e.held => "  HELD, nothing has left".into(),
        (Pane::WireRequest, Some(_)) if e.timing.request_sent.is_none() => "  NEVER LEFT this machine".into(),
        (Pane::WireRequest, None) if e.timing.request_sent.is_none() => "  being sent".into(),
        _ => String::new(),
    };
    let inside = pane(rect, &format!("#{} {what}  {mode}{state}", e.id.0), focused, theme, buf);
    let all = side_lines(model, captured, usize::from(inside.width));
    lines(inside, top, &all, theme, buf);
    let note = if which == Pane::WireRequest { connection(e) } else { timing(e) };
    footer_note(rect, &cut_end(&note, usize::from(rect.width).saturating_sub(6)), theme, buf);
}

fn side_lines(model: &Model, captured: &crate::domain::exchange::Captured, cells: usize) -> Vec<Pieces> {
    let all = wire_lines(captured, model.wire.mode, model.revealing()).into_iter().map(wire_line).collect();
    wrapped(all, cells)
}

/// Lines of one side at a width, so that scrolling can be kept within them.
pub(super) fn length(model: &Model, which: Pane, cells: u16) -> usize {
    let Some(e) = model.wire.current() else { return 0 };
    let captured = if which == Pane::WireRequest { &e.request } else { &e.response };
    side_lines(model, captured, usize::from(cells)).len()
}

fn connection(e: &Exchange) -> String {
    let tls = e.tls.as_ref().map_or_else(|| "plain".to_owned(), |t| visible(t));
    let used = if e.reused { "reused" } else { "new" };
    format!("{} bytes  {}  {tls}  connection {} ({used})", e.request.total, visible(&e.peer), e.connection)
}

fn timing(e: &Exchange) -> String {
    let t = &e.timing;
    let begun = t.released.unwrap_or(t.begun);
    let mut out = format!("{} bytes", e.response.total);
    for (what, at) in [
        ("connected", t.connected.filter(|_| !e.reused)),
        ("sent", t.request_sent),
        ("first byte", t.first_byte),
        ("done", t.ended),
    ] {
        if let Some(at) = at {
            let micros = at.saturating_sub(begun);
            out.push_str(&format!("  {what} {}.{} ms", micros / 1000, micros % 1000 / 100));
        }
    }
    out
}

/// The newest exchanges, one line each.
pub(super) fn strip(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
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
