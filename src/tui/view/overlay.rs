//! What lies over the screen: palette, help, log, forms, questions.

use super::inspect::sheet;
use super::paint::{footer_note, line, lines, pane, said, text, wrap};
use super::{Pieces, compare, draft, faults, leave, mistakes, take, versions, wire_diff, wire_field};
use crate::app::command::SPECS;
use crate::app::explaining::{self, About, Tone};
use crate::app::form::{Form, Purpose};
use crate::app::model::{Level, Model};
use crate::app::overlay::{Confirm, Overlay};
use crate::app::sheet::Sheet;
use crate::app::update::overlay::palette_matches;
use crate::domain::text::{cut_end, visible, width};
use crate::tui::regions::inner;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};

const LABEL: usize = 18;

pub(super) fn draw(model: &Model, area: Rect, theme: Theme, buf: &mut Buffer) {
    let Some(top) = model.overlays.last() else { return };
    let rect = place(area, top, model);
    Clear.render(rect, buf);
    match top {
        Overlay::Palette { input, at } => palette(model, rect, input.value(), *at, theme, buf),
        Overlay::Help { top } => help(model, rect, *top, theme, buf),
        Overlay::Log { top } => log(model, rect, *top, theme, buf),
        Overlay::Faults(list) => faults::draw(model, rect, list, theme, buf),
        Overlay::Inspect(s) => sheet::draw(model, rect, *s, theme, buf),
        Overlay::Versions => versions::draw(model, rect, theme, buf),
        Overlay::Compare { top } => compare::draw(model, rect, *top, theme, buf),
        Overlay::Mistakes(menu) => mistakes::draw(rect, menu, theme, buf),
        Overlay::Explain { about, top } => explain(model, rect, *about, *top, theme, buf),
        Overlay::Rescue { top } => super::rescue::draw(model, rect, *top, theme, buf),
        Overlay::Carry { at } => super::carry::draw(model, rect, *at, theme, buf),
        Overlay::Forms { at } => draft::forms(rect, *at, theme, buf),
        Overlay::Holds { at } => draft::holds(model, rect, *at, theme, buf),
        Overlay::XRay(state) => super::xray::draw(model, rect, state, theme, buf),
        Overlay::WireField(field) => wire_field::draw(model, rect, field, theme, buf),
        Overlay::WireDiff => wire_diff::draw(model, rect, theme, buf),
        Overlay::WatchClient { at } => super::client::watch(model, rect, *at, theme, buf),
        Overlay::ClientUpload { id, top } => super::client::upload(model, rect, *id, *top, theme, buf),
        Overlay::Take(menu) => take::draw(rect, menu, theme, buf),
        Overlay::Form(f) => form(rect, f, theme, buf),
        Overlay::Leave => leave::draw(model, rect, theme, buf),
        Overlay::Confirm(c) => confirm(rect, c, theme, buf),
    }
}

