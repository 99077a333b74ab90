//! Sessions as HTTP Archives (HAR 1.2), which browsers and proxies read and write.
//!
//! An archive holds names, values and texts, not bytes. What this program writes has the exact bytes besides, in fields of
//! its own (`_partscope`, the lines of a session file), and is read back from those. Of other programs' archives the bytes
//! are made up again as well as can be, and the session says so.
//!
//! Sources: "HTTP Archive 1.2" (W3C Web Performance draft, J. Odvarko), and what the importer of Chrome's developer tools
//! asks of a file.

mod entry;
mod read;
mod rebuild;

pub use read::{Unreadable, read};

use super::exchange::Exchange;
use super::mask;
use super::session_file::{About, Secrets, Session, Unmasked};
use serde_json::json;

/// An archive without secrets.
pub fn write(session: &Session) -> Vec<u8> {
    archive(session, Secrets::Masked, mask::exchange)
}

/// An archive with the secrets that the session holds.
pub fn write_unmasked(session: &Session, _proof: &Unmasked) -> Vec<u8> {
    archive(session, session.secrets, Exchange::clone)
}

fn archive(session: &Session, secrets: Secrets, prepare: impl Fn(&Exchange) -> Exchange) -> Vec<u8> {
    let comment = match secrets {
        Secrets::Masked => "Secrets are masked: each of their bytes stands as *.",
        Secrets::Present => "This file holds secrets as they were sent.",
    };
    let entries: Vec<_> = session
        .exchanges
        .iter()
        .map(|e| entry::entry(&prepare(e), session.epoch, session.deeds.get(&e.id)))
        .collect();
    let (name, version) = session.program.split_once(' ').unwrap_or((&session.program, ""));
    let archive = json!({ "log": {
        "version": "1.2",
        "creator": { "name": name, "version": version },
        "comment": comment,
        "_partscope": About::of(session, secrets),
        "entries": entries,
    }});
    let mut out = archive.to_string().into_bytes();
    out.push(b'\n');
    out
}

#[cfg(test)]
mod tests;
