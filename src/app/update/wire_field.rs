//! The fields of the Wire screen: filtering the list while one types, and finding a text in the traffic.

use super::super::command::Pane;
use super::super::form::request;
use super::super::model::{Level, Model};
use super::super::overlay::{Overlay, WireField, WireFieldPurpose};
use super::super::panes::looking::Standing;
use super::super::panes::reading::Side;
use super::super::press::{Key, Press};
use crate::domain::explain::Direction;
use crate::domain::wire_filter::Filter;
use crate::domain::wire_find::Needle;
use tui_input::Input;

/// Opens a field with what is in force.
pub(super) fn open(model: &mut Model, purpose: WireFieldPurpose) {
    let looking = model.wire.looking();
    let before = match purpose {
        WireFieldPurpose::Filter => looking.filter().map_or("", Filter::text),
        WireFieldPurpose::Find => looking.needle().map_or("", Needle::text),
    };
    let (before, input) = (before.to_owned(), Input::new(before.to_owned()));
    model.overlays.push(Overlay::WireField(WireField { purpose, input, before, why: None }));
}

/// One key press in a field.
pub(super) fn press(model: &mut Model, mut field: WireField, press: Press) {
    match press.key {
        Key::Esc => {
            let before = std::mem::take(&mut field.before);
            // It was in force, so it can be read.
            let _ = set(model, field.purpose, &before);
        }
        Key::Enter => entered(model, field),
        _ => {
            if let Some(wanted) = request(press) {
                field.input.handle(wanted);
            }
            model.overlays.push(Overlay::WireField(field));
            typed(model);
        }
    }
}

/// What is typed holds at once; what cannot be read leaves the last that could in force, and says why.
pub(super) fn typed(model: &mut Model) {
    let Some(Overlay::WireField(field)) = model.overlays.last() else { return };
    let (purpose, text) = (field.purpose, field.input.value().to_owned());
    let why = match purpose {
        WireFieldPurpose::Filter => {
            Filter::being_typed(&text).map(|filter| filter_by(model, filter)).err().map(|e| e.to_string())
        }
        WireFieldPurpose::Find => set(model, purpose, &text).err(),
    };
    if let Some(Overlay::WireField(field)) = model.overlays.last_mut() {
        field.why = why;
    }
}

fn set(model: &mut Model, purpose: WireFieldPurpose, text: &str) -> Result<(), String> {
    match purpose {
        WireFieldPurpose::Filter => {
            filter_by(model, text.parse().map_err(|e| format!("{e}"))?);
        }
        WireFieldPurpose::Find => model.wire.set_needle(Needle::new(text)),
    }
    Ok(())
}

fn filter_by(model: &mut Model, filter: Filter) {
    if model.wire.looking().filter().map_or("", Filter::text) != filter.text() {
        model.wire.set_filter(filter);
    }
}

fn entered(model: &mut Model, mut field: WireField) {
    let (purpose, text) = (field.purpose, field.input.value().to_owned());
    if let Err(why) = set(model, purpose, &text) {
        field.why = Some(why);
        return model.overlays.push(Overlay::WireField(field));
    }
    if purpose == WireFieldPurpose::Find && model.wire.looking().needle().is_some() {
        step(model, false);
    }
}

/// Looks through some more of the traffic.
pub(super) fn look_on(model: &mut Model) {
    model.wire.look_on();
}

/// Clears the filter, or ends the search; gives whether there was one.
pub(super) fn clear(model: &mut Model) -> bool {
    if model.wire.looking().filter().is_some() {
        model.wire.set_filter(Filter::default());
        model.say(Level::Plain, "every exchange is shown again");
        return true;
    }
    let sought = model.wire.looking().needle().is_some();
    model.wire.set_needle(None);
    sought
}

/// Goes to the next match or the one before: its exchange, its direction, its line.
pub(super) fn step(model: &mut Model, back: bool) {
    let Some((id, found, around)) = model.wire.find(back) else {
        let said = match model.wire.looking().is_settled() {
            true => "not found in what is kept; masked secrets are not searched",
            false => "not found so far; still looking",
        };
        return model.say(Level::Plain, said);
    };
    model.wire.select(id);
    let (side, pane) = match found.direction {
        Direction::Request => (Side::Request, Pane::WireRequest),
        Direction::Response => (Side::Response, Pane::WireResponse),
    };
    go_to_place(model, side, found.at.start);
    model.set_focus(pane);
    let standing = standing(&model.wire.looking().standing());
    let around = match (around, back) {
        (false, _) => "",
        (true, false) => "; from the oldest again",
        (true, true) => "; from the newest again",
    };
    model.say(Level::Plain, format!("{standing}{around}"));
}

/// Puts the cursor of a direction of the selected exchange on the line that shows a byte.
pub(super) fn go_to_place(model: &mut Model, side: Side, place: u64) {
    let reveal = model.revealing();
    let mut reading = model.wire.reading;
    if let Some(exchange) = model.wire.current() {
        reading.go_to_place(side, exchange, place, reveal);
    }
    model.wire.reading = reading;
}

/// `3 of 17 matches in 5 exchanges`.
pub fn standing(s: &Standing) -> String {
    let at = s.at.map(|n| format!("{n} of ")).unwrap_or_default();
    let going_on = if s.going_on { ", still looking" } else { "" };
    let plural = |n: u64, one: &'static str, many: &'static str| if n == 1 { one } else { many };
    let exchanges = u64::try_from(s.exchanges).unwrap_or(u64::MAX);
    format!(
        "{at}{} {} in {} {}{going_on}",
        s.of,
        plural(s.of, "match", "matches"),
        s.exchanges,
        plural(exchanges, "exchange", "exchanges")
    )
}
