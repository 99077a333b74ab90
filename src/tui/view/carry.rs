//! The sheet of what a copy will keep, lose or change of its source, losses first.

use super::Pieces;
use super::paint::{footer_note, lines, pane, said, select, wrap};
use crate::app::model::Model;
use crate::app::panes::carry::{Acl, pinned};
use crate::app::panes::step::Bench;
use crate::app::update::carry::rows;
use crate::domain::carry::{Losses, Row, Verdict};
use crate::domain::text::{cut_end, visible, width};
use crate::domain::upload::UploadState;
use crate::tui::regions::list_top;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Cells from which on the values stand side by side.
const WIDE: usize = 96;
const VERDICT: usize = 17;
const NAME: usize = 24;

pub(super) fn draw(model: &Model, rect: Rect, at: usize, theme: Theme, buf: &mut Buffer) {
    let inside = pane(rect, "What the copy keeps and loses   losses first", true, theme, buf);
    let room = usize::from(inside.width);
    let Some(bench) = model.step.bench() else { return };
    let all = rows(model);
    let head = heading(bench, &all, room);
    lines(inside, 0, &head, theme, buf);
    let used = u16::try_from(head.len()).unwrap_or(u16::MAX).min(inside.height);
    let body = Rect { y: inside.y + used, height: inside.height - used, ..inside };
    let mut drawn: Vec<Pieces> = Vec::new();
    let (mut first, mut behind) = (0, 0);
    for (index, row) in all.iter().enumerate() {
        if index == at {
            first = drawn.len();
        }
        drawn.extend(row_lines(row, room));
        if index == at {
            behind = drawn.len();
        }
    }
    // A row of several lines is shown whole where it fits.
    let rows = usize::from(body.height);
    let top = list_top((first + behind) / 2, drawn.len(), rows).min(first);
    lines(body, top, &drawn, theme, buf);
    if let Ok(row) = u16::try_from(first - top)
        && row < body.height
        && !all.is_empty()
    {
        select(body, row, true, theme, buf);
    }
    let keys = match bench.machine.state() {
        UploadState::Planned => "Enter to its field   t take everything   r ask ACL again   Esc leave",
        _ => "r ask for the ACL again   Esc leave",
    };
    footer_note(rect, keys, theme, buf);
}

/// What pins the source, what can still change, and the counts.
fn heading(bench: &Bench, all: &[Row], room: usize) -> Vec<Pieces> {
    let plan = bench.machine.plan();
    let mut out = Vec::new();
    if let (Some(source), Some(words)) = (&plan.source, pinned(plan)) {
        let object = visible(&source.object.uri());
        out.extend(
            wrap(&format!("{object} {}", visible(&words)), room).into_iter().map(|l| said(l, Role::Muted)),
        );
    }
    if *bench.machine.state() != UploadState::Planned {
        let words = "CreateMultipartUpload was sent: nothing here can change in this upload any more. Once the object is \
                     there, its tags (PutObjectTagging) and its ACL (PutObjectAcl) still can.";
        out.extend(wrap(words, room).into_iter().map(|l| said(l, Role::Warning)));
    }
    let count = match Losses::of(all).words() {
        Some(words) => (words, Role::Warning),
        None => ("nothing is lost, as far as it is known".to_owned(), Role::Good),
    };
    let acl = match bench.origin.as_ref().map(|o| &o.acl) {
        Some(Acl::Asking) => "   asking for the ACL (GetObjectAcl)…",
        _ => "",
    };
    out.push(vec![count, (acl.to_owned(), Role::Muted)]);
    out.push(Vec::new());
    if room >= WIDE {
        let value = value_cells(room);
        let names = format!("{:VERDICT$}{:NAME$}{:value$}{:value$}carried by", "", "", "source", "planned");
        out.push(said(names, Role::Muted));
    }
    out
}

fn value_cells(room: usize) -> usize {
    room.saturating_sub(VERDICT + NAME) * 7 / 20
}

fn verdict(row: &Row) -> (&'static str, Role) {
    match &row.verdict {
        Verdict::Kept => ("✓ kept", Role::Good),
        Verdict::Needs(_) if row.source.is_none() => ("! needs you", Role::Muted),
        Verdict::Needs(_) => ("! needs you", Role::Warning),
        Verdict::CannotBeRead(_) if row.source.is_none() => ("? cannot be read", Role::Muted),
        Verdict::CannotBeRead(_) => ("? cannot be read", Role::Warning),
        Verdict::Changes(_) => ("· changes", Role::Muted),
    }
}

fn name(row: &Row) -> String {
    visible(&if row.item { format!("  {}", row.property) } else { row.property.clone() })
}

fn value(of: Option<&String>) -> String {
    of.map_or_else(|| "-".to_owned(), |v| visible(v))
}

/// Text cut to its column and padded.
fn column(text: &str, cells: usize) -> String {
    let cut = cut_end(text, cells.saturating_sub(2));
    let pad = cells.saturating_sub(width(&cut));
    cut + &" ".repeat(pad)
}

fn row_lines(row: &Row, room: usize) -> Vec<Pieces> {
    let (word, role) = verdict(row);
    let mut out = if room >= WIDE { beside(row, room, word, role) } else { below(row, room, word, role) };
    let gap = " ".repeat(VERDICT);
    let why = visible(row.verdict.why());
    if !why.is_empty() {
        let whys = wrap(&why, room.saturating_sub(VERDICT));
        out.extend(whys.into_iter().map(|l| said(format!("{gap}{l}"), Role::Muted)));
    }
    out
}

fn beside(row: &Row, room: usize, word: &str, role: Role) -> Vec<Pieces> {
    let cells = value_cells(room);
    let place = visible(&row.place);
    let fits = width(&place) <= room.saturating_sub(VERDICT + NAME + 2 * cells);
    let mut out = vec![vec![
        (format!("{word:<VERDICT$}"), role),
        (column(&name(row), NAME), Role::Text),
        (column(&value(row.source.as_ref()), cells), Role::Text),
        (column(&value(row.planned.as_ref()), cells), Role::Text),
        (if fits { place.clone() } else { "the header below".into() }, Role::Linked),
    ]];
    if !fits {
        out.push(vec![(" ".repeat(VERDICT), Role::Text), (place, Role::Linked)]);
    }
    out
}

fn below(row: &Row, room: usize, word: &str, role: Role) -> Vec<Pieces> {
    let gap = " ".repeat(VERDICT);
    let cut = |text: String| cut_end(&text, room.saturating_sub(VERDICT));
    let first =
        |more: String| -> Pieces { vec![(format!("{word:<VERDICT$}"), role), (cut(more), Role::Text)] };
    let mut out = if row.source == row.planned {
        vec![first(format!("{}  {}", name(row), value(row.source.as_ref())))]
    } else {
        let sides = [("source ", &row.source), ("planned", &row.planned)];
        let side = |(label, of): (&str, &Option<String>)| {
            vec![(format!("{gap}{label}  "), Role::Muted), (cut(value(of.as_ref())), Role::Text)]
        };
        std::iter::once(first(name(row))).chain(sides.into_iter().map(side)).collect()
    };
    if !row.place.is_empty() {
        out.push(said(format!("{gap}by {}", visible(&row.place)), Role::Linked));
    }
    out
}
