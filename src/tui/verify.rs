//! Hashes what a verification asks for, in threads of its own, and reports how far it is.
//!
//! A regular file is mapped and hashed with every core but one, which stays with the interface; whatever cannot be
//! mapped, and the object itself, is hashed as it passes.

use super::report::Report as ToModel;
use crate::app::msg::Msg;
use crate::domain::hashing::{Bytes, CLIENTS_UP_TO, Verification, Verified};
use crate::domain::names::ObjectRef;
use crate::domain::operation::OperationId;
use crate::domain::verify::{Depth, Remote};
use crate::hash::file::{MappedFile, Opened, open};
use crate::hash::kernel::Kernel;
use crate::hash::lanes::Run;
use crate::hash::search::clients_with_etags;
use crate::hash::verify::{Streamed, check};
use crate::s3::{Call, Client, read_whole};
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// How often progress is reported.
const EVERY: Duration = Duration::from_millis(200);
/// Bytes of a piece read from what cannot be mapped.
const PIECE: usize = 256 * 1024;

/// One verification under way.
pub struct Task {
    /// Its name.
    pub id: OperationId,
    /// What to compare.
    pub work: Verification,
    /// Stops it.
    pub token: CancellationToken,
    /// Where progress and result go.
    pub reports: mpsc::Sender<ToModel>,
}

/// What the hashing thread and the one who asks about it share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    stop: AtomicBool,
    hashed: AtomicU64,
    planned: AtomicU64,
}

impl Shared {
    /// Every core but one, which stays with the interface.
    pub(super) fn run(&self) -> Run<'_> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Run {
            kernel: Kernel::best(),
            threads: cores.saturating_sub(1).max(1),
            stop: &self.stop,
            hashed: &self.hashed,
            planned: &self.planned,
        }
    }

    /// Has it stop soon.
    pub(super) fn end(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether it was told to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Bytes done, and bytes to do as far as that is known.
    pub(super) fn progress(&self) -> (u64, Option<u64>) {
        let planned = self.planned.load(Ordering::Relaxed);
        (self.hashed.load(Ordering::Relaxed), (planned > 0).then_some(planned))
    }
}

impl Task {
    /// Does it, and reports the end.
    pub async fn run(self, client: Option<Client>) {
        let shared = Arc::<Shared>::default();
        let work = self.hash(client, Arc::clone(&shared));
        tokio::pin!(work);
        let result = loop {
            tokio::select! {
                result = &mut work => break result,
                () = self.token.cancelled(), if !shared.is_stopped() => shared.end(),
                () = tokio::time::sleep(EVERY) => self.progress(&shared).await,
            }
        };
        let sizes_agree = result.as_ref().is_ok_and(|v| v.hashed > 0);
        let result = Box::new(result);
        let _ = self.reports.send(ToModel::Msg(Msg::Verified { id: self.id, result })).await;
        if let Bytes::File(path) = &self.work.bytes
            && sizes_agree
            && self.work.remote.size.is_some_and(|size| size <= CLIENTS_UP_TO)
        {
            self.clients(path.clone(), shared).await;
        }
    }

    /// The clients' table of a file that was compared; without it nothing is missing but its ETags.
    async fn clients(&self, path: PathBuf, shared: Arc<Shared>) {
        let stop = Arc::clone(&shared);
        let work = spawn_blocking(move || match open(&path) {
            Ok(Opened::Mapped(file)) => {
                let clients = clients_with_etags(&file, &shared.run()).ok()?;
                file.check().is_ok().then_some(clients)
            }
            _ => None,
        });
        tokio::pin!(work);
        let clients = tokio::select! {
            clients = &mut work => clients,
            () = self.token.cancelled() => {
                stop.stop.store(true, Ordering::Relaxed);
                return;
            }
        };
        if let Ok(Some(clients)) = clients {
            let _ = self.reports.send(ToModel::Msg(Msg::Clients { id: self.id, clients })).await;
        }
    }

    async fn progress(&self, shared: &Shared) {
        let (done, of) = shared.progress();
        let msg = Msg::Hashing { id: self.id, done, of };
        let _ = self.reports.send(ToModel::Msg(msg)).await;
    }

    async fn hash(&self, client: Option<Client>, shared: Arc<Shared>) -> Result<Verified, String> {
        match &self.work.bytes {
            Bytes::File(path) => {
                let (path, remote, depth) = (path.clone(), self.work.remote.clone(), self.work.depth);
                spawn_blocking(move || of_path(path, remote, depth, &shared))
                    .await
                    .map_err(|e| format!("hashing failed: {e}"))?
            }
            Bytes::Object(object) => {
                let client = client.ok_or("there is no connection yet")?;
                self.of_object(&client, object, shared).await
            }
        }
    }

    async fn of_object(
        &self,
        client: &Client,
        object: &ObjectRef,
        shared: Arc<Shared>,
    ) -> Result<Verified, String> {
        let (remote, depth) = (self.work.remote.clone(), self.work.depth);
        let size = remote.size.ok_or("the service did not tell the object's size")?;
        shared.planned.store(size, Ordering::Relaxed);
        let (to, mut pieces) = mpsc::channel::<bytes::Bytes>(8);
        let etag = remote.etag.clone();
        let hasher = spawn_blocking(move || {
            let mut streamed = Streamed::new(remote, depth, Kernel::best());
            while let Some(piece) = pieces.blocking_recv() {
                take(&mut streamed, &piece, &shared);
            }
            finish(streamed)
        });
        let call = || Call { id: self.id, hold: false, cancel: self.token.clone() };
        let read = read_whole(client, object, (&etag, size), call, to).await;
        let verified = hasher.await.map_err(|e| format!("hashing failed: {e}"))?;
        read.map_err(|e| format!("{object}: {e}"))?;
        Ok(verified)
    }
}

fn take(streamed: &mut Streamed, piece: &[u8], shared: &Shared) {
    streamed.update(piece);
    shared.hashed.store(streamed.seen(), Ordering::Relaxed);
}

fn finish(streamed: Streamed) -> Verified {
    let hashed = streamed.seen();
    Verified { report: streamed.finish(), hashed }
}

fn of_path(path: PathBuf, remote: Remote, depth: Depth, shared: &Shared) -> Result<Verified, String> {
    match open(&path).map_err(|e| e.to_string())? {
        Opened::Mapped(file) => of_file(&file, &remote, depth, shared),
        Opened::Stream(mut file) => {
            let mut streamed = Streamed::new(remote, depth, Kernel::best());
            let mut piece = vec![0; PIECE];
            while !streamed.is_over() {
                if shared.stop.load(Ordering::Relaxed) {
                    return Err("stopped".into());
                }
                match file.read(&mut piece).map_err(|e| format!("cannot read {}: {e}", path.display()))? {
                    0 => break,
                    n => take(&mut streamed, piece.get(..n).unwrap_or(&[]), shared),
                }
            }
            Ok(finish(streamed))
        }
    }
}

fn of_file(file: &MappedFile, remote: &Remote, depth: Depth, shared: &Shared) -> Result<Verified, String> {
    let report = check(file, remote, depth, &shared.run());
    // A change while it was read explains whatever else went wrong.
    file.check().map_err(|e| e.to_string())?;
    let report = report.map_err(|e| e.to_string())?;
    Ok(Verified { report, hashed: shared.hashed.load(Ordering::Relaxed) })
}
