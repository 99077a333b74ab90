//! The AWS SDK as a client: what it sends is understood and what it reads is what we meant.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart, ObjectAttributes,
};
use partscope::sandbox::{SandboxOptions, Server};

async fn client(server: &Server) -> Client {
    let credentials = Credentials::new(server.access_key(), server.secret_key(), None, None, "test");
    let shared = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(server.endpoint())
        .region(Region::new(server.region().to_owned()))
        .credentials_provider(credentials)
        .load()
        .await;
    Client::from_conf(aws_sdk_s3::config::Builder::from(&shared).force_path_style(true).build())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_makes_a_multipart_object_and_reads_it_back() {
    // The SDK signs with the machine's clock.
    let server = Server::start(SandboxOptions::default()).await.unwrap();
    let s3 = client(&server).await;
    let (bucket, key) = ("scratch", "a dir/日本語 +&?.bin");
    let created = s3
        .create_multipart_upload()
        .bucket(bucket)
        .key(key)
        .checksum_algorithm(ChecksumAlgorithm::Crc32)
        .metadata("who", "sdk")
        .tagging("a=b%20c")
        .send()
        .await
        .unwrap();
    let id = created.upload_id().unwrap();
    let mut list = CompletedMultipartUpload::builder();
    for (number, bytes) in [(1, vec![b'a'; 5 << 20]), (2, b"tail".to_vec())] {
        let part = s3
            .upload_part()
            .bucket(bucket)
            .key(key)
            .upload_id(id)
            .part_number(number)
            .body(ByteStream::from(bytes))
            .checksum_algorithm(ChecksumAlgorithm::Crc32)
            .send()
            .await
            .unwrap();
        let part = CompletedPart::builder()
            .part_number(number)
            .set_e_tag(part.e_tag().map(Into::into))
            .set_checksum_crc32(part.checksum_crc32().map(Into::into))
            .build();
        list = list.parts(part);
    }
    let done = s3
        .complete_multipart_upload()
        .bucket(bucket)
        .key(key)
        .upload_id(id)
        .multipart_upload(list.build())
        .send()
        .await
        .unwrap();
    assert!(done.e_tag().unwrap().ends_with("-2\""));
    let head = s3
        .head_object()
        .bucket(bucket)
        .key(key)
        .part_number(2)
        .checksum_mode(ChecksumMode::Enabled)
        .send()
        .await
        .unwrap();
    assert_eq!((head.parts_count(), head.content_length()), (Some(2), Some(4)));
    let attributes = s3
        .get_object_attributes()
        .bucket(bucket)
        .key(key)
        .object_attributes(ObjectAttributes::ObjectParts)
        .object_attributes(ObjectAttributes::Checksum)
        .send()
        .await
        .unwrap();
    assert_eq!(attributes.object_parts().unwrap().parts().len(), 2);
    let body = s3.get_object().bucket(bucket).key(key).send().await.unwrap().body.collect().await.unwrap();
    assert_eq!(body.into_bytes().len(), (5 << 20) + 4);
    let tags = s3.get_object_tagging().bucket(bucket).key(key).send().await.unwrap();
    assert_eq!(tags.tag_set()[0].value(), "b c");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_walks_the_seeded_account() {
    let server = Server::start(SandboxOptions::default()).await.unwrap();
    let s3 = client(&server).await;
    assert_eq!(s3.list_buckets().send().await.unwrap().buckets().len(), 5);
    let all = s3.list_objects_v2().bucket("lessons").send().await.unwrap();
    let keys: Vec<&str> = all.contents().iter().filter_map(|o| o.key()).collect();
    assert!(keys.contains(&"names/evil\u{1b}[2Jname.txt"), "{keys:?}");
    for key in keys {
        s3.head_object().bucket("lessons").key(key).send().await.unwrap();
    }
    let many = s3.list_objects_v2().bucket("many-keys").send().await.unwrap();
    let token = many.next_continuation_token().unwrap();
    let next = s3.list_objects_v2().bucket("many-keys").continuation_token(token).send().await.unwrap();
    assert_eq!((many.key_count(), next.key_count()), (Some(1000), Some(1000)));
    let uploads = s3.list_multipart_uploads().bucket("lessons").send().await.unwrap();
    let video = uploads.uploads().last().unwrap();
    let (key, id) = (video.key().unwrap(), video.upload_id().unwrap());
    let parts = s3.list_parts().bucket("lessons").key(key).upload_id(id).send().await.unwrap();
    assert_eq!(parts.parts().len(), 3);
    s3.abort_multipart_upload().bucket("lessons").key(key).upload_id(id).send().await.unwrap();
    let copy =
        s3.copy_object().bucket("scratch").key("copy").copy_source("lessons/notes.txt").send().await.unwrap();
    assert!(copy.copy_object_result().unwrap().e_tag().is_some());
    let missing = s3.get_object().bucket("lessons").key("nope").send().await.unwrap_err();
    assert!(missing.into_service_error().is_no_such_key());
}
