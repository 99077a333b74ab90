//! Reading the wire: the cursor in request and response, the views, and from a line to the form it came from.

use super::super::command::Pane;
use super::super::explaining::About;
use super::super::model::{Level, Model};
use super::super::overlay::Overlay;
use super::super::panes::reading::Side;
use super::super::panes::select::Motion;
use super::draft;
use crate::domain::draft::Draft;

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

/// Opens the form of the request on the wire, with its values and with the field of the line under the cursor.
pub(super) fn edit(model: &mut Model) {
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
