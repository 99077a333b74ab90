//! Operations, and the requests they come to in a given state.
//!
//! An operation picks by small numbers ("the newest version", "all parts but the first"), so that it means
//! something in every state and a failing sequence can be made shorter.

use crate::call::{Call, Completion, Cond, List, Listed, Named, Query, Source};
use crate::data::{Data, LEAST, sum};
use crate::state::{Model, Upload};
use partscope::domain::checksum::{ChecksumAlgorithm as Algorithm, ChecksumType as Kind};

pub const BUCKETS: [&str; 2] = ["first", "second"];
pub const KEYS: [&str; 4] = ["a", "a/b", "a/c", "z"];
pub const SLOTS: usize = 4;
/// An ETag nothing has.
const NO_ETAG: &str = "00000000000000000000000000000000";

/// Bucket and key.
pub type Place = (usize, usize);

#[derive(Debug, Clone, Copy)]
pub enum Which {
    Current,
    Null,
    Nth(usize),
    NeverMade,
}

#[derive(Debug, Clone, Copy)]
pub enum Demand {
    None,
    Absent,
    Current,
    Wrong,
}

#[derive(Debug, Clone, Copy)]
pub enum Sent {
    AsNeeded,
    None,
    Wrong,
    Unreadable,
    Other,
}

#[derive(Debug, Clone, Copy)]
pub enum Flaw {
    None,
    NoBody,
    Empty,
    Reversed,
    Twice,
    WrongETag,
    Unknown,
    NoSums,
    WrongSum,
    OtherSum,
    WrongSize,
    WrongKind,
    WholeWithoutKind,
    WrongWhole,
}

#[derive(Debug, Clone, Copy)]
pub enum Slip {
    None,
    OtherKey,
    OtherBucket,
    UnknownId,
}

/// Which copy conditions are sent.
#[derive(Debug, Clone, Copy)]
pub struct From {
    pub place: Place,
    pub which: Which,
    pub conditions: usize,
}

/// One step of a sequence.
#[derive(Debug, Clone)]
pub enum Op {
    Versioning { bucket: usize, on: bool },
    Put { place: Place, data: Data, tags: usize, demand: Demand, sum: Option<Algorithm> },
    Get { place: Place, which: Which, head: bool, part: Option<usize> },
    Tag { place: Place, which: Which, tags: usize },
    Delete { place: Place, which: Which, demand: Demand },
    Copy { from: From, place: Place, tags: Option<usize>, demand: Demand },
    Create { slot: usize, place: Place, sum: Option<(Algorithm, Option<Kind>)>, tags: usize },
    Part { slot: usize, slip: Slip, number: i32, data: Data, sent: Sent },
    PartCopy { slot: usize, slip: Slip, number: i32, from: From, range: usize },
    Complete { slot: usize, slip: Slip, pick: usize, flaw: Flaw, demand: Demand, stated: bool },
    Abort { slot: usize, slip: Slip },
    ListParts { slot: usize, slip: Slip, max: usize },
    List { what: usize, bucket: usize, prefix: usize, group: bool, after: usize, max: usize },
    Restart,
}

/// The uploads that operations name by slot.
#[derive(Debug, Default)]
pub struct Planner {
    pub slots: [Option<Named>; SLOTS],
}

fn key((_, key): Place) -> String {
    KEYS[key].to_owned()
}

fn version(model: &Model, (bucket, key): Place, which: Which) -> Option<String> {
    match which {
        Which::Current => None,
        Which::Null => Some("null".to_owned()),
        Which::NeverMade => Some("nonsense".to_owned()),
        Which::Nth(n) => {
            let here = model.buckets[BUCKETS[bucket]].keys.get(KEYS[key]).map_or(&[][..], Vec::as_slice);
            let elsewhere =
                (model.versions_made > 0).then(|| format!("v{}", 1 + n % model.versions_made.max(1)));
            here.iter().rev().nth(n).map(|v| v.id.clone()).or(elsewhere)
        }
    }
}

fn current_etag(model: &Model, bucket: &str, key: &str) -> String {
    model.buckets[bucket].current(key).map_or(NO_ETAG.to_owned(), |o| o.etag.clone())
}

