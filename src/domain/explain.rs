//! What error codes, headers, query parameters and XML elements mean: the texts of `assets/explain/`.
//!
//! The files are data: a sentence is corrected there. What is not proved says so (`unverified`), and a name that
//! has no text gets none; nothing is guessed from it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Which way a header travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From here to S3.
    Request,
    /// From S3 to here.
    Response,
}

/// Who puts a header on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SetBy {
    /// Whoever asks: it follows from a parameter.
    #[serde(rename = "you")]
    You,
    /// The SDK, by itself.
    #[serde(rename = "SDK")]
    Sdk,
    /// The signature needs it.
    #[serde(rename = "signer")]
    Signer,
    /// The HTTP library.
    #[serde(rename = "HTTP")]
    Http,
    /// The server that answers.
    #[serde(rename = "server")]
    Server,
}

impl SetBy {
    fn you() -> Self {
        Self::You
    }

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::You => "you",
            Self::Sdk => "SDK",
            Self::Signer => "signer",
            Self::Http => "HTTP",
            Self::Server => "server",
        }
    }
}

/// What an error code means, or what it means with one kind of message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorText {
    /// `<Code>`.
    pub code: String,
    /// HTTP statuses it comes with.
    pub status: Vec<u16>,
    /// A piece of `<Message>` by which this meaning is known; `None` for the general one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_has: Option<String>,
    /// Which rule was broken, and when S3 looks.
    pub means: String,
    /// What the refused request leaves behind.
    pub state: String,
    /// The one edit that mends it.
    pub mend: String,
    /// Where this was read.
    pub see: String,
    /// Whether neither a recorded answer nor documentation proves it.
    pub unverified: bool,
    /// Further elements of `<Error>` and what each states.
    pub fields: BTreeMap<String, String>,
}

/// What a header means in one direction or in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderText {
    /// Lower case.
    pub name: String,
    /// Whether it stands for every header that begins so.
    #[serde(default)]
    pub prefix: bool,
    direction: Travels,
    set_by: SetBy,
    /// What it says.
    pub means: String,
    /// The error a wrong value gives.
    pub wrong: Option<String>,
    /// Where this was read.
    pub see: String,
    /// Whether neither a recorded answer nor documentation proves it.
    #[serde(default)]
    pub unverified: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Travels {
    Request,
    Response,
    Both,
}

impl HeaderText {
    /// Whether it is about headers that travel this way.
    pub fn is_for(&self, direction: Direction) -> bool {
        match self.direction {
            Travels::Both => true,
            Travels::Request => direction == Direction::Request,
            Travels::Response => direction == Direction::Response,
        }
    }

    /// Who puts it on a message that travels this way.
    pub fn set_by(&self, direction: Direction) -> SetBy {
        match direction {
            Direction::Request => self.set_by,
            Direction::Response => SetBy::Server,
        }
    }
}

/// What an XML element means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ElementText {
    /// The element, after as many of its parents as tell it from others: `CopyPartResult/ETag`.
    pub name: String,
    /// What it says.
    pub means: String,
    /// Where this was read.
    pub see: String,
    /// Whether neither a recorded answer nor documentation proves it.
    #[serde(default)]
    pub unverified: bool,
}

/// What a query parameter means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterText {
    /// As it is written.
    pub name: String,
    /// Whether it stands for every parameter that begins so.
    #[serde(default)]
    pub prefix: bool,
    /// S3's names of the operations that have it; `any` for all.
    pub operations: Vec<String>,
    /// Who puts it there.
    #[serde(default = "SetBy::you")]
    pub set_by: SetBy,
    /// What it says.
    pub means: String,
    /// Where this was read.
    pub see: String,
    /// Whether neither a recorded answer nor documentation proves it.
    #[serde(default)]
    pub unverified: bool,
}

/// What an error means. The message tells apart codes with many meanings; an empty one gives the general meaning.
pub fn error(code: &str, message: &str) -> Option<&'static ErrorText> {
    let of_code = || errors().iter().filter(|e| e.code == code);
    let by_message = |e: &&ErrorText| e.message_has.as_deref().is_some_and(|piece| message.contains(piece));
    of_code().find(by_message).or_else(|| of_code().find(|e| e.message_has.is_none()))
}

