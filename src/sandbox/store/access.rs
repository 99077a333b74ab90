//! Access control lists: kept and given back. The sandbox has one account, so they grant nothing to anyone.

use super::bucket::{Ownership, Settings};
use crate::sandbox::error::S3Error;
use serde::{Deserialize, Serialize};

/// The canonical user id that owns everything here.
pub const OWNER_ID: &str = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a";
/// Its account number.
pub const ACCOUNT: &str = "111111111111";
/// Anybody.
pub const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
/// Anybody with an account.
pub const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
/// The service that writes access logs.
pub const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

/// Who is granted something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grantee {
    /// An account, by its canonical id.
    User(String),
    /// A group, by its URI.
    Group(String),
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who.
    pub grantee: Grantee,
    /// `FULL_CONTROL`, `READ`, `WRITE`, `READ_ACP` or `WRITE_ACP`.
    pub permission: String,
}

/// The permissions there are.
pub const PERMISSIONS: [&str; 5] = ["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"];

/// A whole list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acl(pub Vec<Grant>);

impl Default for Acl {
    fn default() -> Self {
        Self(vec![owner("FULL_CONTROL")])
    }
}

fn owner(permission: &str) -> Grant {
    Grant { grantee: Grantee::User(OWNER_ID.to_owned()), permission: permission.to_owned() }
}

impl Acl {
    /// The list a canned name stands for. Owner of bucket and object are one here.
    pub fn canned(name: &str) -> Option<Self> {
        let to = |group: &str, permission: &str| Grant {
            grantee: Grantee::Group(group.to_owned()),
            permission: permission.to_owned(),
        };
        let more = match name {
            "private" | "bucket-owner-read" | "bucket-owner-full-control" | "aws-exec-read" => vec![],
            "public-read" => vec![to(ALL_USERS, "READ")],
            "public-read-write" => vec![to(ALL_USERS, "READ"), to(ALL_USERS, "WRITE")],
            "authenticated-read" => vec![to(AUTHENTICATED_USERS, "READ")],
            "log-delivery-write" => vec![to(LOG_DELIVERY, "WRITE"), to(LOG_DELIVERY, "READ_ACP")],
            _ => return None,
        };
        Some(Self([vec![owner("FULL_CONTROL")], more].concat()))
    }

    /// Whether it grants something to everybody.
    pub fn is_public(&self) -> bool {
        self.0.iter().any(
            |g| matches!(&g.grantee, Grantee::Group(uri) if uri == ALL_USERS || uri == AUTHENTICATED_USERS),
        )
    }

    /// Whether a bucket with these settings takes it. `BucketOwnerEnforced` takes only what is the case anyway.
    pub fn allowed_in(&self, settings: &Settings, canned: Option<&str>) -> Result<(), S3Error> {
        let enforced = settings.ownership == Some(Ownership::BucketOwnerEnforced);
        let same = canned.map_or(*self == Self::default(), |name| name == "bucket-owner-full-control");
        if enforced && !same {
            return Err(S3Error::new(400, "AccessControlListNotSupported", "The bucket does not allow ACLs"));
        }
        if self.is_public() && settings.public_access.is_some_and(|p| p.block_acls) {
            return Err(S3Error::new(403, "AccessDenied", "Access Denied"));
        }
        Ok(())
    }
}
