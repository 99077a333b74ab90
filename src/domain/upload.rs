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
//! Every step there is; after `!` those that only a move sent against the rules can cause:
//!
//! ```text
//! Planned            -> Creating
//! Creating           -> Planned, Open, Doubtful(Create)
//! Doubtful(Create)   -> Planned
//! Open               -> Completing, Aborting, Gone, Doubtful(Complete) ! Completed, Aborted, Doubtful(Abort)
//! Completing         -> Open, Completed, Gone, Doubtful(Complete) ! Doubtful(Abort)
//! Doubtful(Complete) -> Open, Completed, Gone
//! Aborting           -> Open, Aborted, Gone, Doubtful(Abort), Doubtful(Complete) ! Completed
//! Doubtful(Abort)    -> Open, Aborting, Aborted, Doubtful(Complete) ! Completed
//! Aborted            -> Open ! Completed
//! Gone               -> ! Completed
//! Completed          ->
//! ```
//!
//! The machine says which moves are legal, turns a move into an [`Operation`], and learns from the
//! [`Outcome`](super::outcome::Outcome). It never believes what no answer has confirmed: a lost answer makes a part or the upload
//! *doubtful*, and only what S3 says afterwards settles it. The screen, the headless copy and the tests all
//! drive this one type.

mod flight;
mod learn;
mod ledger;
mod listed;
mod state;

pub use state::{Enforce, Fact, IllegalMove, Move, PartEntry, PartState, Progress, Replaces, UploadState};

use super::customer_key::Begun;
use super::etag::ETag;
use super::names::Tag;
use super::operation::{
    CompleteMultipartUpload, CompletedPart, CreateMultipartUpload, HeadObject, ListMultipartUploads,
    ListParts, ObjectProperties, Operation, OperationId, PartBody, PutObjectTagging, UploadPart,
    UploadPartCopy, UploadRef,
};
use super::output::{ListedPart, PartOutput};
use super::plan::{CopySource, PartSource, PlannedPart, UploadPlan};
use super::units::PartNumber;
use flight::Flight;
use ledger::Ledger;
use listed::Listing;
use std::collections::{BTreeMap, BTreeSet};

/// The machine.
#[derive(Debug, Clone)]
pub struct MultipartUpload {
    plan: UploadPlan,
    state: UploadState,
    upload_id: Option<String>,
    ledger: Ledger,
    in_flight: BTreeMap<OperationId, Flight>,
    listing: Listing,
    tags_pending: bool,
    listed_uploads: Vec<UploadRef>,
    /// S3 has said that it does not know this upload any more.
    gone: bool,
    /// The plan before a Create was edited by hand, and whether its tags were to follow; until S3 has answered it.
    unedited: Option<Box<(UploadPlan, bool)>>,
    /// The ETag that the list of the latest Complete must give.
    promised: Option<ETag>,
    /// What each Complete must give that may have taken effect unseen; `None` for one that cannot be told.
    unseen: Vec<Option<ETag>>,
    /// A Complete or Abort whose answer was lost while another of them was under way.
    latent: Option<Move>,
    /// Grows with every move and every answer, so that one can be said to be older than another.
    clock: u64,
    /// When a Complete or Abort last left, or last got no answer: what was asked before proves nothing after.
    turned: u64,
    /// When each part last left or came.
    moved: BTreeMap<PartNumber, u64>,
    /// Whether every part S3 holds is in the ledger: always for an upload begun here.
    whole: bool,
    /// Whether Create named a key of the client's own.
    begun_with: Begun,
}

impl MultipartUpload {
    /// A machine for a plan nothing of which was sent.
    pub fn new(plan: UploadPlan) -> Self {
        let mut ledger = Ledger::default();
        for planned in &plan.parts {
            ledger.insert(PartEntry::planned(planned.clone()));
        }
        let tags_pending = !plan.tags.is_empty() && !plan.tags_fit_header();
        Self {
            plan,
            state: UploadState::Planned,
            upload_id: None,
            ledger,
            in_flight: BTreeMap::new(),
            listing: Listing::default(),
            tags_pending,
            listed_uploads: Vec::new(),
            gone: false,
            unedited: None,
            promised: None,
            unseen: Vec::new(),
            latent: None,
            clock: 0,
            turned: 0,
            moved: BTreeMap::new(),
            whole: true,
            begun_with: Begun::Without,
        }
    }

