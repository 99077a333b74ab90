//! Wire: the timeline, request and response with what a line means, and the strip under every other screen.

mod bar;
mod detail;
mod side;
mod strip;
mod timeline;
mod timing;
mod words;

use super::paint::{footer_note, line, lines, pane, said, select, wrapped};
use super::step::wire_line;
use crate::app::command::{Pane, Screen};
use crate::app::model::Model;
use crate::domain::units::grouped;
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) use side::row_of;
pub(super) use words::name;

pub(super) fn draw(model: &Model, which: Pane, rect: Rect, theme: Theme, buf: &mut Buffer) {
    match which {
        Pane::Timeline => timeline::draw(model, rect, theme, buf),
        _ => side::draw(model, which, rect, theme, buf),
    }
}

/// What stands under the panes: the newest exchanges, or on the Wire screen what the line under the cursor means.
pub(super) fn below(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    match model.screen {
        Screen::Wire => detail::draw(model, rect, theme, buf),
        _ => strip::draw(model, rect, theme, buf),
    }
}

/// How many exchanges the list shows, and of how many.
pub(super) fn shown(model: &Model) -> String {
    let (wire, count) = (&model.wire, |n: usize| grouped(u64::try_from(n).unwrap_or(u64::MAX)));
    let going_on = if wire.is_filtering() { ", still looking" } else { "" };
    match wire.matching() {
        None => format!("{} shown", count(wire.len())),
        Some(n) => {
            // What has lost its bytes cannot be judged, and is left out.
            let lost = match wire.stripped() {
                0 => String::new(),
                n => format!(", {} without their bytes are not", grouped(n)),
            };
            format!("{} of {} shown{lost}{going_on}", count(n), count(wire.len()))
        }
    }
}
