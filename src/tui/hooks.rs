//! Switches for this project's own terminal tests. A release build has none of them: every question is answered
//! with no there.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where a test wants a panic, once the screen is redrawn on request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trap {
    /// In the middle of a frame.
    Ui,
    /// In a task of the runtime.
    Task,
}

/// What `PARTSCOPE_TEST_PANIC` asks for.
pub fn trap() -> Option<Trap> {
    match variable("PARTSCOPE_TEST_PANIC").as_deref() {
        Some("ui") => Some(Trap::Ui),
        Some("task") => Some(Trap::Task),
        _ => None,
    }
}

/// With `PARTSCOPE_SANDBOX_FIXED`, the moment at which the sandbox's clock and the signer's clock stand, so that
/// pictures of the screen are the same on every run.
pub fn standing_clock() -> Option<SystemTime> {
    variable("PARTSCOPE_SANDBOX_FIXED")?;
    Some(UNIX_EPOCH + Duration::from_secs(1_795_366_800))
}

/// Panics for a test.
#[allow(clippy::panic)]
pub fn spring(place: &str) {
    panic!("a test asked for this panic in {place}");
}

#[cfg(debug_assertions)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(not(debug_assertions))]
fn variable(_name: &str) -> Option<String> {
    None
}
