//! What became of a question: taken, ignored, not believed, refused.

use crate::domain::output::AttributesOutput;
use serde::Serialize;

/// What became of one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It was added.
    Taken,
    /// It is about another object than the answers before, which are forgotten.
    Replaced,
    /// The server took no notice of `partNumber`.
    Ignored,
    /// It cannot be true together with what is known; nothing was added.
    Disbelieved(String),
}

/// How GetObjectAttributes stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AttributesHeard {
    /// Not asked, or not answered yet.
    #[default]
    Waiting,
    /// Answered.
    Answered {
        /// `PartsCount`.
        parts_count: Option<u32>,
        /// `Part` elements read so far.
        listed: u32,
        /// Whether another page is to be had.
        more: bool,
        /// `ChecksumType`, verbatim.
        checksum_type: Option<String>,
        /// Names of the checksum algorithms with a value.
        algorithms: Vec<String>,
    },
    /// Refused.
    Refused {
        /// HTTP status.
        status: u16,
        /// S3's error code.
        code: String,
    },
    /// No usable answer came.
    NotHad(String),
}

impl AttributesHeard {
    pub(super) fn add_page(&mut self, page: &AttributesOutput) {
        let before = match self {
            Self::Answered { listed, .. } => *listed,
            _ => 0,
        };
        *self = Self::Answered {
            parts_count: page.parts_count,
            listed: before.saturating_add(u32::try_from(page.parts.len()).unwrap_or(u32::MAX)),
            more: page.next.is_some(),
            checksum_type: page.checksums.checksum_type.clone(),
            algorithms: page.checksums.values.iter().map(|(name, _)| name.clone()).collect(),
        };
    }

    /// Whether parts are listed in it.
    pub fn lists_parts(&self) -> bool {
        matches!(self, Self::Answered { listed, .. } if *listed > 0)
    }

    /// Parts listed so far.
    pub fn listed(&self) -> u32 {
        match self {
            Self::Answered { listed, .. } => *listed,
            _ => 0,
        }
    }

    /// Whether it may still tell the sizes of parts: not asked yet, or a page is left.
    pub fn may_list(&self) -> bool {
        matches!(self, Self::Waiting)
            || matches!(self, Self::Answered { listed, more: true, .. } if *listed > 0)
    }
}

/// A question that can be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// HeadObject without a part number.
    Head,
    /// HeadObject with a part number.
    HeadPart,
    /// GetObjectAttributes.
    Attributes,
    /// GetObjectTagging.
    Tags,
}

/// A refusal, and what is missing for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// What was asked.
    pub asked: Asked,
    /// HTTP status.
    pub status: u16,
    /// S3's error code.
    pub code: String,
    /// Whether a version was named, which needs other permissions.
    pub versioned: bool,
}

impl Refusal {
    /// Whether asking again would be refused again. A server that fails or is asked too much may answer next time.
    pub fn is_final(&self) -> bool {
        self.status < 500 && !matches!(self.status, 408 | 429)
    }

    /// Whether it may mean that the object is another one by now, or none: the part, or the version, is not there.
    pub fn may_be_replaced(status: u16) -> bool {
        matches!(status, 404 | 412 | 416)
    }

    /// The evidence that is missing.
    pub fn missing(&self) -> &'static str {
        match self.asked {
            Asked::Head => "everything HeadObject tells",
            Asked::HeadPart => "the sizes of parts by HEAD",
            Asked::Attributes => "the list of parts by GetObjectAttributes",
            Asked::Tags => "the tags",
        }
    }

    /// The IAM actions the question needs. Source: API reference of each operation.
    pub fn actions(&self) -> &'static [&'static str] {
        match (self.asked, self.versioned) {
            (Asked::Head | Asked::HeadPart, false) => &["s3:GetObject"],
            (Asked::Head | Asked::HeadPart, true) => &["s3:GetObjectVersion"],
            (Asked::Attributes, false) => &["s3:GetObject", "s3:GetObjectAttributes"],
            (Asked::Attributes, true) => &["s3:GetObjectVersion", "s3:GetObjectVersionAttributes"],
            (Asked::Tags, false) => &["s3:GetObjectTagging"],
            (Asked::Tags, true) => &["s3:GetObjectVersionTagging"],
        }
    }

    /// One sentence: what is missing and what would give it.
    pub fn sentence(&self) -> String {
        let what = format!("{} ({}): without {}", self.code, self.status, self.missing());
        match (self.status, self.asked) {
            // S3 tells whether a key exists only to who may list the bucket.
            (403, Asked::Head) => format!(
                "{what}; allowed by {}; without s3:ListBucket a key that does not exist is 403 too",
                self.actions().join(" and ")
            ),
            (403, _) => format!("{what}; allowed by {}", self.actions().join(" and ")),
            _ => what,
        }
    }
}
