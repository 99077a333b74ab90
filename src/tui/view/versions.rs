//! The overlay of versions: every version and delete marker of a key, newest first.

use super::Pieces;
use super::paint::{footer_note, line, pane, said, select, waiting};
use crate::app::model::Model;
use crate::domain::output::{ListedVersion, VersionContent};
use crate::domain::text::{cut_middle, visible, width};
use crate::domain::units::{human_size, utc};
use crate::tui::regions::list_top;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn draw(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let v = &model.versions;
    let key = v.object.as_ref().map_or_else(String::new, |o| visible(&o.key));
    let key = cut_middle(&key, usize::from(rect.width).saturating_sub(34));
    let inside = pane(rect, &format!("Versions of {key}   newest first"), true, theme, buf);
    let room = usize::from(inside.width);
    if v.list.is_empty() {
        let words = waiting(&v.load, room)
            .unwrap_or_else(|| vec![said("This key has no version and no delete marker.", Role::Muted)]);
        for (row, pieces) in (0..).zip(&words) {
            line(inside, row, pieces, theme, buf);
        }
    } else {
        let head = format!("  {:<9}{:<21}{:>9}  {:<14}Version id", "State", "Modified (UTC)", "Size", "ETag");
        line(inside, 0, &said(head, Role::Muted), theme, buf);
        let rows = inside.height.saturating_sub(2);
        let top = list_top(v.at, v.list.len(), usize::from(rows));
        let body = Rect { y: inside.y + 1, height: rows, ..inside };
        for (row, (index, version)) in (0..rows).zip(v.list.iter().enumerate().skip(top)) {
            line(body, row, &entry(model, version, index == v.at, room), theme, buf);
            if index == v.at {
                select(body, row, true, theme, buf);
            }
        }
    }
    let hint = "Enter inspect   = mark or compare   r ask again   Esc leave";
    line(inside, inside.height.saturating_sub(1), &said(hint, Role::Muted), theme, buf);
    footer_note(rect, &count(model), theme, buf);
}

fn count(model: &Model) -> String {
    let v = &model.versions;
    let more = match (&v.next, v.paging) {
        (_, true) => ", asking S3…",
        (Some(_), false) => ", more follow",
        (None, false) => "",
    };
    format!("{} listed{more}", v.list.len())
}

fn entry(model: &Model, version: &ListedVersion, chosen: bool, room: usize) -> Pieces {
    // Muted words cannot be read on the bar.
    let role = |role| if chosen { Role::Accent } else { role };
    let (state, size, etag) = match &version.content {
        VersionContent::Object { size, etag, .. } => ("", human_size(*size), etag.to_string()),
        VersionContent::DeleteMarker => ("deleted", "-".into(), "delete marker".into()),
    };
    let state = match (version.is_latest, state) {
        (true, "") => "current",
        (false, "") => "older",
        (true, state) => state,
        (false, _) => "marker",
    };
    let etag = cut_middle(&visible(&etag), 13);
    let etag = format!("{etag}{} ", " ".repeat(13_usize.saturating_sub(width(&etag))));
    let used = 2 + 9 + 21 + 9 + 2 + 14;
    let id = cut_middle(&visible(&version.version_id), room.saturating_sub(used));
    let bucket = model.versions.object.as_ref().map_or("", |o| o.bucket.as_str());
    let marked = model.compare.is_marked(bucket, &version.key, Some(&version.version_id));
    let mark = format!("{}{}", if chosen { "▶" } else { " " }, if marked { "=" } else { " " });
    vec![
        (mark, role(Role::Accent)),
        (format!("{state:<9}"), role(if version.is_latest { Role::Good } else { Role::Muted })),
        (format!("{:<21}{size:>9}  ", utc(version.last_modified)), role(Role::Text)),
        (etag, role(Role::Text)),
        (id, role(Role::Text)),
    ]
}
