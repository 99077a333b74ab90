//! HEAD, GET, attributes, listings and tags of the seeded account.

use crate::client::{Answer, call, empty, seeded};
use crate::copy::{create, part};

#[tokio::test]
async fn s3_050_head_by_part_number_answers_206_with_the_part_and_the_count() {
    let server = seeded().await;
    for (target, status, range, count, length) in [
        ("/lessons/short-last-part.bin", 200, None, None, "20447232"),
        (
            "/lessons/short-last-part.bin?partNumber=3",
            206,
            Some("bytes 16777216-20447231/20447232"),
            Some("3"),
            "3670016",
        ),
        ("/lessons/one-part.bin?partNumber=1", 206, Some("bytes 0-2097151/2097152"), Some("1"), "2097152"),
        ("/lessons/notes.txt?partNumber=1", 206, Some("bytes 0-82/83"), None, "83"),
    ] {
        let answer = call(&server, "HEAD", target, &[], b"").await;
        assert_eq!(answer.status, status, "{target}");
        assert_eq!(answer.header("content-range"), range, "{target}");
        assert_eq!(answer.header("x-amz-mp-parts-count"), count, "{target}");
        assert_eq!(answer.header("content-length"), Some(length), "{target}");
    }
    let out = call(&server, "GET", "/lessons/short-last-part.bin?partNumber=4", &[], b"").await;
    assert_eq!((out.status, out.element("Code").as_deref()), (416, Some("InvalidPartNumber")));
    assert_eq!(out.element("ActualPartCount").as_deref(), Some("3"));
    let both = call(&server, "GET", "/lessons/notes.txt?partNumber=1", &[("Range", "bytes=0-1")], b"").await;
    assert_eq!((both.status, both.element("Code").as_deref()), (400, Some("InvalidRequest")));
}

#[tokio::test]
async fn s3_051_ranges_of_get_are_clamped_ignored_or_unsatisfiable() {
    let server = empty().await;
    call(&server, "PUT", "/bucket/k", &[], b"0123456789").await;
    for (range, status, body) in [
        ("bytes=0-8", 206, "012345678"),
        ("bytes=0-100", 206, "0123456789"),
        ("bytes=7-", 206, "789"),
        ("bytes=-3", 206, "789"),
        ("bytes=100-200", 416, ""),
        ("bytes=-0", 416, ""),
        ("bytes=0-1,3-4", 200, "0123456789"),
        ("0-8", 200, "0123456789"),
        ("bytes=8-2", 200, "0123456789"),
    ] {
        let answer = call(&server, "GET", "/bucket/k", &[("Range", range)], b"").await;
        assert_eq!(answer.status, status, "{range}");
        if status == 416 {
            assert_eq!(answer.element("ActualObjectSize").as_deref(), Some("10"));
        } else {
            assert_eq!(answer.text(), body, "{range}");
        }
    }
    // Recorded: an object without a type reads back as binary/octet-stream.
    let head = call(&server, "HEAD", "/bucket/k", &[], b"").await;
    assert_eq!(head.header("content-type"), Some("binary/octet-stream"));
}

#[tokio::test]
async fn s3_052_parts_of_a_finished_object_are_listed_only_for_composite_checksums() {
    let server = seeded().await;
    let ask = [
        ("x-amz-object-attributes", "ETag,Checksum, ObjectParts,StorageClass,ObjectSize"),
        ("x-amz-max-parts", "2"),
    ];
    let composite = call(&server, "GET", "/lessons/short-last-part.bin?attributes", &ask, b"").await;
    assert_eq!(composite.elements("Size"), ["8388608", "8388608"]);
    assert_eq!(composite.element("PartsCount").as_deref(), Some("3"));
    assert_eq!(composite.element("IsTruncated").as_deref(), Some("true"));
    let etag = composite.element("ETag").unwrap();
    assert!(!etag.contains('"') && etag.ends_with("-3"), "{etag}");
    assert!(!composite.element("ChecksumCRC32").unwrap().contains('-'));
    let full = call(&server, "GET", "/lessons/dataset-20gb.tar?attributes", &ask, b"").await;
    assert_eq!(full.element("PartsCount").as_deref(), Some("2418"));
    assert!(full.elements("Size").is_empty());
    let head =
        call(&server, "HEAD", "/lessons/short-last-part.bin", &[("x-amz-checksum-mode", "ENABLED")], b"")
            .await;
    assert!(head.header("x-amz-checksum-crc32").unwrap().ends_with("-3"));
}

