//! Plays steps with the machine against the sandbox and looks after each whether what it says is so.

use crate::draw::{Meddling, Step, Wanted};
use crate::states;
use crate::world::{Trouble, Truth, World};
use partscope::domain::etag::ETag;
use partscope::domain::names::{ObjectRef, Tag};
use partscope::domain::operation::{
    CompleteMultipartUpload, CompletedPart, CopyObject, Operation, OperationId, PartBody, UploadPart,
    UploadPartCopy, UploadRef,
};
use partscope::domain::outcome::Outcome;
use partscope::domain::output::Output;
use partscope::domain::plan::{CopySource, PartSource, PlannedPart, UploadPlan};
use partscope::domain::units::{MIB, PartNumber};
use partscope::domain::upload::{Enforce, Move, MultipartUpload, PartState, Replaces, UploadState};
use std::collections::{BTreeMap, BTreeSet};

pub type Checked = Result<(), String>;

/// Transitions that were met.
pub type Met = BTreeSet<(&'static str, &'static str)>;

/// A move between its beginning and its answer.
struct Pending {
    id: OperationId,
    wanted: Move,
    operation: Operation,
    plain: bool,
    /// The answer that is on its way, and the step in which S3 acted.
    came: Option<(Outcome, usize)>,
}

pub struct Play<'w> {
    world: &'w World,
    pub machine: MultipartUpload,
    pending: Vec<Pending>,
    pub told: Vec<String>,
    pub met: Met,
    step: usize,
    by_rules: bool,
    /// Parts that somebody else replaced, and when.
    replaced: BTreeMap<i32, usize>,
    ended: bool,
    overwritten: bool,
    completed_here: bool,
}

const PART: u64 = 5 * MIB;

pub fn source() -> ObjectRef {
    ObjectRef::new("lessons", "uniform-8mib.bin")
}

/// Two large parts copied, and two small ones sent; tags too big to go with Create.
fn plan(key: String, etag: ETag) -> UploadPlan {
    let copy = |n: u64| PartSource::Copy(Some(format!("bytes={}-{}", (n - 1) * PART, n * PART - 1)));
    let body = |n: u64| PartSource::Body(PartBody::Generated { seed: n, len: 10 * n });
    let part = |n: i32, size: u64, source| PlannedPart { number: PartNumber(n), size: Some(size), source };
    UploadPlan {
        source: Some(CopySource { object: source(), etag, size: 20 * MIB }),
        parts: vec![
            part(1, PART, copy(1)),
            part(2, PART, copy(2)),
            part(3, 30, body(3)),
            part(4, 40, body(4)),
        ],
        tags: (0..10)
            .map(|i| Tag { key: format!("{i}{}", "k".repeat(127)), value: "v".repeat(256) })
            .collect(),
        ..UploadPlan::empty(ObjectRef::new("scratch", key))
    }
}

impl<'w> Play<'w> {
    pub fn new(world: &'w World, key: String, etag: ETag) -> Self {
        Self {
            world,
            machine: MultipartUpload::new(plan(key, etag)),
            pending: Vec::new(),
            told: Vec::new(),
            met: Met::new(),
            step: 0,
            by_rules: true,
            replaced: BTreeMap::new(),
            ended: false,
            overwritten: false,
            completed_here: false,
        }
    }

    /// All steps; then every answer comes in, and what is in doubt is settled.
    pub async fn run(&mut self, steps: &[Step]) -> Checked {
        for step in steps {
            self.step += 1;
            self.told.push(format!("{step:?}"));
            match step {
                Step::Begin { wanted, purpose } => drop(self.begin(*wanted, *purpose)?),
                Step::Act { which, trouble } => {
                    let waiting = self.pending.iter().filter(|p| p.came.is_none());
                    if let Some(id) = waiting.map(|p| p.id).nth(*which) {
                        self.act(id, *trouble).await?;
                    }
                }
                Step::Deliver { which } => {
                    let came = self.pending.iter().filter(|p| p.came.is_some());
                    if let Some(id) = came.map(|p| p.id).nth(*which) {
                        self.deliver(id)?;
                    }
                }
                Step::Do { wanted, trouble, purpose } => {
                    if let Some(id) = self.begin(*wanted, *purpose)? {
                        self.act(id, *trouble).await?;
                        self.deliver(id)?;
                    }
                }
                Step::Meddle(meddling) => self.meddle(*meddling).await,
            }
            self.check().await?;
            self.settle_a_copy().await?;
        }
        while let Some(pending) = self.pending.first() {
            let (id, acted) = (pending.id, pending.came.is_some());
            if !acted {
                self.act(id, Trouble::None).await?;
            }
            self.deliver(id)?;
            self.check().await?;
        }
        let left = self.machine.parts().values().any(|p| matches!(p.state, PartState::InFlight(_)));
        ensure(!left && !self.machine.is_busy(), || "something stays in flight".into())?;
        self.settle_a_copy().await
    }

