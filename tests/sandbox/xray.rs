//! Signatures taken apart, of requests that no client of ours sent: raw ones spoilt on purpose, and presigned URLs.

use crate::client::{Answer, NOW, empty, raw, signed_head};
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation};
use aws_sdk_s3::presigning::PresigningConfig;
use partscope::domain::exchange::Captured;
use partscope::domain::sigv4::EMPTY_SHA256;
use partscope::domain::xray::{Section, asked, xray};
use partscope::sandbox::Server;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn captured(bytes: &[u8]) -> Captured {
    let mut c = Captured::default();
    c.push(bytes);
    c
}

/// The lines of a section, the heading left out.
fn section(server: &Server, request: &str, answer: &Answer, wanted: Section) -> Vec<String> {
    let request = captured(request.as_bytes());
    let response = captured(&[answer.head.as_bytes(), &answer.body].concat());
    let checked = server.check_signatures(&asked(&request).unwrap());
    let lines = xray(&request, &response, &checked, false);
    lines.iter().filter(|l| l.section == wanted).skip(1).map(|l| l.marked()).collect()
}

#[tokio::test]
async fn a_header_altered_after_signing_leaves_equal_strings_and_another_signature() {
    let server = empty().await;
    let (head, _) = signed_head(&server, "GET", "/", &[("x-amz-meta-a", "1 & <2>")], EMPTY_SHA256, 0);
    assert_eq!(raw(&server, head.as_bytes()).await.unwrap().status, 200);
    let altered = head.replace("x-amz-meta-a: 1", "x-amz-meta-a: 3");
    let answer = raw(&server, altered.as_bytes()).await.unwrap();
    assert_eq!(answer.status, 403);
    let lines = section(&server, &altered, &answer, Section::Server);
    assert_eq!(lines[0], "✓ the signature came to the server as it was sent");
    assert!(lines[1].contains("changed after it was signed and before it left"), "{lines:#?}");
    assert!(lines.contains(&"· = x-amz-meta-a:3 & <2>".to_owned()), "{lines:#?}");
    // Beside what was signed, the header is the first difference.
    let lines = section(&server, &head, &answer, Section::Server);
    assert_eq!(lines[1], "✗ the first difference is header x-amz-meta-a");
}

#[tokio::test]
async fn the_refusal_holds_what_it_was_computed_from_in_the_order_of_s3() {
    let server = empty().await;
    let (head, _) = signed_head(&server, "GET", "/", &[], EMPTY_SHA256, 0);
    let answer = raw(&server, head.replace("GET /", "GET /bucket").as_bytes()).await.unwrap();
    let names = [
        "Code",
        "Message",
        "AWSAccessKeyId",
        "StringToSign",
        "SignatureProvided",
        "StringToSignBytes",
        "CanonicalRequest",
        "CanonicalRequestBytes",
    ];
    let at =
        names.map(|name| answer.text().find(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name}")));
    assert!(at.is_sorted(), "{}", answer.text());
    for name in ["StringToSign", "CanonicalRequest"] {
        let bytes: Vec<u8> = answer
            .element(&format!("{name}Bytes"))
            .unwrap()
            .split(' ')
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect();
        assert_eq!(Some(String::from_utf8(bytes).unwrap()), answer.element(name));
    }
}

#[tokio::test]
async fn a_url_presigned_by_the_sdk_is_taken_apart() {
    let server = empty().await;
    let signed_at = |before: u64| UNIX_EPOCH + Duration::from_secs(NOW - before);
    let keys = Credentials::new(server.access_key(), server.secret_key(), None, None, "test");
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(keys)
        .region(Region::new(server.region().to_owned()))
        .endpoint_url(server.endpoint())
        .force_path_style(true)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .build();
    let client = aws_sdk_s3::Client::from_conf(config);
    let lasting = |start: SystemTime| {
        PresigningConfig::builder().start_time(start).expires_in(Duration::from_secs(600)).build().unwrap()
    };
    let uri = client.get_object().bucket("bucket").key("a key/ü+").presigned(lasting(signed_at(60)));
    let late = client.upload_part().bucket("bucket").key("k").upload_id("U").part_number(1);
    let late = late.presigned(lasting(signed_at(601))).await.unwrap().uri().to_owned();
    let uri = uri.await.unwrap().uri().to_owned();
    let address = server.endpoint();
    let request = |method: &str, uri: &str| {
        let (target, host) = (uri.strip_prefix(&address).unwrap(), server.addr());
        format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n")
    };
    let sent = request("GET", &uri);
    let answer = raw(&server, sent.as_bytes()).await.unwrap();
    assert_eq!(answer.element("Code").as_deref(), Some("NoSuchKey"));
    let how = section(&server, &sent, &answer, Section::How);
    assert!(how.contains(&"✓ it had 540 s left when the answer was dated".to_owned()), "{how:#?}");
    let signature = section(&server, &sent, &answer, Section::Signature);
    assert!(signature[2].starts_with("✓ recomputed"), "{signature:#?}");
    let sent = request("PUT", &late);
    let answer = raw(&server, sent.as_bytes()).await.unwrap();
    assert_eq!(answer.element("Code").as_deref(), Some("AccessDenied"));
    let how = section(&server, &sent, &answer, Section::How);
    assert!(how.contains(&"✗ it had expired 1 s before the answer was dated".to_owned()), "{how:#?}");
    let signature = section(&server, &sent, &answer, Section::Signature);
    assert!(signature[2].starts_with("✓ recomputed"), "{signature:#?}");
}
