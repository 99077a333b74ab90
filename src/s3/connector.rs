//! The SDK's HTTP connector, on connections of our own.
//!
//! It must do what the SDK's stock connector does as seen from the wire (same headers, same order, `host`
//! last) and what its retries need (errors of the right kind, connections that can be poisoned), and it adds
//! one thing: every attempt has a record, and its bytes are attributed before the first of them is written.
//! Proxies are not supported.

use super::body::{BodyError, ResponseBody};
use super::error::chain;
use super::foreign::{DOCUMENT, PEEK, begins_with, expected_root, may_be_document};
use super::pool::{Facts, Lease, Origin, Pool};
use super::stamp::{CallRecord, Stamp};
use crate::domain::exchange::{End, Sender};
use crate::domain::operation::{OperationId, OperationKind};
use crate::wire::hub::Hub;
use crate::wire::recorder::{Opening, Recorder, Wired};
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, Uri, uri};
use hyper::body::Incoming;
use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The SDK's HTTP client: hands out the one connector.
#[derive(Debug, Clone)]
pub struct WireClient(WireConnector);

/// Sends requests over tapped connections.
#[derive(Debug, Clone)]
pub struct WireConnector {
    hub: Arc<Hub>,
    /// Records of requests the program did not make itself (session credentials): never shown.
    shadow: Arc<Hub>,
    pool: Arc<Pool>,
}

impl WireClient {
    /// Records into `hub`.
    pub fn new(hub: Arc<Hub>, pool: Pool) -> Self {
        let pool = Arc::new(pool.known_to(Arc::clone(&hub)));
        Self(WireConnector { hub, shadow: Hub::discard(), pool })
    }
}

impl HttpClient for WireClient {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.0.clone())
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        // What the stock connector says, so that the user agent is the one S3 usually sees.
        Some(ConnectorMetadata::new("hyper", Some("1.x".into())))
    }
}

impl HttpConnector for WireConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move { this.exchange(request).await })
    }
}

