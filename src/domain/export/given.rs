//! Puts in the place of values that an earlier answer gave the answer they came from.

use super::model::{Body, Call, Given, Piece, Value, What};
use super::wire::decoded;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Bucket and key.
type Of = (Option<Vec<u8>>, Option<Vec<u8>>);

/// What was answered so far.
#[derive(Debug, Default)]
struct Memory {
    /// By what it is and its text: which answers told it, and of what object.
    told: HashMap<(What, String), Vec<(Given, Of)>>,
    /// By upload id as recorded and part number.
    parts: HashMap<(String, String), Vec<(Given, String)>>,
    used: Vec<Given>,
}

/// Links calls that are in order; the first has number 1.
pub fn link(calls: &mut [&mut Call]) {
    let mut memory = Memory::default();
    let mut begun_before: HashSet<String> = HashSet::new();
    for call in calls.iter_mut() {
        let recorded = upload_id(call);
        memory.parts(call, recorded.as_deref());
        memory.query(call);
        memory.headers(call);
        if let Some(id) = upload_id(call).filter(|id| begun_before.insert(id.clone())) {
            let id = crate::domain::text::cut_middle(&crate::domain::text::visible(&id), 40);
            call.notes
                .push(format!("no call before this one began the upload {id}: its id is the recorded one"));
        }
        memory.remember(call, recorded);
    }
    for given in memory.used {
        if let Some(call) = given.call.checked_sub(1).and_then(|at| calls.get_mut(at)) {
            call.gives.insert(given.what);
        }
    }
}

/// The upload id of a call, while it is the recorded text.
pub fn upload_id(call: &Call) -> Option<String> {
    in_query(call, b"uploadId")
}

/// The part number of a call, as it was sent.
pub fn part_number(call: &Call) -> Option<String> {
    in_query(call, b"partNumber")
}

fn in_query(call: &Call, wanted: &[u8]) -> Option<String> {
    let (_, value) = call.query.iter().find(|(name, _)| name == wanted)?;
    value.text().map(str::to_owned)
}

fn unquoted(tag: &str) -> &str {
    tag.trim_matches('"')
}

impl Memory {
    fn remember(&mut self, call: &Call, upload: Option<String>) {
        let Some(answer) = call.answer.as_ref().filter(|a| a.succeeded()) else { return };
        let part = upload.zip(part_number(call));
        for (what, text) in &answer.told {
            let given = Given { call: call.number, name: call.name.clone(), what: what.clone() };
            if let Some(part) = &part {
                self.parts.entry(part.clone()).or_default().push((given.clone(), text.clone()));
            }
            let of = (call.bucket.clone(), call.key.clone());
            self.told.entry((what.clone(), text.clone())).or_default().push((given, of));
        }
    }

    /// The latest answer that told this, of this object where one is meant.
    fn latest(&mut self, what: What, text: &str, of: Option<&Of>) -> Option<Given> {
        let all = self.told.get(&(what, text.to_owned()))?;
        let found = all.iter().rev().find(|(_, o)| of.is_none_or(|of| of == o))?.0.clone();
        self.used.push(found.clone());
        Some(found)
    }

    fn query(&mut self, call: &mut Call) {
        let own = (call.bucket.clone(), call.key.clone());
        for (name, value) in &mut call.query {
            let Some(text) = value.text() else { continue };
            let (what, of) = match name.as_slice() {
                b"uploadId" => (What::UploadId, None),
                b"versionId" => (What::VersionId, Some(&own)),
                b"continuation-token" => (What::NextContinuationToken, None),
                b"upload-id-marker" => (What::NextUploadIdMarker, None),
                b"version-id-marker" => (What::NextVersionIdMarker, None),
                _ => continue,
            };
            if let Some(given) = self.latest(what, text, of) {
                *value = Value::given(given);
            }
        }
    }

