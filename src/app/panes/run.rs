//! A run: many parts sent one after the other, several at a time, at the pace that S3 allows.

use crate::domain::deed::Deed;
use crate::domain::operation::OperationId;
use crate::domain::outcome::ServiceError;
use crate::domain::pace::{Options, Pace, Stop};
use crate::domain::units::PartNumber;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Why a run ends before its parts do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The user let those on their way go on.
    Stopped,
    /// The user called them off.
    CalledOff,
    /// Writes are no longer allowed.
    Locked,
    /// S3 refused a part and would refuse every other, or the upload is no longer open: in words.
    Senseless(String),
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Stopped => "it was told to stop",
            Self::CalledOff => "it was called off",
            Self::Locked => "this endpoint is read-only now",
            Self::Senseless(why) => why,
        })
    }
}

/// A run over many parts of one upload.
#[derive(Debug, Clone)]
pub struct Run {
    /// Which part next, how many at once, when to wait.
    pub pace: Pace,
    /// Microseconds when it began.
    pub begun: u64,
    /// Its calls under way, those in line included.
    pub calls: BTreeMap<OperationId, PartNumber>,
    /// Those of them that wait for their turn, as far as the wire has not shown them: nothing of them was sent.
    pub in_line: BTreeSet<OperationId>,
    /// Parts that were stored when it began and are sent again to be replaced.
    pub replaces: BTreeSet<PartNumber>,
    /// Why nothing more is begun; it is over once its calls have ended.
    pub ending: Option<Ending>,
    /// What its calls belong to.
    pub deed: Option<Arc<Deed>>,
    /// When the pace allows the next part, while it waits for that. Microseconds.
    pub wake_at: Option<u64>,
}

impl Run {
    /// A run of no parts yet.
    pub fn new(now: u64, dial: u16) -> Self {
        Self {
            pace: Pace::new([], Options { dial, lines_up: true, ..Options::default() }),
            begun: now,
            calls: BTreeMap::new(),
            in_line: BTreeSet::new(),
            replaces: BTreeSet::new(),
            ending: None,
            deed: None,
            wake_at: None,
        }
    }

    /// Begins nothing more; what is on its way goes on. The first reason stays.
    pub fn end(&mut self, why: Ending) {
        self.wake_at = None;
        self.ending.get_or_insert(why);
    }

    /// How many of its calls have begun and not ended, as far as is known.
    pub fn on_their_way(&self) -> usize {
        self.calls.len() - self.in_line.len()
    }

    /// The wire shows a call: it has begun, and so have those before it.
    pub fn seen(&mut self, id: OperationId) {
        if self.in_line.first().is_some_and(|first| *first <= id) && self.calls.contains_key(&id) {
            self.in_line = self.in_line.split_off(&OperationId(id.0 + 1));
        }
    }

    /// How much further it may go, in words; empty when to the end.
    pub fn stop_words(&self) -> String {
        match self.pace.stop() {
            Stop::Never => String::new(),
            Stop::After(0) => "no further part".into(),
            Stop::After(1) => "1 more part".into(),
            Stop::After(n) => format!("{n} more parts"),
            Stop::At(number) => format!("up to part {number}"),
        }
    }
}

/// Whether S3 would say the same of every further part, so that there is no sense in going on.
pub fn is_hopeless(error: &ServiceError) -> bool {
    const CODES: [&str; 18] = [
        "NoSuchUpload",
        "NoSuchBucket",
        "NoSuchKey",
        "NoSuchVersion",
        "AccessDenied",
        "AllAccessDisabled",
        "AccountProblem",
        "AuthorizationHeaderMalformed",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "PreconditionFailed",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "InvalidObjectState",
        "MethodNotAllowed",
        "NotImplemented",
        "InsufficientStorage",
    ];
    CODES.contains(&error.code.as_str()) || matches!(error.status, 401 | 403 | 405 | 412 | 501 | 507)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, code: &str) -> ServiceError {
        ServiceError { status, code: code.into(), message: String::new(), request_id: None, detail: vec![] }
    }

    #[test]
    fn what_concerns_every_part_is_told_from_what_concerns_one() {
        for (status, code) in
            [(404, "NoSuchUpload"), (403, "AccessDenied"), (412, "PreconditionFailed"), (403, "Odd")]
        {
            assert!(is_hopeless(&error(status, code)), "{code}");
        }
        for (status, code) in [(400, "InvalidArgument"), (400, "InvalidRange"), (400, "EntityTooLarge")] {
            assert!(!is_hopeless(&error(status, code)), "{code}");
        }
    }

    #[test]
    fn the_first_reason_to_end_stays() {
        let mut run = Run::new(0, 4);
        run.end(Ending::Locked);
        run.end(Ending::CalledOff);
        assert_eq!(run.ending, Some(Ending::Locked));
    }
}