    fn tell(&mut self, line: String) {
        self.told.push(format!("    {line}"));
    }

    /// Notes a change of state, and whether there is such a step.
    fn went(&mut self, from: &'static str) -> Checked {
        let to = states::name(self.machine.state());
        if from == to {
            return Ok(());
        }
        self.tell(format!("{from} -> {to}"));
        self.met.insert((from, to));
        let by_rules = self.by_rules;
        ensure(states::may_follow(from, to, by_rules), || format!("{from} -> {to} is no step"))
    }

    fn begin(&mut self, wanted: Wanted, purpose: bool) -> Result<Option<OperationId>, String> {
        let Some((wanted, by_hand)) = self.request(wanted) else { return Ok(None) };
        let from = states::name(self.machine.state());
        let legal = self.machine.check(wanted).is_ok();
        if !legal && !purpose {
            return Ok(None);
        }
        let id = self.world.id();
        let (operation, plain) = match by_hand {
            Some(Request::ByHand(operation)) => {
                if self.machine.begin_with(wanted, id, &operation).is_err() {
                    return Ok(None);
                }
                (*operation, false)
            }
            other => {
                let Ok(mut operation) = self.machine.begin(wanted, id, Enforce::Nothing) else {
                    return Ok(None);
                };
                if let (Some(Request::SmallPage), Operation::ListParts(list)) = (other, &mut operation) {
                    list.max_parts = Some(1);
                }
                (operation, legal)
            }
        };
        self.by_rules &= legal;
        self.tell(format!("{id:?} begins: {wanted}"));
        // What happens meanwhile may be why it is refused.
        let plain = plain && self.pending.is_empty();
        self.pending.iter_mut().for_each(|p| p.plain = false);
        self.pending.push(Pending { id, wanted, operation, plain, came: None });
        self.went(from)?;
        Ok(Some(id))
    }

    /// The move, and its request if the machine is not to write it.
    fn request(&self, wanted: Wanted) -> Option<(Move, Option<Request>)> {
        let by_hand = |wanted, operation| Some((wanted, Some(Request::ByHand(Box::new(operation)))));
        let upload = self.machine.upload();
        Some(match wanted {
            Wanted::Suggested => (*self.machine.legal_moves().first()?, None),
            Wanted::Machines(wanted) => (wanted, None),
            Wanted::SmallPage => (Move::ListParts, Some(Request::SmallPage)),
            Wanted::PageAfter(n) => {
                let Operation::ListParts(mut list) = self.machine.operation(Move::ListParts).ok()? else {
                    return None;
                };
                (list.part_number_marker, list.max_parts) = (Some(n.to_string()), Some(2));
                return by_hand(Move::ListParts, Operation::ListParts(list));
            }
            Wanted::OtherBody(n, seed) => {
                let body = PartBody::Generated { seed: 100 + seed, len: 50 + seed };
                let part = UploadPart { upload: upload?, part_number: PartNumber(n), body };
                return by_hand(Move::Part(PartNumber(n)), Operation::UploadPart(part));
            }
            Wanted::OtherRange(n) => {
                let part = UploadPartCopy {
                    upload: upload?,
                    part_number: PartNumber(n),
                    source: source(),
                    copy_source_range: Some("bytes=7-5242886".into()),
                    copy_source_if_match: None,
                };
                return by_hand(Move::Part(PartNumber(n)), Operation::UploadPartCopy(part));
            }
            Wanted::OtherUpload => {
                let upload = UploadRef { upload_id: "no-such-upload".into(), ..upload? };
                let body = PartBody::Generated { seed: 1, len: 1 };
                let part = UploadPart { upload, part_number: PartNumber(1), body };
                return by_hand(Move::Part(PartNumber(1)), Operation::UploadPart(part));
            }
            Wanted::OtherKey => {
                let upload = UploadRef { key: "another-key".into(), ..upload? };
                return by_hand(Move::Abort, Operation::AbortMultipartUpload(upload));
            }
            Wanted::FewerParts | Wanted::WrongETag => {
                let Operation::CompleteMultipartUpload(mut complete) =
                    self.machine.operation(Move::Complete).ok()?
                else {
                    return None;
                };
                let first = complete.parts.first_mut()?;
                first.etag = ETag::of_bytes(b"no part has it");
                if wanted == Wanted::FewerParts {
                    complete.parts.remove(0);
                }
                return by_hand(Move::Complete, Operation::CompleteMultipartUpload(complete));
            }
            Wanted::ElsewhereCreate => {
                let mut create = self.machine.plan().create();
                create.key.push_str("-elsewhere");
                return by_hand(Move::Create, Operation::CreateMultipartUpload(create));
            }
        })
    }

