//! Object Lock, tags and access: what is asked for beside HEAD, or needs permissions of its own.

use super::list::{List, compared, counted};
use super::{Told, Verdict};
use crate::domain::acl::grants_of;
use crate::domain::limits::AWS;
use crate::domain::names::{Tag, tagging_header};
use crate::domain::output::HeadObjectOutput;
use crate::domain::units::grouped;

/// Whether the source's retention ended before the answer that told it: such a date cannot be set again.
pub(super) fn has_ended(head: &HeadObjectOutput) -> bool {
    let until = head.state().retain_until.and_then(|text| text.trim().parse::<jiff::Timestamp>().ok());
    let now = head.header("date").and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
    matches!((until, now), (Some(until), Some(now)) if until <= now.timestamp())
}

pub(super) fn lock(list: &mut List<'_>) {
    const LEFT_OUT: &str =
        "no copy takes a lock from the source; the destination bucket must have Object Lock";
    let state = list.source.head.state();
    let ended = has_ended(list.source.head);
    for (property, header, source) in [
        ("Object Lock mode", "x-amz-object-lock-mode", state.lock_mode),
        ("Retain until", "x-amz-object-lock-retain-until-date", state.retain_until),
    ] {
        let planned = list.header(header);
        if ended && planned.is_none() && source.is_some() {
            let why = Verdict::Changes("the retention has ended, and S3 takes only dates to come".into());
            list.row(property, source, planned, why, header);
        } else {
            list.carried(property, header, source, planned, LEFT_OUT);
        }
    }
    let header = "x-amz-object-lock-legal-hold";
    // A hold that is off holds as much as none.
    let on = |hold: Option<String>| hold.filter(|hold| hold != "OFF");
    list.carried("Legal hold", header, on(state.legal_hold), on(list.header(header)), LEFT_OUT);
}

pub(super) fn tags(list: &mut List<'_>) {
    const HEADER: &str = "x-amz-tagging";
    const LEFT_OUT: &str =
        "a multipart copy takes no tags from the source: Create or PutObjectTagging names them";
    let by_itself =
        list.is_copy_object() && list.header("x-amz-tagging-directive").as_deref() != Some("REPLACE");
    let after = (!list.planned.tags_after.is_empty()).then(|| list.planned.tags_after.clone());
    let place = if after.is_some() { "PutObjectTagging after Complete" } else { HEADER };
    let known = match list.source.tags {
        Told::Known(tags) => tags,
        Told::Refused(why) => {
            let told = list
                .source
                .head
                .tag_count
                .map_or("not known".to_owned(), |n| format!("{n}, by HEAD's count"));
            return list.row("Tags", Some(told), None, Verdict::CannotBeRead(why.to_owned()), place);
        }
        Told::NotAsked => {
            let why = "not asked for; GetObjectTagging tells them".to_owned();
            let told = list.source.head.tag_count.map(|n| format!("{n}, by HEAD's count"));
            return list.row("Tags", told, None, Verdict::CannotBeRead(why), place);
        }
    };
    let planned = match after {
        Some(tags) => Some(sorted(&tags)),
        None if by_itself => Some(sorted(known)),
        None => list.header(HEADER).map(|text| pieces(&text)),
    }
    .filter(|text| !text.is_empty());
    let source = Some(sorted(known)).filter(|text| !text.is_empty());
    if source.is_none() && planned.is_none() {
        return;
    }
    let left_out = if list.is_copy_object() { "the request drops them (REPLACE)" } else { LEFT_OUT };
    let verdict = compared(source.as_deref(), planned.as_deref(), left_out);
    let shown = |text: Option<String>| text.map(|text| weighed(&text));
    list.row("Tags", shown(source), shown(planned), verdict, place);
}

/// Tags as the header has them, in one order for comparison.
fn sorted(tags: &[Tag]) -> String {
    pieces(&tagging_header(tags))
}

fn pieces(header: &str) -> String {
    let mut all: Vec<&str> = header.split('&').filter(|piece| !piece.is_empty()).collect();
    all.sort_unstable();
    all.join("&")
}

fn weighed(header: &str) -> String {
    let wide = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let count = header.split('&').count();
    let limit = grouped(wide(AWS.max_tagging_header));
    format!("{}, {} of {limit} bytes", counted(count, "tag", "tags"), grouped(wide(header.len())))
}

pub(super) fn acl(list: &mut List<'_>) {
    const PLACE: &str = "x-amz-grant-*, x-amz-acl";
    let canned = list.header("x-amz-acl");
    let granted = grants_of(|name| list.header(name));
    let planned = match (&canned, granted.is_empty()) {
        (Some(name), _) => Some(name.clone()),
        (None, false) => Some(granted.join("; ")),
        (None, true) => None,
    };
    let (source, verdict, owner) = match list.source.acl {
        Told::Known(acl) => {
            let verdict = match (acl.is_private(), canned.as_deref()) {
                (true, None | Some("private")) if granted.is_empty() => Verdict::Kept,
                (false, None) if granted.is_empty() => Verdict::Needs(
                    "no copy takes grants from the source; a bucket with ACLs switched off refuses them"
                        .into(),
                ),
                (false, None) if granted == acl.headers() && acl.lost() == 0 => Verdict::Kept,
                (false, None) if granted == acl.headers() => Verdict::CannotBeRead(format!(
                    "{} cannot be given by a header",
                    counted(acl.lost(), "grant", "grants")
                )),
                _ => Verdict::Changes("the request names another list".into()),
            };
            (Some(acl.sentence()), verdict, acl.owner.clone())
        }
        Told::Refused(why) => (Some("not known".to_owned()), Verdict::CannotBeRead(why.to_owned()), None),
        Told::NotAsked => {
            (None, Verdict::CannotBeRead("not asked for; GetObjectAcl tells it".to_owned()), None)
        }
    };
    // A private list comes without being named.
    let place = if verdict == Verdict::Kept && canned.is_none() && granted.is_empty() { "" } else { PLACE };
    list.row("ACL", source, planned, verdict, place);
    let why = "the copy belongs to the account that writes it, or to the bucket's owner where ACLs are off";
    list.row("Owner", owner, None, Verdict::Changes(why.to_owned()), "");
}
