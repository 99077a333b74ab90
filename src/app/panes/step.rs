//! The workbench: uploads being stepped through, the selected part, what is held.

use super::carry::Origin;
use super::draft::{Drafting, History};
use super::rescue::Rescue;
use super::run::Run;
use super::select::{Motion, moved};
use crate::domain::draft::Draft;
use crate::domain::etag::ETag;
use crate::domain::exchange::ExchangeId;
use crate::domain::mistake::Mend;
use crate::domain::names::ObjectRef;
use crate::domain::operation::{Operation, OperationId, OperationKind, PartBody};
use crate::domain::outcome::ServiceError;
use crate::domain::output::HeadObjectOutput;
use crate::domain::pace::Options;
use crate::domain::plan::PlannedPart;
use crate::domain::predict::{BodyDigest, Prediction, Verdict};
use crate::domain::preview::Preview;
use crate::domain::units::PartNumber;
use crate::domain::upload::{Move, MultipartUpload, PartState, UploadState};
use std::collections::{BTreeMap, BTreeSet};

/// One upload on the workbench.
#[derive(Debug, Clone)]
pub struct Bench {
    /// Names it for outcomes that come later.
    pub id: u64,
    /// The machine.
    pub machine: MultipartUpload,
    /// Selected row of the ledger.
    pub part_at: usize,
    /// Marked parts.
    pub marked: BTreeSet<PartNumber>,
    /// The part marked last, from which a range is marked.
    pub mark_from: Option<PartNumber>,
    /// A run under way.
    pub run: Option<Run>,
    /// How many parts a run sends at once, at most.
    pub dial: u16,
    /// What the ledger predicts, as of the version it was computed from.
    pub predicted: Option<(u64, Option<ETag>)>,
    /// ETag of the source, to compare at the end.
    pub source_etag: Option<ETag>,
    /// What the source of a copy told, to lay beside the plan.
    pub origin: Option<Box<Origin>>,
    /// The upload compared with the source one goes on with.
    pub rescue: Option<Box<Rescue>>,
    /// What is put on the bench once this upload is aborted to start over.
    pub after_abort: Option<Box<Bench>>,
    /// Warnings about the plan.
    pub said: Vec<String>,
    /// What S3 refused last; gone with the next call.
    pub refusal: Option<(String, ServiceError)>,
}

impl Bench {
    /// Puts a machine on the bench.
    pub fn new(machine: MultipartUpload) -> Self {
        let source_etag = machine.plan().source.as_ref().map(|s| s.etag.clone());
        Self {
            id: 0,
            machine,
            part_at: 0,
            marked: BTreeSet::new(),
            mark_from: None,
            run: None,
            dial: Options::default().dial,
            predicted: None,
            source_etag,
            origin: None,
            rescue: None,
            after_abort: None,
            said: Vec::new(),
            refusal: None,
        }
    }

    /// Whether it was begun by another client, or by an earlier run of this program.
    pub fn is_adopted(&self) -> bool {
        self.machine.upload().is_some() && self.machine.plan().parts.is_empty()
    }

    /// The number of the selected part.
    pub fn selected(&self) -> Option<PartNumber> {
        self.machine.numbers().get(self.part_at).copied()
    }

    /// Selects a part.
    pub fn select(&mut self, number: PartNumber) {
        if let Ok(at) = self.machine.numbers().binary_search(&number) {
            self.part_at = at;
        }
    }

    /// Whether a move makes sense now: the machine's rules, and those of a run under way.
    pub fn check(&self, wanted: Move) -> Result<(), String> {
        let running = self.run.is_some() && self.machine.is_busy();
        if running && matches!(wanted, Move::Complete | Move::Abort) {
            return Err("a run is under way; s stops it, x cancels its calls".into());
        }
        self.machine.check(wanted).map_err(|e| e.to_string())
    }

