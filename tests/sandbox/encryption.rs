//! Encryption as it shows: headers, keys that must fit, ETags that are no MD5s.

use crate::client::{Answer, call, empty};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use partscope::sandbox::Server;

const MISSING: &str = "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.";
const WRONG: &str = "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.";
const KEY_ID: &str = "134f2428-cec1-4b25-a1ae-9048164dba47";

type Headers = Vec<(String, String)>;

/// The three headers of a client's own key of 32 equal bytes.
fn key(byte: u8, prefix: &str) -> Headers {
    let key = [byte; 32];
    let name = |end: &str| format!("x-amz-{prefix}server-side-encryption-customer-{end}");
    vec![
        (name("algorithm"), "AES256".into()),
        (name("key"), STANDARD.encode(key)),
        (name("key-MD5"), STANDARD.encode(Md5::digest(key))),
    ]
}

async fn send(server: &Server, method: &str, target: &str, headers: &Headers, body: &[u8]) -> Answer {
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    call(server, method, target, &headers, body).await
}

fn refusal(answer: &Answer) -> (u16, String, String) {
    let element = |name| answer.element(name).unwrap_or_default();
    (answer.status, element("Code"), element("Message"))
}

fn refused(status: u16, code: &str, message: &str) -> (u16, String, String) {
    (status, code.into(), message.into())
}

fn md5_etag(body: &[u8]) -> String {
    format!("\"{}\"", partscope::domain::etag::to_hex(&Md5::digest(body)))
}

#[tokio::test]
async fn s3_080_a_clients_own_key_opens_what_it_closed_and_nothing_else_does() {
    let server = empty().await;
    let put = send(&server, "PUT", "/bucket/k", &key(1, ""), b"secret").await;
    assert_eq!(put.status, 200, "{}", put.text());
    assert_eq!(put.header("x-amz-server-side-encryption"), None);
    assert_eq!(put.header("x-amz-server-side-encryption-customer-algorithm"), Some("AES256"));
    assert_eq!(put.header("x-amz-server-side-encryption-customer-key-md5"), Some(key(1, "")[2].1.as_str()));
    assert_ne!(put.header("etag"), Some(md5_etag(b"secret").as_str()));
    let again = send(&server, "PUT", "/bucket/k", &key(1, ""), b"secret").await;
    assert_ne!(put.header("etag"), again.header("etag"));
    let get = |headers: Headers| {
        let server = &server;
        async move { send(server, "GET", "/bucket/k", &headers, b"").await }
    };
    assert_eq!(get(key(1, "")).await.text(), "secret");
    assert_eq!(refusal(&get(vec![]).await), refused(400, "InvalidRequest", MISSING));
    assert_eq!(refusal(&get(key(2, "")).await), refused(403, "AccessDenied", WRONG));
    let mut no_md5 = key(1, "");
    no_md5.pop();
    assert_eq!(refusal(&get(no_md5.clone()).await), refused(403, "AccessDenied", WRONG));
    assert_eq!(send(&server, "HEAD", "/bucket/k", &no_md5, b"").await.status, 403);
    assert_eq!(send(&server, "HEAD", "/bucket/k", &vec![], b"").await.status, 400);
    let mut attributes = key(1, "");
    attributes.push(("x-amz-object-attributes".into(), "ETag,ObjectSize".into()));
    assert_eq!(send(&server, "GET", "/bucket/k?attributes", &attributes, b"").await.status, 200);
    attributes.drain(..3);
    assert_eq!(send(&server, "GET", "/bucket/k?attributes", &attributes, b"").await.status, 400);
}

