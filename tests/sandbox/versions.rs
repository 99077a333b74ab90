//! Versions and delete markers, as recorded.

use crate::client::{Answer, call, empty};
use crate::copy::{complete, create, part};
use partscope::sandbox::Server;
use partscope::sandbox::store::VersionId;

async fn set(server: &Server, status: &str) -> Answer {
    let body = format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>");
    call(server, "PUT", "/bucket?versioning", &[], body.as_bytes()).await
}

async fn versioned() -> Server {
    let server = empty().await;
    assert_eq!(set(&server, "Enabled").await.status, 200);
    server
}

/// Writes an object and gives back the id of its version.
async fn put(server: &Server, key: &str, body: &[u8]) -> Option<String> {
    let answer = call(server, "PUT", &format!("/bucket/{key}"), &[], body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("x-amz-version-id").map(str::to_owned)
}

async fn get(server: &Server, target: &str) -> Answer {
    call(server, "GET", &format!("/bucket/{target}"), &[], b"").await
}

async fn delete(server: &Server, target: &str) -> Answer {
    call(server, "DELETE", &format!("/bucket/{target}"), &[], b"").await
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.element("Code").unwrap_or_default())
}

fn marker(answer: &Answer) -> (u16, Option<&str>, Option<&str>) {
    (answer.status, answer.header("x-amz-delete-marker"), answer.header("x-amz-version-id"))
}

#[tokio::test]
async fn s3_070_writes_add_versions_and_deletes_add_markers() {
    let server = versioned().await;
    let first = put(&server, "k", b"one").await.unwrap();
    let second = put(&server, "k", b"two").await.unwrap();
    assert_eq!((first.len(), first == second), (32, false));
    let read = get(&server, "k").await;
    assert_eq!((read.text().as_str(), read.header("x-amz-version-id")), ("two", Some(second.as_str())));
    let old = get(&server, &format!("k?versionId={first}")).await;
    assert_eq!((old.text().as_str(), old.header("x-amz-version-id")), ("one", Some(first.as_str())));
    let id = create(&server, "/bucket/k", &[]).await;
    let tag = part(&server, "/bucket/k", &id, 1, b"three").await;
    let done = complete(&server, "/bucket/k", &id, &[(1, tag)]).await;
    let third = done.header("x-amz-version-id").unwrap().to_owned();
    let copy = call(&server, "PUT", "/bucket/c", &[("x-amz-copy-source", "bucket/k")], b"").await;
    assert_eq!(copy.header("x-amz-copy-source-version-id"), Some(third.as_str()));
    assert!(copy.header("x-amz-version-id").is_some_and(|id| id.len() == 32 && id != third));

    let gone = delete(&server, "k").await;
    let id = gone.header("x-amz-version-id").unwrap().to_owned();
    assert_eq!(marker(&gone), (204, Some("true"), Some(id.as_str())));
    assert_eq!(get(&server, "k").await.status, 404);
    assert_eq!(
        marker(&delete(&server, &format!("k?versionId={id}")).await),
        (204, Some("true"), Some(id.as_str()))
    );
    assert_eq!(get(&server, "k").await.text(), "three");
    let one = delete(&server, &format!("k?versionId={third}")).await;
    assert_eq!(marker(&one), (204, None, Some(third.as_str())));
    assert_eq!(get(&server, "k").await.text(), "two");
    assert_eq!(code(&call(&server, "DELETE", "/bucket", &[], b"").await).1, "BucketNotEmpty");
}

#[tokio::test]
async fn s3_070_many_are_deleted_with_their_versions() {
    let server = versioned().await;
    let id = put(&server, "k", b"x").await.unwrap();
    let body = b"<Delete><Object><Key>k</Key></Object><Object><Key>none</Key></Object></Delete>";
    let marked = call(&server, "POST", "/bucket?delete", &[], body).await;
    assert_eq!(marked.elements("DeleteMarker"), ["true", "true"]);
    let first = marked.element("DeleteMarkerVersionId").unwrap();
    let none = VersionId::of(&"A".repeat(28)).0;
    let body = format!(
        "<Delete><Object><Key>k</Key><VersionId>{first}</VersionId></Object><Object><Key>k</Key><VersionId>{none}</VersionId></Object><Object><Key>k</Key><VersionId>{id}</VersionId></Object></Delete>"
    );
    let gone = call(&server, "POST", "/bucket?delete", &[], body.as_bytes()).await;
    assert_eq!(gone.elements("VersionId"), [first.as_str(), none.as_str(), id.as_str()]);
    assert_eq!(gone.elements("DeleteMarkerVersionId"), [first.as_str()]);
    assert_eq!(gone.elements("Code"), ["NoSuchVersion"]);
    let body = b"<Delete><Object><Key>k</Key><VersionId>bad</VersionId></Object></Delete>";
    let bad = call(&server, "POST", "/bucket?delete", &[], body).await;
    assert_eq!(bad.elements("Code"), ["NoSuchVersion"]);
}

