//! Every error of UploadPart, UploadPartCopy and CompleteMultipartUpload, as tables: status, code, elements.

use crate::client::{Answer, NOW, authorization, call, empty, owned, raw, sign};
use crate::copy::{complete, create, list, part};
use partscope::domain::sigv4::EMPTY_SHA256;
use partscope::sandbox::Server;
use partscope::sandbox::clock::amz_date;

const FIVE_MIB: usize = 5 * 1024 * 1024;

#[track_caller]
fn check(answer: &Answer, status: u16, code: &str, elements: &[(&str, &str)]) {
    let text = answer.text();
    assert_eq!((answer.status, answer.element("Code").as_deref()), (status, Some(code)), "{text}");
    for (name, value) in elements {
        assert_eq!(answer.element(name).as_deref(), Some(*value), "{text}");
    }
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>"), "{text}");
    assert_eq!(answer.element("RequestId").as_deref(), answer.header("x-amz-request-id"));
}

async fn put(server: &Server, query: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    call(server, "PUT", &format!("/bucket/k?{query}"), headers, body).await
}

#[tokio::test]
async fn s3_010_uploadpart_refuses_what_it_cannot_store() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let sha = create(&server, "/bucket/k", &[("x-amz-checksum-algorithm", "SHA256")]).await;
    let range = "Part number must be an integer between 1 and 10000, inclusive";
    for number in ["0", "-1", "10001", "x", ""] {
        let answer = put(&server, &format!("partNumber={number}&uploadId={id}"), &[], b"x").await;
        let wanted = [("Message", range), ("ArgumentName", "partNumber"), ("ArgumentValue", number)];
        check(&answer, 400, "InvalidArgument", &wanted);
    }
    let mismatch =
        "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32";
    let twice = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a [(&'a str, &'a str)]);
    let rows: [Row<'_>; 6] = [
        (&id, &[("Content-MD5", "nonsense")], "InvalidDigest", &[("Content-MD5", "nonsense")]),
        (
            &id,
            &[("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==")],
            "BadDigest",
            &[
                ("ExpectedDigest", "AAAAAAAAAAAAAAAAAAAAAA=="),
                ("CalculatedDigest", "ndTkYSaMgDT1yFZOFVxnpg=="),
            ],
        ),
        (
            &id,
            &[("x-amz-checksum-crc32c", "AAAAAA==")],
            "BadDigest",
            &[("Message", "The CRC32C you specified did not match the calculated checksum.")],
        ),
        (
            &id,
            &[("x-amz-checksum-crc32c", "AAA=")],
            "InvalidRequest",
            &[("Message", "Value for x-amz-checksum-crc32c header is invalid.")],
        ),
        (
            &id,
            &[("x-amz-checksum-crc32c", "AAAAAA=="), ("x-amz-checksum-crc32", "AAAAAA==")],
            "InvalidRequest",
            &[("Message", twice)],
        ),
        (&sha, &[("x-amz-checksum-crc32", "jNxtyQ==")], "", &[("Message", mismatch)]),
    ];
    for (id, headers, code, elements) in rows {
        let mut headers = headers.to_vec();
        let crc;
        if code.is_empty() {
            // A right checksum of the wrong algorithm.
            crc = crate::client::crc32(b"x");
            headers = vec![("x-amz-checksum-crc32", crc.as_str())];
        }
        let answer = put(&server, &format!("partNumber=1&uploadId={id}"), &headers, b"x").await;
        check(&answer, 400, if code.is_empty() { "InvalidRequest" } else { code }, elements);
    }
}

#[tokio::test]
async fn s3_011_an_upload_is_named_by_bucket_key_and_id_together() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    let other = format!("/bucket/other?partNumber=1&uploadId={id}");
    let elements = [("UploadId", id.as_str()), ("Message", message)];
    check(&call(&server, "PUT", &other, &[], b"x").await, 404, "NoSuchUpload", &elements);
    check(
        &put(&server, "partNumber=1&uploadId=nope", &[], b"x").await,
        404,
        "NoSuchUpload",
        &[("UploadId", "nope")],
    );
    let abort = format!("/bucket/k?uploadId={id}");
    assert_eq!(call(&server, "DELETE", &abort, &[], b"").await.status, 204);
    for (method, body) in [("DELETE", vec![]), ("GET", vec![]), ("POST", list(&[(1, "\"x\"".into())]))] {
        check(&call(&server, method, &abort, &[], &body).await, 404, "NoSuchUpload", &elements);
    }
}

