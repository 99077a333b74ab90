//! Wire: folding, freezing and following the list of exchanges.

use super::super::command::Pane;
use super::super::model::{Level, Model};
use super::super::panes::wire::Line;

/// Enter in the list: a heading folds or unfolds, an exchange is read.
pub(super) fn enter(model: &mut Model) {
    match model.wire.line(model.wire.at()) {
        Some(Line::Group(_)) => {
            if !model.wire.unfold() {
                model.wire.fold();
            }
        }
        _ => model.set_focus(Pane::WireRequest),
    }
}

/// Shows the exchanges of the group.
pub(super) fn unfold(model: &mut Model) {
    if !model.wire.unfold() {
        model.say(Level::Plain, "nothing is folded on this line; Enter reads an exchange");
    }
}

/// Shows only the heading of the group.
pub(super) fn fold(model: &mut Model) {
    if !model.wire.fold() {
        model.say(Level::Plain, "this line has no group to fold");
    }
}

/// Folds or unfolds every group.
pub(super) fn fold_all(model: &mut Model) {
    let folded = model.wire.fold_all();
    model.say(Level::Plain, if folded { "all groups are folded" } else { "all groups are unfolded" });
}

/// Keeps the list as it is, or lets it go on.
pub(super) fn freeze(model: &mut Model) {
    let fresh = model.wire.fresh();
    if model.wire.freeze(model.now) {
        model.say(Level::Plain, "the list is frozen; what comes is recorded all the same");
    } else {
        model.say(Level::Plain, format!("the list goes on, {fresh} new"));
    }
}

/// Goes to another attempt of the same call.
pub(super) fn other_attempt(model: &mut Model) {
    if !model.wire.other_attempt() {
        model.say(Level::Plain, "no other attempt of this call is in the list");
    }
}

/// Selects the newest exchange from now on.
pub(super) fn follow(model: &mut Model) {
    model.wire.follow();
    let words = match model.wire.frozen_at() {
        Some(_) => "following the newest exchange, once p lets the list go on",
        None => "following the newest exchange",
    };
    model.say(Level::Plain, words);
}
