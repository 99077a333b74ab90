//! Keys in the overlays about other clients.

use super::super::client::{EXAMPLE, selected_upload, shell_lines};
use super::super::model::{Level, Model};
use super::super::msg::Effect;
use super::super::overlay::Overlay;
use super::super::panes::select::{Motion, moved};
use super::super::press::{Key, Press};
use super::overlay;
use crate::domain::watched::SessionId;

/// Shows how to point another client at the sandbox.
pub(super) fn watch(model: &mut Model) {
    model.overlays.push(Overlay::WatchClient { at: 0 });
}

/// Shows the upload of the selected exchange.
pub(super) fn upload(model: &mut Model) {
    match selected_upload(model) {
        Ok(id) => model.overlays.push(Overlay::ClientUpload { id, top: 0 }),
        Err(why) => model.say(Level::Warning, why),
    }
}

/// One key press over the way to the sandbox and the list of uploads.
pub(super) fn press_watch(model: &mut Model, at: usize, press: Press) {
    let count = model.clients.watched.sessions().count();
    let motion = match press.key {
        Key::Esc | Key::Char('q' | 'W') => return,
        Key::Char('y') => {
            copy(model);
            return model.overlays.push(Overlay::WatchClient { at });
        }
        Key::Enter => {
            model.overlays.push(Overlay::WatchClient { at });
            // Newest first, as they are shown.
            if let Some(id) = model.clients.watched.sessions().rev().nth(at).map(|s| s.id) {
                model.overlays.push(Overlay::ClientUpload { id, top: 0 });
            }
            return;
        }
        Key::Up | Key::Char('k') => Motion::Up,
        Key::Down | Key::Char('j') => Motion::Down,
        Key::Home => Motion::Home,
        Key::End | Key::Char('G') => Motion::End,
        _ => return model.overlays.push(Overlay::WatchClient { at }),
    };
    model.overlays.push(Overlay::WatchClient { at: moved(at, count, 1, motion) });
}

/// One key press over the ledger of an upload.
pub(super) fn press_upload(model: &mut Model, id: SessionId, top: usize, press: Press) {
    overlay::scroll(model, press, (top, &[Key::Char('J')]), |top| Overlay::ClientUpload { id, top });
}

fn copy(model: &mut Model) {
    let Some(mut lines) = shell_lines(&model.target) else {
        return model.say(Level::Warning, "there is nothing to copy: only the sandbox can be watched");
    };
    lines.push(EXAMPLE.to_owned());
    model.effects.push(Effect::Copy(lines.join("\n") + "\n"));
    model.say(Level::Plain, "these lines went to the terminal's clipboard (OSC 52), if it takes it");
}
