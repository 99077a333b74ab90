//! Access control lists, locks and lifecycle: accepted where AWS accepts them, and given back.

use crate::client::{Answer, NOW, call, empty, options};
use crate::copy::{complete, create, part};
use partscope::sandbox::{Clock, SandboxOptions, Server};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

const DAY: u64 = 24 * 3600;

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.element("Code").unwrap_or_default())
}

/// A server whose bucket takes access control lists.
async fn open() -> Server {
    let server = empty().await;
    let owner = b"<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>";
    assert_eq!(call(&server, "PUT", "/bucket?ownershipControls", &[], owner).await.status, 200);
    assert_eq!(call(&server, "DELETE", "/bucket?publicAccessBlock", &[], b"").await.status, 204);
    server
}

#[tokio::test]
async fn s3_094_lists_are_refused_while_the_owner_is_enforced() {
    let server = empty().await;
    for (acl, wanted) in [
        ("public-read", (400, "AccessControlListNotSupported")),
        ("private", (400, "AccessControlListNotSupported")),
        ("bucket-owner-full-control", (200, "")),
        ("fake-acl", (400, "InvalidArgument")),
    ] {
        let put = call(&server, "PUT", "/bucket/k", &[("x-amz-acl", acl)], b"x").await;
        assert_eq!(code(&put), (wanted.0, wanted.1.into()), "{acl}");
        let begun = call(&server, "POST", "/bucket/k?uploads", &[("x-amz-acl", acl)], b"").await;
        assert_eq!(code(&begun), (wanted.0, wanted.1.into()), "{acl}");
    }
    let bucket = call(&server, "PUT", "/second", &[("x-amz-acl", "public-read")], b"").await;
    assert_eq!(code(&bucket), (400, "InvalidBucketAclWithObjectOwnership".into()));
    call(&server, "DELETE", "/bucket?ownershipControls", &[], b"").await;
    let public = call(&server, "PUT", "/bucket?acl", &[("x-amz-acl", "public-read")], b"").await;
    assert_eq!(code(&public), (403, "AccessDenied".into()));
}

#[tokio::test]
async fn s3_095_lists_are_set_by_name_by_header_and_by_document() {
    let server = open().await;
    call(&server, "PUT", "/bucket/k", &[], b"x").await;
    let log = "http://acs.amazonaws.com/groups/s3/LogDelivery";
    let grant = format!("uri=\"{log}\"");
    for target in ["/bucket?acl", "/bucket/k?acl"] {
        let read = async || call(&server, "GET", target, &[], b"").await;
        assert_eq!(read().await.elements("Permission"), ["FULL_CONTROL"]);
        assert_eq!(call(&server, "PUT", target, &[("x-amz-acl", "public-read")], b"").await.status, 200);
        assert_eq!(read().await.elements("Permission"), ["FULL_CONTROL", "READ"]);
        assert_eq!(read().await.elements("URI"), ["http://acs.amazonaws.com/groups/global/AllUsers"]);
        let granted = call(&server, "PUT", target, &[("x-amz-grant-read", &grant)], b"").await;
        assert_eq!((granted.status, read().await.elements("URI")), (200, vec![log.to_owned()]));
        let copy = read().await;
        assert_eq!(call(&server, "PUT", target, &[], &copy.body).await.status, 200);
        assert_eq!(read().await.body, copy.body);
        for (headers, body, wanted) in [
            (vec![("x-amz-acl", "fake-acl")], "", "InvalidArgument"),
            (vec![("x-amz-grant-write", "fakekey=\"1234\"")], "", "InvalidArgument"),
            (vec![("x-amz-grant-write", "id=\"wrong-id\"")], "", "InvalidArgument"),
            (vec![("x-amz-grant-write", "uri=\"http://x/\"")], "", "InvalidArgument"),
            (vec![("x-amz-acl", "private"), ("x-amz-grant-read", grant.as_str())], "", "InvalidRequest"),
            (vec![("x-amz-acl", "private")], "<AccessControlPolicy/>", "UnexpectedContent"),
            (vec![], "", "MissingSecurityHeader"),
            (vec![], "<AccessControlPolicy/>", "MalformedACLError"),
        ] {
            let refused = call(&server, "PUT", target, &headers, body.as_bytes()).await;
            assert_eq!(code(&refused), (400, wanted.into()), "{headers:?} {body}");
        }
    }
    // What Create names is what the object has; a copy starts anew.
    let id = create(&server, "/bucket/m", &[("x-amz-acl", "public-read")]).await;
    let tag = part(&server, "/bucket/m", &id, 1, b"x").await;
    complete(&server, "/bucket/m", &id, &[(1, tag)]).await;
    let lines =
        async |target: &str| call(&server, "GET", target, &[], b"").await.elements("Permission").len();
    assert_eq!(lines("/bucket/m?acl").await, 2);
    call(&server, "PUT", "/bucket/c", &[("x-amz-copy-source", "bucket/m")], b"").await;
    assert_eq!(lines("/bucket/c?acl").await, 1);
}

