//! Requests edited by hand: opening a form for any operation, its keys, and sending what it says.

mod base;

use super::super::command::{Command, Pane, resolve};
use super::super::form::{Field, Form, Purpose as Ask, Rule as Word, request};
use super::super::model::{Level, Model, Purpose};
use super::super::overlay::Overlay;
use super::super::panes::draft::Drafting;
use super::super::panes::select::Motion;
use super::super::press::{Key, Press};
use super::{command, expect};
use crate::domain::draft::{Draft, KINDS, LineKind};
use crate::domain::operation::{Operation, OperationKind, UploadRef};
use crate::domain::outcome::Outcome;
use crate::domain::output::Output;
use crate::domain::upload::{Move, MultipartUpload, UploadState};

/// The form of the call that Enter would make, or of the part under the cursor.
pub(super) fn edit_next(model: &mut Model) {
    let on_ledger = model.pane() == Pane::Parts;
    let kind = model.step.bench().and_then(|bench| {
        let selected = bench.selected().filter(|_| on_ledger).map(Move::Part);
        let wanted = selected.or_else(|| bench.next_move(false))?;
        bench.machine.operation(wanted).ok()
    });
    match kind {
        Some(operation) => show(model, &operation),
        None => choose(model),
    }
}

/// The list of operations that have a form.
pub(super) fn choose(model: &mut Model) {
    model.overlays.push(Overlay::Forms { at: 0 });
}

/// One press in the list of operations.
pub(super) fn choose_press(model: &mut Model, at: usize, press: Press) {
    let last = KINDS.len() - 1;
    let at = match press.key {
        Key::Esc | Key::Char('q' | 'E') => return,
        Key::Enter => {
            if let Some(kind) = KINDS.get(at) {
                open(model, *kind);
            }
            return;
        }
        Key::Up | Key::Char('k') => at.saturating_sub(1),
        Key::Down | Key::Char('j') => (at + 1).min(last),
        Key::Home => 0,
        Key::End => last,
        _ => at,
    };
    model.overlays.push(Overlay::Forms { at });
}

/// The form of an operation, filled from the upload on the workbench or the object in view.
pub(super) fn open(model: &mut Model, kind: OperationKind) {
    match base::base(model, kind) {
        Ok(operation) => show(model, &operation),
        Err(why) => model.say(Level::Warning, why),
    }
}

fn show(model: &mut Model, operation: &Operation) {
    if !model.step.held.is_empty() {
        return model.say(Level::Warning, "a call is held; Enter releases it, x drops it");
    }
    let Some(draft) = Draft::of(operation) else {
        return model.say(Level::Warning, format!("{} has no form", operation.kind()));
    };
    show_draft(model, draft, None);
}

/// Puts a form on the workbench.
pub(super) fn show_draft(model: &mut Model, mut draft: Draft, remark: Option<String>) {
    let bench = model.step.bench();
    draft.source_size = source_size(model, &draft);
    let mut form = Drafting::new(draft, bench.map(|b| b.id));
    form.remark = remark;
    if form.remark.is_none()
        && let Some(aside) = model.step.take_aside(&form)
    {
        form = aside;
        model.say(Level::Plain, "as you left it; C-g takes the edits back");
    }
    model.step.drafting = Some(form);
    model.step.request_top = 0;
    model.set_focus(Pane::Form);
}

/// Puts the form of a request that was sent on the workbench, with the cursor in one of its fields.
pub(super) fn show_sent(model: &mut Model, draft: Draft, remark: String, field: Option<&str>) {
    if !model.step.held.is_empty() {
        return model.say(Level::Warning, "a call is held; Enter releases it, x drops it");
    }
    model.say(Level::Plain, format!("{remark}; nothing is sent yet"));
    let at = field.and_then(|name| draft.position(name));
    show_draft(model, draft, Some(remark));
    if let (Some(form), Some(at)) = (model.step.drafting.as_mut(), at) {
        form.go_to(at);
    }
}

