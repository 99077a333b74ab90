//! What is made when it is first asked for: the content of the bucket `huge`.
//!
//! The first request that means the bucket begins the work on a thread of its own. Requests wait for as much as
//! they mean: a listing for the first object, a request that names an object for that one, a change of the
//! bucket for all. A listing shows an object only when it is there. Other requests never wait.

use super::clock::Ids;
use super::error::S3Error;
use super::request::Request;
use super::seed::huge::{GIANTS, Giant, HUGE};
use super::service::State;
use super::store::copy::parse_source;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// So many objects are there.
    Made(usize),
    /// It failed; nothing more will come.
    Failed,
}

/// The work, begun or not.
#[derive(Debug)]
pub(crate) struct Lazy {
    enabled: bool,
    begun: AtomicBool,
    stage: watch::Sender<Stage>,
    /// When the server ends, so does the work.
    stop: CancellationToken,
}

impl Lazy {
    /// Nothing made yet; nothing ever will be if it is not enabled.
    pub(crate) fn new(enabled: bool, stop: CancellationToken) -> Self {
        let stage = watch::Sender::new(Stage::Made(0));
        Self { enabled, begun: AtomicBool::new(false), stage, stop }
    }

    /// How many objects a request must wait for.
    pub(crate) fn needed(&self, request: &Request) -> usize {
        if !self.enabled {
            return 0;
        }
        let copied = request.header("x-amz-copy-source").and_then(|value| parse_source(value).ok());
        let source = copied.filter(|source| source.bucket == HUGE);
        let of_key = |key: &str| GIANTS.iter().position(|g| g.key == key).map_or(1, |at| at + 1);
        let from = source.map_or(0, |source| of_key(&source.key));
        let at = match (request.bucket == HUGE, request.key.is_empty()) {
            (false, _) => 0,
            (true, false) if matches!(request.head.method.as_str(), "GET" | "HEAD") => of_key(&request.key),
            (true, false) => GIANTS.len(),
            (true, true) if matches!(request.head.method.as_str(), "GET" | "HEAD") => 1,
            (true, true) => GIANTS.len(),
        };
        from.max(at)
    }

    /// Waits for so many objects. `begin` is called once, by the first who needs any.
    pub(crate) async fn wait(&self, needed: usize, begin: impl FnOnce()) -> Result<(), S3Error> {
        if needed == 0 {
            return Ok(());
        }
        if !self.begun.swap(true, Ordering::AcqRel) {
            begin();
        }
        let mut stage = self.stage.subscribe();
        let enough = |stage: &Stage| !matches!(stage, Stage::Made(n) if *n < needed);
        match stage.wait_for(enough).await.map(|stage| *stage) {
            Ok(Stage::Made(_)) => Ok(()),
            Ok(Stage::Failed) | Err(_) => Err(S3Error::internal()),
        }
    }

    /// Makes the objects one after the other; blocks.
    pub(crate) fn fill(&self, state: &State) {
        let ids = state.ids.series(3);
        for (made, giant) in (1..).zip(GIANTS) {
            let put = self.put(state, &ids, giant).and_then(|()| self.done(state, made));
            let stage = match put {
                Ok(()) => Stage::Made(made),
                Err(_) => Stage::Failed,
            };
            self.stage.send_replace(stage);
            if stage == Stage::Failed {
                return;
            }
        }
    }

    /// After the last object the bucket needs no filling any more, not even after a restart.
    fn done(&self, state: &State, made: usize) -> Result<(), S3Error> {
        if made == GIANTS.len() && state.store().bucket(HUGE).is_ok() {
            state.store().configure(HUGE, |settings| settings.unfilled = false)?;
        }
        state.settle()
    }

    /// Makes one object and puts it in its bucket, unless the bucket is gone or has that key.
    fn put(&self, state: &State, ids: &Ids, giant: Giant) -> Result<(), S3Error> {
        let missing = || {
            let store = state.store();
            store.bucket(HUGE).is_ok() && store.object(HUGE, giant.key, None).is_err()
        };
        if !missing() {
            return Ok(());
        }
        let made = giant.make(ids, state.clock.now(), || self.stop.is_cancelled())?;
        match made.ok_or_else(S3Error::internal)? {
            object if missing() => state.store().adopt(HUGE, object),
            _ => Ok(()),
        }
    }
}