impl WireConnector {
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let stamp = request.extension::<Stamp>().cloned();
        let capture = request.extension::<CaptureSmithyConnection>().cloned();
        let request = request.try_into_http1x().map_err(|e| ConnectorError::user(e.into()))?;
        let (origin, request) = origin_form(request).map_err(|e| ConnectorError::user(e.into()))?;
        let hub = if stamp.is_some() { &self.hub } else { &self.shadow };
        let stamp = stamp.unwrap_or_else(unstamped);
        let recorder = hub.begin(Opening {
            operation: stamp.operation,
            kind: stamp.kind.into(),
            sender: Sender::Here,
            attempt: stamp.attempt,
            hold: stamp.hold,
            sent: Arc::clone(&stamp.record.sent),
        });
        match self.send(&origin, request, &recorder, capture).await {
            Ok((response, lease)) => self.receive(response, lease, recorder, stamp).await,
            Err(Failed { error, facts }) => {
                recorder.finish(End::Failed(chain(error.as_ref())));
                Err(classify(error, facts, &format!("{}:{}", origin.host, origin.port)))
            }
        }
    }

    /// Sends on an idle connection or a new one; an idle one that turns out dead before it took the request
    /// is replaced, which is not a retry: nothing was sent.
    async fn send(
        &self,
        origin: &Origin,
        mut request: Request<SdkBody>,
        recorder: &Recorder,
        capture: Option<CaptureSmithyConnection>,
    ) -> Result<(Response<Incoming>, Lease), Failed> {
        loop {
            let mut lease = match self.pool.take(origin) {
                Some(lease) => lease,
                None => {
                    recorder.connecting(format!("{}:{}", origin.host, origin.port));
                    self.pool.connect(origin).await.map_err(Failed::unconnected)?
                }
            };
            lease.line.attach(recorder);
            recorder.wired(Wired {
                connection: lease.facts.id,
                reused: lease.reused,
                peer: Arc::clone(&lease.facts.peer_text),
                tls: lease.facts.tls.clone(),
                tcp: (!lease.reused && lease.facts.tls.is_some()).then_some(lease.facts.tcp),
            });
            if let Some(capture) = &capture {
                let facts = Arc::clone(&lease.facts);
                capture.set_connection_retriever(move || Some(metadata(&facts)));
            }
            match lease.sender.try_send_request(request).await {
                Ok(response) => return Ok((response, lease)),
                Err(mut error) => match error.take_message() {
                    Some(unsent) if lease.reused => request = unsent,
                    _ => {
                        let facts = Some(Arc::clone(&lease.facts));
                        return Err(Failed { error: error.into_error().into(), facts });
                    }
                },
            }
        }
    }

    /// Notes the head and wraps the body.
    async fn receive(
        &self,
        response: Response<Incoming>,
        lease: Lease,
        recorder: Recorder,
        stamp: Stamp,
    ) -> Result<HttpResponse, ConnectorError> {
        let heads = recorder.with_response(<[u8]>::to_vec);
        stamp.record.note(|answer| {
            answer.status = Some(response.status().as_u16());
            answer.heads = heads;
        });
        let (mut parts, incoming) = response.into_parts();
        let facts = Arc::clone(&lease.facts);
        let pool = Arc::clone(&self.pool);
        // An object may have any length; its bytes are handed on as they come.
        let mut body = ResponseBody::new(incoming, lease, recorder, Arc::clone(&stamp.record), pool);
        if stamp.kind == OperationKind::GetObject && parts.status.is_success() {
            body.limit(u64::MAX);
        }
        body.settle_if_empty().await;
        if let Some(root) = expected_root(stamp.kind).filter(|_| parts.status.is_success()) {
            body.limit(DOCUMENT);
            // A length that no document has settles it without reading a byte.
            if announced(&parts.headers).is_none_or(|n| n <= DOCUMENT) {
                body.peek(PEEK, may_be_document).await.map_err(|e| broken_body(e, facts))?;
            }
            if !stamp.record.look(|answer| begins_with(&answer.body, root)) {
                let read = body.read();
                stamp.record.note(|answer| answer.foreign = Some(read));
                body.abandon(
                    "not read on: this is not what was asked for, the server does not know the call",
                );
                // Told so, the SDK neither parses the object nor tries again.
                parts.status = http::StatusCode::NOT_IMPLEMENTED;
                parts.headers.clear();
                let told = SdkBody::from("<Error><Code>NotImplemented</Code></Error>");
                return respond(Response::from_parts(parts, told));
            }
        }
        respond(Response::from_parts(parts, SdkBody::from_body_1_x(body)))
    }
}

/// `Content-Length`, if it is one.
fn announced(headers: &http::HeaderMap) -> Option<u64> {
    headers.get(http::header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

fn respond(response: Response<SdkBody>) -> Result<HttpResponse, ConnectorError> {
    HttpResponse::try_from(response).map_err(|e| ConnectorError::other(e.into(), None))
}

/// A request nobody stamped: the SDK's own, for credentials of a session.
fn unstamped() -> Stamp {
    Stamp {
        operation: OperationId(0),
        kind: OperationKind::ListBuckets,
        attempt: 1,
        hold: false,
        record: Arc::<CallRecord>::default(),
        amendment: Arc::default(),
    }
}

/// Splits a request into where it goes and what is written there: origin form, `host` last.
fn origin_form(mut request: Request<SdkBody>) -> io::Result<(Origin, Request<SdkBody>)> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, what.to_owned());
    let uri = request.uri().clone();
    let tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err(invalid("the endpoint is neither http nor https")),
    };
    let host = uri.host().ok_or_else(|| invalid("the endpoint has no host"))?;
    let default_port = if tls { 443 } else { 80 };
    let port = uri.port_u16().unwrap_or(default_port);
    if !request.headers().contains_key(HOST) {
        let value = if port == default_port { host.to_owned() } else { format!("{host}:{port}") };
        request.headers_mut().append(
            HOST,
            HeaderValue::try_from(value).map_err(|_| invalid("the endpoint's host is not valid"))?,
        );
    }
    let mut origin_form = uri::Parts::default();
    origin_form.path_and_query = uri.path_and_query().cloned().or(Some(PathAndQuery::from_static("/")));
    *request.uri_mut() =
        Uri::from_parts(origin_form).map_err(|_| invalid("the request path is not valid"))?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok((Origin { tls, host, port }, request))
}

