//! The ETag taken apart.

use crate::app::model::Model;
use crate::domain::etag::ETag;
use crate::domain::text::visible;
use crate::tui::theme::Role;
use crate::tui::view::Pieces;
use crate::tui::view::paint::{said, text, waiting, wrap};

/// What this ETag is, and what follows from it for this object.
pub(super) fn etag(model: &Model, room: usize) -> Vec<Pieces> {
    let i = &model.inspect;
    let Some(tag) = i.evidence.etag.clone().or(i.head.as_ref().map(|h| h.etag.clone())) else {
        return waiting(&i.head_load, room).unwrap_or_default();
    };
    let mut out = vec![said(visible(&tag.quoted()), Role::Title)];
    let explain = |out: &mut Vec<Pieces>, words: &str| {
        out.extend(wrap(words, room).into_iter().map(|l| said(l, Role::Muted)))
    };
    let encrypted = i.head.as_ref().and_then(|h| h.properties.server_side_encryption.clone());
    let kms = encrypted.as_deref().is_some_and(|e| e.starts_with("aws:kms"));
    match &tag {
        ETag::Composite { parts, .. } => {
            out.push(said(" └───────── 32 hex digits ────────┘ └ parts", Role::Muted));
            out.push(text(""));
            out.push(text(format!("= hex(MD5(md5(part 1) ‖ … ‖ md5(part {parts})))-{parts}")));
            explain(
                &mut out,
                &format!(
                    "{} raw bytes are hashed: 16 for each part, not their hex text.",
                    u32::from(*parts) * 16
                ),
            );
            if *parts == 1 {
                explain(&mut out, "One part: MD5 of the MD5. It is not the MD5 of the content.");
            } else {
                explain(
                    &mut out,
                    "It is not the MD5 of the content, and other part sizes give the same bytes another ETag.",
                );
            }
            if kms {
                explain(
                    &mut out,
                    "SSE-KMS: the part ETags are not MD5s, so the value cannot be recomputed from the data.",
                );
            } else {
                explain(
                    &mut out,
                    "A copy keeps it only with the same parts in the same order (m plans that).",
                );
            }
        }
        ETag::Hex128(_) => {
            out.push(said(" └───────── 32 hex digits ────────┘", Role::Muted));
            out.push(text(""));
            if kms {
                explain(
                    &mut out,
                    "Written in one piece with SSE-KMS: shaped like an MD5, but it is not the MD5 of the content.",
                );
            } else {
                out.push(text("= hex(MD5(content))"));
                explain(
                    &mut out,
                    "Written in one piece (PutObject or CopyObject), so there are no parts. With SSE-C or in a directory bucket the value would look alike and be no MD5.",
                );
            }
        }
        ETag::Opaque(_) => explain(
            &mut out,
            "Not shaped as S3 shapes an MD5: opaque. Nothing follows about content or parts.",
        ),
    }
    out
}
