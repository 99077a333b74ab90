//! One message in, effects out: the only place where the model changes.
//!
//! This file routes; what a command does stands in the file of its screen.

mod browse;
pub mod carry;
mod client;
mod command;
mod compare;
mod differ;
mod draft;
mod expect;
mod faults;
mod inspect;
pub mod leave;
mod ledger;
mod mistakes;
pub mod overlay;
mod plan;
mod rescue;
mod run;
pub mod save;
mod sheet;
mod step;
mod take;
mod timeline;
mod verify;
mod versions;
pub mod wire;
pub mod wire_field;
pub mod xray;

use super::command::{Command, Pane, Screen, resolve};
use super::model::{Level, Link, Model, Purpose};
use super::msg::{Connected, Effect, Msg};
use super::panes::select::Motion;
use super::press::{Key, Press};
use crate::domain::deed::Who;
use crate::domain::exchange::Exchange;
use crate::domain::operation::OperationId;
use crate::domain::outcome::Outcome;
use std::sync::Arc;

/// The effects with which the program begins.
pub fn start(model: &mut Model) -> Vec<Effect> {
    if model.replay.is_none() {
        model.effects.push(Effect::Connect);
    }
    std::mem::take(&mut model.effects)
}

/// Takes one message.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let answered = cause(model, &msg);
    match msg {
        Msg::Press(press) => on_press(model, press),
        Msg::Paste(text) => overlay::paste(model, &text),
        Msg::Resize(cols, rows) => model.size = (cols, rows),
        // Where these fall is known to the shell only, which calls `click` and `wheel`.
        Msg::Click(..) | Msg::Wheel { .. } => {}
        Msg::Connected(result) => on_connected(model, result),
        Msg::Wire(batch, dropped) => on_wire(model, batch, dropped),
        Msg::Finished { id, outcome } => on_finished(model, id, &outcome),
        Msg::FileSize { path, size } => plan::file_known(model, path, size),
        Msg::Faults(rules) => faults::came(model, rules),
        Msg::FaultRefused(why) => model.say(Level::Bad, why),
        Msg::Hashing { id, done, of } => {
            verify::progressed(model, id, done, of);
            rescue::progressed(model, id, done, of);
        }
        Msg::PartsHashed { id, result } => rescue::hashed(model, id, *result),
        Msg::Verified { id, result } => verify::ended(model, id, *result),
        Msg::Clients { id, clients } => verify::clients_came(model, id, clients),
        Msg::Digested { body, digest } => expect::digested(model, body, digest),
        Msg::Taken { to, text } => take::made(model, to, text),
        Msg::FileWritten { path, bytes, result } => save::written(model, path, bytes, result),
        Msg::SignaturesChecked { exchange, checked } => xray::came(model, exchange, checked),
        Msg::Tick(now) => {
            model.now = now;
            wire_field::look_on(model);
        }
    }
    let effects = finish(model);
    if let Some(id) = answered {
        model.deeds.ended(id);
    }
    effects
}

/// Settles what calls come from that a message leads to; gives the call or the work that it ends.
fn cause(model: &mut Model, msg: &Msg) -> Option<OperationId> {
    match msg {
        Msg::Press(_) | Msg::Paste(_) => model.deeds.begin(Who::You),
        Msg::Finished { id, .. } | Msg::PartsHashed { id, .. } | Msg::Verified { id, .. } => {
            model.deeds.follow(*id);
            return Some(*id);
        }
        _ => model.deeds.begin(Who::Program),
    }
    None
}

/// What follows from any change, and the effects gathered.
fn finish(model: &mut Model) -> Vec<Effect> {
    run::tick(model);
    leave::go_on(model);
    if let Some(bench) = model.step.bench_mut() {
        bench.refresh();
    }
    expect::forecast(model);
    differ::follow_secrets(model);
    if model.replay.is_some() {
        // No command that leads here is offered; should one be forgotten, this holds all the same.
        model.effects.retain(|effect| !effect.is_of_server());
    }
    std::mem::take(&mut model.effects)
}

/// A click gives the focus to the pane and the row under it, as the shell found them in the regions drawn.
pub fn click(model: &mut Model, pane: Pane, row: Option<usize>) -> Vec<Effect> {
    if !model.overlays.is_empty() {
        return Vec::new();
    }
    model.deeds.begin(Who::You);
    let again = model.pane() == pane && row.is_some() && row == command::selected(model);
    model.set_focus(pane);
    if let Some(row) = row {
        command::select(model, row);
    }
    // On the workbench Enter sends or releases: that takes a key.
    if again && !matches!(pane, Pane::Parts | Pane::States | Pane::Form | Pane::Request) {
        command::run(model, Command::Enter);
    }
    finish(model)
}

/// The name of a screen was clicked on.
pub fn click_screen(model: &mut Model, screen: Screen) -> Vec<Effect> {
    if !model.overlays.is_empty() {
        return Vec::new();
    }
    model.deeds.begin(Who::You);
    command::run(model, Command::Show(screen));
    finish(model)
}

