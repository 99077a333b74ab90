//! The workbench by scripts of presses and answers, and with the real runtime before the sandbox: what a copy keeps and
//! loses, and going on with an upload that somebody else began.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../play/mod.rs"]
mod play;

mod carry;
mod end_to_end;
mod rescue;
