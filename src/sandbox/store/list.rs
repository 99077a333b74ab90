//! Pages: of keys, of uploads in progress, of parts.

use super::upload::{Part, Upload, UploadName};
use super::{Bucket, Object, Store, Version, VersionId};
use crate::sandbox::error::S3Error;
use std::ops::Bound;
use std::sync::Arc;

/// One entry of a listing by keys.
#[derive(Debug, Clone)]
pub enum Entry<T> {
    /// A key itself.
    Item(T),
    /// All keys that share this beginning up to the delimiter.
    CommonPrefix(String),
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct KeyQuery {
    /// Only keys that begin with this.
    pub prefix: String,
    /// Groups keys; empty for none.
    pub delimiter: String,
    /// Only keys after this one; a common prefix stands for all of its keys.
    pub after: String,
    /// Whether a marker inside a common prefix stands for all of its keys, as in every listing but V2.
    pub by_group: bool,
    /// Greatest number of entries.
    pub max: usize,
}

/// One page of keys.
#[derive(Debug)]
pub struct Page<T> {
    /// Entries in order.
    pub entries: Vec<Entry<T>>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// The group of a key: the prefix up to and with the first delimiter after `prefix`.
fn group<'k>(key: &'k str, prefix: &str, delimiter: &str) -> Option<&'k str> {
    if delimiter.is_empty() {
        return None;
    }
    let at = key.get(prefix.len()..)?.find(delimiter)?;
    key.get(..prefix.len() + at + delimiter.len())
}

impl KeyQuery {
    /// Whether the marker is past a common prefix.
    fn is_behind(&self, common: &str) -> bool {
        if self.by_group { self.after.starts_with(common) } else { self.after == common }
    }

    /// Where to begin looking; the marker's own key is among it.
    fn first(&self) -> &str {
        if self.after > self.prefix { &self.after } else { &self.prefix }
    }
}

/// Versions of a key, newest first; of the marker's key only those after the version it names, or none.
fn newest_first<'v>(versions: &'v [Version], marker: Option<&'v str>) -> impl Iterator<Item = &'v Version> {
    let skip = match marker {
        None => 0,
        Some("") => versions.len(),
        Some(id) => versions.iter().rev().position(|v| v.id().0 == id).map_or(0, |at| at + 1),
    };
    versions.iter().rev().skip(skip)
}

/// One line of ListObjectVersions.
#[derive(Debug, Clone)]
pub struct VersionEntry {
    /// Its key.
    pub key: String,
    /// The version.
    pub version: Version,
    /// Whether it is the newest of its key.
    pub is_latest: bool,
}

impl Bucket {
    /// ListObjectsV2.
    pub fn list_objects(&self, query: &KeyQuery) -> Page<Arc<Object>> {
        let mut page = Page { entries: Vec::new(), next: None };
        let from: Bound<&str> = if query.after.as_str() >= query.prefix.as_str() && !query.after.is_empty() {
            Bound::Excluded(&query.after)
        } else {
            Bound::Included(&query.prefix)
        };
        let mut last = String::new();
        let current = |(key, versions): (_, &Vec<Version>)| {
            let newest = versions.last().and_then(Version::object)?;
            Some((key, Arc::clone(newest)))
        };
        let keys = self.keys.range::<str, _>((from, Bound::Unbounded)).filter_map(current);
        for (key, object) in keys {
            let key: &String = key;
            if !key.starts_with(&query.prefix) {
                break;
            }
            let common = group(key, &query.prefix, &query.delimiter);
            if common.is_some_and(|c| c == last || query.is_behind(c)) {
                continue;
            }
            if page.entries.len() >= query.max {
                page.next = (query.max > 0).then_some(last);
                break;
            }
            match common {
                Some(common) => {
                    common.clone_into(&mut last);
                    page.entries.push(Entry::CommonPrefix(common.to_owned()));
                }
                None => {
                    key.clone_into(&mut last);
                    page.entries.push(Entry::Item(object));
                }
            }
        }
        page
    }

