//! Who may speak: the SigV4 check, and S3's full diagnosis when it fails.

use super::clock::{http_date, iso_date, parse_amz_date};
use super::error::S3Error;
use super::request::Head;
use crate::domain::sigv4::{Claim, ClaimError, Evaluation, claim, evaluate};

/// Greatest difference between the client's clock and ours.
const MAX_SKEW: i64 = 15 * 60;
/// Longest life of a presigned URL.
const MAX_EXPIRES: u64 = 7 * 24 * 3600;

/// The one identity of the sandbox.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    /// Access key id.
    pub(crate) access_key: String,
    /// Secret access key.
    pub(crate) secret_key: String,
    /// The region of every bucket.
    pub(crate) region: String,
}

/// 403 `SignatureDoesNotMatch` without the details.
pub(crate) fn mismatch() -> S3Error {
    S3Error::new(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    )
}

fn denied(message: &'static str) -> S3Error {
    S3Error::new(403, "AccessDenied", message)
}

/// Checks the signature of a head.
pub(crate) fn check(head: &Head, keys: &Keys, now: i64) -> Result<Claim, S3Error> {
    let sent = head.sent();
    if is_version_2(head) {
        return Err(S3Error::invalid_request(
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
        ));
    }
    let claim = claim(&sent).map_err(unreadable)?.ok_or_else(|| denied("Access Denied"))?;
    if claim.access_key_id != keys.access_key {
        return Err(S3Error::new(
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        )
        .with("AWSAccessKeyId", &claim.access_key_id));
    }
    check_scope(&claim, keys)?;
    check_time(&claim, now)?;
    check_signed(head, &claim)?;
    let evaluation = evaluate(&sent, &claim, &keys.secret_key);
    if !evaluation.matches() {
        return Err(diagnosis(&evaluation));
    }
    Ok(claim)
}

/// Whether a request is signed the old way, in a header or as a presigned URL.
fn is_version_2(head: &Head) -> bool {
    let header = head.header("authorization").is_some_and(|v| v.starts_with("AWS "));
    let query = head.target.split_once('?').map_or("", |(_, query)| query);
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    header || (has("AWSAccessKeyId") && has("Signature"))
}

fn unreadable(error: ClaimError) -> S3Error {
    match error {
        ClaimError::Scheme(scheme) => {
            S3Error::invalid_argument("Unsupported Authorization Type", "Authorization", &scheme)
        }
        ClaimError::Header(detail) => malformed(&detail),
        ClaimError::Query("X-Amz-Credential") => S3Error::new(
            400,
            "AuthorizationQueryParametersError",
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
        ),
        ClaimError::Query(_) => S3Error::new(
            400,
            "AuthorizationQueryParametersError",
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        ),
        ClaimError::NoDate => denied("AWS authentication requires a valid Date or x-amz-date header"),
        ClaimError::NoPayloadHash => {
            S3Error::invalid_request("Missing required header for this request: x-amz-content-sha256")
        }
    }
}

fn malformed(detail: &str) -> S3Error {
    S3Error::new(
        400,
        "AuthorizationHeaderMalformed",
        format!("The authorization header is malformed; {detail}."),
    )
}

fn check_scope(claim: &Claim, keys: &Keys) -> Result<(), S3Error> {
    let scope = &claim.scope;
    if scope.region != keys.region {
        let detail = format!("the region '{}' is wrong; expecting '{}'", scope.region, keys.region);
        return Err(S3Error::new(
            400,
            "AuthorizationHeaderMalformed",
            format!("The authorization header is malformed; {detail}"),
        )
        .with("Region", &keys.region));
    }
    if scope.service != "s3" {
        return Err(malformed(&format!(
            "incorrect service \"{}\". This endpoint belongs to \"s3\"",
            scope.service
        )));
    }
    if !claim.timestamp.starts_with(scope.date.as_str()) {
        return Err(malformed("the credential's date is not the date of the request"));
    }
    Ok(())
}

fn check_time(claim: &Claim, now: i64) -> Result<(), S3Error> {
    let time = parse_amz_date(&claim.timestamp)
        .ok_or_else(|| denied("AWS authentication requires a valid Date or x-amz-date header"))?;
    if let Some(expires) = claim.expires {
        if expires > MAX_EXPIRES {
            return Err(S3Error::new(
                400,
                "AuthorizationQueryParametersError",
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
            ));
        }
        let end = time.saturating_add(i64::try_from(expires).unwrap_or(i64::MAX));
        if now > end {
            return Err(denied("Request has expired")
                .with("X-Amz-Expires", expires.to_string())
                .with("Expires", iso_date(end))
                .with("ServerTime", iso_date(now)));
        }
        if time > now.saturating_add(MAX_SKEW) {
            return Err(denied("Request is not valid yet"));
        }
        return Ok(());
    }
    if now.saturating_sub(time).saturating_abs() > MAX_SKEW {
        return Err(skewed(time, now));
    }
    Ok(())
}

/// Every `x-amz-*` header must be signed, but the hash of the body, which is checked by itself.
fn check_signed(head: &Head, claim: &Claim) -> Result<(), S3Error> {
    let unsigned: Vec<String> = head
        .headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .filter(|name| name.starts_with("x-amz-") && name != "x-amz-content-sha256")
        .filter(|name| !claim.signed_headers.contains(name))
        .collect();
    if unsigned.is_empty() {
        return Ok(());
    }
    Err(denied("There were headers present in the request which were not signed")
        .with("HeadersNotSigned", unsigned.join(", ")))
}

/// 403 `RequestTimeTooSkewed` with both clocks.
pub(crate) fn skewed(time: i64, now: i64) -> S3Error {
    S3Error::new(
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
    )
    .with("RequestTime", http_date(time))
    .with("ServerTime", iso_date(now))
    .with("MaxAllowedSkewMilliseconds", (MAX_SKEW * 1000).to_string())
}

fn diagnosis(evaluation: &Evaluation) -> S3Error {
    let bytes = |text: &str| text.bytes().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
    mismatch()
        .with("AWSAccessKeyId", &evaluation.claim.access_key_id)
        .with("StringToSign", &evaluation.string_to_sign)
        .with("SignatureProvided", &evaluation.claim.signature)
        .with("StringToSignBytes", bytes(&evaluation.string_to_sign))
        .with("CanonicalRequest", &evaluation.canonical_request)
        .with("CanonicalRequestBytes", bytes(&evaluation.canonical_request))
}
