//! Hashes each part of a local file, in threads of its own, to compare it with what an open upload holds.

use super::report::Report as ToModel;
use super::verify::Shared;
use crate::app::msg::Msg;
use crate::domain::hashing::{HashedParts, PartsWork};
use crate::domain::layout::PartLayout;
use crate::domain::operation::OperationId;
use crate::hash::file::{Opened, open};
use crate::hash::parts::parts;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// How often progress is reported.
const EVERY: Duration = Duration::from_millis(200);

/// Does it, and reports the end.
pub async fn run(id: OperationId, work: PartsWork, token: CancellationToken, reports: mpsc::Sender<ToModel>) {
    let shared = Arc::<Shared>::default();
    let mine = Arc::clone(&shared);
    let hashing = spawn_blocking(move || of_file(&work, &mine));
    tokio::pin!(hashing);
    let result = loop {
        tokio::select! {
            result = &mut hashing => break result.map_err(|e| format!("hashing failed: {e}")).flatten(),
            () = token.cancelled(), if !shared.is_stopped() => shared.end(),
            () = tokio::time::sleep(EVERY) => {
                let (done, of) = shared.progress();
                let _ = reports.send(ToModel::Msg(Msg::Hashing { id, done, of })).await;
            }
        }
    };
    let _ = reports.send(ToModel::Msg(Msg::PartsHashed { id, result: Box::new(result) })).await;
}

fn of_file(work: &PartsWork, shared: &Shared) -> Result<HashedParts, String> {
    let file = match open(&work.path).map_err(|e| e.to_string())? {
        Opened::Mapped(file) => file,
        Opened::Stream(_) => {
            return Err(format!(
                "{} is no regular file: its parts cannot be sent one by one; name a file",
                work.path.display()
            ));
        }
    };
    let layout = PartLayout::uniform(file.size(), work.part_size).map_err(|e| e.to_string())?;
    let hashed = parts(&file, layout, work.algorithm, &shared.run());
    // A change while it was read explains whatever else went wrong.
    file.check().map_err(|e| e.to_string())?;
    hashed.map_err(|e| e.to_string())
}
