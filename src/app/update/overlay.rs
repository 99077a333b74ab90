//! Presses and pastes while something lies over the screen.

use super::super::command::{Command, Pane, SPECS, Spec};
use super::super::enabled::enabled;
use super::super::explaining::About;
use super::super::form::{Edited, Form, Purpose as Ask, paste_into, request};
use super::super::model::{Level, Model};
use super::super::overlay::{Action, Confirm, Overlay};
use super::super::panes::reading::Side;
use super::super::panes::select::{Motion, moved};
use super::super::press::{Key, Press};
use super::{
    browse, command, compare, differ, draft, faults, inspect, leave, mistakes, plan, run, save, step, verify,
    versions, wire_field,
};
use crate::domain::names::S3Uri;
use crate::domain::pace::Stop;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// The topmost overlay takes the press.
pub(super) fn press(model: &mut Model, press: Press) {
    let Some(top) = model.overlays.pop() else { return };
    match top {
        Overlay::Palette { input, at } => palette(model, input, at, press),
        Overlay::Help { top } => scroll(model, press, (top, &LEAVE), |top| Overlay::Help { top }),
        Overlay::Log { top } => scroll(model, press, (top, &LEAVE), |top| Overlay::Log { top }),
        Overlay::Faults(list) => faults::press(model, list, press),
        Overlay::Inspect(sheet) => super::sheet::press(model, sheet, press),
        Overlay::Versions => versions::press(model, press),
        Overlay::Compare { top } => {
            scroll(model, press, (top, &LEAVE), |top| Overlay::Compare { top });
            if !matches!(model.overlays.last(), Some(Overlay::Compare { .. })) {
                compare::left(model);
            }
        }
        Overlay::Mistakes(menu) => mistakes::press(model, menu, press),
        Overlay::Explain { about, top } => {
            if press.key == Key::Enter && about == About::Refusal && draft::open_mended(model) {
                return;
            }
            if press.key == Key::Char('E') && about == About::WireLine(Side::Request) {
                return super::wire::edit(model);
            }
            let own = [Key::Char('K'), Key::Char('e'), Key::F(1)];
            scroll(model, press, (top, &own), |top| Overlay::Explain { about, top });
        }
        Overlay::Rescue { top } => super::rescue::press(model, top, press),
        Overlay::Carry { at } => super::carry::press(model, at, press),
        Overlay::Forms { at } => draft::choose_press(model, at, press),
        Overlay::Holds { at } => step::holds_press(model, at, press),
        Overlay::XRay(state) => super::xray::press(model, state, press),
        Overlay::WireField(field) => wire_field::press(model, field, press),
        Overlay::WireDiff => differ::press(model, press),
        Overlay::WatchClient { at } => super::client::press_watch(model, at, press),
        Overlay::ClientUpload { id, top } => super::client::press_upload(model, id, top, press),
        Overlay::Take(menu) => super::take::press(model, menu, press),
        Overlay::Form(form) => form_press(model, form, press),
        Overlay::Leave => leave::press(model, press),
        Overlay::Confirm(confirm) => confirm_press(model, confirm, press),
    }
}

/// The wheel scrolls what can be scrolled.
pub(super) fn wheel(model: &mut Model, up: bool) {
    let carried = super::carry::rows(model).len();
    match model.overlays.last_mut() {
        Some(
            Overlay::Help { top }
            | Overlay::Log { top }
            | Overlay::Compare { top }
            | Overlay::Rescue { top }
            | Overlay::ClientUpload { top, .. }
            | Overlay::Explain { top, .. },
        ) => {
            *top = if up { top.saturating_sub(1) } else { top.saturating_add(1) };
        }
        Some(Overlay::Carry { at }) => {
            *at = moved(*at, carried, 1, if up { Motion::Up } else { Motion::Down })
        }
        Some(Overlay::Inspect(sheet)) => super::sheet::wheel(sheet, up),
        Some(Overlay::XRay(_)) => super::xray::wheel(model, up),
        Some(Overlay::WatchClient { at }) => {
            let count = model.clients.watched.sessions().count();
            *at = moved(*at, count, 1, if up { Motion::Up } else { Motion::Down });
        }
        Some(Overlay::Versions) => versions::go(model, if up { Motion::Up } else { Motion::Down }),
        Some(Overlay::WireDiff) => differ::go(model, if up { Motion::Up } else { Motion::Down }),
        _ => {}
    }
}

