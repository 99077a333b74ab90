//! Servers that are not S3, or not quite: what the headless commands say of them and how they end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use assert_cmd::Command;
use partscope::domain::etag::ETag;
use partscope::domain::operation::{ListParts, Operation, OperationId, UploadRef};
use partscope::domain::outcome::Outcome;
use partscope::domain::output::Output;
use partscope::s3::{Call, TargetSpec, connect};
use partscope::wire::hub::Hub;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What a server sends in answer to a request head before it closes.
type Script = fn(request: &str) -> Vec<u8>;

/// Answers every connection by the script, one request each.
fn server(script: Script) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream, script));
        }
    });
    address
}

fn answer(mut stream: TcpStream, script: Script) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let _ = stream.write_all(&script(&String::from_utf8_lossy(&head)));
}

fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// A head with a length and no body, as HEAD is answered.
fn head(status: &str, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\n\r\n").into_bytes()
}

/// Exit code and everything printed.
fn run(address: SocketAddr, args: &[&str]) -> (i32, String) {
    let mut command = Command::cargo_bin("partscope").unwrap();
    for name in ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
    }
    let output = command
        .env("AWS_CONFIG_FILE", "/nonexistent/config")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
        .env("AWS_ACCESS_KEY_ID", "A")
        .env("AWS_SECRET_ACCESS_KEY", "S")
        .args(args)
        .args(["--path-style", "--region", "us-east-1", "--endpoint-url"])
        .arg(format!("http://{address}"))
        .timeout(Duration::from_secs(60))
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

const INSPECT: [&str; 2] = ["inspect", "s3://b/k"];

#[test]
fn what_is_no_http_is_named_with_its_address_and_raises_no_doubt() {
    for (script, want) in [
        ((|_| b"SSH-2.0-Example\r\n".to_vec()) as Script, "does not answer as an HTTP server does"),
        (|_| Vec::new(), "closed the connection before its answer was complete"),
        (|_| head("200 OK", "Content-Length: 5\r\n"), "has no ETag; is the endpoint an S3?"),
    ] {
        let address = server(script);
        let (code, said) = run(address, &INSPECT);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(want), "{said}");
        assert!(!said.contains("may have acted"), "reading changes nothing: {said}");
    }
}

#[test]
fn a_bucket_in_another_region_is_named_with_the_option_that_reaches_it() {
    let header = |_: &str| head("301 Moved Permanently", "x-amz-bucket-region: eu-west-1\r\n");
    // HEAD brings no reason; a GET does.
    let document = |request: &str| {
        let body = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region is wrong</Message>\
                    <Region>eu-west-1</Region></Error>";
        match request.starts_with("HEAD") {
            true => head("400 Bad Request", ""),
            false => http("400 Bad Request", "", body),
        }
    };
    for script in [header as Script, document] {
        let (code, said) = run(server(script), &INSPECT);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("the bucket lives in eu-west-1; use --region eu-west-1"), "{said}");
    }
}

/// A server that ignores every sub-resource, names the document of Create otherwise, and answers a part copy
/// with nothing.
fn ignorant(request: &str) -> Vec<u8> {
    let etag = "ETag: \"d41d8cd98f00b204e9800998ecf8427e\"\r\n";
    match request.split(' ').next() {
        Some("HEAD") => head("200 OK", &format!("{etag}Content-Length: 6000000\r\n")),
        Some("GET") => http("200 OK", "", &"x".repeat(4096)),
        Some("POST") => {
            http("200 OK", "", "<InitiateMultipartUpload><UploadId>u-1</UploadId></InitiateMultipartUpload>")
        }
        Some("DELETE") if request.contains("uploadId=u-1") => head("204 No Content", ""),
        _ => http("200 OK", "", ""),
    }
}

#[test]
fn a_server_that_ignores_sub_resources_is_seen_through() {
    let (code, said) = run(server(ignorant), &INSPECT);
    assert_eq!(code, 0, "{said}");
    for want in ["ignores partNumber", "does not know GetObjectAttributes", "does not know GetObjectTagging"]
    {
        assert!(said.contains(want), "{said}");
    }
}

