//! A request being edited: the form, the cursor in it, and the lines it becomes.

use super::select::{Motion, moved};
use crate::domain::draft::{Draft, Line, Rule};
use std::collections::BTreeMap;
use tui_input::{Input, InputRequest};

/// A form on the workbench.
#[derive(Debug, Clone)]
pub struct Drafting {
    /// The texts.
    pub draft: Draft,
    /// The field under the cursor.
    pub at: usize,
    /// Its text and cursor.
    pub input: Input,
    /// The line of the request under the cursor.
    pub line: usize,
    /// The upload on the workbench it was opened for.
    pub bench: Option<u64>,
    /// What was put into it for the user, and why.
    pub remark: Option<String>,
    /// Whether it is wrong on purpose, so that its refusal is explained at once.
    pub lesson: bool,
    /// As it was opened.
    fresh: Draft,
    lines: Vec<Line>,
    broken: usize,
    unsendable: Option<String>,
    edits: u64,
    recalled: usize,
}

impl Drafting {
    /// A form with its cursor in the first field that is not the address.
    pub fn new(draft: Draft, bench: Option<u64>) -> Self {
        let at = draft
            .slots()
            .iter()
            .position(|s| !matches!(s.param.name, "Bucket" | "Key" | "UploadId"))
            .unwrap_or(0);
        let mut form = Self {
            fresh: draft.clone(),
            draft,
            at,
            input: Input::default(),
            line: 0,
            bench,
            remark: None,
            lesson: false,
            lines: Vec::new(),
            broken: 0,
            unsendable: None,
            edits: 0,
            recalled: 0,
        };
        form.refresh();
        form.go_to(at);
        form
    }

    /// The request as it will be, kept until the next edit.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// How many fields break a rule.
    pub fn broken(&self) -> usize {
        self.broken
    }

    /// Whether another form was opened for the same call.
    pub fn is_same_call(&self, other: &Self) -> bool {
        self.bench == other.bench && self.fresh == other.fresh
    }

    /// Whether anything was typed since it was opened.
    pub fn is_edited(&self) -> bool {
        self.draft != self.fresh
    }

    /// Why nothing can be sent as it stands.
    pub fn unsendable(&self) -> Option<&str> {
        self.unsendable.as_deref()
    }

    /// How often it was changed.
    pub fn edits(&self) -> u64 {
        self.edits
    }

    /// Puts the cursor into a field.
    pub fn go_to(&mut self, at: usize) {
        self.at = at.min(self.draft.slots().len().saturating_sub(1));
        self.input =
            Input::new(self.draft.slots().get(self.at).map_or_else(String::new, |s| s.value.clone()));
        self.recalled = 0;
        self.line = self.lines.iter().position(|l| l.is_of(self.at)).unwrap_or(self.line);
    }

    /// Moves through the fields.
    pub fn go(&mut self, page: usize, motion: Motion) {
        self.go_to(moved(self.at, self.draft.slots().len(), page, motion));
    }

    /// Moves through the lines of the request; the field goes along.
    pub fn go_line(&mut self, page: usize, motion: Motion) {
        let line = moved(self.line, self.lines.len(), page, motion);
        if let Some(slot) = self.lines.get(line).and_then(Line::slot) {
            self.go_to(slot);
        }
        self.line = line;
    }

    /// One edit of the field under the cursor.
    pub fn edit(&mut self, request: InputRequest) {
        self.input.handle(request);
        self.took();
    }

    /// Pastes into the field.
    pub fn paste(&mut self, text: &str) {
        crate::app::form::paste_into(&mut self.input, text);
        self.took();
    }

    /// Gives the field another text.
    pub fn replace(&mut self, value: &str) {
        self.input = Input::new(value.to_owned());
        self.took();
    }

    fn took(&mut self) {
        self.draft.put(self.at, self.input.value().to_owned());
        self.refresh();
        self.line = self.lines.iter().position(|l| l.is_of(self.at)).unwrap_or(self.line);
    }

    fn refresh(&mut self) {
        self.edits += 1;
        self.lines = self.draft.lines();
        self.broken = self.draft.broken();
        self.unsendable = self.draft.unsendable();
    }

    /// Changes the lines of a repeated parameter, and follows the one under the cursor.
    pub fn rows(&mut self, change: impl FnOnce(&mut Draft, usize) -> usize) {
        let at = change(&mut self.draft, self.at);
        self.refresh();
        self.go_to(at);
    }