    fn headers(&mut self, call: &mut Call) {
        let own = (call.bucket.clone(), call.key.clone());
        let source = call.headers.iter().find(|(n, _)| n == "x-amz-copy-source");
        let source = source.and_then(|(_, v)| v.bytes()).map(split_source);
        for (name, value) in &mut call.headers {
            let of = match (name.as_str(), &source) {
                ("if-match", _) => &own,
                ("x-amz-copy-source-if-match" | "x-amz-copy-source-if-none-match", Some((of, _))) => of,
                ("x-amz-copy-source", Some((of, Some(version)))) => {
                    self.version_of_source(value, of, version);
                    continue;
                }
                _ => continue,
            };
            if let Some(given) = value.text().and_then(|text| self.latest(What::ETag, text, Some(of))) {
                *value = Value::given(given);
            }
        }
    }

    fn version_of_source(&mut self, value: &mut Value, of: &Of, version: &str) {
        let Some(given) = self.latest(What::VersionId, version, Some(of)) else { return };
        let raw = value.bytes().unwrap_or_default();
        let start = raw.get(..raw.len().saturating_sub(version.len())).unwrap_or_default().to_vec();
        *value = Value(vec![Piece::Bytes(start), Piece::Given(given)]);
    }

    /// The list of a Complete: its ETags and checksums are those that the parts' answers gave.
    fn parts(&mut self, call: &mut Call, upload: Option<&str>) {
        let (Body::Parts(entries), Some(upload)) = (&mut call.body, upload) else { return };
        for entry in entries {
            let number = entry.iter().find(|(name, _)| name == "PartNumber").and_then(|(_, v)| v.text());
            let Some(number) = number.map(|n| n.trim().to_owned()) else { continue };
            let Some(answers) = self.parts.get(&(upload.to_owned(), number)) else { continue };
            for (name, value) in entry {
                let Some(text) = value.text() else { continue };
                let same = |(given, told): &&(Given, String)| {
                    given.what.name() == *name && unquoted(told) == unquoted(text)
                };
                if let Some((given, _)) = answers.iter().rev().find(same) {
                    self.used.push(given.clone());
                    *value = Value::given(given.clone());
                }
            }
        }
    }
}

/// The mark between a copy source's key and its version.
pub const VERSION: &[u8] = b"?versionId=";

/// Bucket and key of a copy source as sent, and its version.
fn split_source(raw: &[u8]) -> (Of, Option<String>) {
    let raw = raw.strip_prefix(b"/").unwrap_or(raw);
    let at = raw.windows(VERSION.len()).rposition(|w| w == VERSION);
    let path = raw.get(..at.unwrap_or(raw.len())).unwrap_or_default();
    let version = at.and_then(|at| raw.get(at + VERSION.len()..)).and_then(|v| std::str::from_utf8(v).ok());
    let slash = path.iter().position(|b| *b == b'/').unwrap_or(path.len());
    let bucket = decoded(path.get(..slash).unwrap_or_default());
    let key = decoded(path.get(slash + 1..).unwrap_or_default());
    ((Some(bucket), Some(key)), version.map(str::to_owned))
}

/// The list of a Complete whose document was not kept whole: the parts that were stored, in the order of their numbers,
/// with the elements that the kept beginning has.
pub fn listed<'a>(
    earlier: impl Iterator<Item = &'a Call>,
    upload: &str,
    elements: &BTreeSet<String>,
) -> Option<Body> {
    let mut stored: BTreeMap<u32, Vec<(String, Value)>> = BTreeMap::new();
    for call in earlier.filter(|c| upload_id(c).as_deref() == Some(upload)) {
        let (Some(number), Some(answer)) = (part_number(call), call.answer.as_ref()) else { continue };
        let Some(number) = number.parse::<u32>().ok().filter(|_| answer.succeeded()) else { continue };
        let fields = answer.told.iter().map(|(what, text)| (what.name(), Value::of(text.clone())));
        let number_field = ("PartNumber".to_owned(), Value::of(number.to_string()));
        stored.insert(
            number,
            fields.filter(|(name, _)| elements.contains(name)).chain([number_field]).collect(),
        );
    }
    (!stored.is_empty()).then(|| Body::Parts(stored.into_values().collect()))
}