    async fn act(&mut self, id: OperationId, trouble: Trouble) -> Checked {
        let alone = !self.ended && self.replaced.is_empty();
        let Some(at) = self.pending.iter().position(|p| p.id == id) else { return Ok(()) };
        let (wanted, operation) = (self.pending[at].wanted, self.pending[at].operation.clone());
        let ends = matches!(wanted, Move::Complete | Move::Abort);
        let open = self.is_open(ends).await;
        let outcome = self.world.send(&operation, id, trouble).await;
        if wanted == Move::Complete && open && !self.is_open(true).await {
            self.completed_here = true;
        }
        self.tell(format!("{id:?} acts: {}", outcome.summary()));
        if let (true, true, Trouble::None, Outcome::Refused(error)) =
            (alone, self.pending[at].plain, trouble, &outcome)
        {
            let expected = match wanted {
                Move::Complete => ["EntityTooSmall", "NoSuchUpload"].contains(&error.code.as_str()),
                Move::Head => error.status == 404,
                _ => error.code == "NoSuchUpload",
            };
            ensure(expected, || format!("the legal move {wanted} is refused with {error}"))?;
        }
        self.pending[at].came = Some((outcome, self.step));
        Ok(())
    }

    async fn is_open(&self, asked: bool) -> bool {
        match self.machine.upload() {
            Some(upload) if asked => self.world.parts(&upload).await.is_some(),
            _ => false,
        }
    }

    fn deliver(&mut self, id: OperationId) -> Checked {
        let Some(at) = self.pending.iter().position(|p| p.id == id) else { return Ok(()) };
        let pending = self.pending.remove(at);
        let Some((outcome, acted)) = pending.came else { return Err("nothing came".into()) };
        let from = states::name(self.machine.state());
        let facts = self.machine.apply(id, &outcome);
        self.tell(format!("{id:?} comes in: {facts:?}"));
        let since = |replaced: Option<&usize>| replaced.is_some_and(|at| acted > *at);
        match (&outcome, pending.wanted) {
            (Outcome::Answered(Output::Part(_)), Move::Part(n)) if since(self.replaced.get(&n.0)) => {
                self.replaced.remove(&n.0);
            }
            (Outcome::Answered(Output::Parts(page)), _) => {
                for part in &page.parts {
                    let row = self.machine.parts().get(&part.part_number).and_then(|p| p.confirmed());
                    let taken = row.is_some_and(|out| out.etag == part.etag);
                    if taken && since(self.replaced.get(&part.part_number.0)) {
                        self.replaced.remove(&part.part_number.0);
                    }
                }
            }
            _ => {}
        }
        self.went(from)
    }

    /// Somebody else acts on the upload or the key.
    async fn meddle(&mut self, meddling: Meddling) {
        let destination = self.machine.plan().destination.clone();
        let operation = match (meddling, self.machine.upload()) {
            (Meddling::Overwrite, _) => Operation::CopyObject(CopyObject {
                source: ObjectRef::new("lessons", "notes.txt"),
                destination,
                copy_source_if_match: None,
                drop_tags: false,
                if_none_match: false,
                storage_class: None,
            }),
            (_, None) => return,
            (Meddling::Replace(n), Some(upload)) => Operation::UploadPart(UploadPart {
                upload,
                part_number: PartNumber(n),
                body: PartBody::Generated { seed: 999, len: 99 },
            }),
            (Meddling::Abort, Some(upload)) => Operation::AbortMultipartUpload(upload),
            (Meddling::Complete, Some(upload)) => {
                let Some(parts) = self.world.parts(&upload).await else { return };
                let parts = parts.into_iter().map(|p| CompletedPart {
                    part_number: p.part_number,
                    etag: p.etag,
                    checksum: None,
                });
                Operation::CompleteMultipartUpload(CompleteMultipartUpload {
                    upload,
                    parts: parts.collect(),
                    if_none_match: false,
                    mpu_object_size: None,
                    checksum_type: None,
                })
            }
        };
        let outcome = self.world.ask(&operation).await;
        self.tell(format!("{}: {}", operation.kind(), outcome.summary()));
        if !matches!(outcome, Outcome::Answered(_)) {
            return;
        }
        match meddling {
            Meddling::Overwrite => self.overwritten = true,
            Meddling::Replace(n) => drop(self.replaced.insert(n, self.step)),
            Meddling::Abort | Meddling::Complete => self.ended = true,
        }
    }

    async fn check(&self) -> Checked {
        let upload = self.machine.upload();
        let truth = self.world.truth(&self.machine.plan().destination, upload.as_ref()).await;
        self.judge(&self.machine, &truth)
    }

