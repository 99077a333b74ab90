//! Talking to S3 through the AWS SDK, over connections of our own that are tapped.
//!
//! [`client::Client::perform`] takes one `domain` operation and answers one `domain` outcome; nothing above
//! this layer sees an SDK type. The SDK signs, retries and parses; [`connector`] carries its requests over
//! HTTP/1.1 connections whose bytes the wire layer records, and [`stamp`] tells the connector which call and
//! attempt a request belongs to. HTTP proxies (`HTTP_PROXY` and so on) are not supported: bytes shown are bytes
//! to the endpoint itself.

pub mod body;
pub mod client;
pub mod connector;
pub mod convert;
pub mod error;
mod foreign;
mod judge;
mod keys;
pub mod part;
pub mod pool;
pub mod read;
pub mod send;
pub mod stamp;
pub mod target;
pub mod tls;
mod versions;

pub use client::{Call, Client};
pub use read::{ReadError, read_whole};
pub use target::{ChecksumPolicy, TargetError, TargetSpec, connect};
