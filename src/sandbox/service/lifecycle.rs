//! Lifecycle configuration: rules that abort uploads; every other action is refused by name.

use super::document::{self, Element};
use super::{State, integrity};
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::clock::http_date;
use crate::sandbox::content::Content;
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::Upload;
use crate::sandbox::store::bucket::Settings;
use crate::sandbox::store::lifecycle::AbortRule;

/// What a rule may hold here.
const KNOWN: [&str; 5] = ["ID", "Status", "Filter", "Prefix", "AbortIncompleteMultipartUpload"];
const DEFAULT_SIZE: (&str, &str) =
    ("x-amz-transition-default-minimum-object-size", "all_storage_classes_128K");

/// GetBucketLifecycleConfiguration.
pub(super) fn get(state: &State, request: &Request) -> Result<Response, S3Error> {
    let rules = state.store().bucket(&request.bucket)?.settings.lifecycle.clone();
    if rules.is_empty() {
        return Err(S3Error::new(
            404,
            "NoSuchLifecycleConfiguration",
            "The lifecycle configuration does not exist",
        )
        .with("BucketName", &request.bucket));
    }
    let mut xml = Xml::result("LifecycleConfiguration");
    for rule in &rules {
        xml.open("Rule")
            .text("ID", &rule.id)
            .open("Filter")
            .text("Prefix", &rule.prefix)
            .close("Filter")
            .text("Status", if rule.enabled { "Enabled" } else { "Disabled" })
            .open("AbortIncompleteMultipartUpload")
            .number("DaysAfterInitiation", rule.days)
            .close("AbortIncompleteMultipartUpload")
            .close("Rule");
    }
    Ok(Response::xml(xml).header(DEFAULT_SIZE.0, DEFAULT_SIZE.1))
}

/// PutBucketLifecycleConfiguration.
pub(super) fn put(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().bucket(&request.bucket)?;
    integrity::check(request, &Content::of_bytes(request.body.clone()))?;
    let root = document::read(&request.body, "LifecycleConfiguration")?;
    let mut rules = Vec::new();
    for (number, element) in (1..).zip(root.all("Rule")) {
        rules.push(rule(element, number)?);
    }
    if rules.is_empty() || rules.len() > 1000 {
        return Err(S3Error::malformed_xml());
    }
    state.store().configure(&request.bucket, |s| s.lifecycle = rules)?;
    Ok(Response::empty(200).header(DEFAULT_SIZE.0, DEFAULT_SIZE.1))
}

fn rule(element: &Element, number: usize) -> Result<AbortRule, S3Error> {
    if let Some(other) = element.children.iter().find(|c| !KNOWN.contains(&c.name.as_str())) {
        return Err(S3Error::not_in_sandbox(&format!("the lifecycle action {}", other.name))
            .with("Resource", &other.name));
    }
    let filter = element.all("Filter").next();
    if let Some(other) = filter.and_then(|f| f.children.iter().find(|c| c.name != "Prefix")) {
        return Err(S3Error::not_in_sandbox(&format!("lifecycle filters by {}", other.name))
            .with("Resource", &other.name));
    }
    let prefix = match (filter, element.child("Prefix")) {
        (Some(filter), None) => filter.child("Prefix").unwrap_or(""),
        (None, Some(prefix)) => prefix,
        _ => return Err(S3Error::malformed_xml()),
    };
    let days = element
        .all("AbortIncompleteMultipartUpload")
        .next()
        .and_then(|a| a.child("DaysAfterInitiation"))
        .and_then(|d| d.trim().parse::<u32>().ok())
        .filter(|d| (1..=36_500).contains(d))
        .ok_or_else(S3Error::malformed_xml)?;
    let enabled = match element.child("Status") {
        Some("Enabled") => true,
        Some("Disabled") => false,
        _ => return Err(S3Error::malformed_xml()),
    };
    let id = element.child("ID").map_or_else(|| format!("rule-{number}"), str::to_owned);
    Ok(AbortRule { id, prefix: prefix.to_owned(), days, enabled })
}

/// DeleteBucketLifecycle.
pub(super) fn delete(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().configure(&request.bucket, |s| s.lifecycle = Vec::new())?;
    Ok(Response::empty(204))
}

/// Adds when an upload will be aborted, and by which rule.
pub(super) fn told(response: Response, settings: &Settings, upload: &Upload) -> Response {
    match settings.abort_of(upload) {
        Some((time, rule)) => {
            response.header("x-amz-abort-date", http_date(time)).header("x-amz-abort-rule-id", &rule.id)
        }
        None => response,
    }
}
