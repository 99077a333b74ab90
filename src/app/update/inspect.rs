//! One object: ask what the service says of it, and for boundaries when told to.

use super::super::command::Pane;
use super::super::model::{Level, Model, Purpose};
use super::super::panes::browse::Load;
use super::super::panes::inspect::Probe;
use super::super::sheet::Sheet;
use super::command::failed;
use super::sheet;
use crate::domain::evidence::{Asked, Heard, ProbeKind, Refusal};
use crate::domain::names::ObjectRef;
use crate::domain::operation::{GetObjectAttributes, HeadObject, Operation};
use crate::domain::outcome::{Outcome, ServiceError};
use crate::domain::output::{HeadObjectOutput, Output};
use crate::domain::units::{PartNumber, grouped};
use std::collections::BTreeSet;

/// Requests few enough for the cursor to stand on them.
const FEW: u64 = 8;

/// HEADs of one probe on their way at once.
const PROBES_AT_ONCE: usize = 16;

/// How often an object that is replaced while it is asked about is asked about again.
const ROUNDS: u32 = 3;

/// Shows an object and asks four things: HEAD, HEAD of part 1, attributes, tags.
pub(super) fn open(model: &mut Model, object: ObjectRef) {
    cancel_tasks(model, |_| true);
    model.inspect.open(object.clone());
    let generation = model.inspect.generation;
    let head = |part_number| Operation::HeadObject(HeadObject { object: object.clone(), part_number });
    model.send(Purpose::Head(generation), head(None), false);
    model.send(Purpose::HeadPart(generation, PartNumber(1)), head(Some(PartNumber(1))), false);
    ask_attributes(model, object.clone(), None);
    model.send(Purpose::Tags(generation), Operation::GetObjectTagging(object), false);
    model.set_focus(Pane::PartMap);
    model.say(Level::Plain, "4 requests: HeadObject, of part 1 too, GetObjectAttributes, GetObjectTagging");
}

/// Calls off what was asked about an object and is no longer wanted.
fn cancel_tasks(model: &mut Model, unwanted: fn(&Purpose) -> bool) {
    let of_inspect = |p: &Purpose| {
        matches!(
            p,
            Purpose::Head(_)
                | Purpose::HeadPart(..)
                | Purpose::Tags(_)
                | Purpose::Acl(_)
                | Purpose::Attributes(_)
        )
    };
    model.call_off(|p| of_inspect(p) && unwanted(p));
}

fn ask_attributes(model: &mut Model, object: ObjectRef, marker: Option<String>) {
    let generation = model.inspect.generation;
    let operation = GetObjectAttributes { object, part_number_marker: marker, max_parts: None };
    model.send(Purpose::Attributes(generation), Operation::GetObjectAttributes(operation), false);
}

pub(super) fn head_came(model: &mut Model, generation: u64, outcome: &Outcome) {
    if generation != model.inspect.generation {
        return;
    }
    // The first answer is never that of a second question.
    if !matches!(model.inspect.head_load, Load::Asking)
        && let Some(refusal) = model.inspect.recheck.take()
    {
        return rechecked(model, refusal, outcome);
    }
    match outcome {
        Outcome::Answered(Output::Head(head)) => {
            if model.inspect.evidence.add_head(None, head) == Heard::Replaced {
                return begin_again(model);
            }
            model.inspect.pinned = head.version_id.clone();
            if let Some(object) = &model.inspect.object {
                model.step.shown.remove(object);
            }
            model.inspect.head = Some((**head).clone());
            model.inspect.head_load = Load::Ready;
        }
        other => {
            model.inspect.head_load = failed(model, "HeadObject", other);
            if let Outcome::Refused(error) = other {
                refuse(model, Asked::Head, error);
            }
        }
    }
}

/// Asks the plain HEAD again, once, because a part was said not to be there.
fn recheck(model: &mut Model, refusal: Refusal) {
    end_asking(model);
    if model.inspect.recheck.is_some() {
        return;
    }
    let Some(object) = model.inspect.object.clone() else { return };
    model.inspect.recheck = Some(refusal);
    let head = HeadObject { object, part_number: None };
    model.send(Purpose::Head(model.inspect.generation), Operation::HeadObject(head), false);
}

