//! The older listings, versions of a bucket without versioning, and what is refused instead of ignored.

use crate::client::{Answer, call, empty};

async fn filled(keys: &[&str]) -> partscope::sandbox::Server {
    let server = empty().await;
    for key in keys {
        assert_eq!(call(&server, "PUT", &format!("/bucket/{key}"), &[], b"x").await.status, 200);
    }
    server
}

fn list(answer: &Answer, name: &str) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.elements(name)
}

#[tokio::test]
async fn s3_058_the_first_listing_pages_by_key_and_names_the_next_marker_with_a_delimiter_only() {
    let server = filled(&["a", "b/1", "b/2", "c", "d"]).await;
    let page = call(&server, "GET", "/bucket?max-keys=2", &[], b"").await;
    assert_eq!(list(&page, "Key"), ["a", "b/1"]);
    assert_eq!((page.element("IsTruncated").as_deref(), page.element("NextMarker")), (Some("true"), None));
    assert!(page.element("Owner").is_some(), "{}", page.text());
    let rest = call(&server, "GET", "/bucket?marker=b/1", &[], b"").await;
    assert_eq!(list(&rest, "Key"), ["b/2", "c", "d"]);
    let grouped = call(&server, "GET", "/bucket?delimiter=/&max-keys=2", &[], b"").await;
    assert_eq!((list(&grouped, "Key").len(), grouped.element("NextMarker").as_deref()), (1, Some("b/")));
    let rest = call(&server, "GET", "/bucket?delimiter=/&max-keys=2&marker=b/", &[], b"").await;
    assert_eq!(list(&rest, "Key"), ["c", "d"]);
    assert_eq!(rest.element("CommonPrefixes"), None);
}

#[tokio::test]
async fn s3_059_an_unversioned_bucket_has_no_state_and_one_version_null_of_each_object() {
    let server = filled(&["a", "b", "c"]).await;
    let state = call(&server, "GET", "/bucket?versioning", &[], b"").await;
    assert_eq!((state.status, state.element("Status")), (200, None));
    let page = call(&server, "GET", "/bucket?versions&max-keys=2", &[], b"").await;
    assert_eq!(list(&page, "Key"), ["a", "b"]);
    assert_eq!(list(&page, "VersionId"), ["null", "null"]);
    assert_eq!(page.element("NextKeyMarker").as_deref(), Some("b"));
    assert_eq!(page.element("NextVersionIdMarker").as_deref(), Some("null"));
    let rest = call(&server, "GET", "/bucket?versions&key-marker=b&version-id-marker=null", &[], b"").await;
    assert_eq!(list(&rest, "Key"), ["c"]);
    assert_eq!(call(&server, "GET", "/bucket/a?versionId=null", &[], b"").await.status, 200);
    assert_eq!(call(&server, "DELETE", "/bucket/a?versionId=null", &[], b"").await.status, 204);
    assert_eq!(call(&server, "GET", "/bucket/a", &[], b"").await.status, 404);
    let other = call(&server, "DELETE", "/bucket/b?versionId=other", &[], b"").await;
    assert_eq!((other.status, other.element("Code").as_deref()), (400, Some("InvalidArgument")));
    for (version, status) in [("null", 200), ("other", 400)] {
        let source = format!("bucket/b?versionId={version}");
        let copy = call(&server, "PUT", "/bucket/copy", &[("x-amz-copy-source", &source)], b"").await;
        assert_eq!(copy.status, status, "{}", copy.text());
    }
    assert_eq!(call(&server, "GET", "/bucket/b", &[], b"").await.status, 200);
}

#[tokio::test]
async fn what_would_be_dropped_is_refused_by_its_header_and_nothing_is_written() {
    let server = empty().await;
    for name in ["x-amz-write-offset-bytes", "x-amz-checksum-sha512", "x-amz-object-lock-event-hold"] {
        let answer = call(&server, "PUT", "/bucket/k", &[(name, "1")], b"x").await;
        assert_eq!((answer.status, answer.element("Header").as_deref()), (501, Some(name)));
    }
    let denied = [("x-amz-expected-bucket-owner", "222222222222")];
    assert_eq!(call(&server, "PUT", "/bucket/k", &denied, b"x").await.status, 403);
    assert_eq!(call(&server, "GET", "/bucket/k", &[], b"").await.status, 404);
}

#[tokio::test]
async fn s3_067_a_delete_with_if_match_takes_the_named_object_only() {
    let server = filled(&["k"]).await;
    let etag = call(&server, "HEAD", "/bucket/k", &[], b"").await.header("etag").unwrap().to_owned();
    let delete = async |key: &str, etag: &str| {
        let answer = call(&server, "DELETE", &format!("/bucket/{key}"), &[("If-Match", etag)], b"").await;
        (answer.status, answer.element("Code").unwrap_or_default())
    };
    assert_eq!(delete("k", "test").await, (412, "PreconditionFailed".into()));
    assert_eq!(delete("none", "test").await, (404, "NoSuchKey".into()));
    let body = b"<Delete><Object><Key>k</Key><ETag>test</ETag></Object></Delete>";
    let many = call(&server, "POST", "/bucket?delete", &[], body).await;
    assert_eq!((many.status, many.element("Code").as_deref()), (200, Some("PreconditionFailed")));
    let body = b"<Delete><Object><Key>k</Key><Size>7</Size></Object></Delete>";
    let many = call(&server, "POST", "/bucket?delete", &[], body).await;
    assert_eq!((many.status, many.element("Code").as_deref()), (200, Some("NotImplemented")));
    assert_eq!(delete("k", &etag).await.0, 204);
    assert_eq!(call(&server, "HEAD", "/bucket/k", &[], b"").await.status, 404);
}

#[tokio::test]
async fn s3_068_conditions_forgive_quotes() {
    let server = filled(&["k"]).await;
    let etag = call(&server, "HEAD", "/bucket/k", &[], b"").await.header("etag").unwrap().to_owned();
    for wanted in [etag.as_str(), etag.trim_matches('"'), &etag[1..]] {
        let answer = call(&server, "PUT", "/bucket/k", &[("If-Match", wanted)], b"x").await;
        assert_eq!(answer.status, 200, "{wanted}");
    }
}