/// What a header means, whatever its case.
pub fn header(name: &str, direction: Direction) -> Option<&'static HeaderText> {
    let lower = name.to_ascii_lowercase();
    let there = || headers().iter().filter(|h| h.is_for(direction));
    there()
        .find(|h| !h.prefix && h.name == lower)
        .or_else(|| there().find(|h| h.prefix && lower.starts_with(&h.name)))
}

/// What an element means, by the names from the root down to it. An attribute is the last name, with `@` before it.
pub fn element(path: &[&str]) -> Option<&'static ElementText> {
    let parents = |e: &ElementText| e.name.matches('/').count();
    let ends = |e: &&ElementText| {
        let mut names = path.iter().rev();
        e.name.rsplit('/').all(|name| names.next() == Some(&name))
    };
    elements().iter().filter(ends).max_by_key(|e| parents(e))
}

/// What a query parameter means. S3 tells upper from lower case.
pub fn parameter(name: &str) -> Option<&'static ParameterText> {
    let list = parameters();
    list.iter()
        .find(|p| !p.prefix && p.name == name)
        .or_else(|| list.iter().find(|p| p.prefix && begins(name, &p.name)))
}

fn begins(name: &str, with: &str) -> bool {
    name.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorEntry {
    code: String,
    status: Vec<u16>,
    means: String,
    state: String,
    mend: String,
    see: String,
    #[serde(default)]
    unverified: bool,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default)]
    case: Vec<CaseEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseEntry {
    message_has: String,
    means: String,
    state: Option<String>,
    mend: Option<String>,
    see: Option<String>,
    unverified: Option<bool>,
}

impl ErrorEntry {
    /// The general meaning, then each case with what it has in common with it.
    fn spread(self) -> Vec<ErrorText> {
        let general = ErrorText {
            code: self.code,
            status: self.status,
            message_has: None,
            means: self.means,
            state: self.state,
            mend: self.mend,
            see: self.see,
            unverified: self.unverified,
            fields: self.fields,
        };
        let cases: Vec<ErrorText> = self
            .case
            .into_iter()
            .map(|case| ErrorText {
                message_has: Some(case.message_has),
                means: case.means,
                state: case.state.unwrap_or_else(|| general.state.clone()),
                mend: case.mend.unwrap_or_else(|| general.mend.clone()),
                see: case.see.unwrap_or_else(|| general.see.clone()),
                unverified: case.unverified.unwrap_or(general.unverified),
                ..general.clone()
            })
            .collect();
        std::iter::once(general).chain(cases).collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorFile {
    error: Vec<ErrorEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderFile {
    header: Vec<HeaderText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ElementFile {
    element: Vec<ElementText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParameterFile {
    parameter: Vec<ParameterText>,
}

// The files are part of the program; the tests read them, so a mistake in one cannot ship.
const ERRORS: &str = include_str!("../../assets/explain/errors.toml");
const HEADERS: &str = include_str!("../../assets/explain/headers.toml");
const ELEMENTS: &str = include_str!("../../assets/explain/elements.toml");
const PARAMETERS: &str = include_str!("../../assets/explain/parameters.toml");

/// Every meaning of every code: of each code the general one first.
pub fn errors() -> &'static [ErrorText] {
    static TEXTS: OnceLock<Vec<ErrorText>> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let entries = toml::from_str::<ErrorFile>(ERRORS).map(|f| f.error).unwrap_or_default();
        entries.into_iter().flat_map(ErrorEntry::spread).collect()
    })
}

/// Every header, in the order of the file.
pub fn headers() -> &'static [HeaderText] {
    static TEXTS: OnceLock<Vec<HeaderText>> = OnceLock::new();
    TEXTS.get_or_init(|| toml::from_str::<HeaderFile>(HEADERS).map(|f| f.header).unwrap_or_default())
}

/// Every element, in the order of the file.
pub fn elements() -> &'static [ElementText] {
    static TEXTS: OnceLock<Vec<ElementText>> = OnceLock::new();
    TEXTS.get_or_init(|| toml::from_str::<ElementFile>(ELEMENTS).map(|f| f.element).unwrap_or_default())
}

/// Every query parameter, in the order of the file.
pub fn parameters() -> &'static [ParameterText] {
    static TEXTS: OnceLock<Vec<ParameterText>> = OnceLock::new();
    TEXTS.get_or_init(|| toml::from_str::<ParameterFile>(PARAMETERS).map(|f| f.parameter).unwrap_or_default())
}

#[cfg(test)]
mod tests;
