//! The multipart uploads of other clients, put together from their exchanges.
//!
//! One exchange costs a look-up or two, however many there were before. Everything here was seen on the wire; what was
//! not seen is not filled in: an upload whose Create was not seen says so, and an answer that was not whole
//! leaves its call doubtful.

mod heard;
mod session;
mod tell;

pub use heard::Answer;
pub use session::{Around, PartSeen, PartSize, Session, SessionId, Stage, When};

use super::exchange::{CallKind, Exchange, ExchangeId};
use super::message::Message;
use super::names::ObjectRef;
use super::operation::{OperationKind, UploadRef};
use heard::{Asked, element, header, parts_named};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Most parts kept of all uploads together; whole uploads are dropped beyond it, the oldest that are over first.
const MAX_PARTS: usize = 100_000;
/// Most uploads kept.
const MAX_SESSIONS: usize = 10_000;
/// Calls remembered for an upload that may begin after them.
const RECENT: usize = 64;
/// How long before an upload begins, or after it ended, a call on its object still belongs to its story, in microseconds.
const NEAR: u64 = 30_000_000;

/// What other clients are doing.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    /// Names of the sandbox, besides `localhost`, with a bucket in front of them.
    hosts: Vec<String>,
    sessions: BTreeMap<SessionId, Session>,
    by_upload: HashMap<UploadRef, SessionId>,
    /// Uploads by the object they make and by the source they copy, newest last.
    by_object: HashMap<(String, String), Vec<SessionId>>,
    live: HashMap<ExchangeId, Live>,
    recent: VecDeque<(String, Around)>,
    next: u64,
    parts: usize,
    dropped: u64,
}

/// An exchange that is under way.
#[derive(Debug, Clone)]
struct Live {
    asked: Asked,
    /// The upload it belongs to, with the span of its part.
    session: Option<(SessionId, Option<usize>)>,
}

/// What the end of an exchange brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// The upload it belongs to, if any.
    pub session: Option<SessionId>,
    /// Whether this was its end: Complete or Abort was answered now.
    pub over: bool,
    /// The part, when it was an attempt at one.
    pub part: Option<u16>,
}

impl Watched {
    /// Nothing seen yet. `hosts` are names of the sandbox besides `localhost`.
    pub fn new(hosts: Vec<String>) -> Self {
        Self { hosts, ..Self::default() }
    }

    /// Learns from an exchange, as often as it changes. Says what it was when it has ended; `None` before, and for
    /// the program's own.
    pub fn take(&mut self, exchange: &Exchange) -> Option<Settled> {
        let client = exchange.sender.stranger()?.short();
        if !self.live.contains_key(&exchange.id) {
            let Some(asked) = Asked::of(exchange, &self.hosts) else {
                let nothing = Settled { session: None, over: false, part: None };
                return exchange.end.as_ref().map(|_| nothing);
            };
            let session = self.begin(client, exchange, &asked);
            self.live.insert(exchange.id, Live { asked, session });
        }
        if exchange.end.is_none() {
            self.progress(exchange);
            return None;
        }
        let live = self.live.remove(&exchange.id)?;
        let settled = self.end(client, exchange, live);
        self.forget_old();
        Some(settled)
    }

    /// Uploads, the oldest first.
    pub fn sessions(&self) -> impl DoubleEndedIterator<Item = &Session> {
        self.sessions.values()
    }

    /// One upload.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    /// The upload an exchange belongs to; for Create once it was answered.
    pub fn of(&self, exchange: &Exchange) -> Option<&Session> {
        exchange.sender.stranger()?;
        let asked = Asked::of(exchange, &self.hosts)?;
        let created = || created_id(exchange).filter(|_| Answer::of(exchange) == Answer::Done);
        let upload_id = asked.upload_id.clone().or_else(created)?;
        let upload = UploadRef { bucket: asked.bucket, key: asked.key, upload_id };
        self.by_upload.get(&upload).and_then(|id| self.sessions.get(id))
    }

