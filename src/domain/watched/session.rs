//! One multipart upload of another client, as far as its traffic shows it.

use super::heard::{Answer, Asked};
use crate::domain::exchange::{CallKind, ExchangeId};
use crate::domain::names::ObjectRef;
use crate::domain::operation::UploadRef;
use crate::domain::units::ByteRange;
use std::collections::BTreeMap;

/// Names one session; numbers rise in the order in which they were first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// A multipart upload of another client.
///
/// It holds what was seen on the wire and nothing else: what passed before the watching began is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// This session.
    pub id: SessionId,
    /// Bucket, key and upload id.
    pub upload: UploadRef,
    /// Short name of the client, by its first call: `Boto3/1.40.1`. As sent.
    pub client: String,
    /// Whether CreateMultipartUpload was seen. Without it parts may be missing that were stored before.
    pub seen_from_create: bool,
    /// Where it stands.
    pub stage: Stage,
    /// Parts by number.
    pub parts: BTreeMap<u16, PartSeen>,
    /// What the parts are copied from, when they are; the first source seen.
    pub source: Option<ObjectRef>,
    /// How many parts the last Complete names; `None` when none was seen, or not kept whole.
    pub named: Option<usize>,
    /// Other calls on the same object or on the source, by the same client, about the time of the upload.
    pub around: Vec<Around>,
    /// ListParts calls.
    pub listed: u32,
    /// Microseconds since the program began, when the first byte of it was read.
    pub begun: u64,
    /// The same for the last byte of it so far.
    pub last: u64,
    /// When each attempt at a part began and ended.
    spans: Vec<(u64, Option<u64>)>,
}

/// Where an upload stands, by the answers that were seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Parts may come.
    Open,
    /// Complete is under way.
    Completing,
    /// Complete was answered.
    Completed {
        /// The object's ETag, quotes included, as answered.
        etag: Option<String>,
    },
    /// Abort is under way.
    Aborting,
    /// Abort was answered.
    Aborted,
    /// The last Complete or Abort was refused.
    Refused {
        /// Which of the two.
        call: CallKind,
        /// Of the answer.
        status: u16,
        /// `<Code>`; empty without one.
        code: String,
    },
    /// The last Complete or Abort got no whole answer: whether it took effect was not seen.
    Doubtful {
        /// Which of the two.
        call: CallKind,
    },
}

/// One part number of an upload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartSeen {
    /// Bytes `x-amz-copy-source-range` names.
    pub range: Option<ByteRange>,
    /// Whether the last attempt was UploadPartCopy.
    pub copied: bool,
    /// Bytes of the part: announced, or by the range. `None` for a copy of a whole object.
    pub size: Option<u64>,
    /// Body bytes of the attempt under way that were read so far, framing included.
    pub received: u64,
    /// ETag of the last success, quotes included.
    pub etag: Option<String>,
    /// Attempts seen.
    pub attempts: u32,
    /// Attempts under way.
    pub under_way: u32,
    /// How the last attempt that ended was answered.
    pub answer: Option<Answer>,
    /// The last attempt that began.
    pub exchange: Option<ExchangeId>,
    /// Microseconds the last success took, first byte read to last byte written.
    pub took: Option<u64>,
}

/// A call that is not of the upload but belongs to its story.
#[derive(Debug, Clone, PartialEq)]
pub struct Around {
    /// The exchange.
    pub exchange: ExchangeId,
    /// Which call.
    pub kind: CallKind,
    /// On what.
    pub object: ObjectRef,
    /// Before, during or after the upload.
    pub when: When,
    /// Its status; `None` when no whole answer was written.
    pub status: Option<u16>,
    /// Microseconds since the program began, when its first byte was read.
    pub begun: u64,
}

/// When a call came, seen from an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Before Create.
    Before,
    /// Until Complete or Abort was answered.
    During,
    /// Later.
    After,
}

/// What the sizes of the parts say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartSize {
    /// Nothing yet, or only one part.
    Unknown,
    /// All parts seen but the one with the highest number have this size, and that one is not larger.
    Each(u64),
    /// They have different sizes.
    Mixed,
}

/// Calls around an upload that are kept.
const AROUND: usize = 32;

impl Session {
    pub(super) fn new(id: SessionId, upload: UploadRef, client: &str, begun: u64) -> Self {
        Self {
            id,
            upload,
            client: client.to_owned(),
            seen_from_create: false,
            stage: Stage::Open,
            parts: BTreeMap::new(),
            source: None,
            named: None,
            around: Vec::new(),
            listed: 0,
            begun,
            last: begun,
            spans: Vec::new(),
        }
    }

