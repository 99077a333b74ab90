//! Under the panes of Wire: what the line under the cursor means, or of the timeline when and where it happened.

use super::super::Pieces;
use super::super::overlay::told_line;
use super::{lines, name, pane, said};
use crate::app::explaining;
use crate::app::model::Model;
use crate::app::update::wire::side;
use crate::domain::exchange::Exchange;
use crate::domain::text::visible;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn draw(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    if rect.height < 3 {
        return;
    }
    let Some(e) = model.wire.current() else {
        pane(rect, "Explanation", false, theme, buf);
        return;
    };
    let Some(side) = side(model.pane()) else {
        let inside = pane(rect, &format!("#{} {}", e.id.0, name(e)), false, theme, buf);
        return lines(inside, 0, &[said(connection(e), Role::Text), said(timing(e), Role::Text)], theme, buf);
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

fn connection(e: &Exchange) -> String {
    let tls = e.tls.as_ref().map_or_else(|| "plain".to_owned(), |t| visible(t));
    let used = if e.reused { "reused" } else { "new" };
    format!("{} bytes  {}  {tls}  connection {} ({used})", e.request.total, visible(&e.peer), e.connection)
}

fn timing(e: &Exchange) -> String {
    let t = &e.timing;
    let begun = t.released.unwrap_or(t.begun);
    let mut out = format!("{} bytes", e.response.total);
    for (what, at) in [
        ("connected", t.connected.filter(|_| !e.reused)),
        ("sent", t.request_sent),
        ("first byte", t.first_byte),
        ("done", t.ended),
    ] {
        if let Some(at) = at {
            let micros = at.saturating_sub(begun);
            out.push_str(&format!("  {what} {}.{} ms", micros / 1000, micros % 1000 / 100));
        }
    }
    out
}
