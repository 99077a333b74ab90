//! Requests that are wrong on purpose, each to show one rule of S3, and the one edit that mends a refused request.
//!
//! What each mistake teaches is data (`assets/mistakes.toml`); how it is prepared from an upload is code. Nothing is
//! sent here: a mistake is a draft, and so is what mends it.

mod list;
mod mend;
mod prepare;
mod reach;

pub use mend::{Mend, mend};
pub use prepare::{Prepared, prepare};

use super::operation::OperationKind;
use serde::Deserialize;
use std::sync::OnceLock;

/// A mistake worth making.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mistake {
    /// Short name.
    pub id: String,
    /// What is wrong, as a heading.
    pub title: String,
    /// The rule.
    pub teaches: String,
    operation: String,
    /// HTTP status that S3 answers with.
    pub status: u16,
    /// Its error code; `None` where S3 accepts the request without a word.
    pub code: Option<String>,
    /// Where the rule was read.
    pub source: String,
    /// Whether neither a recorded answer nor documentation tells the answer.
    #[serde(default)]
    pub unverified: bool,
}

impl Mistake {
    /// Which call it is made with.
    pub fn operation(&self) -> Option<OperationKind> {
        OperationKind::ALL.into_iter().find(|kind| kind.name() == self.operation)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    mistake: Vec<Mistake>,
}

// The file is part of the program; a test reads it, so a mistake in it cannot ship.
const MISTAKES: &str = include_str!("../../assets/mistakes.toml");

/// Every mistake, in the order of the file.
pub fn all() -> &'static [Mistake] {
    static ALL: OnceLock<Vec<Mistake>> = OnceLock::new();
    ALL.get_or_init(|| toml::from_str::<File>(MISTAKES).map(|file| file.mistake).unwrap_or_default())
}

#[cfg(test)]
mod tests;
