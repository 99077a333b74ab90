//! Access control lists in headers and documents.

use super::document::{self, Element};
use super::{State, found, owner, version};
use crate::sandbox::answer::{Response, Xml};
use crate::sandbox::error::S3Error;
use crate::sandbox::request::Request;
use crate::sandbox::store::access::{
    ALL_USERS, AUTHENTICATED_USERS, Acl, Grant, Grantee, LOG_DELIVERY, PERMISSIONS,
};
use crate::sandbox::store::bucket::Settings;

const GRANTS: [(&str, &str); 5] = [
    ("x-amz-grant-full-control", "FULL_CONTROL"),
    ("x-amz-grant-read", "READ"),
    ("x-amz-grant-write", "WRITE"),
    ("x-amz-grant-read-acp", "READ_ACP"),
    ("x-amz-grant-write-acp", "WRITE_ACP"),
];

/// The list that headers ask for, and the canned name if it was one; `None` when no header speaks of it.
fn asked(request: &Request) -> Result<Option<(Acl, Option<String>)>, S3Error> {
    let canned = request.header("x-amz-acl").map(str::trim);
    let granted = GRANTS.iter().any(|(header, _)| request.header(header).is_some());
    match (canned, granted) {
        (None, false) => Ok(None),
        (Some(_), true) => {
            Err(S3Error::invalid_request("Specifying both Canned ACLs and Header Grants is not allowed"))
        }
        (Some(name), false) => {
            let acl = Acl::canned(name);
            let acl = acl.ok_or_else(|| S3Error::invalid_argument("", "x-amz-acl", name))?;
            Ok(Some((acl, Some(name.to_owned()))))
        }
        (None, true) => {
            let mut list = Vec::new();
            for (header, permission) in GRANTS {
                for value in request.header(header).into_iter().flat_map(|v| v.split(',')) {
                    let grantee = grantee_of(header, value.trim())?;
                    list.push(Grant { grantee, permission: permission.to_owned() });
                }
            }
            Ok(Some((Acl(list), None)))
        }
    }
}

/// `id="…"`, `uri="…"`.
fn grantee_of(header: &str, text: &str) -> Result<Grantee, S3Error> {
    let unquoted = |value: &str| value.trim().trim_matches('"').to_owned();
    match text.split_once('=') {
        Some(("id", id)) => user(unquoted(id), "id"),
        Some(("uri", uri)) => group(unquoted(uri), "uri"),
        Some(("emailAddress", _)) => Err(S3Error::method_not_allowed("PUT")),
        _ => Err(S3Error::invalid_argument("Argument format not recognized", header, text)),
    }
}

fn user(id: String, argument: &str) -> Result<Grantee, S3Error> {
    if id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(Grantee::User(id))
    } else {
        Err(S3Error::invalid_argument("Invalid id", argument, &id))
    }
}

fn group(uri: String, argument: &str) -> Result<Grantee, S3Error> {
    if [ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY].contains(&uri.as_str()) {
        Ok(Grantee::Group(uri))
    } else {
        Err(S3Error::invalid_argument("Invalid group uri", argument, &uri))
    }
}

/// The list an object is written with: what headers ask for if the bucket takes it, or the owner's alone.
pub(super) fn of_object(request: &Request, settings: &Settings) -> Result<Acl, S3Error> {
    let Some((acl, canned)) = asked(request)? else { return Ok(Acl::default()) };
    acl.allowed_in(settings, canned.as_deref())?;
    Ok(acl)
}

/// The list a bucket is made with.
pub(super) fn of_new_bucket(request: &Request, settings: &Settings) -> Result<Acl, S3Error> {
    let Some((acl, canned)) = asked(request)? else { return Ok(Acl::default()) };
    if canned.as_deref() == Some("private") {
        return Ok(acl);
    }
    acl.allowed_in(settings, canned.as_deref()).map_err(|error| match error.code {
        "AccessControlListNotSupported" => S3Error::new(
            400,
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        ),
        _ => error,
    })?;
    Ok(acl)
}

