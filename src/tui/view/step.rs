//! Step: the state machine, the parts, and the request that is about to leave.

use super::Pieces;
use super::paint::{footer_note, line, lines, pane, said, select, text, title_role, wrapped};
use crate::app::command::Pane;
use crate::app::model::Model;
use crate::app::wiretext::{Kind, is_added, lines as wire_lines};
use crate::domain::outcome::ServiceError;
use crate::domain::plan::PartSource;
use crate::domain::preview::preview;
use crate::domain::text::visible;
use crate::domain::units::{grouped, human_size};
use crate::domain::upload::{PartEntry, PartState, UploadState};
use crate::tui::regions::{list_rows, list_top};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn draw(model: &Model, which: Pane, rect: Rect, theme: Theme, buf: &mut Buffer) {
    match which {
        Pane::States => super::bench::draw(model, rect, theme, buf),
        Pane::Form => super::draft::form(model, rect, theme, buf),
        Pane::Parts => parts(model, rect, theme, buf),
        _ => request(model, rect, theme, buf),
    }
}

fn parts(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let focused = model.pane() == Pane::Parts;
    let Some(bench) = model.step.bench() else {
        pane(rect, "Parts", focused, theme, buf);
        return;
    };
    let ledger = bench.machine.parts();
    let inside = pane(
        rect,
        &format!("Parts {}", grouped(u64::try_from(ledger.len()).unwrap_or(0))),
        focused,
        theme,
        buf,
    );
    if ledger.is_empty() {
        let all = vec![
            text("No part is planned or known."),
            said("g plans a generated part, f parts of a file,", Role::Muted),
            said("4 asks S3 which parts it has.", Role::Muted),
        ];
        return lines(inside, 0, &all, theme, buf);
    }
    line(inside, 0, &said("      #        size  state       ETag or error", Role::Muted), theme, buf);
    let freed = matches!(bench.machine.state(), UploadState::Aborted | UploadState::Gone);
    let rows = list_rows(rect);
    let top = list_top(bench.part_at, ledger.len(), rows);
    for (row, (index, entry)) in
        (1..=u16::try_from(rows).unwrap_or(u16::MAX)).zip(ledger.values().enumerate().skip(top))
    {
        let marked = bench.marked.contains(&entry.planned.number);
        let mut pieces = part_row(entry, marked, index == bench.part_at, is_held(model, entry), freed);
        if let Some(mark) = super::rescue::mark(bench, entry.planned.number) {
            pieces.insert(pieces.len().saturating_sub(1), mark);
        }
        line(inside, row, &pieces, theme, buf);
        if index == bench.part_at {
            select(inside, row, focused, theme, buf);
        }
    }
    let marked = bench.marked.len();
    let note = if marked > 0 {
        format!("{marked} marked  {} of {}", bench.part_at + 1, ledger.len())
    } else {
        format!("{} of {}", bench.part_at + 1, ledger.len())
    };
    footer_note(rect, &note, theme, buf);
}

pub(super) fn is_held(model: &Model, entry: &PartEntry) -> bool {
    matches!(entry.state, PartState::InFlight(id) if model.step.held.iter().any(|h| h.operation == id))
}

fn part_row(entry: &PartEntry, marked: bool, chosen: bool, held: bool, freed: bool) -> Pieces {
    let lead = format!("{}{}", if chosen { "▶" } else { " " }, if marked { "+" } else { " " });
    let number = format!("{:>5}  ", entry.planned.number);
    let again = if entry.attempts > 1 { format!(" ({} tries)", entry.attempts) } else { String::new() };
    let (state, role, detail, size) = match &entry.state {
        PartState::Done(_) if freed => {
            ("○ freed", Role::Muted, "went with the upload".into(), entry.planned.size)
        }
        PartState::Planned if entry.stored.is_some() => {
            ("○ replaces", Role::Warning, source(entry), entry.planned.size)
        }
        PartState::Planned => ("○ planned", Role::Muted, source(entry), entry.planned.size),
        PartState::InFlight(_) if held => ("■ held", Role::Warning, source(entry), entry.planned.size),
        PartState::InFlight(_) => ("→ on way", Role::Accent, source(entry), entry.planned.size),
        PartState::Done(out) => {
            ("✓ stored", Role::Good, visible(&out.etag.to_string()), out.size.unwrap_or(entry.planned.size))
        }
        PartState::Failed(ServiceError { code, .. }) => {
            ("✗ refused", Role::Bad, visible(code), entry.planned.size)
        }
        PartState::Doubtful => {
            ("! doubtful", Role::Warning, "answer lost; 4 asks S3".into(), entry.planned.size)
        }
    };
    vec![
        (lead, Role::Accent),
        (number, Role::Text),
        (format!("{:>10}  ", human_size(size)), Role::Text),
        (format!("{state:<11} "), role),
        (
            format!("{detail}{again}"),
            if matches!(entry.state, PartState::Done(_)) { Role::Linked } else { Role::Muted },
        ),
    ]
}

fn source(entry: &PartEntry) -> String {
    match &entry.planned.source {
        PartSource::Copy(Some(range)) => visible(range),
        PartSource::Copy(None) => "whole source".into(),
        PartSource::Body(crate::domain::operation::PartBody::Generated { .. }) => "generated bytes".into(),
        PartSource::Body(crate::domain::operation::PartBody::File { path, .. }) => {
            visible(&path.display().to_string())
        }
        PartSource::Foreign => "sent by another client".into(),
    }
}

fn request(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    if model.step.drafting.is_some() {
        let room = usize::from(rect.width.saturating_sub(2));
        return super::draft::request(model, rect, super::expect::lines(model, room), theme, buf);
    }
    let focused = model.pane() == Pane::Request;
    let title = match model.step.held.len() {
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
        let mut out: Vec<Pieces> = wire_lines(&exchange.request, model.wire.mode, model.revealing())
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
    let Some(wanted) = bench.next_move(model.pane() == Pane::Parts) else {
        let words = match bench.machine.is_busy() {
            true => "  Waiting for S3's answer.",
            false => "  No call is left: this upload has ended. n plans another; w shows the wire.",
        };
        return vec![said(words, Role::Muted)];
    };
    match bench.machine.operation(wanted) {
        Ok(operation) => planned(&preview(&operation)),
        Err(why) => vec![said(why.to_string(), Role::Muted)],
    }
}

fn planned(p: &crate::domain::preview::Preview) -> Vec<Pieces> {
    let mut out = vec![vec![("  ".into(), Role::Text), (visible(&p.start()), Role::Title)]];
    for (name, value) in &p.headers {
        let role = if is_added(name) { Role::Muted } else { Role::Text };
        out.push(vec![("  ".into(), Role::Text), (visible(&format!("{name}: {value}")), role)]);
    }
    out.push(said(
        "+ host, x-amz-date, x-amz-content-sha256, authorization and others are added when it is signed; hold shows all",
        Role::Muted,
    ));
    out.extend(p.body.iter().map(|l| vec![("  ".into(), Role::Text), (visible(l), Role::Linked)]));
    out
}

/// A wire line with its margin mark: `+` for what the signer, the SDK or the HTTP stack added.
pub(super) fn wire_line(line: crate::app::wiretext::Line) -> Pieces {
    let (lead, role) = match line.kind {
        Kind::Start => ("  ", Role::Title),
        Kind::Header => ("  ", Role::Text),
        Kind::Added => ("+ ", Role::Muted),
        Kind::Body => ("  ", Role::Linked),
        Kind::Note => ("· ", Role::Warning),
    };
    vec![(lead.to_owned(), Role::Muted), (line.text, role)]
}