#[tokio::test]
async fn s3_071_a_marker_hides_the_key_and_cannot_be_read() {
    let server = versioned().await;
    let id = put(&server, "k", b"x").await.unwrap();
    let hidden = delete(&server, "k").await.header("x-amz-version-id").unwrap().to_owned();
    let missing = get(&server, "k").await;
    assert_eq!(code(&missing), (404, "NoSuchKey".into()));
    assert_eq!(marker(&missing), (404, Some("true"), Some(hidden.as_str())));
    let read = get(&server, &format!("k?versionId={hidden}")).await;
    assert_eq!(code(&read), (405, "MethodNotAllowed".into()));
    assert_eq!(read.element("ResourceType").as_deref(), Some("DeleteMarker"));
    assert_eq!((read.element("Method").as_deref(), read.header("allow")), (Some("GET"), Some("DELETE")));
    let head = call(&server, "HEAD", &format!("/bucket/k?versionId={hidden}"), &[], b"").await;
    assert_eq!(head.status, 405);
    delete(&server, &format!("k?versionId={id}")).await;
    let gone = get(&server, &format!("k?versionId={id}")).await;
    assert_eq!(code(&gone), (404, "NoSuchVersion".into()));
    assert_eq!(gone.element("VersionId").as_deref(), Some(id.as_str()));
    // One that was made up is not unknown but invalid.
    let forged = format!("k?versionId={}0000", &id[..28]);
    assert_eq!(code(&delete(&server, &forged).await), (400, "InvalidArgument".into()));
    let bad = get(&server, "k?versionId=bad").await;
    assert_eq!(code(&bad), (400, "InvalidArgument".into()));
    assert_eq!(bad.element("Message").as_deref(), Some("Invalid version id specified"));
    let tags = get(&server, "k?tagging").await;
    assert_eq!(code(&tags), (405, "MethodNotAllowed".into()));
    let tags = call(&server, "PUT", "/bucket/k?tagging", &[], b"<Tagging/>").await;
    assert_eq!((tags.status, tags.element("Method").as_deref()), (405, Some("PUT")));
    let unversioned = empty().await;
    put(&unversioned, "k", b"x").await;
    assert_eq!(code(&get(&unversioned, &format!("k?versionId={id}")).await).1, "InvalidArgument");
}

#[tokio::test]
async fn s3_072_suspended_versioning_writes_and_replaces_null() {
    let server = versioned().await;
    let id = put(&server, "k", b"kept").await.unwrap();
    assert_eq!(set(&server, "Suspended").await.status, 200);
    assert_eq!(put(&server, "k", b"null one").await, None);
    assert_eq!(put(&server, "k", b"null two").await, None);
    let list = get(&server, "?versions").await;
    assert_eq!(list.elements("VersionId"), ["null", id.as_str()]);
    assert_eq!(get(&server, "k").await.header("x-amz-version-id"), Some("null"));
    let copy = call(&server, "PUT", "/bucket/k2", &[("x-amz-copy-source", "bucket/k")], b"").await;
    assert_eq!(copy.header("x-amz-version-id"), Some("null"));
    delete(&server, "k2?versionId=null").await;
    assert_eq!(marker(&delete(&server, "k").await), (204, Some("true"), Some("null")));
    let list = get(&server, "?versions").await;
    assert_eq!(list.elements("VersionId"), ["null", id.as_str()]);
    assert_eq!(list.elements("DeleteMarker").len(), 1);
    assert_eq!(get(&server, &format!("k?versionId={id}")).await.text(), "kept");
}

