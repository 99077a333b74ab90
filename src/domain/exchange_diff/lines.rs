//! The differences as lines to read: for the screen and for the terminal without one.

use super::{Change, ExchangeDiff, Section, Side, Value, Verdict};
use crate::domain::text::{visible, width};

/// What a line is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The name of a section, with its counts.
    Heading,
    /// Differs: `~`.
    Changed,
    /// Only in the new one: `+`.
    Added,
    /// Only in the old one: `-`.
    Gone,
    /// Cannot be known: `?`.
    NotKnown,
    /// Differs in any two exchanges, and says nothing.
    EachTime,
    /// Said by this program.
    Note,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// Safe to show.
    pub text: String,
    /// What it is.
    pub mark: Mark,
    /// Which change it is of: the index of its section, and that in it.
    pub change: Option<(usize, usize)>,
}

/// All differences; a change that fits is one line, another one has its values below it.
pub fn lines(diff: &ExchangeDiff, cells: usize) -> Vec<DiffLine> {
    let mut out = Vec::new();
    for (index, section) in diff.sections.iter().enumerate() {
        out.push(DiffLine { text: heading(section), mark: Mark::Heading, change: None });
        let mut folded = false;
        for (at, change) in section.changes.iter().enumerate() {
            if change.each_time && !folded {
                folded = true;
                let text = "  differs in any two exchanges:".to_owned();
                out.push(DiffLine { text, mark: Mark::Note, change: None });
            }
            let place = Some((index, at));
            let mark = mark(change);
            out.extend(told(change, cells).into_iter().map(|text| DiffLine { text, mark, change: place }));
        }
    }
    out
}

fn mark(change: &Change) -> Mark {
    match change.verdict {
        _ if change.each_time => Mark::EachTime,
        Verdict::Changed => Mark::Changed,
        Verdict::Added => Mark::Added,
        Verdict::Gone => Mark::Gone,
        Verdict::NotKnown => Mark::NotKnown,
    }
}

fn heading(section: &Section) -> String {
    let count = |n: usize, what: &str| (n > 0).then(|| format!("{n} {what}"));
    let of = |wanted: Verdict| section.changes.iter().filter(|c| !c.each_time && c.verdict == wanted).count();
    let each_time = section.changes.iter().filter(|c| c.each_time).count();
    let same = if section.side == Side::Course { 0 } else { section.same };
    let told: Vec<String> = [
        count(of(Verdict::Changed), "changed"),
        count(of(Verdict::Added), "new"),
        count(of(Verdict::Gone), "gone"),
        count(of(Verdict::NotKnown), "not known"),
        count(each_time, "as each time"),
        count(same, "the same"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let told = if told.is_empty() { "nothing differs".to_owned() } else { told.join(", ") };
    format!("{}: {told}", section.side.title())
}

fn told(change: &Change, cells: usize) -> Vec<String> {
    let sign = match change.verdict {
        Verdict::Changed => '~',
        Verdict::Added => '+',
        Verdict::Gone => '-',
        Verdict::NotKnown => '?',
    };
    let nth = if change.nth > 0 { format!(" ({})", change.nth + 1) } else { String::new() };
    let name = format!("{sign} {}{nth}", visible(&change.what.to_string()));
    let note = if change.note.is_empty() { String::new() } else { format!("  ({})", change.note) };
    let text = |value: &Option<Value>| value.as_ref().map(|v| v.text.clone());
    match (text(&change.old), text(&change.new)) {
        (Some(old), Some(new)) if old == new => vec![format!("{name}  {new}{note}")],
        (Some(old), Some(new)) => {
            let short = format!("{name}  {} → {}{note}", or_nothing(&old), or_nothing(&new));
            if width(&short) <= cells {
                return vec![short];
            }
            vec![
                format!("{name}{note}"),
                format!("    was {}", or_nothing(&old)),
                format!("    is  {}", or_nothing(&new)),
            ]
        }
        (old, new) => {
            let only = old.or(new).unwrap_or_default();
            let gap = if only.is_empty() { "" } else { "  " };
            vec![format!("{name}{gap}{only}{note}")]
        }
    }
}

fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "(empty)" } else { text }
}
