//! The sandbox from outside: every byte over a real loopback socket.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod client;
mod concurrent;
mod control;
mod copy;
mod encryption;
mod errors;
#[allow(dead_code)]
#[path = "../support/explained.rs"]
mod explained;
mod faults;
mod giants;
mod hostile;
mod listing;
mod reading;
mod recorded;
mod sdk;
mod settings;
mod storage;
mod versions;
mod watching;
mod xray;
