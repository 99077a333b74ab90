//! Encryption headers of requests: what a write asks for, and the key that reading needs.

use crate::sandbox::answer::Response;
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::access::ACCOUNT;
use crate::sandbox::store::bucket::DefaultEncryption;
use crate::sandbox::store::encryption::Encryption;
use crate::sandbox::store::object::base64;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

const HEADER: &str = "x-amz-server-side-encryption";
/// Prefix of the headers that carry a client's own key.
const CUSTOMER: &str = "x-amz-server-side-encryption-customer";
/// The same for the source of a copy.
const SOURCE: &str = "x-amz-copy-source-server-side-encryption-customer";
/// The key S3 takes when a request names none.
const MANAGED_KEY: &str = "6f1b4d0e-0c5e-4d0b-9a7e-3f2c1b0a9d8e";

impl Response {
    /// Adds the headers that name an encryption.
    #[must_use]
    pub(crate) fn encryption(self, encryption: &Encryption) -> Self {
        encryption.headers().into_iter().fold(self, |response, (name, value)| response.header(name, value))
    }
}

/// The encryption a write asks for, or the bucket's default.
pub(super) fn requested(
    request: &Request,
    default: Option<&DefaultEncryption>,
    region: &str,
) -> Result<Encryption, S3Error> {
    let named = request.header(HEADER).map(str::trim);
    if let Some(key_md5) = Triple::of(request, CUSTOMER).settle(named)? {
        return Ok(Encryption::Customer { key_md5 });
    }
    let key_header = "x-amz-server-side-encryption-aws-kms-key-id";
    let key = request.header(key_header).map(str::trim).filter(|k| !k.is_empty());
    let bucket_key = request.header("x-amz-server-side-encryption-bucket-key-enabled");
    let bucket_key = bucket_key.map(|v| v.trim().eq_ignore_ascii_case("true"));
    let Some(algorithm) = named else {
        if let Some(key) = key {
            return Err(S3Error::invalid_argument(
                "The SSE-KMS key id header needs the server side encryption header",
                key_header,
                key,
            ));
        }
        let default = default.cloned().unwrap_or_default();
        return of(&default.algorithm, default.key.as_deref(), default.bucket_key, region);
    };
    // Without its own header a write takes over whether bucket keys are on; the key itself it must name.
    let by_default = default.is_some_and(|d| d.bucket_key && d.algorithm == algorithm);
    let key = key.or_else(|| default.filter(|d| d.algorithm == algorithm)?.key.as_deref());
    of(algorithm, key, bucket_key.unwrap_or(by_default), region)
}

fn of(algorithm: &str, key: Option<&str>, bucket_key: bool, region: &str) -> Result<Encryption, S3Error> {
    match (algorithm, key) {
        ("AES256", None) => Ok(Encryption::S3),
        ("AES256", Some(key)) => Err(S3Error::invalid_argument(
            "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
            HEADER,
            key,
        )),
        ("aws:kms" | "aws:kms:dsse", key) => {
            let key = arn(key.unwrap_or(MANAGED_KEY), region)?;
            Ok(Encryption::Kms { dsse: algorithm == "aws:kms:dsse", key, bucket_key })
        }
        (other, _) => {
            Err(S3Error::invalid_argument("The encryption method specified is not supported", HEADER, other))
        }
    }
}

/// The ARN of a key named by ARN, by id or by alias. Every key of the right form exists here.
fn arn(key: &str, region: &str) -> Result<String, S3Error> {
    let is_id = |id: &str| {
        id.len() == 36
            && id.bytes().enumerate().all(|(at, b)| match at {
                8 | 13 | 18 | 23 => b == b'-',
                _ => b.is_ascii_hexdigit(),
            })
    };
    let wrong = |message: String| S3Error::new(400, "KMS.NotFoundException", message);
    if let Some(rest) = key.strip_prefix("arn:aws:kms:") {
        let place = rest.split(':').next().unwrap_or("");
        return if place == region { Ok(key.to_owned()) } else { Err(wrong(format!("Invalid arn {place}"))) };
    }
    let id = if is_id(key) || key.starts_with("alias/") { key } else { "" };
    match id {
        "" => Err(wrong(format!("Invalid keyId '{key}'"))),
        id if id.starts_with("alias/") => Ok(format!("arn:aws:kms:{region}:{ACCOUNT}:{id}")),
        id => Ok(format!("arn:aws:kms:{region}:{ACCOUNT}:key/{id}")),
    }
}

/// The three headers of a client's own key.
struct Triple<'a> {
    algorithm: Option<&'a str>,
    key: Option<&'a str>,
    md5: Option<&'a str>,
}

