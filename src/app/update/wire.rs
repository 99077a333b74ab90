//! Reading the wire: the cursor in request and response, the views, and from a line to the form it came from.

use super::super::command::{Command, Pane};
use super::super::enabled::enabled;
use super::super::explaining::About;
use super::super::form::{Field, Form, Purpose as Ask, Rule};
use super::super::model::{Level, Model};
use super::super::overlay::Overlay;
use super::super::panes::reading::Side;
use super::super::panes::select::Motion;
use super::draft;
use crate::domain::draft::Draft;
use crate::domain::units::{grouped, parse_size};

/// The direction a pane shows.
pub fn side(pane: Pane) -> Option<Side> {
    match pane {
        Pane::WireRequest => Some(Side::Request),
        Pane::WireResponse => Some(Side::Response),
        _ => None,
    }
}

/// Moves the cursor of request or response.
pub(super) fn go(model: &mut Model, side: Side, motion: Motion) {
    let (page, reveal) = (model.page, model.revealing());
    let mut reading = model.wire.reading;
    if let Some(exchange) = model.wire.current() {
        reading.go(side, exchange, page, motion, reveal);
    }
    model.wire.reading = reading;
}

/// Pretty, raw, hex: at the same place.
pub(super) fn turn(model: &mut Model) {
    let mut reading = model.wire.reading;
    reading.turn(model.wire.current(), model.revealing());
    model.wire.reading = reading;
}

/// Explains the line under the cursor at length.
pub(super) fn explain(model: &mut Model) {
    let Some(side) = side(model.pane()) else {
        return model.say(Level::Plain, "Tab to the request or the response, and choose a line there");
    };
    match model.wire.told(side, model.revealing()) {
        Some(_) => model.overlays.push(Overlay::Explain { about: About::WireLine(side), top: 0 }),
        None => model.say(Level::Plain, "this line is said by the program; nothing of it was on the wire"),
    }
}

/// Asks which byte to go to.
pub(super) fn ask_byte(model: &mut Model) {
    let (Some(side), Some(exchange)) = (side(model.pane()), model.wire.current()) else { return };
    let total = side.of(exchange).total;
    let intro = vec![format!("The message has {} bytes; the first is byte 0.", grouped(total))];
    let field = Field::new("Byte", "", Rule::Required, "70000, 0x11170 or 64KiB");
    let form = Form::new(Ask::GoToByte(side.into()), "Go to a byte", intro, vec![field]);
    model.overlays.push(Overlay::Form(Box::new(form)));
}

/// Puts the cursor on the line that shows a byte.
pub(super) fn go_to_byte(model: &mut Model, side: Side, typed: &str) -> Result<(), String> {
    let typed = typed.trim();
    let hex = typed.strip_prefix("0x").or_else(|| typed.strip_prefix("0X"));
    let place = match hex {
        Some(digits) => {
            u64::from_str_radix(digits, 16).map_err(|_| format!("{typed} is no hexadecimal number"))?
        }
        None => parse_size(typed)?,
    };
    let reveal = model.revealing();
    let mut reading = model.wire.reading;
    let Some(exchange) = model.wire.current() else { return Ok(()) };
    let captured = side.of(exchange);
    if place >= captured.total {
        return Err(format!(
            "the message ends before byte {}: it has {}",
            grouped(place),
            grouped(captured.total)
        ));
    }
    let kept = captured.keeps(place);
    reading.go_to_place(side, exchange, place, reveal);
    model.wire.reading = reading;
    if !kept {
        model.say(
            Level::Warning,
            format!("byte {} is not kept: this is where the middle is missing", grouped(place)),
        );
    }
    Ok(())
}

/// Opens the form of the request on the wire, with its values and with the field of the line under the cursor.
pub(super) fn edit(model: &mut Model) {
    if let Err(why) = enabled(model, Command::EditSent) {
        return model.say(Level::Warning, why);
    }
    let Some(exchange) = model.wire.current() else { return };
    let (id, kind) = (exchange.id.0, exchange.kind);
    let field = model.wire.told(Side::Request, model.revealing()).and_then(|(_, text)| text.field);
    let request = model.wire.current().map(|e| e.request.joined().unwrap_or_else(|| e.request.clone()));
    let Some(read) = request.zip(kind.known()).and_then(|(r, kind)| Draft::of_request(kind, &r)) else {
        return model.say(Level::Warning, format!("{kind} has no form"));
    };
    let remark =
        format!("as exchange #{id} asked it{}", read.left_out.map(|w| format!("; {w}")).unwrap_or_default());
    draft::show_sent(model, read.draft, remark, field);
}