    /// Whether what a machine says is so.
    fn judge(&self, machine: &MultipartUpload, truth: &Truth) -> Checked {
        let open = truth.parts.is_some();
        let waits = |wanted: Move| self.pending.iter().any(|p| p.wanted == wanted);
        ensure(machine.under_way() == self.pending.len(), || "moves are lost".into())?;
        match machine.state() {
            UploadState::Creating => ensure(waits(Move::Create), || "nothing creates".into())?,
            UploadState::Completing => ensure(waits(Move::Complete), || "nothing completes".into())?,
            UploadState::Aborting => ensure(waits(Move::Abort), || "nothing aborts".into())?,
            UploadState::Completed(object) => {
                ensure(!open, || "completed, and still open".into())?;
                let there = truth.object.as_ref() == Some(&object.etag);
                ensure(there || self.overwritten, || format!("the object is {:?}", truth.object))?;
            }
            UploadState::Aborted => {
                ensure(!open, || "aborted, and still open".into())?;
                ensure(!self.completed_here, || "aborted, and an object".into())?;
            }
            UploadState::Gone => ensure(!open, || "gone, and still open".into())?,
            UploadState::Open => {
                let excused = self.ended || waits(Move::Complete) || waits(Move::Abort);
                ensure(open || excused, || "open, and gone".into())?;
            }
            UploadState::Planned | UploadState::Doubtful(_) => {}
        }
        match &truth.parts {
            Some(parts) if !matches!(machine.state(), UploadState::Planned | UploadState::Creating) => {
                self.judge_parts(machine, parts)
            }
            _ => Ok(()),
        }
    }

    fn judge_parts(
        &self,
        machine: &MultipartUpload,
        truth: &[partscope::domain::output::ListedPart],
    ) -> Checked {
        for (number, row) in machine.parts() {
            if self.replaced.contains_key(&number.0) {
                continue;
            }
            let held = truth.iter().find(|p| p.part_number == *number);
            if let PartState::InFlight(id) = row.state {
                ensure(self.pending.iter().any(|p| p.id == id), || format!("part {number} flies for ever"))?;
            }
            let unsure = matches!(row.state, PartState::InFlight(_) | PartState::Doubtful)
                || row.replaces == Replaces::Doubtful;
            match (row.confirmed(), held) {
                (Some(out), Some(held)) => {
                    ensure(out.etag == held.etag, || format!("part {number} has another ETag: {row:?}"))?;
                    let sized = out.size.is_none_or(|size| size == held.size);
                    ensure(sized, || format!("part {number} has another size: {row:?}"))?;
                }
                (Some(_), None) => return Err(format!("part {number} is not there: {row:?}")),
                (None, Some(_)) => ensure(unsure, || format!("part {number} is there: {row:?}"))?,
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// What is in doubt is settled, by a copy of the machine, with what it suggests first.
    async fn settle_a_copy(&self) -> Checked {
        if !self.pending.is_empty() || !is_in_doubt(&self.machine) {
            return Ok(());
        }
        let mut machine = self.machine.clone();
        for _ in 0..4 {
            let destination = machine.plan().destination.clone();
            let suggested = machine.legal_moves().first().copied();
            let Some(wanted @ (Move::ListParts | Move::Head | Move::ListUploads)) = suggested else {
                return Err(format!("{suggested:?} is to settle {:?}", machine.state()));
            };
            let id = self.world.id();
            let operation = machine.begin(wanted, id, Enforce::Rules).map_err(|e| e.to_string())?;
            let outcome = self.world.send(&operation, id, Trouble::None).await;
            machine.apply(id, &outcome);
            let uploads = self.world.uploads(&destination).await;
            let choice = !uploads.is_empty() && machine.listed_uploads() == uploads;
            if !is_in_doubt(&machine) || (states::name(machine.state()) == "Doubtful(Create)" && choice) {
                let upload = machine.upload();
                let truth = self.world.truth(&destination, upload.as_ref()).await;
                if machine.state() == &UploadState::Planned {
                    return ensure(uploads.is_empty(), || "an upload is forgotten".into());
                }
                return self.judge(&machine, &truth);
            }
        }
        Err(format!("{:?} is not settled", self.machine.state()))
    }
}

/// A request that the machine does not write, or not quite.
enum Request {
    ByHand(Box<Operation>),
    SmallPage,
}

fn is_in_doubt(machine: &MultipartUpload) -> bool {
    match machine.state() {
        UploadState::Doubtful(_) => true,
        UploadState::Open => machine.parts().values().any(|p| p.state == PartState::Doubtful),
        _ => false,
    }
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(why()) }
}