/// Pasted text goes into the field that is being typed in, and nowhere else.
pub(super) fn paste(model: &mut Model, text: &str) {
    let in_form = model.pane() == Pane::Form;
    match model.overlays.last_mut() {
        Some(Overlay::Form(form)) => form.paste(text),
        Some(Overlay::Palette { input, at }) => {
            paste_into(input, text);
            *at = 0;
        }
        Some(Overlay::Faults(list)) => paste_into(&mut list.input, text),
        Some(Overlay::WireField(field)) => {
            paste_into(&mut field.input, text);
            wire_field::typed(model);
        }
        Some(_) => {}
        None if in_form && model.step.drafting.is_some() => {
            if let Some(form) = model.step.drafting.as_mut() {
                form.paste(text);
            }
        }
        None if model.browse.filtering.is_some() => {
            if let Some(input) = model.browse.filtering.as_mut() {
                paste_into(input, text);
                let value = input.value().to_owned();
                browse::set_filter(model, &value);
            }
        }
        None => model.say(Level::Plain, "a paste does nothing here: no text field has the focus"),
    }
}

/// Scrolls a text, or leaves it by Esc, Enter, `q` or one of its own keys. Where its end is, the drawing knows.
pub(super) fn scroll(
    model: &mut Model,
    press: Press,
    (top, own): (usize, &[Key]),
    make: impl FnOnce(usize) -> Overlay,
) {
    let page = usize::from(model.size.1).saturating_sub(8).max(1);
    let top = match press.key {
        Key::Esc | Key::Enter | Key::Char('q') => return,
        key if own.contains(&key) => return,
        Key::Up | Key::Char('k') => top.saturating_sub(1),
        Key::Down | Key::Char('j') => top.saturating_add(1),
        Key::PageUp => top.saturating_sub(page),
        Key::PageDown | Key::Char(' ') => top.saturating_add(page),
        Key::Home => 0,
        Key::End => top.saturating_add(10_000),
        _ => top,
    };
    model.overlays.push(make(top));
}

/// Keys that leave the texts of the whole program.
const LEAVE: [Key; 3] = [Key::Char('?'), Key::Char('L'), Key::F(1)];

/// The commands a palette text finds, best first; an exact S3 name always first.
pub fn palette_matches(model: &Model, text: &str) -> Vec<(&'static Spec, Result<(), String>)> {
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, &'static Spec)> = SPECS
        .iter()
        .filter(|s| s.command != Command::Palette)
        .filter_map(|s| {
            let exact = if s.name.eq_ignore_ascii_case(text) { 1_000_000 } else { 0 };
            let by_name = pattern.score(Utf32Str::new(s.name, &mut buffer), &mut matcher).map(|n| n * 4);
            let by_help = pattern.score(Utf32Str::new(s.help, &mut buffer), &mut matcher);
            Some((exact + by_name.max(by_help)?, s))
        })
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let mut found: Vec<_> = scored.into_iter().map(|(_, s)| (s, enabled(model, s.command))).collect();
    // What cannot be done now comes last, with its reason, unless its name begins so.
    let named = |s: &Spec| {
        let start = s.name.get(..text.len()).is_some_and(|n| n.eq_ignore_ascii_case(text));
        start && !text.is_empty()
    };
    found.sort_by_key(|(s, ok)| (!named(s), ok.is_err()));
    found
}

fn palette(model: &mut Model, mut input: tui_input::Input, mut at: usize, press: Press) {
    let count = palette_matches(model, input.value()).len();
    match (press.key, press.ctrl) {
        (Key::Esc, _) => return,
        (Key::Enter, _) => {
            if let Some((spec, _)) = palette_matches(model, input.value()).get(at) {
                command::run(model, spec.command);
            }
            return;
        }
        (Key::Up, _) | (Key::Char('p'), true) => at = at.saturating_sub(1),
        (Key::Down, _) | (Key::Char('n'), true) => at = (at + 1).min(count.saturating_sub(1)),
        _ => {
            if let Some(wanted) = request(press) {
                input.handle(wanted);
                at = 0;
            }
        }
    }
    model.overlays.push(Overlay::Palette { input, at });
}

