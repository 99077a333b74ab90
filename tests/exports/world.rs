//! A sandbox with a source, and a multipart copy of it whose every byte is recorded.

use partscope::domain::exchange::Exchange;
use partscope::domain::names::{ObjectRef, Tag};
use partscope::domain::operation::*;
use partscope::domain::outcome::Outcome;
use partscope::domain::output::Output;
use partscope::domain::units::PartNumber;
use partscope::s3::{Call, Client, TargetSpec, connect};
use partscope::sandbox::{SandboxOptions, Server};
use partscope::wire::hub::Hub;
use std::io::Write as _;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const MIB: u64 = 1024 * 1024;
/// What a shell, a URL, a header or a command line could take for something else.
pub const ODD: &str = "a b+é/?&'\"$(touch canary)`touch canary`%41\n;x";
/// Keys of uploads that are only begun.
pub const ODD_KEYS: [&str; 10] = [
    "-k",
    "--key=x",
    "file:///etc/hostname",
    "http://127.0.0.1:1/x",
    "a//b/",
    "ends?versionId=x",
    "$HOME ~ !x #y \\",
    "\u{202e}ключ\u{7f}\u{85}\u{2028}\u{e0001}",
    "'''\"\"\"\n#{}%s%%",
    CONTROLS,
];
/// A key that no XML document can say: clients that read one in the answer of Create give up.
pub const CONTROLS: &str = "\u{1b}]0;x\u{7}";

pub struct World {
    pub server: Server,
    pub sdk: aws_sdk_s3::Client,
    client: Client,
    hub: Arc<Hub>,
    next: u64,
}

/// What is compared of an object.
#[derive(Debug, PartialEq)]
pub struct Made {
    etag: Option<String>,
    size: Option<i64>,
    bytes: [u8; 16],
    content_type: Option<String>,
    cache_control: Option<String>,
    content_disposition: Option<String>,
    storage_class: Option<String>,
    checksum: (Option<String>, Option<String>),
    metadata: Vec<(String, String)>,
    tags: Vec<(String, String)>,
}

impl World {
    /// An empty account with two buckets; objects of the first have versions.
    pub async fn new(seed: u64) -> Self {
        let options = SandboxOptions { seed: false, id_seed: Some(seed), ..SandboxOptions::default() };
        let server = Server::start(options).await.unwrap();
        let spec = TargetSpec {
            endpoint_url: Some(server.endpoint()),
            path_style: true,
            static_credentials: Some((server.access_key().into(), server.secret_key().into())),
            ..TargetSpec::default()
        };
        let hub = Hub::new();
        let client = connect(&spec, hub.clone()).await.unwrap();
        let credentials = aws_sdk_s3::config::Credentials::new(
            server.access_key(),
            server.secret_key(),
            None,
            None,
            "test",
        );
        let shared = aws_config::defaults(aws_sdk_s3::config::BehaviorVersion::latest())
            .endpoint_url(server.endpoint())
            .region(aws_sdk_s3::config::Region::new(server.region().to_owned()))
            .credentials_provider(credentials)
            .load()
            .await;
        let config = aws_sdk_s3::config::Builder::from(&shared).force_path_style(true).build();
        let sdk = aws_sdk_s3::Client::from_conf(config);
        for bucket in ["from", "dest"] {
            sdk.create_bucket().bucket(bucket).send().await.unwrap();
        }
        let status = aws_sdk_s3::types::BucketVersioningStatus::Enabled;
        let versioning = aws_sdk_s3::types::VersioningConfiguration::builder().status(status).build();
        sdk.put_bucket_versioning().bucket("from").versioning_configuration(versioning).send().await.unwrap();
        Self { server, sdk, client, hub, next: 0 }
    }

    pub async fn perform(&mut self, operation: Operation) -> Outcome {
        self.next += 1;
        let call = Call { id: OperationId(self.next), hold: false, cancel: CancellationToken::new() };
        self.client.perform(&operation, call).await
    }

