//! Keys in the overlay of faults, and what the sandbox says of its rules.

use super::super::faults::{Chosen, FaultList};
use super::super::form::request;
use super::super::model::{Level, Model};
use super::super::msg::{Effect, FaultChange};
use super::super::overlay::Overlay;
use super::super::press::{Key, Press};
use crate::domain::fault::FaultStatus;
use tui_input::Input;

/// The rules as they are now.
pub(super) fn came(model: &mut Model, rules: Vec<FaultStatus>) {
    model.faults = rules;
}

/// One key press. Text goes into the line; what is chosen below it is taken over, deleted, or left alone.
pub(super) fn press(model: &mut Model, mut list: FaultList, press: Press) {
    let at_end = list.input.cursor() >= list.input.value().chars().count();
    match (press.key, press.ctrl) {
        (Key::Esc, _) => return,
        (Key::Enter, _) => enter(model, &mut list),
        (Key::Up, _) => list.go(-1, &model.faults),
        (Key::Down, _) => list.go(1, &model.faults),
        (Key::PageUp, _) => list.go(-5, &model.faults),
        (Key::PageDown, _) => list.go(5, &model.faults),
        // Behind the last letter there is nothing to delete but the chosen rule.
        (Key::Delete, _) if at_end => delete(model, &list),
        (Key::Char('x'), true) => clear(model),
        _ => {
            if let Some(wanted) = request(press) {
                list.input.handle(wanted);
            }
        }
    }
    model.overlays.push(Overlay::Faults(list));
}

/// Adds what is typed; with nothing typed, puts the chosen rule into the line.
fn enter(model: &mut Model, list: &mut FaultList) {
    match list.typed() {
        Some(Ok(fault)) => {
            model.say(Level::Good, format!("the sandbox will fail: {fault}"));
            model.effects.push(Effect::Fault(FaultChange::Add(Box::new(fault))));
            list.input = Input::default();
        }
        Some(Err(why)) => model.say(Level::Bad, why.to_string()),
        None => {
            list.input = Input::new(match list.chosen(&model.faults) {
                Chosen::Rule(status) => status.fault.to_string(),
                Chosen::Ready(rule) => rule.to_owned(),
            });
        }
    }
}

fn delete(model: &mut Model, list: &FaultList) {
    match list.chosen(&model.faults) {
        Chosen::Rule(status) => model.effects.push(Effect::Fault(FaultChange::Remove(status.id))),
        Chosen::Ready(_) => model.say(Level::Plain, "a ready-made rule stays; choose one of the rules above"),
    }
}

fn clear(model: &mut Model) {
    if model.faults.is_empty() {
        return model.say(Level::Plain, "there is no rule to clear");
    }
    model.say(Level::Plain, "all rules are cleared");
    model.effects.push(Effect::Fault(FaultChange::Clear));
}
