//! What can be configured of a bucket, as recorded.

use crate::client::{Answer, call, empty, options};
use partscope::sandbox::{SandboxOptions, Server};

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.element("Code").unwrap_or_default())
}

#[tokio::test]
async fn s3_090_a_new_bucket_enforces_its_owner_and_blocks_the_public() {
    let server = empty().await;
    for (resource, element, value, body, changed, none) in [
        (
            "ownershipControls",
            "ObjectOwnership",
            "BucketOwnerEnforced",
            "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>",
            "ObjectWriter",
            "OwnershipControlsNotFoundError",
        ),
        (
            "publicAccessBlock",
            "BlockPublicAcls",
            "true",
            "<PublicAccessBlockConfiguration><IgnorePublicAcls>true</IgnorePublicAcls></PublicAccessBlockConfiguration>",
            "false",
            "NoSuchPublicAccessBlockConfiguration",
        ),
    ] {
        let target = format!("/bucket?{resource}");
        let read = async || call(&server, "GET", &target, &[], b"").await;
        assert_eq!(read().await.element(element).as_deref(), Some(value));
        assert_eq!(call(&server, "PUT", &target, &[], body.as_bytes()).await.status, 200);
        assert_eq!(read().await.element(element).as_deref(), Some(changed));
        for _ in 0..2 {
            assert_eq!(call(&server, "DELETE", &target, &[], b"").await.status, 204);
        }
        assert_eq!(code(&read().await), (404, none.into()));
        assert_eq!(read().await.element("BucketName").as_deref(), Some("bucket"));
        assert_eq!(code(&call(&server, "PUT", &target, &[], b"<Wrong/>").await).1, "MalformedXML");
    }
    let at_birth = [("x-amz-object-ownership", "BucketOwnerPreferred")];
    assert_eq!(call(&server, "PUT", "/other", &at_birth, b"").await.status, 200);
    let owner = call(&server, "GET", "/other?ownershipControls", &[], b"").await;
    assert_eq!(owner.element("ObjectOwnership").as_deref(), Some("BucketOwnerPreferred"));
    let wrong = call(&server, "PUT", "/third", &[("x-amz-object-ownership", "RandomValue")], b"").await;
    assert_eq!(
        wrong.element("Message").as_deref(),
        Some("Invalid x-amz-object-ownership header: RandomValue")
    );
}

#[tokio::test]
async fn s3_091_tags_of_a_bucket_are_put_with_204() {
    let server = empty().await;
    let read = async || call(&server, "GET", "/bucket?tagging", &[], b"").await;
    assert_eq!(code(&read().await), (404, "NoSuchTagSet".into()));
    let body = b"<Tagging><TagSet><Tag><Key>a</Key><Value></Value></Tag></TagSet></Tagging>";
    assert_eq!(call(&server, "PUT", "/bucket?tagging", &[], body).await.status, 204);
    assert_eq!(read().await.elements("Key"), ["a"]);
    let nothing = b"<Tagging><TagSet/></Tagging>";
    assert_eq!(call(&server, "PUT", "/bucket?tagging", &[], nothing).await.status, 204);
    assert_eq!(read().await.status, 404);
    assert_eq!(call(&server, "DELETE", "/bucket?tagging", &[], b"").await.status, 204);
    for resource in ["tagging", "cors", "policy"] {
        let missing = call(&server, "GET", &format!("/no-bucket?{resource}"), &[], b"").await;
        assert_eq!(code(&missing), (404, "NoSuchBucket".into()), "{resource}");
    }
    assert_eq!(code(&call(&server, "GET", "/bucket?cors", &[], b"").await), (501, "NotImplemented".into()));
}

fn located(region: &str) -> Vec<u8> {
    let text = format!(
        "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
    );
    text.into_bytes()
}

#[tokio::test]
async fn s3_092_buckets_are_made_where_the_endpoint_allows() {
    let server = empty().await;
    let put = async |name: &str, body: &[u8]| call(&server, "PUT", &format!("/{name}"), &[], body).await;
    // The root element is the answer.
    let location = async |name: &str| {
        let text = call(&server, "GET", &format!("/{name}?location"), &[], b"").await.text();
        match text.ends_with("/>") {
            true => Some(String::new()),
            false => text.rsplit_once("</").and_then(|(rest, _)| Some(rest.rsplit_once('>')?.1.to_owned())),
        }
    };
    let made = put("first", b"").await;
    assert_eq!((made.status, made.header("location")), (200, Some("/first")));
    assert_eq!(made.header("x-amz-bucket-arn"), Some("arn:aws:s3:::first"));
    assert_eq!(location("first").await.as_deref(), Some(""));
    assert_eq!(put("second", &located("EU")).await.status, 200);
    assert_eq!(location("second").await.as_deref(), Some("EU"));
    let head = call(&server, "HEAD", "/second", &[], b"").await;
    assert_eq!(head.header("x-amz-bucket-region"), Some("eu-west-1"));
    for region in ["us-east-1", "foo", "aws-global"] {
        let refused = put("third", &located(region)).await;
        assert_eq!(code(&refused), (400, "InvalidLocationConstraint".into()));
        assert_eq!(refused.element("LocationConstraint").as_deref(), Some(region));
    }
    assert_eq!(put("first", b"").await.status, 200);
    let tagged = b"<CreateBucketConfiguration><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></CreateBucketConfiguration>";
    assert_eq!(code(&put("first", tagged).await), (409, "BucketAlreadyOwnedByYou".into()));

    let west = Server::start(SandboxOptions { region: "eu-west-1".into(), ..options(false) }).await.unwrap();
    let put = async |body: &[u8]| call(&west, "PUT", "/first", &[], body).await;
    let refused = put(b"").await;
    assert_eq!(code(&refused), (400, "IllegalLocationConstraintException".into()));
    assert!(refused.element("Message").unwrap().starts_with("The unspecified location constraint"));
    assert_eq!(code(&put(&located("bar")).await).1, "IllegalLocationConstraintException");
    assert_eq!(put(&located("eu-west-1")).await.status, 200);
    assert_eq!(code(&put(&located("eu-west-1")).await), (409, "BucketAlreadyOwnedByYou".into()));
}

#[tokio::test]
async fn s3_093_what_is_archived_cannot_be_read() {
    let server = empty().await;
    for class in ["GLACIER", "DEEP_ARCHIVE"] {
        call(&server, "PUT", "/bucket/cold", &[("x-amz-storage-class", class)], b"x").await;
        let read = call(&server, "GET", "/bucket/cold", &[], b"").await;
        assert_eq!(code(&read), (403, "InvalidObjectState".into()));
        assert_eq!(read.element("StorageClass").as_deref(), Some(class));
        let head = call(&server, "HEAD", "/bucket/cold", &[], b"").await;
        assert_eq!((head.status, head.header("x-amz-storage-class")), (200, Some(class)));
        let copy = call(&server, "PUT", "/bucket/c", &[("x-amz-copy-source", "bucket/cold")], b"").await;
        assert_eq!(code(&copy), (403, "ObjectNotInActiveTierError".into()));
    }
}
