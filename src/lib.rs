//! **partscope**: see and operate Amazon S3's multipart machinery with your own hands.
//!
//! The crate is one library and one binary. Layers point down only, and `tests/architecture.rs` enforces it:
//!
//! ```text
//! main    ->  tui, cli
//! tui     ->  app, s3, sandbox, wire, hash, files, domain   the terminal shell: loop, runtime, views
//! cli     ->       s3, sandbox, wire, hash, files, domain   the headless shell
//! app     ->                                      domain   the program as pure state; no terminal, no network
//! s3      ->                   wire,              domain   talking to S3 through the SDK
//! sandbox ->                   wire, hash,        domain   the embedded S3
//! wire    ->                                      domain   bytes in flight
//! hash    ->                                      domain   digests of many bytes, at the speed of memory
//! files   ->  nothing of ours                              files written whole or not at all
//! domain  ->  nothing of ours
//! ```
//!
//! Start reading at [`domain::upload`] (the multipart upload as a state machine without I/O), then
//! [`wire::tap`] (how bytes are captured) and `app::update` (one key press, end to end).
//! `docs/ARCHITECTURE.md` is the five-minute map.

pub mod app;
pub mod cli;
pub mod domain;
pub mod files;
pub mod hash;
pub mod s3;
pub mod sandbox;
pub mod tui;
pub mod wire;
