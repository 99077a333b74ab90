//! Going on with an open upload: comparing what it holds with a source, and planning what is missing or different.

use super::super::command::Pane;
use super::super::form::{Field, Form, Purpose as Ask, Rule};
use super::super::model::{Level, Model, Purpose};
use super::super::msg::Effect;
use super::super::overlay::{Action, Confirm, Overlay};
use super::super::panes::carry::Origin;
use super::super::panes::compare::Asked;
use super::super::panes::rescue::{Rescue, State, Supply};
use super::super::panes::step::{Bench, Shown};
use super::super::press::{Key, Press};
use super::{compare, overlay, step};
use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::hashing::{HashedParts, PartsWork};
use crate::domain::names::{ObjectRef, S3Uri};
use crate::domain::operation::{OperationId, UploadRef};
use crate::domain::outcome::Outcome;
use crate::domain::output::Output;
use crate::domain::plan::UploadPlan;
use crate::domain::rescue::Cut;
use crate::domain::text::visible;
use crate::domain::units::parse_size;
use crate::domain::upload::{Move, MultipartUpload, UploadState};
use std::path::PathBuf;

/// Most calls about one object: 10 000 parts are ten pages of attributes.
const MOST: u32 = 32;

/// Shows the comparison of the upload shown, or asks what to compare it with.
pub(super) fn open(model: &mut Model) {
    if model.pane() == Pane::Uploads {
        step::open_listed(model);
    }
    match model.step.bench() {
        Some(bench) if bench.rescue.is_some() => model.overlays.push(Overlay::Rescue { top: 0 }),
        _ => form(model),
    }
}

/// Asks for the source and a part size.
fn form(model: &mut Model) {
    let Some(bench) = model.step.bench() else { return };
    let Some(upload) = bench.machine.upload() else { return };
    let own = &bench.machine.plan().destination;
    let marked = model.compare.marked.as_ref().or(model.inspect.object.as_ref());
    let source = marked.filter(|o| o.bucket != own.bucket || o.key != own.key);
    let whole = bench.machine.ledger_is_whole();
    let cut = Cut::of(&bench.machine.held_parts());
    let size = cut.size().filter(|_| whole).map(|n| n.to_string()).unwrap_or_default();
    let mut intro = vec![format!("Upload of {}", visible(&own.to_string()))];
    intro.push(if whole { cut.words() } else { "S3 is asked which parts it holds.".into() });
    intro.push("Nothing is sent by comparing but reads of the object; a file is hashed here.".into());
    let fields = vec![
        Field::new(
            "Source",
            source.map(ToString::to_string).unwrap_or_default(),
            Rule::Required,
            "s3://bucket/key, or the path of a local file",
        ),
        Field::new("Part size", size, Rule::Any, "empty: as the parts that are held tell"),
    ];
    let form = Form::new(Ask::Rescue(upload), "Go on with this upload", intro, fields);
    model.overlays.push(Overlay::Form(Box::new(form)));
}

/// The parts are listed to their end: an open form learns what size they have.
pub(super) fn listed(model: &mut Model, bench: u64) {
    let Some(bench) = model.step.by_id(bench).filter(|b| b.machine.ledger_is_whole()) else { return };
    let (upload, cut) = (bench.machine.upload(), Cut::of(&bench.machine.held_parts()));
    let Some(Overlay::Form(form)) = model.overlays.last_mut() else { return };
    let is_its = matches!(&form.purpose, Ask::Rescue(of) if Some(of) == upload.as_ref());
    if !is_its {
        return;
    }
    if let Some(line) = form.intro.get_mut(1) {
        *line = cut.words();
    }
    if let (Some(field), Some(size)) = (form.fields.get_mut(1), cut.size())
        && field.input.value().is_empty()
    {
        field.input = tui_input::Input::new(size.to_string());
    }
}

