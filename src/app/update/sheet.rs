//! Keys in the sheets of Inspect.

use super::super::model::Model;
use super::super::overlay::Overlay;
use super::super::press::{Key, Press};
use super::super::sheet::Sheet;
use super::{inspect, overlay};

/// Shows a sheet.
pub(super) fn open(model: &mut Model, sheet: Sheet) {
    model.overlays.push(Overlay::Inspect(sheet));
}

/// One key press.
pub(super) fn press(model: &mut Model, sheet: Sheet, press: Press) {
    match sheet {
        Sheet::Probes { at } => probes(model, at, press),
        Sheet::Why { top } => scroll(model, press, top, |top| Sheet::Why { top }),
        Sheet::Clients { top } => scroll(model, press, top, |top| Sheet::Clients { top }),
    }
}

/// The wheel scrolls what can be scrolled.
pub(super) fn wheel(sheet: &mut Sheet, up: bool) {
    if let Sheet::Why { top } | Sheet::Clients { top } = sheet {
        *top = if up { top.saturating_sub(1) } else { top.saturating_add(1) };
    }
}

/// The menu of probes: nothing is sent before Enter.
fn probes(model: &mut Model, at: usize, press: Press) {
    let plans = model.inspect.evidence.plans();
    let last = plans.len().saturating_sub(1);
    let at = match press.key {
        Key::Esc | Key::Char('q' | 'p') => return,
        Key::Enter => {
            if let Some(kind) = plans.get(at.min(last)).map(|p| p.kind) {
                inspect::begin_probe(model, kind);
            }
            return;
        }
        Key::Up | Key::Char('k') => at.saturating_sub(1),
        Key::Down | Key::Char('j') => (at + 1).min(last),
        Key::Home => 0,
        Key::End => last,
        _ => at,
    };
    open(model, Sheet::Probes { at });
}

fn scroll(model: &mut Model, press: Press, top: usize, make: fn(usize) -> Sheet) {
    let own = [Key::Char('C'), Key::Char('Y')];
    overlay::scroll(model, press, (top, &own), |top| Overlay::Inspect(make(top)));
}
