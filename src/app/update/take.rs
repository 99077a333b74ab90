//! The menu by which recorded calls are taken along, and what comes of it.

use super::super::form::{Field, Form as TextForm, Purpose, Rule};
use super::super::model::{Level, Model};
use super::super::msg::Effect;
use super::super::overlay::Overlay;
use super::super::panes::wire::Line;
use super::super::press::{Key, Press};
use super::super::take::{CLIPBOARD_BYTES, Destination, Form, Menu, Scope, Take};
use super::save;
use crate::domain::exchange::Exchange;
use crate::domain::export::Format;
use crate::domain::units::grouped;
use std::path::PathBuf;

/// Opens the menu.
pub(super) fn open(model: &mut Model) {
    let on_heading = matches!(model.wire.line(model.wire.at()), Some(Line::Group(_)));
    let scope = if on_heading { Scope::Group } else { Scope::Exchange };
    let counts = Scope::ALL.map(|scope| {
        let (kept, lost) = chosen(model, scope);
        (kept.len(), lost)
    });
    let take = Take { form: Form::Script(Format::AwsCli), scope };
    model.overlays.push(Overlay::Take(Menu { take, counts }));
}

/// One key press in the menu: a letter chooses the form, a digit the scope, Enter asks for a file.
pub(super) fn press(model: &mut Model, mut menu: Menu, press: Press) {
    let take = &mut menu.take;
    match press.key {
        Key::Esc | Key::Char('q') => return,
        Key::Enter => return ask(model, *take),
        Key::Char('y') => return begin(model, *take, Destination::Clipboard),
        Key::Up | Key::Char('k') => take.form = next(&Form::ALL, take.form, -1),
        Key::Down | Key::Char('j') => take.form = next(&Form::ALL, take.form, 1),
        Key::Left => take.scope = next(&Scope::ALL, take.scope, -1),
        Key::Right | Key::Tab => take.scope = next(&Scope::ALL, take.scope, 1),
        Key::Char(c) => {
            take.form = Form::ALL.into_iter().find(|f| f.key() == c).unwrap_or(take.form);
            take.scope = Scope::ALL.into_iter().find(|s| s.key() == c).unwrap_or(take.scope);
        }
        _ => {}
    }
    model.overlays.push(Overlay::Take(menu));
}

fn next<T: Copy + PartialEq>(all: &[T], at: T, by: isize) -> T {
    let place = all.iter().position(|one| *one == at).unwrap_or(0);
    all.get(place.saturating_add_signed(by)).copied().unwrap_or(at)
}

/// Asks for the file, with a name that says what is in it.
fn ask(model: &mut Model, take: Take) {
    let (exchanges, _) = chosen(model, take.scope);
    let name = take.form.file_name(&exchanges);
    let intro = vec![
        format!("{}, of {}.", take.form.title(), take.scope.title()),
        "The file is made readable by you alone. One that is there already is replaced only when you say so."
            .into(),
    ];
    let field =
        Field::new("File", name, Rule::Path, "a path; a relative one begins where the program was started");
    let form = TextForm::new(Purpose::TakeAlong(take), "Take along", intro, vec![field]);
    model.overlays.push(Overlay::Form(Box::new(form)));
}

/// Takes the name of the file.
pub(super) fn to_file(model: &mut Model, take: Take, path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("name a file".into());
    }
    begin(model, take, Destination::File(PathBuf::from(path)));
    Ok(())
}

/// Has the text made, beside the interface.
fn begin(model: &mut Model, take: Take, to: Destination) {
    let (exchanges, lost) = chosen(model, take.scope);
    if exchanges.is_empty() {
        return model.say(Level::Warning, "nothing to take along: the bytes of these exchanges went");
    }
    let exchanges = exchanges.into_iter().cloned().collect();
    let session = Box::new(save::of(model, exchanges, lost as u64));
    if lost > 0 {
        let said = format!("{} exchanges have lost their bytes and are not in it", grouped(lost as u64));
        model.say(Level::Warning, said);
    }
    let mode = model.wire.reading.mode;
    model.effects.push(Effect::TakeAlong { session, form: take.form, mode, to });
}

/// The text is made.
pub(super) fn made(model: &mut Model, to: Destination, text: Result<String, String>) {
    let text = match text {
        Ok(text) => text,
        Err(why) => return model.say(Level::Bad, format!("it cannot be taken along: {why}")),
    };
    match to {
        Destination::File(path) => save::write(model, path, text.into_bytes().into(), false),
        Destination::Clipboard if text.len() > CLIPBOARD_BYTES => {
            let said = format!(
                "{} bytes are too many for a terminal's clipboard, which takes {}; take it to a file",
                grouped(text.len() as u64),
                grouped(CLIPBOARD_BYTES as u64)
            );
            model.say(Level::Bad, said);
        }
        Destination::Clipboard => {
            let said = format!(
                "{} bytes went to the terminal's clipboard (OSC 52, at most {}), if it takes them",
                grouped(text.len() as u64),
                grouped(CLIPBOARD_BYTES as u64)
            );
            model.say(Level::Good, said);
            model.effects.push(Effect::Copy(text));
        }
    }
}

/// The exchanges of a scope whose bytes are kept, in the order of their ids, and how many have lost theirs.
fn chosen(model: &Model, scope: Scope) -> (Vec<&Exchange>, usize) {
    let wire = &model.wire;
    let mut ids = Vec::new();
    match scope {
        Scope::Exchange => ids.extend(wire.current_row().map(|row| row.id)),
        Scope::Group => {
            let group = wire.current_row().and_then(|row| wire.group(row.deed.id));
            ids.extend(group.into_iter().flat_map(|g| (0..g.len()).filter_map(|at| g.member(at))));
        }
        Scope::Listed => {
            for at in 0..wire.lines() {
                match wire.line(at) {
                    Some(Line::Exchange(id)) => ids.push(id),
                    Some(Line::Group(deed)) => {
                        // A group that is folded hides its exchanges behind its line.
                        let folded = wire.group(deed).filter(|g| wire.is_folded(g));
                        ids.extend(
                            folded.into_iter().flat_map(|g| (0..g.len()).filter_map(|at| g.member(at))),
                        );
                    }
                    None => {}
                }
            }
        }
    }
    ids.sort_unstable();
    ids.dedup();
    let kept: Vec<&Exchange> = ids.iter().filter_map(|id| wire.by_id(*id)).collect();
    let lost = ids.len() - kept.len();
    (kept, lost)
}
