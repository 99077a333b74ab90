//! The ledger: a row for each part, as many columns as there is room for.

use super::Pieces;
use super::paint::{footer_note, line, lines, pane, said, select, text};
use super::rescue::{MARK, is_compared, mark};
use super::run::{in_line, is_held};
use crate::app::command::Pane;
use crate::app::model::Model;
use crate::app::panes::step::Bench;
use crate::domain::operation::PartBody;
use crate::domain::outcome::ServiceError;
use crate::domain::plan::PartSource;
use crate::domain::text::{cut_middle, visible};
use crate::domain::units::{grouped, human_size};
use crate::domain::upload::{PartEntry, PartState, UploadState};
use crate::tui::regions::{list_rows, list_top};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// How many columns there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Columns {
    /// Number, size, state, and one of source, ETag or error.
    Few,
    /// With the bytes beside.
    More,
    /// With tries and checksum too.
    All,
}

impl Columns {
    fn of(width: u16) -> Self {
        match width {
            0..68 => Self::Few,
            68..100 => Self::More,
            _ => Self::All,
        }
    }

    fn heading(self, compared: bool) -> String {
        let compared = if compared { format!("{:<MARK$}", "compared") } else { String::new() };
        let few = format!("      #        size  state       {compared}");
        match self {
            Self::Few => format!("{few}ETag or error"),
            Self::More => format!("{few}{:<24}ETag or error", "bytes"),
            Self::All => format!("{few}{:<24}{:>5}  {:<36}checksum", "bytes", "tries", "ETag or error"),
        }
    }
}

pub(super) fn draw(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let focused = model.pane() == Pane::Parts;
    let Some(bench) = model.step.bench() else {
        pane(rect, "Parts", focused, theme, buf);
        return;
    };
    let numbers = bench.machine.numbers();
    let inside = pane(rect, &title(bench, rect.width), focused, theme, buf);
    if numbers.is_empty() {
        let all = vec![
            text("No part is planned or known."),
            said("g plans a generated part, f parts of a file,", Role::Muted),
            said("4 asks S3 which parts it has.", Role::Muted),
        ];
        return lines(inside, 0, &all, theme, buf);
    }
    let compared = is_compared(bench);
    let columns = match Columns::of(inside.width) {
        // How each part compares with a source takes the place of its bytes.
        Columns::More if compared => Columns::Few,
        columns => columns,
    };
    line(inside, 0, &said(columns.heading(compared), Role::Muted), theme, buf);
    let rows = list_rows(rect);
    let top = list_top(bench.part_at, numbers.len(), rows);
    let shown = numbers.iter().enumerate().skip(top).take(rows);
    for (row, (index, number)) in (1..=u16::try_from(rows).unwrap_or(u16::MAX)).zip(shown) {
        let Some(entry) = bench.machine.parts().get(number) else { continue };
        line(inside, row, &part_row(model, bench, entry, index, columns), theme, buf);
        if index == bench.part_at {
            select(inside, row, focused, theme, buf);
        }
    }
    let marked = match bench.marked.len() {
        0 => String::new(),
        n => format!("{n} marked  "),
    };
    footer_note(rect, &format!("{marked}{} of {}", bench.part_at + 1, numbers.len()), theme, buf);
}

/// How many parts are in which state; in signs where words have no room.
fn title(bench: &Bench, width: u16) -> String {
    let machine = &bench.machine;
    let p = machine.progress();
    let replacing = machine.replacing();
    let on_way = p.in_flight.saturating_sub(in_line(bench));
    let planned = p.parts.saturating_sub(p.done + on_way + p.failed + p.doubtful + replacing);
    let all = [
        (p.done, "✓", "stored"),
        (on_way, "→", "on way"),
        (planned, "○", "planned"),
        (replacing, "↻", "replacing"),
        (p.failed, "✗", "refused"),
        (p.doubtful, "!", "doubtful"),
    ];
    let count = |n: usize| grouped(u64::try_from(n).unwrap_or(u64::MAX));
    let shown = |words: bool| -> String {
        all.iter()
            .filter(|(n, ..)| *n > 0)
            .map(|(n, sign, word)| match words {
                true => format!("  {sign} {} {word}", count(*n)),
                false => format!(" {sign}{}", count(*n)),
            })
            .collect()
    };
    let (name, long) = (format!("Parts {}", count(p.parts)), shown(true));
    let room = usize::from(width.saturating_sub(6));
    if crate::domain::text::width(&name) + crate::domain::text::width(&long) <= room {
        format!("{name}{long}")
    } else {
        format!("{name}{}", shown(false))
    }
}

