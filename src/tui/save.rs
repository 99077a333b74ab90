//! Writing files for the program, beside the interface.

use super::report::Report;
use crate::app::msg::{Msg, NotWritten};
use crate::domain::har;
use crate::domain::replay::Format;
use crate::domain::session_file::{self, Unmasked};
use crate::files;
use crate::wire::hub::Hub;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// Writes a file and reports how it went.
pub(super) async fn write(path: PathBuf, bytes: Arc<[u8]>, overwrite: bool, reports: mpsc::Sender<Report>) {
    let (place, held) = (path.clone(), Arc::clone(&bytes));
    let written = tokio::task::spawn_blocking(move || files::write(&place, &held, overwrite)).await;
    let result = match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(e)) if e.kind() == ErrorKind::AlreadyExists => Err(NotWritten::Exists),
        Ok(Err(e)) => Err(NotWritten::Failed(e.to_string())),
        Err(e) => Err(NotWritten::Failed(e.to_string())),
    };
    let _ = reports.send(Report::Msg(Msg::FileWritten { path, bytes, result })).await;
}

/// A session that is to be written.
pub(super) struct Session {
    pub(super) path: PathBuf,
    pub(super) format: Format,
    pub(super) session: Box<session_file::Session>,
    pub(super) unmasked: Option<Unmasked>,
}

impl Session {
    /// Makes the file's bytes, writes them and reports how it went.
    pub(super) async fn write(self, reports: mpsc::Sender<Report>) {
        let Self { path, format, session, unmasked } = self;
        let made = tokio::task::spawn_blocking(move || match (format, unmasked) {
            (Format::Session, None) => session_file::write(&session),
            (Format::Session, Some(proof)) => session_file::write_unmasked(&session, &proof),
            (Format::Har, None) => har::write(&session),
            (Format::Har, Some(proof)) => har::write_unmasked(&session, &proof),
        });
        match made.await {
            Ok(bytes) => write(path, bytes.into(), false, reports).await,
            Err(e) => {
                let result = Err(NotWritten::Failed(e.to_string()));
                let _ =
                    reports.send(Report::Msg(Msg::FileWritten { path, bytes: Arc::default(), result })).await;
            }
        }
    }
}

/// Microseconds since 1970 when the hub's clock was at 0; `None` when this machine's clock says no time.
pub(super) fn began(hub: &Hub) -> Option<i64> {
    let now = super::hooks::standing_clock().unwrap_or_else(SystemTime::now);
    let now = i64::try_from(now.duration_since(UNIX_EPOCH).ok()?.as_micros()).ok()?;
    now.checked_sub(i64::try_from(hub.now_micros()).ok()?)
}
