//! The headless commands from outside: what they print, how they end, and what they leave in S3.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use assert_cmd::Command;
use insta::assert_snapshot;
use partscope::sandbox::{SandboxOptions, Server};
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

/// The program with an environment that names no target and no credentials.
fn partscope() -> Command {
    let mut command = Command::cargo_bin("partscope").unwrap();
    clean(|name, value| match value {
        Some(value) => drop(command.env(name, value)),
        None => drop(command.env_remove(name)),
    });
    command.timeout(Duration::from_secs(60));
    command
}

fn clean(mut set: impl FnMut(&str, Option<&str>)) {
    for name in [
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ] {
        set(name, None);
    }
    set("AWS_CONFIG_FILE", Some("/nonexistent/config"));
    set("AWS_SHARED_CREDENTIALS_FILE", Some("/nonexistent/credentials"));
    set("AWS_EC2_METADATA_DISABLED", Some("true"));
}

/// Exit code, standard output, standard error.
fn run(args: &[&str]) -> (i32, String, String) {
    ended(partscope().args(args))
}

fn ended(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A sandbox in this process, where its faults can be set, and the program pointed at it.
struct Bench {
    server: Server,
    _runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(Server::start(SandboxOptions::default())).unwrap();
        assert!(runtime.block_on(server.ready()));
        Self { server, _runtime: runtime }
    }

    fn fault(&self, rule: &str) {
        self.server.faults().add(rule.parse().unwrap()).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = partscope();
        command
            .env("AWS_ACCESS_KEY_ID", self.server.access_key())
            .env("AWS_SECRET_ACCESS_KEY", self.server.secret_key())
            .args([
                "--endpoint-url",
                &self.server.endpoint(),
                "--region",
                self.server.region(),
                "--path-style",
            ])
            .args(args);
        command
    }

    fn run(&self, args: &[&str]) -> (i32, String, String) {
        ended(&mut self.command(args))
    }

    /// The inspect report as JSON.
    fn inspect(&self, address: &str) -> serde_json::Value {
        let (code, out, err) = self.run(&["inspect", address, "--json"]);
        assert_eq!(code, 0, "{err}");
        serde_json::from_str(&out).unwrap()
    }
}

#[test]
fn help_names_the_commands_and_the_exit_codes() {
    assert_snapshot!(run(&["--help"]).1);
    assert_snapshot!(run(&["copy", "--help"]).1);
}

/// The same report whenever it was made: dates of 20xx become one.
fn undated(report: &str) -> String {
    const DATE: &str = "2026-11-22 14:00:00 UTC";
    let mut out = report.to_owned();
    for (at, _) in report.match_indices(" UTC") {
        let from = at.saturating_sub(DATE.len() - 4);
        if report.get(from..at).is_some_and(|date| date.starts_with("20")) {
            out.replace_range(from..at + 4, DATE);
        }
    }
    out
}

#[test]
fn inspect_names_the_evidence() {
    for (name, args) in [
        ("plain", &["notes.txt"][..]),
        ("first_part", &["uniform-8mib.bin"]),
        ("all_parts", &["uniform-8mib.bin", "--all-parts"]),
        ("unequal", &["non-uniform.bin", "--all-parts"]),
        ("composite", &["short-last-part.bin"]),
        ("json", &["short-last-part.bin", "--json"]),
        ("sample", &["uniform-8mib.bin", "--probe", "sample"]),
        ("dry_run", &["uniform-8mib.bin", "--probe", "all", "--dry-run"]),
        ("why", &["one-part.bin", "--why"]),
    ] {
        let address = format!("s3://lessons/{}", args[0]);
        let (code, out, err) = run(&[&["inspect", &address, "--sandbox"], &args[1..]].concat());
        assert_eq!((code, err.as_str()), (0, ""));
        assert_snapshot!(format!("inspect_{name}"), undated(&out));
    }
}