    pub async fn output(&mut self, operation: Operation) -> Output {
        match self.perform(operation.clone()).await {
            Outcome::Answered(output) => output,
            other => panic!("{operation:?}: {other:?}"),
        }
    }

    /// The source, in two versions; what was recorded so far is forgotten.
    pub async fn prepare(&mut self) {
        for first in [0_u8, 7] {
            let bytes: Vec<u8> = (0..6 * MIB).map(|i| ((i * i + u64::from(first)) % 253) as u8).collect();
            let put = self.sdk.put_object().bucket("from").key(ODD).body(bytes.into());
            put.content_type("text/x-odd").tagging("a=1").send().await.unwrap();
        }
        self.hub.drain();
    }

    /// A copy by hand, with reads before and after it, as the screen makes them.
    pub async fn copy(&mut self) {
        let destination = ObjectRef::new("dest", ODD);
        let absent = self.perform(head(destination.clone(), None)).await;
        assert!(matches!(absent, Outcome::Refused(_)), "{absent:?}");
        let Output::Head(found) = self.output(head(ObjectRef::new("from", ODD), None)).await else {
            panic!()
        };
        let source = ObjectRef { version_id: found.version_id.clone(), ..ObjectRef::new("from", ODD) };
        assert!(source.version_id.is_some());
        self.output(head(source.clone(), Some(PartNumber(1)))).await;
        self.output(Operation::GetObjectTagging(source.clone())).await;
        let Output::Created(created) = self.output(Operation::CreateMultipartUpload(create())).await else {
            panic!()
        };
        let upload = created.upload.clone();
        let mut parts = Vec::new();
        let copied = Operation::UploadPartCopy(UploadPartCopy {
            upload: upload.clone(),
            part_number: PartNumber(1),
            source,
            copy_source_range: Some(format!("bytes=0-{}", 5 * MIB + 11)),
            copy_source_if_match: Some(found.etag.clone()),
        });
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&(0..3000_u32).map(|i| (i * i % 256) as u8).collect::<Vec<_>>()).unwrap();
        let part = |number: i32, body: PartBody| {
            Operation::UploadPart(UploadPart {
                upload: upload.clone(),
                part_number: PartNumber(number),
                body,
            })
        };
        let generated = part(2, PartBody::Generated { seed: 300, len: 5 * MIB });
        let of_file = part(3, PartBody::File { path: file.path().to_path_buf(), offset: 1000, len: 2000 });
        // The last part is sent twice: the list names what was answered last.
        let spoilt = part(3, PartBody::Generated { seed: 1, len: 1000 });
        for (number, operation) in [(1, copied), (2, generated), (0, spoilt), (3, of_file)] {
            let (etag, checksums) = match self.output(operation).await {
                Output::Part(part) => (part.etag, part.checksums),
                other => panic!("{other:?}"),
            };
            let checksum = checksums.values.first().cloned();
            if number > 0 {
                parts.push(CompletedPart { part_number: PartNumber(number), etag, checksum });
            }
        }
        let list = ListParts { upload: upload.clone(), part_number_marker: None, max_parts: Some(2) };
        self.output(Operation::ListParts(list)).await;
        let complete = CompleteMultipartUpload {
            upload,
            parts,
            if_none_match: true,
            mpu_object_size: Some(10 * 1024 * 1024 + 12 + 2000),
            checksum_type: None,
        };
        self.output(Operation::CompleteMultipartUpload(complete)).await;
        self.output(head(destination.clone(), None)).await;
        let tags = PutObjectTagging { object: destination, tags: tags() };
        self.output(Operation::PutObjectTagging(tags)).await;
    }

    /// Uploads of odd keys, which stay open.
    pub async fn begin_uploads(&mut self, keys: &[&str]) {
        for &key in keys {
            let create = CreateMultipartUpload {
                bucket: "dest".into(),
                key: key.into(),
                properties: ObjectProperties::default(),
                tags: Vec::new(),
            };
            self.output(Operation::CreateMultipartUpload(create)).await;
        }
    }

    /// What was recorded since the last time.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.hub.drain().into_iter().map(Arc::unwrap_or_clone).collect()
    }

    /// The object that was made.
    pub async fn result(&self) -> Made {
        let object = self.sdk.get_object().bucket("dest").key(ODD);
        let got = object
            .checksum_mode(aws_sdk_s3::types::ChecksumMode::Enabled)
            .send()
            .await
            .unwrap_or_else(|e| panic!("no object was made: {e:?}"));
        let mut metadata: Vec<_> = got.metadata().unwrap().clone().into_iter().collect();
        metadata.sort();
        let tagging = self.sdk.get_object_tagging().bucket("dest").key(ODD).send().await.unwrap();
        let mut tags: Vec<_> =
            tagging.tag_set().iter().map(|t| (t.key().to_owned(), t.value().to_owned())).collect();
        tags.sort();
        let mut made = Made {
            etag: got.e_tag().map(str::to_owned),
            size: got.content_length(),
            bytes: [0; 16],
            content_type: got.content_type().map(str::to_owned),
            cache_control: got.cache_control().map(str::to_owned),
            content_disposition: got.content_disposition().map(str::to_owned),
            storage_class: got.storage_class().map(|c| c.as_str().to_owned()),
            checksum: (
                got.checksum_sha256().map(str::to_owned),
                got.checksum_type().map(|t| t.as_str().to_owned()),
            ),
            metadata,
            tags,
        };
        let bytes = got.body.collect().await.unwrap().into_bytes();
        made.bytes =
            md5::Digest::finalize(md5::Digest::chain_update(<md5::Md5 as md5::Digest>::new(), &bytes)).into();
        made
    }

    /// The bytes of an object of the second bucket.
    pub async fn bytes(&self, key: &str) -> Vec<u8> {
        let got = self.sdk.get_object().bucket("dest").key(key).send().await.unwrap();
        got.body.collect().await.unwrap().to_vec()
    }

    /// The id of the operation that was performed last.
    pub fn last(&self) -> OperationId {
        OperationId(self.next)
    }

    /// Keys of the uploads that are open.
    pub async fn open_uploads(&self) -> Vec<String> {
        let listed = self.sdk.list_multipart_uploads().bucket("dest").send().await.unwrap();
        let mut keys: Vec<_> = listed.uploads().iter().map(|u| u.key().unwrap().to_owned()).collect();
        keys.sort();
        keys
    }
}

