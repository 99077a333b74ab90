//! Writing files for the program, beside the interface.

use super::report::Report;
use crate::app::msg::{Msg, NotWritten};
use crate::files;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
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
