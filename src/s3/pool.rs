//! Connections: made, lent to one attempt at a time, and kept while idle.
//!
//! An attempt owns its connection as a [`Lease`]. It comes back to the pool only at a complete message
//! boundary and before the SDK sees the end of the response, so a sequence of calls uses one connection and no
//! second one appears by accident. Dropping a lease closes the connection: that is what cancelling does.

use super::tls::{self, Tls};
use crate::wire::hub::Hub;
use crate::wire::tap::{Line, Tap};
use aws_smithy_types::body::SdkBody;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Where a connection leads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// Facts about a connection that do not change, and whether it may be used again.
#[derive(Debug)]
pub struct Facts {
    /// Numbers connections from 1.
    pub id: u64,
    /// Remote address.
    pub peer: SocketAddr,
    /// The same, as it is shown.
    pub peer_text: Arc<str>,
    /// Local address.
    pub local: Option<SocketAddr>,
    /// Version and cipher suite.
    pub tls: Option<Arc<str>>,
    /// When TCP was ready.
    pub tcp: Instant,
    /// Set by the SDK after a transient error.
    pub poisoned: AtomicBool,
}

/// A connection, lent to one attempt.
#[derive(Debug)]
pub struct Lease {
    /// Sends requests on it.
    pub sender: SendRequest<SdkBody>,
    /// Says whose bytes pass.
    pub line: Line,
    /// What it is.
    pub facts: Arc<Facts>,
    /// Whether it had carried an exchange before.
    pub reused: bool,
    origin: Origin,
    _driver: Driver,
}

/// Runs a connection's I/O; dropping it ends that and closes the socket.
#[derive(Debug)]
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Makes and keeps connections.
#[derive(Debug)]
pub struct Pool {
    tls: Tls,
    connect_timeout: Duration,
    next: AtomicU64,
    /// Is told of every connection, so that a server in this process can tell it from another client's.
    hub: Option<Arc<Hub>>,
    idle: Mutex<HashMap<Origin, Vec<(Instant, Lease)>>>,
}

/// Idle connections kept per origin.
const MAX_IDLE: usize = 64;
/// How long an idle connection is trusted. S3 closes idle ones sooner, which is noticed; middleboxes may not say.
const MAX_AGE: Duration = Duration::from_secs(50);

impl Pool {
    /// An empty pool.
    pub fn new(tls: Tls, connect_timeout: Duration) -> Self {
        Self { tls, connect_timeout, next: AtomicU64::new(1), hub: None, idle: Mutex::default() }
    }

    /// The same pool, which tells a hub of its connections before anything is written on them.
    #[must_use]
    pub fn known_to(self, hub: Arc<Hub>) -> Self {
        Self { hub: Some(hub), ..self }
    }

    /// An idle connection that still seems alive, the most recently used first.
    pub fn take(&self, origin: &Origin) -> Option<Lease> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let list = idle.get_mut(origin)?;
        while let Some((since, lease)) = list.pop() {
            let usable = lease.sender.is_ready() && !lease.facts.poisoned.load(Ordering::Acquire);
            if usable && since.elapsed() < MAX_AGE {
                return Some(lease);
            }
        }
        None
    }

    /// Takes a connection back. The caller saw that it is at a message boundary.
    pub fn put(&self, mut lease: Lease) {
        lease.line.detach();
        lease.reused = true;
        if lease.sender.is_closed() || lease.facts.poisoned.load(Ordering::Acquire) {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let list = idle.entry(lease.origin.clone()).or_default();
        if list.len() < MAX_IDLE {
            list.push((Instant::now(), lease));
        }
    }

    /// A new connection.
    pub async fn connect(&self, origin: &Origin) -> io::Result<Lease> {
        tokio::time::timeout(self.connect_timeout, self.open(origin)).await.map_err(|_| {
            let after = format!("no connection within {:?}", self.connect_timeout);
            io::Error::new(io::ErrorKind::TimedOut, after)
        })?
    }

    async fn open(&self, origin: &Origin) -> io::Result<Lease> {
        let tcp = dial(&origin.host, origin.port).await?;
        let ready = Instant::now();
        tcp.set_nodelay(true)?;
        let (peer, local) = (tcp.peer_addr()?, tcp.local_addr().ok());
        if let (Some(hub), Some(local)) = (&self.hub, local) {
            hub.own().expect(local);
        }
        let ends = Ends { peer, local, tcp: ready };
        if origin.tls {
            let session = self.tls.connect(&origin.host, tcp).await?;
            let tls = Some(tls::describe(&session));
            self.start(origin, session, ends, tls).await
        } else {
            self.start(origin, tcp, ends, None).await
        }
    }

    async fn start<I>(&self, origin: &Origin, io: I, ends: Ends, tls: Option<String>) -> io::Result<Lease>
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let line = Line::default();
        let tap = TokioIo::new(Tap::new(io, line.clone()));
        let (sender, connection) = http1::handshake(tap).await.map_err(io::Error::other)?;
        // How the connection ended is known to the attempt that used it; an idle one simply goes away.
        let driver = Driver(tokio::spawn(async move {
            let _ = connection.await;
        }));
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let Ends { peer, local, tcp } = ends;
        let facts = Arc::new(Facts {
            id,
            peer,
            peer_text: peer.to_string().into(),
            local,
            tls: tls.map(Arc::from),
            tcp,
            poisoned: AtomicBool::new(false),
        });
        Ok(Lease { sender, line, facts, reused: false, origin: origin.clone(), _driver: driver })
    }
}

/// Both ends of a TCP connection, and since when.
struct Ends {
    peer: SocketAddr,
    local: Option<SocketAddr>,
    tcp: Instant,
}

/// Connects to the first address that answers.
///
/// `localhost` and every name under it mean this machine (RFC 6761) and are not asked of a resolver, so that
/// `bucket.localhost` works everywhere.
async fn dial(host: &str, port: u16) -> io::Result<TcpStream> {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    if name == "localhost" || name.ends_with(".localhost") {
        return TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
    }
    TcpStream::connect((host, port)).await
}
