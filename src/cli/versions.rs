//! `partscope versions`: the versions and delete markers of one key, newest first.

use super::Failure;
use super::args::{TargetArgs, VersionsArgs};
use super::out::Out;
use super::session::{Pace, Session};
use crate::domain::names::ObjectRef;
use crate::domain::operation::{ListObjectVersions, Operation};
use crate::domain::outcome::Outcome;
use crate::domain::output::{ListedVersion, Output, VersionContent, VersionPage};
use crate::domain::text::visible;
use crate::domain::units::{grouped, utc};
use std::collections::HashSet;

/// Entries of a page: few enough for the document to be kept whole, from which their order is read.
const PAGE: i32 = 80;

/// Runs the command.
pub async fn run(target: &TargetArgs, args: &VersionsArgs) -> Result<(), Failure> {
    let object = args.object.object().map_err(Failure::Local)?;
    let session = Session::open(target, Pace::Run).await?;
    let mut markers = (None, None);
    let mut seen = HashSet::new();
    loop {
        let page = page(&session, &object, markers).await?;
        let before = seen.len();
        for version in page.versions.iter().filter(|v| v.key == object.key) {
            if !seen.insert(version.version_id.clone()) {
                continue;
            }
            if args.json {
                Out.json(version)?;
            } else {
                Out.line(&line(version))?;
            }
        }
        // Longer keys come after all versions of the key itself; without anything new there is no more.
        let passed = page.versions.last().is_none_or(|v| v.key != object.key) || seen.len() == before;
        match page.next.filter(|_| !passed) {
            Some((key, id)) => markers = (Some(key), Some(id).filter(|id| !id.is_empty())),
            None => break,
        }
    }
    match seen.is_empty() {
        false => Ok(()),
        true => Err(Failure::Local(format!("{object} has no version and no delete marker"))),
    }
}

async fn page(
    session: &Session,
    object: &ObjectRef,
    (key_marker, version_id_marker): (Option<String>, Option<String>),
) -> Result<VersionPage, Failure> {
    let operation = Operation::ListObjectVersions(ListObjectVersions {
        bucket: object.bucket.clone(),
        prefix: object.key.clone(),
        key_marker,
        version_id_marker,
        max_keys: Some(PAGE),
    });
    match session.call(&operation).await {
        Outcome::Answered(Output::Versions(page)) => Ok(page),
        other => {
            let failure = Failure::reading(format_args!("ListObjectVersions {object}"), &other);
            Err(match &other {
                Outcome::Refused(e) if e.status == 403 => {
                    failure.and("listing versions needs the action s3:ListBucketVersions")
                }
                _ => failure,
            })
        }
    }
}

/// `current  2026-11-22 14:02:07 UTC  20 447 232 bytes  "…-3"  ID`
fn line(version: &ListedVersion) -> String {
    let state = match (&version.content, version.is_latest) {
        (VersionContent::Object { .. }, true) => "current",
        (VersionContent::Object { .. }, false) => "older",
        (VersionContent::DeleteMarker, true) => "deleted",
        (VersionContent::DeleteMarker, false) => "marker",
    };
    let (size, etag) = match &version.content {
        VersionContent::Object { size, etag, .. } => (format!("{} bytes", grouped(*size)), etag.quoted()),
        VersionContent::DeleteMarker => ("delete marker".into(), "-".into()),
    };
    let (etag, id) = (visible(&etag), visible(&version.version_id));
    format!("{state:<8} {} UTC  {size:>20}  {etag:<41}  {id}", utc(version.last_modified))
}
