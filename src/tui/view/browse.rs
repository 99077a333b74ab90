//! Browse: buckets, keys, uploads in progress.

use super::Pieces;
use super::paint::{footer_note, line, lines, pane, said, select, text, waiting, wrap};
use crate::app::command::Pane;
use crate::app::model::Model;
use crate::app::panes::browse::Load;
use crate::app::panes::listing::Row;
use crate::domain::etag::ETag;
use crate::domain::text::{cut_middle, visible, width};
use crate::domain::units::human_size;
use crate::tui::regions::{Regions, inner, list_rows, list_top};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub(super) fn draw(model: &Model, which: Pane, rect: Rect, theme: Theme, buf: &mut Buffer) {
    match which {
        Pane::Buckets => buckets(model, rect, theme, buf),
        Pane::Objects => objects(model, rect, theme, buf),
        _ => uploads(model, rect, theme, buf),
    }
}

/// Pads to a width with the text at its left.
fn left(text: &str, cells: usize) -> String {
    let cut = cut_middle(text, cells);
    let pad = cells.saturating_sub(width(&cut));
    cut + &" ".repeat(pad)
}

/// Pads to a width with the text at its right.
fn right(text: &str, cells: usize) -> String {
    let cut = cut_middle(text, cells);
    " ".repeat(cells.saturating_sub(width(&cut))) + &cut
}

struct List<'a> {
    rows: usize,
    inside: Rect,
    at: usize,
    len: usize,
    focused: bool,
    theme: Theme,
    heading: Pieces,
    row: &'a dyn Fn(usize) -> Pieces,
}

impl List<'_> {
    fn draw(&self, buf: &mut Buffer) {
        line(self.inside, 0, &self.heading, self.theme, buf);
        let rows = self.rows;
        let top = list_top(self.at, self.len, rows);
        for (row, index) in (1..=u16::try_from(rows).unwrap_or(u16::MAX)).zip(top..self.len) {
            line(self.inside, row, &(self.row)(index), self.theme, buf);
            if index == self.at {
                select(self.inside, row, self.focused, self.theme, buf);
            }
        }
    }
}

fn mark(selected: bool) -> (String, Role) {
    (if selected { "▶ ".into() } else { "  ".into() }, Role::Accent)
}

fn buckets(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let focused = model.pane() == Pane::Buckets;
    let b = &model.browse;
    let inside = pane(rect, &format!("Buckets {}", b.buckets.len()), focused, theme, buf);
    let room = usize::from(inside.width);
    if b.buckets.is_empty() {
        let mut all = waiting(&b.buckets_load, room).unwrap_or_else(|| {
            empty(
                room,
                "No bucket is listed here.",
                "ListBuckets shows those this account owns. o goes to one by its name.",
            )
        });
        if b.buckets_load == Load::NotAsked {
            all = vec![said("connecting…", Role::Muted)];
        }
        if let crate::app::model::Link::Failed(why) = &model.target.link {
            all = wrap(why, room).into_iter().map(|l| said(l, Role::Bad)).collect();
        }
        return lines(inside, 0, &all, theme, buf);
    }
    let row = |i: usize| {
        let Some(bucket) = b.buckets.get(i) else { return Pieces::new() };
        let open = b.bucket.as_deref() == Some(bucket.name.as_str());
        let role = if open { Role::Title } else { Role::Text };
        vec![mark(i == b.bucket_at), (cut_middle(&visible(&bucket.name), room.saturating_sub(2)), role)]
    };
    List {
        rows: list_rows(rect),
        inside,
        at: b.bucket_at,
        len: b.buckets.len(),
        focused,
        theme,
        heading: said("  Name", Role::Muted),
        row: &row,
    }
    .draw(buf);
}

fn empty(room: usize, what: &str, why: &str) -> Vec<Pieces> {
    let mut out = vec![text("")];
    out.extend(wrap(what, room).into_iter().map(text));
    out.push(text(""));
    out.extend(wrap(why, room).into_iter().map(|l| said(l, Role::Muted)));
    out
}

fn objects_title(model: &Model) -> String {
    let b = &model.browse;
    let more = if b.next.is_some() { "+" } else { "" };
    match (&b.filtering, b.objects.filter()) {
        (Some(input), _) => format!("Objects  / {}", visible(input.value())),
        (None, Some(f)) => {
            format!("Objects {} of {}{more}  / {}", b.objects.len(), b.objects.loaded(), visible(f))
        }
        _ => format!("Objects {}{more}", b.objects.len()),
    }
}