/// Begins to compare. `Err` keeps the form open and says why.
pub(super) fn begin(model: &mut Model, upload: &UploadRef, source: &str, size: &str) -> Result<(), String> {
    let shown = model.step.bench().filter(|b| b.machine.upload().as_ref() == Some(upload));
    let bench = shown.ok_or("the upload is no longer the one that is shown; leave this form")?;
    let (id, machine) = (bench.id, &bench.machine);
    if !machine.ledger_is_whole() {
        return Err(match machine.is_busy() {
            true => "S3 has not listed all parts yet; press Enter again in a moment".into(),
            false => "not all parts are listed; leave this form, and 4 asks S3 for them".into(),
        });
    }
    let typed = match size.trim() {
        "" => None,
        text => Some(parse_size(text)?).filter(|size| *size > 0),
    };
    let held = machine.held_parts();
    let cut = Cut::of(&held);
    // What was filled in is not a choice: an object's own parts may fit better.
    let size = typed.filter(|size| Some(*size) != cut.size());
    let source = source.trim();
    let (rescue, work) = if source.starts_with("s3://") {
        let object = S3Uri::parse(source)?.reading(None)?.object;
        let grounds = "the part size that was typed".to_owned();
        (Rescue::new(Supply::Object(object), State::Asking, size, grounds), None)
    } else {
        let path = PathBuf::from(source);
        let part_size = typed.or(cut.size()).ok_or_else(|| format!("{}; type a part size", cut.words()))?;
        let grounds = if size.is_some() { "the part size that was typed".into() } else { cut.words() };
        let hashing = State::Hashing { id: model.next_id(), done: 0, of: None };
        let names = held.iter().flat_map(|p| p.checksums.values.iter().map(|(name, _)| name));
        let algorithm = names.filter_map(|name| ChecksumAlgorithm::parse(name)).next();
        let work = PartsWork { path: path.clone(), part_size, algorithm };
        (Rescue::new(Supply::File(path), hashing, size, grounds), Some(work))
    };
    stop(model);
    let object = rescue.looked.as_ref().map(|looked| looked.object.clone());
    if let Some(bench) = model.step.by_id(id) {
        bench.rescue = Some(Box::new(rescue));
    }
    if let Some(work) = work {
        let id = model.allot(|_| format!("hash {}", work.path.display()));
        model.effects.push(Effect::HashParts { id, work: Box::new(work) });
    }
    if let Some(object) = object {
        ask(model, id, Asked::Head, &object, None);
    }
    model.set_focus(Pane::Parts);
    model.overlays.push(Overlay::Rescue { top: 0 });
    Ok(())
}

fn ask(model: &mut Model, bench: u64, asked: Asked, object: &ObjectRef, marker: Option<String>) {
    let Some(looked) = looked_mut(model, bench) else { return };
    looked.waiting += 1;
    let operation = compare::question(asked, object, marker);
    model.send(Purpose::Rescue(bench, asked), operation, false);
}

fn looked_mut(model: &mut Model, bench: u64) -> Option<&mut super::super::panes::compare::Looked> {
    model.step.by_id(bench)?.rescue.as_mut()?.looked.as_mut()
}

/// An answer about the object came.
pub(super) fn came(model: &mut Model, bench: u64, asked: Asked, outcome: &Outcome) {
    let Some(looked) = looked_mut(model, bench) else { return };
    looked.waiting = looked.waiting.saturating_sub(1);
    compare::learn(looked, asked, outcome);
    looked.asked += 1;
    let (object, goes_on) = (looked.pinned(), looked.asked < MOST && looked.evidence.pages_are_left());
    match outcome {
        Outcome::Answered(Output::Head(head)) if asked == Asked::Head => {
            // The copies name the object with its version, and their answers can be told by this.
            model.step.shown.insert(object.clone(), Shown::Is(head.clone()));
            for asked in [Asked::FirstPart, Asked::Attributes, Asked::Tags] {
                ask(model, bench, asked, &object, None);
            }
        }
        Outcome::Answered(Output::Attributes(page)) if goes_on && page.next.is_some() => {
            ask(model, bench, Asked::Attributes, &object, page.next.clone());
        }
        _ => {}
    }
    if let Some(bench) = model.step.by_id(bench)
        && let Some(rescue) = bench.rescue.as_mut()
    {
        rescue.settle(&bench.machine);
    }
    tell(model, bench);
}

