//! Layers only point down, files inside a layer form no cycle, and the lower layers stay pure.
//!
//! Paths are found by reading the source text (`crate::…`, `super::…`, and the names of outside crates), test
//! modules left out. That is an estimate, but one that sees every `use` and every qualified path in this code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each layer may name besides itself.
const ALLOWED: [(&str, &[&str]); 9] = [
    ("domain", &[]),
    ("files", &[]),
    ("hash", &["domain"]),
    ("wire", &["domain"]),
    ("s3", &["wire", "domain"]),
    ("sandbox", &["wire", "hash", "domain"]),
    ("app", &["domain"]),
    ("cli", &["s3", "sandbox", "wire", "hash", "files", "domain"]),
    ("tui", &["app", "s3", "sandbox", "wire", "hash", "files", "domain"]),
];

/// Outside names that would make a pure layer impure.
const IMPURE: [&str; 12] = [
    "tokio",
    "ratatui",
    "crossterm",
    "aws_sdk",
    "hyper",
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "SystemTime::now",
    "Instant::now",
    "std::thread",
];

struct Source {
    module: Vec<String>,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let module = path.strip_prefix(&root).unwrap().with_extension("");
            let module = module.iter().map(|s| s.to_str().unwrap().to_owned()).collect();
            Source { module, text: without_tests(&fs::read_to_string(&path).unwrap()) }
        })
        .filter(|s| {
            s.module != ["main"] && s.module != ["lib"] && !s.module.last().unwrap().ends_with("tests")
        })
        .collect()
}

fn collect(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// The text before the inline tests, comments and what stands in string literals left out.
fn without_tests(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or("");
    let code = code.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    without_strings(&code)
}

fn without_strings(code: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(code.len()), code);
    while let Some(at) = rest.find('"') {
        let (before, literal) = rest.split_at(at);
        // A quotation mark as a character begins no string.
        if before.ends_with('\'') || before.ends_with("'\\") {
            out.push_str(before);
            rest = &literal[1..];
            continue;
        }
        out.push_str(before);
        let hashes = before.len() - before.trim_end_matches('#').len();
        let raw = before.trim_end_matches('#').ends_with('r');
        let end = if raw {
            literal[1..].find(&format!("\"{}", "#".repeat(hashes))).map(|n| n + 2)
        } else {
            let mut escaped = false;
            let closes = |c: char| {
                let is_end = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                is_end
            };
            literal[1..].find(closes).map(|n| n + 2)
        };
        out.push_str("\"\"");
        rest = &literal[end.unwrap_or(literal.len())..];
    }
    out + rest
}

#[test]
fn strings_are_left_out_and_nothing_else() {
    let code = r##"a("x::y\"", '"', b'"', '\"', r#"in "it" z"#, r"\") ; use q::r;"##;
    assert_eq!(without_strings(code), r##"a("", '', b'', '\', r#""#, r"") ; use q::r;"##);
}

/// Every path of this crate that a file names, as absolute module paths.
fn paths(source: &Source) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for (at, _) in source.text.match_indices("crate::") {
        if !preceded_by_word(&source.text, at) {
            expand(&source.text[at + 7..], Vec::new(), &mut found);
        }
    }
    for (at, _) in source.text.match_indices("super::") {
        if preceded_by_word(&source.text, at) || source.text[..at].ends_with("super::") {
            continue;
        }
        let mut rest = &source.text[at..];
        let mut base = source.module.clone();
        while let Some(after) = rest.strip_prefix("super::") {
            base.pop();
            rest = after;
        }
        expand(rest, base, &mut found);
    }
    found
}

fn preceded_by_word(text: &str, at: usize) -> bool {
    text[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
}

/// Follows a path, and one level of braces, collecting what it names.
fn expand(rest: &str, base: Vec<String>, found: &mut BTreeSet<Vec<String>>) {
    let mut path = base;
    let mut rest = rest;
    loop {
        if let Some(inner) = rest.strip_prefix('{') {
            let (mut depth, mut start) = (0, 0);
            for (i, c) in inner.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => {
                        expand(inner[start..i].trim(), path.clone(), found);
                        return;
                    }
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        expand(inner[start..i].trim(), path.clone(), found);
                        start = i + 1;
                    }
                    _ => {}
                }
            }
            return;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end == 0 {
            break;
        }
        path.push(rest[..end].to_owned());
        match rest[end..].strip_prefix("::") {
            Some(after) => rest = after,
            None => break,
        }
    }
    found.insert(path);
}

#[test]
fn layers_only_point_down() {
    let mut wrong = Vec::new();
    for source in sources() {
        let layer = &source.module[0];
        let allowed =
            ALLOWED.iter().find(|(l, _)| l == layer).unwrap_or_else(|| panic!("unknown layer {layer}")).1;
        for path in paths(&source) {
            let Some(target) = path.first() else { continue };
            let known = ALLOWED.iter().any(|(l, _)| l == target);
            if known && target != layer && !allowed.contains(&target.as_str()) {
                wrong.push(format!("{} names {}", source.module.join("::"), path.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "forbidden edges:\n{}", wrong.join("\n"));
}

#[test]
fn the_pure_layers_name_nothing_impure() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| s.module[0] == "domain" || s.module[0] == "app") {
        for name in IMPURE {
            for (at, _) in source.text.match_indices(name) {
                if !preceded_by_word(&source.text, at) {
                    wrong.push(format!("{} names {name}", source.module.join("::")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "impure names:\n{}", wrong.join("\n"));
}

#[test]
fn files_of_a_layer_form_no_cycle() {
    let all = sources();
    let node = |path: &[String]| path.iter().take(2).cloned().collect::<Vec<_>>().join("/");
    let files: BTreeSet<String> = all.iter().map(|s| node(&s.module)).collect();
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in &all {
        let from = node(&source.module);
        if source.module.len() < 2 {
            continue;
        }
        for path in paths(source) {
            let to = node(&path);
            if to != from && files.contains(&to) {
                edges.entry(from.clone()).or_default().insert(to);
            }
        }
    }
    assert!(edges.len() > 40, "the graph was not read: {} nodes", edges.len());
    let mut done = BTreeSet::new();
    for start in edges.keys() {
        let mut trail = Vec::new();
        if let Some(cycle) = visit(start, &edges, &mut trail, &mut done) {
            panic!("cycle: {}", cycle.join(" -> "));
        }
    }
}

fn visit(
    at: &str,
    edges: &BTreeMap<String, BTreeSet<String>>,
    trail: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(from) = trail.iter().position(|n| n == at) {
        let mut cycle = trail[from..].to_vec();
        cycle.push(at.to_owned());
        return Some(cycle);
    }
    if !done.insert(at.to_owned()) {
        return None;
    }
    trail.push(at.to_owned());
    for next in edges.get(at).into_iter().flatten() {
        if let Some(cycle) = visit(next, edges, trail, done) {
            return Some(cycle);
        }
    }
    trail.pop();
    None
}

#[test]
fn the_reader_of_paths_reads_paths() {
    let source =
        |text: &str| Source { module: vec!["app".into(), "update".into(), "step".into()], text: text.into() };
    let read = |text: &str| paths(&source(text)).into_iter().map(|p| p.join("::")).collect::<Vec<_>>();
    assert_eq!(read("use crate::s3::client;"), ["s3::client"]);
    assert_eq!(read("use super::super::model::{Model, a::{B}};"), ["app::model::Model", "app::model::a::B"]);
    assert_eq!(read("use super::plan;"), ["app::update::plan"]);
    assert_eq!(read("fn f(x: crate::wire::Hub)"), ["wire::Hub"]);
}
