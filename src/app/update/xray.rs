//! The x-ray of a signature: opened on an exchange, moved in line by line, and from a line to its bytes.

use super::super::command::{Command, Pane};
use super::super::model::{Level, Model};
use super::super::msg::Effect;
use super::super::overlay::Overlay;
use super::super::panes::reading::Side;
use super::super::panes::select::{Motion, moved};
use super::super::panes::xray::XRay;
use super::super::press::{Key, Press};
use super::command;
use crate::domain::exchange::{Exchange, ExchangeId};
use crate::domain::xray::{self, Checked, Line, Section, Tone};

/// Opens it on the selected exchange; from the response of a refused signature, where the server's side is.
pub(super) fn open(model: &mut Model) {
    let Some(exchange) = model.wire.current() else { return };
    let asked = xray::asked(&exchange.request);
    let checked = if asked.is_some() { Checked::Waiting } else { Checked::NoKey };
    let mut state = XRay { exchange: exchange.id, at: 0, asked, checked };
    if model.pane() == Pane::WireResponse {
        state.at = lines(model, &state).iter().position(|l| l.section == Section::Server).unwrap_or(0);
    }
    ask(model, &state);
    model.overlays.push(Overlay::XRay(Box::new(state)));
}

/// Its lines; none when the exchange is not kept any more.
pub fn lines(model: &Model, state: &XRay) -> Vec<Line> {
    let shown = |e: &Exchange| xray::xray(&e.request, &e.response, &state.checked, model.revealing());
    model.wire.by_id(state.exchange).map(shown).unwrap_or_default()
}

fn ask(model: &mut Model, state: &XRay) {
    if let Some(asked) = state.asked.clone() {
        model.effects.push(Effect::CheckSignatures { exchange: state.exchange, asked: Box::new(asked) });
    }
}

fn open_state(model: &mut Model) -> Option<&mut XRay> {
    model
        .overlays
        .iter_mut()
        .find_map(|o| if let Overlay::XRay(state) = o { Some(state.as_mut()) } else { None })
}

/// What whoever holds the secret key has found.
pub(super) fn came(model: &mut Model, exchange: ExchangeId, checked: Checked) {
    if let Some(state) = open_state(model).filter(|s| s.exchange == exchange) {
        state.checked = checked;
    }
}

/// Asks again when more of the request has left than was asked about.
pub(super) fn refresh(model: &mut Model) {
    let Some(id) = open_state(model).map(|s| s.exchange) else { return };
    let asked = model.wire.by_id(id).and_then(|e| xray::asked(&e.request));
    let Some(state) = open_state(model).filter(|s| asked.is_some() && s.asked != asked) else { return };
    state.asked = asked;
    let state = state.clone();
    ask(model, &state);
}

/// One key press.
pub(super) fn press(model: &mut Model, mut state: Box<XRay>, press: Press) {
    let all = lines(model, &state);
    let page = usize::from(model.size.1).saturating_sub(12).max(1);
    let motion = match press.key {
        Key::Esc | Key::Char('q' | 'S') => return,
        Key::Enter => return to_bytes(model, state, &all),
        Key::Char('c') => {
            copy(model, state.exchange);
            return model.overlays.push(Overlay::XRay(state));
        }
        Key::Char('x') => {
            command::run(model, Command::Reveal);
            return model.overlays.push(Overlay::XRay(state));
        }
        Key::Tab => {
            let next = all.iter().enumerate().skip(state.at + 1).find(|(_, l)| l.tone == Tone::Heading);
            state.at = next.map_or(0, |(at, _)| at);
            return model.overlays.push(Overlay::XRay(state));
        }
        Key::BackTab => {
            state.at = all.iter().take(state.at).rposition(|l| l.tone == Tone::Heading).unwrap_or(0);
            return model.overlays.push(Overlay::XRay(state));
        }
        Key::Up | Key::Char('k') => Motion::Up,
        Key::Down | Key::Char('j') => Motion::Down,
        Key::PageUp => Motion::PageUp,
        Key::PageDown | Key::Char(' ') => Motion::PageDown,
        Key::Home => Motion::Home,
        Key::End | Key::Char('G') => Motion::End,
        _ => return model.overlays.push(Overlay::XRay(state)),
    };
    state.at = moved(state.at, all.len(), page, motion);
    model.overlays.push(Overlay::XRay(state));
}

/// The wheel moves the cursor.
pub(super) fn wheel(model: &mut Model, up: bool) {
    let Some(state) = open_state(model).map(|s| s.clone()) else { return };
    let count = lines(model, &state).len();
    if let Some(state) = open_state(model) {
        state.at = moved(state.at, count, 1, if up { Motion::Up } else { Motion::Down });
    }
}

/// Goes to the first byte that the line was made from, in its pane.
fn to_bytes(model: &mut Model, state: Box<XRay>, all: &[Line]) {
    let line = all.get(state.at);
    let request = line.and_then(|l| l.from.first()).map(|at| (Side::Request, at.start));
    let answer = line.and_then(|l| l.answer.first()).map(|at| (Side::Response, at.start));
    let Some((side, place)) = request.or(answer) else {
        model.say(Level::Plain, "no bytes: this line is computed or said here");
        return model.overlays.push(Overlay::XRay(state));
    };
    model.wire.select(state.exchange);
    let (mut reading, reveal) = (model.wire.reading, model.revealing());
    if let Some(exchange) = model.wire.current() {
        reading.go_to_place(side, exchange, place, reveal);
    }
    model.wire.reading = reading;
    model.set_focus(if side == Side::Request { Pane::WireRequest } else { Pane::WireResponse });
}

/// Gives the canonical request to the terminal's clipboard, secrets masked.
fn copy(model: &mut Model, id: ExchangeId) {
    match model.wire.by_id(id).and_then(|e| xray::canonical_text(&e.request)) {
        Some(text) => {
            model.effects.push(Effect::Copy(text));
            let said = "the canonical request, secrets masked, went to the terminal's clipboard (OSC 52), if it takes it";
            model.say(Level::Plain, said);
        }
        None => {
            model.say(Level::Plain, "there is no canonical request: it is not signed in a way known here")
        }
    }
}
