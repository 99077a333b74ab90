//! From the domain's operations to the SDK's calls, one function per operation.
//!
//! Every call carries the stamp interceptor. Headers the SDK would reorder or reformat (user metadata, dates) are put on the request itself before it is signed, so a copy says what the source said.

use super::convert;
use super::error::chain;
use super::foreign::root_name;
use super::part;
use super::stamp::{Stamp, Stamper};
use super::versions;
use crate::domain::etag::ETag;
use crate::domain::names::{ObjectRef, tagging_header};
use crate::domain::operation::{
    CompleteMultipartUpload, CompletedPart, CopyObject, CreateMultipartUpload, GetObject,
    GetObjectAttributes, HeadObject, ListMultipartUploads, ListObjectVersions, ListObjectsV2, ListParts,
    ObjectProperties, Operation, PutObjectTagging, UploadPart, UploadPartCopy, UploadRef,
};
use crate::domain::output::{CopiedObject, GotObject, Output};
use crate::domain::units::ByteRange;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{Builder, Config, SharedInterceptor};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::upload_part::builders::UploadPartFluentBuilder;
use aws_sdk_s3::types;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use bytes::Bytes;
use std::error::Error as StdError;
use tokio::sync::mpsc;

/// Why there is no output.
#[derive(Debug)]
pub(super) enum Failure {
    /// The SDK said so; the record of the call decides what it means.
    Sdk(String),
    /// S3 said 200 without the result that would make it a success; `true` when it may have acted.
    NoResult(&'static str, bool),
    /// The answer is not what was asked for, and nothing of it may be used: a name for that, and why.
    Unusable(&'static str, String),
    /// The body of an object did not come whole. What came may look like anything, so it is not read as an answer.
    Broken(String),
    /// Something on this machine; nothing was sent.
    Local(String),
}

impl<E: StdError + Send + Sync + 'static> From<SdkError<E, HttpResponse>> for Failure {
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        // The outermost text ("dispatch failure") says nothing that its causes do not say better.
        Self::Sdk(error.source().map_or_else(|| error.to_string(), |cause| plain(&chain(cause)).to_owned()))
    }
}

/// Without the SDK's word for the kind of failure: the cause behind it says more.
fn plain(text: &str) -> &str {
    const KINDS: [&str; 5] = ["other: ", "io error: ", "timeout: ", "user error: ", "unhandled error: "];
    KINDS.iter().find_map(|kind| text.strip_prefix(kind)).unwrap_or(text)
}

type Sent = Result<Output, Failure>;

/// Sends one operation. `algorithm` is the checksum algorithm of the upload a part belongs to, when known.
pub(super) async fn send(
    client: &Client,
    operation: &Operation,
    stamp: &Stamp,
    algorithm: Option<String>,
) -> Sent {
    match operation {
        Operation::ListBuckets(op) => {
            let call = client.list_buckets().set_continuation_token(op.continuation_token.clone());
            let out = call.customize().config_override(stamped(stamp)).send().await?;
            Ok(Output::Buckets(convert::buckets(out)))
        }
        Operation::ListObjectsV2(op) => list_objects(client, op, stamp).await,
        Operation::ListObjectVersions(op) => list_versions(client, op, stamp).await,
        Operation::ListMultipartUploads(op) => list_uploads(client, op, stamp).await,
        Operation::ListParts(op) => list_parts(client, op, stamp).await,
        Operation::HeadObject(op) => head_object(client, op, stamp).await,
        Operation::GetObject(op) => get_object(client, op, stamp, None).await,
        Operation::GetObjectAttributes(op) => attributes(client, op, stamp).await,
        Operation::GetObjectTagging(op) => get_tags(client, op, stamp).await,
        Operation::GetObjectAcl(op) => get_acl(client, op, stamp).await,
        Operation::PutObjectTagging(op) => put_tags(client, op, stamp).await,
        Operation::CopyObject(op) => copy_object(client, op, stamp).await,
        Operation::CreateMultipartUpload(op) => create(client, op, stamp).await,
        Operation::UploadPart(op) => upload_part(client, op, stamp, algorithm).await,
        Operation::UploadPartCopy(op) => upload_part_copy(client, op, stamp).await,
        Operation::CompleteMultipartUpload(op) => complete(client, op, stamp).await,
        Operation::AbortMultipartUpload(op) => abort(client, op, stamp).await,
        Operation::DeleteObjectTagging(op) => delete_tags(client, op, stamp).await,
        // The stamp carries the amendment; what it amends is sent as ever.
        Operation::Amended(op, _) => Box::pin(send(client, op, stamp, algorithm)).await,
    }
}

