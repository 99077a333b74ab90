//! A form: labelled text fields with inline validation, edited with `tui-input`.
//!
//! Validation explains and never blocks: whether a wrong value may be sent is the caller's decision.

use super::press::{Key, Press};
use super::take::Take;
use crate::domain::explain::Direction;
use crate::domain::names::{ObjectRef, S3Uri};
use crate::domain::operation::UploadRef;
use crate::domain::units::{PartNumber, grouped, human_size, parse_size};
use tui_input::{Input, InputRequest};

/// What a field must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Anything.
    Any,
    /// Something.
    Required,
    /// A part number.
    PartNumber,
    /// A number of things, at least one.
    Count,
    /// A size in bytes, units allowed.
    Size,
    /// A size for parts.
    PartSize,
    /// A path of a local file.
    Path,
    /// Exactly this word, as a confirmation.
    Word(&'static str),
}

/// One field.
#[derive(Debug, Clone)]
pub struct Field {
    /// S3's word for it.
    pub label: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// The text and cursor.
    pub input: Input,
    /// What it must hold.
    pub rule: Rule,
}

impl Field {
    /// A field with a first value.
    pub fn new(label: &'static str, value: impl Into<String>, rule: Rule, help: &'static str) -> Self {
        Self { label, help, input: Input::new(value.into()), rule }
    }

    /// `Ok` with a note on the value, or what rule it breaks.
    pub fn check(&self) -> Result<String, String> {
        let value = self.input.value();
        match self.rule {
            Rule::Any => Ok(String::new()),
            Rule::Required | Rule::Path if value.is_empty() => Err("must not be empty".into()),
            Rule::Required | Rule::Path => Ok(String::new()),
            Rule::PartNumber => match value.parse::<i32>() {
                Ok(n) if PartNumber(n).is_valid() => Ok("1 … 10 000".into()),
                Ok(_) => Err("S3 numbers parts 1 … 10 000".into()),
                Err(e) if is_too_large(&e) => Err("too large: S3 numbers parts 1 … 10 000".into()),
                Err(_) => Err("not a whole number".into()),
            },
            Rule::Count => match value.trim().parse::<u64>() {
                Ok(0) => Err("at least 1".into()),
                Ok(_) => Ok(String::new()),
                Err(e) if is_too_large(&e) => Err("too large".into()),
                Err(_) => Err("not a whole number".into()),
            },
            Rule::Size => parse_size(value).map(|n| format!("{} bytes", grouped(n))),
            Rule::PartSize => match parse_size(value)? {
                n if n < 5 * 1024 * 1024 => {
                    Err(format!("{}: only the last part may be below 5 MiB", human_size(n)))
                }
                n if n > 5 * 1024 * 1024 * 1024 => {
                    Err(format!("{}: a part holds at most 5 GiB", human_size(n)))
                }
                n => Ok(format!("{} bytes, {}", grouped(n), human_size(n))),
            },
            Rule::Word(word) if value == word => Ok(String::new()),
            Rule::Word(word) => Err(format!("type {word} to go on")),
        }
    }
}

/// What a form is for; decides what happens when it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Plan a multipart copy of this object with another part size.
    PlanCopy(ObjectRef),
    /// Begin an upload with no source.
    NewUpload,
    /// Plan one generated part.
    GeneratedPart,
    /// Plan parts from a local file.
    FileParts,
    /// Copy an object in one call.
    CopyObject(ObjectRef),
    /// Allow writes on a real endpoint.
    Unlock,
    /// Abort an upload of a real endpoint, its name typed.
    AbortNamed(UploadRef),
    /// Send so many parts.
    RunSome,
    /// Abort every open upload of a real endpoint and leave.
    AbortAll,
    /// Send the abort that stands in the request form.
    AbortDrafted,
    /// Compare a local file with the inspected object.
    Verify,
    /// Compare this open upload with a source, to go on with it.
    Rescue(UploadRef),
    /// Write all exchanges to a file; with secrets, their word typed.
    SaveSession {
        /// Whether secrets are written too.
        unmasked: bool,
    },
    /// Take recorded calls along, into a file.
    TakeAlong(Take),
    /// Go to an `s3://` address.
    GoTo,
    /// Go to a byte of request or response.
    GoToByte(Direction),
}

/// A form on the screen.
#[derive(Debug, Clone)]
pub struct Form {
    /// What it is for.
    pub purpose: Purpose,
    /// Title.
    pub title: String,
    /// Lines above the fields.
    pub intro: Vec<String>,
    /// Fields.
    pub fields: Vec<Field>,
    /// Field under the cursor.
    pub at: usize,
}

/// What a press did to a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    /// It was an edit or a movement.
    Stay,
    /// The form was sent.
    Submit,
    /// The form was left.
    Leave,
}

impl Form {
    /// A form with its cursor in the first field.
    pub fn new(purpose: Purpose, title: impl Into<String>, intro: Vec<String>, fields: Vec<Field>) -> Self {
        Self { purpose, title: title.into(), intro, fields, at: 0 }
    }

    /// The text of a field.
    pub fn value(&self, index: usize) -> &str {
        self.fields.get(index).map_or("", |f| f.input.value())
    }

