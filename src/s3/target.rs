//! Which S3 to talk to, as whom, and how the SDK is set up for it.
//!
//! Static credentials (the sandbox) take a path that loads nothing: no files, no environment. Everything else
//! goes through aws-config's ordinary chain (profiles, SSO, roles, containers, instances), whose own HTTP
//! client is never tapped: credential traffic cannot reach the screen. The region is taken from the flag, the
//! environment or the profile and never asked of an instance's metadata service, because a silent one takes
//! seconds to give up on.

use super::client::Client;
use super::connector::WireClient;
use super::keys::KeyRing;
use super::pool::Pool;
use super::tls::Tls;
use crate::domain::hand_over::Place;
use crate::wire::hub::Hub;
use aws_config::meta::region::ProvideRegion;
use aws_config::profile::region::ProfileFileRegionProvider;
use aws_credential_types::Credentials;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use aws_types::sdk_config::TimeSource;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// When the SDK computes or validates checksums of its own accord.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChecksumPolicy {
    /// Wherever the operation allows it; the SDK's default.
    #[default]
    WhenSupported,
    /// Only where S3 insists.
    WhenRequired,
}

/// Which S3 to talk to and as whom.
#[derive(Clone)]
pub struct TargetSpec {
    /// Profile of the shared configuration files.
    pub profile: Option<String>,
    /// Endpoint of an S3 that is not AWS's.
    pub endpoint_url: Option<String>,
    /// Region to sign for.
    pub region: Option<String>,
    /// `https://host/bucket/key` instead of `https://bucket.host/key`.
    pub path_style: bool,
    /// Send unsigned requests.
    pub no_sign_request: bool,
    /// Access key and secret key; nothing else is looked at then.
    pub static_credentials: Option<(String, String)>,
    /// Attempts of one call, the first included.
    pub max_attempts: u32,
    /// How long a connection may take to be made, TLS included.
    pub connect_timeout: Duration,
    /// Checksums of requests.
    pub request_checksum_calculation: ChecksumPolicy,
    /// Checksums of responses.
    pub response_checksum_validation: ChecksumPolicy,
    /// Sign with this time instead of the machine's.
    pub signing_time: Option<SystemTime>,
    /// Root certificates besides the system's, in DER.
    pub extra_roots: Vec<Vec<u8>>,
}

impl TargetSpec {
    /// How it is reached, for commands that are printed.
    pub fn place(&self) -> Place<'_> {
        Place {
            endpoint_url: self.endpoint_url.as_deref(),
            region: self.region.as_deref(),
            profile: self.profile.as_deref(),
            path_style: self.path_style,
            no_sign_request: self.no_sign_request,
        }
    }
}

impl Default for TargetSpec {
    fn default() -> Self {
        Self {
            profile: None,
            endpoint_url: None,
            region: None,
            path_style: false,
            no_sign_request: false,
            static_credentials: None,
            max_attempts: 3,
            connect_timeout: Duration::from_secs(3),
            request_checksum_calculation: ChecksumPolicy::default(),
            response_checksum_validation: ChecksumPolicy::default(),
            signing_time: None,
            extra_roots: Vec::new(),
        }
    }
}

impl fmt::Debug for TargetSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TargetSpec")
            .field("profile", &self.profile)
            .field("endpoint_url", &self.endpoint_url)
            .field("region", &self.region)
            .field("path_style", &self.path_style)
            .field("no_sign_request", &self.no_sign_request)
            .field("static_credentials", &self.static_credentials.as_ref().map(|(id, _)| id))
            .finish_non_exhaustive()
    }
}

/// Why a target cannot be talked to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// No region anywhere.
    #[error(
        "no region is set; give one with --region, AWS_REGION or the profile (for example --region us-east-1)"
    )]
    NoRegion,
    /// The endpoint is not one.
    #[error("{0:?} is not an endpoint; write it as --endpoint-url http://host:port or https://host")]
    Endpoint(String),
}

