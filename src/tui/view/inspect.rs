//! Inspect: what HEAD said, the ETag taken apart, the part map, the part size and its evidence.

mod etag;
mod facts;
mod map;
pub(super) mod sheet;
mod size;

pub(super) use etag::etag;
pub(super) use facts::facts;
pub(super) use size::part_size;

use super::paint::{lines, pane, said, text};
use crate::app::command::Pane;
use crate::app::model::Model;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn draw(model: &Model, which: Pane, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let focused = model.pane() == which;
    if model.inspect.object.is_none() {
        let inside = pane(rect, "", focused, theme, buf);
        let all = vec![
            text("No object is inspected."),
            said("1 Browse, then Enter on an object; o takes an address.", Role::Muted),
        ];
        return lines(inside, 0, &all, theme, buf);
    }
    match which {
        Pane::Facts => {
            let inside = pane(rect, "What HEAD said", focused, theme, buf);
            lines(inside, model.inspect.facts_top, &facts(model, usize::from(inside.width)), theme, buf);
        }
        Pane::ETag => {
            let inside = pane(rect, "ETag anatomy", focused, theme, buf);
            lines(inside, model.inspect.etag_top, &etag(model, usize::from(inside.width)), theme, buf);
        }
        Pane::PartMap => map::part_map(model, rect, focused, theme, buf),
        _ => {
            let inside = pane(rect, "Part size: what is known, and from whom", focused, theme, buf);
            lines(inside, model.inspect.size_top, &part_size(model, usize::from(inside.width)), theme, buf);
        }
    }
}