fn metadata(facts: &Arc<Facts>) -> ConnectionMetadata {
    let poisoned = Arc::clone(facts);
    let mut builder = ConnectionMetadata::builder()
        .proxied(false)
        .remote_addr(facts.peer)
        .poison_fn(move || poisoned.poisoned.store(true, Ordering::Release));
    builder.set_local_addr(facts.local);
    builder.build()
}

/// Why no response head came.
struct Failed {
    error: Box<dyn StdError + Send + Sync>,
    facts: Option<Arc<Facts>>,
}

impl Failed {
    fn unconnected(error: io::Error) -> Self {
        Self { error: error.into(), facts: None }
    }
}

/// The kind of error decides whether the SDK tries again; the rules are those of its stock connector.
fn classify(error: Box<dyn StdError + Send + Sync>, facts: Option<Arc<Facts>>, peer: &str) -> ConnectorError {
    let named = Box::new(Named(named(error.as_ref(), peer)));
    let Some(facts) = facts else {
        let timeout = error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::TimedOut);
        let error = if timeout { ConnectorError::timeout(named) } else { ConnectorError::io(named) };
        return error.never_connected();
    };
    let error = match error.downcast_ref::<hyper::Error>() {
        Some(e) if e.is_timeout() => ConnectorError::timeout(named),
        Some(e) if e.is_user() => ConnectorError::user(named),
        Some(e) if e.is_closed() || e.is_canceled() || has_io_source(e) => ConnectorError::io(named),
        Some(e) if e.is_incomplete_message() => ConnectorError::other(named, Some(ErrorKind::TransientError)),
        _ => ConnectorError::other(named, None),
    };
    error.with_connection(metadata(&facts))
}

/// A failure with the peer's name in it: an endpoint typed wrongly is the commonest cause of them all.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Named(String);

fn named(error: &(dyn StdError + Send + Sync + 'static), peer: &str) -> String {
    let said = chain(error);
    match error.downcast_ref::<hyper::Error>() {
        Some(e) if e.is_parse() => format!("{peer} does not answer as an HTTP server does: {said}"),
        Some(e) if e.is_incomplete_message() => {
            format!("{peer} closed the connection before its answer was complete")
        }
        _ => format!("{peer}: {said}"),
    }
}

fn broken_body(error: BodyError, facts: Arc<Facts>) -> ConnectorError {
    match error {
        BodyError::Connection(error) => {
            let peer = facts.peer.to_string();
            classify(error.into(), Some(facts), &peer)
        }
        BodyError::TooLong(_) => ConnectorError::other(error.into(), None),
    }
}

fn has_io_source(error: &hyper::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.is::<io::Error>() {
            return true;
        }
        source = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_out_in_origin_form_with_host_last() {
        let request = Request::builder()
            .uri("http://[::1]:9000/b/k?x-id=A")
            .header("a", "1")
            .body(SdkBody::empty())
            .unwrap();
        let (origin, request) = origin_form(request).unwrap();
        assert_eq!(origin, Origin { tls: false, host: "::1".into(), port: 9000 });
        assert_eq!(request.uri(), "/b/k?x-id=A");
        let names: Vec<_> = request.headers().iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
        assert_eq!(names, [("a", &b"1"[..]), ("host", b"[::1]:9000")]);
    }
}
