//! The rows while they are made, and the rule most of them follow.

use super::{Planned, Row, Source, Verdict};
use crate::domain::operation::Operation;
use crate::domain::preview::{Preview, preview};
use crate::domain::units::grouped;

/// The rows, and what they are made from.
pub(super) struct List<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) planned: &'a Planned,
    request: Preview,
    pub(super) rows: Vec<Row>,
}

impl<'a> List<'a> {
    pub(super) fn new(source: &'a Source<'a>, planned: &'a Planned) -> Self {
        Self { source, planned, request: preview(&planned.operation), rows: Vec::new() }
    }

    /// The value of a header of the planned request.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.request.header(name)
    }

    /// Names of the planned request's headers that begin so.
    pub(super) fn headers_with(&self, prefix: &str) -> Vec<&str> {
        self.request.headers.iter().filter_map(|(name, _)| name.strip_prefix(prefix)).collect()
    }

    /// Whether it is one CopyObject.
    pub(super) fn is_copy_object(&self) -> bool {
        matches!(self.planned.operation.plain(), Operation::CopyObject(_))
    }

    /// Whether S3 takes content headers and user metadata from the source by itself.
    pub(super) fn copies_metadata(&self) -> bool {
        self.is_copy_object() && self.header("x-amz-metadata-directive").as_deref() != Some("REPLACE")
    }

    /// Adds a row.
    pub(super) fn row(
        &mut self,
        property: &str,
        source: Option<String>,
        planned: Option<String>,
        verdict: Verdict,
        place: &str,
    ) {
        let (property, place) = (property.to_owned(), place.to_owned());
        self.rows.push(Row { property, source, planned, verdict, place, item: false });
    }

    /// Adds a row for what one header carries, if either side has it. `left_out` says what happens without it.
    pub(super) fn carried(
        &mut self,
        property: &str,
        header: &str,
        source: Option<String>,
        planned: Option<String>,
        left_out: &str,
    ) {
        if source.is_none() && planned.is_none() {
            return;
        }
        let verdict = compared(source.as_deref(), planned.as_deref(), left_out);
        self.row(property, source, planned, verdict, header);
    }
}

/// `1 part`, `2 parts`.
pub(super) fn counted(n: usize, one: &str, many: &str) -> String {
    let number = grouped(u64::try_from(n).unwrap_or(u64::MAX));
    format!("{number} {}", if n == 1 { one } else { many })
}

/// What becomes of a value that one header carries.
pub(super) fn compared(source: Option<&str>, planned: Option<&str>, left_out: &str) -> Verdict {
    match (source, planned) {
        (source, planned) if source == planned => Verdict::Kept,
        (_, None) => Verdict::Needs(left_out.to_owned()),
        (None, Some(_)) => Verdict::Changes("the source has none; the request names one".to_owned()),
        (Some(_), Some(_)) => Verdict::Changes("the request names another".to_owned()),
    }
}
