//! The server: a loopback listener, one task for each connection, and an orderly end.
//!
//! A request's life: head, signature, route, body, service (on a blocking thread), answer. Whatever is refused
//! before its body was read is answered without reading it, and the connection is closed if too much is left.

use super::auth::Keys;
use super::clock::{Clock, Ids};
use super::connection::{self, Readiness, Shared};
use super::fault::Faults;
use super::http::Limits;
use super::journal::Opened;
use super::lazy::Lazy;
use super::origin::Hosts;
use super::seed;
use super::service::State;
use super::store::Store;
use super::tape::Watch;
use super::vault::{MEMORY_BUDGET, Usage, Vault};
use crate::domain::xray::{Asked, Checked};
use crate::wire::hub::Hub;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// How the sandbox is started.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// Where to listen; only loopback addresses are taken, port 0 chooses a free one.
    pub listen: SocketAddr,
    /// Host names besides `localhost` for which requests are answered, with or without a bucket in front.
    pub hosts: Vec<String>,
    /// The access key id that is accepted.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
    /// The region of every bucket.
    pub region: String,
    /// Whether to begin with the lesson buckets; an empty account otherwise.
    pub seed: bool,
    /// Where the time is read.
    pub clock: Clock,
    /// Makes ids repeat between runs; `None` takes the time.
    pub id_seed: Option<u64>,
    /// Longest wait for a request, and for its head once begun.
    pub head_timeout: Duration,
    /// Longest silence in the middle of a body or an answer.
    pub stall_timeout: Duration,
    /// Bytes of received bodies kept in memory; unused with a data directory.
    pub memory_budget: u64,
    /// Bytes of received bodies kept on disk. `None`: 16 GiB in the temporary file, any amount in a data
    /// directory.
    pub disk_budget: Option<u64>,
    /// Where received bodies are kept so that they outlive the process; `None` keeps them until it ends.
    pub data_dir: Option<PathBuf>,
    /// Where the exchanges of other clients are recorded; `None` records nothing. A client in this process that
    /// records into the same hub is not another client.
    pub watch: Option<Arc<Hub>>,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            hosts: Vec::new(),
            access_key: "SANDBOXACCESSKEY0000".to_owned(),
            secret_key: "sandbox-secret-key-not-for-aws".to_owned(),
            region: "us-east-1".to_owned(),
            seed: true,
            clock: Clock::system(),
            id_seed: None,
            head_timeout: Duration::from_secs(60),
            stall_timeout: Duration::from_secs(30),
            memory_budget: MEMORY_BUDGET,
            disk_budget: None,
            data_dir: None,
            watch: None,
        }
    }
}

