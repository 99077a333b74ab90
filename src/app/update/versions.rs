//! The version list: ask for pages as they are looked at, inspect or compare one.

use super::super::model::{Level, Model, Purpose};
use super::super::overlay::Overlay;
use super::super::panes::browse::Load;
use super::super::panes::select::Motion;
use super::super::press::{Key, Press};
use super::command::failed;
use super::{compare, inspect};
use crate::domain::operation::{ListObjectVersions, Operation};
use crate::domain::outcome::Outcome;
use crate::domain::output::Output;

/// Entries of a page: few enough for the document to be kept whole, from which their order is read.
const PAGE: i32 = 80;

/// Lists the versions of the object in view.
pub(super) fn open(model: &mut Model) {
    let Some(object) = model.object_in_view() else { return };
    model.call_off(of_versions);
    model.versions.open(object);
    if !matches!(model.overlays.last(), Some(Overlay::Versions)) {
        model.overlays.push(Overlay::Versions);
    }
    ask(model);
}

fn of_versions(purpose: &Purpose) -> bool {
    matches!(purpose, Purpose::Versions(_))
}

/// The list is no longer looked at: a page on its way is called off.
fn leave(model: &mut Model) {
    model.call_off(of_versions);
    model.versions.paging = false;
}

fn ask(model: &mut Model) {
    let Some(object) = model.versions.object.clone() else { return };
    let (key_marker, version_id_marker) = model.versions.next.clone().unzip();
    model.versions.paging = true;
    let operation = ListObjectVersions {
        bucket: object.bucket,
        prefix: object.key,
        key_marker,
        version_id_marker: version_id_marker.filter(|m| !m.is_empty()),
        max_keys: Some(PAGE),
    };
    let purpose = Purpose::Versions(model.versions.generation);
    model.send(purpose, Operation::ListObjectVersions(operation), false);
}

pub(super) fn came(model: &mut Model, generation: u64, outcome: &Outcome) {
    if generation != model.versions.generation {
        return;
    }
    match outcome {
        Outcome::Answered(Output::Versions(page)) => {
            model.versions.push(page);
            page_if_wanted(model);
        }
        other => {
            model.versions.paging = false;
            let load = failed(model, "ListObjectVersions", other);
            model.versions.load = match (load, other) {
                (Load::Failed(why), Outcome::Refused(e)) if e.status == 403 => {
                    Load::Failed(format!("{why}; listing versions needs the action s3:ListBucketVersions"))
                }
                (load, _) => load,
            };
        }
    }
}

/// Asks for the next page when the selection comes near the end; never for two at once.
fn page_if_wanted(model: &mut Model) {
    if model.versions.wants_page(rows(model)) {
        ask(model);
    }
}

/// Rows the list shows, about: what a page motion moves by.
fn rows(model: &Model) -> usize {
    usize::from(model.size.1).saturating_sub(9).max(1)
}

/// Moves the selection, for a key or the wheel.
pub(super) fn go(model: &mut Model, motion: Motion) {
    let page = rows(model);
    model.versions.go(page, motion);
    page_if_wanted(model);
}

/// One key press while the list is on top.
pub(super) fn press(model: &mut Model, press: Press) {
    let motion = match press.key {
        Key::Esc | Key::Char('q' | 'V') => return leave(model),
        Key::Enter => return enter(model),
        Key::Char('=') => {
            model.overlays.push(Overlay::Versions);
            return match model.versions.selected_object() {
                Some(object) => compare::mark(model, object),
                None => model.say(Level::Warning, "a delete marker holds nothing to compare"),
            };
        }
        Key::Char('r') => {
            model.overlays.push(Overlay::Versions);
            return again(model);
        }
        Key::Up | Key::Char('k') => Some(Motion::Up),
        Key::Down | Key::Char('j') => Some(Motion::Down),
        Key::PageUp => Some(Motion::PageUp),
        Key::PageDown => Some(Motion::PageDown),
        Key::Home => Some(Motion::Home),
        Key::End | Key::Char('G') => Some(Motion::End),
        _ => None,
    };
    model.overlays.push(Overlay::Versions);
    if let Some(motion) = motion {
        go(model, motion);
    }
}

fn again(model: &mut Model) {
    if let Some(object) = model.versions.object.clone() {
        model.call_off(of_versions);
        model.versions.open(object);
        ask(model);
    }
}

/// Inspects the selected version.
fn enter(model: &mut Model) {
    match model.versions.selected_object() {
        Some(object) => {
            leave(model);
            inspect::open(model, object);
        }
        None => {
            model.overlays.push(Overlay::Versions);
            if model.versions.selected().is_some() {
                let said = "a delete marker has no bytes and no headers: HEAD of it is answered with 405";
                model.say(Level::Warning, said);
            }
        }
    }
}
