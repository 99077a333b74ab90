//! Two objects or versions to be compared: the marked one, what was asked of both, and the comparison.

use crate::domain::compare::{Comparison, Side, compare};
use crate::domain::evidence::{Evidence, Refusal};
use crate::domain::names::{ObjectRef, Tag};
use crate::domain::output::HeadObjectOutput;

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The marked one.
    Left,
    /// The one it is compared with.
    Right,
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// HeadObject.
    Head,
    /// HeadObject with part number 1.
    FirstPart,
    /// A page of GetObjectAttributes.
    Attributes,
    /// GetObjectTagging.
    Tags,
}

/// What is known of one of the two so far.
#[derive(Debug, Clone)]
pub struct Looked {
    /// Which object or version.
    pub object: ObjectRef,
    /// Its HEAD.
    pub head: Option<HeadObjectOutput>,
    /// What is known of its parts.
    pub evidence: Evidence,
    /// Its tags, or why they could not be had.
    pub tags: Result<Vec<Tag>, String>,
    /// Questions about its parts that got no answer, and why.
    pub unanswered: Vec<String>,
    /// Why it cannot be compared at all.
    pub failed: Option<String>,
    /// Calls on their way.
    pub waiting: u32,
    /// Calls that ended.
    pub asked: u32,
}

impl Looked {
    /// Nothing known yet.
    pub fn new(object: ObjectRef) -> Self {
        Self {
            object,
            head: None,
            evidence: Evidence::default(),
            tags: Err("not answered".into()),
            unanswered: Vec::new(),
            failed: None,
            waiting: 0,
            asked: 0,
        }
    }

    /// The object with the version that HEAD told, so that every answer is about that one.
    pub fn pinned(&self) -> ObjectRef {
        let told = self.head.as_ref().and_then(|h| h.version_id.clone());
        ObjectRef { version_id: self.object.version_id.clone().or(told), ..self.object.clone() }
    }

    /// What else is to be said of it: what was refused and what would allow it, what got no answer, what is not
    /// believed.
    pub fn notes(&self) -> Vec<String> {
        let refused = self.evidence.refusals.iter().map(Refusal::sentence);
        let doubts = self.evidence.doubts.iter().map(|why| format!("not believed: {why}"));
        refused.chain(self.unanswered.iter().cloned()).chain(doubts).collect()
    }

    /// Whether another ETag came after HEAD told one: the object was replaced meanwhile.
    fn was_replaced(&self) -> bool {
        let told = self.head.as_ref().map(|h| &h.etag);
        told.zip(self.evidence.etag.as_ref()).is_some_and(|(told, later)| told != later)
    }

    fn side(&self) -> Option<Side<'_>> {
        let tags = self.tags.as_deref().map_err(String::as_str);
        Some(Side { object: &self.object, head: self.head.as_ref()?, evidence: &self.evidence, tags })
    }
}

/// State of the comparison.
#[derive(Debug, Clone, Default)]
pub struct Compare {
    /// The object marked for comparison.
    pub marked: Option<ObjectRef>,
    /// Answers to an older comparison carry an older number and are dropped.
    pub generation: u64,
    /// The left one.
    pub left: Option<Looked>,
    /// The right one.
    pub right: Option<Looked>,
    /// Calls made for it, all of them reads.
    pub calls: u32,
    /// The comparison, once everything was answered.
    pub result: Option<Comparison>,
}

impl Compare {
    /// Begins with two objects.
    pub fn open(&mut self, left: ObjectRef, right: ObjectRef) {
        *self = Self {
            marked: self.marked.clone(),
            generation: self.generation + 1,
            left: Some(Looked::new(left)),
            right: Some(Looked::new(right)),
            ..Self::default()
        };
    }

    /// Whether this object, or this version of it, is the marked one.
    pub fn is_marked(&self, bucket: &str, key: &str, version_id: Option<&str>) -> bool {
        self.marked
            .as_ref()
            .is_some_and(|m| m.bucket == bucket && m.key == key && m.version_id.as_deref() == version_id)
    }

    /// One of the two.
    pub fn side_mut(&mut self, which: Which) -> Option<&mut Looked> {
        match which {
            Which::Left => self.left.as_mut(),
            Which::Right => self.right.as_mut(),
        }
    }

    /// Calls on their way.
    pub fn waiting(&self) -> u32 {
        [&self.left, &self.right].into_iter().flatten().map(|looked| looked.waiting).sum()
    }

    /// Compares, if everything was answered and both can be.
    pub fn settle(&mut self) {
        if self.waiting() > 0 {
            return;
        }
        for looked in [&mut self.left, &mut self.right].into_iter().flatten() {
            if looked.was_replaced() {
                looked.head = None;
                looked.failed = Some("it was replaced while it was asked about; compare again".into());
            }
        }
        let sides = (self.left.as_ref().and_then(Looked::side), self.right.as_ref().and_then(Looked::side));
        self.result = sides.0.zip(sides.1).map(|(left, right)| compare(left, right));
    }
}
