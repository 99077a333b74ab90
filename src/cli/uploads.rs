//! `partscope uploads`: the uploads in progress of a bucket, what they hold and cost, and how to be rid of old ones.
//!
//! Ages are by this machine's clock. S3 refuses signed requests when that is more than 15 minutes off, so an age is
//! wrong by no more than that.

mod abort;

use super::Failure;
use super::args::{TargetArgs, UploadsArgs};
use super::out::{Out, note};
use super::session::{Pace, Session};
use crate::domain::open_uploads::{Filter, Held, OpenUpload, age_words};
use crate::domain::operation::{ListMultipartUploads, ListParts, Operation, UploadRef};
use crate::domain::outcome::Outcome;
use crate::domain::output::{ListedUpload, Output, UploadPage};
use crate::domain::price::{dollars, prices};
use crate::domain::text::visible;
use crate::domain::units::{grouped, utc};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::task::JoinSet;

/// Uploads whose parts are asked for at once.
const CONCURRENCY: usize = 8;

/// Runs the command.
pub async fn run(target: &TargetArgs, args: &UploadsArgs) -> Result<(), Failure> {
    let filter = Filter { older_than: args.older_than, upload_id: args.upload_id.clone() };
    allowed(target, args, &filter)?;
    let session = Session::open(target, Pace::Run).await?;
    let now = seconds_now();
    let listed = list(&session, &args.address.bucket, &args.address.key).await?;
    let (meant, others): (Vec<_>, Vec<_>) = listed.into_iter().partition(|u| filter.takes(u, now));
    if meant.is_empty() {
        return none(args, &filter, &others);
    }
    let open = look(&session, meant).await?;
    if args.abort {
        return abort::all(&session, args, &open, now).await;
    }
    if args.json {
        return open.iter().try_for_each(|upload| Out.json(&upload.json(now)));
    }
    table(&open, now).iter().try_for_each(|line| Out.line(&visible(line)))
}

/// None of the uploads is meant. An id that no upload has is S3's answer to what was asked for: it is not there.
fn none(args: &UploadsArgs, filter: &Filter, listed: &[ListedUpload]) -> Result<(), Failure> {
    let mut said = filter.none_words(listed, &args.address.key);
    let known = |id: &String| listed.iter().any(|l| l.upload.upload_id == *id);
    if filter.upload_id.as_ref().is_some_and(|id| !known(id)) {
        return Err(Failure::Refused(said));
    }
    if args.abort {
        said.push_str("; nothing to abort");
    }
    // Lines of JSON are uploads: none of them is no line.
    if args.json {
        note(&said);
        return Ok(());
    }
    Out.line(&visible(&said))
}

/// What must be said before anything is aborted.
fn allowed(target: &TargetArgs, args: &UploadsArgs, filter: &Filter) -> Result<(), Failure> {
    if args.abort && filter.is_empty() {
        return Err(Failure::Local(
            "--abort needs --older-than AGE or --upload-id ID, so that it is said which uploads are meant"
                .into(),
        ));
    }
    if args.abort && !target.sandbox && !args.yes && !args.dry_run {
        return Err(Failure::Local(
            "aborting deletes the parts for good, and a client may still be sending them: \
             look with --dry-run first, then add --yes"
                .into(),
        ));
    }
    Ok(())
}

fn seconds_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Every page of uploads in progress whose keys begin with `prefix`.
async fn list(session: &Session, bucket: &str, prefix: &str) -> Result<Vec<ListedUpload>, Failure> {
    let (mut out, mut markers) = (Vec::new(), (None, None));
    loop {
        let operation = Operation::ListMultipartUploads(ListMultipartUploads {
            bucket: bucket.to_owned(),
            prefix: Some(prefix.to_owned()).filter(|p| !p.is_empty()),
            key_marker: markers.0,
            upload_id_marker: markers.1,
            ..ListMultipartUploads::default()
        });
        let UploadPage { uploads, next } = match session.call(&operation).await {
            Outcome::Answered(Output::Uploads(page)) => page,
            other => return Err(refused_list(bucket, &other)),
        };
        out.extend(uploads.into_iter().filter(|u| u.upload.key.starts_with(prefix)));
        match next {
            Some((key, id)) => markers = (Some(key), Some(id).filter(|id| !id.is_empty())),
            None => return Ok(out),
        }
    }
}

fn refused_list(bucket: &str, outcome: &Outcome) -> Failure {
    let failure = Failure::reading(format_args!("ListMultipartUploads s3://{bucket}"), outcome);
    match outcome {
        Outcome::Refused(e) if e.status == 403 => {
            failure.and("listing uploads in progress needs the action s3:ListBucketMultipartUploads")
        }
        _ => failure,
    }
}

/// Asks for the parts of each upload, several at a time. One that ended meanwhile is left out.
async fn look(session: &Session, listed: Vec<ListedUpload>) -> Result<Vec<OpenUpload>, Failure> {
    let (mut waiting, mut found) = (listed.into_iter().enumerate(), BTreeMap::new());
    let mut asked: JoinSet<(usize, ListedUpload, Result<Option<Held>, Failure>)> = JoinSet::new();
    loop {
        while asked.len() < CONCURRENCY {
            let Some((i, listed)) = waiting.next() else { break };
            let session = session.clone();
            asked.spawn(async move {
                let held = held(&session, &listed.upload).await;
                (i, listed, held)
            });
        }
        let Some(done) = asked.join_next().await else { return Ok(found.into_values().collect()) };
        let (i, listed, held) = done.map_err(|e| Failure::Local(e.to_string()))?;
        let held = match held {
            Ok(Some(held)) => Ok(held),
            Ok(None) => {
                note(&format!(
                    "note: upload {} of {} has ended meanwhile",
                    listed.upload.upload_id, listed.upload.key
                ));
                continue;
            }
            Err(Failure::Refused(why)) => Err(why),
            Err(other) => return Err(other),
        };
        found.insert(i, OpenUpload { listed, held });
    }
}

