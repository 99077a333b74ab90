//! What can still be asked: each way with its exact number of requests and what its answers can prove.

use super::derive::Places;
use super::{Asked, Evidence};
use crate::domain::etag::ETag;
use crate::domain::infer::Pieces;
use crate::domain::units::{PartNumber, grouped};
use serde::Serialize;

/// A way of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeKind {
    /// HEAD of part 1.
    First,
    /// HEAD of the first, the middle and the last part.
    Sample,
    /// HEAD of as many parts as it takes to know every boundary.
    Every,
    /// The pages of GetObjectAttributes that were not read.
    Attributes,
}

impl ProbeKind {
    /// Its name on the command line and in the menu.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Sample => "sample",
            Self::Every => "all",
            Self::Attributes => "attributes",
        }
    }
}

/// One way, worked out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProbePlan {
    /// Which.
    pub kind: ProbeKind,
    /// Requests it takes, exactly.
    pub requests: u64,
    /// The parts to ask HEAD for.
    #[serde(skip)]
    pub parts: Vec<PartNumber>,
    /// What the answers can prove.
    pub proves: &'static str,
    /// Whether its answers settle every boundary, if the server answers as before.
    pub decides: bool,
}

impl ProbePlan {
    /// The requests in words.
    pub fn requests_words(&self) -> String {
        let what = match self.kind {
            ProbeKind::Attributes => "GetObjectAttributes",
            _ => "HeadObject",
        };
        format!("{} {what}", grouped(self.requests))
    }
}

/// The cheapest way to a decision about the part size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Decider {
    /// It is decided already, or there are no parts.
    Decided,
    /// Pages of GetObjectAttributes; they list parts for COMPOSITE checksums only.
    AttributePages {
        /// Requests.
        requests: u64,
    },
    /// HeadObject by part number.
    Heads {
        /// Requests.
        requests: u64,
    },
    /// Reading the data once and trying part sizes against the ETag.
    ReadData {
        /// Bytes to read.
        bytes: u64,
    },
    /// Nothing this program knows.
    Nothing,
}

impl Decider {
    /// In words.
    pub fn words(&self) -> String {
        let requests =
            |n: u64| if n == 1 { "1 request".to_owned() } else { format!("{} requests", grouped(n)) };
        match self {
            Self::Decided => "nothing is left to decide".into(),
            Self::AttributePages { requests: n } => {
                format!("GetObjectAttributes, {}: lists the sizes if the checksum is COMPOSITE", requests(*n))
            }
            Self::Heads { requests: n } => {
                format!("HeadObject ?partNumber, {}: pins every boundary", requests(*n))
            }
            Self::ReadData { bytes } => format!(
                "reading the {} bytes once and trying part sizes: a match of the ETag decides",
                grouped(*bytes)
            ),
            Self::Nothing => "no request to this server decides it".into(),
        }
    }
}

impl Evidence {
    /// The cheapest request, or reading, that would decide the part size, as far as is known now.
    pub fn cheapest(&self) -> Decider {
        if self.exact_is_known() || self.pieces() == Pieces::One {
            return Decider::Decided;
        }
        let of = |kind| self.plan(kind).map(|p| p.requests);
        match (of(ProbeKind::Attributes), of(ProbeKind::Every)) {
            (Some(pages), heads) if heads.is_none_or(|h| pages <= h) => {
                Decider::AttributePages { requests: pages }
            }
            (_, Some(requests)) => Decider::Heads { requests },
            // Where no part is an MD5, no cut gives the ETag.
            _ => match (&self.etag, self.object_size) {
                (Some(ETag::Composite { .. }), Some(bytes)) if self.no_md5.is_none() => {
                    Decider::ReadData { bytes }
                }
                _ => Decider::Nothing,
            },
        }
    }
}

/// Every way that can still teach something, cheapest first.
pub(super) fn plans(known: &Evidence, places: Option<&Places>, exact: bool) -> Vec<ProbePlan> {
    let Some(places) = places.filter(|_| !exact) else { return Vec::new() };
    let mut out = Vec::new();
    out.extend(attributes(known, places));
    let deaf = known.part_number_understood == Some(false);
    if deaf || known.refusals.iter().any(|r| r.asked == Asked::HeadPart && r.is_final()) {
        return out;
    }
    let count = places.sizes.len();
    let heads = |kind, at: Vec<usize>, proves, decides| {
        let parts: Vec<PartNumber> =
            at.into_iter().filter_map(|i| places.numbers.get(i).copied().map(PartNumber)).collect();
        let requests = u64::try_from(parts.len()).unwrap_or(u64::MAX);
        ProbePlan { kind, requests, parts, proves, decides }
    };
    let every = if known.ranges_usable == Some(false) { by_size(places) } else { by_boundary(places) };
    let unknown = |i: &usize| places.size(*i).is_none();
    let first: Vec<usize> = [0].into_iter().filter(unknown).collect();
    if !first.is_empty() && every.len() > 1 {
        out.push(heads(
            ProbeKind::First,
            first,
            "the size of part 1: refutes equal parts if size and count do not allow it, never proves them",
            false,
        ));
    }
    let mut sample: Vec<usize> = [0, count / 2, count - 1].into_iter().filter(unknown).collect();
    sample.dedup();
    if !sample.is_empty() && sample.len() < every.len() {
        out.push(heads(
            ProbeKind::Sample,
            sample,
            "first, middle and last part: can refute equal parts, cannot prove them",
            false,
        ));
    }
    if !every.is_empty() {
        out.push(heads(ProbeKind::Every, every, every_proves(known), true));
    }
    out.sort_by_key(|p| (p.requests, p.decides));
    out
}

fn every_proves(known: &Evidence) -> &'static str {
    match known.ranges_usable {
        Some(true) => "every boundary: a Content-Range pins both ends of its part",
        Some(false) => "every boundary: this server tells only lengths, so each part but one is asked for",
        None => "every boundary, if the server answers with a Content-Range",
    }
}

fn attributes(known: &Evidence, places: &Places) -> Option<ProbePlan> {
    if !known.pages_are_left() {
        return None;
    }
    let left = u64::try_from(places.sizes.len()).ok()?.saturating_sub(u64::from(known.attributes.listed()));
    Some(ProbePlan {
        kind: ProbeKind::Attributes,
        requests: left.div_ceil(1000).max(1),
        parts: Vec::new(),
        proves: "every size, 1 000 a page, if the checksum is COMPOSITE",
        decides: true,
    })
}

/// The fewest parts whose two ends pin every boundary that is not known.
fn by_boundary(places: &Places) -> Vec<usize> {
    let count = places.sizes.len();
    let unknown = |i: usize| places.bounds.get(i).is_some_and(Option::is_none);
    let mut asked = Vec::new();
    let mut i = 1;
    while i < count {
        if !unknown(i) {
            i += 1;
        } else if i + 1 < count && unknown(i + 1) {
            // Part i (from 0) lies between boundaries i and i + 1.
            asked.push(i);
            i += 2;
        } else {
            asked.push(i - 1);
            i += 1;
        }
    }
    asked
}

/// Every part of unknown size but the last of them, which is what the others leave.
fn by_size(places: &Places) -> Vec<usize> {
    let mut asked: Vec<usize> = (0..places.sizes.len()).filter(|i| places.size(*i).is_none()).collect();
    asked.pop();
    asked
}