/// Why the sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is not loopback; the sandbox must not be reachable from elsewhere.
    #[error("the sandbox listens on loopback only; {0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// The address could not be bound.
    #[error("the sandbox cannot listen on {addr}")]
    Bind {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The data directory could not be made or opened.
    #[error("the sandbox cannot keep data in {}", path.display())]
    DataDir {
        /// The directory asked for.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// A running sandbox. Dropping it ends its tasks at once; [`Server::shutdown`] lets them finish.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
    accept: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds and begins to serve. Seeding goes on in the background; requests wait for it.
    pub async fn start(options: SandboxOptions) -> Result<Self, StartError> {
        let addr = options.listen;
        if !addr.ip().is_loopback() {
            return Err(StartError::NotLoopback(addr));
        }
        let bind = |source| StartError::Bind { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(bind)?;
        let addr = listener.local_addr().map_err(bind)?;
        let (tell, ready) = watch::channel(Readiness::Seeding);
        let stop = CancellationToken::new();
        let kept = kept(&options).await?;
        let fill = match &kept.found {
            Some(found) => found.bucket(seed::huge::HUGE).is_ok_and(|b| b.settings.unfilled),
            None => options.seed,
        };
        let lazy = Lazy::new(fill, stop.clone());
        let shared = Arc::new(shared(&options, ready, kept.vault, lazy));
        let seed = options.seed && kept.found.is_none();
        if let Some(found) = kept.found {
            *shared.state.store() = found;
        } else if seed {
            // The buckets are there at once.
            let _ = seed::buckets(&mut shared.state.store(), shared.state.clock.now());
        }
        let filling = Arc::clone(&shared);
        let dir = options.data_dir.clone();
        let fill = tokio::task::spawn_blocking(move || {
            let filled = filling.fill(seed, kept.opened);
            let (state, ended) = match filled {
                Ok(()) => (Readiness::Ready, Ok(())),
                Err(error) => (Readiness::Failed, Err(error)),
            };
            tell.send_replace(state);
            ended
        });
        // Without a data directory nothing can go wrong that the caller could mend.
        if let Some(path) = dir {
            let ended =
                fill.await.unwrap_or_else(|_| Err(std::io::Error::other("the filling was cut short")));
            ended.map_err(|source| StartError::DataDir { path, source })?;
        }
        let accept = tokio::spawn(accept(listener, Arc::clone(&shared), stop.clone()));
        Ok(Self { addr, shared, stop, accept: Some(accept) })
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://127.0.0.1:port`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The access key id it accepts.
    pub fn access_key(&self) -> &str {
        &self.shared.state.keys.access_key
    }

    /// The secret of that key.
    pub fn secret_key(&self) -> &str {
        &self.shared.state.keys.secret_key
    }

    /// Recomputes the signatures of a request that was signed with its key, whoever sent it.
    pub fn check_signatures(&self, asked: &Asked) -> Checked {
        let keys = &self.shared.state.keys;
        if asked.access_key_id == keys.access_key { asked.check(&keys.secret_key) } else { Checked::OtherKey }
    }

    /// The region of its buckets.
    pub fn region(&self) -> &str {
        &self.shared.state.keys.region
    }

    /// Failures to inject.
    pub fn faults(&self) -> &Faults {
        &self.shared.state.faults
    }

    /// How many received bytes are kept, and how many may be.
    pub fn storage(&self) -> Usage {
        self.shared.state.vault.usage()
    }

    /// Waits until the seeding is done; `false` if it failed.
    pub async fn ready(&self) -> bool {
        connection::readiness(&self.shared).await
    }

    /// Stops accepting, closes idle connections, lets requests finish for up to two seconds.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(accept) = self.accept.take() {
            let _ = accept.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(accept) = self.accept.take() {
            accept.abort();
        }
    }
}

/// Where bytes are kept, and what was found in a data directory.
struct Kept {
    vault: Vault,
    opened: Option<Opened>,
    found: Option<Store>,
}

async fn kept(options: &SandboxOptions) -> Result<Kept, StartError> {
    let Some(path) = options.data_dir.clone() else {
        let vault = Vault::temporary(options.memory_budget, options.disk_budget);
        return Ok(Kept { vault, opened: None, found: None });
    };
    let budget = options.disk_budget;
    let dir = path.clone();
    let open = move || {
        let vault = Vault::open(&dir, budget)?;
        let mut opened = Opened::at(&dir, &vault)?;
        let found = opened.store.take();
        Ok(Kept { vault, opened: Some(opened), found })
    };
    let opened = tokio::task::spawn_blocking(open).await;
    let opened = opened.unwrap_or_else(|_| Err(std::io::Error::other("the reading was cut short")));
    opened.map_err(|source| StartError::DataDir { path, source })
}

impl Shared {
    /// Seeds a new store and begins its journal; blocks.
    fn fill(&self, seed: bool, opened: Option<Opened>) -> std::io::Result<()> {
        if seed {
            let mut store = Store::new();
            // A series of its own, because requests may be answered meanwhile.
            let ids = self.state.ids.series(1);
            let seeded = seed::seed(&mut store, &ids, self.state.clock.now());
            seeded.map_err(|error| std::io::Error::other(error.to_string()))?;
            *self.state.store() = store;
        }
        if let Some(opened) = opened {
            let mut store = self.state.store();
            let journal = opened.begin(&store, &self.state.vault)?;
            store.write_down(Box::new(journal.clone()));
            let _ = self.state.journal.set(journal);
        }
        Ok(())
    }
}

fn shared(options: &SandboxOptions, ready: watch::Receiver<Readiness>, vault: Vault, lazy: Lazy) -> Shared {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let id_seed = options.id_seed.unwrap_or_else(|| u64::try_from(since.as_nanos()).unwrap_or(1));
    Shared {
        state: State {
            store: Mutex::new(Store::new()),
            clock: options.clock.clone(),
            ids: Ids::new(id_seed),
            versions: Ids::new(id_seed).series(2),
            keys: Keys {
                access_key: options.access_key.clone(),
                secret_key: options.secret_key.clone(),
                region: options.region.clone(),
            },
            vault,
            journal: OnceLock::new(),
            faults: Faults::default(),
        },
        lazy,
        limits: Limits { head: options.head_timeout, stall: options.stall_timeout },
        hosts: Hosts::new(&options.hosts),
        watch: options.watch.clone().map(Watch::new),
        ready,
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let _ = stream.set_nodelay(true);
                    connections.spawn(connection::serve(stream, peer, Arc::clone(&shared), stop.clone()));
                }
                // Out of descriptors, most likely: let connections end before trying again.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(Duration::from_secs(2), all).await;
    connections.abort_all();
}