    /// Computes what follows from all parts, unless a run is changing them.
    pub fn refresh(&mut self) {
        let version = self.machine.ledger_version();
        let fresh = self.predicted.as_ref().is_some_and(|(of, _)| *of == version);
        let running = self.run.is_some() && self.machine.is_busy();
        if !fresh && !running {
            self.predicted = Some((version, self.machine.predicted_etag()));
        }
    }

    /// What the ledger predicts, if that was computed since it last changed.
    pub fn predicted_etag(&self) -> Option<&ETag> {
        let (of, predicted) = self.predicted.as_ref()?;
        predicted.as_ref().filter(|_| *of == self.machine.ledger_version())
    }

    /// What Enter does next: the selected part when the ledger has the focus and that part can be sent, else what
    /// the machine suggests. The screen's words and the key press both come from here.
    pub fn next_move(&self, on_ledger: bool) -> Option<Move> {
        let selected = self.selected().filter(|_| on_ledger).filter(|n| {
            let stored = self.machine.parts().get(n).is_some_and(|p| matches!(p.state, PartState::Done(_)));
            !stored && self.machine.check(Move::Part(*n)).is_ok()
        });
        selected.map(Move::Part).or_else(|| self.machine.legal_moves().first().copied())
    }

    /// Moves in the ledger.
    pub fn go(&mut self, page: usize, motion: Motion) {
        self.part_at = moved(self.part_at, self.machine.parts().len(), page, motion);
    }
}

/// A request that is complete and has not left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Its exchange.
    pub exchange: ExchangeId,
    /// Its call.
    pub operation: OperationId,
}

/// Digests of bodies that were computed, and those that are being computed.
#[derive(Debug, Clone, Default)]
pub struct Digests {
    known: Vec<(PartBody, Read)>,
    version: u64,
}

/// How far the bytes of a body are read.
#[derive(Debug, Clone)]
enum Read {
    Reading,
    Done(BodyDigest),
    Failed(String),
}

/// Bodies whose digests are kept.
const KEPT_DIGESTS: usize = 64;

impl Digests {
    /// The digests of a body, once they are computed.
    pub fn get(&self, body: &PartBody) -> Option<&BodyDigest> {
        match self.read(body)? {
            Read::Done(digest) => Some(digest),
            _ => None,
        }
    }

    /// Why a body cannot be read.
    pub fn failure(&self, body: &PartBody) -> Option<&str> {
        match self.read(body)? {
            Read::Failed(why) => Some(why),
            _ => None,
        }
    }

    fn read(&self, body: &PartBody) -> Option<&Read> {
        self.known.iter().find(|(known, _)| known == body).map(|(_, read)| read)
    }

    /// Another value after every change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether this body has to be read for its digests; it counts as being read from then on.
    pub fn wants(&mut self, body: &PartBody) -> bool {
        if self.known.iter().any(|(known, _)| known == body) {
            return false;
        }
        if self.known.len() >= KEPT_DIGESTS {
            self.known.remove(0);
        }
        self.known.push((body.clone(), Read::Reading));
        true
    }

    /// The digests of a body came. One that cannot be read is remembered as such: asking again at once would go on
    /// for ever.
    pub fn put(&mut self, body: PartBody, digest: Result<BodyDigest, String>) {
        self.version += 1;
        self.known.retain(|(known, _)| *known != body);
        self.known.push((body, digest.map_or_else(Read::Failed, Read::Done)));
    }
}

/// A call by hand that is under way: what it says and what is expected of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// What it says.
    pub operation: Operation,
    /// The upload on the workbench it is about.
    pub bench: Option<u64>,
    /// What is expected.
    pub expected: Prediction,
    /// Whether it is wrong on purpose.
    pub lesson: bool,
    /// What was planned under the number of a part that was written by hand.
    pub undo: Option<PlannedPart>,
}

/// What calls by hand have shown of an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// It is not there.
    Missing,
    /// It is there.
    Exists,
    /// What HeadObject said of it.
    Is(Box<HeadObjectOutput>),
}

