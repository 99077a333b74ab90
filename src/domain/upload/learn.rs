//! How the machine learns: what each answer, refusal or silence means for its state.

use super::MultipartUpload;
use super::flight::Flight;
use super::state::{Fact, Move, PartState, Replaces, UploadState};
use crate::domain::checksum::Checksums;
use crate::domain::etag::ETag;
use crate::domain::names::ObjectRef;
use crate::domain::operation::OperationId;
use crate::domain::outcome::{Outcome, ServiceError};
use crate::domain::output::{CompletedObject, CreatedUpload, Output, PartOutput};
use crate::domain::units::PartNumber;

impl MultipartUpload {
    /// Learns how a move ended. An id the machine did not begin changes nothing.
    pub fn apply(&mut self, id: OperationId, outcome: &Outcome) -> Vec<Fact> {
        let Some(flight) = self.in_flight.remove(&id) else { return Vec::new() };
        self.clock += 1;
        if !flight.own {
            return told(&flight, outcome);
        }
        if flight.wanted == Move::ListParts && !matches!(outcome, Outcome::Answered(_)) {
            self.page_missing(&flight);
        }
        if let Move::Part(number) = flight.wanted {
            self.touch(number);
        }
        let mut facts = told(&flight, outcome);
        facts.extend(match outcome {
            Outcome::Answered(output) => self.answered(&flight, output),
            Outcome::Refused(error) => self.refused(&flight, error),
            Outcome::Lost(_) | Outcome::Cancelled { .. } => {
                self.unanswered(&flight, outcome.is_doubtful());
                Vec::new()
            }
        });
        if let Move::Part(number) = flight.wanted
            && flight.crossed
        {
            self.part_crossed(number);
        }
        facts
    }

    fn answered(&mut self, flight: &Flight, output: &Output) -> Vec<Fact> {
        match (flight.wanted, output) {
            (Move::Create, Output::Created(created)) => vec![self.created(flight, created)],
            (Move::Part(number), Output::Part(part)) => {
                self.ledger.change(number, |entry| {
                    let out = PartOutput { size: flight.size, ..part.clone() };
                    entry.stored = Some(out.clone());
                    entry.stored_as = None;
                    (entry.state, entry.replaces) = (PartState::Done(out), Replaces::Nothing);
                });
                vec![Fact::PartStored { part_number: number, etag: part.etag.clone() }]
            }
            (Move::ListParts, Output::Parts(page)) => vec![self.take_page(flight, page)],
            (Move::Complete, Output::Completed(object)) => {
                vec![self.complete(object.clone(), flight.promised.clone())]
            }
            (Move::Abort, Output::Aborted) => {
                self.aborted();
                vec![Fact::Aborted]
            }
            (Move::Head, Output::Head(head)) if flight.legal => {
                self.settle_complete(&head.etag, head.version_id.clone())
            }
            (Move::ListUploads, Output::Uploads(page)) => {
                self.take_uploads(flight, page.uploads.iter().map(|u| &u.upload));
                Vec::new()
            }
            (Move::Tag, Output::TagsPut) => {
                self.tags_pending = false;
                vec![Fact::Tagged]
            }
            _ => Vec::new(),
        }
    }

    /// A second Create, sent on purpose, begins another upload; this one stays what it is.
    fn created(&mut self, flight: &Flight, created: &CreatedUpload) -> Fact {
        if flight.legal {
            self.unedited = None;
            self.plan.destination = ObjectRef::new(&created.upload.bucket, &created.upload.key);
            self.upload_id = Some(created.upload.upload_id.clone());
            self.state = UploadState::Open;
        }
        Fact::UploadCreated { upload: created.upload.clone() }
    }

    fn complete(&mut self, object: CompletedObject, predicted: Option<ETag>) -> Fact {
        let etag = object.etag.clone();
        self.state = UploadState::Completed(object);
        self.forget_doubt();
        Fact::Completed { etag, predicted }
    }