    /// The first broken rule, with its label.
    pub fn problem(&self) -> Option<String> {
        self.fields.iter().find_map(|f| f.check().err().map(|e| format!("{}: {e}", f.label)))
    }

    /// One key press.
    pub fn press(&mut self, press: Press) -> Edited {
        let last = self.fields.len().saturating_sub(1);
        match (press.key, press.ctrl) {
            (Key::Esc, _) => return Edited::Leave,
            (Key::Char('s'), true) => return Edited::Submit,
            (Key::Enter, _) if self.at >= last => return Edited::Submit,
            (Key::Enter | Key::Tab | Key::Down, _) => self.at = if self.at >= last { 0 } else { self.at + 1 },
            (Key::BackTab | Key::Up, _) => self.at = self.at.checked_sub(1).unwrap_or(last),
            _ => {
                if let (Some(field), Some(request)) = (self.fields.get_mut(self.at), request(press)) {
                    field.input.handle(request);
                }
            }
        }
        Edited::Stay
    }

    /// Pasted text goes into the field; line ends and other controls become spaces.
    pub fn paste(&mut self, text: &str) {
        if let Some(field) = self.fields.get_mut(self.at) {
            // A whole address takes the place of the one that was filled in, wherever the cursor stands.
            if self.purpose == Purpose::GoTo && text.starts_with("s3://") {
                field.input.reset();
            }
            paste_into(&mut field.input, text);
        }
    }
}

/// Most characters taken from one paste.
pub const MAX_PASTE: usize = 4096;

/// Pastes into an input without letting any control character in.
pub fn paste_into(input: &mut Input, text: &str) {
    for c in text.trim_end_matches(['\r', '\n']).chars().take(MAX_PASTE) {
        input.handle(InputRequest::InsertChar(if c.is_control() { ' ' } else { c }));
    }
}

/// The edit a press means in a text field.
pub fn request(press: Press) -> Option<InputRequest> {
    Some(match (press.key, press.ctrl, press.alt) {
        (Key::Char(c), false, false) => InputRequest::InsertChar(c),
        (Key::Backspace, false, false) => InputRequest::DeletePrevChar,
        (Key::Delete, ..) => InputRequest::DeleteNextChar,
        (Key::Left, false, _) => InputRequest::GoToPrevChar,
        (Key::Right, false, _) => InputRequest::GoToNextChar,
        (Key::Left, true, _) | (Key::Char('b'), _, true) => InputRequest::GoToPrevWord,
        (Key::Right, true, _) | (Key::Char('f'), _, true) => InputRequest::GoToNextWord,
        (Key::Home, ..) | (Key::Char('a'), true, _) => InputRequest::GoToStart,
        (Key::End, ..) | (Key::Char('e'), true, _) => InputRequest::GoToEnd,
        (Key::Char('w'), true, _) | (Key::Backspace, ..) => InputRequest::DeletePrevWord,
        (Key::Char('u'), true, _) => InputRequest::DeleteLine,
        (Key::Char('k'), true, _) => InputRequest::DeleteTillEnd,
        _ => return None,
    })
}

/// Reads a destination typed as `s3://bucket/key` or `bucket/key`.
pub fn parse_destination(text: &str) -> Result<ObjectRef, String> {
    let uri = if text.starts_with("s3://") { text.to_owned() } else { format!("s3://{text}") };
    S3Uri::parse(&uri)?.object()
}

/// Whether a number was written well and is larger than any that is kept.
fn is_too_large(error: &std::num::ParseIntError) -> bool {
    *error.kind() == std::num::IntErrorKind::PosOverflow
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_explain_themselves() {
        let said = |rule, value: &str| Field::new("x", value, rule, "").check();
        assert!(said(Rule::PartNumber, "0").unwrap_err().contains("10 000"));
        assert!(said(Rule::PartNumber, "10000").is_ok());
        for rule in [Rule::PartNumber, Rule::Count] {
            assert!(said(rule, "99999999999999999999999").unwrap_err().starts_with("too large"));
        }
        assert!(said(Rule::PartSize, "5MB").unwrap_err().contains("5 MiB"));
        assert!(said(Rule::PartSize, "8MiB").unwrap().contains("8 388 608"));
        assert!(said(Rule::Word("write"), "writ").is_err());
    }

    #[test]
    fn typing_pasting_and_leaving() {
        let mut form = Form::new(
            Purpose::GoTo,
            "t",
            vec![],
            vec![Field::new("a", "", Rule::Any, ""), Field::new("b", "", Rule::Any, "")],
        );
        for c in "q1".chars() {
            assert_eq!(form.press(Press::plain(Key::Char(c))), Edited::Stay);
        }
        form.paste("x\ny\u{1b}z\n");
        assert_eq!(form.value(0), "q1x y z");
        form.paste("s3://b/k\n");
        assert_eq!(form.value(0), "s3://b/k");
        assert_eq!(form.press(Press::plain(Key::Enter)), Edited::Stay);
        assert_eq!(form.at, 1);
        assert_eq!(form.press(Press::plain(Key::Enter)), Edited::Submit);
        assert_eq!(form.press(Press::plain(Key::Esc)), Edited::Leave);
    }
}