/// A server that ignores sub-resources and keeps objects that look like the documents asked for.
fn mimic(request: &str) -> Vec<u8> {
    let etag = "ETag: \"d41d8cd98f00b204e9800998ecf8427e\"\r\nAccept-Ranges: bytes\r\n";
    let attributes = "<GetObjectAttributesResponse><ObjectParts><PartsCount>7</PartsCount></ObjectParts></GetObjectAttributesResponse>";
    let tags = "<Tagging><TagSet><Tag><Key>forged</Key><Value>x</Value></Tag></TagSet></Tagging>";
    match request.split(' ').next() {
        Some("HEAD") => head("200 OK", &format!("{etag}Content-Length: 6000000\r\n")),
        _ if request.contains("tagging") => http("200 OK", etag, tags),
        _ => http("200 OK", etag, attributes),
    }
}

#[test]
fn an_object_that_looks_like_a_document_about_it_is_not_believed() {
    let (code, said) = run(server(mimic), &INSPECT);
    assert_eq!(code, 0, "{said}");
    for want in
        ["does not know GetObjectAttributes: it sent the object itself", "does not know GetObjectTagging"]
    {
        assert!(said.contains(want), "{said}");
    }
    assert!(!said.contains("forged") && said.contains("none: written in one piece"), "{said}");
}

