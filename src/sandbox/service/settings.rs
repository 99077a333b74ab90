//! What can be configured of a bucket: default encryption, ownership, public access, tags.

use super::document::Element;
use super::{State, document, integrity};
use crate::domain::names::Tag;
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::content::Content;
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::bucket::{DefaultEncryption, Ownership, PublicAccess, Settings};
use crate::sandbox::store::tags;

/// Reads the document of a request to an existing bucket.
fn read(state: &State, request: &Request, root: &str) -> Result<Element, S3Error> {
    state.store().bucket(&request.bucket)?;
    integrity::check(request, &Content::of_bytes(request.body.clone()))?;
    document::read(&request.body, root)
}

fn settings(state: &State, request: &Request) -> Result<Settings, S3Error> {
    Ok(state.store().bucket(&request.bucket)?.settings.clone())
}

fn missing(request: &Request, code: &'static str, message: &'static str) -> S3Error {
    S3Error::new(404, code, message).with("BucketName", &request.bucket)
}

fn configure(
    state: &State,
    request: &Request,
    status: u16,
    edit: impl FnOnce(&mut Settings),
) -> Result<Response, S3Error> {
    state.store().configure(&request.bucket, edit)?;
    Ok(Response::empty(status))
}

/// GetBucketEncryption: SSE-S3 where nothing was configured.
pub(super) fn encryption(state: &State, request: &Request) -> Result<Response, S3Error> {
    let default = settings(state, request)?.encryption.unwrap_or_default();
    let mut xml = Xml::result("ServerSideEncryptionConfiguration");
    xml.open("Rule").open("ApplyServerSideEncryptionByDefault").text("SSEAlgorithm", &default.algorithm);
    xml.text_if("KMSMasterKeyID", default.key.as_deref()).close("ApplyServerSideEncryptionByDefault");
    xml.text("BucketKeyEnabled", if default.bucket_key { "true" } else { "false" }).close("Rule");
    Ok(Response::xml(xml))
}

/// PutBucketEncryption: one rule.
pub(super) fn put_encryption(state: &State, request: &Request) -> Result<Response, S3Error> {
    let root = read(state, request, "ServerSideEncryptionConfiguration")?;
    let mut rules = root.all("Rule");
    let (Some(rule), None) = (rules.next(), rules.next()) else { return Err(S3Error::malformed_xml()) };
    let by_default = rule.all("ApplyServerSideEncryptionByDefault").next();
    let algorithm = by_default.and_then(|d| d.child("SSEAlgorithm"));
    let key = by_default.and_then(|d| d.child("KMSMasterKeyID")).filter(|k| !k.is_empty());
    let bucket_key = rule.child("BucketKeyEnabled") == Some("true");
    let algorithm = match (algorithm, key) {
        (Some("AES256"), Some(_)) => {
            return Err(S3Error::new(
                400,
                "InvalidArgument",
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            )
            .with("ArgumentName", "ApplyServerSideEncryptionByDefault"));
        }
        (Some(name @ ("AES256" | "aws:kms" | "aws:kms:dsse")), _) => name.to_owned(),
        _ => return Err(S3Error::malformed_xml()),
    };
    let new = DefaultEncryption { algorithm, key: key.map(str::to_owned), bucket_key };
    configure(state, request, 200, |s| s.encryption = Some(new))
}

/// DeleteBucketEncryption: back to SSE-S3.
pub(super) fn delete_encryption(state: &State, request: &Request) -> Result<Response, S3Error> {
    configure(state, request, 204, |s| s.encryption = None)
}

/// GetBucketOwnershipControls.
pub(super) fn ownership(state: &State, request: &Request) -> Result<Response, S3Error> {
    let none =
        || missing(request, "OwnershipControlsNotFoundError", "The bucket ownership controls were not found");
    let ownership = settings(state, request)?.ownership.ok_or_else(none)?;
    let mut xml = Xml::result("OwnershipControls");
    xml.open("Rule").text("ObjectOwnership", ownership.name()).close("Rule");
    Ok(Response::xml(xml))
}

