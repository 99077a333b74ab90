//! A request as a person edits it: one text for each parameter, and the link between each text and the header, query
//! parameter or element that it becomes.
//!
//! A draft becomes an [`Operation`] again. What the operation's own parameters can say goes there, so that the upload
//! and the answer are understood; whatever else was typed goes along as an amendment, word for word.

mod lines;
mod rule;
mod sent;
mod table;
mod typed;

pub use lines::{Line, LineKind, Span};
pub use rule::{Rule, Said};
pub use sent::Read;
pub use table::{KINDS, Param, Place, params};

use super::operation::{Amendment, Operation, OperationKind, PartBody};
use super::preview::preview_head;

/// What the name of a metadata header begins with.
const METADATA: &str = "x-amz-meta-";

/// One editable text of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// What it is.
    pub param: &'static Param,
    /// As typed.
    pub value: String,
}

/// A request being edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    kind: OperationKind,
    slots: Vec<Slot>,
    /// Size of the object a part is copied from, for the rule of its range.
    pub source_size: Option<u64>,
}

impl Draft {
    /// The draft of a request; `None` for an operation that has no form.
    pub fn of(operation: &Operation) -> Option<Self> {
        let (kind, told) = (operation.kind(), preview_head(operation));
        let plain = operation.plain();
        let mut slots = Vec::new();
        for param in params(kind) {
            let one = |value: String| Slot { param, value };
            match param.place {
                Place::Bucket => slots.push(one(typed::address(plain).0)),
                Place::Key => slots.push(one(typed::address(plain).1)),
                Place::Query(name) => slots.push(one(told.parameter(name).unwrap_or_default().to_owned())),
                Place::Header(name) => slots.push(one(told.header(name).unwrap_or_default())),
                Place::Source | Place::Length | Place::Offset | Place::Seed => {
                    slots.push(one(body_text(plain, param.place)))
                }
                Place::Metadata => {
                    let metadata = told.headers.iter().filter_map(|(name, value)| {
                        Some(format!("{}={value}", name.strip_prefix(METADATA)?))
                    });
                    slots.extend(metadata.map(one));
                    slots.push(one(String::new()));
                }
                Place::Entry | Place::Tag => {
                    slots.extend(typed::rows(plain, param.place).into_iter().map(one));
                    // A place to write one more.
                    slots.push(one(String::new()));
                }
            }
        }
        (!slots.is_empty()).then_some(Self { kind, slots, source_size: None })
    }

    /// Which operation it is of.
    pub fn kind(&self) -> OperationKind {
        self.kind
    }

    /// The texts, in the order of the form.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The text of a parameter, by its name in the S3 API; of a repeated one the first.
    pub fn get(&self, name: &str) -> &str {
        self.slots.iter().find(|s| s.param.name == name).map_or("", |s| s.value.as_str())
    }