#[tokio::test]
async fn s3_012_a_part_is_at_most_5_gib_and_is_refused_before_it_is_sent() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let target = format!("/bucket/k?partNumber=1&uploadId={id}");
    let hash = partscope::domain::sigv4::UNSIGNED_PAYLOAD;
    let (head, _) = crate::client::signed_head(&server, "PUT", &target, &[], hash, 5_368_709_121);
    let answer = raw(&server, head.as_bytes()).await.unwrap();
    let elements = [("ProposedSize", "5368709121"), ("MaxSizeAllowed", "5368709120")];
    check(&answer, 400, "EntityTooLarge", &elements);
}

#[tokio::test]
async fn s3_013_copy_ranges_are_exact_and_not_clamped() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    call(&server, "PUT", "/bucket/src", &[], b"0123456789").await;
    let query = format!("partNumber=1&uploadId={id}");
    let form = "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy";
    for range in ["0-8", "bytes=1-0", "bytes=1-", "bytes=-2", "bytes=-", "bytes=0-1,3-4"] {
        let headers = [("x-amz-copy-source", "bucket/src"), ("x-amz-copy-source-range", range)];
        let elements =
            [("Message", form), ("ArgumentName", "x-amz-copy-source-range"), ("ArgumentValue", range)];
        check(&put(&server, &query, &headers, b"").await, 400, "InvalidArgument", &elements);
    }
    for (range, code, message) in [
        ("bytes=0-10", "InvalidArgument", "Range specified is not valid for source object of size: 10"),
        ("bytes=10-12", "InvalidRequest", "The specified copy range is invalid for the source object size"),
    ] {
        let headers = [("x-amz-copy-source", "bucket/src"), ("x-amz-copy-source-range", range)];
        check(&put(&server, &query, &headers, b"").await, 400, code, &[("Message", message)]);
    }
    // Recorded: ranges work on a source of ten bytes.
    for (range, etag) in [
        ("bytes=0-8", "22975d8a5ed1b91445f6c55ac121505b"),
        ("bytes=1-1", "c4ca4238a0b923820dcc509a6f75849b"),
        ("bytes=0-0", "cfcd208495d565ef66e7dff9f98764da"),
    ] {
        let headers = [("x-amz-copy-source", "/bucket/src"), ("x-amz-copy-source-range", range)];
        let answer = put(&server, &query, &headers, b"").await;
        assert_eq!(answer.element("ETag"), Some(format!("\"{etag}\"")));
    }
}

