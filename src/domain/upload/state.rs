//! The words of the machine: moves, states, facts, and why a move is not legal.

use crate::domain::etag::ETag;
use crate::domain::operation::{OperationId, UploadRef};
use crate::domain::outcome::ServiceError;
use crate::domain::output::{CompletedObject, ListedPart, PartOutput};
use crate::domain::plan::PlannedPart;
use crate::domain::units::PartNumber;
use serde::Serialize;

/// What the user, or a run, may do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Move {
    /// CreateMultipartUpload.
    Create,
    /// UploadPart or UploadPartCopy, as the part's source says.
    Part(PartNumber),
    /// ListParts, one page.
    ListParts,
    /// CompleteMultipartUpload with every part that is done.
    Complete,
    /// AbortMultipartUpload.
    Abort,
    /// HeadObject on the destination: did a Complete of unknown outcome take effect?
    Head,
    /// ListMultipartUploads on the destination key: did a Create of unknown outcome leave an upload?
    ListUploads,
    /// PutObjectTagging, when the tags did not fit the header of Create.
    Tag,
}

/// Where the upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadState {
    /// Nothing was sent.
    Planned,
    /// CreateMultipartUpload is under way.
    Creating,
    /// S3 gave an upload id; parts may come and go.
    Open,
    /// CompleteMultipartUpload is under way.
    Completing,
    /// S3 made the object.
    Completed(CompletedObject),
    /// AbortMultipartUpload is under way.
    Aborting,
    /// S3 dropped the upload when told to.
    Aborted,
    /// S3 no longer knows the upload: completed or aborted, but not by an answer this program saw.
    Gone,
    /// The answer to this move was lost. Ask S3.
    Doubtful(Move),
}

/// Where one part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartState {
    /// Not sent.
    Planned,
    /// On its way.
    InFlight(OperationId),
    /// S3 has it.
    Done(PartOutput),
    /// S3 said no.
    Failed(ServiceError),
    /// The answer was lost; S3 may have it.
    Doubtful,
}

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartEntry {
    /// What it is to be.
    pub planned: PlannedPart,
    /// How far it is.
    pub state: PartState,
    /// How often it was sent.
    pub attempts: u32,
    /// What S3 holds under this number, as far as confirmed: also while a replacement is planned or on its way.
    pub stored: Option<PartOutput>,
    /// What that was planned as, while something else is planned over it.
    pub stored_as: Option<Box<PlannedPart>>,
    /// What the plan takes the place of, until S3 has it.
    pub replaces: Replaces,
}

/// What was under a number before it was planned anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaces {
    /// Nothing that S3 could have.
    Nothing,
    /// A part that S3 had confirmed.
    Stored,
    /// A part whose answer was lost: S3 may have it.
    Doubtful,
}

impl PartEntry {
    /// A row of which nothing was sent.
    pub fn planned(planned: PlannedPart) -> Self {
        Self {
            planned,
            state: PartState::Planned,
            attempts: 0,
            stored: None,
            stored_as: None,
            replaces: Replaces::Nothing,
        }
    }

    /// The same as ListParts would list it.
    pub fn held(&self) -> Option<ListedPart> {
        let out = self.confirmed()?;
        Some(ListedPart {
            part_number: self.planned.number,
            size: out.size.or(self.planned.size)?,
            etag: out.etag.clone(),
            checksums: out.checksums.clone(),
        })
    }

    /// What S3 holds under this number and Complete may list; `None` while that is in doubt.
    pub fn confirmed(&self) -> Option<&PartOutput> {
        match &self.state {
            PartState::Done(out) => Some(out),
            PartState::Planned | PartState::Failed(_) => self.stored.as_ref(),
            PartState::InFlight(_) | PartState::Doubtful => None,
        }
    }

    /// Its bytes: as S3 tells, else as planned; `None` while nobody but S3 knows.
    pub fn size(&self) -> Option<u64> {
        match &self.state {
            PartState::Done(out) => out.size.or(self.planned.size),
            _ => self.planned.size,
        }
    }

    /// What a new plan under this number would replace.
    pub(super) fn left_behind(&self) -> Replaces {
        match self.state {
            PartState::Doubtful => Replaces::Doubtful,
            _ if self.replaces == Replaces::Doubtful => Replaces::Doubtful,
            _ if self.stored.is_some() => Replaces::Stored,
            _ => Replaces::Nothing,
        }
    }
}