/// What the plain HEAD says now: the same object, so that the refusal stands, or another one, or none.
fn rechecked(model: &mut Model, refusal: Refusal, outcome: &Outcome) {
    match outcome {
        Outcome::Answered(Output::Head(head)) => {
            if model.inspect.evidence.add_head(None, head) == Heard::Replaced {
                return begin_again(model);
            }
            if model.inspect.head.is_none() {
                (model.inspect.head, model.inspect.head_load) = (Some((**head).clone()), Load::Ready);
            }
            keep(model, refusal);
        }
        Outcome::Refused(error) if Refusal::may_be_replaced(error.status) => return begin_again(model),
        other => {
            failed(model, "HeadObject", other);
        }
    }
    send_probes(model);
}

/// The object is not the one the earlier answers were about: nothing of them is kept.
fn begin_again(model: &mut Model) {
    let rounds = model.inspect.replaced + 1;
    let Some(object) = model.inspect.object.clone().filter(|_| rounds <= ROUNDS) else {
        cancel_tasks(model, |_| true);
        model.inspect.probe = None;
        return model.say(Level::Bad, "the object is replaced again and again; r asks once more");
    };
    let focus = model.pane();
    open(model, object);
    model.inspect.replaced = rounds;
    model.set_focus(focus);
    model.say(
        Level::Warning,
        "the object was replaced while it was asked about: what was learnt is dropped, everything is asked again",
    );
}

pub(super) fn part_came(model: &mut Model, generation: u64, number: PartNumber, outcome: &Outcome) {
    if generation != model.inspect.generation {
        return;
    }
    let of_probe = model.inspect.probe.as_mut().is_some_and(|p| p.asked.remove(&number));
    match outcome {
        Outcome::Answered(Output::Head(head)) => {
            if !part_answered(model, number, head) {
                return;
            }
        }
        Outcome::Refused(error) => {
            if part_refused(model, number, error, of_probe) {
                return;
            }
        }
        other => {
            end_asking(model);
            failed(model, &format!("HeadObject ?partNumber={number}"), other);
        }
    }
    if of_probe {
        if let Some(probe) = model.inspect.probe.as_mut() {
            probe.answered += 1;
        }
        send_probes(model);
    }
}

/// Takes an answer about a part; false when everything begins again.
fn part_answered(model: &mut Model, number: PartNumber, head: &HeadObjectOutput) -> bool {
    match model.inspect.evidence.add_head(Some(number), head) {
        Heard::Taken => {}
        Heard::Replaced => {
            begin_again(model);
            return false;
        }
        Heard::Ignored => {
            end_asking(model);
            model.say(Level::Warning, "this server ignores partNumber: part sizes cannot be asked for");
        }
        Heard::Disbelieved(why) => model.say(Level::Warning, format!("not believed: {why}")),
    }
    true
}

/// A refused part ends the probe, unless it was the version that may not be named; true when it is asked again.
fn part_refused(model: &mut Model, number: PartNumber, error: &ServiceError, of_probe: bool) -> bool {
    let named = model.inspect.object.as_ref().is_some_and(|o| o.version_id.is_some());
    if error.status == 403 && of_probe && model.inspect.pinned.take().is_some() && !named {
        model.say(
            Level::Warning,
            "naming the version was refused (it needs s3:GetObjectVersion): asked without, ETags are compared",
        );
        if let Some(probe) = model.inspect.probe.as_mut() {
            let again = std::mem::take(&mut probe.asked);
            probe.waiting.extend(again);
            probe.waiting.push(number);
        }
        cancel_tasks(model, |p| matches!(p, Purpose::HeadPart(..)));
        send_probes(model);
        return true;
    }
    let refusal = refusal_of(model, Asked::HeadPart, error);
    if of_probe && Refusal::may_be_replaced(error.status) {
        recheck(model, refusal);
        return false;
    }
    end_asking(model);
    keep(model, refusal);
    false
}