/// A server whose clock can be moved, with a bucket under Object Lock.
async fn locked() -> (Server, Arc<AtomicU64>) {
    let now = Arc::new(AtomicU64::new(NOW));
    let clock = Arc::clone(&now);
    let clock = Clock::custom(move || UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed)));
    let server = Server::start(SandboxOptions { clock, ..options(false) }).await.unwrap();
    let headers = [("x-amz-bucket-object-lock-enabled", "true")];
    assert_eq!(call(&server, "PUT", "/bucket", &headers, b"").await.status, 200);
    (server, now)
}

#[tokio::test]
async fn s3_096_a_locked_version_cannot_be_deleted() {
    let (server, _) = locked().await;
    let state = call(&server, "GET", "/bucket?object-lock", &[], b"").await;
    assert_eq!(state.element("ObjectLockEnabled").as_deref(), Some("Enabled"));
    let until = "2027-02-01T00:00:00Z";
    let lock = [("x-amz-object-lock-mode", "GOVERNANCE"), ("x-amz-object-lock-retain-until-date", until)];
    let put = call(&server, "PUT", "/bucket/k", &lock, b"x").await;
    let id = put.header("x-amz-version-id").unwrap().to_owned();
    let head = call(&server, "HEAD", "/bucket/k", &[], b"").await;
    assert_eq!(head.header("x-amz-object-lock-mode"), Some("GOVERNANCE"));
    assert_eq!(head.header("x-amz-object-lock-retain-until-date"), Some(until));
    let version = format!("/bucket/k?versionId={id}");
    let refused = call(&server, "DELETE", &version, &[], b"").await;
    assert_eq!(code(&refused), (403, "AccessDenied".into()));
    assert_eq!(
        refused.element("Message").as_deref(),
        Some("Access Denied because object protected by object lock.")
    );
    // A marker may always be added, and a copy is not locked.
    call(&server, "PUT", "/bucket/c", &[("x-amz-copy-source", "bucket/k")], b"").await;
    assert_eq!(call(&server, "HEAD", "/bucket/c", &[], b"").await.header("x-amz-object-lock-mode"), None);
    assert_eq!(call(&server, "DELETE", "/bucket/k", &[], b"").await.status, 204);
    let bypass = [("x-amz-bypass-governance-retention", "true")];
    let hold = format!("/bucket/k?legal-hold&versionId={id}");
    let on = b"<LegalHold><Status>ON</Status></LegalHold>";
    assert_eq!(call(&server, "PUT", &hold, &[], on).await.status, 200);
    assert_eq!(call(&server, "DELETE", &version, &bypass, b"").await.status, 403);
    let off = b"<LegalHold><Status>OFF</Status></LegalHold>";
    assert_eq!(call(&server, "PUT", &hold, &[], off).await.status, 200);
    assert_eq!(call(&server, "DELETE", &version, &bypass, b"").await.status, 204);

    let plain = empty().await;
    let refused = call(&plain, "PUT", "/bucket/k", &lock, b"x").await;
    assert_eq!(refused.element("Message").as_deref(), Some("Bucket is missing Object Lock Configuration"));
    let refused = call(&plain, "DELETE", "/bucket/k", &bypass, b"").await;
    assert_eq!(code(&refused), (400, "InvalidArgument".into()));
    let none = call(&plain, "GET", "/bucket?object-lock", &[], b"").await;
    assert_eq!(code(&none), (404, "ObjectLockConfigurationNotFoundError".into()));
}