/// Whether a listing came that no parser reads: some key has a character XML cannot carry.
fn is_unreadable(sent: &Sent, stamp: &Stamp, root: &str) -> bool {
    let answer = stamp.record.answer();
    let came = answer.whole && answer.status == Some(200);
    came && matches!(sent, Err(Failure::Sdk(_))) && root_name(&answer.body).as_deref() == Some(root)
}

/// Lists plainly, and once more with encoded keys if the plain listing cannot be read.
async fn list_objects(client: &Client, op: &ListObjectsV2, stamp: &Stamp) -> Sent {
    let sent = list_objects_as(client, op, stamp, None).await;
    if is_unreadable(&sent, stamp, "ListBucketResult") {
        return list_objects_as(client, op, stamp, Some(types::EncodingType::Url)).await;
    }
    sent
}

async fn list_objects_as(
    client: &Client,
    op: &ListObjectsV2,
    stamp: &Stamp,
    encoding: Option<types::EncodingType>,
) -> Sent {
    let prefix = Some(op.prefix.clone()).filter(|p| !p.is_empty());
    let call = client
        .list_objects_v2()
        .bucket(&op.bucket)
        .set_prefix(prefix)
        .set_delimiter(op.delimiter.clone())
        .set_continuation_token(op.continuation_token.clone())
        .set_encoding_type(encoding)
        .set_max_keys(op.max_keys);
    let out = call.customize().config_override(stamped(stamp)).send().await?;
    Ok(Output::Objects(convert::objects(out)))
}

/// The same for versions.
async fn list_versions(client: &Client, op: &ListObjectVersions, stamp: &Stamp) -> Sent {
    let sent = list_versions_as(client, op, stamp, None).await;
    if is_unreadable(&sent, stamp, "ListVersionsResult") {
        return list_versions_as(client, op, stamp, Some(types::EncodingType::Url)).await;
    }
    sent
}

async fn list_versions_as(
    client: &Client,
    op: &ListObjectVersions,
    stamp: &Stamp,
    encoding: Option<types::EncodingType>,
) -> Sent {
    let call = client
        .list_object_versions()
        .bucket(&op.bucket)
        .set_prefix(Some(op.prefix.clone()).filter(|p| !p.is_empty()))
        .set_key_marker(op.key_marker.clone())
        .set_version_id_marker(op.version_id_marker.clone())
        .set_max_keys(op.max_keys)
        .set_encoding_type(encoding);
    let out = call.customize().config_override(stamped(stamp)).send().await?;
    let asked = (op.key_marker.as_deref(), op.version_id_marker.as_deref());
    Ok(Output::Versions(versions::page(asked, out, &stamp.record.answer())))
}

/// The same for uploads.
async fn list_uploads(client: &Client, op: &ListMultipartUploads, stamp: &Stamp) -> Sent {
    let sent = list_uploads_as(client, op, stamp, None).await;
    if is_unreadable(&sent, stamp, "ListMultipartUploadsResult") {
        return list_uploads_as(client, op, stamp, Some(types::EncodingType::Url)).await;
    }
    sent
}

async fn list_uploads_as(
    client: &Client,
    op: &ListMultipartUploads,
    stamp: &Stamp,
    encoding: Option<types::EncodingType>,
) -> Sent {
    let call = client
        .list_multipart_uploads()
        .bucket(&op.bucket)
        .set_prefix(op.prefix.clone())
        .set_key_marker(op.key_marker.clone())
        .set_upload_id_marker(op.upload_id_marker.clone())
        .set_delimiter(op.delimiter.clone())
        .set_max_uploads(op.max_uploads)
        .set_encoding_type(encoding);
    let out = call.customize().config_override(stamped(stamp)).send().await?;
    let asked = (op.key_marker.as_deref(), op.upload_id_marker.as_deref());
    Ok(Output::Uploads(convert::uploads(&op.bucket, asked, out)))
}

