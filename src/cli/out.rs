//! Standard output and standard error.
//!
//! A reader that went away (`partscope … | head`) is no mistake of the command, so a closed pipe becomes
//! [`Failure::ClosedPipe`], which is success.

use super::Failure;
use crate::domain::text::visible;
use std::io::{self, ErrorKind, Write};

/// Standard output.
#[derive(Debug, Clone, Copy, Default)]
pub struct Out;

impl Out {
    /// Prints a line.
    pub fn line(self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(pipe)
    }

    /// Prints one JSON value on one line.
    pub fn json(self, value: &impl serde::Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|e| Failure::Local(e.to_string()))?;
        self.line(&text)
    }
}

fn pipe(error: io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure::ClosedPipe,
        _ => Failure::Local(format!("cannot write to standard output: {error}")),
    }
}

/// Prints a message for people on standard error; text from outside is made harmless.
pub fn note(text: &str) {
    for line in text.lines() {
        // Nobody to tell when even standard error is gone.
        let _ = writeln!(io::stderr().lock(), "{}", visible(line));
    }
}

/// Prints why a command failed.
pub fn complain(text: &str) {
    note(&format!("partscope: {text}"));
}