#[test]
fn a_part_copy_answered_with_nothing_did_not_happen() {
    let (code, said) =
        run(server(ignorant), &["copy", "s3://b/k", "s3://b/c", "--part-size", "5MiB", "--concurrency", "1"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("the answer has no CopyPartResult: nothing was copied"), "{said}");
    assert!(said.contains("the upload was aborted; nothing is left"), "{said}");
}

#[test]
fn a_copy_answered_with_nothing_is_doubtful_and_looked_for() {
    let (code, said) = run(server(ignorant), &["copy", "s3://b/k", "s3://b/c"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("S3 answered 200 without CopyObjectResult"), "{said}");
    assert!(said.contains("it was copied, or was the same before"), "{said}");
}

/// One upload in progress, whose part is listed this often before it is gone.
fn lingering(request: &str, aborts: &AtomicUsize, listed: &AtomicUsize, times: usize) -> Vec<u8> {
    const UPLOADS: &str = "<ListMultipartUploadsResult><Bucket>b</Bucket><IsTruncated>false</IsTruncated><Upload>\
        <Key>k</Key><UploadId>u-1</UploadId><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>\
        </ListMultipartUploadsResult>";
    const PARTS: &str = "<ListPartsResult><Bucket>b</Bucket><Key>k</Key><UploadId>u-1</UploadId>\
        <IsTruncated>false</IsTruncated><Part><PartNumber>1</PartNumber><Size>5</Size><ETag>\"e\"</ETag></Part>\
        </ListPartsResult>";
    if request.starts_with("DELETE") {
        aborts.fetch_add(1, Ordering::SeqCst);
        return head("204 No Content", "");
    }
    match request.contains("uploadId=u-1") {
        false => http("200 OK", "", UPLOADS),
        true if listed.fetch_add(1, Ordering::SeqCst) < times => http("200 OK", "", PARTS),
        true => http("404 Not Found", "", "<Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>"),
    }
}

#[test]
fn an_upload_that_lingers_after_its_abort_is_aborted_again_and_not_for_ever() {
    static ABORTS: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
    static LISTED: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
    // The first listing is that of the look.
    let soon: Script = |request| lingering(request, &ABORTS[0], &LISTED[0], 3);
    let never: Script = |request| lingering(request, &ABORTS[1], &LISTED[1], usize::MAX);
    let args = ["uploads", "s3://b", "--older-than", "1d", "--abort", "--yes"];
    let (code, said) = run(server(soon), &args);
    assert_eq!((code, ABORTS[0].load(Ordering::SeqCst)), (0, 3), "{said}");
    assert!(said.contains("aborted, and gone:"), "{said}");
    let (code, said) = run(server(never), &args);
    assert_eq!((code, ABORTS[1].load(Ordering::SeqCst)), (3, 5), "{said}");
    assert!(said.contains("u-1 of k: whether it is gone is not known; it still is in progress"), "{said}");
}

/// HEAD of a plain object with these headers besides; everything else is refused.
fn plain_with(headers: &str, request: &str) -> Vec<u8> {
    match request.starts_with("HEAD") && !request.contains("partNumber") {
        true => head("200 OK", &format!("x-amz-request-id: R\r\nContent-Length: 6000000\r\n{headers}")),
        false => http("501 Not Implemented", "", "<Error><Code>NotImplemented</Code></Error>"),
    }
}

#[test]
fn etags_without_quotes_and_capital_metadata_are_read_and_shown_as_they_came() {
    let script = |request: &str| {
        let etag = "ETag: d41d8cd98f00b204e9800998ecf8427e-2\r\n";
        plain_with(&format!("{etag}X-Amz-Meta-Owner: ada\r\n"), request)
    };
    let (code, said) = run(server(script), &INSPECT);
    assert_eq!(code, 0, "{said}");
    for want in [
        "etag        \"d41d8cd98f00b204e9800998ecf8427e-2\"",
        "parts       2, from the ETag",
        "Owner              ada  (this server spells the name with capitals; AWS answers lower case)",
    ] {
        assert!(said.contains(want), "{want} in {said}");
    }
    let (_, said) = run(server(script), &[&INSPECT[..], &["--json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    let told = report["facts"].as_array().unwrap().iter().find(|f| f["name"] == "ETag").unwrap();
    assert_eq!(told["value"], "d41d8cd98f00b204e9800998ecf8427e-2");
    assert_eq!(report["properties"]["metadata"][0][0], "owner");
    // Compared bare, whatever carries them.
    let (code, said) = run(server(script), &["compare", "s3://b/k", "s3://b/l"]);
    assert_eq!(code, 5, "{said}");
    assert!(said.contains("The bytes are equal: the multipart ETags are equal"), "{said}");
}

#[test]
fn a_head_without_an_etag_or_a_length_says_what_is_missing() {
    let (code, said) = run(server(|request| plain_with("", request)), &INSPECT);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("answered without an ETag") && said.contains("part size   unknown"), "{said}");
    let bare = |request: &str| match request.starts_with("HEAD") {
        true => head("200 OK", "x-amz-request-id: R\r\nETag: \"odd\"\r\n"),
        false => http("501 Not Implemented", "", "<Error><Code>NotImplemented</Code></Error>"),
    };
    let (code, said) = run(server(bare), &INSPECT);
    assert!(code == 0 && said.contains("parts       not known: the service states no count"), "{said}");
    let (code, said) = run(server(bare), &["compare", "s3://b/k", "s3://b/l"]);
    assert_eq!(code, 5, "{said}");
    assert!(said.contains("not known   Size: an answer has no Content-Length"), "{said}");
    assert!(!said.contains("both are empty"), "{said}");
}

#[test]
fn an_object_under_sse_c_is_refused_with_what_a_listing_still_tells() {
    let keyless = |request: &str| match request.starts_with("HEAD") {
        true => head("400 Bad Request", ""),
        false => http(
            "400 Bad Request",
            "",
            "<Error><Code>InvalidRequest</Code><Message>The object was stored using a form of Server Side Encryption. \
             The correct parameters must be provided to retrieve the object.</Message></Error>",
        ),
    };
    let (code, said) = run(server(keyless), &INSPECT);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("GetObjectAttributes says why: InvalidRequest (400)"), "{said}");
    assert!(
        said.contains("the object is under SSE-C") && said.contains("a listing tells its size"),
        "{said}"
    );
    // Another 400 says nothing of encryption.
    let other = |request: &str| match request.starts_with("HEAD") {
        true => head("400 Bad Request", ""),
        false => {
            http("400 Bad Request", "", "<Error><Code>InvalidRequest</Code><Message>No.</Message></Error>")
        }
    };
    let (_, said) = run(server(other), &INSPECT);
    assert!(said.contains("InvalidRequest (400)") && !said.contains("SSE-C"), "{said}");
}

#[test]
fn a_content_range_that_is_none_is_named_and_not_used() {
    let script = |request: &str| {
        let etag = "ETag: \"d41d8cd98f00b204e9800998ecf8427e-2\"\r\n";
        match request.starts_with("HEAD") && request.contains("partNumber") {
            true => head(
                "206 Partial Content",
                &format!("{etag}Content-Length: 8\r\nContent-Range: bytes 0-seven/8\r\n"),
            ),
            false => plain_with(etag, request),
        }
    };
    let (code, said) = run(server(script), &INSPECT);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("a Content-Range that is none, \"bytes 0-seven/8\""), "{said}");
    assert!(
        said.contains("size        6 000 000 bytes") && said.contains("the service did not say"),
        "{said}"
    );
}

/// One answer of ListParts as servers give it that are not AWS.
fn odd_parts(_: &str) -> Vec<u8> {
    let part = |n: u32, etag: &str| {
        format!("<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag><Size>5</Size></Part>")
    };
    let (a, b) = ("900150983cd24fb0d6963f7d28e17f72", "&quot;d41d8cd98f00b204e9800998ecf8427e&quot;");
    let parts = [part(3, a), part(1, b), part(3, a), part(2, a)].concat();
    let rest = "<MaxParts>4</MaxParts><NextPartNumberMarker>0</NextPartNumberMarker>";
    http("200 OK", "", &format!("<ListPartsResult>{rest}{parts}</ListPartsResult>"))
}

#[test]
fn parts_out_of_order_or_listed_twice_are_each_there_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let spec = TargetSpec {
        endpoint_url: Some(format!("http://{}", server(odd_parts))),
        path_style: true,
        region: Some("us-east-1".into()),
        static_credentials: Some(("A".into(), "S".into())),
        ..TargetSpec::default()
    };
    let upload = UploadRef { bucket: "b".into(), key: "k".into(), upload_id: "u".into() };
    let operation = Operation::ListParts(ListParts { upload, part_number_marker: None, max_parts: None });
    let call = Call { id: OperationId(1), hold: false, cancel: Default::default() };
    let outcome = runtime
        .block_on(async { connect(&spec, Hub::discard()).await.unwrap().perform(&operation, call).await });
    let Outcome::Answered(Output::Parts(page)) = outcome else { panic!("{outcome:?}") };
    let numbers: Vec<i32> = page.parts.iter().map(|p| p.part_number.0).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(page.parts[2].etag, ETag::parse("\"900150983cd24fb0d6963f7d28e17f72\""));
    // The page was full and did not say whether it was the last: the list goes on behind its last number.
    assert_eq!(page.next.as_deref(), Some("3"));
}

/// Pages of GetObjectAttributes in which everything is odd: out of order, twice, without IsTruncated on the full
/// page, with a marker of zero, and with a last page that says there is more.
fn odd_pages(request: &str) -> Vec<u8> {
    let part = |n: u32, size: u32| format!("<Part><PartNumber>{n}</PartNumber><Size>{size}</Size></Part>");
    let page = |parts: String, rest: &str| {
        let count = "<PartsCount>4</PartsCount>";
        let body = format!(
            "<GetObjectAttributesResponse><ObjectParts>{count}{rest}{parts}</ObjectParts></GetObjectAttributesResponse>"
        );
        http("200 OK", "", &body)
    };
    let etag = "ETag: d41d8cd98f00b204e9800998ecf8427e-4\r\n";
    let marker = request.lines().find_map(|l| l.strip_prefix("x-amz-part-number-marker: ")).map(str::trim);
    match (request.contains("attributes"), marker) {
        (true, None) => {
            let parts = [part(2, 2_000_000), part(1, 1_000_000), part(2, 2_000_000)].concat();
            page(parts, "<MaxParts>3</MaxParts><NextPartNumberMarker>0</NextPartNumberMarker>")
        }
        (true, Some("2")) => {
            let parts = [part(4, 2_000_000), part(3, 1_000_000)].concat();
            page(parts, "<IsTruncated>true</IsTruncated><NextPartNumberMarker>2</NextPartNumberMarker>")
        }
        _ => plain_with(etag, request),
    }
}

#[test]
fn pages_of_attributes_are_put_in_order_and_end() {
    let (code, said) = run(server(odd_pages), &[&INSPECT[..], &["--json"]].concat());
    assert_eq!(code, 0, "{said}");
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    let sizes = serde_json::json!({"explicit": [1_000_000, 2_000_000, 1_000_000, 2_000_000]});
    assert_eq!(report["layout"]["sizes"], sizes, "{said}");
}

/// HEAD says ten bytes; a GET breaks off after four, and what comes then is the case's own.
fn broken(etag: &str, again: impl Fn(&str) -> Vec<u8>) -> impl Fn(&str) -> Vec<u8> {
    let etag = if etag.is_empty() { String::new() } else { format!("ETag: \"{etag}\"\r\n") };
    move |request: &str| {
        let lower = request.to_ascii_lowercase();
        if lower.starts_with("head") {
            return head("200 OK", &format!("{etag}x-amz-request-id: R\r\nContent-Length: 10\r\n"));
        }
        if lower.contains("\r\nrange: ") {
            return again(&lower);
        }
        let mut out = head("200 OK", &format!("{etag}Content-Length: 10\r\n"));
        out.extend(b"0123");
        out
    }
}

const TEN: &str = "781e5e245d69b566979b86e28d23f2c7";
const ETAG: [&str; 2] = ["etag", "s3://b/k"];

#[test]
fn a_read_that_is_taken_up_again_takes_only_the_bytes_that_were_asked_for() {
    let fine = server(|request: &str| {
        broken(TEN, |request| {
            assert!(
                request.contains("\r\nrange: bytes=4-")
                    && request.contains(&format!("\r\nif-match: \"{TEN}\""))
            );
            http(
                "206 Partial Content",
                &format!("ETag: \"{TEN}\"\r\nContent-Range: bytes 4-9/10\r\n"),
                "456789",
            )
        })(request)
    });
    let (code, said) = run(fine, &ETAG);
    assert_eq!((code, said.as_str()), (0, format!("{TEN}  s3://b/k\n").as_str()));
    // Without an ETag there is no condition to send, and an empty one would be refused.
    let none = server(|request: &str| {
        broken("", |request| {
            assert!(!request.contains("if-match"), "{request}");
            http("206 Partial Content", "Content-Range: bytes 4-9/10\r\n", "456789")
        })(request)
    });
    assert_eq!(run(none, &ETAG), (0, format!("{TEN}  s3://b/k\n")));
}

#[test]
fn a_server_that_ignores_range_or_condition_is_not_believed() {
    let whole = server(|request: &str| {
        broken(TEN, |_| http("200 OK", &format!("ETag: \"{TEN}\"\r\n"), "0123456789"))(request)
    });
    let (code, said) = run(whole, &ETAG);
    assert!(code == 1 && said.contains("did not answer with the bytes from 4 on"), "{code} {said}");
    let other = server(|request: &str| {
        let again = |_: &str| {
            let headers = "ETag: \"c3e59025b87b89e72f0b8a1a07afaf63\"\r\nContent-Range: bytes 4-9/10\r\n";
            http("206 Partial Content", headers, "abcdef")
        };
        broken(TEN, again)(request)
    });
    let (code, said) = run(other, &ETAG);
    assert!(code == 2 && said.contains("was replaced while it was read"), "{code} {said}");
}

#[test]
fn an_object_without_a_told_size_is_neither_read_nor_judged() {
    let untold = |request: &str| match request.starts_with("HEAD") {
        true => head("200 OK", &format!("ETag: \"{TEN}\"\r\nx-amz-request-id: R\r\n")),
        false => http("501 Not Implemented", "", "<Error><Code>NotImplemented</Code></Error>"),
    };
    let (code, said) = run(server(untold), &ETAG);
    assert!(code == 2 && said.contains("has no Content-Length"), "{code} {said}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"0123456789").unwrap();
    let (code, said) = run(server(untold), &["verify", file.path().to_str().unwrap(), "s3://b/k"]);
    assert!(code == 5 && said.contains("the service did not tell it"), "{code} {said}");
}
