//! How an object is encrypted, as far as one can tell from outside: headers, keys that must fit, and whether
//! ETags are MD5s. Nothing is really encrypted here.

use serde::{Deserialize, Serialize};

/// Server-side encryption of an object, an upload, or by default of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encryption {
    /// SSE-S3, `AES256`: what every object has unless told otherwise. ETags are MD5s.
    #[default]
    S3,
    /// SSE-KMS or, doubly, DSSE-KMS. ETags are opaque.
    Kms {
        /// DSSE-KMS, `aws:kms:dsse`.
        dsse: bool,
        /// ARN of the key.
        key: String,
        /// Whether a bucket key saves calls to KMS.
        bucket_key: bool,
    },
    /// SSE-C: the client's own key, of which only the MD5 is kept. ETags are opaque.
    Customer {
        /// Base64 MD5 of the key.
        key_md5: String,
    },
}

impl Encryption {
    /// Whether ETags of what is encrypted so tell nothing about the bytes.
    pub fn is_opaque(&self) -> bool {
        *self != Self::S3
    }

    /// Base64 MD5 of the key that reading needs, for SSE-C.
    pub fn customer_key(&self) -> Option<&str> {
        match self {
            Self::Customer { key_md5 } => Some(key_md5),
            Self::S3 | Self::Kms { .. } => None,
        }
    }

    /// The headers that name it in answers.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::S3 => vec![("x-amz-server-side-encryption", "AES256".to_owned())],
            Self::Kms { dsse, key, bucket_key } => {
                let name = if *dsse { "aws:kms:dsse" } else { "aws:kms" };
                let mut list = vec![
                    ("x-amz-server-side-encryption", name.to_owned()),
                    ("x-amz-server-side-encryption-aws-kms-key-id", key.clone()),
                ];
                if *bucket_key {
                    list.push(("x-amz-server-side-encryption-bucket-key-enabled", "true".to_owned()));
                }
                list
            }
            Self::Customer { key_md5 } => vec![
                ("x-amz-server-side-encryption-customer-algorithm", "AES256".to_owned()),
                ("x-amz-server-side-encryption-customer-key-MD5", key_md5.clone()),
            ],
        }
    }
}