/// The SDK behaviour this program was written for; a newer one would change bytes on the wire.
fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// Sets a client up. Nothing is sent to S3, and credentials are not asked for until the first call.
pub async fn connect(spec: &TargetSpec, hub: Arc<Hub>) -> Result<Client, TargetError> {
    if let Some(url) = &spec.endpoint_url {
        check_endpoint(url)?;
    }
    let ring = KeyRing::default();
    let (builder, region, endpoint) = match &spec.static_credentials {
        Some((access, secret)) => {
            let keys = ring.listen(Credentials::new(access, secret, None, None, "static"));
            let builder = Builder::new().behavior_version(behavior()).credentials_provider(keys);
            let region = static_region(spec)?;
            (builder.region(Region::new(region.clone())), region, spec.endpoint_url.clone())
        }
        None => from_environment(spec, &ring).await?,
    };
    let pool = Pool::new(Tls::new(spec.extra_roots.clone()), spec.connect_timeout);
    let config = configure(builder, spec).http_client(WireClient::new(Arc::clone(&hub), pool)).build();
    let endpoint = endpoint.unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
    Ok(Client::new(aws_sdk_s3::Client::from_conf(config), hub, (region, endpoint), ring))
}

/// What holds for every target.
fn configure(builder: Builder, spec: &TargetSpec) -> Builder {
    let mut builder = builder
        .force_path_style(spec.path_style)
        .retry_config(RetryConfig::standard().with_max_attempts(spec.max_attempts.max(1)))
        // A held request is a stalled stream on purpose.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .request_checksum_calculation(match spec.request_checksum_calculation {
            ChecksumPolicy::WhenSupported => RequestChecksumCalculation::WhenSupported,
            ChecksumPolicy::WhenRequired => RequestChecksumCalculation::WhenRequired,
        })
        .response_checksum_validation(match spec.response_checksum_validation {
            ChecksumPolicy::WhenSupported => ResponseChecksumValidation::WhenSupported,
            ChecksumPolicy::WhenRequired => ResponseChecksumValidation::WhenRequired,
        });
    if let Some(url) = &spec.endpoint_url {
        builder = builder.endpoint_url(url);
    }
    if let Some(time) = spec.signing_time {
        builder = builder.time_source(StandingTime(time));
    }
    if spec.no_sign_request {
        builder = builder.allow_no_auth();
    }
    builder
}

/// A clock that stands still.
#[derive(Debug)]
struct StandingTime(SystemTime);

impl TimeSource for StandingTime {
    fn now(&self) -> SystemTime {
        self.0
    }
}

/// The ordinary chain: flag, environment, profile.
async fn from_environment(
    spec: &TargetSpec,
    ring: &KeyRing,
) -> Result<(Builder, String, Option<String>), TargetError> {
    let region = match spec.region.clone().or_else(environment_region) {
        Some(region) => region,
        None => match profile_region(spec).await {
            Some(region) => region,
            None if spec.endpoint_url.is_some() => "us-east-1".to_owned(),
            None => return Err(TargetError::NoRegion),
        },
    };
    let mut loader = aws_config::defaults(behavior()).region(Region::new(region.clone()));
    if let Some(profile) = &spec.profile {
        loader = loader.profile_name(profile);
    }
    if spec.no_sign_request {
        loader = loader.no_credentials();
    }
    let shared = loader.load().await;
    let endpoint = spec
        .endpoint_url
        .clone()
        .or_else(|| variable("AWS_ENDPOINT_URL_S3"))
        .or_else(|| shared.endpoint_url().map(str::to_owned));
    let mut builder = Builder::from(&shared);
    if let Some(provider) = shared.credentials_provider() {
        builder = builder.credentials_provider(ring.listen(provider));
    }
    Ok((builder, region, endpoint))
}

async fn profile_region(spec: &TargetSpec) -> Option<String> {
    let mut provider = ProfileFileRegionProvider::builder();
    if let Some(profile) = &spec.profile {
        provider = provider.profile_name(profile);
    }
    provider.build().region().await.map(|r| r.to_string())
}

fn static_region(spec: &TargetSpec) -> Result<String, TargetError> {
    let fallback = || spec.endpoint_url.is_some().then(|| "us-east-1".to_owned());
    spec.region.clone().or_else(fallback).ok_or(TargetError::NoRegion)
}

fn environment_region() -> Option<String> {
    variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn check_endpoint(url: &str) -> Result<(), TargetError> {
    let uri: http::Uri = url.parse().map_err(|_| TargetError::Endpoint(url.to_owned()))?;
    let sound =
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|h| !h.is_empty());
    if sound { Ok(()) } else { Err(TargetError::Endpoint(url.to_owned())) }
}