async fn list_parts(client: &Client, op: &ListParts, stamp: &Stamp) -> Sent {
    let call = client
        .list_parts()
        .bucket(&op.upload.bucket)
        .key(&op.upload.key)
        .upload_id(&op.upload.upload_id)
        .set_part_number_marker(op.part_number_marker.clone())
        .set_max_parts(op.max_parts);
    let out = call.customize().config_override(stamped(stamp)).send().await?;
    Ok(Output::Parts(convert::parts(op.part_number_marker.as_deref(), out)))
}

async fn head_object(client: &Client, op: &HeadObject, stamp: &Stamp) -> Sent {
    let call = client
        .head_object()
        .bucket(&op.object.bucket)
        .key(&op.object.key)
        .set_version_id(op.object.version_id.clone())
        .set_part_number(op.part_number.map(|n| n.0))
        .checksum_mode(types::ChecksumMode::Enabled);
    let out = call.customize().config_override(stamped(stamp)).send().await?;
    Ok(Output::Head(Box::new(convert::head(out, stamp.record.answer()))))
}

/// Reads an object and hands its bytes on as they come; stops when nobody takes them any more.
pub(super) async fn get_object(
    client: &Client,
    op: &GetObject,
    stamp: &Stamp,
    to: Option<mpsc::Sender<Bytes>>,
) -> Sent {
    let call = client
        .get_object()
        .bucket(&op.object.bucket)
        .key(&op.object.key)
        .set_version_id(op.object.version_id.clone())
        .set_range(op.range.clone())
        .set_if_match(op.if_match.as_ref().map(|tag| tag.quoted()));
    let mut out = call.customize().config_override(stamped(stamp)).send().await?;
    let etag = ETag::parse(out.e_tag.as_deref().unwrap_or_default());
    usable(op, &etag, out.content_range.as_deref())?;
    let mut received = 0_u64;
    while let Some(piece) = out.body.next().await {
        let piece =
            piece.map_err(|e| Failure::Broken(format!("the object's bytes broke off: {}", chain(&e))))?;
        received = received.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if let Some(to) = &to
            && to.send(piece).await.is_err()
        {
            break;
        }
    }
    Ok(Output::Got(GotObject { etag, received }))
}

/// Some servers take no notice of conditions or ranges: their bytes are then of another content, or from another place.
fn usable(op: &GetObject, etag: &ETag, content_range: Option<&str>) -> Result<(), Failure> {
    if let Some(wanted) = op.if_match.as_ref().filter(|wanted| *wanted != etag) {
        let why = format!("the server sent the content {etag} although {wanted} was asked for");
        return Err(Failure::Unusable("OtherContent", why));
    }
    let from = op.range.as_deref().and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
    if let Some(from) = from
        && !content_range.is_some_and(|range| range.starts_with(&format!("bytes {from}-")))
    {
        let why = format!("the server did not answer with the bytes from {from} on, which were asked for");
        return Err(Failure::Unusable("OtherRange", why));
    }
    Ok(())
}

async fn attributes(client: &Client, op: &GetObjectAttributes, stamp: &Stamp) -> Sent {
    let call = client
        .get_object_attributes()
        .bucket(&op.object.bucket)
        .key(&op.object.key)
        .set_version_id(op.object.version_id.clone())
        .set_part_number_marker(op.part_number_marker.clone())
        .set_max_parts(op.max_parts)
        .object_attributes(types::ObjectAttributes::Etag)
        .object_attributes(types::ObjectAttributes::Checksum)
        .object_attributes(types::ObjectAttributes::ObjectParts)
        .object_attributes(types::ObjectAttributes::StorageClass)
        .object_attributes(types::ObjectAttributes::ObjectSize);
    let out = call.customize().config_override(stamped(stamp)).send().await?;
    Ok(Output::Attributes(Box::new(convert::attributes(op.part_number_marker.as_deref(), out))))
}

