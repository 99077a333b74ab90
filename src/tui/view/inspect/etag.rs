//! The ETag taken apart: its value, how it was made, and what follows and does not follow from it.

use crate::app::model::Model;
use crate::domain::anatomy::{Certainty, anatomy};
use crate::domain::etag::ETag;
use crate::domain::text::visible;
use crate::tui::theme::Role;
use crate::tui::view::Pieces;
use crate::tui::view::paint::{said, text, waiting, wrap};

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
    for sentence in &anatomy.sentences {
        let role = match sentence.certainty {
            Certainty::Follows => Role::Good,
            Certainty::DoesNotFollow => Role::Muted,
            Certainty::Unverified => Role::Warning,
        };
        for (n, line) in wrap(&sentence.text, room.saturating_sub(2)).into_iter().enumerate() {
            let glyph = if n == 0 { sentence.certainty.glyph() } else { " " };
            out.push(vec![(format!("{glyph} "), role), (line, Role::Text)]);
        }
    }
    out
}
