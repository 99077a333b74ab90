//! Answers in a form both sides can speak, and their comparison.

use bytes::Bytes;
use std::collections::BTreeMap;

/// Stands for a value the specification leaves open.
pub const ANY: &str = "*";

/// Stands for the code of an error without a document, as HEAD has them.
pub const NO_CODE: &str = "?";

/// Facts that only HTTP tells.
const WIRE_ONLY: [&str; 4] = ["range", "parts", "gone", "source-version"];

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    pub status: u16,
    /// Of an error.
    pub code: Option<String>,
    pub facts: BTreeMap<&'static str, String>,
    /// Lines of a listing, page by page.
    pub pages: Vec<Vec<String>>,
    pub body: Option<Bytes>,
}

impl Reply {
    pub fn ok(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub fn error(status: u16, code: &str) -> Self {
        Self { status, code: Some(code.to_owned()), ..Self::default() }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.facts.insert(name, value.to_string());
        self
    }

    #[must_use]
    pub fn with_some(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub fn pages(pages: Vec<Vec<String>>) -> Self {
        Self { status: 200, pages, ..Self::default() }
    }

    pub fn is_ok(&self) -> bool {
        self.code.is_none() && self.status < 300
    }

    /// Whether an answer says what this expects. `wire`: it came over HTTP.
    pub fn allows(&self, got: &Self, wire: bool) -> bool {
        let told = |facts: &BTreeMap<&'static str, String>| -> BTreeMap<&'static str, String> {
            let open = |name: &&'static str| self.facts.get(*name).is_some_and(|v| v == ANY);
            let kept = facts.iter().filter(|(n, _)| !open(n) && (wire || !WIRE_ONLY.contains(n)));
            kept.map(|(n, v)| (*n, v.clone())).collect()
        };
        // The store does not tell one success from the other.
        let status = if wire || !self.is_ok() { self.status == got.status } else { got.is_ok() };
        status
            && (self.code == got.code || (self.code.is_some() && got.code.as_deref() == Some(NO_CODE)))
            && self.pages == got.pages
            && self.body == got.body
            && told(&self.facts) == told(&got.facts)
    }

    /// What is printed when answers differ; long bodies cut.
    pub fn told(&self) -> String {
        let body = self.body.as_ref().map(|b| format!("{} bytes {:?}", b.len(), &b[..b.len().min(12)]));
        format!("{} {:?} {:?} {:?} {body:?}", self.status, self.code, self.facts, self.pages)
    }
}