async fn get_tags(client: &Client, object: &ObjectRef, stamp: &Stamp) -> Sent {
    let call = client
        .get_object_tagging()
        .bucket(&object.bucket)
        .key(&object.key)
        .set_version_id(object.version_id.clone());
    let out = call.customize().config_override(stamped(stamp)).send().await?;
    Ok(Output::Tags(convert::tags(out.tag_set)))
}

async fn get_acl(client: &Client, object: &ObjectRef, stamp: &Stamp) -> Sent {
    let call = client
        .get_object_acl()
        .bucket(&object.bucket)
        .key(&object.key)
        .set_version_id(object.version_id.clone());
    let out = call.customize().config_override(stamped(stamp)).send().await?;
    Ok(Output::Acl(convert::acl(out)))
}

async fn put_tags(client: &Client, op: &PutObjectTagging, stamp: &Stamp) -> Sent {
    let tag = |t: &crate::domain::names::Tag| types::Tag::builder().key(&t.key).value(&t.value).build();
    let tags: Result<Vec<_>, _> = op.tags.iter().map(tag).collect();
    let tags = tags.map_err(|e| Failure::Local(e.to_string()))?;
    let tagging = types::Tagging::builder().set_tag_set(Some(tags)).build();
    let call = client
        .put_object_tagging()
        .bucket(&op.object.bucket)
        .key(&op.object.key)
        .set_version_id(op.object.version_id.clone())
        .tagging(tagging.map_err(|e| Failure::Local(e.to_string()))?);
    call.customize().config_override(stamped(stamp)).send().await?;
    Ok(Output::TagsPut)
}

async fn delete_tags(client: &Client, object: &ObjectRef, stamp: &Stamp) -> Sent {
    let call = client
        .delete_object_tagging()
        .bucket(&object.bucket)
        .key(&object.key)
        .set_version_id(object.version_id.clone());
    call.customize().config_override(stamped(stamp)).send().await?;
    Ok(Output::TagsDeleted)
}

async fn copy_object(client: &Client, op: &CopyObject, stamp: &Stamp) -> Sent {
    let replace_tags = op.drop_tags.then_some(types::TaggingDirective::Replace);
    let call = client
        .copy_object()
        .bucket(&op.destination.bucket)
        .key(&op.destination.key)
        .copy_source(op.source.copy_source())
        .set_copy_source_if_match(op.copy_source_if_match.as_ref().map(|tag| tag.quoted()))
        .set_tagging_directive(replace_tags)
        .set_storage_class(op.storage_class.as_deref().map(types::StorageClass::from))
        .set_if_none_match(op.if_none_match.then(|| "*".to_owned()));
    let config = if op.if_none_match { once(stamp) } else { stamped(stamp) };
    // Asked again after a lost answer, the condition would be broken by this very copy.
    let call = call.customize().config_override(config);
    let out = call.send().await?;
    let version_id = out.version_id;
    let etag = out.copy_object_result.and_then(|r| r.e_tag).filter(|t| !t.is_empty());
    let etag = etag.ok_or(Failure::NoResult("CopyObjectResult", true))?;
    Ok(Output::Copied(CopiedObject { etag: etag.as_str().into(), version_id }))
}

/// Tells the connector which call the requests belong to.
fn stamped(stamp: &Stamp) -> Builder {
    let mut builder = Config::builder();
    // Nobody switches it off, so the SDK need not look before each of its nineteen steps whether somebody did.
    builder.push_interceptor(SharedInterceptor::permanent(Stamper(stamp.clone())));
    builder
}

/// One attempt only. After a lost answer a second Create leaves an upload that nobody knows, and a second
/// Complete turns a success into NoSuchUpload; whether to ask again is for the caller, who can look first.
fn once(stamp: &Stamp) -> Builder {
    stamped(stamp).retry_config(RetryConfig::disabled())
}

