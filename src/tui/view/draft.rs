//! A request being edited: the form, the lines it becomes, and the lists one chooses a form or held calls from.

use super::Pieces;
use super::overlay::clip;
use super::paint::{footer_note, line, lines, pane, said, select, wrapped};
use crate::app::command::Pane;
use crate::app::model::Model;
use crate::app::panes::draft::{Drafting, is_secret};
use crate::domain::draft::{KINDS, Line, LineKind, Place, Said, Slot};
use crate::domain::operation::OperationKind;
use crate::domain::redact::MASK;
use crate::domain::text::visible;
use crate::tui::regions::{Regions, inner, list_rows, list_top};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Cells of a parameter's name, the longest of them included.
const LABEL: usize = 31;

/// Rows of the form that hold fields: one is the heading, one says what the rule of the field says.
pub(super) fn form_rows(rect: Rect) -> usize {
    list_rows(rect).saturating_sub(usize::from(has_heading(rect)))
}

/// Whether there is room for a heading beside the fields.
pub(super) fn has_heading(rect: Rect) -> bool {
    inner(rect).height > 4
}

/// Draws the form.
pub(super) fn form(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let Some(form) = model.step.drafting.as_ref() else { return };
    let focused = model.pane() == Pane::Form;
    let kind = form.draft.kind();
    let broken = match form.broken() {
        _ if form.unsendable().is_some() => "   cannot be sent as it stands".into(),
        0 => String::new(),
        1 => "   one field breaks a rule: it can be sent all the same".into(),
        n => format!("   {n} fields break rules: they can be sent all the same"),
    };
    let inside = pane(rect, &format!("Edit {kind}{broken}"), focused, theme, buf);
    let first = u16::from(has_heading(rect));
    if first > 0 {
        let heading = format!("  {:<LABEL$}Value", "Parameter");
        line(inside, 0, &said(heading, Role::Muted), theme, buf);
    }
    let slots = form.draft.slots();
    let rows = form_rows(rect);
    let top = list_top(form.at, slots.len(), rows);
    let shown = slots.iter().enumerate().skip(top);
    for (row, (at, slot)) in (first..).zip(shown.take(rows)) {
        line(inside, row, &field(form, at, slot, usize::from(inside.width)), theme, buf);
    }
    let bottom = inside.height.saturating_sub(1);
    line(inside, bottom, &what_the_rule_says(form), theme, buf);
    footer_note(rect, &format!("{} of {}", form.at + 1, slots.len()), theme, buf);
}

fn field(form: &Drafting, at: usize, slot: &Slot, width: usize) -> Pieces {
    let here = at == form.at;
    let empty_row = slot.param.place.repeats() && slot.value.is_empty();
    let wrong = !empty_row && !matches!(form.draft.check(at), Said::Fine(_));
    let room = width.saturating_sub(LABEL + 2);
    let value = if is_secret(slot.param.name) && !slot.value.is_empty() {
        MASK.to_owned()
    } else if here {
        let scroll = form.input.visual_scroll(room.saturating_sub(1));
        match scroll {
            0 => clip(&visible(&slot.value), 0, room),
            // What is scrolled away is not there by accident.
            _ => format!("…{}", clip(&visible(&slot.value), scroll + 1, room.saturating_sub(1))),
        }
    } else {
        visible(&slot.value)
    };
    let name = if slot.param.place.repeats() && slot.value.is_empty() {
        format!("{} (one more)", slot.param.name)
    } else {
        slot.param.name.to_owned()
    };
    let name_role = match (here, slot.value.is_empty()) {
        (true, _) => Role::Title,
        (false, true) => Role::Muted,
        (false, false) => Role::Text,
    };
    vec![
        (if here { "›" } else { " " }.into(), Role::Accent),
        (if wrong { "✗" } else { " " }.into(), Role::Bad),
        (format!("{name:<LABEL$}"), name_role),
        (value, if here { Role::Accent } else { Role::Text }),
    ]
}

