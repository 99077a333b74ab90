//! Buckets: list, make, delete, look.

use super::{State, owner};
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::clock::xml_date;
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;

/// ListBuckets, with `prefix`, `max-buckets` and `continuation-token`.
pub(super) fn list(state: &State, request: &Request) -> Result<Response, S3Error> {
    let max = request.count("max-buckets", 10_000)?;
    let prefix = request.param("prefix").unwrap_or("");
    let after = request.param("continuation-token").unwrap_or("");
    let store = state.store();
    let mut matching = store.buckets().filter(|(name, _)| name.starts_with(prefix) && *name > after);
    let mut xml = Xml::result("ListAllMyBucketsResult");
    owner(&mut xml);
    xml.open("Buckets");
    let mut last = None;
    for (name, bucket) in matching.by_ref().take(max) {
        xml.open("Bucket")
            .text("Name", name)
            .text("CreationDate", &xml_date(bucket.created))
            .text("BucketRegion", &state.keys.region)
            .text("BucketArn", &format!("arn:aws:s3:::{name}"))
            .close("Bucket");
        last = Some(name.to_owned());
    }
    xml.close("Buckets");
    let more = matching.next().is_some();
    xml.text_if("Prefix", request.param("prefix"))
        .text_if("ContinuationToken", last.filter(|_| more).as_deref());
    Ok(Response::xml(xml))
}

/// CreateBucket; the body's location is of no consequence here.
pub(super) fn create(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().create_bucket(&request.bucket, state.clock.now())?;
    Ok(Response::empty(200).header("Location", format!("/{}", request.bucket)))
}

/// DeleteBucket.
pub(super) fn delete(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().delete_bucket(&request.bucket)?;
    Ok(Response::empty(204))
}

/// HeadBucket.
pub(super) fn head(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().bucket(&request.bucket)?;
    Ok(Response::empty(200)
        .header("x-amz-bucket-arn", format!("arn:aws:s3:::{}", request.bucket))
        .header("x-amz-bucket-region", &state.keys.region)
        .header("x-amz-access-point-alias", "false")
        .header("Content-Type", "application/xml"))
}

/// GetBucketLocation: us-east-1 is written as nothing.
pub(super) fn location(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().bucket(&request.bucket)?;
    let mut xml = Xml::result("LocationConstraint");
    if state.keys.region != "us-east-1" {
        xml.raw_text(&state.keys.region);
    }
    Ok(Response::xml(xml))
}
