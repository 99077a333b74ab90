//! Records what other clients send and are answered, on the server's side of their connections.
//!
//! What was read ahead of a request belongs to the next one, so a request's bytes are recorded when they are taken out
//! of the connection's buffer, and not when they come from the socket. A record begins when the head is read or has
//! failed: before that nobody knows whether the request is for S3 at all.

use super::broken::Broken;
use super::origin::Hosts;
use super::request::{Head, Request};
use super::route::route;
use crate::domain::exchange::{CallKind, End, Stranger};
use crate::wire::hub::Hub;
use crate::wire::recorder::{Arrival, Recorder};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where the exchanges of other clients are recorded.
#[derive(Debug)]
pub(crate) struct Watch {
    hub: Arc<Hub>,
    connections: AtomicU64,
}

impl Watch {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        hub.own().will_be_asked();
        Self { hub, connections: AtomicU64::new(0) }
    }

    /// What to record a connection with; `None` for the program's own. To be asked after its first byte, or its end.
    pub(crate) fn tape(&self, peer: SocketAddr) -> Option<Box<Tape>> {
        if self.hub.own().meet(peer) {
            return None;
        }
        let connection = self.connections.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let now = self.hub.now_micros();
        Some(Box::new(Tape {
            hub: Arc::clone(&self.hub),
            peer,
            connection,
            reused: false,
            arrived: now,
            begun: now,
            pending: Vec::new(),
            current: None,
            whole: false,
            trouble: None,
        }))
    }
}

/// The record of one connection: one exchange at a time.
#[derive(Debug)]
pub(crate) struct Tape {
    hub: Arc<Hub>,
    peer: SocketAddr,
    connection: u64,
    reused: bool,
    /// When bytes were last read from the socket.
    arrived: u64,
    /// When the first byte of the request under way was read.
    begun: u64,
    /// Bytes of a request whose record has not begun.
    pending: Vec<u8>,
    current: Option<Recorder>,
    /// Whether the request under way was read to its end.
    whole: bool,
    /// What went wrong with the request, though it may have been answered.
    trouble: Option<String>,
}

impl Tape {
    /// Bytes came from the socket.
    pub(crate) fn came(&mut self) {
        self.arrived = self.hub.now_micros();
    }

    /// A request begins with bytes that are there already.
    pub(crate) fn begins(&mut self) {
        self.begun = self.arrived;
    }

    /// Bytes of the request under way were taken out of the buffer.
    pub(crate) fn request(&mut self, data: &[u8]) {
        match &self.current {
            Some(recorder) => recorder.received(data, self.arrived),
            None => self.pending.extend_from_slice(data),
        }
    }

    /// Bytes of the answer were taken by the socket.
    pub(crate) fn answer(&mut self, data: &[u8]) {
        if let Some(recorder) = &self.current {
            recorder.answered(data);
        }
    }

    /// The head was read, and is not for the control interface.
    pub(crate) fn head(&mut self, head: &Head, hosts: &Hosts) {
        let (kind, stranger) = (call(head, hosts), Stranger::of(|name| head.header(name)));
        self.begin(kind, stranger);
    }

    /// The request could not be read, or not to its end.
    pub(crate) fn broken(&mut self, broken: &Broken, unread: &[u8]) {
        self.request(unread);
        if self.current.is_none() {
            self.begin(CallKind::unnamed(method(&self.pending)), Stranger::default());
        }
        if !matches!(broken, Broken::HeadTooLarge | Broken::Malformed(_)) {
            self.trouble = Some(said(broken));
        }
    }

    /// The request was read to its end.
    pub(crate) fn request_is_whole(&mut self) {
        self.whole = true;
    }

    /// Whether what still comes belongs to the request that was answered.
    pub(crate) fn expects_more(&self) -> bool {
        !self.whole && self.current.is_some()
    }

    /// The same connection after a request that was not for S3: nothing of it is recorded.
    pub(crate) fn without_request(mut self: Box<Self>) -> Box<Self> {
        self.pending = Vec::new();
        self
    }

    /// The exchange is over, and this is how.
    pub(crate) fn end(&mut self, reset: bool, ended: Result<(), &Broken>) {
        let end = match (self.trouble.take(), ended) {
            (Some(trouble), _) => End::Failed(trouble),
            (None, Err(broken)) => End::Failed(said(broken)),
            (None, Ok(())) if reset => End::Failed("a fault reset the connection".to_owned()),
            (None, Ok(())) => End::Complete,
        };
        if let Some(recorder) = self.current.take() {
            recorder.finish(end);
        }
        (self.whole, self.reused) = (false, true);
    }

    fn begin(&mut self, kind: CallKind, stranger: Stranger) {
        let recorder = self.hub.arrived(Arrival {
            kind,
            stranger,
            peer: self.peer,
            connection: self.connection,
            reused: self.reused,
            at: self.begun,
        });
        recorder.received(&std::mem::take(&mut self.pending), self.arrived);
        self.current = Some(recorder);
    }
}

/// Which call a head asks for, by the sandbox's own table; its method when it is none of them.
fn call(head: &Head, hosts: &Hosts) -> CallKind {
    let request = Request::of(head.clone(), hosts).ok();
    let api = request.and_then(|request| route(&request).ok());
    let named = api.and_then(|api| CallKind::named(&api.name()));
    named.unwrap_or_else(|| CallKind::unnamed(&head.method))
}

/// The method with which bytes begin that came to no head.
fn method(bytes: &[u8]) -> &str {
    let word = bytes.split(|b| *b == b' ').next().unwrap_or(&[]);
    std::str::from_utf8(word).unwrap_or("")
}

/// What went wrong, with its cause.
fn said(broken: &Broken) -> String {
    match broken {
        Broken::Io(cause) => format!("{broken}: {cause}"),
        Broken::Closed => "the client closed the connection in the middle of its request".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_sandbox_has_a_name() {
        let source = include_str!("route.rs");
        let (_, list) = source.split_once("pub(crate) enum Api {\n").unwrap();
        let names: Vec<&str> =
            list.split('}').next().unwrap().lines().map(|l| l.trim().trim_end_matches(',')).collect();
        let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
        assert!(names.len() > 50);
        let unknown: Vec<_> = names.iter().filter(|name| CallKind::named(name).is_none()).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn a_request_that_came_to_no_head_is_called_by_its_first_word() {
        assert_eq!(method(b"PUT /b"), "PUT");
        assert_eq!(CallKind::unnamed(method(b"\xff\xfe ")), CallKind::Unnamed(CallKind::NO_METHOD));
        assert_eq!(CallKind::unnamed(method(b"")), CallKind::Unnamed(CallKind::NO_METHOD));
    }
}
