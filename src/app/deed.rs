//! What a deed is called: in words, from the first call it made.

use super::panes::compare::{Compare, Looked};
use super::panes::step::Step;
use super::purpose::Purpose;
use crate::domain::operation::Operation;
use crate::domain::upload::Move;

/// What somebody does who makes this call for this purpose.
pub(super) fn label(step: &Step, compared: &Compare, purpose: &Purpose, operation: &Operation) -> String {
    match purpose {
        Purpose::Bench(bench, wanted) => return of_upload(step, *bench, *wanted, operation),
        Purpose::Compare(..) => return comparison(compared),
        Purpose::Loose(_) => return format!("{}, written by hand", operation.kind()),
        _ => {}
    }
    match (purpose, operation.plain()) {
        (_, Operation::ListBuckets(_)) => "list buckets".into(),
        (_, Operation::ListObjectsV2(o)) => {
            let more = if o.continuation_token.is_some() { ", further pages" } else { "" };
            format!("list s3://{}/{}{more}", o.bucket, o.prefix)
        }
        (_, Operation::ListMultipartUploads(o)) => format!("list uploads in progress in s3://{}", o.bucket),
        (_, Operation::ListObjectVersions(o)) => format!("list versions of s3://{}/{}", o.bucket, o.prefix),
        (Purpose::Rescue(..), plain) => format!("compare an open upload with {}", object(plain)),
        (Purpose::SourceAcl(_), plain) => format!("read the ACL of the source {}", object(plain)),
        (Purpose::Acl(_), plain) => format!("read the ACL of {}", object(plain)),
        (Purpose::HeadPart(..), plain) => format!("probe the parts of {}", object(plain)),
        (Purpose::Head(_) | Purpose::Tags(_) | Purpose::Attributes(_), plain) => {
            format!("inspect {}", object(plain))
        }
        (_, Operation::CopyObject(o)) => format!("copy {} to {} in one call", o.source, o.destination),
        (_, plain) => format!("{} of {}", plain.kind(), object(plain)),
    }
}

fn comparison(compared: &Compare) -> String {
    let named = |looked: &Option<Looked>| {
        looked.as_ref().map_or_else(|| "an object".to_owned(), |l| l.object.to_string())
    };
    format!("compare {} with {}", named(&compared.left), named(&compared.right))
}

fn of_upload(step: &Step, bench: u64, wanted: Move, operation: &Operation) -> String {
    let Some(bench) = step.benches.iter().find(|b| b.id == bench) else {
        return format!("{wanted} of an upload");
    };
    let to = &bench.machine.plan().destination;
    let copies = matches!(operation.plain(), Operation::UploadPartCopy(_));
    let sends = if copies { "copy" } else { "send" };
    match wanted {
        Move::Create => format!("begin the upload of {to}"),
        Move::Part(number) => format!("{sends} part {number} of {to}"),
        Move::ListParts => format!("list the parts of {to}"),
        Move::Complete => format!("complete the upload of {to}"),
        Move::Abort => format!("abort the upload of {to}"),
        Move::Head => format!("ask whether {to} is there"),
        Move::ListUploads => format!("ask for uploads in progress of {to}"),
        Move::Tag => format!("tag {to}"),
    }
}

/// The object a call is about, or its bucket.
fn object(operation: &Operation) -> String {
    let of = |bucket: &str, key: &str| format!("s3://{bucket}/{key}");
    match operation {
        Operation::ListBuckets(_) => "the account".into(),
        Operation::ListObjectsV2(o) => of(&o.bucket, &o.prefix),
        Operation::ListObjectVersions(o) => of(&o.bucket, &o.prefix),
        Operation::ListMultipartUploads(o) => of(&o.bucket, ""),
        Operation::ListParts(o) => of(&o.upload.bucket, &o.upload.key),
        Operation::HeadObject(o) => o.object.to_string(),
        Operation::GetObject(o) => o.object.to_string(),
        Operation::GetObjectAttributes(o) => o.object.to_string(),
        Operation::GetObjectTagging(o) | Operation::GetObjectAcl(o) | Operation::DeleteObjectTagging(o) => {
            o.to_string()
        }
        Operation::PutObjectTagging(o) => o.object.to_string(),
        Operation::CopyObject(o) => o.destination.to_string(),
        Operation::CreateMultipartUpload(o) => of(&o.bucket, &o.key),
        Operation::UploadPart(o) => of(&o.upload.bucket, &o.upload.key),
        Operation::UploadPartCopy(o) => of(&o.upload.bucket, &o.upload.key),
        Operation::CompleteMultipartUpload(o) => of(&o.upload.bucket, &o.upload.key),
        Operation::AbortMultipartUpload(upload) => of(&upload.bucket, &upload.key),
        Operation::Amended(operation, _) => object(operation),
    }
}