#[tokio::test]
async fn s3_053_the_same_bytes_cut_differently_have_different_etags() {
    let server = seeded().await;
    let (one, two) = ("/lessons/short-last-part.bin", "/lessons/same-bytes-5mib.bin");
    let (a, b) = (call(&server, "GET", one, &[], b"").await, call(&server, "GET", two, &[], b"").await);
    assert!(a.body == b.body && a.body.len() == 20_447_232);
    assert_ne!(a.header("etag"), b.header("etag"));
    // What is read hashes to what was stated.
    let parts: Vec<[u8; 16]> = a
        .body
        .chunks(8 << 20)
        .map(|p| partscope::domain::etag::ETag::of_bytes(p).digest().unwrap())
        .collect();
    let etag = partscope::domain::etag::ETag::composite(&parts);
    assert_eq!(a.header("etag"), Some(etag.quoted().as_str()));
}

async fn page(answer: Answer) -> (Vec<String>, Vec<String>, Option<String>) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let prefixes = answer.elements("CommonPrefixes");
    let prefixes = prefixes.iter().map(|p| p.replace("<Prefix>", "").replace("</Prefix>", "")).collect();
    (answer.elements("Key"), prefixes, answer.element("NextContinuationToken"))
}

#[tokio::test]
async fn s3_054_keys_are_listed_in_byte_order_page_by_page() {
    let server = seeded().await;
    let (mut seen, mut token) = (0, String::new());
    for pages in 1.. {
        let target = format!("/many-keys?list-type=2{token}");
        let (keys, _, next) = page(call(&server, "GET", &target, &[], b"").await).await;
        assert!(keys.is_sorted());
        seen += keys.len();
        match next {
            Some(next) => {
                token = format!("&continuation-token={}", partscope::domain::names::encode_query(&next))
            }
            None => {
                assert_eq!((pages, seen), (3, 3000));
                break;
            }
        }
    }
    let walk = async |query: &str| {
        page(call(&server, "GET", &format!("/lessons?list-type=2&{query}"), &[], b"").await).await
    };
    let (keys, prefixes, _) = walk("prefix=logs/&delimiter=/").await;
    assert_eq!((keys, prefixes), (vec!["logs/readme.txt".to_owned()], vec!["logs/2026/".to_owned()]));
    let (_, prefixes, _) = walk("prefix=logs/2026/&delimiter=/").await;
    assert_eq!(prefixes, ["logs/2026/01/", "logs/2026/02/", "logs/2026/11/"]);
    let (_, first, next) = walk("prefix=logs/2026/&delimiter=/&max-keys=1").await;
    assert_eq!(first, ["logs/2026/01/"]);
    let next = partscope::domain::names::encode_query(&next.unwrap());
    let (_, second, _) =
        walk(&format!("prefix=logs/2026/&delimiter=/&max-keys=1&continuation-token={next}")).await;
    assert_eq!(second, ["logs/2026/02/"]);
    let (keys, _, _) = walk("prefix=names/evil&encoding-type=url").await;
    assert_eq!(keys, ["names/evil%1B%5B2Jname.txt"]);
}

#[tokio::test]
async fn s3_055_uploads_in_progress_are_listed_by_key_and_initiation_and_never_as_objects() {
    let server = empty().await;
    let mut ids = Vec::new();
    for key in ["b", "a", "b", "c/1", "c/2"] {
        ids.push(create(&server, &format!("/bucket/{key}"), &[]).await);
    }
    let all = call(&server, "GET", "/bucket?uploads", &[], b"").await;
    let order = [&ids[1], &ids[0], &ids[2], &ids[3], &ids[4]].map(String::clone);
    assert_eq!(all.elements("UploadId"), order);
    // The markers name the last entry even when nothing follows.
    assert_eq!(all.element("NextKeyMarker").as_deref(), Some("c/2"));
    assert_eq!(all.element("IsTruncated").as_deref(), Some("false"));
    let after = format!("/bucket?uploads&key-marker=b&upload-id-marker={}&delimiter=/", ids[0]);
    let rest = call(&server, "GET", &after, &[], b"").await;
    assert_eq!(rest.elements("UploadId"), [ids[2].clone()]);
    assert_eq!(rest.elements("CommonPrefixes"), ["<Prefix>c/</Prefix>"]);
    let whole_key = call(&server, "GET", "/bucket?uploads&key-marker=b", &[], b"").await;
    assert_eq!(whole_key.elements("UploadId"), ids[3..]);
    let objects = call(&server, "GET", "/bucket?list-type=2", &[], b"").await;
    assert_eq!(objects.element("KeyCount").as_deref(), Some("0"));
}

