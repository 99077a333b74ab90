//! The workbench: moves of the upload shown, held requests, runs over many parts.

use super::super::command::{Command, Pane, Screen};
use super::super::enabled::{bench_move, enabled};
use super::super::form::{Field, Form, Purpose as Ask, Rule};
use super::super::model::{Level, Model, Purpose};
use super::super::msg::Effect;
use super::super::overlay::{Action, Confirm, Overlay};
use super::super::panes::run::Ending;
use super::super::panes::step::{Bench, Held};
use super::super::press::{Key, Press};
use super::{browse, draft, expect, inspect, plan, run, verify, versions};
use crate::domain::draft::KINDS;
use crate::domain::exchange::Exchange;
use crate::domain::operation::{OperationId, OperationKind, UploadRef};
use crate::domain::outcome::Outcome;
use crate::domain::units::human_size;
use crate::domain::upload::{Enforce, Fact, Move, MultipartUpload, UploadState};

/// Sends one S3 operation, by its name or key.
pub(super) fn send(model: &mut Model, kind: OperationKind) {
    use OperationKind as K;
    match kind {
        K::ListBuckets => browse::list_buckets(model),
        K::ListObjectsV2 => browse::relist(model),
        K::ListMultipartUploads => browse::list_uploads(model),
        K::HeadObject | K::GetObjectAttributes | K::GetObjectTagging => {
            if let Some(object) = model.object_in_view() {
                inspect::open(model, object);
            }
        }
        K::GetObjectAcl => inspect::ask_acl(model),
        K::ListObjectVersions => versions::open(model),
        K::GetObject => verify::offer_read(model),
        K::CopyObject => plan::copy_object_form(model),
        K::DeleteObjectTagging => draft::open(model, kind),
        K::ListParts | K::AbortMultipartUpload if model.pane() == Pane::Uploads => {
            open_listed(model);
            if kind == K::AbortMultipartUpload {
                offer_abort(model);
            }
        }
        K::AbortMultipartUpload => offer_abort(model),
        K::CompleteMultipartUpload => offer_complete(model),
        _ => {
            if let Ok(wanted) = bench_move(model, kind) {
                begin(model, wanted, Enforce::Rules, true);
            }
        }
    }
}

/// Begins a move of the upload shown, and shows it.
fn begin(model: &mut Model, wanted: Move, enforce: Enforce, hold: bool) {
    let Some(id) = model.step.bench().map(|b| b.id) else { return };
    if begin_on(model, id, wanted, enforce, hold) {
        model.step.request_top = 0;
        model.screen = Screen::Step;
    }
}

/// Begins a move of one upload, wherever the user is by now.
fn begin_on(model: &mut Model, bench_id: u64, wanted: Move, enforce: Enforce, hold: bool) -> bool {
    let by_hand = hold;
    let id = model.next_id();
    let writable = model.target.writable;
    if by_hand
        && let Some(operation) = model.step.by_id(bench_id).and_then(|b| b.machine.operation(wanted).ok())
    {
        expect::expect(model, id, Some(bench_id), &operation);
    }
    let (keeps, unheld) = (model.hold, model.unheld.clone());
    let Some(bench) = model.step.by_id(bench_id) else { return false };
    let holds = |kind: OperationKind| hold && keeps && !unheld.contains(&kind);
    let mut held = false;
    let begun = match bench.machine.operation(wanted) {
        Ok(operation) if operation.kind().writes() && !writable => {
            Err("this endpoint is read-only; U unlocks writes".to_owned())
        }
        // By hand it is one call at a time: a second held one would wait unseen behind the first.
        Ok(operation) if holds(operation.kind()) && bench.machine.is_busy() => {
            Err("a call is held or under way; Enter releases it, x drops or cancels it".to_owned())
        }
        _ => bench.machine.begin(wanted, id, enforce).map_err(|e| e.to_string()),
    };
    if let Ok(operation) = &begun {
        held = holds(operation.kind());
    }
    match begun {
        Ok(operation) => {
            bench.refusal = None;
            if matches!(wanted, Move::Complete | Move::Abort) {
                // It was paused, or waits at its stop point: the upload ends now.
                bench.run = None;
            }
            model.send(Purpose::Bench(bench_id, wanted), operation, held);
            true
        }
        Err(why) => {
            model.step.asked.remove(&id);
            model.say(Level::Warning, why);
            false
        }
    }
}