/// Where the field under the cursor goes, and what its rule says.
fn what_the_rule_says(form: &Drafting) -> Pieces {
    let Some(slot) = form.draft.slots().get(form.at) else { return Pieces::new() };
    let goes = (format!("  → {}", place(slot.param.place)), Role::Linked);
    let (words, role) = match form.draft.check(form.at) {
        Said::Broken(why) => (format!("   ✗ {why}"), Role::Warning),
        Said::Unsendable(why) if slot.param.place.repeats() && slot.value.is_empty() => {
            let _ = why;
            ("   left out while it is empty".to_owned(), Role::Muted)
        }
        Said::Unsendable(why) => (format!("   ✗ {why}"), Role::Bad),
        Said::Fine(_) if slot.value.is_empty() && !matches!(slot.param.place, Place::Bucket | Place::Key) => {
            ("   left out while it is empty".to_owned(), Role::Muted)
        }
        Said::Fine(note) if note.is_empty() => (String::new(), Role::Muted),
        Said::Fine(note) => (format!("   ✓ {note}"), Role::Good),
    };
    // What is wrong matters more than where it goes, when there is room for one of them.
    match role {
        Role::Warning | Role::Bad => vec![(words.trim_start().to_owned(), role), goes],
        _ => vec![goes, (words, role)],
    }
}

fn place(place: Place) -> String {
    match place {
        Place::Bucket | Place::Key => "path".into(),
        Place::Query(name) => format!("query {name}"),
        Place::Header(name) => format!("header {name}"),
        Place::Metadata => "header x-amz-meta-…".into(),
        Place::Entry => "element Part".into(),
        Place::Tag => "element Tag".into(),
        Place::Source | Place::Length | Place::Offset | Place::Seed => "body".into(),
    }
}

/// Where the text cursor stands in the form.
pub(super) fn cursor(r: &Regions, model: &Model) -> Option<Position> {
    let form =
        model.step.drafting.as_ref().filter(|_| model.pane() == Pane::Form && model.overlays.is_empty())?;
    let rect = r.pane(Pane::Form)?;
    let inside = inner(rect);
    let row = form.at - list_top(form.at, form.draft.slots().len(), form_rows(rect)).min(form.at);
    let room = usize::from(inside.width).saturating_sub(LABEL + 2);
    let scroll = form.input.visual_scroll(room.saturating_sub(1));
    let x = LABEL + 2 + form.input.visual_cursor().saturating_sub(scroll);
    let (x, y) = (u16::try_from(x).ok()?, u16::try_from(row + usize::from(has_heading(rect))).ok()?);
    Some(Position { x: (inside.x + x).min(inside.right()), y: inside.y + y })
}

/// Draws the request of the form, the lines of the field under the cursor marked.
pub(super) fn request(model: &Model, rect: Rect, above: Vec<Pieces>, theme: Theme, buf: &mut Buffer) {
    let Some(form) = model.step.drafting.as_ref() else { return };
    let focused = model.pane() == Pane::Request;
    let inside = pane(rect, "About to send: it changes as you type", focused, theme, buf);
    let cells = usize::from(inside.width);
    let mut all: Vec<Pieces> = above.into_iter().take(usize::from(inside.height.saturating_sub(3))).collect();
    let rows = usize::from(inside.height).saturating_sub(all.len());
    let mark = all.len();
    let (body, cursor) = window(form, rows, cells);
    all.extend(body);
    lines(inside, 0, &all, theme, buf);
    if focused && let Ok(row) = u16::try_from(mark + cursor) {
        select(inside, row, true, theme, buf);
    }
    footer_note(rect, &format!("line {} of {}", form.line + 1, form.lines().len()), theme, buf);
}

