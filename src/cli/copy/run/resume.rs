//! Goes on with an upload that is open already.

use super::Run;
use crate::cli::Failure;
use crate::cli::copy::names::abort_commands;
use crate::cli::out::note;
use crate::domain::etag::ETag;
use crate::domain::request_plan::Boundaries;
use crate::domain::rescue::Rescue;
use crate::domain::units::PartNumber;
use crate::domain::upload::Move;

impl Run<'_> {
    /// Learns what the open upload holds, and answers the parts that stay without a proof.
    pub(super) async fn take_up(&mut self) -> Result<Vec<PartNumber>, Failure> {
        while !self.machine.ledger_is_whole() {
            self.step(Move::ListParts).await?;
        }
        let held = self.machine.held_parts();
        let rescue = Rescue::compare(&self.look.wanted, &held, false);
        if let Some(why) = rescue.misfit() {
            self.unfit = true;
            let upload = self.machine.upload();
            let by_hand = upload.map(|u| abort_commands(self.session, &u)).unwrap_or_default();
            return Err(Failure::Local(format!(
                "this upload is no unfinished one of this copy: {why}; \
                 if it was cut otherwise, name its size with --part-size"
            ))
            .and(&format!("nothing was sent; if nobody needs the upload, abort it:\n  {by_hand}")));
        }
        let to_send: Vec<PartNumber> = rescue.to_send().collect();
        let left = self.look.requests.clone().left(self.machine.plan(), &to_send);
        self.say.plan(self.look, &left, self.args.dry_run)?;
        self.say.resumed(&rescue, self.foretold().is_some())?;
        for number in rescue.to_send() {
            self.send_again(number)?;
        }
        Ok(rescue.unproved().collect())
    }

    /// The ETag that tells whether the parts have the source's bytes: with boundaries that are, or should be, its own.
    fn foretold(&self) -> Option<&ETag> {
        let chosen = self.look.boundaries == Some(Boundaries::Chosen);
        self.look.requests.etags.planned.as_ref().filter(|_| !chosen)
    }

    /// Plans a part once more; what S3 holds of it stays until the new one is there.
    fn send_again(&mut self, number: PartNumber) -> Result<(), Failure> {
        let Some(planned) = self.machine.parts().get(&number).map(|p| p.planned.clone()) else {
            return Ok(());
        };
        self.machine.plan_part(planned).map_err(|e| Failure::Local(e.to_string()))
    }

    /// With the source's own boundaries the parts must give its ETag. If they do not, those that stayed without a
    /// proof are sent too; with likely boundaries as well, so that nothing but these can be at fault afterwards.
    pub(super) async fn prove(&mut self, unproved: &[PartNumber]) -> Result<(), Failure> {
        let Some(foretold) = self.foretold().filter(|_| !unproved.is_empty()) else { return Ok(()) };
        if self.machine.predicted_etag().as_ref() == Some(foretold) {
            return Ok(());
        }
        note(&format!(
            "note: the parts do not give the ETag that was planned; sending the {} that were not compared",
            unproved.len()
        ));
        for number in unproved {
            self.send_again(*number)?;
        }
        self.parts().await
    }
}