/// All pages of ListParts; `None` when S3 does not know the upload.
async fn held(session: &Session, upload: &UploadRef) -> Result<Option<Held>, Failure> {
    let (mut held, mut marker) = (Held::default(), None);
    loop {
        let list = ListParts { upload: upload.clone(), part_number_marker: marker, max_parts: None };
        match session.call(&Operation::ListParts(list)).await {
            Outcome::Answered(Output::Parts(page)) => {
                held.parts += u64::try_from(page.parts.len()).unwrap_or(0);
                held.bytes = page.parts.iter().fold(held.bytes, |sum, p| sum.saturating_add(p.size));
                marker = page.next;
            }
            Outcome::Refused(error) if error.code == "NoSuchUpload" => return Ok(None),
            other => return Err(Failure::reading(format_args!("ListParts of {}", upload.key), &other)),
        }
        if marker.is_none() {
            return Ok(Some(held));
        }
    }
}

/// Lines for people: one an upload, then the sum.
fn table(open: &[OpenUpload], now: i64) -> Vec<String> {
    let mut out: Vec<String> = open.iter().map(|upload| row(upload, now)).collect();
    let known = || open.iter().filter_map(|u| u.held.as_ref().ok());
    let bytes = known().fold(0_u64, |sum, held| sum.saturating_add(held.bytes));
    let usd: f64 = open.iter().filter_map(|u| u.estimate()).map(|e| e.usd_per_month).sum();
    let count = match open.len() {
        0 => return vec!["no upload is in progress any more".into()],
        1 => "1 upload".to_owned(),
        n => format!("{} uploads", grouped(u64::try_from(n).unwrap_or(u64::MAX))),
    };
    out.push(format!("{count} in progress, {} bytes, {} a month by estimate", grouped(bytes), dollars(usd)));
    let priced = open.iter().filter(|u| u.estimate().is_some()).count();
    if let Some(missing) = open.len().checked_sub(priced).filter(|n| *n > 0) {
        out.push(format!("no figure for {missing} of them: the storage class has no known price, or the bytes were not told"));
    }
    if let Some(price) = prices().first() {
        out.push(format!(
            "the estimate is at list price in {} as of {}, whatever the bucket's region; it is no bill",
            price.region, price.read
        ));
    }
    out
}

fn row(upload: &OpenUpload, now: i64) -> String {
    let listed = &upload.listed;
    let held = match &upload.held {
        Ok(Held { parts: 1, bytes }) => format!("1 part, {} bytes", grouped(*bytes)),
        Ok(held) => format!("{} parts, {} bytes", grouped(held.parts), grouped(held.bytes)),
        Err(why) => format!("parts not told: {why}"),
    };
    let usd = upload.estimate().map_or_else(|| "-".into(), |e| dollars(e.usd_per_month));
    let class = listed.storage_class.as_deref().unwrap_or("-");
    format!(
        "{} UTC  {:>6}  {class:<12}  {held:<32}  {usd:>11}  {}  {}",
        utc(listed.initiated),
        age_words(upload.age(now)),
        listed.upload.key,
        listed.upload.upload_id
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::ServiceError;

    #[test]
    fn s3_183_uploads_that_may_not_be_listed_name_the_action() {
        let error = |status| {
            let (code, message) = ("AccessDenied".into(), String::new());
            Outcome::Refused(ServiceError { status, code, message, request_id: None, detail: Vec::new() })
        };
        let Failure::Refused(text) = refused_list("b", &error(403)) else { panic!("not refused") };
        assert!(text.contains("s3:ListBucketMultipartUploads") && text.contains("AccessDenied"), "{text}");
        let Failure::Refused(text) = refused_list("b", &error(404)) else { panic!("not refused") };
        assert!(!text.contains("s3:List"), "{text}");
    }

    #[test]
    fn the_table_has_a_line_an_upload_and_the_sum() {
        let open = |class: Option<&str>, held| {
            let upload = UploadRef { bucket: "b".into(), key: "k".into(), upload_id: "ID".into() };
            let (storage_class, checksum_algorithm) = (class.map(str::to_owned), None);
            OpenUpload {
                listed: ListedUpload { upload, initiated: 0, storage_class, checksum_algorithm },
                held,
            }
        };
        let all = [
            open(Some("STANDARD"), Ok(Held { parts: 1, bytes: 100 << 30 })),
            open(None, Err("AccessDenied (403)".into())),
        ];
        assert_eq!(
            table(&all, 3 * 86_400),
            [
                "1970-01-01 00:00:00 UTC     3 d  STANDARD      1 part, 107 374 182 400 bytes           $2.30  k  ID",
                "1970-01-01 00:00:00 UTC     3 d  -             parts not told: AccessDenied (403)            -  k  ID",
                "2 uploads in progress, 107 374 182 400 bytes, $2.30 a month by estimate",
                "no figure for 1 of them: the storage class has no known price, or the bytes were not told",
                "the estimate is at list price in us-east-1 as of 2026-11, whatever the bucket's region; it is no bill",
            ]
        );
    }
}
