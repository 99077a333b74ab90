//! The request of a draft line by line, each piece tied to the text that makes it.

use super::rule::{read_entry, read_metadata, read_tag};
use super::{Draft, Place};
use crate::domain::names::encode_key;
use crate::domain::operation::OperationKind;
use crate::domain::preview::{entry_line, pair, tag_line};
use crate::domain::units::{grouped, parse_size};

/// What a line of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// Method, path and query.
    Start,
    /// A header.
    Header,
    /// Body.
    Body,
    /// A sentence about the body.
    Note,
}

/// A piece of a line, and the text of the form it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// What stands there.
    pub text: String,
    /// Position in the form; `None` for what no text causes.
    pub slot: Option<usize>,
}

/// One line of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub kind: LineKind,
    /// Its pieces in order.
    pub spans: Vec<Span>,
}

impl Line {
    fn new(kind: LineKind, text: impl Into<String>, slot: Option<usize>) -> Self {
        Self { kind, spans: vec![Span { text: text.into(), slot }] }
    }

    /// The text of the whole line.
    pub fn text(&self) -> String {
        self.spans.iter().map(|s| s.text.as_str()).collect()
    }

    /// Whether some piece of it comes from a text of the form.
    pub fn is_of(&self, slot: usize) -> bool {
        self.spans.iter().any(|s| s.slot == Some(slot))
    }

    /// The text of the form it comes from; of several the last, which is the most telling part of an address.
    pub fn slot(&self) -> Option<usize> {
        self.spans.iter().filter_map(|s| s.slot).next_back()
    }
}

impl Draft {
    /// The request as it will be before it is signed.
    pub fn lines(&self) -> Vec<Line> {
        let mut out = vec![self.start()];
        for (at, slot) in self.slots().iter().enumerate().filter(|(_, s)| !s.value.is_empty()) {
            match slot.param.place {
                Place::Header(name) => {
                    out.push(Line::new(LineKind::Header, format!("{name}: {}", slot.value), Some(at)));
                }
                Place::Metadata => {
                    let text = read_metadata(&slot.value).map(|(n, v)| format!("x-amz-meta-{n}: {v}"));
                    out.extend(text.map(|text| Line::new(LineKind::Header, text, Some(at))));
                }
                _ => {}
            }
        }
        out.extend(self.body_lines());
        out
    }

    fn start(&self) -> Line {
        let at = |name: &str| self.position(name);
        let plain = |text: &str| Span { text: text.to_owned(), slot: None };
        let mut spans = vec![plain(self.kind().method()), plain(" /")];
        spans.push(Span { text: self.get("Bucket").to_owned(), slot: at("Bucket") });
        spans.push(plain("/"));
        spans.push(Span { text: encode_key(self.get("Key")), slot: at("Key") });
        let mut query: Vec<Span> = sub_resource(self.kind()).map(plain).into_iter().collect();
        query.extend(self.slots().iter().enumerate().filter_map(|(at, slot)| match slot.param.place {
            Place::Query(name) if !slot.value.is_empty() => {
                Some(Span { text: pair(name, &slot.value), slot: Some(at) })
            }
            _ => None,
        }));
        for (index, span) in query.into_iter().enumerate() {
            spans.push(plain(if index == 0 { "?" } else { "&" }));
            spans.push(span);
        }
        Line { kind: LineKind::Start, spans }
    }

    fn body_lines(&self) -> Vec<Line> {
        let body = |text: &str| Line::new(LineKind::Body, text, None);
        let rows = |place: Place| {
            let filled = move |(_, s): &(usize, &super::Slot)| s.param.place == place && !s.value.is_empty();
            self.slots().iter().enumerate().filter(filled)
        };
        match self.kind() {
            OperationKind::CompleteMultipartUpload => {
                let entry = |(at, slot): (usize, &super::Slot)| {
                    let text = read_entry(&slot.value).map_or_else(|why| why, |p| entry_line(&p));
                    Line::new(LineKind::Body, format!("  {text}"), Some(at))
                };
                let mut out = vec![body("<CompleteMultipartUpload>")];
                out.extend(rows(Place::Entry).map(entry));
                out.push(body("</CompleteMultipartUpload>"));
                out
            }
            OperationKind::PutObjectTagging => {
                let tag = |(at, slot): (usize, &super::Slot)| {
                    Line::new(LineKind::Body, format!("    {}", tag_line(&read_tag(&slot.value))), Some(at))
                };
                let mut out = vec![body("<Tagging>"), body("  <TagSet>")];
                out.extend(rows(Place::Tag).map(tag));
                out.extend([body("  </TagSet>"), body("</Tagging>")]);
                out
            }
            OperationKind::UploadPart => vec![self.part_line()],
            OperationKind::UploadPartCopy | OperationKind::CopyObject => {
                vec![Line::new(LineKind::Note, "no body: S3 reads the bytes from the source object", None)]
            }
            _ => Vec::new(),
        }
    }

    fn part_line(&self) -> Line {
        let span = |text: String, name: &str| Span { text, slot: self.position(name) };
        let length = parse_size(self.get("Body length")).map_or_else(|_| "?".into(), grouped);
        let source = match self.get("Body") {
            "generated" => " generated bytes".to_owned(),
            path => format!(" bytes of {path}"),
        };
        let from = match self.get("Body") {
            "generated" => ("Body seed", " with seed "),
            _ => ("Body offset", " from byte "),
        };
        let at = Some(self.get(from.0)).filter(|v| !v.is_empty()).unwrap_or("0");
        let spans =
            vec![span(length, "Body length"), span(source, "Body"), span(format!("{}{at}", from.1), from.0)];
        Line { kind: LineKind::Note, spans }
    }
}

/// The bare name in the query that says which operation is meant.
fn sub_resource(kind: OperationKind) -> Option<&'static str> {
    match kind {
        OperationKind::CreateMultipartUpload | OperationKind::ListMultipartUploads => Some("uploads"),
        OperationKind::GetObjectAttributes => Some("attributes"),
        OperationKind::GetObjectTagging
        | OperationKind::PutObjectTagging
        | OperationKind::DeleteObjectTagging => Some("tagging"),
        _ => None,
    }
}
