//! What a rule does to one exchange: the error that takes its place, or how its body and its answer are spoilt.

use super::auth;
use super::brake::Brake;
use super::clock::parse_amz_date;
use super::corrupt::Corruption;
use super::error::S3Error;
use super::fault::{FaultAction, Faults};
use super::request::Request;
use super::route::Api;
use crate::domain::sigv4::Claim;
use std::time::Duration;

/// What one request meets; nothing, most of the time.
#[derive(Debug, Default)]
pub(crate) struct Met(Option<FaultAction>);

/// What takes the place of serving a request.
#[derive(Debug)]
pub(crate) enum Instead {
    /// The connection is reset.
    Reset,
    /// A refusal, and headers that go with it.
    Refusal(S3Error, Vec<(&'static str, String)>),
    /// 200, and an error later.
    LateError,
}

impl Met {
    /// Takes a use of the rule that fits this request, if there is one.
    pub(crate) fn by(faults: &Faults, api: Api, request: &Request) -> Self {
        let part = request.param("partNumber").and_then(|n| n.parse().ok());
        Self(faults.take(&api.name(), part, &request.key))
    }

    /// What is done to the body while it arrives, if anything.
    pub(crate) fn corruption(&self, claim: &Claim) -> Option<Corruption> {
        (self.0 == Some(FaultAction::Corrupt))
            .then(|| Corruption::new(claim.payload_hash.starts_with("STREAMING-")))
    }

    /// What is done instead of serving the request, if anything. `now` is the true time.
    pub(crate) fn instead(&self, request: &Request, claim: &Claim, now: i64) -> Option<Instead> {
        let plain = |error| Some(Instead::Refusal(error, Vec::new()));
        match self.0.as_ref()? {
            FaultAction::Reset => Some(Instead::Reset),
            FaultAction::SlowDown => plain(S3Error::slow_down()),
            FaultAction::InternalError => plain(S3Error::internal()),
            FaultAction::ErrorAfterOk => Some(Instead::LateError),
            FaultAction::ExpiredToken => plain(expired(request)),
            FaultAction::ClockSkew(ahead) => {
                let time = parse_amz_date(&claim.timestamp).unwrap_or(now);
                plain(auth::skewed(time, now.saturating_add(*ahead)))
            }
            FaultAction::PermanentRedirect(region) => Some(redirect(request, region, true)),
            FaultAction::TemporaryRedirect(region) => Some(redirect(request, region, false)),
            FaultAction::Delay(_)
            | FaultAction::SlowAnswer(_)
            | FaultAction::ResetAfter(_)
            | FaultAction::LostAnswer
            | FaultAction::Corrupt => None,
        }
    }

    /// Seconds that the clock is ahead by which the answer is dated.
    pub(crate) fn ahead(&self) -> i64 {
        if let Some(FaultAction::ClockSkew(ahead)) = self.0 { ahead } else { 0 }
    }

    /// Whether the answer to a request that was served is lost.
    pub(crate) fn loses_answer(&self) -> bool {
        self.0 == Some(FaultAction::LostAnswer)
    }

    /// How long an answer waits before its first byte.
    pub(crate) fn delay(&self) -> Option<Duration> {
        if let Some(FaultAction::Delay(time)) = self.0 { Some(time) } else { None }
    }

    /// What holds the answer back while it is written.
    pub(crate) fn brake(&self) -> Brake {
        match self.0 {
            Some(FaultAction::SlowAnswer(rate)) => Brake::rate(rate),
            Some(FaultAction::ResetAfter(bytes)) => Brake::cut(bytes),
            _ => Brake::default(),
        }
    }
}

/// 400 `ExpiredToken`. S3 repeats the token in `Token-0`; a request without one is given a stand-in.
fn expired(request: &Request) -> S3Error {
    let token = request.header("x-amz-security-token").or_else(|| request.param("X-Amz-Security-Token"));
    S3Error::new(400, "ExpiredToken", "The provided token has expired.")
        .with("Token-0", token.unwrap_or("sandbox-session-token"))
}

/// Sends a client to another region. The sandbox has one address for all of them, so the endpoint it names is its
/// own: nobody is led off this machine.
fn redirect(request: &Request, region: &str, permanent: bool) -> Instead {
    let host = request.header("host").unwrap_or("");
    let (status, code, message) = match permanent {
        true => (
            301,
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
        ),
        false => (
            307,
            "TemporaryRedirect",
            "Please re-send this request to the specified temporary endpoint. Continue to use the original request endpoint for future requests.",
        ),
    };
    let mut error = S3Error::new(status, code, message).with("Endpoint", host);
    if !request.bucket.is_empty() {
        error = error.with("Bucket", &request.bucket);
    }
    let mut headers = vec![("x-amz-bucket-region", region.to_owned())];
    if !permanent {
        let target = &request.head.target;
        // The absolute form of a target is a location already.
        let there = if target.starts_with('/') { format!("http://{host}{target}") } else { target.clone() };
        headers.push(("Location", there));
    }
    Instead::Refusal(error, headers)
}
