//! Reading an archive.

use super::rebuild::{Entry, rebuild};
use crate::domain::exchange::{Exchange, ExchangeId};
use crate::domain::session_file::{
    About, Bytes, MAX_EXCHANGES, MAX_FILE, Row, Secrets, Session, check_version,
};
use crate::domain::units::grouped;
use serde::Deserialize;
use std::collections::HashMap;

/// Why an archive cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is something else, or not whole.
    #[error("this is no HTTP archive: {0}")]
    Other(String),
    /// An entry is not what it must be.
    #[error("entry {entry}: {why}")]
    Entry {
        /// Counted from 1, in the order of the file.
        entry: usize,
        /// What is wrong.
        why: String,
    },
}

#[derive(Deserialize)]
struct File {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    #[serde(default)]
    creator: Option<Creator>,
    entries: Vec<Found>,
    #[serde(default)]
    _partscope: Option<About>,
}

#[derive(Deserialize)]
struct Creator {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    _partscope: Option<Row>,
    #[serde(flatten)]
    entry: Entry,
}

/// Reads an archive: exactly where this program wrote it, else as well as the bytes can be made up again.
///
/// # Errors
///
/// When it is no archive, or an entry holds what cannot be.
pub fn read(file: &[u8]) -> Result<Session, Unreadable> {
    let other = |why: String| Unreadable::Other(why);
    if u64::try_from(file.len()).unwrap_or(u64::MAX) > MAX_FILE {
        return Err(other(format!("it is larger than {} bytes", grouped(MAX_FILE))));
    }
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let File { log } = serde_json::from_slice(file).map_err(|e| other(e.to_string()))?;
    if log.entries.len() > MAX_EXCHANGES {
        let most = grouped(u64::try_from(MAX_EXCHANGES).unwrap_or(u64::MAX));
        return Err(other(format!("it holds more than {most} entries")));
    }
    if let Some(about) = &log._partscope {
        check_version(about.partscope_session).map_err(other)?;
        if log.entries.iter().all(|e| e._partscope.is_some()) {
            return exact(log);
        }
    }
    made_up(log)
}

fn exact(log: Log) -> Result<Session, Unreadable> {
    let mut exchanges = Vec::with_capacity(log.entries.len());
    for (found, entry) in log.entries.into_iter().zip(1..) {
        let exchange = found._partscope.map(Row::exchange).transpose();
        exchanges.extend(exchange.map_err(|why| Unreadable::Entry { entry, why })?);
    }
    exchanges.sort_by_key(|(e, _)| e.id);
    exchanges.dedup_by_key(|(e, _)| e.id);
    match log._partscope {
        Some(about) => Ok(about.session(exchanges)),
        None => Err(Unreadable::Other("it does not say what it is".into())),
    }
}

fn made_up(log: Log) -> Result<Session, Unreadable> {
    let mut all = Vec::with_capacity(log.entries.len());
    let mut connections = HashMap::new();
    for (found, entry) in log.entries.into_iter().zip(1..) {
        let wrong = |why| Unreadable::Entry { entry, why };
        let begun = found.entry.begun().map_err(wrong)?;
        let connection = found.entry.connection.as_ref().filter(|c| !c.is_empty()).map_or(0, |name| {
            let next = u64::try_from(connections.len()).unwrap_or(u64::MAX).saturating_add(1);
            *connections.entry(name.clone()).or_insert(next)
        });
        all.push((begun, rebuild(found.entry, connection).map_err(wrong)?));
    }
    all.sort_by_key(|(begun, _)| *begun);
    let epoch = all.first().map_or(0, |(begun, _)| *begun);
    let exchanges = all.into_iter().zip(1..).map(|((begun, e), id)| placed(e, begun - epoch, id));
    let creator = log.creator.map_or(String::new(), |c| format!("{} {}", c.name, c.version));
    let program = creator.trim();
    Ok(Session {
        program: if program.is_empty() { "an unnamed program".into() } else { program.to_owned() },
        target: "an HTTP archive".into(),
        secrets: Secrets::Present,
        bytes: Bytes::Reconstructed,
        ..Session::new("", epoch, exchanges.collect())
    })
}

/// Gives an exchange its id and its place in time; so far its times began at 0.
fn placed(mut e: Exchange, begun: i64, id: u64) -> Exchange {
    let begun = u64::try_from(begun).unwrap_or(0);
    e.id = ExchangeId(id);
    let t = &mut e.timing;
    t.begun = begun;
    for moment in [&mut t.tcp, &mut t.connected, &mut t.request_sent, &mut t.first_byte, &mut t.ended]
        .into_iter()
        .flatten()
    {
        *moment = moment.saturating_add(begun);
    }
    if let Some(stranger) = e.sender.stranger() {
        e.operation = stranger.operation(id);
    }
    e
}
