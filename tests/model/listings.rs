//! The model of listings: all lines first, then cut into pages.

use crate::call::{Named, Query};
use crate::reply::Reply;
use crate::state::Model;

/// A line of a listing, or a group of keys.
enum Entry {
    Line(String),
    Group(String),
}

/// The beginning of a key up to and with the delimiter after the prefix.
fn group(key: &str, query: &Query) -> Option<String> {
    let rest = key.strip_prefix(query.prefix)?;
    let at = rest.find(query.delimiter).filter(|_| !query.delimiter.is_empty())?;
    Some(format!("{}{}", query.prefix, &rest[..at + query.delimiter.len()]))
}

/// Pages of at most so many entries; in a page the groups stand behind the lines, as in the document.
fn paged(entries: Vec<Entry>, max: usize) -> Reply {
    if entries.is_empty() {
        return Reply::pages(vec![vec![]]);
    }
    let page = |entries: &[Entry]| -> Vec<String> {
        let lines =
            entries.iter().filter_map(|e| if let Entry::Line(l) = e { Some(l.clone()) } else { None });
        let groups = entries.iter().filter_map(|e| match e {
            Entry::Group(g) => Some(format!("group {g}")),
            Entry::Line(_) => None,
        });
        lines.chain(groups).collect()
    };
    Reply::pages(entries.chunks(max).map(page).collect())
}

/// Lines under their keys, keys with a common beginning grouped.
fn entries(keyed: impl Iterator<Item = (String, String)>, query: &Query) -> Vec<Entry> {
    let mut all = Vec::new();
    for (key, line) in keyed.filter(|(key, _)| key.starts_with(query.prefix)) {
        match group(&key, query) {
            None => all.push(Entry::Line(line)),
            Some(found) => {
                if !matches!(all.last(), Some(Entry::Group(last)) if *last == found) {
                    all.push(Entry::Group(found));
                }
            }
        }
    }
    all
}

impl Model {
    pub fn list_objects(&self, query: &Query) -> Reply {
        let found = &self.buckets[query.bucket];
        let lines = found.keys.keys().filter(|key| **key > query.after).filter_map(|key| {
            let object = found.current(key)?;
            let sum = format!("{} {}", object.sum.algorithm.name(), object.sum.kind.name());
            Some((key.clone(), format!("{key} {} {} {sum}", object.etag, object.bytes.len())))
        });
        paged(entries(lines, query), query.max)
    }

    pub fn list_versions(&self, query: &Query) -> Reply {
        let found = &self.buckets[query.bucket];
        let lines = found.keys.iter().flat_map(|(key, versions)| {
            versions.iter().rev().enumerate().map(move |(age, version)| {
                let latest = age == 0;
                let what = match &version.object {
                    None => "marker".to_owned(),
                    Some(object) => format!("{} {}", object.etag, object.bytes.len()),
                };
                (key.clone(), format!("{key} {} {latest} {what}", version.id))
            })
        });
        paged(entries(lines, query), query.max)
    }

    pub fn list_uploads(&self, query: &Query) -> Reply {
        let found = &self.buckets[query.bucket];
        let mut uploads: Vec<_> = found.uploads.iter().collect();
        uploads.sort_by_key(|u| u.key.clone());
        let lines = uploads.into_iter().map(|u| {
            let sum = u.sum.map_or(String::new(), |(a, k)| format!(" {} {}", a.name(), k.name()));
            (u.key.clone(), format!("{} {}{sum}", u.key, u.id))
        });
        let mut entries = entries(lines, query);
        entries.truncate(reachable(&entries, query.max));
        paged(entries, query.max)
    }

    pub fn list_parts(&self, name: &Named, max: usize) -> Reply {
        let Some(upload) = self.upload(name) else { return Reply::error(404, "NoSuchUpload") };
        let lines = upload.parts.iter().map(|(number, part)| {
            let sum = part.sum.as_ref().map_or(String::new(), |v| format!(" {v}"));
            Entry::Line(format!("{number} {} {}{sum}", part.etag, part.bytes.len()))
        });
        paged(lines.collect(), max)
    }
}

/// A page of uploads that is cut off behind a group has no markers, so nobody can go on from there.
fn reachable(entries: &[Entry], max: usize) -> usize {
    let ends = (max..entries.len()).step_by(max);
    ends.into_iter().find(|end| matches!(entries[end - 1], Entry::Group(_))).unwrap_or(entries.len())
}
