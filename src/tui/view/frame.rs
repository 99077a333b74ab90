//! What surrounds every screen: the target, the screens, the message row and the hints.

use super::Pieces;
use super::paint::{line, said, text};
use super::run::in_line;
use crate::app::command::{Command, Pane, SPECS, Screen, Spec};
use crate::app::enabled::enabled;
use crate::app::model::{Level, Link, Model, NOTE_MICROS};
use crate::domain::replay::Replay;
use crate::domain::session_file::{Bytes, Secrets};
use crate::domain::text::{cut_middle, visible, width};
use crate::domain::upload::UploadState;
use crate::tui::regions::{MIN, Regions};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub(super) fn draw(model: &Model, r: &Regions, theme: Theme, buf: &mut Buffer) {
    tabs(model, r, theme, buf);
    line(r.crumb, 0, &crumb(model, r), theme, buf);
    line(r.status, 0, &status(model), theme, buf);
    line(r.footer, 0, &footer(model, r.footer.width), theme, buf);
}

pub(super) fn too_small(area: Rect, theme: Theme, buf: &mut Buffer) {
    let words = [
        format!("partscope needs {} × {}.", MIN.0, MIN.1),
        format!("This terminal: {} × {}.", area.width, area.height),
        "q quits. Nothing is lost.".to_owned(),
    ];
    for (row, words) in (0..area.height).zip(words) {
        line(area, row, &text(words), theme, buf);
    }
}

fn tabs(model: &Model, r: &Regions, theme: Theme, buf: &mut Buffer) {
    let left = names(model, r);
    line(r.tabs, 0, &left, theme, buf);
    let used: usize = left.iter().map(|(t, _)| width(t)).sum();
    let room = usize::from(r.tabs.width).saturating_sub(used);
    let right = target(model, room);
    let wide: usize = right.iter().map(|(t, _)| width(t)).sum();
    let x = r.tabs.right().saturating_sub(u16::try_from(wide).unwrap_or(0)).max(r.tabs.x);
    line(Rect { x, width: r.tabs.right() - x, ..r.tabs }, 0, &right, theme, buf);
}

/// The program's name and after it one piece for each screen.
fn names(model: &Model, r: &Regions) -> Pieces {
    // Where there is little room the other screens keep only their digit: the target must always be named.
    let short = r.tabs.width < if model.replay.is_some() { 100 } else { 76 };
    let mut out: Pieces = vec![(" partscope ".into(), Role::Title)];
    for (i, screen) in Screen::ALL.iter().enumerate() {
        let here = *screen == model.screen;
        let name = if short && !here { (i + 1).to_string() } else { format!("{} {}", i + 1, screen.name()) };
        out.push(if here { (format!("[{name}]"), Role::Accent) } else { (format!(" {name} "), Role::Muted) });
    }
    out
}

/// The screen whose name is at a position.
pub(super) fn screen_at(model: &Model, r: &Regions, at: Position) -> Option<Screen> {
    let piece = piece_at(r.tabs, &names(model, r), at)?;
    Screen::ALL.get(piece.checked_sub(1)?).copied()
}

/// The pane whose name is at a position: where there is little room, one pane is shown and the others are named.
pub(super) fn pane_at(model: &Model, r: &Regions, at: Position) -> Option<Pane> {
    let panes = model.panes();
    let pieces = crumb(model, r);
    let first = pieces.len().checked_sub(panes.len()).filter(|_| r.narrow)?;
    panes.get(piece_at(r.crumb, &pieces, at)?.checked_sub(first)?).copied()
}

/// Which of the pieces of a line is at a position.
fn piece_at(row: Rect, pieces: &Pieces, at: Position) -> Option<usize> {
    if !row.contains(at) {
        return None;
    }
    let mut left = usize::from(at.x - row.x);
    for (i, (text, _)) in pieces.iter().enumerate() {
        match left.checked_sub(width(text)) {
            None => return Some(i),
            Some(rest) => left = rest,
        }
    }
    None
}

