//! Two objects or versions side by side: what is the same, what differs, and whether the bytes are equal.
//!
//! Nothing is read but what HEAD, GetObjectAttributes and GetObjectTagging said, so the verdict on the bytes is
//! one of three: equal, different, or not to be known from here, each with its grounds. Different ETags of
//! different cuts say nothing, and no ground is used where encryption or the kind of bucket takes its meaning.

mod bytes;
mod cut;
mod rows;

use super::evidence::Evidence;
use super::names::{ObjectRef, Tag};
use super::output::HeadObjectOutput;
use serde::Serialize;

/// One of the two.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Which object or version.
    pub object: &'a ObjectRef,
    /// Its HEAD.
    pub head: &'a HeadObjectOutput,
    /// What is known of its parts.
    pub evidence: &'a Evidence,
    /// Its tags, or why they could not be had.
    pub tags: Result<&'a [Tag], &'a str>,
}

/// How the two values of a row stand to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Both have it, and it is equal; or neither has it.
    Same,
    /// Both have it, and it differs.
    Differs,
    /// Only the left has it.
    OnlyLeft,
    /// Only the right has it.
    OnlyRight,
    /// It cannot be known, and this is why.
    NotKnown(String),
}

impl Relation {
    /// In words.
    pub fn words(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::OnlyLeft => "only left",
            Self::OnlyRight => "only right",
            Self::NotKnown(_) => "not known",
        }
    }

    fn of<T: PartialEq>(left: Option<&T>, right: Option<&T>) -> Self {
        match (left, right) {
            (Some(_), None) => Self::OnlyLeft,
            (None, Some(_)) => Self::OnlyRight,
            (left, right) if left == right => Self::Same,
            _ => Self::Differs,
        }
    }

    /// Whether the two are certainly not alike.
    pub fn is_difference(&self) -> bool {
        matches!(self, Self::Differs | Self::OnlyLeft | Self::OnlyRight)
    }
}

/// One aligned row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What is compared.
    pub name: String,
    /// Its value on the left; `None` when it has none.
    pub left: Option<String>,
    /// Its value on the right.
    pub right: Option<String>,
    /// How they stand to each other.
    pub relation: Relation,
    /// Whether it counts: versions, dates and what follows from them differ between any two objects and do not.
    pub counts: bool,
    /// What else is to be said.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub note: String,
}

/// What a ground says of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// They are equal.
    Equal,
    /// They differ.
    Different,
    /// Nothing.
    Nothing,
}

/// How much a ground weighs against one that says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Equal by a checksum that is no cryptographic digest: other bytes can have it by chance.
    Weak,
    /// As much as others: one of the two must be wrong.
    Plain,
    /// Different for certain: the size, or a checksum over the bytes themselves.
    Decisive,
}

/// A reason for the verdict on the bytes, or for its absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ground {
    /// What it says.
    pub says: Says,
    /// How much it weighs.
    pub weight: Weight,
    /// Why, in words.
    pub why: String,
}

/// The verdict on everything that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Equal bytes, and no property that was told differs.
    Same,
    /// The bytes or a property differ.
    Differs,
    /// No difference was found, but not everything can be known.
    NotKnown,
}

/// The comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// On everything that counts.
    pub verdict: Verdict,
    /// Whether the bytes are equal; `Nothing` when it cannot be known.
    pub bytes: Says,
    /// Both in words.
    pub sentence: String,
    /// Everything that was weighed for the verdict on the bytes.
    pub grounds: Vec<Ground>,
    /// Differences first, then what is not known, then what is the same.
    pub rows: Vec<Row>,
}

/// Compares two objects or versions.
pub fn compare(left: Side<'_>, right: Side<'_>) -> Comparison {
    let grounds = bytes::grounds(left, right);
    let (bytes, about_bytes) = bytes::conclude(&grounds);
    let mut rows = rows::rows(left, right);
    rows.sort_by_key(rank);
    let counted =
        |wanted: fn(&Relation) -> bool| rows.iter().filter(|r| r.counts && wanted(&r.relation)).count();
    let differ = counted(Relation::is_difference);
    let unknown = counted(|r| matches!(r, Relation::NotKnown(_)));
    let verdict = match (bytes, differ, unknown) {
        (Says::Different, ..) | (_, 1.., _) => Verdict::Differs,
        (Says::Equal, 0, 0) => Verdict::Same,
        _ => Verdict::NotKnown,
    };
    let sentence = format!("{about_bytes} {}", about_rows(differ, unknown));
    Comparison { verdict, bytes, sentence, grounds, rows }
}

/// Differences that count, other differences, what is not known, what is the same.
fn rank(row: &Row) -> u8 {
    match (&row.relation, row.counts) {
        (Relation::NotKnown(_), true) => 2,
        (Relation::NotKnown(_), false) => 3,
        (Relation::Same, _) => 4,
        (_, true) => 0,
        (_, false) => 1,
    }
}

fn about_rows(differ: usize, unknown: usize) -> String {
    let differing = match differ {
        0 => "No row that counts differs".to_owned(),
        1 => "One row that counts differs".into(),
        n => format!("{n} rows that count differ"),
    };
    match unknown {
        0 => format!("{differing}."),
        n => format!("{differing}; {n} cannot be known."),
    }
}

#[cfg(test)]
mod tests;