    /// As it was opened.
    pub fn reset(&mut self) {
        self.draft = self.fresh.clone();
        self.refresh();
        self.go_to(self.at);
    }

    /// The next of the values S3 knows for this field, or the one before.
    pub fn other_value(&mut self, by: isize) {
        let Some(Rule::OneOf(known)) = self.draft.slots().get(self.at).map(|s| s.param.rule) else { return };
        // The empty value is one of them: the parameter is left out.
        let now = known.iter().position(|k| *k == self.input.value()).map_or(0, |i| i + 1);
        let len = isize::try_from(known.len() + 1).unwrap_or(1);
        let next = (isize::try_from(now).unwrap_or(0) + by).rem_euclid(len);
        let value = usize::try_from(next).ok().and_then(|i| i.checked_sub(1)).and_then(|i| known.get(i));
        self.replace(value.copied().unwrap_or_default());
    }

    /// An earlier value of this field, the latest first.
    ///
    /// `false` when none was sent.
    pub fn recall(&mut self, history: &History) -> bool {
        let Some(slot) = self.draft.slots().get(self.at) else { return false };
        let Some(earlier) = history.of(slot.param.name).filter(|e| !e.is_empty()) else { return false };
        let index = self.recalled % earlier.len();
        let recalled = self.recalled + 1;
        if let Some(value) = earlier.iter().rev().nth(index).cloned() {
            self.replace(&value);
        }
        self.recalled = recalled;
        true
    }
}

/// Values that were sent, by parameter; secrets are not among them.
#[derive(Debug, Clone, Default)]
pub struct History(BTreeMap<&'static str, Vec<String>>);

/// Values kept of each parameter.
const KEPT: usize = 20;

impl History {
    fn of(&self, name: &str) -> Option<&Vec<String>> {
        self.0.get(name)
    }

    /// Remembers what a draft that is sent holds.
    pub fn take(&mut self, draft: &Draft) {
        for slot in draft.slots().iter().filter(|s| !s.value.is_empty() && !is_secret(s.param.name)) {
            let earlier = self.0.entry(slot.param.name).or_default();
            earlier.retain(|v| *v != slot.value);
            earlier.push(slot.value.clone());
            if earlier.len() > KEPT {
                earlier.remove(0);
            }
        }
    }
}

/// Whether a parameter is a key that must not be kept or shown.
pub fn is_secret(name: &str) -> bool {
    matches!(name, "SSECustomerKey" | "CopySourceSSECustomerKey")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::ObjectRef;
    use crate::domain::operation::{CopyObject, Operation};

    fn form() -> Drafting {
        let operation = Operation::CopyObject(CopyObject {
            source: ObjectRef::new("bkt", "a"),
            destination: ObjectRef::new("bkt", "b"),
            copy_source_if_match: None,
            drop_tags: false,
            if_none_match: false,
            storage_class: None,
        });
        Drafting::new(Draft::of(&operation).unwrap(), None)
    }

    #[test]
    fn the_line_follows_the_field_and_the_field_the_line() {
        let mut f = form();
        assert_eq!(f.draft.slots()[f.at].param.name, "CopySource");
        assert!(f.lines()[f.line].text().starts_with("x-amz-copy-source: "));
        f.go_line(10, Motion::Home);
        assert_eq!(f.draft.slots()[f.at].param.name, "Key");
        let at = f.draft.position("StorageClass").unwrap();
        f.go_to(at);
        f.other_value(1);
        assert_eq!(f.draft.get("StorageClass"), "STANDARD");
        assert!(f.lines()[f.line].text().contains("x-amz-storage-class: STANDARD"));
        f.other_value(-1);
        assert_eq!(f.draft.get("StorageClass"), "");
        assert!(!f.is_edited());
    }

    #[test]
    fn earlier_values_come_back_and_secrets_do_not() {
        let (mut f, mut history) = (form(), History::default());
        for value in ["x", "y"] {
            f.draft.set("CacheControl", value);
            f.draft.set("SSECustomerKey", "secret");
            history.take(&f.draft);
        }
        f.go_to(f.draft.position("CacheControl").unwrap());
        f.recall(&history);
        f.recall(&history);
        assert_eq!(f.draft.get("CacheControl"), "x");
        f.go_to(f.draft.position("SSECustomerKey").unwrap());
        f.reset();
        f.recall(&history);
        assert_eq!(f.draft.get("SSECustomerKey"), "");
    }
}
