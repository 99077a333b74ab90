//! Step: the state machine, the parts, and the request that is about to leave.

use super::Pieces;
use super::paint::{footer_note, lines, pane, said, title_role, wrapped};
use crate::app::command::Pane;
use crate::app::model::Model;
use crate::domain::preview::preview;
use crate::domain::text::visible;
use crate::domain::units::{grouped, human_size};
use crate::domain::wire_lines::{Kind, Line, is_added, lines as wire_lines};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn draw(model: &Model, which: Pane, rect: Rect, theme: Theme, buf: &mut Buffer) {
    match which {
        Pane::States => super::bench::draw(model, rect, theme, buf),
        Pane::Form => super::draft::form(model, rect, theme, buf),
        Pane::Parts => super::ledger::draw(model, rect, theme, buf),
        _ => request(model, rect, theme, buf),
    }
}

/// Lines of a long body that are made beyond the first one shown.
const AHEAD: usize = 200;

/// What stands in place of the next request while parts are sent by themselves.
const RUNNING: &str = "  A run is under way: w shows what it sends, p pauses it.";

fn request(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    if model.step.drafting.is_some() {
        let room = usize::from(rect.width.saturating_sub(2));
        return super::draft::request(model, rect, super::expect::lines(model, room), theme, buf);
    }
    let focused = model.pane() == Pane::Request;
    let title = match model.step.held.len() {
        0 if model.step.bench().is_some_and(|b| b.run.is_some() && b.machine.is_busy()) => {
            "Sent by the run, not held".to_owned()
        }
        0 => "About to send, as planned".to_owned(),
        1 => held_title(model),
        n => format!("HELD: {n} requests; this one is the first"),
    };
    let inside = pane(rect, &title, focused, theme, buf);
    let all = request_lines(model, usize::from(inside.width));
    lines(inside, model.step.request_top, &all, theme, buf);
    if !model.step.held.is_empty() {
        title_role(rect, Role::Warning, theme, buf);
        footer_note(rect, "Enter releases it   x drops it", theme, buf);
    }
}

/// What is held, and of which upload when that is not the one shown.
fn held_title(model: &Model) -> String {
    let Some(e) = model.step.held.first().and_then(|h| model.wire.by_id(h.exchange)) else {
        return "HELD".into();
    };
    let here = model.step.bench().is_some_and(|b| b.machine.is_busy());
    let whose = if here { "" } else { " (not of the upload shown)" };
    let attempt = if e.attempt > 1 { format!("attempt {}: ", e.attempt) } else { String::new() };
    match e.request_length().filter(|whole| *whole > e.request.total) {
        Some(whole) => {
            let (kept, whole) = (human_size(e.request.total), human_size(whole));
            format!("HELD{whose}: {attempt}signed, the first {kept} of {whole}; nothing of it has left")
        }
        None => format!("HELD{whose}: {attempt}signed, complete, nothing has left"),
    }
}

/// The held request byte for byte, or the planned one.
pub(super) fn request_lines(model: &Model, cells: usize) -> Vec<Pieces> {
    let mut out = super::expect::lines(model, cells);
    out.extend(wrapped(request_pieces(model), cells));
    out
}

fn request_pieces(model: &Model) -> Vec<Pieces> {
    if let Some(exchange) = model.step.held.first().and_then(|h| model.wire.by_id(h.exchange)) {
        let mut out: Vec<Pieces> = wire_lines(&exchange.request, model.wire.reading.mode, model.revealing())
            .into_iter()
            .map(wire_line)
            .collect();
        let size = match exchange.request_length().filter(|whole| *whole > exchange.request.total) {
            Some(whole) => format!(
                "first {} of {} bytes; the rest is made as it leaves",
                grouped(exchange.request.total),
                grouped(whole)
            ),
            None => format!("{} bytes in all", grouped(exchange.request.total)),
        };
        out.push(said(
            format!("  {size}; + was added by the signer, the SDK or the HTTP stack"),
            Role::Muted,
        ));
        return out;
    }
    let Some(bench) = model.step.bench() else {
        return vec![said("  The request of the next call will stand here before it is sent.", Role::Muted)];
    };
    if bench.run.is_some() && bench.machine.is_busy() {
        return vec![said(RUNNING, Role::Muted)];
    }
    let Some(wanted) = bench.next_move(model.pane() == Pane::Parts) else {
        let words = match bench.machine.is_busy() {
            true => "  Waiting for S3's answer.",
            false => "  No call is left: this upload has ended. n plans another; w shows the wire.",
        };
        return vec![said(words, Role::Muted)];
    };
    // Lines far below what is shown are not made; the next key makes them when it goes there.
    let rows = model.step.request_top.saturating_add(AHEAD);
    if let Some(written) = model.step.forecast.as_ref().and_then(|f| f.written.as_ref()) {
        return planned(written, rows);
    }
    match bench.machine.operation(wanted) {
        Ok(operation) => planned(&preview(&operation), rows),
        Err(why) => vec![said(why.to_string(), Role::Muted)],
    }
}

fn planned(p: &crate::domain::preview::Preview, rows: usize) -> Vec<Pieces> {
    let mut out = vec![vec![("  ".into(), Role::Text), (visible(&p.start()), Role::Title)]];
    for (name, value) in &p.headers {
        let role = if is_added(name) { Role::Muted } else { Role::Text };
        out.push(vec![("  ".into(), Role::Text), (visible(&format!("{name}: {value}")), role)]);
    }
    out.push(said(
        "+ host, x-amz-date, x-amz-content-sha256, authorization and others are added when it is signed; hold shows all",
        Role::Muted,
    ));
    out.extend(p.body.iter().take(rows).map(|l| vec![("  ".into(), Role::Text), (visible(l), Role::Linked)]));
    out
}

/// A wire line with its margin mark: `+` for what the signer, the SDK or the HTTP stack added.
pub(super) fn wire_line(line: Line) -> Pieces {
    let (lead, role) = match line.kind {
        Kind::Start => ("  ", Role::Title),
        Kind::Header => ("  ", Role::Text),
        Kind::Added => ("+ ", Role::Muted),
        Kind::Body => ("  ", Role::Linked),
        Kind::Note if line.text.is_empty() => ("", Role::Text),
        Kind::Note => ("· ", Role::Warning),
    };
    vec![(lead.to_owned(), Role::Muted), (line.text, role)]
}