/// The target is always named; other states give way first when there is little room.
fn target(model: &Model, room: usize) -> Pieces {
    let t = &model.target;
    // ` READ-ONLY ` and the blank at the end take thirteen cells.
    let name = cut_middle(&visible(&t.name), room.saturating_sub(13).max(7));
    let mut out: Pieces = match (t.real, t.writable) {
        (false, _) => vec![(name, Role::Good)],
        (true, false) => vec![(format!(" {name} READ-ONLY "), Role::Accent)],
        (true, true) => vec![(format!(" {name} WRITE "), Role::Real)],
    };
    if let Some(replay) = &model.replay {
        return replayed(replay, model, room);
    }
    let mut more: Vec<(String, Role)> = Vec::new();
    match &t.link {
        Link::Connecting => more.push(("connecting…".into(), Role::Muted)),
        Link::Failed(_) => more.push(("not connected".into(), Role::Bad)),
        // The name of a real endpoint may say both already.
        Link::Ready => {
            let region = t.region.as_ref().filter(|r| !t.real || !t.name.contains(r.as_str()));
            more.extend(region.map(|r| (visible(r), Role::Text)));
        }
    }
    more.push(if model.hold { ("hold on".into(), Role::Text) } else { ("hold off".into(), Role::Warning) });
    match model.revealing() {
        // This must be seen at every size; the rest gives way.
        true => more.insert(0, ("SECRETS SHOWN".into(), Role::Bad)),
        false => more.push(("secrets hidden".into(), Role::Muted)),
    }
    if let (Link::Ready, Some(e)) = (&t.link, &t.endpoint) {
        let host = e.trim_start_matches("http://").trim_start_matches("https://");
        if !t.real || !t.name.contains(host) {
            more.insert(1.min(more.len()), (visible(host), Role::Muted));
        }
    }
    let waiting = model.waiting_faults();
    if waiting > 0 {
        // Before all that may give way: nobody should wonder why requests fail.
        more.insert(usize::from(model.revealing()), (format!("FAULTS {waiting}"), Role::Warning));
    }
    let mut used: usize = out.iter().map(|(t, _)| width(t)).sum();
    for (text, role) in more {
        if used + width(&text) + 3 <= room {
            used += width(&text) + 2;
            out.push(("  ".into(), Role::Text));
            out.push((text, role));
        }
    }
    out.push((" ".into(), Role::Text));
    out
}

/// What is looked at instead of a target: the file, and what its bytes are.
fn replayed(replay: &Replay, model: &Model, room: usize) -> Pieces {
    let role = match (replay.session.bytes, replay.session.secrets) {
        (Bytes::Exact, Secrets::Masked) => Role::Muted,
        _ => Role::Warning,
    };
    let words = if model.revealing() { "SECRETS SHOWN" } else { replay.words() };
    let role = if model.revealing() { Role::Bad } else { role };
    // `replay` and the blanks take twelve cells.
    let name = cut_middle(&visible(&replay.name), room.saturating_sub(12 + width(words)).max(7));
    vec![
        (format!(" replay {name} "), Role::Accent),
        ("  ".into(), Role::Text),
        (words.into(), role),
        (" ".into(), Role::Text),
    ]
}

fn crumb(model: &Model, r: &Regions) -> Pieces {
    let mut out: Pieces = vec![(" ".into(), Role::Text)];
    let room = usize::from(r.crumb.width).saturating_sub(2);
    let place = match model.screen {
        Screen::Browse => match &model.browse.bucket {
            Some(b) => format!("s3://{b}/{}", model.browse.prefix),
            None => "no bucket".into(),
        },
        Screen::Inspect => model.inspect.object.as_ref().map_or("no object".into(), ToString::to_string),
        Screen::Step => model.step.bench().map_or("no upload".into(), |b| {
            let nth = if model.step.benches.len() > 1 {
                format!("  upload {} of {} ( ] next )", model.step.at + 1, model.step.benches.len())
            } else {
                String::new()
            };
            format!("{}{nth}", b.machine.plan().destination)
        }),
        Screen::Wire => format!("{} exchanges{}", model.wire.len(), dropped(model)),
    };
    let cards = if r.narrow { cards(model) } else { Vec::new() };
    let cards_width: usize = cards.iter().map(|(t, _)| width(t)).sum();
    let place = cut_middle(&visible(&place), room.saturating_sub(cards_width + 2).max(8));
    out.push((place, Role::Title));
    if !cards.is_empty() {
        out.push(("  ".into(), Role::Text));
        out.extend(cards);
    }
    out
}

fn dropped(model: &Model) -> String {
    match model.wire.dropped() + model.wire.lost {
        0 => String::new(),
        n => format!(", {n} oldest dropped to bound memory"),
    }
}

fn cards(model: &Model) -> Pieces {
    let short = |p: &Pane| p.title().split(" › ").nth(1).unwrap_or("").to_owned();
    let mut out = Pieces::new();
    for pane in model.panes() {
        let name = match pane {
            Pane::Uploads => "Uploads".into(),
            Pane::Facts => "Facts".into(),
            Pane::ETag => "ETag".into(),
            Pane::States => "States".into(),
            _ => short(&pane),
        };
        out.push(if pane == model.pane() {
            (format!("[{name}]"), Role::Accent)
        } else {
            (format!(" {name} "), Role::Muted)
        });
    }
    out
}

