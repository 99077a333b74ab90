//! One connection: requests in turn, each read, judged, served and answered.

mod flow;
mod refusal;

use super::answer::{self, Body, Response};
use super::apply::{Instead, Met};
use super::auth;
use super::body;
use super::clock::http_date;
use super::control;
use super::error::S3Error;
use super::http::{Broken, Conn, Framing, Limits, framing};
use super::intake;
use super::lazy::Lazy;
use super::origin::Hosts;
use super::request::{Head, Request};
use super::route::{Api, route};
use super::service::{self, State};
use super::tape::{Tape, Watch};
use crate::domain::limits::AWS;
use crate::domain::sigv4::Claim;
use flow::{Received, chunk, made, receive};
use refusal::{check_size, error_response, head_too_large, late_error};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// An unread body up to this size is read and dropped so that the connection can be used again.
const DRAIN: u64 = 1024 * 1024;

/// Whether the seeding is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readiness {
    Seeding,
    Ready,
    Failed,
}

/// What every connection needs.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) state: State,
    pub(crate) limits: Limits,
    pub(crate) hosts: Hosts,
    /// Where other clients' exchanges are recorded; `None` when nobody watches.
    pub(crate) watch: Option<Watch>,
    pub(crate) ready: watch::Receiver<Readiness>,
    /// What is made when it is first asked for.
    pub(crate) lazy: Lazy,
}

/// What becomes of the connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    KeepAlive,
    Close,
    Reset,
}

/// Serves a connection until it ends or the server stops.
pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>, stop: CancellationToken) {
    let mut conn = Conn::new(stream, shared.limits);
    let mut met = false;
    loop {
        let more = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            more = conn.next_request() => more,
        };
        if let (Some(watch), false) = (&shared.watch, met) {
            (conn.tape, met) = (watch.tape(peer), true);
        }
        if !matches!(more, Ok(true)) {
            return;
        }
        if let Some(tape) = &mut conn.tape {
            tape.begins();
        }
        let next = exchange(&mut conn, &shared).await;
        if let Some(tape) = &mut conn.tape {
            match &next {
                // The rest of the request is taken while the connection is closed.
                Ok(Next::Close) if tape.expects_more() => {}
                Ok(next) => tape.end(*next == Next::Reset, Ok(())),
                Err(broken) => tape.end(false, Err(broken)),
            }
        }
        match next {
            Ok(Next::KeepAlive) => {}
            Ok(Next::Close) => return conn.linger().await,
            Ok(Next::Reset) => {
                let _ = conn.stream.set_zero_linger();
                return;
            }
            Err(_) => return,
        }
    }
}

/// Waits until the store is filled.
pub(crate) async fn readiness(shared: &Shared) -> bool {
    let mut ready = shared.ready.clone();
    let state = ready.wait_for(|r| *r != Readiness::Seeding).await;
    state.is_ok_and(|r| *r == Readiness::Ready)
}

/// Identifies one answer.
struct Stamp {
    request_id: String,
    host_id: String,
    is_head: bool,
    close: bool,
    /// Seconds that the clock of the answer is ahead.
    ahead: i64,
}

/// An accepted head: who asks, for what, and how the body comes.
struct Accepted {
    request: Request,
    claim: Claim,
    api: Api,
    framing: Framing,
    met: Met,
}

