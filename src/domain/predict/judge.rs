//! A prediction beside the answer.

use super::{Certainty, Prediction};
use crate::domain::checksum::Checksums;
use crate::domain::etag::ETag;
use crate::domain::operation::OperationKind;
use crate::domain::outcome::{Outcome, ServiceError};
use crate::domain::output::Output;

/// How an answer compares with what was expected, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is what was expected.
    AsPredicted(String),
    /// It is not: what differs, and the likely reason.
    Surprise(String),
    /// Nothing definite was expected, or the answer is about something else than the request.
    Unpredicted(String),
    /// There was no answer.
    NoAnswer(String),
}

/// Refusals that are about who asks, when, and in what state the service is: no text of the request decides them.
const CIRCUMSTANCES: [&str; 16] = [
    "AccessDenied",
    "Forbidden",
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
    "ExpiredToken",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "IncompleteBody",
    "PermanentRedirect",
    "TemporaryRedirect",
    "AuthorizationHeaderMalformed",
    "SlowDown",
    "InternalError",
    "ServiceUnavailable",
    "InsufficientStorage",
];

impl Prediction {
    /// Compares status and code, ETag and checksum with how the call ended.
    pub fn judge(&self, outcome: &Outcome) -> Verdict {
        match outcome {
            Outcome::Lost(_) | Outcome::Cancelled { .. } => Verdict::NoAnswer(outcome.summary()),
            Outcome::Refused(error) => self.of_refusal(error),
            Outcome::Answered(output) => self.of_output(output),
        }
    }

    fn expected(&self) -> String {
        self.code
            .map_or_else(|| format!("success ({})", self.status), |code| format!("{code} ({})", self.status))
    }

    fn of_refusal(&self, error: &ServiceError) -> Verdict {
        let bodiless = self.kind == OperationKind::HeadObject;
        let same = self.status == error.status && (bodiless || self.code == Some(error.code.as_str()));
        if same && self.code.is_some() {
            return self.met(self.expected());
        }
        if let Certainty::Open(on) = &self.certainty {
            return Verdict::Unpredicted(format!("{error}. It depended on this: {on}"));
        }
        if error.code == "NotImplemented" {
            let words =
                "the server does not do what some header asks for; which rule comes first is then its own";
            return Verdict::Unpredicted(format!("{error}. {words}"));
        }
        if CIRCUMSTANCES.contains(&error.code.as_str()) {
            return Verdict::Unpredicted(format!("{} says nothing about what the request says", error.code));
        }
        Verdict::Surprise(format!("expected {}, and S3 said {error}. {}", self.expected(), self.reason()))
    }

    fn of_output(&self, output: &Output) -> Verdict {
        if let Some(difference) = self.difference(output) {
            return match &self.certainty {
                Certainty::Open(on) => {
                    Verdict::Unpredicted(format!("{difference}. It depended on this: {on}"))
                }
                _ => Verdict::Surprise(difference),
            };
        }
        let etag = self.etag.as_ref().map_or_else(String::new, |tag| format!(", ETag {tag}"));
        self.met(format!("success{etag}"))
    }

    /// What was expected came; with an open prediction that proves no rule.
    fn met(&self, text: String) -> Verdict {
        match &self.certainty {
            Certainty::Certain => Verdict::AsPredicted(format!("{text}, as expected")),
            Certainty::Unverified => {
                Verdict::AsPredicted(format!("{text}, as expected; no source tells what S3 itself answers"))
            }
            Certainty::Open(on) => Verdict::Unpredicted(format!("{text}. It depended on this: {on}")),
        }
    }

    fn difference(&self, output: &Output) -> Option<String> {
        if self.code.is_some() {
            return Some(format!(
                "expected {}, and S3 accepted the request. {}",
                self.expected(),
                self.reason()
            ));
        }
        if let Output::Head(head) = output
            && head.status != self.status
        {
            return Some(format!(
                "expected status {}, and it was {}: the server treats part numbers otherwise",
                self.status, head.status
            ));
        }
        if let (Some(expected), Some(etag)) = (&self.etag, etag_of(output))
            && expected != etag
        {
            return Some(format!(
                "expected the ETag {expected}, and it is {etag}: other bytes arrived or are stored, or the bucket encrypts so that ETags are no MD5s"
            ));
        }
        self.other_checksum(checksums_of(output)?)
    }

    fn other_checksum(&self, sums: &Checksums) -> Option<String> {
        let (algorithm, expected) = self.checksum.as_ref()?;
        match sums.get(algorithm) {
            Some(value) if value == expected => None,
            Some(value) => Some(format!(
                "expected the {algorithm} {expected}, and it is {value}: other bytes arrived or are stored"
            )),
            None => Some(format!(
                "expected the {algorithm} {expected}, and the answer has none: the server knows no checksums, or not this one"
            )),
        }
    }

    fn reason(&self) -> &'static str {
        match self.certainty {
            Certainty::Unverified => "No source tells what S3 answers here",
            _ => "Either this server keeps another rule, or what it holds has changed since it was last seen",
        }
    }
}

fn etag_of(output: &Output) -> Option<&ETag> {
    match output {
        Output::Part(part) => Some(&part.etag),
        Output::Completed(object) => Some(&object.etag),
        Output::Copied(object) => Some(&object.etag),
        Output::Head(head) => Some(&head.etag),
        Output::Attributes(attributes) => attributes.etag.as_ref(),
        _ => None,
    }
}

fn checksums_of(output: &Output) -> Option<&Checksums> {
    match output {
        Output::Part(part) => Some(&part.checksums),
        Output::Completed(object) => Some(&object.checksums),
        _ => None,
    }
}
