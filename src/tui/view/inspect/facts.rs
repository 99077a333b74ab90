//! The fact table: everything HEAD and GetObjectTagging said, each line with what it means.

use crate::app::model::Model;
use crate::app::panes::browse::Load;
use crate::domain::facts::{self, Fact, Section, TagsTold};
use crate::domain::text::{visible, width};
use crate::tui::theme::Role;
use crate::tui::view::Pieces;
use crate::tui::view::paint::{said, waiting, wrap, wrapped};

/// Cells of a name.
const NAME: usize = 16;

/// The fact table in `room` cells: a meaning stands behind its value where it fits, else below.
pub(in crate::tui::view) fn facts(model: &Model, room: usize) -> Vec<Pieces> {
    let i = &model.inspect;
    let (Some(object), Some(head)) = (&i.object, &i.head) else {
        return waiting(&i.head_load, room).unwrap_or_default();
    };
    let tags = match (&i.tags, &i.tags_load) {
        (Some(tags), _) => TagsTold::Known(tags),
        (None, Load::Failed(why)) => TagsTold::NotHad(why),
        _ => TagsTold::Asking,
    };
    let mut out = Vec::new();
    let mut heading = None;
    for fact in facts::facts(&object.bucket, head, tags, &i.evidence) {
        if matches!(fact.section, Section::Unknown | Section::Answer) && heading != Some(fact.section) {
            heading = Some(fact.section);
            out.push(said(fact.section.title(), Role::Muted));
        }
        out.extend(lines(&fact, room));
    }
    out
}

fn lines(fact: &Fact, room: usize) -> Vec<Pieces> {
    let indent = if fact.item { "  " } else { "" };
    let name = format!("{indent}{}", visible(&fact.name));
    let name = format!("{name}{} ", " ".repeat(NAME.saturating_sub(width(&name))));
    let role = match fact.value.as_str() {
        "absent" => Role::Muted,
        "not known" => Role::Warning,
        _ => Role::Text,
    };
    let (value, meaning) = (visible(&fact.value), visible(&fact.meaning));
    let used = width(&name) + width(&value);
    let mut first = vec![(name, Role::Muted), (value, role)];
    if meaning.is_empty() || used + 2 + width(&meaning) <= room {
        if !meaning.is_empty() {
            first.push((format!("  {meaning}"), Role::Muted));
        }
        return wrapped(vec![first], room);
    }
    let mut out = wrapped(vec![first], room);
    out.extend(
        wrap(&meaning, room.saturating_sub(4)).into_iter().map(|l| said(format!("    {l}"), Role::Muted)),
    );
    out
}