#[tokio::test]
async fn s3_014_copy_sources_are_checked_and_their_conditions_fail_with_412() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    call(&server, "PUT", "/bucket/a%20b%2Bc", &[], b"0123456789").await;
    let query = format!("partNumber=1&uploadId={id}");
    for (source, status, code) in [
        ("bucket/a%20b%2Bc", 200, None),
        ("bucket/a+b%2Bc", 200, None),
        ("bucket/a%20b+c", 404, Some("NoSuchKey")),
        ("nowhere/k", 404, Some("NoSuchBucket")),
        ("bucket", 400, Some("InvalidArgument")),
        ("bucket/", 400, Some("InvalidArgument")),
        ("bucket/%ff", 400, Some("InvalidArgument")),
    ] {
        let answer = put(&server, &query, &[("x-amz-copy-source", source)], b"").await;
        assert_eq!((answer.status, answer.element("Code").as_deref()), (status, code), "{source}");
    }
    let etag = "781e5e245d69b566979b86e28d23f2c7";
    let date = partscope::sandbox::clock::http_date(i64::try_from(NOW).unwrap());
    let past = "Fri, 24 May 2013 00:00:00 GMT";
    let future = "Fri, 24 May 2999 00:00:00 GMT";
    for (headers, condition) in [
        (vec![("x-amz-copy-source-if-match", etag)], None),
        (vec![("x-amz-copy-source-if-match", "\"other\"")], Some("x-amz-copy-source-If-Match")),
        (vec![("x-amz-copy-source-if-none-match", etag)], Some("x-amz-copy-source-If-None-Match")),
        (
            vec![("x-amz-copy-source-if-modified-since", date.as_str())],
            Some("x-amz-copy-source-If-Modified-Since"),
        ),
        (vec![("x-amz-copy-source-if-modified-since", future)], None),
        (
            vec![("x-amz-copy-source-if-unmodified-since", past)],
            Some("x-amz-copy-source-If-Unmodified-Since"),
        ),
        (vec![("x-amz-copy-source-if-match", etag), ("x-amz-copy-source-if-unmodified-since", past)], None),
        (
            vec![("x-amz-copy-source-if-none-match", etag), ("x-amz-copy-source-if-modified-since", past)],
            Some("x-amz-copy-source-If-None-Match"),
        ),
    ] {
        let mut all = vec![("x-amz-copy-source", "bucket/a%20b%2Bc")];
        all.extend(headers);
        let answer = put(&server, &query, &all, b"").await;
        match condition {
            None => assert_eq!(answer.status, 200, "{}", answer.text()),
            Some(name) => check(&answer, 412, "PreconditionFailed", &[("Condition", name)]),
        }
    }
}

#[tokio::test]
async fn s3_020_a_complete_without_parts_is_refused() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let target = format!("/bucket/k?uploadId={id}");
    let none = call(&server, "POST", &target, &[], b"").await;
    check(&none, 400, "InvalidRequest", &[("Message", "You must specify at least one part")]);
    for body in [
        "<CompleteMultipartUpload/>",
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
        "<CompleteMultipartUpload><Part><ETag>x</ETag></Part></CompleteMultipartUpload>",
        "<CompleteMultipartUpload>",
        "<Other/>",
        "not xml",
    ] {
        check(&call(&server, "POST", &target, &[], body.as_bytes()).await, 400, "MalformedXML", &[]);
    }
    let zero = complete(&server, "/bucket/k", &id, &[(0, "x".into())]).await;
    check(&zero, 400, "InvalidArgument", &[("Message", "PartNumber must be >= 1")]);
}

#[tokio::test]
async fn s3_021_small_parts_fail_at_complete_and_only_there() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let one = part(&server, "/bucket/k", &id, 1, b"test").await;
    let two = part(&server, "/bucket/k", &id, 2, b"last").await;
    let answer = complete(&server, "/bucket/k", &id, &[(1, one.clone()), (2, two)]).await;
    let elements = [
        ("ProposedSize", "4"),
        ("MinSizeAllowed", "5242880"),
        ("PartNumber", "1"),
        ("ETag", "098f6bcd4621d373cade4e832627b4f6"),
    ];
    check(&answer, 400, "EntityTooSmall", &elements);
    // A failed Complete leaves the upload as it was, and the last part may be small.
    assert_eq!(complete(&server, "/bucket/k", &id, &[(1, one)]).await.status, 200);
}

#[tokio::test]
async fn s3_022_parts_are_found_by_number_and_etag_in_ascending_order() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let big = vec![b'a'; FIVE_MIB + 1];
    let mut parts = Vec::new();
    for number in [2, 3, 4] {
        parts.push((number, part(&server, "/bucket/k", &id, number, &big).await));
    }
    let wrong =
        complete(&server, "/bucket/k", &id, &[(2, "\"d41d8cd98f00b204e9800998ecf8427e\"".into())]).await;
    let message = "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.";
    let elements = [
        ("Message", message),
        ("UploadId", id.as_str()),
        ("PartNumber", "2"),
        ("ETag", "d41d8cd98f00b204e9800998ecf8427e"),
    ];
    check(&wrong, 400, "InvalidPart", &elements);
    let missing = complete(&server, "/bucket/k", &id, &[(7, parts[0].1.clone())]).await;
    check(&missing, 400, "InvalidPart", &[("PartNumber", "7")]);
    for order in [[1, 0], [0, 0]] {
        let list: Vec<_> = order.iter().map(|i| parts[*i].clone()).collect();
        let answer = complete(&server, "/bucket/k", &id, &list).await;
        check(&answer, 400, "InvalidPartOrder", &[("UploadId", &id)]);
    }
    // Numbers with a gap before them: only order and bytes enter the ETag.
    let done = complete(&server, "/bucket/k", &id, &parts).await;
    assert_eq!(done.element("ETag").as_deref(), Some("\"c7cb0938a47e31f70cf07028d22e6913-3\""));
}