fn part_row(model: &Model, bench: &Bench, entry: &PartEntry, index: usize, columns: Columns) -> Pieces {
    let freed = matches!(bench.machine.state(), UploadState::Aborted | UploadState::Gone);
    let held = matches!(entry.state, PartState::InFlight(id) if is_held(model, id));
    let chosen = index == bench.part_at;
    let marked = bench.marked.contains(&entry.planned.number);
    // A refusal or a lost answer is not the last word while the run will try again.
    let tries =
        |run: &crate::app::panes::run::Run| run.ending.is_none() && run.pace.waits(entry.planned.number);
    let again = bench.run.as_ref().is_some_and(tries);
    let (state, role) = match entry.state {
        PartState::Failed(_) | PartState::Doubtful if again => ("… again", Role::Warning),
        PartState::InFlight(id) if bench.run.as_ref().is_some_and(|run| run.in_line.contains(&id)) => {
            ("○ next", Role::Muted)
        }
        _ => state_words(entry, freed, held),
    };
    let size = if freed { entry.planned.size } else { entry.size() };
    let size = size.map_or_else(|| "not known".to_owned(), human_size);
    let detail_role = if matches!(entry.state, PartState::Done(_)) { Role::Linked } else { Role::Muted };
    let mut out = vec![
        (format!("{}{}", if chosen { "▶" } else { " " }, if marked { "+" } else { " " }), Role::Accent),
        (format!("{:>5}  ", entry.planned.number), Role::Text),
        (format!("{size:>10}  "), Role::Text),
        (format!("{state:<11} "), role),
    ];
    // What a comparison with a source found stands before the ETag it speaks of.
    if is_compared(bench) {
        out.push(mark(bench, entry.planned.number).unwrap_or_else(|| (" ".repeat(MARK), Role::Text)));
    }
    let tries = |n: u32| if n > 1 { format!(" ({n} tries)") } else { String::new() };
    match columns {
        Columns::Few => {
            let what = answer(entry, freed).unwrap_or_else(|| source(entry));
            out.push((format!("{what}{}", tries(entry.attempts)), detail_role));
        }
        Columns::More => {
            out.push((format!("{:<24}", cut_middle(&bytes(entry), 23)), Role::Muted));
            let what = answer(entry, freed).unwrap_or_default();
            out.push((format!("{what}{}", tries(entry.attempts)), detail_role));
        }
        Columns::All => {
            out.push((format!("{:<24}", cut_middle(&bytes(entry), 23)), Role::Muted));
            out.push((format!("{:>5}  ", entry.attempts), Role::Muted));
            let what = answer(entry, freed).unwrap_or_default();
            out.push((format!("{:<36}", cut_middle(&what, 35)), detail_role));
            out.push((checksum(entry), Role::Muted));
        }
    }
    out
}

fn state_words(entry: &PartEntry, freed: bool, held: bool) -> (&'static str, Role) {
    match &entry.state {
        PartState::Done(_) if freed => ("○ freed", Role::Muted),
        PartState::Planned if entry.stored.is_some() => ("↻ replaces", Role::Warning),
        PartState::Planned => ("○ planned", Role::Muted),
        PartState::InFlight(_) if held => ("■ held", Role::Warning),
        PartState::InFlight(_) => ("→ on way", Role::Accent),
        PartState::Done(_) => ("✓ stored", Role::Good),
        PartState::Failed(_) => ("✗ refused", Role::Bad),
        PartState::Doubtful => ("! doubtful", Role::Warning),
    }
}

/// What S3 said of the part, if it said anything.
fn answer(entry: &PartEntry, freed: bool) -> Option<String> {
    match &entry.state {
        PartState::Done(_) if freed => Some("went with the upload".into()),
        PartState::Done(out) => Some(visible(&out.etag.to_string())),
        PartState::Failed(ServiceError { code, .. }) => Some(visible(code)),
        PartState::Doubtful => Some("answer lost; 4 asks S3".into()),
        PartState::Planned | PartState::InFlight(_) => None,
    }
}

fn checksum(entry: &PartEntry) -> String {
    let Some(out) = &entry.stored else { return String::new() };
    let all = out.checksums.values.iter();
    all.map(|(name, value)| visible(&format!("{name} {value}"))).collect::<Vec<_>>().join(" ")
}

fn source(entry: &PartEntry) -> String {
    match &entry.planned.source {
        PartSource::Copy(Some(range)) => visible(range),
        PartSource::Copy(None) => "whole source".into(),
        PartSource::Body(PartBody::Generated { .. }) => "generated bytes".into(),
        PartSource::Body(PartBody::File { path, .. }) => visible(&path.display().to_string()),
        PartSource::Foreign => "sent by another client".into(),
    }
}

/// Which bytes of its source the part is: first and last, counted from 0.
fn bytes(entry: &PartEntry) -> String {
    match &entry.planned.source {
        PartSource::Copy(Some(range)) => visible(range.strip_prefix("bytes=").unwrap_or(range)),
        PartSource::Body(PartBody::File { offset, len, .. }) if *len > 0 => {
            format!("{offset}-{}", offset.saturating_add(len - 1))
        }
        _ => source(entry),
    }
}
