//! The copy part by part: takes the machine's moves, several parts at once, and puts things back when it fails.
//!
//! The machine decides what is legal and what an answer means, the pace what is sent when and how often it is tried.
//! This file only keeps calls under way, settles a lost Complete by asking for the object, and never leaves an
//! upload behind without saying exactly how to remove it.

use super::Made;
use super::look::Look;
use super::names::{abort_command, resume_command};
use super::tell::Say;
use crate::cli::Failure;
use crate::cli::args::CopyArgs;
use crate::cli::out::note;
use crate::cli::progress::Bar;
use crate::cli::session::Session;
use crate::domain::operation::{HeadObject, ListParts, Operation, OperationId, UploadRef};
use crate::domain::outcome::Outcome;
use crate::domain::output::Output;
use crate::domain::pace::{Options, Pace, Step, Verdict};
use crate::domain::plan::UploadPlan;
use crate::domain::redact::redact_detail;
use crate::domain::units::PartNumber;
use crate::domain::upload::{Enforce, Fact, Move, MultipartUpload, PartState, UploadState};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often an upload is looked for after its abort, while a part of it may land late.
const ROUNDS: u32 = 3;

/// Copies and answers the new ETag.
pub(super) async fn copy(
    session: &Session,
    args: &CopyArgs,
    plan: &UploadPlan,
    look: &Look,
    say: Say,
) -> Result<Made, Failure> {
    let bar = Bar::new(!args.json && !args.step);
    let machine = MultipartUpload::new(plan.clone());
    let waiting = machine.parts().values().filter(|p| p.state == PartState::Planned);
    let dial = if args.step { 1 } else { args.concurrency };
    let pace = Pace::new(
        waiting.map(|p| (p.planned.number, p.planned.size)),
        Options { dial, ..Options::default() },
    );
    let mut run = Run {
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
    };
    let ended = run.through().await;
    run.bar.clear();
    match ended {
        Ok(made) => Ok(made),
        Err(failure) => run.put_back(failure).await,
    }
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
}

