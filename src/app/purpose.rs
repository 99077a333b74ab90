//! What a call is for: who waits for its answer.

use super::panes::compare;
use crate::domain::names::ObjectRef;
use crate::domain::operation::Operation;
use crate::domain::units::PartNumber;
use crate::domain::upload::Move;

/// What a call was for; its outcome goes there.
#[derive(Debug, Clone, PartialEq)]
pub enum Purpose {
    /// The bucket list.
    Buckets,
    /// A page of this bucket and prefix.
    Objects {
        /// Bucket.
        bucket: String,
        /// Prefix.
        prefix: String,
    },
    /// The uploads in progress of a bucket.
    Uploads(String),
    /// HEAD of the inspected object.
    Head(u64),
    /// HEAD of one part of the inspected object.
    HeadPart(u64, PartNumber),
    /// Tags of the inspected object.
    Tags(u64),
    /// Access control list of the inspected object.
    Acl(u64),
    /// Access control list of the source of the copy with this id on the workbench.
    SourceAcl(u64),
    /// One thing asked of the source that the upload with this id is compared with.
    Rescue(u64, compare::Asked),
    /// Attributes of the inspected object.
    Attributes(u64),
    /// A page of the versions of a key.
    Versions(u64),
    /// One thing asked of one of two objects that are compared.
    Compare(u64, compare::Which, compare::Asked),
    /// A move of the upload with this id on the workbench.
    Bench(u64, Move),
    /// A copy in one call.
    CopyObject(ObjectRef),
    /// A call written by hand that belongs to no upload on the workbench.
    Loose(Box<Operation>),
}
