//! What ListParts and ListMultipartUploads show, and what it proves. A page proves what it shows of parts that have
//! not moved since it was asked for; only a whole walk proves that something is not there.

use super::MultipartUpload;
use super::flight::Flight;
use super::state::{Fact, Move, PartEntry, PartState, Replaces, UploadState};
use crate::domain::operation::UploadRef;
use crate::domain::output::{ListedPart, PartOutput, PartPage};
use crate::domain::plan::{PartSource, PlannedPart};
use crate::domain::units::PartNumber;
use std::collections::BTreeSet;

/// A walk through the pages of ListParts.
#[derive(Debug, Clone, Default)]
pub(super) struct Listing {
    /// Which walk it is.
    pub(super) walk: u64,
    pub(super) marker: Option<String>,
    seen: BTreeSet<PartNumber>,
    /// When its first page was asked for, on the machine's clock.
    began: u64,
    going_on: bool,
}

impl Listing {
    /// Whether a page was asked for and the last one has not come.
    pub(super) fn is_going_on(&self) -> bool {
        self.going_on
    }

    /// A walk from the beginning.
    pub(super) fn next_walk(&self, began: u64) -> Self {
        Self { walk: self.walk + 1, began, going_on: true, ..Self::default() }
    }

    /// The same walk, broken off: a walk with a page missing proves nothing about parts that were not seen.
    fn broken(&self) -> Self {
        Self { walk: self.walk, ..Self::default() }
    }
}

impl MultipartUpload {
    /// Whether this page is the one that the walk waits for.
    fn is_awaited(&self, flight: &Flight) -> bool {
        let listing = &self.listing;
        let awaited =
            |(walk, marker): &(u64, Option<String>)| *walk == listing.walk && *marker == listing.marker;
        listing.going_on && flight.page.as_ref().is_some_and(awaited)
    }

    /// A page of ListParts did not come.
    pub(super) fn page_missing(&mut self, flight: &Flight) {
        if self.is_awaited(flight) {
            self.listing = self.listing.broken();
        }
    }

    pub(super) fn take_page(&mut self, flight: &Flight, page: &PartPage) -> Fact {
        self.take_proof_of_life(flight, page);
        if self.plan.properties.checksum_algorithm.is_none() {
            // Complete needs to know whether parts carry checksums; of an upload taken over, this page says it.
            self.plan.properties.checksum_algorithm.clone_from(&page.checksum_algorithm);
            self.plan.properties.checksum_type.clone_from(&page.checksum_type);
        }
        for listed in &page.parts {
            self.take_listed(flight, listed);
        }
        let awaited = self.is_awaited(flight);
        if awaited {
            self.listing.seen.extend(page.parts.iter().map(|p| p.part_number));
            self.listing.marker.clone_from(&page.next);
            if page.next.is_none() {
                self.close_listing();
            }
        }
        Fact::PartsListed { count: page.parts.len(), more: awaited && page.next.is_some() }
    }

    /// An upload that still lists its parts is open, whatever was in doubt when it was asked. After an abort it is so
    /// only if a part that was on its way has landed.
    fn take_proof_of_life(&mut self, flight: &Flight, page: &PartPage) {
        if flight.at <= self.turned {
            return;
        }
        self.latent = None;
        let landed = self.state == UploadState::Aborted && !page.parts.is_empty();
        if landed || matches!(self.state, UploadState::Doubtful(Move::Complete | Move::Abort)) {
            self.state = UploadState::Open;
            self.gone = false;
        }
    }

    /// What a whole walk did not show is not there, unless it moved while the walk went on.
    fn close_listing(&mut self) {
        self.whole = true;
        let over = self.listing.broken();
        let walk = std::mem::replace(&mut self.listing, over);
        let moved = &self.moved;
        self.ledger.change_all(|part| {
            let number = part.planned.number;
            let is_news = moved.get(&number).is_some_and(|at| *at > walk.began);
            if walk.seen.contains(&number) || is_news || matches!(part.state, PartState::InFlight(_)) {
                return;
            }
            (part.stored, part.stored_as, part.replaces) = (None, None, Replaces::Nothing);
            if matches!(part.state, PartState::Doubtful | PartState::Done(_)) {
                part.state = PartState::Planned;
            }
        });
    }

    fn take_listed(&mut self, flight: &Flight, listed: &ListedPart) {
        let number = listed.part_number;
        let is_news = self.moved.get(&number).is_some_and(|at| *at > flight.at);
        let row = self.ledger.get(number);
        if is_news || row.is_some_and(|p| matches!(p.state, PartState::InFlight(_))) {
            return;
        }
        if row.is_none() {
            let size = Some(listed.size);
            self.ledger.insert(PartEntry::planned(PlannedPart { number, size, source: PartSource::Foreign }));
        }
        let out = PartOutput {
            etag: listed.etag.clone(),
            checksums: listed.checksums.clone(),
            size: Some(listed.size),
        };
        self.ledger.change(number, |entry| take_row(entry, out));
    }

    /// What ListMultipartUploads shows of the key. None at all: the Create whose answer was lost did nothing.
    pub(super) fn take_uploads<'a>(&mut self, flight: &Flight, listed: impl Iterator<Item = &'a UploadRef>) {
        self.listed_uploads = listed.filter(|u| u.key == self.plan.destination.key).cloned().collect();
        if flight.legal && self.listed_uploads.is_empty() && self.state == UploadState::Doubtful(Move::Create)
        {
            self.state = UploadState::Planned;
        }
    }
}

/// S3 has this under the number. It is what the plan wants, unless the plan is to replace just that.
fn take_row(entry: &mut PartEntry, out: PartOutput) {
    let same = entry.stored.as_ref().is_some_and(|s| s.etag == out.etag);
    let is_old = match entry.replaces {
        Replaces::Nothing => false,
        // Only a try that may have landed can have put another in its place.
        Replaces::Stored => same || entry.state != PartState::Doubtful,
        // Two tries are in doubt. Which of them landed cannot be told; sending the part again does no harm.
        Replaces::Doubtful => true,
    };
    entry.stored = Some(out.clone());
    if !is_old {
        entry.stored_as = None;
        (entry.state, entry.replaces) = (PartState::Done(out), Replaces::Nothing);
        return;
    }
    entry.replaces = Replaces::Stored;
    let unknown = || PlannedPart { size: out.size, source: PartSource::Foreign, ..entry.planned.clone() };
    entry.stored_as = Some(entry.stored_as.take().unwrap_or_else(|| Box::new(unknown())));
    if entry.state == PartState::Doubtful {
        entry.state = PartState::Planned;
    }
}
