//
// [dependencies]
// aws-config = "1"
// aws-sdk-s3 = "1"
// tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
#![allow(deprecated, unused)]

use aws_sdk_s3::config::{BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::primitives::{ByteStream, DateTime, DateTimeFormat};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, Tag, Tagging};

/// The value of an environment variable, or of what it would take the place of.
fn setting(name: &str, otherwise: &str) -> String {
    std::env::var(name).ok().filter(|v| !v.is_empty()).unwrap_or_else(|| otherwise.into())
}

/// The value of an environment variable that must be set.
fn variable(name: &str, what: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("{name}: give {what}"))
}

/// Where the calls go.
async fn client(region: &str, endpoint: Option<&str>, path_style: bool, signed: bool) -> aws_sdk_s3::Client {
    let region = Region::new(setting("AWS_REGION", region));
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).region(region);
    if let Some(url) = endpoint {
        loader = loader.endpoint_url(setting("AWS_ENDPOINT_URL", url));
    }
    if !signed {
        loader = loader.no_credentials();
    }
    let config = aws_sdk_s3::config::Builder::from(&loader.load().await)
        .force_path_style(path_style)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}
