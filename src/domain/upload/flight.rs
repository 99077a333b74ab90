//! Moves under way: how one begins, by the rules or written by hand, and what was there before it.

use super::MultipartUpload;
use super::state::{Enforce, IllegalMove, Move, PartState, UploadState};
use crate::domain::customer_key::begun_by;
use crate::domain::etag::ETag;
use crate::domain::operation::{CompletedPart, Operation, OperationId, PartBody, UploadPartCopy, UploadRef};
use crate::domain::plan::{PartSource, PlannedPart};
use crate::domain::units::{ByteRange, PartNumber};

/// A move under way, and what was there before it.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    pub(super) wanted: Move,
    /// Whether the rules allowed it; a forbidden one changes as little as its answer proves.
    pub(super) legal: bool,
    /// Whether the request is about this upload; of another one nothing is learnt.
    pub(super) own: bool,
    pub(super) state: UploadState,
    pub(super) part: Option<PartState>,
    /// Of a part: its bytes, as far as the request tells.
    pub(super) size: Option<u64>,
    /// Of a part: another of its number was under way meanwhile, so nobody knows which S3 took last.
    pub(super) crossed: bool,
    /// Of a Complete: the ETag its list must give.
    pub(super) promised: Option<ETag>,
    /// Of ListParts: the walk it belongs to and the marker it went on from; `None` for a page asked for by hand.
    pub(super) page: Option<(u64, Option<String>)>,
    /// When it left, on the machine's clock.
    pub(super) at: u64,
}

