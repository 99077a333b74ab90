//! The sheet of what a copy will keep and lose: opening it, its keys, and taking everything over.

use super::super::model::{Level, Model, Purpose};
use super::super::overlay::Overlay;
use super::super::panes::carry::{Acl, Origin, is_create_of, slot_of};
use super::super::panes::select::{Motion, moved};
use super::super::panes::step::Bench;
use super::super::press::{Key, Press};
use super::draft;
use crate::domain::carry::{Losses, Row, take_everything};
use crate::domain::draft::Draft;
use crate::domain::operation::{Operation, OperationKind};
use crate::domain::outcome::Outcome;
use crate::domain::output::Output;
use crate::domain::upload::UploadState;

/// Shows the sheet; the access control list is asked for now and not before, as only here anybody looks at it.
pub(super) fn open(model: &mut Model) {
    model.overlays.push(Overlay::Carry { at: 0 });
    if model.step.bench().and_then(|b| b.origin.as_ref()).is_some_and(|o| o.acl == Acl::NotAsked) {
        ask_acl(model);
    }
}

fn ask_acl(model: &mut Model) {
    let Some(bench) = model.step.bench_mut() else { return };
    let Some(source) = bench.machine.plan().source.as_ref().map(|s| s.object.clone()) else { return };
    let Some(origin) = bench.origin.as_mut() else { return };
    origin.acl = Acl::Asking;
    let id = bench.id;
    model.send(Purpose::SourceAcl(id), Operation::GetObjectAcl(source), false);
}

pub(super) fn acl_came(model: &mut Model, bench: u64, outcome: &Outcome) {
    let Some(origin) = model.step.by_id(bench).and_then(|b| b.origin.as_mut()) else { return };
    origin.acl = match outcome {
        Outcome::Answered(Output::Acl(acl)) => Acl::Known(acl.clone()),
        other => Acl::Refused(crate::domain::text::visible(&other.summary_of_read())),
    };
}

/// A Create that was refused, or never left, fixed nothing: the plan counts again.
pub(super) fn create_ended(bench: &mut Bench, outcome: &Outcome) {
    if let Some(origin) = bench.origin.as_mut()
        && !matches!(outcome, Outcome::Answered(_))
        && *bench.machine.state() == UploadState::Planned
    {
        origin.sent = None;
    }
}

/// The Create that counts in place of the plan's own: the one in the open form, or the one that was sent by hand.
fn by_hand(model: &Model, bench: &Bench, origin: &Origin) -> Option<Operation> {
    if *bench.machine.state() != UploadState::Planned {
        return origin.sent.clone();
    }
    let form = model.step.drafting.as_ref().filter(|form| is_create_of(form, bench.id))?;
    form.draft.operation().ok()
}

/// The rows of the upload shown.
pub fn rows(model: &Model) -> Vec<Row> {
    let Some(bench) = model.step.bench() else { return Vec::new() };
    let Some(origin) = bench.origin.as_ref() else { return Vec::new() };
    origin.rows(bench.machine.plan(), by_hand(model, bench, origin).as_ref())
}

/// One key press in the sheet.
pub(super) fn press(model: &mut Model, at: usize, press: Press) {
    let page = usize::from(model.size.1).saturating_sub(12).max(1);
    let count = rows(model).len();
    let motion = match press.key {
        Key::Esc | Key::Char('q' | 'W') => return,
        Key::Enter => return to_field(model, at),
        Key::Char('t') => {
            take(model);
            Motion::Home
        }
        Key::Char('r') => {
            if model.step.bench().and_then(|b| b.origin.as_ref()).is_some_and(|o| o.acl != Acl::Asking) {
                ask_acl(model);
            }
            return model.overlays.push(Overlay::Carry { at });
        }
        Key::Up | Key::Char('k') => Motion::Up,
        Key::Down | Key::Char('j') => Motion::Down,
        Key::PageUp => Motion::PageUp,
        Key::PageDown | Key::Char(' ') => Motion::PageDown,
        Key::Home => Motion::Home,
        Key::End => Motion::End,
        _ => return model.overlays.push(Overlay::Carry { at }),
    };
    // Taking over may have gone to the form; it still is the sheet that one looks at.
    model.overlays.push(Overlay::Carry { at: moved(at, count, page, motion) });
}

/// Opens the form of Create at the field that carries the row.
fn to_field(model: &mut Model, at: usize) {
    let stay = |model: &mut Model, why: String| {
        model.say(Level::Plain, why);
        model.overlays.push(Overlay::Carry { at });
    };
    let Some(row) = rows(model).into_iter().nth(at) else { return };
    let Some(bench) = model.step.bench() else { return };
    let id = bench.id;
    if *bench.machine.state() != UploadState::Planned {
        return stay(
            model,
            "CreateMultipartUpload was sent: nothing of this can change in this upload".into(),
        );
    }
    if row.place.starts_with("PutObjectTagging") {
        return stay(model, "the tags exceed the header: PutObjectTagging sets them after Complete".into());
    }
    if row.place.is_empty() {
        return stay(model, format!("no field carries it: {}", row.verdict.why()));
    }
    if model.step.drafting.as_ref().is_none_or(|form| !is_create_of(form, id)) {
        draft::open(model, OperationKind::CreateMultipartUpload);
    }
    let Some(form) = model.step.drafting.as_mut().filter(|form| is_create_of(form, id)) else { return };
    let Some(slot) = slot_of(&form.draft, &row) else {
        return stay(model, format!("{} is no header of CreateMultipartUpload", row.place));
    };
    form.go_to(slot);
    model.set_focus(super::super::command::Pane::Form);
    let has = row.source.map_or("nothing that is known".into(), |value| value);
    model.say(Level::Plain, format!("the source has: {has}"));
}

/// Plans to carry everything that can be carried. Nothing is sent.
fn take(model: &mut Model) {
    let before = Losses::of(&rows(model));
    let Some(bench) = model.step.bench_mut() else { return };
    let id = bench.id;
    if *bench.machine.state() != UploadState::Planned {
        return model
            .say(Level::Warning, "CreateMultipartUpload was sent: what it fixed cannot change any more");
    }
    let Some(origin) = bench.origin.as_ref() else { return };
    let acl = if let Acl::Known(acl) = &origin.acl { Some(acl) } else { None };
    let without_acl = acl.is_none();
    let tags = origin.tags.clone().unwrap_or_else(|_| bench.machine.plan().tags.clone());
    let (properties, tags) = take_everything(&origin.head, &tags, acl);
    bench.machine.carry(properties, tags);
    let after = bench.machine.tags_follow();
    let create = Operation::CreateMultipartUpload(bench.machine.plan().create());
    if model.step.drafting.as_ref().is_some_and(|form| is_create_of(form, id))
        && let Some(fresh) = Draft::of(&create)
    {
        model.step.drafting = None;
        draft::show_draft(model, fresh, None);
    }
    let now = Losses::of(&rows(model));
    let mut words = format!("{} more taken over", before.needs.saturating_sub(now.needs));
    words.push_str(&now.words().map_or(String::new(), |left| format!("; {left} still")));
    if without_acl {
        words.push_str("; the ACL is not known and left out");
    }
    if after {
        words.push_str("; the tags exceed the header: PutObjectTagging follows Complete");
    }
    model.say(Level::Good, format!("{words}. Nothing was sent"));
}
