//! What is known of another client's upload, in words. Names and ETags stand as they came: whoever shows them makes
//! them harmless.

use super::session::{PartSeen, PartSize, Session, Stage};
use super::{Answer, When};
use crate::domain::units::human_size;

impl Stage {
    /// In a few words.
    pub fn words(&self) -> String {
        match self {
            Self::Open => "open".to_owned(),
            Self::Completing => "completing".to_owned(),
            Self::Completed { etag: Some(etag) } => format!("completed, ETag {etag}"),
            Self::Completed { etag: None } => "completed".to_owned(),
            Self::Aborting => "aborting".to_owned(),
            Self::Aborted => "aborted".to_owned(),
            Self::Refused { call, status, code } => {
                format!("{call} refused: {status} {code}").trim_end().to_owned()
            }
            Self::Doubtful { call } => format!("doubtful: {call} got no whole answer"),
        }
    }
}

impl When {
    /// One word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::During => "during",
            Self::After => "after",
        }
    }
}

impl PartSeen {
    /// Where it stands, in a word or two.
    pub fn words(&self) -> String {
        match &self.answer {
            _ if self.under_way > 0 => "under way".to_owned(),
            Some(Answer::Done) => "stored".to_owned(),
            Some(Answer::Refused { status, code }) => {
                format!("refused: {status} {code}").trim_end().to_owned()
            }
            Some(Answer::Lost) => "doubtful: no whole answer".to_owned(),
            None => String::new(),
        }
    }
}

impl Session {
    /// `s3://bucket/key`
    pub fn address(&self) -> String {
        format!("s3://{}/{}", self.upload.bucket, self.upload.key)
    }

    /// `3 parts of 8.0 MiB, the last smaller, 16.1 MiB stored`
    pub fn parts_in_words(&self) -> String {
        let count = self.parts.len();
        let sizes = match self.part_size() {
            PartSize::Each(size) => {
                let last = self.parts.values().next_back().and_then(|p| p.size);
                let smaller = if last.is_some_and(|last| last < size) { ", the last smaller" } else { "" };
                format!(" of {}{smaller}", human_size(size))
            }
            PartSize::Mixed => " of different sizes".to_owned(),
            PartSize::Unknown => String::new(),
        };
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} part{plural}{sizes}, {} stored", human_size(self.stored()))
    }

    /// `4 at once at most, 1 attempt again`; empty without parts.
    pub fn pace_in_words(&self) -> String {
        if self.parts.is_empty() {
            return String::new();
        }
        let again = match self.again() {
            0 => String::new(),
            1 => ", 1 attempt again".to_owned(),
            n => format!(", {n} attempts again"),
        };
        format!("{} at once at most{again}", self.most_at_once())
    }

    /// Microseconds from its first byte to its last so far.
    pub fn lasted(&self) -> u64 {
        self.last.saturating_sub(self.begun)
    }

    /// All of it in one line.
    pub fn summary(&self) -> String {
        let mut said =
            format!("{} {}: {}; {}", self.client, self.address(), self.stage.words(), self.parts_in_words());
        if let Some(source) = &self.source {
            said.push_str(&format!(", copied from s3://{}/{}", source.bucket, source.key));
        }
        let pace = self.pace_in_words();
        if !pace.is_empty() {
            said.push_str(&format!("; {pace}"));
        }
        said.push_str(&format!("; {}.{:03} s", self.lasted() / 1_000_000, self.lasted() / 1_000 % 1_000));
        if !self.seen_from_create {
            said.push_str("; its Create was not seen, so parts may be missing");
        }
        said
    }
}
