//! An open upload beside the source one goes on with: how each part stands, and what can be done.

use super::Pieces;
use super::paint::{footer_note, lines, pane, said, wrap};
use crate::app::model::Model;
use crate::app::panes::rescue::{Rescue, State};
use crate::app::panes::step::Bench;
use crate::domain::rescue::{Compared, Standing};
use crate::domain::text::cut_end;
use crate::domain::units::{PartNumber, grouped, human_size};
use crate::domain::upload::{PartState, UploadState};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn draw(model: &Model, rect: Rect, top: usize, theme: Theme, buf: &mut Buffer) {
    let inside = pane(rect, "Go on with this upload   parts that are not proved first", true, theme, buf);
    let room = usize::from(inside.width);
    let head = heading(model, room);
    lines(inside, top, &head, theme, buf);
    let above = u16::try_from(head.len().saturating_sub(top)).unwrap_or(u16::MAX).min(inside.height);
    let body = Rect { y: inside.y + above, height: inside.height - above, ..inside };
    let shown = rows(model, room, top.saturating_sub(head.len()), usize::from(body.height));
    lines(body, 0, &shown, theme, buf);
    let rescue = model.step.bench().and_then(|b| b.rescue.as_ref());
    let keys = match rescue.map(|r| (&r.state, r)) {
        Some((State::Ready, r)) if r.too_small().is_some() => {
            "n another size or source   a abort   Esc leave"
        }
        Some((State::Ready, r)) if r.cannot_fit().is_some() => {
            "n another source   s start over   a abort   Esc leave"
        }
        Some((State::Ready, _)) => "c go on   s start over   a abort   n another source   Esc leave",
        Some((State::Failed(_), _)) => "n another source   a abort   Esc leave",
        _ => "Enter leaves it running   Esc calls it off",
    };
    footer_note(rect, keys, theme, buf);
}

/// How many lines there are in `room` cells.
pub(super) fn length(model: &Model, room: usize) -> usize {
    let Some(rescue) = model.step.bench().and_then(|b| b.rescue.as_ref()) else { return 0 };
    let rows = if rescue.state == State::Ready { rescue.result.parts.len() } else { 0 };
    heading(model, room).len() + rows
}

/// What stands above the parts.
fn heading(model: &Model, room: usize) -> Vec<Pieces> {
    let Some(bench) = model.step.bench() else { return Vec::new() };
    let Some(rescue) = bench.rescue.as_ref() else { return Vec::new() };
    let mut out = Vec::new();
    let mut put = |words: &str, role: Role| out.extend(wrap(words, room).into_iter().map(|l| said(l, role)));
    put(&format!("source  {}", rescue.supply.name()), Role::Title);
    match &rescue.state {
        State::Asking => put("asking S3 about the object…", Role::Muted),
        State::Hashing { done, of, .. } => put(&hashing(*done, *of), Role::Text),
        State::Failed(why) => put(why, Role::Bad),
        State::Ready => {
            for (words, role) in head(bench, rescue) {
                put(&words, role);
            }
            out.push(Vec::new());
        }
    }
    out
}

fn hashing(done: u64, of: Option<u64>) -> String {
    match of.filter(|of| *of > 0) {
        Some(of) => {
            let share = u128::from(done) * 100 / u128::from(of);
            format!("hashing {} of {}, {share} %", human_size(done), human_size(of))
        }
        None => "hashing…".into(),
    }
}