async fn create(client: &Client, op: &CreateMultipartUpload, stamp: &Stamp) -> Sent {
    let p = &op.properties;
    let call = client
        .create_multipart_upload()
        .bucket(&op.bucket)
        .key(&op.key)
        .set_content_type(p.content_type.clone())
        .set_cache_control(p.cache_control.clone())
        .set_content_disposition(p.content_disposition.clone())
        .set_content_encoding(p.content_encoding.clone())
        .set_content_language(p.content_language.clone())
        .set_storage_class(p.storage_class.as_deref().map(types::StorageClass::from))
        .set_website_redirect_location(p.website_redirect_location.clone())
        .set_server_side_encryption(
            p.server_side_encryption.as_deref().map(types::ServerSideEncryption::from),
        )
        .set_ssekms_key_id(p.ssekms_key_id.clone())
        .set_bucket_key_enabled(p.bucket_key_enabled)
        .set_ssekms_encryption_context(p.ssekms_encryption_context.clone())
        .set_acl(p.acl.as_deref().map(types::ObjectCannedAcl::from))
        .set_grant_full_control(p.grant_full_control.clone())
        .set_grant_read(p.grant_read.clone())
        .set_grant_read_acp(p.grant_read_acp.clone())
        .set_grant_write_acp(p.grant_write_acp.clone())
        .set_object_lock_mode(p.object_lock_mode.as_deref().map(types::ObjectLockMode::from))
        .set_object_lock_legal_hold_status(
            p.object_lock_legal_hold.as_deref().map(types::ObjectLockLegalHoldStatus::from),
        )
        .set_checksum_algorithm(p.checksum_algorithm.as_deref().map(types::ChecksumAlgorithm::from))
        .set_checksum_type(p.checksum_type.as_deref().map(types::ChecksumType::from))
        .set_tagging((!op.tags.is_empty()).then(|| tagging_header(&op.tags)));
    let verbatim = p.clone();
    let call = call.customize().config_override(once(stamp));
    let sent = call.map_request(move |request| with_properties(request, &verbatim)).send().await;
    let answer = stamp.record.answer();
    let created = match sent {
        Ok(out) => convert::created(&op.bucket, &op.key, out, &answer),
        // Some servers name the root otherwise. The upload exists all the same, and must be nameable.
        Err(error) => match convert::created_anyhow(&op.bucket, &op.key, &answer) {
            Some(created) => Some(created),
            None => return Err(error.into()),
        },
    };
    Ok(Output::Created(created.ok_or(Failure::NoResult("UploadId", true))?))
}

/// Puts on what must go out verbatim and in the source's order.
fn with_properties(
    mut request: HttpRequest,
    properties: &ObjectProperties,
) -> Result<HttpRequest, aws_smithy_runtime_api::http::HttpError> {
    let headers = request.headers_mut();
    if let Some(expires) = &properties.expires {
        headers.try_insert("expires", expires.clone())?;
    }
    if let Some(date) = &properties.object_lock_retain_until_date {
        headers.try_insert("x-amz-object-lock-retain-until-date", date.clone())?;
    }
    for (name, value) in &properties.metadata {
        headers.try_append(format!("x-amz-meta-{}", name.to_ascii_lowercase()), value.clone())?;
    }
    Ok(request)
}

async fn upload_part(client: &Client, op: &UploadPart, stamp: &Stamp, algorithm: Option<String>) -> Sent {
    let body = part::stream(&op.body).await.map_err(Failure::Local)?;
    let length = i64::try_from(op.body.len())
        .map_err(|_| Failure::Local(format!("a part of {} bytes cannot be sent", op.body.len())))?;
    let call = client
        .upload_part()
        .bucket(&op.upload.bucket)
        .key(&op.upload.key)
        .upload_id(&op.upload.upload_id)
        .part_number(op.part_number.0)
        .content_length(length)
        .body(body);
    let call = with_checksum(call, stamp, algorithm);
    let out = call.customize().config_override(stamped(stamp)).send().await?;
    Ok(Output::Part(convert::part(out, op.body.len()).ok_or(Failure::NoResult("ETag", true))?))
}

