//! One object: what the service said of it and what follows.

use super::browse::Load;
use super::select::{Motion, moved};
use super::verify::Verify;
use crate::domain::evidence::{Evidence, ProbeKind, Refusal};
use crate::domain::names::{ObjectRef, Tag};
use crate::domain::output::{AttributesOutput, HeadObjectOutput};
use crate::domain::units::PartNumber;
use std::collections::BTreeSet;

/// State of the Inspect screen.
#[derive(Debug, Clone, Default)]
pub struct Inspect {
    /// The object looked at.
    pub object: Option<ObjectRef>,
    /// The version HEAD told: everything further is asked of it.
    pub pinned: Option<String>,
    /// Answers to an older object carry an older number and are dropped.
    pub generation: u64,
    /// How often the object was replaced while it was asked about.
    pub replaced: u32,
    /// The plain HEAD.
    pub head: Option<HeadObjectOutput>,
    /// How HEAD stands.
    pub head_load: Load,
    /// Tags.
    pub tags: Option<Vec<Tag>>,
    /// How the tags stand.
    pub tags_load: Load,
    /// The last page read of GetObjectAttributes.
    pub attributes: Option<AttributesOutput>,
    /// How the attributes stand.
    pub attributes_load: Load,
    /// Everything gathered about its parts.
    pub evidence: Evidence,
    /// A part was said not to be there, and the plain HEAD is asked again: the object may be another one by now.
    pub recheck: Option<Refusal>,
    /// The probe under way.
    pub probe: Option<Probe>,
    /// Bytes compared with the object.
    pub verify: Option<Verify>,
    /// Selected part of the map.
    pub part_at: usize,
    /// First line of the fact table.
    pub facts_top: usize,
    /// First line of the ETag's anatomy.
    pub etag_top: usize,
    /// First line of the part size pane.
    pub size_top: usize,
}

/// Requests that answer one question about the parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Which.
    pub kind: ProbeKind,
    /// Parts still to ask for, the next one last.
    pub waiting: Vec<PartNumber>,
    /// Parts asked for and not answered yet.
    pub asked: BTreeSet<PartNumber>,
    /// Answers so far.
    pub answered: u64,
    /// Requests planned.
    pub planned: u64,
}

impl Inspect {
    /// Begins with another object, or with the same one again.
    pub fn open(&mut self, object: ObjectRef) {
        *self = Self {
            object: Some(object),
            generation: self.generation + 1,
            head_load: Load::Asking,
            tags_load: Load::Asking,
            attributes_load: Load::Asking,
            ..Self::default()
        };
    }

    /// The object as further requests name it: of the version HEAD told.
    pub fn asked_object(&self) -> Option<ObjectRef> {
        let object = self.object.clone()?;
        let version_id = object.version_id.clone().or_else(|| self.pinned.clone());
        Some(ObjectRef { version_id, ..object })
    }

    /// Moves the cursor on the part map.
    pub fn go_parts(&mut self, page: usize, motion: Motion) {
        self.part_at = moved(self.part_at, self.evidence.map().len(), page, motion);
    }
}
