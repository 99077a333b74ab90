//! The ETag taken apart: its value, how it was made, and what follows and does not follow from it.

use crate::app::model::Model;
use crate::app::panes::verify::State;
use crate::domain::anatomy::{Certainty, anatomy};
use crate::domain::etag::ETag;
use crate::domain::text::visible;
use crate::domain::units::human_size;
use crate::domain::verify::{Agreement, BadPart, Verdict};
use crate::tui::theme::Role;
use crate::tui::view::Pieces;
use crate::tui::view::paint::{said, text, waiting, wrap};

/// How a comparison with bytes stands, or how it ended.
fn verified(model: &Model, room: usize) -> Vec<Pieces> {
    let Some(verify) = &model.inspect.verify else { return Vec::new() };
    let (words, role) = match &verify.state {
        State::Running { begun, done, of, .. } => {
            (running(*done, *of, model.now.saturating_sub(*begun)), Role::Accent)
        }
        State::Failed(why) => (format!("not verified: {why}"), Role::Bad),
        State::Done(v) => {
            let (word, role) = verdict(v.report.verdict());
            (format!("{word}: {}", verify.of), role)
        }
    };
    let mut out: Vec<Pieces> = wrap(&words, room).into_iter().map(|l| said(l, role)).collect();
    for finding in verify.verified().map(|v| v.report.findings.as_slice()).unwrap_or_default() {
        let (glyph, role) = match finding.agreement {
            Agreement::Equal => ("=", Role::Good),
            Agreement::Differs => ("≠", Role::Bad),
            Agreement::Undecided => ("?", Role::Warning),
        };
        let line = format!("{}: {}", finding.by, visible(&finding.words));
        for (n, line) in wrap(&line, room.saturating_sub(2)).into_iter().enumerate() {
            out.push(vec![(format!("{} ", if n == 0 { glyph } else { " " }), role), (line, Role::Text)]);
        }
    }
    let bad: Vec<String> = verify.bad_parts().iter().take(MOST_BAD).map(bad_part).collect();
    if !bad.is_empty() {
        let more = verify.bad_parts().len().saturating_sub(MOST_BAD);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let line = format!("≠ {}{more}", bad.join("; "));
        out.extend(wrap(&line, room).into_iter().map(|l| said(l, Role::Bad)));
    }
    out
}

/// Parts that differ named here; the map marks them all.
const MOST_BAD: usize = 3;

fn bad_part(bad: &BadPart) -> String {
    let range = bad.range.map_or_else(|| "empty".into(), |r| r.to_string());
    format!("part {} differs ({range}, by its {})", bad.part, bad.by)
}

fn verdict(verdict: Verdict) -> (&'static str, Role) {
    match verdict {
        Verdict::Match => ("match", Role::Good),
        Verdict::Differs => ("differs", Role::Bad),
        Verdict::CannotBeKnown => ("cannot be known", Role::Warning),
    }
}

fn running(done: u64, of: Option<u64>, micros: u64) -> String {
    let rate = done.saturating_mul(1_000_000).checked_div(micros).unwrap_or(0);
    let of = of.map_or_else(String::new, |of| format!(" of {}", human_size(of)));
    format!("hashing: {}{of}, {}/s; Esc stops", human_size(done), human_size(rate))
}

/// The lines, broken to `room` cells.
pub(in crate::tui::view) fn etag(model: &Model, room: usize) -> Vec<Pieces> {
    let i = &model.inspect;
    let (Some(head), Some(object)) = (&i.head, &i.object) else {
        return waiting(&i.head_load, room).unwrap_or_default();
    };
    let anatomy = anatomy(&object.bucket, head, &i.evidence);
    let value = visible(&anatomy.etag.quoted());
    let mut out: Vec<Pieces> = wrap(&value, room).into_iter().map(|l| said(l, Role::Title)).collect();
    match anatomy.etag {
        ETag::Composite { .. } => out.push(said(" └───────── 32 hex digits ────────┘ └ parts", Role::Muted)),
        ETag::Hex128(_) => out.push(said(" └───────── 32 hex digits ────────┘", Role::Muted)),
        ETag::Opaque(_) => {}
    }
    out.extend(anatomy.formula.map(|f| text(format!("= {f}"))));
    out.extend(verified(model, room));
    for sentence in &anatomy.sentences {
        let role = match sentence.certainty {
            Certainty::Follows => Role::Good,
            Certainty::DoesNotFollow => Role::Muted,
            Certainty::Unverified => Role::Warning,
        };
        for (n, line) in wrap(&visible(&sentence.text), room.saturating_sub(2)).into_iter().enumerate() {
            let glyph = if n == 0 { sentence.certainty.glyph() } else { " " };
            out.push(vec![(format!("{glyph} "), role), (line, Role::Text)]);
        }
    }
    out
}
