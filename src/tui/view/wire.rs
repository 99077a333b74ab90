//! Wire: the timeline, request and response with what a line means, and the strip under every other screen.

mod bar;
mod detail;
mod side;
mod strip;
mod timeline;
mod timing;
mod words;

use super::paint::{footer_note, line, lines, pane, said, select, wrapped};
use super::step::wire_line;
use crate::app::command::{Pane, Screen};
use crate::app::model::Model;
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) use side::row_of;

pub(super) fn draw(model: &Model, which: Pane, rect: Rect, theme: Theme, buf: &mut Buffer) {
    match which {
        Pane::Timeline => timeline::draw(model, rect, theme, buf),
        _ => side::draw(model, which, rect, theme, buf),
    }
}

/// What stands under the panes: the newest exchanges, or on the Wire screen what the line under the cursor means.
pub(super) fn below(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    match model.screen {
        Screen::Wire => detail::draw(model, rect, theme, buf),
        _ => strip::draw(model, rect, theme, buf),
    }
}

/// Name of the call, with its part number and its attempt.
pub(super) fn name(e: &Exchange) -> String {
    let retry = if e.attempt > 1 { format!(" ↻{}", e.attempt) } else { String::new() };
    match query_value(&start_line(e), "partNumber") {
        Some(n) => format!("{} #{n}{retry}", e.kind),
        None => format!("{}{retry}", e.kind),
    }
}

/// How many exchanges the list shows, and of how many.
pub(super) fn shown(model: &Model) -> String {
    let wire = &model.wire;
    let going_on =
        if wire.looking().accepted().is_some_and(|a| a.below().is_some()) { ", still looking" } else { "" };
    match wire.looking().filter() {
        None => format!("{} shown", wire.total()),
        Some(_) => format!("{} of {} shown{going_on}", wire.len(), wire.total()),
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

/// The `<Code>` of an error document, wherever the status line says what.
fn error_code(e: &Exchange) -> Option<String> {
    let body = e.response_body();
    let text = std::str::from_utf8(body.get(..body.len().min(4096))?).ok()?;
    let error = text.find("<Error>")?;
    let (_, after) = text.get(error..)?.split_once("<Code>")?;
    Some(visible(after.split('<').next()?))
}
