//! Bytes in and out of one connection: bodies to the worker that keeps them, content to the client.

use super::{Accepted, Shared, readiness};
use crate::sandbox::content::Content;
use crate::sandbox::error::S3Error;
use crate::sandbox::http::{Broken, Conn, Framing, Pumped};
use crate::sandbox::intake::{self, Failed, Incoming};
use crate::sandbox::request::Request;
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::mpsc;

/// A request whose body was received, or why it was not.
pub(super) enum Received {
    Whole(Box<Accepted>),
    Refused { error: S3Error, unread: Option<u64> },
}

/// Reads the body into a bounded channel, at whose other end a blocking worker decodes and keeps it.
pub(super) async fn receive(
    conn: &mut Conn,
    shared: &Arc<Shared>,
    accepted: Accepted,
) -> Result<Received, Broken> {
    let Accepted { request, claim, api, framing, met } = accepted;
    if matches!(framing, Framing::Absent | Framing::Length(0)) {
        return Ok(match intake::nothing(&shared.state, &claim, request) {
            Ok(request) => Received::Whole(Box::new(Accepted { request, claim, api, framing, met })),
            Err(error) => Received::Refused { error, unread: Some(0) },
        });
    }
    // The algorithm of the upload decides what is computed while the body passes.
    if api.needs_length() {
        readiness(shared).await;
    }
    let (to, from) = mpsc::channel(intake::PIECES);
    let (work, corruption) = (Arc::clone(shared), met.corruption(&claim));
    let length = if let Framing::Length(n) = framing { Some(n) } else { None };
    let worker = tokio::task::spawn_blocking(move || {
        let body = Incoming { length, pieces: from, corruption };
        intake::take(&work.state, api, &claim, request, body).map(|request| (request, claim))
    });
    let pumped = conn.pump(framing, &to).await;
    // Without an end, a channel that closes is a body that was cut.
    drop(to);
    let taken = worker.await.unwrap_or_else(|_| Err(Failed::Refused(S3Error::internal())));
    let unread = match (&taken, pumped) {
        (_, Ok(Pumped::Whole)) => Some(0),
        (_, Ok(Pumped::Stopped { unread })) => unread,
        // The refusal came first and says more than the silence after it.
        (Err(Failed::Refused(_)), Err(_)) => None,
        (_, Err(broken)) => return Err(broken),
    };
    match taken {
        Ok((request, claim)) => Ok(Received::Whole(Box::new(Accepted { request, claim, api, framing, met }))),
        Err(Failed::Refused(error)) => Ok(Received::Refused { error, unread }),
        Err(Failed::Cut) => Err(Broken::Closed),
    }
}

/// Waits for what the request means and is made only when it is asked for.
pub(super) async fn made(shared: &Arc<Shared>, request: &Request) -> Result<(), S3Error> {
    let begin = || {
        let shared = Arc::clone(shared);
        tokio::task::spawn_blocking(move || shared.lazy.fill(&shared.state));
    };
    shared.lazy.wait(shared.lazy.needed(request), begin).await
}

/// The next piece of an answer. Disks are not waited for on the threads that serve everybody.
pub(super) async fn chunk(content: &Content, at: u64) -> std::io::Result<Bytes> {
    const PIECE: u64 = 256 * 1024;
    if !content.is_on_disk(at) {
        return content.chunk(at, PIECE);
    }
    let content = content.clone();
    let read = tokio::task::spawn_blocking(move || content.chunk(at, 4 * PIECE)).await;
    read.map_err(std::io::Error::other)?
}