fn cond(model: &Model, bucket: &str, key: &str, demand: Demand) -> Cond {
    match demand {
        Demand::None => Cond::None,
        Demand::Absent => Cond::IfAbsent,
        Demand::Current => Cond::IfMatch(current_etag(model, bucket, key)),
        Demand::Wrong => Cond::IfMatch(NO_ETAG.to_owned()),
    }
}

fn source(model: &Model, from: From) -> Source {
    let bucket = BUCKETS[from.place.0];
    let key = key(from.place);
    let version = version(model, from.place, from.which);
    let found = match &version {
        None => model.buckets[bucket].current(&key),
        Some(id) => model.buckets[bucket].version(&key, id).and_then(|v| v.object.as_ref()),
    };
    let right = Some(found.map_or(NO_ETAG.to_owned(), |o| o.etag.clone()));
    let wrong = Some(NO_ETAG.to_owned());
    let mut source = Source { bucket, key, version, ..Source::default() };
    match from.conditions {
        1 => source.if_match = right,
        2 => source.if_match = wrong,
        3 => source.if_none_match = right,
        4 => source.if_none_match = wrong,
        5 => source.modified_since = Some(0),
        6 => source.modified_since = Some(-1),
        7 => source.modified_since = Some(3600),
        8 => source.unmodified_since = Some(-1),
        9 => (source.if_match, source.unmodified_since) = (right, Some(-1)),
        10 => (source.if_none_match, source.unmodified_since) = (wrong, Some(-1)),
        _ => {}
    }
    source
}

/// A range for a copied part, right or wrong in one of the known ways.
fn range(model: &Model, source: &Source, pick: usize) -> Option<String> {
    let size = model.source(source).map_or(1, |(object, _)| object.bytes.len());
    let (last, half) = (size.saturating_sub(1), size / 2);
    Some(match pick {
        0..=3 => return None,
        4 => format!("bytes=0-{last}"),
        5 => format!("bytes={}-{last}", half.min(last)),
        6 => format!("bytes=0-{}", half.min(last)),
        7 => format!("bytes=0-{size}"),
        8 => format!("bytes={}-{}", size + 1, size + 2),
        9 => "bytes=1-0".to_owned(),
        10 => "bytes=1-".to_owned(),
        _ => "0-1".to_owned(),
    })
}

fn other(algorithm: Algorithm) -> Algorithm {
    if algorithm == Algorithm::Crc32 { Algorithm::Sha1 } else { Algorithm::Crc32 }
}

fn sum_to_send(upload: Option<&Upload>, data: Data, sent: Sent) -> Option<(Algorithm, String)> {
    let chosen = upload.and_then(|u| u.sum);
    let algorithm = chosen.map_or(Algorithm::Crc32c, |(a, _)| a);
    match sent {
        Sent::AsNeeded => chosen.map(|_| (algorithm, sum(algorithm, &data.bytes()))),
        Sent::None => None,
        Sent::Wrong => Some((algorithm, sum(algorithm, b"something else"))),
        Sent::Unreadable => Some((algorithm, "not base64".to_owned())),
        Sent::Other => Some((other(algorithm), sum(other(algorithm), &data.bytes()))),
    }
}

impl Planner {
    fn named(&self, slot: usize, slip: Slip) -> Option<Named> {
        let mut named = self.slots[slot].clone()?;
        match slip {
            Slip::None => {}
            Slip::OtherKey => named.key.push('x'),
            Slip::OtherBucket => named.bucket = BUCKETS[usize::from(named.bucket == BUCKETS[0])],
            Slip::UnknownId => named.id = "no-upload".to_owned(),
        }
        Some(named)
    }

