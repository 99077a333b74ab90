//! How the machine learns: what each answer, refusal or silence means for its state.

use super::MultipartUpload;
use super::state::{Fact, Move, PartEntry, PartState, UploadState};
use crate::domain::checksum::Checksums;
use crate::domain::etag::ETag;
use crate::domain::operation::OperationId;
use crate::domain::outcome::{Outcome, ServiceError};
use crate::domain::output::{CompletedObject, ListedPart, Output, PartOutput, PartPage};
use crate::domain::plan::{PartSource, PlannedPart};

impl MultipartUpload {
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
            checksums: Checksums::default(),
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
}
