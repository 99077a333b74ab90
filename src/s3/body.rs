//! The response body as the SDK reads it, and the end of an exchange.
//!
//! The body carries the connection and the record of its attempt. When the last byte has been read it waits
//! until the connection is at a message boundary, gives it back to the pool and ends the record, and only then
//! tells the SDK that the body is over: so a finished call has finished records and a free connection.
//! Dropped earlier, both go down with it.

use super::pool::{Lease, Pool};
use super::stamp::CallRecord;
use crate::domain::exchange::End;
use crate::wire::recorder::Recorder;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Sleep;

/// How long a request may still be on its way out after its response is complete. A server that refuses a
/// large part early may stop reading; the connection is then given up.
const LINGER: Duration = Duration::from_secs(1);

/// No document this program asks for is longer; what is longer is not an answer.
const LIMIT: u64 = 32 * 1024 * 1024;

/// Why a body was given up.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The connection failed.
    #[error(transparent)]
    Connection(#[from] hyper::Error),
    /// More than an answer can be.
    #[error("the answer is longer than {} MiB", .0 / 1024 / 1024)]
    TooLong(u64),
}

/// The response body of one attempt.
pub struct ResponseBody {
    incoming: Option<Incoming>,
    queued: VecDeque<Bytes>,
    read: u64,
    limit: u64,
    lease: Option<Lease>,
    recorder: Option<Recorder>,
    record: Arc<CallRecord>,
    pool: Arc<Pool>,
    linger: Option<Pin<Box<Sleep>>>,
}

impl ResponseBody {
    /// The body of a response whose head has just come.
    pub fn new(
        incoming: Incoming,
        lease: Lease,
        recorder: Recorder,
        record: Arc<CallRecord>,
        pool: Arc<Pool>,
    ) -> Self {
        let (lease, recorder) = (Some(lease), Some(recorder));
        Self {
            incoming: Some(incoming),
            queued: VecDeque::new(),
            read: 0,
            limit: LIMIT,
            lease,
            recorder,
            record,
            pool,
            linger: None,
        }
    }

    /// Reads until `enough` bytes are here, there are no more, or those that came are no beginning of what is
    /// looked for, without taking them from the SDK.
    pub async fn peek(&mut self, enough: usize, may_be: fn(&[u8]) -> bool) -> Result<(), BodyError> {
        while self.queued.iter().map(Bytes::len).sum::<usize>() < enough
            && self.queued.iter().take(1).all(|first| may_be(first))
            && self.incoming.is_some()
        {
            match std::future::poll_fn(|cx| self.poll_incoming(cx)).await {
                Some(Ok(data)) => self.queued.push_back(data),
                Some(Err(error)) => return Err(error),
                None => break,
            }
        }
        Ok(())
    }

    /// Bytes read so far.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Gives up after this many bytes instead of the usual limit.
    pub fn limit(&mut self, bytes: u64) {
        self.limit = bytes;
    }

    /// Gives the response up: the connection is closed, the record says why.
    pub fn abandon(mut self, why: &str) {
        self.fail(why);
    }

    /// Finishes at once when there is no body at all (HEAD, 204).
    pub async fn settle_if_empty(&mut self) {
        if self.incoming.as_ref().is_some_and(Body::is_end_stream) {
            self.incoming = None;
            std::future::poll_fn(|cx| self.poll_settle(cx)).await;
        }
    }

    fn fail(&mut self, why: &str) {
        self.incoming = None;
        if let Some(recorder) = self.recorder.take() {
            recorder.finish(End::Failed(why.to_owned()));
        }
        self.lease = None;
    }

    /// The next bytes from the connection.
    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            let Some(incoming) = self.incoming.as_mut() else { return Poll::Ready(None) };
            match ready!(Pin::new(incoming).poll_frame(cx)) {
                // Trailers are on the wire and in the record; the SDK has no use for them.
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else { continue };
                    self.read = self.read.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
                    self.record.body(&data);
                    if self.read > self.limit {
                        let too_long = BodyError::TooLong(self.limit);
                        self.fail(&too_long.to_string());
                        return Poll::Ready(Some(Err(too_long)));
                    }
                    return Poll::Ready(Some(Ok(data)));
                }
                Some(Err(error)) => {
                    self.fail(&super::error::chain(&error));
                    return Poll::Ready(Some(Err(error.into())));
                }
                None => {
                    self.incoming = None;
                    return Poll::Ready(None);
                }
            }
        }
    }

    /// Waits for the message boundary and ends the exchange.
    fn poll_settle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(lease) = self.lease.as_mut() {
            let reusable = match lease.sender.poll_ready(cx) {
                Poll::Ready(ready) => ready.is_ok(),
                Poll::Pending => {
                    let linger = self.linger.get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER)));
                    ready!(linger.as_mut().poll(cx));
                    false
                }
            };
            self.record.note(|answer| answer.whole = true);
            if let Some(recorder) = self.recorder.take() {
                recorder.finish(End::Complete);
            }
            if let Some(lease) = self.lease.take().filter(|_| reusable) {
                self.pool.put(lease);
            }
        }
        Poll::Ready(())
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(data) = self.queued.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if let Some(data) = ready!(self.poll_incoming(cx)) {
            return Poll::Ready(Some(data.map(Frame::data)));
        }
        ready!(self.poll_settle(cx));
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.queued.is_empty() && self.incoming.is_none() && self.lease.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.incoming {
            Some(incoming) if self.queued.is_empty() => incoming.size_hint(),
            _ => SizeHint::default(),
        }
    }
}
