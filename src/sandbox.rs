//! The embedded S3: a store with S3's rules, and a small HTTP/1.1 server that speaks its protocol.
//!
//! Three storeys, each usable and tested without the one above: [`store`] knows buckets, objects, uploads and
//! the rules of S3; `service` turns requests into calls of the store; [`server`] moves bytes on loopback.
//! Answers are written by us down to header casing and XML element order, because this program shows them.
//!
//! ```text
//! server -> http (head, pieces of the body) -> auth -> route -> intake (chunks, vault) -> service/* -> store
//!                                        answer (heads, XML, errors) <-------'
//! ```

mod answer;
mod apply;
mod auth;
pub mod blob;
mod body;
mod brake;
mod broken;
pub mod clock;
mod connection;
pub mod content;
mod control;
mod corrupt;
pub mod error;
pub mod fault;
mod http;
mod intake;
mod journal;
mod lazy;
mod origin;
pub mod record;
mod request;
mod route;
pub mod seed;
pub mod server;
mod service;
pub mod store;
pub mod synthetic;
mod tape;
pub mod vault;

pub use clock::{Clock, Ids};
pub use fault::{Fault, FaultAction, FaultError, FaultStatus, Faults, TooManyFaults};
pub use server::{SandboxOptions, Server, StartError};
pub use vault::Usage;