/// What the next call by hand is expected to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// What it was made from.
    pub key: ForecastKey,
    /// The expectation; `None` when there is nothing to send.
    pub expected: Option<Prediction>,
    /// Why the bytes that would be sent cannot be read.
    pub unreadable: Option<String>,
    /// The request as text, unless it stands in a form.
    pub written: Option<Preview>,
}

/// Everything an expectation can change with.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastKey {
    /// The upload shown, its ledger and its state.
    pub bench: Option<(u64, u64, UploadState)>,
    /// The part that Enter would send.
    pub selected: Option<PartNumber>,
    /// Edits of the form so far.
    pub edits: Option<u64>,
    /// Digests known so far.
    pub digests: u64,
    /// The inspected object.
    pub inspected: Option<ObjectRef>,
    /// Whether no call of the upload is under way.
    pub idle: bool,
}

/// A call by hand that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// What it was.
    pub kind: OperationKind,
    /// What was expected of it.
    pub expected: Prediction,
    /// How the answer compares.
    pub verdict: Verdict,
    /// What S3 refused.
    pub error: Option<ServiceError>,
    /// What was sent, as it can be edited.
    pub sent: Option<Draft>,
    /// The edit that mends it.
    pub mend: Option<Mend>,
}

/// State of the Step screen.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// Uploads, the newest last.
    pub benches: Vec<Bench>,
    /// The one shown.
    pub at: usize,
    /// Requests held now, oldest first.
    pub held: Vec<Held>,
    /// First line of the request pane.
    pub request_top: usize,
    /// The request being edited.
    pub drafting: Option<Drafting>,
    /// The form that was sent last.
    pub sent: Option<Drafting>,
    /// Values that were sent, by parameter.
    pub history: History,
    /// What calls by hand have shown of objects.
    pub shown: BTreeMap<ObjectRef, Shown>,
    /// Calls by hand that are under way.
    pub asked: BTreeMap<OperationId, Asked>,
    /// The call by hand that ended last.
    pub settled: Option<Settled>,
    /// What the next call by hand is expected to do.
    pub forecast: Option<Forecast>,
    /// Digests of bodies, by what they are made of.
    pub digests: Digests,
    aside: Vec<Drafting>,
    next_id: u64,
}

/// Forms that were left and are kept.
const KEPT_ASIDE: usize = 16;

impl Step {
    /// Keeps a form that was left, until the same call is edited again.
    pub fn put_aside(&mut self, form: Drafting) {
        self.aside.retain(|kept| !kept.is_same_call(&form));
        self.aside.push(form);
        if self.aside.len() > KEPT_ASIDE {
            self.aside.remove(0);
        }
    }

    /// The form of the same call that was left before.
    pub fn take_aside(&mut self, form: &Drafting) -> Option<Drafting> {
        let at = self.aside.iter().position(|kept| kept.is_same_call(form))?;
        Some(self.aside.remove(at))
    }

    /// The upload shown.
    pub fn bench(&self) -> Option<&Bench> {
        self.benches.get(self.at)
    }

    /// The upload shown, to change.
    pub fn bench_mut(&mut self) -> Option<&mut Bench> {
        self.benches.get_mut(self.at)
    }

    /// The upload with an id.
    pub fn by_id(&mut self, id: u64) -> Option<&mut Bench> {
        self.benches.iter_mut().find(|b| b.id == id)
    }

    /// Puts an upload on the bench and shows it; one with the same upload id is shown instead.
    pub fn add(&mut self, mut bench: Bench) {
        self.next_id += 1;
        bench.id = self.next_id;
        self.request_top = 0;
        let same = |b: &Bench| b.machine.upload().is_some() && b.machine.upload() == bench.machine.upload();
        if let Some(at) = self.benches.iter().position(same) {
            self.at = at;
            return;
        }
        // A plan that was never begun makes room for the next one.
        self.benches.retain(|b| !matches!(b.machine.state(), crate::domain::upload::UploadState::Planned));
        self.benches.push(bench);
        self.at = self.benches.len() - 1;
    }
}