    /// S3 dropped the upload, or had dropped it before: its answer to Abort may be the same. What a Complete that is
    /// under way or in doubt did is for its own answer, or for HeadObject, to say.
    fn aborted(&mut self) {
        match self.state {
            // A 204 may be the answer to the Abort of an upload that was completed long ago.
            UploadState::Completed(_) | UploadState::Gone => {}
            UploadState::Completing | UploadState::Doubtful(Move::Complete) => self.gone = true,
            _ => {
                self.state = UploadState::Aborted;
                self.forget_doubt();
            }
        }
    }

    fn forget_doubt(&mut self) {
        self.unseen.clear();
        self.latent = None;
    }

    /// The upload is gone, and HeadObject has answered. It was completed by a lost call exactly if the object
    /// now has the ETag its parts give; otherwise somebody else ended it, or wrote the key since.
    fn settle_complete(&mut self, etag: &ETag, version_id: Option<String>) -> Vec<Fact> {
        if !self.gone || self.state != UploadState::Doubtful(Move::Complete) {
            return Vec::new();
        }
        if !self.unseen.iter().flatten().any(|promised| promised == etag) {
            self.state = UploadState::Gone;
            self.forget_doubt();
            return Vec::new();
        }
        let (location, checksums) = (None, Checksums::default());
        let object = CompletedObject { etag: etag.clone(), location, checksums, version_id };
        vec![self.complete(object, Some(etag.clone()))]
    }

    fn refused(&mut self, flight: &Flight, error: &ServiceError) -> Vec<Fact> {
        let gone = error.code == "NoSuchUpload";
        match flight.wanted {
            Move::Part(number) => {
                self.part_refused(number, flight, error);
                if gone {
                    self.lost_sight();
                }
            }
            // The first of two identical calls may have acted: S3 forgets an upload that it completed.
            Move::Complete if gone => self.complete_found_nothing(flight),
            Move::Abort if gone => return self.abort_found_nothing(flight),
            Move::Create | Move::Complete | Move::Abort => self.fall_back(flight),
            Move::ListParts if gone => {
                let before = matches!(self.state, UploadState::Doubtful(Move::Abort) | UploadState::Aborted);
                self.lost_sight();
                if before && self.state == UploadState::Aborted {
                    return vec![Fact::Aborted];
                }
            }
            Move::Head if error.status == 404 && flight.legal && self.check(Move::Head).is_ok() => {
                self.state = UploadState::Gone;
                self.forget_doubt();
            }
            _ => {}
        }
        Vec::new()
    }

    /// S3 does not know the upload. If a Complete may have taken effect unseen, the object is to be asked for.
    fn lost_sight(&mut self) {
        self.gone = true;
        let ended = match self.state {
            UploadState::Open => UploadState::Gone,
            UploadState::Doubtful(Move::Abort) => UploadState::Aborted,
            _ => return,
        };
        self.state = if self.unseen.is_empty() { ended } else { UploadState::Doubtful(Move::Complete) };
    }

    fn complete_found_nothing(&mut self, flight: &Flight) {
        if matches!(self.state, UploadState::Completed(_) | UploadState::Aborted | UploadState::Gone) {
            return;
        }
        self.gone = true;
        self.unseen.push(flight.promised.clone());
        if self.state != UploadState::Aborting {
            self.state = UploadState::Doubtful(Move::Complete);
        }
    }

    fn abort_found_nothing(&mut self, flight: &Flight) -> Vec<Fact> {
        if flight.legal && self.state == UploadState::Aborting {
            self.state = UploadState::Doubtful(Move::Abort);
        }
        self.lost_sight();
        if self.state == UploadState::Aborted { vec![Fact::Aborted] } else { Vec::new() }
    }