/// The size of the object a draft copies from, when it is the plan's source or the inspected object.
fn source_size(model: &Model, draft: &Draft) -> Option<u64> {
    let source = draft.get("CopySource");
    let planned = model.step.bench().and_then(|b| b.machine.plan().source.as_ref());
    let planned = planned.filter(|s| s.object.copy_source() == source).map(|s| s.size);
    let inspected = model.inspect.object.as_ref().filter(|o| o.copy_source() == source);
    planned.or_else(|| inspected.and(model.inspect.evidence.object_size))
}

/// A press while the form has the focus: its own commands, a few of everywhere, else an edit.
pub(super) fn press(model: &mut Model, press: Press) {
    let own =
        resolve(press, Pane::Form).filter(|c| c.is_of_form() || (press.ctrl && c.is_everywhere_in_forms()));
    let alt_digit = press.alt && matches!(press.key, Key::Char('1'..='4'));
    match own {
        Some(wanted) => return command::run(model, wanted),
        None if alt_digit => {
            if let Some(wanted) = resolve(press, Pane::Form) {
                command::run(model, wanted);
            }
            return;
        }
        None => {}
    }
    let page = model.page;
    let Some(form) = model.step.drafting.as_mut() else { return };
    let last = form.draft.slots().len().saturating_sub(1);
    match press.key {
        Key::Esc => close(model),
        Key::Tab if form.at == last => model.set_focus(Pane::Request),
        Key::Enter | Key::Tab | Key::Down => form.go(page, Motion::Down),
        Key::BackTab | Key::Up => form.go(page, Motion::Up),
        Key::PageUp => form.go(page, Motion::PageUp),
        Key::PageDown => form.go(page, Motion::PageDown),
        _ => {
            if let Some(edit) = request(press) {
                form.edit(edit);
            }
        }
    }
}

/// Leaves the form; what was typed waits for the next time.
pub(super) fn close(model: &mut Model) {
    if let Some(form) = model.step.drafting.take()
        && form.is_edited()
    {
        model.step.put_aside(form);
        model.say(Level::Plain, "nothing was sent; your edits are kept for the next time");
    }
    let parts = model.step.bench().is_some_and(|b| !b.machine.parts().is_empty());
    model.set_focus(if parts { Pane::Parts } else { Pane::States });
}

/// A command of the form.
pub(super) fn run(model: &mut Model, wanted: Command) {
    if wanted == Command::SendForm {
        return send(model);
    }
    let mut nothing_recalled = false;
    let history = std::mem::take(&mut model.step.history);
    if let Some(form) = model.step.drafting.as_mut() {
        match wanted {
            Command::RowUp => form.rows(|draft, at| draft.shift(at, false)),
            Command::RowDown => form.rows(|draft, at| draft.shift(at, true)),
            Command::DropRow => form.rows(|draft, at| {
                draft.drop_row(at);
                at
            }),
            Command::DoubleRow => form.rows(|draft, at| {
                draft.double(at);
                at
            }),
            Command::SpoilDigit => form.rows(|draft, at| {
                draft.corrupt(at);
                at
            }),
            Command::NextValue => form.other_value(1),
            Command::PreviousValue => form.other_value(-1),
            Command::Recall if !form.recall(&history) => nothing_recalled = true,
            Command::ResetForm => form.reset(),
            _ => {}
        }
    }
    model.step.history = history;
    if nothing_recalled {
        model.say(Level::Plain, "no value of this field was sent before");
    }
}

