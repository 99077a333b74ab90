//! Leaving the program: at once when nothing is open; else by staying, leaving open, or aborting all and waiting.

use super::super::form::{Field, Form, Purpose as Ask, Rule};
use super::super::leave::Leaving;
use super::super::model::{Level, Model, Purpose};
use super::super::msg::Effect;
use super::super::overlay::Overlay;
use super::super::panes::run::{Ending, Run};
use super::super::panes::step::Bench;
use super::super::press::{Key, Press};
use super::run;
use crate::domain::price::{dollars, estimate};
use crate::domain::text::visible;
use crate::domain::units::human_size;
use crate::domain::upload::{Enforce, Move, UploadState};

/// Aborts sent for one upload before it is given up.
const TRIES: u8 = 3;

/// Whether something of an upload is, or may be, on the server.
fn may_remain(bench: &Bench) -> bool {
    bench.machine.holds_parts()
        || matches!(bench.machine.state(), UploadState::Creating | UploadState::Doubtful(Move::Create))
}

/// Leaves, or asks first.
pub(super) fn ask(model: &mut Model) {
    let open = model.step.benches.iter().any(may_remain);
    if !open && calls(model).is_empty() {
        return model.effects.push(Effect::Quit);
    }
    model.overlays.retain(|o| !matches!(o, Overlay::Leave));
    model.overlays.push(Overlay::Leave);
}

/// The title of the question.
pub fn title(model: &Model) -> String {
    match (&model.leaving, model.step.benches.iter().filter(|b| may_remain(b)).count()) {
        (Some(leaving), n) if !leaving.over => format!("Aborting: {n} upload(s) still there"),
        (Some(_), n) => format!("{n} upload(s) could not be aborted"),
        (None, 0) => "Leave while a call is under way?".into(),
        (None, n) => format!("Leave with {n} upload(s) open?"),
    }
}

/// What stays behind, line by line, for the question.
pub fn lines(model: &Model) -> Vec<String> {
    let mut out = Vec::new();
    for bench in model.step.benches.iter().filter(|b| may_remain(b)) {
        out.extend(of_upload(model, bench));
    }
    out.extend(calls(model).into_iter().map(|c| format!("under way: {c}")));
    out.push(String::new());
    out.push(match (&model.leaving, model.target.real) {
        (Some(l), _) if !l.over => "Leaves when S3 has answered for all of them.".into(),
        (_, true) => {
            "Parts of an open upload are billed until it is completed or aborted. Left open, the commands \
                      that go on with each or abort it are printed after leaving."
                .into()
        }
        (_, false) => "The sandbox forgets everything when partscope ends.".into(),
    });
    out.iter_mut().for_each(|line| *line = visible(line));
    out
}

fn of_upload(model: &Model, bench: &Bench) -> Vec<String> {
    let machine = &bench.machine;
    let destination = &machine.plan().destination;
    let Some(upload) = machine.upload() else {
        return vec![format!("{destination}: the answer to Create is not known; an upload may be there")];
    };
    let p = machine.progress();
    let known = if machine.ledger_is_whole() { "" } else { " at least" };
    let mut what = format!("{} parts stored{known}, {}", machine.confirmed(), human_size(p.bytes_done));
    if p.doubtful > 0 {
        what.push_str(&format!(", {} in doubt", p.doubtful));
    }
    if model.target.real {
        what.push_str(&cost(bench, p.bytes_done));
    }
    let mut out = vec![format!("{destination}  {what}"), format!("  uploadId {}", upload.upload_id)];
    if let Some(why) = model.leaving.as_ref().and_then(|l| l.tried.get(&bench.id)?.failed.as_ref()) {
        out.push(format!("  ✗ {why}"));
    }
    out
}

/// What the stored parts cost a month at list price, where the storage class is known.
fn cost(bench: &Bench, bytes: u64) -> String {
    let plan = bench.machine.plan();
    // Of an upload that another client began the class is not known here.
    if plan.parts.is_empty() {
        return String::new();
    }
    let class = plan.properties.storage_class.as_deref().unwrap_or("STANDARD");
    estimate(Some(class), bytes).map_or_else(String::new, |e| {
        format!(", about {} a month ({class}, AWS list price {})", dollars(e.usd_per_month), e.price.region)
    })
}

/// Calls under way that write, in words.
fn calls(model: &Model) -> Vec<String> {
    let mut out = Vec::new();
    for bench in &model.step.benches {
        let flying = bench.run.as_ref().map_or(0, Run::on_their_way);
        let waiting = bench.run.as_ref().map_or(0, |r| r.pace.tally().waiting + r.in_line.len());
        if flying + waiting > 0 {
            let to = &bench.machine.plan().destination;
            out.push(format!("a run for {to}, {flying} parts on their way, {waiting} wait"));
        }
    }
    for (id, purpose) in &model.tasks {
        match purpose {
            Purpose::Bench(bench_id, wanted) => {
                let Some(bench) = model.step.benches.iter().find(|b| b.id == *bench_id) else { continue };
                let of_run = bench.run.as_ref().is_some_and(|r| r.calls.contains_key(id));
                let reads = matches!(wanted, Move::ListParts | Move::Head | Move::ListUploads);
                if !of_run && !reads {
                    let held = if model.step.held.iter().any(|h| h.operation == *id) {
                        ", held: nothing of it has left"
                    } else {
                        ""
                    };
                    out.push(format!("{wanted} of {}{held}", bench.machine.plan().destination));
                }
            }
            Purpose::CopyObject(to) => out.push(format!("CopyObject to {to}")),
            Purpose::Loose(operation) if operation.kind().writes() => {
                out.push(operation.kind().name().to_owned());
            }
            _ => {}
        }
    }
    out
}

