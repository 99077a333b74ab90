//! Smaller answers that were recorded on AWS and are easily got wrong.

use crate::client::{Answer, call, empty, options, raw};
use crate::copy::{complete, create, part};
use partscope::domain::names::encode_query;
use partscope::domain::sigv4::{Claim, Scope, SentHead, Style, UNSIGNED_PAYLOAD, evaluate};
use partscope::sandbox::Server;
use partscope::sandbox::clock::amz_date;

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.element("Code").unwrap_or_default())
}

fn listed(etag: &str) -> String {
    format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    )
}

#[tokio::test]
async fn s3_100_a_whole_checksum_counts_by_how_the_upload_was_created() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let etag = part(&server, "/bucket/k", &id, 1, b"test").await;
    let target = format!("/bucket/k?uploadId={id}");
    let header = [("x-amz-checksum-crc32c", "AAAAAA==")];
    let done = call(&server, "POST", &target, &header, listed(&etag).as_bytes()).await;
    assert_eq!((done.status, done.element("ChecksumType").as_deref()), (200, Some("FULL_OBJECT")));
    assert_eq!(done.element("ChecksumCRC64NVME").as_deref(), Some("+bu+zv66sUM="));
    let typed = [("x-amz-checksum-algorithm", "CRC32C"), ("x-amz-checksum-type", "FULL_OBJECT")];
    let id = create(&server, "/bucket/k", &typed).await;
    let etag = part(&server, "/bucket/k", &id, 1, b"test").await;
    let target = format!("/bucket/k?uploadId={id}");
    let other = [("x-amz-checksum-sha256", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=")];
    let refused = call(&server, "POST", &target, &other, listed(&etag).as_bytes()).await;
    assert_eq!(code(&refused), (400, "BadDigest".into()));
    assert!(refused.element("Message").unwrap().starts_with("The crc32c you specified"));
}

#[tokio::test]
async fn s3_101_complete_looks_for_the_upload_first() {
    let server = empty().await;
    let missing = call(&server, "POST", "/bucket/k?uploadId=fakeid", &[], b"").await;
    assert_eq!(code(&missing), (404, "NoSuchUpload".into()));
    assert_eq!(missing.element("UploadId").as_deref(), Some("fakeid"));
    let list = b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>";
    let met = call(&server, "POST", "/bucket/k?uploadId=fakeid", &[("If-Match", "\"x\"")], list).await;
    assert_eq!(code(&met), (404, "NoSuchUpload".into()));
    let id = create(&server, "/bucket/k", &[]).await;
    let none = call(&server, "POST", &format!("/bucket/k?uploadId={id}"), &[], b"").await;
    assert_eq!(code(&none), (400, "InvalidRequest".into()));
    let etag = part(&server, "/bucket/k", &id, 1, b"x").await;
    assert_eq!(complete(&server, "/bucket/k", &id, &[(1, etag)]).await.status, 200);
}

#[tokio::test]
async fn s3_102_markers_and_common_prefixes() {
    let server = empty().await;
    for key in ["folder/aSubfolder/subFile1", "folder/aSubfolder/subFile2", "folder/file1", "folder/file2"] {
        call(&server, "PUT", &format!("/bucket/{key}"), &[], b"x").await;
        create(&server, &format!("/bucket/{key}"), &[]).await;
    }
    let get = async |query: &str| call(&server, "GET", &format!("/bucket?{query}"), &[], b"").await;
    let after = "prefix=folder/&delimiter=/&max-keys=1&marker=folder/aSubfolder/subFile1";
    let page = get(after).await;
    assert_eq!(page.elements("Key"), ["folder/file1"]);
    assert_eq!(page.element("NextMarker").as_deref(), Some("folder/file1"));
    let versions = get("versions&prefix=folder/&delimiter=/&key-marker=folder/aSubfolder/subFile1").await;
    assert_eq!(versions.elements("Key"), ["folder/file1", "folder/file2"]);
    let first = get("uploads&prefix=folder/&delimiter=/&max-uploads=1").await;
    assert_eq!(first.element("IsTruncated").as_deref(), Some("true"));
    assert_eq!(first.elements("NextKeyMarker"), [""]);
    assert_eq!(first.elements("NextUploadIdMarker"), [""]);
    assert_eq!(first.elements("Prefix"), ["folder/", "folder/aSubfolder/"]);
    let rest =
        get("uploads&prefix=folder/&delimiter=/&max-uploads=1&key-marker=folder/aSubfolder/subFile1").await;
    assert_eq!(rest.elements("Key"), ["folder/file1"]);
    assert!(!get("uploads").await.text().contains("<Prefix>"));
}

#[tokio::test]
async fn s3_103_a_get_may_ask_for_other_headers() {
    let server = empty().await;
    call(&server, "PUT", "/bucket/k", &[("Cache-Control", "no-cache")], b"x").await;
    let read = call(
        &server,
        "GET",
        "/bucket/k?response-cache-control=max-age%3D74&response-content-disposition=attachment&response-content-encoding=identity&response-content-language=de-DE&response-content-type=image%2Fjpeg&response-expires=x",
        &[],
        b"",
    )
    .await;
    for (name, value) in [
        ("cache-control", "max-age=74"),
        ("content-disposition", "attachment"),
        ("content-encoding", "identity"),
        ("content-language", "de-DE"),
        ("content-type", "image/jpeg"),
        ("expires", "x"),
    ] {
        assert_eq!(read.header(name), Some(value));
    }
    assert!(!read.head.contains("no-cache"));
    for (date, status) in [("Fri, 15 Jan 2027 08:00:00 GMT", 304), ("Sat, 16 Jan 2027 08:00:00 GMT", 200)] {
        let read = call(&server, "GET", "/bucket/k", &[("If-Modified-Since", date)], b"").await;
        assert_eq!(read.status, status, "{date}");
    }
}

#[tokio::test]
async fn s3_104_tags_have_an_alphabet() {
    let server = empty().await;
    call(&server, "PUT", "/bucket/k", &[], b"x").await;
    let put = async |target: &str, key: &str, value: &str| {
        let body =
            format!("<Tagging><TagSet><Tag><Key>{key}</Key><Value>{value}</Value></Tag></TagSet></Tagging>");
        let answer = call(&server, "PUT", target, &[], body.as_bytes()).await;
        (answer.element("Message").unwrap_or_default(), answer.element("TagKey").unwrap_or_default())
    };
    let of = |message: &str, key: &str| (message.to_owned(), key.to_owned());
    let object = "/bucket/k?tagging";
    assert_eq!(put(object, "K 1_.:/=+-@é", "v").await, of("", ""));
    assert_eq!(put(object, "a,b", "v").await, of("The TagKey you have provided is invalid", "a,b"));
    assert_eq!(put(object, "a", "v,w").await, of("The TagValue you have provided is invalid", "a"));
    assert_eq!(put(object, "aws:x", "v").await, of("Your TagKey cannot be prefixed with aws:", "aws:x"));
    let system = "System tags cannot be added/updated by requester";
    assert_eq!(put("/bucket?tagging", "aws:x", "v").await, of(system, "aws:x"));
    let header = [("x-amz-tagging", "key1=val1,key2=val2")];
    let refused = call(&server, "PUT", "/bucket/k", &header, b"x").await;
    assert_eq!(refused.element("ArgumentName").as_deref(), Some("x-amz-tagging"));
    call(&server, "PUT", "/bucket/k", &[("x-amz-tagging", "foo=1&bar=2")], b"x").await;
    assert_eq!(call(&server, "GET", object, &[], b"").await.elements("Key"), ["bar", "foo"]);
    assert_eq!(call(&server, "PUT", object, &[], b"<Tagging/>").await.status, 200);
    assert_eq!(call(&server, "GET", object, &[], b"").await.elements("Key").len(), 0);
}

/// Sends a request by presigned URL, with more headers than were signed.
async fn presigned(
    server: &Server,
    method: &str,
    path: &str,
    query: &str,
    unsigned: &[(&str, &str)],
) -> Answer {
    let now = i64::try_from(crate::client::NOW).unwrap();
    let host = server.addr().to_string();
    let headers = vec![("host".to_owned(), host.clone())];
    let timestamp = amz_date(now);
    let scope =
        Scope { date: timestamp[..8].to_owned(), region: server.region().into(), service: "s3".into() };
    let mut claim = Claim {
        style: Style::Presigned,
        access_key_id: server.access_key().to_owned(),
        scope: scope.clone(),
        signed_headers: vec!["host".to_owned()],
        timestamp: timestamp.clone(),
        expires: Some(60),
        payload_hash: UNSIGNED_PAYLOAD.to_owned(),
        signature: String::new(),
    };
    let credential = encode_query(&format!("{}/{scope}", server.access_key()));
    let target = format!(
        "{path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={timestamp}&X-Amz-Expires=60&X-Amz-SignedHeaders=host{query}"
    );
    let sent = SentHead { method, target: &target, headers: &headers };
    claim.signature = evaluate(&sent, &claim, server.secret_key()).computed;
    let more: String = unsigned.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
    let head = format!(
        "{method} {target}&X-Amz-Signature={} HTTP/1.1\r\nhost: {host}\r\n{more}content-length: 1\r\n\r\nx",
        claim.signature
    );
    raw(server, head.as_bytes()).await.unwrap()
}

#[tokio::test]
async fn s3_106_every_amz_header_must_be_signed() {
    let server = empty().await;
    let refused = presigned(&server, "PUT", "/bucket/k", "", &[("x-amz-meta-wrong", "1")]).await;
    assert_eq!(code(&refused), (403, "AccessDenied".into()), "{}", refused.text());
    assert_eq!(refused.element("HeadersNotSigned").as_deref(), Some("x-amz-meta-wrong"));
    let put = presigned(&server, "PUT", "/bucket/k", "&x-amz-meta-foo=bar", &[]).await;
    assert_eq!(put.status, 200, "{}", put.text());
    assert_eq!(call(&server, "HEAD", "/bucket/k", &[], b"").await.header("x-amz-meta-foo"), Some("bar"));
    // A name that is no name of a header stays a parameter.
    let split = "&x-amz-meta-a%0d%0aX-Injected%3a%20yes=1";
    assert_eq!(presigned(&server, "PUT", "/bucket/k", split, &[]).await.status, 200);
    assert!(!call(&server, "GET", "/bucket/k", &[], b"").await.head.contains("Injected"));
}

#[tokio::test]
async fn web_pages_are_not_served() {
    let server = empty().await;
    let evil = presigned(&server, "PUT", "/bucket/k", "", &[("Origin", "https://evil.example")]).await;
    assert_eq!(code(&evil), (403, "AccessDenied".into()));
    assert_eq!(call(&server, "HEAD", "/bucket/k", &[], b"").await.status, 404);
    let own = presigned(&server, "PUT", "/bucket/k", "", &[("Origin", "http://localhost:3000")]).await;
    assert_eq!(own.status, 200, "{}", own.text());
}

#[tokio::test]
async fn s3_107_an_algorithm_without_a_value_means_nothing() {
    let server = empty().await;
    let header = [("x-amz-sdk-checksum-algorithm", "SHA256")];
    let put = call(&server, "PUT", "/bucket/k", &header, b"test").await;
    assert_eq!(put.header("x-amz-checksum-crc64nvme"), Some("+bu+zv66sUM="));
    assert_eq!(put.header("x-amz-checksum-sha256"), None);
}

#[tokio::test]
async fn s3_108_buckets_are_listed_behind_a_token() {
    let server = Server::start(options(true)).await.unwrap();
    let first = call(&server, "GET", "/?max-buckets=1", &[], b"").await;
    let token = first.element("ContinuationToken").unwrap();
    assert_eq!(first.elements("Name").len(), 1);
    assert_ne!(first.elements("Name"), [token.as_str()]);
    let target = format!("/?max-buckets=100&continuation-token={}", encode_query(&token));
    let rest = call(&server, "GET", &target, &[], b"").await;
    let all = call(&server, "GET", "/", &[], b"").await.elements("Name");
    assert_eq!([first.elements("Name"), rest.elements("Name")].concat(), all);
    let wrong = call(&server, "GET", "/?bucket-region=eu-east-1", &[], b"").await;
    assert_eq!(code(&wrong), (400, "InvalidArgument".into()));
    let none = call(&server, "GET", "/?bucket-region=eu-west-1", &[], b"").await;
    assert_eq!((none.status, none.elements("Name").len()), (200, 0));
}

#[tokio::test]
async fn s3_109_a_part_of_a_composite_upload_needs_a_checksum() {
    let server = empty().await;
    for (headers, status) in [
        (vec![("x-amz-checksum-algorithm", "SHA256")], 400),
        (vec![("x-amz-checksum-algorithm", "CRC32"), ("x-amz-checksum-type", "FULL_OBJECT")], 200),
        (vec![], 200),
    ] {
        let id = create(&server, "/bucket/k", &headers).await;
        let target = format!("/bucket/k?partNumber=1&uploadId={id}");
        let put = call(&server, "PUT", &target, &[], b"x").await;
        assert_eq!(put.status, status, "{}", put.text());
        if status == 400 {
            let mismatch =
                "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: null";
            assert_eq!(put.element("Message").as_deref(), Some(mismatch));
        }
    }
}

#[tokio::test]
async fn s3_110_headers_have_limits() {
    let server = empty().await;
    let tags: Vec<String> = (0..10).map(|n| format!("{}{n}={}", "k".repeat(90), "v".repeat(120))).collect();
    let tags = tags.join("&");
    let put = call(&server, "PUT", "/bucket/k", &[("x-amz-tagging", &tags)], b"x").await;
    assert_eq!(code(&put), (400, "MetadataTooLarge".into()));
    let long = "v".repeat(2048);
    let put = call(&server, "PUT", "/bucket/k", &[("x-amz-meta-k", &long)], b"x").await;
    assert_eq!(code(&put), (400, "MetadataTooLarge".into()));
    let longer = "v".repeat(8192);
    let put = call(&server, "PUT", "/bucket/k", &[("cache-control", &longer)], b"x").await;
    assert_eq!(code(&put), (400, "RequestHeaderSectionTooLarge".into()));
    assert_eq!(put.element("MaxSizeAllowed").as_deref(), Some("8192"));
    assert_eq!(call(&server, "PUT", "/bucket/k", &[("cache-control", &long)], b"x").await.status, 200);
}

#[tokio::test]
async fn s3_111_complete_is_no_form() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let etag = part(&server, "/bucket/k", &id, 1, b"x").await;
    let target = format!("/bucket/k?uploadId={id}");
    for (kind, status) in [("application/x-www-form-urlencoded", 400), ("application/xml", 200)] {
        let done = call(&server, "POST", &target, &[("Content-Type", kind)], listed(&etag).as_bytes()).await;
        assert_eq!(done.status, status, "{kind}");
    }
}

