//! Random sequences of requests, answered by a small model and by the sandbox, compared step by step.
//!
//! The model follows the specification and shares no rule with the sandbox. `PROPTEST_CASES` asks for more cases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod call;
#[allow(dead_code)]
#[path = "../sandbox/client.rs"]
mod client;
mod data;
mod direct;
mod draw;
#[allow(dead_code)]
#[path = "../support/explained.rs"]
mod explained;
mod listings;
mod names;
mod objects;
mod plan;
mod reply;
mod run;
mod state;
mod uploads;
mod wire;

use plan::{BUCKETS, Op};
use proptest::test_runner::{Config, TestCaseError, TestError, TestRng, TestRunner};
use run::Seen;
use std::collections::BTreeMap;

/// Draws the same sequences every time; a failure prints the shortest that still fails.
fn check(
    cases: u32,
    restarts: bool,
    mut test: impl FnMut(&[Op], &Seen) -> Result<(), TestCaseError>,
) -> Seen {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    let cases = asked.map_or(cases, |n: u32| n.max(cases));
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_time: 20_000,
        max_shrink_iters: 8192,
        ..Config::default()
    };
    let algorithm = config.rng_algorithm;
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(algorithm));
    let seen = Seen::default();
    let tried = std::cell::RefCell::new(&mut test);
    runner.run(&draw::sequence(1..100, restarts), |ops| (tried.borrow_mut())(&ops, &seen)).unwrap_or_else(
        |error| match error {
            // The reason names every step; the operations they were drawn from would only repeat it.
            TestError::Fail(reason, _) => panic!("{reason}"),
            TestError::Abort(reason) => panic!("gave up: {reason}"),
        },
    );
    seen
}

/// Sequences must reach these answers, or they would prove little.
fn assert_seen(seen: &Seen, wanted: &[&str]) {
    let seen: &BTreeMap<String, usize> = &seen.lock().unwrap();
    let missing: Vec<_> = wanted.iter().filter(|w| !seen.contains_key(**w)).collect();
    assert!(missing.is_empty(), "never met: {missing:?} among {seen:#?}");
}

const COMMON: [&str; 18] = [
    "Put ok",
    "Put PreconditionFailed",
    "Copy ok",
    "Delete ok",
    "Get MethodNotAllowed",
    "Get NoSuchVersion",
    "Part ok",
    "Part NoSuchUpload",
    "Part InvalidArgument",
    "PartCopy ok",
    "PartCopy InvalidArgument",
    "Complete ok",
    "Complete InvalidPart",
    "Complete InvalidPartOrder",
    "Complete EntityTooSmall",
    "Complete PreconditionFailed",
    "Complete ConditionalRequestConflict",
    "Abort ok",
];

#[test]
fn the_store_answers_as_the_model_does() {
    let seen = check(64, false, |ops, seen| run::run(ops, direct::Direct::new(&BUCKETS), seen));
    assert_seen(&seen, &COMMON);
}

#[test]
fn the_server_answers_as_the_model_does() {
    let seen = check(16, false, |ops, seen| run::run(ops, wire::Wire::new(&BUCKETS, None), seen));
    assert_seen(&seen, &COMMON);
    assert_seen(&seen, &["Get InvalidPartNumber", "Part BadDigest"]);
}

#[test]
fn what_was_answered_outlives_a_restart() {
    let seen = check(12, true, |ops, seen| {
        let dir = tempfile::tempdir().unwrap();
        run::run(ops, wire::Wire::new(&BUCKETS, Some(dir.path().to_owned())), seen)
    });
    assert_seen(&seen, &["Complete ok", "Copy ok", "PartCopy ok", "Delete ok", "Abort ok"]);
}