#[tokio::test]
async fn s3_073_copies_name_versions_of_their_source() {
    let server = versioned().await;
    let first = put(&server, "a%20b", b"one").await.unwrap();
    put(&server, "a%20b", b"two").await;
    let source = format!("bucket/a%20b?versionId={first}");
    let copy = call(&server, "PUT", "/bucket/c", &[("x-amz-copy-source", &source)], b"").await;
    assert_eq!(copy.header("x-amz-copy-source-version-id"), Some(first.as_str()));
    assert_eq!(get(&server, "c").await.text(), "one");
    let id = create(&server, "/bucket/d", &[]).await;
    let target = format!("/bucket/d?partNumber=1&uploadId={id}");
    let part = call(&server, "PUT", &target, &[("x-amz-copy-source", &source)], b"").await;
    assert_eq!(part.header("x-amz-copy-source-version-id"), Some(first.as_str()));
    assert_eq!(part.element("ETag").as_deref(), Some("\"f97c5d29941bfb1b2fdab0874906ab82\""));
    let hidden = delete(&server, "a%20b").await.header("x-amz-version-id").unwrap().to_owned();
    for (source, wanted) in [
        (format!("bucket/a%20b?versionId={hidden}"), (400, "InvalidRequest".to_owned())),
        ("bucket/a%20b".to_owned(), (404, "NoSuchKey".to_owned())),
    ] {
        let refused = call(&server, "PUT", &target, &[("x-amz-copy-source", &source)], b"").await;
        assert_eq!(code(&refused), wanted);
    }
}

#[tokio::test]
async fn s3_074_versions_are_listed_newest_first_and_in_pages() {
    let server = versioned().await;
    let a1 = put(&server, "a", b"1").await.unwrap();
    let a2 = put(&server, "a", b"22").await.unwrap();
    let a3 = delete(&server, "a").await.header("x-amz-version-id").unwrap().to_owned();
    let b1 = put(&server, "b", b"1").await.unwrap();
    put(&server, "dir/x", b"1").await;
    put(&server, "dir/y", b"1").await;
    let all = get(&server, "?versions&delimiter=/").await;
    assert_eq!(all.elements("VersionId"), [&a3, &a2, &a1, &b1].map(String::as_str));
    assert_eq!(all.elements("IsLatest"), ["true", "false", "false", "true"]);
    assert_eq!((all.elements("DeleteMarker").len(), all.elements("Version").len()), (1, 3));
    assert_eq!(all.elements("Prefix"), ["", "dir/"]);
    let page = get(&server, "?versions&max-keys=2").await;
    assert_eq!(page.elements("VersionId"), [&a3, &a2].map(String::as_str));
    assert_eq!(page.element("NextKeyMarker").as_deref(), Some("a"));
    assert_eq!(page.element("NextVersionIdMarker").as_deref(), Some(a2.as_str()));
    let rest = get(&server, &format!("?versions&max-keys=2&key-marker=a&version-id-marker={a2}")).await;
    assert_eq!(rest.elements("VersionId"), [&a1, &b1].map(String::as_str));
    let after = get(&server, "?versions&key-marker=a&delimiter=/").await;
    assert_eq!(after.elements("VersionId"), [b1.as_str()]);
    assert_eq!(get(&server, "?list-type=2&delimiter=/").await.elements("Key"), ["b"]);
}

#[tokio::test]
async fn s3_075_versioning_is_spelt_exactly_and_never_removed() {
    let server = empty().await;
    let state = async || get(&server, "?versioning").await.element("Status");
    assert_eq!(set(&server, "Suspended").await.status, 200);
    assert_eq!(state().await.as_deref(), Some("Suspended"));
    for status in ["enabled", "Disabled"] {
        assert_eq!(code(&set(&server, status).await), (400, "MalformedXML".into()));
    }
    let none = call(&server, "PUT", "/bucket?versioning", &[], b"<VersioningConfiguration/>").await;
    assert_eq!(code(&none), (400, "IllegalVersioningConfigurationException".into()));
    assert_eq!(set(&server, "Enabled").await.status, 200);
    assert_eq!(state().await.as_deref(), Some("Enabled"));
    let missing = call(&server, "GET", "/no-bucket?versioning", &[], b"").await;
    assert_eq!(code(&missing), (404, "NoSuchBucket".into()));
}
