//! What all scripts have in common: remarks, and texts that survive whatever is in them.

use super::model::{Call, What};
use crate::domain::text::{cut_middle, hides, visible};
use std::fmt::Write as _;

/// A remark of one line behind a mark. What would end the line, act or hide is written out.
pub fn remark(mark: &str, text: &str) -> String {
    format!("{mark} {}", visible(text)).trim_end().to_owned() + "\n"
}

/// Which call it is, of what, and what S3 answered; then what there is to remark.
pub fn lead(mark: &str, call: &Call) -> String {
    let shown = |bytes: &[u8]| cut_middle(&visible(&String::from_utf8_lossy(bytes)), 60);
    let mut text = format!("{}. {}", call.number, call.name);
    if let Some(bucket) = &call.bucket {
        let _ = write!(text, " s3://{}", shown(bucket));
        if let Some(key) = &call.key {
            let _ = write!(text, "/{}", shown(key));
        }
    }
    let _ = write!(text, ": {}", answered(call));
    let notes = call.notes.iter().map(|n| remark(mark, &format!("   {n}")));
    remark(mark, &text) + &notes.collect::<String>()
}

/// What S3 answered, in a few words.
fn answered(call: &Call) -> String {
    let Some(answer) = &call.answer else { return "no answer was recorded".into() };
    let mut text = answer.status.to_string();
    if let Some(code) = &answer.code {
        let _ = write!(text, " {code}");
    }
    for (what, value) in answer.told.iter().filter(|(w, _)| !matches!(w, What::Checksum(_))) {
        let _ = write!(text, ", {} {}", what.name(), cut_middle(value, 40));
    }
    text
}

/// A remark on what the call said and this language's client cannot.
pub fn unsaid(mark: &str, call: &Call, client: &str) -> String {
    let one = |what: String| remark(mark, &format!("   {client} has no parameter for {what}: left out"));
    call.unsaid().into_iter().map(one).collect()
}

/// Whether a character is better written as an escape: it acts, or cannot be seen.
pub fn is_odd(c: char) -> bool {
    c.is_control() || hides(c)
}

/// A text as JSON writes it, its odd characters as escapes.
pub fn json(text: &str) -> String {
    escaped(text, |out, c| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

/// A text as Python writes it: JSON's form, but for the characters beyond the first plane.
pub fn python(text: &str) -> String {
    escaped(text, |out, c| {
        let _ = match u32::from(c) {
            code @ ..0x1_0000 => write!(out, "\\u{code:04x}"),
            code => write!(out, "\\U{code:08x}"),
        };
    })
}

/// JSON's form; the odd characters that JSON leaves as they are, as `escape` writes them.
fn escaped(text: &str, escape: impl Fn(&mut String, char)) -> String {
    // A text can always be written as JSON.
    let plain = serde_json::to_string(text).unwrap_or_default();
    let mut out = String::with_capacity(plain.len());
    for c in plain.chars() {
        if is_odd(c) { escape(&mut out, c) } else { out.push(c) }
    }
    out
}

/// Percent-encodes everything but what RFC 3986 leaves unreserved, and `/` where it is asked for.
pub fn percent(bytes: &[u8], keep_slash: bool) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(*byte))
            }
            b'/' if keep_slash => out.push('/'),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn odd_characters_are_escapes_and_a_remark_stays_one_line() {
        assert_eq!(json("a\"\u{202e}\u{7f}\u{e0001}é😀\n"), r#""a\"\u202e\u007f\udb40\udc01é😀\n""#);
        assert_eq!(python("\u{202e}\u{e0001}\0"), r#""\u202e\U000e0001\u0000""#);
        let text = remark("#", "a\nrm x\r\u{85}\u{2028}b");
        assert_eq!(text.lines().count(), 1);
        assert!(!text.trim_end().chars().any(is_odd));
    }

    proptest! {
        #[test]
        fn json_reads_back(text in any::<String>()) {
            prop_assert_eq!(serde_json::from_str::<String>(&json(&text)).unwrap(), text);
        }
    }
}
