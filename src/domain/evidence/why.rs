//! Why GetObjectAttributes does or does not list the parts: the questions that decide it, with the branch taken.
//!
//! Source: API reference GetObjectAttributes, and the recordings named in `docs/SEMANTICS.md`.

use super::{AttributesHeard, Evidence, Grade};
use crate::domain::infer::Pieces;
use crate::domain::no_md5::{NoMd5, is_directory_bucket};
use crate::domain::text::visible;
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
        steps.push(answered(&self.attributes));
        let told = match &self.attributes {
            AttributesHeard::Waiting => return "Its answer is not here yet.".into(),
            AttributesHeard::NotHad(why) => return format!("No usable answer came: {why}"),
            AttributesHeard::Refused { status: 403, .. } => return denied(self),
            AttributesHeard::Refused { status, code } => {
                return format!(
                    "The server refused ?attributes: {code} ({status}). Many S3 servers lack it."
                );
            }
            AttributesHeard::Answered { parts_count, listed, checksum_type, algorithms, .. } => Told {
                parts: parts_count.is_some() || *listed > 0,
                listed: *listed,
                checksum: checksum_type.is_some() || !algorithms.is_empty(),
                kind: checksum_type.as_deref(),
            },
        };
        let opaque = !self.is_multipart() && self.pieces() != Pieces::One;
        steps.push(multipart(self.is_multipart(), opaque));
        if !self.is_multipart() {
            return if opaque { "Whether it has parts is not known." } else { "There are no parts to list." }
                .into();
        }
        let branches = [("yes", told.parts), ("no: the server leaves them out", !told.parts)];
        steps.push(step("Did the answer carry ObjectParts?", &branches));
        if !told.parts {
            return "AWS S3 always counts the parts of a multipart object; this server does not.".into();
        }
        let directory = is_directory_bucket(bucket) || self.no_md5 == Some(NoMd5::DirectoryBucket);
        steps.push(kind_of_bucket(directory));
        if directory {
            return self.listed(told.listed, "the bucket is a directory bucket");
        }
        steps.push(has_checksum(&told));
        if !told.checksum {
            return self.listed(told.listed, "the object has no additional checksum");
        }
        steps.push(type_of_checksum(told.kind));
        let kind = told.kind.map_or_else(|| "told without its type".into(), visible);
        self.listed(told.listed, &format!("the checksum is {kind}"))
    }

    fn listed(&self, listed: u32, because: &str) -> String {
        match (listed, self.part_count) {
            (0, _) => format!("Only the number of parts is told, not their sizes: {because}."),
            (n, Some(count)) if n < count => format!("Parts are listed, {n} of {count} so far: {because}."),
            _ => format!("Parts are listed, with their sizes: {because}."),
        }
    }

    fn fallback(&self) -> Option<String> {
        let all_known = !self.map().is_empty() && self.worst(0..self.map().len()) == Grade::Exact;
        (self.is_multipart() && !all_known).then(|| self.cheapest().words())
    }
}

/// What an answer to GetObjectAttributes told.
struct Told<'a> {
    parts: bool,
    listed: u32,
    checksum: bool,
    kind: Option<&'a str>,
}

fn step(question: &'static str, branches: &[(&str, bool)]) -> WhyStep {
    let branches =
        branches.iter().map(|(w, taken)| WhyBranch { words: (*w).into(), taken: *taken }).collect();
    WhyStep { question, branches }
}

fn answered(heard: &AttributesHeard) -> WhyStep {
    let denied = matches!(heard, AttributesHeard::Refused { status: 403, .. });
    let other = matches!(heard, AttributesHeard::Refused { .. } | AttributesHeard::NotHad(_)) && !denied;
    step(
        "Was GetObjectAttributes answered?",
        &[
            ("yes", matches!(heard, AttributesHeard::Answered { .. })),
            ("no: access denied (403)", denied),
            ("no: the server does not know it, or refuses it", other),
            ("not yet", matches!(heard, AttributesHeard::Waiting)),
        ],
    )
}

fn multipart(multipart: bool, opaque: bool) -> WhyStep {
    step(
        "Is the object multipart?",
        &[
            ("yes: parts are counted, or the ETag ends in -N", multipart),
            ("no: written in one piece, by PutObject or CopyObject", !multipart && !opaque),
            ("not known: no count, and an ETag of another shape", opaque),
        ],
    )
}

fn kind_of_bucket(directory: bool) -> WhyStep {
    step(
        "Which kind of bucket?",
        &[
            ("directory bucket (name ends in --x-s3): parts are always listed", directory),
            ("any other: the checksum decides", !directory),
        ],
    )
}

fn has_checksum(told: &Told<'_>) -> WhyStep {
    let none = !told.checksum;
    step(
        "Does the object have an additional checksum?",
        &[
            ("yes", told.checksum),
            ("no: only the count", none && told.listed == 0),
            ("none was told, and parts are listed all the same", none && told.listed > 0),
        ],
    )
}

fn type_of_checksum(kind: Option<&str>) -> WhyStep {
    let (composite, full) = (kind == Some("COMPOSITE"), kind == Some("FULL_OBJECT"));
    step(
        "Of which type is the checksum?",
        &[
            ("COMPOSITE: every part with its size and checksum", composite),
            ("FULL_OBJECT: only the count", full),
            ("not told", !composite && !full),
        ],
    )
}

fn denied(known: &Evidence) -> String {
    let refusal = known.refusals.iter().find(|r| r.asked == super::Asked::Attributes);
    let actions =
        refusal.map_or("s3:GetObject and s3:GetObjectAttributes".into(), |r| r.actions().join(" and "));
    format!("It needs {actions}. Without s3:ListBucket a key that does not exist is 403 too, not 404.")
}
