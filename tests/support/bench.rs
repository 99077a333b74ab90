//! What tests of headless commands before a sandbox of this process share.

#![allow(dead_code)]

use partscope::domain::names::{ObjectRef, Tag};
use partscope::domain::operation::{HeadObject, ListMultipartUploads, Operation, OperationId};
use partscope::domain::outcome::Outcome;
use partscope::domain::output::{HeadObjectOutput, ListedUpload, Output};
use partscope::s3::{Call, Client, TargetSpec, connect};
use partscope::sandbox::{SandboxOptions, Server};
use partscope::wire::hub::Hub;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// A sandbox in this process, a client of it, and the program pointed at it.
pub struct Bench {
    pub server: Server,
    pub client: Client,
    pub runtime: Runtime,
}

/// How the program ended.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Bench {
    pub fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let server = runtime.block_on(Server::start(SandboxOptions::default())).unwrap();
        assert!(runtime.block_on(server.ready()));
        let spec = TargetSpec {
            endpoint_url: Some(server.endpoint()),
            region: Some(server.region().into()),
            path_style: true,
            static_credentials: Some((server.access_key().into(), server.secret_key().into())),
            ..TargetSpec::default()
        };
        let client = runtime.block_on(connect(&spec, Hub::discard())).unwrap();
        Self { server, client, runtime }
    }

    pub fn ask(&self, operation: &Operation) -> Outcome {
        let call = Call { id: OperationId(0), hold: false, cancel: CancellationToken::new() };
        self.runtime.block_on(self.client.perform(operation, call))
    }

    pub fn head(&self, bucket: &str, key: &str) -> Option<HeadObjectOutput> {
        let object = ObjectRef::new(bucket, key);
        match self.ask(&Operation::HeadObject(HeadObject { object, part_number: None })) {
            Outcome::Answered(Output::Head(head)) => Some(*head),
            Outcome::Refused(error) if error.status == 404 => None,
            other => panic!("{other:?}"),
        }
    }

    pub fn tags(&self, bucket: &str, key: &str) -> Vec<Tag> {
        match self.ask(&Operation::GetObjectTagging(ObjectRef::new(bucket, key))) {
            Outcome::Answered(Output::Tags(tags)) => tags,
            other => panic!("{other:?}"),
        }
    }

    pub fn uploads(&self, prefix: &str) -> Vec<ListedUpload> {
        let list = ListMultipartUploads {
            bucket: "scratch".into(),
            prefix: Some(prefix.into()),
            ..ListMultipartUploads::default()
        };
        match self.ask(&Operation::ListMultipartUploads(list)) {
            Outcome::Answered(Output::Uploads(page)) => page.uploads,
            other => panic!("{other:?}"),
        }
    }

    pub fn copy(&self, source: &str, destination: &str, more: &[&str]) -> Ended {
        self.run(&[&["copy", source, destination], more].concat())
    }

    pub fn run(&self, args: &[&str]) -> Ended {
        let mut command = assert_cmd::Command::from_std(self.command(args));
        let output = command.timeout(Duration::from_secs(120)).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The program with these arguments, pointed at the sandbox.
    pub fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("partscope"));
        for name in
            ["AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN"]
        {
            command.env_remove(name);
        }
        command
            .env("AWS_CONFIG_FILE", "/nonexistent/config")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
            .env("AWS_ACCESS_KEY_ID", self.server.access_key())
            .env("AWS_SECRET_ACCESS_KEY", self.server.secret_key())
            .args(["--path-style", "--endpoint-url", &self.server.endpoint()])
            .args(["--region", self.server.region()])
            .args(args);
        command
    }
}