/// Sends what the form says, if anything can be sent.
fn send(model: &mut Model) {
    let Some(form) = model.step.drafting.as_ref() else { return };
    let operation = match form.draft.operation() {
        Ok(operation) => operation,
        Err(why) => return model.say(Level::Bad, format!("nothing can be sent: {why}")),
    };
    let kind = operation.kind();
    if kind.writes() && !model.target.writable {
        return model
            .say(Level::Warning, "this endpoint is read-only; Esc leaves the form, then U unlocks writes");
    }
    if let Some(why) = model.step.forecast.as_ref().and_then(|f| f.unreadable.clone()) {
        return model.say(Level::Bad, format!("nothing can be sent: {why}"));
    }
    if let (true, OperationKind::AbortMultipartUpload) = (model.target.real, kind) {
        return confirm_abort(model, &operation);
    }
    send_now(model);
}

/// On a real endpoint an abort wants its word typed, from a form as from a key.
fn confirm_abort(model: &mut Model, operation: &Operation) {
    let lines = vec![
        format!("{} is a real endpoint. It will send:", model.target.name),
        crate::domain::text::visible(&crate::domain::preview::preview(operation).start()),
        "S3 throws away all parts of this upload. There is no undo.".into(),
    ];
    let field = Field::new("Type abort", "", Word::Word("abort"), "Esc keeps the upload");
    let form = Form::new(Ask::AbortDrafted, "Abort this upload?", lines, vec![field]);
    model.overlays.push(Overlay::Form(Box::new(form)));
}

/// What the form says leaves, or is held.
pub(super) fn send_now(model: &mut Model) {
    let Some(form) = model.step.drafting.clone() else { return };
    let Ok(operation) = form.draft.operation() else { return };
    let holds = model.holds(operation.kind());
    let busy = form.bench.and_then(|id| model.step.by_id(id)).is_some_and(|b| b.machine.is_busy());
    if holds && (busy || !model.step.held.is_empty()) {
        return model
            .say(Level::Warning, "a call is held or under way; Enter releases it, x drops or cancels it");
    }
    expect::expect(model, model.next_id(), form.bench, &operation);
    let sent = match wanted(model, &form, &operation) {
        Some((bench, wanted)) => begin(model, bench, wanted, &operation),
        None => Ok(Purpose::Loose(Box::new(operation.clone()))),
    };
    match sent {
        Err(why) => {
            model.step.asked.remove(&model.next_id());
            model.say(Level::Warning, why);
        }
        Ok(purpose) => {
            model.step.history.take(&form.draft);
            model.step.drafting = None;
            model.step.sent = Some(form);
            let hold = model.holds(operation.kind());
            model.send(purpose, operation, hold);
            model.step.request_top = 0;
            model.set_focus(Pane::Request);
        }
    }
}

/// The move of an upload on the workbench that a request is, if it is one.
fn wanted(model: &mut Model, form: &Drafting, operation: &Operation) -> Option<(u64, Move)> {
    let bench = model.step.by_id(form.bench?)?;
    let (machine, id) = (&bench.machine, bench.id);
    let here = |upload: &UploadRef| machine.upload().as_ref() == Some(upload);
    // An amended address or part number is not the one the machine would think of.
    let astray = matches!(operation, Operation::Amended(_, a)
        if a.query.iter().any(|(name, _)| matches!(name.as_str(), "uploadId" | "partNumber")));
    let found = match operation.plain() {
        _ if astray => None,
        Operation::CreateMultipartUpload(_) if *machine.state() == UploadState::Planned => Some(Move::Create),
        Operation::UploadPart(o) if here(&o.upload) => Some(Move::Part(o.part_number)),
        Operation::UploadPartCopy(o) if here(&o.upload) => Some(Move::Part(o.part_number)),
        Operation::ListParts(o) if here(&o.upload) => Some(Move::ListParts),
        Operation::CompleteMultipartUpload(o) if here(&o.upload) => Some(Move::Complete),
        Operation::AbortMultipartUpload(upload) if here(upload) => Some(Move::Abort),
        Operation::PutObjectTagging(o)
            if machine.check(Move::Tag).is_ok() && o.object == machine.plan().destination =>
        {
            Some(Move::Tag)
        }
        _ => None,
    };
    found.map(|wanted| (id, wanted))
}