/// The keys that answer, with what they do.
pub fn choices(model: &Model) -> Vec<(&'static str, &'static str)> {
    if model.leaving.as_ref().is_some_and(|l| !l.over) {
        return vec![("Esc", "stop aborting and stay")];
    }
    let open = model.step.benches.iter().any(|b| b.machine.holds_parts());
    let mut out = vec![("Esc", "stay"), ("y", if open { "leave them open" } else { "leave" })];
    if open {
        out.push(("A", "abort all and leave"));
    }
    out
}

/// One press in the question.
pub(super) fn press(model: &mut Model, press: Press) {
    let aborting = model.leaving.as_ref().is_some_and(|l| !l.over);
    match press.key {
        Key::Esc | Key::Char('n' | 'q') | Key::Enter if !aborting => model.leaving = None,
        Key::Esc => {
            model.leaving = None;
            model.say(Level::Warning, "no further upload is aborted; what was sent was sent");
        }
        Key::Char('y') if !aborting => model.effects.push(Effect::Quit),
        Key::Char('A') if !aborting && model.step.benches.iter().any(|b| b.machine.holds_parts()) => {
            model.overlays.push(Overlay::Leave);
            offer_abort_all(model);
        }
        _ => model.overlays.push(Overlay::Leave),
    }
}

/// On a real endpoint the word has to be typed; the sandbox's question named all of it.
fn offer_abort_all(model: &mut Model) {
    if !model.target.writable {
        return model.say(Level::Warning, "this endpoint is read-only; Esc, then U unlocks writes");
    }
    if !model.target.real {
        return abort_all(model);
    }
    let mut intro = vec![format!("{} is a real endpoint. S3 throws away the parts of:", model.target.name)];
    for upload in
        model.step.benches.iter().filter(|b| b.machine.holds_parts()).filter_map(|b| b.machine.upload())
    {
        intro.push(visible(&format!("s3://{}/{}  {}", upload.bucket, upload.key, upload.upload_id)));
    }
    intro.push("There is no undo.".into());
    let field = Field::new("Type abort", "", Rule::Word("abort"), "Esc keeps the uploads");
    let form = Form::new(Ask::AbortAll, "Abort all and leave?", intro, vec![field]);
    model.overlays.push(Overlay::Form(Box::new(form)));
}

/// Calls everything off, then aborts each upload, then leaves.
pub(super) fn abort_all(model: &mut Model) {
    run::end_all(model, &Ending::CalledOff);
    let mine = |p: &Purpose| matches!(p, Purpose::Bench(..));
    let ids: Vec<_> = model.tasks.iter().filter(|(_, p)| mine(p)).map(|(id, _)| *id).collect();
    model.effects.extend(ids.into_iter().map(Effect::Cancel));
    let deed = model.deeds.open("abort every open upload and leave".into());
    model.leaving = Some(Leaving { deed: Some(deed), ..Leaving::default() });
    ask(model);
}

/// Sends what is next on the way out, and leaves when nothing is left to wait for.
pub(super) fn go_on(model: &mut Model) {
    if model.leaving.as_ref().is_none_or(|l| l.over) {
        return;
    }
    let Some(mut leaving) = model.leaving.take() else { return };
    let ids: Vec<u64> = model.step.benches.iter().map(|b| b.id).collect();
    let mut waiting = false;
    for id in ids {
        waiting |= step(model, id, &mut leaving);
    }
    if waiting {
        model.leaving = Some(leaving);
    } else if model.step.benches.iter().any(may_remain) {
        leaving.over = true;
        model.leaving = Some(leaving);
        model.say(Level::Bad, "not every upload could be aborted");
    } else {
        model.effects.push(Effect::Quit);
    }
}

/// The next step for one upload; `true` while an answer is awaited.
fn step(model: &mut Model, bench_id: u64, leaving: &mut Leaving) -> bool {
    let id = model.next_id();
    let attempt = leaving.tried.entry(bench_id).or_default();
    let Some(bench) = model.step.by_id(bench_id) else { return false };
    if bench.machine.is_busy() {
        return true;
    }
    if attempt.failed.is_some() {
        return false;
    }
    let wanted = if bench.machine.holds_parts() {
        if let Some((_, error)) = bench.refusal.as_ref().filter(|_| attempt.aborts > 0) {
            attempt.failed = Some(format!("S3 refused AbortMultipartUpload: {error}"));
            return false;
        }
        if attempt.aborts >= TRIES {
            attempt.failed = Some(format!("{TRIES} times aborted, and it may still be there"));
            return false;
        }
        attempt.aborts += 1;
        // A part that was called off may land after the abort.
        attempt.to_list = bench.machine.progress().doubtful > 0;
        Move::Abort
    } else if std::mem::take(&mut attempt.to_list) {
        Move::ListParts
    } else {
        return false;
    };
    bench.refusal = None;
    match bench.machine.begin(wanted, id, Enforce::Rules) {
        Ok(operation) => {
            let before = model.deeds.enter(leaving.deed.as_ref());
            model.send(Purpose::Bench(bench_id, wanted), operation, false);
            model.deeds.leave(before);
            true
        }
        Err(why) => {
            attempt.failed = Some(why.to_string());
            false
        }
    }
}
