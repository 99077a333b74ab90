//! Standard output and standard error.
//!
//! A reader that went away (`partscope … | head`) is no mistake of the command, so a closed pipe becomes
//! [`Failure::ClosedPipe`], which is success.

use super::Failure;
use crate::domain::text::{hides, visible};
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

    /// Writes bytes as they are.
    pub fn bytes(self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(pipe)
    }

    /// Prints one JSON value on one line; on a terminal it does nothing but appear.
    pub fn json(self, value: &impl serde::Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|e| Failure::Local(e.to_string()))?;
        self.line(&harmless(&text))
    }
}

/// JSON with the characters escaped that JSON need not escape and a terminal may obey: DEL, C1 controls, and those that
/// change the direction of text or vanish. They occur in strings only, where the escape means the same.
fn harmless(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_control() || hides(c) {
            let mut units = [0; 2];
            out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn json_is_harmless_on_a_terminal() {
        let text = serde_json::to_string("a\u{9b}2J\u{7f}\u{202e}b\u{2066}\u{1b}\u{e0041}é ‖").unwrap();
        assert_eq!(harmless(&text), "\"a\\u009b2J\\u007f\\u202eb\\u2066\\u001b\\udb40\\udc41é ‖\"");
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_read_back_the_same(text: String) {
            let safe = harmless(&serde_json::to_string(&text).unwrap());
            prop_assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
            prop_assert!(!safe.chars().any(|c| c.is_control() || hides(c)));
        }
    }
}
