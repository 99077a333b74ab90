//! What the headers of a HEAD say of an object's state beyond its content: encryption, locks, archive, restore,
//! lifecycle, replication.
//!
//! Read from the headers as they came and not kept beside them, so the two cannot differ. A header that is absent
//! is `None`; what an absence means is for [`super::facts`]. Source: API reference HeadObject.

use super::output::HeadObjectOutput;
use percent_encoding::percent_decode_str;
use serde::Serialize;

/// The state of an object or a version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ObjectState {
    /// `x-amz-server-side-encryption*`.
    pub encryption: EncryptionState,
    /// `x-amz-object-lock-mode`: GOVERNANCE or COMPLIANCE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock_mode: Option<String>,
    /// `x-amz-object-lock-retain-until-date`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retain_until: Option<String>,
    /// `x-amz-object-lock-legal-hold`: ON or OFF.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_hold: Option<String>,
    /// `x-amz-archive-status`, of INTELLIGENT_TIERING objects in an archive tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive_status: Option<String>,
    /// `x-amz-restore`, of archived objects once a restore was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore: Option<Restore>,
    /// `x-amz-expiration`: when a lifecycle rule will remove it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Expiration>,
    /// `x-amz-replication-status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication_status: Option<String>,
    /// `x-amz-missing-meta`: entries of user metadata that no header can carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_meta: Option<u64>,
    /// `x-amz-delete-marker: true`.
    pub delete_marker: bool,
}

/// How an object is encrypted at rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EncryptionState {
    /// `x-amz-server-side-encryption`: `AES256`, `aws:kms`, `aws:kms:dsse`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// `x-amz-server-side-encryption-aws-kms-key-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// `x-amz-server-side-encryption-bucket-key-enabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket_key: Option<bool>,
    /// `x-amz-server-side-encryption-customer-algorithm`: present for SSE-C.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_algorithm: Option<String>,
    /// `x-amz-server-side-encryption-customer-key-MD5`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_key_md5: Option<String>,
}

/// `x-amz-restore`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restore {
    /// Whether the restore is still under way.
    pub ongoing: bool,
    /// Until when the restored copy stays, as S3 wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry_date: Option<String>,
}

impl Restore {
    /// Reads `ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"`.
    pub fn parse(text: &str) -> Option<Self> {
        let fields = quoted_fields(text)?;
        let ongoing = match field(&fields, "ongoing-request")?.as_str() {
            "true" => true,
            "false" => false,
            _ => return None,
        };
        Some(Self { ongoing, expiry_date: field(&fields, "expiry-date") })
    }
}

/// `x-amz-expiration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expiration {
    /// When, as S3 wrote it.
    pub expiry_date: String,
    /// Id of the lifecycle rule, decoded.
    pub rule_id: String,
}

impl Expiration {
    /// Reads `expiry-date="Fri, 21 Dec 2012 00:00:00 GMT", rule-id="Rule%201"`; the id is URL-encoded.
    pub fn parse(text: &str) -> Option<Self> {
        let fields = quoted_fields(text)?;
        let rule_id = field(&fields, "rule-id")?;
        let rule_id = percent_decode_str(&rule_id).decode_utf8_lossy().into_owned();
        Some(Self { expiry_date: field(&fields, "expiry-date")?, rule_id })
    }
}

fn field(fields: &[(String, String)], name: &str) -> Option<String> {
    fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone())
}

/// Reads `name="value", name="value"`; dates hold commas, so the quotes decide.
fn quoted_fields(text: &str) -> Option<Vec<(String, String)>> {
    let (mut fields, mut rest) = (Vec::new(), text.trim());
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        fields.push((name.trim().to_ascii_lowercase(), value.to_owned()));
        rest = after.trim_start();
        rest = match rest.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    Some(fields)
}

impl HeadObjectOutput {
    /// A response header by its name in any letter case, as it came.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// What the headers say of the object's state.
    pub fn state(&self) -> ObjectState {
        let owned = |name: &str| self.header(name).map(str::to_owned);
        let p = &self.properties;
        ObjectState {
            encryption: EncryptionState {
                algorithm: owned("x-amz-server-side-encryption").or(p.server_side_encryption.clone()),
                kms_key_id: owned("x-amz-server-side-encryption-aws-kms-key-id").or(p.ssekms_key_id.clone()),
                bucket_key: self
                    .header("x-amz-server-side-encryption-bucket-key-enabled")
                    .map(|v| v.eq_ignore_ascii_case("true")),
                customer_algorithm: owned("x-amz-server-side-encryption-customer-algorithm"),
                customer_key_md5: owned("x-amz-server-side-encryption-customer-key-md5"),
            },
            lock_mode: owned("x-amz-object-lock-mode"),
            retain_until: owned("x-amz-object-lock-retain-until-date"),
            legal_hold: owned("x-amz-object-lock-legal-hold"),
            archive_status: owned("x-amz-archive-status"),
            restore: self.header("x-amz-restore").and_then(Restore::parse),
            expiration: self.header("x-amz-expiration").and_then(Expiration::parse),
            replication_status: owned("x-amz-replication-status"),
            missing_meta: self.header("x-amz-missing-meta").and_then(|v| v.trim().parse().ok()),
            delete_marker: self
                .header("x-amz-delete-marker")
                .is_some_and(|v| v.trim().eq_ignore_ascii_case("true")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn restore_and_expiration_are_read_and_what_is_none_of_them_is_not() {
        let restored = "ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec 2012 00:00:00 GMT\"";
        assert_eq!(
            Restore::parse(restored),
            Some(Restore { ongoing: false, expiry_date: Some("Fri, 21 Dec 2012 00:00:00 GMT".into()) })
        );
        assert_eq!(
            Restore::parse("ongoing-request=\"true\""),
            Some(Restore { ongoing: true, expiry_date: None })
        );
        let expires = "expiry-date=\"Fri, 21 Dec 2012 00:00:00 GMT\", rule-id=\"Rule%201\"";
        assert_eq!(Expiration::parse(expires).map(|e| e.rule_id).as_deref(), Some("Rule 1"));
        for wrong in
            ["", "ongoing-request=true", "ongoing-request=\"maybe\"", "expiry-date=\"x\"", "a=\"b\" c"]
        {
            assert_eq!((Restore::parse(wrong), Expiration::parse(wrong)), (None, None), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_header_value_can_be_asked(text: String) {
            let _ = (Restore::parse(&text), Expiration::parse(&text));
        }
    }
}