async fn exchange(conn: &mut Conn, shared: &Arc<Shared>) -> Result<Next, Broken> {
    let ids = &shared.state.ids;
    let mut stamp =
        Stamp { request_id: ids.request_id(), host_id: ids.host_id(), is_head: false, close: true, ahead: 0 };
    let head = match conn.read_head().await {
        Ok(head) => head,
        Err(broken) => return refuse(conn, shared, &stamp, &broken).await,
    };
    stamp.is_head = head.method == "HEAD";
    let unrecorded = match &mut conn.tape {
        // What is for the control interface is nobody's exchange with S3.
        tape if control::is_meant(&head, &shared.hosts) => Some(tape.take()),
        Some(tape) => {
            tape.head(&head, &shared.hosts);
            None
        }
        None => None,
    };
    let framing = match framing(&head) {
        Ok(framing) => framing,
        Err(broken) => return refuse(conn, shared, &stamp, &broken).await,
    };
    stamp.close = head.wants_close();
    if let Some(tape) = unrecorded {
        let close = control::exchange(conn, &shared.state.faults, &head, framing).await?;
        conn.tape = tape.map(Tape::without_request);
        return Ok(if close { Next::Close } else { Next::KeepAlive });
    }
    if matches!(framing, Framing::Absent | Framing::Length(0)) {
        conn.request_is_whole();
    }
    let expects = head.header("expect").is_some_and(|e| e.eq_ignore_ascii_case("100-continue"));
    let accepted = match accept(shared, head, framing) {
        Ok(accepted) => accepted,
        Err(error) => return reject(conn, shared, stamp, framing, expects, &error).await,
    };
    stamp.ahead = accepted.met.ahead();
    if expects && framing != Framing::Absent {
        conn.write(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    match receive(conn, shared, accepted).await {
        Ok(Received::Whole(accepted)) => {
            conn.request_is_whole();
            answer_whole(conn, shared, &stamp, *accepted).await
        }
        Ok(Received::Refused { error, unread }) => {
            // What little is left is read, so that the connection can be used again.
            let rest = unread.map_or(Framing::Chunked, Framing::Length);
            reject(conn, shared, stamp, rest, false, &error).await
        }
        Err(broken) => {
            stamp.close = true;
            refuse(conn, shared, &stamp, &broken).await
        }
    }
}

/// Everything that can be judged from the head alone.
fn accept(shared: &Shared, head: Head, framing: Framing) -> Result<Accepted, S3Error> {
    shared.hosts.check(&head.headers)?;
    check_size(&head)?;
    let claim = auth::check(&head, &shared.state.keys, shared.state.clock.now())?;
    let request = Request::of(head, &shared.hosts)?;
    let api = route(&request).map_err(|error| service::or_no_bucket(&shared.state, &request, error))?;
    if api.needs_length() {
        let decoded = request.header("x-amz-decoded-content-length").and_then(|t| t.trim().parse().ok());
        let length = match framing {
            Framing::Length(n) => Some(decoded.unwrap_or(n)),
            Framing::Chunked => Some(decoded.unwrap_or(0)),
            Framing::Absent => None,
        };
        let missing =
            || S3Error::new(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
        let length = length.ok_or_else(missing)?;
        if length > AWS.max_part_size {
            return Err(S3Error::too_large(length, AWS.max_part_size));
        }
        // Before a client that waits for 100 is told to send.
        shared.state.vault.check_room(length)?;
    }
    if let (false, Framing::Length(n)) = (api.needs_length(), framing)
        && n > intake::MAX_DOCUMENT
    {
        return Err(intake::too_long(n));
    }
    let met = Met::by(&shared.state.faults, api, &request);
    Ok(Accepted { request, claim, api, framing, met })
}

/// Answers an error found before the body was read.
async fn reject(
    conn: &mut Conn,
    shared: &Shared,
    mut stamp: Stamp,
    framing: Framing,
    expects: bool,
    error: &S3Error,
) -> Result<Next, Broken> {
    let small = match framing {
        Framing::Absent => true,
        Framing::Length(n) => n == 0 || (n <= DRAIN && !expects),
        Framing::Chunked => false,
    };
    if !small {
        stamp.close = true;
    } else if let Framing::Length(n) = framing {
        match conn.read_short(usize::try_from(n).unwrap_or(0)).await {
            Ok(_) => conn.request_is_whole(),
            Err(_) => stamp.close = true,
        }
    }
    respond(conn, shared, &stamp, error_response(&stamp, error)).await
}

/// Answers what is not a request at all, and closes.
async fn refuse(conn: &mut Conn, shared: &Shared, stamp: &Stamp, broken: &Broken) -> Result<Next, Broken> {
    conn.broken(broken);
    let error = match broken {
        Broken::Io(_) | Broken::Cut => return Ok(Next::Close),
        Broken::Closed => body::incomplete(),
        Broken::TimedOut => S3Error::new(
            400,
            "RequestTimeout",
            "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.",
        ),
        Broken::HeadTooLarge => head_too_large(),
        Broken::Malformed(_) => {
            S3Error::new(400, "BadRequest", "An error occurred when parsing the HTTP request.")
        }
    };
    let stamp = Stamp {
        request_id: stamp.request_id.clone(),
        host_id: stamp.host_id.clone(),
        is_head: stamp.is_head,
        close: true,
        ahead: stamp.ahead,
    };
    respond(conn, shared, &stamp, error_response(&stamp, &error)).await
}

async fn answer_whole(
    conn: &mut Conn,
    shared: &Arc<Shared>,
    stamp: &Stamp,
    mut accepted: Accepted,
) -> Result<Next, Broken> {
    // The buckets are there from the start; what is in them comes a moment later.
    let waits = accepted.api != Api::ListBuckets;
    if waits && !readiness(shared).await {
        return respond(conn, shared, stamp, error_response(stamp, &S3Error::internal())).await;
    }
    if let Err(error) = made(shared, &accepted.request).await {
        return respond(conn, shared, stamp, error_response(stamp, &error)).await;
    }
    let (now, met) = (shared.state.clock.now(), std::mem::take(&mut accepted.met));
    let early = match met.instead(&accepted.request, &accepted.claim, now) {
        Some(Instead::Reset) => return Ok(Next::Reset),
        Some(Instead::LateError) => Some(late_error(stamp)),
        Some(Instead::Refusal(error, headers)) => {
            let response = error_response(stamp, &error);
            Some(headers.into_iter().fold(response, |r, (name, value)| r.header(name, value)))
        }
        None => None,
    };
    if let Some(response) = early {
        drop(accepted);
        let state = Arc::clone(shared);
        let settled = tokio::task::spawn_blocking(move || state.state.settle()).await;
        let response = match settled {
            Ok(Ok(())) => response,
            Ok(Err(error)) => error_response(stamp, &error),
            Err(_) => error_response(stamp, &S3Error::internal()),
        };
        return respond(conn, shared, stamp, response).await;
    }
    let result = run(Arc::clone(shared), accepted).await;
    if met.loses_answer() {
        return Ok(Next::Reset);
    }
    if let Some(time) = met.delay() {
        tokio::time::sleep(time).await;
    }
    let response = result.unwrap_or_else(|error| error_response(stamp, &error));
    conn.brake = met.brake();
    let ended = respond(conn, shared, stamp, response).await;
    match (ended, std::mem::take(&mut conn.brake).cuts()) {
        (Ok(_) | Err(Broken::Cut), true) => Ok(Next::Reset),
        (ended, _) => ended,
    }
}

/// Serves on a blocking thread: it may hash much.
async fn run(shared: Arc<Shared>, accepted: Accepted) -> Result<Response, S3Error> {
    let work = move || {
        let response = service::serve(&shared.state, accepted.api, &accepted.request);
        // What a refused request brought is freed before it is answered.
        drop(accepted);
        shared.state.settle()?;
        response
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(S3Error::internal()))
}

async fn respond(
    conn: &mut Conn,
    shared: &Shared,
    stamp: &Stamp,
    response: Response,
) -> Result<Next, Broken> {
    let date = http_date(shared.state.clock.now().saturating_add(stamp.ahead));
    let ids = (stamp.request_id.as_str(), stamp.host_id.as_str());
    let mut out = answer::head(&response, stamp.is_head, ids, &date, stamp.close).into_bytes();
    match response.body {
        _ if stamp.is_head => conn.write(&out).await?,
        Body::None => conn.write(&out).await?,
        Body::Bytes(bytes) => {
            out.extend_from_slice(&bytes);
            conn.write(&out).await?;
        }
        Body::Chunked(pieces) => {
            for piece in pieces {
                out.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                out.extend_from_slice(&piece);
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b"0\r\n\r\n");
            conn.write(&out).await?;
        }
        Body::Content(content) => {
            conn.write(&out).await?;
            let mut at = 0;
            while at < content.len() {
                let chunk = chunk(&content, at).await?;
                conn.write(&chunk).await?;
                at = at.saturating_add(u64::try_from(chunk.len()).unwrap_or(1).max(1));
            }
        }
    }
    Ok(if stamp.close { Next::Close } else { Next::KeepAlive })
}
