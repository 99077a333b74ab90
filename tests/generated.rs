//! Generated files are what their source says. `UPDATE_GENERATED=1 cargo test --test generated` writes them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

fn check(path: &str, wanted: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&file, wanted).unwrap();
        return;
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == wanted, "{path} is stale; UPDATE_GENERATED=1 cargo test --test generated writes it");
}

#[test]
fn bindings_are_the_command_table() {
    check("docs/bindings.md", &partscope::app::command::bindings_markdown());
}