    /// A machine for an upload that somebody began; its parts are learnt with ListParts.
    pub fn adopt(upload: &UploadRef) -> Self {
        let mut machine =
            Self::new(UploadPlan::empty(super::names::ObjectRef::new(&upload.bucket, &upload.key)));
        machine.upload_id = Some(upload.upload_id.clone());
        machine.state = UploadState::Open;
        machine.whole = false;
        machine.begun_with = Begun::Unknown;
        machine
    }

    /// A machine for an upload that has just been created and has no parts.
    pub fn opened(upload: &UploadRef) -> Self {
        Self { whole: true, ..Self::adopt(upload) }
    }

    /// A machine for a plan of which an open upload may hold some parts already; ListParts tells which.
    ///
    /// What was fixed when the upload was created is not the plan's to say: its checksum algorithm is learnt, and
    /// tags follow Complete.
    pub fn resume(mut plan: UploadPlan, upload_id: &str) -> Self {
        plan.properties.checksum_algorithm = None;
        plan.properties.checksum_type = None;
        let mut machine = Self::new(plan);
        machine.upload_id = Some(upload_id.to_owned());
        machine.state = UploadState::Open;
        machine.whole = false;
        machine.begun_with = Begun::Unknown;
        machine.tags_pending = !machine.plan.tags.is_empty();
        machine
    }

    /// Whether tags are to be put on the object after Complete.
    pub fn tags_follow(&self) -> bool {
        self.tags_pending
    }

    /// The plan.
    pub fn plan(&self) -> &UploadPlan {
        &self.plan
    }

    /// Whether the upload was begun with a client's own key (SSE-C), as far as the Create sent here says.
    pub fn begun_with(&self) -> &Begun {
        &self.begun_with
    }

    /// The state.
    pub fn state(&self) -> &UploadState {
        &self.state
    }

    /// The ledger, by part number.
    pub fn parts(&self) -> &BTreeMap<PartNumber, PartEntry> {
        self.ledger.rows()
    }

