//! The menu of mistakes: each becomes a request form that says what it will teach.

use super::super::model::{Level, Model};
use super::super::overlay::{Mistakes, Overlay};
use super::super::press::{Key, Press};
use super::{draft, expect};
use crate::domain::mistake::{Mistake, Prepared, all, prepare};

/// Opens the menu, and finds out which mistakes can be made now.
pub(super) fn open(model: &mut Model) {
    let not_now = all().iter().map(|mistake| ready(model, mistake).err()).collect();
    model.overlays.push(Overlay::Mistakes(Mistakes { at: 0, not_now }));
}

/// A mistake ready to be sent, or why it cannot be made now.
fn ready(model: &Model, mistake: &Mistake) -> Result<Prepared, String> {
    if model.target.real && mistake.code.is_none() {
        return Err("only in the sandbox: S3 would accept it".into());
    }
    let bench = model.step.bench().map(|b| b.id);
    expect::with_world(model, bench, |world| prepare(mistake, world))
}

/// One press in the menu.
pub(super) fn press(model: &mut Model, mut menu: Mistakes, press: Press) {
    let last = all().len().saturating_sub(1);
    let page = usize::from(model.size.1 / 2);
    menu.at = match press.key {
        Key::Esc | Key::Char('q' | 'M') => return,
        Key::Enter => return choose(model, menu),
        Key::Up | Key::Char('k') => menu.at.saturating_sub(1),
        Key::Down | Key::Char('j') => (menu.at + 1).min(last),
        Key::PageUp => menu.at.saturating_sub(page),
        Key::PageDown => (menu.at + page).min(last),
        Key::Home => 0,
        Key::End => last,
        _ => menu.at,
    };
    model.overlays.push(Overlay::Mistakes(menu));
}

/// Opens the form of the chosen mistake; nothing is sent.
fn choose(model: &mut Model, menu: Mistakes) {
    let Some(mistake) = all().get(menu.at) else { return };
    match ready(model, mistake) {
        Ok(prepared) => {
            let remark = format!("{}: {}. {}", mistake.title, prepared.remark, mistake.teaches);
            draft::show_draft(model, prepared.draft, Some(remark));
            if let Some(form) = model.step.drafting.as_mut() {
                form.lesson = true;
            }
        }
        Err(why) => {
            model.say(Level::Warning, why);
            model.overlays.push(Overlay::Mistakes(menu));
        }
    }
}