/// As many lines as there is room for around the one under the cursor, and in which row that one begins.
fn window(form: &Drafting, rows: usize, cells: usize) -> (Vec<Pieces>, usize) {
    let all = form.lines();
    let laid =
        |at: usize| all.get(at).map_or_else(Vec::new, |l| wrapped(vec![request_line(l, form.at)], cells));
    let mut first = list_top(form.line, all.len(), rows);
    let height = |from: usize| (from..=form.line).map(|at| laid(at).len()).sum::<usize>();
    while first < form.line && height(first) > rows {
        first += 1;
    }
    let cursor = (first..form.line).map(|at| laid(at).len()).sum();
    let mut out = Vec::new();
    let mut at = first;
    while out.len() < rows && at < all.len() {
        out.extend(laid(at));
        at += 1;
    }
    if at >= all.len() && out.len() < rows {
        out.push(said(
            "+ what the signer, the SDK and the HTTP stack add comes when it is signed",
            Role::Muted,
        ));
    }
    (out, cursor)
}

fn request_line(l: &Line, slot: usize) -> Pieces {
    let mine = l.is_of(slot);
    let mut out = vec![(if mine { "▌ " } else { "  " }.to_owned(), Role::Accent)];
    let plain = match l.kind {
        LineKind::Start => Role::Title,
        LineKind::Header => Role::Text,
        LineKind::Body => Role::Linked,
        LineKind::Note => Role::Muted,
    };
    for span in &l.spans {
        let role = match span.slot {
            Some(at) if at == slot => Role::Accent,
            None if l.kind == LineKind::Start => Role::Muted,
            _ => plain,
        };
        out.push((masked(&span.text), role));
    }
    out
}

fn masked(text: &str) -> String {
    let secret = text.split_once(": ").filter(|(name, _)| name.ends_with("-customer-key"));
    match secret {
        Some((name, _)) => format!("{name}: {MASK}"),
        None => visible(text),
    }
}

/// Draws the list of operations that have a form.
pub(super) fn forms(rect: Rect, at: usize, theme: Theme, buf: &mut Buffer) {
    let inside = pane(rect, "Edit which request?", true, theme, buf);
    let rows = inside.height.saturating_sub(1);
    let top = list_top(at, KINDS.len(), usize::from(rows));
    for (row, (index, kind)) in (0..rows).zip(KINDS.iter().enumerate().skip(top)) {
        let help =
            crate::app::command::spec_of(crate::app::command::Command::Send(*kind)).map_or("", |s| s.help);
        let pieces = vec![(format!("  {:<24}", kind.name()), Role::Text), (help.to_owned(), Role::Muted)];
        line(inside, row, &pieces, theme, buf);
        if index == at {
            select(inside, row, true, theme, buf);
        }
    }
    let hint = "Up/Down choose   Enter open the form   Esc leave";
    line(inside, inside.height.saturating_sub(1), &said(hint, Role::Muted), theme, buf);
}

/// Draws the list of operations and whether each is held.
pub(super) fn holds(model: &Model, rect: Rect, at: usize, theme: Theme, buf: &mut Buffer) {
    let title = if model.hold { "Hold which calls?" } else { "Hold is off: H turns it on" };
    let inside = pane(rect, title, true, theme, buf);
    let rows = inside.height.saturating_sub(1);
    let top = list_top(at, KINDS.len(), usize::from(rows));
    for (row, (index, kind)) in (0..rows).zip(KINDS.iter().enumerate().skip(top)) {
        let held = model.holds(*kind);
        let words = match (held, kind) {
            (true, OperationKind::ListParts) => "waits for Enter; from Uploads at once",
            (true, _) => "waits for Enter once it is signed",
            (false, _) => "leaves at once",
        };
        let pieces = vec![
            (format!("  [{}] ", if held { "x" } else { " " }), Role::Accent),
            (format!("{:<24}", kind.name()), Role::Text),
            (words.to_owned(), Role::Muted),
        ];
        line(inside, row, &pieces, theme, buf);
        if index == at {
            select(inside, row, true, theme, buf);
        }
    }
    let hint = "Space hold it or not   Up/Down choose   Esc leave";
    line(inside, inside.height.saturating_sub(1), &said(hint, Role::Muted), theme, buf);
}

/// Rows the two lists want.
pub(super) fn list_height() -> u16 {
    u16::try_from(KINDS.len() + 4).unwrap_or(u16::MAX)
}