/// Tells the machine of a move written by hand.
fn begin(model: &mut Model, bench: u64, wanted: Move, operation: &Operation) -> Result<Purpose, String> {
    let (id, real) = (model.next_id(), model.target.real);
    let on_bench = model.step.by_id(bench).ok_or("the upload has left the workbench")?;
    let machine = &mut on_bench.machine;
    if let (true, Err(why)) = (real, legal(machine, wanted)) {
        return Err(format!("{why}; only the sandbox takes it all the same"));
    }
    machine.begin_with(wanted, id, operation).map_err(|e| e.to_string())?;
    if let (Move::Create, Some(origin)) = (wanted, on_bench.origin.as_mut()) {
        origin.sent = Some(operation.clone());
    }
    Ok(Purpose::Bench(bench, wanted))
}

/// Whether the rules allow a move, a part with a new number included.
fn legal(machine: &MultipartUpload, wanted: Move) -> Result<(), String> {
    match wanted {
        Move::Part(number) if !machine.parts().contains_key(&number) => Ok(()),
        _ => machine.check(wanted).map_err(|e| e.to_string()),
    }
}

/// A call that belongs to no upload on the workbench has ended.
pub(super) fn came(model: &mut Model, operation: &Operation, outcome: &Outcome) {
    let kind = operation.kind();
    match outcome {
        Outcome::Answered(output) => {
            if kind.writes() {
                model.browse.stale = true;
            }
            if let Output::Created(created) = output {
                let machine = MultipartUpload::opened(&created.upload);
                model.step.add(super::super::panes::step::Bench::new(machine));
                return model.say(Level::Good, format!("upload open: {}", created.upload.upload_id));
            }
            model.say(Level::Good, format!("{kind}: {}", answered(output)));
        }
        other if kind.writes() => model.say(Level::Bad, format!("{kind}: {}", other.summary())),
        other => model.say(Level::Bad, format!("{kind}: {}", other.summary_of_read())),
    }
}

/// What came, in a few words; the wire shows all of it.
fn answered(output: &Output) -> String {
    match output {
        Output::Part(part) => format!("a part is stored, ETag {}", part.etag),
        Output::Completed(object) => format!("the object has ETag {}", object.etag),
        Output::Copied(object) => format!("the copy has ETag {}", object.etag),
        Output::Parts(page) => format!("{} parts in this page", page.parts.len()),
        Output::Uploads(page) => format!("{} uploads in this page", page.uploads.len()),
        Output::Head(head) => format!("{}, {} bytes, ETag {}", head.status, head.content_length, head.etag),
        Output::Attributes(found) => match found.parts_count {
            Some(count) => format!("{count} parts, {} of them in this page", found.parts.len()),
            None => "answered; w shows it".into(),
        },
        Output::Tags(tags) => format!("{} tags", tags.len()),
        _ => "done".into(),
    }
}

/// Opens the request that mends what was refused last. `false` when nothing is known to mend it.
pub(super) fn open_mended(model: &mut Model) -> bool {
    let Some(settled) = model.step.settled.as_ref() else { return false };
    let Some(mend) = settled.mend.clone() else { return false };
    let changed = settled.sent.as_ref().and_then(|sent| sent.first_difference(&mend.draft));
    show_draft(model, mend.draft, Some(mend.edit));
    if let (Some(form), Some(at)) = (model.step.drafting.as_mut(), changed) {
        form.go_to(at);
    }
    true
}

/// Enter in the request of a form goes to the field that makes the line.
pub(super) fn enter_line(model: &mut Model) {
    let Some(form) = model.step.drafting.as_ref() else { return };
    let line = form.lines().get(form.line);
    if line.is_some_and(|l| l.slot().is_some()) {
        return model.set_focus(Pane::Form);
    }
    let note = line.is_some_and(|l| l.kind == LineKind::Note);
    model.say(
        Level::Plain,
        if note { "no field makes this line" } else { "this line is the operation itself" },
    );
}