/// The file is hashed so far.
pub(super) fn progressed(model: &mut Model, wanted: OperationId, now_done: u64, now_of: Option<u64>) {
    for rescue in model.step.benches.iter_mut().filter_map(|b| b.rescue.as_mut()) {
        if let State::Hashing { id, done, of } = &mut rescue.state
            && *id == wanted
        {
            (*done, *of) = (now_done, now_of);
        }
    }
}

/// The file is hashed, or cannot be.
pub(super) fn hashed(model: &mut Model, id: OperationId, result: Result<HashedParts, String>) {
    let hashes = |b: &&mut Bench| b.rescue.as_ref().is_some_and(|r| r.hashing() == Some(id));
    let Some(bench) = model.step.benches.iter_mut().find(hashes) else { return };
    let Some(rescue) = bench.rescue.as_mut() else { return };
    match result {
        Ok(parts) => rescue.hashed(parts, &bench.machine),
        Err(why) => rescue.state = State::Failed(visible(&why)),
    }
    let id = bench.id;
    tell(model, id);
}

/// Says how a comparison ended, once it has.
fn tell(model: &mut Model, bench: u64) {
    let Some(rescue) = model.step.by_id(bench).and_then(|b| b.rescue.as_ref()) else { return };
    let said = match &rescue.state {
        State::Asking | State::Hashing { .. } => return,
        State::Failed(why) => (Level::Bad, format!("not compared: {why}")),
        State::Ready => match rescue.blocked().or_else(|| rescue.result.misfit()) {
            Some(why) => (Level::Warning, why),
            None => (Level::Good, rescue.result.short()),
        },
    };
    model.say(said.0, said.1);
}

/// Compares again after the ledger of an upload changed: one part after its own answer, else all.
pub(super) fn refresh(bench: &mut Bench, wanted: Move) {
    if let Some(rescue) = bench.rescue.as_mut() {
        match wanted {
            Move::Part(number) => rescue.part_changed(number, &bench.machine),
            _ => rescue.refresh(&bench.machine),
        }
    }
}

/// Calls off what the upload shown is compared by; true when there was something.
fn stop(model: &mut Model) -> bool {
    let Some(bench) = model.step.bench_mut() else { return false };
    let id = bench.id;
    let running =
        bench.rescue.as_ref().is_some_and(|r| matches!(r.state, State::Asking | State::Hashing { .. }));
    if !running {
        return false;
    }
    let hashing = bench.rescue.as_ref().and_then(|r| r.hashing());
    bench.rescue = None;
    model.effects.extend(hashing.map(Effect::Cancel));
    model.call_off(|p| matches!(p, Purpose::Rescue(of, _) if *of == id));
    true
}

/// One key press in the comparison.
pub(super) fn press(model: &mut Model, top: usize, press: Press) {
    match press.key {
        Key::Char('c') => go_on(model, top),
        Key::Char('s') => start_over(model, top),
        Key::Char('a' | '6') => step::offer_abort(model),
        Key::Char('n') => form(model),
        _ => {
            overlay::scroll(model, press, (top, &[Key::Char('R')]), |top| Overlay::Rescue { top });
            // Other keys that leave let it go on: R shows it again.
            if press.key == Key::Esc && stop(model) {
                model.say(Level::Plain, "the comparison is called off; nothing of it was kept");
            }
        }
    }
}

/// The comparison, if it is done; else says that it is not and keeps it shown.
fn ready(model: &mut Model, top: usize) -> Option<&mut Bench> {
    let why = match model.step.bench().and_then(|b| b.rescue.as_ref()).map(|r| &r.state) {
        Some(State::Ready) => return model.step.bench_mut(),
        Some(State::Failed(_)) => "there is no comparison; n compares with another source",
        _ => "the comparison is not done yet",
    };
    model.say(Level::Warning, why);
    model.overlays.push(Overlay::Rescue { top });
    None
}

