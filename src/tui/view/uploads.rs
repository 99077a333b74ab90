//! What is known of the selected upload in progress: its id, what it holds, and what that costs.

use super::Pieces;
use super::browse::date;
use super::paint::{lines, said, wrap};
use crate::app::model::Model;
use crate::domain::open_uploads::{Held, OpenUpload};
use crate::domain::output::ListedUpload;
use crate::domain::price::dollars;
use crate::domain::text::{cut_middle, visible};
use crate::domain::units::{grouped, human_size};
use crate::tui::regions::{inner, list_rows};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Lines kept for it below the list.
const LINES: u16 = 9;
/// Rows of the list below which it gives way.
const LEAST: usize = 5;

/// Rows of the list of uploads in a pane: where there is room, the selected one is described below them.
pub(super) fn rows(rect: Rect) -> usize {
    let all = list_rows(rect);
    let left = all.saturating_sub(usize::from(LINES));
    if left >= LEAST { left } else { all }
}

/// Describes the selected upload, where there is room.
pub(super) fn draw(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let inside = inner(rect);
    let Some(listed) = model.browse.uploads.get(model.browse.upload_at) else { return };
    if rows(rect) == list_rows(rect) {
        return;
    }
    let below = Rect { y: inside.bottom().saturating_sub(LINES - 1), height: LINES - 1, ..inside };
    lines(below, 0, &described(model, listed, usize::from(inside.width)), theme, buf);
}

fn described(model: &Model, listed: &ListedUpload, room: usize) -> Vec<Pieces> {
    let id = cut_middle(&visible(&listed.upload.upload_id), room.saturating_sub(9));
    let class = listed.storage_class.as_deref().map_or_else(|| "class not told".into(), visible);
    let mut out = vec![vec![("uploadId ".into(), Role::Muted), (id, Role::Linked)]];
    let mut put = |words: &str, role: Role| out.extend(wrap(words, room).into_iter().map(|l| said(l, role)));
    put(&format!("{class}, begun {} UTC", date(listed.initiated)), Role::Muted);
    let Some(held) = held(model, listed) else {
        put(
            "Its parts were not asked for: l lists them, with what they cost; R goes on with it.",
            Role::Muted,
        );
        return out;
    };
    let parts = if held.parts == 1 { "part" } else { "parts" };
    put(
        &format!("{} {parts}, {} held, as ListParts told", grouped(held.parts), human_size(held.bytes)),
        Role::Text,
    );
    let open = OpenUpload { listed: listed.clone(), held: Ok(held) };
    match open.estimate() {
        Some(estimate) => {
            let (usd, price) = (dollars(estimate.usd_per_month), estimate.price);
            let words = format!(
                "{usd} a month: an estimate by the list price of {} in {}, read {}",
                price.storage_class, price.region, price.read
            );
            put(&words, Role::Warning);
        }
        None => put("No price of this class is known: no estimate.", Role::Muted),
    }
    out
}

/// What the upload holds, if its parts were listed to their end on the workbench and all their sizes are known.
fn held(model: &Model, listed: &ListedUpload) -> Option<Held> {
    let is_it = |m: &crate::domain::upload::MultipartUpload| {
        m.ledger_is_whole() && m.upload().as_ref() == Some(&listed.upload)
    };
    let machine = model.step.benches.iter().map(|b| &b.machine).find(|m| is_it(m))?;
    let mut held = Held::default();
    for (part, out) in machine.parts().values().filter_map(|p| Some((p, p.confirmed()?))) {
        held.parts += 1;
        held.bytes = held.bytes.saturating_add(out.size.or(part.planned.size)?);
    }
    Some(held)
}
