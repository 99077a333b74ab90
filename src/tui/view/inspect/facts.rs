//! The fact table: what HEAD and GetObjectTagging said.

use crate::app::model::Model;
use crate::app::panes::browse::Load;
use crate::domain::text::visible;
use crate::domain::units::{grouped, human_size};
use crate::tui::theme::Role;
use crate::tui::view::Pieces;
use crate::tui::view::browse::date;
use crate::tui::view::paint::{said, waiting};

fn row(name: &str, value: impl Into<String>) -> Pieces {
    vec![(format!("{name:<22} "), Role::Muted), (value.into(), Role::Text)]
}

/// The fact table: size first, then every header in the order it came, then tags.
pub(in crate::tui::view) fn facts(model: &Model) -> Vec<Pieces> {
    let i = &model.inspect;
    let Some(head) = &i.head else { return waiting(&i.head_load, 50).unwrap_or_default() };
    let mut out = vec![row(
        "Size",
        format!("{} bytes, {}", grouped(head.object_size()), human_size(head.object_size())),
    )];
    if let Some(t) = head.last_modified {
        out.push(row("Modified (UTC)", date(t)));
    }
    out.push(tags_row(model));
    if let Some(tags) = &i.tags {
        out.extend(tags.iter().map(|t| row("", format!("{} = {}", visible(&t.key), visible(&t.value)))));
    }
    if head.properties.storage_class.is_none() {
        out.push(row("Storage class", "STANDARD (header absent)"));
    }
    let (about, other): (Vec<_>, Vec<_>) = head.headers.iter().partition(|(name, _)| about_object(name));
    out.extend(about.into_iter().map(|(name, value)| row(&visible(name), visible(value))));
    out.push(said("Other headers of the answer", Role::Muted));
    out.extend(other.into_iter().map(|(name, value)| row(&visible(name), visible(value))));
    out
}

/// Headers that say something of the object and not of this one answer.
fn about_object(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let of_answer = [
        "x-amz-id-2",
        "x-amz-request-id",
        "date",
        "server",
        "connection",
        "content-length",
        "etag",
        "last-modified",
    ];
    !of_answer.contains(&name.as_str())
}

fn tags_row(model: &Model) -> Pieces {
    match (&model.inspect.tags, &model.inspect.tags_load) {
        (Some(tags), _) => row("Tags", format!("{} (GetObjectTagging)", tags.len())),
        (None, Load::Failed(why)) => {
            vec![("Tags                   ".into(), Role::Muted), (why.clone(), Role::Bad)]
        }
        _ => row("Tags", "asking S3…"),
    }
}