fn refusal_of(model: &Model, asked: Asked, error: &ServiceError) -> Refusal {
    let versioned = model.inspect.asked_object().is_some_and(|o| o.version_id.is_some());
    Refusal { asked, status: error.status, code: error.code.clone(), versioned }
}

/// Keeps a refusal as missing evidence and says what would give it.
fn refuse(model: &mut Model, asked: Asked, error: &ServiceError) {
    keep(model, refusal_of(model, asked, error));
}

fn keep(model: &mut Model, refusal: Refusal) {
    model.say(Level::Warning, refusal.sentence());
    model.inspect.evidence.add_refusal(refusal);
}

/// Asks for no further part.
fn end_asking(model: &mut Model) {
    if let Some(probe) = model.inspect.probe.as_mut() {
        probe.waiting.clear();
    }
}

pub(super) fn tags_came(model: &mut Model, generation: u64, outcome: &Outcome) {
    if generation != model.inspect.generation {
        return;
    }
    match outcome {
        Outcome::Answered(Output::Tags(tags)) => {
            model.inspect.tags = Some(tags.clone());
            model.inspect.tags_load = Load::Ready;
        }
        other => {
            model.inspect.tags_load = failed(model, "GetObjectTagging", other);
            if let Outcome::Refused(error) = other {
                refuse(model, Asked::Tags, error);
            }
        }
    }
}

/// Asks for the access control list of the object in view, which nothing else tells.
pub(super) fn ask_acl(model: &mut Model) {
    let Some(object) = model.object_in_view() else { return };
    if model.inspect.object.as_ref() != Some(&object) {
        open(model, object.clone());
    }
    let object = model.inspect.asked_object().unwrap_or(object);
    model.send(Purpose::Acl(model.inspect.generation), Operation::GetObjectAcl(object), false);
}

pub(super) fn acl_came(model: &mut Model, generation: u64, outcome: &Outcome) {
    if generation != model.inspect.generation {
        return;
    }
    match outcome {
        Outcome::Answered(Output::Acl(acl)) => {
            model.say(Level::Good, format!("access control list: {}", acl.sentence()));
        }
        other => {
            failed(model, "GetObjectAcl", other);
        }
    }
}

pub(super) fn attributes_came(model: &mut Model, generation: u64, outcome: &Outcome) {
    if generation != model.inspect.generation {
        return;
    }
    match outcome {
        Outcome::Answered(Output::Attributes(page)) => {
            if model.inspect.evidence.add_attributes(page) == Heard::Replaced {
                return begin_again(model);
            }
            model.inspect.attributes_load = Load::Ready;
            model.inspect.attributes = Some((**page).clone());
            next_page(model);
        }
        other => {
            // Many servers lack this operation; the other evidence stands on its own.
            let said = crate::domain::text::visible(&other.summary_of_read());
            model.inspect.attributes_load = Load::Failed(said.clone());
            match other {
                Outcome::Refused(error) => refuse(model, Asked::Attributes, error),
                _ => model.inspect.evidence.attributes_not_had(said),
            }
            if model.inspect.probe.as_ref().is_some_and(|p| p.kind == ProbeKind::Attributes) {
                model.inspect.probe = None;
            }
        }
    }
}

/// Goes on with the pages while they are what is probed.
fn next_page(model: &mut Model) {
    let Some(probe) = model.inspect.probe.as_mut().filter(|p| p.kind == ProbeKind::Attributes) else {
        return;
    };
    probe.answered += 1;
    // No more than were announced, whatever the server says of more.
    let goes_on = probe.answered < probe.planned && model.inspect.evidence.pages_are_left();
    let marker = model.inspect.attributes.as_ref().and_then(|a| a.next.clone()).filter(|_| goes_on);
    match (marker, model.inspect.asked_object()) {
        (Some(marker), Some(object)) => ask_attributes(model, object, Some(marker)),
        _ => end_probe(model),
    }
}

