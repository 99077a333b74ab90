//! One object: what the service said of it and what follows.

use super::browse::Load;
use super::select::{Motion, moved};
use crate::domain::evidence::Evidence;
use crate::domain::names::{ObjectRef, Tag};
use crate::domain::output::{AttributesOutput, HeadObjectOutput};
use crate::domain::units::PartNumber;

/// State of the Inspect screen.
#[derive(Debug, Clone, Default)]
pub struct Inspect {
    /// The object looked at.
    pub object: Option<ObjectRef>,
    /// Answers to an older object carry an older number and are dropped.
    pub generation: u64,
    /// The plain HEAD.
    pub head: Option<HeadObjectOutput>,
    /// How HEAD stands.
    pub head_load: Load,
    /// Tags.
    pub tags: Option<Vec<Tag>>,
    /// How the tags stand.
    pub tags_load: Load,
    /// The first page of GetObjectAttributes.
    pub attributes: Option<AttributesOutput>,
    /// How the attributes stand.
    pub attributes_load: Load,
    /// Everything gathered about its parts.
    pub evidence: Evidence,
    /// Boundaries still to ask for.
    pub probes: Vec<PartNumber>,
    /// HEADs on their way.
    pub probing: usize,
    /// HEADs asked and answered in this probe.
    pub probed: usize,
    /// Selected part of the map.
    pub part_at: usize,
    /// First line of the fact table.
    pub facts_top: usize,
    /// First line of the part size pane.
    pub size_top: usize,
}

impl Inspect {
    /// Begins with another object.
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

    /// Moves the cursor on the part map.
    pub fn go_parts(&mut self, page: usize, motion: Motion) {
        let count = usize::try_from(self.evidence.part_count.unwrap_or(0)).unwrap_or(0);
        self.part_at = moved(self.part_at, count, page, motion);
    }
}
