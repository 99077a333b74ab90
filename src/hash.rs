//! Digests of many bytes: MD5 of the parts of a file at the speed of memory, and of a stream for many part sizes
//! at once.
//!
//! The parts of an object are independent of each other, so their MD5s are computed side by side in the lanes of
//! vector registers ([`kernel`]) and on every core ([`lanes`]), straight from the mapped file ([`mod@file`]). What
//! cannot be mapped is read once and hashed for all candidate part sizes while it passes ([`stream`]). What is to be
//! hashed is a [`plan::Plan`]: parts that begin at the same byte share their work.

pub mod digest;
pub mod file;
pub mod kernel;
pub mod lanes;
pub mod md5;
pub mod parts;
pub mod plan;
pub mod search;
pub mod stream;
pub mod sums;
pub mod verify;