#[tokio::test]
async fn s3_056_listparts_pages_by_number() {
    let server = empty().await;
    let id = create(&server, "/bucket/k", &[]).await;
    let target = format!("/bucket/k?uploadId={id}");
    let none = call(&server, "GET", &target, &[], b"").await;
    assert_eq!(none.element("NextPartNumberMarker").as_deref(), Some("0"));
    for number in [5, 1, 3] {
        part(&server, "/bucket/k", &id, number, b"x").await;
    }
    for (query, numbers, next, more) in [
        ("", vec!["1", "3", "5"], "5", "false"),
        ("&max-parts=2", vec!["1", "3"], "3", "true"),
        ("&max-parts=2&part-number-marker=3", vec!["5"], "5", "false"),
        ("&part-number-marker=9", vec![], "0", "false"),
        ("&part-number-marker=&max-parts=", vec!["1", "3", "5"], "5", "false"),
    ] {
        let answer = call(&server, "GET", &format!("{target}{query}"), &[], b"").await;
        assert_eq!(answer.elements("PartNumber"), numbers, "{query}");
        assert_eq!(answer.element("NextPartNumberMarker").as_deref(), Some(next), "{query}");
        assert_eq!(answer.element("IsTruncated").as_deref(), Some(more), "{query}");
    }
    for (count, message) in [
        ("-42", "Argument max-parts must be an integer between 0 and 2147483647"),
        ("2147483689", "Provided max-parts not an integer or within integer range"),
    ] {
        let answer = call(&server, "GET", &format!("{target}&max-parts={count}"), &[], b"").await;
        assert_eq!((answer.status, answer.element("Message").as_deref()), (400, Some(message)));
    }
}

#[tokio::test]
async fn s3_057_tags_are_counted_in_head_and_replaced_as_a_set() {
    let server = empty().await;
    call(&server, "PUT", "/bucket/k", &[("x-amz-tagging", "a=1&b=2")], b"x").await;
    let head = call(&server, "HEAD", "/bucket/k", &[], b"").await;
    assert_eq!(head.header("x-amz-tagging-count"), Some("2"));
    let set = |tags: &str| format!("<Tagging><TagSet>{tags}</TagSet></Tagging>").into_bytes();
    let tag = |k: &str| format!("<Tag><Key>{k}</Key><Value>v</Value></Tag>");
    let put = async |body: Vec<u8>| call(&server, "PUT", "/bucket/k?tagging", &[], &body).await;
    assert_eq!(put(set(&tag("only"))).await.status, 200);
    assert_eq!(call(&server, "GET", "/bucket/k?tagging", &[], b"").await.elements("Key"), ["only"]);
    let many: String = (0..11).map(|i| tag(&i.to_string())).collect();
    for (body, code) in [
        (set(&format!("{}{}", tag("a"), tag("a"))), "InvalidTag"),
        (set(&tag("aws:x")), "InvalidTag"),
        (set(&tag("")), "InvalidTag"),
        (set(&many), "BadRequest"),
        (b"<Other/>".to_vec(), "MalformedXML"),
    ] {
        assert_eq!(put(body).await.element("Code").as_deref(), Some(code));
    }
    assert_eq!(call(&server, "DELETE", "/bucket/k?tagging", &[], b"").await.status, 204);
    assert_eq!(call(&server, "HEAD", "/bucket/k", &[], b"").await.header("x-amz-tagging-count"), None);
    let missing = call(&server, "GET", "/bucket/none?tagging", &[], b"").await;
    assert_eq!(missing.element("Key").as_deref(), Some("bucket/none"));
}

#[tokio::test]
async fn the_seeded_account_is_there() {
    let server = seeded().await;
    let buckets = call(&server, "GET", "/", &[], b"").await;
    assert_eq!(buckets.elements("Name"), ["huge", "lessons", "many-keys", "scratch", "versions"]);
    let uploads = call(&server, "GET", "/lessons?uploads", &[], b"").await;
    assert_eq!(uploads.elements("Key"), ["backups/home.tar", "video-raw.mov"]);
    assert_eq!(uploads.elements("Initiated")[1], "2027-01-03T08:00:00.000Z");
    let id = uploads.elements("UploadId")[1].clone();
    let parts = call(&server, "GET", &format!("/lessons/video-raw.mov?uploadId={id}"), &[], b"").await;
    assert_eq!(parts.elements("PartNumber"), ["1", "2", "5"]);
    for (range, length) in [("bytes=20277918000-", 669), ("bytes=8388600-8388615", 16)] {
        let end = call(&server, "GET", "/lessons/dataset-20gb.tar", &[("Range", range)], b"").await;
        assert_eq!((end.status, end.body.len()), (206, length));
    }
}
