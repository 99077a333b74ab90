//! Additional checksums: their names, their two types, and the values an answer carries.
//!
//! COMPOSITE is the checksum of the concatenated raw part checksums and is written with `-N`; FULL_OBJECT is
//! over the object's bytes. Source: S3 User Guide, "Checking object integrity".

use serde::{Deserialize, Serialize};

/// The algorithms S3 general purpose buckets answered with in the recordings this program follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ChecksumAlgorithm {
    /// CRC-32 (ISO-HDLC).
    #[serde(rename = "CRC32")]
    Crc32,
    /// CRC-32C (Castagnoli).
    #[serde(rename = "CRC32C")]
    Crc32c,
    /// CRC-64/NVME; S3's own default.
    #[serde(rename = "CRC64NVME")]
    Crc64Nvme,
    /// SHA-1.
    #[serde(rename = "SHA1")]
    Sha1,
    /// SHA-256.
    #[serde(rename = "SHA256")]
    Sha256,
}

impl ChecksumAlgorithm {
    /// All five.
    pub const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// S3's name, as in `x-amz-checksum-algorithm`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The header that carries its value.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    /// Reads S3's name, in any letter case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name().eq_ignore_ascii_case(name))
    }

    /// Whether S3 allows COMPOSITE for it in a multipart upload.
    pub fn allows_composite(self) -> bool {
        self != Self::Crc64Nvme
    }

    /// Whether S3 allows FULL_OBJECT for it in a multipart upload: only CRCs can be combined from parts.
    pub fn allows_full_object(self) -> bool {
        matches!(self, Self::Crc32 | Self::Crc32c | Self::Crc64Nvme)
    }

    /// The type CreateMultipartUpload chooses when none is named.
    pub fn default_type(self) -> ChecksumType {
        if self == Self::Crc64Nvme { ChecksumType::FullObject } else { ChecksumType::Composite }
    }
}

/// What a multipart checksum was computed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChecksumType {
    /// The raw part checksums, concatenated.
    #[serde(rename = "COMPOSITE")]
    Composite,
    /// The object's bytes.
    #[serde(rename = "FULL_OBJECT")]
    FullObject,
}

impl ChecksumType {
    /// S3's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Composite => "COMPOSITE",
            Self::FullObject => "FULL_OBJECT",
        }
    }

    /// Reads S3's name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Composite, Self::FullObject].into_iter().find(|t| t.name() == name)
    }
}

/// The checksum values of one answer: algorithm name and base64 value, with `-N` where S3 writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Checksums {
    /// Name (`CRC32`, …) and value.
    pub values: Vec<(String, String)>,
    /// `x-amz-checksum-type` or `ChecksumType`, verbatim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum_type: Option<String>,
}

impl Checksums {
    /// Whether the answer carried none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.checksum_type.is_none()
    }

    /// The value of one algorithm.
    pub fn get(&self, algorithm: &str) -> Option<&str> {
        self.values.iter().find(|(name, _)| name.eq_ignore_ascii_case(algorithm)).map(|(_, v)| v.as_str())
    }
}