fn objects(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let focused = model.pane() == Pane::Objects;
    let b = &model.browse;
    let inside = pane(rect, &objects_title(model), focused, theme, buf);
    let room = usize::from(inside.width);
    let pages = match (b.pages, &b.next) {
        (0, _) => String::new(),
        (n, Some(_)) if b.paging => format!("{n} pages, asking for more"),
        (n, Some(_)) => format!("{n} page(s), more on demand"),
        (n, None) => format!("all of it, {n} request(s)"),
    };
    if b.objects.is_empty() {
        let nothing = match b.objects.filter() {
            Some(_) if b.next.is_some() => {
                empty(room, "No loaded name contains that.", "A loads all pages; Esc ends the filter.")
            }
            Some(_) => {
                empty(room, "No name here contains that.", "All names are loaded; Esc ends the filter.")
            }
            None => empty(
                room,
                "No object is here.",
                "Uploads in progress are not objects yet: they are in the pane beside this one. n plans a new upload.",
            ),
        };
        let all = if b.bucket.is_none() {
            vec![said("open a bucket", Role::Muted)]
        } else {
            waiting(&b.objects_load, room).unwrap_or(nothing)
        };
        return lines(inside, 0, &all, theme, buf);
    }
    let dated = room >= 66;
    let fixed = 2 + 10 + 7 + 17 + if dated { 18 } else { 0 };
    let name_room = room.saturating_sub(fixed);
    let row = |i: usize| object_row(model, i, name_room, dated);
    let heading = format!(
        "  {}{}{}  {}{}",
        left("Key", name_room),
        right("Size", 10),
        right("Parts", 7),
        left("ETag", 15),
        if dated { "  Last modified" } else { "" }
    );
    List {
        rows: list_rows(rect),
        inside,
        at: b.object_at,
        len: b.objects.len(),
        focused,
        theme,
        heading: said(heading, Role::Muted),
        row: &row,
    }
    .draw(buf);
    footer_note(rect, &format!("{} of {}  {pages}", b.object_at + 1, b.objects.len()), theme, buf);
}

fn object_row(model: &Model, index: usize, name_room: usize, dated: bool) -> Pieces {
    let b = &model.browse;
    let chosen = mark(index == b.object_at);
    match b.objects.get(index) {
        None => Pieces::new(),
        Some(Row::Prefix(prefix)) => {
            let name = prefix.strip_prefix(b.prefix.as_str()).unwrap_or(prefix);
            vec![chosen, (left(&visible(name), name_room), Role::Linked), (right("prefix", 10), Role::Muted)]
        }
        Some(Row::Object { key, size, last_modified, etag }) => {
            let name = key.strip_prefix(b.prefix.as_str()).unwrap_or(key);
            let parts = etag.part_count().map_or_else(|| "-".to_owned(), |n| n.to_string());
            let marked = model.compare.is_marked(b.bucket.as_deref().unwrap_or(""), key, None);
            let mut out = vec![
                if marked { (format!("{}=", chosen.0.trim_end_matches(' ')), chosen.1) } else { chosen },
                (left(&visible(name), name_room), Role::Text),
                (right(&human_size(size), 10), Role::Text),
                (right(&parts, 7), Role::Text),
                (format!("  {}", left(&short_etag(&etag), 15)), Role::Muted),
            ];
            if dated {
                out.push((format!("  {}", date(last_modified)), Role::Muted));
            }
            out
        }
    }
}

/// An ETag with its middle left out; the number of parts is kept.
pub(super) fn short_etag(etag: &ETag) -> String {
    let full = visible(&etag.to_string());
    cut_middle(&full, 15)
}

/// `2026-11-22 14:02`, in UTC.
pub(super) fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| String::from("-"), |t| t.strftime("%Y-%m-%d %H:%M").to_string())
}

/// `3 min ago`, `12 d ago`.
pub(super) fn age(seconds: i64) -> String {
    match seconds {
        i64::MIN..60 => "just now".into(),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

fn uploads(model: &Model, rect: Rect, theme: Theme, buf: &mut Buffer) {
    let focused = model.pane() == Pane::Uploads;
    let b = &model.browse;
    let inside = pane(rect, &format!("Uploads in progress {}", b.uploads.len()), focused, theme, buf);
    let room = usize::from(inside.width);
    if b.uploads.is_empty() {
        let nothing = empty(
            room,
            "No upload is open in this bucket.",
            "An upload is open from CreateMultipartUpload until Complete or Abort. Its parts are stored, and paid for, but no object listing shows them. n plans one.",
        );
        let all = waiting(&b.uploads_load, room).unwrap_or(nothing);
        return lines(inside, 0, &all, theme, buf);
    }
    let row = |i: usize| {
        let Some(u) = b.uploads.get(i) else { return Pieces::new() };
        let when = age(model.clock() - u.initiated);
        let name_room = room.saturating_sub(13);
        vec![
            mark(i == b.upload_at),
            (left(&visible(&u.upload.key), name_room), Role::Text),
            (
                right(&when, 11),
                if model.clock() - u.initiated > 86_400 { Role::Warning } else { Role::Muted },
            ),
        ]
    };
    let heading =
        said(format!("  {}{}", left("Key", room.saturating_sub(13)), right("begun", 11)), Role::Muted);
    let rows = super::uploads::rows(rect);
    List { rows, inside, at: b.upload_at, len: b.uploads.len(), focused, theme, heading, row: &row }
        .draw(buf);
    super::uploads::draw(model, rect, theme, buf);
    footer_note(rect, "parts are paid for until then", theme, buf);
}

/// Where the cursor stands while a filter is typed.
pub(super) fn cursor(r: &Regions, model: &Model) -> Option<Position> {
    let input = model.browse.filtering.as_ref().filter(|_| model.overlays.is_empty())?;
    let rect = r.pane(Pane::Objects)?;
    let x = rect.x + 2 + 11 + u16::try_from(input.visual_cursor()).ok()?;
    Some(Position { x: x.min(inner(rect).right()), y: rect.y })
}