fn malformed() -> S3Error {
    S3Error::new(
        400,
        "MalformedACLError",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}

/// The list of a request that does nothing but set it.
fn to_set(request: &Request, settings: &Settings) -> Result<Acl, S3Error> {
    let (acl, canned) = match (asked(request)?, request.body.is_empty()) {
        (Some(_), false) => {
            return Err(S3Error::new(400, "UnexpectedContent", "This request does not support content"));
        }
        (Some(asked), true) => asked,
        (None, true) => {
            let missing =
                S3Error::new(400, "MissingSecurityHeader", "Your request was missing a required header");
            return Err(missing.with("MissingHeaderName", "x-amz-acl"));
        }
        (None, false) => (in_document(&request.body)?, None),
    };
    acl.allowed_in(settings, canned.as_deref())?;
    Ok(acl)
}

fn in_document(body: &[u8]) -> Result<Acl, S3Error> {
    let root = document::read(body, "AccessControlPolicy").map_err(|_| malformed())?;
    let list = root.all("AccessControlList").next().ok_or_else(malformed)?;
    let owner = root.all("Owner").next().and_then(|o| o.child("ID")).ok_or_else(malformed)?;
    // A document of the wrong form is that first of all.
    list.all("Grant").try_for_each(|g| if is_grant(g) { Ok(()) } else { Err(malformed()) })?;
    user(owner.to_owned(), "CanonicalUser/ID")?;
    list.all("Grant").map(grant).collect::<Result<Vec<_>, _>>().map(Acl)
}

fn is_grant(element: &Element) -> bool {
    let named = |grantee: &Element| {
        ["ID", "URI", "EmailAddress"].iter().filter(|name| grantee.child(name).is_some()).count() == 1
    };
    element.all("Grantee").next().is_some_and(named)
        && element.child("Permission").is_some_and(|p| PERMISSIONS.contains(&p))
}

fn grant(element: &Element) -> Result<Grant, S3Error> {
    let grantee = element.all("Grantee").next().ok_or_else(malformed)?;
    let permission = element.child("Permission").filter(|p| PERMISSIONS.contains(p)).ok_or_else(malformed)?;
    let grantee = match (grantee.child("ID"), grantee.child("URI"), grantee.child("EmailAddress")) {
        (Some(id), None, None) => user(id.to_owned(), "CanonicalUser/ID")?,
        (None, Some(uri), None) => group(uri.to_owned(), "Group/URI")?,
        (None, None, Some(_)) => return Err(S3Error::method_not_allowed("PUT")),
        _ => return Err(malformed()),
    };
    Ok(Grant { grantee, permission: permission.to_owned() })
}

fn written(acl: &Acl) -> Response {
    let mut xml = Xml::result("AccessControlPolicy");
    owner(&mut xml);
    xml.open("AccessControlList");
    for grant in &acl.0 {
        let (kind, name, value) = match &grant.grantee {
            Grantee::User(id) => ("CanonicalUser", "ID", id),
            Grantee::Group(uri) => ("Group", "URI", uri),
        };
        xml.open("Grant")
            .open(&format!(
                "Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"{kind}\""
            ))
            .text(name, value)
            .close("Grantee")
            .text("Permission", &grant.permission)
            .close("Grant");
    }
    xml.close("AccessControlList");
    Response::xml(xml)
}

/// GetBucketAcl.
pub(super) fn of_bucket(state: &State, request: &Request) -> Result<Response, S3Error> {
    let acl = state.store().bucket(&request.bucket)?.settings.acl.clone();
    Ok(written(&acl))
}

/// PutBucketAcl.
pub(super) fn put_bucket(state: &State, request: &Request) -> Result<Response, S3Error> {
    let mut store = state.store();
    let acl = to_set(request, &store.bucket(&request.bucket)?.settings)?;
    store.configure(&request.bucket, |s| s.acl = acl)?;
    Ok(Response::empty(200))
}

/// GetObjectAcl.
pub(super) fn get_object(state: &State, request: &Request) -> Result<Response, S3Error> {
    let (object, version) = found(state, request)?;
    Ok(written(&object.attached.acl).header_if("x-amz-version-id", version))
}

/// PutObjectAcl. The current version may not be a delete marker.
pub(super) fn put_object(state: &State, request: &Request) -> Result<Response, S3Error> {
    let mut store = state.store();
    let acl = to_set(request, &store.bucket(&request.bucket)?.settings)?;
    let name = (request.bucket.as_str(), request.key.as_str(), version(request));
    let object = store.attach(name, |attached| attached.acl = acl)?;
    let version = store.bucket(&request.bucket)?.version_header(&object.version);
    Ok(Response::empty(200).header_if("x-amz-version-id", version))
}