    /// Whether nothing more is expected of it.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Completed { .. } | Stage::Aborted)
    }

    /// What can be said of the size of its parts.
    pub fn part_size(&self) -> PartSize {
        let mut sizes = self.parts.values().filter_map(|part| part.size);
        let Some(last) = sizes.next_back() else { return PartSize::Unknown };
        let Some(first) = sizes.next() else { return PartSize::Unknown };
        if sizes.all(|size| size == first) && last <= first { PartSize::Each(first) } else { PartSize::Mixed }
    }

    /// Bytes of the parts whose last attempt was a success, as far as their sizes are known.
    pub fn stored(&self) -> u64 {
        self.parts.values().filter(|p| p.etag.is_some()).filter_map(|p| p.size).fold(0, u64::saturating_add)
    }

    /// Attempts at parts beyond the first of each number.
    pub fn again(&self) -> u32 {
        self.parts.values().map(|p| p.attempts.saturating_sub(1)).fold(0, u32::saturating_add)
    }

    /// The most attempts at parts that were under way at once, by the sandbox's clock. Sorts all attempts.
    pub fn most_at_once(&self) -> usize {
        // An end comes before a beginning at the same time.
        let begins = self.spans.iter().map(|(begun, _)| (*begun, 1_i32));
        let ends = self.spans.iter().filter_map(|(_, ended)| ended.map(|at| (at, -1)));
        let mut changes: Vec<(u64, i32)> = begins.chain(ends).collect();
        changes.sort_unstable();
        let (mut now, mut most) = (0_i32, 0_i32);
        for (_, change) in changes {
            now += change;
            most = most.max(now);
        }
        usize::try_from(most).unwrap_or(0)
    }

    /// An attempt at a part begins; its number among the attempts.
    pub(super) fn part_begins(
        &mut self,
        asked: &Asked,
        number: u16,
        exchange: ExchangeId,
        begun: u64,
    ) -> usize {
        let part = self.parts.entry(number).or_default();
        part.attempts = part.attempts.saturating_add(1);
        part.under_way += 1;
        part.copied = asked.source.is_some();
        part.range = asked.range;
        part.size = if part.copied { asked.range.map(ByteRange::len) } else { asked.length };
        (part.received, part.exchange) = (0, Some(exchange));
        if self.source.is_none() {
            self.source.clone_from(&asked.source);
        }
        self.spans.push((begun, None));
        self.spans.len() - 1
    }

    /// An attempt at a part has ended.
    pub(super) fn part_ends(
        &mut self,
        number: u16,
        span: usize,
        answer: Answer,
        etag: Option<String>,
        ended: u64,
    ) {
        let begun = self.spans.get_mut(span).map(|s| {
            s.1 = Some(ended.max(s.0));
            s.0
        });
        let Some(part) = self.parts.get_mut(&number) else { return };
        part.under_way = part.under_way.saturating_sub(1);
        if answer == Answer::Done {
            part.etag = etag;
            part.took = begun.map(|begun| ended.saturating_sub(begun));
        }
        part.answer = Some(answer);
        self.last = self.last.max(ended);
    }

    /// Complete or Abort begins.
    pub(super) fn end_begins(&mut self, completing: bool) {
        if !self.is_over() {
            self.stage = if completing { Stage::Completing } else { Stage::Aborting };
        }
    }

    /// Complete or Abort has ended. A later refusal does not undo what was answered before.
    pub(super) fn end_ends(
        &mut self,
        call: CallKind,
        completing: bool,
        answer: Answer,
        etag: Option<String>,
        ended: u64,
    ) {
        self.last = self.last.max(ended);
        if self.is_over() && answer != Answer::Done {
            return;
        }
        self.stage = match answer {
            Answer::Done if completing => Stage::Completed { etag },
            Answer::Done => Stage::Aborted,
            Answer::Refused { status, code } => Stage::Refused { call, status, code },
            Answer::Lost => Stage::Doubtful { call },
        };
    }

    /// Notes a call around the upload; the first ones are kept.
    pub(super) fn note_around(&mut self, around: Around) {
        if self.around.len() < AROUND && self.around.iter().all(|a| a.exchange != around.exchange) {
            self.around.push(around);
        }
    }
}
