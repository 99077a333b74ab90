//! Where the bytes to hash come from, and how far the work is: shared by `etag` and `verify`.
//!
//! A file is mapped and hashed on threads of its own; a pipe and an object are read once, piece by piece, with the
//! hashing on another thread than the reading. Memory does not grow with what is read.

use super::Failure;
use super::args::HashArgs;
use super::progress::Rate;
use super::session::Session;
use crate::domain::etag::ETag;
use crate::domain::names::ObjectRef;
use crate::hash::file::{self, MappedFile, Opened};
use crate::hash::lanes::{Run, RunError};
use crate::s3::{Call, ReadError, read_whole};
use bytes::Bytes;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Pieces that wait between the reader and the hasher.
const QUEUE: usize = 8;
/// Bytes of a piece read from a pipe.
const PIECE: usize = 256 * 1024;

/// A file or pipe, opened.
pub fn open(path: &Path) -> Result<Opened, Failure> {
    file::open(path).map_err(|e| Failure::Local(e.to_string()))
}

/// Hashes a mapped file with `work` on a thread, drawing how far it is, until it is done or `cancel` says stop.
pub async fn with_file<T: Send + 'static>(
    file: MappedFile,
    args: &HashArgs,
    cancel: CancellationToken,
    bar: bool,
    work: impl FnOnce(&MappedFile, &Run<'_>) -> Result<T, RunError> + Send + 'static,
) -> Result<(T, u64), Failure> {
    #[derive(Default)]
    struct Shared {
        stop: AtomicBool,
        hashed: AtomicU64,
        planned: AtomicU64,
    }
    let shared = Arc::<Shared>::default();
    let (kernel, threads, theirs) = (args.kernel(), args.threads(), Arc::clone(&shared));
    let mut task = tokio::task::spawn_blocking(move || {
        let run =
            Run { kernel, threads, stop: &theirs.stop, hashed: &theirs.hashed, planned: &theirs.planned };
        let result = work(&file, &run);
        // A change while it was read explains whatever else went wrong.
        file.check().map_err(|e| Failure::Local(e.to_string()))?;
        result.map_err(|e| Failure::Local(e.to_string()))
    });
    let mut rate = Rate::new(bar);
    let done = loop {
        tokio::select! {
            done = &mut task => break done,
            () = cancel.cancelled() => shared.stop.store(true, Ordering::Relaxed),
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
        if shared.stop.load(Ordering::Relaxed) {
            break task.await;
        }
        rate.update(shared.hashed.load(Ordering::Relaxed), Some(shared.planned.load(Ordering::Relaxed)));
    };
    rate.clear();
    let value = done.map_err(|e| Failure::Local(format!("hashing failed: {e}")))??;
    Ok((value, shared.hashed.load(Ordering::Relaxed)))
}

/// Bytes on their way from a reader to a hasher.
pub struct Feed {
    pieces: mpsc::Receiver<Bytes>,
    reader: tokio::task::JoinHandle<Result<(), Failure>>,
    /// Bytes to come, if that is known.
    size: Option<u64>,
}

/// Reads a pipe.
pub fn pipe(input: impl Read + Send + 'static, name: String) -> Feed {
    let (to, pieces) = mpsc::channel(QUEUE);
    let reader = tokio::task::spawn_blocking(move || pump(input, &to, &name));
    Feed { pieces, reader, size: None }
}

/// Reads a file from front to back.
pub fn stream(file: File, path: &Path) -> Feed {
    pipe(file, path.display().to_string())
}

fn pump(mut input: impl Read, to: &mpsc::Sender<Bytes>, name: &str) -> Result<(), Failure> {
    loop {
        let mut piece = vec![0; PIECE];
        let mut filled = 0;
        while let Some(room) = piece.get_mut(filled..).filter(|room| !room.is_empty()) {
            match input.read(room) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Failure::Local(format!("cannot read {name}: {e}"))),
            }
        }
        piece.truncate(filled);
        if filled == 0 || to.blocking_send(piece.into()).is_err() {
            return Ok(());
        }
    }
}

/// Reads an object, exactly this content of it; a read that breaks off is taken up where it stopped.
pub fn object(session: &Session, object: &ObjectRef, etag: &ETag, size: u64) -> Feed {
    let (to, pieces) = mpsc::channel(QUEUE);
    let (session, object, etag) = (session.clone(), object.clone(), etag.clone());
    let reader = tokio::spawn(async move {
        let call = || Call { id: session.id(), hold: false, cancel: session.token() };
        match read_whole(session.client(), &object, (&etag, size), call, to).await {
            Ok(()) => Ok(()),
            Err(ReadError::Outcome(outcome)) => {
                Err(Failure::reading(format_args!("GetObject {object}"), &outcome))
            }
            Err(replaced) => Err(Failure::Local(format!("{object}: {replaced}"))),
        }
    });
    Feed { pieces, reader, size: Some(size) }
}

impl Feed {
    /// Hands every piece to `take` on a thread for hashing until there are no more or `take` says that it is enough,
    /// then gives what `take` lives in to whoever asked.
    ///
    /// Called off, it ends in a failure even when the bytes end at the same time: whoever stops a pipeline stops all of it.
    pub async fn drain<T: Send + 'static>(
        self,
        mut taker: T,
        cancel: CancellationToken,
        mut take: impl FnMut(&mut T, &[u8]) -> bool + Send + 'static,
    ) -> Result<T, Failure> {
        let Self { mut pieces, reader, size } = self;
        let seen = Arc::new(AtomicU64::new(0));
        let theirs = Arc::clone(&seen);
        let mut hasher = tokio::task::spawn_blocking(move || {
            while let Some(piece) = pieces.blocking_recv() {
                theirs.fetch_add(u64::try_from(piece.len()).unwrap_or(0), Ordering::Relaxed);
                if !take(&mut taker, &piece) {
                    return (taker, true);
                }
            }
            (taker, false)
        });
        let mut rate = Rate::new(true);
        let done = loop {
            tokio::select! {
                done = &mut hasher => break Some(done),
                () = cancel.cancelled() => break None,
                () = tokio::time::sleep(Duration::from_millis(100)) => {
                    rate.update(seen.load(Ordering::Relaxed), size);
                }
            }
        };
        rate.clear();
        let Some(done) = done.filter(|_| !cancel.is_cancelled()) else {
            return Err(Failure::Local("interrupted; nothing is concluded from the bytes so far".into()));
        };
        let (taker, enough) = done.map_err(|e| Failure::Local(format!("hashing failed: {e}")))?;
        if !enough {
            // A reader that failed explains why the bytes ended.
            reader.await.map_err(|e| Failure::Local(format!("reading failed: {e}")))??;
        }
        Ok(taker)
    }
}