#[tokio::test]
async fn s3_081_own_keys_are_checked_before_anything_is_written() {
    let server = empty().await;
    let with = |at: usize, value: Option<&str>| {
        let mut headers = key(1, "");
        match value {
            Some(value) => headers[at].1 = value.into(),
            None => drop(headers.remove(at)),
        }
        headers
    };
    let short = STANDARD.encode("short");
    for (headers, code, message) in [
        (
            with(0, Some("KMS")),
            "InvalidEncryptionAlgorithmError",
            "The Encryption request you specified is not valid. Supported value: AES256.",
        ),
        (
            with(0, None),
            "InvalidArgument",
            "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.",
        ),
        (
            with(1, None),
            "InvalidArgument",
            "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.",
        ),
        (with(2, None), "InvalidArgument", "The secret key was invalid for the specified algorithm."),
        (with(1, Some(&short)), "InvalidArgument", "The secret key was invalid for the specified algorithm."),
        (
            with(2, Some("AAAAAAAAAAAAAAAAAAAAAA==")),
            "InvalidArgument",
            "The calculated MD5 hash of the key did not match the hash that was provided.",
        ),
        (
            [key(1, ""), vec![("x-amz-server-side-encryption".into(), "AES256".into())]].concat(),
            "InvalidArgument",
            "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        ),
    ] {
        let answer = send(&server, "PUT", "/bucket/k", &headers, b"x").await;
        assert_eq!(refusal(&answer), refused(400, code, message));
        assert_eq!(answer.element("ArgumentName").as_deref(), Some("x-amz-server-side-encryption"));
    }
    assert_eq!(call(&server, "HEAD", "/bucket/k", &[], b"").await.status, 404);
}

async fn begin(server: &Server, headers: &Headers) -> String {
    let answer = send(server, "POST", "/bucket/m?uploads", headers, b"").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.element("UploadId").unwrap()
}

#[tokio::test]
async fn s3_082_every_part_comes_with_the_key_of_its_upload() {
    const INITIATE: &str = "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.";
    let server = empty().await;
    let plain = begin(&server, &vec![]).await;
    let closed = begin(&server, &key(1, "")).await;
    let put = |id: &str, headers: Headers| {
        let (server, target) = (&server, format!("/bucket/m?partNumber=1&uploadId={id}"));
        async move { send(server, "PUT", &target, &headers, b"part").await }
    };
    assert_eq!(refusal(&put(&plain, key(1, "")).await), refused(400, "InvalidRequest", INITIATE));
    assert_eq!(refusal(&put(&closed, vec![]).await), refused(400, "InvalidRequest", INITIATE));
    let other = "The provided encryption parameters did not match the ones used originally.";
    assert_eq!(refusal(&put(&closed, key(2, "")).await), refused(400, "InvalidRequest", other));
    let first = put(&closed, key(1, "")).await;
    let second = put(&closed, key(1, "")).await;
    assert_ne!(first.header("etag"), second.header("etag"));
    let etag = second.header("etag").unwrap();
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    );
    let target = format!("/bucket/m?uploadId={closed}");
    let done = call(&server, "POST", &target, &[], list.as_bytes()).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(done.element("ETag").unwrap().ends_with("-1\""));
    assert_eq!(done.element("ChecksumType"), None);
    assert_eq!(done.header("x-amz-server-side-encryption-customer-algorithm"), Some("AES256"));
    let mut headers = key(1, "");
    headers.push(("x-amz-checksum-mode".into(), "ENABLED".into()));
    let read = send(&server, "GET", "/bucket/m", &headers, b"").await;
    assert_eq!((read.text().as_str(), read.header("x-amz-checksum-crc64nvme")), ("part", None));
}

#[tokio::test]
async fn s3_083_copies_need_the_key_of_the_source_and_choose_one_of_their_own() {
    let server = empty().await;
    send(&server, "PUT", "/bucket/k", &key(1, ""), b"secret").await;
    let copy = |headers: Headers| {
        let headers = [vec![("x-amz-copy-source".into(), "bucket/k".into())], headers].concat();
        let server = &server;
        async move { send(server, "PUT", "/bucket/c", &headers, b"").await }
    };
    assert_eq!(refusal(&copy(vec![]).await), refused(400, "InvalidRequest", MISSING));
    let open = copy(key(1, "copy-source-")).await;
    assert_eq!(open.element("ETag"), Some(md5_etag(b"secret")));
    assert_eq!(open.header("x-amz-server-side-encryption"), Some("AES256"));
    let closed = copy([key(1, "copy-source-"), key(2, "")].concat()).await;
    assert_ne!(closed.element("ETag"), Some(md5_etag(b"secret")));
    assert_eq!(send(&server, "GET", "/bucket/c", &key(2, ""), b"").await.text(), "secret");
    let id = begin(&server, &vec![]).await;
    let target = format!("/bucket/m?partNumber=1&uploadId={id}");
    let source = vec![("x-amz-copy-source".to_owned(), "bucket/k".to_owned())];
    let wrong = send(&server, "PUT", &target, &[source.clone(), key(2, "copy-source-")].concat(), b"").await;
    assert_eq!(refusal(&wrong), refused(403, "AccessDenied", WRONG));
    let part = send(&server, "PUT", &target, &[source, key(1, "copy-source-")].concat(), b"").await;
    assert_eq!(part.element("ETag"), Some(md5_etag(b"secret")));
}