impl Run<'_> {
    async fn through(&mut self) -> Result<Made, Failure> {
        self.step(Move::Create).await?;
        self.parts().await?;
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

    /// After a lost Complete: if the object has the predicted ETag, it took effect.
    ///
    /// The object proves it only once the upload is gone: before, an older object could have the same ETag.
    async fn settle(&mut self, failure: Failure) -> Result<(), Failure> {
        self.complete_lost = *self.machine.state() == UploadState::Doubtful(Move::Complete);
        for wanted in [Move::ListParts, Move::Head] {
            let proved = wanted == Move::ListParts && self.machine.check(Move::Head).is_ok();
            if proved || self.machine.check(wanted).is_err() {
                continue;
            }
            let id = self.session.id();
            let operation = self.begin(wanted, id)?;
            let outcome = self.session.call_now(&operation, id).await;
            // NoSuchUpload and NotFound are the answers looked for; the state says what they mean.
            let _ = self.apply(id, &outcome);
        }
        match self.machine.state() {
            UploadState::Completed(_) => Ok(()),
            _ => Err(failure),
        }
    }

    /// Aborts what was begun; what cannot be aborted is named with the command that does it.
    async fn put_back(&mut self, failure: Failure) -> Result<Made, Failure> {
        if matches!(self.machine.state(), UploadState::Doubtful(Move::Create)) {
            return Err(self.name_leaked(failure).await);
        }
        if !self.machine.holds_parts() {
            return match self.complete_sent && *self.machine.state() == UploadState::Gone {
                true => self.found_gone(failure).await,
                false => Err(failure),
            };
        }
        let Some(upload) = self.machine.upload() else { return Err(failure) };
        let by_hand = abort_command(self.session, &upload);
        if self.complete_lost || matches!(self.machine.state(), UploadState::Doubtful(_)) {
            let more =
                format!("nothing was aborted, as the object may be complete; if it is not:\n  {by_hand}");
            return Err(failure.and(&more));
        }
        if self.args.keep {
            let go_on = resume_command(self.session, self.args, self.look, &upload);
            return Err(failure.and(&format!(
                "the upload is kept, and its parts cost money until it is completed or aborted; go on with\n  {go_on}\nor abort it:\n  {by_hand}"
            )));
        }
        let id = self.session.id();
        let Ok(operation) = self.begin(Move::Abort, id) else { return Err(failure.and(&by_hand)) };
        let outcome = self.session.call_now(&operation, id).await;
        let _ = self.apply(id, &outcome);
        if is_gone(&outcome) && self.complete_sent {
            return self.found_gone(failure).await;
        }
        if *self.machine.state() != UploadState::Aborted {
            return Err(failure.and(&format!(
                "the upload could not be aborted ({}); its parts cost money until it is:\n  {by_hand}",
                outcome.summary()
            )));
        }
        if self.stray && !is_gone(&outcome) && !self.drain(&upload).await {
            let more = format!(
                "the upload was aborted, but a part that was under way may still land and cost money; abort again:\n  {by_hand}"
            );
            return Err(Failure::Doubtful(failure.and(&more).to_string()));
        }
        // What was in doubt was about parts of an upload that is gone now.
        Err(match failure {
            Failure::Doubtful(text) => {
                Failure::Local(format!("{text}\nthe upload was aborted; nothing is left"))
            }
            other => other.and("the upload was aborted; nothing is left"),
        })
    }

    /// After an abort: asks for the parts until S3 does not know the upload, and aborts again while it does.
    async fn drain(&self, upload: &UploadRef) -> bool {
        let list = Operation::ListParts(ListParts {
            upload: upload.clone(),
            part_number_marker: None,
            max_parts: None,
        });
        let abort = Operation::AbortMultipartUpload(upload.clone());
        for _ in 0..ROUNDS {
            for operation in [&list, &abort] {
                if is_gone(&self.session.call_now(operation, self.session.id()).await) {
                    return true;
                }
            }
        }
        false
    }

    /// The upload is gone although nobody here aborted it, and Complete was sent: is it the object now?
    async fn found_gone(&self, failure: Failure) -> Result<Made, Failure> {
        let predicted = self.machine.predicted_etag();
        let destination = self.machine.plan().destination.clone();
        let name = destination.to_string();
        let head = Operation::HeadObject(HeadObject { object: destination, part_number: None });
        match self.session.call_now(&head, self.session.id()).await {
            Outcome::Answered(Output::Head(head)) if Some(&head.etag) == predicted.as_ref() => {
                note(&format!("{failure}\n{name} is complete all the same: it has the predicted ETag"));
                self.tag_now().await?;
                Ok(Made { etag: head.etag, predicted })
            }
            other => {
                let seen = match &other {
                    Outcome::Answered(_) => "it has not the predicted ETag".to_owned(),
                    other => other.summary_of_read(),
                };
                let text = format!(
                    "{failure}\nthe upload is gone: either it was completed and {name} was replaced or cannot be seen, or somebody else aborted it ({name}: {seen})"
                );
                Err(Failure::Doubtful(text))
            }
        }
    }

    /// The tags that were to follow Complete, when the machine has not seen it succeed.
    async fn tag_now(&self) -> Result<(), Failure> {
        let plan = self.machine.plan();
        if plan.tags.is_empty() || plan.tags_fit_header() {
            return Ok(());
        }
        let operation = self.machine.operation(Move::Tag).map_err(|e| Failure::Local(e.to_string()))?;
        match self.session.call_now(&operation, self.session.id()).await {
            Outcome::Answered(_) => Ok(()),
            other => Err(Failure::of(Move::Tag.operation_name(), &other)
                .and("the object is complete, but has no tags")),
        }
    }

    /// A lost Create may have left an upload that nobody knows: list what there is for the key.
    async fn name_leaked(&mut self, failure: Failure) -> Failure {
        let id = self.session.id();
        if let Ok(operation) = self.begin(Move::ListUploads, id) {
            let outcome = self.session.call_now(&operation, id).await;
            let _ = self.apply(id, &outcome);
        }
        if *self.machine.state() == UploadState::Planned {
            return failure.and("no upload of this key is open; nothing is left");
        }
        let mut text = String::from("an upload may be open; if one of these is it, abort it:");
        for upload in self.machine.listed_uploads() {
            let command = abort_command(self.session, upload);
            text.push_str("\n  ");
            text.push_str(&command);
        }
        failure.and(&text)
    }
}

async fn sleep_until(at: Option<Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at.into()).await;
    }
}

/// Whether S3 says that it does not know the upload.
fn is_gone(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(error) if error.code == "NoSuchUpload")
}