/// Plans the parts that are missing or different. Nothing is sent.
fn go_on(model: &mut Model, top: usize) {
    let Some(bench) = ready(model, top) else { return };
    let Some(rescue) = bench.rescue.as_mut() else { return };
    let parts = rescue.left(&bench.machine);
    let refused = if *bench.machine.state() != UploadState::Open {
        Some("the upload is not open any more".to_owned())
    } else {
        rescue.blocked()
    };
    if let Some(why) = refused {
        model.say(Level::Bad, why);
        return model.overlays.push(Overlay::Rescue { top });
    }
    if parts.is_empty() {
        return model.say(Level::Good, "nothing is left to plan: run what is planned, or 5 completes");
    }
    if let Some(source) = rescue.source() {
        bench.source_etag = rescue.etag.clone();
        bench.machine.draw_on(source);
    }
    let words = Rescue::left_words(&parts);
    let first = parts.first().map(|p| p.number);
    for part in parts {
        let number = part.number;
        match bench.machine.plan_part(part) {
            Ok(()) => rescue.plans(number),
            Err(why) => return model.say(Level::Bad, why.to_string()),
        }
    }
    bench.part_at = bench.machine.parts().keys().position(|n| Some(*n) == first).unwrap_or(0);
    rescue.refresh(&bench.machine);
    model.set_focus(Pane::Parts);
    model.say(
        Level::Good,
        format!("planned {words}: Enter goes on to one, r sends all; 5 completes after them"),
    );
}

/// What is asked before an upload is completed whose parts are not all proved to be the source's.
pub(super) fn complete_all_the_same(warnings: Vec<String>) -> Confirm {
    let mut lines = vec!["All parts that are held will be joined, as they are:".to_owned()];
    lines.extend(warnings);
    lines.push("R shows each part; c there plans those that are to be sent again.".into());
    Confirm {
        title: "Complete with parts that are not proved?".into(),
        lines,
        no: "Not yet",
        yes: "Complete",
        on_yes: false,
        action: Action::Complete,
    }
}

/// A new upload by the same plan, once this one is aborted.
fn start_over(model: &mut Model, top: usize) {
    let Some(bench) = ready(model, top) else { return };
    if let Some(why) = bench.rescue.as_ref().and_then(|rescue| rescue.too_small()) {
        model.say(Level::Bad, why);
        return model.overlays.push(Overlay::Rescue { top });
    }
    let Some(fresh) = bench.rescue.as_ref().and_then(|rescue| again(bench, rescue)) else { return };
    step::offer_abort(model);
    if let Some(bench) = model.step.bench_mut() {
        bench.after_abort = Some(Box::new(fresh));
    }
}

fn again(bench: &Bench, rescue: &Rescue) -> Option<Bench> {
    let old = bench.machine.plan();
    let head = rescue.looked.as_ref().and_then(|l| l.head.as_ref());
    let mut plan = match (rescue.source(), head, &rescue.layout) {
        (Some(source), Some(head), Some(layout)) => {
            let mut plan = UploadPlan::copy(source, old.destination.clone(), layout, head);
            plan.keeps_boundaries = rescue.etag.is_some();
            plan.tags = rescue.looked.as_ref().and_then(|l| l.tags.clone().ok()).unwrap_or_default();
            plan
        }
        _ => UploadPlan { parts: rescue.parts(), ..UploadPlan::empty(old.destination.clone()) },
    };
    // Only of an upload that was planned here is it known what its Create fixed.
    let planned_here = !old.parts.is_empty();
    if planned_here {
        (plan.properties, plan.tags) = (old.properties.clone(), old.tags.clone());
    }
    let mut said = plan.objections();
    if !planned_here {
        said.push(
            "what the aborted upload was created with cannot be read: look at the headers of Create".into(),
        );
    }
    let origin = rescue
        .looked
        .as_ref()
        .and_then(|looked| Some(Origin::new(looked.head.clone()?, looked.tags.clone())));
    let mut fresh = Bench::new(MultipartUpload::new(plan));
    (fresh.said, fresh.origin) = (said, origin.map(Box::new));
    Some(fresh)
}

/// After an abort that was asked for to start over: the new plan takes its place.
pub(super) fn after(model: &mut Model, bench: u64, wanted: Move) {
    if wanted != Move::Abort {
        return;
    }
    let Some(bench) = model.step.by_id(bench).filter(|b| *b.machine.state() == UploadState::Aborted) else {
        return;
    };
    let Some(fresh) = bench.after_abort.take() else { return };
    model.step.add(*fresh);
    model.say(
        Level::Good,
        "the upload is aborted; a new one is planned by the same plan, and nothing of it was sent",
    );
}