/// The wheel moves the pane under it and leaves the focus alone; a list or text that lies over the screen takes it.
pub fn wheel(model: &mut Model, pane: Option<Pane>, up: bool) -> Vec<Effect> {
    model.deeds.begin(Who::You);
    for _ in 0..3 {
        if !model.overlays.is_empty() {
            overlay::wheel(model, up);
        } else if let Some(pane) = pane {
            command::go_in(model, pane, if up { Motion::Up } else { Motion::Down });
        }
    }
    finish(model)
}

/// Runs a command as if its key had been pressed; for scripts and tests.
pub fn run(model: &mut Model, wanted: Command) -> Vec<Effect> {
    model.deeds.begin(Who::You);
    command::run(model, wanted);
    finish(model)
}

fn on_press(model: &mut Model, press: Press) {
    if press == (Press { key: Key::Char('c'), ctrl: true, alt: false }) {
        return interrupt(model);
    }
    if !model.overlays.is_empty() {
        return overlay::press(model, press);
    }
    if model.pane() == Pane::Form && model.step.drafting.is_some() {
        model.note = None;
        return draft::press(model, press);
    }
    if model.screen == Screen::Browse && model.browse.filtering.is_some() {
        return browse::filter_press(model, press);
    }
    // A message that asked for attention has been seen once the user goes on.
    model.note = None;
    match resolve(press, model.pane()) {
        Some(wanted) => command::run(model, wanted),
        None => model.say(Level::Plain, format!("{press} does nothing here; ? shows the keys")),
    }
}

/// Ctrl+C asks as `q` does; a second one within two seconds leaves at once.
fn interrupt(model: &mut Model) {
    const AGAIN: u64 = 2_000_000;
    if model.interrupted.is_some_and(|t| model.now.saturating_sub(t) < AGAIN) {
        model.effects.push(Effect::Quit);
        return;
    }
    model.interrupted = Some(model.now);
    model.overlays.clear();
    command::run(model, Command::Quit);
}

fn on_connected(model: &mut Model, result: Result<Connected, String>) {
    match result {
        Ok(connected) => {
            model.target.region = Some(connected.region);
            model.target.endpoint = Some(connected.endpoint);
            model.target.keys = connected.keys;
            model.target.link = Link::Ready;
            browse::list_buckets(model);
            if let Some((bucket, prefix)) = model.start_at.take() {
                browse::enter(model, &bucket, &prefix);
                model.set_focus(Pane::Objects);
                if !prefix.is_empty() && !prefix.ends_with('/') {
                    // A name without a slash at its end may be a key or the beginning of keys: list it as a
                    // prefix, so that both are found.
                    model.say(Level::Plain, "listing names that begin so; Enter inspects one");
                }
            }
        }
        Err(why) => {
            model.say(Level::Bad, &why);
            model.target.link = Link::Failed(crate::domain::text::visible(&why));
        }
    }
}

fn on_wire(model: &mut Model, batch: Vec<Arc<Exchange>>, dropped: u64) {
    for exchange in &batch {
        step::note_hold(model, exchange);
        run::seen(model, exchange.operation);
        model.clients.take(exchange);
    }
    let changed: Vec<_> = batch.iter().map(|e| e.id).collect();
    let (deeds, clients) = (&model.deeds, &model.clients);
    model.wire.take_as(batch, |e| deeds.of(e.operation).cloned().or_else(|| clients.deed(e)));
    model.wire.lost = dropped;
    xray::refresh(model);
    differ::heard(model, &changed);
}

fn on_finished(model: &mut Model, id: OperationId, outcome: &Outcome) {
    // A result whose task was forgotten (another prefix, another object) changes nothing.
    let Some(purpose) = model.tasks.remove(&id) else { return };
    model.step.held.retain(|h| h.operation != id);
    match purpose {
        Purpose::Buckets => browse::buckets_came(model, outcome),
        Purpose::Objects { bucket, prefix } => browse::objects_came(model, &bucket, &prefix, outcome),
        Purpose::Uploads(bucket) => browse::uploads_came(model, &bucket, outcome),
        Purpose::Head(generation) => inspect::head_came(model, generation, outcome),
        Purpose::HeadPart(generation, number) => inspect::part_came(model, generation, number, outcome),
        Purpose::Tags(generation) => inspect::tags_came(model, generation, outcome),
        Purpose::Acl(generation) => inspect::acl_came(model, generation, outcome),
        Purpose::Rescue(bench, asked) => rescue::came(model, bench, asked, outcome),
        Purpose::SourceAcl(bench) => carry::acl_came(model, bench, outcome),
        Purpose::Attributes(generation) => inspect::attributes_came(model, generation, outcome),
        Purpose::Versions(generation) => versions::came(model, generation, outcome),
        Purpose::Compare(generation, which, asked) => compare::came(model, generation, which, asked, outcome),
        Purpose::Bench(bench, wanted) => step::came(model, bench, wanted, id, outcome),
        Purpose::Loose(operation) => draft::came(model, &operation, outcome),
        Purpose::CopyObject(destination) => plan::copied(model, &destination, outcome),
    }
    expect::settle(model, id, outcome);
}
