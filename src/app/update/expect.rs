//! What a call by hand is expected to do, before it is sent, and how its answer compares.

use super::super::command::{Pane, Screen};
use super::super::explaining::About;
use super::super::model::{Level, Model};
use super::super::msg::Effect;
use super::super::overlay::Overlay;
use super::super::panes::draft::Drafting;
use super::super::panes::step::{Asked, Forecast, ForecastKey, Settled, Shown};
use crate::domain::draft::Draft;
use crate::domain::mistake::mend;
use crate::domain::names::ObjectRef;
use crate::domain::operation::{Operation, OperationId, PartBody};
use crate::domain::outcome::Outcome;
use crate::domain::output::Output;
use crate::domain::plan::PlannedPart;
use crate::domain::predict::{BodyDigest, Prediction, Seen, Verdict, World, predict};
use crate::domain::preview::preview;
use crate::domain::units::MIB;
use crate::domain::upload::Move;

/// The longest body that is read for its digests before it is sent.
const READ_AHEAD: u64 = 64 * MIB;

/// What an operation will do to the upload with this id, as far as it is known here.
fn predicted(model: &Model, bench: Option<u64>, operation: &Operation) -> Prediction {
    with_world(model, bench, |world| predict(operation, world))
}

/// Builds what predictions are made from, and uses it.
pub(super) fn with_world<T>(model: &Model, bench: Option<u64>, work: impl FnOnce(&World<'_>) -> T) -> T {
    let bench = model.step.benches.iter().find(|b| Some(b.id) == bench);
    let digests = |body: &PartBody| -> Option<BodyDigest> { model.step.digests.get(body).cloned() };
    let objects = |object: &ObjectRef| {
        let here = model.inspect.object.as_ref() == Some(object);
        match (model.step.shown.get(object), model.inspect.head.as_ref().filter(|_| here)) {
            (Some(Shown::Is(head)), _) => Seen::Is(head),
            (Some(Shown::Missing), _) => Seen::Missing,
            // Written anew since: what Inspect shows is older.
            (Some(Shown::Exists), _) => Seen::Exists,
            (None, Some(head)) => Seen::Is(head),
            (None, None) => Seen::Unknown,
        }
    };
    work(&World { machine: bench.map(|b| &b.machine), digests: &digests, objects: &objects })
}

/// Keeps the expectation on the screen up to date with what would be sent next.
pub(super) fn forecast(model: &mut Model) {
    if model.screen != Screen::Step {
        return;
    }
    let key = key(model);
    if model.step.forecast.as_ref().is_some_and(|f| f.key == key) {
        return;
    }
    let (bench, operation) = next_request(model);
    let expected = operation.as_ref().map(|operation| predicted(model, bench, operation));
    // A Complete of 10 000 parts is long: its text is made once and not at every frame.
    let written = operation.as_ref().filter(|_| model.step.drafting.is_none()).map(preview);
    let mut unreadable = None;
    if let Some(Operation::UploadPart(part)) = operation.as_ref().map(Operation::plain) {
        unreadable = model.step.digests.failure(&part.body).map(str::to_owned);
        read_ahead(model, &part.body);
    }
    model.step.forecast = Some(Forecast { key, expected, written, unreadable });
}

/// Everything an expectation can change with.
fn key(model: &Model) -> ForecastKey {
    let bench = model.step.bench();
    let form = model.step.drafting.as_ref();
    ForecastKey {
        bench: bench.map(|b| (b.id, b.machine.ledger_version(), b.machine.state().clone())),
        selected: bench.filter(|_| model.pane() == Pane::Parts).and_then(|b| match b.next_move(true) {
            Some(Move::Part(number)) => Some(number),
            _ => None,
        }),
        edits: form.map(Drafting::edits),
        digests: model.step.digests.version(),
        inspected: model.inspect.object.clone(),
        idle: bench.is_none_or(|b| !b.machine.is_busy()),
    }
}

/// The request that would be sent next: the form's, else the one that Enter makes. While calls are under way there is
/// none by hand.
fn next_request(model: &Model) -> (Option<u64>, Option<Operation>) {
    if let Some(form) = &model.step.drafting {
        return (form.bench, form.draft.operation().ok());
    }
    let Some(bench) = model.step.bench().filter(|b| !b.machine.is_busy()) else { return (None, None) };
    let wanted = bench.next_move(model.pane() == Pane::Parts);
    (Some(bench.id), wanted.and_then(|wanted| bench.machine.operation(wanted).ok()))
}

/// Has the digests of a body computed, if it is not too long to read twice.
fn read_ahead(model: &mut Model, body: &PartBody) {
    if body.len() <= READ_AHEAD && model.step.digests.wants(body) {
        model.effects.push(Effect::Digest(body.clone()));
    }
}

/// The digests of a body came, or why it cannot be read.
pub(super) fn digested(model: &mut Model, body: PartBody, digest: Result<BodyDigest, String>) {
    model.step.digests.put(body, digest.map_err(|why| crate::domain::text::visible(&why)));
}

/// Remembers what is expected of a call that is about to be made by hand.
pub(super) fn expect(model: &mut Model, id: OperationId, bench: Option<u64>, operation: &Operation) {
    let expected = predicted(model, bench, operation);
    let lesson = model.step.drafting.as_ref().is_some_and(|form| form.lesson);
    model.step.settled = None;
    let undo = planned(model, bench, operation);
    model.step.asked.insert(id, Asked { operation: operation.clone(), bench, expected, lesson, undo });
}

/// What is planned under the number of a part, before it is written by hand.
fn planned(model: &Model, bench: Option<u64>, operation: &Operation) -> Option<PlannedPart> {
    let bench = model.step.benches.iter().find(|b| Some(b.id) == bench)?;
    let number = match operation.plain() {
        Operation::UploadPart(part) => part.part_number,
        Operation::UploadPartCopy(part) => part.part_number,
        _ => return None,
    };
    bench.machine.parts().get(&number).map(|p| p.planned.clone())
}

/// A part that never left does not change the plan.
fn take_back(model: &mut Model, asked: &Asked, outcome: &Outcome) {
    let unsent = match outcome {
        Outcome::Lost(lost) => !lost.maybe_sent,
        Outcome::Cancelled { sent } => !sent,
        _ => false,
    };
    let Some(undo) = asked.undo.clone().filter(|_| unsent) else { return };
    if let Some(bench) = asked.bench.and_then(|id| model.step.by_id(id)) {
        let changed = bench.machine.parts().get(&undo.number).is_some_and(|p| p.planned != undo);
        if changed && let Err(why) = bench.machine.plan_part(undo) {
            model.say(Level::Warning, why.to_string());
        }
    }
}

/// What a call by hand has shown of the object it is about.
fn learn(model: &mut Model, operation: &Operation, outcome: &Outcome) {
    let shown = match (operation.plain(), outcome) {
        (Operation::HeadObject(o), Outcome::Answered(Output::Head(head))) if o.part_number.is_none() => {
            Some((o.object.clone(), Shown::Is(head.clone())))
        }
        (Operation::HeadObject(o), Outcome::Refused(error)) if error.status == 404 => {
            Some((o.object.clone(), Shown::Missing))
        }
        (Operation::CompleteMultipartUpload(o), Outcome::Answered(_)) => {
            Some((ObjectRef::new(&o.upload.bucket, &o.upload.key), Shown::Exists))
        }
        (Operation::CopyObject(o), Outcome::Answered(_)) => Some((o.destination.clone(), Shown::Exists)),
        _ => None,
    };
    if let Some((object, shown)) = shown {
        model.step.shown.insert(object, shown);
    }
}

/// A call by hand has ended: compares, explains, and looks for the edit that mends a refusal.
pub(super) fn settle(model: &mut Model, id: OperationId, outcome: &Outcome) {
    let Some(asked) = model.step.asked.remove(&id) else { return };
    let verdict = asked.expected.judge(outcome);
    learn(model, &asked.operation, outcome);
    take_back(model, &asked, outcome);
    let draft = Draft::of(&asked.operation);
    let error = match outcome {
        Outcome::Refused(error) => Some(error.clone()),
        _ => None,
    };
    let mended = error
        .as_ref()
        .zip(draft.as_ref())
        .and_then(|(error, draft)| with_world(model, asked.bench, |world| mend(draft, error, world)));
    if let Verdict::Surprise(words) = &verdict {
        model.say(Level::Warning, format!("a surprise: {words}"));
    }
    let lesson = asked.lesson && error.is_some();
    let (kind, expected) = (asked.operation.kind(), asked.expected);
    model.step.settled = Some(Settled { kind, expected, verdict, error, sent: draft, mend: mended });
    if lesson {
        model.overlays.push(Overlay::Explain { about: About::Refusal, top: 0 });
    }
}
