//! The calls and parameters that scripts can say, read from `assets/export.toml`, and what each client calls them.

use serde::Deserialize;
use std::sync::OnceLock;

/// A call of S3 that the clients have a command or a method for.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct CallRow {
    /// S3's name.
    pub name: String,
    /// Names of its parameters, without Bucket, Key and what stands in a body.
    pub parameters: Vec<String>,
}

/// A parameter that stands in the query or in a header.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct ParamRow {
    /// S3's name.
    pub name: String,
    /// The query parameter it becomes.
    #[serde(default)]
    pub query: Option<String>,
    /// The header it becomes, lower case.
    #[serde(default)]
    pub header: Option<String>,
    /// What it holds.
    pub kind: Kind,
}

/// What a parameter holds.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Any text.
    Text,
    /// One of several words; its own type in Rust.
    Enum,
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of 64 bits.
    Long,
    /// `true` or `false`.
    Boolean,
    /// A date.
    Time,
    /// Several words.
    List,
    /// All headers that begin so.
    Metadata,
    /// A copy source.
    Source,
    /// A whole number that the Rust SDK takes as text.
    Marker,
    /// A customer key: a secret.
    Key,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    call: Vec<CallRow>,
    parameter: Vec<ParamRow>,
}

fn file() -> &'static File {
    static FILE: OnceLock<File> = OnceLock::new();
    // The file is part of the program; a test reads it, so a mistake in it cannot ship.
    FILE.get_or_init(|| {
        toml::from_str(include_str!("../../../assets/export.toml"))
            .unwrap_or(File { call: Vec::new(), parameter: Vec::new() })
    })
}

/// Every call of the table.
pub fn calls() -> &'static [CallRow] {
    &file().call
}

/// Every parameter of the table.
pub fn parameters() -> &'static [ParamRow] {
    &file().parameter
}

/// The call with S3's name.
pub fn call(name: &str) -> Option<&'static CallRow> {
    calls().iter().find(|c| c.name == name)
}

impl CallRow {
    /// Its parameter that becomes this query parameter.
    pub fn of_query(&self, name: &str) -> Option<&'static ParamRow> {
        parameters().iter().find(|p| p.query.as_deref() == Some(name) && self.parameters.contains(&p.name))
    }

    /// Its parameter that becomes this header, named in lower case.
    pub fn of_header(&self, name: &str) -> Option<&'static ParamRow> {
        let fits = |p: &&ParamRow| match (&p.header, p.kind) {
            (Some(start), Kind::Metadata) => name.strip_prefix(start.as_str()).is_some_and(|n| !n.is_empty()),
            (header, _) => header.as_deref() == Some(name),
        };
        parameters().iter().filter(fits).find(|p| self.parameters.contains(&p.name))
    }

    /// Whether it only reads.
    pub fn reads(&self) -> bool {
        ["List", "Head", "Get"].iter().any(|start| self.name.starts_with(start))
    }
}

/// Whether some call has this header as a parameter.
pub fn is_header(name: &str) -> bool {
    calls().iter().any(|c| c.of_header(name).is_some())
}

/// A name of S3 as the clients write it, its words apart: `upload-part-copy`, `copy_source_if_match`.
///
/// The rule is botocore's, which the AWS CLI shares: a word begins with a capital that small letters follow, and with a
/// capital after a small letter or a digit.
pub fn apart(name: &str, between: char) -> String {
    let chars: Vec<char> = name.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or(' ');
    let mut out = String::new();
    for (i, c) in chars.iter().enumerate() {
        let after_small = i > 0 && (at(i - 1).is_ascii_lowercase() || at(i - 1).is_ascii_digit());
        let starts = c.is_ascii_uppercase() && (after_small || (i > 0 && at(i + 1).is_ascii_lowercase()));
        if starts && !out.ends_with(between) {
            out.push(between);
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The method of the Rust SDK for a name of S3.
pub fn rust_name(name: &str) -> String {
    match name {
        "ETag" => "e_tag".into(),
        "SSECustomerKeyMD5" => "sse_customer_key_md5".into(),
        _ => apart(name, '_'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::operation::OperationKind;

    #[test]
    fn the_file_is_read_and_every_parameter_stands_in_one_place() {
        let file: File = toml::from_str(include_str!("../../../assets/export.toml")).unwrap();
        assert_eq!((file.call.len(), file.parameter.len()), (calls().len(), parameters().len()));
        for p in parameters() {
            assert!(p.query.is_some() != p.header.is_some(), "{}", p.name);
            assert!(calls().iter().any(|c| c.parameters.contains(&p.name)), "no call has {}", p.name);
        }
        for c in calls() {
            for name in &c.parameters {
                assert!(parameters().iter().any(|p| p.name == *name), "{}: {name}", c.name);
            }
        }
        for kind in OperationKind::ALL {
            assert!(call(kind.name()).is_some(), "{kind} cannot be exported");
        }
    }

    #[test]
    fn names_are_taken_apart_as_the_clients_do() {
        for (name, want) in [
            ("UploadId", "upload-id"),
            ("ListObjectsV2", "list-objects-v2"),
            ("ChecksumCRC64NVME", "checksum-crc64-nvme"),
            ("ChecksumCRC32C", "checksum-crc32-c"),
            ("ChecksumSHA256", "checksum-sha256"),
            ("SSEKMSKeyId", "ssekms-key-id"),
            ("SSECustomerKeyMD5", "sse-customer-key-md5"),
            ("CopySourceSSECustomerKeyMD5", "copy-source-sse-customer-key-md5"),
            ("ACL", "acl"),
            ("GrantReadACP", "grant-read-acp"),
            ("ContentMD5", "content-md5"),
            ("ETag", "e-tag"),
        ] {
            assert_eq!(apart(name, '-'), want);
        }
    }
}