    /// The request an operation comes to; with the slot, if it begins an upload there. `None`: a restart.
    pub fn call(&self, model: &Model, op: &Op) -> Option<(Call, Option<usize>)> {
        let plain = |call| Some((call, None));
        match op.clone() {
            Op::Restart => None,
            Op::Create { slot, place, sum, tags } => {
                Some((Call::Create { bucket: BUCKETS[place.0], key: key(place), sum, tags }, Some(slot)))
            }
            Op::Part { slot, slip, number, data, sent } => match self.named(slot, slip) {
                None => begin(slot),
                Some(upload) => {
                    let sum = sum_to_send(model.upload(&upload), data, sent);
                    plain(Call::Part { upload, number, data, sum })
                }
            },
            Op::PartCopy { slot, slip, number, from, range: pick } => match self.named(slot, slip) {
                None => begin(slot),
                Some(upload) => {
                    let source = source(model, from);
                    let range = range(model, &source, pick);
                    plain(Call::PartCopy { upload, number, source, range })
                }
            },
            Op::Complete { slot, slip, pick, flaw, demand, stated } => match self.named(slot, slip) {
                None => begin(slot),
                Some(upload) => plain(complete(model, upload, pick, flaw, demand, stated)),
            },
            Op::Abort { slot, slip } => match self.named(slot, slip) {
                None => begin(slot),
                Some(upload) => plain(Call::Abort(upload)),
            },
            Op::ListParts { slot, slip, max } => match self.named(slot, slip) {
                None => begin(slot),
                Some(upload) => plain(Call::ListParts { upload, max }),
            },
            other => plain(object_call(model, other)),
        }
    }
}

/// Nothing can be done with an upload that is not there, so one is begun.
fn begin(slot: usize) -> Option<(Call, Option<usize>)> {
    let sum = (slot == 1).then_some((Algorithm::Crc32, None));
    Some((Call::Create { bucket: BUCKETS[0], key: KEYS[slot / 2].to_owned(), sum, tags: slot }, Some(slot)))
}

fn object_call(model: &Model, op: Op) -> Call {
    match op {
        Op::Versioning { bucket, on } => Call::Versioning { bucket: BUCKETS[bucket], on },
        Op::Put { place, data, tags, demand, sum } => {
            let (bucket, key) = (BUCKETS[place.0], key(place));
            let cond = cond(model, bucket, &key, demand);
            Call::Put { bucket, key, data, tags, cond, sum }
        }
        Op::Get { place, which, head, part } => {
            let version = version(model, place, which);
            let (bucket, key) = (BUCKETS[place.0], key(place));
            // What the range of an empty part is written as is open.
            let reply = model.get(bucket, &key, version.as_deref(), false, None);
            let part = part.filter(|_| reply.body.is_some_and(|b| !b.is_empty())).filter(|n| *n > 0);
            let empty = part.is_some_and(|_| has_empty_part(model, bucket, &key, version.as_deref()));
            Call::Get { bucket, key, version, head, part: part.filter(|_| !empty) }
        }
        Op::Tag { place, which, tags } => {
            let version = version(model, place, which);
            Call::Tag { bucket: BUCKETS[place.0], key: key(place), version, tags }
        }
        Op::Delete { place, which, demand } => {
            let (bucket, key) = (BUCKETS[place.0], key(place));
            let version = version(model, place, which);
            let if_match = match cond(model, bucket, &key, demand) {
                Cond::IfMatch(etag) if version.is_none() => Some(etag),
                _ => None,
            };
            Call::Delete { bucket, key, version, if_match }
        }
        Op::Copy { from, place, tags, demand } => {
            let (bucket, key) = (BUCKETS[place.0], key(place));
            let cond = cond(model, bucket, &key, demand);
            Call::Copy { source: source(model, from), bucket, key, tags, cond }
        }
        Op::List { what, bucket, prefix, group, after, max } => {
            let prefix = ["", "a", "a/", "none"][prefix];
            let after = ["", "a", "a/b", "b"][if what == 0 { after } else { 0 }].to_owned();
            let delimiter = if group { "/" } else { "" };
            let query = Query { bucket: BUCKETS[bucket], prefix, delimiter, after, max };
            match what {
                0 => Call::ListObjects(query),
                1 => Call::ListVersions(query),
                _ => Call::ListUploads(query),
            }
        }
        other => unreachable!("{other:?} names an upload"),
    }
}

fn has_empty_part(model: &Model, bucket: &str, key: &str, version: Option<&str>) -> bool {
    let found = &model.buckets[bucket];
    let object = match version {
        None => found.current(key),
        Some(id) => found.version(key, id).and_then(|v| v.object.as_ref()),
    };
    object.and_then(|o| o.parts.as_ref()).is_some_and(|parts| parts.iter().any(|(size, _)| *size == 0))
}