impl<'a> Triple<'a> {
    fn of(request: &'a Request, prefix: &str) -> Self {
        let header =
            |name: &str| request.header(&format!("{prefix}-{name}")).map(str::trim).filter(|v| !v.is_empty());
        Self { algorithm: header("algorithm"), key: header("key"), md5: header("key-md5") }
    }

    fn is_absent(&self) -> bool {
        self.algorithm.is_none() && self.key.is_none() && self.md5.is_none()
    }

    /// The key's MD5 if the three agree; `None` if there are none.
    fn settle(&self, other: Option<&str>) -> Result<Option<String>, S3Error> {
        let argument = |message: &'static str| {
            S3Error::new(400, "InvalidArgument", message).with("ArgumentName", HEADER)
        };
        if self.is_absent() {
            return Ok(None);
        }
        if let Some(other) = other {
            return Err(argument(
                "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
            )
            .with("ArgumentValue", other));
        }
        let Some(algorithm) = self.algorithm else {
            return Err(argument(
                "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.",
            ));
        };
        if algorithm != "AES256" {
            return Err(S3Error::new(
                400,
                "InvalidEncryptionAlgorithmError",
                "The Encryption request you specified is not valid. Supported value: AES256.",
            )
            .with("ArgumentName", HEADER)
            .with("ArgumentValue", algorithm));
        }
        let Some(key) = self.key else {
            return Err(argument(
                "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.",
            ));
        };
        let key = STANDARD.decode(key).unwrap_or_default();
        let Some(md5) = self.md5.filter(|_| key.len() == 32) else {
            return Err(argument("The secret key was invalid for the specified algorithm."));
        };
        if base64(&Md5::digest(&key)) != md5 {
            return Err(argument(
                "The calculated MD5 hash of the key did not match the hash that was provided.",
            ));
        }
        Ok(Some(md5.to_owned()))
    }

    /// Whether the key is the one something was stored with.
    fn opens(&self, stored: &Encryption) -> Result<(), S3Error> {
        let Some(wanted) = stored.customer_key() else {
            return if self.is_absent() {
                Ok(())
            } else {
                Err(S3Error::invalid_request("The encryption parameters are not applicable to this object."))
            };
        };
        if self.is_absent() {
            return Err(S3Error::invalid_request(
                "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
            ));
        }
        let denied = || {
            S3Error::new(
                403,
                "AccessDenied",
                "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.",
            )
        };
        if self.algorithm == Some("AES256") && self.key.is_some() && self.md5.is_none() {
            return Err(denied());
        }
        match self.settle(None)? {
            Some(md5) if md5 == wanted => Ok(()),
            _ => Err(denied()),
        }
    }
}

/// Checks the key that reading an object needs.
pub(super) fn may_read(request: &Request, stored: &Encryption) -> Result<(), S3Error> {
    Triple::of(request, CUSTOMER).opens(stored)
}

/// Checks the key that copying from an object needs.
pub(super) fn may_copy(request: &Request, stored: &Encryption) -> Result<(), S3Error> {
    Triple::of(request, SOURCE).opens(stored)
}

/// Checks that a part comes with the key its upload was begun with.
pub(super) fn same_key(request: &Request, upload: &Encryption) -> Result<(), S3Error> {
    match (Triple::of(request, CUSTOMER).settle(None)?, upload.customer_key()) {
        (None, None) => Ok(()),
        (Some(sent), Some(wanted)) if sent == wanted => Ok(()),
        (Some(_), Some(_)) => Err(S3Error::invalid_request(
            "The provided encryption parameters did not match the ones used originally.",
        )),
        (Some(_), None) | (None, Some(_)) => Err(S3Error::invalid_request(
            "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_named_by_id_alias_or_arn() {
        let id = "134f2428-cec1-4b25-a1ae-9048164dba47";
        let full = format!("arn:aws:kms:us-east-1:111111111111:key/{id}");
        assert_eq!(arn(id, "us-east-1"), Ok(full.clone()));
        assert_eq!(arn(&full, "us-east-1"), Ok(full.clone()));
        assert!(arn("alias/mine", "us-east-1").is_ok_and(|a| a.ends_with(":alias/mine")));
        for (key, region, message) in [
            ("fake-key-id", "us-east-1", "Invalid keyId 'fake-key-id'"),
            (&full, "eu-west-1", "Invalid arn us-east-1"),
        ] {
            let error = arn(key, region).unwrap_err();
            assert_eq!((error.code, error.message.as_ref()), ("KMS.NotFoundException", message));
        }
    }
}