/// PutBucketOwnershipControls.
pub(super) fn put_ownership(state: &State, request: &Request) -> Result<Response, S3Error> {
    let root = read(state, request, "OwnershipControls")?;
    let mut rules = root.all("Rule");
    let (Some(rule), None) = (rules.next(), rules.next()) else { return Err(S3Error::malformed_xml()) };
    let ownership = rule.child("ObjectOwnership").and_then(Ownership::parse);
    let ownership = ownership.ok_or_else(S3Error::malformed_xml)?;
    configure(state, request, 200, |s| s.ownership = Some(ownership))
}

/// DeleteBucketOwnershipControls.
pub(super) fn delete_ownership(state: &State, request: &Request) -> Result<Response, S3Error> {
    configure(state, request, 204, |s| s.ownership = None)
}

/// GetPublicAccessBlock: everything is blocked in a new bucket.
pub(super) fn public_access(state: &State, request: &Request) -> Result<Response, S3Error> {
    let none = || {
        missing(
            request,
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
        )
    };
    let block = settings(state, request)?.public_access.ok_or_else(none)?;
    let mut xml = Xml::result("PublicAccessBlockConfiguration");
    for (name, on) in block.named() {
        xml.text(name, if on { "true" } else { "false" });
    }
    Ok(Response::xml(xml))
}

/// PutPublicAccessBlock: what is not named is off.
pub(super) fn put_public_access(state: &State, request: &Request) -> Result<Response, S3Error> {
    let root = read(state, request, "PublicAccessBlockConfiguration")?;
    let on = |name: &str| root.child(name).is_some_and(|v| v.trim().eq_ignore_ascii_case("true"));
    let block = PublicAccess {
        block_acls: on("BlockPublicAcls"),
        ignore_acls: on("IgnorePublicAcls"),
        block_policy: on("BlockPublicPolicy"),
        restrict_buckets: on("RestrictPublicBuckets"),
    };
    configure(state, request, 200, |s| s.public_access = Some(block))
}

/// DeletePublicAccessBlock.
pub(super) fn delete_public_access(state: &State, request: &Request) -> Result<Response, S3Error> {
    configure(state, request, 204, |s| s.public_access = None)
}

/// GetBucketTagging.
pub(super) fn tagging(state: &State, request: &Request) -> Result<Response, S3Error> {
    let tags = settings(state, request)?.tags;
    if tags.is_empty() {
        return Err(missing(request, "NoSuchTagSet", "The TagSet does not exist"));
    }
    let mut xml = Xml::result("Tagging");
    super::tagging::write(&mut xml, &tags);
    Ok(Response::xml(xml))
}

/// PutBucketTagging: answered with 204, unlike the tags of an object.
pub(super) fn put_tagging(state: &State, request: &Request) -> Result<Response, S3Error> {
    let list = tag_set(&read(state, request, "Tagging")?)?;
    tags::check_document(&list).map_err(|error| match error.code {
        "InvalidTag" if list.iter().any(|t| t.key.starts_with("aws:")) => {
            let system = S3Error::new(400, "InvalidTag", "System tags cannot be added/updated by requester");
            error.extra.iter().fold(system, |system, (name, value)| system.with(name, value))
        }
        _ => error,
    })?;
    configure(state, request, 204, |s| s.tags = list)
}

/// DeleteBucketTagging.
pub(super) fn delete_tagging(state: &State, request: &Request) -> Result<Response, S3Error> {
    configure(state, request, 204, |s| s.tags = Vec::new())
}

/// Reads `<TagSet>`; without one there are no tags.
pub(super) fn tag_set(root: &Element) -> Result<Vec<Tag>, S3Error> {
    root.all("TagSet").next().map_or_else(|| Ok(Vec::new()), tags_in)
}

/// Reads the `<Tag>`s of an element.
pub(super) fn tags_in(set: &Element) -> Result<Vec<Tag>, S3Error> {
    let tag = |tag: &Element| match (tag.child("Key"), tag.child("Value")) {
        (Some(key), Some(value)) => Ok(Tag { key: key.to_owned(), value: value.to_owned() }),
        _ => Err(S3Error::malformed_xml()),
    };
    set.all("Tag").map(tag).collect()
}

/// GetBucketRequestPayment: always the owner.
pub(super) fn request_payment(state: &State, request: &Request) -> Result<Response, S3Error> {
    settings(state, request)?;
    let mut xml = Xml::result("RequestPaymentConfiguration");
    xml.text("Payer", "BucketOwner");
    Ok(Response::xml(xml))
}