/// Parts to list: all, the last, all but the first, every second one, or those that can be joined.
fn picked(upload: &Upload, pick: usize) -> Vec<Listed> {
    let count = upload.parts.len();
    let large = |at: usize, size: usize| at + 1 == count || size >= LEAST;
    let kept = upload.parts.iter().enumerate().filter(|(at, (_, part))| match pick {
        0 => true,
        1 => at + 1 == count,
        2 => *at > 0,
        3 => at % 2 == 0,
        _ => large(*at, part.bytes.len()),
    });
    let composite = matches!(upload.sum, Some((_, Kind::Composite)));
    let listed = |number: i32, part: &crate::state::Part| {
        let sum = upload.sum.zip(part.sum.clone()).filter(|_| composite || pick == 0);
        Listed { number, etag: part.etag.clone(), sum: sum.map(|((a, _), v)| (a, v)) }
    };
    kept.map(|(_, (number, part))| listed(*number, part)).collect()
}

fn complete(model: &Model, upload: Named, pick: usize, flaw: Flaw, demand: Demand, stated: bool) -> Call {
    let found = &model.buckets[upload.bucket];
    if let Some(done) = found.done.iter().find(|d| d.id == upload.id && d.key == upload.key) {
        return done.call.clone();
    }
    let nothing = Listed { number: 1, etag: NO_ETAG.to_owned(), sum: None };
    let state = model.upload(&upload);
    let mut parts = state.map_or(vec![nothing.clone()], |u| picked(u, pick));
    if parts.is_empty() {
        parts.push(nothing);
    }
    let cond = cond(model, upload.bucket, &upload.key, demand);
    let bytes: Vec<u8> = parts
        .iter()
        .filter_map(|l| Some(state?.parts.get(&l.number)?.bytes.to_vec()))
        .collect::<Vec<_>>()
        .concat();
    let full = state.and_then(|u| u.sum).filter(|(_, kind)| *kind == Kind::FullObject && stated);
    let mut call = Completion {
        cond,
        size: stated.then_some(bytes.len() as u64),
        kind: full.map(|(_, kind)| kind),
        whole: full.map(|(algorithm, _)| (algorithm, sum(algorithm, &bytes))),
        list: List::NoBody,
        upload,
    };
    spoil(&mut call, &mut parts, flaw);
    if !matches!(flaw, Flaw::NoBody) {
        call.list = List::Parts(parts);
    }
    Call::Complete(call)
}

fn spoil(call: &mut Completion, parts: &mut Vec<Listed>, flaw: Flaw) {
    let at = parts.len() / 2;
    let chosen = &mut parts[at];
    match flaw {
        Flaw::None | Flaw::NoBody => {}
        Flaw::Empty => parts.clear(),
        Flaw::Reversed => parts.reverse(),
        Flaw::Twice => {
            let again = chosen.clone();
            parts.insert(at, again);
        }
        Flaw::WrongETag => chosen.etag = NO_ETAG.to_owned(),
        Flaw::Unknown => parts.push(Listed { number: 9_999, etag: NO_ETAG.to_owned(), sum: None }),
        Flaw::NoSums => parts.iter_mut().for_each(|p| p.sum = None),
        Flaw::WrongSum => {
            let algorithm = chosen.sum.as_ref().map_or(Algorithm::Crc32, |(a, _)| *a);
            chosen.sum = Some((algorithm, sum(algorithm, b"something else")));
        }
        Flaw::OtherSum => {
            let algorithm = other(chosen.sum.as_ref().map_or(Algorithm::Crc32, |(a, _)| *a));
            chosen.sum = Some((algorithm, sum(algorithm, b"something else")));
        }
        Flaw::WrongSize => call.size = Some(call.size.unwrap_or(0) + 1),
        Flaw::WrongKind => {
            call.whole = None;
            call.kind =
                Some(if call.kind == Some(Kind::FullObject) { Kind::Composite } else { Kind::FullObject });
        }
        Flaw::WholeWithoutKind => call.kind = None,
        Flaw::WrongWhole => {
            if let Some((algorithm, value)) = &mut call.whole {
                *value = sum(*algorithm, b"something else");
            }
        }
    }
}