#[test]
fn a_dry_run_sends_no_probe_and_says_how_many_there_would_be() {
    let bench = Bench::new();
    bench.fault("HeadObject part=2 reset");
    let args = ["inspect", "s3://lessons/uniform-8mib.bin", "--json", "--probe", "all"];
    let (code, out, err) = bench.run(&[&args[..], &["--dry-run"]].concat());
    assert_eq!(code, 0, "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["probe"], serde_json::json!({ "kind": "every", "dry_run": true }));
    let every = report["probe_plan"].as_array().unwrap().iter().find(|p| p["kind"] == "every").unwrap();
    assert_eq!(every["requests"], 1);
    assert_eq!(report["map"].as_array().unwrap().len(), 2);
}

#[test]
fn clients_says_what_each_would_do_and_asks_nobody() {
    let (code, out, err) = run(&["clients", "20MiB"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_snapshot!(out);
    let (code, out, _) = run(&["clients", "20971520", "--json"]);
    let table: serde_json::Value = serde_json::from_str(&out).unwrap();
    let rows = table["clients"].as_array().unwrap();
    assert_eq!((code, table["size"].as_u64()), (0, Some(20_971_520)));
    let boto3 =
        rows.iter().find(|r| r["name"].as_str().unwrap().starts_with("boto3, s3transfer, aws")).unwrap();
    assert_eq!(boto3["way"]["part_count"], 3);
    assert_eq!(boto3["etag"], serde_json::Value::Null);
    let (code, _, err) = run(&["clients", "many"]);
    assert!(code == 2 && err.contains("many"), "{err}");
}

#[test]
fn copy_keeps_boundaries_properties_and_tags() {
    let bench = Bench::new();
    for name in ["short-last-part.bin", "non-uniform.bin", "one-part.bin", "notes.txt", "empty.bin"] {
        let (code, out, err) = bench.run(&["copy", &format!("s3://lessons/{name}"), "s3://scratch/copies/"]);
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        assert!(out.ends_with("verdict: copied; same ETag as the source\n"), "{out}");
        let mut before = bench.inspect(&format!("s3://lessons/{name}"));
        let mut after = bench.inspect(&format!("s3://scratch/copies/{name}"));
        for report in [&mut before, &mut after] {
            let report = report.as_object_mut().unwrap();
            report.remove("object");
            // Every other fact of the copy is the source's.
            let facts = report["facts"].as_array_mut().unwrap();
            facts.retain(|f| f["name"] != "Last-Modified");
        }
        assert_eq!(before, after);
    }
}

#[test]
fn copy_says_what_it_does() {
    let copy = |args: &[&str]| run(&[&["copy", "--sandbox"], args].concat());
    let (code, out, _) = copy(&["s3://lessons/uniform-8mib.bin", "s3://scratch/"]);
    assert_eq!(code, 0);
    assert_snapshot!("copy_parts", out);
    let (code, out, _) = copy(&["s3://lessons/notes.txt", "s3://scratch/n"]);
    assert_eq!(code, 0);
    assert_snapshot!("copy_whole", out);
    let (code, out, _) = copy(&["s3://lessons/uniform-8mib.bin", "s3://scratch/", "--part-size", "6MiB"]);
    assert_eq!(code, 0);
    assert_snapshot!("copy_other_size", out);
    let (code, out, _) =
        copy(&["s3://lessons/dataset-20gb.tar", "s3://scratch/", "--part-size", "1GiB", "--dry-run"]);
    assert_eq!(code, 0);
    // When the sandbox made the object follows from the clock.
    let dated = |line: &str| line.split_once(" GMT").map(|(_, rest)| rest.to_owned());
    let still = |line: &str| match line.trim_start().starts_with("Last-Modified") {
        true => format!("               Last-Modified{}", dated(line).unwrap_or_default()),
        false => line.to_owned(),
    };
    assert_snapshot!("copy_dry_run", out.lines().map(still).collect::<Vec<_>>().join("\n"));
    let (code, out, _) = copy(&["s3://lessons/notes.txt", "s3://scratch/", "--part-size", "5MiB", "--json"]);
    assert_eq!(code, 0);
    let facts: Vec<serde_json::Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let names: Vec<&str> = facts.iter().map(|f| f["fact"].as_str().unwrap()).collect();
    assert_eq!(names, ["planned", "upload_created", "part_stored", "completed", "copied"]);
    assert_eq!(facts[4]["same_etag"], false);
    assert_eq!(facts[4]["as_predicted"], true);
}

#[test]
fn thousands_of_parts_are_not_asked_for_unless_that_is_named() {
    let args = ["copy", "--sandbox", "s3://huge/max-object.bin", "s3://scratch/big", "--dry-run"];
    let (code, out, err) = run(&args);
    assert_eq!(code, 0, "{err}");
    assert!(!err.contains("asking for the parts"), "{err}");
    assert!(out.contains("method       multipart: 10 000 parts of"), "{out}");
    assert!(out.contains("proving them takes 4 999 HeadObject, which --source-parts sends"), "{out}");
    assert!(out.contains("if the inferred boundaries are the source's, the same ETag"), "{out}");
}

#[test]
fn a_refused_part_aborts_the_upload_and_exits_with_1() {
    let bench = Bench::new();
    bench.fault("UploadPartCopy part=2 times=3 internal-error");
    let (code, _, err) = bench.run(&["copy", "s3://lessons/uniform-8mib.bin", "s3://scratch/denied"]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("part 2: InternalError (500)"), "{err}");
    assert!(err.contains("the upload was aborted; nothing is left"), "{err}");
}

#[test]
fn an_upload_that_cannot_be_aborted_is_named_with_the_command_that_does_it() {
    let bench = Bench::new();
    bench.fault("UploadPartCopy part=2 times=3 internal-error");
    bench.fault("AbortMultipartUpload times=3 internal-error");
    let (code, _, err) = bench.run(&["copy", "s3://lessons/uniform-8mib.bin", "s3://scratch/it's here"]);
    assert_eq!(code, 1, "{err}");
    let command = err.lines().last().unwrap().trim();
    let words = shlex::split(command).unwrap();
    assert_eq!(words[..3], ["aws", "s3api", "abort-multipart-upload"], "{err}");
    assert!(words.contains(&"it's here".to_owned()) && words.contains(&bench.server.endpoint()), "{err}");
}

#[test]
fn no_command_is_printed_for_a_sandbox_that_has_ended() {
    let fault = ["--fault", "UploadPartCopy part=2 always expired-token"];
    let copy = ["copy", "--sandbox", "s3://lessons/uniform-8mib.bin", "s3://scratch/k", "--keep"];
    let (code, _, err) = run(&[&copy[..], &fault].concat());
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("ended with the sandbox") && !err.contains("--upload-id"), "{err}");
}

#[test]
fn a_slow_server_is_asked_again() {
    let bench = Bench::new();
    bench.fault("UploadPartCopy times=2 slow-down");
    let (code, out, err) = bench.run(&["copy", "s3://lessons/uniform-8mib.bin", "s3://scratch/slow"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
}

#[test]
fn the_embedded_sandbox_fails_by_rules_and_the_copy_survives_them() {
    let (code, out, err) = run(&[
        "copy",
        "--sandbox",
        "s3://lessons/uniform-8mib.bin",
        "s3://scratch/survivor",
        "--fault",
        "UploadPartCopy part=2 times=2 slow-down",
        "--fault",
        "UploadPartCopy part=3 lost-answer",
        "--fault",
        "CompleteMultipartUpload lost-answer",
    ]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.ends_with("verdict: copied; same ETag as the source\n"), "{out}");
    // The rules are met: one that does not end is felt.
    let (code, _, err) = run(&[
        "--fault",
        "UploadPartCopy part=2 always slow-down",
        "copy",
        "--sandbox",
        "s3://lessons/uniform-8mib.bin",
        "s3://scratch/victim",
    ]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("part 2: SlowDown (503)"), "{err}");
}

#[test]
fn faults_are_refused_where_there_is_no_sandbox_and_when_they_are_wrong() {
    for (args, said) in [
        (&["copy", "s3://a/b", "s3://c/d", "--fault", "any reset"][..], "--fault is for the sandbox only"),
        (&["s3://a/b", "--fault", "any reset"], "--fault is for the sandbox only"),
        (&["serve", "--fault", "UploadPart slow"], "did you mean slow-down or slow-answer"),
        (
            &["serve", "--fault", "GetObject error-after-200"],
            "only to CompleteMultipartUpload, UploadPartCopy",
        ),
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains(said), "{err}");
    }
}

#[test]
fn a_complete_whose_answer_was_lost_is_settled_by_looking() {
    let bench = Bench::new();
    bench.fault("CompleteMultipartUpload times=9 lost-answer");
    let (code, out, err) = bench.run(&["copy", "s3://lessons/uniform-8mib.bin", "s3://scratch/lost"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("verdict: copied; same ETag as the source"), "{out}");
}

#[test]
fn a_part_that_may_land_late_is_looked_for_after_the_abort() {
    let bench = Bench::new();
    for (listable, want) in [(true, 2), (false, 3)] {
        bench.fault("UploadPartCopy part=2 times=9 reset");
        if !listable {
            bench.fault("ListParts times=99 internal-error");
            bench.fault("AbortMultipartUpload delay=0s");
            bench.fault("AbortMultipartUpload times=99 internal-error");
        }
        let (code, _, err) = bench.run(&["copy", "s3://lessons/uniform-8mib.bin", "s3://scratch/late"]);
        assert_eq!(code, want, "{err}");
        assert_eq!(err.contains("nothing is left"), listable, "{err}");
        assert_eq!(err.contains("may still land"), !listable, "{err}");
        assert_eq!(err.contains("aws s3api abort-multipart-upload"), !listable, "{err}");
        bench.server.faults().clear();
    }
}

/// Between the program and the server: Complete takes effect, and the answer says that it failed.
fn liar(server: String, body: &'static str) -> String {
    use std::io::Write;
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    let server = server.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let upstream = TcpStream::connect(&server).unwrap();
            let lie = Arc::new(AtomicBool::new(false));
            let relay = |mut from: TcpStream, mut to: TcpStream, asks: bool, lie: Arc<AtomicBool>| {
                std::thread::spawn(move || {
                    let mut buffer = [0; 65536];
                    while let Ok(n @ 1..) = from.read(&mut buffer) {
                        let text = String::from_utf8_lossy(&buffer[..n]);
                        if asks && text.starts_with("POST ") && text.contains("uploadId=") {
                            lie.store(true, Ordering::SeqCst);
                        }
                        if !asks && lie.load(Ordering::SeqCst) {
                            let head = format!("HTTP/1.1 500 Oops\r\nContent-Length: {}\r\n\r\n", body.len());
                            let _ = to.write_all((head + body).as_bytes());
                            break;
                        }
                        if to.write_all(&buffer[..n]).is_err() {
                            break;
                        }
                    }
                    let _ = to.shutdown(Shutdown::Write);
                });
            };
            let pair = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
            relay(client, upstream, true, Arc::clone(&lie));
            relay(pair.1, pair.0, false, lie);
        }
    });
    endpoint
}

#[test]
fn a_refused_complete_that_took_effect_is_not_called_aborted() {
    let bench = Bench::new();
    let endpoint =
        liar(bench.server.endpoint(), "<Error><Code>InternalError</Code><Token-0>canary</Token-0></Error>");
    let mut command = partscope();
    command
        .env("AWS_ACCESS_KEY_ID", bench.server.access_key())
        .env("AWS_SECRET_ACCESS_KEY", bench.server.secret_key())
        .args(["--endpoint-url", &endpoint, "--region", bench.server.region(), "--path-style"])
        .args([
            "copy",
            "s3://lessons/uniform-8mib.bin",
            "s3://scratch/lied",
            "--part-size",
            "8MiB",
            "--json",
        ]);
    for (refused, want) in [(false, 0), (true, 3)] {
        if refused {
            // The first is the look at the source.
            bench.fault("HeadObject delay=0s");
            bench.fault("HeadObject times=99 internal-error");
        }
        let (code, out, err) = ended(&mut command);
        assert_eq!(code, want, "{err}");
        assert!(!err.contains("nothing is left"), "{err}");
        assert!(!out.contains("canary") && !err.contains("canary"), "{out}");
        assert!(out.contains("Token-0"), "{out}");
        assert_eq!(out.contains(r#""same_etag":true"#), !refused, "{out}");
        assert_eq!(err.contains("is complete all the same"), !refused, "{err}");
        assert_eq!(err.contains("somebody else aborted it"), refused, "{err}");
    }
}

#[test]
fn a_create_whose_answer_was_lost_is_doubtful_and_names_what_may_have_leaked() {
    let bench = Bench::new();
    bench.fault("CreateMultipartUpload times=9 lost-answer");
    let (code, _, err) = bench.run(&["copy", "s3://lessons/uniform-8mib.bin", "s3://scratch/leak"]);
    assert_eq!(code, 3, "{err}");
    assert_eq!(err.matches("aws s3api abort-multipart-upload").count(), 1, "{err}");
}

#[test]
fn each_step_waits_for_enter_and_the_end_of_input_calls_off() {
    let bench = Bench::new();
    let args = ["copy", "s3://lessons/notes.txt", "s3://scratch/step", "--step"];
    let (code, out, err) = ended(bench.command(&args).write_stdin("\n".repeat(9)));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("verdict: copied"), "{out}");
    assert!(err.contains("> PUT /scratch/step") && err.contains("< HTTP/1.1 200 OK"), "{err}");
    let (code, _, err) = ended(bench.command(&args).write_stdin("\n\n"));
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("nothing was sent"), "{err}");
}

#[test]
fn mistakes_are_named_with_the_way_out() {
    for (args, want) in [
        (&["inspect", "b/k"][..], "write s3://bucket/key"),
        (&["inspect", "s3://b", "--sandbox"], "names a bucket, not an object"),
        (&["inspect", "s3://b/k"], "--region"),
        (&["inspect", "s3://b/k", "--endpoint-url", "localhost:9000"], "--endpoint-url http://host:port"),
        (
            &["copy", "s3://lessons/uniform-8mib.bin", "s3://scratch", "--part-size", "1MiB", "--sandbox"],
            "5 MiB",
        ),
        (&["copy", "s3://lessons/uniform-8mib.bin", "s3://scratch", "--part-size", "x"], "--part-size"),
        (&["serve", "--listen", "0.0.0.0:0"], "loopback"),
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(err.contains(want), "{args:?}: {err}");
    }
    let (code, _, err) = run(&["inspect", "s3://lessons/none", "--sandbox"]);
    assert_eq!((code, err.as_str()), (1, "partscope: HeadObject s3://lessons/none: NotFound (404)\n"));
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, _, err) = ended(
        partscope()
            .args(["inspect", "s3://b/k", "--no-sign-request", "--path-style", "--endpoint-url"])
            .arg(format!("http://{dead}")),
    );
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("not sent: ") && err.contains("refused"), "{err}");
}