    /// Uploads dropped to keep within the bounds.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn begin(
        &mut self,
        client: &str,
        exchange: &Exchange,
        asked: &Asked,
    ) -> Option<(SessionId, Option<usize>)> {
        let id = self.find_or_open(client, exchange, asked)?;
        let known =
            self.sessions.get(&id).is_some_and(|s| asked.part.is_some_and(|n| s.parts.contains_key(&n)));
        let session = self.sessions.get_mut(&id)?;
        let (mut span, copied) = (None, session.source.is_some());
        match (exchange.kind.known(), asked.part) {
            (Some(OperationKind::UploadPart | OperationKind::UploadPartCopy), Some(number)) => {
                span = Some(session.part_begins(asked, number, exchange.id, exchange.timing.begun));
                self.parts += usize::from(!known);
            }
            (Some(OperationKind::CompleteMultipartUpload), _) => session.end_begins(true),
            (Some(OperationKind::AbortMultipartUpload), _) => session.end_begins(false),
            (Some(OperationKind::ListParts), _) => session.listed = session.listed.saturating_add(1),
            _ => {}
        }
        let own = (session.upload.bucket.clone(), session.upload.key.clone());
        let source = session.source.as_ref().filter(|_| !copied);
        if let Some(object) = source.map(|s| (s.bucket.clone(), s.key.clone())).filter(|o| *o != own) {
            self.about(id, object);
        }
        Some((id, span))
    }

    /// The session of a request that names an upload.
    fn find_or_open(&mut self, client: &str, exchange: &Exchange, asked: &Asked) -> Option<SessionId> {
        let upload_id = asked.upload_id.clone()?;
        // Whatever else has an upload id in its query is not about an upload.
        exchange.kind.known().filter(|kind| {
            matches!(
                kind,
                OperationKind::UploadPart
                    | OperationKind::UploadPartCopy
                    | OperationKind::CompleteMultipartUpload
                    | OperationKind::AbortMultipartUpload
                    | OperationKind::ListParts
            )
        })?;
        let upload = UploadRef { bucket: asked.bucket.clone(), key: asked.key.clone(), upload_id };
        match self.by_upload.get(&upload) {
            Some(id) => Some(*id),
            None => Some(self.open(upload, client, exchange.timing.begun)),
        }
    }

    fn open(&mut self, upload: UploadRef, client: &str, begun: u64) -> SessionId {
        self.next += 1;
        let id = SessionId(self.next);
        let object = (upload.bucket.clone(), upload.key.clone());
        self.by_upload.insert(upload.clone(), id);
        self.sessions.insert(id, Session::new(id, upload, client, begun));
        self.about(id, object);
        id
    }

    /// Remembers that an upload concerns an object, and what was done with that object just before.
    fn about(&mut self, id: SessionId, object: (String, String)) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        for (client, around) in &self.recent {
            let near = around.begun.saturating_add(NEAR) >= session.begun;
            let same = around.object.bucket == object.0 && around.object.key == object.1;
            if near && same && *client == session.client {
                session.note_around(around.clone());
            }
        }
        session.around.sort_by_key(|a| (a.begun, a.exchange));
        self.by_object.entry(object).or_default().push(id);
    }

    /// What came of a part so far.
    fn progress(&mut self, exchange: &Exchange) {
        let Some(Live { asked, session: Some((id, Some(_))) }) = self.live.get(&exchange.id) else { return };
        let part = self.sessions.get_mut(id).and_then(|s| s.parts.get_mut(&asked.part?));
        if let Some(part) = part.filter(|part| part.exchange == Some(exchange.id)) {
            part.received = exchange.request.total.saturating_sub(asked.head);
        }
    }

    fn end(&mut self, client: &str, exchange: &Exchange, live: Live) -> Settled {
        let answer = Answer::of(exchange);
        let ended = exchange.timing.ended.unwrap_or(exchange.timing.begun);
        let Some((id, span)) = live.session else {
            if exchange.kind == OperationKind::CreateMultipartUpload && answer == Answer::Done {
                return self.created(client, exchange, live.asked, ended);
            }
            self.around(client, exchange, live.asked);
            return Settled { session: None, over: false, part: None };
        };
        let Some(session) = self.sessions.get_mut(&id) else {
            return Settled { session: None, over: false, part: live.asked.part };
        };
        let before = session.is_over();
        match (exchange.kind.known(), live.asked.part, span) {
            (Some(OperationKind::UploadPart), Some(number), Some(span)) => {
                session.part_ends(number, span, answer, header(exchange, "etag"), ended);
            }
            (Some(OperationKind::UploadPartCopy), Some(number), Some(span)) => {
                let etag = element(exchange.response_body(), "ETag");
                session.part_ends(number, span, answer, etag, ended);
            }
            (Some(OperationKind::CompleteMultipartUpload), ..) => {
                session.named = parts_named(exchange);
                let etag = element(exchange.response_body(), "ETag");
                session.end_ends(exchange.kind, true, answer, etag, ended);
            }
            (Some(OperationKind::AbortMultipartUpload), ..) => {
                session.end_ends(exchange.kind, false, answer, None, ended);
            }
            _ => {}
        }
        let over = !before && session.is_over();
        Settled { session: Some(id), over, part: span.and(live.asked.part) }
    }

    fn created(&mut self, client: &str, exchange: &Exchange, asked: Asked, ended: u64) -> Settled {
        let Some(upload_id) = created_id(exchange) else {
            return Settled { session: None, over: false, part: None };
        };
        let upload = UploadRef { bucket: asked.bucket, key: asked.key, upload_id };
        // A part may be drained before the Create it follows.
        let known = self.by_upload.get(&upload).copied();
        let id = known.unwrap_or_else(|| self.open(upload, client, exchange.timing.begun));
        if let Some(session) = self.sessions.get_mut(&id) {
            session.seen_from_create = true;
            session.begun = session.begun.min(exchange.timing.begun);
            session.last = session.last.max(ended);
        }
        Settled { session: Some(id), over: false, part: None }
    }

    /// A call that names no upload: part of the story of those that concern its object.
    fn around(&mut self, client: &str, exchange: &Exchange, asked: Asked) {
        if asked.key.is_empty() {
            return;
        }
        let object = (asked.bucket, asked.key);
        let mut around = Around {
            exchange: exchange.id,
            kind: exchange.kind,
            object: ObjectRef::new(&object.0, &object.1),
            when: When::Before,
            status: exchange.status(),
            begun: exchange.timing.begun,
        };
        // The newest few: an object that is copied a thousand times has a thousand uploads.
        for id in self.by_object.get(&object).into_iter().flatten().rev().take(8) {
            let Some(session) = self.sessions.get_mut(id).filter(|s| s.client == client) else { continue };
            around.when = match session.is_over() {
                _ if around.begun < session.begun => When::Before,
                true if around.begun >= session.last => When::After,
                _ => When::During,
            };
            if session.last.saturating_add(NEAR) >= around.begun || !session.is_over() {
                session.note_around(around.clone());
            }
        }
        around.when = When::Before;
        self.recent.push_back((client.to_owned(), around));
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
    }

    fn forget_old(&mut self) {
        while self.parts > MAX_PARTS || self.sessions.len() > MAX_SESSIONS {
            if self.sessions.len() < 2 {
                return;
            }
            let over = self.sessions.values().find(|s| s.is_over()).map(|s| s.id);
            let Some(id) = over.or_else(|| self.sessions.keys().next().copied()) else { return };
            self.forget(id);
        }
    }

    fn forget(&mut self, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        self.parts = self.parts.saturating_sub(session.parts.len());
        self.dropped = self.dropped.saturating_add(1);
        let source = session.source.map(|s| (s.bucket, s.key));
        for object in
            [Some((session.upload.bucket.clone(), session.upload.key.clone())), source].into_iter().flatten()
        {
            if let Some(list) = self.by_object.get_mut(&object) {
                list.retain(|known| *known != id);
                if list.is_empty() {
                    self.by_object.remove(&object);
                }
            }
        }
        self.by_upload.remove(&session.upload);
    }
}

/// The part a request names, when it is one that S3 has.
pub fn part_number(exchange: &Exchange) -> Option<u16> {
    heard::part_number(&Message::read(&exchange.request.head))
}

/// The upload id in Create's answer.
fn created_id(exchange: &Exchange) -> Option<String> {
    let create = exchange.kind == CallKind::Known(OperationKind::CreateMultipartUpload);
    if create { element(exchange.response_body(), "UploadId").filter(|id| !id.is_empty()) } else { None }
}

#[cfg(test)]
mod tests;
