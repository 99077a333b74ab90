//! A key of the client's own (SSE-C), as three headers of a request say it.

use super::operation::Operation;
use super::preview::preview_head;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

/// The three headers' names, all of which begin alike.
pub const PREFIX: &str = "x-amz-server-side-encryption-customer-";

/// Values of the three headers. What is printed of it for debugging leaves the key out.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerKey {
    /// `AES256`.
    pub algorithm: String,
    /// The key in base64: a secret.
    pub key: String,
    /// Its MD5 in base64.
    pub md5: String,
}

impl std::fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CustomerKey").field("md5", &self.md5).finish_non_exhaustive()
    }
}

/// What a request says about a client's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// Nothing.
    Nothing,
    /// Three headers that go together.
    Key(CustomerKey),
    /// Headers that S3 cannot make a key of.
    Wrong {
        /// S3's error code.
        code: &'static str,
        /// The rule that is broken.
        why: &'static str,
    },
}

/// What is known of how an upload was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Somebody else sent the Create.
    Unknown,
    /// Without a client's key.
    Without,
    /// With this one.
    With(CustomerKey),
}

/// Reads the headers of a request as it will be sent, in the order in which S3 checks them.
pub fn named(operation: &Operation) -> Named {
    let told = preview_head(operation);
    let header = |name: &str| {
        let value = told.header(&format!("{PREFIX}{name}"))?.trim().to_owned();
        (!value.is_empty()).then_some(value)
    };
    let argument = |why| Named::Wrong { code: "InvalidArgument", why };
    let (algorithm, key, md5) = (header("algorithm"), header("key"), header("key-md5"));
    if algorithm.is_none() && key.is_none() && md5.is_none() {
        return Named::Nothing;
    }
    if told.header("x-amz-server-side-encryption").is_some() {
        return argument("a client's own key and ServerSideEncryption exclude each other");
    }
    let Some(algorithm) = algorithm else {
        return argument("a client's own key needs SSECustomerAlgorithm beside it");
    };
    if algorithm != "AES256" {
        let why = "SSECustomerAlgorithm is AES256";
        return Named::Wrong { code: "InvalidEncryptionAlgorithmError", why };
    }
    let Some(key) = key else { return argument("SSECustomerAlgorithm needs SSECustomerKey beside it") };
    let raw = STANDARD.decode(&key).unwrap_or_default();
    let Some(md5) = md5.filter(|_| raw.len() == 32) else {
        return argument("SSECustomerKey is 32 bytes in base64, and SSECustomerKeyMD5 stands beside it");
    };
    if STANDARD.encode(Md5::digest(&raw)) != md5 {
        return argument("SSECustomerKeyMD5 is not the MD5 of the key");
    }
    Named::Key(CustomerKey { algorithm, key, md5 })
}

/// What an upload is begun with by a Create that is sent; unreadable headers begin none.
pub fn begun_by(create: &Operation) -> Begun {
    match named(create) {
        Named::Nothing => Begun::Without,
        Named::Key(key) => Begun::With(key),
        Named::Wrong { .. } => Begun::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::ObjectRef;
    use crate::domain::operation::Amendment;
    use crate::domain::plan::UploadPlan;

    /// What a Create with these three values says.
    fn of(algorithm: &str, key: &str, md5: &str) -> Named {
        let create = Operation::CreateMultipartUpload(UploadPlan::empty(ObjectRef::new("b", "k")).create());
        let values = [("algorithm", algorithm), ("key", key), ("key-md5", md5)];
        let set = values.iter().filter(|(_, value)| !value.is_empty());
        let headers = set.map(|(n, v)| (format!("{PREFIX}{n}"), Some((*v).to_owned()))).collect();
        named(&create.amended(Amendment { query: Vec::new(), headers }))
    }

    #[test]
    fn the_three_headers_must_go_together() {
        let key = STANDARD.encode([7; 32]);
        let md5 = STANDARD.encode(Md5::digest([7; 32]));
        assert!(matches!(of("AES256", &key, &md5), Named::Key(_)));
        assert_eq!(of("", "", ""), Named::Nothing);
        let wrong = |named: Named| match named {
            Named::Wrong { code, why } => (code, why),
            other => panic!("{other:?}"),
        };
        for (algorithm, key, md5, says) in [
            ("", key.as_str(), md5.as_str(), "needs SSECustomerAlgorithm"),
            ("AES256", "", "", "needs SSECustomerKey"),
            ("AES256", &key, "", "SSECustomerKeyMD5 stands beside it"),
            ("AES256", "AAAA", &md5, "32 bytes"),
            ("AES256", &key, "AAAAAAAAAAAAAAAAAAAAAA==", "not the MD5 of the key"),
        ] {
            let (code, why) = wrong(of(algorithm, key, md5));
            assert_eq!(code, "InvalidArgument");
            assert!(why.contains(says), "{why}");
        }
        assert_eq!(wrong(of("AES512", &key, &md5)).0, "InvalidEncryptionAlgorithmError");
    }

    #[test]
    fn the_key_is_not_printed() {
        let key = STANDARD.encode([7; 32]);
        let named = of("AES256", &key, &STANDARD.encode(Md5::digest([7; 32])));
        assert!(!format!("{named:?}").contains(&key));
    }
}