/// Shows what can be asked, with the requests each takes; nothing is sent before Enter.
pub(super) fn offer_probe(model: &mut Model) {
    // The cursor stands on what decides, unless that is so many requests that they should be chosen.
    let plans = model.inspect.evidence.plans();
    let at = plans.iter().position(|p| p.decides && p.requests <= FEW).unwrap_or(0);
    sheet::open(model, Sheet::Probes { at });
}

/// Sends the requests of a plan.
pub(super) fn begin_probe(model: &mut Model, kind: ProbeKind) {
    let Some(plan) = model.inspect.evidence.plan(kind) else { return };
    let (mut waiting, planned) = (plan.parts.clone(), plan.requests);
    waiting.reverse();
    model.inspect.probe = Some(Probe { kind, waiting, asked: BTreeSet::new(), answered: 0, planned });
    if kind != ProbeKind::Attributes {
        return send_probes(model);
    }
    // The first page may still be on its way: it is the first of this probe then, and not asked for twice.
    if matches!(model.inspect.attributes_load, Load::Asking) {
        return;
    }
    let marker = model.inspect.attributes.as_ref().and_then(|a| a.next.clone());
    if let Some(object) = model.inspect.asked_object() {
        ask_attributes(model, object, marker);
    }
}

fn send_probes(model: &mut Model) {
    let Some(object) = model.inspect.asked_object() else { return };
    let generation = model.inspect.generation;
    loop {
        let Some(probe) = model.inspect.probe.as_mut() else { return };
        if probe.asked.len() >= PROBES_AT_ONCE {
            return;
        }
        let Some(number) = probe.waiting.pop() else { break };
        probe.asked.insert(number);
        let head = HeadObject { object: object.clone(), part_number: Some(number) };
        model.send(Purpose::HeadPart(generation, number), Operation::HeadObject(head), false);
    }
    // While the plain HEAD is asked again nothing is known of how it ended.
    let waits = model.inspect.recheck.is_some();
    if !waits && model.inspect.probe.as_ref().is_some_and(|p| p.asked.is_empty()) {
        end_probe(model);
    }
}

/// Says what the answers came to.
fn end_probe(model: &mut Model) {
    let Some(probe) = model.inspect.probe.take() else { return };
    let evidence = &model.inspect.evidence;
    if evidence.refusals.iter().any(|r| r.asked == Asked::HeadPart) {
        // The refusal has been said already, and is the news.
        return;
    }
    let what = if probe.kind == ProbeKind::Attributes { "GetObjectAttributes" } else { "HEAD" };
    let requests = if probe.answered == 1 { "request" } else { "requests" };
    let asked = format!("{} {what} {requests}", grouped(probe.answered));
    let (level, words) = match (evidence.exact_layout(), evidence.refutation()) {
        (Some(layout), _) if layout.uniform_size().is_some() => {
            (Level::Good, "the part map is proved; parts are all equal but the last".to_owned())
        }
        (Some(_), _) => (Level::Good, "the part map is proved; parts are not equal".to_owned()),
        (None, Some(why)) => (Level::Good, format!("the parts are not equal: {why}")),
        (None, None) if !evidence.doubts.is_empty() => {
            (Level::Warning, "not every answer was believed, see Part size; nothing is proved".to_owned())
        }
        (None, None) => (Level::Warning, "equal parts are still possible, and not proved".to_owned()),
    };
    model.say(level, format!("{asked}: {words}"));
}

/// Sends no further request of the probe and calls off those on their way.
pub(super) fn stop_probe(model: &mut Model) {
    let pages = model.inspect.probe.take().is_some_and(|p| p.kind == ProbeKind::Attributes);
    let unwanted: fn(&Purpose) -> bool =
        if pages { |p| matches!(p, Purpose::Attributes(_)) } else { |p| matches!(p, Purpose::HeadPart(..)) };
    cancel_tasks(model, unwanted);
    if model.inspect.recheck.take().is_some() {
        cancel_tasks(model, |p| matches!(p, Purpose::Head(_)));
    }
    model.say(Level::Plain, "probe stopped; what was learnt stays");
}