    /// ListObjectVersions: after the marker, or after one version of the marker's key.
    pub fn list_versions(&self, query: &KeyQuery, id_marker: &str) -> Result<Page<VersionEntry>, S3Error> {
        if !id_marker.is_empty() && !VersionId::is_valid(id_marker) {
            return Err(S3Error::invalid_argument(
                "Invalid version id specified",
                "version-id-marker",
                id_marker,
            ));
        }
        let mut page = Page { entries: Vec::new(), next: None };
        let mut last_group = String::new();
        for (key, versions) in self.keys.range::<str, _>((Bound::Included(query.first()), Bound::Unbounded)) {
            if !key.starts_with(&query.prefix) {
                break;
            }
            let common = group(key, &query.prefix, &query.delimiter);
            if common.is_some_and(|c| c == last_group || query.is_behind(c)) {
                continue;
            }
            let marker = (*key == query.after).then_some(id_marker);
            for version in newest_first(versions, marker) {
                if page.entries.len() >= query.max {
                    page.next = (query.max > 0).then(|| key.clone());
                    return Ok(page);
                }
                if let Some(common) = common {
                    common.clone_into(&mut last_group);
                    page.entries.push(Entry::CommonPrefix(common.to_owned()));
                    break;
                }
                let is_latest = versions.last().is_some_and(|newest| newest.id() == version.id());
                let (key, version) = (key.clone(), version.clone());
                page.entries.push(Entry::Item(VersionEntry { key, version, is_latest }));
            }
        }
        Ok(page)
    }

    /// ListMultipartUploads: by key, then by initiation.
    pub fn list_uploads(
        &self,
        query: &KeyQuery,
        upload_id_marker: Option<&str>,
    ) -> Result<Page<Upload>, S3Error> {
        let marker = upload_id_marker.filter(|_| !query.after.is_empty());
        let after_event = match marker {
            None => u64::MAX,
            Some(id) => self
                .uploads
                .values()
                .find(|u| u.id == id && u.key == query.after)
                .map(|u| u.event)
                .ok_or_else(|| {
                S3Error::invalid_argument("Invalid uploadId marker", "upload-id-marker", id)
            })?,
        };
        let mut page = Page { entries: Vec::new(), next: None };
        let mut last_group = String::new();
        for ((key, event), upload) in &self.uploads {
            let skipped = !query.after.is_empty()
                && (key < &query.after || (key == &query.after && *event <= after_event));
            if skipped || !key.starts_with(&query.prefix) {
                continue;
            }
            let common = group(key, &query.prefix, &query.delimiter);
            if common.is_some_and(|c| c == last_group || query.is_behind(c)) {
                continue;
            }
            if page.entries.len() >= query.max {
                page.next = (query.max > 0).then(|| key.clone());
                break;
            }
            match common {
                Some(common) => {
                    common.clone_into(&mut last_group);
                    page.entries.push(Entry::CommonPrefix(common.to_owned()));
                }
                None => page.entries.push(Entry::Item(upload.without_parts())),
            }
        }
        Ok(page)
    }
}

/// One page of parts.
#[derive(Debug)]
pub struct PartsPage {
    /// The upload, without its parts.
    pub upload: Upload,
    /// Numbers and parts, ascending.
    pub parts: Vec<(i32, Part)>,
    /// Whether there are more.
    pub truncated: bool,
}

impl Store {
    /// ListParts of an upload in progress.
    pub fn list_parts(&self, name: UploadName<'_>, after: i32, max: usize) -> Result<PartsPage, S3Error> {
        let upload = self.upload(name)?;
        let mut rest = upload.parts.range((Bound::Excluded(after), Bound::Unbounded));
        let parts: Vec<(i32, Part)> = rest.by_ref().take(max).map(|(n, p)| (*n, p.clone())).collect();
        let truncated = rest.next().is_some();
        Ok(PartsPage { upload: upload.without_parts(), parts, truncated })
    }
}
