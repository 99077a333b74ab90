//! Buckets: list, make, delete, look.

use super::{State, acl, document, list, owner, settings};
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::clock::xml_date;
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::bucket::{Ownership, Settings, Versioning, already_owned};
use crate::sandbox::store::lock::LockSettings;
use crate::sandbox::store::{Bucket, tags};

/// ListBuckets, with `prefix`, `bucket-region`, `max-buckets` and `continuation-token`.
pub(super) fn list_all(state: &State, request: &Request) -> Result<Response, S3Error> {
    let max = match request.param("max-buckets").filter(|t| !t.is_empty()) {
        None => 10_000,
        Some(text) => text.parse().ok().filter(|n| (1..=10_000).contains(n)).ok_or_else(|| {
            S3Error::invalid_argument(
                "Argument max-buckets must be an integer between 1 and 10000",
                "max-buckets",
                text,
            )
        })?,
    };
    let prefix = request.param("prefix").unwrap_or("");
    let after = match request.param("continuation-token").filter(|t| !t.is_empty()) {
        Some(token) => list::decode_token(token)?,
        None => String::new(),
    };
    let region = request.param("bucket-region").filter(|r| !r.is_empty());
    if let Some(region) = region.filter(|r| *r != "us-east-1" && !REGIONS.contains(r)) {
        let message = format!("Argument value {region} is not a valid AWS Region");
        return Err(S3Error::new(400, "InvalidArgument", message).with("ArgumentName", "bucket-region"));
    }
    let store = state.store();
    let region_of = |bucket: &Bucket| bucket.settings.region().unwrap_or(&state.keys.region).to_owned();
    let mut matching = store.buckets().filter(|(name, bucket)| {
        name.starts_with(prefix)
            && *name > after.as_str()
            && region.is_none_or(|wanted| region_of(bucket) == wanted)
    });
    let mut xml = Xml::result("ListAllMyBucketsResult");
    owner(&mut xml);
    xml.open("Buckets");
    let mut last = None;
    for (name, bucket) in matching.by_ref().take(max) {
        xml.open("Bucket")
            .text("Name", name)
            .text("CreationDate", &xml_date(bucket.created))
            .text("BucketRegion", &region_of(bucket))
            .text("BucketArn", &format!("arn:aws:s3:::{name}"))
            .close("Bucket");
        last = Some(name.to_owned());
    }
    xml.close("Buckets");
    let more = matching.next().is_some();
    xml.text_if("Prefix", request.param("prefix"))
        .text_if("ContinuationToken", last.filter(|_| more).map(|l| list::encode_token(&l)).as_deref());
    Ok(Response::xml(xml))
}

/// Regions a bucket may be made in; `EU` is an old name.
const REGIONS: [&str; 35] = [
    "EU",
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-2",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// The location a new bucket asks for: us-east-1's endpoint takes any region but its own name, the endpoint of
/// another region only its own.
fn location_of(state: &State, asked: Option<&str>) -> Result<Option<String>, S3Error> {
    let here = state.keys.region.as_str();
    let incompatible = |what: &str| {
        S3Error::new(
            400,
            "IllegalLocationConstraintException",
            format!(
                "The {what} location constraint is incompatible for the region specific endpoint this request was sent to."
            ),
        )
    };
    match (here, asked) {
        ("us-east-1", None) => Ok(None),
        ("us-east-1", Some(region)) if REGIONS.contains(&region) => Ok(Some(region.to_owned())),
        ("us-east-1", Some(region)) => Err(S3Error::new(
            400,
            "InvalidLocationConstraint",
            "The specified location-constraint is not valid",
        )
        .with("LocationConstraint", region)),
        (_, None) => Err(incompatible("unspecified")),
        (here, Some(region)) if region == here || (region == "EU" && here == "eu-west-1") => {
            Ok(Some(region.to_owned()))
        }
        (_, Some(region)) => Err(incompatible(region)),
    }
}

/// CreateBucket.
pub(super) fn create(state: &State, request: &Request) -> Result<Response, S3Error> {
    let root = match request.body.is_empty() {
        true => None,
        false => Some(document::read(&request.body, "CreateBucketConfiguration")?),
    };
    let mut settings = Settings::new();
    let asked = root.as_ref().and_then(|r| r.child("LocationConstraint")).filter(|l| !l.is_empty());
    settings.location = location_of(state, asked)?;
    if let Some(tags) = root.as_ref().and_then(|r| r.all("Tags").next()) {
        settings.tags = settings::tags_in(tags)?;
        if settings.tags.iter().any(|tag| tag.key.starts_with("aws:")) {
            return Err(S3Error::new(
                400,
                "InvalidTag",
                "User-defined tag keys can't start with \"aws:\". This prefix is reserved for system tags. Remove \"aws:\" from your tag keys and try again.",
            ));
        }
        tags::check_document(&settings.tags)?;
    }
    if let Some(name) = request.header("x-amz-object-ownership") {
        let ownership = Ownership::parse(name).ok_or_else(|| {
            S3Error::new(400, "InvalidArgument", format!("Invalid x-amz-object-ownership header: {name}"))
                .with("ArgumentName", "x-amz-object-ownership")
        })?;
        settings.ownership = Some(ownership);
    }
    settings.acl = acl::of_new_bucket(request, &settings)?;
    if request
        .header("x-amz-bucket-object-lock-enabled")
        .is_some_and(|v| v.trim().eq_ignore_ascii_case("true"))
    {
        settings.object_lock = Some(LockSettings::default());
        settings.versioning = Versioning::Enabled;
    }
    let mut store = state.store();
    // Only us-east-1 lets one make one's own bucket again, and there only one of its own.
    if let Ok(old) = store.bucket(&request.bucket)
        && (state.keys.region != "us-east-1"
            || old.settings.location.is_some()
            || settings.location.is_some())
    {
        return Err(already_owned(&request.bucket));
    }
    let host = request.header("host").unwrap_or("localhost");
    let place = match settings.location {
        Some(_) => format!("http://{}.{host}/", request.bucket),
        None => format!("/{}", request.bucket),
    };
    store.create_bucket(&request.bucket, settings, state.clock.now())?;
    Ok(Response::empty(200)
        .header("Location", place)
        .header("x-amz-bucket-arn", format!("arn:aws:s3:::{}", request.bucket)))
}

/// DeleteBucket.
pub(super) fn delete(state: &State, request: &Request) -> Result<Response, S3Error> {
    state.store().delete_bucket(&request.bucket)?;
    Ok(Response::empty(204))
}

/// HeadBucket.
pub(super) fn head(state: &State, request: &Request) -> Result<Response, S3Error> {
    let region = state.store().bucket(&request.bucket)?.settings.region().map(str::to_owned);
    Ok(Response::empty(200)
        .header("x-amz-bucket-arn", format!("arn:aws:s3:::{}", request.bucket))
        .header("x-amz-bucket-region", region.as_deref().unwrap_or(&state.keys.region))
        .header("x-amz-access-point-alias", "false")
        .header("Content-Type", "application/xml"))
}

/// GetBucketLocation: us-east-1 is written as nothing.
pub(super) fn location(state: &State, request: &Request) -> Result<Response, S3Error> {
    let location = state.store().bucket(&request.bucket)?.settings.location.clone();
    let mut xml = Xml::result("LocationConstraint");
    if let Some(location) = location {
        xml.raw_text(&location);
    }
    Ok(Response::xml(xml))
}
