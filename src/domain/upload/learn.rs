//! How the machine learns: what each answer, refusal or silence means for its state.

use super::state::{Fact, Move, PartEntry, PartState, UploadState};
use super::{Flight, Listing, MultipartUpload};
use crate::domain::checksum::Checksums;
use crate::domain::etag::ETag;
use crate::domain::operation::{OperationId, UploadRef};
use crate::domain::outcome::{Outcome, ServiceError};
use crate::domain::output::{CompletedObject, ListedPart, Output, PartOutput, PartPage};
use crate::domain::plan::{PartSource, PlannedPart};
use crate::domain::units::PartNumber;

impl MultipartUpload {
    /// Learns how a move ended. An id the machine did not begin changes nothing.
    pub fn apply(&mut self, id: OperationId, outcome: &Outcome) -> Vec<Fact> {
        let Some(flight) = self.in_flight.remove(&id) else { return Vec::new() };
        if flight.wanted == Move::ListParts && !matches!(outcome, Outcome::Answered(_)) {
            // A walk with a page missing proves nothing about parts that were not seen.
            self.listing = Listing::default();
        }
        match outcome {
            Outcome::Answered(output) => self.answered(&flight, output),
            Outcome::Refused(error) => self.refused(&flight, error),
            Outcome::Lost(_) | Outcome::Cancelled { .. } => self.unanswered(&flight, outcome),
        }
    }

    fn answered(&mut self, flight: &Flight, output: &Output) -> Vec<Fact> {
        match (flight.wanted, output) {
            (Move::Create, Output::Created(created)) => {
                // A second Create, sent on purpose, begins another upload; this one stays what it is.
                if flight.legal {
                    self.upload_id = Some(created.upload.upload_id.clone());
                    self.state = UploadState::Open;
                }
                vec![Fact::UploadCreated { upload: created.upload.clone() }]
            }
            (Move::Part(number), Output::Part(part)) => {
                self.ledger.change(number, |entry| {
                    let out = PartOutput { size: Some(entry.planned.size), ..part.clone() };
                    entry.stored = Some(out.clone());
                    entry.stored_as = None;
                    entry.state = PartState::Done(out);
                });
                vec![Fact::PartStored { part_number: number, etag: part.etag.clone() }]
            }
            (Move::ListParts, Output::Parts(page)) => vec![self.take_page(page)],
            (Move::Complete, Output::Completed(object)) => {
                vec![self.complete(object.clone(), flight.promised.clone())]
            }
            (Move::Abort, Output::Aborted) => {
                if !matches!(self.state, UploadState::Completed(_)) {
                    self.state = UploadState::Aborted;
                }
                vec![Fact::Aborted]
            }
            (Move::Head, Output::Head(head)) => self.settle_complete(&head.etag, head.version_id.clone()),
            (Move::ListUploads, Output::Uploads(page)) => {
                self.take_uploads(page.uploads.iter().map(|u| &u.upload));
                Vec::new()
            }
            (Move::Tag, Output::TagsPut) => {
                self.tags_pending = false;
                vec![Fact::Tagged]
            }
            _ => Vec::new(),
        }
    }