#[tokio::test]
async fn s3_112_an_object_made_in_parts_is_as_old_as_its_upload() {
    let now = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(crate::client::NOW));
    let moved = std::sync::Arc::clone(&now);
    let clock = partscope::sandbox::Clock::custom(move || {
        let seconds = moved.load(std::sync::atomic::Ordering::Relaxed);
        std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds)
    });
    let server = Server::start(partscope::sandbox::SandboxOptions { clock, ..options(false) }).await.unwrap();
    call(&server, "PUT", "/bucket", &[], b"").await;
    let id = create(&server, "/bucket/k", &[]).await;
    now.fetch_add(600, std::sync::atomic::Ordering::Relaxed);
    let etag = part(&server, "/bucket/k", &id, 1, b"x").await;
    assert_eq!(complete(&server, "/bucket/k", &id, &[(1, etag)]).await.status, 200);
    let head = call(&server, "HEAD", "/bucket/k", &[], b"").await;
    assert_eq!(head.header("last-modified"), Some("Fri, 15 Jan 2027 08:00:00 GMT"));
}

#[tokio::test]
async fn s3_113_some_documents_may_not_come_without_a_checksum() {
    let server = empty().await;
    call(&server, "PUT", "/bucket/k", &[], b"x").await;
    // The helper adds a digest only where the target ends so.
    let body = b"<Delete><Object><Key>k</Key></Object></Delete>";
    let bare = call(&server, "POST", "/bucket?delete&x-id=DeleteObjects", &[], body).await;
    assert_eq!(code(&bare), (400, "InvalidRequest".into()));
    assert!(bare.element("Message").unwrap().starts_with("Missing required header for this request"));
    assert_eq!(call(&server, "POST", "/bucket?delete", &[], body).await.status, 200);
}
