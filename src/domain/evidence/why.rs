//! Why GetObjectAttributes does or does not list the parts: the questions that decide it, with the branch taken.
//!
//! Source: API reference GetObjectAttributes, and the recordings named in `docs/SEMANTICS.md`.

use super::{AttributesHeard, Evidence, Grade};
use crate::domain::etag::ETag;
use serde::Serialize;

/// One possible answer to a question of the path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhyBranch {
    /// In words.
    pub words: String,
    /// Whether it is the one for this object.
    pub taken: bool,
}

/// One question of the path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhyStep {
    /// The question.
    pub question: &'static str,
    /// Its answers.
    pub branches: Vec<WhyBranch>,
}

/// The path to what this object shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhyPath {
    /// Questions in the order in which they decide; the path ends with the last.
    pub steps: Vec<WhyStep>,
    /// What follows for this object.
    pub conclusion: String,
    /// How its part sizes can be had otherwise, and at what cost.
    pub fallback: Option<String>,
}

/// Whether a bucket is a directory bucket (S3 Express One Zone), by its name.
pub fn is_directory_bucket(bucket: &str) -> bool {
    bucket.ends_with("--x-s3")
}

impl Evidence {
    /// The path for this object in `bucket`.
    pub fn why(&self, bucket: &str) -> WhyPath {
        let mut path = WhyPath { steps: Vec::new(), conclusion: String::new(), fallback: None };
        path.conclusion = self.walk(bucket, &mut path.steps);
        path.fallback = self.fallback();
        path
    }

    /// Takes questions until one decides; answers what it decides.
    fn walk(&self, bucket: &str, steps: &mut Vec<WhyStep>) -> String {
        let mut ask = |question, branches: &[(&str, bool)]| {
            let branches =
                branches.iter().map(|(w, taken)| WhyBranch { words: (*w).into(), taken: *taken }).collect();
            steps.push(WhyStep { question, branches });
        };
        let heard = &self.attributes;
        let refused =
            |status: u16| matches!(heard, AttributesHeard::Refused { status: s, .. } if *s == status);
        let other = matches!(heard, AttributesHeard::Refused { status, .. } if *status != 403);
        ask(
            "Was GetObjectAttributes answered?",
            &[
                ("yes", matches!(heard, AttributesHeard::Answered { .. })),
                ("no: access denied (403)", refused(403)),
                (
                    "no: the server does not know it, or refuses it",
                    other || matches!(heard, AttributesHeard::NotHad(_)),
                ),
                ("not yet", matches!(heard, AttributesHeard::Waiting)),
            ],
        );
        let (parts_count, listed, checksum_type, algorithms) = match heard {
            AttributesHeard::Waiting => return "Its answer is not here yet.".into(),
            AttributesHeard::NotHad(why) => return format!("No usable answer came: {why}"),
            AttributesHeard::Refused { status: 403, .. } => return denied(self),
            AttributesHeard::Refused { status, code } => {
                return format!(
                    "The server refused ?attributes: {code} ({status}). Many S3 servers lack it."
                );
            }
            AttributesHeard::Answered { parts_count, listed, checksum_type, algorithms, .. } => {
                (*parts_count, *listed, checksum_type.as_deref(), algorithms)
            }
        };
        let multipart = self.is_multipart();
        let opaque = !multipart && !matches!(self.etag, Some(ETag::Hex128(_)));
        ask(
            "Is the object multipart?",
            &[
                ("yes: parts are counted, or the ETag ends in -N", multipart),
                ("no: written in one piece, by PutObject or CopyObject", !multipart && !opaque),
                ("not known: no count, and an ETag of another shape", opaque),
            ],
        );
        if !multipart {
            return if opaque { "Whether it has parts is not known." } else { "There are no parts to list." }
                .into();
        }
        ask(
            "Did the answer carry ObjectParts?",
            &[
                ("yes", parts_count.is_some() || listed > 0),
                ("no: the server leaves them out", parts_count.is_none() && listed == 0),
            ],
        );
        if parts_count.is_none() && listed == 0 {
            return "AWS S3 always counts the parts of a multipart object; this server does not.".into();
        }
        let directory = is_directory_bucket(bucket);
        ask(
            "Which kind of bucket?",
            &[
                ("directory bucket (name ends in --x-s3): parts are always listed", directory),
                ("any other: the checksum decides", !directory),
            ],
        );
        if directory {
            return self.listed(listed);
        }
        let has_checksum = checksum_type.is_some() || !algorithms.is_empty();
        ask(
            "Does the object have an additional checksum?",
            &[
                ("yes", has_checksum),
                ("no: only the count", !has_checksum && listed == 0),
                ("none was told, and parts are listed all the same", !has_checksum && listed > 0),
            ],
        );
        if !has_checksum {
            return self.listed(listed);
        }
        let composite = checksum_type == Some("COMPOSITE");
        let full = checksum_type == Some("FULL_OBJECT");
        ask(
            "Of which type is the checksum?",
            &[
                ("COMPOSITE: every part with its size and checksum", composite),
                ("FULL_OBJECT: only the count", full),
                ("not told", !composite && !full),
            ],
        );
        self.listed(listed)
    }

    fn listed(&self, listed: u32) -> String {
        match (listed, self.part_count) {
            (0, _) => "Only the number of parts is told, not their sizes.".into(),
            (n, Some(count)) if n < count => format!("Parts are listed; {n} of {count} are read so far."),
            _ => "Parts are listed, with their sizes.".into(),
        }
    }

    fn fallback(&self) -> Option<String> {
        let all_known = !self.map().is_empty() && self.map().iter().all(|p| p.grade == Grade::Exact);
        (self.is_multipart() && !all_known).then(|| self.cheapest().words())
    }
}

fn denied(known: &Evidence) -> String {
    let refusal = known.refusals.iter().find(|r| r.asked == super::Asked::Attributes);
    let actions =
        refusal.map_or("s3:GetObject and s3:GetObjectAttributes".into(), |r| r.actions().join(" and "));
    format!("It needs {actions}. Without s3:ListBucket a key that does not exist is 403 too, not 404.")
}