fn head(object: ObjectRef, part_number: Option<PartNumber>) -> Operation {
    Operation::HeadObject(HeadObject { object, part_number })
}

fn create() -> CreateMultipartUpload {
    let text = |t: &str| Some(t.to_owned());
    let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
    CreateMultipartUpload {
        bucket: "dest".into(),
        key: ODD.into(),
        properties: ObjectProperties {
            content_type: text("text/x-made; charset=\"utf-8\""),
            cache_control: text("no-cache, max-age=0"),
            content_disposition: text("attachment; filename=\"a $(touch canary) `b`.txt\""),
            expires: text("Thu, 01 Jan 2032 00:00:00 GMT"),
            storage_class: text("STANDARD_IA"),
            metadata: vec![
                pair("odd", "it's \"$HOME\" & `touch canary` \\ %s"),
                pair("encoded", "=?UTF-8?B?w6Q=?="),
            ],
            checksum_algorithm: text("SHA256"),
            ..ObjectProperties::default()
        },
        tags: vec![Tag { key: "team +é".into(), value: "a=b/c".into() }],
    }
}

fn tags() -> Vec<Tag> {
    let tag = |k: &str, v: &str| Tag { key: k.into(), value: v.into() };
    vec![tag("é +-=._:/@", "ä b"), tag("empty", ""), tag("x", "1")]
}
