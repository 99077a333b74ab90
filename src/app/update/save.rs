//! Files that are written for the user: what came of it, and whether one may be replaced.

use super::super::model::{Level, Model};
use super::super::msg::{Effect, NotWritten};
use super::super::overlay::{Action, Confirm, Overlay};
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