fn head(bench: &Bench, rescue: &Rescue) -> Vec<(String, Role)> {
    let mut out = Vec::new();
    if let Some(source) = rescue.source() {
        let version = source.object.version_id.map_or(String::new(), |id| format!(" and version {id}"));
        out.push((format!("pinned by If-Match {}{version}", source.etag), Role::Muted));
    }
    if let Some(layout) = &rescue.layout {
        let size =
            layout.uniform_size().map_or_else(|| "several sizes".into(), |n| format!("{} bytes", grouped(n)));
        let words = format!("cut     {} parts of {size}: {}", layout.count(), rescue.grounds);
        out.push((words, Role::Muted));
    }
    if let Some(etag) = &rescue.etag {
        out.push((format!("gives   ETag {etag}, if the ETags of parts are MD5s"), Role::Muted));
    }
    out.push((rescue.result.short(), Role::Text));
    if rescue.is_whole(&bench.machine) {
        out.push((
            "the parts that are held together give this ETag: their bytes are the source's".into(),
            Role::Good,
        ));
    }
    if let Some(why) = rescue.blocked() {
        out.push((why, Role::Bad));
        return out;
    }
    if let Some(why) = rescue.result.misfit() {
        out.push((format!("this may be an upload of something else: {why}"), Role::Warning));
    }
    let left = rescue.left(&bench.machine);
    out.push(match (bench.machine.state(), left.is_empty()) {
        (UploadState::Open, true) => ("nothing is left to plan".into(), Role::Good),
        (UploadState::Open, false) => {
            (format!("c plans {}; nothing is sent by it", Rescue::left_words(&left)), Role::Text)
        }
        _ => ("the upload is not open any more".into(), Role::Warning),
    });
    out
}

/// A glyph and a word.
fn sign(standing: &Standing) -> (&'static str, Role) {
    match standing {
        Standing::Same { .. } => ("✓ same", Role::Good),
        Standing::SizeOnly => ("? not compared", Role::Warning),
        Standing::Different { .. } => ("≠ different", Role::Bad),
        Standing::Missing => ("○ missing", Role::Warning),
        Standing::Extra => ("✗ extra", Role::Bad),
    }
}

/// Cells of what the comparison says of a part.
pub(super) const MARK: usize = 15;

/// How a part stands, for its row of the ledger; what was sent from the source is so because this program sent it.
pub(super) fn mark(bench: &Bench, number: PartNumber) -> Option<(String, Role)> {
    let rescue = bench.rescue.as_ref().filter(|r| r.state == State::Ready)?;
    let entry = bench.machine.parts().get(&number)?;
    let stored = matches!(entry.state, PartState::Done(_)) || entry.stored.is_some();
    let standing = rescue.result.standing(number).filter(|_| stored)?;
    let (word, role) = match standing {
        Standing::SizeOnly if rescue.sent(entry) => ("✓ sent here", Role::Good),
        other => sign(other),
    };
    Some((format!("{word:<MARK$}"), role))
}

/// Whether the parts of an upload were compared with a source.
pub(super) fn is_compared(bench: &Bench) -> bool {
    bench.rescue.as_ref().is_some_and(|r| r.state == State::Ready)
}

/// Rows of the parts from `skip` on, those that matter most first.
fn rows(model: &Model, room: usize, skip: usize, most: usize) -> Vec<Pieces> {
    let Some(bench) = model.step.bench() else { return Vec::new() };
    let Some(rescue) = bench.rescue.as_ref().filter(|r| r.state == State::Ready) else { return Vec::new() };
    let rank = |standing: &Standing| match standing {
        Standing::Extra => 0,
        Standing::Different { .. } => 1,
        Standing::Missing => 2,
        Standing::SizeOnly => 3,
        Standing::Same { .. } => 4,
    };
    let mut all: Vec<&Compared> = rescue.result.parts.iter().collect();
    all.sort_by_key(|part| rank(&part.standing));
    all.into_iter().skip(skip).take(most).map(|part| row(bench, rescue, part, room)).collect()
}

fn row(bench: &Bench, rescue: &Rescue, part: &Compared, room: usize) -> Pieces {
    let entry = bench.machine.parts().get(&part.part_number);
    let sent = part.standing == Standing::SizeOnly && entry.is_some_and(|e| rescue.sent(e));
    let planned = entry.is_some_and(|e| e.state == PartState::Planned);
    let (word, role) = if sent { ("✓ sent here", Role::Good) } else { sign(&part.standing) };
    let why = match (sent, planned) {
        (true, _) => "copied from this source, pinned".to_owned(),
        (false, true) => format!("{}; planned", part.standing.words()),
        (false, false) => part.standing.words(),
    };
    vec![
        (format!("{:>6}  ", part.part_number), Role::Text),
        (format!("{word:<16}"), role),
        (cut_end(&why, room.saturating_sub(24)), Role::Muted),
    ]
}
