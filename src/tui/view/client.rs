//! Other clients: the way to the sandbox, and the ledger of one of their uploads.

use super::Pieces;
use super::paint::{footer_note, line, lines, pane, said, select, text, wrap};
use crate::app::client::{EXAMPLE, shell_lines};
use crate::app::model::Model;
use crate::domain::text::{cut_end, cut_middle, visible};
use crate::domain::units::{grouped, human_size};
use crate::domain::watched::{Answer, PartSeen, Session, SessionId, Stage, When};
use crate::tui::regions::list_top;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// How to point another client at the sandbox, and what others did so far.
pub(super) fn watch(model: &Model, rect: Rect, at: usize, theme: Theme, buf: &mut Buffer) {
    let inside = pane(rect, "Watch another client", true, theme, buf);
    let told = way_in(model, usize::from(inside.width));
    lines(inside, 0, &told, theme, buf);
    let top = u16::try_from(told.len()).unwrap_or(u16::MAX).min(inside.height);
    let rest = Rect { y: inside.y + top, height: inside.height - top, ..inside };
    uploads(model, rest, at, theme, buf);
    let keys = if shell_lines(&model.target).is_some() { "y copies the lines   " } else { "" };
    let open =
        if model.clients.watched.sessions().next().is_some() { "Enter opens an upload   " } else { "" };
    footer_note(rect, &format!("{keys}{open}Esc leaves"), theme, buf);
}

fn way_in(model: &Model, room: usize) -> Vec<Pieces> {
    let mut out: Vec<Pieces> = Vec::new();
    let put = |out: &mut Vec<Pieces>, words: &str, role: Role| {
        out.extend(wrap(words, room).into_iter().map(|l| said(l, role)));
    };
    if model.target.real {
        let words = "On a real endpoint only this program's own calls are seen: others do not pass here. The sandbox \
                     sees every client that talks to it; start with --sandbox to watch one.";
        put(&mut out, words, Role::Text);
        return out;
    }
    let Some(shell) = shell_lines(&model.target) else {
        put(&mut out, "The sandbox is not ready yet.", Role::Warning);
        return out;
    };
    put(&mut out, "In another terminal, on this machine:", Role::Text);
    out.extend(shell.iter().map(|l| said(format!("  {}", visible(l)), Role::Linked)));
    out.push(said(format!("  {EXAMPLE}"), Role::Linked));
    let words = "Whatever it sends appears in the timeline as it happens. Bytes and times are those of the sandbox's \
                 side. Clients that do not know AWS_ENDPOINT_URL take the address as an option.";
    put(&mut out, words, Role::Muted);
    out
}

fn uploads(model: &Model, area: Rect, at: usize, theme: Theme, buf: &mut Buffer) {
    let count = model.clients.watched.sessions().count();
    if area.height < 2 || model.target.real {
        return;
    }
    if count == 0 {
        return line(
            area,
            1,
            &said("No multipart upload of another client was seen yet.", Role::Muted),
            theme,
            buf,
        );
    }
    let title = format!("Multipart uploads of other clients {}", grouped(count as u64));
    line(area, 1, &said(title, Role::Title), theme, buf);
    let rows = usize::from(area.height.saturating_sub(2));
    let at = at.min(count - 1);
    let top = list_top(at, count, rows);
    for (row, (index, session)) in
        (2..area.height).zip(model.clients.watched.sessions().rev().enumerate().skip(top).take(rows))
    {
        line(area, row, &entry(session, usize::from(area.width)), theme, buf);
        if index == at {
            select(area, row, true, theme, buf);
        }
    }
}

fn entry(session: &Session, room: usize) -> Pieces {
    let parts = format!("{:>6} parts", session.parts.len());
    let stage = match &session.stage {
        Stage::Completed { .. } => "completed".to_owned(),
        other => other.words(),
    };
    let address = room.saturating_sub(18 + 1 + parts.len() + 2 + 12);
    vec![
        (format!("{:<18} ", cut_end(&visible(&session.client), 18)), Role::Text),
        (format!("{:<address$}", cut_middle(&visible(&session.address()), address)), Role::Text),
        (format!("{parts}  "), Role::Muted),
        (cut_end(&visible(&stage), 12), stage_role(&session.stage)),
    ]
}

fn stage_role(stage: &Stage) -> Role {
    match stage {
        Stage::Completed { .. } => Role::Good,
        Stage::Aborted => Role::Muted,
        Stage::Refused { .. } => Role::Bad,
        Stage::Doubtful { .. } => Role::Warning,
        Stage::Open | Stage::Completing | Stage::Aborting => Role::Accent,
    }
}

