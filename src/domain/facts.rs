//! Everything one HEAD tells of an object, line by line: the name, the value, and what it means.
//!
//! One list for the screen, the headless report and its JSON, so that they cannot tell different stories. A line
//! holds the value as it was answered; what is decoded or counted from it stands in the meaning. Headers that
//! nothing here understands are listed as they came. Nothing here is made harmless for a terminal: whoever prints
//! does that.

mod rows;

use super::evidence::Evidence;
use super::names::Tag;
use super::no_md5::{NoMd5, etag_hides_md5};
use super::output::HeadObjectOutput;
use serde::Serialize;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Size, ETag, parts, version.
    Object,
    /// Tags.
    Tags,
    /// Content headers.
    Content,
    /// User metadata.
    Metadata,
    /// Additional checksums.
    Checksums,
    /// Encryption at rest.
    Encryption,
    /// Object Lock.
    Lock,
    /// Storage class, archive, lifecycle, replication.
    Storage,
    /// Headers this program does not understand.
    Unknown,
    /// Headers about this one answer.
    Answer,
}

impl Section {
    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Object => "Object",
            Self::Content => "Content headers",
            Self::Metadata => "User metadata",
            Self::Tags => "Tags",
            Self::Checksums => "Checksums",
            Self::Encryption => "Encryption",
            Self::Lock => "Object Lock",
            Self::Storage => "Storage and lifecycle",
            Self::Unknown => "Not understood, as they came",
            Self::Answer => "Of this one answer",
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is about.
    pub section: Section,
    /// Its name, in S3's own words.
    pub name: String,
    /// The header it was told in, as the server spelled it; `None` when it was not told in a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The value as it was answered, or `absent`.
    pub value: String,
    /// What it means; empty when there is nothing to say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub meaning: String,
    /// Whether it is one of a list that the line above counts: an entry of metadata, or a tag.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub item: bool,
}

/// What is known of the tags, which HEAD only counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagsTold<'a> {
    /// GetObjectTagging was not answered yet.
    Asking,
    /// It was answered.
    Known(&'a [Tag]),
    /// It was refused or failed, and this was said.
    NotHad(&'a str),
}

/// All lines about an object in `bucket`, in the order of the sections.
pub fn facts(bucket: &str, head: &HeadObjectOutput, tags: TagsTold<'_>, evidence: &Evidence) -> Vec<Fact> {
    let no_md5 = etag_hides_md5(bucket, head);
    let mut list = List { head, no_md5, facts: Vec::new(), used: Vec::new() };
    rows::object(&mut list, evidence);
    rows::tags(&mut list, tags);
    rows::content(&mut list);
    rows::metadata(&mut list);
    rows::checksums(&mut list, evidence);
    rows::encryption(&mut list);
    rows::lock(&mut list);
    rows::storage(&mut list);
    rows::rest(&mut list);
    list.facts
}

/// The list while it is made: which headers it has dealt with is remembered, so that none is lost.
struct List<'a> {
    head: &'a HeadObjectOutput,
    no_md5: Option<NoMd5>,
    facts: Vec<Fact>,
    used: Vec<&'a str>,
}

impl<'a> List<'a> {
    /// Adds a line that was told in a header.
    fn told(&mut self, section: Section, name: &str, header: &str, value: &str, meaning: impl Into<String>) {
        let spelled = self.take(header).unwrap_or(header).to_owned();
        let (name, value, meaning) = (name.to_owned(), value.to_owned(), meaning.into());
        self.facts.push(Fact { section, name, header: Some(spelled), value, meaning, item: false });
    }

    /// Adds a line that was not.
    fn said(&mut self, section: Section, name: &str, value: impl Into<String>, meaning: impl Into<String>) {
        let (name, value, meaning) = (name.to_owned(), value.into(), meaning.into());
        self.facts.push(Fact { section, name, header: None, value, meaning, item: false });
    }

    /// Adds one of a list.
    fn item(&mut self, section: Section, name: &str, header: Option<&'a str>, value: &str, meaning: String) {
        self.used.extend(header);
        let (name, header, value) = (name.to_owned(), header.map(str::to_owned), value.to_owned());
        self.facts.push(Fact { section, name, header, value, meaning, item: true });
    }

    /// Adds a line for a header if it came.
    fn if_told(&mut self, section: Section, name: &str, header: &str, meaning: impl Into<String>) {
        if let Some(value) = self.head.header(header) {
            self.told(section, name, header, value, meaning);
        }
    }

    /// Takes a header as dealt with; gives it as the server spelled it.
    fn take(&mut self, header: &str) -> Option<&'a str> {
        let head = self.head;
        let (name, _) = head.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(header))?;
        self.used.push(name);
        Some(name)
    }

    fn is_used(&self, header: &str) -> bool {
        self.used.iter().any(|u| u.eq_ignore_ascii_case(header))
    }
}

#[cfg(test)]
mod tests;
