//! S3's documented limits as data, with the date they were read.
//!
//! Source: Amazon S3 User Guide, "Multipart upload limits"; the object maximum was raised from 5 TiB to
//! 48.8 TiB (10 000 parts of 5 GiB) in December 2025.

use super::units::{GIB, MIB};

/// What one S3 allows. Sizes are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Smallest part that is not the last; checked at CompleteMultipartUpload.
    pub min_part_size: u64,
    /// Largest part; checked at UploadPart and UploadPartCopy.
    pub max_part_size: u64,
    /// Highest part number and greatest number of parts.
    pub max_parts: u64,
    /// Largest source of one CopyObject and largest body of one PutObject.
    pub max_single_operation: u64,
    /// `x-amz-tagging` counts as system metadata, which is limited to 2 KB.
    pub max_tagging_header: usize,
    /// Tags on one object.
    pub max_tags: usize,
    /// Names and values of user metadata together; whether `x-amz-meta-` counts is unverified.
    pub max_user_metadata: usize,
}

/// The limits of Amazon S3 general purpose buckets.
pub const AWS: Limits = Limits {
    min_part_size: 5 * MIB,
    max_part_size: 5 * GIB,
    max_parts: 10_000,
    max_single_operation: 5 * GIB,
    max_tagging_header: 2048,
    max_tags: 10,
    max_user_metadata: 2048,
};

impl Limits {
    /// The largest object that can be made of parts.
    pub fn max_object_size(&self) -> u64 {
        self.max_parts * self.max_part_size
    }
}

/// Storage classes an object of a general purpose bucket may be written with. Source: API Reference, PutObject.
pub const STORAGE_CLASSES: [&str; 8] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
];

/// The canned access control lists of objects. Source: User Guide, "Access control list (ACL) overview".
pub const CANNED_ACLS: [&str; 7] = [
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_largest_object_is_48_8_tib() {
        assert_eq!(super::AWS.max_object_size(), 53_687_091_200_000);
    }
}