/// The ledger of one upload.
pub(super) fn upload(model: &Model, rect: Rect, id: SessionId, top: usize, theme: Theme, buf: &mut Buffer) {
    let Some(session) = model.clients.watched.session(id) else {
        let inside = pane(rect, "Another client's upload", true, theme, buf);
        let words = "This upload is not kept any more: too many were seen since.";
        lines(inside, 0, &[said(words, Role::Warning)], theme, buf);
        return footer_note(rect, "Esc leaves", theme, buf);
    };
    let title = format!("Upload of {}", visible(&session.client));
    let inside = pane(rect, &title, true, theme, buf);
    let head = head(session, usize::from(inside.width));
    let rows = usize::from(inside.height);
    // Only what is seen is made: there can be 10 000 parts.
    let shown: Vec<Pieces> = head.iter().skip(top).take(rows).cloned().collect();
    let left = rows.saturating_sub(shown.len());
    let parts = session.parts.iter().skip(top.saturating_sub(head.len())).take(left);
    let all: Vec<Pieces> =
        shown.into_iter().chain(parts.map(|(n, p)| row(*n, p, usize::from(inside.width)))).collect();
    lines(inside, 0, &all, theme, buf);
    let more = (head.len() + session.parts.len()).saturating_sub(top + rows);
    let more = if more > 0 { format!("   Down: {} more lines", grouped(more as u64)) } else { String::new() };
    footer_note(rect, &format!("seen on the wire since partscope began   Esc leaves{more}"), theme, buf);
}

/// Lines of the ledger at a width.
pub(super) fn length(model: &Model, id: SessionId, room: usize) -> usize {
    model.clients.watched.session(id).map_or(1, |s| head(s, room).len() + s.parts.len())
}

fn head(session: &Session, room: usize) -> Vec<Pieces> {
    let mut out: Vec<Pieces> = Vec::new();
    let mut put = |words: String, role: Role| {
        out.extend(wrap(&visible(&words), room).into_iter().map(|l| said(l, role)));
    };
    put(session.address(), Role::Title);
    put(session.stage.words(), stage_role(&session.stage));
    put(format!("upload id {}", session.upload.upload_id), Role::Muted);
    let lasted = session.lasted();
    let pace = session.pace_in_words();
    let pace = if pace.is_empty() { String::new() } else { format!("; {pace}") };
    put(
        format!("{}{pace}; {}.{:03} s", session.parts_in_words(), lasted / 1_000_000, lasted / 1000 % 1000),
        Role::Text,
    );
    if let Some(source) = &session.source {
        let version = source.version_id.as_ref().map_or_else(String::new, |v| format!(", version {v}"));
        put(format!("copied from s3://{}/{}{version}", source.bucket, source.key), Role::Text);
    }
    if let Some(named) = session.named {
        put(format!("Complete named {} parts", grouped(named as u64)), Role::Text);
    }
    if !session.seen_from_create {
        let words = "Create was not seen: parts that were stored before are missing here.";
        put(words.to_owned(), Role::Warning);
    }
    for when in [When::Before, When::During, When::After] {
        let calls: Vec<String> = session.around.iter().filter(|a| a.when == when).map(around).collect();
        if !calls.is_empty() {
            put(format!("{}: {}", when.word(), calls.join(", ")), Role::Muted);
        }
    }
    out.push(text(""));
    let (bytes, state) = columns(room);
    let titles = format!(" part  {:<bytes$}  {:<state$} {:>5} {:>7}  ETag", "bytes", "state", "tries", "ms");
    out.push(said(cut_end(&titles, room), Role::Muted));
    out
}

/// Cells for the bytes and the state of a part.
fn columns(room: usize) -> (usize, usize) {
    if room >= 110 { (29, 26) } else { (23, 16) }
}

fn around(a: &crate::domain::watched::Around) -> String {
    let status = a.status.map_or_else(|| "no answer".to_owned(), |s| s.to_string());
    format!("{} {} {status}", a.kind, a.object.key)
}

fn row(number: u16, part: &PartSeen, room: usize) -> Pieces {
    let bytes = match (part.range, part.size) {
        (Some(range), _) => format!("{}-{}", range.first, range.last),
        (None, Some(size)) if part.under_way > 0 && part.received > 0 => {
            format!("{} of {}", human_size(part.received.min(size)), human_size(size))
        }
        (None, Some(size)) => human_size(size),
        (None, None) if part.copied => "the whole source".to_owned(),
        (None, None) => "?".to_owned(),
    };
    let role = match &part.answer {
        _ if part.under_way > 0 => Role::Accent,
        Some(Answer::Done) => Role::Good,
        Some(Answer::Refused { .. }) => Role::Bad,
        Some(Answer::Lost) => Role::Warning,
        None => Role::Muted,
    };
    let took = part.took.map_or_else(String::new, |t| format!("{}.{}", t / 1000, t % 1000 / 100));
    let tries = if part.attempts > 1 { format!("↻{}", part.attempts) } else { "1".to_owned() };
    let (wide, state) = columns(room);
    let etag = part.etag.as_deref().map_or_else(String::new, visible);
    vec![
        (format!("{number:>5}  "), Role::Text),
        (format!("{:<wide$}  ", cut_end(&bytes, wide)), Role::Text),
        (format!("{:<state$} ", cut_end(&visible(&part.words()), state)), role),
        (format!("{tries:>5} "), if part.attempts > 1 { Role::Warning } else { Role::Muted }),
        (format!("{took:>7}  "), Role::Muted),
        (cut_end(&etag, room.saturating_sub(wide + state + 25)), Role::Muted),
    ]
}
