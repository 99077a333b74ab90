//! What the source of a planned copy told, laid beside what the copy will say.

use super::draft::Drafting;
use crate::domain::carry::{Losses, Planned, Row, Source, Told, losses_first, rows};
use crate::domain::draft::{Draft, Place};
use crate::domain::names::Tag;
use crate::domain::operation::{Operation, OperationKind};
use crate::domain::output::{AclOutput, HeadObjectOutput};
use crate::domain::plan::{PartSource, UploadPlan};

/// The access control list of the source, as far as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acl {
    /// Not asked for.
    NotAsked,
    /// On its way.
    Asking,
    /// This.
    Known(AclOutput),
    /// It could not be read, and why.
    Refused(String),
}

/// The source of a copy on the workbench.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Its HEAD.
    pub head: HeadObjectOutput,
    /// Its tags, or why they could not be read.
    pub tags: Result<Vec<Tag>, String>,
    /// Its access control list.
    pub acl: Acl,
    /// The Create that was sent, where it was written by hand.
    pub sent: Option<Operation>,
}

impl Origin {
    /// A source whose access control list nobody asked for yet.
    pub fn new(head: HeadObjectOutput, tags: Result<Vec<Tag>, String>) -> Self {
        Self { head, tags, acl: Acl::NotAsked, sent: None }
    }

    /// The rows of a plan, losses first. `by_hand` is the Create that counts in place of the plan's own.
    pub fn rows(&self, plan: &UploadPlan, by_hand: Option<&Operation>) -> Vec<Row> {
        let mut planned = Planned::parts(plan);
        if let Some(operation) = by_hand {
            planned.operation = operation.clone();
        }
        let source = Source {
            bucket: plan.source.as_ref().map_or("", |s| &s.object.bucket),
            head: &self.head,
            tags: self.tags.as_deref().map_or_else(|why| Told::Refused(why), Told::Known),
            acl: match &self.acl {
                Acl::Known(acl) => Told::Known(acl),
                Acl::Refused(why) => Told::Refused(why),
                Acl::NotAsked | Acl::Asking => Told::NotAsked,
            },
        };
        losses_first(rows(&source, &planned))
    }

    /// One line about what is lost, for the notes of the plan; `None` when nothing is, as far as that is known.
    pub fn note(&self, plan: &UploadPlan) -> Option<String> {
        let words = Losses::of(&self.rows(plan, None)).words()?;
        let unasked = if self.acl == Acl::NotAsked { "; the ACL was not asked for" } else { "" };
        Some(format!("{words}{unasked}: W shows"))
    }
}

/// Whether a form is that of the Create of the upload with this id.
pub fn is_create_of(form: &Drafting, bench: u64) -> bool {
    form.bench == Some(bench) && form.draft.kind() == OperationKind::CreateMultipartUpload
}

/// What pins the source while its parts are copied, in words.
pub fn pinned(plan: &UploadPlan) -> Option<String> {
    let source = plan.source.as_ref()?;
    let copies = plan.parts.iter().filter(|p| matches!(p.source, PartSource::Copy(_))).count();
    let version = match &source.object.version_id {
        Some(id) => format!("and version {id}"),
        None => "; no version was told".into(),
    };
    let gap = if source.object.version_id.is_some() { " " } else { "" };
    Some(format!(
        "pinned on each of {copies} UploadPartCopy by If-Match {}{gap}{version}: a changed source is a 412 and no mixture",
        source.etag
    ))
}

/// Where a row's property stands in the form of Create; `None` when no field of it carries the property.
pub fn slot_of(draft: &Draft, row: &Row) -> Option<usize> {
    const META: &str = "x-amz-meta-";
    let slots = draft.slots();
    if let Some(name) = row.place.strip_prefix(META) {
        let of = |value: &str| value.split('=').next().is_some_and(|n| n.eq_ignore_ascii_case(name));
        let metadata = |at: &usize| slots.get(*at).is_some_and(|s| s.param.place == Place::Metadata);
        let all: Vec<usize> = (0..slots.len()).filter(metadata).collect();
        let own = all.iter().find(|at| slots.get(**at).is_some_and(|s| of(&s.value)));
        // The empty line at the end is where a missing entry is written.
        return own.or(if name == "*" { all.first() } else { all.last() }).copied();
    }
    let wanted: Vec<&str> = row.place.split(", ").collect();
    let by_header = |filled: bool| {
        slots.iter().position(|s| match s.param.place {
            Place::Header(header) => {
                let fits =
                    |w: &&str| w.strip_suffix('*').map_or(**w == *header, |start| header.starts_with(start));
                wanted.iter().any(fits) && (!filled || !s.value.is_empty())
            }
            _ => false,
        })
    };
    by_header(true).or_else(|| by_header(false))
}
