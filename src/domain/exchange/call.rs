//! Which call an exchange is. Other clients make calls that this program cannot make itself.

use crate::domain::operation::OperationKind;

/// The name of a call, as far as it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallKind {
    /// One that this program can make too.
    Known(OperationKind),
    /// Another of S3's operations, by S3's name.
    Other(&'static str),
    /// What no operation could be made of; its method, or [`CallKind::NO_METHOD`].
    Unnamed(&'static str),
}

/// S3's names of the operations that only other clients use here.
const OTHERS: [&str; 35] = [
    "CreateBucket",
    "DeleteBucket",
    "DeleteBucketEncryption",
    "DeleteBucketLifecycle",
    "DeleteBucketOwnershipControls",
    "DeleteBucketTagging",
    "DeleteObject",
    "DeleteObjects",
    "DeletePublicAccessBlock",
    "GetBucketAcl",
    "GetBucketEncryption",
    "GetBucketLifecycleConfiguration",
    "GetBucketLocation",
    "GetBucketOwnershipControls",
    "GetBucketRequestPayment",
    "GetBucketTagging",
    "GetBucketVersioning",
    "GetObjectLegalHold",
    "GetObjectLockConfiguration",
    "GetObjectRetention",
    "GetPublicAccessBlock",
    "HeadBucket",
    "ListObjects",
    "PutBucketAcl",
    "PutBucketEncryption",
    "PutBucketLifecycleConfiguration",
    "PutBucketOwnershipControls",
    "PutBucketTagging",
    "PutBucketVersioning",
    "PutObject",
    "PutObjectAcl",
    "PutObjectLegalHold",
    "PutObjectLockConfiguration",
    "PutObjectRetention",
    "PutPublicAccessBlock",
];

/// Methods that S3 and browsers use.
const METHODS: [&str; 7] = ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"];

impl CallKind {
    /// What a request is called that has none of the usual methods, or that came to no method at all.
    pub const NO_METHOD: &'static str = "request";

    /// The call with S3's name; `None` for a name that is not in the tables.
    pub fn named(name: &str) -> Option<Self> {
        let known = OperationKind::ALL.into_iter().find(|kind| kind.name() == name);
        let other = || OTHERS.into_iter().find(|other| *other == name);
        known.map(Self::Known).or_else(|| other().map(Self::Other))
    }

    /// S3's names of all calls that have one.
    pub fn names() -> impl Iterator<Item = &'static str> {
        OperationKind::ALL.into_iter().map(OperationKind::name).chain(OTHERS)
    }

    /// A call of which only the method is known.
    pub fn unnamed(method: &str) -> Self {
        Self::Unnamed(METHODS.into_iter().find(|m| *m == method).unwrap_or(Self::NO_METHOD))
    }

    /// S3's name, or the method.
    pub fn name(self) -> &'static str {
        match self {
            Self::Known(kind) => kind.name(),
            Self::Other(name) | Self::Unnamed(name) => name,
        }
    }

    /// The operation, when this program can make it too.
    pub fn known(self) -> Option<OperationKind> {
        if let Self::Known(kind) = self { Some(kind) } else { None }
    }

    /// Whether it changes what S3 stores.
    pub fn writes(self) -> bool {
        match self {
            Self::Known(kind) => kind.writes(),
            Self::Other(name) => !["Get", "Head", "List"].iter().any(|read| name.starts_with(read)),
            Self::Unnamed(method) => !matches!(method, "GET" | "HEAD" | "OPTIONS"),
        }
    }
}

impl From<OperationKind> for CallKind {
    fn from(kind: OperationKind) -> Self {
        Self::Known(kind)
    }
}

impl PartialEq<OperationKind> for CallKind {
    fn eq(&self, kind: &OperationKind) -> bool {
        *self == Self::Known(*kind)
    }
}

impl std::fmt::Display for CallKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_call_and_no_name_has_two() {
        for kind in OperationKind::ALL {
            assert_eq!(CallKind::named(kind.name()), Some(CallKind::Known(kind)));
            assert_eq!(CallKind::from(kind).writes(), kind.writes());
        }
        for name in OTHERS {
            assert_eq!(CallKind::named(name), Some(CallKind::Other(name)));
        }
        assert_eq!(CallKind::named("SelectObjectContent"), None);
    }

    #[test]
    fn what_has_no_name_is_called_by_its_method() {
        assert_eq!(CallKind::unnamed("PUT").name(), "PUT");
        assert_eq!(CallKind::unnamed("get").name(), "request");
        assert!(CallKind::unnamed("DELETE").writes() && !CallKind::unnamed("HEAD").writes());
        assert!(CallKind::Other("PutObject").writes() && !CallKind::Other("ListObjects").writes());
    }
}