#[test]
fn a_closed_pipe_is_success() {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("partscope"));
    clean(|name, value| match value {
        Some(value) => drop(command.env(name, value)),
        None => drop(command.env_remove(name)),
    });
    let mut child = command
        .args(["inspect", "s3://lessons/short-last-part.bin", "--sandbox"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn a_copy_that_nobody_listens_to_is_made_all_the_same() {
    let bench = Bench::new();
    for (name, json) in [("short-last-part.bin", true), ("uniform-8mib.bin", false), ("notes.txt", true)] {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("partscope"));
        clean(|name, value| match value {
            Some(value) => drop(command.env(name, value)),
            None => drop(command.env_remove(name)),
        });
        let mut child = command
            .env("AWS_ACCESS_KEY_ID", bench.server.access_key())
            .env("AWS_SECRET_ACCESS_KEY", bench.server.secret_key())
            .args(["copy", &format!("s3://lessons/{name}"), "s3://scratch/unheard/", "--path-style"])
            .args(["--endpoint-url", &bench.server.endpoint(), "--region", bench.server.region()])
            .args(json.then_some("--json"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
        let mut before = bench.inspect(&format!("s3://lessons/{name}"));
        let mut after = bench.inspect(&format!("s3://scratch/unheard/{name}"));
        for report in [&mut before, &mut after] {
            let report = report.as_object_mut().unwrap();
            report.remove("object");
            // Every other fact of the copy is the source's.
            let facts = report["facts"].as_array_mut().unwrap();
            facts.retain(|f| f["name"] != "Last-Modified");
        }
        assert_eq!(before, after);
    }
}

#[cfg(unix)]
#[test]
fn serve_says_ready_serves_and_stops_on_either_signal() {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("partscope"))
            .args(["serve", "--access-key", "AK", "--secret-key", "SK", "--region", "eu-west-1"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let endpoint = lines.next().unwrap().strip_prefix("endpoint    ").unwrap().to_owned();
        let rest: Vec<String> = lines.by_ref().take(4).collect();
        assert_eq!(rest, ["region      eu-west-1", "access key  AK", "secret key  SK", "ready"]);
        let mut inspect = partscope();
        inspect.env("AWS_ACCESS_KEY_ID", "AK").env("AWS_SECRET_ACCESS_KEY", "SK");
        inspect.args(["inspect", "s3://lessons/notes.txt", "--path-style", "--region", "eu-west-1"]);
        let (code, _, err) = ended(inspect.args(["--endpoint-url", &endpoint]));
        assert_eq!(code, 0, "{err}");
        // SAFETY: signals the child this test started and has not waited for.
        assert_eq!(unsafe { libc::kill(child.id().try_into().unwrap(), signal) }, 0);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_copy_aborts_its_upload() {
    let bench = Bench::new();
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("partscope"));
    clean(|name, value| match value {
        Some(value) => drop(command.env(name, value)),
        None => drop(command.env_remove(name)),
    });
    bench.fault("UploadPartCopy part=3 delay=30s");
    let mut child = command
        .env("AWS_ACCESS_KEY_ID", bench.server.access_key())
        .env("AWS_SECRET_ACCESS_KEY", bench.server.secret_key())
        .args(["copy", "s3://lessons/uniform-8mib.bin", "s3://scratch/cut", "--json", "--path-style"])
        .args(["--endpoint-url", &bench.server.endpoint(), "--region", bench.server.region()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("part_stored")));
    // SAFETY: signals the child this test started and has not waited for.
    assert_eq!(unsafe { libc::kill(child.id().try_into().unwrap(), libc::SIGINT) }, 0);
    assert!(lines.any(|line| line == r#"{"fact":"aborted"}"#));
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2), "{err}");
    assert!(err.contains("the upload was aborted; nothing is left"), "{err}");
}
