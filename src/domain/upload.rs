//! A multipart upload as a state machine without I/O.
//!
//! ```text
//!             Create            Part, PartCopy, ListParts (any number, any order)
//!  Planned ───────────▶ Open ◀──────────────────────────────┐
//!     │  answer lost     │ └────────────────────────────────┘
//!     ▼                  ├─ Complete ─▶ Completing ─▶ Completed
//!  Doubtful ◀────────────┤    (refused: back to Open; answer lost: Doubtful)
//!   (ask S3)             └─ Abort ────▶ Aborting ───▶ Aborted
//! ```
//!
//! The machine says which moves are legal, turns a move into an [`Operation`], and learns from the
//! [`Outcome`]. It never believes what no answer has confirmed: a lost answer makes a part or the upload
//! *doubtful*, and only what S3 says afterwards settles it. The screen, the headless copy and the tests all
//! drive this one type.

use super::etag::ETag;
use super::operation::{
    CompleteMultipartUpload, CompletedPart, HeadObject, ListMultipartUploads, ListParts, Operation,
    OperationId, PartBody, PutObjectTagging, UploadPart, UploadPartCopy, UploadRef,
};
use super::outcome::{Outcome, ServiceError};
use super::output::{CompletedObject, ListedPart, Output, PartOutput, PartPage};
use super::plan::{PartSource, PlannedPart, UploadPlan};
use super::units::PartNumber;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

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
    /// S3 dropped the upload, or says it does not know it.
    Aborted,
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
    #[error("this upload has ended; S3 would answer NoSuchUpload")]
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

/// The machine.
#[derive(Debug, Clone)]
pub struct MultipartUpload {
    plan: UploadPlan,
    state: UploadState,
    upload_id: Option<String>,
    parts: BTreeMap<PartNumber, PartEntry>,
    in_flight: BTreeMap<OperationId, Move>,
    listing: Listing,
    tags_pending: bool,
    listed_uploads: Vec<UploadRef>,
}

#[derive(Debug, Clone, Default)]
struct Listing {
    marker: Option<String>,
    seen: BTreeSet<PartNumber>,
    complete: bool,
}

impl MultipartUpload {
    /// A machine for a plan nothing of which was sent.
    pub fn new(plan: UploadPlan) -> Self {
        let parts = plan
            .parts
            .iter()
            .map(|p| (p.number, PartEntry { planned: p.clone(), state: PartState::Planned, attempts: 0 }))
            .collect();
        let tags_pending = !plan.tags.is_empty() && !plan.tags_fit_header();
        Self {
            plan,
            state: UploadState::Planned,
            upload_id: None,
            parts,
            in_flight: BTreeMap::new(),
            listing: Listing::default(),
            tags_pending,
            listed_uploads: Vec::new(),
        }
    }

    /// A machine for an upload that somebody began; its parts are learnt with ListParts.
    pub fn adopt(upload: &UploadRef) -> Self {
        let mut machine =
            Self::new(UploadPlan::empty(super::names::ObjectRef::new(&upload.bucket, &upload.key)));
        machine.upload_id = Some(upload.upload_id.clone());
        machine.state = UploadState::Open;
        machine
    }

    /// The plan.
    pub fn plan(&self) -> &UploadPlan {
        &self.plan
    }

    /// The state.
    pub fn state(&self) -> &UploadState {
        &self.state
    }

    /// The ledger, by part number.
    pub fn parts(&self) -> &BTreeMap<PartNumber, PartEntry> {
        &self.parts
    }

    /// Bucket, key and upload id, once S3 gave one.
    pub fn upload(&self) -> Option<UploadRef> {
        Some(UploadRef {
            bucket: self.plan.destination.bucket.clone(),
            key: self.plan.destination.key.clone(),
            upload_id: self.upload_id.clone()?,
        })
    }

    /// Uploads of this key that ListMultipartUploads showed while settling a lost Create.
    pub fn listed_uploads(&self) -> &[UploadRef] {
        &self.listed_uploads
    }

