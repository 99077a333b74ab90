//! All geometry, as a pure function of the size and the model. Views draw into it, clicks are looked up in it.

use crate::app::command::{Pane, Screen};
use crate::app::model::Model;
use ratatui::layout::Rect;

/// Smallest terminal that is drawn for.
pub const MIN: (u16, u16) = (60, 16);

/// Where everything is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Regions {
    /// First row: program, screens, target.
    pub tabs: Rect,
    /// Second row: where one is, and the cards of a narrow screen.
    pub crumb: Rect,
    /// Panes on the screen, with their borders.
    pub panes: Vec<(Pane, Rect)>,
    /// The wire strip, with its border; on the Wire screen what a line means.
    pub strip: Rect,
    /// The message row.
    pub status: Rect,
    /// The hints row.
    pub footer: Rect,
    /// Whether only one pane is shown at a time.
    pub narrow: bool,
}

impl Regions {
    /// The rectangle of a pane, if it is on the screen.
    pub fn pane(&self, wanted: Pane) -> Option<Rect> {
        self.panes.iter().find(|(p, _)| *p == wanted).map(|(_, r)| *r)
    }

    /// The pane at a position.
    pub fn at(&self, col: u16, row: u16) -> Option<(Pane, Rect)> {
        self.panes.iter().copied().find(|(_, r)| r.contains((col, row).into()))
    }
}

/// Whether the terminal is too small to draw for.
pub fn too_small(area: Rect) -> bool {
    area.width < MIN.0 || area.height < MIN.1
}

/// Cuts the area.
pub fn regions(area: Rect, model: &Model) -> Regions {
    let narrow = area.width < 100 || area.height < 30;
    let row = |y: u16| Rect { y: area.y + y, height: 1, ..area };
    let strip_rows = match (model.screen, narrow) {
        (Screen::Wire, true) => 6,
        (Screen::Wire, false) => 7,
        (_, true) => 3,
        (_, false) => 5,
    };
    let bottom = area.height.saturating_sub(2);
    let strip = Rect { y: area.y + bottom.saturating_sub(strip_rows), height: strip_rows, ..area };
    let body = Rect { y: area.y + 2, height: strip.y.saturating_sub(area.y + 2), ..area };
    Regions {
        tabs: row(0),
        crumb: row(1),
        panes: match (model.zoomed, narrow) {
            (true, _) => vec![(model.pane(), body)],
            (false, true) => card(body, model),
            (false, false) => panes(body, model),
        },
        strip,
        status: row(bottom),
        footer: row(bottom + 1),
        narrow,
    }
}

fn card(body: Rect, model: &Model) -> Vec<(Pane, Rect)> {
    let pane = model.pane();
    if model.screen == Screen::Step && model.step.drafting.is_some() && pane != Pane::States {
        // The form and what it becomes are read together.
        let (top, below) = split_rows(body, body.height.saturating_mul(11) / 20);
        return vec![(Pane::Form, top), (Pane::Request, below)];
    }
    if model.screen == Screen::Step && pane != Pane::Request {
        let share = if model.step.held.is_empty() { 8 } else { 12 };
        let lower = body.height.saturating_mul(share) / 20;
        let (top, below) = split_rows(body, body.height.saturating_sub(lower));
        return vec![(pane, top), (Pane::Request, below)];
    }
    vec![(pane, body)]
}

fn panes(body: Rect, model: &Model) -> Vec<(Pane, Rect)> {
    match model.screen {
        Screen::Browse => {
            let (buckets, rest) = split_cols(body, 26);
            let (objects, uploads) = split_cols(rest, rest.width.saturating_sub(36));
            vec![(Pane::Buckets, buckets), (Pane::Objects, objects), (Pane::Uploads, uploads)]
        }
        Screen::Inspect => {
            let (top, rest) = split_rows(body, body.height.saturating_sub(8).saturating_mul(13) / 20);
            let (map, size) = split_rows(rest, rest.height.saturating_sub(rest.height / 2));
            let (facts, etag) = split_cols(top, top.width * 46 / 100);
            vec![(Pane::Facts, facts), (Pane::ETag, etag), (Pane::PartMap, map), (Pane::PartSize, size)]
        }
        Screen::Step => {
            // A held request is what one has to read now: it gets the larger half.
            let share = if model.step.held.is_empty() { 12 } else { 9 };
            let (top, request) = split_rows(body, body.height.saturating_mul(share) / 20);
            let drafting = model.step.drafting.is_some();
            let (share, pane) = if drafting { (38, Pane::Form) } else { (52, Pane::Parts) };
            let (states, right) = split_cols(top, (top.width * share / 100).min(60));
            vec![(Pane::States, states), (pane, right), (Pane::Request, request)]
        }
        Screen::Wire => {
            let (timeline, rest) = split_rows(body, body.height * 2 / 5);
            let (request, response) = split_cols(rest, rest.width / 2);
            vec![(Pane::Timeline, timeline), (Pane::WireRequest, request), (Pane::WireResponse, response)]
        }
    }
}

fn split_rows(area: Rect, upper: u16) -> (Rect, Rect) {
    let upper = upper.min(area.height);
    (Rect { height: upper, ..area }, Rect { y: area.y + upper, height: area.height - upper, ..area })
}

fn split_cols(area: Rect, left: u16) -> (Rect, Rect) {
    let left = left.min(area.width);
    (Rect { width: left, ..area }, Rect { x: area.x + left, width: area.width - left, ..area })
}

/// The inside of a bordered rectangle.
pub fn inner(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(1),
        y: area.y.saturating_add(1),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

/// Rows of a list pane that hold entries: one is the column heading.
pub fn list_rows(pane: Rect) -> usize {
    usize::from(inner(pane).height.saturating_sub(1))
}

/// The first row to draw so that the selection stays near the middle; the same for drawing and for clicks.
pub fn list_top(selected: usize, len: usize, rows: usize) -> usize {
    selected.saturating_sub(rows / 2).min(len.saturating_sub(rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::model::Target;

    #[test]
    fn panes_never_overlap_or_leave_the_screen_at_any_size() {
        let mut model = Model::new(Target::sandbox(), 0);
        for screen in Screen::ALL {
            model.screen = screen;
            for (w, h) in (1..=200).step_by(7).flat_map(|w| (1..=60).step_by(5).map(move |h| (w, h))) {
                let area = Rect::new(0, 0, w, h);
                let r = regions(area, &model);
                if too_small(area) {
                    continue;
                }
                for (i, (_, a)) in r.panes.iter().enumerate() {
                    assert_eq!(a.intersection(area), *a, "{screen:?} {w}x{h}");
                    for (_, b) in r.panes.iter().skip(i + 1) {
                        assert!(a.intersection(*b).is_empty(), "{screen:?} {w}x{h} {a} {b}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_selection_is_always_in_view() {
        for len in 0..40 {
            for rows in 1..20 {
                for at in 0..len {
                    let top = list_top(at, len, rows);
                    assert!(top <= at && at < top + rows, "{at} of {len} in {rows}");
                }
            }
        }
    }
}