    /// Another value after every change of the ledger, for whoever keeps what follows from it.
    pub fn ledger_version(&self) -> u64 {
        self.ledger.version()
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

    /// How many moves wait for their answers.
    pub fn under_way(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether the ledger holds every part that S3 does. An upload taken over is whole only once ListParts has
    /// been walked to its end.
    pub fn ledger_is_whole(&self) -> bool {
        self.whole
    }

    /// Whether parts of this upload may be stored, and paid for, on the server.
    pub fn holds_parts(&self) -> bool {
        self.upload_id.is_some()
            && !matches!(self.state, UploadState::Completed(_) | UploadState::Aborted | UploadState::Gone)
    }

    /// Adds a part to the plan, or replaces one that is not on its way. What S3 holds under the number stays there
    /// until the new one is stored.
    pub fn plan_part(&mut self, part: PlannedPart) -> Result<(), IllegalMove> {
        if !matches!(self.state, UploadState::Planned | UploadState::Creating) {
            self.check_open()?;
        }
        let old = self.ledger.get(part.number);
        if let Some(PartState::InFlight(_)) = old.map(|p| &p.state) {
            return Err(IllegalMove::PartInFlight(part.number));
        }
        self.plan_anew(part);
        Ok(())
    }

    fn plan_anew(&mut self, part: PlannedPart) {
        let old = self.ledger.get(part.number);
        let attempts = old.map_or(0, |p| p.attempts);
        let replaces = old.map_or(Replaces::Nothing, PartEntry::left_behind);
        let stored = old.and_then(|p| p.confirmed()).cloned();
        let stored_as = old
            .filter(|_| stored.is_some())
            .map(|p| p.stored_as.clone().unwrap_or_else(|| Box::new(p.planned.clone())));
        self.touch(part.number);
        self.ledger.insert(PartEntry { attempts, stored, stored_as, replaces, ..PartEntry::planned(part) });
    }

    /// Takes a part out of the plan. Of one that was planned over a stored one only the new plan goes; what S3
    /// holds stays. Numbers that are left out make a gap, which S3 allows where parts carry no checksums.
    pub fn unplan(&mut self, number: PartNumber) -> Result<(), IllegalMove> {
        if !matches!(self.state, UploadState::Planned | UploadState::Creating) {
            self.check_open()?;
        }
        let entry = self.ledger.get(number).ok_or(IllegalMove::UnknownPart(number))?;
        match (&entry.state, &entry.stored) {
            (PartState::InFlight(_), _) => return Err(IllegalMove::PartInFlight(number)),
            (PartState::Doubtful, _) => return Err(IllegalMove::PartDoubtful(number)),
            _ if entry.replaces == Replaces::Doubtful => return Err(IllegalMove::PartDoubtful(number)),
            (PartState::Done(_), _) => return Err(IllegalMove::PartStored(number)),
            (PartState::Planned | PartState::Failed(_), Some(out)) => {
                let out = out.clone();
                self.ledger.change(number, |entry| {
                    if let Some(before) = entry.stored_as.take() {
                        entry.planned = *before;
                    }
                    (entry.state, entry.replaces) = (PartState::Done(out), Replaces::Nothing);
                });
            }
            (PartState::Planned | PartState::Failed(_), None) => self.ledger.remove(number),
        }
        Ok(())
    }

    /// The numbers of the ledger, ascending: a place in the list without walking there.
    pub fn numbers(&self) -> &[PartNumber] {
        self.ledger.numbers()
    }

    /// Planned parts whose bytes can be had, ascending, whether or not the upload is open.
    pub fn to_send(&self) -> &BTreeSet<PartNumber> {
        self.ledger.sendable()
    }

    /// How many parts are stored, as far as confirmed: what Complete would list.
    pub fn confirmed(&self) -> usize {
        self.ledger.confirmed()
    }

    /// How many parts are planned anew over one that is stored.
    pub fn replacing(&self) -> usize {
        self.ledger.replacing()
    }

    /// Takes over what a CreateMultipartUpload that was edited by hand will fix. Once the upload exists nothing of
    /// that can change any more.
    pub fn replan(&mut self, create: &CreateMultipartUpload) {
        if self.state != UploadState::Planned {
            return;
        }
        if self.unedited.is_none() {
            self.unedited = Some(Box::new((self.plan.clone_without_parts(), self.tags_pending)));
        }
        self.plan.destination = super::names::ObjectRef::new(&create.bucket, &create.key);
        self.plan.properties = create.properties.clone();
        if !create.tags.is_empty() {
            self.plan.tags.clone_from(&create.tags);
            self.tags_pending = false;
        }
    }

    /// Plans other properties and tags for the object to be. Once the upload exists nothing of that can change.
    pub fn carry(&mut self, properties: ObjectProperties, tags: Vec<Tag>) {
        if self.state != UploadState::Planned {
            return;
        }
        (self.plan.properties, self.plan.tags) = (properties, tags);
        self.tags_pending = !self.plan.tags.is_empty() && !self.plan.tags_fit_header();
    }

    /// Every move the machine allows now, the one it suggests first.
    pub fn legal_moves(&self) -> Vec<Move> {
        let mut moves: Vec<Move> = [Move::Create, Move::ListUploads, Move::Head, Move::Tag]
            .into_iter()
            .filter(|m| self.check(*m).is_ok())
            .collect();
        // Doubt comes first: what S3 has is to be known before anything is built on it. Of an upload that another
        // client began, nothing is suggested but to look.
        let doubt = self.ledger.progress().doubtful > 0;
        let foreign = self.ledger.is_foreign();
        let list_first = doubt || foreign;
        let rest = if list_first {
            [Move::ListParts, Move::Complete, Move::Abort]
        } else {
            [Move::Complete, Move::ListParts, Move::Abort]
        };
        if doubt && self.check(Move::ListParts).is_ok() {
            moves.push(Move::ListParts);
        }
        moves.extend(self.next_part().map(Move::Part));
        for m in rest {
            if self.check(m).is_ok() && !moves.contains(&m) {
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
        self.ledger.first_sendable()
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
                match self.ledger.get(number) {
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
                match self.ledger.confirmed() {
                    0 => Err(IllegalMove::NoParts),
                    _ => Ok(()),
                }
            }
            // Two walks at once would each take the other's pages for missing parts.
            Move::ListParts if self.in_flight.values().any(|f| f.wanted == Move::ListParts) => {
                Err(IllegalMove::Busy("ListParts"))
            }
            Move::ListParts => match self.state {
                // After an abort a part that was on its way may still have landed.
                UploadState::Aborted => Ok(()),
                UploadState::Doubtful(Move::Complete | Move::Abort) => Ok(()),
                _ => self.check_open(),
            },
            Move::Abort => match self.state {
                UploadState::Doubtful(Move::Abort) => Ok(()),
                _ => self.check_open(),
            },
            // An object with the predicted ETag proves nothing while the upload is still there: it may be older.
            Move::Head if self.gone && self.state == UploadState::Doubtful(Move::Complete) => Ok(()),
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
            UploadState::Completed(_) | UploadState::Aborted | UploadState::Gone => Err(IllegalMove::Ended),
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
                if_none_match: self.plan.if_none_match,
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
        let part = self.ledger.get(number).ok_or(IllegalMove::UnknownPart(number))?;
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

    /// What S3 holds of this upload as far as confirmed, by ascending number. A part whose size only S3 knows is not
    /// among them before ListParts told it.
    pub fn held_parts(&self) -> Vec<ListedPart> {
        self.ledger.rows().values().filter_map(PartEntry::held).collect()
    }

    /// What S3 holds under one number, as far as confirmed.
    pub fn held_part(&self, number: PartNumber) -> Option<ListedPart> {
        self.ledger.get(number)?.held()
    }

    /// Copies further parts from this object, pinned as it is.
    pub fn draw_on(&mut self, source: CopySource) {
        self.plan.source = Some(source);
    }

    /// The list for CompleteMultipartUpload: every part S3 confirmed, ascending.
    pub fn completed_parts(&self) -> Vec<CompletedPart> {
        self.ledger
            .rows()
            .values()
            .filter_map(|p| {
                let out = p.confirmed()?;
                let checksum = self.part_checksum(out);
                Some(CompletedPart { part_number: p.planned.number, etag: out.etag.clone(), checksum })
            })
            .collect()
    }

    /// Part checksums go into Complete only when Create named an algorithm: otherwise S3 answers InvalidPart.
    fn part_checksum(&self, part: &PartOutput) -> Option<(String, String)> {
        let algorithm = self.plan.properties.checksum_algorithm.as_deref()?;
        part.checksums.get(algorithm).map(|v| (algorithm.to_owned(), v.to_owned()))
    }

    /// The ETag that Complete will give if it lists the parts that are done now: the composite rule over their
    /// ETags. `None` while no part is done or when part ETags are not MD5-shaped (SSE-KMS and SSE-C parts are
    /// shaped alike, so under those the prediction can fail; it is then the surprise to look at).
    pub fn predicted_etag(&self) -> Option<ETag> {
        let confirmed = self.ledger.rows().values().filter_map(PartEntry::confirmed);
        let digests: Option<Vec<[u8; 16]>> = confirmed.map(|p| p.etag.digest()).collect();
        digests.filter(|d| !d.is_empty()).map(|d| ETag::composite(&d))
    }

    /// The ETag that the list of the Complete sent last must give.
    pub fn promised_etag(&self) -> Option<&ETag> {
        self.promised.as_ref()
    }

    /// Counts for a progress line.
    pub fn progress(&self) -> Progress {
        self.ledger.progress()
    }
}

/// Convenience for tests and forms: a generated part.
pub fn generated_part(number: PartNumber, len: u64) -> PlannedPart {
    let seed = u64::try_from(number.0).unwrap_or(0);
    PlannedPart { number, size: Some(len), source: PartSource::Body(PartBody::Generated { seed, len }) }
}

#[cfg(test)]
mod tests;
