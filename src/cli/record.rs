//! `--record FILE`: what a command sent and was answered, written when it has ended.

use super::Failure;
use super::out::note;
use crate::domain::exchange::{Exchange, ExchangeId};
use crate::domain::har;
use crate::domain::session_file::{self, Session, Unmasked};
use crate::domain::units::grouped;
use crate::files;
use crate::wire::hub::Hub;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// A session that is being recorded.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    unmasked: Option<Unmasked>,
    target: String,
    hub: OnceLock<Arc<Hub>>,
    /// What was taken out of the hub already, by somebody who shows it.
    seen: Mutex<BTreeMap<ExchangeId, Arc<Exchange>>>,
}

impl Recording {
    /// A recording of calls to a target, for a file that must not be there yet.
    pub fn new(path: PathBuf, unmasked: Option<Unmasked>, target: String) -> Self {
        Self { path, unmasked, target, hub: OnceLock::new(), seen: Mutex::default() }
    }

    /// Where the calls are recorded.
    pub fn hub(&self) -> Arc<Hub> {
        Arc::clone(self.hub.get_or_init(Hub::new))
    }

    /// Takes what somebody else took out of the hub.
    pub fn take(&self, batch: &[Arc<Exchange>]) {
        self.seen().extend(batch.iter().map(|e| (e.id, Arc::clone(e))));
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<ExchangeId, Arc<Exchange>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, why: impl std::fmt::Display) -> Failure {
        Failure::Local(format!("--record {}: {why}", self.path.display()))
    }

    /// Whether the file can be written as far as can be told beforehand.
    pub fn check(&self) -> Result<(), Failure> {
        if self.path.symlink_metadata().is_ok() {
            return Err(self.failed("it exists already and is not replaced"));
        }
        let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty());
        match folder.is_some_and(|folder| !folder.is_dir()) {
            true => Err(self.failed("there is no such folder")),
            false => Ok(()),
        }
    }

    /// Writes what was recorded; nothing when no call could be made.
    pub fn write(&self) -> Result<(), Failure> {
        let Some(hub) = self.hub.get() else { return Ok(()) };
        let mut all = self.seen();
        all.extend(hub.drain().into_iter().map(|e| (e.id, e)));
        let exchanges = std::mem::take(&mut *all).into_values().map(Arc::unwrap_or_clone).collect();
        let session = Session { dropped: hub.dropped(), ..Session::new(&self.target, began(hub), exchanges) };
        let is_archive = self.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("har"));
        let bytes = match (is_archive, &self.unmasked) {
            (false, None) => session_file::write(&session),
            (false, Some(proof)) => session_file::write_unmasked(&session, proof),
            (true, None) => har::write(&session),
            (true, Some(proof)) => har::write_unmasked(&session, proof),
        };
        files::write(&self.path, &bytes, false).map_err(|e| match e.kind() {
            ErrorKind::AlreadyExists => {
                self.failed("it exists already and is not replaced; nothing was recorded")
            }
            _ => self.failed(e),
        })?;
        if session.dropped > 0 {
            let dropped = grouped(session.dropped);
            note(&format!(
                "{}: the {dropped} oldest exchanges were dropped to bound memory",
                self.path.display()
            ));
        }
        Ok(())
    }
}

/// Microseconds since 1970 when the hub's clock was at 0.
fn began(hub: &Hub) -> i64 {
    let now =
        SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_micros()).ok());
    let since = i64::try_from(hub.now_micros()).unwrap_or(i64::MAX);
    now.unwrap_or(0).saturating_sub(since)
}
