//! Lines of signed texts by what they are, so that two texts can be laid side by side and secrets masked by name.

use super::Tone;
use crate::domain::redact::{MASK, redact_body, redact_line};
use std::ops::Range;

/// What a line of a canonical request or of a string to sign is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Method,
    Uri,
    /// A parameter, by its name as sent; the empty name when there is none.
    Query(String),
    /// A signed header, by its name in lower case.
    Header(String),
    /// The empty line after the headers.
    Blank,
    SignedHeaders,
    PayloadHash,
    Algorithm,
    Timestamp,
    Scope,
    /// The hash of the canonical request.
    Hash,
    /// A line where none should be.
    Other,
}

impl What {
    /// In words.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Method => "the method".into(),
            Self::Uri => "the canonical URI".into(),
            Self::Query(name) if name.is_empty() => "the canonical query".into(),
            Self::Query(name) => format!("query parameter {name}"),
            Self::Header(name) => format!("header {name}"),
            Self::Blank => "the empty line after the headers".into(),
            Self::SignedHeaders => "the list of signed headers".into(),
            Self::PayloadHash => "the payload hash".into(),
            Self::Algorithm => "the algorithm".into(),
            Self::Timestamp => "the time".into(),
            Self::Scope => "the credential scope".into(),
            Self::Hash => "the hash of the canonical request".into(),
            Self::Other => "a line".into(),
        }
    }

    /// Why it usually is that two sides do not have the same.
    pub(super) fn cause(&self, ours: Option<&str>, theirs: Option<&str>) -> &'static str {
        let arrived = theirs.and_then(|t| t.split_once(':')).is_some_and(|(_, value)| !value.is_empty());
        let sent = ours.and_then(|t| t.split_once(':')).is_some_and(|(_, value)| !value.is_empty());
        match self {
            Self::Method => "the method was changed on its way",
            Self::Uri => {
                "the path was decoded, normalised or encoded again on its way, by a proxy, or the server takes it otherwise"
            }
            Self::Query(_) => "a parameter was added, dropped or encoded otherwise on its way",
            Self::Header(name) if name == "host" => {
                "a proxy, a tunnel or a load balancer changed Host on the way"
            }
            Self::Header(_) if sent && !arrived => "the header was signed and sent, and did not arrive",
            Self::Header(_) if arrived && !sent => "the header was added on its way",
            Self::Header(_) => "the header was changed on its way, by a proxy or a load balancer",
            Self::Blank | Self::SignedHeaders => "the list of signed headers was read otherwise",
            Self::PayloadHash => "x-amz-content-sha256 was changed on its way",
            Self::Algorithm => "the scheme was changed on its way, or the server takes another",
            Self::Timestamp => "the date header was changed on its way",
            Self::Scope => "the server reckons with another day, region or service",
            Self::Hash => "the canonical requests differ; their first difference says where",
            Self::Other => "one side has a line that the other has not",
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) what: What,
    /// As it is hashed; not safe to show.
    pub(super) text: String,
    /// Bytes of the request it was made from.
    pub(super) from: Vec<Range<u64>>,
    /// Whether bytes that were masked in the record went into it, so that it is not what was signed.
    pub(super) hidden: bool,
}

impl Piece {
    pub(super) fn new(what: What, text: impl Into<String>, from: Vec<Range<u64>>) -> Self {
        Self { what, text: text.into(), from, hidden: false }
    }

    /// As it may be shown.
    pub(super) fn shown(&self, reveal: bool) -> String {
        if reveal { self.text.clone() } else { self.masked() }
    }

    fn masked(&self) -> String {
        match (&self.what, self.text.split_once(':'), self.text.split_once('=')) {
            (What::Query(_), _, Some((name, value))) => {
                let secret = !value.is_empty() && redact_line(&format!("?{name}=x")).ends_with(MASK);
                if secret { format!("{name}={MASK}") } else { self.text.clone() }
            }
            (What::Header(_) | What::Other, Some((name, value)), _) => header(name, value),
            (What::Other, None, _) => redact_body(&redact_line(&self.text)),
            _ => self.text.clone(),
        }
    }

    /// The tone and the text of it as a line of its own; what is empty is said to be.
    pub(super) fn line(&self, reveal: bool) -> (Tone, String) {
        match &self.what {
            What::Query(_) if self.text.is_empty() => (Tone::Said, "(empty: no parameters)".into()),
            What::Blank => (Tone::Said, "(an empty line ends the headers)".into()),
            What::Hash if self.hidden => {
                (Tone::Doubt, "(not known: masked bytes went into the canonical request)".into())
            }
            _ => (Tone::Signed, self.shown(reveal)),
        }
    }
}

/// A header line of a canonical request, its value masked when its name says that it is secret.
fn header(name: &str, value: &str) -> String {
    let plain = format!("{name}: {value}");
    let masked = redact_line(&plain);
    let told =
        if masked == plain { value } else { masked.get(name.len() + 1..).unwrap_or(MASK).trim_start() };
    format!("{name}:{}", redact_body(told))
}

/// The pieces of a canonical request that somebody else made, as far as it has its form.
pub(super) fn read_canonical(text: &str) -> Vec<Piece> {
    let lines: Vec<&str> = text.split('\n').collect();
    let [method, uri, query, rest @ ..] = lines.as_slice() else { return others(&lines) };
    let [headers @ .., "", signed, hash] = rest else { return others(&lines) };
    let piece = |what, text: &str| Piece::new(what, text, Vec::new());
    let mut out = vec![piece(What::Method, method), piece(What::Uri, uri)];
    out.extend(query.split('&').map(|pair| piece(What::Query(parameter_name(pair)), pair)));
    out.extend(headers.iter().map(|line| piece(What::Header(header_name(line)), line)));
    out.extend([piece(What::Blank, ""), piece(What::SignedHeaders, signed), piece(What::PayloadHash, hash)]);
    out
}

/// The pieces of a string to sign that somebody else made.
pub(super) fn read_string_to_sign(text: &str) -> Vec<Piece> {
    let lines: Vec<&str> = text.split('\n').collect();
    if lines.len() != 4 {
        return others(&lines);
    }
    let kinds = [What::Algorithm, What::Timestamp, What::Scope, What::Hash];
    kinds.into_iter().zip(lines).map(|(what, line)| Piece::new(what, line, Vec::new())).collect()
}

fn others(lines: &[&str]) -> Vec<Piece> {
    lines.iter().map(|line| Piece::new(What::Other, *line, Vec::new())).collect()
}

pub(super) fn parameter_name(pair: &str) -> String {
    pair.split('=').next().unwrap_or_default().to_owned()
}

fn header_name(line: &str) -> String {
    line.split(':').next().unwrap_or_default().to_owned()
}