#[tokio::test]
async fn s3_097_retention_may_be_made_stricter_and_ends_by_itself() {
    let (server, now) = locked().await;
    let rule = b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>2</Days></DefaultRetention></Rule></ObjectLockConfiguration>";
    assert_eq!(call(&server, "PUT", "/bucket?object-lock", &[], rule).await.status, 200);
    let put = call(&server, "PUT", "/bucket/k", &[], b"x").await;
    let id = put.header("x-amz-version-id").unwrap().to_owned();
    let retention = format!("/bucket/k?retention&versionId={id}");
    let read = call(&server, "GET", &retention, &[], b"").await;
    assert_eq!(read.element("Mode").as_deref(), Some("COMPLIANCE"));
    assert_eq!(read.element("RetainUntilDate").as_deref(), Some("2027-01-17T08:00:00Z"));
    let set = async |mode: &str, until: &str| {
        let body =
            format!("<Retention><Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>");
        code(&call(&server, "PUT", &retention, &[], body.as_bytes()).await)
    };
    assert_eq!(set("COMPLIANCE", "2027-01-16T00:00:00Z").await, (403, "AccessDenied".into()));
    assert_eq!(set("GOVERNANCE", "2027-02-16T00:00:00Z").await, (403, "AccessDenied".into()));
    assert_eq!(set("COMPLIANCE", "2019-12-31T00:00:00Z").await, (400, "InvalidArgument".into()));
    assert_eq!(set("BAD", "2027-02-16T00:00:00Z").await, (400, "MalformedXML".into()));
    assert_eq!(set("COMPLIANCE", "2027-01-18T08:00:00Z").await, (200, String::new()));
    let version = format!("/bucket/k?versionId={id}");
    now.store(NOW + 2 * DAY, Ordering::Relaxed);
    assert_eq!(code(&call_at(&server, &version, &now).await), (403, "AccessDenied".into()));
    now.store(NOW + 3 * DAY, Ordering::Relaxed);
    assert_eq!(call_at(&server, &version, &now).await.status, 204);
}

/// DELETE signed at the server's own time.
async fn call_at(server: &Server, target: &str, now: &AtomicU64) -> Answer {
    crate::client::call_at(server, "DELETE", target, i64::try_from(now.load(Ordering::Relaxed)).unwrap())
        .await
}

#[tokio::test]
async fn s3_098_lifecycle_aborts_uploads_counted_from_initiation() {
    let (server, now) = locked().await;
    let none = call(&server, "GET", "/bucket?lifecycle", &[], b"").await;
    assert_eq!(code(&none), (404, "NoSuchLifecycleConfiguration".into()));
    let rule = b"<LifecycleConfiguration><Rule><ID>tidy</ID><Filter><Prefix>tmp/</Prefix></Filter><Status>Enabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>";
    assert_eq!(call(&server, "PUT", "/bucket?lifecycle", &[], rule).await.status, 200);
    let read = call(&server, "GET", "/bucket?lifecycle", &[], b"").await;
    assert_eq!(read.element("DaysAfterInitiation").as_deref(), Some("3"));
    let kept = call(&server, "POST", "/bucket/kept?uploads", &[], b"").await;
    assert_eq!(kept.header("x-amz-abort-date"), None);
    let begun = call(&server, "POST", "/bucket/tmp/k?uploads", &[], b"").await;
    assert_eq!(begun.header("x-amz-abort-date"), Some("Tue, 19 Jan 2027 00:00:00 GMT"));
    assert_eq!(begun.header("x-amz-abort-rule-id"), Some("tidy"));
    let id = begun.element("UploadId").unwrap();
    let target = format!("/bucket/tmp/k?uploadId={id}");
    let parts = call(&server, "GET", &target, &[], b"").await;
    assert_eq!((parts.status, parts.header("x-amz-abort-rule-id")), (200, Some("tidy")));
    now.store(NOW + 4 * DAY, Ordering::Relaxed);
    let late = call_at(&server, &target, &now).await;
    assert_eq!(code(&late), (404, "NoSuchUpload".into()));
    let other = b"<LifecycleConfiguration><Rule><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>";
    now.store(NOW, Ordering::Relaxed);
    let refused = call(&server, "PUT", "/bucket?lifecycle", &[], other).await;
    assert_eq!(code(&refused), (501, "NotImplemented".into()));
    assert_eq!(refused.element("Resource").as_deref(), Some("Expiration"));
}
