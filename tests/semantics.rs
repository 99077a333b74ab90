//! Every claim in `docs/SEMANTICS.md` has a test named after it, and every such test has its claim.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;

/// Numbers of the claims, in order, from lines such as `## S3-001 Equal boundaries keep the ETag`.
fn claims(text: &str) -> Vec<u32> {
    text.lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| {
            let number = heading.strip_prefix("S3-").and_then(|rest| rest.split(' ').next());
            let number = number.filter(|n| n.len() == 3).and_then(|n| n.parse().ok());
            number.unwrap_or_else(|| panic!("not a claim: {heading:?}"))
        })
        .collect()
}

/// Numbers of the tests in a source file, from `fn s3_001_...`.
fn tests_in(text: &str) -> impl Iterator<Item = u32> {
    text.split("fn s3_").skip(1).filter_map(|rest| {
        let digits = rest.get(..4)?.strip_suffix('_')?;
        digits.parse().ok()
    })
}

fn collect(dir: &Path, found: &mut BTreeSet<u32>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests/semantics.rs") {
            found.extend(tests_in(&std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn every_claim_has_a_test_and_every_test_its_claim() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/SEMANTICS.md")).unwrap();
    let list = claims(&text);
    assert!(list.is_sorted_by(|a, b| a < b), "claims are numbered in ascending order, each once: {list:?}");
    let claimed: BTreeSet<u32> = list.into_iter().collect();
    let mut tested = BTreeSet::new();
    collect(&root.join("src"), &mut tested);
    collect(&root.join("tests"), &mut tested);
    let untested: Vec<_> = claimed.difference(&tested).collect();
    let unclaimed: Vec<_> = tested.difference(&claimed).collect();
    assert!(
        untested.is_empty() && unclaimed.is_empty(),
        "without a test: {untested:?}; without a claim: {unclaimed:?}"
    );
}

#[test]
fn every_claim_names_its_source() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/SEMANTICS.md")).unwrap();
    for claim in text.split("\n## ").skip(1) {
        assert!(claim.contains("\nSource: "), "{}", claim.lines().next().unwrap());
    }
}
