//! A copy under every fault: in the end the object is there and identical, or nothing is left, or what is left is named
//! with the command that removes it. Never is an upload orphaned in silence.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/bench.rs"]
mod bench;

use bench::{Bench, Ended};
use partscope::domain::names::{ObjectRef, Tag};
use partscope::domain::operation::{Operation, PutObjectTagging};
use partscope::domain::outcome::Outcome;
use partscope::domain::output::Output;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Copies that run at once; most of the time they wait.
const WORKERS: usize = 16;

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
fn s3_180_a_destination_that_must_not_exist_is_not_replaced() {
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

/// The words after `partscope` of the command that goes on, without the options this test gives itself.
fn go_on(err: &str) -> Vec<String> {
    let line = err.lines().find(|l| l.contains("--resume")).unwrap_or_else(|| panic!("no command in {err}"));
    let words = shlex::split(line).unwrap();
    assert_eq!(words[..2], ["partscope", "copy"], "{line}");
    let resume = words.iter().position(|w| w == "--resume").unwrap();
    words[resume..].iter().take_while(|w| *w != "--path-style").cloned().collect()
}

#[test]
fn what_is_kept_is_gone_on_with_and_only_what_is_missing_is_sent() {
    let bench = Bench::new();
    for (source, fault, sent) in [
        // Parts with checksums are proved; parts without give the ETag that was planned.
        ("short-last-part.bin", "part=2 always expired-token", 2),
        ("uniform-8mib.bin", "part=2 always expired-token", 2),
    ] {
        let (from, to) = (format!("s3://lessons/{source}"), format!("s3://scratch/kept/{source}"));
        let rule = format!("UploadPartCopy key=kept/{source} {fault}");
        let id = bench.server.faults().add(rule.parse().unwrap()).unwrap();
        let failed = bench.copy(&from, &to, &["--keep", "--concurrency", "1"]);
        bench.server.faults().remove(id);
        assert_eq!((failed.code, bench.uploads("kept/").len()), (1, 1), "{}", failed.err);
        let at = |what: &str| failed.err.find(what).unwrap_or_else(|| panic!("no {what}: {}", failed.err));
        assert!(at("partscope uploads s3://scratch/kept/") < at("aws s3api abort-multipart-upload"));
        let more = go_on(&failed.err);
        let more: Vec<&str> = more.iter().map(String::as_str).chain(["--json"]).collect();
        let told = bench.copy(&from, &to, &[&more[..], &["--dry-run"]].concat());
        assert!(told.code == 0 && told.out.contains(r#""to_send":[2,3]"#), "{}{}", told.out, told.err);
        // The plan is of what is left, and nothing else.
        let plan: serde_json::Value = told
            .out
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .find(|f: &serde_json::Value| f["fact"] == "planned")
            .unwrap();
        let copies =
            plan["requests"]["calls"].as_array().unwrap().iter().find(|c| c["operation"] == "UploadPartCopy");
        assert_eq!(copies.unwrap()["count"], 2, "{plan}");
        assert!(!told.out.contains("ListBucketMultipartUploads"), "{plan}");
        let done = bench.copy(&from, &to, &more);
        assert_eq!(done.code, 0, "{}", done.err);
        assert_eq!(done.out.matches("part_stored").count(), sent, "{}", done.out);
        assert!(
            done.out.contains(r#""same_etag":true"#) && done.out.contains(r#""fact":"resumed""#),
            "{}",
            done.out
        );
        assert!(bench.uploads("kept/").is_empty());
        let copy = bench.head("scratch", &format!("kept/{source}")).unwrap();
        assert_eq!(copy.properties, bench.head("lessons", source).unwrap().properties);
        let key = format!("kept/{source}");
        assert_eq!(bench.tags("scratch", &key), bench.tags("lessons", source));
    }
}

#[test]
fn a_kept_upload_is_a_fact_with_the_commands_that_end_it() {
    let bench = Bench::new();
    bench.server.faults().add("UploadPartCopy part=2 always expired-token".parse().unwrap()).unwrap();
    let more = ["--keep", "--json", "--concurrency", "1"];
    let failed = bench.copy("s3://lessons/uniform-8mib.bin", "s3://scratch/fact/k", &more);
    assert_eq!(failed.code, 1, "{}", failed.err);
    let last: serde_json::Value = serde_json::from_str(failed.out.lines().last().unwrap()).unwrap();
    let id = bench.uploads("fact/")[0].upload.upload_id.clone();
    assert_eq!(
        (last["fact"].as_str(), last["upload"]["upload_id"].as_str()),
        (Some("upload_kept"), Some(&*id))
    );
    assert!(last["go_on"].as_str().unwrap().contains(&format!("--resume {id}")), "{last}");
    let words = shlex::split(last["abort"].as_str().unwrap()).unwrap();
    let words: Vec<&str> =
        words.iter().skip(1).map(String::as_str).take_while(|w| *w != "--path-style").collect();
    let ended = bench.run(&words);
    assert_eq!((ended.code, bench.uploads("fact/").len()), (0, 0), "{}", ended.err);
}

#[test]
fn parts_of_other_bytes_are_sent_again_and_another_cut_is_refused() {
    let bench = Bench::new();
    let keep = |from: &str, to: &str, size: &[&str]| {
        let rule = "UploadPartCopy part=3 always expired-token";
        let id = bench.server.faults().add(rule.parse().unwrap()).unwrap();
        let failed = bench.copy(from, to, &[&["--keep", "--concurrency", "1"], size].concat());
        bench.server.faults().remove(id);
        assert_eq!(failed.code, 1, "{}", failed.err);
        bench.uploads(to.strip_prefix("s3://scratch/").unwrap())[0].upload.upload_id.clone()
    };
    // Two parts of 8 MiB of another object: the sizes fit, the bytes do not.
    let id = keep("s3://lessons/dataset-20gb.tar", "s3://scratch/mixed", &["--part-size", "8MiB"]);
    let more = ["--resume", &id, "--dry-run"];
    let told = bench.copy("s3://lessons/uniform-8mib.bin", "s3://scratch/mixed", &more);
    assert!(told.out.contains("1 ListParts, 1 UploadPartCopy, "), "{}", told.out);
    assert!(told.out.contains("and the 2 not compared, if the parts do not give"), "{}", told.out);
    let done = bench.copy("s3://lessons/uniform-8mib.bin", "s3://scratch/mixed", &["--resume", &id]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains("sending the 2 that were not compared"), "{}", done.err);
    assert!(done.out.ends_with("verdict: copied; same ETag as the source\n"), "{}", done.out);
    // Likely boundaries of so many parts that they are not asked for: what was not compared is found out all the same.
    let id = keep("s3://lessons/uniform-8mib.bin", "s3://scratch/large", &[]);
    let done = bench.copy("s3://lessons/dataset-20gb.tar", "s3://scratch/large", &["--resume", &id]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.contains("boundaries   inferred"), "{}", done.out);
    assert!(done.err.contains("sending the 2 that were not compared"), "{}", done.err);
    assert!(done.out.ends_with("verdict: copied; same ETag as the source\n"), "{}", done.out);
    // Another cut: nothing is sent, nothing is aborted.
    let id = keep("s3://lessons/uniform-8mib.bin", "s3://scratch/cut", &["--part-size", "6MiB"]);
    let refused = bench.copy("s3://lessons/uniform-8mib.bin", "s3://scratch/cut", &["--resume", &id]);
    assert_eq!(refused.code, 2, "{}", refused.err);
    let said = "part 1 holds 6 291 456 bytes where the plan has 8 388 608, and 1 more do not fit";
    assert!(refused.err.contains(said) && refused.err.contains("--part-size"), "{}", refused.err);
    assert_eq!(refused.out, "", "no plan of what is not done");
    assert_eq!(bench.uploads("cut").len(), 1);
    let done = bench.copy(
        "s3://lessons/uniform-8mib.bin",
        "s3://scratch/cut",
        &["--resume", &id, "--part-size", "6MiB"],
    );
    assert_eq!((done.code, bench.uploads("cut").len()), (0, 0), "{}", done.err);
    // One that is not there, and one for a source that would not be copied in parts.
    let gone = bench.copy("s3://lessons/uniform-8mib.bin", "s3://scratch/cut", &["--resume", &id]);
    assert!(gone.code == 1 && gone.err.contains("NoSuchUpload (404)"), "{}", gone.err);
    let whole = bench.copy("s3://lessons/notes.txt", "s3://scratch/cut", &["--resume", &id]);
    assert!(whole.code == 2 && whole.err.contains("--part-size"), "{}", whole.err);
}

#[test]
fn a_version_is_copied_and_not_what_replaced_it() {
    let bench = Bench::new();
    let list = Operation::ListObjectVersions(partscope::domain::operation::ListObjectVersions {
        bucket: "versions".into(),
        ..Default::default()
    });
    let Outcome::Answered(Output::Versions(page)) = bench.ask(&list) else { panic!("no versions") };
    let older = page.versions.iter().find(|v| {
        !v.is_latest && matches!(v.content, partscope::domain::output::VersionContent::Object { .. })
    });
    let older = older.unwrap();
    let address = format!("s3://versions/{}", older.key);
    let in_address = format!("{address}?versionId={}", older.version_id);
    for (i, (source, more)) in
        [(&in_address, vec![]), (&address, vec!["--version-id", older.version_id.as_str()])]
            .into_iter()
            .enumerate()
    {
        let key = format!("old-{i}");
        let done = bench.copy(source, &format!("s3://scratch/{key}"), &more);
        assert_eq!(done.code, 0, "{}", done.err);
        let partscope::domain::output::VersionContent::Object { etag, .. } = &older.content else { panic!() };
        assert_eq!(&bench.head("scratch", &key).unwrap().etag, etag);
        assert!(done.out.starts_with(&in_address), "{}", done.out);
        assert_eq!(done.err.contains("read as version"), i == 0, "{}", done.err);
    }
}