/// What became known, in S3's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// CreateMultipartUpload answered.
    UploadCreated {
        /// The upload.
        upload: UploadRef,
    },
    /// A part is stored.
    PartStored {
        /// Its number.
        part_number: PartNumber,
        /// Its ETag.
        etag: ETag,
    },
    /// S3 refused a move.
    Refused {
        /// Which.
        what: String,
        /// Its error.
        error: ServiceError,
    },
    /// The answer to a move was lost.
    InDoubt {
        /// Which.
        what: String,
        /// What happened.
        message: String,
    },
    /// Nothing reached S3.
    NotSent {
        /// Which.
        what: String,
        /// What happened.
        message: String,
    },
    /// One page of ListParts was taken over.
    PartsListed {
        /// Parts in the page.
        count: usize,
        /// Whether more pages follow.
        more: bool,
    },
    /// CompleteMultipartUpload answered, or HeadObject proved that it had taken effect.
    Completed {
        /// The object's ETag.
        etag: ETag,
        /// What the part ETags predicted.
        predicted: Option<ETag>,
    },
    /// The upload is gone.
    Aborted,
    /// The tags are on the object.
    Tagged,
}

/// Why a move is not legal now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IllegalMove {
    /// No upload id yet.
    #[error("there is no upload id yet; CreateMultipartUpload comes first")]
    NotCreated,
    /// It was created before.
    #[error("this upload exists already; CreateMultipartUpload would begin another one")]
    AlreadyCreated,
    /// It ended.
    #[error("this upload has ended")]
    Ended,
    /// Something decisive is under way.
    #[error("{0} is under way; wait for its answer")]
    Busy(&'static str),
    /// Nothing to complete.
    #[error("no part is stored; Complete needs at least one")]
    NoParts,
    /// The number is not planned.
    #[error("part {0} is not planned")]
    UnknownPart(PartNumber),
    /// The part is on its way.
    #[error("part {0} is on its way")]
    PartInFlight(PartNumber),
    /// A stored part cannot be taken out of the plan.
    #[error("S3 holds part {0}; it can be replaced, or go with the whole upload, and nothing else")]
    PartStored(PartNumber),
    /// It is not known whether the part is stored.
    #[error("S3 may hold part {0}; ListParts tells")]
    PartDoubtful(PartNumber),
    /// A foreign part has no source here.
    #[error("part {0} was sent by another client; its bytes are not known here")]
    ForeignPart(PartNumber),
    /// Nothing is doubtful or no tags wait.
    #[error("there is nothing to settle")]
    NothingToSettle,
    /// The outcome of an earlier move must be settled first.
    #[error("the outcome of {0} is not known; ask S3 first")]
    Doubtful(&'static str),
}

/// Whether the rules of the machine are enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enforce {
    /// Refuse illegal moves.
    Rules,
    /// Send it anyway, to see what S3 says.
    Nothing,
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Parts in the ledger.
    pub parts: usize,
    /// Stored.
    pub done: usize,
    /// On their way.
    pub in_flight: usize,
    /// Refused.
    pub failed: usize,
    /// Answer lost.
    pub doubtful: usize,
    /// Parts whose size is not known yet; they count for nothing in the bytes.
    pub unsized_parts: usize,
    /// Bytes of all parts.
    pub bytes: u64,
    /// Bytes of stored parts.
    pub bytes_done: u64,
}

impl Move {
    /// The S3 operation a move sends; a part may be UploadPart or UploadPartCopy.
    pub fn operation_name(self) -> &'static str {
        match self {
            Self::Create => "CreateMultipartUpload",
            Self::Part(_) => "UploadPart",
            Self::ListParts => "ListParts",
            Self::Complete => "CompleteMultipartUpload",
            Self::Abort => "AbortMultipartUpload",
            Self::Head => "HeadObject",
            Self::ListUploads => "ListMultipartUploads",
            Self::Tag => "PutObjectTagging",
        }
    }
}

impl std::fmt::Display for Move {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Part(number) => write!(f, "part {number}"),
            other => f.write_str(other.operation_name()),
        }
    }
}
