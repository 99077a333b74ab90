//! The copy part by part: takes the machine's moves, several parts at once, and puts things back when it fails.
//!
//! The machine decides what is legal and what an answer means, the pace what is sent when and how often it is tried.
//! This file only keeps calls under way, settles a lost Complete by asking for the object, and never leaves an
//! upload behind without saying exactly how to remove it.

mod back;
mod resume;

use super::Made;
use super::look::Look;
use super::tell::Say;
use crate::cli::Failure;
use crate::cli::args::CopyArgs;
use crate::cli::progress::Bar;
use crate::cli::session::Session;
use crate::domain::operation::{Operation, OperationId};
use crate::domain::outcome::Outcome;
use crate::domain::pace::{Options, Pace, Step, Verdict};
use crate::domain::plan::{PartSource, UploadPlan};
use crate::domain::redact::redact_detail;
use crate::domain::units::PartNumber;
use crate::domain::upload::{Enforce, Fact, Move, MultipartUpload, PartState, UploadState};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Copies and answers the new ETag.
pub(super) async fn copy(
    session: &Session,
    args: &CopyArgs,
    plan: &UploadPlan,
    look: &Look,
    say: Say,
) -> Result<Made, Failure> {
    let mut run = Run::new(session, args, plan, look, say);
    let ended = run.through().await;
    run.bar.clear();
    match ended {
        Ok(made) => Ok(made),
        Err(failure) if run.unfit => Err(failure),
        Err(failure) => run.put_back(failure).await,
    }
}

/// Says what the upload that is to be gone on with holds; nothing is sent but ListParts.
pub(super) async fn rehearse(
    session: &Session,
    args: &CopyArgs,
    plan: &UploadPlan,
    look: &Look,
    say: Say,
) -> Result<(), Failure> {
    Run::new(session, args, plan, look, say).take_up().await.map(drop)
}

struct Run<'a> {
    session: &'a Session,
    args: &'a CopyArgs,
    look: &'a Look,
    machine: MultipartUpload,
    pace: Pace,
    /// From here the pace's microseconds are counted.
    begun: Instant,
    say: Say,
    bar: Bar,
    /// Some try of a part left without an answer: it may land late, even after an abort.
    stray: bool,
    /// Complete left at least once: an upload that is gone may be an object.
    complete_sent: bool,
    /// The answer to Complete was lost: S3 may still be at work on it.
    complete_lost: bool,
    /// The upload to go on with is another one: it is none of this run's business.
    unfit: bool,
}

impl<'a> Run<'a> {
    fn new(session: &'a Session, args: &'a CopyArgs, plan: &UploadPlan, look: &'a Look, say: Say) -> Self {
        let bar = Bar::new(!args.json && !args.step);
        let machine = match &args.resume {
            Some(upload_id) => MultipartUpload::resume(plan.clone(), upload_id),
            None => MultipartUpload::new(plan.clone()),
        };
        let dial = if args.step { 1 } else { args.concurrency };
        let pace = Pace::new([], Options { dial, ..Options::default() });
        Self {
            session,
            args,
            look,
            machine,
            pace,
            begun: Instant::now(),
            say,
            bar,
            stray: false,
            complete_sent: false,
            complete_lost: false,
            unfit: false,
        }
    }
}

