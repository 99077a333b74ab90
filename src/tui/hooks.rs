//! Switches for this project's own terminal tests. A release build has none of them: every question is answered
//! with no there.

use crate::domain::exchange::Exchange;
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

/// Whether calls are made one after the other: their order on the wire must not depend on chance then.
pub fn one_by_one() -> bool {
    standing_clock().is_some()
}

/// Gives an exchange the times and the connection it would have in an even world.
pub fn steady(exchange: &mut Exchange) {
    if standing_clock().is_none() {
        return;
    }
    let (begun, late) = (exchange.id.0 * 20_000, exchange.id.0 * 700 % 1_900);
    let timing = &mut exchange.timing;
    for (at, after) in [
        (&mut timing.tcp, 300),
        (&mut timing.connected, 300),
        (&mut timing.released, 0),
        (&mut timing.request_sent, 500),
        (&mut timing.first_byte, 1_800 + late),
        (&mut timing.ended, 2_400 + late),
    ] {
        *at = at.map(|_| begun + after);
    }
    timing.begun = begun;
    (exchange.connection, exchange.reused) = (1, exchange.id.0 > 1);
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
