//! What the next call is expected to do, and how the last one compared.

use super::Pieces;
use super::paint::{said, wrap};
use crate::app::model::Model;
use crate::app::panes::step::Settled;
use crate::domain::predict::{Certainty, Prediction, Verdict};
use crate::domain::text::visible;
use crate::tui::theme::Role;

/// Lines above a request: of the call that is held, else how the last one ended and what the next one is expected to do.
pub(super) fn lines(model: &Model, room: usize) -> Vec<Pieces> {
    let mut out = Vec::new();
    if let Some(held) = model.step.held.first() {
        if let Some(asked) = model.step.asked.get(&held.operation) {
            out.extend(expected(&asked.expected, room));
        }
        return out;
    }
    if let (None, Some(settled)) = (&model.step.drafting, &model.step.settled) {
        out.extend(ended(settled, room));
    }
    if let Some(why) = model.step.forecast.as_ref().and_then(|f| f.unreadable.as_ref()) {
        out.extend(laid(
            &format!("! the bytes cannot be read, so nothing will be sent: {why}"),
            room,
            Role::Bad,
        ));
    } else if let Some(expectation) = model.step.forecast.as_ref().and_then(|f| f.expected.as_ref()) {
        out.extend(expected(expectation, room));
    }
    if let Some(remark) = model.step.drafting.as_ref().and_then(|f| f.remark.as_ref()) {
        out.extend(laid(&format!("▶ {}", visible(remark)), room, Role::Muted));
    }
    out
}

fn laid(text: &str, room: usize, role: Role) -> Vec<Pieces> {
    wrap(text, room).into_iter().map(|l| said(l, role)).collect()
}

fn expected(p: &Prediction, room: usize) -> Vec<Pieces> {
    let (words, role) = match (&p.certainty, p.code) {
        (Certainty::Open(on), _) => {
            return laid(&format!("≈ cannot be told beforehand: {}", visible(on)), room, Role::Muted);
        }
        (_, None) => (format!("≈ expects {}: {}", p.status, effect(p)), Role::Good),
        (_, Some(code)) => {
            (format!("≈ expects {} {code}: {}; {}", p.status, p.why, effect(p)), Role::Warning)
        }
    };
    let mut words = visible(&words);
    if let Some(tag) = &p.etag {
        words.push_str(&format!("; ETag {}", visible(&tag.to_string())));
    }
    if let Some((algorithm, value)) = &p.checksum {
        words.push_str(&format!("; {} {}", visible(algorithm), visible(value)));
    }
    if p.certainty == Certainty::Unverified {
        words.push_str(" (not verified against S3 itself)");
    }
    laid(&words, room, role)
}

/// What changes, in words that stand after a status.
fn effect(p: &Prediction) -> String {
    match p.effect.strip_prefix("nothing: ") {
        Some(rest) => format!("nothing changes, {rest}"),
        None => p.effect.clone(),
    }
}

fn ended(settled: &Settled, room: usize) -> Vec<Pieces> {
    let (words, role) = match &settled.verdict {
        Verdict::AsPredicted(words) => (format!("✓ {}: {words}", settled.kind), Role::Good),
        Verdict::Surprise(words) => (format!("✗ {}, a surprise: {words}", settled.kind), Role::Bad),
        Verdict::Unpredicted(words) => (format!("· {}: {words}", settled.kind), Role::Text),
        Verdict::NoAnswer(words) => (format!("! {}: {words}", settled.kind), Role::Warning),
    };
    let mut out = laid(&visible(&words), room, role);
    if settled.error.is_some() {
        let mends = if settled.mend.is_some() { " and opens the request that mends it" } else { "" };
        out.push(vec![
            ("K ".into(), Role::Accent),
            (format!("explains it element by element{mends}"), Role::Muted),
        ]);
    }
    out
}
