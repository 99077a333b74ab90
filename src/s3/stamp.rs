//! Tells the connector which call and attempt a request belongs to, and brings back what the SDK throws away.
//!
//! The SDK hands its requests to the connector one attempt at a time. An interceptor puts a [`Stamp`] into the
//! request's extensions before each of them; the connector writes the status line's number, the headers in
//! wire order and the beginning of the body into the stamp's [`CallRecord`], because error documents are
//! parsed from their own bytes here and not from the SDK's reading of them.

use crate::domain::names::encode_query;
use crate::domain::operation::{Amendment, OperationId, OperationKind};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Names the call and the attempt of one request.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// The call.
    pub operation: OperationId,
    /// Which call.
    pub kind: OperationKind,
    /// 1 for the first try.
    pub attempt: u32,
    /// Whether each attempt waits to be released.
    pub hold: bool,
    /// Where the answer is noted.
    pub record: Arc<CallRecord>,
    /// What the request is to say otherwise.
    pub amendment: Arc<Amendment>,
}

/// What happened on the wire to one call, over all its attempts.
#[derive(Debug, Default)]
pub struct CallRecord {
    /// Set as soon as a byte of any attempt was accepted by a stream.
    pub sent: Arc<AtomicBool>,
    answer: Mutex<Answer>,
}

/// The answer of the latest attempt, as far as it came.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Status of the final response head; `None` until it came.
    pub status: Option<u16>,
    /// The bytes it began with, its head among them, as they were read.
    pub heads: Vec<u8>,
    /// The beginning of the body.
    pub body: Vec<u8>,
    /// Whether the body was read to its end.
    pub whole: bool,
    /// The server did not understand the sub-resource and began to send something else: bytes read of that.
    pub foreign: Option<u64>,
}

impl Answer {
    /// The headers of the final head, in wire order and with the server's casing.
    pub fn headers(&self) -> Vec<(String, String)> {
        let mut rest = self.heads.as_slice();
        loop {
            let mut slots = [httparse::EMPTY_HEADER; 128];
            let mut head = httparse::Response::new(&mut slots);
            let Ok(httparse::Status::Complete(len)) = head.parse(rest) else { return Vec::new() };
            if head.code.is_some_and(|code| code < 200) {
                rest = rest.get(len..).unwrap_or(&[]);
                continue;
            }
            let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
            return head.headers.iter().map(|h| (h.name.to_owned(), text(h.value))).collect();
        }
    }

    /// The value of the first header of this name.
    pub fn header(&self, wanted: &str) -> Option<String> {
        self.headers().into_iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    }
}

impl CallRecord {
    /// Bytes of a body kept for reading error documents.
    pub const BODY: usize = 64 * 1024;

    /// Whether any byte of the call was accepted by a stream.
    pub fn was_sent(&self) -> bool {
        self.sent.load(Ordering::Acquire)
    }

    /// A copy of the latest attempt's answer.
    pub fn answer(&self) -> Answer {
        self.lock().clone()
    }

    /// Looks at the latest attempt's answer without copying it.
    pub fn look<T>(&self, at: impl FnOnce(&Answer) -> T) -> T {
        at(&self.lock())
    }

    /// Forgets the previous attempt's answer.
    pub fn reset(&self) {
        *self.lock() = Answer::default();
    }

    /// Notes something about the answer.
    pub fn note(&self, change: impl FnOnce(&mut Answer)) {
        change(&mut self.lock());
    }

    /// Adds body bytes as they pass, up to the limit.
    pub fn body(&self, data: &[u8]) {
        let mut answer = self.lock();
        let room = Self::BODY.saturating_sub(answer.body.len());
        answer.body.extend_from_slice(data.get(..room.min(data.len())).unwrap_or(&[]));
    }

    fn lock(&self) -> MutexGuard<'_, Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The interceptor of one call.
#[derive(Debug, Clone)]
pub struct Stamper(pub Stamp);

impl Intercept for Stamper {
    fn name(&self) -> &'static str {
        "partscope::Stamper"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        amend(context.request_mut(), &self.0.amendment)
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let attempt = cfg.load::<RequestAttempts>().map_or(1, |a| a.attempts());
        self.0.record.reset();
        context.request_mut().add_extension(Stamp { attempt, ..self.0.clone() });
        Ok(())
    }
}

/// Puts an amendment on a request that is about to be signed.
fn amend(request: &mut HttpRequest, amendment: &Amendment) -> Result<(), BoxError> {
    for (name, value) in &amendment.headers {
        request.headers_mut().remove(name.clone());
        if let Some(value) = value {
            request.headers_mut().try_insert(name.clone(), value.clone())?;
        }
    }
    if !amendment.query.is_empty() {
        let uri = amended_query(request.uri(), &amendment.query);
        request.set_uri(uri)?;
    }
    Ok(())
}

/// The address with other values in its query; what it says besides stays in its order.
fn amended_query(uri: &str, changes: &[(String, Option<String>)]) -> String {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let mut pairs: Vec<String> = query.split('&').filter(|p| !p.is_empty()).map(str::to_owned).collect();
    for (name, value) in changes {
        let named = |pair: &String| pair.split('=').next() == Some(name.as_str());
        let at = pairs.iter().position(named);
        let new = value.as_ref().map(|value| format!("{name}={}", encode_query(value)));
        match (at, new) {
            (Some(at), Some(new)) => pairs.splice(at..=at, [new]).for_each(drop),
            (Some(at), None) => drop(pairs.remove(at)),
            (None, Some(new)) => pairs.push(new),
            (None, None) => {}
        }
    }
    let mark = if pairs.is_empty() { "" } else { "?" };
    format!("{path}{mark}{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_keep_their_order_and_casing_and_interim_heads_are_skipped() {
        let raw = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nETag: \"a\"\r\nx-amz-id-2: b\r\n\r\nbody";
        let want = [("ETag", "\"a\""), ("x-amz-id-2", "b")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let answer = Answer { heads: raw.to_vec(), ..Answer::default() };
        assert_eq!(answer.headers(), want);
        assert_eq!(answer.header("etag").as_deref(), Some("\"a\""));
    }

    #[test]
    fn a_query_keeps_what_is_not_amended() {
        let change = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
        let uri = "http://h/b/k?x-id=UploadPart&partNumber=1&uploadId=U%2F";
        let changes = [change("partNumber", Some("1 0")), change("x", Some("y")), change("uploadId", None)];
        assert_eq!(amended_query(uri, &changes), "http://h/b/k?x-id=UploadPart&partNumber=1%200&x=y");
        assert_eq!(amended_query("http://h/b?a", &[change("a", None)]), "http://h/b");
    }
}
