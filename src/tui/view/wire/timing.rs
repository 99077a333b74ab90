//! When and where an exchange happened, in words; of a group, what it comes to.

use super::super::Pieces;
use super::super::paint::wrap;
use super::words::{glyph, ms, name, status};
use super::{bar, said, timeline};
use crate::app::model::Model;
use crate::app::panes::wire::{Group, Limits, Line, Row};
use crate::domain::text::{visible, width};
use crate::domain::units::{grouped, human_size};
use crate::domain::waterfall::Phase;
use crate::tui::theme::Role;

/// What is selected in the timeline: its title and lines.
pub(super) fn selected(model: &Model, cells: usize) -> Option<(String, Vec<Pieces>)> {
    let row = model.wire.current_row()?;
    match model.wire.line(model.wire.at()) {
        Some(Line::Group(deed)) => {
            let group = model.wire.group(deed)?;
            Some((timeline::deed(&group.deed), of_group(model, group, row, cells)))
        }
        _ => Some((format!("#{} {}", row.id.0, name(row)), of_exchange(model, row, cells))),
    }
}

/// The lines of an exchange: where its time went, on which connection, for what, and what became of it.
pub(super) fn of_exchange(model: &Model, row: &Row, cells: usize) -> Vec<Pieces> {
    let mut out = phases(model, row, cells);
    let mut more =
        |text: String, role: Role| out.extend(wrap(&text, cells).into_iter().map(|l| said(l, role)));
    if let Some(why) = &row.why {
        more(
            format!("{}: {why}", status(row.state).0),
            if row.state.is_bad() { Role::Bad } else { Role::Text },
        );
    }
    if let Some(words) = attempts(model, row) {
        more(words, Role::Text);
    }
    more(connection(model, row), Role::Text);
    if let Some(purpose) = timeline::purpose(row) {
        more(format!("for: {purpose}"), Role::Muted);
    }
    if row.sender.is_elsewhere() {
        more("Times are the sandbox's: when it read and wrote.".into(), Role::Muted);
    }
    if let Some(words) = dropped(model, row) {
        more(words, Role::Warning);
    }
    out
}

fn of_group(model: &Model, group: &Group, face: &Row, cells: usize) -> Vec<Pieces> {
    let now = model.wire.frozen_at().unwrap_or(model.now);
    let (begun, ended) = group.span(now);
    let mut words = format!("{} in {}", timeline::counts(group), ms(ended.saturating_sub(begun)));
    if group.under_way() > 0 {
        words.push_str(&format!(", {} under way", grouped(group.under_way() as u64)));
    }
    if group.gone > 0 {
        words.push_str(&format!(", {} older ones dropped", grouped(group.gone as u64)));
    }
    let mut out: Vec<Pieces> = wrap(&words, cells).into_iter().map(|l| said(l, Role::Text)).collect();
    let stands = if face.state.is_bad() { "the first in trouble" } else { "the newest" };
    out.push(said(format!("shown: #{} {}, {stands}", face.id.0, name(face)), Role::Muted));
    out.extend(of_exchange(model, face, cells));
    out
}

/// Each phase with its glyph and its time; what the bars are drawn with.
fn phases(model: &Model, row: &Row, cells: usize) -> Vec<Pieces> {
    let mut out = vec![Pieces::new()];
    let mut used = 0;
    for span in bar::all(model, row) {
        let (symbol, role) = glyph(span.phase);
        let name = match span.phase {
            Phase::Held if !row.is_over() && row.timing().released.is_none() => "held so far",
            Phase::Connect if row.reused => "took a connection",
            phase => phase.name(),
        };
        let words = format!("{name} {}  ", ms(span.to - span.from));
        if used > 0 && used + width(&words) > cells {
            out.push(Pieces::new());
            used = 0;
        }
        used += width(&words) + 2;
        if let Some(line) = out.last_mut() {
            line.extend([(format!("{symbol} "), role), (words, Role::Text)]);
        }
    }
    if let Some(line) = out.last_mut().filter(|_| !row.is_over()) {
        line.push(("so far".into(), Role::Muted));
    }
    out
}

fn connection(model: &Model, row: &Row) -> String {
    let mut out = format!("{} bytes sent, {} read", grouped(row.sent), grouped(row.received));
    if row.connection > 0 {
        let used = if row.reused { "· reused" } else { "● new" };
        out.push_str(&format!("  connection {} {used}", row.connection));
    }
    if let Some(e) = model.wire.by_id(row.id) {
        let tls = e.tls.as_ref().map_or_else(|| "plain".to_owned(), |t| visible(t));
        out.push_str(&format!("  {}  {tls}", visible(&e.peer)));
    }
    out
}

/// Which attempt it is, and where the others are.
fn attempts(model: &Model, row: &Row) -> Option<String> {
    let link = |id| model.wire.row(id).map(|r| format!("#{} ({})", r.id.0, status(r.state).0));
    let before = row.earlier().and_then(link).map(|it| format!("after {it}"));
    let after = row.later().and_then(link).map(|it| format!("tried again as {it}"));
    let told: Vec<String> = [before, after].into_iter().flatten().collect();
    match (told.is_empty(), row.attempt) {
        (true, 0 | 1) => None,
        (true, n) => Some(format!("attempt {n}; those before it are not kept")),
        (false, n) => Some(format!("attempt {n}, {}; o goes to the others", told.join(", "))),
    }
}

/// Why request and response are not to be seen.
pub(super) fn dropped(model: &Model, row: &Row) -> Option<String> {
    model.wire.by_id(row.id).is_none().then(|| {
        format!("The bytes were dropped to keep captures within {}.", human_size(Limits::USUAL.bytes as u64))
    })
}