fn confirm_press(model: &mut Model, mut confirm: Confirm, press: Press) {
    match press.key {
        Key::Esc | Key::Char('n' | 'q') => return,
        Key::Enter if confirm.on_yes => return act(model, confirm.action),
        Key::Enter => return,
        Key::Char('y') => return act(model, confirm.action),
        Key::Left | Key::Char('h') => confirm.on_yes = false,
        Key::Right | Key::Char('l') => confirm.on_yes = true,
        Key::Tab | Key::BackTab => confirm.on_yes = !confirm.on_yes,
        _ => {}
    }
    model.overlays.push(Overlay::Confirm(confirm));
}

fn act(model: &mut Model, action: Action) {
    match action {
        Action::Abort(upload) => step::abort(model, &upload),
        Action::SendAnyway(wanted) => step::send_anyway(model, wanted),
        Action::Run(stop) => run::begin(model, stop),
        Action::Complete => step::complete(model),
        Action::ReadObject => verify::read_object(model),
        Action::Replace { path, bytes } => save::write(model, path, bytes, true),
    }
}

fn form_press(model: &mut Model, mut form: Box<Form>, press: Press) {
    match form.press(press) {
        Edited::Leave => {}
        Edited::Stay => model.overlays.push(Overlay::Form(form)),
        Edited::Submit => submit(model, form),
    }
}

/// Sends a form. One that cannot be used stays open and says why.
fn submit(model: &mut Model, form: Box<Form>) {
    let text = |i: usize| form.value(i).to_owned();
    let result = match &form.purpose {
        Ask::PlanCopy(source) => {
            let size = (form.fields.len() > 1).then(|| text(1));
            plan::plan_copy(model, source, &text(0), size.as_deref())
        }
        Ask::NewUpload => plan::plan_upload(model, &text(0), &text(1), &text(2), &text(3)),
        Ask::GeneratedPart => plan::number(&text(0)).and_then(|n| {
            let size = crate::domain::units::parse_size(&text(1))?;
            plan::add_part(model, crate::domain::upload::generated_part(n, size))
        }),
        Ask::FileParts => {
            let path = text(0);
            if path.is_empty() {
                Err("name a file".into())
            } else {
                model.overlays.push(Overlay::Form(form));
                return plan::ask_file(model, &path);
            }
        }
        Ask::CopyObject(source) => plan::copy_object(model, source, &text(0)),
        Ask::Unlock | Ask::AbortNamed(_) | Ask::AbortDrafted | Ask::AbortAll | Ask::RunSome
            if form.problem().is_some() =>
        {
            Err(form.problem().unwrap_or_default())
        }
        Ask::Unlock => {
            model.target.writable = true;
            model.say(Level::Warning, "writes are unlocked; U locks them again");
            Ok(())
        }
        Ask::AbortNamed(upload) => {
            step::abort(model, upload);
            Ok(())
        }
        Ask::RunSome => text(0).trim().parse().map_err(|_| "not a number of parts".to_owned()).map(|count| {
            run::begin(model, Stop::After(count));
        }),
        Ask::AbortAll => {
            leave::abort_all(model);
            Ok(())
        }
        Ask::AbortDrafted => {
            draft::send_now(model);
            Ok(())
        }
        Ask::SaveSession { unmasked } => {
            save::answered(model, &text(0), unmasked.then(|| text(1)).as_deref())
        }
        Ask::Verify => verify::with_file(model, &text(0)),
        Ask::Rescue(upload) => super::rescue::begin(model, upload, &text(0), &text(1)),
        Ask::TakeAlong(take) => super::take::to_file(model, *take, &text(0)),
        Ask::GoTo => go_to(model, &text(0)),
        Ask::GoToByte(side) => super::wire::go_to_byte(model, (*side).into(), &text(0)),
    };
    if let Err(why) = result {
        model.say(Level::Bad, why);
        model.overlays.push(Overlay::Form(form));
    }
}

fn go_to(model: &mut Model, address: &str) -> Result<(), String> {
    let uri = S3Uri::parse(address.trim())?;
    if uri.key.is_empty() || uri.key.ends_with('/') {
        browse::enter(model, &uri.bucket, &uri.key);
        model.set_focus(Pane::Objects);
    } else {
        let reading = uri.reading(None)?;
        inspect::open(model, reading.object);
        if let Some(note) = reading.note {
            model.say(Level::Plain, format!("{note}; such a key is opened from the list"));
        }
    }
    Ok(())
}