/// Enter on the workbench: let the held request go, else the next move the machine suggests.
pub(super) fn next(model: &mut Model) {
    if !model.step.held.is_empty() {
        return release(model);
    }
    let on_ledger = model.pane() == Pane::Parts;
    let Some(bench) = model.step.bench() else {
        return model
            .say(Level::Plain, "no upload is on the workbench; n plans one, m on an object plans a copy");
    };
    let Some(wanted) = bench.next_move(on_ledger) else {
        let said = match bench.machine.is_busy() {
            true if bench.run.is_some() => "a run is under way; p pauses it, s stops it, x cancels its calls",
            true => "waiting for S3's answer; x cancels",
            false => "this upload has ended; n plans another",
        };
        return model.say(Level::Plain, said);
    };
    match command_of(model, wanted) {
        Some(command) if enabled(model, command).is_err() => super::command::run(model, command),
        _ if wanted == Move::Complete => offer_complete(model),
        _ if wanted == Move::Abort => offer_abort(model),
        _ => {
            if let (Move::Part(number), Some(bench)) = (wanted, model.step.bench_mut()) {
                bench.select(number);
            }
            begin(model, wanted, Enforce::Rules, true);
        }
    }
}

fn command_of(model: &Model, wanted: Move) -> Option<Command> {
    Some(Command::Send(match wanted {
        Move::Create => OperationKind::CreateMultipartUpload,
        Move::Complete => OperationKind::CompleteMultipartUpload,
        Move::Abort => OperationKind::AbortMultipartUpload,
        Move::Tag => OperationKind::PutObjectTagging,
        // The rules for a part are checked for the one that will be sent, not for the selected one.
        Move::Part(_) if !model.target.writable => OperationKind::CreateMultipartUpload,
        Move::Part(_) | Move::ListParts | Move::Head | Move::ListUploads => return None,
    }))
}

/// In the sandbox a forbidden move may be sent on purpose. `false` when that cannot be.
pub(super) fn offer_anyway(model: &mut Model, command: Command, why: &str) -> bool {
    let Command::Send(kind) = command else { return false };
    if model.target.real || model.screen != Screen::Step {
        return false;
    }
    let Ok(wanted) = bench_move(model, kind) else { return false };
    let sendable =
        model.step.bench().is_some_and(|b| b.machine.operation(wanted).is_ok() && !b.machine.is_busy());
    if !sendable {
        return false;
    }
    let completed =
        model.step.bench().is_some_and(|b| matches!(b.machine.state(), UploadState::Completed(_)));
    if wanted == Move::Complete && completed {
        model.overlays.push(Overlay::Confirm(Confirm {
            title: "Complete a completed upload again?".into(),
            lines: vec![
                "S3 answers the same list as the first time, and changes nothing.".into(),
                "For how long is told by no source.".into(),
            ],
            no: "Leave it",
            yes: "Send it again",
            on_yes: false,
            action: Action::SendAnyway(command),
        }));
        return true;
    }
    model.overlays.push(Overlay::Confirm(Confirm {
        title: format!("{} is not a legal move now", kind.name()),
        lines: vec![
            why.to_owned(),
            String::new(),
            "S3's own answer is the best teacher. This is the sandbox.".into(),
        ],
        no: "Leave it",
        yes: "Send it wrong anyway",
        on_yes: false,
        action: Action::SendAnyway(command),
    }));
    true
}

pub(super) fn send_anyway(model: &mut Model, command: Command) {
    let Command::Send(kind) = command else { return };
    if let Ok(wanted) = bench_move(model, kind) {
        begin(model, wanted, Enforce::Nothing, true);
    }
}

/// Complete drops planned parts that are not stored: say so first.
fn offer_complete(model: &mut Model) {
    let Some(bench) = model.step.bench() else { return };
    let progress = bench.machine.progress();
    let listed = bench.machine.confirmed();
    let left = progress.parts - listed;
    let warnings = bench.rescue.as_ref().map(|r| r.warnings(&bench.machine)).unwrap_or_default();
    if !bench.machine.ledger_is_whole() {
        return model.overlays.push(Overlay::Confirm(Confirm {
            title: "Complete without knowing all parts?".into(),
            lines: vec![
                format!("{listed} parts are known here, but ListParts was not walked to its end."),
                "S3 may hold parts that are not listed here; Complete would throw them away.".into(),
                "4 asks for the rest.".into(),
            ],
            no: "Not yet",
            yes: "Complete",
            on_yes: false,
            action: Action::Complete,
        }));
    }
    if left == 0 && warnings.is_empty() {
        return begin(model, Move::Complete, Enforce::Rules, true);
    }
    if left == 0 {
        return model.overlays.push(Overlay::Confirm(super::rescue::complete_all_the_same(warnings)));
    }
    let doubtful = match progress.doubtful {
        0 => String::new(),
        n => format!("{n} of them are in doubt: 4 asks S3 whether it has them."),
    };
    let mut lines = vec![
        format!("{listed} of {} parts are stored. Complete lists only those:", progress.parts),
        format!("the object will have {} and lack the other {left}.", human_size(progress.bytes_done)),
        doubtful,
        "S3 does not know that you meant to send more.".into(),
    ];
    lines.extend(warnings);
    model.overlays.push(Overlay::Confirm(Confirm {
        title: "Complete without some parts?".into(),
        lines,
        no: "Not yet",
        yes: "Complete",
        on_yes: false,
        action: Action::Complete,
    }));
}