fn place(area: Rect, overlay: &Overlay, model: &Model) -> Rect {
    // Two columns of values need all the width there is.
    let wide = matches!(
        overlay,
        Overlay::Compare { .. }
            | Overlay::Carry { .. }
            | Overlay::XRay(_)
            | Overlay::WireDiff
            | Overlay::ClientUpload { .. }
    );
    let most = if wide { 160 } else { 78 };
    let room = usize::from(area.width.min(78).saturating_sub(4));
    let height = match overlay {
        Overlay::Palette { .. } => 16,
        Overlay::Help { .. }
        | Overlay::Log { .. }
        | Overlay::Faults(_)
        | Overlay::Mistakes(_)
        | Overlay::Versions
        | Overlay::Compare { .. }
        | Overlay::Rescue { .. }
        | Overlay::XRay(_)
        | Overlay::Carry { .. }
        | Overlay::WatchClient { .. }
        | Overlay::ClientUpload { .. }
        | Overlay::WireDiff => area.height.saturating_sub(4),
        Overlay::Take(_) => take::height(),
        Overlay::WireField(_) => return wire_field::place(area),
        Overlay::Inspect(s) => sheet::wish(model, area, *s).1,
        Overlay::Explain { about, .. } => {
            u16::try_from(explain_lines(model, *about, usize::from(area.width.min(78) - 2)).len() + 2)
                .unwrap_or(u16::MAX)
                .min(area.height.saturating_sub(2))
        }
        Overlay::Forms { .. } | Overlay::Holds { .. } => draft::list_height(),
        Overlay::Form(f) => form_height(f, room),
        Overlay::Leave => leave::height(model, room),
        Overlay::Confirm(c) => {
            let n: usize = c.lines.iter().map(|l| wrap(l, room).len()).sum();
            u16::try_from(n + 5).unwrap_or(u16::MAX)
        }
    };
    let wish = match overlay {
        Overlay::Inspect(s) => sheet::wish(model, area, *s).0,
        _ => most,
    };
    let (width, height) = (area.width.min(wish), height.min(area.height.saturating_sub(2)).max(4));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

fn form_height(f: &Form, room: usize) -> u16 {
    let intro: usize = f.intro.iter().map(|l| wrap(l, room).len()).sum();
    u16::try_from(intro + usize::from(intro > 0) + f.fields.len() * 2 + 4).unwrap_or(u16::MAX)
}

fn palette(model: &Model, rect: Rect, typed: &str, at: usize, theme: Theme, buf: &mut Buffer) {
    let inside = pane(rect, "Commands and S3 operations", true, theme, buf);
    line(inside, 0, &vec![("› ".into(), Role::Accent), (visible(typed), Role::Title)], theme, buf);
    let found = palette_matches(model, typed);
    let rows = usize::from(inside.height.saturating_sub(2));
    let top = at.saturating_sub(rows.saturating_sub(1));
    if found.is_empty() {
        return line(inside, 2, &said("No command or operation matches.", Role::Muted), theme, buf);
    }
    for (row, (index, (spec, ok))) in (2..inside.height).zip(found.iter().enumerate().skip(top)) {
        let chosen = index == at;
        let key = spec.keys.first().copied().unwrap_or("");
        let (note, role) = match ok {
            Ok(()) => (spec.help.to_owned(), Role::Muted),
            Err(why) => (format!("not now: {why}"), Role::Warning),
        };
        let name_role = if chosen { Role::Accent } else { Role::Text };
        let pieces: Pieces = vec![
            (if chosen { "▶ ".into() } else { "  ".into() }, Role::Accent),
            (format!("{:<25}", spec.name), name_role),
            (format!("{key:<6}"), Role::Accent),
            (note, role),
        ];
        line(inside, row, &pieces, theme, buf);
    }
}

fn help(model: &Model, rect: Rect, top: usize, theme: Theme, buf: &mut Buffer) {
    let title = format!("Keys: {}   (Esc closes, : finds by name)", model.pane().title());
    let inside = pane(rect, &title, true, theme, buf);
    lines(inside, top, &help_lines(model), theme, buf);
}

fn help_lines(model: &Model) -> Vec<Pieces> {
    let here = model.pane();
    let mut all = vec![said("This pane", Role::Title)];
    let entry = |s: &crate::app::command::Spec| -> Pieces {
        vec![(format!("  {:<16}", s.keys.join(" ")), Role::Accent), (s.help.to_owned(), Role::Text)]
    };
    all.extend(SPECS.iter().filter(|s| s.panes.contains(&here) && !s.keys.is_empty()).map(entry));
    all.push(text(""));
    all.push(said("Everywhere", Role::Title));
    all.extend(SPECS.iter().filter(|s| s.panes.is_empty() && !s.keys.is_empty()).map(entry));
    all.push(vec![
        ("  1 2 3 4         ".into(), Role::Accent),
        ("  Screen, except in Step, where digits are operations; Alt+digit always".into(), Role::Text),
    ]);
    all.push(text(""));
    all.push(said("Mouse: click focuses, a second click acts, the wheel moves.", Role::Muted));
    all.push(said("Shift+drag selects text.", Role::Muted));
    all
}

fn explain(model: &Model, rect: Rect, about: About, top: usize, theme: Theme, buf: &mut Buffer) {
    let title = match about {
        About::Field => "This field",
        About::Refusal => "S3 said no",
        About::WireLine(_) => "This line",
    };
    let inside = pane(rect, title, true, theme, buf);
    let all = explain_lines(model, about, usize::from(inside.width));
    lines(inside, top, &all, theme, buf);
    let mends = about == About::Refusal && model.step.settled.as_ref().is_some_and(|s| s.mend.is_some());
    let enter = if mends { "Enter opens the mended request   " } else { "" };
    let more = all.len().saturating_sub(top + usize::from(inside.height));
    let more = if more > 0 { format!("   Down: {more} more lines") } else { String::new() };
    footer_note(rect, &format!("{enter}Esc leaves{more}"), theme, buf);
}

fn explain_lines(model: &Model, about: About, room: usize) -> Vec<Pieces> {
    let told = match about {
        About::Field => model.step.drafting.as_ref().map(explaining::field),
        About::Refusal => model.step.settled.as_ref().map(explaining::refusal),
        About::WireLine(side) => {
            let told = model.wire.told(side, model.revealing());
            told.map(|(shown, text)| explaining::wire_line(&shown, &text, model.wire.is_foreign()))
        }
    };
    told.unwrap_or_default().into_iter().flat_map(|l| told_line(&l, room)).collect()
}

/// A line of an explanation, wrapped and in its colour.
pub(super) fn told_line(l: &explaining::Line, room: usize) -> Vec<Pieces> {
    let role = match l.tone {
        Tone::Heading => Role::Title,
        Tone::Plain => Role::Text,
        Tone::Aside => Role::Muted,
        Tone::Good => Role::Good,
        Tone::Warning => Role::Warning,
        Tone::Bad => Role::Bad,
        Tone::Wire => Role::Linked,
    };
    wrap(&l.text, room).into_iter().map(|t| said(t, role)).collect()
}

fn log(model: &Model, rect: Rect, top: usize, theme: Theme, buf: &mut Buffer) {
    let inside = pane(rect, &format!("Messages {}   newest first", model.log.len()), true, theme, buf);
    lines(inside, top, &log_lines(model, usize::from(inside.width)), theme, buf);
}

fn log_lines(model: &Model, room: usize) -> Vec<Pieces> {
    let mut all: Vec<Pieces> = Vec::new();
    for note in model.log.iter().rev() {
        let role = match note.level {
            Level::Good => Role::Good,
            Level::Plain => Role::Text,
            Level::Warning => Role::Warning,
            Level::Bad => Role::Bad,
        };
        let at = note.at / 1_000_000;
        let stamped = format!("{:>3}:{:02}  {}", at / 60, at % 60, note.text);
        all.extend(wrap(&stamped, room).into_iter().map(|l| said(l, role)));
    }
    if all.is_empty() {
        all.push(said("Nothing was said yet.", Role::Muted));
    }
    all
}

/// Brings the scroll position of help or log back to what there is, so that the next key moves from there.
pub(super) fn clamp(model: &mut Model, area: Rect) {
    let Some(shown) = model.overlays.last() else { return };
    let rect = place(area, shown, model);
    let inside = inner(rect);
    if let Overlay::Inspect(s) = shown {
        let Some((count, rows)) = sheet::scrolled(model, rect, *s) else { return };
        if let Some(Overlay::Inspect(Sheet::Why { top } | Sheet::Clients { top })) = model.overlays.last_mut()
        {
            *top = (*top).min(count.saturating_sub(rows));
        }
        return;
    }
    let count = match shown {
        Overlay::Help { .. } => help_lines(model).len(),
        Overlay::Log { .. } => log_lines(model, usize::from(inside.width)).len(),
        Overlay::Explain { about, .. } => explain_lines(model, *about, usize::from(inside.width)).len(),
        Overlay::Rescue { .. } => super::rescue::length(model, usize::from(inside.width)),
        Overlay::ClientUpload { id, .. } => super::client::length(model, *id, usize::from(inside.width)),
        Overlay::Compare { .. } => compare::all(&model.compare, usize::from(inside.width)).len(),
        _ => return,
    };
    if let Some(
        Overlay::Help { top }
        | Overlay::Log { top }
        | Overlay::Compare { top }
        | Overlay::Rescue { top }
        | Overlay::ClientUpload { top, .. }
        | Overlay::Explain { top, .. },
    ) = model.overlays.last_mut()
    {
        *top = (*top).min(count.saturating_sub(usize::from(inside.height)));
    }
}

fn form(rect: Rect, f: &Form, theme: Theme, buf: &mut Buffer) {
    let inside = pane(rect, &f.title, true, theme, buf);
    let room = usize::from(inside.width);
    let intro = if f.purpose == (Purpose::SaveSession { unmasked: true }) { Role::Bad } else { Role::Muted };
    let mut row = 0_u16;
    for words in f.intro.iter().flat_map(|l| wrap(l, room)) {
        line(inside, row, &said(words, intro), theme, buf);
        row += 1;
    }
    row += u16::from(!f.intro.is_empty());
    for (index, field) in f.fields.iter().enumerate() {
        let here = index == f.at;
        let room = room.saturating_sub(LABEL + 3);
        let scroll = field.input.visual_scroll(room.saturating_sub(1));
        let value: String = clip(&visible(field.input.value()), scroll, room);
        let pieces: Pieces = vec![
            (if here { "› ".into() } else { "  ".into() }, Role::Accent),
            (format!("{:<LABEL$}", field.label), if here { Role::Title } else { Role::Text }),
            (value, if here { Role::Accent } else { Role::Text }),
        ];
        line(inside, row, &pieces, theme, buf);
        let (note, role) = match field.check() {
            // What nothing was typed into yet is not wrong; the hint says what to type.
            Err(_) if field.input.value().is_empty() => (field.help.to_owned(), Role::Muted),
            Err(why) => (format!("✗ {why}"), Role::Warning),
            Ok(note) if note.is_empty() => (field.help.to_owned(), Role::Muted),
            Ok(note) => (format!("✓ {note}"), Role::Good),
        };
        line(inside, row + 1, &vec![(" ".repeat(LABEL + 2), Role::Text), (note, role)], theme, buf);
        row += 2;
    }
    let hint = if f.fields.len() > 1 {
        "Enter next field, on the last: go   Ctrl+S go   Esc leave"
    } else {
        "Enter go   Esc leave"
    };
    line(inside, inside.height.saturating_sub(1), &said(hint, Role::Muted), theme, buf);
}

/// Leaves out the first cells and what does not fit.
pub(super) fn clip(value: &str, skip: usize, room: usize) -> String {
    let mut seen = 0;
    let tail: String = value
        .chars()
        .skip_while(|c| {
            let here = seen;
            seen += width(c.encode_utf8(&mut [0; 4]));
            here < skip
        })
        .collect();
    cut_end(&tail, room)
}

fn confirm(rect: Rect, c: &Confirm, theme: Theme, buf: &mut Buffer) {
    let inside = pane(rect, &c.title, true, theme, buf);
    let room = usize::from(inside.width);
    let said_lines: Vec<Pieces> = c.lines.iter().flat_map(|l| wrap(l, room)).map(text).collect();
    lines(inside, 0, &said_lines, theme, buf);
    let button = |name: &str, on: bool| {
        (
            format!(" {} {name} {} ", if on { "▶" } else { "(" }, if on { "◀" } else { ")" }),
            if on { Role::Selected } else { Role::Text },
        )
    };
    let pieces: Pieces = vec![
        ("  ".into(), Role::Text),
        button(c.no, !c.on_yes),
        ("   ".into(), Role::Text),
        button(c.yes, c.on_yes),
    ];
    line(inside, inside.height.saturating_sub(2), &pieces, theme, buf);
    line(
        inside,
        inside.height.saturating_sub(1),
        &said("←→ choose   Enter   y / n   Esc", Role::Muted),
        theme,
        buf,
    );
}

/// Where the text cursor stands in the topmost overlay.
pub(super) fn cursor(area: Rect, model: &Model) -> Option<Position> {
    let top = model.overlays.last()?;
    let inside = inner(place(area, top, model));
    match top {
        Overlay::Palette { input, .. } => {
            let x = inside.x + 2 + u16::try_from(input.visual_cursor()).ok()?;
            Some(Position { x: x.min(inside.right()), y: inside.y })
        }
        Overlay::Faults(list) => faults::cursor(place(area, top, model), list),
        Overlay::WireField(field) => wire_field::cursor(area, field),
        Overlay::Form(f) => {
            let room = usize::from(inside.width);
            let intro: usize = f.intro.iter().map(|l| wrap(l, room).len()).sum();
            let row = intro + usize::from(intro > 0) + f.at * 2;
            let input = &f.fields.get(f.at)?.input;
            let scroll = input.visual_scroll(room.saturating_sub(LABEL + 4));
            let x = LABEL + 2 + input.visual_cursor().saturating_sub(scroll);
            let (x, y) = (u16::try_from(x).ok()?, u16::try_from(row).ok()?);
            Some(Position { x: (inside.x + x).min(inside.right()), y: inside.y + y })
        }
        _ => None,
    }
}
