//! Reading a session file: strict about what it is, forgiving about an end that is missing.

use super::{About, MAX_EXCHANGES, MAX_FILE, MAX_LINE, Row, Session, check_version};
use crate::domain::text::{cut_end, visible_bytes};
use crate::domain::units::grouped;

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is something else.
    #[error("this is no session file: {0}")]
    Other(String),
    /// A line is not what it must be.
    #[error("line {line}: {why}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
}

/// Reads a session file. What is missing at its end is said in words beside it.
///
/// # Errors
///
/// When it is no session file, is written in another version of the format, or has a line that cannot be so. A last line
/// that is cut is no error.
pub fn read(file: &[u8]) -> Result<(Session, Option<String>), Unreadable> {
    if u64::try_from(file.len()).unwrap_or(u64::MAX) > MAX_FILE {
        return Err(Unreadable::Other(format!("it is larger than {} bytes", grouped(MAX_FILE))));
    }
    let mut lines = file.split_inclusive(|b| *b == b'\n');
    let about = first(lines.next().unwrap_or_default())?;
    let (mut exchanges, mut cut) = (Vec::new(), false);
    for (line, number) in lines.zip(2..) {
        let wrong = |why: String| Unreadable::Line { line: number, why };
        if line.trim_ascii().is_empty() {
            continue;
        }
        if line.len() > MAX_LINE {
            return Err(wrong(format!("longer than {} bytes", grouped_len(MAX_LINE))));
        }
        if exchanges.len() == MAX_EXCHANGES {
            return Err(wrong(format!("more than {} exchanges", grouped_len(MAX_EXCHANGES))));
        }
        match serde_json::from_slice::<Row>(line) {
            Ok(row) => exchanges.push(row.exchange().map_err(wrong)?),
            // Only what was being written last can lack its end.
            Err(e) if e.is_eof() && !line.ends_with(b"\n") => cut = true,
            Err(e) => return Err(wrong(plain(&e))),
        }
    }
    if let Some(at) = exchanges.windows(2).position(|w| matches!(w, [(a, _), (b, _)] if a.id >= b.id)) {
        return Err(Unreadable::Line {
            line: at + 3,
            why: "its id does not come after that of the line before".into(),
        });
    }
    let (found, said) = (u64::try_from(exchanges.len()).unwrap_or(u64::MAX), about.exchanges);
    let note = (cut || found < said)
        .then(|| format!("the file is cut: it holds {} of {} exchanges", grouped(found), grouped(said)));
    Ok((about.session(exchanges), note))
}

fn first(line: &[u8]) -> Result<About, Unreadable> {
    if line.is_empty() {
        return Err(Unreadable::Other("it is empty".into()));
    }
    let begins = line.get(..line.len().min(64)).unwrap_or(line);
    let other = || Unreadable::Other(format!("it begins with {}", cut_end(&visible_bytes(begins), 40)));
    if line.len() > MAX_LINE {
        return Err(other());
    }
    /// All that versions of the format will have in common.
    #[derive(serde::Deserialize)]
    struct Version {
        partscope_session: u32,
    }
    let Ok(Version { partscope_session }) = serde_json::from_slice(line) else { return Err(other()) };
    let wrong = |why| Unreadable::Line { line: 1, why };
    check_version(partscope_session).map_err(wrong)?;
    serde_json::from_slice(line).map_err(|e| wrong(plain(&e)))
}

/// What is wrong with JSON, its own line number left out.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let said = text.rsplit_once(" at line ").map_or(text.as_str(), |(said, _)| said);
    format!("{said}, at character {}", error.column())
}

fn grouped_len(len: usize) -> String {
    grouped(u64::try_from(len).unwrap_or(u64::MAX))
}
