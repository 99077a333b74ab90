//! `partscope uploads`: what it lists, and that what it aborts is gone or named.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/bench.rs"]
mod bench;

use bench::Bench;
use partscope::domain::operation::{CreateMultipartUpload, ObjectProperties, Operation};
use partscope::domain::outcome::Outcome;
use partscope::domain::output::Output;
use serde_json::Value;

const HOME: &str = "s3://lessons/backups/";

fn facts(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn keys(out: &str) -> Vec<String> {
    facts(out).iter().map(|f| f["upload"]["key"].as_str().unwrap().to_owned()).collect()
}

fn create(bench: &Bench, key: &str, class: Option<&str>) -> String {
    let properties =
        ObjectProperties { storage_class: class.map(str::to_owned), ..ObjectProperties::default() };
    let (bucket, key, tags) = ("scratch".into(), key.into(), Vec::new());
    let create = CreateMultipartUpload { bucket, key, properties, tags };
    match bench.ask(&Operation::CreateMultipartUpload(create)) {
        Outcome::Answered(Output::Created(created)) => created.upload.upload_id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_in_progress_is_listed_with_its_age_parts_and_cost() {
    let bench = Bench::new();
    let listed = bench.run(&["uploads", "s3://lessons", "--json"]);
    assert_eq!(listed.code, 0, "{}", listed.err);
    assert_eq!(keys(&listed.out), ["backups/home.tar", "video-raw.mov"]);
    let video = &facts(&listed.out)[1];
    assert_eq!((video["parts"].as_u64(), video["bytes"].as_u64()), (Some(3), Some(3 * 8 * 1024 * 1024)));
    assert_eq!(video["age_seconds"].as_u64().unwrap() / 86_400, 12);
    assert_eq!(video["estimate"]["price"]["region"], "us-east-1");
    for (age, want) in [("7d", 1), ("3d", 2), ("13d", 0), ("2w", 0)] {
        let some = bench.run(&["uploads", "s3://lessons", "--json", "--older-than", age]);
        assert_eq!(some.out.lines().count(), want, "{age}");
    }
    assert_eq!(keys(&bench.run(&["uploads", HOME, "--json"]).out), ["backups/home.tar"]);
    let table = bench.run(&["uploads", "s3://lessons"]).out;
    assert!(table.contains("12 d  STANDARD      3 parts, 25 165 824 bytes"), "{table}");
    assert!(
        table.contains("2 uploads in progress, 25 165 824 bytes, below $0.01 a month by estimate"),
        "{table}"
    );
    assert!(table.contains("it is no bill"), "{table}");
    assert_eq!(bench.run(&["uploads", "s3://many-keys"]).out, "no upload in progress\n");
    let none = bench.run(&["uploads", "s3://lessons", "--older-than", "30d"]);
    assert_eq!((none.code, none.out.as_str()), (0, "none of the 2 uploads in progress is so old\n"));
    let none = bench.run(&["uploads", "s3://lessons", "--older-than", "30d", "--json"]);
    assert!(none.out.is_empty() && none.err.contains("none of the 2"), "{}", none.err);
    let none = bench.run(&["uploads", "s3://lessons/nothing"]);
    assert_eq!(none.out, "no upload in progress of a key that begins with \"nothing\"\n");
    create(&bench, "warm", Some("INTELLIGENT_TIERING"));
    let table = bench.run(&["uploads", "s3://scratch"]).out;
    assert!(table.contains("no figure for 1 of them"), "{table}");
    let none = bench.run(&["uploads", "s3://not-there"]);
    assert!(none.code == 1 && none.err.contains("NoSuchBucket"), "{}", none.err);
}

#[test]
fn every_page_is_listed() {
    let bench = Bench::new();
    for i in 0..1003 {
        create(&bench, &format!("many/{i:04}"), None);
    }
    let listed = bench.run(&["uploads", "s3://scratch/many/", "--json"]);
    assert_eq!(listed.code, 0, "{}", listed.err);
    let keys = keys(&listed.out);
    assert!(keys.len() == 1003 && keys.is_sorted_by(|a, b| a < b), "{}", keys.len());
}

#[test]
fn nothing_is_aborted_that_was_not_named_and_confirmed() {
    let bench = Bench::new();
    bench.server.faults().add("AbortMultipartUpload always delay=0s".parse().unwrap()).unwrap();
    for (more, code, said) in [
        (&["--abort"][..], 2, "--abort needs --older-than AGE or --upload-id ID"),
        (&["--abort", "--older-than", "7d"], 2, "look with --dry-run first, then add --yes"),
        (&["--abort", "--older-than", "week", "--yes"], 2, "such as 7d"),
        (&["--abort", "--upload-id", "made-up", "--yes"], 1, "no upload in progress has the id made-up"),
        (&["--dry-run"], 2, "--abort"),
        (&["--abort", "--older-than", "7d", "--dry-run"], 0, ""),
        (&["--abort", "--older-than", "99d", "--yes"], 0, ""),
    ] {
        let ended = bench.run(&[&["uploads", "s3://lessons"], more].concat());
        assert_eq!(ended.code, code, "{more:?}: {}", ended.err);
        assert!(ended.err.contains(said), "{more:?}: {}", ended.err);
        assert_eq!(
            ended.out.contains("would abort"),
            more.contains(&"--dry-run") && code == 0,
            "{}",
            ended.out
        );
    }
    assert_eq!(bench.server.faults().list()[0].met, 0);
    // An upload that is younger than what was named stays.
    let done = bench.run(&["uploads", "s3://lessons", "--abort", "--older-than", "7d", "--yes", "--json"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let facts = facts(&done.out);
    assert_eq!((facts.len(), facts[0]["fact"].as_str()), (1, Some("aborted")));
    assert_eq!(facts[0]["open"]["upload"]["key"], "video-raw.mov");
    assert_eq!(keys(&bench.run(&["uploads", "s3://lessons", "--json"]).out), ["backups/home.tar"]);
}

#[test]
fn what_was_aborted_is_gone_or_its_end_is_named() {
    let bench = Bench::new();
    for (rules, code, gone) in [
        (&["AbortMultipartUpload lost-answer"][..], 0, true),
        (&["AbortMultipartUpload times=9 lost-answer"], 0, true),
        (&["AbortMultipartUpload times=3 reset"], 0, true),
        (&["AbortMultipartUpload always reset"], 3, false),
        (&["AbortMultipartUpload always internal-error"], 1, false),
        (&["AbortMultipartUpload always expired-token"], 1, false),
        // The first listing is that of the look.
        (&["ListParts after=1 always internal-error"], 3, true),
        (&["ListParts after=1 lost-answer"], 0, true),
    ] {
        let id = create(&bench, "gone/k", None);
        for rule in rules {
            bench.server.faults().add(rule.parse().unwrap()).unwrap();
        }
        let ended = bench.run(&["uploads", "s3://scratch/gone/", "--abort", "--upload-id", &id, "--yes"]);
        bench.server.faults().clear();
        assert_eq!(ended.code, code, "{rules:?}: {}{}", ended.out, ended.err);
        assert_eq!(bench.uploads("gone/").is_empty(), gone, "{rules:?}");
        let named = if code == 0 { &ended.out } else { &ended.err };
        assert!(named.contains(&id), "{rules:?}: {named}");
        assert_eq!(ended.out.contains("aborted, and gone:"), code == 0, "{}", ended.out);
        bench.run(&["uploads", "s3://scratch/gone/", "--abort", "--older-than", "0s", "--yes"]);
    }
}

#[test]
fn parts_that_may_not_be_listed_do_not_hide_the_upload() {
    let bench = Bench::new();
    bench.server.faults().add("ListParts key=video always expired-token".parse().unwrap()).unwrap();
    let listed = bench.run(&["uploads", "s3://lessons"]);
    assert_eq!(listed.code, 0, "{}", listed.err);
    assert!(
        listed.out.contains("parts not told: ListParts of video-raw.mov: ExpiredToken (400)"),
        "{}",
        listed.out
    );
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_between_two_uploads() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::Stdio;
    let bench = Bench::new();
    (0..3).for_each(|i| drop(create(&bench, &format!("cut/{i}"), None)));
    bench.server.faults().add("AbortMultipartUpload after=1 delay=2s".parse().unwrap()).unwrap();
    let mut child = bench
        .command(&["uploads", "s3://scratch/cut/", "--abort", "--older-than", "0s", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains("cut/0"));
    let mut faults = bench.server.faults().subscribe();
    drop(bench.runtime.block_on(faults.wait_for(|list| list.iter().any(|f| f.met == 1))).unwrap());
    // SAFETY: signals the child this test started and has not waited for.
    assert_eq!(unsafe { libc::kill(child.id().try_into().unwrap(), libc::SIGINT) }, 0);
    // The one that is under way is still brought to its end.
    assert!(lines.next().unwrap().contains("cut/1"));
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2), "{err}");
    assert!(err.contains("called off; 1 of 3 uploads were not touched"), "{err}");
    assert_eq!(bench.uploads("cut/").len(), 1);
}

#[test]
fn help_says_what_is_asked_for() {
    insta::assert_snapshot!("uploads_help", bench::Bench::new().run(&["uploads", "--help"]).out);
}
