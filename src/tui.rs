//! The terminal shell: the event loop, the runtime that executes effects, and the views.
//!
//! The only layer that knows a terminal. It turns events into messages for [`crate::app::update`], executes
//! the effects that come back, and draws the model; it decides nothing.

mod digest;
pub mod hooks;
pub mod keys;
mod lane;
pub mod regions;
pub mod report;
mod rescue;
pub mod runtime;
mod save;
mod script;
pub mod shell;
pub mod terminal;
pub mod theme;
mod verify;
pub mod view;

use crate::domain::fault::Fault;
use crate::domain::replay::Replay;
use crate::s3::target::TargetSpec;

/// Where the program connects.
#[derive(Debug, Clone)]
pub enum Endpoint {
    /// A fresh embedded sandbox, and the rules by which it fails.
    Sandbox(Vec<Fault>),
    /// None: a session out of a file is looked at.
    Replay(Box<Replay>),
    /// A real endpoint; it starts read-only.
    Real {
        /// How to reach it.
        spec: Box<TargetSpec>,
        /// What the frame calls it.
        name: String,
    },
}

/// How to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to connect.
    pub endpoint: Endpoint,
    /// Bucket and prefix to open first.
    pub start_at: Option<(String, String)>,
    /// Colours; `None` decides by the environment.
    pub theme: Option<theme::Choice>,
    /// Draw with ASCII only; `None` decides by the locale.
    pub ascii: Option<bool>,
}

/// Runs the terminal program to its end and gives its exit status.
pub fn run(options: Options) -> color_eyre::Result<i32> {
    if let Err(why) = terminal::usable() {
        return Err(color_eyre::eyre::eyre!("{why}"));
    }
    let runtime = workers(&options.endpoint)?;
    let status = runtime.block_on(shell::run(options));
    // Whatever still waits for the network must not keep the user waiting.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    status
}

/// What the program's tasks run on; the event loop itself stays on the thread that blocks on it. Calls alone are best
/// served by one thread: two that hand them to each other cost more than they gain. A sandbox wants one besides.
pub fn workers(endpoint: &Endpoint) -> std::io::Result<tokio::runtime::Runtime> {
    let threads = if matches!(endpoint, Endpoint::Sandbox(_)) { 2 } else { 1 };
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()
}