    /// Where a parameter stands in the form.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|s| s.param.name == name)
    }

    /// Gives a parameter another text.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        if let Some(at) = self.position(name) {
            self.put(at, value.into());
        }
    }

    /// Gives the text at a position another value. A repeated parameter keeps an empty line at its end.
    pub fn put(&mut self, at: usize, value: String) {
        let Some(slot) = self.slots.get_mut(at) else { return };
        slot.value = value;
        let param = slot.param;
        let last = self.slots.get(at + 1).is_none_or(|next| next.param != param);
        if param.place.repeats() && last && self.slots.get(at).is_some_and(|s| !s.value.is_empty()) {
            self.slots.insert(at + 1, Slot { param, value: String::new() });
        }
    }

    /// The first field in which another draft of the same request differs.
    pub fn first_difference(&self, other: &Self) -> Option<usize> {
        let pairs = self.slots.iter().zip(&other.slots);
        let differs = pairs.enumerate().find(|(_, (mine, theirs))| mine != theirs).map(|(at, _)| at);
        differs.or((self.slots.len() != other.slots.len()).then(|| self.slots.len().min(other.slots.len())))
    }

    /// Why nothing can be sent, as far as single texts say it.
    pub fn unsendable(&self) -> Option<String> {
        self.slots.iter().enumerate().find_map(|(at, slot)| match self.check(at) {
            Said::Unsendable(why) if !(slot.param.place.repeats() && slot.value.is_empty()) => {
                Some(format!("{}: {why}", slot.param.name))
            }
            _ => None,
        })
    }

    /// What the rule of a text says of it.
    pub fn check(&self, at: usize) -> Said {
        match self.slots.get(at) {
            Some(slot) => slot.param.rule.check(&slot.value, self.source_size),
            None => Said::Fine(String::new()),
        }
    }

    /// How many texts break a rule and can be sent all the same.
    pub fn broken(&self) -> usize {
        (0..self.slots.len()).filter(|at| matches!(self.check(*at), Said::Broken(_))).count()
    }

    /// Whether the line at a position may be moved, dropped and doubled: it is one of several, and not the empty one.
    pub fn is_row(&self, at: usize) -> bool {
        self.slots.get(at).is_some_and(|s| s.param.place.repeats() && !s.value.is_empty())
    }

    /// Moves a line of a repeated parameter up or down by one; gives where it is then.
    pub fn shift(&mut self, at: usize, down: bool) -> usize {
        let to = if down { at + 1 } else { at.saturating_sub(1) };
        let same = |a: usize, b: usize| {
            self.slots.get(a).zip(self.slots.get(b)).is_some_and(|(a, b)| a.param == b.param)
        };
        if to != at && self.is_row(at) && self.is_row(to) && same(at, to) {
            self.slots.swap(at, to);
            return to;
        }
        at
    }

    /// Drops a line of a repeated parameter.
    pub fn drop_row(&mut self, at: usize) {
        if self.is_row(at) {
            self.slots.remove(at);
        }
    }

    /// Writes a line of a repeated parameter a second time, below itself.
    pub fn double(&mut self, at: usize) {
        if self.is_row(at)
            && let Some(slot) = self.slots.get(at).cloned()
        {
            self.slots.insert(at + 1, slot);
        }
    }

    /// Changes one hexadecimal digit of the first ETag-like word of a text.
    pub fn corrupt(&mut self, at: usize) {
        if let Some(slot) = self.slots.get_mut(at)
            && let Some(value) = corrupted(&slot.value)
        {
            slot.value = value;
        }
    }

    /// Where the lines of a repeated parameter begin and how many there are, the empty one not counted.
    pub fn rows(&self, name: &str) -> std::ops::Range<usize> {
        let first = self.position(name).unwrap_or(0);
        let count =
            self.slots.iter().skip(first).take_while(|s| s.param.name == name && !s.value.is_empty()).count();
        first..first + count
    }

    /// The request this draft stands for, or why nothing can be sent.
    pub fn operation(&self) -> Result<Operation, String> {
        if let Some(why) = self.unsendable() {
            return Err(why);
        }
        let plain = self.typed()?;
        let told = preview_head(&plain);
        let mut amendment = Amendment::default();
        for slot in &self.slots {
            let wanted = Some(slot.value.clone()).filter(|v| !v.is_empty());
            match slot.param.place {
                Place::Query(name) if told.parameter(name) != wanted.as_deref() => {
                    amendment.query.push((name.to_owned(), wanted));
                }
                Place::Header(name) if told.header(name) != wanted => {
                    amendment.headers.push((name.to_owned(), wanted));
                }
                // What Create takes as its own, CopyObject has no place for.
                Place::Metadata => {
                    let pair = rule::read_metadata(&slot.value).filter(|_| !typed::has_metadata(&plain));
                    if let Some((name, text)) = pair {
                        add_header(&mut amendment.headers, format!("{METADATA}{name}"), text);
                    }
                }
                _ => {}
            }
        }
        Ok(plain.amended(amendment))
    }

    /// The lines of a repeated parameter that are filled.
    fn filled(&self, place: Place) -> impl Iterator<Item = &str> {
        self.slots
            .iter()
            .filter(move |s| s.param.place == place && !s.value.is_empty())
            .map(|s| s.value.as_str())
    }

    /// The text of a parameter, or nothing when it is empty.
    fn some(&self, name: &str) -> Option<String> {
        Some(self.get(name).to_owned()).filter(|v| !v.is_empty())
    }
}

/// A header that stands there twice says both values, with a comma between.
fn add_header(headers: &mut Vec<(String, Option<String>)>, name: String, value: String) {
    match headers.iter_mut().find(|(n, _)| *n == name) {
        Some((_, Some(earlier))) => *earlier = format!("{earlier},{value}"),
        _ => headers.push((name, Some(value))),
    }
}

/// Another digit in place of the last one of the first word of 32 hexadecimal digits.
fn corrupted(text: &str) -> Option<String> {
    let start = text.split(|c: char| !c.is_ascii_hexdigit()).find(|w| w.len() == 32)?;
    let at = text.find(start)? + 31;
    let digit = if text.get(at..=at)? == "0" { "1" } else { "0" };
    let mut out = text.to_owned();
    out.replace_range(at..=at, digit);
    Some(out)
}

fn body_text(operation: &Operation, place: Place) -> String {
    let Operation::UploadPart(part) = operation else { return String::new() };
    match (&part.body, place) {
        (body, Place::Length) => body.len().to_string(),
        (PartBody::Generated { .. }, Place::Source) => "generated".into(),
        (PartBody::Generated { seed, .. }, Place::Seed) => seed.to_string(),
        (PartBody::File { path, .. }, Place::Source) => path.to_string_lossy().into_owned(),
        (PartBody::File { offset, .. }, Place::Offset) => offset.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
