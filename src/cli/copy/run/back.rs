//! How a copy ends that did not go through: what is in doubt is asked, and what was begun is put back or named.

use super::Run;
use crate::cli::Failure;
use crate::cli::copy::Made;
use crate::cli::copy::names::{abort_commands, kept_json, resume_command};
use crate::cli::out::note;
use crate::domain::operation::{HeadObject, ListParts, Operation, UploadRef};
use crate::domain::outcome::Outcome;
use crate::domain::output::Output;
use crate::domain::upload::{Move, UploadState};

/// How often an upload is looked for after its abort, while a part of it may land late.
const ROUNDS: u32 = 3;

impl Run<'_> {
    /// After a lost Complete: if the object has the predicted ETag, it took effect.
    ///
    /// The object proves it only once the upload is gone: before, an older object could have the same ETag.
    pub(super) async fn settle(&mut self, failure: Failure) -> Result<(), Failure> {
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
    pub(super) async fn put_back(&mut self, failure: Failure) -> Result<Made, Failure> {
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
        let by_hand = abort_commands(self.session, &upload);
        if self.complete_lost || matches!(self.machine.state(), UploadState::Doubtful(_)) {
            let more =
                format!("nothing was aborted, as the object may be complete; if it is not:\n  {by_hand}");
            return Err(failure.and(&more));
        }
        if self.args.keep || self.args.resume.is_some() {
            if self.session.is_passing() {
                return Err(failure.and(
                    "the upload was kept, and ended with the sandbox of this command; \
                     to go on with one, start partscope serve and give its --endpoint-url",
                ));
            }
            let go_on = resume_command(self.session, self.args, self.look, &upload);
            self.say.fact(&kept_json(&upload, &go_on, self.session))?;
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
        if !self.machine.tags_follow() {
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
            let command = abort_commands(self.session, upload);
            text.push_str("\n  ");
            text.push_str(&command);
        }
        failure.and(&text)
    }
}

/// Whether S3 says that it does not know the upload.
fn is_gone(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(error) if error.code == "NoSuchUpload")
}
