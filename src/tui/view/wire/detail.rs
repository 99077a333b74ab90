//! Under the panes of Wire: what the line under the cursor means, or of the timeline when and where it happened.

use super::super::Pieces;
use super::super::overlay::told_line;
use super::{lines, pane, said, timing};
use crate::app::explaining;
use crate::app::model::Model;
use crate::app::update::wire::side;
use crate::domain::text::visible;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn draw(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    if rect.height < 3 {
        return;
    }
    let shown = side(model.pane()).filter(|_| model.wire.current().is_some());
    let Some(side) = shown else {
        let (title, all) =
            timing::selected(model, usize::from(rect.width.saturating_sub(2))).unwrap_or_default();
        let inside = pane(rect, &title, false, theme, buf);
        return lines(inside, 0, &all, theme, buf);
    };
    let told = model.wire.told(side, model.revealing());
    let title = told.as_ref().map_or_else(|| "Explanation".to_owned(), |(_, text)| visible(&text.title));
    let inside = pane(rect, &title, false, theme, buf);
    let said = told.map_or_else(not_on_the_wire, |(shown, text)| {
        // The title and the line itself stand above already.
        let all = explaining::wire_line(&shown, &text, model.wire.is_foreign()).into_iter().skip(2);
        all.filter(|l| !l.text.is_empty()).flat_map(|l| told_line(&l, usize::from(inside.width))).collect()
    });
    lines(inside, 0, &said, theme, buf);
    let more = said.len() > usize::from(inside.height);
    if more {
        super::footer_note(rect, "K tells the rest", theme, buf);
    }
}

fn not_on_the_wire() -> Vec<Pieces> {
    vec![said("Said by this program: nothing of this line was on the wire.", Role::Muted)]
}