#[tokio::test]
async fn s3_023_a_stated_object_size_must_be_right() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let tag = part(&server, "/bucket/k", &id, 1, b"test").await;
    let target = format!("/bucket/k?uploadId={id}");
    let body = list(&[(1, tag)]);
    let answer = call(&server, "POST", &target, &[("x-amz-mp-object-size", "5")], &body).await;
    let message = "The provided 'x-amz-mp-object-size' header value 5 does not match what was computed: 4";
    check(&answer, 400, "InvalidRequest", &[("Message", message)]);
    assert_eq!(call(&server, "POST", &target, &[("x-amz-mp-object-size", "4")], &body).await.status, 200);
}

#[tokio::test]
async fn s3_024_conditions_of_complete_fail_with_412_and_409() {
    let server = empty().await;
    let upload = async |key: &str| {
        let id = create(&server, key, &[]).await;
        let tag = part(&server, key, &id, 1, b"test").await;
        (format!("{key}?uploadId={id}"), list(&[(1, tag)]))
    };
    let try_with = async |(target, body): &(String, Vec<u8>), header: (&str, &str)| {
        call(&server, "POST", target, &[header], body).await
    };
    // If-Match on a key that is not there.
    let none = upload("/bucket/none").await;
    check(&try_with(&none, ("If-Match", "\"x\"")).await, 404, "NoSuchKey", &[("Key", "none")]);
    // The key exists before Create.
    call(&server, "PUT", "/bucket/old", &[], b"old").await;
    let old = upload("/bucket/old").await;
    check(
        &try_with(&old, ("If-None-Match", "*")).await,
        412,
        "PreconditionFailed",
        &[("Condition", "If-None-Match")],
    );
    check(
        &try_with(&old, ("If-Match", "\"x\"")).await,
        412,
        "PreconditionFailed",
        &[("Condition", "If-Match")],
    );
    for (header, name) in [(("If-None-Match", "\"x\""), "If-None-Match"), (("If-Match", "*"), "If-Match")] {
        check(&try_with(&old, header).await, 501, "NotImplemented", &[("Header", name)]);
    }
    // The key was written, with the same bytes, after Create.
    call(&server, "PUT", "/bucket/old", &[], b"old").await;
    let etag = "\"149603e6c03516362a8da23f624db945\"";
    let elements = [("Condition", "If-Match"), ("Key", "old")];
    check(&try_with(&old, ("If-Match", etag)).await, 409, "ConditionalRequestConflict", &elements);
    // Deleted after Create.
    call(&server, "PUT", "/bucket/gone", &[], b"old").await;
    let gone = upload("/bucket/gone").await;
    call(&server, "DELETE", "/bucket/gone", &[], b"").await;
    let elements = [("Condition", "If-None-Match"), ("Key", "gone")];
    check(&try_with(&gone, ("If-None-Match", "*")).await, 409, "ConditionalRequestConflict", &elements);
    // Only a new upload helps.
    let fresh = upload("/bucket/gone").await;
    assert_eq!(try_with(&fresh, ("If-None-Match", "*")).await.status, 200);
}

