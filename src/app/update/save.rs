//! Files that are written for the user: what came of it, and whether one may be replaced.

use super::super::form::{Field, Form, Purpose as Ask, Rule};
use super::super::model::{Level, Model};
use super::super::msg::{Effect, NotWritten};
use super::super::overlay::{Action, Confirm, Overlay};
use crate::domain::exchange::Exchange;
use crate::domain::replay::Format;
use crate::domain::session_file::{Session, Unmasked, WORD};
use crate::domain::text::visible;
use crate::domain::units::grouped;
use std::path::PathBuf;
use std::sync::Arc;

/// Writes a file; with `overwrite` what has its name is replaced.
pub fn write(model: &mut Model, path: PathBuf, bytes: Arc<[u8]>, overwrite: bool) {
    model.effects.push(Effect::WriteFile { path, bytes, overwrite });
}

/// A file was written or not. One that is there already is replaced only by a further answer.
pub(super) fn written(model: &mut Model, path: PathBuf, bytes: Arc<[u8]>, result: Result<(), NotWritten>) {
    let name = visible(&path.display().to_string());
    match result {
        Ok(()) => {
            let count = grouped(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            model.say(Level::Good, format!("{name} is written: {count} bytes, readable by you alone"));
        }
        Err(NotWritten::Failed(why)) => model.say(Level::Bad, format!("{name} is not written: {why}")),
        // Under what is open: a key that was meant for that must not answer this question.
        Err(NotWritten::Exists) => model.overlays.insert(0, Overlay::Confirm(replace(&name, path, bytes))),
    }
}

fn replace(name: &str, path: PathBuf, bytes: Arc<[u8]>) -> Confirm {
    Confirm {
        title: "Replace this file?".into(),
        lines: vec![format!("{name} exists already."), "Nothing is written yet.".into()],
        no: "Keep it",
        yes: "Replace it",
        on_yes: false,
        action: Action::Replace { path, bytes },
    }
}

/// Asks where to write the session; with `unmasked` also for the word.
pub(super) fn ask(model: &mut Model, unmasked: bool) {
    if model.wire.is_empty() {
        return model.say(Level::Plain, "nothing was sent yet: there is nothing to write");
    }
    let count = grouped(u64::try_from(model.wire.len()).unwrap_or(u64::MAX));
    let mut intro =
        vec![format!("{count} exchanges, as far as their bytes are kept. Only you can read the file.")];
    let mut fields = vec![Field::new(
        "File",
        "session.partscope",
        Rule::Path,
        "a name in .har makes an HTTP archive; partscope replay opens both",
    )];
    let title = if unmasked {
        intro.extend(Unmasked::warning().map(str::to_owned));
        fields.push(Field::new("Type secrets", "", Rule::Word(WORD), "Esc writes nothing"));
        "Write the session WITH ITS SECRETS"
    } else {
        intro.push("Secrets are masked. What objects hold is in it.".into());
        "Write the session"
    };
    let form = Form::new(Ask::SaveSession { unmasked }, title, intro, fields);
    model.overlays.push(Overlay::Form(Box::new(form)));
}

/// Writes all exchanges where the form says. With a word, which must be the right one, secrets are written too.
pub(super) fn answered(model: &mut Model, path: &str, word: Option<&str>) -> Result<(), String> {
    if path.trim().is_empty() {
        return Err("File: must not be empty".into());
    }
    let unmasked = match word {
        None => None,
        Some(word) => Some(Unmasked::typed(word).ok_or_else(|| format!("type {WORD} to write them too"))?),
    };
    let path = PathBuf::from(path.trim());
    let is_archive = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("har"));
    let format = if is_archive { Format::Har } else { Format::Session };
    session(model, path, (format, unmasked), |_| true);
    Ok(())
}

/// Writes the exchanges that are wanted as a session, in the order they began.
pub fn session(
    model: &mut Model,
    path: PathBuf,
    (format, unmasked): (Format, Option<Unmasked>),
    wanted: impl Fn(&Exchange) -> bool,
) {
    let wire = &model.wire;
    let exchanges = (0..wire.len()).filter_map(|at| wire.get(at)).filter(|e| wanted(e)).cloned().collect();
    // Those that lost their bytes are only rows: there is nothing of them to be read again.
    let dropped = wire.dropped() + wire.stripped() + wire.lost;
    let session = Box::new(of(model, exchanges, dropped));
    model.effects.push(Effect::SaveSession { path, format, session, unmasked });
}

/// Some exchanges as a session; so many more were dropped.
pub(super) fn of(model: &Model, exchanges: Vec<Exchange>, dropped: u64) -> Session {
    let deed = |e: &Exchange| Some((e.id, Arc::clone(&model.wire.row(e.id)?.deed)));
    let deeds = exchanges.iter().filter_map(deed).collect();
    match &model.replay {
        Some(replay) => {
            let dropped = dropped + replay.session.dropped;
            Session { exchanges, deeds, dropped, ..replay.session.clone() }
        }
        None => {
            let session = Session::new(&model.target.name, model.epoch * 1_000_000, exchanges);
            Session { deeds, dropped, ..session }
        }
    }
}