pub(super) fn complete(model: &mut Model) {
    begin(model, Move::Complete, Enforce::Rules, true);
}

/// Abort frees parts for good: it always asks, and on a real endpoint wants the name typed.
pub(super) fn offer_abort(model: &mut Model) {
    if let Some(bench) = model.step.bench_mut() {
        bench.after_abort = None;
    }
    let Some(bench) = model.step.bench() else { return };
    let Some(upload) = bench.machine.upload() else { return };
    let progress = bench.machine.progress();
    let mut lines = vec![
        format!("s3://{}/{}", upload.bucket, upload.key),
        format!("uploadId {}", upload.upload_id),
        match bench.machine.ledger_is_whole() {
            true => {
                format!("S3 throws away {} stored parts, {}.", progress.done, human_size(progress.bytes_done))
            }
            false => "S3 throws away all its parts; they are not all listed here.".into(),
        },
        "There is no undo. A part still on its way may land after this: list again.".into(),
    ];
    let lines_safe = |l: &mut Vec<String>| l.iter_mut().for_each(|x| *x = crate::domain::text::visible(x));
    lines_safe(&mut lines);
    if model.target.real {
        lines.insert(0, format!("{} is a real endpoint.", model.target.name));
        let field = Field::new("Type abort", "", Rule::Word("abort"), "Esc keeps the upload");
        let form = Form::new(Ask::AbortNamed(upload), "Abort this upload?", lines, vec![field]);
        return model.overlays.push(Overlay::Form(Box::new(form)));
    }
    model.overlays.push(Overlay::Confirm(Confirm {
        title: "Abort this upload?".into(),
        lines,
        no: "Keep the upload",
        yes: "Abort it",
        on_yes: false,
        action: Action::Abort(upload),
    }));
}

pub(super) fn abort(model: &mut Model, upload: &UploadRef) {
    // The dialog named one upload; nothing else may be aborted by it.
    if model.step.bench().and_then(|b| b.machine.upload()).as_ref() == Some(upload) {
        begin(model, Move::Abort, Enforce::Rules, true);
    }
}

/// Puts the selected upload in progress on the bench and asks which parts it has.
pub(super) fn open_listed(model: &mut Model) {
    let Some(listed) = model.browse.uploads.get(model.browse.upload_at) else { return };
    let bench = Bench::new(MultipartUpload::adopt(&listed.upload));
    model.step.add(bench);
    model.set_focus(Pane::Parts);
    begin(model, Move::ListParts, Enforce::Rules, false);
}

/// Writes are forbidden from now on: runs end, and held writes are dropped.
pub(super) fn lock(model: &mut Model) {
    run::end_all(model, &Ending::Locked);
    let held: Vec<OperationId> = model.step.held.iter().map(|h| h.operation).collect();
    model.effects.extend(held.into_iter().map(Effect::Cancel));
}

/// One press in the list of operations that are held.
pub(super) fn holds_press(model: &mut Model, at: usize, press: Press) {
    let kinds = KINDS;
    let last = kinds.len() - 1;
    let at = match press.key {
        Key::Esc | Key::Enter | Key::Char('q' | 'h') => return,
        Key::Char(' ') => {
            if let Some(kind) = kinds.get(at)
                && !model.unheld.remove(kind)
            {
                model.unheld.insert(*kind);
            }
            at
        }
        Key::Up | Key::Char('k') => at.saturating_sub(1),
        Key::Down | Key::Char('j') => (at + 1).min(last),
        Key::Home => 0,
        Key::End => last,
        _ => at,
    };
    model.overlays.push(Overlay::Holds { at });
}

