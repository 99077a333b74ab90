//! The answer of ListObjectVersions.
//!
//! S3 lists versions and delete markers in one order, newest first; the SDK gives two lists. Their common order is
//! read from the document itself while that was kept whole, else from the times.

use super::convert::{decoder, etag, seconds, unsigned};
use super::foreign::children;
use super::stamp::{Answer, CallRecord};
use crate::domain::output::{ListedVersion, VersionContent, VersionPage};
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;

/// One page, asked for with these markers.
pub(super) fn page(
    asked: (Option<&str>, Option<&str>),
    out: ListObjectVersionsOutput,
    answer: &Answer,
) -> VersionPage {
    let truncated = out.is_truncated.unwrap_or(false);
    let decoded = decoder(out.encoding_type);
    let next =
        (decoded(out.next_key_marker.unwrap_or_default()), out.next_version_id_marker.unwrap_or_default());
    let same = Some(next.0.as_str()) == asked.0 && Some(next.1.as_str()) == asked.1.or(Some(""));
    let versions = out.versions.unwrap_or_default().into_iter().map(|v| ListedVersion {
        key: decoded(v.key.unwrap_or_default()),
        version_id: v.version_id.unwrap_or_default(),
        is_latest: v.is_latest.unwrap_or(false),
        last_modified: seconds(v.last_modified),
        content: VersionContent::Object {
            size: unsigned(v.size),
            etag: etag(v.e_tag),
            storage_class: v.storage_class.map(|c| c.as_str().to_owned()),
        },
    });
    let markers = out.delete_markers.unwrap_or_default().into_iter().map(|m| ListedVersion {
        key: decoded(m.key.unwrap_or_default()),
        version_id: m.version_id.unwrap_or_default(),
        is_latest: m.is_latest.unwrap_or(false),
        last_modified: seconds(m.last_modified),
        content: VersionContent::DeleteMarker,
    });
    // A document that fills what is kept of one may go on behind it.
    let kept = answer.whole && answer.body.len() < CallRecord::BODY;
    let order = if kept { children(&answer.body) } else { Vec::new() };
    VersionPage {
        versions: merged(versions.collect(), markers.collect(), &order),
        next: (truncated && !same && !next.0.is_empty()).then_some(next),
    }
}

/// Both lists in the order of the elements; without that by key and time, the current one first.
fn merged(versions: Vec<ListedVersion>, markers: Vec<ListedVersion>, order: &[String]) -> Vec<ListedVersion> {
    let count = |name: &str| order.iter().filter(|n| *n == name).count();
    let by_order = count("Version") == versions.len() && count("DeleteMarker") == markers.len();
    let (mut versions, mut markers) = (versions.into_iter(), markers.into_iter());
    if by_order {
        return order
            .iter()
            .filter_map(|name| match name.as_str() {
                "Version" => versions.next(),
                "DeleteMarker" => markers.next(),
                _ => None,
            })
            .collect();
    }
    let mut all: Vec<ListedVersion> = versions.chain(markers).collect();
    all.sort_by(|a, b| {
        let newest_first = b.is_latest.cmp(&a.is_latest).then(b.last_modified.cmp(&a.last_modified));
        a.key.cmp(&b.key).then(newest_first)
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, at: i64, is_latest: bool) -> ListedVersion {
        ListedVersion {
            key: "k".into(),
            version_id: id.into(),
            is_latest,
            last_modified: at,
            content: VersionContent::DeleteMarker,
        }
    }

    #[test]
    fn both_lists_come_in_the_order_of_the_document_or_of_time() {
        let (versions, markers) =
            (vec![entry("v2", 5, false), entry("v1", 5, false)], vec![entry("m", 5, true)]);
        let ids = |order: &[&str]| {
            let order: Vec<String> = order.iter().map(|n| (*n).to_owned()).collect();
            let all = merged(versions.clone(), markers.clone(), &order);
            all.into_iter().map(|v| v.version_id).collect::<Vec<_>>()
        };
        assert_eq!(ids(&["Name", "Version", "DeleteMarker", "Version"]), ["v2", "m", "v1"]);
        assert_eq!(ids(&["DeleteMarker", "Version", "Version", "CommonPrefixes"]), ["m", "v2", "v1"]);
        assert_eq!(ids(&[]), ["m", "v2", "v1"]);
    }
}
