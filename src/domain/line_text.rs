//! One line of a message explained: what it means, who wrote it, where that is documented, which field of a form it was.

use super::draft::{Place, params};
use super::explain::{Direction, SetBy, element, error, header, parameter};
use super::operation::OperationKind;
use super::wire_lines::About;
use serde::Deserialize;
use std::sync::OnceLock;

/// An explanation of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineText {
    /// What is explained: `header x-amz-date`, `<Part> <ETag>`.
    pub title: String,
    /// What it says; empty when there is no text about it.
    pub means: String,
    /// Who wrote it.
    pub set_by: SetBy,
    /// The error a wrong value gives.
    pub wrong: Option<String>,
    /// Where this was read.
    pub see: String,
    /// Whether neither a recorded answer nor documentation proves it.
    pub unverified: bool,
    /// The field of the request's form that it comes from, by the parameter's name in the S3 API.
    pub field: Option<&'static str>,
}

/// A line and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What the line is about.
    pub about: &'a About,
    /// Which way it travels.
    pub direction: Direction,
    /// Which call it belongs to, when it is one with a form.
    pub kind: Option<OperationKind>,
    /// What the line says.
    pub text: &'a str,
}

/// Explains a line; `None` for what is about nothing.
pub fn line(asked: Asked<'_>) -> Option<LineText> {
    let (direction, text) = (asked.direction, asked.text);
    let mut out = match asked.about {
        About::Nothing if text.starts_with("<?xml") => of_line("xml declaration", "the XML declaration"),
        About::Nothing => return None,
        About::RequestLine => {
            let method = text.split(' ').next().unwrap_or_default();
            of_line(&format!("method {method}"), "the request line")
        }
        About::StatusLine(status) => of_line(&format!("status {status}"), &format!("status {status}")),
        About::Header(name) => of_header(name, direction, &format!("header {name}")),
        About::Trailer(name) => of_header(name, direction, &format!("trailer {name}")),
        About::Parameter(name) => of_parameter(name),
        About::Element(path) => of_element(path, text, direction),
        About::HttpChunk => of_line("http chunk", "chunk of HTTP"),
        About::AwsChunk { signed: true } => of_line("aws chunk, signed", "aws-chunked: chunk, signed"),
        About::AwsChunk { signed: false } => of_line("aws chunk, unsigned", "aws-chunked: chunk"),
        About::Content => {
            let mut out = of_line("content", "body");
            if direction == Direction::Response {
                out.set_by = SetBy::Server;
            }
            out
        }
    };
    if direction == Direction::Request {
        out.field = asked.kind.and_then(|kind| field(asked.about, kind));
    }
    Some(out)
}

fn unknown(title: String, set_by: SetBy) -> LineText {
    let (means, see) = (String::new(), String::new());
    LineText { title, means, set_by, wrong: None, see, unverified: false, field: None }
}

fn of_line(name: &str, title: &str) -> LineText {
    match lines().iter().find(|l| l.name == name) {
        None => {
            unknown(title.to_owned(), if name.starts_with("status") { SetBy::Server } else { SetBy::You })
        }
        Some(l) => LineText {
            means: l.means.clone(),
            see: l.see.clone(),
            unverified: l.unverified,
            ..unknown(title.to_owned(), l.set_by)
        },
    }
}

fn of_header(name: &str, direction: Direction, title: &str) -> LineText {
    match header(name, direction) {
        None if direction == Direction::Response => unknown(title.to_owned(), SetBy::Server),
        None => unknown(title.to_owned(), SetBy::You),
        Some(h) => LineText {
            means: h.means.clone(),
            wrong: h.wrong.clone(),
            see: h.see.clone(),
            unverified: h.unverified,
            ..unknown(title.to_owned(), h.set_by(direction))
        },
    }
}

fn of_parameter(name: &str) -> LineText {
    let title = format!("query parameter {name}");
    match parameter(name) {
        None => unknown(title, SetBy::You),
        Some(p) => LineText {
            means: p.means.clone(),
            see: p.see.clone(),
            unverified: p.unverified,
            ..unknown(title, p.set_by)
        },
    }
}

