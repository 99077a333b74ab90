//! The words a rule is made of, and what each operation can be told apart by.

/// The word for every operation.
pub const ANY: &str = "any";

/// What a request of an operation names besides its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Names {
    /// Nothing.
    Bucket,
    /// A key.
    Key,
    /// A key, and it may name a part.
    Part,
}

use Names as N;

/// Every operation of the sandbox by S3's name.
const ALL: [(&str, Names); 53] = [
    ("CreateMultipartUpload", N::Key),
    ("UploadPart", N::Part),
    ("UploadPartCopy", N::Part),
    ("CompleteMultipartUpload", N::Key),
    ("AbortMultipartUpload", N::Key),
    ("ListParts", N::Key),
    ("ListMultipartUploads", N::Bucket),
    ("PutObject", N::Key),
    ("CopyObject", N::Key),
    ("GetObject", N::Part),
    ("HeadObject", N::Part),
    ("GetObjectAttributes", N::Key),
    ("GetObjectTagging", N::Key),
    ("PutObjectTagging", N::Key),
    ("DeleteObjectTagging", N::Key),
    ("GetObjectAcl", N::Key),
    ("PutObjectAcl", N::Key),
    ("GetObjectRetention", N::Key),
    ("PutObjectRetention", N::Key),
    ("GetObjectLegalHold", N::Key),
    ("PutObjectLegalHold", N::Key),
    ("DeleteObject", N::Key),
    ("DeleteObjects", N::Bucket),
    ("ListBuckets", N::Bucket),
    ("CreateBucket", N::Bucket),
    ("DeleteBucket", N::Bucket),
    ("HeadBucket", N::Bucket),
    ("GetBucketLocation", N::Bucket),
    ("GetBucketVersioning", N::Bucket),
    ("PutBucketVersioning", N::Bucket),
    ("GetBucketEncryption", N::Bucket),
    ("PutBucketEncryption", N::Bucket),
    ("DeleteBucketEncryption", N::Bucket),
    ("GetBucketOwnershipControls", N::Bucket),
    ("PutBucketOwnershipControls", N::Bucket),
    ("DeleteBucketOwnershipControls", N::Bucket),
    ("GetPublicAccessBlock", N::Bucket),
    ("PutPublicAccessBlock", N::Bucket),
    ("DeletePublicAccessBlock", N::Bucket),
    ("GetBucketTagging", N::Bucket),
    ("PutBucketTagging", N::Bucket),
    ("DeleteBucketTagging", N::Bucket),
    ("GetBucketRequestPayment", N::Bucket),
    ("GetBucketAcl", N::Bucket),
    ("PutBucketAcl", N::Bucket),
    ("GetObjectLockConfiguration", N::Bucket),
    ("PutObjectLockConfiguration", N::Bucket),
    ("GetBucketLifecycleConfiguration", N::Bucket),
    ("PutBucketLifecycleConfiguration", N::Bucket),
    ("DeleteBucketLifecycle", N::Bucket),
    ("ListObjects", N::Bucket),
    ("ListObjectsV2", N::Bucket),
    ("ListObjectVersions", N::Bucket),
];

const fn names_only() -> [&'static str; ALL.len()] {
    let mut out = [""; ALL.len()];
    let mut i = 0;
    while i < ALL.len() {
        out[i] = ALL[i].0;
        i += 1;
    }
    out
}

/// S3's names of the operations a rule can be about.
pub const OPERATIONS: [&str; ALL.len()] = names_only();

/// What an operation names; `None` for no such operation.
pub(super) fn named_by(operation: &str) -> Option<Names> {
    ALL.iter().find(|(name, _)| *name == operation).map(|(_, names)| *names)
}

/// Operations that may answer 200 and then an error.
pub(super) const LATE: [&str; 3] = ["CompleteMultipartUpload", "UploadPartCopy", "CopyObject"];
/// Operations whose body is data.
pub(super) const DATA: [&str; 2] = ["UploadPart", "PutObject"];

/// The actions as they are written, with the form of their value.
pub const ACTIONS: [&str; 13] = [
    "slow-down",
    "internal-error",
    "delay=TIME",
    "slow-answer=BYTES-PER-SECOND",
    "reset",
    "reset-after=BYTES",
    "lost-answer",
    "corrupt",
    "error-after-200",
    "expired-token",
    "clock-skew=TIME",
    "permanent-redirect=REGION",
    "temporary-redirect=REGION",
];

/// The words that say which requests are met, as they are written.
pub(super) const LIMITS: [&str; 5] = ["part=N", "key=PREFIX", "after=N", "times=N", "always"];

/// The choices that are most likely meant by a word: those that begin so, else those that hold it or are a slip or
/// two away.
pub(super) fn near<'a>(word: &str, choices: impl Iterator<Item = &'a str> + Clone) -> Vec<&'a str> {
    let word = word.to_ascii_lowercase();
    let name = word.split('=').next().unwrap_or("");
    if name.is_empty() {
        return Vec::new();
    }
    let plain = |choice: &str| choice.split('=').next().unwrap_or("").to_ascii_lowercase();
    let begun: Vec<&str> = choices.clone().filter(|c| plain(c).starts_with(name)).collect();
    if !begun.is_empty() {
        return begun;
    }
    choices
        .filter(|choice| {
            let choice = plain(choice);
            choice.contains(name) || distance(name, &choice) <= 2.max(choice.len() / 6)
        })
        .collect()
}

/// How many letters must be added, dropped or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (slot, y) in row.iter_mut().skip(1).zip(&b) {
            let above = *slot;
            let new = (corner + usize::from(x != *y)).min(above + 1).min(left + 1);
            corner = above;
            left = new;
            *slot = new;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised() {
        let near = |word| near(word, OPERATIONS.into_iter());
        assert_eq!(near("uploadprat"), ["UploadPart"]);
        assert_eq!(near("UploadPart"), ["UploadPart", "UploadPartCopy"]);
        assert_eq!(near("taggin").len(), 6);
        assert_eq!(near("CompleteMultipartUplaod"), ["CompleteMultipartUpload"]);
        assert_eq!(near("Frobnicate"), [""; 0]);
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "ab"), 2);
    }
}
