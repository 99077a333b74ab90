//! Rust programs are compiled against the SDK this crate was built with, and run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The libraries of a name, the newest first.
fn libraries(deps: &Path, name: &str) -> Vec<PathBuf> {
    let start = format!("lib{name}-");
    let entries = std::fs::read_dir(deps).unwrap().map(|e| e.unwrap().path());
    let fits = |p: &PathBuf| {
        let file = p.file_name().unwrap().to_string_lossy();
        file.starts_with(&start) && file.ends_with(".rlib")
    };
    let mut found: Vec<PathBuf> = entries.filter(fits).collect();
    found.sort_by_key(|p| std::cmp::Reverse(p.metadata().unwrap().modified().unwrap()));
    found
}

/// Compiles a program into its directory. `kind` is `link` for one that runs, `metadata` to have it checked only.
pub fn compile(source: &Path, kind: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let deps = test.parent().unwrap();
    let program = source.with_file_name("program");
    let mut said = Vec::new();
    let all = ["aws_sdk_s3", "aws_config", "tokio"].map(|name| (name, libraries(deps, name)));
    // A build directory can hold several builds of a library; those that belong together compile.
    for round in 0..all.iter().map(|(_, found)| found.len()).max().unwrap() {
        let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        command.args(["--edition", "2024", "--crate-name", "script", "--emit", kind]);
        command.arg("-L").arg(format!("dependency={}", deps.display())).arg("-o").arg(&program).arg(source);
        for (name, found) in &all {
            let library = found.get(round).or(found.last()).unwrap_or_else(|| panic!("no library {name}"));
            command.arg("--extern").arg(format!("{name}={}", library.display()));
        }
        let done = command.output().unwrap();
        if done.status.success() {
            return program;
        }
        said.push(String::from_utf8_lossy(&done.stderr).into_owned());
    }
    panic!("{}\n{}", said.join("\n"), std::fs::read_to_string(source).unwrap());
}