fn of_element(path: &[String], text: &str, direction: Direction) -> LineText {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let shown = names.iter().skip(names.len().saturating_sub(2)).map(|n| format!("<{n}>"));
    let title = shown.collect::<Vec<_>>().join(" ");
    let set_by = if direction == Direction::Response { SetBy::Server } else { SetBy::You };
    if let ["Error", "Code"] = names.as_slice()
        && let Some(e) = text.split(['<', '>']).nth(2).and_then(|code| error(code, ""))
    {
        return LineText {
            means: format!("{} {}", e.means, e.mend),
            see: e.see.clone(),
            unverified: e.unverified,
            ..unknown(title, set_by)
        };
    }
    match element(&names) {
        None => unknown(title, set_by),
        Some(e) => LineText {
            means: e.means.clone(),
            see: e.see.clone(),
            unverified: e.unverified,
            ..unknown(title, set_by)
        },
    }
}

/// The parameter that a line of a request was made of.
fn field(about: &About, kind: OperationKind) -> Option<&'static str> {
    let is_it = |place: Place| match (about, place) {
        (About::RequestLine, Place::Key) => true,
        (About::Parameter(name), Place::Query(n)) => name == n,
        (About::Header(name), Place::Header(n)) => name == n,
        (About::Header(name), Place::Metadata) => name.starts_with("x-amz-meta-"),
        (About::Element(path), Place::Entry) => path.iter().any(|n| n == "Part"),
        (About::Element(path), Place::Tag) => path.iter().any(|n| n == "Tag"),
        (About::Content, Place::Source) => true,
        _ => false,
    };
    params(kind).into_iter().find(|p| is_it(p.place)).map(|p| p.name)
}

/// What a kind of line means.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindText {
    /// `method PUT`, `status 404`, `http chunk`, …
    pub name: String,
    /// Who writes it.
    pub set_by: SetBy,
    /// What it says.
    pub means: String,
    /// Where this was read.
    pub see: String,
    /// Whether neither a recorded answer nor documentation proves it.
    #[serde(default)]
    pub unverified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    line: Vec<KindText>,
}

const LINES: &str = include_str!("../../assets/explain/lines.toml");

/// Every kind of line, in the order of the file.
pub fn lines() -> &'static [KindText] {
    static TEXTS: OnceLock<Vec<KindText>> = OnceLock::new();
    TEXTS.get_or_init(|| toml::from_str::<File>(LINES).map(|f| f.line).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::exchange::Captured;
    use crate::domain::wire_lines::{self, Mode};

    const REQUEST: &[u8] = b"PUT /b/k?partNumber=1&uploadId=U HTTP/1.1\r\nx-amz-copy-source: b/s\r\n\
        x-amz-date: 20260101T000000Z\r\nhost: h\r\n\r\n";

    fn all(bytes: &[u8], direction: Direction) -> Vec<(String, LineText)> {
        let mut captured = Captured::default();
        captured.push(bytes);
        let kind = Some(OperationKind::UploadPartCopy);
        let lines = wire_lines::lines(&captured, Mode::Pretty, false);
        let asked = |l: &wire_lines::Line| {
            line(Asked { about: &l.about, direction, kind, text: &l.text }).map(|t| (l.text.clone(), t))
        };
        lines.iter().filter_map(asked).collect()
    }

    #[test]
    fn the_file_is_read_and_its_names_are_known_once() {
        assert!(lines().len() > 25);
        for (i, l) in lines().iter().enumerate() {
            assert!(lines().iter().skip(i + 1).all(|other| other.name != l.name), "{}", l.name);
            assert!(!l.means.is_empty() && !l.see.is_empty(), "{}", l.name);
        }
    }

    #[test]
    fn a_request_says_who_wrote_each_line_and_from_which_field() {
        let said: Vec<_> =
            all(REQUEST, Direction::Request).into_iter().map(|(_, t)| (t.title, t.set_by, t.field)).collect();
        let is = |title: &str, by, field| (title.to_owned(), by, field);
        assert_eq!(
            said,
            [
                is("the request line", SetBy::You, Some("Key")),
                is("query parameter partNumber", SetBy::You, Some("PartNumber")),
                is("query parameter uploadId", SetBy::You, Some("UploadId")),
                is("header x-amz-copy-source", SetBy::You, Some("CopySource")),
                is("header x-amz-date", SetBy::Signer, None),
                is("header host", SetBy::Http, None),
            ]
        );
    }

    #[test]
    fn a_code_is_explained_as_the_error_it_names() {
        let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n<?xml version=\"1.0\"?>\n<Error><Code>EntityTooSmall</Code></Error>";
        let said = all(answer, Direction::Response);
        assert!(said.iter().all(|(_, t)| t.set_by == SetBy::Server && !t.means.is_empty()), "{said:?}");
        assert_eq!(
            said[3].1.means.split('.').next(),
            error("EntityTooSmall", "").unwrap().means.split('.').next()
        );
    }
}
