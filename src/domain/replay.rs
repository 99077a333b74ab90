//! A session out of a file, whichever of the two formats it is in.

use super::har;
use super::message::Message;
use super::session_file::{self, Bytes, Secrets, Session};
use super::units::grouped;

/// Format of a file that holds a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// This program's own.
    Session,
    /// HTTP Archive 1.2.
    Har,
}

/// What was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// Name of the file, as it was given.
    pub name: String,
    /// Its format.
    pub format: Format,
    /// What it holds.
    pub session: Session,
    /// What is to be known of it besides, in words: where it is cut, what was dropped before.
    pub notes: Vec<String>,
}

/// Opens a file by what it holds, not by its name.
///
/// # Errors
///
/// In words, with the line or entry that is wrong.
pub fn open(name: impl Into<String>, file: &[u8]) -> Result<Replay, String> {
    let begins = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let begins = begins.get(..begins.len().min(4096)).unwrap_or(begins);
    let holds = |word: &[u8]| begins.windows(word.len()).any(|w| w == word);
    // The field that names the format stands in the first line, and an archive holds it only in a field of its own.
    let is_archive = holds(b"\"log\"") && begins.trim_ascii_start().starts_with(b"{");
    let (session, cut, format) = if is_archive {
        (har::read(file).map_err(|e| e.to_string())?, None, Format::Har)
    } else {
        let (session, cut) = session_file::read(file).map_err(|e| e.to_string())?;
        (session, cut, Format::Session)
    };
    let mut notes: Vec<String> = cut.into_iter().collect();
    if session.dropped > 0 {
        notes
            .push(format!("{} older exchanges were dropped before it was written", grouped(session.dropped)));
    }
    Ok(Replay { name: name.into(), format, session, notes })
}

impl Replay {
    /// Where its calls were sent, when that was not Amazon: by the host that the first of them names.
    pub fn endpoint(&self) -> Option<String> {
        let first = self.session.exchanges.first()?;
        let message = Message::read(&first.request.head);
        let host = message.header("host").filter(|host| !host.contains(".amazonaws."))?;
        let scheme = if first.tls.is_some() { "https" } else { "http" };
        Some(format!("{scheme}://{host}"))
    }

    /// What has to be known of its bytes: whether they are those of the wire, and what of them is secret.
    pub fn words(&self) -> &'static str {
        match (self.session.bytes, self.session.secrets) {
            (Bytes::Exact, Secrets::Masked) => "exact bytes, secrets masked",
            (Bytes::Exact, Secrets::Present) => "exact bytes, HOLDS SECRETS",
            (Bytes::Reconstructed, Secrets::Masked) => "bytes reconstructed, secrets masked",
            (Bytes::Reconstructed, Secrets::Present) => "bytes reconstructed, may hold secrets",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_what_it_holds() {
        let session = Session::new("SANDBOX", 0, Vec::new());
        let dropped = Session { dropped: 1200, ..session.clone() };
        let opened = open("a", &session_file::write(&dropped)).unwrap();
        assert_eq!((opened.format, opened.words()), (Format::Session, "exact bytes, secrets masked"));
        assert_eq!(opened.notes, ["1 200 older exchanges were dropped before it was written"]);
        let opened = open("a", &har::write(&session)).unwrap();
        assert_eq!((opened.format, opened.words()), (Format::Har, "exact bytes, secrets masked"));
        let opened = open("a", b"\xef\xbb\xbf {\"log\":{\"entries\":[]}}").unwrap();
        assert_eq!(opened.words(), "bytes reconstructed, may hold secrets");
        assert!(open("a", b"GET / HTTP/1.1").unwrap_err().contains("no session file"));
        assert!(open("a", b"{\"log\": 1}").unwrap_err().contains("no HTTP archive"));
    }
}
