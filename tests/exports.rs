//! Exported scripts, proved by running them: the commands of real clients make the same object again in a fresh sandbox.
//!
//! The AWS CLI and boto3 come from `target/clients`, where `tests/clients/install` puts them, or from the PATH. A client that
//! is missing is skipped with a loud line, unless PARTSCOPE_REQUIRE_CLIENTS is set.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "exports/hostile.rs"]
mod hostile;
#[path = "exports/made.rs"]
mod made;
#[path = "exports/run.rs"]
mod run;
#[path = "exports/rust.rs"]
mod rust;
#[path = "exports/shown.rs"]
mod shown;
#[path = "exports/world.rs"]
mod world;

use partscope::domain::export::{Format, script};
use partscope::domain::hand_over::Place;
use run::{Script, client_of};
use world::{CONTROLS, ODD_KEYS, World};

async fn runs(format: Format) {
    let Some(client) = client_of(format) else { return };
    let mut recorded = World::new(1).await;
    recorded.prepare().await;
    recorded.copy().await;
    let mut keys = ODD_KEYS.to_vec();
    keys.retain(|key| format == Format::Curl || *key != CONTROLS);
    recorded.begin_uploads(&keys).await;
    let exchanges = recorded.exchanges();
    let all: Vec<_> = exchanges.iter().collect();
    let text = script(&all, format, &Place::default());

    let mut fresh = World::new(2).await;
    fresh.prepare().await;
    let made = Script::new(&text, format).run(&client, &fresh.server).await;
    let canaries = made.strangers();
    assert!(canaries.is_empty(), "something in a key was executed: {canaries:?}");
    assert!(made.succeeded, "{}\n--- said\n{}", text, made.said);
    assert_eq!(fresh.result().await, recorded.result().await, "{}", made.said);
    keys.sort_unstable();
    assert_eq!(fresh.open_uploads().await, keys, "{}", made.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_aws_cli_script_of_a_copy_makes_the_same_object() {
    runs(Format::AwsCli).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_curl_script_of_a_copy_makes_the_same_object() {
    runs(Format::Curl).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_boto3_script_of_a_copy_makes_the_same_object() {
    runs(Format::Boto3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rust_program_of_a_copy_makes_the_same_object() {
    runs(Format::Rust).await;
}
