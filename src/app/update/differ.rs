//! Comparing exchanges: with the previous of the kind, with the marked one, and going to what differs.

use super::super::command::Pane;
use super::super::model::{Level, Model};
use super::super::overlay::Overlay;
use super::super::panes::differ::Pair;
use super::super::panes::reading::Side as Half;
use super::super::panes::select::Motion;
use super::super::press::{Key, Press};
use super::wire_field::go_to_place;
use crate::domain::exchange::{Exchange, ExchangeId};
use crate::domain::exchange_diff::{Kinship, Side, next_of_kind, previous_of_kind};

/// Shows what changed since the previous exchange of this kind.
pub(super) fn with_previous(model: &mut Model) {
    let Some(current) = model.wire.current() else { return };
    let (id, kind) = (current.id, current.kind);
    match previous_of_kind(current, model.wire.before(id)) {
        Some((old, kinship)) => open(model, old, id, Some(kinship)),
        None => model.say(Level::Plain, format!("this is the first {kind} that is kept")),
    }
}

/// Marks an exchange; the marked one loses the mark.
pub(super) fn mark(model: &mut Model) {
    let Some(id) = model.wire.current().map(|e| e.id) else { return };
    if model.wire.differ.marked == Some(id) {
        model.wire.differ.marked = None;
        return model.say(Level::Plain, "the mark is gone");
    }
    model.wire.differ.marked = Some(id);
    model.say(Level::Plain, format!("marked exchange #{}; = on another one compares", id.0));
}

/// Compares the marked exchange with this one.
pub(super) fn with_marked(model: &mut Model) {
    if let (Some(old), Some(new)) = (model.wire.differ.marked, model.wire.current().map(|e| e.id)) {
        open(model, old, new, None);
    }
}

fn open(model: &mut Model, old: ExchangeId, new: ExchangeId, kinship: Option<Kinship>) {
    if compare(model, old, new, kinship) && !matches!(model.overlays.last(), Some(Overlay::WireDiff)) {
        model.overlays.push(Overlay::WireDiff);
    }
}

fn compare(model: &mut Model, old: ExchangeId, new: ExchangeId, kinship: Option<Kinship>) -> bool {
    let reveal = model.revealing();
    let both = model.wire.by_id(old).zip(model.wire.by_id(new));
    let Some(pair) = both.map(|(old, new)| Pair::new(old, new, kinship, reveal)) else { return false };
    model.wire.differ.pair = Some(pair);
    true
}

/// One key press over the differences.
pub(super) fn press(model: &mut Model, press: Press) {
    let page = usize::from(model.size.1).saturating_sub(8).max(1);
    match press.key {
        Key::Esc | Key::Char('q' | 'd' | '=') => {
            model.wire.differ.pair = None;
            return;
        }
        Key::Enter => return go_to_line(model),
        Key::Char('[') => beside(model, true),
        Key::Char(']') => beside(model, false),
        key => {
            let motion = match key {
                Key::Up | Key::Char('k') => Some(Motion::Up),
                Key::Down | Key::Char('j') => Some(Motion::Down),
                Key::PageUp => Some(Motion::PageUp),
                Key::PageDown | Key::Char(' ') => Some(Motion::PageDown),
                Key::Home => Some(Motion::Home),
                Key::End | Key::Char('G') => Some(Motion::End),
                _ => None,
            };
            if let (Some(motion), Some(pair)) = (motion, model.wire.differ.pair.as_mut()) {
                pair.go(page, motion);
            }
        }
    }
    model.overlays.push(Overlay::WireDiff);
}

/// Moves among the differences, as the wheel does.
pub(super) fn go(model: &mut Model, motion: Motion) {
    if let Some(pair) = model.wire.differ.pair.as_mut() {
        pair.go(1, motion);
    }
}

/// The pair before: the older one with what came before it; or the pair after.
fn beside(model: &mut Model, back: bool) {
    let Some(pair) = &model.wire.differ.pair else { return };
    let of = if back { pair.diff.old } else { pair.diff.new };
    let Some(exchange) = model.wire.by_id(of) else { return };
    let found = match back {
        true => previous_of_kind(exchange, model.wire.before(of)),
        false => next_of_kind(exchange, model.wire.after(of)),
    };
    match found {
        Some((other, kinship)) => {
            let (old, new) = if back { (other, of) } else { (of, other) };
            compare(model, old, new, Some(kinship));
        }
        None => {
            let which = if back { "first" } else { "last" };
            let said = format!("#{} is the {which} {} that is kept", of.0, exchange.kind);
            model.say(Level::Plain, said);
        }
    }
}

/// Goes to the line of the selected difference, of the new exchange unless it is only in the old one.
fn go_to_line(model: &mut Model) {
    let Some(pair) = model.wire.differ.pair.take() else { return };
    let Some((side, change)) = pair.selected() else { return };
    let (id, value) = match (&change.new, &change.old) {
        (Some(value), _) => (pair.diff.new, Some(value)),
        (None, value) => (pair.diff.old, value.as_ref()),
    };
    let place = value.map_or(0, |v| v.at.start);
    if !model.wire.looking().shows(id) {
        model.wire.set_filter(crate::domain::wire_filter::Filter::default());
        model.say(Level::Plain, "the filter is cleared: it hid this exchange");
    }
    model.wire.select(id);
    match side {
        Side::Request => {
            go_to_place(model, Half::Request, place);
            model.set_focus(Pane::WireRequest);
        }
        Side::Response => {
            go_to_place(model, Half::Response, place);
            model.set_focus(Pane::WireResponse);
        }
        Side::Course => model.set_focus(Pane::Timeline),
    }
}

/// One of the two may have gone on.
pub(super) fn heard(model: &mut Model, changed: &[ExchangeId]) {
    let about = |pair: &Pair| changed.iter().any(|id| pair.is_about(*id));
    if model.wire.differ.pair.as_ref().is_some_and(about) {
        again(model);
    }
}

/// Secrets are shown in the differences as long as they are elsewhere.
pub(super) fn follow_secrets(model: &mut Model) {
    if model.wire.differ.pair.as_ref().is_some_and(|pair| pair.revealed != model.revealing()) {
        again(model);
    }
}

/// Compares the same two again; where one is not kept any more, what was found stays.
fn again(model: &mut Model) {
    let reveal = model.revealing();
    let Some(pair) = &model.wire.differ.pair else { return };
    let (old, new): (Option<&Exchange>, _) =
        (model.wire.by_id(pair.diff.old), model.wire.by_id(pair.diff.new));
    let fresh = match old.zip(new) {
        Some((old, new)) => Pair { at: pair.at, ..Pair::new(old, new, pair.kinship, reveal) },
        None if pair.revealed && !reveal => {
            // What cannot be masked again is not shown on.
            model.wire.differ.pair = None;
            model.overlays.retain(|o| !matches!(o, Overlay::WireDiff));
            return model.say(Level::Plain, "one of the two is not kept any more");
        }
        None => return,
    };
    model.wire.differ.pair = Some(fresh);
}