#[tokio::test]
async fn s3_030_signatures_are_checked_and_mismatches_explained() {
    let server = empty().await;
    let now = i64::try_from(NOW).unwrap();
    let send = async |time: i64, spoil: fn(String) -> String| {
        let mut headers =
            owned(&[("Host", &server.addr().to_string()), ("x-amz-content-sha256", EMPTY_SHA256)]);
        headers.push(("x-amz-date".into(), amz_date(time)));
        let claim = sign(&server, "GET", "/", &headers, EMPTY_SHA256, time);
        headers.push(("Authorization".into(), spoil(authorization(&claim))));
        let lines: String = headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
        raw(&server, format!("GET / HTTP/1.1\r\n{lines}\r\n").as_bytes()).await.unwrap()
    };
    assert_eq!(send(now, |a| a).await.status, 200);
    assert_eq!(send(now - 900, |a| a).await.status, 200);
    let wrong = send(now, |a| format!("{}0", &a[..a.len() - 1])).await;
    let wrong =
        if wrong.status == 200 { send(now, |a| format!("{}1", &a[..a.len() - 1])).await } else { wrong };
    check(&wrong, 403, "SignatureDoesNotMatch", &[("AWSAccessKeyId", server.access_key())]);
    assert!(wrong.element("StringToSign").unwrap().starts_with("AWS4-HMAC-SHA256\n20270115T080000Z\n"));
    assert!(wrong.element("CanonicalRequest").unwrap().starts_with("GET\n/\n\nhost:127.0.0.1:"));
    assert!(wrong.element("StringToSignBytes").unwrap().starts_with("41 57 53 34 "));
    let unknown = send(now, |a| a.replace("SANDBOXACCESSKEY0000", "AKIAIOSFODNN7EXAMPLE")).await;
    check(&unknown, 403, "InvalidAccessKeyId", &[("AWSAccessKeyId", "AKIAIOSFODNN7EXAMPLE")]);
    let skewed = send(now - 901, |a| a).await;
    let elements = [("MaxAllowedSkewMilliseconds", "900000"), ("ServerTime", "2027-01-15T08:00:00Z")];
    check(&skewed, 403, "RequestTimeTooSkewed", &elements);
    check(&raw(&server, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap(), 403, "AccessDenied", &[]);
    let body = call(&server, "PUT", "/bucket/x", &[], b"x").await;
    assert_eq!(body.status, 200);
    let (head, _) = crate::client::signed_head(&server, "PUT", "/bucket/x", &[], EMPTY_SHA256, 1);
    let mut bytes = head.into_bytes();
    bytes.push(b'x');
    let elements = [("ClientComputedContentSHA256", EMPTY_SHA256)];
    check(&raw(&server, &bytes).await.unwrap(), 400, "XAmzContentSHA256Mismatch", &elements);
}

#[tokio::test]
async fn s3_031_stray_parameters_do_not_turn_a_part_into_an_object() {
    let server = empty().await;
    let no_id = call(&server, "PUT", "/bucket/k?partNumber=1", &[], b"x").await;
    check(&no_id, 400, "InvalidArgument", &[("ArgumentName", "partNumber")]);
    check(&call(&server, "PUT", "/bucket/k?uploadId=x", &[], b"x").await, 405, "MethodNotAllowed", &[]);
    check(&call(&server, "GET", "/bucket/k", &[], b"").await, 404, "NoSuchKey", &[("Key", "k")]);
    check(
        &call(&server, "GET", "/bucket?torrent", &[], b"").await,
        501,
        "NotImplemented",
        &[("Resource", "torrent")],
    );
}

#[tokio::test]
async fn s3_032_the_old_signature_is_refused_by_name_in_header_and_query() {
    let server = empty().await;
    for (target, header) in [
        ("/bucket/k", "Authorization: AWS AKIA:c2lnbmF0dXJl\r\n"),
        ("/bucket/k?AWSAccessKeyId=AKIA&Signature=c2ln&Expires=1800000100", ""),
    ] {
        let head = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nx-amz-date: x\r\n{header}\r\n");
        let answer = raw(&server, head.as_bytes()).await.unwrap();
        assert_eq!((answer.status, answer.element("Code").as_deref()), (400, Some("InvalidRequest")));
        assert!(answer.text().contains("Please use AWS4-HMAC-SHA256."), "{}", answer.text());
    }
}
