//! A copy under every fault: in the end the object is there and identical, or nothing is left, or what is left is named
//! with the command that removes it. Never is an upload orphaned in silence.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use partscope::domain::names::{ObjectRef, Tag};
use partscope::domain::operation::{
    HeadObject, ListMultipartUploads, Operation, OperationId, PutObjectTagging,
};
use partscope::domain::outcome::Outcome;
use partscope::domain::output::{HeadObjectOutput, ListedUpload, Output};
use partscope::s3::{Call, Client, TargetSpec, connect};
use partscope::sandbox::{SandboxOptions, Server};
use partscope::wire::hub::Hub;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// Copies that run at once; most of the time they wait.
const WORKERS: usize = 16;

struct Bench {
    server: Server,
    client: Client,
    runtime: Runtime,
}

struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Bench {
    fn new() -> Self {
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

    fn ask(&self, operation: &Operation) -> Outcome {
        let call = Call { id: OperationId(0), hold: false, cancel: CancellationToken::new() };
        self.runtime.block_on(self.client.perform(operation, call))
    }

    fn head(&self, bucket: &str, key: &str) -> Option<HeadObjectOutput> {
        let object = ObjectRef::new(bucket, key);
        match self.ask(&Operation::HeadObject(HeadObject { object, part_number: None })) {
            Outcome::Answered(Output::Head(head)) => Some(*head),
            Outcome::Refused(error) if error.status == 404 => None,
            other => panic!("{other:?}"),
        }
    }

    fn tags(&self, bucket: &str, key: &str) -> Vec<Tag> {
        match self.ask(&Operation::GetObjectTagging(ObjectRef::new(bucket, key))) {
            Outcome::Answered(Output::Tags(tags)) => tags,
            other => panic!("{other:?}"),
        }
    }

    fn uploads(&self, prefix: &str) -> Vec<ListedUpload> {
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

    fn copy(&self, source: &str, destination: &str, more: &[&str]) -> Ended {
        let mut command = assert_cmd::Command::cargo_bin("partscope").unwrap();
        for name in
            ["AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN"]
        {
            command.env_remove(name);
        }
        let output = command
            .env("AWS_CONFIG_FILE", "/nonexistent/config")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
            .env("AWS_ACCESS_KEY_ID", self.server.access_key())
            .env("AWS_SECRET_ACCESS_KEY", self.server.secret_key())
            .args(["copy", source, destination, "--path-style"])
            .args(["--endpoint-url", &self.server.endpoint(), "--region", self.server.region()])
            .args(more)
            .timeout(Duration::from_secs(120))
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Every action that these operations can meet.
const ACTIONS: [&str; 11] = [
    "slow-down",
    "internal-error",
    "delay=30ms",
    "slow-answer=20000",
    "reset",
    "reset-after=40",
    "lost-answer",
    "expired-token",
    "clock-skew=20m",
    "permanent-redirect=eu-west-1",
    "temporary-redirect=eu-west-1",
];

/// Operations, what else must go wrong for them to be sent, and the source they are sent for.
const OPERATIONS: [(&str, &[&str], &str); 7] = [
    ("CreateMultipartUpload", &[], "uniform-8mib.bin"),
    ("UploadPartCopy part=2", &[], "uniform-8mib.bin"),
    ("CompleteMultipartUpload", &[], "uniform-8mib.bin"),
    ("PutObjectTagging", &[], "uniform-8mib.bin"),
    ("CopyObject", &[], "notes.txt"),
    ("AbortMultipartUpload", &["UploadPartCopy part=3 always expired-token"], "uniform-8mib.bin"),
    ("HeadObject", &["CompleteMultipartUpload lost-answer"], "uniform-8mib.bin"),
];

struct Case {
    rules: Vec<String>,
    source: &'static str,
    prefix: String,
}

fn cases() -> Vec<Case> {
    let mut out = Vec::new();
    for (operation, also, source) in OPERATIONS {
        let late = ["CompleteMultipartUpload", "UploadPartCopy", "CopyObject"];
        let late = late.iter().any(|name| operation.starts_with(name)).then_some("error-after-200");
        for action in ACTIONS.into_iter().chain(late) {
            for often in ["", "always "] {
                let prefix = format!("case-{}/", out.len());
                let rule = |rule: &str| rule.replacen(' ', &format!(" key={prefix} "), 1);
                let mut rules = vec![rule(&format!("{operation} {often}{action}"))];
                rules.extend(also.iter().map(|also| rule(also)));
                out.push(Case { rules, source, prefix });
            }
        }
    }
    out
}

fn judge(bench: &Bench, case: &Case, ended: &Ended) -> Result<(), String> {
    let key = format!("{}copy", case.prefix);
    let (source, copy) = (bench.head("lessons", case.source).unwrap(), bench.head("scratch", &key));
    let left = bench.uploads(&case.prefix);
    let says_nothing_left = ended.err.contains("nothing is left");
    for upload in &left {
        let id = &upload.upload.upload_id;
        let named = ended
            .err
            .lines()
            .any(|l| l.contains("aws s3api abort-multipart-upload") && l.contains(id.as_str()));
        if !named || ended.code == 0 || says_nothing_left {
            return Err(format!("upload {id} is orphaned"));
        }
    }
    match (ended.code, copy) {
        (0, None) => Err("there is no object".into()),
        (0, Some(copy)) if copy.etag != source.etag || copy.content_length != source.content_length => {
            Err("the object is another one".into())
        }
        (0, Some(copy)) if copy.properties != source.properties => Err("the properties are others".into()),
        (0, Some(_)) if bench.tags("scratch", &key) != bench.tags("lessons", case.source) => {
            Err("the tags are others".into())
        }
        (0, Some(_)) if !ended.out.contains("verdict: copied; same ETag as the source") => {
            Err("the verdict is missing".into())
        }
        (0 | 3, _) | (1 | 2, None) => Ok(()),
        (1 | 2, Some(_)) if ended.err.contains("the object is complete") => Ok(()),
        (code, Some(_)) => Err(format!("ended with {code} although the object is there")),
        (code, None) => Err(format!("ended with {code}")),
    }
}

#[test]
fn under_every_fault_a_copy_is_whole_or_put_back_or_named() {
    let bench = Bench::new();
    // Tags that do not fit the header of Create, so that PutObjectTagging is sent.
    let tags =
        (0..10).map(|i| Tag { key: format!("{i}{}", "k".repeat(127)), value: "v".repeat(256) }).collect();
    let object = ObjectRef::new("lessons", "uniform-8mib.bin");
    let put = Operation::PutObjectTagging(PutObjectTagging { object, tags });
    assert!(matches!(bench.ask(&put), Outcome::Answered(Output::TagsPut)));
    let (cases, next, wrong) = (cases(), AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let add = |rule: &String| bench.server.faults().add(rule.parse().unwrap()).unwrap();
            let rules: Vec<u64> = case.rules.iter().map(add).collect();
            let source = format!("s3://lessons/{}", case.source);
            let ended = bench.copy(&source, &format!("s3://scratch/{}copy", case.prefix), &[]);
            let met = |id: &u64| bench.server.faults().list().iter().any(|f| f.id == *id && f.met > 0);
            let met = rules.first().is_some_and(met);
            rules.iter().for_each(|id| assert!(bench.server.faults().remove(*id)));
            let judged = if met { judge(&bench, case, &ended) } else { Err("the rule was not met".into()) };
            if let Err(why) = judged {
                let Ended { code, out, err } = ended;
                wrong.lock().unwrap().push(format!("{:?}: {why}\ncode {code}\n{out}{err}", case.rules));
            }
        }
    };
    std::thread::scope(|scope| (0..WORKERS).for_each(|_| drop(scope.spawn(work))));
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n---\n"));
}

#[test]
fn a_destination_that_must_not_exist_is_not_replaced() {
    let bench = Bench::new();
    for source in ["uniform-8mib.bin", "notes.txt"] {
        let (from, to) = (format!("s3://lessons/{source}"), format!("s3://scratch/new/{source}"));
        let first = bench.copy(&from, &to, &["--if-none-match"]);
        assert_eq!(first.code, 0, "{}", first.err);
        let again = bench.copy(&from, &to, &["--if-none-match"]);
        assert_eq!(again.code, 1, "{}", again.err);
        assert!(again.err.contains("PreconditionFailed (412)"), "{}", again.err);
        assert!(bench.uploads("new/").is_empty());
    }
}