#[tokio::test]
async fn s3_084_kms_makes_etags_opaque_and_names_its_key() {
    let server = empty().await;
    let arn = format!("arn:aws:kms:us-east-1:111111111111:key/{KEY_ID}");
    let kms = |id: &str| -> Headers {
        vec![
            ("x-amz-server-side-encryption".into(), "aws:kms".into()),
            ("x-amz-server-side-encryption-aws-kms-key-id".into(), id.into()),
        ]
    };
    let put = send(&server, "PUT", "/bucket/k", &kms(KEY_ID), b"x").await;
    assert_eq!(put.header("x-amz-server-side-encryption"), Some("aws:kms"));
    assert_eq!(put.header("x-amz-server-side-encryption-aws-kms-key-id"), Some(arn.as_str()));
    assert_ne!(put.header("etag"), Some(md5_etag(b"x").as_str()));
    assert_eq!(call(&server, "GET", "/bucket/k", &[], b"").await.text(), "x");
    let wrong = send(&server, "PUT", "/bucket/k", &kms("fake-key-id"), b"x").await;
    assert_eq!(refusal(&wrong), refused(400, "KMS.NotFoundException", "Invalid keyId 'fake-key-id'"));
    let id = begin(&server, &kms(KEY_ID)).await;
    let part = call(&server, "PUT", &format!("/bucket/m?partNumber=1&uploadId={id}"), &[], b"x").await;
    assert_eq!(part.header("x-amz-server-side-encryption"), Some("aws:kms"));
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        part.header("etag").unwrap()
    );
    let done = call(&server, "POST", &format!("/bucket/m?uploadId={id}"), &[], list.as_bytes()).await;
    assert_eq!((done.status, done.element("ChecksumType")), (200, None));
    let read = call(&server, "HEAD", "/bucket/m", &[("x-amz-checksum-mode", "ENABLED")], b"").await;
    assert_eq!(read.header("x-amz-checksum-type"), Some("FULL_OBJECT"));
    // Copied without a word of encryption it is plain again, and its ETag an MD5.
    let copy = call(&server, "PUT", "/bucket/c", &[("x-amz-copy-source", "bucket/m")], b"").await;
    assert_eq!(copy.element("ETag"), Some(md5_etag(b"x")));
}

#[tokio::test]
async fn s3_085_a_bucket_encrypts_what_names_no_encryption() {
    let server = empty().await;
    let read = async || call(&server, "GET", "/bucket?encryption", &[], b"").await;
    assert_eq!(read().await.element("SSEAlgorithm").as_deref(), Some("AES256"));
    let rule = |inner: &str| {
        format!(
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>{inner}</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>"
        )
    };
    let write = async |body: String| call(&server, "PUT", "/bucket?encryption", &[], body.as_bytes()).await;
    let kms = format!("<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>{KEY_ID}</KMSMasterKeyID>");
    assert_eq!(write(rule(&kms)).await.status, 200);
    let put = call(&server, "PUT", "/bucket/k", &[], b"x").await;
    assert_eq!(put.header("x-amz-server-side-encryption"), Some("aws:kms"));
    assert_eq!(put.header("x-amz-server-side-encryption-bucket-key-enabled"), Some("true"));
    let told = call(&server, "PUT", "/bucket/k", &[("x-amz-server-side-encryption", "AES256")], b"x").await;
    assert_eq!(told.header("etag"), Some(md5_etag(b"x").as_str()));
    let mixed = rule("<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>x</KMSMasterKeyID>");
    assert_eq!(refusal(&write(mixed).await).1, "InvalidArgument");
    assert_eq!(refusal(&write("<ServerSideEncryptionConfiguration/>".into()).await).1, "MalformedXML");
    assert_eq!(call(&server, "DELETE", "/bucket?encryption", &[], b"").await.status, 204);
    assert_eq!(read().await.element("SSEAlgorithm").as_deref(), Some("AES256"));
    let none = call(&server, "GET", "/no-bucket?encryption", &[], b"").await;
    assert_eq!((none.status, none.element("Code").as_deref()), (404, Some("NoSuchBucket")));
}