/// A checksum that was stated by hand goes out as it is, and none is computed beside it.
fn with_checksum(
    call: UploadPartFluentBuilder,
    stamp: &Stamp,
    algorithm: Option<String>,
) -> UploadPartFluentBuilder {
    let stated = stamp
        .amendment
        .headers
        .iter()
        .find_map(|(name, value)| Some((name.strip_prefix("x-amz-checksum-")?, value.clone()?)));
    match stated {
        Some(("crc32", value)) => call.checksum_crc32(value),
        Some(("crc32c", value)) => call.checksum_crc32_c(value),
        Some(("crc64nvme", value)) => call.checksum_crc64_nvme(value),
        Some(("sha1", value)) => call.checksum_sha1(value),
        Some(("sha256", value)) => call.checksum_sha256(value),
        Some(("sha512", value)) => call.checksum_sha512(value),
        Some(("md5", value)) => call.checksum_md5(value),
        Some(("xxhash64", value)) => call.checksum_xxhash64(value),
        Some(("xxhash3", value)) => call.checksum_xxhash3(value),
        Some(("xxhash128", value)) => call.checksum_xxhash128(value),
        _ => call.set_checksum_algorithm(algorithm.as_deref().map(types::ChecksumAlgorithm::from)),
    }
}

async fn upload_part_copy(client: &Client, op: &UploadPartCopy, stamp: &Stamp) -> Sent {
    let call = client
        .upload_part_copy()
        .bucket(&op.upload.bucket)
        .key(&op.upload.key)
        .upload_id(&op.upload.upload_id)
        .part_number(op.part_number.0)
        .copy_source(op.source.copy_source())
        .set_copy_source_range(op.copy_source_range.clone())
        .set_copy_source_if_match(op.copy_source_if_match.as_ref().map(|tag| tag.quoted()));
    let out = call.customize().config_override(stamped(stamp)).send().await?;
    let range = op.copy_source_range.as_deref().and_then(ByteRange::parse_copy_source);
    // Some servers answer 200 with nothing and store an empty part.
    let part = convert::part_copy(out, range.map(ByteRange::len));
    Ok(Output::Part(part.ok_or(Failure::NoResult("CopyPartResult", false))?))
}

async fn complete(client: &Client, op: &CompleteMultipartUpload, stamp: &Stamp) -> Sent {
    let parts = op.parts.iter().map(completed_part).collect();
    let list = types::CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let call = client
        .complete_multipart_upload()
        .bucket(&op.upload.bucket)
        .key(&op.upload.key)
        .upload_id(&op.upload.upload_id)
        .multipart_upload(list)
        .set_if_none_match(op.if_none_match.then(|| "*".to_owned()))
        .set_mpu_object_size(op.mpu_object_size)
        .set_checksum_type(op.checksum_type.as_deref().map(types::ChecksumType::from));
    let call = call.customize().config_override(once(stamp));
    let object = convert::completed(call.send().await?);
    Ok(Output::Completed(object.ok_or(Failure::NoResult("CompleteMultipartUploadResult", true))?))
}

fn completed_part(part: &CompletedPart) -> types::CompletedPart {
    let etag = Some(part.etag.quoted()).filter(|text| text != "\"\"");
    let entry = types::CompletedPart::builder().part_number(part.part_number.0).set_e_tag(etag);
    let Some((algorithm, value)) = &part.checksum else { return entry.build() };
    match algorithm.as_str() {
        "CRC32" => entry.checksum_crc32(value),
        "CRC32C" => entry.checksum_crc32_c(value),
        "CRC64NVME" => entry.checksum_crc64_nvme(value),
        "SHA1" => entry.checksum_sha1(value),
        "SHA256" => entry.checksum_sha256(value),
        "SHA512" => entry.checksum_sha512(value),
        "MD5" => entry.checksum_md5(value),
        "XXHASH64" => entry.checksum_xxhash64(value),
        "XXHASH3" => entry.checksum_xxhash3(value),
        "XXHASH128" => entry.checksum_xxhash128(value),
        _ => entry,
    }
    .build()
}

async fn abort(client: &Client, upload: &UploadRef, stamp: &Stamp) -> Sent {
    let call =
        client.abort_multipart_upload().bucket(&upload.bucket).key(&upload.key).upload_id(&upload.upload_id);
    call.customize().config_override(stamped(stamp)).send().await?;
    Ok(Output::Aborted)
}