    /// A Create, Complete or Abort did nothing: the upload is where it was, unless more became known since.
    fn fall_back(&mut self, flight: &Flight) {
        let under_way = match flight.wanted {
            Move::Create => UploadState::Creating,
            Move::Complete => UploadState::Completing,
            _ => UploadState::Aborting,
        };
        if !flight.legal || self.state != under_way {
            return;
        }
        // What was edited into a Create that did not happen is not the plan.
        if let Some(unedited) = self.unedited.take().filter(|_| flight.wanted == Move::Create) {
            let (plan, tags_pending) = *unedited;
            self.plan.destination = plan.destination;
            self.plan.properties = plan.properties;
            self.plan.tags = plan.tags;
            self.tags_pending = tags_pending;
        }
        self.state = match self.latent.take() {
            Some(doubt) if flight.state == UploadState::Open => UploadState::Doubtful(doubt),
            _ => flight.state.clone(),
        };
        if self.gone {
            self.lost_sight();
        }
    }

    /// A refused replacement leaves what S3 held before it.
    fn part_refused(&mut self, number: PartNumber, flight: &Flight, error: &ServiceError) {
        self.ledger.change(number, |part| {
            part.state = match &flight.part {
                Some(before @ (PartState::Done(_) | PartState::Doubtful)) => before.clone(),
                // What an earlier plan left in doubt is in doubt still.
                _ if part.replaces == Replaces::Doubtful => PartState::Doubtful,
                _ => PartState::Failed(error.clone()),
            };
        });
    }

    /// One of two that were under way at once has ended. S3 keeps the one it took last, and only S3 knows which.
    fn part_crossed(&mut self, number: PartNumber) {
        let wanted = Move::Part(number);
        let other = self.in_flight.iter().find(|(_, f)| f.own && f.wanted == wanted).map(|(id, _)| *id);
        self.ledger.change(number, |part| {
            part.state = other.map_or(PartState::Doubtful, PartState::InFlight);
        });
    }

    fn unanswered(&mut self, flight: &Flight, doubtful: bool) {
        match flight.wanted {
            Move::Part(number) => {
                let before = flight.part.clone().unwrap_or(PartState::Planned);
                self.ledger.change(number, |part| {
                    if doubtful {
                        part.state = PartState::Doubtful;
                    } else {
                        part.state = before;
                        part.attempts = part.attempts.saturating_sub(1);
                    }
                });
            }
            Move::Create if doubtful && flight.legal => self.state = UploadState::Doubtful(Move::Create),
            Move::Complete | Move::Abort if doubtful => self.may_have_ended(flight),
            Move::Create | Move::Complete | Move::Abort => self.fall_back(flight),
            _ => {}
        }
    }

    /// A Complete or an Abort got no answer.
    fn may_have_ended(&mut self, flight: &Flight) {
        self.turned = self.clock;
        let wanted = flight.wanted;
        let own = flight.legal
            && match wanted {
                Move::Complete => self.state == UploadState::Completing,
                _ => self.state == UploadState::Aborting,
            };
        match self.state {
            UploadState::Completed(_) | UploadState::Aborted | UploadState::Gone => return,
            UploadState::Completing | UploadState::Aborting if !own => self.latent = Some(wanted),
            UploadState::Open | UploadState::Completing | UploadState::Aborting => {
                self.state = UploadState::Doubtful(wanted);
            }
            _ => {}
        }
        if wanted == Move::Complete {
            self.unseen.push(flight.promised.clone());
        }
        if self.gone {
            self.lost_sight();
        }
    }
}

/// What is to be told of a move that was not answered.
fn told(flight: &Flight, outcome: &Outcome) -> Vec<Fact> {
    let what = || flight.wanted.to_string();
    match outcome {
        Outcome::Answered(_) => Vec::new(),
        Outcome::Refused(error) => vec![Fact::Refused { what: what(), error: error.clone() }],
        _ if outcome.is_doubtful() => vec![Fact::InDoubt { what: what(), message: outcome.summary() }],
        _ => vec![Fact::NotSent { what: what(), message: outcome.summary() }],
    }
}