impl MultipartUpload {
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
        if wanted == Move::ListParts && !self.listing.is_going_on() {
            self.listing = self.listing.next_walk(self.clock);
        }
        let operation = self.operation(wanted)?;
        let page = (wanted == Move::ListParts).then(|| (self.listing.walk, self.listing.marker.clone()));
        self.take_off(wanted, id, &operation, page);
        Ok(operation)
    }

    /// Takes a move whose request was written by hand, right or wrong. What it may change is decided as for any other:
    /// one that is forbidden now changes as little as its answer proves, and one about another upload nothing at all.
    ///
    /// What such a request fixes becomes the plan: the properties of the object to be, a part. A part that is on its
    /// way cannot be planned otherwise.
    pub fn begin_with(
        &mut self,
        wanted: Move,
        id: OperationId,
        operation: &Operation,
    ) -> Result<(), IllegalMove> {
        if let (Move::Create, Operation::CreateMultipartUpload(create)) = (wanted, operation.plain()) {
            self.replan(create);
        }
        if let Some(part) = self.planned_by(wanted, operation) {
            let old = self.ledger.get(part.number);
            let on_way = old.is_some_and(|p| matches!(p.state, PartState::InFlight(_)));
            if old.is_none_or(|p| p.planned != part) {
                if on_way {
                    return Err(IllegalMove::PartInFlight(part.number));
                }
                self.plan_anew(part);
            }
        }
        self.take_off(wanted, id, operation, None);
        Ok(())
    }

    /// The part that a request written by hand plans, if S3 can take it into this upload.
    fn planned_by(&self, wanted: Move, operation: &Operation) -> Option<PlannedPart> {
        let ended = matches!(
            self.state,
            UploadState::Completed(_) | UploadState::Aborted | UploadState::Gone | UploadState::Planned
        );
        // A number S3 will refuse is no part of the plan.
        let Move::Part(number) = wanted else { return None };
        if ended || !number.is_valid() || !self.is_own(wanted, operation) {
            return None;
        }
        let size = self.size_of(operation);
        match operation.plain() {
            Operation::UploadPart(part) => {
                Some(PlannedPart { number, size, source: PartSource::Body(part.body.clone()) })
            }
            Operation::UploadPartCopy(part) => {
                let source = PartSource::Copy(part.copy_source_range.clone());
                Some(PlannedPart { number, size, source })
            }
            _ => None,
        }
    }

    /// Bytes of the part that a request makes; `None` when only S3 knows.
    fn size_of(&self, operation: &Operation) -> Option<u64> {
        match operation.plain() {
            Operation::UploadPart(part) => Some(PartBody::len(&part.body)),
            Operation::UploadPartCopy(part) => self.size_of_copy(part),
            _ => None,
        }
    }

    fn size_of_copy(&self, part: &UploadPartCopy) -> Option<u64> {
        match part.copy_source_range.as_deref() {
            Some(range) => ByteRange::parse_copy_source(range).map(ByteRange::len),
            None => self.plan.source.as_ref().filter(|s| s.object == part.source).map(|s| s.size),
        }
    }

    /// Whether a request is the move it is called, made of this upload.
    fn is_own(&self, wanted: Move, operation: &Operation) -> bool {
        // An amended address or part number is not the one the machine would think of.
        let astray = matches!(operation, Operation::Amended(_, a)
            if a.query.iter().any(|(name, _)| matches!(name.as_str(), "uploadId" | "partNumber")));
        let here = |upload: &UploadRef| self.upload().as_ref() == Some(upload);
        let right = match (wanted, operation.plain()) {
            (Move::Create, Operation::CreateMultipartUpload(_)) => true,
            (Move::Part(number), Operation::UploadPart(o)) => here(&o.upload) && o.part_number == number,
            (Move::Part(number), Operation::UploadPartCopy(o)) => here(&o.upload) && o.part_number == number,
            (Move::ListParts, Operation::ListParts(o)) => here(&o.upload),
            (Move::Complete, Operation::CompleteMultipartUpload(o)) => here(&o.upload),
            (Move::Abort, Operation::AbortMultipartUpload(upload)) => here(upload),
            (Move::Tag, Operation::PutObjectTagging(o)) => o.object == self.plan.destination,
            (Move::Head | Move::ListUploads, asked) => self.operation(wanted).is_ok_and(|o| o == *asked),
            _ => false,
        };
        right && !astray
    }

    fn take_off(
        &mut self,
        wanted: Move,
        id: OperationId,
        operation: &Operation,
        page: Option<(u64, Option<String>)>,
    ) {
        self.clock += 1;
        let own = self.is_own(wanted, operation);
        let legal = own && self.check(wanted).is_ok();
        let promised = match operation.plain() {
            Operation::CompleteMultipartUpload(complete) => composite(&complete.parts),
            _ => None,
        };
        if own && promised.is_some() {
            self.promised.clone_from(&promised);
        }
        let mut flight = Flight {
            wanted,
            legal,
            own,
            state: self.state.clone(),
            part: None,
            size: self.size_of(operation),
            crossed: false,
            promised,
            page,
            at: self.clock,
        };
        if legal && wanted == Move::Create {
            self.begun_with = begun_by(operation);
        }
        if own {
            self.mark_under_way(id, &mut flight);
        }
        self.in_flight.insert(id, flight);
    }

    fn mark_under_way(&mut self, id: OperationId, flight: &mut Flight) {
        match flight.wanted {
            Move::Complete | Move::Abort => self.turned = self.clock,
            Move::Part(number) => return self.part_under_way(number, id, flight),
            _ => {}
        }
        // A move sent against the rules changes the state only by its answer.
        match flight.wanted {
            Move::Create if flight.legal => self.state = UploadState::Creating,
            Move::Complete if flight.legal => self.state = UploadState::Completing,
            Move::Abort if flight.legal => self.state = UploadState::Aborting,
            _ => {}
        }
    }

    fn part_under_way(&mut self, number: PartNumber, id: OperationId, flight: &mut Flight) {
        for other in self.in_flight.values_mut().filter(|f| f.own && f.wanted == flight.wanted) {
            other.crossed = true;
            flight.crossed = true;
        }
        flight.part = self.ledger.get(number).map(|p| p.state.clone());
        self.ledger.change(number, |part| {
            part.state = PartState::InFlight(id);
            part.attempts += 1;
        });
        self.touch(number);
    }

    /// Remembers that what S3 says of a part, if it was asked before now, may be old.
    pub(super) fn touch(&mut self, number: PartNumber) {
        self.clock += 1;
        self.moved.insert(number, self.clock);
    }
}

/// The composite rule over a list of parts; `None` for an empty one or when some ETag is not MD5-shaped.
pub(super) fn composite(parts: &[CompletedPart]) -> Option<ETag> {
    let digests: Option<Vec<[u8; 16]>> = parts.iter().map(|p| p.etag.digest()).collect();
    digests.filter(|d| !d.is_empty()).map(|d| ETag::composite(&d))
}