/// Learns from the wire which requests are held.
pub(super) fn note_hold(model: &mut Model, exchange: &Exchange) {
    let known = model.step.held.iter().any(|h| h.exchange == exchange.id);
    if exchange.held && exchange.end.is_none() && !known {
        model.step.held.push(Held { exchange: exchange.id, operation: exchange.operation });
        // What is about to leave must be seen.
        model.zoomed = false;
        model.step.request_top = 0;
        model.say(
            Level::Plain,
            format!("{} is signed and held: nothing has left. Enter releases it, x drops it", exchange.kind),
        );
    } else if known && (!exchange.held || exchange.end.is_some()) {
        model.step.held.retain(|h| h.exchange != exchange.id);
    }
}

pub(super) fn release(model: &mut Model) {
    if let Some(held) = model.step.held.first().copied() {
        let writes = model.wire.by_id(held.exchange).is_none_or(|e| e.kind.writes());
        if writes && !model.target.writable {
            return model.say(
                Level::Warning,
                "this endpoint is read-only now; x drops the request, U unlocks writes",
            );
        }
        model.step.held.remove(0);
        model.effects.push(Effect::Release(held.exchange));
        model.note = None;
    }
}

/// Drops what is held; else stops the run and cancels what this upload has on its way.
pub(super) fn cancel(model: &mut Model) {
    if let Some(held) = model.step.held.first().copied() {
        model.effects.push(Effect::Cancel(held.operation));
        return;
    }
    run::cancel(model);
}

pub(super) fn next_upload(model: &mut Model) {
    let n = model.step.benches.len();
    if n > 1 {
        model.step.at = (model.step.at + 1) % n;
    }
}

/// A move ended.
pub(super) fn came(model: &mut Model, bench_id: u64, wanted: Move, id: OperationId, outcome: &Outcome) {
    let Some(bench) = model.step.by_id(bench_id) else { return };
    let facts = bench.machine.apply(id, outcome);
    let of_run = bench.run.as_ref().is_some_and(|run| run.calls.contains_key(&id));
    if let (Outcome::Refused(error), false) = (outcome, of_run) {
        bench.refusal = Some((wanted.to_string(), error.clone()));
    }
    super::carry::create_ended(bench, outcome);
    super::rescue::refresh(bench, wanted);
    let more_parts = matches!(facts.as_slice(), [Fact::PartsListed { more: true, .. }]);
    if of_run {
        run::answered(model, bench_id, id, outcome);
    } else {
        facts.iter().for_each(|fact| note_fact(model, fact));
    }
    if matches!(wanted, Move::Complete | Move::Abort | Move::Create | Move::Tag) {
        model.browse.stale = true;
    }
    super::rescue::after(model, bench_id, wanted);
    if wanted == Move::ListParts {
        super::rescue::listed(model, bench_id);
    }
    if more_parts {
        begin_on(model, bench_id, Move::ListParts, Enforce::Rules, false);
    }
    run::go_on(model, bench_id);
}

fn note_fact(model: &mut Model, fact: &Fact) {
    let (level, text) = match fact {
        Fact::UploadCreated { upload } => (Level::Good, format!("upload open: {}", upload.upload_id)),
        Fact::PartStored { part_number, etag } => {
            (Level::Good, format!("part {part_number} is stored, ETag {etag}"))
        }
        Fact::Refused { what, error } => (Level::Bad, format!("{what}: {error}")),
        Fact::InDoubt { what, message } => {
            (Level::Bad, format!("{what}: {message}. It is in doubt until S3 is asked"))
        }
        Fact::NotSent { what, message } => (Level::Plain, format!("{what}: {message}")),
        Fact::PartsListed { count, more } => {
            let rest = if *more { "; more pages follow" } else { "" };
            (Level::Good, format!("ListParts: {count} parts in this page{rest}"))
        }
        Fact::Completed { etag, predicted } => match predicted {
            Some(p) if p == etag => (Level::Good, format!("completed with the predicted ETag {etag}")),
            Some(p) => (Level::Warning, format!("completed with ETag {etag}, predicted was {p}")),
            None => (Level::Good, format!("completed with ETag {etag}")),
        },
        Fact::Aborted => (Level::Good, "the upload is gone".to_owned()),
        Fact::Tagged => (Level::Good, "the tags are on the object".to_owned()),
    };
    // An error that a fact after it explains (Abort of an unknown upload) stays in the log only.
    model.say(level, text);
}