fn status(model: &Model) -> Pieces {
    let urgent = |n: &crate::app::model::Note| {
        matches!(n.level, Level::Bad | Level::Warning) && model.now < n.at + NOTE_MICROS
    };
    if let Some(held) = model.step.held.first()
        && let Some(e) = model.wire.by_id(held.exchange)
        && !model.note.as_ref().is_some_and(urgent)
    {
        let age = model.now.saturating_sub(e.timing.begun) / 1_000_000;
        let old = if age > 600 { "; a signature older than 15 min is refused" } else { "" };
        return said(
            format!(" ■ {} is held, signed {age} s ago{old}. Enter releases it, x drops it", e.kind),
            Role::Warning,
        );
    }
    match &model.note {
        Some(n) if n.level == Level::Bad || model.now < n.at + NOTE_MICROS => {
            let (mark, role) = match n.level {
                Level::Good => ("✓", Role::Good),
                Level::Plain => ("·", Role::Text),
                Level::Warning => ("!", Role::Warning),
                Level::Bad => ("✗", Role::Bad),
            };
            said(format!(" {mark} {}", n.text), role)
        }
        _ if !model.tasks.is_empty() => {
            let in_line = model.step.benches.iter().map(in_line).sum();
            let under_way = model.tasks.len().saturating_sub(in_line);
            said(format!(" … {under_way} request(s) under way"), Role::Muted)
        }
        _ => Pieces::new(),
    }
}

/// Hints for what can be done here and now, from the command table.
fn footer(model: &Model, columns: u16) -> Pieces {
    let pane = model.pane();
    let mut out: Pieces = vec![(" ".into(), Role::Text)];
    let mut hints: Vec<(String, &str)> = vec![("Enter".into(), enter_hint(model))];
    // While one types, letters are text: only the form's own keys are offered.
    let offered = |s: &&Spec| match pane {
        Pane::Form => s.panes.contains(&pane),
        _ => s.panes.is_empty() || s.panes.contains(&pane),
    };
    for s in SPECS.iter().filter(|s| !s.hint.is_empty()).filter(offered) {
        if let (Some(key), Ok(()), true) =
            (s.keys.first(), enabled(model, s.command), is_hinted(model, s.command))
        {
            hints.push(((*key).to_owned(), s.hint));
        }
    }
    hints.retain(|(_, h)| !h.is_empty());
    // Help and the palette are always offered, whatever else has to give way.
    hints.sort_by_key(|(k, _)| if k == ":" || k == "?" { 0 } else { 1 });
    let (fixed, rest) = hints.split_at(hints.iter().filter(|(k, _)| k == ":" || k == "?").count());
    let cost = |(k, h): &(String, &str)| width(k) + width(h) + 3;
    let mut room = usize::from(columns).saturating_sub(2 + fixed.iter().map(cost).sum::<usize>());
    let mut shown: Vec<&(String, &str)> = Vec::new();
    for hint in rest {
        if cost(hint) > room {
            break;
        }
        room -= cost(hint);
        shown.push(hint);
    }
    for (key, hint) in shown.into_iter().chain(fixed) {
        out.push((key.clone(), Role::Accent));
        out.push((format!(" {hint}  "), Role::Muted));
    }
    out
}

/// Whether a command that is possible is also of use now.
fn is_hinted(model: &Model, command: Command) -> bool {
    let bench = model.step.bench();
    match command {
        Command::Carry => bench.is_some_and(|b| *b.machine.state() == UploadState::Planned),
        // Of an upload begun here all parts are known: what another client sent is what one asks about.
        Command::Rescue => {
            model.pane() == Pane::Uploads || bench.is_some_and(|b| b.rescue.is_some() || b.is_adopted())
        }
        _ => true,
    }
}

fn enter_hint(model: &Model) -> &'static str {
    match model.pane() {
        Pane::Buckets => "open",
        Pane::Objects => match model.browse.objects.get(model.browse.object_at) {
            Some(crate::app::panes::listing::Row::Prefix(_)) => "open",
            Some(_) => "inspect",
            None => "",
        },
        Pane::Uploads => "step on",
        Pane::Facts | Pane::ETag | Pane::PartMap | Pane::PartSize => "plan copy",
        Pane::Form => "next field",
        Pane::Request if model.step.drafting.is_some() => "to its field",
        Pane::States | Pane::Parts | Pane::Request if enabled(model, Command::Release).is_ok() => "RELEASE",
        Pane::States | Pane::Parts | Pane::Request => match model.step.bench() {
            Some(b) if b.run.is_some() && b.machine.is_busy() => "",
            Some(b) if !b.machine.legal_moves().is_empty() => "next call",
            _ => "",
        },
        Pane::Timeline => "look",
        Pane::WireRequest | Pane::WireResponse => "explain",
    }
}