    fn take_uploads<'a>(&mut self, listed: impl Iterator<Item = &'a UploadRef>) {
        self.listed_uploads = listed.filter(|u| u.key == self.plan.destination.key).cloned().collect();
        if self.listed_uploads.is_empty() && self.state == UploadState::Doubtful(Move::Create) {
            self.state = UploadState::Planned;
        }
    }

    fn complete(&mut self, object: CompletedObject, predicted: Option<ETag>) -> Fact {
        let etag = object.etag.clone();
        self.state = UploadState::Completed(object);
        Fact::Completed { etag, predicted }
    }

    /// The upload is gone, and HeadObject has answered. It was completed by the lost call exactly if the object
    /// now has the ETag the parts predict; otherwise somebody else ended it, or wrote the key since.
    fn settle_complete(&mut self, etag: &ETag, version_id: Option<String>) -> Vec<Fact> {
        if !self.gone || self.state != UploadState::Doubtful(Move::Complete) {
            return Vec::new();
        }
        if self.promised.as_ref() != Some(etag) {
            self.state = UploadState::Gone;
            return Vec::new();
        }
        let (location, checksums) = (None, Checksums::default());
        let object = CompletedObject { etag: etag.clone(), location, checksums, version_id };
        vec![self.complete(object, self.promised.clone())]
    }

    fn take_page(&mut self, page: &PartPage) -> Fact {
        // An upload that still lists its parts is open, whatever was in doubt. After an abort it is so only if
        // a part that was on its way has landed.
        let landed = self.state == UploadState::Aborted && !page.parts.is_empty();
        if landed || matches!(self.state, UploadState::Doubtful(Move::Complete | Move::Abort)) {
            self.state = UploadState::Open;
        }
        if self.plan.properties.checksum_algorithm.is_none() {
            // Complete needs to know whether parts carry checksums; of an upload taken over, this page says it.
            self.plan.properties.checksum_algorithm.clone_from(&page.checksum_algorithm);
            self.plan.properties.checksum_type.clone_from(&page.checksum_type);
        }
        for listed in &page.parts {
            self.take_listed(listed);
        }
        self.listing.marker.clone_from(&page.next);
        self.listing.complete = page.next.is_none();
        if self.listing.by_hand {
            self.listing = Listing::default();
        } else if self.listing.complete {
            self.close_listing();
        }
        let more = page.next.is_some() && self.listing.marker.is_some();
        Fact::PartsListed { count: page.parts.len(), more }
    }

    /// What a whole walk did not show is not there, unless it was touched while the walk went on.
    fn close_listing(&mut self) {
        self.whole = true;
        let seen = std::mem::take(&mut self.listing.seen);
        let touched = std::mem::take(&mut self.listing.touched);
        self.ledger.change_all(|part| {
            let number = part.planned.number;
            if seen.contains(&number) || touched.contains(&number) {
                return;
            }
            part.stored = None;
            if matches!(part.state, PartState::Doubtful | PartState::Done(_)) {
                part.state = PartState::Planned;
            }
        });
        self.listing.touched = touched;
    }

    fn take_listed(&mut self, listed: &ListedPart) {
        self.listing.seen.insert(listed.part_number);
        let known = self.ledger.get(listed.part_number).is_some();
        if known && self.listing.touched.contains(&listed.part_number) {
            return;
        }
        let out = PartOutput {
            etag: listed.etag.clone(),
            checksums: listed.checksums.clone(),
            size: Some(listed.size),
        };
        if !known {
            self.ledger.insert(PartEntry::planned(PlannedPart {
                number: listed.part_number,
                size: listed.size,
                source: PartSource::Foreign,
            }));
        }
        self.ledger.change(listed.part_number, |entry| {
            entry.stored = Some(out.clone());
            entry.state = PartState::Done(out);
        });
    }

    fn refused(&mut self, flight: &Flight, error: &ServiceError) -> Vec<Fact> {
        let gone = error.code == "NoSuchUpload";
        let fact = Fact::Refused { what: flight.wanted.to_string(), error: error.clone() };
        match flight.wanted {
            Move::Part(number) => self.part_refused(number, flight, error),
            // The first of two identical calls may have acted: S3 forgets an upload that it completed.
            Move::Complete if gone && flight.legal => {
                self.gone = true;
                self.state = UploadState::Doubtful(Move::Complete);
            }
            Move::Abort if gone && !matches!(self.state, UploadState::Completed(_)) => {
                self.state = UploadState::Aborted;
                return vec![fact, Fact::Aborted];
            }
            Move::Create | Move::Complete | Move::Abort if flight.legal => {
                self.state = flight.state.clone();
            }
            Move::ListParts if gone => return self.listing_refused(fact),
            Move::Head if error.status == 404 && self.gone => self.state = UploadState::Gone,
            _ => {}
        }
        vec![fact]
    }

    /// A refused replacement leaves what S3 held before it.
    fn part_refused(&mut self, number: PartNumber, flight: &Flight, error: &ServiceError) {
        let state = match &flight.part {
            Some(before @ (PartState::Done(_) | PartState::Doubtful)) => before.clone(),
            _ => PartState::Failed(error.clone()),
        };
        self.ledger.change(number, |part| part.state = state);
    }

    /// ListParts does not know the upload.
    fn listing_refused(&mut self, fact: Fact) -> Vec<Fact> {
        match self.state {
            UploadState::Doubtful(Move::Abort) | UploadState::Aborted => {
                self.state = UploadState::Aborted;
                return vec![fact, Fact::Aborted];
            }
            UploadState::Doubtful(Move::Complete) => self.gone = true,
            UploadState::Open => self.state = UploadState::Gone,
            _ => {}
        }
        vec![fact]
    }

    fn unanswered(&mut self, flight: &Flight, outcome: &Outcome) -> Vec<Fact> {
        let (what, message) = (flight.wanted.to_string(), outcome.summary());
        let doubtful = outcome.is_doubtful();
        match flight.wanted {
            Move::Part(number) => {
                let before = flight.part.clone().unwrap_or(PartState::Planned);
                let state = if doubtful { PartState::Doubtful } else { before };
                self.ledger.change(number, |part| part.state = state);
            }
            wanted @ (Move::Create | Move::Complete | Move::Abort) if flight.legal => {
                self.state = if doubtful { UploadState::Doubtful(wanted) } else { flight.state.clone() };
            }
            _ => {}
        }
        if doubtful { vec![Fact::InDoubt { what, message }] } else { vec![Fact::NotSent { what, message }] }
    }
}