impl Run<'_> {
    async fn through(&mut self) -> Result<Made, Failure> {
        let unproved = match &self.args.resume {
            Some(_) => self.take_up().await?,
            None => self.step(Move::Create).await.map(|()| Vec::new())?,
        };
        self.parts().await?;
        self.prove(&unproved).await?;
        let predicted = self.machine.predicted_etag();
        if let Err(failure) = self.step(Move::Complete).await {
            self.settle(failure).await?;
        }
        let UploadState::Completed(object) = self.machine.state() else {
            return Err(Failure::Doubtful("CompleteMultipartUpload ended in no known state".into()));
        };
        let made = Made { etag: object.etag.clone(), predicted };
        if self.machine.check(Move::Tag).is_ok() {
            self.step(Move::Tag).await.map_err(|f| f.and("the object is complete, but has no tags"))?;
        }
        Ok(made)
    }

    /// One move from request to answer.
    async fn step(&mut self, wanted: Move) -> Result<(), Failure> {
        let id = self.session.id();
        let operation = self.begin(wanted, id)?;
        let outcome = self.session.perform(&operation, id, self.session.token()).await;
        if wanted == Move::Complete {
            self.complete_sent |= outcome.is_doubtful() || matches!(outcome, Outcome::Refused(_));
        }
        self.apply(id, &outcome)?;
        match outcome {
            Outcome::Answered(_) => Ok(()),
            other => Err(Failure::of(wanted.operation_name(), &other)),
        }
    }

    fn begin(&mut self, wanted: Move, id: OperationId) -> Result<Operation, Failure> {
        self.machine.begin(wanted, id, Enforce::Rules).map_err(|e| Failure::Local(e.to_string()))
    }

    fn apply(&mut self, id: OperationId, outcome: &Outcome) -> Result<Vec<Fact>, Failure> {
        let mut facts = self.machine.apply(id, outcome);
        for fact in &mut facts {
            if let Fact::Refused { error, .. } = fact {
                for (name, value) in &mut error.detail {
                    *value = redact_detail(name, value);
                }
            }
            self.say.fact(fact)?;
        }
        let now = self.now();
        self.bar.update(self.machine.progress(), self.pace.rate(now), self.pace.eta(now));
        Ok(facts)
    }

    /// Microseconds since the beginning.
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Sends every part at the pace. The first that is given up calls off the others.
    async fn parts(&mut self) -> Result<(), Failure> {
        let planned = self.machine.parts().values().filter(|p| p.state == PartState::Planned);
        for part in planned.filter(|p| p.planned.source != PartSource::Foreign) {
            self.pace.add(part.planned.number, part.planned.size.unwrap_or(0));
        }
        let cancel = self.session.token();
        let mut flying: JoinSet<(OperationId, PartNumber, Outcome)> = JoinSet::new();
        let mut failed: Option<Failure> = None;
        loop {
            let mut wake = None;
            while failed.is_none() && !cancel.is_cancelled() {
                match self.pace.next(self.now()) {
                    Step::Launch(number) => failed = self.launch(number, &cancel, &mut flying).err(),
                    Step::Wait { until } => {
                        wake = Some(self.begun + Duration::from_micros(until));
                        break;
                    }
                    Step::Idle | Step::Done => break,
                }
            }
            tokio::select! {
                Some(landed) = flying.join_next() => {
                    let (id, number, outcome) = landed.map_err(|e| Failure::Local(e.to_string()))?;
                    let ended = self.landed(id, number, &outcome).err();
                    failed = failed.or(ended);
                }
                () = sleep_until(wake), if wake.is_some() && failed.is_none() => {}
                () = cancel.cancelled(), if wake.is_some() => {}
                else => break,
            }
            if failed.is_some() {
                cancel.cancel();
            }
        }
        let left = self.pace.tally().waiting > 0;
        let called_off = || Failure::Local("called off before every part was sent".into());
        match failed.or_else(|| left.then(called_off)) {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// One part's answer; fails when the part will not be tried again.
    fn landed(&mut self, id: OperationId, number: PartNumber, outcome: &Outcome) -> Result<(), Failure> {
        self.stray |= outcome.is_doubtful();
        let now = self.now();
        self.pace.answered(number, Verdict::of(outcome), now, RandomState::new().build_hasher().finish());
        self.apply(id, outcome)?;
        let over = matches!(outcome, Outcome::Cancelled { .. }) || self.pace.given_up().contains_key(&number);
        if over { Err(Failure::of(format_args!("part {number}"), outcome)) } else { Ok(()) }
    }

    fn launch(
        &mut self,
        number: PartNumber,
        cancel: &CancellationToken,
        flying: &mut JoinSet<(OperationId, PartNumber, Outcome)>,
    ) -> Result<(), Failure> {
        let id = self.session.id();
        let operation = self.begin(Move::Part(number), id)?;
        let (session, cancel) = (self.session.clone(), cancel.clone());
        flying.spawn(async move { (id, number, session.perform(&operation, id, cancel).await) });
        Ok(())
    }
}

async fn sleep_until(at: Option<Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at.into()).await;
    }
}