    /// Whether any move waits for its answer.
    pub fn is_busy(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Whether parts of this upload may be stored, and paid for, on the server.
    pub fn holds_parts(&self) -> bool {
        self.upload_id.is_some() && !matches!(self.state, UploadState::Completed(_) | UploadState::Aborted)
    }

    /// Adds a part to the plan, or replaces one that is not on its way.
    pub fn plan_part(&mut self, part: PlannedPart) -> Result<(), IllegalMove> {
        if let Some(PartState::InFlight(_)) = self.parts.get(&part.number).map(|p| &p.state) {
            return Err(IllegalMove::PartInFlight(part.number));
        }
        let attempts = self.parts.get(&part.number).map_or(0, |p| p.attempts);
        self.parts.insert(part.number, PartEntry { planned: part, state: PartState::Planned, attempts });
        Ok(())
    }

    /// Every move the machine allows now, the one it suggests first.
    pub fn legal_moves(&self) -> Vec<Move> {
        let mut moves: Vec<Move> = [Move::Create, Move::ListUploads, Move::Head, Move::Tag]
            .into_iter()
            .filter(|m| self.check(*m).is_ok())
            .collect();
        moves.extend(self.next_part().map(Move::Part));
        for m in [Move::Complete, Move::ListParts, Move::Abort] {
            if self.check(m).is_ok() {
                moves.push(m);
            }
        }
        moves
    }

    /// The first part that still has to be sent, unless the upload is closed.
    pub fn next_part(&self) -> Option<PartNumber> {
        if self.state != UploadState::Open {
            return None;
        }
        self.parts
            .values()
            .find(|p| p.state == PartState::Planned && p.planned.source != PartSource::Foreign)
            .map(|p| p.planned.number)
    }

    /// Whether a move is legal now.
    pub fn check(&self, wanted: Move) -> Result<(), IllegalMove> {
        match wanted {
            Move::Create => match self.state {
                UploadState::Planned => Ok(()),
                UploadState::Creating => Err(IllegalMove::Busy("CreateMultipartUpload")),
                UploadState::Doubtful(Move::Create) => Err(IllegalMove::Doubtful("CreateMultipartUpload")),
                _ => Err(IllegalMove::AlreadyCreated),
            },
            Move::Part(number) => {
                self.check_open()?;
                match self.parts.get(&number) {
                    None => Err(IllegalMove::UnknownPart(number)),
                    Some(p) if matches!(p.state, PartState::InFlight(_)) => {
                        Err(IllegalMove::PartInFlight(number))
                    }
                    Some(p) if p.planned.source == PartSource::Foreign => {
                        Err(IllegalMove::ForeignPart(number))
                    }
                    Some(_) => Ok(()),
                }
            }
            Move::Complete => {
                self.check_open()?;
                match self.parts.values().any(|p| matches!(p.state, PartState::Done(_))) {
                    true => Ok(()),
                    false => Err(IllegalMove::NoParts),
                }
            }
            Move::ListParts => match self.state {
                UploadState::Doubtful(Move::Complete | Move::Abort) => Ok(()),
                _ => self.check_open(),
            },
            Move::Abort => match self.state {
                UploadState::Doubtful(Move::Abort) => Ok(()),
                _ => self.check_open(),
            },
            Move::Head if matches!(self.state, UploadState::Doubtful(Move::Complete)) => Ok(()),
            Move::ListUploads if matches!(self.state, UploadState::Doubtful(Move::Create)) => Ok(()),
            Move::Tag if self.tags_pending && matches!(self.state, UploadState::Completed(_)) => Ok(()),
            Move::Head | Move::ListUploads | Move::Tag => Err(IllegalMove::NothingToSettle),
        }
    }

    fn check_open(&self) -> Result<(), IllegalMove> {
        match self.state {
            UploadState::Open => Ok(()),
            UploadState::Planned => Err(IllegalMove::NotCreated),
            UploadState::Creating => Err(IllegalMove::Busy("CreateMultipartUpload")),
            UploadState::Completing => Err(IllegalMove::Busy("CompleteMultipartUpload")),
            UploadState::Aborting => Err(IllegalMove::Busy("AbortMultipartUpload")),
            UploadState::Completed(_) | UploadState::Aborted => Err(IllegalMove::Ended),
            UploadState::Doubtful(m) => Err(IllegalMove::Doubtful(m.operation_name())),
        }
    }

    /// The request a move means, whether or not it is legal; `None` when there is nothing to send at all.
    pub fn operation(&self, wanted: Move) -> Result<Operation, IllegalMove> {
        let destination = self.plan.destination.clone();
        let upload = || self.upload().ok_or(IllegalMove::NotCreated);
        Ok(match wanted {
            Move::Create => Operation::CreateMultipartUpload(self.plan.create()),
            Move::Part(number) => self.part_operation(number, upload()?)?,
            Move::ListParts => Operation::ListParts(ListParts {
                upload: upload()?,
                part_number_marker: self.listing.marker.clone(),
                max_parts: None,
            }),
            Move::Complete => Operation::CompleteMultipartUpload(CompleteMultipartUpload {
                upload: upload()?,
                parts: self.completed_parts(),
                if_none_match: false,
                mpu_object_size: None,
                checksum_type: self.plan.properties.checksum_type.clone(),
            }),
            Move::Abort => Operation::AbortMultipartUpload(upload()?),
            Move::Head => Operation::HeadObject(HeadObject { object: destination, part_number: None }),
            Move::ListUploads => Operation::ListMultipartUploads(ListMultipartUploads {
                bucket: destination.bucket,
                prefix: Some(destination.key),
                ..ListMultipartUploads::default()
            }),
            Move::Tag => Operation::PutObjectTagging(PutObjectTagging {
                object: destination,
                tags: self.plan.tags.clone(),
            }),
        })
    }

    fn part_operation(&self, number: PartNumber, upload: UploadRef) -> Result<Operation, IllegalMove> {
        let part = self.parts.get(&number).ok_or(IllegalMove::UnknownPart(number))?;
        match (&part.planned.source, &self.plan.source) {
            (PartSource::Body(body), _) => {
                Ok(Operation::UploadPart(UploadPart { upload, part_number: number, body: body.clone() }))
            }
            (PartSource::Copy(range), Some(source)) => Ok(Operation::UploadPartCopy(UploadPartCopy {
                upload,
                part_number: number,
                source: source.object.clone(),
                copy_source_range: range.clone(),
                copy_source_if_match: Some(source.etag.clone()),
            })),
            (PartSource::Copy(_), None) | (PartSource::Foreign, _) => Err(IllegalMove::ForeignPart(number)),
        }
    }

    /// The list for CompleteMultipartUpload: every part S3 confirmed, ascending.
    pub fn completed_parts(&self) -> Vec<CompletedPart> {
        self.parts
            .values()
            .filter_map(|p| match &p.state {
                PartState::Done(out) => Some(CompletedPart {
                    part_number: p.planned.number,
                    etag: out.etag.clone(),
                    checksum: self.part_checksum(out),
                }),
                _ => None,
            })
            .collect()
    }

    /// Part checksums go into Complete only when Create named an algorithm: otherwise S3 answers InvalidPart.
    fn part_checksum(&self, part: &PartOutput) -> Option<(String, String)> {
        let algorithm = self.plan.properties.checksum_algorithm.as_deref()?;
        part.checksums.get(algorithm).map(|v| (algorithm.to_owned(), v.to_owned()))
    }

    /// Takes a move: marks it under way and gives the request to send.
    pub fn begin(
        &mut self,
        wanted: Move,
        id: OperationId,
        enforce: Enforce,
    ) -> Result<Operation, IllegalMove> {
        if enforce == Enforce::Rules {
            self.check(wanted)?;
        }
        let operation = self.operation(wanted)?;
        let legal = self.check(wanted).is_ok();
        self.in_flight.insert(id, wanted);
        // A move sent against the rules changes the state only by its answer.
        if legal {
            match wanted {
                Move::Create => self.state = UploadState::Creating,
                Move::Complete => self.state = UploadState::Completing,
                Move::Abort => self.state = UploadState::Aborting,
                Move::ListParts if self.listing.complete => self.listing = Listing::default(),
                _ => {}
            }
        }
        if let Move::Part(number) = wanted
            && let Some(part) = self.parts.get_mut(&number)
        {
            part.state = PartState::InFlight(id);
            part.attempts += 1;
        }
        Ok(operation)
    }

    /// Learns how a move ended. An id the machine did not begin changes nothing.
    pub fn apply(&mut self, id: OperationId, outcome: &Outcome) -> Vec<Fact> {
        let Some(ended) = self.in_flight.remove(&id) else { return Vec::new() };
        match outcome {
            Outcome::Answered(output) => self.answered(ended, output),
            Outcome::Refused(error) => self.refused(ended, error),
            Outcome::Lost(_) | Outcome::Cancelled { .. } => self.unanswered(ended, outcome),
        }
    }

    fn answered(&mut self, ended: Move, output: &Output) -> Vec<Fact> {
        match (ended, output) {
            (Move::Create, Output::Created(created)) => {
                self.upload_id = Some(created.upload.upload_id.clone());
                self.state = UploadState::Open;
                vec![Fact::UploadCreated { upload: created.upload.clone() }]
            }
            (Move::Part(number), Output::Part(part)) => {
                if let Some(entry) = self.parts.get_mut(&number) {
                    entry.state =
                        PartState::Done(PartOutput { size: Some(entry.planned.size), ..part.clone() });
                }
                vec![Fact::PartStored { part_number: number, etag: part.etag.clone() }]
            }
            (Move::ListParts, Output::Parts(page)) => vec![self.take_page(page)],
            (Move::Complete, Output::Completed(object)) => vec![self.complete(object.clone())],
            (Move::Abort, Output::Aborted) => {
                self.state = UploadState::Aborted;
                vec![Fact::Aborted]
            }
            (Move::Head, Output::Head(head)) => self.settle_complete(&head.etag, head.version_id.clone()),
            (Move::ListUploads, Output::Uploads(page)) => {
                self.listed_uploads = page
                    .uploads
                    .iter()
                    .map(|u| u.upload.clone())
                    .filter(|u| u.key == self.plan.destination.key)
                    .collect();
                if self.listed_uploads.is_empty() {
                    self.state = UploadState::Planned;
                }
                Vec::new()
            }
            (Move::Tag, Output::TagsPut) => {
                self.tags_pending = false;
                vec![Fact::Tagged]
            }
            _ => Vec::new(),
        }
    }

    fn complete(&mut self, object: CompletedObject) -> Fact {
        let predicted = self.predicted_etag();
        let etag = object.etag.clone();
        self.state = UploadState::Completed(object);
        Fact::Completed { etag, predicted }
    }

    /// A lost Complete took effect exactly if the object now has the ETag the parts predict.
    fn settle_complete(&mut self, etag: &ETag, version_id: Option<String>) -> Vec<Fact> {
        if self.predicted_etag().as_ref() != Some(etag) {
            return Vec::new();
        }
        let object = CompletedObject {
            etag: etag.clone(),
            location: None,
            checksums: super::checksum::Checksums::default(),
            version_id,
        };
        vec![self.complete(object)]
    }

    fn take_page(&mut self, page: &PartPage) -> Fact {
        // An upload that still lists its parts is open, whatever was in doubt.
        if matches!(self.state, UploadState::Doubtful(Move::Complete | Move::Abort)) {
            self.state = UploadState::Open;
        }
        for listed in &page.parts {
            self.take_listed(listed);
        }
        self.listing.marker.clone_from(&page.next);
        self.listing.complete = page.next.is_none();
        if self.listing.complete {
            let seen = std::mem::take(&mut self.listing.seen);
            for part in self.parts.values_mut() {
                let listed = seen.contains(&part.planned.number);
                if !listed && matches!(part.state, PartState::Doubtful | PartState::Done(_)) {
                    part.state = PartState::Planned;
                }
            }
        }
        Fact::PartsListed { count: page.parts.len(), more: page.next.is_some() }
    }

    fn take_listed(&mut self, listed: &ListedPart) {
        self.listing.seen.insert(listed.part_number);
        let done = PartState::Done(PartOutput {
            etag: listed.etag.clone(),
            checksums: listed.checksums.clone(),
            size: Some(listed.size),
        });
        let entry = self.parts.entry(listed.part_number).or_insert_with(|| PartEntry {
            planned: PlannedPart {
                number: listed.part_number,
                size: listed.size,
                source: PartSource::Foreign,
            },
            state: PartState::Planned,
            attempts: 0,
        });
        if !matches!(entry.state, PartState::InFlight(_)) {
            entry.state = done;
        }
    }

    fn refused(&mut self, ended: Move, error: &ServiceError) -> Vec<Fact> {
        let gone = error.code == "NoSuchUpload";
        let fact = Fact::Refused { what: ended.to_string(), error: error.clone() };
        match ended {
            Move::Create if self.state == UploadState::Creating => self.state = UploadState::Planned,
            Move::Part(number) => {
                if let Some(part) = self.parts.get_mut(&number) {
                    part.state = PartState::Failed(error.clone());
                }
            }
            Move::Complete if self.state == UploadState::Completing => self.state = UploadState::Open,
            Move::Abort if gone => {
                self.state = UploadState::Aborted;
                return vec![fact, Fact::Aborted];
            }
            Move::Abort if self.state == UploadState::Aborting => self.state = UploadState::Open,
            Move::ListParts if gone => match self.state {
                UploadState::Doubtful(Move::Abort) => {
                    self.state = UploadState::Aborted;
                    return vec![fact, Fact::Aborted];
                }
                // Gone after a doubtful Complete: completed or aborted elsewhere. Only HeadObject can tell.
                UploadState::Open => self.state = UploadState::Doubtful(Move::Complete),
                _ => {}
            },
            Move::Head
                if error.status == 404 && matches!(self.state, UploadState::Doubtful(Move::Complete)) =>
            {
                self.state = UploadState::Open;
            }
            _ => {}
        }
        vec![fact]
    }

    fn unanswered(&mut self, ended: Move, outcome: &Outcome) -> Vec<Fact> {
        let (what, message) = (ended.to_string(), outcome.summary());
        if !outcome.is_doubtful() {
            self.restore(ended);
            return vec![Fact::NotSent { what, message }];
        }
        match ended {
            Move::Create | Move::Complete | Move::Abort if self.decides(ended) => {
                self.state = UploadState::Doubtful(ended);
            }
            Move::Part(number) => {
                if let Some(part) = self.parts.get_mut(&number) {
                    part.state = PartState::Doubtful;
                }
            }
            _ => {}
        }
        vec![Fact::InDoubt { what, message }]
    }

    /// Puts back the state from before a move that never left.
    fn restore(&mut self, ended: Move) {
        match ended {
            Move::Create if self.decides(ended) => self.state = UploadState::Planned,
            Move::Complete | Move::Abort if self.decides(ended) => self.state = UploadState::Open,
            Move::Part(number) => {
                if let Some(part) = self.parts.get_mut(&number) {
                    part.state = PartState::Planned;
                }
            }
            _ => {}
        }
    }

    /// Whether the state waits for exactly this move. One that was sent against the rules decides nothing by
    /// staying unanswered.
    fn decides(&self, ended: Move) -> bool {
        matches!(
            (&self.state, ended),
            (UploadState::Creating, Move::Create)
                | (UploadState::Completing, Move::Complete)
                | (UploadState::Aborting, Move::Abort)
        )
    }

    /// The ETag that Complete will give if it lists the parts that are done now: the composite rule over their
    /// ETags. `None` while no part is done or when part ETags are not MD5-shaped (SSE-KMS and SSE-C parts are
    /// shaped alike, so under those the prediction can fail; it is then the surprise to look at).
    pub fn predicted_etag(&self) -> Option<ETag> {
        let digests: Option<Vec<[u8; 16]>> = self.completed_parts().iter().map(|p| p.etag.digest()).collect();
        digests.filter(|d| !d.is_empty()).map(|d| ETag::composite(&d))
    }

    /// Counts for a progress line.
    pub fn progress(&self) -> Progress {
        let mut p = Progress { parts: self.parts.len(), ..Progress::default() };
        for part in self.parts.values() {
            p.bytes += part.planned.size;
            match &part.state {
                PartState::Done(out) => {
                    p.done += 1;
                    p.bytes_done += out.size.unwrap_or(part.planned.size);
                }
                PartState::InFlight(_) => p.in_flight += 1,
                PartState::Failed(_) => p.failed += 1,
                PartState::Doubtful => p.doubtful += 1,
                PartState::Planned => {}
            }
        }
        p
    }
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

/// Convenience for tests and forms: a generated part.
pub fn generated_part(number: PartNumber, len: u64) -> PlannedPart {
    let seed = u64::try_from(number.0).unwrap_or(0);
    PlannedPart { number, size: len, source: PartSource::Body(PartBody::Generated { seed, len }) }
}

#[cfg(test)]
#[path = "upload_tests.rs"]
mod tests;
