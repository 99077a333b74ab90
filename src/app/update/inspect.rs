//! One object: ask what the service says of it, and for boundaries when told to.

use super::super::command::Pane;
use super::super::model::{Level, Model, Purpose};
use super::super::overlay::{Action, Confirm, Overlay};
use super::super::panes::browse::Load;
use super::command::failed;
use crate::domain::names::ObjectRef;
use crate::domain::operation::{GetObjectAttributes, HeadObject, Operation};
use crate::domain::outcome::Outcome;
use crate::domain::output::Output;
use crate::domain::units::PartNumber;

/// HEADs of one probe on their way at once.
const PROBES_AT_ONCE: usize = 16;

/// Shows an object and asks four things: HEAD, HEAD of part 1, attributes, tags.
pub(super) fn open(model: &mut Model, object: ObjectRef) {
    forget_tasks(model);
    model.inspect.open(object.clone());
    let generation = model.inspect.generation;
    let head = |part_number| Operation::HeadObject(HeadObject { object: object.clone(), part_number });
    model.send(Purpose::Head(generation), head(None), false);
    model.send(Purpose::HeadPart(generation, PartNumber(1)), head(Some(PartNumber(1))), false);
    ask_attributes(model, object.clone(), None);
    model.send(Purpose::Tags(generation), Operation::GetObjectTagging(object), false);
    model.set_focus(Pane::PartMap);
}

fn forget_tasks(model: &mut Model) {
    model.tasks.retain(|_, p| {
        !matches!(p, Purpose::Head(_) | Purpose::HeadPart(..) | Purpose::Tags(_) | Purpose::Attributes(_))
    });
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
    match outcome {
        Outcome::Answered(Output::Head(head)) => {
            model.inspect.evidence.add_head(None, head);
            model.inspect.head = Some((**head).clone());
            model.inspect.head_load = Load::Ready;
        }
        other => model.inspect.head_load = failed(model, "HeadObject", other),
    }
}

pub(super) fn part_came(model: &mut Model, generation: u64, number: PartNumber, outcome: &Outcome) {
    if generation != model.inspect.generation {
        return;
    }
    let of_probe = number != PartNumber(1);
    if of_probe {
        model.inspect.probing = model.inspect.probing.saturating_sub(1);
    }
    match outcome {
        Outcome::Answered(Output::Head(head)) => {
            model.inspect.evidence.add_head(Some(number), head);
            if head.status != 206 {
                model.inspect.probes.clear();
                model.say(Level::Warning, "this server ignores partNumber: part sizes cannot be asked for");
            } else if of_probe {
                model.inspect.probed += 1;
            }
        }
        other => {
            model.inspect.probes.clear();
            failed(model, &format!("HeadObject ?partNumber={number}"), other);
        }
    }
    if of_probe {
        send_probes(model);
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
        other => model.inspect.tags_load = failed(model, "GetObjectTagging", other),
    }
}

pub(super) fn attributes_came(model: &mut Model, generation: u64, outcome: &Outcome) {
    if generation != model.inspect.generation {
        return;
    }
    match outcome {
        Outcome::Answered(Output::Attributes(page)) => {
            model.inspect.evidence.add_attributes(page);
            model.inspect.attributes_load = Load::Ready;
            model.inspect.attributes = Some((**page).clone());
        }
        other => {
            // Many servers lack this operation; the other evidence stands on its own.
            model.inspect.attributes_load =
                Load::Failed(crate::domain::text::visible(&other.summary_of_read()));
        }
    }
}

/// Asks before it sends: a probe can mean thousands of requests.
pub(super) fn offer_probe(model: &mut Model) {
    let evidence = &model.inspect.evidence;
    if let (Some(true), Some(object), Some(marker)) = (
        evidence.attributes_list,
        model.inspect.object.clone(),
        model.inspect.attributes.as_ref().and_then(|a| a.next.clone()),
    ) {
        return ask_attributes(model, object, Some(marker));
    }
    let probes = evidence.probes();
    if probes.len() <= 8 {
        return begin_probe(model);
    }
    model.overlays.push(Overlay::Confirm(Confirm {
        title: "Prove every part boundary?".into(),
        lines: vec![
            format!("This sends {} HeadObject requests, {PROBES_AT_ONCE} at a time.", probes.len()),
            "Content-Range of a part pins both its ends, so every second part is enough.".into(),
            "Esc stops them; what was learnt stays.".into(),
        ],
        no: "Not now",
        yes: "Send them",
        on_yes: false,
        action: Action::Probe,
    }));
}

pub(super) fn begin_probe(model: &mut Model) {
    let mut probes = model.inspect.evidence.probes();
    probes.reverse();
    model.inspect.probes = probes;
    model.inspect.probed = 0;
    send_probes(model);
}

fn send_probes(model: &mut Model) {
    let Some(object) = model.inspect.object.clone() else { return };
    while model.inspect.probing < PROBES_AT_ONCE {
        let Some(number) = model.inspect.probes.pop() else { break };
        let head = HeadObject { object: object.clone(), part_number: Some(number) };
        model.inspect.probing += 1;
        model.send(Purpose::HeadPart(model.inspect.generation, number), Operation::HeadObject(head), false);
    }
    if model.inspect.probing == 0 && model.inspect.probed > 0 {
        model.inspect.evidence.close_gaps();
        let n = std::mem::take(&mut model.inspect.probed);
        let requests = if n == 1 { "request" } else { "requests" };
        match model.inspect.evidence.exact_layout() {
            Some(layout) => {
                let kind =
                    if layout.uniform_size().is_some() { "all equal but the last" } else { "not equal" };
                model.say(
                    Level::Good,
                    format!("{n} HEAD {requests}: the part map is proved; parts are {kind}"),
                );
            }
            None => {
                model.say(Level::Warning, format!("{n} HEAD {requests}; some boundaries are still not known"))
            }
        }
    }
}

/// Sends no further HEAD and forgets those on their way.
pub(super) fn stop_probe(model: &mut Model) {
    model.inspect.probes.clear();
    model.inspect.probing = 0;
    let ids: Vec<_> =
        model.tasks.iter().filter(|(_, p)| matches!(p, Purpose::HeadPart(..))).map(|(id, _)| *id).collect();
    for id in ids {
        model.tasks.remove(&id);
        model.effects.push(super::super::msg::Effect::Cancel(id));
    }
    model.inspect.evidence.close_gaps();
    model.say(Level::Plain, "probe stopped; what was learnt stays");
}
